"""Reduced ordered binary decision diagrams of what is entangled in a fault tree.

A diagram is built bottom up, gate by gate. Its probability takes one pass up, which adds and multiplies numbers that are not negative,
so even 1e-13 keeps twelve digits; all slopes take one more pass back down. Which parts of a tree come to a diagram is up to `factoring`.

References: Bryant, Graph-based algorithms for Boolean function manipulation (IEEE Transactions on Computers 35, 1986); Rauzy, New
algorithms for fault trees analysis (Reliability Engineering and System Safety 40, 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.engine.faulttree import ANY, AT_LEAST, room_for
from sysdesign_cli.engine.unions import Unions

#: Nodes of all decision diagrams of one computation.
BUDGET: Final = 500_000


@dataclass(frozen=True, slots=True)
class Region:
    """An entangled part of a tree: gates over leaves that are independent of each other.

    Positions 0 … leaves − 1 are the leaves, in the order of the diagram's variables; the gates follow, children before parents,
    as (kind, least, children's positions); the last gate is the whole region.
    """

    leaves: int
    gates: tuple[tuple[int, int, tuple[int, ...]], ...]


class Diagram(Unions):
    """A reduced ordered binary decision diagram of a region; nodes 0 and 1 are false and true, children have smaller numbers."""

    def __init__(self, region: Region, budget: int = BUDGET) -> None:
        """Raises TooLarge if it would take more nodes than the budget."""
        super().__init__(budget)
        self._both: dict[tuple[int, int], int] = {}
        with room_for(region.leaves):
            self.top = self._built(region)
        self._keep_reachable()

    def _built(self, region: Region) -> int:
        done = [self._node(leaf, 1, 0) for leaf in range(region.leaves)]
        deepest = list(range(region.leaves))
        for kind, least, children in region.gates:
            # Deep ones first, so that what comes next goes on top of what is there and leaves it as it is.
            parts = [done[child] for child in sorted(children, key=lambda child: -deepest[child])]
            deepest.append(max([deepest[child] for child in children]))
            if kind == AT_LEAST:
                done.append(self.at_least(least, parts, self.both))
                continue
            result = 0 if kind == ANY else 1
            for part in parts:
                result = self.union(part, result) if kind == ANY else self.both(part, result)
            done.append(result)
        return done[-1]

    def _node(self, variable: int, high: int, low: int) -> int:
        return high if high == low else self._kept(variable, high, low)

    def _united(self, f: int, g: int) -> int:
        variable, high, low = self.variables[f], self.high[f], self.low[f]
        if variable == self.variables[g]:
            return self._node(variable, self.union(high, self.high[g]), self.union(low, self.low[g]))
        return self._node(variable, self.union(high, g), self.union(low, g))

    def both(self, f: int, g: int) -> int:
        """The intersection of two nodes."""
        if f > g:
            f, g = g, f
        if f == g or f == 0:
            return f
        if f == 1:
            return g
        key = (f, g)
        result = self._both.get(key)
        if result is None:
            above, under = self.variables[f], self.variables[g]
            if above == under:
                result = self._node(above, self.both(self.high[f], self.high[g]), self.both(self.low[f], self.low[g]))
            elif above < under:
                result = self._node(above, self.both(self.high[f], g), self.both(self.low[f], g))
            else:
                result = self._node(under, self.both(f, self.high[g]), self.both(f, self.low[g]))
            self._both[key] = result
        return result

    def _keep_reachable(self) -> None:
        """Forget everything that only building needed, and number the rest anew."""
        seen = {0, 1, self.top}
        waiting = [self.top]
        while waiting:
            node = waiting.pop()
            fresh = {self.high[node], self.low[node]} - seen
            seen |= fresh
            waiting += fresh
        kept = sorted(seen)
        place = {node: number for number, node in enumerate(kept)}
        self.variables = [self.variables[node] for node in kept]
        self.high = [place[self.high[node]] for node in kept]
        self.low = [place[self.low[node]] for node in kept]
        self.top = place[self.top]
        self._nodes, self._unions, self._both = {}, {}, {}

    def probabilities(self, q: Sequence[float]) -> list[float]:
        """By node: probability of being true when leaf i is true with probability q[i]."""
        result = [0.0, 1.0]
        for variable, high, low in zip(self.variables[2:], self.high[2:], self.low[2:], strict=True):
            share = q[variable]
            result.append(share * result[high] + (1.0 - share) * result[low])
        return result

    def slopes(self, q: Sequence[float]) -> list[float]:
        """By leaf: P(region | leaf) − P(region | not leaf)."""
        true = self.probabilities(q)
        reached = [0.0] * len(true)
        reached[self.top] = 1.0
        result = [0.0] * len(q)
        for node in range(len(true) - 1, 1, -1):
            here = reached[node]
            variable, high, low = self.variables[node], self.high[node], self.low[node]
            result[variable] += here * (true[high] - true[low])
            reached[high] += here * q[variable]
            reached[low] += here * (1.0 - q[variable])
        return result
