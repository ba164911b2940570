"""Quantities: numbers written with a unit, carried as SI floats that remember where they were written.

A ``Figure`` is a ``float``, so formulas read like formulas; it also knows its place in the file, its source, and the range
it was given, which is what ``--why`` prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sysdesign_cli.scenario.problems import Place, nearest

ASSUMPTION: Final = "assumption"

TIME, SIZE, RATE, SHARE, COUNT, MONEY, PRICE, POWER = "time", "size", "rate", "share", "count", "money", "price", "factor"

_SECOND: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "min": 60.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "day": 86400.0,
    "days": 86400.0,
    "w": 604800.0,
    "y": 31_536_000.0,
}
_BYTE: Final = {
    "B": 1.0,
    "KB": 1e3,
    "kB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "TB": 1e12,
    "PB": 1e15,
    "KiB": 1024.0,
    "MiB": 1024.0**2,
    "GiB": 1024.0**3,
    "TiB": 1024.0**4,
}
_MANY: Final = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "bn": 1e9}
_PER: Final = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "day": 86400.0, "month": 2_628_000.0, "y": 31_536_000.0}
_CURRENCY: Final = ("$", "USD ")

#: What each dimension accepts: suffix -> factor to SI, and what an error message shows as an example.
UNITS: Final[dict[str, dict[str, float]]] = {
    TIME: _SECOND,
    SIZE: _BYTE,
    RATE: {f"{many}/{per}": factor / seconds for many, factor in _MANY.items() for per, seconds in _PER.items()},
    SHARE: {"%": 0.01, "": 1.0},
    COUNT: _MANY,
    POWER: {"": 1.0, "x": 1.0, "%": 0.01},
    MONEY: {"": 1.0, "k": 1e3, "M": 1e6, "bn": 1e9},
    PRICE: {"": 1.0} | {f"/{many}{unit}": 1 / factor for many, factor in (("", 1.0), ("1k", 1e3), ("1M", 1e6)) for unit in ("", "h")},
}
EXAMPLES: Final[dict[str, str]] = {
    TIME: "12ms, 30s, 30min, 7d",
    SIZE: "500B, 2KB, 4MB, 1GiB",
    RATE: "20/s, 125k/s, 300/min",
    SHARE: "2%, 99.95%, 0.5",
    COUNT: "3, 32, 1.5M",
    POWER: "0.5, 1.5, 4",
    MONEY: "$12, $500k",
    PRICE: "$0.20/1M, $0.0833/h",
}

# possessive throughout (`*+`): what a part has taken it never gives back, so a long wrong text costs no more than a right one
_NUMBER: Final = r"[+-]?+\d[\d_]*+(?:\.\d++)?+(?:[eE][+-]?+\d++)?+"
_SPREAD: Final = rf"(±)\s*+({_NUMBER})\s*+([^\s(]*+)\s*+"
_UPPER: Final = rf"\.\.\s*+({_NUMBER})\s*+([^\s(]*+)\s*+"
_QUANTITY: Final = re.compile(rf"\s*+({_NUMBER})\s*+([^\s±(.]*+)\s*+(?:{_SPREAD}|{_UPPER})?+(?:\(([^()]*+)\))?+\s*+")


class Figure(float):
    """A number of the model in SI units, and where it came from.

    ``place`` is None for a default of the catalogue; ``source`` is the id of a source, ``"assumption"``, or "" when nothing
    was said. ``low`` and ``high`` are the stated range (equal to the value when none was stated).
    """

    __slots__ = ("high", "low", "node", "source", "text", "unit")

    node: object
    source: str
    text: str
    unit: str
    low: float
    high: float

    @property
    def place(self) -> Place | None:
        return self.node.place if self.node is not None else None  # type: ignore[attr-defined]

    @property
    def is_default(self) -> bool:
        return self.node is None

    @property
    def is_assumption(self) -> bool:
        """Nothing was measured: no source was said, or the word assumption is among them."""
        return not self.source or ASSUMPTION in self.sources

    @property
    def sources(self) -> tuple[str, ...]:
        """Ids of its sources: ``(a + b)`` names two; ``(assumption + a)`` is an assumption with a reason."""
        return tuple(one.strip() for one in self.source.split(" + ") if one.strip())

    def __reduce__(self) -> tuple[object, ...]:
        return (figure, (float(self), self.unit, self.text, self.source, self.node, self.low, self.high))

    def __copy__(self) -> Figure:
        return self

    def __deepcopy__(self, memo: object) -> Figure:
        return self


def figure(
    value: float,
    unit: str,
    text: str = "",
    source: str = ASSUMPTION,
    node: object = None,
    low: float | None = None,
    high: float | None = None,
) -> Figure:
    """Make a figure; without a node it counts as a default of the catalogue."""
    made = Figure(value)
    made.unit = unit
    made.text = text
    made.source = source
    made.node = node
    made.low = value if low is None else low
    made.high = value if high is None else high
    return made


@dataclass(frozen=True)
class Parsed:
    """A quantity as text, understood."""

    value: float
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Misread:
    """A quantity as text, not understood: the slug of the problem."""

    slug: str


@lru_cache(maxsize=65_536)
def parse_quantity(text: str, unit: str) -> Parsed | Misread:
    """Read ``12ms``, ``99.95%``, ``125k/s``, ``$0.20/1M``, ``12ms ± 3ms``, ``4s..10s``, each optionally with ``(source)``."""
    bare = text.strip()
    if unit in (MONEY, PRICE):
        for sign in _CURRENCY:
            if bare.startswith(sign):
                bare = bare[len(sign) :]
                break
        else:
            return Misread("wrong-unit" if re.match(_NUMBER, bare) else "bad-number")
    match = _QUANTITY.fullmatch(bare)
    if match is None:
        return Misread("bad-number")
    number, suffix, plus_minus, spread, spread_suffix, upper, upper_suffix, source = match.groups()
    factors = UNITS[unit]
    if suffix == "" and upper_suffix:
        suffix = upper_suffix
    if suffix not in factors:
        return Misread("wrong-unit")
    value = _scaled(number, factors[suffix])
    low = high = value
    if plus_minus:
        if (spread_suffix or suffix) not in factors:
            return Misread("wrong-unit")
        half = abs(_scaled(spread, factors[spread_suffix or suffix]))
        low, high = value - half, value + half
    elif upper:
        if (upper_suffix or suffix) not in factors:
            return Misread("wrong-unit")
        high = _scaled(upper, factors[upper_suffix or suffix])
        if high < low:
            return Misread("out-of-range")
        value = (low + high) / 2
    return Parsed(value, low, high, (source or "").strip())


def near_units(text: str, unit: str) -> tuple[str, ...]:
    """The quantity with the unit that was probably meant: ``1kb`` as ``1KB``, ``10 msec`` as ``10ms``."""
    match = re.fullmatch(rf"\s*({_NUMBER})\s*(\S{{1,12}})\s*", text[:60])
    if match is None:
        return ()
    number, suffix = match.groups()
    return tuple(f"{number}{known}" for known in nearest(suffix, [known for known in UNITS[unit] if known], 2))


def _scaled(number: str, factor: float) -> float:
    value = float(number.replace("_", ""))
    # dividing by the whole inverse keeps 12ms == 0.012 exactly, which multiplying by 1e-3 does not
    inverse = round(1 / factor) if 0 < factor < 1 else 0
    return value / inverse if inverse and abs(1 / factor - inverse) < 1e-6 else value * factor


_TIME_STEPS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SIZE_STEPS: Final = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (1.0, "B"))


def _digits(value: float, significant: int = 3) -> str:
    """At most ``significant`` digits, thousands separated, no trailing zeros."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (significant - 1):
        return f"{value:,.0f}"
    text = f"{value:.{significant}g}"
    if "e" in text:
        return text
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_quantity(value: float, unit: str) -> str:
    """A number for people: ``0.012 s`` as ``12 ms``, ``0.9995`` as ``99.95 %``, ``2e9 B`` as ``2 GB``."""
    if value != value:
        return "–"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "-∞"
    if unit == TIME:
        return _stepped(value, _TIME_STEPS, "s")
    if unit == SIZE:
        return _stepped(value, _SIZE_STEPS, "B")
    if unit == "bandwidth":
        return _stepped(value, _SIZE_STEPS, "B") + "/s"
    if unit == RATE:
        return _rate(value)
    if unit == SHARE:
        return _percent(value)
    if unit in (MONEY, PRICE):
        return "$" + _digits(value, 4)
    if unit == COUNT and abs(value) >= 10:
        return f"{value:,.0f}"
    return _digits(value)


def _stepped(value: float, steps: tuple[tuple[float, str], ...], smallest: str) -> str:
    if value == 0:
        return f"0 {smallest}"
    for size, name in steps:
        if abs(value) >= size * 0.9995:
            return f"{_digits(value / size)} {name}"
    size, name = steps[-1]
    return f"{_digits(value / size)} {name}"


def _rate(value: float) -> str:
    if value and abs(value) < 0.1:
        return f"{_digits(value * 3600)}/h" if value * 3600 >= 0.1 else f"{_digits(value * 86400)}/d"
    return f"{_digits(value)}/s"


def _percent(value: float) -> str:
    percent = value * 100
    if 99 < percent < 100 - 1e-9:  # nines carry the meaning: keep the digits that differ from 100
        missing = 100 - percent
        places = 2
        while missing < 10 ** (1 - places) and places < 12:
            places += 1
        text = f"{percent:.{places}f}"
        return f"{text.rstrip('0').rstrip('.')} %" if not text.startswith("100") else f"{percent:.12f} %"
    if 0 < percent < 0.001:
        return "< 0.001 %"
    return f"{_digits(percent)} %"
