"""Services that only have a deadline: events bring all their work and nobody waits, so a queue may level a rush.

The queue is taken as a fluid over the day: what arrives beyond the workers waits, and is worked off when less arrives.
"""

from __future__ import annotations

import math

from sysdesign_cli.analyses.situations import Setting, needed_effects
from sysdesign_cli.engine.workload import DAY_S, Profile, combined
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import Figure


def deadline_of(setting: Setting, number: int) -> Figure | None:
    """The tightest deadline of the flows whose effects pass the service, when nobody waits for it at once; else None.

    A function has no queue of its own to level a rush, so it has none either.
    """
    system = setting.system
    own = [h for h in system.handlers_of[number] if setting.rates[h] > 0]
    if not own or system.services[number].kind == "function" or any(system.handlers[h].event is None for h in own):
        return None
    tightest: Figure | None = None
    for flow in setting.scenario.flows.values():
        mine = [h for h in own if setting.visits[flow.name][h] > 0] if setting.moment.rates[flow.name] > 0 else []
        if not mine:
            continue
        if _awaited(setting, flow, mine):
            return None
        limit = flow.objectives.complete_within
        effects = needed_effects(system, flow)
        needed = system.leading_to(effects) if effects else set()
        if limit is not None and any(h in needed for h in mine) and (tightest is None or limit < tightest):
            tightest = limit
    return tightest


def _awaited(setting: Setting, flow: Flow, handlers: list[int]) -> bool:
    """Whether the flow's user waits for an answer that comes by way of one of the handlers."""
    if not flow.answered:
        return False
    way = setting.system.leading_to([setting.system.handler_number(flow.answered)])
    return any(h in way for h in handlers)


def load_over_day(setting: Setting, number: int) -> Profile:
    """Busy workers that a service's work asks for, over the day (s of work per s)."""
    held = setting.stations.held
    return combined([(setting.profile_of(h), held[h]) for h in setting.system.handlers_of[number] if setting.rates[h] > 0])


def latest(load: Profile, workers: float, start: float = 0.0, waiting: float = 0.0) -> float:
    """Longest wait (s) over two days with so many workers: the backlog of work over the workers. Grows with the days when it never drains.

    start: second of the day it begins at; waiting: work (s) that waits already then.

    The load is straight between the points of its day, so between a crossing of load and workers and the next the backlog only grows
    or only shrinks, and its largest value is found exactly.
    """
    longest = waiting / workers
    for begin, first, end, last in load.segments(start, 2 * DAY_S):
        over, under = first - workers, last - workers
        pieces = [(over, under, end - begin)]
        if over * under < 0:
            crossing = (end - begin) * over / (over - under)
            pieces = [(over, 0.0, crossing), (0.0, under, end - begin - crossing)]
        for one, other, span in pieces:
            waiting = max(0.0, waiting + (one + other) / 2 * span)
            longest = max(longest, waiting / workers)
    return longest


def latest_at(setting: Setting, number: int, scale: float = 1.0) -> float:
    """Longest wait (s) at a service with all the replicas it may have, under ``scale`` times the workload; inf when it never drains."""
    service = setting.system.services[number]
    if service.concurrency is None:
        return 0.0
    load = load_over_day(setting, number)
    workers = float(service.replicas.max or service.replicas.min) * float(service.concurrency) / scale
    if load.mean >= workers:
        return math.inf
    return latest(load, workers) if load.peak > workers else 0.0
