"""What the rules of ``check`` look at: a system with the facts that several rules need, each worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sysdesign_cli.engine.stations import Stations
from sysdesign_cli.engine.system import CallEdge, System, _closure
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.engine.workload import Moment, busiest
from sysdesign_cli.scenario.model import Element, Flow, Scenario
from sysdesign_cli.scenario.problems import Place

if TYPE_CHECKING:
    import networkx

SEVERITIES: Final = ("error", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One thing a rule found. ``subject`` is made of names only, so the id stays when lines move."""

    rule: str
    subject: str
    severity: str
    place: Place
    params: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.rule}:{self.subject}"


@dataclass(frozen=True)
class Rule:
    """A rule: its code, its slug, how grave its findings are, and the function that finds them.

    The docstring of the rule's module is its page.
    """

    code: str
    slug: str
    severity: str
    check: Callable[[Review], Iterator[Finding]]

    def finding(self, subject: str, element: Element | None, **params: str) -> Finding:
        """A finding about ``subject``, at the place of ``element``. params fill the message ``finding.<slug>``."""
        node = element.node if element is not None else None
        place = node.place if node is not None else Place("")
        return Finding(self.slug, subject, self.severity, place, params)


class Review:
    """A system under review. Everything is lazy: a rule that is not selected costs nothing."""

    def __init__(self, system: System, today: str = "") -> None:
        self.system = system
        self.scenario: Scenario = system.scenario
        self.today = today

    @cached_property
    def entries(self) -> dict[str, int]:
        """Flow name -> number of its entry handler."""
        return {flow.name: self.system.entry(flow) for flow in self.scenario.flows.values()}

    @cached_property
    def on_flow(self) -> set[int]:
        """Handlers that some flow may reach."""
        return _closure(list(set(self.entries.values())), self.system.topology.successors)

    @cached_property
    def called(self) -> list[list[int]]:
        """For each handler the handlers it may call and wait for (fallbacks and misses included)."""
        result: list[list[int]] = []
        for node in self.system.handlers:
            targets: list[int] = []
            for edge in node.every_call():
                targets.append(edge.target)
                if edge.fallback is not None:
                    targets.append(edge.fallback)
            result.append(targets)
        return result

    @cached_property
    def in_answers(self) -> set[int]:
        """Handlers whose work some user waits for."""
        return _closure(list(set(self.entries.values())), self.called)

    def reach(self, flow: Flow) -> set[int]:
        """Handlers that this flow may reach."""
        return self.system.reachable(self.entries[flow.name])

    def answer_reach(self, flow: Flow) -> set[int]:
        """Handlers that this flow's user waits for (the entry and what is called from it)."""
        return _closure([self.entries[flow.name]], self.called)

    @cached_property
    def edges(self) -> list[CallEdge]:
        """Every call of the system."""
        return [edge for node in self.system.handlers for edge in node.every_call()]

    @cached_property
    def moments(self) -> dict[str, Moment]:
        """Workload name -> its busiest moment."""
        return {name: busiest(self.scenario, workload) for name, workload in self.scenario.workloads.items()}

    @cached_property
    def rates(self) -> dict[str, list[float]]:
        """Workload name -> invocations per second of every handler at its busiest moment."""
        result = {}
        for name, moment in self.moments.items():
            arriving: dict[int, float] = {}
            for flow, rate in moment.rates.items():
                arriving[self.entries[flow]] = arriving.get(self.entries[flow], 0.0) + rate
            result[name] = solve(self.system, arriving)
        return result

    def stations(self, workload: str) -> Stations:
        return Stations(self.system, self.rates[workload])

    @cached_property
    def call_graph(self) -> networkx.DiGraph[Any]:
        """Handlers and synchronous calls (fallbacks and misses included) as a networkx graph of handler numbers."""
        import networkx

        graph: networkx.DiGraph[Any] = networkx.DiGraph()
        graph.add_nodes_from(range(len(self.system.handlers)))
        graph.add_edges_from((source, target) for source, targets in enumerate(self.called) for target in targets)
        return graph
