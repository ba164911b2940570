"""A workload at a moment, and what is dead: the setting of every question about failure, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from sysdesign_cli.engine.disrupted import arriving
from sysdesign_cli.engine.explained import APPROXIMATION, EXACT, Number
from sysdesign_cli.engine.measures import Levels, Shares
from sysdesign_cli.engine.propagation import Propagation
from sysdesign_cli.engine.situation import Arrivals, Casualties, casualties, lost_while_down, lost_while_failing
from sysdesign_cli.engine.stations import Stations, replica_count
from sysdesign_cli.engine.system import PublishEdge, System
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.engine.workload import Moment, Profile, at_time, busiest, combined, profile
from sysdesign_cli.scenario.model import Flow, Scenario, Workload
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.quantity import COUNT, RATE, TIME

if TYPE_CHECKING:
    from sysdesign_cli.analyses.closed_users import ClosedFlow


class Setting:
    """A system under one workload at its busiest moment. Raises ScenarioError when there is no such workload, or none at all."""

    def __init__(self, system: System, workload: str = "", second: float | None = None) -> None:
        """second: another time of day than the busiest."""
        self.system = system
        self.scenario: Scenario = system.scenario
        self.workload = pick_workload(self.scenario, workload)
        self.moment: Moment = busiest(self.scenario, self.workload) if second is None else at_time(self.scenario, self.workload, second)
        self.closed: dict[str, ClosedFlow] = {}
        """flows of a fixed number of users, at the rate that their waiting leaves them"""
        if any(start.users is not None for start in self.workload.starts.values()):
            from sysdesign_cli.analyses.closed_users import closed_flows

            self.closed = closed_flows(system, self.moment)
            solved = {name: one.solution.throughput_per_s for name, one in self.closed.items()}
            self.moment = replace(self.moment, rates=self.moment.rates | solved)
        self._losses: dict[tuple[int, float, bool], float] = {}
        if not self.scenario.flows or self.moment.total <= 0:
            node = self.workload.node
            place = node.place if node is not None else Place(self.scenario.address)
            raise ScenarioError([Problem("contradiction", place, {"what": "nothing-starts", "name": self.workload.name})])

    @cached_property
    def stretched(self) -> float:
        """Factor on the waits of open queues where users wait for their answers before they come again; 1 without such users."""
        if not self.closed:
            return 1.0
        from sysdesign_cli.analyses.closed_users import stretch_of_waits

        first = max(self.closed.values(), key=lambda one: one.solution.throughput_per_s)
        entry = self.system.entry(self.scenario.flows[first.flow])
        return stretch_of_waits(self.system, self.rates, entry, first.solution.response_s)

    @property
    def thinking(self) -> float | None:
        """Users of closed flows who think at a time, on average; None without such users."""
        if not self.closed:
            return None
        return sum(one.solution.throughput_per_s * one.think_s for one in self.closed.values())

    @cached_property
    def entries(self) -> dict[int, float]:
        result: dict[int, float] = {}
        for name, rate in self.moment.rates.items():
            entry = self.system.entry(self.scenario.flows[name])
            result[entry] = result.get(entry, 0.0) + rate
        return result

    @cached_property
    def rates(self) -> list[float]:
        """Invocations per second of every handler when everything works."""
        return solve(self.system, self.entries)

    def rates_of(self, service: int) -> float:
        """Invocations per second of all handlers of a service."""
        return sum(self.rates[h] for h in self.system.handlers_of[service])

    @cached_property
    def stations(self) -> Stations:
        return Stations(self.system, self.rates)

    def share(self, flow: str) -> float:
        return self.moment.rates[flow] / self.moment.total

    @cached_property
    def visits(self) -> dict[str, list[float]]:
        """Flow -> mean invocations of every handler for each start of the flow."""
        return {name: solve(self.system, {self.system.entry(flow): 1.0}) for name, flow in self.scenario.flows.items()}

    @cached_property
    def publishers(self) -> dict[str, list[tuple[int, PublishEdge]]]:
        """Event -> its publishers, each with the edge it publishes by."""
        found: dict[str, list[tuple[int, PublishEdge]]] = {}
        for node in self.system.handlers:
            for edge in node.publishes:
                found.setdefault(edge.event.name, []).append((node.index, edge))
        return found

    def profile_of(self, handler: int) -> Profile:
        """How often a handler runs over the day."""
        parts = [(profile(self.scenario, self.workload, flow), visits[handler]) for flow, visits in self.visits.items()]
        return combined([part for part in parts if part[1]])

    def loss_down(self, subscriber: int, seconds: float) -> float:
        """Share of a subscriber's messages that an outage of so many seconds loses when the subscriber is dead."""
        key = (subscriber, seconds, True)
        if key not in self._losses:
            self._losses[key] = lost_while_down(self.system, subscriber, seconds, self._arrivals(subscriber))
        return self._losses[key]

    def loss_failing(self, subscriber: int, seconds: float) -> float:
        """The same when the subscriber is alive and fails each message."""
        key = (subscriber, seconds, False)
        if key not in self._losses:
            self._losses[key] = lost_while_failing(self.system, subscriber, seconds, self._arrivals(subscriber))
        return self._losses[key]

    def _arrivals(self, subscriber: int) -> Arrivals:
        begin = self.moment.second
        return lambda start, end: self.profile_of(subscriber).total(begin + start, end - start)

    def shares(self, dead: frozenset[int], seconds: float) -> Shares:
        """Shares of requests under dead services, for an outage of so many seconds."""
        return Shares(
            dead, lambda subscriber: self.loss_down(subscriber, seconds), lambda subscriber: self.loss_failing(subscriber, seconds)
        )

    def rate_number(self, flow: str) -> Number:
        """The flow's rate now, with where it comes from."""
        start = self.workload.starts.get(flow)
        rate = self.moment.rates[flow]
        if start is not None and flow in self.closed and start.users is not None and start.think is not None:
            one = self.closed[flow].solution
            response = Number(
                one.response_s, TIME, "closed-response", method=EXACT if one.method == "exact" else APPROXIMATION, note=one.method
            )
            return Number(
                rate, RATE, "rate-closed", (("users", start.users), ("think", start.think), ("response", response)), response.method
            )
        if start is None or start.peak is None:
            return Number(rate, RATE, "rate-none")
        shape = start.shape or self.workload.shape
        points = self.scenario.shapes[str(shape)] if shape else {}
        drawn = ", ".join(f"{at} {float(share):.0%}" for at, share in sorted(points.items()))
        inputs: tuple[tuple[str, str], ...] = (("clock", self.moment.clock),)
        if shape and start.at is None:
            inputs += (("shape", f"{shape} ({drawn})"),)
        share = Number(rate / float(start.peak) if start.peak else 0.0, "share", "day-shape", inputs)
        return Number(rate, RATE, "rate-now", (("peak", start.peak), ("day_share", share)))


