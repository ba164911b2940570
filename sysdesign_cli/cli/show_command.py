"""``sysdesign show SCENARIO``."""

from __future__ import annotations

from collections.abc import Callable

import typer

from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    def show(
        scenario: str = session.scenario_argument(),
        defaults: bool = typer.Option(False, "--defaults", help=session.say("cli.opt-defaults")),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.views.scenario_view import defaults_document, show_document

        design = session.load(scenario)
        document = (defaults_document if defaults else show_document)(design.scenario, session.say)
        session.present("show", [design.scenario], [document], format)
        return 0

    return show
