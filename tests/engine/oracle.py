"""What failure does to a flow, computed a second time and as plainly as possible.

This is the yardstick for ``engine.propagation``. It shares nothing with it but the compiled ``System`` it walks over: no
algebra on chances, no survival products, no shortcuts. A *distribution* is a dict from state to probability, and two
independent parts are combined by going through every pair of their states.

The semantics
=============

A request is one random execution of a flow. Chance is only in what the execution does:

* a call is made with its ``chance``; ``count`` n means that n independent invocations are made, which must all succeed;
* a publish of a list is made with its chance, independently of the others; of a map (``one_of``) exactly one alternative is
  made, or none of them with what is left to 1; ``count`` n publishes n copies, each delivered independently;
* a cache-aside call hits with its ``hit_ratio``, a read-through handler with its own.

What is dead is dead throughout the execution. The outcome is a state, mildest first: ok, degraded, delayed, failed, lost.

In a cycle everything starts as ok and only worsens: the outcome is the limit of unfolding the execution to depth n with
everything beyond that depth ok, as n grows. So ``Oracle`` computes the distributions of *all* handlers for depth 0 (all ok),
from these for depth 1, and so on. Without a cycle, depth = number of handlers is already exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product

from sysdesign_cli.engine.system import CallEdge, HandlerNode, PublishEdge, System

OK, DEGRADED, DELAYED, FAILED, LOST = range(5)
Distribution = dict[int, float]

CERTAINLY_OK: Distribution = {OK: 1.0}


# ---------------------------------------------------------------------------------------------- distributions


def worst(a: int, b: int) -> int:
    return max(a, b)


def combined(parts: Iterable[Distribution], combine: Callable[[int, int], int] = worst) -> Distribution:
    """Independent parts, each contributing one state: every pair of outcomes, one part after the other."""
    total = CERTAINLY_OK
    for part in parts:
        pairs: Distribution = {}
        for (a, probability_a), (b, probability_b) in product(total.items(), part.items()):
            state = combine(a, b)
            pairs[state] = pairs.get(state, 0.0) + probability_a * probability_b
        total = pairs
    return total


def mixed(alternatives: Iterable[tuple[float, Distribution]]) -> Distribution:
    """Exactly one of the alternatives happens, each with its probability."""
    total: Distribution = {}
    for weight, distribution in alternatives:
        for state, probability in distribution.items():
            if weight * probability > 0.0:  # what cannot happen is no outcome
                total[state] = total.get(state, 0.0) + weight * probability
    return total


def at_least(distribution: Distribution) -> tuple[float, float, float, float]:
    """P(state ≥ degraded), P(≥ delayed), P(≥ failed), P(≥ lost)."""
    tails = [sum((p for state, p in distribution.items() if state >= level), 0.0) for level in (DEGRADED, DELAYED, FAILED, LOST)]
    return tails[0], tails[1], tails[2], tails[3]


def _difference(one: Distribution, other: Distribution) -> float:
    return max(abs(a - b) for a, b in zip(at_least(one), at_least(other), strict=True))


# ---------------------------------------------------------------------------------------------- who matters


def leading_to(system: System, goals: Iterable[int]) -> set[int]:
    """Handlers from which a goal can be reached over calls, fallbacks, misses and from a publish to its subscribers."""

    def every_edge(edges: Iterable[CallEdge]) -> Iterable[CallEdge]:
        for edge in edges:
            yield edge
            yield from every_edge(edge.on_miss)

    found = set(goals)
    while True:  # until nothing is added: no cleverness
        before = len(found)
        for node in system.handlers:
            next_ones = {edge.target for edge in every_edge((*node.calls, *node.misses))}
            next_ones |= {edge.fallback for edge in every_edge((*node.calls, *node.misses)) if edge.fallback is not None}
            for publish in node.publishes:
                next_ones |= set(system.subscribers[publish.event.name])
            if next_ones & found:
                found.add(node.index)
        if len(found) == before:
            return found


# ---------------------------------------------------------------------------------------------- the oracle


class Oracle:
    """Outcomes of every handler, given what is dead.

    ``dead``: numbers of dead services. ``relevant``: handlers whose delivery matters to the flow. ``lost_when_dead[h]``: the
    probability that a message to subscriber h is lost when h's service is dead (otherwise it is delayed);
    ``lost_when_failing[h]``: the same when h runs but fails because of something it needs. ``pessimistic``: neither
    fallbacks, nor optional calls, nor going past a dead cache count.
    """

    def __init__(
        self,
        system: System,
        dead: Iterable[int] = (),
        relevant: Iterable[int] = (),
        lost_when_dead: Mapping[int, float] | None = None,
        lost_when_failing: Mapping[int, float] | None = None,
        pessimistic: bool = False,
    ) -> None:
        self.system = system
        self.dead = set(dead)
        self.relevant = set(relevant)
        self.lost_when_dead = lost_when_dead or {}
        self.lost_when_failing = lost_when_failing or {}
        self.pessimistic = pessimistic
        self.below: list[Distribution] = []

    def outcomes(self, cyclic: bool = True, tolerance: float = 1e-15, limit: int = 5_000) -> list[Distribution]:
        """The distribution of each handler's state."""
        depth_of_all = len(self.system.handlers)
        self.below = [CERTAINLY_OK for _ in self.system.handlers]  # depth 0: everything beyond is ok
        unchanged = 0
        for depth in range(1, limit):
            deeper = [self._execution(node) for node in self.system.handlers]
            change = max(_difference(new, old) for new, old in zip(deeper, self.below, strict=True))
            self.below = deeper
            unchanged = unchanged + 1 if change <= tolerance else 0
            # news travels one handler a step, so only a quiet stretch as long as the system says that it has all arrived
            if depth >= depth_of_all and (not cyclic or unchanged >= depth_of_all):
                return deeper
        raise ArithmeticError("the unfolding does not settle")

    # -- one handler

    def _execution(self, node: HandlerNode) -> Distribution:
        if node.service in self.dead:
            return {FAILED: 1.0}
        by_calls = self._calls(node.calls)
        if node.misses:  # a read-through copy of its own: the calls on a miss come on top, or are not made
            by_calls = mixed([(node.hit, by_calls), (1.0 - node.hit, combined([by_calls, self._calls(node.misses)]))])
        by_publishes = self._publishes(node)

        def whole(calls: int, publishes: int) -> int:
            if calls == LOST:  # somebody below said yes to what will never happen; nothing is milder than that
                return LOST
            if calls == FAILED:  # the handler stops here: nothing is published
                return FAILED
            if publishes == FAILED:  # a publish in the path was refused: the caller is told no, whatever else was sent
                return FAILED
            return worst(calls, publishes)

        return self._each_pair(by_calls, by_publishes, whole)

    @staticmethod
    def _each_pair(first: Distribution, second: Distribution, combine: Callable[[int, int], int]) -> Distribution:
        result: Distribution = {}
        for (a, probability_a), (b, probability_b) in product(first.items(), second.items()):
            result[combine(a, b)] = result.get(combine(a, b), 0.0) + probability_a * probability_b
        return result

    # -- calls

    def _calls(self, edges: Iterable[CallEdge]) -> Distribution:
        """All the calls are made (in what order does not matter): the worst of them."""
        return combined(self._call(edge) for edge in edges)

    def _call(self, edge: CallEdge) -> Distribution:
        """With its chance, ``count`` independent invocations; otherwise nothing happens."""
        count = int(edge.count)
        assert count == edge.count, "the oracle takes whole counts only"
        all_of_them = combined(self._invocation(edge) for _ in range(count))
        return mixed([(edge.chance, all_of_them), (1.0 - edge.chance, CERTAINLY_OK)])

    def _invocation(self, edge: CallEdge) -> Distribution:
        target = self.below[edge.target]
        if edge.hit is not None and edge.on_miss:
            target = self._cache_aside(edge, target)
        skipped = self._leads_to_effect(edge) and (edge.fallback is None or edge.fallback not in self.relevant)
        alternatives = []
        for state, probability in target.items():
            if state != FAILED:  # degraded, delayed and lost just pass on to the caller
                alternatives.append((probability, {state: 1.0}))
            elif edge.fallback is not None and not self.pessimistic:
                for instead, share in self.below[edge.fallback].items():
                    # the caller is content and the effect never happens: lost, unless the fallback failed as well
                    state = LOST if skipped and instead != FAILED else worst(DEGRADED, instead)
                    alternatives.append((probability * share, {state: 1.0}))
            elif edge.optional and not self.pessimistic:
                alternatives.append((probability, {LOST if skipped else DEGRADED: 1.0}))
            else:
                alternatives.append((probability, {FAILED: 1.0}))
        return mixed(alternatives)

    def _leads_to_effect(self, edge: CallEdge) -> bool:
        return edge.target in self.relevant or any(self._leads_to_effect(miss) for miss in edge.on_miss)

    def _cache_aside(self, edge: CallEdge, cache: Distribution) -> Distribution:
        """The callee is a cache: what it does not have, or cannot say because it failed, is fetched on the miss."""
        behind = self._calls(edge.on_miss)
        hit = edge.hit or 0.0
        alternatives = []
        for state, probability in cache.items():
            if state == FAILED and self.pessimistic:
                alternatives.append((probability, {FAILED: 1.0}))
            elif state == FAILED:
                alternatives.append((probability, combined([{DEGRADED: 1.0}, behind])))
            else:
                alternatives.append((probability * hit, {state: 1.0}))
                alternatives.append((probability * (1.0 - hit), combined([{state: 1.0}, behind])))
        return mixed(alternatives)

    # -- publishes

    def _publishes(self, node: HandlerNode) -> Distribution:
        """What publishing adds; FAILED here means that a publish in the path was refused, and then only that counts."""

        def refused_first(a: int, b: int) -> int:
            return FAILED if FAILED in (a, b) else worst(a, b)

        parts = [mixed([(e.chance, self._publish(e)), (1.0 - e.chance, CERTAINLY_OK)]) for e in node.publishes if not e.exclusive]
        alternatives = [(edge.chance, self._publish(edge)) for edge in node.publishes if edge.exclusive]
        none = 1.0 - sum(edge.chance for edge in node.publishes if edge.exclusive)
        parts.append(mixed([*alternatives, (max(0.0, none), CERTAINLY_OK)]))
        return combined(parts, refused_first)

    def _publish(self, edge: PublishEdge) -> Distribution:
        """A publish that is made."""
        subscribers = [handler for handler in self.system.subscribers[edge.event.name] if handler in self.relevant]
        count = int(edge.count)
        assert count == edge.count, "the oracle takes whole counts only"
        if count == 0:
            return CERTAINLY_OK
        delivered = combined(self._delivery(handler) for _ in range(count) for handler in subscribers)
        if edge.broker not in self.dead:
            return delivered
        if edge.mode == "in-path":
            return {FAILED: 1.0}
        if not subscribers:
            return CERTAINLY_OK  # nobody that this flow needs misses it
        if edge.mode == "outbox":  # kept with the data and sent when the broker is back
            return combined([{DELAYED: 1.0}, delivered])
        return {LOST: 1.0}

    def _delivery(self, subscriber: int) -> Distribution:
        """One copy of a message for one subscriber."""
        dead = self.system.handlers[subscriber].service in self.dead
        lost = (self.lost_when_dead if dead else self.lost_when_failing).get(subscriber, 0.0)
        alternatives = []
        for state, probability in self.below[subscriber].items():
            if state == FAILED:
                alternatives += [(probability * lost, {LOST: 1.0}), (probability * (1.0 - lost), {DELAYED: 1.0})]
            else:
                alternatives.append((probability, {state: 1.0}))
        return mixed(alternatives)
