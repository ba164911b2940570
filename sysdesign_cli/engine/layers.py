"""Which pools of workers are small enough to matter to the queues behind them, told from a loaded system for ``pools``.

A pool is taken so when it often has no worker free while its workers wait for others, and nothing stands against it: every call it
makes comes one after the other (of calls at the same time a worker has several in a queue), nothing on the way is part of a circle,
nothing behind it gets more than it can do, and no call is given up on average. Other pools keep the open queues of ``loaded``.
"""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Final

from sysdesign_cli.engine.loaded import MOST_WORKERS, NOTICED
from sysdesign_cli.engine.moments import Moments, mixed, work_of
from sysdesign_cli.engine.places import Pool, Queue, Visits
from sysdesign_cli.engine.pools import Overfull, relieve
from sysdesign_cli.engine.relief import Relief

if TYPE_CHECKING:
    from sysdesign_cli.engine.loaded import Loaded
    from sysdesign_cli.engine.system import CallEdge, HandlerNode


class Layers:
    """The pools of a loaded system that have been found to matter so far. reliefs: place (service number) -> what they change."""

    def __init__(self, load: Loaded) -> None:
        self.load = load
        self.system = load.system
        self.pools: set[int] = set()
        self.refused: set[int] = set()
        self.narrow: set[int] = set()
        """services that were seen to have all workers held now and then: others are waited for by nobody"""
        self.passed: dict[int, frozenset[int]] = {}
        """pool -> services that its requests go through, and call others from, while a worker of the pool is held"""
        self.spare: set[int] = set()
        """services that have a worker for everybody who can come at once"""
        self.reliefs: dict[int, Relief] = {}
        self._may: dict[int, bool] = {}
        self._callers, self._outside = self._where_from()
        self._most: dict[int, float] = {}
        self._alone: dict[int, Moments] = {}
        self._bare = copy(load)
        self._bare.response = list(load.response)
        self._bare._seen = {}
        self._bare._passed = {}
        self._bare.repeats = {}
        self._ways: dict[int, _Way | None] = {}

    def more(self) -> bool:
        """Look for pools that matter at the present waits, and work out anew what they change; False where nothing does any more."""
        late = {number for number in self.pools if self._gives_up(number)}
        found = {number for number in range(len(self.system.services)) if self._matters(number)} - late
        spare = {number for number in range(len(self.system.services)) if self.load.tight(number) and not self._may_fill(number)}
        if not late and not found and spare <= self.spare:
            return False
        self._refuse(late)
        self.narrow |= {number for number in range(len(self.system.services)) if self.load.tight(number)}
        self._ways = {}
        self.pools = self._with_callees(self.pools | found)
        self.spare |= spare
        self.reliefs = dict.fromkeys(self.spare, Relief(spare=True)) | self._solved()
        ways = {number: self._way(number) for number in self.pools}
        self.passed = {number: frozenset(way.passed) for number, way in ways.items() if way is not None and way.passed}
        return True

    def left(self) -> list[int]:
        """Services whose few workers are often all held during calls, but which could be no pool here."""
        numbers = (number for number in range(len(self.system.services)) if self.system.services[number].blocking)
        return [number for number in numbers if self.load.tight(number) and not self.may(number) and number not in self.spare]

    def _refuse(self, numbers: set[int]) -> None:
        if numbers:
            self.refused |= numbers
            self.pools -= numbers
            self._may, self._ways = {}, {}

    def _with_callees(self, found: set[int]) -> set[int]:
        """With every pool that one of them calls."""
        closed, stack = set(found), list(found)
        while stack:
            way = self._way(stack.pop())
            more = {called for called in way.visits if called in self.narrow and self.may(called)} - closed if way is not None else set()
            closed |= more
            stack += more
        return closed

    def _solved(self) -> dict[int, Relief]:
        while self.pools:
            try:
                return relieve(self._places())
            except Overfull as full:
                self._refuse({number for number in self.pools if (way := self._way(number)) is None or full.place in way.visits})
                self.pools = self._with_callees(self.pools)
        return {}

    # --- which ---

    def _matters(self, number: int) -> bool:
        load, station = self.load, self.load.stations[number]
        if number in self.pools or station.rate <= 0 or not load.tight(number) or not self.may(number):
            return False
        if station.saturated:
            return True
        return load.full(number) * (1 - load.unloaded.busy(number) / station.busy) > NOTICED

    def may(self, number: int) -> bool:
        """Whether a service is a pool of few workers that wait for something, calls or a core, and nothing stands against it."""
        if number not in self._may:
            self._may[number] = self._is_pool(number) and (way := self._way(number)) is not None and not self._overfull(way)
        return self._may[number]

    def _is_pool(self, number: int) -> bool:
        service, station = self.system.services[number], self.load.stations[number]
        few = self.servers(number) < station.workers
        if not (service.blocking or few) or service.concurrency is None or service.kind == "function" or number in self.refused:
            return False
        if station.rate <= 0 or not 1 <= station.workers <= MOST_WORKERS or station.computing >= self.servers(number):
            return False
        if self.load.consumers(number) < station.workers:
            return False  # an event has too few partitions for all of them
        return (few or bool(self.system.called_services[number])) and self._may_fill(number)

    def _overfull(self, way: _Way) -> bool:
        """Whether something that the workers wait for gets more than it can do, whoever else waits for it."""
        return any(self.load.stations[called].computing >= self.servers(called) for called in way.visits)

    def _gives_up(self, number: int) -> bool:
        """Whether a call of the pool takes longer than its timeout on average: then more stand in the queue than there are workers."""
        load, ways = self.load, self.system.ways
        return self.system.services[number].blocking and any(
            edge.call.timeout is not None and edge.call.timeout < load.response[edge.target].mean + ways[edge.target] < math.inf
            for h in self.system.handlers_of[number]
            if load.rates[h] > 0
            for _, edge in self.system.handlers[h].weighted_calls()
        )

    def _may_fill(self, number: int) -> bool:
        """Whether all workers of a service can be held at once: not where its callers have no more than it has."""
        return self._most_at(number) > self.load.stations[number].workers // self._queues(number)

    def _most_at(self, number: int) -> float:
        """Requests that can be at a service at once; inf unless all are calls, one at a time, of workers held meanwhile."""
        if number not in self._most:
            self._most[number] = math.inf  # for those that call each other in a circle
            if number not in self._outside:
                self._most[number] = sum(self._most_in(caller) for caller in self._callers.get(number, ()))
        return self._most[number]

    def _most_in(self, number: int) -> float:
        """Requests of a service that can wait for a call at once; calls that are given up stay where they are."""
        late = (
            edge.call.timeout is not None
            and edge.call.timeout < _LATE * (self.load.unloaded.response[edge.target] + self.system.ways[edge.target])
            for h in self.system.handlers_of[number]
            if self.load.rates[h] > 0
            for edge in self.system.handlers[h].every_call()
        )
        if any(late) or any(_at_once(self.system.handlers[h]) for h in self.system.handlers_of[number] if self.load.rates[h] > 0):
            return math.inf
        held = self.load.stations[number].workers if self.system.services[number].blocking else math.inf
        return min(held, self._most_at(number))

    def _where_from(self) -> tuple[dict[int, set[int]], set[int]]:
        """Service -> services that call it; and the services to which something comes that is no call."""
        handlers, rates = self.system.handlers, self.load.rates
        callers: dict[int, set[int]] = {}
        called = [0.0] * len(handlers)
        for node in handlers:
            if rates[node.index] > 0:
                for mean, edge in node.weighted_calls():
                    called[edge.target] += rates[node.index] * mean
                    callers.setdefault(handlers[edge.target].service, set()).add(node.service)
        return callers, {node.service for node in handlers if rates[node.index] > called[node.index] * (1 + 1e-9)}

    # --- what they are made of ---

    def servers(self, number: int) -> float:
        """Requests that a service can compute at a time."""
        service, station = self.system.services[number], self.load.stations[number]
        return station.workers if service.cores is None else min(station.workers, station.replicas * float(service.cores))

    def work(self, number: int) -> Moments:
        """Own work of one request of a service."""
        rates, handlers = self.load.rates, self.system.handlers_of[number]
        rate = sum(rates[h] for h in handlers)
        return mixed([(rates[h] / rate, work_of(self.system.handlers[h].handler.takes)) for h in handlers if rates[h] > 0])

    def _way(self, number: int) -> _Way | None:
        if number not in self._ways:
            way = _Way(self)
            self._ways[number] = way if way.walk(number) and (way.visits or way.delay.mean or self.work(number).mean) else None
        return self._ways[number]

    def _places(self) -> dict[int, Queue | Pool]:
        places: dict[int, Queue | Pool] = {}
        for number in self.pools:
            way = self._way(number)
            assert way is not None
            places[number] = self._pool(number, way)
            for called in way.visits:
                if called not in self.pools and called not in places:
                    work = self.work(called)
                    station, queues = self.load.stations[called], self._queues(called)
                    places[called] = Queue(
                        station.rate, int(self.servers(called)) // queues, work.mean, _cv2(work), queues, self._in_turn(called)
                    )
        return places

    def _pool(self, number: int, way: _Way) -> Pool:
        station, work = self.load.stations[number], self.work(number)
        cores = self.system.services[number].cores
        few, queues = self.servers(number) < station.workers, self._queues(number)
        return Pool(
            rate=station.rate / queues,
            workers=int(station.workers) // queues,
            own_s=work.mean,
            cores=int(cores) if cores is not None and few and work.mean else None,
            replicas=station.replicas // queues,
            delay_s=way.delay.mean,
            visits=way.visits,
            own_cv2=_cv2(work),
            delay_cv2=_cv2(way.delay),
            unmet_cv2=self._unmet_cv2(number),
            copies=queues,
            arrival_cv2=1 / queues if self._in_turn(number) else 1.0,
        )

    def _unmet_cv2(self, number: int) -> float:
        """Of the time that a worker is held when nobody waits for anybody."""
        rates, handlers = self.load.rates, self.system.handlers_of[number]
        rate = sum(rates[h] for h in handlers)
        return _cv2(mixed([(rates[h] / rate, self._unmet(h)) for h in handlers if rates[h] > 0]))

    def _unmet(self, handler: int) -> Moments:
        if handler not in self._alone:
            for position in sorted({self.system.topology.position[h] for h in self.system.reachable(handler)}):
                for h in self.system.topology.order[position]:
                    node = self.system.handlers[h]
                    cold = self.load.stations[node.service].cold_share * float(self.system.services[node.service].replicas.starts_in or 0.0)
                    self._bare.response[h] = (
                        work_of(node.handler.takes).plus(Moments(cold, 0.0)).plus(self._bare._calls_of(node, node.service))
                    )
                    self._alone[h] = self._bare.response[h]
        return self._alone[handler]

    def _in_turn(self, number: int) -> bool:
        return self.system.services[number].queue == "round-robin"

    def _queues(self, number: int) -> int:
        """Queues of a service: one for each replica, unless they share one. Messages are taken from one queue."""
        service, replicas = self.system.services[number], self.load.stations[number].replicas
        events = any(self.system.handlers[h].event is not None for h in self.system.handlers_of[number] if self.load.rates[h] > 0)
        return replicas if service.queue in ("random", "round-robin") and not events else 1


