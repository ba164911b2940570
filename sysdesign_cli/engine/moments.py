"""Times by mean and variance: sums, mixtures, the later of two."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from sysdesign_cli.engine.queueing import Wait
from sysdesign_cli.scenario.model import Takes


class Moments(NamedTuple):
    """Mean (s) and variance (s²) of a time."""

    mean: float
    variance: float

    def plus(self, other: Moments) -> Moments:
        return Moments(self.mean + other.mean, self.variance + other.variance)

    def repeated(self, times: float) -> Moments:
        if times == 1:
            return self
        if times <= 0:
            return ZERO  # also of a time without end
        return Moments(self.mean * times, self.variance * times)

    def chanced(self, chance: float) -> Moments:
        """A time that is spent in a share of cases."""
        if chance == 1:
            return self
        if chance <= 0:
            return ZERO  # also of a time without end
        return Moments(self.mean * chance, self.variance * chance + chance * (1 - chance) * self.mean**2)


ZERO: Final = Moments(0.0, 0.0)


def work_of(takes: Takes) -> Moments:
    """Mean and variance of a service time as the file states it."""
    mean = float(takes.mean)
    return Moments(mean, (mean * float(takes.cv)) ** 2)


def later_of(one: Moments, other: Moments) -> Moments:
    """The later of two independent times, as if they were normal (Clark, Operations Research 9(2), 1961)."""
    spread = math.sqrt(one.variance + other.variance)
    if spread <= 1e-12 * max(one.mean, other.mean, 1e-300):
        return max(one, other)
    if math.isinf(spread) or math.isnan(spread):
        return Moments(math.inf, math.inf)
    apart = (one.mean - other.mean) / spread
    first = 0.5 * math.erfc(-apart / math.sqrt(2))
    density = math.exp(-apart * apart / 2) / math.sqrt(2 * math.pi)
    mean = one.mean * first + other.mean * (1 - first) + spread * density
    square = (one.variance + one.mean**2) * first + (other.variance + other.mean**2) * (1 - first)
    square += (one.mean + other.mean) * spread * density
    return Moments(mean, max(0.0, square - mean**2))


def wait_variance(wait: Wait) -> float:
    """Variance of a wait: as it is known, or of one that is 0 in a share of cases and exponential otherwise."""
    if wait.variance_s2 is not None:
        return wait.variance_s2
    if wait.probability <= 0:
        return 0.0
    return wait.mean_s**2 * (2 / wait.probability - 1)


def mixed(parts: list[tuple[float, Moments]]) -> Moments:
    """A time that is each of these in a share of cases; the shares sum to 1."""
    mean = sum(share * one.mean for share, one in parts)
    if math.isinf(mean):
        return Moments(math.inf, math.inf)
    square = sum(share * (one.variance + one.mean**2) for share, one in parts)
    return Moments(mean, max(0.0, square - mean**2))
