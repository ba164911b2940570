"""Waits against published cases, closed forms, Markov chains and seeded simulations; and what must hold for every queue."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.oracles import Phases, chain_wait
from sysdesign_cli.engine.multiserver import erlang_arrivals
from sysdesign_cli.engine.queueing import (
    METHODS,
    Wait,
    departure_cv2,
    fewest_servers,
    fewest_servers_by_utilisation,
    merged_cv2,
    mmc_sojourn_percentile,
    mmc_sojourn_tail,
    queue_wait,
    split_cv2,
    usl,
    usl_optimum,
    wait,
)

Array = NDArray[Any]

# --- published cases -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rate, service_s, servers, chance, mean_s, sojourn",
    [
        (0.7, 1.0, 1, 0.7, 2.333333, (2.310491, 9.985774, 15.350567)),
        (2.0, 1.0, 3, 0.444444, 0.444444, None),
        (5.6, 1.0, 8, 0.270602932, 0.112751222, (0.816862, 3.170530, 4.781682)),
        (90.0, 0.1, 10, 0.668731524, 0.166873152 - 0.1, (0.132909, 0.436087, 0.624988)),
    ],
)
def test_mmc_references(
    rate: float, service_s: float, servers: int, chance: float, mean_s: float, sojourn: tuple[float, float, float] | None
) -> None:
    found = wait(rate, service_s, servers)
    assert found.method == "mmc"
    assert found.error == 0
    assert found.percentiles_exact
    assert found.probability == pytest.approx(chance, abs=6e-7)
    assert found.mean_s == pytest.approx(mean_s, abs=6e-7)
    for p, expected in zip((0.5, 0.95, 0.99), sojourn or (), strict=False):
        assert mmc_sojourn_percentile(rate, service_s, servers, p) == pytest.approx(expected, abs=6e-7)


def test_percentiles_of_the_wait() -> None:
    found = wait(5.6, 1.0, 8)
    assert [found.percentile(p) for p in (0.5, 0.95, 0.99)] == pytest.approx([0.0, 0.703596, 1.374195], abs=6e-7)


def test_one_server_with_general_service() -> None:
    fixed, variable = wait(0.7, 1.0, 1, 0.0), wait(0.7, 1.0, 1, 4.0)
    assert (fixed.mean_s, variable.mean_s) == pytest.approx((1.166667, 5.833333), abs=6e-7)
    assert fixed.method == variable.method == "pollaczek-khinchine"
    assert fixed.error == 0
    assert not fixed.percentiles_exact


def test_simulated_references() -> None:
    """M/G/4 with lognormal times, cv2 4: 0.7252 +- 0.0045, of which 6 % may be missed; M/D/8: 0.06251 +- 0.0003, exact here."""
    assert wait(2.8, 1.0, 4, 4.0, shape="lognormal").mean_s == pytest.approx(0.7252, rel=0.06)
    assert wait(5.6, 1.0, 8, 0.0).mean_s == pytest.approx(0.06251, abs=0.0003)


def test_splitting_the_load_makes_twenty_times_the_wait() -> None:
    assert queue_wait("random", 5.6, 1.0, 8, 1).mean_s == pytest.approx(7 / 3, rel=1e-12)
    assert queue_wait("shared", 5.6, 1.0, 8, 1).mean_s == pytest.approx(0.112751222, abs=6e-10)


def test_fewest_servers_reference() -> None:
    assert fewest_servers(1000, 0.02, wait_s=0.01) == 26
    assert wait(1000, 0.02, 25).percentile(0.99) == pytest.approx(0.01216, abs=6e-6)
    assert [fewest_servers_by_utilisation(1000, 0.02, share) for share in (0.7, 0.8, 1.0)] == [29, 25, 20]


def test_universal_scalability_law_reference() -> None:
    assert usl_optimum(0.05, 0.0002) == pytest.approx(68.92, abs=0.005)
    assert usl(usl_optimum(0.05, 0.0002), 0.05, 0.0002) == pytest.approx(12.925, abs=0.0005)
    assert usl(1, 0.3, 0.01) == 1
    assert usl(40, 0, 0) == 40
    assert usl_optimum(0.1, 0) == math.inf
    with pytest.raises(ValueError):
        usl_optimum(0.1, -1)


@given(st.floats(0, 1), st.floats(1e-5, 0.1), st.floats(1, 2000))
def test_nothing_is_above_the_scalability_optimum(contention: float, coherency: float, n: float) -> None:
    best = max(1.0, usl_optimum(contention, coherency))
    assert usl(n, contention, coherency) <= usl(best, contention, coherency) * (1 + 1e-12)


# --- distributions ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 200), st.floats(0.01, 0.995), st.floats(0.01, 0.9999), st.floats(1e-4, 100))
def test_percentiles_invert_the_tails(servers: int, utilisation: float, p: float, service_s: float) -> None:
    rate = utilisation * servers / service_s
    t = mmc_sojourn_percentile(rate, service_s, servers, p)
    assert mmc_sojourn_tail(rate, service_s, servers, t) == pytest.approx(1 - p, rel=1e-9, abs=1e-12)
    found = wait(rate, service_s, servers)
    if found.percentile(p):
        assert found.tail(found.percentile(p)) == pytest.approx(1 - p, rel=1e-9)
    else:
        assert found.tail(0) <= 1 - p
    assert found.tail(-1) == 1


@pytest.mark.parametrize("spare", [1 - 1e-7, 1 - 1e-12, 1.0, 1 + 1e-12, 1 + 1e-7, 0.01, 30.0])
def test_the_sojourn_tail_is_stable_where_the_two_rates_meet(spare: float) -> None:
    """The tail's integral is the mean, by Simpson's rule; at spare = 1 the textbook form divides 0 by 0."""
    servers = 40
    rate = servers - spare
    steps, end = 20000, 40 * max(1.0, 1 / spare)
    weights = [1.0, *([4.0, 2.0] * (steps // 2))]
    weights[-1] = 1.0
    area = sum(w * mmc_sojourn_tail(rate, 1.0, servers, end * i / steps) for i, w in enumerate(weights)) * end / steps / 3
    assert area == pytest.approx(1 + wait(rate, 1.0, servers).mean_s, rel=1e-7)


@given(st.integers(1, 50), st.floats(0.05, 0.98), st.sampled_from([0.0, 0.3, 1.0, 4.0]), st.sampled_from([0.1, 1.0, 3.0]))
def test_the_mean_is_the_integral_of_the_tail(servers: int, utilisation: float, service_cv2: float, arrival_cv2: float) -> None:
    found = wait(utilisation * servers, 1.0, servers, service_cv2, arrival_cv2)
    assert found.mean_s == pytest.approx(found.probability * found.conditional_mean_s, rel=1e-12)
    if found.mean_s:
        assert found.tail(found.conditional_mean_s) == pytest.approx(found.probability / math.e, rel=1e-12)


# --- simulation ------------------------------------------------------------------------------------------------------------


def paired(rng: np.random.Generator, shape: str, cv2: float) -> Callable[[int], tuple[Array, Array]]:
    """Draws of service times and, of the same rank as far as may be, of exponential ones; both with mean 1."""
    if shape == "fixed":
        return lambda size: (np.ones(size), rng.exponential(size=size))
    if shape == "hyperexponential":
        p = (1 + math.sqrt((cv2 - 1) / (cv2 + 1))) / 2

        def of_two_kinds(size: int) -> tuple[Array, Array]:
            exponential = rng.exponential(size=size)
            return exponential * np.where(rng.random(size) < p, 1 / (2 * p), 1 / (2 * (1 - p))), exponential

        return of_two_kinds
    if shape == "lognormal":
        sigma = math.sqrt(math.log1p(cv2))
        normal = np.linspace(-9, 9, 4001)
        ranked = np.array([-math.log(0.5 * math.erfc(z / math.sqrt(2))) for z in normal])

        def of_one_normal(size: int) -> tuple[Array, Array]:
            z = rng.standard_normal(size)
            return np.exp(sigma * z - sigma * sigma / 2), np.interp(z, normal, ranked)

        return of_one_normal
    sample = np.sort(rng.gamma(1 / cv2, cv2, 1_000_000))

    def of_one_rank(size: int) -> tuple[Array, Array]:
        rank = rng.random(size)
        return sample[(rank * len(sample)).astype(int)], -np.log1p(-rank)

    return of_one_rank


def simulated(servers: int, utilisation: float, shape: str, cv2: float, steps: int, stages: int = 1) -> tuple[float, float]:
    """Mean wait and half width of its 95 % interval: when each server is free next, in many independent runs side by side.

    Interarrival times of ``stages`` exponential stages. A second queue with exponential service of the same ranks and the same
    arrivals, whose mean wait is known exactly, takes out much of the chance (control variate).
    """
    rng = np.random.default_rng(2026)
    draw = paired(rng, shape, cv2)
    runs, warm = 1600, 500
    rows = np.arange(runs)
    free = (np.zeros((runs, servers)), np.zeros((runs, servers)))
    sums = np.zeros((2, runs))
    now = np.zeros(runs)
    for step in range(warm + steps):
        now += rng.standard_gamma(stages, runs) / (stages * servers * utilisation)
        for system, service in enumerate(draw(runs)):
            first = free[system].argmin(axis=1)
            start = np.maximum(free[system][rows, first], now)
            free[system][rows, first] = start + service
            if step >= warm:
                sums[system] += start - now
    means = sums / steps
    known_s, _ = erlang_arrivals(stages, servers, utilisation)
    slope = np.cov(means)[0, 1] / means[1].var(ddof=1)
    adjusted = means[0] - slope * (means[1] - known_s)
    return float(adjusted.mean()), float(1.96 * adjusted.std(ddof=1) / math.sqrt(runs))


@pytest.mark.parametrize(
    "servers, utilisation, shape, cv2, steps",
    [
        (1, 0.5, "gamma", 0.25, 1000),
        (2, 0.5, "fixed", 0.0, 1000),
        (2, 0.5, "lognormal", 4.0, 3000),
        (2, 0.5, "gamma", 4.0, 2000),
        (4, 0.7, "gamma", 0.25, 1500),
        (4, 0.7, "hyperexponential", 4.0, 5000),
        (10, 0.7, "gamma", 0.25, 2000),
        (10, 0.7, "lognormal", 4.0, 9000),
    ],
)
def test_general_service_within_six_percent(servers: int, utilisation: float, shape: str, cv2: float, steps: int) -> None:
    mean_s, half_width_s = simulated(servers, utilisation, shape, cv2, steps)
    assert half_width_s <= 0.015 * mean_s
    found = wait(servers * utilisation, 1.0, servers, cv2, shape=shape)
    assert abs(found.mean_s - mean_s) <= found.error * mean_s + 1.5 * half_width_s


@pytest.mark.parametrize("servers", [2, 4, 10])
@pytest.mark.parametrize("utilisation", [0.3, 0.5, 0.8])
def test_gamma_times_of_high_variability(servers: int, utilisation: float) -> None:
    """Against the chain of three kinds of exponential times that have six moments of a gamma time: 4 %, of which 3 are the chain's."""
    exact = chain_wait(servers, utilisation, Phases.gamma(4.0, 3))
    assert wait(servers * utilisation, 1.0, servers, 4.0, shape="gamma").mean_s == pytest.approx(exact, rel=0.04)


