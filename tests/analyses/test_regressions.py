"""Cases that once went wrong, each with what is right worked out by hand."""

from __future__ import annotations

import csv
import io

import pytest

from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Cell, Column, Document, Table
from sysdesign_cli.views.failover_view import failover_document
from sysdesign_cli.views.formats import comma_separated, plain
from tests.helpers import design

TWO_EVENTS = """
    services:
      app: {handles: {Do: {publishes: [E, {event: Mail, mode: best-effort}], publish_mode: outbox}}}
      a: {handles: {E: {takes: 1ms, idempotent: true}}}
      m: {handles: {Mail: {takes: 1ms, idempotent: true}}}
      br: {kind: broker}
    events: {E: {}, Mail: {}}
    flows: {f: {starts: app.Do, completed: [COMPLETED], objectives: {complete_within: 1h, lose_at_most: 0}}}
    workloads: {w: {starts: {f: 50/s}}}
"""


def test_every_event_of_a_publisher_has_its_own_wait() -> None:
    result = design(TWO_EVENTS.replace("COMPLETED", "a.E, m.Mail")).failover(["br"], lasts=1800)
    assert {(w.event, w.waiting.value, w.lost.value) for w in result.waits} == {("E", 90_000.0, 0.0), ("Mail", 0.0, 90_000.0)}
    (flow,) = result.flows
    assert {o.objective: o.met for o in flow.objectives} == {"complete_within": False, "lose_at_most": False}


def test_what_a_flow_does_not_need_is_not_its_loss() -> None:
    (flow,) = design(TWO_EVENTS.replace("COMPLETED", "a.E")).failover(["br"], lasts=1800).flows
    assert flow.completion.worst == "delayed"
    assert {o.objective: o.met for o in flow.objectives}["lose_at_most"] is True


def test_each_flow_answers_for_its_own_messages() -> None:
    both = design("""
        services:
          app: {handles: {Buy: {publishes: [E], publish_mode: outbox}, Refund: {publishes: [E], publish_mode: outbox}}}
          a: {handles: {E: {takes: 1ms, idempotent: true}}}
          br: {kind: broker}
        events: {E: {retention: 10min}}
        flows:
          buy: {starts: app.Buy, completed: a.E, objectives: {lose_at_most: 0}}
          refund: {starts: app.Refund, completed: a.E, objectives: {lose_at_most: 0}}
        workloads: {w: {starts: {buy: 90/s, refund: 10/s}}}
    """).failover(["a"], lasts=1200)
    lost = {f.flow: next(o.computed.value for o in f.objectives if o.objective == "lose_at_most") for f in both.flows}
    assert lost == {"buy": pytest.approx(54_000), "refund": pytest.approx(6_000)}


def test_a_deadline_is_not_met_by_what_never_completes() -> None:
    system = design("""
        services:
          app: {handles: {Do: {publishes: [E], publish_mode: outbox}}}
          a: {concurrency: 1, handles: {E: {takes: 1s, idempotent: true}}}
          br: {kind: broker}
        events: {E: {}}
        flows: {f: {starts: app.Do, completed: a.E, objectives: {complete_within: 10d}}}
        workloads: {w: {starts: {f: 2/s}}}
    """)
    (flow,) = system.failover(["a"], lasts=600).flows
    assert [o.met for o in flow.objectives if o.objective == "complete_within"] == [False]


@pytest.mark.parametrize("soft", ["optional: not now", "fallback: other.Do"])
def test_an_effect_that_is_skipped_is_lost(soft: str) -> None:
    (flow,) = (
        design(f"""
        services:
          app: {{handles: {{Do: {{calls: {{to: pay.Charge, {soft}}}}}}}}}
          pay: {{handles: {{Charge: {{takes: 1ms}}}}}}
          other: {{handles: {{Do: {{takes: 1ms}}}}}}
        flows: {{f: {{starts: app.Do, completed: pay.Charge}}}}
        workloads: {{w: {{starts: {{f: 1/s}}}}}}
    """)
        .failover(["pay"])
        .flows
    )
    assert (flow.answer.worst, flow.completion.worst) == ("degraded", "lost")


def test_a_fallback_helps_a_call_through_a_cache() -> None:
    (flow,) = (
        design("""
        services:
          app: {handles: {Do: {calls: {to: cache.get, hit_ratio: 50%, on_miss: db.read, optional: old copy}}}}
          cache: {kind: cache}
          db: {kind: database}
        flows: {f: {starts: app.Do}}
        workloads: {w: {starts: {f: 1/s}}}
    """)
        .failover(["cache", "db"])
        .flows
    )
    assert flow.answer.worst == "degraded"


def test_only_what_was_published_waits_for_a_handler_that_is_also_called() -> None:
    (wait,) = (
        design("""
        services:
          app: {handles: {Call: {calls: {to: mail.E, optional: no}}, Publish: {publishes: [E], publish_mode: outbox}}}
          mail: {handles: {E: {takes: 1ms, idempotent: true}}}
          br: {kind: broker}
        events: {E: {}}
        flows: {call: {starts: app.Call}, publish: {starts: app.Publish, completed: mail.E}}
        workloads: {w: {starts: {call: 99/s, publish: 1/s}}}
    """)
        .failover(["mail"], lasts=900)
        .waits
    )
    assert wait.waiting.value == pytest.approx(900)


