"""What a metric is, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sysdesign_cli.analyses.situations import Kill, Outage, Setting
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Service

if TYPE_CHECKING:
    from sysdesign_cli.analyses.availability import Availabilities
    from sysdesign_cli.analyses.headroom import Headroom
    from sysdesign_cli.analyses.latency import Latencies
    from sysdesign_cli.analyses.simulation_question import Question
    from sysdesign_cli.analyses.simulation_result import Simulation
    from sysdesign_cli.scenario.price_book import PriceBook

#: Kinds that are written and deployed by a team of ours.
UNITS = ("service", "function", "gateway")
STORES = ("database", "cache")


@dataclass(frozen=True)
class Unavailable:
    """Why a metric has no value here: key of the message ``unavailable.<reason>``, and what it is about.

    counts_as: what a comparison takes it for, where that is clear (a time that grows without bound is longer than any other).
    """

    reason: str
    about: str = ""
    counts_as: float | None = None


@dataclass(frozen=True)
class About:
    """What a metric is narrowed to; empty means the whole system."""

    flow: str = ""
    service: str = ""
    content: str = ""


class Subject:
    """A system under a workload, and perhaps a kill: what metrics are worked out on. Everything is lazy and kept.

    prices: instead of the scenario's price book. quick: figures without their derivation will do (they are asked hundreds of times).
    system_of: the systems of the scenario's variants by name ("" is the scenario itself), for metrics that weigh them. simulating: how
    long, and with which random numbers, metrics are simulated.
    """

    def __init__(
        self,
        system: System,
        workload: str = "",
        kill: Kill = Kill(),
        prices: PriceBook | None = None,
        quick: bool = False,
        system_of: Callable[[str], System] | None = None,
        simulating: Question | None = None,
    ) -> None:
        self.system = system
        self.scenario = system.scenario
        self._workload = workload
        self.kill = kill
        self.prices = prices
        self.quick = quick
        self.system_of = system_of
        self.simulating = simulating

    @cached_property
    def setting(self) -> Setting:
        return Setting(self.system, self._workload)

    @cached_property
    def outage(self) -> Outage:
        return Outage(self.setting, self.kill)

    @cached_property
    def availabilities(self) -> Availabilities:
        from sysdesign_cli.analyses.availability import Availabilities

        return Availabilities(self.setting)

    @cached_property
    def latencies(self) -> Latencies:
        from sysdesign_cli.analyses.latency import Latencies

        return Latencies(self.setting, self.kill)

    @cached_property
    def simulation(self) -> Simulation:
        """A minute at the busiest moment, unless ``simulating`` says otherwise; what is killed is dead all the time."""
        from sysdesign_cli.analyses.simulation import simulation
        from sysdesign_cli.analyses.simulation_plan import measured_question, prepare
        from sysdesign_cli.analyses.simulation_runs import quickest_mode, run_all

        prepared = prepare(self.system, measured_question(self.simulating, self._workload, self.kill))
        mode = quickest_mode(prepared)
        return simulation(self.system, prepared, run_all(self.scenario, prepared, mode, 1, "", lambda share: None), mode)

    @cached_property
    def headroom(self) -> Headroom:
        from sysdesign_cli.analyses.headroom import headroom

        return headroom(self.setting)

    @cached_property
    def units(self) -> list[Service]:
        return [service for service in self.system.services if service.kind in UNITS]


Compute = Callable[[Subject, About], "Number | Unavailable"]


@dataclass(frozen=True)
class Metric:
    """A metric, declared once.

    Title, definition and formula are the messages ``metric.<id>``, ``metric.<id>.definition``. better: ``lower``, ``higher`` or
    ``neither``. scopes: what it can be narrowed to. ``compute`` None: belongs to an analysis that does not exist yet, named by
    ``needs``. ``shown``: part of an ordinary comparison. ``against``: what it is between two systems, for metrics that need both.
    """

    id: str
    unit: str
    better: str
    compute: Compute | None
    scopes: tuple[str, ...] = ()
    needs: str = ""
    shown: bool = True
    reference: str = ""
    against: Callable[[Subject, Subject, About], Number | Unavailable] | None = None

    def of(self, subject: Subject, about: About = About()) -> Number | Unavailable:
        """The value, or why there is none."""
        if self.compute is None:
            return Unavailable("needs-analysis", self.needs)
        for scope in ("flow", "service", "content"):
            if getattr(about, scope) and scope not in self.scopes:
                return Unavailable(f"not-by-{scope}", getattr(about, scope))
        return self.compute(subject, about)
