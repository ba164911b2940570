"""Exact answers to hold the program against in ``accuracy.py``: slow, simple, and sharing no line with it."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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

    @classmethod
    def gamma(cls, cv2: float, points: int) -> Phases:
        """A gamma time with cv2 > 1 is an exponential time of mean cv2 times a beta(1 / cv2, 1 - 1 / cv2) number.

        That number takes ``points`` values here, those of the Gauss-Jacobi quadrature (Golub and Welsch, Mathematics of Computation 23,
        1969), so that 2 * points moments are those of the gamma time.
        """
        low, high = 1 / cv2 - 1, -1 / cv2
        k = np.arange(1, points)
        both = low + high
        diagonal = np.array(
            [(low**2 - high**2) / ((2 * n + both) * (2 * n + both + 2)) if n else (low - high) / (both + 2) for n in range(points)]
        )
        beside = np.full(points - 1, 4 * (1 + high) * (1 + low) / ((2 + both) ** 2 * (3 + both)))
        k = k[1:]
        beside[1:] = 4 * k * (k + high) * (k + low) * (k + both) / ((2 * k + both) ** 2 * ((2 * k + both) ** 2 - 1))
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(np.sqrt(beside), 1) + np.diag(np.sqrt(beside), -1))
        return cls(tuple(vectors[0] ** 2), tuple(2 / (cv2 * (values + 1))), False)


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


@dataclass(frozen=True)
class Caller:
    """Requests per second for a pool of threads: each computes for own_s on one of its cores and then makes calls, one after the other.

    calls: (number of the called station, chance of the call). threads, cores: None where there is no limit. own_s: 0 for what comes
    to the first of its stations at once.
    """

    rate: float
    own_s: float
    calls: tuple[tuple[int, float], ...]
    threads: int | None = None
    cores: int | None = None


@dataclass(frozen=True)
class Shared:
    """Callers and the stations (mean time in seconds, servers) that they call. A station takes those who wait in random order."""

    callers: tuple[Caller, ...]
    stations: tuple[tuple[float, int], ...]

    def moves(self, state: State, full: int | None) -> Iterator[tuple[State, float, int | None]]:
        """(next state, rate, caller who has a reply). Of each caller: all of its requests, then those at its first call, its second …

        full: a caller whose threads are always all held.
        """
        begins = [sum(1 + len(caller.calls) for caller in self.callers[:k]) for k in range(len(self.callers))]
        present = [0] * len(self.stations)
        for begin, caller in zip(begins, self.callers, strict=True):
            for step, (station, _) in enumerate(caller.calls, 1):
                present[station] += state[begin + step]
        for k, (begin, caller) in enumerate(zip(begins, self.callers, strict=True)):
            here, inside = state[begin], state[begin + 1 : begin + 1 + len(caller.calls)]
            own = (here if caller.threads is None else min(here, caller.threads)) - sum(inside)
            if k != full and caller.own_s:
                yield (*state[:begin], here + 1, *state[begin + 1 :]), caller.rate, None
            elif k != full:
                yield (*state[:begin], here + 1, inside[0] + 1, *state[begin + 2 :]), caller.rate, None
            speeds = [(own if caller.cores is None else min(own, caller.cores)) / caller.own_s if caller.own_s else 0.0]
            for (station, _), number in zip(caller.calls, inside, strict=True):
                called_s, servers = self.stations[station]
                speeds.append(number / max(1, present[station]) * min(present[station], servers) / called_s)
            for step, speed in enumerate(speeds):
                if speed:
                    yield from self._after(state, begin, caller, step, speed, k, full)

    def _after(
        self, state: State, begin: int, caller: Caller, step: int, speed: float, number: int, full: int | None
    ) -> Iterator[tuple[State, float, int | None]]:
        """Where a request goes that has ended its step."""
        for then in range(step + 1, len(caller.calls) + 2):
            last = then > len(caller.calls)
            chance = 1.0 if last else caller.calls[then - 1][1]
            target = list(state)
            if step:
                target[begin + step] -= 1
            if not last:
                target[begin + then] += 1
            elif number != full:
                target[begin] -= 1
            if chance:
                yield tuple(target), speed * chance, number if last else None
            speed *= 1 - chance

    def start(self, full: int | None = None) -> State:
        state: list[int] = []
        for k, caller in enumerate(self.callers):
            state += [caller.threads or 0 if k == full else 0, *[0] * len(caller.calls)]
        return tuple(state)

    def responses(self, most: int = 150, others: int = 60) -> list[float]:
        """Mean response (s) for each caller, exact but for queues cut off: ``most`` requests of the first, ``others`` of the others."""
        begins = [sum(1 + len(caller.calls) for caller in self.callers[:k]) for k in range(len(self.callers))]

        def moves(state: State) -> Iterator[tuple[State, float]]:
            return ((to, speed) for to, speed, _ in self.moves(state, None) if all(to[begin] <= others for begin in begins[1:]))

        chances = stationary(self.start(), moves, lambda state: state[0], most)
        means = [sum(chance * state[begin] for state, chance in chances.items()) for begin in begins]
        return [mean / caller.rate for mean, caller in zip(means, self.callers, strict=True)]

    def highest_rate(self, number: int = 0, others: int = 60) -> float:
        """Replies per second for a caller whose threads are always all held: at a higher rate its queue grows for ever."""
        begins = [sum(1 + len(caller.calls) for caller in self.callers[:k]) for k in range(len(self.callers))]

        def moves(state: State) -> Iterator[tuple[State, float]]:
            return ((to, speed) for to, speed, _ in self.moves(state, number) if all(to[begin] <= others for begin in begins))

        other = next((begin for k, begin in enumerate(begins) if k != number), None)
        chances = stationary(self.start(number), moves, lambda state: 0 if other is None else state[other], 0 if other is None else others)
        return sum(
            chance * speed for state, chance in chances.items() for _, speed, replied in self.moves(state, number) if replied == number
        )

    def scaled(self, factor: float) -> Shared:
        return Shared(tuple(replace(caller, rate=caller.rate * factor) for caller in self.callers), self.stations)

    def capacity(self) -> float:
        """Factor on all rates at which the first caller's queue begins to grow for ever."""
        low, high = 0.0, 1.0
        fixed = tuple(k for k, caller in enumerate(self.callers) if caller.threads is not None)

        def steady(factor: float) -> bool:
            grown = self.scaled(factor)
            return all(grown.callers[k].rate < grown.highest_rate(k) for k in fixed)

        if len(self.callers) == 1:
            return self.highest_rate() / self.callers[0].rate
        while steady(high):
            low, high = high, 2 * high
        while high - low > 1e-4 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if steady(middle) else (low, middle)
        return low


