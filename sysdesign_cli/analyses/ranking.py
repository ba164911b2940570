"""All single kills, or all pairs, ranked by blast radius.

Every kill is first tried at once, as one bit of a set (``KillSets``); only where chance decides how many requests are hit
is the share then worked out for that kill alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sysdesign_cli.analyses.failover import states
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Setting, awaited_effects, needed_effects
from sysdesign_cli.engine.measures import KillSets, Levels, Shares
from sysdesign_cli.engine.propagation import Propagation
from sysdesign_cli.engine.situation import casualties
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.shapes import Text

MAX_PAIRS: Final = 50_000
#: From so many calls on it pays to look up which of them matter.
MANY_CALLS: Final = 16
_SEVERITY: Final = ("ok", "degraded", "delayed", "failed", "lost")


@dataclass(frozen=True)
class RankedKill:
    """One kill: what share of all requests ends in each state, and which flows are hit, worst first."""

    services: tuple[str, ...]
    answer: dict[str, float]
    completion: dict[str, float]
    flows: dict[str, str]
    """flow -> worst state of answer or completion, for flows that are not ok"""
    services_down: int

    @property
    def radius(self) -> tuple[float, ...]:
        """Sort key: failed and lost answers, failed and lost completions, delayed, degraded."""
        a, c = self.answer, self.completion
        return (a["failed"] + a["lost"], c["failed"] + c["lost"], c["delayed"] + a["delayed"], a["degraded"] + c["degraded"])


@dataclass(frozen=True)
class RankingResult(Presentable):
    """Kills, worst first. ``harmless`` are those that no request notices; ``tried`` is the number of all."""

    scenario: str
    title: Text
    workload: str
    clock: str
    duration_s: float | None
    pairs: bool
    pessimistic: bool
    kills: tuple[RankedKill, ...]
    tried: int
    harmless: tuple[tuple[str, ...], ...]


def rank_kills(system: System, workload: str = "", duration_s: float | None = None, pessimistic: bool = False) -> RankingResult:
    """Every service killed in turn. Raises ScenarioError when there is no workload."""
    setting = Setting(system, workload)
    kills = [(service.name,) for service in system.services if service.kind != "client"]
    return _ranked(setting, kills, duration_s, pessimistic, pairs=False)


def rank_pairs(system: System, workload: str = "", duration_s: float | None = None, pessimistic: bool = False) -> RankingResult:
    """Every pair of services killed together. Raises ScenarioError when there are too many."""
    setting = Setting(system, workload)
    names = [service.name for service in system.services if service.kind != "client"]
    count = len(names) * (len(names) - 1) // 2
    if count > MAX_PAIRS:
        raise ScenarioError(
            [Problem("too-many", Place(system.scenario.address), {"count": str(count), "limit": str(MAX_PAIRS), "what": "pairs"})]
        )
    return _ranked(setting, list(combinations(names, 2)), duration_s, pessimistic, pairs=True)


def _ranked(setting: Setting, kills: Sequence[tuple[str, ...]], duration_s: float | None, pessimistic: bool, pairs: bool) -> RankingResult:
    system = setting.system
    table = _KillTable(setting, kills, duration_s, pessimistic)
    ranked = [kill for kill in table.outcomes() if kill.flows]
    ranked.sort(key=lambda kill: (tuple(-part for part in kill.radius), kill.services))
    noticed = {kill.services for kill in ranked}
    return RankingResult(
        system.scenario.address,
        system.scenario.title,
        setting.workload.name,
        setting.moment.clock,
        duration_s,
        pairs,
        pessimistic,
        tuple(ranked),
        len(kills),
        tuple(kill for kill in kills if kill not in noticed),
    )


class _KillTable:
    """The levels of every flow under every kill, as bit sets."""

    def __init__(self, setting: Setting, kills: Sequence[tuple[str, ...]], duration_s: float | None, pessimistic: bool) -> None:
        self.setting = setting
        self.system = setting.system
        self.kills = kills
        self.duration_s = duration_s
        self.pessimistic = pessimistic
        self.downs = [0] * len(self.system.services)
        self.durations: list[float] = []
        self.dead: list[frozenset[int]] = []
        for number, kill in enumerate(kills):
            down = casualties(self.system, kill, ()).down
            for service in down:
                self.downs[service] |= 1 << number
            longest = max((float(self.system.services[s].mttr) for s in down), default=0.0)
            self.durations.append(longest if duration_s is None else duration_s)
            self.dead.append(down)
        self.by_chance = any(_happens_by_chance(node) for node in self.system.handlers) or bool(self.system.scenario.events)
        self._masks: dict[tuple[int, bool], int] = {}
        self._shares: dict[int, Shares] = {}
        self._calls_to: dict[int, dict[int, set[int]]] = {}
        self.algebra = KillSets(len(kills), self.downs, lambda s: self._mask(s, True), lambda s: self._mask(s, False))

    def _mask(self, subscriber: int, down: bool) -> int:
        """Kills that last long enough to lose messages at this subscriber."""
        key = (subscriber, down)
        if key not in self._masks:
            by_duration: dict[float, bool] = {}
            mask = 0
            for number, seconds in enumerate(self.durations):
                if seconds not in by_duration:
                    lost = self.setting.loss_down if down else self.setting.loss_failing
                    by_duration[seconds] = lost(subscriber, seconds) > 0
                if by_duration[seconds]:
                    mask |= 1 << number
            self._masks[key] = mask
        return self._masks[key]

    def outcomes(self) -> list[RankedKill]:
        """Every kill with its shares: flow by flow, states added up weighted by the flow's share of requests."""
        answers, completions, both = ([[0.0] * 4 for _ in self.kills] for _ in range(3))
        hit: list[dict[str, int]] = [{} for _ in self.kills]
        plain = _Outcomes(self, [], None)
        plain.resolve({self.system.entry(flow) for flow in self.system.scenario.flows.values()})
        for flow in self.system.scenario.flows.values():
            share, entry = self.setting.share(flow.name), self.system.entry(flow)
            awaited, needed = awaited_effects(self.system, flow), needed_effects(self.system, flow)
            answer = _Outcomes(self, awaited, entry) if awaited else plain
            if needed == awaited:
                _add_up(answer, flow.name, entry, share, both, hit)
            else:
                _add_up(answer, flow.name, entry, share, answers, hit)
                _add_up(_Outcomes(self, needed, entry), flow.name, entry, share, completions, hit)
        for total, part in ((total, part) for totals in (answers, completions) for total, part in zip(totals, both, strict=True)):
            total[:] = [one + other for one, other in zip(total, part, strict=True)]
        return [self._ranked(n, answers[n], completions[n], hit[n]) for n in range(len(self.kills))]

    def _ranked(self, number: int, answer: list[float], completion: list[float], flows: dict[str, int]) -> RankedKill:
        ordered = {flow: _SEVERITY[rank] for flow, rank in sorted(flows.items(), key=lambda item: -item[1])}
        shares = tuple({"ok": max(0.0, 1 - sum(of)), **dict(zip(_SEVERITY[1:], of, strict=True))} for of in (answer, completion))
        return RankedKill(self.kills[number], shares[0], shares[1], ordered, len(self.dead[number]))

    def calls_to(self, node: HandlerNode, touched: set[int]) -> tuple[CallEdge, ...]:
        """Those calls of a handler that may lead to one of the touched handlers: a hub's few among hundreds."""
        index = self._calls_to.get(node.index)
        if index is None:
            index = {}
            for number, edge in enumerate(node.calls):
                pending = [edge]
                while pending:
                    one = pending.pop()
                    index.setdefault(one.target, set()).add(number)
                    pending += one.on_miss
            self._calls_to[node.index] = index
        numbers: set[int] = set()
        for target in index.keys() & touched:
            numbers |= index[target]
        return tuple([node.calls[number] for number in sorted(numbers)])

    def shares_of(self, number: int) -> Shares:
        """The measure of one kill alone, for where chance decides."""
        if number not in self._shares:
            self._shares[number] = self.setting.shares(self.dead[number], self.durations[number])
        return self._shares[number]


