"""The plot: marks stand where the numbers are, nothing is wider than asked for."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sysdesign_cli.scenario.quantity import format_quantity
from sysdesign_cli.views.plot import Scale, Series, plot


def marks(picture: str, letter: str) -> list[tuple[int, int]]:
    """(column, row from below) of every mark, counted inside the axes."""
    lines = picture.split("\n")
    inside = [
        line.split(bar, 1)[1] for line in lines for bar in ("┤", "│", "+", "|") if bar in line and "─" not in line and "--" not in line
    ]
    height = len(inside)
    return sorted((x, height - 1 - y) for y, line in enumerate(inside) for x, found in enumerate(line) if found == letter)


def test_a_straight_line_is_straight() -> None:
    picture = plot([Series("y", tuple((float(n), float(n)) for n in range(11)))], Scale("count"), Scale("count"), width=60, height=11)
    found = marks(picture, "●")
    width = max(x for x, _ in found) + 1
    assert [row for _, row in found] == list(range(11))
    for n, (x, _) in enumerate(found):
        assert abs(x - n / 10 * (width - 1)) <= 1


def test_equal_ratios_are_equal_distances() -> None:
    points = tuple((10.0**n, 10.0 ** (2 * n)) for n in range(5))
    picture = plot([Series("y", points)], Scale("count", "", True), Scale("count", "", True), width=70, height=9)
    found = marks(picture, "●")
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(found)]
    assert max(x for x, _ in steps) - min(x for x, _ in steps) <= 1
    assert {y for _, y in steps} == {2}
    assert all(label in picture for label in ("10,000", "1e+08" if "1e+08" in picture else "100,000,000"))


def test_plain_terminals_get_ascii() -> None:
    points = tuple((n / 1e6, n / 1e6) for n in range(1, 9))
    picture = plot([Series("one", points), Series("two", points[::2])], Scale("time", "x"), Scale("time", "y"), ascii_only=True)
    assert picture.isascii()
    assert "us" in picture
    assert "o one" in picture
    assert "x two" in picture


def test_a_gap_is_not_drawn_over() -> None:
    whole = tuple((float(n), 1.0 + n) for n in range(9))
    holed = tuple((x, None if 2 < x < 6 else y) for x, y in whole)
    drawn = [
        sum("\u2800" < letter <= "\u28ff" for letter in plot([Series("", points)], Scale("count"), Scale("count")))
        for points in (whole, holed)
    ]
    assert drawn[1] < drawn[0] * 0.65
    assert marks(plot([Series("", ((0.0, 1.0), (1.0, None), (2.0, 2.0)))], Scale("count"), Scale("count")), "●")


def test_nothing_to_draw() -> None:
    assert plot([], Scale("count"), Scale("count")) == ""
    assert plot([Series("", ((0.0, None), (1.0, math.inf), (2.0, math.nan)))], Scale("count"), Scale("count")) == ""


def test_a_level_line_names_its_value() -> None:
    picture = plot([Series("", ((0.0, 5.0), (1.0, 5.0)))], Scale("count"), Scale("time"))
    assert "5 s ┤" in picture


@pytest.mark.parametrize("value", [0.0478, 1.0, -3.0, 7.3e8])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_what_computing_leaves_over_is_no_hill(value: float, logarithmic: bool) -> None:
    """Five points equal but for their twelfth digit are one level line at the value; differences that are some are drawn."""
    noise = (0.0, 1e-12, -1e-12, 3e-12, 0.0)
    for part, level in ((1.0, True), (1e6, False)):
        points = tuple((float(n), value * (1 + part * one)) for n, one in enumerate(noise))
        picture = plot([Series("", points)], Scale("count"), Scale("time", "", logarithmic))
        rows = {row for _, row in marks(picture, "●")}
        assert (len(rows) == 1) == level
        assert (picture.count("┤") == 1) == level
        assert not level or f"{format_quantity(value, 'time')} ┤●" in picture


def test_texts_of_a_file_are_harmless() -> None:
    assert "\x1b" not in plot(
        [Series("a\x1b[2J", ((0.0, 1.0), (1.0, 2.0))), Series("b", ((0.0, 1.0),))], Scale("count", "\x1b[1m"), Scale("count")
    )


values = st.one_of(st.none(), st.floats(-1e8, 1e8), st.sampled_from([0.0, 1e-12, 1e8, math.nan, math.inf, -math.inf]))
curves = st.lists(st.tuples(st.floats(-1e9, 1e9), values), max_size=40).map(lambda points: tuple(sorted(points, key=lambda p: p[0])))


@given(st.lists(curves, max_size=10), st.sampled_from([24, 40, 80]), st.integers(3, 20), st.booleans(), st.booleans(), st.booleans())
def test_never_too_wide_nor_too_high(
    curves: list[tuple[tuple[float, float | None], ...]], width: int, height: int, x_log: bool, y_log: bool, ascii_only: bool
) -> None:
    series = [Series(f"s{number}", points) for number, points in enumerate(curves)]
    picture = plot(series, Scale("time", "", x_log), Scale("share", "", y_log), width=width, height=height, ascii_only=ascii_only)
    if not picture:
        assert not any(y is not None and math.isfinite(y) for points in curves for _, y in points)
        return
    lines = picture.split("\n")
    assert all(cell_len(line) <= max(width, 30) for line in lines)
    assert len(lines) == height + 2 + (len(series) if len(series) > 1 else 0)
    assert picture.isascii() or not ascii_only
