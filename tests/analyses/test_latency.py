"""Latency against queueing theory, against a simulation written here, and against laws that hold for every system."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.contributions import contributions
from sysdesign_cli.analyses.jams import Jam
from sysdesign_cli.analyses.latency import FlowLatency, Latencies
from sysdesign_cli.analyses.load import loaded
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.api import Design
from sysdesign_cli.engine.queueing import wait
from sysdesign_cli.scenario.problems import ScenarioError
from tests.analyses.random_calls import random_chain
from tests.helpers import design

Samples = npt.NDArray[np.float64]
BUNDLED = ("ecommerce", "ecommerce@synchronous", "grab", "netflix", "morprom", "morprom@monolith")


def only(made: Design, workload: str = "") -> FlowLatency:
    (flow,) = made.latency(workload=workload).flows
    return flow


def percentiles(flow: FlowLatency) -> list[float]:
    assert flow.answer is not None
    return [number.value for number in flow.answer.percentiles.values()]


# ------------------------------------------------------------------------------------------------------------ theory


def station(rate: str, service: str) -> Design:
    return design(f"""
        services: {{s: {{handles: {{go: {{takes: 1s}}}}, {service}}}}}
        flows: {{f: {{starts: s.go}}}}
        workloads: {{day: {{starts: {{f: {rate}}}}}}}
    """)


def test_one_server() -> None:
    """M/M/1 at 70 %: the time in the system is exponential with mean 1 / (mu - lambda). Within 0.1 %."""
    flow = only(station("0.7/s", "concurrency: 1"))
    assert flow.answer is not None
    assert flow.answer.mean.value == pytest.approx(1 / 0.3, rel=1e-3)
    assert percentiles(flow) == pytest.approx([2.310491, 9.985774, 15.350567], rel=1e-3)


def test_eight_servers_with_one_queue() -> None:
    """M/M/8 at 70 %: Erlang C. Within 0.1 %."""
    flow = only(station("5.6/s", "replicas: 8, concurrency: 1, queue: shared"))
    assert percentiles(flow) == pytest.approx([0.816862, 3.170530, 4.781682], rel=1e-3)


def test_the_same_load_split_at_random() -> None:
    """Eight M/M/1 at 70 %: a wait of 2.333 s, twenty times that of one queue for all. Within 0.1 %."""
    flow = only(station("5.6/s", "replicas: 8, concurrency: 1, queue: random"))
    assert flow.answer is not None
    assert flow.answer.mean.value == pytest.approx(1 + 7 / 3, rel=1e-3)


def test_service_times_that_never_vary() -> None:
    """M/D/1 at 70 % (Pollaczek and Khinchine): a mean wait of 1.166667 s. Within 0.1 %."""
    made = design("""
        services: {s: {concurrency: 1, handles: {go: {takes: {mean: 1s, cv: 0}}}}}
        flows: {f: {starts: s.go}}
        workloads: {day: {starts: {f: 0.7/s}}}
    """)
    answer = only(made).answer
    assert answer is not None
    assert answer.mean.value == pytest.approx(1 + 7 / 6, rel=1e-3)


def tandem(stages: int, by_event: bool) -> Design:
    """Stations one after the other, each with one server at 70 %: by calls that hold nobody's worker, or by events without lag."""
    lines = []
    for number in range(stages):
        handler = f"E{number}" if by_event and number else "go"
        follow = ""
        if number + 1 < stages:
            follow = f", publishes: [E{number + 1}], publish_mode: outbox" if by_event else f", calls: s{number + 1}.go"
        lines.append(
            f"  s{number}: {{concurrency: 1, blocking: false, round_trip: 0s, handles: {{{handler}: {{takes: 1s{follow}, idempotent: true}}}}}}"
        )
    text = "services:\n" + "\n".join(lines)
    if by_event:
        text += "\n  b: {kind: broker}\nevents: {" + ", ".join(f"E{number}: {{lag: 0s}}" for number in range(1, stages)) + "}"
    done = f", completed: s{stages - 1}.E{stages - 1}" if by_event else ""
    return design(f"{text}\nflows: {{f: {{starts: s0.go{done}}}}}\nworkloads: {{day: {{starts: {{f: 0.7/s}}}}}}\n")


