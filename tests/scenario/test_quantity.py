"""Quantities: every unit, ranges, sources, what is no quantity, and how they are shown."""

from __future__ import annotations

import copy
import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.scenario.quantity import (
    COUNT,
    EXAMPLES,
    MONEY,
    POWER,
    PRICE,
    RATE,
    SHARE,
    SIZE,
    TIME,
    UNITS,
    Misread,
    Parsed,
    figure,
    format_quantity,
    parse_quantity,
)

KINDS = (TIME, SIZE, RATE, SHARE, COUNT, POWER, MONEY, PRICE)

#: Worked out by hand, not from the tables of the module.
ONE: dict[str, dict[str, float]] = {
    TIME: {
        "1ns": 1e-9,
        "1us": 1e-6,
        "1µs": 1e-6,
        "1μs": 1e-6,
        "1ms": 0.001,
        "1s": 1,
        "1sec": 1,
        "1min": 60,
        "1m": 60,
        "1h": 3600,
        "1d": 86_400,
        "1day": 86_400,
        "2days": 172_800,
        "1w": 604_800,
        "1y": 31_536_000,
    },
    SIZE: {
        "1B": 1,
        "1KB": 1_000,
        "1kB": 1_000,
        "1MB": 1_000_000,
        "1GB": 1_000_000_000,
        "1TB": 10**12,
        "1PB": 10**15,
        "1KiB": 1_024,
        "1MiB": 1_048_576,
        "1GiB": 1_073_741_824,
        "1TiB": 1_099_511_627_776,
    },
    RATE: {
        "20/s": 20,
        "20/sec": 20,
        "125k/s": 125_000,
        "125K/s": 125_000,
        "2M/s": 2_000_000,
        "1bn/s": 10**9,
        "300/min": 5,
        "6k/min": 100,
        "7200/h": 2,
        "86.4k/d": 1,
        "86400/day": 1,
        "2628000/month": 1,
        "31536000/y": 1,
    },
    SHARE: {"2%": 0.02, "99.95%": 0.9995, "0.5": 0.5, "1": 1, "100%": 1, "0": 0},
    COUNT: {"3": 3, "1.5k": 1_500, "1.5K": 1_500, "1.5M": 1_500_000, "2bn": 2_000_000_000, "1_000": 1_000, "1e3": 1_000, "+5": 5},
    POWER: {"1.5": 1.5, "1.5x": 1.5, "150%": 1.5},
    MONEY: {"$12": 12, "USD 12": 12, "$500k": 500_000, "$1.5M": 1_500_000, "$2bn": 2_000_000_000, "$0.5": 0.5},
    PRICE: {"$0.20/1M": 2e-7, "$0.0833/h": 0.0833, "$3": 3, "$0.40/1k": 4e-4, "$5/1Mh": 5e-6},
}


@pytest.mark.parametrize(("unit", "text", "value"), [(unit, text, value) for unit, rows in ONE.items() for text, value in rows.items()])
def test_units(unit: str, text: str, value: float) -> None:
    parsed = parse_quantity(text, unit)
    assert isinstance(parsed, Parsed)
    assert parsed.value == pytest.approx(value, rel=1e-12)
    assert (parsed.low, parsed.high, parsed.source) == (parsed.value, parsed.value, "")


@pytest.mark.parametrize(("unit", "suffix"), [(unit, suffix) for unit, factors in UNITS.items() for suffix in factors])
def test_every_unit_of_the_tables(unit: str, suffix: str) -> None:
    """Also with a blank before it, and with a source."""
    sign = "$" if unit in (MONEY, PRICE) else ""
    parsed = parse_quantity(f"{sign}3{suffix}", unit)
    assert isinstance(parsed, Parsed)
    assert parsed.value == pytest.approx(3 * UNITS[unit][suffix], rel=1e-12)
    assert parse_quantity(f" {sign}3 {suffix} (a-source) ", unit) == Parsed(parsed.value, parsed.low, parsed.high, "a-source")


@pytest.mark.parametrize("unit", KINDS)
def test_examples_of_error_messages_can_be_read(unit: str) -> None:
    for example in EXAMPLES[unit].split(", "):
        assert isinstance(parse_quantity(example, unit), Parsed), example


@pytest.mark.parametrize(("text", "value"), [("12ms", 0.012), ("3ms", 0.003), ("0.3ms", 0.0003), ("7us", 7e-6), ("99.95%", 0.9995)])
def test_decimals_are_the_nearest_floats(text: str, value: float) -> None:
    """``12ms`` is the float that Python reads as 0.012, not one bit beside it."""
    parsed = parse_quantity(text, TIME if text.endswith("s") else SHARE)
    assert isinstance(parsed, Parsed)
    assert parsed.value == value


