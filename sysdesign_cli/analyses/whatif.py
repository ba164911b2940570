"""What if: some services and zones dead, the load turned up or down, another workload. For those who turn and look, again and again.

A question is answered in parts, the quick ones first. The *reaction* (states of flows and services, how busy each service is) follows
from the structure and from traffic solved once, in hundredths of a second for hundreds of services. Where the overload spreads to, how
late things come, how long answers take and what it costs are the same results as those of ``failover``, ``latency`` and ``cost``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sysdesign_cli.analyses.cascade import THROTTLED, load_at_most, share_left
from sysdesign_cli.analyses.cost import cost
from sysdesign_cli.analyses.deadlines import deadline_of
from sysdesign_cli.analyses.failover import FailoverResult, States, failover, states
from sysdesign_cli.analyses.latency import FlowLatency, Latencies
from sysdesign_cli.analyses.parameters import scaled_load
from sysdesign_cli.analyses.situations import Kill, Outage, Setting, awaited_effects, needed_effects
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.loaded import Station
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.price_book import PriceBook
from sysdesign_cli.scenario.shapes import Text

OVERLOADED, LEVELLED = "overloaded", "levelled"
#: Utilisations that differ by less than this are the same.
_SAME: Final = 5e-4


@dataclass(frozen=True)
class Question:
    """What is turned. services: ``name`` or ``name/replica``; load: factor on every start of every workload; "" is the first workload."""

    services: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    load: float = 1.0
    workload: str = ""

    @property
    def kill(self) -> Kill:
        return Kill(self.services, self.zones)

    @property
    def undisturbed(self) -> Question:
        """The same workload with nothing dead, at its own load."""
        return Question(workload=self.workload)


@dataclass(frozen=True)
class FlowReaction:
    """One flow: what becomes of its answers and completions by the dead alone. rate_per_s: starts; share: of all starts."""

    flow: str
    title: Text
    rate_per_s: float
    share: float
    answer: States
    completion: States

    @property
    def hit(self) -> bool:
        return self.answer.worst != "ok" or self.completion.worst != "ok"


@dataclass(frozen=True)
class ServiceReaction:
    """One service. state: as ``Outage.service_state`` names it. load: ``overloaded`` (gets more than it can do), ``levelled`` (so too, but
    its queue spreads that over time and nobody waits at once), or "". rate_per_s: invocations that still reach it.

    utilisation: of all the replicas that it may have and that are left; undisturbed: the same with nothing dead at the workload's own
    load; both None where there is no limit. left, replicas: of the replicas it begins with.
    """

    service: str
    state: str
    load: str
    rate_per_s: float
    utilisation: float | None
    undisturbed: float | None
    left: int
    replicas: int

    @property
    def changed(self) -> bool:
        """Whether anything about it differs from the undisturbed system."""
        if self.utilisation is None or self.undisturbed is None:
            return self.state != "ok"
        return self.state != "ok" or abs(self.utilisation - self.undisturbed) > _SAME


@dataclass(frozen=True)
class Reaction:
    """What can be said at once. answer, completion: share of all requests in each state."""

    question: Question
    workload: str
    clock: str
    flows: tuple[FlowReaction, ...]
    services: tuple[ServiceReaction, ...]
    answer: dict[str, float]
    completion: dict[str, float]

    @property
    def flows_hit(self) -> int:
        return sum(flow.hit for flow in self.flows)


@dataclass(frozen=True)
class WhatIfResult:
    """Everything, beside what holds with nothing turned. month: dollars a month; a kill does not change what is paid for."""

    reaction: Reaction
    outcome: FailoverResult
    latencies: tuple[FlowLatency, ...]
    undisturbed_latencies: tuple[FlowLatency, ...]
    month: Number
    undisturbed_month: Number


def whatif(system: System, question: Question, prices: PriceBook) -> WhatIfResult:
    """All parts of one answer. Raises ScenarioError for what is not there, and where nothing starts."""
    asked = WhatIfs(system)
    return WhatIfResult(
        reaction=asked.reaction(question),
        outcome=asked.outcome(question),
        latencies=tuple(asked.latencies(question)),
        undisturbed_latencies=tuple(asked.latencies(question.undisturbed)),
        month=asked.month(question.load, prices),
        undisturbed_month=asked.month(1.0, prices),
    )


class WhatIfs:
    """A system about which questions are asked one after the other; settings are kept."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.setting = lru_cache(64)(self._setting)
        self._busy = lru_cache(64)(self._undisturbed)

    def under(self, load: float) -> System:
        """The system with every start of every workload so many times as often."""
        return self.system if load == 1 else self.system.under(scaled_load(self.system.scenario, load))

    def _setting(self, workload: str, load: float) -> Setting:
        return Setting(self.under(load), workload)

    def _undisturbed(self, workload: str) -> list[float]:
        outage = Outage(self.setting(workload, 1.0), Kill())
        return [_used(outage, number, station) for number, station in enumerate(_stations(outage))]

    def reaction(self, question: Question) -> Reaction:
        """States and utilisations. Raises ScenarioError."""
        outage = Outage(self.setting(question.workload, question.load), question.kill)
        setting = outage.setting
        flows = tuple(_flow(outage, flow) for flow in self.system.scenario.flows.values())
        return Reaction(
            question=question,
            workload=setting.workload.name,
            clock=setting.moment.clock,
            flows=flows,
            services=tuple(_services(outage, self._busy(question.workload))),
            answer=_weighted([(flow.share, flow.answer) for flow in flows]),
            completion=_weighted([(flow.share, flow.completion) for flow in flows]),
        )

    def outcome(self, question: Question) -> FailoverResult:
        """How overload spreads, how late things come, by which way the damage got there. Raises ScenarioError."""
        return failover(self.under(question.load), question.kill, question.workload)

    def latencies(self, question: Question) -> Iterator[FlowLatency]:
        """How long answers and completions take, flow by flow, of those that start at all. Raises ScenarioError."""
        latencies = Latencies(self.setting(question.workload, question.load), question.kill)
        rates = latencies.setting.moment.rates
        return (latencies.flow(flow) for flow in self.system.scenario.flows.values() if rates[flow.name] > 0)

    def month(self, load: float, prices: PriceBook) -> Number:
        """Dollars of a month of the year's workloads, at so many times the load. Raises ScenarioError."""
        return cost(self.under(load), prices).month


