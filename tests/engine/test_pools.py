"""Small pools of workers against Markov chains, against closed forms, and from a file on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.oracles import Caller, Shared, three_layers, three_layers_capacity
from sysdesign_cli.analyses.load import loaded
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.api import Design
from sysdesign_cli.engine.centres import Centre, Network
from sysdesign_cli.engine.dispersion import between, dispersion
from sysdesign_cli.engine.places import Pool, Queue, Visits, beside
from sysdesign_cli.engine.pools import Overfull, relieve
from sysdesign_cli.engine.queueing import NOBODY, wait
from sysdesign_cli.engine.replies import Replies
from tests.helpers import design

ONCE = Visits(1.0)


def answer(made: Design, flow: int = 0) -> float:
    """Mean answer of one flow, inf where something is saturated."""
    found = made.latency().flows[flow].answer
    return math.inf if found is None else found.mean.value


# --- the times between replies ---------------------------------------------------------------------------------------------


def servers(*times_s: float) -> Network:
    return Network([Centre([1 / one]) for one in times_s], 0.0)


def two_servers(customers: int, first_s: float, second_s: float) -> float:
    """Variance over mean of a long count of replies of two exponential servers: Poisson's equation of the chain, solved densely."""
    states = customers + 1
    generator, replies = np.zeros((states, states)), np.zeros((states, states))
    for there in range(states):
        if there < customers:
            generator[there, there + 1] = 1 / first_s
        if there:
            generator[there, there - 1] = replies[there, there - 1] = 1 / second_s
        generator[there, there] -= generator[there].sum()
    chances = np.linalg.lstsq(np.vstack([generator.T, np.ones(states)]), np.append(np.zeros(states), 1.0), rcond=None)[0]
    through = float(chances @ replies.sum(axis=1))
    relative = np.linalg.lstsq(np.vstack([generator, chances]), np.append(through - replies.sum(axis=1), 0.0), rcond=None)[0]
    return float((through + 2 * chances @ replies @ relative) / through)


@pytest.mark.parametrize("customers", [1, 2, 3, 8, 40])
@pytest.mark.parametrize("second_s", [0.3, 0.9, 1.0, 2.0])
def test_dispersion_of_two_servers(customers: int, second_s: float) -> None:
    """Exact: 1e-8."""
    assert dispersion(servers(1.0, second_s), [1.0, 1.0], 1.0, customers) == pytest.approx(two_servers(customers, 1.0, second_s), rel=1e-8)


def test_dispersion_of_one_customer() -> None:
    """Replies of one customer are a renewal stream: the cv² of the sum of its times, fixed ones too. 1e-12."""
    times_s, cv2s = (0.2, 0.3, 0.5), [1.0, 0.0, 4.0]
    expected = sum(cv2 * one**2 for one, cv2 in zip(times_s, cv2s, strict=True))
    assert dispersion(servers(*times_s), cv2s, 1.0, 1) == pytest.approx(expected, rel=1e-12)


def test_dispersion_of_many_customers() -> None:
    """The busiest server alone decides. 1e-6."""
    assert dispersion(servers(0.2, 0.3, 0.9), [1.0, 0.0, 2.5], 1.0, 60) == pytest.approx(2.5, rel=1e-6)


# --- one place -------------------------------------------------------------------------------------------------------------


def test_a_place_beside_a_stream() -> None:
    """One server that a Poisson stream keeps half busy is half as fast for others (BCMP: service times grow by 1 / (1 - rho)). 1e-9."""
    others = [0.5**n / 2 for n in range(200)]
    seen, _ = beside([1.0], others, 5)
    assert seen == pytest.approx([0.5] * 5, rel=1e-9)


def test_what_a_pool_can_do_beside_a_stream() -> None:
    """Threads always held and a Poisson stream are a product form: 3 threads, 0.05 s on their own, one server. 1e-6."""
    shared = Shared((Caller(6, 0.05, ((0, 1.0),), 3), Caller(3, 0.0, ((0, 1.0),))), ((0.08, 1),))
    found = relieve({0: Pool(6.0, 3, 0.05, visits={1: ONCE}), 1: Queue(9.0, 1, 0.08)})
    assert 3 / found[0].full_held_s == pytest.approx(shared.highest_rate(0, 200), rel=1e-6)
    assert set(found[1].views) == {0, NOBODY}


