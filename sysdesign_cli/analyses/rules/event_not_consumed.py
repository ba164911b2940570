"""An event is published, and nobody subscribes to it.

What it does: reports each event that some handler publishes and that no handler is named after.

Why is this bad: the message costs money and storage and changes nothing; most often the subscriber was forgotten or its
name is misspelled, and then the effect that the publisher counts on never happens.

Example:

    services:
      order: {handles: {PlaceOrder: {publishes: [OrderPlaced]}}}
    events: {OrderPlaced: {}}

Use instead: give some service a handler of that name, or do not publish.

    services:
      order: {handles: {PlaceOrder: {publishes: [OrderPlaced]}}}
      inventory: {handles: {OrderPlaced: {takes: 5ms}}}
    events: {OrderPlaced: {}}

False positives: the subscriber belongs to another company, or the model is incomplete. Waive it with that reason.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Publish-Subscribe Channel".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    published = {edge.event.name: node.key for node in system.handlers for edge in node.publishes}
    for event, publisher in published.items():
        if not system.subscribers[event]:
            yield RULE.finding(event, review.scenario.events[event], event=event, publisher=publisher)


RULE = Rule("R101", "event-not-consumed", "warning", check)
