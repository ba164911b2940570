"""How many replicas a target asks for: a utilisation, a deadline, or a percentile of the answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.deadlines import deadline_of, latest, load_over_day
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.stations import TARGET
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME, Figure

#: Utilisation up to which a service that only has a deadline may be filled at its daily mean.
_FULL: Final = 0.95


@dataclass(frozen=True)
class Target:
    """What to size for: a utilisation (None: each service's own), or a percentile of every answer (``p99`` within so many seconds)."""

    utilisation: float | None = None
    percentile: str = ""
    within_s: float = 0.0


@dataclass(frozen=True)
class PartAgainstWhole:
    """Replicas to carry the greater of two workloads when each service grows by itself, and when all grow by the largest factor.

    compared_with: the workload they grow from; grown_to: the one they grow to, which needs more. largest: the service that grows most.
    """

    compared_with: str
    grown_to: str
    part: Number
    whole: Number
    share: Number
    largest: str


def needed_replicas(setting: Setting, number: int, utilisation: float | None = None) -> Number:
    """Replicas at which the busiest moment leaves the service at its target; where only events bring work, those its deadline asks for."""
    service = setting.system.services[number]
    if service.concurrency is None:
        return Number(float(service.replicas.min), COUNT, "no-limit")
    deadline = deadline_of(setting, number) if utilisation is None else None
    if deadline is not None:
        return _for_deadline(setting, number, service, deadline)
    return replicas_for_utilisation(setting, number, service, utilisation)


def replicas_for_utilisation(setting: Setting, number: int, service: Service, utilisation: float | None) -> Number:
    stations = setting.stations
    assert service.concurrency is not None
    stated = service.replicas.target
    target = utilisation if utilisation is not None else float(stated) if stated is not None else TARGET
    if service.kind == "function":
        target = 1.0
    busy = stations.busy(number)
    wanted = busy / (float(service.concurrency) * target)
    if service.cores is not None:
        wanted = max(wanted, stations.computing(number) / (float(service.cores) * target))
    inputs: tuple[tuple[str, Number | Figure | str], ...] = (
        ("busy-workers", Number(busy, COUNT, "littles-law", method=APPROXIMATION)),
        (f"{service.name}.concurrency", service.concurrency),
        ("target", stated if stated is not None and utilisation is None else Number(target, SHARE, "target")),
        (f"{service.name}.needs", service.needs),
    )
    return Number(max(1.0, float(service.needs), math.ceil(wanted * (1 - 1e-12))), COUNT, "replicas-needed", inputs, APPROXIMATION)


def _for_deadline(setting: Setting, number: int, service: Service, deadline: Figure) -> Number:
    """The fewest replicas that finish every message in time, the queue taken as a fluid over the day."""
    assert service.concurrency is not None
    load = load_over_day(setting, number)
    mean, peak = load.mean, load.peak
    count = max(1, int(service.needs), math.ceil(mean / (float(service.concurrency) * _FULL)))
    highest = max(count, math.ceil(peak / float(service.concurrency)))
    low, high = count, highest
    while low < high:
        middle = (low + high) // 2
        if latest(load, middle * float(service.concurrency)) <= float(deadline):
            high = middle
        else:
            low = middle + 1
    late = Number(latest(load, low * float(service.concurrency)), TIME, "latest", method=APPROXIMATION)
    inputs: tuple[tuple[str, Number | Figure | str], ...] = (
        ("deadline", deadline),
        ("latest", late),
        (f"{service.name}.concurrency", service.concurrency),
        ("busiest", Number(peak, COUNT, "littles-law")),
    )
    return Number(float(low), COUNT, "replicas-for-deadline", inputs, APPROXIMATION)


def part_against_whole(
    setting: Setting, weights: dict[int, float] | None = None, utilisation: float | None = None
) -> PartAgainstWhole | None:
    """Growing each service by what it needs, against growing all by the largest factor; None where there is nothing to compare with.

    Compared with the first other workload. ``weights``: what one replica of a service counts (its price an hour); services without a
    price are left out then. Without weights every replica counts the same.
    utilisation: what is sized for; each one's own target unless given.
    """
    others = [name for name in setting.scenario.workloads if name != setting.workload.name]
    if not others:
        return None
    base = Setting(setting.system, others[0])
    numbers = [
        n for n, s in enumerate(setting.system.services) if s.concurrency is not None and s.kind != "client" and setting.rates_of(n) > 0
    ]
    numbers = [n for n in numbers if not weights or n in weights]
    now = {n: needed_replicas(setting, n, utilisation).value for n in numbers}
    before = {n: needed_replicas(base, n, utilisation).value for n in numbers}
    if not numbers:
        return None
    less, more = base.workload.name, setting.workload.name
    if sum(now.values()) < sum(before.values()):  # growth leads from the lesser to the greater
        now, before, less, more = before, now, more, less
    weigh = weights or {}
    largest = max(numbers, key=lambda n: now[n] / before[n])
    factor = now[largest] / before[largest]
    part = sum(max(now[n], before[n]) * weigh.get(n, 1.0) for n in numbers)
    whole = sum(math.ceil(before[n] * max(1.0, factor)) * weigh.get(n, 1.0) for n in numbers)
    names = setting.system.services
    parts = tuple((names[n].name, Number(max(now[n], before[n]), COUNT, "replicas-needed")) for n in numbers)
    unit = "money" if weigh else COUNT
    part_number = Number(part, unit, "part-grown", parts, APPROXIMATION)
    whole_number = Number(
        whole,
        unit,
        "whole-grown",
        (("factor", Number(factor, "factor", "largest-growth", (("service", names[largest].name),))),),
        APPROXIMATION,
    )
    share = Number(part / whole, SHARE, "part-of", (("part", part_number), ("whole", whole_number)), APPROXIMATION)
    return PartAgainstWhole(less, more, part_number, whole_number, share, names[largest].name)


def replica_prices(system: System) -> dict[int, float]:
    """What one replica of a service costs an hour, by service number; empty when none has a price by the hour.

    Of a function: an hour of one environment at work.
    """
    from sysdesign_cli.scenario.prices import prices_for

    book = prices_for(system.scenario)
    found: dict[int, float] = {}
    for number, service in enumerate(system.services):
        for row in book.items.get(service.runs_on, ()):
            if row.price is None:
                continue
            if row.per.meter == "hour":
                found[number] = found.get(number, 0.0) + float(row.price) / row.per.scale
            elif row.per.meter == "memory-second" and service.memory is not None:
                found[number] = found.get(number, 0.0) + float(row.price) / row.per.scale * float(service.memory) * 3600
    return found
