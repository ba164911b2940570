"""Requests that call the same service several times: against theory, against sums written out, and against simulations."""

from __future__ import annotations

import math

import pytest

from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.api import Design
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.moments import wait_variance
from sysdesign_cli.engine.queueing import Wait
from sysdesign_cli.engine.repeats import METHOD, Repeats, Row, same_queue
from tests.analyses.random_calls import simulated
from tests.helpers import design


def caller(calls: str, rate: float, cv: float, servers: int = 1, queue: str = "shared", way: str = "0s") -> Design:
    """A caller that is never waited for, and what it calls: 10 ms each."""
    return design(f"""
        services:
          a: {{concurrency: 10000, blocking: false, handles: {{go: {{takes: 0s, calls: {calls}}}}}}}
          b: {{concurrency: {servers}, queue: {queue}, round_trip: {way}, handles: {{go: {{takes: {{mean: 10ms, cv: {cv}}}}}}}}}
        flows: {{f: {{starts: a.go}}}}
        workloads: {{day: {{starts: {{f: {rate!r}/s}}}}}}
    """)


def waited(made: Design) -> Wait:
    wait = Loaded(made.system, Setting(made.system).rates).station("b").request_wait
    assert wait is not None
    return wait


@pytest.mark.parametrize("calls", [2.0, 3.0, 40.0])
@pytest.mark.parametrize("gap_s", [0.0, 1e-9, 0.1, 3.0])
def test_pairs_of_a_row(calls: float, gap_s: float) -> None:
    """Written out: each two calls twice, by how far they are apart. 1e-6."""
    expected = sum(math.exp(-abs(i - j) * gap_s / 2.0) for i in range(int(calls)) for j in range(int(calls)) if i != j)
    assert Row(5.0, calls, gap_s).pairs(2.0) == pytest.approx(5 * expected, rel=1e-6)


@pytest.mark.parametrize("cv", [0.0, 0.5, 2.0])
def test_one_call_each_is_pollaczek_and_khinchine(cv: float) -> None:
    """1e-9, and it says so."""
    found = waited(caller("b.go", 70.0, cv))
    assert found.mean_s == pytest.approx(0.010 * 0.7 / 0.3 * (1 + cv**2) / 2, rel=1e-9)
    assert found.method == "pollaczek-khinchine"


def test_exponential_times_do_not_mind() -> None:
    """Product form: M/M/1 whatever the calls of a request are. 1e-9, and exact."""
    found = waited(caller("{to: b.go, count: 7}", 10.0, 1.0))
    assert found.mean_s == pytest.approx(0.010 * 0.7 / 0.3, rel=1e-9)
    assert found.method == "mmc"


def test_the_work_in_the_queue_is_that_of_whole_requests() -> None:
    """Where all calls wait alike, the mean work that arrivals find is that of M/G/1 with all of a request's calls as one. 1e-9."""
    count, cv2, rate, each_s = 5, 4.0, 16.0, 0.010
    found = waited(caller(f"{{to: b.go, count: {count}}}", rate, 2.0))
    waiting = rate * found.mean_s * each_s * count * (count + 1) / 2
    served = rate * each_s * sum((1 + cv2) / 2 * each_s + (count - call) * each_s for call in range(1, count + 1))
    whole = rate * (count * cv2 + count**2) * each_s**2 / 2 / (1 - rate * count * each_s)
    assert waiting + served == pytest.approx(whole, rel=1e-9)
    assert found.method == METHOD


def test_a_row_or_one_after_the_other_is_the_same() -> None:
    assert waited(caller("[b.go, b.go, b.go]", 25.0, 0.0)) == waited(caller("{to: b.go, count: 3}", 25.0, 0.0))


def test_the_longer_it_takes_the_less_they_meet() -> None:
    means = [waited(caller("{to: b.go, count: 3}", 25.0, 0.0, way=way)).mean_s for way in ("0s", "10ms", "100ms", "10s")]
    assert means == sorted(means, reverse=True)
    assert means[-1] == pytest.approx(0.010 * 0.75 / 0.25 / 2, rel=1e-3)


def test_calls_at_the_same_time_are_no_row_and_nothing_exact() -> None:
    for cv in (0.0, 1.0):
        found = waited(caller("[[b.go, b.go]]", 35.0, cv))
        assert found.mean_s == pytest.approx(0.010 * 0.7 / 0.3 * (1 + cv**2) / 2, rel=1e-9)
        assert found.method == METHOD


@pytest.mark.parametrize("calls", ["[{to: b.go, count: 2}, {to: b.go, count: 2}]", "[b.go, {to: b.go, count: 3}]", "{to: b.go, count: 4}"])
def test_however_it_is_written(calls: str) -> None:
    """Four calls in a row, with 50 ms between. Within 5 %."""
    whole = waited(caller("{to: b.go, count: 4}", 20.0, 0.0, way="50ms")).mean_s
    assert waited(caller(calls, 20.0, 0.0, way="50ms")).mean_s == pytest.approx(whole, rel=0.05)


def test_misses_of_a_cache_that_is_asked_often_are_a_row() -> None:
    """A cache that never hits is no cache; one that hits half the time leaves so many pairs as two draws both miss. 1e-9."""
    text = """
        services:
          a: {concurrency: 10000, blocking: false, handles: {go: {takes: 0s, calls: {to: c.get, count: 5, hit_ratio: HIT, on_miss: b.go}}}}
          c: {kind: cache, concurrency: 10000, round_trip: 0s, handles: {get: {takes: 0s}}}
          b: {concurrency: 1, round_trip: 0s, handles: {go: {takes: {mean: 10ms, cv: 0}}}}
        flows: {f: {starts: a.go}}
        workloads: {day: {starts: {f: 16/s}}}
    """
    always = waited(design(text.replace("HIT", "0%")))
    assert always.mean_s == pytest.approx(waited(caller("{to: b.go, count: 5}", 16.0, 0.0)).mean_s, rel=1e-9)
    half = waited(design(text.replace("HIT", "50%")))
    m = 1 + 5 * 4 * 0.25 / 2.5  # E[N (N - 1)] / E[N] of five draws
    assert half.mean_s == pytest.approx(0.010 * 0.4 / 0.6 * m / (1 + m), rel=1e-9)


