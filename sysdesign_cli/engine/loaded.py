"""Stations under load: how many replicas run, how long a request waits at each service, how long a handler takes in all.

Services are solved callees first, so that what a caller holds its workers for is known when its own queue is worked out
(the open form of layered queueing: Rolia and Sevcik, The Method of Layers, IEEE TSE 21(8), 1995). Before that the variability of
every stream is followed from the flows to the last service (Whitt, The Queueing Network Analyzer, BSTJ 62(9), 1983).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sysdesign_cli.engine.disrupted import attempts
from sysdesign_cli.engine.queueing import Wait, departure_cv2, erlang_b, queue_wait, split_cv2, wait
from sysdesign_cli.engine.stations import Stations, settled_replicas
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System
from sysdesign_cli.scenario.model import Service, Takes

#: Rounds for services that call each other in a circle.
ROUNDS: Final = 60


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
        if waits:
            self.arrival_cv2 = _arrival_variability(stations or Stations(system, rates), self._order, self.given)
        else:
            self.arrival_cv2 = [1.0] * len(system.services)
        for group in self._order:
            self._solve(group)

    def station(self, name: str) -> Station:
        return self.stations[self.system.service_index[name]]

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
            self.calls[h] = self._calls_of(node) if node.calls or node.misses or node.publishes else ZERO
        station = self._station(service, definition, handlers)
        self.stations[service] = station
        core = station.core_wait
        core_time = ZERO if core is None else Moments(core.mean_s, _wait_variance(core))
        for h in handlers:
            node = system.handlers[h]
            own = work_of(node.handler.takes).plus(core_time)
            waited = station.event_wait if node.event is not None else station.request_wait
            if station.saturated or waited is None:
                self.response[h] = Moments(math.inf, math.inf) if self.slow is None else own.plus(self.calls[h])
                continue
            start = Moments(waited.mean_s, _wait_variance(waited))
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
        held = _mixed([(rates[h] / rate, self.held[h]) for h in handlers if rates[h] > 0])
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
        replicas = self.given.get(service) or (
            int(definition.replicas.max or definition.replicas.min) if math.isinf(busy) else settled_replicas(definition, busy, computing)
        )
        limit = float(replicas * concurrency)
        core = None
        if definition.cores is not None and definition.cores < concurrency:
            if computing >= replicas * float(definition.cores):
                return Station(
                    rate, replicas, limit, busy, computing, computing / (replicas * float(definition.cores)), held, cv2, None, None, None
                )
            core = self._core_wait(definition, handlers, rate, replicas)
            extra = Moments(core.mean_s, _wait_variance(core))
            held = held.plus(extra)
            for h in handlers:
                self.held[h] = self.held[h].plus(extra)
            busy = rate * held.mean
        used = max(busy / limit, computing / (replicas * float(definition.cores)) if definition.cores is not None else 0.0)
        consumers = self._consumers(handlers, replicas * concurrency)
        if consumers < replicas * concurrency:  # replicas beyond the partitions of an event stand idle
            used = max(used, sum(rate_of * self.held[h].mean for h, rate_of in self._events(handlers)) / consumers)
        if not used < 1:
            return Station(rate, replicas, limit, busy, computing, used, held, cv2, None, None, core)
        service_cv2 = held.variance / held.mean**2 if held.mean else 0.0
        request: Wait | None = _NONE
        event: Wait | None = _NONE
        if self.waits and (self.only is None or service in self.only):
            request, event = self._waits(definition, handlers, rate, held.mean, replicas, concurrency, _rounded(service_cv2), _rounded(cv2))
        return Station(rate, replicas, limit, busy, computing, used, held, cv2, request, event, core)

    def _core_wait(self, definition: Service, handlers: list[int], rate: float, replicas: int) -> Wait:
        """Wait for a core of one replica; no more can wait than there are workers, which the open queue leaves out."""
        work = _mixed([(self.rates[h] / rate, work_of(self.system.handlers[h].handler.takes)) for h in handlers if self.rates[h] > 0])
        cores = int(definition.cores or 1)
        cv2 = work.variance / work.mean**2 if work.mean else 0.0
        return self._fitted(wait(rate / replicas, work.mean, cores, cv2, 1.0))

    def _waits(
        self,
        definition: Service,
        handlers: list[int],
        rate: float,
        mean: float,
        replicas: int,
        concurrency: int,
        service_cv2: float,
        arrival_cv2: float,
    ) -> tuple[Wait | None, Wait | None]:
        """Wait of requests in front of the service's own queues, and of messages, which all consumers of a group take from one."""
        nodes = [self.system.handlers[h] for h in handlers if self.rates[h] > 0]
        request = event = _NONE
        if any(node.event is None for node in nodes) and not _never_full(rate * mean / replicas, concurrency):
            request = queue_wait(definition.queue, rate, mean, replicas, concurrency, service_cv2, arrival_cv2)
        if any(node.event is not None for node in nodes):
            consumers = self._consumers(handlers, replicas * concurrency)
            if consumers < replicas * concurrency:
                rate = sum(rate_of for _, rate_of in self._events(handlers))
                mean = sum(rate_of * self.held[h].mean for h, rate_of in self._events(handlers)) / rate
            if not _never_full(rate * mean, consumers):
                event = wait(rate, mean, consumers, service_cv2, arrival_cv2)
        return self._fitted(request), event

    def _fitted(self, wait: Wait) -> Wait:
        """A wait as a closed population leaves it."""
        return wait if self.stretched == 1 else Wait(wait.probability, wait.mean_s * self.stretched, wait.method)

    def _events(self, handlers: list[int]) -> list[tuple[int, float]]:
        """(handler, messages per second) of those that events bring."""
        return [(h, self.rates[h]) for h in handlers if self.system.handlers[h].event is not None and self.rates[h] > 0]

    def _consumers(self, handlers: list[int], limit: int) -> int:
        """Messages that can be worked on at once: no more than the fewest partitions of an event."""
        events = [self.system.handlers[h].event for h, _ in self._events(handlers)]
        return min([limit, *(int(event.partitions) for event in events if event is not None and event.partitions is not None)])

    def _calls_of(self, node: HandlerNode) -> Moments:
        """All calls of one invocation, and the acknowledgement of what it publishes in the path of the request."""
        total = self._groups(node.calls)
        if node.misses and node.hit < 1:
            total = total.plus(self._groups(node.misses).chanced(1 - node.hit))
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

    def _groups(self, edges: tuple[CallEdge, ...]) -> Moments:
        """Groups in sequence; the calls of a group at the same time."""
        total, group, parallel = ZERO, -1, ZERO
        for edge in edges:
            one = self.call(edge)
            if edge.group != group:
                total, parallel, group = total.plus(parallel), one, edge.group
            else:
                parallel = later_of(parallel, one)
        return total.plus(parallel)

    def call(self, edge: CallEdge) -> Moments:
        """One call edge, its chance and count included: round trip and response, no longer than the timeout."""
        if self.slow and (unanswered := self.slow.get(self.system.handlers[edge.target].service, 0.0)) > 0:
            return self._unanswered(edge, unanswered)
        response = self.response[edge.target]
        one = Moments(response.mean + self.system.ways[edge.target], response.variance)
        timeout = edge.call.timeout
        if timeout is not None and one.mean > timeout:
            one = Moments(float(timeout), 0.0)
        if edge.on_miss:
            one = one.plus(self._groups(edge.on_miss).chanced(1 - (edge.hit or 0.0)))
        return one.repeated(edge.count).chanced(edge.chance)

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
            one = one.plus(self._groups(edge.on_miss))
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


