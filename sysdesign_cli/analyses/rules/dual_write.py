"""A handler writes a store and publishes an event without an outbox, so a crash between the two leaves them apart.

What it does: reports each publish in mode in-path or best-effort of a handler that also calls a store's write handler (access
write, of a database or cache; a fallback counts too). Looks at handlers that some flow reaches. Filling a cache (a write made
on a miss, or an optional one) is no such write: the copy can be made again. An event that may be lost anyway (not durable, or
delivered at most once) is left out: an outbox would not save it.

Why is this bad: two systems cannot be changed in one step. The process may die, or the broker may be away, after the one and
before the other: then there is an order nobody hears of, or a message about an order that does not exist. In-path and
best-effort differ only in what the caller is told. No retry repairs it, because nobody remembers that something is missing.

Example:

    services:
      order:
        handles:
          PlaceOrder: {calls: order-db.write, publishes: [OrderPlaced], publish_mode: in-path}

Use instead: store the event in the same transaction as the data and let a relay send it (transactional outbox), or read it
from the database's log (change data capture).

    services:
      order:
        handles:
          PlaceOrder: {calls: order-db.write, publishes: [OrderPlaced], publish_mode: outbox}

False positives: store and broker take part in one transaction; what is stored may differ from what is told (a counter); or an
idempotent subscriber publishes in-path, so that its own message is delivered again until both are done. Waive it with that
reason.

References: Kleppmann, Designing Data-Intensive Applications, 2017, chapter 11, "Keeping Systems in Sync"; Richardson,
Microservices Patterns, 2018, chapter 3, "Transactional messaging".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System
from sysdesign_cli.scenario.model import Event


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    for node in system.handlers:
        if not node.publishes or node.index not in review.on_flow:
            continue
        apart = {edge.event.name: edge for edge in reversed(node.publishes) if edge.mode != "outbox" and edge.mean and _is_kept(edge.event)}
        written = next(store_writes(system, node), None) if apart else None
        if written is None:
            continue
        store = system.handlers[written].key
        for event, edge in sorted(apart.items()):
            yield RULE.finding(f"{node.key}/{event}", edge.publish, handler=node.key, event=event, store=store, mode=edge.mode)


def _is_kept(event: Event) -> bool:
    return event.durable and event.delivery != "at-most-once"


def store_writes(system: System, node: HandlerNode) -> Iterator[int]:
    """Write handlers of databases and caches that a handler calls itself; filling a cache with a copy does not count."""
    if node.calls:
        yield from _writes(system, node.calls, False)
    if node.misses and node.hit < 1:
        yield from _writes(system, node.misses, True)


def _writes(system: System, edges: tuple[CallEdge, ...], on_miss: bool) -> Iterator[int]:
    for edge in edges:
        if not edge.mean:
            continue
        for target in (edge.target,) if edge.fallback is None else (edge.target, edge.fallback):
            called = system.handlers[target]
            if called.handler.access == "write":
                kind = system.services[called.service].kind
                if kind == "database" or (kind == "cache" and not on_miss and not edge.optional):
                    yield target
        if edge.on_miss:
            yield from _writes(system, edge.on_miss, True)


RULE = Rule("R103", "dual-write", "error", check)
