"""A simulation for reading: what was run, what happened over time, and every figure with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from sysdesign_cli.analyses.simulation_result import FlowSimulated, ServiceSimulated, Simulation, Times, TopicSimulated
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import COUNT, TIME, format_quantity
from sysdesign_cli.views.document import Cell, Code, Column, Document, Heading, Note, Table, show
from sysdesign_cli.views.figures import Figure, Row, figures_table
from sysdesign_cli.views.simulation_plots import LEAST_BACKLOG, fault_title, simulation_plots

_TIMES: Final = ("mean", "p50", "p95", "p99")
_LEFT_OUT: Final = ("simulated-parts", "simulated-people", "simulated-defaults")


def simulation_document(result: Simulation, say: Say, width: int = 80, ascii_only: bool = False, planned_runs: int = 0) -> Document:
    """planned_runs: replications asked for, where an interrupt left fewer."""
    result = without_means(result)
    document = Document()
    workload = result.workload_title.in_language(say.language) or result.workload
    length = format_quantity(result.length_s, TIME)
    document.add(Heading(result.scenario, say("simulate.heading", workload=workload, length=length, clock=_clock(result.start_s))))
    document.add(*(Note(text) for text in _conditions(result, say)))
    document.add(*_verdict(document, result, say, planned_runs))
    pictures = simulation_plots(result, say, width, ascii_only)
    if pictures:
        document.add(Code("\n\n".join(pictures)))
    document.add(*_tables(document, result, say, whole=False))
    document.add(Note(" ".join(_remarks(result, say)), "muted"))
    document.assumptions += [say(f"assume.{what}") for what in _LEFT_OUT]
    return document


def simulation_tables(result: Simulation, say: Say) -> Document:
    """Only the tables, whole: for CSV."""
    result = without_means(result)
    document = Document()
    return document.add(*_tables(document, result, say, whole=True))


def without_means(result: Simulation) -> Simulation:
    """Where nothing settles there is no mean: times and utilisations are left out. Else the result as it is."""
    if result.good:
        return result
    none = Number(float("nan"), COUNT, "simulated-mean", method="simulated")
    flows = tuple(replace(flow, answer=None, completion=None) for flow in result.flows)
    services = tuple(
        replace(one, utilisation=replace(none, unit=one.utilisation.unit), wait=replace(none, unit=one.wait.unit), queue=none)
        for one in result.services
    )
    return replace(result, flows=flows, services=services)


def _clock(second: float) -> str:
    """Time of day; with seconds where there are any."""
    minutes, rest = divmod(round(second), 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def _conditions(result: Simulation, say: Say) -> Iterator[str]:
    lead_in = format_quantity(result.lead_in_s, TIME)
    if result.batches:
        runs = say("simulate.by-batches", count=result.batches)
    else:
        runs = say("simulate.by-runs", count=result.replications) if result.replications > 1 else say("simulate.by-one")
    yield say("simulate.conditions", seed=result.seed, runs=runs, lead_in=lead_in, mode=result.mode, events=f"{result.events:,}")
    if result.scale != 1:
        yield say("simulate.scaled", scale=f"{result.scale:g}")
    for fault in result.faults:
        start, end = (format_quantity(at, TIME) for at in (fault.start, fault.end))
        yield say("simulate.fault", what=fault_title(fault, say), start=start, end=end)


def _verdict(document: Document, result: Simulation, say: Say, planned_runs: int) -> Iterator[Note]:
    """What makes the figures other than usual: it never settles, it was full, it was interrupted."""
    if result.growth is not None:
        document.number("growth", result.growth.per_s)
        key = "simulate.growth" if result.growth.where else "simulate.growth-somewhere"
        yield Note(say(key, rate=show(result.growth.per_s), where=result.growth.where), "failed")
    until, length = format_quantity(result.until_s, TIME), format_quantity(result.length_s, TIME)
    if result.stopped == "full":
        yield Note(say("simulate.full", until=until), "failed")
    elif result.stopped == "interrupted" and result.until_s < result.length_s:
        yield Note(say("simulate.interrupted", until=until, length=length), "warning")
    elif result.stopped == "interrupted":
        yield Note(say("simulate.interrupted-runs", runs=result.replications, planned=planned_runs), "warning")


def _tables(document: Document, result: Simulation, say: Say, *, whole: bool) -> Iterator[Table]:
    if result.growth is not None and whole:
        row = Row("growth", Cell(result.growth.where), {"growth": result.growth.per_s})
        yield figures_table(document, Column("where", say("column.where")), (Figure("growth", "growth"),), (row,), "", whole=True)
    tables = (_requests, _times, _services, _troubles, _topics, _backlogs, _calls)
    for table in tables:
        made = table(document, result, say, whole)
        if made.rows and (len(made.columns) > 1):
            yield made


def _requests(document: Document, result: Simulation, say: Say, whole: bool) -> Table:
    columns = [
        Figure("rate", say("simulate.rate")),
        Figure("arrived", say("simulate.arrived"), True),
        Figure("answered", say("simulate.answered"), True),
        Figure("degraded", say("simulate.degraded")),
        Figure("failed", say("simulate.failed"), True),
        Figure("failed_share", say("simulate.failed-share")),
        Figure("lost", say("simulate.lost")),
        Figure("elsewhere", say("simulate.elsewhere")),
        Figure("spoilt", say("simulate.spoilt")),
        Figure("parked", say("simulate.parked")),
        Figure("inside", say("simulate.inside"), True),
    ]
    if whole:
        columns.insert(-1, Figure("completed", say("simulate.completed")))
    else:  # the count says it, and shares are told with the failures
        columns = [column for column in columns if column.key != "rate"]

    def row(flow: FlowSimulated) -> Row:
        return Row(flow.flow, Cell(flow.flow, "name"), {column.key: getattr(flow, column.key) for column in columns})

    rows = [row(flow) for flow in result.flows]
    return figures_table(document, Column("flow", say("column.flow")), columns, rows, say("simulate.title-requests"), whole=whole)


def _times(document: Document, result: Simulation, say: Say, whole: bool) -> Table:
    """A row for each flow's answer, and one for completion where that is something else."""
    rows = []
    for flow in result.flows:
        if flow.answer is not None:
            rows.append(Row(flow.flow, Cell(flow.flow, "name"), _four(flow.answer)))
        if flow.completion is not None and _later(flow):
            title = Cell(f"  {say('column.completion')}", "", f"{flow.flow}.completion")
            rows.append(Row(f"{flow.flow}.completion", title, _four(flow.completion)))
    columns = [Figure(name, say(f"latency.{name}"), True) for name in _TIMES]
    return figures_table(document, Column("flow", say("column.flow")), columns, rows, say("simulate.title-times"), whole=whole)


