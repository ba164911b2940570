"""An outage in time: what waits, what is lost, what is parked, and when everything is as before.

Fluid and first in, first out: the message that arrives first waits for the whole outage, and each later one less, so nothing
is later than the outage itself; everything is on time again when the backlog has drained. Capacity counts workers and the
time each is held, without queueing, so drains are lower bounds (``approximation``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sysdesign_cli.analyses.situations import Outage, needed_effects
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.fluid import drain
from sysdesign_cli.engine.situation import given_up_while_failing
from sysdesign_cli.engine.stations import workers
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME

TINY = 1e-12


@dataclass(frozen=True)
class Wait:
    """A place where messages wait: a subscription whose handler cannot work, or an outbox whose broker is away.

    kind: ``down`` (subscriber dead), ``failing`` (alive, something it needs is dead) or ``outbox``.
    """

    kind: str
    event: str
    handler: str
    arrived: Number
    waiting: Number
    lost: Number
    parked: Number
    drain: Number


class Recovery:
    """Waits of an outage, and what they mean for a flow."""

    def __init__(self, outage: Outage) -> None:
        self.outage = outage
        self.waits: tuple[Wait, ...] = ()
        self.at: dict[int, Wait] = {}
        """subscriber (or, for an outbox, publisher) -> wait"""
        self._drains: dict[int, Number] = {}

    def drain_at(self, handler: int) -> Number:
        """Time until this handler has worked off what did not reach it, after everything is repaired."""
        if handler not in self._drains:
            self._drains[handler] = self._drain(handler)
        return self._drains[handler]

    def _drain(self, handler: int) -> Number:
        outage = self.outage
        setting = outage.setting
        normal = setting.rates[handler]
        missed = self._missed(handler)
        if normal <= 0 or missed <= TINY:
            return Number(0.0, TIME, "no-backlog")
        capacity = setting.stations.highest_rate(handler)
        lost = outage.shares.lost_while_down(handler, 1.0) if outage.system.handlers[handler].service in outage.casualties.down else 0.0
        fluid = drain(setting.profile_of(handler), setting.moment.second, outage.duration.value, capacity, 1 - missed * (1 - lost))
        service = outage.system.service_of(handler)
        hold = Number(setting.stations.held[handler], TIME, "holding-time", (("takes", service.handles[outage.system.handlers[handler].handler.name].takes.mean),))
        capacity_number = Number(
            capacity, RATE, "capacity", (("workers", Number(workers(service), COUNT, "workers", ((f"{service.name}.replicas", service.replicas.max or service.replicas.min), *((("concurrency", service.concurrency),) if service.concurrency is not None else ())))), ("holding", hold)), APPROXIMATION,
        )  # fmt: skip
        backlog = Number(fluid.backlog, COUNT, "backlog", (("rate", Number(normal, RATE, "traffic")), ("outage", outage.duration), ("missed", Number(missed, SHARE, "missed"))))
        return Number(fluid.drain_s, TIME, "drain", (("backlog", backlog), ("capacity", capacity_number), ("rate", Number(normal, RATE, "traffic"))), APPROXIMATION)

    def _missed(self, handler: int) -> float:
        """Share of a handler's ordinary work that is not done during the outage."""
        outage = self.outage
        if outage.system.handlers[handler].service in outage.casualties.down:
            return 1.0
        normal = outage.setting.rates[handler]
        done = min(1.0, outage.arriving[handler] / normal) * (1 - outage.answers[handler].failed) if normal else 1.0
        return max(0.0, 1 - done)

    def _relevant(self, flow: Flow) -> set[int]:
        """Handlers that run for the flow's completion: those that lead to its effects, and what they call."""
        system = self.outage.system
        effects = needed_effects(system, flow)
        if not effects:
            return set()
        return system.reachable(system.entry(flow)) & system.leading_to(effects)

    def waits_of(self, flow: Flow) -> list[Wait]:
        relevant = self._relevant(flow)
        return [wait for handler, wait in self.at.items() if handler in relevant]

    def lateness(self, flow: Flow, late: bool) -> tuple[Number | None, Number | None]:
        """(how late the completion is at worst, when all is normal again counted from the start of the outage)."""
        waits = self.waits_of(flow)
        if not late or not waits:
            return None, None
        outage = self.outage
        system = outage.system
        again = max((float(system.scenario.events[wait.event].redelivery_delay) for wait in waits if wait.kind == "failing"), default=0.0)
        inputs: tuple[tuple[str, Number], ...] = (("outage", outage.duration),)
        if again:
            inputs += (("redelivery", Number(again, TIME, "redelivery")),)
        late_by = Number(outage.duration.value + again, TIME, "late-by", inputs)
        handlers = self._relevant(flow)
        for handler in list(handlers):
            handlers |= {edge.target for edge in system.handlers[handler].every_call()}
        slowest = max((self.drain_at(h) for h in sorted(handlers)), key=lambda number: number.value)
        normal_after = Number(outage.duration.value + slowest.value, TIME, "normal-after", (("outage", outage.duration), ("drain", slowest)), APPROXIMATION)
        return late_by, normal_after

    def lost_of(self, flow: Flow) -> Number:
        return _sum("lost-messages", [wait.lost for wait in self.waits_of(flow)])

    def parked_of(self, flow: Flow) -> Number:
        return _sum("parked-messages", [wait.parked for wait in self.waits_of(flow)])


