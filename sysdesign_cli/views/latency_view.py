"""How long answers take and where the time goes, for reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from sysdesign_cli.analyses.contributions import BROKER, COLD, DEVICE, LAG, NETWORK, PARALLEL, PROVIDER, WAIT, WORK, Contribution
from sysdesign_cli.analyses.jams import Jam
from sysdesign_cli.analyses.latency import FlowLatency, LatencyObjective, LatencyResult, Summary, nearest_to_promise
from sysdesign_cli.engine.distributions import Bar
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import COUNT, TIME, format_quantity
from sysdesign_cli.views.document import Cell, Code, Column, Document, Heading, Note, Table, show

#: A wait below this is none.
LEAST_S: Final = 1e-6
#: Columns of the contributor table -> the kinds of contribution in it. The first three are always there.
_KINDS: Final = {
    "work": (WORK,),
    "wait": (WAIT,),
    "network": (NETWORK,),
    "provider": (PROVIDER,),
    "device": (DEVICE,),
    "lag": (LAG, BROKER),
    "cold-start": (COLD,),
    "parallel": (PARALLEL,),
}
#: Parts that sum to the mean within this are not remarked on.
_AGREE: Final = 0.02
_ALWAYS: Final = ("work", "wait", "network")
_BAR_CELLS: Final = 24
_UNITS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def latency_document(result: LatencyResult, say: Say, commands: Sequence[str] = ()) -> Document:
    """commands: what to type to see the cure of a jam."""
    document = Document()
    document.add(Heading(result.scenario, _setting(result, say)))
    if not result.flows:
        return document.add(Note(say("latency.nothing-starts")))
    document.add(_flows(document, result, say))
    if (promises := _promises(document, result, say)) is not None:
        document.add(promises)
    document.add(*_jams(document, result, say))
    document.add(*(Code(f"  {command}") for command in commands))
    flow = nearest_to_promise(result.flows)
    if flow is not None and flow.answer is not None:
        document.add(_contributors(document, flow, say), *_cut(flow, say), _plot(flow.answer, flow, say))
    if result.elsewhere:
        document.add(_elsewhere(document, result, say))
    document.assumptions += [say("assume.busiest", clock=result.clock)]
    document.assumptions += [say(f"assume.{what}") for what in ("independent-parts", "waits", "held", "no-failures")]
    return document


def _setting(result: LatencyResult, say: Say) -> str:
    workload = result.workload_title.in_language(say.language) or result.workload
    killed = [*result.kill.services, *(say("zone", zone=zone) for zone in result.kill.zones)]
    note = say("latency.heading", workload=workload, clock=result.clock)
    return note + (" · " + say("latency.killed", names=", ".join(killed)) if killed else "")


def _flows(document: Document, result: LatencyResult, say: Say) -> Table:
    columns = (
        Column("flow", say("column.flow")),
        Column("rate", say("latency.rate"), right=True),
        *(Column(name, say(f"latency.{name}"), right=True) for name in ("mean", "p50", "p95", "p99")),
    )
    return Table(columns, tuple(row for flow in result.flows for row in _flow(document, flow, say)))


def _flow(document: Document, flow: FlowLatency, say: Say) -> list[tuple[Cell, ...]]:
    """The answer's row, and one for completion where that is something else."""
    rate = document.number(f"{flow.flow}.rate", flow.rate)
    rows = [(Cell(flow.flow, "name"), rate, *_times(document, flow.flow, flow.answer, say("latency.saturated") if flow.jams else "–"))]
    if flow.answer is not None and (flow.completion is not None or flow.jams):
        instead = say("latency.saturated" if flow.stuck else "latency.levels")
        done = _times(document, f"{flow.flow}.completion", flow.completion, instead)
        rows.append((Cell(f"  {say('column.completion')}", "", f"{flow.flow}.completion"), Cell("", "", rate.raw), *done))
    return rows


def _times(document: Document, id: str, times: Summary | None, instead: str) -> list[Cell]:
    if times is None:
        return [Cell(instead, "bad" if instead != "–" else "muted", ""), *[Cell("–", "muted", "")] * 3]
    return [document.number(f"{id}.{name}", number) for name, number in {"mean": times.mean, **times.percentiles}.items()]