def pick_workload(scenario: Scenario, name: str) -> Workload:
    """The workload of that name, or the first one. Raises ScenarioError."""
    if not scenario.workloads:
        raise ScenarioError([Problem("missing-key", Place(scenario.address), {"key": "workloads", "owner": "Scenario"})])
    if not name:
        return next(iter(scenario.workloads.values()))
    if name not in scenario.workloads:
        known = list(scenario.workloads)
        params = {"name": name, "what": "workload", "known": ", ".join(known)}
        raise ScenarioError([Problem("unknown-name", Place(scenario.address), params, nearest(name, known))])
    return scenario.workloads[name]


def needed_effects(system: System, flow: Flow) -> list[int]:
    """Handlers that must have run before the flow counts as completed (where the journey leads to them)."""
    names = [*flow.completed, *([flow.answered] if flow.answered else [])]
    return [system.handler_number(name) for name in names]


def awaited_effects(system: System, flow: Flow) -> list[int]:
    """The handler that ends the user's wait, when it is not the entry itself."""
    if not flow.answered or system.handler_number(flow.answered) == system.entry(flow):
        return []
    return [system.handler_number(flow.answered)]


@dataclass(frozen=True)
class Kill:
    """What is dead and for how long. ``duration_s`` None: for as long as its repair takes."""

    services: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    duration_s: float | None = None
    pessimistic: bool = False


