"""Fault trees against brute force over all states, exact fractions, and cases with known answers.

The oracle knows a tree only by its recipe. It works out all 2^n states at once, as the bits of one number, and adds up their
probabilities as whole numbers, so it neither rounds nor shares a line with what it checks. Tolerance: 1e-12 relative, for
probabilities down to 1e-100.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine.factoring import Factored, at_least_probability, factored, probability
from sysdesign_cli.engine.faulttree import ALL, ANY, AT_LEAST, TooLarge, Tree
from sysdesign_cli.engine.importance import importance
from sysdesign_cli.engine.sampling import simulated_probability

RELATIVE = 1e-12
SHARES = (0.0, 1e-9, 1e-5, 0.001, 0.01, 0.1, 0.3, 0.5, 0.97, 1.0)
ORDINARY = (1e-5, 0.001, 0.01, 0.1, 0.3)
Recipe = tuple[tuple[int, int, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Drawn:
    """A tree with its top, and what it was made from.

    recipe: (kind, k, children) of each gate; children are numbers of events, then of earlier gates; the last gate is the top.
    """

    tree: Tree
    top: int
    q: tuple[float, ...]
    chance: tuple[bool, ...]
    recipe: Recipe

    @cached_property
    def failing(self) -> int:
        """Bit s says whether the top is true when just the events whose bits are set in s are."""
        size = 1 << len(self.q)
        values = []
        for event in range(len(self.q)):
            period = 1 << event + 1
            values.append(sum(((1 << (period >> 1)) - 1) << (start + (period >> 1)) for start in range(0, size, period)))
        for kind, least, children in self.recipe:
            needed = 1 if kind == ANY else len(children) if kind == ALL else least
            ways = [reduce(int.__and__, (values[child] for child in chosen)) for chosen in combinations(children, needed)]
            values.append(reduce(int.__or__, ways, 0))
        return values[-1]

    def probability(self, failing: int, settled: dict[int, bool] | None = None) -> Fraction:
        """P(one of these states), without rounding, with some events settled."""
        weights, scale = [1], 1
        for event, share in enumerate(self.q):
            above, below = Fraction(int(settled[event]) if settled and event in settled else share).as_integer_ratio()
            weights = [weight * (below - above) for weight in weights] + [weight * above for weight in weights]
            scale *= below
        return Fraction(sum(weight for state, weight in enumerate(weights) if failing >> state & 1), scale)

    @cached_property
    def minimal(self) -> list[int]:
        """Failing states that no longer fail when any one of their events is taken away."""
        fails = [bool(self.failing >> state & 1) for state in range(1 << len(self.q))]
        events = range(len(self.q))
        return [s for s, fail in enumerate(fails) if fail and not any(s >> event & 1 and fails[s & ~(1 << event)] for event in events)]

    def including(self, sets: Iterable[int]) -> int:
        """The states in which at least one of these sets of events has happened whole."""
        chosen = list(sets)
        return sum(1 << state for state in range(1 << len(self.q)) if any(state & one == one for one in chosen))


def name_of(event: int) -> str:
    """The name of an event in all drawn trees."""
    return f"e{event:02}"


def names_in(state: int) -> frozenset[str]:
    """The names of the events in a state."""
    return frozenset(name_of(event) for event in range(state.bit_length()) if state >> event & 1)


def built(q: Sequence[float], chance: Sequence[bool], recipe: Iterable[tuple[int, int, tuple[int, ...]]]) -> Drawn:
    """The tree of a recipe."""
    tree = Tree()
    nodes = [
        tree.event(name_of(n), share, "chance" if toss else "component") for n, (share, toss) in enumerate(zip(q, chance, strict=True))
    ]
    kept = tuple(recipe)
    for kind, least, children in kept:
        ids = [nodes[child] for child in children]
        nodes.append(tree.any_of(ids) if kind == ANY else tree.all_of(ids) if kind == ALL else tree.at_least(least, ids))
    return Drawn(tree, nodes[-1], tuple(q), tuple(chance), kept)


@st.composite
def trees(draw: st.DrawFn, events: int = 8, gates: int = 9, with_chance: bool = False) -> Drawn:
    """Trees with shared events and shared gates, and often one or two events that very many gates use, as zones are."""
    number = draw(st.integers(1, events))
    q = draw(st.lists(st.sampled_from(SHARES), min_size=number, max_size=number))
    chance = draw(st.lists(st.booleans(), min_size=number, max_size=number)) if with_chance else [False] * number
    recipe = []
    for gate in range(draw(st.integers(1, gates))):
        children = draw(st.lists(st.integers(0, number + gate - 1), min_size=1, max_size=4))
        if draw(st.booleans()):
            children.append(draw(st.integers(0, min(1, number - 1))))
        if gate and draw(st.booleans()):
            children.append(number + gate - 1)
        kind = draw(st.sampled_from([ANY, ANY, ALL, ALL, AT_LEAST]))
        recipe.append((kind, draw(st.integers(1, len(children))), tuple(children)))
    return built(q, chance, recipe)


def large(events: int, gates: int, seed: int) -> Drawn:
    """A tree that is entangled enough for diagrams and small enough for any program."""
    chosen = random.Random(seed)
    recipe: list[tuple[int, int, tuple[int, ...]]] = []
    for gate in range(gates):
        near = range(max(0, events + gate - 8), events + gate)
        children = {chosen.choice(near) if chosen.random() < 0.5 else chosen.randrange(events) for _ in range(chosen.randint(2, 4))}
        recipe.append((chosen.choice([ANY, ALL, ANY, ALL, AT_LEAST]), chosen.randint(1, len(children)), tuple(sorted(children))))
    used = {child for _, _, children in recipe for child in children}
    loose = tuple(events + gate for gate in range(gates) if events + gate not in used)
    return built([chosen.choice(ORDINARY) for _ in range(events)], [False] * events, [*recipe, (ANY, 1, loose)])


def close(value: float, exact: Fraction | float, relative: float = RELATIVE) -> bool:
    """Whether the value is right to so many parts of itself."""
    return abs(Fraction(value) - Fraction(exact)) <= Fraction(relative) * abs(Fraction(exact))


# Building


def test_equal_nodes_are_one_node_and_children_come_before_parents() -> None:
    tree = Tree()
    a, b, c = (tree.event(name, 0.1) for name in "abc")
    assert tree.any_of([a, b]) == tree.any_of([b, a, b])
    assert tree.event("a", 0.1) == a
    top = tree.all_of([tree.any_of([a, b]), tree.at_least(2, [a, b, c])])
    assert all(child < node for node in range(len(tree)) for child in tree.children[node])
    assert tree.below([top])[-1] == top


def test_constants_single_children_and_nested_gates_vanish() -> None:
    tree = Tree()
    a, b, c = (tree.event(name, 0.1) for name in "abc")
    assert tree.any_of([]) == Tree.FALSE
    assert tree.all_of([]) == Tree.TRUE
    assert tree.any_of([a, Tree.TRUE]) == Tree.TRUE
    assert tree.all_of([a, Tree.FALSE]) == Tree.FALSE
    assert tree.any_of([a, Tree.FALSE]) == tree.all_of([a, Tree.TRUE]) == a
    assert tree.any_of([a, tree.any_of([b, c])]) == tree.any_of([a, b, c])
    assert tree.at_least(2, [a, b, Tree.TRUE]) == tree.any_of([a, b])
    assert tree.at_least(3, [a, b, c]) == tree.all_of([a, b, c])
    assert tree.at_least(4, [a, b, c]) == Tree.FALSE
    assert tree.at_least(0, [a]) == Tree.TRUE


def test_a_child_named_twice_counts_twice() -> None:
    tree = Tree()
    zone, other, third = tree.event("zone", 0.1), tree.event("other", 0.2), tree.event("third", 0.3)
    assert close(
        probability(tree, tree.at_least(2, [zone, zone, other, third])), Fraction(0.1) + Fraction(0.2) * Fraction(0.3) * (1 - Fraction(0.1))
    )


@pytest.mark.parametrize(
    ("name", "q", "kind"),
    [
        ("a", 1.5, "component"),
        ("a", float("nan"), "component"),
        ("a", 0.1, "omen"),
        ("", 0.1, "component"),
        ("known", 0.2, "component"),
        ("known", 0.1, "chance"),
    ],
)
def test_what_is_no_event_is_refused(name: str, q: float, kind: str) -> None:
    tree = Tree()
    tree.event("known", 0.1)
    with pytest.raises(ValueError):
        tree.event(name, q, kind)


def test_simplification_drops_what_the_top_needs_anyway() -> None:
    tree = Tree()
    db, cache, spare, own = (tree.event(name, 0.1) for name in ("db", "cache", "spare", "own"))
    uses_db = tree.any_of([db, cache])
    simple, top = tree.simplified(tree.any_of([own, db, tree.all_of([uses_db, tree.any_of([db, spare])])]))
    assert {simple.names[node] for node in simple.below([top])} - {""} == {"own", "db", "cache", "spare"}
    both = next(node for node in simple.children[top] if simple.kinds[node] == ALL)
    assert {simple.names[node] for node in simple.children[both]} == {"cache", "spare"}
    assert tree.simplified(tree.any_of([db, tree.all_of([db, spare])]))[0].below([2]) == [2]


# Probability


@settings(max_examples=400)
@given(trees())
def test_probability_is_that_of_all_failing_states(drawn: Drawn) -> None:
    assert close(probability(drawn.tree, drawn.top), drawn.probability(drawn.failing))


@settings(max_examples=40)
@given(trees(events=14, gates=16))
def test_probability_of_larger_trees(drawn: Drawn) -> None:
    assert close(probability(drawn.tree, drawn.top), drawn.probability(drawn.failing))


@settings(max_examples=150)
@given(trees(events=7), st.sets(st.integers(0, 6), max_size=4))
def test_enumerating_events_changes_nothing(drawn: Drawn, enumerated: set[int]) -> None:
    simple, top = drawn.tree.simplified(drawn.top)
    shared = [node for name, node in simple.events.items() if name in {name_of(event) for event in enumerated}]
    parts = Factored(simple, top, shared)
    parts.draw(10_000)
    exact = drawn.probability(drawn.failing)
    assert close(parts.probability(), exact)
    value, slopes = parts.probability_and_slopes()
    assert close(value, exact)
    for event in range(len(drawn.q)):
        slope = drawn.probability(drawn.failing, {event: True}) - drawn.probability(drawn.failing, {event: False})
        assert abs(Fraction(slopes.get(name_of(event), 0.0)) - slope) <= RELATIVE * drawn.probability(drawn.failing, {event: True})


@settings(max_examples=200)
@given(trees())
def test_simplification_keeps_the_structure_function(drawn: Drawn) -> None:
    simple, top = drawn.tree.simplified(drawn.top)
    again: dict[int, int] = {}
    for node in simple.below([top]):
        children = [again[child] for child in simple.children[node]]
        needed = {ANY: 1, ALL: len(children), AT_LEAST: simple.least[node]}.get(simple.kinds[node], 0)
        if children:
            again[node] = reduce(int.__or__, [reduce(int.__and__, chosen) for chosen in combinations(children, needed)], 0)
        elif simple.names[node]:
            alone = built(drawn.q, drawn.chance, [(ANY, 1, (int(simple.names[node][1:]),))])
            again[node] = alone.failing
        else:
            again[node] = -(node == Tree.TRUE) & ((1 << (1 << len(drawn.q))) - 1)
    assert again[top] == drawn.failing


@pytest.mark.parametrize("q", [1e-16, 1e-13, 1e-6, 1e-3])
def test_a_thousand_services_in_a_row_keep_their_digits(q: float) -> None:
    tree = Tree()
    top = Tree.FALSE
    for number in range(1000):
        top = tree.any_of([tree.event(f"s{number}", q), top])
    assert close(probability(tree, top), 1 - (1 - Fraction(q)) ** 1000)


def test_small_probabilities_of_entangled_parts_keep_their_digits() -> None:
    recipe = [
        (ALL, 1, (0, 1, 2)),
        (ALL, 1, (1, 2, 3)),
        (ALL, 1, (2, 3, 0)),
        (AT_LEAST, 3, (0, 1, 2, 3)),
        (ANY, 1, (4, 5, 6)),
        (ALL, 1, (7, 8)),
    ]
    drawn = built([1e-5, 2e-5, 3e-5, 4e-5], [False] * 4, recipe)
    exact = drawn.probability(drawn.failing)
    assert 1e-15 < exact < 1e-13
    assert close(probability(drawn.tree, drawn.top), exact)


@pytest.mark.parametrize(("least", "exact"), [(2, 5.9999200003e-10), (3, 3.99997e-15), (4, 1e-20)])
def test_k_of_four_rare_failures(least: int, exact: float) -> None:
    tree = Tree()
    top = tree.at_least(least, [tree.event(f"p{n}", 1e-5) for n in range(4)])
    assert close(probability(tree, top), exact, 1e-9)


@pytest.mark.parametrize(("number", "least", "q"), [(3, 2, 0.01), (40, 7, 0.003), (200, 60, 0.2), (5, 5, 1e-4)])
def test_at_least_of_equals_is_binomial(number: int, least: int, q: float) -> None:
    share = Fraction(q)
    exact = sum(comb(number, n) * share**n * (1 - share) ** (number - n) for n in range(least, number + 1))
    assert close(at_least_probability(least, [q] * number), exact)


def tree_of(text: str, q: dict[str, float]) -> tuple[Tree, int]:
    """A tree from Python notation: ``a | b & c``."""
    tree = Tree()

    class Node:
        def __init__(self, number: int) -> None:
            self.number = number

        def __or__(self, other: Node) -> Node:
            return Node(tree.any_of([self.number, other.number]))

        def __and__(self, other: Node) -> Node:
            return Node(tree.all_of([self.number, other.number]))

    return tree, eval(text, {name: Node(tree.event(name, share)) for name, share in q.items()}).number


@pytest.mark.parametrize(
    ("fails", "q", "available", "tolerance"),
    [
        ("web | db", {"web": 5e-4, "db": 1e-4}, 0.99940005, 1e-12),
        ("db & queue", {"db": 1e-4, "queue": 1e-3}, 0.9999999, 1e-12),
        ("web | db & queue", {"web": 5e-4, "db": 1e-4, "queue": 1e-3}, 0.9994999, 1e-7),
        ("a | (b | d) | (c | d)", dict.fromkeys("abcd", 0.01), 0.96059601, 1e-12),
        ("a | (b | d) & (c | d)", dict.fromkeys("abcd", 0.01), 0.98000199, 1e-12),
    ],
)
def test_textbook_systems(fails: str, q: dict[str, float], available: float, tolerance: float) -> None:
    tree, top = tree_of(fails, q)
    assert abs(1.0 - probability(tree, top) - available) <= tolerance


def bridge() -> tuple[Tree, int]:
    """Five components of availability 0.9; c is the one in the middle. It fails when every path is cut."""
    return tree_of("a & b | d & e | a & c & e | b & c & d", dict.fromkeys("abcde", 0.1))


def test_bridge_network() -> None:
    tree, top = bridge()
    assert close(probability(tree, top), 1 - Fraction(12231, 12500), 1e-12)
    ranked = importance(tree, top)
    for name in "abde":
        assert abs(ranked[name].birnbaum - 0.1062) <= 1e-12
        assert abs(ranked[name].criticality - 0.49349) <= 5e-6
    assert abs(ranked["c"].birnbaum - 0.0162) <= 1e-12


def test_two_of_three() -> None:
    tree = Tree()
    top = tree.at_least(2, [tree.event(name, 0.01) for name in "abc"])
    assert abs(1.0 - probability(tree, top) - 0.999702) <= 1e-12


def test_replicas_in_zones() -> None:
    tree = Tree()
    replicas = [tree.any_of([tree.event(f"zone {n}", 1e-3), tree.event(f"replica {n}", 1e-2)]) for n in range(3)]
    assert abs(1.0 - probability(tree, tree.at_least(2, replicas)) - 0.999640314446598) <= 1e-15


def test_constant_tops() -> None:
    tree = Tree()
    a = tree.event("a", 0.1)
    assert probability(tree, Tree.FALSE) == 0.0
    assert probability(tree, Tree.TRUE) == 1.0
    assert probability(tree, tree.all_of([a, tree.at_least(2, [a])])) == 0.0
    assert factored(tree, a).probability_and_slopes() == (0.1, {"a": 1.0})


@pytest.mark.parametrize("kind", [ANY, ALL])
def test_long_chains_of_alternatives(kind: int) -> None:
    """Each of 1,500 services has a fallback, or each fallback needs the next: worked out by the recursion of the chain itself."""
    tree = Tree()
    node, exact = tree.event("end", 0.01), Fraction(0.01)
    for number in range(1500):
        own, spare = 1e-4, 0.5
        inner = tree.all_of([node, tree.event(f"spare {number}", spare)])
        node = tree.any_of([inner, tree.event(f"own {number}", own)])
        value = float(exact) * spare
        exact = Fraction(value + own * (1.0 - value))
    if kind == ALL:
        node, exact = tree.all_of([node, tree.event("last", 0.25)]), exact / 4
    assert close(probability(tree, node), exact, 1e-11)


# What is too large, and sampling


def ladder(rungs: int) -> tuple[Tree, int]:
    """Three chains in which every link leans on two links before: as entangled as it gets."""
    tree = Tree()
    nodes = [tree.event(name, 0.05) for name in "abc"]
    for rung in range(rungs):
        own = [tree.event(f"{name}{rung}", 0.02) for name in "abc"]
        nodes = [tree.any_of([own[n], tree.all_of([nodes[n], nodes[(n + 1) % 3]])]) for n in range(3)]
    return tree, tree.all_of(nodes)


def test_past_the_budget_it_says_so() -> None:
    tree, top = ladder(9)
    with pytest.raises(TooLarge, match="50 nodes"):
        probability(tree, top, budget=50)
    assert 0.0 < probability(tree, top) < 1.0


def test_simulation_is_exact_where_nothing_needs_sampling() -> None:
    tree, top = bridge()
    assert simulated_probability(tree, top) == (probability(tree, top), 0.0)


@pytest.mark.parametrize("seed", [0, 1, 5])  # 0: the ladder; the others happen to be entangled
def test_nineteen_of_twenty_intervals_hold_the_truth(seed: int) -> None:
    """Of 100 independent intervals 95 are expected to hold the truth, with a standard deviation of 2.2; at least 86 have to."""
    drawn = large(24, 20, seed) if seed else None
    tree, top = (drawn.tree, drawn.top) if drawn else ladder(6)
    exact = probability(tree, top)
    held, total, widths = 0, 0.0, 0.0
    for number in range(100):
        estimate, half_width = simulated_probability(tree, top, 4000, number, budget=2)
        assert half_width > 0.0
        held += abs(estimate - exact) <= half_width
        total += estimate
        widths += half_width
    assert held >= 86
    assert abs(total / 100 - exact) <= 3 * widths / 100 / 10 / 1.96
    assert widths / 100 <= 0.6 * exact


def test_simulation_reaches_rare_failures_and_repeats_itself() -> None:
    """Eight of twelve parts in a ring, each 1e-3: about 1e-22, which plain sampling would never see."""
    tree = Tree()
    parts = [tree.event(f"p{n}", 1e-3) for n in range(12)]
    top = tree.any_of([tree.all_of([parts[(first + n) % 12] for n in range(8)]) for first in range(12)])
    exact = probability(tree, top)
    estimate, half_width = simulated_probability(tree, top, 100_000, 1, budget=2)
    assert 0.0 < half_width < 0.5 * exact < 1e-20
    assert abs(estimate - exact) <= 2 * half_width
    assert simulated_probability(tree, top, 100_000, 1, budget=2) == (estimate, half_width)
