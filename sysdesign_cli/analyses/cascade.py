"""What a kill overloads, step by step: who gets more than it can do, who waits for it, and whether it ends when its cause does.

With the dead taken out the traffic is solved again: a dead cache sends every request behind it, the survivors of a zone carry its
share, retries multiply calls, and whoever waits for something slow holds its workers longer. A service that gets more than it can do
serves its capacity and sheds the rest; what it sheds fails or waits in turn, until nothing changes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sysdesign_cli.analyses.deadlines import deadline_of
from sysdesign_cli.analyses.load import burst_cold_shares, running_zones
from sysdesign_cli.analyses.situations import Outage
from sysdesign_cli.engine.disrupted import arriving
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.measures import Levels, Shares, StrainedShares
from sysdesign_cli.engine.propagation import Propagation
from sysdesign_cli.engine.stations import replica_count
from sysdesign_cli.engine.system import CallEdge
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME

ROUNDS: Final = 60
#: Services that are asked whether a fault of theirs would last: the dead first, then in the order of the cascade.
ASKED: Final = 20
#: A system of more handlers than LARGE / ROUNDS gets fewer rounds, but not fewer than this.
LARGE: Final = 60_000
FEWEST: Final = 5
#: Rounds in which what is shed follows at once what is wanted.
EAGER: Final = 8
#: What is shed by less than this share in the end is not overloaded.
NOTICED: Final = 1e-3
#: A function that refuses more than this share of its requests is overloaded.
THROTTLED: Final = 0.01
#: Shares are settled when none moves by more than this.
SETTLED: Final = 1e-6

MORE, SLOWER, FEWER, ALREADY = "more-requests", "slower-calls", "fewer-replicas", "already"


@dataclass(frozen=True)
class Step:
    """A service that is overloaded, and in which step of the cascade it came to be so (1: by the kill itself).

    why: ``already`` (without the kill too), ``more-requests``, ``fewer-replicas`` or ``slower-calls``
    (it waits for ``because``, overloaded before it). shed: share of
    what reaches it that it never gets to in the end; for messages, the share by which its queue grows. busy, rate: when it came to that.
    """

    step: int
    service: str
    why: str
    because: str
    busy: Number
    before: Number
    rate: Number
    rate_before: Number
    shed: Number


@dataclass(frozen=True)
class Lasting:
    """A fault that does not end when its cause does: at capacity ``capacity`` a service is asked ``storm`` by its callers' tries.

    amplification: tries for each first call while it fails. trigger: how long the fault must last for its queue to outlive the timeouts.
    budget: retry budget with which it would recover.
    """

    service: str
    callers: tuple[str, ...]
    rate: Number
    storm: Number
    capacity: Number
    amplification: Number
    trigger: Number
    budget: Number


class Cascade:
    """The cascade of one outage. ``steps`` in order; ``levels`` gives a flow's shares with what is shed counted as failing."""

    def __init__(self, outage: Outage) -> None:
        self.outage = outage
        self.system = outage.system
        self.left = share_left(outage)
        self.shed: dict[int, float] = {}
        self._order: dict[int, int] = {}
        self._causes: dict[int, tuple[str, str]] = {}
        self._first: dict[int, tuple[float, float]] = {}
        """utilisation and rate when a service came to be overloaded"""
        self.rates = outage.arriving
        self.load = self._loaded()
        self._settle()

    @property
    def steps(self) -> tuple[Step, ...]:
        numbers = sorted((number for number in self._order if self.shed.get(number, 0.0) > 0), key=lambda n: (self._order[n], n))
        return tuple(self._step(number) for number in numbers)

    def levels(self, flow: Flow, effects: Sequence[int]) -> Levels[float]:
        """Levels of a flow as ``Outage.levels``, with what overloaded services shed."""
        entry = self.system.entry(flow)
        relevant = self.system.leading_to(list(effects)) if effects else None
        run = Propagation(self.system, self._shares(), relevant, self.outage.kill.pessimistic)
        return run.run(self.system.reachable(entry))[entry]

    def _shares(self) -> Shares:
        normal = self.outage.shares
        return StrainedShares(self.outage.casualties.down, self.shed, normal._loss_down, normal._loss_failing)

    def _settle(self) -> None:
        """Round by round until nothing moves; in smaller and smaller steps, since what a service sheds takes load off what overloads it.

        Where the two chase each other for ever (they meet where the narrowest just keeps up), the mean of the later rounds counts.
        """
        sums: dict[int, float] = {}
        rounds = max(FEWEST, min(ROUNDS, LARGE // max(1, len(self.system.handlers))))
        for number in range(1, rounds + 1):
            wanted = self._wanted_shed()
            for service in wanted:
                if service not in self._order:
                    self._order[service] = number
                    self._causes[service] = self._cause(service)
                    self._first[service] = (self.load.stations[service].utilisation, self.load.stations[service].rate)
            weight = 1.0 if number <= EAGER else (number - EAGER) ** -0.7
            keys = set(wanted) | set(self.shed)
            moved = {key: self.shed.get(key, 0.0) * (1 - weight) + wanted.get(key, 0.0) * weight for key in keys}
            change = max((abs(wanted.get(key, 0.0) - self.shed.get(key, 0.0)) for key in keys), default=0.0)
            self.shed = {key: share for key, share in moved.items() if share > SETTLED}
            if change <= SETTLED:
                return
            self._redistribute()
            if number > rounds // 2:
                for key, share in self.shed.items():
                    sums[key] = sums.get(key, 0.0) + share / (rounds - rounds // 2)
        self.shed = {key: share for key, share in sums.items() if share > NOTICED}
        self._redistribute()

    def _redistribute(self) -> None:
        """Traffic and stations with what is shed now."""
        levels = Propagation(self.system, self._shares(), None, self.outage.kill.pessimistic).run()
        dead = self.outage.casualties.down
        self.rates = arriving(self.system, self.outage.setting.entries, dead, levels, self.outage.kill.pessimistic, self.shed, True)
        self.load = self._loaded()

    def _loaded(self) -> Loaded:
        return load_at_most(self.outage, self.rates, self.left, self.shed)

    def _wanted_shed(self) -> dict[int, float]:
        found = {}
        for number, station in enumerate(self.load.stations):
            if number in self.outage.casualties.down or self._already(number):
                continue
            if station.utilisation >= 1:
                found[number] = 1 - 1 / station.utilisation if not math.isinf(station.utilisation) else 1.0
            elif station.throttled_share > THROTTLED:
                found[number] = station.throttled_share
        return found

    def _already(self, number: int) -> bool:
        """Overfilled without any kill, where a queue levels it: that is the workload's doing."""
        return self.outage.setting.stations.utilisation(number) >= 1 and deadline_of(self.outage.setting, number) is not None

    def _cause(self, number: int) -> tuple[str, str]:
        """Why a service is overloaded now: fewer replicas, more requests, or calls that take longer because of somebody before it."""
        before, station = self.outage.setting.stations, self.load.stations[number]
        if before.utilisation(number) >= 1:
            return ALREADY, ""
        had = sum(before.rates[h] for h in self.system.handlers_of[number])
        called = {
            self.system.handlers[e.target].service for h in self.system.handlers_of[number] for e in self.system.handlers[h].every_call()
        }
        slow = [service for service in called if service in self.shed or service in self.outage.casualties.down]
        held_before = before.busy(number) / had if had else 0.0
        grown = {
            MORE: station.rate / had if had else math.inf,
            FEWER: 1 / self.left[number] if self.left[number] else math.inf,
            SLOWER: (station.held.mean / held_before if held_before else 1.0) if slow else 1.0,
        }
        why = max(grown, key=lambda key: grown[key])
        names = (
            sorted(self.system.services[service].name for service in slow)
            if why == SLOWER
            else self._sources(number)
            if why == MORE
            else []
        )
        return why, ", ".join(names[:3])

    def _sources(self, number: int) -> list[str]:
        """Dead caches whose requests now come here."""
        return sorted(self._past_dead_caches.get(number, ()))

    @cached_property
    def _past_dead_caches(self) -> dict[int, set[str]]:
        """Service -> the dead caches before it."""
        dead, found = self.outage.casualties.down, defaultdict[int, set[str]](set)
        for node in self.system.handlers:
            for edge in node.every_call():
                target = self.system.handlers[edge.target].service
                if edge.on_miss and target in dead:
                    for miss in edge.on_miss:
                        found[self.system.handlers[miss.target].service].add(self.system.services[target].name)
        return found

    def _step(self, number: int) -> Step:
        before = self.outage.setting.stations
        why, because = self._causes[number]
        used, arrived = self._first[number]
        rate = Number(arrived, RATE, "arriving-now", method=APPROXIMATION)
        # a function refuses what it cannot take, and who waits without a timeout is asked without end: then by what is shed
        asked = used if 1 <= used < math.inf else 1 / (1 - min(self.shed[number], 0.9999))
        return Step(
            self._order[number],
            self.system.services[number].name,
            why,
            because,
            Number(asked, SHARE, "busy-now", (("rate", rate),), APPROXIMATION),
            Number(before.utilisation(number), SHARE, "busy-before", method=APPROXIMATION),
            rate,
            Number(sum(before.rates[h] for h in self.system.handlers_of[number]), RATE, "traffic"),
            Number(self.shed[number], SHARE, "shed", method=APPROXIMATION),
        )

    def lasting(self) -> tuple[Lasting, ...]:
        """Services for which the tries of their callers alone exceed capacity, so that they stay down when the fault is over."""
        callers = _callers_of(self.outage)
        numbers = [*sorted(self.outage.casualties.down), *sorted(self._order, key=lambda number: (self._order[number], number))]
        asked = [number for number in dict.fromkeys(numbers) if number in callers and (number in self.shed or number not in self._order)]
        return tuple(found for number in asked[:ASKED] if (found := _lasting(self.outage, number, callers[number])) is not None)


def load_at_most(outage: Outage, rates: list[float], left: list[float], shed: Mapping[int, float]) -> Loaded:
    """Stations at these rates, with all the replicas that autoscaling may still start. left: ``share_left``; shed: as in the cascade."""
    most = {
        number: max(1, round(left[number] * float(service.replicas.max or service.replicas.min)))
        for number, service in enumerate(outage.system.services)
        if service.kind != "function" and service.concurrency is not None
    }
    slow = {**dict.fromkeys(outage.casualties.down, 1.0), **shed}
    return Loaded(outage.system, rates, most, burst_cold_shares(outage.setting), slow=slow, waits=False)


def share_left(outage: Outage) -> list[float]:
    """Share of each service's replicas that is left."""
    system, kill = outage.system, outage.kill
    shares = []
    for number, service in enumerate(system.services):
        if number not in outage.casualties.dead_replicas:
            shares.append(1.0)
            continue
        zones = running_zones(outage.setting.stations, number, service)
        if kill.zones and zones:
            shares.append(sum(1 for zone in zones if zone not in kill.zones) / len(zones))
        else:
            shares.append(outage.casualties.left(system, number) / replica_count(system, service))
    return shares


def _callers_of(outage: Outage) -> dict[int, list[tuple[str, CallEdge]]]:
    """Service -> (calling handler, call) of those that ordinarily call it, for services whose callers, near or far, try again at all."""
    found: dict[int, list[tuple[str, CallEdge]]] = {}
    retried = False
    for node in outage.system.handlers:
        if outage.setting.rates[node.index] > 0:
            for edge in node.every_call():
                retried = retried or edge.call.retries > 0
                found.setdefault(outage.system.handlers[edge.target].service, []).append((node.key, edge))
    return found if retried else {}


def _lasting(outage: Outage, number: int, called_by: list[tuple[str, CallEdge]]) -> Lasting | None:
    """The retry storm at one service: the rate at which it is asked while every try fails, against what it can do when it is back.

    Callers that time out leave their work behind, so a service that only works on what nobody waits for any more stays down as long
    as storm >= capacity (Bronson et al., Metastable failures in distributed systems, HotOS 2021).
    """
    system, setting = outage.system, outage.setting
    service = system.services[number]
    stations = setting.stations
    normal = sum(setting.rates[h] for h in system.handlers_of[number] if system.handlers[h].event is None)
    used = stations.utilisation(number)
    if normal <= 0 or used <= 0 or used >= 1:
        return None
    dead = frozenset([number])
    shares = Shares(dead, lambda _: 0.0, lambda _: 0.0)
    levels = Propagation(system, shares, None, False).run()
    rates = arriving(system, setting.entries, dead, levels, False, None, True)
    storm = sum(rates[h] for h in system.handlers_of[number] if system.handlers[h].event is None)
    capacity = normal / used
    if storm < capacity or storm <= normal * (1 + 1e-9):
        return None
    callers = [caller for caller, edge in called_by if edge.call.retries]
    timeouts = [float(edge.call.timeout) if edge.call.timeout is not None else math.inf for _, edge in called_by]
    timeout = min(timeouts, default=math.inf)
    if math.isinf(timeout):
        return None  # nobody gives up, so no work is done in vain
    amplification = Number(storm / normal, "factor", "tries", method=APPROXIMATION)
    rate = Number(normal, RATE, "traffic")
    room = Number(capacity, RATE, "capacity", (("rate", rate), ("utilisation", Number(used, SHARE, "busy-before"))), APPROXIMATION)
    return Lasting(
        service.name,
        tuple(sorted(set(callers))),
        rate,
        Number(storm, RATE, "storm", (("rate", rate), ("amplification", amplification)), APPROXIMATION),
        room,
        amplification,
        Number(timeout * capacity / storm, TIME, "trigger", (("capacity", room),), APPROXIMATION),
        Number(max(0.0, capacity / normal - 1), "factor", "budget-needed", (("capacity", room), ("rate", rate)), APPROXIMATION),
    )


def overloaded_count(cascade: Cascade) -> Number:
    return Number(float(len(cascade.steps)), COUNT, "counted", tuple((f"#{n}", step.service) for n, step in enumerate(cascade.steps, 1)))
