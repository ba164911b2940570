"""Minimal cut sets of a fault tree.

A cut set is a set of components whose failure together makes the top true; it is minimal when none of them can be left out. All
of them are held as one zero-suppressed decision diagram, in which a million sets may take a few hundred nodes; they are listed
only as far as somebody asks.

Chance events (a cache miss, a deadline passed) are no members: sets that differ only in chance events are one cut set, and the
probability that at least one of those combinations of tosses comes out badly is its factor. A set and a larger one may then both be
listed: {database} with a factor of 0.1, {cache, database} with 1.

References: Rauzy, New algorithms for fault trees analysis (Reliability Engineering and System Safety 40, 1993); Minato, Zero-suppressed
BDDs for set manipulation in combinatorial problems (DAC 1993); Rauzy, Mathematical foundations of minimal cutsets (IEEE
Transactions on Reliability 50, 2001).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest
from typing import Final

from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.faulttree import ALL, ANY, EVENT, TooLarge, Tree, room_for
from sysdesign_cli.engine.importance import FEW_SETS, products, union_probability
from sysdesign_cli.engine.unions import Unions

#: Nodes of the diagram of all cut sets.
BUDGET: Final = 500_000
#: Cut sets that are listed at most.
MOST_LISTED: Final = 200_000
#: A gate with no more cut sets than this has them written out.
_FEW_WRITTEN = 128
#: Below this share of the whole a difference of two probabilities has too few digits left.
_DIGITS = 1e-9
_FREE = 1 << 30
_NO_TOSS: Final[tuple[frozenset[str], ...]] = (frozenset(),)


@dataclass(frozen=True, slots=True)
class CutSet:
    """Components that together make the top fail.

    probability: that all of them have failed and the tosses came out badly. chance: the latter alone; 1 if there are none.
    tosses: the combinations of chance events, each minimal, of which one has to happen as well.
    """

    events: frozenset[str]
    probability: float
    chance: float
    tosses: tuple[frozenset[str], ...] = _NO_TOSS


@dataclass(frozen=True, slots=True)
class CutSets:
    """Minimal cut sets, smaller ones first, then by their names.

    order: all those of up to so many components are listed (none: all). complete: there are no others.
    left_out: how much of the top's probability no listed set explains: exact, or (left_out_exact is false) no more than this.
    """

    sets: tuple[CutSet, ...]
    complete: bool
    order: int | None
    left_out: float
    left_out_exact: bool


class Family(Unions):
    """All minimal cut sets of a tree as a zero-suppressed decision diagram.

    Node 0 is no set at all, node 1 the one empty set; any other holds the sets of `high`, each with its variable added, and those of
    `low`. Every family in it is minimal: no set contains another.
    """

    def __init__(self, tree: Tree, top: int, order: int | None = None, budget: int = BUDGET, small_apart: bool = False) -> None:
        """order: leave out sets of more components than this; `truncated` then tells whether there may have been any.

        small_apart: alternatives of the top that have few cut sets are listed in `small` instead, as variables, and are no part of
        the diagram.

        Raises TooLarge if that takes more nodes than the budget.
        """
        super().__init__(budget)
        self.tree, node = tree.simplified(top)
        self.truncated = False
        self._fewest: list[int] = [_FREE, 0]  # components in the smallest and in the largest set
        self._largest: list[int] = [0, 0]
        self._deepest: list[int] = [-1, -1]
        self._products: dict[tuple[int, int, int], int] = {}
        self._differences: dict[tuple[int, int], int] = {}
        self.events = _order_of_events(self.tree, node)
        self.weights = [0 if self.tree.chance[event] else 1 for event in self.events]
        self._place = {event: variable for variable, event in enumerate(self.events)}
        alternatives = list(self.tree.children[node]) if self.tree.kinds[node] == ANY else [node]
        self.small: list[list[tuple[int, ...]]] = []
        if small_apart:
            alternatives = self._listed_apart(alternatives)
        with room_for(len(self.events)):
            self.parts = self._built(alternatives, _FREE if order is None else order)
        self._top: int | None = None

    def _listed_apart(self, alternatives: Sequence[int]) -> list[int]:
        known = _few_cut_sets(self.tree, alternatives, self._place)
        for node in alternatives:
            if node in known:
                self.small.append([tuple(sorted(one)) for one in known[node]])
        return [node for node in alternatives if node not in known]

    @property
    def top(self) -> int:
        """The node of all cut sets; raises TooLarge if uniting the parts takes more nodes than the budget."""
        if self._top is None:
            with room_for(len(self.events)):
                result = 0
                for part in sorted(self.parts, key=lambda part: -self._deepest[part]):
                    result = self.union(part, result)
            self._top = result
        return self._top

    def _built(self, alternatives: Sequence[int], limit: int) -> list[int]:
        """The cut sets of each of these nodes."""
        tree = self.tree
        done: dict[int, int] = {Tree.FALSE: 0, Tree.TRUE: 1}
        for node in tree.below(alternatives):
            kind = tree.kinds[node]
            if node <= Tree.TRUE:
                continue
            if kind == EVENT:
                done[node] = self._within(self._node(self._place[node], 1, 0), limit)
                continue
            parts = sorted((done[child] for child in tree.children[node]), key=lambda part: -self._deepest[part])
            if kind in (ANY, ALL):
                result = 0 if kind == ANY else 1
                for part in parts:
                    result = self.union(part, result) if kind == ANY else self._product(part, result, limit)
                done[node] = result
            else:
                done[node] = self.at_least(tree.least[node], parts, lambda f, g: self._product(f, g, limit))
        return [done[node] for node in alternatives]

    def _node(self, variable: int, high: int, low: int) -> int:
        return self._kept(variable, high, low) if high else low

    def _made(self, variable: int, high: int, low: int) -> None:
        weight = self.weights[variable]
        self._fewest.append(min(self._fewest[high] + weight, self._fewest[low]))
        self._largest.append(max(self._largest[high] + weight, self._largest[low]))
        self._deepest.append(max(variable, self._deepest[high], self._deepest[low]))

    def _united(self, f: int, g: int) -> int:
        variable = self.variables[f]
        if variable < self.variables[g]:
            return self._node(variable, self._without(self.high[f], g), self.union(self.low[f], g))
        low = self.union(self.low[f], self.low[g])
        return self._node(variable, self._without(self.union(self.high[f], self.high[g]), low), low)

    def _product(self, f: int, g: int, limit: int) -> int:
        """The minimal ones of all unions of a set of f and a set of g, of at most so many components."""
        if f > g:
            f, g = g, f
        if f == 0:
            return 0
        if f == g or f == 1:
            return self._within(g, limit)
        if self._largest[f] + self._largest[g] <= limit:
            limit = _FREE
        elif max(self._fewest[f], self._fewest[g]) > limit:
            self.truncated = True
            return 0
        key = (f, g, limit)
        result = self._products.get(key)
        if result is None:
            if self.variables[f] > self.variables[g]:
                f, g = g, f
            self._products[key] = result = self._product_of(f, g, limit)
        return result

    def _product_of(self, f: int, g: int, limit: int) -> int:
        """As `_product`, with the first variable of f at or before that of g."""
        variable = self.variables[f]
        inner = limit if limit == _FREE else limit - self.weights[variable]
        if variable < self.variables[g]:
            low = self._product(self.low[f], g, limit)
            high = self._product(self.high[f], g, inner)
            return self._node(variable, high if self._deepest[f] < self.variables[g] else self._without(high, low), low)
        low = self._product(self.low[f], self.low[g], limit)
        one = self._product(self.high[f], self.union(self.high[g], self.low[g]), inner)
        high = self.union(one, self._product(self.low[f], self.high[g], inner))
        return self._node(variable, self._without(high, low), low)

    def _within(self, f: int, limit: int) -> int:
        """The sets of at most so many components."""
        if self._largest[f] <= limit:
            return f
        if self._fewest[f] > limit:
            self.truncated = True
            return 0
        variable = self.variables[f]
        return self._node(variable, self._within(self.high[f], limit - self.weights[variable]), self._within(self.low[f], limit))

    def _without(self, f: int, g: int) -> int:
        """The sets of f that contain no set of g."""
        if f == g or f == 0 or g == 1:
            return 0
        if g == 0 or f == 1 or self.variables[g] > self._deepest[f] or self._deepest[g] < self.variables[f]:
            return f
        key = (f, g)
        result = self._differences.get(key)
        if result is None:
            above, under = self.variables[f], self.variables[g]
            if above < under:
                result = self._node(above, self._without(self.high[f], g), self._without(self.low[f], g))
            elif above > under:
                result = self._without(f, self.low[g])
            else:
                high = self._without(self._without(self.high[f], self.high[g]), self.low[g])
                result = self._node(above, high, self._without(self.low[f], self.low[g]))
            self._differences[key] = result
        return result

    def _reachable(self, top: int) -> list[int]:
        """Nodes below a node, itself included, children before parents, without the two last ones."""
        seen = {0, 1, top}
        waiting = [top]
        while waiting:
            node = waiting.pop()
            fresh = {self.high[node], self.low[node]} - seen
            seen |= fresh
            waiting += fresh
        return sorted(seen - {0, 1})

    def counts(self) -> list[int]:
        """How many sets there are, by number of components (from 0 on). Sets that differ only in chance events count as one."""
        with room_for(len(self.events)):
            top = self._without_chance()
        by_node: dict[int, list[int]] = {0: [], 1: [1]}
        for node in self._reachable(top):
            longer, low = [0, *by_node[self.high[node]]], by_node[self.low[node]]
            by_node[node] = [a + b for a, b in zip_longest(longer, low, fillvalue=0)]
        return by_node[top]

    def sizes(self, part: int) -> list[int]:
        """As `counts` for one node, but sets that differ in chance events count each."""
        by_node: dict[int, list[int]] = {0: [], 1: [1]}
        for node in self._reachable(part):
            high = by_node[self.high[node]]
            longer = [0, *high] if self.weights[self.variables[node]] else high
            by_node[node] = [a + b for a, b in zip_longest(longer, by_node[self.low[node]], fillvalue=0)]
        return by_node[part]

    def _without_chance(self) -> int:
        """The top with chance events taken out of every set; sets that are then equal become one, larger ones stay."""
        if all(self.weights):
            return self.top
        unions: dict[tuple[int, int], int] = {}

        def union(f: int, g: int) -> int:
            if f == g or not f or not g:
                return f or g
            key = (f, g)
            if key not in unions:
                variable = min(self.variables[f], self.variables[g])
                (fh, fl), (gh, gl) = ((self.high[n], self.low[n]) if self.variables[n] == variable else (0, n) for n in (f, g))
                unions[key] = self._node(variable, union(fh, gh), union(fl, gl))
            return unions[key]

        done = {0: 0, 1: 1}
        for node in self._reachable(self.top):
            variable, high, low = self.variables[node], done[self.high[node]], done[self.low[node]]
            done[node] = self._node(variable, high, low) if self.weights[variable] else union(high, low)
        return done[self.top]

    def order_of(self, one: Iterable[int]) -> int:
        """How many components a set of events has."""
        return sum([self.weights[event] for event in one])

    def small_sizes(self) -> list[int]:
        """As `sizes`, for all sets of `small` together."""
        counts = Counter(self.order_of(one) for sets in self.small for one in sets)
        return [counts[size] for size in range(max(counts, default=-1) + 1)]

    def more_than(self, order: int, part: int) -> float:
        """Sum of the probabilities of the node's sets of more components than this: no less than what they add to the top's."""
        if self._largest[part] <= order:
            return 0.0
        zero = [0.0] * (order + 2)
        by_node = {0: zero, 1: [1.0, *zero[1:]]}  # by number of components that a set must at least have
        for node in self._reachable(part):
            variable = self.variables[node]
            q = self.tree.q[self.events[variable]]
            high, low = by_node[self.high[node]], by_node[self.low[node]]
            longer = [high[0], *high[:-1]] if self.weights[variable] else high
            by_node[node] = [q * a + b for a, b in zip(longer, low, strict=True)]
        return by_node[part][order + 1]

    def listed(self, order: int, part: int) -> Iterator[tuple[int, ...]]:
        """The node's sets of up to so many components, as rising variables (places in `events`)."""
        waiting: list[tuple[int, tuple[int, ...], int]] = [(part, (), order)]
        while waiting:
            node, chosen, left = waiting.pop()
            while node > 1:
                variable = self.variables[node]
                inner = left - self.weights[variable]
                if self._fewest[self.high[node]] <= inner:
                    waiting.append((self.high[node], (*chosen, variable), inner))
                node = self.low[node]
            if node == 1:
                yield chosen


