"""Exact probability of a fault tree, and how it changes with every event, by factoring first and diagrams last.

A system of a thousand services is almost a tree: what is entangled is entangled by a few events that everything shares (zones)
and, here and there, by parts with several users. So the tree is simplified; the few widely shared events are enumerated (Shannon's
expansion); what then stands alone is multiplied out; and only what remains goes on a decision diagram (`decision`).
All of it adds and multiplies numbers that are not negative, so even 1e-13 keeps twelve digits. Slopes come from going through
the same computation backwards once (Baur and Strassen, The complexity of partial derivatives, 1983).

References: Dutuit and Rauzy, A linear-time algorithm to find modules of fault trees (IEEE Transactions on Reliability 45, 1996);
Barlow and Heidtmann, Computing k-out-of-n system reliability (IEEE Transactions on Reliability 33, 1984).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Final, cast
from weakref import WeakKeyDictionary

from sysdesign_cli.engine.decision import BUDGET, Diagram, Region
from sysdesign_cli.engine.faulttree import ALL, ANY, AT_LEAST, EVENT, TooLarge, Tree, room_for

#: The kind of a step that is a region's diagram; the other kinds are those of the tree.
DIAGRAM: Final = 5
#: Up to this many events are enumerated; 2^10 states are still quick.
_MOST_SHARED = 10
#: … as long as states times nodes of the tree stay below this.
_STEPS = 2_000_000
#: Only events with more users than this, and this many times those of the next, are enumerated.
_FEW_USES = 12
_FAR_ABOVE = 2.5


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

    def under(self, chances: Mapping[int, float]) -> Factored:
        """The same with other probabilities of events."""
        other = copy(self)
        other.tree = copy(self.tree)
        other.tree.q = list(self.tree.q)
        for event, q in chances.items():
            other.tree.q[event] = q
        other._constant, other._varying = other._by_dependence()
        other._states = other.states()
        other._values = []
        return other

    def probabilities(self, chances: Mapping[int, Sequence[float]]) -> list[float]:
        """P(top) for each of several values of these events at once, as many of each. Every diagram must have been drawn."""
        import numpy as np

        # numbers are only multiplied and added on the way, so whole columns of them do as well
        other = self.under({event: cast(float, np.array(column)) for event, column in chances.items()})
        tops = [weight * values[other.top] for (weight, _), values in zip(other._states, other._all_values(), strict=True)]
        return [float(value) for value in np.broadcast_to(sum(tops), len(next(iter(chances.values()))))]

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
        return self._add(DIAGRAM, 0, order, len(self.regions) - 1)

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
                touched[number] = step.kind == DIAGRAM or any(touched[i] for i in step.inputs)
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

    Raises TooLarge if the diagrams would take more nodes than the budget; `sampling.simulated_probability` is then what is left.
    """
    known = _KEPT.setdefault(tree, {})
    if top not in known:
        known[top] = _factored(tree, top, budget)
    return known[top]


def _factored(tree: Tree, top: int, budget: int) -> Factored:
    simple, simple_top = tree.simplified(top)
    for shared, share in ways(simple, simple_top):
        result = Factored(simple, simple_top, shared)
        try:
            result.draw(int(min(budget * share, _STEPS >> len(shared))))
        except TooLarge:
            continue
        return result
    raise TooLarge(f"decision diagrams of more than {budget} nodes")


#: A tree only grows, so what was found out about one of its nodes stays true as long as the tree is there.
_KEPT: Final[WeakKeyDictionary[Tree, dict[int, Factored]]] = WeakKeyDictionary()


def ways(tree: Tree, top: int) -> Iterator[tuple[list[int], float]]:
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