@pytest.mark.parametrize(
    ("text", "low", "value", "high"),
    [
        ("12ms ± 3ms", 0.009, 0.012, 0.015),
        ("12ms±3ms", 0.009, 0.012, 0.015),
        ("12ms ± 3", 0.009, 0.012, 0.015),
        ("1s ± 250ms", 0.75, 1.0, 1.25),
        ("12ms ± -3ms", 0.009, 0.012, 0.015),
        ("4s..10s", 4, 7, 10),
        ("4..10s", 4, 7, 10),
        ("4s..10", 4, 7, 10),
        ("4 s .. 10 s", 4, 7, 10),
        ("500ms..1min", 0.5, 30.25, 60),
        ("4s..4s", 4, 4, 4),
        ("0s..1s", 0, 0.5, 1),
    ],
)
@pytest.mark.parametrize("source", ["", "trace-7", "a source with blanks"])
def test_ranges(text: str, low: float, value: float, high: float, source: str) -> None:
    parsed = parse_quantity(f"{text} ({source})" if source else text, TIME)
    assert isinstance(parsed, Parsed)
    assert (parsed.low, parsed.value, parsed.high) == pytest.approx((low, value, high))
    assert parsed.source == source


@pytest.mark.parametrize(
    ("unit", "text", "slug"),
    [
        (TIME, "", "bad-number"),
        (TIME, "fast", "bad-number"),
        (TIME, "NaN", "bad-number"),
        (TIME, "nan s", "bad-number"),
        (TIME, ".inf", "bad-number"),
        (TIME, "inf", "bad-number"),
        (TIME, "1,5s", "wrong-unit"),
        (TIME, ".5s", "bad-number"),
        (TIME, "5.s", "bad-number"),
        (TIME, "5 5s", "wrong-unit"),
        (TIME, "5s 5s", "bad-number"),
        (TIME, "--5s", "bad-number"),
        (TIME, "5", "wrong-unit"),
        (TIME, "5S", "wrong-unit"),
        (TIME, "5KB", "wrong-unit"),
        (TIME, "1:30", "wrong-unit"),
        (TIME, "0x10s", "wrong-unit"),
        (TIME, "5s ±", "bad-number"),
        (TIME, "5s ± x", "bad-number"),
        (TIME, "5s ± 1KB", "wrong-unit"),
        (TIME, "5s..", "bad-number"),
        (TIME, "..5s", "bad-number"),
        (TIME, "5s..1KB", "wrong-unit"),
        (TIME, "5s..4s", "out-of-range"),
        (TIME, "5s..6s..7s", "wrong-unit"),
        (TIME, "5s (a", "bad-number"),
        (TIME, "5s (a) b", "bad-number"),
        (TIME, "5s ((a))", "bad-number"),
        (TIME, "(a)", "bad-number"),
        (SIZE, "5", "wrong-unit"),
        (SIZE, "5kb", "wrong-unit"),
        (RATE, "5", "wrong-unit"),
        (RATE, "5/fortnight", "wrong-unit"),
        (SHARE, "5x", "wrong-unit"),
        (COUNT, "5 apples", "wrong-unit"),
        (MONEY, "5", "wrong-unit"),
        (MONEY, "EUR 5", "bad-number"),
        (MONEY, "$", "bad-number"),
        (MONEY, "$$5", "bad-number"),
        (PRICE, "$5/GB", "wrong-unit"),
    ],
)
def test_what_is_no_quantity(unit: str, text: str, slug: str) -> None:
    assert parse_quantity(text, unit) == Misread(slug)


@given(st.text(max_size=60) | st.text(alphabet="0123456789.eE+-_ ±()$%kMsB/x", max_size=40), st.sampled_from(KINDS))
@settings(max_examples=1000, deadline=None, derandomize=True)
def test_any_text_is_read_or_refused(text: str, unit: str) -> None:
    parsed = parse_quantity(text, unit)
    if isinstance(parsed, Misread):
        assert parsed.slug in ("bad-number", "wrong-unit", "out-of-range")
    elif math.isfinite(parsed.low) and math.isfinite(parsed.high):
        assert parsed.low <= parsed.value <= parsed.high
        assert isinstance(format_quantity(parsed.value, unit), str)


_NUMBERS = st.floats(0, 1e9).map(lambda value: f"{value:.6f}") | st.integers(0, 10**9).map(str)


