"""How a drawing looks: one style sheet, so that a script changes a state by changing a class and nothing else.

Colours are those of Okabe and Ito (Color universal design, 2008), darkened where a line of them would be too faint on white. Every
kind and every state differs by shape, dashes or sign as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

FONTS: Final = "'Noto Sans','Noto Sans Thai','Sarabun','Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif"

#: State -> (line, tint, dashes of the outline, sign of its badge as strokes in a square of 10).
STATES: Final[dict[str, tuple[str, str, str, str]]] = {
    "ok": ("#4a5560", "#ffffff", "", ""),
    "degraded": ("#8a6100", "#fdf3dc", "", "M2 5c1-2 2-2 3 0s2 2 3 0"),
    "delayed": ("#0072b2", "#e6f2fa", "7 3", "M5 2v3l2 1.5"),
    "failed": ("#b34700", "#fbe9df", "", "M5 2v3.6M5 7.6v.4"),
    "lost": ("#8f3d6c", "#f8e8f1", "2 3", "M2.5 7.5l5-5M5 1.8a3.2 3.2 0 1 0 .01 0"),
    "starved": ("#5b6770", "#eef0f2", "3 3", "M2.5 5h5"),
    "idle": ("#5b6770", "#eef0f2", "1 4", "M5 5h.01"),
    "short": ("#8a6100", "#fdf3dc", "9 3", "M5 2v5M3 5l2 2 2-2"),
    "overloaded": ("#b34700", "#fff1b8", "12 3", "M5 8V3M2.8 5L5 2.6 7.2 5"),
    "down": ("#111111", "#d9dcdf", "10 3", "M2.5 2.5l5 5M7.5 2.5l-5 5"),
    "killed": ("#111111", "#d9dcdf", "", "M2.5 2.5l5 5M7.5 2.5l-5 5"),
}

#: States that an arrow can be in: what comes of what goes along it.
ARROW_STATES: Final = ("degraded", "delayed", "failed", "lost", "starved")

#: Kind of arrow -> (colour, width, dashes, head).
ARROWS: Final[dict[str, tuple[str, float, str, str]]] = {
    "start": ("#4a5560", 1.2, "", "solid"),
    "call": ("#1d2b36", 1.6, "", "solid"),
    "store": ("#00694c", 1.4, "", "dot"),
    "publish": ("#0060a0", 1.6, "7 4", "open"),
    "deliver": ("#0060a0", 1.6, "7 4", "open"),
    "fallback": ("#8a6100", 1.6, "1.5 3.5", "open"),
}


def style(scope: str) -> str:
    """The sheet. scope: the class of the drawing, so that a page may hold several."""
    rules = [*_GENERAL, *_arrow_rules(scope), _CROWDED, *_state_rules(scope)]
    return "\n".join(f".{scope}{rule}" for rule in rules)


_GENERAL: Final = (
    f"{{font-family:{FONTS}}}",
    " text{fill:#16202a;font-size:11px}",
    " .paper{fill:#fff}",
    " .heading{font-size:17px;font-weight:700}",
    " .note{font-size:12px}",
    " .name{font-size:13px;font-weight:700}",
    " .about{fill:#44505b}",
    " .frame{fill:#44505b;paint-order:stroke;stroke:#f4f6f8;stroke-width:4px;stroke-linejoin:round}",
    " .group rect{fill:#f4f6f8;stroke:#b9c2ca;stroke-width:1}",
    " .group-waited rect{fill:#eef5ee;stroke:#7fa98a}",
    " .group-later rect{fill:#f1f6fb;stroke:#9dbcd8;stroke-dasharray:6 4}",
    " .group-outside rect{fill:#fff;stroke-dasharray:4 3}",
    " .shape{fill:#fff;stroke:#4a5560;stroke-width:1.4}",
    " .kind-external .shape{stroke-dasharray:5 3}",
    " .kind-event .shape{stroke:#0060a0}",
    " .icon{fill:none;stroke:#16202a;stroke-width:1.3;stroke-linecap:round;stroke-linejoin:round}",
    " .badge{fill:none;stroke:none}",
    " .order rect{fill:#16202a;stroke:#fff}",
    " .order text{fill:#fff;font-weight:700;text-anchor:middle}",
    " .edge path{fill:none}",
    " .step{font-weight:700;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}",
    " .node:hover .shape{stroke-width:3.6}",
    " .node:focus .shape{stroke-width:3.6}",
    " .edge:hover path{stroke-width:3.6}",
)
#: Many arrows are drawn lightly, but for those that something befell.
_CROWDED: Final = ".crowded .edge path{stroke-width:1;stroke-opacity:.6}"


def _arrow_rules(scope: str) -> Iterator[str]:
    for kind, (colour, width, dashes, head) in ARROWS.items():
        dashed = f";stroke-dasharray:{dashes}" if dashes else ""
        yield f" .edge-{kind} path{{stroke:{colour};stroke-width:{width}{dashed};marker-end:url(#{scope}-{head}-{kind})}}"


def _state_rules(scope: str) -> Iterator[str]:
    for state, (line, tint, dashes, sign) in STATES.items():
        if not sign:
            continue
        yield f" .node.state-{state} .shape{{fill:{tint};stroke:{line};stroke-width:2.6;stroke-dasharray:{dashes or 'none'}}}"
        yield f" .state-{state} .badge{{marker-start:url(#{scope}-state-{state})}}"
        if state in ARROW_STATES:
            yield f" .edge.state-{state} path{{stroke:{line};stroke-width:2.8;stroke-opacity:1}}"
            for kind, (_, _, _, head) in ARROWS.items():
                yield f" .edge-{kind}.state-{state} path{{marker-end:url(#{scope}-{head}-{state})}}"


def definitions(scope: str) -> str:
    """Heads of arrows and badges of states."""
    parts = [_head(f"{scope}-{head}-{kind}", head, colour) for kind, (colour, _, _, head) in ARROWS.items()]
    heads = sorted({head for _, _, _, head in ARROWS.values()})
    parts += [_head(f"{scope}-{head}-{state}", head, STATES[state][0]) for state in ARROW_STATES for head in heads]
    parts += [_badge(f"{scope}-state-{state}", line, sign) for state, (line, _, _, sign) in STATES.items() if sign]
    return "<defs>" + "".join(parts) + "</defs>"


def _head(name: str, head: str, colour: str) -> str:
    drawn = {
        "solid": f'<path d="M0 0L10 4.5 0 9z" style="fill:{colour};stroke:none"/>',
        "open": f'<path d="M1 .8L9 4.5 1 8.2" style="fill:none;stroke:{colour};stroke-width:1.6;stroke-dasharray:none"/>',
        "dot": f'<circle cx="6" cy="4.5" r="3.6" style="fill:{colour};stroke:none"/>',
    }[head]
    reach = "9.6" if head != "open" else "9.2"
    return (
        f'<marker id="{name}" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="9" refX="{reach}" refY="4.5" '
        f'orient="auto">{drawn}</marker>'
    )


def _badge(name: str, line: str, sign: str) -> str:
    return (
        f'<marker id="{name}" markerUnits="userSpaceOnUse" markerWidth="18" markerHeight="18" viewBox="0 0 18 18" refX="9" refY="9" '
        f'orient="0"><circle cx="9" cy="9" r="8" style="fill:{line};stroke:#fff;stroke-width:1.5"/>'
        f'<path transform="translate(4 4)" d="{sign}" '
        f'style="fill:none;stroke:#fff;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round"/></marker>'
    )
