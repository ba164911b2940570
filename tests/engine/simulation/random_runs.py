"""Random scenarios with all that makes a simulation hard: timeouts, retries, breakers, short queues, few workers, faults."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sysdesign_cli.engine.simulation.fault import Fault
from tests.engine.random_systems import Draft, _Artist, scenario, system
from tests.engine.simulation.lab import Lab

LOAD_S, DRAIN_S = 3.0, 300.0


@dataclass
class Case:
    """A scenario as text, a load for LOAD_S seconds and then none, and faults that all end within LOAD_S."""

    text: str
    rates: dict[str, float]
    faults: tuple[Fault, ...]
    seed: int

    def pieces(self) -> dict[str, Any]:
        return {name: ((0.0, rate, LOAD_S, rate),) for name, rate in self.rates.items()}

    def run(self, length: float = LOAD_S, **options: Any) -> Lab:
        given = {"faults": self.faults, "seed": self.seed} | options
        return Lab(system(self.text), self.pieces(), length, **given)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(f"\n{self.text}\n# {self.rates} {self.faults} seed {self.seed}")


class _Hard:
    """Lays the hard parts over a draft."""

    def __init__(self, seed: int, cycles: bool, faulty: bool) -> None:
        self.random = random.Random(seed)
        self.draft: Draft = _Artist(seed, cycles).made()
        self.faulty = faulty

    def some(self, chance: float, **given: Any) -> dict[str, Any]:
        return given if self.random.random() < chance else {}

    def call(self) -> dict[str, Any]:
        return (
            self.some(0.5, timeout=self.random.choice(("2ms", "15ms", "60ms")))
            | self.some(0.4, retries=self.random.randint(1, 3))
            | self.some(0.3, backoff=self.random.choice(("1ms", "20ms")))
            | self.some(0.2, retry_budget="20%")
            | self.some(0.3, circuit_breaker=True)
        )

    def event(self) -> dict[str, Any]:
        return (
            {"redelivery_delay": self.random.choice(("1ms", "200ms")), "deliveries": self.random.randint(1, 3)}
            | self.some(0.3, partitions=self.random.randint(1, 3))
            | self.some(0.2, queue_limit=self.random.randint(1, 20))
            | self.some(0.3, retention=self.random.choice(("100ms", "1s")))
            | self.some(0.3, durable=False)
            | self.some(0.2, delivery="at-most-once")
            | self.some(0.4, dead_letters=True)
            | self.some(0.3, lag="0s")
        )

    def service(self, kind: str) -> dict[str, Any]:
        extra: dict[str, Any] = {
            "takes": {"mean": self.random.choice(("0s", "1ms", "5ms", "10ms")), "cv": self.random.choice((0, 0.5, 1, 2))}
        }
        extra |= self.some(0.3, round_trip=self.random.choice(("0s", "1ms")))
        if kind == "function":
            most = self.random.randint(1, 20)
            return extra | {
                "replicas": {"min": self.random.randint(0, 1), "max": most, "starts_in": "30ms", "adds": "20/s", "keeps_warm": "300ms"}
            }
        extra |= self.some(0.5, replicas=self.random.randint(1, 4))
        if kind not in ("external", "cdn", "client"):
            extra |= self.some(0.6, concurrency=self.random.randint(1, 6))
            if "concurrency" in extra:
                extra |= self.some(0.4, cores=self.random.randint(1, extra["concurrency"]))
        extra |= self.some(0.6, queue=self.random.choice(("shared", "random", "round-robin", "least-connections")))
        return extra | self.some(0.3, blocking=bool(self.random.randint(0, 1)))

    def case(self) -> Case:
        draft, services = self.draft, {}
        for _, call in draft.calls():
            call |= self.call()
        for event in draft.events.values():
            event |= self.event()
        for name, kind in draft.kinds.items():
            services[name] = self.service(kind)
            if _in_a_circle(draft):  # workers that wait for each other would wait for ever
                services[name]["blocking"] = False
        lines = []
        for line in draft.text().splitlines():
            name, _, rest = line.strip().partition(": ")
            if name in services and rest.startswith("{"):
                line = f"  {name}: {json.dumps(json.loads(rest) | services[name])}"
            lines.append(line)
        rates = {name: float(self.random.choice((5, 20, 50))) for name in draft.flows}
        faults = tuple(self.fault(services) for _ in range(self.random.randint(1, 4))) if self.faulty else ()
        return Case("\n".join(lines) + "\n", rates, faults, self.random.randint(0, 1000))

    def fault(self, services: dict[str, dict[str, Any]]) -> Fault:
        start, end = sorted(round(self.random.uniform(0, LOAD_S), 3) for _ in range(2))
        name = self.random.choice(list(services))
        kind = self.random.choice(("kill", "kill", "kill", "slow", "loss"))
        replicas = services[name].get("replicas", 1)
        if kind == "kill" and isinstance(replicas, int) and replicas > 1 and self.random.random() < 0.6:
            return Fault("kill", f"{name}/1", start, end)
        return Fault(kind, name, start, end, {"kill": 1.0, "slow": 4.0, "loss": self.random.choice((0.1, 0.5, 1.0))}[kind])


def _in_a_circle(draft: Draft) -> bool:
    """Whether calls lead from a service back to itself."""
    called: dict[str, set[str]] = {name: set() for name in draft.kinds}
    for caller, call in draft.calls():
        for target in (call["to"], call.get("fallback")):
            if target:
                called[caller.partition(".")[0]].add(target.partition(".")[0])
    for _ in called:
        for others in called.values():
            others |= {further for other in others for further in called[other]}
    return any(name in others for name, others in called.items())


def case(seed: int, cycles: bool = False, faulty: bool = True) -> Case:
    return _Hard(seed, cycles, faulty).case()


def cases(cycles: bool = False, faulty: bool = True) -> st.SearchStrategy[Case]:
    return st.integers(0, 2**62).map(lambda seed: case(seed, cycles, faulty))


__all__ = ["DRAIN_S", "LOAD_S", "Case", "case", "cases", "scenario"]
