"""Figures do not say where they come from.

What it does: counts, for each service, event, flow, workload and day shape and for the file's defaults, the figures written in the
file that name no source: neither themselves, `20/s (id)`, nor a record around them, nor the file as a whole. What the
catalogue assumes where the file is silent is not counted.

Why is this bad: nobody can tell a measurement from a guess, so a result is believed or doubted as a whole. When it turns out
wrong, nobody knows which figure to measure again.

Example:

    sysdesign: 1
    name: shop
    services:
      order: {replicas: 3, handles: {Place: {takes: 8ms}}}

Use instead: name the source; the word assumption is one too.

    sysdesign: 1
    name: shop
    source: assumption
    sources:
      load-test: {title: Load test of the order service, date: 2025-03}
    services:
      order: {replicas: 3, handles: {Place: {takes: 8ms (load-test)}}}

False positives: a sketch whose figures are meant to be replaced; write `source: assumption` at the top.

References: Jain, The Art of Computer Systems Performance Analysis, 1991, chapter 2, "Common Mistakes and How to Avoid Them".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Final, cast

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.scenario.model import (
    BadDeploys,
    Call,
    Element,
    Event,
    Flow,
    Handler,
    Objectives,
    Publish,
    Replicas,
    Scenario,
    Service,
    Start,
    Takes,
    Workload,
)
from sysdesign_cli.scenario.nodes import LIST, MAP, Node
from sysdesign_cli.scenario.quantity import Figure
from sysdesign_cli.scenario.shapes import Quantity

#: Line and column of a figure.
_PLACE: Final = attrgetter("node.line", "node.column")


def check(review: Review) -> Iterator[Finding]:
    scenario = review.scenario
    if scenario.source:  # it holds for every figure that names none
        return
    defaults = _default_nodes(scenario)
    of_defaults: dict[int, Figure] = {}
    for part, found in _parts(scenario):
        if defaults:
            of_defaults.update((id(figure), figure) for figure in found if id(figure.node) in defaults)
            found = [figure for figure in found if id(figure.node) not in defaults]
        if found:
            yield _finding(part, found)
    if of_defaults:
        yield _finding("defaults", list(of_defaults.values()))


def _finding(part: str, found: list[Figure]) -> Finding:
    first = min(found, key=_PLACE)
    return RULE.finding(part, Element(part, cast(Node, first.node)), part=part, count=str(len(found)))


def _default_nodes(scenario: Scenario) -> set[int]:
    """Ids of the nodes below `defaults`: figures read from these appear in many parts and are counted once."""
    root = scenario.node.value if scenario.node is not None else {}
    stack = [root["defaults"][1]] if "defaults" in root else []
    found: set[int] = set()
    while stack:
        node = stack.pop()
        found.add(id(node))
        if node.kind is LIST:
            stack += node.value
        elif node.kind is MAP:
            stack += [value for _, value in node.value.values()]
    return found


def _parts(scenario: Scenario) -> Iterator[tuple[str, list[Figure]]]:
    """Each part of the file with its figures that name no source."""
    for service in scenario.services.values():
        yield f"services.{service.name}", _of_service(service)
    for event in scenario.events.values():
        yield f"events.{event.name}", _bare([event])
    for flow in scenario.flows.values():
        yield f"flows.{flow.name}", _bare([flow, flow.objectives])
    for workload in scenario.workloads.values():
        yield f"workloads.{workload.name}", _bare([workload, *_own_starts(scenario, workload)])
    for name, shape in scenario.shapes.items():
        yield f"shapes.{name}", [figure for figure in shape.values() if not figure.source]


def _of_service(service: Service) -> list[Figure]:
    records: list[object] = [service, service.takes, service.replicas]
    if service.bad_deploys is not None:
        records.append(service.bad_deploys)
    for handler in service.handles.values():
        records.append(handler)
        if handler.takes is not service.takes:
            records.append(handler.takes)
        if handler.calls or handler.on_miss:
            records += _calls(handler)
        records += handler.publishes.each
        records += handler.publishes.one_of
    return _bare(records)


def _calls(handler: Handler) -> Iterator[Call]:
    stack = [call for group in (*handler.calls, *handler.on_miss) for call in group]
    while stack:
        call = stack.pop()
        yield call
        if call.on_miss:
            stack += [inner for group in call.on_miss for inner in group]


def _own_starts(scenario: Scenario, workload: Workload) -> list[Element]:
    """The starts that a workload states itself; those of the workload it is based on are counted there."""
    base = scenario.workloads.get(str(workload.based_on)) if workload.based_on else None
    inherited = base.starts if base is not None else {}
    return [start for flow, start in workload.starts.items() if inherited.get(flow) is not start]


def _bare(records: Iterable[object]) -> list[Figure]:
    """Figures of these records that name no source."""
    return [figure for record in records for figure in _FIGURES[record.__class__](record) if figure is not None and not figure.source]


def _reader(record: type[Any]) -> Callable[[object], tuple[Figure | None, ...]]:
    """Reads all figures of a record of this class."""
    names = [f.name for f in dataclasses.fields(record) if isinstance(f.metadata.get("shape"), Quantity)]
    if len(names) > 1:
        return attrgetter(*names)  # one call for all of them: there may be a million figures
    return lambda made: tuple(getattr(made, name) for name in names)


_RECORDS: Final = (Service, Takes, Replicas, BadDeploys, Handler, Call, Publish, Event, Flow, Objectives, Workload, Start)
_FIGURES: Final[dict[type[Any], Callable[[object], tuple[Figure | None, ...]]]] = {record: _reader(record) for record in _RECORDS}


RULE = Rule("R408", "no-source", "info", check)
