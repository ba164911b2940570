"""Flows of a fixed number of users who wait for their answer before they go on: how often they really come.

Users and think time give a bound on the rate, users / think; what the waiting leaves of it follows from mean value analysis, with
threads that are held during calls as flow-equivalent centres (``engine.closed``). What other, open flows do at the same stations
takes its share of each server away: service times there grow by 1 / (1 - utilisation by the others).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sysdesign_cli.engine.closed import Solution, Station, solve
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.stations import Stations, settled_replicas
from sysdesign_cli.engine.system import CallEdge, System
from sysdesign_cli.engine.traffic import solve as traffic
from sysdesign_cli.scenario.model import Flow, Start
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError

if TYPE_CHECKING:
    from sysdesign_cli.engine.workload import Moment

#: Calls are unfolded to this depth; deeper ones count as a delay.
DEPTH: Final = 12
_STEPS: Final = 60


@dataclass(frozen=True)
class ClosedFlow:
    """A closed flow solved: its throughput and mean response; stretched: factor on open waits at which they add up to that response."""

    flow: str
    users: float
    think_s: float
    solution: Solution


def is_closed(start: Start | None) -> bool:
    return start is not None and start.users is not None and start.think is not None and start.peak is None


def closed_flows(system: System, moment: Moment) -> dict[str, ClosedFlow]:
    """Every closed flow of a workload, solved beside the open ones (and beside the other closed ones at their solved rates)."""
    starts = moment.workload.starts
    names = [name for name in moment.rates if is_closed(starts.get(name))]
    if not names:
        return {}
    rates = {name: 0.0 if name in names else rate for name, rate in moment.rates.items()}
    solved: dict[str, ClosedFlow] = {}
    for _ in range(1 if len(names) == 1 else 8):
        for name in names:
            others = {other: rate for other, rate in rates.items() if other != name}
            solved[name] = _solve(system, system.scenario.flows[name], starts[name], others)
            rates[name] = solved[name].solution.throughput_per_s
    return solved


def _solve(system: System, flow: Flow, start: Start, others: dict[str, float]) -> ClosedFlow:
    entries: dict[int, float] = {}
    for name, rate in others.items():
        entry = system.entry(system.scenario.flows[name])
        entries[entry] = entries.get(entry, 0.0) + rate
    background = Stations(system, traffic(system, entries))
    assert start.users is not None
    assert start.think is not None
    users, think = float(start.users), float(start.think)
    entry = system.entry(flow)
    tree = _Tree(system, background).station(entry, 0, users)
    try:
        solution = solve(max(1, round(users)), think, [(1.0, tree)])
    except ValueError as error:
        node = start.node
        place = node.place if node is not None else Place(system.scenario.address)
        raise ScenarioError(
            [Problem("contradiction", place, {"what": "nothing-takes-time", "name": flow.name, "why": str(error)})]
        ) from None
    return ClosedFlow(flow.name, users, think, solution)


class _Tree:
    """The stations of one flow, calls inside the station that makes them."""

    def __init__(self, system: System, background: Stations) -> None:
        self.system = system
        self.background = background

    def station(self, handler: int, depth: int, users: float) -> Station:
        node = self.system.handlers[handler]
        service = self.system.services[node.service]
        demand = float(node.handler.takes.mean) / (1 - self._taken(node.service))
        inside = [] if depth >= DEPTH else self._inside(handler, depth, users)
        if service.concurrency is None or service.kind == "function":
            return Station(demand, None, 0.0, None, tuple(inside), node.key)
        busy = min(users, float(service.concurrency) * float(service.replicas.max or service.replicas.min))
        replicas = settled_replicas(service, busy) if service.replicas.max is not None else max(1, int(service.replicas.min))
        workers = replicas * int(service.concurrency)
        cores = replicas * int(service.cores) if service.cores is not None else None
        if not inside and cores is None:
            return Station(demand, workers, name=node.key)
        if not service.blocking:
            return Station(demand, cores or workers, 0.0, None, tuple(inside), node.key)
        return Station(demand, cores, 0.0, workers, tuple(inside), node.key)

    def _taken(self, service: int) -> float:
        return min(0.99, self.background.utilisation(service))

    def _inside(self, handler: int, depth: int, users: float) -> list[tuple[float, Station]]:
        node = self.system.handlers[handler]
        return self._calls(node.calls, 1.0, depth, users) + self._calls(node.misses, 1 - node.hit, depth, users)

    def _calls(self, edges: tuple[CallEdge, ...], weight: float, depth: int, users: float) -> list[tuple[float, Station]]:
        """Calls as visits; the way to the callee is a delay of its own. Calls at the same time count one after the other."""
        found = []
        for edge in edges:
            visits = weight * edge.mean
            if visits <= 0:
                continue
            way = float(self.system.service_of(edge.target).round_trip)
            if way > 0:
                found.append((visits, Station(0.0, None, way, name="network")))
            found.append((visits, self.station(edge.target, depth + 1, users)))
            found += self._calls(edge.on_miss, visits * (1 - (edge.hit or 0.0)), depth, users)
        return found


def stretch_of_waits(system: System, rates: list[float], entry: int, response_s: float) -> float:
    """Factor on the waits of the open analysis at which the entry's mean response is that of the closed one (0 to 1).

    The open queue at the same rate waits longer than the closed one, whose users cannot all come at once.
    """

    def response(factor: float) -> float:
        return Loaded(system, rates, stretched=factor, thinking=0.0).response[entry].mean

    if response(1.0) <= response_s:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if response(middle) <= response_s else (low, middle)
    return low
