"""How long the requests of each flow take at the busiest moment: distributions of answer and completion, and where the time goes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from sysdesign_cli.analyses.contributions import Contribution, contributions, expected_error
from sysdesign_cli.analyses.deadlines import deadline_of, latest_at
from sysdesign_cli.analyses.jams import Jam, jam
from sysdesign_cli.analyses.journey import pick_flow
from sysdesign_cli.analyses.load import loaded, loaded_in
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Kill, Outage, Setting, awaited_effects, needed_effects
from sysdesign_cli.engine.distributions import Bar, BeyondGrid, Distribution, Grid
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.grids import evaluate
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.responses import Completions, Responses
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import SHARE, TIME, Figure
from sysdesign_cli.scenario.shapes import Text

#: So many percentiles are worked out under other workloads; where there would be more, only those of the flow nearest to its promise.
ELSEWHERE = 6
PERCENTILES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))
#: From p99.9 over the median on, a distribution is drawn with bars in equal ratios.
_WIDE = 12.0
#: From p0.1 over p99.9 on, it is drawn from p0.1 on.
_FAR = 0.3


@dataclass(frozen=True)
class Summary:
    """A distribution in a few numbers. answered: share of requests that get so far at all; the rest is given up after timeouts."""

    mean: Number
    percentiles: dict[str, Number]
    answered: Number
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class LatencyObjective:
    """A promise about time held against what is computed."""

    objective: str
    computed: Number
    promised: Number
    met: bool


@dataclass(frozen=True)
class FlowLatency:
    """One flow. answer and completion are None where a service on the way is saturated (``jams``), or nobody is answered.

    late: where only completion waits before a saturated service whose queue levels a rush, how late the last of it is.
    """

    flow: str
    title: Text
    rate: Number
    answer: Summary | None
    completion: Summary | None
    objectives: tuple[LatencyObjective, ...]
    contributions: tuple[Contribution, ...]
    jams: tuple[Jam, ...]
    late: Number | None = None

    @property
    def stuck(self) -> bool:
        """Whether a queue on the way grows without an end in time."""
        return bool(self.jams) and (self.late is None or math.isinf(self.late.value))

    @property
    def good(self) -> bool:
        """Answered, nothing stuck, and every promise about time kept."""
        return self.answer is not None and not self.stuck and all(one.met for one in self.objectives)


@dataclass(frozen=True)
class LatencyResult(Presentable):
    """All flows of a scenario under one workload.

    elsewhere: other workload -> flow -> p99 of its answer, None where something is saturated or nobody is answered.
    """

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    clock: str
    kill: Kill
    flows: tuple[FlowLatency, ...]
    elsewhere: dict[str, dict[str, Number | None]] = field(default_factory=dict)


def latency(system: System, flow: str = "", workload: str = "", kill: Kill = Kill()) -> LatencyResult:
    """Latency of one flow, or of all. Raises ScenarioError for an unknown flow, workload or kill, and where nothing starts."""
    chosen = [pick_flow(system, flow)] if flow else []
    latencies = Latencies(Setting(system, workload), kill)
    setting = latencies.setting
    flows = chosen or [one for one in system.scenario.flows.values() if setting.moment.rates[one.name] > 0]
    found = tuple(latencies.flow(one) for one in flows)
    if len(flows) * (len(system.scenario.workloads) - 1) > ELSEWHERE and (tightest := nearest_to_promise(found)) is not None:
        flows = [system.scenario.flows[tightest.flow]]
    return LatencyResult(
        scenario=system.scenario.address or system.scenario.label,
        title=system.scenario.title,
        workload=setting.workload.name,
        workload_title=setting.workload.title,
        clock=setting.moment.clock,
        kill=kill,
        flows=found,
        elsewhere=_elsewhere(system, setting.workload.name, flows, kill),
    )


def nearest_to_promise(flows: tuple[FlowLatency, ...]) -> FlowLatency | None:
    """The flow that fills its promises about time most, or breaks them most; None when nobody is answered."""

    def filled(flow: FlowLatency) -> float:
        return max((one.computed.value / one.promised.value for one in flow.objectives if one.promised.value > 0), default=0.0)

    return max((flow for flow in flows if flow.answer is not None), key=filled, default=None)


def _elsewhere(system: System, workload: str, flows: list[Flow], kill: Kill) -> dict[str, dict[str, Number | None]]:
    """The same flows under the other workloads that start them."""
    found: dict[str, dict[str, Number | None]] = {}
    for name in system.scenario.workloads:
        if name == workload:
            continue
        try:
            latencies = Latencies(Setting(system, name), kill)
        except ScenarioError:
            continue  # a workload that starts nothing
        started = [flow for flow in flows if latencies.setting.moment.rates[flow.name] > 0]
        found[name] = {flow.name: latencies.answer_p99(flow) for flow in started}
    return found


class Latencies:
    """Latencies of the flows of one setting; each distribution is worked out once."""

    def __init__(self, setting: Setting, kill: Kill = Kill(), load: Loaded | None = None) -> None:
        self.setting = setting
        self.system = setting.system
        self.kill = kill
        self._given = load
        self._answers: dict[str, Distribution] = {}
        self._completions: dict[str, Distribution] = {}

    @cached_property
    def outage(self) -> Outage:
        return Outage(self.setting, self.kill)

    @cached_property
    def load(self) -> Loaded:
        if self._given is not None:
            return self._given
        return loaded_in(self.outage) if self.kill.services or self.kill.zones else loaded(self.setting)

    @cached_property
    def dead(self) -> frozenset[int]:
        return self.outage.casualties.down if self.kill.services or self.kill.zones else frozenset()

    def jams(self, flow: Flow, *, completion: bool = False) -> list[int]:
        """Saturated services that the flow's answer (or its completion) passes."""
        passed = self.passed(flow, completion)
        return [service for service in self.load.saturated if service in passed and service not in self.dead]

    def passed(self, flow: Flow, completion: bool) -> set[int]:
        """Services whose queues count: those called on the way to the answer, or to the effects."""
        system, entry = self.system, self.system.entry(flow)
        effects = needed_effects(system, flow) if completion else awaited_effects(system, flow)
        way = {entry} | (system.reachable(entry) & system.leading_to(effects) if effects else set())
        stack = list(way)
        while stack:
            for edge in system.handlers[stack.pop()].every_call():
                if edge.target not in way:
                    way.add(edge.target)
                    stack.append(edge.target)
        return {system.handlers[h].service for h in way}

    def answer(self, flow: Flow) -> Distribution:
        """Distribution of the time to the answer. Raises ValueError when something on the way is saturated."""
        if flow.name not in self._answers:
            self._refuse_jams(flow, False)
            awaited = set(awaited_effects(self.system, flow))
            self._answers[flow.name] = evaluate(lambda grid: self.on_grid(flow, grid, awaited, True), self.guess(flow))
        return self._answers[flow.name]

    def completion(self, flow: Flow) -> Distribution:
        """Distribution of the time until all effects have happened. Raises ValueError when something on the way is saturated."""
        effects = set(needed_effects(self.system, flow))
        if not effects:
            return self.answer(flow)
        if flow.name not in self._completions:
            self._refuse_jams(flow, True)
            self._completions[flow.name] = evaluate(lambda grid: self.on_grid(flow, grid, effects, False), self.guess(flow))
        return self._completions[flow.name]

    def take_answer(self, flow: Flow, known: Distribution) -> None:
        """Take a distribution that is known from elsewhere."""
        self._answers[flow.name] = known

    def _refuse_jams(self, flow: Flow, completion: bool) -> None:
        if self.jams(flow, completion=completion):
            raise ValueError(f"a service on the way of {flow.name} is saturated")

    def on_grid(self, flow: Flow, grid: Grid, effects: set[int], needed: bool) -> Distribution:
        """The time to effects (or, without any, to the reply of the entry) on a grid, the user's way to the entry included."""
        entry = self.system.entry(flow)
        responses = Responses(self.load, grid, self.dead)
        if self.system.handlers[entry].service in self.dead:
            return grid.zero().scaled_mass(0.0)
        reached = Completions(responses, effects, needed).of(entry) if effects else responses.response(entry)
        return reached

    def guess(self, flow: Flow) -> float:
        """A time of the order of the flow's answers (s)."""
        mean = self.load.response[self.system.entry(flow)].mean
        return mean if 0 < mean < math.inf else 0.1

    def flow(self, flow: Flow) -> FlowLatency:
        """One flow for people."""
        answer_jams = self.jams(flow)
        jams = answer_jams or self.jams(flow, completion=True)
        parts = () if answer_jams else self._parts(flow, False)
        answer = None if answer_jams else self._summary(self.answer(flow), parts)
        if answer is None:
            parts = ()
        has_effects = bool(needed_effects(self.system, flow)) and not self.jams(flow, completion=True)
        completion = self._summary(self.completion(flow), self._parts(flow, True)) if has_effects else None
        late = self._late(flow) if jams and not answer_jams else None
        checks = self._objectives(flow, answer, completion or (late if jams else answer))
        rate = self.setting.rate_number(flow.name)
        return FlowLatency(flow.name, flow.title, rate, answer, completion, checks, parts, self._jams(jams), late)

    def _parts(self, flow: Flow, completion: bool) -> tuple[Contribution, ...]:
        return contributions(self.load, self.system, flow, self.dead, completion)

    def answer_p99(self, flow: Flow) -> Number | None:
        """p99 of the answer; None where something is saturated or nobody is answered."""
        if self.jams(flow):
            return None
        times = self.answer(flow)
        return Number(times.percentile(0.99), TIME, "percentile", method=APPROXIMATION) if times.mass > 1e-9 else None

    def _jams(self, services: list[int]) -> tuple[Jam, ...]:
        """The services where jams begin first, before those that wait for them."""
        found = [jam(self.setting, self.load, service) for service in services]
        return tuple(sorted(found, key=lambda one: (len(one.waits_for) > 0, -one.utilisation.value, one.service)))

    def _summary(self, times: Distribution, parts: tuple[Contribution, ...]) -> Summary | None:
        if times.mass <= 1e-9:
            return None
        inputs: tuple[tuple[str, Number | Figure | str], ...] = tuple((f"{part.service} ({part.kind})", part.mean) for part in parts)
        if parts:
            inputs += (("expected-error", expected_error(parts)),)
        last = (("mean-time", Number(times.mean, TIME, "mean-time", method=APPROXIMATION)), *inputs[len(parts) :])
        percentiles = {
            name: Number(times.percentile(share), TIME, "percentile", inputs if name == "p99" else last, APPROXIMATION)
            for name, share in PERCENTILES
        }
        mean = Number(times.mean, TIME, "mean-time", inputs, APPROXIMATION)
        answered = Number(min(1.0, times.mass), SHARE, "answered", method=APPROXIMATION)
        return Summary(mean, percentiles, answered, bars(times))

    def _late(self, flow: Flow) -> Number | None:
        """How late the last event is before services that the rush overfills; their queues are a fluid, and the narrowest decides."""
        jams = self.jams(flow, completion=True)
        if any(deadline_of(self.setting, service) is None for service in jams):
            return None
        waits = {self.system.services[service].name: latest_at(self.setting, service) for service in jams}
        inputs = tuple((name, Number(seconds, TIME, "latest", method=APPROXIMATION)) for name, seconds in waits.items())
        return Number(max(waits.values()), TIME, "late-in-rush", inputs, APPROXIMATION)

    def _objectives(self, flow: Flow, answer: Summary | None, done: Summary | Number | None) -> tuple[LatencyObjective, ...]:
        checks = []
        promised = flow.objectives
        for name in ("p50", "p95", "p99"):
            limit: Figure | None = getattr(promised, f"answer_{name}")
            if limit is not None and answer is not None:
                checks.append(_check(f"answer_{name}", answer.percentiles[name], limit, flow))
        if promised.freshness is not None and answer is not None and awaited_effects(self.system, flow):
            checks.append(_check("freshness", answer.percentiles["p99"], promised.freshness, flow))
        if promised.complete_within is not None and done is not None:
            last = done if isinstance(done, Number) else done.percentiles["p99"]
            checks.append(_check("complete_within", last, promised.complete_within, flow))
        return tuple(checks)