def _promises(document: Document, result: LatencyResult, say: Say) -> Table | None:
    """Every promise about time: what it allows, what is computed, and what is left of it."""
    columns = (
        Column("flow", say("column.flow")),
        Column("objective", say("column.objective")),
        Column("promised", say("column.promised"), right=True),
        Column("computed", say("column.computed"), right=True),
        Column("left", say("latency.left"), right=True),
        Column("met", ""),
    )
    rows = []
    for flow in result.flows:
        for one in flow.objectives:
            promised = document.number(f"{flow.flow}.{one.objective}", one.promised)
            met = Cell(say("met" if one.met else "breached"), "good" if one.met else "bad")
            rows.append((Cell(flow.flow), Cell(say(f"objective.{one.objective}")), promised, *_left(one, say), met))
    return Table(columns, tuple(rows), say("latency.promises")) if rows else None


def _left(one: LatencyObjective, say: Say) -> tuple[Cell, Cell]:
    if not math.isfinite(one.computed.value):
        return Cell(say("never"), "bad", ""), Cell("–", "muted", "")
    left = one.promised.value - one.computed.value
    return Cell(show(one.computed), "", one.computed.value), Cell(format_quantity(left, TIME), "" if left >= 0 else "bad", left)


def _jams(document: Document, result: LatencyResult, say: Say) -> list[Note]:
    """Each saturated service once, and the flows whose queue only levels a rush."""
    notes = []
    for jam in {jam.service: jam for flow in result.flows if flow.stuck for jam in flow.jams}.values():
        notes.append(Note(_jam(document, jam, say), "failed"))
    for flow in result.flows:
        if flow.late is not None and math.isfinite(flow.late.value):
            document.number(f"{flow.flow}.late", flow.late)
            names = ", ".join(jam.service for jam in flow.jams)
            notes.append(Note(say("latency.levelled", flow=flow.flow, services=names, late=show(flow.late)), "delayed"))
        if flow.answer is not None and flow.answer.answered.value < 1 - 1e-3:
            document.number(f"{flow.flow}.answered", flow.answer.answered)
            notes.append(Note(say("latency.answered", flow=flow.flow, share=show(flow.answer.answered)), "muted"))
        if flow.answer is None and not flow.jams:
            notes.append(Note(say("latency.nobody-answered", flow=flow.flow), "failed"))
    return notes


def _jam(document: Document, jam: Jam, say: Say) -> str:
    document.number(f"{jam.service}.grows", jam.grows)
    document.number(f"{jam.service}.needed", jam.needed)
    if math.isinf(jam.utilisation.value):
        text = say("latency.jam-waits", service=jam.service, waits_for=", ".join(jam.waits_for) or "–", grows=show(jam.grows))
    else:
        document.number(f"{jam.service}.utilisation", jam.utilisation)
        key = "latency.jam" if jam.grows.value > 0 else "latency.jam-full"
        text = say(key, service=jam.service, used=show(jam.utilisation), grows=show(jam.grows))
        if jam.waits_for:
            text += " " + say("latency.jam-behind", waits_for=", ".join(jam.waits_for))
    if (hit := jam.first_hit) is not None:
        document.number(f"{jam.service}.first-hit", hit.after)
        text += " " + say(f"latency.hit-{hit.kind}", where=hit.where, after=show(hit.after))
    if jam.change:
        text += " " + say("latency.jam-needs", replicas=format_quantity(jam.needed.value, COUNT))
    return text


def _contributors(document: Document, flow: FlowLatency, say: Say) -> Table:
    """A row for each service: what it adds to the mean of an answer, and by what."""
    present = {part.kind for part in flow.contributions if part.kind != WAIT or part.mean.value >= LEAST_S}
    shown = [column for column, kinds in _KINDS.items() if column in _ALWAYS or present & set(kinds)]
    columns = (
        Column("service", say("column.service")),
        *(Column(column, say(f"latency.part-{column}"), right=True) for column in shown),
        Column("total", say("latency.total"), right=True),
        Column("share", say("column.share"), right=True),
    )
    whole = sum(part.mean.value for part in flow.contributions)
    totals: dict[str, float] = {}
    for part in flow.contributions:
        totals[part.service] = totals.get(part.service, 0.0) + part.mean.value
        document.number(f"{flow.flow}.{part.service}.{part.kind}", part.mean)
    largest_first = sorted(totals.items(), key=lambda one: (-one[1], one[0]))
    rows = [_contributor(flow.contributions, service, total, whole, shown) for service, total in largest_first]
    sums = [_seconds(sum(part.mean.value for part in flow.contributions if part.kind in _KINDS[column]), "strong") for column in shown]
    if len(rows) > 1:
        rows.append((Cell(say("latency.all"), "strong"), *sums, _seconds(whole, "strong"), Cell("100 %", "strong", 1.0)))
    return Table(columns, tuple(rows), say("latency.where", flow=flow.flow))


