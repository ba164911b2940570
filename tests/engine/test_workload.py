"""Rates over the day against numeric integration, and against what a spike or a day shape says in words."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine.workload import Profile, at_time, busiest, combined, peak_rate, profile
from sysdesign_cli.scenario.model import Scenario
from tests.engine.random_systems import scenario

DAY_S = 86_400.0
HOUR_S = 3_600.0

profiles = st.dictionaries(st.integers(0, 1439).map(lambda minute: minute * 60.0), st.floats(0, 1e4), min_size=1, max_size=8).map(
    lambda points: Profile(tuple(sorted(points.items())))
)
seconds = st.floats(0, 3 * DAY_S)


def by_hand(day: Profile, second: float) -> float:
    """The rate on the straight line between the point before and the point after, over three days laid side by side."""
    second = second % DAY_S + DAY_S
    laid_out = [(time + shift * DAY_S, rate) for shift in range(3) for time, rate in day.points]
    for (t0, r0), (t1, r1) in pairwise(laid_out):
        if t0 <= second <= t1:
            return r0 + (r1 - r0) * (second - t0) / (t1 - t0)
    raise AssertionError("between two of the points")


@settings(max_examples=100)
@given(profiles, seconds)
def test_rate_at_a_time(day: Profile, second: float) -> None:
    assert day.at(second) == pytest.approx(by_hand(day, second), rel=1e-9, abs=1e-6)
    assert all(day.at(time) == rate for time, rate in day.points)
    assert min(rate for _, rate in day.points) - 1e-6 <= day.at(second) <= day.peak + 1e-6


@settings(max_examples=100)
@given(profiles, st.integers(0, 4000), st.integers(0, 4000))
def test_total_is_the_integral(day: Profile, start: int, length: int) -> None:
    # points lie on whole minutes, so the rate in the middle of a minute gives its exact total
    wanted = sum(by_hand(day, 60.0 * (start + minute) + 30.0) * 60.0 for minute in range(length % 1500))
    assert day.total(60.0 * start, 60.0 * (length % 1500)) == pytest.approx(wanted, rel=1e-9, abs=1e-6)


@settings(max_examples=100)
@given(profiles, seconds, st.floats(0, DAY_S), st.floats(0, DAY_S))
def test_totals_add_up(day: Profile, start: float, first: float, second: float) -> None:
    whole = day.total(start, first + second)
    assert day.total(start, first) + day.total(start + first, second) == pytest.approx(whole, rel=1e-9, abs=1e-3)
    assert day.total(start + DAY_S, first) == pytest.approx(day.total(start, first), rel=1e-9, abs=1e-3)
    assert day.total(start, DAY_S) == pytest.approx(day.mean * DAY_S, rel=1e-9, abs=1e-3)
    assert day.mean <= day.peak * (1 + 1e-12)


@settings(max_examples=100)
@given(profiles, seconds, st.floats(1e-3, 2 * DAY_S))
def test_segments_cover_the_time_without_gaps(day: Profile, start: float, length: float) -> None:
    pieces = day.segments(start, length)
    assert pieces[0][0] == start
    assert pieces[-1][2] == pytest.approx(start + length, abs=1e-6)
    assert all(one[2] == other[0] for one, other in pairwise(pieces))
    for begin, first, end, last in pieces:
        assert end > begin
        assert (first + last) / 2 == pytest.approx(by_hand(day, (begin + end) / 2), rel=1e-6, abs=1e-3)  # straight in between


@settings(max_examples=60)
@given(st.lists(st.tuples(profiles, st.sampled_from((0.0, 0.5, 1.0, 3.0))), min_size=1, max_size=3), seconds)
def test_combined_is_the_weighted_sum(parts: list[tuple[Profile, float]], second: float) -> None:
    wanted = sum(by_hand(part, second) * weight for part, weight in parts)
    assert combined(parts).at(second) == pytest.approx(wanted, rel=1e-9, abs=1e-6)


# ---------------------------------------------------------------------------------------------- as written in a file


def written(starts: str, more: str = "", flows: str = "f") -> Scenario:
    listed = "\n".join(f"  {flow}: web.h" for flow in flows.split())
    head = "sysdesign: 1\nname: x\nservices:\n  web: {handles: {h: {}}}\n"
    return scenario(f"{head}flows:\n{listed}\nworkloads:\n  day: {{starts: {starts}}}\n{more}")


def day_of(starts: str, more: str = "") -> Profile:
    read = written(starts, more)
    return profile(read, read.workloads["day"], "f")


def clock(hours: int, minutes: int = 0) -> float:
    return hours * HOUR_S + minutes * 60.0


def test_a_spike_rises_holds_and_falls() -> None:
    sale = day_of("{f: {peak: 400/s, base: 20/s, at: 20:00, for: 10min, ramp: 2min}}")
    for time, rate in (
        (clock(0), 20),
        (clock(19, 58), 20),
        (clock(19, 59), 210),  # half-way up
        (clock(20), 400),
        (clock(20, 5), 400),
        (clock(20, 10), 400),
        (clock(20, 11), 210),  # half-way down
        (clock(20, 12), 20),
        (clock(23, 59), 20),
    ):
        assert sale.at(time) == pytest.approx(rate), time
    assert sale.peak == 400
    assert sale.total(0, DAY_S) == pytest.approx(20 * DAY_S + 380 * (600 + 120))


def test_a_spike_without_ramp_or_base() -> None:
    sale = day_of("{f: {peak: 400/s, at: 20:00, for: 10min}}")
    assert sale.at(clock(19, 59)) == 0
    assert sale.at(clock(20)) == 400
    assert sale.at(clock(20, 11)) == 0
    assert sale.total(0, DAY_S) == pytest.approx(400 * 600, rel=0.01)


@pytest.mark.parametrize("at", ["00:00", "23:55", "24:00", "00:01"])
def test_a_spike_over_midnight(at: str) -> None:
    hours, minutes = at.split(":")
    begin = clock(int(hours), int(minutes))
    sale = day_of(f"{{f: {{peak: 400/s, base: 20/s, at: '{at}', for: 10min, ramp: 4min}}}}")
    for after, rate in ((-241, 20), (-120, 210), (0, 400), (300, 400), (600, 400), (720, 210), (841, 20), (43_200, 20)):
        assert sale.at(begin + after) == pytest.approx(rate), after
    assert sale.total(0, DAY_S) == pytest.approx(20 * DAY_S + 380 * (600 + 240))


@pytest.mark.parametrize("length", ["24h", "86399s"])
def test_a_spike_of_a_whole_day_is_the_whole_day(length: str) -> None:
    sale = day_of(f"{{f: {{peak: 400/s, base: 20/s, at: 06:00, for: {length}}}}}")
    assert sale.mean == pytest.approx(400, rel=1e-3)


def test_a_day_shape_is_a_share_of_the_peak() -> None:
    shape = "shapes:\n  mine: {06:00: 50%, 12:00: 100%, 18:00: 0%}\n"
    day = day_of("{f: {peak: 200/s, shape: mine}}", shape)
    for time, rate in (
        (clock(6), 100),
        (clock(9), 150),
        (clock(12), 200),
        (clock(15), 100),
        (clock(18), 0),
        (clock(0), 50),
        (clock(3), 75),
    ):
        assert day.at(time) == pytest.approx(rate), time


def test_a_day_may_end_at_24_00_elsewhere_than_it_begins() -> None:
    # straight up from 0 to the peak, and at midnight back at once: half the peak on average
    day = day_of("{f: {peak: 200/s, shape: mine}}", "shapes:\n  mine: {00:00: 0%, 24:00: 100%}\n")
    assert day.at(clock(12)) == pytest.approx(100)
    assert day.mean == pytest.approx(100)


@pytest.mark.parametrize("name", ["constant", "office-day", "evening", "commuter"])
def test_ordinary_days_reach_their_peak(name: str) -> None:
    day = day_of(f"{{f: {{peak: 200/s, shape: {name}}}}}")
    assert day.peak == pytest.approx(200)
    assert 0 < day.mean <= 200 * (1 + 1e-12)


def test_the_shape_of_a_flow_goes_before_that_of_the_workload() -> None:
    shapes = "shapes:\n  low: {00:00: 10%}\n  high: {00:00: 90%}\n"
    text = f"sysdesign: 1\nname: x\nservices: {{web: {{handles: {{h: {{}}}}}}}}\nflows: {{f: web.h, g: web.h, idle: web.h}}\n{shapes}"
    read = scenario(text + "workloads: {day: {shape: low, starts: {f: 10/s, g: {peak: 10/s, shape: high}}}}\n")
    rates = at_time(read, read.workloads["day"], clock(3)).rates
    assert rates == pytest.approx({"f": 1, "g": 9, "idle": 0})


def test_a_closed_population_starts_at_most_users_over_think_time() -> None:
    read = written("{f: {users: 3000, think: 15s}}")
    assert peak_rate(read.workloads["day"].starts["f"]) == pytest.approx(200)
    assert profile(read, read.workloads["day"], "f").at(clock(5)) == pytest.approx(200)


# ---------------------------------------------------------------------------------------------- the busiest moment


def random_starts(seed: int) -> str:
    draw = random.Random(seed)

    def one() -> str:
        peak = draw.randint(1, 1000)
        if draw.random() < 0.5:
            return f"{{peak: {peak}/s, shape: {draw.choice(('constant', 'office-day', 'evening', 'commuter'))}}}"
        at = f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}"
        base, lasts, ramp = draw.randint(0, peak), draw.randint(1, 600), draw.randint(1, 90)
        return f"{{peak: {peak}/s, base: {base}/s, at: '{at}', for: {lasts}min, ramp: {ramp}min}}"

    return "{" + ", ".join(f"{flow}: {one()}" for flow in ("f", "g", "h")[: draw.randint(1, 3)]) + "}"


@settings(max_examples=60)
@given(st.integers(0, 2**62).map(random_starts))
def test_no_moment_is_busier_than_the_busiest(starts: str) -> None:
    read = written(starts, flows="f g h")
    workload = read.workloads["day"]
    moment = busiest(read, workload)
    days = [profile(read, workload, flow) for flow in read.flows]
    totals = [sum(by_hand(day, 60.0 * minute) for day in days) for minute in range(1440)]
    # all that is drawn bends at whole minutes, so the highest is at one of them
    assert moment.total == pytest.approx(max(totals), rel=1e-9)
    assert moment.total == pytest.approx(sum(by_hand(day, moment.second) for day in days), rel=1e-9)
    assert 0 <= moment.second < DAY_S


def test_the_earliest_of_several_busiest_moments() -> None:
    shapes = "shapes:\n  two: {00:00: 0%, 08:00: 100%, 12:00: 50%, 17:00: 100%}\n"
    read = written("{f: {peak: 200/s, shape: two}}", shapes)
    moment = busiest(read, read.workloads["day"])
    assert (moment.second, moment.clock, moment.total) == (clock(8), "08:00", pytest.approx(200))


def test_the_busiest_moment_is_of_all_flows_together() -> None:
    # f alone is highest at 20:00, g at 09:00; together at 09:00: 50 + 80 against 100 + 20
    shapes = "shapes:\n  late: {00:00: 50%, 09:00: 50%, 20:00: 100%}\n  early: {00:00: 20%, 09:00: 80%, 10:00: 20%}\n"
    read = written("{f: {peak: 100/s, shape: late}, g: {peak: 100/s, shape: early}}", shapes, flows="f g")
    moment = busiest(read, read.workloads["day"])
    assert moment.clock == "09:00"
    assert moment.rates == pytest.approx({"f": 50, "g": 80})
