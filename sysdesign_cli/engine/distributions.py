"""How long something takes, as a distribution on a uniform grid: one after the other, side by side, either or, with a timeout.

A time X is kept as the chances of the grid points 0, h, 2h, … (h: the step). They come from *hat functions*: what lies between
two points is shared out to both by its distance, so a stage far shorter than the step still adds exactly its mean (Gerber 1982,
"On the numerical evaluation of the distribution of aggregate claims", local moment matching of the first order). The sum of the
chances up to point k is then the mean of P(X <= t) over the cell after it, so it is read at (k + 1/2) h, with an error of order h².

One after the other is a convolution: the discrete Fourier transforms are multiplied. The chances are first *tilted*, multiplied by
exp(-c k), so that what lies past the end of the grid comes back at the start only as a share exp(-c n) of itself, for any number of
parts (Grübel & Hermesmeier 1999, "Computation of compound distributions I: aliasing errors and exponential tilting", section 3).
With c n = 14 that is 8e-7 of what lies beyond, and rounding errors of about 1e-10 at each point. Chances below 1e-7 are noise.

Beside the grid every distribution carries its mass (less than 1 when an answer may never come), its mean and its variance; they
are exact for single stages, sequences, repetitions and mixtures of these, and come from the grid, with an estimated tail, for a
maximum and for what a timeout cuts. What always takes the same time is spread over two steps when it is mixed with other times, so a
timeout that falls within a step of it does not tell the two apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache, reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sysdesign_cli.engine.stages import POINTS, Chances, gamma_hats, lognormal_hats

Transform = npt.NDArray[np.complex128]

SIZE = 4096
TILT = 14.0
NOISE = 1e-7  # chances beyond the end of a grid below this are rounding
ENOUGH = 1e-4  # what may lie past the end of a grid that is good enough
FINER_BY = 32  # times finer is the grid for short times


class BeyondGrid(ValueError):
    """The percentile lies past the end of the grid."""


class Bar(NamedTuple):
    """One bar of a histogram: from and to in seconds, and the share of the answers between them."""

    from_s: float
    to_s: float
    share: float


class _Tables(NamedTuple):
    """Of a grid of n points: tilt (n), n-th roots of unity, the tilted transform variable z (n/2 + 1) and its numbers, and Gauss points
    (n, 4).
    """

    tilt: Chances
    roots: Transform
    z: Transform
    numbers: npt.NDArray[np.int64]
    points: Chances
    log_points: Chances


@lru_cache(maxsize=8)
def _tables(size: int) -> _Tables:
    places = np.arange(size)
    roots = np.exp(-2j * np.pi * places / size)
    z = roots[: size // 2 + 1] * math.exp(-TILT / size)
    points = places[:, None] + POINTS
    return _Tables(np.exp(-TILT / size * places), roots, z, np.arange(len(z)), points, np.log(points))


class Grid:
    """The points 0, step_s, 2 step_s, …, ``size`` of them, and the distributions of single stages on them. Times in seconds.

    known: what the timeouts left, in turn, on a finer grid; None for those that it did not reach.
    """

    def __init__(self, step_s: float, size: int = SIZE, known: Sequence[Distribution | None] = ()) -> None:
        if not (0 < step_s < math.inf) or size < 2:
            raise ValueError(f"a grid needs a positive step and two points: {step_s}, {size}")
        self.step_s = step_s
        self.size = size
        self.known = known
        self.cuts: list[Distribution | None] = []
        self.needed_s = 0.0  # the latest timeout that fell past the end while much was still to come
        self.blurred = False  # a timeout, or what it cut, took only a few steps
        self.tables = _tables(size)
        self._made: dict[tuple[str, float, float], Distribution] = {}

    @property
    def end_s(self) -> float:
        """The largest time at which the distribution function is known."""
        return (self.size - 0.5) * self.step_s

    def zero(self) -> Distribution:
        """No time at all."""
        return self.fixed(0.0)

    def fixed(self, time_s: float) -> Distribution:
        """Always the same time."""
        return self._make("fixed", time_s, 0.0)

    def exponential(self, mean_s: float) -> Distribution:
        """The exponential distribution."""
        return self._make("exponential", mean_s, 1.0)

    def gamma(self, mean_s: float, cv: float) -> Distribution:
        """The gamma distribution; cv: standard deviation over mean. cv 1/sqrt(k) is the sum of k exponentials (Erlang)."""
        return self._make("gamma", mean_s, cv)

    def lognormal(self, mean_s: float, cv: float) -> Distribution:
        """The lognormal distribution; cv: standard deviation over mean."""
        return self._make("lognormal", mean_s, cv)

    def of(self, mean_s: float, cv: float, shape: str = "") -> Distribution:
        """By name. Without one: fixed for cv 0, gamma below 1, exponential for 1, lognormal above.

        ``fixed`` and ``exponential`` have a cv of their own (0 and 1), whatever is given. ValueError for an unknown name.
        """
        if not shape:
            shape = "fixed" if cv == 0 else "exponential" if math.isclose(cv, 1.0) else "gamma" if cv < 1 else "lognormal"
        return self._make(shape, mean_s, cv)

    def atom_exponential(self, probability: float, conditional_mean_s: float) -> Distribution:
        """A wait in a queue: with ``probability`` exponential with that mean, else 0 (exact for M/M/c)."""
        return mixture([(1 - probability, self.zero()), (probability, self.exponential(conditional_mean_s))])

    def _make(self, shape: str, mean_s: float, cv: float) -> Distribution:
        if not (0 <= mean_s < math.inf and 0 <= cv < math.inf):
            raise ValueError(f"mean and cv must be finite and not negative: {mean_s}, {cv}")
        key = (shape, mean_s, cv)
        if key not in self._made:
            self._made[key] = self._stage(shape, mean_s, cv)
        return self._made[key]

    def _stage(self, shape: str, mean_s: float, cv: float) -> Distribution:
        mean = mean_s / self.step_s
        if shape not in ("fixed", "exponential", "gamma", "lognormal"):
            raise ValueError(f"no such distribution: {shape}")
        if shape == "fixed" or mean == 0 or (cv == 0 and shape != "exponential"):
            at_zero = float(mean == 0)
            found = Distribution(self, 1.0, mean_s, 0.0, at_zero=at_zero, constant=True)
            return found.later(lambda: self._fixed(mean), lambda: self._fixed_transform(mean))
        if shape == "exponential" or (shape == "gamma" and math.isclose(cv, 1.0)):
            found = Distribution(self, 1.0, mean_s, mean_s**2)
            return found.later(lambda: self._exponential(mean), lambda: self._exponential_transform(mean))
        hats = gamma_hats if shape == "gamma" else lognormal_hats
        # one part in a thousand is about the step of a full grid, and the formulas lose their digits there
        chances = hats(self, mean, cv) if cv > 1e-3 and mean > 1e-12 else self._fixed(mean)
        return Distribution(self, 1.0, mean_s, (cv * mean_s) ** 2, probabilities=chances)

    def _fixed(self, mean: float) -> Chances:
        """What lies between two points is shared out to both."""
        chances, place = np.zeros(self.size), math.floor(mean)
        if place < self.size:
            chances[place : place + 2] = [1 - (mean - place), mean - place][: self.size - place]
        return chances

    def _fixed_transform(self, mean: float) -> Transform:
        """z^mean."""
        z, place = self.tables.z, math.floor(mean)
        if place >= self.size:
            return np.zeros_like(z)
        share = mean - place
        turned = self.tables.roots[place * self.tables.numbers % self.size] * math.exp(-TILT * place / self.size)
        return np.asarray(turned * ((1 - share) + share * z))

    def _exponential(self, mean: float) -> Chances:
        """p_0 = 1 - m (1 - q), p_k = m (1 - q)² q^(k-1) with q = exp(-1/m)."""
        left = -math.expm1(-1 / mean)
        chances = mean * left**2 * np.exp(-min(1 / mean, 700.0) * np.arange(-1.0, self.size - 1))
        chances[0] = 1 - mean * left
        return np.asarray(chances)

    def _exponential_transform(self, mean: float) -> Transform:
        """Of all k, those past the grid too."""
        left, z = -math.expm1(-1 / mean), self.tables.z
        return np.asarray((1 - mean * left) + mean * left**2 * z / (1 - math.exp(-1 / mean) * z))


class Distribution:
    """A time in seconds that may never come: ``mass`` is the chance that it comes; mean, variance and percentiles are given that.

    mean, variance: 0 when the mass is 0, so ask for the mass first; exact: whether they are. at_zero: chance of no time at all.
    constant: always the same time.
    A distribution made by `grids.evaluate` also has a finer grid for its short times, which all questions use where it reaches.
    """

    def __init__(
        self,
        grid: Grid,
        mass: float,
        mean: float,
        variance: float,
        *,
        at_zero: float = 0.0,
        probabilities: Chances | None = None,
        transform: Transform | None = None,
        constant: bool = False,
        exact: bool = True,
    ) -> None:
        self.grid = grid
        self.mass = mass
        self.mean = mean
        self.variance = variance
        self.at_zero = at_zero
        self.constant = constant
        self.exact = exact
        self.finer: Distribution | None = None
        self._probabilities: Callable[[], Chances] | None = None
        self._transform: Callable[[], Transform] | None = None
        if probabilities is not None:
            self.probabilities = probabilities
        if transform is not None:
            self.transform = transform

    def later(self, probabilities: Callable[[], Chances] | None, transform: Callable[[], Transform] | None) -> Distribution:
        """Itself, with what gives its chances, or their transform, when they are asked for: mostly just one of them is."""
        self._probabilities, self._transform = probabilities, transform
        return self

    @property
    def has_probabilities(self) -> bool:
        """Whether its chances are to be had without transforming back."""
        return self._probabilities is not None or "probabilities" in vars(self)

    @property
    def has_transform(self) -> bool:
        return self._transform is not None or "transform" in vars(self)

    @cached_property
    def probabilities(self) -> Chances:
        """The chance of each grid point (float64, as many as the grid has)."""
        if self._probabilities is not None:
            return self._probabilities()
        tilted = np.fft.irfft(self.transform, self.grid.size)
        return np.maximum(tilted / self.grid.tables.tilt, 0.0)

    @cached_property
    def transform(self) -> Transform:
        """The Fourier transform of the tilted chances (complex128, size / 2 + 1)."""
        if self._transform is not None:
            return self._transform()
        return np.fft.rfft(self.probabilities * self.grid.tables.tilt)

    @cached_property
    def cumulative(self) -> Chances:
        """P(X <= (k + 1/2) step) for every point k."""
        return np.minimum(np.cumsum(self.probabilities), self.mass)

    @property
    def beyond(self) -> float:
        """The chance of a time past the end of the grid."""
        rest = self.mass - float(self.cumulative[-1])
        return rest if rest > NOISE else 0.0

    @property
    def standard_deviation(self) -> float:
        """In seconds."""
        return math.sqrt(self.variance)

    def cdf(self, time_s: float) -> float:
        """P(X <= time), at most ``mass``. Past the end of the grid: an exponential tail with the right mean."""
        if time_s < 0:
            return 0.0
        if self.constant:
            return self.mass if self.mean <= time_s else 0.0
        if self.finer is not None and time_s < self.finer.grid.end_s:
            return self.finer.cdf(time_s)
        if time_s > self.grid.end_s:
            return self.mass - _tail(self, time_s).mass
        read = self._read(time_s)
        return read if self.finer is None else max(read, float(self.finer.cumulative[-1]))

    def tail(self, time_s: float) -> float:
        """P(time < X < infinity): it comes, but later."""
        return max(0.0, self.mass - self.cdf(time_s))

    def percentile(self, share: float) -> float:
        """The time within which ``share`` (0.99 for p99) of all that ever come have come.

        Errors: ValueError when nothing ever comes or the share is not within 0 and 1; BeyondGrid past the end of the grid.
        """
        if not 0 <= share <= 1 or self.mass <= 0:
            raise ValueError(f"no percentile: share {share} of a mass of {self.mass}")
        if self.constant:
            return self.mean
        time_s = self._time_of(share * self.mass)
        if time_s is None:
            raise BeyondGrid(f"the {share:.4%} percentile lies beyond {self.grid.end_s} s")
        return time_s

    def histogram(self, bars: int = 40, *, logarithmic: bool = False) -> list[Bar]:
        """Bars of equal width up to p99.9, from 0 on, or on a logarithmic axis from p0.1 on (the first holds all below).

        Shares are of the mass; together 99.9 %. A constant has one bar without width. Errors: as `percentile`.
        """
        last = self.percentile(0.999)
        if self.constant or last <= 0:
            return [Bar(last, last, 1.0)]
        first = max(self.percentile(0.001), last * 1e-6) if logarithmic else 0.0
        edges = np.geomspace(first, last, bars + 1) if logarithmic else np.linspace(first, last, bars + 1)
        heights = [0.0, *(self.cdf(float(edge)) / self.mass for edge in edges[1:])]
        return [Bar(float(edges[i]), float(edges[i + 1]), max(0.0, heights[i + 1] - heights[i])) for i in range(bars)]

    def shifted(self, time_s: float) -> Distribution:
        """Later by a fixed time."""
        return sequence(self, self.grid.fixed(time_s))

    def scaled_mass(self, share: float) -> Distribution:
        """It comes only with this chance (0 to 1); when it comes, it comes at the same times."""
        if not 0 <= share <= 1:
            raise ValueError(f"a share is within 0 and 1: {share}")
        return mixture([(share, self)])

    def truncated(self, timeout_s: float) -> tuple[Distribution, float]:
        """What comes within the timeout (the rest of its mass is missing), and the chance that it does not: late or never."""
        if timeout_s == math.inf or (self.constant and self.mean <= timeout_s):
            return self, 1 - self.mass
        if self.constant or timeout_s <= 0:
            answered = mixture([(self.at_zero if timeout_s >= 0 else 0.0, self.grid.zero())])
        elif timeout_s >= self.grid.end_s:
            if self.beyond > ENOUGH:
                self.grid.needed_s = max(self.grid.needed_s, timeout_s)
            late = _tail(self, timeout_s)
            answered = self._without(late, self.probabilities)
            if late.mass == 0 and self.has_transform:  # nothing was cut
                answered.transform = self.transform
            self.grid.cuts.append(None)
        else:
            number = len(self.grid.cuts)
            known = self.grid.known[number] if number < len(self.grid.known) else None
            answered = self._cut(timeout_s) if known is None else _moved(known, self.grid)
            self.grid.cuts.append(answered)
            few = min(timeout_s, self.standard_deviation) < 24 * self.grid.step_s
            self.grid.blurred |= few and timeout_s < FINER_BY * 3 * self.grid.step_s and answered.mass < self.mass - NOISE
        return answered, 1 - answered.mass

    def _read(self, time_s: float) -> float:
        """P(X <= time) by linear interpolation; time up to the end of the grid."""
        place = time_s / self.grid.step_s - 0.5
        low = math.floor(place)
        if low < 0:
            return self.at_zero + (place + 0.5) * 2 * (float(self.cumulative[0]) - self.at_zero)
        if low >= self.grid.size - 1:
            return float(self.cumulative[-1])
        before, after = float(self.cumulative[low]), float(self.cumulative[low + 1])
        return before + (place - low) * (after - before)

    def _time_of(self, chance: float) -> float | None:
        """The inverse of `cdf`; None past the end of the grid."""
        known = self.finer._time_of(chance) if self.finer is not None else None
        if known is not None:
            return known
        if chance <= self.at_zero:
            return 0.0
        place = int(np.searchsorted(self.cumulative, chance))
        if place >= self.grid.size:
            return None
        low, high = self.at_zero if place == 0 else float(self.cumulative[place - 1]), float(self.cumulative[place])
        start, width = (0.0, 0.5) if place == 0 else (place - 0.5, 1.0)
        inside = (chance - low) / (high - low) if high > low else 1.0
        floor = self.finer.grid.end_s if self.finer is not None else 0.0
        return max(floor, (start + width * inside) * self.grid.step_s)

    def _cut(self, timeout_s: float) -> Distribution:
        """Within the timeout, which lies on the grid; the cell that it cuts keeps its first part, around that part's middle."""
        place = timeout_s / self.grid.step_s - 0.5
        last = max(-1, math.floor(place))
        kept = np.zeros(self.grid.size)
        kept[: last + 1] = self.probabilities[: last + 1]
        if last < 0:
            kept[0] = self.at_zero
        rest = self._read(timeout_s) - float(kept.sum())
        middle = (max(last, -0.5) + place + 1) / 2
        low = min(math.floor(middle), self.grid.size - 2)
        kept[low] += rest * (1 - (middle - low))
        kept[low + 1] += rest * (middle - low)
        late = _moments(self.grid, self.probabilities - kept).plus(_tail(self, self.grid.end_s))
        if late.mass < self.mass / 2:  # what is left is exact but for the small part cut off
            return self._without(late, kept)
        return _from_moments(self.grid, _moments(self.grid, kept), kept, self.at_zero)

    def _without(self, late: _Moments, kept: Chances) -> Distribution:
        second = self.mass * (self.variance + self.mean**2)
        left = _Moments(self.mass - late.mass, self.mass * self.mean - late.first, second - late.second)
        return _from_moments(self.grid, left, kept, self.at_zero)


