"""Options in a plane of two figures, and which of them nothing beats in both: the Pareto front of a trade-off, two figures at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sysdesign_cli.analyses.comparison import CompareResult
from sysdesign_cli.analyses.tradeoff import TradeoffResult
from sysdesign_cli.engine.explained import Number

#: What systems that are no variants of each other are laid out by: money, time and failure, each for what users ask.
COMPARED: Final = ("cost_per_million_requests", "answer_p99", "downtime_per_year")
#: Planes of a trade-off that are given at most; more would be looked at by nobody.
_MOST: Final = 3


@dataclass(frozen=True)
class Spot:
    """One option. front: no other is as good in both figures and better in one."""

    name: str
    x: Number
    y: Number
    front: bool


@dataclass(frozen=True)
class Plane:
    """Two metrics by id, each with what is better (``lower`` or ``higher``), and every option of which both are known."""

    across: str
    across_better: str
    up: str
    up_better: str
    spots: tuple[Spot, ...]


#: A metric by id, what is better, and its value for each option that has one.
_Column = tuple[str, str, dict[str, Number]]


def planes_of_tradeoff(result: TradeoffResult) -> tuple[Plane, ...]:
    """One plane for each pair of the metrics weighed, the heaviest first."""
    columns: list[_Column] = []
    for metric, _ in sorted(result.weights.items(), key=lambda one: -one[1].value):
        values = {option.name: value for option in result.options for value in option.values if value.metric == metric}
        better = next((value.better for value in values.values()), "lower")
        columns.append((metric, better, {name: one.value for name, one in values.items() if isinstance(one.value, Number)}))
    return _planes(columns)


def planes_of_comparison(result: CompareResult) -> tuple[Plane, ...]:
    """Planes of what ``COMPARED`` names, as far as it is known."""
    columns: list[_Column] = []
    for row in result.rows:
        if row.metric.id in COMPARED:
            found = zip(result.sides, row.values, strict=True)
            columns.append((row.metric.id, row.metric.better, {side.scenario: one for side, one in found if isinstance(one, Number)}))
    return _planes(sorted(columns, key=lambda column: COMPARED.index(column[0])))


def _planes(columns: Sequence[_Column]) -> tuple[Plane, ...]:
    planes = [_plane(across, up) for across, up in combinations(columns, 2)]
    return tuple(plane for plane in planes if len(plane.spots) > 1)[:_MOST]


def _plane(across: _Column, up: _Column) -> Plane:
    places = {name: (across[2][name], up[2][name]) for name in across[2] if name in up[2]}
    signs = tuple(-1.0 if better == "higher" else 1.0 for better in (across[1], up[1]))
    costs = {name: (x.value * signs[0], y.value * signs[1]) for name, (x, y) in places.items()}
    spots = (Spot(name, x, y, not any(_beats(other, costs[name]) for other in costs.values())) for name, (x, y) in places.items())
    return Plane(across[0], across[1], up[0], up[1], tuple(spots))


def _beats(other: tuple[float, float], mine: tuple[float, float]) -> bool:
    return other[0] <= mine[0] and other[1] <= mine[1] and other != mine
