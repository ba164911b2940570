"""Backlog in time, as a fluid: what arrives during an outage, and how long the queue takes to empty afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sysdesign_cli.engine.workload import DAY_S, Profile


@dataclass(frozen=True)
class Drain:
    """arrived: messages of the outage. backlog: those that wait at its end. drain_s: until none waits (inf: never)."""

    arrived: float
    backlog: float
    drain_s: float


def drain(profile: Profile, start: float, outage_s: float, capacity: float, lost_share: float = 0.0, scale: float = 1.0) -> Drain:
    """Fluid backlog of one queue whose server is away for ``outage_s`` seconds from second ``start`` of the day.

    profile: flow starts per second; scale: messages for each; capacity: messages per second after repair. With a constant
    rate r the drain is backlog / (capacity - r), and infinite when capacity <= r.
    """
    arrived = profile.total(start, outage_s) * scale
    backlog = arrived * (1 - lost_share)
    if backlog <= 0:
        return Drain(arrived, 0.0, 0.0)
    if math.isinf(capacity):
        return Drain(arrived, backlog, 0.0)
    return Drain(arrived, backlog, time_to_drain(backlog, profile, start + outage_s, capacity, scale))


def time_to_drain(backlog: float, profile: Profile, start: float, capacity: float, scale: float = 1.0) -> float:
    """Seconds until ``backlog`` is worked off beside what arrives from second ``start`` on; inf when it never is.

    With a rate that changes over the day the straight pieces of the profile are followed exactly, for at most 30 days.
    """
    if profile.peak == min(rate for _, rate in profile.points):
        spare = capacity - profile.peak * scale
        return backlog / spare if spare > 0 else math.inf
    waiting = backlog
    now = start
    for _ in range(30):
        for begin, r0, end, r1 in profile.segments(now, DAY_S):
            span, first, last = end - begin, capacity - r0 * scale, capacity - r1 * scale
            left = waiting - (first + last) / 2 * span
            # with capacity to spare at first and none at last, the queue may run empty on the way, where it is shortest
            empties = first > 0 > last and first * first * span >= 2 * (first - last) * waiting
            if empties or left <= 1e-9 * backlog:
                return begin + _time_to_empty(waiting, first, last, span) - start
            waiting = left
        now += DAY_S
        if waiting >= backlog and profile.mean * scale >= capacity:
            break
    return math.inf


def _time_to_empty(waiting: float, first: float, last: float, span: float) -> float:
    """Smallest t in [0, span] with waiting = first t + (last - first) t^2 / (2 span)."""
    bend = (last - first) / (2 * span) if span else 0.0
    if abs(bend) * span <= 1e-12 * max(abs(first), abs(last)):
        return min(span, waiting / first)
    root = math.sqrt(max(0.0, first * first + 4 * bend * waiting))
    # the stable form of the quadratic's smaller positive root
    return min(span, 2 * waiting / (first + root))
