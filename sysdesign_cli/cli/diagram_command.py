"""``sysdesign diagram SCENARIO``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from sysdesign_cli.cli.files import check_target, save
from sysdesign_cli.cli.session import Session, complete_names
from sysdesign_cli.views.diagrams import ENDINGS, FORMATS, PACKAGES

if TYPE_CHECKING:
    from sysdesign_cli.analyses.picture import Picture

VIEWS: Final = ("services", "flow", "failure", "deployment")
KILLING: Final = ("failure", "deployment")


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def diagram(
        scenario: str = session.scenario_argument(),
        view: str = typer.Option("", "--view", "-v", metavar="|".join(VIEWS), help=say("cli.opt-view"), show_default=False),
        flow: str = typer.Option(
            "", "--flow", metavar="FLOW", help=say("cli.opt-diagram-flow"), autocompletion=complete_names("flows"), show_default=False
        ),
        kill: list[str] = typer.Option(
            [], "--kill", "-k", metavar="SERVICE", help=say("cli.opt-kill"), autocompletion=complete_names("services"), show_default=False
        ),
        zone: list[str] = typer.Option(
            [], "--zone", "-z", metavar="ZONE", help=say("cli.opt-zone"), autocompletion=complete_names("zones"), show_default=False
        ),
        lasts: str = typer.Option("", "--for", metavar="TIME", help=say("cli.opt-for"), show_default=False),
        workload: str = session.workload_option(),
        format: str = typer.Option("", "--format", "-f", metavar="|".join(FORMATS), help=say("cli.opt-diagram-format"), show_default=False),
        output: str = typer.Option("", "--output", "-o", metavar="FILE", help=say("cli.opt-output"), show_default=False),
        force: bool = typer.Option(False, "--force", help=say("cli.opt-force")),
        changes: list[str] = session.set_option(),
        watch: bool = session.watch_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang, tuple(FORMATS))
        chosen = _view(session, view, flow, bool(kill or zone))
        duration = session.duration(lasts)
        written_as = format or ENDINGS.get(Path(output).suffix[1:].lower(), "svg")
        if written_as == "png" and not output and sys.stdout.isatty():
            raise typer.BadParameter(say("diagram.png-terminal"))
        if watch and not output:
            raise typer.BadParameter(say("watch.needs-file"))
        if output:
            check_target(session, Path(output), force)

        def once(session: Session) -> int:
            design = session.load(scenario, changes)
            picture = session.asked(lambda: design.picture(chosen, flow, kill, zone, duration, workload))
            return _hand_over(session, output, _drawn(session, written_as, picture))

        return session.repeated(watch, [scenario], once)

    return diagram


def _hand_over(session: Session, output: str, content: str | bytes) -> int:
    if output:
        save(session, Path(output), content)
        sys.stdout.write(session.say("diagram.written", path=output) + "\n")
    elif isinstance(content, bytes):
        sys.stdout.buffer.write(content)
    else:
        sys.stdout.write(content)
    return 0


def _view(session: Session, view: str, flow: str, killing: bool) -> str:
    """The view that is meant. Raises a usage error for one that there is not, and for options that do not belong to it."""
    say = session.say
    if view and view not in VIEWS:
        raise typer.BadParameter(say("cli.bad-choice", option="--view", value=view, options=", ".join(VIEWS)))
    view = view or ("failure" if killing else "flow" if flow else "services")
    if killing and view not in KILLING:
        raise typer.BadParameter(say("diagram.kill-elsewhere", view=view))
    if flow and view != "flow":
        raise typer.BadParameter(say("diagram.flow-elsewhere", view=view))
    if view == "failure" and not killing:
        raise typer.BadParameter(say("diagram.nothing-killed"))
    return view


def _drawn(session: Session, format: str, picture: Picture) -> str | bytes:
    """The picture written down; what keeps it from that is told in one line."""
    from sysdesign_cli.views.diagrams import written
    from sysdesign_cli.views.diagrams.layout import LayoutMissing, TooLarge

    try:
        content = written(format, picture, session.say)
    except LayoutMissing:
        _leave(session, "diagram.missing", command=_install(PACKAGES))
        raise
    except TooLarge as error:
        _leave(session, "diagram.too-large", count=error.count, limit=error.limit)
        raise
    if format == "png":
        from sysdesign_cli.views.diagrams.png import has_thai, thai_can_be_drawn
        from sysdesign_cli.views.diagrams.wording import everything

        if has_thai(everything(picture, session.say)) and not thai_can_be_drawn():
            sys.stderr.write(session.say("diagram.no-thai-font") + "\n")
    return content


def _install(packages: Sequence[str]) -> str:
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])


def _leave(session: Session, key: str, **params: object) -> None:
    sys.stdout.flush()
    sys.stderr.write(session.say(key, **params) + "\n")
    raise typer.Exit(2)
