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

from sysdesign_cli.analyses.facts import Facts, facts
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.scenario.model import Service


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    for number, database in enumerate(review.system.services):
        if database.kind == "database" and len(_teams(_leading_to(known, number))) > 1:
            users = _callers(known, number)
            teams = _teams(users)
            if len(teams) > 1:
                names = ", ".join(service.name for service in users if service.team is not None)
                yield RULE.finding(database.name, database, store=database.name, teams=", ".join(sorted(teams)), users=names)


def _teams(services: list[Service]) -> set[str]:
    return {str(service.team) for service in services if service.team is not None}


def _leading_to(known: Facts, database: int) -> list[Service]:
    """A quick look: services with a handler that leads to the database, by a call that may be switched off or otherwise."""
    system = known.system
    predecessors = system.topology.predecessors
    return [system.service_of(caller) for handler in system.handlers_of[database] for caller in predecessors[handler]]


def _callers(known: Facts, database: int) -> list[Service]:
    """The services that call the database, in the file's order."""
    system = known.system
    own = set(system.handlers_of[database])
    candidates = {caller for handler in own for caller in system.topology.predecessors[handler]}
    callers = {caller for caller in candidates if not own.isdisjoint(known.targets[caller])}
    return [system.services[number] for number in sorted({system.handlers[caller].service for caller in callers})]


RULE = Rule("R401", "shared-database", "warning", check)
