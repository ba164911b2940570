"""``sysdesign flow SCENARIO [FLOW]``."""

from __future__ import annotations

from collections.abc import Callable

import typer

from sysdesign_cli.cli.session import Session, complete_names


def command(session: Session) -> Callable[..., int]:
    def flow(
        scenario: str = session.scenario_argument(),
        name: str = typer.Argument(
            "", metavar="[FLOW]", help=session.say("cli.arg-flow"), autocompletion=complete_names("flows"), show_default=False
        ),
        workload: str = session.workload_option(),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.views.flow_view import flow_document

        design = session.load(scenario, changes)
        names = [name] if name else list(design.scenario.flows)
        results = session.asked(lambda: [design.flow(one, workload) for one in names])
        documents = [flow_document(result, session.say) for result in results]
        session.present("flow", results, documents, format, why=why, why_of=why_of, sources=design.scenario.sources)
        return 0

    return flow
