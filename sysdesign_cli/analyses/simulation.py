"""The same scenario, simulated in time: what came of it, part by part, every figure with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from sysdesign_cli.analyses.simulation_measured import CALL, FLOW, SERVICE, SUBSCRIPTION, Measured, area, change, replica_seconds, width_s
from sysdesign_cli.analyses.simulation_plan import Prepared
from sysdesign_cli.analyses.simulation_result import CallSimulated, FlowSimulated, ServiceSimulated, Simulation, TopicSimulated
from sysdesign_cli.analyses.simulation_series import growth, series
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.simulation.run import Outcome
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME
from sysdesign_cli.scenario.shapes import Text


def simulation(system: System, prepared: Prepared, outcomes: Sequence[Outcome], mode: str) -> Simulation:
    """The outcomes of all replications as one result."""
    measured = Measured(system, prepared, outcomes)
    question, setting, plan = prepared.question, prepared.setting, prepared.plan
    return Simulation(
        scenario=system.scenario.address or system.scenario.label,
        title=system.scenario.title,
        workload=setting.workload.name,
        workload_title=setting.workload.title,
        start_s=prepared.start_s,
        length_s=plan.length_s,
        lead_in_s=plan.lead_in_s,
        steady=prepared.steady,
        scale=question.scale,
        faults=plan.faults,
        seed=question.seed,
        replications=len(measured.outcomes),
        batches=len(measured.windows) if measured.batches else 0,
        mode=mode,
        events=sum(one.events for one in outcomes),
        stopped=next((one.stopped for one in outcomes if one.stopped), ""),
        until_s=min((one.samples[-1].time_s for one in measured.outcomes), default=0.0),
        flows=tuple(_flow(measured, flow.name, flow.title) for flow in plan.flows) if measured.outcomes else (),
        services=_services(measured) if measured.outcomes else (),
        topics=_topics(measured) if measured.outcomes else (),
        calls=_calls(measured) if measured.outcomes else (),
        series=series(measured),
        growth=growth(measured) if measured.outcomes else None,
    )


def _flow(measured: Measured, name: str, title: Text) -> FlowSimulated:
    row = measured.flow_rows[name]

    def count(field: str) -> Number:
        return measured.count("flows", row, FLOW[field], "simulated-count")

    inside = measured.number([float(one.samples[-1].flows[row, FLOW["OPEN"]]) for one in measured.outcomes], COUNT, "simulated-inside")
    return FlowSimulated(
        flow=name,
        title=title,
        rate=measured.rate("flows", row, FLOW["ARRIVED"], "simulated-rate"),
        arrived=count("ARRIVED"),
        answered=count("ANSWERED"),
        degraded=count("DEGRADED"),
        failed=count("FAILED"),
        lost=count("LOST"),
        elsewhere=count("ELSEWHERE"),
        spoilt=count("SPOILT"),
        parked=count("PARKED"),
        completed=count("COMPLETED"),
        inside=inside,
        failed_share=measured.ratio("flows", row, FLOW["FAILED"], FLOW["ARRIVED"], SHARE, "simulated-share"),
        answer=measured.times(name, 0),
        completion=measured.times(name, 1),
    )


def _services(measured: Measured) -> tuple[ServiceSimulated, ...]:
    found = []
    for number, service in enumerate(measured.system.services):
        served = measured.rate("services", number, SERVICE["ENDED"], "simulated-rate")
        if service.kind == "client" or (not served.value and service.concurrency is None):
            continue
        running = [int(sample.services[number, SERVICE["RUNNING"]]) for one in measured.outcomes for sample in one.samples]
        utilisation = [_utilisation(measured, o, number, a, b) for o, a, b in measured.windows]
        queue = [area(o, number, "QUEUE_AREA", "QUEUED", a, b) / width_s(o, a, b) for o, a, b in measured.windows]
        found.append(
            ServiceSimulated(
                service=service.name,
                served=served,
                utilisation=measured.number(utilisation, SHARE, "simulated-utilisation"),
                wait=measured.ratio("services", number, SERVICE["WAITED"], SERVICE["ENDED"], TIME, "simulated-wait"),
                queue=measured.number(queue, COUNT, "simulated-queue"),
                failed=measured.count("services", number, SERVICE["FAILED"], "simulated-count"),
                refused=measured.count("services", number, SERVICE["REFUSED"], "simulated-count"),
                cold=measured.count("services", number, SERVICE["COLD"], "simulated-count"),
                replicas=(min(running), max(running)),
                crashed=measured.count("services", number, SERVICE["CRASHED"], "simulated-count"),
            )
        )
    return tuple(found)


def _utilisation(measured: Measured, outcome: Outcome, number: int, a: int, b: int) -> float:
    """Busy share of the workers of the replicas that ran; nan for a service without a limit."""
    definition = measured.system.services[number]
    if definition.concurrency is None:
        return math.nan
    running = replica_seconds(outcome, number, a, b)
    if definition.kind == "function":
        running = float(definition.replicas.max or 0) * width_s(outcome, a, b)
    if running <= 0:
        return math.nan
    used = area(outcome, number, "BUSY_AREA", "BUSY", a, b) / (running * float(definition.concurrency))
    if definition.cores is not None:
        used = max(used, area(outcome, number, "CORE_AREA", "COMPUTING", a, b) / (running * float(definition.cores)))
    return used


def _waiting(outcome: Outcome, row: int) -> list[float]:
    return [
        float(sample.subscriptions[row, SUBSCRIPTION["LENGTH"]] + sample.subscriptions[row, SUBSCRIPTION["COMING"]])
        for sample in outcome.samples
    ]


def _topics(measured: Measured) -> tuple[TopicSimulated, ...]:
    found = []
    for row, handler in enumerate(measured.outcomes[0].subscriptions):
        node = measured.system.handlers[handler]
        published = measured.count("subscriptions", row, SUBSCRIPTION["PUBLISHED"], "simulated-count")
        if not published.value:
            continue
        waiting = [_waiting(one, row) for one in measured.outcomes]
        mean = [math.fsum(values) / len(values) for values in zip(*waiting, strict=False)]
        most_at = max(range(len(mean)), key=mean.__getitem__)
        lost = [
            sum(
                change(one, "subscriptions", row, SUBSCRIPTION[field], 0, len(one.samples) - 1)
                for field in ("TOO_OLD", "OVERFLOWED", "DROPPED", "UNSENT", "VANISHED")
            )
            for one in measured.outcomes
        ]
        found.append(
            TopicSimulated(
                handler=node.key,
                event=node.event.name if node.event is not None else "",
                published=published,
                done=measured.count("subscriptions", row, SUBSCRIPTION["DONE"], "simulated-count"),
                most=measured.number([max(values) for values in waiting], COUNT, "simulated-most"),
                most_at_s=measured.outcomes[0].samples[most_at].time_s,
                drained_s=_drained(measured, waiting),
                redelivered=measured.count("subscriptions", row, SUBSCRIPTION["REDELIVERED"], "simulated-count"),
                lost=measured.number(lost, COUNT, "simulated-count"),
                parked=measured.count("subscriptions", row, SUBSCRIPTION["PARKED"], "simulated-count"),
            )
        )
    return tuple(found)


def _drained(measured: Measured, waiting: list[list[float]]) -> Number | None:
    """Seconds from the end of the last fault until no more waits than before the first, between two bins' ends taken as a line."""
    faults = [fault for fault in measured.plan.faults if fault.end > fault.start]
    if not faults:
        return None
    begin, end = min(fault.start for fault in faults), max(fault.end for fault in faults)
    found = []
    for one, values in zip(measured.outcomes, waiting, strict=True):
        times = [sample.time_s for sample in one.samples]
        usual = max([value for time, value in zip(times, values, strict=True) if time <= begin] or [0.0])
        after = [(time, value) for time, value in zip(times, values, strict=True) if time >= end]
        if not after or max(values) <= usual:
            continue
        for (t0, v0), (t1, v1) in pairwise(after):
            if v1 <= usual:
                found.append(t0 - end + (t1 - t0) * ((v0 - usual) / (v0 - v1) if v0 > max(v1, usual) else 0.0))
                break
    return measured.number(found, TIME, "simulated-drain") if found else None


def _calls(measured: Measured) -> tuple[CallSimulated, ...]:
    found = []
    system = measured.system
    for row, (caller, called) in enumerate(measured.outcomes[0].calls):
        if called < 0:
            continue

        def count(field: str, row: int = row) -> Number:
            return measured.count("calls", row, CALL[field], "simulated-count")

        one = CallSimulated(
            system.handlers[caller].key, system.handlers[called].key, count("CALLS"), count("RETRIED"), count("TIMEOUTS"), count("FAILED"),
            count("INSTEAD"), count("OPENED"), count("DENIED"),
        )  # fmt: skip
        if any(number.value for number in (one.retried, one.timeouts, one.failed, one.instead, one.opened, one.denied)):
            found.append(one)
    return tuple(found)
