"""The same questions without the screen: ``sysdesign_cli.load("ecommerce").failover(kill=["payment"])``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import check_stability
from sysdesign_cli.scenario.library import load_scenario, open_document, split_address
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.quantity import TIME, Misread, parse_quantity
from sysdesign_cli.scenario.read import Vocabulary

if TYPE_CHECKING:
    from sysdesign_cli.analyses.checking import CheckResult
    from sysdesign_cli.analyses.claims import VerifyResult
    from sysdesign_cli.analyses.comparison import CompareResult
    from sysdesign_cli.analyses.failover import FailoverResult
    from sysdesign_cli.analyses.journey import FlowResult
    from sysdesign_cli.analyses.ranking import RankingResult
    from sysdesign_cli.engine.explained import Number


def vocabulary() -> Vocabulary:
    """Names of metrics and rules, so that claims that misspell one are found."""
    from sysdesign_cli.analyses.metrics import METRICS
    from sysdesign_cli.analyses.rules import rule_slugs

    return Vocabulary(tuple(METRICS), (*rule_slugs(), "stale-waiver"))


def seconds(text: str | float | None) -> float | None:
    """``"30min"``, ``"30m"`` or a number of seconds. Raises ValueError."""
    if text is None or isinstance(text, int | float):
        return None if text is None else float(text)
    parsed = parse_quantity(text, TIME)
    if isinstance(parsed, Misread) or parsed.value <= 0 or parsed.value > 10 * 31_536_000:
        raise ValueError(text)
    return parsed.value


class Design:
    """A scenario, read and compiled, ready to be asked."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.system = System(scenario)
        check_stability(self.system)

    @classmethod
    def load(cls, address: str) -> Design:
        """Read a scenario. Raises ScenarioError with every problem found."""
        return cls(load_scenario(address))

    def variant(self, name: str) -> Design:
        """The same scenario changed by one of its variants; "" is the scenario itself."""
        base = split_address(self.scenario.address)[0]
        return Design(load_scenario(f"{base}@{name}" if name else base, vocabulary()))

    def check(self, select: Sequence[str] = (), ignore: Sequence[str] = (), today: str = "") -> CheckResult:
        """What an experienced reviewer would say. ``today``: ISO date after which waivers are over."""
        from sysdesign_cli.analyses.checking import check

        return check(self.system, today, select, ignore)

    def flow(self, name: str, workload: str = "") -> FlowResult:
        """One flow, step by step. Raises ScenarioError when there is no such flow or workload."""
        from sysdesign_cli.analyses.journey import journey, pick_flow

        return journey(self.system, pick_flow(self.system, name), workload)

    def failover(
        self,
        kill: Sequence[str] = (),
        zones: Sequence[str] = (),
        lasts: str | float | None = None,
        workload: str = "",
        pessimistic: bool = False,
    ) -> FailoverResult:
        """What a kill does. ``lasts``: ``"30min"`` or seconds; as long as the repair unless said. Raises ScenarioError, ValueError."""
        from sysdesign_cli.analyses.failover import failover
        from sysdesign_cli.analyses.situations import Kill

        return failover(self.system, Kill(tuple(kill), tuple(zones), seconds(lasts), pessimistic), workload)

    def rank(self, pairs: bool = False, lasts: str | float | None = None, workload: str = "", pessimistic: bool = False) -> RankingResult:
        """All single kills (or pairs) by blast radius."""
        from sysdesign_cli.analyses.ranking import rank_kills, rank_pairs

        return (rank_pairs if pairs else rank_kills)(self.system, workload, seconds(lasts), pessimistic)

    def compare(self, *others: Design, workload: str = "") -> CompareResult:
        """This and others side by side."""
        from sysdesign_cli.analyses.comparison import compare

        return compare([self.system, *(other.system for other in others)], workload)

    def verify(self) -> VerifyResult:
        """Every claim of the scenario, decided as far as it can be."""
        from sysdesign_cli.analyses.claims import verify

        known = {self.scenario.variant: self.system}

        def system_of(variant: str) -> System:
            if variant not in known:
                known[variant] = self.variant(variant).system
            return known[variant]

        return verify(self.system, system_of)

    def metric(self, name: str, flow: str = "", service: str = "", content: str = "", workload: str = "") -> Number:
        """One metric of the registry. Raises KeyError for an unknown one, ScenarioError where it has no value."""
        from sysdesign_cli.analyses.metrics import METRICS
        from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable

        value = METRICS[name].of(Subject(self.system, workload), About(flow, service, content))
        if isinstance(value, Unavailable):
            raise ScenarioError([Problem("contradiction", Place(self.scenario.address), {"what": value.reason, "name": name})])
        return value


def variants_of(address: str) -> list[str]:
    """Names of the variants of a scenario."""
    return open_document(split_address(address)[0]).variant_names()
