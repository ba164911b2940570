"""``sysdesign show SCENARIO [PART]``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from sysdesign_cli.cli.session import Session, complete_names

if TYPE_CHECKING:
    from sysdesign_cli.api import Design
    from sysdesign_cli.scenario.model import Scenario
    from sysdesign_cli.scenario.problems import ScenarioError
    from sysdesign_cli.views.document import Note, Tree


def command(session: Session) -> Callable[..., int]:
    def show(
        scenario: str = session.scenario_argument(),
        part: str = typer.Argument(
            "", metavar="[PART]", help=session.say("cli.arg-part"), autocompletion=complete_names("services", "events"), show_default=False
        ),
        defaults: bool = typer.Option(False, "--defaults", help=session.say("cli.opt-defaults")),
        changes: list[str] = session.set_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.views.scenario_view import defaults_document, part_document, show_document

        design = session.load(scenario, changes)
        if part:
            found = part_document(design.scenario, part, session.say)
            if found is None:
                session.refuse(_no_such_part(design.scenario, part))
            else:
                parts = design.scenario.services.get(part) or design.scenario.events.get(part)
                session.present("show", [parts], [found], format)
            return 0
        if defaults:
            document = defaults_document(design.scenario, session.say)
        else:
            document = show_document(design.scenario, session.say, _drawing(design, session) if format != "json" else None)
        session.present("show", [design.scenario], [document], format)
        return 0

    return show


def _drawing(design: Design, session: Session) -> Tree | Note | None:
    from sysdesign_cli.analyses.picture_services import services
    from sysdesign_cli.views.diagrams.terminal import drawn

    return drawn(services(design.system, rated=False), session.say)


def _no_such_part(scenario: Scenario, part: str) -> ScenarioError:
    from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest

    known = [*scenario.services, *scenario.events]
    params = {"name": part[:60], "what": "part", "known": ", ".join(known)}
    return ScenarioError([Problem("unknown-name", Place(scenario.address), params, nearest(part, known))])
