"""A user's answer hangs on an external provider.

What it does: reports each call of an external provider, with neither fallback nor optional, by a handler that some flow's answer
cannot do without. Calls made on an event are left out: there the broker keeps the message until the provider is back. So
are handlers whose own failure is absorbed further up.

Why is this bad: its outages become ours, and we can neither shorten them nor work on them. With the request waiting on it
our availability cannot be better than the provider's, and its slowness holds our workers.

Example:

    services:
      order: {handles: {Place: {calls: [{to: card-gateway.charge, timeout: 5s}]}}}
      card-gateway: {kind: external, handles: {charge: {takes: 900ms}}}

Use instead: a second provider, an answer without it, or the call on an event after the answer.

    services:
      order: {handles: {Place: {publishes: [OrderPlaced], publish_mode: outbox}}}
      payment: {handles: {OrderPlaced: {idempotent: true, calls: [{to: card-gateway.charge, timeout: 5s}]}}}

False positives: the request makes no sense without the provider, and the objective allows for its outages. Waive it with
that reason.

References: Nygard, Release It!, 2nd edition, 2018, stability antipatterns, "Integration Points". Treynor, Dahlin, Rau and Beyer,
"The Calculus of Service Availability", ACM Queue 15(2), 2017.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import Facts, absorbed, facts, hard
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    system = review.system
    external = {number for number, service in enumerate(system.services) if service.kind == "external"}
    if not external:
        return
    handlers = {handler for number in external for handler in system.handlers_of[number]}
    edges = [edge for edge in known.edges if edge.target in handlers and not absorbed(edge)]
    if not edges:
        return
    needed = _needed_calls(known)
    for edge in edges:
        if id(edge) in needed and system.handlers[edge.caller].service not in external:
            provider = system.service_of(edge.target).name
            yield RULE.finding(
                known.call_name(edge), edge.call, caller=known.key(edge.caller), target=known.key(edge.target), provider=provider
            )


def _needed_calls(known: Facts) -> set[int]:
    """Ids of the calls whose failure fails the answer of some flow."""
    handlers = known.system.handlers
    stack = list(set(known.review.entries.values()))
    seen = set(stack)
    needed: set[int] = set()
    while stack:
        node = handlers[stack.pop()]
        calls: list[CallEdge] = list(hard(node.calls))
        if node.misses and node.hit < 1:
            calls += hard(node.misses)
        for edge in calls:
            needed.add(id(edge))
            if edge.target not in seen:
                seen.add(edge.target)
                stack.append(edge.target)
    return needed


RULE = Rule("R308", "hard-external", "warning", check)
