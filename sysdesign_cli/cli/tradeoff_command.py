"""``sysdesign tradeoff SCENARIO``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import typer

from sysdesign_cli.cli.progress import progress
from sysdesign_cli.cli.session import Session, complete_names

if TYPE_CHECKING:
    from sysdesign_cli.analyses.tradeoff import TradeoffResult


def command(session: Session) -> Callable[..., int]:
    say = session.say

    def tradeoff(
        scenario: str = session.scenario_argument(),
        variants: list[str] = typer.Option(
            [],
            "--variants",
            metavar="NAME,NAME",
            help=say("cli.opt-variants"),
            autocompletion=complete_names("variants"),
            show_default=False,
        ),
        weight: list[str] = typer.Option(
            [], "--weight", metavar="METRIC=NUMBER", help=say("cli.opt-weight"), autocompletion=complete_weight, show_default=False
        ),
        flow: str = typer.Option(
            "", "--flow", metavar="FLOW", help=say("cli.opt-tradeoff-flow"), autocompletion=complete_names("flows"), show_default=False
        ),
        workload: str = session.workload_option(),
        along: list[str] = typer.Option([], "--along", metavar="PATH=LOW..HIGH", help=say("cli.opt-along"), show_default=False),
        samples: int = typer.Option(0, "--samples", min=0, max=100_000, help=say("cli.opt-samples")),
        seed: int | None = typer.Option(None, "--seed", min=0, help=say("cli.opt-seed"), show_default=False),
        simulate_for: str = session.simulated_for_option(),
        replications: int = session.simulated_replications_option(),
        prices: str = typer.Option("", "--prices", metavar="FILE", help=say("cli.opt-prices"), show_default=False),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.analyses.tradeoff import read_weight
        from sysdesign_cli.views.tradeoff_view import tradeoff_document

        design = session.load(scenario, changes, where_they_fit=True)
        if design.left_out:  # a change that only a variant has a place for is none too few
            others = session.asked(lambda: [design.variant(str(name)).scenario for name in design.scenario.variants])
            session.refuse_nowhere(scenario, changes, [design.scenario, *others])
        book = session.asked(lambda: design.prices(prices))
        names = [name.strip() for text in variants for name in text.split(",") if name.strip()]
        with progress(say("tradeoff.progress")) if samples else nullcontext(_untold) as told:
            result = _asked(
                session,
                lambda: design.tradeoff(
                    names,
                    dict(read_weight(text) for text in weight),
                    flow,
                    workload=workload,
                    prices=book if prices else "",
                    along=along,
                    samples=samples,
                    seed=seed,
                    simulating=session.simulating(simulate_for, 1 if seed is None else seed, replications),
                    done=told,
                ),
            )
        session.note_changes(changes, design.left_out)
        document = tradeoff_document(result, say)
        sources = {**book.sources, **design.scenario.sources}
        session.present("tradeoff", [result], [document], format, why=why, why_of=why_of, sources=sources)
        return 0

    return tradeoff


def _untold(finished: int, total: int) -> None:
    """Without samples there is nothing to count."""


def _asked(session: Session, question: Callable[[], TradeoffResult]) -> TradeoffResult:
    """The file was read without a fault, so what has no place in it was wrong with the command: leave with 2."""
    from sysdesign_cli.scenario.problems import ScenarioError

    try:
        return question()
    except ScenarioError as error:
        session.refuse(error, code=3 if any(problem.place.line for problem in error.problems) else 2)
        raise


def complete_weight(incomplete: str) -> list[str]:
    """Metrics that can be weighed and begin like this."""
    from sysdesign_cli.analyses.metrics import METRICS
    from sysdesign_cli.analyses.tradeoff import SHORT

    known = [*SHORT, *(metric.id for metric in METRICS.values() if metric.better != "neither")]
    return [f"{name}=" for name in known if name.startswith(incomplete)]