@pytest.mark.parametrize("by_event", [False, True])
def test_five_stations_in_tandem(by_event: bool) -> None:
    """Erlang(5, 0.3) by Burke's theorem. Adding five p99s would give 76.75 s instead of 38.68 s. Within 1 %."""
    flow = only(tandem(5, by_event))
    summary = flow.completion if by_event else flow.answer
    assert summary is not None
    assert [number.value for number in summary.percentiles.values()] == pytest.approx([15.5697, 30.5117, 38.6821], rel=0.01)
    assert summary.mean.value == pytest.approx(5 / 0.3, rel=1e-3)


@pytest.mark.parametrize(("branches", "p99"), [(1, 4.6052), (5, 6.2106), (100, 9.2054)])
def test_fan_out(branches: int, p99: float) -> None:
    """The latest of n independent exponential calls. Within 0.5 %."""
    made = design(f"""
        services:
          front: {{kind: gateway, handles: {{go: {{takes: 0s, calls: [[{", ".join(["back.x"] * branches)}]]}}}}}}
          back: {{kind: external, round_trip: 0s, handles: {{x: {{takes: 1s}}}}}}
        flows: {{f: {{starts: front.go}}}}
        workloads: {{day: {{starts: {{f: 1/s}}}}}}
    """)
    assert percentiles(only(made))[2] == pytest.approx(p99, rel=0.005)


def test_partitions_limit_consumers_whatever_the_replicas() -> None:
    """Three partitions feed ten consumers: M/M/3 at two thirds, a wait of 0.444444 s. With two it is saturated. Within 0.1 %."""

    def made(partitions: int) -> Design:
        return design(f"""
            services:
              s: {{kind: external, round_trip: 0s, handles: {{go: {{takes: 0s, publishes: [E], publish_mode: outbox}}}}}}
              c: {{replicas: 10, concurrency: 1, handles: {{E: {{takes: 1s, idempotent: true}}}}}}
              b: {{kind: broker}}
            events: {{E: {{lag: 0s, partitions: {partitions}}}}}
            flows: {{f: {{starts: s.go, completed: c.E}}}}
            workloads: {{day: {{starts: {{f: 2/s}}}}}}
        """)

    completion = only(made(3)).completion
    assert completion is not None
    assert completion.mean.value == pytest.approx(1.444444, rel=1e-3)
    stuck = only(made(2))
    assert stuck.completion is None
    assert [jam.service for jam in stuck.jams] == ["c"]


# -------------------------------------------------------------------------------------------------- a simulation of our own


class Simulation:
    """Samples of what a request takes where nothing queues: the meaning of calls told once more, without grids."""

    COUNT = 400_000

    def __init__(self) -> None:
        self.random = np.random.default_rng(20261123)

    def exponential(self, mean_s: float) -> Samples:
        return self.random.exponential(mean_s, self.COUNT)

    def gamma(self, mean_s: float, cv: float) -> Samples:
        return self.random.gamma(1 / cv**2, mean_s * cv**2, self.COUNT)

    def lognormal(self, mean_s: float, cv: float) -> Samples:
        spread = math.log(1 + cv**2)
        return self.random.lognormal(math.log(mean_s) - spread / 2, math.sqrt(spread), self.COUNT)

    def sometimes(self, chance: float, times: Samples) -> Samples:
        return np.where(self.random.random(self.COUNT) < chance, times, 0.0)

    def tried(self, tries: list[Samples], timeout: float, pause: float, instead: Samples | None) -> Samples:
        """One after the other until one is in time; then what is done instead, or nothing for ever (inf)."""
        done = np.zeros(self.COUNT)
        waiting = np.ones(self.COUNT, dtype=bool)
        for number, times in enumerate(tries):
            done += np.where(waiting, np.minimum(times, timeout) + (pause if number else 0.0), 0.0)
            waiting &= times > timeout
        return done + np.where(waiting, np.inf if instead is None else instead, 0.0)


def retried(sim: Simulation) -> Samples:
    calls = [sim.exponential(0.1) + 0.02 for _ in range(3)]
    return sim.exponential(0.01) + sim.tried(calls, 0.2, 0.05, None)


RETRIED = """
    services:
      s: {replicas: 50, concurrency: 100, handles: {go: {takes: 10ms, calls: {to: p.x, timeout: 200ms, retries: 2, backoff: 50ms}}}}
      p: {kind: external, round_trip: 20ms, handles: {x: {takes: 100ms}}}
"""


