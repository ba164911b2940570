"""Nobody is named who builds and runs a service.

What it does: where at least one service states its `team`, reports each other service that states none. Providers and
clients are left out.

Why is this bad: what belongs to nobody is repaired by nobody: alarms go unread, upgrades do not happen, and every change of a
neighbour ends in a search for whom to ask. Counts of calls between teams are wrong as well.

Example:

    services:
      order: {team: orders, handles: {Place: {calls: [order-db.write]}}}
      order-db: {kind: database}

Use instead:

    services:
      order: {team: orders, handles: {Place: {calls: [order-db.write]}}}
      order-db: {kind: database, team: orders}

False positives: the service is run by the platform; then name the platform's team.

References: Conway, "How Do Committees Invent?", Datamation 14(4), 1968. Skelton and Pais, Team Topologies, 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    without = [service for service in review.system.services if service.team is None]
    if len(without) == len(review.system.services):
        return
    for service in without:
        if service.kind not in ("external", "client"):
            yield RULE.finding(service.name, service, service=service.name, kind=service.kind)


RULE = Rule("R405", "no-team", "info", check)
