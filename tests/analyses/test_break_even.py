"""Break-even loads of systems whose costs are straight lines or steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from sysdesign_cli.analyses.break_even import break_even, fitted
from sysdesign_cli.analyses.cost import yearly_cost
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from tests.analyses.trade import BOX_A_YEAR, EVEN_PER_BOX, book, designed

#: A rate found by halving to one part in 1,000.
EXACT = 1.5e-3


@pytest.mark.parametrize("rate", ["10/s", "400/s", "430/s", "20000/s"])
def test_a_function_against_three_boxes(tmp_path: Path, rate: str) -> None:
    """From whatever load one looks: 3 x 138.889 requests per second."""
    loaded, prices = designed(tmp_path, rate), book(tmp_path)

    def cost(system: System) -> float:
        return yearly_cost(system, prices)

    function, boxes = loaded.system, loaded.variant("boxes").system
    found = break_even(function, boxes, cost)
    assert found.rate.value == pytest.approx(3 * EVEN_PER_BOX, rel=EXACT)
    assert found.factor == pytest.approx(found.rate.value / float(rate.removesuffix("/s")), rel=1e-9)
    assert found.cheaper_now == (float(rate.removesuffix("/s")) < 3 * EVEN_PER_BOX)


def test_what_is_cheaper_the_more_there_is_stays_so(tmp_path: Path) -> None:
    """Boxes are cheaper at 430/s and at every higher load: they are up to 64 times it at least."""
    loaded, prices = designed(tmp_path, "430/s"), book(tmp_path)
    found = break_even(loaded.variant("boxes").system, loaded.system, lambda system: yearly_cost(system, prices))
    assert (found.factor, found.rate.method, found.cheaper_now) == (None, "at-least", True)
    assert found.rate.value >= 430 * 32


@pytest.mark.parametrize(("rate", "method"), [("0.1/s", "at-least"), ("200000/s", "bounded")])
def test_too_far_to_be_found(tmp_path: Path, rate: str, method: str) -> None:
    """Beyond 64 times the load, or below a 64th, there is only a bound, and it holds."""
    loaded, prices = designed(tmp_path, rate), book(tmp_path)
    found = break_even(loaded.system, loaded.variant("boxes").system, lambda system: yearly_cost(system, prices))
    assert (found.factor, found.rate.method) == (None, method)
    assert found.rate.value < 3 * EVEN_PER_BOX if method == "at-least" else found.rate.value > 3 * EVEN_PER_BOX


def test_fleets_grow_with_the_load(tmp_path: Path) -> None:
    """A box with 10 workers of 100 ms, at most 70 % busy, does 70 a second: r requests need r / 70 boxes, rounded up.

    The function costs as much as one box at 138.9 requests per second, so by the time it does a second box is long needed: a box
    for every 70 is dearer than the function at any load.
    """
    text = (
        "prices: round.yaml\n"
        "services:\n"
        "  web: {kind: function, runs_on: fn, memory: 1GiB, replicas: {min: 0, max: 100000}, handles: {Go: {takes: 100ms, request: 0B, reply: 0B}}}\n"
        "flows: {go: {starts: web.Go}}\n"
        "workloads: {day: {starts: {go: 30/s}}}\n"
        "variants: {boxes: {changes: {services: {web: {kind: service, runs_on: box, concurrency: 10, replicas: 1}}}}}\n"
    )
    loaded, prices = designed(tmp_path, text=text), book(tmp_path)
    boxes = loaded.variant("boxes").system
    for factor, wanted in ((1.0, 1), (2.3, 1), (2.4, 2), (7.1, 4), (64.0, 28)):
        assert float(fitted(boxes, factor).scenario.services["web"].replicas.min) == wanted
        assert yearly_cost(fitted(boxes, factor), prices) == pytest.approx(wanted * BOX_A_YEAR, rel=1e-9)
    found = break_even(loaded.system, boxes, lambda system: yearly_cost(system, prices))
    assert (found.factor, found.cheaper_now) == (None, True)
    assert EVEN_PER_BOX > 70  # what one box costs buys more requests of the function than it can do itself


def test_the_metric_needs_another_system(tmp_path: Path) -> None:
    loaded, prices = designed(tmp_path), book(tmp_path)
    metric = METRICS["break_even_rate"]
    here, there = (Subject(loaded.variant(name).system, prices=prices) for name in ("", "boxes"))
    assert metric.of(here) == Unavailable("needs-other")
    assert metric.against is not None
    value = metric.against(here, there, About())
    assert isinstance(value, Number)
    assert value.value == pytest.approx(3 * EVEN_PER_BOX, rel=EXACT)
