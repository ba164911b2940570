"""The parts of the simulation, each for itself: arrivals, drawn numbers, the agenda, histograms, intervals, tables."""

from __future__ import annotations

import heapq
import math
import random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.analyses.intervals import mean_and_half_width, student
from sysdesign_cli.engine.simulation import agenda as heap
from sysdesign_cli.engine.simulation import kernel
from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.arrivals import Arrivals, merged, parted
from sysdesign_cli.engine.simulation.draws import block, generator
from sysdesign_cli.engine.simulation.histogram import RELATIVE_ERROR, bucket_edges, percentile
from sysdesign_cli.engine.simulation.machine import MOST_RECORDS, Machine
from sysdesign_cli.engine.simulation.modes import Plain
from sysdesign_cli.engine.simulation.program import Stream, compile_system
from tests.engine.simulation.lab import Lab, system

# --- arrivals --------------------------------------------------------------------------------------------------------------

RUSH = ((-50.0, 0.0, 0.0, 20.0), (0.0, 20.0, 100.0, 20.0), (100.0, 20.0, 150.0, 0.0), (150.0, 0.0, 180.0, 0.0), (180.0, 5.0, 300.0, 35.0))


def levels(pieces: tuple[tuple[float, float, float, float], ...], times: np.ndarray) -> np.ndarray:
    """The integrated rate, by adding up trapezoids."""
    total = np.zeros_like(times)
    for t0, r0, t1, r1 in pieces:
        inside = np.clip(times, t0, t1)
        total += (r0 + (r0 + (r1 - r0) * (inside - t0) / (t1 - t0))) / 2 * (inside - t0)
    return total


def distance_to_uniform(values: np.ndarray) -> float:
    """Kolmogorov and Smirnov's, times the root of how many there are. Above 1.95 with a chance of 0.1 % (Kolmogorov 1933)."""
    values, count = np.sort(values), len(values)
    steps = np.arange(1, count + 1) / count
    return float(max(np.max(steps - values), np.max(values - steps + 1 / count)) * math.sqrt(count))


@pytest.mark.parametrize("seed", range(5))
def test_arrivals_come_as_often_as_the_rate_says_everywhere(seed: int) -> None:
    """Given their number, the integrated rate at the arrivals of a Poisson process is uniform; and so are those counts' sizes."""
    times = Arrivals("f", RUSH, seed, 0).until(1e9)
    whole = float(levels(RUSH, np.array([300.0]))[0])
    assert abs(len(times) - whole) < 4 * math.sqrt(whole)
    assert (np.diff(times) > 0).all()
    assert distance_to_uniform(levels(RUSH, times) / whole) < 1.95
    assert not ((times > 150) & (times < 180)).any()


def test_gaps_of_arrivals_are_exponential_on_the_scale_of_the_integrated_rate() -> None:
    gaps = np.concatenate([np.diff(levels(RUSH, Arrivals("f", RUSH, seed, 0).until(1e9))) for seed in range(5)])
    assert distance_to_uniform(1 - np.exp(-gaps)) < 1.95


def test_counts_of_arrivals_have_the_variance_of_a_poisson_process() -> None:
    """300 replications: the mean count within four standard errors, the variance over the mean within 4 sqrt(2 / 300) of 1."""
    counts = np.array([len(Arrivals("f", RUSH, 1, number).until(60.0)) for number in range(300)])
    mean = float(levels(RUSH, np.array([60.0]))[0])
    assert abs(counts.mean() - mean) < 4 * math.sqrt(mean / 300)
    assert abs(counts.var(ddof=1) / mean - 1) < 4 * math.sqrt(2 / 300)


@given(st.lists(st.floats(-60, 400), max_size=8))
def test_arrivals_are_the_same_in_whatever_steps_they_are_asked_for(edges: list[float]) -> None:
    whole = Arrivals("f", RUSH, 3, 1).until(1e9)
    asked = Arrivals("f", RUSH, 3, 1)
    parts = [asked.until(edge) for edge in [*sorted(edges), 1e9]]
    assert np.array_equal(np.concatenate(parts), whole)
    for part, edge in zip(parts, sorted(edges), strict=False):
        assert not part.size or part[-1] < edge


