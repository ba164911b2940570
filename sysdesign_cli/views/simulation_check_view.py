"""Theory against simulation, and an outage measured beside computed, for reading."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from sysdesign_cli.analyses.failover_simulated import Beside, SimulatedOutage
from sysdesign_cli.analyses.simulation_check import Compared, SimulationCheck
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import TIME, format_quantity
from sysdesign_cli.views.document import Cell, Column, Document, Heading, Note, Table, show
from sysdesign_cli.views.interval import half_width_of, with_interval

_STYLES: Final = {"agrees": "good", "expected": "", "chance": "muted", "parts": "bad"}
#: Figures of services that are only shown where they do not agree.
_DULL: Final = ("rate",)


def check_simulation_document(check: SimulationCheck, say: Say, *, whole: bool = False) -> Document:
    """whole: also the figures that agree and that nobody asks for."""
    result = check.simulation
    document = Document()
    workload = result.workload_title.in_language(say.language) or result.workload
    length = format_quantity(result.length_s, TIME)
    document.add(Heading(result.scenario, say("simcheck.heading", workload=workload, length=length, seed=result.seed)))
    if check.saturated:
        document.add(Note(say("simcheck.saturated", services=", ".join(check.saturated)), "failed"))
    if result.stopped == "full":
        document.add(Note(say("simulate.full", until=format_quantity(max(0.0, result.until_s), TIME)), "failed"))
        return document
    if not result.batches and result.replications < 2:
        document.add(Note(say("simcheck.no-interval"), "warning"))
    flows = {flow.flow for flow in result.flows}
    shown = [row for row in check.rows if whole or row.part in flows or row.metric not in _DULL or row.verdict != "agrees"]
    document.add(_table(document, [row for row in shown if row.part in flows], say, say("column.flow")))
    document.add(_table(document, [row for row in shown if row.part not in flows], say, say("column.service")))
    document.add(*_summary(check, say))
    document.assumptions += [say("assume.simcheck-level"), say("assume.simcheck-chance")]
    return document


def _table(document: Document, rows: list[Compared], say: Say, part: str) -> Table:
    columns = (
        Column("part", part),
        Column("figure", say("simcheck.figure")),
        Column("theory", say("simcheck.theory"), True),
        Column("simulated", say("simcheck.simulated"), True),
        Column("difference", say("simcheck.difference"), True),
        Column("z", "z", True),
        Column("verdict", say("simcheck.verdict")),
    )
    return Table(columns, tuple(_row(document, row, say) for row in rows))


def _row(document: Document, row: Compared, say: Say) -> tuple[Cell, ...]:
    id = f"{row.part}.{row.metric}"
    verdict = say(f"simcheck.{row.verdict}")
    if row.blame:
        verdict += ": " + (f"{row.about}, " if row.about else "") + say(f"blame.{row.blame}")
    return (
        Cell(row.part, "name"),
        Cell(say(f"simcheck.of-{row.metric}")),
        document.number(f"{id}.theory", row.theory),
        measured_cell(document, f"{id}.simulated", row.simulated),
        Cell(_difference(row.difference), "", row.difference if math.isfinite(row.difference) else ""),
        Cell("–" if row.z is None else f"{row.z:+.1f}", "muted" if row.z is None else "", "" if row.z is None else row.z),
        Cell(verdict, _STYLES[row.verdict], row.verdict),
    )


def measured_cell(document: Document, id: str, number: Number) -> Cell:
    """A simulated number with its interval, remembered for --why."""
    cell = document.number(id, number)
    return replace(cell, text=with_interval(number.value, half_width_of(number.note), number.unit))


def _difference(share: float) -> str:
    if not math.isfinite(share):
        return "–"
    return f"{share * 100:+.1f} %" if abs(share) >= 0.0005 else "0 %"


def _summary(check: SimulationCheck, say: Say) -> list[Note]:
    counts = {verdict: sum(row.verdict == verdict for row in check.rows) for verdict in _STYLES}
    parts = ", ".join(f"{say(f'simcheck.{verdict}')} {count}" for verdict, count in counts.items() if count)
    notes = [Note(say("simcheck.summary", count=len(check.rows), parts=parts))]
    if check.apart:
        notes.append(Note(say("simcheck.apart"), "warning"))
    return notes


def outage_blocks(document: Document, outage: SimulatedOutage, say: Say) -> None:
    """The table of a simulated outage, to stand below what was computed."""
    rows = tuple(_beside(document, row, say) for row in outage.rows)
    columns = (
        Column("about", say("simcheck.about")),
        Column("figure", say("simcheck.figure")),
        Column("computed", say("simcheck.theory"), True),
        Column("measured", say("simcheck.simulated"), True),
        Column("difference", say("simcheck.difference"), True),
    )
    times = {"before": format_quantity(outage.before_s, TIME), "after": format_quantity(outage.after_s, TIME)}
    if rows:
        document.add(Table(columns, rows, say("simoutage.title")))
    else:
        document.add(Note(say("simoutage.nothing")))
    document.add(Note(say("simoutage.how", runs=outage.replications, seed=outage.seed, **times), "muted"))
    if outage.stopped:
        document.add(Note(say(f"simoutage.{outage.stopped}"), "warning"))
    document.assumptions.append(say("assume.simoutage"))


def _beside(document: Document, row: Beside, say: Say) -> tuple[Cell, ...]:
    id = f"{row.about}.{row.metric}"
    computed, measured = row.computed, row.measured
    apart = math.nan
    if computed is not None and measured is not None and computed.value and math.isfinite(computed.value):
        apart = measured.value / computed.value - 1
    return (
        Cell(row.about, "name"),
        Cell(say(f"simoutage.{row.metric}")),
        Cell("–", "muted", "") if computed is None else Cell(show(computed), "", computed.value),
        Cell(say("simoutage.not-there"), "muted", "") if measured is None else measured_cell(document, f"{id}.measured", measured),
        Cell(_difference(apart), "", apart if math.isfinite(apart) else ""),
    )
