"""``sysdesign sweep SCENARIO --set PATH=2..12 --metric M``."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import typer

from sysdesign_cli.cli.progress import progress
from sysdesign_cli.cli.session import Session, complete_names

if TYPE_CHECKING:
    from sysdesign_cli.analyses.sweep import SweepResult
    from sysdesign_cli.views.document import Document

#: What ``--cluster`` needs: the extra of that name in pyproject.toml.
CLUSTER_PACKAGE: Final = "distributed>=2025.1"


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def sweep(
        scenario: str = session.scenario_argument(),
        changes: list[str] = typer.Option([], "--set", metavar="PATH=VALUES", help=say("cli.opt-set-many"), show_default=False),
        metric: list[str] = typer.Option(
            [], "--metric", "-m", metavar="ID[:NAME]", help=say("cli.opt-metric"), autocompletion=complete_metric, show_default=False
        ),
        workload: str = session.workload_option(),
        kill: list[str] = typer.Option(
            [], "--kill", "-k", metavar="SERVICE", help=say("cli.opt-kill"), autocompletion=complete_names("services"), show_default=False
        ),
        zone: list[str] = typer.Option(
            [], "--zone", "-z", metavar="ZONE", help=say("cli.opt-zone"), autocompletion=complete_names("zones"), show_default=False
        ),
        lasts: str = typer.Option("", "--for", metavar="TIME", help=say("cli.opt-for"), show_default=False),
        jobs: int = typer.Option(0, "--jobs", "-j", min=0, max=1024, help=say("cli.opt-jobs")),
        cluster: str = typer.Option("", "--cluster", metavar="ADDRESS", help=say("cli.opt-cluster"), show_default=False),
        simulate_for: str = session.simulated_for_option(),
        seed: int = session.simulated_seed_option(),
        replications: int = session.simulated_replications_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        from sysdesign_cli.views.document import Code, Note

        session.check_options(format, lang)
        if not metric:
            raise typer.BadParameter(say("sweep.no-metric"))
        duration = session.duration(lasts)
        simulating = session.simulating(simulate_for, seed, replications)
        design = session.load(scenario)  # a fault of the file is told as such, not as one of the changes
        with progress(say("sweep.progress")) as told:
            result = _asked(
                session,
                lambda: design.sweep(
                    changes,
                    metric,
                    workload=workload,
                    kill=kill,
                    zones=zone,
                    lasts=duration,
                    simulating=simulating,
                    jobs=jobs,
                    cluster=cluster,
                    done=told,
                ),
            )
        session.note_changes(result.changes, {})
        document = _document(session, result, format)
        one = len(result.points) == 1
        if why and not one and format != "json":
            words = _command(scenario, result, workload, kill, zone, lasts)
            document.add(Note(say("sweep.why")), Code(f"  {words} --why"))
        session.present("sweep", [result], [document], format, why=why and one, why_of=why_of, sources=design.sources)
        return 0

    return sweep


def _asked(session: Session, question: Callable[[], SweepResult]) -> SweepResult:
    """The file is in order by itself, so whatever is refused was wrong with the command: leave with 2."""
    from sysdesign_cli.analyses.parallel import ClusterError
    from sysdesign_cli.scenario.problems import ScenarioError

    try:
        return question()
    except ScenarioError as error:
        session.refuse(error, code=2)
        raise
    except ClusterError as error:
        command = shlex.join([sys.executable, "-m", "pip", "install", CLUSTER_PACKAGE])
        sys.stderr.write(session.say(f"cluster.{error.reason}", address=error.address, detail=error.detail, command=command) + "\n")
        raise typer.Exit(2) from None


def _document(session: Session, result: SweepResult, format: str) -> Document:
    from sysdesign_cli.views.document import Document
    from sysdesign_cli.views.sweep_view import points_table, sweep_document

    if format == "csv":
        return Document([points_table(result, session.say, why=True)])
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else 80
    return sweep_document(result, session.say, width, ascii_only=os.environ.get("TERM") == "dumb")


def _command(scenario: str, result: SweepResult, workload: str, kill: list[str], zones: list[str], lasts: str) -> str:
    """The command for one point of the sweep: the first that has all its values."""
    from sysdesign_cli.engine.explained import Number

    whole = (point for point in result.points if all(isinstance(value, Number) for value in point.values))
    point = next(whole, result.points[0])
    words = ["sysdesign", "sweep", scenario]
    for change in (*result.changes, *(f"{axis.path}={text}" for axis, text in zip(result.axes, point.at, strict=True))):
        words += ["--set", change]
    for asked in result.metrics:
        words += ["--metric", asked.id]
    for option, names in (("--workload", [workload]), ("--kill", kill), ("--zone", zones), ("--for", [lasts])):
        words += [word for name in names if name for word in (option, name)]
    return shlex.join(words)


def complete_metric(incomplete: str) -> list[str]:
    """Metrics that begin like this."""
    from sysdesign_cli.analyses.metrics import METRICS

    return [name for name in METRICS if name.startswith(incomplete)]
