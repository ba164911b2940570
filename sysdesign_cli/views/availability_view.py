"""Availability, for reading: how much of a year flows work, why they do not, and what would help."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sysdesign_cli.analyses.availability import (
    DEGRADES,
    DELAYS,
    NOTICED,
    STOPS,
    AvailabilityResult,
    Cut,
    Cuts,
    Detail,
    FlowAvailability,
    Weight,
)
from sysdesign_cli.analyses.improvements import Improvement
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.structure import CATCHING_UP, DEPLOY, GROUP, WHOLE, ZONE, Component
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, format_quantity
from sysdesign_cli.views.cost_view import money
from sysdesign_cli.views.document import Cell, Code, Column, Document, Heading, Note, Table, show
from sysdesign_cli.views.interval import half_width_of

#: Rows shown of each table.
CUTS_SHOWN: Final = 10
MILD_SHOWN: Final = 5
WEIGHTS_SHOWN: Final = 8
CHANGES_SHOWN: Final = 6
#: A share below this is written as a power of ten.
_SMALL: Final = 1e-5
_STATES: Final = ("ok", "degraded", "delayed", "down")


def availability_document(result: AvailabilityResult, say: Say, changes: Sequence[str] = ()) -> Document:
    """changes: those of the command line, which the commands to go on with need as well."""
    document = Document()
    workload = result.workload_title.in_language(say.language) or result.workload
    document.add(Heading(result.scenario, say("availability.heading", workload=workload, clock=result.clock)))
    document.add(_answers(document, result, say), _states(document, result, say))
    detail, flow = result.detail, next(one for one in result.flows if one.flow == result.detail.flow)
    names = Names(detail, say)
    document.add(*_cut_sets(document, detail, flow, names, say))
    document.add(*_singles(flow, detail, names, say))
    if detail.weights:
        document.add(_weights(document, detail, names, say), Note(say("availability.weights-mean"), "muted"))
    if detail.improvements is not None:
        document.add(*_improvements(document, detail, detail.improvements, say))
        document.add(*_to_try(result, detail.improvements[:CHANGES_SHOWN], changes, say))
    document.add(*_warnings(result, say))
    document.add(Note(say("availability.go-on")), Code(f"  {_again(result, changes)} --experiments"))
    document.assumptions += assumptions(result.clock, result.still_serves, detail, say)
    return document


def assumptions(clock: str, still_serves: float, detail: Detail | None, say: Say) -> list[str]:
    found = [say("assume.availability-load", clock=clock, busy=format_quantity(still_serves, SHARE))]
    found += [say(f"assume.availability-{what}") for what in ("independent", "exponential", "beyond", "no-cascade")]
    found += [say("assume.availability-singles", share=format_quantity(NOTICED, SHARE))]
    kinds = {part.kind for part in detail.parts} if detail is not None else set()
    found += [say("assume.availability-groups")] if GROUP in kinds else []
    found += [say("assume.availability-catching-up")] if CATCHING_UP in kinds else []
    found += [say("assume.availability-costs")] if detail is not None and detail.improvements else []
    return found + ([say("assume.availability-stated")] if detail is not None and detail.stated else [])


class Names:
    """What components are called on the page."""

    def __init__(self, detail: Detail, say: Say) -> None:
        self.say = say
        self.parts: dict[str, Component] = {part.name: part for part in detail.parts}
        self.stated = {one.service for one in detail.stated}

    def __call__(self, name: str) -> str:
        part = self.parts[name]
        if part.kind == ZONE:
            return self.say("zone", zone=part.zone)
        if part.kind == DEPLOY:
            return self.say("availability.part-deploy", service=part.service)
        if part.kind == CATCHING_UP:
            return self.say("availability.part-catching-up", service=part.service)
        if part.kind == GROUP:
            left = re.search(r"(\d+) \D*$", part.name)
            return self.say("availability.part-group", service=part.service, count=part.replica, of=left[1] if left else "")
        stated = part.kind == WHOLE and part.service in self.stated
        return self.say("availability.part-stated", service=part.service) if stated else part.name

    def joined(self, cut: Cut) -> str:
        return " + ".join(self(name) for name in cut.components)


def chance_cell(document: Document, id: str, number: Number) -> Cell:
    """A share that may be very small: as a power of ten then."""
    cell = document.number(id, number)
    if not 0 < number.value < _SMALL:
        return cell
    half = half_width_of(number.note) if number.method == "simulated" else None
    if half:
        return replace(cell, text=f"{number.value:.1e} ± {half:.1e}")
    sign = show(number).partition(" ")[0] if number.method not in ("exact", "simulated") else ""
    return replace(cell, text=f"{sign} {number.value:.1e}".strip())


def _answers(document: Document, result: AvailabilityResult, say: Say) -> Table:
    columns = (
        Column("flow", say("column.flow")),
        Column("answered", say("availability.answered"), right=True),
        Column("down", say("availability.down-a-year"), right=True),
        Column("promised", say("column.promised"), right=True),
        Column("met", ""),
    )
    return Table(columns, tuple(_answer(document, flow, say) for flow in result.flows), say("availability.answers"))


def _answer(document: Document, flow: FlowAvailability, say: Say) -> tuple[Cell, ...]:
    promised = Cell("–", "muted", "")
    if flow.objective is not None:
        promised = document.number(f"{flow.flow}.objective", flow.objective)
    met = Cell(say("no-objective"), "muted") if flow.met is None else Cell(say("met"), "good") if flow.met else Cell(say("breached"), "bad")
    answer = document.number(f"{flow.flow}.answer", flow.answer)
    if flow.met is False and answer.text.lstrip("> ≈") == promised.text:
        answer = replace(answer, text=_apart(flow.answer, promised.text))
    return Cell(flow.flow, "name"), answer, document.number(f"{flow.flow}.answer-down", flow.answer_down), promised, met


def _apart(number: Number, other: str) -> str:
    """With so many digits that a promise just missed does not look kept."""
    texts = (f"{number.value * 100:.{digits}f} %" for digits in range(3, 13))
    return next((text for text in texts if float(text[:-2]) != float(other[:-2])), other)


def _states(document: Document, result: AvailabilityResult, say: Say) -> Table:
    columns = (
        Column("flow", say("column.flow")),
        *(Column(state, say(f"availability.state-{state}"), right=True) for state in _STATES),
        Column("down-a-year", say("availability.down-a-year"), right=True),
    )
    rows = []
    for flow in result.flows:
        document.number(f"{flow.flow}.completion", flow.completion)
        cells = [_state(document, flow, state) for state in _STATES]
        rows.append((Cell(flow.flow, "name"), *cells, document.number(f"{flow.flow}.completion-down", flow.completion_down)))
    return Table(columns, tuple(rows), say("availability.completions"))


def _state(document: Document, flow: FlowAvailability, state: str) -> Cell:
    number = flow.states[state]
    cell = chance_cell(document, f"{flow.flow}.{state}", number)
    return cell if number.value else Cell("–", "muted", 0.0)


def _cut_sets(document: Document, detail: Detail, flow: FlowAvailability, names: Names, say: Say) -> list[Table | Note]:
    """What stops, delays and degrades the flow; without anything to list, one sentence."""
    rows = detail.stopping()
    if not rows:
        return [Note(say("availability.nothing-stops", flow=detail.flow))]
    columns = [Column("down", say("availability.a-year"), right=True), Column("chance", say("availability.share-of-time"), right=True)]
    columns += [Column("what", say("availability.stops"))] if flow.asynchronous else []
    columns.append(Column("components", say("availability.all-of")))
    shown = []
    for what, cut in rows[:CUTS_SHOWN]:
        cells = _cut(document, "stops", cut, names)
        stops = (Cell(say(f"availability.stops-{what}"), "failed" if what == "answer" else "lost"),) if flow.asynchronous else ()
        shown.append((*cells[:2], *stops, cells[2]))
    blocks: list[Table | Note] = [Table(tuple(columns), tuple(shown), say("availability.what-stops", flow=detail.flow))]
    if len(rows) > CUTS_SHOWN:
        blocks.append(Note(say("availability.more-sets", count=len(rows) - CUTS_SHOWN), "muted"))
    blocks += [_sizes(document, cuts, say) for cuts in detail.cuts if cuts.what == STOPS]
    for what in (DELAYS, DEGRADES):
        if only := detail.only(what):
            blocks += _milder(document, what, only, detail, names, say)
    return blocks


def _cut(document: Document, kind: str, cut: Cut, names: Names) -> tuple[Cell, Cell, Cell]:
    id = f"{kind}.{'+'.join(cut.components)}"
    chance = chance_cell(document, id, cut.probability)
    return document.number(f"{id}.a-year", cut.down), chance, Cell(names.joined(cut))


def _sizes(document: Document, cuts: Cuts, say: Say) -> Note:
    """How many sets of each size, and what is not listed."""
    counts = ", ".join(say("availability.of-size", size=size, count=count) for size, count in enumerate(cuts.by_order) if count)
    if cuts.left_out is None:
        return Note(say("availability.sizes-all", counts=counts), "muted")
    left = chance_cell(document, "left-out", cuts.left_out)
    key = "availability.sizes-left-out" if cuts.left_out.method == "exact" else "availability.sizes-left-out-most"
    return Note(say(key, counts=counts, left=left.text.lstrip("≤ "), order=max(1, len(cuts.by_order) - 1)), "muted")


def _milder(document: Document, what: str, only: list[Cut], detail: Detail, names: Names, say: Say) -> list[Table | Note]:
    columns = (
        Column("down", say("availability.a-year"), right=True),
        Column("chance", say("availability.share-of-time"), right=True),
        Column("components", say("availability.all-of")),
    )
    kind = "delays" if what == DELAYS else "degrades"
    rows = tuple(_cut(document, kind, cut, names) for cut in only[:MILD_SHOWN])
    found: list[Table | Note] = [Table(columns, rows, say(f"availability.what-{kind}", flow=detail.flow))]
    if len(only) > MILD_SHOWN:
        found.append(Note(say("availability.more-sets", count=len(only) - MILD_SHOWN), "muted"))
    return found


def _singles(flow: FlowAvailability, detail: Detail, names: Names, say: Say) -> list[Note]:
    """The likeliest first."""
    if not flow.singles:
        return [Note(say("availability.no-single", flow=flow.flow), "good")]
    by_chance = [cut.components[0] for cut in detail.sets(STOPS) if len(cut.components) == 1 and cut.components[0] in flow.singles]
    listed = ", ".join(names(name) for name in dict.fromkeys([*by_chance, *flow.singles]))
    return [Note(say("availability.singles", flow=flow.flow, count=len(flow.singles), names=listed), "warning")]


def _weights(document: Document, detail: Detail, names: Names, say: Say) -> Table:
    columns = (
        Column("component", say("availability.component")),
        Column("unavailability", say("availability.is-down"), right=True),
        *(Column(kind, say(f"availability.{kind}"), right=True) for kind in ("fussell-vesely", "criticality", "birnbaum")),
    )
    rows = tuple(_weight(document, weight, names) for weight in detail.weights[:WEIGHTS_SHOWN])
    return Table(columns, rows, say("availability.what-matters", flow=detail.flow))


def _weight(document: Document, weight: Weight, names: Names) -> tuple[Cell, ...]:
    id = f"weight.{weight.component}"
    return (
        Cell(names(weight.component), "name"),
        chance_cell(document, f"{id}.unavailability", weight.unavailability),
        chance_cell(document, f"{id}.fussell-vesely", weight.fussell_vesely),
        chance_cell(document, f"{id}.criticality", weight.criticality),
        chance_cell(document, f"{id}.birnbaum", weight.birnbaum),
    )


def _improvements(document: Document, detail: Detail, found: tuple[Improvement, ...], say: Say) -> list[Table | Note]:
    if not found:
        return [Note(say("availability.no-improvement", flow=detail.flow), "muted")]
    columns = (
        Column("number", "", right=True),
        Column("saves", say("availability.saves"), right=True),
        Column("left", say("availability.left"), right=True),
        Column("costs", say("availability.costs"), right=True),
        Column("change", say("availability.change")),
    )
    rows = tuple(_improvement(document, number, one, say) for number, one in enumerate(found[:CHANGES_SHOWN], 1))
    blocks: list[Table | Note] = [Table(columns, rows, say("availability.what-helps", flow=detail.flow))]
    if len(found) > CHANGES_SHOWN:
        blocks.append(Note(say("availability.more-changes", count=len(found) - CHANGES_SHOWN), "muted"))
    return blocks


def _improvement(document: Document, number: int, one: Improvement, say: Say) -> tuple[Cell, ...]:
    id = f"{one.kind}.{one.subject}"
    costs = Cell(say("availability.not-priced"), "warning", "")
    if one.costs is not None:
        cell = document.number(f"{id}.costs", one.costs)
        costs = replace(cell, text=money(one.costs) if one.costs.value else "$0")
    return (
        Cell(str(number), "muted", float(number)),
        document.number(f"{id}.saves", one.saves, "good"),
        document.number(f"{id}.left", one.down),
        costs,
        Cell(say(f"availability.change-{one.kind}", subject=one.subject, **one.detail)),
    )


def _to_try(result: AvailabilityResult, found: Sequence[Improvement], changes: Sequence[str], say: Say) -> list[Note | Code]:
    """The same question with each change made, where ``--set`` can make it."""
    commands = [Code(f"  {_again(result, (*changes, *one.changes))}  # {number}") for number, one in enumerate(found, 1) if one.changes]
    return [Note(say("availability.to-try")), *commands] if commands else []


def _again(result: AvailabilityResult, changes: Sequence[str]) -> str:
    words = ["sysdesign availability", shlex.quote(result.scenario), shlex.quote(result.detail.flow)]
    return " ".join([*words, f"--workload {shlex.quote(result.workload)}", *(f"--set {shlex.quote(change)}" for change in changes)])


def _warnings(result: AvailabilityResult, say: Say) -> list[Note]:
    """What the figures rest on and should not: too few replicas, queues without an end, promises taken for measurements."""
    notes = []
    for short in result.short:
        notes.append(Note(say("availability.short", service=short.service, needs=short.needs, replicas=short.replicas), "warning"))
    if result.never_drain:
        notes.append(Note(say("availability.never-drain", services=", ".join(result.never_drain)), "warning"))
    for key, sla in (("availability.stated-sla", True), ("availability.stated", False)):
        names = [one.service for one in result.detail.stated if one.sla == sla]
        if names:
            notes.append(Note(say(key, services=", ".join(names)), "warning" if sla else "muted"))
    return notes
