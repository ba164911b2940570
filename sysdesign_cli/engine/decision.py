"""Exact probability of a fault tree, and how it changes with every event, by factoring first and diagrams last.

A system of a thousand services is almost a tree: what is entangled is entangled by a few events that everything shares (zones)
and, here and there, by parts with several users. So the tree is simplified; the few widely shared events are enumerated (Shannon's
expansion); what then stands alone is multiplied out; and only what remains goes on a reduced ordered binary decision diagram.
All of it adds and multiplies numbers that are not negative, so even 1e-13 keeps twelve digits. Slopes come from going through
the same computation backwards once (Baur and Strassen, The complexity of partial derivatives, 1983).

References: Bryant, Graph-based algorithms for Boolean function manipulation (IEEE Transactions on Computers 35, 1986); Rauzy, New
algorithms for fault trees analysis (Reliability Engineering and System Safety 40, 1993); Dutuit and Rauzy, A linear-time algorithm
to find modules of fault trees (IEEE Transactions on Reliability 45, 1996); Barlow and Heidtmann, Computing k-out-of-n system
reliability (IEEE Transactions on Reliability 33, 1984).
"""

from __future__ import annotations

import math
import operator
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final
from weakref import WeakKeyDictionary

from sysdesign_cli.engine.faulttree import ALL, ANY, AT_LEAST, EVENT, TooLarge, Tree, room_for

#: Nodes of all decision diagrams of one computation.
BUDGET: Final = 500_000
#: Up to this many events are enumerated; 2^10 states are still quick.
_MOST_SHARED = 10
#: … as long as states times nodes of the tree stay below this.
_STEPS = 2_000_000
#: Only events with more users than this, and this many times those of the next, are enumerated.
_FEW_USES = 12
_FAR_ABOVE = 2.5
#: How often the odds of failures are doubled, at most, when they are simulated; how often is best is tried.
_DOUBLINGS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20)
_MOST_DOUBLINGS = _DOUBLINGS[-1]
#: Failing samples of a first try from which on it tells something about the variance.
_TELLING = 5
#: No failing sample may weigh more than this, as a logarithm, when plain samples weigh 1.
_MOST_LOG_WEIGHT = 3.0
#: Bits of which fewer are expected than this are drawn by the gaps between them.
_FEW_DRAWN = 500
#: A first try has this part of a piece's samples; some ten tries are made.
_TRIES = 50
#: States of the shared events that are sampled apart, and samples that each should have.
_MOST_STRATA = 64
_PER_STRATUM = 2000
_NORMAL_975 = 1.959963984540054
_DIAGRAM = 5
_OUTSIDE = 1 << 30


@dataclass(frozen=True, slots=True)
class Region:
    """An entangled part of a tree: gates over leaves that are independent of each other.

    Positions 0 … leaves − 1 are the leaves, in the order of the diagram's variables; the gates follow, children before parents,
    as (kind, least, children's positions); the last gate is the whole region.
    """

    leaves: int
    gates: tuple[tuple[int, int, tuple[int, ...]], ...]