def fallen_back(sim: Simulation) -> Samples:
    instead = sim.gamma(0.03, 0.5) + 0.03
    return (
        sim.exponential(0.01)
        + sim.tried([sim.lognormal(0.1, 2.0) + 0.03], 0.3, 0.0, instead)
        + sim.sometimes(0.25, sim.tried([sim.exponential(0.2) + 0.03], 0.15, 0.0, np.zeros(sim.COUNT)))
    )


FALLEN_BACK = """
    services:
      s:
        replicas: 50
        concurrency: 100
        handles: {go: {takes: 10ms, calls: [{to: p.x, timeout: 300ms, fallback: q.x}, {to: r.x, timeout: 150ms, chance: 25%, optional: yes}]}}
      p: {kind: external, handles: {x: {takes: {mean: 100ms, cv: 2}}}}
      q: {kind: external, handles: {x: {takes: {mean: 30ms, cv: 0.5}}}}
      r: {kind: external, handles: {x: {takes: 200ms}}}
"""


def cached(sim: Simulation) -> Samples:
    def lookup() -> Samples:
        return sim.exponential(0.002) + 0.001 + sim.sometimes(0.2, sim.lognormal(0.04, 1.5) + 0.03)

    twice = sum((sim.exponential(0.005) + 0.03 for _ in range(2)), np.zeros(sim.COUNT))
    return sim.exponential(0.004) + np.maximum(lookup(), twice) + sim.sometimes(0.3, sim.exponential(0.05) + 0.03)


CACHED = """
    services:
      s:
        replicas: 50
        concurrency: 100
        handles:
          go:
            takes: 4ms
            calls: [[{to: c.get, hit_ratio: 80%, on_miss: p.x}, {to: q.x, count: 2}]]
            hit_ratio: 70%
            on_miss: r.x
      c: {kind: cache, replicas: 50, round_trip: 1ms, handles: {get: {takes: 2ms}}}
      p: {kind: external, handles: {x: {takes: {mean: 40ms, cv: 1.5}}}}
      q: {kind: external, handles: {x: {takes: 5ms}}}
      r: {kind: external, handles: {x: {takes: 50ms}}}
"""


@pytest.mark.parametrize(("text", "simulated"), [(RETRIED, retried), (FALLEN_BACK, fallen_back), (CACHED, cached)])
def test_mixtures_against_a_simulation(text: str, simulated: Callable[[Simulation], Samples]) -> None:
    """400,000 samples: mean within 1 %, percentiles within 1.5 %, the share that is answered within 0.2 %."""
    made = design(text + "\n    flows: {f: {starts: s.go}}\n    workloads: {day: {starts: {f: 10/s}}}\n")
    answer = only(made).answer
    assert answer is not None
    samples = simulated(Simulation())
    there = samples[np.isfinite(samples)]
    assert answer.answered.value == pytest.approx(there.size / samples.size, abs=0.002)
    assert answer.mean.value == pytest.approx(float(there.mean()), rel=0.01)
    assert [number.value for number in answer.percentiles.values()] == pytest.approx(list(np.quantile(there, [0.5, 0.95, 0.99])), rel=0.015)


def test_completion_by_events_against_a_simulation() -> None:
    """The latest of two subscribers, one of two outcomes, with the broker's lag. Within 1.5 %."""
    made = design("""
        services:
          s: {concurrency: 500, handles: {go: {takes: 5ms, publishes: [Placed], publish_mode: outbox}}}
          a: {concurrency: 500, handles: {Placed: {takes: 20ms, publishes: {Good: 90%, Bad: 10%}, publish_mode: outbox, idempotent: true}}}
          b: {concurrency: 500, handles: {Placed: {takes: 60ms, idempotent: true}}}
          c: {concurrency: 500, handles: {Good: {takes: 30ms, idempotent: true}, Bad: {takes: 200ms, idempotent: true}}}
          broker: {kind: broker}
        events: {Placed: {lag: 5ms}, Good: {lag: 10ms}, Bad: {lag: 10ms}}
        flows: {f: {starts: s.go, completed: [b.Placed, c.Good, c.Bad]}}
        workloads: {day: {starts: {f: 10/s}}}
    """)
    sim = Simulation()
    outcome = np.where(sim.random.random(sim.COUNT) < 0.9, sim.exponential(0.03), sim.exponential(0.2))
    samples = sim.exponential(0.005) + 0.005 + np.maximum(sim.exponential(0.06), sim.exponential(0.02) + 0.01 + outcome)
    completion = only(made).completion
    assert completion is not None
    computed = [completion.mean.value, *(number.value for number in completion.percentiles.values())]
    assert computed == pytest.approx([float(samples.mean()), *np.quantile(samples, [0.5, 0.95, 0.99])], rel=0.015)


