"""Ranges of a file: found once each, set one by one, and sampled evenly."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.uncertainty import RangedInput, hypercube, quantile, ranged_inputs, samples, with_values
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.quantity import Figure
from tests.helpers import design

TEXT = """\
defaults: {service: {mttr: 10min..30min}}
services:
  web: {replicas: 2..6, handles: {Go: {takes: 10ms ± 2ms, calls: [{to: db.read, chance: 50%..90%, timeout: 1s}, back.Do]}}}
  back: {handles: {Do: {takes: 5ms}}}
  db: {kind: database, mttr: 1h, handles: {read: {takes: [1ms, 3ms]}}}
flows: {go: {starts: web.Go}}
workloads:
  day: {starts: {go: {peak: 10/s..30/s}}, users: 1M..2M}
  sale: {based_on: day, starts: {}}
"""


def figures(part: Any, path: str = "") -> dict[str, float]:
    """Every figure of a part, by its place in it; an independent walk."""
    if isinstance(part, Figure):
        return {path: float(part)}
    if isinstance(part, dict):
        items = list(part.items())
    elif isinstance(part, tuple | list):
        items = list(enumerate(part))
    elif hasattr(part, "__dataclass_fields__"):
        items = [(name, getattr(part, name)) for name in part.__dataclass_fields__ if name != "node"]
    else:
        return {}
    return {key: value for name, one in items for key, value in figures(one, f"{path}.{name}").items()}


def known(scenario: Scenario) -> dict[str, RangedInput]:
    return {one.name: one for one in ranged_inputs(scenario)}


def test_each_range_is_one_input_wherever_it_is_used() -> None:
    found = known(design(TEXT).scenario)
    assert set(found) == {
        "services.web.replicas.min",
        "services.web.mttr",
        "services.web.handles.Go.takes.mean",
        "services.web.handles.Go.calls.0.0.chance",
        "services.db.handles.read.takes.mean",
        "workloads.day.starts.go.peak",
    }
    assert found["services.web.mttr"].paths == (("services", "web", "mttr"), ("services", "back", "mttr"))
    # a workload based on another has the same rate, not another one of the same range
    assert found["workloads.day.starts.go.peak"].paths == (
        ("workloads", "day", "starts", "go", "peak"),
        ("workloads", "sale", "starts", "go", "peak"),
    )


@pytest.mark.parametrize("name", ["services.web.mttr", "services.web.handles.Go.calls.0.0.chance", "workloads.day.starts.go.peak"])
def test_setting_an_input_changes_that_figure_and_nothing_else(name: str) -> None:
    scenario = design(TEXT).scenario
    one = known(scenario)[name]
    value = one.at(0.25)
    before, after = figures(scenario), figures(with_values(scenario, {one: value}))
    changed = {place for place in before if before[place] != after[place]}
    assert changed == {"." + ".".join(str(step) for step in path) for path in one.paths}
    assert {after[place] for place in changed} == {value}
    assert list(after) == list(before)
    assert figures(scenario) == before


def test_what_is_not_changed_is_shared() -> None:
    scenario = design(TEXT).scenario
    changed = with_values(scenario, {known(scenario)["workloads.day.starts.go.peak"]: 12.0})
    assert changed.services is scenario.services
    assert changed.flows is scenario.flows
    assert changed.workloads["day"].starts["go"].peak == 12.0


def test_a_range_of_whole_numbers_stays_whole() -> None:
    one = known(design(TEXT).scenario)["services.web.replicas.min"]
    drawn = [one.at(share) for (share,) in hypercube(1, 1000)]
    assert {*drawn} == {2.0, 3.0, 4.0, 5.0, 6.0}
    assert all(drawn.count(value) == 200 for value in {*drawn})
    assert (one.at(0.0), one.at(1.0)) == (2.0, 6.0)


@settings(max_examples=50)
@given(st.integers(1, 5), st.integers(1, 60), st.integers(0, 2**32))
def test_every_piece_of_every_dimension_is_used_once(dimensions: int, count: int, seed: int) -> None:
    points = hypercube(dimensions, count, seed)
    for axis in range(dimensions):
        assert sorted(math.floor(point[axis] * count) for point in points) == list(range(count))
    assert points == hypercube(dimensions, count, seed)


def test_dimensions_are_not_correlated() -> None:
    """Of 2,000 points: the correlation of two independent permutations has standard deviation 1 / sqrt(1,999) = 0.022."""
    points = hypercube(3, 2000)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        covariance = math.fsum((point[a] - 0.5) * (point[b] - 0.5) for point in points) / 2000
        assert abs(covariance * 12) < 4 * 0.0224


def test_samples_lie_within_their_ranges() -> None:
    inputs = ranged_inputs(design(TEXT).scenario)
    for sample in samples(inputs, 40):
        assert list(sample) == list(inputs)
        assert all(one.figure.low <= value <= one.figure.high for one, value in sample.items())


def test_a_variant_has_the_same_unknowns_where_it_says_nothing_else() -> None:
    loaded = sysdesign_cli.load("morprom")
    own, other = ({one.key for one in ranged_inputs(loaded.variant(name).scenario)} for name in ("", "monolith"))
    assert other < own


@settings(max_examples=100)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_quantile_by_another_definition(values: list[float], share: float) -> None:
    """Type 7 puts sorted value k at share (k - 1) / (n - 1) and straight lines between."""
    ordered = sorted(values)
    found = quantile(values, share)
    if len(ordered) == 1:
        assert found == ordered[0]
        return
    places = [k / (len(ordered) - 1) for k in range(len(ordered))]
    right = next((k for k, place in enumerate(places) if place >= share), len(places) - 1)
    left = max(0, right - 1)
    weight = 0.0 if right == left else (share - places[left]) / (places[right] - places[left])
    assert found == pytest.approx(ordered[left] + weight * (ordered[right] - ordered[left]), rel=1e-9, abs=1e-6)


def test_quantile_of_what_has_no_bound() -> None:
    assert quantile([1.0, math.inf, math.inf], 0.95) == math.inf
    assert quantile([1.0, 2.0, math.inf], 0.25) == 1.5
