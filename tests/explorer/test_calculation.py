"""The process for slow answers: told about the newest question only, ended when it is stuck, started anew when it is gone."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.whatif import Question, WhatIfs
from sysdesign_cli.explorer.answers import Answered, Answers, Finished, Latency, Month, Outcome
from sysdesign_cli.explorer.calculation import PATIENCE_S, Calculation

DESIGN = sysdesign_cli.load("ecommerce")
KILLED = Question(("payment",), (), 2.0)
Heard = queue.SimpleQueue[Answered]


@pytest.fixture
def heard() -> Heard:
    return queue.SimpleQueue()


@pytest.fixture
def calculation(heard: Heard) -> Iterator[Calculation]:
    made = Calculation(heard.put)
    yield made
    made.close()


def all_of(heard: Heard, number: int) -> list[Answered]:
    """Everything up to the end of that answer."""
    found = []
    while True:
        found.append(heard.get(timeout=60))
        assert found[-1].number == number
        if isinstance(found[-1].part, Finished):
            return found


def test_parts_are_the_results_of_the_analyses() -> None:
    whatifs, parts = WhatIfs(DESIGN.system), list(Answers(DESIGN.scenario).parts(KILLED))
    assert [part.result for part in parts if isinstance(part, Outcome)] == [whatifs.outcome(KILLED)]
    assert [p.flow for p in parts if isinstance(p, Latency) and not p.undisturbed] == list(whatifs.latencies(KILLED))
    assert [p.flow for p in parts if isinstance(p, Latency) and p.undisturbed] == list(whatifs.latencies(KILLED.undisturbed))
    assert [(p.now, p.undisturbed) for p in parts if isinstance(p, Month)] == [
        (whatifs.month(2.0, DESIGN.prices()), whatifs.month(1.0, DESIGN.prices()))
    ]


def test_only_the_newest_question_is_answered(calculation: Calculation, heard: Heard) -> None:
    for question in (Question(), KILLED, Question(load=3.0)):
        calculation.ask(1, DESIGN.scenario, question, time.monotonic())
    number = calculation.ask(1, DESIGN.scenario, KILLED, time.monotonic())
    answered = [one.part for one in all_of(heard, number)]
    outcome = next(part.result for part in answered if isinstance(part, Outcome))
    assert outcome == WhatIfs(DESIGN.system).outcome(KILLED)
    other = sysdesign_cli.load("grab")
    number = calculation.ask(2, other.scenario, Question(), time.monotonic())
    assert {part.flow.flow for part in (one.part for one in all_of(heard, number)) if isinstance(part, Latency)} == set(
        other.scenario.flows
    )


def test_a_process_that_is_stuck_is_ended(calculation: Calculation, heard: Heard) -> None:
    """The clock is the test's own: after the patience is over, the old process is ended and the new question asked again."""
    calculation.ask(1, DESIGN.scenario, Question(), 0.0)
    number = calculation.ask(1, DESIGN.scenario, KILLED, 1.0)
    first = calculation._process
    calculation.look_after(1.0 + PATIENCE_S / 2)
    assert calculation._process is first
    calculation._held_up_since = 1.0
    calculation.look_after(1.1 + PATIENCE_S)
    assert calculation._process is not first
    assert any(isinstance(one.part, Outcome) for one in all_of(heard, number))


def test_what_dies_says_so_and_is_started_anew(calculation: Calculation, heard: Heard) -> None:
    calculation.ask(1, DESIGN.scenario, Question(), 0.0)
    assert calculation._process is not None
    calculation._process._process.kill()
    number = 1
    assert all_of(heard, number)[-1].part == Finished("ended")
    number = calculation.ask(1, DESIGN.scenario, KILLED, 1.0)
    assert all_of(heard, number)[-1].part == Finished()


def test_what_an_analysis_refuses_is_told(calculation: Calculation, heard: Heard) -> None:
    number = calculation.ask(1, DESIGN.scenario, Question(("nobody",)), 0.0)
    finished = all_of(heard, number)[-1].part
    assert isinstance(finished, Finished)
    assert "nobody" in finished.error
