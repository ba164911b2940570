"""Calls that one request makes to the same service again and again: how they bunch, and what that makes of the wait there.

Let N be the calls of one request, m = E[N²] / E[N], and nothing between two of them. The work that waits at one server is then that of
M/G/1 with all calls of a request as one (Pollaczek and Khinchine); it is also the sum over those who are there of what each has still to
do. If every call waits for the same time on average, both together give

    wait = mean rho / (1 - rho) (cv² + m) / (1 + m),

which is Pollaczek and Khinchine's for m = 1, and does not depend on m for exponential times, as it must (product form). With more
servers the wait is taken to change by the same factor. The longer it takes until the next call, the less of the queue is still there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final, NamedTuple

from sysdesign_cli.engine.queueing import Wait
from sysdesign_cli.engine.stations import Stations
from sysdesign_cli.engine.system import CallEdge, HandlerNode

METHOD: Final = "repeated-calls"
#: The queue is another one after this many mean waits, and as many mean residual times of service (fitted to simulations).
_WAITS: Final = 4.0
_RESIDUES: Final = 2.0
_EXACT: Final = 1e-3
#: Correlation of the waits of two calls with nothing between, for times that vary no more than exponential ones.
_ALIKE: Final = 0.65


class Row(NamedTuple):
    """Calls of one request after each other: rows a second, calls in each, and the time from a reply to the next call."""

    per_s: float
    calls: float
    gap_s: float

    def pairs(self, lasts_s: float) -> float:
        """Ordered pairs of calls a second of which the later finds the same queue, which is another one after ``lasts_s``."""
        same = math.exp(-self.gap_s / lasts_s)
        if self.calls * (1 - same) < 1e-6:
            return self.per_s * self.calls * (self.calls - 1)
        return self.per_s * 2 * same * (self.calls * (1 - same) - 1 + math.pow(same, self.calls)) / (1 - same) ** 2

    def alike(self, lasts_s: float, cv2: float) -> float:
        """Correlation of the waits of each two calls, on average: nearer to 1 the more the time at work varies (fitted to simulations).

        In heavy traffic all calls of a request find the same queue (Reiman, Some diffusion approximations with state space collapse, 1984).
        """
        most = _ALIKE + (1 - _ALIKE) * min(1.0, max(0.0, cv2 - 1) / 3)
        return most * self.pairs(lasts_s) / (self.per_s * self.calls * (self.calls - 1))


@dataclass
class Repeats:
    """Of one service. at_once: whether a request also makes calls to it at the same time, of which nothing more is worked out."""

    rows: list[Row] = field(default_factory=list)
    at_once: bool = False

    def seen(self, wait: Wait, rate: float, service_s: float, cv2: float, same_queue: float) -> Wait:
        """The wait of calls that come by chance, as calls of which some come again find it.

        rate: of all that comes. service_s, cv2: of the time for which a worker is held. same_queue: share that finds the same queue again.
        """
        if not wait.mean_s or (abs(cv2 - 1) < _EXACT and not self.at_once):
            return wait
        lasts_s = lasts(wait, service_s, cv2)
        again = same_queue * sum(row.pairs(lasts_s) for row in self.rows) / rate
        factor = (cv2 + 1 + again) / (2 + again) * 2 / (1 + cv2)
        variance = None if wait.variance_s2 is None else wait.variance_s2 * factor**2
        method = METHOD if self.at_once or abs(factor - 1) > _EXACT else wait.method
        return replace(wait, mean_s=wait.mean_s * factor, method=method, variance_s2=variance)


def lasts(wait: Wait, service_s: float, cv2: float) -> float:
    """Seconds after which the queue is another one, by a factor of e; wait: of calls that come by chance."""
    return _WAITS * wait.mean_s + _RESIDUES * service_s * (1 + cv2) / 2


def same_queue(discipline: str, replicas: int, regular: bool = False) -> float:
    """Share of calls that find the queue again which an earlier call of the same request has seen (fitted to simulations).

    regular: whether the times vary no more than exponential ones; who has just been served then often finds the shortest queue empty.
    """
    if replicas == 1 or discipline == "shared":
        return 1.0
    return {"random": 1 / replicas, "round-robin": 0.5}.get(discipline, float(not regular))


def repeats(stations: Stations) -> dict[int, Repeats]:
    """Service number -> its repeated calls, where a handler calls it more than once."""
    found: dict[int, Repeats] = {}
    for node in stations.system.handlers:
        rate = stations.rates[node.index]
        if rate > 0 and (node.calls or node.misses):
            for service, blocks in _blocks(stations, node).items():
                for row in _rows(blocks):
                    found.setdefault(service, Repeats()).rows.append(row._replace(per_s=rate * row.per_s))
                if any(one.beside(other) for one in blocks for other in blocks if one is not other):
                    found.setdefault(service, Repeats()).at_once = True
    return found


class _Block(NamedTuple):
    """Calls of one edge. place: their branch of a group of calls at the same time. mean, pairs: of calls, and of ordered pairs of them.

    middle_s: when they are made on average, without the time spent at the called service. row: calls that there are at most.
    """

    place: tuple[int, int, int]
    mean: float
    pairs: float
    row: float
    middle_s: float
    way_s: float

    def beside(self, other: _Block) -> bool:
        """Whether the two are made at the same time."""
        return self.place[:2] == other.place[:2] and self.place[2] != other.place[2]


def _rows(blocks: list[_Block]) -> Iterator[Row]:
    """For each invocation of a handler."""
    for number, one in enumerate(blocks):
        if one.pairs:
            yield Row(one.pairs / (one.row * (one.row - 1)), one.row, one.way_s)
        for other in blocks[number + 1 :]:
            if not one.beside(other):
                yield Row(one.mean * other.mean, 2.0, abs(other.middle_s - one.middle_s))


def _blocks(stations: Stations, node: HandlerNode) -> dict[int, list[_Block]]:
    """Service -> the calls to it, in the order in which they are made when nobody waits."""
    system = stations.system
    found: dict[int, list[_Block]] = {}
    clock = 0.0
    inside: dict[int, float] = {}
    for edge, place, made in chain(
        _in_order(node.calls, 0, _Made(1.0, 0.0, 1.0)), _in_order(node.misses, 1, _Made(1.0, 0.0, 1.0).some(1 - node.hit))
    ):
        service, way_s = system.handlers[edge.target].service, system.ways[edge.target]
        begin = clock - inside.get(service, 0.0)
        block = _Block(place, made.mean, made.pairs, made.most, begin + made.mean * way_s / 2, way_s)
        found.setdefault(service, []).append(block)
        there_s = made.mean * stations.response[edge.target]
        inside[service] = inside.get(service, 0.0) + there_s
        clock += made.mean * way_s + there_s
    return found


class _Made(NamedTuple):
    """How often something is done for each invocation: mean, ordered pairs on average, and at most."""

    mean: float
    pairs: float
    most: float

    def some(self, chance: float) -> _Made:
        """Each of them by a chance."""
        return _Made(self.mean * chance, self.pairs * chance**2, self.most)

    def each(self, count: float) -> _Made:
        """So many for each of them; 2.5 is twice or three times."""
        whole = math.floor(count)
        twice = whole * (whole - 1) + 2 * whole * (count - whole)
        return _Made(self.mean * count, self.mean * twice + self.pairs * count**2, self.most * math.ceil(count))


def _in_order(edges: tuple[CallEdge, ...], base: int, before: _Made) -> Iterator[tuple[CallEdge, tuple[int, int, int], _Made]]:
    """Every call, those on a cache's miss after the cache's."""
    for branch, edge in enumerate(edges):
        made = before.some(edge.chance).each(edge.count)
        yield edge, (base, edge.group, branch), made
        missed = made.some(1 - (edge.hit or 0.0))
        for later, _, often in _in_order(edge.on_miss, base, missed):
            yield later, (base, edge.group, branch), often
