"""Exact integrals against dense sampling, and prices in steps against adding up unit by unit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sysdesign_cli.engine.billing import Piece, capped_integral, course, in_steps, integral, larger, stepped_integral

SAMPLES = 2000
VALUES = st.floats(0, 30, allow_nan=False).map(lambda value: round(value, 3))
PIECES = st.lists(st.tuples(st.floats(1, 1000).map(lambda length: round(length, 2)), VALUES, VALUES), min_size=1, max_size=5)


def sampled(pieces: list[Piece], of: object = None) -> float:
    """Midpoint sums of a function of the value."""
    function = of if callable(of) else lambda value: value
    return sum(
        length / SAMPLES * function(start + (end - start) * (number + 0.5) / SAMPLES)
        for length, start, end in pieces
        for number in range(SAMPLES)
    )


@given(PIECES, st.integers(1, 10), st.integers(0, 25))
def test_rounded_up_replicas(pieces: list[Piece], least: int, more: int) -> None:
    """Each crossing of a whole number is missed by at most one sample."""
    most = least + more
    expected = sampled(pieces, lambda value: max(least, min(most, math.ceil(value))))
    crossings = sum((abs(end - start) + 2) * length / SAMPLES for length, start, end in pieces)
    assert abs(stepped_integral(pieces, least, most) - expected) <= crossings


def test_whole_numbers_are_not_rounded_up() -> None:
    """0.6 x 5 is a hair more than 3; a flat line there runs 3 replicas, as ``settled_replicas`` has it."""
    assert 0.1 * 3 / 0.1 > 3
    assert stepped_integral([(10.0, 0.1 * 3 / 0.1, 0.1 * 3 / 0.1)], 1, 9) == 30.0
    assert stepped_integral([(10.0, 3.001, 3.001)], 1, 9) == 40.0
    assert stepped_integral([(10.0, 0.0, 0.0)], 2, 9) == 20.0
    assert stepped_integral([(10.0, 50.0, 50.0)], 2, 9) == 90.0


def test_a_ramp_by_hand() -> None:
    """From 0 to 4 in 4 s, at least 1 and at most 3: 1 for a second, 2 for a second, 3 for two."""
    assert stepped_integral([(4.0, 0.0, 4.0)], 1, 3) == pytest.approx(1 * 1 + 1 * 2 + 2 * 3, abs=1e-9)
    assert stepped_integral([(4.0, 4.0, 0.0)], 1, 3) == pytest.approx(9, abs=1e-9)


@given(PIECES, st.floats(0, 35))
def test_capped(pieces: list[Piece], cap: float) -> None:
    """A midpoint sum is exact but in the one sample that holds the corner."""
    slack = sum(length / SAMPLES * abs(end - start) for length, start, end in pieces) / SAMPLES + 1e-6
    assert abs(capped_integral(pieces, cap) - sampled(pieces, lambda value: min(value, cap))) <= slack


@given(st.lists(st.tuples(st.floats(1, 100), VALUES, VALUES, VALUES, VALUES), min_size=1, max_size=4))
def test_larger_of_two(rows: list[tuple[float, float, float, float, float]]) -> None:
    ones = [(length, a0, a1) for length, a0, a1, _, _ in rows]
    others = [(length, b0, b1) for length, _, _, b0, b1 in rows]
    expected = sum(
        length / SAMPLES * max(a0 + (a1 - a0) * (n + 0.5) / SAMPLES, b0 + (b1 - b0) * (n + 0.5) / SAMPLES)
        for length, a0, a1, b0, b1 in rows
        for n in range(SAMPLES)
    )
    slack = sum(length * 60 for length, *_ in rows) / SAMPLES**2 + 1e-6
    assert abs(integral(larger(ones, others)) - expected) <= slack


def test_a_course_goes_round_the_day() -> None:
    pieces = course([6.0, 18.0], [10.0, 20.0], 24.0)
    assert pieces == [(12.0, 10.0, 20.0), (12.0, 20.0, 10.0)]
    assert integral(pieces) == 360.0
    assert course([0.0], [5.0], 24.0) == [(24.0, 5.0, 5.0)]


@given(st.integers(0, 500), st.lists(st.integers(1, 400), max_size=4, unique=True).map(sorted))
def test_steps_against_counting(amount: int, ends: list[int]) -> None:
    """Each unit belongs to the first step whose end it does not exceed."""
    steps = [*map(float, ends), math.inf]
    counted = [0] * len(steps)
    for unit in range(1, amount + 1):
        counted[next(number for number, end in enumerate(steps) if unit <= end)] += 1
    assert in_steps(amount, steps) == counted
