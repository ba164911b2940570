"""What holds for every system: nothing is lost or made in counting, the same seed gives the same, and Little is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.fault import Fault
from sysdesign_cli.engine.simulation.run import CALL_FIELDS, FLOW_FIELDS, SERVICE_FIELDS
from tests.engine.simulation.lab import Lab, fast, same
from tests.engine.simulation.random_runs import DRAIN_S, LOAD_S, Case, cases

WAYS_OUT = ("DONE", "TOO_OLD", "OVERFLOWED", "PARKED", "DROPPED", "UNSENT", "VANISHED", "LENGTH", "IN_WORK", "COMING")


def check_counts(lab: Lab) -> None:
    """Every request and every message is at one place at any time."""
    for number, sample in enumerate(lab.samples):
        for name in lab.flow_rows:
            count = {field: lab.flow(field, name, number) for field in FLOW_FIELDS}
            assert count["ARRIVED"] == count["ANSWERED"] + count["FAILED"] + count["LOST"] + count["ELSEWHERE"] + count["DUE"]
            answered = count["ANSWERED"] - count["COMPLETED"] - count["SPOILT"] - count["PARKED"]
            assert answered >= 0
            assert count["OPEN"] == count["DUE"] + answered + count["FAILED"] - count["UNFINISHED"]
            assert count["DEGRADED"] <= count["ANSWERED"]
        stored: dict[str, float] = {}
        for key in lab.topic_rows:
            event = lab.system.handlers[lab.system.index[key]].event
            assert event is not None
            broker = lab.system.services[lab.system.broker_of(event)].name
            left = lab.topic(key, "PUBLISHED", number) - sum(lab.topic(key, field, number) for field in WAYS_OUT)
            stored[broker] = stored.get(broker, 0.0) + left
        for broker, left in stored.items():
            assert left == lab.service(broker, "STORED", number)
        # a number below zero would be one of four thousand millions here
        assert ((sample.flows[:, : len(FLOW_FIELDS)] >= 0) & (sample.flows[:, : len(FLOW_FIELDS)] < 1e7)).all()
        assert ((sample.services[:, : len(SERVICE_FIELDS)] >= 0) & (sample.services[:, : len(SERVICE_FIELDS)] < 1e7)).all()
        assert ((sample.subscriptions >= 0) & (sample.subscriptions < 1e7)).all()
        assert ((sample.calls[:, : len(CALL_FIELDS)] >= 0) & (sample.calls[:, : len(CALL_FIELDS)] < 1e7)).all()


def check_drained(lab: Lab) -> None:
    """Nothing is left inside, and every record is free again."""
    assert lab.outcome.stopped == ""
    for name in lab.flow_rows:
        assert lab.flow("OPEN", name) == 0
    for service in lab.system.services:
        for field in ("QUEUED", "BUSY", "COMPUTING", "STORED"):
            assert lab.service(service.name, field) == 0
    for key in lab.topic_rows:
        assert lab.topic(key, "LENGTH") + lab.topic(key, "IN_WORK") + lab.topic(key, "COMING") == 0
    assert lab.records_in_use() == 0
    look, program = lab.run.machine.look, lab.run.machine.program
    for row, _, _ in program.calls:
        assert look[row + at.C_HEAD] == 0
        assert look[row + at.C_TAIL] == 0


@settings(max_examples=60)
@given(cases())
def test_nothing_gets_lost_in_counting_and_everything_ends(case: Case) -> None:
    lab = case.run(LOAD_S + DRAIN_S, mode=fast(), bins=101)
    check_counts(lab)
    check_drained(lab)


@settings(max_examples=25)
@given(cases(cycles=True))
def test_nothing_gets_lost_in_counting_where_things_go_in_circles(case: Case) -> None:
    check_counts(case.run(LOAD_S, mode=fast(), bins=12))


@settings(max_examples=25)
@given(cases(cycles=True))
def test_plain_and_fast_are_the_same_to_the_last_bit(case: Case) -> None:
    assert same(case.run(bins=3).outcome, case.run(bins=3, mode=fast()).outcome)


@settings(max_examples=10)
@given(cases())
def test_the_same_seed_gives_the_same_and_another_does_not(case: Case) -> None:
    one = case.run(mode=fast())
    assert same(one.outcome, case.run(mode=fast()).outcome)
    other = case.run(mode=fast(), seed=case.seed + 1)
    assert one.flow("ARRIVED") < 5 or not same(one.outcome, other.outcome)


@settings(max_examples=25)
@given(cases(), st.integers(2, 23))
def test_bins_do_not_change_what_happens(case: Case, bins: int) -> None:
    """A run in two halves, or in any parts, is the same run: all counts at the end, and all times together."""
    one, cut = case.run(mode=fast()), case.run(mode=fast(), bins=bins)
    assert one.outcome.events == cut.outcome.events
    for table in ("flows", "services", "subscriptions", "calls"):
        assert (getattr(one.last, table) == getattr(cut.last, table)).all()
    for name in one.flow_rows:
        assert one.histogram(name) == cut.histogram(name)
        assert one.histogram(name, completion=True) == cut.histogram(name, completion=True)


@settings(max_examples=15)
@given(cases())
def test_a_longer_run_begins_as_a_shorter_one(case: Case) -> None:
    half, whole = case.run(LOAD_S / 2, mode=fast()), case.run(LOAD_S, mode=fast(), bins=2)
    for table in ("flows", "services", "subscriptions", "calls"):
        assert (getattr(half.last, table) == getattr(whole.samples[1], table)).all()


@settings(max_examples=15)
@given(cases())
def test_faults_that_last_no_time_change_nothing(case: Case) -> None:
    none = tuple(replace(fault, end=fault.start) for fault in case.faults)
    assert same(case.run(mode=fast(), faults=none).outcome, case.run(mode=fast(), faults=()).outcome)


@settings(max_examples=25)
@given(cases(faulty=False))
def test_little_holds_in_every_run(case: Case) -> None:
    """Once all is over, the area under those inside is the sum of the times of those who were, at every queue and of every flow."""
    lab = case.run(LOAD_S + DRAIN_S, mode=fast())
    for name in lab.flow_rows:
        area, total = lab.flow("AREA", name), lab.flow("ANSWER_SUM", name)
        if lab.flow("ANSWERED", name) == lab.flow("ARRIVED", name):
            assert area == pytest.approx(total, rel=1e-6, abs=1e-6)
        else:  # those who failed were inside too
            assert area >= total - 1e-6
    subscribers = {key.partition(".")[0] for key in lab.topic_rows}
    for service in lab.system.services:
        if service.name not in subscribers:
            assert lab.service(service.name, "QUEUE_AREA") == pytest.approx(lab.service(service.name, "WAITED"), rel=1e-6, abs=1e-6)


def test_little_holds_in_the_middle_of_a_run() -> None:
    """M/M/1 and M/M/4 in a row, cut off: area = times of those answered + times so far of those who are still inside."""
    text = """
    services:
      a: {concurrency: 1, blocking: false, handles: {go: {takes: 10ms, calls: b.x}}}
      b: {concurrency: 4, handles: {x: {takes: 40ms}}}
    flows: {f: {starts: a.go}}
    """
    lab = Lab(text, {"f": 90.0}, 50, mode=fast())
    look, x = lab.run.machine.look, lab.run.machine.x
    row = lab.run.program.flows["f"]
    inside = [j for j in lab.run.machine.records if look[j + at.FLOW] == row]
    assert len(inside) == lab.flow("DUE") > 3
    so_far = sum(50.0 - float(x[(j // 2) + at.ENTERED]) for j in inside)
    area = lab.flow("AREA") + lab.flow("DUE") * 50.0
    assert area == pytest.approx(lab.flow("ANSWER_SUM") + so_far, rel=1e-9)


@pytest.mark.parametrize("queue", ["shared", "random", "round-robin", "least-connections"])
def test_busy_time_is_the_work_done(queue: str) -> None:
    """The utilisation law, exactly: every request works 10 ms here, and nobody is left at the end."""
    text = f"services: {{s: {{replicas: 3, concurrency: 2, queue: {queue}, handles: {{go: {{takes: {{mean: 10ms, cv: 0}}}}}}}}}}\nflows: {{f: {{starts: s.go}}}}"
    lab = Lab(text, {"f": ((0.0, 400.0, 20.0, 400.0),)}, 60, mode=fast())
    assert lab.service("s", "ENDED") == lab.flow("ARRIVED") > 7000
    assert lab.service("s", "BUSY_AREA") == pytest.approx(0.01 * lab.service("s", "ENDED"), rel=1e-9)


@settings(max_examples=30)
@given(
    st.integers(0, 10_000),
    st.integers(1, 5),
    st.sampled_from([0, 0.5, 1, 3]),
    st.lists(st.tuples(st.floats(0.1, 10), st.floats(0, 120)), min_size=1, max_size=4),
)
def test_another_server_never_makes_anybody_wait_longer(seed: int, servers: int, cv: float, parts: list[tuple[float, float]]) -> None:
    """Requests come at the same times and need the same work, in the same order: one more server cannot hurt (first come, first served)."""

    def lab(count: int) -> Lab:
        text = f"services: {{s: {{concurrency: {count}, handles: {{go: {{takes: {{mean: 100ms, cv: {cv}}}}}}}}}}}\nflows: {{f: {{starts: s.go}}}}"
        pieces: list[tuple[float, float, float, float]] = []
        for length, rate in parts:
            start = pieces[-1][2] if pieces else 0.0
            pieces.append((start, rate, start + length, rate))
        return Lab(text, {"f": pieces}, pieces[-1][2] + 300, seed=seed, mode=fast())

    few, more = lab(servers), lab(servers + 1)
    assert few.flow("ANSWERED") == more.flow("ANSWERED") == few.flow("ARRIVED")
    assert more.service("s", "WAITED") <= few.service("s", "WAITED") + 1e-9
    for share in (0.5, 0.9, 0.99):
        if few.histogram():
            assert more.percentile(share) <= few.percentile(share) * 1.004


def lab_with_every_fault(**options: Any) -> Lab:
    text = """
    services:
      front: {kind: gateway, replicas: 3, handles: {go: {takes: 1ms, calls: {to: mid.x, timeout: 200ms, retries: 2, backoff: 5ms, circuit_breaker: true, fallback: spare.x}, publishes: E, publish_mode: outbox}}}
      mid: {replicas: 4, concurrency: 4, cores: 1, queue: least-connections, handles: {x: {takes: 3ms, calls: {to: back.x, retries: 1, retry_budget: 20%}}}}
      back: {replicas: 2, concurrency: 8, queue: shared, handles: {x: {takes: {mean: 10ms, cv: 2}}}}
      spare: {handles: {x: {takes: 1ms}}}
      work: {replicas: 2, concurrency: 2, handles: {E: {takes: 8ms}}}
      bus: {kind: broker}
    events: {E: {deliveries: 3, redelivery_delay: 50ms, partitions: 3}}
    flows: {f: {starts: front.go, completed: work.E}}
    """
    faults = [
        Fault("kill", "back", 5, 8),
        Fault("kill", "mid/1", 10, 15),
        Fault("slow", "back", 18, 22, 5.0),
        Fault("loss", "mid", 25, 28, 0.3),
        Fault("kill", "bus", 30, 33),
        Fault("kill", "work", 31, 36),
        Fault("kill", "front/2", 38, 40),
        Fault("kill", "front", 40, 41),
    ]
    return Lab(text, {"f": ((0.0, 180.0, 45.0, 180.0),)}, 120, faults=faults, bins=24, **options)


def test_one_system_with_every_fault() -> None:
    plain, quick = lab_with_every_fault(), lab_with_every_fault(mode=fast())
    assert same(plain.outcome, quick.outcome)
    check_counts(quick)
    check_drained(quick)
    assert quick.flow("DEGRADED") > 100
    assert quick.call("front.go", "mid.x", "OPENED") > 0
    assert sum(quick.service(service.name, "CRASHED") for service in quick.system.services) > 0
    assert quick.flow("COMPLETED") == quick.flow("ANSWERED")  # an outbox, and messages that are kept: all completed in the end