def test_an_overfull_place_is_named() -> None:
    with pytest.raises(Overfull) as caught:
        relieve({0: Pool(13.0, 3, 0.05, visits={1: ONCE}), 1: Queue(13.0, 1, 0.08)})
    assert caught.value.place == 1


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
@pytest.mark.parametrize(
    "caller, stations",
    [
        (Caller(1, 0.05, ((0, 1.0),), 1), ((0.08, 1),)),
        (Caller(1, 0.1, ((0, 1.0),), 8, 2), ((0.05, 1),)),
        (Caller(1, 0.05, ((0, 1.0), (1, 1.0)), 3), ((0.05, 1), (0.08, 1))),
        (Caller(1, 0.05, ((0, 0.5),), 3), ((0.1, 1),)),
    ],
)
def test_one_pool(caller: Caller, stations: tuple[tuple[float, int], ...], share: float) -> None:
    """Response within 1 % of the chain, and the most it can do within 1e-6."""
    threads = caller.threads or 0
    shared = Shared((caller,), stations)
    at = shared.scaled(share * shared.capacity())
    rate = at.callers[0].rate
    visits = {number + 1: Visits(chance, chance * (1 - chance)) for number, chance in caller.calls}
    pool = Pool(rate, threads, caller.own_s, caller.cores, visits=visits)
    queues = {number + 1: Queue(rate * chance, stations[number][1], stations[number][0]) for number, chance in caller.calls}
    found = relieve({0: pool, **queues})[0]
    before_s = wait(rate, found.full_held_s, threads, found.cv2).mean_s * found.longer
    assert before_s + found.held_s == pytest.approx(at.responses(400)[0], rel=0.01)
    assert threads / found.full_held_s == pytest.approx(shared.highest_rate(), rel=1e-6)


# --- from a file on --------------------------------------------------------------------------------------------------------

LAYERS = """
    defaults: {{calls: {{timeout: {timeout}}}}}
    services:
      a: {{concurrency: {first}, round_trip: 0s, handles: {{Do: {{takes: 20ms, calls: {calls}}}}}}}
      b: {{concurrency: {second}, round_trip: 0s, handles: {{Do: {{takes: 30ms, calls: c.Do}}}}}}
      c: {{concurrency: 1, round_trip: 0s, handles: {{Do: {{takes: 50ms}}}}}}
    flows: {{f: {{starts: a.Do}}}}
    workloads: {{day: {{starts: {{f: {rate!r}/s}}}}}}
"""


def layers(rate: float, calls: str = "b.Do", timeout: str = "1h", first: int = 4, second: int = 2) -> Design:
    return design(LAYERS.format(rate=rate, calls=calls, timeout=timeout, first=first, second=second))


@pytest.mark.parametrize("share", [0.3, 0.7, 0.9])
def test_three_layers(share: float) -> None:
    """Response within 5 % of the chain."""
    times_s = (0.02, 0.03, 0.05)
    rate = share * three_layers_capacity((4, 2), times_s)
    assert answer(layers(rate)) == pytest.approx(three_layers(rate, (4, 2), times_s), rel=0.05)


def test_three_layers_are_saturated_where_their_chain_is() -> None:
    """Capacity within 2 %, and it is the threads' rate that is told, not that of the server behind them."""
    most = three_layers_capacity((4, 2), (0.02, 0.03, 0.05))
    assert layers(most / 2).capacity().headroom.scale.value / 2 == pytest.approx(1, rel=0.02)
    assert answer(layers(0.98 * most)) < math.inf
    (jam,) = layers(1.1 * most).latency().flows[0].jams[:1]
    assert jam.utilisation.value == pytest.approx(1.1, rel=0.02)
    assert jam.grows.value == pytest.approx(0.1 * most, rel=0.2)


def test_a_pool_whose_requests_come_by_events() -> None:
    """Consumers that hold a worker while they call: the same chain as for calls, without the way there. Within 2 %."""
    shared = Shared((Caller(1, 0.05, ((0, 1.0),), 3),), ((0.08, 1),))
    at = shared.scaled(0.8 * shared.capacity())
    made = design(f"""
        defaults: {{calls: {{timeout: 1h}}}}
        services:
          s: {{kind: external, round_trip: 0s, handles: {{go: {{takes: 0s, publishes: [E], publish_mode: outbox}}}}}}
          a: {{concurrency: 3, handles: {{E: {{takes: 50ms, calls: b.Do, idempotent: true}}}}}}
          b: {{concurrency: 1, round_trip: 0s, handles: {{Do: {{takes: 80ms}}}}}}
          k: {{kind: broker}}
        events: {{E: {{lag: 0s}}}}
        flows: {{f: {{starts: s.go, completed: a.E}}}}
        workloads: {{day: {{starts: {{f: {at.callers[0].rate!r}/s}}}}}}
    """)
    completion = made.latency().flows[0].completion
    assert completion is not None
    assert completion.mean.value == pytest.approx(at.responses(300)[0], rel=0.02)