class _Moments(NamedTuple):
    """Mass, and the integrals of t and t² over it."""

    mass: float
    first: float
    second: float

    def plus(self, other: _Moments) -> _Moments:
        return _Moments(self.mass + other.mass, self.first + other.first, self.second + other.second)


def _moments(grid: Grid, probabilities: Chances) -> _Moments:
    times = np.arange(grid.size) * grid.step_s
    weighted = probabilities * times
    return _Moments(float(probabilities.sum()), float(weighted.sum()), float(weighted @ times))


def _from_moments(grid: Grid, moments: _Moments, probabilities: Chances, at_zero: float) -> Distribution:
    if moments.mass <= 0:
        return Distribution(grid, 0.0, 0.0, 0.0, probabilities=np.zeros(grid.size))
    mean = max(0.0, moments.first / moments.mass)
    variance = max(0.0, moments.second / moments.mass - mean**2)
    at_zero = min(at_zero, moments.mass)
    return Distribution(grid, moments.mass, mean, variance, at_zero=at_zero, probabilities=probabilities, exact=False)


def _moved(part: Distribution, grid: Grid) -> Distribution:
    """On a coarser grid, which reaches further."""
    places = np.arange(part.grid.size) * (part.grid.step_s / grid.step_s)
    low = places.astype(np.intp)
    upper = part.probabilities * (places - low)
    chances = np.asarray(np.bincount(low, part.probabilities - upper, grid.size) + np.bincount(low + 1, upper, grid.size), np.float64)
    return Distribution(
        grid, part.mass, part.mean, part.variance, at_zero=part.at_zero, probabilities=chances[: grid.size], exact=part.exact
    )


