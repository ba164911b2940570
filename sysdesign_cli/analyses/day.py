"""One day of a workload: how busy every service is at each time, how many replicas run, and in which hours the money goes.

Utilisation at a time of day is that of the steady state at that moment's load (as ``capacity`` gives it for the busiest one). The
cost of an hour is its part of the bill of such a day: what is paid by the hour goes with the replicas that run, what is paid by use
with the requests of the service, what is stored with the clock. The hours so always add up to the bill.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.capacity import limited
from sysdesign_cli.analyses.charges import MONTHS, Bill, Charge
from sysdesign_cli.analyses.load import loaded
from sysdesign_cli.analyses.situations import Setting, pick_workload
from sysdesign_cli.analyses.usage import DAYS, calendar
from sysdesign_cli.engine.explained import AT_LEAST, EXACT, Number
from sysdesign_cli.engine.stations import settled_replicas
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.workload import DAY_S, at_time, profile
from sysdesign_cli.scenario.model import Scenario, Workload
from sysdesign_cli.scenario.price_book import PriceBook
from sysdesign_cli.scenario.quantity import MONEY, RATE
from sysdesign_cli.scenario.shapes import Text

HOURS: Final = 24
#: Times at which the day is looked at, besides those at which a flow changes its slope.
_GRID: Final = 48
#: An hour's part of a bill is summed up at so many moments.
_IN_AN_HOUR: Final = 12
_BY_THE_HOUR: Final = ("hour", "core-hour", "memory-hour", "licence-month")
_BY_THE_CLOCK: Final = ("stored-month",)


@dataclass(frozen=True)
class ServiceDay:
    """One service at each time of the day: share of its running workers that are busy, and how many replicas run."""

    service: str
    utilisation: tuple[float, ...]
    replicas: tuple[int, ...]

    @property
    def highest(self) -> float:
        return max(self.utilisation, default=0.0)


@dataclass(frozen=True)
class DayCost:
    """Dollars in each hour of the day, and of the whole day; the day's bill is ``at least`` where parts have no price."""

    hours: tuple[float, ...]
    day: Number


@dataclass(frozen=True)
class DayResult:
    """A day of one workload. seconds: times of day; starts: requests of all flows per second at each; services: those with a limit."""

    scenario: str
    workload: str
    workload_title: Text
    seconds: tuple[float, ...]
    starts: tuple[float, ...]
    highest: Number
    lowest: Number
    services: tuple[ServiceDay, ...]
    cost: DayCost | None

    @property
    def level(self) -> bool:
        """Whether nothing changes over the day."""
        return self.highest.value == self.lowest.value


def over_day(system: System, workload: str = "", prices: PriceBook | None = None) -> DayResult:
    """A day of a workload; without prices there is no cost. Raises ScenarioError for an unknown workload, and where nothing starts."""
    chosen = pick_workload(system.scenario, workload)
    Setting(system, chosen.name)  # refuses a workload that starts nothing
    seconds = _times(system.scenario, chosen)
    starts = tuple(at_time(system.scenario, chosen, second).total for second in seconds)
    return DayResult(
        scenario=system.scenario.address or system.scenario.label,
        workload=chosen.name,
        workload_title=chosen.title,
        seconds=seconds,
        starts=starts,
        highest=Number(max(starts), RATE, "most-in-a-day"),
        lowest=Number(min(starts), RATE, "least-in-a-day"),
        services=_services(system, chosen, seconds, starts),
        cost=None if prices is None else _cost(system, chosen, prices),
    )


def _times(scenario: Scenario, workload: Workload) -> tuple[float, ...]:
    """Every half hour, and whenever a flow changes its slope; both ends of the day."""
    grid = {number * DAY_S / _GRID for number in range(_GRID)}
    turns = {second for flow in workload.starts for second, _ in profile(scenario, workload, flow).points}
    return (*sorted(grid | turns), DAY_S)


