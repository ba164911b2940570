"""``sysdesign cost`` as a user runs it: formats, price books, exit codes, time."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("SYSDESIGN_LANG", "COLUMNS")} | {
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(
        [sys.executable, "-m", "sysdesign_cli", "cost", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment,
        timeout=60,
        check=False,
    )


def test_json_has_every_charge_and_adds_up() -> None:
    done = run("morprom", "--format", "json", "--today", "2026-11-23")
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert body["command"] == "cost"
    (result,) = body["results"]
    assert result["month"]["unit"] == "money"
    assert result["month"]["method"] == "at-least"
    assert sum(line["cost"]["value"] for line in result["lines"]) == pytest.approx(result["month"]["value"], rel=1e-9)
    assert sum(one["cost"]["value"] for one in result["services"]) == pytest.approx(result["month"]["value"], rel=1e-9)
    assert sum(kind["value"] for kind in result["by_kind"].values()) == pytest.approx(result["month"]["value"], rel=1e-9)
    assert {part["service"] for part in result["unpriced"]} == {"line", "sms", "hospital-systems"}
    assert result["year"]["value"] == pytest.approx(12 * result["month"]["value"], rel=1e-12)
    assert "NaN" not in done.stdout
    assert "Infinity" not in done.stdout


def test_csv_has_plain_numbers() -> None:
    rows = list(csv.reader(io.StringIO(run("morprom", "--format", "csv", "--today", "2026-11-23").stdout)))
    assert float(rows[1][1]) > 0
    head = next(number for number, row in enumerate(rows) if row and row[0] == "service")
    month = rows[head].index("month")
    services = {row[0]: row[month] for row in rows[head + 1 :] if len(row) == len(rows[head])}
    assert services["line"] == ""
    assert float(services["booking"]) > 0


def test_why_leads_to_the_price_its_source_and_its_place() -> None:
    shown = run("morprom", "--why=certificate.compute").stdout
    assert "prices/aws-singapore.yaml:" in shown
    assert "lambda-list" in shown
    assert "https://pricing.us-east-1.amazonaws.com/" in shown
    assert "scenarios/morprom.yaml:" in shown


def test_parts_without_a_price_are_said_and_are_no_error() -> None:
    done = run("grab", "--prices", "aws-thailand")
    assert done.returncode == 0, done.stderr
    assert "not priced" in done.stdout
    assert "kafka.m7g.large, which is not in the price book" in done.stdout
    assert "internet-egress" in done.stdout
    for word in ("nan", "inf ", "None"):
        assert word not in done.stdout.lower().replace("internet", "")


def test_old_prices_are_said() -> None:
    assert "older than a year" in run("ecommerce", "--today", "2026-11-23").stdout
    assert "older than a year" not in run("ecommerce", "--today", "2025-06-01").stdout


def test_a_workload_stands_for_the_whole_year() -> None:
    calendar, day = (json.loads(run("ecommerce", "-f", "json", *more).stdout)["results"][0] for more in ((), ("-w", "flash-sale")))
    assert [name for name, *_ in day["days"]] == ["flash-sale"]
    assert day["month"]["value"] > calendar["month"]["value"]


def test_own_price_book_and_a_change(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("price_book: 1\nname: mine\nrows:\n  - {item: c7g.large, per: hour, price: $2}\n", encoding="utf-8")
    result = json.loads(run("ecommerce", "--prices", str(path), "-f", "json").stdout)["results"][0]
    payment = next(one for one in result["services"] if one["service"] == "payment")
    assert payment["cost"]["value"] == pytest.approx(2 * 2 * 730, abs=0.005)
    done = run("ecommerce", "--prices", str(path), "-f", "json", "--set", "services.payment.replicas=5")
    changed = next(one for one in json.loads(done.stdout)["results"][0]["services"] if one["service"] == "payment")
    assert changed["cost"]["value"] == pytest.approx(5 * 2 * 730, abs=0.005)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nowhere"], 2, "nowhere"),
        (["ecommerce", "--workload", "flash-sail"], 2, "flash-sale"),
        (["ecommerce", "--prices", "aws-singapor"], 2, "aws-singapore"),
        (["ecommerce", "--today", "soon"], 2, "soon"),
        (["ecommerce", "--format", "xml"], 2, "xml"),
        (["ecommerce", "--prices", "none.yaml"], 3, "none.yaml"),
        (["ecommerce", "--prices", "scenarios/grab.yaml"], 3, "scenarios/grab.yaml:"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: list[str], code: int, said: str) -> None:
    done = run(*words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_price_book_with_mistakes_shows_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        "price_book: 1\nname: bad\nrows:\n  - {item: c7g.large, per: hours, price: $2}\n  - {item: x, per: hour, price: 2}\n",
        encoding="utf-8",
    )
    done = run("ecommerce", "--prices", str(path))
    assert done.returncode == 3
    assert f"{path}:4:28: E204" in done.stderr
    assert f"{path}:5:33: E207" in done.stderr


def test_thai() -> None:
    shown = run("morprom", "--lang", "th").stdout
    assert "ค่าใช้จ่ายต่อเดือน" in shown
    assert "฿" in shown
    assert "ไม่มีราคา" in shown
