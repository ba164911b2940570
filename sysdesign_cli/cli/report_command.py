"""``sysdesign report SCENARIO…``."""

from __future__ import annotations

import datetime
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from sysdesign_cli.cli.files import check_target, save
from sysdesign_cli.cli.session import Session

if TYPE_CHECKING:
    from sysdesign_cli.cli.progress import Told

#: What fills the templates: the extra ``report`` of pyproject.toml.
TEMPLATES_PACKAGE: Final = "jinja2>=3.1,<4"
#: Stands for standard output.
STDOUT: Final = "-"


@dataclass(frozen=True)
class Wanted:
    """What a report was asked for: all that is needed to make it again."""

    scenarios: tuple[str, ...]
    workload: str
    changes: tuple[str, ...]
    language: str


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def report(
        scenarios: list[str] = session.scenarios_argument(),
        output: str = typer.Option("report.html", "--output", "-o", metavar="FILE", help=say("cli.opt-report-output")),
        force: bool = typer.Option(False, "--force", help=say("cli.opt-force")),
        workload: str = session.workload_option(),
        changes: list[str] = session.set_option(),
        watch: bool = session.watch_option(),
        lang: str = typer.Option("", "--lang", metavar="en|th", help=say("cli.opt-report-lang"), show_default=False),
    ) -> int:
        session.check_options("", lang)
        _check_templates(session)
        path = Path(output)
        if output != STDOUT:
            check_target(session, path, force)
        elif watch:
            raise typer.BadParameter(say("watch.needs-file"))
        wanted = Wanted(tuple(dict.fromkeys(scenarios)), workload, tuple(changes), lang or say.language)

        def once(session: Session) -> int:
            text = made(session, wanted)
            if output == STDOUT:
                sys.stdout.write(text)
                return 0
            return written(session, path, text)

        return session.repeated(watch, wanted.scenarios, once)

    return report


def made(session: Session, wanted: Wanted) -> str:
    """The report, from the files as they are now; leaves as ``load`` does when one of them is bad."""
    from sysdesign_cli import __version__
    from sysdesign_cli.cli.progress import progress
    from sysdesign_cli.messages import LANGUAGES, Say
    from sysdesign_cli.views.report import report

    designs = session.load_each(wanted.scenarios, wanted.changes)
    today = datetime.date.today().isoformat()
    with progress(session.say("report.progress"), percent=True) as told:
        dossiers = []
        for number, design in enumerate(designs):
            asked = partial(design.dossier, wanted.workload, today, _part(told, number, len(designs)))
            dossiers.append(session.asked(asked))
        side = designs[0].together(*designs[1:], workload=wanted.workload) if len(designs) > 1 else None
        says = [Say(language) for language in LANGUAGES]
        made_by = {say.language: say("report.made", version=__version__, date=today) for say in says}
        return report(dossiers, side, says, start=wanted.language, changes=[change.strip() for change in wanted.changes], made=made_by)


def written(session: Session, path: Path, text: str) -> int:
    """Write a report whole or not at all, and say where it is."""
    from sysdesign_cli.scenario.quantity import format_quantity

    save(session, path, text)
    size = format_quantity(float(len(text.encode())), "size")
    sys.stdout.write(session.say("report.written", path=path, size=size) + "\n")
    return 0


def _part(told: Told, number: int, count: int) -> Callable[[int, int], None]:
    """How far all are, told how far one is."""
    return lambda finished, total: told(round(1000 * (number + finished / max(total, 1)) / count), 1000)


def _check_templates(session: Session) -> None:
    """Before any work: leave with 2 when what fills the templates is not there, and say how to get it."""
    from importlib.util import find_spec

    if find_spec("jinja2") is None:
        command = shlex.join([sys.executable, "-m", "pip", "install", TEMPLATES_PACKAGE])
        sys.stderr.write(session.say("report.missing", command=command) + "\n")
        raise typer.Exit(2)
