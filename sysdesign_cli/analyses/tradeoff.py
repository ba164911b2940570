"""Variants weighed against each other: who is best under which weights, who is beaten in everything, and what would change it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sysdesign_cli.analyses.along import Along, Way, along
from sysdesign_cli.analyses.contest import Contest, Outcome, Spec, normalised, plain
from sysdesign_cli.analyses.flips import Flip, flips, weight_flips
from sysdesign_cli.analyses.metrics import METRICS, Metric
from sysdesign_cli.analyses.metrics.base import Unavailable
from sysdesign_cli.analyses.metrics.simulated import SIMULATED_METRICS
from sysdesign_cli.analyses.parameters import ORDINARY, parameters
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.promises import Promise, promises
from sysdesign_cli.analyses.situations import pick_workload
from sysdesign_cli.analyses.tornado import Odds, Swing, odds, swings
from sysdesign_cli.analyses.uncertainty import SEED
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.price_book import PriceBook
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.quantity import POWER, SHARE, Figure, Misread, parse_quantity
from sysdesign_cli.scenario.shapes import Text

#: What is weighed when the file says nothing.
DEFAULT_WEIGHTS: Final = {"availability": 1.0, "cost_per_year": 1.0, "answer_p99": 1.0}
#: Short names of metrics on the command line.
SHORT: Final = {"cost": "cost_per_year", "latency": "answer_p99"}
#: Prices that are tried, the items whose cost differs most between the options, unless others are asked for.
ITEMS: Final = 3
_LARGEST: Final = 1e6
SIMULATED: Final = frozenset(metric.id for metric in SIMULATED_METRICS)


@dataclass(frozen=True)
class Value:
    """One metric of one option. score: 1 for the best of the options, 0 for the worst; None where the option has not all figures."""

    metric: str
    better: str
    value: Outcome
    score: Number | None


@dataclass(frozen=True)
class Option:
    """One variant weighed; ``variant`` is "" for the scenario itself, ``name`` what it is called.

    rank: 1 is best, equals share one, 0 cannot be ranked. dominated_by: options at least as good in everything and better in something.
    """

    variant: str
    name: str
    title: Text
    values: tuple[Value, ...]
    score: Number | None
    rank: int
    dominated_by: tuple[str, ...]


@dataclass(frozen=True)
class Missing:
    """A figure that an option lacks, so that it cannot be ranked."""

    option: str
    metric: str
    why: Unavailable


@dataclass(frozen=True)
class TradeoffResult(Presentable):
    """The options, best first, and what would change their order.

    weights: metric -> share of the sum of the weights. stated: they stand in the file or were asked for. ranges: inputs that are
    stated as ranges. odds: from ``sampled`` samples by ``seed``, none without ranges.
    """

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    flow: str
    weights: dict[str, Number]
    stated: bool
    options: tuple[Option, ...]
    missing: tuple[Missing, ...]
    promises: tuple[Promise, ...]
    flips: tuple[Flip, ...]
    swings: tuple[Swing, ...]
    along: tuple[Along, ...]
    odds: tuple[Odds, ...]
    ranges: int
    sampled: int
    seed: int

    @property
    def front(self) -> tuple[Option, ...]:
        """The options that no other beats in everything (Pareto front)."""
        return tuple(option for option in self.options if option.rank and not option.dominated_by)


def tradeoff(
    systems: Mapping[str, System],
    spec: Spec,
    prices: Mapping[str, PriceBook],
    count: int = 0,
    items: Sequence[str] = (),
    look_further: bool = True,
    *,
    ways: Sequence[Way] = (),
    seed: int = SEED,
    done: Callable[[int, int], None] = lambda finished, total: None,
) -> TradeoffResult:
    """Weigh variants ("" is the scenario itself).

    prices: variant -> its price book. count: samples of the ranges, 0 for none. items: priced items whose price may flip it; those
    whose cost differs most unless said. look_further: work out promises, flips and swings too. ways: figures of the file turned from
    end to end. done: told how many samples are finished, and of how many. Raises ScenarioError.
    """
    contest = Contest(systems, spec, prices)
    options = _options(contest)
    base = next(iter(systems.values())).scenario
    workload = pick_workload(base, spec.workload)
    turned, swung = _looked_further(contest, items) if look_further else ((), ())
    return TradeoffResult(
        scenario=base.address or base.label,
        title=base.title,
        workload=workload.name,
        workload_title=workload.title,
        flow=spec.flow,
        weights={metric.id: _weight(contest, number) for number, metric in enumerate(contest.metrics)},
        stated=bool(base.tradeoff.weights) or dict(spec.weights) != DEFAULT_WEIGHTS,
        options=options,
        missing=_missing(contest),
        promises=promises(contest) if look_further else (),
        flips=turned,
        swings=swung,
        along=tuple(along(contest, way) for way in ways),
        odds=odds(contest, count, seed, done) if count else (),
        ranges=len({key for own in contest.ranged.values() for key in own}),
        sampled=count,
        seed=seed,
    )


def _looked_further(contest: Contest, items: Sequence[str]) -> tuple[tuple[Flip, ...], tuple[Swing, ...]]:
    if len(contest.now.scores()) <= len(contest.leaders):
        return (), ()
    book = next(iter(contest.prices.values()), None)
    scenarios = [system.scenario for system in contest.systems.values()]
    turned = parameters(scenarios, book, items or contest.dearest_items(ITEMS))
    if contest.spec.workload in ("", next(iter(scenarios[0].workloads), "")):
        # what is weighed is that workload's, so its load alone does almost what the load of all does
        turned = tuple(one for one in turned if one.id != ORDINARY)
    if any(metric in SIMULATED for metric in contest.spec.weights):
        return weight_flips(contest), ()  # every other figure would have to be simulated anew for every value tried
    found = [flip for parameter in turned for flip in flips(contest, parameter)]
    return (*weight_flips(contest), *found), swings(contest, turned)


def variants_weighed(scenario: Scenario) -> list[str]:
    """Names of what is weighed: the scenario itself (""), and the variants it names, or all it has."""
    return ["", *(str(name) for name in scenario.tradeoff.variants or scenario.variants)]


def check_variants(scenario: Scenario, names: Sequence[str]) -> None:
    """Raise ScenarioError for a variant that there is not, and when there is nothing to weigh against."""
    known = [str(name) for name in scenario.variants]
    unknown = [name for name in names if name and name not in known]
    if unknown:
        problems = [_unknown("variant", name, known, Place(scenario.address)) for name in unknown]
        raise ScenarioError(problems)
    if len(names) < 2:
        raise ScenarioError([Problem("contradiction", Place(scenario.address), {"what": "no-variants", "name": scenario.label})])


def _unknown(what: str, name: str, known: Sequence[str], place: Place) -> Problem:
    return Problem("unknown-name", place, {"name": name[:60], "what": what, "known": ", ".join(known)}, nearest(name, known))


def title_of(scenario: Scenario) -> Text:
    """What a variant is called; its scenario's title where it has none of its own."""
    variant = scenario.variants.get(scenario.variant)
    return variant.title or scenario.title if variant is not None else scenario.title


