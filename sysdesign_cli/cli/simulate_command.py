"""``sysdesign simulate SCENARIO --for 10min --kill X@2min..5min``."""

from __future__ import annotations

import importlib
import math
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from sysdesign_cli.cli.files import write_whole
from sysdesign_cli.cli.progress import progress
from sysdesign_cli.cli.session import Session, complete_names

if TYPE_CHECKING:
    from sysdesign_cli.analyses.simulation_plan import Prepared
    from sysdesign_cli.analyses.simulation_result import Simulation
    from sysdesign_cli.api import Design
    from sysdesign_cli.views.document import Document

#: What ``--mode fast`` and ``--out FILE.parquet`` need: the extras of those names in pyproject.toml.
FAST_PACKAGE: Final = "numba>=0.61"
PARQUET_PACKAGE: Final = "pyarrow>=18"
MODES: Final = ("plain", "fast")
ENDINGS: Final = (".csv", ".parquet")
#: A run that would take longer than this (s) says so before it begins.
LONG_S: Final = 60.0
INTERRUPTED: Final = 130


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def faults(flag: str, short: str, example: str, key: str, *sections: str) -> list[str]:
        words = (flag, short) if short else (flag,)
        option: list[str] = typer.Option(
            [], *words, metavar=example, help=say(key), autocompletion=complete_names(*sections), show_default=False
        )
        return option

    def simulate(
        scenario: str = session.scenario_argument(),
        workload: str = session.workload_option(),
        lasts: str = typer.Option("10min", "--for", metavar="TIME", help=say("cli.opt-simulate-for")),
        start: str = typer.Option("", "--from", metavar="HH:MM", help=say("cli.opt-simulate-from"), show_default=False),
        kill: list[str] = faults("--kill", "-k", "SERVICE@FROM..TO", "cli.opt-simulate-kill", "services"),
        zone: list[str] = faults("--zone", "-z", "ZONE@FROM..TO", "cli.opt-simulate-zone", "zones"),
        slow: list[str] = faults("--slow", "", "SERVICE=FACTOR@FROM..TO", "cli.opt-simulate-slow", "services"),
        loss: list[str] = faults("--loss", "", "SERVICE=SHARE@FROM..TO", "cli.opt-simulate-loss", "services"),
        steady: bool = typer.Option(False, "--steady", help=say("cli.opt-steady")),
        check: bool = typer.Option(False, "--check", help=say("cli.opt-simulate-check")),
        seed: int = typer.Option(1, "--seed", min=0, help=say("cli.opt-simulate-seed")),
        replications: int = typer.Option(0, "--replications", "-r", min=0, max=10_000, help=say("cli.opt-replications")),
        bins: int = typer.Option(60, "--bins", min=10, max=100_000, help=say("cli.opt-bins")),
        scale: float = typer.Option(1.0, "--scale", metavar="FACTOR", help=say("cli.opt-scale")),
        mode: str = typer.Option("", "--mode", metavar="|".join(MODES), help=say("cli.opt-mode"), show_default=False),
        out: str = typer.Option("", "--out", "-o", metavar="FILE", help=say("cli.opt-out"), show_default=False),
        force: bool = typer.Option(False, "--force", help=say("cli.opt-force")),
        jobs: int = typer.Option(0, "--jobs", "-j", min=0, max=1024, help=say("cli.opt-jobs")),
        cluster: str = typer.Option("", "--cluster", metavar="ADDRESS", help=say("cli.opt-cluster"), show_default=False),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        _check(session, mode, scale, start, out, force)
        duration = session.duration(lasts)
        _check_faults(session, {"kill": kill, "zone": zone, "slow": slow, "loss": loss}, duration or 0.0)
        if check and (start or out or kill or zone or slow or loss):
            raise typer.BadParameter(say("cli.check-with-faults"))
        design = session.load(scenario, changes)
        if check:
            prepared: Prepared = session.asked(
                lambda: design.prepare_check(workload, duration or 0.0, seed=seed, replications=replications, bins=bins, scale=scale)
            )
            return _checked(session, design, prepared, mode, jobs, cluster, format, why, why_of)
        prepared = session.asked(
            lambda: design.prepare_simulation(
                workload, duration or 0.0, start=start or None, kill=kill, zones=zone, slow=slow, loss=loss,
                seed=seed, replications=replications, steady=steady, bins=bins, scale=scale,
            )
        )  # fmt: skip
        chosen = chosen_mode(session, prepared, mode)
        with progress(say("simulate.progress"), percent=True) as told:
            result = _simulated(
                session,
                lambda: design.simulate(
                    prepared, chosen, jobs=jobs, cluster=cluster, progress=lambda share: told(round(share * 1000), 1000)
                ),
            )
        written = _write(session, result, out)
        session.present(
            "simulate", [_for_json(result, format)], [_document(session, result, prepared, format)], format,
            why=why and format != "csv", why_of=why_of, sources=design.sources,
        )  # fmt: skip
        return 2 if not written else INTERRUPTED if result.stopped == "interrupted" else 0 if result.good else 1

    return simulate


def _check(session: Session, mode: str, scale: float, start: str, out: str, force: bool) -> None:
    """Refuse at once what would else be refused after a long run."""
    from sysdesign_cli.api import clock_time

    say = session.say
    if mode and mode not in MODES:
        raise typer.BadParameter(say("cli.bad-choice", option="--mode", value=mode, options=", ".join(MODES)))
    if not math.isfinite(scale) or scale <= 0:
        raise typer.BadParameter(say("simulate.bad-scale", value=f"{scale:g}"))
    try:
        clock_time(start or None)
    except ValueError:
        raise typer.BadParameter(say("simulate.bad-from", value=start)) from None
    if out:
        _check_file(session, Path(out), force)
    if mode == "fast":
        _need(session, "numba", FAST_PACKAGE, "simulate.no-numba")


def _check_file(session: Session, path: Path, force: bool) -> None:
    if path.suffix not in ENDINGS:
        raise typer.BadParameter(session.say("simulate.bad-out", value=path))
    if not force and (path.exists() or path.is_symlink()):
        raise typer.BadParameter(session.say("init.exists", path=path))
    if not path.parent.is_dir():
        raise typer.BadParameter(session.say("init.cannot-write", path=path, reason=session.say("simulate.no-folder", path=path.parent)))
    if path.suffix == ".parquet":
        _need(session, "pyarrow.parquet", PARQUET_PACKAGE, "simulate.no-pyarrow")


def _need(session: Session, module: str, package: str, key: str) -> None:
    """Say how to install what is missing, in one line, and leave."""
    try:
        importlib.import_module(module)
    except ImportError:
        sys.stderr.write(session.say(key, command=shlex.join([sys.executable, "-m", "pip", "install", package])) + "\n")
        raise typer.Exit(2) from None


def _check_faults(session: Session, faults: dict[str, list[str]], length_s: float) -> None:
    from sysdesign_cli.analyses.simulation_plan import faults_of

    for kind, texts in faults.items():
        for text in texts:
            try:
                found = faults_of(kind, [text], length_s)
            except ValueError:
                raise typer.BadParameter(session.say(f"simulate.bad-{kind}", value=text)) from None
            if kind in ("slow", "loss") and "/" in found[0].target:
                raise typer.BadParameter(session.say("simulate.whole-service", option=f"--{kind}", value=text))


def chosen_mode(session: Session, prepared: Prepared, mode: str) -> str:
    """The mode that will run; what takes long is told before."""
    from sysdesign_cli.analyses.simulation_plan import TOO_LONG_S, too_long
    from sysdesign_cli.analyses.simulation_runs import quickest_mode
    from sysdesign_cli.engine.simulation.modes import is_compiled
    from sysdesign_cli.scenario.problems import ScenarioError
    from sysdesign_cli.scenario.quantity import TIME, format_quantity

    chosen = mode or quickest_mode(prepared)
    if prepared.seconds(chosen) > TOO_LONG_S:
        session.refuse(ScenarioError([too_long(prepared.setting, prepared.events, prepared.seconds(chosen))]), code=2)
    if prepared.seconds(chosen) > LONG_S:
        takes = format_quantity(prepared.seconds(chosen), TIME)
        sys.stderr.write(session.say("simulate.long", takes=takes, events=f"{prepared.events:,.0f}") + "\n")
    if chosen == "fast" and not is_compiled():
        sys.stderr.write(session.say("simulate.compiling") + "\n")
    sys.stderr.flush()
    return chosen


def _simulated(session: Session, question: Callable[[], Simulation]) -> Simulation:
    """The result, also where an interrupt ended it; an interrupt before there was anything goes on."""
    from sysdesign_cli.analyses.parallel import ClusterError
    from sysdesign_cli.cli.sweep_command import CLUSTER_PACKAGE

    try:
        result = question()
    except ClusterError as error:
        words = shlex.join([sys.executable, "-m", "pip", "install", CLUSTER_PACKAGE])
        sys.stderr.write(session.say(f"cluster.{error.reason}", address=error.address, detail=error.detail, command=words) + "\n")
        raise typer.Exit(2) from None
    if result.stopped == "interrupted" and not result.replications:
        raise KeyboardInterrupt
    return result


def _write(session: Session, result: Simulation, out: str) -> bool:
    """The series into a file; False when that failed, which is told."""
    if not out:
        return True
    from sysdesign_cli.views.series_file import series_csv, series_parquet

    path = Path(out)
    try:
        write_whole(path, series_parquet(result) if path.suffix == ".parquet" else series_csv(result))
    except OSError as error:
        sys.stderr.write(session.say("init.cannot-write", path=path, reason=error.strerror or type(error).__name__) + "\n")
        return False
    sys.stderr.write(session.say("simulate.written", path=path, bins=len(result.series.times)) + "\n")
    return True


def _checked(
    session: Session, design: Design, prepared: Prepared, mode: str, jobs: int, cluster: str, format: str, why: bool, why_of: str
) -> int:
    """Theory against simulation."""
    from sysdesign_cli.views.simulation_check_view import check_simulation_document

    chosen = chosen_mode(session, prepared, mode)
    with progress(session.say("simulate.progress"), percent=True) as told:
        result = _simulated(
            session,
            lambda: design.simulate(prepared, chosen, jobs=jobs, cluster=cluster, progress=lambda share: told(round(share * 1000), 1000)),
        )
    check = design.check_simulation(prepared, result)
    document = check_simulation_document(check, session.say, whole=format == "csv")
    session.present("simulate", [check], [document], format, why=why and format != "csv", why_of=why_of, sources=design.sources)
    return INTERRUPTED if result.stopped == "interrupted" else 0 if check.good else 1


def _for_json(result: Simulation, format: str) -> Simulation:
    from sysdesign_cli.views.simulation_view import without_means

    return without_means(result) if format == "json" else result


def _document(session: Session, result: Simulation, prepared: Prepared, format: str) -> Document:
    from sysdesign_cli.views.simulation_view import simulation_document, simulation_tables

    if format == "csv":
        return simulation_tables(result, session.say)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else 80
    ascii_only = os.environ.get("TERM") == "dumb"
    return simulation_document(result, session.say, width, ascii_only, prepared.replications)
