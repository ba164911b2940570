"""Several values in one word."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sysdesign_cli.scenario.changes import read_path
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import MONEY, RATE, SHARE, TIME, Parsed, parse_quantity
from sysdesign_cli.scenario.ranges import is_several, read_values, split_list
from sysdesign_cli.scenario.shapes import Quantity, whole

QUANTITIES = {
    "time": Quantity(TIME),
    "rate": Quantity(RATE),
    "share": Quantity(SHARE, 0, 1),
    "money": Quantity(MONEY),
    "count": whole(),
    "": None,
}


def values(text: str, kind: str = "count") -> list[str]:
    return list(read_values(text, QUANTITIES[kind], read_path(f"services.a.replicas={text}")).make())


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("2..6", "count", "2 3 4 5 6"),
        ("2..12..5", "count", "2 7 12"),
        ("2..12..4", "count", "2 6 10"),
        ("2 .. 4", "count", "2 3 4"),
        ("1k..3k", "count", "1k 2k 3k"),
        ("4s..7s", "time", "4s 5s 6s 7s"),
        ("4..7s", "time", "4s 5s 6s 7s"),
        ("4s..7s..1500ms", "time", "4s 5.5s 7s"),
        ("500ms..2s..500ms", "time", "500ms 1000ms 1500ms 2000ms"),
        ("1h..2h..20min", "time", "1h 1.333333333333h 1.666666666667h"),
        ("0.1..0.3..0.1", "share", "0.1 0.2 0.3"),
        ("5%..20%..5", "share", "5% 10% 15% 20%"),
        ("10/s..30/s..10/s", "rate", "10/s 20/s 30/s"),
        ("$10..$12", "money", "$10 $11 $12"),
        ("10ms..1s*3", "time", "10ms 100ms 1s"),
        ("1..1000*4", "count", "1 10 100 1000"),
        ("1..4*8", "count", "1 2 3 4"),
        ("1s..4s*2", "time", "1s 4s"),
        ("1,5,9", "count", "1 5 9"),
        ("shared, random", "", "shared random"),
        ("{min: 2, max: 4},{min: 3}", "", "{min: 2, max: 4}|{min: 3}"),
        ("1s (a, b),2s", "time", "1s (a, b)|2s"),
    ],
)
def test_values(text: str, kind: str, expected: str) -> None:
    assert is_several(text)
    wanted = expected.split("|") if "|" in expected else expected.split(" ")
    found = values(text, kind)
    if "h " in expected:  # twenty minutes are no round part of an hour
        assert [float(one[:-1]) for one in found] == pytest.approx([float(one[:-1]) for one in wanted], abs=1e-9)
    else:
        assert found == wanted


@pytest.mark.parametrize("text", ["4", "four", "[4s, 10s]", "{min: 2, max: 3}", '"a,b"', "'1..2'", "12ms ± 3ms", "1s (a, b)", "0.5"])
def test_one_value_is_not_several(text: str) -> None:
    assert not is_several(text)


@pytest.mark.parametrize(
    ("text", "kind", "what"),
    [
        ("2..x", "count", "sweep-range"),
        ("2..", "count", "sweep-range"),
        ("2..4..6..8", "count", "sweep-range"),
        ("2..4*3*3", "count", "sweep-range"),
        ("2...4", "count", "sweep-range"),
        ("4s..10s (measured)", "time", "sweep-range"),
        ("1e999..2e999", "count", "wrong-unit"),
        ("1" * 200 + "..2", "count", "sweep-range"),
        ("12..2", "count", "sweep-backwards"),
        ("2..2", "count", "sweep-backwards"),
        ("2s..500ms..1ms", "time", "sweep-backwards"),
        ("500ms..2s", "time", "sweep-step"),
        ("2..4..0", "count", "sweep-step"),
        ("2..4..-1", "count", "sweep-step"),
        ("0..4*3", "count", "sweep-points"),
        ("1..4*1", "count", "sweep-points"),
        ("1..4*0", "count", "sweep-points"),
        ("1,,2", "count", "sweep-list"),
        ("1,2,", "count", "sweep-list"),
        ("2..4", "", "sweep-words"),
        ("2s..4s", "count", "wrong-unit"),
        ("2..4..1s", "count", "wrong-unit"),
        ("2..4", "time", "wrong-unit"),
    ],
)
def test_nonsense_is_refused_at_its_place(text: str, kind: str, what: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        values(text, kind)
    (problem,) = caught.value.problems
    assert problem.params.get("what", problem.slug) == what
    assert (problem.place.file, problem.place.line, problem.place.column) == ("--set", 1, 21)
    assert problem.width == len(text)


def test_a_range_far_too_long_is_only_counted() -> None:
    assert read_values("1..1e15", whole(), read_path("a=1..1e15")).count == 10**15


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(2, 40))
def test_equal_ratios(low: int, more: int, points: int) -> None:
    """Both ends exactly; the ratio of neighbours everywhere the same, to the four digits that values are rounded to."""
    found = []
    for text in values(f"{low}ms..{low + more}ms*{points}", "time"):
        parsed = parse_quantity(text, TIME)
        assert isinstance(parsed, Parsed)
        found.append(parsed.value)
    assert (found[0], found[-1]) == (low / 1000, (low + more) / 1000)
    assert len(found) == points
    ratio = math.log((low + more) / low) / (points - 1)
    assert all(abs(math.log(one / found[0]) - i * ratio) < 1e-3 for i, one in enumerate(found))
    assert found == sorted(set(found))


@given(st.integers(-50, 50), st.integers(1, 300), st.integers(1, 40))
def test_steps_are_those_of_a_range(low: int, more: int, step: int) -> None:
    if low >= 0:
        assert values(f"{low}..{low + more}..{step}") == [str(n) for n in range(low, low + more + 1, step)]


@given(st.lists(st.sampled_from(["a", "1..2", "{a: 1, b: 2}", "[1,2]", "'x,y'", "1 (s, t)"]), min_size=1, max_size=5))
def test_a_list_is_parted_at_its_own_commas(parts: list[str]) -> None:
    assert split_list(", ".join(parts)) == parts
