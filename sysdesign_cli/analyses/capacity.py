"""What the system can take: utilisation, bottleneck, headroom, highest rate, and the replicas that a target asks for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sysdesign_cli.analyses.contributions import formula_number
from sysdesign_cli.analyses.deadlines import deadline_of, latest_at
from sysdesign_cli.analyses.headroom import Headroom, headroom
from sysdesign_cli.analyses.jams import waits_for
from sysdesign_cli.analyses.load import growth_of_busy, loaded
from sysdesign_cli.analyses.percentile_sizing import replicas_for_percentile
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.analyses.sizing import PartAgainstWhole, Target, needed_replicas, part_against_whole, replica_prices
from sysdesign_cli.engine.explained import APPROXIMATION, EXACT, Number
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.stations import workers
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME, Figure
from sysdesign_cli.scenario.shapes import Text

Inputs = tuple[tuple[str, Number | Figure | str], ...]


@dataclass(frozen=True)
class ServiceCapacity:
    """One service under load.

    rate: requests and messages per second. busy: requests held at a time, waiting for calls included; computing: those it computes.
    replicas: how many run; most: how many there can be. utilisation: of those that run; at_most: of all there can be. wait: mean
    wait for a worker, None where it is saturated. needed: workload -> replicas that the target asks for. throttled, cold: shares of
    a function's requests that are refused, or start a replica. by_utilisation: workload -> replicas for the service's own target, where
    a percentile was asked for, to set beside it. late: longest wait at the day's rush where a queue may level it (``deadlines``),
    None where somebody waits; within: the deadline that it is held against. waits_for: saturated services that it waits for.
    """

    service: str
    kind: str
    rate: Number
    busy: Number
    computing: Number
    replicas: Number
    most: Number | None
    utilisation: Number
    at_most: Number
    wait: Number | None
    needed: dict[str, Number]
    throttled: Number | None
    cold: Number | None
    by_utilisation: dict[str, Number]
    late: Number | None
    within: Figure | None
    waits_for: tuple[str, ...]

    @property
    def overloaded(self) -> bool:
        """Gets more than it can do, and no queue levels it in time."""
        if self.utilisation.value < 1:
            return False
        return self.late is None or self.within is None or not self.late.value <= self.within


@dataclass(frozen=True)
class CapacityResult(Presentable):
    """Every service with a limit, the bottleneck, and how far the load may grow.

    reached: replicas by which a latency target is reached, None when none was asked for; ``unreachable``: it cannot be.
    """

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    clock: str
    target: Target
    services: tuple[ServiceCapacity, ...]
    bottleneck: str
    headroom: Headroom
    part: PartAgainstWhole | None
    part_price: PartAgainstWhole | None
    unreachable: Number | None
    workloads: tuple[str, ...]


def capacity(system: System, workload: str = "", target: Target = Target()) -> CapacityResult:
    """Capacity under one workload; the replicas needed under each. Raises ScenarioError for an unknown workload."""
    setting = Setting(system, workload)
    load = loaded(setting)
    settings = {name: setting if name == setting.workload.name else Setting(system, name) for name in system.scenario.workloads}
    needed: dict[str, Mapping[int, Number]] = {}
    unreachable = None
    for name, one in settings.items():
        if target.percentile:
            found = replicas_for_percentile(one, target)
            unreachable = unreachable or (found.best if not found.replicas and name == setting.workload.name else None)
            needed[name] = found.replicas
        else:
            needed[name] = {number: needed_replicas(one, number, target.utilisation) for number in limited(system)}
    plain: dict[str, Mapping[int, Number]] = {}
    if target.percentile:
        plain = {name: {number: needed_replicas(one, number) for number in limited(system)} for name, one in settings.items()}
    services = tuple(_service(setting, load, number, _of(number, needed), _of(number, plain)) for number in limited(system))
    # workers that only wait for another saturated service are not what is narrow
    busiest = max(services, key=lambda one: one.at_most.value if not one.waits_for else 0.0, default=None)
    return CapacityResult(
        scenario=system.scenario.address or system.scenario.label,
        title=system.scenario.title,
        workload=setting.workload.name,
        workload_title=setting.workload.title,
        clock=setting.moment.clock,
        target=target,
        services=services,
        bottleneck=busiest.service if busiest is not None and busiest.at_most.value > 0 else "",
        headroom=headroom(setting),
        part=part_against_whole(setting, None, target.utilisation),
        part_price=part_against_whole(setting, prices, target.utilisation) if (prices := replica_prices(system)) else None,
        unreachable=unreachable,
        workloads=tuple(settings),
    )


def _of(number: int, needed: dict[str, Mapping[int, Number]]) -> dict[str, Number]:
    return {name: numbers[number] for name, numbers in needed.items() if number in numbers}


def limited(system: System) -> list[int]:
    """Numbers of the services of ours that have a limit."""
    return [number for number, service in enumerate(system.services) if service.concurrency is not None and system.handlers_of[number]]


def _service(setting: Setting, load: Loaded, number: int, needed: dict[str, Number], plain: dict[str, Number]) -> ServiceCapacity:
    service, station = setting.system.services[number], load.stations[number]
    used = _used(setting, load, number)
    replicas, deadline, most = replica_inputs(service), deadline_of(setting, number), service.replicas.max
    function = service.kind == "function"
    return ServiceCapacity(
        service=service.name,
        kind=service.kind,
        rate=used.rate,
        busy=used.busy,
        computing=Number(station.computing, COUNT, "computing", (("rate", used.rate), *takes_inputs(setting, number))),
        replicas=used.running,
        most=None if most is None else Number(float(most), COUNT, "stated", ((f"{service.name}.replicas.max", most),)),
        utilisation=used.now,
        at_most=_at_most(setting, load, number, used.busy),
        wait=_wait(setting, load, number, used.now),
        needed=needed,
        throttled=throttled_number(setting, number, load) if function else None,
        cold=Number(station.cold_share, SHARE, "cold-share", replicas, APPROXIMATION) if function else None,
        by_utilisation=plain,
        late=None
        if deadline is None
        else Number(latest_at(setting, number), TIME, "latest", (("busy-workers", used.busy),), APPROXIMATION),
        within=deadline,
        waits_for=waits_for(load, number) if station.saturated else (),
    )


@dataclass(frozen=True)
class _Used:
    rate: Number
    busy: Number
    running: Number
    now: Number


def _used(setting: Setting, load: Loaded, number: int) -> _Used:
    service, station = setting.system.services[number], load.stations[number]
    rate = Number(station.rate, RATE, "sum-of-handlers", rate_inputs(setting, number))
    held = Number(station.held.mean, TIME, "holding-time", takes_inputs(setting, number), APPROXIMATION)
    busy = Number(station.busy, COUNT, "littles-law", (("rate", rate), ("holding", held)), APPROXIMATION)
    running = Number(station.replicas, COUNT, "settled-replicas", (("busy-workers", busy), *replica_inputs(service)))
    inputs = (("busy-workers", busy), ("replicas", running), *worker_inputs(service))
    return _Used(rate, busy, running, Number(station.utilisation, SHARE, "utilisation", inputs, APPROXIMATION))


def _at_most(setting: Setting, load: Loaded, number: int, busy: Number) -> Number:
    """Utilisation when all the replicas run that there can be."""
    service = setting.system.services[number]
    limit = workers(service)
    share = load.stations[number].busy / limit if limit and not math.isinf(limit) else 0.0
    inputs = (("busy-workers", busy), *replica_inputs(service), *worker_inputs(service))
    return Number(max(share, setting.stations.utilisation(number)), SHARE, "utilisation-at-most", inputs, APPROXIMATION)


def _wait(setting: Setting, load: Loaded, number: int, used: Number) -> Number | None:
    """Mean wait for a worker: of requests, or of messages where only events come."""
    station = load.stations[number]
    if station.saturated:
        return None
    requests = any(setting.system.handlers[h].event is None for h in setting.system.handlers_of[number])
    waited = station.request_wait if requests else station.event_wait
    if waited is None:
        return None
    inputs: Inputs = (("utilisation", used), ("queueing-formula", formula_number(waited)))
    return Number(waited.mean_s, TIME, "wait", inputs, APPROXIMATION if waited.error or waited.method != "none" else EXACT)


def throttled_number(setting: Setting, number: int, load: Loaded) -> Number:
    """Share of a function's requests that are refused: all replicas busy, or new ones not added fast enough in a rush."""
    service = setting.system.services[number]
    station = load.stations[number]
    busy = Number(station.busy, COUNT, "littles-law", method=APPROXIMATION)
    full = Number(station.throttled_share, SHARE, "erlang-b", (("busy-workers", busy), *replica_inputs(service)))
    grows = growth_of_busy(setting, number)
    adds = float(service.replicas.adds or math.inf)
    late = max(0.0, 1 - adds / grows) if grows > 0 else 0.0
    growth = Number(grows, RATE, "growth-of-busy", method=APPROXIMATION)
    slow = Number(late, SHARE, "added-too-slowly", (("growth-of-busy", growth), *replica_inputs(service)), APPROXIMATION)
    return Number(max(full.value, slow.value), SHARE, "throttled", (("all-busy", full), ("added-too-slowly", slow)), APPROXIMATION)