def stationary(
    start: State, moves: Callable[[State], Iterator[tuple[State, float]]], level: Callable[[State], int], most: int
) -> dict[State, float]:
    """Chances of all states that can be reached up to level ``most``, where each move changes the level by 1 at most.

    Level by level from above: what is above a level is folded into it (block elimination; Neuts 1981 for levels without an end).
    """
    levels: list[dict[State, int]] = [{} for _ in range(most + 1)]
    leaving: dict[State, list[tuple[State, float]]] = {}
    levels[level(start)][start] = 0
    stack = [start]
    while stack:
        state = stack.pop()
        leaving[state] = [(target, rate) for target, rate in moves(state) if rate > 0 and level(target) <= most]
        for target, _ in leaving[state]:
            known = levels[level(target)]
            if target not in known:
                known[target] = len(known)
                stack.append(target)

    def block(one: int, other: int) -> Matrix:
        rates = np.zeros((len(levels[one]), len(levels[other])))
        for state, here in levels[one].items():
            for target, rate in leaving[state]:
                if level(target) == other:
                    rates[here, levels[other][target]] += rate
                if one == other:
                    rates[here, here] -= rate
        return rates

    steps: list[Matrix] = []
    folded = block(most, most)
    for n in range(most, 0, -1):
        steps.insert(0, np.asarray(np.linalg.solve(-folded.T, block(n - 1, n).T).T, dtype=np.float64))
        folded = block(n - 1, n - 1) + steps[0] @ block(n, n - 1)
    system = folded.T.copy()
    system[-1] = 1.0
    row: Matrix = np.linalg.solve(system, np.append(np.zeros(len(system) - 1), 1.0))
    found: dict[State, float] = {}
    for n in range(most + 1):
        row = row @ steps[n - 1] if n else row
        found |= {state: float(row[here]) for state, here in levels[n].items()}
    total = sum(found.values())
    return {state: chance / total for state, chance in found.items()}


def three_layers(rate: float, threads: tuple[int, int], times_s: tuple[float, float, float], most: int = 150) -> float:
    """Mean response (s): threads of a first service are held while those of a second are, which are held while one server works."""

    def moves(state: State) -> Iterator[tuple[State, float]]:
        here, second, third = state
        yield (here + 1, second, third), rate
        yield (here, second + 1, third), (min(here, threads[0]) - second) / times_s[0]
        yield (here, second, third + 1), (min(second, threads[1]) - third) / times_s[1]
        if third:
            yield (here - 1, second - 1, third - 1), 1 / times_s[2]

    chances = stationary((0, 0, 0), moves, lambda state: state[0], most)
    return sum(chance * state[0] for state, chance in chances.items()) / rate


def three_layers_capacity(threads: tuple[int, int], times_s: tuple[float, float, float]) -> float:
    """Requests per second that these take at most: the first service's threads always all held."""

    def moves(state: State) -> Iterator[tuple[State, float]]:
        second, third = state
        yield (second + 1, third), (threads[0] - second) / times_s[0]
        yield (second, third + 1), (min(second, threads[1]) - third) / times_s[1]
        if third:
            yield (second - 1, third - 1), 1 / times_s[2]

    chances = stationary((0, 0), moves, lambda state: 0, 0)
    return sum(chance for (_, third), chance in chances.items() if third) / times_s[2]


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
