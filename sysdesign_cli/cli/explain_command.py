"""``sysdesign explain CODE|METRIC|TERM``."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def explain(
        name: str = typer.Argument("", metavar="[CODE|METRIC|TERM]", help=say("cli.arg-explain"), show_default=False),
        every: bool = typer.Option(False, "--list", help=say("cli.opt-explain-list")),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.views.pages import find_page, near_pages, pages_document

        if every or not name:
            session.present("explain", [], [pages_document(say)], format)
            return 0
        found = find_page(name, say)
        if found is None:
            sys.stderr.write(say("explain.unknown", name=name) + "\n")
            if near := near_pages(name, say):
                sys.stderr.write("    " + say("problem.did-you-mean", near=", ".join(near)) + "\n")
            sys.stderr.write(say("explain.known") + "\n")
            return 2
        session.present("explain", [found.data], [found.document], format)
        return 0

    return explain
