"""Which services hold out under a kill only with replicas that autoscaling has yet to start.

What ``failover`` works out is where everything has settled: with as many replicas as autoscaling ends at. A kill is quicker than
that. For a service that the replicas running at that moment could not carry, requests fail (or wait) until the others are there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sysdesign_cli.analyses.cascade import Cascade
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.stations import TARGET
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow, Service
from sysdesign_cli.scenario.quantity import COUNT, SHARE


@dataclass(frozen=True)
class Starting:
    """A service that too few replicas of run when the kill comes.

    running: those left of the ones that run at this load. settles: as many as autoscaling ends at. asked: what all that reaches it
    afterwards asks of those running; above 1, and the rest fails or waits until more have started. flows: those whose answer needs it.
    """

    service: str
    running: Number
    settles: Number
    asked: Number
    flows: tuple[str, ...]


def starting(cascade: Cascade) -> tuple[Starting, ...]:
    """In the order of the scenario. Those that only work on messages are left out: their queue waits meanwhile."""
    system, outage = cascade.system, cascade.outage
    reached = {flow.name: _called_by(system, flow) for flow in system.scenario.flows.values() if outage.setting.share(flow.name) > 0}
    found = []
    for number, service in enumerate(system.services):
        if service.replicas.max is None or service.kind == "function" or service.concurrency is None or number in outage.casualties.down:
            continue
        flows = tuple(name for name, services in reached.items() if number in services)
        one = _starting(cascade, number, service, flows) if flows else None
        found += [one] if one is not None else []
    return tuple(found)


def _starting(cascade: Cascade, number: int, service: Service, flows: tuple[str, ...]) -> Starting | None:
    most = max(1, round(cascade.left[number] * float(service.replicas.max or service.replicas.min)))
    ran = cascade.outage.setting.stations.replicas(number)
    runs = max(1, round(cascade.left[number] * ran))
    used = cascade.load.stations[number].utilisation
    asked = used * most / runs
    if asked < 1 or runs >= most:
        return None
    target = float(service.replicas.target) if service.replicas.target is not None else TARGET
    wanted = used * most / target
    settles = most if wanted >= most else max(runs, math.ceil(wanted * (1 - 1e-12)))
    limits = (("replicas.min", service.replicas.min), ("replicas.max", service.replicas.max))
    running = Number(runs, COUNT, "running-now", tuple((label, figure) for label, figure in limits if figure is not None))
    return Starting(
        service.name,
        running,
        Number(settles, COUNT, "settles-at", method=APPROXIMATION),
        Number(asked, SHARE, "asked-of-running", (("running", running),), APPROXIMATION),
        flows,
    )


def _called_by(system: System, flow: Flow) -> set[int]:
    """Services that the flow's answer calls, near or far."""
    seen = {system.entry(flow)}
    waiting = list(seen)
    while waiting:
        fresh = {edge.target for edge in system.handlers[waiting.pop()].every_call()} - seen
        seen |= fresh
        waiting += fresh
    return {system.handlers[handler].service for handler in seen}
