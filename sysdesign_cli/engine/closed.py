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

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from operator import mul

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
        pools = [centre.inner is not None and len(centre.rates) < users for centre in network.centres]
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
    loads = [_Load.of(centre.distribution(arrival_rate_per_s)) for centre in network.centres]
    pools = any(centre.inner is not None for centre in network.centres)
    return _solution(arrival_rate_per_s, "flow-equivalent" if pools else "exact", network, loads)


def capacity_per_s(stations: Sequence[tuple[float, Station]]) -> float:
    """Requests per second that the tightest station or thread pool can take; inf when nothing has a limit."""
    return _Network(stations, 0.0).capacity()


# --- one centre ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Distribution:
    """P(n customers): ``head`` for n = 0..T, then each next one smaller by ``ratio``."""

    head: list[float]
    ratio: float

    def mean(self) -> float:
        last, ratio = self.head[-1], self.ratio
        beyond = last * ratio / (1 - ratio) * (len(self.head) - 1 + 1 / (1 - ratio))
        return _mean(self.head) + beyond

    def over(self, before: list[float]) -> list[float]:
        """Convolution with ``before``, as far as that goes: T + 1 products each, as the tail is carried along as one sum."""
        top, ratio = len(self.head) - 1, self.ratio
        tails = accumulate(before, lambda tail, one: one + ratio * tail)
        if top == 1:  # one server: geometric from the start
            return [self.head[0] * tail for tail in tails]
        first = next(n for n, share in enumerate(self.head) if share)
        backwards = self.head[first:top][::-1]
        padded = [0.0] * (top - 1) + before
        last = chain(repeat(0.0, top), (self.head[top] * tail for tail in tails))
        return [sum(map(mul, backwards, padded[n : n + top - first])) + tail for n, tail in zip(range(len(before)), last, strict=False)]


@dataclass(frozen=True)
class _Load:
    """number: mean customers at a centre. busy: P(m of its servers or threads are in use), m = 0..T."""

    number: float
    busy: list[float]

    @property
    def mean_busy(self) -> float:
        return _mean(self.busy)

    @staticmethod
    def of(distribution: _Distribution) -> _Load:
        busy = [*distribution.head[:-1], distribution.head[-1] / (1 - distribution.ratio)]
        return _Load(distribution.mean(), busy)


@dataclass(frozen=True)
class _Centre:
    """rates: requests per second that leave with 1, 2, ..., T customers; the last holds for more. inner: what a thread pool holds."""

    rates: list[float]
    inner: _Network | None = None

    def distribution(self, rate: float, limit: int | None = None) -> _Distribution:
        """Customers of this centre alone when requests arrive at ``rate``, below what it takes with ``limit`` customers."""
        rates = self.rates[:limit]
        # built outwards from the peak, so that nothing overflows and only what does not matter becomes 0
        peak = next((n for n, out in enumerate(rates) if out > rate), len(rates))
        head = [1.0, *accumulate((out / rate for out in reversed(rates[:peak])), mul)]
        head.reverse()
        head += accumulate((rate / out for out in rates[peak:]), mul)
        ratio = rate / rates[-1]
        total = sum(head) + head[-1] * ratio / (1 - ratio)
        return _Distribution([share / total for share in head], ratio)


# --- a network of centres --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Node:
    """A station of the tree and the numbers of its centres: own processors, or its whole thread pool."""

    station: Station
    visits: float
    processor: int | None
    pool: int | None
    inside: tuple[_Node, ...]


