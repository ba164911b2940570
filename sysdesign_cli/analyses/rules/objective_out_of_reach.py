"""A flow promises an answer or a completion sooner than its own work takes, even when nothing ever waits.

What it does: adds up the mean service times and round trips of what the user waits for (calls in sequence added, calls at the
same time by the longest, a call no longer than its timeout) and reports `answer_p95` and `answer_p99` below that sum, and
`answer_p50` below half of it (the median of a skewed time lies below its mean). Work that fewer than twice the share of requests
that a percentile leaves out come to (2 % for p99, 10 % for p95; for p50 all that is not certain) is not counted. When the answer comes
by events (`answered`), their lags and what is done before each publish are added along the shortest way. `complete_within` is
held against the same sum to that handler of `completed` that is farthest away (of all handlers reached when `completed` is
empty). Retries, backoff and waiting come on top of all this: the sum is a lower bound.

Why is this bad: no replica, no faster queue and no tuning can keep the promise. Either the promise or the way is wrong.

Example:

    services:
      shop: {handles: {Pay: {takes: 5ms, calls: {to: card-gateway.charge, timeout: 5s}}}}
      card-gateway: {kind: external, handles: {charge: {takes: 900ms}}}
    flows:
      pay: {starts: shop.Pay, objectives: {answer_p99: 500ms}}

Use instead: take the slow part out of the answer (publish and complete later), do it at the same time as something else, or
promise what can be kept.

    flows:
      pay: {starts: shop.Pay, objectives: {answer_p99: 4s}}

False positives: a service time whose mean is far above its 95th percentile (a few enormous values); split the handler in two.

References: Lazowska et al., Quantitative System Performance, 1984, chapter 5, "Bounds on Performance"; Dean and Barroso, The
Tail at Scale, Communications of the ACM 56 (2), 2013.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, System
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.problems import Place
from sysdesign_cli.scenario.quantity import TIME, Figure, format_quantity

#: objective -> share of requests it leaves out, and what the mean must exceed it by before the percentile surely does
_ANSWERS: Final = {"answer_p50": (0.5, 2.0), "answer_p95": (0.05, 1.0), "answer_p99": (0.01, 1.0)}
_COMPLETION: Final = "complete_within"
_COMPLETION_TAIL: Final = 0.01


def check(review: Review) -> Iterator[Finding]:
    flows = [flow for flow in review.scenario.flows.values() if any(_promised(flow, name) is not None for name in (*_ANSWERS, _COMPLETION))]
    if not flows:
        return
    usual = usual_times(review)
    longest = _longest_ways(review, usual, flows)
    for flow in flows:
        entry = review.entries[flow.name]
        most = usual[entry] if flow.answered is None else longest[entry]
        for name, (tail, factor) in _ANSWERS.items():
            promised = _promised(flow, name)
            if promised is not None and most > factor * promised:
                least = _answer_bound(review, flow, tail)
                if least > factor * promised * (1 + 1e-9):
                    yield _finding(flow, name, promised, least)
        promised = flow.objectives.complete_within
        if promised is not None and longest[entry] > promised:
            least = _completion_bound(review, flow)
            if least > promised * (1 + 1e-9):
                yield _finding(flow, _COMPLETION, promised, least)


# the rules of one run all ask about the same review, one after the other: remembering the last one is enough
@lru_cache(maxsize=1)
def usual_times(review: Review) -> list[float]:
    """For each handler on a flow at least its mean seconds without waiting: all calls added up, timeouts not looked at.

    Never less than what ``_times`` finds, and quickly made: most flows and services need no second look after this one.
    """
    system, on_flow = review.system, review.on_flow
    usual = [0.0] * len(system.handlers)
    called = usual.copy()
    for group in system.topology.order:
        for handler in group if group[0] in on_flow else ():
            node = system.handlers[handler]
            usual[handler] = float(node.handler.takes.mean)
            if len(group) == 1:
                if node.calls:
                    usual[handler] += _added(node.calls, called)
                if node.misses:
                    usual[handler] += (1.0 - node.hit) * _added(node.misses, called)
            called[handler] = usual[handler] + system.services[node.service].round_trip
    return usual


def _added(edges: tuple[CallEdge, ...], called: list[float]) -> float:
    total = 0.0
    for edge in edges:
        mean = edge.count * edge.chance
        total += mean * called[edge.target]
        if edge.on_miss:
            total += mean * (1.0 - (edge.hit or 0.0)) * _added(edge.on_miss, called)
    return total


def _longest_ways(review: Review, usual: list[float], flows: list[Flow]) -> list[float]:
    """For each handler at least the seconds until the last handler that it leads to has ended, lags included."""
    events = review.scenario.events.values()
    step = max(usual) + max((float(event.lag) for event in events), default=0.0)
    shortest = min([float(flow.objectives.complete_within or 0.0) for flow in flows if _needs_longest(flow)], default=math.inf)
    if step * (len(events) + 1) <= shortest:
        return [step * (len(events) + 1)] * len(usual)
    topology, subscribers = review.system.topology, review.system.subscribers
    longest = [0.0] * len(usual)
    for group in topology.order:
        # inside a cycle no shortest way passes a handler twice, so the sum of all its members is enough
        around = 0.0
        latest = max(usual[handler] for handler in group)
        for handler in group:
            latest = max([latest, *[longest[other] for other in topology.successors[handler]]])
            for publish in review.system.handlers[handler].publishes:
                after = max((longest[other] for other in subscribers[publish.event.name]), default=0.0)
                latest = max(latest, usual[handler] + publish.event.lag + after)
                around += usual[handler] + publish.event.lag
        for handler in group:
            longest[handler] = latest + (around if len(group) > 1 else 0.0)
    return longest


def _needs_longest(flow: Flow) -> bool:
    return flow.objectives.complete_within is not None or flow.answered is not None


def _promised(flow: Flow, name: str) -> Figure | None:
    value: Figure | None = getattr(flow.objectives, name)
    return value


def _finding(flow: Flow, name: str, promised: Figure, least: float) -> Finding:
    params = {"flow": flow.name, "objective": name, "promised": format_quantity(promised, TIME), "least": format_quantity(least, TIME)}
    return Finding(RULE.slug, f"{flow.name}/{name}", RULE.severity, promised.place or Place(""), params)


def _answer_bound(review: Review, flow: Flow, tail: float) -> float:
    """Seconds that the answer takes at least, counting what at least twice ``tail`` of the requests come to."""
    system, entry = review.system, review.entries[flow.name]
    answer = entry if flow.answered is None else system.handler_number(flow.answered)
    if answer == entry:
        handlers = review.answer_reach(flow)
        return _times(system, handlers, entry, 2 * tail)[entry]
    handlers = review.reach(flow)
    times = _times(system, handlers, entry, 2 * tail)
    earliest = _earliest(system, entry, times)
    return earliest[answer] + times[answer] if answer in earliest else 0.0


def _completion_bound(review: Review, flow: Flow) -> float:
    """Seconds until the farthest effect has happened, at least."""
    system, entry = review.system, review.entries[flow.name]
    handlers = review.reach(flow)
    times = _times(system, handlers, entry, 2 * _COMPLETION_TAIL)
    earliest = _earliest(system, entry, times)
    goals = [system.handler_number(name) for name in flow.completed] or list(earliest)
    return max((earliest[goal] + times[goal] for goal in goals if goal in earliest), default=0.0)


def _shares(system: System, handlers: Iterable[int], entry: int) -> dict[int, float]:
    """For each handler the chance of the most ordinary way to it from the entry (an upper bound inside a cycle)."""
    shares = {entry: 1.0}
    topology = system.topology
    for position in sorted({topology.position[handler] for handler in handlers}, reverse=True):
        group = topology.order[position]
        outer = max((shares.get(handler, 0.0) for handler in group), default=0.0)
        for handler in group:
            if len(group) > 1:
                shares[handler] = outer
            node = system.handlers[handler]
            for mean, edge in node.weighted_calls():
                for target in (edge.target,) if edge.fallback is None else (edge.target, edge.fallback):
                    shares[target] = max(shares.get(target, 0.0), outer * min(1.0, mean))
            for publish in node.publishes:
                for subscriber in system.subscribers[publish.event.name]:
                    shares[subscriber] = max(shares.get(subscriber, 0.0), outer * min(1.0, publish.mean))
    return shares


def _times(system: System, handlers: Iterable[int], entry: int, rare: float) -> dict[int, float]:
    """Mean seconds from start to reply of each handler, without waiting and without calls rarer than ``rare``."""
    topology, shares = system.topology, _shares(system, handlers, entry)
    times: dict[int, float] = {}
    for position in sorted({topology.position[handler] for handler in handlers}):
        group = topology.order[position]
        for handler in group:
            times[handler] = float(system.handlers[handler].handler.takes.mean)
        if topology.is_cycle(group):
            continue  # the calls of a cycle have no finite unfolding here; its own times stand
        node = system.handlers[group[0]]
        share = shares.get(node.index, 0.0)
        if node.calls:
            times[node.index] += _calls_time(system, node.calls, times, share, rare, 1.0)
        if node.misses:
            times[node.index] += _calls_time(system, node.misses, times, share, rare, 1.0 - node.hit)
    return times


def _calls_time(system: System, edges: tuple[CallEdge, ...], times: dict[int, float], share: float, rare: float, weight: float) -> float:
    """Mean time of calls that are made with probability ``weight``: groups in sequence, one group at the same time."""
    groups: dict[int, float] = {}
    for edge in edges:
        mean = weight * edge.mean
        if not mean or share * min(weight * edge.chance, mean) < rare:
            continue
        one = float(system.service_of(edge.target).round_trip) + times[edge.target]
        if edge.call.timeout is not None:
            one = min(one, float(edge.call.timeout))
        spent = mean * one
        if edge.on_miss:
            spent += _calls_time(system, edge.on_miss, times, share, rare, mean * (1.0 - (edge.hit or 0.0)))
        groups[edge.group] = max(groups.get(edge.group, 0.0), spent)
    return sum(groups.values())


def _earliest(system: System, entry: int, times: dict[int, float]) -> dict[int, float]:
    """Seconds until each handler can have started at the earliest: a publish comes after all calls, then the event's lag.

    Dijkstra's algorithm; a call may be the first thing its caller does, so it costs nothing.
    """
    earliest: dict[int, float] = {}
    queue = [(0.0, entry)]
    while queue:
        now, handler = heapq.heappop(queue)
        if handler in earliest:
            continue
        earliest[handler] = now
        node = system.handlers[handler]
        for mean, edge in node.weighted_calls():
            if mean:
                heapq.heappush(queue, (now, edge.target))
                if edge.fallback is not None:
                    heapq.heappush(queue, (now, edge.fallback))
        for publish in node.publishes:
            if publish.mean:
                for subscriber in system.subscribers[publish.event.name]:
                    heapq.heappush(queue, (now + times[handler] + float(publish.event.lag), subscriber))
    return earliest


RULE = Rule("R205", "objective-out-of-reach", "error", check)
