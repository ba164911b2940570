"""The same scenario, simulated in time: what happened, bin by bin, and every figure with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy

from sysdesign_cli.analyses.intervals import mean_and_half_width
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.simulation_plan import Prepared
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.simulation.fault import Fault
from sysdesign_cli.engine.simulation.histogram import percentile
from sysdesign_cli.engine.simulation.modes import Fast, Plain
from sysdesign_cli.engine.simulation.run import (
    CALL_FIELDS,
    FLOW_FIELDS,
    FLOW_REALS,
    SERVICE_FIELDS,
    SERVICE_REALS,
    SUBSCRIPTION_FIELDS,
    Outcome,
    Plan,
    Run,
    Sample,
)
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME
from sysdesign_cli.scenario.shapes import Text

SIMULATED: Final = "simulated"
#: What is inside grows without an end when it grows by more than this share of what arrives, over the second half of the run.
GROWS: Final = 0.01
#: Percentiles come from batches twice as long as means do, where that leaves so many.
_FEWEST_WIDE: Final = 5
_PERCENTILES: Final = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))

#: Places of the fields of a sample.
FLOW: Final = {name: number for number, name in enumerate((*FLOW_FIELDS, *FLOW_REALS))}
SERVICE: Final = {name: number for number, name in enumerate((*SERVICE_FIELDS, *SERVICE_REALS, "BUSY", "COMPUTING", "RUNNING"))}
SUBSCRIPTION: Final = {name: number for number, name in enumerate(SUBSCRIPTION_FIELDS)}
CALL: Final = {name: number for number, name in enumerate(CALL_FIELDS)}


@dataclass(frozen=True)
class Times:
    """Times of one flow's answers or completions; empty when there were none."""

    mean: Number
    percentiles: dict[str, Number]


@dataclass(frozen=True)
class FlowSimulated:
    """One flow over the counted time. Counts are means of the replications.

    arrived = answered + failed + lost + elsewhere + what is still inside, less what was inside at the start. elsewhere: never led
    to the handler that answers. spoilt: answered, and an effect was lost; parked: an effect is in a dead-letter queue.
    """

    flow: str
    title: Text
    rate: Number
    arrived: Number
    answered: Number
    degraded: Number
    failed: Number
    lost: Number
    elsewhere: Number
    spoilt: Number
    parked: Number
    completed: Number
    inside: Number
    failed_share: Number
    answer: Times | None
    completion: Times | None


@dataclass(frozen=True)
class ServiceSimulated:
    """One service. utilisation: busy workers (or cores, where those are busier) of those running; wait: mean, of requests and messages."""

    service: str
    served: Number
    utilisation: Number
    wait: Number
    queue: Number
    failed: Number
    refused: Number
    cold: Number
    replicas: tuple[int, int]
    crashed: Number


@dataclass(frozen=True)
class TopicSimulated:
    """The messages of one subscriber: most that waited and when, when the last of a backlog was gone, and what was lost by what."""

    handler: str
    event: str
    published: Number
    done: Number
    most: Number
    most_at_s: float
    drained_s: Number | None
    """From the end of the last fault until nothing more waited than before the first; None without faults, or when it never did."""
    redelivered: Number
    lost: Number
    parked: Number


@dataclass(frozen=True)
class CallSimulated:
    """A call that was retried, timed out, failed, or was kept back."""

    caller: str
    called: str
    tries: Number
    retried: Number
    timeouts: Number
    failed: Number
    instead: Number
    opened: Number
    denied: Number


