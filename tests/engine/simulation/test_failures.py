"""What goes wrong: outages, retries, breakers, brokers that are away, messages that nobody takes."""

from __future__ import annotations

import pytest

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.fault import Fault
from tests.engine.simulation.lab import Lab, fast, poisson_between


def kill(target: str, start: float, end: float) -> Fault:
    return Fault("kill", target, start, end)


# --- outages ---------------------------------------------------------------------------------------------------------------


def test_an_outage_is_a_fluid() -> None:
    """10,000/s, away for 20 s, then worked off at 20,000/s: a backlog of 200,000, gone after another 20 s. Both within 1 %.

    The counts of a Poisson process leave 0.2 % and 0.3 % (one standard deviation). Who came first was the latest: by 20 s.
    """
    text = """
    services:
      p: {kind: gateway, handles: {go: {takes: 0s, publishes: E, publish_mode: best-effort}}}
      c: {concurrency: 200, handles: {E: {takes: {mean: 10ms, cv: 0}}}}
      bus: {kind: broker}
    events: {E: {lag: 0s}}
    flows: {f: {starts: p.go, completed: c.E}}
    """
    lab = Lab(text, {"f": 10_000.0}, 60, faults=[kill("c", 5, 25)], bins=600, mode=fast())
    backlog = {round(sample.time_s, 1): lab.topic("c.E", "LENGTH", number) for number, sample in enumerate(lab.samples)}
    assert max(backlog.values()) == backlog[25.0] == pytest.approx(200_000, rel=0.01)
    drained = min(time for time, waiting in backlog.items() if time > 25 and waiting < 200)
    assert drained - 25 == pytest.approx(20, rel=0.01)
    assert lab.percentile(1.0, completion=True) == pytest.approx(20, rel=0.01)
    assert lab.flow("COMPLETED") == lab.flow("ANSWERED") - lab.flow("OPEN")


def test_what_is_in_work_dies_and_comes_again_where_a_broker_keeps_it() -> None:
    """20 workers are busy half the time: what dies is worked on once more, and everything is done in the end."""
    text = """
    services:
      p: {kind: gateway, handles: {go: {takes: 0s, publishes: E}}}
      c: {concurrency: 20, handles: {E: {takes: {mean: 100ms, cv: 0}}}}
      bus: {kind: broker}
    events: {E: {}}
    flows: {f: {starts: p.go, completed: c.E}}
    """
    lab = Lab(text, {"f": ((0.0, 100.0, 20.0, 100.0),)}, 60, faults=[kill("c", 10, 12)])
    assert lab.topic("c.E", "REDELIVERED") == lab.service("c", "CRASHED") > 2
    assert lab.topic("c.E", "DONE") == lab.flow("COMPLETED") == lab.flow("ARRIVED")
    assert lab.service("c", "ENDED") == lab.flow("ARRIVED")


ONE_REPLICA = """
services:
  g: {SERVICE, handles: {go: {takes: {mean: 20ms, cv: 0}, calls: d.x}}}
  d: {concurrency: 10000, handles: {x: {takes: {mean: 1s, cv: 0}}}}
flows: {f: {starts: g.go}}
"""


@pytest.mark.parametrize("blocking", ["true", "false"])
@pytest.mark.parametrize("queue", ["shared", "random", "round-robin", "least-connections"])
def test_one_replica_of_four_takes_a_quarter_with_it(blocking: str, queue: str) -> None:
    """Of about 400 inside 100 die, within four standard deviations of a binomial count; the others get their answer."""
    text = ONE_REPLICA.replace("SERVICE", f"replicas: 4, concurrency: 1000, queue: {queue}, blocking: {blocking}")
    lab = Lab(text, {"f": ((0.0, 400.0, 20.0, 400.0),)}, 30, faults=[kill("g/2", 10, 12)], bins=30)
    inside = lab.flow("OPEN", sample=10)
    low, high = poisson_between(inside / 4)
    assert low < lab.flow("FAILED") < high
    assert lab.flow("ANSWERED") + lab.flow("FAILED") == lab.flow("ARRIVED")
    assert lab.service("g", "RUNNING", 11) == 3
    assert lab.service("g", "RUNNING", 13) == 4