def test_six_moments_of_a_gamma_time() -> None:
    """Of the phases that stand for it in chains: k (k + 1) … times scale^n. Within 1e-9."""
    service, cv2 = Phases.gamma(4.0, 3), 4.0
    for order in range(1, 6):
        moment = sum(chance * math.factorial(order) / rate**order for chance, rate in zip(service.start, service.rate, strict=True))
        assert moment == pytest.approx(math.prod(1 / cv2 + n for n in range(order)) * cv2**order, rel=1e-9)


@pytest.mark.parametrize(
    "servers, utilisation, shape, cv2, stages", [(1, 0.7, "gamma", 0.25, 4), (4, 0.7, "lognormal", 4.0, 4), (4, 0.8, "gamma", 0.25, 2)]
)
def test_regular_arrivals(servers: int, utilisation: float, shape: str, cv2: float, stages: int) -> None:
    mean_s, half_width_s = simulated(servers, utilisation, shape, cv2, 2000, stages)
    assert half_width_s <= 0.03 * mean_s
    found = wait(servers * utilisation, 1.0, servers, cv2, 1 / stages, shape)
    assert found.mean_s == pytest.approx(mean_s, rel=0.1)


# --- disciplines -----------------------------------------------------------------------------------------------------------


def shortest_of_two(utilisation: float, workers: int) -> tuple[float, float]:
    """Mean wait and chance of waiting at two replicas, the one with fewer requests taken: the whole Markov chain."""
    size = workers + 35
    chain = np.zeros((size * size, size * size))
    rate = 2 * workers * utilisation

    def move(source: int, target: int, speed: float) -> None:
        chain[source, target] += speed
        chain[source, source] -= speed

    for a, b in itertools.product(range(size), range(size)):
        here = a * size + b
        if a <= b and a < size - 1:
            move(here, here + size, rate if a < b else rate / 2)
        if b <= a and b < size - 1:
            move(here, here + 1, rate if b < a else rate / 2)
        if a:
            move(here, here - size, min(a, workers))
        if b:
            move(here, here - 1, min(b, workers))
    system = chain.T.copy()
    system[-1] = 1.0
    right = np.zeros(size * size)
    right[-1] = 1.0
    chances = np.linalg.solve(system, right).reshape(size, size)
    queue = np.maximum(np.arange(size) - workers, 0)
    return 2 * float(chances.sum(axis=1) @ queue) / rate, float(chances[workers:, workers:].sum())


