"""A flow followed step by step: who waits for whom, what is answered when, which events go where and how often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import CallEdge, HandlerNode, PublishEdge, System
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.scenario.model import Flow, Objectives
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, Figure
from sysdesign_cli.scenario.shapes import Text

MAX_STEPS: Final = 2_000
MAX_DEPTH: Final = 100


@dataclass(frozen=True)
class Step:
    """One step of a journey.

    kind: ``entry``, ``call``, ``miss`` (a call made when a cache has no answer), ``fallback``, ``publish`` (handler to
    broker) or ``deliver`` (broker to subscriber). ``chance``: mean number of times for each start of the flow. ``group``: calls
    with the same number under one parent are made at the same time. ``ends``: ``answered``, ``completed``, ``cycle``,
    ``again`` (shown before), ``more`` (cut off).
    """

    kind: str
    subject: str
    title: Text
    group: int
    waits: bool
    exclusive: bool
    chance: Number
    rate: Number
    bytes_per_s: Number
    takes: Figure | None
    timeout: Figure | None
    retries: int
    mode: str
    gets_by: str
    ends: tuple[str, ...]
    children: tuple[Step, ...] = ()


@dataclass(frozen=True)
class EventTraffic:
    """One event on the journey: messages and bytes a second, one copy for each subscriber."""

    event: str
    title: Text
    broker: str
    publishers: tuple[str, ...]
    subscribers: tuple[str, ...]
    rate: Number
    bytes_per_s: Number


@dataclass(frozen=True)
class FlowResult(Presentable):
    """A flow's journey under a workload at its busiest moment."""

    scenario: str
    flow: str
    title: Text
    description: Text
    workload: str
    clock: str
    rate: Number
    is_write: bool
    waits_for: tuple[str, ...]
    depth: Number
    objectives: Objectives
    root: Step
    events: tuple[EventTraffic, ...]
    cut: int
    """steps left out because the journey is longer than MAX_STEPS"""


def pick_flow(system: System, name: str) -> Flow:
    """The flow of that name. Raises ScenarioError with the nearest names."""
    flows = system.scenario.flows
    if name not in flows:
        params = {"name": name[:60], "what": "flow", "known": some_of_names(list(flows))}
        raise ScenarioError([Problem("unknown-name", Place(system.scenario.address), params, nearest(name, list(flows)))])
    return flows[name]


def some_of_names(names: list[str], most: int = 20) -> str:
    """The first names of many, for a message."""
    return ", ".join(names[:most]) + (f", … ({len(names)} in all)" if len(names) > most else "")


def journey(system: System, flow: Flow, workload: str = "", unfold_all: bool = False) -> FlowResult:
    """Follow a flow from its entry. ``unfold_all``: show what a handler leads to each time it comes, not just the first.

    Raises ScenarioError when there is no such workload.
    """
    setting = Setting(system, workload)
    walker = _Walker(setting, flow, unfold_all)
    root = walker.walk()
    waited = answer_services(system, flow)
    rate = setting.rate_number(flow.name)
    return FlowResult(
        scenario=system.scenario.address,
        flow=flow.name,
        title=flow.title,
        description=flow.description,
        workload=setting.workload.name,
        clock=setting.moment.clock,
        rate=rate,
        is_write=writes(system, flow),
        waits_for=tuple(waited),
        depth=Number(answer_depth(system, system.entry(flow)), COUNT, "answer-depth"),
        objectives=flow.objectives,
        root=root,
        events=walker.events(),
        cut=walker.cut,
    )


def writes(system: System, flow: Flow) -> bool:
    """A flow is a write when it reaches a write handler of a store."""
    return any(system.handlers[handler].handler.access == "write" for handler in system.reachable(system.entry(flow)))


def answer_services(system: System, flow: Flow) -> list[str]:
    """Services that the answer waits for, in the order of the file; devices of the user are not services.

    When the answer comes by events (``answered``), everything on the way there counts, brokers included.
    """
    entry = system.entry(flow)
    seen = {entry}
    brokers: set[int] = set()
    if flow.answered:
        on_the_way = system.reachable(entry) & system.leading_to([system.handler_number(flow.answered)])
        seen |= on_the_way
        for handler in on_the_way:
            for publish in system.handlers[handler].publishes:
                if any(subscriber in on_the_way for subscriber in system.subscribers[publish.event.name]):
                    brokers.add(publish.broker)
    stack = list(seen)
    while stack:
        for edge in system.handlers[stack.pop()].every_call():
            if edge.target not in seen and edge.chance > 0:
                seen.add(edge.target)
                stack.append(edge.target)
    found = {system.handlers[handler].service for handler in seen} | brokers
    return [service.name for index, service in enumerate(system.services) if index in found and service.kind != "client"]


