"""The user waits for a long chain of calls, one behind the other.

What it does: follows the synchronous calls from each flow's entry (fallbacks and calls on a cache miss included) and reports
a flow whose longest chain has more than 5 calls. Handlers that wait for each other in a circle count as one.

Why is this bad: the answer needs every service of the chain at the same time and takes the sum of all their times; the
chance that one of them is slow or down grows with each, and so does the number of workers held.

Example:

    flows: {buy: {starts: a.Do}}
    services:
      a: {handles: {Do: {calls: [{to: b.Do, timeout: 6s}]}}}
      b: {handles: {Do: {calls: [{to: c.Do, timeout: 5s}]}}}
      c: {handles: {Do: {calls: [{to: d.Do, timeout: 4s}]}}}
      d: {handles: {Do: {calls: [{to: e.Do, timeout: 3s}]}}}
      e: {handles: {Do: {calls: [{to: f.Do, timeout: 2s}]}}}
      f: {handles: {Do: {calls: [{to: f-db.write, timeout: 1s}]}}}

Use instead: answer early and do the rest on an event, let one service call the others side by side, or merge layers that
only pass the request on.

    services:
      a: {handles: {Do: {calls: [{to: b.Do, timeout: 2s}], publishes: [Done], publish_mode: outbox}}}

False positives: a device or gateway drawn as an entry of its own adds a call that costs little. Waive it with that reason.

References: Dean and Barroso, "The Tail at Scale", Communications of the ACM 56(2), 2013. Treynor, Dahlin, Rau and Beyer,
"The Calculus of Service Availability", ACM Queue 15(2), 2017.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import Facts, facts
from sysdesign_cli.analyses.review import Finding, Review, Rule

LIMIT = 5


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    if not _any_deep(known):
        return
    depth = _depths(known)
    circles = {handler: group for group in known.cycles for handler in group}
    for flow in review.scenario.flows.values():
        entry = review.entries[flow.name]
        hops = depth[entry]
        if hops > LIMIT:
            chain = known.chain(_deepest(known, depth, circles, entry))
            yield RULE.finding(flow.name, flow, flow=flow.name, hops=str(hops), limit=str(LIMIT), chain=chain)


def _any_deep(known: Facts) -> bool:
    """A quick look: whether some handler is more than LIMIT calls away from an entry."""
    targets = known.targets
    layer = set(known.review.entries.values())
    for _ in range(LIMIT + 1):
        layer = set().union(*[targets[handler] for handler in layer])
    return bool(layer)


def _depths(known: Facts) -> list[int]:
    """Calls from each handler to the deepest one it waits for."""
    targets = known.targets
    depth = [0] * len(targets)
    cyclic = {handler for group in known.cycles for handler in group}
    for group in known.groups:
        handler = group[0]
        if handler in cyclic:
            inside = set(group)
            beyond = [depth[target] for member in group for target in targets[member] if target not in inside]
            for member in group:
                depth[member] = 1 + max(beyond) if beyond else 0
        elif called := targets[handler]:
            depth[handler] = 1 + max([depth[target] for target in called])
    return depth


def _deepest(known: Facts, depth: list[int], circles: dict[int, list[int]], entry: int) -> list[int]:
    """The handlers of a longest chain; of a circle only the one it is entered by."""
    chain = [entry]
    while depth[chain[-1]]:
        group = circles.get(chain[-1], [chain[-1]])
        below = {target for member in group for target in known.targets[member] if target not in group}
        chain.append(min((t for t in below if depth[t] == depth[chain[-1]] - 1), key=known.key))
    return chain


RULE = Rule("R302", "deep-call-chain", "warning", check)
