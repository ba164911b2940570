"""Chaos experiments, for reading and for copying."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from sysdesign_cli.analyses.experiments import Experiment, ExperimentsResult
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import TIME, format_quantity
from sysdesign_cli.views.document import Cell, Code, Column, Document, Heading, Note, Table

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_STYLES = {"answer": "failed", "completion": "lost", "deadline": "delayed", "parked": "delayed", "late": "delayed", "nothing": "bad"}


def experiments_document(result: ExperimentsResult, say: Say, changes: Sequence[str] = ()) -> Document:
    """changes: those of the command line, which every experiment needs as well."""
    document = Document()
    workload = result.workload_title.in_language(say.language) or result.workload
    heading = say("experiments.heading", flow=result.flow, workload=workload, clock=result.clock)
    document.add(Heading(result.scenario, heading))
    if not result.experiments:
        return document.add(Note(say("availability.nothing-stops", flow=result.flow)))
    columns = (
        Column("number", "", right=True),
        Column("kill", say("column.kill")),
        Column("expect", say("experiments.expect")),
        Column("by-itself", say("experiments.by-itself"), right=True),
        Column("others", say("experiments.others")),
    )
    rows = tuple(_row(document, number, one, result.flow, say) for number, one in enumerate(result.experiments, 1))
    document.add(Table(columns, rows))
    if result.more:
        document.add(Note(say("experiments.more", count=result.more), "muted"))
    document.add(Note(say("experiments.commands")))
    for number, one in enumerate(result.experiments, 1):
        document.add(Code(f"  {command(one, result.scenario, result.workload, changes)}  # {number}"))
    document.add(Note(say("experiments.rules"), "muted"))
    return document


def _row(document: Document, number: int, one: Experiment, flow: str, say: Say) -> tuple[Cell, ...]:
    killed = " + ".join([*one.kill, *(say("zone", zone=zone) for zone in one.zones)])
    expected = say(f"experiments.expect-{one.hits}", flow=flow)
    if one.lasts_s is not None:
        expected += " " + say("experiments.only-after", lasts=format_quantity(one.lasts_s, TIME))
    return (
        Cell(str(number), "muted", float(number)),
        Cell(killed, "name"),
        Cell(expected, _STYLES[one.hits], one.hits),
        document.number(f"{number}.a-year", one.down),
        Cell(", ".join(one.others) or "–", "" if one.others else "muted"),
    )


def command(one: Experiment, scenario: str, workload: str, changes: Sequence[str] = ()) -> str:
    """The same on the model."""
    words = ["sysdesign failover", shlex.quote(scenario)]
    words += [f"--kill {shlex.quote(name)}" for name in one.kill] + [f"--zone {shlex.quote(zone)}" for zone in one.zones]
    words += [f"--for {_duration(one.lasts_s)}"] if one.lasts_s is not None else []
    words += [f"--workload {shlex.quote(workload)}"]
    return " ".join(words + [f"--set {shlex.quote(change)}" for change in (*changes, *one.changes)])


def _duration(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds % size == 0), (1.0, "s"))
    return f"{seconds / size:.15g}{unit}"
