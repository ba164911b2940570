"""One run: load that follows the day, faults with a start and an end, autoscaling, and what is written down about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy
from numpy.typing import NDArray

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.arrivals import Arrivals, parted
from sysdesign_cli.engine.simulation.fault import KILL, LOSS, SLOW, ZONE, Fault
from sysdesign_cli.engine.simulation.faults import crash, settle, switch_off, switch_on
from sysdesign_cli.engine.simulation.machine import Machine, TooMuchInside
from sysdesign_cli.engine.simulation.modes import Fast, Plain
from sysdesign_cli.engine.simulation.program import compile_system
from sysdesign_cli.engine.simulation.scaling import PERIOD_S, Scaler, set_replicas
from sysdesign_cli.engine.situation import casualties
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow

#: Arrivals that are made ready at a time.
_AT_A_TIME: Final = 30_000
#: What waits at a broker is looked through for what is too old this often (s), and functions for messages they may take again.
_ROUND_S: Final = 1.0


@dataclass(frozen=True)
class Plan:
    """What is to be run. Times are seconds from the start; the time before 0 is the lead-in, which is not counted."""

    flows: tuple[Flow, ...]
    pieces: dict[str, tuple[tuple[float, float, float, float], ...]]
    """Rate of each open flow in straight pieces, from -lead_in_s on."""
    users: dict[str, tuple[int, float]]
    """Closed flows: users, and mean thinking time (s)."""
    length_s: float
    lead_in_s: float
    replicas: dict[int, int]
    """Running at the start, by service."""
    faults: tuple[Fault, ...] = ()
    bins: int = 60
    scaling: bool = True
    planned: dict[int, list[tuple[float, int]]] = field(default_factory=dict)
    """Replicas by schedule."""


#: What is written down of each row at every bin's end.
FLOW_FIELDS: Final = (
    "ARRIVED",
    "ANSWERED",
    "DEGRADED",
    "FAILED",
    "LOST",
    "COMPLETED",
    "PARKED",
    "UNFINISHED",
    "SPOILT",
    "ELSEWHERE",
    "OPEN",
    "DUE",
)
FLOW_REALS: Final = ("AREA", "ANSWER_SUM", "COMPLETION_SUM")
SERVICE_FIELDS: Final = ("ENDED", "FAILED", "REFUSED", "COLD", "QUEUED", "CRASHED", "STORED")
SERVICE_REALS: Final = ("BUSY_AREA", "QUEUE_AREA", "WAITED", "CORE_AREA")
SUBSCRIPTION_FIELDS: Final = (
    "LENGTH", "IN_WORK", "COMING", "PUBLISHED", "DONE", "TOO_OLD", "OVERFLOWED", "PARKED", "DROPPED", "REDELIVERED", "UNSENT", "VANISHED",
)  # fmt: skip
CALL_FIELDS: Final = ("CALLS", "RETRIED", "TIMEOUTS", "FAILED", "INSTEAD", "OPENED", "REFUSED", "DENIED")


@dataclass(frozen=True)
class Sample:
    """Everything counted so far, at one time. Rows by number: of the flow in the plan, the service, the subscribing handler."""

    time_s: float
    flows: NDArray[numpy.float64]
    services: NDArray[numpy.float64]
    """SERVICE_FIELDS, SERVICE_REALS, busy workers, computing cores, running replicas."""
    subscriptions: NDArray[numpy.float64]
    calls: NDArray[numpy.float64]
    histograms: tuple[dict[int, int], ...]
    """Two for each flow, answer and completion: bucket -> how many since the sample before."""


@dataclass(frozen=True)
class Outcome:
    """What one run gave."""

    samples: tuple[Sample, ...]
    """The first at 0, then one at the end of every bin."""
    events: int
    stopped: str = ""
    """Why it ended early: ``full`` (more inside than is kept), ``interrupted``; empty when it did not."""
    subscriptions: tuple[int, ...] = ()
    """The subscribing handlers, in the order of their rows."""
    calls: tuple[tuple[int, int], ...] = ()
    """(caller, handler called; -1 a part of the caller), in the order of their rows."""


class Run:
    """One replication of a plan."""

    def __init__(self, system: System, plan: Plan, mode: Plain | Fast, seed: int, replication: int = 0) -> None:
        self.system = system
        self.plan = plan
        thinking = {name: think for name, (_, think) in plan.users.items()}
        self.program = compile_system(system, plan.flows, plan.replicas, thinking)
        self.machine = Machine(self.program, mode, seed, replication)
        self.machine.now = -plan.lead_in_s
        for row in self.program.services:
            self.machine.x[(row // 2) + at.SF_TOKENS_AT] = -plan.lead_in_s
        self.sources = [
            (self.program.flows[name], Arrivals(stream, part, seed, replication))
            for name, pieces in plan.pieces.items()
            # the lead-in draws for itself: however long it is, the same requests come after it
            for stream, part in zip((f"{name}/before", name), parted(pieces, 0.0), strict=True)
            if part
        ]
        self.scalers = {
            service: Scaler(self.machine, service, plan.replicas[service], plan.planned.get(service, []))
            for service, definition in enumerate(system.services)
            if plan.scaling and definition.replicas.max is not None and definition.concurrency is not None and definition.kind != "function"
        }
        self.dead: dict[int, int] = {}
        self.hit: dict[int, int] = {}
        self.down: frozenset[int] = frozenset()
        self.samples: list[Sample] = []
        self._few_until = -math.inf
        self._histograms: list[NDArray[numpy.int64]] = []
        self._functions = [
            (row, [self.program.subscriptions[h] for h in system.handlers_of[service] if h in self.program.subscriptions])
            for service, row in enumerate(self.program.services)
            if system.services[service].kind == "function"
        ]

    def __call__(self, progress: Callable[[float], None] | None = None) -> Outcome:
        """Run to the end. progress: told how much of the time has passed, 0 to 1; a KeyboardInterrupt in it ends the run there."""
        stopped = ""
        try:
            self._start_users()
            self._go(progress)
        except TooMuchInside:
            stopped = "full"
        except KeyboardInterrupt:
            stopped = "interrupted"
        # what an interrupt cuts off may be half of an event, so the last whole bin is the end
        if stopped == "full" and self.machine.now > 0 and (not self.samples or self.machine.now > self.samples[-1].time_s):
            self._note()
        return Outcome(
            tuple(self.samples),
            int(self.machine.look[at.G_EVENTS]),
            stopped,
            tuple(self.program.subscriptions),
            tuple((caller, called) for _, caller, called in self.program.calls),
        )

    def _start_users(self) -> None:
        machine = self.machine
        kernel = machine.mode.kernel
        for name, (count, _) in self.plan.users.items():
            row = self.program.flows[name]
            for _ in range(count):
                j = kernel.take_record(machine.n, machine.x, machine.agenda)
                machine.look[j + at.HANDLER] = 0
                machine.look[j + at.FLOW] = row
                think = kernel.draw(machine.n, machine.x, machine.agenda, machine.look[row + at.F_THINK])
                kernel.push(machine.agenda, (machine.now + think, j | at.THOUGHT))
                machine.refresh()

    def _go(self, progress: Callable[[float], None] | None) -> None:
        plan, machine = self.plan, self.machine
        width = plan.length_s / plan.bins
        faults = sorted(
            {t for fault in plan.faults for t in (fault.start, fault.end) if fault.end > fault.start and 0 <= t < plan.length_s}
        )
        next_bin, next_fault, decision = 0, 0, machine.now + PERIOD_S
        round_s = max(_ROUND_S, plan.length_s / 3600)
        next_round = machine.now + round_s if self.program.subscriptions or self._functions else math.inf
        while True:
            edge = next_bin * width if next_bin < plan.bins else plan.length_s
            ready = min((scaler.next_ready() for scaler in self.scalers.values()), default=math.inf)
            until = min(
                edge,
                faults[next_fault] if next_fault < len(faults) else math.inf,
                decision if self.scalers else math.inf,
                max(machine.now, ready),
                next_round,
                self._arrivals_end(),
            )
            machine.advance(until, self.sources, self._few_until)
            if until >= next_round:
                next_round += round_s
                self._round()
            if next_fault < len(faults) and until >= faults[next_fault]:
                next_fault += 1
                self._apply_faults()
            if until >= ready:
                self._arrive()
            if self.scalers and until >= decision:
                decision += PERIOD_S
                self._decide()
            if until >= edge:
                self._note()
                if progress is not None:
                    progress(next_bin / plan.bins)
                if next_bin == plan.bins:
                    return
                next_bin += 1

    def _arrivals_end(self) -> float:
        """How far to go so that not too many arrivals lie ready at once."""
        now = self.machine.now
        if now < self._few_until:
            return self._few_until
        step = max(self.plan.length_s / self.plan.bins, 1e-6)
        before = sum(source.expected(now) for _, source in self.sources)
        for _ in range(60):
            if sum(source.expected(now + step) for _, source in self.sources) - before <= _AT_A_TIME:
                break
            step /= 2
        self._few_until = now + step
        return self._few_until

    def _round(self) -> None:
        machine = self.machine
        kernel = machine.mode.kernel
        for subscription in self.program.subscriptions.values():
            if machine.look[subscription + at.U_LENGTH]:
                kernel.drop_old(machine.n, machine.x, machine.agenda, subscription, machine.now)
        for row, subscriptions in self._functions:
            if any(machine.look[s + at.U_LENGTH] for s in subscriptions):
                kernel.wake(machine.n, machine.x, machine.agenda, row, machine.now)

    # --- faults and replicas ----------------------------------------------------------------------------------------------------------

    def _apply_faults(self) -> None:
        now = self.machine.now
        active = [fault for fault in self.plan.faults if fault.start <= now < fault.end]
        kills = tuple(fault.target for fault in active if fault.kind == KILL)
        zones = tuple(fault.target for fault in active if fault.kind == ZONE)
        hit = casualties(self.system, kills, zones)
        for service in sorted(self.down - hit.down):
            switch_on(self.machine, service)
        for service in sorted(hit.down - self.down):
            switch_off(self.machine, service)
        self.down = hit.down
        for service in sorted({*self.dead, *hit.dead_replicas}):
            self._set_dead(service, self._dead_of(service, hit.dead_replicas.get(service, 0), zones))
        self.hit = hit.dead_replicas
        self._set_speeds(active)

    def _dead_of(self, service: int, hit: int, zones: tuple[str, ...]) -> int:
        """How many of those running are dead; of those that autoscaling has added a lost zone takes its share."""
        if hit == self.hit.get(service, 0):
            return self.dead.get(service, 0)
        least = max(1, int(self.system.services[service].replicas.min))
        if service not in self.scalers or not zones or hit >= least:
            return hit
        return round(hit * self._running(service) / least)

    def _set_dead(self, service: int, dead: int) -> None:
        before = self.dead.get(service, 0)
        self.dead[service] = dead
        if service in self.scalers:
            scaler = self.scalers[service]
            scaler.dead = dead
            scaler.running = min(scaler.running, scaler.most + dead)
        if service not in self.down and self.system.services[service].kind != "function" and dead != before:
            self._resize(service, crashed=dead > before)

    def _running(self, service: int) -> int:
        return self.scalers[service].running if service in self.scalers else self.plan.replicas[service]

    def _resize(self, service: int, crashed: bool = False) -> None:
        machine, program = self.machine, self.program
        row = program.services[service]
        count = max(1, self._running(service) - self.dead.get(service, 0))
        slots = program.slots[service]
        was = int(machine.look[row + at.S_ACTIVE]) if len(slots) > 1 else 0
        limit = int(machine.look[slots[0] + at.L_LIMIT])
        set_replicas(machine, service, count)
        if crashed and len(slots) > 1:
            crash(machine, service, slots[count:was], share=1 - min(count, was) / was)
        elif crashed and limit:
            busy, share = int(machine.look[slots[0] + at.L_BUSY]), 1 - machine.look[slots[0] + at.L_LIMIT] / limit
            crash(machine, service, slots, max(0, round(busy * share)), max(0.0, share))
        settle(machine, service)
        kernel = machine.mode.kernel
        for slot in slots:
            while kernel.next_at_core(machine.n, machine.x, machine.agenda, slot, machine.now):
                machine.refresh()
        kernel.wake(machine.n, machine.x, machine.agenda, row, machine.now)

    def _set_speeds(self, active: list[Fault]) -> None:
        program, machine = self.program, self.machine
        for service, definition in enumerate(self.system.services):
            row = program.services[service]
            slow = loss = 0.0
            for fault in active:
                if fault.target == definition.name and fault.kind == SLOW:
                    slow = max(slow, fault.value)
                if fault.target == definition.name and fault.kind == LOSS:
                    loss = 1 - (1 - loss) * (1 - fault.value)
            machine.x[(row // 2) + at.SF_SLOWNESS] = slow or 1.0
            machine.x[(row // 2) + at.SF_LOSS] = loss
            machine.look[row + at.S_LOSSY] = int(loss > 0)
            machine.look[row + at.S_FAR] = int(loss > 0 or definition.round_trip > 0)

    def _arrive(self) -> None:
        for service, scaler in self.scalers.items():
            before = scaler.running
            scaler.arrive()
            if scaler.running != before and service not in self.down:
                self._resize(service)

    def _decide(self) -> None:
        for service, scaler in self.scalers.items():
            before = scaler.running
            scaler.decide()
            if scaler.running != before and service not in self.down:
                self._resize(service)

    # --- what is written down ---------------------------------------------------------------------------------------------------------

    def _note(self) -> None:
        machine, program = self.machine, self.program
        n, x = machine.look, machine.x
        flows = [_fields(n, x, row, _FLOW, _FLOW_X) for row in program.flows.values()]
        services = []
        for number, row in enumerate(program.services):
            slots = program.slots[number]
            busy = sum(int(n[slot + at.L_BUSY]) for slot in slots)
            computing = sum(int(n[slot + at.L_COMPUTING]) for slot in slots)
            running = 0 if number in self.down else self._running(number) - self.dead.get(number, 0)
            services.append([*_fields(n, x, row, _SERVICE, _SERVICE_X), busy, computing, running])
        subscriptions = [_fields(n, x, row, _SUBSCRIPTION, ()) for row in program.subscriptions.values()]
        calls = [_fields(n, x, row, _CALL, ()) for row, _, _ in program.calls]
        self.samples.append(
            Sample(
                machine.now,
                numpy.array(flows, float).reshape(len(flows), -1),
                numpy.array(services, float).reshape(len(services), -1),
                numpy.array(subscriptions, float).reshape(len(subscriptions), len(_SUBSCRIPTION)),
                numpy.array(calls, float).reshape(len(calls), len(_CALL)),
                self._new_in_histograms(),
            )
        )

    def _new_in_histograms(self) -> tuple[dict[int, int], ...]:
        first = not self._histograms
        changes: list[dict[int, int]] = []
        for number, row in enumerate(self.program.flows.values()):
            for which in (0, 1):
                start = int(self.machine.look[row + at.F_HISTOGRAMS]) + which * at.BUCKETS
                now = numpy.array(self.machine.n[start : start + at.BUCKETS], numpy.int64)
                if first:
                    self._histograms.append(now)
                    changes.append({})
                    continue
                difference = now - self._histograms[2 * number + which]
                self._histograms[2 * number + which] = now
                where = numpy.flatnonzero(difference)
                changes.append(dict(zip(where.tolist(), difference[where].tolist(), strict=True)))
        return tuple(changes)


_FLOW: Final = tuple(getattr(at, f"F_{name}") for name in FLOW_FIELDS)
_FLOW_X: Final = tuple(getattr(at, f"FF_{name}") for name in FLOW_REALS)
_SERVICE: Final = tuple(getattr(at, f"S_{name}") for name in SERVICE_FIELDS)
_SERVICE_X: Final = tuple(getattr(at, f"SF_{name}") for name in SERVICE_REALS)
_SUBSCRIPTION: Final = tuple(getattr(at, f"U_{name}") for name in SUBSCRIPTION_FIELDS)
_CALL: Final = tuple(getattr(at, f"C_{name}") for name in CALL_FIELDS)


def _fields(n: Any, x: Any, row: int, whole: Sequence[int], real: Sequence[int]) -> list[float]:
    return [float(n[row + at_]) for at_ in whole] + [float(x[(row // 2) + at_]) for at_ in real]