def test_expected_arrivals_are_the_integral() -> None:
    arrivals = Arrivals("f", RUSH, 1, 0)
    for until in (-60.0, -20.0, 0.0, 70.0, 130.0, 160.0, 250.0, 900.0):
        assert arrivals.expected(until) == pytest.approx(float(levels(RUSH, np.array([until]))[0]), abs=1e-9)


@given(st.floats(-60, 400))
def test_pieces_are_parted_without_loss(time: float) -> None:
    before, after = parted(RUSH, time)
    assert all(piece[2] <= time for piece in before)
    assert all(piece[0] >= time for piece in after)
    grid = np.linspace(-60, 400, 47)
    assert levels((*before, *after), grid) == pytest.approx(levels(RUSH, grid), abs=1e-9)


def test_a_lead_in_does_not_change_who_comes_after_it() -> None:
    text = "services: {s: {handles: {go: {takes: 1ms}}}}\nflows: {f: {starts: s.go}}"
    arrived = []
    for lead_in in (0.0, 7.0, 20.0):
        lab = Lab(text, {"f": 30.0}, 40, lead_in=lead_in, bins=8)
        arrived.append([lab.flow("ARRIVED", sample=number) - lab.flow("ARRIVED", sample=0) for number in range(9)])
    assert arrived[0] == arrived[1] == arrived[2]


def test_flows_are_merged_in_order() -> None:
    one, two = Arrivals("a", ((0.0, 30.0, 9.0, 30.0),), 1, 0), Arrivals("b", ((0.0, 3.0, 9.0, 50.0),), 1, 0)
    times, flows = merged([(32, one), (64, two)], 9.0)
    assert math.isinf(times[-1])
    assert (np.diff(times[:-1]) >= 0).all()
    assert np.array_equal(times[:-1][flows[:-1] == 32], Arrivals("a", ((0.0, 30.0, 9.0, 30.0),), 1, 0).until(9.0))


# --- drawn numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "mean", "cv"),
    [
        (Stream("a", "uniform"), 0.5, 1 / math.sqrt(3)),
        (Stream("a", "exponential", 2.0, 1.0), 2.0, 1.0),
        (Stream("a", "gamma", 0.3, 0.5), 0.3, 0.5),
        (Stream("a", "lognormal", 0.3, 1.5), 0.3, 1.5),
        (Stream("a", "fixed", 0.7, 0.0), 0.7, 0.0),
    ],
)
def test_laws_have_their_mean_and_variation(stream: Stream, mean: float, cv: float) -> None:
    """A million numbers: the mean within four standard errors, the variation within 2 %."""
    values = block(stream, generator(1, 0, stream.name), 1_000_000)
    assert abs(values.mean() - mean) <= 4 * mean * cv / 1000 + 1e-12
    assert values.std() / mean == pytest.approx(cv, rel=0.02)
    assert (values >= 0).all()


@pytest.mark.parametrize("law", ["uniform", "exponential", "gamma", "lognormal"])
def test_a_stream_gives_the_same_in_whatever_blocks_it_is_drawn(law: str) -> None:
    stream = Stream("work/a.b", law, 0.2, 0.7)
    at_once, in_parts = generator(4, 2, stream.name), generator(4, 2, stream.name)
    assert np.array_equal(block(stream, at_once, 5000), np.concatenate([block(stream, in_parts, size) for size in (1, 17, 2048, 2934)]))


def test_streams_differ_by_name_seed_and_replication() -> None:
    firsts = {generator(seed, run, name).random() for seed in range(4) for run in range(4) for name in ("a", "b", "work/a")}
    assert len(firsts) == 48


FRONT = """
services:
  front: {kind: gateway, handles: {go: {takes: 0s, calls: CALLS}}}
  back: {concurrency: 1000, handles: {x: {takes: 10ms}}}
flows: {f: {starts: front.go}}
"""


def test_a_part_draws_the_same_whatever_is_around_it() -> None:
    """The first service of two systems of different size waits alike, request by request: its histograms are the same."""
    alone = "services: {s: {concurrency: 1, handles: {go: {takes: 10ms}}}}\nflows: {f: {starts: s.go}}"
    more = "\n".join(f"  other{number}: {{handles: {{x: {{takes: 5ms}}}}}}" for number in range(30))
    beside = f"services:\n{more}\n  s: {{concurrency: 1, handles: {{go: {{takes: 10ms}}}}}}\nflows: {{g: {{starts: other3.x}}, f: {{starts: s.go}}}}"
    one, other = Lab(alone, {"f": 70.0}, 60), Lab(beside, {"g": 20.0, "f": 70.0}, 60)
    assert one.histogram("f") == other.histogram("f")
    assert one.flow("ANSWER_SUM", "f") == pytest.approx(other.flow("ANSWER_SUM", "f"), rel=1e-12)


