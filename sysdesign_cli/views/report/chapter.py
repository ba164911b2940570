"""One scenario's part of the report in one language: every section's documents, charts and diagram, ready for the templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from sysdesign_cli.analyses.dossier import Dossier, Refused, Together
from sysdesign_cli.analyses.picture import Picture
from sysdesign_cli.analyses.rules import all_rules
from sysdesign_cli.messages import Say
from sysdesign_cli.views.availability_view import availability_document
from sysdesign_cli.views.capacity_view import capacity_document
from sysdesign_cli.views.check_view import check_document
from sysdesign_cli.views.compare_view import compare_document
from sysdesign_cli.views.cost_view import cost_document
from sysdesign_cli.views.document import Cell, Column, Document, Note, Table
from sysdesign_cli.views.failover_view import ranking_document
from sysdesign_cli.views.latency_view import latency_document
from sysdesign_cli.views.problem_view import problem_sentence
from sysdesign_cli.views.report.charts import Chart
from sysdesign_cli.views.report.derivations import Derivations
from sysdesign_cli.views.report.figures import cost_chart, day_charts, latency_charts, plane_chart
from sysdesign_cli.views.report.refusals import refusal
from sysdesign_cli.views.report.shown import Journey, Shown, journey_shown, shown
from sysdesign_cli.views.report.summary import Verdict, verdicts
from sysdesign_cli.views.scenario_view import defaults_document
from sysdesign_cli.views.tradeoff_view import tradeoff_document
from sysdesign_cli.views.verify_view import verify_document

Result = TypeVar("Result")

#: Flows whose cut sets are shown besides those of the worst; of others the command line tells them.
CUT_SETS_OF: Final = 12
#: Sections of a chapter, in order; each has its title ``report.section.<name>`` and its opening sentence ``report.about.<name>``.
SECTIONS: Final = ("map", "flows", "latency", "failures", "availability", "capacity", "cost", "claims", "findings", "assumptions")


@dataclass(frozen=True)
class FlowState:
    """A line of the list beside the diagram."""

    flow: str
    title: str


@dataclass(frozen=True)
class Part:
    """Something with a heading below a section's own, folded until it is opened."""

    title: str
    body: Shown


@dataclass(frozen=True)
class Chapter:
    """id: beginning of every id in it. drawing: the diagram, "" where it could not be drawn; undrawn: why."""

    id: str
    address: str
    title: str
    description: str
    setting: str
    changed: tuple[str, ...]
    left_out: tuple[str, ...]
    verdicts: tuple[tuple[Verdict, int | None], ...]
    drawing: str
    undrawn: str
    flow_states: tuple[FlowState, ...]
    zones: tuple[str, ...]
    journeys: tuple[Journey, ...]
    bodies: dict[str, Shown]
    parts: dict[str, tuple[Part, ...]]
    charts: dict[str, tuple[Chart, ...]]
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class Side:
    """The part on several scenarios together."""

    comparison: Shown
    tradeoff: Shown | None
    planes: tuple[Chart, ...]


Draw = Callable[[Picture, Say, str], tuple[str, str]]


def chapter(id: str, dossier: Dossier, draw: Draw, say: Say, derivations: Derivations, changes: Sequence[str]) -> Chapter:
    """draw: the diagram in one language, and why there is none. changes: asked for; not each has a place in every scenario."""
    bodies = _bodies(dossier, say, derivations)
    journeys: tuple[Journey, ...] = ()
    if isinstance(dossier.flows, Refused):
        bodies["flows"] = refusal(dossier.flows, say)
    else:
        journeys = tuple(journey_shown(result, say, derivations) for result in dossier.flows)
    parts = _parts(dossier, say, derivations)
    told = [text for body in bodies.values() for text in body.assumptions]
    told += [text for journey in journeys for text in journey.rest.assumptions]
    if isinstance(dossier.picture, Refused):
        drawing, undrawn = "", say("report.no-picture", why=" ".join(problem_sentence(one, say) for one in dossier.picture.problems))
    else:
        drawing, undrawn = draw(dossier.picture, say, f"{id}drawing")
    scenario = dossier.scenario
    return Chapter(
        id=id,
        address=scenario.address or scenario.label,
        title=scenario.title.in_language(say.language) or scenario.label,
        description=scenario.description.in_language(say.language),
        setting=_setting(dossier, say),
        changed=dossier.scenario.changes,
        left_out=tuple(change for change in changes if change not in dossier.scenario.changes),
        verdicts=tuple((one, None if one.number is None else derivations.place(one.number)) for one in verdicts(dossier, say)),
        drawing=drawing,
        undrawn=undrawn,
        flow_states=tuple(FlowState(flow.name, flow.title.in_language(say.language)) for flow in scenario.flows.values()),
        zones=() if isinstance(dossier.failures, Refused) else tuple(str(zone) for zone in scenario.zones),
        journeys=journeys,
        bodies=bodies,
        parts=parts,
        charts=_charts(dossier, say),
        assumptions=tuple(dict.fromkeys(told)),
    )


