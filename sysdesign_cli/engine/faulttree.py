"""Fault trees: when does a system fail, said as "any of", "all of" and "at least k of" over independent events.

A `Tree` is a directed acyclic graph with every node stored once. It is coherent: there is no NOT, so one more failure never
repairs anything. Most of what is true of such a tree is found by its shape alone, which `simplified` brings out before anything
is multiplied or put on a diagram.

References: Vesely et al., Fault Tree Handbook (NUREG-0492, 1981), for the gates; Niemela, On simplification of large fault
trees (Reliability Engineering and System Safety 44, 1994), for what may be assumed inside a gate.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

CONSTANT: Final = 0
EVENT: Final = 1
ANY: Final = 2
ALL: Final = 3
AT_LEAST: Final = 4

#: Wider gates are not copied into the gate above when a tree is built: a chain of n gates would take n²/2 entries.
_WIDTH = 32
#: Simplification stops when it has made this many times the nodes it began with.
_GROWTH = 6
#: What one round finds out about a gate's members helps the next; few gates need more than two.
_ROUNDS = 6


class TooLarge(Exception):
    """An exact answer would take more nodes or steps than the given budget."""


class Tree:
    """Nodes are numbers; children have smaller numbers than their parents. A node is true when what it stands for has failed.

    The lists are by node and are read by the analyses: `kinds` (CONSTANT, EVENT, ANY, ALL, AT_LEAST), `children` (sorted numbers;
    only an AT_LEAST may name a child twice, and it then counts twice), `least` (k of an AT_LEAST), `q` (probability of an event,
    else 0), `names` (of an event, else empty) and `chance` (whether an event is a toss and not a component).
    """

    FALSE: Final = 0
    TRUE: Final = 1

    def __init__(self) -> None:
        self.kinds: list[int] = [CONSTANT, CONSTANT]
        self.children: list[tuple[int, ...]] = [(), ()]
        self.least: list[int] = [0, 0]
        self.q: list[float] = [0.0, 1.0]
        self.names: list[str] = ["", ""]
        self.chance: list[bool] = [False, False]
        self._gates: dict[tuple[int, int, tuple[int, ...]], int] = {}
        self._events: dict[str, int] = {}
        self._simplified: dict[int, tuple[Tree, int]] = {}

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def events(self) -> dict[str, int]:
        """Node of each event by name."""
        return dict(self._events)

    def event(self, name: str, q: float, kind: str = "component") -> int:
        """A basic event that is true with probability q, independently of all others.

        kind: "component" for what can break; "chance" for a toss that no repair changes, such as a cache miss or a deadline that
        passed. Chance events count in probabilities and are not members of cut sets.

        Raises ValueError if q is no probability, the kind is unknown, or the name already stands for another event.
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"{name}: not a probability: {q}")
        if kind not in ("component", "chance"):
            raise ValueError(f"{name}: neither component nor chance: {kind}")
        if not name:
            raise ValueError("an event needs a name")
        known = self._events.get(name)
        if known is None:
            self._events[name] = known = self._append(EVENT, 0, (), q, name, kind == "chance")
        elif self.q[known] != q or self.chance[known] != (kind == "chance"):
            raise ValueError(f"{name}: the same name for two events")
        return known

    def any_of(self, ids: Iterable[int]) -> int:
        """True when at least one of the nodes is (OR); false without nodes."""
        return self._united(ANY, ids, self.FALSE, self.TRUE)

    def all_of(self, ids: Iterable[int]) -> int:
        """True when all of the nodes are (AND); true without nodes."""
        return self._united(ALL, ids, self.TRUE, self.FALSE)

    def at_least(self, k: int, ids: Iterable[int]) -> int:
        """True when at least k of the nodes are; a node given twice counts twice."""
        nodes = sorted(node for node in ids if node != self.FALSE)
        certain = nodes.count(self.TRUE)
        k, nodes = k - certain, nodes[certain:]
        if k <= 0:
            return self.TRUE
        if k > len(nodes):
            return self.FALSE
        if k == 1:
            return self.any_of(nodes)
        if k == len(nodes):
            return self.all_of(nodes)
        return self.moved_gate(AT_LEAST, k, tuple(nodes))

    def gate(self, kind: int, least: int, ids: Iterable[int]) -> int:
        """A gate of this kind (ANY, ALL or AT_LEAST, the last with its k)."""
        if kind == ANY:
            return self.any_of(ids)
        return self.all_of(ids) if kind == ALL else self.at_least(least, ids)

    def _united(self, kind: int, ids: Iterable[int], neutral: int, ruling: int) -> int:
        members = set(ids)
        if ruling in members:
            return ruling
        members.discard(neutral)
        for node in [node for node in members if self.kinds[node] == kind and len(self.children[node]) <= _WIDTH]:
            members.remove(node)
            members.update(self.children[node])
        if not members:
            return neutral
        return members.pop() if len(members) == 1 else self.moved_gate(kind, 0, tuple(sorted(members)))

    def moved_gate(self, kind: int, least: int, children: tuple[int, ...]) -> int:
        """A gate over sorted children that nothing can be simplified in, as it stands in another tree."""
        key = (kind, least, children)
        known = self._gates.get(key)
        if known is None:
            self._gates[key] = known = self._append(kind, least, children, 0.0, "", False)
        return known

    def _append(self, kind: int, least: int, children: tuple[int, ...], q: float, name: str, chance: bool) -> int:
        self.kinds.append(kind)
        self.least.append(least)
        self.children.append(children)
        self.q.append(q)
        self.names.append(name)
        self.chance.append(chance)
        return len(self.kinds) - 1

    def below(self, tops: Iterable[int]) -> list[int]:
        """The nodes that these lead to, themselves included, children before parents."""
        seen = set(tops)
        waiting = list(seen)
        while waiting:
            for child in self.children[waiting.pop()]:
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        return sorted(seen)

    def simplified(self, top: int) -> tuple[Tree, int]:
        """A tree of its own with the same structure function as `top`, and its top; events keep names, tags and probabilities."""
        known = self._simplified.get(top)
        if known is None:
            self._simplified[top] = known = _simplified(self, top)
        return known


