"""Traffic while something is dead: who still gets work, who starves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sysdesign_cli.engine.measures import Levels
from sysdesign_cli.engine.system import CallEdge, System
from sysdesign_cli.engine.traffic import solve


def attempts(edge: CallEdge, failed: float) -> float:
    """Mean tries of a call that fails with chance ``failed`` each time: (1 - f^(r+1)) / (1 - f), within the retry budget.

    A circuit breaker stops retrying what mostly fails.
    """
    retries = int(edge.call.retries)
    if not retries or failed <= 0 or (edge.call.circuit_breaker and failed >= 0.5):
        return 1.0
    tries = retries + 1.0 if failed >= 1 else (1 - failed ** (retries + 1)) / (1 - failed)
    return tries if edge.call.retry_budget is None else min(tries, 1 + float(edge.call.retry_budget))


def arriving(
    system: System,
    entries: Mapping[int, float],
    dead: frozenset[int],
    levels: list[Levels[float]],
    pessimistic: bool,
    shed: Mapping[int, float] | None = None,
    retried: bool = False,
) -> list[float]:
    """Invocations per second that reach each handler while ``dead`` services are dead.

    shed: service -> share of its requests that it never gets to, so that they go no further. retried: count every try of a call.

    levels: the answer levels of every handler in this situation. A dead service forwards nothing; an invocation that fails
    publishes nothing; with a dead broker nothing is delivered; a dead cache sends every request behind it; a failed call with
    a fallback calls that.
    """

    def row(_: System, handler: int) -> Iterable[tuple[int, float]]:
        node = system.handlers[handler]
        if node.service in dead:
            return
        passes = 1.0 - shed.get(node.service, 0.0) if shed else 1.0
        yield from _called(node.calls, passes, levels, pessimistic, retried)
        if node.misses:
            yield from _called(node.misses, passes * (1.0 - node.hit), levels, pessimistic, retried)
        succeeds = 1.0 - levels[handler].failed
        for publish in node.publishes:
            if publish.broker not in dead and succeeds > 0:
                for subscriber in system.subscribers[publish.event.name]:
                    yield subscriber, publish.mean * succeeds

    return solve(system, entries, row)


def _called(
    edges: tuple[CallEdge, ...], weight: float, levels: list[Levels[float]], pessimistic: bool, retried: bool
) -> Iterable[tuple[int, float]]:
    for edge in edges:
        mean = weight * edge.mean
        failed = levels[edge.target].failed
        yield edge.target, mean * attempts(edge, failed) if retried else mean
        if edge.on_miss:
            hit = (edge.hit or 0.0) * (1.0 - failed)
            behind = mean * (1.0 - hit) if not pessimistic else mean * (1.0 - failed) * (1.0 - (edge.hit or 0.0))
            yield from _called(edge.on_miss, behind, levels, pessimistic, retried)
            through = 1.0
            for miss in edge.on_miss:
                through *= 1.0 - levels[miss.target].failed
            failed = (1.0 - hit) * (1.0 - through)
        if edge.fallback is not None and failed and not pessimistic:
            yield edge.fallback, mean * failed
