"""One queue: who waits, and how long. Exact where theory is, else the best approximation known, and it says which.

Rates are per second, times in seconds, cv2 is a squared coefficient of variation (variance over squared mean).
``servers`` serve one common queue, first come first served; load = arrival rate times mean service time.

Poisson arrivals and general service: Kimura's system interpolation (Approximations for multi-server queues: system
interpolations, Queueing Systems 17, 1994) between light and heavy traffic. It uses the exact M/D/c in place of Cosmetatos' formula
(10 % off for 10 servers at 30 %), and the exact light-traffic limit of the service time's own shape (Boxma, Cohen and Huffels,
Approximations of the mean waiting time in an M/G/s queueing system, Operations Research 27, 1979).

Other arrivals: the factor (ca2 + cs2) / 2 of Allen and Cunneen, and in place of the correction by Krämer and Langenbach-Belz, which
is for one server (25 % off with 4 servers at 70 %, twice the truth at 50 %), the exact GI/M/c raised to a fitted power.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sysdesign_cli.engine.multiserver import deterministic_service_wait, erlang_arrivals, hyperexponential_arrivals, light_traffic_ratio
from sysdesign_cli.engine.multiserver import erlang_b as erlang_b
from sysdesign_cli.engine.multiserver import erlang_c as erlang_c

# Expected relative error of the mean wait by method: 0 is exact. Measured against long simulations, for 30 to 95 % utilisation
# (general arrivals from 50 % on), cv2 of service up to 4, its shape known, up to 10 servers or 8 replicas with 4 workers each.
METHODS = {
    "none": 0.0,
    "mmc": 0.0,
    "pollaczek-khinchine": 0.0,
    "mdc": 0.0,
    "erlang-arrivals": 0.0,
    "kimura": 0.06,
    "general-arrivals": 0.15,
    "shortest-queue": 0.15,
    "small-pool": 0.05,
    "repeated-calls": 0.1,
}
SHAPES = ("fixed", "exponential", "gamma", "lognormal", "hyperexponential")
LARGEST_EXACT = 200  # servers for which M/D/c and GI/M/c are solved
MOST_STAGES = 64


@dataclass(frozen=True)
class Wait:
    """probability: chance of waiting at all. mean_s: mean wait over all, those who do not wait included. method: key of METHODS.
    variance_s2: of the wait over all, where it is known; None: that of the distribution below.

    As a distribution: an atom at 0, and an exponential for those who wait. That is exact for M/M/c, else an approximation.
    """

    probability: float
    mean_s: float
    method: str
    variance_s2: float | None = None

    @property
    def error(self) -> float:
        """Expected relative error of ``mean_s``; 0 is exact."""
        return METHODS[self.method]

    @property
    def percentiles_exact(self) -> bool:
        return self.method in ("none", "mmc")

    @property
    def conditional_mean_s(self) -> float:
        """Mean wait of those who wait."""
        return self.mean_s / self.probability if self.probability else 0.0

    def tail(self, t_s: float) -> float:
        """P(wait > t)."""
        if t_s < 0:
            return 1.0
        return self.probability * math.exp(-t_s / self.conditional_mean_s) if self.mean_s else 0.0

    def percentile(self, p: float) -> float:
        """Smallest t with P(wait <= t) >= p, for 0 <= p < 1."""
        _share(p)
        if not self.mean_s or self.probability <= 1 - p:
            return 0.0
        return self.conditional_mean_s * math.log(self.probability / (1 - p))


#: Stands for all callers that find the same wait in front of a service (see ``pools``).
NOBODY: Final = -1
NO_WAIT = Wait(0.0, 0.0, "none")


# --- mean wait -------------------------------------------------------------------------------------------------------------


@lru_cache(4096)  # whoever changes one part of a system asks for the waits of all others again
def wait(
    arrival_rate: float, service_mean_s: float, servers: int, service_cv2: float = 1.0, arrival_cv2: float = 1.0, shape: str = ""
) -> Wait:
    """Wait in one queue with ``servers``, by the best method there is.

    Exact: M/M/c; M/G/1 (mean, Pollaczek and Khinchine); M/D/c (mean). Else as told at the top of the module.
    shape: one of SHAPES; "" is fixed, gamma, exponential or lognormal as service_cv2 is 0, below 1, 1 or above. With several
    servers two moments do not tell the wait: at cv2 4, 10 servers and 50 % it is 50 % longer for gamma than for lognormal.
    Raises ValueError at utilisation >= 1.
    """
    load = _load(arrival_rate, service_mean_s, servers, service_cv2, arrival_cv2)
    if not load:
        return NO_WAIT
    chance = erlang_c(servers, load)
    utilisation = load / servers
    mean_s = chance * service_mean_s / (servers - load) * _service_factor(servers, utilisation, service_cv2, shape)
    if arrival_cv2 == 1:
        return Wait(chance, mean_s, _poisson_method(servers, service_cv2, shape))
    longer, likelier = _arrival_factors(servers, utilisation, arrival_cv2, service_cv2)
    return _made(chance * likelier, mean_s * longer, "general-arrivals")


def _made(chance: float, mean_s: float, method: str) -> Wait:
    return Wait(min(1.0, chance), mean_s, method) if chance and mean_s else Wait(0.0, 0.0, method)


def _load(arrival_rate: float, service_mean_s: float, servers: int, service_cv2: float, arrival_cv2: float) -> float:
    if servers < 1:
        raise ValueError("a queue needs at least one server")
    if min(arrival_rate, service_mean_s, service_cv2, arrival_cv2) < 0:
        raise ValueError("rates, times and their variability must not be negative")
    load = arrival_rate * service_mean_s
    if load >= servers:
        raise ValueError(f"a load of {load:g} needs more than {servers} servers")
    return load


def _poisson_method(servers: int, service_cv2: float, shape: str) -> str:
    if _shape(service_cv2, shape) == "exponential":
        return "mmc"
    if servers == 1:
        return "pollaczek-khinchine"
    return "mdc" if service_cv2 == 0 and servers <= LARGEST_EXACT else "kimura"


def _arrival_factors(servers: int, utilisation: float, arrival_cv2: float, service_cv2: float) -> tuple[float, float]:
    """Mean wait, and chance of waiting, over those with Poisson arrivals.

    Mean: (ca2 + cs2) / (1 + cs2), as in heavy traffic, times a power of what the exact GI/M/c (Erlang or hyperexponential
    arrivals) has beyond that. The power is 1 for cs2 = 1, more below (regular service waits even less for regular arrivals), less
    above. For ca2 < 1 it is fitted to simulations (1 to 10 servers, cs2 0 to 4, ca2 1/16 to 1/2), for ca2 > 1 it is that of Krämer
    and Langenbach-Belz (ITC 8, 1976) where the correction shortens the wait, as theirs does.
    """
    both = arrival_cv2 + service_cv2
    if not both:
        return 0.0, 0.0
    longer, likelier = _markov_arrival_factors(servers, utilisation, arrival_cv2)
    correction = longer / ((1 + arrival_cv2) / 2)
    power = chance_power = 1.0
    if arrival_cv2 < 1:
        near = 2.5 * arrival_cv2**0.9 * servers**-1.2
        power = ((1 + near) / (service_cv2 + near)) ** servers**-0.45
        near = 1.5 * arrival_cv2**1.25 * servers**-0.4
        chance_power = ((1 + near) / (service_cv2 + near)) ** 0.55
    elif correction < 1:
        power = (arrival_cv2 + 4) / (arrival_cv2 + 4 * service_cv2)
    return both / (1 + service_cv2) * correction**power, likelier**chance_power


def _markov_arrival_factors(servers: int, utilisation: float, arrival_cv2: float) -> tuple[float, float]:
    """Mean wait and chance of waiting of GI/M/c over those of M/M/c; between Erlang arrivals of k and k + 1 stages linear in cv2."""
    servers, utilisation = _comparable(servers, utilisation)
    chance = erlang_c(servers, servers * utilisation)
    markov = chance / (servers * (1 - utilisation))
    if arrival_cv2 > 1:
        mean, late = hyperexponential_arrivals(arrival_cv2, servers, utilisation)
        return mean / markov, late / chance
    stages = min(MOST_STAGES, int(1 / max(arrival_cv2, 1e-9) + 1e-9))
    mean, late = erlang_arrivals(stages, servers, utilisation)
    if stages < MOST_STAGES:
        above, below = 1 / stages, 1 / (stages + 1)
        share = min(1.0, max(0.0, (above - arrival_cv2) / (above - below)))
        if share > 1e-9:
            other_mean, other_late = erlang_arrivals(stages + 1, servers, utilisation)
            mean, late = mean + share * (other_mean - mean), late + share * (other_late - late)
    return mean / markov, late / chance


def _comparable(servers: int, utilisation: float) -> tuple[int, float]:
    """At most LARGEST_EXACT servers with the same (1 - utilisation) * sqrt(servers), on which alone the ratios of waits depend for
    many servers (Halfin and Whitt, Operations Research 29, 1981): within 3 % for M/D/c.
    """
    if servers > LARGEST_EXACT:
        utilisation = 1 - (1 - utilisation) * math.sqrt(servers / LARGEST_EXACT)
        servers = LARGEST_EXACT
    return servers, max(utilisation, 0.05 if servers > 1 else 1e-9)


def _shape(cv2: float, shape: str) -> str:
    if shape and shape not in SHAPES:
        raise ValueError(f"unknown shape {shape}")
    if cv2 == 0:
        return "fixed"
    if shape == "gamma" and cv2 == 1:
        return "exponential"
    plain = "exponential" if cv2 == 1 else "gamma" if cv2 < 1 else "lognormal"
    impossible = shape in ("fixed", "exponential") or (shape == "hyperexponential" and cv2 <= 1)
    return plain if not shape or impossible else shape


@lru_cache(4096)
def _service_factor(servers: int, utilisation: float, cv2: float, shape: str) -> float:
    """Mean wait of M/G/c over that of M/M/c.

    1 / factor moves from its light-traffic to its heavy-traffic limit as M/D/c does, for which both are known exactly; that is
    Kimura's idea. Lognormal times get to heavy traffic later; the power is fitted to simulations (cv2 2 and 4, 2 to 10 servers).
    So do gamma times with a cv2 above 1 at two servers, and sooner at more than four, nearly the same for every cv2 (fitted to Markov
    chains of up to 20 servers, in which a gamma time is an exponential one times a beta).
    """
    shape = _shape(cv2, shape)
    heavy = (1 + cv2) / 2
    if servers == 1 or shape == "exponential":
        return heavy
    progress = _heaviness(*_comparable(servers, utilisation))
    if shape == "lognormal":
        progress **= 1 + progress / 2
    elif shape == "gamma" and cv2 > 1:
        progress **= (4 / servers) ** 0.43
    light = _light_traffic(servers, cv2, shape)
    return 1 / ((1 - progress) / light + progress / heavy)


def _light_traffic(servers: int, cv2: float, shape: str) -> float:
    """The light-traffic ratio, from cached values at powers of exp(0.1): whoever iterates over a system asks for many cv2."""
    fixed = servers / (servers + 1)
    if shape == "fixed":
        return fixed
    finest = math.exp(-4.5)
    if cv2 < finest:
        return fixed + cv2 / finest * (light_traffic_ratio(servers, finest, shape) - fixed)
    place = 10 * math.log(cv2)
    below = math.floor(place)
    low, high = (light_traffic_ratio(servers, math.exp(step / 10), shape) for step in (below, below + 1))
    return low + (place - below) * (high - low)


def _heaviness(servers: int, utilisation: float) -> float:
    """0 in light traffic to 1 in heavy traffic: how far M/D/c is on its way between the limits."""
    markov = erlang_c(servers, servers * utilisation) / (servers * (1 - utilisation))
    light = (servers + 1) / servers
    return min(1.0, max(0.0, (markov / deterministic_service_wait(servers, utilisation) - light) / (2 - light)))


# --- whole visits to M/M/c -------------------------------------------------------------------------------------------------


def mmc_sojourn_tail(arrival_rate: float, service_mean_s: float, servers: int, t_s: float) -> float:
    """P(wait and service together > t) for M/M/c, exact. Raises ValueError at utilisation >= 1."""
    load = _load(arrival_rate, service_mean_s, servers, 1.0, 1.0)
    if not service_mean_s:
        return 1.0 if t_s < 0 else 0.0
    return _sojourn_tail(erlang_c(servers, load), servers - load, t_s / service_mean_s)


def _sojourn_tail(chance: float, spare: float, t: float) -> float:
    """In mean service times. Waiting and service are a sum of two exponentials, in a form that is stable for nearly equal rates."""
    if t < 0:
        return 1.0
    slow, fast = sorted((1.0, spare))
    gap = (fast - slow) * t
    both = math.exp(-slow * t) * (1 + slow * t * (-math.expm1(-gap) / gap if gap else 1.0))
    return (1 - chance) * math.exp(-t) + chance * both


def mmc_sojourn_percentile(arrival_rate: float, service_mean_s: float, servers: int, p: float) -> float:
    """Smallest t with P(wait and service together <= t) >= p for M/M/c, 0 <= p < 1. Raises ValueError at utilisation >= 1."""
    _share(p)
    load = _load(arrival_rate, service_mean_s, servers, 1.0, 1.0)
    chance, spare = erlang_c(servers, load), servers - load
    low, high = 0.0, 1.0
    while _sojourn_tail(chance, spare, high) > 1 - p:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high and high - low > 1e-15 * high:
        low, high = (middle, high) if _sojourn_tail(chance, spare, middle) > 1 - p else (low, middle)
    return high * service_mean_s if p else 0.0


# --- several replicas ------------------------------------------------------------------------------------------------------


def queue_wait(
    discipline: str,
    arrival_rate: float,
    service_mean_s: float,
    replicas: int,
    concurrency: int,
    service_cv2: float = 1.0,
    arrival_cv2: float = 1.0,
    shape: str = "",
) -> Wait:
    """Wait at a service of ``replicas`` with ``concurrency`` workers each, for arrivals to all of it together.

    shared: one queue for all workers. random: each replica has its own, and a share of the arrivals by lot. round-robin: each
    gets every n-th arrival. least-connections: the replica with the fewest requests in work or waiting.
    Raises ValueError at utilisation >= 1 and for an unknown discipline.
    """
    if discipline == "shared" or (replicas == 1 and discipline in ("random", "round-robin", "least-connections")):
        return wait(arrival_rate, service_mean_s, replicas * concurrency, service_cv2, arrival_cv2, shape)
    if discipline == "random":
        return wait(arrival_rate / replicas, service_mean_s, concurrency, service_cv2, split_cv2(arrival_cv2, 1 / replicas), shape)
    if discipline == "round-robin":
        return _round_robin_wait(arrival_rate, service_mean_s, replicas, concurrency, service_cv2, arrival_cv2, shape)
    if discipline == "least-connections":
        return _shortest_queue_wait(arrival_rate, service_mean_s, replicas, concurrency, service_cv2, arrival_cv2, shape)
    raise ValueError(f"unknown discipline {discipline}")


def _round_robin_wait(
    arrival_rate: float, service_mean_s: float, replicas: int, concurrency: int, service_cv2: float, arrival_cv2: float, shape: str
) -> Wait:
    """Each replica by itself, with the more regular arrivals of every n-th; exact for Poisson arrivals and exponential service.

    With fixed times the worker that is free first is the next in turn, so it is the shared queue; that is a lower bound anyhow.
    From cv2 of service 1 on, least-connections is one too, and splitting by lot an upper bound: the approximations may cross them.
    """
    pooled = wait(arrival_rate, service_mean_s, replicas * concurrency, service_cv2, arrival_cv2, shape)
    if not service_cv2 or not pooled.mean_s:
        return pooled
    own = wait(arrival_rate / replicas, service_mean_s, concurrency, service_cv2, arrival_cv2 / replicas, shape)
    if pooled.method == "mmc" and replicas <= MOST_STAGES and concurrency <= LARGEST_EXACT:
        return _made(own.probability, own.mean_s, "erlang-arrivals")
    least = pooled
    if service_cv2 >= 1:
        least = _shortest_queue_wait(arrival_rate, service_mean_s, replicas, concurrency, service_cv2, arrival_cv2, shape)
    most = wait(arrival_rate / replicas, service_mean_s, concurrency, service_cv2, split_cv2(arrival_cv2, 1 / replicas), shape)
    return _made(own.probability or least.probability, min(max(own.mean_s, least.mean_s), most.mean_s), "general-arrivals")


def _shortest_queue_wait(
    arrival_rate: float, service_mean_s: float, replicas: int, concurrency: int, service_cv2: float, arrival_cv2: float, shape: str
) -> Wait:
    """The shared queue's wait, and what is lost because a request cannot change its replica.

    For exponential times the ratio to the shared queue goes from the number of replicas (light traffic, exact) to 1 (heavy
    traffic, exact); in between a fit to simulations of 2 to 32 replicas with 1 to 16 workers: within 4 % (8 % for 32 replicas).
    The loss grows with variability as one replica's own wait does.
    """
    pooled = wait(arrival_rate, service_mean_s, replicas * concurrency, service_cv2, arrival_cv2, shape)
    if not pooled.mean_s:
        return pooled
    load = arrival_rate * service_mean_s
    utilisation = load / (replicas * concurrency)
    spare = 1 - utilisation
    chance = erlang_c(replicas * concurrency, load)
    markov_s = chance * service_mean_s / (replicas * concurrency - load)
    settled = 0.55 * replicas**-0.16 * concurrency**-0.31
    lost_s = markov_s * (replicas - 1) * spare * (settled + (1 - settled) * spare**2.35)
    # those who wait do so for a departure of one replica at least; this fit is within 3 % but for the lightest traffic
    departures = 1 / (replicas * spare) + 0.62 * (1 - 1 / replicas)
    if_waiting_s = service_mean_s / concurrency * (1 + departures**8) ** 0.125
    chance = (markov_s + lost_s) / if_waiting_s
    lost_s *= _service_factor(concurrency, utilisation, service_cv2, shape)
    if arrival_cv2 != 1:
        longer, likelier = _arrival_factors(replicas * concurrency, utilisation, arrival_cv2, service_cv2)
        lost_s, chance = lost_s * longer, chance * likelier
    return _made(chance, pooled.mean_s + lost_s, "shortest-queue")


def fewest_servers(
    arrival_rate: float,
    service_mean_s: float,
    *,
    wait_s: float,
    wait_percentile: float = 0.99,
    service_cv2: float = 1.0,
    arrival_cv2: float = 1.0,
    shape: str = "",
) -> int:
    """Smallest number of servers with one queue whose wait's percentile is at most ``wait_s``."""
    _share(wait_percentile)
    if wait_s < 0:
        raise ValueError("the longest wait must not be negative")

    def enough(servers: int) -> bool:
        found = wait(arrival_rate, service_mean_s, servers, service_cv2, arrival_cv2, shape)
        return found.percentile(wait_percentile) <= wait_s

    low = int(arrival_rate * service_mean_s)  # at utilisation 1 or more
    step = 1
    while not enough(low + step):
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def fewest_servers_by_utilisation(arrival_rate: float, service_mean_s: float, utilisation: float) -> int:
    """Smallest number of servers that are busy for at most the share ``utilisation``, 0 < utilisation <= 1."""
    if not 0 < utilisation <= 1:
        raise ValueError("the utilisation must be above 0 and at most 1")
    needed = arrival_rate * service_mean_s / utilisation
    return max(1, math.ceil(needed * (1 - 1e-12)))  # 20 / 0.8 is 25, whatever the last digit says


