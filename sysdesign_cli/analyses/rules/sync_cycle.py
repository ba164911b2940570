"""Handlers wait for each other in a circle.

What it does: reports each cycle of synchronous calls between handlers once (a strongly connected component of the graph of
calls), also a handler that calls itself. Fallbacks and calls on a cache miss count; events do not, for nobody waits for them.
The finding starts at the handler that comes first in the alphabet and shows a shortest way round.

Why is this bad: every worker on the way is held until the others answer, so under load all of them wait for a worker that
one of them holds: a deadlock that only timeouts resolve. None of the services can start, be deployed or be restored from
cold without the others.

Example:

    services:
      order: {handles: {Place: {calls: [{to: stock.Reserve, timeout: 1s}]}}}
      stock: {handles: {Reserve: {calls: [{to: order.Place, timeout: 1s}]}}}

Use instead: send one direction as an event, or move what both need into a service of its own.

    services:
      order: {handles: {Place: {calls: [{to: stock.Reserve, timeout: 1s}]}, Reserved: {takes: 2ms}}}
      stock: {handles: {Reserve: {publishes: [Reserved]}}}
    events: {Reserved: {}}

False positives: a recursion that is sure to end, such as a walk down a tree. Waive it with that reason.

References: Coffman, Elphick and Shoshani, "System Deadlocks", ACM Computing Surveys 3(2), 1971. Martin, Agile Software
Development: Principles, Patterns, and Practices, 2002, "The Acyclic Dependencies Principle".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from sysdesign_cli.analyses.facts import Facts, facts
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    found = [(min(group, key=known.key), group) for group in known.cycles]
    for first, group in sorted(found, key=lambda pair: known.key(pair[0])):
        circle = _shortest_circle(known, first, set(group))
        call = _call_to(known, first, circle[1])
        yield RULE.finding(known.key(first), call.call, cycle=known.chain(circle), size=str(len(group)))


def _shortest_circle(known: Facts, first: int, inside: set[int]) -> list[int]:
    """From the first handler back to itself by fewest calls."""
    came: dict[int, int] = {}
    queue = deque([first])
    while queue and first not in came:
        handler = queue.popleft()
        for target in known.targets[handler]:
            if target in inside and target not in came:
                came[target] = handler
                queue.append(target)
    circle = [first, came[first]]
    while circle[-1] != first:
        circle.append(came[circle[-1]])
    return circle[::-1]


def _call_to(known: Facts, caller: int, target: int) -> CallEdge:
    return next(edge for edge in known.calls_of(caller) if target in (edge.target, edge.fallback))


RULE = Rule("R301", "sync-cycle", "error", check)
