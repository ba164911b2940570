"""A caller gives up before its callee does.

What it does: adds up how long a callee may wait for its own calls: for each group of calls made at the same time the longest
of (1 + retries) x timeout + retries x backoff, over the groups in order, what is called on a cache miss after the cache. It
reports a caller on a flow whose timeout is shorter than that. Of several such calls of one handler the worst is reported. A
call made several times counts once, the callee's own work counts nothing, and where a timeout is missing nothing is said.

Why is this bad: the caller answers with an error, or tries again, while the callee still works for nobody. The work is
wasted when there is least to spare, and the effect may happen after the user was told that it did not.

Example:

    services:
      gateway: {kind: gateway, handles: {Buy: {calls: [{to: order.Place, timeout: 1s}]}}}
      order: {handles: {Place: {calls: [{to: order-db.write, timeout: 2s}]}}}

Use instead: timeouts that shrink from the user downwards, or one deadline that is passed on with the request.

    services:
      gateway: {kind: gateway, handles: {Buy: {calls: [{to: order.Place, timeout: 3s}]}}}
      order: {handles: {Place: {calls: [{to: order-db.write, timeout: 2s}]}}}

False positives: the request carries a deadline that the callee obeys, so that it stops when its caller does.

References: Beyer, Jones, Petoff and Murphy (editors), Site Reliability Engineering, 2016, chapter 22, "Latency and
Deadlines".
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, HandlerNode
from sysdesign_cli.scenario.quantity import TIME, format_quantity


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    for edges in _inverted(review).values():
        wait, edge = max(edges, key=lambda pair: pair[0] - float(pair[1].call.timeout or 0.0))
        yield RULE.finding(
            known.call_name(edge),
            edge.call,
            caller=known.key(edge.caller),
            target=known.key(edge.target),
            timeout=format_quantity(float(edge.call.timeout or 0.0), TIME),
            wait=format_quantity(wait, TIME),
            calls=str(len(edges)),
        )


def _inverted(review: Review) -> dict[int, list[tuple[float, CallEdge]]]:
    """Caller -> its calls with a timeout shorter than what the callee may wait."""
    known = facts(review)
    most = known.calls.most_waiting
    waits: dict[int, float] = {}
    found: dict[int, list[tuple[float, CallEdge]]] = {}
    for edge, timeout in zip(known.edges, known.calls.timeouts, strict=True):
        target = edge.target
        if timeout >= most[target] or edge.caller not in review.on_flow:
            continue
        if target not in waits:
            waits[target] = _longest_wait(review.system.handlers[target])
        if timeout < waits[target] * (1 - 1e-9):
            found.setdefault(edge.caller, []).append((waits[target], edge))
    return found


def _longest_wait(node: HandlerNode) -> float:
    """Seconds a handler may wait for its calls; 0 where a timeout is missing and nothing can be said."""
    wait = _wait(node.calls) + _wait(node.misses)
    return 0.0 if math.isnan(wait) else wait


def _wait(edges: tuple[CallEdge, ...]) -> float:
    """Groups in order, the longest call of each; not a number where a timeout is missing."""
    total, group, longest = 0.0, 0, 0.0
    for edge in edges:
        if not edge.chance or not edge.count:
            continue
        call = edge.call
        if call.timeout is None:
            return math.nan
        wait: float = call.timeout
        if call.retries:
            wait = (1 + call.retries) * wait + call.retries * (call.backoff or 0.0)
        if edge.on_miss:
            wait += _wait(edge.on_miss)
        if edge.group != group:
            total, group, longest = total + longest, edge.group, 0.0
        if not wait <= longest:
            longest = wait
    return total + longest


RULE = Rule("R304", "timeout-inversion", "warning", check)