def test_a_pool_limited_by_its_cores_alone() -> None:
    """Ten threads on two cores and no calls: M/M/2, whatever the number of threads. Within 1 %, at 90 %."""
    made = design("""
        services: {s: {concurrency: 10, cores: 2, handles: {go: {takes: 100ms}}}}
        flows: {f: {starts: s.go}}
        workloads: {day: {starts: {f: 18/s}}}
    """)
    assert answer(made) == pytest.approx(0.1 + wait(18.0, 0.1, 2).mean_s, rel=0.01)


def test_percentiles_follow_the_mean() -> None:
    """One thread, two exponential stages: M/G/1, at 80 % (transform of Pollaczek and Khinchine). Within 5 %."""
    made = design("""
        services:
          a: {concurrency: 1, round_trip: 0s, handles: {go: {takes: 500ms, calls: {to: b.Do, timeout: 1h}}}}
          b: {concurrency: 1, round_trip: 0s, handles: {Do: {takes: 500ms}}}
        flows: {f: {starts: a.go}}
        workloads: {day: {starts: {f: 0.8/s}}}
    """)
    found = made.latency().flows[0].answer
    assert found is not None
    # P(T > t) of M/E2/1 from its transform: poles of (1 - rho) s B(s) / (s - rate (1 - B(s))) with B(s) = (2 / (2 + s))^2
    rate, rho = 0.8, 0.8
    poles = np.roots([1, 4 - rate, 4 - 4 * rate])
    weights = [(1 - rho) * 4 / np.polyval(np.polyder([1, 4 - rate, 4 - 4 * rate]), pole) for pole in poles]
    low, high = 0.0, 100.0
    for _ in range(100):
        middle = (low + high) / 2
        tail = -sum(weight * math.exp(pole * middle) / pole for weight, pole in zip(weights, poles, strict=True))
        low, high = (middle, high) if tail > 0.01 else (low, middle)
    assert found.percentiles["p99"].value == pytest.approx(low, rel=0.05)


def test_what_the_method_does_not_know_is_left_alone() -> None:
    """Calls at the same time, and calls that are given up on average, keep the open queues."""
    alone = layers(15.0)
    assert loaded(Setting(alone.system)).reliefs
    assert not loaded(Setting(layers(15.0, calls="[[b.Do, c.Do]]", second=50).system)).reliefs
    assert 0 not in loaded(Setting(layers(15.0, timeout="100ms").system)).reliefs
    assert not loaded(Setting(layers(0.1, first=8, second=8).system)).reliefs


def test_a_stream_finds_another_wait_than_the_pool() -> None:
    """At 80 % of what they can do together: each response within 5 % of the chain."""
    shared = Shared((Caller(6, 0.05, ((0, 1.0),), 3), Caller(3, 0.0, ((0, 1.0),))), ((0.08, 1),))
    at = shared.scaled(0.8 * shared.capacity())
    made = design(f"""
        services:
          a: {{concurrency: 3, round_trip: 0s, handles: {{Do: {{takes: 50ms, calls: {{to: b.Do, timeout: 1h}}}}}}}}
          b: {{concurrency: 1, round_trip: 0s, handles: {{Do: {{takes: 80ms}}}}}}
        flows: {{f: {{starts: a.Do}}, g: {{starts: b.Do}}}}
        workloads: {{day: {{starts: {{f: {at.callers[0].rate!r}/s, g: {at.callers[1].rate!r}/s}}}}}}
    """)
    assert [answer(made, 0), answer(made, 1)] == pytest.approx(at.responses(80, 80), rel=0.05)


