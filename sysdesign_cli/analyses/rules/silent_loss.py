"""An effect that a flow needs hangs on an event that is published and forgotten.

What it does: reports each best-effort publish that a flow passes, when a subscriber of the event leads to a handler in that
same flow's `completed` or `answered`. Left out is a flow that accepts losses: its objectives state `lose_at_most` above 0, or
say nothing of loss and promise a `freshness` shorter than the broker's MTTR, so that what would be sent later is too old anyway.

Why is this bad: while the broker is away the error is swallowed. The user is told yes, and the effect never happens: no row, no
log line and no retry remembers it. Kill the broker of the Sock Shop demonstration and orders go on succeeding, while their
shipments are lost.

Example:

    services:
      order: {handles: {PlaceOrder: {publishes: [OrderPlaced], publish_mode: best-effort}}}
    flows:
      place-order: {starts: order.PlaceOrder, completed: inventory.OrderPlaced}

Use instead: an outbox; in-path would at least tell the user no.

    services:
      order: {handles: {PlaceOrder: {calls: order-db.write, publishes: [OrderPlaced], publish_mode: outbox}}}
    flows:
      place-order: {starts: order.PlaceOrder, completed: inventory.OrderPlaced}

False positives: the effect also comes about in another way (a nightly comparison finds and repairs what is missing); or nobody
needs it, and then it does not belong in `completed`.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Guaranteed Delivery"; Richardson, Microservices Patterns,
2018, chapter 3, "Transactional messaging".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.completion_unreachable import flows_reaching
from sysdesign_cli.engine.system import PublishEdge
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.shapes import Name


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    swallowed = [edge for node in system.handlers if node.publishes for edge in node.publishes if edge.mode == "best-effort" and edge.mean]
    if not swallowed:
        return
    reported: set[str] = set()
    for flow in review.scenario.flows.values():
        goals = flow.completed if flow.answered is None else (flow.answered, *flow.completed)
        for edge, effect in needed_publishes(review, flow, goals, swallowed):
            if accepts_loss(flow, system.services[edge.broker].mttr):
                continue
            publisher = system.handlers[edge.publisher].key
            subject = f"{publisher}/{edge.event.name}"
            if subject not in reported:
                reported.add(subject)
                yield RULE.finding(subject, edge.publish, handler=publisher, event=edge.event.name, flow=flow.name, effect=effect)


def accepts_loss(flow: Flow, absence_s: float) -> bool:
    """Whether a flow has no use for messages that are kept for ``absence_s`` seconds."""
    promised = flow.objectives
    if promised.lose_at_most is not None:
        return promised.lose_at_most > 0
    return promised.freshness is not None and promised.freshness < absence_s


def needed_publishes(
    review: Review, flow: Flow, goals: tuple[Name, ...], edges: Iterable[PublishEdge]
) -> Iterator[tuple[PublishEdge, str]]:
    """Of some publishes, those a flow passes on its way to one of the goals, each with the goal it leads to."""
    if not goals:
        return
    system = review.system
    number = list(review.entries).index(flow.name)
    passed = [edge for edge in edges if flows_reaching(review)[edge.publisher] >> number & 1]
    handlers = list(dict.fromkeys(system.handler_number(name) for name in goals))
    leading = system.leading_to(handlers) if passed else set()
    needed = [edge for edge in passed if any(subscriber in leading for subscriber in system.subscribers[edge.event.name])]
    if needed:
        leading_to_each = [(system.handlers[handler].key, system.leading_to([handler])) for handler in handlers]
        for edge in needed:
            subscribers = system.subscribers[edge.event.name]
            yield edge, next(key for key, before in leading_to_each if any(subscriber in before for subscriber in subscribers))


RULE = Rule("R107", "silent-loss", "error", check)
