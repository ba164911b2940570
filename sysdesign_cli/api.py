"""The same questions without the screen: ``sysdesign_cli.load("ecommerce").failover(kill=["payment"])``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sysdesign_cli.analyses.presentable import present_by
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import check_stability
from sysdesign_cli.scenario.library import load_scenario, open_document, split_address
from sysdesign_cli.scenario.model import Scenario, Source
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.quantity import SHARE, TIME, Misread, parse_quantity
from sysdesign_cli.scenario.read import Vocabulary

if TYPE_CHECKING:
    from sysdesign_cli.analyses.availability import AvailabilityResult
    from sysdesign_cli.analyses.capacity import CapacityResult
    from sysdesign_cli.analyses.checking import CheckResult
    from sysdesign_cli.analyses.claims import VerifyResult
    from sysdesign_cli.analyses.comparison import CompareResult
    from sysdesign_cli.analyses.cost import CostResult
    from sysdesign_cli.analyses.day import DayResult
    from sysdesign_cli.analyses.dossier import Dossier, Together
    from sysdesign_cli.analyses.experiments import ExperimentsResult
    from sysdesign_cli.analyses.failover import FailoverResult
    from sysdesign_cli.analyses.failover_simulated import SimulatedOutage
    from sysdesign_cli.analyses.journey import FlowResult
    from sysdesign_cli.analyses.latency import LatencyResult
    from sysdesign_cli.analyses.ranking import RankingResult
    from sysdesign_cli.analyses.simulation_check import SimulationCheck
    from sysdesign_cli.analyses.simulation_plan import Prepared, Question
    from sysdesign_cli.analyses.simulation_result import Simulation
    from sysdesign_cli.analyses.sizing import Target
    from sysdesign_cli.analyses.sweep import SweepResult
    from sysdesign_cli.analyses.tradeoff import TradeoffResult
    from sysdesign_cli.engine.explained import Number
    from sysdesign_cli.scenario.price_book import PriceBook
    from sysdesign_cli.views.diagrams.notebook import Drawn


def vocabulary() -> Vocabulary:
    """Names of metrics and rules, so that claims that misspell one are found."""
    from sysdesign_cli.analyses.metrics import METRICS
    from sysdesign_cli.analyses.rules import rule_slugs

    return Vocabulary(tuple(METRICS), (*rule_slugs(), "stale-waiver"))


def seconds(text: str | float | None) -> float | None:
    """``"30min"``, ``"30m"`` or a number of seconds. Raises ValueError."""
    if text is None or isinstance(text, int | float):
        return None if text is None else float(text)
    parsed = parse_quantity(text, TIME)
    if isinstance(parsed, Misread) or parsed.value <= 0 or parsed.value > 10 * 31_536_000:
        raise ValueError(text)
    return parsed.value


def clock_time(text: str | float | None) -> float | None:
    """``"08:30"``, or seconds since midnight. Raises ValueError."""
    if text is None or isinstance(text, int | float):
        return None if text is None else float(text)
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours.isdigit() and minutes.isdigit()) or int(hours) > 23 or int(minutes) > 59 or len(minutes) != 2:
        raise ValueError(text)
    return int(hours) * 3600.0 + int(minutes) * 60.0


def share(text: str) -> float:
    """``"90%"`` or ``"0.9"``: above 0, at most 1. Raises ValueError."""
    parsed = parse_quantity(text, SHARE)
    if isinstance(parsed, Misread) or not 0 < parsed.value <= 1:
        raise ValueError(text)
    return parsed.value


def sizing_target(text: str) -> Target:
    """``"70%"`` (utilisation), ``"p99=300ms"`` (a percentile of every answer), or "" (each service's own target). Raises ValueError."""
    from sysdesign_cli.analyses.sizing import Target

    name, equals, limit = text.strip().partition("=")
    if not equals:
        if not name:
            return Target()
        share = parse_quantity(name, SHARE)
        if isinstance(share, Misread) or not 0 < share.value < 1:
            raise ValueError(text)
        return Target(utilisation=share.value)
    within = parse_quantity(limit, TIME)
    if isinstance(within, Misread) or within.value <= 0 or not re.fullmatch(r"p[1-9]\d?(\.\d{1,2})?", name.strip()):
        raise ValueError(text)
    return Target(percentile=name.strip(), within_s=within.value)


class Design:
    """A scenario, read and compiled, ready to be asked."""

    def __init__(self, scenario: Scenario, changes: Sequence[str] = ()) -> None:
        """changes: what was to be changed; those that the scenario has no place for stand in ``left_out``."""
        self.scenario = scenario
        self.system = System(scenario)
        check_stability(self.system)
        self.changes = tuple(change.strip() for change in changes) or scenario.changes
        self.left_out: dict[str, tuple[str, ...]] = {}
        """Address -> changes without a place there: of this scenario, and of its variants that were looked at."""
        if missing := tuple(change for change in self.changes if change not in scenario.changes):
            self.left_out[scenario.address] = missing

    @classmethod
    def load(cls, address: str, changes: Sequence[str] = (), *, where_they_fit: bool = False) -> Design:
        """Read a scenario. Raises ScenarioError with every problem found.

        changes: ``path=value`` each, such as ``services.payment.replicas=4``, made in order. where_they_fit: those whose path the
        scenario does not have are left out instead of refused.
        """
        return cls(load_scenario(address, Vocabulary(), changes, where_they_fit=where_they_fit), changes)

    @property
    def sources(self) -> dict[str, Source]:
        """Sources of the scenario, and of the price book it names, by id."""
        from sysdesign_cli.scenario.prices import prices_for

        try:
            return {**prices_for(self.scenario).sources, **self.scenario.sources}
        except ScenarioError:  # a broken price book is told where prices are asked for
            return dict(self.scenario.sources)

    def variant(self, name: str) -> Design:
        """The same scenario changed by one of its variants, "" is the scenario itself; with the same changes where they fit."""
        base = split_address(self.scenario.address)[0]
        address = f"{base}@{name}" if name else base
        design = Design(load_scenario(address, vocabulary(), self.changes, where_they_fit=True), self.changes)
        self.left_out |= design.left_out
        return design

    def check(self, select: Sequence[str] = (), ignore: Sequence[str] = (), today: str = "") -> CheckResult:
        """What an experienced reviewer would say. ``today``: ISO date after which waivers are over."""
        from sysdesign_cli.analyses.checking import check

        return check(self.system, today, select, ignore)

    def flow(self, name: str, workload: str = "") -> FlowResult:
        """One flow, step by step. Raises ScenarioError when there is no such flow or workload."""
        from sysdesign_cli.analyses.journey import journey, pick_flow

        return journey(self.system, pick_flow(self.system, name), workload)

    def picture(
        self,
        view: str = "",
        flow: str = "",
        kill: Sequence[str] = (),
        zones: Sequence[str] = (),
        lasts: str | float | None = None,
        workload: str = "",
        language: str = "en",
    ) -> Drawn:
        """The system as boxes and arrows. view: ``services``, ``flow`` (with ``flow``: that one only), ``failure`` or ``deployment``.

        Unless said it is ``failure`` when something is killed, ``flow`` when one is named, else ``services``. In a notebook it shows
        itself, with the words of ``language``. Raises ScenarioError, and ValueError for a view that there is not.
        """
        from sysdesign_cli.analyses.picture import picture
        from sysdesign_cli.analyses.situations import Kill
        from sysdesign_cli.views.diagrams.notebook import Drawn

        view = view or ("failure" if kill or zones else "flow" if flow else "services")
        return Drawn(**vars(picture(self.system, view, flow, Kill(tuple(kill), tuple(zones), seconds(lasts)), workload)), language=language)

    def _repr_html_(self) -> str | None:
        from sysdesign_cli.views.notebook import card

        return card(self.scenario, self._repr_svg_())

    def _repr_svg_(self) -> str | None:
        return self.picture()._repr_svg_()

    def latency(self, flow: str = "", workload: str = "", kill: Sequence[str] = (), zones: Sequence[str] = ()) -> LatencyResult:
        """How long answers and completions of one flow, or of all, take at the busiest moment. Raises ScenarioError."""
        from sysdesign_cli.analyses.latency import latency
        from sysdesign_cli.analyses.situations import Kill

        return latency(self.system, flow, workload, Kill(tuple(kill), tuple(zones)))

    def capacity(self, target: str | Target = "", workload: str = "") -> CapacityResult:
        """What it can take, and the replicas that a target asks for (``sizing_target``). Raises ScenarioError, ValueError."""
        from sysdesign_cli.analyses.capacity import capacity

        return capacity(self.system, workload, sizing_target(target) if isinstance(target, str) else target)

    def failover(
        self,
        kill: Sequence[str] = (),
        zones: Sequence[str] = (),
        lasts: str | float | None = None,
        workload: str = "",
        pessimistic: bool = False,
    ) -> FailoverResult:
        """What a kill does. ``lasts``: ``"30min"`` or seconds; as long as the repair unless said. Raises ScenarioError, ValueError."""
        from sysdesign_cli.analyses.failover import failover
        from sysdesign_cli.analyses.situations import Kill

        return failover(self.system, Kill(tuple(kill), tuple(zones), seconds(lasts), pessimistic), workload)

    def availability(
        self, flow: str = "", workload: str = "", order: int | None = 3, at_most: float = 0.9, improve: bool = True
    ) -> AvailabilityResult:
        """How much of a year each flow works (or one flow), and why not. order: most components of the cut sets listed; None: all.

        at_most: utilisation up to which the replicas left count as enough. improve: try what would help. Raises ScenarioError.
        """
        from dataclasses import replace

        from sysdesign_cli.analyses.availability import Availabilities
        from sysdesign_cli.analyses.situations import Setting

        question = Availabilities(Setting(self.system, workload), at_most)
        result = question.result(flow, order)
        if not improve:
            return result
        from sysdesign_cli.analyses.cost import yearly_cost
        from sysdesign_cli.analyses.improvements import improvements_on

        prices = self.prices()
        chosen = self.scenario.flows[result.detail.flow]
        tried = improvements_on(question, chosen, lambda system: yearly_cost(system, prices))
        return replace(result, detail=replace(result.detail, improvements=tried))

    def experiments(self, flow: str = "", workload: str = "", order: int | None = 3, at_most: float = 0.9) -> ExperimentsResult:
        """The smallest cut sets of a flow as kills to try for real, with what the model expects of each. Raises ScenarioError."""
        from sysdesign_cli.analyses.experiments import experiments

        return experiments(self.system, flow, workload, order, at_most)

    def open_psa(self, flow: str = "", workload: str = "", at_most: float = 0.9) -> str:
        """The fault trees of one flow, or of all, in the Open-PSA Model Exchange Format (XML), for SCRAM and its like."""
        from sysdesign_cli.analyses.fault_trees import fault_trees
        from sysdesign_cli.engine.openpsa import open_psa

        tree, tops = fault_trees(self.system, flow, workload, at_most)
        return open_psa(tree, tops, self.scenario.address or self.scenario.label)

    def rank(self, pairs: bool = False, lasts: str | float | None = None, workload: str = "", pessimistic: bool = False) -> RankingResult:
        """All single kills (or pairs) by blast radius."""
        from sysdesign_cli.analyses.ranking import rank_kills, rank_pairs

        return (rank_pairs if pairs else rank_kills)(self.system, workload, seconds(lasts), pessimistic)

    def compare(self, *others: Design, workload: str = "", extent: str = "ordinary") -> CompareResult:
        """This and others side by side. extent: ``quick`` (structure and traffic), ``ordinary``, or ``all`` metrics that have a value."""
        from sysdesign_cli.analyses.comparison import compare

        return compare([self.system, *(other.system for other in others)], workload, extent=extent)

    def verify(self) -> VerifyResult:
        """Every claim of the scenario, decided as far as it can be."""
        from sysdesign_cli.analyses.claims import verify

        return verify(self.system, self._system_of())

    def _system_of(self) -> Callable[[str], System]:
        """The systems of the scenario's variants by name, each read once."""
        known = {self.scenario.variant: self.system}

        def system_of(variant: str) -> System:
            if variant not in known:
                known[variant] = self.variant(variant).system
            return known[variant]

        return system_of

    def sweep(
        self,
        changes: Sequence[str],
        metrics: Sequence[str],
        *,
        workload: str = "",
        kill: Sequence[str] = (),
        zones: Sequence[str] = (),
        lasts: str | float | None = None,
        simulating: Question | None = None,
        jobs: int = 0,
        cluster: str = "",
        done: Callable[[int, int], None] = lambda finished, total: None,
    ) -> SweepResult:
        """Metrics at every point of a grid, such as ``sweep(["services.payment.replicas=2..12"], ["utilisation:payment"])``.

        changes: what ``--set`` takes, and ranges and lists of values; after the design's own changes. metrics: ``id``, or ``id:name``
        of a flow, a service or a kind of content. simulating: how simulated metrics are simulated, a minute unless said. jobs:
        processes at most; 0 means as many as help. cluster: address of a Dask scheduler. done: told how many points are finished, and
        of how many. Raises ScenarioError, ValueError, ClusterError.
        """
        from functools import partial
        from time import perf_counter

        from sysdesign_cli.analyses.parallel import in_order
        from sysdesign_cli.analyses.situations import Kill
        from sysdesign_cli.analyses.sweep import plan_sweep, sweep_result, work_out

        address = self.scenario.address
        name, variant = split_address(address)
        outage = Kill(tuple(kill), tuple(zones), seconds(lasts))
        own = self.scenario.changes
        plan = plan_sweep(open_document(name), variant, address, vocabulary(), (*own, *changes), metrics, workload, outage, simulating)
        told = partial(_told, done, plan.count)
        return sweep_result(
            plan, in_order(partial(work_out, plan), range(plan.count), clock=perf_counter, jobs=jobs, cluster=cluster, done=told)
        )

    def prepare_simulation(
        self,
        workload: str = "",
        lasts: str | float = 600.0,
        *,
        start: str | float | None = None,
        kill: Sequence[str] = (),
        zones: Sequence[str] = (),
        slow: Sequence[str] = (),
        loss: Sequence[str] = (),
        seed: int = 1,
        replications: int = 0,
        steady: bool = False,
        bins: int = 60,
        scale: float = 1.0,
    ) -> Prepared:
        """A simulation before it runs: what it will simulate and about how much work that is.

        lasts: simulated time. start: time of day (``"08:25"`` or seconds); shortly before the rush, or at the busiest moment unless
        said. kill, zones, slow, loss: faults such as ``payment@40s..130s``, ``payment=3@1min..2min``, ``payment=5%@1min..2min``.
        steady: the load of the first moment stays and nothing is scaled. scale: factor on all arrivals. Raises ScenarioError, ValueError.
        """
        from sysdesign_cli.analyses.simulation_plan import Question, faults_of, prepare

        length = seconds(lasts) or 0.0
        faults = [
            fault
            for kind, texts in (("kill", kill), ("zone", zones), ("slow", slow), ("loss", loss))
            for fault in faults_of(kind, texts, length)
        ]
        question = Question(workload, length, clock_time(start), tuple(faults), seed, replications, steady, bins, scale)
        return prepare(self.system, question)

    def simulate(
        self,
        prepared: Prepared,
        mode: str = "",
        *,
        jobs: int = 0,
        cluster: str = "",
        progress: Callable[[float], None] = lambda share: None,
    ) -> Simulation:
        """Run what ``prepare_simulation`` gave. mode: ``plain`` or ``fast`` (needs numba); whichever is quicker unless said.

        The result does not depend on mode, jobs or cluster. progress: told the share that is done; a KeyboardInterrupt in it ends the
        simulation with what there is so far. Raises ClusterError.
        """
        from sysdesign_cli.analyses.simulation import simulation
        from sysdesign_cli.analyses.simulation_runs import quickest_mode, run_all

        mode = mode or quickest_mode(prepared)
        return simulation(self.system, prepared, run_all(self.scenario, prepared, mode, jobs, cluster, progress), mode)

    def prepare_check(
        self, workload: str = "", lasts: str | float = 600.0, *, seed: int = 1, replications: int = 0, bins: int = 60, scale: float = 1.0
    ) -> Prepared:
        """A simulation to hold the formulas against: the load of the busiest moment, held. Raises ScenarioError, ValueError."""
        from sysdesign_cli.analyses.simulation_check import prepare_check
        from sysdesign_cli.analyses.simulation_plan import Question

        return prepare_check(self.system, Question(workload, seconds(lasts) or 0.0, None, (), seed, replications, True, bins, scale))

    def check_simulation(self, prepared: Prepared, simulation: Simulation) -> SimulationCheck:
        """Every figure of a simulation that ``prepare_check`` prepared, held against the one worked out."""
        from sysdesign_cli.analyses.simulation_check import simulation_check

        return simulation_check(self.system, prepared, simulation)

    def prepare_outage(self, result: FailoverResult, seed: int = 1, replications: int = 3) -> Prepared:
        """The simulation of an outage that ``failover`` worked out. Raises ScenarioError."""
        from sysdesign_cli.analyses.failover_simulated import prepare_outage

        return prepare_outage(self.system, result, seed, replications)

    def simulate_outage(
        self, result: FailoverResult, prepared: Prepared, mode: str = "", progress: Callable[[float], None] = lambda share: None
    ) -> SimulatedOutage:
        """Backlogs, losses, drains and failed requests, measured beside computed."""
        from sysdesign_cli.analyses.failover_simulated import simulated_outage
        from sysdesign_cli.analyses.simulation_runs import quickest_mode, run_all

        mode = mode or quickest_mode(prepared)
        return simulated_outage(self.system, result, prepared, run_all(self.scenario, prepared, mode, 0, "", progress), mode)

    def prices(self, name: str = "") -> PriceBook:
        """A price book by name or path; the scenario's own unless said. Raises ScenarioError with every problem of the file."""
        from sysdesign_cli.scenario.prices import load_prices, prices_for

        return load_prices(name) if name else prices_for(self.scenario)

    def cost(self, prices: str | PriceBook = "", workload: str = "", today: str = "") -> CostResult:
        """What it costs a month. ``workload``: every day like this one; ``today``: ISO date from which prices age. Raises ScenarioError."""
        from sysdesign_cli.analyses.cost import cost

        return cost(self.system, self.prices(prices) if isinstance(prices, str) else prices, workload=workload, today=today)

    def over_day(self, workload: str = "", prices: str | PriceBook = "") -> DayResult:
        """How busy every service is over a day of a workload, how many replicas run, and what each hour costs. Raises ScenarioError."""
        from sysdesign_cli.analyses.day import over_day

        return over_day(self.system, workload, self.prices(prices) if isinstance(prices, str) else prices)

    def dossier(self, workload: str = "", today: str = "", done: Callable[[int, int], None] = lambda finished, total: None) -> Dossier:
        """All results at once, for a report: flows, latency, capacity, availability, cost, every single failure, claims and findings.

        today: ISO date from which prices age and waivers end. done: told how many parts are finished, and of how many. Raises
        ScenarioError for an unknown workload; whatever else an analysis refuses stands in its place.
        """
        from time import perf_counter

        from sysdesign_cli.analyses.dossier import answered, dossier
        from sysdesign_cli.analyses.situations import pick_workload

        if workload:
            pick_workload(self.scenario, workload)
        return dossier(
            self.system,
            system_of=self._system_of(),
            prices=answered(self.prices),
            sources=self.sources,
            workload=workload,
            today=today,
            clock=perf_counter,
            done=done,
        )

    def together(self, *others: Design, workload: str = "") -> Together:
        """This and others beside each other: compared, and ranked where all are variants of one scenario."""
        from sysdesign_cli.analyses.dossier import answered, same_scenario, together

        designs = [self, *others]
        comparison = answered(lambda: self.compare(*others, workload=workload))
        if not same_scenario([design.scenario for design in designs]):
            return together(comparison, None)
        variants = [design.scenario.variant for design in designs if design.scenario.variant]
        return together(comparison, answered(lambda: self.tradeoff(variants, workload=workload)))

    def tradeoff(
        self,
        variants: Sequence[str] = (),
        weights: Mapping[str, float] | None = None,
        flow: str = "",
        *,
        workload: str = "",
        prices: str | PriceBook = "",
        along: Sequence[str] = (),
        samples: int = 0,
        seed: int | None = None,
        simulating: Question | None = None,
        done: Callable[[int, int], None] = lambda finished, total: None,
    ) -> TradeoffResult:
        """The scenario and its variants weighed against each other.

        variants: beside the scenario itself; those that the file weighs, or all, unless said. weights: metric -> weight, in place of
        the file's, each for itself; 0 leaves one out. along: figures of the file turned from end to end, ``path=low..high`` each.
        samples: of all figures that are ranges, 0 for none. Raises ScenarioError.
        """
        from dataclasses import replace

        from sysdesign_cli.analyses.along import read_way
        from sysdesign_cli.analyses.tradeoff import check_variants, spec_for, tradeoff, variants_weighed
        from sysdesign_cli.analyses.uncertainty import SEED

        base = self if not self.scenario.variant else self.variant("")
        names = list(dict.fromkeys(["", *variants])) if variants else variants_weighed(base.scenario)
        check_variants(base.scenario, names)
        systems = {name: self.variant(name).system if name else base.system for name in names}
        spec = replace(spec_for(base.scenario, weights, flow, workload), simulating=simulating)
        books = {name: self.prices(prices) if isinstance(prices, str) else prices for name in names}
        address = split_address(self.scenario.address)[0]
        ways = [read_way(text, open_document(address), systems, address, vocabulary(), self.changes) for text in along]
        return tradeoff(systems, spec, books, samples, ways=ways, seed=SEED if seed is None else seed, done=done)

    def metric(self, name: str, flow: str = "", service: str = "", content: str = "", workload: str = "") -> Number:
        """One metric of the registry. Raises KeyError for an unknown one, ScenarioError where it has no value."""
        from sysdesign_cli.analyses.metrics import METRICS
        from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable

        value = METRICS[name].of(Subject(self.system, workload), About(flow, service, content))
        if isinstance(value, Unavailable):
            raise ScenarioError([Problem("contradiction", Place(self.scenario.address), {"what": value.reason, "name": name})])
        return value


def _told(done: Callable[[int, int], None], total: int, finished: int) -> None:
    done(finished, total)


def variants_of(address: str) -> list[str]:
    """Names of the variants of a scenario."""
    return open_document(split_address(address)[0]).variant_names()


def _as_html(result: object) -> str | None:
    from sysdesign_cli.views.notebook import as_html

    return as_html(result)


present_by(_as_html)
