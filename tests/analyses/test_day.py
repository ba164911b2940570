"""A day: at its busiest moment it agrees with ``capacity``, and its hours add up to the bill."""

from __future__ import annotations

import math

import pytest

import sysdesign_cli
from sysdesign_cli.api import Design
from sysdesign_cli.scenario.problems import ScenarioError
from tests.helpers import design

SCENARIOS = ("ecommerce", "netflix", "grab", "morprom")

OFFICE = """
    shapes: {office: {"00:00": 0%, "08:00": 0%, "12:00": 100%, "16:00": 0%, "24:00": 0%}}
    services:
      front:
        concurrency: 4
        replicas: {min: 1, max: 10, target: 50%}
        runs_on: c7g.large
        handles: {Do: {takes: 100ms}}
    flows: {ask: {starts: front.Do}}
    workloads: {day: {starts: {ask: 100/s}, shape: office}}
"""


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_busiest_moment_is_that_of_capacity(name: str) -> None:
    shop = sysdesign_cli.load(name)
    day, capacity = shop.over_day(), shop.capacity()
    at = day.starts.index(max(day.starts))
    assert {one.service: one.utilisation[at] for one in day.services} == {one.service: one.utilisation.value for one in capacity.services}
    assert {one.service: one.replicas[at] for one in day.services} == {one.service: one.replicas.value for one in capacity.services}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_hours_add_up_to_the_bill(name: str) -> None:
    shop = sysdesign_cli.load(name)
    workload = next(iter(shop.scenario.workloads))
    day = shop.over_day(workload)
    assert day.cost is not None
    bill = shop.cost(workload=workload).month.value * 12 / 365
    assert math.fsum(day.cost.hours) == pytest.approx(bill, rel=1e-9)
    assert day.cost.day.value == pytest.approx(bill, rel=1e-12)
    assert min(day.cost.hours) >= 0


def test_utilisation_and_replicas_follow_the_load() -> None:
    """100/s of 0.1 s each are 10 workers at noon: 5 replicas of 4 workers at a target of 50 %; nothing runs at night but the minimum."""
    day = design(OFFICE).over_day()
    front = day.services[0]
    noon, night, ten = (day.seconds.index(hour * 3600.0) for hour in (12, 3, 10))
    assert (front.utilisation[noon], front.replicas[noon]) == (pytest.approx(0.5), 5)
    assert (front.utilisation[night], day.starts[night]) == (0.0, 0.0)
    assert (front.utilisation[ten], front.replicas[ten]) == (pytest.approx(5 / 12), 3)
    assert (day.seconds[0], day.seconds[-1]) == (0.0, 86400.0)
    assert not day.level


def test_an_hour_costs_what_runs_in_it() -> None:
    """A machine is paid by the hour, so an hour's part is that of its replicas: 1 at night, and at noon from 4 to 5."""
    day = design(OFFICE).over_day()
    assert day.cost is not None
    night, noon = day.cost.hours[3], day.cost.hours[12]
    assert day.cost.hours[22] == pytest.approx(night)
    assert 4 * night < noon < 5.0001 * night


def test_a_short_rush_is_not_stepped_over() -> None:
    """Ten minutes from 20:00: 11,000/s and 400/s more come in, and all of it lies between two full hours."""
    day = sysdesign_cli.load("ecommerce").over_day("flash-sale")
    at = day.seconds.index(20 * 3600.0)
    assert day.starts[at] == day.highest.value == max(day.starts) > 11_400
    assert day.starts[day.seconds.index(19.5 * 3600)] < day.highest.value / 5
    assert 20 * 3600.0 + 600 in day.seconds


def test_what_cannot_be_asked_is_refused() -> None:
    with pytest.raises(ScenarioError, match="unknown-name"):
        sysdesign_cli.load("ecommerce").over_day("no-such-day")


def test_without_prices_there_is_no_cost() -> None:
    from sysdesign_cli.analyses.day import over_day

    shop: Design = sysdesign_cli.load("ecommerce")
    assert over_day(shop.system).cost is None