def _sum(formula: str, numbers: list[Number]) -> Number:
    return Number(sum(number.value for number in numbers), COUNT, formula, tuple((f"#{i}", number) for i, number in enumerate(numbers, 1)))


def recover(outage: Outage) -> Recovery:
    """Find every place where messages wait or get lost."""
    recovery = Recovery(outage)
    system = outage.system
    for node in system.handlers:
        arriving = outage.arriving[node.index]
        if arriving <= 0:
            continue
        if node.event is not None:
            if node.service in outage.casualties.down:
                recovery.at[node.index] = _wait_at_subscriber(recovery, node.index, "down", 1.0)
            elif outage.answers[node.index].failed > TINY:
                recovery.at[node.index] = _wait_at_subscriber(recovery, node.index, "failing", outage.answers[node.index].failed)
        if node.service in outage.casualties.down:
            continue
        for edge in node.publishes:
            if edge.broker in outage.casualties.down and edge.mode != "in-path" and outage.answers[node.index].failed < 1:
                recovery.at.setdefault(node.index, _wait_in_outbox(recovery, node.index, edge.event.name, edge.mode, edge.mean))
    recovery.waits = tuple(recovery.at.values())
    return recovery


def _arrived(recovery: Recovery, handler: int, scale: float) -> Number:
    """Messages of the outage: the integral of the rate, over the part of the day it falls in."""
    outage = recovery.outage
    setting = outage.setting
    normal = setting.rates[handler]
    reaching = outage.arriving[handler] / normal if normal else 0.0
    total = setting.profile_of(handler).total(setting.moment.second, outage.duration.value) * reaching * scale
    mean = total / outage.duration.value if outage.duration.value else 0.0
    return Number(total, COUNT, "arrived", (("mean_rate", Number(mean, RATE, "mean-over-outage")), ("outage", outage.duration)))


def _wait_at_subscriber(recovery: Recovery, handler: int, kind: str, share: float) -> Wait:
    outage = recovery.outage
    node = outage.system.handlers[handler]
    assert node.event is not None
    event = node.event
    arrived = _arrived(recovery, handler, share)
    if kind == "down":
        lost_share, parked_share = outage.shares.lost_while_down(handler, 1.0), 0.0
        reason = ((f"{event.name}.retention", event.retention), ("outage", outage.duration))
    else:
        lost_share = outage.shares.lost_while_failing(handler, 1.0)
        parked_share = given_up_while_failing(outage.system, handler, outage.duration.value) - lost_share
        reason = ((f"{event.name}.deliveries", event.deliveries), (f"{event.name}.redelivery_delay", event.redelivery_delay))  # type: ignore[assignment]
    lost = Number(arrived.value * lost_share, COUNT, f"lost-{kind}", (("arrived", arrived), *reason))
    parked = Number(arrived.value * max(0.0, parked_share), COUNT, "parked", (("arrived", arrived), *reason))
    waiting = Number(arrived.value - lost.value - parked.value, COUNT, "waiting", (("arrived", arrived), ("lost", lost), ("parked", parked)))
    return Wait(kind, event.name, node.key, arrived, waiting, lost, parked, recovery.drain_at(handler))


def _wait_in_outbox(recovery: Recovery, handler: int, event: str, mode: str, mean: float) -> Wait:
    """An outbox keeps what its broker cannot take; a best-effort publisher drops it."""
    outage = recovery.outage
    arrived = _arrived(recovery, handler, mean * (1 - outage.answers[handler].failed))
    nothing = Number(0.0, COUNT, "none")
    lost = Number(arrived.value, COUNT, "lost-best-effort", (("arrived", arrived),)) if mode == "best-effort" else nothing
    waiting = nothing if mode == "best-effort" else Number(arrived.value, COUNT, "waiting", (("arrived", arrived),))
    drains = [recovery.drain_at(s) for s in outage.system.subscribers[event]] or [Number(0.0, TIME, "no-backlog")]
    slowest = max(drains, key=lambda number: number.value)
    return Wait("outbox" if mode == "outbox" else "best-effort", event, outage.system.handlers[handler].key, arrived, waiting, lost, nothing, slowest)


def never(number: Number) -> bool:
    return math.isinf(number.value)
