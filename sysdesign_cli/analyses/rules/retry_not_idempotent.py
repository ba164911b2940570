"""A call that changes something is retried, and doing it twice is not declared to be as good as once.

What it does: reports each call with retries, made by a handler on a flow, whose callee is not `idempotent: true` and writes: it
has `access: write`, is a handler of an external provider (unless `access: read`), or leads to such a handler by calls. What is
idempotent on the way takes care of its own effects. Putting a value into a cache counts as harmless.

Why is this bad: a timeout does not say whether the effect happened. The retry then charges, orders or reserves a second time.

Example:

    services:
      order: {handles: {Place: {calls: [{to: payment.Charge, timeout: 2s, retries: 2}]}}}
      payment: {handles: {Charge: {calls: [{to: payment-db.write, timeout: 1s}]}}}

Use instead: send an idempotency key that the callee remembers, and say so.

    services:
      payment: {handles: {Charge: {idempotent: true, calls: [{to: payment-db.write, timeout: 1s}]}}}

False positives: the write only sets a value (the same one each time); then declare it idempotent.

References: Helland, "Idempotence Is Not a Medical Condition", ACM Queue 10(4), 2012. Featonby, "Making retries safe with
idempotent APIs", The Amazon Builders' Library.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import Facts, facts
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, HandlerNode, _closure


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    on_flow = review.on_flow
    retried = [edge for edge in known.calls.retried if edge.caller in on_flow]
    unsafe = _unsafe(known, retried) if retried else set()
    for edge in retried:
        if edge.target in unsafe:
            yield RULE.finding(
                known.call_name(edge),
                edge.call,
                caller=known.key(edge.caller),
                target=known.key(edge.target),
                retries=str(int(edge.call.retries)),
            )


def _unsafe(known: Facts, retried: list[CallEdge]) -> set[int]:
    """Handlers that change something each time they run, among those that the retried calls lead to."""
    handlers = known.system.handlers
    callers: dict[int, list[int]] = {}
    found = []
    for number in _closure(list({edge.target for edge in retried}), known.targets):
        node = handlers[number]
        if node.handler.idempotent:
            continue
        if _writes(known, node):
            found.append(number)
        for target in known.targets[number]:
            callers.setdefault(target, []).append(number)
    unsafe = set(found)
    while found:
        for caller in callers.get(found.pop(), ()):
            if caller not in unsafe:
                unsafe.add(caller)
                found.append(caller)
    return unsafe


def _writes(known: Facts, node: HandlerNode) -> bool:
    kind = known.system.services[node.service].kind
    access = node.handler.access
    if kind == "external":
        return access != "read"
    # the ordinary put of a cache replaces a value: the second time changes nothing
    return access == "write" and not (kind == "cache" and node.handler.name == "put")


RULE = Rule("R306", "retry-not-idempotent", "warning", check)
