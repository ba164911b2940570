"""What a system uses in a year: invocations, time held, replica-hours, bytes moved. No prices.

Everything that is proportional to the load follows from one solution of the traffic equations for the arrivals of the whole
year. Only replicas are not: they are integrated over each workload's day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from sysdesign_cli.analyses.situations import awaited_effects, pick_workload
from sysdesign_cli.engine.billing import Piece, capped_integral, course, larger, stepped_integral
from sysdesign_cli.engine.stations import TARGET, unloaded_times
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.engine.workload import DAY_S, Profile, day_total, profile, sampled
from sysdesign_cli.scenario.model import Service, Workload
from sysdesign_cli.scenario.quantity import Figure

DAYS: Final = 365.0
#: Stands for whoever sends requests from outside: a user, a device.
USERS: Final = -1


@dataclass(frozen=True)
class Day:
    """A workload, and on how many days of the year it is like this."""

    workload: Workload
    days: float
    instead_of: Figure | None = None
    """the days that the file states, where they are none at all and cannot be what is meant"""


def calendar(system: System, workload: str | None = None) -> tuple[tuple[Day, ...], str]:
    """The year as days of workloads, and what it was made of: key of the message ``cost.calendar-<key>``.

    ``calendar``: the days that the file states. ``alone``: one workload, which states none. ``first``: several and none states
    any, so all year is like the first. ``zero``: what is stated is 0 everywhere, and a year without days would cost nothing, so all
    of it is like the first. ``asked``: all year is like the one named. Raises ScenarioError.
    """
    if workload:
        return (Day(pick_workload(system.scenario, workload), DAYS),), "asked"
    first = pick_workload(system.scenario, "")
    workloads = system.scenario.workloads.values()
    if any(one.days_per_year for one in workloads):
        return tuple(Day(one, float(one.days_per_year)) for one in workloads if one.days_per_year), "calendar"
    none = next((one.days_per_year for one in workloads if one.days_per_year is not None), None)
    if none is not None:
        return (Day(first, DAYS, none),), "zero"
    return (Day(first, DAYS),), "alone" if len(system.scenario.workloads) == 1 else "first"


class Stream(NamedTuple):
    """Bytes that go from one service to another in a year; ``USERS`` where it is nobody of the model. ``calls``: requests begun."""

    sender: int
    receiver: int
    bytes: float
    calls: float


class Usage:
    """What a system uses in a year made of such days. Everything is lazy and kept."""

    def __init__(self, system: System, days: tuple[Day, ...]) -> None:
        self.system = system
        self.days = days

    @cached_property
    def _profiles(self) -> list[dict[str, Profile]]:
        scenario = self.system.scenario
        return [
            {flow: profile(scenario, day.workload, flow) for flow in scenario.flows if flow in day.workload.starts} for day in self.days
        ]

    @cached_property
    def starts(self) -> dict[str, float]:
        """Flow -> starts a year."""
        found = dict.fromkeys(self.system.scenario.flows, 0.0)
        for day, profiles in zip(self.days, self._profiles, strict=True):
            for flow, course_of in profiles.items():
                found[flow] += day.days * day_total(course_of)
        return found

    @cached_property
    def requests(self) -> float:
        """Starts of all flows in a year."""
        return sum(self.starts.values())

    @cached_property
    def entries(self) -> dict[int, float]:
        """Handler -> requests that come in by it in a year."""
        found: dict[int, float] = {}
        for flow, count in self.starts.items():
            if count:
                entry = self.system.entry(self.system.scenario.flows[flow])
                found[entry] = found.get(entry, 0.0) + count
        return found

    @cached_property
    def invocations(self) -> list[float]:
        """Invocations of every handler in a year."""
        return solve(self.system, self.entries)

    @cached_property
    def held(self) -> list[float]:
        """Seconds that one invocation of each handler holds its worker."""
        return unloaded_times(self.system)[1]

    @cached_property
    def visits(self) -> dict[str, list[float]]:
        """Flow -> mean invocations of every handler for each start."""
        flows = self.system.scenario.flows
        return {flow: solve(self.system, {self.system.entry(flows[flow]): 1.0}) for flow, count in self.starts.items() if count}

    def held_seconds(self, service: int) -> float:
        """Worker-seconds that the service is busy in a year, were there no limit."""
        return sum(self.invocations[h] * self.held[h] for h in self.system.handlers_of[service])

    # machines

    @cached_property
    def _sampled(self) -> list[tuple[tuple[float, ...], dict[str, tuple[float, ...]]]]:
        """For each day the seconds at which a flow of it changes its slope, and the rates of each flow then."""
        found = []
        for profiles in self._profiles:
            times, rates = sampled(tuple(profiles.values()))
            found.append((times, dict(zip(profiles, rates, strict=True))))
        return found

    def _course(self, day: int, weights: dict[str, float]) -> list[Piece]:
        """A weighted sum of the flows' rates over a day."""
        times, rates = self._sampled[day]
        values = [0.0] * len(times)
        for flow, weight in weights.items():
            if weight:
                for position, rate in enumerate(rates.get(flow, ())):
                    values[position] += weight * rate
        return course(times, values, DAY_S)

    def _busy_for_each(self, service: int, computing: bool = False) -> dict[str, float]:
        """Flow -> worker-seconds (or seconds of its own work) of the service for each start."""
        own = self.system.handlers_of[service]
        held = {h: float(self.system.handlers[h].handler.takes.mean) for h in own} if computing else {h: self.held[h] for h in own}
        return {flow: sum(visits[h] * held[h] for h in own) for flow, visits in self.visits.items()}

    @cached_property
    def _replicas(self) -> dict[int, tuple[float, ...]]:
        return {}

    def replica_seconds(self, service: int) -> tuple[float, ...]:
        """Replica-seconds of one day of each workload: the integral of ``Stations.replicas`` over the day."""
        if service not in self._replicas:
            definition = self.system.services[service]
            least = max(1, int(definition.replicas.min))
            if definition.replicas.max is None or definition.concurrency is None:
                self._replicas[service] = (least * DAY_S,) * len(self.days)
            else:
                self._replicas[service] = tuple(self._followed(service, definition, day, least) for day in range(len(self.days)))
        return self._replicas[service]

    def _followed(self, service: int, definition: Service, day: int, least: int) -> float:
        assert definition.concurrency is not None
        assert definition.replicas.max is not None
        target = TARGET if definition.replicas.target is None else float(definition.replicas.target)
        if definition.kind == "function":
            target = 1.0
        most = max(least, int(definition.replicas.max))
        wanted = self._wanted(service, day, float(definition.concurrency) * target, False)
        if definition.cores is not None:
            wanted = larger(wanted, self._wanted(service, day, float(definition.cores) * target, True))
        return stepped_integral(wanted, least, most)

    def _wanted(self, service: int, day: int, for_one: float, computing: bool) -> list[Piece]:
        weights = self._busy_for_each(service, computing)
        return self._course(day, {flow: weight / for_one for flow, weight in weights.items()})

    def replica_hours(self, service: int) -> float:
        """Replica-hours in a year."""
        return sum(day.days * seconds for day, seconds in zip(self.days, self.replica_seconds(service), strict=True)) / 3600.0

    def busy_and_provided(self, service: int) -> tuple[float, float]:
        """Worker-seconds in a year: those at work (no more than there are at any moment), and those that are there."""
        definition = self.system.services[service]
        assert definition.concurrency is not None
        each = float(definition.concurrency)
        most = definition.replicas.max if definition.replicas.max is not None else definition.replicas.min
        cap = max(1.0, float(most)) * each
        weights = self._busy_for_each(service)
        busy = sum(day.days * capped_integral(self._course(number, weights), cap) for number, day in enumerate(self.days))
        return busy, self.replica_hours(service) * 3600.0 * each

    # messages

    def streams(self) -> Iterator[Stream]:
        """Every stream of bytes: requests and their replies, events to and from their broker, what is pushed to users."""
        system = self.system
        for entry, count in self.entries.items():
            handler = system.handlers[entry].handler
            yield from _call(USERS, system.handlers[entry].service, count, float(handler.request), float(handler.reply))
        for node in system.handlers:
            runs = self.invocations[node.index]
            if not runs:
                continue
            for mean, edge in node.weighted_calls():
                callee = system.handlers[edge.target]
                yield from _call(node.service, callee.service, runs * mean, float(callee.handler.request), float(callee.handler.reply))
            for publish in node.publishes:
                moved = runs * publish.mean * float(publish.event.size)
                yield Stream(node.service, publish.broker, moved, 0.0)
                for subscriber in system.subscribers[publish.event.name]:
                    yield Stream(publish.broker, system.handlers[subscriber].service, moved, 0.0)
        yield from self._pushed()

    def _pushed(self) -> Iterator[Stream]:
        """Events whose handler ends the user's wait go on to the user."""
        system = self.system
        for flow in system.scenario.flows.values():
            for handler in awaited_effects(system, flow) if self.starts[flow.name] else []:
                node = system.handlers[handler]
                if node.event is not None:
                    moved = self.starts[flow.name] * self.visits[flow.name][handler] * float(node.event.size)
                    yield Stream(node.service, USERS, moved, 0.0)

    def messages(self, broker: int) -> Iterator[tuple[float, int, float, float]]:
        """(messages a year, copies delivered of each, bytes of one, seconds kept) of every publish that this broker carries."""
        for node in self.system.handlers:
            for publish in node.publishes:
                if publish.broker == broker and self.invocations[node.index]:
                    event = publish.event
                    copies = len(self.system.subscribers[event.name])
                    yield self.invocations[node.index] * publish.mean, copies, float(event.size), float(event.retention)

    def zones(self, service: int) -> dict[str, float]:
        """Share of the replicas that always run in each zone; none for what runs in no zone of ours."""
        definition = self.system.services[service]
        names = [str(zone) for zone in definition.zones or self.system.scenario.zones]
        if not names:
            return {}
        count = max(1, int(definition.replicas.min))
        each, more = divmod(count, len(names))
        return {zone: (each + (number < more)) / count for number, zone in enumerate(names) if each or number < more}


def _call(caller: int, callee: int, count: float, request: float, reply: float) -> Iterator[Stream]:
    yield Stream(caller, callee, count * request, count)
    yield Stream(callee, caller, count * reply, 0.0)
