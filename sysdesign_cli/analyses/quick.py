"""Figures without their derivation, for those who ask hundreds of times.

Availability of answers is exact and kept, for each flow, as long as the replicas that it depends on stay the same. Percentiles are worked
out on one coarse grid instead of several fine ones, whose end is taken from the last time; what it gets wrong today, a few parts in a
thousand, is divided out. Where that is more (answers of milliseconds beside timeouts of seconds) the full figure has to be asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.metrics.base import Subject, Unavailable
from sysdesign_cli.analyses.situations import awaited_effects
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.scenario.model import Flow, Scenario
from sysdesign_cli.scenario.quantity import SHARE, TIME

if TYPE_CHECKING:
    from sysdesign_cli.engine.distributions import Distribution

#: Metrics that can be had quickly.
SHARES: Final = {"answer_p50": 0.50, "answer_p95": 0.95, "answer_p99": 0.99}
#: Points of the grid.
_SIZE: Final = 1024
#: A coarse figure further off than this today is not used.
_TOLERATED: Final = 0.03


class Availability:
    """Availability of one option's answers under changed workloads. flow: "" for all requests, weighted by their rates."""

    def __init__(self, today: Subject, flow: str) -> None:
        self.today = today
        self.flow = flow
        self._known: dict[tuple[str, tuple[tuple[int, int], ...]], float] = {}
        self._passed: dict[str, list[tuple[int, str]]] = {}

    def of(self, subject: Subject) -> Number | Unavailable:
        """The share of requests that are answered."""
        flows, setting = subject.scenario.flows, subject.setting
        asked = {self.flow: 1.0} if self.flow else {name: setting.share(name) for name in flows if setting.share(name)}
        return Number(1 - math.fsum(share * self._failing(subject, flows[name]) for name, share in asked.items()), SHARE)

    def _failing(self, subject: Subject, flow: Flow) -> float:
        """Unavailability of one flow's answer."""
        from sysdesign_cli.engine.factoring import probability
        from sysdesign_cli.engine.structure import Structures

        supply, passed = subject.availabilities.supply, self._handlers(flow)
        services = sorted({service for service, _ in passed})
        key = (flow.name, tuple((supply[service].replicas, supply[service].needs) for service in services))
        keep = self._is_unchanged(subject.scenario, passed)
        if keep and key in self._known:
            return self._known[key]
        system = subject.system  # what happens after the answer has no part in it
        structure = Structures(system, supply).of(system.entry(flow), awaited_effects(system, flow), (), None)
        failing = probability(structure.tree, structure.tops["answer"])
        if keep:
            self._known[key] = failing
        return failing

    def _handlers(self, flow: Flow) -> list[tuple[int, str]]:
        """(service, handler) that the flow comes to, and the brokers between them with "" for a handler."""
        if flow.name not in self._passed:
            system = self.today.system
            reached = [system.handlers[handler] for handler in system.reachable(system.entry(flow)) | {system.entry(flow)}]
            called = [system.handlers[edge.target] for node in reached for edge in node.every_call()]
            found = {(node.service, node.handler.name) for node in (*reached, *called)}
            self._passed[flow.name] = sorted(found | {(edge.broker, "") for node in reached for edge in node.publishes})
        return self._passed[flow.name]

    def _is_unchanged(self, scenario: Scenario, passed: Sequence[tuple[int, str]]) -> bool:
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
    """Percentiles of one option's answers. today: the option as it is; flow: "" for the answers of all flows together."""

    def __init__(self, today: Subject, flow: str) -> None:
        self.flow = flow
        self._ends: dict[str, float] = {}
        self._corrections: dict[str, float | None] = {}
        self._today = today

    def of(self, metric: str, subject: Subject, known: Number | Unavailable) -> Number | Unavailable | None:
        """A percentile of a changed system; ``known``: today's. None where it has to be worked out in full."""
        if not isinstance(known, Number):
            return None
        if metric not in self._corrections:
            coarse = self._percentile(self._today, SHARES[metric])
            ratio = known.value / coarse.value if isinstance(coarse, Number) and coarse.value > 0 else math.inf
            self._corrections[metric] = ratio if abs(ratio - 1) <= _TOLERATED else None
        correction = self._corrections[metric]
        if correction is None:
            return None
        found = self._percentile(subject, SHARES[metric])
        return Number(found.value * correction, TIME, "percentile", method=APPROXIMATION) if isinstance(found, Number) else found

    def _percentile(self, subject: Subject, share: float) -> Number | Unavailable | None:
        rates = subject.setting.moment.rates
        flows = subject.scenario.flows
        asked = [flows[self.flow]] if self.flow else [flow for flow in flows.values() if rates[flow.name] > 0]
        for flow in asked:
            if jams := subject.latencies.jams(flow):
                return Unavailable("saturated", subject.system.services[jams[0]].name, math.inf)
        times = [self._times(subject, flow) for flow in asked]
        if any(one is None for one in times):
            return None
        weighed = [(1.0 if self.flow else rates[flow.name], one) for flow, one in zip(asked, times, strict=True) if one is not None]
        weighed = [(weight, one) for weight, one in weighed if one.mass > 1e-9]
        if not weighed:
            return Unavailable("no-answers", self.flow, math.inf)
        return Number(_mixed(weighed, share), TIME)

    def _times(self, subject: Subject, flow: Flow) -> Distribution | None:
        """The time to the answer on a grid that ends well past its p99.9; None where none is found."""
        from sysdesign_cli.engine.distributions import BeyondGrid, Grid

        latencies, awaited = subject.latencies, set(awaited_effects(subject.system, flow))
        end_s = self._ends.get(flow.name) or self._first_end(flow)
        for _ in range(8):
            found = latencies.on_grid(flow, Grid(end_s / _SIZE, _SIZE), awaited, True)
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
