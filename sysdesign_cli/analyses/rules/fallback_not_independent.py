"""A fallback fails together with what it stands in for.

What it does: for each call with a fallback, made by a handler on a flow, compares what the callee and what the fallback cannot do
without: services called without fallback and not optional, and brokers of events published in the path. It is an error when
the fallback is on the callee's own service or needs it, and a warning when both need a third service. What lies behind a
cache does not count while the cache answers some of the requests.

Why is this bad: the fallback looks like redundancy and is none. It works in every test that breaks the callee alone, and fails
in the outage it was built for.

Example:

    services:
      price: {handles: {Get: {calls: [{to: rules.Current, timeout: 1s, fallback: rules.Yesterday}]}}}

Use instead: something that works without the callee, such as a copy of its own or a fixed answer.

    services:
      price: {handles: {Get: {calls: [{to: rules.Current, timeout: 1s, fallback: price-cache.get}]}}}

False positives: the shared service fails so rarely, or has so many independent parts, that the risk is accepted.

References: Gabrielson, "Avoiding fallback in distributed systems", The Amazon Builders' Library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import cast

from sysdesign_cli.analyses.facts import Facts, facts, past_cache
from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import CallEdge, HandlerNode, _closure

#: Shared services named in a finding; the rest is left out.
MAX_NAMED = 3


def check(review: Review) -> Iterator[Finding]:
    known = facts(review)
    on_flow = review.on_flow
    edges = [edge for edge in known.calls.with_fallback if edge.caller in on_flow]
    if not edges:
        return
    fallbacks = _closure(list({edge.fallback for edge in edges if edge.fallback is not None}), known.targets)
    targets = _closure(list({edge.target for edge in edges}), known.targets)
    bits = _bits(known, fallbacks)
    numbers = list(bits)
    needs = _Needs(known, fallbacks | targets, bits)
    for edge in edges:
        shared = needs.mask[edge.target] & needs.mask[cast(int, edge.fallback)]
        own = bits.get(known.system.handlers[edge.target].service, 0)
        if shared & own:
            yield _finding(known, edge, [known.system.service_of(edge.target).name], "error")
        elif shared:
            names = [known.system.services[service].name for service in _services(shared, numbers)]
            yield _finding(known, edge, names, "warning")


def _finding(known: Facts, edge: CallEdge, names: list[str], severity: str) -> Finding:
    found = RULE.finding(
        known.call_name(edge),
        edge.call,
        caller=known.key(edge.caller),
        target=known.key(edge.target),
        fallback=known.key(cast(int, edge.fallback)),
        shared=", ".join(names[:MAX_NAMED] + ["…"] * (len(names) > MAX_NAMED)),
    )
    return dataclasses.replace(found, severity=severity)


def _services(shared: int, numbers: list[int]) -> list[int]:
    """The services of the lowest bits, one more than are named."""
    found: list[int] = []
    while shared and len(found) <= MAX_NAMED:
        lowest = shared & -shared
        found.append(numbers[lowest.bit_length() - 1])
        shared ^= lowest
    return found


def _bits(known: Facts, fallbacks: set[int]) -> dict[int, int]:
    """A bit for each service that some fallback may lead to; no other can be shared."""
    handlers = known.system.handlers
    services = {handlers[number].service for number in fallbacks}
    services.update(publish.broker for number in fallbacks for publish in handlers[number].publishes if publish.broker >= 0)
    able_to_fail = sorted(service for service in services if known.system.services[service].kind != "client")
    return {service: 1 << number for number, service in enumerate(able_to_fail)}


class _Needs:
    """For each of some handlers the services whose failure fails it, as bits of an int.

    What is behind a cache does not count while the cache answers some requests: it takes a share of them, not all.
    """

    def __init__(self, known: Facts, part: set[int], bits: dict[int, int]) -> None:
        self.bits = bits
        self.mask = dict.fromkeys(part, 0)
        handlers = known.system.handlers
        for group in known.groups:
            if group[0] in part:
                self._settle([handlers[number] for number in group])

    def _settle(self, group: list[HandlerNode]) -> None:
        """Masks only grow, so a circle settles after at most one round for each of its handlers."""
        moved = True
        while moved:
            moved = False
            for node in group:
                mask = self._handler(node)
                if mask != self.mask[node.index]:
                    self.mask[node.index] = mask
                    moved = len(group) > 1

    def _handler(self, node: HandlerNode) -> int:
        mask = self.bits.get(node.service, 0)
        for edge in node.calls:
            mask |= self._call(edge)
        if not node.hit:
            for edge in node.misses:
                mask |= self._call(edge)
        for publish in node.publishes:
            if publish.mode == "in-path" and publish.chance:
                mask |= self.bits.get(publish.broker, 0)
        return mask

    def _call(self, edge: CallEdge) -> int:
        if not edge.chance or not edge.count or edge.optional:
            return 0
        mask = self.mask[edge.target]
        if past_cache(edge):
            behind = 0
            for inner in edge.on_miss:
                behind |= self._call(inner)
            return behind & mask if edge.hit else behind
        return mask if edge.fallback is None else mask & self.mask[edge.fallback]


RULE = Rule("R307", "fallback-not-independent", "error", check)
