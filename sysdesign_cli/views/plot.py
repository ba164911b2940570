"""A small plot for a terminal: lines and points of a few series, as text. In Braille dots, or plain ASCII."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sysdesign_cli.scenario.quantity import TIME, format_quantity
from sysdesign_cli.views.document import clean

_MARKS: Final = "●○▲△■□◆◇"
_ASCII_MARKS: Final = "ox+*#@%&"
#: Bit of each of the 2 x 4 dots of a Braille letter, by column and row (Unicode 15, chapter 21.1).
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BRAILLE: Final = 0x2800
#: Marks of a series stand at all its points while they are this few, else at this many of them.
_MOST_MARKS: Final = 24
#: Numbers that differ by less than this part of themselves are equal but for what computing left over.
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Series:
    """A line. points: (x, y) in SI units, by x; a y of None, or one that is not finite, leaves a gap."""

    title: str
    points: tuple[tuple[float, float | None], ...]


@dataclass(frozen=True)
class Scale:
    """One direction of the plot: the unit of its numbers, and whether equal distances are equal ratios."""

    unit: str
    title: str = ""
    logarithmic: bool = False
    between: tuple[float, float] | None = None
    """Least and greatest number drawn; those of the points unless said."""


@dataclass(frozen=True)
class Stretch:
    """Something that lasts from one x to another; drawn as a line below the plot."""

    title: str
    start: float
    end: float


def plot(
    series: Sequence[Series],
    x: Scale,
    y: Scale,
    *,
    width: int = 72,
    height: int = 12,
    ascii_only: bool = False,
    stretches: Sequence[Stretch] = (),
    margin: int = 0,
) -> str:
    """Lines of at most ``width`` columns; ``height`` counts the lines of the picture itself. "" when there is nothing to draw.

    margin: least columns left of the axis, so that plots one below the other begin at the same column.

    A logarithmic direction needs numbers above zero; where there are others, it is drawn linear.
    """
    marks = _ASCII_MARKS if ascii_only else _MARKS
    curves = [[(px, py) for px, py in one.points if py is not None and math.isfinite(py)] for one in series]
    every = [point for curve in curves for point in curve]
    if not every:
        return ""
    across = _Span([px for px, _ in every], x)
    up = _Span([py for _, py in every], y, _ROUNDING)
    labels = {up.row(tick, height): up.label(tick) for tick in up.ticks(max(2, height // 3))}
    gutter = max(margin, *(_cells(label) for label in labels.values()))
    canvas = _Canvas(max(8, width - gutter - 3), height, ascii_only)
    for number, one in enumerate(series):
        mark = marks[number % len(marks)] if len(series) > 1 or len(curves[number]) <= _MOST_MARKS else ""
        _draw(canvas, one, across, up, mark)
    lines = [y.title] if y.title else []
    lines += [_padded(labels.get(row, ""), gutter) + (" ┤" if row in labels else " │") + text for row, text in enumerate(canvas.lines())]
    lines += [" " * gutter + line for line in _bottom(across, x, canvas.width)]
    lines += [" " * gutter + "  " + line for one in stretches for line in _stretch(one, across, canvas.width)]
    if len(series) > 1:
        lines += [f"{' ' * gutter}  {marks[number % len(marks)]} {one.title}" for number, one in enumerate(series)]
    text = "\n".join(clean(line).rstrip() for line in lines)
    return text.translate(_TO_ASCII) if ascii_only else text


_TO_ASCII: Final = str.maketrans({"│": "|", "┤": "+", "├": "+", "└": "+", "─": "-", "┬": "+", "µ": "u", "∞": "inf"})


class _Span:
    """From the least to the greatest number of one direction, mapped to 0 … 1."""

    def __init__(self, values: Sequence[float], scale: Scale, rounding: float = 0.0) -> None:
        """rounding: numbers that are no further apart than this part of themselves are drawn as one."""
        self.unit = scale.unit
        self.logarithmic = scale.logarithmic and min(values) > 0
        self.low, self.high = scale.between or (min(values), max(values))
        self.logarithmic = self.logarithmic and self.low > 0
        equal = self.high - self.low <= rounding * max(abs(self.low), abs(self.high))
        self.only = self.low if equal else None
        if self.only is not None:  # a level line stands in the middle
            room = abs(self.low) / 2 or 1.0
            self.low, self.high = (self.low / 2, self.high * 2) if self.logarithmic else (self.low - room, self.high + room)

    def share(self, value: float) -> float:
        if self.only is not None and math.isclose(value, self.only, rel_tol=_ROUNDING):
            value = self.only
        low, high, value = (math.log(n) for n in (self.low, self.high, value)) if self.logarithmic else (self.low, self.high, value)
        return (value - low) / (high - low)

    def row(self, value: float, height: int) -> int:
        return height - 1 - min(height - 1, int(self.share(value) * height))

    def label(self, value: float) -> str:
        return format_quantity(value, self.unit)

    def ticks(self, count: int) -> list[float]:
        """Round numbers inside the span, about so many; the two ends when there are no two round ones inside."""
        if self.only is not None:
            return [self.only]
        found = _decades(self.low, self.high) if self.logarithmic else []
        if len(found) < 2:
            found = _steps(self.low, self.high, count, _CLOCK if self.unit == TIME else ())
        while len(found) > 2 * count:
            found = found[::2]
        return found if len(found) > 1 else [self.low, self.high]


#: Round steps of time from ten seconds on.
_CLOCK: Final = (15.0, 20.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0)


def _steps(low: float, high: float, count: int, round_ones: Sequence[float] = ()) -> list[float]:
    raw = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if power * factor >= raw * (1 - 1e-9))
    if round_ones and round_ones[0] <= step <= round_ones[-1]:
        step = next(one for one in round_ones if one >= min(raw * (1 - 1e-9), round_ones[-1]))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [min(high, max(low, number * step)) for number in range(first, min(last, first + 100) + 1)]


def _decades(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]


class _Canvas:
    """A picture of 2 x 4 dots for each letter (Braille), or 1 x 1 (ASCII), with marks laid over it."""

    def __init__(self, width: int, height: int, ascii_only: bool) -> None:
        self.width, self.height = width, height
        self._ascii = ascii_only
        self.across, self.down = (width, height) if ascii_only else (width * 2, height * 4)
        self._cells = [[0] * width for _ in range(height)]
        self._marks: dict[tuple[int, int], str] = {}

    def dot(self, x: float, y: float) -> tuple[int, int]:
        """The dot at these shares of the width and of the height (0 is below)."""
        return min(self.across - 1, int(x * self.across)), self.down - 1 - min(self.down - 1, int(y * self.down))

    def line(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
        for step in range(steps + 1):
            x, y = (round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True))
            if self._ascii:
                self._cells[y][x] = 1
            else:
                self._cells[y // 4][x // 2] |= _DOTS[x % 2][y % 4]

    def mark(self, at: tuple[int, int], letter: str) -> None:
        self._marks[at if self._ascii else (at[0] // 2, at[1] // 4)] = letter

    def lines(self) -> Iterator[str]:
        for y, row in enumerate(self._cells):
            yield "".join(self._marks.get((x, y)) or self._letter(cell) for x, cell in enumerate(row)).rstrip()

    def _letter(self, cell: int) -> str:
        if not cell:
            return " "
        return "." if self._ascii else chr(_BRAILLE + cell)


def _draw(canvas: _Canvas, one: Series, across: _Span, up: _Span, mark: str) -> None:
    dots = [canvas.dot(across.share(px), up.share(py)) if py is not None and math.isfinite(py) else None for px, py in one.points]
    for start, end in pairwise(dots):
        if start is not None and end is not None:
            canvas.line(start, end)
    there = [dot for dot in dots if dot is not None]
    for dot in there[:: max(1, math.ceil(len(there) / _MOST_MARKS))] if mark else []:
        canvas.mark(dot, mark)
    for only in there:  # a point between two gaps has no line
        canvas.line(only, only)


def _bottom(across: _Span, x: Scale, width: int) -> list[str]:
    """The axis, its numbers, and what they are of."""
    axis, numbers, free = ["─"] * width, "", 0
    for tick in across.ticks(max(2, width // 14)):
        label = across.label(tick)
        column = min(width - 1, int(across.share(tick) * width))
        start = max(0, min(column - _cells(label) // 2, width - _cells(label)))
        if start < free or _cells(label) > width:
            continue
        axis[column] = "┬"
        numbers += " " * (start - _cells(numbers)) + label
        free = start + _cells(label) + 2
    return [" └" + "".join(axis), "  " + numbers, *([f"  {x.title}"] if x.title else [])]


def _stretch(one: Stretch, across: _Span, width: int) -> list[str]:
    """The line, and its title beside it, or below where there is no room."""
    first, last = (min(width - 1, max(0, int(across.share(min(across.high, max(across.low, at))) * width))) for at in (one.start, one.end))
    line = "├" + "─" * (last - first - 1) + "┤" if last > first else "│"
    if last + 2 + _cells(one.title) <= width:
        return [f"{' ' * first}{line} {one.title}"]
    if _cells(one.title) + 1 <= first:
        return [f"{' ' * (first - 1 - _cells(one.title))}{one.title} {line}"]
    return [" " * first + line, one.title]


def _padded(text: str, width: int) -> str:
    return " " * (width - _cells(text)) + text


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)