def test_cores_of_a_replica_that_died_come_back() -> None:
    """Four replicas with a core each can do 40/s, and 30/s come: after a kill and a repair all of them are answered again."""
    text = """
    services:
      s: {replicas: 4, concurrency: 8, cores: 1, queue: shared, handles: {go: {takes: {mean: 100ms, cv: 0}, calls: d.x}}}
      d: {concurrency: 1000, handles: {x: {takes: 10ms}}}
    flows: {f: {starts: s.go}}
    """
    faults = [kill("s/1", 20, 25), kill("s/2", 40, 42), kill("s/3", 60, 63)]
    lab = Lab(text, {"f": ((0.0, 30.0, 100.0, 30.0),)}, 140, faults=faults, bins=140)
    assert sum(lab.per_s("ANSWERED")[80:100]) / 20 == pytest.approx(30, rel=0.15)
    assert lab.flow("OPEN") == 0
    assert lab.service("s", "COMPUTING") == 0
    assert lab.service("s", "CORE_AREA") == pytest.approx(0.1 * lab.flow("ANSWERED"), rel=0.02)


def test_calls_within_a_service_die_with_it() -> None:
    """A service that calls itself, and does several things at once, is killed again and again: nothing is left of it afterwards."""
    text = """
    services:
      s: {concurrency: 100, handles: {go: {takes: 1ms, calls: [[{to: d.x, count: 2, fallback: d.y}, d.y]]}, h: {takes: 1ms, calls: {to: s.i, timeout: 80ms}}, i: {takes: 50ms}}}
      d: {concurrency: 1000, handles: {x: {takes: 100ms}, y: {takes: 50ms}}}
    flows: {f: {starts: s.go}, g: {starts: s.h}}
    """
    load = dict.fromkeys(("f", "g"), ((0.0, 150.0, 20.0, 150.0),))
    lab = Lab(text, load, 40, faults=[kill("s", t, t + 0.1) for t in range(1, 19)])
    assert lab.service("s", "CRASHED") > 200
    for name in load:
        assert lab.flow("ARRIVED", name) == lab.flow("ANSWERED", name) + lab.flow("FAILED", name)
    assert lab.records_in_use() == 0


def test_a_slow_service_is_slow_for_a_while() -> None:
    text = "services: {s: {concurrency: 1000, handles: {go: {takes: {mean: 100ms, cv: 0}}}}}\nflows: {f: {starts: s.go}}"
    lab = Lab(text, {"f": 50.0}, 30, faults=[Fault("slow", "s", 10, 20, 5.0)], bins=30)
    mean = [
        (lab.flow("ANSWER_SUM", sample=b + 1) - lab.flow("ANSWER_SUM", sample=b))
        / (lab.flow("ANSWERED", sample=b + 1) - lab.flow("ANSWERED", sample=b))
        for b in range(30)
    ]
    assert mean[5] == pytest.approx(0.1)
    assert mean[25] == pytest.approx(0.1)
    assert mean[15] == pytest.approx(0.5)


def test_a_network_that_loses_requests() -> None:
    """30 % of 5,000 calls are lost, within four standard deviations (130); a caller with a clock waits for it, one without learns it at once."""
    text = """
    services:
      a: {concurrency: 1000, handles: {go: {takes: 0s, calls: CALL}}}
      d: {concurrency: 1000, handles: {x: {takes: 0s}}}
    flows: {f: {starts: a.go}}
    """
    fault = [Fault("loss", "d", 0.0, 100.0, 0.3)]
    bare = Lab(text.replace("CALL", "d.x"), {"f": 50.0}, 100, faults=fault)
    assert abs(bare.flow("FAILED") - 0.3 * bare.flow("ARRIVED")) < 130
    timed = Lab(text.replace("CALL", "{to: d.x, timeout: 500ms, retries: 8}"), {"f": ((0.0, 50.0, 90.0, 50.0),)}, 100, faults=fault)
    assert timed.flow("FAILED") <= 3  # 0.3 ** 9 of 4,500
    assert timed.mean_answer() == pytest.approx(0.5 * 0.3 / 0.7 + 0.0005, rel=0.1)
    assert timed.call("a.go", "d.x", "TIMEOUTS") == timed.call("a.go", "d.x", "RETRIED") + timed.flow("FAILED")


# --- timeouts, retries, breakers ---------------------------------------------------------------------------------------------


