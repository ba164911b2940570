"""The outline and the sign of each kind of box, as SVG paths."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.views.diagrams.layout import Place

#: Kind -> strokes in a square of 14; kinds without one are told by their outline alone.
ICONS: Final[dict[str, str]] = {
    "function": "M3 2h2l5 10h1.5M6.4 6.5L3 12",
    "gateway": "M1 2v10M4 7h9M9.5 3.5L13 7l-3.5 3.5",
    "cache": "M8 1L3 8h4l-1 5 5-7H7z",
    "broker": "M1 3h12M1 7h12M1 11h12M4 1.5v3M9 5.5v3M5 9.5v3",
    "cdn": "M7 1a6 6 0 1 0 .01 0M1 7h12M7 1c-3 3-3 9 0 12M7 1c3 3 3 9 0 12",
    "external": "M6 3H2v9h9V8M8 1.5h4.5V6M12.5 1.5L6.5 7.5",
    "client": "M4 1h6v12H4zM6.5 11h1",
    "event": "M1 3h12v8H1zM1 3l6 4.5L13 3",
    "flow": "M7 1a2.6 2.6 0 1 0 .01 0M2 13c0-3.5 2-5.5 5-5.5s5 2 5 5.5",
}
#: Room that an outline takes of its box beside the text: left, right, above.
INSETS: Final[dict[str, tuple[float, float, float]]] = {
    "database": (10, 10, 8),
    "cache": (10, 10, 8),
    "gateway": (16, 16, 0),
    "event": (10, 20, 0),
    "client": (14, 14, 0),
    "flow": (14, 14, 0),
    "broker": (16, 16, 0),
}
INSET: Final = (10.0, 10.0, 0.0)


def outline(kind: str, at: Place) -> str:
    """The path around a box."""
    x, y, w, h = at.x, at.y, at.width, at.height
    if kind in ("database", "cache"):
        return (
            f"M{x:.1f} {y + 6:.1f}a{w / 2:.1f} 6 0 0 1 {w:.1f} 0v{h - 12:.1f}a{w / 2:.1f} 6 0 0 1 {-w:.1f} 0z"
            f"m0 0a{w / 2:.1f} 6 0 0 0 {w:.1f} 0"
        )
    if kind == "gateway":
        return f"M{x + 9:.1f} {y:.1f}h{w - 18:.1f}l9 {h / 2:.1f}l-9 {h / 2:.1f}h{18 - w:.1f}l-9 {-h / 2:.1f}z"
    if kind == "event":
        return f"M{x:.1f} {y:.1f}h{w - 11:.1f}l11 {h / 2:.1f}l-11 {h / 2:.1f}h{11 - w:.1f}z"
    if kind == "broker":
        return f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}zm7 0v{h:.1f}m{w - 14:.1f} 0v{-h:.1f}"
    return _rounded(x, y, w, h, h / 2 if kind in ("client", "flow") else 5)


def _rounded(x: float, y: float, w: float, h: float, r: float) -> str:
    arc = f"a{r:.1f} {r:.1f} 0 0 1"
    return (
        f"M{x + r:.1f} {y:.1f}h{w - 2 * r:.1f}{arc} {r:.1f} {r:.1f}v{h - 2 * r:.1f}{arc} {-r:.1f} {r:.1f}"
        f"h{2 * r - w:.1f}{arc} {-r:.1f} {-r:.1f}v{2 * r - h:.1f}{arc} {r:.1f} {-r:.1f}z"
    )
