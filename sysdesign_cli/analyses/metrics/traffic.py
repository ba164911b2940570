"""Metrics of traffic at a workload's busiest moment: requests, messages, bytes, reads and writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.metrics.base import STORES, About, Metric, Subject, Unavailable
from sysdesign_cli.analyses.situations import awaited_effects
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.workload import combined, profile
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME

BANDWIDTH: Final = "bandwidth"


@dataclass(frozen=True)
class Message:
    """One stream of messages: calls of one kind, or copies of one event for one subscriber."""

    rate: float
    bytes_each: float
    content: str
    event: bool
    between_services: bool


def messages(subject: Subject) -> Iterator[Message]:
    """Every stream of messages. Between services means: neither from a user's device nor to a store or broker.

    Where no device is modelled, the user's request to a flow's entry counts too. An event moves once to the broker and once
    to each subscriber; only the latter count as messages between services.
    """
    system, rates = subject.system, subject.setting.rates
    for entry, rate in subject.setting.entries.items():
        node = system.handlers[entry]
        if system.services[node.service].kind != "client" and rate > 0:
            yield Message(rate, float(node.handler.request) + float(node.handler.reply), node.handler.content or "", False, False)
    for node in system.handlers:
        rate = rates[node.index]
        if rate <= 0:
            continue
        from_client = system.services[node.service].kind == "client"
        for mean, edge in node.weighted_calls():
            callee = system.handlers[edge.target]
            to_store = system.services[callee.service].kind in (*STORES, "broker")
            size = float(callee.handler.request) + float(callee.handler.reply)
            yield Message(rate * mean, size, callee.handler.content or "", False, not (from_client or to_store))
        for publish in node.publishes:
            yield Message(rate * publish.mean, float(publish.event.size), publish.event.content or "", True, False)
            for _ in system.subscribers[publish.event.name]:
                yield Message(rate * publish.mean, float(publish.event.size), publish.event.content or "", True, True)


def _ratio(part: float, whole: float, unit: str, none: str) -> Number | Unavailable:
    if whole <= 0:
        return Unavailable(none)
    return Number(part / whole, SHARE, "part-of", (("part", Number(part, unit, "")), ("whole", Number(whole, unit, ""))))


def _request_rate(subject: Subject, about: About) -> Number:
    setting = subject.setting
    if about.flow:
        return setting.rate_number(about.flow)
    return Number(setting.moment.total, RATE, "sum-of-flows", tuple((flow, setting.rate_number(flow)) for flow in setting.moment.rates))


def _write_rate(subject: Subject) -> float:
    from sysdesign_cli.analyses.journey import writes

    flows = subject.scenario.flows
    return sum(rate for name, rate in subject.setting.moment.rates.items() if writes(subject.system, flows[name]))


def _write_share(subject: Subject, about: About) -> Number | Unavailable:
    return _ratio(_write_rate(subject), subject.setting.moment.total, RATE, "no-requests")


def _read_share(subject: Subject, about: About) -> Number | Unavailable:
    total = subject.setting.moment.total
    return _ratio(total - _write_rate(subject), total, RATE, "no-requests")


def _store_accesses(subject: Subject, access: str) -> float:
    system, rates = subject.system, subject.setting.rates
    return sum(rates[node.index] for node in system.handlers if node.handler.access == access)


def _store_write_rate(subject: Subject, about: About) -> Number:
    return Number(_store_accesses(subject, "write"), RATE, "store-writes")


def _store_write_share(subject: Subject, about: About) -> Number | Unavailable:
    write, read = _store_accesses(subject, "write"), _store_accesses(subject, "read")
    return _ratio(write, write + read, RATE, "no-stores")


def _message_rate(subject: Subject, about: About) -> Number:
    return Number(sum(m.rate for m in messages(subject) if m.between_services), RATE, "messages-between")


def _event_share(subject: Subject, about: About) -> Number | Unavailable:
    between = [m for m in messages(subject) if m.between_services]
    return _ratio(sum(m.rate for m in between if m.event), sum(m.rate for m in between), RATE, "no-messages")


def _content_message_share(subject: Subject, about: About) -> Number | Unavailable:
    if not about.content:
        return Unavailable("needs-content")
    every = list(messages(subject))
    return _ratio(sum(m.rate for m in every if m.content == about.content), sum(m.rate for m in every), RATE, "no-messages")


def _content_byte_share(subject: Subject, about: About) -> Number | Unavailable:
    if not about.content:
        return Unavailable("needs-content")
    every = list(messages(subject))
    mine = sum(m.rate * m.bytes_each for m in every if m.content == about.content)
    return _ratio(mine, sum(m.rate * m.bytes_each for m in every), BANDWIDTH, "no-messages")


def _byte_rate(subject: Subject, about: About) -> Number:
    return Number(sum(m.rate * m.bytes_each for m in messages(subject)), BANDWIDTH, "sum-of-bytes")


@dataclass(frozen=True)
class UserBytes:
    """Bytes per second that go to users, those of them that a CDN has itself, and those fetched or served past a CDN."""

    total: float
    from_cdn: float
    past_edge: float


def user_bytes(subject: Subject) -> UserBytes:
    """Replies on calls that a device makes, or of a flow's entry when that is not a device."""
    system, rates = subject.system, subject.setting.rates
    total = from_cdn = past = 0.0
    streams: list[tuple[float, int]] = [(rate, h) for h, rate in subject.setting.entries.items() if system.service_of(h).kind != "client"]
    for node in system.handlers:
        if system.services[node.service].kind == "client" and rates[node.index] > 0:
            streams += [(rates[node.index] * mean, edge.target) for mean, edge in node.weighted_calls()]
        if system.services[node.service].kind == "cdn" and rates[node.index] > 0:
            for mean, edge in node.weighted_calls():
                if system.service_of(edge.target).kind != "cdn":
                    past += rates[node.index] * mean * float(system.handlers[edge.target].handler.reply)
    total += _pushed(subject)
    past += _pushed(subject)
    for rate, handler in streams:
        node = system.handlers[handler]
        moved = rate * float(node.handler.reply)
        own = _own_copy_share(node.hit, bool(node.calls or node.misses)) if system.service_of(handler).kind == "cdn" else 0.0
        total += moved
        from_cdn += moved * own
        past += 0.0 if system.service_of(handler).kind == "cdn" else moved
    return UserBytes(total, from_cdn, past)


