"""Without its cache the service behind would be overloaded.

What it does: takes every hit ratio as 0, so that each request goes on to what is behind the cache, and works out how busy the
services behind are at the busiest moment of each workload. It reports those that are then at or over their capacity while
they are below it with the caches warm. Without a workload nothing can be said.

Why is this bad: the cache is no longer an optimisation but a part that must not fail. When it restarts, empties or dies, the
database drowns; the requests time out, the cache is never filled, and the outage outlasts its cause.

Example:

    services:
      shop: {handles: {View: {calls: [{to: cache.get, hit_ratio: 95%, on_miss: shop-db.read}]}}}
      shop-db: {kind: database, replicas: 1, concurrency: 10}
    workloads: {day: {starts: {view: 10k/s}}}

Use instead: capacity for the cold case, a limit on what may pass to the database (shed the rest), one fetch for all who wait
for the same key, or several caches that do not fail together.

    services:
      shop-db: {kind: database, replicas: 4, concurrency: 100}

False positives: a cold cache is warmed before it gets traffic and requests past it are limited. Waive it with that reason.

References: Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013. Bronson et al., "Metastable Failures in Distributed
Systems", HotOS 2021. Beyer, Jones, Petoff and Murphy (editors), Site Reliability Engineering, 2016, chapter 22, "Slow Startup and
Cold Caching".
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from operator import add
from typing import NamedTuple

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.stations import Stations
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System, _closure
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import SHARE, format_quantity


class _Missed(NamedTuple):
    """Calls that a handler makes on top, for each of its invocations, when the cache answers nothing."""

    caller: int
    target: int
    more: float
    cache: str


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    missed = [call for number in _cached_handlers(review) for call in _missed_calls(system, system.handlers[number])]
    if not missed or not review.scenario.workloads:
        return
    behind = _behind(system, missed)
    services = sorted({system.handlers[handler].service for handler in behind})
    for service, (cold, warm, workload) in sorted(_drowned(review, missed, services).items()):
        definition = system.services[service]
        cache = next(behind[handler] for handler in system.handlers_of[service] if handler in behind)
        yield RULE.finding(
            definition.name,
            definition,
            service=definition.name,
            cache=cache,
            workload=workload,
            warm=format_quantity(warm, SHARE),
            cold=format_quantity(cold, SHARE),
        )


def _cached_handlers(review: Review) -> list[int]:
    """Handlers that make fewer calls because some cache answers."""
    found = {edge.caller for edge in review.edges if edge.hit}
    found.update(node.index for node in review.system.handlers if node.hit)
    return sorted(found)


def _missed_calls(system: System, node: HandlerNode) -> Iterator[_Missed]:
    own = system.services[node.service].name
    yield from _more_calls(system, node.calls, 1.0, 1.0, own)
    yield from _more_calls(system, node.misses, 1.0 - node.hit, 1.0, own)


def _more_calls(system: System, edges: tuple[CallEdge, ...], warm: float, cold: float, cache: str) -> Iterator[_Missed]:
    """``warm`` and ``cold``: how often these calls are reached for each invocation; ``cache`` is the one in front of them."""
    for edge in edges:
        if warm == cold and not edge.on_miss:
            continue
        before, after = warm * edge.mean, cold * edge.mean
        if after > before:
            yield _Missed(edge.caller, edge.target, after - before, cache)
        if edge.on_miss:
            name = system.service_of(edge.target).name if edge.hit else cache
            yield from _more_calls(system, edge.on_miss, before * (1.0 - (edge.hit or 0.0)), after, name)


def _behind(system: System, missed: list[_Missed]) -> dict[int, str]:
    """Handlers that get more to do when the caches are cold -> the nearest cache in front of them."""
    front: dict[int, str] = {}
    for call in missed:
        front.setdefault(call.target, call.cache)
    queue = deque(front)
    while queue:
        handler = queue.popleft()
        for target in system.topology.successors[handler]:
            if target not in front:
                front[target] = front[handler]
                queue.append(target)
    return front


def _drowned(review: Review, missed: list[_Missed], services: list[int]) -> dict[int, tuple[float, float, str]]:
    """Service -> (busy share with cold caches, with warm ones, workload), for those that cold caches push over capacity."""
    warm, cold = _warm_and_cold(review.system, services)
    worst: dict[int, tuple[float, float, str]] = {}
    for workload, rates in review.rates.items():
        more: dict[int, float] = {}
        for call in missed:
            more[call.target] = more.get(call.target, 0.0) + call.more * rates[call.caller]
        try:
            added = solve(cold.system, more)  # rates are linear: only what comes on top has to be followed
        except ScenarioError:  # a loop that only the caches keep from growing: there is no rate to compare
            continue
        warm.rates = rates
        cold.rates = list(map(add, rates, added))
        for service in services:
            if not any(added[handler] for handler in review.system.handlers_of[service]):
                continue  # slower callees may keep it busier, but no request comes to it on top
            after = cold.utilisation(service)
            if after >= 1 and after > worst.get(service, (0.0,))[0] and (before := warm.utilisation(service)) < 1:
                worst[service] = (after, before, workload)
    return worst


def _warm_and_cold(system: System, services: list[int]) -> tuple[Stations, Stations]:
    """The stations as they are and with hit ratios of 0, worked out for the part behind the caches only, to save time."""
    topology = copy.copy(system.topology)
    part = _closure([handler for service in services for handler in system.handlers_of[service]], topology.successors)
    topology.order = [group for group in topology.order if group[0] in part]
    warm = copy.copy(system)
    warm.topology = topology
    cached = [number for number in part if _is_cached(system.handlers[number])]
    if not cached:
        stations = Stations(warm, [])
        return stations, copy.copy(stations)
    cold = copy.copy(warm)
    cold.handlers = list(system.handlers)
    for number in cached:
        cold.handlers[number] = _cold_handler(system.handlers[number])
    return Stations(warm, []), Stations(cold, [])


def _is_cached(node: HandlerNode) -> bool:
    return node.hit > 0 or any(edge.hit for edge in node.every_call())


def _cold_handler(node: HandlerNode) -> HandlerNode:
    made = copy.copy(node)
    made.hit = 0.0
    made.calls, made.misses = _cold_calls(node.calls), _cold_calls(node.misses)
    return made


def _cold_calls(edges: tuple[CallEdge, ...]) -> tuple[CallEdge, ...]:
    made = []
    for edge in edges:
        if edge.on_miss:
            edge, inner = copy.copy(edge), edge.on_miss
            edge.hit = 0.0
            edge.on_miss = _cold_calls(inner)
        made.append(edge)
    return tuple(made)


RULE = Rule("R310", "cache-carries-load", "warning", check)
