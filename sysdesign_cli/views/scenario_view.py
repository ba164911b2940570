"""Lists of scenarios and what is in one, for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.model import Handler, Scenario, Start
from sysdesign_cli.scenario.quantity import Figure, format_quantity
from sysdesign_cli.views.document import Branch, Cell, Column, Document, Heading, Note, Table, Tree


def list_document(scenarios: Sequence[Scenario], say: Say) -> Document:
    columns = (
        Column("name", say("column.scenario")),
        Column("services", say("column.services"), right=True),
        Column("flows", say("column.flows"), right=True),
        Column("variants", say("column.variants")),
        Column("title", say("column.title")),
    )
    rows = tuple(
        (
            Cell(s.label, "name"),
            Cell(str(len(s.services)), raw=len(s.services)),
            Cell(str(len(s.flows)), raw=len(s.flows)),
            Cell(", ".join(f"@{v}" for v in s.variants)),
            Cell(s.title.in_language(say.language)),
        )
        for s in scenarios
    )
    return Document().add(Table(columns, rows), Note(say("list.hint"), "muted"))


def show_document(scenario: Scenario, say: Say, drawing: Tree | Note | None = None) -> Document:
    """drawing: the system as a compact picture, or that it is too large for one."""
    document = Document()
    document.add(Heading(scenario.address, scenario.title.in_language(say.language)))
    if scenario.description:
        document.add(Note(scenario.description.in_language(say.language)))
    if drawing is not None:
        document.add(drawing)
    document.add(_services(scenario, say), _tree(scenario, say))
    if scenario.events:
        document.add(_events(scenario, say))
    document.add(_flows(scenario, say))
    if scenario.workloads:
        document.add(_workloads(scenario, say))
    if scenario.variants:
        rows = tuple((Cell(f"@{v.name}", "name"), Cell(v.title.in_language(say.language))) for v in scenario.variants.values())
        document.add(Table((Column("variant", say("column.variant")), Column("title", say("column.title"))), rows, say("show.variants")))
    return document


def _services(scenario: Scenario, say: Say) -> Table:
    columns = (
        Column("service", say("column.service")),
        Column("kind", say("column.kind")),
        Column("team", say("column.team")),
        Column("replicas", say("column.replicas"), right=True),
        Column("title", say("column.title")),
    )
    rows = []
    for service in scenario.services.values():
        replicas = format_quantity(service.replicas.min, "count") + (
            f"–{format_quantity(service.replicas.max, 'count')}" if service.replicas.max else ""
        )
        rows.append(
            (
                Cell(service.name, "name"),
                Cell(say(f"kind.{service.kind}"), raw=service.kind),
                Cell(service.team or "–"),
                Cell(replicas),
                Cell(service.title.in_language(say.language)),
            )
        )
    return Table(columns, tuple(rows), say("show.services"))


def _tree(scenario: Scenario, say: Say) -> Tree:
    """What each service does: its handlers, whom they call, what they publish."""
    branches = []
    for service in scenario.services.values():
        if service.kind in ("external", "broker") or not any(h.every_call() or h.every_publish() for h in service.handles.values()):
            continue
        branches.append(Branch(service.name, "", "name", tuple(_handler(handler, scenario) for handler in service.handles.values())))
    return Tree(tuple(branches), say("show.handlers"))


def _handler(handler: Handler, scenario: Scenario) -> Branch:
    name = f"⚡ {handler.name}" if handler.name in scenario.events else handler.name
    calls = [str(call.to) for call in handler.every_call()]
    events = [f"⚡ {publish.event}" for publish in handler.every_publish()]
    return Branch(name, " → " + ", ".join(calls + events) if calls or events else "")


def _events(scenario: Scenario, say: Say) -> Table:
    columns = (
        Column("event", say("column.event")),
        Column("size", say("column.size"), right=True),
        Column("retention", say("column.retention"), right=True),
        Column("from", say("column.from")),
        Column("to", say("column.to")),
    )
    publishers: dict[str, list[str]] = {}
    for service in scenario.services.values():
        for handler in service.handles.values():
            for publish in handler.every_publish():
                publishers.setdefault(str(publish.event), []).append(service.name)
    rows = []
    for event in scenario.events.values():
        subscribers = [service.name for service in scenario.services.values() if event.name in service.handles]
        rows.append(
            (
                Cell(event.name, "name"),
                Cell(format_quantity(event.size, "size"), raw=float(event.size)),
                Cell(format_quantity(event.retention, "time"), raw=float(event.retention)),
                Cell(", ".join(dict.fromkeys(publishers.get(event.name, []))) or "–"),
                Cell(", ".join(subscribers) or "–"),
            )
        )
    return Table(columns, tuple(rows), say("show.events"))


def _flows(scenario: Scenario, say: Say) -> Table:
    columns = (
        Column("flow", say("column.flow")),
        Column("starts", say("column.starts")),
        Column("objectives", say("column.objectives")),
        Column("title", say("column.title")),
    )
    rows = []
    for flow in scenario.flows.values():
        promised = [
            f"{say(f'objective.{n}')} {format_quantity(v, v.unit)}" for n, v in vars(flow.objectives).items() if isinstance(v, Figure)
        ]
        rows.append(
            (Cell(flow.name, "name"), Cell(str(flow.starts)), Cell("; ".join(promised) or "–"), Cell(flow.title.in_language(say.language)))
        )
    return Table(columns, tuple(rows), say("show.flows"))


def _workloads(scenario: Scenario, say: Say) -> Table:
    columns = (Column("workload", say("column.workload")), Column("rates", say("column.peak-rates")), Column("title", say("column.title")))
    rows = []
    for workload in scenario.workloads.values():
        rates = "; ".join(f"{flow} {_rate(start)}" for flow, start in workload.starts.items())
        rows.append((Cell(workload.name, "name"), Cell(rates), Cell(workload.title.in_language(say.language))))
    return Table(columns, tuple(rows), say("show.workloads"))


def _rate(start: Start) -> str:
    if start.peak is not None:
        return format_quantity(start.peak, "rate")
    return f"{format_quantity(start.users, 'count')} users" if start.users is not None else "–"


def defaults_document(scenario: Scenario, say: Say) -> Document:
    """Every figure that the file does not state."""
    columns = (Column("where", say("column.where")), Column("field", say("column.field")), Column("value", say("column.value"), right=True))
    rows = []
    for section in ("services", "events"):
        for name, part in getattr(scenario, section).items():
            for path, figure in _figures(part, ""):
                if figure.is_default:
                    rows.append((Cell(f"{section}.{name}"), Cell(path), Cell(format_quantity(figure, figure.unit), raw=float(figure))))
    used = {str(shape) for w in scenario.workloads.values() for shape in (w.shape, *(s.shape for s in w.starts.values())) if shape}
    for name in sorted(used):
        for at, share in scenario.shapes[name].items():
            if share.is_default:
                rows.append((Cell(f"shapes.{name}"), Cell(at), Cell(format_quantity(share, share.unit), raw=float(share))))
    return Document().add(
        Heading(scenario.address, say("show.defaults", count=len(rows))),
        Table(columns, tuple(rows)),
        Note(say("show.defaults-note"), "muted"),
    )


def part_document(scenario: Scenario, name: str, say: Say) -> Document | None:
    """Every figure of one service or event, with where it stands and its source; None when there is no such part."""
    part = scenario.services.get(name) or scenario.events.get(name)
    if part is None:
        return None
    columns = (
        Column("field", say("column.field")),
        Column("value", say("column.value"), right=True),
        Column("place", say("column.where")),
        Column("source", say("column.source")),
    )
    rows = []
    for path, figure in _figures(part, ""):
        place = str(figure.place) if figure.place is not None else say("show.default")
        source = " + ".join(figure.sources) or "assumption"
        rows.append((Cell(path), Cell(format_quantity(figure, figure.unit), raw=float(figure)), Cell(place), Cell(source)))
    title = part.title.in_language(say.language)
    return Document().add(Heading(f"{scenario.address} · {name}", title), Table(columns, tuple(rows)))


def _figures(part: object, path: str) -> Iterator[tuple[str, Figure]]:
    if isinstance(part, Figure):
        yield path, part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _figures(value, f"{path}.{key}" if path else str(key))
    elif isinstance(part, tuple):
        for number, value in enumerate(part, 1):
            yield from _figures(value, f"{path}[{number}]" if len(part) > 1 else path)
    elif is_dataclass(part):
        for field in fields(part):
            if field.name not in ("node", "name"):
                yield from _figures(getattr(part, field.name), f"{path}.{field.name}" if path else field.name)
