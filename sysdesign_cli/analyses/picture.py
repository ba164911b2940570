"""A system as boxes and arrows: what a diagram shows, before anybody decides where a box stands or how it is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service
from sysdesign_cli.scenario.quantity import RATE
from sysdesign_cli.scenario.shapes import Text

if TYPE_CHECKING:
    from sysdesign_cli.analyses.cascade import Step
    from sysdesign_cli.analyses.causes import Cause
    from sysdesign_cli.analyses.failover import FailoverResult
    from sysdesign_cli.analyses.situations import Kill

VIEWS: Final = ("services", "flow", "failure", "deployment")
NO_TITLE: Final = Text()
#: What a box or an arrow may be in, mildest first. Beside the states of requests those of services: starved (alive, and no work comes),
#: idle (alive, and nobody calls), short (some replicas dead), overloaded, down (with its zone), killed.
STATES: Final = ("ok", "idle", "starved", "short", "degraded", "delayed", "overloaded", "failed", "lost", "down", "killed")
#: Kinds of services that keep data: a call to one is drawn as an access to a store.
STORES: Final = ("database", "cache")


@dataclass(frozen=True)
class Group:
    """Boxes that belong together.

    kind: ``team``, ``zone``, ``outside`` (in no zone), ``flow``, ``waited`` (the user waits for these) or ``later`` (nobody waits).
    """

    id: str
    kind: str
    name: str
    title: Text = NO_TITLE


@dataclass(frozen=True)
class Box:
    """One box. kind: a kind of service, ``event``, or ``flow`` (where users come in).

    group: id of its group, or "". state: one of STATES, or "" where nothing is said of it. order: in which place the failure reached it,
    0 for never. ends: ``answered``, ``completed``. replicas: how many stand here, 0 where nothing is said of it.
    carries: how many kinds of events go through it, of a broker.
    """

    id: str
    kind: str
    name: str
    title: Text
    group: str = ""
    team: str = ""
    state: str = ""
    order: int = 0
    ends: tuple[str, ...] = ()
    replicas: int = 0
    carries: int = 0


@dataclass(frozen=True)
class Arrow:
    """Everything of one kind that goes from one box to another.

    kind: ``start`` (a flow enters), ``call``, ``store`` (a call to one), ``fallback``, ``publish`` (to an event) or ``deliver``.
    rate: how often a second, at the busiest moment; None without a workload. steps: which steps of the flow these are.
    """

    source: str
    target: str
    kind: str
    rate: Number | None = None
    steps: tuple[int, ...] = ()
    state: str = ""


@dataclass(frozen=True)
class Told:
    """One step of a failure: the boxes it reached, and why: a cause, or the step by which a service came to be overloaded.

    order: 1 for everything that dies, then counted on.
    """

    order: int
    boxes: tuple[str, ...]
    cause: Cause | None = None
    step: Step | None = None


@dataclass(frozen=True)
class Picture:
    """What is drawn. Boxes stand in the order of the file, arrows in the order in which they are met there.

    flow: the flow that is drawn, or "". failure: the outcome of what is dead, and ``story``: how it went on, in order.
    """

    scenario: str
    title: Text
    view: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[Group, ...] = ()
    flow: str = ""
    failure: FailoverResult | None = None
    story: tuple[Told, ...] = ()
    changes: tuple[str, ...] = ()
    """changes from the command line, ``path=value``, that are in force"""


def picture(system: System, view: str = "services", flow: str = "", kill: Kill | None = None, workload: str = "") -> Picture:
    """The picture of a system. Raises ScenarioError for names that are not there, ValueError for an unknown view.

    flow: for the view of that name; all of them unless said. kill: what is dead in the views ``failure`` and ``deployment``.
    """
    return replace(_drawn(system, view, flow, kill, workload), changes=system.scenario.changes)


def _drawn(system: System, view: str, flow: str, kill: Kill | None, workload: str) -> Picture:
    if view == "services":
        from sysdesign_cli.analyses.picture_services import services

        return services(system, workload)
    if view == "flow":
        from sysdesign_cli.analyses.picture_flow import flows

        return flows(system, flow, workload)
    from sysdesign_cli.analyses.situations import Kill

    if view == "failure":
        from sysdesign_cli.analyses.picture_failure import failure

        return failure(system, kill or Kill(), workload)
    if view == "deployment":
        from sysdesign_cli.analyses.picture_deployment import deployment

        return deployment(system, kill or Kill(), workload)
    raise ValueError(view)


def service_id(name: str) -> str:
    return f"service:{name}"


def event_id(name: str) -> str:
    return f"event:{name}"


def flow_id(name: str) -> str:
    return f"flow:{name}"


def service_box(service: Service, id: str = "", group: str = "") -> Box:
    return Box(id or service_id(service.name), service.kind, service.name, service.title, group, str(service.team or ""))


def call_kind(callee: Service) -> str:
    return "store" if callee.kind in STORES else "call"


def merged(arrows: Iterable[tuple[str, str, str, float, int]], rated: bool) -> tuple[Arrow, ...]:
    """(source, target, kind, rate, step) each: one arrow for each pair of boxes and kind, however many handlers are behind it."""
    rates: dict[tuple[str, str, str], float] = {}
    steps: dict[tuple[str, str, str], list[int]] = {}
    for source, target, kind, rate, step in arrows:
        key = (source, target, kind)
        rates[key] = rates.get(key, 0.0) + rate
        steps.setdefault(key, []).extend([step] if step else [])
    return tuple(Arrow(*key, Number(rate, RATE, "traffic") if rated else None, tuple(steps[key])) for key, rate in rates.items())
