"""Users who wait for their answers, through the whole tool, against exact results."""

from __future__ import annotations

import pytest

from sysdesign_cli.analyses.latency import latency
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.scenario.problems import ScenarioError
from tests.helpers import design

LAYERED = """
services:
  front: {concurrency: 5, cores: 2, round_trip: 0s, handles: {Ask: {takes: 50ms, calls: back.Work}}}
  back: {concurrency: 1, round_trip: 0s, handles: {Work: {takes: 80ms}}}
flows: {ask: {starts: front.Ask}}
workloads: {users: {starts: {ask: {users: 20, think: 1s}}}}
"""


def test_layered_calls_against_the_exact_markov_chain() -> None:
    # 20 users; 5 threads held during the call, 2 cores; throughput and response are those of the Markov chain
    one = design(LAYERED)
    setting = Setting(one.system)
    assert setting.moment.rates["ask"] == pytest.approx(12.224071, rel=0.02)
    (flow,) = latency(one.system).flows
    assert flow.answer is not None
    assert flow.answer.mean.value == pytest.approx(0.636116, rel=0.05)
    assert flow.rate.value == setting.moment.rates["ask"]


def test_machine_repair() -> None:
    # M/M/2//4 with think and service times of 1 s: throughput 1.7, response 23/17
    text = """
    services: {repair: {concurrency: 2, round_trip: 0s, handles: {Mend: {takes: 1s}}}}
    flows: {mend: {starts: repair.Mend}}
    workloads: {machines: {starts: {mend: {users: 4, think: 1s}}}}
    """
    setting = Setting(design(text).system)
    assert setting.moment.rates["mend"] == pytest.approx(1.7, rel=1e-9)
    assert setting.closed["mend"].solution.response_s == pytest.approx(23 / 17, rel=1e-9)


def test_interactive_response_law_holds() -> None:
    setting = Setting(design(LAYERED).system)
    solution = setting.closed["ask"].solution
    assert solution.throughput_per_s * (1 + solution.response_s) == pytest.approx(20, rel=1e-9)


def test_open_work_beside_the_users_slows_them() -> None:
    beside = """
    services: {desk: {concurrency: 1, round_trip: 0s, handles: {Ask: {takes: 50ms}, Other: {takes: 50ms}}}}
    flows: {ask: {starts: desk.Ask}, other: {starts: desk.Other}}
    workloads: {users: {starts: {ask: {users: 8, think: 1s}, other: RATE/s}}}
    """
    rates = [Setting(design(beside.replace("RATE", str(rate))).system).moment.rates["ask"] for rate in (0.001, 4, 8, 12)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(7.4604068, rel=1e-4)  # 8 users, D = 50 ms, Z = 1 s: M/M/1//8, p0 by the sum of its states


def test_what_takes_no_time_at_all_has_no_throughput() -> None:
    text = """
    services: {fast: {kind: client, handles: {Ask: {takes: 0s}}}}
    flows: {ask: {starts: fast.Ask}}
    workloads: {users: {starts: {ask: {users: 4, think: 1ns}}}}
    """
    one = design(text)
    setting = Setting(one.system)  # a think time alone is enough
    assert setting.moment.rates["ask"] == pytest.approx(4e9)
    with pytest.raises(ScenarioError):
        design(text.replace("think: 1ns", "think: 0s"))


def test_percentiles_of_users_who_wait_are_those_of_the_machine_repair_model() -> None:
    # one worker of 1 s, 20 users who think 5 s: simulated p50 14.7, p95 22.9, p99 26.9 s (an open queue's tail says 10.7, 43, 65)
    text = """
    services: {desk: {concurrency: 1, round_trip: 0s, handles: {Ask: {takes: 1s}}}}
    flows: {ask: {starts: desk.Ask}}
    workloads: {users: {starts: {ask: {users: 20, think: 5s}}}}
    """
    (flow,) = latency(design(text).system).flows
    assert flow.answer is not None
    found = [flow.answer.percentiles[name].value for name in ("p50", "p95", "p99")]
    assert found == pytest.approx([14.7, 22.9, 26.9], rel=0.05)
