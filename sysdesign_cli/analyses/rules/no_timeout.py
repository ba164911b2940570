"""A call has no timeout: the caller waits as long as it takes.

What it does: reports each synchronous call without `timeout` that is made by a handler on a flow, except calls of a client (a
device never keeps its own promise to answer).

Why is this bad: when the callee hangs, every request that calls it keeps a worker, and soon the caller hangs too, and those
who call it. A slow dependency stops a system more surely than a dead one.

Example:

    services:
      order: {handles: {Place: {calls: [stock.Reserve]}}}

Use instead: a timeout somewhat above what the callee needs in the worst ordinary case; one for all calls of the file goes
below `defaults`.

    defaults: {calls: {timeout: 2s}}
    services:
      order: {handles: {Place: {calls: [{to: stock.Reserve, timeout: 500ms}]}}}

False positives: the timeout exists and the model does not say so. State it.

References: Nygard, Release It!, 2nd edition, 2018, stability patterns, "Timeouts". Beyer, Jones, Petoff and Murphy (editors),
Site Reliability Engineering, 2016, chapter 22, "Latency and Deadlines".
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Finding, Review, Rule


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    on_flow = review.on_flow
    for edge in known.calls.without_timeout:
        if edge.caller in on_flow and review.system.service_of(edge.target).kind != "client":
            yield RULE.finding(known.call_name(edge), edge.call, caller=known.key(edge.caller), target=known.key(edge.target))


RULE = Rule("R303", "no-timeout", "warning", check)
