"""Options scored against each other: each metric from 0 for the worst of them to 1 for the best, weighed and summed.

This is simple additive weighting with min-max normalisation (Hwang and Yoon, Multiple Attribute Decision Making, Springer 1981).
A ``World`` is all options in one situation: as they are, or with a load, a price or an uncertain figure at another value. Its figures
are worked out when they are asked for, and kept as long as nothing that they depend on is changed: hundreds of worlds are asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.alike import Alike
from sysdesign_cli.analyses.metrics import METRICS, Metric
from sysdesign_cli.analyses.metrics.availability import AVAILABILITY_METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.analyses.metrics.cost import COST_METRICS
from sysdesign_cli.analyses.metrics.latency import LATENCY_METRICS
from sysdesign_cli.analyses.metrics.structure import STRUCTURE_METRICS
from sysdesign_cli.analyses.metrics.traffic import TRAFFIC_METRICS
from sysdesign_cli.analyses.parameters import PRICE, Parameter, with_price
from sysdesign_cli.analyses.quick import SHARES, Availability, Percentiles, only_workloads_differ
from sysdesign_cli.analyses.uncertainty import RangedInput, ranged_inputs
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.price_book import PriceBook
from sysdesign_cli.scenario.problems import ScenarioError

if TYPE_CHECKING:
    from sysdesign_cli.analyses.simulation_question import Question
    from sysdesign_cli.engine.distributions import Distribution

Outcome = Number | Unavailable

#: Stands for a time without bound, so that a column with one can still be scaled.
ENDLESS: Final = 1e30
_QUICK: Final = frozenset(metric.id for metric in (*STRUCTURE_METRICS, *TRAFFIC_METRICS, *AVAILABILITY_METRICS, *COST_METRICS))
_TIMES: Final = frozenset(metric.id for metric in LATENCY_METRICS)
#: Proportional to the bill, so that a price moves them along a straight line.
_BILLED: Final = frozenset(("cost_per_month", "cost_per_year", "cost_per_million_requests"))
_PRICED: Final = _BILLED | {"cost_spread"}


@dataclass(frozen=True)
class Spec:
    """What is weighed: metric -> weight (a Figure where it stands in the file), the flow of metrics of one flow, the workload."""

    weights: Mapping[str, float]
    flow: str = ""
    workload: str = ""
    simulating: Question | None = None


class Contest:
    """The options as they are, under one spec. systems, prices: option -> its system and price book; "" is the scenario itself."""

    def __init__(self, systems: Mapping[str, System], spec: Spec, prices: Mapping[str, PriceBook]) -> None:
        self.systems = dict(systems)
        self.spec = spec
        self.prices = prices
        self.metrics: list[Metric] = [METRICS[name] for name in spec.weights]
        total = math.fsum(spec.weights.values())
        self.weights = [weight / total for weight in spec.weights.values()]
        self.subjects = {
            name: Subject(system, spec.workload, prices=prices.get(name), simulating=spec.simulating)
            for name, system in self.systems.items()
        }
        self._known: dict[Hashable, Outcome] = {}
        from sysdesign_cli.engine.shapes import Shapes

        alike, shapes = Alike(self.systems), Shapes()
        failing: dict[Hashable, float] = {}
        times: dict[Hashable, Distribution] = {}
        self._percentiles = {name: Percentiles(name, one, spec.flow, alike, times) for name, one in self.subjects.items()}
        self._availability = {name: Availability(name, one, spec.flow, alike, failing, shapes) for name, one in self.subjects.items()}
        self._worlds: dict[tuple[str, float], World] = {}

    def name_of(self, option: str) -> str:
        """What an option is called: its variant, or the scenario's own name."""
        return option or self.systems[option].scenario.label

    @cached_property
    def values(self) -> dict[str, list[Outcome]]:
        """Option -> its figures with their derivations, in the order of the metrics."""
        return {name: [self._ask_today(metric, name) for metric in self.metrics] for name in self.subjects}

    def _ask_today(self, metric: Metric, option: str) -> Outcome:
        subject = self.subjects[option]
        if metric.id in SHARES and self.spec.flow in ("", *subject.scenario.flows):
            try:
                self._percentiles[option].work_out(subject)
            except ScenarioError as error:
                return Unavailable("cannot-be-computed", error.problems[0].slug)
        return self.ask(metric, subject)

    @cached_property
    def ranged(self) -> dict[str, dict[str, RangedInput]]:
        """Option -> its inputs that are stated as ranges, by key."""
        return {name: {one.key: one for one in ranged_inputs(system.scenario)} for name, system in self.systems.items()}

    @cached_property
    def now(self) -> World:
        """Everything as it is."""
        return World(self, self.systems)

    @property
    def is_quick(self) -> bool:
        """Whether every figure is worked out in a few milliseconds."""
        return all(metric.id in _QUICK for metric in self.metrics)

    @cached_property
    def leaders(self) -> tuple[str, ...]:
        """The options that are first, as things are; several when they score the same."""
        scores = self.now.scores()
        best = max(scores.values(), default=0.0)
        return tuple(name for name, score in scores.items() if score >= best - 1e-12)

    def ask(self, metric: Metric, subject: Subject) -> Outcome:
        """One figure; a changed load may make a loop unstable: then there is none."""
        flow = self.spec.flow if "flow" in metric.scopes else ""
        if flow and flow not in subject.scenario.flows:
            return Unavailable("no-such-flow", flow)
        try:
            return metric.of(subject, About(flow))
        except ScenarioError as error:
            return Unavailable("cannot-be-computed", error.problems[0].slug)

    def changed(self, change: Callable[[Scenario], Scenario], name: Hashable = None) -> World:
        """All options with a changed scenario; name: of what is done to them."""
        return World(self, {option: _compiled(system, change(system.scenario)) for option, system in self.systems.items()}, change=name)

    def at(self, parameter: Parameter, factor: float) -> World:
        """All options with a parameter at a factor."""
        if factor == 1.0:
            return self.now
        key = (parameter.id, factor)
        if key not in self._worlds:
            if parameter.id.startswith(f"{PRICE}:"):
                self._worlds[key] = World(self, self.systems, parameter.item, factor)
            else:
                self._worlds[key] = self.changed(lambda scenario: parameter.changed(scenario, factor), key)
        return self._worlds[key]

    def outcome(self, number: int, option: str, subject: Subject, change: Hashable = None) -> Outcome:
        """A figure of a changed system, from what is known where nothing that it depends on differs. change: its name."""
        key = self._key(number, option, subject)
        if key is None:
            return self._quick(number, option, subject, change)
        if key not in self._known:
            self._known[key] = self._quick(number, option, subject, change)
        return self._known[key]

    def is_endless(self, number: int, option: str, subject: Subject) -> bool | None:
        """Whether a percentile of an option whose load was changed grows without bound; None where only the whole figure tells."""
        scenario = subject.scenario
        if self.metrics[number].id not in SHARES or self.spec.flow not in ("", *scenario.flows):
            return None
        try:
            if self._percentiles[option].is_endless(subject):
                return True
        except ScenarioError:
            return None
        # who is answered today is answered under any load that nothing on the way is saturated by
        answered = isinstance(self.values[option][number], Number)
        return False if answered and only_workloads_differ(self.systems[option].scenario, scenario) else None

    def _quick(self, number: int, option: str, subject: Subject, change: Hashable) -> Outcome:
        """A figure without its derivation."""
        metric = self.metrics[number]
        if self.spec.flow in ("", *subject.scenario.flows):
            try:
                if metric.id == "availability":
                    return self._availability[option].of(subject, change)
                if metric.id in SHARES:
                    found = self._percentiles[option].of(metric.id, subject, self.values[option][number], change)
                    if found is None:
                        found = self.ask(metric, subject)
                        self._percentiles[option].compare(metric.id, subject, found, change)
                    return found
            except ScenarioError as error:
                return Unavailable("cannot-be-computed", error.problems[0].slug)
        return self.ask(metric, subject)

    def _key(self, number: int, option: str, subject: Subject) -> Hashable:
        """What a time depends on when just workloads were changed; None: on more than can be said."""
        scenario = subject.scenario
        if self.metrics[number].id not in _TIMES or not only_workloads_differ(self.systems[option].scenario, scenario):
            return None
        return (number, option, _content(scenario, self.spec.workload))

    @cached_property
    def item_shares(self) -> dict[str, dict[str, float]]:
        """Option -> item of the price book -> its share of the bill."""
        return {name: self._item_shares(name, system) for name, system in self.systems.items()}

    def _item_shares(self, option: str, system: System) -> dict[str, float]:
        from sysdesign_cli.analyses.charges import Bill
        from sysdesign_cli.analyses.usage import calendar

        if option not in self.prices:
            return {}
        try:
            costs = list(Bill(system, self.prices[option], calendar(system)[0]).costs())
        except ScenarioError:
            return {}
        whole = math.fsum(dollars for _, dollars in costs)
        found: dict[str, float] = {}
        for charge, dollars in costs:
            if dollars:
                found[charge.row.name] = found.get(charge.row.name, 0.0) + dollars / whole
        return found

    def dearest_items(self, count: int) -> tuple[str, ...]:
        """Items of the price book whose cost differs most between options; none where money is not weighed."""
        if not any(metric.id in _PRICED for metric in self.metrics):
            return ()
        yearly = {name: self.ask(METRICS["cost_per_year"], subject) for name, subject in self.subjects.items()}
        bills = {name: value.value for name, value in yearly.items() if isinstance(value, Number)}
        items = sorted({item for name in bills for item in self.item_shares[name]})
        costs = {item: [self.item_shares[name].get(item, 0.0) * bill for name, bill in bills.items()] for item in items}
        apart = {item: max(row) - min(row) for item, row in costs.items()}
        return tuple(sorted((item for item in items if apart[item] > 0), key=lambda item: (-apart[item], item))[:count])


