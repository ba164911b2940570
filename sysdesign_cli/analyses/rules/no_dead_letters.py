"""A message that its subscriber cannot handle is dropped after a few tries: there is no dead-letter queue.

What it does: reports each durable event without `dead_letters` and with a subscriber that can fail: one with a hard call (no
fallback, not optional, and not to a cache that can be passed by), or one that publishes in-path through another broker. Events
delivered at most once, and events that are not durable, are left out: their loss is a decision. Looks at subscribers that some
flow reaches.

Why is this bad: while the subscriber's database or provider is away each try fails; when the deliveries are used up the broker
drops the message, and with it the order, the payment, the refund. A dead-letter queue keeps it, so that somebody can look at
it and send it again.

Example:

    services:
      payment: {handles: {StockReserved: {calls: card-gateway.charge}}}
    events: {StockReserved: {deliveries: 5, dead_letters: false}}

Use instead: a dead-letter queue, with an alarm on its length.

    services:
      payment: {handles: {StockReserved: {calls: card-gateway.charge}}}
    events: {StockReserved: {deliveries: 5, dead_letters: true}}

False positives: the subscriber notes what failed by itself and repairs it later; or the message is worthless when it is late,
and then the event need not be durable.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Dead Letter Channel".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    for name, event in review.scenario.events.items():
        if event.dead_letters or not event.durable or event.delivery == "at-most-once":
            continue
        for subscriber in system.subscribers[name]:
            needed = _can_fail_by(system, system.handlers[subscriber]) if subscriber in review.on_flow else ""
            if needed:
                handler = system.handlers[subscriber].key
                yield RULE.finding(name, event, event=name, handler=handler, needed=needed, deliveries=f"{event.deliveries:.0f}")
                break


def _can_fail_by(system: System, node: HandlerNode) -> str:
    """What makes a subscriber fail when it is away, by name; empty when nothing does."""
    hard = next(hard_calls(system, node), None)
    if hard is not None:
        return system.handlers[hard.target].key
    own = system.broker_of(node.event) if node.event is not None else -1
    others = (edge.broker for edge in node.publishes if edge.mode == "in-path" and edge.mean and edge.broker not in (own, -1))
    return next((system.services[broker].name for broker in others), "")


def hard_calls(system: System, node: HandlerNode) -> Iterator[CallEdge]:
    """Calls whose failure fails the handler: no fallback, not optional, no cache that can be passed by, not to a client."""
    for mean, edge in node.weighted_calls():
        soft = edge.fallback is not None or edge.optional
        if edge.hit is not None and edge.on_miss:
            soft = True
        if mean and not soft and system.services[system.handlers[edge.target].service].kind != "client":
            yield edge


RULE = Rule("R105", "no-dead-letters", "warning", check)
