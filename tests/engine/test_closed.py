"""Networks of stations against the mean value recursion, enumeration of the product form, Markov chains, and published cases."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine import closed
from sysdesign_cli.engine.closed import Solution, Station, StationLoad, capacity_per_s, solve, solve_open
from sysdesign_cli.engine.queueing import wait

Stations = list[tuple[float, Station]]


def single(*demands: float) -> Stations:
    return [(1.0, Station(demand)) for demand in demands]


# --- published cases -------------------------------------------------------------------------------------------------------


def test_lazowska_1984_page_117() -> None:
    found = solve(3, 15.0, single(0.605, 2.1, 1.35))
    assert found.method == "exact"
    assert found.throughput_per_s == pytest.approx(0.151516, abs=5e-7)
    assert found.response_s == pytest.approx(4.799825, abs=5e-7)
    assert [station.response_s for station in found.stations] == pytest.approx([0.643930, 2.604710, 1.551185], abs=5e-7)


def test_jain_1991_example_34_1() -> None:
    found = solve_open(3.0, [(16, Station(0.01)), (7, Station(0.02)), (8, Station(0.03))])
    assert [station.utilisation for station in found.stations] == pytest.approx([0.48, 0.42, 0.72], rel=1e-12)
    assert [station.response_s for station in found.stations] == pytest.approx([0.019231, 0.034483, 0.107143], abs=5e-7)


def test_machine_repair_with_two_repairers() -> None:
    found = solve(4, 1.0, [(1, Station(1.0, servers=2))])
    assert found.throughput_per_s == pytest.approx(1.7, rel=1e-12)
    assert found.response_s == pytest.approx(23 / 17, rel=1e-12)


def layered(threads: int, cores: int, own_s: float, called_s: float) -> Stations:
    return [(1.0, Station(own_s, cores, threads=threads, inside=((1.0, Station(called_s)),)))]


def layered_chain(users: int, think_s: float, threads: int, cores: int, own_s: float, called_s: float) -> tuple[float, float]:
    """Throughput and share of held threads from the Markov chain of (requests at A, of them waiting for B)."""
    states = [(here, below) for here in range(users + 1) for below in range(min(here, threads) + 1)]
    index = {state: number for number, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))

    def move(source: tuple[int, int], target: tuple[int, int], rate: float) -> None:
        if rate:
            generator[index[source], index[target]] += rate
            generator[index[source], index[source]] -= rate

    for here, below in states:
        own = min(here, threads) - below
        if here < users:
            move((here, below), (here + 1, below), (users - here) / think_s)
        if own:
            move((here, below), (here, below + 1), min(own, cores) / own_s)
        if below:
            move((here, below), (here - 1, below - 1), 1 / called_s)
    system = np.vstack([generator.T, np.ones(len(states))])
    chances = np.linalg.lstsq(system, np.append(np.zeros(len(states)), 1.0), rcond=None)[0]
    throughput = sum(chance / called_s for chance, (_, below) in zip(chances, states, strict=True) if below)
    held = sum(chance * min(here, threads) for chance, (here, _) in zip(chances, states, strict=True)) / threads
    return float(throughput), float(held)


def test_layered_reference() -> None:
    throughput, held = layered_chain(20, 1.0, 5, 2, 0.05, 0.08)
    assert throughput == pytest.approx(12.224071, abs=5e-7)
    assert held == pytest.approx(0.928282, abs=5e-7)
    found = solve(20, 1.0, layered(5, 2, 0.05, 0.08))
    assert found.method == "flow-equivalent"
    assert found.throughput_per_s == pytest.approx(12.224071, rel=5e-4)
    assert found.response_s == pytest.approx(0.636116, rel=1e-3)
    assert found.stations[0].threads_utilisation == pytest.approx(0.928282, rel=1e-3)


@pytest.mark.parametrize("threads, cores, own_s, called_s", list(itertools.product((1, 3, 8), (1, 2), (0.02, 0.1), (0.05, 0.2))))
def test_thread_pools_are_near_the_markov_chain(threads: int, cores: int, own_s: float, called_s: float) -> None:
    throughput, held = layered_chain(12, 1.0, threads, cores, own_s, called_s)
    found = solve(12, 1.0, layered(threads, cores, own_s, called_s))
    assert found.throughput_per_s == pytest.approx(throughput, rel=0.015)
    assert found.stations[0].threads_utilisation == pytest.approx(held, rel=0.015)


# --- other methods ---------------------------------------------------------------------------------------------------------


def mean_value_analysis(users: int, think_s: float, demands: Sequence[float]) -> tuple[float, list[float]]:
    """Reiser and Lavenberg 1980, single servers."""
    queues = [0.0] * len(demands)
    for population in range(1, users + 1):
        times = [demand * (1 + queue) for demand, queue in zip(demands, queues, strict=True)]
        throughput = population / (think_s + sum(times))
        queues = [throughput * time for time in times]
    return throughput, times


demand = st.floats(1e-4, 10.0)


@given(st.integers(1, 150), st.floats(0, 100), st.lists(demand, min_size=1, max_size=6))
def test_single_servers_give_what_mean_value_analysis_gives(users: int, think_s: float, demands: list[float]) -> None:
    throughput, times = mean_value_analysis(users, think_s, demands)
    found = solve(users, think_s, single(*demands))
    assert found.throughput_per_s == pytest.approx(throughput, rel=1e-10)
    assert [station.response_s for station in found.stations] == pytest.approx(times, rel=1e-9)


def compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in compositions(total - first, parts - 1):
            yield (first, *rest)


def enumerated(users: int, think_s: float, stations: Sequence[tuple[float, int]]) -> tuple[float, list[float], list[float]]:
    """Throughput, mean numbers and busy servers from the product form, all states added up. stations: (demand, servers)."""

    def weight(state: tuple[int, ...]) -> float:
        product = think_s ** state[0] / math.factorial(state[0])
        for number, (each, servers) in zip(state[1:], stations, strict=True):
            for here in range(1, number + 1):
                product *= each / min(here, servers)
        return product

    states = list(compositions(users, len(stations) + 1))
    weights = [weight(state) for state in states]
    total = sum(weights)
    throughput = sum(weight(state) for state in compositions(users - 1, len(stations) + 1)) / total
    numbers = [sum(w * state[1 + k] for w, state in zip(weights, states, strict=True)) / total for k in range(len(stations))]
    busy = [
        sum(w * min(state[1 + k], servers) for w, state in zip(weights, states, strict=True)) / total
        for k, (_, servers) in enumerate(stations)
    ]
    return throughput, numbers, busy


@given(st.integers(1, 8), st.floats(0.01, 10), st.lists(st.tuples(st.floats(0.01, 5), st.integers(1, 4)), min_size=1, max_size=3))
def test_several_servers_against_all_states(users: int, think_s: float, stations: list[tuple[float, int]]) -> None:
    throughput, numbers, busy = enumerated(users, think_s, stations)
    found = solve(users, think_s, [(1.0, Station(each, servers)) for each, servers in stations])
    assert found.throughput_per_s == pytest.approx(throughput, rel=1e-10)
    assert [station.number for station in found.stations] == pytest.approx(numbers, rel=1e-9)
    expected = [each / servers for each, (_, servers) in zip(busy, stations, strict=True)]
    assert [station.utilisation for station in found.stations] == pytest.approx(expected, rel=1e-9)


def repair_throughput(users: int, think_s: float, service_s: float, servers: int) -> float:
    """Machine repair with logarithms: 1 / service times the mean number of busy servers."""
    logs = [0.0]
    for here in range(1, users + 1):
        logs.append(logs[-1] + math.log((users - here + 1) / think_s * service_s / min(here, servers)))
    top = max(logs)
    weights = [math.exp(each - top) for each in logs]
    return sum(w * min(here, servers) for here, w in enumerate(weights)) / sum(weights) / service_s


@pytest.mark.parametrize("users, think_s, service_s, servers", [(3000, 1.0, 0.01, 29), (4000, 2.0, 1.0, 1200), (2000, 0.1, 0.001, 1)])
def test_many_users_and_servers_neither_overflow_nor_lose_digits(users: int, think_s: float, service_s: float, servers: int) -> None:
    found = solve(users, think_s, [(1, Station(service_s, servers))])
    assert found.method == "exact"
    assert found.throughput_per_s == pytest.approx(repair_throughput(users, think_s, service_s, servers), rel=1e-10)


def test_the_rates_of_a_large_pool_are_right_from_one_thread_to_the_last() -> None:
    """Inside: 0.3 s elsewhere and one server; seen from outside that is machine repair with as many users as threads in use."""
    for users in (1, 30, 400, 1500):
        found = solve(users, 0.0, [(1, Station(0.001, 1, delay_s=0.3, threads=1500))])
        assert found.throughput_per_s == pytest.approx(repair_throughput(users, 0.3, 0.001, 1), rel=1e-9)


# --- properties ------------------------------------------------------------------------------------------------------------


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> Station:
    inside = draw(st.lists(st.tuples(st.floats(0.1, 3), trees(depth - 1)), max_size=2)) if depth else []
    return Station(
        demand_s=draw(st.one_of(st.just(0.0), st.floats(0.001, 1))),
        servers=draw(st.one_of(st.none(), st.integers(1, 4))),
        delay_s=draw(st.one_of(st.just(0.0), st.floats(0.001, 1))),
        threads=draw(st.one_of(st.none(), st.integers(1, 6))),
        inside=tuple(inside),
    )


networks = st.lists(st.tuples(st.floats(0.1, 3), trees()), min_size=1, max_size=3).filter(
    lambda stations: all(each.demand_s or each.delay_s for _, each in stations)
)


def every(stations: Sequence[StationLoad]) -> Iterator[StationLoad]:
    for station in stations:
        yield station
        yield from every(station.inside)


def matched(loads: Sequence[StationLoad], stations: Sequence[tuple[float, Station]]) -> Iterator[tuple[StationLoad, Station]]:
    for load, (_, station) in zip(loads, stations, strict=True):
        yield load, station
        yield from matched(load.inside, station.inside)


def check_laws(found: Solution, stations: Stations, rel: float) -> None:
    """Utilisation law, Little's law, forced flows, and that the parts of each time add up."""
    for load, station in matched(found.stations, stations):
        assert load.number == pytest.approx(load.throughput_per_s * load.response_s, rel=rel, abs=1e-12)
        if load.utilisation is not None and station.servers is not None:
            assert load.utilisation == pytest.approx(load.throughput_per_s * station.demand_s / station.servers, rel=rel, abs=1e-12)
            assert load.utilisation <= 1 + 1e-9
        inside = sum(child.visits * child.response_s for child in load.inside)
        held = load.processor_s + station.delay_s + inside
        assert load.response_s == pytest.approx(load.thread_wait_s + held, rel=rel, abs=1e-12)
        if station.threads is not None:
            assert load.threads_utilisation == pytest.approx(load.throughput_per_s * held / station.threads, rel=rel, abs=1e-12)
        for child in load.inside:
            assert child.throughput_per_s == pytest.approx(load.throughput_per_s * child.visits, rel=rel)


