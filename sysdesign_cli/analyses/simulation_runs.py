"""All replications of a simulation: here, on all cores, or on a cluster; always with the same outcomes in the same order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Final

from sysdesign_cli.analyses.parallel import in_order
from sysdesign_cli.analyses.simulation_plan import Prepared
from sysdesign_cli.engine.simulation.modes import Fast, Plain, installed, is_compiled
from sysdesign_cli.engine.simulation.run import Outcome, Plan, Run
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario

#: Seconds it takes to load the fast mode, and to compile it the first time: for the choice of a mode only.
LOADING_S: Final = 1.5
COMPILING_S: Final = 40.0
#: Seconds of one replication from which on several processes are worth while.
_WORTH_PROCESSES_S: Final = 2.0


def quickest_mode(prepared: Prepared) -> str:
    """The mode that is expected to be done first."""
    if not installed():
        return "plain"
    fast = prepared.seconds("fast") + LOADING_S + (0.0 if is_compiled() else COMPILING_S)
    return "fast" if fast < prepared.seconds("plain") else "plain"


def run_all(scenario: Scenario, prepared: Prepared, mode: str, jobs: int, cluster: str, progress: Callable[[float], None]) -> list[Outcome]:
    """The outcomes of all replications. An interrupt leaves those that are whole, or what there is of the first.

    Raises ClusterError, KeyboardInterrupt when nothing is there yet.
    """
    count, plan, seed = prepared.replications, prepared.plan, prepared.question.seed
    each = prepared.seconds(mode) / max(1, count)
    if cluster or jobs > 1 or (jobs == 0 and count > 1 and each > _WORTH_PROCESSES_S):
        work = partial(_one, scenario, plan, mode, seed)
        whole: list[Outcome] = []
        try:
            in_order(
                work, range(count), clock=perf_counter, jobs=jobs, cluster=cluster, done=lambda done: progress(done / count), into=whole
            )
        except KeyboardInterrupt:
            if not whole:
                raise
            whole[-1] = replace(whole[-1], stopped="interrupted")
        return whole
    outcomes: list[Outcome] = []
    for number in range(count):

        def told(share: float, number: int = number) -> None:
            progress((number + share) / count)

        outcome = replicate(scenario, plan, mode, seed, number, told)
        if outcome.stopped == "interrupted" and outcomes:
            outcomes[-1] = replace(outcomes[-1], stopped="interrupted")
            break
        outcomes.append(outcome)
        if outcome.stopped == "interrupted":
            break
    return outcomes


def _one(scenario: Scenario, plan: Plan, mode: str, seed: int, replication: int) -> Outcome:
    return replicate(scenario, plan, mode, seed, replication)


def replicate(
    scenario: Scenario, plan: Plan, mode: str, seed: int, replication: int, progress: Callable[[float], None] | None = None
) -> Outcome:
    """One replication; also in another process."""
    return Run(System(scenario), plan, Fast() if mode == "fast" else Plain(), seed, replication)(progress)
