"""A place that pools of workers call: its rates, who is there beside a caller, and what is found in its queue."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import add, mul
from typing import Final

from sysdesign_cli.engine.centres import Centre, Network
from sysdesign_cli.engine.queueing import Wait, queue_wait

#: Chances below this are left out, and no queue is followed beyond so many.
_RARE: Final = 1e-12
LONGEST: Final = 4000
#: Queues of one place that are taken apart, more count as one; and up to so many requests in all of them.
_APART: Final = 16
_SPREAD: Final = 200


@dataclass(frozen=True)
class Visits:
    """Calls that one request of a pool makes to one place: their mean number and variance."""

    mean: float
    variance: float = 0.0


@dataclass(frozen=True)
class Queue:
    """A place where nobody is waited for: requests per second, servers of each of its queues, mean time (s) and its cv².

    in_turn: the queues are filled in turn, else by lot.
    """

    rate: float
    servers: int
    service_s: float
    cv2: float = 1.0
    queues: int = 1
    in_turn: bool = False

    def rates(self, most: int) -> list[float]:
        """Requests per second with 1, 2, … there, as far as they differ.

        Of what queues by lot lose against one queue, those that are filled in turn lose n / (2 n - 1): exact for two of one server each,
        within 8 % for four.
        """
        by_lot = apart(self.queues, self.servers, self.service_s, most)
        if not self.in_turn:
            return by_lot
        full = self.queues * self.servers / self.service_s
        shares = [n / (2 * n - 1) for n in range(1, len(by_lot) + 1)]
        ideal_s = [1 / min(n / self.service_s, full) for n in range(1, len(by_lot) + 1)]
        return [1 / (share / rate + (1 - share) * least_s) for rate, share, least_s in zip(by_lot, shares, ideal_s, strict=True)]

    def wait(self) -> Wait:
        """With Poisson arrivals and exponential times."""
        way = "round-robin" if self.in_turn else "random"
        return queue_wait(way, self.rate, self.service_s, self.queues, self.servers)


@dataclass(frozen=True)
class Pool:
    """Workers that stay held: own computing on each replica's cores (None: as many as workers), delays, and visits to other places.

    rate: requests per second of one queue. workers: that serve this queue, of so many replicas.
    visits: place -> calls made by one request. unmet_cv2: of the time that a worker is held when nobody waits for anybody, where it is
    known (None: as if all parts of it were independent). copies: queues, each with as many workers.
    arrival_cv2: of the stream to one queue; less than 1 where they are filled in turn.
    """

    rate: float
    workers: int
    own_s: float
    cores: int | None = None
    replicas: int = 1
    delay_s: float = 0.0
    visits: dict[int, Visits] = field(default_factory=dict)
    own_cv2: float = 1.0
    delay_cv2: float = 1.0
    unmet_cv2: float | None = None
    copies: int = 1
    arrival_cv2: float = 1.0


def apart(queues: int, servers: int, service_s: float, most: int) -> list[float]:
    """Rates of so many queues, each with its servers, of which every request comes to one by lot, with 1 … ``most`` requests in all."""
    if queues == 1 or queues > _APART:
        return [busy / service_s for busy in range(1, min(most, queues * servers) + 1)]
    one = Centre([queues * busy / service_s for busy in range(1, servers + 1)])
    return Network([one] * queues, 0.0).throughputs(min(most, _SPREAD))


def queue_of(place: Queue, found: list[float], plain: Wait) -> tuple[float, float, float]:
    """Mean wait, chance and E[W²] / E[W]² of those that find so many at a place; with several queues a part of them is in one's own."""
    total = sum(found)
    if place.queues == 1 or place.queues > _APART:
        rates = [busy / place.service_s for busy in range(1, place.queues * place.servers + 1)]
        return line_wait(found, rates)
    if not total:
        return 0.0, 0.0, 1.0
    seen = place.rates(len(found))
    mean_s = sum(share / total * ((j + 1) / seen[min(j, len(seen) - 1)] - place.service_s) for j, share in enumerate(found))
    mean_s = min(plain.mean_s, max(0.0, mean_s))
    chance = plain.probability * math.sqrt(mean_s / plain.mean_s) if plain.mean_s else 0.0
    return mean_s, chance, 2 / chance if chance else 1.0


