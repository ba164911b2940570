"""An outage, worked out and simulated: backlogs, losses, drains and failed requests, measured beside computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.failover import FailoverResult, FlowOutcome
from sysdesign_cli.analyses.intervals import mean_and_half_width
from sysdesign_cli.analyses.recovery import Wait
from sysdesign_cli.analyses.simulation_measured import FLOW, SUBSCRIPTION, Measured
from sysdesign_cli.analyses.simulation_plan import Prepared, Question, prepare
from sysdesign_cli.analyses.simulation_result import SIMULATED
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.simulation.fault import KILL, ZONE, Fault
from sysdesign_cli.engine.simulation.run import Outcome
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME

#: Bins of the outage; the run begins some of them earlier.
_BINS: Final = 40
_BEFORE: Final = 4
#: It goes on for so many times the longest drain that was computed, and at least for this share of the outage.
_AFTER: Final = 1.3
_AT_LEAST: Final = 0.25
#: And at most for so many outages.
_AT_MOST: Final = 3.0


@dataclass(frozen=True)
class Beside:
    """One figure of an outage. about: a flow, or the subscriber whose messages wait. computed None: nothing was computed."""

    about: str
    metric: str
    """waiting, lost, parked, drain, failed"""
    computed: Number | None
    measured: Number | None


@dataclass(frozen=True)
class SimulatedOutage:
    """Measured beside computed. before_s: simulated before the outage begins; after_s: after its end."""

    rows: tuple[Beside, ...]
    outage_s: float
    before_s: float
    after_s: float
    replications: int
    seed: int
    mode: str
    events: int
    stopped: str


def prepare_outage(system: System, result: FailoverResult, seed: int = 1, replications: int = 3) -> Prepared:
    """The simulation of a computed outage, at the same moment of the same workload. Raises ScenarioError."""
    width = result.duration.value / _BINS
    drains = [wait.drain.value for wait in result.waits if math.isfinite(wait.drain.value)]
    after = min(_AT_MOST * result.duration.value, max([_AT_LEAST * result.duration.value, *(_AFTER * drain for drain in drains)]))
    bins = _BEFORE + _BINS + math.ceil(after / width)
    start, end = _BEFORE * width, (_BEFORE + _BINS) * width
    faults = [Fault(KILL, name, start, end) for name in result.kill.services] + [
        Fault(ZONE, name, start, end) for name in result.kill.zones
    ]
    hours, minutes = result.clock.split(":")
    begins = int(hours) * 3600.0 + int(minutes) * 60.0 - start
    question = Question(result.workload, bins * width, begins % 86400.0, tuple(faults), seed, replications, False, bins)
    return prepare(system, question)


def simulated_outage(system: System, result: FailoverResult, prepared: Prepared, outcomes: list[Outcome], mode: str) -> SimulatedOutage:
    """What was measured, beside what ``failover`` computed."""
    measured = Measured(system, prepared, outcomes)
    first, last = _BEFORE, _BEFORE + _BINS
    whole = [one for one in measured.outcomes if len(one.samples) > last]
    rows: list[Beside] = []
    for flow in result.flows:
        rows += _flow(measured, whole, flow, first, last)
    for wait in result.waits:
        rows += _wait(system, measured, whole, wait, first, last)
    width = result.duration.value / _BINS
    return SimulatedOutage(
        rows=tuple(rows),
        outage_s=result.duration.value,
        before_s=first * width,
        after_s=prepared.plan.length_s - last * width,
        replications=len(whole),
        seed=prepared.question.seed,
        mode=mode,
        events=sum(one.events for one in outcomes),
        stopped=next((one.stopped for one in outcomes if one.stopped), ""),
    )


def _number(values: list[float], unit: str, formula: str) -> Number | None:
    if not values:
        return None
    mean, half = mean_and_half_width(values)
    return Number(mean, unit, formula, (), SIMULATED, "" if half is None else repr(half))


def _flow(measured: Measured, outcomes: list[Outcome], flow: FlowOutcome, first: int, last: int) -> list[Beside]:
    """The share of a flow's requests that fail while the outage lasts."""
    row = measured.flow_rows.get(flow.flow)
    if row is None:
        return []
    shares = []
    for one in outcomes:
        before, after = one.samples[first].flows[row], one.samples[last].flows[row]
        ended = sum(after[FLOW[field]] - before[FLOW[field]] for field in ("ANSWERED", "FAILED", "LOST"))
        if ended > 0:
            shares.append(float((after[FLOW["FAILED"]] - before[FLOW["FAILED"]]) / ended))
    answer = flow.strained or flow.answer
    computed = Number(answer.shares["failed"], SHARE, "failed-share", method=flow.failed_requests.method)
    found = _number(shares, SHARE, "simulated-share")
    return [Beside(flow.flow, "failed", computed, found)] if found is not None and (found.value or computed.value) else []


def _wait(system: System, measured: Measured, outcomes: list[Outcome], wait: Wait, first: int, last: int) -> list[Beside]:
    """What waits at the end of the outage, what it lost, and how long the rest takes to drain."""
    if wait.kind not in ("down", "failing"):
        return []
    handler = system.index[wait.handler]
    rows = [one.subscriptions.index(handler) for one in outcomes]
    waiting = [_level(one, row, last) - _level(one, row, first) for one, row in zip(outcomes, rows, strict=True)]
    lost = [
        _grown(one, row, ("TOO_OLD", "OVERFLOWED", "DROPPED", "UNSENT", "VANISHED"), first) for one, row in zip(outcomes, rows, strict=True)
    ]
    parked = [_grown(one, row, ("PARKED",), first) for one, row in zip(outcomes, rows, strict=True)]
    drains = [drain for one, row in zip(outcomes, rows, strict=True) if (drain := _drain(one, row, first, last)) is not None]
    found = [Beside(wait.handler, "waiting", wait.waiting, _number(waiting, COUNT, "simulated-count"))]
    if wait.lost.value or any(lost):
        found.append(Beside(wait.handler, "lost", wait.lost, _number(lost, COUNT, "simulated-count")))
    if wait.parked.value or any(parked):
        found.append(Beside(wait.handler, "parked", wait.parked, _number(parked, COUNT, "simulated-count")))
    found.append(Beside(wait.handler, "drain", wait.drain, _number(drains, TIME, "simulated-drain")))
    return found


def _level(outcome: Outcome, row: int, sample: int) -> float:
    values = outcome.samples[sample].subscriptions[row]
    return float(values[SUBSCRIPTION["LENGTH"]] + values[SUBSCRIPTION["COMING"]])


def _grown(outcome: Outcome, row: int, fields: tuple[str, ...], first: int) -> float:
    before, after = outcome.samples[first].subscriptions[row], outcome.samples[-1].subscriptions[row]
    return float(sum(after[SUBSCRIPTION[field]] - before[SUBSCRIPTION[field]] for field in fields))


def _drain(outcome: Outcome, row: int, first: int, last: int) -> float | None:
    """Seconds after the outage until no more waits than before it, along a line between two samples; None when it did not get there."""
    usual = max(_level(outcome, row, sample) for sample in range(first + 1))
    end = outcome.samples[last].time_s
    for sample in range(last, len(outcome.samples) - 1):
        now, then = _level(outcome, row, sample), _level(outcome, row, sample + 1)
        if now <= usual:
            return outcome.samples[sample].time_s - end
        if then <= usual:
            t0, t1 = outcome.samples[sample].time_s, outcome.samples[sample + 1].time_s
            return t0 - end + (t1 - t0) * (now - usual) / (now - then)
    return None