def test_work_behind_a_timeout_goes_on() -> None:
    text = """
    services:
      a: {concurrency: 1000, handles: {go: {takes: 0s, calls: {to: d.x, timeout: 100ms, optional: nothing}}}}
      d: {concurrency: 1000, round_trip: 0s, handles: {x: {takes: {mean: 1s, cv: 0}, calls: e.y}}}
      e: {concurrency: 1000, handles: {y: {takes: 10ms}}}
    flows: {f: {starts: a.go}}
    """
    lab = Lab(text, {"f": ((0.0, 50.0, 20.0, 50.0),)}, 30)
    assert lab.call("a.go", "d.x", "TIMEOUTS") == lab.flow("ARRIVED") > 900
    assert lab.service("d", "ENDED") == lab.service("e", "ENDED") == lab.flow("ARRIVED")
    assert lab.flow("DEGRADED") == lab.flow("ANSWERED") == lab.flow("ARRIVED")
    assert lab.percentile(0.01) == pytest.approx(0.1, rel=0.004)
    assert lab.percentile(1.0) == pytest.approx(0.1, rel=0.004)


def test_timeouts_that_ring_at_the_same_moment() -> None:
    """Work that never varies lets 500 callers go in step; all their calls time out at once, and none is forgotten."""
    text = """
    services:
      s: {replicas: 5, concurrency: 100, queue: shared, handles: {go: {takes: {mean: 1s, cv: 0}, calls: {to: d.x, timeout: 200ms, retries: 2}}}}
      d: {replicas: 3, concurrency: 10000, queue: random, handles: {x: {takes: {mean: 10s, cv: 0}}}}
    flows: {f: {starts: s.go}}
    """
    lab = Lab(text, {"f": ((0.0, 1000.0, 5.0, 1000.0),)}, 60, faults=[kill("s", 0.0, 1.0)])
    begun = lab.service("s", "ENDED")
    assert lab.call("s.go", "d.x", "TIMEOUTS") == lab.call("s.go", "d.x", "CALLS") == 3 * begun
    assert lab.call("s.go", "d.x", "RETRIED") == 2 * begun
    assert lab.flow("FAILED") == lab.flow("ARRIVED")
    assert lab.records_in_use() == 0


STORM = """
services:
  a: {kind: gateway, concurrency: 100000, handles: {go: {takes: 0s, calls: {to: d.x, timeout: 100ms, retries: 3 BUDGET}}}}
  d: {concurrency: 10, queue: shared, handles: {x: {takes: {mean: 10ms, cv: 0.5}}}}
flows: {f: {starts: a.go}}
"""


@pytest.mark.parametrize("trigger", [Fault("slow", "d", 20, 30, 3.0), Fault("loss", "d", 20, 30, 1.0)], ids=["slow", "loss"])
def test_naive_retries_make_a_short_fault_last(trigger: Fault) -> None:
    """600/s of a capacity of 1,000/s; ten seconds of trouble. With three retries 2,400/s come back, so it never gets better.

    A metastable failure (Bronson et al., HotOS 2021): after the trigger is gone goodput stays below 5 % for a minute. With retries
    held to 10 % of calls no more than 660/s come, and the backlog is worked off: from 20 s after the trigger all is well.
    """
    naive = Lab(STORM.replace("BUDGET", ""), {"f": 600.0}, 90, faults=[trigger], bins=90, mode=fast())
    budget = Lab(STORM.replace("BUDGET", ", retry_budget: 10%"), {"f": 600.0}, 90, faults=[trigger], bins=90, mode=fast())
    calm = Lab(STORM.replace("BUDGET", ""), {"f": 600.0}, 90, bins=90, mode=fast())
    assert min(calm.per_s("ANSWERED")) > 500
    assert max(naive.per_s("ANSWERED")[32:]) < 30
    assert min(budget.per_s("ANSWERED")[50:]) > 500
    assert sum(budget.per_s("FAILED")[50:]) == 0


