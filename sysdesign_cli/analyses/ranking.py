"""All single kills, or all pairs, ranked by blast radius.

Every kill is first tried at once, as one bit of a set (``KillSets``); only where chance decides how many requests are hit
is the share then worked out for that kill alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sysdesign_cli.analyses.failover import States, states
from sysdesign_cli.analyses.situations import Setting, awaited_effects, needed_effects
from sysdesign_cli.engine.measures import KillSets, Levels, Shares
from sysdesign_cli.engine.propagation import Propagation
from sysdesign_cli.engine.situation import casualties, lost_while_down, lost_while_failing
from sysdesign_cli.engine.system import CallEdge, HandlerNode, System
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.shapes import Text

MAX_PAIRS: Final = 50_000
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
class RankingResult:
    """Kills, worst first. ``harmless`` counts those that no request notices."""

    scenario: str
    title: Text
    workload: str
    clock: str
    duration_s: float | None
    pairs: bool
    pessimistic: bool
    kills: tuple[RankedKill, ...]
    tried: int
    harmless: int


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
        raise ScenarioError([Problem("too-many", Place(system.scenario.address), {"count": str(count), "limit": str(MAX_PAIRS), "what": "pairs"})])
    return _ranked(setting, list(combinations(names, 2)), duration_s, pessimistic, pairs=True)


def _ranked(setting: Setting, kills: list[tuple[str, ...]], duration_s: float | None, pessimistic: bool, pairs: bool) -> RankingResult:
    system = setting.system
    table = _KillTable(setting, kills, duration_s, pessimistic)
    ranked = [kill for kill in table.outcomes() if kill.flows]
    ranked.sort(key=lambda kill: (tuple(-part for part in kill.radius), kill.services))
    return RankingResult(
        system.scenario.address, system.scenario.title, setting.workload.name, setting.moment.clock, duration_s, pairs, pessimistic,
        tuple(ranked), len(kills), len(kills) - len(ranked),
    )  # fmt: skip


class _KillTable:
    """The levels of every flow under every kill, as bit sets."""

    def __init__(self, setting: Setting, kills: list[tuple[str, ...]], duration_s: float | None, pessimistic: bool) -> None:
        self.setting = setting
        self.system = setting.system
        self.kills = kills
        self.duration_s = duration_s
        self.pessimistic = pessimistic
        self.downs = [0] * len(self.system.services)
        self.durations: list[float] = []
        self.killed: list[int] = []
        for number, kill in enumerate(kills):
            down = casualties(self.system, kill, ()).down
            for service in down:
                self.downs[service] |= 1 << number
            longest = max((float(self.system.services[s].mttr) for s in down), default=0.0)
            self.durations.append(longest if duration_s is None else duration_s)
            self.killed.append(len(down))
        self._masks: dict[tuple[int, bool], int] = {}
        self._shares: dict[int, Shares] = {}
        self._reach: dict[int, set[int]] = {}
        self.algebra = KillSets(len(kills), self.downs, lambda s: self._mask(s, True), lambda s: self._mask(s, False))

    def _mask(self, subscriber: int, down: bool) -> int:
        """Kills that last long enough to lose messages at this subscriber."""
        key = (subscriber, down)
        if key not in self._masks:
            rate = self.setting.rates[subscriber]
            by_duration: dict[float, bool] = {}
            mask = 0
            for number, seconds in enumerate(self.durations):
                if seconds not in by_duration:
                    lost = lost_while_down(self.system, subscriber, seconds, rate) if down else lost_while_failing(self.system, subscriber, seconds)
                    by_duration[seconds] = lost > 0
                if by_duration[seconds]:
                    mask |= 1 << number
            self._masks[key] = mask
        return self._masks[key]

    def outcomes(self) -> list[RankedKill]:
        nothing = {state: 0.0 for state in _SEVERITY}
        totals: list[tuple[dict[str, float], dict[str, float], dict[str, str]]] = [(nothing.copy(), nothing.copy(), {}) for _ in self.kills]
        answers = _Outcomes(self, [], None)
        for flow in self.system.scenario.flows.values():
            share = self.setting.share(flow.name)
            entry = self.system.entry(flow)
            awaited, needed = awaited_effects(self.system, flow), needed_effects(self.system, flow)
            answer = _Outcomes(self, awaited, entry) if awaited else answers
            completion = answer if needed == awaited else _Outcomes(self, needed, entry)
            for number in _bits(answer.levels[entry].degraded | completion.levels[entry].degraded):
                one = (answer.states(entry, number), completion.states(entry, number))
                for total, part in zip(totals[number][:2], one, strict=True):
                    for state, portion in part.shares.items():
                        if state != "ok":
                            total[state] += share * portion
                worst = max((part.worst for part in one), key=_SEVERITY.index)
                if worst != "ok":
                    totals[number][2][flow.name] = worst
        return [self._ranked(number, *total) for number, total in enumerate(totals)]

    def _ranked(self, number: int, answer: dict[str, float], completion: dict[str, float], flows: dict[str, str]) -> RankedKill:
        for shares in (answer, completion):
            shares["ok"] = max(0.0, 1 - sum(share for state, share in shares.items() if state != "ok"))
        ordered = dict(sorted(flows.items(), key=lambda item: -_SEVERITY.index(item[1])))
        return RankedKill(self.kills[number], answer, completion, ordered, self.killed[number])

    def reach(self, entry: int) -> set[int]:
        if entry not in self._reach:
            self._reach[entry] = self.system.reachable(entry)
        return self._reach[entry]

    def shares_of(self, number: int) -> Shares:
        """The measure of one kill alone, for where chance decides."""
        if number not in self._shares:
            seconds, rates = self.durations[number], self.setting.rates
            down = frozenset(service for service, mask in enumerate(self.downs) if mask >> number & 1)
            self._shares[number] = Shares(
                down,
                lambda subscriber: lost_while_down(self.system, subscriber, seconds, rates[subscriber]),
                lambda subscriber: lost_while_failing(self.system, subscriber, seconds),
            )
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

    def _unsure(self) -> list[int]:
        """For each handler the kills whose effect on it passes through something that happens only in a share of cases."""
        unsure = [0] * len(self.levels)
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
                    result |= self.table.algebra.lost_while_down(subscriber, levels.failed) | self.table.algebra.lost_while_failing(subscriber, levels.failed)
        return result

    def states(self, entry: int, number: int) -> States:
        if not self.unsure[entry] >> number & 1:
            return states(Levels(*(float(level >> number & 1) for level in self.levels[entry])))
        reach = self.reach if self.reach is not None else self.table.reach(entry)
        touched = [handler for handler in reach if self.levels[handler].degraded >> number & 1]
        exact = Propagation(self.system, self.table.shares_of(number), self.relevant, self.table.pessimistic)
        return states(exact.run(touched)[entry])


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
    text = bin(mask)[:1:-1]
    position = text.find("1")
    while position >= 0:
        yield position
        position = text.find("1", position + 1)
