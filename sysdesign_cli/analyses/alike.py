"""Options that are the same as far as the answers of one flow go: what is worked out for one of them holds for the others.

Variants change a few parts of a system and leave most flows as they are. Parts are compared by what they say, not by where they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Event, Service

Passed = tuple[tuple[int, str], ...]


class Alike:
    """The options of a trade-off, by name, as they are today."""

    def __init__(self, systems: Mapping[str, System]) -> None:
        self.systems = systems
        self._ways: dict[tuple[str, str], _Way] = {}
        self._first: dict[tuple[str, str], str] = {}

    def first(self, option: str, flow: str) -> str:
        """The first option in which the flow passes the same services and handlers, with the same figures."""
        key = (option, flow)
        if key not in self._first:
            own = self._way(option, flow)
            others = (other for other, system in self.systems.items() if flow in system.scenario.flows)
            self._first[key] = next((other for other in others if other == option or self._way(other, flow).same_as(own)), option)
        return self._first[key]

    def passed(self, option: str, flow: str) -> Passed:
        """(service, handler) that the flow comes to, and the brokers between them with "" for a handler; in the order of their names."""
        return self._way(option, flow).passed

    def _way(self, option: str, flow: str) -> _Way:
        key = (option, flow)
        if key not in self._ways:
            self._ways[key] = _Way(self.systems[option], flow)
        return self._ways[key]


class _Way:
    """What one flow of one system passes."""

    def __init__(self, system: System, flow: str) -> None:
        self.system = system
        self.flow = flow

    @cached_property
    def passed(self) -> Passed:
        system = self.system
        entry = system.entry(system.scenario.flows[self.flow])
        reached = [system.handlers[handler] for handler in system.reachable(entry) | {entry}]
        called = [system.handlers[edge.target] for node in reached for edge in node.every_call()]
        found = {(node.service, node.handler.name) for node in (*reached, *called)}
        found |= {(edge.broker, "") for node in reached for edge in node.publishes if edge.broker >= 0}
        return tuple(sorted(found, key=lambda one: (system.services[one[0]].name, one[1])))

    @cached_property
    def names(self) -> list[tuple[str, str]]:
        return [(self.system.services[service].name, handler) for service, handler in self.passed]

    @cached_property
    def events(self) -> dict[str, Event]:
        """Those that the flow's handlers take or publish."""
        system = self.system
        found: dict[str, Event] = {}
        for service, handler in self.names:
            if handler:
                node = system.handlers[system.index[f"{service}.{handler}"]]
                taken = [] if node.event is None else [node.event]
                found |= {event.name: event for event in (*taken, *(edge.event for edge in node.publishes))}
        return found

    def same_as(self, other: _Way) -> bool:
        mine, theirs = self.system.scenario, other.system.scenario
        if self.names != other.names or self.events != other.events:
            return False
        if any(getattr(mine, part) != getattr(theirs, part) for part in ("zones", "zone_failures")):
            return False
        if mine.flows[self.flow] != theirs.flows[self.flow]:
            return False
        return all(_same(mine.services[service], theirs.services[service], handler) for service, handler in self.names)


def _same(one: Service, other: Service, handler: str) -> bool:
    """Two services, of whose handlers only one counts."""
    if any(value != getattr(other, name) for name, value in vars(one).items() if name not in ("handles", "node")):
        return False
    return not handler or one.handles[handler] == other.handles[handler]
