"""Saturated services: they get more than they can do. No latency can be given; how fast the queue grows and what it hits first can."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from sysdesign_cli.analyses.situations import Setting, needed_effects
from sysdesign_cli.analyses.sizing import needed_replicas
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.loaded import Loaded, Station
from sysdesign_cli.engine.system import CallEdge
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME, Figure


@dataclass(frozen=True)
class FirstHit:
    """What the growing queue reaches first, where the jam begins.

    kind: timeout, queue_limit, retention or complete_within; where: the part that states it; after: seconds of this load until then.
    """

    kind: str
    where: str
    after: Number


@dataclass(frozen=True)
class Jam:
    """One saturated service.

    utilisation: work that arrives over what its workers can do; inf when they wait for something saturated that nobody gives up on.
    grows: requests or messages per second that its queue gets longer by. waits_for: saturated services that it calls itself: the jam
    is theirs first. needed: replicas for its own target; change: what ``--set`` takes to have them, "" where replicas do not help.
    """

    service: str
    utilisation: Number
    grows: Number
    waits_for: tuple[str, ...]
    first_hit: FirstHit | None
    needed: Number
    change: str


def jam(setting: Setting, load: Loaded, number: int) -> Jam:
    """One saturated service of a loaded system."""
    system = setting.system
    station, service = load.stations[number], system.services[number]
    spare = capacity_of(station, float(service.cores or 0.0))
    figures: tuple[tuple[str, Number | Figure | str], ...] = (
        ("rate", Number(station.rate, RATE, "sum-of-handlers")),
        ("replicas", Number(station.replicas, COUNT, "settled-replicas")),
    )
    if service.concurrency is not None:
        figures += ((f"{service.name}.concurrency", service.concurrency),)
    if service.cores is not None:
        figures += ((f"{service.name}.cores", service.cores),)
    used = Number(station.utilisation, SHARE, "utilisation", figures, APPROXIMATION)
    most = Number(spare, RATE, "station-capacity", method=APPROXIMATION)
    grows = Number(max(0.0, station.rate - spare), RATE, "queue-grows", (figures[0], ("station-capacity", most)), APPROXIMATION)
    needed = needed_replicas(setting, number)
    behind = waits_for(load, number)
    enough = needed.value > (float(service.replicas.max or service.replicas.min))
    return Jam(
        service=service.name,
        utilisation=used,
        grows=grows,
        waits_for=behind,
        first_hit=None if behind else _first_hit(setting, number, spare, grows),
        needed=needed,
        change=f"services.{service.name}.replicas{'.max' if service.replicas.max is not None else ''}={needed.value:.0f}" if enough else "",
    )


def capacity_of(station: Station, cores: float) -> float:
    """Requests per second that a station can do at most; 0 when its workers wait for ever."""
    if not 0 < station.held.mean < math.inf:
        return 0.0
    limit = station.workers / station.held.mean
    if cores and station.computing > 0:
        limit = min(limit, station.replicas * cores * station.rate / station.computing)
    return min(limit, station.rate / station.utilisation) if station.utilisation > 0 else limit


def waits_for(load: Loaded, number: int) -> tuple[str, ...]:
    """Names of the saturated services that a service calls itself."""
    system, saturated = load.system, set(load.saturated)
    called = {system.handlers[edge.target].service for h in system.handlers_of[number] for edge in system.handlers[h].every_call()}
    return tuple(system.services[other].name for other in sorted(called & saturated) if other != number)


def _first_hit(setting: Setting, number: int, spare: float, grows: Number) -> FirstHit | None:
    """The wait grows by queue growth over capacity; whichever limit on waits or on messages comes first."""
    if spare <= 0 or grows.value <= 0:
        return None
    rate = setting.rates_of(number)
    hits = [
        FirstHit(kind, where, _after(limit, float(limit) * spare / grows.value, grows)) for kind, where, limit in _waits(setting, number)
    ]
    for h in setting.system.handlers_of[number]:
        event = setting.system.handlers[h].event
        if event is not None and event.queue_limit is not None and setting.rates[h] > 0:
            seconds = float(event.queue_limit) / (grows.value * setting.rates[h] / rate)
            hits.append(FirstHit("queue_limit", event.name, _after(event.queue_limit, seconds, grows)))
    return min(hits, key=lambda hit: hit.after.value, default=None)


def _after(limit: Figure, seconds: float, grows: Number) -> Number:
    return Number(seconds, TIME, "first-hit", (("limit", limit), ("grows", grows)), APPROXIMATION)


def _waits(setting: Setting, number: int) -> Iterator[tuple[str, str, Figure]]:
    """(kind, where, seconds) of every limit on how long something may wait at a service."""
    system = setting.system
    own = {h for h in system.handlers_of[number] if setting.rates[h] > 0}
    for node in system.handlers:
        if setting.rates[node.index] > 0:
            edges: list[CallEdge] = [edge for edge in node.every_call() if edge.target in own and edge.call.timeout is not None]
            for edge in edges:
                assert edge.call.timeout is not None
                yield "timeout", node.key, edge.call.timeout
    for h in own:
        event = system.handlers[h].event
        if event is not None:
            yield "retention", event.name, event.retention
    for flow in setting.scenario.flows.values():
        limit = flow.objectives.complete_within
        passed = {h for h in own if setting.visits[flow.name][h] > 0}
        if limit is not None and passed & system.leading_to(needed_effects(system, flow)):
            yield "complete_within", flow.name, limit
