"""Networks of centres with load-dependent rates, and a fixed number of customers inside: Buzen's convolution.

The product form is p(n1, ..., nK) = f1(n1) ... fK(nK) / G(N), where fk(n) is the product of 1 / rate_k(j), j = 1..n (Computational
algorithms for closed queueing networks with exponential servers, CACM 16, 1973). Everything added is positive, so nothing is lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from operator import mul

# --- one centre ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distribution:
    """P(n customers): ``head`` for n = 0..T, then each next one smaller by ``ratio``."""

    head: list[float]
    ratio: float

    def mean(self) -> float:
        last, ratio = self.head[-1], self.ratio
        beyond = last * ratio / (1 - ratio) * (len(self.head) - 1 + 1 / (1 - ratio))
        return _mean(self.head) + beyond

    def over(self, before: list[float]) -> list[float]:
        """Convolution with ``before``, as far as that goes: T + 1 products each, as the tail is carried along as one sum."""
        top, ratio = len(self.head) - 1, self.ratio
        tails = accumulate(before, lambda tail, one: one + ratio * tail)
        if top == 1:  # one server: geometric from the start
            return [self.head[0] * tail for tail in tails]
        first = next(n for n, share in enumerate(self.head) if share)
        backwards = self.head[first:top][::-1]
        padded = [0.0] * (top - 1) + before
        last = chain(repeat(0.0, top), (self.head[top] * tail for tail in tails))
        return [sum(map(mul, backwards, padded[n : n + top - first])) + tail for n, tail in zip(range(len(before)), last, strict=False)]


@dataclass(frozen=True)
class Load:
    """number: mean customers at a centre. busy: P(m of its servers or threads are in use), m = 0..T."""

    number: float
    busy: list[float]

    @property
    def mean_busy(self) -> float:
        return _mean(self.busy)

    @staticmethod
    def of(distribution: Distribution) -> Load:
        busy = [*distribution.head[:-1], distribution.head[-1] / (1 - distribution.ratio)]
        return Load(distribution.mean(), busy)


@dataclass(frozen=True)
class Centre:
    """rates: requests per second that leave with 1, 2, ..., T customers; the last holds for more."""

    rates: list[float]

    def distribution(self, rate: float, limit: int | None = None) -> Distribution:
        """Customers of this centre alone when requests arrive at ``rate``, below what it takes with ``limit`` customers."""
        rates = self.rates[:limit]
        # built outwards from the peak, so that nothing overflows and only what does not matter becomes 0
        peak = next((n for n, out in enumerate(rates) if out > rate), len(rates))
        head = [1.0, *accumulate((out / rate for out in reversed(rates[:peak])), mul)]
        head.reverse()
        head += accumulate((rate / out for out in rates[peak:]), mul)
        ratio = rate / rates[-1]
        total = sum(head) + head[-1] * ratio / (1 - ratio)
        return Distribution([share / total for share in head], ratio)


# --- a network of centres --------------------------------------------------------------------------------------------------


class Network:
    """Centres, and a delay (s) in which nobody waits for anybody; rates and delay for one request through the network.

    copies: how many of each centre there are, alike; one unless told.
    """

    def __init__(self, centres: list[Centre], delay_s: float, copies: Sequence[int] = ()) -> None:
        self.centres = centres
        self.delay_s = delay_s
        self.copies = list(copies) or [1] * len(centres)
        self._held: dict[int, float] = {}

    def capacity(self) -> float:
        return min((centre.rates[-1] for centre in self.centres), default=math.inf)

    def effort(self, population: int) -> float:
        """Work of a convolution, and of those that leave one centre out: a list step costs about as much as 15 products."""
        each = sum(count * (min(len(centre.rates), population) + 15) for centre, count in zip(self.centres, self.copies, strict=True))
        return population * each * (1 + math.log2(1 + len(self.centres)))

    def throughputs(self, limit: int) -> list[float]:
        """Requests per second with 1, 2, ..., ``limit`` customers inside."""
        found: list[float] = []
        for rate, constants, _, low, high in self._scaled(limit):
            found[:0] = [rate * constants[n - 1] / constants[n] for n in range(low, high + 1)]
        return found

    def throughput(self, population: int) -> float:
        rate, constants, *_ = next(self._scaled(population))
        return rate * constants[population - 1] / constants[population]

    def at_population(self, chances: list[float]) -> list[Load]:
        """Loads of the centres (of one of those alike), where ``chances[m]`` is P(m customers inside)."""
        shares = [[0.0] * len(chances) for _ in self.centres]
        for shares_of_centre in shares:
            shares_of_centre[0] = chances[0]
        for rate, constants, thinking, low, high in self._scaled(len(chances) - 1):
            weights = {m: chances[m] / constants[m] for m in range(low, high + 1) if chances[m]}
            if not weights:
                continue
            laws = [centre.distribution(rate, high) for centre in self.centres]
            for number, others in enumerate(_without_each(thinking, list(zip(laws, self.copies, strict=True)))):
                _add_shares(shares[number], laws[number], others, weights)
        return [_load(share, len(centre.rates)) for share, centre in zip(shares, self.centres, strict=True)]

    def _scaled(self, limit: int) -> Iterator[tuple[float, list[float], list[float], int, int]]:
        """Constants G(0..high), from ``limit`` down to 1 in blocks low..high in which they can be told from 0.

        Each block is scaled by the rate at which an open network would hold ``high`` customers on average: then the largest
        terms are those of ``high``, and what becomes 0 is small against them. Also gives the delays' share, alone.
        """
        high = limit
        while high >= 1:
            rate = self._rate_that_holds(high)
            constants = thinking = _poisson(rate * self.delay_s, high)
            for centre, count in zip(self.centres, self.copies, strict=True):
                constants = _over(centre.distribution(rate, high), constants, count)
            low = high
            while low > 1 and constants[low - 2] > 1e-250:
                low -= 1
            yield rate, constants, thinking, low, high
            high = low - 1

    def _rate_that_holds(self, population: int) -> float:
        """Arrival rate at which the open network holds about ``population`` customers: the mean grows with the rate."""
        if population in self._held:
            return self._held[population]
        if not self.centres:
            return population / self.delay_s
        low, high = 0.0, min(centre.rates[:population][-1] for centre in self.centres)
        for _ in range(100):
            rate = (low + high) / 2
            laws = [centre.distribution(rate, population) for centre in self.centres]
            held = rate * self.delay_s + sum(count * law.mean() for law, count in zip(laws, self.copies, strict=True))
            if abs(held - population) <= 1e-3 * population:
                break
            low, high = (rate, high) if held < population else (low, rate)
        self._held[population] = rate
        return rate


def _poisson(mean: float, limit: int) -> list[float]:
    """P(n), n = 0..limit, up to a common factor: outwards from the peak."""
    if not mean:
        return [1.0] + [0.0] * limit
    peak = min(int(mean), limit)
    head = [1.0, *accumulate((n / mean for n in range(peak, 0, -1)), mul)]
    head.reverse()
    return head + list(accumulate((mean / n for n in range(peak + 1, limit + 1)), mul))


def _over(law: Distribution, before: list[float], count: int) -> list[float]:
    for _ in range(count):
        before = law.over(before)
    return before


def _without_each(start: list[float], laws: list[tuple[Distribution, int]]) -> list[list[float]]:
    """For every law: the convolution of ``start`` with all but one of it and its like; by halves, so each is used log K times."""
    if len(laws) <= 1:
        return [_over(law, start, count - 1) for law, count in laws]
    left, right = laws[: len(laws) // 2], laws[len(laws) // 2 :]
    with_left = with_right = start
    for law, count in left:
        with_left = _over(law, with_left, count)
    for law, count in right:
        with_right = _over(law, with_right, count)
    return _without_each(with_right, left) + _without_each(with_left, right)


def _add_shares(shares: list[float], law: Distribution, others: list[float], weights: dict[int, float]) -> None:
    """shares[j] += P(j here), summed over the populations m with their weights: law(j) * others(m - j) * weights[m]."""
    high = max(weights)
    dense = [weights.get(m, 0.0) for m in range(high + 1)]
    share = 0.0
    for here in range(high + 1):
        share = law.head[here] if here < len(law.head) else share * law.ratio
        if share:
            if len(weights) == 1:
                shares[here] += share * dense[high] * others[high - here]
            else:
                shares[here] += share * sum(map(mul, dense[here:], others))


def _load(shares: list[float], servers: int) -> Load:
    busy = [*shares[:servers], sum(shares[servers:])] if len(shares) > servers else shares
    return Load(_mean(shares), busy)


def _mean(chances: list[float]) -> float:
    return sum(number * chance for number, chance in enumerate(chances))
