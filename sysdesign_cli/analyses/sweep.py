"""Metrics at every point of a grid of changes: what becomes of an answer when replicas, rates or timeouts are other than they are."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Kill, check_targets, pick_workload
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import check_stability
from sysdesign_cli.scenario.changes import Change, read_path
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest, too_many
from sysdesign_cli.scenario.quantity import Parsed, parse_quantity
from sysdesign_cli.scenario.ranges import MAX_VALUES, is_several, read_values
from sysdesign_cli.scenario.read import Document, Vocabulary

if TYPE_CHECKING:
    from sysdesign_cli.analyses.simulation_question import Question

#: Points tried until one is a sound scenario, on which the names of the command are looked up.
_TRIED: Final = 32


@dataclass(frozen=True)
class Axis:
    """One part of the scenario that is varied.

    texts: its values as they would be typed. values: the same in SI units, None for what is no number. unit: "" for no number.
    """

    path: str
    texts: tuple[str, ...]
    values: tuple[float | None, ...]
    unit: str


@dataclass(frozen=True)
class Asked:
    """A metric, perhaps of one flow, service or kind of content; ``id`` is how it was asked for: ``answer_p99:place-order``."""

    id: str
    metric: str
    about: About
    unit: str


@dataclass(frozen=True)
class Refused:
    """The change makes a scenario that cannot be: what is wrong with it."""

    problems: tuple[Problem, ...]


Value = Number | Unavailable | Refused


@dataclass(frozen=True)
class Point:
    """One combination of values (texts, one for each axis) and the metrics there, in the order they were asked for."""

    at: tuple[str, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class SweepResult(Presentable):
    """Points in the order of the axes, the last one running fastest. ``changes``: what holds at every point."""

    scenario: str
    workload: str
    kill: Kill
    changes: tuple[str, ...]
    axes: tuple[Axis, ...]
    metrics: tuple[Asked, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that a point needs to be worked out, here or in another process."""

    document: Document
    variant: str
    address: str
    vocabulary: Vocabulary
    changes: tuple[str, ...]
    axes: tuple[Axis, ...]
    metrics: tuple[Asked, ...]
    workload: str
    kill: Kill
    simulating: Question | None = None

    @property
    def count(self) -> int:
        return math.prod(len(axis.texts) for axis in self.axes)

    def at(self, number: int) -> tuple[str, ...]:
        """The values of one point, by its number from 0."""
        texts: list[str] = []
        for axis in reversed(self.axes):
            number, position = divmod(number, len(axis.texts))
            texts.append(axis.texts[position])
        return tuple(reversed(texts))

    def changes_at(self, number: int) -> tuple[str, ...]:
        """Everything that is changed at one point, as it would be typed behind ``--set``."""
        return (*self.changes, *(f"{axis.path}={text}" for axis, text in zip(self.axes, self.at(number), strict=True)))

    def scenario(self, number: int) -> Scenario:
        """The scenario of one point. Raises ScenarioError."""
        return self.document.scenario(self.variant, self.address, self.vocabulary, self.changes_at(number))


def plan_sweep(
    document: Document,
    variant: str,
    address: str,
    vocabulary: Vocabulary,
    changes: Sequence[str],
    metrics: Sequence[str],
    workload: str = "",
    kill: Kill = Kill(),
    simulating: Question | None = None,
) -> Plan:
    """What is to be worked out. Raises ScenarioError for what is not there, and for grids over 100,000 points.

    changes: ``path=value`` each; one whose value is a range or a list is an axis. metrics: ``id`` or ``id:name`` each.
    """
    fixed: list[str] = []
    varied: list[Change] = []
    for number, text in enumerate(changes, 1):
        path = read_path(text, number)
        if is_several(path.source.text):
            varied.append(path)
        else:
            fixed.append(path.text)
    axes = _axes(document, variant, fixed, varied)
    plan = Plan(document, variant, address, vocabulary, tuple(fixed), axes, (), workload, kill, simulating)
    scenario = _sound(plan)
    system = System(scenario)
    if workload:
        pick_workload(scenario, workload)
    check_targets(system, kill)
    first = next(iter(scenario.workloads), "")
    return dataclasses.replace(plan, metrics=tuple(_asked(metric, scenario) for metric in metrics), workload=workload or first)


