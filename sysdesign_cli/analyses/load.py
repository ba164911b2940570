"""A workload on its stations: what the analyses of latency, capacity and availability have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sysdesign_cli.analyses.situations import Outage, Setting
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.stations import Stations, replica_zones
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.scenario.model import Service, Start


def loaded(setting: Setting, scale: float = 1.0, replicas: Mapping[int, int] | None = None, only: frozenset[int] | None = None) -> Loaded:
    """The system at the setting's moment, its arrivals times ``scale``, cold starts of a beginning rush included.

    only: services whose waits are asked for; all unless said.
    """
    rates = setting.rates if scale == 1 else [rate * scale for rate in setting.rates]
    cold = burst_cold_shares(setting, scale)
    stations = setting.stations if scale == 1 else None
    return Loaded(setting.system, rates, replicas, cold, setting.stretched, stations=stations, thinking=setting.thinking, only=only)


def loaded_in(outage: Outage) -> Loaded:
    """The system while something is dead, with the replicas that are left and the traffic that still comes."""
    return Loaded(outage.system, outage.arriving, replicas_left(outage), burst_cold_shares(outage.setting))


def replicas_left(outage: Outage) -> dict[int, int]:
    """Replicas of the services that lost some: those that ran at this moment, without the dead. None of them is replaced meanwhile."""
    system, kill = outage.system, outage.kill
    left = {}
    for number in outage.casualties.dead_replicas:
        service = system.services[number]
        if number in outage.casualties.down:
            continue
        running = running_zones(outage.setting.stations, number, service)
        single = {int(name.partition("/")[2]) for name in kill.services if name.partition("/")[0] == service.name and "/" in name}
        left[number] = max(1, sum(1 for place, zone in enumerate(running, 1) if zone not in kill.zones and place not in single))
    return left


def running_zones(stations: Stations, number: int, service: Service) -> list[str]:
    """The zone of each replica that runs at this load."""
    if service.kind == "function":
        return replica_zones(stations.system, service)
    names = [str(zone) for zone in service.zones or stations.system.scenario.zones]
    count = stations.replicas(number)
    if not names or (service.kind in ("external", "client", "cdn") and not service.zones):
        return [""] * count
    return [names[place % len(names)] for place in range(count)]


def burst_cold_shares(setting: Setting, scale: float = 1.0) -> dict[int, float]:
    """Service number -> share of cold starts that a beginning rush adds for a function: new replicas over requests of the ramp."""
    functions = [
        number for number, service in enumerate(setting.system.services) if service.kind == "function" and not service.replicas.min
    ]
    if not functions:
        return {}
    shares: dict[int, float] = {}
    growth = _growth(setting, scale)
    if growth is None:
        return {}
    before, ramp_s = growth
    for number in functions:
        own = setting.system.handlers_of[number]
        new = sum((setting.rates[h] * scale - before[h]) * setting.stations.held[h] for h in own)
        requests = sum((setting.rates[h] * scale + before[h]) / 2 for h in own) * ramp_s
        if new > 0 and requests > 0:
            shares[number] = min(1.0, new / requests)
    return shares


def growth_of_busy(setting: Setting, number: int) -> float:
    """New workers per second that a beginning rush asks of a service; 0 when nothing rushes."""
    growth = _growth(setting, 1.0)
    if growth is None:
        return 0.0
    before, ramp_s = growth
    own = setting.system.handlers_of[number]
    return max(0.0, sum((setting.rates[h] - before[h]) * setting.stations.held[h] for h in own)) / ramp_s


def _growth(setting: Setting, scale: float) -> tuple[list[float], float] | None:
    """(invocations per second before the rush that makes this moment, seconds it takes to begin), or None when nothing rushes."""
    rushes = [start for start in setting.workload.starts.values() if _rushes_at(start, setting.moment.second)]
    if not rushes:
        return None
    ramp_s = max(float(start.ramp) if start.ramp else 1.0 for start in rushes)
    entries: dict[int, float] = {}
    for name, rate in setting.moment.rates.items():
        start = setting.workload.starts.get(name)
        entry = setting.system.entry(setting.scenario.flows[name])
        base = float(start.base or 0.0) if start is not None and _rushes_at(start, setting.moment.second) else rate
        entries[entry] = entries.get(entry, 0.0) + base * scale
    return solve(setting.system, entries), ramp_s


def _rushes_at(start: Start, second: float) -> bool:
    if start.at is None or start.lasts is None:
        return False
    return 0 <= (second - start.at) % 86400 <= float(start.lasts)


def stretch(utilisation: float) -> float:
    """mu / (mu - lambda): how much longer than the outage messages come late, while the backlog drains. inf when it never does."""
    return 1 / (1 - utilisation) if utilisation < 1 else math.inf
