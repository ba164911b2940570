"""Exact results for several servers with one queue, first come first served: M/M/c, M/D/c, Ek/M/c, H2/M/c, and light traffic.

load = arrival rate times mean service time, utilisation = load / servers. Waits are in mean service times. cv2 is a squared
coefficient of variation. What is exact here is put together to approximations for the rest in ``queueing``.
"""

from __future__ import annotations

import cmath
import math
from collections import deque
from functools import lru_cache


@lru_cache(4096)
def erlang_b(servers: int, load: float) -> float:
    """Chance that all servers are busy where nobody may wait (M/G/c/c), for any load.

    The recurrence I(k) = 1 + k / load * I(k - 1) for I = 1 / B (Cooper, Introduction to Queueing Theory, 1981, section 3.3).
    """
    if servers < 0 or load < 0:
        raise ValueError("servers and load must not be negative")
    if not load:
        return 0.0 if servers else 1.0
    # A step shrinks a relative error of I by the factor (I(k) - 1) / I(k) = 1 - B(k), and B(k) >= 1 - k / load. So from 9 roots
    # of the load below min(servers, load) on, the errors shrink by exp(-sum(1 - k / load)) <= exp(-9 * 9 / 2) < 1e-17, and the
    # start, below load, is at most a factor load / (load - k) away from the truth.
    start = max(0, int(min(servers, load) - 9 * math.sqrt(load)) - 1)
    inverse = load / (load - start)
    for k in range(start + 1, servers + 1):
        inverse = 1 + k / load * inverse
        if inverse > 1e308:
            return 0.0
    return 1 / inverse


def erlang_c(servers: int, load: float) -> float:
    """Chance of having to wait, M/M/c. Raises ValueError when the load is not below the servers."""
    if load >= servers:
        raise ValueError(f"a load of {load:g} needs more than {servers} servers")
    blocked = erlang_b(servers, load)
    return servers * blocked / (servers - load * (1 - blocked))


# --- fixed service times ---------------------------------------------------------------------------------------------------