@pytest.mark.parametrize("utilisation, workers", [(0.3, 1), (0.5, 1), (0.7, 1), (0.85, 1), (0.5, 3), (0.8, 3)])
def test_least_connections_against_the_chain_of_two_replicas(utilisation: float, workers: int) -> None:
    mean_s, chance = shortest_of_two(utilisation, workers)
    found = queue_wait("least-connections", 2 * workers * utilisation, 1.0, 2, workers)
    assert found.mean_s == pytest.approx(mean_s, rel=0.04)
    assert found.probability == pytest.approx(chance, rel=0.05)
    assert found.method == "shortest-queue"


def least_connections_simulated(utilisation: float, replicas: int, workers: int) -> float:
    """Mean wait with exponential service, many independent systems side by side."""
    rng = np.random.default_rng(7)
    runs, warm, steps, kept = 700, 500, 2500, 24
    rows = np.arange(runs)
    free = np.zeros((runs, replicas, workers))
    ends = np.zeros((runs, replicas, kept))  # when the latest requests of each replica end, those in work or waiting among them
    slot = np.zeros((runs, replicas), dtype=int)
    now, total = np.zeros(runs), 0.0
    for step in range(warm + steps):
        now += rng.exponential(1 / (replicas * workers * utilisation), runs)
        present = (ends > now[:, None, None]).sum(axis=2)
        target = (present + rng.random((runs, replicas)) / 2).argmin(axis=1)
        worker = free[rows, target].argmin(axis=1)
        start = np.maximum(free[rows, target, worker], now)
        if step >= warm:
            total += float((start - now).mean())
        end = start + rng.exponential(1.0, runs)
        free[rows, target, worker] = end
        ends[rows, target, slot[rows, target]] = end
        slot[rows, target] = (slot[rows, target] + 1) % kept
    return total / steps


