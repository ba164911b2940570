"""Replicas that autoscaling has yet to start when a kill comes: by hand, on the page, and in the simulation."""

from __future__ import annotations

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.failover import FailoverResult
from sysdesign_cli.messages import Say
from sysdesign_cli.views.failover_view import failover_document
from sysdesign_cli.views.formats import plain
from sysdesign_cli.views.json_format import plain_data
from sysdesign_cli.views.why import explain
from tests.helpers import design

SHOP = """
services:
  web: {{concurrency: 1000, blocking: false, round_trip: 0s, handles: {{Ask: {{takes: 1ms, calls: {{to: store.get, hit_ratio: 90%, on_miss: {{to: base.read, timeout: 50ms}}}}}}, Ping: {{takes: 1ms}}}}}}
  store: {{kind: cache, round_trip: 0s, concurrency: 1000, handles: {{get: {{takes: 0.1ms}}}}}}
  base: {{kind: database, replicas: {replicas}, concurrency: 1, round_trip: 0s, handles: {{read: {{takes: 10ms}}}}}}
flows: {{ask: {{starts: web.Ask}}, ping: {{starts: web.Ping}}}}
workloads: {{day: {{starts: {{ask: {rate}/s, ping: 1/s}}}}}}
"""


def killed(replicas: str, rate: int = 150) -> FailoverResult:
    return design(SHOP.format(replicas=replicas, rate=rate)).failover(["store"], lasts="10s")


def test_the_replicas_running_could_not_carry_what_comes() -> None:
    # 15/s of 10 ms are 0.15 workers: one replica. Without the cache they are 1.5: 150 % of one, and three at 50 %
    result = killed("{min: 1, max: 8, target: 50%}")
    (one,) = result.starting
    assert (one.service, one.flows) == ("base", ("ask",))
    assert (one.running.value, one.settles.value) == (1, 3)
    assert one.asked.value == pytest.approx(1.5)
    assert result.cascade == (), "it holds out once they are there"


def test_also_where_all_of_them_do_not_suffice() -> None:
    result = killed("{min: 1, max: 4, target: 50%}", 600)  # 0.6 workers, two replicas; then 6 workers for at most 4
    (one,) = result.starting
    assert (one.running.value, one.settles.value) == (2, 4)
    assert one.asked.value == pytest.approx(3.0)
    assert [step.service for step in result.cascade] == ["base"]


@pytest.mark.parametrize(("replicas", "rate"), [("3", 150), ("1", 150), ("{min: 2, max: 8, target: 50%}", 150), ("{min: 1, max: 8}", 99)])
def test_nothing_is_assumed_where_nothing_has_to_start(replicas: str, rate: int) -> None:
    assert killed(replicas, rate).starting == ()


def test_only_survivors_count() -> None:
    text = SHOP.format(replicas="{min: 4, max: 8, target: 50%}", rate=1500)  # 1.5 workers before: four replicas
    (one,) = design(text).failover(["base/1", "base/2", "base/3"]).starting
    assert (one.running.value, one.settles.value) == (1, 2)
    assert one.asked.value == pytest.approx(1.5)


@pytest.mark.parametrize(("language", "word"), [("en", "Autoscaling has settled: base"), ("th", "autoscaling เพิ่มเสร็จแล้ว: base")])
def test_it_stands_beside_the_figure(language: str, word: str) -> None:
    say, result = Say(language), killed("{min: 1, max: 8, target: 50%}")
    page = plain(explain(failover_document(result, say), say, {}))
    row = {line.split()[0]: line for line in page.splitlines() if line.startswith(("ask ", "ping "))}
    assert "base 1 → 3" in row["ask"]
    assert "autoscaling" not in row["ping"]
    assert page.count("base 1 → 3") == 2, "in the row and in a sentence below"
    assert word in page.split("base.asked-of-running", 1)[1], "among the assumptions of --why"
    (one,) = plain_data(result)["starting"]
    assert one["running"]["value"] == 1
    assert one["asked"]["method"] == "approximation"
    without = plain(explain(failover_document(killed("3"), say), say, {}))
    assert word not in without


def test_the_simulation_shows_what_is_not_counted() -> None:
    """Worked out nothing fails; simulated, a good part does while one replica runs, and next to nothing where three always run."""
    shares = []
    for replicas in ("{min: 1, max: 8, target: 50%}", "5"):
        one = design(SHOP.format(replicas=replicas, rate=150))
        result = one.failover(["store"], lasts="10s")
        assert result.flows[0].failed_requests.value == 0
        found = one.simulate_outage(result, one.prepare_outage(result, 1, 1))
        (failed,) = [row.measured.value for row in found.rows if row.about == "ask" and row.metric == "failed" and row.measured] or [0.0]
        shares.append(failed)
    assert shares[0] > 0.2
    assert shares[1] < 0.05


def test_the_shipped_shop_says_so() -> None:
    result = sysdesign_cli.load("ecommerce").failover(["catalogue-cache"], lasts="1min")
    assert [one.service for one in result.starting] == ["catalogue", "recommendation"]
