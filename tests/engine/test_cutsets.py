"""Minimal cut sets and importance against brute force over all states, and cases with known answers.

Sets are compared as they are. Probabilities are compared with fractions that are not rounded: tolerance 1e-12 relative, and for
differences of two probabilities 1e-12 of the larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine import cutsets
from sysdesign_cli.engine.cutsets import CutSets, cut_set_counts, minimal_cut_sets
from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.faulttree import ALL, ANY, AT_LEAST, TooLarge, Tree
from sysdesign_cli.engine.importance import importance, union_probability
from tests.engine.test_faulttree import RELATIVE, Drawn, bridge, built, close, large, name_of, names_in, tree_of, trees


def in_order(states: Sequence[int]) -> list[frozenset[str]]:
    return sorted((names_in(state) for state in states), key=lambda one: (len(one), sorted(one)))


def listed(cuts: CutSets) -> list[frozenset[str]]:
    return [one.events for one in cuts.sets]


def number_of(names: frozenset[str]) -> int:
    return sum(1 << int(name[1:]) for name in names)


@settings(max_examples=300)
@given(trees())
def test_all_minimal_cut_sets_and_no_others(drawn: Drawn) -> None:
    cuts = minimal_cut_sets(drawn.tree, drawn.top)
    assert listed(cuts) == in_order(drawn.minimal)
    assert cuts.complete
    assert cuts.left_out == 0.0
    for one in cuts.sets:
        assert close(one.probability, drawn.probability(drawn.including([number_of(one.events)])))
        assert one.chance == 1.0
    sizes = [len(one.events) for one in cuts.sets]
    assert cut_set_counts(drawn.tree, drawn.top) == [sizes.count(size) for size in range(max(sizes, default=-1) + 1)]


@settings(max_examples=30)
@given(trees(events=14, gates=16))
def test_cut_sets_of_larger_trees(drawn: Drawn) -> None:
    assert listed(minimal_cut_sets(drawn.tree, drawn.top)) == in_order(drawn.minimal)


@settings(max_examples=300)
@given(trees(), st.integers(0, 4))
def test_cut_sets_up_to_an_order(drawn: Drawn, order: int) -> None:
    cuts = minimal_cut_sets(drawn.tree, drawn.top, order)
    small = [state for state in drawn.minimal if state.bit_count() <= order]
    assert listed(cuts) == in_order(small)
    assert cuts.complete == (len(small) == len(drawn.minimal))
    check_left_out(drawn, cuts)


def check_left_out(drawn: Drawn, cuts: CutSets) -> None:
    """It is what the listed sets leave of P(top), or no less."""
    whole = drawn.probability(drawn.failing)
    products = [number_of(one.events | toss) for one in cuts.sets for toss in one.tosses]
    exact = whole - drawn.probability(drawn.including(products))
    if cuts.left_out_exact:
        assert abs(Fraction(cuts.left_out) - exact) <= RELATIVE * whole
    else:
        assert exact - RELATIVE * whole <= cuts.left_out <= (1 + RELATIVE) * whole


@settings(max_examples=300)
@given(trees(with_chance=True))
def test_chance_events_are_factors_and_no_members(drawn: Drawn) -> None:
    tosses = sum(1 << event for event, chance in enumerate(drawn.chance) if chance)
    expected: dict[int, list[int]] = {}
    for state in drawn.minimal:
        expected.setdefault(state & ~tosses, []).append(state & tosses)
    cuts = minimal_cut_sets(drawn.tree, drawn.top)
    assert listed(cuts) == in_order(list(expected))
    for one in cuts.sets:
        factor = drawn.probability(drawn.including(expected[number_of(one.events)]))
        assert close(one.chance, factor)
        assert close(one.probability, factor * drawn.probability(drawn.including([number_of(one.events)])))
        assert {number_of(toss) for toss in one.tosses} == set(expected[number_of(one.events)])
    sizes = [len(one.events) for one in cuts.sets]
    assert cut_set_counts(drawn.tree, drawn.top) == [sizes.count(size) for size in range(max(sizes, default=-1) + 1)]


@settings(max_examples=200)
@given(trees(with_chance=True), st.integers(0, 3))
def test_an_order_counts_components_only(drawn: Drawn, order: int) -> None:
    everything = minimal_cut_sets(drawn.tree, drawn.top)
    cuts = minimal_cut_sets(drawn.tree, drawn.top, order)
    assert cuts.sets == tuple(one for one in everything.sets if len(one.events) <= order)
    assert cuts.complete == (len(cuts.sets) == len(everything.sets))
    check_left_out(drawn, cuts)


@settings(max_examples=200)
@given(trees(events=7, with_chance=True))
def test_importance_by_its_definitions(drawn: Drawn) -> None:
    whole = drawn.probability(drawn.failing)
    alone = importance(drawn.tree, drawn.top)
    complete = importance(drawn.tree, drawn.top, minimal_cut_sets(drawn.tree, drawn.top))
    assert alone.keys() == complete.keys()
    for event, q in enumerate(drawn.q):
        name = name_of(event)
        failed, works = (drawn.probability(drawn.failing, {event: state}) for state in (True, False))
        if name not in complete:
            assert drawn.chance[event] or failed == works
            continue
        union = drawn.probability(drawn.including(state for state in drawn.minimal if state >> event & 1))
        for ranked in (alone[name], complete[name]):
            assert abs(Fraction(ranked.birnbaum) - (failed - works)) <= RELATIVE * failed
            if whole:
                assert abs(Fraction(ranked.criticality) * whole - (whole - works)) <= RELATIVE * max(whole, Fraction(q) * failed)
                assert ranked.criticality <= ranked.fussell_vesely * (1 + RELATIVE)
                assert Fraction(ranked.fussell_vesely) >= union / whole * (1 - Fraction(RELATIVE))
                assert ranked.fussell_vesely - ranked.criticality <= q + RELATIVE
        assert complete[name].fussell_vesely_exact
        if whole:
            assert close(complete[name].fussell_vesely, union / whole)


@settings(max_examples=200)
@given(
    st.lists(st.sets(st.integers(0, 6), max_size=4), max_size=7), st.lists(st.sampled_from([1e-6, 0.01, 0.3, 0.9]), min_size=7, max_size=7)
)
def test_probability_of_a_union_of_sets(sets: list[set[int]], q: list[float]) -> None:
    drawn = built(q, [False] * 7, [(ANY, 1, (0,))])
    exact = drawn.probability(drawn.including(sum(1 << event for event in one) for one in sets))
    shares = {name_of(event): share for event, share in enumerate(q)}
    assert close(union_probability([frozenset(map(name_of, one)) for one in sets], shares), exact)
    with pytest.raises(TooLarge):
        union_probability([frozenset(["e00"]), frozenset(["e01"])], shares, steps=1)


def test_bridge_network() -> None:
    tree, top = bridge()
    cuts = minimal_cut_sets(tree, top)
    assert ["".join(sorted(one.events)) for one in cuts.sets] == ["ab", "de", "ace", "bcd"]
    ranked = importance(tree, top, cuts)
    for name in "abde":
        assert abs(ranked[name].fussell_vesely - 0.50651) <= 5e-6
        assert ranked[name].fussell_vesely_exact
    # c is in ace and bcd, which happen together only if all five fail: (2e-3 - 1e-5) / 0.02152... by hand
    assert close(ranked["c"].fussell_vesely, (2 * Fraction(0.1) ** 3 - Fraction(0.1) ** 5) / (1 - Fraction(12231, 12500)), 1e-9)


def test_current_network_and_two_generators() -> None:
    tree, top = tree_of("AC | network | (P1 | G1) & (P2 | G2)", dict.fromkeys(["AC", "network", "P1", "G1", "P2", "G2"], 0.01))
    found = {one.events for one in minimal_cut_sets(tree, top).sets}
    assert found == {frozenset(names.split()) for names in ("AC", "network", "G1 G2", "G1 P2", "P1 G2", "P1 P2")}


def test_a_single_point_of_failure_with_a_chance_and_a_pair_without() -> None:
    tree = Tree()
    cache, database, miss = tree.event("cache", 0.01), tree.event("database", 0.001), tree.event("miss", 0.1, "chance")
    cuts = minimal_cut_sets(tree, tree.all_of([database, tree.any_of([cache, miss])]))
    assert [(set(one.events), one.chance) for one in cuts.sets] == [({"database"}, 0.1), ({"cache", "database"}, 1.0)]
    assert close(cuts.sets[0].probability, Fraction(0.1) * Fraction(0.001))


def test_constant_tops() -> None:
    tree = Tree()
    assert minimal_cut_sets(tree, Tree.FALSE).sets == ()
    assert listed(minimal_cut_sets(tree, Tree.TRUE)) == [frozenset()]
    assert cut_set_counts(tree, Tree.FALSE) == []
    assert cut_set_counts(tree, Tree.TRUE) == [1]
    assert importance(tree, Tree.TRUE) == {}


@pytest.mark.parametrize("order", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("seed", range(6))
def test_listing_up_to_an_order_agrees_with_listing_everything(seed: int, order: int) -> None:
    """The two ways share nothing but the diagram: one unites all alternatives in it, the other lists them apart and compares."""
    drawn = large(45, 40, seed)
    everything = minimal_cut_sets(drawn.tree, drawn.top)
    cuts = minimal_cut_sets(drawn.tree, drawn.top, order)
    assert everything.complete
    assert cuts.sets == tuple(one for one in everything.sets if len(one.events) <= order)
    assert [one for one in everything.sets if len(one.events) > order] == [] or not cuts.complete
    whole = probability(drawn.tree, drawn.top)
    rest = sum(one.probability for one in everything.sets if len(one.events) > order)
    assert cuts.left_out <= rest * (1 + 1e-9) or not cuts.left_out_exact
    assert cuts.left_out <= whole


def stars(width: int, arms: int) -> tuple[Tree, int]:
    """width^arms cut sets of `arms` components, on a diagram of width x arms nodes."""
    tree = Tree()
    return tree, tree.all_of([tree.any_of([tree.event(f"{arm}.{n}", 0.001) for n in range(width)]) for arm in range(arms)])


def test_counts_need_no_listing() -> None:
    tree, top = stars(12, 9)
    assert cut_set_counts(tree, top, budget=1000) == [0] * 9 + [12**9]
    wide = Tree()
    at_least = wide.at_least(15, [wide.event(f"p{n}", 0.1) for n in range(30)])
    assert cut_set_counts(wide, at_least) == [0] * 15 + [comb(30, 15)]


def test_no_more_are_listed_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutsets, "MOST_LISTED", 50)
    tree, large_part = stars(4, 3)
    top = tree.any_of([large_part, tree.all_of([tree.event("a", 0.01), tree.event("b", 0.02)])])
    for cuts in (minimal_cut_sets(tree, top), minimal_cut_sets(tree, top, 3)):
        assert listed(cuts) == [frozenset("ab")]
        assert not cuts.complete
        assert cuts.order == 2
        assert close(cuts.left_out, (1 - Fraction(0.01) * Fraction(0.02)) * (1 - (1 - Fraction(0.001)) ** 4) ** 3, 1e-9)


def test_where_all_sets_are_too_many_the_small_ones_are_still_found() -> None:
    recipe = [(AT_LEAST, 30, tuple(range(1, 101))), (ALL, 1, (0, 1)), (ANY, 1, (101, 102))]
    drawn = built([0.2] * 101, [False] * 101, recipe)
    with pytest.raises(TooLarge, match="1000 nodes"):
        minimal_cut_sets(drawn.tree, drawn.top, budget=1000)
    cuts = minimal_cut_sets(drawn.tree, drawn.top, 2, budget=1000)
    assert listed(cuts) == [frozenset(["e00", "e01"])]
    assert not cuts.complete
    exact = probability(drawn.tree, drawn.top) - 0.2**2
    assert cuts.left_out >= exact * (1 - 1e-9)
    assert not cuts.left_out_exact or cuts.left_out <= exact * (1 + 1e-9)
