"""How much a service can take: the time a worker is held, and the rate at which all workers are busy."""

from __future__ import annotations

import math
from typing import Final

from sysdesign_cli.engine.system import CallEdge, PublishEdge, System
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


def cores(service: Service) -> float:
    """Requests the service can compute at once, with all the replicas autoscaling may start; inf without a limit of its own."""
    if service.cores is None:
        return math.inf
    replicas = service.replicas.max if service.replicas.max is not None else service.replicas.min
    return float(replicas) * float(service.cores)


#: Utilisation that autoscaling aims at where a file gives a maximum and no target.
TARGET: Final = 0.7


def settled_replicas(service: Service, busy_workers: float, busy_cores: float = 0.0) -> int:
    """Replicas that autoscaling settles at for a load: enough for the target, between the minimum and the maximum.

    busy_workers, busy_cores: mean requests held, and computed, by the whole service. A function runs as many as it is asked.
    """
    replicas = service.replicas
    if replicas.max is None or service.concurrency is None:
        return max(1, int(replicas.min))
    target = float(replicas.target) if replicas.target is not None else TARGET
    if service.kind == "function":
        target = 1.0
    wanted = busy_workers / (float(service.concurrency) * target)
    if service.cores is not None:
        wanted = max(wanted, busy_cores / (float(service.cores) * target))
    least = max(1, int(replicas.min))
    # a hair less than whole is whole: 0.6 x 5 must not ask for a sixth
    return max(least, min(int(replicas.max), math.ceil(wanted * (1 - 1e-12)))) if wanted < replicas.max else int(replicas.max)


def unloaded_times(system: System) -> tuple[list[float], list[float]]:
    """Seconds until one invocation replies when nothing waits, and for which it holds its worker: own work, and its calls when it blocks.

    Lower bounds of the true times (queueing comes on top), so capacities made from them are upper bounds.
    """
    response = [float(node.handler.takes.mean) for node in system.handlers]
    held = list(response)
    cyclic, ways = system.topology.cyclic, system.ways
    for group in system.topology.order:
        handler = group[0]
        node = system.handlers[handler]
        if handler in cyclic or not (node.calls or node.misses or node.publishes):
            continue  # a cycle has no finite unfolding here; its own service times stand
        waits = sum(publish.mean * confirmation(system, publish) for publish in node.publishes)
        waits += _calls_time(node.calls, response, ways) + (1 - node.hit) * _calls_time(node.misses, response, ways)
        response[handler] += waits
        if system.services[node.service].blocking:
            held[handler] = response[handler]
    return response, held


def confirmation(system: System, publish: PublishEdge) -> float:
    """Seconds until a broker has confirmed a message, where its publisher waits for that: a round trip and the broker's own work."""
    if publish.mode != "in-path" or publish.broker < 0:
        return 0.0
    broker = system.services[publish.broker]
    return float(broker.takes.mean) + float(broker.round_trip)


def _calls_time(edges: tuple[CallEdge, ...], response: list[float], ways: list[float]) -> float:
    """Mean time of calls: groups in sequence, the calls of one group at the same time."""
    total = longest = 0.0
    group = -1
    for edge in edges:
        target = edge.target
        one = ways[target] + response[target]
        timeout = edge.call.timeout
        if timeout is not None and one > timeout:
            one = float(timeout)
        if edge.on_miss:
            one += (1 - (edge.hit or 0.0)) * _calls_time(edge.on_miss, response, ways)
        one *= edge.count * edge.chance
        if edge.group != group:
            total, longest, group = total + longest, one, edge.group
        elif one > longest:
            longest = one
    return total + longest


class Stations:
    """Utilisation of every service at given rates of its handlers."""

    def __init__(self, system: System, rates: list[float]) -> None:
        self.system = system
        self.rates = rates
        self.response, self.held = unloaded_times(system)

    def busy(self, service: int) -> float:
        """Mean requests that hold a worker: sum of rate times holding time (Little's law)."""
        return sum(self.rates[h] * self.held[h] for h in self.system.handlers_of[service])

    def computing(self, service: int) -> float:
        """Mean requests that are computed: sum of rate times the handlers' own service times."""
        return sum(self.rates[h] * float(self.system.handlers[h].handler.takes.mean) for h in self.system.handlers_of[service])

    def replicas(self, service: int) -> int:
        """Replicas running at this load."""
        return settled_replicas(self.system.services[service], self.busy(service), self.computing(service))

    def utilisation(self, service: int) -> float:
        """Busy share of all workers that there can be (or of the cores, where those are busier); 0 for a service without a limit."""
        definition = self.system.services[service]
        return self._used(definition, self.busy(service), workers(definition), self.computing(service), cores(definition))

    def utilisation_now(self, service: int) -> float:
        """The same of the replicas that run at this load."""
        definition = self.system.services[service]
        if definition.concurrency is None:
            return 0.0
        count = float(self.replicas(service))
        limit, core_limit = count * float(definition.concurrency), count * float(definition.cores or math.inf)
        return self._used(definition, self.busy(service), limit, self.computing(service), core_limit)

    def _used(self, service: Service, busy: float, limit: float, computing: float, core_limit: float) -> float:
        if math.isinf(limit):
            return 0.0
        used = busy / limit if limit else (math.inf if busy else 0.0)
        return max(used, computing / core_limit) if not math.isinf(core_limit) else used

    def highest_rate(self, handler: int) -> float:
        """Invocations per second of one handler at which its service is saturated, the other handlers' load given."""
        service = self.system.handlers[handler].service
        limit = workers(self.system.services[service])
        if math.isinf(limit) or not self.held[handler]:
            return math.inf
        others = sum(self.rates[h] * self.held[h] for h in self.system.handlers_of[service] if h != handler)
        return max(0.0, limit - others) / self.held[handler]
