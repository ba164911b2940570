"""Chaos experiments: the smallest cut sets of a flow as kills to try for real, with what the model expects of each.

Every experiment is run on the model first, by the same rules as ``failover``: where the flow does not notice, the availability and
the failure analysis would contradict each other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sysdesign_cli.analyses.availability import ORDER, STILL_SERVES, STOPS, YEAR_S, Availabilities, Cut, rounded, worst
from sysdesign_cli.analyses.failover import States, states
from sysdesign_cli.analyses.journey import pick_flow
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.recovery import Recovery, recover
from sysdesign_cli.analyses.situations import Kill, Outage, Setting, awaited_effects, needed_effects
from sysdesign_cli.engine.explained import BOUND, Number
from sysdesign_cli.engine.structure import GROUP, REPLICA, ZONE, Component, tried_for, zones_of
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow, Scenario
from sysdesign_cli.scenario.quantity import SHARE, TIME, figure
from sysdesign_cli.scenario.shapes import Text

#: Experiments planned at most.
MOST = 12

ANSWER, COMPLETION, DEADLINE, PARKED, LATE, NOTHING = "answer", "completion", "deadline", "parked", "late", "nothing"
#: What is harm: being late within the deadline is none.
HARM = (ANSWER, COMPLETION, DEADLINE, PARKED)


@dataclass(frozen=True)
class Experiment:
    """One kill to try.

    causes: the cut sets it stands for; more than one where the model tells apart what a kill does not (a crash of all replicas and a
    bad deploy). size: components in each of them. changes: what ``--set`` takes so that as many replicas run, and are needed, as at
    this load. lasts_s: how long it has to last before the flow suffers; None: as long as the repair takes. probability: share of
    time in which it happens by itself. hits: what the model expects to go wrong: ``answer``, ``completion``, ``deadline`` (it completes
    too late), ``parked`` (somebody has to send messages again by hand), ``late`` (nobody starts the flow at this moment, so how late is
    not known); ``nothing`` would be a contradiction. others: other flows that come to harm.
    """

    causes: tuple[tuple[str, ...], ...]
    size: int
    kill: tuple[str, ...]
    zones: tuple[str, ...]
    changes: tuple[str, ...]
    lasts_s: float | None
    probability: Number
    down: Number
    hits: str
    answer: str
    completion: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class ExperimentsResult(Presentable):
    """Experiments for one flow, fewest components first. more: how many further cut sets of the listed orders were left out."""

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    clock: str
    flow: str
    flow_title: Text
    order: int | None
    experiments: tuple[Experiment, ...]
    more: int


def experiments(
    system: System, flow: str = "", workload: str = "", order: int | None = ORDER, still_serves: float = STILL_SERVES, most: int = MOST
) -> ExperimentsResult:
    """Experiments from the smallest cut sets of a flow's answer and completion: the flow named, or the one that is down longest.

    Raises ScenarioError for an unknown flow or workload.
    """
    question = Availabilities(Setting(system, workload), still_serves)
    chosen = pick_flow(system, flow or worst([question.flow(one) for one in system.scenario.flows.values()]).flow)
    planner = _Planner(question, chosen)
    plans = list(planner.plans(order))
    setting = question.setting
    return ExperimentsResult(
        scenario=system.scenario.address or system.scenario.label,
        title=system.scenario.title,
        workload=setting.workload.name,
        workload_title=setting.workload.title,
        clock=setting.moment.clock,
        flow=chosen.name,
        flow_title=chosen.title,
        order=order,
        experiments=tuple(planner.experiment(plan) for plan in plans[:most]),
        more=len(plans) - len(plans[:most]),
    )


@dataclass
class _Plan:
    """What is killed, and the cut sets it stands for."""

    kill: tuple[str, ...]
    zones: tuple[str, ...]
    cuts: list[Cut]


class _Planner:
    def __init__(self, question: Availabilities, flow: Flow) -> None:
        self.question = question
        self.flow = flow
        self.system = question.system
        self.parts = question.structure(flow).components

    def plans(self, order: int | None) -> Iterator[_Plan]:
        """One for every different kill, by size and then by probability."""
        detail = self.question.detail(self.flow, order)
        found: dict[tuple[str, ...], Cut] = {}
        for cut in (*detail.sets(STOPS), *detail.sets("answer")):
            known = found.get(cut.components)
            if known is None or known.probability.value < cut.probability.value:
                found[cut.components] = cut
        plans: dict[tuple[tuple[str, ...], tuple[str, ...]], _Plan] = {}
        for cut in sorted(found.values(), key=lambda one: (len(one.components), -rounded(one.probability.value), one.components)):
            kill, zones = self._kill(cut)
            plans.setdefault((kill, zones), _Plan(kill, zones, [])).cuts.append(cut)
        return iter(plans.values())

    def _kill(self, cut: Cut) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What ``--kill`` and ``--zone`` take to make these components fail."""
        parts = [self.parts[name] for name in cut.components]
        zones = tuple(part.zone for part in parts if part.kind == ZONE)
        whole = [part.service for part in parts if part.kind not in (ZONE, REPLICA, GROUP)]
        single: list[str] = []
        for part in parts:
            if part.kind in (REPLICA, GROUP) and part.service not in whole:
                single += self._replicas(part, zones)
        return tuple(sorted(dict.fromkeys([*whole, *single]))), zones

    def _replicas(self, part: Component, zones: tuple[str, ...]) -> list[str]:
        """The replica, or the first so many of those that stand in no dead zone."""
        if part.kind == REPLICA:
            return [f"{part.service}/{part.replica}"]
        number = self.system.service_index[part.service]
        stand = zones_of(self.system, self.system.services[number], self.question.supply[number].replicas)
        left = [place for place, zone in enumerate(stand, 1) if zone not in zones]
        return [f"{part.service}/{place}" for place in left[: part.replica]]

    def experiment(self, plan: _Plan) -> Experiment:
        """The kill tried on the model, as short as it may be for the flow to suffer."""
        scenario, changes = self._as_at_this_load(plan)
        setting = Setting(System(scenario), self.question.setting.workload.name) if changes else self.question.setting
        trial = self._shortest_that_hurts(setting, plan)
        flows = self.system.scenario.flows.values()
        return Experiment(
            causes=tuple(cut.components for cut in plan.cuts),
            size=len(plan.cuts[0].components),
            kill=plan.kill,
            zones=plan.zones,
            changes=changes,
            lasts_s=trial.outage.kill.duration_s,
            probability=(share := _any_of([cut.probability for cut in plan.cuts])),
            down=Number(share.value * YEAR_S, TIME, "downtime-a-year", (("unavailability", share),), share.method),
            hits=trial.hits(self.flow),
            answer=trial.answer(self.flow).worst,
            completion=trial.completion(self.flow).worst,
            others=tuple(flow.name for flow in flows if flow.name != self.flow.name and trial.hits(flow) in HARM),
        )

    def _shortest_that_hurts(self, setting: Setting, plan: _Plan) -> _Trial:
        """Of those that do no harm at any length: one that is late, else the first."""
        harmless = None
        for lasts in (None, *self._patience()):
            trial = _Trial(setting, Kill(plan.kill, plan.zones, lasts))
            hits = trial.hits(self.flow)
            if hits in HARM:
                return trial
            if harmless is None or (hits == LATE and harmless.hits(self.flow) == NOTHING):
                harmless = trial
        assert harmless is not None
        return harmless

    def _patience(self) -> list[float]:
        """Twice every time after which waiting becomes losing: the flow's deadline, retentions, the last delivery."""
        found = set()
        if (limit := self.flow.objectives.complete_within) is not None:
            found.add(float(limit))
        effects = needed_effects(self.system, self.flow)
        needed = self.system.leading_to(effects) if effects else set()
        for handler in needed & set(self.system.reachable(self.system.entry(self.flow))):
            event = self.system.handlers[handler].event
            if event is not None:
                found |= {float(event.retention), tried_for(event)}
        return [2 * time for time in sorted(found) if time > 0]

    def _as_at_this_load(self, plan: _Plan) -> tuple[Scenario, tuple[str, ...]]:
        """Services that the kill leaves with too few replicas for the load, with as many as run and are needed now."""
        scenario, changes = self.system.scenario, []
        on_the_way = [self.system.handlers[h] for h in self.system.reachable(self.system.entry(self.flow))]
        needed = {node.service for node in on_the_way} | {edge.broker for node in on_the_way for edge in node.publishes}
        services = dict(scenario.services)
        for number, service in enumerate(self.system.services):
            supply = self.question.supply[number]
            if number not in needed or service.kind in ("client", "function"):
                continue
            stand = zones_of(self.system, service, supply.replicas)
            dead = {int(one.partition("/")[2]) for one in plan.kill if one.startswith(f"{service.name}/")}
            left = len(stand) - sum(stand.count(zone) for zone in plan.zones) - sum(1 for one in dead if stand[one - 1] not in plan.zones)
            if left == len(stand) or left >= supply.needs:
                continue
            replicas = service.replicas
            if int(replicas.min) != supply.replicas or (replicas.max is not None and int(replicas.max) != supply.replicas):
                changes.append(f"services.{service.name}.replicas={supply.replicas}")
                replicas = replace(replicas, min=figure(float(supply.replicas), replicas.min.unit), max=None)
            needs = service.needs
            if int(needs) != supply.needs:
                changes.append(f"services.{service.name}.needs={supply.needs}")
                needs = figure(float(supply.needs), needs.unit)
            services[service.name] = replace(service, replicas=replicas, needs=needs)
        return replace(scenario, services=services), tuple(changes)