# ------------------------------------------------------------------------------------------------------- laws for all systems


systems = st.integers(0, 2**40).map(random_chain)


@given(systems)
def test_littles_law_holds_for_the_whole(made: Design) -> None:
    """Requests in the system, counted from outside (rate × mean answer) and by summing over its queues. Within 0.2 %."""
    result = made.latency()
    if any(flow.answer is None for flow in result.flows):
        return
    outside = sum(flow.rate.value * flow.answer.mean.value for flow in result.flows if flow.answer is not None)
    setting = Setting(made.system)
    load = loaded(setting)
    entries = {made.system.entry(flow) for flow in made.scenario.flows.values()}
    inside = 0.0
    for node in made.system.handlers:
        wait = load.stations[node.service].request_wait
        assert wait is not None
        called = setting.rates[node.index] - (sum(setting.entries[e] for e in entries if e == node.index))
        inside += setting.rates[node.index] * (wait.mean_s + float(node.handler.takes.mean))
        inside += called * float(made.system.service_of(node.index).round_trip)
    assert outside == pytest.approx(inside, rel=2e-3)


@given(systems)
def test_utilisation_law(made: Design) -> None:
    """Busy workers are rate × time held: own work, and for a blocking service all that it waits for. Within 1e-9."""
    setting = Setting(made.system)
    load = loaded(setting)
    for number, service in enumerate(made.system.services):
        found = load.stations[number]
        (h,) = made.system.handlers_of[number]
        if found.rate <= 0 or found.saturated:
            continue
        waited = load.wait_before(h)
        assert waited is not None
        held = load.response[h].mean - waited.mean_s if service.blocking else float(made.system.handlers[h].handler.takes.mean)
        assert service.concurrency is not None
        assert found.utilisation == pytest.approx(setting.rates[h] * held / (found.replicas * float(service.concurrency)), rel=1e-9)


@given(systems)
def test_parts_sum_to_the_mean(made: Design) -> None:
    """Where nothing times out and nothing runs at the same time. Within 0.2 %."""
    latencies = Latencies(Setting(made.system))
    for flow in made.scenario.flows.values():
        if latencies.jams(flow):
            continue
        parts = contributions(latencies.load, made.system, flow)
        assert sum(part.mean.value for part in parts) == pytest.approx(latencies.answer(flow).mean, rel=2e-3)


def test_the_law_of_a_service_time_is_heeded() -> None:
    """Ten workers at half load, cv 2: a gamma law waits half as long again as a lognormal one. Each within 1e-9 of its own queue."""
    for law in ("gamma", "lognormal"):
        made = design(f"""
            services: {{s: {{concurrency: 10, handles: {{go: {{takes: {{mean: 1s, cv: 2, distribution: {law}}}}}}}}}}}
            flows: {{f: {{starts: s.go}}}}
            workloads: {{day: {{starts: {{f: 5/s}}}}}}
        """)
        waited = loaded(Setting(made.system)).wait_before(0)
        assert waited is not None
        assert waited.mean_s == pytest.approx(wait(5.0, 1.0, 10, 4.0, shape=law).mean_s, rel=1e-9)


@given(systems, st.floats(1.01, 3))
def test_more_load_never_lowers_utilisation(made: Design, factor: float) -> None:
    setting = Setting(made.system)
    now = {number: int(service.replicas.min) for number, service in enumerate(made.system.services)}
    before, after = loaded(setting, 1.0, now), loaded(setting, factor, now)
    for one, other in zip(before.stations, after.stations, strict=True):
        assert other.utilisation >= one.utilisation


@given(systems)
def test_percentiles_rise(made: Design) -> None:
    for flow in made.latency().flows:
        if flow.answer is not None:
            p50, p95, p99 = percentiles(flow)
            assert 0 < p50 <= p95 <= p99
            assert sum(bar.share for bar in flow.answer.bars) == pytest.approx(0.999, abs=2e-3)


# ---------------------------------------------------------------------------------------------------------------- saturated


