"""A measured number with its interval, for people: ``21.3 ± 1.1 ms``. As many digits as the interval leaves certain."""

from __future__ import annotations

import math
from typing import Final

from sysdesign_cli.scenario.quantity import RATE, SHARE, TIME, format_quantity

_TIMES: Final = ((86400.0, " d"), (3600.0, " h"), (60.0, " min"), (1.0, " s"), (1e-3, " ms"), (1e-6, " µs"))
_RATES: Final = ((0.1, 1.0, "/s"), (0.1 / 3600, 1 / 3600, "/h"), (0.0, 1 / 86400, "/d"))
#: Digits of the value at most (of a share: nines carry the meaning). The half width has one, or two where it begins with a 1, as
#: rounding 14 to 10 would change it too much.
_MOST_DIGITS: Final = 5
_MOST_DIGITS_SHARE: Final = 7


def with_interval(value: float, half: float | None, unit: str) -> str:
    """Value ± half width in one unit; the value alone where there is no interval, or one narrower than the digits shown."""
    if not half or not math.isfinite(half) or not math.isfinite(value):
        return format_quantity(value, unit)
    size, name = _step(max(abs(value), half), unit)
    value, half = value / size, half / size
    most = _MOST_DIGITS_SHARE if unit == SHARE else _MOST_DIGITS
    places = min((1 if half / 10 ** _magnitude(half) < 1.95 else 0) - _magnitude(half), most - 1 - _magnitude(max(abs(value), half)))
    if round(half, places) == 0:
        return format_quantity(value * size, unit)
    shown = max(0, places)
    return f"{round(value, places):,.{shown}f} ± {round(half, places):,.{shown}f}{name}"


def half_width_of(note: str) -> float | None:
    """What the note of a simulated number says; None when there is no interval, or the note says something else."""
    try:
        return float(note)
    except ValueError:
        return None


def _magnitude(value: float) -> int:
    return math.floor(math.log10(value)) if value > 0 else 0


def _step(largest: float, unit: str) -> tuple[float, str]:
    if unit == TIME:
        return next((step for step in _TIMES if largest >= step[0] * 0.9995), _TIMES[-1])
    if unit == RATE:
        return next((size, name) for least, size, name in _RATES if largest >= least)
    return (0.01, " %") if unit == SHARE else (1.0, "")