class World:
    """All options in one situation.

    item, factor: a price that is other than today. change: names what was done to all of them alike; None where none can say what.
    """

    def __init__(
        self, contest: Contest, systems: Mapping[str, System], item: str = "", factor: float = 1.0, change: Hashable = None
    ) -> None:
        self.contest = contest
        self.systems = systems
        self.item = item
        self.factor = factor
        self.change = change
        self._subjects: dict[str, Subject] = {}
        self._outcomes: dict[tuple[str, int], Outcome] = {}

    def outcome(self, option: str, number: int) -> Outcome:
        """One metric of one option, without its derivation where the situation is not today's."""
        key = (option, number)
        if key not in self._outcomes:
            self._outcomes[key] = self._outcome(option, number)
        return self._outcomes[key]

    def _outcome(self, option: str, number: int) -> Outcome:
        contest, metric = self.contest, self.contest.metrics[number]
        known = contest.values[option][number]
        if self.item and metric.id in _PRICED:
            return self._repriced(option, number, known)
        if self.systems[option] is contest.systems[option]:
            return known
        if metric.id in _PRICED and isinstance(known, Unavailable):
            return known  # without prices nothing costs anything, whatever else is changed
        return contest.outcome(number, option, self._subject(option), self.change)

    def _subject(self, option: str) -> Subject:
        if option not in self._subjects:
            prices = self.contest.prices.get(option)
            self._subjects[option] = Subject(
                self.systems[option], self.contest.spec.workload, prices=prices, quick=True, simulating=self.contest.spec.simulating
            )
        return self._subjects[option]

    def _repriced(self, option: str, number: int, known: Outcome) -> Outcome:
        contest, metric = self.contest, self.contest.metrics[number]
        if isinstance(known, Unavailable):
            return known
        if metric.id in _BILLED:
            share = contest.item_shares[option].get(self.item, 0.0)
            return Number(known.value * (1 + (self.factor - 1) * share), known.unit)
        book = with_price(contest.prices[option], self.item, self.factor)
        return contest.ask(
            metric, Subject(contest.systems[option], contest.spec.workload, prices=book, quick=True, simulating=contest.spec.simulating)
        )

    def scores(self, numbers: Sequence[int] | None = None) -> dict[str, float]:
        """Weighted score of every option that has all figures; numbers: the metrics counted, all unless said."""
        contest = self.contest
        counted = range(len(contest.metrics)) if numbers is None else numbers
        columns = [self._column(number) for number in counted]
        ranked = [name for name in self.systems if all(column[name] is not None for column in columns)]
        scores = dict.fromkeys(ranked, 0.0)
        for number, column in zip(counted, columns, strict=True):
            shares = normalised({name: column[name] or 0.0 for name in ranked}, contest.metrics[number].better)
            for name, share in shares.items():
                scores[name] += contest.weights[number] * share
        return scores

    def _column(self, number: int) -> dict[str, float | None]:
        """One metric of every option as it is scored.

        Beside a time without bound all others score the same, so those that have one are not worked out.
        """
        endless = {name: self._is_endless(name, number) for name in self.systems}
        if any(endless.values()):
            known = {True: ENDLESS, False: 0.0}
            return {name: plain(self.outcome(name, number)) if one is None else known[one] for name, one in endless.items()}
        return {name: plain(self.outcome(name, number)) for name in self.systems}

    def _is_endless(self, option: str, number: int) -> bool | None:
        """Whether a time grows without bound; None where only the whole figure tells, or it is known."""
        if self.systems[option] is self.contest.systems[option] or (option, number) in self._outcomes:
            value = plain(self.outcome(option, number))
            return value == ENDLESS or None
        return self.contest.is_endless(number, option, self._subject(option))

    def winner(self) -> str | None:
        """The option with the best score; of several the first. None where none has all figures."""
        scores = self.scores()
        best = max(scores.values(), default=0.0)
        return next((name for name, score in scores.items() if score >= best - 1e-12), None)

    def lead(self) -> float | None:
        """Score of today's first (the best of them, where several are) less the best of the others.

        -1 when it has none any more, 1 when nobody else has, None when nobody has one at all.
        """
        return self._lead(self.scores())

    def _lead(self, scores: Mapping[str, float]) -> float | None:
        mine = [score for name, score in scores.items() if name in self.contest.leaders]
        theirs = [score for name, score in scores.items() if name not in self.contest.leaders]
        if not mine:
            return -1.0 if theirs else None
        if not theirs:
            return 1.0
        lead = max(mine) - max(theirs)
        return 0.0 if abs(lead) <= 1e-12 else lead

    def sign(self) -> float | None:
        """Something with the sign of ``lead``: slow figures are left out where the others settle it."""
        contest = self.contest
        quick = [number for number, metric in enumerate(contest.metrics) if metric.id in _QUICK]
        rest = math.fsum(contest.weights) - math.fsum(contest.weights[number] for number in quick)
        if 0 < len(quick) < len(contest.metrics):
            scores = self.scores(quick)
            gap = self._lead(scores)
            if gap is not None and len(scores) == len(self.systems) and abs(gap) > rest + 1e-9:
                return gap
        return self.lead()


