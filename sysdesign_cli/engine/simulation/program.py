"""A system compiled into the two rows of numbers that the simulation runs on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.system import CallEdge, HandlerNode, PublishEdge, System
from sysdesign_cli.scenario.model import Flow, Service, Takes

#: As good as no limit.
UNLIMITED: Final = 1 << 30
_POLICIES: Final = {"shared": at.SHARED, "random": at.RANDOM, "round-robin": at.IN_TURN, "least-connections": at.LEAST}
_MODES: Final = {"in-path": at.IN_PATH, "outbox": at.OUTBOX, "best-effort": at.BEST_EFFORT}
#: A function may start so many seconds' worth of instances at once (1,000 in 10 s, as AWS Lambda does).
BURST_S: Final = 10.0
#: Rows begin at multiples of this, so that the number of a row has room for a kind below it.
_STEP: Final = 32
#: Places for what is to be done within one event, beyond the largest group of calls.
_STACK: Final = 1 << 14


def limited(copies: int, each: int) -> int:
    """What so many copies hold together, where it fits into a place."""
    return min(UNLIMITED, copies * each)


@dataclass(frozen=True)
class Stream:
    """Where drawn numbers come from. ``name`` decides the numbers, so the same part draws the same in every variant."""

    name: str
    law: str
    """uniform, fixed, exponential, gamma or lognormal"""
    mean: float = 1.0
    cv: float = 1.0


@dataclass
class Program:
    """The numbers of a system before anything has happened, and where its parts stand in them."""

    system: System
    whole: list[int] = field(default_factory=list)
    real: list[float] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)
    """Stream by the place of its position."""
    handlers: list[int] = field(default_factory=list)
    services: list[int] = field(default_factory=list)
    slots: list[list[int]] = field(default_factory=list)
    """For each service its slots: one for each replica that there may be, or one for all."""
    subscriptions: dict[int, int] = field(default_factory=dict)
    """By the number of the handler in the system."""
    flows: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[int, int, int]] = field(default_factory=list)
    """(row, handler that calls, handler that is called), the latter two by their number in the system; -1: a part of the caller."""
    publishes: list[int] = field(default_factory=list)
    lists: list[tuple[int, int]] = field(default_factory=list)
    """(place, length) of rows that only name others."""
    handler_of: dict[int, int] = field(default_factory=dict)
    """Step -> the handler whose it is, all by their places."""
    nowhere: int = 0
    """What stands for a broker where there is none."""

    def place(self, size: int) -> int:
        """A new row of zeros."""
        row = len(self.whole)
        size = -(-size // _STEP) * _STEP
        self.whole.extend([0] * size)
        self.real.extend([0.0] * (size // 2))
        return row


def compile_system(system: System, flows: Sequence[Flow], replicas: dict[int, int], thinking: dict[str, float]) -> Program:
    """The program of a system.

    flows: those that are simulated. replicas: how many of each service run at the start. thinking: of flows with a closed
    population the mean time (s) that a user thinks.
    """
    program = Program(system)
    program.place(at.REGISTERS)
    compiler = _Compiler(program, {handler for flow in flows for handler in _looked_at(system, flow)})
    compiler.services(replicas)
    compiler.handlers()
    for flow in flows:
        compiler.flow(flow, thinking.get(flow.name))
    compiler.stack()
    return program


def _looked_at(system: System, flow: Flow) -> set[int]:
    """Handlers whose end matters to a flow, besides the end of its entry."""
    effects = {system.handler_number(name) for name in flow.completed}
    answered = set() if flow.answered is None else {system.handler_number(flow.answered)} - {system.entry(flow)}
    return effects | answered


class _Compiler:
    def __init__(self, program: Program, looked_at: set[int]) -> None:
        self.program = program
        self.system = program.system
        self.steps: list[tuple[int, int, int, float]] = []
        self.places: list[Callable[[int], None]] = []
        self.branches: list[tuple[int, Callable[[], None]]] = []
        self.largest_group = 1
        self.named: dict[str, int] = {}
        self.inside = 0
        self.looked_at = looked_at

    def set(self, row: int, **fields: int) -> None:
        for name, value in fields.items():
            self.program.whole[row + getattr(at, name)] = value

    def set_real(self, row: int, **fields: float) -> None:
        for name, value in fields.items():
            self.program.real[(row // 2) + getattr(at, name)] = value

    def _row_of(self, values: Sequence[int]) -> int:
        place = self.program.place(max(1, len(values)))
        self.program.whole[place : place + len(values)] = values
        self.program.lists.append((place, len(values)))
        return place

    def _stream(self, name: str, law: str = "uniform", mean: float = 1.0, cv: float = 1.0) -> int:
        place = self.program.place(2)
        number = self.named[name] = self.named.get(name, 0) + 1
        self.program.streams[place] = Stream(name if number == 1 else f"{name}#{number}", law, mean, cv)
        return place

    # --- services ------------------------------------------------------------------------------------------------------------------

    def services(self, replicas: dict[int, int]) -> None:
        program, system = self.program, self.system
        for number, service in enumerate(system.services):
            self._service(service, replicas.get(number, max(1, int(service.replicas.min))))
        program.nowhere = program.place(at.SERVICE_SIZE)
        self.set(program.nowhere, S_UP=1)
        self.inside = program.place(at.SERVICE_SIZE)
        self.set(self.inside, S_UP=1)
        self.set(0, G_BRANCHES=self.inside)
        for node in system.handlers:
            if node.event is not None:
                self._subscription(node)
        for number, row in enumerate(program.services):
            own = [program.subscriptions[h] for h in system.handlers_of[number] if h in program.subscriptions]
            self.set(row, S_SUBSCRIPTIONS_FROM=self._row_of(own), S_SUBSCRIPTIONS=len(own))
            self.set(row, S_ALONE=int(not own and not program.whole[row + at.S_FUNCTION]))

    def _service(self, service: Service, running: int) -> None:
        program = self.program
        function = service.kind == "function"
        own_queues = service.queue != "shared" and service.concurrency is not None and not function
        concurrency = UNLIMITED if service.concurrency is None else int(service.concurrency)
        most = max(running, int(service.replicas.max or service.replicas.min or 1))
        row = program.place(at.SERVICE_SIZE)
        program.services.append(row)
        copies = 1 if own_queues else running
        if function:
            copies = UNLIMITED if service.replicas.max is None else most
        slots = []
        for _ in range(most if own_queues else 1):
            slot = program.place(at.SLOT_SIZE)
            self.set(slot, L_LIMIT=limited(copies, concurrency), L_CORES=limited(copies, int(service.cores or 0)), L_SERVICE=row)
            slots.append(slot)
        program.slots.append(slots)
        active = min(running, len(slots)) if own_queues else 1
        self.set(
            row,
            S_ACTIVE_FROM=self._row_of(slots),
            S_ACTIVE=active,
            S_POLICY=_POLICIES[service.queue] if own_queues else at.SHARED,
            S_UP=1,
            S_FUNCTION=int(function),
            S_STREAM=self._stream(f"service/{service.name}"),
            S_SLOT=slots[0] if active == 1 and not function else 0,
            S_FAR=int(service.round_trip > 0),
            S_KEPT=limited(int(service.replicas.min), concurrency) if function else 0,
        )
        adds = float(service.replicas.adds or 0.0)
        burst = max(1.0, adds * BURST_S)
        self.set_real(
            row,
            SF_HALF_WAY=float(service.round_trip) / 2,
            SF_SLOWNESS=1.0,
            SF_STARTS_IN=float(service.replicas.starts_in or 0.0),
            SF_KEEPS_WARM=float(service.replicas.keeps_warm or 0.0),
            SF_ADDS=adds,
            SF_BURST=burst,
            SF_TOKENS=burst,
            SF_CONFIRMS=float(service.takes.mean) + float(service.round_trip) if service.kind == "broker" else 0.0,
        )

    def _cored(self, service: Service) -> bool:
        return service.cores is not None and service.concurrency is not None and service.cores < service.concurrency

    def _subscription(self, node: HandlerNode) -> None:
        program, event = self.program, node.event
        assert event is not None
        row = program.subscriptions[node.index] = program.place(at.SUBSCRIPTION_SIZE)
        self.set(
            row,
            U_SERVICE=program.services[node.service],
            U_LIMIT=UNLIMITED if event.partitions is None else int(event.partitions),
            U_DELIVERIES=int(event.deliveries),
            U_DURABLE=int(event.durable),
            U_ONCE=int(event.delivery == "at-most-once"),
            U_PARKS=int(event.dead_letters),
            U_MOST=0 if event.queue_limit is None else int(event.queue_limit),
            U_BROKER=self._broker(self.system.broker_of(event)),
        )
        self.set_real(row, UF_LAG=float(event.lag), UF_RETENTION=float(event.retention), UF_PAUSE=float(event.redelivery_delay))

    def _broker(self, number: int) -> int:
        return self.program.services[number] if number >= 0 else self.program.nowhere

    # --- handlers ------------------------------------------------------------------------------------------------------------------

    def handlers(self) -> None:
        for node in self.system.handlers:
            self._new_handler(self.program.services[node.service], self._work_stream(node.key, node.handler.takes))
        for handler, row in self.program.subscriptions.items():
            self.set(row, U_HANDLER=self.program.handlers[handler])
        for node in self.system.handlers:
            self._program(node)

    def _new_handler(self, service: int, stream: int) -> int:
        row = self.program.place(at.HANDLER_SIZE)
        self.set(row, H_SERVICE=service, H_STREAM=stream, H_NUMBER=len(self.program.handlers))
        self.program.handlers.append(row)
        return row

    def _work_stream(self, key: str, takes: Takes) -> int:
        """As the formulas take a service time where a file does not say how it is distributed."""
        cv = float(takes.cv)
        law = takes.distribution or ("fixed" if cv == 0 else "gamma" if cv < 1 else "exponential" if cv == 1 else "lognormal")
        return self._stream(f"work/{key}", law, float(takes.mean), cv)

    def _program(self, node: HandlerNode) -> None:
        """The steps of a handler and of what runs beside them, put into the row when all jumps are known."""
        self.steps = []
        entries = {self.program.handlers[node.index]: 0}
        self._handler(node)
        while self.branches:
            branch, emit = self.branches.pop()
            entries[branch] = len(self.steps)
            emit()
            self._emit(at.END)
        first = self.program.place(len(self.steps) * at.STEP_SIZE)
        jumps = (at.SKIP_ON_HIT, at.CACHE, at.ONE_OF, at.JUMP)
        for number, (what, argument, second, chance) in enumerate(self.steps):
            place = first + number * at.STEP_SIZE
            target = first + argument * at.STEP_SIZE if what in jumps else argument
            self.program.whole[place : place + 3] = [what, target, second]
            self.program.real[place // 2] = chance
        for row, number in entries.items():
            self.set(row, H_ENTRY=first + number * at.STEP_SIZE)
        begins, row = {number: row for row, number in entries.items()}, 0
        for number in range(len(self.steps)):
            row = begins.get(number, row)
            self.program.handler_of[first + number * at.STEP_SIZE] = row

    def _emit(self, what: int, argument: int = 0, second: int = 0, chance: float = 1.0) -> int:
        self.steps.append((what, argument, second, chance))
        return len(self.steps) - 1

    def _jump_here(self, step: int) -> None:
        what, _, second, chance = self.steps[step]
        self.steps[step] = (what, len(self.steps), second, chance)

    def _handler(self, node: HandlerNode) -> None:
        if float(node.handler.takes.mean) > 0:
            self._emit(at.WORK_ON_CORE if self._cored(self.system.services[node.service]) else at.WORK)
        follows = node.calls or node.misses or any(publish.mode == "in-path" for publish in node.publishes)
        if follows and not self.system.services[node.service].blocking:
            self._emit(at.RELEASE)
        self._groups(node.calls)
        if node.misses:
            skip = self._emit(at.SKIP_ON_HIT, 0, self._stream(f"hit/{node.key}"), node.hit)
            self._groups(node.misses)
            self._jump_here(skip)
        self._publishes(node)
        if node.index in self.looked_at:
            self._emit(at.NOTE)
        self._emit(at.END)

    def _groups(self, edges: tuple[CallEdge, ...]) -> None:
        groups: dict[int, list[CallEdge]] = {}
        for edge in edges:
            groups.setdefault(edge.group, []).append(edge)
        for group in groups.values():
            if len(group) == 1:
                self._alone(group[0], group[0].chance)
                continue
            calls = [self._together(edge) for edge in group]
            self._emit(at.GROUP, self._row_of(calls), len(calls))
            self.largest_group = max(self.largest_group, len(calls))

    def _together(self, edge: CallEdge) -> int:
        """The row of a call that is made at the same time as others."""
        if not edge.on_miss and edge.count == 1:
            return self._call(edge, edge.chance, 1.0)
        return self._branch(edge, edge.chance, 1.0, lambda: self._alone(edge, 1.0))

    def _alone(self, edge: CallEdge, chance: float) -> None:
        """The steps of a call that is made for itself."""
        if not edge.on_miss:
            self._sometimes(self._call(edge, chance, edge.count))
        elif edge.fallback is None and not edge.optional and chance >= 1 and edge.count == 1:
            self._cached(edge)
        else:
            row = self._branch(edge, chance, edge.count, lambda: self._cached(edge))
            self._instead(row, edge)
            self._sometimes(row)

    def _cached(self, edge: CallEdge) -> None:
        """The steps of a call of a cache: itself, and what is behind it."""
        self._emit(at.CALL, self._call(edge, 1.0, 1.0, cache=True))
        jump = self._emit(at.CACHE, 0, self._stream(f"hit/{self._key(edge)}"), edge.hit or 0.0)
        self._groups(edge.on_miss)
        self._jump_here(jump)

    def _sometimes(self, call: int) -> None:
        real = self.program.real
        if real[(call // 2) + at.CF_CHANCE] >= 1 and real[(call // 2) + at.CF_COUNT] == 1:
            self._emit(at.CALL, call)
        else:
            self._emit(at.CALL_SOME, call)
            self._emit(at.AGAIN, call)

    def _branch(self, edge: CallEdge, chance: float, count: float, emit: Callable[[], None]) -> int:
        """What runs beside others within one handler, or fails as a whole, is a handler of its own that holds no worker."""
        branch = self._new_handler(self.inside, 0)
        self.branches.append((branch, emit))
        return self._call_row(edge, branch, -1, chance, count)

    def _call(self, edge: CallEdge, chance: float, count: float, cache: bool = False) -> int:
        """A row for a call. cache: its failure is a miss."""
        call = edge.call
        row = self._call_row(edge, self.program.handlers[edge.target], edge.target, chance, count)
        self.set(
            row,
            C_RETRIES=int(call.retries),
            C_BREAKER=int(call.circuit_breaker),
            C_TOLERATES=int(cache),
            C_TIMED=int(call.timeout is not None),
            C_BUDGETED=int(call.retry_budget is not None),
            C_CAREFUL=int(call.retry_budget is not None or call.circuit_breaker),
        )
        self.set_real(
            row,
            CF_TIMEOUT=float(call.timeout or 0.0),
            CF_BACKOFF=float(call.backoff or 0.0),
            CF_JITTER=float(call.jitter or 0.0),
            CF_BUDGET=float(call.retry_budget or 0.0),
        )
        if not cache:
            self._instead(row, edge)
        return row

    def _instead(self, row: int, edge: CallEdge) -> None:
        self.set(row, C_OPTIONAL=int(edge.optional))
        if edge.fallback is not None:
            instead = self._call_row(edge, self.program.handlers[edge.fallback], edge.fallback, 1.0, 1.0)
            self.set(instead, C_DEGRADES=at.DEGRADED)
            self.set(row, C_FALLBACK=instead)

    def _key(self, edge: CallEdge) -> str:
        return f"{self.system.handlers[edge.caller].key}>{self.system.handlers[edge.target].key}"

    def _call_row(self, edge: CallEdge, target: int, number: int, chance: float, count: float) -> int:
        row = self.program.place(at.CALL_SIZE)
        self.set(row, C_TARGET=target, C_STREAM=self._stream(f"call/{self._key(edge)}"))
        self.set_real(row, CF_CHANCE=chance, CF_COUNT=count)
        self.program.calls.append((row, edge.caller, number))
        return row

    def _publishes(self, node: HandlerNode) -> None:
        for publish in node.publishes:
            if not publish.exclusive:
                self._emit(at.PUBLISH, self._publish(node, publish, publish.chance))
        alternatives = [publish for publish in node.publishes if publish.exclusive]
        if not alternatives:
            return
        stream = self._stream(f"one-of/{node.key}")
        chosen, total = [], 0.0
        for publish in alternatives:
            total += publish.chance
            chosen.append(self._emit(at.ONE_OF, 0, stream, total if total < 1 - 1e-12 else 1.0))
        ends = [self._emit(at.JUMP)]
        for publish, choice in zip(alternatives, chosen, strict=True):
            self._jump_here(choice)
            self._emit(at.PUBLISH, self._publish(node, publish, 1.0))
            ends.append(self._emit(at.JUMP))
        for end in ends:
            self._jump_here(end)

    def _publish(self, node: HandlerNode, publish: PublishEdge, chance: float) -> int:
        hearing = [self.program.subscriptions[h] for h in self.system.subscribers[publish.event.name]]
        row = self.program.place(at.PUBLISH_SIZE)
        self.program.publishes.append(row)
        self.set(
            row,
            P_FROM=self._row_of(hearing),
            P_COUNT=len(hearing),
            P_BROKER=self._broker(publish.broker),
            P_MODE=_MODES[publish.mode],
            P_STREAM=self._stream(f"publish/{node.key}>{publish.event.name}"),
            P_TIMES=int(chance >= 1 and publish.count == 1),
        )
        self.set_real(row, PF_CHANCE=chance, PF_COUNT=publish.count)
        return row

    # --- flows ---------------------------------------------------------------------------------------------------------------------

    def flow(self, flow: Flow, think_s: float | None) -> None:
        program, system = self.program, self.system
        entry = system.entry(flow)
        answered = entry if flow.answered is None else system.handler_number(flow.answered)
        effects = {system.handler_number(name) for name in flow.completed}
        roles = [0] * len(program.handlers)
        for handler in system.leading_to([*effects, answered]):
            roles[handler] |= at.LEADS
        for handler in effects:
            roles[handler] |= at.EFFECT
        if answered != entry:
            roles[answered] |= at.ANSWERS
        row = program.flows[flow.name] = program.place(at.FLOW_SIZE)
        self.set(
            row,
            F_ENTRY=program.handlers[entry],
            F_EFFECTS=int(bool(effects)),
            F_DIRECT=int(answered == entry),
            F_ROLES=self._row_of(roles),
            F_HISTOGRAMS=program.place(2 * at.BUCKETS),
            F_CLOSED=int(think_s is not None),
            F_THINK=0 if think_s is None else self._stream(f"think/{flow.name}", "exponential", think_s),
        )

    def stack(self) -> None:
        self.set(0, G_STACK_FROM=self.program.place(_STACK + self.largest_group))
        self.set(0, G_STACK=self.program.whole[at.G_STACK_FROM])
