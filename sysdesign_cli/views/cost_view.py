"""The cost of a system, for reading."""

from __future__ import annotations

from dataclasses import replace

from sysdesign_cli.analyses.charges import Unpriced
from sysdesign_cli.analyses.cost import CostResult, ServiceCost, UsedPrice
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import COUNT, Figure, format_quantity
from sysdesign_cli.views.document import Cell, Column, Document, Heading, Note, Table

_SIGNS = {"THB": "฿", "EUR": "€", "GBP": "£", "JPY": "¥"}
_ASSUMED = ("month", "scaling", "held", "functions", "queues", "zones", "internet", "stored")


def cost_document(result: CostResult, say: Say) -> Document:
    document = Document()
    prices = result.prices_title.in_language(say.language)
    named = f"{prices} ({result.prices})" if prices else result.prices
    document.add(Heading(result.scenario, say("cost.heading", prices=named)))
    document.add(_summary(document, result, say), _services(document, result, say))
    if result.unpriced:
        document.add(_unpriced(result, say))
    if result.assumed:
        document.add(_prices(result.assumed, say, say("cost.assumed"), True))
    if result.old:
        document.add(_prices(result.old, say, say("cost.old"), False))
    document.add(*_notes(result, say))
    document.assumptions += [say(f"assume.cost-{what}") for what in _ASSUMED]
    if note := result.prices_note.in_language(say.language):
        document.assumptions.append(note)
    return document


def _summary(document: Document, result: CostResult, say: Say) -> Table:
    month = document.number("month", result.month, "strong", say("cost.definition-month"))
    others = []
    for code, number in result.currencies.items():
        document.number(f"month.{code}", number)
        rate = result.exchange[code]
        about = [part for part in (result.exchange_dates[code], say("cost.assumption") if rate.is_assumption else "") if part]
        amount, each = money(number, _SIGNS.get(code, f"{code} ")), say("cost.exchange", rate=f"{float(rate):g}", code=code)
        others.append(f"{amount} ({', '.join([each, *about])})")
    rows = [
        (Cell(say("cost.month")), replace(month, text=_more(result.month)), Cell(" · ".join(others))),
        (Cell(say("cost.year")), _money(document, "year", result.year), Cell(_days(result, say))),
    ]
    if result.per_million is not None:
        rows.append((Cell(say("cost.per-million")), _money(document, "per-million", result.per_million), Cell("")))
    if result.idle is not None:
        document.number("idle", result.idle)
        rows.append((Cell(say("cost.idle")), _share(result.idle), Cell(say("cost.idle-note"), "muted")))
    return Table((Column("what", ""), Column("amount", "", right=True), Column("note", "")), tuple(rows))


def _days(result: CostResult, say: Say) -> str:
    parts = ", ".join(
        say("cost.days", days=format_quantity(float(days), COUNT), workload=title.in_language(say.language) or name)
        for name, title, days in result.days
    )
    zero = (part for _, _, days in result.days if isinstance(days, Number) for _, part in days.inputs if isinstance(part, Figure))
    place = ", ".join(str(one.place) for one in zero if one.place is not None)
    return say(f"cost.calendar-{result.calendar}", days=parts, place=place)


def money(number: Number, sign: str = "$") -> str:
    """An amount with cents below 1,000, whole above."""
    value = number.value
    if value and abs(value) < 0.01:
        return f"{sign}{value:.2g}" if abs(value) >= 1e-4 else f"< {sign}0.0001"
    return f"{sign}{value:,.0f}" if abs(value) >= 1000 else f"{sign}{value:,.2f}"


def _more(number: Number) -> str:
    """With ``>`` where parts have no price."""
    return ("> " if number.method == "at-least" else "") + money(number)


def _money(document: Document, id: str, number: Number, style: str = "") -> Cell:
    cell = document.number(id, number, style)
    return replace(cell, text=_more(number))


def _services(document: Document, result: CostResult, say: Say) -> Table:
    kinds = [kind for kind, number in result.by_kind.items() if number.value > 0]
    columns = (
        Column("service", say("column.service")),
        *(Column(kind, say(f"cost.kind-{kind}"), right=True) for kind in kinds),
        Column("month", say("cost.column-month"), right=True),
        Column("idle", say("cost.column-idle"), right=True),
    )
    rows = [_service(document, one, kinds, say) for one in result.services]
    total = [Cell(say("cost.total"), "strong")]
    total += [_money(document, f"kind.{kind}", result.by_kind[kind], "strong") for kind in kinds]
    total.append(Cell(_more(result.month), "strong", result.month.value))
    total.append(_share(result.idle))
    return Table(columns, (*rows, tuple(total)), say("cost.by-service"))


def _service(document: Document, one: ServiceCost, kinds: list[str], say: Say) -> tuple[Cell, ...]:
    cells = [Cell(one.service, "name")]
    for kind in kinds:
        number = one.by_kind[kind]
        nothing = Cell("–", "muted", 0.0 if one.cost.inputs else "")
        cells.append(_money(document, f"{one.service}.{kind}", number) if number.value else nothing)
    if not one.cost.inputs:
        cells.append(Cell(say("cost.no-price") if one.cost.method == "at-least" else "–", "warning", ""))
    else:
        cells.append(_money(document, f"{one.service}.month", one.cost))
    if one.idle is not None:
        document.number(f"{one.service}.idle", one.idle)
    return (*cells, _share(one.idle))


def _share(number: Number | None) -> Cell:
    """One decimal: the nines of an idle share mean nothing."""
    if number is None:
        return Cell("–", "muted", "")
    percent = number.value * 100
    text = "0 %" if not percent else "> 99.9 %" if 99.95 <= percent < 100 else f"{percent:.1f} %"
    return Cell(text, "", number.value)


def _unpriced(result: CostResult, say: Say) -> Table:
    rows = tuple((Cell(part.service or "–", "name"), Cell(_reason(part, say), "warning")) for part in result.unpriced)
    return Table((Column("service", say("column.service")), Column("reason", say("cost.column-reason"))), rows, say("cost.unpriced"))


def _reason(part: Unpriced, say: Say) -> str:
    text = say(f"unpriced.{part.reason}", item=part.item)
    return f"{text} {say('problem.did-you-mean', near=', '.join(part.near))}" if part.near else text


def _prices(used: tuple[UsedPrice, ...], say: Say, title: str, assumed: bool) -> Table:
    columns = (
        Column("item", say("cost.column-item")),
        Column("per", say("cost.column-per")),
        Column("price", say("cost.column-price"), right=True),
        Column("date", say("cost.column-date")),
        Column("note", ""),
    )
    rows = []
    for one in used:
        prices = " / ".join(dict.fromkeys(price.text.partition(" (")[0] for price in one.prices))
        about = one.note.in_language(say.language) if assumed else ", ".join(one.sources)
        where = f"{about} ({one.place})" if about else str(one.place)
        rows.append((Cell(one.item), Cell(one.per), Cell(prices), Cell(one.date or "–"), Cell(where)))
    return Table(columns, tuple(rows), title)


def _notes(result: CostResult, say: Say) -> list[Note]:
    notes = []
    if result.unpriced:
        notes.append(Note(say("cost.more-than", count=len(result.unpriced), month=money(result.month)), "warning"))
    if not result.prices_stated:
        notes.append(Note(say("cost.default-prices", prices=result.prices), "muted"))
    if result.uncounted_days > 0.5:
        notes.append(Note(say("cost.uncounted-days", days=format_quantity(result.uncounted_days, COUNT)), "warning"))
    return notes
