"""A subscriber may see a message twice, and doing it twice is not as good as once.

What it does: reports each subscriber of an at-least-once event that is not `idempotent: true` and has an effect: it writes a
store, calls an external provider or publishes, itself or through what it calls and waits for (fallbacks included). A callee
that is `idempotent: true` absorbs the repetition; so does a provider's handler with `access: read`; filling a cache is no
effect. Looks at subscribers that some flow reaches.

Why is this bad: at-least-once means that a message comes again whenever the acknowledgement is lost, the subscriber is
restarted or is slower than the broker's patience. That is rare in a test and certain in a year: the card is charged twice, the
stock is taken twice, the mail is sent twice.

Example:

    services:
      payment: {handles: {StockReserved: {calls: card-gateway.charge}}}
    events: {StockReserved: {delivery: at-least-once}}

Use instead: remember the ids of messages already handled in the same transaction as the effect, or pass an idempotency key on
to the provider, and then say so.

    services:
      payment: {handles: {StockReserved: {calls: card-gateway.charge, idempotent: true}}}
    events: {StockReserved: {delivery: at-least-once}}

False positives: the effect is the same every time anyway (a status is set to a fixed value): then the handler is idempotent,
and the model should say so.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Idempotent Receiver"; Helland, Idempotence Is Not a
Medical Condition, ACM Queue, 2012.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.dual_write import store_writes
from sysdesign_cli.engine.system import HandlerNode, System


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    suspects = [
        subscriber
        for event, subscribers in system.subscribers.items()
        if review.scenario.events[event].delivery == "at-least-once"
        for subscriber in subscribers
        if not system.handlers[subscriber].handler.idempotent and subscriber in review.on_flow
    ]
    if not suspects:
        return
    harmful = _harmful(review, suspects)
    for subscriber in suspects:
        if subscriber in harmful:
            node = system.handlers[subscriber]
            effect = _own_effect(system, node) or next(system.handlers[c].key for c in review.called[subscriber] if c in harmful)
            yield RULE.finding(node.key, node.handler, handler=node.key, event=node.handler.name, effect=effect)


def _harmful(review: Review, suspects: list[int]) -> set[int]:
    """Of the suspects and what they call, those for which a second run does harm."""
    system = review.system
    callers: dict[int, list[int]] = {}
    seen = set(suspects)
    stack = list(suspects)
    harmful: list[int] = []
    while stack:
        handler = stack.pop()
        if _own_effect(system, system.handlers[handler]):
            harmful.append(handler)
            continue
        for callee in review.called[handler]:
            if not system.handlers[callee].handler.idempotent:
                callers.setdefault(callee, []).append(handler)
                if callee not in seen:
                    seen.add(callee)
                    stack.append(callee)
    result = set(harmful)
    while harmful:
        for caller in callers.get(harmful.pop(), ()):
            if caller not in result:
                result.add(caller)
                harmful.append(caller)
    return result


def _own_effect(system: System, node: HandlerNode) -> str:
    """What a second run would do again, by name; empty when nothing.

    A store's handler has no effect of its own here: whether its write counts depends on the call (see ``store_writes``).
    """
    if node.publishes:
        return node.publishes[0].event.name
    kind = system.services[node.service].kind
    if kind == "external" and node.handler.access != "read":
        return node.key
    if node.event is not None and node.handler.access == "write" and kind in ("database", "cache"):
        return node.key
    if not node.calls and not node.misses:
        return ""
    written = (target for target in store_writes(system, node) if not system.handlers[target].handler.idempotent)
    return next((system.handlers[target].key for target in written), "")


RULE = Rule("R104", "not-idempotent", "warning", check)
