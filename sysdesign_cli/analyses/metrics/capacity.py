"""Metrics of capacity: utilisation, replicas needed, headroom, highest rate."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE


def _utilisation(subject: Subject, about: About) -> Number | Unavailable:
    """Of the service asked for; of the busiest one unless said."""
    system, stations = subject.system, subject.setting.stations
    if about.service:
        number = system.service_index[about.service]
        if system.services[number].concurrency is None:
            return Unavailable("no-limit", about.service)
    else:
        number = max(range(len(system.services)), key=stations.utilisation)
    busy = Number(stations.busy(number), COUNT, "littles-law", method=APPROXIMATION)
    service = system.services[number]
    inputs = (("service", service.name), ("busy", busy), (f"{service.name}.replicas", service.replicas.max or service.replicas.min))
    return Number(stations.utilisation(number), SHARE, "utilisation-at-most", inputs, APPROXIMATION)


def _replicas_needed(subject: Subject, about: About) -> Number | Unavailable:
    from sysdesign_cli.analyses.sizing import needed_replicas

    system = subject.system
    if about.service:
        return needed_replicas(subject.setting, system.service_index[about.service])
    numbers = [n for n, s in enumerate(system.services) if s.concurrency is not None and s.kind != "client" and system.handlers_of[n]]
    parts = tuple((system.services[n].name, needed_replicas(subject.setting, n)) for n in numbers)
    return Number(sum(number.value for _, number in parts), COUNT, "sum", parts, APPROXIMATION)


def _scale_part_to_whole(subject: Subject, about: About) -> Number | Unavailable:
    from sysdesign_cli.analyses.sizing import part_against_whole

    found = part_against_whole(subject.setting)
    return Unavailable("one-workload") if found is None else found.share


def _headroom(subject: Subject, about: About) -> Number | Unavailable:
    return subject.headroom.factor


def _highest_rate(subject: Subject, about: About) -> Number | Unavailable:
    rates = subject.headroom.rates
    if about.flow:
        return rates.get(about.flow) or Unavailable("no-requests", about.flow)
    parts = tuple(rates.items())
    return Number(sum(number.value for _, number in parts), RATE, "sum-of-flows", parts, APPROXIMATION)


def _throttled_share(subject: Subject, about: About) -> Number | Unavailable:
    from sysdesign_cli.analyses.capacity import throttled_number

    system = subject.system
    functions = [n for n, s in enumerate(system.services) if s.kind == "function" and subject.setting.rates_of(n) > 0]
    if about.service:
        number = system.service_index[about.service]
        if system.services[number].kind != "function":
            return Unavailable("not-a-function", about.service)
        return throttled_number(subject.setting, number, subject.latencies.load)
    if not functions:
        return Unavailable("no-functions")
    return max((throttled_number(subject.setting, n, subject.latencies.load) for n in functions), key=lambda one: one.value)


CAPACITY_METRICS: Final = (
    Metric("utilisation", SHARE, "neither", _utilisation, ("service",), reference="capacity"),
    Metric("replicas_needed", COUNT, "lower", _replicas_needed, ("service",), shown=False, reference="capacity"),
    Metric("scale_part_to_whole", SHARE, "lower", _scale_part_to_whole, shown=False, reference="capacity"),
    Metric("headroom", "factor", "higher", _headroom, shown=False, reference="capacity"),
    Metric("highest_rate", RATE, "higher", _highest_rate, ("flow",), shown=False, reference="capacity"),
    Metric("throttled_share", SHARE, "lower", _throttled_share, ("service",), shown=False, reference="capacity"),
)
