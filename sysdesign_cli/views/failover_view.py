"""The outcome of a kill, for reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sysdesign_cli.analyses.cascade import Lasting
from sysdesign_cli.analyses.causes import Cause
from sysdesign_cli.analyses.failover import FailoverResult, FlowOutcome, States
from sysdesign_cli.analyses.ranking import RankingResult
from sysdesign_cli.analyses.recovery import Wait
from sysdesign_cli.analyses.starting import Starting
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, TIME, format_quantity
from sysdesign_cli.views.document import Branch, Cell, Code, Column, Document, Heading, Note, Table, Tree, show

_OUTCOME_STYLE = {
    "killed": "failed",
    "fails": "failed",
    "lost": "lost",
    "buffered": "delayed",
    "failing-deliveries": "delayed",
    "parked": "delayed",
    "outbox": "delayed",
    "starved": "muted",
    "absorbed": "degraded",
    "caller-dead": "muted",
    "fallback-gone": "muted",
    "more": "muted",
    "short": "degraded",
    "cycle": "muted",
    "not-on-any-path": "muted",
    "shown-above": "muted",
}


def failover_document(result: FailoverResult, say: Say, hints: tuple[tuple[str, str], ...] = ()) -> Document:
    """hints: (sentence, command) pairs about the same kill elsewhere."""
    document = Document()
    document.add(Heading(result.scenario, setting_text(result, say)))
    document.add(_flows(document, result, say))
    document.add(Tree(tuple(_branch(cause, say, result.kill.duration_s) for cause in result.causes)))
    if result.waits:
        document.add(_recovery(document, result, say))
    promised = [flow for flow in result.flows if flow.objectives]
    if promised:
        document.add(_objectives(document, promised, say))
    if result.cascade:
        document.add(_cascade(document, result, say))
    document.add(*_notes(document, result, say))
    for lasting in result.lasting:
        document.add(Note(_lasting(document, lasting, say), "failed"))
    for sentence, command in hints:
        document.add(Note(sentence), Code(f"  {command}"))
    document.assumptions += _assumptions(result, say)
    return document


def setting_text(result: FailoverResult, say: Say) -> str:
    killed = [*result.kill.services, *(say("zone", zone=zone) for zone in result.kill.zones)]
    workload = result.workload_title.in_language(say.language) or result.workload
    key = "failover.heading" if killed else "failover.heading-nothing"
    return say(
        key, kill=", ".join(killed), duration=format_quantity(result.duration.value, TIME), workload=workload, clock=result.clock
    ) + (" · " + say("failover.pessimistic") if result.kill.pessimistic else "")


def _flows(document: Document, result: FailoverResult, say: Say) -> Table:
    columns = (
        Column("flow", say("column.flow")),
        Column("share", say("column.share"), right=True),
        Column("answer", say("column.answer")),
        Column("completion", say("column.completion")),
        Column("what", ""),
    )
    rows = []
    for flow in result.flows:
        share = document.number(f"{flow.flow}.share", flow.share)
        what = Cell(_what(document, flow, result, say))
        rows.append((Cell(flow.flow, "name"), share, _state(flow.answer, say), _state(flow.completion, say), what))
    return Table(columns, tuple(rows))


def _state(states: States, say: Say) -> Cell:
    """The worst state; with its share when not every request ends there."""
    text = say(f"state.{states.worst}")
    share = states.shares[states.worst]
    if states.worst != "ok" and share < 1 - 1e-9:
        text += f" {format_quantity(share, SHARE)}"
    return Cell(text, states.worst, states.worst)


def _what(document: Document, flow: FlowOutcome, result: FailoverResult, say: Say) -> str:
    parts = []
    if flow.strained is not None:
        share = flow.strained.shares["failed"] + flow.strained.shares["lost"]
        parts.append(say("failover.strained", share=format_quantity(share, SHARE)))
    if needed := [one for one in result.starting if flow.flow in one.flows]:
        parts.append(say("failover.once-started", replicas=_replicas(needed)))
    if flow.failed_requests.value > 0:
        document.number(f"{flow.flow}.failed", flow.failed_requests)
        key = "failover.requests-unanswered" if flow.answer.shares["lost"] > 0 else "failover.requests-fail"
        parts.append(say(key, count=show(flow.failed_requests)))
    if flow.late_by is not None and flow.normal_after is not None:
        document.number(f"{flow.flow}.late", flow.late_by)
        document.number(f"{flow.flow}.normal", flow.normal_after)
        outage = next(number for label, number in flow.normal_after.inputs if label == "outage")
        drain = next(number for label, number in flow.normal_after.inputs if label == "drain")
        assert isinstance(outage, Number)
        assert isinstance(drain, Number)
        late = show(flow.late_by)
        if any(math.isinf(one.computed.value) and one.computed.formula == "by-hand" for one in flow.objectives):
            parts.append(say("failover.late-by-hand", late=late))
        elif math.isinf(drain.value):
            parts.append(say("failover.late-never", late=late))
        else:
            parts.append(say("failover.late", late=late, normal=show(flow.normal_after), outage=show(outage), drain=show(drain)))
    lost = next((o.computed for o in flow.objectives if o.objective == "lose_at_most"), None)
    if lost is not None and lost.value > 0:
        parts.append(say("failover.lost", count=show(lost)))
    return "; ".join(parts)


def _branch(cause: Cause, say: Say, duration: float | None) -> Branch:
    """One line; a branch that ends in flows says so on the same line."""
    note = outcome_text(cause, say)
    children = cause.children
    reached = [child for child in children if child.outcome == "reaches-user"]
    if reached:
        by_state: dict[str, list[str]] = {}
        for child in reached:
            by_state.setdefault(child.detail["state"], []).append(child.subject)
        note += " → " + "; ".join(say(f"cause.reaches-user.{state}", flows=", ".join(flows)) for state, flows in by_state.items())
        children = tuple(child for child in children if child.outcome != "reaches-user")
    elif len(children) == 1 and children[0].outcome == "not-on-any-path":
        note += " → " + outcome_text(children[0], say)
        children = ()
    return Branch(
        cause.subject, note, _OUTCOME_STYLE.get(cause.outcome, "failed"), tuple(_branch(child, say, duration) for child in children)
    )


def cause_branch(cause: Cause, result: FailoverResult, say: Say) -> Branch:
    """One cause of an outcome with what follows from it, by itself."""
    return _branch(cause, say, result.kill.duration_s)


def outcome_text(cause: Cause, say: Say) -> str:
    if cause.outcome == "absorbed":
        return say(f"cause.absorbed.{cause.detail['how']}", by=cause.detail["by"])
    if cause.outcome == "reaches-user":
        return say(f"cause.reaches-user.{cause.detail['state']}", flows=cause.subject)
    if cause.outcome == "not-on-any-path" and cause.detail.get("needed"):
        return say("cause.not-needed")
    if cause.outcome == "short":
        return say("cause.short", **cause.detail)
    if cause.outcome == "fails" and cause.detail["share"]:
        return say("cause.fails-partly", share=format_quantity(float(cause.detail["share"]), SHARE))
    if cause.wait is not None:
        return say(f"cause.{cause.outcome}", **_counts(cause.wait))
    return say(
        f"cause.{cause.outcome}-unsized"
        if cause.outcome in ("buffered", "outbox", "lost", "parked", "failing-deliveries")
        else f"cause.{cause.outcome}"
    )


def _counts(wait: Wait) -> dict[str, str]:
    lost = show(wait.lost)
    retention = next((value for label, value in wait.lost.inputs if label.endswith(".retention")), None)
    deliveries = next((value for label, value in (*wait.parked.inputs, *wait.lost.inputs) if label.endswith(".deliveries")), None)
    return {
        "waiting": show(wait.waiting),
        "lost": lost,
        "parked": show(wait.parked),
        "retention": format_quantity(float(retention), TIME) if retention is not None and not isinstance(retention, str) else "–",
        "deliveries": format_quantity(float(deliveries), "count") if deliveries is not None and not isinstance(deliveries, str) else "–",
    }


def _recovery(document: Document, result: FailoverResult, say: Say) -> Table:
    columns = (
        Column("where", say("column.where")),
        Column("waiting", say("column.waiting"), right=True),
        Column("parked", say("column.parked"), right=True),
        Column("lost", say("column.lost"), right=True),
        Column("drain", say("column.drained-in"), right=True),
    )
    rows = []
    for wait in result.waits:
        where = (
            f"{wait.handler} → {wait.event}"
            if wait.kind in ("outbox", "best-effort")
            else f"{wait.event} → {wait.handler.partition('.')[0]}"
        )
        drain = document.number(f"{wait.handler}.drain", wait.drain)
        if math.isinf(wait.drain.value):
            drain = Cell(say("never"), "bad", None)
        rows.append(
            (
                Cell(where),
                document.number(f"{wait.handler}.waiting", wait.waiting),
                document.number(f"{wait.handler}.parked", wait.parked),
                document.number(f"{wait.handler}.lost", wait.lost, "lost" if wait.lost.value else ""),
                drain,
            )
        )
    return Table(columns, tuple(rows), say("failover.recovery"))


def _objectives(document: Document, flows: list[FlowOutcome], say: Say) -> Table:
    columns = (
        Column("flow", say("column.flow")),
        Column("objective", say("column.objective")),
        Column("computed", say("column.computed"), right=True),
        Column("promised", say("column.promised"), right=True),
        Column("met", ""),
    )
    rows = []
    for flow in flows:
        for one in flow.objectives:
            computed = document.number(f"{flow.flow}.{one.objective}", one.computed)
            if math.isinf(one.computed.value):
                computed = Cell(say("by-hand" if one.computed.formula == "by-hand" else "never"), "bad")
            promised = Cell(show(one.promised), "", one.promised.value) if one.promised is not None else Cell("–", "muted", "")
            met = (
                Cell(say("met"), "good")
                if one.met
                else Cell(say("breached"), "bad")
                if one.met is False
                else Cell(say("no-objective"), "muted")
            )
            rows.append((Cell(flow.flow), Cell(say(f"objective.{one.objective}")), computed, promised, met))
    return Table(columns, tuple(rows), say("failover.objectives"))


def _cascade(document: Document, result: FailoverResult, say: Say) -> Table:
    """Who is overloaded in which step, and why."""
    columns = (
        Column("step", say("column.step"), right=True),
        Column("service", say("column.service")),
        Column("busy", say("column.busy-now"), right=True),
        Column("before", say("column.busy-before"), right=True),
        Column("shed", say("column.shed"), right=True),
        Column("why", say("column.why")),
    )
    rows = []
    for one in result.cascade:
        busy = document.number(f"{one.service}.busy", one.busy, "failed")
        before = document.number(f"{one.service}.before", one.before)
        shed = document.number(f"{one.service}.shed", one.shed, "failed")
        key = f"cascade.{one.why}" if one.because else f"cascade.{one.why}.alone"
        why = say(key, because=one.because, now=show(one.rate), before=show(one.rate_before))
        rows.append((Cell(str(one.step), "", one.step), Cell(one.service, "name"), busy, before, shed, Cell(why)))
    return Table(columns, tuple(rows), say("failover.cascade"))


def _lasting(document: Document, one: Lasting, say: Say) -> str:
    document.number(f"{one.service}.storm", one.storm)
    document.number(f"{one.service}.trigger", one.trigger)
    document.number(f"{one.service}.budget", one.budget)
    return say(
        "failover.lasting",
        service=one.service,
        storm=show(one.storm),
        capacity=show(one.capacity),
        rate=show(one.rate),
        tries=show(one.amplification),
        trigger=show(one.trigger),
        budget=show(replace(one.budget, unit=SHARE)),
        callers=_some(one.callers, 4) or "–",
    )


def _notes(document: Document, result: FailoverResult, say: Say) -> list[Note]:
    notes = []
    blast = result.blast
    for state in ("failed", "lost", "delayed", "degraded", "ok"):
        document.number(f"blast.answer.{state}", blast.answer[state])
        document.number(f"blast.completion.{state}", blast.completion[state])
    bad = ", ".join(f"{say(f'state.{state}')} {show(number)}" for state, number in blast.answer.items() if number.value > 0)
    done = ", ".join(f"{say(f'state.{state}')} {show(number)}" for state, number in blast.completion.items() if number.value > 0)
    notes.append(Note(say("failover.blast", answers=bad, completions=done, flows=blast.flows_hit, of=len(result.flows))))
    for state in ("failing", "partly-failing", "starved", "idle", "short"):
        names = blast.services.get(state)
        if names:
            notes.append(Note(say(f"failover.services-{state}", services=_some(names)), "muted"))
    if result.starting:
        notes.append(_starting(document, result, say))
    if result.already:
        notes.append(Note(say("failover.already", services=_some(result.already)), "warning"))
    for effect in result.side_effects:
        notes.append(Note(say(f"failover.side-effect-{effect.state}", handler=effect.handler), "warning"))
    for loop in result.cold_start_loops:
        notes.append(Note(say("failover.cold-start", loop=loop), "warning"))
    return notes


def _replicas(needed: Sequence[Starting]) -> str:
    return _some(tuple(f"{one.service} {one.running.value:,.0f} → {one.settles.value:,.0f}" for one in needed), 4)


def _starting(document: Document, result: FailoverResult, say: Say) -> Note:
    """What is assumed of autoscaling, beside the figures that depend on it."""
    for one in result.starting:
        document.number(f"{one.service}.running", one.running)
        document.number(f"{one.service}.settles", one.settles)
        document.number(f"{one.service}.asked-of-running", one.asked)
    flows = tuple(dict.fromkeys(flow for one in result.starting for flow in one.flows))
    return Note(say("failover.starting", replicas=_replicas(result.starting), flows=_some(flows, 4)), "warning")


def _some(names: tuple[str, ...], most: int = 20) -> str:
    return ", ".join(names[:most]) + (f" … +{len(names) - most}" if len(names) > most else "")


def _assumptions(result: FailoverResult, say: Say) -> list[str]:
    return [
        say("assume.peak", clock=result.clock),
        say("assume.fluid"),
        say("assume.capacity"),
        say("assume.cascade"),
        *(
            say("assume.starting", service=one.service, running=show(one.running), settles=show(one.settles), asked=show(one.asked))
            for one in result.starting
        ),
        say("assume.independent-branches"),
    ]


def ranking_document(result: RankingResult, say: Say, limit: int = 0) -> Document:
    """Kills, worst first. ``limit`` 0 shows all."""
    document = Document()
    what = say("ranking.pairs" if result.pairs else "ranking.each", count=result.tried)
    duration = format_quantity(result.duration_s, TIME) if result.duration_s is not None else say("ranking.own-repair")
    document.add(
        Heading(result.scenario, say("ranking.heading", what=what, duration=duration, workload=result.workload, clock=result.clock))
    )
    columns = (
        Column("kill", say("column.kill")),
        Column("failed", say("column.answers-fail"), right=True),
        Column("lost", say("column.never-done"), right=True),
        Column("delayed", say("column.done-late"), right=True),
        Column("degraded", say("column.degraded"), right=True),
        Column("flows", say("column.flows-hit")),
    )
    rows = []
    shown = result.kills[:limit] if limit else result.kills
    for kill in shown:
        numbers = (
            kill.answer["failed"] + kill.answer["lost"],
            kill.completion["failed"] + kill.completion["lost"],
            kill.completion["delayed"],
            max(kill.answer["degraded"], kill.completion["degraded"]),
        )
        cells = [
            Cell(format_quantity(n, SHARE) if n else "–", style if n else "muted", n)
            for n, style in zip(numbers, ("failed", "lost", "delayed", "degraded"), strict=True)
        ]
        flows = ", ".join(f"{flow} ({say(f'state.{state}')})" for flow, state in list(kill.flows.items())[:6])
        more = f" … +{len(kill.flows) - 6}" if len(kill.flows) > 6 else ""
        rows.append((Cell(" + ".join(kill.services), "name"), *cells, Cell(flows + more)))
    document.add(Table(columns, tuple(rows)))
    if len(shown) < len(result.kills):
        document.add(Note(say("ranking.more", count=len(result.kills) - len(shown)), "muted"))
    document.add(
        Note(
            say(
                "ranking.harmless",
                harmless=len(result.harmless),
                of=result.tried,
                names=_some(tuple(" + ".join(kill) for kill in result.harmless)) or "–",
            )
        )
    )
    return document