def _contributor(parts: Sequence[Contribution], service: str, total: float, whole: float, shown: list[str]) -> tuple[Cell, ...]:
    cells = [Cell(service, "name")]
    for column in shown:
        cells.append(_seconds(sum(part.mean.value for part in parts if part.service == service and part.kind in _KINDS[column])))
    return (*cells, _seconds(total), Cell(_percent(total / whole), "", total / whole))


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.0995 else f"{share * 100:.1f} %" if share >= 0.0005 else "–"


def _seconds(value: float, style: str = "") -> Cell:
    return Cell("–", "muted", value) if value < LEAST_S else Cell(format_quantity(value, TIME), style, value)


def _cut(flow: FlowLatency, say: Say) -> list[Note]:
    """Where the parts do not sum to the mean, why."""
    assert flow.answer is not None
    whole = sum(part.mean.value for part in flow.contributions)
    if not whole or abs(flow.answer.mean.value / whole - 1) <= _AGREE:
        return []
    return [Note(say("latency.cut", mean=show(flow.answer.mean), sum=format_quantity(whole, TIME)), "muted")]


def _plot(answer: Summary, flow: FlowLatency, say: Say) -> Table:
    """The distribution as bars, with the bar in which each percentile lies."""
    columns = (
        Column("until", say("latency.until"), right=True),
        Column("share", say("column.share"), right=True),
        Column("bar", ""),
        Column("percentile", ""),
    )
    largest = max(bar.share for bar in answer.bars)
    named = {"mean": answer.mean, **answer.percentiles}
    rows = []
    ends = _ends(answer.bars)
    for number, bar in enumerate(answer.bars):
        last = number == len(answer.bars) - 1
        here = [say(f"latency.{name}") for name, at in named.items() if _inside(bar, at, number == 0, last)]
        percent = Cell(_percent(bar.share) if bar.share >= 0.0005 else "–", "", bar.share)
        picture = Cell(_bar(bar.share / largest), "info", "")
        rows.append((Cell(ends[number], "", bar.to_s), percent, picture, Cell(", ".join(here))))
    return Table(columns, tuple(rows), say("latency.distribution", flow=flow.flow))


def _ends(bars: Sequence[Bar]) -> list[str]:
    """Where each bar ends, with as many digits as it takes to tell neighbours apart."""
    texts = [format_quantity(bar.to_s, TIME) for bar in bars]
    if len(set(texts)) == len(texts):
        return texts
    unit, name = next((one for one in _UNITS if bars[-1].to_s >= one[0]), _UNITS[-1])
    narrowest = min(after.to_s - before.to_s for before, after in pairwise(bars))
    digits = max(0, math.ceil(-math.log10(narrowest / unit))) if narrowest > 0 else 3
    return [f"{bar.to_s / unit:.{digits}f} {name}" for bar in bars]


def _inside(bar: Bar, at: Number, first: bool, last: bool) -> bool:
    return (first or at.value > bar.from_s) and (last or at.value <= bar.to_s)


def _bar(share: float) -> str:
    whole, rest = divmod(round(share * _BAR_CELLS * 8), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _elsewhere(document: Document, result: LatencyResult, say: Say) -> Table:
    """p99 of each flow's answer under the other workloads."""
    columns = (Column("flow", say("column.flow")), *(Column(workload, workload, right=True) for workload in result.elsewhere))
    rows = []
    for flow in result.flows:
        cells = [Cell(flow.flow, "name")]
        for workload, numbers in result.elsewhere.items():
            number = numbers.get(flow.flow)
            if number is not None:
                cells.append(document.number(f"{flow.flow}.p99.{workload}", number))
            else:
                cells.append(Cell(say("latency.saturated"), "bad", "") if flow.flow in numbers else Cell("–", "muted", ""))
        rows.append(tuple(cells))
    return Table(columns, tuple(rows), say("latency.elsewhere"))
