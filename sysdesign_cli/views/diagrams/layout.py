"""Where boxes stand and which way arrows take: the only module that knows Graphviz.

Graphviz sees numbers and sizes only: no name of a scenario, no font. So no name can be taken for something else, and the same
system stands the same way on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

_POINTS: Final = 72.0
#: Boxes and arrows together; so many take about ten seconds.
MOST: Final = 3000
#: Inches between neighbours (an arrow that passes a layer is one too) and between layers, and how hard crossings are avoided: for few
#: arrows, for many, and for a thicket, where twice the time takes few crossings away.
_FEW, _MANY, _THICKET = (0.3, 0.6, 1.0), (0.12, 1.2, 1.0), (0.05, 3.0, 0.2)


class LayoutMissing(Exception):
    """The package that lays pictures out is not installed."""


class TooLarge(Exception):
    """More boxes or arrows than can be laid out while somebody waits."""

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(count, limit)
        self.count = count
        self.limit = limit


@dataclass(frozen=True)
class Size:
    width: float
    height: float


@dataclass(frozen=True)
class Place:
    """A rectangle by its upper left corner; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Frame:
    """A group to be laid out: its members, and the room its title takes."""

    members: tuple[str, ...]
    title: Size


@dataclass(frozen=True)
class Link:
    """An arrow to be laid out; ``label``: the room its text takes."""

    source: str
    target: str
    label: Size | None = None


@dataclass(frozen=True)
class Way:
    """A chain of cubic Bezier curves: a start, then three points a curve; ``tip``: where its arrow ends."""

    points: tuple[tuple[float, float], ...]
    tip: tuple[float, float]
    label: Place | None


@dataclass(frozen=True)
class Layout:
    """Everything placed, in points."""

    width: float
    height: float
    boxes: dict[str, Place]
    frames: dict[str, Place]
    titles: dict[str, Place]
    ways: tuple[Way, ...]


def lay_out(boxes: Mapping[str, Size], frames: Mapping[str, Frame], links: Sequence[Link], hidden: Sequence[Link] = ()) -> Layout:
    """Layers by Graphviz's dot, from left to right. hidden: arrows that order the boxes and are not drawn.

    Raises LayoutMissing, TooLarge.
    """
    if (count := len(boxes) + len(links)) > MOST:
        raise TooLarge(count, MOST)
    source = "\n".join(_source(boxes, frames, links, hidden))
    return _read(_ask(source), boxes, frames, links)


def available() -> bool:
    """Whether pictures can be laid out here."""
    return find_spec("pygraphviz") is not None


def _source(boxes: Mapping[str, Size], frames: Mapping[str, Frame], links: Sequence[Link], hidden: Sequence[Link]) -> list[str]:
    numbers = {name: f"n{number}" for number, name in enumerate(boxes)}
    beside, between, patience = _FEW if len(links) <= 80 else _MANY if len(links) <= max(250, 2 * len(boxes)) else _THICKET
    lines = [
        "digraph {",
        f"graph [rankdir=LR nodesep={beside} ranksep={between} newrank=true mclimit={patience}]",
        'node [shape=box fixedsize=true label=""]',
        "edge [arrowsize=0.8]",
    ]
    # without arrows, what comes last is placed highest
    for name, size in boxes.items() if links else reversed(list(boxes.items())):
        lines.append(f"{numbers[name]} [width={size.width / _POINTS:.4f} height={size.height / _POINTS:.4f}]")
    for number, frame in enumerate(frames.values()):
        members = " ".join(numbers[name] for name in frame.members)
        lines.append(f"subgraph cluster{number} {{ graph [margin=12 labeljust=l label={_room(frame.title)}] {members} }}")
    for number, link in enumerate(links):
        label = f" label={_room(link.label)}" if link.label else ""
        lines.append(f"{numbers[link.source]} -> {numbers[link.target]} [id={number}{label}]")
    lines += [f"{numbers[link.source]} -> {numbers[link.target]} [style=invis]" for link in hidden]
    return [*lines, "}"]


def _room(size: Size) -> str:
    """A label without text: a table cell of a fixed size, so that no font is ever looked for."""
    cell = f'<td fixedsize="true" width="{size.width:.0f}" height="{size.height:.0f}"></td>'
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{cell}</tr></table>>'


def _ask(source: str) -> dict[str, Any]:
    try:
        from pygraphviz import AGraph
    except ImportError as error:
        raise LayoutMissing from error
    answer: dict[str, Any] = json.loads(AGraph(string=source).draw(format="json0", prog="dot"))
    return answer


def _read(answer: dict[str, Any], boxes: Mapping[str, Size], frames: Mapping[str, Frame], links: Sequence[Link]) -> Layout:
    _, _, width, height = _numbers(answer["bb"])
    parts = {part["name"]: part for part in answer.get("objects", ())}
    placed = {}
    for number, (name, size) in enumerate(boxes.items()):
        x, y = _numbers(parts[f"n{number}"]["pos"])
        placed[name] = Place(x - size.width / 2, height - y - size.height / 2, size.width, size.height)
    framed, titles = {}, {}
    for number, (name, frame) in enumerate(frames.items()):
        part = parts[f"cluster{number}"]
        left, bottom, right, top = _numbers(part["bb"])
        framed[name] = Place(left, height - top, right - left, top - bottom)
        x, y = _numbers(part["lp"])
        titles[name] = Place(x - frame.title.width / 2, height - y - frame.title.height / 2, frame.title.width, frame.title.height)
    found = sorted((edge for edge in answer.get("edges", ()) if "id" in edge), key=lambda edge: int(edge["id"]))
    ways = tuple(_way(edge, link, height) for edge, link in zip(found, links, strict=True))
    return Layout(width, height, placed, framed, titles, ways)


def _way(edge: dict[str, Any], link: Link, height: float) -> Way:
    tip: tuple[float, float] | None = None
    points = []
    for part in edge["pos"].split():
        x, y = _numbers(part.removeprefix("e,"))
        if part.startswith("e,"):
            tip = (x, height - y)
        else:
            points.append((x, height - y))
    label = None
    if link.label is not None:
        x, y = _numbers(edge["lp"])
        label = Place(x - link.label.width / 2, height - y - link.label.height / 2, link.label.width, link.label.height)
    return Way(tuple(points), tip or points[-1], label)


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