def _tail(part: Distribution, time_s: float) -> _Moments:
    """Of what comes after ``time_s``, at or past the end of the grid: exponential, so that the whole has the mean it must have."""
    beyond, end_s = part.beyond, part.grid.end_s
    if beyond == 0:
        return _Moments(0.0, 0.0, 0.0)
    excess = max(0.0, (part.mass * part.mean - _moments(part.grid, part.probabilities).first) / beyond - end_s)
    left = beyond * math.exp(-(time_s - end_s) / excess) if excess > 0 else beyond * (time_s <= end_s)
    return _Moments(left, left * (time_s + excess), left * (time_s**2 + 2 * time_s * excess + 2 * excess**2))


def _grid_of(parts: Sequence[Distribution]) -> Grid:
    grid = parts[0].grid if parts else None
    for part in parts:
        if part.grid is not grid:
            raise ValueError("one grid, and at least one part")
    if grid is None:
        raise ValueError("one grid, and at least one part")
    return grid


def sequence(*parts: Distribution) -> Distribution:
    """One after the other: the sum of independent times; it comes when all come. Errors: ValueError for parts of other grids."""
    grid = _grid_of(parts)
    taking = [part for part in parts if not (part.constant and part.mean == 0 and part.mass == 1)]
    if len(taking) <= 1:
        return taking[0] if taking else parts[0]
    whole = Distribution(
        grid,
        math.prod([part.mass for part in taking]),
        math.fsum([part.mean for part in taking]),
        math.fsum([part.variance for part in taking]),
        at_zero=math.prod([part.at_zero for part in taking]),
        constant=all(part.constant for part in taking),
        exact=all(part.exact for part in taking),
    )
    if whole.mass == 0:  # retries that never come: hardly anybody will ask
        return whole.later(None, lambda: _product(taking))
    whole.transform = _product(taking)
    return whole


