"""What the signs of a drawing mean: only those that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from sysdesign_cli.analyses.picture import Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams.layout import Place
from sysdesign_cli.views.diagrams.shapes import ICONS, outline
from sysdesign_cli.views.diagrams.svg_style import ARROWS, STATES
from sysdesign_cli.views.diagrams.text import width
from sysdesign_cli.views.diagrams.wording import kind_name

SIGN: Final = 40.0
ROW: Final = 28.0
SIZE: Final = 11.0


@dataclass(frozen=True)
class Entry:
    """One sign. what: ``arrow``, ``kind``, ``state`` or ``number``."""

    what: str
    key: str
    text: str

    @property
    def width(self) -> float:
        return SIGN + 8 + width(self.text, SIZE) + 18


@dataclass(frozen=True)
class Row:
    entries: tuple[Entry, ...]
    height: float = ROW

    @property
    def width(self) -> float:
        return sum(entry.width for entry in self.entries)


def rows(picture: Picture, say: Say, room: float, every_state: bool = False) -> list[Row]:
    """The legend in rows of such a width. every_state: those too that no box is in yet."""
    arrows = {"publish": "deliver"}
    used = {arrows.get(arrow.kind, arrow.kind) for arrow in picture.arrows}
    kinds = {box.kind for box in picture.boxes}
    states = set(STATES) if every_state else {box.state for box in picture.boxes}
    entries = [Entry("arrow", kind, say(f"diagram.arrow.{kind}")) for kind in ARROWS if kind in used]
    entries += [
        Entry("kind", kind, kind_name(kind, say))
        for kind in ("flow", "client", "gateway", "service", "function", "event", "broker", "database", "cache", "cdn", "external")
        if kind in kinds
    ]
    found = [Entry("state", state, say(f"diagram.state.{state}")) for state in STATES if state in states]
    numbers = [Entry("number", "", say("diagram.steps"))] if any(arrow.steps for arrow in picture.arrows) else []
    numbers += [Entry("number", "", say("diagram.order"))] if picture.story else []
    return [*_broken(entries, room), *_broken([*found, *numbers], room)]


def _broken(entries: list[Entry], room: float) -> Iterator[Row]:
    row: list[Entry] = []
    for entry in entries:
        if row and sum(one.width for one in row) + entry.width > room:
            yield Row(tuple(row))
            row = []
        row.append(entry)
    if row:
        yield Row(tuple(row))


def drawn(rows: list[Row], left: float, top: float) -> Iterator[str]:
    yield f'<g class="legend" transform="translate({left} {top:.1f})">'
    for number, row in enumerate(rows):
        x = 0.0
        for entry in row.entries:
            y = number * ROW
            yield f'{_sign(entry, x, y)}<text x="{x + SIGN + 8:.1f}" y="{y + 15:.1f}">{escape(entry.text)}</text>'
            x += entry.width
    yield "</g>"


def _sign(entry: Entry, x: float, y: float) -> str:
    if entry.what == "arrow":
        return f'<g class="edge edge-{entry.key}"><path d="M{x:.1f} {y + 11:.1f}h{SIGN:.1f}"/></g>'
    if entry.what == "number":
        return f'<text class="step" x="{x + SIGN / 2:.1f}" y="{y + 15:.1f}">1, 2, …</text>'
    at = Place(x + 4, y, SIGN - 8, 22)
    kind = entry.key if entry.what == "kind" else "service"
    state = f" state-{entry.key}" if entry.what == "state" else ""
    icon = ICONS.get(kind, "") if entry.what == "kind" else ""
    above = 4 if kind in ("database", "cache") else 0
    drawn_icon = (
        f'<path class="icon" transform="translate({x + SIGN / 2 - 6:.1f} {y + 5 + above:.1f}) scale(.85)" d="{icon}"/>' if icon else ""
    )
    badge = f'<path class="badge" d="M{at.x + at.width - 3:.1f} {at.y + 3:.1f}l.01 0"/>' if state else ""
    return f'<g class="node kind-{kind}{state}"><path class="shape" d="{outline(kind, at)}"/>{drawn_icon}{badge}</g>'
