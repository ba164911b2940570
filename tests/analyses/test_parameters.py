"""Turned loads, peaks, misses and prices: what is meant to change does, by as much, and what is meant to stay stays."""

from __future__ import annotations

from pathlib import Path

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.parameters import more_misses, ordinary_load, parameters, peak_to_mean, peaked, scaled_load, total_rate
from sysdesign_cli.engine.workload import profile
from sysdesign_cli.scenario.model import Scenario
from tests.analyses.trade import book
from tests.helpers import design

RUSH = """\
services: {web: {handles: {Go: {}, Buy: {}}}}
flows: {go: {starts: web.Go}, buy: {starts: web.Buy}}
workloads:
  day: {starts: {go: 20/s, buy: {peak: 100/s, base: 4/s, at: 12:00, for: 30min, ramp: 2min}}}
"""
SHAPED = """\
services: {web: {handles: {Go: {}}}}
flows: {go: {starts: web.Go}}
shapes: {two: {"06:00": 20%, "12:00": 100%, "18:00": 60%, "22:00": 20%}}
workloads: {day: {starts: {go: 100/s}, shape: two}}
"""


def requests(scenario: Scenario, flow: str) -> float:
    """Starts of a flow in a day of the first workload."""
    return profile(scenario, next(iter(scenario.workloads.values())), flow).mean * 86_400


def highest(scenario: Scenario, flow: str) -> float:
    return profile(scenario, next(iter(scenario.workloads.values())), flow).peak


@pytest.mark.parametrize("factor", [0.1, 0.5, 1.0, 3.0, 20.0])
def test_a_narrower_rush_has_the_same_requests(factor: float) -> None:
    scenario = design(RUSH).scenario
    changed = peaked(scenario, factor)
    assert requests(changed, "buy") == pytest.approx(requests(scenario, "buy"), rel=1e-9)
    assert requests(changed, "go") == requests(scenario, "go")
    assert highest(changed, "buy") == pytest.approx(100 * factor, rel=1e-9)


def test_a_rush_cannot_be_flatter_than_the_day() -> None:
    """96/s over the base for 32 minutes, spread over 24 hours with ramps as long in proportion (34 minutes in all)."""
    changed = peaked(design(RUSH).scenario, 1e-3)
    assert highest(changed, "buy") == pytest.approx(4 + 96 * 34 / 1440, rel=1e-4)
    assert requests(changed, "buy") == pytest.approx((4 + 96 * 32 / 1440) * 86_400, rel=1e-4)


@pytest.mark.parametrize("factor", [0.01, 0.7, 1.0, 1.2, 5.0])
def test_a_stretched_day_has_the_same_requests(factor: float) -> None:
    scenario = design(SHAPED).scenario
    changed = peaked(scenario, factor)
    assert requests(changed, "go") == pytest.approx(requests(scenario, "go"), rel=1e-9)
    ratio = peak_to_mean(scenario)
    if factor <= 1.2:  # no low is at 0 yet
        assert peak_to_mean(changed) == pytest.approx(max(1.0, ratio * factor), rel=1e-9)
    else:
        assert ratio * 1.2 < peak_to_mean(changed) <= ratio * factor
    assert max(float(share) for share in changed.shapes["two"].values()) == pytest.approx(1)


def test_load_of_every_workload_or_of_the_first() -> None:
    scenario = sysdesign_cli.load("morprom").scenario
    everything, ordinary = scaled_load(scenario, 2.5), ordinary_load(scenario, 2.5)
    for name, workload in scenario.workloads.items():
        for flow in workload.starts:
            day, all_day, first_day = (profile(one, one.workloads[name], flow) for one in (scenario, everything, ordinary))
            assert all_day.mean == pytest.approx(2.5 * day.mean, rel=1e-12)
            assert first_day.mean == pytest.approx((2.5 if name == "normal-day" else 1.0) * day.mean, rel=1e-12)
    assert total_rate(everything) == pytest.approx(2.5 * total_rate(scenario), rel=1e-12)


def test_misses() -> None:
    """A cache that hits 95 % misses 5 %; three times as often is 15 %, and it never misses more than always."""
    text = """\
    services:
      web: {handles: {Go: {calls: {to: cache.get, hit_ratio: 95%, on_miss: db.read}}}}
      cache: {kind: cache, handles: {get: {}}}
      db: {kind: database, handles: {read: {}}}
    flows: {go: {starts: web.Go}}
    workloads: {day: {starts: {go: 1/s}}}
    """
    scenario = design(text).scenario

    def hit(one: Scenario) -> float:
        ratio = one.services["web"].handles["Go"].calls[0][0].hit_ratio
        assert ratio is not None
        return float(ratio)

    assert hit(more_misses(scenario, 3.0)) == pytest.approx(0.85, rel=1e-12)
    assert hit(more_misses(scenario, 0.5)) == pytest.approx(0.975, rel=1e-12)
    assert hit(more_misses(scenario, 64.0)) == pytest.approx(0.0, abs=1e-12)
    (misses,) = [one for one in parameters([scenario], None) if one.id == "misses"]
    assert (misses.now, misses.high) == (pytest.approx(0.95), pytest.approx(20))
    assert misses.value(3.0) == pytest.approx(0.85)


def test_which_parameters_there_are(tmp_path: Path) -> None:
    assert [one.id for one in parameters([design(RUSH).scenario], None, ("box",))] == ["load", "peak"]
    found = parameters([sysdesign_cli.load("morprom").scenario], book(tmp_path), ("fn",))
    assert [one.id for one in found] == ["load", "ordinary-load", "peak", "misses", "price:fn"]
    assert found[-1].now == pytest.approx(0.2)
