"""Capacity against hand computation, against a simulation in steps, and against what the analyses of latency say."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.capacity import CapacityResult, ServiceCapacity
from sysdesign_cli.analyses.deadlines import latest
from sysdesign_cli.analyses.latency import Latencies
from sysdesign_cli.analyses.load import loaded
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.analyses.sizing import Target, needed_replicas
from sysdesign_cli.api import Design, sizing_target
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.workload import DAY_S, Profile
from sysdesign_cli.messages import en, th
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import Figure
from tests.helpers import design

ALL = [
    (name, workload)
    for name in ("ecommerce", "ecommerce@synchronous", "grab", "netflix", "morprom", "morprom@monolith")
    for workload in sysdesign_cli.load(name).scenario.workloads
]

LAYERED = """
    services:
      front: {replicas: 2, concurrency: 20, handles: {go: {takes: 4ms, calls: back.x}}}
      back: {replicas: {min: 1, max: 8, target: 50%}, concurrency: 4, cores: 2, round_trip: 1ms, handles: {x: {takes: 10ms, calls: far.y}}}
      far: {kind: external, round_trip: 5ms, handles: {y: {takes: 25ms}}}
    flows: {f: {starts: front.go}}
    workloads: {day: {starts: {f: 100/s}}, more: {starts: {f: 300/s}}}
"""


def one(result: CapacityResult, service: str) -> ServiceCapacity:
    return next(found for found in result.services if found.service == service)


# -------------------------------------------------------------------------------------------------------------- by hand


def test_layered_by_hand() -> None:
    """back holds a thread for 10 + 5 + 25 = 40 ms, so 100/s hold 4 threads and compute 1; front waits for it too."""
    result = design(LAYERED).capacity()
    back, front = one(result, "back"), one(result, "front")
    assert back.rate.value == pytest.approx(100)
    assert back.computing.value == pytest.approx(1.0)
    # 4 held / (4 x 50 %) = 2 replicas; waits for a core come on top of the 40 ms: less than 5 %
    assert back.replicas.value == 2
    assert back.most is not None
    assert back.most.value == 8
    assert 4.0 <= back.busy.value <= 4.2
    assert back.utilisation.value == pytest.approx(back.busy.value / 8)
    assert back.at_most.value == pytest.approx(back.busy.value / 32)
    # 4 + 1 + 40 ms, and the waits at back
    assert 4.5 <= front.busy.value <= 5.0
    assert front.utilisation.value == pytest.approx(front.busy.value / 40)
    assert {name: number.value for name, number in back.needed.items()} == {"day": 2, "more": 6}
    # 70 % unless said: 4.5 / (20 x 0.7) and 13.5 / 14
    assert {name: number.value for name, number in front.needed.items()} == {"day": 1, "more": 1}


def test_a_target_utilisation_by_hand() -> None:
    """300/s hold 12 threads of back: at 25 % of 4 each, 12 replicas; and compute 3 on 2 cores: at 25 %, 6."""
    result = design(LAYERED).capacity("25%")
    assert {name: number.value for name, number in one(result, "back").needed.items()} == {"day": 4, "more": 12}


def test_a_target_percentile() -> None:
    """1000/s of 20 ms keep 20 busy; p99 of M/M/c (Erlang C) falls with every server. By utilisation alone (70 %) it would be 29."""

    def p99(servers: int) -> float:
        made = design(SIZED.replace("COUNT", str(servers)))
        (flow,) = made.latency().flows
        assert flow.answer is not None
        return flow.answer.percentiles["p99"].value

    fewest = next(servers for servers in range(21, 60) if p99(servers) <= 0.097)
    result = design(SIZED.replace("COUNT", "30")).capacity("p99=97ms")
    found = one(result, "s").needed["day"].value
    assert fewest <= found <= fewest + 1  # utilisations are tried in steps of 1 %
    assert p99(int(found)) <= 0.097
    assert one(result, "s").by_utilisation["day"].value == math.ceil(20 / 0.7)


SIZED = """
    services: {s: {replicas: COUNT, concurrency: 1, queue: shared, handles: {go: {takes: 20ms}}}}
    flows: {f: {starts: s.go}}
    workloads: {day: {starts: {f: 1000/s}}}
