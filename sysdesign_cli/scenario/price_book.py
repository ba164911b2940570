"""The types of a price book: one row is one price, with the place it was written and the source it came from."""
# ruff: noqa: RUF009 - fields are declared by calls: shape, help, default

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from sysdesign_cli.scenario.model import Element, Source
from sysdesign_cli.scenario.nodes import Node
from sysdesign_cli.scenario.quantity import COUNT, MONEY, POWER, SIZE, Figure, Misread, figure, parse_quantity
from sysdesign_cli.scenario.shapes import Choice, Label, ListOf, Localized, MapOf, Plain, Quantity, Reader, Record, Shape, Text, item

#: What a row may be priced by -> (what is metered, how much of it one is: bytes where bytes are metered).
PER: Final[dict[str, tuple[str, float]]] = {
    "hour": ("hour", 1.0),
    "core-hour": ("core-hour", 1.0),
    "GB-hour": ("memory-hour", 1e9),
    "GiB-hour": ("memory-hour", 1024.0**3),
    "GB-second": ("memory-second", 1e9),
    "GiB-second": ("memory-second", 1024.0**3),
    "request": ("request", 1.0),
    "read": ("read", 1.0),
    "write": ("write", 1.0),
    "GB-month": ("stored-month", 1e9),
    "GiB-month": ("stored-month", 1024.0**3),
    "GB": ("transfer", 1e9),
    "GiB": ("transfer", 1024.0**3),
    "licence-month": ("licence-month", 1.0),
}
_MANY: Final = {"1k": 1e3, "10k": 1e4, "100k": 1e5, "1M": 1e6}
_PER: Final = re.compile(r"(?:(1k|10k|100k|1M) )?([A-Za-z][A-Za-z-]*)")

#: Kinds of cost, in the order in which they are shown.
KINDS: Final = ("compute", "requests", "storage", "transfer", "licences")
KIND_OF: Final[dict[str, str]] = {
    "hour": "compute",
    "core-hour": "compute",
    "memory-hour": "compute",
    "memory-second": "compute",
    "request": "requests",
    "read": "requests",
    "write": "requests",
    "stored-month": "storage",
    "transfer": "transfer",
    "licence-month": "licences",
}

#: Items that no service runs on: what moving bytes costs.
INTERNET: Final = "internet-egress"
CROSS_ZONE: Final = "cross-zone"
TO_CDN: Final = "origin-to-cdn"


@dataclass(frozen=True)
class Per:
    """What one price buys: ``scale`` of what ``meter`` counts (hours, requests, bytes, byte-seconds …).

    ``unit`` is the scale of one where several are sold together: 1 for ``1M request``, 2^30 for ``1M GiB-second``.
    """

    text: str
    meter: str
    scale: float
    unit: float


class PerShape(Shape):
    """``hour``, ``1M request``, ``GB-month`` …"""

    expected = "per"

    def read(self, node: Node, reader: Reader) -> Any:
        found = _PER.fullmatch(node.value) if node.kind == "text" else None
        if found is not None and found[2] in PER:
            meter, scale = PER[found[2]]
            return Per(node.value, meter, scale * _MANY.get(found[1] or "", 1.0), scale)
        if node.kind != "text" or node.empty:
            return self.wrong_kind(node, reader)
        word = found[2] if found is not None else node.value
        near = reader.nearest(word, PER, 2)
        return reader.report("bad-choice", node, near, found=node.value[:60], options=", ".join(PER) + " (1M request, 10k request …)")


class Bound(Shape):
    """An amount up to which a tier goes: bytes (``10TB``) or a number (``300M``)."""

    expected = "quantity.size"

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind == "text" and not node.empty:
            for unit in (SIZE, COUNT):
                parsed = parse_quantity(node.value, unit)
                if not isinstance(parsed, Misread) and parsed.value > 0:
                    return figure(parsed.value, unit, node.value, reader.source, node)
        return self.wrong_kind(node, reader)


