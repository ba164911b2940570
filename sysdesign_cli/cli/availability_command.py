"""``sysdesign availability SCENARIO [FLOW]``."""

from __future__ import annotations

from collections.abc import Callable

import typer

from sysdesign_cli.cli.session import Session, complete_names


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def availability(
        scenario: str = session.scenario_argument(),
        name: str = typer.Argument(
            "", metavar="[FLOW]", help=say("cli.arg-availability-flow"), autocompletion=complete_names("flows"), show_default=False
        ),
        workload: str = session.workload_option(),
        order: int = typer.Option(3, "--order", min=1, max=20, metavar="N", help=say("cli.opt-order")),
        experiments: bool = typer.Option(False, "--experiments", help=say("cli.opt-experiments")),
        at_most: str = typer.Option("90%", "--at-most", metavar="SHARE", help=say("cli.opt-at-most")),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        busiest = share_option(session, "--at-most", at_most)
        design = session.load(scenario, changes)
        sources = design.scenario.sources
        if experiments:
            from sysdesign_cli.views.experiments_view import experiments_document

            plan = session.asked(lambda: design.experiments(name, workload, order, busiest))
            document = experiments_document(plan, say, changes)
            session.present("availability", [plan], [document], format, why=why, why_of=why_of, sources=sources)
            return 0  # a plan, not a verdict
        from sysdesign_cli.views.availability_view import availability_document

        result = session.asked(lambda: design.availability(name, workload, order, busiest))
        document = availability_document(result, say, changes)
        session.present("availability", [result], [document], format, why=why, why_of=why_of, sources=sources)
        return 1 if any(flow.met is False for flow in result.flows) else 0

    return availability


def share_option(session: Session, option: str, text: str) -> float:
    """A share such as ``90%``; a usage error for anything else."""
    from sysdesign_cli.api import share

    try:
        return share(text)
    except ValueError:
        raise typer.BadParameter(session.say("cli.bad-share", option=option, value=text)) from None
