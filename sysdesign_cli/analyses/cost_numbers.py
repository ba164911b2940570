"""Charges as numbers that answer for themselves: down to the row of the price book and the figures of the scenario."""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.charges import MONTHS, Bill, Charge
from sysdesign_cli.analyses.usage import Day
from sysdesign_cli.engine.billing import in_steps
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.model import Service
from sysdesign_cli.scenario.price_book import CROSS_ZONE, INTERNET, TO_CDN, PriceRow
from sysdesign_cli.scenario.quantity import COUNT, MONEY, SHARE, SIZE, TIME, Figure, format_quantity

Input = tuple[str, Number | Figure | str]


def charge_number(bill: Bill, charge: Charge, cost: float) -> Number:
    """Dollars a month of one charge: amount times price, or its part of what all pay for a price in steps."""
    row = charge.row
    used = [(part, end, price) for part, end, price in _steps(bill, row) if part > 0]
    if len(used) <= 1:
        price = used[0][2] if used else row.steps[0][1]
        return Number(cost, MONEY, "price-times", ((row.per.text, amount_number(bill, charge)), ("price", price)))
    steps = tuple((_step_label(row, end), _step_number(row, part, price)) for part, end, price in used)
    whole = bill.amounts[id(row)]
    part_of = Number(charge.amount / whole, SHARE, "part-of", (("part", amount_number(bill, charge)), ("whole", _plain(row, whole))))
    return Number(cost, MONEY, "price-in-steps", (("share-of-amount", part_of), *steps))


def _steps(bill: Bill, row: PriceRow) -> Iterator[tuple[float, float, Figure]]:
    parts = in_steps(bill.amounts[id(row)], [end for end, _ in row.steps])
    for part, (end, price) in zip(parts, row.steps, strict=True):
        yield part, end, price


def _step_label(row: PriceRow, end: float) -> str:
    if end == float("inf"):
        return "rest"
    if row.per.meter in ("transfer", "stored-month"):
        return f"≤ {format_quantity(end, SIZE)}"
    return f"≤ {format_quantity(end / row.per.unit, COUNT)}"


def _step_number(row: PriceRow, part: float, price: Figure) -> Number:
    return Number(part / row.per.scale * float(price), MONEY, "price-times", ((row.per.text, _plain(row, part)), ("price", price)))


def _plain(row: PriceRow, amount: float) -> Number:
    return Number(amount / row.per.scale, COUNT)


def amount_number(bill: Bill, charge: Charge) -> Number:
    """What is charged for in a month, in units of the row's ``per``."""
    row, service = charge.row, bill.system.services[charge.service]
    meter = row.per.meter
    formula, inputs = f"used-{meter}", tuple[Input, ...]()
    if meter in ("hour", "core-hour", "memory-hour", "licence-month"):
        inputs = tuple(_hours(bill, charge.service, service, meter))
    elif meter == "memory-second":
        inputs = tuple(_memory_seconds(bill, charge.service, service))
    elif meter == "stored-month":
        formula, inputs = _stored(bill, charge.service, service)
    elif meter == "transfer":
        formula = f"used-{row.name}" if row.name in (INTERNET, CROSS_ZONE, TO_CDN) else "used-cdn-egress"
    else:
        formula = f"used-{service.kind}-messages" if service.kind in ("broker", "cdn") else formula
        inputs = (("requests", Number(bill.usage.requests / MONTHS, COUNT, "starts-month")),)
        if row.each is not None:
            inputs += (("each", row.each),)
    return Number(charge.amount / row.per.scale, COUNT, formula, inputs)


def _hours(bill: Bill, number: int, service: Service, meter: str) -> Iterator[Input]:
    replicas = service.replicas
    followed = replicas.max is not None and service.concurrency is not None
    stated: list[Input] = [("replicas.min", replicas.min)]
    if followed:
        named = {
            "replicas.max": replicas.max,
            "replicas.target": replicas.target,
            "concurrency": service.concurrency,
            "cores": service.cores,
        }
        stated += [(label, figure) for label, figure in named.items() if figure is not None]
    for day, seconds in zip(bill.usage.days, bill.usage.replica_seconds(number), strict=True):
        formula = "replica-hours-followed" if followed else "replica-hours-fixed"
        yield day.workload.name, Number(seconds / 3600, COUNT, formula, (("days", days_number(day)), *stated))
    extra = {"core-hour": ("cores", service.cores), "memory-hour": ("memory", service.memory)}.get(meter)
    if extra is not None and extra[1] is not None:
        yield extra[0], extra[1]


def days_number(day: Day) -> Number | Figure:
    """Days a year of a workload: as stated, or all of them."""
    if day.instead_of is not None:
        return Number(day.days, COUNT, "whole-year-for-none", (("days_per_year", day.instead_of),))
    stated = day.workload.days_per_year
    return stated if stated is not None and float(stated) == day.days else Number(day.days, COUNT, "whole-year")


def _memory_seconds(bill: Bill, number: int, service: Service) -> Iterator[Input]:
    runs = sum(bill.usage.invocations[h] for h in bill.system.handlers_of[number])
    held = bill.usage.held_seconds(number)
    yield "invocations", Number(runs / MONTHS, COUNT, "invocations-month")
    if runs:
        parts = tuple(_held(bill, h) for h in bill.system.handlers_of[number] if bill.usage.invocations[h])
        yield "holding", Number(held / runs, TIME, "mean-holding", parts)
    if service.memory is not None:
        yield "memory", service.memory


def _held(bill: Bill, handler: int) -> Input:
    node = bill.system.handlers[handler]
    return node.handler.name, Number(bill.usage.held[handler], TIME, "holding-time", (("takes", node.handler.takes.mean),))


def _stored(bill: Bill, number: int, service: Service) -> tuple[str, tuple[Input, ...]]:
    copies = Number(bill.copies(number), COUNT, "whole-copies")
    if service.stores is not None:
        return "used-stored-month", (("stores", service.stores), ("copies-kept", copies))
    names = dict.fromkeys(p.event.name for node in bill.system.handlers for p in node.publishes if p.broker == number)
    events = [bill.system.scenario.events[name] for name in names]
    kept: tuple[Input, ...] = tuple((f"{event.name}.retention", event.retention) for event in events)
    return "used-retained", (("copies-kept", copies), *kept)