@settings(max_examples=50)
@given(st.integers(1, 25), st.floats(0, 5), networks)
def test_the_laws_hold_for_every_closed_network(users: int, think_s: float, stations: Stations) -> None:
    found = solve(users, think_s, stations)
    check_laws(found, stations, 1e-8)
    assert users == pytest.approx(found.throughput_per_s * (think_s + found.response_s), rel=1e-9)
    assert found.throughput_per_s <= capacity_per_s(stations) * (1 + 1e-9)


@settings(max_examples=50)
@given(st.floats(0.01, 0.97), networks)
def test_the_laws_hold_for_every_open_network(share: float, stations: Stations) -> None:
    capacity = capacity_per_s(stations)
    rate = share * (capacity if math.isfinite(capacity) else 10.0)
    found = solve_open(rate, stations)
    check_laws(found, stations, 1e-8)
    assert found.response_s == pytest.approx(sum(load.number for load in found.stations) / rate, rel=1e-9)


def unlimited(station: Station) -> Station:
    inside = tuple((visits, unlimited(called)) for visits, called in station.inside)
    return Station(station.demand_s, station.servers, station.delay_s, None, inside)


def pooled(station: Station, threads: int) -> Station:
    inside = tuple((visits, pooled(called, threads)) for visits, called in station.inside)
    return Station(station.demand_s, station.servers, station.delay_s, threads, inside)


