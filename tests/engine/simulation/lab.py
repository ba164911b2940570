"""A small laboratory: a scenario as text, a load, faults, and everything that was counted, by name."""

from __future__ import annotations

import math
import os
import textwrap
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.fault import Fault
from sysdesign_cli.engine.simulation.histogram import percentile
from sysdesign_cli.engine.simulation.modes import Fast, Plain, cache_folder, is_compiled
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
from tests.engine.random_systems import scenario as read

FLOW = {name: number for number, name in enumerate((*FLOW_FIELDS, *FLOW_REALS))}
SERVICE = {name: number for number, name in enumerate((*SERVICE_FIELDS, *SERVICE_REALS, "BUSY", "COMPUTING", "RUNNING"))}
SUBSCRIPTION = {name: number for number, name in enumerate(SUBSCRIPTION_FIELDS)}
CALL = {name: number for number, name in enumerate(CALL_FIELDS)}

Pieces = Sequence[tuple[float, float, float, float]]


@cache
def fast() -> Fast:
    """The compiled kernel. Only one of several test processes compiles; the others wait for what it leaves in the cache."""
    folder = cache_folder()
    lock = folder.parent / f"{folder.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    mine = False
    for _ in range(600):
        if is_compiled() and not lock.exists():
            break
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            mine = True
            break
        except FileExistsError:
            if time.time() - lock.stat().st_mtime > 300:  # left behind by a process that was killed
                lock.unlink(missing_ok=True)
            time.sleep(0.5)
    try:
        mode = Fast()
        if mine:
            Lab(SMALL, {"f": 5.0}, length=5.0, mode=mode)
    finally:
        if mine:
            lock.unlink(missing_ok=True)
    return mode


SMALL = """
services: {s: {concurrency: 1, handles: {go: {takes: 1s}}}}
flows: {f: {starts: s.go}}
"""


def system(text: str) -> System:
    return System(read("sysdesign: 1\nname: x\nsource: assumption\n" + textwrap.dedent(text)))


class Lab:
    """One run of a scenario, and what it counted.

    load: requests per second of each flow, or straight pieces (from s, rate, to s, rate). users: closed flows, (users, thinking s).
    """

    def __init__(
        self,
        text: str | System,
        load: Mapping[str, float | Pieces] | None = None,
        length: float = 100.0,
        *,
        users: Mapping[str, tuple[int, float]] | None = None,
        lead_in: float = 0.0,
        faults: Sequence[Fault] = (),
        mode: Plain | Fast | None = None,
        seed: int = 1,
        bins: int = 1,
        scaling: bool = False,
        replicas: Mapping[str, int] | None = None,
    ) -> None:
        self.system = text if isinstance(text, System) else system(text)
        pieces: dict[str, Any] = {}
        for name, rate in (load or {}).items():
            pieces[name] = ((-lead_in, rate, length, rate),) if isinstance(rate, int | float) else tuple(rate)
        flows = {name: flow for name, flow in self.system.scenario.flows.items() if name in pieces or name in (users or {})}
        running = {number: max(1, int(service.replicas.min)) for number, service in enumerate(self.system.services)}
        running |= {self.system.service_index[name]: count for name, count in (replicas or {}).items()}
        self.plan = Plan(tuple(flows.values()), pieces, dict(users or {}), length, lead_in, running, tuple(faults), bins, scaling)
        self.run = Run(self.system, self.plan, mode or Plain(), seed)
        self.outcome: Outcome = self.run()
        self.flow_rows = {name: number for number, name in enumerate(flows)}
        self.topic_rows = {self.system.handlers[h].key: row for row, h in enumerate(self.outcome.subscriptions)}

    @property
    def samples(self) -> tuple[Sample, ...]:
        return self.outcome.samples

    @property
    def last(self) -> Sample:
        return self.outcome.samples[-1]

    def flow(self, field: str, name: str = "", sample: int = -1) -> float:
        row = self.flow_rows[name] if name else 0
        return float(self.samples[sample].flows[row, FLOW[field]])

    def service(self, name: str, field: str, sample: int = -1) -> float:
        return float(self.samples[sample].services[self.system.service_index[name], SERVICE[field]])

    def topic(self, key: str, field: str, sample: int = -1) -> float:
        return float(self.samples[sample].subscriptions[self.topic_rows[key], SUBSCRIPTION[field]])

    def call(self, caller: str, called: str, field: str, sample: int = -1) -> float:
        """The sum over all calls from one handler to another."""
        found = [
            row
            for row, (a, b) in enumerate(self.outcome.calls)
            if b >= 0 and (self.system.handlers[a].key, self.system.handlers[b].key) == (caller, called)
        ]
        assert found
        return float(sum(self.samples[sample].calls[row, CALL[field]] for row in found))

    def area(self, name: str, area: str, level: str, a: int = 0, b: int = -1) -> float:
        """The integral of a service's level between two samples."""
        first, last = self.samples[a], self.samples[b]
        at_end = self.service(name, area, b) + self.service(name, level, b) * last.time_s
        return at_end - self.service(name, area, a) - self.service(name, level, a) * first.time_s

    def mean_wait(self, name: str) -> float:
        return self.service(name, "WAITED") / self.service(name, "ENDED")

    def mean_answer(self, name: str = "") -> float:
        return self.flow("ANSWER_SUM", name) / self.flow("ANSWERED", name)

    def mean_completion(self, name: str = "") -> float:
        return self.flow("COMPLETION_SUM", name) / self.flow("COMPLETED", name)

    def histogram(self, name: str = "", completion: bool = False) -> dict[int, int]:
        """All answers (or completions) after the lead-in."""
        row = self.flow_rows[name] if name else 0
        found: dict[int, int] = {}
        for sample in self.samples:
            for place, many in sample.histograms[2 * row + completion].items():
                found[place] = found.get(place, 0) + many
        return found

    def percentile(self, share: float, name: str = "", completion: bool = False) -> float:
        return percentile(self.histogram(name, completion), share)

    def records_in_use(self) -> int:
        """Records that are neither free nor those of a function's idle instances."""
        machine = self.run.machine
        idle = 0
        for row in machine.program.services:
            j = machine.look[row + at.S_IDLE]
            while j:
                idle += 1
                j = machine.look[j + at.NEXT]
        return len(machine.records) - len(set(machine._free_records())) - idle

    def per_s(self, field: str, name: str = "") -> list[float]:
        """How often a flow's count went up, bin by bin."""
        return [
            (self.flow(field, name, b + 1) - self.flow(field, name, b)) / (self.samples[b + 1].time_s - self.samples[b].time_s)
            for b in range(len(self.samples) - 1)
        ]


def same(one: Outcome, other: Outcome) -> bool:
    """To the last bit."""
    if one.events != other.events or len(one.samples) != len(other.samples):
        return False
    return all(
        a.time_s == b.time_s
        and (a.flows == b.flows).all()
        and (a.services == b.services).all()
        and (a.subscriptions == b.subscriptions).all()
        and (a.calls == b.calls).all()
        and a.histograms == b.histograms
        for a, b in zip(one.samples, other.samples, strict=True)
    )


def erlang_b(load: float, servers: int) -> float:
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


def poisson_between(mean: float) -> tuple[float, float]:
    """Four standard deviations around a mean count."""
    return mean - 4 * math.sqrt(mean), mean + 4 * math.sqrt(mean)
