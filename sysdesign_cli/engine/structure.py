"""Structure functions of a flow: from which components' failures its answer and its completion fail, come late, or are degraded.

Each component (a replica, a zone, a bad deploy, a provider) is one event of the tree however often the flow needs it, so a
dependency used twice counts once. The rules are those of ``propagation``, for steady state: what waits through an outage is late;
what waits beyond its deadline, the broker's retention or its deliveries is as good as lost, which for an outage whose repair time
is exponential with mean MTTR happens to exp(-T / MTTR) of the messages that find it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations
from typing import Final

from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.faulttree import Tree
from sysdesign_cli.engine.stations import replica_zones
from sysdesign_cli.engine.system import CallEdge, HandlerNode, PublishEdge, System
from sysdesign_cli.scenario.model import Event, Service

YEAR_S: Final = 365 * 86400.0
#: Replicas up to this number are components of their own; of more, only how many of them fail together is one.
SINGLE_REPLICAS: Final = 6
#: Alternatives of which any set may be chosen from; more are taken as independent.
MOST_ALTERNATIVES: Final = 6
#: Chance below which so many replicas failing together is left out.
NEGLIGIBLE: Final = 1e-30

REPLICA, WHOLE, ZONE, DEPLOY, GROUP, CATCHING_UP = "replica", "whole", "zone", "deploy", "group", "catching-up"


@dataclass(frozen=True)
class Component:
    """Something that fails by itself.

    kind: ``replica`` (number ``replica`` of a service), ``whole`` (a provider, or a service whose availability is stated), ``zone``,
    ``deploy`` (a fault that takes all replicas at once), ``group`` (``replica`` of many replicas at once), ``catching-up`` (late
    because of a backlog). unavailability: mean share of time. mttr_s: mean time until it is back.
    """

    name: str
    kind: str
    unavailability: float
    mttr_s: float
    service: str = ""
    zone: str = ""
    replica: int = 0


@dataclass(frozen=True)
class Supply:
    """How many replicas of a service run, and how many it needs for the load; ``stretch``: mu / (mu - lambda) of its backlogs."""

    replicas: int
    needs: int
    stretch: float = 1.0


@dataclass
class Structure:
    """The tree of one flow, with the tops that are asked of it; a top is a node number.

    ``answer``/``answer_full``: the answer fails; it fails or is degraded. ``core``/``on_time``/``full``: the same of the completion,
    with lateness between. Without effects that must happen the completion is the answer.
    """

    tree: Tree
    components: dict[str, Component]
    tops: dict[str, int] = field(default_factory=dict)


class Structures:
    """Structure functions of the flows of one system.

    supply: service number -> replicas and need. deploys: whether bad deploys count. Components without repair data cannot be
    counted; reading has refused them.
    """

    def __init__(self, system: System, supply: Mapping[int, Supply]) -> None:
        self.system = system
        self.supply = supply

    def of(self, entry: int, awaited: Sequence[int], effects: Sequence[int], deadline_s: float | None) -> Structure:
        """The structure of a flow by its entry, the handlers its answer and its completion wait for, and its deadline."""
        builder = self._builder(entry, deadline_s)
        relevant = self.system.leading_to(list(awaited)) if awaited else set()
        tree = builder.tree
        answer = builder.fails(entry, 0.0)
        full = builder.not_full(entry)
        if awaited:
            waiting = _Effects(builder, relevant, patient=False)
            answer = tree.any_of([answer, waiting.lost(entry)])
            full = tree.any_of([full, waiting.degraded(entry)])
        tops = {"answer": answer, "answer_full": full}
        if effects:
            done = _Effects(builder, self.system.leading_to(list(effects)), patient=True)
            core = tree.any_of([builder.fails(entry, 0.0), done.lost(entry)])
            on_time = tree.any_of([builder.fails(entry, 0.0), done.late(entry)])
            tops |= {"core": core, "on_time": on_time, "full": tree.any_of([builder.not_full(entry), done.degraded(entry)])}
        else:
            tops |= {"core": answer, "on_time": answer, "full": full}
        return Structure(tree, builder.components, tops)

    def answer(self, entry: int, awaited: Sequence[int], *, in_one: bool = False) -> tuple[Tree, int, bool]:
        """The tree and the node of an answer that fails, without all that only the completion needs: for those who ask often.

        in_one: the failure of each service is one event, named by ``down_name``, whatever it is made of. Also returns whether the answer
        is just a matter of what is down, never of for how long.
        """
        builder = self._builder(entry, None)
        builder.in_one = in_one
        answer = builder.fails(entry, 0.0)
        if awaited:
            waiting = _Effects(builder, self.system.leading_to(list(awaited)), patient=False)
            answer = builder.tree.any_of([answer, waiting.lost(entry)])
        return builder.tree, answer, all(patience_s <= 0 for _, patience_s in builder.down_for)

    def _builder(self, entry: int, deadline_s: float | None) -> _Builder:
        groups, patiences = _groups_below(self.system, entry), _patiences(self.system, entry, deadline_s)
        return _Builder(self.system, self.supply, deadline_s, groups, patiences)


def _patiences(system: System, entry: int, deadline_s: float | None) -> tuple[float, ...]:
    """Every time (s) after which waiting may turn into losing, in order."""
    found = set() if deadline_s is None else {deadline_s}
    for handler in system.reachable(entry):
        event = system.handlers[handler].event
        if event is not None:
            retention = float(event.retention)
            found |= {retention, min(retention, tried_for(event))}
    return tuple(sorted(time for time in found if time > 0 and (deadline_s is None or time <= deadline_s)))


def tried_for(event: Event) -> float:
    """Seconds from the first delivery of a message to the last."""
    return (float(event.deliveries) - 1) * float(event.redelivery_delay)


def _groups_below(system: System, entry: int) -> list[list[int]]:
    """Groups of handlers that the entry may lead to, each after those it leads to; a group of several is a circle."""
    topology = system.topology
    return [topology.order[position] for position in sorted({topology.position[h] for h in system.reachable(entry)})]


def settle(order: list[list[int]], system: System, known: dict[int, int], false: int, node_of: Callable[[int], int]) -> None:
    """Fill ``known`` with the node of every handler; in a circle nothing fails at first, and what follows is added round by round.

    Round by round each node grows towards the least solution, which for n equations of and and or is reached after n rounds.
    """
    for group in order:
        circle = system.topology.is_cycle(group)
        for handler in group if circle else ():
            known[handler] = false
        for _ in range(len(group) + 1 if circle else 1):
            before = [known.get(handler) for handler in group]
            for handler in group:
                known[handler] = node_of(handler)
            if before == [known[handler] for handler in group]:
                break


class _Builder:
    """Failure of handlers as nodes of a tree.

    ``patience_s``: a failure counts only when it lasts longer than this from the moment a message finds it; 0 for a request, whose
    caller is told at once.
    """

    def __init__(
        self, system: System, supply: Mapping[int, Supply], deadline_s: float | None, order: list[list[int]], patiences: tuple[float, ...]
    ) -> None:
        self.system = system
        self.supply = supply
        self.deadline_s = deadline_s
        self.order = order
        """groups of handlers, callees and subscribers first"""
        self.patiences = patiences
        self.in_one = False
        """each service's failure is one event"""
        self.tree = Tree()
        self.components: dict[str, Component] = {}
        self._fails: dict[float, dict[int, int]] = {}
        self._full: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._taken: dict[str, int] = {}
        self.down_for: dict[tuple[int, float], int] = {}
        """(service, patience) -> its node"""
        self._zones: dict[tuple[str, float], int] = {}

    # components

    def event(self, component: Component, patience_s: float) -> int:
        """The component is down, and for longer than the patience of whoever finds it so."""
        if component.unavailability <= 0:
            return self.tree.FALSE
        self.components[component.name] = component
        node = self.tree.event(component.name, component.unavailability)
        if patience_s <= 0:
            return node
        return self.tree.all_of([node, *self._lasting(component, patience_s)])

    def _lasting(self, component: Component, patience_s: float) -> list[int]:
        """Its repair takes longer than this: one toss for every patience on the way, since an outage over 1 h is also one over 1 min."""
        tosses, before = [], 0.0
        for time in (*(time for time in self.patiences if time < patience_s), patience_s):
            chance = math.exp((before - time) / component.mttr_s) if component.mttr_s > 0 else 0.0
            once = f", once over {before:g} s" if before else ""
            tosses.append(self.chance(f"{component.name} lasts over {time:g} s{once}", chance))
            before = time
        return tosses

    def chance(self, name: str, probability: float) -> int:
        if probability >= 1:
            return self.tree.TRUE
        return self.tree.event(name, probability, kind="chance") if probability > 0 else self.tree.FALSE

    def down(self, service: int, patience_s: float) -> int:
        """The service has not enough replicas: too few are left by zones and by themselves, or all of them fail at once."""
        key = (service, patience_s)
        if key not in self.down_for:
            self.down_for[key] = self._down_node(self.system.services[service], self.supply[service], patience_s)
        return self.down_for[key]

    def _down_node(self, service: Service, supply: Supply, patience_s: float) -> int:
        if service.kind == "client":
            return self.tree.FALSE
        if self.in_one:
            return self.tree.event(down_name(service), 0.5)
        parts = []
        if (deploys := service.bad_deploys) is not None:
            deploy = Component(f"{service.name}: bad deploy", DEPLOY, deploy_share(service), float(deploys.lasts), service.name)
            parts.append(self.event(deploy, patience_s))
        zones = zones_of(self.system, service, supply.replicas)
        if is_whole(service):
            parts.append(self.event(whole_component(service), patience_s))
            parts.append(self._too_few(service, supply, zones, patience_s, 0.0))
        else:
            parts.append(self._too_few(service, supply, zones, patience_s, unavailability(service)))
        return self.tree.any_of(parts)

    def _too_few(self, service: Service, supply: Supply, zones: list[str], patience_s: float, q: float) -> int:
        """Fewer than are needed are left, each taken by its zone or by itself (with unavailability q)."""
        count, needs = len(zones), max(1, supply.needs)
        if needs > count:
            return self.tree.TRUE
        if count <= SINGLE_REPLICAS:
            replicas = [self._replica(service, number, zone, patience_s, q) for number, zone in enumerate(zones, 1)]
            return self.tree.at_least(count - needs + 1, replicas)
        return self._too_few_of_many(service, needs, zones, patience_s, q)

    def _replica(self, service: Service, number: int, zone: str, patience_s: float, q: float) -> int:
        alone = self.event(Component(f"{service.name}/{number}", REPLICA, q, float(service.mttr), service.name, zone, number), patience_s)
        return self.tree.any_of([alone, self.zone(zone, patience_s)])

    def zone(self, zone: str, patience_s: float) -> int:
        if not zone:
            return self.tree.FALSE
        key = (zone, patience_s)
        if key not in self._zones:
            mttr_s = float(self.system.scenario.zone_failures.mttr)
            component = Component(f"zone {zone}", ZONE, zone_unavailability(self.system), mttr_s, zone=zone)
            self._zones[key] = self.event(component, patience_s)
        return self._zones[key]

    def _too_few_of_many(self, service: Service, needs: int, zones: list[str], patience_s: float, q: float) -> int:
        """For every set of dead zones: so many of the rest fail too. Counts instead of replicas, joined as if independent."""
        parts = []
        for dead, left, more, share in losses(tuple(in_turn(self.system, service)), len(zones), needs, q):
            lost = [self.zone(zone, patience_s) for zone in dead]
            if more <= 0:
                parts.append(self.tree.all_of(lost))
            elif share > NEGLIGIBLE:
                name = f"{service.name}: {more} of {left} replicas"
                group = Component(name, GROUP, share, float(service.mttr) / more, service.name, replica=more)
                parts.append(self.tree.all_of([*lost, self.event(group, patience_s)]))
        return self.tree.any_of(parts)

    # handlers

    def fails(self, handler: int, patience_s: float) -> int:
        """An invocation of the handler fails (and would go on failing for longer than the patience)."""
        if patience_s not in self._fails:
            known = self._fails[patience_s] = {}
            settle(self.order, self.system, known, self.tree.FALSE, lambda h: self._failure(h, patience_s))
        return self._fails[patience_s][handler]

    def _failure(self, handler: int, patience_s: float) -> int:
        node = self.system.handlers[handler]
        return self.tree.any_of([self.down(node.service, patience_s), self._failure_below(node, patience_s)])

    def fails_though_up(self, handler: int, patience_s: float) -> int:
        """An invocation fails because of what it calls, or of the broker; its own service may be up."""
        self.fails(handler, patience_s)  # in a circle it takes rounds to know
        return self._failure_below(self.system.handlers[handler], patience_s)

    def _failure_below(self, node: HandlerNode, patience_s: float) -> int:
        parts = [self._call(edge, patience_s) for edge in node.calls]
        if node.misses and node.hit < 1:
            missed = self.tree.any_of([self._call(edge, patience_s) for edge in node.misses])
            parts.append(self.tossed(f"{node.key} misses", 1 - node.hit, missed))
        parts.append(self.published(node, lambda edge: self._refused(edge, patience_s)))
        return self.tree.any_of(parts)

    def _refused(self, edge: PublishEdge, patience_s: float) -> int:
        return self.down(edge.broker, patience_s) if edge.mode == "in-path" and edge.broker >= 0 else self.tree.FALSE

    def published(self, node: HandlerNode, outcome: Callable[[PublishEdge], int]) -> int:
        """Any of a handler's events comes to this outcome, where it is published; of alternatives exactly one is."""
        parts, chosen = [], []
        for edge in node.publishes:
            found = outcome(edge)
            if edge.exclusive and found != self.tree.FALSE and happens(edge) > 0:
                chosen.append((edge, found))
            elif not edge.exclusive:
                name = self.named(edge, f"{node.key} publishes {edge.event.name}")
                parts.append(self.tossed(name, happens(edge), found))
        return self.tree.any_of([*parts, *self._one_of(node, chosen)])

    def _one_of(self, node: HandlerNode, chosen: list[tuple[PublishEdge, int]]) -> list[int]:
        """Alternatives by independent tosses: one for every set of them, so that some set of outcomes is met with the sum of their chances.

        With Möbius' inversion of log(1 - sum) over the subsets every toss has a chance between 0 and 1, since all derivatives of
        log(1 - t) are negative. Past 6 alternatives only each by itself and all together are tossed.
        """
        parts = []
        sizes = range(1, len(chosen) + 1) if len(chosen) <= MOST_ALTERNATIVES else (1, len(chosen))
        for size in sizes:
            for group in combinations(chosen, size):
                name = f"{node.key} publishes {' or '.join(str(edge.event.name) for edge, _ in group)}"
                chance = together([happens(edge) for edge, _ in group])
                parts.append(self.tossed(name, chance, self.tree.all_of([found for _, found in group])))
        return parts

    def tossed(self, name: str, probability: float, what: int) -> int:
        if what == self.tree.FALSE or probability >= 1:
            return what
        return self.tree.all_of([what, self.chance(name, probability)])

    def _call(self, edge: CallEdge, patience_s: float) -> int:
        """The call fails for good: the callee does, what is behind a cache does, and there is nothing instead."""
        if edge.optional:
            return self.tree.FALSE
        failed = self.unanswered(edge, patience_s)
        if edge.fallback is not None:
            failed = self.tree.all_of([failed, self.fails(edge.fallback, patience_s)])
        return self.tossed(self.call_name(edge), happens(edge), failed)

    def unanswered(self, edge: CallEdge, patience_s: float) -> int:
        """The callee fails, or what is behind a cache does; whatever may be done instead."""
        failed = self.fails(edge.target, patience_s)
        return self.behind_cache(edge, failed, lambda behind: self._call(behind, patience_s)) if edge.on_miss else failed

    def call_name(self, edge: CallEdge) -> str:
        return self.named(edge, f"{self.system.handlers[edge.caller].key} calls {self.system.handlers[edge.target].key}")

    def named(self, edge: object, name: str) -> str:
        """A name that is the edge's own, though a handler may call the same one twice."""
        if id(edge) not in self._names:
            taken = self._taken[name] = self._taken.get(name, 0) + 1
            self._names[id(edge)] = name if taken == 1 else f"{name} ({taken})"
        return self._names[id(edge)]

    def behind_cache(self, edge: CallEdge, cache: int, outcome: Callable[[CallEdge], int]) -> int:
        """A miss meets what is behind; with the cache dead every request does."""
        behind = self.tree.any_of([outcome(miss) for miss in edge.on_miss])
        missing = self.chance(f"{self.call_name(edge)}: a miss", some_of(1 - (edge.hit or 0.0), max(1.0, edge.count)))
        return self.tree.all_of([behind, self.tree.any_of([cache, missing])])

    def not_full(self, handler: int) -> int:
        """The handler fails, or does without something: a fallback, an optional call, a cache."""
        if not self._full:
            settle(self.order, self.system, self._full, self.tree.FALSE, self._lack)
        return self._full[handler]

    def _lack(self, handler: int) -> int:
        node = self.system.handlers[handler]
        parts = [self.down(node.service, 0.0), *(self._call_not_full(edge) for edge in node.calls)]
        if node.misses and node.hit < 1:
            missed = self.tree.any_of([self._call_not_full(edge) for edge in node.misses])
            parts.append(self.tossed(f"{node.key} misses", 1 - node.hit, missed))
        parts.append(self.published(node, lambda edge: self._refused(edge, 0.0)))
        return self.tree.any_of(parts)

    def _call_not_full(self, edge: CallEdge) -> int:
        touched = self.not_full(edge.target)
        if edge.on_miss:
            touched = self.tree.any_of([touched, self.behind_cache(edge, self.tree.FALSE, self._call_not_full)])
        return self.tossed(self.call_name(edge), happens(edge), touched)


