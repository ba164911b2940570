"""An outage in time: what waits, what is lost, what is parked, and when everything is as before.

Fluid and first in, first out: the message that arrives first waits for the whole outage (or as long as it is kept), each
later one less; everything is on time again when the backlog has drained. What waited comes back to the handlers that work on
it and on what follows from it; each service works it off with the workers that ordinary traffic leaves free. Queueing and the
pace of what comes before are left out, so drains are lower bounds (``approximation``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from sysdesign_cli.analyses.deadlines import latest
from sysdesign_cli.analyses.situations import Outage, needed_effects
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.fluid import time_to_drain
from sysdesign_cli.engine.stations import workers
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.engine.workload import combined
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import COUNT, RATE, TIME, Figure

TINY = 1e-12


@dataclass(frozen=True)
class Wait:
    """A place where messages wait: a subscription whose handler cannot work, or an outbox whose broker is away.

    kind: ``down`` (subscriber dead), ``failing`` (alive, something it needs is dead), ``outbox``, or ``best-effort`` (nothing
    waits: what is published is lost). oldest_s: how long the message that waits longest has waited when all is repaired.
    """

    kind: str
    event: str
    handler: str
    arrived: Number
    waiting: Number
    lost: Number
    parked: Number
    drain: Number
    oldest_s: Number


class Recovery:
    """Waits of an outage, and what they mean for services and flows."""

    def __init__(self, outage: Outage) -> None:
        self.outage = outage
        self.at_subscriber: dict[int, Wait] = {}
        self.at_publish: dict[tuple[int, str], Wait] = {}
        """(publisher, event) -> wait, for events whose broker is dead"""
        self.returning: list[float] = []
        """messages that each handler has to work off after the repair"""
        self._drains: dict[int, Number] = {}

    @property
    def waits(self) -> tuple[Wait, ...]:
        return (*self.at_subscriber.values(), *self.at_publish.values())

    def drain_of(self, service: int) -> Number:
        """Time until a service has worked off what comes back to it, beside its ordinary traffic."""
        if service not in self._drains:
            self._drains[service] = self._drain(service)
        return self._drains[service]

    def _waiting_at(self, waits: list[Wait]) -> set[int]:
        """Services that have to work off what waits."""
        system, found = self.outage.system, set()
        for wait in waits:
            if wait.kind in ("down", "failing"):
                found.add(system.handlers[system.index[wait.handler]].service)
            else:
                found |= {system.handlers[h].service for h in system.subscribers[wait.event]}
        return found

    def longest_wait(self, service: int) -> Number:
        """Longest wait of a message behind what comes back to a service after the repair, first in first out."""
        setting, system = self.outage.setting, self.outage.system
        limit = workers(system.services[service])
        handlers = [h for h in system.handlers_of[service] if self.returning[h] > TINY]
        if not handlers or math.isinf(limit) or limit <= 0:
            return Number(0.0, TIME, "no-backlog")
        held = setting.stations.held
        work = sum(self.returning[h] * held[h] for h in handlers)
        busy = combined([(setting.profile_of(h), held[h]) for h in system.handlers_of[service] if setting.rates[h] > 0])
        seconds = latest(busy, limit, setting.moment.second + self.outage.duration.value, work)
        return Number(seconds, TIME, "behind-backlog", (("service", system.services[service].name),), APPROXIMATION)

    def _drain(self, service: int) -> Number:
        setting, system = self.outage.setting, self.outage.system
        held = setting.stations.held
        handlers = [h for h in system.handlers_of[service] if self.returning[h] > TINY]
        limit = workers(system.services[service])
        if not handlers or math.isinf(limit):
            return Number(0.0, TIME, "no-backlog" if not handlers else "no-limit")
        work = sum(self.returning[h] * held[h] for h in handlers)
        busy = combined([(setting.profile_of(h), held[h]) for h in system.handlers_of[service] if setting.rates[h] > 0])
        end = setting.moment.second + self.outage.duration.value
        seconds = time_to_drain(work, busy, end, limit)
        return Number(seconds, TIME, "drain", self._drain_inputs(service, handlers, work, busy.at(end), limit), APPROXIMATION)

    def _drain_inputs(
        self, service: int, handlers: list[int], work: float, busy: float, limit: float
    ) -> tuple[tuple[str, Number | Figure | str], ...]:
        system, definition = self.outage.system, self.outage.system.services[service]
        parts = tuple((system.handlers[h].key, self._work_of(h)) for h in handlers)
        replicas = definition.replicas.max or definition.replicas.min
        workers_inputs: tuple[tuple[str, Number | Figure | str], ...] = ((f"{definition.name}.replicas", replicas),)
        if definition.concurrency is not None:
            workers_inputs += ((f"{definition.name}.concurrency", definition.concurrency),)
        return (
            ("service", definition.name),
            ("work", Number(work, TIME, "work", parts)),
            ("workers", Number(limit, COUNT, "workers", workers_inputs)),
            ("busy", Number(busy, COUNT, "busy-then")),
        )

    def _work_of(self, handler: int) -> Number:
        held = self.outage.setting.stations.held[handler]
        node = self.outage.system.handlers[handler]
        own = float(node.handler.takes.mean)
        inputs: tuple[tuple[str, Number | Figure | str], ...] = (("takes", node.handler.takes.mean),)
        if held > own:
            inputs += (("calls", Number(held - own, TIME, "calls-waited")),)
        messages = Number(self.returning[handler], COUNT, "returning")
        return Number(
            self.returning[handler] * held,
            TIME,
            "work-of",
            (("messages", messages), ("holding", Number(held, TIME, "holding-time", inputs))),
        )

    def _relevant(self, flow: Flow) -> set[int]:
        """Handlers that run for the flow's completion: those that lead to its effects, and what they call."""
        system = self.outage.system
        effects = needed_effects(system, flow)
        if not effects:
            return set()
        return system.reachable(system.entry(flow)) & system.leading_to(effects)

    def waits_of(self, flow: Flow) -> list[tuple[Wait, float]]:
        """Waits that concern the flow's completion, each with the share of its messages that come from this flow."""
        relevant, system = self._relevant(flow), self.outage.system
        found = [(wait, handler) for handler, wait in self.at_subscriber.items() if handler in relevant]
        for (publisher, event), wait in self.at_publish.items():
            if publisher in relevant and any(subscriber in relevant for subscriber in system.subscribers[event]):
                found.append((wait, publisher))
        return [(wait, share) for wait, handler in found if (share := self._flow_share(flow, handler)) > 0]

    def _flow_share(self, flow: Flow, handler: int) -> float:
        setting = self.outage.setting
        rate = setting.moment.rates[flow.name] * setting.visits[flow.name][handler]
        return rate / setting.rates[handler] if setting.rates[handler] > 0 else 0.0

    def lateness(self, flow: Flow, late: bool) -> tuple[Number | None, Number | None]:
        """(how late the completion is at worst, when all is normal again counted from the start of the outage)."""
        waits = [wait for wait, _ in self.waits_of(flow) if wait.waiting.value > 0]
        if not late or not waits:
            return None, None
        oldest = max(waits, key=lambda wait: wait.oldest_s.value).oldest_s
        again = self._until_next_try(waits)
        behind = max((self.longest_wait(s) for s in sorted(self._waiting_at(waits))), key=lambda number: number.value, default=oldest)
        if behind.value > oldest.value:  # more comes than can be worked off, so who comes later waits even longer
            oldest = behind
        late_by = Number(
            oldest.value + again.value, TIME, "late-by", (("oldest", oldest), *((("redelivery", again),) if again.value else ()))
        )
        services = {self.outage.system.handlers[h].service for h in self._touched(flow)}
        slowest = max((self.drain_of(s) for s in sorted(services)), key=lambda number: number.value)
        inputs = (("outage", self.outage.duration), *((("redelivery", again),) if again.value else ()), ("drain", slowest))
        return late_by, Number(self.outage.duration.value + again.value + slowest.value, TIME, "normal-after", inputs, APPROXIMATION)

    def _until_next_try(self, waits: list[Wait]) -> Number:
        """Where a living subscriber failed, the broker tries again only after its delay."""
        events = self.outage.system.scenario.events
        delays = [events[wait.event].redelivery_delay for wait in waits if wait.kind == "failing"]
        if not delays:
            return Number(0.0, TIME, "none")
        return Number(float(max(delays)), TIME, "redelivery", (("redelivery_delay", max(delays)),))

    def _touched(self, flow: Flow) -> set[int]:
        """Handlers of a flow's completion and everything they call."""
        handlers = self._relevant(flow)
        stack = list(handlers)
        while stack:
            for edge in self.outage.system.handlers[stack.pop()].every_call():
                if edge.target not in handlers:
                    handlers.add(edge.target)
                    stack.append(edge.target)
        return handlers

    def lost_of(self, flow: Flow) -> Number:
        return _sum("lost-messages", [(wait.lost, share) for wait, share in self.waits_of(flow)])

    def parked_of(self, flow: Flow) -> Number:
        return _sum("parked-messages", [(wait.parked, share) for wait, share in self.waits_of(flow)])


