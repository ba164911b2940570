"""Backlogs against closed forms, and against a queue followed step by step."""

from __future__ import annotations

import math
from bisect import bisect_right

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine.fluid import drain
from sysdesign_cli.engine.workload import Profile

DAY_S = 86_400
HOUR_S = 3_600


def constant(rate: float) -> Profile:
    return Profile(((0.0, rate),))


# ---------------------------------------------------------------------------------------------- closed forms


def test_an_outage_of_ten_minutes() -> None:
    # 1,000/s for 600 s; then 1,500/s are worked off while 1,000/s arrive
    result = drain(constant(1000.0), 0.0, 600.0, 1500.0)
    assert result.arrived == pytest.approx(600_000, rel=1e-12)
    assert result.backlog == pytest.approx(600_000, rel=1e-12)
    assert result.drain_s == pytest.approx(1_200, rel=1e-9)


@pytest.mark.parametrize("capacity", [0.0, 500.0, 999.999, 1000.0])
def test_never_without_spare_capacity(capacity: float) -> None:
    assert drain(constant(1000.0), 0.0, 600.0, capacity).drain_s == math.inf


def test_nothing_waits_when_nothing_arrives_or_all_is_lost() -> None:
    assert drain(constant(0.0), 0.0, 600.0, 0.0).drain_s == 0.0
    lost = drain(constant(10.0), 0.0, 600.0, 1.0, lost_share=1.0)
    assert (lost.arrived, lost.backlog, lost.drain_s) == (pytest.approx(6000), 0.0, 0.0)
    assert drain(constant(10.0), 0.0, 0.0, 20.0).drain_s == 0.0


def test_unlimited_capacity_drains_at_once() -> None:
    result = drain(constant(10.0), 0.0, 600.0, math.inf)
    assert (result.backlog, result.drain_s) == (pytest.approx(6000), 0.0)


@settings(max_examples=200)
@given(
    rate=st.floats(0.01, 1e5),
    spare=st.floats(0.05, 100),
    outage=st.floats(1, DAY_S),
    start=st.floats(0, 2 * DAY_S),
    lost=st.sampled_from((0.0, 0.25, 0.9)),
    scale=st.sampled_from((0.01, 1.0, 7.0)),
)
def test_constant_rate(rate: float, spare: float, outage: float, start: float, lost: float, scale: float) -> None:
    result = drain(constant(rate), start, outage, rate * scale * (1 + spare), lost, scale)
    backlog = rate * scale * outage * (1 - lost)
    assert result.arrived == pytest.approx(rate * scale * outage, rel=1e-9)
    assert result.backlog == pytest.approx(backlog, rel=1e-9)
    assert result.drain_s == pytest.approx(backlog / (rate * scale * spare), rel=1e-6, abs=1e-6)


def test_a_constant_rate_drains_however_slowly() -> None:
    # 600,000 waiting, 0.1/s to spare: 6,000,000 s, which is 69 days, and not never
    assert drain(constant(1000.0), 0.0, 600.0, 1000.1).drain_s == pytest.approx(6_000_000, rel=1e-6)


# ---------------------------------------------------------------------------------------------- rates that change


def test_an_outage_before_the_rate_rises() -> None:
    # from 0/s at midnight straight to 4,320/s at noon (0.1/s more each second) and back. Out for 600 s: 0.1 x 600^2 / 2 = 18,000
    # wait; then 1,500/s are worked off while 60 + 0.1 t arrive: 18,000 = 1,440 t - 0.05 t^2, so t = 12.505 s. That later in the
    # day more arrives than can be worked off has nothing to do with it.
    result = drain(Profile(((0.0, 0.0), (43_200.0, 4_320.0))), 0.0, 600.0, 1_500.0)
    assert result.backlog == pytest.approx(18_000, rel=1e-12)
    assert result.drain_s == pytest.approx((1_440 - math.sqrt(1_440**2 - 4 * 0.05 * 18_000)) / (2 * 0.05), rel=1e-9)


def test_a_drain_that_waits_for_the_evening() -> None:
    # 1,000/s until 18:00, then 100/s until midnight (an hour's slope between); capacity 500: grows until the rate is down
    day = Profile(((0.0, 1000.0), (64_800.0, 1000.0), (68_400.0, 100.0), (86_399.0, 100.0)))
    result = drain(day, 61_200.0, 600.0, 500.0)
    waiting = 600_000 + 500 * 3_000  # until 18:00
    waiting += (1000 + 100) / 2 * 3_600 - 500 * 3_600  # until 19:00
    assert result.drain_s == pytest.approx(3_000 + 3_600 + waiting / 400, rel=1e-9)


def rate_at(points: list[tuple[int, int]], second: float) -> float:
    """Straight lines between the points, the last joined to the first of the next day."""
    second %= DAY_S
    number = bisect_right([time for time, _ in points], second)
    t0, r0 = points[number - 1] if number else (points[-1][0] - DAY_S, points[-1][1])
    t1, r1 = points[number] if number < len(points) else (points[0][0] + DAY_S, points[0][1])
    return r0 + (r1 - r0) * (second - t0) / (t1 - t0)


def simulated(
    points: list[tuple[int, int]], start: int, outage: int, capacity: float, kept: float, scale: float, step: int, until: int
) -> tuple[float, float]:
    """(arrived, time until nothing waits). Points lie on steps, so the rate at the middle of a step gives its exact total."""
    waiting = sum(rate_at(points, start + second + step / 2) for second in range(0, outage, step)) * step * scale
    arrived, waiting = waiting, waiting * kept
    now = 0
    while waiting > 1e-6 and now < until:
        waiting += (rate_at(points, start + outage + now + step / 2) * scale - capacity) * step
        now += step
    return arrived, now if waiting <= 1e-6 else math.inf


_days = st.dictionaries(st.integers(0, 143).map(lambda n: n * 600), st.integers(0, 2000), min_size=1, max_size=5).map(
    lambda d: sorted(d.items())
)


@settings(max_examples=150)
@given(
    points=_days,
    start=st.integers(0, 2000).map(lambda n: n * 60),
    outage=st.integers(1, 600).map(lambda n: n * 60),
    capacity=st.integers(1, 3000),
    lost=st.sampled_from((0.0, 0.0, 0.25, 0.9)),
    scale=st.sampled_from((1.0, 0.5, 3.0)),
)
def test_changing_rate(points: list[tuple[int, int]], start: int, outage: int, capacity: int, lost: float, scale: float) -> None:
    step, until = 60, 4 * DAY_S
    arrived, drained = simulated(points, start, outage, capacity, 1 - lost, scale, step, until)
    result = drain(Profile(tuple((float(time), float(rate)) for time, rate in points)), float(start), float(outage), capacity, lost, scale)
    assert result.arrived == pytest.approx(arrived, rel=1e-9, abs=1e-6)
    assert result.backlog == pytest.approx(arrived * (1 - lost), rel=1e-9, abs=1e-6)
    if math.isinf(drained):
        assert result.drain_s > until - step
    else:  # within the step in which the queue ran empty
        assert drained - step - 1e-3 <= result.drain_s <= drained + 1e-3
