"""``sysdesign compare A B [C…]``."""

from __future__ import annotations

from collections.abc import Callable

import typer

from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    def compare(
        scenarios: list[str] = session.scenarios_argument(),
        workload: str = session.workload_option(),
        quick: bool = typer.Option(False, "--quick", help=session.say("cli.opt-compare-quick")),
        everything: bool = typer.Option(False, "--all", help=session.say("cli.opt-compare-all")),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        if len(scenarios) < 2:
            raise typer.BadParameter(session.say("compare.two-needed"))
        extent = "all" if everything else "quick" if quick else "ordinary"
        from sysdesign_cli.views.compare_view import compare_document

        designs = session.load_each(scenarios, changes)
        result = session.asked(lambda: designs[0].compare(*designs[1:], workload=workload, extent=extent))
        sources = {name: source for design in designs for name, source in design.sources.items()} if why else {}
        session.present("compare", [result], [compare_document(result, session.say)], format, why=why, why_of=why_of, sources=sources)
        return 0

    return compare
