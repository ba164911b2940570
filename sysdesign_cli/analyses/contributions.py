"""Where the time of an answer goes: mean seconds of waiting, work, network and broker lag, service by service."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.situations import awaited_effects, needed_effects
from sysdesign_cli.engine.explained import APPROXIMATION, EXACT, Number
from sysdesign_cli.engine.loaded import Loaded, Moments, later_of
from sysdesign_cli.engine.queueing import NOBODY, Wait
from sysdesign_cli.engine.system import CallEdge, HandlerNode, PublishEdge, System
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME, Figure

WORK, WAIT, NETWORK, PROVIDER, DEVICE, LAG, COLD, BROKER, PARALLEL = (
    "work", "wait", "network", "provider", "device", "lag", "cold-start", "broker", "parallel",
)  # fmt: skip
#: Shorter than this is left out: a nanosecond.
TINY_S: Final = 1e-9
_WORK_KIND = {"external": PROVIDER, "client": DEVICE}


@dataclass(frozen=True)
class Contribution:
    """Mean seconds that one service adds to the answer in one way."""

    service: str
    kind: str
    mean: Number


Parts = dict[tuple[str, str], float]


def contributions(
    load: Loaded, system: System, flow: Flow, dead: frozenset[int] = frozenset(), completion: bool = False
) -> tuple[Contribution, ...]:
    """The parts of a flow's mean answer, largest first; they sum to the mean but for timeouts and retries.

    completion: the parts of the way to its last effect; where there are several ways, of the likeliest. Of calls at the same time
    the one that takes longest on average counts, and what waiting for the others adds is a row of its own.
    """
    walk = _Walk(load, system, dead)
    effects = needed_effects(system, flow) if completion else awaited_effects(system, flow)
    parts = walk.way(system.entry(flow), set(effects)) if effects else walk.response(system.entry(flow))
    rows = [
        Contribution(service, kind, walk.number(service, kind, seconds)) for (service, kind), seconds in parts.items() if seconds > TINY_S
    ]
    return tuple(sorted(rows, key=lambda row: (-row.mean.value, row.service, row.kind)))


def formula_number(wait: Wait) -> Number:
    """The queueing formula that a wait was worked out by: its expected relative error."""
    return Number(wait.error, SHARE, f"queue-{wait.method}", method=EXACT if wait.error == 0 else APPROXIMATION)


def expected_error(parts: tuple[Contribution, ...]) -> Number:
    """Expected relative error of a mean that is the sum of these parts: that of each wait, in proportion."""
    total = sum(part.mean.value for part in parts)
    wrong = 0.0
    for part in parts:
        errors = [number.value for label, number in part.mean.inputs if label == "queueing-formula" and isinstance(number, Number)]
        wrong += part.mean.value * (errors[0] if errors else 0.0)
    return Number(wrong / total if total else 0.0, SHARE, "expected-error", method=EXACT)


class _Walk:
    def __init__(self, load: Loaded, system: System, dead: frozenset[int]) -> None:
        self.load = load
        self.system = system
        self.dead = dead
        self._known: dict[tuple[int, int], Parts] = {}
        self._open: set[int] = set()
        self._figures: dict[tuple[str, str], dict[str, Figure]] = defaultdict(dict)

    def number(self, service: str, kind: str, seconds: float) -> Number:
        inputs: list[tuple[str, Number | Figure | str]] = list(self._figures[(service, kind)].items())
        if len(inputs) == 1 and float(figure := next(iter(self._figures[(service, kind)].values()))) > 0 and kind != COLD:
            inputs.append(("chance", Number(seconds / float(figure), COUNT, "visits")))
        if kind == WAIT:
            station = self.load.station(service)
            inputs.append(("utilisation", Number(station.utilisation, "share", "busy-now", method=APPROXIMATION)))
            waited = max((w for w in (station.request_wait, station.event_wait) if w is not None), key=lambda w: w.mean_s, default=None)
            if waited is not None and waited.mean_s > 0:
                inputs.append(("queueing-formula", formula_number(waited)))
        return Number(seconds, TIME, f"part-{kind}", tuple(inputs), APPROXIMATION if kind in (WAIT, PARALLEL, COLD) else "exact")

    def response(self, handler: int, caller: int = NOBODY) -> Parts:
        """caller: a small pool of workers whose requests go through this handler, NOBODY otherwise."""
        holder = self.load.holder(handler, caller)
        if (handler, holder) in self._known:
            return self._known[handler, holder]
        if handler in self._open:
            return {}
        self._open.add(handler)
        node = self.system.handlers[handler]
        parts = self._start(node)
        _add(parts, self._groups(node.calls, holder))
        if node.misses:
            _add(parts, self._groups(node.misses, holder), 1 - node.hit)
        for publish in node.publishes:
            if publish.mode == "in-path" and publish.broker >= 0:
                seconds = self.load.acknowledgement(publish.broker).mean
                _add(parts, {(self.system.services[publish.broker].name, BROKER): seconds}, publish.mean)
        self._open.discard(handler)
        self._known[handler, holder] = parts
        return parts

    def _start(self, node: HandlerNode) -> Parts:
        service = self.system.services[node.service]
        station = self.load.stations[node.service]
        kind = _WORK_KIND.get(service.kind, WORK)
        parts: Parts = {(service.name, kind): float(node.handler.takes.mean)}
        self._figures[(service.name, kind)][f"{node.key}.takes"] = node.handler.takes.mean
        waited = self.load.wait_before(node.index)
        seconds = (waited.mean_s if waited is not None else 0.0) + (station.core_wait.mean_s if station.core_wait is not None else 0.0)
        if seconds > 0:
            parts[(service.name, WAIT)] = seconds
        if station.cold_share > 0 and service.replicas.starts_in is not None:
            parts[(service.name, COLD)] = station.cold_share * float(service.replicas.starts_in)
            self._figures[(service.name, COLD)][f"{service.name}.starts_in"] = service.replicas.starts_in
        return parts

    def _groups(self, edges: tuple[CallEdge, ...], holder: int) -> Parts:
        groups: dict[int, list[CallEdge]] = {}
        for edge in edges:
            groups.setdefault(edge.group, []).append(edge)
        parts: Parts = {}
        for group in groups.values():
            times = [self.load.call(edge, holder) for edge in group]
            longest = max(range(len(group)), key=lambda i: times[i].mean)
            _add(parts, self.call(group[longest], holder))
            if len(group) > 1:
                latest: Moments = times[0]
                for one in times[1:]:
                    latest = later_of(latest, one)
                name = self.system.service_of(group[0].caller).name
                _add(parts, {(name, PARALLEL): latest.mean - times[longest].mean})
        return parts

    def call(self, edge: CallEdge, holder: int) -> Parts:
        service = self.system.service_of(edge.target)
        parts: Parts = {}
        if self.system.service_index[service.name] in self.dead:
            _add(parts, {(service.name, NETWORK): float(edge.call.timeout or 0.0)}, edge.mean)
            if edge.fallback is not None:
                _add(parts, self.response(edge.fallback), edge.mean)
        else:
            _add(parts, self.response(edge.target, holder), edge.mean)
            if other := self.load.wait_of_its_own(edge.target, holder):
                _add(parts, {(service.name, WAIT): other}, edge.mean)
            _add(parts, {(service.name, NETWORK): float(service.round_trip)}, edge.mean)
            self._figures[(service.name, NETWORK)][f"{service.name}.round_trip"] = service.round_trip
        if edge.on_miss:
            _add(parts, self._groups(edge.on_miss, holder), edge.mean * (1 - (edge.hit or 0.0)))
        return parts

    def way(self, handler: int, effects: set[int]) -> Parts:
        """To an effect that comes by events: calls up to where it branches off, then the likeliest way there."""
        relevant = self.system.leading_to(list(effects))
        return self._towards(handler, effects, relevant, set())

    def _towards(self, handler: int, effects: set[int], relevant: set[int], seen: set[int]) -> Parts:
        node = self.system.handlers[handler]
        if handler in effects or handler in seen:
            return dict(self.response(handler))
        parts = self._start(node)
        for edge in node.calls:
            if edge.target in relevant:
                service = self.system.service_of(edge.target)
                _add(parts, {(service.name, NETWORK): float(service.round_trip) / 2})
                self._figures[(service.name, NETWORK)][f"{service.name}.round_trip"] = service.round_trip
                _add(parts, self._towards(edge.target, effects, relevant, seen | {handler}))
                return parts
        _add(parts, self._groups(node.calls, node.service))
        if (publish := self._likeliest(node, relevant)) is not None:
            broker = self.system.services[publish.broker].name if publish.broker >= 0 else publish.event.name
            _add(parts, {(broker, LAG): float(publish.event.lag)})
            self._figures[(broker, LAG)][f"{publish.event.name}.lag"] = publish.event.lag
            subscribers = [s for s in self.system.subscribers[publish.event.name] if s in relevant]
            ways = [self._towards(s, effects, relevant, seen | {handler}) for s in subscribers]
            _add(parts, max(ways, key=lambda way: sum(way.values())))
        return parts

    def _likeliest(self, node: HandlerNode, relevant: set[int]) -> PublishEdge | None:
        leading = [p for p in node.publishes if any(s in relevant for s in self.system.subscribers[p.event.name])]
        return max(leading, key=lambda publish: publish.mean, default=None)


def _add(parts: Parts, more: Parts, weight: float = 1.0) -> None:
    for key, seconds in more.items():
        parts[key] = parts.get(key, 0.0) + weight * seconds