@pytest.mark.parametrize("blocking", ["true", "false"])
@pytest.mark.parametrize("concurrency, cores, replicas", [(3, 2, 2), (2, 1, 4), (8, 1, 2), (2, 1, 1)])
def test_cores_of_several_replicas(concurrency: int, cores: int, replicas: int, blocking: str) -> None:
    """One queue, whoever comes goes where a core is free: M/M/c of all cores, at 80 %, held by a call or not. Within 1 %."""
    rate = 0.8 * cores * replicas / 0.010
    made = design(f"""
        services: {{s: {{concurrency: {concurrency}, cores: {cores}, replicas: {replicas}, queue: shared, blocking: {blocking}, handles: {{go: {{takes: 10ms}}}}}}}}
        flows: {{f: {{starts: s.go}}}}
        workloads: {{day: {{starts: {{f: {rate!r}/s}}}}}}
    """)
    assert answer(made) == pytest.approx(0.010 + wait(rate, 0.010, cores * replicas).mean_s, rel=0.01)
    assert made.capacity().headroom.scale.value == pytest.approx(1.25, rel=0.01)


ODD = {
    "a pool that gets what it can do, to the last digit": """
        services:
          a: {concurrency: 2, queue: shared, handles: {go: {takes: 20ms, calls: [b.go, b.go]}}}
          b: {concurrency: 3, replicas: 5, round_trip: 10ms, queue: shared, handles: {go: {takes: 5ms}}}
        flows: {f: {starts: a.go}, g: {starts: b.go}}
        workloads: {day: {starts: {f: 40/s, g: 3/s}}}
    """,
    "a call that is never made to what takes no time": """
        services:
          a: {concurrency: 1, handles: {go: {takes: 1ms, calls: [{to: b.go, chance: 0%}]}}}
          b: {concurrency: 2, cores: 1, handles: {go: {takes: 0s, calls: [c.go]}}}
          c: {concurrency: 1, round_trip: 0s, handles: {go: {takes: 10ms}}}
        flows: {f: {starts: a.go}, g: {starts: b.go}}
        workloads: {day: {starts: {f: 1/s, g: 80/s}}}
    """,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_pools_have_an_answer(name: str) -> None:
    made = design(ODD[name])
    assert len(made.latency().flows) == 2
    assert made.capacity().headroom.scale.value > 0


def test_many_layers_of_small_pools_take_a_moment() -> None:
    """What a pool's replies are like is worked out once for each number of its workers, not for each way that leads to it."""
    lines = []
    for layer in range(12):
        for one in range(4):
            calls = ", ".join(f"{{to: s{layer + 1}x{(one + more) % 4}.go, chance: 33%}}" for more in range(3)) if layer < 11 else ""
            lines.append(f"  s{layer}x{one}: {{concurrency: 4, queue: shared, handles: {{go: {{takes: 5ms, calls: [{calls}]}}}}}}")
    flows = "flows: {f: {starts: s0x0.go}, g: {starts: s0x1.go}}\nworkloads: {day: {starts: {f: 60/s, g: 60/s}}}\n"
    made = design("services:\n" + "\n".join(lines) + "\n" + flows)
    worked_out: list[tuple[int, int]] = []
    original = Replies._worked_out

    def counted(self: Replies, number: int, held: int) -> float:
        worked_out.append((number, held))
        return original(self, number, held)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Replies, "_worked_out", counted)
        load = loaded(Setting(made.system))
    assert len(load.reliefs) > 40
    assert len(worked_out) <= 48 * 4 * ROUNDS_OF_LAYERS


#: Times that ``Layers`` looks for pools again, at most, in the system above.
ROUNDS_OF_LAYERS = 4


def test_between_points_is_exact_at_the_points() -> None:
    """A last value of 0 stays 0, however small the others are, as roots are drawn from these."""
    for number in range(1, 1000):
        found = between([1, 12, 17], [1.0, 1e-38 / number, 0.0])
        assert found[17] == 0.0
        assert min(found) >= 0.0


def test_what_is_moved_in_front_of_a_pool_is_in_its_distribution() -> None:
    """A pool of 16 that is hardly ever full: the mean of the distribution is the sum of the parts, its moved wait included. Within 0.2 %."""
    made = design("""
        services:
          a: {concurrency: 8, replicas: 2, queue: shared, handles: {go: {takes: 13ms, calls: b.go}}}
          b: {concurrency: 1, queue: shared, round_trip: 0s, handles: {go: {takes: 14ms}}}
        flows: {f: {starts: a.go}}
        workloads: {day: {starts: {f: 48/s}}}
    """)
    load = loaded(Setting(made.system))
    assert load.reliefs
    assert answer(made) == pytest.approx(load.response[made.system.entry(made.scenario.flows["f"])].mean, rel=2e-3)
    assert answer(made) == pytest.approx(0.013 + 0.014 / (1 - 0.672), rel=0.01)  # M/M/1 behind workers without end
