"""A flow names a handler as its answer or completion that it never comes to.

What it does: for each name in a flow's `completed` and `answered` follows the flow from its entry (calls, fallbacks, misses,
events and their subscribers) and reports the name when the handler is not among those reached.

Why is this bad: the flow is judged by something that cannot happen. Either a call, a publish or a subscription is missing in
the model, and every figure about the completion is wrong; or it is missing in the system, and the effect never happens.

Example:

    services:
      order: {handles: {PlaceOrder: {calls: order-db.write}}}
      notification: {handles: {PaymentCompleted: {calls: email.send}}}
    flows:
      place-order: {starts: order.PlaceOrder, completed: notification.PaymentCompleted}

Use instead: add the missing step, or name a handler that the flow comes to.

    services:
      order: {handles: {PlaceOrder: {calls: order-db.write, publishes: [PaymentCompleted], publish_mode: outbox}}}
      notification: {handles: {PaymentCompleted: {calls: email.send}}}
    flows:
      place-order: {starts: order.PlaceOrder, completed: notification.PaymentCompleted}

False positives: none known. When the way leads through a system outside the model, model that system as a service of kind
external.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Process Manager".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.scenario.problems import Place


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    for number, flow in enumerate(review.scenario.flows.values()):
        names = flow.completed if flow.answered is None else (flow.answered, *flow.completed)
        goals = {system.handler_number(name): name for name in reversed(names)}
        for goal, name in reversed(goals.items()):
            if not flows_reaching(review)[goal] >> number & 1:
                key = system.handlers[goal].key
                place = name.node.place if name.node is not None else Place("")
                params = {"flow": flow.name, "handler": key, "entry": system.handlers[review.entries[flow.name]].key}
                yield Finding(RULE.slug, f"{flow.name}/{key}", RULE.severity, place, params)


# the rules of one run all ask about the same review, one after the other: remembering the last one is enough
@lru_cache(maxsize=1)
def flows_reaching(review: Review) -> list[int]:
    """For each handler the flows that may reach it, as bits: bit n is set for the n-th flow. One pass serves all flows."""
    topology = review.system.topology
    reaching = [0] * len(review.system.handlers)
    for number, flow in enumerate(review.scenario.flows):
        reaching[review.entries[flow]] |= 1 << number
    for group in reversed(topology.order):
        flows = 0
        for handler in group:
            flows |= reaching[handler]
        if flows:
            for handler in group:
                reaching[handler] = flows
                for target in topology.successors[handler]:
                    reaching[target] |= flows
    return reaching


RULE = Rule("R201", "completion-unreachable", "error", check)
