"""A handler is described, and no flow ever leads to it.

What it does: reports each handler written in the file that no flow reaches by calls, fallbacks, cache misses or events. Where no
handler of a service is reached, the service is reported instead (see unused); where there are no flows, see no-flow.

Why is this bad: its load, failures and cost are in no result. Either a flow is missing, and then every answer about the
system is too good, or a call or event is misspelled, or the handler is left over.

Example:

    services:
      order: {handles: {Place: {takes: 8ms}, Cancel: {takes: 5ms}}}
    flows:
      place: {starts: order.Place}

Use instead: describe the journey that uses it, or take it away.

    flows:
      place: {starts: order.Place}
      cancel: {starts: order.Cancel}

False positives: only another variant uses it.

References: Fowler, Refactoring, 2nd edition, 2018, "Remove Dead Code".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    reached = review.on_flow
    if not reached:
        return
    nodes = review.system.handlers
    used = {nodes[handler].service for handler in reached}
    for node in nodes:
        if node.index not in reached and node.handler.node is not None and node.service in used:
            yield RULE.finding(node.key, node.handler, handler=node.key)


RULE = Rule("R406", "handler-on-no-flow", "info", check)