def _services(system: System, workload: Workload, seconds: Sequence[float], starts: Sequence[float]) -> tuple[ServiceDay, ...]:
    own = limited(system)
    known: dict[tuple[float, ...], list[tuple[float, int]]] = {}
    course: list[list[tuple[float, int]]] = []
    for second, total in zip(seconds, starts, strict=True):
        rates = tuple(at_time(system.scenario, workload, second).rates.values())
        if rates not in known:
            known[rates] = _busy(system, workload.name, second, own) if total > 0 else [(0.0, 0)] * len(own)
        course.append(known[rates])
    return tuple(
        ServiceDay(system.services[number].name, tuple(moment[place][0] for moment in course), tuple(moment[place][1] for moment in course))
        for place, number in enumerate(own)
    )


def _busy(system: System, workload: str, second: float, own: Sequence[int]) -> list[tuple[float, int]]:
    stations = loaded(Setting(system, workload, second)).stations
    return [(stations[number].utilisation, stations[number].replicas) for number in own]


def _cost(system: System, workload: Workload, prices: PriceBook) -> DayCost:
    """The bill of a year of such days, each charge spread over the hours by what makes it."""
    bill = Bill(system, prices, calendar(system, workload.name)[0])
    spreads = _Spreads(bill, workload)
    hours = [0.0] * HOURS
    for charge, dollars in bill.costs():
        for hour, part in enumerate(spreads.of(charge)):
            hours[hour] += dollars * MONTHS / DAYS * part
    method = AT_LEAST if bill.unpriced else EXACT
    month = Number(bill.month, MONEY, "cost-sum", (), method)
    return DayCost(tuple(hours), Number(bill.month * MONTHS / DAYS, MONEY, "day-of-cost", (("month", month),), method))


class _Spreads:
    """The share of a day's charge that falls into each hour."""

    def __init__(self, bill: Bill, workload: Workload) -> None:
        self.bill = bill
        self.system = bill.system
        self._known: dict[tuple[int, str], list[float]] = {}
        step = DAY_S / HOURS / _IN_AN_HOUR
        moments = [at_time(self.system.scenario, workload, (number + 0.5) * step) for number in range(HOURS * _IN_AN_HOUR)]
        self._starts = [moment.rates for moment in moments]

    def of(self, charge: Charge) -> list[float]:
        meter = charge.row.per.meter
        kind = "clock" if meter in _BY_THE_CLOCK else "replicas" if meter in _BY_THE_HOUR else "use"
        key = (charge.service, kind)
        if key not in self._known:
            self._known[key] = self._spread(charge.service, kind)
        return self._known[key]

    def _spread(self, service: int, kind: str) -> list[float]:
        weights = {"clock": lambda rates: 1.0, "replicas": self._replicas(service), "use": self._use(service)}[kind]
        each = [weights(rates) for rates in self._starts]
        total = math.fsum(each)
        if total <= 0:
            return [1 / HOURS] * HOURS
        return [math.fsum(each[hour * _IN_AN_HOUR : (hour + 1) * _IN_AN_HOUR]) / total for hour in range(HOURS)]

    def _replicas(self, service: int) -> Callable[[dict[str, float]], float]:
        """Replicas that autoscaling settles at for such rates."""
        definition, usage = self.system.services[service], self.bill.usage
        own = self.system.handlers_of[service]
        takes = {h: float(self.system.handlers[h].handler.takes.mean) for h in own}
        busy = {flow: sum(visits[h] * usage.held[h] for h in own) for flow, visits in usage.visits.items()}
        computing = {flow: sum(visits[h] * takes[h] for h in own) for flow, visits in usage.visits.items()}
        return lambda rates: float(settled_replicas(definition, _weighted(rates, busy), _weighted(rates, computing)))

    def _use(self, service: int) -> Callable[[dict[str, float]], float]:
        """Requests of the service; of everything, where it handles none itself (a broker, a CDN)."""
        own, visits = self.system.handlers_of[service], self.bill.usage.visits
        each = {flow: sum(visits[flow][h] for h in own) for flow in visits}
        if not any(each.values()):
            each = dict.fromkeys(visits, 1.0)
        return lambda rates: _weighted(rates, each)


def _weighted(rates: dict[str, float], each: dict[str, float]) -> float:
    return sum(rate * each.get(flow, 0.0) for flow, rate in rates.items())


__all__ = ["HOURS", "DayCost", "DayResult", "ServiceDay", "over_day"]
