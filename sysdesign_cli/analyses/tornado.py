"""Which assumption matters: how far each input moves the lead of the first, and how often each option is first under all of them."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.contest import Contest, World
from sysdesign_cli.analyses.flips import SWING
from sysdesign_cli.analyses.parameters import Parameter
from sysdesign_cli.analyses.uncertainty import SEED, RangedInput, hypercube, quantile, with_values
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.quantity import COUNT, POWER, SHARE

SIMULATED: Final = "simulated"
_COLLECTED: Final = 200


@dataclass(frozen=True)
class Swing:
    """How far the lead of the first over the best other moves when one input goes from low to high.

    stated: the ends of a range of the file, else 20 % either way. flips: at one end another is first. lead: None where nobody has all
    figures any more.
    """

    name: str
    low: float
    high: float
    unit: str
    lead_low: Number | None
    lead_high: Number | None
    stated: bool
    flips: bool

    @property
    def width(self) -> float:
        """Between the two leads; endless where there is none at one end."""
        if self.lead_low is None or self.lead_high is None:
            return math.inf
        return abs(self.lead_high.value - self.lead_low.value)


def swings(contest: Contest, turned: Sequence[Parameter]) -> tuple[Swing, ...]:
    """The tornado: each stated range from end to end and each parameter by 20 % either way, by how far the lead moves."""
    inputs = Inputs(contest)
    found = []
    for key, one in inputs.known.items():
        leads = [inputs.world({key: share}).lead() for share in (0.0, 1.0)]
        found.append(_swing(one.name, one.figure.low, one.figure.high, one.figure.unit, leads, True))
    for parameter in turned:
        factors = [max(parameter.low, 1 - SWING), min(parameter.high, 1 + SWING)]
        leads = [contest.at(parameter, factor).lead() for factor in factors]
        ends = [parameter.value(factor) for factor in factors]
        low, high = (factor if end is None else end for factor, end in zip(factors, ends, strict=True))
        found.append(_swing(parameter.id, low, high, parameter.unit or POWER, leads, False))
    return tuple(sorted(found, key=lambda one: (-one.width, one.name)))


def _swing(name: str, low: float, high: float, unit: str, leads: Sequence[float | None], stated: bool) -> Swing:
    numbers = [None if lead is None else Number(lead, POWER, "lead", method=APPROXIMATION) for lead in leads]
    return Swing(name, low, high, unit, numbers[0], numbers[1], stated, any(lead is not None and lead < 0 for lead in leads))


class Inputs:
    """The ranged inputs of all options. A range that several share is one unknown; where a variant states another, both go together
    only as far as they stand at the same place of the file.
    """

    def __init__(self, contest: Contest) -> None:
        self.contest = contest
        self.of = contest.ranged
        self.known: dict[str, RangedInput] = {}
        for own in self.of.values():
            for key, one in own.items():
                self.known.setdefault(key, one)

    def world(self, shares: Mapping[str, float]) -> World:
        """The options with inputs at these shares of their ranges, each as far as it has them."""
        systems = {}
        for name, system in self.contest.systems.items():
            values = {one: one.at(shares[key]) for key, one in self.of[name].items() if key in shares}
            systems[name] = System(with_values(system.scenario, values)) if values else system
        return World(self.contest, systems)


@dataclass(frozen=True)
class Interval:
    """One metric of one option over the samples: mean, and the values that 5 %, half and 95 % of them lie below.

    counted: samples in which there was a figure; one without bound counts as infinite.
    """

    mean: Number
    low: Number
    middle: Number
    high: Number
    counted: int


@dataclass(frozen=True)
class Odds:
    """How often an option is first in samples of all ranges. between: Wilson's 95 % interval of that share."""

    name: str
    first: Number
    between: tuple[float, float]
    intervals: dict[str, Interval]


def odds(
    contest: Contest, count: int, seed: int = SEED, done: Callable[[int, int], None] = lambda finished, total: None
) -> tuple[Odds, ...]:
    """Every option under the same samples of all ranges, in the order of the options; nothing where no input has a range.

    Raises ScenarioError where a sample makes no sound system.
    """
    inputs = Inputs(contest)
    if not inputs.known:
        return ()
    firsts = dict.fromkeys(contest.systems, 0)
    columns: dict[str, list[list[float]]] = {name: [[] for _ in contest.metrics] for name in contest.systems}
    for number, shares in enumerate(hypercube(len(inputs.known), count, seed), 1):
        world = inputs.world(dict(zip(inputs.known, shares, strict=True)))
        winner = world.winner()
        if winner is not None:
            firsts[winner] += 1
        for name, column in columns.items():
            for position, values in enumerate(column):
                _add(values, world, name, position)
        done(number, count)
        if number % _COLLECTED == 0 and not gc.isenabled():
            gc.collect()  # a command runs without the collector, which is too long for thousands of systems
    return tuple(_odds(contest, name, firsts[name], count, columns[name]) for name in contest.systems)


def _add(values: list[float], world: World, option: str, number: int) -> None:
    outcome = world.outcome(option, number)
    value = outcome.value if isinstance(outcome, Number) else outcome.counts_as
    if value is not None and not math.isnan(value):
        values.append(value)


def _odds(contest: Contest, option: str, times: int, count: int, columns: list[list[float]]) -> Odds:
    low, high = wilson(times, count)
    taken = (("samples", Number(float(count), COUNT, "counted")), ("times-first", Number(float(times), COUNT, "counted")))
    share = Number(times / count, SHARE, "share-of-samples", taken, SIMULATED, f"95 %: {low:.1%} … {high:.1%}")
    intervals = {metric.id: _interval(values, metric.unit) for metric, values in zip(contest.metrics, columns, strict=True) if values}
    return Odds(contest.name_of(option), share, (low, high), intervals)


def _interval(values: list[float], unit: str) -> Interval:
    taken = (("samples", Number(float(len(values)), COUNT, "counted")),)
    mean = Number(math.fsum(values) / len(values), unit, "mean-of-samples", taken, SIMULATED)
    low, middle, high = (Number(quantile(values, share), unit, "quantile-of-samples", taken, SIMULATED) for share in (0.05, 0.5, 0.95))
    return Interval(mean, low, middle, high, len(values))


def wilson(times: int, count: int) -> tuple[float, float]:
    """95 % interval of a share counted so often of so many (Wilson, Journal of the American Statistical Association 22, 1927)."""
    z = 1.959964
    share, room = times / count, z * z / count
    middle = (share + room / 2) / (1 + room)
    half = z * math.sqrt(share * (1 - share) / count + room / (4 * count)) / (1 + room)
    return max(0.0, middle - half), min(1.0, middle + half)
