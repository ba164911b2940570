"""How often every handler runs: the traffic equations v = e + P'v.

P[i][j] is the mean number of invocations of j for each invocation of i: calls (count times chance), what a cache does not
answer, and one copy of each event for every subscriber. Feedback is allowed while the spectral radius of P is below 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from sysdesign_cli.engine.graphs import circle_in
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError


def invocations(system: System, handler: int) -> Iterable[tuple[int, float]]:
    """Row of P: handlers that one invocation runs, with the mean number of times."""
    return system.invocations[handler]


Row = Callable[[System, int], Iterable[tuple[int, float]]]


def solve(system: System, entries: Mapping[int, float], row: Row = invocations) -> list[float]:
    """Invocations per second of every handler, for arrivals per second at the entries.

    ``row`` gives, for a handler, whom one invocation runs and how often; ordinarily ``invocations``.

    Raises ScenarioError (unstable-loop) when a loop feeds itself at least as much as it is fed.
    """
    alone = next(iter(entries)) if row is invocations and len(entries) == 1 and 1.0 in entries.values() else None
    if alone in system.visits:
        return list(system.visits[alone])
    rates = [0.0] * len(system.handlers)
    for handler, rate in entries.items():
        rates[handler] += rate
    for group, cyclic in system.topology.downwards:
        if cyclic:
            _solve_cycle(system, group, rates, row)
        inside = set(group) if cyclic else ()
        for handler in group:
            if rate := rates[handler]:
                for target, mean in row(system, handler):
                    if target not in inside:
                        rates[target] += rate * mean
    if alone is not None:
        system.visits[alone] = list(rates)
    return rates


def check_stability(system: System) -> None:
    """Raise ScenarioError for every loop that grows without bound."""
    problems: list[Problem] = []
    for group in system.topology.order:
        if system.topology.is_cycle(group):
            try:
                _solve_cycle(system, group, [0.0] * len(system.handlers))
            except ScenarioError as error:
                problems += error.problems
    if problems:
        raise ScenarioError(problems)


def _solve_cycle(system: System, group: list[int], rates: list[float], row: Row = invocations) -> None:
    """Solve (I - P') v = arriving within one cycle by elimination without pivoting.

    I - P' is an M-matrix exactly when the spectral radius of P is below 1, and exactly then every pivot stays positive
    (Berman and Plemmons, Nonnegative Matrices in the Mathematical Sciences, 1994, ch. 6), so the test costs nothing.
    """
    inside = set(group)
    rows: dict[int, dict[int, float]] = {handler: defaultdict(float, {handler: 1.0}) for handler in group}
    columns: dict[int, set[int]] = {handler: {handler} for handler in group}
    for handler in group:
        for target, mean in row(system, handler):
            if target in inside and mean:
                rows[target][handler] -= mean
                columns[handler].add(target)
    right = {handler: rates[handler] for handler in group}
    remaining = set(group)
    order: list[int] = []
    while remaining:
        pivot = min(remaining, key=lambda h: (len(rows[h]) + len(columns[h]), h))
        remaining.discard(pivot)
        order.append(pivot)
        diagonal = rows[pivot][pivot]
        if diagonal <= 1e-12:
            raise _unstable(system, group)
        pivot_row = [(column, value) for column, value in rows[pivot].items() if column in remaining]
        for other in [h for h in columns[pivot] if h in remaining]:
            factor = rows[other].get(pivot, 0.0) / diagonal
            if factor:
                right[other] -= factor * right[pivot]
                for column, value in pivot_row:
                    rows[other][column] -= factor * value
                    columns[column].add(other)
    solved: dict[int, float] = {}
    for pivot in reversed(order):
        total = right[pivot] - sum(value * solved[column] for column, value in rows[pivot].items() if column in solved)
        solved[pivot] = total / rows[pivot][pivot]
    for handler, value in solved.items():
        rates[handler] = value


def _unstable(system: System, group: list[int]) -> ScenarioError:
    circle = circle_in(system.topology.successors, group)
    first = system.handlers[circle[0]]
    keys = [system.handlers[handler].key for handler in circle]
    loop = " → ".join([*keys, keys[0]] if len(keys) <= 8 else [*keys[:8], "…", keys[0]])
    place = first.handler.node.place if first.handler.node is not None else Place("")
    return ScenarioError([Problem("unstable-loop", place, {"loop": loop})])
