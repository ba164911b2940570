"""At the busiest moment of a workload a service is asked for more than it can do, so its queue grows.

What it does: for each workload takes the rates at its busiest moment and reports each service that is busy for 100 % or more of
all the workers it may have (all replicas that autoscaling may start, times concurrency; a blocking handler holds its worker
during its calls). When no user waits for the service (it is reached only by events) and it is not overloaded on the average of
that day, the finding is only information: the broker holds the backlog, and it drains later. Flows started by a closed
population (`users`, `think`) are not counted: they slow down by themselves.

Why is this bad: above 100 % there is no steady state. The queue grows for as long as the moment lasts, answers come later and
later until timeouts fail them, and the retries add to the load.

Example:

    services:
      payment: {replicas: 2, concurrency: 8, handles: {Charge: {takes: 100ms}}}
    flows: {pay: {starts: payment.Charge}}
    workloads: {sale: {starts: {pay: 400/s}}}

Use instead: more replicas or concurrency, less time per request, or an event and a backlog that drains after the peak.

    services:
      payment: {replicas: {min: 2, max: 10, target: 60%}, concurrency: 8, handles: {Charge: {takes: 100ms}}}

False positives: the peak is shorter than the time the users are ready to wait. The utilisation is a lower bound (waiting behind
other services is not in it), so a service just below 100 % is not safe either.

References: Lazowska et al., Quantitative System Performance, 1984, chapter 3 (utilisation law); Beyer et al. (editors), Site
Reliability Engineering, 2016, chapter 22, "Addressing Cascading Failures"; Yanacek, Avoiding insurmountable queue backlogs,
Amazon Builders' Library.
"""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules.objective_out_of_reach import usual_times
from sysdesign_cli.engine.stations import Stations, workers
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.engine.workload import profile
from sysdesign_cli.scenario.model import Start, Workload
from sysdesign_cli.scenario.problems import Place
from sysdesign_cli.scenario.quantity import SHARE, format_quantity


def check(review: Review) -> Iterator[Finding]:
    for workload in review.scenario.workloads.values():
        if suspects := _suspects(review, workload):
            yield from _overloaded(review, workload, suspects)


def _suspects(review: Review, workload: Workload) -> list[int]:
    """Services that may be overloaded, from times that are too long rather than too short: mostly none, at little cost."""
    system = review.system
    busy = [0.0] * len(system.services)
    for node, rate, usual in zip(system.handlers, review.rates[workload.name], usual_times(review), strict=True):
        if rate:
            busy[node.service] += rate * usual
    return [
        i
        for i, service in enumerate(system.services)
        if busy[i] and (busy[i] >= 1 or not service.replicas.min) and busy[i] >= workers(service)
    ]


def _overloaded(review: Review, workload: Workload, suspects: list[int]) -> Iterator[Finding]:
    stations = _at_peak(review, workload)
    average: Stations | None = None
    for number in suspects:
        service = review.system.services[number]
        utilisation = stations.utilisation(number)
        if utilisation < 1:
            continue
        severity = RULE.severity
        if not _somebody_waits(review, stations, number):
            average = average or _on_average(review, workload)
            severity = "info" if average.utilisation(number) < 1 else severity
        place = service.node.place if service.node is not None else Place("")
        params = {"service": service.name, "workload": workload.name, "utilisation": format_quantity(utilisation, SHARE)}
        params["clock"] = review.moments[workload.name].clock
        yield Finding(RULE.slug, f"{service.name}/{workload.name}", severity, place, params)


def _somebody_waits(review: Review, stations: Stations, service: int) -> bool:
    """Whether some of the service's load at this moment is work that a user waits for."""
    return any(stations.rates[handler] and handler in review.in_answers for handler in review.system.handlers_of[service])


def _at_peak(review: Review, workload: Workload) -> Stations:
    """The stations at the busiest moment, without flows of closed populations: those slow down instead of queueing up."""
    if any(_is_closed(start) for start in workload.starts.values()):
        return _stations(review, workload, review.moments[workload.name].rates)
    return review.stations(workload.name)


def _is_closed(start: Start) -> bool:
    return start.peak is None and start.users is not None


def _on_average(review: Review, workload: Workload) -> Stations:
    """The stations at the mean rates of the workload's day."""
    return _stations(review, workload, {flow: profile(review.scenario, workload, flow).mean for flow in workload.starts})


def _stations(review: Review, workload: Workload, rates: dict[str, float]) -> Stations:
    arriving: dict[int, float] = {}
    for flow, rate in rates.items():
        start = workload.starts.get(flow)
        if start is not None and not _is_closed(start):
            arriving[review.entries[flow]] = arriving.get(review.entries[flow], 0.0) + rate
    return Stations(review.system, solve(review.system, arriving))


RULE = Rule("R206", "overloaded", "warning", check)
