"""Requests from outside: a Poisson process whose rate follows straight lines, inverted exactly.

With the cumulated rate L(t), the arrivals are where L reaches the sums of unit exponentials (Cinlar, Introduction to Stochastic
Processes, 1975, theorem 4.7.1). On a straight piece L is a parabola, so the inverse is a root.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy
from numpy.typing import NDArray

from sysdesign_cli.engine.simulation.draws import generator

#: Straight pieces of a rate: (from s, rate per s, to s, rate per s).
Pieces = Sequence[tuple[float, float, float, float]]
_BLOCK = 4096


class Arrivals:
    """Arrivals of one flow, in order."""

    def __init__(self, name: str, pieces: Pieces, seed: int, replication: int) -> None:
        self._random = generator(seed, replication, f"arrivals/{name}")
        self._pieces = [piece for piece in pieces if piece[2] > piece[0]]
        levels = [0.0]
        for t0, r0, t1, r1 in self._pieces:
            levels.append(levels[-1] + (r0 + r1) / 2 * (t1 - t0))
        self._levels = numpy.array(levels)
        self._table = numpy.array(self._pieces, float).reshape(-1, 4)
        self._reached = 0.0
        self._ready: NDArray[numpy.float64] = numpy.empty(0)

    def expected(self, until: float) -> float:
        """Mean arrivals up to a time."""
        total = 0.0
        for t0, r0, t1, r1 in self._pieces:
            if until <= t0:
                break
            end = min(until, t1)
            at_end = r0 + (r1 - r0) * (end - t0) / (t1 - t0)
            total += (r0 + at_end) / 2 * (end - t0)
        return total

    def until(self, time: float) -> NDArray[numpy.float64]:
        """Those not given yet that arrive before a time."""
        while (not self._ready.size or self._ready[-1] < time) and self._reached < self._levels[-1]:
            self._more()
        count = int(numpy.searchsorted(self._ready, time, side="left"))
        given, self._ready = self._ready[:count], self._ready[count:]
        return given

    def _more(self) -> None:
        sums = self._reached + numpy.cumsum(self._random.standard_exponential(_BLOCK))
        self._reached = float(sums[-1])
        sums = sums[sums < self._levels[-1]]
        if not sums.size:
            return
        number = numpy.searchsorted(self._levels, sums, side="right") - 1
        if number[0] == number[-1]:  # all on one piece, the ordinary case
            times = self._inverted(tuple(map(float, self._pieces[number[0]])), sums - self._levels[number[0]])
        else:
            times = self._inverted(self._table[number].T, sums - self._levels[number])
        self._ready = numpy.concatenate([self._ready, times])

    @staticmethod
    def _inverted(pieces: Any, rest: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
        """When so many have come since a piece began. pieces: one, or the columns of one for each arrival."""
        t0, r0, t1, r1 = pieces
        if isinstance(r0, float) and r0 == r1:
            return numpy.asarray(t0 + rest / r0)
        slope = (r1 - r0) / (t1 - t0)
        root = numpy.sqrt(numpy.maximum(0.0, r0 * r0 + 2 * slope * rest))
        return numpy.asarray(t0 + 2 * rest / (r0 + root))


def parted(pieces: Pieces, time: float) -> tuple[list[tuple[float, float, float, float]], list[tuple[float, float, float, float]]]:
    """The pieces before a time and those from it on."""
    before, after = [], []
    for t0, r0, t1, r1 in pieces:
        if t1 <= time:
            before.append((t0, r0, t1, r1))
        elif t0 >= time:
            after.append((t0, r0, t1, r1))
        else:
            rate = r0 + (r1 - r0) * (time - t0) / (t1 - t0)
            before.append((t0, r0, time, rate))
            after.append((time, rate, t1, r1))
    return before, after


def merged(flows: Sequence[tuple[int, Arrivals]], until: float) -> tuple[NDArray[numpy.float64], NDArray[numpy.int64]]:
    """Arrivals of all flows before a time in order, each with its flow's number, and one at the end that never comes."""
    times = [arrivals.until(until) for _, arrivals in flows]
    numbers = numpy.repeat(numpy.array([*(flow for flow, _ in flows), 0], numpy.int64), [*map(len, times), 1])
    all_times = numpy.concatenate([*times, [math.inf]])
    order = numpy.argsort(all_times, kind="stable")
    return all_times[order], numbers[order]
