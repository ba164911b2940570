"""Cases of rules: folders named after a rule, each with files that fail and files that pass."""

from __future__ import annotations

from pathlib import Path

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.analyses.rules import all_rules
from sysdesign_cli.analyses.rules import page as rule_page
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.read import Document, Vocabulary

HERE = Path(__file__).parent
SCENARIOS = HERE.parents[2] / "scenarios"
SLUGS = tuple(all_rules())
FAILING = [path for slug in SLUGS for path in sorted((HERE / slug).glob("fails*.yaml"))]
PASSING = [path for slug in SLUGS for path in sorted((HERE / slug).glob("passes*.yaml"))]


def rule(slug: str) -> Rule:
    return all_rules()[slug]


def page(slug: str) -> str:
    return "\n" + rule_page(slug)


def findings(slug: str, path: Path, variant: str = "") -> list[Finding]:
    """What one rule finds in a file."""
    scenario = Document(path, str(path)).scenario(variant, str(path), Vocabulary())
    return list(rule(slug).check(Review(System(scenario))))


def case(slug: str, name: str) -> list[dict[str, str]]:
    """What a failing case's findings say."""
    return [finding.params for finding in findings(slug, HERE / slug / f"{name}.yaml")]


def case_name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"