class _Network:
    """The centres to which a set of stations comes down; rates and delays for one request through the network."""

    def __init__(self, stations: Sequence[tuple[float, Station]], delay_s: float) -> None:
        self.centres: list[_Centre] = []
        self.delay_s = delay_s
        self.nested = False  # a pool within a pool may be waited for, however few come here
        self.nodes = tuple(self._node(visits, visits, station) for visits, station in stations)

    def _node(self, visits: float, total: float, station: Station) -> _Node:
        _check(visits, station)
        if station.threads is not None:
            whole = Station(station.demand_s, station.servers, station.delay_s, None, station.inside, station.name)
            inner = _Network([(1.0, whole)], 0.0)
            if not inner.centres and not inner.delay_s:
                return _Node(station, visits, None, None, inner.nodes[0].inside)
            self.nested |= inner.nested or any(centre.inner is not None for centre in inner.centres)
            rates = [rate / total for rate in inner.throughputs(station.threads)]
            return _Node(station, visits, None, self._add(_Centre(rates, inner)), ())
        self.delay_s += total * station.delay_s
        processor = None
        if station.demand_s and station.servers is not None:
            one = total * station.demand_s
            processor = self._add(_Centre([busy / one for busy in range(1, station.servers + 1)]))
        elif station.demand_s:
            self.delay_s += total * station.demand_s
        inside = tuple(self._node(each, total * each, called) for each, called in station.inside)
        return _Node(station, visits, processor, None, inside)

    def _add(self, centre: _Centre) -> int:
        self.centres.append(centre)
        return len(self.centres) - 1

    def capacity(self) -> float:
        return min((centre.rates[-1] for centre in self.centres), default=math.inf)

    def effort(self, population: int) -> float:
        """Work of a convolution, and of those that leave one centre out: a list step costs about as much as 15 products."""
        each = sum(min(len(centre.rates), population) + 15 for centre in self.centres)
        return population * each * (1 + math.log2(1 + len(self.centres)))

    def throughputs(self, limit: int) -> list[float]:
        """Requests per second with 1, 2, ..., ``limit`` customers inside."""
        found: list[float] = []
        for rate, constants, _, low, high in self._scaled(limit):
            found[:0] = [rate * constants[n - 1] / constants[n] for n in range(low, high + 1)]
        return found

    def throughput(self, population: int) -> float:
        rate, constants, *_ = next(self._scaled(population))
        return rate * constants[population - 1] / constants[population]

    def at_population(self, chances: list[float]) -> list[_Load]:
        """Loads of the centres, where ``chances[m]`` is P(m customers inside)."""
        shares = [[0.0] * len(chances) for _ in self.centres]
        for shares_of_centre in shares:
            shares_of_centre[0] = chances[0]
        for rate, constants, thinking, low, high in self._scaled(len(chances) - 1):
            weights = {m: chances[m] / constants[m] for m in range(low, high + 1) if chances[m]}
            if not weights:
                continue
            laws = [centre.distribution(rate, high) for centre in self.centres]
            for number, others in enumerate(_without_each(thinking, laws)):
                _add_shares(shares[number], laws[number], others, weights)
        return [_load(share, len(centre.rates)) for share, centre in zip(shares, self.centres, strict=True)]

    def _scaled(self, limit: int) -> Iterator[tuple[float, list[float], list[float], int, int]]:
        """Constants G(0..high), from ``limit`` down to 1 in blocks low..high in which they can be told from 0.

        Each block is scaled by the rate at which an open network would hold ``high`` customers on average: then the largest
        terms are those of ``high``, and what becomes 0 is small against them. Also gives the delays' share, alone.
        """
        high = limit
        while high >= 1:
            rate = self._rate_that_holds(high)
            constants = thinking = _poisson(rate * self.delay_s, high)
            for centre in self.centres:
                constants = centre.distribution(rate, high).over(constants)
            low = high
            while low > 1 and constants[low - 2] > 1e-250:
                low -= 1
            yield rate, constants, thinking, low, high
            high = low - 1

    def _rate_that_holds(self, population: int) -> float:
        """Arrival rate at which the open network holds about ``population`` customers: the mean grows with the rate."""
        if not self.centres:
            return population / self.delay_s
        low, high = 0.0, min(centre.rates[:population][-1] for centre in self.centres)
        for _ in range(100):
            rate = (low + high) / 2
            held = rate * self.delay_s + sum(centre.distribution(rate, population).mean() for centre in self.centres)
            if abs(held - population) <= 1e-3 * population:
                break
            low, high = (rate, high) if held < population else (low, rate)
        return rate


def _check(visits: float, station: Station) -> None:
    if visits <= 0 or station.demand_s < 0 or station.delay_s < 0:
        raise ValueError("visits must be positive, times not negative")
    if (station.servers is not None and station.servers < 1) or (station.threads is not None and station.threads < 1):
        raise ValueError("a station needs at least one server and one thread")