def test_a_saturated_service_is_named_and_nothing_else_is_said() -> None:
    """150/s at a service that can do 100/s: 150 % and 50/s more waiting; a caller that gives up after 2 s does so 4 s later."""
    made = design("""
        services:
          front: {concurrency: 5000, handles: {go: {takes: 0s, calls: {to: s.x, timeout: 2s}}}}
          s: {concurrency: 1, handles: {x: {takes: 10ms}}}
        flows: {f: {starts: front.go, objectives: {answer_p99: 1s}}}
        workloads: {day: {starts: {f: 150/s}}}
    """)
    flow = only(made)
    assert flow.answer is None
    assert flow.objectives == ()
    assert not flow.good
    (jam,) = flow.jams
    assert (jam.service, jam.waits_for, jam.change) == ("s", (), "services.s.replicas=3")
    assert jam.utilisation.value == pytest.approx(1.5)
    assert jam.grows.value == pytest.approx(50)
    assert jam.first_hit is not None
    assert (jam.first_hit.kind, jam.first_hit.where) == ("timeout", "front.go")
    assert jam.first_hit.after.value == pytest.approx(4.0)


def test_a_full_queue_is_hit_before_the_retention() -> None:
    """20/s more than it can do fill a queue of 600 in 30 s."""
    made = design("""
        services:
          s: {handles: {go: {takes: 1ms, publishes: [E], publish_mode: outbox}}}
          c: {concurrency: 1, handles: {E: {takes: 10ms, idempotent: true}}}
          b: {kind: broker}
        events: {E: {queue_limit: 600, retention: 1h}}
        flows: {f: {starts: s.go, completed: c.E}}
        workloads: {day: {starts: {f: 120/s}}}
    """)
    flow = only(made)
    assert flow.answer is not None
    assert flow.stuck
    hit = flow.jams[0].first_hit
    assert hit is not None
    assert (hit.kind, hit.where) == ("queue_limit", "E")
    assert hit.after.value == pytest.approx(30)


def test_callers_without_a_timeout_fill_up_too() -> None:
    """Their workers never come back: that is said in words, and no number is infinite but theirs."""
    made = design("""
        services:
          front: {concurrency: 100, handles: {go: {takes: 1ms, calls: s.x}}}
          s: {concurrency: 1, handles: {x: {takes: 10ms}}}
        flows: {f: {starts: front.go}}
        workloads: {day: {starts: {f: 150/s}}}
    """)
    root, behind = only(made).jams
    assert (root.service, root.waits_for) == ("s", ())
    assert (behind.service, behind.waits_for) == ("front", ("s",))
    assert math.isinf(behind.utilisation.value)
    assert math.isfinite(behind.grows.value)


@pytest.mark.parametrize(("scenario", "workload"), [("ecommerce@synchronous", "flash-sale")])
def test_the_replicas_that_a_jam_asks_for_cure_it(scenario: str, workload: str) -> None:
    stuck: list[Jam] = [jam for flow in sysdesign_cli.load(scenario).latency(workload=workload).flows for jam in flow.jams]
    changes = sorted({jam.change for jam in stuck})
    assert changes
    cured = Design.load(scenario, changes).latency(workload=workload)
    assert all(not flow.jams and flow.answer is not None for flow in cured.flows)
    for change in changes:  # and with one of them left out it is stuck still
        fewer = Design.load(scenario, [other for other in changes if other != change]).latency(workload=workload)
        assert any(flow.jams for flow in fewer.flows)


def test_a_queue_levels_a_rush_that_nobody_waits_for() -> None:
    """A rush of 600 s at 200/s before a service that does 100/s: 60,000 wait, so the last is 600 s late; 30 min are promised."""
    text = """
        services:
          s: {concurrency: 500, handles: {go: {takes: 1ms, publishes: [E], publish_mode: outbox}}}
          c: {concurrency: 1, handles: {E: {takes: 10ms, idempotent: true}}}
          b: {kind: broker}
        events: {E: {}}
        flows: {f: {starts: s.go, completed: c.E, objectives: {complete_within: LIMIT, answer_p99: 1s}}}
        workloads: {sale: {starts: {f: {peak: 200/s, base: 10/s, at: '20:00', for: 10min, ramp: 1s}}}}
    """
    flow = only(design(text.replace("LIMIT", "30min")))
    assert flow.late is not None
    assert flow.late.value == pytest.approx(600, rel=0.01)
    assert flow.answer is not None
    assert flow.completion is None
    assert flow.good
    broken = only(design(text.replace("LIMIT", "5min")))
    assert not broken.good
    assert [one.met for one in broken.objectives if one.objective == "complete_within"] == [False]