class _Outcomes:
    """Levels of handlers under every kill, when certain effects must happen; exact shares on demand."""

    def __init__(self, table: _KillTable, effects: list[int], entry: int | None) -> None:
        self.table = table
        self.system = table.system
        self.relevant = self.system.leading_to(effects) if effects else set()
        self.reach = None if entry is None else self.system.reachable(entry)
        self.levels = Propagation(self.system, table.algebra, self.relevant, table.pessimistic).run(self.reach)
        self.unsure = self._unsure()
        self.exact: dict[tuple[int, int], Levels[float]] = {}

    def _unsure(self) -> list[int]:
        """For each handler the kills whose effect on it passes through something that happens only in a share of cases."""
        unsure = [0] * len(self.levels)
        if not self.table.by_chance:
            return unsure
        topology = self.system.topology
        groups = topology.order if self.reach is None else [topology.order[p] for p in sorted({topology.position[h] for h in self.reach})]
        for group in groups:
            for _ in group:
                for handler in group:
                    unsure[handler] = self._unsure_of(handler, unsure)
        return unsure

    def _unsure_of(self, handler: int, unsure: list[int]) -> int:
        node = self.system.handlers[handler]
        result = 0
        for sure, edge in _calls(node):
            result |= unsure[edge.target] if sure else self.levels[edge.target].degraded
            if edge.fallback is not None:
                result |= unsure[edge.fallback]
        for publish in node.publishes:
            sure = publish.chance >= 1 and publish.count >= 1
            if not sure and publish.broker >= 0:
                result |= self.table.downs[publish.broker]
            for subscriber in self.system.subscribers[publish.event.name]:
                if subscriber in self.relevant:
                    levels = self.levels[subscriber]
                    result |= unsure[subscriber] if sure else levels.degraded
                    result |= self.table.algebra.lost_while_down(subscriber, levels.failed) | self.table.algebra.lost_while_failing(
                        subscriber, levels.failed
                    )
        return result

    def touching(self, handler: int, kills: int) -> Iterable[tuple[int, int]]:
        """Kills among these that touch a handler, with the rank of its state (1 degraded to 4 lost); 0 where chance decides.

        Bits are looked up in texts of 0 and 1: taking them from an int of ten thousand bits would copy it each time.
        """
        unsure = _text(self.unsure[handler])
        delayed, failed, lost = (_text(level) for level in self.levels[handler][1:])
        for number in _bits(self.levels[handler].degraded & kills):
            if unsure[number : number + 1] == "1":
                yield number, 0
            elif lost[number : number + 1] == "1":
                yield number, 4
            elif failed[number : number + 1] == "1":
                yield number, 3
            else:
                yield number, 2 if delayed[number : number + 1] == "1" else 1

    def resolve(self, entries: set[int]) -> None:
        """Work out exact levels of these entries for every kill where chance decides; each kill is walked once for all of them."""
        needed = 0
        for entry in entries:
            needed |= self.unsure[entry] & self.levels[entry].degraded
        if not needed:
            return
        topology = self.system.topology
        positions = range(len(topology.order)) if self.reach is None else sorted({topology.position[h] for h in self.reach})
        touched: dict[int, list[tuple[int, int]]] = {number: [] for number in _bits(needed)}
        for position in positions:
            for handler in topology.order[position]:
                for number, rank in self.touching(handler, needed):
                    touched[number].append((handler, rank))
        for number, handlers in touched.items():
            self._walk(number, handlers, entries)

    def _walk(self, number: int, handlers: list[tuple[int, int]], entries: set[int]) -> None:
        """One kill: the handlers it touches, callees first; where chance plays no part the levels are known."""
        one = Propagation(self.system, self.table.shares_of(number), self.relevant, self.table.pessimistic)
        if self.system.topology.cyclic:
            one.run([handler for handler, _ in handlers])
        else:
            touched = {handler for handler, _ in handlers}
            for handler, rank in handlers:
                if rank:
                    one.levels[handler] = _LEVELS[rank]
                else:
                    node = self.system.handlers[handler]
                    one.levels[handler] = one.handler(node, self.table.calls_to(node, touched) if len(node.calls) > MANY_CALLS else None)
        for handler, rank in handlers:
            if not rank and handler in entries:
                self.exact[(handler, number)] = one.levels[handler]