def _pushed(subject: Subject) -> float:
    """Bytes per second pushed to users: of events whose handler is what the user waits for."""
    system = subject.system
    moved = 0.0
    for flow in subject.scenario.flows.values():
        for handler in awaited_effects(system, flow):
            event = system.handlers[handler].event
            if event is not None:
                moved += subject.setting.moment.rates[flow.name] * subject.setting.visits[flow.name][handler] * float(event.size)
    return moved


def _own_copy_share(hit: float, fetches: bool) -> float:
    """A CDN that never fetches has everything itself."""
    return hit if fetches else 1.0


def _bytes_per_request(subject: Subject, about: About) -> Number | Unavailable:
    total = subject.setting.moment.total
    if total <= 0:
        return Unavailable("no-requests")
    moved = user_bytes(subject).total
    return Number(
        moved / total,
        "size",
        "per-request",
        (("part", Number(moved, BANDWIDTH, "bytes-to-users")), ("whole", Number(total, RATE, "sum-of-flows"))),
    )


def _cdn_byte_share(subject: Subject, about: About) -> Number | Unavailable:
    moved = user_bytes(subject)
    return _ratio(moved.from_cdn, moved.total, BANDWIDTH, "no-messages")


def _bytes_past_edge(subject: Subject, about: About) -> Number:
    return Number(user_bytes(subject).past_edge, BANDWIDTH, "past-edge")


def _cache_hit_share(subject: Subject, about: About) -> Number | Unavailable:
    """Of all look-ups, those that a cache or CDN with a hit ratio answers; the others are reads of stores.

    An in-memory store that nothing stands behind is a store: what it answers is a read.
    """
    system, rates = subject.system, subject.setting.rates
    hits = reads = 0.0
    for node in system.handlers:
        rate = rates[node.index]
        if node.handler.access == "read":
            reads += rate
        if node.handler.hit_ratio is not None:
            hits += rate * node.hit
        for mean, edge in node.weighted_calls():
            if edge.hit is not None:
                hits += rate * mean * edge.hit
                if system.handlers[edge.target].handler.access == "read":
                    reads -= rate * mean  # a look-up in a cache, counted by its hits and by what its misses read
    return _ratio(hits, hits + max(0.0, reads), RATE, "no-reads")


def _service_request_share(subject: Subject, about: About) -> Number | Unavailable:
    if not about.service:
        return Unavailable("needs-service")
    system, rates = subject.system, subject.setting.rates
    by_service = {
        s.name: sum(rates[h] for h in system.handlers_of[i]) for i, s in enumerate(system.services) if s.kind in ("service", "function")
    }
    return _ratio(by_service.get(about.service, 0.0), sum(by_service.values()), RATE, "no-requests")