@settings(max_examples=50)
@given(st.integers(1, 12), st.floats(0, 5), networks)
def test_threads_that_are_never_short_change_nothing(users: int, think_s: float, stations: Stations) -> None:
    """Norton's theorem: a product-form part may be replaced by its flow-equivalent centre exactly."""
    free = solve(users, think_s, [(visits, unlimited(station)) for visits, station in stations])
    enough = solve(users, think_s, [(visits, pooled(station, users)) for visits, station in stations])
    assert enough.throughput_per_s == pytest.approx(free.throughput_per_s, rel=1e-9)
    for one, other in zip(every(enough.stations), every(free.stations), strict=True):
        assert one.response_s == pytest.approx(other.response_s, rel=1e-8, abs=1e-12)
        assert one.thread_wait_s == pytest.approx(0.0, abs=1e-8)


@settings(max_examples=50)
@given(st.integers(1, 20), st.floats(0, 5), networks)
def test_more_users_never_lower_the_throughput(users: int, think_s: float, stations: Stations) -> None:
    fewer, more = solve(users, think_s, stations), solve(users + 1, think_s, stations)
    assert more.throughput_per_s >= fewer.throughput_per_s * (1 - 1e-9)
    assert more.response_s >= fewer.response_s * (1 - 1e-9)


def test_more_threads_never_lower_the_throughput() -> None:
    found = [solve(30, 1.0, layered(threads, 2, 0.03, 0.02)).throughput_per_s for threads in range(1, 31)]
    assert all(more >= fewer * (1 - 1e-12) for fewer, more in itertools.pairwise(found))