@dataclass(frozen=True)
class Series:
    """What happened, bin by bin: means of the replications. Times are the ends of the bins (s)."""

    times: tuple[float, ...]
    arrived: tuple[float, ...]
    """Requests per second."""
    answered: tuple[float, ...]
    failed: tuple[float, ...]
    p99: tuple[float | None, ...]
    """Of all answers in the bin (s); None where there was none."""
    inside: tuple[float, ...]
    backlog: dict[str, tuple[float, ...]]
    """Messages that wait, by subscriber; those that ever held some."""
    replicas: dict[str, tuple[float, ...]]
    """Running, by service; those that changed."""
    queued: dict[str, tuple[float, ...]]
    """Requests that wait, by service; those that ever held some."""
    flows: dict[str, dict[str, tuple[float, ...]]]
    """arrived, answered, failed (per second) and p99 of each flow."""


@dataclass(frozen=True)
class Growth:
    """What does not keep up: what is inside grows by so much a second, most of it at one place."""

    per_s: Number
    where: str


@dataclass(frozen=True)
class Simulation(Presentable):
    """What was simulated, and what it gave."""

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    start_s: float
    length_s: float
    lead_in_s: float
    steady: bool
    scale: float
    """Factor on all arrivals and users."""
    faults: tuple[Fault, ...]
    seed: int
    replications: int
    batches: int
    """0, unless the intervals come from batches of one run."""
    mode: str
    events: int
    stopped: str
    """``full``: more was inside than is kept; ``interrupted``; empty when it ran to its end."""
    until_s: float
    flows: tuple[FlowSimulated, ...]
    services: tuple[ServiceSimulated, ...]
    topics: tuple[TopicSimulated, ...]
    calls: tuple[CallSimulated, ...]
    series: Series
    growth: Growth | None

    @property
    def good(self) -> bool:
        return self.growth is None and self.stopped != "full"


def replicate(
    scenario: Scenario, plan: Plan, mode: str, seed: int, replication: int, progress: Callable[[float], None] | None = None
) -> Outcome:
    """One replication; also in another process."""
    return Run(System(scenario), plan, Fast() if mode == "fast" else Plain(), seed, replication)(progress)


class Measured:
    """The outcomes of all replications, asked by part and time."""

    def __init__(self, system: System, prepared: Prepared, outcomes: Sequence[Outcome]) -> None:
        self.system = system
        self.plan = prepared.plan
        self.outcomes = [one for one in outcomes if len(one.samples) > 1]
        self.batches = prepared.batches if len(self.outcomes) == 1 else 0
        self.flow_rows = {flow.name: number for number, flow in enumerate(prepared.plan.flows)}
        self.windows = self._windows()

    def _windows(self) -> list[tuple[Outcome, int, int]]:
        """The pieces that the intervals come from: replications, or batches of the only one."""
        if not self.batches:
            return [(one, 0, len(one.samples) - 1) for one in self.outcomes]
        only = self.outcomes[0]
        bins = len(only.samples) - 1
        edges = [round(bins * number / self.batches) for number in range(self.batches + 1)]
        return [(only, a, b) for a, b in pairwise(edges) if b > a]

    def _wide_windows(self) -> list[tuple[Outcome, int, int]]:
        """Batches two by two, for percentiles: rare times come in bunches, so short batches know too little of them."""
        if len(self.windows) < 2 * _FEWEST_WIDE or not self.batches:
            return self.windows
        pairs = zip(self.windows[len(self.windows) % 2 :: 2], self.windows[len(self.windows) % 2 + 1 :: 2], strict=True)
        wide = [(first[0], first[1], second[2]) for first, second in pairs]
        return [(wide[0][0], 0, wide[0][2]), *wide[1:]]

    def _number(self, values: Sequence[float], unit: str, formula: str, whole: float | None = None) -> Number:
        known = [value for value in values if math.isfinite(value)]
        mean, half = mean_and_half_width(known)
        value = mean if whole is None else whole
        note = "" if half is None else repr(half)
        return Number(value if known or whole is not None else 0.0, unit, formula, (), SIMULATED, note)

    def count(self, table: str, row: int, field: int, formula: str, unit: str = COUNT) -> Number:
        """How many in a whole run: the mean of the replications."""
        values = [float(getattr(one.samples[-1], table)[row, field] - getattr(one.samples[0], table)[row, field]) for one in self.outcomes]
        return self._number(values, unit, formula)

    def rate(self, table: str, row: int, field: int, formula: str) -> Number:
        return self._number([_change(o, table, row, field, a, b) / _width(o, a, b) for o, a, b in self.windows], RATE, formula)

    def ratio(self, table: str, row: int, over: int, under: int, unit: str, formula: str) -> Number:
        """One count for each of another, by piece; the value is that of all together."""
        tops = [_change(o, table, row, over, a, b) for o, a, b in self.windows]
        below = [_change(o, table, row, under, a, b) for o, a, b in self.windows]
        values = [top / bottom for top, bottom in zip(tops, below, strict=True) if bottom > 0]
        return self._number(values, unit, formula, sum(tops) / sum(below) if sum(below) > 0 else 0.0)

    def times(self, flow: str, which: int) -> Times | None:
        """Answers (0) or completions (1)."""
        row = self.flow_rows[flow]
        pieces = [_histogram(o, 2 * row + which, a, b) for o, a, b in self._wide_windows()]
        whole: dict[int, int] = {}
        for piece in pieces:
            for place, many in piece.items():
                whole[place] = whole.get(place, 0) + many
        if not whole:
            return None
        total, count = (FLOW["ANSWER_SUM"], FLOW["ANSWERED"]) if which == 0 else (FLOW["COMPLETION_SUM"], FLOW["COMPLETED"])
        mean = self.ratio("flows", row, total, count, TIME, "simulated-mean")
        percentiles = {
            name: self._number(
                [percentile(piece, share) for piece in pieces if piece], TIME, "simulated-percentile", percentile(whole, share)
            )
            for name, share in _PERCENTILES
        }
        return Times(mean, percentiles)


