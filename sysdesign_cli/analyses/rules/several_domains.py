"""One deployment unit holds several business domains.

What it does: reports each service whose `domains` lists more than one.

Why is this bad: a change in one domain redeploys all of them and can break all of them; they scale together although only
one is busy; and teams wait for each other's releases.

Example:

    services:
      shop: {domains: [order, inventory, payment], handles: {Buy: {takes: 30ms}}}

Use instead: one unit for each domain, where the domains change or scale apart from each other.

    services:
      order: {handles: {Buy: {calls: [{to: inventory.Reserve, timeout: 1s}]}}}
      inventory: {handles: {Reserve: {takes: 5ms}}}

False positives: a small team or a small system is often better off with one unit; this is information, not a fault.

References: Parnas, "On the Criteria To Be Used in Decomposing Systems into Modules", Communications of the ACM 15(12), 1972.
Evans, Domain-Driven Design, 2003, "Bounded Context".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    for service in review.system.services:
        if len(service.domains) > 1:
            domains = list(dict.fromkeys(str(domain) for domain in service.domains))
            if len(domains) > 1:
                yield RULE.finding(service.name, service, service=service.name, domains=", ".join(domains), count=str(len(domains)))


RULE = Rule("R409", "several-domains", "info", check)