@pytest.mark.parametrize("utilisation, replicas, workers", [(0.8, 8, 1), (0.8, 3, 4)])
def test_least_connections_against_simulation(utilisation: float, replicas: int, workers: int) -> None:
    """Within 5 %: 4 of the fit, 1 of the simulation."""
    found = queue_wait("least-connections", replicas * workers * utilisation, 1.0, replicas, workers)
    assert found.mean_s == pytest.approx(least_connections_simulated(utilisation, replicas, workers), rel=0.05)


def test_round_robin_with_one_worker_is_the_root_of_the_erlang_queue() -> None:
    """Ek/M/1 (Kleinrock, Queueing Systems I, 1975, section 6.4): sigma = (k rho / (k rho + 1 - sigma))^k, wait sigma / (1 - sigma)."""
    for replicas, utilisation in ((2, 0.5), (4, 0.7), (8, 0.9), (40, 0.6)):
        sigma = 0.0
        for _ in range(5000):
            sigma = (replicas * utilisation / (replicas * utilisation + 1 - sigma)) ** replicas
        found = queue_wait("round-robin", replicas * utilisation, 1.0, replicas, 1)
        assert found.method == "erlang-arrivals"
        assert found.error == 0
        assert found.probability == pytest.approx(sigma, rel=1e-9)
        assert found.mean_s == pytest.approx(sigma / (1 - sigma), rel=1e-9)


@pytest.mark.parametrize("replicas, workers", [(2, 1), (5, 3)])
def test_round_robin_with_fixed_times_is_the_shared_queue(replicas: int, workers: int) -> None:
    rate = 0.8 * replicas * workers
    assert queue_wait("round-robin", rate, 1.0, replicas, workers, 0.0) == queue_wait("shared", rate, 1.0, replicas, workers, 0.0)


