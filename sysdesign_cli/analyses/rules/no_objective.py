"""A flow promises nothing: it has no objective.

What it does: reports each flow whose `objectives` name no latency, availability, completion deadline, freshness, recovery time
or loss.

Why is this bad: without a number nobody can say whether the system is good enough, whether a fault was serious, or whether a
cheaper design would do. Every analysis prints figures, and none of them is met or missed.

Example:

    flows:
      browse: {starts: storefront.Browse}

Use instead: what the people who use it would call good enough, in a figure or two.

    flows:
      browse: {starts: storefront.Browse, objectives: {answer_p99: 400ms, availability: 99.9%}}

False positives: a flow that only exists to give the system its background load.

References: Beyer et al. (editors), Site Reliability Engineering, 2016, chapter 4, "Service Level Objectives".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.scenario.model import Objectives


def check(review: Review) -> Iterator[Finding]:
    for flow in review.scenario.flows.values():
        if not _promises(flow.objectives):
            yield RULE.finding(flow.name, flow, flow=flow.name)


def _promises(objectives: Objectives) -> bool:
    """Whether any objective is stated; 0 is one too (lose nothing)."""
    stated = (
        objectives.answer_p50,
        objectives.answer_p95,
        objectives.answer_p99,
        objectives.availability,
        objectives.complete_within,
        objectives.freshness,
        objectives.recover_within,
        objectives.lose_at_most,
    )
    return any(value is not None for value in stated)


RULE = Rule("R204", "no-objective", "info", check)
