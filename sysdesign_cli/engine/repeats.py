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
    """Of one service."""

    rows: list[Row] = field(default_factory=list)

    def seen(self, wait: Wait, rate: float, service_s: float, cv2: float, same_queue: float) -> Wait:
        """The wait of calls that come by chance, as calls of which some come again find it.

        rate: of all that comes. service_s, cv2: of the time for which a worker is held. same_queue: share that finds the same queue again.
        """
        if not wait.mean_s or abs(cv2 - 1) < _EXACT:
            return wait
        lasts_s = lasts(wait, service_s, cv2)
        again = same_queue * sum(row.pairs(lasts_s) for row in self.rows) / rate
        factor = (cv2 + 1 + again) / (2 + again) * 2 / (1 + cv2)
        variance = None if wait.variance_s2 is None else wait.variance_s2 * factor**2
        method = METHOD if abs(factor - 1) > _EXACT else wait.method
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
            for service, row in _rows(stations, node):
                found.setdefault(service, Repeats()).rows.append(row._replace(per_s=rate * row.per_s))
    return found


class _Block(NamedTuple):
    """Calls of one edge: their place in the handler, the chance that they are made, how many, when they begin and end, and the way.

    Times are without those spent at the called service.
    """

    place: tuple[int, ...]
    chance: float
    calls: float
    start_s: float
    end_s: float
    way_s: float


def _rows(stations: Stations, node: HandlerNode) -> Iterator[tuple[int, Row]]:
    """For each invocation of a handler; calls at the same time are no row."""
    for service, blocks in _blocks(stations, node).items():
        for number, one in enumerate(blocks):
            if one.calls > 1:
                yield service, Row(one.chance, one.calls, one.way_s)
            for other in blocks[number + 1 :]:
                if other.place != one.place:
                    yield service, Row(one.chance * one.calls * other.chance * other.calls, 2.0, other.start_s - one.end_s + other.way_s)


def _blocks(stations: Stations, node: HandlerNode) -> dict[int, list[_Block]]:
    """Service -> the calls to it, in the order in which they are made when nobody waits."""
    system = stations.system
    found: dict[int, list[_Block]] = {}
    clock = 0.0
    inside: dict[int, float] = {}
    for edge, weight, place in chain(_in_order(node.calls, 1.0, (0,)), _in_order(node.misses, 1 - node.hit, (1,))):
        service, way_s = system.handlers[edge.target].service, system.ways[edge.target]
        begin = clock - inside.get(service, 0.0)
        end = begin + weight * edge.mean * way_s
        found.setdefault(service, []).append(_Block(place, weight * edge.chance, edge.count, begin, end, way_s))
        there_s = weight * edge.mean * stations.response[edge.target]
        inside[service] = inside.get(service, 0.0) + there_s
        clock += weight * edge.mean * way_s + there_s
    return found


def _in_order(edges: tuple[CallEdge, ...], weight: float, place: tuple[int, ...]) -> Iterator[tuple[CallEdge, float, tuple[int, ...]]]:
    """Every call, those on a cache's miss after the cache's; with the chance to come so far."""
    for edge in edges:
        yield edge, weight, (*place, edge.group)
        if edge.on_miss:
            yield from _in_order(edge.on_miss, weight * edge.mean * (1 - (edge.hit or 0.0)), (*place, edge.group, 0))
