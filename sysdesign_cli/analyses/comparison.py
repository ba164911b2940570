"""Systems side by side: the metric registry under each, what kind of system each is, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sysdesign_cli.analyses.character import DIMENSIONS, Word, characterise
from sysdesign_cli.analyses.metrics import METRICS, QUICK_METRICS, Metric
from sysdesign_cli.analyses.metrics.base import UNITS, About, Subject, Unavailable
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Kill
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.shapes import Text


@dataclass(frozen=True)
class Compared:
    """One metric under each system. ``best``: positions of the best values, empty when none is better or all are equal."""

    metric: Metric
    values: tuple[Number | Unavailable, ...]
    differs: bool
    best: tuple[int, ...]


@dataclass(frozen=True)
class Side:
    """One of the systems compared, and the conditions its figures hold under."""

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    clock: str
    words: dict[str, tuple[Word, ...]]
    kinds: dict[str, int]


@dataclass(frozen=True)
class CompareResult(Presentable):
    """The comparison. ``common``: keys of messages ``common.<key>`` that hold for every side."""

    sides: tuple[Side, ...]
    rows: tuple[Compared, ...]
    dimensions: tuple[str, ...]
    common: tuple[tuple[str, str], ...]
    kill: Kill


#: How much is compared: what follows from structure and traffic, what is ordinarily of interest, every metric that has a value.
QUICK, ORDINARY, ALL = "quick", "ordinary", "all"


def compare(systems: Sequence[System], workload: str = "", kill: Kill = Kill(), extent: str = ORDINARY) -> CompareResult:
    """Compare systems under the same conditions. Raises ScenarioError for an unknown workload or kill."""
    subjects = [Subject(system, workload, kill) for system in systems]
    sides = tuple(_side(subject) for subject in subjects)
    rows = []
    for metric in METRICS.values():
        wanted = metric.shown and (extent != QUICK or metric.id in QUICK_METRICS)
        if wanted or (kill.services and metric.id in ("failed_share", "affected_share", "others_stopped")):
            rows.append(_row(metric, subjects))
        elif extent == ALL:
            row = _row(metric, subjects)
            rows += [row] if any(isinstance(value, Number) for value in row.values) else []
    return CompareResult(sides, tuple(rows), DIMENSIONS, tuple(_common(subjects, sides)), kill)


def _side(subject: Subject) -> Side:
    kinds: dict[str, int] = {}
    for service in subject.system.services:
        kinds[service.kind] = kinds.get(service.kind, 0) + 1
    scenario, setting = subject.scenario, subject.setting
    words = characterise(subject)
    title = scenario.title
    if scenario.variant and scenario.variant in scenario.variants:
        title = scenario.variants[scenario.variant].title or title
    return Side(scenario.address, title, setting.workload.name, setting.workload.title, setting.moment.clock, words, kinds)


def _row(metric: Metric, subjects: Sequence[Subject]) -> Compared:
    values = tuple(metric.of(subject, About()) for subject in subjects)
    numbers = [value.value for value in values if isinstance(value, Number)]
    differs = len({_rounded(n) for n in numbers}) > 1 or (0 < len(numbers) < len(values))
    best: tuple[int, ...] = ()
    if metric.better != "neither" and len(numbers) == len(values) and differs:
        wanted = min(numbers) if metric.better == "lower" else max(numbers)
        best = tuple(i for i, value in enumerate(values) if isinstance(value, Number) and _rounded(value.value) == _rounded(wanted))
    return Compared(metric, values, differs, best)


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")


def _common(subjects: Sequence[Subject], sides: Sequence[Side]) -> list[tuple[str, str]]:
    """What holds for every side, each with the fact behind it."""
    found: list[tuple[str, str]] = []
    if all(_single_domains(subject) for subject in subjects):
        found.append(("microservices", ", ".join(str(len(subject.units)) for subject in subjects)))
    if all(_number(subject, "shared_stores") == 0 for subject in subjects):
        found.append(("own-stores", "0"))
    if all(_number(subject, "services_without_team") == 0 for subject in subjects):
        found.append(("team-for-each", ", ".join(f"{_number(subject, 'teams'):g}" for subject in subjects)))
    if all(_number(subject, "team_cycles") == 0 for subject in subjects):
        found.append(("no-team-cycles", "0"))
    for kind in ("broker", "cache", "cdn", "gateway", "function"):
        if all(side.kinds.get(kind) for side in sides):
            found.append((f"has-{kind}", ", ".join(str(side.kinds[kind]) for side in sides)))
    for dimension in DIMENSIONS:
        shared = set.intersection(*({(w.key, w.content) for w in side.words[dimension]} for side in sides))
        found += [("word", f"{dimension}:{key}:{content}") for key, content in sorted(shared)]
    return found


def _single_domains(subject: Subject) -> bool:
    units = [service for service in subject.system.services if service.kind in UNITS]
    return len(units) >= 3 and all(len(service.domains) == 1 for service in units)


def _number(subject: Subject, metric: str) -> float:
    value = METRICS[metric].of(subject)
    return value.value if isinstance(value, Number) else -1.0
