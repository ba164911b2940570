"""Services of several teams use the same database.

What it does: reports each service of kind database that is called (fallbacks and calls on a cache miss included) by services of
more than one team, where the teams are stated.

Why is this bad: the tables become an interface that nobody agreed on. No team can change its data without asking the others,
one team's heavy query slows all of them, and nobody owns the repair.

Example:

    services:
      order: {team: orders, handles: {Place: {calls: [shop-db.write]}}}
      stock: {team: warehouse, handles: {Reserve: {calls: [shop-db.write]}}}
      shop-db: {kind: database, team: orders}

Use instead: one team owns the store; the others ask its service or subscribe to its events.

    services:
      order: {team: orders, handles: {Place: {calls: [order-db.write, stock.Reserve]}}}
      stock: {team: warehouse, handles: {Reserve: {calls: [stock-db.write]}}}
      order-db: {kind: database, team: orders}
      stock-db: {kind: database, team: warehouse}

False positives: one server holds separate schemas, each with its own credentials; then draw one store for each.

References: Hohpe and Woolf, Enterprise Integration Patterns, 2003, "Shared Database". Richardson, Microservices Patterns, 2018,
"Database per service".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    system = review.system
    for store, callers in sorted(_callers_of_databases(review).items()):
        services = [system.services[number] for number in sorted(callers) if system.services[number].team is not None]
        teams = sorted({str(service.team) for service in services})
        if len(teams) > 1:
            database = system.services[store]
            users = ", ".join(service.name for service in services)
            yield RULE.finding(database.name, database, store=database.name, teams=", ".join(teams), users=users)


def _callers_of_databases(review: Review) -> dict[int, set[int]]:
    """Number of each database that several services call -> numbers of these services."""
    system = review.system
    databases = [number for number, service in enumerate(system.services) if service.kind == "database"]
    store_of = {handler: number for number in databases for handler in system.handlers_of[number]}
    edges = facts(review).edges
    pairs = {(store_of[edge.target], edge.caller) for edge in edges if edge.target in store_of}
    pairs.update([(store_of[edge.fallback], edge.caller) for edge in edges if edge.fallback in store_of])
    first: dict[int, int] = {}
    several: dict[int, set[int]] = {}
    for store, caller in pairs:
        service = system.handlers[caller].service
        if service != first.setdefault(store, service):
            several.setdefault(store, {first[store]}).add(service)
    return several


RULE = Rule("R401", "shared-database", "warning", check)