def _flow(outage: Outage, flow: Flow) -> FlowReaction:
    setting = outage.setting
    answer = states(outage.levels(flow, awaited_effects(outage.system, flow)))
    effects = needed_effects(outage.system, flow)
    completion = states(outage.levels(flow, effects)) if effects else answer
    return FlowReaction(flow.name, flow.title, setting.moment.rates[flow.name], setting.share(flow.name), answer, completion)


def _services(outage: Outage, undisturbed: list[float]) -> Iterator[ServiceReaction]:
    stations = _stations(outage)
    for number, service in enumerate(outage.system.services):
        limited = service.concurrency is not None and bool(outage.system.handlers_of[number])
        left = outage.casualties.left(outage.system, number)
        yield ServiceReaction(
            service=service.name,
            state=outage.service_state(number),
            load=_load(outage, number, stations[number]) if limited else "",
            rate_per_s=sum(outage.arriving[h] for h in outage.system.handlers_of[number]),
            utilisation=_used(outage, number, stations[number]) if limited else None,
            undisturbed=undisturbed[number] if limited else None,
            left=left,
            replicas=left + outage.casualties.dead_replicas.get(number, 0),
        )


def _load(outage: Outage, number: int, station: Station) -> str:
    """By the same limits from which the cascade follows it."""
    if number in outage.casualties.down or (station.utilisation < 1 and station.throttled_share <= THROTTLED):
        return ""
    return OVERLOADED if deadline_of(outage.setting, number) is None else LEVELLED


def _stations(outage: Outage) -> list[Station]:
    """Of every service, by what still reaches it; where the overload goes from there is not followed."""
    return load_at_most(outage, outage.arriving, share_left(outage), {}).stations


def _used(outage: Outage, number: int, station: Station) -> float:
    return 0.0 if number in outage.casualties.down else station.utilisation


def _weighted(parts: list[tuple[float, States]]) -> dict[str, float]:
    return {state: sum(weight * one.shares[state] for weight, one in parts) for state in ("ok", "degraded", "delayed", "failed", "lost")}


def shares_with_overload(outcome: FailoverResult) -> tuple[dict[str, float], dict[str, float]]:
    """Share of all requests whose answer, and whose completion, is in each state, what overloaded services shed counted as failing.

    Of completions only where they are nothing but the answer; where effects have to follow, they are those of the dead alone.
    """
    answers = [(flow.share.value, flow.strained or flow.answer) for flow in outcome.flows]
    alike = [flow.strained if flow.strained is not None and flow.completion == flow.answer else flow.completion for flow in outcome.flows]
    return _weighted(answers), _weighted([(flow.share.value, one) for flow, one in zip(outcome.flows, alike, strict=True)])