def _change(outcome: Outcome, table: str, row: int, field: int, a: int, b: int) -> float:
    return float(getattr(outcome.samples[b], table)[row, field] - getattr(outcome.samples[a], table)[row, field])


def _width(outcome: Outcome, a: int, b: int) -> float:
    return outcome.samples[b].time_s - outcome.samples[a].time_s


def _histogram(outcome: Outcome, number: int, a: int, b: int) -> dict[int, int]:
    """Buckets from sample a (without) to b."""
    found: dict[int, int] = {}
    for sample in outcome.samples[a + 1 : b + 1]:
        for place, many in sample.histograms[number].items():
            found[place] = found.get(place, 0) + many
    return found


def simulation(system: System, prepared: Prepared, outcomes: Sequence[Outcome], mode: str) -> Simulation:
    """The outcomes of all replications as one result."""
    measured = Measured(system, prepared, outcomes)
    question, setting, plan = prepared.question, prepared.setting, prepared.plan
    growth = _growth(measured) if measured.outcomes else None
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
        series=_series(measured),
        growth=growth,
    )


def _flow(measured: Measured, name: str, title: Text) -> FlowSimulated:
    row = measured.flow_rows[name]

    def count(field: str) -> Number:
        return measured.count("flows", row, FLOW[field], "simulated-count")

    inside = measured._number([float(one.samples[-1].flows[row, FLOW["OPEN"]]) for one in measured.outcomes], COUNT, "simulated-inside")
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
        queue = [_area(o, number, "QUEUE_AREA", "QUEUED", a, b) / _width(o, a, b) for o, a, b in measured.windows]
        found.append(
            ServiceSimulated(
                service=service.name,
                served=served,
                utilisation=measured._number(utilisation, SHARE, "simulated-utilisation"),
                wait=measured.ratio("services", number, SERVICE["WAITED"], SERVICE["ENDED"], TIME, "simulated-wait"),
                queue=measured._number(queue, COUNT, "simulated-queue"),
                failed=measured.count("services", number, SERVICE["FAILED"], "simulated-count"),
                refused=measured.count("services", number, SERVICE["REFUSED"], "simulated-count"),
                cold=measured.count("services", number, SERVICE["COLD"], "simulated-count"),
                replicas=(min(running), max(running)),
                crashed=measured.count("services", number, SERVICE["CRASHED"], "simulated-count"),
            )
        )
    return tuple(found)


