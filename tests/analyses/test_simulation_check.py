"""Theory against simulation, an outage measured beside computed, and metrics that are simulated."""

from __future__ import annotations

import pytest

from sysdesign_cli.analyses.intervals import far, student
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.analyses.simulation_check import SimulationCheck
from sysdesign_cli.analyses.simulation_question import Question
from sysdesign_cli.api import Design
from tests.helpers import design

ONE_SERVER = """
services:
  server: {replicas: 1, concurrency: 1, round_trip: 0ms, handles: {work: {takes: 10ms}}}
flows: {ask: {starts: server.work}}
workloads:
  day: {starts: {ask: 50/s}}
  rush: {starts: {ask: {peak: 50/s, base: 1/s, at: 12:00, for: 10min, ramp: 1min}}}
  flood: {starts: {ask: 150/s}}
"""

CONSUMER = """
services:
  shop: {concurrency: 8, round_trip: 0ms, handles: {Order: {takes: 1ms, publishes: [Placed], publish_mode: outbox}}}
  stock: {concurrency: 4, queue: shared, round_trip: 0ms, replicas: 2, handles: {Placed: {takes: {mean: 20ms, cv: 0}}}}
  broker: {kind: broker, round_trip: 0ms}
events: {Placed: {lag: 1ms, deliveries: 10, redelivery_delay: 1s, retention: 1d}}
flows: {order: {starts: shop.Order, completed: stock.Placed}}
workloads: {day: {starts: {order: 200/s}}}
"""


def checked(one: Design, workload: str, lasts: float, **more: int) -> SimulationCheck:
    prepared = one.prepare_check(workload, lasts, **more)
    return one.check_simulation(prepared, one.simulate(prepared, "plain", jobs=1))


def test_what_is_exact_does_not_part() -> None:
    check = checked(design(ONE_SERVER), "day", 400.0)
    assert check.good
    assert {row.metric for row in check.rows if row.part == "server"} == {"rate", "utilisation", "wait"}
    by_metric = {row.metric: row.theory.value for row in check.rows if row.part == "ask"}
    assert by_metric["answer-mean"] == pytest.approx(0.02, rel=1e-3)  # M/M/1: 10 ms / (1 - 0.5)


def test_a_rush_is_left_out_on_both_sides() -> None:
    one = design(ONE_SERVER)
    level, rush = (checked(one, workload, 60.0) for workload in ("day", "rush"))
    assert [row.theory.value for row in level.rows] == [row.theory.value for row in rush.rows]
    assert [row.simulated.value for row in level.rows] == [row.simulated.value for row in rush.rows]


def test_a_theory_that_is_wrong_parts_and_is_blamed() -> None:
    # arrivals come in batches of five: the formula sees the right rate and takes it for Poisson
    calls = ", ".join(["server.work"] * 5)
    front = f"services:\n  front: {{round_trip: 0ms, handles: {{in: {{calls: [[{calls}]]}}}}}}"
    text = ONE_SERVER.replace("services:", front).replace("starts: server.work", "starts: front.in").replace("ask: 50/s", "ask: 10/s")
    check = checked(design(text), "day", 400.0)
    wait = next(row for row in check.rows if row.part == "server" and row.metric == "wait")
    assert wait.verdict == "parts"
    assert wait.blame
    assert not check.good


def test_overload_has_no_theory_to_compare_with() -> None:
    check = checked(design(ONE_SERVER), "flood", 400.0)
    assert check.saturated == ("server",)
    assert check.simulation.growth is not None
    assert check.simulation.growth.per_s.value == pytest.approx(50, rel=0.1)  # 150/s come, 100/s are done
    assert not check.good


def test_far_is_the_quantile_of_tables() -> None:
    # two-sided quantiles of Student's t: Fisher and Yates, Statistical Tables, 1963, table III
    for chance, freedom, known in ((0.001, 10, 4.587), (0.001, 20, 3.850), (0.01, 9, 3.250), (0.01, 19, 2.861), (0.001, 60, 3.460)):
        assert far(chance, freedom) == pytest.approx(known, rel=0.01)
    for freedom in (10, 19, 30):
        assert far(0.05, freedom) == pytest.approx(student(freedom), rel=0.002)


def test_an_outage_measured_beside_computed() -> None:
    one = design(CONSUMER)
    result = one.failover(["stock"], lasts=60.0)
    outage = one.simulate_outage(result, one.prepare_outage(result, seed=3, replications=3), "plain")
    rows = {(row.about, row.metric): row for row in outage.rows}
    waiting, drain = rows["stock.Placed", "waiting"], rows["stock.Placed", "drain"]
    assert waiting.computed is not None
    assert waiting.measured is not None
    assert drain.computed is not None
    assert drain.measured is not None
    assert waiting.computed.value == pytest.approx(12_000)  # 200/s for a minute
    assert waiting.measured.value == pytest.approx(12_000, rel=0.02)  # one run: ± 1.8 %
    assert drain.computed.value == pytest.approx(60.0, rel=0.01)  # 12,000 / (400 - 200)
    assert drain.measured.value == pytest.approx(60.0, rel=0.03)


@pytest.mark.parametrize("name", [name for name in METRICS if name.startswith("simulated_")])
def test_every_simulated_metric_has_a_value(name: str) -> None:
    subject = Subject(design(CONSUMER).system, simulating=Question(length_s=5.0))
    value = METRICS[name].of(subject, About())
    assert not isinstance(value, Unavailable)
    assert value.method == "simulated"


def test_simulated_metrics_follow_theory_and_share_their_luck() -> None:
    asked = Question(length_s=300.0)
    longer = ONE_SERVER.replace("services:", "services:\n  bystander: {handles: {idle: {takes: 1s}}}")
    same, other = (Subject(design(text).system, simulating=asked) for text in (ONE_SERVER, longer))
    mean, also = (METRICS["simulated_answer_mean"].of(subject, About(flow="ask")) for subject in (same, other))
    assert not isinstance(mean, Unavailable)
    assert mean == also  # a part that is not touched draws the same numbers
    assert abs(mean.value - 0.02) <= 2 * float(mean.note)
    used = METRICS["simulated_utilisation"].of(same, About(service="server"))
    assert not isinstance(used, Unavailable)
    assert used.value == pytest.approx(0.5, rel=0.05)


def test_what_never_settles_has_no_mean() -> None:
    subject = Subject(design(ONE_SERVER).system, "flood", simulating=Question(length_s=30.0))
    value = METRICS["simulated_answer_p99"].of(subject, About())
    assert isinstance(value, Unavailable)
    assert value.reason == "simulated-unstable"
    assert value.about == "server"
