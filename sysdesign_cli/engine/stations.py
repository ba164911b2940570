"""How much a service can take: the time a worker is held, and the rate at which all workers are busy."""

from __future__ import annotations

import math

from sysdesign_cli.engine.system import CallEdge, System
from sysdesign_cli.scenario.model import Service


def replica_zones(system: System, service: Service) -> list[str]:
    """The zone of each replica, in turn over the service's zones; ``""`` for what runs in no zone of ours.

    A function is run by the provider in all zones: one entry for each zone.
    """
    if service.kind in ("external", "client", "cdn") and not service.zones:
        return [""] * replica_count(system, service)
    zones = [str(zone) for zone in service.zones or system.scenario.zones]
    if service.kind == "function":
        return zones or [""]
    if not zones:
        return [""] * replica_count(system, service)
    return [zones[number % len(zones)] for number in range(replica_count(system, service))]


def replica_count(system: System, service: Service) -> int:
    """Replicas as far as failure goes: those always running; a function has one in every zone."""
    if service.kind == "function":
        return max(1, len(service.zones or system.scenario.zones))
    return max(1, int(service.replicas.min))


def workers(service: Service) -> float:
    """Requests the service can have in work at once, with all the replicas autoscaling may start; inf without a limit."""
    if service.concurrency is None:
        return math.inf
    replicas = service.replicas.max if service.replicas.max is not None else service.replicas.min
    return float(replicas) * float(service.concurrency)


def holding_times(system: System) -> list[float]:
    """Seconds that one invocation holds its worker when nothing waits: own work, and its calls when it blocks.

    A lower bound of the true holding time (queueing comes on top), so capacities made from it are upper bounds.
    """
    response = [float(node.handler.takes.mean) for node in system.handlers]
    held = list(response)
    for group in system.topology.order:
        if system.topology.is_cycle(group):
            continue  # a cycle has no finite unfolding here; its own service times stand
        handler = group[0]
        node = system.handlers[handler]
        waits = _calls_time(system, node.calls, response) + (1 - node.hit) * _calls_time(system, node.misses, response)
        response[handler] += waits
        if system.services[node.service].blocking:
            held[handler] = response[handler]
    return held


def _calls_time(system: System, edges: tuple[CallEdge, ...], response: list[float]) -> float:
    """Mean time of calls: groups in sequence, the calls of one group at the same time."""
    groups: dict[int, float] = {}
    for edge in edges:
        one = float(system.service_of(edge.target).round_trip) + response[edge.target]
        if edge.call.timeout is not None:
            one = min(one, float(edge.call.timeout))
        if edge.on_miss:
            one += (1 - (edge.hit or 0.0)) * _calls_time(system, edge.on_miss, response)
        groups[edge.group] = max(groups.get(edge.group, 0.0), edge.mean * one)
    return sum(groups.values())


class Stations:
    """Utilisation of every service at given rates of its handlers."""

    def __init__(self, system: System, rates: list[float]) -> None:
        self.system = system
        self.rates = rates
        self.held = holding_times(system)

    def utilisation(self, service: int) -> float:
        """Busy share of all workers: sum of rate times holding time over the workers; 0 for a service without a limit."""
        limit = workers(self.system.services[service])
        busy = sum(self.rates[h] * self.held[h] for h in self.system.handlers_of[service])
        if math.isinf(limit):
            return 0.0
        return busy / limit if limit else (math.inf if busy else 0.0)

    def highest_rate(self, handler: int) -> float:
        """Invocations per second of one handler at which its service is saturated, the other handlers' load given."""
        service = self.system.handlers[handler].service
        limit = workers(self.system.services[service])
        if math.isinf(limit) or not self.held[handler]:
            return math.inf
        others = sum(self.rates[h] * self.held[h] for h in self.system.handlers_of[service] if h != handler)
        return max(0.0, limit - others) / self.held[handler]
