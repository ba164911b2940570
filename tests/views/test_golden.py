"""What a user sees, word for word, at two widths and in both languages. Read the texts below ``golden/`` when they change.

``SYSDESIGN_GOLDEN=write python -m pytest tests/views/test_golden.py`` writes them anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.rules import all_rules
from sysdesign_cli.messages import Say
from sysdesign_cli.views import formats
from sysdesign_cli.views.availability_view import availability_document
from sysdesign_cli.views.capacity_view import capacity_document
from sysdesign_cli.views.check_view import check_document
from sysdesign_cli.views.compare_view import compare_document
from sysdesign_cli.views.cost_view import cost_document
from sysdesign_cli.views.document import Document
from sysdesign_cli.views.experiments_view import experiments_document
from sysdesign_cli.views.failover_view import failover_document, ranking_document
from sysdesign_cli.views.flow_view import flow_document
from sysdesign_cli.views.latency_view import latency_document
from sysdesign_cli.views.tradeoff_view import tradeoff_document
from sysdesign_cli.views.verify_view import verify_document
from sysdesign_cli.views.why import explain

GOLDEN = Path(__file__).parent / "golden"
load = sysdesign_cli.load

DOCUMENTS: dict[str, Callable[[Say], Document]] = {
    "failover-payment": lambda say: failover_document(load("ecommerce").failover(["payment"], lasts="30min"), say),
    "failover-broker": lambda say: failover_document(load("ecommerce").failover(["broker"], lasts="30min"), say),
    "failover-card-gateway": lambda say: failover_document(
        load("ecommerce").failover(["card-gateway"], lasts="1h", workload="flash-sale"), say
    ),
    "failover-zone": lambda say: failover_document(load("grab").failover([], ["a"], lasts="10min"), say),
    "ranking": lambda say: ranking_document(load("morprom").rank(), say),
    "flow": lambda say: flow_document(load("ecommerce").flow("place-order"), say),
    "availability": lambda say: availability_document(load("ecommerce").availability("place-order"), say),
    "availability-morprom": lambda say: availability_document(load("morprom").availability(), say),
    "experiments": lambda say: experiments_document(load("ecommerce").experiments("place-order"), say),
    "compare": lambda say: compare_document(load("netflix").compare(load("grab")), say),
    "verify": lambda say: verify_document(load("ecommerce").verify(), say),
    "check": lambda say: check_document(load("ecommerce").check(today="2026-11-22"), all_rules(), say),
    "cost": lambda say: cost_document(load("morprom").cost(today="2026-11-23"), say),
    "latency": lambda say: latency_document(load("ecommerce").latency("place-order"), say),
    "latency-opening-day": lambda say: latency_document(load("morprom").latency(workload="opening-day"), say),
    "latency-saturated": lambda say: latency_document(load("ecommerce@synchronous").latency(workload="flash-sale"), say),
    "capacity-opening-day": lambda say: capacity_document(load("morprom").capacity(workload="opening-day"), say),
    "capacity-percentile": lambda say: capacity_document(load("ecommerce").capacity("p99=50ms"), say),
    "capacity-overloaded": lambda say: capacity_document(load("ecommerce@synchronous").capacity(workload="flash-sale"), say),
    "tradeoff": lambda say: tradeoff_document(load("morprom").tradeoff(samples=20), say),
    "why": lambda say: explain(
        failover_document(load("ecommerce").failover(["payment"], lasts="30min"), say),
        say,
        load("ecommerce").scenario.sources,
        "place-order.normal",
    ),
}


def text(name: str, language: str, width: int) -> str:
    return formats.terminal(DOCUMENTS[name](Say(language)), width, color=False)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_terminal_text(name: str, language: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent.parent)  # places are shown relative to here
    shown = text(name, language, width)
    path = GOLDEN / f"{name}.{language}.{width}.txt"
    if os.environ.get("SYSDESIGN_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8", newline="\n")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_nothing_is_cut_and_nothing_is_too_wide(name: str, language: str, width: int) -> None:
    from rich.cells import cell_len

    shown = text(name, language, width)
    assert "…" not in shown.replace(" … ", "")
    # a command is one line, however long, so that it can be copied
    assert all(cell_len(line) <= width for line in shown.split("\n") if not line.startswith("  sysdesign "))
