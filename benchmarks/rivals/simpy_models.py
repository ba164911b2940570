"""The models of ``models.py`` in SimPy, written as its documentation does: processes, resources and stores, ``|`` for a timeout.

``python simpy_models.py MODEL SECONDS SEED [stores]``. Stations in a row are written twice: with a process for each request and a
resource for each station, as most models in its documentation are, and with servers that fetch from stores, which needs fewer events.
Statistics are those that sysdesign keeps: a histogram and sums of responses, for each station worker-seconds, time waited and how many
ended.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Generator
from typing import Any

import simpy
from models import LEAVES, SERVICES, Flow, Found, Stations, arguments, bucket, clock, tell

Steps = Generator[simpy.Event, Any, Any]


class Tally:
    """Responses."""

    def __init__(self) -> None:
        self.answered = self.failed = 0
        self.sum_s = 0.0
        self.histogram: dict[int, int] = {}

    def add(self, seconds: float) -> None:
        self.answered += 1
        self.sum_s += seconds
        place = bucket(seconds)
        self.histogram[place] = self.histogram.get(place, 0) + 1


class Station:
    """What is counted of one station."""

    __slots__ = ("ended", "resource", "waited_s", "work_rate", "worked_s")

    def __init__(self, env: simpy.Environment, workers: int, work_s: float) -> None:
        self.resource = simpy.Resource(env, workers)
        self.work_rate = 1 / work_s
        self.waited_s = self.worked_s = 0.0
        self.ended = 0


# --- stations in a row: a process for each request -----------------------------------------------------------------------------------


def customer(env: simpy.Environment, stations: list[Station], draw: Callable[[], float], tally: Tally) -> Steps:
    entered = came = env.now
    for station in stations:
        with station.resource.request() as turn:
            yield turn
            station.waited_s += env.now - came
            station.worked_s -= env.now
            yield env.timeout(draw())
            came = env.now
            station.worked_s += came
        station.ended += 1
    tally.add(came - entered)


def customers(
    env: simpy.Environment, stations: list[Station], draw: Callable[[], float], tally: Tally, rate_per_s: float, chance: random.Random
) -> Steps:
    while True:
        yield env.timeout(chance.expovariate(rate_per_s))
        env.process(customer(env, stations, draw, tally))


def row(model: Stations, length_s: float, seed: int) -> Found:
    env, chance, tally = simpy.Environment(), random.Random(seed), Tally()
    stations = [Station(env, model.servers, model.service_s) for _ in range(model.stations)]
    env.process(customers(env, stations, _work(model, chance), tally, model.rate_per_s, chance))
    start = clock()
    env.run(until=length_s)
    took = clock() - start
    area = sum(station.worked_s + station.resource.count * length_s for station in stations)
    return Found(tally.answered, tally.failed, tally.sum_s, area, took)


def _work(model: Stations, chance: random.Random) -> Callable[[], float]:
    rate = 1 / model.service_s
    return (lambda: chance.expovariate(rate)) if model.law == "exponential" else (lambda: model.service_s)


# --- the same: servers that fetch from stores -----------------------------------------------------------------------------------------


def server(
    env: simpy.Environment, queue: simpy.Store, following: simpy.Store | None, draw: Callable[[], float], seen: Station, tally: Tally
) -> Steps:
    while True:
        entered, queued = yield queue.get()
        seen.waited_s += env.now - queued
        seen.worked_s -= env.now
        yield env.timeout(draw())
        seen.worked_s += env.now
        seen.ended += 1
        if following is None:
            tally.add(env.now - entered)
        else:
            following.put((entered, env.now))


def arrivals(env: simpy.Environment, queue: simpy.Store, rate_per_s: float, chance: random.Random) -> Steps:
    while True:
        yield env.timeout(chance.expovariate(rate_per_s))
        queue.put((env.now, env.now))


def row_of_stores(model: Stations, length_s: float, seed: int) -> Found:
    env, chance, tally = simpy.Environment(), random.Random(seed), Tally()
    draw = _work(model, chance)
    queues = [simpy.Store(env) for _ in range(model.stations)]
    seen = [Station(env, 1, model.service_s) for _ in range(model.stations)]
    for number in range(model.stations):
        following = queues[number + 1] if number + 1 < model.stations else None
        for _ in range(model.servers):
            env.process(server(env, queues[number], following, draw, seen[number], tally))
    env.process(arrivals(env, queues[0], model.rate_per_s, chance))
    start = clock()
    env.run(until=length_s)
    took = clock() - start
    area = sum(station.worked_s for station in seen)
    at_work = sum(model.servers - len(queue.get_queue) for queue in queues)
    return Found(tally.answered, tally.failed, tally.sum_s, area + at_work * length_s, took)


# --- eight services -------------------------------------------------------------------------------------------------------------------


class Services:
    """The flow, with or without timeouts."""

    def __init__(self, model: Flow, seed: int) -> None:
        self.model = model
        self.env = simpy.Environment()
        self.chance = random.Random(seed)
        self.tally = Tally()
        self.stations = {name: Station(self.env, workers, work_s) for name, (workers, work_s) in SERVICES.items()}

    def call(self, name: str, behind: str = "") -> Steps:
        """A request at a service that works and may then call another. Its value: whether it went well."""
        env, station = self.env, self.stations[name]
        came = env.now
        with station.resource.request() as turn:
            yield turn
            station.waited_s += env.now - came
            station.worked_s -= env.now
            yield env.timeout(self.chance.expovariate(station.work_rate))
            well = True
            if behind:
                if self.model.timeout_s:
                    well = yield from self.in_time([env.process(self.call(behind))])
                else:
                    yield from self.call(behind)
            station.worked_s += env.now
        station.ended += 1
        return well

    def in_time(self, calls: list[simpy.Process]) -> Steps:
        """Wait for calls made at the same time, which all have the same timeout. Whether all went well."""
        everything = calls[0] if len(calls) == 1 else self.env.all_of(calls)
        yield everything | self.env.timeout(self.model.timeout_s)
        return all(call.triggered and call.value for call in calls)

    def request(self) -> Steps:
        env, station = self.env, self.stations["front"]
        came = env.now
        with station.resource.request() as turn:
            yield turn
            station.waited_s += env.now - came
            station.worked_s -= env.now
            yield env.timeout(self.chance.expovariate(station.work_rate))
            well = True
            if self.model.timeout_s:
                well = yield from self.in_time([env.process(self.call("auth"))])
                if well:
                    well = yield from self.in_time([env.process(c) for c in (self.call("a"), self.call("b", "e"), self.call("c"))])
                if well:
                    well = yield from self.in_time([env.process(self.call("d", "f"))])
            else:
                yield from self.call("auth")
                yield env.all_of([env.process(c) for c in (self.call("a"), self.call("b", "e"), self.call("c"))])
                yield from self.call("d", "f")
            station.worked_s += env.now
        station.ended += 1
        if well:
            self.tally.add(env.now - came)
        else:
            self.tally.failed += 1

    def arrivals(self) -> Steps:
        env, rate = self.env, self.model.rate_per_s
        while True:
            yield env.timeout(self.chance.expovariate(rate))
            env.process(self.request())


def flow(model: Flow, length_s: float, seed: int) -> Found:
    services = Services(model, seed)
    services.env.process(services.arrivals())
    start = clock()
    services.env.run(until=length_s)
    took = clock() - start
    leaves = [services.stations[name] for name in LEAVES]
    area = sum(leaf.worked_s + leaf.resource.count * length_s for leaf in leaves)
    return Found(services.tally.answered, services.tally.failed, services.tally.sum_s, area, took)


def main() -> None:
    model, length_s, seed = arguments()
    if isinstance(model, Flow):
        found = flow(model, length_s, seed)
    elif "stores" in sys.argv[4:]:
        found = row_of_stores(model, length_s, seed)
    else:
        found = row(model, length_s, seed)
    tell(found, length_s)


if __name__ == "__main__":
    main()
