"""Kills in time and by cause, against figures worked out by hand."""

from __future__ import annotations

import math

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.causes import ENDS, Cause
from sysdesign_cli.analyses.failover import FailoverResult
from sysdesign_cli.scenario.problems import ScenarioError
from tests.helpers import design

QUEUE = """
    services:
      shop: {replicas: 9, handles: {Order: {takes: 1ms, publishes: [Ordered], publish_mode: outbox}}}
      worker: {concurrency: 15, handles: {Ordered: {takes: 10ms, idempotent: true}}}   # 15 workers / 10 ms = 1500/s
      broker: {kind: broker}
    events: {Ordered: {EVENT}}
    flows: {order: {starts: shop.Order, completed: worker.Ordered, objectives: {OBJECTIVES}}}
    workloads: {day: {starts: {order: RATE/s}}}
"""


def queue(rate: float = 1000, event: str = "", objectives: str = "lose_at_most: 0") -> sysdesign_cli.api.Design:
    return design(QUEUE.replace("RATE", str(rate)).replace("EVENT", event).replace("OBJECTIVES", objectives))


def test_outage_of_ten_minutes_at_a_thousand_a_second() -> None:
    """rate 1000/s, capacity 1500/s, 600 s: backlog 600,000, drained in 1,200 s; the first message waits 600 s."""
    result = queue().failover(["worker"], lasts=600)
    (wait,) = result.waits
    (flow,) = result.flows
    assert wait.waiting.value == pytest.approx(600_000, rel=1e-12)
    assert wait.drain.value == pytest.approx(1_200, rel=1e-9)
    assert flow.late_by is not None
    assert flow.late_by.value == 600
    assert flow.normal_after is not None
    assert flow.normal_after.value == pytest.approx(1_800, rel=1e-9)


@pytest.mark.parametrize("rate", [1500, 1600])
def test_never_drains_when_capacity_is_not_above_the_rate(rate: int) -> None:
    (flow,) = queue(rate, objectives="recover_within: 1d").failover(["worker"], lasts=600).flows
    assert flow.normal_after is not None
    assert math.isinf(flow.normal_after.value)
    assert [one.met for one in flow.objectives if one.objective == "recover_within"] == [False]


def test_messages_past_their_retention_are_lost() -> None:
    """Kept 4 of 10 minutes: the first 6 minutes' messages are gone, 60 %."""
    result = queue(event="retention: 4min").failover(["worker"], lasts=600)
    (wait,) = result.waits
    assert wait.lost.value == pytest.approx(360_000)
    assert wait.waiting.value == pytest.approx(240_000)
    (flow,) = result.flows
    assert flow.completion.worst == "lost"
    assert flow.completion.shares["lost"] == pytest.approx(0.6)
    assert flow.completion.shares["delayed"] == pytest.approx(0.4)


def test_a_full_queue_drops_the_rest() -> None:
    (wait,) = queue(event="queue_limit: 150000").failover(["worker"], lasts=600).waits
    assert wait.waiting.value == pytest.approx(150_000)
    assert wait.lost.value == pytest.approx(450_000)


def test_nothing_is_kept_for_a_dead_subscriber_of_an_event_that_is_not_durable() -> None:
    result = queue(event="durable: false").failover(["worker"], lasts=600)
    assert result.flows[0].completion.shares["lost"] == 1
    assert result.flows[0].answer.worst == "ok"


FAILING = """
    services:
      shop: {handles: {Order: {takes: 1ms, publishes: [Ordered], publish_mode: outbox}}}
      worker: {handles: {Ordered: {takes: 10ms, calls: {to: provider, timeout: 1s}, idempotent: true}}}
      provider: {kind: external}
      broker: {kind: broker}
    events: {Ordered: {deliveries: 5, redelivery_delay: 1min, dead_letters: DLQ}}
    flows: {order: {starts: shop.Order, completed: worker.Ordered, objectives: {complete_within: 1d, lose_at_most: 0}}}
    workloads: {day: {starts: {order: 10/s}}}
"""


