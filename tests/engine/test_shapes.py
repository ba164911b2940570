"""Unavailabilities had quickly, against the structure worked out anew for every number of replicas."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.alike import Alike
from sysdesign_cli.analyses.situations import awaited_effects
from sysdesign_cli.engine.factoring import factored, probability
from sysdesign_cli.engine.faulttree import ALL, ANY, Tree
from sysdesign_cli.engine.shapes import Shapes
from sysdesign_cli.engine.structure import Structures, Supply
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow

#: Relative; both are sums of positive numbers.
CLOSE = 1e-12


def drawn_supply(system: System, draw: random.Random) -> dict[int, Supply]:
    """Few replicas and many, of which any number are needed."""
    found = {}
    for number in range(len(system.services)):
        replicas = draw.choice((1, 2, 3, 5, 6, 7, 8, 13, 24, 100))
        found[number] = Supply(replicas, draw.randint(1, replicas))
    return found


def anew(system: System, flow: Flow, supply: dict[int, Supply]) -> float:
    """By the ordinary way, with everything that an availability is asked for."""
    structure = Structures(system, supply).of(system.entry(flow), awaited_effects(system, flow), (), None)
    return probability(structure.tree, structure.tops["answer"])


@pytest.mark.parametrize("name", ["ecommerce", "morprom", "netflix", "grab"])
def test_what_is_kept_is_what_is_worked_out_anew(name: str) -> None:
    """Every flow of the scenario and all its variants, which share what they have in common and number their services differently."""
    base = sysdesign_cli.load(name)
    systems = {"": base.system} | {str(one): base.variant(str(one)).system for one in base.scenario.variants}
    alike, shapes, draw = Alike(systems), Shapes(), random.Random(1)
    for _ in range(4):
        for option, system in systems.items():
            supply = drawn_supply(system, draw)
            for flow in system.scenario.flows.values():
                services = list(dict.fromkeys(number for number, _ in alike.passed(option, flow.name)))
                key = (alike.first(option, flow.name), flow.name)
                found = shapes.failing(key, Structures(system, supply), system.entry(flow), awaited_effects(system, flow), services)
                assert found == pytest.approx(anew(system, flow, supply), rel=CLOSE, abs=0)


def test_without_a_key_nothing_is_kept() -> None:
    system = sysdesign_cli.load("ecommerce").system
    shapes, draw = Shapes(), random.Random(2)
    for flow in system.scenario.flows.values():
        supply = drawn_supply(system, draw)
        found = shapes.failing(None, Structures(system, supply), system.entry(flow), awaited_effects(system, flow), [])
        assert found == pytest.approx(anew(system, flow, supply), rel=CLOSE, abs=0)


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_other_chances_in_a_tree_that_was_taken_apart(seed: int) -> None:
    """One by one and all at once, against the same tree made with these chances from the start."""
    draw = random.Random(seed)
    seeds = draw.randrange(2**32)

    def made(chances: list[float]) -> tuple[Tree, int]:
        again, tree = random.Random(seeds), Tree()
        nodes = [tree.event(f"e{number}", q) for number, q in enumerate(chances)]
        for _ in range(10):
            nodes.append(tree.gate(again.choice((ANY, ALL)), 0, again.sample(nodes, 3)))
        return tree, tree.any_of(nodes[-2:])

    events = 8
    rows = [[draw.uniform(1e-6, 1) for _ in range(events)] for _ in range(5)]
    tree, top = made(rows[0])
    found = factored(tree, top)
    known = found.tree.events
    exact = [probability(*made(row)) for row in rows]
    one_by_one = [found.under({node: row[int(name[1:])] for name, node in known.items()}).probability() for row in rows]
    at_once = found.probabilities({node: [row[int(name[1:])] for row in rows] for name, node in known.items()})
    assert one_by_one == pytest.approx(exact, rel=CLOSE, abs=0)
    assert at_once == pytest.approx(exact, rel=CLOSE, abs=0)
    assert found.probability() == pytest.approx(exact[0], rel=CLOSE, abs=0)
