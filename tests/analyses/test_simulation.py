"""A simulation from question to result: the same however it is run, laws that hold, and outages as a fluid would have them."""

from __future__ import annotations

import dataclasses
import math

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.simulation_plan import faults_of
from sysdesign_cli.analyses.simulation_result import FlowSimulated, Simulation, TopicSimulated, half_width
from sysdesign_cli.api import Design
from sysdesign_cli.engine.simulation.fault import Fault
from sysdesign_cli.scenario.problems import ScenarioError
from tests.engine.simulation.lab import fast
from tests.helpers import design


def run(made: Design, mode: str = "fast", jobs: int = 1, **asked: object) -> Simulation:
    fast()
    return made.simulate(made.prepare_simulation(**asked), mode, jobs=jobs)  # type: ignore[arg-type]


def alike(one: Simulation, other: Simulation) -> bool:
    """Every figure to the last bit; nan is nan. The mode is told, so it differs."""
    return repr(dataclasses.replace(one, mode="")) == repr(dataclasses.replace(other, mode=""))


def only(found: Simulation) -> FlowSimulated:
    (flow,) = found.flows
    return flow


@pytest.mark.parametrize("name", ["ecommerce", "ecommerce@synchronous"])
def test_the_same_in_both_modes_and_on_several_cores(name: str) -> None:
    made = sysdesign_cli.load(name)
    asked: dict[str, object] = {
        "lasts": 6,
        "scale": 0.1,
        "kill": ["payment@2s..4s"],
        "slow": ["order=5@1s..3s"],
        "loss": ["inventory=20%@3s..5s"],
    }
    plain = run(made, "plain", replications=2, bins=6, **asked)
    assert alike(plain, run(made, "fast", replications=2, bins=6, **asked))
    assert alike(plain, run(made, "fast", 2, replications=2, bins=6, **asked))
    assert not alike(plain, run(made, "fast", replications=2, bins=6, seed=2, **asked))


@pytest.mark.parametrize(
    ("name", "scale", "killed"), [("grab", 1e-3, "broker"), ("netflix", 1e-5, "metadata-cache"), ("morprom", 0.5, "booking")]
)
def test_a_shipped_system_does_the_same_in_both_modes(name: str, scale: float, killed: str) -> None:
    """With enough requests that the plain mode specialises its kernel, and an outage on the way."""
    made = sysdesign_cli.load(name)
    plain, quick = (run(made, mode, lasts=15, bins=5, replications=1, scale=scale, kill=[f"{killed}@5s..9s"]) for mode in ("plain", "fast"))
    assert alike(plain, quick)
    assert plain.events > 1000


@pytest.mark.parametrize("name", ["ecommerce", "grab", "netflix", "morprom"])
def test_every_request_is_told_once(name: str) -> None:
    """Flow by flow and bin by bin: rates, counts and shares are of the same requests. Loads are scaled to some 100,000 events."""
    made = sysdesign_cli.load(name)
    asked = made.prepare_simulation(lasts=10, bins=5, replications=2, scale=0.05)
    prepared = made.prepare_simulation(lasts=10, bins=5, replications=2, scale=min(1.0, 0.05 * 1e5 / asked.events))
    fast()
    found = made.simulate(prepared, "fast", jobs=1)
    assert sum(flow.arrived.value for flow in found.flows) > 20
    for flow in found.flows:
        assert flow.degraded.value <= flow.answered.value
        assert flow.failed_share.value == pytest.approx(flow.failed.value / max(1e-9, flow.arrived.value), abs=1e-9)
        assert flow.rate.value * 10 == pytest.approx(flow.arrived.value, rel=1e-9)
        told = found.series.flows[flow.flow]
        for field in ("arrived", "answered", "failed"):
            assert sum(told[field]) * 2 == pytest.approx(getattr(flow, field).value, rel=1e-9, abs=1e-9)
    assert sum(found.series.arrived) * 2 == pytest.approx(sum(flow.arrived.value for flow in found.flows))


OUTAGE = """
    services:
      p: {kind: gateway, handles: {go: {takes: 0s, publishes: E, publish_mode: best-effort}}}
      c: {replicas: 2, concurrency: 30, queue: shared, handles: {E: {takes: {mean: 10ms, cv: 0}}}}
      bus: {kind: broker}
    events: {E: {lag: 0s}}
    flows: {f: {starts: p.go, completed: c.E}}
    workloads: {day: {starts: {f: 4000/s}}}
"""


def test_an_outage_measured_is_an_outage_computed() -> None:
    """4,000/s for 30 s: a backlog of 120,000, within 1 %. At 6,000/s it is gone 60 s after the repair, within 1 %."""
    found = run(design(OUTAGE), lasts=120, kill=["c@20s..50s"], bins=240, replications=3)
    (topic,) = found.topics
    assert isinstance(topic, TopicSimulated)
    assert topic.most.value == pytest.approx(120_000, rel=0.01)
    assert topic.most_at_s == 50
    assert topic.drained_s is not None
    assert topic.drained_s.value == pytest.approx(60, rel=0.01)
    assert half_width(topic.drained_s) is not None
    completion = only(found).completion
    assert completion is not None
    assert completion.percentiles["p99"].value == pytest.approx(30 * (1 - 0.01 * 4000 * 120 / (4000 * 90)), rel=0.02)
    assert found.growth is None
    assert topic.lost.value == 0


