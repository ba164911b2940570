"""Claims as rows: what the tree says in words, a program gets as numbers."""

from __future__ import annotations

import csv
import io
from collections import Counter

import pytest

from sysdesign_cli import load
from sysdesign_cli.messages import Say
from sysdesign_cli.views.formats import comma_separated
from sysdesign_cli.views.verify_view import verify_rows
from tests.cli.test_cli import run
from tests.helpers import design


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), strict=True))


@pytest.mark.parametrize("name", ["ecommerce", "morprom", "netflix", "grab"])
def test_a_row_for_each_check(name: str) -> None:
    result = load(name).verify()
    rows = rows_of(comma_separated(verify_rows([result], Say("en"))))
    assert Counter(row["claim"] for row in rows) == {claim.id: max(1, len(claim.evidence)) for claim in result.claims}
    expected = iter([one for claim in result.claims for one in claim.evidence])
    for row in rows:
        one = next(expected)
        assert row["outcome"] == one.verdict
        assert row["scenario"] == name
        assert None not in row.values(), "a line of fewer cells"
        assert "─" not in "".join(row.values()), "drawn"
        if one.number is None:
            assert not row["value"]
        else:
            assert float(row["value"]) == one.number.value
            assert row["unit"] == one.number.unit
        if row["wanted"]:
            holds = {
                "below": float(row["value"]) < float(row["limit"]),
                "at-most": float(row["value"]) <= float(row["limit"]),
                "equal": float(row["value"]) == float(row["limit"]),
                "at-least": float(row["value"]) >= float(row["limit"]),
                "above": float(row["value"]) > float(row["limit"]),
            }
            assert holds[row["wanted"]] == (row["outcome"] == "holds")


def test_numbers_are_si() -> None:
    text = """
    services: {a: {replicas: 2, concurrency: 1, handles: {Do: {takes: 20ms}}}}
    flows: {f: {starts: a.Do}}
    workloads: {w: {starts: {f: 1/s}}}
    claims:
      quick: {says: "=quick", expect: [{metric: answer_p99, flow: f, is: < 300ms}]}
      busy: {says: Busy, expect: [{metric: utilisation, service: a, is: ">= 80%"}]}
    """
    quick, busy = rows_of(comma_separated(verify_rows([design(text).verify()], Say("en"))))
    assert (quick["says"], quick["wanted"], quick["limit"], quick["unit"], quick["verdict"]) == ("'=quick", "below", "0.3", "time", "holds")
    assert (busy["wanted"], busy["limit"], busy["unit"], busy["verdict"]) == ("at-least", "0.8", "share", "does-not-hold")
    assert float(busy["value"]) == pytest.approx(0.01)


def test_several_scenarios_are_one_table() -> None:
    ran = run("verify", "ecommerce", "netflix", "--format", "csv", "--why")
    rows = rows_of(ran.stdout)
    assert {row["scenario"] for row in rows} == {"ecommerce", "netflix"}
    assert {row["verdict"] for row in rows} <= {"holds", "does-not-hold", "undecided"}
    assert ran.returncode == (1 if any(row["verdict"] == "does-not-hold" for row in rows) else 0)