def rate_inputs(setting: Setting, number: int) -> Inputs:
    system = setting.system
    return tuple(
        (system.handlers[h].key, Number(setting.rates[h], RATE, "traffic")) for h in system.handlers_of[number] if setting.rates[h] > 0
    )


def takes_inputs(setting: Setting, number: int) -> Inputs:
    system = setting.system
    own = [h for h in system.handlers_of[number] if setting.rates[h] > 0]
    return tuple((f"{system.handlers[h].key}.takes", system.handlers[h].handler.takes.mean) for h in own)


def replica_inputs(service: Service) -> Inputs:
    """The figures of the file that say how many replicas there are."""
    found: list[tuple[str, Number | Figure | str]] = [(f"{service.name}.replicas.min", service.replicas.min)]
    for name in ("max", "target", "adds", "keeps_warm"):
        figure: Figure | None = getattr(service.replicas, name)
        if figure is not None:
            found.append((f"{service.name}.replicas.{name}", figure))
    return tuple(found)


def worker_inputs(service: Service) -> Inputs:
    found: list[tuple[str, Number | Figure | str]] = []
    if service.concurrency is not None:
        found.append((f"{service.name}.concurrency", service.concurrency))
    if service.cores is not None:
        found.append((f"{service.name}.cores", service.cores))
    return tuple(found)