def read_weight(text: str) -> tuple[str, float]:
    """``cost=3`` or ``availability=40%`` as (metric, weight); ``cost`` and ``latency`` are short names. Raises ScenarioError."""
    name, equals, number = text.partition("=")
    name = name.strip()
    metric = SHORT.get(name, name)
    if metric not in METRICS:
        known = sorted({*SHORT, *(one.id for one in METRICS.values() if _can_be_weighed(one))})
        raise ScenarioError([_unknown("metric", name, known, Place("--weight"))])
    parsed = parse_quantity(number.strip() if equals else "", POWER)
    if isinstance(parsed, Misread) or parsed.low != parsed.high:
        params = {"text": number[:60], "expected": "quantity.factor", "example": f"{name}=3, {name}=40%"}
        raise ScenarioError([Problem("bad-number", Place("--weight"), params)])
    if not 0 <= parsed.value <= _LARGEST:
        raise ScenarioError([Problem("out-of-range", Place("--weight"), {"text": number[:60], "low": "≥ 0", "high": f"≤ {_LARGEST:,.0f}"})])
    return metric, parsed.value


def spec_for(scenario: Scenario, weights: Mapping[str, float] | None = None, flow: str = "", workload: str = "") -> Spec:
    """What a scenario weighs; weights: replace those of the file, or the ordinary ones, each for itself; 0 leaves a metric out.

    Raises ScenarioError for what is not there or cannot be weighed.
    """
    stated = scenario.tradeoff
    place = stated.node.place if stated.node is not None else Place(scenario.address)
    merged: dict[str, float] = {**(stated.weights or DEFAULT_WEIGHTS), **(weights or {})}
    for name in merged:
        if name not in METRICS:
            raise ScenarioError([_unknown("metric", name, list(METRICS), place)])
        if not _can_be_weighed(METRICS[name]):
            raise ScenarioError(
                [Problem("contradiction", Place("--weight") if weights else place, {"what": "not-weighable", "name": name})]
            )
    counted = {name: weight for name, weight in merged.items() if weight > 0}
    if not counted:
        raise ScenarioError([Problem("contradiction", Place("--weight") if weights else place, {"what": "nothing-weighed"})])
    flow, workload = flow or str(stated.flow or ""), workload or str(stated.workload or "")
    if flow and flow not in scenario.flows:
        raise ScenarioError([_unknown("flow", flow, list(scenario.flows), Place(scenario.address))])
    pick_workload(scenario, workload)
    return Spec(counted, flow, workload)


