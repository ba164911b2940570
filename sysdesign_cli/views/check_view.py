"""Findings, for reading, for code hosts and for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sysdesign_cli.analyses.checking import CheckResult
from sysdesign_cli.analyses.review import Finding, Rule
from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Branch, Cell, Column, Document, Heading, Note, Table, Tree, clean

_STYLES = {"error": "bad", "warning": "warning", "info": "info"}


def finding_text(finding: Finding, say: Say) -> str:
    return say(f"finding.{finding.rule}", **finding.params)


def check_document(result: CheckResult, rules: Mapping[str, Rule], say: Say) -> Document:
    document = Document()
    document.add(Heading(result.scenario, result.title.in_language(say.language)))
    by_rule: dict[str, list[Finding]] = {}
    for finding in result.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    branches = []
    for slug, findings in by_rule.items():
        code = rules[slug].code if slug in rules else "R501"
        children = tuple(Branch(f"{f.place}", f"{finding_text(f, say)} [{f.id}]") for f in findings)
        title = f"{code} {slug}"
        grave = findings[0].severity
        branches.append(Branch(title, f"{say(f'severity.{grave}')}: {say(f'rule.{slug}')}. {say(f'fix.{slug}')}", _STYLES[grave], children))
    if branches:
        document.add(Tree(tuple(branches)))
    if result.waived:
        columns = (Column("finding", say("column.waived")), Column("until", say("column.until")), Column("reason", say("column.reason")))
        rows = tuple((Cell(w.finding.id), Cell(w.until or "–"), Cell(w.reason.in_language(say.language))) for w in result.waived)
        document.add(Table(columns, rows, say("check.waived")))
    counts = {severity: result.count(severity) for severity in ("error", "warning", "info")}
    summary = say("check.summary", rules=result.rules, services=result.services, flows=result.flows, **counts, waived=len(result.waived))
    document.add(Note(summary, "bad" if counts["error"] else "warning" if counts["warning"] else "good"))
    if result.findings:
        document.add(Note(say("check.explain-hint", rule=result.findings[0].rule), "muted"))
    return document


def github(results: Sequence[CheckResult], say: Say) -> str:
    """Workflow commands: one annotation a finding."""
    levels = {"error": "error", "warning": "warning", "info": "notice"}
    lines = []
    for result in results:
        for finding in result.findings:
            place = f"file={_property(finding.place.file)},line={max(1, finding.place.line)},col={max(1, finding.place.column)}"
            lines.append(
                f"::{levels[finding.severity]} {place},title={_property(finding.rule)}::"
                + _data(finding_text(finding, say) + f" [{finding.id}]")
            )
    return "\n".join(lines) + ("\n" if lines else "")


def findings_table(results: Sequence[CheckResult], rules: Mapping[str, Rule], say: Say) -> Document:
    """One row a finding, for CSV."""
    columns = tuple(Column(key, key) for key in ("scenario", "code", "rule", "severity", "file", "line", "column", "id", "text"))
    rows = []
    for result in results:
        for f in result.findings:
            code = rules[f.rule].code if f.rule in rules else "R501"
            texts = (
                result.scenario,
                code,
                f.rule,
                f.severity,
                f.place.file,
                str(f.place.line),
                str(f.place.column),
                f.id,
                finding_text(f, say),
            )
            rows.append(tuple(Cell(text) for text in texts))
    return Document().add(Table(columns, tuple(rows)))


def _data(text: str) -> str:
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(results: Sequence[CheckResult], rules: Mapping[str, Rule], say: Say, version: str) -> str:
    """SARIF 2.1.0, as code scanners exchange findings."""
    levels = {"error": "error", "warning": "warning", "info": "note"}
    used = sorted({finding.rule for result in results for finding in result.findings})
    found = []
    for result in results:
        for finding in result.findings:
            region = {"startLine": max(1, finding.place.line), "startColumn": max(1, finding.place.column)}
            where = {"physicalLocation": {"artifactLocation": {"uri": finding.place.file.replace("\\", "/")}, "region": region}}
            found.append(
                {
                    "ruleId": rules[finding.rule].code if finding.rule in rules else "R501",
                    "level": levels[finding.severity],
                    "message": {"text": finding_text(finding, say)},
                    "locations": [where],
                    "partialFingerprints": {"findingId/v1": finding.id},
                }
            )
    declared = [
        {
            "id": rules[slug].code if slug in rules else "R501",
            "name": slug,
            "shortDescription": {"text": say(f"rule.{slug}")},
            "help": {"text": say(f"fix.{slug}")},
        }
        for slug in used
    ]
    driver = {"name": "sysdesign", "version": version, "rules": declared}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": found}],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"