def _peak_to_mean(subject: Subject, about: About) -> Number | Unavailable:
    setting = subject.setting
    names = [about.flow] if about.flow else list(subject.scenario.flows)
    whole = combined([(profile(subject.scenario, setting.workload, name), 1.0) for name in names])
    if whole.mean <= 0:
        return Unavailable("no-requests")
    return Number(
        whole.peak / whole.mean,
        "factor",
        "part-of",
        (("part", Number(whole.peak, RATE, "day-peak")), ("whole", Number(whole.mean, RATE, "day-mean"))),
    )


def _flows(subject: Subject, about: About) -> list[Flow]:
    flows = subject.scenario.flows
    return [flows[about.flow]] if about.flow else list(flows.values())


def _answer_waits_for(subject: Subject, about: About) -> Number:
    """For one flow the services waited for; for the system the mean over requests."""
    from sysdesign_cli.analyses.journey import answer_services

    counts = {flow.name: len(answer_services(subject.system, flow)) for flow in _flows(subject, about)}
    if about.flow:
        names = answer_services(subject.system, subject.scenario.flows[about.flow])
        return Number(len(names), COUNT, "counted", tuple((f"#{n}", name) for n, name in enumerate(names, 1)))
    mean = sum(subject.setting.share(flow) * count for flow, count in counts.items())
    return Number(mean, COUNT, "mean-over-requests", tuple((flow, Number(count, COUNT, "counted")) for flow, count in counts.items()))


def _answer_depth(subject: Subject, about: About) -> Number:
    from sysdesign_cli.analyses.journey import answer_depth

    deepest = max(answer_depth(subject.system, subject.system.entry(flow)) for flow in _flows(subject, about))
    return Number(deepest, COUNT, "answer-depth")


def _freshness(subject: Subject, about: About) -> Number | Unavailable:
    promised = [flow.objectives.freshness for flow in _flows(subject, about) if flow.objectives.freshness is not None]
    if not promised:
        return Unavailable("no-objective")
    tightest = min(promised)
    return Number(float(tightest), TIME, "tightest", (("freshness", tightest),))


def _answer_objective(subject: Subject, about: About) -> Number | Unavailable:
    promised = []
    for flow in _flows(subject, about):
        stated = [getattr(flow.objectives, f"answer_{p}") for p in ("p99", "p95", "p50")]
        promised += [figure for figure in stated if figure is not None][:1]
    if not promised:
        return Unavailable("no-objective")
    tightest = min(promised)
    return Number(float(tightest), TIME, "tightest", (("answer", tightest),))


TRAFFIC_METRICS: Final = (
    Metric("request_rate", RATE, "neither", _request_rate, ("flow",)),
    Metric("read_share", SHARE, "neither", _read_share),
    Metric("write_share", SHARE, "neither", _write_share, shown=False),
    Metric("store_write_share", SHARE, "neither", _store_write_share),
    Metric("store_write_rate", RATE, "neither", _store_write_rate),
    Metric("message_rate", RATE, "neither", _message_rate),
    Metric("event_share", SHARE, "neither", _event_share),
    Metric("content_message_share", SHARE, "neither", _content_message_share, ("content",), shown=False),
    Metric("content_byte_share", SHARE, "neither", _content_byte_share, ("content",), shown=False),
    Metric("byte_rate", BANDWIDTH, "neither", _byte_rate),
    Metric("bytes_per_request", "size", "neither", _bytes_per_request),
    Metric("cdn_byte_share", SHARE, "neither", _cdn_byte_share),
    Metric("bytes_past_edge", BANDWIDTH, "lower", _bytes_past_edge),
    Metric("cache_hit_share", SHARE, "neither", _cache_hit_share),
    Metric("service_request_share", SHARE, "neither", _service_request_share, ("service",), shown=False),
    Metric("peak_to_mean", "factor", "neither", _peak_to_mean, ("flow",)),
    Metric("answer_waits_for", COUNT, "lower", _answer_waits_for, ("flow",)),
    Metric("answer_depth", COUNT, "lower", _answer_depth, ("flow",)),
    Metric("freshness_objective", TIME, "neither", _freshness, ("flow",)),
    Metric("answer_objective", TIME, "neither", _answer_objective, ("flow",)),
)
