"""Every rule finds what its failing cases mark with ``# finds <slug>``, and nothing else; and says so in both languages.

A mark may state a severity that is not the rule's own: ``# finds overloaded (info)``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sysdesign_cli.analyses.rules import MODULES
from sysdesign_cli.messages import en, rules_th, th
from tests.analyses.rules.cases import FAILING, HERE, PASSING, SLUGS, case_name, findings, page, rule

MARK = re.compile(r"# finds (\S+)(?: \((\w+)\))?")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
ENGLISH_SECTIONS = ("What it does:", "Why is this bad:", "Example:", "Use instead:", "False positives:", "References:")
THAI_SECTIONS = ("ตรวจอะไร:", "ทำไมจึงไม่ดี:", "แก้อย่างไร:", "เตือนเกินจริงเมื่อ:")


@pytest.mark.parametrize("path", FAILING, ids=case_name)
def test_finds_what_is_marked(path: Path) -> None:
    slug = path.parent.name
    lines = path.read_text(encoding="utf-8").splitlines()
    marks = [(number, *found) for number, line in enumerate(lines, 1) for found in MARK.findall(line)]
    found = findings(slug, path)
    assert marks
    assert sorted((f.place.line, f.rule, f.severity) for f in found) == [
        (n, s, severity or rule(slug).severity) for n, s, severity in marks
    ]


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
        assert all(finding.params.values())
        for messages in (en.MESSAGES, th.MESSAGES):
            text = messages[f"finding.{slug}"]
            assert set(PLACEHOLDER.findall(text)) <= finding.params.keys()
            assert "{" not in text.format(**finding.params)


@pytest.mark.parametrize("slug", SLUGS)
def test_has_cases_that_fail_and_that_pass(slug: str) -> None:
    assert {"fails.yaml", "passes.yaml"} <= {path.name for path in (HERE / slug).iterdir()}


@pytest.mark.parametrize("slug", SLUGS)
def test_is_described_in_both_languages(slug: str) -> None:
    for messages in (en.MESSAGES, th.MESSAGES):
        assert all(messages[f"{part}.{slug}"].strip() for part in ("rule", "finding", "fix"))
    assert [s for s in ENGLISH_SECTIONS if f"\n{s}" not in page(slug)] == []
    assert [s for s in THAI_SECTIONS if f"\n{s}" not in rules_th.PAGES[slug]] == []


def test_registry_is_whole() -> None:
    """Each module of the folder is registered under its own code and slug."""
    modules = {path.stem for path in (HERE.parents[2] / "sysdesign_cli" / "analyses" / "rules").glob("*.py")} - {"__init__"}
    assert set(MODULES.values()) == modules
    for code, module in MODULES.items():
        assert rule(module.replace("_", "-")).code == code
    assert set(rules_th.PAGES) == set(SLUGS)


def test_folders_are_rules() -> None:
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(SLUGS)