def test_a_retry_budget_is_kept() -> None:
    """Everything fails: no more retries than a fifth of the first calls, and the ten that may be saved up."""
    text = STORM.replace("BUDGET", ", retry_budget: 20%")
    lab = Lab(text, {"f": 200.0}, 60, faults=[kill("d", 5, 59)])
    first = lab.call("a.go", "d.x", "CALLS") - lab.call("a.go", "d.x", "RETRIED")
    assert first == pytest.approx(lab.flow("ARRIVED"), abs=100)
    assert 0.18 * 54 * 200 < lab.call("a.go", "d.x", "RETRIED") <= 0.2 * first + 10
    assert lab.call("a.go", "d.x", "DENIED") > 5000


BREAKER = """
services:
  a: {concurrency: 1000, handles: {go: {takes: 0s, calls: {to: d.x, circuit_breaker: true, EXTRA}}}}
  d: {concurrency: 1000, handles: {x: {takes: 1ms}}}
  spare: {concurrency: 1000, handles: {x: {takes: 1ms}}}
flows: {f: {starts: a.go}}
"""


def test_a_circuit_breaker_opens_tries_and_closes() -> None:
    """It opens after a window of failures, lets one call through every 5 s, and closes at the first that succeeds."""
    lab = Lab(BREAKER.replace("EXTRA", "timeout: 100ms"), {"f": 100.0}, 60, faults=[kill("d", 10, 32)], bins=60)

    def sent(second: int) -> float:
        """Calls that were really made up to a second."""
        return lab.call("a.go", "d.x", "CALLS", second) - lab.call("a.go", "d.x", "REFUSED", second)

    assert lab.call("a.go", "d.x", "OPENED") == 1
    assert 3 <= sent(30) - sent(12) <= 4
    assert lab.call("a.go", "d.x", "REFUSED") > 1900
    assert sent(60) - sent(40) == lab.call("a.go", "d.x", "CALLS", 60) - lab.call("a.go", "d.x", "CALLS", 40) > 1500
    closed_at = next(second for second in range(32, 60) if lab.per_s("FAILED")[second] == 0)
    assert closed_at - 32 <= 6


def test_what_a_breaker_refuses_goes_to_the_fallback() -> None:
    """Also under a timeout: each request has one answer from one of the two, and no clock of the other call rings for it."""
    lab = Lab(
        BREAKER.replace("EXTRA", "timeout: 100ms, fallback: spare.x"), {"f": ((0.0, 100.0, 50.0, 100.0),)}, 60, faults=[kill("d", 10, 32)]
    )
    assert lab.flow("ANSWERED") == lab.flow("ARRIVED")
    assert lab.flow("DEGRADED") == lab.service("spare", "ENDED") == lab.call("a.go", "d.x", "INSTEAD") > 1900
    assert lab.call("a.go", "spare.x", "CALLS") == lab.service("spare", "ENDED")
    assert lab.service("d", "ENDED") + lab.service("spare", "ENDED") == lab.flow("ARRIVED")
    assert lab.records_in_use() == 0


@pytest.mark.parametrize("offset", [0.25 * step for step in range(16)])
def test_a_breaker_does_not_wait_for_a_trial_whose_caller_died(offset: float) -> None:
    """The caller is killed at all moments around the trial: once it and the called service are well, calls are made again."""
    text = BREAKER.replace("takes: 1ms", "takes: {mean: 1s, cv: 0}").replace("EXTRA", "timeout: 3s")
    lab = Lab(text, {"f": 50.0}, 40, faults=[kill("d", 1, 8), kill("a", 7 + offset, 7.1 + offset)], bins=40)
    assert lab.per_s("ANSWERED")[-1] > 20


def test_optional_calls_and_fallbacks_degrade() -> None:
    text = """
    services:
      a: {concurrency: 1000, handles: {go: {takes: 0s, calls: [{to: d.x, optional: nothing}, {to: e.x, fallback: spare.x}]}}}
      d: {handles: {x: {takes: 1ms}}}
      e: {handles: {x: {takes: 1ms}}}
      spare: {handles: {x: {takes: 1ms}}}
    flows: {f: {starts: a.go}}
    """
    lab = Lab(text, {"f": 100.0}, 40, faults=[kill("d", 10, 20), kill("e", 15, 30), kill("spare", 25, 30)], bins=8)
    arrived = [lab.per_s("ARRIVED")[b] for b in range(8)]
    for b, (degraded, failed) in enumerate([(0, 0), (0, 0), (1, 0), (1, 0), (1, 0), (0, 1), (0, 0), (0, 0)]):
        assert lab.per_s("DEGRADED")[b] == pytest.approx(degraded * arrived[b], abs=1)
        assert lab.per_s("FAILED")[b] == pytest.approx(failed * arrived[b], abs=1)


