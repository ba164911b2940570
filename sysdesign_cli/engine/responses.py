"""How long the requests of a flow take, as distributions: what a handler waits, works, calls, and what follows from its events.

Sequence is convolution, parallel is a maximum, a chance or a cache is a mixture, a timeout with its retries is a truncation
(``distributions``). Parts are taken as independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from sysdesign_cli.engine.distributions import Distribution, Grid, maximum, mixture, repeated, sequence, with_retries
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.queueing import NOBODY, Wait
from sysdesign_cli.engine.system import CallEdge, HandlerNode, PublishEdge
from sysdesign_cli.scenario.model import Takes

#: A chance of waiting below this changes no percentile.
NEVER = 1e-9
#: A call that exceeds its timeout more often than this counts with its retries, one by one.
LATE = 1e-6
#: Rounds for handlers that call each other in a circle; what is left after them is rarer than any percentile that is shown.
ROUNDS = 12


class Responses:
    """Distributions of a loaded system on one grid. Nothing in it may be saturated on the way (``Loaded.saturated``).

    dead: services that do not answer.
    """

    def __init__(self, loaded: Loaded, grid: Grid, dead: frozenset[int] = frozenset()) -> None:
        self.loaded = loaded
        self.dead = dead
        self.system = loaded.system
        self.grid = grid
        self._responses: dict[int, Distribution] = {}
        self._found: dict[tuple[int, int], Distribution] = {}
        """(handler, caller) -> its response as that caller finds it, where callers find different waits"""
        self._unwaited: dict[tuple[int, int], Distribution] = {}
        """the same without the wait in front"""
        self._before: dict[tuple[int, int], Distribution] = {}

    def response(self, handler: int) -> Distribution:
        """From arrival at the handler's service to the reply."""
        if handler not in self._responses:
            self._fill(handler)
        return self._responses[handler]

    def _fill(self, handler: int) -> None:
        topology = self.system.topology
        below = self._called_from(handler)
        for position in sorted({topology.position[h] for h in below}):
            group = [h for h in topology.order[position] if h in below]
            circle = topology.is_cycle(topology.order[position])
            for h in group if circle else ():
                self._responses.setdefault(h, self.start(h))
            for _ in range(ROUNDS if circle else 1):
                for h in group:
                    if circle or h not in self._responses:
                        self._responses[h] = self._respond(self.system.handlers[h])

    def _called_from(self, handler: int) -> set[int]:
        seen, stack = {handler}, [handler]
        while stack:
            for edge in self.system.handlers[stack.pop()].every_call():
                for target in (edge.target, edge.fallback):
                    if target is not None and target not in seen:
                        seen.add(target)
                        stack.append(target)
        return seen

    def _found_by(self, target: int, holder: int) -> Distribution:
        """The response of what is called, as its caller finds it."""
        alike = self.loaded.wait_before(target, holder) is self.loaded.wait_before(target)
        if alike and not self.loaded.goes_through(holder, target):
            return self.response(target)
        if (target, holder) not in self._found:
            self.response(target)
            self._found[target, holder] = self._respond(self.system.handlers[target], holder)
        return self._found[target, holder]

    def start(self, handler: int, caller: int = NOBODY, waited: bool = True) -> Distribution:
        """Wait for a worker, a cold start perhaps, and the handler's own work; caller: a service that finds a wait of its own."""
        if not waited:
            return self._begun(handler, None)
        if (handler, caller) not in self._before:
            self._before[handler, caller] = self._begun(handler, self.loaded.wait_before(handler, caller))
        return self._before[handler, caller]

    def _begun(self, handler: int, waited: Wait | None) -> Distribution:
        node = self.system.handlers[handler]
        station = self.loaded.stations[node.service]
        cores = station.replicas * float(self.system.services[node.service].cores or 1)
        mean, work = station.held.mean, float(node.handler.takes.mean)
        parts = [
            self._waiting(waited, mean / station.workers),
            self._work(node.handler.takes),
            self._waiting(station.core_wait, work / cores),
        ]
        if station.cold_share > 0:
            start = self.system.services[node.service].replicas.starts_in
            cold = self.grid.fixed(float(start or 0.0))
            parts.append(mixture([(station.cold_share, cold), (1 - station.cold_share, self.grid.zero())]))
        return sequence(*(part for part in parts if part is not None))

    def _waiting(self, wait: Wait | None, turn_s: float) -> Distribution | None:
        """A wait as a distribution; turn_s: mean time between two that leave a full station.

        Users who wait for their answers cannot all come at once, so of those ahead few come late and few early: a sum of about as
        many turns as are ahead. Their number varies as in an open queue, n (n + 1), but no more than the number of those who think.
        """
        if wait is None or wait.probability <= NEVER or wait.mean_s <= 0:
            return None
        if self.loaded.thinking is not None and turn_s > 0:
            ahead = wait.mean_s / turn_s
            variance = (ahead + min(ahead * (ahead + 1), self.loaded.thinking)) * turn_s**2
            if variance < wait.mean_s**2:
                return self.grid.gamma(wait.mean_s, math.sqrt(variance) / wait.mean_s)
        if wait.variance_s2 is not None and wait.variance_s2 < wait.mean_s**2 * (2 / wait.probability - 1):
            return self._bounded(wait, wait.variance_s2)
        return self.grid.atom_exponential(wait.probability, wait.mean_s / wait.probability)

    def _bounded(self, wait: Wait, variance_s2: float) -> Distribution:
        """A wait behind a small pool of workers: nobody stands behind more than these, so those who wait do so more evenly."""
        mean_s = wait.mean_s / wait.probability
        square = (variance_s2 + wait.mean_s**2) / wait.probability
        waited = self.grid.gamma(mean_s, math.sqrt(max(1e-6, square / mean_s**2 - 1)))
        return waited if wait.probability >= 1 else mixture([(wait.probability, waited), (1 - wait.probability, self.grid.zero())])

    def _work(self, takes: Takes) -> Distribution:
        return self.grid.of(float(takes.mean), float(takes.cv), takes.distribution)

    def _respond(self, node: HandlerNode, caller: int = NOBODY, waited: bool = True) -> Distribution:
        holder = self.loaded.holder(node.index, caller)
        parts = [self.start(node.index, caller, waited), *self._groups(node.calls, holder)]
        if node.misses and node.hit < 1:
            parts.append(self._sometimes(1 - node.hit, self._groups(node.misses, holder)))
        parts += self.acknowledgements(node)
        return sequence(*parts)

    def acknowledgements(self, node: HandlerNode) -> list[Distribution]:
        """What the handler waits for brokers that confirm its messages before it replies."""
        return [self._acknowledged(publish) for publish in node.publishes if publish.mode == "in-path" and publish.broker >= 0]

    def _acknowledged(self, publish: PublishEdge) -> Distribution:
        broker = self.system.services[publish.broker]
        one = sequence(self._work(broker.takes), self.grid.fixed(float(broker.round_trip)))
        return self._sometimes(publish.chance, [repeated(one, publish.count)])

    def _sometimes(self, chance: float, parts: list[Distribution]) -> Distribution:
        whole = sequence(*parts) if parts else self.grid.zero()
        return whole if chance >= 1 else mixture([(chance, whole), (1 - chance, self.grid.zero())])

    def _groups(self, edges: tuple[CallEdge, ...], holder: int) -> list[Distribution]:
        """One distribution for each group of calls; those of a group run at the same time."""
        groups: dict[int, list[Distribution]] = {}
        for edge in edges:
            groups.setdefault(edge.group, []).append(self.call(edge, holder))
        return [calls[0] if len(calls) == 1 else maximum(*calls) for calls in groups.values()]

    def call(self, edge: CallEdge, holder: int) -> Distribution:
        """One call edge: round trip and response with timeout, retries and fallback; on a miss what is behind; all by its chance.

        holder: service whose worker is held meanwhile (``Loaded.holder``).
        """
        gone = self._is_dead(edge.target)
        one = self._unanswered(edge) if gone else self._tried(edge, self.one_way(edge, self._found_by(edge.target, holder)))
        if edge.on_miss:
            missed = sequence(one, *self._groups(edge.on_miss, holder))
            hit = 0.0 if gone else edge.hit or 0.0
            one = mixture([(hit, one), (1 - hit, missed)]) if 0 < hit < 1 else (one if hit >= 1 else missed)
            return self._sometimes(edge.chance, [repeated(one, edge.count)])
        return self._sometimes(edge.chance, [repeated(one, edge.count) if gone else self._row(edge, one, holder)])

    def _row(self, edge: CallEdge, one: Distribution, holder: int) -> Distribution:
        """Calls one after the other, of which each finds much of the queue again that the last one has seen (``repeats``)."""
        alike = self.loaded.alike(edge)
        wait = self.loaded.wait_before(edge.target, holder)
        late = edge.call.timeout is not None and one.tail(float(edge.call.timeout)) > LATE
        node = self.system.handlers[edge.target]
        if not alike or wait is None or not wait.mean_s or late or node.service in self.loaded.circles:
            return repeated(one, edge.count)
        if (edge.target, holder) not in self._unwaited:
            self._unwaited[edge.target, holder] = self._respond(node, holder, waited=False)
        rest = self.one_way(edge, self._unwaited[edge.target, holder])
        return sequence(repeated(rest, edge.count), self._waits_in_a_row(node, wait, edge.count, alike))

    def _waits_in_a_row(self, node: HandlerNode, wait: Wait, count: float, alike: float) -> Distribution:
        """So many waits of which each two have the correlation ``alike``: as fewer and longer ones that have none."""
        station = self.loaded.stations[node.service]
        blocks = count / (1 + (count - 1) * alike)
        fewer = max(1, math.floor(blocks))
        share = (1 / blocks - 1 / (fewer + 1)) / (1 / fewer - 1 / (fewer + 1))
        parts = []
        for number, weight in ((fewer, share), (fewer + 1, 1 - share)):
            if weight > 1e-9:
                longer = count / number
                variance = None if wait.variance_s2 is None else wait.variance_s2 * longer**2
                scaled = Wait(wait.probability, wait.mean_s * longer, wait.method, variance)
                waited = self._waiting(scaled, station.held.mean / station.workers * longer) or self.grid.zero()
                parts.append((weight, repeated(waited, number)))
        return mixture(parts)

    def one_way(self, edge: CallEdge, response: Distribution) -> Distribution:
        """A response with the way there and back."""
        return response.shifted(float(self.system.service_of(edge.target).round_trip))

    def _tried(self, edge: CallEdge, reply: Distribution) -> Distribution:
        call = edge.call
        if call.timeout is None:
            return reply
        instead: Distribution | None = None
        if edge.fallback is not None:
            instead = self.response(edge.fallback).shifted(float(self.system.service_of(edge.fallback).round_trip))
        elif edge.optional or edge.on_miss:
            instead = self.grid.zero()  # done without, or behind the cache, which is added where a miss is
        return with_retries(reply, float(call.timeout), int(call.retries), float(call.backoff or 0.0), instead)[0]

    def _unanswered(self, edge: CallEdge) -> Distribution:
        """A call to something dead: every try takes its timeout, unless a circuit breaker has stopped asking; then what is done instead."""
        call = edge.call
        if edge.fallback is None and not edge.optional and not edge.on_miss:
            return self.grid.zero().scaled_mass(0.0)
        tries = int(call.retries) + 1
        timeout, pause = float(call.timeout or 0.0), float(call.backoff or 0.0)
        spent = self.grid.fixed(0.0 if call.circuit_breaker else tries * timeout + (tries - 1) * pause)
        if edge.fallback is None:
            return spent
        if self._is_dead(edge.fallback):
            return self.grid.zero().scaled_mass(0.0)
        return sequence(spent, self.response(edge.fallback).shifted(float(self.system.service_of(edge.fallback).round_trip)))

    def _is_dead(self, handler: int) -> bool:
        return self.system.handlers[handler].service in self.dead