def _later(flow: FlowSimulated) -> bool:
    assert flow.completion is not None
    return flow.answer is None or flow.completion.mean.value != flow.answer.mean.value


def _four(times: Times) -> dict[str, Number | Cell | None]:
    return {"mean": times.mean, **times.percentiles}


def _services(document: Document, result: Simulation, say: Say, whole: bool) -> Table:
    columns = [
        Figure("served", say("simulate.served"), True),
        Figure("utilisation", say("simulate.utilisation")),
        Figure("wait", say("simulate.wait")),
    ]
    if whole:  # for people the wait says it, and messages wait elsewhere
        columns.append(Figure("queue", say("simulate.queue")))
    ends = {"replicas_least": "min", "replicas_most": "max"} if whole else {"replicas": say("column.replicas")}
    columns += [Figure(key, title, measured=False) for key, title in ends.items()]
    rows = [Row(one.service, Cell(one.service, "name"), _service(one)) for one in result.services if whole or _did_something(one)]
    return figures_table(document, Column("service", say("column.service")), columns, rows, say("simulate.title-services"), whole=whole)


def _did_something(one: ServiceSimulated) -> bool:
    return bool(one.served.value or one.failed.value or one.refused.value or one.replicas[0] != one.replicas[1])


def _service(one: ServiceSimulated) -> dict[str, Number | Cell | None]:
    least, most = one.replicas
    limited = bool(one.utilisation.value) or not one.served.value  # what has no limit is never busy, and nobody waits there
    return {
        "served": one.served,
        "utilisation": one.utilisation if limited else None,
        "wait": one.wait if limited else None,
        "queue": one.queue if limited else None,
        "replicas": Cell(f"{least}" if least == most else f"{least}–{most}", "", most),
        "replicas_least": Cell(str(least), "", least),
        "replicas_most": Cell(str(most), "", most),
    }


