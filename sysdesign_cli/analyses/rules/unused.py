"""Something is declared and nothing uses it.

What it does: reports a service that no flow reaches (unless it is the broker of an event in use), an event that nobody publishes or
consumes, a flow that no workload starts (where there are workloads), and, for the scenario itself and not for its variants, a
source that no figure or text names, `(id)`, and a day shape that no workload names. Where there are no flows, services are left to no-flow.

Why is this bad: readers take it for part of the system. It is in the diagram and on the bill but in no result, or it was meant
to be used and a name was forgotten.

Example:

    services:
      order: {handles: {Place: {takes: 8ms}}}
      billing: {handles: {OrderPlaced: {takes: 5ms}}}
    events: {OrderPlaced: {}}
    flows: {place: {starts: order.Place}}

Use instead: connect it, or take it away.

    services:
      order: {handles: {Place: {takes: 8ms, publishes: [OrderPlaced], publish_mode: outbox}}}
      billing: {handles: {OrderPlaced: {takes: 5ms}}}
    events: {OrderPlaced: {}}
    flows: {place: {starts: order.Place}}

False positives: only a variant uses it; then add it there. A source named just in a comment of the file is not seen: put it
behind the figure or into a note.

References: Fowler, Refactoring, 2nd edition, 2018, "Remove Dead Code".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.scenario.model import Element
from sysdesign_cli.scenario.nodes import LIST, MAP, Node

#: How a figure or a text names its source.
_MENTION = re.compile(r"\(([^()]*)\)")


def check(review: Review) -> Iterator[Finding]:
    for part, elements in (("services", _services), ("events", _events), ("flows", _flows), ("sources", _sources), ("shapes", _shapes)):
        for element in elements(review):
            name = f"{part}.{element.name}"
            yield RULE.finding(name, element, part=name)


def _events_in_use(review: Review) -> set[str]:
    published = {edge.event.name for node in review.system.handlers if node.publishes for edge in node.publishes}
    return published | {event for event, subscribers in review.system.subscribers.items() if subscribers}


def _services(review: Review) -> Iterator[Element]:
    system = review.system
    if not review.on_flow:
        return
    used = {system.handlers[handler].service for handler in review.on_flow}
    unused = [number for number in range(len(system.services)) if number not in used]
    if unused:
        used = {system.broker_of(review.scenario.events[event]) for event in _events_in_use(review)}
    for number in unused:
        if number not in used:
            yield system.services[number]


def _events(review: Review) -> Iterator[Element]:
    used = _events_in_use(review)
    for name, event in review.scenario.events.items():
        if name not in used:
            yield event


def _flows(review: Review) -> Iterator[Element]:
    workloads = review.scenario.workloads
    started = {flow for workload in workloads.values() for flow in workload.starts}
    for name, flow in review.scenario.flows.items():
        if workloads and name not in started:
            yield flow


def _sources(review: Review) -> Iterator[Element]:
    # a variant takes parts away, and with them the last use of a source: only the whole file can say
    if review.scenario.variant:
        return
    missing = set(review.scenario.sources)
    missing.discard(review.scenario.source)
    stack = [node for section, (_, node) in _root(review).items() if section != "sources"]
    while stack and missing:
        node = stack.pop()
        if node.kind is LIST:
            stack += node.value
        elif node.kind is MAP:
            stack += [value for _, value in node.value.values()]
            if "source" in node.value:
                missing.discard(node.value["source"][1].value)
        elif "(" in node.value:
            missing.difference_update(one.strip() for mention in _MENTION.findall(node.value) for one in mention.split(" + "))
    for name, source in review.scenario.sources.items():
        if name in missing:
            yield source


def _shapes(review: Review) -> Iterator[Element]:
    root = _root(review)
    if review.scenario.variant or "shapes" not in root:
        return
    used: set[str] = set()
    stack = [root[section][1] for section in ("workloads", "variants") if section in root]
    while stack:
        node = stack.pop()
        if node.kind is LIST:
            stack += node.value
        elif node.kind is MAP:
            stack += [value for _, value in node.value.values()]
            if "shape" in node.value:
                used.add(str(node.value["shape"][1].value))
    for name, (key_node, _) in root["shapes"][1].value.items():
        if name not in used:
            yield Element(name, key_node)


def _root(review: Review) -> dict[str, tuple[Node, Node]]:
    """The sections of the file, each with the node of its key."""
    node = review.scenario.node
    return node.value if node is not None else {}


RULE = Rule("R407", "unused", "info", check)