def test_what_does_not_keep_up_is_seen_to_grow() -> None:
    """150/s come and 100/s can be done: 50/s more are inside, within 10 %, and it says where. At 80/s nothing grows."""
    text = "services: {s: {concurrency: 1, handles: {go: {takes: {mean: 10ms, cv: 0}}}}}\nflows: {f: {starts: s.go}}\nworkloads: {day: {starts: {f: RATE}}}"
    over = run(design(text.replace("RATE", "150/s")), lasts=100, steady=True)
    assert over.growth is not None
    assert over.growth.per_s.value == pytest.approx(50, rel=0.1)
    assert over.growth.where == "s"
    assert not over.good
    calm = run(design(text.replace("RATE", "80/s")), lasts=100, steady=True)
    assert calm.growth is None
    assert calm.good


def test_laws_hold_between_the_figures_of_a_service() -> None:
    """Little's law in the queue (those that wait = rate x wait) and the utilisation law (busy = rate x work / workers), within 2 %."""
    text = """
        services:
          a: {concurrency: 3, blocking: false, handles: {go: {takes: 100ms, calls: b.x}}}
          b: {replicas: 4, concurrency: 1, queue: shared, handles: {x: {takes: {mean: 120ms, cv: 0.5}}}}
        flows: {f: {starts: a.go}}
        workloads: {day: {starts: {f: 25/s}}}
    """
    found = run(design(text), lasts=4000, steady=True)
    for service, work, workers in zip(found.services, (0.1, 0.12), (3, 4), strict=True):
        assert service.queue.value == pytest.approx(service.served.value * service.wait.value, rel=0.02)
        assert service.utilisation.value == pytest.approx(service.served.value * work / workers, rel=0.02)


def test_arrivals_follow_the_day() -> None:
    """A rush from 10/s to 100/s and back: every ten seconds as many as the profile says, four standard deviations, five runs together."""
    text = """
        services: {s: {handles: {go: {takes: 1ms}}}}
        flows: {f: {starts: s.go}}
        workloads: {day: {starts: {f: {peak: 100/s, base: 10/s, at: "08:00", for: 60s, ramp: 30s}}}}
    """
    made = design(text)
    prepared = made.prepare_simulation(lasts=300, bins=30)
    assert prepared.start_s == 8 * 3600 - 30 - 120  # two minutes before it begins
    found = run(made, lasts=300, bins=30)

    def rate(second: float) -> float:
        up, down = (second - 120) / 30, (240 - second) / 30
        return 10 + 90 * min(1.0, max(0.0, min(up, down)))

    for number, measured in enumerate(found.series.arrived):
        mean = sum(rate(10 * number + 0.05 + 0.1 * step) for step in range(100)) / 100
        assert abs(measured - mean) < 4 * math.sqrt(mean * 50) / 50


def test_a_variant_meets_the_same_requests() -> None:
    """The same seed is the same load, and the same work in what both have: the difference is that of the design."""
    text = """
        services:
          a: {concurrency: 4, handles: {go: {takes: 10ms, calls: b.x}}}
          b: {concurrency: LIMIT, queue: shared, handles: {x: {takes: 20ms}}}
        flows: {f: {starts: a.go}}
        workloads: {day: {starts: {f: 90/s}}}
    """
    few, more = (run(design(text.replace("LIMIT", limit)), lasts=60, steady=True, bins=20) for limit in ("2", "3"))
    assert few.series.arrived == more.series.arrived
    assert few.services[1].wait.value > more.services[1].wait.value


def test_faults_as_they_are_written() -> None:
    assert faults_of("kill", ["payment@40s..130s"], 600) == (Fault("kill", "payment", 40.0, 130.0),)
    assert faults_of("slow", ["payment=3x@1min..2min"], 600) == (Fault("slow", "payment", 60.0, 120.0, 3.0),)
    assert faults_of("loss", ["a=5%", "b=0.2"], 400) == (Fault("loss", "a", 100.0, 200.0, 0.05), Fault("loss", "b", 100.0, 200.0, 0.2))
    for kind, text in (
        ("kill", "a@5s"),
        ("kill", "a=2"),
        ("slow", "a"),
        ("loss", "a=120%"),
        ("slow", "a=0"),
        ("kill", "a@9s..5s"),
        ("slow", "a=nan"),
    ):
        with pytest.raises(ValueError):
            faults_of(kind, [text], 600)


def test_what_does_not_exist_cannot_be_killed() -> None:
    made = design(OUTAGE)
    for asked in ({"kill": ["nobody"]}, {"zones": ["nowhere"]}, {"slow": ["nobody=2"]}, {"kill": ["c@700s..800s"]}, {"kill": ["c/3"]}):
        with pytest.raises(ScenarioError):
            made.prepare_simulation(lasts=600, **asked)


def test_an_interrupt_leaves_what_there_is() -> None:
    made = design(OUTAGE)
    prepared = made.prepare_simulation(lasts=20, bins=20, replications=1)

    def interrupt(share: float) -> None:
        if share >= 0.5:
            raise KeyboardInterrupt

    fast()
    found = made.simulate(prepared, "fast", jobs=1, progress=interrupt)
    assert found.stopped == "interrupted"
    assert found.until_s == pytest.approx(10, abs=1.01)
    assert only(found).arrived.value == pytest.approx(4000 * found.until_s, rel=0.05)
