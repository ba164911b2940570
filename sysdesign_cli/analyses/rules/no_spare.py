"""A service needs all of its replicas: losing any one stops it.

What it does: reports each service on a flow that needs more than one replica (`needs`) and has no more than it needs, counted
without what autoscaling may add later. Clients, providers, CDNs and functions are left out.

Why is this bad: each further replica then makes the service less available, not more: with n of n needed the chance of an
outage is about n times that of one.

Example:

    services:
      broker: {kind: broker, replicas: 2, needs: 2}

Use instead: at least one more than needed; a majority that must agree has one to spare from three on.

    services:
      broker: {kind: broker, replicas: 3, needs: 2}

False positives: `needs` was written for full capacity and the service would still serve with fewer. Correct it.

References: Trivedi and Bobbio, Reliability and Availability Engineering, 2017 (k-out-of-n systems).
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Finding, Review, Rule

ELSEWHERE = frozenset({"external", "client", "cdn", "function"})


def check(review: Review) -> Iterator[Finding]:
    used = facts(review).services_on_flows
    for number, service in enumerate(review.system.services):
        needs = service.needs
        if needs > 1 and service.replicas.min <= needs and service.kind not in ELSEWHERE and number in used:
            counts = {"replicas": str(int(service.replicas.min)), "needs": str(int(needs))}
            yield RULE.finding(service.name, service, service=service.name, **counts)


RULE = Rule("R404", "no-spare", "warning", check)