"""


def test_a_percentile_out_of_reach() -> None:
    """p99 of an exponential 20 ms is 92.1 ms, however many replicas there are."""
    result = design(SIZED.replace("COUNT", "30")).capacity("p99=90ms")
    assert result.unreachable is not None
    assert result.unreachable.value == pytest.approx(0.0921, rel=0.005)
    assert one(result, "s").needed == {}


def test_a_function_refuses_by_erlang_b() -> None:
    """15 busy on average of 10 allowed: B(10, 15) = 0.4104; (10, 15) turned round, B(15, 10) = 0.0364969454724. Within 1e-6."""
    made = design("""
        services: {s: {kind: function, replicas: {min: 0, max: 15}, handles: {go: {takes: 100ms}}}}
        flows: {f: {starts: s.go}}
        workloads: {day: {starts: {f: 100/s}}}
    """)
    throttled = one(made.capacity(), "s").throttled
    assert throttled is not None
    assert throttled.value == pytest.approx(0.0364969454724, rel=1e-6)


def test_part_against_whole_by_hand() -> None:
    """a grows from 1 to 9 replicas (x 9), b stays at 2: 11 by parts, 9 + 18 as a whole; the same asked from either end."""
    made = design("""
        services:
          a: {replicas: 9, concurrency: 1, handles: {go: {takes: 7ms}}}
          b: {replicas: 2, concurrency: 1, handles: {go: {takes: 70ms}}}
        flows: {f: {starts: a.go}, g: {starts: b.go}}
        workloads: {day: {starts: {f: 100/s, g: 20/s}}, sale: {starts: {f: 900/s, g: 20/s}}}
    """)
    for workload in ("day", "sale"):
        part = made.capacity(workload=workload).part
        assert part is not None
        assert (part.compared_with, part.grown_to, part.largest) == ("day", "sale", "a")
        assert (part.part.value, part.whole.value) == (11, 27)
        assert part.share.value == pytest.approx(11 / 27)


def test_overload_is_told_by_the_service_where_it_begins() -> None:
    result = sysdesign_cli.load("ecommerce@synchronous").capacity(workload="flash-sale")
    overloaded = {found.service: found.waits_for for found in result.services if found.overloaded}
    assert overloaded == {"payment": (), "notification": (), "order": ("payment", "notification")}
    assert result.bottleneck == "payment"
    assert result.headroom.factor.value < 0


def test_what_its_queue_levels_is_not_overloaded() -> None:
    result = sysdesign_cli.load("ecommerce").capacity(workload="flash-sale")
    payment = one(result, "payment")
    assert payment.utilisation.value > 1
    assert not payment.overloaded
    assert payment.late is not None
    assert payment.within == 1800
    assert 0 < payment.late.value < 1800
    assert result.headroom.factor.value > 0


# ---------------------------------------------------------------------------------------------------------- deadlines


def stepped(load: Profile, workers: float, step_s: float = 5.0) -> float:
    """Longest wait by brute force: two days in small steps, first come first served."""
    waiting = longest = 0.0
    second = 0.0
    while second < 2 * DAY_S:
        waiting = max(0.0, waiting + (load.at(second + step_s / 2) - workers) * step_s)
        longest = max(longest, waiting / workers)
        second += step_s
    return longest


profiles = st.builds(
    lambda seed: Profile(
        tuple((float(at), random.Random(seed + at).uniform(0, 20)) for at in sorted(random.Random(seed).sample(range(0, 86400, 60), 5)))
    ),
    st.integers(0, 2**40),
)


@given(profiles, st.floats(0.3, 1.1))
def test_longest_wait_of_a_day_against_steps(load: Profile, share: float) -> None:
    """Within 1 % and 10 s, which is what steps of 5 s can tell."""
    workers = load.mean + share * (load.peak - load.mean)
    assert latest(load, workers) == pytest.approx(stepped(load, workers), rel=0.01, abs=10)


@pytest.mark.parametrize(("rate", "lasts", "limit"), [("900/s", "10min", "20min"), ("400/s", "1h", "30min"), ("3000/s", "2min", "1h")])
def test_fewest_replicas_for_a_deadline_against_steps(rate: str, lasts: str, limit: str) -> None:
    """The fewest that keep it, and one less does not; a service in use is not filled above 95 % of its daily mean."""
    made = design(f"""
        services:
          s: {{concurrency: 500, handles: {{go: {{takes: 1ms, publishes: [E], publish_mode: outbox}}}}}}
          c: {{concurrency: 2, handles: {{E: {{takes: 50ms, idempotent: true}}}}}}
          b: {{kind: broker}}
        events: {{E: {{}}}}
        flows: {{f: {{starts: s.go, completed: c.E, objectives: {{complete_within: {limit}}}}}}}
        workloads: {{sale: {{starts: {{f: {{peak: {rate}, base: 20/s, at: '20:00', for: {lasts}, ramp: 1min}}}}}}}}
    """)
    setting = Setting(made.system)
    number = made.system.service_index["c"]
    (h,) = made.system.handlers_of[number]
    work = setting.profile_of(h)
    load = Profile(tuple((at, rate_then * 0.05) for at, rate_then in work.points))
    deadline = float(made.scenario.flows["f"].objectives.complete_within or 0)
    least = math.ceil(load.mean / (2 * 0.95))
    fewest = next(count for count in range(least, 400) if stepped(load, 2.0 * count) <= deadline)
    assert needed_replicas(setting, number).value == fewest


# ------------------------------------------------------------------------------------------------------------ headroom


def broken(setting: Setting, scale: float) -> list[str]:
    """What is wrong at this load, looked up in full distributions: saturated services that somebody waits for, and promises."""
    load = loaded(setting, scale)
    latencies = Latencies(setting, load=load)
    found = []
    for flow in setting.scenario.flows.values():
        if setting.moment.rates[flow.name] <= 0:
            continue
        if latencies.jams(flow):
            found.append(f"{flow.name} stuck")
            continue
        for name, share in (("answer_p50", 0.5), ("answer_p95", 0.95), ("answer_p99", 0.99)):
            limit = getattr(flow.objectives, name)
            if limit is not None and latencies.answer(flow).percentile(share) > limit:
                found.append(f"{flow.name}.{name}")
    return found


PROMISED = """
    services:
      a: {replicas: 2, concurrency: 4, queue: QUEUE, handles: {go: {takes: 10ms, calls: b.x}}}
      b: {replicas: 3, concurrency: 2, queue: QUEUE, handles: {x: {takes: 5ms}}}
    flows: {f: {starts: a.go, objectives: {answer_p99: LIMIT}}, g: {starts: b.x, objectives: {answer_p50: 20ms}}}
    workloads: {day: {starts: {f: 40/s, g: 30/s}}}
