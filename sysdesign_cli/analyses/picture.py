"""A system as boxes and arrows: what a diagram shows, before anybody decides where a box stands or how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import RATE
from sysdesign_cli.scenario.shapes import Text

VIEWS: Final = ("services", "flow", "failure", "deployment")
#: Kinds of services that keep data: a call to one is drawn as an access to a store.
STORES: Final = ("database", "cache")


@dataclass(frozen=True)
class Group:
    """Boxes that belong together. kind: ``team``, ``zone`` or ``flow``."""

    id: str
    kind: str
    name: str
    title: Text = Text()


@dataclass(frozen=True)
class Box:
    """One box. kind: a kind of service, ``event``, or ``flow`` (where users come in).

    state: "" where nothing is said of it. order: the how manieth the failure reached it, 0 for never.
    """

    id: str
    kind: str
    name: str
    title: Text
    group: str = ""
    team: str = ""
    state: str = ""
    order: int = 0


@dataclass(frozen=True)
class Arrow:
    """Everything of one kind that goes from one box to another. kind: ``call``, ``store``, ``fallback``, ``publish`` or ``deliver``.

    rate: how often a second, at the busiest moment; None without a workload.
    """

    source: str
    target: str
    kind: str
    rate: Number | None = None


@dataclass(frozen=True)
class Picture:
    """What is drawn. Boxes stand in the order of the file, arrows in the order in which they are met there."""

    scenario: str
    title: Text
    view: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[Group, ...] = ()


def picture(system: System, view: str = "services") -> Picture:
    """The picture of a system. Raises ScenarioError for unknown names."""
    drawn = _Services(system)
    return Picture(system.scenario.address, system.scenario.title, view, drawn.boxes(), drawn.arrows(), drawn.groups())


def service_id(name: str) -> str:
    return f"service:{name}"


def event_id(name: str) -> str:
    return f"event:{name}"


def flow_id(name: str) -> str:
    return f"flow:{name}"


@dataclass
class _Services:
    """Services, events and flows of a system, grouped by team; an event is with the team of its broker."""

    system: System
    _rates: list[float] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._rates = Setting(self.system).rates
        except ScenarioError:  # without a workload there is still a picture
            self._rates = []

    def boxes(self) -> tuple[Box, ...]:
        return (*self._flows(), *(self._service(service) for service in self.system.services), *self._events())

    def groups(self) -> tuple[Group, ...]:
        teams = dict.fromkeys(str(service.team) for service in self.system.services if service.team)
        return tuple(Group(f"team:{team}", "team", team) for team in teams)

    def arrows(self) -> tuple[Arrow, ...]:
        """One arrow for each pair of boxes and kind, however many handlers are behind it."""
        totals: dict[tuple[str, str, str], float] = {}
        for source, target, kind, rate in self._every_arrow():
            key = (source, target, kind)
            totals[key] = totals.get(key, 0.0) + rate
        known = bool(self._rates)
        return tuple(Arrow(*key, Number(rate, RATE, "traffic") if known else None) for key, rate in totals.items())

    def _flows(self) -> Iterator[Box]:
        for flow in self.system.scenario.flows.values():
            yield Box(flow_id(flow.name), "flow", flow.name, flow.title)

    def _service(self, service: Service) -> Box:
        team = str(service.team) if service.team else ""
        return Box(service_id(service.name), service.kind, service.name, service.title, f"team:{team}" if team else "", team)

    def _events(self) -> Iterator[Box]:
        for event in self.system.scenario.events.values():
            yield Box(event_id(event.name), "event", event.name, event.title)

    def _every_arrow(self) -> Iterator[tuple[str, str, str, float]]:
        system = self.system
        for flow in system.scenario.flows.values():
            entry = system.handlers[system.entry(flow)]
            yield flow_id(flow.name), service_id(system.services[entry.service].name), "start", 0.0
        for node in system.handlers:
            here = service_id(system.services[node.service].name)
            rate = self._rates[node.index] if self._rates else 0.0
            if node.event is not None:
                yield event_id(node.event.name), here, "deliver", rate
            for mean, edge in node.weighted_calls():
                callee = system.service_of(edge.target)
                yield here, service_id(callee.name), "store" if callee.kind in STORES else "call", rate * mean
                if edge.fallback is not None:
                    yield here, service_id(system.service_of(edge.fallback).name), "fallback", 0.0
            for publish in node.publishes:
                yield here, event_id(publish.event.name), "publish", rate * publish.mean
