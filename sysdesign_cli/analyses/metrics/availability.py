"""Metrics of the long run: how much of a year flows work, and what single thing stops them."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.engine.explained import AT_LEAST, BOUND, EXACT, Number
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME

# every command knows the metrics' names, and few ask for these: what works them out is imported when they do
#: The top of a flow's structure that is its completion.
STOPS: Final = "core"


def _flow(subject: Subject, name: str) -> Flow:
    from sysdesign_cli.analyses.journey import pick_flow

    return pick_flow(subject.system, name)


def _killed(subject: Subject) -> Unavailable | None:
    """The long run takes failures as they come; what is dead now has no part in it."""
    return Unavailable("not-with-kill") if subject.kill.services or subject.kill.zones else None


def _unavailability(subject: Subject, about: About, top: str) -> Number | Unavailable:
    """Of one flow; or of all requests, weighted by their rates at the workload's busiest moment."""
    known = subject.availabilities
    if about.flow:
        return known.unavailability(_flow(subject, about.flow), top)
    total = subject.setting.moment.total
    if total <= 0:
        return Unavailable("no-requests")
    shares = {flow.name: known.unavailability(flow, top) for flow in subject.scenario.flows.values() if subject.setting.share(flow.name)}
    mean = sum(subject.setting.share(name) * number.value for name, number in shares.items())
    method = next((number.method for number in shares.values() if number.method != EXACT), EXACT)
    half = sum(
        subject.setting.share(name) * float(number.note) for name, number in shares.items() if number.method == method and number.note
    )
    return Number(mean, SHARE, "weighted-by-rate", tuple(shares.items()), method, repr(half) if half else "")


def _available(subject: Subject, about: About, top: str) -> Number | Unavailable:
    down = _killed(subject) or _unavailability(subject, about, top)
    if isinstance(down, Unavailable):
        return down
    method = AT_LEAST if down.method == BOUND else down.method
    return Number(1 - down.value, SHARE, "availability", (("unavailability", down),), method, down.note)


def _availability(subject: Subject, about: About) -> Number | Unavailable:
    return _available(subject, about, "answer")


def _completion_availability(subject: Subject, about: About) -> Number | Unavailable:
    return _available(subject, about, STOPS)


def _downtime_per_year(subject: Subject, about: About) -> Number | Unavailable:
    down = _killed(subject) or _unavailability(subject, about, STOPS)
    if isinstance(down, Unavailable):
        return down
    from sysdesign_cli.analyses.availability import yearly_downtime

    return yearly_downtime(down)


def _single_points_of_failure(subject: Subject, about: About) -> Number | Unavailable:
    if (killed := _killed(subject)) is not None:
        return killed
    flows = [_flow(subject, about.flow)] if about.flow else list(subject.scenario.flows.values())
    if not flows:
        return Unavailable("no-requests")
    counts = [subject.availabilities.count_of_singles(flow) for flow in flows]
    return max(counts, key=lambda number: number.value)


def _single_points_of_all(subject: Subject, about: About) -> Number | Unavailable:
    """Components each of which stops every flow by itself."""
    if (killed := _killed(subject)) is not None:
        return killed
    flows = [flow for flow in subject.scenario.flows.values() if subject.setting.moment.rates[flow.name] > 0]
    stopping = [set(subject.availabilities.singles(flow)) for flow in flows]
    names = sorted(set.intersection(*stopping)) if stopping else []
    return Number(float(len(names)), COUNT, "counted", tuple((f"#{n}", name) for n, name in enumerate(names, 1)))


AVAILABILITY_METRICS: Final = (
    Metric("availability", SHARE, "higher", _availability, ("flow",)),
    Metric("completion_availability", SHARE, "higher", _completion_availability, ("flow",), shown=False),
    Metric("downtime_per_year", TIME, "lower", _downtime_per_year, ("flow",)),
    Metric("single_points_of_failure", COUNT, "lower", _single_points_of_failure, ("flow",), shown=False),
    Metric("single_points_of_all", COUNT, "lower", _single_points_of_all, shown=False),
)
