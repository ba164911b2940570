"""A step of a flow has changed a store, a later step ends badly, and nothing undoes the first.

What it does: looks at each handler on a flow that ends in one of several events (`publishes` as a map to chances), the *decider*;
a handler that itself compensates does not count as one.

- The *earlier steps* are handlers that write a store (database or cache; filling a cache does not count) and either lead to the
  decider over at least one event, or are called, and waited for, by a handler that does. Whoever calls the decider and waits is
  not among them: it gets the reply and can undo by itself.
- A step is *undone* when a handler on the same flow names it in `compensates`, or names a handler that calls it and waits.
- An alternative *ends badly* when it leads to a handler with `compensates`. Then every earlier step that is not undone is
  reported, at that step.
- An alternative with a chance below 50 % that leads to no handler with `compensates` at all, though there are earlier steps,
  is reported too, at the alternative.

Why is this bad: a flow over several services has no transaction that rolls back. When the card is refused and nobody releases
the stock, it stays reserved for an order that will never come; each refusal takes some more, until the shop is "sold out".

Example:

    services:
      inventory:
        handles:
          OrderPlaced: {calls: inventory-db.write, publishes: [StockReserved]}
      payment:
        handles:
          StockReserved: {publishes: {PaymentCompleted: 92%, PaymentFailed: 8%}}

Use instead: for each earlier step a handler that undoes it when the later one fails.

    services:
      inventory:
        handles:
          OrderPlaced: {calls: inventory-db.write, publishes: [StockReserved]}
          PaymentFailed: {calls: inventory-db.write, compensates: inventory.OrderPlaced}
      payment:
        handles:
          StockReserved: {publishes: {PaymentCompleted: 92%, PaymentFailed: 8%}}

False positives: the rare alternative is another good ending (parcel shop instead of home), or the early write needs no undoing
(a log, a session that expires). Waive it with that reason.

References: Garcia-Molina and Salem, Sagas, SIGMOD 1987; Richardson, Microservices Patterns, 2018, chapter 4, "Managing
transactions with sagas".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.dual_write import store_writes
from sysdesign_cli.engine.system import HandlerNode, PublishEdge, System, _closure
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import SHARE, format_quantity


@dataclass(frozen=True)
class Saga:
    """One flow: handlers reached, writers that no compensation undoes, and handlers that lead to a compensation."""

    flow: str
    reach: set[int]
    lasting: set[int]
    undoing: set[int]

    def fails(self, system: System, edge: PublishEdge) -> bool:
        """Whether an event leads to a compensation."""
        return any(subscriber in self.undoing for subscriber in system.subscribers[edge.event.name])


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    deciders = [node for node in system.handlers if node.publishes and node.publishes[0].exclusive and not node.handler.compensates]
    if not deciders:
        return
    leading = system.leading_to([node.index for node in deciders])
    reported: set[str] = set()
    for flow in review.scenario.flows.values():
        if review.entries[flow.name] not in leading:
            continue
        saga = _saga(review, flow)
        for node in deciders:
            for finding in _findings(review, saga, node) if node.index in saga.reach else ():
                if finding.subject not in reported:
                    reported.add(finding.subject)
                    yield finding


def _saga(review: Review, flow: Flow) -> Saga:
    system = review.system
    reach = review.reach(flow)
    compensating = [handler for handler in sorted(reach) if system.handlers[handler].handler.compensates]
    named = {system.handler_number(name) for handler in compensating for name in system.handlers[handler].handler.compensates}
    undone = _closure(sorted(named), review.called)
    return Saga(flow.name, reach, {handler for handler in reach - undone if _writes(system, handler)}, system.leading_to(compensating))


def _writes(system: System, handler: int) -> bool:
    """Whether a handler changes a store, and not to undo something."""
    node = system.handlers[handler]
    return bool(node.calls or node.misses) and not node.handler.compensates and next(store_writes(system, node), None) is not None


def _findings(review: Review, saga: Saga, decider: HandlerNode) -> Iterator[Finding]:
    alternatives = [edge for edge in decider.publishes if edge.chance > 0]
    bad = [edge for edge in alternatives if saga.fails(review.system, edge)]
    unanswered = [edge for edge in alternatives if edge.chance < 0.5 and edge not in bad]
    if not unanswered and not (bad and saga.lasting):
        return
    steps = _earlier_steps(review, saga, decider)
    for edge in unanswered if steps else ():
        yield RULE.finding(f"{decider.key}/{edge.event.name}", edge.publish, **_params(saga, decider, edge, steps[0]))
    if bad:
        rarest = min(bad, key=lambda edge: edge.chance)
        for step in steps:
            if step.index in saga.lasting:
                yield RULE.finding(step.key, step.handler, **_params(saga, decider, rarest, step))


def _params(saga: Saga, decider: HandlerNode, edge: PublishEdge, step: HandlerNode) -> dict[str, str]:
    chance = format_quantity(edge.chance, SHARE)
    return {"flow": saga.flow, "step": step.key, "handler": decider.key, "event": edge.event.name, "chance": chance}


def _earlier_steps(review: Review, saga: Saga, decider: HandlerNode) -> list[HandlerNode]:
    """Handlers that wrote a store before the decider's own reaction began; compensations are not undone again."""
    system = review.system
    predecessors = system.topology.predecessors
    reacting = {decider.index}  # the decider and those who wait for it
    stack = [decider.index]
    before: list[int] = []
    while stack:
        handler = stack.pop()
        event = system.handlers[handler].event
        for other in predecessors[handler]:
            if other not in saga.reach:
                continue
            if event is not None and any(edge.event is event for edge in system.handlers[other].publishes):
                before.append(other)
            if other not in reacting and handler in review.called[other]:
                reacting.add(other)
                stack.append(other)
    if not before:
        return []
    done = _closure(sorted(system.leading_to(before) & saga.reach), review.called) - reacting
    return [system.handlers[handler] for handler in sorted(done) if _writes(system, handler)]


RULE = Rule("R203", "saga-without-compensation", "warning", check)