def _product(parts: Sequence[Distribution]) -> Transform:
    transform = parts[0].transform * parts[1].transform
    for part in parts[2:]:
        transform *= part.transform
    return transform


def repeated(part: Distribution, count: float) -> Distribution:
    """``count`` times one after the other; 2.5 is twice or three times, as likely. Errors: ValueError for a negative count."""
    if not 0 <= count < math.inf:
        raise ValueError(f"a count is finite and not negative: {count}")
    whole = math.floor(count)
    if count > whole:
        more = count - whole
        return mixture([(1 - more, repeated(part, whole)), (more, repeated(part, whole + 1))])
    result, power = part.grid.zero(), part
    while whole:
        result = sequence(result, power) if whole & 1 else result
        whole >>= 1
        power = sequence(power, power) if whole else power
    return result


def mixture(parts: Sequence[tuple[float, Distribution]]) -> Distribution:
    """Either or: each with its weight. Weights need not add up to 1: the rest never comes.

    Errors: ValueError for a negative weight, a mass above 1, and parts of other grids.
    """
    grid = _grid_of([part for _, part in parts])
    weighed = [(weight, part) for weight, part in parts if weight * part.mass != 0]
    mass = math.fsum(weight * part.mass for weight, part in weighed)
    if any(weight < 0 for weight, _ in parts) or mass > 1 + 1e-9:
        raise ValueError(f"weights are not negative, and their mass is at most 1: {mass}")
    if not weighed:
        return Distribution(grid, 0.0, 0.0, 0.0, transform=np.zeros_like(grid.tables.z))
    if len(weighed) == 1 and weighed[0][0] == 1:
        return weighed[0][1]
    mean = math.fsum(weight * part.mass * part.mean for weight, part in weighed) / mass
    variance = math.fsum(weight * part.mass * (part.variance + (part.mean - mean) ** 2) for weight, part in weighed) / mass
    at_zero = math.fsum(weight * part.at_zero for weight, part in weighed)
    constant = len(weighed) == 1 and weighed[0][1].constant
    exact = all(part.exact for _, part in weighed)
    mixed = Distribution(grid, min(mass, 1.0), mean, variance, at_zero=at_zero, constant=constant, exact=exact)
    direct = all(part.has_probabilities for _, part in weighed)
    return mixed.later(
        (lambda: reduce(np.add, [weight * part.probabilities for weight, part in weighed])) if direct else None,
        (lambda: reduce(np.add, [weight * part.transform for weight, part in weighed]))
        if not direct or all(part.has_transform for _, part in weighed)
        else None,
    )


