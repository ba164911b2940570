"""What a system can take, for reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sysdesign_cli.analyses.capacity import CapacityResult, ServiceCapacity
from sysdesign_cli.analyses.headroom import Headroom
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, TIME, format_quantity
from sysdesign_cli.views.document import Cell, Column, Document, Heading, Note, Table, show

#: A wait below this is none.
LEAST_S: Final = 1e-6
#: From this utilisation on a service is marked.
_BUSY: Final = 0.8


def capacity_document(result: CapacityResult, say: Say) -> Document:
    document = Document()
    workload = result.workload_title.in_language(say.language) or result.workload
    document.add(Heading(result.scenario, say("capacity.heading", workload=workload, clock=result.clock)))
    if not result.services:
        return document.add(Note(say("capacity.no-limits")))
    document.add(_load(document, result, say), *_overloads(result, say), *_limits(document, result, say))
    document.add(_needed(document, result, say), *_sizing(document, result, say))
    functions = [one for one in result.services if one.kind == "function"]
    if functions:
        document.add(_functions(document, functions, say))
    document.assumptions += [say("assume.busiest", clock=result.clock)]
    document.assumptions += [say(f"assume.{what}") for what in ("waits", "held", "autoscaled", "levelled", "same-mix")]
    return document


def _load(document: Document, result: CapacityResult, say: Say) -> Table:
    with_cores = any(label.endswith(".cores") for one in result.services for label, _ in one.utilisation.inputs)
    columns = (
        Column("service", say("column.service")),
        Column("rate", say("capacity.rate"), right=True),
        Column("busy", say("capacity.busy"), right=True),
        *((Column("computing", say("capacity.computing"), right=True),) if with_cores else ()),
        Column("utilisation", say("capacity.now"), right=True),
        Column("at_most", say("capacity.at-most"), right=True),
        Column("wait", say("capacity.wait"), right=True),
    )
    return Table(columns, tuple(_service(document, one, with_cores, say) for one in result.services))


def _service(document: Document, one: ServiceCapacity, with_cores: bool, say: Say) -> tuple[Cell, ...]:
    name = one.service
    cells = [Cell(name, "name"), document.number(f"{name}.rate", one.rate), _finite(document, f"{name}.busy", one.busy, say)]
    if with_cores:
        cells.append(document.number(f"{name}.computing", one.computing))
    cells += [
        _used(document, f"{name}.{what}", number, one, say) for what, number in (("utilisation", one.utilisation), ("at-most", one.at_most))
    ]
    if one.wait is None:
        cells.append(Cell(say("capacity.levelled" if not one.overloaded else "capacity.grows"), "" if not one.overloaded else "bad", ""))
    else:
        cells.append(document.number(f"{name}.wait", one.wait) if one.wait.value >= LEAST_S else Cell("–", "muted", one.wait.value))
    return tuple(cells)


def _finite(document: Document, id: str, number: Number, say: Say, style: str = "") -> Cell:
    """A number; in words where workers wait for something saturated that nobody gives up on, so that they are never free again."""
    return document.number(id, number, style) if math.isfinite(number.value) else Cell(say("capacity.all"), "bad", "")


def _used(document: Document, id: str, number: Number, one: ServiceCapacity, say: Say) -> Cell:
    style = "" if number.value < _BUSY else "bad" if one.overloaded else "warning"
    cell = _finite(document, id, number, say, style)
    # three digits are more than a utilisation means
    return replace(cell, text=_percent(number.value)) if math.isfinite(number.value) else cell


def _percent(share: float) -> str:
    return f"{share * 100:,.0f} %" if share >= 0.0995 else f"{share * 100:.1f} %" if share >= 0.0005 else "< 0.1 %" if share else "0 %"


def _overloads(result: CapacityResult, say: Say) -> list[Note]:
    """What is over its limit: without end, or levelled by its queue."""
    notes = []
    for one in sorted((one for one in result.services if one.utilisation.value >= 1), key=lambda one: len(one.waits_for)):
        names = ", ".join(one.waits_for)
        if one.late is not None and one.within is not None and not one.overloaded:
            texts = {"late": show(one.late), "within": format_quantity(one.within, TIME)}
            notes.append(
                Note(say("capacity.levelled-by-queue", service=one.service, used=_percent(one.utilisation.value), **texts), "delayed")
            )
        elif one.late is not None and one.within is not None and math.isfinite(one.late.value):
            texts = {"late": show(one.late), "within": format_quantity(one.within, TIME)}
            notes.append(Note(say("capacity.too-late", service=one.service, used=_percent(one.utilisation.value), **texts), "failed"))
        elif math.isinf(one.utilisation.value):
            notes.append(Note(say("capacity.waits-for-ever", service=one.service, waits_for=names or "–"), "failed"))
        elif one.waits_for:
            notes.append(Note(say("capacity.behind", service=one.service, used=_percent(one.utilisation.value), waits_for=names), "failed"))
        else:
            notes.append(Note(say("capacity.overloaded", service=one.service, used=_percent(one.utilisation.value)), "failed"))
    return notes


def _limits(document: Document, result: CapacityResult, say: Say) -> list[Note]:
    """Bottleneck, headroom, and the rates at the limit."""
    notes = []
    busiest = next((one for one in result.services if one.service == result.bottleneck), None)
    if busiest is not None and math.isfinite(busiest.at_most.value):
        notes.append(Note(say("capacity.bottleneck", service=busiest.service, used=_percent(busiest.at_most.value))))
    headroom = result.headroom
    document.number("headroom", headroom.factor)
    document.number("headroom.scale", headroom.scale)
    limit = _limit(headroom, say)
    if headroom.scale.value <= 0:
        notes.append(Note(say("capacity.headroom-none", limit=limit), "failed"))
        return notes
    if not headroom.limited_by:
        notes.append(Note(say("capacity.headroom-unlimited")))
        return notes
    key, style = ("capacity.headroom", "good") if headroom.factor.value >= 0 else ("capacity.headroom-passed", "failed")
    texts = {"scale": f"{headroom.scale.value:.3g}", "factor": format_quantity(abs(headroom.factor.value), SHARE), "limit": limit}
    notes.append(Note(say(key, **texts), style))
    rates = ", ".join(f"{flow} {document.number(f'{flow}.highest-rate', number).text}" for flow, number in headroom.rates.items())
    notes.append(Note(say("capacity.highest", rates=rates)))
    return notes


def _limit(headroom: Headroom, say: Say) -> str:
    """What limits the load, in words: a service, or the promise of a flow."""
    if headroom.deadline is not None:
        return say("capacity.limit-deadline", service=headroom.limited_by, deadline=format_quantity(headroom.deadline, TIME))
    if headroom.promised is None:
        return say("capacity.limit-service", service=headroom.limited_by)
    flow, _, objective = headroom.limited_by.partition(".")
    return say("capacity.limit-promise", flow=flow, promise=f"{say(f'objective.{objective}')} {format_quantity(headroom.promised, TIME)}")


def _needed(document: Document, result: CapacityResult, say: Say) -> Table:
    """Replicas by service and workload."""
    columns = [
        Column("service", say("column.service")),
        Column("replicas", say("capacity.running"), right=True),
        Column("most", say("capacity.most"), right=True),
    ]
    by_percentile = bool(result.target.percentile)
    for workload in result.workloads:
        if by_percentile:
            columns.append(Column(f"{workload}.utilisation", workload, right=True))
            columns.append(Column(f"{workload}.{result.target.percentile}", result.target.percentile, right=True))
        else:
            columns.append(Column(workload, workload, right=True))
    rows = []
    for one in result.services:
        cells = [Cell(one.service, "name"), document.number(f"{one.service}.replicas", one.replicas)]
        cells.append(document.number(f"{one.service}.most", one.most) if one.most is not None else Cell("–", "muted", ""))
        there = (one.most or one.replicas).value
        for workload in result.workloads:
            if by_percentile:
                cells.append(_count(document, f"{one.service}.needed.{workload}.utilisation", one.by_utilisation.get(workload), there))
            cells.append(_count(document, f"{one.service}.needed.{workload}", one.needed.get(workload), there))
        rows.append(tuple(cells))
    return Table(tuple(columns), tuple(rows), _needed_title(result, say))


def _needed_title(result: CapacityResult, say: Say) -> str:
    target = result.target
    if target.percentile:
        return say("capacity.needed-percentile", percentile=target.percentile, within=format_quantity(target.within_s, TIME))
    if target.utilisation is not None:
        return say("capacity.needed-utilisation", target=format_quantity(target.utilisation, SHARE))
    return say("capacity.needed-own")


def _count(document: Document, id: str, number: Number | None, there: float) -> Cell:
    """Marked where there cannot be so many; plain, for a number of replicas is whole."""
    if number is None:
        return Cell("–", "muted", "")
    cell = document.number(id, number, "bad" if number.value > there else "")
    return replace(cell, text=format_quantity(number.value, "count"))


def _sizing(document: Document, result: CapacityResult, say: Say) -> list[Note]:
    """What no number of replicas reaches, and growing the part against growing the whole."""
    notes = []
    if result.unreachable is not None:
        document.number("unreachable", result.unreachable)
        target = result.target
        texts = {"percentile": target.percentile, "within": format_quantity(target.within_s, TIME), "best": show(result.unreachable)}
        notes.append(Note(say("capacity.unreachable", **texts), "failed"))
    part = result.part
    if part is not None:
        for name, number in (("part", part.part), ("whole", part.whole), ("part-of-whole", part.share)):
            document.number(name, number)
        key = "capacity.part" if part.part.value < part.whole.value else "capacity.part-same"
        counts = {"part": f"{part.part.value:,.0f}", "whole": f"{part.whole.value:,.0f}", "share": format_quantity(part.share.value, SHARE)}
        notes.append(Note(say(key, before=part.compared_with, after=part.grown_to, largest=part.largest, **counts)))
    priced = result.part_price
    if priced is not None and part is not None and part.part.value < part.whole.value:
        document.number("part-price", priced.part)
        document.number("whole-price", priced.whole)
        prices = {"part": show(priced.part), "whole": show(priced.whole), "share": format_quantity(priced.share.value, SHARE)}
        notes.append(Note(say("capacity.part-price", **prices), "muted"))
    return notes


def _functions(document: Document, functions: Sequence[ServiceCapacity], say: Say) -> Table:
    columns = (
        Column("service", say("capacity.function")),
        Column("throttled", say("capacity.throttled"), right=True),
        Column("cold", say("capacity.cold"), right=True),
    )
    rows = tuple(
        (
            Cell(one.service, "name"),
            _share(document, f"{one.service}.throttled", one.throttled),
            _share(document, f"{one.service}.cold", one.cold),
        )
        for one in functions
    )
    return Table(columns, rows, say("capacity.functions"))


def _share(document: Document, id: str, number: Number | None) -> Cell:
    if number is None:
        return Cell("–", "muted", "")
    cell = document.number(id, number)
    return cell if number.value >= 1e-6 else Cell("–", "muted", number.value)
