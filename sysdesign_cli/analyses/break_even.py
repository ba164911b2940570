"""From which load on the cheaper of two systems is the other one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from sysdesign_cli.analyses.parameters import HIGHEST, LOWEST, ordinary_load, total_rate
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.analyses.sizing import needed_replicas
from sysdesign_cli.engine.explained import APPROXIMATION, AT_LEAST, BOUND, Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Replicas, Scenario, Service
from sysdesign_cli.scenario.quantity import MONEY, RATE, Figure, figure

#: Steps of the search are factors of this.
_STEP = 2.0
_PRECISION = 1e-3


@dataclass(frozen=True)
class BreakEven:
    """rate: requests per second at the busiest moment of the first workload from which on the other is cheaper (or, where it is cheaper
    now, down to which). factor: that over the load now; None when nothing changes between 1/64 and 64 times, ``rate`` is then a bound.
    """

    rate: Number
    factor: float | None
    cheaper_now: bool


def break_even(system: System, other: System, cost: Callable[[System], float]) -> BreakEven:
    """Load of the ordinary day (the first workload) at which two systems cost the same a year; other days stay as they are.

    What runs a fixed number of replicas is given as many as the load needs, in both: a fleet that cannot do the work is not cheaper.
    """

    def dearer(factor: float) -> float:
        return cost(fitted(system, factor)) - cost(fitted(other, factor))

    now = dearer(1.0)
    rate = total_rate(system.scenario)
    inputs = (
        ("cost-here", Number(cost(fitted(system, 1.0)), MONEY, "cost-year")),
        ("cost-there", Number(cost(fitted(other, 1.0)), MONEY, "cost-year")),
    )
    step = _STEP if now <= 0 else 1 / _STEP
    inside, outside = 1.0, step
    while (dearer(outside) <= 0) == (now <= 0):
        inside, outside = outside, outside * step
        if not LOWEST <= outside <= HIGHEST:
            method = AT_LEAST if now <= 0 else BOUND
            return BreakEven(Number(rate * inside, RATE, "break-even-none", inputs, method), None, now <= 0)
    while abs(outside / inside - 1) > _PRECISION:
        middle = math.sqrt(inside * outside)
        inside, outside = (middle, outside) if (dearer(middle) <= 0) == (now <= 0) else (inside, middle)
    return BreakEven(Number(rate * outside, RATE, "break-even-rate", inputs, APPROXIMATION), outside, now <= 0)


def fitted(system: System, factor: float) -> System:
    """The system under so many times its load, its fixed fleets as large as the busiest of its workloads asks for."""
    scaled = ordinary_load(system.scenario, factor)
    loaded = System(scaled)
    settings = [Setting(loaded, name) for name in scaled.workloads]
    services = {}
    for number, service in enumerate(loaded.services):
        if service.replicas.max is not None or service.concurrency is None or service.kind in ("client", "external", "function"):
            continue
        needed = max(needed_replicas(setting, number).value for setting in settings)
        if needed > service.replicas.min:
            services[service.name] = _with_replicas(service, needed)
    if not services:
        return loaded
    fitting: Scenario = replace(scaled, services=scaled.services | services)
    return System(fitting)


def _with_replicas(service: Service, count: float) -> Service:
    old: Figure = service.replicas.min
    replicas: Replicas = replace(service.replicas, min=figure(count, old.unit, f"{count:g}", old.source, old.node))
    return replace(service, replicas=replicas)
