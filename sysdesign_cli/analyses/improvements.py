"""What would help a flow most: each single change tried on the model, with the downtime it saves and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sysdesign_cli.analyses.availability import STILL_SERVES, STOPS, YEAR_S, Availabilities, rounded
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.structure import DEPLOY, GROUP, REPLICA, WHOLE, ZONE
from sysdesign_cli.engine.system import HandlerNode, System
from sysdesign_cli.scenario.model import Call, Flow, Handler, Replicas, Scenario, Service
from sysdesign_cli.scenario.quantity import MONEY, SHARE, TIME, Figure, figure
from sysdesign_cli.scenario.shapes import Text, make_name

#: Share of the flow's unavailability below which a component is not worth a proposal.
WORTH = 1e-3
#: Proposals are made for so many components, those that matter most.
COMPONENTS = 12

REPLICA_MORE, MORE_AT_PEAK, ANOTHER_ZONE, FALLBACK, SECOND, OUTBOX, ROLLBACK = (
    "one-more-replica", "one-more-at-peak", "another-zone", "fallback", "second-provider", "outbox", "faster-rollback",
)  # fmt: skip


@dataclass(frozen=True)
class Improvement:
    """One change. down: downtime of the flow a year with it; saves: how much less; costs: more a month, None where it has no price.

    subject: the service, call or event it changes. changes: what ``--set`` takes to make it, none where that cannot be said so.
    """

    kind: str
    subject: str
    down: Number
    saves: Number
    costs: Number | None
    changes: tuple[str, ...] = ()
    detail: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Candidate:
    kind: str
    subject: str
    scenario: Scenario
    changes: tuple[str, ...] = ()
    detail: dict[str, str] = field(default_factory=dict)


def improvements(
    system: System, flow: Flow, workload: str = "", still_serves: float = STILL_SERVES, cost: Callable[[System], float] | None = None
) -> tuple[Improvement, ...]:
    """Single changes by the downtime they save a year, best first. cost: what a system costs a year."""
    return improvements_on(Availabilities(Setting(system, workload), still_serves), flow, cost)


def improvements_on(before: Availabilities, flow: Flow, cost: Callable[[System], float] | None = None) -> tuple[Improvement, ...]:
    """The same, where the availability as it is has been worked out already."""
    system, workload, still_serves = before.system, before.setting.workload.name, before.still_serves
    down = before.failing(flow, STOPS)
    if down <= 0:
        return ()
    paid = cost(system) if cost is not None else 0.0
    found = []
    for candidate in _candidates(before, flow):
        changed = System(candidate.scenario)
        after = Availabilities(Setting(changed, workload), still_serves)
        left = after.failing(candidate.scenario.flows[flow.name], STOPS)
        if down - left <= WORTH * down:
            continue
        now = after.downtime(candidate.scenario.flows[flow.name], STOPS)
        saves = Number((down - left) * YEAR_S, TIME, "saved", (("before", before.downtime(flow, STOPS)), ("after", now)))
        more = None if cost is None else _more_a_month(paid, cost(changed))
        if more is not None and not more.value and candidate.kind in (REPLICA_MORE, MORE_AT_PEAK, ANOTHER_ZONE, SECOND):
            more = None  # more of what has no price: not for nothing
        found.append(Improvement(candidate.kind, candidate.subject, now, saves, more, candidate.changes, candidate.detail))
    return tuple(
        sorted(found, key=lambda one: (-rounded(one.saves.value), one.costs.value if one.costs is not None else 0.0, one.kind, one.subject))
    )


def _more_a_month(before: float, after: float) -> Number:
    """From what it costs a year without and with the change."""
    inputs = (("before", Number(before / 12, MONEY, "cost-sum")), ("after", Number(after / 12, MONEY, "cost-sum")))
    return Number((after - before) / 12, MONEY, "more-a-month", inputs)


def _candidates(question: Availabilities, flow: Flow) -> Iterator[_Candidate]:
    """Changes to the components that matter most to the flow."""
    system, scenario = question.system, question.system.scenario
    heavy = question.heaviest(flow, WORTH)[:COMPONENTS]
    services: dict[str, set[str]] = {}
    for component in heavy:
        if component.kind != ZONE:
            services.setdefault(component.service, set()).add(component.kind)
    if any(component.kind == ZONE for component in heavy):
        for service in scenario.services.values():
            if _uses_zones(system, flow, service):
                services.setdefault(service.name, set()).add(REPLICA)
    for name, kinds in services.items():
        service = scenario.services[name]
        if kinds & {REPLICA, GROUP}:
            yield from _more_replicas(scenario, service)
            yield from _more_at_peak(question, service)
            yield from _another_zone(scenario, service)
        if DEPLOY in kinds and service.bad_deploys is not None:
            yield _faster_rollback(scenario, service)
        if kinds & {WHOLE, DEPLOY, REPLICA, GROUP}:
            yield from _fallbacks(system, flow, service)
        if service.kind == "broker":
            yield from _outboxes(system, flow, service)


def _uses_zones(system: System, flow: Flow, service: Service) -> bool:
    reached = system.reachable(system.entry(flow))
    number = system.service_index[service.name]
    return service.kind not in ("client", "external", "function") and any(system.handlers[h].service == number for h in reached)


def _with_service(scenario: Scenario, service: Service) -> Scenario:
    return replace(scenario, services=scenario.services | {service.name: service})


def _changed_figure(old: Figure, value: float) -> Figure:
    return figure(value, old.unit, f"{value:g}", old.source, old.node)


def _more_replicas(scenario: Scenario, service: Service) -> Iterator[_Candidate]:
    old: Replicas = service.replicas
    more = replace(
        old,
        min=_changed_figure(old.min, float(old.min) + 1),
        max=None if old.max is None else _changed_figure(old.max, float(old.max) + 1),
    )
    path = f"services.{service.name}.replicas"
    changes: tuple[str, ...] = (f"{path}={float(old.min) + 1:g}",)
    if old.max is not None:
        # the most first: at no time may the least be above it
        changes = (f"{path}.max={float(old.max) + 1:g}", f"{path}.min={float(old.min) + 1:g}")
    changed = _with_service(scenario, replace(service, replicas=more))
    yield _Candidate(REPLICA_MORE, service.name, changed, changes, {"from": f"{old.min:g}", "to": f"{float(old.min) + 1:g}"})


def _more_at_peak(question: Availabilities, service: Service) -> Iterator[_Candidate]:
    """One replica more than autoscaling runs at the busiest moment, by a lower target."""
    number = question.system.service_index[service.name]
    running, old, stations = question.supply[number].replicas, service.replicas, question.setting.stations
    if old.max is None or service.concurrency is None or service.kind == "function" or running <= old.min:
        return
    wanted = stations.busy(number) / float(service.concurrency)
    if service.cores is not None:
        wanted = max(wanted, stations.computing(number) / float(service.cores))
    target = math.ceil(wanted / (running + 1) * 1e4) / 1e4
    if math.ceil(wanted / target * (1 - 1e-12)) != running + 1:
        return
    most = max(float(old.max), running + 1)
    more = replace(old, max=_changed_figure(old.max, most), target=figure(target, SHARE, f"{target * 100:g}%"))
    path = f"services.{service.name}.replicas"
    changes = ((f"{path}.max={most:g}",) if most > old.max else ()) + (f"{path}.target={target * 100:g}%",)
    detail = {"from": str(running), "to": str(running + 1), "target": f"{target * 100:g} %"}
    yield _Candidate(MORE_AT_PEAK, service.name, _with_service(question.system.scenario, replace(service, replicas=more)), changes, detail)


def _another_zone(scenario: Scenario, service: Service) -> Iterator[_Candidate]:
    """One more replica in a zone that has none yet."""
    if service.kind in ("external", "cdn") or not scenario.zones:
        return
    own = list(service.zones or scenario.zones)
    used = own[: max(1, int(service.replicas.min))]
    free = [zone for zone in scenario.zones if zone not in used]
    if not free or len(used) >= len(scenario.zones):
        return
    zones = tuple(make_name(str(zone), None) for zone in [*used, free[0]])
    old, least = service.replicas, max(float(service.replicas.min), len(used)) + 1
    if old.max is not None and old.max < least:
        return
    path = f"services.{service.name}"
    changed = replace(service, zones=zones, replicas=replace(old, min=_changed_figure(old.min, least)))
    changes = (f"{path}.replicas{'' if old.max is None else '.min'}={least:g}", f"{path}.zones=[{', '.join(map(str, zones))}]")
    yield _Candidate(ANOTHER_ZONE, service.name, _with_service(scenario, changed), changes, {"zone": str(free[0])})


def _faster_rollback(scenario: Scenario, service: Service) -> _Candidate:
    assert service.bad_deploys is not None
    half = float(service.bad_deploys.lasts) / 2
    deploys = replace(service.bad_deploys, lasts=_changed_figure(service.bad_deploys.lasts, half))
    # the whole record: the file may leave it to the defaults of its kind
    changes = (f"services.{service.name}.bad_deploys={{per_year: {float(deploys.per_year):.12g}, lasts: {half:.12g}s}}",)
    return _Candidate(ROLLBACK, service.name, _with_service(scenario, replace(service, bad_deploys=deploys)), changes)


def _fallbacks(system: System, flow: Flow, service: Service) -> Iterator[_Candidate]:
    """Each hard call on the flow to the service made soft: a second provider, or an answer without it. What is written has to be kept."""
    number = system.service_index[service.name]
    for handler in sorted(system.reachable(system.entry(flow))):
        node = system.handlers[handler]
        if system.services[node.service].kind in ("client", "gateway"):
            continue  # what only passes requests on has nothing to answer with
        calls = [e for e in node.every_call() if system.handlers[e.target].service == number and not e.optional and e.fallback is None]
        if not calls or any(system.handlers[e.target].handler.access == "write" and service.kind == "database" for e in calls):
            continue
        second = _second(service) if service.kind == "external" else None
        changed = _softened(system, node, service, second)
        subject = f"{node.key} → {service.name}"
        if second is not None:
            yield _Candidate(SECOND, subject, _with_service(changed, second))
        else:
            yield _Candidate(FALLBACK, subject, changed, _made_optional(system, node, service))


def _made_optional(system: System, node: HandlerNode, service: Service) -> tuple[str, ...]:
    """Paths of the handler's hard calls to the service, each made optional."""
    caller = system.services[node.service].name
    found: list[str] = []

    def follow(groups: tuple[tuple[Call, ...], ...], path: str) -> None:
        for number, group in enumerate(groups):
            for position, call in enumerate(group):
                here = f"{path}.{number}" + (f".{position}" if len(group) > 1 else "")
                target = system.handlers[system.handler_number(call.to)].service
                if system.services[target].name == service.name and call.fallback is None and not call.optional:
                    found.append(f"{here}.optional=fallback")
                else:
                    follow(call.on_miss, f"{here}.on_miss")

    base = f"services.{caller}.handles.{node.handler.name}"
    follow(node.handler.calls, f"{base}.calls")
    follow(node.handler.on_miss, f"{base}.on_miss")
    return tuple(found)