@contextmanager
def room_for(depth: int) -> Iterator[None]:
    """Let plain functions call each other this deep: chains of alternatives are as long as the user makes them."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 4 * depth + 1000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _simplified(tree: Tree, top: int) -> tuple[Tree, int]:
    copy = Tree()
    moved: dict[int, int] = {Tree.FALSE: Tree.FALSE, Tree.TRUE: Tree.TRUE}
    for node in tree.below([top]):
        if tree.kinds[node] == EVENT:
            moved[node] = copy.event(tree.names[node], tree.q[node], "chance" if tree.chance[node] else "component")
        elif node > Tree.TRUE:
            moved[node] = copy.moved_gate(tree.kinds[node], tree.least[node], tuple([moved[child] for child in tree.children[node]]))
    with room_for(len(copy)):
        simple = _Simplifier(copy).node(moved[top])
    return copy, simple


class _Simplifier:
    """Uses what a gate lets one assume: inside one alternative of an OR all others are false, inside an AND all others true.

    So a group of fallbacks that the root needs anyway is dropped, and what several alternatives have in common is put in front of
    them: OR(x, AND(OR(x, a), b)) = OR(x, AND(a, b)) and AND(OR(x, a), OR(x, b)) = OR(x, AND(a, b)).
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._done: dict[int, int] = {}
        self._events_below: dict[int, int] = {}  # as the bits of a number, one for each event
        self._bits: dict[int, int] = {}
        self._most = _GROWTH * len(tree) + 1000

    def node(self, node: int) -> int:
        """The simplified node with the same structure function."""
        kind = self.tree.kinds[node]
        if kind in (CONSTANT, EVENT) or len(self.tree) > self._most:
            return node
        result = self._done.get(node)
        if result is None:
            kinds = self.tree.kinds
            if all(kinds[child] == EVENT for child in self.tree.children[node]):
                result = node
            elif kind == AT_LEAST:
                result = self._gate_of(node, {child: self.node(child) for child in self.tree.children[node]})
            else:
                result = self._united(node, kind)
            self._done[node] = self._done[result] = result
        return result

    def _united(self, node: int, kind: int) -> int:
        members = self._members(kind, [node])
        for _ in range(_ROUNDS):
            assumed = self._with_others_settled(members, kind)
            changed = self._members(kind, [self.node(member) for member in assumed])
            if changed == members:
                break
            members = changed
        return self._in_front(members, kind)

    def _members(self, kind: int, nodes: Iterable[int]) -> list[int]:
        """What a gate of this kind unites, with all gates of the same kind taken apart."""
        found: set[int] = set()
        waiting = list(nodes)
        seen = set(waiting)
        neutral, ruling = (Tree.FALSE, Tree.TRUE) if kind == ANY else (Tree.TRUE, Tree.FALSE)
        while waiting:
            node = waiting.pop()
            if self.tree.kinds[node] == kind:
                fresh = [child for child in self.tree.children[node] if child not in seen]
                seen.update(fresh)
                waiting += fresh
            elif node != neutral:
                found.add(node)
        return [ruling] if ruling in found else sorted(found)

    def _with_others_settled(self, members: Sequence[int], kind: int) -> list[int]:
        if len(members) < 2:
            return list(members)
        once = twice = 0
        for member in members:
            events = self._below(member)
            twice |= once & events
            once |= events
        inner = 0  # events of the members that may occur inside others
        for member in members:
            if not self._below(member) & ~twice:
                inner |= self._below(member)
        if not inner:
            return list(members)
        settled = dict.fromkeys(members, Tree.FALSE if kind == ANY else Tree.TRUE)
        return [member if self.tree.kinds[member] == EVENT else self._rebuilt(member, settled, inner) for member in members]

    def _rebuilt(self, root: int, settled: dict[int, int], events: int) -> int:
        """The root with every settled node below it replaced; only nodes above one of the events can hold one."""
        if not self._below(root) & events:
            return root
        for child in self.tree.children[root]:
            waiting = [child]
            while waiting:
                node = waiting[-1]
                if node in settled:
                    waiting.pop()
                    continue
                unknown = [below for below in self.tree.children[node] if below not in settled] if self._below(node) & events else []
                if unknown:
                    waiting += unknown
                    continue
                settled[waiting.pop()] = self._gate_of(node, settled)
        return self._gate_of(root, settled)

    def _gate_of(self, node: int, replaced: dict[int, int]) -> int:
        children = self.tree.children[node]
        fresh = [replaced.get(child, child) for child in children]
        return node if tuple(fresh) == children else self.tree.gate(self.tree.kinds[node], self.tree.least[node], fresh)

    def _in_front(self, members: Sequence[int], kind: int) -> int:
        """The gate over these members; what all of them have in common comes in front of it."""
        other = ALL if kind == ANY else ANY
        if len(members) > 1 and all(self.tree.kinds[member] == other for member in members):
            parts = [set(self.tree.children[member]) for member in members]
            common = set.intersection(*parts)
            if common:
                rest = self.tree.gate(kind, 0, [self.tree.gate(other, 0, part - common) for part in parts])
                return self.node(self.tree.gate(other, 0, [*common, rest]))
        return self.tree.gate(kind, 0, members)

    def _below(self, node: int) -> int:
        """The events below a node, as bits."""
        known = self._events_below
        waiting = [node]
        while waiting:
            last = waiting[-1]
            if last in known:
                waiting.pop()
            elif self.tree.kinds[last] == EVENT:
                known[last] = 1 << self._bits.setdefault(last, len(self._bits))
            else:
                unknown = [child for child in self.tree.children[last] if child not in known]
                waiting += unknown
                if not unknown:
                    bits = 0
                    for child in self.tree.children[last]:
                        bits |= known[child]
                    known[last] = bits
        return known[node]
