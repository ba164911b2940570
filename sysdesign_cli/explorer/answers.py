"""Questions and the parts of their answers, as they go between the screen and the process that works them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sysdesign_cli.analyses.failover import FailoverResult
from sysdesign_cli.analyses.latency import FlowLatency
from sysdesign_cli.analyses.whatif import Question, WhatIfs
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.problems import ScenarioError


@dataclass(frozen=True)
class Task:
    """A question to a design. key: of the design; scenario: None where the process has it already."""

    number: int
    key: int
    scenario: Scenario | None
    question: Question


@dataclass(frozen=True)
class Outcome:
    """How overload spreads, how late things come, by which way the damage got there."""

    result: FailoverResult


@dataclass(frozen=True)
class Month:
    """Dollars a month, now and undisturbed; None where the price book cannot be read."""

    now: Number | None
    undisturbed: Number | None


@dataclass(frozen=True)
class Latency:
    """Of one flow; undisturbed: with nothing turned."""

    flow: FlowLatency
    undisturbed: bool


@dataclass(frozen=True)
class Finished:
    """All parts are there; error: why some are not."""

    error: str = ""


Part = Outcome | Month | Latency | Finished


@dataclass(frozen=True)
class Answered:
    """A part of the answer to the task of that number."""

    number: int
    part: Part


class Answers:
    """Answers about one design, in parts, the quick ones first."""

    def __init__(self, scenario: Scenario) -> None:
        self._whatifs = WhatIfs(System(scenario))
        self._months: dict[float, Number] = {}
        self._undisturbed: dict[str, tuple[list[FlowLatency], Iterator[FlowLatency]]] = {}

    def parts(self, question: Question) -> Iterator[Part]:
        """Raises ScenarioError."""
        yield Outcome(self._whatifs.outcome(question))
        yield self._month(question)
        if question != question.undisturbed:
            yield from (Latency(flow, False) for flow in self._whatifs.latencies(question))
        for flow in self._ordinary(question):
            yield Latency(flow, True)
            if question == question.undisturbed:
                yield Latency(flow, False)

    def _ordinary(self, question: Question) -> Iterator[FlowLatency]:
        """Latencies with nothing turned, worked out once for each workload, however often somebody leaves off in between."""
        if question.workload not in self._undisturbed:
            self._undisturbed[question.workload] = ([], self._whatifs.latencies(question.undisturbed))
        known, more = self._undisturbed[question.workload]
        yield from known
        for flow in more:
            known.append(flow)
            yield flow

    def _month(self, question: Question) -> Month:
        from sysdesign_cli.scenario.prices import prices_for

        try:
            prices = prices_for(self._whatifs.system.scenario)
            for load in (1.0, question.load):
                if load not in self._months:
                    self._months[load] = self._whatifs.month(load, prices)
            return Month(self._months[question.load], self._months[1.0])
        except ScenarioError:
            return Month(None, None)
