"""From what is used to what is charged: which row of the price book meters what of which service, and what has no price."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sysdesign_cli.analyses.usage import USERS, Day, Stream, Usage
from sysdesign_cli.engine.billing import in_steps
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service
from sysdesign_cli.scenario.price_book import CROSS_ZONE, INTERNET, KINDS, TO_CDN, PriceBook, PriceRow
from sysdesign_cli.scenario.problems import nearest
from sysdesign_cli.scenario.quantity import Figure

MONTHS: Final = 12.0
#: Hours of a month of this calendar: 8,760 / 12.
MONTH_HOURS: Final = 730.0
#: What a service must state to be paid by it.
_NEEDS: Final = {"core-hour": "cores", "memory-hour": "memory", "memory-second": "memory"}


@dataclass(frozen=True)
class Unpriced:
    """A part that costs something and has no price here.

    reason: key of the message ``unpriced.<reason>``. service: "" for the system as a whole. near: items that may be meant.
    """

    service: str
    reason: str
    item: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class Charge:
    """``amount`` a month, in units of the row's meter, of one row, by one service."""

    service: int
    row: PriceRow
    amount: float


class Bill:
    """What a system is charged in a month of this year, and what is not priced. Plain floats: this is the part that must be quick."""

    def __init__(self, system: System, prices: PriceBook, days: tuple[Day, ...]) -> None:
        self.system = system
        self.prices = prices
        self.usage = Usage(system, days)
        self.unpriced: list[Unpriced] = []
        self.charges: list[Charge] = []
        self._resembling: dict[str, tuple[str, ...]] = {}
        self._items: list[tuple[PriceRow, ...] | None] = [prices.items.get(s.runs_on) if s.runs_on else None for s in system.services]
        for number, service in enumerate(system.services):
            self._charge_service(number, service)
        self._charge_moved_bytes()

    # one service

    def _charge_service(self, number: int, service: Service) -> None:
        if service.kind == "client":
            return
        rows = self._items[number]
        if rows is None:
            reason = "unknown-item" if service.runs_on else {"external": "external", "cdn": "own-cdn"}.get(service.kind, "no-item")
            self.unpriced.append(Unpriced(service.name, reason, service.runs_on, self._near(service.runs_on)))
            return
        before = len(self.charges) + len(self.unpriced)
        for row in rows:
            if row.per.meter == "transfer" or (row.per.meter == "stored-month" and not self.keeps(service)):
                continue
            amount = self._amount(number, service, row)
            if isinstance(amount, str):
                self.unpriced.append(Unpriced(service.name, amount, service.runs_on))
            else:
                self.charges.append(Charge(number, row, amount))
        meters = {row.per.meter for row in rows}
        if len(self.charges) + len(self.unpriced) == before and not (service.kind == "cdn" and "transfer" in meters):
            self.unpriced.append(Unpriced(service.name, "nothing-fits", service.runs_on))
        if service.kind == "database" and service.stores is None:
            self.unpriced.append(Unpriced(service.name, "stores-unknown", service.runs_on))
        if "stored-month" not in meters and (
            service.stores or (service.kind == "broker" and self.is_machine(number) and self.stored(number))
        ):
            self.unpriced.append(Unpriced(service.name, "no-storage-price", service.runs_on))
        if service.kind == "function" and float(service.replicas.min) >= 1 and not self.is_machine(number):
            self.unpriced.append(Unpriced(service.name, "kept-warm", service.runs_on))

    def _amount(self, number: int, service: Service, row: PriceRow) -> float | str:
        """How much a service uses of a row in a month, or why that cannot be said."""
        meter, size = row.per.meter, 1.0
        if needed := _NEEDS.get(meter):
            stated: Figure | None = getattr(service, needed)
            if stated is None:
                return f"no-{needed}"
            size = float(stated)
        if meter in ("hour", "core-hour", "memory-hour"):
            return self.usage.replica_hours(number) / MONTHS * size
        if meter == "memory-second":
            return self.usage.held_seconds(number) / MONTHS * size
        if meter == "licence-month":
            return self.usage.replica_hours(number) / MONTHS / MONTH_HOURS
        if meter == "stored-month":
            return self.stored(number)
        return self.counted(number, row) if meter == "request" else self.accesses(number, row)

    def _near(self, item: str) -> tuple[str, ...]:
        if item and item not in self._resembling:
            self._resembling[item] = nearest(item, self.prices.items)
        return self._resembling.get(item, ())

    @staticmethod
    def keeps(service: Service) -> bool:
        """Whether anything is known of what it stores."""
        return service.stores is not None or service.kind == "broker"

    def is_machine(self, service: int) -> bool:
        """Paid by time, whether it works or not."""
        return any(row.per.meter in ("hour", "core-hour", "memory-hour") for row in self._items[service] or ())

    def copies(self, service: int) -> float:
        """Whole copies of what it stores: one in each zone that has a replica of it, one alone where the price is of all copies."""
        if not self.is_machine(service):
            return 1.0
        definition = self.system.services[service]
        return float(len(self.usage.zones(service)) or max(1, int(definition.replicas.min)))

    def stored(self, service: int) -> float:
        """Bytes kept, all copies together; a broker that states none keeps every message for its retention."""
        definition = self.system.services[service]
        if definition.stores is not None:
            return float(definition.stores) * self.copies(service)
        if definition.kind != "broker":
            return 0.0
        year_s = 365 * 86400.0
        kept = sum(count / year_s * size * seconds for count, _, size, seconds in self.usage.messages(service))
        return kept * self.copies(service)

    def counted(self, service: int, row: PriceRow) -> float:
        """Requests a month: messages in and out of a broker, what users ask of a CDN, else invocations."""
        definition = self.system.services[service]
        if definition.kind == "broker":
            year = sum(count * (1 + copies) * _pieces(size, row) for count, copies, size, _ in self.usage.messages(service))
        elif definition.kind == "cdn":
            year = sum(s.calls for s in self._streams if s.receiver == service and self.place(s.sender) == "outside")
        else:
            year = sum(self.usage.invocations[h] * _pieces(self._larger(h), row) for h in self.system.handlers_of[service])
        return year / MONTHS

    def _larger(self, handler: int) -> float:
        definition = self.system.handlers[handler].handler
        return max(float(definition.request), float(definition.reply))

    def accesses(self, service: int, row: PriceRow) -> float:
        """Reads or writes a month; an access of more bytes than one is sold for counts as several."""
        access, year = row.per.meter, 0.0
        for h in self.system.handlers_of[service]:
            handler = self.system.handlers[h].handler
            if handler.access == access:
                year += self.usage.invocations[h] * _pieces(float(handler.reply if access == "read" else handler.request), row)
        return year / MONTHS

    # moved bytes

    @cached_property
    def _streams(self) -> list[Stream]:
        return list(self.usage.streams())

    @cached_property
    def _places(self) -> list[str]:
        return [self._place_of(number, service) for number, service in enumerate(self.system.services)]

    def _place_of(self, number: int, service: Service) -> str:
        """outside: not with the provider; cdn; managed: with the provider, in no zone of ours; ours: on machines in our zones."""
        rows = self._items[number]
        if service.kind == "client" or (service.kind == "external" and rows is None):
            return "outside"
        if service.kind == "cdn":
            return "cdn"
        if service.kind in ("function", "external") or (rows is not None and not self.is_machine(number)):
            return "managed"
        return "ours"

    def place(self, service: int) -> str:
        return "outside" if service == USERS else self._places[service]

    @cached_property
    def moved(self) -> dict[str, dict[int, float]]:
        """Item of the price book -> service -> bytes a month."""
        found: dict[str, dict[int, float]] = {item: defaultdict(float) for item in (INTERNET, CROSS_ZONE, TO_CDN, "cdn")}
        zones = {number: self.usage.zones(number) for number, place in enumerate(self._places) if place == "ours"}
        places = dict(enumerate(self._places)) | {USERS: self.place(USERS)}
        for sender, receiver, size, _ in self._streams:
            if not size:
                continue
            month, begin, end = size / MONTHS, places[sender], places[receiver]
            if end == "outside" and begin in ("ours", "managed"):
                found[INTERNET][sender] += month
            elif end == "outside" and begin == "cdn":
                found["cdn"][sender] += month
            elif end == "cdn" and begin in ("ours", "managed") and self._items[receiver] is not None:
                found[TO_CDN][sender] += month
            elif begin == end == "ours" and sender != receiver:
                crossing = month * (1 - sum(share * zones[receiver].get(zone, 0.0) for zone, share in zones[sender].items()))
                if zones[sender] and zones[receiver] and crossing > 1e-12 * month:
                    found[CROSS_ZONE][sender] += crossing
                    found[CROSS_ZONE][receiver] += crossing
        return found

    def _charge_moved_bytes(self) -> None:
        for item in (INTERNET, CROSS_ZONE, TO_CDN):
            rows = [row for row in self.prices.items.get(item, ()) if row.per.meter == "transfer"]
            for service, size in self.moved[item].items():
                self.charges += [Charge(service, row, size) for row in rows]
            if self.moved[item] and not rows:
                self.unpriced.append(Unpriced("", f"no-{item}", item))
        for service, size in self.moved["cdn"].items():
            rows = [row for row in self._items[service] or () if row.per.meter == "transfer"]
            self.charges += [Charge(service, row, size) for row in rows]
            if self._items[service] is not None and not rows:
                self.unpriced.append(Unpriced(self.system.services[service].name, "no-cdn-price", self.system.services[service].runs_on))

    # money

    @cached_property
    def amounts(self) -> dict[int, float]:
        """Id of a row -> what the whole system uses of it a month: steps of a price are those of the whole bill."""
        found: dict[int, float] = defaultdict(float)
        for charge in self.charges:
            found[id(charge.row)] += charge.amount
        return found

    def cost_of(self, row: PriceRow) -> float:
        """Dollars a month for all of a row."""
        steps = row.steps
        parts = in_steps(self.amounts[id(row)], [end for end, _ in steps])
        return math.fsum(part / row.per.scale * float(price) for part, (_, price) in zip(parts, steps, strict=True))

    def costs(self) -> Iterator[tuple[Charge, float]]:
        """Every charge with its dollars a month: its part of the row, by amount."""
        whole = {id(charge.row): self.cost_of(charge.row) for charge in self.charges}
        for charge in self.charges:
            amount = self.amounts[id(charge.row)]
            yield charge, whole[id(charge.row)] * (charge.amount / amount) if amount else 0.0

    @cached_property
    def month(self) -> float:
        """Dollars a month."""
        rows = {id(charge.row): charge.row for charge in self.charges}
        return math.fsum(self.cost_of(row) for row in rows.values())

    def kinds(self) -> dict[str, float]:
        """Kind of cost -> dollars a month."""
        found = dict.fromkeys(KINDS, 0.0)
        for charge, cost in self.costs():
            found[charge.row.kind] += cost
        return found


def _pieces(size: float, row: PriceRow) -> float:
    """As how many a request of so many bytes counts."""
    return 1.0 if row.each is None else max(1.0, math.ceil(size / float(row.each) * (1 - 1e-12)))