def _axes(document: Document, variant: str, fixed: Sequence[str], varied: Sequence[Change]) -> tuple[Axis, ...]:
    axes: list[Axis] = []
    count = 1
    for change in varied:
        quantity = document.quantity_at(variant, fixed, change)
        found = read_values(change.source.text, quantity, change)
        count *= found.count
        if count > MAX_VALUES:
            params = too_many("points", MAX_VALUES) | {"count": f"{count:,}"}
            raise ScenarioError([change.value_problem("too-many", **params)])
        texts = found.make()
        unit = quantity.unit if quantity is not None else ""
        axes.append(Axis(".".join(change.keys), texts, tuple(_value(text, unit) for text in texts), unit))
    return tuple(axes)


def _value(text: str, unit: str) -> float | None:
    parsed = parse_quantity(text, unit) if unit else None
    return parsed.value if isinstance(parsed, Parsed) else None


def _sound(plan: Plan) -> Scenario:
    """The scenario of the first point that makes one. Raises the ScenarioError of the first point when none of those tried does."""
    first: ScenarioError | None = None
    for number in sorted({round(i * (plan.count - 1) / (_TRIED - 1)) for i in range(_TRIED)}):
        try:
            return plan.scenario(number)
        except ScenarioError as error:
            first = first or error
    raise first or ScenarioError([])


def _asked(text: str, scenario: Scenario) -> Asked:
    """A metric by the words it was asked for with. Raises ScenarioError."""
    id, colon, name = text.strip().partition(":")
    if id not in METRICS:
        raise _unknown(id, "metric", list(METRICS))
    metric = METRICS[id]
    if not colon:
        return Asked(id, id, About(), metric.unit)
    known = {"flow": list(scenario.flows), "service": list(scenario.services)}
    for scope in metric.scopes:
        if scope == "content" or name in known[scope]:
            return Asked(f"{id}:{name}", id, About(**{scope: name}), metric.unit)
    if not metric.scopes:
        problem = Problem("contradiction", Place("--metric"), {"what": "metric-of-the-whole", "name": id})
        raise ScenarioError([problem])
    what = metric.scopes[0]
    raise _unknown(name, what, [one for scope in metric.scopes for one in known[scope]])


def _unknown(name: str, what: str, known: list[str]) -> ScenarioError:
    params = {"name": name[:60], "what": what, "known": ", ".join(known[:60])}
    return ScenarioError([Problem("unknown-name", Place("--metric"), params, nearest(name, known))])


def work_out(plan: Plan, number: int) -> Point:
    """One point. Whatever it cannot have says why in its place; nothing is raised."""
    at = plan.at(number)
    try:
        system = System(plan.scenario(number))
        check_stability(system)
    except ScenarioError as error:
        return Point(at, (Refused(tuple(error.problems)),) * len(plan.metrics))
    subject = Subject(system, plan.workload, plan.kill, simulating=plan.simulating)
    return Point(at, tuple(_metric(subject, asked, explained=plan.count == 1) for asked in plan.metrics))


def _metric(subject: Subject, asked: Asked, explained: bool) -> Value:
    """A value; where there are many points, without what it was made of, which would have to travel between processes."""
    try:
        value = METRICS[asked.metric].of(subject, asked.about)
    except ScenarioError as error:
        return Refused(tuple(error.problems))
    return value if explained or isinstance(value, Unavailable) else dataclasses.replace(value, inputs=())


def sweep_result(plan: Plan, points: Sequence[Point]) -> SweepResult:
    """The points put together. Raises ScenarioError when not one of them is a sound scenario."""
    if points and all(isinstance(value, Refused) for point in points for value in point.values):
        first = points[0].values[0]
        if isinstance(first, Refused):
            raise ScenarioError(list(first.problems))
    return SweepResult(plan.address, plan.workload, plan.kill, plan.changes, plan.axes, plan.metrics, tuple(points))
