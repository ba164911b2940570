"""Workers held during calls, open arrivals: what stands in a queue behind a pool can be no more than the pool's workers.

A pool with all that its workers wait for is replaced by one centre whose rate depends on how many requests are inside: the
throughput that its inside has with 1, 2, … customers (flow-equivalent centre: Chandy, Herzog and Woo, IBM Journal of Research and
Development 19, 1975). Pools that are called by pools are replaced first, so it goes from the callees up (method of layers: Rolia and
Sevcik, IEEE TSE 21(8), 1995); then the chances of 0, 1, 2, … requests inside go down again, from the callers to the callees.

A place that several pools call is seen by each of them beside the others: Poisson streams, and pools that ask as often as they do in
their own networks, with 0, 1, 2, … of their workers there. In a product-form network with these the
place's rates for one of them are exact (a subnetwork of several classes: Kritzinger, van Wyk and Krzesinski, Performance Evaluation
2, 1982); that the sources ask independently of each other is the approximation. So is the product form where a pool is waited for.

The flow-equivalent centre takes the times between two replies of a full pool for exponential. They are more regular: how much, is
worked out as a martingale's variance (``dispersion``), and the wait in front of the pool is that of such service times.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

from sysdesign_cli.engine.centres import Centre, Load, Network
from sysdesign_cli.engine.places import LONGEST, Pool, Queue, Visits, ahead_of, alone, asking, beside, joined, line_wait, queue_of
from sysdesign_cli.engine.queueing import NOBODY, wait
from sysdesign_cli.engine.relief import Relief, Shorter
from sysdesign_cli.engine.replies import Replies, delay_cv2
from sysdesign_cli.engine.variability import varied

#: Rounds for pools that share a place, and the relative change at which they end.
ROUNDS: Final = 20
SETTLED: Final = 1e-5


class Overfull(ValueError):
    """A place that pools call gets more than it can do."""

    def __init__(self, place: int) -> None:
        super().__init__(f"place {place} gets more than it can do")
        self.place = place


def relieve(places: dict[int, Queue | Pool]) -> dict[int, Relief]:
    """Every place with pools that call it, and every pool. Raises Overfull where a queue, or a pool that is called, is overfull."""
    return Layered(places).solved()


class Layered:
    def __init__(self, places: dict[int, Queue | Pool]) -> None:
        self.places = places
        self.pools = {number: place for number, place in places.items() if isinstance(place, Pool)}
        self.callers: dict[int, list[int]] = {number: [] for number in places}
        for number, pool in self.pools.items():
            for called in pool.visits:
                self.callers[called].append(number)
        self.order = self._callees_first()
        self.calls = {
            (number, called): self._of_each(called, visits) for number, pool in self.pools.items() for called, visits in pool.visits.items()
        }
        """(caller, called) -> calls of one request to each of the copies of what is called"""
        self.origins = self._origins()
        self.open_rate = {number: self._outside(number) for number in places}
        self.rates: dict[int, list[float]] = {}
        self.plain: dict[int, list[float]] = {}
        """pool -> its rates if all times were exponential"""
        self.cores: dict[int, Centre] = {}
        """pool -> own computing with 1, 2, … of the workers there: each replica's cores by themselves"""
        self.networks: dict[int, Network] = {}
        self.seen: dict[tuple[int, int], list[float]] = {}
        """(caller, place) -> the rates of the place, or of one of its copies, for 1, 2, … of the caller's requests"""
        self.rows: dict[tuple[int, int], list[list[float]]] = {}
        """(caller, place) -> for n of the caller's requests there, the chances of so many others"""
        self.inside: dict[int, list[float]] = {}
        """pool -> chances of so many held workers"""
        self.loads: dict[int, list[Load]] = {}
        self.response = {(caller, called): self._first(called) for called in places for caller in self.callers[called]}
        self.alone: dict[int, list[float]] = {}
        self.replies = Replies(self)

    def _callees_first(self) -> list[int]:
        order: list[int] = []
        seen: set[int] = set()

        def visit(number: int) -> None:
            if number not in seen:
                seen.add(number)
                for called in self.pools[number].visits:
                    if called in self.pools:
                        visit(called)
                order.append(number)

        for number in self.pools:
            visit(number)
        return order

    def _copies(self, number: int) -> int:
        place = self.places[number]
        return place.copies if isinstance(place, Pool) else 1

    def _of_each(self, called: int, visits: Visits) -> Visits:
        """Calls to one of the copies of what is called: each comes to one of them by lot."""
        share = 1 / self._copies(called)
        return Visits(visits.mean * share, visits.variance * share**2 + visits.mean * share * (1 - share))

    def _outside(self, number: int) -> float:
        """Requests per second that come to a place, or to one of its copies, from elsewhere than pools."""
        rate = self.places[number].rate
        coming = ((self.pools[caller], self.calls[caller, number].mean) for caller in self.callers[number])
        rest = rate - sum(pool.rate * pool.copies * mean for pool, mean in coming)
        return rest if rest > 1e-9 * rate else 0.0

    def flow(self, caller: int, number: int) -> float:
        """Calls per second that a caller really makes to a place, or to one of its copies, by all its own copies."""
        return self._through(caller) * self.pools[caller].copies * self.calls[caller, number].mean

    def _first(self, number: int) -> float:
        place = self.places[number]
        return place.service_s if isinstance(place, Queue) else place.own_s + place.delay_s

    def solved(self) -> dict[int, Relief]:
        shared = any(sum(self.pools[caller].copies for caller in callers) > 1 for callers in self.callers.values())
        for _ in range(ROUNDS if shared else 1):
            before = dict(self.response)
            self._up()
            self._down()
            if all(abs(self.response[key] - old) <= SETTLED * self.response[key] for key, old in before.items()):
                break
        return {number: self._relief(number) for number in self.places if self.callers[number] or number in self.pools}

    # --- from the callees up: the rates of each pool ---

    def _up(self) -> None:
        for number, place in self.places.items():
            if isinstance(place, Queue) and number not in self.rates:
                inside = sum(self.pools[caller].workers * self.pools[caller].copies for caller in self.callers[number])
                self._found(number, place.rates(LONGEST if self.open_rate[number] else inside))
        for number in self.order:
            pool = self.pools[number]
            if pool.cores is not None and pool.own_s and number not in self.cores:
                # whoever comes goes where a core is free
                self.cores[number] = Centre([min(n, pool.replicas * pool.cores) / pool.own_s for n in range(1, pool.workers + 1)])
            centres = [self.cores[number]] if number in self.cores else []
            for called in pool.visits:
                seen, self.rows[number, called] = beside(self.rates[called], self._others(number, called), pool.workers)
                self.seen[number, called] = seen
                centres.append(Centre([rate / self.calls[number, called].mean for rate in seen]))
            delay_s = pool.delay_s + (pool.own_s if pool.cores is None else 0.0)
            copies = [1] * (len(centres) - len(pool.visits)) + [self._copies(called) for called in pool.visits]
            self.networks[number] = Network(centres, delay_s, copies)
            self._found(number, self._regular(number))

    def _regular(self, number: int) -> list[float]:
        """Rates of a pool, with as much of its workers' waits for each other as the variability of the times makes."""
        network, pool = self.networks[number], self.pools[number]
        rates = self.plain[number] = network.throughputs(pool.workers)
        cv2s = [pool.own_cv2] * (len(network.centres) - len(pool.visits)) + [self.replies.alone_cv2(called) for called in pool.visits]
        return varied(network, rates, cv2s, delay_cv2(pool))

    def _found(self, number: int, rates: list[float]) -> None:
        self.rates[number] = rates
        if self.callers[number] and self.places[number].rate >= self.most(number) * (1 - 1e-9):
            raise Overfull(number)
        self.alone[number] = alone(rates, self.open_rate[number]) if self.callers[number] else [1.0]

    def most(self, number: int) -> float:
        """Requests per second that a place, or one of its copies, can do."""
        place = self.places[number]
        if isinstance(place, Queue):
            return place.queues * place.servers / place.service_s
        return self.rates[number][-1]

    def _others(self, number: int, called: int) -> list[float]:
        """Chances of so many requests at a place if one of its callers had none there."""
        row = self.alone[called]
        for other in self.callers[called]:
            apart = self._strangers(number, other)
            for _ in range(self.pools[other].copies - (other == number)):
                seen, rows = beside(self.rates[called], row, self.pools[other].workers)
                row = joined(rows, asking([apart * ask for ask in self._asks(other, called)], seen))
        return row

    def _strangers(self, number: int, other: int) -> float:
        """Share of another pool's (or copy's) requests that are not for the same worker of a pool further up: nobody meets himself."""
        mine, theirs = self.origins[number], self.origins[other]
        same = (
            share * theirs[top] * self._alone_share(top) / self.pools[top].copies
            for top, share in mine.items()
            if top in theirs and not number == other == top
        )
        return 1 - max(same, default=0.0)

    def _alone_share(self, number: int) -> float:
        """Share by which a held worker finds fewer others of its pool than there are on average: nothing where all come by chance."""
        if number not in self.inside:
            return 1 / self.pools[number].workers
        chances = self.inside[number]
        mean = sum(n * chance for n, chance in enumerate(chances))
        pairs = sum(n * (n - 1) * chance for n, chance in enumerate(chances))
        return max(0.0, 1 - pairs / mean**2) if mean else 0.0

    def _origins(self) -> dict[int, dict[int, float]]:
        """Pool -> the pools whose workers its requests are for, and the shares of those; itself with 1."""
        found: dict[int, dict[int, float]] = {}
        for number in reversed(self.order):
            found[number] = {number: 1.0}
            for caller in self.callers[number]:
                pool = self.pools[caller]
                share = pool.rate * pool.copies * self.calls[caller, number].mean / self.pools[number].rate
                for top, one in found[caller].items():
                    found[number][top] = min(1.0, found[number].get(top, 0.0) + share * one)
        return found

    def _asks(self, caller: int, called: int) -> list[float]:
        """Calls per second of one copy of a pool, when 0, 1, 2, … of its workers wait at the place (at one of its copies).

        As in its own network: as often as one more leads there, one more less leads back. At first as if each worker asked by itself.
        """
        pool = self.pools[caller]
        if caller in self.loads:
            there, seen = self._there(caller, called), self.seen[caller, called]
            return [seen[n] * more / chance if chance > 0 else 0.0 for n, (chance, more) in enumerate(pairwise(there))]
        think_s = max(1e-3, pool.workers / pool.rate / self.calls[caller, called].mean - self._first(called))
        return [(pool.workers - n) / think_s for n in range(pool.workers)]

    # --- from the callers down: how many are inside ---

    def _down(self) -> None:
        for number in reversed(self.order):
            pool, rates = self.pools[number], self.plain[number]
            if self.callers[number]:
                inside = self._total(number)
            elif pool.rate < rates[-1]:
                inside = alone(rates, pool.rate)
            else:
                inside = [0.0] * pool.workers + [1.0]
            inside += [0.0] * (pool.workers + 1 - len(inside))
            self.inside[number] = [*inside[: pool.workers], sum(inside[pool.workers :])]
            self.loads[number] = self.networks[number].at_population(self.inside[number])
            calls = self.loads[number][-len(pool.visits) :] if pool.visits else []
            for called, load in zip(pool.visits, calls, strict=True):
                self.response[number, called] = load.number / (self._through(number) * self.calls[number, called].mean)

    def _through(self, number: int) -> float:
        """Requests per second that a pool really works on."""
        return min(self.pools[number].rate, self.rates[number][-1])

    def _total(self, number: int) -> list[float]:
        """Chances of so many requests at a place, as its callers see it on average."""
        views = []
        for caller in self.callers[number]:
            weight = self.flow(caller, number)
            views.append((weight, joined(self.rows[caller, number], self._there(caller, number))))
        whole = sum(weight for weight, _ in views)
        total = [0.0] * max(len(view) for _, view in views)
        for weight, view in views:
            for n, chance in enumerate(view):
                total[n] += weight / whole * chance
        return total

    def _there(self, caller: int, number: int) -> list[float]:
        """Chances of so many requests of a caller at a place, or at one of its copies."""
        visits = self.pools[caller].visits
        return self.loads[caller][len(self.loads[caller]) - len(visits) + list(visits).index(number)].busy

    # --- what comes of it ---

    def _relief(self, number: int) -> Relief:
        place, rates = self.places[number], self.rates[number]
        views = self._views(number) if self.callers[number] else {}
        if isinstance(place, Queue):
            return Relief(views)
        held_s = sum(n * chance for n, chance in enumerate(self.inside[number])) / self._through(number)
        full_s = place.workers / rates[-1]
        longer = likelier = 1.0
        cv2 = self.replies.cv2(number, place.workers)
        if place.rate < rates[-1]:
            plain = wait(place.rate, full_s, place.workers)
            mean_s, chance, _ = line_wait(alone(rates, place.rate), rates)
            longer = mean_s / plain.mean_s if plain.mean_s else 1.0
            likelier = chance / plain.probability if plain.probability else 1.0
            # the more workers wait for each other, the more they are like one fast server (fitted to Markov chains)
            met = 1 - self.replies.unmet_s(number) / full_s
            varied = wait(place.rate, full_s, place.workers, cv2)
            if varied.mean_s:
                longer *= 1 + min(1.0, 3 * met) * ((1 + cv2) / 2 * plain.mean_s / varied.mean_s - 1)
            if place.arrival_cv2 < 1:
                # queues filled in turn fill together when what is behind them is slow: half of the gain is left (fitted to simulations)
                longer *= 1 + min(1.0, 2 * met) * ((1 + cv2) / (place.arrival_cv2 + cv2) - 1) / 2
        means = {called: visits.mean for called, visits in place.visits.items()}
        return Relief(views, means, self._once(number), self._core(number, place), held_s, full_s, longer, likelier, cv2)

    def _once(self, number: int) -> bool:
        """Whether nobody else comes to what a pool calls, and each of its requests at most once."""
        return all(
            self.callers[called] == [number]
            and not self.open_rate[called]
            and abs(visits.variance - visits.mean * (1 - visits.mean)) <= 1e-9
            for called, visits in self.pools[number].visits.items()
        )

    def _views(self, number: int) -> dict[int, tuple[float, Shorter]]:
        place, rates = self.places[number], self.rates[number]
        flows = {caller: self.flow(caller, number) for caller in self.callers[number]}
        found = {caller: ahead_of(self.rows[caller, number], self._there(caller, number), rates) for caller in flows}
        if self.open_rate[number]:
            flows[NOBODY] = self.open_rate[number]
            found[NOBODY] = self._total(number)
        whole = sum(flows.values())
        if isinstance(place, Queue):
            plain = place.wait()
            open_s, open_chance = plain.mean_s, plain.probability
            lines = {caller: queue_of(place, one, plain) for caller, one in found.items()}
        else:
            open_s, open_chance, _ = line_wait(alone(rates, place.rate), rates)
            lines = {caller: line_wait(one, rates) for caller, one in found.items()}
        less = {caller: self._without_own(number, caller, flow) for caller, flow in flows.items()}
        return {caller: (flow / whole, Shorter(open_s, open_chance, less[caller], *lines[caller])) for caller, flow in flows.items()}

    def _without_own(self, number: int, caller: int, flow: float) -> float:
        """Mean wait at a place, as an open queue, without what one of the caller's workers brings."""
        place, rates = self.places[number], self.rates[number]
        own = flow / self.pools[caller].copies * self._alone_share(caller) if caller != NOBODY else 0.0
        rate = max(0.0, place.rate - own)
        if isinstance(place, Queue):
            return replace(place, rate=rate).wait().mean_s
        return line_wait(alone(rates, rate), rates)[0]

    def _core(self, number: int, pool: Pool) -> Shorter | None:
        if pool.cores is None or not pool.own_s or pool.rate * pool.own_s >= pool.cores * pool.replicas:
            return None
        centre, load = self.networks[number].centres[0], self.loads[number][0]
        cores = Queue(pool.rate, pool.cores * pool.replicas, pool.own_s, pool.own_cv2)
        plain = cores.wait()
        found = ahead_of([[1.0]] * len(load.busy), load.busy, centre.rates)
        less = replace(cores, rate=pool.rate * (1 - self._alone_share(number))).wait()
        return Shorter(plain.mean_s, plain.probability, less.mean_s, *queue_of(cores, found, plain))
