"""Networks of stations: a fixed number of users (closed) or arrivals at a rate (open), with threads held during calls.

One class of customers. A closed network has the product form p(n1, ..., nK) = f1(n1) ... fK(nK) / G(N), where
fk(n) is the product of 1 / rate_k(j), j = 1..n. The constants G come from Buzen's convolution (Computational algorithms for
closed queueing networks with exponential servers, CACM 16, 1973). The results are those of exact mean value analysis (Reiser
and Lavenberg, JACM 27, 1980). But with several servers that recursion takes differences of nearly equal numbers and goes wrong
at high load (Chandy and Sauer, CACM 23, 1980); here everything added is positive.

A station whose threads stay held while it calls others is replaced by one centre with the rates that its inside has with
1, 2, ... customers: the flow-equivalent centre, Norton's theorem for queues (Chandy, Herzog and Woo, IBM Journal of Research
and Development 19, 1975). This is exact as long as no thread is ever waited for, and an approximation otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sysdesign_cli.engine.centres import Centre, Load, Network

EXACT_EFFORT = 1e7  # products and their overhead, about two seconds; beyond them Schweitzer-Bard


@dataclass(frozen=True)
class Station:
    """A service: its own processors, what else it waits for, and the threads that are held all the time.

    demand_s: mean processing time of one visit. servers: processors or, without ``threads``, workers (first come, first
    served); None: as many as needed. delay_s: time in which a visit needs no processor (network, a provider).
    threads: visits at most in work at once, the others wait for a thread; None: no limit.
    inside: (visits, station) for what is called while the thread is held; visits are means for each visit of this station.
    """

    demand_s: float = 0.0
    servers: int | None = 1
    delay_s: float = 0.0
    threads: int | None = None
    inside: tuple[tuple[float, Station], ...] = ()
    name: str = ""


@dataclass(frozen=True)
class StationLoad:
    """What one station does in the solved network; times are means for one visit.

    response_s = thread_wait_s + processor_s (waiting for a processor included) + delay + visits times response_s of the inside.
    number: visits present. utilisation: busy share of the processors, None when there is no limit.
    threads_utilisation: held share of the threads, None without a limit. visits: for each visit of the station around it.
    """

    name: str
    visits: float
    throughput_per_s: float
    response_s: float
    thread_wait_s: float
    processor_s: float
    number: float
    utilisation: float | None
    threads_utilisation: float | None
    inside: tuple[StationLoad, ...]


@dataclass(frozen=True)
class Solution:
    """throughput_per_s: requests through the whole network. response_s: mean time of one, without thinking.

    method: "exact" (product form, exponential service), "flow-equivalent" (some threads may be waited for: within 1.5 % of the
    Markov chains it was held against) or "schweitzer-bard" (large populations; from 50 users on the throughput is at most 2 % too
    low with single servers, 10 % with several).
    """

    throughput_per_s: float
    response_s: float
    method: str
    stations: tuple[StationLoad, ...]


def solve(users: int, think_s: float, stations: Sequence[tuple[float, Station]]) -> Solution:
    """Closed network: ``users`` who think for ``think_s`` and then send a request that makes the given visits.

    Raises ValueError when users < 1, a quantity is negative, or nothing in the network takes time.
    """
    if users < 1 or think_s < 0:
        raise ValueError("users must be at least 1, and the think time not negative")
    network = _Network(stations, think_s)
    if not network.centres and not network.delay_s:
        raise ValueError("nothing takes time: the throughput has no bound")
    if network.effort(users) > EXACT_EFFORT:
        throughput, loads = _schweitzer_bard(users, network)
        method = "schweitzer-bard"
    else:
        throughput = network.throughput(users)
        loads = network.at_population([0.0] * users + [1.0])
        pools = [len(network.centres[number].rates) < users for number in network.inside]
        method = "flow-equivalent" if any(pools) or network.nested else "exact"
    return _solution(throughput, method, network, loads)


def solve_open(arrival_rate_per_s: float, stations: Sequence[tuple[float, Station]]) -> Solution:
    """Open network with Poisson arrivals: independent M/M/c queues (Jackson, Operations Research 5, 1957); thread pools as
    flow-equivalent centres.

    Raises ValueError when the rate is not positive, or at least what some station can take.
    """
    if arrival_rate_per_s <= 0:
        raise ValueError("the arrival rate must be positive")
    network = _Network(stations, 0.0)
    capacity = network.capacity()
    if arrival_rate_per_s >= capacity:
        raise ValueError(f"a station takes at most {capacity:g} requests per second")
    loads = [Load.of(centre.distribution(arrival_rate_per_s)) for centre in network.centres]
    return _solution(arrival_rate_per_s, "flow-equivalent" if network.inside else "exact", network, loads)


def capacity_per_s(stations: Sequence[tuple[float, Station]]) -> float:
    """Requests per second that the tightest station or thread pool can take; inf when nothing has a limit."""
    return _Network(stations, 0.0).capacity()


# --- a network of centres --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Node:
    """A station of the tree and the numbers of its centres: own processors, or its whole thread pool."""

    station: Station
    visits: float
    processor: int | None
    pool: int | None
    inside: tuple[_Node, ...]


class _Network(Network):
    """The centres to which a set of stations comes down. inside: number of a thread pool's centre -> the network of what it holds."""

    def __init__(self, stations: Sequence[tuple[float, Station]], delay_s: float) -> None:
        super().__init__([], delay_s)
        self.inside: dict[int, _Network] = {}
        self.nested = False  # a pool within a pool may be waited for, however few come here
        self.nodes = tuple(self._node(visits, visits, station) for visits, station in stations)

    def _node(self, visits: float, total: float, station: Station) -> _Node:
        _check(visits, station)
        if station.threads is not None:
            whole = Station(station.demand_s, station.servers, station.delay_s, None, station.inside, station.name)
            inner = _Network([(1.0, whole)], 0.0)
            if not inner.centres and not inner.delay_s:
                return _Node(station, visits, None, None, inner.nodes[0].inside)
            self.nested |= inner.nested or bool(inner.inside)
            number = self._add(Centre([rate / total for rate in inner.throughputs(station.threads)]))
            self.inside[number] = inner
            return _Node(station, visits, None, number, ())
        self.delay_s += total * station.delay_s
        processor = None
        if station.demand_s and station.servers is not None:
            one = total * station.demand_s
            processor = self._add(Centre([busy / one for busy in range(1, station.servers + 1)]))
        elif station.demand_s:
            self.delay_s += total * station.demand_s
        inside = tuple(self._node(each, total * each, called) for each, called in station.inside)
        return _Node(station, visits, processor, None, inside)

    def _add(self, centre: Centre) -> int:
        self.centres.append(centre)
        self.copies.append(1)
        return len(self.centres) - 1


