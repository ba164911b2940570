"""Metrics that are measured in a simulation instead of worked out: each with its interval, the same random numbers for all variants."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME

if TYPE_CHECKING:
    from sysdesign_cli.analyses.simulation_result import FlowSimulated, ServiceSimulated, Simulation


def _ran(subject: Subject) -> Simulation | Unavailable:
    """The simulation, unless it never settles: then a mean of it means nothing."""
    result = subject.simulation
    if result.growth is not None or result.stopped == "full":
        return Unavailable("simulated-unstable", result.growth.where if result.growth is not None else "", math.inf)
    return result


def _flow(subject: Subject, about: About) -> FlowSimulated | Unavailable:
    """The flow asked for; the one that starts most often unless said."""
    result = _ran(subject)
    if isinstance(result, Unavailable):
        return result
    flows = [flow for flow in result.flows if about.flow in ("", flow.flow)]
    if not flows:
        return Unavailable("no-answers", about.flow, math.inf)
    return max(flows, key=lambda flow: flow.rate.value)


def _percentile(which: str, name: str) -> Callable[[Subject, About], Number | Unavailable]:
    def compute(subject: Subject, about: About) -> Number | Unavailable:
        flow = _flow(subject, about)
        if isinstance(flow, Unavailable):
            return flow
        times = flow.answer if which == "answer" else flow.completion or flow.answer
        if times is None:
            return Unavailable("no-answers", flow.flow, math.inf)
        return times.mean if name == "mean" else times.percentiles[name]

    return compute


def _failed(subject: Subject, about: About) -> Number | Unavailable:
    flow = _flow(subject, about)
    return flow if isinstance(flow, Unavailable) else flow.failed_share


def _lost(subject: Subject, about: About) -> Number | Unavailable:
    result = _ran(subject)
    if isinstance(result, Unavailable):
        return result
    topics = [topic for topic in result.topics if about.service in ("", topic.handler.partition(".")[0])]
    return Number(sum(topic.lost.value + topic.parked.value for topic in topics), COUNT, "simulated-count", method="simulated")


def _service(field: str) -> Callable[[Subject, About], Number | Unavailable]:
    def compute(subject: Subject, about: About) -> Number | Unavailable:
        result = _ran(subject)
        if isinstance(result, Unavailable):
            return result
        services = [service for service in result.services if about.service in ("", service.service)]
        if not services:
            return Unavailable("no-limit", about.service)

        def value(service: ServiceSimulated) -> Number:
            number = getattr(service, field)
            assert isinstance(number, Number)
            return number

        return max((value(service) for service in services), key=lambda number: number.value)

    return compute


def _metric(id: str, unit: str, compute: Callable[[Subject, About], Number | Unavailable], scope: str) -> Metric:
    return Metric(id, unit, "lower", compute, (scope,), shown=False)


SIMULATED_METRICS: Final = (
    *(_metric(f"simulated_answer_{name}", TIME, _percentile("answer", name), "flow") for name in ("mean", "p50", "p95", "p99")),
    *(_metric(f"simulated_completion_{name}", TIME, _percentile("completion", name), "flow") for name in ("mean", "p99")),
    _metric("simulated_failed", SHARE, _failed, "flow"),
    _metric("simulated_lost", COUNT, _lost, "service"),
    _metric("simulated_utilisation", SHARE, _service("utilisation"), "service"),
    _metric("simulated_wait", TIME, _service("wait"), "service"),
)
