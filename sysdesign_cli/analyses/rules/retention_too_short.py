"""An ordinary repair takes longer than the broker keeps the messages.

What it does: for each durable event compares its retention with the mean time to repair (MTTR) of each subscriber's service
and of everything the subscriber cannot do without (its hard calls, and theirs); reports the event with the slowest of them.
Looks at subscribers that some flow reaches; clients never fail and do not count.

Why is this bad: a durable event promises that a subscriber may be away. If it is away for its usual time to repair and the
broker has thrown the oldest messages out by then, an everyday fault, and no disaster, loses orders.

Example:

    services:
      inventory: {mttr: 30min, handles: {OrderPlaced: {calls: inventory-db.write}}}
    events: {OrderPlaced: {retention: 10min}}

Use instead: a retention of several times the longest repair, weekends included.

    services:
      inventory: {mttr: 30min, handles: {OrderPlaced: {calls: inventory-db.write}}}
    events: {OrderPlaced: {retention: 7d}}

False positives: the value of the message is gone by then (a position, a price): then the event need not be durable; say
`durable: false`. MTTR that nobody stated is a default by kind of service: state your own.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Durable Subscriber" and "Message Expiration"; Apache Kafka
documentation, topic setting `retention.ms`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.no_dead_letters import hard_calls
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service
from sysdesign_cli.scenario.quantity import TIME, format_quantity


def check(review: Review) -> Iterator[Finding]:
    durable = [event for event in review.scenario.events.values() if event.durable and event.delivery != "at-most-once"]
    if not durable:
        return
    # most systems keep messages longer than any repair takes; then there is nothing to search
    longest = max(service.mttr for service in review.system.services)
    short = [event for event in durable if event.retention < longest]
    subscribers = [s for event in short for s in review.system.subscribers[event.name] if s in review.on_flow]
    slowest = _slowest_repairs(review.system, subscribers)
    for event in short:
        waiting = [s for s in review.system.subscribers[event.name] if s in slowest and slowest[s].mttr > event.retention]
        if waiting:
            worst = max(waiting, key=lambda subscriber: (slowest[subscriber].mttr, -subscriber))
            handler, service = review.system.handlers[worst].key, slowest[worst]
            params = {"retention": format_quantity(event.retention, TIME), "mttr": format_quantity(service.mttr, TIME)}
            yield RULE.finding(event.name, event, event=event.name, handler=handler, service=service.name, **params)


def _slowest_repairs(system: System, subscribers: list[int]) -> dict[int, Service]:
    """For each subscriber, of its service and what it cannot do without, the one with the longest repair."""
    callers: dict[int, list[int]] = {}
    seen = dict.fromkeys(subscribers)
    stack = list(seen)
    while stack:
        handler = stack.pop()
        for edge in hard_calls(system, system.handlers[handler]):
            callers.setdefault(edge.target, []).append(handler)
            if edge.target not in seen:
                seen[edge.target] = None
                stack.append(edge.target)
    failing = [handler for handler in seen if system.service_of(handler).kind != "client"]
    slowest: dict[int, Service] = {}
    # longest repair first, so the first to arrive at a handler is the one that counts there
    for handler in sorted(failing, key=lambda number: (-system.service_of(number).mttr, number)):
        stack = [handler]
        while stack:
            reached = stack.pop()
            if reached not in slowest:
                slowest[reached] = system.service_of(handler)
                stack += callers.get(reached, ())
    return slowest


RULE = Rule("R106", "retention-too-short", "warning", check)
