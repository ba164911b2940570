"""What the user has turned, and how it came to that: frozen, without a terminal. Every function gives a new state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from sysdesign_cli.analyses.whatif import Question
from sysdesign_cli.scenario.model import Service

#: Factors on the load, one key press apart.
LOADS: Final = (0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0)
#: So many situations can be undone.
REMEMBERED: Final = 1000


@dataclass(frozen=True)
class Situation:
    """What is looked at. scenario: name or path; workload: "" is the first; changes: ``path=value`` each, as ``--set`` takes them."""

    scenario: str
    variant: str = ""
    workload: str = ""
    kills: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    load: float = 1.0
    changes: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return f"{self.scenario}@{self.variant}" if self.variant else self.scenario

    @property
    def question(self) -> Question:
        return Question(self.kills, self.zones, self.load, self.workload)

    @property
    def design(self) -> tuple[str, str, tuple[str, ...]]:
        """What has to be read anew when it changes."""
        return self.scenario, self.variant, self.changes


@dataclass(frozen=True)
class History:
    """The present situation, those before it (latest last) and those that were undone (next last)."""

    present: Situation
    past: tuple[Situation, ...] = ()
    undone: tuple[Situation, ...] = ()


def done(history: History, situation: Situation) -> History:
    """The history after one more step; a step that changes nothing is none."""
    if situation == history.present:
        return history
    return History(situation, (*history.past, history.present)[-REMEMBERED:])


def undo(history: History) -> History:
    """One step back; the same history where there is none."""
    if not history.past:
        return history
    return History(history.past[-1], history.past[:-1], (*history.undone, history.present))


def redo(history: History) -> History:
    """One undone step again."""
    if not history.undone:
        return history
    return History(history.undone[-1], (*history.past, history.present), history.undone[:-1])


def amended(history: History, situation: Situation) -> History:
    """Another present, without a step: what is not there any more after the file was edited."""
    return replace(history, present=situation)


def _toggled(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one for one in names if one != name) if name in names else (*names, name)


def toggle_service(situation: Situation, name: str) -> Situation:
    """Kill a service, or revive it."""
    return replace(situation, kills=_toggled(situation.kills, name))


def toggle_zone(situation: Situation, name: str) -> Situation:
    """Lose a zone, or have it back."""
    return replace(situation, zones=_toggled(situation.zones, name))


def louder(situation: Situation) -> Situation:
    """The next higher load; the same at the highest."""
    return replace(situation, load=min((one for one in LOADS if one > situation.load * (1 + 1e-9)), default=situation.load))


def quieter(situation: Situation) -> Situation:
    """The next lower load; the same at the lowest."""
    return replace(situation, load=max((one for one in LOADS if one < situation.load * (1 - 1e-9)), default=situation.load))


def changed(situation: Situation, path: str, value: str) -> Situation:
    """One figure of the file set; an earlier change of the same figure is replaced."""
    others = tuple(change for change in situation.changes if change.partition("=")[0].strip() != path)
    return replace(situation, changes=(*others, f"{path}={value}"))


def with_replicas(situation: Situation, service: Service, by: int) -> Situation:
    """A service with more or fewer replicas: of those that it may have, where it scales by itself; never fewer than it begins with."""
    least, most = int(service.replicas.min), service.replicas.max
    had = least if most is None else int(most)
    wanted = max(1, had + by) if most is None else max(1, least, had + by)
    path = f"services.{service.name}.replicas" + ("" if most is None else ".max")
    return situation if wanted == had else changed(situation, path, str(wanted))


def fitting(situation: Situation, services: Collection[str], zones: Collection[str], workloads: Collection[str]) -> Situation:
    """The situation without what is not there; replicas (``name/1``) go with their service."""
    return replace(
        situation,
        kills=tuple(one for one in situation.kills if one.partition("/")[0] in services),
        zones=tuple(one for one in situation.zones if one in zones),
        workload=situation.workload if situation.workload in workloads else "",
    )