def bars(times: Distribution, count: int = 12) -> tuple[Bar, ...]:
    """A distribution up to p99.9 for drawing: from 0 on, from p0.1 on where that is far from 0, or in equal ratios where it is wide.

    The first bar holds all before its end; shares are of what is answered. Times in seconds.
    """
    first, middle = times.percentile(0.001), times.percentile(0.5)
    try:
        last = times.percentile(0.999)
    except BeyondGrid:  # of parts that are nearly never there and take very long
        last = times.grid.end_s
    if times.constant or last <= 0 or last - first < 1e-9 * last:
        return (Bar(last, last, 1.0),)
    if last > _WIDE * middle > 0:
        first = max(first, last * 1e-6)
        edges = [first * (last / first) ** (number / count) for number in range(count + 1)]
    else:
        first = first if first > _FAR * last else 0.0
        edges = [first + (last - first) * number / count for number in range(count + 1)]
    below = [0.0, *(times.cdf(edge) / times.mass for edge in edges[1:])]
    return tuple(Bar(edges[i], edges[i + 1], max(0.0, below[i + 1] - below[i])) for i in range(count))


def _check(name: str, computed: Number, limit: Figure, flow: Flow) -> LatencyObjective:
    promised = Number(float(limit), TIME, "objective", ((f"{flow.name}.{name}", limit),))
    return LatencyObjective(name, computed, promised, computed.value <= limit)
