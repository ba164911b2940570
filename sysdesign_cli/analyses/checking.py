"""All rules over a whole system, and the findings somebody has accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.review import SEVERITIES, Finding, Review
from sysdesign_cli.analyses.rules import all_rules
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import check_stability
from sysdesign_cli.scenario.model import Waiver
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.shapes import Text


@dataclass(frozen=True)
class Waived:
    """A finding that is accepted, with the reason given."""

    finding: Finding
    reason: Text
    until: str


@dataclass(frozen=True)
class CheckResult(Presentable):
    """Findings of one scenario, gravest first."""

    scenario: str
    title: Text
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    rules: int
    services: int
    flows: int

    def count(self, severity: str) -> int:
        return sum(1 for finding in self.findings if finding.severity == severity)

    def at_least(self, severity: str) -> int:
        """Findings at least so grave."""
        grave = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return sum(1 for finding in self.findings if finding.severity in grave)


def check(system: System, today: str, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> CheckResult:
    """Run the rules. ``today`` is an ISO date, for waivers with an end. Raises ScenarioError for unknown rules or unstable loops."""
    check_stability(system)
    chosen = _chosen(system, select, ignore)
    review = Review(system, today)
    found: list[Finding] = []
    for slug in chosen:
        found += all_rules()[slug].check(review)
    kept, waived, stale = _waive(found, system.scenario.waivers, today, system, complete=not select and not ignore)
    kept += stale
    kept.sort(key=lambda f: (SEVERITIES.index(f.severity), f.place.file, f.place.line, f.place.column, f.rule, f.subject))
    scenario = system.scenario
    return CheckResult(scenario.address, scenario.title, tuple(kept), tuple(waived), len(chosen), len(system.services), len(scenario.flows))


def _chosen(system: System, select: Sequence[str], ignore: Sequence[str]) -> list[str]:
    rules = all_rules()
    by_name = {rule.code: slug for slug, rule in rules.items()} | {slug: slug for slug in rules}
    by_name |= {"stale-waiver": "stale-waiver", "R501": "stale-waiver"}
    problems = []
    for name in (*select, *ignore):
        if name not in by_name:
            params = {"name": name[:60], "what": "rule", "known": ", ".join(rules)}
            problems.append(Problem("unknown-name", Place(system.scenario.address), params, nearest(name, list(by_name))))
    if problems:
        raise ScenarioError(problems)
    wanted = {by_name[name] for name in select} or set(rules)
    return [slug for slug in rules if slug in wanted - {by_name[name] for name in ignore}]


def _waive(
    found: list[Finding], waivers: Sequence[Waiver], today: str, system: System, *, complete: bool
) -> tuple[list[Finding], list[Waived], list[Finding]]:
    """Split findings into those that count and those that are accepted; waivers that fit nothing, or are over, are stale."""
    in_force = {waiver.finding: waiver for waiver in waivers if not waiver.until or waiver.until >= today}
    kept = [finding for finding in found if finding.id not in in_force]
    waived = [Waived(f, in_force[f.id].reason, in_force[f.id].until) for f in found if f.id in in_force]
    known = {finding.id for finding in found}
    stale = []
    for waiver in waivers:
        over = bool(waiver.until) and waiver.until < today
        if not over and (waiver.finding in known or not complete):
            continue
        place = waiver.node.place if waiver.node is not None else Place(system.scenario.address)
        params = {"finding": waiver.finding[:120], "why": "over" if over else "nothing-found", "until": waiver.until}
        stale.append(Finding("stale-waiver", waiver.finding[:120], "warning", place, params))
    return kept, waived, stale