class Diagram:
    """A reduced ordered binary decision diagram of a region; nodes 0 and 1 are false and true, children have smaller numbers."""

    def __init__(self, region: Region, budget: int = BUDGET) -> None:
        """Raises TooLarge if it would take more nodes than the budget."""
        self.variables: list[int] = [_OUTSIDE, _OUTSIDE]
        self.high: list[int] = [0, 1]
        self.low: list[int] = [0, 1]
        self._budget = budget
        self._nodes: dict[tuple[int, int, int], int] = {}
        self._either: dict[tuple[int, int], int] = {}
        self._both: dict[tuple[int, int], int] = {}
        with room_for(region.leaves):
            self.top = self._built(region)
        self._keep_reachable()

    def __len__(self) -> int:
        return len(self.variables)

    def _built(self, region: Region) -> int:
        done = [self._node(leaf, 1, 0) for leaf in range(region.leaves)]
        deepest = list(range(region.leaves))
        for kind, least, children in region.gates:
            # Deep ones first, so that what comes next goes on top of what is there and leaves it as it is.
            parts = [done[child] for child in sorted(children, key=lambda child: -deepest[child])]
            deepest.append(max([deepest[child] for child in children]))
            if kind == AT_LEAST:
                done.append(self._at_least(least, parts))
                continue
            result = 0 if kind == ANY else 1
            for part in parts:
                result = self.either(part, result) if kind == ANY else self.both(part, result)
            done.append(result)
        return done[-1]

    def _at_least(self, least: int, parts: list[int]) -> int:
        reached = [1] + [0] * least  # by number of parts still needed
        for part in parts:
            for needed in range(least, 0, -1):
                reached[needed] = self.either(self.both(part, reached[needed - 1]), reached[needed])
        return reached[least]

    def _node(self, variable: int, high: int, low: int) -> int:
        if high == low:
            return high
        key = (variable, high, low)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self.variables)
            if node > self._budget:
                raise TooLarge(f"more than {self._budget} nodes")
            self.variables.append(variable)
            self.high.append(high)
            self.low.append(low)
        return node

    def either(self, f: int, g: int) -> int:
        """The union of two nodes."""
        if f > g:
            f, g = g, f
        if f == g or f == 0:
            return g
        if f == 1:
            return 1
        key = (f, g)
        result = self._either.get(key)
        if result is None:
            above, under = self.variables[f], self.variables[g]
            if above == under:
                result = self._node(above, self.either(self.high[f], self.high[g]), self.either(self.low[f], self.low[g]))
            elif above < under:
                result = self._node(above, self.either(self.high[f], g), self.either(self.low[f], g))
            else:
                result = self._node(under, self.either(f, self.high[g]), self.either(f, self.low[g]))
            self._either[key] = result
        return result

    def both(self, f: int, g: int) -> int:
        """The intersection of two nodes."""
        if f > g:
            f, g = g, f
        if f == g or f == 0:
            return f
        if f == 1:
            return g
        key = (f, g)
        result = self._both.get(key)
        if result is None:
            above, under = self.variables[f], self.variables[g]
            if above == under:
                result = self._node(above, self.both(self.high[f], self.high[g]), self.both(self.low[f], self.low[g]))
            elif above < under:
                result = self._node(above, self.both(self.high[f], g), self.both(self.low[f], g))
            else:
                result = self._node(under, self.both(f, self.high[g]), self.both(f, self.low[g]))
            self._both[key] = result
        return result

    def _keep_reachable(self) -> None:
        """Forget everything that only building needed, and number the rest anew."""
        seen = {0, 1, self.top}
        waiting = [self.top]
        while waiting:
            node = waiting.pop()
            fresh = {self.high[node], self.low[node]} - seen
            seen |= fresh
            waiting += fresh
        kept = sorted(seen)
        place = {node: number for number, node in enumerate(kept)}
        self.variables = [self.variables[node] for node in kept]
        self.high = [place[self.high[node]] for node in kept]
        self.low = [place[self.low[node]] for node in kept]
        self.top = place[self.top]
        self._nodes, self._either, self._both = {}, {}, {}

    def probabilities(self, q: Sequence[float]) -> list[float]:
        """By node: probability of being true when leaf i is true with probability q[i]."""
        result = [0.0, 1.0]
        for variable, high, low in zip(self.variables[2:], self.high[2:], self.low[2:], strict=True):
            share = q[variable]
            result.append(share * result[high] + (1.0 - share) * result[low])
        return result

    def slopes(self, q: Sequence[float]) -> list[float]:
        """By leaf: P(region | leaf) − P(region | not leaf)."""
        true = self.probabilities(q)
        reached = [0.0] * len(true)
        reached[self.top] = 1.0
        result = [0.0] * len(q)
        for node in range(len(true) - 1, 1, -1):
            here = reached[node]
            variable, high, low = self.variables[node], self.high[node], self.low[node]
            result[variable] += here * (true[high] - true[low])
            reached[high] += here * q[variable]
            reached[low] += here * (1.0 - q[variable])
        return result


def at_least_probability(least: int, q: Sequence[float]) -> float:
    """P(at least `least` of independent events), by the recursion over events with counts from `least` on taken together.

    Every term is a product of probabilities, so nothing cancels. Source: Barlow and Heidtmann (1984).
    """
    counts = [1.0] + [0.0] * least
    for share in q:
        other = 1.0 - share
        counts[least] += share * counts[least - 1]
        for number in range(least - 1, 0, -1):
            counts[number] = counts[number] * other + counts[number - 1] * share
        counts[0] *= other
    return counts[least]


def _exactly_elsewhere(number: int, q: Sequence[float]) -> list[float]:
    """For each event the probability that exactly `number` of the others happen."""
    if len(q) == 3 and number == 1:
        a, b, c = q
        return [b * (1.0 - c) + c * (1.0 - b), a * (1.0 - c) + c * (1.0 - a), a * (1.0 - b) + b * (1.0 - a)]
    before = _count_lists(number, q)
    after = _count_lists(number, q[::-1])[::-1]
    return [sum(x * y for x, y in zip(before[i], reversed(after[i + 1]), strict=True)) for i in range(len(q))]


def _count_lists(most: int, q: Sequence[float]) -> list[list[float]]:
    """After each event (and before the first): probability of exactly 0 … most so far."""
    lists = [[1.0] + [0.0] * most]
    for share in q:
        last, other = lists[-1], 1.0 - share
        lists.append([last[0] * other] + [last[n] * other + last[n - 1] * share for n in range(1, most + 1)])
    return lists


def _product_of_others(factors: Sequence[float]) -> list[float]:
    """For each factor the product of all others."""
    zeros = factors.count(0.0)
    if not zeros:
        product = math.prod(factors)
        if product > 1e-290:  # else digits would be lost below the smallest normal number
            return [product / factor for factor in factors]
    result = [1.0] * len(factors)
    running = 1.0
    for i, factor in enumerate(factors):
        result[i] = running
        running *= factor
    running = 1.0
    for i in range(len(factors) - 1, -1, -1):
        result[i] *= running
        running *= factors[i]
    return result