def test_what_is_dead_answers_nobody_and_a_fallback_costs_its_timeout() -> None:
    """The dead call takes its two tries of 100 ms and the pause of 50 ms, then 30 ms + 20 ms of the fallback. Within 0.5 %."""
    made = design("""
        services:
          s: {concurrency: 500, handles: {go: {takes: {mean: 10ms, cv: 0}, calls: {to: p.x, timeout: 100ms, retries: 1, backoff: 50ms, fallback: q.x}}}}
          p: {kind: external, handles: {x: {takes: 10ms}}}
          q: {kind: external, handles: {x: {takes: {mean: 20ms, cv: 0}}}}
        flows: {f: {starts: s.go}}
        workloads: {day: {starts: {f: 1/s}}}
    """)
    (flow,) = made.latency(kill=["p"]).flows
    assert flow.answer is not None
    assert flow.answer.mean.value == pytest.approx(0.010 + 0.250 + 0.050, rel=5e-3)
    (gone,) = made.latency(kill=["p", "q"]).flows
    assert gone.answer is None
    assert gone.jams == ()
    assert not gone.good


def test_bad_questions_have_one_clear_answer() -> None:
    made = sysdesign_cli.load("ecommerce")
    for ask in (lambda: made.latency("nope"), lambda: made.latency(workload="nope"), lambda: made.latency(kill=["nope"])):
        with pytest.raises(ScenarioError) as told:
            ask()
        assert [problem.slug for problem in told.value.problems] == ["unknown-name"]
    empty = design("""
        services: {s: {handles: {go: {takes: 1ms}}}}
        flows: {f: {starts: s.go}}
        workloads: {day: {starts: {f: 0/s}}}
    """)
    with pytest.raises(ScenarioError) as told:
        empty.latency()
    assert [problem.params.get("what") for problem in told.value.problems] == ["nothing-starts"]


@pytest.mark.parametrize("name", BUNDLED)
def test_other_workloads_are_what_they_are_when_asked_for(name: str) -> None:
    """The table of other workloads shows what the question about each of them answers, but for the last digits of the grid."""
    made = sysdesign_cli.load(name)
    for workload, flows in made.latency().elsewhere.items():
        asked = {flow.flow: flow for flow in made.latency(workload=workload).flows}
        for flow, number in flows.items():
            answer = asked[flow].answer
            assert (number is None) == (answer is None)
            if number is not None and answer is not None:
                assert number.value == pytest.approx(answer.percentiles["p99"].value, rel=1e-6)


ODD = {
    "a tail that one grid sees and another does not": """
        services:
          s0: {concurrency: 8, round_trip: 1ms, queue: shared, handles: {go: {takes: {mean: 20ms, cv: 0.5}, calls: [{to: s2.go, chance: 10%, count: 1000}, {to: s3.go, chance: 50%, count: 7, timeout: 1ms, retries: 3}, {to: s4.go, timeout: 200ms, retries: 1}]}}}
          s2: {kind: external, concurrency: 8, round_trip: 1ms, handles: {go: {takes: {mean: 20ms, cv: 20}, calls: [{to: s3.go, chance: 0.001%, count: 7}, {to: s4.go, chance: 50%, count: 1.5, timeout: 200ms, retries: 0}]}}}
          s3: {concurrency: 8, round_trip: 0ms, handles: {go: {takes: 0ms}}}
          s4: {concurrency: 2, replicas: 3, round_trip: 0ms, handles: {go: {takes: 1ms}}}
        flows: {f: {starts: s0.go}, g: {starts: s2.go}}
        workloads: {day: {starts: {f: 1/s, g: 5/s}}}
    """,
    "a service that calls itself, and others several times": """
        services:
          a: {concurrency: 2, handles: {go: {takes: 5ms, calls: [{to: a.go, chance: 10%}, {to: b.go, count: 3}]}}}
          b: {concurrency: 2, handles: {go: {takes: 5ms, calls: [{to: b.go, chance: 10%, count: 2}]}}}
        flows: {f: {starts: a.go}, g: {starts: b.go}}
        workloads: {day: {starts: {f: 20/s, g: 5/s}}}
    """,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_systems_have_an_answer(name: str) -> None:
    for flow in design(ODD[name]).latency().flows:
        assert flow.answer is not None
        assert 0 < flow.answer.mean.value < math.inf
        assert percentiles(flow) == sorted(percentiles(flow))
