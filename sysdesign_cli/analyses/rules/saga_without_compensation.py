"""A step of a flow has changed a store, a later step ends badly, and nothing undoes the first.

What it does: looks at each handler on a flow that ends in one of several events (`publishes` as a map to chances), the *decider*;
a handler that itself compensates does not count as one.

- The *earlier steps* are handlers that write a store (database or cache; filling a cache does not count) and either lead to the
  decider over at least one event, or are called, and waited for, by a handler that does. Whoever only calls the decider and
  waits is not among them: it gets the reply and can undo by itself. Nor is who takes turns with the decider in a circle.
- A step is *undone* when a handler on the same flow names it in `compensates`, or names a handler that calls it and waits.
- An alternative *ends badly* when it leads to a handler with `compensates`. Then every earlier step that is not undone is
  reported, once, at that step.
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

from collections.abc import Iterable, Iterator
from functools import cached_property

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.completion_unreachable import flows_reaching
from sysdesign_cli.analyses.rules.dual_write import store_writes
from sysdesign_cli.engine.system import HandlerNode, PublishEdge, _closure
from sysdesign_cli.scenario.quantity import SHARE, format_quantity


def check(review: Review) -> Iterator[Finding]:
    deciders = [
        node
        for node in review.system.handlers
        if node.publishes and node.publishes[0].exclusive and not node.handler.compensates and node.index in review.on_flow
    ]
    if deciders:
        sagas = _Sagas(review)
        for decider in deciders:
            yield from sagas.unanswered(decider)
        yield from sagas.not_undone(deciders)


class _Sagas:
    """All sagas at once. Sets of flows are bits, as in ``flows_reaching``, so one pass over the handlers serves all flows."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.system = review.system
        self.flows = list(review.scenario.flows)
        self.reaching = flows_reaching(review)
        self.compensating = [node for node in self.system.handlers if node.handler.compensates and self.reaching[node.index]]
        self.undoing = self.system.leading_to([node.index for node in self.compensating])
        self._writes: dict[int, bool] = {}
        self._barren: set[int] = set()
        self._barren_below: set[int] = set()

    def unanswered(self, decider: HandlerNode) -> Iterator[Finding]:
        """Rare alternatives of a decider that lead to no compensation, though something was written before."""
        rare = [edge for edge in decider.publishes if 0 < edge.chance < 0.5 and not self._ends_badly(edge)]
        step = self._nearest_earlier_step(decider) if rare else None
        if step is not None:
            for edge in rare:
                subject = f"{decider.key}/{edge.event.name}"
                yield RULE.finding(subject, edge.publish, **self._params(self.reaching[step.index], decider, edge, step))

    def not_undone(self, deciders: list[HandlerNode]) -> Iterator[Finding]:
        """Earlier steps of deciders that may end badly, which no compensation on the same flow undoes."""
        bad = [node for node in deciders if any(self._ends_badly(edge) for edge in node.publishes)]
        decided_by = dict(self._before(bad))
        earlier = self._handed_down({handler: self.reaching[handler] for handler in decided_by})
        named: dict[int, int] = {}
        for node in self.compensating:
            for name in node.handler.compensates:
                number = self.system.handler_number(name)
                named[number] = named.get(number, 0) | self.reaching[node.index]
        undone = self._handed_down(named)
        for handler in sorted(earlier):
            lasting = earlier[handler] & ~undone.get(handler, 0)
            if lasting and self._is_step(handler):
                decider = self.system.handlers[self._decider_of(handler, lasting, decided_by)]
                edge = min((edge for edge in decider.publishes if self._ends_badly(edge)), key=lambda edge: edge.chance)
                step = self.system.handlers[handler]
                yield RULE.finding(step.key, step.handler, **self._params(lasting, decider, edge, step))

    def _ends_badly(self, edge: PublishEdge) -> bool:
        """Whether an event leads to a compensation."""
        return edge.chance > 0 and any(subscriber in self.undoing for subscriber in self.system.subscribers[edge.event.name])

    def _is_step(self, handler: int) -> bool:
        """Whether a handler changes a store, and not to undo something."""
        known = self._writes.get(handler)
        if known is None:
            node = self.system.handlers[handler]
            known = not node.handler.compensates and next(store_writes(self.system, node), None) is not None
            self._writes[handler] = known
        return known

    def _before(self, deciders: Iterable[HandlerNode]) -> Iterator[tuple[int, int]]:
        """Handlers that lead to a decider over at least one event, each once with one such decider; the nearest come first."""
        predecessors, position = self.system.topology.predecessors, self.system.topology.position
        reacting = {node.index: node.index for node in deciders}  # deciders and those who wait for them
        queue = list(reacting)
        before: dict[int, int] = {}
        for handler in queue:
            event = self.system.handlers[handler].event
            for other in predecessors[handler]:
                if event is not None and position[other] != position[handler] and self._publishes(other, event.name):
                    before.setdefault(other, reacting[handler])
                if other not in reacting and handler in self.review.called[other]:
                    reacting[other] = reacting[handler]
                    queue.append(other)
        queue = [handler for handler in before if self.reaching[handler]]
        for handler in queue:
            yield handler, before[handler]
            for other in predecessors[handler]:
                if other not in before and self.reaching[other]:
                    before[other] = before[handler]
                    queue.append(other)

    def _publishes(self, handler: int, event: str) -> bool:
        return any(edge.event.name == event for edge in self.system.handlers[handler].publishes)

    @cached_property
    def _after_an_event(self) -> set[int]:
        """Handlers that some event leads to, directly or not."""
        return _closure([s for subscribers in self.system.subscribers.values() for s in subscribers], self.system.topology.successors)

    def _nearest_earlier_step(self, decider: HandlerNode) -> HandlerNode | None:
        """A handler that wrote a store before the decider's own reaction began: the nearest, or what the nearest called."""
        if decider.index not in self._after_an_event:
            return None
        visited: list[int] = []
        for handler, _ in self._before([decider]):
            if handler not in self._barren:
                visited.append(handler)
                step = self._step_below(handler)
                if step is not None:
                    return step
        # whatever leads to these has been looked at too, so the next decider need not look again
        self._barren.update(visited)
        return None

    def _step_below(self, handler: int) -> HandlerNode | None:
        """The handler, or the nearest it calls and waits for, that is a step."""
        seen = {handler}
        queue = [handler]
        for below in queue:
            if self._is_step(below):
                return self.system.handlers[below]
            new = [callee for callee in self.review.called[below] if callee not in seen and callee not in self._barren_below]
            seen.update(new)
            queue += new
        self._barren_below.update(seen)
        return None

    def _handed_down(self, flows: dict[int, int]) -> dict[int, int]:
        """Flows of some handlers, and of all that these call and wait for."""
        position = self.system.topology.position
        result = dict(flows)
        queue = sorted(flows, key=lambda handler: -position[handler])
        while queue:
            again: dict[int, None] = {}
            for handler in queue:
                for callee in self.review.called[handler]:
                    both = result.get(callee, 0) | result[handler]
                    if both != result.get(callee, 0):
                        result[callee] = both
                        again[callee] = None
            queue = sorted(again, key=lambda handler: -position[handler])
        return result

    def _decider_of(self, step: int, flows: int, decided_by: dict[int, int]) -> int:
        """A decider that comes after an earlier step on one of the flows."""
        seen = {step}
        queue = [step]
        for handler in queue:
            if handler in decided_by and self.reaching[handler] & flows:
                return decided_by[handler]
            new = [c for c in self.system.topology.predecessors[handler] if handler in self.review.called[c] and c not in seen]
            seen.update(new)
            queue += new
        raise LookupError(step)  # every earlier step has its flows from a handler in decided_by

    def _params(self, flows: int, decider: HandlerNode, edge: PublishEdge, step: HandlerNode) -> dict[str, str]:
        flow = self.flows[(flows & -flows).bit_length() - 1]
        chance = format_quantity(edge.chance, SHARE)
        return {"flow": flow, "step": step.key, "handler": decider.key, "event": edge.event.name, "chance": chance}


RULE = Rule("R203", "saga-without-compensation", "warning", check)