@dataclass(frozen=True, slots=True)
class _Step:
    """One value of the computation, from the values of earlier steps: an event (kind EVENT), a gate, or a region's diagram."""

    kind: int
    least: int
    inputs: tuple[int, ...]
    region: int


class Factored:
    """A tree taken apart: which events are enumerated, and the steps that give the top's probability once those are settled.

    Steps come after those they use. `diagrams` holds one diagram a region, or None where it was too large.
    """

    def __init__(self, tree: Tree, top: int, shared: Sequence[int]) -> None:
        self.tree = tree
        self.shared = list(shared)
        self.steps: list[_Step] = []
        self.event_of_step: dict[int, int] = {}
        self.regions: list[Region] = []
        self.diagrams: list[Diagram | None] = []
        self._step_of: dict[int, int] = {}
        self._modules, self._settled, self._arrivals = _modules(tree, top, set(shared))
        with room_for(len(tree)):
            self.top = self._step(top)
        self._constant, self._varying = self._by_dependence()
        self._states = self.states()
        self._values: list[list[float]] = []

    @property
    def entangled_leaves(self) -> int:
        """Leaves of the largest region."""
        return max((region.leaves for region in self.regions), default=0)

    def draw(self, budget: int) -> None:
        """Build the diagrams; raises TooLarge if all together would take more nodes than the budget."""
        self.diagrams = []
        for region in self.regions:
            diagram = Diagram(region, budget)
            budget -= len(diagram)
            self.diagrams.append(diagram)

    def draw_what_fits(self, budget: int) -> None:
        """Build the diagrams that are not too large, and leave out the others."""
        self.diagrams = []
        for region in self.regions:
            try:
                self.diagrams.append(Diagram(region, budget))
            except TooLarge:
                self.diagrams.append(None)

    # Taking apart

    def _add(self, kind: int, least: int, inputs: Sequence[int], region: int = -1) -> int:
        self.steps.append(_Step(kind, least, tuple(inputs), region))
        return len(self.steps) - 1

    def _step(self, node: int) -> int:
        known = self._step_of.get(node)
        if known is None:
            self._step_of[node] = known = self._new_step(node)
        return known

    def _new_step(self, node: int) -> int:
        kind = self.tree.kinds[node]
        if kind not in (ANY, ALL, AT_LEAST):
            step = self._add(EVENT, 0, ())
            self.event_of_step[step] = node
            return step
        children = self.tree.children[node]
        alone = [child for child in children if self._stands_alone(child)]
        rest = [child for child in children if not self._stands_alone(child)] if len(alone) < len(children) else []
        if rest and kind == AT_LEAST:
            return self._region_step(kind, self.tree.least[node], children)
        inputs = [self._step(child) for child in alone]
        for group in self._groups(rest):
            inputs.append(self._region_step(kind, 0, group))
        return inputs[0] if len(inputs) == 1 else self._add(kind, self.tree.least[node], inputs)

    def _stands_alone(self, node: int) -> bool:
        return node in self._settled or (node in self._modules and self._arrivals[node] == 1)

    def _is_leaf(self, node: int) -> bool:
        return node in self._modules or node in self._settled

    def _groups(self, nodes: Sequence[int]) -> list[list[int]]:
        """Nodes that share something, directly or through others, together."""
        owner: dict[int, int] = {}
        group = {node: [node] for node in nodes}
        leader = {node: node for node in nodes}
        for node in nodes:
            waiting = [node]
            while waiting:
                below = waiting.pop()
                if below not in owner:
                    owner[below] = node
                    if not self._is_leaf(below):
                        waiting += [child for child in self.tree.children[below] if child not in self._settled]
                    continue
                a, b = leader[owner[below]], leader[node]
                if a != b:
                    for member in group.pop(b):
                        leader[member] = a
                        group[a].append(member)
        return [sorted(members) for members in group.values()]

    def _gates_inside(self, tops: Sequence[int]) -> list[int]:
        """Gates of a region, children before parents."""
        gates = {top for top in tops if not self._is_leaf(top)}
        waiting = list(gates)
        while waiting:
            fresh = {child for child in self.tree.children[waiting.pop()] if not self._is_leaf(child)} - gates
            gates |= fresh
            waiting += fresh
        return sorted(gates)

    def _region_step(self, kind: int, least: int, tops: Sequence[int]) -> int:
        gates = self._gates_inside(tops)
        place = {gate: ~number for number, gate in enumerate(gates)}
        parts = [(self.tree.kinds[gate], self.tree.least[gate], self.tree.children[gate]) for gate in gates]
        parts.append((kind, least, tuple(tops)))
        users = [self._inputs_inside(*part, place) for part in parts]
        order = _variable_order(users)
        variable = {step: number for number, step in enumerate(order)}
        for gate, (part_kind, part_least, _) in enumerate(parts):
            children = tuple(len(order) + ~number if number < 0 else variable[number] for number in users[gate])
            parts[gate] = (part_kind, part_least, children)
        self.regions.append(Region(len(order), tuple(parts)))
        return self._add(_DIAGRAM, 0, order, len(self.regions) - 1)

    def _inputs_inside(self, kind: int, _least: int, children: tuple[int, ...], place: dict[int, int]) -> list[int]:
        """What a region's gate is made of: steps of leaves, and ~n for gate n. Leaves that only this gate uses become one."""
        alone = [child for child in children if self._stands_alone(child)]
        if kind == AT_LEAST or len(alone) < 2:
            return [place[child] if child in place else self._step(child) for child in children]
        merged = self._add(kind, 0, [self._step(child) for child in alone])
        return [place[child] if child in place else self._step(child) for child in children if not self._stands_alone(child)] + [merged]

    def _by_dependence(self) -> tuple[list[float], list[int]]:
        """Values of the steps that no enumerated event touches (others: 0), and the numbers of all other steps."""
        values = [0.0] * len(self.steps)
        shared = set(self.shared)
        varying: list[int] = []
        touched = [False] * len(self.steps)
        for number, step in enumerate(self.steps):
            if step.kind == EVENT:
                event = self.event_of_step[number]
                values[number] = self.tree.q[event]
                touched[number] = event in shared
            else:
                touched[number] = step.kind == _DIAGRAM or any(touched[i] for i in step.inputs)
                if not touched[number]:
                    values[number] = self.value(step, values)
            if touched[number] and step.kind != EVENT:
                varying.append(number)
        return values, varying

    # Working out

    def states(self) -> list[tuple[float, dict[int, float]]]:
        """Every combination of the enumerated events: its probability, and 1 or 0 by event."""
        result: list[tuple[float, dict[int, float]]] = [(1.0, {})]
        for event in self.shared:
            q = self.tree.q[event]
            result = [(weight * (1.0 - q), {**state, event: 0.0}) for weight, state in result] + [
                (weight * q, {**state, event: 1.0}) for weight, state in result
            ]
        return result

    def values(self, state: dict[int, float]) -> list[float]:
        """Probability by step in a state of the enumerated events; NaN from regions whose diagram was too large."""
        values = list(self._constant)
        for event in self.shared:
            if event in self._step_of:
                values[self._step_of[event]] = state[event]
        for number in self._varying:
            values[number] = self.value(self.steps[number], values)
        return values

    def value(self, step: _Step, values: Sequence[float]) -> float:
        """A step's value from those of earlier steps; NaN if its diagram was too large."""
        if step.kind == ANY:
            result = 0.0
            for i in step.inputs:
                result += values[i] * (1.0 - result)
            return result
        if step.kind == ALL:
            result = 1.0
            for i in step.inputs:
                result *= values[i]
            return result
        inputs = [values[i] for i in step.inputs]
        if step.kind == AT_LEAST:
            return at_least_probability(step.least, inputs)
        diagram = self.diagrams[step.region]
        return diagram.probabilities(inputs)[diagram.top] if diagram else math.nan

    def add_slopes(self, numbers: Iterable[int], values: Sequence[float], slopes: list[float]) -> None:
        """Go back through these steps, last first: what the top gains from each step is handed on to the step's inputs."""
        for number in numbers:
            slope, step = slopes[number], self.steps[number]
            if not slope or step.kind == EVENT:
                continue
            inputs = step.inputs
            if len(inputs) == 2 and step.kind in (ANY, ALL):  # by far the most frequent
                a, b = inputs
                x, y = values[a], values[b]
                slopes[a] += slope * (y if step.kind == ALL else 1.0 - y)
                slopes[b] += slope * (x if step.kind == ALL else 1.0 - x)
                continue
            for i, part in zip(inputs, self._partial_slopes(step, values), strict=True):
                slopes[i] += slope * part

    def _partial_slopes(self, step: _Step, values: Sequence[float]) -> list[float]:
        inputs = [values[i] for i in step.inputs]
        if step.kind == ANY:
            return _product_of_others([1.0 - value for value in inputs])
        if step.kind == ALL:
            return _product_of_others(inputs)
        if step.kind == AT_LEAST:
            return _exactly_elsewhere(step.least - 1, inputs)
        diagram = self.diagrams[step.region]
        return diagram.slopes(inputs) if diagram else []

    def probability(self) -> float:
        """P(top). Every diagram must have been drawn."""
        tops = [values[self.top] for values in self._all_values()]
        return math.fsum([weight * value for (weight, _), value in zip(self._states, tops, strict=True)])

    def _all_values(self) -> list[list[float]]:
        if not self._values:
            self._values = [self.values(state) for _, state in self._states]
        return self._values

    def probability_and_slopes(self) -> tuple[float, dict[str, float]]:
        """P(top), and by event name P(top | event) − P(top | not event). Every diagram must have been drawn."""
        slopes = [0.0] * len(self.steps)
        backwards = self._varying[::-1]
        for (weight, _), values in zip(self._states, self._all_values(), strict=True):
            here = [0.0] * len(self.steps)
            here[self.top] = weight
            self.add_slopes(backwards, values, here)
            slopes = [a + b for a, b in zip(slopes, here, strict=True)]
        varying = set(self._varying)
        self.add_slopes((n for n in range(len(self.steps) - 1, -1, -1) if n not in varying), self._constant, slopes)
        result = {self.tree.names[event]: slopes[step] for step, event in self.event_of_step.items() if event > Tree.TRUE}
        tops = [values[self.top] for values in self._all_values()]
        for position, event in enumerate(self.shared):
            result[self.tree.names[event]] = self._slope_of_shared(position, tops)
        return self.probability(), result

    def _slope_of_shared(self, position: int, tops: Sequence[float]) -> float:
        """`tops` by state; bit i of a state's number says whether shared event i has happened."""
        terms = []
        for number, value in enumerate(tops):
            if number >> position & 1:
                continue
            weight = 1.0
            for other, event in enumerate(self.shared):
                if other != position:
                    weight *= self.tree.q[event] if number >> other & 1 else 1.0 - self.tree.q[event]
            terms.append(weight * (tops[number | 1 << position] - value))
        return math.fsum(terms)


