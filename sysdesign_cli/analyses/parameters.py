"""Things one turns to see whether an answer changes: the load, how peaked it is, how well caches work, what something costs.

A parameter takes a scenario and a factor (1: as it is) and gives the changed scenario; a price changes the price book instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sysdesign_cli.engine.workload import DAY_S, Profile, busiest, profile
from sysdesign_cli.scenario.model import Call, Handler, Scenario, Start, Workload
from sysdesign_cli.scenario.price_book import PriceBook
from sysdesign_cli.scenario.quantity import MONEY, POWER, RATE, SHARE, Figure, figure

LOAD, ORDINARY, PEAK, MISSES, PRICE = "load", "ordinary-load", "peak", "misses", "price"
#: Factors between which an answer is looked for.
LOWEST: Final = 1 / 64
HIGHEST: Final = 64.0
#: With so few of its misses left a cache is as good as one that never misses.
FEWEST_MISSES: Final = 1 / 16


@dataclass(frozen=True)
class Parameter:
    """One thing that is turned.

    id: ``load``, ``ordinary-load`` (the first workload alone), ``peak``, ``misses`` or ``price:ITEM``. unit, now: what it is today (""
    and None when only the factor says something). changed: the scenario at a factor. value: what it is at a factor, in ``unit``. low,
    high: factors between which it can be turned. item: whose price it is.
    """

    id: str
    unit: str
    now: float | None
    changed: Callable[[Scenario, float], Scenario]
    value: Callable[[float], float | None]
    low: float = LOWEST
    high: float = HIGHEST
    item: str = ""


def parameters(scenarios: Sequence[Scenario], prices: PriceBook | None, items: Sequence[str] = ()) -> tuple[Parameter, ...]:
    """The parameters that these scenarios have; what they are today is said of the first. items: priced items whose price is one."""
    first = scenarios[0]
    found = []
    if first.workloads:
        rate = total_rate(first)
        found.append(Parameter(LOAD, RATE, rate, scaled_load, lambda factor: rate * factor))
        if len(first.workloads) > 1:
            found.append(Parameter(ORDINARY, RATE, rate, ordinary_load, lambda factor: rate * factor))
    shaped = next((one for one in scenarios if _rushes(one) or _shaped(one)), None)
    if shaped is not None:
        now = peak_to_mean(shaped)
        found.append(Parameter(PEAK, POWER, now, peaked, lambda factor: peak_to_mean(peaked(shaped, factor)), max(LOWEST, 1 / now)))
    if hits := sorted({hit for one in scenarios for hit in _hit_ratios(one) if hit < 1}):
        found.append(_misses(hits))
    return (*found, *(_price(prices, name) for name in items if prices is not None))


def _misses(hits: Sequence[float]) -> Parameter:
    """How often caches miss; said as a hit ratio when all have the same."""
    known = hits[0] if len(hits) == 1 else None
    most = min(HIGHEST, 1 / (1 - hits[-1]))
    return Parameter(
        MISSES,
        SHARE if known else "",
        known,
        more_misses,
        lambda factor: None if known is None else 1 - (1 - known) * factor,
        FEWEST_MISSES,
        most,
    )


def _price(prices: PriceBook, name: str) -> Parameter:
    """The price of an item; said in money when it has just one."""
    rows = prices.items.get(name, ())
    now = float(rows[0].price) if len(rows) == 1 and rows[0].price is not None else None
    return Parameter(
        f"{PRICE}:{name}", MONEY if now is not None else "", now, _same, lambda factor: None if now is None else now * factor, item=name
    )


def _same(scenario: Scenario, factor: float) -> Scenario:
    return scenario


def with_price(prices: PriceBook, item: str, factor: float) -> PriceBook:
    """The price book with everything of one item that many times as dear."""
    rows = tuple(
        replace(
            row,
            price=None if row.price is None else _times(row.price, factor),
            tiers=tuple(replace(tier, price=_times(tier.price, factor)) for tier in row.tiers),
        )
        if row.name == item
        else row
        for row in prices.rows
    )
    return replace(prices, rows=rows)


def _times(old: Figure, factor: float) -> Figure:
    return _set(old, float(old) * factor)


def _maybe(old: Figure | None, factor: float) -> Figure | None:
    return None if old is None else _times(old, factor)


def scaled_load(scenario: Scenario, factor: float) -> Scenario:
    """Every flow of every workload so many times as often."""
    return _with_starts(scenario, lambda workload, name, start: _scaled(start, factor))


def ordinary_load(scenario: Scenario, factor: float) -> Scenario:
    """The first workload, which stands for ordinary days, so many times as often; rushes and other days as they are."""
    first = next(iter(scenario.workloads))
    return _with_starts(scenario, lambda workload, name, start: _scaled(start, factor) if workload.name == first else start)


def _scaled(start: Start, factor: float) -> Start:
    return replace(start, peak=_maybe(start.peak, factor), base=_maybe(start.base, factor), users=_maybe(start.users, factor))


def peaked(scenario: Scenario, factor: float) -> Scenario:
    """Peak over mean so many times as high, the day's requests kept: a rush of a higher rate and shorter, a day shape stretched.

    A day whose peak over mean cannot fall below 1 becomes constant.
    """
    shapes, means = dict(scenario.shapes), {}
    for name, points in scenario.shapes.items():
        shapes[name], means[name] = _stretched(points, factor)
    held = replace(scenario, shapes=shapes)

    def with_shape(workload: Workload, name: str, start: Start) -> Start:
        if start.at is not None and start.lasts is not None and start.peak is not None:
            return _narrower(start, start.peak, start.lasts, factor)
        shape = start.shape or workload.shape
        if shape is not None and start.peak is not None and str(shape) in means:
            return replace(start, peak=_times(start.peak, means[str(shape)]))
        return start

    return _with_starts(held, with_shape)


def _narrower(start: Start, peak: Figure, lasts: Figure, factor: float) -> Start:
    """A rush so many times as high and as much shorter, its ramps too: what comes over the base stays the same."""
    base, ramp = float(start.base or 0.0), float(start.ramp or 1.0)
    over = float(peak) - base
    if over <= 0:
        return start
    wanted = float(peak) * factor - base
    longest = DAY_S / (float(lasts) + 2 * ramp) * (1 - 1e-6)
    part = min(over / wanted, longest) if wanted > 0 else longest
    ramps = None if start.ramp is None else _times(start.ramp, part)
    return replace(start, peak=_times(peak, (base + over / part) / float(peak)), lasts=_times(lasts, part), ramp=ramps)


def _stretched(points: dict[str, Figure], factor: float) -> tuple[dict[str, Figure], float]:
    """A day shape with its highest share so many times as far over the mean, as a share of the new highest; and how much that is higher.

    The mean stays what it was. Where the lows would fall below 0 they are 0, and all is lowered to keep the mean.
    """
    mean, top = _mean(points), max(float(share) for share in points.values())
    if top - mean <= 1e-12 or top <= 0:
        return points, 1.0
    slope = (max(1.0, top / mean * factor) * mean - mean) / (top - mean)
    raw = {at: _set(share, max(0.0, mean + (float(share) - mean) * slope)) for at, share in points.items()}
    kept = mean / _mean(raw)
    highest = max(float(share) for share in raw.values())
    return {at: _set(share, float(share) / highest) for at, share in raw.items()}, kept * highest / top


def _mean(points: dict[str, Figure]) -> float:
    seconds = {at: int(at.split(":")[0]) * 3600.0 + int(at.split(":")[1]) * 60.0 for at in points}
    return Profile(tuple(sorted((min(seconds[at], DAY_S - 1e-3), float(share)) for at, share in points.items()))).mean


def _set(old: Figure, value: float) -> Figure:
    return figure(value, old.unit, old.text, old.source, old.node)


def more_misses(scenario: Scenario, factor: float) -> Scenario:
    """Every cache misses so many times as often (at most always)."""

    def missing(hit: Figure | None) -> Figure | None:
        return None if hit is None else _set(hit, 1 - min(1.0, (1 - float(hit)) * factor))

    def call(one: Call) -> Call:
        if one.hit_ratio is None:
            return one
        return replace(one, hit_ratio=missing(one.hit_ratio), on_miss=groups(one.on_miss))

    def groups(calls: tuple[tuple[Call, ...], ...]) -> tuple[tuple[Call, ...], ...]:
        return tuple(tuple(call(one) for one in group) for group in calls)

    def changed(handler: Handler) -> Handler:
        if not any(True for _ in _of_handler(handler)):
            return handler
        return replace(handler, hit_ratio=missing(handler.hit_ratio), calls=groups(handler.calls), on_miss=groups(handler.on_miss))

    services = {
        name: replace(service, handles={key: changed(handler) for key, handler in service.handles.items()})
        for name, service in scenario.services.items()
    }
    return replace(scenario, services=services)


_Change = Callable[[Workload, str, Start], Start]


def _with_starts(scenario: Scenario, change: _Change) -> Scenario:
    workloads = {
        name: replace(workload, starts={flow: change(workload, flow, start) for flow, start in workload.starts.items()})
        for name, workload in scenario.workloads.items()
    }
    return replace(scenario, workloads=workloads)


def total_rate(scenario: Scenario) -> float:
    """Requests per second at the busiest moment of the first workload."""
    return busiest(scenario, next(iter(scenario.workloads.values()))).total


def peak_to_mean(scenario: Scenario) -> float:
    """Highest over mean rate of a day, the most peaked workload's most frequent flow."""
    best = 1.0
    for workload in scenario.workloads.values():
        profiles = [profile(scenario, workload, flow) for flow in workload.starts]
        busiest_flow = max(profiles, key=lambda one: one.peak, default=None)
        if busiest_flow is not None and busiest_flow.mean > 0:
            best = max(best, busiest_flow.peak / busiest_flow.mean)
    return best


def _rushes(scenario: Scenario) -> bool:
    return any(start.at is not None for workload in scenario.workloads.values() for start in workload.starts.values())


def _shaped(scenario: Scenario) -> bool:
    return any(workload.shape or start.shape for workload in scenario.workloads.values() for start in workload.starts.values())


def _hit_ratios(scenario: Scenario) -> Iterator[float]:
    for service in scenario.services.values():
        for handler in service.handles.values():
            yield from _of_handler(handler)


def _of_handler(handler: Handler) -> Iterator[float]:
    for hit in (handler.hit_ratio, *(one.hit_ratio for one in handler.every_call())):
        if hit is not None:
            yield float(hit)