def alone(rates: list[float], rate: float) -> list[float]:
    """Chances of 0, 1, 2, … requests at a place with Poisson arrivals, below what it takes; cut where they are next to nothing."""
    if not rate:
        return [1.0]
    law = Centre(rates).distribution(rate)
    row, beyond = list(law.head), law.head[-1] * law.ratio
    while beyond > _RARE * (1 - law.ratio) and len(row) < LONGEST:
        row.append(beyond)
        beyond *= law.ratio
    row[-1] += beyond / (1 - law.ratio)
    return row


def beside(rates: list[float], others: list[float], most: int) -> tuple[list[float], list[list[float]]]:
    """A place as one caller sees it: its rates for 1 … ``most`` of the caller's requests, and the chances of so many others then.

    others: those chances when the caller has none there. Each of all the requests at the place is equally likely to leave next,
    so n of the caller's and m others have (n + m) / (n rate(n + m)) times the weight of n - 1 and m.
    """
    seen, rows, row, top = [], [others], others, len(rates)
    factors = [k / rates[min(k, top) - 1] for k in range(1, most + len(others))]
    for n in range(1, most + 1):
        weights = list(map(mul, row, factors[n - 1 :]))
        total = sum(weights)
        seen.append(n / total)
        row = [weight / total for weight in weights]
        rows.append(row)
    return seen, rows


def joined(rows: list[list[float]], chances: list[float]) -> list[float]:
    """Chances of so many requests at a place in all: ``chances`` of n of one caller's, rows[n] of so many others."""
    total = [0.0] * (len(chances) + max(len(row) for row in rows) - 1)
    for n, chance in enumerate(chances):
        if chance > 0:
            end = n + len(rows[n])
            total[n:end] = map(add, total[n:end], [chance * share for share in rows[n]])
    while len(total) > 1 and total[-1] < _RARE:
        total.pop()
    return total


def asking(asks: list[float], rates: list[float]) -> list[float]:
    """Chances of 0, 1, 2, … requests of one caller at a place that it asks ``asks[n]`` times a second when n are there."""
    weights = [1.0]
    for ask, rate in zip(asks, rates, strict=True):
        weights.append(weights[-1] * ask / rate)
        if weights[-1] > 1e100:
            weights = [weight * 1e-100 for weight in weights]
    total = sum(weights)
    return [weight / total for weight in weights]


def ahead_of(rows: list[list[float]], chances: list[float], rates: list[float]) -> list[float]:
    """What a caller's requests find, ``chances`` of n of its own there, rows[n] of so many others: as often as one leaves it behind."""
    found = [0.0] * (len(chances) + max(len(row) for row in rows) - 1)
    for n, chance in enumerate(chances):
        if n and chance > 0:
            for m, share in enumerate(rows[n]):
                found[n + m - 1] += chance * share * n / (n + m) * rates[min(n + m, len(rates)) - 1]
    return found


def line_wait(found: list[float], rates: list[float]) -> tuple[float, float, float]:
    """Mean wait, chance of waiting, and E[W²] / E[W]², in a queue of len(rates) servers, from how often 0, 1, 2, … are found there.

    Who finds j waits for j - servers + 1 departures. Poisson arrivals find what is there.
    """
    servers, turn_s, total = len(rates), 1 / rates[-1], sum(found)
    if not total:
        return 0.0, 0.0, 1.0
    ahead = [(j - servers + 1, share / total) for j, share in enumerate(found) if j >= servers]
    mean = sum(k * share for k, share in ahead)
    if mean < _RARE:
        return 0.0, 0.0, 1.0
    square = sum(k * (k + 1) * share for k, share in ahead)
    return mean * turn_s, sum(share for _, share in ahead), square / mean**2