def maximum(*parts: Distribution) -> Distribution:
    """Side by side: the longest of independent times; it comes when all come. Errors: ValueError for parts of other grids.

    Exact where all but one are constants that the one never falls below; otherwise mean and variance come from the grid, with what
    lies past its end taken as the sum of the parts' own (at most one of them is late at a time).
    """
    grid = _grid_of(parts)
    constants = [part for part in parts if part.constant and part.mass == 1]
    others = [part for part in parts if not (part.constant and part.mass == 1)]
    longest = max(constants, key=lambda part: part.mean, default=grid.zero())
    if longest.mean > 0 or not others:
        others.append(longest)
    if len(others) == 1:
        return others[0]
    mass = math.prod(part.mass for part in others)
    cumulative, _ = reduce(_longer, [(part.cumulative, part.mass) for part in others])
    probabilities = np.diff(cumulative, prepend=0.0)
    tails = [_tail(part, grid.end_s) for part in others]
    scales = [mass / part.mass if part.mass else 0.0 for part in others]
    late = _Moments(*(math.fsum(scale * value for scale, value in zip(scales, values, strict=True)) for values in zip(*tails, strict=True)))
    at_zero = math.prod(part.at_zero for part in others)
    whole = _from_moments(grid, _moments(grid, probabilities).plus(late), probabilities, at_zero)
    whole.mass = mass
    return whole


