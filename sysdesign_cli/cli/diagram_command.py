"""``sysdesign diagram SCENARIO``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from sysdesign_cli.cli.files import write_whole
from sysdesign_cli.cli.session import Session, complete_names

VIEWS = ("services", "flow", "failure", "deployment")
FORMATS = ("svg", "mermaid", "dot", "d2", "png")


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def diagram(
        scenario: str = session.scenario_argument(),
        view: str = typer.Option("", "--view", "-v", metavar="|".join(VIEWS), help=say("cli.opt-view"), show_default=False),
        format: str = typer.Option(
            "", "--format", "-f", metavar="|".join(FORMATS), help=say("cli.opt-diagram-format"), show_default=False
        ),
        output: str = typer.Option("", "--output", "-o", metavar="FILE", help=say("cli.opt-output"), show_default=False),
        force: bool = typer.Option(False, "--force", help=say("cli.opt-force")),
        changes: list[str] = session.set_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang, FORMATS)
        from sysdesign_cli.views.diagrams.layout import LayoutMissing
        from sysdesign_cli.views.diagrams.svg import svg

        design = session.load(scenario, changes)
        picture = session.asked(lambda: design.picture(view or "services"))
        try:
            text = svg(picture, say)
        except LayoutMissing:
            raise typer.BadParameter(say("diagram.missing")) from None
        if not output:
            sys.stdout.write(text)
            return 0
        write_whole(Path(output), text)
        return 0

    return diagram
