"""Metrics of structure: what is deployed, by whom, and what hangs together."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.graphs import ordered_groups, predecessors_of
from sysdesign_cli.scenario.quantity import COUNT, SHARE


def _listed(value: float, formula: str, names: list[str]) -> Number:
    return Number(value, COUNT, formula, tuple((f"#{number}", name) for number, name in enumerate(names, 1)))


def _services(subject: Subject, about: About) -> Number:
    names = [service.name for service in subject.system.services if service.kind != "client"]
    return _listed(len(names), "counted", names)


def _teams(subject: Subject, about: About) -> Number:
    names = sorted({str(service.team) for service in subject.system.services if service.team})
    return _listed(len(names), "counted", names)


def _services_without_team(subject: Subject, about: About) -> Number:
    names = [s.name for s in subject.system.services if not s.team and s.kind not in ("external", "client")]
    return _listed(len(names), "counted", names)


def _shared_stores(subject: Subject, about: About) -> Number:
    """Databases whose callers belong to more than one team."""
    system = subject.system
    users: dict[int, set[str]] = {}
    for node in system.handlers:
        team = system.services[node.service].team
        for edge in node.every_call():
            target = system.handlers[edge.target].service
            if system.services[target].kind == "database" and team:
                users.setdefault(target, set()).add(str(team))
    shared = [system.services[store].name for store, teams in sorted(users.items()) if len(teams) > 1]
    return _listed(len(shared), "counted", shared)


def _max_domains(subject: Subject, about: About) -> Number | Unavailable:
    if not subject.units:
        return Unavailable("no-units")
    largest = max(subject.units, key=lambda service: len(service.domains))
    return _listed(len(largest.domains), "domains-of-largest", [largest.name, *map(str, largest.domains)])


def _redeployed(subject: Subject, about: About) -> Number | Unavailable:
    """Mean over domains of how many domains its deployment unit holds: sum of squares over sum."""
    if not subject.units:
        return Unavailable("no-units")
    sizes = [len(service.domains) for service in subject.units]
    return Number(
        sum(n * n for n in sizes) / sum(sizes),
        COUNT,
        "mean-domains",
        (("domains", Number(sum(sizes), COUNT, "counted")), ("units", Number(len(sizes), COUNT, "counted"))),
    )


def _cross_team_calls(subject: Subject, about: About) -> Number | Unavailable:
    system, rates = subject.system, subject.setting.rates
    crossing = every = 0.0
    for node in system.handlers:
        own = system.services[node.service].team
        for mean, edge in node.weighted_calls():
            other = system.services[system.handlers[edge.target].service].team
            if own and other:
                every += rates[node.index] * mean
                crossing += rates[node.index] * mean if own != other else 0.0
    if every <= 0:
        return Unavailable("no-calls")
    return Number(
        crossing / every,
        SHARE,
        "part-of",
        (("part", Number(crossing, "rate", "call-rates")), ("whole", Number(every, "rate", "call-rates"))),
    )


def _team_cycles(subject: Subject, about: About) -> Number:
    """Groups of services that call each other in a circle and belong to more than one team."""
    system = subject.system
    called: list[dict[int, None]] = [{} for _ in system.services]
    for node in system.handlers:
        for edge in node.every_call():
            called[node.service][system.handlers[edge.target].service] = None
    successors = [list(targets) for targets in called]
    cycles = []
    for group in ordered_groups(successors, predecessors_of(successors)):
        if len(group) > 1 and len({str(system.services[s].team) for s in group}) > 1:
            cycles.append(" ".join(sorted(system.services[s].name for s in group)))
    return _listed(len(cycles), "counted", sorted(cycles))


def _single_replicas(subject: Subject, about: About) -> Number:
    system, rates = subject.system, subject.setting.rates
    names = []
    for index, service in enumerate(system.services):
        busy = any(rates[h] > 0 for h in system.handlers_of[index]) or service.kind == "broker"
        if busy and service.kind in ("service", "gateway", "database", "cache", "broker") and int(service.replicas.min) == 1:
            names.append(service.name)
    return _listed(len(names), "counted", names)


STRUCTURE_METRICS: Final = (
    Metric("services", COUNT, "neither", _services),
    Metric("teams", COUNT, "neither", _teams),
    Metric("services_without_team", COUNT, "lower", _services_without_team, shown=False),
    Metric("shared_stores", COUNT, "lower", _shared_stores),
    Metric("max_domains_per_unit", COUNT, "lower", _max_domains, shown=False),
    Metric("domains_redeployed_per_change", COUNT, "lower", _redeployed),
    Metric("cross_team_call_share", SHARE, "lower", _cross_team_calls),
    Metric("team_cycles", COUNT, "lower", _team_cycles, shown=False),
    Metric("single_replicas", COUNT, "lower", _single_replicas),
)
