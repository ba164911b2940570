"""What a system costs in a month of its year: by service and by kind, what is idle, and what has no price.

The method, and what it leaves out, is told in docs/background/cost.md. The year is the workloads' calendar; a month is a twelfth
of it. Machines are paid by the hour from the minimum to the maximum of their replicas as autoscaling settles at each moment of the
day (exact integral); functions by request and by memory times time held; stores by bytes kept; moved bytes by tier of the month.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sysdesign_cli.analyses.charges import MONTHS, Bill, Charge, Unpriced
from sysdesign_cli.analyses.cost_numbers import charge_number, days_number
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.usage import DAYS, calendar
from sysdesign_cli.engine.billing import in_steps
from sysdesign_cli.engine.explained import AT_LEAST, EXACT, Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.price_book import KINDS, PriceBook, PriceRow
from sysdesign_cli.scenario.problems import Place
from sysdesign_cli.scenario.quantity import COUNT, MONEY, SHARE, TIME, Figure
from sysdesign_cli.scenario.shapes import Text

#: Kinds of service whose workers are known and ours to pay for.
_WORKING = ("service", "function", "gateway", "database", "cache")


@dataclass(frozen=True)
class CostLine:
    """One charge: a row of the price book that meters one service. ``cost`` is dollars a month."""

    service: str
    kind: str
    item: str
    per: str
    cost: Number


@dataclass(frozen=True)
class ServiceCost:
    """What one service costs a month. ``idle`` None: its workers are not known, or not ours."""

    service: str
    kind: str
    item: str
    cost: Number
    by_kind: dict[str, Number]
    share: Number
    idle: Number | None


@dataclass(frozen=True)
class UsedPrice:
    """A row of the price book that the result rests on, and about which something has to be said."""

    item: str
    per: str
    prices: tuple[Figure, ...]
    date: str
    sources: tuple[str, ...]
    note: Text
    place: Place


@dataclass(frozen=True)
class CostResult(Presentable):
    """The cost of a system.

    calendar: key of the message ``cost.calendar-<key>``; days: (workload, its title, days a year); uncounted_days: days of a year
    that no workload has. month, year, by_kind and the services' costs are dollars; currencies are the month in others, by the
    rates of ``exchange``. per_million: dollars for a million starts of flows, None without any. idle: share of worker-seconds
    without work, None where none are known. assumed: prices that nobody was seen to ask; old: prices seen more than a year before
    ``today``.
    """

    scenario: str
    title: Text
    prices: str
    prices_title: Text
    prices_note: Text
    prices_stated: bool
    calendar: str
    days: tuple[tuple[str, Text, Number | Figure], ...]
    uncounted_days: float
    month: Number
    year: Number
    per_million: Number | None
    idle: Number | None
    currencies: dict[str, Number]
    exchange: dict[str, Figure]
    exchange_dates: dict[str, str]
    by_kind: dict[str, Number]
    services: tuple[ServiceCost, ...]
    lines: tuple[CostLine, ...]
    unpriced: tuple[Unpriced, ...]
    assumed: tuple[UsedPrice, ...]
    old: tuple[UsedPrice, ...]


def yearly_cost(system: System, prices: PriceBook, workload: str = "") -> float:
    """Dollars a year, without explanations: for those who ask hundreds of times. Raises ScenarioError."""
    return Bill(system, prices, calendar(system, workload)[0]).month * MONTHS


def cost(system: System, prices: PriceBook, *, workload: str | None = None, today: str = "") -> CostResult:
    """What a system costs by a price book.

    workload: every day of the year like this one, instead of the calendar. today: ISO date from which the age of prices is
    counted; "" does not look at it. Raises ScenarioError for an unknown workload, or a scenario without any.
    """
    days, key = calendar(system, workload)
    bill = Bill(system, prices, days)
    lines = tuple(_line(bill, charge, dollars) for charge, dollars in bill.costs())
    method = AT_LEAST if bill.unpriced else EXACT
    services, idle = _services(bill, lines)
    month = _month(bill, services, method)
    by_kind = {kind: _sum((f"{line.service}: {line.item}", line.cost) for line in lines if line.kind == kind) for kind in KINDS}
    of_days = tuple((day.workload.name, day.workload.title, days_number(day)) for day in days)
    parts = (("month", month), *((name, number) for name, _, number in of_days))
    year = Number(month.value * MONTHS, MONEY, "twelve-months", parts, method)
    currencies = {
        code: Number(month.value * float(one.rate), code, "exchanged", (("month", month), ("exchange", one.rate)), method)
        for code, one in prices.exchange.items()
    }
    return CostResult(
        scenario=system.scenario.address,
        title=system.scenario.title,
        prices=prices.address,
        prices_title=prices.title,
        prices_note=prices.note,
        prices_stated=bool(system.scenario.prices) or prices.address != prices.label,
        calendar=key,
        days=of_days,
        uncounted_days=max(0.0, DAYS - sum(day.days for day in days)),
        month=month,
        year=year,
        per_million=_per_million(bill, year, method),
        idle=idle,
        currencies=currencies,
        exchange={code: one.rate for code, one in prices.exchange.items()},
        exchange_dates={code: one.date for code, one in prices.exchange.items()},
        by_kind=by_kind,
        services=services,
        lines=lines,
        unpriced=tuple(bill.unpriced),
        assumed=tuple(_used(prices, row) for row, used in _rows(bill) if any(price.is_assumption for price in used)),
        old=tuple(_used(prices, row) for row, _ in _rows(bill) if today and is_old(prices.date_of(row), today)),
    )


def _line(bill: Bill, charge: Charge, dollars: float) -> CostLine:
    row = charge.row
    return CostLine(bill.system.services[charge.service].name, row.kind, row.name, row.per.text, charge_number(bill, charge, dollars))


def _sum(parts: Iterator[tuple[str, Number]]) -> Number:
    inputs = tuple(parts)
    return Number(math.fsum(number.value for _, number in inputs), MONEY, "cost-sum", inputs)


def _services(bill: Bill, lines: tuple[CostLine, ...]) -> tuple[tuple[ServiceCost, ...], Number | None]:
    """Every service that is ours, dearest first; and the idle share of all."""
    of: dict[str, list[CostLine]] = {}
    for line in lines:
        of.setdefault(line.service, []).append(line)
    found, workers = [], {}
    for number, service in enumerate(bill.system.services):
        if service.kind == "client":
            continue
        own = of.get(service.name, [])
        total = _sum((f"{line.item} {line.per}", line.cost) for line in own)
        if any(part.service == service.name for part in bill.unpriced):
            total = replace(total, method=AT_LEAST)
        by_kind = {kind: _sum((f"{line.item} {line.per}", line.cost) for line in own if line.kind == kind) for kind in KINDS}
        share = Number(total.value / bill.month if bill.month else 0.0, SHARE, "part-of-cost")
        seconds = _workers(bill, number)
        if seconds is not None:
            workers[service.name] = seconds
        found.append(ServiceCost(service.name, service.kind, service.runs_on, total, by_kind, share, _idle(seconds)))
    busy, provided = (sum(part) for part in zip(*workers.values(), strict=True)) if workers else (0.0, 0.0)
    return tuple(sorted(found, key=lambda one: (-one.cost.value, one.service))), _idle((busy, provided))


def _workers(bill: Bill, number: int) -> tuple[float, float] | None:
    """Worker-seconds of a year, at work and there; what is paid by use has as many as are at work."""
    service = bill.system.services[number]
    if service.kind not in _WORKING or not service.handles:
        return None
    if bill.place(number) == "managed" and not bill.is_machine(number):
        busy = bill.usage.held_seconds(number)
        return busy, busy
    return None if service.concurrency is None else bill.usage.busy_and_provided(number)


def _idle(seconds: tuple[float, float] | None) -> Number | None:
    if seconds is None:
        return None
    busy, provided = (one / MONTHS for one in seconds)
    if busy == provided:
        return Number(0.0, SHARE, "paid-by-use")
    inputs = (("busy-time", Number(busy, TIME, "busy-seconds")), ("provided-time", Number(provided, TIME, "provided-seconds")))
    return Number(max(0.0, 1 - busy / provided), SHARE, "idle-share", inputs)


def _month(bill: Bill, services: tuple[ServiceCost, ...], method: str) -> Number:
    """Where parts are missing, the note says how many and whose."""
    inputs = tuple((one.service, one.cost) for one in services if one.cost.value or one.cost.method != EXACT)
    if not bill.unpriced:
        return Number(bill.month, MONEY, "cost-sum", inputs)
    names = list(dict.fromkeys(one.service or one.item for one in bill.unpriced))
    note = f"{len(bill.unpriced)}: " + ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    return Number(bill.month, MONEY, "cost-sum-priced", inputs, method, note)


def _per_million(bill: Bill, year: Number, method: str) -> Number | None:
    requests = bill.usage.requests
    if not requests:
        return None
    starts = tuple((flow, Number(count, COUNT, "starts-year")) for flow, count in bill.usage.starts.items())
    inputs = (("year", year), ("requests", Number(requests, COUNT, "sum-of-flows", starts)))
    return Number(year.value / requests * 1e6, MONEY, "per-million", inputs, method)


def _rows(bill: Bill) -> Iterator[tuple[PriceRow, list[Figure]]]:
    """Rows that the bill rests on, in the order of the price book, with the prices of the steps that were reached."""
    for row in bill.prices.rows:
        amount = bill.amounts.get(id(row), 0.0)
        if amount > 0:
            parts = in_steps(amount, [end for end, _ in row.steps])
            yield row, [price for part, (_, price) in zip(parts, row.steps, strict=True) if part > 0]


def _used(prices: PriceBook, row: PriceRow) -> UsedPrice:
    place = row.node.place if row.node is not None else Place(prices.address)
    figures = tuple(price for _, price in row.steps)
    return UsedPrice(row.name, row.per.text, figures, prices.date_of(row), row.sources, row.note, place)


def is_old(date: str, today: str) -> bool:
    """Whether a price of this date (2025, 2025-03 or 2025-03-02: the last day that it may mean) is more than a year old."""
    if not date:
        return False
    parts = [int(part) for part in date.split("-")]
    year, month, day = parts + [12, 31][len(parts) - 1 :]
    now = datetime.date.fromisoformat(today)
    return (year + 1, month, day) < (now.year, now.month, now.day)
