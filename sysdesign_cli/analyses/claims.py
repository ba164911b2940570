"""Sentences somebody says about the architecture, held against the model."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from sysdesign_cli.analyses.checking import check
from sysdesign_cli.analyses.failover import States, states
from sysdesign_cli.analyses.journey import journey, passes_in_order
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Kill, awaited_effects, needed_effects
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Check, Claim, Scenario
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.quantity import Parsed, parse_quantity
from sysdesign_cli.scenario.references import EACH
from sysdesign_cli.scenario.shapes import Text

HOLDS, FAILS, UNDECIDED = "holds", "does-not-hold", "undecided"
_ORDER: Final = ("ok", "degraded", "delayed", "failed", "lost")
_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": lambda a, b: a <= b + 1e-12 * max(1.0, abs(b)),
    ">=": lambda a, b: a >= b - 1e-12 * max(1.0, abs(b)),
    "<": operator.lt,
    ">": operator.gt,
    "=": lambda a, b: abs(a - b) <= 1e-12 * max(1.0, abs(b)),
}


@dataclass(frozen=True)
class Evidence:
    """One check under one situation. key: message ``evidence.<key>``; params its texts; number the figure, if it is one."""

    verdict: str
    key: str
    params: dict[str, str]
    under: str
    """what was killed, when the claim goes through several kills"""
    number: Number | None = None
    sign: str = ""
    """how the figure was compared, such as ``<=``, with ``limit`` in the figure's unit"""
    limit: float | None = None


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim and what the model says of it. ``except_under``: kills under which it fails while it holds under others."""

    id: str
    says: Text
    note: Text
    verdict: str
    evidence: tuple[Evidence, ...]
    except_under: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class VerifyResult(Presentable):
    """All claims of a scenario."""

    scenario: str
    title: Text
    claims: tuple[ClaimVerdict, ...]

    def count(self, verdict: str) -> int:
        return sum(1 for claim in self.claims if claim.verdict == verdict)


SystemOf = Callable[[str], System]


def verify(system: System, system_of: SystemOf) -> VerifyResult:
    """Evaluate every claim. ``system_of(variant)`` gives the system of a variant ("" is the scenario itself)."""
    scenario = system.scenario
    subjects: dict[tuple[int, str, Kill], Subject] = {}
    claims = tuple(_Judge(claim, system, system_of, subjects).verdict() for claim in scenario.claims.values())
    return VerifyResult(scenario.address, scenario.title, claims)


class _Judge:
    """One claim: its situation, its checks, its verdict."""

    def __init__(self, claim: Claim, loaded: System, system_of: SystemOf, subjects: dict[tuple[int, str, Kill], Subject]) -> None:
        self.claim = claim
        self.subjects = subjects
        self.given = claim.given
        self.system_of = system_of
        self.system = system_of(str(claim.given.variant)) if claim.given.variant else loaded
        self.workload = str(claim.given.workload or "")

    @cached_property
    def kills(self) -> list[Kill]:
        seconds = None if self.given.lasts is None else float(self.given.lasts)
        named = tuple(str(name) for name in self.given.kill)
        zones = tuple(str(zone) for zone in self.given.zone)
        if EACH in named:
            every = [str(name) for name in self.given.of] or [s.name for s in self.system.services if s.kind != "client"]
            every_zone = [str(zone) for zone in self.system.scenario.zones]
            if EACH in zones:
                return [Kill((name,), (zone,), seconds) for name in every for zone in every_zone]
            return [Kill((name,), zones, seconds) for name in every]
        if EACH in zones:
            return [Kill(named, (str(zone),), seconds) for zone in self.system.scenario.zones]
        return [Kill(named, zones, seconds)]

    def verdict(self) -> ClaimVerdict:
        evidence: list[Evidence] = []
        failing: list[str] = []
        for kill in self.kills:
            under = ", ".join((*kill.services, *(f"zone {zone}" for zone in kill.zones))) if len(self.kills) > 1 else ""
            found = [
                self._tried(one, kill, under) for one in self.claim.expect if under == "" or kill is self.kills[0] or _depends_on_kill(one)
            ]
            evidence += found
            if any(e.verdict == FAILS for e in found):
                failing.append(under)
        if not self.kills:
            evidence.append(Evidence(UNDECIDED, "nothing-to-try", {}, ""))
        verdicts = {e.verdict for e in evidence}
        verdict = FAILS if FAILS in verdicts else UNDECIDED if UNDECIDED in verdicts else HOLDS
        some = tuple(failing) if 0 < len(failing) < len(self.kills) else ()
        node = self.claim.node
        place = node.place if node is not None else Place("")
        return ClaimVerdict(self.claim.name, self.claim.says, self.claim.note, verdict, tuple(evidence), some, place)

    def _tried(self, one: Check, kill: Kill, under: str) -> Evidence:
        """A check that names what this variant does not have is undecided, not a fault."""
        try:
            return self._judge(one, kill, under)
        except ScenarioError as error:
            if any(problem.place.line for problem in error.problems):
                raise
            return Evidence(UNDECIDED, "not-here", {"name": ", ".join(p.params.get("name", p.slug) for p in error.problems)}, under)
        except KeyError as error:
            return Evidence(UNDECIDED, "not-here", {"name": str(error.args[0])}, under)

    def _judge(self, one: Check, kill: Kill, under: str) -> Evidence:
        if one.metric is not None:
            return self._metric(one, kill, under)
        if one.path:
            return self._path(one, under)
        if one.apart:
            return self._apart(one, under)
        if one.no_finding:
            return self._no_finding(one, under)
        if one.adds_only is not None:
            return self._adds_only(one, under)
        if one.stay_up:
            return self._stay_up(one, kill, under)
        if one.present:
            return self._present(one, under)
        return self._states(one, kill, under)

    def _states(self, one: Check, kill: Kill, under: str) -> Evidence:
        flow = self.system.scenario.flows[str(one.flow)]
        outage = self._subject(self.system, self.workload, kill).outage
        answer = states(outage.levels(flow, awaited_effects(self.system, flow)))
        needed = needed_effects(self.system, flow)
        completion = states(outage.levels(flow, needed)) if needed else answer
        ok = True
        for got, wanted, at_least in (
            (answer, one.answer, False),
            (completion, one.completion, False),
            (answer, one.answer_at_least, True),
            (completion, one.completion_at_least, True),
        ):
            if wanted:
                ok = ok and (_rank(got) >= _ORDER.index(wanted) if at_least else _rank(got) <= _ORDER.index(wanted))
        params = {"flow": flow.name, "answer": answer.worst, "completion": completion.worst, "kill": ", ".join(kill.services) or "–"}
        params |= {"bad": f"{answer.shares['failed'] + answer.shares['lost']:.6g}"}
        return Evidence(HOLDS if ok else FAILS, "states", params, under)

    def _value(self, one: Check, system: System, workload: str, kill: Kill) -> Number | Unavailable:
        about = About(str(one.flow or ""), str(one.service or ""), str(one.content or ""))
        value = METRICS[str(one.metric)].of(self._subject(system, workload, kill), about)
        if isinstance(value, Unavailable) and value.counts_as is not None:
            return Number(value.counts_as, METRICS[str(one.metric)].unit, f"unavailable-{value.reason}", (("service", value.about),))
        return value

    def _metric(self, one: Check, kill: Kill, under: str) -> Evidence:
        metric = METRICS[str(one.metric)]
        where = str(one.flow or one.service or one.content or "")
        params = {"metric": metric.id, "of": where, "is": one.expected, "than": str(one.compared_with or "")}
        value = self._value(one, self.system, self.workload, kill)
        unit = metric.unit
        if metric.against is not None and one.compared_with is not None:
            value = self._between(one, kill)
        elif isinstance(value, Number) and one.compared_with is not None:
            other = self._other(one, kill)
            unit = "share"
            if isinstance(other, Unavailable):
                value = other
            elif other.value == 0:
                value = Unavailable("divides-by-zero", str(one.compared_with))
            else:
                value = Number(value.value / other.value, "share", "ratio", (("part", value), (str(one.compared_with), other)))
        if isinstance(value, Unavailable):
            return Evidence(UNDECIDED, "undecided", params | {"reason": value.reason, "about": value.about or where}, under)
        if not one.expected:
            return Evidence(UNDECIDED, "undecided", params | {"reason": "no-comparison", "about": metric.id}, under)
        sign, limit = _comparison(one, unit)
        verdict = HOLDS if _OPERATORS[sign](value.value, limit) else FAILS
        return Evidence(verdict, "metric", params, under, value, sign, limit)

    def _between(self, one: Check, kill: Kill) -> Number | Unavailable:
        """A metric of two systems at once."""
        metric, name = METRICS[str(one.metric)], str(one.compared_with)
        assert metric.against is not None
        about = About(str(one.flow or ""), str(one.service or ""), str(one.content or ""))
        if name.startswith("@"):
            variant = name[1:]
            other = self.system_of("" if variant == self.system.scenario.label else variant)
            return metric.against(self._subject(self.system, self.workload, kill), self._subject(other, self.workload, kill), about)
        return metric.against(self._subject(self.system, self.workload, kill), self._subject(self.system, name, kill), about)

    def _subject(self, system: System, workload: str, kill: Kill) -> Subject:
        """The subject of a situation; kept, since claims ask about the same ones again and again."""
        key = (id(system), workload, kill)
        if key not in self.subjects:
            self.subjects[key] = Subject(system, workload, kill, system_of=self.system_of)
        return self.subjects[key]

    def _other(self, one: Check, kill: Kill) -> Number | Unavailable:
        name = str(one.compared_with)
        if name.startswith("@"):
            variant = name[1:]
            return self._value(one, self.system_of("" if variant == self.system.scenario.label else variant), self.workload, kill)
        return self._value(one, self.system, name, kill)

    def _path(self, one: Check, under: str) -> Evidence:
        names = [self._full(str(name)) for name in one.path]
        flows = [self.system.scenario.flows[str(one.flow)]] if one.flow else list(self.system.scenario.flows.values())
        missing = [passes_in_order(journey(self.system, flow, self.workload, unfold_all=True).root, names) for flow in flows]
        passing = [flow.name for flow, lacks in zip(flows, missing, strict=True) if not lacks]
        params = {"path": " → ".join(names), "flow": ", ".join(passing) or ", ".join(flow.name for flow in flows)}
        if passing:
            return Evidence(HOLDS, "path", params, under)
        return Evidence(FAILS, "path-missing", params | {"missing": missing[0]}, under)

    def _full(self, name: str) -> str:
        if name in self.system.scenario.events:
            return name
        return self.system.handlers[self.system.handler_number(name)].key

    def _apart(self, one: Check, under: str) -> Evidence:
        names = {str(name) for name in one.apart}
        calls = []
        for node in self.system.handlers:
            own = self.system.services[node.service].name
            if own in names:
                calls += [
                    f"{node.key} → {self.system.handlers[e.target].key}"
                    for e in node.every_call()
                    if self.system.service_of(e.target).name in names - {own}
                ]
        params = {
            "services": ", ".join(str(name) for name in one.apart),
            "calls": "; ".join(dict.fromkeys(calls)),
            "count": str(len(set(calls))),
        }
        return Evidence(FAILS if calls else HOLDS, "apart" if not calls else "not-apart", params, under)

    def _no_finding(self, one: Check, under: str) -> Evidence:
        found = check(self.system, "", [str(name) for name in one.no_finding]).findings
        params = {
            "rules": ", ".join(str(name) for name in one.no_finding),
            "findings": "; ".join(f.id for f in found[:4]),
            "count": str(len(found)),
        }
        return Evidence(FAILS if found else HOLDS, "findings" if found else "no-findings", params, under)

    def _adds_only(self, one: Check, under: str) -> Evidence:
        changed = changed_parts(self.system.scenario, self.system_of(str(one.adds_only)).scenario)
        added = [part for part in self.system_of(str(one.adds_only)).scenario.services if part not in self.system.scenario.services]
        params = {"variant": str(one.adds_only), "changed": ", ".join(changed), "added": ", ".join(added)}
        return Evidence(FAILS if changed else HOLDS, "adds-only" if not changed else "changes", params, under)

    def _stay_up(self, one: Check, kill: Kill, under: str) -> Evidence:
        outage = self._subject(self.system, self.workload, kill).outage
        bad = []
        for name in map(str, one.stay_up):
            state = outage.service_state(self.system.service_index[name])
            if state in ("failing", "partly-failing", "starved", "idle"):
                bad.append(f"{name} ({state})")
        params = {"services": ", ".join(map(str, one.stay_up)), "bad": ", ".join(bad), "kill": ", ".join((*kill.services, *kill.zones))}
        return Evidence(FAILS if bad else HOLDS, "stay-up" if not bad else "not-up", params, under)

    def _present(self, one: Check, under: str) -> Evidence:
        flows = [self.system.scenario.flows[str(one.flow)]] if one.flow else list(self.system.scenario.flows.values())
        on_path: set[str] = set()
        for flow in flows:
            reached = self.system.reachable(self.system.entry(flow))
            on_path |= {self.system.service_of(handler).name for handler in reached}
            for handler in reached:
                on_path |= {self.system.services[publish.broker].name for publish in self.system.handlers[handler].publishes}
        missing = [str(name) for name in one.present if str(name) not in on_path]
        params = {"services": ", ".join(map(str, one.present)), "missing": ", ".join(missing), "flow": str(one.flow or "")}
        return Evidence(FAILS if missing else HOLDS, "present" if not missing else "absent", params, under)


def _rank(got: States) -> int:
    return _ORDER.index(got.worst)


def _depends_on_kill(one: Check) -> bool:
    return not (one.path or one.apart or one.no_finding or one.adds_only or one.present)


def _comparison(one: Check, unit: str) -> tuple[str, float]:
    """``>= 80%`` as (">=", 0.8). Raises ScenarioError when the value does not fit the metric."""
    match = re.fullmatch(r"(<=|>=|<|>|=)\s*(.+)", one.expected)
    parsed = parse_quantity(match[2], {"bandwidth": "size"}.get(unit, unit)) if match else None
    if match is None or not isinstance(parsed, Parsed):
        place = one.node.place if one.node is not None else Place("")
        raise ScenarioError([Problem("wrong-unit", place, {"text": one.expected, "expected": f"quantity.{unit}", "example": ""})])
    return match[1], parsed.value


def changed_parts(base: Scenario, other: Scenario) -> list[str]:
    """Services, events and flows of ``base`` that ``other`` lacks or defines differently; a new subscriber changes nobody."""
    changed = []
    for section in ("services", "events", "flows"):
        theirs = getattr(other, section)
        for name, part in getattr(base, section).items():
            if name not in theirs or replace(theirs[name]) != replace(part):
                changed.append(f"{section}.{name}")
    return changed


__all__ = ["FAILS", "HOLDS", "UNDECIDED", "ClaimVerdict", "Evidence", "VerifyResult", "verify"]
