"""What each part says rightly and the parts together cannot mean: problems of the slug ``contradiction``, told apart by ``what``.

Every check looks at one element and its direct parts, so the whole is linear.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from sysdesign_cli.scenario.model import Call, Check, Claim, Flow, Given, Handler, Scenario, Service, Start, Workload
from sysdesign_cli.scenario.nodes import Node
from sysdesign_cli.scenario.shapes import Name, Reader

#: Every ``what`` of a contradiction. The texts are in the message files under ``problem.contradiction.<what>``.
CONTRADICTIONS: Final = (
    "several-brokers",
    "no-broker",
    "hit-ratio-without-on-miss",
    "on-miss-without-hit-ratio",
    "timeout-zero",
    "fallback-to-itself",
    "compensates-itself",
    "min-over-max",
    "needs-over-replicas",
    "no-replicas",
    "target-zero",
    "mtbf-zero",
    "mttr-zero",
    "cores-over-concurrency",
    "listed-twice",
    "reserved-name",
    "retention-zero",
    "objectives-reversed",
    "empty-shape",
    "time-twice",
    "time-over-a-day",
    "based-on-itself",
    "no-rate",
    "spike-without-time",
    "spike-without-length",
    "base-without-spike",
    "base-over-peak",
    "spike-over-a-day",
    "users-without-think",
    "think-without-users",
    "peak-and-users",
    "days-over-a-year",
    "empty-claim",
    "empty-check",
    "several-checks",
    "metric-without-is",
    "is-without-metric",
    "check-without-flow",
    "each-with-others",
    "of-without-each",
)

_DAY_S: Final = 86400
_DAYS_A_YEAR: Final = 366


def check_consistency(scenario: Scenario, reader: Reader) -> None:
    """Report what contradicts itself in a scenario whose parts could all be read; names may still dangle."""
    report = _Report(reader)
    _each_once(scenario.zones, "zones", report)
    _names_not_reserved(scenario, report)
    for service in scenario.services.values():
        _check_service(service, report)
    zones = scenario.zone_failures
    for figure, what in ((zones.mtbf, "mtbf-zero"), (zones.mttr, "mttr-zero")):
        if figure <= 0:
            report(figure, zones, what, name="zone_failures")
    for event in scenario.events.values():
        if event.durable and event.retention <= 0:
            report(event.retention, event, "retention-zero", name=event.name)
    for flow in scenario.flows.values():
        _check_flow(flow, report)
    _check_shapes(scenario, report)
    _check_workloads(scenario.workloads, report)
    for claim in scenario.claims.values():
        _check_claim(claim, report)


class _Report:
    """Reports at the figure that was written, or at the element it belongs to when the figure is a default."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __call__(self, at: object, element: object, what: str, **params: str) -> None:
        node = at if isinstance(at, Node) else getattr(at, "node", None) or getattr(element, "node", None)
        if isinstance(node, Node):
            self._reader.report("contradiction", node, (), what=what, **params)


def _each_once(names: Iterable[Name], name: str, report: _Report) -> None:
    seen: set[str] = set()
    for item in names:
        if item in seen:
            report(item, None, "listed-twice", name=name, value=item[:60])
        seen.add(item)


def _names_not_reserved(scenario: Scenario, report: _Report) -> None:
    """``each`` in a claim means every one in turn, and ``@name-of-the-scenario`` means the scenario without changes."""
    if "each" in scenario.services:
        report(scenario.services["each"], None, "reserved-name", name="each")
    for zone in scenario.zones:
        if zone == "each":
            report(zone, None, "reserved-name", name="each")
    if scenario.label in scenario.variants:
        report(scenario.variants[scenario.label], None, "reserved-name", name=str(scenario.label))


def _check_service(service: Service, report: _Report) -> None:
    replicas, name = service.replicas, service.name
    if replicas.max is not None and replicas.min > replicas.max:
        report(replicas.max, service, "min-over-max", name=name, min=f"{replicas.min:g}", max=f"{replicas.max:g}")
    most = replicas.min if replicas.max is None else replicas.max
    if service.kind != "function" and service.needs > max(most, replicas.min) and not (service.needs <= 1 and service.needs.is_default):
        report(service.needs, service, "needs-over-replicas", name=name, needs=f"{service.needs:g}", replicas=f"{most:g}")
    if replicas.target is not None and replicas.target <= 0:
        report(replicas.target, service, "target-zero", name=name)
    if service.replicas.min <= 0 and service.kind != "function" and service.replicas.max is None:
        report(service.replicas.min, service, "no-replicas", name=name)
    if service.mtbf <= 0:
        report(service.mtbf, service, "mtbf-zero", name=name)
    if service.mttr <= 0:
        report(service.mttr, service, "mttr-zero", name=name)
    if service.cores is not None and service.concurrency is not None and service.cores > service.concurrency:
        report(service.cores, service, "cores-over-concurrency", name=name, cores=f"{service.cores:g}", most=f"{service.concurrency:g}")
    if service.zones:
        _each_once(service.zones, f"{name}.zones", report)
    for handler in service.handles.values():
        _check_handler(name, handler, report)


def _check_handler(service: str, handler: Handler, report: _Report) -> None:
    key = f"{service}.{handler.name}"
    if (handler.hit_ratio is None) == bool(handler.on_miss):
        _report_cache(handler, key, report)
    for calls in (handler.calls, handler.on_miss):
        if calls:
            _check_calls(key, calls, report)
    for other in handler.compensates:
        if other == key:
            report(other, handler, "compensates-itself", name=key)


def _report_cache(part: Handler | Call, name: str, report: _Report) -> None:
    what = "on-miss-without-hit-ratio" if part.on_miss else "hit-ratio-without-on-miss"
    report(part.hit_ratio if not part.on_miss else None, part, what, name=name)


