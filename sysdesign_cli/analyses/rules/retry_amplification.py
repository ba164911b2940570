"""Retries on several levels multiply: one failure at the bottom becomes many calls.

What it does: multiplies the tries (1 + retries, or 1 + `retry_budget` where that is less) along each chain of synchronous calls on
a flow, and reports where the product reaches 8: at the last call of the chain that retries, for each callee the worst. A call
with a fallback, an optional call and a cache that can be passed by begin a new product: their failure does not fail the
caller, so nobody above tries again. Circles of calls are left out (see sync-cycle).

Why is this bad: with r retries on each of d levels a failing service at the bottom gets (1 + r)^d calls for one request, just
when it can least bear them. A fault of seconds becomes a lasting overload that remains when its cause has gone.

Example:

    services:
      gateway: {kind: gateway, handles: {Buy: {calls: [{to: order.Place, timeout: 30s, retries: 1}]}}}
      order: {handles: {Place: {calls: [{to: stock.Reserve, timeout: 10s, retries: 1}]}}}
      stock: {handles: {Reserve: {calls: [{to: stock-db.write, timeout: 2s, retries: 1}]}}}

Use instead: retry on one level only, where most is known about the failure, or cap retries to a share of the calls.

    services:
      gateway: {kind: gateway, handles: {Buy: {calls: [{to: order.Place, timeout: 30s}]}}}
      order: {handles: {Place: {calls: [{to: stock.Reserve, timeout: 10s}]}}}
      stock: {handles: {Reserve: {calls: [{to: stock-db.write, timeout: 2s, retries: 1, retry_budget: 10%}]}}}

False positives: the levels tell each other not to retry (an "overloaded" answer), or a circuit breaker opens at once.

References: Beyer, Jones, Petoff and Murphy (editors), Site Reliability Engineering, 2016, chapter 22, "Retries". Brooker,
"Timeouts, retries, and backoff with jitter", The Amazon Builders' Library. Bronson et al., "Metastable Failures in
Distributed Systems", HotOS 2021.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import Facts, absorbed, facts
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, _closure
from sysdesign_cli.scenario.quantity import COUNT, format_quantity

LIMIT = 8.0


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    if not _may_reach_limit(known):
        return
    factors = _Factors(known)
    for edge, factor in factors.bottom():
        chain = [*factors.way_to(edge), edge.target]
        yield RULE.finding(
            known.call_name(edge),
            edge.call,
            target=known.key(edge.target),
            factor=format_quantity(factor, COUNT),
            chain=known.chain(chain),
        )


def _may_reach_limit(known: Facts) -> bool:
    """A quick look: without a call that reaches the limit alone, some retried call must lie behind another."""
    if any(_tries(edge) >= LIMIT for edge in known.calls.retried):
        return True
    below = _closure(list({edge.target for edge in known.calls.retried}), known.targets)
    return any(edge.caller in below for edge in known.calls.retried)


def _tries(edge: CallEdge) -> float:
    """Calls that one call becomes when the callee fails."""
    call = edge.call
    retries = float(call.retries)
    return 1.0 + (retries if call.retry_budget is None else min(retries, float(call.retry_budget)))


class _Factors:
    """Worst number of calls that one request becomes, for every handler, from the entries down."""

    def __init__(self, known: Facts) -> None:
        self.known = known
        self.factor = [1.0] * len(known.targets)
        self.came: dict[int, tuple[CallEdge, bool]] = {}
        self.retried: dict[int, tuple[float, CallEdge]] = {}
        on_flow = known.review.on_flow
        handlers = known.system.handlers
        for group in reversed(known.groups):
            for handler in group:
                node = handlers[handler]
                if handler in on_flow and (node.calls or node.misses):
                    for edges in (node.calls, node.misses):
                        self._follow(edges, self.factor[handler], group)

    def _follow(self, edges: tuple[CallEdge, ...], factor: float, group: list[int]) -> None:
        for edge in edges:
            if not edge.chance or not edge.count:
                continue
            fresh = absorbed(edge)
            product = _tries(edge) * (1.0 if fresh else factor)
            self._reach(edge.target, edge, product, not fresh, group)
            if product >= LIMIT and _tries(edge) > 1 and edge.target not in group:
                worst = self.retried.get(edge.target)
                if worst is None or product > worst[0]:
                    self.retried[edge.target] = (product, edge)
            if edge.fallback is not None:
                self._reach(edge.fallback, edge, factor, True, group)
            if edge.on_miss:
                self._follow(edge.on_miss, 1.0 if edge.optional or edge.fallback is not None else factor, group)

    def _reach(self, target: int, edge: CallEdge, product: float, carried: bool, group: list[int]) -> None:
        if product > self.factor[target] and target not in group:
            self.factor[target] = product
            self.came[target] = (edge, carried)

    def bottom(self) -> list[tuple[CallEdge, float]]:
        """Retried calls of a product over the limit with no further retried call below them, in the file's order."""
        if not self.retried:
            return []
        below = self._retried_below()
        found = [(edge, product) for target, (product, edge) in self.retried.items() if not below[target]]
        return sorted(found, key=lambda pair: (pair[0].caller, pair[0].target))

    def _retried_below(self) -> list[bool]:
        """Whether a product that arrives at a handler grows further down."""
        below = [False] * len(self.factor)
        for group in self.known.groups:
            for handler in group:
                below[handler] = any(self._grows(edge, below) for edge in self.known.calls_of(handler) if edge.target not in group)
        return below

    def _grows(self, edge: CallEdge, below: list[bool]) -> bool:
        if edge.fallback is not None and below[edge.fallback]:
            return True
        return not absorbed(edge) and (below[edge.target] or _tries(edge) > 1)

    def way_to(self, edge: CallEdge) -> list[int]:
        """The handlers from the first retrying caller down to the caller of this call."""
        way = [edge.caller]
        if absorbed(edge):
            return way
        while way[-1] in self.came:
            before, carried = self.came[way[-1]]
            way.append(before.caller)
            if not carried:
                break
        return way[::-1]


RULE = Rule("R305", "retry-amplification", "warning", check)
