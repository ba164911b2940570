"""How regular the stream is that arrives at each service (Whitt, The Queueing Network Analyzer, BSTJ 62(9), 1983)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sysdesign_cli.engine.queueing import departure_cv2, split_cv2
from sysdesign_cli.engine.stations import Stations
from sysdesign_cli.engine.system import System


def arrival_variability(stations: Stations, order: list[list[int]], given: Mapping[int, int]) -> list[float]:
    """Squared coefficient of variation of what arrives at each service: streams split, merged and let through callers first.

    Flows start as Poisson streams. In circles, and for messages that come back to a service, the stream counts as Poisson.
    """
    system, rates = stations.system, stations.rates
    services = range(len(system.services))
    arriving: list[list[tuple[float, float]]] = [[] for _ in services]
    inflow = [0.0] * len(system.services)
    result = [1.0] * len(system.services)
    totals = [sum(rates[h] for h in own) for own in system.handlers_of]
    for group in reversed(order):
        for service in group:
            if totals[service] <= 0:
                continue
            parts = arriving[service]
            outside = max(0.0, totals[service] - inflow[service])
            weighted = sum(part_rate * cv2 for part_rate, cv2 in parts) + outside
            result[service] = weighted / (inflow[service] + outside)
            if not any(system.handlers[h].calls or system.handlers[h].misses for h in system.handlers_of[service]):
                continue
            leaving = _leaving_cv2(stations, service, result[service], given)
            for target, flow in _flows_from(system, service, rates):
                if flow > 0 and target != service:
                    share = min(1.0, flow / totals[service])
                    arriving[target].append((flow, split_cv2(leaving, share)))
                    inflow[target] += flow
    return result


def _leaving_cv2(stations: Stations, service: int, arrival_cv2: float, given: Mapping[int, int]) -> float:
    definition = stations.system.services[service]
    if definition.concurrency is None or definition.kind == "function":
        return arrival_cv2  # nothing queues, so the stream is only delayed; many independent delays make it more Poisson, not less
    replicas = given.get(service) or stations.replicas(service)
    used = min(stations.busy(service) / (replicas * float(definition.concurrency)), 1.0)
    return departure_cv2(arrival_cv2, 1.0, used, int(replicas * definition.concurrency))


def _flows_from(system: System, service: int, rates: list[float]) -> Iterable[tuple[int, float]]:
    """(service called, calls per second) for every edge out of a service."""
    for h in system.handlers_of[service]:
        if rates[h] > 0:
            for mean, edge in system.handlers[h].weighted_calls():
                yield system.handlers[edge.target].service, rates[h] * mean
