"""The same trees given to other programs: SCRAM (through the Open-PSA format) and RePyability. Skipped where they are not installed.

SCRAM prints six digits, so 5.1e-6 relative is as close as can be asked. RePyability gives all digits: 1e-10 relative.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sysdesign_cli.engine.cutsets import minimal_cut_sets
from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.faulttree import ALL, ANY, EVENT, Tree
from sysdesign_cli.engine.importance import importance
from sysdesign_cli.engine.openpsa import identifiers, open_psa
from tests.engine.test_faulttree import Drawn, large

SIX_DIGITS = 5.1e-6
needs_scram = pytest.mark.skipif(shutil.which("scram") is None, reason="SCRAM is not installed (Debian: apt install scram)")
needs_repyability = pytest.mark.skipif(importlib.util.find_spec("repyability") is None, reason="RePyability is not installed")
SIZES = [(30, 22, seed) for seed in range(12)] + [(45, 34, seed) for seed in range(12)] + [(60, 46, seed) for seed in range(16)]


def scram(text: str, folder: Path, *options: str) -> ElementTree.Element:
    """The results of SCRAM's report. It cuts off by default; these options make it exact."""
    model, report = folder / "model.xml", folder / "report.xml"
    model.write_text(text, encoding="utf-8")
    words = ["scram", "--bdd", "-l", "100", "--cut-off", "0", "--probability", "1", *options, "-o", str(report), str(model)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    results = ElementTree.parse(report).getroot().find("results")
    assert results is not None
    return results


def products(results: ElementTree.Element, top: str) -> dict[frozenset[str], float]:
    """Minimal cut sets of a top with their probabilities."""
    found = next(entry for entry in results.iter("sum-of-products") if entry.get("name") == top)
    return {
        frozenset(str(event.get("name")) for event in product.iter("basic-event")): float(str(product.get("probability")))
        for product in found.iter("product")
    }


def top_probability(results: ElementTree.Element, top: str) -> float:
    return float(str(next(entry for entry in results.iter("sum-of-products") if entry.get("name") == top).get("probability")))


def close(one: float, other: float, relative: float) -> bool:
    return abs(one - other) <= relative * max(abs(one), abs(other))


@needs_scram
@pytest.mark.parametrize(("events", "gates", "seed"), SIZES)
def test_scram_finds_the_same(events: int, gates: int, seed: int, tmp_path: Path) -> None:
    drawn = large(events, gates, seed)
    results = scram(open_psa(drawn.tree, {"top": drawn.top}, "random"), tmp_path, "--importance", "1")
    assert close(probability(drawn.tree, drawn.top), top_probability(results, "top"), SIX_DIGITS)
    cuts = minimal_cut_sets(drawn.tree, drawn.top)
    theirs = products(results, "top")
    assert {one.events for one in cuts.sets} == set(theirs)
    assert all(close(one.probability, theirs[one.events], SIX_DIGITS) for one in cuts.sets)
    ranked = importance(drawn.tree, drawn.top)
    compared = 0
    for event in next(results.iter("importance")).iter("basic-event"):
        ours = ranked[str(event.get("name"))]
        # SCRAM works with the difference of two probabilities, so where that is small it has few digits.
        if ours.criticality > 1e-6:
            assert close(ours.birnbaum, float(str(event.get("MIF"))), SIX_DIGITS)
            assert close(ours.criticality, float(str(event.get("CIF"))), SIX_DIGITS)
            compared += 1
    assert compared


@needs_scram
def test_scram_takes_every_name_and_every_kind_of_top(tmp_path: Path) -> None:
    tree = Tree()
    names = ['order / db "x" <b>', "ORDER db x b", "ฐานข้อมูล", "7-zone\x1b[2J", "top", "a & b"]
    a, b, c, d, e, f = (tree.event(name, 0.01 * (n + 1), "chance" if n == 2 else "component") for n, name in enumerate(names))
    tops = {
        "core: check & out": tree.all_of([tree.any_of([tree.at_least(2, [a, b, c]), d]), tree.any_of([e, f])]),
        "twice": tree.at_least(3, [a, a, b, c, d, d]),
        "top": e,
        "never": Tree.FALSE,
        "always": Tree.TRUE,
    }
    text = open_psa(tree, tops, "shop <1> & co")
    results = scram(text, tmp_path)
    assert {entry.get("name") for entry in results.iter("sum-of-products")} == {"core_check_out", "twice", "top", "never", "always"}
    for (name, top), identifier in zip(tops.items(), identifiers(tops), strict=True):
        assert close(probability(tree, top), top_probability(results, identifier), SIX_DIGITS), name
    document = ElementTree.fromstring(text)
    labels = {entry.findtext("label"): entry.get("name") for entry in document.iter("define-basic-event")}
    assert labels == {
        'order / db "x" <b>': "order_db_x_b",
        "ORDER db x b": "ORDER_db_x_b_2",
        "ฐานข้อมูล": "part_8",
        "7-zone\N{REPLACEMENT CHARACTER}[2J": "part_7_zone_2J",
        "top": "top_2",
        "a & b": "a_b",
    }
    assert [entry.get("value") for entry in document.iter("attribute")] == ["chance"]
    theirs = products(results, "twice")
    assert {one.events | toss for one in minimal_cut_sets(tree, tops["twice"]).sets for toss in one.tosses} == {
        frozenset(names[list(labels.values()).index(event)] for event in one) for one in theirs
    }


def test_identifiers_stay_readable_and_apart() -> None:
    assert identifiers(["Cart API", "cart-api", "cart.api_2", "9", "", "ร้าน", "x"]) == [
        "Cart_API",
        "cart_api_2",
        "cart_api_2_2",
        "part_9",
        "part_5",
        "part_6",
        "x",
    ]


def for_repyability(drawn: Drawn) -> Any:
    """The tree as a RePyability fault tree."""
    from repyability import FaultTree

    tree = drawn.tree
    nodes = tree.below([drawn.top])
    label = {node: tree.names[node] or f"g{node}" for node in nodes}
    gates: dict[str, tuple[Any, ...]] = {}
    for node in nodes:
        inputs = [label[child] for child in tree.children[node]]
        if inputs:
            word = {ANY: ("or",), ALL: ("and",)}.get(tree.kinds[node], ("vote", tree.least[node]))
            gates[label[node]] = (*word, inputs)
    return FaultTree(gates, {label[node]: tree.q[node] for node in nodes if tree.kinds[node] == EVENT}, top=label[drawn.top])


@needs_repyability
@pytest.mark.parametrize(("events", "gates", "seed"), SIZES[::2])
def test_repyability_finds_the_same(events: int, gates: int, seed: int) -> None:
    drawn = large(events, gates, seed)
    other = for_repyability(drawn)
    whole = probability(drawn.tree, drawn.top)
    assert close(whole, float(other.top_event_probability()), 1e-10)
    assert {one.events for one in minimal_cut_sets(drawn.tree, drawn.top).sets} == set(map(frozenset, other.minimal_cut_sets()))
    birnbaum = other.birnbaum_importance()
    for name, ours in importance(drawn.tree, drawn.top).items():
        assert abs(ours.birnbaum - float(birnbaum[name])) <= 1e-10 * max(whole, ours.birnbaum)
