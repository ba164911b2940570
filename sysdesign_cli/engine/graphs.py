"""Order and cycles of a directed graph given as lists of successors.

What is free of cycles is put in order by Kahn's algorithm, which costs next to nothing; only what is left, and so holds a
cycle, goes to networkx, whose import takes longer than most questions.
"""

from __future__ import annotations

from collections.abc import Sequence


def predecessors_of(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    """For each node those that lead to it directly."""
    result: list[list[int]] = [[] for _ in successors]
    for source, targets in enumerate(successors):
        for target in targets:
            result[target].append(source)
    return result


def ordered_groups(successors: Sequence[Sequence[int]], predecessors: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongly connected components, each after all those it leads to; most hold a single node."""
    waiting = [len(targets) for targets in successors]
    ready = [node for node, count in enumerate(waiting) if not count]
    order: list[list[int]] = []
    while ready:
        node = ready.pop()
        order.append([node])
        for before in predecessors[node]:
            waiting[before] -= 1
            if not waiting[before]:
                ready.append(before)
    if len(order) < len(successors):
        order += _components({group[0] for group in order}, successors)
    return order


def _components(done: set[int], successors: Sequence[Sequence[int]]) -> list[list[int]]:
    import networkx

    graph: networkx.DiGraph[int] = networkx.DiGraph()
    for source, targets in enumerate(successors):
        if source not in done:
            graph.add_node(source)
            graph.add_edges_from((source, target) for target in targets if target not in done)
    return [sorted(group) for group in networkx.strongly_connected_components(graph)]


def circle_in(successors: Sequence[Sequence[int]], group: Sequence[int]) -> list[int]:
    """Some circle within a cycle, from the first node on: each leads to the next, the last to the first."""
    inside = set(group)
    path, seen = [group[0]], {group[0]: 0}
    while True:
        following = next(target for target in successors[path[-1]] if target in inside)
        if following in seen:
            return path[seen[following] :]
        seen[following] = len(path)
        path.append(following)
