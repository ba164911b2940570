"""The fault trees of several flows as one, for other programs to check."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.availability import DEGRADES, DELAYS, STILL_SERVES, STOPS, Availabilities
from sysdesign_cli.analyses.journey import pick_flow
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.engine.faulttree import EVENT, Tree
from sysdesign_cli.engine.system import System

#: What is exported of each flow: the top in the structure, and what it is called.
TOPS: Final = {"answer": "answer fails", STOPS: "completion fails", DELAYS: "completion fails or is late", DEGRADES: "not everything is ok"}


def fault_trees(system: System, flow: str = "", workload: str = "", still_serves: float = STILL_SERVES) -> tuple[Tree, dict[str, int]]:
    """One tree for the flow named, or for all flows, and its tops by name: ``place-order: answer fails``.

    A component is one event in all of them. Raises ScenarioError for an unknown flow or workload.
    """
    question = Availabilities(Setting(system, workload), still_serves)
    tree = Tree()
    tops: dict[str, int] = {}
    for one in [pick_flow(system, flow)] if flow else system.scenario.flows.values():
        structure = question.structure(one)
        moved = _copied(structure.tree, [structure.tops[top] for top in TOPS], tree, one.name)
        tops |= {f"{one.name}: {title}": moved[structure.tops[top]] for top, title in TOPS.items()}
    return tree, tops


def _copied(source: Tree, tops: list[int], target: Tree, flow: str) -> dict[int, int]:
    """Nodes below the tops, by their numbers in the source; a toss of another flow that goes by the same name keeps apart."""
    moved = {Tree.FALSE: Tree.FALSE, Tree.TRUE: Tree.TRUE}
    for node in source.below(tops):
        if source.kinds[node] == EVENT:
            name, q = source.names[node], source.q[node]
            kind = "chance" if source.chance[node] else "component"
            known = target.events.get(name)
            if known is not None and (target.q[known] != q or target.chance[known] != source.chance[node]):
                name = f"{name} ({flow})"
            moved[node] = target.event(name, q, kind)
        elif node > Tree.TRUE:
            moved[node] = target.gate(source.kinds[node], source.least[node], [moved[child] for child in source.children[node]])
    return moved
