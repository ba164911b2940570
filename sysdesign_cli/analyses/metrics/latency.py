"""Metrics of time: percentiles of answers and completions, the age of what a user sees, the chance of being late."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.analyses.situations import awaited_effects
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import SHARE, TIME, Figure

if TYPE_CHECKING:
    from sysdesign_cli.engine.distributions import Distribution

#: Below this a share of late answers is rounding.
_NOISE: Final = 1e-9


def _flows(subject: Subject, about: About) -> list[Flow]:
    flows = subject.scenario.flows
    return [flows[about.flow]] if about.flow else [flow for flow in flows.values() if subject.setting.moment.rates[flow.name] > 0]


def _jammed(subject: Subject, flows: list[Flow], completion: bool) -> Unavailable | None:
    """A saturated service on the way: there is no steady time, it grows without bound."""
    for flow in flows:
        if jams := subject.latencies.jams(flow, completion=completion):
            return Unavailable("saturated", subject.system.services[jams[0]].name, math.inf)
    return None


def _times(subject: Subject, flow: Flow, completion: bool) -> Distribution:
    return subject.latencies.completion(flow) if completion else subject.latencies.answer(flow)


def _percentile(subject: Subject, about: About, share: float, completion: bool = False) -> Number | Unavailable:
    flows = _flows(subject, about)
    if (jammed := _jammed(subject, flows, completion)) is not None:
        return jammed
    if len(flows) == 1:
        times = _times(subject, flows[0], completion)
        if times.mass <= _NOISE:
            return Unavailable("no-answers", flows[0].name, math.inf)
        return Number(times.percentile(share), TIME, "percentile", _parts(subject, flows[0]), APPROXIMATION)
    return _of_all(subject, flows, share, completion)


def _parts(subject: Subject, flow: Flow) -> tuple[tuple[str, Number], ...]:
    from sysdesign_cli.analyses.contributions import contributions

    rows = contributions(subject.latencies.load, subject.system, flow, subject.latencies.dead)
    return tuple((f"{row.service} ({row.kind})", row.mean) for row in rows)


def _of_all(subject: Subject, flows: list[Flow], share: float, completion: bool) -> Number | Unavailable:
    """A percentile over the answers of all flows together, each with its share of the requests."""
    rates = subject.setting.moment.rates
    weighed = [(rates[flow.name], times) for flow in flows if (times := _times(subject, flow, completion)).mass > _NOISE]
    whole = sum(rate * times.mass for rate, times in weighed)
    if not weighed or whole <= 0:
        return Unavailable("no-answers", "", math.inf)
    low, high = 0.0, max(times.percentile(share) for _, times in weighed)
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        done = sum(rate * times.cdf(middle) for rate, times in weighed) / whole
        low, high = (middle, high) if done < share else (low, middle)
    inputs = tuple((flow.name, Number(rates[flow.name], "rate", "traffic")) for flow in flows)
    return Number(high, TIME, "percentile-of-all", inputs, APPROXIMATION)


def _mean(subject: Subject, about: About) -> Number | Unavailable:
    flows = _flows(subject, about)
    if (jammed := _jammed(subject, flows, False)) is not None:
        return jammed
    rates = subject.setting.moment.rates
    weighed = [(rates[flow.name] if not about.flow else 1.0, _times(subject, flow, False)) for flow in flows]
    whole = sum(rate * times.mass for rate, times in weighed)
    if whole <= 0:
        return Unavailable("no-answers", about.flow, math.inf)
    mean = sum(rate * times.mass * times.mean for rate, times in weighed) / whole
    return Number(mean, TIME, "mean-time", _parts(subject, flows[0]) if about.flow else (), APPROXIMATION)


def _answer(share: float) -> Callable[[Subject, About], Number | Unavailable]:
    return lambda subject, about: _percentile(subject, about, share)


def _completion_p99(subject: Subject, about: About) -> Number | Unavailable:
    return _percentile(subject, about, 0.99, completion=True)


def _age_p99(subject: Subject, about: About) -> Number | Unavailable:
    """Of what a user is shown by events: the time from its source to the screen."""
    flows = [flow for flow in _flows(subject, about) if awaited_effects(subject.system, flow)]
    if not flows:
        return Unavailable("no-pushed-flow", about.flow)
    flow = max(flows, key=lambda one: subject.setting.moment.rates[one.name])
    return _percentile(subject, About(flow.name), 0.99)


def _stutter_chance(subject: Subject, about: About) -> Number | Unavailable:
    """Share of requests whose answer comes later than the flow's deadline, or never."""
    flows = [flow for flow in _flows(subject, about) if flow.objectives.complete_within is not None]
    if not about.flow:
        flows = [flow for flow in flows if not flow.completed]
    if not flows:
        return Unavailable("no-deadline", about.flow)
    flow = max(flows, key=lambda one: subject.setting.moment.rates[one.name])
    limit = flow.objectives.complete_within
    assert limit is not None
    if subject.latencies.jams(flow):
        return Unavailable("saturated", subject.system.services[subject.latencies.jams(flow)[0]].name, 1.0)
    late = max(0.0, 1 - subject.latencies.answer(flow).cdf(float(limit)))
    inputs: tuple[tuple[str, Number | Figure | str], ...] = ((f"{flow.name}.complete_within", limit), *_parts(subject, flow))
    return Number(late if late > _NOISE else 0.0, SHARE, "late-share", inputs, APPROXIMATION)


LATENCY_METRICS: Final = (
    Metric("answer_mean", TIME, "lower", _mean, ("flow",), shown=False, reference="latency"),
    Metric("answer_p50", TIME, "lower", _answer(0.50), ("flow",), shown=False, reference="latency"),
    Metric("answer_p95", TIME, "lower", _answer(0.95), ("flow",), shown=False, reference="latency"),
    Metric("answer_p99", TIME, "lower", _answer(0.99), ("flow",), reference="latency"),
    Metric("completion_p99", TIME, "lower", _completion_p99, ("flow",), shown=False, reference="latency"),
    Metric("age_p99", TIME, "lower", _age_p99, ("flow",), reference="latency"),
    Metric("stutter_chance", SHARE, "lower", _stutter_chance, ("flow",), shown=False, reference="latency"),
)