# --- brokers -----------------------------------------------------------------------------------------------------------------


def published(mode: str, event: str = "", consumer: str = "", publisher: str = "", target: str = "") -> str:
    return f"""
    services:
      p: {{kind: gateway, handles: {{go: {{takes: 0s, publishes: E, publish_mode: {mode}}}}}{publisher}}}
      c: {{concurrency: 50, handles: {{E: {{takes: {{mean: 10ms, cv: 0}}{target}}}}}{consumer}}}
      d: {{concurrency: 1000, handles: {{x: {{takes: 1ms}}}}}}
      bus: {{kind: broker}}
    events: {{E: {{lag: 5ms, {event}}}}}
    flows: {{f: {{starts: p.go, completed: c.E}}}}
    """


def away(mode: str) -> Lab:
    return Lab(published(mode), {"f": ((0.0, 50.0, 30.0, 50.0),)}, 40, faults=[kill("bus", 10, 20)], bins=40)


def test_a_dead_broker_fails_who_publishes_within_the_request() -> None:
    lab = away("in-path")
    low, high = poisson_between(500)
    assert low < lab.flow("FAILED") == lab.service("p", "FAILED") < high
    assert lab.flow("COMPLETED") == lab.flow("ANSWERED") == lab.flow("ARRIVED") - lab.flow("FAILED")
    assert lab.topic("c.E", "PUBLISHED") == lab.flow("ANSWERED")


def test_a_dead_broker_delays_what_an_outbox_keeps() -> None:
    lab = away("outbox")
    low, high = poisson_between(450)
    assert low < lab.service("bus", "STORED", 19) < high
    assert lab.service("bus", "STORED", 21) == 0
    assert lab.flow("COMPLETED") == lab.flow("ARRIVED")
    assert lab.percentile(1.0, completion=True) == pytest.approx(10, rel=0.05)


def test_a_dead_broker_loses_what_is_published_at_best_effort() -> None:
    lab = away("best-effort")
    low, high = poisson_between(500)
    assert low < lab.topic("c.E", "UNSENT") == lab.flow("SPOILT") < high
    assert lab.flow("ANSWERED") == lab.flow("ARRIVED")
    assert lab.flow("COMPLETED") == lab.flow("ARRIVED") - lab.flow("SPOILT")


@pytest.mark.parametrize(("letters", "field", "flow"), [("true", "PARKED", "PARKED"), ("false", "DROPPED", "SPOILT")])
def test_messages_are_tried_so_often_and_then_given_up(letters: str, field: str, flow: str) -> None:
    """Three tries 2 s apart. What comes until 4 s before the end of the outage is given up; the rest is done."""
    text = published("in-path", f"deliveries: 3, redelivery_delay: 2s, dead_letters: {letters}", target=", calls: d.x")
    lab = Lab(text, {"f": ((0.0, 50.0, 40.0, 50.0),)}, 60, faults=[kill("d", 10, 30)], bins=60)
    low, high = poisson_between(50 * (30 - 10 - 4))
    assert low < lab.topic("c.E", field) == lab.flow(flow) < high
    assert lab.topic("c.E", "REDELIVERED") >= 2 * lab.topic("c.E", field)
    assert lab.topic("c.E", "DONE") == lab.topic("c.E", "PUBLISHED") - lab.topic("c.E", field)
    assert lab.topic("c.E", field, 13) == 0  # the third try of the first is 4 s after its first


def test_messages_older_than_the_retention_are_lost() -> None:
    """Away for 20 s, kept for 5: those of the first 15 s are lost."""
    lab = Lab(published("in-path", "retention: 5s"), {"f": ((0.0, 50.0, 40.0, 50.0),)}, 50, faults=[kill("c", 10, 30)], bins=50)
    low, high = poisson_between(50 * 15)
    assert low < lab.topic("c.E", "TOO_OLD") == lab.flow("SPOILT") < high
    assert lab.topic("c.E", "DONE") == lab.topic("c.E", "PUBLISHED") - lab.topic("c.E", "TOO_OLD")
    assert max(lab.topic("c.E", "LENGTH", second) for second in range(10, 31)) < 50 * 7.5


