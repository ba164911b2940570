"""What another replica does to the answers: never longer where theory says so, and longer where it is so in truth."""

from __future__ import annotations

import math
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.oracles import Caller, Shared
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.api import Design
from sysdesign_cli.engine.loaded import Loaded
from tests.analyses.random_calls import longest, mean, random_chain, random_tree, replicas, simulated, with_another
from tests.helpers import design

# ------------------------------------------------------------------------------------------------------- where it never hurts


@given(st.integers(0, 2**40).map(random_chain))
def test_where_no_worker_is_waited_for(made: Design) -> None:
    """A service answers no later with another replica: with one queue, or one each by lot, and no small pool about. Within 1e-9."""
    for number, before, after in with_another(made):
        (h,) = made.system.handlers_of[number]
        by_theory = made.system.services[number].queue in ("shared", "random") and not before.reliefs and not after.reliefs
        if by_theory and not math.isinf(before.response[h].mean):
            assert after.response[h].mean <= before.response[h].mean * (1 + 1e-9)


@given(st.integers(0, 2**40).map(random_tree))
def test_where_each_place_is_called_once(made: Design) -> None:
    """One flow, and every service called from one place, once at most: whatever the times and the pools, no answer gets longer.

    That is so in truth, path by path (Shanthikumar and Yao, Stochastic monotonicity in general queueing networks, Journal of Applied
    Probability 26, 1989). Of the approximation within 10 %: of 1,800 systems 4 by more than 0.5 %, the worst by 4.4 %, where a pool ceases
    to be small or begins to be.
    """
    assert longest(made) <= 0.1


def test_how_close_the_approximation_keeps_to_that() -> None:
    """In 300 such systems: within 0.1 % everywhere, and within 0.01 % in all but 1 of 100."""
    found = [longest(random_tree(seed)) for seed in range(300)]
    assert max(found) <= 0.001
    assert sum(longer > 1e-4 for longer in found) <= 3


# --------------------------------------------------------------------------------------------------- where it does, in truth


def two_calls(workers: int) -> float:
    """Mean answer of requests that each make two calls, one after the other, to one server that is 80 % busy."""
    made = design(f"""
        services:
          a: {{replicas: {workers}, concurrency: 1, queue: shared, handles: {{go: {{takes: 0s, calls: {{to: b.go, count: 2}}}}}}}}
          b: {{concurrency: 1, round_trip: 0s, handles: {{go: {{takes: 50ms}}}}}}
        flows: {{f: {{starts: a.go}}}}
        workloads: {{day: {{starts: {{f: 8/s}}}}}}
    """)
    answer = made.latency().flows[0].answer
    assert answer is not None
    return answer.mean.value


def test_two_calls_of_one_request() -> None:
    """One worker serves request by request: M/E2/1, 400 ms. Without end of workers: a server that each visits twice, 500 ms. 1e-6.

    Pollaczek and Khinchine: 0.1 + 8 0.1² (1 + 1/2) / 2 / (1 - 0.8). Jackson: 2 0.05 / (1 - 0.8).
    """
    assert two_calls(1) == pytest.approx(0.4, rel=1e-6)
    assert two_calls(1000) == pytest.approx(0.5, rel=1e-6)
    between = [two_calls(workers) for workers in range(1, 9)]
    assert between == sorted(between)


@pytest.mark.parametrize("own_s", [0.01, 0.03])
def test_others_at_a_shared_place(own_s: float) -> None:
    """Another worker for one caller lets more of its requests to what both call: the chain of all states says so. Within 3 %."""
    text = """
        services:
          a: {concurrency: WORKERS, handles: {go: {takes: OWN, calls: c.go}}}
          b: {concurrency: 2, handles: {go: {takes: OWN, calls: c.go}}}
          c: {concurrency: 1, round_trip: 0s, handles: {go: {takes: 60ms}}}
        flows: {f: {starts: a.go}, g: {starts: b.go}}
        workloads: {day: {starts: {f: 3/s, g: 4/s}}}
    """
    true, told = [], []
    for workers in (1, 2):
        true.append(Shared((Caller(3.0, own_s, ((0, 1.0),), workers), Caller(4.0, own_s, ((0, 1.0),), 2)), ((0.06, 1),)).responses(50, 30))
        made = design(textwrap.dedent(text).replace("WORKERS", str(workers)).replace("OWN", f"{own_s}s"))
        told.append([flow.answer.mean.value for flow in made.latency().flows if flow.answer is not None])
    assert true[1][0] < true[0][0]
    assert true[1][1] > 1.03 * true[0][1]
    for one, other in zip(true, told, strict=True):
        assert other == pytest.approx(one, rel=0.03)


@pytest.mark.parametrize(("seed", "longer"), [(265, "g"), (4042, "g"), (4295, "fg"), (617, "g")])
def test_random_systems_in_which_answers_get_longer(seed: int, longer: str) -> None:
    """Another replica of the first service: by how much each mean changes, within 1.5 % of what a simulation says."""
    pytest.importorskip("numba")
    first, more = random_chain(seed), random_chain(seed, 1)
    was, then = simulated(first), simulated(more)
    told_was, told_then = (Loaded(made.system, Setting(made.system).rates, replicas(made)) for made in (first, more))
    for flow in "fg":
        change = mean(more, told_then, flow) / mean(first, told_was, flow) - 1
        assert change == pytest.approx(then[flow] / was[flow] - 1, abs=0.015)
        assert (change > 0) == (then[flow] > was[flow]) == (flow in longer)