class _Way:
    """What the workers of one pool wait for: places with queues, and delays; through services that no worker of their own is waited for."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.system = layers.system
        self.delay = Moments(0.0, 0.0)
        self.visits: dict[int, Visits] = {}
        self.passed: set[int] = set()

    def walk(self, number: int) -> bool:
        """False where the way has a circle, or calls at the same time."""
        load, system = self.layers.load, self.system
        rate = load.stations[number].rate
        if rate <= 0 or number in load.circles:
            return False
        if not system.services[number].blocking:
            return True  # its workers wait for cores alone
        pending = {h: _sometimes(_ONCE, 1.0, load.rates[h] / rate) for h in system.handlers_of[number] if load.rates[h] > 0}
        while pending:
            handler = max(pending, key=system.topology.position.__getitem__)
            times, node = pending.pop(handler), system.handlers[handler]
            if node.service in load.circles or _at_once(node):
                return False
            for publish in node.publishes:
                if publish.mode == "in-path":
                    self._wait(load.acknowledgement(publish.broker), _sometimes(times, publish.count, publish.chance))
            self._calls(node.calls, times, pending)
            self._calls(node.misses, _sometimes(times, 1.0, 1 - node.hit), pending)
        return True

    def _calls(self, edges: tuple[CallEdge, ...], times: Visits, pending: dict[int, Visits]) -> None:
        for edge in edges:
            made = _sometimes(times, edge.count, edge.chance)
            if made.mean > 0:
                self._call(edge, made, pending)
                self._calls(edge.on_miss, _sometimes(made, 1.0, 1 - (edge.hit or 0.0)), pending)

    def _call(self, edge: CallEdge, times: Visits, pending: dict[int, Visits]) -> None:
        load, system, layers = self.layers.load, self.system, self.layers
        number = system.handlers[edge.target].service
        service, node = system.services[number], system.handlers[edge.target]
        self._wait(Moments(system.ways[edge.target], 0.0), times)
        pool = number in layers.narrow and layers.may(number)
        if pool and service.blocking:
            self._visit(number, times)
            return
        through = bool(node.calls or node.misses or node.publishes)
        if pool:
            self._visit(number, times)
        elif service.kind == "function" or math.isinf(load.stations[number].workers):
            own = work_of(node.handler.takes)
            cold = load.stations[number].cold_share * float(service.replicas.starts_in or 0.0)
            self._wait(own.plus(Moments(cold, 0.0)), times)
        elif not (service.blocking and through) or layers.servers(number) < load.stations[number].workers:
            if layers.work(number).mean:
                self._visit(number, times)
        else:
            self._wait(work_of(node.handler.takes), times)
        if through:
            self.passed.add(number)
            pending[edge.target] = _together(pending.get(edge.target, _NEVER), times)

    def _visit(self, number: int, times: Visits) -> None:
        self.visits[number] = _together(self.visits.get(number, _NEVER), times)

    def _wait(self, time: Moments, times: Visits) -> None:
        self.delay = self.delay.plus(Moments(times.mean * time.mean, times.mean * time.variance + times.variance * time.mean**2))


#: A call is taken never to be given up where its timeout is so many times as long as it takes without any wait.
_LATE: Final = 10.0
_ONCE: Final = Visits(1.0)
_NEVER: Final = Visits(0.0)


def _sometimes(times: Visits, count: float, chance: float) -> Visits:
    """What happens ``count`` times by a chance, each of so many times."""
    mean = count * chance
    return Visits(times.mean * mean, times.mean * count**2 * chance * (1 - chance) + times.variance * mean**2)


def _together(one: Visits, other: Visits) -> Visits:
    return Visits(one.mean + other.mean, one.variance + other.variance)


def _at_once(node: HandlerNode) -> bool:
    """Whether a handler makes calls at the same time."""
    return _shares_group(node.calls) or _shares_group(node.misses)


def _shares_group(edges: tuple[CallEdge, ...]) -> bool:
    groups = [edge.group for edge in edges if edge.mean > 0]
    return len(set(groups)) < len(groups) or any(_shares_group(edge.on_miss) for edge in edges)


def _cv2(time: Moments) -> float:
    return time.variance / time.mean**2 if time.mean else 0.0