def _order_of_events(tree: Tree, top: int) -> list[int]:
    """Events with very many users first, the others in the order in which a depth-first walk meets them."""
    uses: dict[int, int] = {}
    seen: set[int] = set()
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if tree.kinds[node] == EVENT:
            uses[node] = uses.get(node, 0) + 1
        elif node not in seen:
            seen.add(node)
            waiting += tree.children[node][::-1]
    many = max(8, len(uses) // 8)
    return sorted(uses, key=lambda event: -uses[event] if uses[event] >= many else 0)


def cut_set_counts(tree: Tree, top: int, budget: int = BUDGET) -> list[int]:
    """Number of minimal cut sets by number of components, from 0 on, without listing them. Raises TooLarge."""
    return Family(tree, top, None, budget).counts()


def minimal_cut_sets(tree: Tree, top: int, order: int | None = None, budget: int = BUDGET) -> CutSets:
    """The minimal cut sets of up to `order` components; all of them without an order.

    No more than MOST_LISTED are listed: where there are more, only up to the order that fits. Raises TooLarge if the diagram of the
    cut sets takes more nodes than the budget, with an order only if it does so even when larger sets are left out from the start.
    """
    if order is not None:
        return _up_to(tree, top, order, budget)
    family = Family(tree, top, None, budget)
    counts = family.counts()
    most = len(counts) - 1
    while most > 1 and sum(counts[: most + 1]) > MOST_LISTED:
        most -= 1
    sets = _named(family, family.listed(most, family.top))
    if most >= len(counts) - 1:
        return CutSets(sets, True, None, 0.0, True)
    left_out, exact = _left_out(tree, top, sets, family.more_than(most, family.top))
    return CutSets(sets, False, most, left_out, exact)


def _up_to(tree: Tree, top: int, order: int, budget: int) -> CutSets:
    """The cut sets of every alternative of the top by itself, and then those that contain no other."""
    try:
        family = Family(tree, top, None, budget // 10, small_apart=True)
    except TooLarge:
        family = Family(tree, top, order, budget, small_apart=True)
    sizes = [family.sizes(part) for part in family.parts]
    everything = sum(map(sum, sizes)) <= FEW_SETS and not family.truncated
    counts = [sum(column) for column in zip_longest(family.small_sizes(), *sizes, fillvalue=0)]
    while order > 1 and sum(counts[: order + 1]) > MOST_LISTED:
        order -= 1
    reach = _FREE if everything else order
    found = list(_minimal([*family.small, *(list(family.listed(reach, part)) for part in family.parts)]))
    larger = [one for one in found if family.order_of(one) > order] if everything or family.small else []
    if larger:
        found = [one for one in found if family.order_of(one) <= order]
    sets = _named(family, found)
    if not larger and (everything or (not family.truncated and all(len(size) <= order + 1 for size in sizes))):
        return CutSets(sets, True, order, 0.0, True)
    q = [family.tree.q[event] for event in family.events]
    rest = [math.prod([q[event] for event in one]) for one in larger]
    if not everything:
        rest += [family.more_than(order, part) for part in family.parts]
    left_out, exact = _left_out(tree, top, sets, None if family.truncated else math.fsum(rest))
    return CutSets(sets, False, order, left_out, exact)


def _few_cut_sets(tree: Tree, tops: Iterable[int], place: Mapping[int, int]) -> dict[int, list[frozenset[int]]]:
    """The minimal cut sets, as places of events, of those nodes at and below the tops that have few."""
    known: dict[int, list[frozenset[int]]] = {Tree.FALSE: [], Tree.TRUE: [frozenset()]}
    events: dict[int, frozenset[int]] = {Tree.FALSE: frozenset(), Tree.TRUE: frozenset()}
    for node in tree.below(tops):
        kind, children = tree.kinds[node], tree.children[node]
        if kind == EVENT:
            events[node] = frozenset([place[node]])
            known[node] = [events[node]]
        elif children and all(child in known for child in children):
            parts = [known[child] for child in children]
            needed = {ANY: 1, ALL: len(parts)}.get(kind, tree.least[node])
            if _products_of(parts, needed) > 4 * _FEW_WRITTEN:
                continue
            found = [one for group in combinations(parts, needed) for one in _multiplied(group)]
            events[node] = frozenset().union(*(events[child] for child in children))
            if sum([len(events[child]) for child in children]) > len(events[node]):  # else none can contain another
                found = _absorbed(set(found))
            if len(found) <= _FEW_WRITTEN:
                known[node] = found
    return known


def _products_of(parts: Sequence[Sequence[frozenset[int]]], needed: int) -> int:
    """In how many ways one set can be taken from each of `needed` parts."""
    ways = [1] + [0] * needed
    for part in parts:
        for number in range(needed, 0, -1):
            ways[number] += ways[number - 1] * len(part)
    return ways[needed]


def _multiplied(parts: Sequence[list[frozenset[int]]]) -> list[frozenset[int]]:
    """Unions of one set from each of the parts."""
    result = parts[0]
    for part in parts[1:]:
        result = [one | other for one in result for other in part]
    return result


def _absorbed(sets: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """The sets that contain no other."""
    kept: list[frozenset[int]] = []
    for one in sorted(sets, key=len):
        if not any(small <= one for small in kept):
            kept.append(one)
    return kept


def _minimal(by_part: Sequence[Sequence[tuple[int, ...]]]) -> Iterator[tuple[int, ...]]:
    """The minimal ones of families that are minimal in themselves.

    A set of another family can lie within a set only if it has no event that is its own family's alone.
    """
    families_of: dict[int, int] = {}
    for sets in by_part:
        for event in set().union(*sets):
            families_of[event] = families_of.get(event, 0) + 1
    common = {event for event, count in families_of.items() if count > 1}
    absorbing = {one for sets in by_part for one in sets if common.issuperset(one)}
    common = set().union(*absorbing)
    given: set[tuple[int, ...]] = set()
    for sets in by_part:
        for one in sets:
            if common.isdisjoint(one):
                yield one
                continue
            met = tuple([event for event in one if event in common])
            if _holds_smaller(one, met, absorbing):
                continue
            if len(met) == len(one):
                if one in given:
                    continue
                given.add(one)
            yield one


def _holds_smaller(one: tuple[int, ...], met: tuple[int, ...], absorbing: set[tuple[int, ...]]) -> bool:
    """Whether one of the absorbing sets is a part of these events, and not all of the set."""
    most = min(len(met), len(one) - 1)
    if 1 << len(met) <= len(absorbing) + 8:
        return any(part in absorbing for size in range(1, most + 1) for part in combinations(met, size))
    events = set(met)
    return any(len(small) <= most and events.issuperset(small) for small in absorbing)


def _named(family: Family, listed: Iterable[tuple[int, ...]]) -> tuple[CutSet, ...]:
    """The sets with names and probabilities, in their order."""
    names = [family.tree.names[event] for event in family.events]
    q = [family.tree.q[event] for event in family.events]
    if all(family.weights):
        plain = sorted([(len(one), sorted([names[event] for event in one]), math.prod([q[event] for event in one])) for one in listed])
        return tuple([CutSet(frozenset(members), product, 1.0) for _, members, product in plain])
    tosses: dict[tuple[str, ...], list[frozenset[str]]] = {}
    for one in listed:
        members = tuple(sorted(names[event] for event in one if family.weights[event]))
        tosses.setdefault(members, []).append(frozenset(names[event] for event in one if not family.weights[event]))
    q_of = dict(zip(names, q, strict=True))
    return tuple(
        _with_tosses(members, sorted(combined, key=lambda one: (len(one), sorted(one))), q_of)
        for members, combined in sorted(tosses.items(), key=lambda item: (len(item[0]), item[0]))
    )


def _with_tosses(members: tuple[str, ...], combined: Sequence[frozenset[str]], q: Mapping[str, float]) -> CutSet:
    chance = union_probability(combined, q)
    return CutSet(frozenset(members), math.prod([q[name] for name in members]) * chance, chance, tuple(combined))


def _left_out(tree: Tree, top: int, sets: Sequence[CutSet], rest: float | None) -> tuple[float, bool]:
    """How much of P(top) these sets do not explain, and whether that is exact or an upper bound.

    rest: sum of the probabilities of all other sets, if known.
    """
    try:
        whole = probability(tree, top)
    except TooLarge:
        return (_no_more_than(tree, top) if rest is None else min(1.0, rest)), False
    if len(sets) <= FEW_SETS:
        q = {name: tree.q[event] for name, event in tree.events.items()}
        try:
            difference = whole - union_probability(products(sets), q)
        except TooLarge:
            difference = 0.0
        if difference > _DIGITS * whole:
            return difference, True
    if rest is not None:
        return min(rest, whole), False
    return max(0.0, whole - _at_least_this(sets)), False


def _at_least_this(sets: Iterable[CutSet]) -> float:
    """A lower bound of P(at least one of the sets): of those that share nothing, the likelier ones first."""
    used: set[str] = set()
    total = 0.0
    for one in sorted(sets, key=lambda one: (-one.probability, sorted(one.events))):
        members = one.events | frozenset().union(*one.tosses)
        if used.isdisjoint(members):
            used |= members
            total += one.probability * (1.0 - total)
    return total


def _no_more_than(tree: Tree, top: int) -> float:
    """An upper bound of P(top) whatever is shared: in a coherent tree alternatives help each other, and all is no likelier than one."""
    bounds: dict[int, float] = {}
    for node in tree.below([top]):
        parts = [bounds[child] for child in tree.children[node]]
        if not parts:
            bounds[node] = tree.q[node]
        elif tree.kinds[node] == ANY:
            bounds[node] = -math.expm1(math.fsum(math.log1p(-part) for part in parts)) if max(parts) < 1.0 else 1.0
        else:
            bounds[node] = sorted(parts)[len(parts) - max(1, tree.least[node] or len(parts))]
    return bounds[top]
