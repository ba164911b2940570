"""``sysdesign export SCENARIO --open-psa``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from sysdesign_cli.cli.files import write_whole
from sysdesign_cli.cli.session import Session, complete_names


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def export(
        scenario: str = session.scenario_argument(),
        name: str = typer.Argument(
            "", metavar="[FLOW]", help=say("cli.arg-export-flow"), autocompletion=complete_names("flows"), show_default=False
        ),
        open_psa: bool = typer.Option(False, "--open-psa", help=say("cli.opt-open-psa")),
        output: str = typer.Option("", "--output", "-o", metavar="FILE", help=say("cli.opt-output"), show_default=False),
        force: bool = typer.Option(False, "--force", help=say("cli.opt-force")),
        workload: str = session.workload_option(),
        at_most: str = typer.Option("90%", "--at-most", metavar="SHARE", help=say("cli.opt-at-most")),
        changes: list[str] = session.set_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options("", lang)
        if not open_psa:
            raise typer.BadParameter(say("export.nothing"))
        from sysdesign_cli.cli.availability_command import share_option

        busiest = share_option(session, "--at-most", at_most)
        path = Path(output)
        if output and not force and (path.exists() or path.is_symlink()):
            raise typer.BadParameter(say("init.exists", path=path))
        design = session.load(scenario, changes)
        text = session.asked(lambda: design.open_psa(name, workload, busiest))
        if not output:
            sys.stdout.write(text)
            return 0
        try:
            write_whole(path, text)
        except OSError as error:
            sys.stderr.write(say("init.cannot-write", path=path, reason=error.strerror or type(error).__name__) + "\n")
            return 2
        sys.stdout.write(say("export.written", path=path) + "\n")
        return 0

    return export