_price = Quantity(MONEY, 0, 1e9)
_source = item(Plain(), "Where the price comes from: ids of sources below `sources`, or the word assumption.", default="")


@dataclass(frozen=True)
class PriceTier(Element):
    """One step of a price that falls with the amount."""

    up_to: Figure | None = item(Bound(), "The step ends at this amount a month, counted from nothing; the last one has no end.")
    price: Figure = item(_price, "Price within this step.", required=True)
    source: str = _source


@dataclass(frozen=True)
class PriceRow(Element):
    """One price."""

    name: str = item(
        Plain(r"[A-Za-z0-9][\w.+-]{0,79}", "name"), "What is bought; services name it in `runs_on`.", default="", required=True, key="item"
    )
    per: Per = item(PerShape(), "What the price buys: hour, 1M request, GB-month …", required=True)
    price: Figure | None = item(_price, "The price, in dollars.")
    tiers: tuple[PriceTier, ...] = item(
        ListOf(Record(PriceTier)), "Instead of one price: prices that fall with the amount a month.", default=()
    )
    each: Figure | None = item(Quantity(SIZE, 1, 1e15), "A request, read or write of more bytes than this counts as several.")
    date: str = item(
        Plain(r"\d{4}(-\d{2}(-\d{2})?)?", "date"), "When the price was valid, where it is not the date of its source.", default=""
    )
    note: Text = item(Localized(), "What to know about it.", default=Text())
    source: str = _source

    @property
    def kind(self) -> str:
        return KIND_OF[self.per.meter]

    @property
    def steps(self) -> tuple[tuple[float, Figure], ...]:
        """(amount in units of the meter at which the step ends, price): one endless step for a row without tiers."""
        if self.price is not None:
            return ((math.inf, self.price),)
        return tuple((self._end(tier), tier.price) for tier in self.tiers)

    def _end(self, tier: PriceTier) -> float:
        if tier.up_to is None:
            return math.inf
        return float(tier.up_to) * (1.0 if tier.up_to.unit == SIZE else self.per.unit)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(source for _, price in self.steps for source in price.sources))


@dataclass(frozen=True)
class Exchange(Element):
    """What a dollar is in another currency."""

    rate: Figure = item(Quantity(POWER, 0, 1e9, above_zero=True), "Units of the currency for one dollar.", required=True)
    date: str = item(Plain(r"\d{4}(-\d{2}(-\d{2})?)?", "date"), "When it was so.", default="")
    source: str = _source


@dataclass(frozen=True)
class PriceBook(Element):
    """What things cost: rows of prices, with the sources they came from."""

    price_book: str = item(Choice("1"), "Version of the format: 1.", required=True)
    label: str = item(Label(), "Short name, as scenarios and `--prices` use it.", required=True, key="name")
    title: Text = item(Localized(), "What people call it: text, or {en: …, th: …}.", default=Text())
    note: Text = item(Localized(), "What to know before relying on it.", default=Text())
    sources: dict[str, Source] = item(
        MapOf(Record(Source), pattern=re.compile(r"[A-Za-z0-9][\w.%+-]{0,79}")), "Where prices come from.", default={}
    )
    exchange: dict[str, Exchange] = item(MapOf(Record(Exchange, "rate")), "Other currencies: THB and its rate.", default={})
    rows: tuple[PriceRow, ...] = item(ListOf(Record(PriceRow)), "The prices.", required=True)
    address: str = ""
    """How the user named it: `aws-singapore`, a path."""

    @cached_property
    def items(self) -> dict[str, tuple[PriceRow, ...]]:
        """Item -> its rows, in the order of the file."""
        found: dict[str, tuple[PriceRow, ...]] = {}
        for row in self.rows:
            found[row.name] = (*found.get(row.name, ()), row)
        return found

    def date_of(self, row: PriceRow) -> str:
        """When the price was last seen: its own date, or the newest of its sources; "" when nothing says."""
        return row.date or max((self.sources[name].date for name in row.sources if name in self.sources), default="")
