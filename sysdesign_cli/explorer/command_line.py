"""What stands on the screen as command lines that give the same figures."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.scenario.model import Scenario, Start
from sysdesign_cli.scenario.quantity import RATE, Figure


def explore_command(situation: Situation) -> str:
    """The command that opens the explorer on this."""
    words = ["sysdesign explore", shlex.quote(situation.address), *_disturbed(situation), *_workload(situation)]
    words += [f"--load {situation.load:g}"] if situation.load != 1 else []
    return " ".join([*words, *_sets(situation.changes)])


def equivalent_commands(situation: Situation, scenario: Scenario) -> tuple[str, ...]:
    """The commands whose figures these are: states, times, and what it costs."""
    own = situation.workload or next(iter(scenario.workloads), "")
    loads = tuple(load_changes(scenario, own, situation.load))
    address, killed = shlex.quote(situation.address), _disturbed(situation)
    rest = [*_workload(situation), *_sets((*situation.changes, *loads))]
    yearly = [change for name in scenario.workloads for change in load_changes(scenario, name, situation.load)]
    commands = [["sysdesign failover", address, *killed, *rest]] if killed else []
    commands.append(["sysdesign latency", address, *killed, *rest])
    if not killed:
        commands.append(["sysdesign capacity", address, *rest])
    commands.append(["sysdesign cost", address, *_sets((*situation.changes, *yearly))])
    return tuple(" ".join(words) for words in commands)


def load_changes(scenario: Scenario, workload: str, load: float) -> Iterator[str]:
    """The load as changes of the file: every start of one workload so many times as often."""
    if load == 1 or workload not in scenario.workloads:
        return
    for flow, start in scenario.workloads[workload].starts.items():
        for part, figure in _figures(start):
            yield f"workloads.{workload}.starts.{flow}.{part}={times(figure, load)}"


def _figures(start: Start) -> Iterator[tuple[str, Figure]]:
    for part in ("peak", "base", "users"):
        figure: Figure | None = getattr(start, part)
        if figure is not None:
            yield part, figure


def times(figure: Figure, factor: float) -> str:
    """A rate, or a whole number of users, so many times as large, as a file writes it."""
    if figure.unit != RATE:
        return str(max(1, round(float(figure) * factor)))
    return f"{float(figure) * factor:.12g}/s"


def _disturbed(situation: Situation) -> list[str]:
    return [*(f"--kill {shlex.quote(one)}" for one in situation.kills), *(f"--zone {shlex.quote(one)}" for one in situation.zones)]


def _workload(situation: Situation) -> list[str]:
    return [f"--workload {shlex.quote(situation.workload)}"] if situation.workload else []


def _sets(changes: tuple[str, ...]) -> list[str]:
    return [f"--set {shlex.quote(change)}" for change in changes]
