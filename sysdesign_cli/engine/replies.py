"""How regular the replies of pools are: variance over mean of their number in a long time, from what their workers wait for.

A pool with so many of its workers held is a closed network (``dispersion``). What it calls counts with the variability of its own
replies at the number of requests that are there then, and with what others leave of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sysdesign_cli.engine.dispersion import between, dispersion, spread
from sysdesign_cli.engine.places import Pool, Queue, joined

if TYPE_CHECKING:
    from sysdesign_cli.engine.pools import Layered


class Replies:
    """Of the pools of a layered system, when it is solved."""

    def __init__(self, layers: Layered) -> None:
        self.layers = layers
        self._known: dict[tuple[int, int], float] = {}
        self._curves: dict[int, list[float]] = {}
        """pool -> its dispersion with 0, 1, 2, … of its workers held"""

    def cv2(self, number: int, held: int) -> float:
        """Dispersion of a pool's replies with always so many of its workers held."""
        if (number, held) not in self._known:
            self._known[number, held] = self._worked_out(number, held)
        return self._known[number, held]

    def _worked_out(self, number: int, held: int) -> float:
        network, pool = self.layers.networks[number], self.layers.pools[number]
        own = [pool.own_cv2] * (len(network.centres) - len(pool.visits))
        busy = [load.busy for load in network.at_population([0.0] * held + [1.0])][len(own) :]
        cv2s = own + [self._work_cv2(number, called, there) for called, there in zip(pool.visits, busy, strict=True)]
        found = dispersion(network, cv2s, delay_cv2(pool), held)
        if pool.unmet_cv2 is None:
            return found
        # parts of one request that go together, such as calls that are all made or none
        parts = (pool.own_s**2 * pool.own_cv2, pool.delay_s**2 * pool.delay_cv2)
        each = (
            self.unmet_s(called) ** 2 * (self.alone_cv2(called) * visits.mean + visits.variance) for called, visits in pool.visits.items()
        )
        more = pool.unmet_cv2 * self.unmet_s(number) ** 2 - sum(parts) - sum(each)
        return max(0.0, found + more * (self.layers.rates[number][held - 1] / held) ** 2)

    def _of_called(self, number: int, inside: list[float]) -> float:
        """Of a pool that others call, where ``inside[n]`` is the chance of n requests, those that wait for a worker included."""
        if number not in self._curves:
            points = spread(self.layers.pools[number].workers)
            self._curves[number] = between(points, [self.cv2(number, held) for held in points])
        curve, rates = self._curves[number], self.layers.rates[number]
        made = [share * rates[min(n, len(rates)) - 1] for n, share in enumerate(inside) if n]
        if not sum(made):
            return curve[1]
        return sum(part * curve[min(n, len(rates))] for n, part in enumerate(made, 1)) / sum(made)

    def unmet_s(self, number: int) -> float:
        """Time that a request takes at a place where nobody waits for anybody."""
        place = self.layers.places[number]
        if isinstance(place, Queue):
            return place.service_s
        return place.own_s + place.delay_s + sum(visits.mean * self.unmet_s(called) for called, visits in place.visits.items())

    def alone_cv2(self, number: int) -> float:
        place = self.layers.places[number]
        if isinstance(place, Queue):
            return place.cv2
        return 1.0 if place.unmet_cv2 is None else place.unmet_cv2

    def _work_cv2(self, number: int, called: int, there: list[float]) -> float:
        """Of the work that one request makes at a place where ``there[n]`` is the chance of n requests of the pool.

        In the long run a full pool gets the replies that others leave over: all that the place can do, less what comes for these, each
        with its own variance. Of other pools that are full as well it gets a share by lot. Between the two it is taken by the chance that
        they are full.
        """
        place, most, visits = self.layers.places[called], self.layers.most(called), self.layers.pools[number].visits[called]
        total = joined(self.layers.rows[number, called], there)
        own = place.cv2 if isinstance(place, Queue) else self._of_called(called, total)
        others = self.layers.open_rate[called]
        full = 0.0
        for other in self.layers.callers[called]:
            copies = self.layers.pools[other].copies
            flow = self.layers.flow(other, called) * (copies - (other == number)) / copies
            others += flow
            full += flow * self.layers.inside[other][-1]
        share = (most - others) / most
        bound = full / others if others else 0.0
        # as long as the pool stays full, of the time in which the others' queue comes and goes
        fills, passes = _lasts(self.layers.rates[number][-1], self.layers.pools[number].rate), _lasts(most, others)
        bound += (1 - bound) * (1 - fills / (fills + passes) if fills < math.inf else 0.0)
        each = bound * (share * own + 1 - share) + (1 - bound) * (own + 1 - share) / share
        return each / visits.mean + visits.variance / visits.mean**2


def delay_cv2(pool: Pool) -> float:
    """Of the time in which nobody waits for anybody: delays, and own work that has a core for every worker."""
    if pool.cores is not None:
        return pool.delay_cv2
    mean = pool.own_s + pool.delay_s
    return (pool.own_cv2 * pool.own_s**2 + pool.delay_cv2 * pool.delay_s**2) / mean**2 if mean else 1.0


def _lasts(most: float, rate: float) -> float:
    """Relaxation time (s) of a queue that can do ``most`` a second (Cohen, The Single Server Queue, 1982, section III.7.3)."""
    apart = math.sqrt(most) - math.sqrt(rate)
    return 1 / apart**2 if apart > 1e-9 * math.sqrt(most) else math.inf
