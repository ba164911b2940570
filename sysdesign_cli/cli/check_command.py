"""``sysdesign check [SCENARIO…]``."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import typer

from sysdesign_cli.cli.session import FORMATS, Session

if TYPE_CHECKING:
    from sysdesign_cli.analyses.checking import CheckResult

CHECK_FORMATS: Final = (*FORMATS, "sarif", "github")
FAIL_ON: Final = ("error", "warning", "info", "never")


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def check(
        scenarios: list[str] = session.scenarios_argument([]),
        select: list[str] = typer.Option([], "--select", metavar="RULE", help=say("cli.opt-select"), show_default=False),
        ignore: list[str] = typer.Option([], "--ignore", metavar="RULE", help=say("cli.opt-ignore"), show_default=False),
        fail_on: str = typer.Option("warning", "--fail-on", metavar="|".join(FAIL_ON), help=say("cli.opt-fail-on")),
        today: str = typer.Option("", "--today", metavar="DATE", help=say("cli.opt-today"), show_default=False),
        changes: list[str] = session.set_option(),
        format: str = session.format_option(CHECK_FORMATS),
        watch: bool = session.watch_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang, CHECK_FORMATS)
        if fail_on not in FAIL_ON:
            raise typer.BadParameter(say("cli.bad-choice", option="--fail-on", value=fail_on, options=", ".join(FAIL_ON)))
        from sysdesign_cli.scenario.library import bundled_names

        addresses = scenarios or bundled_names()

        def once(session: Session) -> int:
            results = _results(session, addresses, _words(select), _words(ignore), _date(session, today), changes)
            _present(session, results, format)
            return 1 if fail_on != "never" and any(result.at_least(fail_on) for result in results) else 0

        return session.repeated(watch, addresses, once, format)

    return check


def _present(session: Session, results: list[CheckResult], format: str) -> None:
    from sysdesign_cli.analyses.rules import all_rules
    from sysdesign_cli.views import check_view

    if format == "sarif":
        from sysdesign_cli import __version__

        sys.stdout.write(check_view.sarif(results, all_rules(), session.say, __version__))
    elif format == "github":
        sys.stdout.write(check_view.github(results, session.say))
    elif format == "csv":
        session.present("check", results, [check_view.findings_table(results, all_rules(), session.say)], format)
    else:
        session.present("check", results, [check_view.check_document(result, all_rules(), session.say) for result in results], format)


def _words(values: list[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _date(session: Session, today: str) -> str:
    if not today:
        return datetime.date.today().isoformat()
    try:
        return datetime.date.fromisoformat(today).isoformat()
    except ValueError:
        raise typer.BadParameter(session.say("cli.bad-date", value=today)) from None


def _results(
    session: Session, addresses: list[str], select: list[str], ignore: list[str], today: str, changes: list[str]
) -> list[CheckResult]:
    """Read everything first, so that the problems of all files are told at once; then run the rules."""
    from sysdesign_cli.api import Design, vocabulary
    from sysdesign_cli.scenario.library import load_all
    from sysdesign_cli.scenario.problems import Problem, ScenarioError

    designs: list[Design] = []
    problems: list[Problem] = []
    for address in addresses:
        try:
            designs.append(Design(load_all(address, vocabulary(), changes, where_they_fit=len(addresses) > 1)[0], changes))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        session.refuse_changed(ScenarioError(problems), addresses[0], changes)
    session.refuse_nowhere(addresses[0], changes, [design.scenario for design in designs])
    session.note_changes(changes, {address: missing for design in designs for address, missing in design.left_out.items()})
    return list(session.asked(lambda: [design.check(select, ignore, today) for design in designs]))