def together(side: Together, say: Say, derivations: Derivations) -> Side:
    return Side(
        _body(side.comparison, lambda result: compare_document(result, say), say, derivations),
        None if side.tradeoff is None else _body(side.tradeoff, lambda result: tradeoff_document(result, say), say, derivations),
        tuple(plane_chart(plane, say) for plane in side.planes),
    )


def _setting(dossier: Dossier, say: Say) -> str:
    """Under which load all this was worked out."""
    if isinstance(dossier.latency, Refused):
        return ""
    workload = dossier.latency.workload_title.in_language(say.language) or dossier.latency.workload
    return say("report.setting", workload=workload, clock=dossier.latency.clock)


def _body(answer: Result | Refused, document: Callable[[Result], Document], say: Say, derivations: Derivations) -> Shown:
    return refusal(answer, say) if isinstance(answer, Refused) else shown(document(answer), derivations)


def _bodies(dossier: Dossier, say: Say, derivations: Derivations) -> dict[str, Shown]:
    bodies = {
        "latency": _body(dossier.latency, lambda result: _without_bars(latency_document(result, say)), say, derivations),
        "failures": _body(dossier.ranking, lambda result: ranking_document(result, say), say, derivations),
        "availability": _body(dossier.availability, lambda result: availability_document(result, say), say, derivations),
        "capacity": _body(dossier.capacity, lambda result: capacity_document(result, say), say, derivations),
        "cost": _body(dossier.cost, lambda result: cost_document(result, say), say, derivations),
        "claims": _body(dossier.claims, lambda result: verify_document(result, say), say, derivations),
        "findings": _body(dossier.findings, lambda result: check_document(result, all_rules(), say), say, derivations),
        "sources": shown(_sources(dossier, say), derivations),
        "defaults": shown(_defaults(dossier, say), derivations),
    }
    if isinstance(dossier.day, Refused):
        bodies["day"] = refusal(dossier.day, say)
    return bodies


def _without_bars(document: Document) -> Document:
    """Bars made of characters are for terminals; here there are charts."""
    drawn = [block for block in document.blocks if isinstance(block, Table) and any(column.key == "bar" for column in block.columns)]
    return replace(document, blocks=[block for block in document.blocks if block not in drawn])


def _parts(dossier: Dossier, say: Say, derivations: Derivations) -> dict[str, tuple[Part, ...]]:
    """Cut sets of the flows that the section itself does not look into."""
    if isinstance(dossier.availabilities, Refused) or isinstance(dossier.availability, Refused):
        return {}
    others = [one for one in dossier.availabilities if one.detail.flow != dossier.availability.detail.flow]
    longest = sorted(others, key=lambda one: -one.flows[0].completion_down.value)[:CUT_SETS_OF]
    left_out = [one.detail.flow for one in others if one not in longest]
    others = [one for one in others if one in longest]
    found = [Part(say("report.cut-sets-of", flow=one.detail.flow), shown(availability_document(one, say), derivations)) for one in others]
    if left_out:
        hint = Document([Note(say("report.cut-sets-left-out", names=_some(left_out), scenario=dossier.scenario.address))])
        found.append(Part(say("report.cut-sets-others", count=len(left_out)), shown(hint, derivations)))
    return {"availability": tuple(found)}


def _charts(dossier: Dossier, say: Say) -> dict[str, tuple[Chart, ...]]:
    charts: dict[str, tuple[Chart, ...]] = {}
    if not isinstance(dossier.latency, Refused):
        charts["latency"] = tuple(latency_charts(dossier.latency, say))
    if not isinstance(dossier.day, Refused):
        charts["capacity"] = tuple(day_charts(dossier.day, say))
        if dossier.day.cost is not None and dossier.day.cost.day.value > 0:
            charts["cost"] = (cost_chart(dossier.day.cost, say),)
    return charts


def _defaults(dossier: Dossier, say: Say) -> Document:
    """Every figure that the file does not state, each value once, with where it holds."""
    document = defaults_document(dossier.scenario, say)
    table = next(block for block in document.blocks if isinstance(block, Table))
    where, field, value = table.columns
    holds: dict[tuple[Cell, Cell], list[str]] = {}
    for at, path, figure in table.rows:
        holds.setdefault((path, figure), []).append(at.text)
    rows = tuple((path, figure, Cell(_some(names))) for (path, figure), names in holds.items())
    blocks = [Table((field, value, where), rows) if block is table else block for block in document.blocks]
    return replace(document, blocks=blocks)


def _some(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f", … (+{len(names) - most})" if len(names) > most else "")


def _sources(dossier: Dossier, say: Say) -> Document:
    """Everything that figures of the scenario and its prices were taken from."""
    columns = (
        Column("id", say("report.source")),
        Column("title", say("column.title")),
        Column("date", say("report.date"), right=True),
        Column("grade", say("report.grade")),
        Column("address", say("report.address")),
    )
    rows = [
        (
            Cell(name, "name"),
            Cell(source.title.in_language(say.language) or "–"),
            Cell(source.date or "–"),
            Cell(say(f"grade.{source.grade}") if source.grade else "–"),
            Cell(source.address or "–"),
        )
        for name, source in dossier.sources.items()
    ]
    return Document().add(Table(columns, tuple(rows)) if rows else Note(say("report.no-sources"), "muted"))
