"""A service that users depend on runs just once.

What it does: reports each service of kind service, gateway, database, cache or broker that some flow passes and whose number of
replicas is 1, or is 1 at least where autoscaling may add more. Where a file says nothing, 1 is assumed.

Why is this bad: every crash, restart, deployment and lost machine is an outage as long as its repair takes, and there is
nothing to switch over to.

Example:

    services:
      order: {replicas: 1, handles: {Place: {takes: 8ms}}}

Use instead: at least two, in different zones.

    services:
      order: {replicas: 2, handles: {Place: {takes: 8ms}}}

False positives: the platform restarts it faster than anybody notices, or the number was not written down. State it.

References: Hanmer, Patterns for Fault Tolerant Software, 2007, "Redundancy".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Finding, Review, Rule

KINDS = frozenset({"service", "gateway", "database", "cache", "broker"})


def check(review: Review) -> Iterator[Finding]:
    used = facts(review).services_on_flows
    for number, service in enumerate(review.system.services):
        if float(service.replicas.min) == 1.0 and service.kind in KINDS and number in used:
            yield RULE.finding(service.name, service, service=service.name, kind=service.kind)


RULE = Rule("R402", "single-replica", "warning", check)