def _area(outcome: Outcome, number: int, area: str, level: str, a: int, b: int) -> float:
    """The integral of a level over time: what was added and taken so far, and what stands now, times the time."""
    first, last = outcome.samples[a], outcome.samples[b]
    at_end = last.services[number, SERVICE[area]] + last.services[number, SERVICE[level]] * last.time_s
    at_start = first.services[number, SERVICE[area]] + first.services[number, SERVICE[level]] * first.time_s
    return float(at_end - at_start)


def _utilisation(measured: Measured, outcome: Outcome, number: int, a: int, b: int) -> float:
    """Busy share of the workers of the replicas that ran; nan for a service without a limit."""
    definition = measured.system.services[number]
    if definition.concurrency is None:
        return math.nan
    running = replica_seconds(outcome, number, a, b)
    if definition.kind == "function":
        running = float(definition.replicas.max or 0) * _width(outcome, a, b)
    if running <= 0:
        return math.nan
    used = _area(outcome, number, "BUSY_AREA", "BUSY", a, b) / (running * float(definition.concurrency))
    if definition.cores is not None:
        used = max(used, _area(outcome, number, "CORE_AREA", "COMPUTING", a, b) / (running * float(definition.cores)))
    return used


def replica_seconds(outcome: Outcome, number: int, a: int, b: int) -> float:
    """Replica-seconds, from what ran at the ends of the bins."""
    total = 0.0
    for before, after in zip(outcome.samples[a:b], outcome.samples[a + 1 : b + 1], strict=True):
        total += (
            float(before.services[number, SERVICE["RUNNING"]] + after.services[number, SERVICE["RUNNING"]])
            / 2
            * (after.time_s - before.time_s)
        )
    return total


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
                _change(one, "subscriptions", row, SUBSCRIPTION[field], 0, len(one.samples) - 1)
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
                most=measured._number([max(values) for values in waiting], COUNT, "simulated-most"),
                most_at_s=measured.outcomes[0].samples[most_at].time_s,
                drained_s=_drained(measured, waiting),
                redelivered=measured.count("subscriptions", row, SUBSCRIPTION["REDELIVERED"], "simulated-count"),
                lost=measured._number(lost, COUNT, "simulated-count"),
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
    return measured._number(found, TIME, "simulated-drain") if found else None


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


