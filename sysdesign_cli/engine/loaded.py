"""Stations under load: how many replicas run, how long a request waits at each service, how long a handler takes in all.

Services are solved callees first, so that what a caller holds its workers for is known when its own queue is worked out
(the open form of layered queueing: Rolia and Sevcik, The Method of Layers, IEEE TSE 21(8), 1995). Before that the variability of
every stream is followed from the flows to the last service (Whitt, The Queueing Network Analyzer, BSTJ 62(9), 1983).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Final, NamedTuple

from sysdesign_cli.engine.disrupted import attempts
from sysdesign_cli.engine.moments import ZERO, mixed, wait_variance, work_of
from sysdesign_cli.engine.moments import Moments as Moments
from sysdesign_cli.engine.moments import later_of as later_of
from sysdesign_cli.engine.queueing import NOBODY, Wait, erlang_b, erlang_c, queue_wait, wait
from sysdesign_cli.engine.relief import Moved, Relief
from sysdesign_cli.engine.repeats import Repeats, Row, lasts, repeats, same_queue
from sysdesign_cli.engine.stations import Stations, settled_replicas
from sysdesign_cli.engine.streams import arrival_variability
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System
from sysdesign_cli.scenario.model import Service

#: Rounds for services that call each other in a circle.
ROUNDS: Final = 60
#: Pools of more workers keep the open queues: the error falls with their number, the work grows with its square.
MOST_WORKERS: Final = 400
#: A pool matters when the chance that all its workers are held, times the share of that time in which they wait, is above this;
NOTICED: Final = 1e-4


class Station(NamedTuple):
    """One service under load.

    replicas: how many run. workers: requests they can hold, inf without a limit. busy: requests that hold a worker, mean.
    utilisation: busy over workers (or computing over cores where that is more). held: time one request holds its worker.
    request_wait, event_wait: wait for a worker; None where the station is saturated, so that there is no steady wait.
    core_wait: wait for a core while holding a worker. cold_share: share of requests that start a replica of a function;
    throttled_share: share that finds none free and none to start. arrival_cv2: variability of the arriving stream.
    """

    rate: float
    replicas: int
    workers: float
    busy: float
    computing: float
    utilisation: float
    held: Moments
    arrival_cv2: float
    request_wait: Wait | None
    event_wait: Wait | None
    core_wait: Wait | None
    cold_share: float = 0.0
    throttled_share: float = 0.0

    @property
    def saturated(self) -> bool:
        return self.utilisation >= 1


class Loaded:
    """A system with so many invocations per second of every handler.

    replicas: service number -> replicas, where they are not those that autoscaling settles at. stretched: factor on the waits at
    shared stations, by which a closed population is fitted (1 for an open system). cold: service number -> share of cold starts to
    add (a burst). slow: service number -> share of its requests that get no reply, so that callers wait for their timeouts; where it is
    given, who is saturated beyond it does not hold up its callers yet (a cascade is followed step by step). waits: False leaves
    all waits out, where only utilisations are asked for. thinking: users of a closed population who think, on average.
    only: services whose waits are asked for; the others' are left out.
    """

    def __init__(
        self,
        system: System,
        rates: list[float],
        replicas: Mapping[int, int] | None = None,
        cold: Mapping[int, float] | None = None,
        stretched: float = 1.0,
        slow: Mapping[int, float] | None = None,
        stations: Stations | None = None,
        waits: bool = True,
        thinking: float | None = None,
        only: frozenset[int] | None = None,
    ) -> None:
        self.system = system
        self.rates = rates
        self.given = replicas or {}
        self.cold = cold or {}
        self.stretched = stretched
        self.slow = slow
        count = len(system.handlers)
        self.calls: list[Moments] = [ZERO] * count
        """time of a handler's calls"""
        self.held: list[Moments] = [ZERO] * count
        self.response: list[Moments] = [ZERO] * count
        """time from arrival to reply of a handler, its wait included; inf behind a saturated station"""
        self.stations: list[Station] = [_IDLE] * len(system.services)
        self._order = system.service_order
        self._calls_itself = system.calls_itself
        self.waits = waits
        self.thinking = thinking
        self.only = only
        self.reliefs: Mapping[int, Relief] = {}
        """service number -> what small pools of workers change there"""
        self._passed: Mapping[int, frozenset[int]] = {}
        self._held_for: dict[tuple[int, int], Moments] = {}
        """(small pool, handler that its requests go through) -> response as the pool finds it, but for the wait in front"""
        self._seen: dict[tuple[int, int], Wait] = {}
        self._moved: dict[tuple[int, int], Moved] = {}
        """(small pool, place behind it, or itself for its cores) -> what is waited in front of the pool instead"""
        if waits:
            self.unloaded = stations or Stations(system, rates)
            self.arrival_cv2 = arrival_variability(self.unloaded, self._order, self.given)
            self.repeats: dict[int, Repeats] = repeats(self.unloaded)
        else:
            self.arrival_cv2 = [1.0] * len(system.services)
            self.repeats = {}
        for group in self._order:
            self._solve(group)
        if waits and slow is None and thinking is None and stretched == 1:
            self._relieve()

    def _relieve(self) -> None:
        """Small pools of workers hold up the queues behind them: look for such, and go round again with what they change."""
        if not any(map(self.tight, range(len(self.stations)))):
            return
        from sysdesign_cli.engine.layers import Layers

        layers = Layers(self)
        changed: set[int] = set()
        while layers.more():
            changed |= layers.reliefs.keys()
            self.reliefs, self._passed = layers.reliefs, layers.passed
            self._solve_again(changed)
        # few workers that cannot be followed bound what comes again, which is told of callers without a bound
        bounded = {called for number in layers.left() for called in self.system.called_services[number]}
        if bounded := bounded & self.repeats.keys():
            self.repeats = {service: again for service, again in self.repeats.items() if service not in bounded}
            self._solve_again(changed | bounded)

    def _solve_again(self, changed: set[int]) -> None:
        """Services that have changed, and all that call them; those are added."""
        self._seen, self._moved, self._held_for = {}, {}, {}
        for group in self._order:
            if any(number in changed or not changed.isdisjoint(self.system.called_services[number]) for number in group):
                changed.update(group)
                self._solve(group)

    def tight(self, number: int) -> bool:
        """Whether a service has so few workers that they may all be held now and then."""
        station = self.stations[number]
        if station.rate <= 0 or station.workers > MOST_WORKERS:
            return False
        return station.saturated or self.full(number) > NOTICED

    def full(self, number: int) -> float:
        """Chance that all workers of a service are held, at least about: as if each was by itself, or as many wait for one place."""
        station = self.stations[number]
        waits = [wait.probability for wait in (station.request_wait, station.event_wait) if wait is not None]
        if self.only is not None and number not in self.only and station.busy < station.workers:
            waits.append(erlang_c(int(station.workers), station.busy))
        if not self.system.services[number].blocking:
            return max(waits, default=1.0)
        return max([*waits, *(self._crowd(number, called) for called in self.system.called_services[number])], default=1.0)

    def _crowd(self, number: int, called: int) -> float:
        """Chance that as many of a service's requests as it has workers are at a place that it calls, with the open queue's wait there."""
        there, wait = self.stations[called], self.stations[called].request_wait
        if wait is None or not wait.mean_s or called == number:
            return 0.0
        servers, each_s = there.workers, there.held.mean
        cores = self.system.services[called].cores
        if cores is not None and there.replicas * float(cores) < servers:
            servers, each_s = there.replicas * float(cores), there.computing / there.rate
        queues = there.replicas if self.system.services[called].queue in ("random", "round-robin") else 1
        calls = sum(
            self.rates[h] * mean
            for h in self.system.handlers_of[number]
            if self.rates[h] > 0
            for mean, edge in self.system.handlers[h].weighted_calls()
            if self.system.handlers[edge.target].service == called
        )
        ratio = wait.conditional_mean_s / (wait.conditional_mean_s + each_s * queues / servers)
        share = min(1.0, calls / there.rate)
        if not share:
            return 0.0
        ratio = share * ratio / (1 - ratio + share * ratio)
        return wait.probability * math.pow(ratio, self.stations[number].workers / queues)

    def station(self, name: str) -> Station:
        return self.stations[self.system.service_index[name]]

    @cached_property
    def circles(self) -> frozenset[int]:
        """Services that call each other in a circle, or themselves."""
        return frozenset(self._calls_itself).union(*(group for group in self._order if len(group) > 1))

    @property
    def saturated(self) -> list[int]:
        """Services that get more than they can do."""
        return [number for number, station in enumerate(self.stations) if station.saturated]

    def _solve(self, group: list[int]) -> None:
        before = math.inf
        for _ in range(ROUNDS if len(group) > 1 or group[0] in self._calls_itself else 1):
            for service in group:
                self._solve_one(service)
            total = sum(self.response[h].mean for service in group for h in self.system.handlers_of[service])
            if math.isinf(total) or abs(total - before) <= 1e-12 * total:
                return
            before = total

    def _solve_one(self, service: int) -> None:
        system, definition = self.system, self.system.services[service]
        handlers = system.handlers_of[service]
        for h in handlers:
            node = system.handlers[h]
            self.calls[h] = self._calls_of(node, service) if node.calls or node.misses or node.publishes else ZERO
        station = self._station(service, definition, handlers)
        self.stations[service] = station
        core = station.core_wait
        core_time = ZERO if core is None else Moments(core.mean_s, wait_variance(core))
        for h in handlers:
            node = system.handlers[h]
            own = work_of(node.handler.takes).plus(core_time)
            waited = self.wait_before(h)
            if station.saturated or waited is None:
                self.response[h] = Moments(math.inf, math.inf) if self.slow is None else own.plus(self.calls[h])
                continue
            start = Moments(waited.mean_s, wait_variance(waited))
            if station.cold_share:
                start = start.plus(Moments(float(definition.replicas.starts_in or 0.0), 0.0).chanced(station.cold_share))
            self.response[h] = start.plus(own).plus(self.calls[h])

    def _station(self, service: int, definition: Service, handlers: list[int]) -> Station:
        system, rates = self.system, self.rates
        rate = sum(rates[h] for h in handlers)
        blocking = definition.blocking
        for h in handlers:
            own = work_of(system.handlers[h].handler.takes)
            self.held[h] = own.plus(self.calls[h]) if blocking else own
        computing = sum(rates[h] * float(system.handlers[h].handler.takes.mean) for h in handlers)
        cv2 = self.arrival_cv2[service]
        if rate <= 0:
            replicas = self.given.get(service) or settled_replicas(definition, 0.0)
            limit = math.inf if definition.concurrency is None else replicas * float(definition.concurrency)
            return Station(0.0, replicas, limit, 0.0, 0.0, 0.0, ZERO, cv2, _NONE, _NONE, None)
        held = mixed([(rates[h] / rate, self.held[h]) for h in handlers if rates[h] > 0])
        if definition.concurrency is None:
            return Station(
                rate, int(definition.replicas.min) or 1, math.inf, rate * held.mean, computing, 0.0, held, cv2, _NONE, _NONE, None
            )
        if definition.kind == "function":
            return self._function(service, definition, rate, held, computing, cv2)
        return self._queue(service, definition, handlers, rate, held, computing, cv2)

    def _function(self, service: int, definition: Service, rate: float, held: Moments, computing: float, cv2: float) -> Station:
        """A function has no queue: a replica for each request, started when none is idle, refused when there may be no more."""
        assert definition.concurrency is not None
        busy = rate * held.mean
        most = float(definition.replicas.max if definition.replicas.max is not None else math.inf)
        limit = most * float(definition.concurrency)
        replicas = self.given.get(service) or settled_replicas(definition, busy)
        if math.isinf(busy):
            return Station(rate, replicas, limit, busy, computing, math.inf, held, cv2, None, None, None)
        throttled = erlang_b(int(limit), busy) if not math.isinf(limit) else 0.0
        cold = cold_share(rate, busy, float(definition.replicas.keeps_warm or 0.0)) if not definition.replicas.min else 0.0
        cold = min(1.0, cold + self.cold.get(service, 0.0))
        # losing what it cannot take it is never saturated as a queue is, only throttled
        used = min(busy * (1 - throttled) / limit, 1 - 1e-12) if not math.isinf(limit) else 0.0
        return Station(rate, replicas, limit, busy, computing, used, held, cv2, _NONE, _NONE, None, cold, throttled)

    def _queue(
        self, service: int, definition: Service, handlers: list[int], rate: float, held: Moments, computing: float, cv2: float
    ) -> Station:
        assert definition.concurrency is not None
        concurrency = int(definition.concurrency)
        busy = rate * held.mean
        relief = self.reliefs.get(service)
        replicas = (
            self.given.get(service)
            or (self.stations[service].replicas if relief is not None and relief.full_held_s else 0)
            or (
                int(definition.replicas.max or definition.replicas.min)
                if math.isinf(busy)
                else settled_replicas(definition, busy, computing)
            )
        )
        limit = float(replicas * concurrency)
        core = None
        if definition.cores is not None and definition.cores < concurrency:
            if computing >= replicas * float(definition.cores):
                return Station(
                    rate, replicas, limit, busy, computing, computing / (replicas * float(definition.cores)), held, cv2, None, None, None
                )
            core = self._core_wait(definition, handlers, rate, replicas)
            if relief is not None and relief.core is not None:
                self._moved[service, service] = relief.core.moved(core)
                core = relief.core.of(core)
            extra = Moments(core.mean_s, wait_variance(core))
            held = held.plus(extra)
            for h in handlers:
                self.held[h] = self.held[h].plus(extra)
            busy = rate * held.mean
        used = max(busy / limit, computing / (replicas * float(definition.cores)) if definition.cores is not None else 0.0)
        consumers = self._consumers(handlers, replicas * concurrency)
        if consumers < replicas * concurrency:  # replicas beyond the partitions of an event stand idle
            used = max(used, sum(rate_of * self.held[h].mean for h, rate_of in self._events(handlers)) / consumers)
        service_cv2 = held.variance / held.mean**2 if held.mean**2 else 0.0
        mean = held.mean
        if relief is not None and relief.full_held_s and not math.isinf(mean):
            mean, service_cv2 = relief.full_held_s, relief.cv2  # the wait for each other is longest when all workers are held
            if rate * mean >= limit:
                held = Moments(mean, held.variance)
                busy = rate * mean
                used = busy / limit
        if not used < 1:
            return Station(rate, replicas, limit, busy, computing, used, held, cv2, None, None, core)
        request: Wait | None = _NONE
        event: Wait | None = _NONE
        if self.waits and (self.only is None or service in self.only):
            shape = self._shape(handlers) if core is None and relief is None else ""
            times = (mean, _rounded(service_cv2), shape)
            request, event = self._waits(definition, handlers, rate, times, replicas, concurrency, _rounded(cv2))
            if relief is not None:
                request, event = self._relieved(service, relief, request), self._relieved(service, relief, event)
        return Station(rate, replicas, limit, busy, computing, used, held, cv2, request, event, core)

    def _relieved(self, service: int, relief: Relief, wait: Wait | None) -> Wait | None:
        """A wait as small pools of workers leave it, over all who come; what each of the callers finds is kept."""
        if wait is None:
            return None
        visits = {**relief.visits, service: 1.0}
        moved = ((times, self._moved[service, place]) for place, times in visits.items() if (service, place) in self._moved)
        wait = relief.of(wait, Moved.over(moved))
        if not relief.views or not wait.mean_s:
            return wait
        seen = relief.seen(wait)
        self._seen.update({(caller, service): one for caller, one in seen.items()})
        self._moved.update({(caller, service): view.moved(wait) for caller, (_, view) in relief.views.items()})
        return relief.mean(seen)

    def wait_before(self, handler: int, caller: int = NOBODY) -> Wait | None:
        """Wait in front of a handler, as a caller (a service that is a small pool of workers) finds it, or all who are none."""
        service = self.system.handlers[handler].service
        station = self.stations[service]
        plain = station.event_wait if self.system.handlers[handler].event is not None else station.request_wait
        if plain is None or not self._seen:
            return plain
        return self._seen.get((caller, service)) or self._seen.get((NOBODY, service)) or plain

    def _core_wait(self, definition: Service, handlers: list[int], rate: float, replicas: int) -> Wait:
        """Wait for a core, of the replica to which a request comes; no more can wait than there are workers, which this leaves out."""
        work = mixed([(self.rates[h] / rate, work_of(self.system.handlers[h].handler.takes)) for h in handlers if self.rates[h] > 0])
        cores = int(definition.cores or 1)
        cv2 = work.variance / work.mean**2 if work.mean else 0.0
        way = "shared" if self._events(handlers) else definition.queue
        found = queue_wait(way, rate, work.mean, replicas, cores, cv2, 1.0, self._law(handlers))
        return self._fitted(self._seen_again(handlers, found, rate, Moments(work.mean, work.variance), way, replicas))

    def _seen_again(self, handlers: list[int], wait: Wait, rate: float, each: Moments, discipline: str, replicas: int) -> Wait:
        """A wait as calls find it of which some come again; each: time of one at work."""
        again = self.repeats.get(self.system.handlers[handlers[0]].service)
        if again is None or not (each.mean**2):
            return wait
        cv2 = _rounded(each.variance / each.mean**2)
        return again.seen(wait, rate, each.mean, cv2, same_queue(discipline, replicas, cv2 <= 1))

    def _waits(
        self,
        definition: Service,
        handlers: list[int],
        rate: float,
        times: tuple[float, float, str],
        replicas: int,
        concurrency: int,
        arrival_cv2: float,
    ) -> tuple[Wait | None, Wait | None]:
        """Wait of requests in front of the service's own queues, and of messages, which all consumers of a group take from one.

        times: mean, cv² and shape of the time that a request holds its worker.
        """
        mean, service_cv2, shape = times
        nodes = [self.system.handlers[h] for h in handlers if self.rates[h] > 0]
        request = event = _NONE
        if any(node.event is None for node in nodes) and not _never_full(rate * mean / replicas, concurrency):
            request = queue_wait(definition.queue, rate, mean, replicas, concurrency, service_cv2, arrival_cv2, shape)
            each = Moments(mean, service_cv2 * mean**2)
            request = self._seen_again(handlers, request, rate, each, definition.queue, replicas)
        if any(node.event is not None for node in nodes):
            consumers = self._consumers(handlers, replicas * concurrency)
            if consumers < replicas * concurrency:
                rate = sum(rate_of for _, rate_of in self._events(handlers))
                mean = sum(rate_of * self.held[h].mean for h, rate_of in self._events(handlers)) / rate
            if not _never_full(rate * mean, consumers):
                event = wait(rate, mean, consumers, service_cv2, arrival_cv2, shape)
        return self._fitted(request), event

    def _shape(self, handlers: list[int]) -> str:
        """The law of the time for which a worker is held, where it is the work of one handler alone; "" where it is made of parts."""
        blocking = any(self.system.services[self.system.handlers[h].service].blocking for h in handlers)
        return "" if blocking and any(self.calls[h] != ZERO for h in handlers if self.rates[h] > 0) else self._law(handlers)

    def _law(self, handlers: list[int]) -> str:
        """The law of the work that is done at a service; "" for the usual one, and where several handlers share it."""
        at_work = [self.system.handlers[h].handler.takes for h in handlers if self.rates[h] > 0]
        return at_work[0].distribution if len(at_work) == 1 else ""

    def _fitted(self, wait: Wait) -> Wait:
        """A wait as a closed population leaves it."""
        return wait if self.stretched == 1 else Wait(wait.probability, wait.mean_s * self.stretched, wait.method)

    def _events(self, handlers: list[int]) -> list[tuple[int, float]]:
        """(handler, messages per second) of those that events bring."""
        return [(h, self.rates[h]) for h in handlers if self.system.handlers[h].event is not None and self.rates[h] > 0]

    def consumers(self, service: int) -> int:
        """Workers of a service that can be at work at once: all of them, or as many as its events have partitions."""
        return self._consumers(self.system.handlers_of[service], int(self.stations[service].workers))

    def _consumers(self, handlers: list[int], limit: int) -> int:
        """Messages that can be worked on at once: no more than the fewest partitions of an event."""
        events = [self.system.handlers[h].event for h, _ in self._events(handlers)]
        return min([limit, *(int(event.partitions) for event in events if event is not None and event.partitions is not None)])

    def _calls_of(self, node: HandlerNode, holder: int) -> Moments:
        """All calls of one invocation, and the acknowledgement of what it publishes in the path of the request."""
        total = self._groups(node.calls, holder)
        if node.misses and node.hit < 1:
            total = total.plus(self._groups(node.misses, holder).chanced(1 - node.hit))
        for publish in node.publishes:
            if publish.mode == "in-path":
                total = total.plus(self.acknowledgement(publish.broker).repeated(publish.count).chanced(publish.chance))
        return total

    def acknowledgement(self, broker: int) -> Moments:
        """Time until a broker has confirmed a message: a round trip and its own work, without a queue."""
        if broker < 0:
            return ZERO
        service = self.system.services[broker]
        return work_of(service.takes).plus(Moments(float(service.round_trip), 0.0))

    def _groups(self, edges: tuple[CallEdge, ...], holder: int) -> Moments:
        """Groups in sequence; the calls of a group at the same time."""
        total, group, parallel = ZERO, -1, ZERO
        for edge in edges:
            one = self.call(edge, holder)
            if edge.group != group:
                total, parallel, group = total.plus(parallel), one, edge.group
            else:
                parallel = later_of(parallel, one)
        return total.plus(parallel)

    def holder(self, handler: int, before: int = NOBODY) -> int:
        """Whose worker is held while a handler's calls are made: that of the pool from which its request came through, or its own."""
        return before if self.goes_through(before, handler) else self.system.handlers[handler].service

    def goes_through(self, pool: int, handler: int) -> bool:
        """Whether requests of a small pool go through a handler's service, and call others from there, as if it was the pool's."""
        return self.system.handlers[handler].service in self._passed.get(pool, ())

    def call(self, edge: CallEdge, holder: int) -> Moments:
        """One call edge, its chance and count included: round trip and response, no longer than the timeout.

        holder: service whose worker is held meanwhile (``holder``).
        """
        if self.slow and (unanswered := self.slow.get(self.system.handlers[edge.target].service, 0.0)) > 0:
            return self._unanswered(edge, unanswered)
        response = self.response[edge.target]
        if self._seen and not math.isinf(response.mean):
            response = self._found_by(holder, edge.target)
        one = Moments(response.mean + self.system.ways[edge.target], response.variance)
        timeout = edge.call.timeout
        if timeout is not None and one.mean > timeout:
            one = Moments(float(timeout), 0.0)
        if edge.on_miss:
            one = one.plus(self._groups(edge.on_miss, holder).chanced(1 - (edge.hit or 0.0)))
        whole = one.repeated(edge.count)
        if edge.count > 1 and (alike := self.alike(edge)):
            wait = self.wait_before(edge.target, holder)
            together = 0.0 if wait is None else edge.count * (edge.count - 1) * alike * wait_variance(wait)
            whole = Moments(whole.mean, whole.variance + together)
        return whole.chanced(edge.chance)

    def alike(self, edge: CallEdge) -> float:
        """Correlation of the waits that the calls of one edge find, on average over each two of them."""
        service = self.system.handlers[edge.target].service
        station, definition = self.stations[service], self.system.services[service]
        wait = station.request_wait
        if edge.count <= 1 or service not in self.repeats or wait is None or not wait.mean_s:
            return 0.0
        cv2 = station.held.variance / station.held.mean**2 if station.held.mean**2 else 0.0
        row = Row(1.0, edge.count, self.system.ways[edge.target])
        return row.alike(lasts(wait, station.held.mean, cv2), cv2) * same_queue(definition.queue, station.replicas)

    def wait_of_its_own(self, target: int, holder: int) -> float:
        """Seconds that a caller finds to wait beyond (or short of) what those find who are no small pools of workers."""
        if not self._seen:
            return 0.0
        plain, found = self.wait_before(target), self.wait_before(target, holder)
        return found.mean_s - plain.mean_s if plain is not None and found is not None else 0.0

    def _found_by(self, holder: int, target: int) -> Moments:
        """Time from arrival to reply as one caller finds it."""
        response = self._through(holder, target) if self.goes_through(holder, target) else self.response[target]
        plain, found = self.wait_before(target), self.wait_before(target, holder)
        if plain is None or found is None or plain is found:
            return response
        variance = response.variance - wait_variance(plain) + wait_variance(found)
        return Moments(response.mean - plain.mean_s + found.mean_s, max(0.0, variance))

    def _through(self, holder: int, handler: int) -> Moments:
        """A handler's response with its calls as a small pool finds them whose requests go through it."""
        if (holder, handler) not in self._held_for:
            usual, response = self.calls[handler], self.response[handler]
            calls = self._calls_of(self.system.handlers[handler], holder)
            variance = max(0.0, response.variance - usual.variance + calls.variance)
            self._held_for[holder, handler] = Moments(response.mean - usual.mean + calls.mean, variance)
        return self._held_for[holder, handler]

    def _unanswered(self, edge: CallEdge, share: float) -> Moments:
        """A call to something dead or overfilled: each try takes its timeout, unless a circuit breaker has stopped asking.

        Without a timeout, what is dead is taken to refuse at once, and what is overfilled keeps its caller waiting for ever.
        """
        call = edge.call
        if (call.circuit_breaker and share >= 0.5) or (call.timeout is None and share >= 1):
            one = ZERO
        elif call.timeout is None:
            return Moments(math.inf, math.inf)
        else:
            tries = attempts(edge, share)
            one = Moments(tries * float(call.timeout) + (tries - 1) * float(call.backoff or 0.0), 0.0)
        if edge.on_miss:
            one = one.plus(self._groups(edge.on_miss, self.system.handlers[edge.caller].service))
        return one.repeated(edge.count).chanced(edge.chance)


