"""Which objectives of the flows the options of a trade-off keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.contest import Contest, Outcome
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import Figure

#: Objectives that a metric of the same name is held against.
HELD: Final = ("answer_p50", "answer_p95", "answer_p99", "availability")
#: Relative room for rounding when a promise is just kept.
_TINY: Final = 1e-9


@dataclass(frozen=True)
class Promise:
    """One objective of one flow under one option. kept: False also where the figure grows without bound, None where there is none."""

    option: str
    flow: str
    objective: str
    promised: Number
    computed: Outcome
    kept: bool | None


def promises(contest: Contest) -> tuple[Promise, ...]:
    """The objectives of the flow that is weighed, or of all that start under the workload, by flow, objective and option."""
    found = [
        promise
        for name, subject in contest.subjects.items()
        for flow in _flows(contest.spec.flow, subject)
        for promise in _of_flow(contest.name_of(name), subject, flow)
    ]
    flows = list(dict.fromkeys(promise.flow for promise in found))
    return tuple(sorted(found, key=lambda promise: (flows.index(promise.flow), HELD.index(promise.objective))))


def _flows(asked: str, subject: Subject) -> list[Flow]:
    flows = subject.scenario.flows
    if asked:
        return [flows[asked]] if asked in flows else []
    try:
        return [flow for flow in flows.values() if subject.setting.moment.rates[flow.name] > 0]
    except ScenarioError:
        return []


def _of_flow(option: str, subject: Subject, flow: Flow) -> list[Promise]:
    found = []
    for objective in HELD:
        limit: Figure | None = getattr(flow.objectives, objective)
        if limit is None:
            continue
        metric = METRICS[objective]
        try:
            computed = metric.of(subject, About(flow.name))
        except ScenarioError as error:
            computed = Unavailable("cannot-be-computed", error.problems[0].slug)
        promised = Number(float(limit), metric.unit, "objective", ((f"{flow.name}.{objective}", limit),))
        found.append(Promise(option, flow.name, objective, promised, computed, _kept(computed, float(limit), metric.better)))
    return found


def _kept(computed: Outcome, limit: float, better: str) -> bool | None:
    value = computed.value if isinstance(computed, Number) else computed.counts_as
    if value is None:
        return None
    if better == "higher":  # shares just below 1: what is missing is what counts
        return 1 - value <= (1 - limit) * (1 + _TINY)
    return value <= limit * (1 + _TINY)
