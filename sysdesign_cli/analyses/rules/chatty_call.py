"""One invocation makes the same call many times.

What it does: reports each call with a `count` of 10 or more, made by a handler on a flow. Calls of a CDN (media come in
segments) and of clients (each a different user) are left out.

Why is this bad: it is the pattern of one query for the list and one for each row of it. Every call pays a round trip, the
callee's load grows with the data instead of with the users, and the slowest of many calls decides when the answer comes.

Example:

    services:
      cart: {handles: {Show: {calls: [{to: catalogue.Item, count: 20, timeout: 1s}]}}}

Use instead: one call for all of them.

    services:
      cart: {handles: {Show: {calls: [{to: catalogue.Items, timeout: 1s}]}}}

False positives: the parts are large and independent, such as chunks of an upload.

References: Fowler, Patterns of Enterprise Application Architecture, 2002, "Remote Facade", and "Lazy Load" (ripple loading).
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.scenario.quantity import COUNT, format_quantity

LIMIT = 10.0


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    for edge in [edge for edge in known.edges if edge.count >= LIMIT]:
        if edge.caller in review.on_flow and review.system.service_of(edge.target).kind not in ("cdn", "client"):
            count = format_quantity(edge.count, COUNT)
            yield RULE.finding(known.call_name(edge), edge.call, caller=known.key(edge.caller), target=known.key(edge.target), count=count)


RULE = Rule("R309", "chatty-call", "info", check)
