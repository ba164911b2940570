"""Inputs that are only known as a range: which they are, a scenario with other values, and samples of all of them.

A range of the file is taken as equally likely everywhere in it, and ranges as independent of each other; a figure that stands in the
file once is one unknown, wherever it is used. Samples are a Latin hypercube (McKay, Beckman and Conover, Technometrics 21(2), 1979):
each range is cut into as many equal pieces as there are samples and each piece is used once, so that few samples tell much.
"""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sysdesign_cli.scenario.model import Element, Scenario
from sysdesign_cli.scenario.quantity import COUNT, Figure, figure

#: Parts of a scenario whose figures take part in computations.
SECTIONS: Final = ("services", "events", "workloads", "shapes", "zone_failures")
#: Figures that no computation uses.
_DESCRIPTIVE: Final = frozenset({"users"})
SEED: Final = 20_240_517

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class RangedInput:
    """A figure given as a range, by the name of its place (``services.payment.takes.mean``); several places may share it."""

    name: str
    figure: Figure
    paths: tuple[Path, ...]

    @property
    def key(self) -> str:
        """What tells it from others, also in a variant: where it stands in the file."""
        return str(self.figure.place) if self.figure.place is not None else self.name

    def at(self, share: float) -> float:
        """The value that this share of the range lies below. Of a range between whole numbers of something, a whole number."""
        low, high = self.figure.low, self.figure.high
        if self.figure.unit == COUNT and low.is_integer() and high.is_integer():
            return min(high, math.floor(low + share * (high - low + 1)))
        return low + share * (high - low)


def ranged_inputs(scenario: Scenario) -> tuple[RangedInput, ...]:
    """All figures of a scenario that are ranges and that results depend on, in the order of the file."""
    found: dict[str, RangedInput] = {}
    for section in SECTIONS:
        for path, one in _figures(getattr(scenario, section), (section,)):
            if one.low == one.high or (path[-1] in _DESCRIPTIVE and section == "workloads" and len(path) == 3):
                continue
            new = RangedInput(".".join(str(part) for part in path), one, (path,))
            known = found.get(new.key)
            found[new.key] = new if known is None else dataclasses.replace(known, paths=(*known.paths, path))
    return tuple(found.values())


def _figures(part: Any, path: Path) -> Iterator[tuple[Path, Figure]]:
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, Element):
        for name, value in vars(part).items():
            if name != "node" and value is not None and not isinstance(value, str | bool):
                yield from _figures(value, (*path, name))
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        for field in dataclasses.fields(part):
            yield from _figures(getattr(part, field.name), (*path, field.name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _figures(value, (*path, key))
    elif isinstance(part, tuple):
        for number, value in enumerate(part):
            yield from _figures(value, (*path, number))


def with_values(scenario: Scenario, values: Mapping[RangedInput, float]) -> Scenario:
    """The scenario with these inputs at these values; everything else is shared with the original."""
    for one, value in values.items():
        changed = figure(value, one.figure.unit, one.figure.text, one.figure.source, one.figure.node)
        for path in one.paths:
            scenario = _with(scenario, path, changed)
    return scenario


def _with(part: Any, path: Path, value: Figure) -> Any:
    """A copy of the part, changed along one path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(part, dict):
        return part | {step: _with(part[step], rest, value)}
    if isinstance(part, tuple):
        assert isinstance(step, int)
        return (*part[:step], _with(part[step], rest, value), *part[step + 1 :])
    assert isinstance(step, str)
    return dataclasses.replace(part, **{step: _with(getattr(part, step), rest, value)})


def samples(inputs: tuple[RangedInput, ...], count: int, seed: int = SEED) -> list[dict[RangedInput, float]]:
    """So many combinations of values: a Latin hypercube, the same for the same seed."""
    return [{one: one.at(share) for one, share in zip(inputs, row, strict=True)} for row in hypercube(len(inputs), count, seed)]


def hypercube(dimensions: int, count: int, seed: int = SEED) -> list[tuple[float, ...]]:
    """Points of the unit cube: in each dimension one of them in each of ``count`` equal pieces."""
    source = random.Random(seed)
    columns = []
    for _ in range(dimensions):
        places = list(range(count))
        source.shuffle(places)
        columns.append([(place + source.random()) / count for place in places])
    return [tuple(column[number] for column in columns) for number in range(count)]


def quantile(values: list[float], share: float) -> float:
    """Linear interpolation between the sorted values (Hyndman and Fan, The American Statistician 50(4), 1996, type 7)."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    if below + 1 >= len(ordered) or ordered[below] == ordered[below + 1]:  # the same on both sides, which may be infinity
        return ordered[below]
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])
