"""Charts as SVG, each with its numbers as a table for those who do not see it. Where a point stands is worked out here, nothing else.

Lines and bars are told apart by place, dashes and a name beside them, never by colour alone; colours come from the page's style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from sysdesign_cli.views.diagrams.text import shortened, width
from sysdesign_cli.views.document import Table, clean

WIDTH: Final = 680.0
HEIGHT: Final = 260.0
_TOP: Final = 30.0
_BOTTOM: Final = 44.0
_LEFT: Final = 64.0
_TEXT: Final = 12.5
_LINE: Final = 15.0


@dataclass(frozen=True)
class Chart:
    """A drawing and what it says: title, and the same numbers as a table."""

    title: str
    svg: str
    table: Table


@dataclass(frozen=True)
class Series:
    """One line: a value at each of the chart's places along the way."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Mark:
    """An upright line at a place along the way, with what it stands for. kind: ``percentile`` or ``promise``."""

    name: str
    at: float
    kind: str = "percentile"


@dataclass(frozen=True)
class Point:
    """A point of a scatter chart. front: nothing else is better in both."""

    name: str
    x: float
    y: float
    front: bool


@dataclass(frozen=True)
class Axis:
    """A quantity along one side: what it is, and how its numbers are written."""

    title: str
    written: Callable[[float], str]


_SHARES: Final = Axis("", lambda share: f"{share * 100:.3g} %")


def lines(title: str, along: Sequence[float], across: Axis, up: Axis, series: Sequence[Series], table: Table) -> Chart:
    """Courses over ``along``, each named at its end."""
    highest = max((value for one in series for value in one.values if math.isfinite(value)), default=0.0)
    frame = _Frame(min(along), max(along), 0.0, highest, up, right=150.0)
    parts = [*frame.grid(), *frame.bottom(across, _clock_ticks(max(along)) if max(along) > 3600 else None)]
    ends: list[tuple[float, int, str]] = []
    for number, one in enumerate(series):
        points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in zip(along, one.values, strict=True))
        parts.append(f'<polyline class="line line-{number}" points="{points}"/>')
        ends.append((frame.y(one.values[-1]), number, one.name))
    for y, number, name in _apart(ends):
        parts.append(_text(frame.right + 8, y + 4, shortened(name, _TEXT, 140.0), f"label label-{number}"))
    return Chart(title, _svg(title, parts), table)


def columns(title: str, names: Sequence[str], up: Axis, values: Sequence[float], table: Table, across: str = "") -> Chart:
    """One upright bar for each name."""
    frame = _Frame(0.0, float(len(values)), 0.0, max(values, default=0.0), up)
    parts = frame.grid()
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        left, right = frame.x(number + 0.12), frame.x(number + 0.88)
        parts.append(_bar(left, frame.y(value), right - left, frame.y(0.0) - frame.y(value)))
        if number % max(1, math.ceil(len(names) / 12)) == 0:
            parts.append(_text((left + right) / 2, frame.bottom_y + 18, name, "tick middle"))
    parts.append(_text((frame.left + frame.right) / 2, HEIGHT - 6, across, "axis middle"))
    return Chart(title, _svg(title, parts), table)


def histogram(title: str, edges: Sequence[float], shares: Sequence[float], across: Axis, marks: Sequence[Mark], table: Table) -> Chart:
    """Bars of equal width between edges (in equal steps or in equal ratios), and upright lines where something lies among them."""
    frame = _Frame(0.0, float(len(shares)), 0.0, max(shares, default=0.0), _SHARES, top=_LINE * 5)
    parts = frame.grid()
    for number, share in enumerate(shares):
        left, right = frame.x(number + 0.04), frame.x(number + 0.96)
        parts.append(_bar(left, frame.y(share), right - left, frame.y(0.0) - frame.y(share)))
    for number in range(0, len(edges), max(1, math.ceil(len(edges) / 7))):
        parts.append(_text(frame.x(number), frame.bottom_y + 18, across.written(edges[number]), "tick middle"))
    parts.append(_text((frame.left + frame.right) / 2, HEIGHT - 6, across.title, "axis middle"))
    within = [(frame.x(_place(edges, mark.at)), mark) for mark in marks if mark.at <= edges[-1]]
    for row, (x, mark) in enumerate(sorted(within, key=lambda one: -one[0])):
        y = 14 + _LINE * (row % 4)
        side = " end" if x > frame.right - 150 else ""
        parts.append(f'<line class="mark mark-{mark.kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 10:.1f}" y2="{frame.bottom_y:.1f}"/>')
        text = f"{mark.name} {across.written(mark.at)}"
        parts.append(_text(x + (-5 if side else 5), y, text, f"label label-{mark.kind}{side}"))
    return Chart(title, _svg(title, parts), table)