def _series(measured: Measured) -> Series:
    if not measured.outcomes:
        return Series((), (), (), (), (), (), {}, {}, {}, {})
    bins = min(len(one.samples) for one in measured.outcomes) - 1
    outcomes = measured.outcomes
    times = tuple(outcomes[0].samples[number + 1].time_s for number in range(bins))

    def per_s(field: str, rows: Sequence[int]) -> tuple[float, ...]:
        return tuple(
            float(
                numpy.mean([sum(_change(o, "flows", row, FLOW[field], b, b + 1) for row in rows) / _width(o, b, b + 1) for o in outcomes])
            )
            for b in range(bins)
        )

    def p99(rows: Sequence[int]) -> tuple[float | None, ...]:
        found: list[float | None] = []
        for b in range(bins):
            whole: dict[int, int] = {}
            for o in outcomes:
                for row in rows:
                    for place, many in o.samples[b + 1].histograms[2 * row].items():
                        whole[place] = whole.get(place, 0) + many
            found.append(percentile(whole, 0.99) if whole else None)
        return tuple(found)

    def level(table: str, row: int, fields: Sequence[int]) -> tuple[float, ...]:
        return tuple(
            float(numpy.mean([sum(getattr(o.samples[b + 1], table)[row, f] for f in fields) for o in outcomes])) for b in range(bins)
        )

    every = list(measured.flow_rows.values())
    system = measured.system
    backlog = {
        system.handlers[h].key: level("subscriptions", row, (SUBSCRIPTION["LENGTH"],)) for row, h in enumerate(outcomes[0].subscriptions)
    }
    replicas = {service.name: level("services", number, (SERVICE["RUNNING"],)) for number, service in enumerate(system.services)}
    queued = {service.name: level("services", number, (SERVICE["QUEUED"],)) for number, service in enumerate(system.services)}
    return Series(
        times=times,
        arrived=per_s("ARRIVED", every),
        answered=per_s("ANSWERED", every),
        failed=per_s("FAILED", every),
        p99=p99(every),
        inside=tuple(float(numpy.mean([o.samples[b + 1].flows[:, FLOW["OPEN"]].sum() for o in outcomes])) for b in range(bins)),
        backlog={name: values for name, values in backlog.items() if max(values, default=0.0) >= 1},
        replicas={name: values for name, values in replicas.items() if len(set(values)) > 1},
        queued={name: values for name, values in queued.items() if max(values, default=0.0) >= 1},
        flows={
            name: {
                "arrived": per_s("ARRIVED", [row]),
                "answered": per_s("ANSWERED", [row]),
                "failed": per_s("FAILED", [row]),
                "p99": tuple(math.nan if value is None else value for value in p99([row])),
            }
            for name, row in measured.flow_rows.items()
        },
    )


def _growth(measured: Measured) -> Growth | None:
    """What is inside grows over the second half, after the last fault, by more than chance and a share of what arrives."""
    slopes, arrivals, half = [], [], 0
    ends = [fault.end for fault in measured.plan.faults]
    for one in measured.outcomes:
        samples = [sample for sample in one.samples if sample.time_s >= max([one.samples[-1].time_s / 2, *ends])]
        if len(samples) < 6:
            continue
        half = len(one.samples) - len(samples)
        times = numpy.array([sample.time_s for sample in samples])
        inside = numpy.array([_inside(sample) for sample in samples])
        slopes.append(float(numpy.polyfit(times - times[0], inside, 1)[0]))
        arrivals.append(
            float((samples[-1].flows[:, FLOW["ARRIVED"]].sum() - samples[0].flows[:, FLOW["ARRIVED"]].sum()) / (times[-1] - times[0]))
        )
        if inside[-1] < 1.2 * inside[0] + 20 or inside[-1] < 0.98 * inside.max():
            return None
    if not slopes or min(slopes) <= GROWS * max(arrivals):
        return None
    return Growth(measured._number(slopes, RATE, "simulated-growth"), _where_it_grows(measured, half))


def _inside(sample: Sample) -> float:
    return float(sample.flows[:, FLOW["OPEN"]].sum() + sample.subscriptions[:, SUBSCRIPTION["LENGTH"]].sum())


def _where_it_grows(measured: Measured, since: int) -> str:
    """The queue that grew most."""
    grown: dict[str, float] = {}
    for one in measured.outcomes:
        first, last = one.samples[min(since, len(one.samples) - 1)], one.samples[-1]
        for number, service in enumerate(measured.system.services):
            grown[service.name] = grown.get(service.name, 0.0) + float(
                last.services[number, SERVICE["QUEUED"]] - first.services[number, SERVICE["QUEUED"]]
            )
        for row, handler in enumerate(one.subscriptions):
            name = measured.system.handlers[handler].key
            grown[name] = grown.get(name, 0.0) + float(
                last.subscriptions[row, SUBSCRIPTION["LENGTH"]] - first.subscriptions[row, SUBSCRIPTION["LENGTH"]]
            )
    best = max(grown, key=grown.__getitem__, default="")
    return best if best and grown[best] > 0 else ""


def half_width(number: Number) -> float | None:
    """Half the width of a simulated number's 95 % interval; None when there is none."""
    return float(number.note) if number.method == SIMULATED and number.note else None