@lru_cache(4096)
def deterministic_service_wait(servers: int, utilisation: float) -> float:
    """Mean wait of M/D/c, for 0 < utilisation < 1; meant for up to some hundred servers.

    Every c-th customer sees a queue Ec/D/1, whose mean wait is the sum over k of E[(kD - c k interarrival times)+] / k
    (Spitzer's identity; Crommelin's formula of 1932 in positive terms). In heavy traffic that sum is long, and the c - 1 roots of
    z^c = exp(load (z - 1)) within the unit circle are quicker (Janssen and van Leeuwaarden, Analytic computation schemes for the
    discrete-time bulk service queue, Queueing Systems 50, 2005), but lose digits in light traffic.
    """
    load = servers * utilisation
    if servers * (utilisation - 1 - math.log(utilisation)) < 3:
        roots = sum(_root_share(servers, utilisation, k) for k in range(1, servers // 2 + 1))
        return (load / (2 * (servers - load)) - (servers - 1 + load) / 2 + roots) / load
    total, k = 0.0, 1
    while True:
        mean, needed = k * load, k * servers
        chance = math.exp(needed * math.log(mean) - mean - math.lgamma(needed + 1))
        beyond, more = 0.0, 1
        while more < 2 or more * chance > 1e-17 * beyond:
            chance *= mean / (needed + more)
            beyond += more * chance
            more += 1
        total += beyond / mean
        if beyond / mean <= 1e-15 * total:
            return total
        k += 1


def _root_share(servers: int, utilisation: float, k: int) -> float:
    """1 / (1 - z) for the k-th root and its conjugate together."""
    turn = cmath.exp(2j * math.pi * k / servers)
    z = 0j
    for _ in range(60):
        power = turn * cmath.exp(utilisation * (z - 1))
        step = (z - power) / (1 - utilisation * power)
        z -= step
        if abs(step) < 1e-14:
            break
    return (1 / (1 - z)).real * (1 if 2 * k == servers else 2)


# --- other arrivals, exponential service -----------------------------------------------------------------------------------


@lru_cache(4096)
def erlang_arrivals(stages: int, servers: int, utilisation: float) -> tuple[float, float]:
    """Mean wait and chance of waiting for Ek/M/c: interarrival times of k exponential stages (every k-th Poisson arrival).

    With m = k * customers + stages done, only stages lead up, one at a time. So what crosses between m and m + 1 is
    k rate p(m) = sum over i = m + 1, ..., m + k of p(i) * (departures at i): from the geometric tail downwards all is positive.
    """
    rate_up = stages * servers * utilisation
    z = _erlang_root(stages, utilisation)
    per_customer = -math.expm1(stages * math.log(z))  # 1 - z^k
    cycle = sum(z**i for i in range(stages))
    waiting = cycle * z**stages / per_customer**2
    total = cycle / per_customer
    late = arrivals = z ** (stages - 1) / per_customer
    flows = deque(servers * z**i for i in range(stages))
    for m in range(stages * servers - 1, -1, -1):
        share = sum(flows) / rate_up
        total += share
        if m % stages == stages - 1:
            arrivals += share
        if total > 1e280:
            return 0.0, 0.0
        if m < stages * servers * utilisation and share < 1e-18 * total:
            break
        flows.pop()
        flows.appendleft(share * (m // stages))
    return waiting / total / (servers * utilisation), late / arrivals


def _erlang_root(stages: int, utilisation: float) -> float:
    """z with z + z^2 + ... + z^k = k * utilisation."""
    z, wanted = 1.0, stages * utilisation
    for _ in range(60):  # the sum is convex and rises, so Newton's method comes down to the root from above
        total = slope = 0.0
        for _ in range(stages):
            slope = 1 + total + z * slope
            total = z * (1 + total)
        step = (total - wanted) / slope
        z -= step
        if step <= 1e-16 * z:
            break
    return z


@lru_cache(4096)
def hyperexponential_arrivals(cv2: float, servers: int, utilisation: float) -> tuple[float, float]:
    """Mean wait and chance of waiting for H2/M/c: interarrival times of two exponential kinds with balanced means, cv2 > 1.

    Chain of customers and kind of the coming arrival: level by level downwards from the geometric tail, all terms positive.
    """
    rate = servers * utilisation
    p = (1 + math.sqrt((cv2 - 1) / (cv2 + 1))) / 2
    kinds = ((p, 2 * p * rate), (1 - p, 2 * (1 - p) * rate))
    low, high = 0.0, float(servers)
    for _ in range(100):
        slack = (low + high) / 2  # servers * (1 - ratio of the tail)
        low, high = (slack, high) if sum(share * servers / (each + slack) for share, each in kinds) > 1 else (low, slack)
    shares = [share * servers / (each + slack) for share, each in kinds]
    total, waiting = servers / slack, (1 - slack / servers) * (servers / slack) ** 2
    late = arrivals = sum(each * share for (_, each), share in zip(kinds, shares, strict=True)) * servers / slack
    flows = [servers * share for share in shares]
    for busy in range(servers - 1, -1, -1):
        level = sum(flow / (each + busy) for (_, each), flow in zip(kinds, flows, strict=True))
        level /= sum(share * each / (each + busy) for share, each in kinds)
        shares = [(busy * level * share + flow) / (each + busy) for (share, each), flow in zip(kinds, flows, strict=True)]
        total += level
        arrivals += sum(each * share for (_, each), share in zip(kinds, shares, strict=True))
        if total > 1e280:
            return 0.0, 0.0
        flows = [busy * share for share in shares]
    return waiting / total / rate, late / arrivals


# --- light traffic ---------------------------------------------------------------------------------------------------------


@lru_cache(1024)
def light_traffic_ratio(servers: int, cv2: float, shape: str) -> float:
    """Mean wait of M/G/c over that of M/M/c as the load goes to 0: c E[least of c remaining service times] / E[service time].

    shape: fixed, gamma, lognormal, or hyperexponential (two kinds with balanced means). Sums over a grid of ln t, good to 2e-3.
    """
    if shape == "fixed":
        return servers / (servers + 1)
    spread = min(max(1.0, cv2), 10.0) if shape == "gamma" else 1.0  # much of a gamma with a high cv2 lies next to 0
    low, high, count = -(10 + math.log(servers)) * spread, 4 + 2.5 * math.log1p(cv2), 600
    step = (high - low) / count
    times = [math.exp(low + (number + 0.5) * step) for number in range(count)]
    below = moment = ratio = 0.0
    for t, density in zip(times, _density_of_logarithm(cv2, shape, times), strict=True):
        weight = density * step
        # P(remaining <= t) = E[min(T, t)]; half of this cell lies below its middle
        remaining = t * (1 - below - weight / 2) + moment + t * weight / 2
        below += weight
        moment += t * weight
        if remaining >= 1 - 1e-16:
            continue
        ratio += (1 - remaining) ** servers * t
    return servers * ratio * step


def _density_of_logarithm(cv2: float, shape: str, times: list[float]) -> list[float]:
    """t f(t), the density of ln T at ln t, for a mean of 1."""
    exp, log = math.exp, math.log
    if shape == "lognormal":
        variance = math.log1p(cv2)
        top, half, two = 1 / math.sqrt(2 * math.pi * variance), variance / 2, 2 * variance
        return [top * exp(-((log(t) + half) ** 2) / two) for t in times]
    if shape == "gamma":
        k = 1 / cv2
        constant = k * log(k) - math.lgamma(k)
        return [exp(k * (log(t) - t) + constant) for t in times]
    p = (1 + math.sqrt((cv2 - 1) / (cv2 + 1))) / 2
    return [t * (2 * p * p * exp(-2 * p * t) + 2 * (1 - p) ** 2 * exp(-2 * (1 - p) * t)) for t in times]
