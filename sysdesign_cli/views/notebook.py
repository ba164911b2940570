"""Results and designs as HTML for notebooks: the same tables as on a terminal, nothing to be clicked."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Block, Branch, Document, Heading, Table, Tree
from sysdesign_cli.views.report.shown import Shown
from sysdesign_cli.views.report.templates import TemplatesMissing, environment

if TYPE_CHECKING:
    from sysdesign_cli.scenario.model import Scenario

#: Result -> module below ``views`` and the function there that lays it out.
LAID_OUT: Final[dict[str, tuple[str, str]]] = {
    "AvailabilityResult": ("availability_view", "availability_document"),
    "CapacityResult": ("capacity_view", "capacity_document"),
    "CompareResult": ("compare_view", "compare_document"),
    "CostResult": ("cost_view", "cost_document"),
    "ExperimentsResult": ("experiments_view", "experiments_document"),
    "FailoverResult": ("failover_view", "failover_document"),
    "FlowResult": ("flow_view", "flow_document"),
    "LatencyResult": ("latency_view", "latency_document"),
    "RankingResult": ("failover_view", "ranking_document"),
    "Simulation": ("simulation_view", "simulation_tables"),
    "SweepResult": ("sweep_view", "sweep_document"),
    "TradeoffResult": ("tradeoff_view", "tradeoff_document"),
    "VerifyResult": ("verify_view", "verify_document"),
}


def as_html(result: object, language: str = "en") -> str | None:
    """A result as HTML; None when there is no layout for it, or nothing to fill templates with."""
    say = Say(language)
    try:
        return _filled(_document(result, say), say)
    except (KeyError, TemplatesMissing):
        return None


def card(scenario: Scenario, drawing: str | None, language: str = "en") -> str | None:
    """What a design is, and its diagram where it can be drawn."""
    say = Say(language)
    title = scenario.title.in_language(language) or scenario.label
    counts = say("notebook.card", services=len(scenario.services), flows=len(scenario.flows))
    document = Document([Heading(title, f"{scenario.address} · {counts}")])
    try:
        return _filled(document, say, scenario.description.in_language(language), drawing or "")
    except TemplatesMissing:
        return None


def _document(result: object, say: Say) -> Document:
    name = type(result).__name__
    if name == "CheckResult":
        from sysdesign_cli.analyses.rules import all_rules
        from sysdesign_cli.views.check_view import check_document

        checked: Any = result
        return check_document(checked, all_rules(), say)
    module, function = LAID_OUT[name]
    document: Document = getattr(importlib.import_module(f"sysdesign_cli.views.{module}"), function)(result, say)
    return document


def _filled(document: Document, say: Say, description: str = "", drawing: str = "") -> str:
    first, *rest = document.blocks or [Heading("")]
    heading = first if isinstance(first, Heading) else Heading("")
    blocks = tuple(_still(block) for block in (rest if isinstance(first, Heading) else document.blocks))
    body = Shown("", blocks, (), (), tuple(dict.fromkeys(document.assumptions)))
    template = environment().get_template("notebook.html.jinja")
    return template.render(say=say, heading=heading, description=description, drawing=drawing, body=body)


def _still(block: Block) -> Block:
    """Without what could be clicked: there is no script here."""
    if isinstance(block, Table):
        return replace(block, rows=tuple(tuple(replace(cell, explains=None) for cell in row) for row in block.rows))
    return replace(block, branches=tuple(map(_still_branch, block.branches))) if isinstance(block, Tree) else block


def _still_branch(branch: Branch) -> Branch:
    return replace(branch, explains=None, children=tuple(map(_still_branch, branch.children)))