def _sum(formula: str, parts: list[tuple[Number, float]]) -> Number:
    """A flow's part of the messages at several places."""
    inputs = tuple(
        (f"#{i}", Number(number.value * share, COUNT, "flow-part", (("all", number),))) for i, (number, share) in enumerate(parts, 1)
    )
    return Number(sum(number.value * share for number, share in parts), COUNT, formula, inputs)


def recover(outage: Outage) -> Recovery:
    """Find every place where messages wait or get lost, and how long each service works on what comes back."""
    recovery = Recovery(outage)
    system, places = outage.system, _Places(outage)
    subscribed = {n.index: found for n in system.handlers if (found := places.at_subscriber(n.index)) is not None}
    published = {key: found for n in system.handlers for key, found in places.at_publishes(n.index).items()}
    starts = {handler: counts.waiting.value for handler, (_, counts) in subscribed.items()}
    for (_, event), (_, counts) in published.items():
        for subscriber in system.subscribers[event]:
            starts[subscriber] = starts.get(subscriber, 0.0) + counts.waiting.value
    recovery.returning = solve(system, starts)
    for handler, (kind, counts) in subscribed.items():
        subscribed_to = system.handlers[handler].event
        name = subscribed_to.name if subscribed_to is not None else ""
        recovery.at_subscriber[handler] = _wait(recovery, kind, name, handler, counts, [handler])
    for (publisher, name), (kind, counts) in published.items():
        recovery.at_publish[(publisher, name)] = _wait(recovery, kind, name, publisher, counts, system.subscribers[name])
    return recovery


