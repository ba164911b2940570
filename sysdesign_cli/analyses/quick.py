"""Figures without their derivation, for those who ask hundreds of times.

Availability of answers is exact and kept, for each flow, as long as the replicas that it depends on stay the same. Percentiles are worked
out on one coarse grid instead of several fine ones, whose end is taken from the last time; what it gets wrong today, a few parts in a
thousand, is divided out. Where that is more (answers of milliseconds beside timeouts of seconds) the full figure has to be asked for.
What is known of a flow holds for all options in which it passes the same (``alike``).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.alike import Alike, Passed
from sysdesign_cli.analyses.metrics.base import Subject, Unavailable
from sysdesign_cli.analyses.situations import awaited_effects
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.scenario.model import Flow, Scenario
from sysdesign_cli.scenario.quantity import SHARE, TIME

if TYPE_CHECKING:
    from sysdesign_cli.engine.distributions import Distribution
    from sysdesign_cli.engine.queueing import Wait
    from sysdesign_cli.engine.shapes import Shapes

#: Metrics that can be had quickly.
SHARES: Final = {"answer_p50": 0.50, "answer_p95": 0.95, "answer_p99": 0.99}
#: Points of the grid.
_SIZE: Final = 1024
#: A coarse figure further off than this today is not used.
_TOLERATED: Final = 0.03
#: Nothing but the load was changed.
_LOAD: Final = "load"


class Availability:
    """Availability of one option's answers in other situations. today: the option as it is; flow: "" for all requests together.

    kept, shapes: what is known of any option, for all of them.
    """

    def __init__(self, option: str, today: Subject, flow: str, alike: Alike, kept: dict[Hashable, float], shapes: Shapes) -> None:
        self.option = option
        self.today = today
        self.flow = flow
        self._alike = alike
        self._kept = kept
        self._shapes = shapes

    def of(self, subject: Subject, change: Hashable = None) -> Number | Unavailable:
        """The share of requests that are answered. change: names what was done to all options alike; None: none can say what."""
        flows, setting = subject.scenario.flows, subject.setting
        asked = {self.flow: 1.0} if self.flow else {name: setting.share(name) for name in flows if setting.share(name)}
        return Number(1 - math.fsum(share * self._failing(subject, flows[name], change) for name, share in asked.items()), SHARE)

    def _failing(self, subject: Subject, flow: Flow, change: Hashable) -> float:
        """Unavailability of one flow's answer."""
        from sysdesign_cli.engine.structure import Structures

        supply, passed = subject.availabilities.supply, self._alike.passed(self.option, flow.name)
        change = _LOAD if self._is_unchanged(subject.scenario, passed) else change
        services = list(dict.fromkeys(number for number, _ in passed))
        key = (self._alike.first(self.option, flow.name), flow.name, change)
        exact = (key, tuple((supply[service].replicas, supply[service].needs) for service in services))
        if change is not None and exact in self._kept:
            return self._kept[exact]
        system = subject.system  # what happens after the answer has no part in it
        awaited = awaited_effects(system, flow)
        shape = None if change is None else key
        failing = self._shapes.failing(shape, Structures(system, supply), system.entry(flow), awaited, services)
        if change is not None:
            self._kept[exact] = failing
        return failing

    def _is_unchanged(self, scenario: Scenario, passed: Passed) -> bool:
        """Whether what the flow comes to is the same as today (not just equal), but for the load."""
        today, definitions = self.today.scenario, self.today.system.services
        if any(getattr(today, part) is not getattr(scenario, part) for part in ("events", "flows", "zone_failures", "zones")):
            return False
        if scenario.services is today.services:
            return True
        for number, handler in passed:
            old, new = definitions[number], scenario.services[definitions[number].name]
            if any(value is not getattr(new, name) for name, value in vars(old).items() if name != "handles"):
                return False
            if handler and new.handles.get(handler) is not old.handles[handler]:
                return False
        return True


def only_workloads_differ(one: Scenario, other: Scenario) -> bool:
    """Whether everything but the workloads and day shapes of two scenarios is the same, not just equal."""
    return all(getattr(one, part) is getattr(other, part) for part in ("services", "events", "flows", "zone_failures", "zones"))


