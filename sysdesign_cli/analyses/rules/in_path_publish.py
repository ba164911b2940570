"""The user's request fails when the broker is away: an event is published in its path.

What it does: reports each publish in mode in-path of a handler that a user waits for and that the answer cannot do without (the
entry of a flow and its hard calls: no fallback, not optional). Left out is an event that brings the answer itself, because its
subscribers lead to the flow's `answered`: there the request cannot succeed without the broker, and failing at once is honest.

Why is this bad: the answer does not need the subscribers, yet it is refused because a message to them cannot be sent. The
broker becomes part of every request's availability, which is what publishing instead of calling was meant to avoid. Worse, it
fails at the end, after the calls: the card is charged and the user sees an error (the Robot Shop demonstration does this).

Example:

    services:
      order: {handles: {PlaceOrder: {calls: order-db.write, publishes: [OrderPlaced], publish_mode: in-path}}}
    flows: {place-order: {starts: order.PlaceOrder}}

Use instead: an outbox, so that the event waits with the data; best-effort where nobody needs the event.

    services:
      order: {handles: {PlaceOrder: {calls: order-db.write, publishes: [OrderPlaced], publish_mode: outbox}}}
    flows: {place-order: {starts: order.PlaceOrder}}

False positives: the request is nothing but the message (a device that hands in a measurement and tries again itself).

References: Nygard, Release It!, 2nd edition, 2018, "Integration Points"; Richardson, Microservices Patterns, 2018, chapter 3,
"Using asynchronous messaging to improve availability".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.no_dead_letters import hard_calls
from sysdesign_cli.engine.system import PublishEdge
from sysdesign_cli.scenario.model import Flow


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    in_path = {
        node.index for node in system.handlers if node.publishes and any(edge.mode == "in-path" and edge.mean for edge in node.publishes)
    }
    if not in_path or in_path.isdisjoint(review.in_answers):
        return
    found: dict[str, tuple[PublishEdge, str]] = {}
    plain = [flow for flow in review.scenario.flows.values() if flow.answered is None]
    later = [flow for flow in review.scenario.flows.values() if flow.answered is not None]
    for handler, flow_name in _waited_for(review, plain).items():
        if handler in in_path:
            _note(review, handler, flow_name, set(), found)
    for flow in later:
        answering = system.leading_to([system.handler_number(flow.answered)]) if flow.answered is not None else set()
        for handler, flow_name in _waited_for(review, [flow]).items():
            if handler in in_path:
                _note(review, handler, flow_name, answering, found)
    for subject, (edge, flow_name) in sorted(found.items()):
        handler_key, broker = system.handlers[edge.publisher].key, system.services[edge.broker].name
        yield RULE.finding(subject, edge.publish, handler=handler_key, event=edge.event.name, broker=broker, flow=flow_name)


def _note(review: Review, handler: int, flow: str, answering: set[int], found: dict[str, tuple[PublishEdge, str]]) -> None:
    """Add a handler's in-path publishes, but those that lead to the answer."""
    node = review.system.handlers[handler]
    for edge in node.publishes:
        event = edge.event.name
        if edge.mode == "in-path" and edge.mean and not any(s in answering for s in review.system.subscribers[event]):
            found.setdefault(f"{node.key}/{event}", (edge, flow))


def _waited_for(review: Review, flows: list[Flow]) -> dict[int, str]:
    """Handlers without which an answer of these flows fails, each with the first such flow."""
    system = review.system
    waited: dict[int, str] = {}
    for flow in flows:
        stack = [review.entries[flow.name]]
        while stack:
            handler = stack.pop()
            if handler not in waited:
                waited[handler] = flow.name
                node = system.handlers[handler]
                if node.calls or node.misses:
                    stack += [edge.target for edge in hard_calls(system, node)]
    return waited


RULE = Rule("R108", "in-path-publish", "warning", check)
