"""``sysdesign explore [SCENARIO]``."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable

import typer

from sysdesign_cli.cli.files import write_whole
from sysdesign_cli.cli.session import Session, complete_names

DEFAULT_SCENARIO = "ecommerce"
SMALLEST = (80, 24)
INSTALL = "pip install 'sysdesign[explore]'"


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def explore(
        scenario: str = session.scenario_argument(""),
        workload: str = session.workload_option(),
        kill: list[str] = typer.Option(
            [], "--kill", "-k", metavar="SERVICE", help=say("cli.opt-kill"), autocompletion=complete_names("services"), show_default=False
        ),
        zone: list[str] = typer.Option(
            [], "--zone", "-z", metavar="ZONE", help=say("cli.opt-zone"), autocompletion=complete_names("zones"), show_default=False
        ),
        load: float = typer.Option(1.0, "--load", min=0.01, max=10_000.0, help=say("cli.opt-load")),
        changes: list[str] = session.set_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options("", lang)
        if refusal := _refusal():
            sys.stderr.write(say(refusal, size=_size(), term=os.environ.get("TERM", ""), command=INSTALL) + "\n")
            return 2
        address = scenario or DEFAULT_SCENARIO
        design = session.load(address, changes)
        from sysdesign_cli.analyses.whatif import Question, WhatIfs

        session.asked(lambda: WhatIfs(design.system).reaction(Question(tuple(kill), tuple(zone), load, workload)))
        from sysdesign_cli.explorer.app import Explorer
        from sysdesign_cli.explorer.source import Source
        from sysdesign_cli.explorer.state import Situation
        from sysdesign_cli.scenario.library import split_address

        name, variant = split_address(address)
        situation = Situation(name, variant, workload, tuple(kill), tuple(zone), load, tuple(change.strip() for change in changes))
        app = Explorer(situation, Source(name), design, say, write_whole)
        # everything so far lives to the end; from here on there is something to collect
        gc.freeze()
        gc.enable()
        commands = app.run()
        if app.fault is not None:
            raise app.fault
        for one in commands or ():
            sys.stdout.write(one + "\n")
        return 0

    return explore


def _refusal() -> str:
    """Why there is nothing to draw on, as the key of a message; "" when there is."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return "explore.no-terminal"
    if os.environ.get("TERM", "") in ("dumb", "unknown", ""):
        return "explore.dumb-terminal"
    width, height = shutil.get_terminal_size()
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return "explore.too-small"
    try:
        import textual  # noqa: F401
    except ImportError:
        return "explore.not-installed"
    return ""


def _size() -> str:
    width, height = shutil.get_terminal_size()
    return f"{width}×{height}"