def test_least_connections_in_the_limits() -> None:
    """Light traffic: all replicas have one, and one must wait for a whole one of n times the time. Heavy: one shared queue."""
    light, heavy = 1e-4, 1 - 1e-6
    for replicas, workers in ((2, 1), (3, 2), (10, 4)):
        for utilisation, ratio in ((light, replicas), (heavy, 1)):
            rate = utilisation * replicas * workers
            shortest = queue_wait("least-connections", rate, 1.0, replicas, workers)
            assert shortest.mean_s / queue_wait("shared", rate, 1.0, replicas, workers).mean_s == pytest.approx(ratio, rel=1e-3)


services = st.sampled_from([0.0, 0.1, 0.5, 1.0, 1.5, 4.0, 9.0])
arrivals = st.sampled_from([0.0, 0.05, 0.3, 1.0, 1.0, 1.3, 4.0])


@given(st.integers(2, 40), st.integers(1, 20), st.floats(0.02, 0.98), services, arrivals)
def test_the_more_is_shared_the_less_is_waited(
    replicas: int, workers: int, utilisation: float, service_cv2: float, arrival_cv2: float
) -> None:
    """With service more regular than exponential, taking turns beats counting connections, so these two may then be either way."""
    rate = utilisation * replicas * workers
    means = [
        queue_wait(each, rate, 1.0, replicas, workers, service_cv2, arrival_cv2).mean_s
        for each in ("shared", "least-connections", "round-robin", "random")
    ]
    if service_cv2 < 1:
        assert means[0] <= min(means[1], means[2]) * (1 + 1e-9)
        assert max(means[1], means[2]) <= means[3] * (1 + 1e-9)
    else:
        assert all(less <= more * (1 + 1e-9) for less, more in itertools.pairwise(means))


# --- what must hold for every queue ----------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(st.integers(1, 300), st.floats(0.01, 0.97), st.floats(0, 0.02), services, arrivals)
def test_more_load_never_waits_less_and_more_servers_never_more(
    servers: int, utilisation: float, more: float, service_cv2: float, arrival_cv2: float
) -> None:
    found = wait(utilisation * servers, 1.0, servers, service_cv2, arrival_cv2)
    busier = wait((utilisation + more) * servers, 1.0, servers, service_cv2, arrival_cv2)
    larger = wait(utilisation * servers, 1.0, servers + 1, service_cv2, arrival_cv2)
    assert 0 <= found.probability <= 1
    assert found.mean_s <= busier.mean_s * (1 + 1e-9) + 1e-15
    assert larger.mean_s <= found.mean_s * (1 + 1e-9) + 1e-15


@given(st.integers(1, 50), st.floats(0.05, 0.95), services, arrivals, st.floats(1e-6, 1e6))
def test_the_unit_of_time_does_not_matter(servers: int, utilisation: float, service_cv2: float, arrival_cv2: float, unit: float) -> None:
    one = wait(utilisation * servers, 1.0, servers, service_cv2, arrival_cv2)
    other = wait(utilisation * servers / unit, unit, servers, service_cv2, arrival_cv2)
    assert other.probability == pytest.approx(one.probability, rel=1e-6)
    assert other.mean_s / unit == pytest.approx(one.mean_s, rel=1e-6)


@given(st.floats(0.1, 500), st.floats(0.001, 1), st.floats(0, 2), st.sampled_from([0.5, 0.9, 0.99, 0.999]), services)
def test_the_fewest_servers_are_enough_and_one_less_is_not(rate: float, service_s: float, wait_s: float, p: float, cv2: float) -> None:
    found = fewest_servers(rate, service_s, wait_s=wait_s, wait_percentile=p, service_cv2=cv2)
    assert wait(rate, service_s, found, cv2).percentile(p) <= wait_s
    if found - 1 > rate * service_s:
        assert wait(rate, service_s, found - 1, cv2).percentile(p) > wait_s
    assert fewest_servers_by_utilisation(rate, service_s, 1.0) <= found


def test_huge_pools() -> None:
    found = wait(9.99e6, 1.0, 10**7, 4.0, 0.5)
    assert 0 < found.mean_s < 1e-3
    assert wait(5e6, 1.0, 10**7, 4.0).mean_s == 0.0


def test_nothing_to_do_is_no_wait() -> None:
    for found in (wait(0.0, 1.0, 2), wait(10.0, 0.0, 2), queue_wait("least-connections", 0.0, 1.0, 3, 2, 4.0)):
        assert found == Wait(0.0, 0.0, "none")
        assert found.percentile(0.999) == found.tail(0) == found.conditional_mean_s == 0.0
    assert mmc_sojourn_percentile(10, 0.0, 2, 0.99) == mmc_sojourn_tail(10, 0.0, 2, 0.0) == 0.0
    assert fewest_servers(0.0, 1.0, wait_s=0.0) == fewest_servers_by_utilisation(0.0, 1.0, 0.5) == 1