def _check_calls(handler: str, groups: tuple[tuple[Call, ...], ...], report: _Report) -> None:
    for group in groups:
        for call in group:
            if (call.hit_ratio is None) == bool(call.on_miss):
                _report_cache(call, call.to[:60], report)
            if call.timeout is not None and call.timeout <= 0:
                report(call.timeout, call, "timeout-zero", name=call.to[:60])
            if call.fallback is not None and call.fallback == call.to:
                report(call.fallback, call, "fallback-to-itself", name=call.to[:60])
            if call.on_miss:
                _check_calls(handler, call.on_miss, report)


def _check_flow(flow: Flow, report: _Report) -> None:
    steps = [("p50", flow.objectives.answer_p50), ("p95", flow.objectives.answer_p95), ("p99", flow.objectives.answer_p99)]
    stated = [(name, figure) for name, figure in steps if figure is not None]
    for (lower, first), (upper, second) in pairwise(stated):
        if second < first:
            report(second, flow, "objectives-reversed", name=flow.name, lower=f"answer_{lower}", upper=f"answer_{upper}")


def _check_shapes(scenario: Scenario, report: _Report) -> None:
    tree = scenario.node.value.get("shapes", (None, None))[1] if scenario.node is not None else None
    for name, (key_node, _) in tree.value.items() if tree is not None else ():
        points = scenario.shapes[name]
        if not points:
            report(key_node, None, "empty-shape", name=name)
            continue
        seen: set[tuple[int, int]] = set()
        for clock, share in points.items():
            hour, minute = clock.split(":")
            time = (int(hour), int(minute))
            if time > (24, 0):
                report(share, None, "time-over-a-day", name=name, value=clock)
            if time in seen:
                report(share, None, "time-twice", name=name, value=clock)
            seen.add(time)


def _check_workloads(workloads: dict[str, Workload], report: _Report) -> None:
    days = 0.0
    for workload in workloads.values():
        for start in workload.starts.values():
            if start.node is not None:
                _check_start(workload.name, start, report)
        days += workload.days_per_year or 0.0
        if workload.days_per_year is not None and days - workload.days_per_year <= _DAYS_A_YEAR < days:
            report(workload.days_per_year, workload, "days-over-a-year", name=workload.name, days=f"{days:g}")
    _check_circles(workloads, report)


def _check_circles(workloads: dict[str, Workload], report: _Report) -> None:
    """Each circle of ``based_on`` once, at its first workload."""
    seen: set[str] = set()
    for workload in workloads.values():
        own: dict[str, Workload] = {}
        above: Workload | None = workload
        while above is not None and above.name not in seen:
            seen.add(above.name)
            own[above.name] = above
            above = workloads.get(above.based_on) if above.based_on is not None else None
        if above is not None and above.name in own:
            circle = list(own)[list(own).index(above.name) :]
            report(above.based_on, above, "based-on-itself", name=above.name, circle=" → ".join([*circle[:8], above.name]))


def _check_start(workload: str, start: Start, report: _Report) -> None:
    name = f"{workload}.{start.name}"
    if start.users is not None and start.think is None:
        report(start.users, start, "users-without-think", name=name)
    if start.think is not None and start.users is None:
        report(start.think, start, "think-without-users", name=name)
    if start.users is not None and start.peak is not None:
        report(start.users, start, "peak-and-users", name=name)
    if start.users is None and start.think is None and start.peak is None:
        report(None, start, "no-rate", name=name)
    _check_spike(name, start, report)


def _check_spike(name: str, start: Start, report: _Report) -> None:
    if start.at is None:
        if start.lasts is not None:
            report(start.lasts, start, "spike-without-time", name=name)
        elif start.base is not None or start.ramp is not None:
            report(start.base if start.base is not None else start.ramp, start, "base-without-spike", name=name)
        return
    if start.lasts is None:
        report(None, start, "spike-without-length", name=name)
        return
    if start.base is not None and start.peak is not None and start.base > start.peak:
        report(start.base, start, "base-over-peak", name=name)
    if start.lasts + 2 * (start.ramp or 0.0) > _DAY_S:
        report(start.lasts, start, "spike-over-a-day", name=name)


def _check_claim(claim: Claim, report: _Report) -> None:
    if not claim.expect:
        report(None, claim, "empty-claim", name=claim.name)
    for check in claim.expect:
        _check_check(claim.name, check, report)
    _check_given(claim.name, claim.given, report)


def _check_check(claim: str, check: Check, report: _Report) -> None:
    states = check.answer or check.completion or check.answer_at_least or check.completion_at_least
    others = (check.path, check.apart, check.no_finding, check.adds_only, check.stay_up, check.present)
    asked = bool(states) + (check.metric is not None) + sum(map(bool, others))
    if asked > 1:
        report(None, check, "several-checks", name=claim)
    elif check.metric is not None and not check.expected:
        report(check.metric, check, "metric-without-is", name=claim)
    elif check.expected and check.metric is None:
        report(None, check, "is-without-metric", name=claim)
    elif states and check.flow is None:
        report(None, check, "check-without-flow", name=claim)
    elif not asked:
        report(None, check, "empty-check", name=claim)


def _check_given(claim: str, given: Given, report: _Report) -> None:
    for listed, key in ((given.kill, "kill"), (given.zone, "zone")):
        if "each" in listed and len(listed) > 1:
            report(listed[0], given, "each-with-others", name=f"{claim}.{key}")
        elif len(listed) > 1:
            _each_once(listed, f"{claim}.{key}", report)
    if given.of and "each" not in given.kill:
        report(given.of[0], given, "of-without-each", name=claim)
