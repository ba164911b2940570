"""``sysdesign failover [SCENARIO] --kill X``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

from sysdesign_cli.cli.session import Session, complete_names

if TYPE_CHECKING:
    from sysdesign_cli.analyses.failover import FailoverResult
    from sysdesign_cli.analyses.failover_simulated import SimulatedOutage
    from sysdesign_cli.api import Design
    from sysdesign_cli.scenario.model import Scenario

DEFAULT_SCENARIO = "ecommerce"


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def failover(
        scenario: str = session.scenario_argument(""),
        kill: list[str] = typer.Option(
            [], "--kill", "-k", metavar="SERVICE", help=say("cli.opt-kill"), autocompletion=complete_names("services"), show_default=False
        ),
        zone: list[str] = typer.Option(
            [], "--zone", "-z", metavar="ZONE", help=say("cli.opt-zone"), autocompletion=complete_names("zones"), show_default=False
        ),
        lasts: str = typer.Option("", "--for", metavar="TIME", help=say("cli.opt-for"), show_default=False),
        workload: str = session.workload_option(),
        each: bool = typer.Option(False, "--each", help=say("cli.opt-each")),
        pairs: bool = typer.Option(False, "--pairs", help=say("cli.opt-pairs")),
        limit: int = typer.Option(30, "--limit", min=0, help=say("cli.opt-limit")),
        pessimistic: bool = typer.Option(False, "--pessimistic", help=say("cli.opt-pessimistic")),
        simulate: bool = typer.Option(False, "--simulate", help=say("cli.opt-failover-simulate")),
        seed: int = typer.Option(1, "--seed", min=0, help=say("cli.opt-simulate-seed")),
        replications: int = typer.Option(3, "--replications", "-r", min=1, max=10_000, help=say("cli.opt-replications")),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        duration = session.duration(lasts)
        if (each or pairs) and (kill or zone):
            raise typer.BadParameter(say("cli.kill-with-each"))
        if not (each or pairs or kill or zone):
            raise typer.BadParameter(say("failover.nothing"))
        address = scenario or DEFAULT_SCENARIO
        design = session.load(address, changes)
        sources = design.scenario.sources
        from sysdesign_cli.views.document import Note

        if each or pairs:
            if simulate:
                raise typer.BadParameter(say("cli.simulate-each"))
            from sysdesign_cli.views.document import Code
            from sysdesign_cli.views.failover_view import ranking_document

            ranking = session.asked(lambda: design.rank(pairs, duration, workload, pessimistic))
            document = ranking_document(ranking, say, limit)
            if why:
                one = ranking.kills[0].services if ranking.kills else ("SERVICE",)
                document.add(Note(say("ranking.why")), Code(f"  {_command(address, list(one), [], lasts, changes)} --why"))
            session.present("failover", [ranking], [document], format, sources=sources)
            return 0  # a list, not a verdict
        from sysdesign_cli.views.failover_view import failover_document

        result = session.asked(
            lambda: design.failover(kill, zone, duration, workload, pessimistic), lambda: _elsewhere(kill, zone, lasts, changes)
        )
        document = failover_document(result, say, () if format == "json" else _hints(session, design, result, lasts, workload))
        results: list[object] = [result]
        if simulate:
            outage = _simulated(session, design, result, seed, replications)
            results.append(outage)
            from sysdesign_cli.views.simulation_check_view import outage_blocks

            outage_blocks(document, outage, say)
        if not scenario:
            document.blocks.insert(0, Note(say("failover.default-scenario"), "muted"))
        session.present("failover", results, [document], format, why=why, why_of=why_of, sources=sources)
        return _exit_code(result)

    return failover


def _simulated(session: Session, design: Design, result: FailoverResult, seed: int, replications: int) -> SimulatedOutage:
    """The same outage, simulated. An interrupt before anything was measured goes on."""
    from sysdesign_cli.cli.progress import progress
    from sysdesign_cli.cli.simulate_command import chosen_mode

    prepared = session.asked(lambda: design.prepare_outage(result, seed, replications))
    mode = chosen_mode(session, prepared, "")
    with progress(session.say("simulate.progress"), percent=True) as told:
        outage = design.simulate_outage(result, prepared, mode, lambda share: told(round(share * 1000), 1000))
    if outage.stopped == "interrupted" and not outage.replications:
        raise KeyboardInterrupt
    return outage


def _exit_code(result: FailoverResult) -> int:
    """1 when users get errors, something is lost, an objective is breached, or something alive is overloaded."""
    bad = result.blast.answer["failed"].value + result.blast.answer["lost"].value + result.blast.completion["lost"].value > 0
    breached = any(one.met is False for flow in result.flows for one in flow.objectives)
    return 1 if bad or breached or result.cascade or result.lasting else 0


def _elsewhere(kill: list[str], zones: list[str], lasts: str, changes: list[str]) -> list[str]:
    """Commands for the bundled scenarios (and variants) that have what was named."""
    from sysdesign_cli.scenario.library import bundled_names, load_all
    from sysdesign_cli.scenario.problems import ScenarioError

    commands = []
    for name in bundled_names():
        try:
            base, variants = load_all(name, changes=changes)
        except ScenarioError:
            continue
        for scenario in (base, *variants):
            here = [one for one in kill if _has(scenario, one)]
            if here and len(here) == len(kill) and all(zone in scenario.zones for zone in zones):
                commands.append(_command(scenario.address or name, kill, zones, lasts, scenario.changes))
                break
    return commands


def _has(scenario: Scenario, target: str) -> bool:
    """Whether a service, or a replica of it, is there to be killed."""
    name, slash, number = target.partition("/")
    if name not in scenario.services:
        return False
    return not slash or (number.isdecimal() and 1 <= int(number[:9]) <= max(1, int(scenario.services[name].replicas.min)))


def _command(address: str, kill: list[str], zones: list[str], lasts: str, changes: Sequence[str]) -> str:
    words = ["sysdesign failover", address, *(f"--kill {one}" for one in kill), *(f"--zone {one}" for one in zones)]
    words += [f"--set {shlex.quote(change)}" for change in changes]
    return " ".join(words + ([f"--for {lasts}"] if lasts else []))


def _hints(session: Session, design: Design, result: FailoverResult, lasts: str, workload: str) -> tuple[tuple[str, str], ...]:
    """The variant on which the same kill goes most differently, as a sentence and a command."""
    from sysdesign_cli.scenario.library import split_address
    from sysdesign_cli.scenario.problems import ScenarioError
    from sysdesign_cli.views.document import show

    if design.scenario.variant or not result.kill.services:
        return ()
    base = split_address(design.scenario.address)[0]
    best: tuple[float, str, FailoverResult] | None = None
    left_out = dict(design.left_out)
    for variant in design.scenario.variants:
        try:
            other = design.variant(variant).failover(
                result.kill.services, result.kill.zones, result.kill.duration_s, result.workload, result.kill.pessimistic
            )
        except ScenarioError:
            continue  # that variant has no such service
        apart = sum(
            abs(other.blast.answer[s].value - result.blast.answer[s].value)
            + abs(other.blast.completion[s].value - result.blast.completion[s].value)
            for s in result.blast.answer
        )
        if apart > 1e-9 and (best is None or apart > best[0]):
            best = (apart, f"{base}@{variant}", other)
    unfit = design.left_out.get(best[1], ()) if best is not None else ()
    design.left_out.clear()  # variants that were only tried are nobody's business
    design.left_out.update(left_out)
    if best is None:
        return ()
    shares = [
        ", ".join(f"{session.say(f'state.{s}')} {show(n)}" for s, n in part.items() if n.value > 0)
        for part in (best[2].blast.answer, best[2].blast.completion)
    ]
    sentence = session.say("failover.elsewhere", scenario=best[1], answers=shares[0], completions=shares[1])
    fitting = [change for change in design.changes if change not in unfit]
    words = _command(best[1], list(result.kill.services), list(result.kill.zones), lasts, fitting)
    words += f" --workload {workload}" if workload else ""
    return ((sentence, words + (" --pessimistic" if result.kill.pessimistic else "")),)