def test_explicit_zones_of_a_provider_count() -> None:
    result = design("""
        zones: [a, b]
        services:
          app: {replicas: 2, handles: {Do: {calls: s3}}}
          s3: {kind: external, zones: [a]}
        flows: {f: {starts: app.Do}}
        workloads: {w: {starts: {f: 1/s}}}
    """).failover([], ["a"])
    assert "s3" in result.blast.services["killed"]


@pytest.mark.parametrize("depth", [150, 1500])
def test_long_chains_are_cut_and_never_crash(depth: int) -> None:
    chain = "\n".join(
        f"          s{i}: {{handles: {{H: {{takes: 1ms{f', calls: s{i + 1}.H' if i < depth else ''}}}}}}}" for i in range(depth + 1)
    )
    deep = design(f"        services:\n{chain}\n        flows: {{f: {{starts: s0.H}}}}\n        workloads: {{w: {{starts: {{f: 1/s}}}}}}\n")
    result = deep.failover([f"s{depth}"])
    assert result.flows[0].answer.worst == "failed"
    assert "further" in plain(failover_document(result, Say("en")))
    assert deep.flow("f").depth.value == depth + 1


def test_overload_by_a_dead_cache_is_said() -> None:
    result = design("""
        services:
          app: {replicas: 10, handles: {Do: {calls: {to: cache.get, hit_ratio: 99%, on_miss: db.read}}}}
          cache: {kind: cache}
          db: {kind: database, concurrency: 10, handles: {read: {takes: 10ms}}}
        flows: {f: {starts: app.Do}}
        workloads: {w: {starts: {f: 5000/s}}}
    """).failover(["cache"])
    overload = next(step for step in result.cascade if step.service == "db")
    assert overload.step == 1
    assert overload.before.value == pytest.approx(5000 * 0.01 * 0.010 / 10)
    assert overload.busy.value == pytest.approx(5000 * 0.010 / 10)


def test_claims_try_every_kill_in_every_zone_named_and_judge_the_variant_loaded() -> None:
    text = """
        zones: [a, b]
        services:
          app: {replicas: 2, needs: 2, zones: [a, b], handles: {Do: {takes: 1ms}}}
          other: {replicas: 2, handles: {X: {takes: 1ms}}}
        flows: {f: {starts: app.Do}}
        workloads: {w: {starts: {f: 1/s}}}
        claims:
          both: {says: x, given: {kill: each, of: [other], zone: a}, expect: {flow: f, answer: ok}}
          scoped: {says: x, given: {kill: other}, expect: {metric: failed_share, flow: f, is: "<= 1%"}}
    """
    verdicts = {claim.id: claim.verdict for claim in design(text).verify().claims}
    assert verdicts == {"both": "does-not-hold", "scoped": "undecided"}


def test_csv_writes_what_spreadsheets_and_readers_survive() -> None:
    cells = (Cell("x", raw=float("inf")), Cell("y", raw=float("nan")), Cell("-2+3+cmd"), Cell("=1+1"), Cell("5", raw=5.0))
    table = Table(tuple(Column(name, name) for name in "abcde"), (cells,))
    rows = list(csv.reader(io.StringIO(comma_separated(Document([table])))))
    assert rows[1] == ["inf", "", "'-2+3+cmd", "'=1+1", "5"]


def test_whoever_comes_later_in_a_rush_waits_longer_than_the_first() -> None:
    """100/s for an hour on a subscriber of 50/s that is dead for its first ten minutes: at the end of the rush
    60,000 + 50/s x 3,000 s = 210,000 messages wait, so the last of them waits 4,200 s, not 600."""
    result = design("""
        services:
          app: {handles: {Do: {publishes: [Done], publish_mode: outbox}}}
          broker: {kind: broker}
          mailer: {concurrency: 1, handles: {Done: {takes: 20ms, idempotent: true}}}
        events: {Done: {}}
        flows: {f: {starts: app.Do, completed: mailer.Done, objectives: {complete_within: 30min}}}
        workloads: {w: {starts: {f: {peak: 100/s, base: 1/s, at: "10:00", for: 1h, ramp: 1s}}}}
    """).failover(["mailer"], lasts="10min")
    (flow,) = result.flows
    assert flow.late_by is not None
    assert flow.late_by.value == pytest.approx(4200, rel=0.002)
    assert [check.met for check in flow.objectives if check.objective == "complete_within"] == [False]
    assert result.already == ("mailer",)


def test_part_against_whole_is_sized_for_the_target_that_was_asked() -> None:
    text = """
        services:
          a: {concurrency: 1, round_trip: 0s, handles: {Do: {takes: 10ms}}}
          b: {concurrency: 1, round_trip: 0s, handles: {Do: {takes: 10ms}}}
        flows: {f: {starts: a.Do}, g: {starts: b.Do}}
        workloads: {quiet: {starts: {f: 90/s, g: 90/s}}, rush: {starts: {f: 900/s, g: 90/s}}}
    """
    part = design(text).capacity("90%", workload="rush").part
    assert part is not None
    assert (part.part.value, part.whole.value) == (10 + 1, 10 + 10)
