"""Rules about events and flows: each finds what its failing cases mark with ``# finds <slug>``, and nothing else.

A mark may state a severity that is not the rule's own: ``# finds overloaded (info)``.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from sysdesign_cli.analyses.review import Finding, Review, Rule
from sysdesign_cli.engine.system import System
from sysdesign_cli.messages import rules1_en, rules1_th, rules1_th_pages
from sysdesign_cli.scenario.read import Document, Vocabulary

HERE = Path(__file__).parent
SCENARIOS = HERE.parents[2] / "scenarios"
SLUGS = (
    "event-not-consumed", "event-not-published", "dual-write", "not-idempotent", "no-dead-letters", "retention-too-short",
    "silent-loss", "in-path-publish", "event-loop", "not-durable", "completion-unreachable", "path-differs",
    "saga-without-compensation", "no-objective", "objective-out-of-reach", "overloaded",
)  # fmt: skip
FAILING = [path for slug in SLUGS for path in sorted((HERE / slug).glob("fails*.yaml"))]
PASSING = [path for slug in SLUGS for path in sorted((HERE / slug).glob("passes*.yaml"))]
MARK = re.compile(r"# finds (\S+)(?: \((\w+)\))?")
ENGLISH_SECTIONS = ("What it does:", "Why is this bad:", "Example:", "Use instead:", "False positives:", "References:")
THAI_SECTIONS = ("ตรวจอะไร:", "ทำไมจึงไม่ดี:", "แก้อย่างไร:", "เตือนเกินจริงเมื่อ:")


def rule(slug: str) -> Rule:
    module = importlib.import_module(f"sysdesign_cli.analyses.rules.{slug.replace('-', '_')}")
    found = module.RULE
    assert isinstance(found, Rule)
    return found


def page(slug: str) -> str:
    return importlib.import_module(f"sysdesign_cli.analyses.rules.{slug.replace('-', '_')}").__doc__ or ""


def findings(slug: str, path: Path, variant: str = "") -> list[Finding]:
    scenario = Document(path, str(path)).scenario(variant, str(path), Vocabulary())
    return list(rule(slug).check(Review(System(scenario))))


def case_name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", FAILING, ids=case_name)
def test_finds_what_is_marked(path: Path) -> None:
    slug = path.parent.name
    lines = path.read_text(encoding="utf-8").splitlines()
    marks = [(number, *found) for number, line in enumerate(lines, 1) for found in MARK.findall(line)]
    found = findings(slug, path)
    assert marks
    expected = [(number, name, severity or rule(slug).severity) for number, name, severity in marks]
    assert sorted((f.place.line, f.rule, f.severity) for f in found) == expected


@pytest.mark.parametrize("path", PASSING, ids=case_name)
def test_finds_nothing(path: Path) -> None:
    assert findings(path.parent.name, path) == []


@pytest.mark.parametrize("path", FAILING, ids=case_name)
def test_findings_can_be_told(path: Path) -> None:
    """Ids are unique and the same every time, and both languages have a sentence with just these params."""
    slug = path.parent.name
    found = findings(slug, path)
    assert found == findings(slug, path)
    assert len({f.id for f in found}) == len(found)
    for finding in found:
        for messages in (rules1_en.MESSAGES, rules1_th.MESSAGES):
            text = messages[f"finding.{slug}"]
            assert set(re.findall(r"\{(\w+)\}", text)) <= finding.params.keys()
            assert "{" not in text.format(**finding.params)
        assert all(finding.params.values())


@pytest.mark.parametrize("slug", SLUGS)
def test_is_described_in_both_languages(slug: str) -> None:
    for messages in (rules1_en.MESSAGES, rules1_th.MESSAGES):
        assert all(messages[f"{part}.{slug}"].strip() for part in ("rule", "finding", "fix"))
    english, thai = (set(re.findall(r"\{(\w+)\}", texts.MESSAGES[f"finding.{slug}"])) for texts in (rules1_en, rules1_th))
    assert english == thai
    assert [s for s in ENGLISH_SECTIONS if f"\n{s}" not in page(slug)] == []
    assert [s for s in THAI_SECTIONS if f"\n{s}" not in rules1_th_pages.PAGES[slug]] == []


def test_languages_have_equal_keys() -> None:
    assert rules1_en.MESSAGES.keys() == rules1_th.MESSAGES.keys()
    assert set(rules1_th_pages.PAGES) == set(SLUGS)


def test_loop_is_named_once_from_its_alphabetically_first_handler() -> None:
    found = findings("event-loop", HERE / "event-loop" / "fails_2.yaml")
    assert [f.params["loop"] for f in found] == ["b.Do → c.Done → d.Next → b.Do", "e.Tick → e.Tick"]


def test_path_says_the_first_step_that_is_not_reached() -> None:
    found = findings("path-differs", HERE / "path-differs" / "fails.yaml")
    assert [(f.params["before"], f.params["step"]) for f in found] == [("StockReserved", "inventory.OrderPlaced")]


def test_bound_of_an_answer_is_the_sum_of_its_parts() -> None:
    """shop 5 ms + round trip 30 ms + provider 900 ms, by hand."""
    (found,) = findings("objective-out-of-reach", HERE / "objective-out-of-reach" / "fails.yaml")
    assert found.params == {"flow": "pay", "objective": "answer_p99", "promised": "500 ms", "least": "935 ms"}


def test_utilisation_of_an_overloaded_service() -> None:
    """400/s of 100 ms on 2 x 8 workers, by hand: 250 %."""
    (found,) = findings("overloaded", HERE / "overloaded" / "fails.yaml")
    assert found.params == {"service": "payment", "workload": "sale", "utilisation": "250 %", "clock": "00:00"}


@pytest.mark.parametrize("slug", SLUGS)
def test_event_driven_shop_is_clean(slug: str) -> None:
    """What is left is the backlog of a flash sale, which drains: information."""
    assert [f for f in findings(slug, SCENARIOS / "ecommerce.yaml") if f.severity != "info"] == []


def test_publish_and_hope_is_found() -> None:
    shop = SCENARIOS / "ecommerce.yaml"
    for slug in ("dual-write", "silent-loss"):
        assert [f.subject for f in findings(slug, shop, "fire-and-forget")] == ["order.PlaceOrder/OrderPlaced"]
