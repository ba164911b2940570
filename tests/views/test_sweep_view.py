"""A sweep as text: one literal whole, and no width at which something is cut or sticks out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

import sysdesign_cli
from sysdesign_cli.analyses.sweep import SweepResult
from sysdesign_cli.messages import Say
from sysdesign_cli.views import formats
from sysdesign_cli.views.sweep_view import sweep_document

BROKER = "services.broker.replicas"


def swept(*changes: str, metrics: tuple[str, ...] = ("request_rate", "others_down")) -> SweepResult:
    return sysdesign_cli.load("ecommerce").sweep(changes, metrics, jobs=1)


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("changes", [(f"{BROKER}=1..3",), (f"{BROKER}=1..3", "services.order.replicas=3..9"), (f"{BROKER}=3",), ()])
def test_nothing_is_cut_and_nothing_is_too_wide(changes: tuple[str, ...], language: str, width: int) -> None:
    for metrics in (("request_rate", "others_down"), ("request_rate",)):
        shown = formats.terminal(sweep_document(swept(*changes, metrics=metrics), Say(language), width), width, color=False)
        assert "…" not in shown.replace(" … ", "")
        assert all(cell_len(line) <= width for line in shown.split("\n"))


def test_the_whole_text() -> None:
    shown = formats.plain(sweep_document(swept(f"{BROKER}=1..3", "workloads.normal-day.starts.browse=40/s,140/s"), Say("en")))
    assert (
        shown
        == """\
ecommerce · sweep over 6 points, workload normal-day

services.broker.replicas: 1, 2, 3 (3 values)

workloads.normal-day.starts.browse: 40/s, 140/s (2 values)

replicas  browse  requests  other services down
       1    40/s         –                    –
       1   140/s         –                    –
       2    40/s     100/s                    –
       2   140/s     200/s                    –
       3    40/s     100/s                    –
       3   140/s     200/s                    –

– nothing at replicas = 1, browse = 40/s; replicas = 1, browse = 140/s: E214 broker needs 2 replicas up but has 1: it could never serve

– other services down at replicas = 2, browse = 40/s; replicas = 2, browse = 140/s; replicas = 3, browse = 40/s; replicas = 3, browse = 140/s: needs something to be killed
"""
    )


def test_equal_values_are_a_level_line() -> None:
    """A metric that does not depend on what is varied, but for the last digits of its computing."""
    result = swept(f"{BROKER}=2..6", metrics=("request_rate",))
    noisy = [
        replace(point, values=tuple(replace(value, value=value.value * (1 + number * 1e-13)) for value in point.values))
        for number, point in enumerate(result.points)
    ]
    for points in (result.points, tuple(noisy)):
        shown = formats.plain(sweep_document(replace(result, points=points), Say("en")))
        (line,) = [line for line in shown.split("\n") if "●" in line]
        assert line.startswith("1,160/s ┤●")
        assert line.count("●") == 5
