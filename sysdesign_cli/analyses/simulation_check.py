"""Theory against simulation: the same steady load worked out and simulated, figure by figure, and which approximation parts them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from sysdesign_cli.analyses.contributions import contributions, expected_error
from sysdesign_cli.analyses.intervals import far, student
from sysdesign_cli.analyses.latency import FlowLatency, Latencies, Summary
from sysdesign_cli.analyses.simulation_plan import Prepared, Question, prepare
from sysdesign_cli.analyses.simulation_result import FlowSimulated, ServiceSimulated, Simulation, Times, half_width
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.engine.explained import APPROXIMATION, EXACT, Number
from sysdesign_cli.engine.loaded import Station
from sysdesign_cli.engine.simulation.histogram import RELATIVE_ERROR
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario, Start
from sysdesign_cli.scenario.quantity import RATE, SHARE, TIME, figure

#: Chance that at least one of all figures is said to part though all are right.
FALSE_ALARM: Final = 0.01
#: A wait below this (s) is none, and a share below this too.
_NOTHING: Final = 2e-6
#: A difference below this share of the figure is of no use to anybody.
_ALIKE: Final = 0.005


@dataclass(frozen=True)
class Compared:
    """One figure worked out and measured.

    z: their difference in standard errors, None where nothing varied. verdict: ``agrees`` (inside the 95 % interval, or alike to
    half a percent), ``expected`` (further apart, but no more than the approximation is known to be off), ``chance`` (of so many
    figures some are), ``parts``. blame: for what parts, the key of a message ``blame.<key>``, and the service it is about.
    """

    part: str
    metric: str
    theory: Number
    simulated: Number
    z: float | None
    difference: float
    """Relative to what was worked out."""
    verdict: str
    blame: str = ""
    about: str = ""


@dataclass(frozen=True)
class SimulationCheck:
    """All figures, and the simulation that they were measured in. saturated: services that no steady theory covers."""

    simulation: Simulation
    rows: tuple[Compared, ...]
    saturated: tuple[str, ...]

    @property
    def apart(self) -> tuple[Compared, ...]:
        return tuple(row for row in self.rows if row.verdict == "parts")

    @property
    def good(self) -> bool:
        return not self.apart and not self.saturated and self.simulation.good


def prepare_check(system: System, question: Question) -> Prepared:
    """The simulation to check by: the load of the busiest moment, held, with the replicas that the theory takes. Raises ScenarioError.

    The rush before that moment is left out on both sides: what is compared is a steady state.
    """
    busiest = Setting(system, question.workload)
    level = system.under(_levelled(system.scenario, busiest, question.scale))
    prepared = prepare(level, replace(question, steady=True, faults=(), start_s=busiest.moment.second, scale=1.0))
    load = Latencies(prepared.setting).load
    replicas = {number: load.station(service.name).replicas for number, service in enumerate(system.services)}
    return replace(prepared, plan=replace(prepared.plan, replicas=prepared.plan.replicas | replicas))


def _levelled(scenario: Scenario, setting: Setting, scale: float) -> Scenario:
    """The scenario with the rates of one moment all day long, times ``scale``. Users who wait for their answers stay."""
    starts = {}
    for name, start in setting.workload.starts.items():
        starts[name] = (
            start
            if start.users is not None
            else Start(name=start.name, node=start.node, peak=figure(setting.moment.rates[name] * scale, RATE))
        )
    levelled = replace(setting.workload, starts=starts, shape=None)
    return replace(scenario, workloads=scenario.workloads | {setting.workload.name: levelled})


def simulation_check(system: System, prepared: Prepared, simulation: Simulation) -> SimulationCheck:
    """The figures of a prepared check held against what it gave."""
    latencies = Latencies(prepared.setting)
    load = latencies.load
    pieces = simulation.batches or simulation.replications
    checker = _Checker(system, latencies, pieces, simulation.until_s)
    rows: list[Compared] = []
    for one in simulation.services:
        rows += checker.service(one, load.station(one.service))
    for flow in simulation.flows:
        rows += checker.flow(flow)
    saturated = tuple(system.services[number].name for number in load.saturated)
    return SimulationCheck(simulation, _judged(rows, pieces), saturated)


def _judged(rows: list[Compared], pieces: int) -> tuple[Compared, ...]:
    """Of so many figures some are far out by chance: only what chance hardly explains is said to part."""
    if pieces < 2:
        return tuple(rows)
    limit = far(FALSE_ALARM / max(1, len(rows)), pieces - 1)
    return tuple(
        replace(row, verdict="chance", blame="", about="") if row.verdict == "parts" and row.z is not None and abs(row.z) <= limit else row
        for row in rows
    )


class _Checker:
    def __init__(self, system: System, latencies: Latencies, pieces: int, length_s: float) -> None:
        self.system = system
        self.latencies = latencies
        self.pieces = pieces
        self._length = length_s
        self.waits: dict[str, tuple[float, str]] = {}
        """service -> difference of its wait (s), and how it was worked out; of those that part"""

    def compare(self, part: str, metric: str, theory: Number, simulated: Number, allowed: float = 0.0) -> Compared:
        half = half_width(simulated)
        z = None
        if half is not None and self.pieces > 1 and half > 0:
            z = (simulated.value - theory.value) / (half / student(self.pieces - 1))
        apart = simulated.value - theory.value
        difference = apart / theory.value if theory.value else (0.0 if abs(apart) <= _NOTHING else math.inf)
        if abs(difference) <= max(_ALIKE, RELATIVE_ERROR) or (z is not None and abs(z) <= student(self.pieces - 1)):
            verdict = "agrees"
        elif abs(difference) <= allowed:
            verdict = "expected"
        else:
            verdict = "parts"  # unless chance explains it, see _judged
        return Compared(part, metric, theory, simulated, z, difference, verdict)

    def service(self, one: ServiceSimulated, station: Station) -> list[Compared]:
        rows = [self.compare(one.service, "rate", Number(station.rate, RATE, "traffic"), one.served)]
        if station.saturated or math.isinf(station.workers):
            return rows
        rows.append(
            self.compare(one.service, "utilisation", Number(station.utilisation, SHARE, "utilisation", method=EXACT), one.utilisation)
        )
        wait, method, error = self._wait(one.service, station)
        if wait is not None and max(wait, one.wait.value) > _NOTHING:
            theory = Number(wait, TIME, "wait", method=EXACT if error == 0 else APPROXIMATION)
            row = self.compare(one.service, "wait", theory, one.wait, error)
            if row.verdict == "parts":
                self.waits[one.service] = (abs(one.wait.value - wait), method)
                row = replace(row, blame=method, about=one.service)
            rows.append(row)
        for metric, share, count in (("cold", station.cold_share, one.cold), ("refused", station.throttled_share, one.refused)):
            if share > 1e-4 and one.served.value > 0:
                measured = Number(count.value / (one.served.value * self._length), SHARE, "simulated-share", method=one.cold.method)
                rows.append(self.compare(one.service, metric, Number(share, SHARE, "share", method=APPROXIMATION), measured, 0.15))
        return rows

    def _wait(self, service: str, station: Station) -> tuple[float | None, str, float]:
        """Mean wait of requests and messages together, the method of the longer one, and its expected error."""
        parts = []
        for handler in self.system.handlers_of[self.system.service_index[service]]:
            node = self.system.handlers[handler]
            rate = self.latencies.setting.rates[handler]
            wait = station.event_wait if node.event is not None else station.request_wait
            if wait is None:
                return None, "", 0.0
            parts.append((rate, wait))
        total = sum(rate for rate, _ in parts)
        if not total:
            return None, "", 0.0
        longest = max((wait for _, wait in parts), key=lambda wait: wait.mean_s)
        return sum(rate * wait.mean_s for rate, wait in parts) / total, longest.method, longest.error

    def flow(self, one: FlowSimulated) -> list[Compared]:
        computed = self.latencies.flow(self.system.scenario.flows[one.flow])
        rows = [self.compare(one.flow, "rate", Number(computed.rate.value, RATE, "traffic"), one.rate)]
        rows += self._times(one, computed, "answer", computed.answer, one.answer)
        if one.completion is not None:
            rows += self._times(one, computed, "completion", computed.completion, one.completion)
        return rows

    def _times(
        self, one: FlowSimulated, computed: FlowLatency, what: str, theory: Summary | None, measured: Times | None
    ) -> list[Compared]:
        if theory is None or measured is None:
            return []
        flow = self.system.scenario.flows[one.flow]
        parts = contributions(self.latencies.load, self.system, flow, completion=what == "completion")
        allowed = expected_error(parts).value
        rows = [self.compare(one.flow, f"{what}-mean", theory.mean, measured.mean, allowed)]
        for name, number in theory.percentiles.items():
            rows.append(self.compare(one.flow, f"{what}-{name}", number, measured.percentiles[name], allowed))
        on_path = {part.service for part in parts}
        return [self._blamed(row, on_path, one) if row.verdict == "parts" else row for row in rows]

    def _blamed(self, row: Compared, on_path: set[str], one: FlowSimulated) -> Compared:
        """A wait on the way that parts too; else timeouts, which cut what the parts add up to; else their independence."""
        worst = max((name for name in self.waits if name in on_path), key=lambda name: self.waits[name][0], default="")
        if worst:
            return replace(row, blame=self.waits[worst][1], about=worst)
        if one.failed.value or one.degraded.value:
            return replace(row, blame="timeouts")
        return replace(row, blame="independence")
