"""What decision diagrams of functions (`decision`) and of cut sets (`cutsets`) have in common: unions, and at least k of several parts.

Node 0 is false (no set at all), node 1 true (the one empty set). A node's variable comes before all those below it. Every pair is worked
out once, whichever way round it is asked for (Bryant, Graph-based algorithms for Boolean function manipulation, IEEE Transactions on
Computers 35, 1986).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from sysdesign_cli.engine.faulttree import TooLarge

#: A variable below all others: that of the two last nodes.
OUTSIDE = 1 << 30


class Unions(ABC):
    """The nodes, as lists by number, and the unions that are known."""

    def __init__(self, budget: int) -> None:
        """budget: nodes at most; beyond them TooLarge is raised."""
        self._budget = budget
        self.variables: list[int] = [OUTSIDE, OUTSIDE]
        self.high: list[int] = [0, 1]
        self.low: list[int] = [0, 1]
        self._nodes: dict[tuple[int, int, int], int] = {}
        self._unions: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.variables)

    def _kept(self, variable: int, high: int, low: int) -> int:
        """The node of these three, which is made once."""
        key = (variable, high, low)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = len(self.variables)
            if node > self._budget:
                raise TooLarge(f"more than {self._budget} nodes")
            self.variables.append(variable)
            self.high.append(high)
            self.low.append(low)
            self._made(variable, high, low)
        return node

    def _made(self, variable: int, high: int, low: int) -> None:
        """What else is known about a new node: nothing, unless a diagram keeps more."""
        return

    def union(self, f: int, g: int) -> int:
        """The union of two nodes; of sets, the minimal ones."""
        if f > g:
            f, g = g, f
        if f == g or f == 0:
            return g
        if f == 1:
            return 1
        key = (f, g)
        result = self._unions.get(key)
        if result is None:
            if self.variables[f] > self.variables[g]:
                f, g = g, f
            result = self._unions[key] = self._united(f, g)
        return result

    @abstractmethod
    def _united(self, f: int, g: int) -> int:
        """As `union`, of two different inner nodes, with the variable of f at or before that of g."""

    def at_least(self, least: int, parts: Sequence[int], both: Callable[[int, int], int]) -> int:
        """At least so many of the parts; both: the intersection of two (of sets: every union of a set of each)."""
        reached = [1] + [0] * least  # by number of parts still needed
        for part in parts:
            for needed in range(least, 0, -1):
                reached[needed] = self.union(both(part, reached[needed - 1]), reached[needed])
        return reached[least]
