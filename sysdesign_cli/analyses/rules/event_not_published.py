"""A handler subscribes to an event that nothing publishes.

What it does: reports each handler that is named after a declared event which no handler publishes. The handler a flow starts
with is left out: there the event comes from outside the model.

Why is this bad: no message ever comes, so what the system counts on the handler for (stock set aside, mail sent) never happens,
and no error says so. Mostly the publisher was forgotten, removed with a feature, or publishes under another name.

Example:

    services:
      order: {handles: {PlaceOrder: {calls: order-db.write}}}
      inventory: {handles: {OrderPlaced: {takes: 5ms}}}
    events: {OrderPlaced: {}}

Use instead: publish the event where the thing happens, or remove the handler.

    services:
      order: {handles: {PlaceOrder: {calls: order-db.write, publishes: [OrderPlaced], publish_mode: outbox}}}
      inventory: {handles: {OrderPlaced: {takes: 5ms}}}
    events: {OrderPlaced: {}}

False positives: the publisher belongs to another company; model it as a service of kind external, or start a flow with the
handler. A handler that is only called directly and shares its name with an event by accident wants another name.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Publish-Subscribe Channel".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    entries = set(review.entries.values())
    published = {edge.event.name for node in system.handlers if node.publishes for edge in node.publishes}
    for event, subscribers in system.subscribers.items():
        if event in published:
            continue
        for subscriber in subscribers:
            if subscriber not in entries:
                node = system.handlers[subscriber]
                yield RULE.finding(node.key, node.handler, handler=node.key, event=event)


RULE = Rule("R102", "event-not-published", "error", check)