def _poisson(mean: float, limit: int) -> list[float]:
    """P(n), n = 0..limit, up to a common factor: outwards from the peak."""
    if not mean:
        return [1.0] + [0.0] * limit
    peak = min(int(mean), limit)
    head = [1.0, *accumulate((n / mean for n in range(peak, 0, -1)), mul)]
    head.reverse()
    return head + list(accumulate((mean / n for n in range(peak + 1, limit + 1)), mul))


def _without_each(start: list[float], laws: list[_Distribution]) -> list[list[float]]:
    """For every law: the convolution of ``start`` with all the other laws; by halves, so each is used log K times."""
    if len(laws) <= 1:
        return [start] * len(laws)
    left, right = laws[: len(laws) // 2], laws[len(laws) // 2 :]
    with_left = with_right = start
    for law in left:
        with_left = law.over(with_left)
    for law in right:
        with_right = law.over(with_right)
    return _without_each(with_right, left) + _without_each(with_left, right)


def _add_shares(shares: list[float], law: _Distribution, others: list[float], weights: dict[int, float]) -> None:
    """shares[j] += P(j here), summed over the populations m with their weights: law(j) * others(m - j) * weights[m]."""
    high = max(weights)
    dense = [weights.get(m, 0.0) for m in range(high + 1)]
    share = 0.0
    for here in range(high + 1):
        share = law.head[here] if here < len(law.head) else share * law.ratio
        if share:
            if len(weights) == 1:
                shares[here] += share * dense[high] * others[high - here]
            else:
                shares[here] += share * sum(map(mul, dense[here:], others))


def _load(shares: list[float], servers: int) -> _Load:
    busy = [*shares[:servers], sum(shares[servers:])] if len(shares) > servers else shares
    return _Load(_mean(shares), busy)


def _mean(chances: list[float]) -> float:
    return sum(number * chance for number, chance in enumerate(chances))


# --- large populations -----------------------------------------------------------------------------------------------------


def _schweitzer_bard(users: int, network: _Network) -> tuple[float, list[_Load]]:
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
        loads.append(_Load(low * (delay + one / (1 - share * low * one)), _busy_at(centre.rates, low)))
    return low, loads


def _busy_at(rates: list[float], rate: float) -> list[float]:
    """Chances of m and m + 1 in use that together give ``rate``."""
    above = next((n for n, out in enumerate(rates) if out > rate), len(rates) - 1)
    below = rates[above - 1] if above else 0.0
    share = min(1.0, (rate - below) / (rates[above] - below)) if rates[above] > below else 1.0
    return [0.0] * above + [1 - share, share] + [0.0] * (len(rates) - above - 1)


# --- results ---------------------------------------------------------------------------------------------------------------


def _solution(throughput: float, method: str, network: _Network, loads: list[_Load]) -> Solution:
    stations = tuple(_station(node, throughput, loads, network) for node in network.nodes)
    response = sum(station.visits * station.response_s for station in stations)
    return Solution(throughput, response, method, stations)


def _station(node: _Node, around_per_s: float, loads: list[_Load], network: _Network) -> StationLoad:
    station, rate = node.station, around_per_s * node.visits
    if node.pool is not None:
        return _pool(node, rate, loads[node.pool], network.centres[node.pool])
    processor_s = station.demand_s
    utilisation = None if station.servers is None else 0.0
    if node.processor is not None and station.servers is not None:
        load = loads[node.processor]
        processor_s, utilisation = load.number / rate, load.mean_busy / station.servers
    inside = tuple(_station(child, rate, loads, network) for child in node.inside)
    response = processor_s + station.delay_s + sum(child.visits * child.response_s for child in inside)
    threads = None if station.threads is None else 0.0
    return StationLoad(station.name, node.visits, rate, response, 0.0, processor_s, rate * response, utilisation, threads, inside)


def _pool(node: _Node, rate: float, load: _Load, centre: _Centre) -> StationLoad:
    """A thread pool: who waits for a thread, and inside it the network of what the threads do."""
    inner = centre.inner
    assert inner is not None
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
