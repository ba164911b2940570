"""A flow does not go the way its `path` says.

What it does: follows each flow that states a `path` and reports the first step that cannot come after the one before it. What
comes after a step is what its handler calls and publishes and whatever that leads to; and, since a called handler returns, the
caller's later calls, its publishes, and so on up to the entry. An event is passed when a handler whose publishing is still
ahead publishes it; it leads to its subscribers. What happens at the same time is in no order: calls of one group, subscribers
of one event; nor are alternatives of one publish.

Why is this bad: the path is what people believe the system does, in documents and in their heads; the calls and events are what
it does. One of them is wrong, and whoever decides by the wrong one errs.

Example:

    services:
      order: {handles: {PlaceOrder: {publishes: [OrderPlaced]}}}
      inventory: {handles: {OrderPlaced: {publishes: [StockReserved]}}}
      payment: {handles: {StockReserved: {takes: 6ms}}}
    flows:
      place-order: {starts: order.PlaceOrder, path: [order.PlaceOrder, StockReserved, inventory.OrderPlaced, payment.StockReserved]}

Use instead: the order in which things happen.

    flows:
      place-order: {starts: order.PlaceOrder, path: [order.PlaceOrder, OrderPlaced, inventory.OrderPlaced, payment.StockReserved]}

False positives: a path that lists things that happen at the same time; leave all but one of them out.

References: Lamport, Time, Clocks, and the Ordering of Events in a Distributed System, Communications of the ACM 21 (7), 1978
("happened before": the order within a process, and from sending a message to receiving it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System, _closure
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.problems import Place
from sysdesign_cli.scenario.shapes import Name


class Ahead(NamedTuple):
    """What may still come after a step: handlers that may start, and handlers that may still publish."""

    starting: set[int]
    publishing: set[int]


def check(review: Review) -> Iterator[Finding]:
    for flow in review.scenario.flows.values():
        missing = _first_missing(review, flow) if flow.path else None
        if missing is not None:
            before, step = missing
            place = step.node.place if step.node is not None else Place("")
            params = {"flow": flow.name, "step": str(step), "before": before}
            yield Finding(RULE.slug, f"{flow.name}/{step}", RULE.severity, place, params)


def _first_missing(review: Review, flow: Flow) -> tuple[str, Name] | None:
    """The first step of the path that does not come after the one before it, and that one."""
    system = review.system
    reach = review.reach(flow)
    ahead = Ahead(reach, reach)
    before = str(flow.starts)
    for step in flow.path:
        if step in review.scenario.events:
            publishers = [
                h for h in ahead.publishing if any(edge.event.name == step and edge.mean for edge in system.handlers[h].publishes)
            ]
            if not publishers:
                return before, step
            after = _after_event(system, step, publishers, ahead)
        else:
            handler = system.handler_number(step)
            if handler not in ahead.starting:
                return before, step
            after = _after_start(system, handler, ahead)
        ahead = Ahead(after.starting & ahead.starting, after.publishing & ahead.publishing)
        before = str(step)
    return None


def _after_start(system: System, handler: int, ahead: Ahead) -> Ahead:
    """After a handler started: all it leads to, and what its callers do when it has returned."""
    seeds, running = _returned(system, [handler], ahead)
    starting = _closure([*seeds, *system.topology.successors[handler]], system.topology.successors)
    return Ahead(starting, starting | running | {handler})


def _after_event(system: System, event: str, publishers: list[int], ahead: Ahead) -> Ahead:
    """After an event was published: its subscribers, later events of the same list, and what the publishers' callers do."""
    seeds, running = _returned(system, publishers, ahead)
    seeds += system.subscribers[event]
    for publisher in publishers:
        published = [edge.event.name for edge in system.handlers[publisher].publishes if not edge.exclusive]
        later = published[published.index(event) + 1 :] if event in published else []
        for other in later:
            seeds += system.subscribers[other]
        if later:
            running.add(publisher)
    starting = _closure(seeds, system.topology.successors)
    return Ahead(starting, starting | running)


def _returned(system: System, handlers: Iterable[int], ahead: Ahead) -> tuple[list[int], set[int]]:
    """What starts when handlers return to the callers that are still at work, and those callers, up to the entry."""
    seeds: list[int] = []
    running: set[int] = set()
    stack = list(handlers)
    while stack:
        done = stack.pop()
        for caller in system.topology.predecessors[done]:
            if caller not in ahead.publishing:
                continue
            calls = list(_in_order(system.handlers[caller]))
            places = [place for place, target in calls if target == done]
            if not places:
                continue  # it only publishes what the handler reacts to, and does not wait
            seeds += [target for place, target in calls if any(_may_follow(own, place) for own in places)]
            if caller not in running:
                running.add(caller)
                stack.append(caller)
                for edge in system.handlers[caller].publishes:
                    seeds += system.subscribers[edge.event.name]
    return seeds, running


CallPlace = tuple[tuple[int, int], ...]
"""Where a call stands in its handler: group and number in the group, once for each call it is nested in."""


def _in_order(node: HandlerNode) -> Iterator[tuple[CallPlace, int]]:
    yield from _placed(node.calls, ((0, 0),))
    yield from _placed(node.misses, ((1, 0),))


def _placed(edges: tuple[CallEdge, ...], outer: CallPlace) -> Iterator[tuple[CallPlace, int]]:
    for number, edge in enumerate(edges):
        place = (*outer, (edge.group, number))
        yield place, edge.target
        if edge.fallback is not None:
            yield (*place, (0, 0)), edge.fallback
        yield from _placed(edge.on_miss, place)


def _may_follow(place: CallPlace, other: CallPlace) -> bool:
    """Whether the other call is made after this one."""
    for (group, number), (other_group, other_number) in zip(place, other, strict=False):
        if (group, number) != (other_group, other_number):
            return other_group > group
    return len(other) > len(place)  # made because this one missed or failed


RULE = Rule("R202", "path-differs", "error", check)
