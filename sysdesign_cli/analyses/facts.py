"""What several rules about calls and structure need to know: who waits for whom, in which order, and what is in use.

Everything is worked out once for a review, and only when a rule asks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache

from sysdesign_cli.analyses.review import Review
from sysdesign_cli.engine.system import CallEdge, HandlerNode

#: Longest chain shown in full; of a longer one the middle is left out.
MAX_SHOWN = 12


class Calls:
    """All calls, sorted in one pass for several rules: reaching each call's fields in memory is what takes time in a large system.

    ``timeouts``: seconds, for each of the edges, infinite where none is stated. ``most_waiting``: for each handler the sum of what its
    calls with a timeout may take, retries and backoffs included; it waits no longer than that.
    """

    def __init__(self, edges: list[CallEdge], handlers: int) -> None:
        self.retried: list[CallEdge] = []
        self.without_timeout: list[CallEdge] = []
        self.with_fallback: list[CallEdge] = []
        self.timeouts: list[float] = []
        self.most_waiting = [0.0] * handlers
        for edge in edges:
            call = edge.call
            timeout = call.timeout
            if call.retries:
                self.retried.append(edge)
                if timeout is not None:
                    self.most_waiting[edge.caller] += call.retries * (timeout + (call.backoff or 0.0))
            if timeout is None:
                self.without_timeout.append(edge)
                self.timeouts.append(math.inf)
            else:
                self.timeouts.append(timeout)
                self.most_waiting[edge.caller] += timeout
            if edge.fallback is not None:
                self.with_fallback.append(edge)


class Facts:
    """Facts about the synchronous calls of a system under review. A chance or a count of 0 switches a call off."""

    def __init__(self, review: Review) -> None:
        self.review = review
        self.system = review.system
        self._call_names: dict[int, dict[int, str]] = {}

    @cached_property
    def edges(self) -> list[CallEdge]:
        """Every call that is ever made."""
        edges = self.review.edges
        if 0.0 not in {edge.chance * edge.count for edge in edges}:
            return edges
        return [edge for node in self.system.handlers for edge in live(node.calls + node.misses)]

    @cached_property
    def calls(self) -> Calls:
        return Calls(self.edges, len(self.system.handlers))

    @cached_property
    def targets(self) -> list[list[int]]:
        """For each handler the handlers it may call and wait for, fallbacks and misses included."""
        if self.edges is self.review.edges:
            return self.review.called
        result: list[list[int]] = [[] for _ in self.system.handlers]
        for edge in self.edges:
            result[edge.caller].append(edge.target)
            if edge.fallback is not None:
                result[edge.caller].append(edge.fallback)
        return result

    @cached_property
    def groups(self) -> list[list[int]]:
        """Handlers with those they wait for before them; handlers that wait for each other are one group."""
        order = self.system.topology.order
        if len(order) == len(self.system.handlers):
            return order
        result: list[list[int]] = []
        for group in order:
            result += [group] if len(group) == 1 else self._split(group)
        return result

    def _split(self, group: list[int]) -> list[list[int]]:
        """A cycle may run through events: its parts in order, seen by synchronous calls alone (Kahn, then networkx)."""
        inside = set(group)
        waiting: dict[int, int] = {}
        callers: dict[int, list[int]] = {handler: [] for handler in group}
        for handler in group:
            targets = [target for target in self.targets[handler] if target in inside]
            waiting[handler] = len(targets)
            for target in targets:
                callers[target].append(handler)
        ready = [handler for handler in group if not waiting[handler]]
        order: list[list[int]] = []
        while ready:
            handler = ready.pop()
            order.append([handler])
            for caller in callers[handler]:
                waiting[caller] -= 1
                if not waiting[caller]:
                    ready.append(caller)
        return order + self._components({handler for handler in group if waiting[handler]})

    def _components(self, handlers: set[int]) -> list[list[int]]:
        if not handlers:
            return []
        import networkx

        # each of them is left because it waits for another of them, so the edges name them all
        edges = [(source, target) for source in sorted(handlers) for target in self.targets[source] if target in handlers]
        graph: networkx.DiGraph[int] = networkx.DiGraph(edges)
        return [sorted(group) for group in networkx.strongly_connected_components(graph)]

    @cached_property
    def cycles(self) -> list[list[int]]:
        """The groups whose handlers wait for themselves."""
        to_themselves = {edge.caller for edge in self.edges if edge.caller == edge.target}
        to_themselves |= {edge.caller for edge in self.calls.with_fallback if edge.fallback == edge.caller}
        if not to_themselves and len(self.groups) == len(self.system.handlers):
            return []
        return [group for group in self.groups if len(group) > 1 or group[0] in to_themselves]

    @cached_property
    def services_on_flows(self) -> set[int]:
        """Services that some flow passes, the brokers of the events published on the way included."""
        handlers = self.system.handlers
        nodes = [handlers[handler] for handler in self.review.on_flow]
        used = {node.service for node in nodes}
        used.update(edge.broker for node in nodes if node.publishes for edge in node.publishes if edge.broker >= 0)
        return used

    def key(self, handler: int) -> str:
        return self.system.handlers[handler].key

    def calls_of(self, handler: int) -> Iterator[CallEdge]:
        """The calls a handler ever makes, in the file's order."""
        node = self.system.handlers[handler]
        return live(node.calls + node.misses)

    def call_name(self, edge: CallEdge) -> str:
        """``caller/callee``, with ``/2``, ``/3`` … for further calls of the same handler by the same caller."""
        names = self._call_names.get(edge.caller)
        if names is None:
            names = self._call_names[edge.caller] = self._named(self.system.handlers[edge.caller])
        return names[id(edge)]

    def _named(self, node: HandlerNode) -> dict[int, str]:
        seen: dict[int, int] = {}
        names: dict[int, str] = {}
        for edge in node.every_call():
            number = seen[edge.target] = seen.get(edge.target, 0) + 1
            names[id(edge)] = f"{node.key}/{self.key(edge.target)}" + (f"/{number}" if number > 1 else "")
        return names

    def chain(self, handlers: Iterable[int]) -> str:
        """Handlers for people, in the order of the calls."""
        keys = [self.key(handler) for handler in handlers]
        if len(keys) > MAX_SHOWN:
            keys = [*keys[: MAX_SHOWN // 2], "…", *keys[-MAX_SHOWN // 2 :]]
        return " → ".join(keys)


# the rules of one run all ask about the same review, one after the other: remembering the last one is enough
@lru_cache(maxsize=1)
def facts(review: Review) -> Facts:
    return Facts(review)


def live(edges: tuple[CallEdge, ...]) -> Iterator[CallEdge]:
    """Calls that are ever made, with what each does on a miss behind it."""
    for edge in edges:
        if edge.chance and edge.count:
            yield edge
            if edge.on_miss:
                yield from live(edge.on_miss)


def past_cache(edge: CallEdge) -> bool:
    """The callee is a cache, and there is a way past it: its failure does not fail the caller."""
    return edge.hit is not None and bool(edge.on_miss)


def absorbed(edge: CallEdge) -> bool:
    """The caller goes on when this call fails."""
    return edge.fallback is not None or edge.optional or past_cache(edge)


def hard(edges: tuple[CallEdge, ...]) -> Iterator[CallEdge]:
    """Calls whose failure fails the caller; for a cache that can be passed by, what lies behind it."""
    for edge in edges:
        if edge.fallback is not None or edge.optional or not edge.chance or not edge.count:
            continue
        if past_cache(edge):
            yield from hard(edge.on_miss)
        else:
            yield edge
