"""``sysdesign cost SCENARIO``."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import typer

from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def cost(
        scenario: str = session.scenario_argument(),
        prices: str = typer.Option("", "--prices", metavar="FILE", help=say("cli.opt-prices"), show_default=False),
        workload: str = typer.Option("", "--workload", "-w", metavar="WORKLOAD", help=say("cli.opt-cost-workload"), show_default=False),
        today: str = typer.Option("", "--today", metavar="DATE", help=say("cli.opt-cost-today"), show_default=False),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        date = _date(session, today)
        from sysdesign_cli.views.cost_view import cost_document

        design = session.load(scenario, changes)
        book = session.asked(lambda: design.prices(prices))
        result = session.asked(lambda: design.cost(book, workload, date))
        sources = {**book.sources, **design.scenario.sources}
        session.present("cost", [result], [cost_document(result, say)], format, why=why, why_of=why_of, sources=sources)
        return 0

    return cost


def _date(session: Session, today: str) -> str:
    if not today:
        return datetime.date.today().isoformat()
    try:
        return datetime.date.fromisoformat(today).isoformat()
    except ValueError:
        raise typer.BadParameter(session.say("cli.bad-date", value=today)) from None