@given(_NUMBERS, st.sampled_from([(unit, suffix) for unit in UNITS for suffix in UNITS[unit]]))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_what_is_written_is_read(number: str, unit_and_suffix: tuple[str, str]) -> None:
    unit, suffix = unit_and_suffix
    parsed = parse_quantity(f"{'$' if unit in (MONEY, PRICE) else ''}{number}{suffix}", unit)
    assert isinstance(parsed, Parsed)
    assert parsed.value == pytest.approx(float(number) * UNITS[unit][suffix], rel=1e-12)


@pytest.mark.parametrize("size", [1_000, 1_000_000])
@pytest.mark.parametrize("text", ["9", "9(", "1_", "5 ", "1±", "x", "1..", "(", "12ms ± "])
def test_long_texts_take_no_longer_than_their_length(text: str, size: int) -> None:
    parse_quantity(text * (size // len(text)), TIME)
    parse_quantity(text * (size // len(text)) + "((", TIME)


# ---- as people see them


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, TIME, "0 s"),
        (0.012, TIME, "12 ms"),
        (0.0005, TIME, "500 µs"),
        (2e-7, TIME, "0.2 µs"),
        (1, TIME, "1 s"),
        (59.99, TIME, "1 min"),
        (90, TIME, "1.5 min"),
        (3600, TIME, "1 h"),
        (86_400, TIME, "1 d"),
        (31_536_000, TIME, "365 d"),
        (-0.012, TIME, "-12 ms"),
        (0, SIZE, "0 B"),
        (500, SIZE, "500 B"),
        (2_000, SIZE, "2 KB"),
        (2e9, SIZE, "2 GB"),
        (5e18, SIZE, "5,000 PB"),
        (2e9, "bandwidth", "2 GB/s"),
        (0, RATE, "0/s"),
        (20, RATE, "20/s"),
        (125_000, RATE, "125,000/s"),
        (0.5, RATE, "0.5/s"),
        (1 / 3600, RATE, "1/h"),
        (1 / 86_400, RATE, "1/d"),
        (0, SHARE, "0 %"),
        (0.02, SHARE, "2 %"),
        (0.9995, SHARE, "99.95 %"),
        (0.99999, SHARE, "99.999 %"),
        (0.999999999, SHARE, "99.9999999 %"),
        (1, SHARE, "100 %"),
        (12.5, MONEY, "$12.5"),
        (1_234_567, MONEY, "$1,234,567"),
        (3, COUNT, "3"),
        (1_500_000, COUNT, "1,500,000"),
        (0.333333, POWER, "0.333"),
        (math.nan, TIME, "–"),
        (math.inf, TIME, "∞"),
        (-math.inf, SHARE, "-∞"),
    ],
)
def test_format(value: float, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


@given(st.floats(1e-6, 1e7), st.sampled_from([(TIME, 5e-3), (SIZE, 5e-3)]))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_what_is_shown_can_be_read_again(value: float, unit_and_tolerance: tuple[str, float]) -> None:
    """Three digits carry half a per cent."""
    unit, tolerance = unit_and_tolerance
    parsed = parse_quantity(format_quantity(value, unit).replace(",", ""), unit)
    assert isinstance(parsed, Parsed)
    assert parsed.value == pytest.approx(value, rel=tolerance)


@given(st.floats(0.9, 1, exclude_max=True))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_share_below_one_is_not_shown_as_one(share: float) -> None:
    parsed = parse_quantity(format_quantity(share, SHARE), SHARE)
    assert isinstance(parsed, Parsed)
    if share < 1 - 1e-11:
        assert parsed.value < 1
        assert 1 - parsed.value == pytest.approx(1 - share, rel=0.06)


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([*KINDS, "bandwidth", "other"]))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_everything_can_be_shown(value: float, unit: str) -> None:
    assert format_quantity(value, unit)


# ---- figures


def test_a_figure_is_a_float_that_knows_where_it_comes_from() -> None:
    made = figure(0.012, TIME, "12ms ± 3ms", "trace-7", None, 0.009, 0.015)
    assert made + 1 == 1.012
    assert (made.text, made.unit, made.source, made.low, made.high) == ("12ms ± 3ms", TIME, "trace-7", 0.009, 0.015)
    assert made.is_default
    assert made.place is None
    assert not made.is_assumption
    assert figure(1, COUNT).is_assumption
    assert (figure(1, COUNT).low, figure(1, COUNT).high) == (1, 1)


def test_a_figure_survives_copying_and_pickling() -> None:
    made = figure(0.012, TIME, "12ms", "trace-7", None, 0.009, 0.015)
    for other in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert other == made
        assert (other.text, other.unit, other.source, other.low, other.high) == (made.text, made.unit, made.source, made.low, made.high)