def _troubles(document: Document, result: Simulation, say: Say, whole: bool) -> Table:
    """Services where something failed, was refused, began cold, or died in work."""
    keys = ("failed", "refused", "cold", "crashed")
    columns = [Figure(key, say(f"simulate.{key}")) for key in keys]
    rows = [
        Row(one.service, Cell(one.service, "name"), {key: getattr(one, key) for key in keys})
        for one in result.services
        if whole or any(getattr(one, key).value for key in keys)
    ]
    return figures_table(document, Column("service", say("column.service")), columns, rows, say("simulate.title-troubles"), whole=whole)


def _topics(document: Document, result: Simulation, say: Say, whole: bool) -> Table:
    keys = ("published", "most", "done")
    columns = [Figure(key, say(f"simulate.{key}"), True) for key in keys]
    rows = [Row(one.handler, Cell(one.handler, "name"), {key: getattr(one, key) for key in keys}) for one in result.topics]
    head = Column("subscriber", say("simulate.subscriber"))
    return figures_table(document, head, columns, rows, say("simulate.title-topics"), whole=whole)


def _backlogs(document: Document, result: Simulation, say: Say, whole: bool) -> Table:
    """Subscribers that had a backlog, or for which messages came twice or went away."""
    columns = [
        Figure("most_at_s", say("simulate.most-at"), measured=False),
        Figure("drained_s", say("column.drained-in")),
        Figure("redelivered", say("simulate.redelivered")),
        Figure("lost", say("simulate.lost")),
        Figure("parked", say("simulate.parked")),
    ]
    rows = [
        Row(one.handler, Cell(one.handler, "name"), _backlog(one, result, say))
        for one in result.topics
        if whole or one.most.value >= LEAST_BACKLOG or one.redelivered.value or one.lost.value or one.parked.value
    ]
    head = Column("subscriber", say("simulate.subscriber"))
    return figures_table(document, head, columns, rows, say("simulate.title-backlogs"), whole=whole)


def _backlog(one: TopicSimulated, result: Simulation, say: Say) -> dict[str, Number | Cell | None]:
    backlog = one.most.value >= LEAST_BACKLOG  # else there is no more to see than chance
    drained: Number | Cell | None = one.drained_s if result.faults and backlog else None
    if drained is None and backlog and result.faults and result.series.backlog.get(one.handler, (0.0,))[-1] >= LEAST_BACKLOG:
        drained = Cell(say("simulate.not-yet"), "bad", "")
    return {
        "most_at_s": Cell(format_quantity(one.most_at_s, TIME), "", one.most_at_s) if backlog else None,
        "drained_s": drained,
        "redelivered": one.redelivered,
        "lost": one.lost,
        "parked": one.parked,
    }


def _calls(document: Document, result: Simulation, say: Say, whole: bool) -> Table:
    keys = ("tries", "retried", "timeouts", "failed", "instead", "opened", "denied")
    columns = [Figure(key, say(f"simulate.{key}"), key == "tries") for key in keys]
    rows = [
        Row(f"{one.caller}/{one.called}", Cell(f"{one.caller} → {one.called}", "name"), {key: getattr(one, key) for key in keys})
        for one in result.calls
    ]
    return figures_table(document, Column("call", say("simulate.call")), columns, rows, say("simulate.title-calls"), whole=whole)


def _remarks(result: Simulation, say: Say) -> Iterator[str]:
    """How to read the figures."""
    inside = sum(flow.inside.value for flow in result.flows)
    if inside >= 0.5:
        yield say("simulate.note-inside", count=format_quantity(inside, COUNT))
    if result.batches:
        yield say("simulate.note-batches", count=result.batches)
    elif result.replications > 1:
        yield say("simulate.note-runs", count=result.replications)
    else:
        yield say("simulate.note-one")
    yield say("simulate.note-percentiles")
