"""What is dead, for how long, and what that means for messages that wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sysdesign_cli.engine.stations import replica_count, replica_zones
from sysdesign_cli.engine.system import System

#: Messages that arrive between two times, in seconds after the outage began.
Arrivals = Callable[[float, float], float]


@dataclass(frozen=True)
class Casualties:
    """Replicas that are dead, by service; ``down`` are the services left without enough of them."""

    dead_replicas: dict[int, int]
    down: frozenset[int]

    def left(self, system: System, service: int) -> int:
        return replica_count(system, system.services[service]) - self.dead_replicas.get(service, 0)


def casualties(system: System, kills: tuple[str, ...], zones: tuple[str, ...]) -> Casualties:
    """Dead replicas for kills (``service`` or ``service/number``) and lost zones. Names must exist."""
    dead: dict[int, set[int]] = {}
    whole: dict[int, int] = {}
    for kill in kills:
        name, _, number = kill.partition("/")
        service = system.service_index[name]
        if number:
            dead.setdefault(service, set()).add(int(number) - 1)
        else:
            whole[service] = replica_count(system, system.services[service])
    for service, definition in enumerate(system.services) if zones else ():
        hit = {i for i, zone in enumerate(replica_zones(system, definition)) if zone and zone in zones}
        if hit:
            dead.setdefault(service, set()).update(hit)
    counts = {service: len(numbers) for service, numbers in dead.items()} | whole
    down = frozenset(service for service, count in counts.items() if _is_down(system, service, count))
    return Casualties(counts, down)


def _is_down(system: System, service: int, dead: int) -> bool:
    definition = system.services[service]
    left = replica_count(system, definition) - dead
    needs = 1 if definition.kind == "function" else int(definition.needs)
    return left < needs


def lost_while_down(system: System, subscriber: int, seconds: float, arrivals: Arrivals) -> float:
    """Share of the messages of an outage that a broker loses for a subscriber that is down so long.

    0 while the outage is shorter than the retention and the queue is not full; without durability everything is lost.
    ``arrivals(a, b)``: messages that arrive from a to b seconds after the outage began.
    """
    event = system.handlers[subscriber].event
    if event is None or seconds <= 0:
        return 0.0
    if not event.durable or event.delivery == "at-most-once":
        return 1.0
    too_old = seconds - float(event.retention)
    if too_old <= 0 and event.queue_limit is None:
        return 0.0
    total = arrivals(0.0, seconds)
    if total <= 0:
        return max(0.0, too_old / seconds)
    kept = total - (arrivals(0.0, too_old) if too_old > 0 else 0.0)
    if event.queue_limit is not None:
        kept = min(kept, float(event.queue_limit))
    return max(0.0, 1 - kept / total)


def given_up_while_failing(system: System, subscriber: int, seconds: float, arrivals: Arrivals) -> float:
    """Share of the messages of an outage whose deliveries are used up, for a subscriber that is up and fails each.

    A message is tried ``deliveries`` times, ``redelivery_delay`` apart, so those that arrive in the last
    (deliveries - 1) x delay seconds of the outage are still being tried when it ends.
    """
    event = system.handlers[subscriber].event
    if event is None or seconds <= 0:
        return 0.0
    if event.delivery == "at-most-once":
        return 1.0
    given_up_s = seconds - (float(event.deliveries) - 1) * float(event.redelivery_delay)
    if given_up_s <= 0:
        return 0.0
    total = arrivals(0.0, seconds)
    return arrivals(0.0, given_up_s) / total if total > 0 else given_up_s / seconds


def lost_while_failing(system: System, subscriber: int, seconds: float, arrivals: Arrivals) -> float:
    """As ``given_up_while_failing``, unless a dead-letter queue keeps what is given up."""
    event = system.handlers[subscriber].event
    if event is not None and event.dead_letters and event.delivery != "at-most-once":
        return 0.0
    return given_up_while_failing(system, subscriber, seconds, arrivals)