def _add_up(outcomes: _Outcomes, flow: str, entry: int, share: float, totals: list[list[float]], hit: list[dict[str, int]]) -> None:
    """Add one flow's states under every kill to the totals (degraded, delayed, failed, lost), and note the worst of them."""
    if outcomes.reach is not None:
        outcomes.resolve({entry})
    for number, certain in outcomes.touching(entry, outcomes.table.algebra.every):
        rank = certain
        if certain:
            totals[number][certain - 1] += share
        else:
            shares = states(outcomes.exact[(entry, number)]).shares
            for position, state in enumerate(_SEVERITY[1:]):
                totals[number][position] += share * shares[state]
                rank = position + 1 if shares[state] > 0 else rank
        flows = hit[number]
        if rank > flows.get(flow, 0):
            flows[flow] = rank


_LEVELS: Final = tuple(Levels(*(float(level < rank) for level in range(4))) for rank in range(5))


def _text(mask: int) -> str:
    """Bits as a text of 0 and 1, the lowest first."""
    return bin(mask)[:1:-1]


def _happens_by_chance(node: HandlerNode) -> bool:
    return any(not sure for sure, _ in _calls(node))


def _calls(node: HandlerNode) -> Iterable[tuple[bool, CallEdge]]:
    """Every call, and whether every invocation makes it."""
    pending = [(True, edge) for edge in node.calls] + [(node.hit <= 0, edge) for edge in node.misses]
    while pending:
        always, edge = pending.pop()
        sure = always and edge.chance >= 1 and edge.count >= 1
        yield sure, edge
        pending += [(sure and (edge.hit or 0.0) <= 0, miss) for miss in edge.on_miss]


def _bits(mask: int) -> Iterable[int]:
    """Numbers of the bits that are set, ascending."""
    text = _text(mask)
    position = text.find("1")
    while position >= 0:
        yield position
        position = text.find("1", position + 1)