def _rounded(cv2: float) -> float:
    """Variability to three digits, so that what depends on it alone is worked out once while a load is varied."""
    return float(f"{cv2:.3g}")


def _never_full(busy: float, workers: int) -> bool:
    """Whether all workers are busy so rarely (below one time in ten million) that no wait has to be worked out.

    With ``busy`` of them at work on average the number is about Poisson, and P(N >= c) <= exp(c - a - c ln(c / a)) (Chernoff).
    """
    if busy <= 0:
        return True
    return busy < workers and workers - busy - workers * math.log(workers / busy) < -16


_NONE: Final = Wait(0.0, 0.0, "none")
_IDLE: Final = Station(0.0, 1, math.inf, 0.0, 0.0, 0.0, ZERO, 1.0, _NONE, _NONE, None)


def cold_share(rate: float, busy: float, keeps_warm_s: float) -> float:
    """Share of a function's requests that start a new replica in steady traffic.

    Replicas are tried in a fixed order, so the j-th gets what the first j - 1 cannot take: a stream of rate times B(j-1), with
    Erlang's B at load ``busy``. Taken as Poisson, it leaves the j-th idle for longer than ``keeps_warm_s`` with chance
    exp(-rate B(j-1) keeps_warm). An approximation: overflow streams come in bunches, which makes cold starts a little more frequent.
    """
    if rate <= 0:
        return 1.0
    total, overflow, number = 0.0, 1.0, 0
    while overflow > 1e-12 and number < 10_000_000:
        number += 1
        following = busy * overflow / (number + busy * overflow)
        total += (overflow - following) * math.exp(-rate * overflow * keeps_warm_s)
        overflow = following
    return min(1.0, total)