# --- streams: Whitt, The Queueing Network Analyzer, BSTJ 62(9), 1983 -------------------------------------------------------


def departure_cv2(arrival_cv2: float, service_cv2: float, utilisation: float, servers: int) -> float:
    """Variability of the stream that leaves a station (eq. 39, with the lower bound 0.2 for service that section 4.2 takes)."""
    busy = utilisation**2
    return max(0.0, 1 + (1 - busy) * (arrival_cv2 - 1) + busy / math.sqrt(servers) * (max(service_cv2, 0.2) - 1))


def split_cv2(cv2: float, share: float) -> float:
    """Variability of a stream from which each request is taken by lot with chance ``share`` (eq. 34; exact for renewal streams)."""
    return share * cv2 + 1 - share


def merged_cv2(streams: Iterable[tuple[float, float]], utilisation: float) -> float:
    """Variability of the streams (rate, cv2) together, for a station with ``utilisation`` (eq. 33, weight of eq. 29 and 30)."""
    used = [(rate, cv2) for rate, cv2 in streams if rate > 0]
    total = sum(rate for rate, _ in used)
    if not total:
        return 1.0
    alike = 1 / sum((rate / total) ** 2 for rate, _ in used)
    weight = 1 / (1 + 4 * (1 - utilisation) ** 2 * (alike - 1))
    return weight * sum(rate / total * cv2 for rate, cv2 in used) + 1 - weight


# --- scalability -----------------------------------------------------------------------------------------------------------


def usl(n: float, contention: float, coherency: float) -> float:
    """Throughput of ``n`` processors over that of one (Gunther, Guerrilla Capacity Planning, 2007, eq. 4.31)."""
    return n / (1 + contention * (n - 1) + coherency * n * (n - 1))


def usl_optimum(contention: float, coherency: float) -> float:
    """Processors with the highest throughput; inf when more never harm (no coherency). Raises ValueError for shares outside [0, 1]."""
    if not 0 <= contention <= 1 or coherency < 0:
        raise ValueError("contention must be a share, coherency not negative")
    return math.sqrt((1 - contention) / coherency) if coherency else math.inf


def _share(p: float) -> None:
    if not 0 <= p < 1:
        raise ValueError("a percentile is at least 0 and below 1")