"""


@pytest.mark.parametrize("queue", ["shared", "random", "round-robin"])
@pytest.mark.parametrize("limit", ["70ms", "90ms", "200ms", "10s"])
def test_just_below_the_highest_rate_all_holds_and_just_above_it_does_not(queue: str, limit: str) -> None:
    made = design(PROMISED.replace("QUEUE", queue).replace("LIMIT", limit))
    setting = Setting(made.system)
    headroom = made.capacity().headroom
    assert broken(setting, 0.99 * headroom.scale.value) == []
    assert broken(setting, 1.02 * headroom.scale.value) != []
    assert headroom.factor.value == pytest.approx(headroom.scale.value - 1)
    for flow, number in headroom.rates.items():
        assert number.value == pytest.approx(setting.moment.rates[flow] * headroom.scale.value)


def test_a_promise_that_no_load_keeps() -> None:
    made = design(PROMISED.replace("QUEUE", "shared").replace("LIMIT", "20ms"))
    headroom = made.capacity().headroom
    assert headroom.scale.value < 0.01
    assert headroom.limited_by == "f.answer_p99"
    assert headroom.promised == 0.02


def test_the_highest_rate_by_hand() -> None:
    """M/M/1, mu = 100/s: p99 = ln(100) / (mu - lambda) within 0.2 s at 76.97/s. Within 1 %."""
    made = design("""
        services: {s: {concurrency: 1, handles: {go: {takes: 10ms}}}}
        flows: {f: {starts: s.go, objectives: {answer_p99: 200ms}}}
        workloads: {day: {starts: {f: 10/s}}}
    """)
    assert made.capacity().headroom.rates["f"].value == pytest.approx(100 - math.log(100) / 0.2, rel=0.01)


# ------------------------------------------------------------------------------------------------------- bad questions


@pytest.mark.parametrize(
    "text", ["0%", "100%", "120%", "p99", "p99=", "p99=3", "p100=1s", "p0=1s", "p99=-1s", "p99=0s", "q99=1s", "much", "70% 80%"]
)
def test_bad_targets(text: str) -> None:
    with pytest.raises(ValueError):
        sizing_target(text)


def test_good_targets() -> None:
    assert sizing_target("") == Target()
    assert sizing_target("70%") == sizing_target("0.7") == Target(utilisation=0.7)
    assert sizing_target("p99.9 = 1.5s") == Target(percentile="p99.9", within_s=1.5)


def test_a_workload_that_is_not_there() -> None:
    with pytest.raises(ScenarioError) as told:
        sysdesign_cli.load("ecommerce").capacity(workload="nope")
    assert [problem.slug for problem in told.value.problems] == ["unknown-name"]


# ----------------------------------------------------------------------------------------------------- every number says why


def numbers(value: object) -> Iterator[tuple[str, Number]]:
    """(label, number) of everything in a result, and of what those were made of."""
    if isinstance(value, Number):
        yield "", value
        for label, part in value.inputs:
            if isinstance(part, Number):
                yield from ((inner or label, number) for inner, number in numbers(part))
            elif isinstance(part, str | Figure):
                yield label, Number(0.0, "count", "")
    elif isinstance(value, dict):
        for part in value.values():
            yield from numbers(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from numbers(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))


def names_of(made: Design) -> set[str]:
    scenario = made.scenario
    return {*scenario.services, *scenario.flows, *scenario.events, *scenario.workloads}


@pytest.mark.parametrize(("name", "workload"), ALL)
def test_every_number_says_what_it_is_in_both_languages(name: str, workload: str) -> None:
    made = sysdesign_cli.load(name)
    known = names_of(made)
    results = [made.latency(workload=workload), made.capacity(workload=workload), made.capacity("p99=1s", workload)]
    seen = 0
    for label, number in (pair for result in results for pair in numbers(result)):
        seen += 1
        assert not math.isnan(number.value)
        assert number.method in ("exact", "approximation", "bounded", "at-least")
        for texts in (en.MESSAGES, th.MESSAGES):
            assert not number.formula or f"formula.{number.formula}" in texts
            assert not label or f"input.{label}" in texts or label.partition(".")[0].partition(" ")[0] in known, label
    assert seen > 100


@pytest.mark.parametrize(("name", "workload"), ALL)
def test_nothing_finite_becomes_infinite_without_a_word(name: str, workload: str) -> None:
    """Infinite is only a utilisation of workers that wait for ever, which is told in words, and a queue that never drains."""
    made = sysdesign_cli.load(name)
    for result in (made.latency(workload=workload), made.capacity(workload=workload)):
        for _, number in numbers(result):
            if math.isinf(number.value):
                assert number.formula in ("utilisation", "utilisation-at-most", "littles-law", "holding-time", "latest", "late-in-rush")