def test_two_calls_of_the_same_handler_are_made_by_chances_of_their_own() -> None:
    """Of 2,000 invocations a quarter makes both of two calls with a chance of a half each: four standard deviations are 77."""
    lab = Lab(FRONT.replace("CALLS", "[{to: back.x, chance: 50%}, {to: back.x, chance: 50%}]"), {"f": 20.0}, 100)
    first, second = (
        Lab(FRONT.replace("CALLS", f"[{{to: back.x, chance: {a}}}, {{to: back.x, chance: {b}}}]"), {"f": 20.0}, 100).service(
            "back", "ENDED"
        )
        for a, b in (("50%", "0%"), ("0%", "50%"))
    )
    assert lab.service("back", "ENDED") == first + second
    slow = Lab(FRONT.replace("CALLS", "[[{to: back.x, chance: 50%}, {to: back.x, chance: 50%}]]"), {"f": 20.0}, 100)
    none = slow.histogram().get(0, 0)  # nothing was called, so nothing took time
    assert abs(none - slow.flow("ANSWERED") / 4) < 77


def test_one_event_may_draw_more_than_is_in_reserve() -> None:
    """300 calls at once of a handler that draws twice: each block is passed over many times, and all times stay those of the law."""
    calls = "[[" + ", ".join(["back.x"] * 300) + "]]"
    lab = Lab(
        FRONT.replace("CALLS", calls).replace("concurrency: 1000", "round_trip: 0s, queue: random, replicas: 2, concurrency: 100000"),
        {"f": 5.0},
        40,
    )
    done = lab.service("back", "ENDED")
    assert done == 300 * lab.flow("ANSWERED")
    assert lab.area("back", "BUSY_AREA", "BUSY") / done == pytest.approx(0.01, rel=4 / math.sqrt(done))


# --- the agenda ------------------------------------------------------------------------------------------------------------

Times = st.floats(0, 5, allow_nan=False) | st.sampled_from([1.0, 2.0, -math.inf])


@given(st.lists(st.none() | Times, max_size=120))
def test_the_agenda_gives_what_heapq_gives(steps: list[float | None]) -> None:
    """Put in (a time) or take the first (None), in any order, with many ties."""
    mine, theirs = heap.empty(128), list[tuple[float, int]]()
    for code, time in enumerate(steps):
        if time is not None:
            code = code * 7 % 31 + 100 * code
            heap.push(mine, (time, code))
            heapq.heappush(theirs, (time, code))
        elif theirs:
            assert tuple(map(float, heap.pop(mine))) == heapq.heappop(theirs)
    while theirs:
        assert tuple(map(float, heap.pop(mine))) == heapq.heappop(theirs)


def test_a_larger_agenda_holds_the_same() -> None:
    mine, generator = heap.empty(64), random.Random(5)
    items = [(generator.choice((1.0, 2.0, generator.random())), code) for code in range(60)]
    for item in items:
        heap.push(mine, item)
    heap.pop(mine)
    mine = heap.larger(mine)
    assert [tuple(map(float, heap.pop(mine))) for _ in range(59)] == sorted(items)[1:]


# --- histograms ------------------------------------------------------------------------------------------------------------


def test_every_time_lies_between_the_edges_of_its_bucket() -> None:
    generator = random.Random(1)
    times = [10 ** generator.uniform(-8.9, 6.5) for _ in range(20_000)] + [math.ldexp(1.0, e) for e in range(-29, 21)]
    for time in times:
        low, high = bucket_edges(kernel.bucket(time))
        assert low <= time < high
        assert high / low - 1 <= RELATIVE_ERROR * (1 + 1e-12)
    assert kernel.bucket(0.0) == 0
    assert kernel.bucket(1e-12) == 0
    assert kernel.bucket(1e9) == at.BUCKETS - 1


