"""Autoscaling in time: what is measured, when it is decided, how long a new replica takes, and how reluctantly one goes."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.machine import Machine
from sysdesign_cli.engine.simulation.program import limited
from sysdesign_cli.engine.stations import TARGET

#: Seconds between two decisions, tolerance of the target, and how long a lower need must last before replicas go. The defaults of
#: the Kubernetes horizontal pod autoscaler (documentation, 2024).
PERIOD_S: Final = 15.0
TOLERANCE: Final = 0.1
STABLE_S: Final = 300.0


@dataclass
class Scaler:
    """The autoscaler of one service.

    Every PERIOD_S it takes the mean of what it watches since the last decision and asks for as many replicas as bring that to the
    target. New ones serve after ``starts_in``, and no faster than ``adds`` a second. Replicas go when for STABLE_S fewer were enough.
    """

    machine: Machine
    service: int
    running: int
    planned: list[tuple[float, int]] = field(default_factory=list)
    """(from s on, replicas) by a schedule that knows the load."""
    dead: int = 0
    """Of those running; others may be ordered in their place."""
    coming: deque[tuple[float, int]] = field(default_factory=deque)
    """(ready at s, replicas)"""
    wanted: deque[tuple[float, int]] = field(default_factory=deque)
    _before: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        definition = self.machine.program.system.services[self.service]
        self.definition = definition
        self.least = max(1, int(definition.replicas.min))
        self.most = int(definition.replicas.max or self.least)
        self.target = float(definition.replicas.target) if definition.replicas.target is not None else TARGET
        self.starts_in = float(definition.replicas.starts_in or 0.0)
        self.adds = float(definition.replicas.adds or 0.0)
        self._before = self._areas()

    def _areas(self) -> tuple[float, float, float]:
        """Time, busy worker-seconds (or core-seconds where those are busier) and queued request-seconds up to now."""
        machine = self.machine
        n, x, now = machine.look, machine.x, machine.now
        row = machine.program.services[self.service]
        busy = computing = 0
        for slot in machine.program.slots[self.service]:
            busy += n[slot + at.L_BUSY]
            computing += n[slot + at.L_COMPUTING]
        concurrency = float(self.definition.concurrency or 1)
        share = (x[(row // 2) + at.SF_BUSY_AREA] + busy * now) / concurrency
        if self.definition.cores is not None and self.definition.cores < concurrency:
            share = max(share, (x[(row // 2) + at.SF_CORE_AREA] + computing * now) / float(self.definition.cores))
        queued = x[(row // 2) + at.SF_QUEUE_AREA] + n[row + at.S_QUEUED] * now
        return now, float(share), float(queued / concurrency)

    def _messages(self) -> float:
        """Messages that wait now, for each worker of a replica."""
        program, n = self.machine.program, self.machine.look
        own = program.system.handlers_of[self.service]
        waiting = sum(n[program.subscriptions[handler] + at.U_LENGTH] for handler in own if handler in program.subscriptions)
        return float(waiting) / float(self.definition.concurrency or 1)

    def decide(self) -> None:
        """Look at the time since the last decision, and order more replicas or let some go."""
        now, share, queued = self._areas()
        before, share_before, queued_before = self._before
        self._before = (now, share, queued)
        if now <= before:
            return
        busy_replicas = (share - share_before) / (now - before)
        if self.definition.replicas.reacts_to == "queue":
            busy_replicas += (queued - queued_before) / (now - before) + self._messages()
        alive = max(1, self.running - self.dead)
        if self.planned:
            need = next((count for start, count in reversed(self.planned) if start <= now + self.starts_in + PERIOD_S), self.least)
        elif abs(busy_replicas / alive / self.target - 1) <= TOLERANCE:
            need = alive
        else:
            need = math.ceil(busy_replicas / self.target * (1 - 1e-12))
        need = max(self.least, min(self.most, need))
        self.wanted.append((now, need))
        while self.wanted[0][0] < now - STABLE_S:
            self.wanted.popleft()
        ordered = alive + sum(count for _, count in self.coming)
        if need > ordered:
            self._order(need - ordered, now)
        else:
            highest = max(count for _, count in self.wanted)
            if highest < alive and (now >= STABLE_S or self.planned):
                self.running = highest + self.dead

    def _order(self, count: int, now: float) -> None:
        if self.adds <= 0:
            self.coming.append((now + self.starts_in, count))
            return
        begin = max(now, self.coming[-1][0] - self.starts_in) if self.coming else now  # behind those ordered before
        for number in range(count):
            self.coming.append((begin + (number + 1) / self.adds + self.starts_in, 1))

    def next_ready(self) -> float:
        return self.coming[0][0] if self.coming else math.inf

    def arrive(self) -> None:
        """Those that are ready now begin to serve."""
        while self.coming and self.coming[0][0] <= self.machine.now + 1e-9:
            self.running = min(self.most + self.dead, self.running + self.coming.popleft()[1])


def set_replicas(machine: Machine, service: int, count: int) -> None:
    """So many replicas of a service take requests from now on. Those that go finish what they have."""
    program, n = machine.program, machine.look
    definition = program.system.services[service]
    if definition.concurrency is None or definition.kind == "function":
        return
    row = program.services[service]
    if len(program.slots[service]) > 1 or n[row + at.S_POLICY] != at.SHARED:
        n[row + at.S_ACTIVE] = min(count, len(program.slots[service]))
        for number, slot in enumerate(program.slots[service]):
            n[slot + at.L_LEAVING] = int(number >= count)
    else:
        slot = program.slots[service][0]
        n[slot + at.L_LIMIT] = limited(count, int(definition.concurrency))
        n[slot + at.L_CORES] = limited(count, int(definition.cores or 0))
