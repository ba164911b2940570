"""``sysdesign latency SCENARIO [FLOW]``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

from sysdesign_cli.cli.session import Session, complete_names

if TYPE_CHECKING:
    from sysdesign_cli.analyses.latency import LatencyResult


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def latency(
        scenario: str = session.scenario_argument(),
        name: str = typer.Argument(
            "", metavar="[FLOW]", help=say("cli.arg-latency-flow"), autocompletion=complete_names("flows"), show_default=False
        ),
        workload: str = session.workload_option(),
        kill: list[str] = typer.Option(
            [], "--kill", "-k", metavar="SERVICE", help=say("cli.opt-kill"), autocompletion=complete_names("services"), show_default=False
        ),
        zone: list[str] = typer.Option(
            [], "--zone", "-z", metavar="ZONE", help=say("cli.opt-zone"), autocompletion=complete_names("zones"), show_default=False
        ),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.views.latency_view import latency_document

        design = session.load(scenario, changes)
        result = session.asked(lambda: design.latency(name, workload, kill, zone))
        document = latency_document(result, say, _cures(result, scenario, name, changes))
        session.present("latency", [result], [document], format, why=why, why_of=why_of, sources=design.scenario.sources)
        return 0 if all(one.good for one in result.flows) else 1

    return latency


def _cures(result: LatencyResult, scenario: str, flow: str, changes: Sequence[str]) -> list[str]:
    """The same question with enough replicas, and the command that shows how many everything needs."""
    stuck = [jam for one in result.flows if one.stuck for jam in one.jams]
    needed = dict.fromkeys(jam.change for jam in stuck if jam.change)
    if not needed:
        return []
    place = f"{shlex.quote(scenario)} --workload {result.workload}"
    made = [f"--set {shlex.quote(change)}" for change in changes]
    more = [f"--set {change}" for change in needed]
    words = ["sysdesign latency", shlex.quote(scenario), *([flow] if flow else []), f"--workload {result.workload}", *made, *more]
    return [" ".join(words), " ".join(["sysdesign capacity", place, *made])]