class Outage:
    """A setting in which something is dead."""

    def __init__(self, setting: Setting, kill: Kill) -> None:
        self.setting = setting
        self.system = setting.system
        self.kill = kill
        check_targets(self.system, kill)
        self.casualties: Casualties = casualties(self.system, kill.services, kill.zones)

    @cached_property
    def duration(self) -> Number:
        """How long it lasts: as asked, or the longest repair among the dead."""
        if self.kill.duration_s is not None:
            return Number(self.kill.duration_s, TIME, "as-asked")
        dead = self.casualties.down or frozenset(self.casualties.dead_replicas)
        if not dead:
            return Number(0.0, TIME, "nothing-dead")
        slowest = max(sorted(dead), key=lambda service: float(self.system.services[service].mttr))
        service = self.system.services[slowest]
        return Number(float(service.mttr), TIME, "longest-repair", ((f"{service.name}.mttr", service.mttr),))

    @cached_property
    def shares(self) -> Shares:
        return self.setting.shares(self.casualties.down, self.duration.value)

    @cached_property
    def answers(self) -> list[Levels[float]]:
        """What becomes of an invocation of each handler, as its caller sees it."""
        return Propagation(self.system, self.shares, None, self.kill.pessimistic).run()

    def levels(self, flow: Flow, effects: Sequence[int]) -> Levels[float]:
        """Levels of one flow, when these effects must happen; for the answer there are none."""
        entry = self.system.entry(flow)
        if not effects:
            return self.answers[entry]
        relevant = self.system.leading_to(list(effects))
        return Propagation(self.system, self.shares, relevant, self.kill.pessimistic).run(self.system.reachable(entry))[entry]

    @cached_property
    def arriving(self) -> list[float]:
        """Invocations per second that still reach each handler."""
        return arriving(self.system, self.setting.entries, self.casualties.down, self.answers, self.kill.pessimistic)

    def starves(self, handler: int) -> bool:
        """Alive, ordinarily at work, and nothing arrives because what comes before it is dead."""
        node = self.system.handlers[handler]
        return (
            self.setting.rates[handler] > 0
            and self.arriving[handler] <= 1e-12 * self.setting.rates[handler]
            and node.service not in self.casualties.down
        )

    def service_state(self, service: int) -> str:
        """killed, short (some replicas dead), failing, starved, idle (nobody calls), degraded or ok; by what ordinarily runs."""
        if service in self.casualties.down:
            return "killed"
        running = [h for h in self.system.handlers_of[service] if self.setting.rates[h] > 0]
        if running and all(self.starves(h) for h in running):
            return "starved" if any(self.system.handlers[h].event is not None for h in running) else "idle"
        reached = [h for h in running if not self.starves(h)]
        if reached and all(self.answers[h].failed >= 1 - 1e-12 for h in reached):
            return "failing"
        if any(self.answers[h].failed > 1e-12 for h in reached):
            return "partly-failing"
        if any(self.answers[h].degraded > 1e-12 for h in reached):
            return "degraded"
        return "short" if service in self.casualties.dead_replicas else "ok"


def check_targets(system: System, kill: Kill) -> None:
    """Raise ScenarioError for what is to be killed and is not there."""
    problems = []
    place = Place(system.scenario.address)
    names = list(system.service_index)
    for target in kill.services:
        name, slash, number = target.partition("/")
        if name not in system.service_index:
            params = {"name": target[:60], "what": "service", "known": ", ".join(names[:20])}
            problems.append(Problem("unknown-name", place, params, nearest(name, names)))
        elif slash:
            count = replica_count(system, system.services[system.service_index[name]])
            if not (number.isdecimal() and len(number) < 10) or not 1 <= int(number) <= count:
                near = tuple(f"{name}/{i}" for i in range(1, min(count, 3) + 1))
                problems.append(
                    Problem("unknown-name", place, {"name": target[:60], "what": "replica", "known": f"{name}/1 … {name}/{count}"}, near)
                )
    zones = [str(zone) for zone in system.scenario.zones]
    for zone in kill.zones:
        if zone not in zones:
            problems.append(
                Problem("unknown-name", place, {"name": zone[:60], "what": "zone", "known": ", ".join(zones)}, nearest(zone, zones))
            )
    if problems:
        raise ScenarioError(problems)


def count_number(value: float, formula: str, *inputs: tuple[str, Number]) -> Number:
    return Number(value, COUNT, formula, inputs)
