"""The kernel specialised to a scenario does what the kernel does: every count, time and histogram, whatever is known and whatever changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from sysdesign_cli.engine.simulation import kernel, specialised
from sysdesign_cli.engine.simulation.modes import Advance, Plain
from sysdesign_cli.engine.simulation.program import Program
from tests.engine.simulation.lab import fast, same
from tests.engine.simulation.random_runs import Case, cases


class Kernel(Plain):
    """The interpreter on the kernel as it stands."""

    def advance(self, program: Program, n: Any, x: Any) -> Advance:
        return kernel.advance  # type: ignore[return-value]


@pytest.fixture(autouse=True)
def _everything_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions are made the first time they are asked for."""
    monkeypatch.setattr(specialised, "WORTH_IT", 1)


@settings(max_examples=15)
@given(cases())
def test_the_same_as_the_kernel(case: Case) -> None:
    assert same(case.run(bins=3).outcome, case.run(bins=3, mode=Kernel()).outcome)


@settings(max_examples=15)
@given(cases(cycles=True))
def test_the_same_as_the_fast_mode_where_things_go_in_circles(case: Case) -> None:
    assert same(case.run(bins=3).outcome, case.run(bins=3, mode=fast()).outcome)
