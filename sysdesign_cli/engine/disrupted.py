"""Traffic while something is dead: who still gets work, who starves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sysdesign_cli.engine.measures import Levels
from sysdesign_cli.engine.system import CallEdge, System
from sysdesign_cli.engine.traffic import solve


def arriving(
    system: System, entries: Mapping[int, float], dead: frozenset[int], levels: list[Levels[float]], pessimistic: bool
) -> list[float]:
    """Invocations per second that reach each handler while ``dead`` services are dead (retries not counted).

    levels: the answer levels of every handler in this situation. A dead service forwards nothing; an invocation that fails
    publishes nothing; with a dead broker nothing is delivered; a dead cache sends every request behind it; a failed call with
    a fallback calls that.
    """

    def row(_: System, handler: int) -> Iterable[tuple[int, float]]:
        node = system.handlers[handler]
        if node.service in dead:
            return
        yield from _called(node.calls, 1.0, levels, pessimistic)
        if node.misses:
            yield from _called(node.misses, 1.0 - node.hit, levels, pessimistic)
        succeeds = 1.0 - levels[handler].failed
        for publish in node.publishes:
            if publish.broker not in dead and succeeds > 0:
                for subscriber in system.subscribers[publish.event.name]:
                    yield subscriber, publish.mean * succeeds

    return solve(system, entries, row)


def _called(edges: tuple[CallEdge, ...], weight: float, levels: list[Levels[float]], pessimistic: bool) -> Iterable[tuple[int, float]]:
    for edge in edges:
        mean = weight * edge.mean
        yield edge.target, mean
        failed = levels[edge.target].failed
        if edge.on_miss:
            hit = (edge.hit or 0.0) * (1.0 - failed)
            behind = mean * (1.0 - hit) if not pessimistic else mean * (1.0 - failed) * (1.0 - (edge.hit or 0.0))
            yield from _called(edge.on_miss, behind, levels, pessimistic)
            through = 1.0
            for miss in edge.on_miss:
                through *= 1.0 - levels[miss.target].failed
            failed = (1.0 - hit) * (1.0 - through)
        if edge.fallback is not None and failed and not pessimistic:
            yield edge.fallback, mean * failed
