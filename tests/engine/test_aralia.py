"""Two trees of the Aralia benchmark set: probability to six digits, and every minimal cut set.

The known answers are those published for the set; SCRAM 0.16.2 prints the same for the files the trees were taken from.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from sysdesign_cli.engine.cutsets import cut_set_counts, minimal_cut_sets
from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.faulttree import Tree
from sysdesign_cli.engine.importance import importance

CHINESE = ("chinese", 25, 1.17058e-3, [0, 0, 12, 0, 24, 188, 168])
DAS9201 = ("das9201", 122, 1.34237e-2, [0, 0, 82, 9740, 2881, 1246, 254, 14])
both = pytest.mark.parametrize(("name", "events", "top_probability", "counts"), [CHINESE, DAS9201])


class Text:
    """A tree as it is written in the file, with nothing done to it."""

    def __init__(self, name: str) -> None:
        self.gates: dict[str, tuple[str, list[str]]] = {}
        self.q: dict[str, float] = {}
        for line in (Path(__file__).parent / "aralia" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                continue
            if " = " in line:
                gate, parts = line.split(" = ")
                self.gates[gate] = ("&" if "&" in parts else "|", re.split(r" [|&] ", parts))
            elif ": " in line:
                share, events = line.split(": ")
                self.q.update(dict.fromkeys(events.split(), float(share)))
        self.top = next(iter(self.gates))

    def tree(self) -> tuple[Tree, int]:
        tree = Tree()
        known: dict[str, int] = {}

        def node(name: str) -> int:
            if name not in known:
                if name in self.q:
                    known[name] = tree.event(name, self.q[name])
                else:
                    word, parts = self.gates[name]
                    known[name] = (tree.all_of if word == "&" else tree.any_of)([node(part) for part in parts])
            return known[name]

        return tree, node(self.top)

    def fails(self, failed: frozenset[str]) -> bool:
        @cache
        def true(name: str) -> bool:
            if name in self.q:
                return name in failed
            word, parts = self.gates[name]
            return (all if word == "&" else any)(true(part) for part in parts)

        return true(self.top)


@both
def test_probability_and_number_of_cut_sets(name: str, events: int, top_probability: float, counts: list[int]) -> None:
    text = Text(name)
    assert len(text.q) == events
    tree, top = text.tree()
    assert abs(probability(tree, top) - top_probability) <= 5e-6 * top_probability
    assert cut_set_counts(tree, top) == counts


@both
def test_every_cut_set_cuts_and_none_of_it_can_be_left_out(name: str, events: int, top_probability: float, counts: list[int]) -> None:
    text = Text(name)
    cuts = minimal_cut_sets(*text.tree())
    assert cuts.complete
    assert [sum(len(one.events) == size for one in cuts.sets) for size in range(len(counts))] == counts
    assert len({one.events for one in cuts.sets}) == sum(counts)
    for one in cuts.sets[:: max(1, len(cuts.sets) // 1000)]:
        assert text.fails(one.events)
        assert not any(text.fails(one.events - {member}) for member in one.events)


@both
def test_cut_sets_up_to_order_three(name: str, events: int, top_probability: float, counts: list[int]) -> None:
    tree, top = Text(name).tree()
    everything, cuts = minimal_cut_sets(tree, top), minimal_cut_sets(tree, top, 3)
    assert cuts.sets == everything.sets[: sum(counts[:4])]
    assert not cuts.complete
    rest = sum(one.probability for one in everything.sets if len(one.events) > 3)
    assert 0.0 < cuts.left_out <= rest * (1 + 1e-9)


@both
def test_importance_agrees_with_making_each_event_sure(name: str, events: int, top_probability: float, counts: list[int]) -> None:
    """One pass gives what two probabilities for each event give. Tolerance: 1e-12 of the larger of the two."""
    text = Text(name)
    ranked = importance(*text.tree())
    assert ranked.keys() == text.q.keys()
    for event in sorted(text.q)[::9]:
        known = dict(text.q)
        with_it, without = [], []
        for share, found in ((1.0, with_it), (0.0, without)):
            text.q = {**known, event: share}
            found.append(probability(*text.tree()))
        text.q = known
        assert abs(ranked[event].birnbaum - (with_it[0] - without[0])) <= 1e-12 * with_it[0]
