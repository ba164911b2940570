"""Workloads as functions of the time of day: straight lines between points, the same every day."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from sysdesign_cli.scenario.model import Scenario, Start, Workload

DAY_S = 86400.0


@dataclass(frozen=True)
class Profile:
    """Rate of one flow over the day: points (second of the day, rate per second), ascending, straight lines between, cyclic."""

    points: tuple[tuple[float, float], ...]

    def at(self, second: float) -> float:
        """Rate per second at a time of day."""
        second %= DAY_S
        before, after = self._around(second)
        (t0, r0), (t1, r1) = before, after
        return r0 if t1 == t0 else r0 + (r1 - r0) * (second - t0) / (t1 - t0)

    def _around(self, second: float) -> tuple[tuple[float, float], tuple[float, float]]:
        points = self.points
        place = bisect_right(points, (second, math.inf))
        before = points[place - 1] if place else (points[-1][0] - DAY_S, points[-1][1])
        return before, points[place] if place < len(points) else (points[0][0] + DAY_S, points[0][1])

    @property
    def peak(self) -> float:
        return max(rate for _, rate in self.points)

    @property
    def mean(self) -> float:
        return day_total(self) / DAY_S

    def total(self, start: float, length: float) -> float:
        """Arrivals from second ``start`` for ``length`` seconds: the exact integral."""
        return sum((r0 + r1) / 2 * (t1 - t0) for t0, r0, t1, r1 in self.segments(start, length))

    def segments(self, start: float, length: float) -> list[tuple[float, float, float, float]]:
        """Straight pieces (from, rate, to, rate) that cover ``length`` seconds from ``start``; times count on past midnight."""
        end = start + length
        pieces = []
        now, rate = start, self.at(start)
        while now < end - 1e-9:
            day = now // DAY_S * DAY_S
            _, after = self._around(now - day)
            stop = min(end, day + after[0])
            if stop <= now:
                stop = min(end, now + 1.0)
            later = self.at(stop)
            pieces.append((now, rate, stop, later))
            now, rate = stop, later
        return pieces


@lru_cache(1024)  # hundreds of variations of a system have the same few days
def day_total(one: Profile) -> float:
    """Arrivals of a whole day, from midnight on."""
    return one.total(0.0, DAY_S)


@lru_cache(256)
def sampled(parts: tuple[Profile, ...]) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """The seconds of the day at which any of the profiles changes its slope, and the rates of each at those."""
    times = tuple(sorted({second for one in parts for second, _ in one.points}) or [0.0])
    return times, tuple(tuple([one.at(second) for second in times]) for one in parts)


def combined(parts: list[tuple[Profile, float]]) -> Profile:
    """The weighted sum of profiles."""
    times = sorted({second for part, weight in parts if weight for second, _ in part.points})
    return Profile(tuple((second, sum(part.at(second) * weight for part, weight in parts)) for second in times or [0.0]))


def profile(scenario: Scenario, workload: Workload, flow: str) -> Profile:
    """The profile of a flow in a workload; a flow that the workload does not start has rate 0."""
    start = workload.starts.get(flow)
    if start is None:
        return Profile(((0.0, 0.0),))
    peak = peak_rate(start)
    if start.at is not None and start.lasts is not None:
        return _spike(start, peak)
    shape = start.shape or workload.shape
    if shape is None:
        return Profile(((0.0, peak),))
    points = sorted((_seconds(at), float(share) * peak) for at, share in scenario.shapes[str(shape)].items())
    return Profile(tuple(points))


def peak_rate(start: Start) -> float:
    """Highest rate per second. A closed population starts at most users / think time."""
    if start.peak is not None:
        return float(start.peak)
    if start.users is not None and start.think:
        return float(start.users) / float(start.think)
    return 0.0


@lru_cache(4096)
def _seconds(clock: str) -> float:
    """Second of the day; 24:00 is the last instant of the day, so that a day may end elsewhere than it begins."""
    hours, minutes = clock.split(":")
    return min(int(hours) * 3600.0 + int(minutes) * 60.0, DAY_S - 1e-3)


def _spike(start: Start, peak: float) -> Profile:
    base = float(start.base) if start.base is not None else 0.0
    ramp = float(start.ramp) if start.ramp else 1.0
    begin, length = float(start.at or 0), float(start.lasts or 0.0)
    if length + 2 * ramp >= DAY_S:
        return Profile(((0.0, peak),))  # the spike fills the day
    points = [
        ((begin - ramp) % DAY_S, base),
        (begin % DAY_S, peak),
        ((begin + length) % DAY_S, peak),
        ((begin + length + ramp) % DAY_S, base),
    ]
    return Profile(tuple(sorted(dict(points).items())))


@dataclass(frozen=True)
class Moment:
    """A workload at one time of day: arrivals per second of every flow."""

    workload: Workload
    second: float
    rates: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.rates.values())

    @property
    def clock(self) -> str:
        minutes = int(self.second // 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"


def busiest(scenario: Scenario, workload: Workload) -> Moment:
    """The moment of the day at which most requests arrive (earliest, when several tie)."""
    profiles = {flow: profile(scenario, workload, flow) for flow in scenario.flows}
    times = sorted({second for p in profiles.values() for second, _ in p.points})
    best = max(times or [0.0], key=lambda second: (sum(p.at(second) for p in profiles.values()), -second))
    return Moment(workload, best, {flow: p.at(best) for flow, p in profiles.items()})


def at_time(scenario: Scenario, workload: Workload, second: float) -> Moment:
    return Moment(workload, second, {flow: profile(scenario, workload, flow).at(second) for flow in scenario.flows})