def test_deliveries_used_up_are_parked_and_wait_for_a_person() -> None:
    """Tried for 4 minutes each: in a 10-minute outage those of the first 6 minutes are parked."""
    result = design(FAILING.replace("DLQ", "true")).failover(["provider"], lasts=600)
    (wait,) = result.waits
    assert wait.kind == "failing"
    assert wait.parked.value == pytest.approx(3_600)
    assert wait.waiting.value == pytest.approx(2_400)
    assert wait.lost.value == 0
    (flow,) = result.flows
    assert flow.completion.worst == "delayed"
    assert {one.objective: one.met for one in flow.objectives} == {"complete_within": False, "recover_within": None, "lose_at_most": True}


def test_without_a_dead_letter_queue_they_are_lost() -> None:
    result = design(FAILING.replace("DLQ", "false")).failover(["provider"], lasts=600)
    (wait,) = result.waits
    assert wait.lost.value == pytest.approx(3_600)
    assert result.flows[0].completion.shares["lost"] == pytest.approx(0.6)


def test_a_short_fault_is_outlived_by_redelivery() -> None:
    result = design(FAILING.replace("DLQ", "true")).failover(["provider"], lasts="3min")
    assert [wait.parked.value for wait in result.waits] == [0]
    assert result.flows[0].late_by is not None
    assert result.flows[0].late_by.value == 180 + 60  # the outage, and until the next try


def test_a_starved_subscriber_is_idle_not_broken() -> None:
    result = sysdesign_cli.load("ecommerce").failover(["inventory"])
    assert "payment" in result.blast.services["starved"]
    assert "payment" not in result.blast.services.get("failing", ())


def test_subscribers_that_no_completion_needs_are_a_side_effect() -> None:
    result = sysdesign_cli.load("ecommerce@plus-loyalty").failover(["loyalty"])
    assert all(flow.completion.worst == "ok" for flow in result.flows)
    assert [(one.handler, one.state) for one in result.side_effects] == [("loyalty.PaymentCompleted", "delayed")]


def test_one_replica_of_three_hurts_nobody_and_is_said() -> None:
    result = sysdesign_cli.load("ecommerce").failover(["order/2"])
    assert result.left == {"order": (2, 3)}
    assert all(flow.answer.worst == "ok" for flow in result.flows)


def test_losing_a_zone_keeps_a_quorum_of_two_in_three() -> None:
    result = sysdesign_cli.load("ecommerce").failover([], ["a"])
    assert result.left["broker"] == (2, 3)
    assert "broker" not in result.blast.services.get("killed", ())


def test_losing_two_zones_stops_the_broker() -> None:
    result = sysdesign_cli.load("ecommerce").failover([], ["a", "b"])
    assert "broker" in result.blast.services["killed"]


def every_branch(cause: Cause) -> list[Cause]:
    return [cause] if not cause.children else [leaf for child in cause.children for leaf in every_branch(child)]


@pytest.mark.parametrize(
    "address", ["ecommerce", "ecommerce@synchronous", "ecommerce@fire-and-forget", "netflix", "grab", "morprom", "morprom@monolith"]
)
def test_every_branch_of_every_explanation_ends_in_a_named_reason(address: str) -> None:
    shop = sysdesign_cli.load(address)
    for service in shop.system.services:
        for cause in shop.failover([service.name]).causes:
            for leaf in every_branch(cause):
                assert leaf.outcome in ENDS, (service.name, leaf)


def test_shares_add_up_to_one() -> None:
    for address in ("ecommerce", "netflix", "grab", "morprom"):
        loaded = sysdesign_cli.load(address)
        for service in loaded.system.services:
            result: FailoverResult = loaded.failover([service.name])
            assert sum(number.value for number in result.blast.answer.values()) == pytest.approx(1, abs=1e-12)
            assert sum(number.value for number in result.blast.completion.values()) == pytest.approx(1, abs=1e-12)


def test_killing_what_is_not_there_names_the_nearest() -> None:
    with pytest.raises(ScenarioError) as caught:
        sysdesign_cli.load("ecommerce").failover(["paymnt"])
    (problem,) = caught.value.problems
    assert problem.slug == "unknown-name"
    assert problem.near[0] == "payment"


def test_a_flow_completes_by_whichever_branch_is_taken() -> None:
    """98 % of orders go on to payment: killing it delays exactly those."""
    flow = next(one for one in sysdesign_cli.load("ecommerce").failover(["payment"]).flows if one.flow == "place-order")
    assert flow.completion.shares["delayed"] == pytest.approx(0.98, abs=1e-12)
    assert flow.completion.shares["ok"] == pytest.approx(0.02, abs=1e-12)
