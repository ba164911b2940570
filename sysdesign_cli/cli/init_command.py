"""``sysdesign init [PATH]``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from sysdesign_cli.cli.files import write_whole
from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def init(
        path: Path = typer.Argument(Path("system.yaml"), metavar="[PATH]", help=say("cli.arg-init")),
        force: bool = typer.Option(False, "--force", help=say("cli.opt-force")),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options("", lang)
        from sysdesign_cli.scenario.starter import starter

        if path.exists() and not force:
            raise typer.BadParameter(say("init.exists", path=path))
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-") or "system"
        try:
            write_whole(path, starter(name if name[0].isalpha() else f"system-{name}"))
        except OSError as error:
            sys.stderr.write(say("init.cannot-write", path=path, reason=error.strerror or type(error).__name__) + "\n")
            return 2
        sys.stdout.write(say("init.written", path=path) + "\n")
        return 0

    return init
