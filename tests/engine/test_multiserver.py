"""Exact multi-server results against sums in fractions, Markov chains solved as matrices, other formulas and known limits."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sysdesign_cli.engine.multiserver import (
    deterministic_service_wait,
    erlang_arrivals,
    erlang_b,
    erlang_c,
    hyperexponential_arrivals,
    light_traffic_ratio,
)


@given(st.integers(1, 60), st.fractions(Fraction(1, 100), 80))
def test_erlang_b_is_the_truncated_poisson_distribution(servers: int, load: Fraction) -> None:
    weights = [Fraction(1)]
    for k in range(1, servers + 1):
        weights.append(weights[-1] * load / k)
    assert erlang_b(servers, float(load)) == pytest.approx(float(weights[-1] / sum(weights)), rel=1e-12)


@pytest.mark.parametrize("servers, load", [(20000, 15000.5), (20000, 19990.0), (20000, 20500.0), (10000, 20000.0), (500, 499.0)])
def test_starting_near_the_load_is_as_good_as_starting_at_none(servers: int, load: float) -> None:
    inverse = 1.0
    for k in range(1, servers + 1):
        inverse = min(1 + k / load * inverse, 1e300)
    assert erlang_b(servers, load) == pytest.approx(1 / inverse, rel=1e-12)


def test_ten_million_servers_are_quick() -> None:
    """At load = servers B is near sqrt(2 / (pi c)) (Jagerman, BSTJ 53, 1974); its next term is of order 1 / c."""
    started = time.perf_counter()
    assert erlang_b(10**7, 1e7) == pytest.approx(math.sqrt(2 / (math.pi * 1e7)), rel=1e-3)
    assert erlang_b(10**7, 5e6) == 0.0
    assert time.perf_counter() - started < 2


def test_erlang_references() -> None:
    assert erlang_b(3, 2) == pytest.approx(4 / 19, rel=1e-14)
    assert erlang_c(3, 2) == pytest.approx(4 / 9, rel=1e-14)
    assert erlang_b(15, 10) == pytest.approx(0.0364969454724, rel=1e-11)
    assert erlang_c(15, 10) == pytest.approx(0.102042367008, rel=1e-11)
    assert erlang_b(100, 100) == pytest.approx(0.0757004527109, rel=1e-11)
    with pytest.raises(ValueError):
        erlang_c(100, 100)
    assert (erlang_b(0, 0), erlang_b(2, 0), erlang_c(2, 0)) == (1, 0, 0)
    with pytest.raises(ValueError):
        erlang_b(-1, 1)


def fixed_times_by_epochs(servers: int, utilisation: float) -> float:
    """Mean wait of M/D/c from the customers present at instants one service time apart: then just those in work are gone."""
    load = servers * utilisation
    size = int(servers + 40 * math.sqrt(load) + 60 / (1 - utilisation))
    arrivals = np.exp(np.array([j * math.log(load) - load - math.lgamma(j + 1) for j in range(size)]))
    chain = np.zeros((size, size))
    for here in range(size):
        left = max(0, here - servers)
        chain[here, left:] = arrivals[: size - left]
        chain[here, -1] += 1 - chain[here].sum()
    present = stationary(chain - np.eye(size))
    return float(present @ np.maximum(np.arange(size) - servers, 0)) / load


def stationary(generator: NDArray[Any]) -> NDArray[Any]:
    system = generator.T.copy()
    system[-1] = 1.0
    right = np.zeros(len(system))
    right[-1] = 1.0
    return np.linalg.solve(system, right)


@pytest.mark.parametrize("servers, utilisation", [(2, 0.3), (2, 0.9), (3, 0.7), (8, 0.7), (8, 0.95), (10, 0.5), (40, 0.9)])
def test_fixed_service_times_against_the_chain_of_epochs(servers: int, utilisation: float) -> None:
    assert deterministic_service_wait(servers, utilisation) == pytest.approx(fixed_times_by_epochs(servers, utilisation), rel=1e-7)


def test_fixed_service_times_known_values() -> None:
    for utilisation in (0.01, 0.3, 0.7, 0.99, 0.999):
        assert deterministic_service_wait(1, utilisation) == pytest.approx(utilisation / (1 - utilisation) / 2, rel=1e-9)
    assert deterministic_service_wait(8, 0.7) == pytest.approx(0.06251, abs=0.0003)  # simulated, 95 % interval


@given(st.integers(2, 100), st.floats(0.05, 0.99))
def test_the_sum_and_the_roots_join(servers: int, utilisation: float) -> None:
    """Near where the method changes, the two are as close as the loads are: the wait has no jump."""
    edge = 0.5
    low, high = 1e-6, 1 - 1e-9
    while high - low > 1e-14:
        edge = (low + high) / 2
        low, high = (edge, high) if servers * (edge - 1 - math.log(edge)) > 3 else (low, edge)
    below, above = deterministic_service_wait(servers, edge - 1e-9), deterministic_service_wait(servers, edge + 1e-9)
    assert below <= above * (1 + 1e-12)
    assert above == pytest.approx(below, rel=1e-6)


def interarrival_chain(stages: list[tuple[float, float]], mode: str, servers: int) -> tuple[float, float]:
    """Wait and chance of waiting from the whole Markov chain. stages: (chance, rate), passed one by one or one of them for each."""
    kinds, levels = len(stages), servers + 400
    generator = np.zeros((levels * kinds, levels * kinds))
    arriving = np.zeros(levels * kinds)

    def move(source: int, target: int, rate: float) -> None:
        generator[source, target] += rate
        generator[source, source] -= rate

    for level in range(levels):
        for kind, (_, rate) in enumerate(stages):
            here = level * kinds + kind
            if level:
                move(here, here - kinds, min(level, servers))
            if mode == "series" and kind < kinds - 1:
                move(here, here + 1, rate)
            elif level < levels - 1:
                arriving[here] = rate
                for target, (chance, _) in enumerate(stages):
                    share = chance if mode == "mixture" else float(target == 0)
                    if share:
                        move(here, (level + 1) * kinds + target, rate * share)
    chances = stationary(generator)
    level_of = np.arange(levels * kinds) // kinds
    flow = float(chances @ arriving)
    return float(chances @ np.maximum(level_of - servers, 0)) / flow, float((chances * arriving)[level_of >= servers].sum()) / flow


@pytest.mark.parametrize("stages, servers, utilisation", [(1, 3, 0.6), (2, 1, 0.5), (2, 4, 0.8), (4, 2, 0.3), (4, 4, 0.9), (7, 3, 0.7)])
def test_erlang_arrivals_against_the_chain(stages: int, servers: int, utilisation: float) -> None:
    rate = stages * servers * utilisation
    expected = interarrival_chain([(1.0, rate)] * stages, "series", servers)
    assert erlang_arrivals(stages, servers, utilisation) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("cv2, servers, utilisation", [(4.0, 1, 0.3), (1.5, 2, 0.8), (4.0, 4, 0.6), (9.0, 3, 0.5)])
def test_hyperexponential_arrivals_against_the_chain(cv2: float, servers: int, utilisation: float) -> None:
    rate = servers * utilisation
    p = (1 + math.sqrt((cv2 - 1) / (cv2 + 1))) / 2
    expected = interarrival_chain([(p, 2 * p * rate), (1 - p, 2 * (1 - p) * rate)], "mixture", servers)
    assert hyperexponential_arrivals(cv2, servers, utilisation) == pytest.approx(expected, rel=1e-8)


@given(st.integers(1, 100), st.floats(0.05, 0.98))
def test_one_stage_or_one_kind_is_mmc(servers: int, utilisation: float) -> None:
    chance = erlang_c(servers, servers * utilisation)
    expected = (chance / (servers * (1 - utilisation)), chance)
    assert erlang_arrivals(1, servers, utilisation) == pytest.approx(expected, rel=1e-9)
    assert hyperexponential_arrivals(1 + 1e-9, servers, utilisation) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "shape, cv2", [("gamma", 0.05), ("gamma", 0.25), ("gamma", 4.0), ("lognormal", 0.5), ("lognormal", 4.0), ("hyperexponential", 4.0)]
)
def test_light_traffic_with_one_server_is_the_mean_remaining_time(shape: str, cv2: float) -> None:
    assert light_traffic_ratio(1, cv2, shape) == pytest.approx((1 + cv2) / 2, rel=0.015)  # the far tail weighs most here


@pytest.mark.parametrize("servers", [2, 5, 20])
def test_light_traffic_closed_forms(servers: int) -> None:
    """Hyperexponential with balanced means: the remaining time is of either kind with chance 1/2. Gamma with cv2 1: exponential."""
    p = (1 + math.sqrt(3 / 5)) / 2
    exact = sum(math.comb(servers, k) / 2**servers / (k * 2 * p + (servers - k) * 2 * (1 - p)) for k in range(servers + 1))
    assert light_traffic_ratio(servers, 4.0, "hyperexponential") == pytest.approx(servers * exact, rel=2e-3)
    assert light_traffic_ratio(servers, 1.0, "gamma") == pytest.approx(1.0, rel=2e-3)
    assert light_traffic_ratio(servers, 0.0, "fixed") == pytest.approx(servers / (servers + 1), rel=1e-12)
    # what remains of a service in progress: a uniform share of a length drawn by length
    rng = np.random.default_rng(11)
    variance = math.log(5)
    remaining = rng.lognormal(variance / 2, math.sqrt(variance), (50_000, servers)) * rng.random((50_000, servers))
    assert light_traffic_ratio(servers, 4.0, "lognormal") == pytest.approx(servers * float(remaining.min(axis=1).mean()), rel=0.03)
