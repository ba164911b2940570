"""What kind of system it is, in words that follow from figures by stated thresholds; nothing here is typed into a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import UNITS, About, Subject
from sysdesign_cli.analyses.metrics.traffic import messages
from sysdesign_cli.engine.explained import Number

#: Thresholds, each used once below and printed by --why.
READ_HEAVY: Final = 0.80
WRITE_HEAVY: Final = 0.50
REAL_TIME_S: Final = 10.0
LARGE_BYTES: Final = 100_000.0
MAIN_BYTES: Final = 0.50
MAIN_MESSAGES: Final = 0.30
EVENT_DRIVEN: Final = 0.50
CDN_SERVED: Final = 0.50
CACHE_ANSWERED: Final = 0.50
SERVERLESS: Final = 0.30
LOW_LATENCY_S: Final = 3.0

DIMENSIONS: Final = ("workload", "data", "architecture", "latency")


@dataclass(frozen=True)
class Word:
    """One word and why it is said: ``key`` of the message ``word.<key>`` (or a content's own name), the figure, the threshold."""

    key: str
    content: str
    evidence: Number
    threshold: str


def characterise(subject: Subject) -> dict[str, tuple[Word, ...]]:
    """Dimension -> words. A dimension about which nothing can be said has none."""
    return {"workload": _workload(subject), "data": _data(subject), "architecture": _architecture(subject), "latency": _latency(subject)}


def _value(subject: Subject, metric: str, about: About = About()) -> Number | None:
    value = METRICS[metric].of(subject, about)
    return value if isinstance(value, Number) else None


def _when(number: Number | None, holds: bool, key: str, threshold: str, content: str = "") -> tuple[Word, ...]:
    return (Word(key, content, number, threshold),) if number is not None and holds else ()


def _workload(subject: Subject) -> tuple[Word, ...]:
    fresh = _value(subject, "freshness_objective")
    read = _value(subject, "read_share")
    write = _value(subject, "store_write_share")
    words = _when(fresh, fresh is not None and fresh.value <= REAL_TIME_S, "real-time", f"≤ {REAL_TIME_S:g} s")
    words += _when(read, read is not None and read.value >= READ_HEAVY, "read-heavy", f"≥ {READ_HEAVY:.0%}")
    if read is not None and read.value < READ_HEAVY:
        words += _when(write, write is not None and write.value >= WRITE_HEAVY, "write-heavy", f"≥ {WRITE_HEAVY:.0%}")
    if not words and read is not None:
        words = (Word("mixed", "", read, f"< {READ_HEAVY:.0%}"),)
    return words


def _data(subject: Subject) -> tuple[Word, ...]:
    contents = sorted({m.content for m in messages(subject) if m.content})
    bytes_of = {c: _value(subject, "content_byte_share", About(content=c)) for c in contents}
    by_bytes = {c: n for c, n in bytes_of.items() if n is not None}
    each = _value(subject, "bytes_per_request")
    if by_bytes:
        top = max(by_bytes, key=lambda c: by_bytes[c].value)
        if by_bytes[top].value >= MAIN_BYTES and each is not None and each.value >= LARGE_BYTES:
            return (Word("large", top, by_bytes[top], f"≥ {MAIN_BYTES:.0%}, {LARGE_BYTES / 1000:g} KB"),)
    words: tuple[Word, ...] = ()
    for content in contents:
        share = _value(subject, "content_message_share", About(content=content))
        words += _when(share, share is not None and share.value >= MAIN_MESSAGES, "content", f"≥ {MAIN_MESSAGES:.0%}", content)
    events = _value(subject, "event_share")
    return words + _when(events, events is not None and events.value >= EVENT_DRIVEN, "events", f"≥ {EVENT_DRIVEN:.0%}")


def _architecture(subject: Subject) -> tuple[Word, ...]:
    cdn = _value(subject, "cdn_byte_share")
    cache = _value(subject, "cache_hit_share")
    events = _value(subject, "event_share")
    words = _when(cdn, cdn is not None and cdn.value >= CDN_SERVED, "cdn", f"≥ {CDN_SERVED:.0%}")
    words += _when(cache, cache is not None and cache.value >= CACHE_ANSWERED, "cache", f"≥ {CACHE_ANSWERED:.0%}")
    words += _when(events, events is not None and events.value >= EVENT_DRIVEN, "event-driven", f"≥ {EVENT_DRIVEN:.0%}")
    return words + _deployment(subject)


def _deployment(subject: Subject) -> tuple[Word, ...]:
    units = [service for service in subject.system.services if service.kind in UNITS]
    if not units:
        return ()
    functions = sum(1 for service in units if service.kind == "function")
    share = Number(
        functions / len(units),
        "share",
        "part-of",
        (("part", Number(functions, "count", "counted")), ("whole", Number(len(units), "count", "counted"))),
    )
    domains = _value(subject, "domains_redeployed_per_change")
    words = _when(share, share.value >= SERVERLESS, "serverless", f"≥ {SERVERLESS:.0%}")
    return words + _when(domains, domains is not None and domains.value >= 3, "monolith", "≥ 3")


def _latency(subject: Subject) -> tuple[Word, ...]:
    fresh = _value(subject, "freshness_objective")
    if fresh is not None and fresh.value <= REAL_TIME_S:
        return (Word("very-low", "", fresh, f"≤ {REAL_TIME_S:g} s"),)
    answer = _value(subject, "answer_objective")
    if answer is None:
        return ()
    return (Word("low" if answer.value <= LOW_LATENCY_S else "relaxed", "", answer, f"≤ {LOW_LATENCY_S:g} s"),)