def _check(visits: float, station: Station) -> None:
    if visits <= 0 or station.demand_s < 0 or station.delay_s < 0:
        raise ValueError("visits must be positive, times not negative")
    if (station.servers is not None and station.servers < 1) or (station.threads is not None and station.threads < 1):
        raise ValueError("a station needs at least one server and one thread")


# --- large populations -----------------------------------------------------------------------------------------------------


def _schweitzer_bard(users: int, network: _Network) -> tuple[float, list[Load]]:
    """Mean values with the arrival theorem's N - 1 replaced by a share (N - 1) / N of the queue.

    Schweitzer (International Conference on Stochastic Control and Optimization, 1979), Bard (SOSP 1979); several servers as one
    fast server and a delay (Seidmann, Schweitzer and Shalev-Oren, IIE Transactions 19, 1987), thread pools likewise.
    """
    fast = [1 / centre.rates[-1] for centre in network.centres]
    apart = [1 / centre.rates[0] - fast_s for centre, fast_s in zip(network.centres, fast, strict=True)]
    share = (users - 1) / users
    low, high = 0.0, min(network.capacity(), users / (network.delay_s + sum(apart) + sum(fast)))
    for _ in range(200):
        rate = (low + high) / 2
        if not low < rate < high:
            break
        held = rate * (network.delay_s + sum(apart) + sum(one / (1 - share * rate * one) for one in fast))
        low, high = (rate, high) if held < users else (low, rate)
    loads = []
    for centre, one, delay in zip(network.centres, fast, apart, strict=True):
        loads.append(Load(low * (delay + one / (1 - share * low * one)), _busy_at(centre.rates, low)))
    return low, loads


def _busy_at(rates: list[float], rate: float) -> list[float]:
    """Chances of m and m + 1 in use that together give ``rate``."""
    above = next((n for n, out in enumerate(rates) if out > rate), len(rates) - 1)
    below = rates[above - 1] if above else 0.0
    share = min(1.0, (rate - below) / (rates[above] - below)) if rates[above] > below else 1.0
    return [0.0] * above + [1 - share, share] + [0.0] * (len(rates) - above - 1)


# --- results ---------------------------------------------------------------------------------------------------------------


def _solution(throughput: float, method: str, network: _Network, loads: list[Load]) -> Solution:
    stations = tuple(_station(node, throughput, loads, network) for node in network.nodes)
    response = sum(station.visits * station.response_s for station in stations)
    return Solution(throughput, response, method, stations)


def _station(node: _Node, around_per_s: float, loads: list[Load], network: _Network) -> StationLoad:
    station, rate = node.station, around_per_s * node.visits
    if node.pool is not None:
        return _pool(node, rate, loads[node.pool], network.inside[node.pool])
    processor_s = station.demand_s
    utilisation = None if station.servers is None else 0.0
    if node.processor is not None and station.servers is not None:
        load = loads[node.processor]
        processor_s, utilisation = load.number / rate, load.mean_busy / station.servers
    inside = tuple(_station(child, rate, loads, network) for child in node.inside)
    response = processor_s + station.delay_s + sum(child.visits * child.response_s for child in inside)
    threads = None if station.threads is None else 0.0
    return StationLoad(station.name, node.visits, rate, response, 0.0, processor_s, rate * response, utilisation, threads, inside)


def _pool(node: _Node, rate: float, load: Load, inner: _Network) -> StationLoad:
    """A thread pool: who waits for a thread, and inside it the network of what the threads do."""
    assert node.station.threads is not None
    whole = _station(inner.nodes[0], rate, inner.at_population(load.busy), inner)
    wait_s = max(0.0, (load.number - load.mean_busy) / rate)
    held = load.mean_busy / node.station.threads
    return StationLoad(
        node.station.name,
        node.visits,
        rate,
        load.number / rate,
        wait_s,
        whole.processor_s,
        load.number,
        whole.utilisation,
        held,
        whole.inside,
    )
