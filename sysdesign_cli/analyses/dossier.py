"""Everything there is to say about one scenario, and about several beside each other: the results of the other analyses, collected.

No arithmetic of its own. What an analysis refuses stands in its place as ``Refused``, so that a reader is told and nothing is left blank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from sysdesign_cli.analyses.availability import Availabilities, AvailabilityResult
from sysdesign_cli.analyses.capacity import CapacityResult, capacity
from sysdesign_cli.analyses.checking import CheckResult, check
from sysdesign_cli.analyses.claims import SystemOf, VerifyResult, verify
from sysdesign_cli.analyses.comparison import CompareResult
from sysdesign_cli.analyses.cost import CostResult, cost
from sysdesign_cli.analyses.day import DayResult, over_day
from sysdesign_cli.analyses.failover import FailoverResult
from sysdesign_cli.analyses.journey import FlowResult, journey
from sysdesign_cli.analyses.latency import LatencyResult, latency
from sysdesign_cli.analyses.parallel import in_order
from sysdesign_cli.analyses.picture import Picture, picture
from sysdesign_cli.analyses.picture_failure import failure
from sysdesign_cli.analyses.planes import Plane, planes_of_comparison, planes_of_tradeoff
from sysdesign_cli.analyses.ranking import RankingResult, rank_kills
from sysdesign_cli.analyses.situations import Kill, Setting
from sysdesign_cli.analyses.tradeoff import TradeoffResult
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario, Source
from sysdesign_cli.scenario.price_book import PriceBook
from sysdesign_cli.scenario.problems import Problem, ScenarioError

Result = TypeVar("Result")

#: Parts that are worked out besides the single failures, for whoever is told how far it is.
PARTS: Final = 11


@dataclass(frozen=True)
class Refused:
    """A question that has no answer here, with every problem that the analysis told."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Failure:
    """One thing killed alone: what it does, and the state in which it leaves boxes and arrows of the diagram, where that is not ok.

    boxes: id -> state; arrows: id of the one box, of the other, and the state.
    """

    outcome: FailoverResult
    boxes: dict[str, str]
    arrows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Dossier:
    """One scenario under one workload.

    availabilities: one result for each flow, so that the cut sets of each are there. failures: one result for each service (and each
    zone) killed alone, for as long as its repair takes. sources: of the scenario and of its price book, by id.
    """

    scenario: Scenario
    workload: str
    picture: Picture | Refused
    flows: tuple[FlowResult, ...] | Refused
    latency: LatencyResult | Refused
    capacity: CapacityResult | Refused
    day: DayResult | Refused
    availability: AvailabilityResult | Refused
    availabilities: tuple[AvailabilityResult, ...] | Refused
    cost: CostResult | Refused
    failures: tuple[Failure, ...] | Refused
    ranking: RankingResult | Refused
    claims: VerifyResult | Refused
    findings: CheckResult | Refused
    sources: dict[str, Source]


@dataclass(frozen=True)
class Together:
    """Several scenarios beside each other. tradeoff: None where they are not variants of one scenario, which alone can be ranked.

    planes: where each stands by two figures at a time.
    """

    comparison: CompareResult | Refused
    tradeoff: TradeoffResult | Refused | None
    planes: tuple[Plane, ...]


def dossier(
    system: System,
    *,
    system_of: SystemOf,
    prices: PriceBook | Refused,
    sources: dict[str, Source],
    workload: str = "",
    today: str = "",
    clock: Callable[[], float],
    done: Callable[[int, int], None] = lambda finished, total: None,
) -> Dossier:
    """Ask everything.

    system_of: the systems of the scenario's variants, for claims about them. today: ISO date from which prices age and waivers end.
    clock: seconds, to see whether it is worthwhile to work on several cores. done: told how many parts are finished, and of how many.
    """
    kills = _single_kills(system)
    told = _Told(done, PARTS + len(kills))
    book = prices if isinstance(prices, PriceBook) else None
    return Dossier(
        scenario=system.scenario,
        workload=workload,
        picture=told(lambda: picture(system, "services", "", Kill(), workload)),
        flows=told(lambda: tuple(journey(system, flow, workload) for flow in system.scenario.flows.values())),
        latency=told(lambda: latency(system, "", workload)),
        capacity=told(lambda: capacity(system, workload)),
        day=told(lambda: over_day(system, workload, book)),
        availability=told(lambda: Availabilities(Setting(system, workload)).result()),
        availabilities=told(lambda: _availabilities(system, workload)),
        cost=prices if isinstance(prices, Refused) else told(lambda: cost(system, prices, workload=workload or None, today=today)),
        failures=told(lambda: tuple(in_order(partial(_failure, system, workload), kills, clock=clock, done=told.more))),
        ranking=told(lambda: rank_kills(system, workload)),
        claims=told(lambda: verify(system, system_of)),
        findings=told(lambda: check(system, today)),
        sources=sources,
    )


def answered(question: Callable[[], Result]) -> Result | Refused:
    """The answer, or what the analysis told instead."""
    try:
        return question()
    except ScenarioError as error:
        return Refused(tuple(error.problems))


class _Told:
    """Asks one part after the other, and tells how many are finished."""

    def __init__(self, done: Callable[[int, int], None], total: int) -> None:
        self._done = done
        self._total = total
        self._finished = 0
        self._kills = 0

    def __call__(self, question: Callable[[], Result]) -> Result | Refused:
        result = answered(question)
        self._finished += 1
        self._done(min(self._finished + self._kills, self._total), self._total)
        return result

    def more(self, kills: int) -> None:
        self._kills = kills
        self._done(min(self._finished + kills, self._total), self._total)


def _single_kills(system: System) -> list[Kill]:
    """Every service, then every zone."""
    services = [Kill(services=(service.name,)) for service in system.services if service.kind != "client"]
    return services + [Kill(zones=(str(zone),)) for zone in system.scenario.zones]


def _failure(system: System, workload: str, kill: Kill) -> Failure:
    drawn = failure(system, kill, workload)
    assert drawn.failure is not None
    boxes = {box.id: box.state for box in drawn.boxes if box.state != "ok"}
    arrows = tuple((arrow.source, arrow.target, arrow.state) for arrow in drawn.arrows if arrow.state != "ok")
    return Failure(drawn.failure, boxes, arrows)


def _availabilities(system: System, workload: str) -> tuple[AvailabilityResult, ...]:
    question = Availabilities(Setting(system, workload))
    return tuple(question.result(flow) for flow in system.scenario.flows)


def together(comparison: CompareResult | Refused, tradeoff: TradeoffResult | Refused | None) -> Together:
    """The two, and the planes of the trade-off; without one, those of the comparison."""
    if isinstance(tradeoff, TradeoffResult):
        return Together(comparison, tradeoff, planes_of_tradeoff(tradeoff))
    return Together(comparison, tradeoff, () if isinstance(comparison, Refused) else planes_of_comparison(comparison))


def same_scenario(scenarios: Sequence[Scenario]) -> bool:
    """Whether they are one scenario and variants of it."""
    return len({scenario.address.partition("@")[0] for scenario in scenarios}) == 1