def _longer(one: tuple[Chances, float], other: tuple[Chances, float]) -> tuple[Chances, float]:
    """Distribution function and mass of the longer of two times.

    A value is the mean over a cell. The mean of a product is the product of the means and the covariance, which is a twelfth of the
    product of the increments where both are straight, and never more than leaves the product below either factor.
    """
    (first, first_mass), (second, second_mass) = one, other
    product = first * second
    product[0] += (first[1] - first[0]) * (second[1] - second[0]) / 12
    product[1:-1] += (first[2:] - first[:-2]) * (second[2:] - second[:-2]) / 48
    limit = np.minimum(first * second_mass, second * first_mass)
    return np.maximum.accumulate(np.minimum(product, limit)), first_mass * second_mass


def retried(
    success: Distribution, failure: Distribution, retries: int, backoff_s: float = 0.0, fallback: Distribution | None = None
) -> tuple[Distribution, float]:
    """Until an independent attempt succeeds, or ``retries`` more have failed.

    success, failure: time of an attempt that succeeds or fails, each with its chance as mass. backoff_s: wait before each retry.
    fallback: what happens then (``zero()`` to go on without); without one the answer is missing. Returns the time until the call is
    over, and the chance that every attempt failed.
    """
    again = failure.shifted(backoff_s)
    whole = success
    for _ in range(retries):
        whole = mixture([(1.0, success), (1.0, sequence(again, whole))])
    if fallback is not None:
        whole = mixture([(1.0, whole), (1.0, sequence(repeated(again, retries), failure, fallback))])
    return whole, float(failure.mass ** (retries + 1))


def with_retries(
    attempt: Distribution, timeout_s: float, retries: int, backoff_s: float = 0.0, fallback: Distribution | None = None
) -> tuple[Distribution, float]:
    """Attempts that fail by their timeout, as `retried`: attempt i succeeds at (i - 1) (timeout + backoff) + X when X <= timeout.

    A timeout of infinity waits for ever: no attempt is known to have failed, so nothing is retried and no fallback is used.
    """
    answered, late = attempt.truncated(timeout_s)
    if timeout_s == math.inf:
        return answered, late
    failure = attempt.grid.fixed(timeout_s).scaled_mass(max(0.0, late))
    return retried(answered, failure, retries, backoff_s, fallback)