def scatter(title: str, points: Sequence[Point], across: Axis, up: Axis, table: Table) -> Chart:
    """Points by two quantities; those that nothing beats are filled."""
    low, high = _reach([point.x for point in points])
    frame = _Frame(low, high, *_reach([point.y for point in points]), up)
    parts = [*frame.grid(), *frame.bottom(across)]
    for y, number, name in _apart([(frame.y(point.y), number, point.name) for number, point in enumerate(points)]):
        point, x = points[number], frame.x(points[number].x)
        kind = "point point-front" if point.front else "point"
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{frame.y(point.y):.1f}" r="6"/>')
        end = x > (frame.left + frame.right) / 2
        parts.append(_text(x + (-11 if end else 11), y + 4, shortened(name, _TEXT, 260.0), "label end" if end else "label"))
    return Chart(title, _svg(title, parts), table)


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """From where to where an axis goes: from 0 unless that would press all values together."""
    low, high = min(values), max(values)
    room = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    return (0.0 if 0 <= low < 0.6 * high else low - room), high + room


class _Frame:
    """The field of a chart, and where a value stands in it."""

    def __init__(self, low: float, high: float, least: float, most: float, up: Axis, right: float = 34.0, top: float = _TOP) -> None:
        """From low to high along the way, from least to most upwards; left of it there is room for what ``up`` writes."""
        self.low, self.high = low, high if high > low else low + 1.0
        self.ticks = _ticks(least, most)
        self.least, self.most = least, max(most, self.ticks[-1] if least == 0 else most)
        self.up = up
        room = max(width(up.written(tick), _TEXT) for tick in self.ticks)
        self.left, self.right, self.top, self.bottom_y = max(_LEFT, room + 12), WIDTH - right, top, HEIGHT - _BOTTOM

    def x(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def y(self, value: float) -> float:
        """What is beyond the field, as a queue without an end is, stands at its upper edge."""
        value = min(value, self.most)
        return self.bottom_y - (value - self.least) / (self.most - self.least) * (self.bottom_y - self.top)

    def grid(self) -> list[str]:
        parts = []
        for tick in self.ticks:
            y = self.y(tick)
            parts.append(f'<line class="grid" x1="{self.left:.1f}" x2="{self.right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(_text(self.left - 6, y + 4, self.up.written(tick), "tick end"))
        if self.up.title:
            parts.append(_text(4, 14, self.up.title, "axis"))
        return parts

    def bottom(self, across: Axis, ticks: Sequence[float] | None = None) -> list[str]:
        chosen = ticks or [tick for tick in _ticks(self.low, self.high) if tick <= self.high]
        parts = [_text(self.x(tick), self.bottom_y + 18, across.written(tick), "tick middle") for tick in chosen]
        return [*parts, _text((self.left + self.right) / 2, HEIGHT - 6, across.title, "axis middle")]


def _ticks(least: float, most: float) -> list[float]:
    """Some four to six round numbers, in steps of 1, 2 or 5 times a power of ten; from 0 on they go beyond ``most``."""
    if not math.isfinite(most) or most <= least:
        return [least, least + 1.0]
    rough = (most - least) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * (1 - 1e-9))
    first = math.ceil(least / step * (1 - 1e-9))
    last = math.ceil(most / step * (1 - 1e-9)) if least == 0 else math.floor(most / step * (1 + 1e-9))
    return [step * number for number in range(first, last + 1)] or [least, most]


def _clock_ticks(last: float) -> list[float]:
    return [hour * 3600.0 for hour in range(0, 25, 4) if hour * 3600 <= last]


def _place(edges: Sequence[float], at: float) -> float:
    """Where a value stands among edges, counted in bars."""
    for number, (low, high) in enumerate(pairwise(edges)):
        if at <= high:
            return number + max(0.0, (at - low) / (high - low) if high > low else 0.0)
    return float(len(edges) - 1)


def _apart(ends: Sequence[tuple[float, int, str]]) -> list[tuple[float, int, str]]:
    """Names moved down, or up at the bottom, so that none stands on another."""
    placed: list[tuple[float, int, str]] = []
    for y, number, name in sorted(ends):
        placed.append((max(y, placed[-1][0] + _LINE) if placed else y, number, name))
    over = placed[-1][0] - (HEIGHT - _BOTTOM) if placed else 0.0
    limit = HEIGHT - _BOTTOM
    if over > 0:
        for place in range(len(placed) - 1, -1, -1):
            y, number, name = placed[place]
            placed[place] = (min(y, limit), number, name)
            limit = placed[place][0] - _LINE
    return placed


def _bar(x: float, y: float, wide: float, high: float) -> str:
    return f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{max(high, 0.0):.1f}"/>'


def _text(x: float, y: float, text: str, css: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(clean(text))}</text>'


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{escape(clean(title))}" '
        f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}">' + "".join(parts) + "</svg>"
    )
