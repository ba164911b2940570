"""What a metric is, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sysdesign_cli.analyses.situations import Kill, Outage, Setting
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service

#: Kinds that are written and deployed by a team of ours.
UNITS = ("service", "function", "gateway")
STORES = ("database", "cache")


@dataclass(frozen=True)
class Unavailable:
    """Why a metric has no value here: key of the message ``unavailable.<reason>``, and what it is about."""

    reason: str
    about: str = ""


@dataclass(frozen=True)
class About:
    """What a metric is narrowed to; empty means the whole system."""

    flow: str = ""
    service: str = ""
    content: str = ""


class Subject:
    """A system under a workload, and perhaps a kill: what metrics are worked out on. Everything is lazy and kept."""

    def __init__(self, system: System, workload: str = "", kill: Kill = Kill()) -> None:
        self.system = system
        self.scenario = system.scenario
        self._workload = workload
        self.kill = kill

    @cached_property
    def setting(self) -> Setting:
        return Setting(self.system, self._workload)

    @cached_property
    def outage(self) -> Outage:
        return Outage(self.setting, self.kill)

    @cached_property
    def units(self) -> list[Service]:
        return [service for service in self.system.services if service.kind in UNITS]


Compute = Callable[[Subject, About], "Number | Unavailable"]


@dataclass(frozen=True)
class Metric:
    """A metric, declared once.

    Title, definition and formula are the messages ``metric.<id>``, ``metric.<id>.definition``. better: ``lower``, ``higher`` or
    ``neither``. scopes: what it can be narrowed to. ``compute`` None: belongs to an analysis that does not exist yet, named by
    ``needs``. ``shown``: part of an ordinary comparison.
    """

    id: str
    unit: str
    better: str
    compute: Compute | None
    scopes: tuple[str, ...] = ()
    needs: str = ""
    shown: bool = True
    reference: str = ""

    def of(self, subject: Subject, about: About = About()) -> Number | Unavailable:
        """The value, or why there is none."""
        if self.compute is None:
            return Unavailable("needs-analysis", self.needs)
        for scope in ("flow", "service", "content"):
            if getattr(about, scope) and scope not in self.scopes:
                return Unavailable(f"not-by-{scope}", getattr(about, scope))
        return self.compute(subject, about)
