"""Three real shops with the same boxes and arrows behave in three ways when their broker dies; and a shop of calls only.

Sock Shop catches the error and answers "accepted": shipments are lost. Robot Shop publishes inside the request: payments
fail. FTGO relays from an outbox: orders succeed and catch up. In Online Boutique a dead currency service fails home, product,
cart and checkout; ads, recommendations and e-mail are soft.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.failover import FailoverResult, FlowOutcome

SHOPS = Path(__file__).parent.parent / "shops"


def kill(shop: str, *services: str, lasts: str = "30min") -> FailoverResult:
    return sysdesign_cli.load(str(SHOPS / f"{shop}.yaml")).failover(services, lasts=lasts)


def only_flow(result: FailoverResult) -> FlowOutcome:
    (flow,) = result.flows
    return flow


@pytest.mark.parametrize(
    ("shop", "broker", "answer", "completion"),
    [("sock-shop", "rabbitmq", "ok", "lost"), ("robot-shop", "rabbitmq", "failed", "failed"), ("ftgo", "kafka", "ok", "delayed")],
)
def test_the_same_arrows_fail_in_three_ways(shop: str, broker: str, answer: str, completion: str) -> None:
    flow = only_flow(kill(shop, broker))
    assert (flow.answer.worst, flow.completion.worst) == (answer, completion)
    assert flow.answer.shares[answer] == 1
    assert flow.completion.shares[completion] == 1


def test_lost_shipments_are_counted() -> None:
    result = kill("sock-shop", "rabbitmq")
    assert [wait.lost.value for wait in result.waits] == [10 * 1800]
    objectives = {one.objective: one for one in only_flow(result).objectives}
    assert objectives["lose_at_most"].met is False


def test_failed_payments_are_counted() -> None:
    assert only_flow(kill("robot-shop", "rabbitmq")).failed_requests.value == 10 * 1800


def test_outbox_loses_nothing_and_catches_up() -> None:
    result = kill("ftgo", "kafka")
    (wait,) = result.waits
    assert (wait.kind, wait.waiting.value, wait.lost.value) == ("outbox", 18_000, 0)
    # one worker-second is 32 workers / (10 ms + 0.5 ms + 5 ms) = 2064.5/s for kitchen, so 18,000 drain in 18,000 / 2054.5 s;
    # order works off what comes back with as many workers; the slower of the two counts.
    capacity = 32 / (0.010 + 0.0005 + 0.005)
    flow = only_flow(result)
    assert flow.normal_after is not None
    assert flow.normal_after.value >= 1800 + 18_000 / (capacity - 10) - 1e-6
    assert all(one.met for one in flow.objectives)


@pytest.mark.parametrize("flow", ["home", "product", "cart", "checkout"])
def test_currency_is_hard_everywhere(flow: str) -> None:
    states = {one.flow: one.answer.worst for one in kill("online-boutique", "currency").flows}
    assert states[flow] == "failed"


@pytest.mark.parametrize("soft", ["ad", "recommendation", "email"])
def test_ads_recommendations_and_email_are_soft(soft: str) -> None:
    result = kill("online-boutique", soft)
    assert all(one.answer.worst in ("ok", "degraded") for one in result.flows)
    assert any(one.answer.worst == "degraded" for one in result.flows)
    assert result.blast.answer["failed"].value == 0


def test_dead_catalogue_takes_recommendations_along_but_they_are_soft() -> None:
    states = {one.flow: one.answer.worst for one in kill("online-boutique", "product-catalog").flows}
    assert states == {"home": "failed", "product": "failed", "cart": "degraded", "checkout": "failed"}


def test_pessimistic_makes_soft_things_hard() -> None:
    design = sysdesign_cli.load(str(SHOPS / "online-boutique.yaml"))
    states = {one.flow: one.answer.worst for one in design.failover(["ad"], pessimistic=True).flows}
    assert states == {"home": "failed", "product": "failed", "cart": "ok", "checkout": "ok"}
