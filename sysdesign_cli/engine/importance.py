"""How important each component of a fault tree is, and the probability of a union of cut sets, which one of the measures needs.

References: Birnbaum, On the importance of different components (1969); Fussell, How to hand-calculate system reliability and safety
characteristics (IEEE Transactions on Reliability 24, 1975).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sysdesign_cli.engine.factoring import factored
from sysdesign_cli.engine.faulttree import EVENT, TooLarge, Tree

if TYPE_CHECKING:
    from sysdesign_cli.engine.cutsets import CutSet, CutSets

#: Unions are worked out for no more cut sets than this.
FEW_SETS: Final = 2_000
#: Steps for the probability of one union of cut sets.
_UNION_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class Importance:
    """What a component counts for. All without unit.

    birnbaum: P(top | it failed) − P(top | it works). criticality: birnbaum · q / Q, which is 1 − 1/RRW: the share of Q that goes away
    if it never fails. fussell_vesely: P(at least one minimal cut set it belongs to) / Q; if it is not exact, it is an upper bound,
    and criticality is a lower one.
    """

    birnbaum: float
    criticality: float
    fussell_vesely: float
    fussell_vesely_exact: bool


def importance(tree: Tree, top: int, cuts: CutSets | None = None) -> dict[str, Importance]:
    """Importance of every component below the top, by name.

    All Birnbaum values come from one pass back through the factored computation of P(top), so a thousand components cost about
    as much as three probabilities. The Fussell–Vesely value is exact where `cuts` are complete and few enough. Otherwise it is
    the least of these bounds: the sum over the cut sets that contain the component (if complete); P(it failed and top) / Q,
    which differs from the criticality by less than q; and 1.

    Raises TooLarge as `probability` does.
    """
    whole, slopes = factored(tree, top).probability_and_slopes()
    with_it: dict[str, list[CutSet]] = {}
    for one in cuts.sets if cuts is not None and cuts.complete else ():
        for name in one.events:
            with_it.setdefault(name, []).append(one)
    q = {tree.names[event]: tree.q[event] for event in tree.events.values()}
    result: dict[str, Importance] = {}
    for node in tree.below([top]):
        if tree.kinds[node] != EVENT or tree.chance[node]:
            continue
        name = tree.names[node]
        birnbaum = slopes.get(name, 0.0)
        if not whole:
            result[name] = Importance(birnbaum, 0.0, 0.0, True)
            continue
        criticality = min(1.0, birnbaum * q[name] / whole)
        exact = None if cuts is None or not cuts.complete else _fussell_vesely(with_it.get(name, []), q, whole)
        bound = min(1.0, q[name] * (whole + (1.0 - q[name]) * birnbaum) / whole) if name in slopes else 0.0
        if exact is None and name in with_it:
            bound = min(bound, sum(one.probability for one in with_it[name]) / whole)
        result[name] = Importance(birnbaum, criticality, bound if exact is None else min(1.0, exact), exact is not None or not bound)
    return result


def _fussell_vesely(sets: Sequence[CutSet], q: Mapping[str, float], whole: float) -> float | None:
    """P(at least one of these cut sets) over P(top); None if that takes too long."""
    if len(sets) == 1:
        return sets[0].probability / whole
    if len(sets) > FEW_SETS:
        return None
    try:
        return union_probability(products(sets), q, 40 * len(sets)) / whole
    except TooLarge:
        return None


def products(sets: Iterable[CutSet]) -> list[frozenset[str]]:
    """The sets with the chance events that they need, one for each combination."""
    return [one.events | toss for one in sets for toss in one.tosses]


def union_probability(sets: Iterable[Collection[str]], q: Mapping[str, float], steps: int = _UNION_STEPS) -> float:
    """P(at least one set happens whole), for sets of independent events, by factoring; adds only what is not negative.

    Raises TooLarge after so many steps.
    """
    left = [steps]

    def worked_out(family: list[frozenset[str]]) -> float:
        left[0] -= len(family)
        if left[0] < 0:
            raise TooLarge(f"more than {steps} steps")
        if not family:
            return 0.0
        common = frozenset.intersection(*family)
        if common:
            family = [one - common for one in family]
        whole = math.prod([q[event] for event in sorted(common)])
        if not all(family):  # one of them is empty: it has happened
            return whole
        single = {event for one in family if len(one) == 1 for event in one}
        family = [one for one in family if len(one) > 1 and single.isdisjoint(one)] + [frozenset([event]) for event in sorted(single)]
        total = 0.0
        for group in _independent(family):
            total += (split(group) if len(group) > 1 else math.prod([q[event] for event in sorted(group[0])])) * (1.0 - total)
        return whole * total

    def split(family: list[frozenset[str]]) -> float:
        uses: dict[str, int] = {}
        for one in family:
            for event in one:
                uses[event] = uses.get(event, 0) + 1
        most = max(uses.values())
        pivot = min(event for event, count in uses.items() if count == most)
        without = [one for one in family if pivot not in one]
        happened = [one - {pivot} for one in family if pivot in one] + without
        return q[pivot] * worked_out(happened) + (1.0 - q[pivot]) * worked_out(without)

    return worked_out([frozenset(one) for one in sets])


def _independent(family: Sequence[frozenset[str]]) -> list[list[frozenset[str]]]:
    """Sets that share an event, directly or through others, together."""
    with_event: dict[str, list[int]] = {}
    for number, one in enumerate(family):
        for event in one:
            with_event.setdefault(event, []).append(number)
    groups: list[list[frozenset[str]]] = []
    met: set[int] = set()
    for first in range(len(family)):
        if first in met:
            continue
        met.add(first)
        group = [first]
        for number in group:  # grows while it is gone through
            for event in family[number]:
                fresh = [other for other in with_event.pop(event, []) if other not in met]
                met.update(fresh)
                group += fresh
        groups.append([family[number] for number in sorted(group)])
    return groups