def plain(value: Outcome) -> float | None:
    """A finite figure, else None; a time without bound stands as a very long one."""
    number = value.value if isinstance(value, Number) else value.counts_as
    if number is None or math.isnan(number):
        return None
    return max(-ENDLESS, min(ENDLESS, number))


def normalised(column: Mapping[str, float], better: str) -> dict[str, float]:
    """Values as shares of the way from worst (0) to best (1); 1 for all where they do not differ, or none is better."""
    low, high = min(column.values(), default=0.0), max(column.values(), default=0.0)
    if better == "neither" or high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        return dict.fromkeys(column, 1.0)
    return {name: (value - low) / (high - low) if better == "higher" else (high - value) / (high - low) for name, value in column.items()}


def _compiled(system: System, changed: Scenario) -> System:
    """A changed scenario as a system; where only workloads differ, what is numbered and connected stays the same."""
    return system.under(changed) if only_workloads_differ(system.scenario, changed) else System(changed)


def _content(scenario: Scenario, name: str) -> Hashable:
    """A workload as what can be compared."""
    workload = scenario.workloads[name] if name else next(iter(scenario.workloads.values()))
    starts = tuple(
        (flow, one.peak, one.base, one.at, one.lasts, one.ramp, one.users, one.think, str(one.shape or workload.shape))
        for flow, one in workload.starts.items()
    )
    shapes = tuple((shape, tuple(points.items())) for shape, points in scenario.shapes.items())
    return (starts, shapes)
