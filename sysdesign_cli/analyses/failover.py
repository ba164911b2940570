"""What one kill does: to every flow, to every service, in time, and by which way it got there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from sysdesign_cli.analyses.cascade import Cascade, Lasting, Step
from sysdesign_cli.analyses.causes import Cause, explain_causes
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.recovery import Recovery, Wait, recover
from sysdesign_cli.analyses.situations import Kill, Outage, Setting, awaited_effects, needed_effects
from sysdesign_cli.analyses.starting import Starting, starting
from sysdesign_cli.engine.explained import AT_LEAST, Number
from sysdesign_cli.engine.graphs import circle_in, ordered_groups, predecessors_of
from sysdesign_cli.engine.measures import Levels
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.workload import profile
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME
from sysdesign_cli.scenario.shapes import Text

TINY = 1e-12


@dataclass(frozen=True)
class States:
    """What becomes of the requests of one flow: the worst state that happens, and the share in each."""

    worst: str
    shares: dict[str, float]

    @property
    def bad(self) -> float:
        """Share that is not ok."""
        return 1 - self.shares["ok"]


@dataclass(frozen=True)
class ObjectiveCheck:
    """A promise held against an outage. ``met`` is None when the flow has no such objective."""

    objective: str
    computed: Number
    promised: Number | None
    met: bool | None


@dataclass(frozen=True)
class FlowOutcome:
    """One flow under a kill. ``late_by`` and ``normal_after`` are None when nothing is late. ``strained``: its answer once overloaded
    services shed requests; None where the cascade changes nothing.
    """

    flow: str
    title: Text
    rate: Number
    share: Number
    answer: States
    completion: States
    failed_requests: Number
    late_by: Number | None
    normal_after: Number | None
    objectives: tuple[ObjectiveCheck, ...]
    strained: States | None = None


@dataclass(frozen=True)
class SideEffect:
    """Work that no flow's completion needs, and that is not done meanwhile."""

    handler: str
    state: str


@dataclass(frozen=True)
class BlastRadius:
    """Share of all requests in each state, weighted by workload; flows hit; services by state."""

    answer: dict[str, Number]
    completion: dict[str, Number]
    flows_hit: int
    services: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class FailoverResult(Presentable):
    """Everything one kill does, and under which assumptions. Flows and blast radius are those of the dead alone; what the cascade adds
    stands in ``FlowOutcome.strained``.
    """

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    clock: str
    kill: Kill
    duration: Number
    flows: tuple[FlowOutcome, ...]
    causes: tuple[Cause, ...]
    waits: tuple[Wait, ...]
    blast: BlastRadius
    side_effects: tuple[SideEffect, ...]
    left: dict[str, tuple[int, int]] = field(default_factory=dict)
    """service -> (replicas left, replicas), for those that lost some and still serve"""
    cold_start_loops: tuple[str, ...] = ()
    cascade: tuple[Step, ...] = ()
    """services that it leaves with more than they can do, in the order in which they come to it"""
    lasting: tuple[Lasting, ...] = ()
    """faults that retries would keep alive when their cause is over"""
    already: tuple[str, ...] = ()
    """services that get more than they can do without any failure"""
    starting: tuple[Starting, ...] = ()
    """services that hold out, as is assumed, only with replicas that autoscaling has yet to start"""


def failover(system: System, kill: Kill, workload: str = "") -> FailoverResult:
    """The outcome of a kill under a workload at its busiest moment. Raises ScenarioError for unknown names."""
    setting = Setting(system, workload)
    outage = Outage(setting, kill)
    recovery = recover(outage)
    cascade = Cascade(outage)
    flows = tuple(_flow_outcome(outage, recovery, flow, cascade) for flow in system.scenario.flows.values())
    return FailoverResult(
        scenario=system.scenario.address or system.scenario.label,
        title=system.scenario.title,
        workload=setting.workload.name,
        workload_title=setting.workload.title,
        clock=setting.moment.clock,
        kill=kill,
        duration=outage.duration,
        flows=flows,
        causes=explain_causes(outage, recovery),
        waits=recovery.waits,
        blast=_blast_radius(outage, flows),
        side_effects=_side_effects(outage),
        left=_replicas_left(outage),
        cold_start_loops=_cold_start_loops(outage),
        cascade=cascade.steps,
        lasting=cascade.lasting(),
        already=tuple(s.name for n, s in enumerate(system.services) if setting.stations.utilisation(n) >= 1),
        starting=starting(cascade),
    )


def states(levels: Levels[float]) -> States:
    """The distribution over states from nested "at least" shares."""
    shares = {
        "ok": 1 - levels.degraded,
        "degraded": levels.degraded - levels.delayed,
        "delayed": levels.delayed - levels.failed,
        "failed": levels.failed - levels.lost,
        "lost": levels.lost,
    }
    shares = {state: 0.0 if share < TINY else share for state, share in shares.items()}
    worst = next((state for state in ("lost", "failed", "delayed", "degraded") if shares[state] > 0), "ok")
    return States(worst, shares)


