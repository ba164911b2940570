"""The way a kill takes: from what is dead, step by step, to a named end of every branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.recovery import Recovery, Wait
from sysdesign_cli.analyses.situations import Outage, needed_effects
from sysdesign_cli.engine.system import CallEdge

TINY: Final = 1e-12

#: How a branch may end.
ENDS: Final = (
    "absorbed",
    "buffered",
    "parked",
    "starved",
    "lost",
    "reaches-user",
    "cycle",
    "not-on-any-path",
    "shown-above",
    "caller-dead",
    "fallback-gone",
    "more",
)
MAX_DEPTH: Final = 100


@dataclass(frozen=True)
class Cause:
    """One step: what is concerned (``subject``), what happens to it (``outcome``), what follows from it.

    outcome: killed, short, fails, buffered, failing-deliveries, parked, outbox, starved, lost, absorbed, reaches-user, cycle,
    not-on-any-path, shown-above. ``detail`` holds texts for the message; ``wait`` the numbers where messages wait.
    """

    subject: str
    outcome: str
    detail: dict[str, str]
    children: tuple[Cause, ...] = ()
    wait: Wait | None = None


def explain_causes(outage: Outage, recovery: Recovery) -> tuple[Cause, ...]:
    """One tree for each service that lost replicas."""
    return _Explainer(outage, recovery).roots()


class _Explainer:
    def __init__(self, outage: Outage, recovery: Recovery) -> None:
        self.outage = outage
        self.system = outage.system
        self.recovery = recovery
        self.shown: set[tuple[str, int]] = set()
        self.callers: dict[int, list[CallEdge]] = {}
        self.stands_in_for: dict[int, list[CallEdge]] = {}
        for node in self.system.handlers:
            for edge in node.every_call():
                self.callers.setdefault(edge.target, []).append(edge)
                if edge.fallback is not None:
                    self.stands_in_for.setdefault(edge.fallback, []).append(edge)
        self.flows_at: dict[int, list[str]] = {}
        for flow in self.system.scenario.flows.values():
            self.flows_at.setdefault(self.system.entry(flow), []).append(flow.name)
        self.used: set[int] = set()
        for entry in self.flows_at:
            self.used |= self.system.reachable(entry)
        self.effect_of: dict[int, list[str]] = {}
        self.needing: dict[int, list[str]] = {}
        for flow in self.system.scenario.flows.values():
            effects = needed_effects(self.system, flow)
            for effect in dict.fromkeys(effects):
                self.effect_of.setdefault(effect, []).append(flow.name)
            for handler in self.system.leading_to(effects) & self.system.reachable(self.system.entry(flow)) if effects else ():
                self.needing.setdefault(handler, []).append(flow.name)

    def roots(self) -> tuple[Cause, ...]:
        casualties = self.outage.casualties
        result = []
        for service in sorted(casualties.dead_replicas):
            name = self.system.services[service].name
            if service not in casualties.down:
                left, dead = casualties.left(self.system, service), casualties.dead_replicas[service]
                detail = {"dead": str(dead), "left": str(left), "of": str(left + dead)}
                result.append(Cause(name, "short", detail))
            else:
                result.append(Cause(name, "killed", {}, tuple(self._after_death(service))))
        return tuple(result)

    def _after_death(self, service: int) -> list[Cause]:
        children: list[Cause] = []
        for handler in self.system.handlers_of[service]:
            if handler in self.used:
                children += self._handler_fails(handler, ())
        if self.system.services[service].kind == "broker":
            children += self._broker_dead(service)
        if not children:
            children.append(Cause(self.system.services[service].name, "not-on-any-path", {}))
        return children

    def _handler_fails(self, handler: int, path: tuple[int, ...]) -> list[Cause]:
        """What follows when this handler fails, or is dead."""
        if handler in path:
            return [Cause(self.system.handlers[handler].key, "cycle", {})]
        node = self.system.handlers[handler]
        if len(path) > MAX_DEPTH:
            return [Cause(node.key, "more", {})]
        path = (*path, handler)
        result: list[Cause] = []
        if node.event is not None and self.outage.setting.publishers.get(node.event.name):
            result.append(self._subscription(handler, path))
        for flow in self.flows_at.get(handler, ()):
            result.append(Cause(flow, "reaches-user", {"state": "failed"}))
        for edge in self.callers.get(handler, ()):
            result += self._caller(edge, path)
        for edge in self.stands_in_for.get(handler, ()):
            if edge.caller in self.used and self.outage.answers[edge.target].failed <= TINY:
                subject = f"{self.system.handlers[edge.caller].key} → {node.key}"
                result.append(Cause(subject, "fallback-gone", {}))
        if node.event is None:
            result += self._no_longer_published(handler, path, "failed")
        return result

    def _caller(self, edge: CallEdge, path: tuple[int, ...]) -> list[Cause]:
        caller = self.system.handlers[edge.caller]
        if edge.caller not in self.used:
            return []
        subject = f"{caller.key} → {self.system.handlers[edge.target].key}"
        if caller.service in self.outage.casualties.down:
            return [Cause(subject, "caller-dead", {})]
        how = self._absorbed(edge)
        if how:
            by = self.system.handlers[edge.fallback].key if edge.fallback is not None and how == "fallback" else edge.call.optional.en
            return [Cause(subject, "absorbed", {"how": how, "by": by}, self._skipped(edge, how))]
        if self.outage.answers[edge.caller].failed <= TINY:
            return []  # another way through the same caller holds
        key = ("fails", edge.caller)
        if key in self.shown:
            return [Cause(subject, "shown-above", {})]
        self.shown.add(key)
        share = self.outage.answers[edge.caller].failed
        detail = {"share": "" if share >= 1 - TINY else f"{share:.6g}"}
        children = self._handler_fails(edge.caller, path)
        return [Cause(subject, "fails", detail, tuple(children or [Cause(caller.key, "not-on-any-path", {})]))]

    def _absorbed(self, edge: CallEdge) -> str:
        """How the caller gets by without the callee, or ""."""
        if self.outage.kill.pessimistic:
            return ""
        answers = self.outage.answers
        if edge.on_miss and all(answers[miss.target].failed <= TINY or miss.optional for miss in edge.on_miss):
            return "cache-bypass"
        if edge.fallback is not None:
            return "fallback" if answers[edge.fallback].failed <= TINY else ""
        return "optional" if edge.optional else ""

    def _skipped(self, edge: CallEdge, how: str) -> tuple[Cause, ...]:
        """Flows whose effect the caller goes without: content, and never completed."""
        if how == "cache-bypass":
            return ()
        instead = self.needing.get(edge.fallback, []) if edge.fallback is not None else []
        flows = [flow for flow in self.needing.get(edge.target, []) if flow not in instead]
        return tuple(Cause(flow, "reaches-user", {"state": "lost"}) for flow in flows)

    def _subscription(self, handler: int, path: tuple[int, ...]) -> Cause:
        node = self.system.handlers[handler]
        assert node.event is not None
        subject = f"{node.event.name} → {self.system.services[node.service].name}"
        wait = self.recovery.at_subscriber.get(handler)
        key = ("subscription", handler)
        if key in self.shown:
            return Cause(subject, "shown-above", {})
        self.shown.add(key)
        if wait is None:
            return self._without_traffic(handler, path)
        all_lost = wait.lost.value >= wait.arrived.value * (1 - TINY) and wait.arrived.value > 0
        state = "lost" if all_lost else "parked" if wait.parked.value > 0 else "partly-lost" if wait.lost.value > 0 else "delayed"
        follow = (*self._no_longer_published(handler, path, state), *self._own_end(handler, state))
        follow = follow or self._end(handler, state)
        if all_lost:
            return Cause(subject, "lost", {}, follow, wait)
        if wait.parked.value > 0:
            return Cause(subject, "parked", {}, follow, wait)
        return Cause(subject, "buffered" if wait.kind == "down" else "failing-deliveries", {}, follow, wait)

    def _without_traffic(self, handler: int, path: tuple[int, ...]) -> Cause:
        """A subscription at which nothing waits: it starves, or nothing is published at this hour."""
        if self.outage.starves(handler):
            return self._starved(handler, path, "delayed")
        dead = self.system.handlers[handler].service in self.outage.casualties.down
        return Cause(self._delivery(handler), "buffered" if dead else "failing-deliveries", {}, self._end(handler, "delayed"))

    def _no_longer_published(self, handler: int, path: tuple[int, ...], state: str) -> list[Cause]:
        result = []
        for publish in self.system.handlers[handler].publishes:
            for subscriber in self.system.subscribers[publish.event.name]:
                if len(path) > MAX_DEPTH:
                    result.append(Cause(self._delivery(subscriber), "more", {}))
                elif subscriber in path:
                    result.append(Cause(self._delivery(subscriber), "cycle", {}))
                elif self.outage.starves(subscriber):
                    result.append(self._starved(subscriber, (*path, subscriber), state))
        return result

    def _delivery(self, subscriber: int) -> str:
        node = self.system.handlers[subscriber]
        return f"{node.event.name if node.event else ''} → {self.system.services[node.service].name}"

    def _starved(self, handler: int, path: tuple[int, ...], state: str) -> Cause:
        subject = self._delivery(handler)
        key = ("starved", handler)
        if key in self.shown:
            return Cause(subject, "shown-above", {})
        self.shown.add(key)
        follow = (*self._no_longer_published(handler, path, state), *self._own_end(handler, state))
        return Cause(subject, "starved", {}, follow or self._end(handler, state))

    def _own_end(self, handler: int, state: str) -> tuple[Cause, ...]:
        """Flows for which this very handler has to run."""
        return tuple(Cause(flow, "reaches-user", {"state": state}) for flow in self.effect_of.get(handler, []))

    def _end(self, handler: int, state: str) -> tuple[Cause, ...]:
        """The end of an asynchronous branch: the flows that need this handler, or nobody.

        state: what becomes of the work, decided where the branch began: failed (the request was refused), delayed, parked,
        partly-lost or lost.
        """
        flows = self.needing.get(handler, [])
        if not flows:
            return (Cause(self.system.handlers[handler].key, "not-on-any-path", {"needed": "no"}),)
        return tuple(Cause(flow, "reaches-user", {"state": state}) for flow in flows)

    def _broker_dead(self, broker: int) -> list[Cause]:
        result = []
        for node in self.system.handlers:
            for publish in node.publishes:
                if publish.broker == broker and self.outage.arriving[node.index] > 0 and node.service not in self.outage.casualties.down:
                    result.append(self._publisher(node.index, publish.event.name, publish.mode))
        starving = [node.index for node in self.system.handlers if node.event is not None and self.system.broker_of(node.event) == broker]
        for subscriber in starving:
            if self.outage.starves(subscriber):
                cause = self._starved(subscriber, (subscriber,), "delayed")
                if cause.outcome != "shown-above":
                    result.append(cause)
        return result

    def _publisher(self, publisher: int, event: str, mode: str) -> Cause:
        subject = f"{self.system.handlers[publisher].key} → {event}"
        if mode == "in-path":
            children = self._handler_fails(publisher, ())
            return Cause(
                subject, "fails", {"share": ""}, tuple(children or [Cause(self.system.handlers[publisher].key, "not-on-any-path", {})])
            )
        subscribers = self.system.subscribers[event]
        follow: list[Cause] = []
        for subscriber in subscribers:
            if self.outage.starves(subscriber):
                follow.append(self._starved(subscriber, (publisher, subscriber), "delayed"))
        wait = self.recovery.at_publish.get((publisher, event))
        if mode == "best-effort":
            flows = sorted({flow for s in subscribers for flow in self.needing.get(s, [])})
            ends = tuple(Cause(flow, "reaches-user", {"state": "lost"}) for flow in flows)
            return Cause(subject, "lost", {}, ends or (Cause(event, "not-on-any-path", {"needed": "no"}),), wait)
        return Cause(subject, "outbox", {}, tuple(follow), wait)
