"""How far the load may grow until a service is saturated or a promise about time is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.deadlines import deadline_of, latest_at
from sysdesign_cli.analyses.latency import Latencies
from sysdesign_cli.analyses.load import loaded
from sysdesign_cli.analyses.situations import Setting, awaited_effects, needed_effects
from sysdesign_cli.engine.distributions import Grid
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.engine.loaded import Loaded, Moments
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import RATE, Figure

#: Share of refused requests from which a function counts as saturated.
REFUSED: Final = 0.001
#: The search stops when the scale is known this well.
PRECISION: Final = 0.005
_POINTS: Final = 512
#: Loads above this many times the present one are not looked at.
_MOST: Final = 1e4


@dataclass(frozen=True)
class Headroom:
    """scale: the load at which a limit is reached, over the load now (below 1: it is passed already). limited_by: service, or
    ``flow.objective``. promised: the limit of that objective. rates: flow -> its rate there. factor: scale - 1.
    """

    scale: Number
    factor: Number
    limited_by: str
    rates: dict[str, Number]
    promised: Figure | None = None
    deadline: Figure | None = None
    """of the service that limits it, where its queue levels a rush: full it is long before, but then it is too late"""


@dataclass(frozen=True)
class _Promise:
    flow: Flow
    name: str
    limit: Figure
    share: float
    completion: bool

    @property
    def id(self) -> str:
        return f"{self.flow.name}.{self.name}"


def headroom(setting: Setting) -> Headroom:
    """The largest load, all flows in the same mix, under which nothing is saturated and every latency objective is met."""
    highest, first = _saturation(setting)
    promises = _promises(setting)
    found, limited_by = min(highest, _MOST), first
    # what breaks first is followed down alone, and then everything is looked at again
    while broken := _broken(setting, found * (1 - PRECISION), promises):
        bound = next((promise for promise in promises if promise.id == broken), None)
        limited_by = broken
        low, high = 0.0, found * (1 - PRECISION)
        while high - low > PRECISION * high and high > 1e-6:
            middle = (low + high) / 2
            if wrong := _broken(setting, middle, promises if bound is None else [bound], bound):
                high, limited_by = middle, wrong
            else:
                low = middle
        found = low
        if found <= 0:
            break
    scale = Number(found, "factor", "headroom-scale", (("limited-by", limited_by),), APPROXIMATION)
    factor = Number(found - 1, "factor", "headroom", (("scale", scale), ("limited-by", limited_by)), APPROXIMATION)
    rates = {
        name: Number(rate * found, RATE, "highest-rate", (("rate", setting.rate_number(name)), ("scale", scale)), APPROXIMATION)
        for name, rate in setting.moment.rates.items()
        if rate > 0
    }
    promised = next((promise.limit for promise in promises if promise.id == limited_by), None)
    number = setting.system.service_index.get(limited_by)
    deadline = deadline_of(setting, number) if number is not None else None
    return Headroom(scale, factor, limited_by, rates, promised, deadline)


def _saturation(setting: Setting) -> tuple[float, str]:
    """(scale at which the first service has all its workers busy, that service); a very large scale when none has a limit."""
    stations = setting.stations
    used = [
        (stations.utilisation(number), service.name)
        for number, service in enumerate(setting.system.services)
        if deadline_of(setting, number) is None
    ]
    most, name = max(used, default=(0.0, ""))
    return (1 / most, name) if most > 1e-9 else (1e9, "")


def _promises(setting: Setting) -> list[_Promise]:
    found = []
    for flow in setting.scenario.flows.values():
        if setting.moment.rates[flow.name] <= 0:
            continue
        objectives = flow.objectives
        for name, share in (
            ("answer_p50", 0.5),
            ("answer_p95", 0.95),
            ("answer_p99", 0.99),
            ("freshness", 0.99),
            ("complete_within", 0.99),
        ):
            limit: Figure | None = getattr(objectives, name)
            if limit is not None:
                found.append(_Promise(flow, name, limit, share, name == "complete_within"))
    return found


def _surely_kept(load: Loaded, promise: _Promise, effects: list[int]) -> bool:
    """Whether mean and variance alone leave too little beyond the limit: P(T > t) <= var / (var + (t - mean)^2) (Cantelli).

    The way to effects is taken as everything that leads there one after the other, which is at least as long.
    """
    system = load.system
    entry = system.entry(promise.flow)
    times = load.response[entry]
    if effects:
        for handler in system.reachable(entry) & system.leading_to(effects):
            event = system.handlers[handler].event
            times = times.plus(load.response[handler]).plus(Moments(float(event.lag) if event is not None else 0.0, 0.0))
    spare = float(promise.limit) - times.mean
    return spare > 0 and times.variance / (times.variance + spare**2) < 1 - promise.share


def _broken(setting: Setting, scale: float, promises: list[_Promise], alone: _Promise | None = None) -> str:
    """The first thing that is wrong at this scale, ``""`` when nothing is. alone: the only promise whose services have to wait."""
    only = None if alone is None else frozenset(Latencies(setting).passed(alone.flow, alone.completion))
    load = loaded(setting, scale, only=only)
    for number in load.saturated:
        deadline = deadline_of(setting, number)
        if deadline is None or latest_at(setting, number, scale) > deadline:
            return setting.system.services[number].name
    for number, station in enumerate(load.stations):
        if station.throttled_share > REFUSED:
            return setting.system.services[number].name
    latencies = Latencies(setting, load=load)
    for promise in promises:
        if promise.completion and latencies.jams(promise.flow, completion=True):
            continue  # its services have been held against their deadline
        effects = needed_effects(setting.system, promise.flow) if promise.completion else awaited_effects(setting.system, promise.flow)
        if _surely_kept(load, promise, effects):
            continue
        # no percentile is needed, only whether enough is in time: a small grid that ends just behind the limit will do
        grid = Grid(1.25 * float(promise.limit) / _POINTS, _POINTS)
        times = latencies.on_grid(promise.flow, grid, set(effects), not promise.completion)
        if times.mass <= 0 or times.cdf(float(promise.limit)) / times.mass < promise.share:
            return promise.id
    return ""
