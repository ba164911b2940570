"""There are services and not one flow.

What it does: reports a scenario that has services but no flow.

Why is this bad: availability, latency, load and blast radius are promises to users. Without a journey that somebody starts
nothing can be said about users, and most analyses have nothing to work on.

Example:

    services:
      order: {handles: {Place: {takes: 8ms}}}

Use instead: at least one flow.

    services:
      order: {handles: {Place: {takes: 8ms}}}
    flows:
      place-order: {starts: order.Place}

False positives: the file is a part that other files include; check the file that includes it.

References: Clements, Kazman and Klein, Evaluating Software Architectures: Methods and Case Studies, 2002 (scenarios).
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    scenario = review.scenario
    if scenario.services and not scenario.flows:
        yield RULE.finding(scenario.label, scenario, services=str(len(scenario.services)))


RULE = Rule("R410", "no-flow", "error", check)
