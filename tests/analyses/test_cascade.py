"""The overload cascade against figures worked out by hand."""

from __future__ import annotations

import pytest

from sysdesign_cli.analyses.cascade import Cascade
from sysdesign_cli.analyses.situations import Kill, Outage, Setting
from sysdesign_cli.api import Design
from tests.helpers import design

SHOP = """
zones: [a, b, c]
services:
  web: {{concurrency: 1000, blocking: {blocking}, round_trip: 0s, replicas: 1, handles: {{Ask: {{takes: 1ms, calls: {call}}}}}}}
  store: {{kind: cache, replicas: 1, round_trip: 0s, concurrency: 1000, handles: {{get: {{takes: 0.1ms}}}}}}
  base: {{kind: database, replicas: {bases}, concurrency: 1, round_trip: 0s, handles: {{read: {{takes: 10ms}}}}}}
flows: {{ask: {{starts: web.Ask}}}}
workloads: {{day: {{starts: {{ask: {rate}/s}}}}}}
"""


def cascade(text: str, kill: Kill) -> Cascade:
    one: Design = design(text)
    return Cascade(Outage(Setting(one.system), kill))


def test_a_dead_cache_drowns_its_database_and_then_who_waits_for_it() -> None:
    # 10 % of 500/s are 50/s for a database of 100/s; without the cache all 500/s come, and 4 of 5 are shed
    call = "{to: store.get, hit_ratio: 90%, timeout: 50ms, on_miss: {to: base.read, timeout: 4s}}"
    found = cascade(SHOP.format(blocking="true", call=call, bases=1, rate=500), Kill(("store",)))
    first, second = found.steps
    assert (first.step, first.service, first.why, first.because) == (1, "base", "more-requests", "store")
    assert first.before.value == pytest.approx(0.5)
    # then each request holds one of web's 1,000 workers for 4 s: 250/s pass, and the database still gets 2.5 times its capacity
    assert (second.step, second.service, second.because) == (2, "web", "base, store")
    assert second.shed.value == pytest.approx(1 - 1000 / (500 * (0.001 + 0.05 + 4)), rel=1e-3)
    assert first.shed.value == pytest.approx(1 - 100 / (1000 / (0.001 + 0.05 + 4)), rel=1e-3)


def test_the_survivors_of_a_zone_carry_its_share() -> None:
    found = cascade(SHOP.format(blocking="false", call="{to: base.read, timeout: 1s}", bases=3, rate=250), Kill(zones=("c",)))
    (step,) = found.steps
    assert (step.service, step.why) == ("base", "fewer-replicas")
    assert step.before.value == pytest.approx(250 / 300)
    assert step.shed.value == pytest.approx(1 - 200 / 250)
    levels = found.levels(found.system.scenario.flows["ask"], [])
    assert levels.failed == pytest.approx(0.2)


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_retries_against_an_overloaded_service_settle_where_its_capacity_is_used_up(retries: int) -> None:
    # each try fails with f; rate x (1 - f^(r+1)) = capacity, so the share of requests that fail is 1 - capacity / rate whatever r is
    call = f"{{to: base.read, timeout: 1s, retries: {retries}}}"
    found = cascade(SHOP.format(blocking="false", call=call, bases=3, rate=250), Kill(("base/1", "base/2")))
    (step,) = found.steps
    assert step.shed.value == pytest.approx((1 - 100 / 250) ** (1 / (retries + 1)), rel=2e-3)
    assert found.levels(found.system.scenario.flows["ask"], []).failed == pytest.approx(1 - 100 / 250, rel=5e-3)


def test_nothing_is_overloaded_while_enough_is_left() -> None:
    assert cascade(SHOP.format(blocking="false", call="{to: base.read, timeout: 1s}", bases=3, rate=150), Kill(zones=("c",))).steps == ()


@pytest.mark.parametrize(
    ("retries", "extra", "lasts"),
    [(0, "", False), (1, "", False), (2, "", True), (2, "retry_budget: 10%", False), (2, "circuit_breaker: true", False)],
)
def test_a_fault_lasts_when_the_tries_alone_exceed_capacity(retries: int, extra: str, lasts: bool) -> None:
    # 120/s on 300/s: two tries are 240/s, three are 360/s
    call = f"{{to: base.read, timeout: 1s, retries: {retries}{', ' + extra if extra else ''}}}"
    found = cascade(SHOP.format(blocking="false", call=call, bases=3, rate=120), Kill(("base",)))
    assert bool(found.lasting()) == lasts
    if lasts:
        (one,) = found.lasting()
        assert one.storm.value == pytest.approx(360)
        assert one.capacity.value == pytest.approx(300)
        assert one.budget.value == pytest.approx(1.5)
        assert one.trigger.value == pytest.approx(1.0 * 300 / 360)


def test_layers_of_retries_multiply() -> None:
    text = """
    services:
      a: {blocking: false, round_trip: 0s, concurrency: 10000, handles: {Do: {takes: 0.1ms, calls: {to: b.Do, timeout: 3s, retries: 3}}}}
      b: {blocking: false, round_trip: 0s, concurrency: 10000, handles: {Do: {takes: 0.1ms, calls: {to: c.Do, timeout: 2s, retries: 3}}}}
      c: {blocking: false, round_trip: 0s, concurrency: 10000, handles: {Do: {takes: 0.1ms, calls: {to: d.Do, timeout: 1s, retries: 3}}}}
      d: {concurrency: 10, round_trip: 0s, handles: {Do: {takes: 10ms}}}
    flows: {f: {starts: a.Do}}
    workloads: {day: {starts: {f: 20/s}}}
    """
    (one,) = cascade(text, Kill(("d",))).lasting()
    assert one.amplification.value == pytest.approx(64)
    assert one.storm.value == pytest.approx(20 * 64)