def answer_depth(system: System, entry: int) -> int:
    """Longest chain of calls, in handlers, that the entry waits for; a cycle counts once."""
    depth = [1] * len(system.handlers)
    for group in system.topology.order:
        members = set(group)
        for handler in group:
            below = [depth[edge.target] for edge in system.handlers[handler].every_call() if edge.target not in members]
            depth[handler] = 1 + max(below, default=0)
    return depth[entry]


class _Walker:
    """Follows one flow depth first. A handler that was shown in full is not unfolded a second time."""

    def __init__(self, setting: Setting, flow: Flow, unfold_all: bool) -> None:
        self.unfold_all = unfold_all
        self.setting = setting
        self.system = setting.system
        self.flow = flow
        self.entry = self.system.entry(flow)
        self.visits = solve(self.system, {self.entry: 1.0})
        self.rate = setting.rate_number(flow.name)
        self.answered = self.system.handler_number(flow.answered) if flow.answered else self.entry
        self.awaited = self.system.leading_to([self.answered]) if self.answered != self.entry else set()
        self.completed = {self.system.handler_number(name) for name in flow.completed}
        self.expanded: set[int] = set()
        self.steps = 0
        self.cut = 0

    def walk(self) -> Step:
        return self._handler("entry", self.entry, 1.0, (), None, 0)

    def _numbers(self, chance: float, size: Figure | None, reply: Figure | None = None) -> tuple[Number, Number, Number]:
        share = Number(chance, SHARE if chance <= 1 else COUNT, "visits")
        rate = Number(self.rate.value * chance, RATE, "step-rate", (("flow_rate", self.rate), ("chance", share)))
        parts = [(name, figure) for name, figure in (("size", size), ("reply", reply)) if figure is not None]
        total = sum(float(figure) for _, figure in parts)
        return share, rate, Number(rate.value * total, "bandwidth", "bytes", (("rate", rate), *parts))

    def _handler(
        self, kind: str, handler: int, chance: float, path: tuple[int, ...], edge: CallEdge | None, group: int, waits: bool = True
    ) -> Step:
        self.steps += 1
        node = self.system.handlers[handler]
        ends = []
        if handler == self.answered:
            ends.append("answered")
        if handler in self.completed:
            ends.append("completed")
        children: tuple[Step, ...] = ()
        if handler in path:
            ends.append("cycle")
        elif handler in self.expanded and not self.unfold_all and (node.calls or node.publishes or node.misses):
            ends.append("again")
        elif self.steps >= MAX_STEPS or len(path) >= MAX_DEPTH:
            ends.append("more")
            self.cut += 1
        else:
            self.expanded.add(handler)
            children = tuple(self._below(node, chance, (*path, handler), waits))
        share, rate, moved = self._numbers(chance, *self._sizes(kind, node))
        call = edge.call if edge is not None else None
        return Step(
            kind,
            node.key,
            node.handler.title,
            group,
            waits,
            False,
            share,
            rate,
            moved,
            node.handler.takes.mean,
            call.timeout if call else None,
            int(call.retries) if call else 0,
            "",
            self._gets_by(edge),
            tuple(ends),
            children,
        )

    def _sizes(self, kind: str, node: HandlerNode) -> tuple[Figure | None, Figure | None]:
        if kind == "entry" and self.system.services[node.service].kind == "client":
            return None, None  # nothing moves inside the user's device
        if kind == "deliver":
            return (node.event.size if node.event else None), None
        return node.handler.request, node.handler.reply

    def _gets_by(self, edge: CallEdge | None) -> str:
        if edge is None:
            return ""
        if edge.fallback is not None:
            return "fallback"
        if edge.optional:
            return "optional"
        return "cache" if edge.on_miss else ""

    def _below(self, node: HandlerNode, chance: float, path: tuple[int, ...], waits: bool) -> list[Step]:
        steps = self._calls("call", node.calls, chance, path, waits)
        if node.misses:
            steps += self._calls("miss", node.misses, chance * (1 - node.hit), path, waits)
        group = 10_000
        for publish in node.publishes:
            group += 1
            steps.append(self._publish(publish, chance, path, group, waits))
        return steps

    def _calls(self, kind: str, edges: tuple[CallEdge, ...], chance: float, path: tuple[int, ...], waits: bool) -> list[Step]:
        steps = []
        for edge in edges:
            mean = chance * edge.mean
            step = self._handler(kind, edge.target, mean, path, edge, edge.group, waits)
            extra: list[Step] = []
            if edge.on_miss:
                extra += self._calls("miss", edge.on_miss, mean * (1 - (edge.hit or 0.0)), path, waits)
            if edge.fallback is not None:
                extra.append(self._fallback(edge))
            steps.append(replace(step, children=(*step.children, *extra)) if extra else step)
        return steps

    def _fallback(self, edge: CallEdge) -> Step:
        assert edge.fallback is not None
        node = self.system.handlers[edge.fallback]
        share, rate, moved = self._numbers(0.0, None)
        return Step(
            "fallback", node.key, node.handler.title, 0, True, True, share, rate, moved, node.handler.takes.mean, None, 0, "", "", ()
        )

    def _publish(self, publish: PublishEdge, chance: float, path: tuple[int, ...], group: int, waits: bool) -> Step:
        self.steps += 1
        mean = chance * publish.mean
        event = publish.event
        share, rate, moved = self._numbers(mean, event.size)
        children = tuple(
            self._handler("deliver", s, mean, path, None, 0, waits and s in self.awaited) for s in self.system.subscribers[event.name]
        )
        return Step(
            "publish",
            event.name,
            event.title,
            group,
            publish.mode == "in-path",
            publish.exclusive,
            share,
            rate,
            moved,
            event.lag,
            None,
            0,
            publish.mode,
            "",
            (),
            children,
        )

    def events(self) -> tuple[EventTraffic, ...]:
        """Every event of the journey with its messages and bytes a second, in order of the file."""
        published: dict[str, list[tuple[str, float]]] = {}
        for node in self.system.handlers:
            if self.visits[node.index] > 0:
                for publish in node.publishes:
                    published.setdefault(publish.event.name, []).append((node.key, self.visits[node.index] * publish.mean))
        result = []
        for name, event in self.system.scenario.events.items():
            if name not in published:
                continue
            visits = sum(mean for _, mean in published[name])
            subscribers = [self.system.handlers[s].key for s in self.system.subscribers[name]]
            rate = Number(
                visits * self.rate.value, RATE, "step-rate", (("flow_rate", self.rate), ("chance", Number(visits, COUNT, "visits")))
            )
            copies = Number(1 + len(subscribers), COUNT, "copies")
            moved = Number(
                rate.value * float(event.size) * copies.value,
                "bandwidth",
                "event-bytes",
                (("rate", rate), ("size", event.size), ("copies", copies)),
            )
            broker = self.system.services[self.system.broker_of(event)].name
            result.append(
                EventTraffic(name, event.title, broker, tuple(key for key, _ in published[name]), tuple(subscribers), rate, moved)
            )
        return tuple(result)