def _second(service: Service) -> Service:
    """Another provider just like it, failing by itself."""
    return replace(service, name=f"{service.name}-second")


def _softened(system: System, node: HandlerNode, service: Service, second: Service | None) -> Scenario:
    """The scenario with the handler's calls to the service given something to do instead."""

    def soften(call: Call) -> Call:
        target = system.handlers[system.handler_number(call.to)]
        if system.services[target.service].name == service.name and call.fallback is None and not call.optional:
            if second is None:
                return replace(call, optional=Text(en="fallback"))
            return replace(call, fallback=make_name(f"{second.name}.{target.handler.name}", None))
        return replace(call, on_miss=softened(call.on_miss)) if call.on_miss else call

    def softened(groups: tuple[tuple[Call, ...], ...]) -> tuple[tuple[Call, ...], ...]:
        return tuple(tuple(soften(call) for call in group) for group in groups)

    softer = replace(node.handler, calls=softened(node.handler.calls), on_miss=softened(node.handler.on_miss))
    caller = system.services[node.service]
    handles: dict[str, Handler] = caller.handles | {node.handler.name: softer}
    return _with_service(system.scenario, replace(caller, handles=handles))


def _outboxes(system: System, flow: Flow, broker: Service) -> Iterator[_Candidate]:
    """Each handler of the flow that needs the broker at once made to store its events first."""
    scenario = system.scenario
    number = system.service_index[broker.name]
    for handler in sorted(system.reachable(system.entry(flow))):
        node = system.handlers[handler]
        if not any(edge.broker == number and edge.mode != "outbox" for edge in node.publishes):
            continue
        owner = scenario.services[system.services[node.service].name]
        old = node.handler.publishes
        safer = replace(
            node.handler,
            publish_mode="outbox",
            publishes=replace(
                old,
                each=tuple(replace(one, mode="outbox") for one in old.each),
                one_of=tuple(replace(one, mode="outbox") for one in old.one_of),
            ),
        )
        handles = owner.handles | {node.handler.name: safer}
        yield _Candidate(OUTBOX, node.key, _with_service(scenario, replace(owner, handles=handles)), _kept_first(node))


def _kept_first(node: HandlerNode) -> tuple[str, ...]:
    """Nothing where a single publish has a mode of its own: that would have to be changed as well."""
    own = node.handler
    if any(one.mode and one.mode != own.publish_mode for one in own.every_publish()):
        return ()
    return (f"services.{node.key.partition('.')[0]}.handles.{own.name}.publish_mode=outbox",)