# --- large populations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stations, tolerance",
    [
        (single(0.05, 0.02), 0.02),
        (single(0.05, 0.05, 0.05, 0.02), 0.02),
        ([(1.0, Station(0.4, 8)), (1.0, Station(0.03))], 0.1),
        ([(1.0, Station(1.0, 40))], 0.1),
        (layered(5, 2, 0.05, 0.08), 0.1),
    ],
)
def test_schweitzer_bard_is_near_the_exact_answer(stations: Stations, tolerance: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for users in (50, 80, 150, 300):
        exact = solve(users, 1.0, stations)
        with monkeypatch.context() as patch:
            patch.setattr(closed, "EXACT_EFFORT", 0.0)
            found = solve(users, 1.0, stations)
        assert found.method == "schweitzer-bard"
        assert (1 - tolerance) * exact.throughput_per_s <= found.throughput_per_s <= exact.throughput_per_s * (1 + 1e-6)
        assert users == pytest.approx(found.throughput_per_s * (1 + found.response_s), rel=1e-9)
        check_laws(found, stations, 1e-6)


def test_a_million_users() -> None:
    found = solve(10**6, 1000.0, [(1, Station(0.01, 12, threads=300, delay_s=0.1))])
    assert found.method == "schweitzer-bard"
    assert 0.99 * 10**6 / 1000.11 < found.throughput_per_s <= 10**6 / 1000.11


# --- open ------------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.floats(0.05, 0.99), st.floats(0.001, 10))
def test_an_open_station_is_mmc(servers: int, utilisation: float, service_s: float) -> None:
    rate = utilisation * servers / service_s
    found = solve_open(rate, [(1.0, Station(service_s, servers))])
    assert found.response_s == pytest.approx(service_s + wait(rate, service_s, servers).mean_s, rel=1e-9)


def test_an_open_thread_pool_around_a_delay_is_mmc() -> None:
    """Threads held for a time that does not depend on the others are servers."""
    found = solve_open(30.0, [(1.0, Station(delay_s=0.25, threads=10))])
    assert found.stations[0].thread_wait_s == pytest.approx(wait(30.0, 0.25, 10).mean_s, rel=1e-10)
    assert found.stations[0].threads_utilisation == pytest.approx(0.75, rel=1e-12)


def test_a_slow_database_fills_the_pool_before_it() -> None:
    quick = solve_open(50.0, [(1.0, Station(0.01, 4, threads=16, inside=((1.0, Station(0.02, 8)),)))])
    slow = solve_open(50.0, [(1.0, Station(0.01, 4, threads=16, inside=((1.0, Station(0.14, 8)),)))])
    pool, database = slow.stations[0], slow.stations[0].inside[0]
    assert pool.utilisation == pytest.approx(quick.stations[0].utilisation)
    assert pool.threads_utilisation is not None
    assert pool.threads_utilisation > 0.5
    assert database.utilisation == pytest.approx(0.875, rel=1e-9)
    assert pool.thread_wait_s > 10 * quick.stations[0].thread_wait_s


# --- edges -----------------------------------------------------------------------------------------------------------------


def test_only_delays() -> None:
    assert solve(7, 2.0, [(1.0, Station(1.5, servers=None))]).throughput_per_s == pytest.approx(2.0, rel=1e-12)
    assert solve(7, 3.5, []).throughput_per_s == pytest.approx(2.0, rel=1e-12)


def test_what_takes_no_time_is_there_with_zeros() -> None:
    found = solve(3, 1.0, [(1.0, Station(name="nothing", threads=2, inside=((1.0, Station(name="below")),))), (1.0, Station(0.1))])
    assert [load.name for load in every(found.stations)] == ["nothing", "below", ""]
    assert found.stations[0].response_s == 0.0
    assert found.response_s == pytest.approx(solve(3, 1.0, single(0.1)).response_s, rel=1e-12)


@pytest.mark.parametrize(
    "users, think_s, stations",
    [
        (0, 1.0, single(0.1)),
        (1, -1.0, single(0.1)),
        (1, 0.0, []),
        (1, 0.0, single(0.0)),
        (1, 1.0, single(-0.1)),
        (1, 1.0, [(0.0, Station(0.1))]),
        (1, 1.0, [(1.0, Station(0.1, 0))]),
        (1, 1.0, [(1.0, Station(0.1, threads=0))]),
    ],
)
def test_what_makes_no_sense_is_refused(users: int, think_s: float, stations: Stations) -> None:
    with pytest.raises(ValueError):
        solve(users, think_s, stations)


def test_an_overloaded_open_network_is_refused() -> None:
    stations = layered(5, 2, 0.05, 0.08)
    capacity = capacity_per_s(stations)
    assert capacity < 12.5
    solve_open(0.999 * capacity, stations)
    with pytest.raises(ValueError, match="at most"):
        solve_open(capacity, stations)
    with pytest.raises(ValueError, match="positive"):
        solve_open(0.0, stations)