def _flow_outcome(outage: Outage, recovery: Recovery, flow: Flow, cascade: Cascade) -> FlowOutcome:
    setting = outage.setting
    rate = setting.rate_number(flow.name)
    answer = states(outage.levels(flow, awaited_effects(outage.system, flow)))
    effects = needed_effects(outage.system, flow)
    completion = states(outage.levels(flow, effects)) if effects else answer
    arrived = profile(setting.scenario, setting.workload, flow.name).total(setting.moment.second, outage.duration.value)
    failing = answer.shares["failed"] + answer.shares["lost"]
    failed = Number(
        failing * arrived,
        COUNT,
        "failed-requests",
        (
            ("failed_share", Number(failing, SHARE, "propagation")),
            ("arrived", Number(arrived, COUNT, "arrived", (("rate", rate), ("outage", outage.duration)))),
        ),
    )
    late_by, normal_after = recovery.lateness(flow, completion.shares["delayed"] > 0)
    share = Number(
        setting.share(flow.name),
        SHARE,
        "flow-share",
        (("flow_rate", rate), ("all_rates", Number(setting.moment.total, "rate", "sum-of-flows"))),
    )
    return FlowOutcome(
        flow.name,
        flow.title,
        rate,
        share,
        answer,
        completion,
        failed,
        late_by,
        normal_after,
        _objectives(outage, recovery, flow, late_by, normal_after),
        _strained(cascade, flow, answer),
    )


def _strained(cascade: Cascade, flow: Flow, answer: States) -> States | None:
    """The answer with what overloaded services shed, when that is worse than without."""
    if not cascade.shed:
        return None
    after = states(cascade.levels(flow, awaited_effects(cascade.system, flow)))
    return after if after.bad > answer.bad + TINY or after.shares["failed"] > answer.shares["failed"] + TINY else None


def _objectives(
    outage: Outage, recovery: Recovery, flow: Flow, late_by: Number | None, normal_after: Number | None
) -> tuple[ObjectiveCheck, ...]:
    """Recovery, lateness and loss against what the flow promises; only where the outage touches the flow."""
    lost = recovery.lost_of(flow)
    parked = recovery.parked_of(flow)
    if late_by is None and not lost.value and not parked.value:
        return ()
    checks = []
    for name, computed, promised in (
        ("complete_within", late_by, flow.objectives.complete_within),
        ("recover_within", normal_after, flow.objectives.recover_within),
        ("lose_at_most", lost, flow.objectives.lose_at_most),
    ):
        if computed is None and name == "complete_within" and lost.value > 0:
            computed = Number(math.inf, TIME, "never-done", (("lost", lost),))
        if computed is None:
            continue
        by_hand = name != "lose_at_most" and parked.value > 0
        value = Number(math.inf, computed.unit, "by-hand", (("parked", parked),)) if by_hand else computed
        if name == "complete_within" and not by_hand:
            value = replace(computed, method=AT_LEAST)
            if lost.value > 0 or (normal_after is not None and math.isinf(normal_after.value)):
                value = Number(math.inf, computed.unit, "never-done", (("lost", lost),))
        limit = Number(float(promised), promised.unit, "objective", ((f"{flow.name}.{name}", promised),)) if promised is not None else None
        # the message that waited longest still has to be worked on, so a wait of just the deadline breaks it
        strict = name == "complete_within"
        met = None if limit is None else (value.value < limit.value if strict else value.value <= limit.value + TINY)
        checks.append(ObjectiveCheck(name, value, limit, met))
    return tuple(checks)


def _blast_radius(outage: Outage, flows: tuple[FlowOutcome, ...]) -> BlastRadius:
    def weighted(pick: str) -> dict[str, Number]:
        result = {}
        for state in ("ok", "degraded", "delayed", "failed", "lost"):
            parts = [(f.flow, f.share.value, getattr(f, pick).shares[state]) for f in flows]
            inputs = tuple((flow, Number(weight * share, SHARE, "share-of-flow")) for flow, weight, share in parts if weight * share)
            result[state] = Number(sum(weight * share for _, weight, share in parts), SHARE, "blast", inputs)
        return result

    by_state: dict[str, list[str]] = {}
    for index, service in enumerate(outage.system.services):
        by_state.setdefault(outage.service_state(index), []).append(service.name)
    hit = sum(1 for f in flows if f.answer.worst != "ok" or f.completion.worst != "ok")
    return BlastRadius(weighted("answer"), weighted("completion"), hit, {state: tuple(names) for state, names in by_state.items()})


def _side_effects(outage: Outage) -> tuple[SideEffect, ...]:
    """Subscribers at work that no completion needs and that miss out now."""
    needed: set[int] = set()
    for flow in outage.system.scenario.flows.values():
        if effects := needed_effects(outage.system, flow):
            needed |= outage.system.leading_to(effects)
    found = []
    for node in outage.system.handlers:
        if node.event is None or node.index in needed or outage.setting.rates[node.index] <= 0:
            continue
        if node.service in outage.casualties.down or outage.answers[node.index].failed > TINY:
            lost = (
                outage.shares.lost_while_down(node.index, 1.0)
                if node.service in outage.casualties.down
                else outage.shares.lost_while_failing(node.index, 1.0)
            )
            found.append(SideEffect(node.key, "lost" if lost > 0 else "delayed"))
        elif outage.starves(node.index):
            found.append(SideEffect(node.key, "starved"))
    return tuple(found)


def _replicas_left(outage: Outage) -> dict[str, tuple[int, int]]:
    result = {}
    for service, dead in sorted(outage.casualties.dead_replicas.items()):
        if service not in outage.casualties.down:
            left = outage.casualties.left(outage.system, service)
            result[outage.system.services[service].name] = (left, left + dead)
    return result


def _cold_start_loops(outage: Outage) -> tuple[str, ...]:
    """Cycles of handlers that wait for each other and hold something dead: they cannot start from cold."""
    system = outage.system
    called = [list(dict.fromkeys(edge.target for edge in node.every_call())) for node in system.handlers]
    loops = []
    for group in ordered_groups(called, predecessors_of(called)):
        if len(group) == 1 and group[0] not in called[group[0]]:
            continue
        if any(system.handlers[h].service in outage.casualties.down for h in group):
            circle = [system.handlers[h].key for h in circle_in(called, group)]
            loops.append(" → ".join([*circle, circle[0]]))
    return tuple(loops)