def _wait_variance(wait: Wait) -> float:
    """Variance of a wait that is 0 in a share of cases and exponential otherwise."""
    if wait.probability <= 0:
        return 0.0
    return wait.mean_s**2 * (2 / wait.probability - 1)


def _mixed(parts: list[tuple[float, Moments]]) -> Moments:
    """A time that is each of these in a share of cases; the shares sum to 1."""
    mean = sum(share * one.mean for share, one in parts)
    if math.isinf(mean):
        return Moments(math.inf, math.inf)
    square = sum(share * (one.variance + one.mean**2) for share, one in parts)
    return Moments(mean, max(0.0, square - mean**2))


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


def _arrival_variability(stations: Stations, order: list[list[int]], given: Mapping[int, int]) -> list[float]:
    """Squared coefficient of variation of what arrives at each service: streams split, merged and let through callers first.

    Flows start as Poisson streams. In circles, and for messages that come back to a service, the stream counts as Poisson.
    """
    system, rates = stations.system, stations.rates
    services = range(len(system.services))
    arriving: list[list[tuple[float, float]]] = [[] for _ in services]
    inflow = [0.0] * len(system.services)
    result = [1.0] * len(system.services)
    totals = [sum(rates[h] for h in own) for own in system.handlers_of]
    for group in reversed(order):
        for service in group:
            if totals[service] <= 0:
                continue
            parts = arriving[service]
            outside = max(0.0, totals[service] - inflow[service])
            weighted = sum(part_rate * cv2 for part_rate, cv2 in parts) + outside
            result[service] = weighted / (inflow[service] + outside)
            if not any(system.handlers[h].calls or system.handlers[h].misses for h in system.handlers_of[service]):
                continue
            leaving = _leaving_cv2(stations, service, result[service], given)
            for target, flow in _flows_from(system, service, rates):
                if flow > 0 and target != service:
                    share = min(1.0, flow / totals[service])
                    arriving[target].append((flow, split_cv2(leaving, share)))
                    inflow[target] += flow
    return result


def _leaving_cv2(stations: Stations, service: int, arrival_cv2: float, given: Mapping[int, int]) -> float:
    definition = stations.system.services[service]
    if definition.concurrency is None or definition.kind == "function":
        return arrival_cv2  # nothing queues, so the stream is only delayed; many independent delays make it more Poisson, not less
    replicas = given.get(service) or stations.replicas(service)
    used = min(stations.busy(service) / (replicas * float(definition.concurrency)), 1.0)
    return departure_cv2(arrival_cv2, 1.0, used, int(replicas * definition.concurrency))


def _flows_from(system: System, service: int, rates: list[float]) -> Iterable[tuple[int, float]]:
    """(service called, calls per second) for every edge out of a service."""
    for h in system.handlers_of[service]:
        if rates[h] > 0:
            for mean, edge in system.handlers[h].weighted_calls():
                yield system.handlers[edge.target].service, rates[h] * mean