class _Effects:
    """What becomes of the effects that must happen, once the request has been accepted.

    patient: an effect may come late, until its deadline; an impatient one (the user waits for it) is gone when it does not come.
    What is lost counts as late, and what is late as degraded: one walk each, so that every toss stands over all that hangs on it.
    More failures never help here, though in a few cases they would: a handler that fails before it publishes loses nothing. Such a
    case counts as lost, which is on the safe side.
    """

    def __init__(self, builder: _Builder, relevant: set[int], patient: bool) -> None:
        self.builder = builder
        self.system = builder.system
        self.tree = builder.tree
        self.relevant = relevant
        self.patient = patient
        self._seen: dict[str, dict[int, int]] = {}

    def lost(self, handler: int) -> int:
        """An effect never happens, or not before its deadline."""
        return self._walk(handler, "lost")

    def late(self, handler: int) -> int:
        """An effect waits somewhere, or is lost."""
        return self._walk(handler, "late")

    def degraded(self, handler: int) -> int:
        """An effect is brought about by something else than usual, or late, or lost."""
        return self._walk(handler, "degraded")

    def _walk(self, handler: int, what: str) -> int:
        if handler not in self.relevant:
            return self.tree.FALSE
        if what not in self._seen:
            known = self._seen[what] = {}
            order = [inside for group in self.builder.order if (inside := [h for h in group if h in self.relevant])]
            settle(order, self.system, known, self.tree.FALSE, lambda h: self._outcome(h, what))
        return self._seen[what].get(handler, self.tree.FALSE)

    def _outcome(self, handler: int, what: str) -> int:
        node = self.system.handlers[handler]
        parts = [self._through_call(edge, what) for edge in node.calls]
        if node.misses and node.hit < 1:
            missed = self.tree.any_of([self._through_call(edge, what) for edge in node.misses])
            parts.append(self.builder.tossed(f"{node.key} misses", 1 - node.hit, missed))
        parts.append(self.builder.published(node, lambda edge: self._through_event(edge, what)))
        return self.tree.any_of(parts)

    def _leads(self, edge: CallEdge) -> bool:
        return edge.target in self.relevant or any(self._leads(miss) for miss in edge.on_miss)

    def _through_call(self, edge: CallEdge, what: str) -> int:
        """What is done instead of a call may lead to an effect as well, or leave out the one that the call leads to."""
        instead = edge.fallback is not None and edge.fallback in self.relevant
        if not self._leads(edge) and not instead:
            return self.tree.FALSE
        parts = [self._walk(edge.target, what)]
        if edge.on_miss:
            failed = self.builder.fails(edge.target, 0.0)
            parts.append(self.builder.behind_cache(edge, failed, lambda miss: self._through_call(miss, what)))
        if edge.fallback is not None and instead:
            parts.append(self.tree.all_of([self.builder.unanswered(edge, 0.0), self._walk(edge.fallback, what)]))
        elif edge.optional or edge.fallback is not None:
            parts.append(self.builder.unanswered(edge, 0.0))
        return self.builder.tossed(self.builder.call_name(edge), happens(edge), self.tree.any_of(parts))

    def _through_event(self, edge: PublishEdge, what: str) -> int:
        subscribers = [s for s in self.system.subscribers[edge.event.name] if s in self.relevant]
        if not subscribers:
            return self.tree.FALSE
        return self.tree.any_of([self._broker(edge, what), *(self._subscriber(edge, s, what) for s in subscribers)])

    def _broker(self, edge: PublishEdge, what: str) -> int:
        if edge.broker < 0 or edge.mode == "in-path":
            return self.tree.FALSE
        if edge.mode == "best-effort" or what != "lost":
            return self.builder.down(edge.broker, 0.0)
        return self._beyond(lambda patience: self.builder.down(edge.broker, patience), math.inf)

    def _beyond(self, failing: Callable[[float], int], kept_s: float) -> int:
        """It fails for longer than the message is kept, or wanted."""
        if not self.patient:
            return failing(0.0)
        wanted = kept_s if self.builder.deadline_s is None else min(kept_s, self.builder.deadline_s)
        return failing(wanted) if not math.isinf(wanted) else self.tree.FALSE

    def _subscriber(self, edge: PublishEdge, subscriber: int, what: str) -> int:
        event, builder = edge.event, self.builder
        service = self.system.handlers[subscriber].service
        after = self._walk(subscriber, what)
        if what == "degraded":
            return self.tree.any_of([after, builder.not_full(subscriber), self._catching_up(service)])
        if what == "late":
            return self.tree.any_of([after, builder.fails(subscriber, 0.0), self._catching_up(service)])
        # a dead subscriber: kept until the retention is over; one that fails: tried until its deliveries are used up, then parked
        retention = float(event.retention)
        once = event.delivery == "at-most-once"
        kept = 0.0 if once or not event.durable else retention
        tried = 0.0 if once else min(retention, tried_for(event))
        gone = [
            self._beyond(lambda patience: builder.down(service, patience), kept),
            self._beyond(lambda patience: builder.fails_though_up(subscriber, patience), tried),
        ]
        return self.tree.any_of([after, *gone])

    def _catching_up(self, service: int) -> int:
        """Still late after the repair, while the backlog drains: down for mu / (mu - lambda) times as long, seen from the queue."""
        stretch = self.builder.supply[service].stretch
        definition = self.system.services[service]
        if stretch <= 1 or definition.kind == "client":
            return self.tree.FALSE
        share = 1.0 if math.isinf(stretch) else min(1.0, alone_down(self.builder, service) * (stretch - 1))
        component = Component(f"{definition.name}: catching up", CATCHING_UP, share, float(definition.mttr), definition.name)
        return self.builder.event(component, 0.0)


