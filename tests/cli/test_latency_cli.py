"""``sysdesign latency`` and ``sysdesign capacity`` as a user runs them: exit codes, formats, mistakes, the commands they propose."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("SYSDESIGN_LANG", "COLUMNS")}
    return subprocess.run(
        [sys.executable, "-m", "sysdesign_cli", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("latency ecommerce", 0),
        ("latency ecommerce place-order --workload flash-sale", 0),  # levelled by its queue, in time
        ("latency ecommerce@synchronous", 1),  # a promise is broken
        ("latency ecommerce@synchronous --workload flash-sale", 1),  # saturated
        ("latency ecommerce place-order --kill order-db", 1),  # nobody is answered
        ("latency ecommerce browse --kill recommendation", 0),
        ("latency ecommerce --zone a", 0),
        ("latency ecommerce --set services.catalogue.replicas.min=1", 0),
        ("latency ecommerce nope", 2),
        ("latency ecommerce --workload nope", 2),
        ("latency ecommerce --kill nope", 2),
        ("latency nope", 2),
        ("capacity morprom --workload opening-day", 0),
        ("capacity ecommerce --workload flash-sale", 0),
        ("capacity ecommerce --target p99=100ms", 0),
        ("capacity ecommerce --target p99=50ms", 1),  # cannot be reached
        ("capacity ecommerce@synchronous --workload flash-sale", 1),  # overloaded
        ("capacity ecommerce@synchronous", 1),  # past its highest rate, which is none
        ("capacity ecommerce --target 120%", 2),
        ("capacity ecommerce --target p99=3", 2),
        ("capacity ecommerce --target soon", 2),
        ("capacity ecommerce --workload nope", 2),
    ],
)
def test_exit_codes(words: str, code: int) -> None:
    done = run(*words.split())
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == (code == 2)


@pytest.mark.parametrize(
    "words", ["latency ecommerce@synchronous --workload flash-sale", "capacity ecommerce@synchronous --workload flash-sale"]
)
@pytest.mark.parametrize(("format", "language"), [("plain", "en"), ("json", "en"), ("csv", "en"), ("markdown", "en"), ("table", "th")])
def test_saturation_prints_no_infinity(words: str, format: str, language: str) -> None:
    done = run(*words.split(), "--format", format, "--lang", language)
    assert done.returncode == 1
    assert not re.search(r"\b(nan|inf|NaN|Infinity)\b|∞", done.stdout)


def test_json_is_complete() -> None:
    body = json.loads(run("latency", "ecommerce", "--format", "json", "--why").stdout)
    assert body["command"] == "latency"
    (result,) = body["results"]
    flows = {flow["flow"]: flow for flow in result["flows"]}
    assert set(flows) == {"browse", "place-order", "track-order"}
    answer = flows["place-order"]["answer"]
    assert answer["percentiles"]["p99"]["unit"] == "time"
    assert answer["percentiles"]["p99"]["inputs"]["order (work)"]["value"] == pytest.approx(0.008)
    assert flows["place-order"]["completion"]["percentiles"]["p99"]["value"] > answer["percentiles"]["p99"]["value"]
    assert result["elsewhere"]["flash-sale"]["browse"]["value"] > 0


def test_csv_has_si_numbers() -> None:
    text = run("latency", "ecommerce", "place-order", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text.split("\n\n")[0])))
    assert [row["flow"] for row in rows] == ["place-order", "place-order.completion"]
    assert float(rows[0]["rate"]) == 20
    assert float(rows[0]["mean"]) == pytest.approx(0.016, rel=0.001)


def test_the_proposed_commands_work() -> None:
    """What a jam proposes is run as it stands: nothing is saturated then; and the capacity command shows who needs what."""
    done = run("latency", "ecommerce@synchronous", "--workload", "flash-sale", "--set", "services.storefront.replicas=4")
    cure, needed = [line.strip() for line in done.stdout.split("\n") if line.startswith("  sysdesign ")]
    cured = run(*shlex.split(cure)[1:], "--format", "json")
    assert cured.returncode == 1  # the promise of 500 ms stays broken by the providers' own time
    assert [flow["jams"] for flow in json.loads(cured.stdout)["results"][0]["flows"]] == [[], [], []]
    assert "services.storefront.replicas = 4" in done.stdout
    assert "services.storefront.replicas=4" in cure
    shown = run(*shlex.split(needed)[1:])
    assert shown.returncode == 1
    assert "payment is overloaded" in shown.stdout


def test_why_leads_to_the_file() -> None:
    done = run("latency", "ecommerce", "place-order", "--why=place-order.p99")
    assert re.search(r"order\.PlaceOrder\.takes = 8 ms +scenarios/ecommerce\.yaml:\d+:\d+, assumption", done.stdout)
    assert "expected error" in done.stdout
    done = run("capacity", "ecommerce", "--why=payment.needed.flash-sale")
    assert re.search(r"payment\.concurrency = 64 +scenarios/ecommerce\.yaml:\d+:\d+", done.stdout)
    done = run("capacity", "morprom", "--workload", "opening-day", "--why=booking.wait")
    assert re.search(r"expected error of the queueing formula = (≈ )?\d", done.stdout)


BROKEN = """\
sysdesign: 1
name: x
source: assumption
services: {s: {concurrency: 1, handles: {go: {takes: 10ms}}}}
flows: {f: {starts: s.go}}
workloads: {day: {starts: {f: RATE}}}
"""


@pytest.mark.parametrize("command", ["latency", "capacity"])
@pytest.mark.parametrize(
    ("rate", "code", "word"),
    [("100/s", 1, "s is (saturated|overloaded)"), ("150/s", 1, "s is (saturated|overloaded)"), ("0/s", 3, "starts nothing")],
)
def test_at_and_above_the_limit_and_with_no_load_at_all(tmp_path: Path, command: str, rate: str, code: int, word: str) -> None:
    (tmp_path / "x.yaml").write_text(BROKEN.replace("RATE", rate), encoding="utf-8")
    done = run(command, "x.yaml", cwd=tmp_path)
    assert done.returncode == code
    assert len(re.findall(word, done.stdout + done.stderr)) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["latency", "capacity"])
def test_a_scenario_without_workloads(tmp_path: Path, command: str) -> None:
    (tmp_path / "x.yaml").write_text("\n".join(BROKEN.split("\n")[:-2]) + "\n", encoding="utf-8")
    done = run(command, "x.yaml", cwd=tmp_path)
    assert done.returncode == 3
    assert "workloads" in done.stderr