@pytest.mark.parametrize("rate, service_s, servers", [(2.0, 1.0, 2), (3.0, 1.0, 2), (1.0, 1.0, 0), (-1.0, 1.0, 2), (1.0, -1.0, 2)])
def test_overload_and_nonsense_are_refused(rate: float, service_s: float, servers: int) -> None:
    with pytest.raises(ValueError):
        wait(rate, service_s, servers)
    with pytest.raises(ValueError):
        mmc_sojourn_percentile(rate, service_s, servers, 0.5)
    for discipline in ("shared", "random", "round-robin", "least-connections"):
        with pytest.raises(ValueError):
            queue_wait(discipline, 2 * rate, service_s, 2, servers)


def test_unknown_names_and_shares_are_refused() -> None:
    with pytest.raises(ValueError, match="discipline"):
        queue_wait("fifo", 1.0, 1.0, 2, 1)
    with pytest.raises(ValueError, match="shape"):
        wait(1.0, 1.0, 2, 0.5, shape="weibull")
    for p in (-0.1, 1.0):
        with pytest.raises(ValueError):
            wait(1.0, 1.0, 2).percentile(p)
    with pytest.raises(ValueError):
        fewest_servers(1.0, 1.0, wait_s=-1.0)
    with pytest.raises(ValueError):
        fewest_servers_by_utilisation(1.0, 1.0, 0.0)


# --- streams ---------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 100), st.floats(0, 1), st.floats(0.01, 1), st.lists(st.floats(0.1, 100), min_size=1, max_size=5))
def test_poisson_streams_stay_poisson(servers: int, utilisation: float, share: float, rates: list[float]) -> None:
    """Departures of M/M/c (Burke), a share by lot, and several together are Poisson."""
    assert departure_cv2(1.0, 1.0, utilisation, servers) == pytest.approx(1.0, abs=1e-12)
    assert split_cv2(1.0, share) == pytest.approx(1.0, abs=1e-12)
    assert merged_cv2([(rate, 1.0) for rate in rates], utilisation) == pytest.approx(1.0, abs=1e-12)


@given(st.floats(0, 5), st.floats(0.2, 5), st.floats(0, 1), st.integers(1, 50))
def test_departures_lie_between_arrivals_and_service(arrival_cv2: float, service_cv2: float, utilisation: float, servers: int) -> None:
    found = departure_cv2(arrival_cv2, service_cv2, utilisation, servers)
    assert min(arrival_cv2, service_cv2, 1) - 1e-9 <= found <= max(arrival_cv2, service_cv2, 1) + 1e-9
    assert departure_cv2(arrival_cv2, service_cv2, 0.0, servers) == pytest.approx(arrival_cv2, abs=1e-12)
    assert departure_cv2(arrival_cv2, service_cv2, 1.0, 1) == pytest.approx(service_cv2, abs=1e-12)


def test_merging() -> None:
    assert merged_cv2([(3.0, 4.0)], 0.5) == pytest.approx(4.0)
    assert merged_cv2([(3.0, 4.0), (0.0, 9.0)], 0.5) == pytest.approx(4.0)
    assert merged_cv2([], 0.5) == 1.0
    # two alike at utilisation 1/2: weight 1 / (1 + 4 * 1/4 * (2 - 1)) = 1/2
    assert merged_cv2([(1.0, 3.0), (1.0, 3.0)], 0.5) == pytest.approx(2.0)
    assert 1 < merged_cv2([(1.0, 3.0)] * 100, 0.5) < 1.05
    assert merged_cv2([(1.0, 3.0)] * 100, 1.0) == pytest.approx(3.0)


def test_every_method_states_its_error() -> None:
    seen = {
        queue_wait(each, 0.6 * 6, 1.0, 3, 2, service_cv2, arrival_cv2).method
        for each in ("shared", "random", "round-robin", "least-connections")
        for service_cv2 in (0.0, 1.0, 4.0)
        for arrival_cv2 in (0.5, 1.0)
    } | {wait(0.0, 1.0, 1).method, wait(0.5, 1.0, 1, 2.0).method}
    assert seen == set(METHODS) - {"small-pool", "repeated-calls"}  # waits that others change: test_pools, test_repeats
