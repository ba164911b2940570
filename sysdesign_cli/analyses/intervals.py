"""What a few independent numbers say about their mean: the 95 % interval of Student (1908)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final

#: 0.975 quantile of Student's t by degrees of freedom (NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2).
_T: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101,
    2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_FAR: Final = ((40, 2.021), (60, 2.000), (80, 1.990), (100, 1.984))
_NORMAL: Final = 1.963


def student(freedom: int) -> float:
    """The 0.975 quantile; between rows of the table the larger one. Raises ValueError for no freedom at all."""
    if freedom < 1:
        raise ValueError(freedom)
    if freedom <= len(_T):
        return _T[freedom - 1]
    return next(
        (t for limit, t in ((40, _T[-1]), (60, 2.021), (80, 2.000), (100, 1.990)) if freedom < limit), _NORMAL if freedom > 1000 else 1.984
    )


def far(chance: float, freedom: int) -> float:
    """How many standard errors a true mean is beyond, either way, with this chance: Student's quantile for any chance.

    By the expansion of Fisher and Cornish (Abramowitz and Stegun 1964, 26.7.5); from 5 degrees of freedom on within 2 %, below too low.
    """
    z = statistics.NormalDist().inv_cdf(1 - chance / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def mean_and_half_width(values: Sequence[float]) -> tuple[float, float | None]:
    """The mean of independent numbers and half the width of its 95 % interval; None for fewer than two."""
    count = len(values)
    if not count:
        return math.nan, None
    mean = math.fsum(values) / count
    if count < 2:
        return mean, None
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return mean, student(count - 1) * math.sqrt(variance / count)