def _any_of(chances: list[Number]) -> Number:
    """Crashes of all replicas and bad deploys: at most the sum."""
    if len(chances) == 1:
        return chances[0]
    parts = tuple((f"#{number}", chance) for number, chance in enumerate(chances, 1))
    return Number(min(1.0, sum(chance.value for chance in chances)), SHARE, "any-of-these", parts, BOUND)


class _Trial:
    """One kill on the model, by the rules of ``failover``."""

    def __init__(self, setting: Setting, kill: Kill) -> None:
        self.outage = Outage(setting, kill)
        self.system = setting.system

    @cached_property
    def recovery(self) -> Recovery:
        return recover(self.outage)

    def answer(self, flow: Flow) -> States:
        return states(self.outage.levels(flow, awaited_effects(self.system, flow)))

    def completion(self, flow: Flow) -> States:
        effects = needed_effects(self.system, flow)
        return states(self.outage.levels(flow, effects)) if effects else self.answer(flow)

    def hits(self, flow: Flow) -> str:
        """The worst that the flow suffers."""
        if self.answer(flow).worst in ("failed", "lost"):
            return ANSWER
        worst_state = self.completion(flow).worst
        if worst_state in ("failed", "lost"):
            return COMPLETION
        if worst_state != "delayed":
            return NOTHING
        if self.recovery.parked_of(flow).value > 0:
            return PARKED
        late_by, normal_after = self.recovery.lateness(flow, True)
        limit = flow.objectives.complete_within
        if limit is None or late_by is None:
            return LATE
        never = normal_after is not None and math.isinf(normal_after.value)
        return DEADLINE if never or late_by.value >= limit else LATE
