"""A scenario as numbered handlers and edges: what every analysis walks over."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from functools import cached_property

from sysdesign_cli.engine.graphs import ordered_groups, predecessors_of
from sysdesign_cli.scenario.model import Call, Event, Flow, Handler, Publish, Scenario, Service
from sysdesign_cli.scenario.nodes import paused_garbage_collector


class CallEdge:
    """A synchronous call from one handler to another."""

    __slots__ = ("call", "caller", "chance", "count", "fallback", "group", "hit", "on_miss", "optional", "target")

    def __init__(self, caller: int, target: int, call: Call, group: int) -> None:
        self.caller = caller
        self.target = target
        self.call = call
        self.group = group
        self.chance = float(call.chance)
        self.count = float(call.count)
        self.fallback: int | None = None
        self.optional = bool(call.optional)
        self.hit: float | None = None if call.hit_ratio is None else float(call.hit_ratio)
        self.on_miss: tuple[CallEdge, ...] = ()

    @property
    def mean(self) -> float:
        """Mean calls for each invocation of the caller."""
        return self.count * self.chance


class PublishEdge:
    """An event type that a handler publishes."""

    __slots__ = ("broker", "chance", "count", "event", "exclusive", "mode", "publish", "publisher")

    def __init__(self, publisher: int, publish: Publish, event: Event, broker: int, exclusive: bool) -> None:
        self.publisher = publisher
        self.publish = publish
        self.event = event
        self.broker = broker
        self.mode = publish.mode
        self.chance = float(publish.chance)
        self.count = float(publish.count)
        self.exclusive = exclusive

    @property
    def mean(self) -> float:
        """Mean messages for each invocation of the publisher."""
        return self.count * self.chance


class HandlerNode:
    """A handler with its number and its outgoing edges."""

    __slots__ = ("calls", "event", "handler", "hit", "index", "key", "misses", "publishes", "service")

    def __init__(self, index: int, service: int, service_name: str, handler: Handler, event: Event | None) -> None:
        self.index = index
        self.service = service
        self.key = f"{service_name}.{handler.name}"
        self.handler = handler
        self.event = event
        self.hit = 0.0 if handler.hit_ratio is None else float(handler.hit_ratio)
        self.calls: tuple[CallEdge, ...] = ()
        self.misses: tuple[CallEdge, ...] = ()
        self.publishes: tuple[PublishEdge, ...] = ()

    def weighted_calls(self) -> Iterator[tuple[float, CallEdge]]:
        """Every call with its mean number for each invocation, calls on a miss (its own or a cache's) included."""
        yield from _weighted(1.0, self.calls)
        if self.misses:
            yield from _weighted(1.0 - self.hit, self.misses)

    def every_call(self) -> Iterator[CallEdge]:
        for _, edge in self.weighted_calls():
            yield edge


def _weighted(weight: float, edges: tuple[CallEdge, ...]) -> Iterator[tuple[float, CallEdge]]:
    for edge in edges:
        mean = weight * edge.count * edge.chance
        yield mean, edge
        if edge.on_miss:
            yield from _weighted(mean * (1.0 - (edge.hit or 0.0)), edge.on_miss)


class System:
    """A scenario compiled: handlers numbered, names resolved, subscribers known.

    handlers[i] is a handler node; services[j] a service; ``subscribers[event]`` the handlers named after it.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.services: list[Service] = list(scenario.services.values())
        self.service_index = {service.name: index for index, service in enumerate(self.services)}
        self.handlers: list[HandlerNode] = []
        self.index: dict[str, int] = {}
        self.handlers_of: list[list[int]] = []
        self.subscribers: dict[str, list[int]] = {name: [] for name in scenario.events}
        self.visits: dict[int, list[float]] = {}
        """by entry: invocations of every handler for one start, as far as they were asked for (``traffic.solve``)"""
        self._only_broker = next((i for i, s in enumerate(self.services) if s.kind == "broker"), -1)
        with paused_garbage_collector():
            self._number_handlers()
            for node in self.handlers:
                self._connect(node)

    def under(self, scenario: Scenario) -> System:
        """The same system under other workloads: all else of the scenario must be this one's own, and is not compiled again."""
        self.topology, self.invocations, self.service_order, self.ways  # noqa: B018 - worked out here once for all
        other = copy(self)
        other.scenario = scenario
        return other

    def _number_handlers(self) -> None:
        events = self.scenario.events
        for service_number, service in enumerate(self.services):
            own: list[int] = []
            for name, handler in service.handles.items():
                event = events.get(name)
                node = HandlerNode(len(self.handlers), service_number, service.name, handler, event)
                if event is not None:
                    self.subscribers[name].append(node.index)
                self.index[node.key] = node.index
                own.append(node.index)
                self.handlers.append(node)
            self.handlers_of.append(own)

    def _connect(self, node: HandlerNode) -> None:
        handler = node.handler
        if handler.calls:
            node.calls = self._call_edges(node.index, handler.calls)
        if handler.on_miss:
            node.misses = self._call_edges(node.index, handler.on_miss)
        publishes = handler.publishes
        if publishes.each or publishes.one_of:
            edges = [self._publish_edge(node.index, publish, False) for publish in publishes.each]
            edges += [self._publish_edge(node.index, publish, True) for publish in publishes.one_of]
            node.publishes = tuple(edges)

    def _call_edges(self, caller: int, groups: tuple[tuple[Call, ...], ...]) -> tuple[CallEdge, ...]:
        edges = []
        for group, calls in enumerate(groups):
            for call in calls:
                edge = CallEdge(caller, self.handler_number(call.to), call, group)
                if call.fallback is not None:
                    edge.fallback = self.handler_number(call.fallback)
                if call.on_miss:
                    edge.on_miss = self._call_edges(caller, call.on_miss)
                edges.append(edge)
        return tuple(edges)

    def _publish_edge(self, publisher: int, publish: Publish, exclusive: bool) -> PublishEdge:
        event = self.scenario.events[publish.event]
        broker = self.service_index[event.broker] if event.broker else self._only_broker
        return PublishEdge(publisher, publish, event, broker, exclusive)

    def handler_number(self, name: str) -> int:
        """The number of ``service.handler``, or of the only handler of ``service``. Raises KeyError."""
        number = self.index.get(name)
        if number is None:
            number = self.handlers_of[self.service_index[name]][0]
        return number

    def service_of(self, handler: int) -> Service:
        return self.services[self.handlers[handler].service]

    def broker_of(self, event: Event) -> int:
        return self.service_index[event.broker] if event.broker else self._only_broker

    def entry(self, flow: Flow) -> int:
        return self.handler_number(flow.starts)

    def successors(self, handler: int) -> Iterator[int]:
        """Handlers that an invocation may lead to: callees, fallbacks, and the subscribers of what it publishes."""
        node = self.handlers[handler]
        for edge in node.every_call():
            yield edge.target
            if edge.fallback is not None:
                yield edge.fallback
        for publish in node.publishes:
            yield from self.subscribers[publish.event.name]

    @cached_property
    def ways(self) -> list[float]:
        """Round trip (s) to the service of each handler."""
        round_trips = [float(service.round_trip) for service in self.services]
        return [round_trips[node.service] for node in self.handlers]

    @cached_property
    def invocations(self) -> list[tuple[tuple[int, float], ...]]:
        """For each handler those that one invocation runs, with the mean number of times."""
        return [tuple(self._invocations(node)) for node in self.handlers]

    def _invocations(self, node: HandlerNode) -> Iterator[tuple[int, float]]:
        for mean, edge in node.weighted_calls():
            yield edge.target, mean
        for publish in node.publishes:
            mean = publish.count * publish.chance
            for subscriber in self.subscribers[publish.event.name]:
                yield subscriber, mean

    @cached_property
    def called_services(self) -> list[list[int]]:
        """For each service those it calls and waits for."""
        service_of = [node.service for node in self.handlers]
        called = []
        for own in self.handlers_of:
            others: dict[int, None] = {}
            for handler in own:
                node = self.handlers[handler]
                if node.calls or node.misses:
                    others |= dict.fromkeys(service_of[edge.target] for edge in node.every_call())
            called.append(list(others))
        return called

    @cached_property
    def service_order(self) -> list[list[int]]:
        """Services, callees before callers; those that call each other in a circle stay together."""
        return ordered_groups(self.called_services, predecessors_of(self.called_services))

    @cached_property
    def calls_itself(self) -> set[int]:
        return {service for service, others in enumerate(self.called_services) if service in others}

    @cached_property
    def topology(self) -> Topology:
        return Topology(self)

    def reachable(self, start: int) -> set[int]:
        """Handlers that an invocation of ``start`` may lead to, itself included."""
        return _closure([start], self.topology.successors)

    def leading_to(self, goals: list[int]) -> set[int]:
        """Handlers from which one of the goals may be reached, the goals included."""
        return _closure(goals, self.topology.predecessors)


def _closure(start: list[int], neighbours: list[list[int]]) -> set[int]:
    seen = set(start)
    stack = list(start)
    while stack:
        for other in neighbours[stack.pop()]:
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return seen


class Topology:
    """Neighbours, and an order in which callees and subscribers come before those that lead to them.

    ``order``: groups of handlers; a group of more than one, or one that leads to itself, is a cycle.
    """

    def __init__(self, system: System) -> None:
        count = len(system.handlers)
        self.successors: list[list[int]] = [list(dict.fromkeys(system.successors(i))) for i in range(count)]
        self.predecessors = predecessors_of(self.successors)
        self.order = ordered_groups(self.successors, self.predecessors)
        self.position = [0] * count
        for position, group in enumerate(self.order):
            for handler in group:
                self.position[handler] = position
        self.cyclic = {handler for group in self.order if self.is_cycle(group) for handler in group}
        self.downwards = [(group, self.is_cycle(group)) for group in reversed(self.order)]
        """the groups, callers first, and whether they are cycles"""

    def is_cycle(self, group: list[int]) -> bool:
        return len(group) > 1 or group[0] in self.successors[group[0]]
