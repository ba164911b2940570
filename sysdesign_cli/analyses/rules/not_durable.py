"""A flow's completion hangs on an event that is gone when its subscriber is away.

What it does: reports each event that is `durable: false` or delivered at most once, when a flow passes it on the way to a
handler in its `completed`. Left out is a flow that accepts losses: its objectives state `lose_at_most` above 0, or say nothing
of loss and promise a `freshness` shorter than the subscriber's MTTR, so that what would be delivered later is too old anyway.

Why is this bad: the subscriber is restarted at every deployment and is away for minutes after a fault. Each message of that
time is lost, and the flow counts as answered but never completes. Nothing keeps a list of what is missing.

Example:

    events: {OrderPlaced: {durable: false}}
    flows:
      place-order: {starts: order.PlaceOrder, completed: inventory.OrderPlaced}

Use instead: a durable event that is delivered at least once, with idempotent subscribers.

    events: {OrderPlaced: {durable: true, delivery: at-least-once}}
    flows:
      place-order: {starts: order.PlaceOrder, completed: inventory.OrderPlaced}

False positives: a stream in which the next message replaces the last (positions, temperatures): leave it out of `completed`, or
state `freshness` or `lose_at_most`.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Durable Subscriber" and "Guaranteed Delivery".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.silent_loss import accepts_loss, needed_publishes


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    fleeting = {name for name, event in review.scenario.events.items() if not event.durable or event.delivery == "at-most-once"}
    if not fleeting:
        return
    edges = [edge for node in system.handlers if node.publishes for edge in node.publishes if edge.event.name in fleeting and edge.mean]
    reported: set[str] = set()
    for flow in review.scenario.flows.values():
        for edge, effect in needed_publishes(review, flow, flow.completed, edges):
            event = edge.event
            absence = min(system.service_of(subscriber).mttr for subscriber in system.subscribers[event.name])
            if event.name not in reported and not accepts_loss(flow, absence):
                reported.add(event.name)
                why = "durable: false" if not event.durable else "delivery: at-most-once"
                yield RULE.finding(event.name, event, event=event.name, flow=flow.name, effect=effect, why=why)


RULE = Rule("R110", "not-durable", "warning", check)
