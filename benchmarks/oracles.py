"""Exact answers to hold the program against in ``accuracy.py``: slow, simple, and sharing no line with it."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
State = tuple[int, ...]


def exact_wait(servers: int, utilisation: Fraction) -> Fraction:
    """Mean wait of M/M/c in service times: the textbook formula with its powers and factorials, as fractions."""
    load = servers * utilisation
    all_busy = load**servers / math.factorial(servers) / (1 - utilisation)
    fewer = sum(load**k / math.factorial(k) for k in range(servers))
    return all_busy / (all_busy + fewer) / (servers - load)


def exact_throughput(users: int, think_s: Fraction, stations: Sequence[tuple[Fraction, int]]) -> Fraction:
    """Of a closed network of (demand in seconds, servers): the product form added up as fractions."""
    constants = [think_s**n / math.factorial(n) for n in range(users + 1)]
    for demand_s, servers in stations:
        here = [Fraction(1)]
        for n in range(1, users + 1):
            here.append(here[-1] * demand_s / min(n, servers))
        constants = [sum((here[k] * constants[n - k] for k in range(n + 1)), Fraction(0)) for n in range(users + 1)]
    return constants[users - 1] / constants[users]


def exact_percentile(rates: Sequence[float], share: float) -> float:
    """Of a sum of exponential times with these rates (per second), all different, by bisection of the closed form."""
    exact = [Fraction(rate) for rate in rates]
    weights = [float(math.prod((other / (other - rate) for other in exact if other != rate), start=Fraction(1))) for rate in exact]
    low, high = 0.0, 100 * sum(1 / rate for rate in rates)
    for _ in range(200):
        middle = (low + high) / 2
        tail = math.fsum(weight * math.exp(-rate * middle) for weight, rate in zip(weights, rates, strict=True))
        low, high = (middle, high) if tail > 1 - share else (low, middle)
    return low


# --- M/PH/c ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Phases:
    """A service time of mean 1: it starts in phase i with chance start[i] and leaves it at rate[i]; ``in_a_row``: to the next one."""

    start: tuple[float, ...]
    rate: tuple[float, ...]
    in_a_row: bool

    @classmethod
    def erlang(cls, stages: int) -> Phases:
        return cls((1.0, *[0.0] * (stages - 1)), (float(stages),) * stages, True)

    @classmethod
    def hyperexponential(cls, cv2: float) -> Phases:
        p = (1 + math.sqrt((cv2 - 1) / (cv2 + 1))) / 2
        return cls((p, 1 - p), (2 * p, 2 * (1 - p)), False)


class Chain:
    """The Markov chain of M/PH/c. A state at level n (customers) says in which phases the min(n, servers) busy servers are.

    up[n], within[n], down[n]: rates from level n to n + 1, n and n - 1; full_down: down from any level with customers waiting.
    """

    def __init__(self, servers: int, rate: float, service: Phases) -> None:
        self.servers, self.rate, self.service = servers, rate, service
        self.states: list[list[State]] = [
            list(combinations_with_replacement(range(len(service.start)), busy)) for busy in range(servers + 1)
        ]
        self.index = [{state: number for number, state in enumerate(level)} for level in self.states]
        sizes = [len(level) for level in self.states]
        self.up = [np.zeros((sizes[n], sizes[n + 1])) for n in range(servers)]
        self.within = [np.zeros((size, size)) for size in sizes]
        self.down = [np.zeros((sizes[n], sizes[max(0, n - 1)])) for n in range(servers + 1)]
        self.full_down = np.zeros((sizes[-1], sizes[-1]))
        for n, level in enumerate(self.states):
            for state in level:
                self._arrival(n, state)
                for place in range(len(state)):
                    self._progress(n, state, place)

    def _arrival(self, n: int, state: State) -> None:
        here = self.index[n][state]
        self.within[n][here, here] -= self.rate + sum(self.service.rate[phase] for phase in state)
        if n < self.servers:
            for new, chance in enumerate(self.service.start):
                self.up[n][here, self.index[n + 1][tuple(sorted((*state, new)))]] += self.rate * chance

    def _progress(self, n: int, state: State, place: int) -> None:
        here, phase = self.index[n][state], state[place]
        speed, others = self.service.rate[phase], (*state[:place], *state[place + 1 :])
        if self.service.in_a_row and phase + 1 < len(self.service.rate):
            self.within[n][here, self.index[n][tuple(sorted((*others, phase + 1)))]] += speed
            return
        self.down[n][here, self.index[n - 1][others]] += speed
        if n == self.servers:
            for new, chance in enumerate(self.service.start):
                self.full_down[here, self.index[n][tuple(sorted((*others, new)))]] += speed * chance

    def mean_wait(self) -> float:
        """Exact: level by level from the geometric tail (Neuts, Matrix-Geometric Solutions in Stochastic Models, 1981)."""
        full = self.within[-1]
        ratio = self.rate * np.linalg.inv(-(full + self.rate * self._first_passage()))
        steps: list[Matrix] = []
        above: Matrix = np.asarray(ratio, dtype=np.float64)
        from_above = self.full_down
        for n in range(self.servers, 0, -1):
            above = np.asarray(self.up[n - 1] @ np.linalg.inv(-(self.within[n] + above @ from_above)), dtype=np.float64)
            from_above = self.down[n]
            steps.insert(0, above)
        chances: Matrix = np.ones((1, 1))
        total = 0.0
        for step in steps:
            total += float(chances.sum())
            chances = chances @ step
        beyond = np.linalg.inv(np.eye(len(ratio)) - ratio)
        total += float((chances @ beyond).sum())
        return float((chances @ ratio @ beyond @ beyond).sum()) / total / self.rate

    def _first_passage(self) -> Matrix:
        """In which state one level down is first entered (Latouche and Ramaswami, Journal of Applied Probability 30, 1993)."""
        inverse = np.linalg.inv(-self.within[-1])
        higher, lower = self.rate * inverse, inverse @ self.full_down
        result, reach = lower.copy(), higher.copy()
        for _ in range(60):
            solved = np.linalg.inv(np.eye(len(inverse)) - higher @ lower - lower @ higher)
            higher, lower = solved @ higher @ higher, solved @ lower @ lower
            result += reach @ lower
            reach = reach @ higher
            if abs(1 - result.sum(axis=1)).max() < 1e-13:
                break
        return result


def chain_wait(servers: int, utilisation: float, service: Phases) -> float:
    """Mean wait of M/PH/c in service times."""
    return Chain(servers, servers * utilisation, service).mean_wait()


# --- threads held during a call --------------------------------------------------------------------------------------------


def open_layered_response(rate: float, threads: int, cores: int, own_s: float, called_s: float, most: int = 120) -> float:
    """Mean response (s) of a service whose ``threads`` stay held while it computes on ``cores`` and then calls one server.

    The Markov chain of (requests here, of them at the called server), for Poisson arrivals, cut off at ``most`` requests.
    """
    states = [(here, below) for here in range(most + 1) for below in range(min(here, threads) + 1)]
    index = {state: number for number, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))

    def move(source: tuple[int, int], target: tuple[int, int], speed: float) -> None:
        generator[index[source], index[target]] += speed
        generator[index[source], index[source]] -= speed

    for here, below in states:
        own = min(here, threads) - below
        if here < most:
            move((here, below), (here + 1, below), rate)
        if own:
            move((here, below), (here, below + 1), min(own, cores) / own_s)
        if below:
            move((here, below), (here - 1, below - 1), 1 / called_s)
    system = generator.T.copy()
    system[-1] = 1.0
    right = np.zeros(len(states))
    right[-1] = 1.0
    chances = np.linalg.solve(system, right)
    return float(sum(chance * here for chance, (here, _) in zip(chances, states, strict=True))) / rate


def closed_layered_p99(
    users: int, think_s: float, threads: int, cores: int, own_s: float, called_s: float, answers: int = 100_000
) -> float:
    """The same service with a fixed number of users, simulated: the p99 (s) of its answers, to about 1 %."""
    draw = random.Random(1)
    events = [(draw.expovariate(1 / think_s), user, "asks") for user in range(users)]
    heapq.heapify(events)
    outside: deque[int] = deque()  # wait for a thread
    ready: deque[int] = deque()  # for a core, thread in hand
    below: deque[int] = deque()  # for the called server, whose first is in service
    held = computing = 0
    asked_at = [0.0] * users
    times: list[float] = []
    while len(times) < answers:
        now, user, what = heapq.heappop(events)
        if what == "asks":
            asked_at[user] = now
            outside.append(user)
        elif what == "computed":
            computing -= 1
            below.append(user)
            if len(below) == 1:
                heapq.heappush(events, (now + draw.expovariate(1 / called_s), user, "answered"))
        else:
            below.popleft()
            held -= 1
            times.append(now - asked_at[user])
            heapq.heappush(events, (now + draw.expovariate(1 / think_s), user, "asks"))
            if below:
                heapq.heappush(events, (now + draw.expovariate(1 / called_s), below[0], "answered"))
        while outside and held < threads:
            held += 1
            ready.append(outside.popleft())
        while ready and computing < cores:
            computing += 1
            heapq.heappush(events, (now + draw.expovariate(1 / own_s), ready.popleft(), "computed"))
    return sorted(times)[math.ceil(0.99 * answers) - 1]
