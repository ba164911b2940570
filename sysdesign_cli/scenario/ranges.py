"""Several values in one word, for sweeps: ``2..12``, ``2..12..5``, ``10ms..1s*9``, ``a,b,c``.

Elsewhere ``4s..10s`` is one uncertain figure of the language. A sweep takes it for 4 s, 5 s … 10 s; the uncertain figure is written
``[4s, 10s]`` there, as the language also allows; nothing inside brackets, braces or quotes is taken apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sysdesign_cli.scenario.changes import Change
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import EXAMPLES, UNITS
from sysdesign_cli.scenario.shapes import Quantity

#: More values than this no sweep has.
MAX_VALUES: Final = 100_000

_NUMBER: Final = r"(\$?)([+-]?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)\s*((?:[^\s.*\d][^\s.*]*)?)\s*"
_LONGEST: Final = 120
_RANGE: Final = re.compile(rf"{_NUMBER}\.\.\s*{_NUMBER}(?:\.\.\s*{_NUMBER}|\*\s*(\d+)\s*)?")
_CLOSING: Final = {"[": "]", "{": "}", "(": ")"}


@dataclass(frozen=True)
class Values:
    """Values as they would be typed; made when asked for, since there may be far too many."""

    count: int
    make: Callable[[], tuple[str, ...]]


@dataclass(frozen=True)
class _End:
    """A number and the unit behind it."""

    value: Decimal
    suffix: str


def is_several(text: str) -> bool:
    """Whether a value is meant as several: it has a comma outside of all brackets, or two dots between."""
    text = text.strip()
    return len(split_list(text)) > 1 or (".." in text and text[:1] not in "[{\"'")


def split_list(text: str) -> list[str]:
    """The parts between commas that stand outside of brackets and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for position, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in _CLOSING:
            depth += 1
        elif letter in _CLOSING.values():
            depth -= 1
        elif letter == "," and depth <= 0:
            parts.append(text[start:position].strip())
            start = position + 1
    return [*parts, text[start:].strip()]


def read_values(text: str, quantity: Quantity | None, path: Change) -> Values:
    """The values that a text stands for. ``path`` is where they go, to say what is wrong there. Raises ScenarioError."""
    text = text.strip()
    parts = split_list(text)
    if len(parts) > 1:
        if not all(parts):
            raise _refused(path, text, "sweep-list")
        return Values(len(parts), lambda: tuple(parts))
    if quantity is None:
        raise _refused(path, text, "sweep-words")
    match = _RANGE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise _refused(path, text, "sweep-range")
    sign, low, low_suffix, _, high, high_suffix, _, step, step_suffix, points = match.groups()
    factors = UNITS[quantity.unit]
    low_suffix = low_suffix or high_suffix
    suffixes = (low_suffix, high_suffix, *([step_suffix or low_suffix] if step else []))
    if not all(suffix in factors for suffix in suffixes):
        params = {"text": text[:60], "expected": quantity.expected, "example": EXAMPLES[quantity.unit]}
        raise ScenarioError([path.value_problem("wrong-unit", **params)])
    bottom = _End(_decimal(low), low_suffix)
    top = _End(_decimal(high) * _ratio(factors[high_suffix], factors[low_suffix]), low_suffix)
    if top.value <= bottom.value:
        raise _refused(path, text, "sweep-backwards")
    if points:
        return _logarithmic(text, sign, bottom, top, int(points[:12]), quantity.whole, (high, high_suffix), path)
    if not step and low_suffix != high_suffix:
        raise _refused(path, text, "sweep-step")
    by = _decimal(step) * _ratio(factors[step_suffix or low_suffix], factors[low_suffix]) if step else Decimal(1)
    if by <= 0:
        raise _refused(path, text, "sweep-step")
    count = int((top.value - bottom.value) / by) + 1
    return Values(count, lambda: tuple(f"{sign}{_plain(bottom.value + by * number)}{low_suffix}" for number in range(count)))


def _logarithmic(
    text: str, sign: str, bottom: _End, top: _End, points: int, whole: bool, written_top: tuple[str, str], path: Change
) -> Values:
    """Points whose neighbours stand in one ratio; both ends are among them."""
    if points < 2 or bottom.value <= 0:
        raise _refused(path, text, "sweep-points")

    def make() -> tuple[str, ...]:
        inner = [math.exp(_between(math.log(bottom.value), math.log(top.value), i / (points - 1))) for i in range(1, points - 1)]
        texts = [f"{sign}{_plain(value)}{bottom.suffix}" for value in _rounded(inner, whole)]
        last = "".join(written_top) if not whole else f"{_plain(top.value)}{bottom.suffix}"
        return tuple(dict.fromkeys((f"{sign}{_plain(bottom.value)}{bottom.suffix}", *texts, f"{sign}{last}")))

    return Values(points, make)


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _rounded(values: Sequence[float], whole: bool) -> list[Decimal]:
    """To whole numbers, or to as few digits as keep them apart, four at least."""
    if whole:
        return [Decimal(round(value)) for value in values]
    for digits in (4, 6, 9, 15):
        rounded = [Decimal(f"{value:.{digits}g}") for value in values]
        if len(set(rounded)) == len(rounded):
            break
    return rounded


def _decimal(number: str) -> Decimal:
    return Decimal(number.replace("_", ""))


def _ratio(one: float, other: float) -> Decimal:
    """Of two units; they are whole multiples of each other, or their inverse is."""
    return Decimal(f"{one / other:.12g}")


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _refused(path: Change, text: str, what: str) -> ScenarioError:
    return ScenarioError([path.value_problem("bad-number", text=text[:60], what=what)])