@given(st.lists(st.floats(1e-8, 1e6), min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_percentiles_are_right_to_four_in_a_thousand(times: list[float], share: float) -> None:
    """Against the sorted times themselves, whatever they are; so also where all are the same."""
    histogram: dict[int, int] = {}
    for time in times:
        histogram[kernel.bucket(time)] = histogram.get(kernel.bucket(time), 0) + 1
    exact = sorted(times)[max(0, math.ceil(share * len(times) - 1e-9) - 1)]
    assert percentile(histogram, share) == pytest.approx(exact, rel=0.004)


def test_no_times_have_no_percentile() -> None:
    with pytest.raises(ValueError):
        percentile({}, 0.5)


# --- intervals -------------------------------------------------------------------------------------------------------------


def test_students_t() -> None:
    """Known 0.975 quantiles (NIST/SEMATECH table 1.3.6.7.2), and never less than the next degree of freedom's."""
    known = {1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045, 30: 2.042, 40: 2.021, 60: 2.000, 80: 1.990, 100: 1.984}
    assert {freedom: student(freedom) for freedom in known} == known
    assert all(student(freedom) >= student(freedom + 1) for freedom in range(1, 2000))
    assert student(1001) >= 1.9623  # never narrower than it should be
    assert 1.96 <= student(10**6) <= 1.963
    with pytest.raises(ValueError):
        student(0)


def test_the_interval_of_a_mean() -> None:
    """Five numbers, by hand: mean 3, variance 2.5, t(4) = 2.776."""
    mean, half = mean_and_half_width([1, 2, 3, 4, 5])
    assert mean == 3
    assert half == pytest.approx(2.776 * math.sqrt(2.5 / 5), rel=1e-12)
    assert mean_and_half_width([7]) == (7, None)


def test_intervals_hold_the_mean_19_times_of_20() -> None:
    """2,000 samples of 20 normal numbers: 95 % within four standard deviations."""
    random = np.random.default_rng(3)
    held = 0
    for values in random.standard_normal((2000, 20)):
        mean, half = mean_and_half_width(list(values))
        assert half is not None
        held += abs(mean) <= half
    assert abs(held / 2000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


# --- tables ----------------------------------------------------------------------------------------------------------------


def machine(text: str) -> Machine:
    made = system(text)
    return Machine(compile_system(made, tuple(made.scenario.flows.values()), dict.fromkeys(range(len(made.services)), 1), {}), Plain(), 1)


def test_records_grow_when_they_run_short_and_none_is_given_twice() -> None:
    made = machine("services: {s: {handles: {go: {takes: 1s}}}}\nflows: {f: {starts: s.go}}")
    generator, held = random.Random(2), set[int]()
    for _ in range(60_000):
        if held and generator.random() < 0.2:
            j = held.pop()
            made.mode.kernel.free(made.n, made.x, made.agenda, j)
        else:
            j = made.mode.kernel.take_record(made.n, made.x, made.agenda)
            assert j
            assert j not in held
            held.add(j)
            made.refresh()
    assert len(made.records) > 30_000
    assert len(made._free_records()) == len(made.records) - len(held)
    assert len(made.records) < MOST_RECORDS


def test_after_a_rush_records_are_taken_without_a_pause() -> None:
    """What has been taken and given back in a rush does not stop the run at every later request."""
    made = machine("services: {s: {handles: {go: {takes: 1s}}}}\nflows: {f: {starts: s.go}}")
    take, free = made.mode.kernel.take_record, made.mode.kernel.free
    for _ in range(20):
        many = []
        for _ in range(9000):
            many.append(take(made.n, made.x, made.agenda))
            made.refresh()
        for j in reversed(many):
            free(made.n, made.x, made.agenda, j)
    made.agenda.clear()
    for _ in range(1000):
        few = [take(made.n, made.x, made.agenda) for _ in range(10)]
        for j in few:
            free(made.n, made.x, made.agenda, j)
    assert len(made.agenda) <= 1


@settings(max_examples=20)
@given(st.integers(0, 2**62))
def test_means_of_many_names_do_not_lean_one_way(seed: int) -> None:
    """The first number of 400 streams, by name: their mean is a half within four standard errors."""
    assert abs(fmean(generator(seed, 0, f"work/{n}.go").random() for n in range(400)) - 0.5) < 4 / math.sqrt(12 * 400)
