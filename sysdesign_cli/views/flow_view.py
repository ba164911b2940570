"""A journey, for reading."""

from __future__ import annotations

from dataclasses import replace

from sysdesign_cli.analyses.journey import FlowResult, Step
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, format_quantity
from sysdesign_cli.views.document import Branch, Cell, Column, Document, Heading, Note, Table, Tree, show


def flow_document(result: FlowResult, say: Say) -> Document:
    document = Document()
    title = result.title.in_language(say.language)
    document.add(
        Heading(
            f"{result.scenario} · {result.flow}",
            say("flow.heading", title=title or result.flow, workload=result.workload, clock=result.clock),
        )
    )
    if result.description:
        document.add(Note(result.description.in_language(say.language)))
    document.number("rate", result.rate)
    document.number("depth", result.depth)
    kind = say("flow.write" if result.is_write else "flow.read")
    document.add(
        Note(
            say(
                "flow.summary",
                rate=show(result.rate),
                kind=kind,
                count=len(result.waits_for),
                services=", ".join(result.waits_for),
                depth=show(result.depth),
            )
        )
    )
    document.add(Tree((_branch(result.root, say, document),), say("flow.steps")))
    if result.cut:
        document.add(Note(say("flow.cut", count=result.cut), "warning"))
    if result.events:
        document.add(_events(document, result, say))
    promised = [
        (name, value) for name, value in vars(result.objectives).items() if name not in ("name", "node", "source") and value is not None
    ]
    rows = tuple((Cell(say(f"objective.{name}")), Cell(format_quantity(value, value.unit), "", float(value))) for name, value in promised)
    if rows:
        document.add(
            Table(
                (Column("objective", say("column.objective")), Column("promised", say("column.promised"), right=True)),
                rows,
                say("flow.objectives"),
            )
        )
    document.assumptions += [say("assume.peak", clock=result.clock), say("assume.traffic")]
    return document


def _branch(step: Step, say: Say, document: Document) -> Branch:
    note = "; ".join(fact.text for fact in step_facts(step, say, document))
    return Branch(step_subject(step, say), note, step_style(step), tuple(_branch(child, say, document) for child in step.children))


def step_subject(step: Step, say: Say) -> str:
    """What is called, published or delivered to."""
    return step.subject if step.kind in ("entry", "call", "deliver") else say(f"step.{step.kind}", subject=step.subject)


def step_style(step: Step) -> str:
    if "completed" in step.ends or "answered" in step.ends:
        return "good"
    return "" if step.waits else "delayed"


def step_facts(step: Step, say: Say, document: Document) -> list[Cell]:
    """What is to be said about a step, one fact each."""
    facts = []
    if step.title:
        facts.append(Cell(step.title.in_language(say.language)))
    if step.kind == "fallback":
        return [*facts, Cell(say("step.only-if-fails"))]
    facts.append(Cell(say(f"mode.{step.mode}" if step.kind == "publish" else _who_waits(step))))
    if step.takes is not None and step.kind != "publish":
        facts.append(Cell(say("step.takes", time=format_quantity(step.takes, "time"))))
    chance = document.number(f"{step.subject}.chance", step.chance)
    if abs(step.chance.value - 1) > 1e-12:
        share = step.chance.value
        facts.append(replace(chance, text=format_quantity(share, SHARE) if share < 1 else f"× {format_quantity(share, 'count')}"))
    facts.append(document.number(f"{step.subject}.rate", step.rate))
    facts.append(document.number(f"{step.subject}.bytes", step.bytes_per_s))
    if step.timeout is not None:
        tries = f" × {step.retries + 1}" if step.retries else ""
        facts.append(Cell(say("step.timeout", time=format_quantity(step.timeout, "time")) + tries))
    if step.gets_by:
        facts.append(Cell(say(f"step.gets-by-{step.gets_by}")))
    return facts + [Cell(say(f"step.{end}")) for end in step.ends]


def _who_waits(step: Step) -> str:
    if step.kind == "entry":
        return "step.entry"
    if step.waits:
        return "step.waits"
    return "step.nobody-waits" if step.kind == "deliver" else "step.background"


def _services(handlers: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(handler.partition(".")[0] for handler in handlers))


def _events(document: Document, result: FlowResult, say: Say) -> Table:
    columns = (
        Column("event", say("column.event")),
        Column("rate", say("column.messages"), right=True),
        Column("bytes", say("column.bytes"), right=True),
        Column("publishers", say("column.from")),
        Column("subscribers", say("column.to")),
    )
    rows = tuple(
        (
            Cell(one.event, "name"),
            document.number(f"{one.event}.messages", one.rate),
            document.number(f"{one.event}.event-bytes", one.bytes_per_s),
            Cell(_services(one.publishers)),
            Cell(_services(one.subscribers) or "–"),
        )
        for one in result.events
    )
    return Table(columns, rows, say("flow.events"))