def _wait(recovery: Recovery, kind: str, event: str, handler: int, counts: _Counts, workers_at: list[int]) -> Wait:
    system = recovery.outage.system
    slowest = Number(0.0, TIME, "no-backlog")
    if counts.waiting.value > 0 and workers_at:
        slowest = max((recovery.drain_of(system.handlers[h].service) for h in workers_at), key=lambda number: number.value)
    key = system.handlers[handler].key
    return Wait(kind, event, key, counts.arrived, counts.waiting, counts.lost, counts.parked, slowest, counts.oldest_s)


@dataclass(frozen=True)
class _Counts:
    arrived: Number
    waiting: Number
    lost: Number
    parked: Number
    oldest_s: Number


class _Places:
    """Where messages wait during an outage, and how many."""

    def __init__(self, outage: Outage) -> None:
        self.outage = outage
        self.system = outage.system
        self.setting = outage.setting

    @cached_property
    def _none(self) -> Number:
        return Number(0.0, COUNT, "none")

    def at_subscriber(self, handler: int) -> tuple[str, _Counts] | None:
        """(kind, counts) of messages for a subscriber that is dead or fails, or None."""
        node = self.system.handlers[handler]
        if node.event is None or self._delivered(handler) <= 0:
            return None
        if node.service in self.outage.casualties.down:
            return "down", self._kept(handler)
        if self.outage.answers[handler].failed > TINY:
            return "failing", self._tried(handler, self.outage.answers[handler].failed)
        return None

    def at_publishes(self, handler: int) -> dict[tuple[int, str], tuple[str, _Counts]]:
        """(publisher, event) -> (mode, counts) of events whose broker is dead."""
        node = self.system.handlers[handler]
        dead = self.outage.casualties.down
        succeeds = 1 - self.outage.answers[handler].failed
        if self.outage.arriving[handler] <= 0 or node.service in dead or succeeds <= 0:
            return {}
        found: dict[tuple[int, str], tuple[str, _Counts]] = {}
        for edge in node.publishes:
            if edge.broker in dead and edge.mode != "in-path" and edge.mean > 0:
                swallowed = edge.mode == "best-effort"
                found[(handler, edge.event.name)] = (edge.mode, self._published(handler, edge.mean * succeeds, swallowed))
        return found

    def _delivered(self, handler: int) -> float:
        """Messages per second that publishers still send to a subscriber; direct calls of the same handler do not count."""
        event = self.system.handlers[handler].event
        total = 0.0
        for publisher, edge in self.setting.publishers.get(event.name if event else "", ()):
            if (
                edge.broker not in self.outage.casualties.down
                and self.system.handlers[publisher].service not in self.outage.casualties.down
            ):
                total += self.outage.arriving[publisher] * edge.mean * (1 - self.outage.answers[publisher].failed)
        return total

    def _arrived(self, handler: int, reaching_rate: float, last_s: float | None = None) -> Number:
        """Messages of the outage (or of its last so many seconds): the integral of the rate over that part of the day.

        reaching_rate: messages per second at the beginning; they follow the day as the handler's ordinary work does.
        """
        duration = self.outage.duration.value
        length = duration if last_s is None else min(last_s, duration)
        normal = self.setting.rates[handler]
        reaching = reaching_rate / normal if normal else 0.0
        start = self.setting.moment.second + duration - length
        total = self.setting.profile_of(handler).total(start, length) * reaching
        mean = Number(total / length if length else 0.0, RATE, "mean-over-outage")
        span = self.outage.duration if last_s is None else Number(length, TIME, "last-part")
        return Number(total, COUNT, "arrived", (("mean_rate", mean), ("outage", span)))

    def _kept(self, handler: int) -> _Counts:
        """A dead subscriber: the broker keeps what is not older than the retention, as far as the queue takes it."""
        event = self.system.handlers[handler].event
        assert event is not None
        rate = self._delivered(handler)
        arrived = self._arrived(handler, rate)
        keeps = event.durable and event.delivery != "at-most-once"
        kept_s = float(event.retention) if keeps else 0.0
        waiting = self._arrived(handler, rate, kept_s).value if keeps else 0.0
        if event.queue_limit is not None:
            waiting = min(waiting, float(event.queue_limit))
        reason: tuple[tuple[str, Figure | Number], ...] = ((f"{event.name}.retention", event.retention), ("outage", self.outage.duration))
        lost = Number(arrived.value - waiting, COUNT, "lost-down", (("arrived", arrived), *reason))
        oldest = Number(min(self.outage.duration.value, kept_s), TIME, "oldest-kept", reason)
        return _Counts(arrived, Number(waiting, COUNT, "waiting", (("arrived", arrived), ("lost", lost))), lost, self._none, oldest)

    def _tried(self, handler: int, share: float) -> _Counts:
        """A living subscriber that fails: tried so often and so long apart, then given up (parked, or lost)."""
        event = self.system.handlers[handler].event
        assert event is not None
        rate = self._delivered(handler) * share
        arrived = self._arrived(handler, rate)
        patience = 0.0 if event.delivery == "at-most-once" else (float(event.deliveries) - 1) * float(event.redelivery_delay)
        waiting = self._arrived(handler, rate, patience).value
        given_up = max(0.0, arrived.value - waiting)
        parks = event.dead_letters and event.delivery != "at-most-once"
        reason = (
            (f"{event.name}.deliveries", event.deliveries),
            (f"{event.name}.redelivery_delay", event.redelivery_delay),
            ("outage", self.outage.duration),
        )
        lost = self._none if parks else Number(given_up, COUNT, "lost-failing", (("arrived", arrived), *reason))
        parked = Number(given_up, COUNT, "parked", (("arrived", arrived), *reason)) if parks else self._none
        oldest = Number(min(self.outage.duration.value, patience), TIME, "oldest-tried", reason)
        return _Counts(
            arrived, Number(waiting, COUNT, "waiting", (("arrived", arrived), ("lost", lost), ("parked", parked))), lost, parked, oldest
        )

    def _published(self, handler: int, share: float, swallowed: bool) -> _Counts:
        """An outbox keeps what its broker cannot take; a best-effort publisher drops it."""
        arrived = self._arrived(handler, self.outage.arriving[handler] * share)
        if swallowed:
            return _Counts(
                arrived,
                self._none,
                Number(arrived.value, COUNT, "lost-best-effort", (("arrived", arrived),)),
                self._none,
                Number(0.0, TIME, "none"),
            )
        oldest = Number(self.outage.duration.value, TIME, "oldest-outbox", (("outage", self.outage.duration),))
        return _Counts(arrived, Number(arrived.value, COUNT, "waiting", (("arrived", arrived),)), self._none, self._none, oldest)


def never(number: Number) -> bool:
    return math.isinf(number.value)