class Percentiles:
    """Percentiles of one option's answers. today: the option as it is; flow: "" for the answers of all flows together.

    kept: distributions that are known of any option, for all of them.
    """

    def __init__(self, option: str, today: Subject, flow: str, alike: Alike, kept: dict[Hashable, Distribution]) -> None:
        self.option = option
        self.flow = flow
        self._ends: dict[str, float] = {}
        self._corrections: dict[str, float | None] = {}
        self._today = today
        self._alike = alike
        self._kept = kept

    def of(self, metric: str, subject: Subject, known: Number | Unavailable, change: Hashable = None) -> Number | Unavailable | None:
        """A percentile of a changed system; ``known``: today's. None where it has to be worked out in full.

        change: names what was done to all options alike; None: none can say what.
        """
        if metric not in self._corrections:
            self.compare(metric, self._today, known, _LOAD)
        correction = self._corrections.get(metric)
        if correction is None:
            return None
        change = _LOAD if only_workloads_differ(self._today.scenario, subject.scenario) else change
        found = self._percentile(subject, SHARES[metric], change)
        return Number(found.value * correction, TIME, "percentile", method=APPROXIMATION) if isinstance(found, Number) else found

    def compare(self, metric: str, subject: Subject, known: Number | Unavailable, change: Hashable) -> None:
        """Hold the coarse figure against a full one, once; where there is no figure today, against the first that is asked for."""
        if metric in self._corrections or not isinstance(known, Number):
            return
        change = _LOAD if only_workloads_differ(self._today.scenario, subject.scenario) else change
        coarse = self._percentile(subject, SHARES[metric], change)
        ratio = known.value / coarse.value if isinstance(coarse, Number) and coarse.value > 0 else math.inf
        self._corrections[metric] = ratio if abs(ratio - 1) <= _TOLERATED else None

    def is_endless(self, subject: Subject) -> bool:
        """Whether a service on the way is saturated, so that no percentile has a bound. Raises ScenarioError where nothing is known."""
        return any(subject.latencies.jams(flow) for flow in self._asked(subject))

    def _asked(self, subject: Subject) -> list[Flow]:
        flows, rates = subject.scenario.flows, subject.setting.moment.rates
        return [flows[self.flow]] if self.flow else [flow for flow in flows.values() if rates[flow.name] > 0]

    def _percentile(self, subject: Subject, share: float, change: Hashable) -> Number | Unavailable | None:
        rates, asked = subject.setting.moment.rates, self._asked(subject)
        for flow in asked:
            if jams := subject.latencies.jams(flow):
                return Unavailable("saturated", subject.system.services[jams[0]].name, math.inf)
        times = [self._times(subject, flow, change) for flow in asked]
        if any(one is None for one in times):
            return None
        weighed = [(1.0 if self.flow else rates[flow.name], one) for flow, one in zip(asked, times, strict=True) if one is not None]
        weighed = [(weight, one) for weight, one in weighed if one.mass > 1e-9]
        if not weighed:
            return Unavailable("no-answers", self.flow, math.inf)
        return Number(_mixed(weighed, share), TIME)

    def _times(self, subject: Subject, flow: Flow, change: Hashable) -> Distribution | None:
        """The time to the answer on a grid that ends well past its p99.9; None where none is found."""
        from sysdesign_cli.engine.distributions import BeyondGrid

        end_s = self._ends.get(flow.name) or self._first_end(flow)
        for _ in range(8):
            found = self._on_grid(subject, flow, change, end_s)
            if found.mass <= 1e-9 or found.mean == 0:
                return found
            try:
                wanted_s = 2 * found.percentile(0.999)
            except BeyondGrid:
                wanted_s = 4 * end_s
            if 0.35 * end_s <= wanted_s <= 1.8 * end_s:
                self._ends[flow.name] = end_s
                return found
            end_s = wanted_s
        return None

    def work_out(self, subject: Subject, change: Hashable = _LOAD) -> None:
        """The full distributions that a percentile is made of, as far as they are known of another option, and keep the others."""
        latencies = subject.latencies
        asked = self._asked(subject)
        if any(latencies.jams(flow) for flow in asked):
            return
        for flow in asked:
            key = self._key(subject, flow, change, ("full", latencies.guess(flow)))
            if key in self._kept:
                latencies.take_answer(flow, self._kept[key])
            elif key is not None:
                self._kept[key] = latencies.answer(flow)

    def _on_grid(self, subject: Subject, flow: Flow, change: Hashable, end_s: float) -> Distribution:
        """The time to the answer on a grid with this end."""
        from sysdesign_cli.engine.distributions import Grid

        key = self._key(subject, flow, change, ("coarse", end_s))
        if key in self._kept:
            return self._kept[key]
        found = subject.latencies.on_grid(flow, Grid(end_s / _SIZE, _SIZE), set(awaited_effects(subject.system, flow)), True)
        if key is not None:
            self._kept[key] = found
        return found

    def _key(self, subject: Subject, flow: Flow, change: Hashable, how: Hashable) -> Hashable:
        """What a distribution depends on: of the load on the waits alone; None where users wait for answers, or more was changed."""
        from sysdesign_cli.engine.responses import NEVER

        def counted(wait: Wait | None) -> Wait | None:
            return None if wait is None or wait.probability <= NEVER or wait.mean_s <= 0 else wait

        load, passed = subject.latencies.load, self._alike.passed(self.option, flow.name)
        if change is None or load.thinking is not None:
            return None
        stations = [load.stations[service] for service in dict.fromkeys(number for number, _ in passed)]
        waits = tuple((counted(one.request_wait), counted(one.event_wait), counted(one.core_wait), one.cold_share) for one in stations)
        return (self._alike.first(self.option, flow.name), flow.name, change, how, waits)

    def _first_end(self, flow: Flow) -> float:
        if flow.name in self._today.scenario.flows and not self._today.latencies.jams(flow):
            times = self._today.latencies.answer(flow)
            if times.mass > 1e-9 and (end := 2 * times.percentile(0.999)) > 0:
                return end
        return 1.0


def _mixed(weighed: Sequence[tuple[float, Distribution]], share: float) -> float:
    """A percentile of the answers of several flows together."""
    if len(weighed) == 1:
        return weighed[0][1].percentile(share)
    whole = math.fsum(weight * one.mass for weight, one in weighed)
    low, high = 0.0, max(one.percentile(share) for _, one in weighed)
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        done = math.fsum(weight * one.cdf(middle) for weight, one in weighed) / whole
        low, high = (middle, high) if done < share else (low, middle)
    return high
