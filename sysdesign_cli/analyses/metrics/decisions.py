"""Metrics that decide between variants: the spread of the cost, the load at which another is cheaper, the place in the trade-off."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import COUNT, MONEY, RATE, SHARE

#: Samples for the spread: a Latin hypercube of so many settles the middle 90 % to about one part in fifty.
SAMPLES: Final = 60


def _cost_of(subject: Subject, system: System) -> float:
    from sysdesign_cli.analyses.cost import yearly_cost
    from sysdesign_cli.scenario.prices import prices_for

    return yearly_cost(system, subject.prices or prices_for(system.scenario))


def _cost_spread(subject: Subject, about: About) -> Number | Unavailable:
    """Width of the middle 90 % of the yearly cost over all ranges of the file, over the median."""
    from sysdesign_cli.analyses.uncertainty import quantile, ranged_inputs, samples, with_values

    inputs = ranged_inputs(subject.scenario)
    if not inputs:
        return Unavailable("no-ranges", counts_as=0.0)
    costs = [_cost_of(subject, System(with_values(subject.scenario, sample))) for sample in samples(inputs, SAMPLES)]
    low, middle, high = (quantile(costs, share) for share in (0.05, 0.5, 0.95))
    if middle <= 0:
        return Unavailable("nothing-priced")
    parts = tuple(
        (f"p{share}", Number(value, MONEY, "cost-year", method="simulated")) for share, value in ((5, low), (50, middle), (95, high))
    )
    ranges = tuple((one.name, one.figure) for one in inputs)
    return Number((high - low) / middle, SHARE, "cost-spread", (*parts, *ranges), "simulated", f"{SAMPLES} samples")


def _no_pair(subject: Subject, about: About) -> Number | Unavailable:
    return Unavailable("needs-other")


def _break_even(subject: Subject, other: Subject, about: About) -> Number | Unavailable:
    from sysdesign_cli.analyses.break_even import break_even

    return break_even(subject.system, other.system, lambda system: _cost_of(subject, system)).rate


def _tradeoff_rank(subject: Subject, about: About) -> Number | Unavailable:
    """Place of this variant by the weights of the file."""
    from sysdesign_cli.analyses.tradeoff import spec_for, tradeoff, variants_weighed
    from sysdesign_cli.scenario.prices import prices_for

    stated = subject.scenario.tradeoff
    if not stated.weights:
        return Unavailable("no-weights")
    if subject.system_of is None:
        return Unavailable("needs-variants")
    try:
        systems = {name: subject.system_of(name) for name in variants_weighed(subject.scenario)}
        spec = spec_for(subject.scenario)
    except ScenarioError as error:
        return Unavailable("cannot-be-computed", error.problems[0].slug)
    prices = {name: subject.prices or prices_for(system.scenario) for name, system in systems.items()}
    result = tradeoff(systems, spec, prices, look_further=False)
    own = subject.scenario.variant or subject.scenario.label
    mine = next((option for option in result.options if option.name == own), None)
    if mine is None or not mine.rank:
        return Unavailable("not-ranked", own)
    scores = tuple((option.name, option.score) for option in result.options if option.score is not None)
    return Number(float(mine.rank), COUNT, "tradeoff-rank", scores)


DECISION_METRICS: Final = (
    Metric("cost_spread", SHARE, "lower", _cost_spread, shown=False, reference="tradeoff"),
    Metric("break_even_rate", RATE, "neither", _no_pair, shown=False, reference="tradeoff", against=_break_even),
    Metric("tradeoff_rank", COUNT, "lower", _tradeoff_rank, shown=False, reference="tradeoff"),
)
