"""What failure does, rule by rule: how the state of a callee, a broker or a subscriber becomes the state of a request.

States, mildest first: ok, degraded, delayed, failed, lost. For every handler the measure of invocations that are *at least*
in each state is kept (``Levels``); whether a measure is a share of requests or a set of kills is the algebra's matter.
In a cycle everything starts as ok and only worsens, until nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Generic, TypeVar

from sysdesign_cli.engine.measures import Algebra, Levels
from sysdesign_cli.engine.system import CallEdge, HandlerNode, PublishEdge, System

M = TypeVar("M", int, float)
MAX_ROUNDS: Final = 10_000


class Propagation(Generic[M]):
    """Levels of handlers for one algebra.

    ``relevant``: handlers whose asynchronous work matters (those that lead to an effect which must happen); None or empty
    looks at answers only. ``pessimistic`` treats every fallback, optional call and cache miss path as absent.
    """

    def __init__(self, system: System, algebra: Algebra[M], relevant: set[int] | None = None, pessimistic: bool = False) -> None:
        self.system = system
        self.algebra: Algebra[M] = algebra
        self.relevant = relevant or set()
        self.pessimistic = pessimistic
        zero = algebra.none
        self.ok: Levels[M] = Levels(zero, zero, zero, zero)
        self.levels: list[Levels[M]] = [self.ok] * len(system.handlers)

    def run(self, handlers: Iterable[int] | None = None) -> list[Levels[M]]:
        """Levels of all handlers (or of a closed subset), callees first."""
        topology = self.system.topology
        if handlers is None:
            groups: Iterable[list[int]] = topology.order
        else:
            groups = [topology.order[position] for position in sorted({topology.position[h] for h in handlers})]
        for group in groups:
            if topology.is_cycle(group):
                self._settle(group)
            else:
                self.levels[group[0]] = self.handler(self.system.handlers[group[0]])
        return self.levels

    def _settle(self, group: list[int]) -> None:
        for _ in range(MAX_ROUNDS):
            moved = 0.0
            for handler in group:
                before = self.levels[handler]
                after = self.handler(self.system.handlers[handler])
                if after != before:
                    self.levels[handler] = after
                    moved = max(moved, max(abs(a - b) for a, b in zip(after, before, strict=True)))
            if moved <= 1e-15:
                return

    def handler(self, node: HandlerNode, calls: tuple[CallEdge, ...] | None = None) -> Levels[M]:
        """One handler from its callees and subscribers: dead, or its calls in turn, then what it publishes.

        calls: those of its calls that anything but ok can come of, when the caller knows which; all of them unless said.
        """
        a = self.algebra
        result = self.sequence(node.calls if calls is None else calls)
        if node.misses and node.hit < 1:
            result = self.joined(result, self.chanced(self.sequence(node.misses), 1 - node.hit))
        if node.publishes:
            result = self._publishing(node, result)
        down = a.down(node.service)
        if down == a.none:
            return result
        return Levels(
            a.union(down, result.degraded),
            a.union(down, result.delayed),
            a.union(down, result.failed),
            a.without(result.lost, a.both(result.lost, down)),
        )

    def joined(self, one: Levels[M], other: Levels[M]) -> Levels[M]:
        """Two things that both have to happen."""
        if one is self.ok:
            return other
        if other is self.ok:
            return one
        u = self.algebra.union
        return Levels(u(one[0], other[0]), u(one[1], other[1]), u(one[2], other[2]), u(one[3], other[3]))

    def chanced(self, levels: Levels[M], chance: float) -> Levels[M]:
        """Something that happens in a share of cases."""
        if chance == 1 or levels is self.ok:
            return levels
        s = self.algebra.scaled
        return Levels(s(levels[0], chance), s(levels[1], chance), s(levels[2], chance), s(levels[3], chance))

    def repeated(self, levels: Levels[M], times: float) -> Levels[M]:
        """Something that has to succeed several times."""
        if times == 1 or levels is self.ok:
            return levels
        r = self.algebra.repeated
        return Levels(r(levels[0], times), r(levels[1], times), r(levels[2], times), r(levels[3], times))

    def sequence(self, edges: tuple[CallEdge, ...]) -> Levels[M]:
        """Calls that all have to succeed, in sequence or at the same time."""
        ok, levels = self.ok, self.levels
        result = ok
        for edge in edges:
            if levels[edge.target] is ok and not edge.on_miss:
                continue  # by far the most: worth not calling a function for
            called = self.call(edge)
            if called is not ok:
                result = self.joined(result, called)
        return result

    def call(self, edge: CallEdge) -> Levels[M]:
        """One call: the callee's state, softened by a fallback, an optional call or the way past a dead cache."""
        levels = self.levels[edge.target]
        if edge.call.retries and levels is not self.ok:
            levels = self._tried(levels, edge)
        if edge.hit is not None and edge.on_miss:
            levels = self._through_cache(edge, levels)
        if levels is self.ok:
            return levels
        if not self.pessimistic and (edge.fallback is not None or edge.optional):
            levels = self.absorbed(levels, self._instead(edge))
        return self.chanced(self.repeated(levels, edge.count), edge.chance)

    def _tried(self, levels: Levels[M], edge: CallEdge) -> Levels[M]:
        """A call that is tried again: fails only where every try does; what is lost the caller was told yes to."""
        a = self.algebra
        tries = 1.0 + float(edge.call.retries)
        if edge.call.retry_budget is not None:
            tries = min(tries, 1.0 + float(edge.call.retry_budget))
        failed = a.without(levels.failed, levels.lost)
        left = a.retried(failed, tries)
        if left == failed:
            return levels
        cured = a.without(failed, left)
        return Levels(a.without(levels.degraded, cured), a.without(levels.delayed, cured), a.without(levels.failed, cured), levels.lost)

    def _instead(self, edge: CallEdge) -> Levels[M]:
        """What is done where a call failed: its fallback, or nothing.

        When the call leads to an effect that must happen and what is done instead does not, the caller is satisfied and the
        effect is lost.
        """
        a = self.algebra
        skips = self.leads_to_effect(edge) and (edge.fallback is None or edge.fallback not in self.relevant)
        if edge.fallback is None:
            return Levels(a.every, a.every, a.every, a.every) if skips else Levels(a.every, a.none, a.none, a.none)
        instead = self.levels[edge.fallback]
        if skips:
            return Levels(a.every, a.every, a.every, a.without(a.every, a.without(instead.failed, instead.lost)))
        return Levels(a.every, instead.delayed, instead.failed, instead.lost)

    def leads_to_effect(self, edge: CallEdge) -> bool:
        """Whether a call, or what it does on a miss, leads to an effect that must happen."""
        return edge.target in self.relevant or any(self.leads_to_effect(miss) for miss in edge.on_miss)

    def absorbed(self, levels: Levels[M], instead: Levels[M]) -> Levels[M]:
        """Where the callee failed (and only there) something else is done, whose own levels are ``instead``."""
        a = self.algebra
        failed = a.without(levels.failed, levels.lost)
        return Levels(
            levels.degraded,
            a.disjoint(a.without(levels.delayed, failed), a.both(failed, instead.delayed)),
            a.disjoint(levels.lost, a.both(failed, instead.failed)),
            a.disjoint(levels.lost, a.both(failed, instead.lost)),
        )

    def _through_cache(self, edge: CallEdge, cache: Levels[M]) -> Levels[M]:
        """A cache in front of something: misses go behind it; when it is dead every request does, and that is degraded."""
        a = self.algebra
        behind = self.sequence(edge.on_miss)
        missed = self.chanced(behind, 1 - (edge.hit or 0.0))
        if cache is self.ok:
            return missed
        failed = a.without(cache.failed, cache.lost)
        if self.pessimistic:
            instead: Levels[M] = Levels(a.every, a.every, a.every, a.none)
        else:
            instead = Levels(a.every, behind.delayed, behind.failed, behind.lost)
        others = (a.without(cache.degraded, failed), a.without(cache.delayed, failed), cache.lost, cache.lost)
        return Levels(
            *(
                a.disjoint(a.both(failed, i), a.without(a.union(c, m), a.both(failed, m)))
                for i, c, m in zip(instead, others, missed, strict=True)
            )
        )

    def _publishing(self, node: HandlerNode, called: Levels[M]) -> Levels[M]:
        """Add what is published after the calls; nothing is published by an invocation that failed before."""
        a = self.algebra
        here, later = called, self.ok
        chosen_here, chosen_later = self.ok, self.ok
        for edge in node.publishes:
            failing, sent = self._published(edge)
            if edge.exclusive:
                chosen_here = self._either(chosen_here, self.chanced(failing, edge.chance))
                chosen_later = self._either(chosen_later, self.chanced(sent, edge.chance))
            else:
                here = self.joined(here, self.chanced(failing, edge.chance))
                later = self.joined(later, self.chanced(sent, edge.chance))
        chosen = self._either(chosen_here, chosen_later)
        if chosen is self.ok and later is self.ok:
            return here
        both = self.joined(self.joined(here, later), chosen)
        # lost later: nobody failed here, and something sent was lost
        refused = chosen_here.failed
        sent_lost = a.without(a.union(later.lost, chosen_later.lost), a.both(later.lost, refused))
        lost_later = a.without(sent_lost, a.both(sent_lost, here.failed))
        return both._replace(lost=a.disjoint(here.lost, lost_later))

    def _either(self, one: Levels[M], other: Levels[M]) -> Levels[M]:
        d = self.algebra.disjoint
        return Levels(d(one[0], other[0]), d(one[1], other[1]), d(one[2], other[2]), d(one[3], other[3]))

    def _published(self, edge: PublishEdge) -> tuple[Levels[M], Levels[M]]:
        """(what fails the publisher, what becomes of the message) for one event."""
        a = self.algebra
        down = a.down(edge.broker) if edge.broker >= 0 else a.none
        subscribers = [s for s in self.system.subscribers[edge.event.name] if s in self.relevant]
        delivered = self.ok
        for subscriber in subscribers:
            delivered = self.joined(delivered, self._delivered(subscriber))
        delivered = self.repeated(delivered, edge.count)
        if down == a.none:
            return self.ok, delivered
        if edge.mode == "in-path":
            sent = Levels(*(a.without(level, a.both(level, down)) for level in delivered))
            return Levels(down, down, down, a.none), sent
        if not subscribers:
            return self.ok, self.ok
        if edge.mode == "outbox":
            return self.ok, self.joined(delivered, Levels(down, down, a.none, a.none))
        return self.ok, self.joined(delivered, Levels(down, down, down, down))

    def _delivered(self, subscriber: int) -> Levels[M]:
        """A message for one subscriber: where the subscriber fails, the broker keeps it, tries again, or loses it."""
        a = self.algebra
        levels = self.levels[subscriber]
        if levels is self.ok:
            return levels
        failed = a.without(levels.failed, levels.lost)
        down = a.both(failed, a.down(self.system.handlers[subscriber].service))
        lost = a.disjoint(a.lost_while_down(subscriber, down), a.lost_while_failing(subscriber, a.without(failed, down)))
        lost = a.disjoint(levels.lost, lost)
        return Levels(levels.degraded, levels.delayed, lost, lost)