def _variable_order(users: Sequence[Sequence[int]]) -> list[int]:
    """Order of a region's leaves: those with very many users first, the others depth first, more widely used ones earlier."""
    uses: dict[int, int] = {}
    for inputs in users:
        for number in inputs:
            uses[number] = uses.get(number, 0) + 1
    order: dict[int, None] = {}
    seen: set[int] = set()
    waiting = [~(len(users) - 1)]
    while waiting:
        number = waiting.pop()
        if number >= 0:
            order[number] = None
        elif number not in seen:
            seen.add(number)
            waiting += sorted(users[~number], key=lambda below: (below < 0, -uses[below], below), reverse=True)
    many = max(8, len(order) // 8)
    return sorted(order, key=lambda step: -uses[step] if uses[step] >= many else 0)


def _modules(tree: Tree, top: int, shared: set[int]) -> tuple[set[int], set[int], dict[int, int]]:
    """Modules below the top, nodes that only the shared events settle, and by node how many gates lead to it.

    A module meets the rest of the tree, the shared events apart, in itself alone: everything below is first and last come upon
    between the module's own first and last date of a depth-first walk. Source: Dutuit and Rauzy (1996).
    """
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    left: dict[int, int] = {}
    arrivals: dict[int, int] = {}
    clock = 0
    waiting = [top]
    while waiting:
        node = waiting.pop()
        clock += 1
        if node < 0:
            left[~node] = clock
            continue
        last[node] = clock
        if node in first:
            arrivals[node] += 1
            continue
        first[node] = clock
        arrivals[node] = 1
        if tree.children[node]:
            waiting.append(~node)
            waiting += tree.children[node][::-1]
    modules: set[int] = set()
    settled: set[int] = set()
    for node in sorted(first):
        children = tree.children[node]
        if not children:
            (settled if node in shared else modules).add(node)
            continue
        inner = [child for child in children if child not in settled]
        if not inner:
            settled.add(node)
            continue
        earliest = min([first[child] for child in inner])
        latest = max([last[child] for child in inner])
        if earliest >= first[node] and latest <= left[node]:
            modules.add(node)
        first[node] = min(earliest, first[node])  # from here on of all that is below as well
        last[node] = max(latest, last[node])
    return modules, settled, arrivals


def factored(tree: Tree, top: int, budget: int = BUDGET) -> Factored:
    """The tree taken apart and ready to be worked out; it is kept for the next question about the same top.

    Raises TooLarge if the diagrams would take more nodes than the budget; `simulated_probability` is then what is left.
    """
    known = _KEPT.setdefault(tree, {})
    if top not in known:
        known[top] = _factored(tree, top, budget)
    return known[top]


def _factored(tree: Tree, top: int, budget: int) -> Factored:
    simple, simple_top = tree.simplified(top)
    for shared, share in _ways(simple, simple_top):
        result = Factored(simple, simple_top, shared)
        try:
            result.draw(int(min(budget * share, _STEPS >> len(shared))))
        except TooLarge:
            continue
        return result
    raise TooLarge(f"decision diagrams of more than {budget} nodes")


#: A tree only grows, so what was found out about one of its nodes stays true as long as the tree is there.
_KEPT: Final[WeakKeyDictionary[Tree, dict[int, Factored]]] = WeakKeyDictionary()


def _ways(tree: Tree, top: int) -> Iterator[tuple[list[int], float]]:
    """Which events to enumerate, in the order worth trying, each with its share of the budget."""
    uses: dict[int, int] = {}
    nodes = tree.below([top])
    for node in nodes:
        for child in tree.children[node]:
            if tree.kinds[child] == EVENT:
                uses[child] = uses.get(child, 0) + 1
    wide = sorted((event for event, count in uses.items() if count > 1), key=lambda event: -uses[event])
    most = max(1, min(_MOST_SHARED, (_STEPS // max(1, len(nodes))).bit_length() - 1))
    few = wide[: _before_the_drop([*(uses[event] for event in wide[:most]), 1])]
    if few:
        yield few, 0.1
    yield [], 1.0
    if few:
        yield few, 1.0
    yield wide[:most], 1.0


def _before_the_drop(counts: Sequence[int]) -> int:
    """How many lead a falling row of counts, up to where it falls by the largest factor; 0 if none is far above the rest."""
    drops = [counts[i] / counts[i + 1] for i in range(len(counts) - 1)]
    steepest = max(drops, default=0.0)
    where = drops.index(steepest) if drops else 0
    return where + 1 if steepest >= _FAR_ABOVE and counts[where] > _FEW_USES else 0


def probability(tree: Tree, top: int, budget: int = BUDGET) -> float:
    """Exact P(top), to about twelve digits however small it is. Raises TooLarge past the budget (nodes of decision diagrams)."""
    return factored(tree, top, budget).probability()


# Where no exact answer fits


def simulated_probability(tree: Tree, top: int, samples: int = 100_000, seed: int = 0, budget: int = BUDGET // 10) -> tuple[float, float]:
    """An unbiased estimate of P(top), and half the width of its 95 % confidence interval.

    Only what is too entangled for diagrams within the budget is sampled, and apart for each state of the widely shared events; all
    else is exact, and the half width is 0 if nothing needs sampling. Samples are drawn with the odds of failures doubled some
    times, but not beyond evens, and weighted accordingly (importance sampling by exponential tilting: Asmussen and Glynn, Stochastic
    Simulation, 2007, ch. VI). How often, and each part's share of the samples (Neyman's allocation), come from a first fifth of the samples
    that is then thrown away. Equal arguments give equal results.
    """
    simple, simple_top = tree.simplified(top)
    strata = min(_MOST_STRATA, max(1, samples // _PER_STRATUM)).bit_length() - 1
    parts = Factored(simple, simple_top, next(_ways(simple, simple_top))[0][:strata])
    parts.draw_what_fits(budget)
    if None not in parts.diagrams:
        return parts.probability(), 0.0
    sampled = _sampled_parts(parts)
    draw = random.Random(seed)
    states = [(weight, state) for weight, state in parts.states() if weight]
    each = max(200, samples // (_TRIES * len(states) * len(sampled)))
    pilots = [_pilot(parts, sampled, state, each, draw) for _, state in states]
    spread = math.fsum(weight * sum(spreads) for (weight, _), (_, spreads) in zip(states, pilots, strict=True))
    total = variance = 0.0
    for (weight, state), (doublings, spreads) in zip(states, pilots, strict=True):
        numbers = [max(100, round(0.8 * samples * weight * one / spread)) if spread else 100 for one in spreads]
        value, its_variance = _estimated(parts, sampled, state, doublings, numbers, draw)
        total += weight * value
        variance += weight * weight * its_variance
    return total, _NORMAL_975 * math.sqrt(variance)


@dataclass(frozen=True, slots=True)
class _Part:
    """A step to be sampled, as one region over steps whose values are exact."""

    step: int
    leaves: tuple[int, ...]
    region: Region


@dataclass(frozen=True, slots=True)
class _Sampled:
    """What samples say of a region: estimate and variance of one sample.

    tally: how many samples failed with so many failed leaves of each of the `_kinds`; weights: what each of those weighs.
    """

    mean: float
    variance: float
    tally: Counter[tuple[int, ...]]
    weights: list[float]

    @property
    def failed(self) -> int:
        return self.tally.total()


def _sampled_parts(parts: Factored) -> list[_Part]:
    """The outermost regions without a diagram, each together with whatever else below it has none."""
    without = {n for n, step in enumerate(parts.steps) if step.kind == _DIAGRAM and parts.diagrams[step.region] is None}
    touched: set[int] = set()
    for number, step in enumerate(parts.steps):
        if number in without or not touched.isdisjoint(step.inputs):
            touched.add(number)
    outermost: list[int] = []
    waiting = [parts.top]
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number in touched and number not in seen:
            seen.add(number)
            if number in without:
                outermost.append(number)
            else:
                waiting += parts.steps[number].inputs
    return [_written_out(parts, number, touched) for number in sorted(outermost)]


def _written_out(parts: Factored, top: int, touched: set[int]) -> _Part:
    leaves: dict[int, int] = {}
    gates: list[tuple[int, int, tuple[int, ...]]] = []  # children: a leaf's place, or ~n for gate n
    gate_of: dict[int, int] = {}
    inside = [top]
    for number in inside:  # grows while it is gone through
        inside += [i for i in parts.steps[number].inputs if i in touched and i not in inside]
    for number in sorted(inside):
        step = parts.steps[number]
        inputs = [~gate_of[i] if i in touched else leaves.setdefault(i, len(leaves)) for i in step.inputs]
        if step.kind == _DIAGRAM:
            region = parts.regions[step.region]
            first = len(gates)
            for kind, least, children in region.gates:
                gates.append((kind, least, tuple(inputs[c] if c < region.leaves else ~(first + c - region.leaves) for c in children)))
        else:
            gates.append((step.kind, step.least, tuple(inputs)))
        gate_of[number] = len(gates) - 1
    region = Region(
        len(leaves), tuple((kind, least, tuple(c if c >= 0 else len(leaves) + ~c for c in children)) for kind, least, children in gates)
    )
    return _Part(top, tuple(leaves), region)


def _fewest_doublings(region: Region, doublings: Sequence[int]) -> int:
    """A lower bound of what the failed leaves' doublings add up to whenever the region has failed."""
    fewest = list(doublings)
    below = [1 << leaf for leaf in range(region.leaves)]
    for kind, least, children in region.gates:
        order = sorted(children, key=lambda child: fewest[child])
        needed = 1 if kind == ANY else len(order) if kind == ALL else least
        together = covered = 0
        for child in order[:needed] if kind == AT_LEAST else reversed(order[-needed:] if kind == ALL else order[:1]):
            if not below[child] & covered:
                covered |= below[child]
                together += fewest[child]
        apart = sum(below[child].bit_count() for child in order) == reduce(int.__or__, (below[child] for child in order)).bit_count()
        fewest.append(together if kind != AT_LEAST or apart else fewest[order[needed - 1]])
        below.append(reduce(int.__or__, (below[child] for child in order)))
    return fewest[-1]


def _completed(parts: Factored, values: list[float], sampled: Sequence[_Part], means: Sequence[float]) -> list[float]:
    """By sampled part, the slope of the top; the values that depend on the parts are filled in."""
    known = {part.step: mean for part, mean in zip(sampled, means, strict=True)}
    above = [number for number in range(len(parts.steps)) if number not in known and math.isnan(values[number])]
    for number, mean in known.items():
        values[number] = mean
    for number in above:
        if not any(math.isnan(values[i]) for i in parts.steps[number].inputs):
            values[number] = parts.value(parts.steps[number], values)
    slopes = [0.0] * len(parts.steps)
    slopes[parts.top] = 1.0
    parts.add_slopes([number for number in reversed(above) if not math.isnan(values[number])], values, slopes)
    return [slopes[part.step] for part in sampled]


def _pilot(
    parts: Factored, sampled: Sequence[_Part], state: dict[int, float], samples: int, draw: random.Random
) -> tuple[list[int], list[float]]:
    """By part, how many doublings serve best, and how much the top then varies with one sample of the part."""
    values = parts.values(state)
    tried = [_best_try(part.region, [values[leaf] for leaf in part.leaves], samples, draw) for part in sampled]
    slopes = _completed(parts, values, sampled, [one.mean for _, one in tried])
    return [most for most, _ in tried], [slope * math.sqrt(one.variance) for slope, (_, one) in zip(slopes, tried, strict=True)]


def _best_try(region: Region, q: Sequence[float], samples: int, draw: random.Random) -> tuple[int, _Sampled]:
    """The number of doublings with the smallest variance, and the samples drawn with it.

    Where there are too many, the few failures that suffice are hardly ever drawn alone, and what they would weigh stays hidden. So the
    second moment is also estimated from the samples of every other number, and the largest estimate counts.
    """
    tries: dict[int, _Sampled] = {}
    for most in _DOUBLINGS:
        last = tries[max(tries)] if tries else None
        if last and (last.failed > samples // 2 or _heaviest(region, q, most) > _MOST_LOG_WEIGHT):
            break
        tries[most] = _sample(region, q, most, samples, draw)
    telling = [one for one in tries.values() if one.failed >= _TELLING] or [max(tries.values(), key=lambda one: one.failed)]

    def second_moment(most: int) -> float:
        return max(
            math.fsum(map(math.prod, zip(one.tally.values(), one.weights, _weights(one.tally, q, most), strict=True))) for one in telling
        )

    best = min(tries, key=second_moment) if telling[0].failed else max(tries)
    return best, tries[best]


def _estimated(
    parts: Factored,
    sampled: Sequence[_Part],
    state: dict[int, float],
    doublings: Sequence[int],
    numbers: Sequence[int],
    draw: random.Random,
) -> tuple[float, float]:
    """P(top) in a state of the enumerated events, and the variance of that."""
    values = parts.values(state)
    found = [
        _sample(part.region, [values[leaf] for leaf in part.leaves], most, number, draw)
        for part, most, number in zip(sampled, doublings, numbers, strict=True)
    ]
    slopes = _completed(parts, values, sampled, [one.mean for one in found])
    variance = math.fsum(slope**2 * one.variance / number for slope, one, number in zip(slopes, found, numbers, strict=True))
    return values[parts.top], variance


def _doublings(q: Sequence[float], most: int) -> list[int]:
    """How often the odds of each leaf are doubled: so many times, but not beyond evens."""
    return [min(most, int(math.log2((1.0 - share) / share))) if 0.0 < share < 0.5 else 0 for share in q]


def _log_weight(q: Sequence[float], most: int) -> float:
    """What a sample weighs, as a logarithm, if no leaf fails."""
    return math.fsum(math.log1p(share * (2.0**times - 1.0)) for share, times in zip(q, _doublings(q, most), strict=True) if times)


def _heaviest(region: Region, q: Sequence[float], most: int) -> float:
    """An upper bound of what a failing sample weighs, as a logarithm."""
    none_failed = _log_weight(q, most)
    if none_failed <= _MOST_LOG_WEIGHT:
        return none_failed
    return none_failed - _fewest_doublings(region, _doublings(q, most)) * math.log(2.0)


def _weights(tally: Iterable[tuple[int, ...]], q: Sequence[float], most: int) -> list[float]:
    """What samples weigh if odds are doubled so many times; a sample is given by its numbers of failed leaves, as in `_Sampled`."""
    log_weight = _log_weight(q, most)
    times = [min(most, times) for times in _kinds(q)]
    return [math.exp(log_weight - math.log(2.0) * sum(map(int.__mul__, times, failed))) for failed in tally]


def _kinds(q: Sequence[float]) -> list[int]:
    """The numbers of doublings that occur, if as many as possible are made."""
    return sorted(set(_doublings(q, _MOST_DOUBLINGS)))


def _sample(region: Region, q: Sequence[float], most: int, samples: int, draw: random.Random) -> _Sampled:
    """Work a region out for many samples at once, one bit each.

    With the odds of leaf i raised to c_i times what they are, a sample weighs product(1 + q_i (c_i - 1)) over all leaves, divided by
    the product of c_i over those that failed.
    """
    raised = [2.0**times for times in _doublings(q, most)]
    values = [_drawn(share * c / (1.0 + share * (c - 1.0)), samples, draw) for share, c in zip(q, raised, strict=True)]
    rows: dict[int, list[int]] = {times: [] for times in _kinds(q)}
    for times, bits in zip(_doublings(q, _MOST_DOUBLINGS), values, strict=True):
        rows[times].append(bits if times else 0)
    for kind, least, children in region.gates:
        values.append(_combined(kind, least, [values[child] for child in children]))
    tally = Counter(zip(*(_counts(rows[times], values[-1]) for times in sorted(rows)), strict=True))
    weights = _weights(tally, q, most)
    if not weights:
        # Nothing failed: as uncertain as if one sample had, with the greatest weight that it might have.
        return _Sampled(0.0, math.exp(_heaviest(region, q, most)) ** 2 / samples, tally, weights)
    mean = math.fsum(map(operator.mul, weights, tally.values())) / samples
    squares = math.fsum(weight * weight * times for weight, times in zip(weights, tally.values(), strict=True)) / samples
    return _Sampled(mean, max(0.0, squares - mean * mean) * samples / max(1, samples - 1), tally, weights)


def _drawn(share: float, samples: int, draw: random.Random) -> int:
    """Bits that are each set with this probability, as one number."""
    if share <= 0.0 or share >= 1.0:
        return (1 << samples) - 1 if share >= 1.0 else 0
    if share * samples < _FEW_DRAWN:
        scale = 1.0 / math.log1p(-share)
        field = bytearray(samples // 8 + 1)
        place = int(math.log(1.0 - draw.random()) * scale)
        while place < samples:
            field[place >> 3] |= 1 << (place & 7)
            place += 1 + int(math.log(1.0 - draw.random()) * scale)
        return int.from_bytes(field, "little")
    digits, ones = share.as_integer_ratio()
    bits = 0
    for digit in range(ones.bit_length() - 1):  # a fair coin for each binary digit, the last digit first
        bits = bits | draw.getrandbits(samples) if digits >> digit & 1 else bits & draw.getrandbits(samples)
    return bits


def _counts(rows: Sequence[int], where: int) -> list[int]:
    """In how many of the rows a bit is set, for every bit that is set in `where`."""
    planes: list[int] = []  # binary digits of the counts
    for row in rows:
        carry = row & where
        for digit, plane in enumerate(planes):
            planes[digit], carry = plane ^ carry, plane & carry
            if not carry:
                break
        if carry:
            planes.append(carry)
    texts = [bin(plane | 1 << where.bit_length())[:2:-1] for plane in planes]
    places = [place for place, bit in enumerate(bin(where)[:1:-1]) if bit == "1"]
    return [sum(1 << digit for digit, text in enumerate(texts) if text[place] == "1") for place in places]


def _combined(kind: int, least: int, parts: Sequence[int]) -> int:
    """A gate, for all samples at once."""
    reached = [-1] + [0] * (1 if kind == ANY else len(parts) if kind == ALL else least)
    for part in parts:
        for number in range(len(reached) - 1, 0, -1):
            reached[number] |= reached[number - 1] & part
    return reached[-1]
