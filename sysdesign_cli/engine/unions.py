"""What decision diagrams of functions (`decision`) and of cut sets (`cutsets`) have in common: unions, and at least k of several parts.

Node 0 is false (no set at all), node 1 true (the one empty set). A node's variable comes before all those below it. Every pair is worked
out once, whichever way round it is asked for (Bryant, Graph-based algorithms for Boolean function manipulation, IEEE Transactions on
Computers 35, 1986).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

#: A variable below all others: that of the two last nodes.
OUTSIDE = 1 << 30


class Unions(ABC):
    """The nodes, as lists by number, and the unions that are known."""

    def __init__(self) -> None:
        self.variables: list[int] = [OUTSIDE, OUTSIDE]
        self.high: list[int] = [0, 1]
        self.low: list[int] = [0, 1]
        self._nodes: dict[tuple[int, int, int], int] = {}
        self._unions: dict[tuple[int, int], int] = {}

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
