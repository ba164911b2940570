"""Events go round in a circle: a message may cause itself again.

What it does: reports each group of handlers that lead to each other (by calls and events) when at least one event is on the
circle. One circle of the group is named, once, starting with its alphabetically first handler. A circle of calls alone is
another rule's matter; one that grows without bound is refused before any rule runs.

Why is this bad: each message goes round several times, so the load is a multiple of what the users cause, and a small change of
a chance may make it grow without bound. No stack and no timeout ends it: a message that once went wrong goes round for ever,
and the bill grows.

Example:

    services:
      order: {handles: {StockChanged: {publishes: {OrderChanged: 50%}}}}
      inventory: {handles: {OrderChanged: {publishes: [StockChanged]}}}
    events: {OrderChanged: {}, StockChanged: {}}

Use instead: events that say what happened, one direction each; a reaction to a reaction that ends.

    services:
      order: {handles: {StockChanged: {calls: order-db.write}}}
      inventory: {handles: {OrderChanged: {publishes: [StockChanged]}}}
    events: {OrderChanged: {}, StockChanged: {}}

False positives: a deliberate retry (no driver found: search again) with a limit that the chance stands for. Waive it and say
what the limit is.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Message Expiration"; AWS Lambda Developer Guide, "Use Lambda
recursive loop detection to prevent infinite loops".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import System


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    position = system.topology.position
    over_event: dict[int, list[tuple[str, str, int, int]]] = {}
    for node in system.handlers:
        for edge in node.publishes:
            for subscriber in system.subscribers[edge.event.name]:
                if position[subscriber] == position[node.index] and edge.mean:
                    step = (node.key, system.handlers[subscriber].key, node.index, subscriber)
                    over_event.setdefault(position[node.index], []).append(step)
    loops = [next(filter(None, (_loop(system, *step[2:]) for step in sorted(steps))), []) for steps in over_event.values()]
    for keys in sorted(filter(None, loops)):
        shown = " → ".join([*_shortened(keys), keys[0]])
        first = system.handlers[system.index[keys[0]]]
        yield RULE.finding("/".join(_shortened(keys)), first.handler, loop=shown, count=str(len(keys)))


def _loop(system: System, publisher: int, subscriber: int) -> list[str]:
    """The shortest circle over one event, as keys from the alphabetically first; ties go to the names that come first.

    Empty when the only way back is one that is never taken (a chance of 0).
    """
    came_from = {subscriber: -1}
    queue = deque([subscriber])
    while publisher not in came_from and queue:
        handler = queue.popleft()
        for other in sorted(_inside(system, handler), key=lambda number: system.handlers[number].key):
            if other not in came_from:
                came_from[other] = handler
                queue.append(other)
    circle = []
    handler = publisher if publisher in came_from else -1
    while handler >= 0:
        circle.append(system.handlers[handler].key)
        handler = came_from[handler]
    circle.reverse()
    start = circle.index(min(circle)) if circle else 0
    return circle[start:] + circle[:start]


def _inside(system: System, handler: int) -> set[int]:
    """Handlers of the same group that an invocation of this one does lead to."""
    node = system.handlers[handler]
    targets = {target for mean, edge in node.weighted_calls() if mean for target in (edge.target, edge.fallback) if target is not None}
    for publish in node.publishes:
        if publish.mean:
            targets.update(system.subscribers[publish.event.name])
    position = system.topology.position
    return {target for target in targets if position[target] == position[handler]}


def _shortened(keys: list[str]) -> list[str]:
    """A long circle by its first eight handlers; groups share no handler, so the first alone keeps the subject unique."""
    return keys if len(keys) <= 8 else [*keys[:8], "…"]


RULE = Rule("R109", "event-loop", "warning", check)