def _can_be_weighed(metric: Metric) -> bool:
    """More or less of it is better, and it is a figure of one system alone."""
    return metric.better != "neither" and metric.against is None and metric.id != "tradeoff_rank"


def _weight(contest: Contest, number: int) -> Number:
    """A weight as its share of all."""
    given = list(contest.spec.weights.values())
    weight = given[number]
    stated = weight if isinstance(weight, Figure) else Number(weight, POWER, "weight")
    inputs = (("weight", stated), ("weights-sum", Number(math.fsum(given), POWER, "sum")))
    return Number(contest.weights[number], SHARE, "weight-share", inputs)


def _options(contest: Contest) -> tuple[Option, ...]:
    """Every option, the best first; those that cannot be ranked last."""
    scores = contest.now.scores()
    order = sorted(contest.systems, key=lambda name: (-scores.get(name, -1.0), list(contest.systems).index(name)))
    found: list[Option] = []
    for place, name in enumerate(order, 1):
        rank = place if name in scores else 0
        if found and found[-1].rank and rank and abs(scores[found[-1].variant] - scores[name]) <= 1e-12:
            rank = found[-1].rank
        found.append(_option(contest, name, rank, name in scores))
    return tuple(found)


def _option(contest: Contest, name: str, rank: int, ranked: bool) -> Option:
    values = tuple(_value(contest, name, number, ranked) for number in range(len(contest.metrics)))
    score = None
    if ranked:
        parts = tuple((value.metric, _part(contest, number, value.score)) for number, value in enumerate(values) if value.score is not None)
        score = Number(contest.now.scores()[name], POWER, "weighted-score", parts)
    system = contest.systems[name]
    return Option(name, contest.name_of(name), title_of(system.scenario), values, score, rank, _dominators(contest, name))


def _part(contest: Contest, number: int, score: Number) -> Number:
    weight = _weight(contest, number)
    return Number(weight.value * score.value, POWER, "weight-times-score", (("weight", weight), ("score", score)))


def _value(contest: Contest, name: str, number: int, ranked: bool) -> Value:
    metric, outcome = contest.metrics[number], contest.now.outcome(name, number)
    score = None
    if ranked:
        column = {other: plain(contest.now.outcome(other, number)) or 0.0 for other in contest.now.scores()}
        figures = {contest.name_of(other): contest.now.outcome(other, number) for other in column}
        inputs = tuple((other, replace(one, inputs=(), formula="")) for other, one in figures.items() if isinstance(one, Number))
        score = Number(normalised(column, metric.better)[name], POWER, f"score-{metric.better}", inputs)
    return Value(metric.id, metric.better, outcome, score)


def _dominators(contest: Contest, name: str) -> tuple[str, ...]:
    """Options at least as good in every metric and better in one (Pareto)."""
    rows = {other: [plain(contest.now.outcome(other, number)) for number in range(len(contest.metrics))] for other in contest.systems}
    found = []
    for other, theirs in rows.items():
        if other == name or None in rows[name] or None in theirs:
            continue
        gains = [_gain(metric, a or 0.0, b or 0.0) for metric, a, b in zip(contest.metrics, rows[name], theirs, strict=True)]
        if all(gain >= 0 for gain in gains) and any(gain > 0 for gain in gains):
            found.append(contest.name_of(other))
    return tuple(found)


def _gain(metric: Metric, mine: float, theirs: float) -> float:
    """Above 0 where the other is better; differences of rounding do not count."""
    if abs(theirs - mine) <= 1e-12 * max(abs(mine), abs(theirs)):
        return 0.0
    return theirs - mine if metric.better == "higher" else mine - theirs


def _missing(contest: Contest) -> tuple[Missing, ...]:
    return tuple(
        Missing(contest.name_of(name), metric.id, outcome)
        for name in contest.systems
        for number, metric in enumerate(contest.metrics)
        if isinstance(outcome := contest.now.outcome(name, number), Unavailable) and plain(outcome) is None
    )


__all__ = [
    "DEFAULT_WEIGHTS",
    "SHORT",
    "Spec",
    "TradeoffResult",
    "check_variants",
    "read_weight",
    "spec_for",
    "tradeoff",
    "variants_weighed",
]