@pytest.mark.parametrize("cores", ["{concurrency: 1", "{concurrency: 32, cores: 1"])
@pytest.mark.parametrize("cv", [0.0, 2.0])
def test_cores_are_found_again_too(cores: str, cv: float) -> None:
    """A queue for a core is the queue for a worker by another name. Within 3 % of each other."""
    made = design(f"""
        services:
          a: {{concurrency: 10000, blocking: false, handles: {{go: {{takes: 0s, calls: {{to: b.go, count: 5}}}}}}}}
          b: {cores}, queue: shared, round_trip: 0s, handles: {{go: {{takes: {{mean: 10ms, cv: {cv}}}}}}}}}
        flows: {{f: {{starts: a.go}}}}
        workloads: {{day: {{starts: {{f: 16/s}}}}}}
    """)
    answer = made.latency().flows[0].answer
    assert answer is not None
    assert answer.mean.value == pytest.approx(0.050 + 5 * 0.010 * 0.8 / 0.2 * (cv**2 + 5) / 6, rel=0.03)


def test_few_held_callers_that_cannot_be_followed() -> None:
    """Two workers that also make calls at the same time are no pool here. Five calls in a row are then taken as if by chance: they are
    bounded by the two workers, and without a bound they would be told twice as long as they are. 1e-9."""
    made = design("""
        services:
          p: {concurrency: 2, queue: shared, handles: {go: {takes: 1ms, calls: [{to: b.go, count: 5}, [z.go, z.go]]}}}
          b: {concurrency: 1, queue: shared, round_trip: 0s, handles: {go: {takes: {mean: 10ms, cv: 0}}}}
          z: {concurrency: 1000, round_trip: 0s, handles: {go: {takes: 0s}}}
        flows: {f: {starts: p.go}}
        workloads: {day: {starts: {f: 13/s}}}
    """)
    assert waited(made).mean_s == pytest.approx(0.010 * 0.65 / 0.35 / 2, rel=1e-9)


def test_queues_of_their_own() -> None:
    assert same_queue("shared", 4) == same_queue("round-robin", 1) == 1.0
    assert same_queue("random", 4) == 0.25


def test_no_wait_stays_no_wait() -> None:
    none = Wait(0.0, 0.0, "none")
    assert Repeats([Row(1.0, 2.0, 0.0)]).seen(none, 2.0, 1.0, 0.0, 1.0) is none


@pytest.mark.parametrize(
    ("calls", "rate", "cv", "servers", "way"),
    [
        ("{to: b.go, count: 5}", 16.0, 0.0, 1, "0s"),
        ("{to: b.go, count: 2}", 40.0, 0.5, 1, "2ms"),
        ("{to: b.go, count: 2}", 40.0, 2.0, 1, "50ms"),
        ("{to: b.go, count: 5}", 64.0, 0.0, 4, "2ms"),
        ("[{to: b.go, chance: 50%, count: 4}, b.go]", 26.0, 0.0, 1, "0s"),
    ],
)
def test_against_simulations(calls: str, rate: float, cv: float, servers: int, way: str) -> None:
    """Mean answers within 3 %; two to five calls as if by chance would be 8 to 32 % off."""
    pytest.importorskip("numba")
    made = caller(calls, rate, cv, servers, way=way)
    answer = made.latency().flows[0].answer
    assert answer is not None
    assert answer.mean.value == pytest.approx(simulated(made)["f"], rel=0.03)


@pytest.mark.parametrize(
    ("count", "rate", "servers", "way"), [(2, 40.0, 1, "0s"), (5, 16.0, 1, "1ms"), (5, 10.0, 1, "0s"), (10, 32.0, 4, "1ms")]
)
def test_percentiles_against_simulations(count: int, rate: float, servers: int, way: str) -> None:
    """p50, p95 and p99 within 12 %: the waits of one request go together. As if they did not, p99 would be 22 to 47 % too short."""
    pytest.importorskip("numba")
    made = caller(f"{{to: b.go, count: {count}}}", rate, 1.0, servers, way=way)
    answer = made.latency().flows[0].answer
    assert answer is not None
    run = made.simulate(made.prepare_simulation(lasts="5h", steady=True, bins=10), "fast", jobs=1).flows[0].answer
    assert run is not None
    for name, found in answer.percentiles.items():
        assert found.value == pytest.approx(run.percentiles[name].value, rel=0.12)


def test_waits_in_a_row_keep_their_mean_and_go_together() -> None:
    """The whole has the mean of so many waits, and a variance between that of independent ones and that of one wait so many times."""
    made = caller("{to: b.go, count: 6}", 13.0, 1.0)
    load = Loaded(made.system, Setting(made.system).rates)
    (edge,) = made.system.handlers[made.system.entry(made.scenario.flows["f"])].calls
    wait = waited(made)
    apart = 6 * (wait_variance(wait) + 0.010**2)
    together = 6 * 0.010**2 + 36 * wait_variance(wait)
    found = load.call(edge, load.holder(edge.caller))
    assert found.mean == pytest.approx(6 * (wait.mean_s + 0.010), rel=1e-9)
    assert apart < found.variance < together
    assert found.variance == pytest.approx(apart + 30 * load.alike(edge) * wait_variance(wait), rel=1e-9)