class Completions:
    """Distributions of the time until effects of a flow have happened.

    effects: the handlers that must have run where the journey leads to them. needed: leaves out requests that lead to none of
    them (for an answer that comes by an event), so the distribution's mass is the share that leads there.
    """

    def __init__(self, responses: Responses, effects: set[int], needed: bool) -> None:
        self.responses = responses
        self.system = responses.system
        self.grid = responses.grid
        self.effects = effects
        self.relevant = self.system.leading_to(list(effects))
        self.needed = needed
        self._known: dict[int, Distribution] = {}

    def of(self, handler: int) -> Distribution:
        """From arrival at the handler until every effect below it has happened; where there is none, until the handler is done."""
        if handler not in self._known:
            topology = self.system.topology
            below = self.system.reachable(handler) & self.relevant
            for position in sorted({topology.position[h] for h in below}):
                for h in topology.order[position]:
                    if h in below and h not in self._known:
                        self._known[h] = self._followed(self.system.handlers[h])
        return self._known.get(handler) or self.responses.response(handler)

    def _tail(self, handler: int) -> Distribution:
        # in a circle what comes round again is left out
        return self._known.get(handler) or self.responses.response(handler)

    def _leads(self, edge: CallEdge) -> bool:
        return edge.target in self.relevant or any(self._leads(miss) for miss in edge.on_miss)

    def _followed(self, node: HandlerNode) -> Distribution:
        """Own work and calls up to where the first effect branches off; from there the latest of all branches."""
        responses = self.responses
        prefix: list[Distribution] = [responses.start(node.index)]
        since: list[Distribution] | None = None
        branches: list[Distribution] = []
        for edges in _in_groups(node.calls):
            for edge in edges:
                if self._leads(edge):
                    since = [] if since is None else since
                    branches.append(self._through(edge, since))
            (prefix if since is None else since).extend(responses._groups(edges, node.service))
        if node.misses and node.hit < 1:
            (prefix if since is None else since).append(responses._sometimes(1 - node.hit, responses._groups(node.misses, node.service)))
        # a message is on its way while its publisher still waits for the broker's confirmation
        confirmed = responses.acknowledgements(node)
        since = [] if since is None else since
        if node.index in self.effects:
            branches.append(sequence(self.grid.zero(), *since, *confirmed))
        branches += self._published(node, since)
        if not branches:
            return sequence(*prefix, *confirmed)
        latest = branches[0] if len(branches) == 1 else maximum(*branches)
        return sequence(*prefix, latest)

    def _through(self, edge: CallEdge, since: list[Distribution]) -> Distribution:
        """An effect below a synchronous call: half a round trip there, and what happens there; the reply is not waited for."""
        way = self.grid.fixed(float(self.system.service_of(edge.target).round_trip) / 2)
        there = sequence(*since, way, self._tail(edge.target))
        if edge.chance >= 1:
            return there
        return there.scaled_mass(edge.chance) if self.needed else mixture([(edge.chance, there), (1 - edge.chance, self.grid.zero())])

    def _published(self, node: HandlerNode, since: list[Distribution]) -> list[Distribution]:
        """One branch for each event that leads to an effect; of alternatives one branch for all."""
        branches, alternatives, left = [], [], 1.0
        for publish in node.publishes:
            delivered = self._delivered(publish, since)
            if publish.exclusive:
                left -= publish.chance
            if delivered is None:
                if publish.exclusive and not self.needed:
                    left += publish.chance
                continue
            if publish.exclusive:
                alternatives.append((publish.chance, delivered))
            elif publish.chance >= 1:
                branches.append(delivered)
            else:
                done = delivered.scaled_mass(publish.chance) if self.needed else None
                branches.append(done or mixture([(publish.chance, delivered), (1 - publish.chance, self.grid.zero())]))
        if alternatives:
            nothing = [] if self.needed or left <= 1e-12 else [(left, sequence(self.grid.zero(), *since))]
            branches.append(mixture([*alternatives, *nothing]))
        return branches

    def _delivered(self, publish: PublishEdge, since: list[Distribution]) -> Distribution | None:
        """An event's way: the broker's lag, then the latest of its subscribers that matter."""
        subscribers = [s for s in self.system.subscribers[publish.event.name] if s in self.relevant]
        if not subscribers:
            return None
        tails = [self._tail(s) for s in subscribers]
        latest = tails[0] if len(tails) == 1 else maximum(*tails)
        return sequence(*since, self.grid.fixed(float(publish.event.lag)), latest)


def _in_groups(edges: tuple[CallEdge, ...]) -> list[tuple[CallEdge, ...]]:
    groups: dict[int, list[CallEdge]] = {}
    for edge in edges:
        groups.setdefault(edge.group, []).append(edge)
    return [tuple(group) for group in groups.values()]


Builder = Callable[[Grid], Distribution]
