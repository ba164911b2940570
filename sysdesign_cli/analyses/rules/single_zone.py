"""Losing one zone stops a service that has several replicas.

What it does: where the scenario has several zones, reports each service on a flow with two replicas or more that are all in
one zone, or that needs more than one (`needs`) and keeps fewer than that when its fullest zone is lost. Services that have
no replica to spare anyway are left to no-spare; clients, providers, CDNs and functions are in no zone of ours.

Why is this bad: replicas protect against the loss of one machine, zones against the loss of power, cooling or network of
many. Replicas in the same place fail together, so they are paid for and do not help.

Example:

    zones: [a, b, c]
    services:
      order: {replicas: 3, zones: [a], handles: {Place: {takes: 8ms}}}

Use instead: spread them (all zones in turn is what is assumed when nothing is said).

    zones: [a, b, c]
    services:
      order: {replicas: 3, handles: {Place: {takes: 8ms}}}

False positives: the replicas must be close together for speed, and a second group elsewhere takes over.

References: AWS Well-Architected Framework, Reliability Pillar, REL10-BP01, "Deploy the workload to multiple locations".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.stations import replica_zones

ELSEWHERE = frozenset({"external", "client", "cdn", "function"})


def check(review: Review) -> Iterator[Finding]:
    if len(set(review.scenario.zones)) < 2:
        return
    used = facts(review).services_on_flows
    for number, service in enumerate(review.system.services):
        replicas, needs = service.replicas.min, service.needs
        if replicas < 2 or replicas <= needs or (needs < 2 and not service.zones) or service.kind in ELSEWHERE or number not in used:
            continue
        zone, lost = Counter(replica_zones(review.system, service)).most_common(1)[0]
        left = int(replicas) - lost
        if left < needs:
            counts = {"left": str(left), "replicas": str(int(replicas)), "needs": str(int(needs))}
            yield RULE.finding(service.name, service, service=service.name, zone=zone, **counts)


RULE = Rule("R403", "single-zone", "warning", check)
