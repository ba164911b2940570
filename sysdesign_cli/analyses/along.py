"""Who is first while one figure of the file goes from low to high."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.contest import Contest, World
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.changes import read_path
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.quantity import COUNT, MONEY, RATE, SHARE, SIZE, TIME, Misread, parse_quantity
from sysdesign_cli.scenario.read import Document, Vocabulary

#: Where the first changes is known to this part of the way.
PRECISION: Final = 1e-3
#: Values of a path tried between its ends.
_TRIED: Final = 9


@dataclass(frozen=True)
class Stretch:
    """From this value of a path on, up to the next stretch, an option is first; "" where nobody has all figures.

    refused: why the file would be no sound scenario there.
    """

    start: Number
    first: str
    refused: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Along:
    """Who is first while one figure of the file goes from low to high."""

    path: str
    unit: str
    low: float
    high: float
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Way:
    """One figure of the file that is to be turned: its path, and the options' systems at a value of it (or a ScenarioError).

    whole: whole numbers only.
    """

    path: str
    unit: str
    low: float
    high: float
    whole: bool
    systems: Callable[[float], Mapping[str, System]]


_Found = tuple[str, tuple[Problem, ...]]


def along(contest: Contest, way: Way) -> Along:
    """Who is first along a path: tried at points between the ends, and where the first changes the place found by halving."""
    points = sorted({_rounded(way, way.low + (way.high - way.low) * i / (_TRIED - 1)) for i in range(_TRIED)})
    firsts = [_first(contest, way, point) for point in points]
    stretches = [Stretch(Number(points[0], way.unit, "path-end"), *firsts[0])]
    for i in range(1, len(points)):
        low, here = points[i - 1], firsts[i - 1]
        while not _same(firsts[i], here):  # a third may be first between the two
            low, here = _change(contest, way, low, here, (points[i], firsts[i]))
            stretches.append(Stretch(Number(low, way.unit, "flip-path", method=APPROXIMATION), *here))
    return Along(way.path, way.unit, way.low, way.high, tuple(stretches))


def _change(contest: Contest, way: Way, low: float, here: _Found, end: tuple[float, _Found]) -> tuple[float, _Found]:
    """A value above ``low`` from which on another is first than just below it, and who that is."""
    least = 1.0 if way.whole else PRECISION * (way.high - way.low)
    high, beyond = end
    while high - low > least * (1 + 1e-9):
        middle = _rounded(way, (low + high) / 2)
        found = _first(contest, way, middle)
        if _same(found, here):
            low = middle
        else:
            high, beyond = middle, found
    return high, beyond


def _same(one: _Found, other: _Found) -> bool:
    """The same option is first, or both are refused for the same reasons (whose figures differ from value to value)."""
    return one[0] == other[0] and [problem.slug for problem in one[1]] == [problem.slug for problem in other[1]]


def _rounded(way: Way, value: float) -> float:
    return float(round(value)) if way.whole else value


def _first(contest: Contest, way: Way, value: float) -> _Found:
    try:
        winner = World(contest, way.systems(value)).winner()
    except ScenarioError as error:
        return "", tuple(error.problems)
    return "" if winner is None else contest.name_of(winner), ()


def read_way(
    text: str, document: Document, systems: Mapping[str, System], address: str, vocabulary: Vocabulary, changes: Sequence[str] = ()
) -> Way:
    """``PATH=LOW..HIGH`` over a file: options that have no such path stay as they are.

    systems: option -> its system now. changes: what else is changed. Raises ScenarioError for a path that no option has, and for what
    is no range of numbers.
    """
    path = read_path(text)
    having: list[str] = []
    unit, whole, refused = "", False, None
    for option in systems:
        try:
            quantity = document.quantity_at(option, changes, path)
        except ScenarioError as error:
            refused = refused or error
            continue
        having.append(option)
        unit, whole = (quantity.unit, quantity.whole) if quantity is not None else (unit, whole)
    value = path.source.text
    parsed = parse_quantity(value, unit) if unit else Misread("bad-number")
    if not having and refused is not None:
        raise ScenarioError([_moved(problem) for problem in refused.problems])
    if isinstance(parsed, Misread) or parsed.low >= parsed.high:
        raise ScenarioError([Problem("bad-number", Place("--along"), {"what": "along", "text": value[:60]})])
    name = ".".join(path.keys)

    def at(number: float) -> Mapping[str, System]:
        changed = (*changes, f"{name}={_written(number, unit)}")
        return {
            option: System(document.scenario(option, address, vocabulary, changed, where_they_fit=True)) if option in having else system
            for option, system in systems.items()
        }

    return Way(name, unit, parsed.low, parsed.high, whole, at)


def _moved(problem: Problem) -> Problem:
    """Said of --along, not of --set."""
    return Problem(problem.slug, Place("--along"), problem.params, problem.near)


def _written(value: float, unit: str) -> str:
    """A value as it would be typed."""
    if unit == COUNT and value.is_integer():
        return f"{value:.0f}"
    if unit == MONEY:
        return f"${value:.9g}"
    return f"{value:.9g}{ {TIME: 's', SIZE: 'B', RATE: '/s', SHARE: ''}.get(unit, '') }"