def alone_down(builder: _Builder, service: int) -> float:
    """Unavailability of one service by itself."""
    return probability(builder.tree, builder.down(service, 0.0))


def unavailability(service: Service) -> float:
    """MTTR / (MTBF + MTTR) of one replica."""
    return float(service.mttr) / (float(service.mtbf) + float(service.mttr))


def whole_component(service: Service) -> Component:
    """A provider, or a service whose availability somebody states: one component whatever it is made of."""
    share = 1 - float(service.availability) if service.availability is not None else unavailability(service)
    return Component(service.name, WHOLE, share, float(service.mttr), service.name)


def zones_of(system: System, service: Service, replicas: int) -> list[str]:
    """The zone of each of so many replicas, in turn; ``""`` for what runs in none of ours."""
    if service.kind == "function":
        return replica_zones(system, service)
    zones = in_turn(system, service)
    return (zones * (replicas // len(zones) + 1))[:replicas]


def in_turn(system: System, service: Service) -> list[str]:
    """The zones that replicas are put into one after the other; just ``""`` for what runs in none of ours."""
    nowhere = service.kind in ("external", "client", "cdn") and not service.zones
    return [""] if nowhere else [str(zone) for zone in service.zones or system.scenario.zones] or [""]


@lru_cache(4096)
def losses(zones: tuple[str, ...], replicas: int, needs: int, q: float) -> tuple[tuple[tuple[str, ...], int, int, float], ...]:
    """Every set of zones with: the replicas left when they are dead, how many of those must fail too so that fewer than ``needs`` are
    left, and the chance of that, each failing with q. Replicas are put into the zones in turn.
    """
    standing: Counter[str] = Counter()
    each, more = divmod(replicas, len(zones))
    for number, zone in enumerate(zones):
        standing[zone] += each + (number < more)
    names = sorted(zone for zone, count in standing.items() if zone and count)
    found = []
    for number in range(1 << len(names)) if len(names) <= 8 else [0]:
        dead = tuple(zone for bit, zone in enumerate(names) if number >> bit & 1)
        left = replicas - sum(standing[zone] for zone in dead)
        found.append((dead, left, left - needs + 1, binomial_tail(left, left - needs + 1, q)))
    return tuple(found)


def down_name(service: Service) -> str:
    return f"{service.name}: down"


def deploy_share(service: Service) -> float:
    """Share of time that a bad deploy stops it."""
    deploys = service.bad_deploys
    return 0.0 if deploys is None else min(1.0, float(deploys.per_year) * float(deploys.lasts) / YEAR_S)


def zone_unavailability(system: System) -> float:
    data = system.scenario.zone_failures
    return float(data.mttr) / (float(data.mtbf) + float(data.mttr))


def down_while(system: System, service: Service, supply: Supply, dead: Sequence[frozenset[str]]) -> list[float]:
    """Chance that a service is down while just these zones are, for each set of them; the same as of the node ``down``."""
    if service.kind == "client":
        return [0.0] * len(dead)
    q = 0.0 if is_whole(service) else unavailability(service)
    always = deploy_share(service)
    if is_whole(service):
        always += whole_component(service).unavailability * (1 - always)
    few = too_few_while(tuple(in_turn(system, service)), len(zones_of(system, service, supply.replicas)), max(1, supply.needs), q)
    return [always + few(zones) * (1 - always) for zones in dead]


@lru_cache(4096)
def too_few_while(zones: tuple[str, ...], replicas: int, needs: int, q: float) -> Callable[[frozenset[str]], float]:
    """As a function of the zones that are down the chance that too few replicas are left, which are put into the zones in turn."""

    @lru_cache(256)
    def chance(dead: frozenset[str]) -> float:
        if needs > replicas:
            return 1.0
        if replicas <= SINGLE_REPLICAS:
            left = sum(zones[number % len(zones)] not in dead for number in range(replicas))
            return binomial_tail(left, left - needs + 1, q)
        groups: dict[tuple[int, int], float] = {}
        for taken, left, more, share in losses(zones, replicas, needs, q):
            if dead.issuperset(taken):
                if more <= 0:
                    return 1.0
                groups[(left, more)] = share if share > NEGLIGIBLE else 0.0
        failed = 0.0
        for share in groups.values():
            failed += share * (1 - failed)
        return failed

    return chance


def is_whole(service: Service) -> bool:
    """Whether it fails as one, whatever it is made of: a provider, or a service whose availability somebody states."""
    return service.availability is not None or service.kind in ("function", "external")


def happens(edge: CallEdge | PublishEdge) -> float:
    """Chance that an invocation makes the call, or publishes the event, at all; a mean count below 1 is a chance too."""
    return edge.chance * min(1.0, edge.count)


def together(chances: Sequence[float]) -> float:
    """Chance of the toss for a set of alternatives: with those of all its subsets it makes the sum of their chances.

    1 minus it is the product over the subsets T of (1 - sum of T) to the power of (-1)^(size of the set - size of T).
    """
    if math.fsum(chances) >= 1 - 1e-12:
        return 1.0
    terms = [
        (-1) ** (len(chances) - size) * math.log1p(-math.fsum(group))
        for size in range(1, len(chances) + 1)
        for group in combinations(chances, size)
    ]
    return max(0.0, -math.expm1(math.fsum(terms)))


def some_of(chance: float, count: float) -> float:
    """Chance that at least one of ``count`` independent tries happens."""
    if count == 1:
        return chance
    if chance >= 1:
        return 1.0 if count >= 1 else count
    return -math.expm1(count * math.log1p(-chance))


def binomial_tail(count: int, at_least: int, q: float) -> float:
    """P(at least so many of ``count`` fail), each with q: a sum of positive terms from the largest on."""
    if at_least <= 0:
        return 1.0
    if q <= 0 or at_least > count:
        return 0.0
    if q >= 1:
        return 1.0
    log_term = (
        math.lgamma(count + 1) - math.lgamma(at_least + 1) - math.lgamma(count - at_least + 1)
        + at_least * math.log(q) + (count - at_least) * math.log1p(-q)
    )  # fmt: skip
    term = math.exp(log_term)
    total, number = term, at_least
    while number < count:
        term *= (count - number) / (number + 1) * q / (1 - q)
        number += 1
        total += term
        if number > count * q and term <= total * 1e-17:
            break
    return min(1.0, total)
