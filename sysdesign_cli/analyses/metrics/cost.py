"""Metrics of money: what a month costs over the workload's calendar, and how much of what is paid for does no work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.quantity import MONEY, SHARE

if TYPE_CHECKING:
    from sysdesign_cli.analyses.cost import CostResult, ServiceCost
    from sysdesign_cli.scenario.price_book import PriceBook

# every command knows the metrics' names, and few ask for these: what works them out is imported when they do


def _prices(subject: Subject) -> PriceBook:
    from sysdesign_cli.scenario.prices import prices_for

    return subject.prices or prices_for(subject.scenario)


def _result(subject: Subject) -> CostResult:
    """Over the calendar, whatever the workload that is looked at; worked out once for a subject."""
    from sysdesign_cli.analyses.cost import cost

    kept: dict[str, CostResult] = subject.__dict__
    if "cost" not in kept:
        kept["cost"] = cost(subject.system, _prices(subject))
    return kept["cost"]


def _of_service(result: CostResult, name: str) -> ServiceCost | None:
    return next((one for one in result.services if one.service == name), None)


def _priced(subject: Subject, about: About) -> CostResult | Unavailable:
    """Without a single service that runs on something with a price, a sum would say nothing."""
    result = _result(subject)
    paid = {line.service for line in result.lines if line.item in {s.runs_on for s in subject.system.services if s.name == line.service}}
    if not paid or (about.service and about.service not in paid):
        return Unavailable("nothing-priced", about.service)
    return result


def _cost_per_month(subject: Subject, about: About) -> Number | Unavailable:
    result = _priced(subject, about)
    if isinstance(result, Unavailable):
        return result
    one = _of_service(result, about.service)
    return result.month if one is None else one.cost


def _cost_per_year(subject: Subject, about: About) -> Number | Unavailable:
    if subject.quick and not about.service:
        from sysdesign_cli.analyses.cost import yearly_cost

        return Number(yearly_cost(subject.system, _prices(subject)), MONEY, "cost-year")
    result = _priced(subject, about)
    if isinstance(result, Unavailable):
        return result
    one = _of_service(result, about.service)
    return result.year if one is None else Number(one.cost.value * 12, MONEY, "twelve-months", (("month", one.cost),), one.cost.method)


def _cost_per_million_requests(subject: Subject, about: About) -> Number | Unavailable:
    result = _priced(subject, about)
    if isinstance(result, Unavailable):
        return result
    return result.per_million or Unavailable("no-requests")


def _idle_share(subject: Subject, about: About) -> Number | Unavailable:
    result = _result(subject)
    if not about.service:
        return result.idle or Unavailable("no-workers")
    one = _of_service(result, about.service)
    return (one.idle if one is not None else None) or Unavailable("no-workers", about.service)


COST_METRICS: Final = (
    Metric("cost_per_month", MONEY, "lower", _cost_per_month, ("service",)),
    Metric("cost_per_year", MONEY, "lower", _cost_per_year, ("service",), shown=False),
    Metric("cost_per_million_requests", MONEY, "lower", _cost_per_million_requests),
    Metric("idle_share", SHARE, "lower", _idle_share, ("service",)),
)