def test_a_full_queue_loses_its_oldest() -> None:
    lab = Lab(published("in-path", "queue_limit: 100"), {"f": ((0.0, 50.0, 40.0, 50.0),)}, 50, faults=[kill("c", 10, 30)], bins=50)
    low, high = poisson_between(50 * 20 - 100)
    assert low < lab.topic("c.E", "OVERFLOWED") == lab.flow("SPOILT") < high
    assert lab.topic("c.E", "LENGTH", 29) == 100
    assert lab.percentile(1.0, completion=True) == pytest.approx(2, rel=0.5)  # the hundred last, so none older than about 2 s


@pytest.mark.parametrize("event", ["delivery: at-most-once", "durable: false"])
def test_messages_nobody_keeps_vanish_with_their_subscriber(event: str) -> None:
    lab = Lab(published("in-path", event), {"f": ((0.0, 50.0, 40.0, 50.0),)}, 50, faults=[kill("c", 10, 30)])
    low, high = poisson_between(50 * 20)
    assert low < lab.topic("c.E", "VANISHED") == lab.flow("SPOILT") < high
    assert lab.topic("c.E", "REDELIVERED") == 0


def test_at_most_once_is_not_tried_again() -> None:
    text = published("in-path", "delivery: at-most-once, deliveries: 5, dead_letters: true", target=", calls: d.x")
    lab = Lab(text, {"f": ((0.0, 50.0, 40.0, 50.0),)}, 50, faults=[kill("d", 10, 20)])
    low, high = poisson_between(500)
    assert low < lab.topic("c.E", "DROPPED") == lab.flow("SPOILT") < high
    assert lab.topic("c.E", "REDELIVERED") == lab.topic("c.E", "PARKED") == 0


@pytest.mark.parametrize(
    "consumer", [", blocking: true", ", blocking: false", ", replicas: 4", ", replicas: 4, queue: shared, blocking: false"]
)
def test_partitions_limit_how_many_are_in_work(consumer: str) -> None:
    """Three at a time for 21 ms each (10 ms here, 10 ms there, a way of 1 ms): 143/s, however many workers there are."""
    text = published("in-path", "partitions: 3", consumer, target=", calls: e.x").replace(
        "      d:", "      e: {concurrency: 1000, round_trip: 1ms, handles: {x: {takes: {mean: 10ms, cv: 0}}}}\n      d:"
    )
    lab = Lab(text, {"f": ((0.0, 300.0, 20.0, 300.0),)}, 60, bins=240)
    in_work = [lab.topic("c.E", "IN_WORK", number) for number in range(1, 80)]
    assert max(in_work) == 3
    assert lab.topic("c.E", "DONE", 80) / 20 == pytest.approx(3 / 0.021, rel=0.01)
    assert lab.topic("c.E", "DONE") == lab.flow("ARRIVED")


def test_a_dead_worker_of_a_partition_lets_the_next_message_in() -> None:
    """One at a time, and the replica that has it dies: the backlog goes on with the others."""
    text = published("in-path", "partitions: 1", ", replicas: 2", target=", calls: d.x").replace("mean: 10ms", "mean: 50ms")
    lab = Lab(text, {"f": ((0.0, 30.0, 20.0, 30.0),)}, 90, faults=[kill(f"c/{r}", t, t + 1) for t in (4, 8, 12) for r in (1, 2)][::2])
    assert lab.topic("c.E", "DONE") == lab.flow("ARRIVED")


def test_messages_wait_for_their_broker() -> None:
    """Those that came to it while it was dead (on their way) are delivered when it is back; those at it stay in order."""
    text = published("outbox", "redelivery_delay: 100ms", target=", calls: d.x")
    lab = Lab(text, {"f": ((0.0, 200.0, 20.0, 200.0),)}, 60, faults=[kill("c", 3, 9), kill("bus", 5, 12), kill("d", 11.9, 12.3)])
    assert lab.topic("c.E", "DONE") == lab.flow("COMPLETED") == lab.flow("ARRIVED")
    assert lab.run.machine.look[lab.run.program.subscriptions[lab.system.index["c.E"]] + at.U_HEAD] == 0
