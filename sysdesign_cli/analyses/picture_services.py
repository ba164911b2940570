"""The picture of services and events: who calls whom, who publishes what to whom, and which team owns it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sysdesign_cli.analyses.picture import Box, Group, Picture, call_kind, event_id, flow_id, merged, service_box, service_id
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.problems import ScenarioError


def services(system: System, workload: str = "", rated: bool = True) -> Picture:
    """All services in groups of teams, and between them the events. Raises ScenarioError for an unknown workload.

    rated: arrows know how often they are taken, if there is a workload.
    """
    scenario = system.scenario
    rates = _rates(system, workload) if rated else []
    return Picture(
        scenario.address,
        scenario.title,
        "services",
        tuple(_boxes(system)),
        merged(_arrows(system, rates), bool(rates)),
        tuple(Group(f"team:{team}", "team", team) for team in dict.fromkeys(str(s.team) for s in system.services if s.team)),
    )


def _rates(system: System, workload: str) -> list[float]:
    """How often each handler runs; nothing where no workload is named and none says anything."""
    from sysdesign_cli.analyses.situations import Setting

    try:
        return Setting(system, workload).rates
    except ScenarioError:
        if workload:
            raise
        return []


def _boxes(system: System) -> Iterator[Box]:
    for flow in system.scenario.flows.values():
        yield Box(flow_id(flow.name), "flow", flow.name, flow.title)
    brokers = Counter(system.broker_of(event) for event in system.scenario.events.values())
    for number, service in enumerate(system.services):
        yield replace(service_box(service, group=f"team:{service.team}" if service.team else ""), carries=brokers[number])
    for event in system.scenario.events.values():
        yield Box(event_id(event.name), "event", event.name, event.title)


def _arrows(system: System, rates: list[float]) -> Iterator[tuple[str, str, str, float, int]]:
    for flow in system.scenario.flows.values():
        yield flow_id(flow.name), service_id(system.service_of(system.entry(flow)).name), "start", 0.0, 0
    for node in system.handlers:
        here = service_id(system.services[node.service].name)
        rate = rates[node.index] if rates else 0.0
        if node.event is not None:
            yield event_id(node.event.name), here, "deliver", rate, 0
        for mean, edge in node.weighted_calls():
            callee = system.service_of(edge.target)
            yield here, service_id(callee.name), call_kind(callee), rate * mean, 0
            if edge.fallback is not None:
                yield here, service_id(system.service_of(edge.fallback).name), "fallback", 0.0, 0
        for publish in node.publishes:
            yield here, event_id(publish.event.name), "publish", rate * publish.mean, 0