def passes_in_order(root: Step, names: list[str]) -> str:
    """ "" when the journey passes these handlers and events in this order, else the first name that it does not reach so.

    B comes after A when B lies below A, or when A is (or lies below) a call that is over before B begins under the same parent.
    Alternatives of one publish, and what a broker delivers, are in no order to each other.
    """
    positions: dict[str, list[tuple[tuple[int, Step], ...]]] = {}
    stack: list[tuple[Step, tuple[tuple[int, Step], ...]]] = [(root, ((0, root),))]
    while stack:
        step, path = stack.pop()
        positions.setdefault(step.subject, []).append(path)
        stack += [(child, (*path, (number, child))) for number, child in enumerate(step.children)]
    current: list[tuple[tuple[int, Step], ...]] = []
    for number, name in enumerate(names):
        found = positions.get(name, [])
        current = [path for path in found if number == 0 or any(_before(earlier, path) for earlier in current)]
        if not current:
            return name
    return ""


def _before(one: tuple[tuple[int, Step], ...], other: tuple[tuple[int, Step], ...]) -> bool:
    shared = 0
    while shared < min(len(one), len(other)) and one[shared][0] == other[shared][0]:
        shared += 1
    if shared == len(one):
        return len(other) > len(one)
    if shared == len(other):
        return False
    (first, step), (second, later) = one[shared], other[shared]
    asynchronous = any(part.kind in ("publish", "deliver") for _, part in one[shared:])
    return first < second and step.kind != "publish" and not asynchronous and (step.group != later.group or later.kind == "publish")
