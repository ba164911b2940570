"""``sysdesign capacity SCENARIO``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from sysdesign_cli.cli.session import Session

if TYPE_CHECKING:
    from sysdesign_cli.analyses.capacity import CapacityResult


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def capacity(
        scenario: str = session.scenario_argument(),
        target: str = typer.Option("", "--target", "-t", metavar="70%|p99=300ms", help=say("cli.opt-target"), show_default=False),
        workload: str = session.workload_option(),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.api import sizing_target
        from sysdesign_cli.views.capacity_view import capacity_document

        try:
            wanted = sizing_target(target)
        except ValueError:
            raise typer.BadParameter(say("cli.bad-target", value=target)) from None
        design = session.load(scenario, changes)
        result = session.asked(lambda: design.capacity(wanted, workload))
        document = capacity_document(result, say)
        session.present("capacity", [result], [document], format, why=why, why_of=why_of, sources=design.sources)
        return 0 if _good(result) else 1

    return capacity


def _good(result: CapacityResult) -> bool:
    """Nothing is overloaded, every promise about time is kept at this load, and the target can be reached."""
    return result.headroom.factor.value >= 0 and result.unreachable is None and not any(one.overloaded for one in result.services)
