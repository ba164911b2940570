"""The program as a user runs it: exit codes, formats, languages, pipes, mistakes."""

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


def run(*words: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = (
        {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "NO_COLOR", "COLUMNS")}
        | {"PYTHONPATH": str(ROOT)}
        | environment
    )
    return subprocess.run(
        [sys.executable, "-m", "sysdesign_cli", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=variables,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--version"], 0),
        (["list"], 0),
        (["show", "ecommerce"], 0),
        (["show", "grab@polling", "--defaults"], 0),
        (["flow", "netflix", "start-playback"], 0),
        (["flow", "morprom"], 0),
        (["failover", "--kill", "payment", "--for", "10m"], 0),
        (["failover", "--kill", "payment", "--for", "30m"], 1),
        (["failover", "ecommerce", "--kill", "order"], 1),
        (["failover", "ecommerce", "--each"], 0),
        (["failover", "grab", "--pairs", "--limit", "5"], 0),
        (["compare", "netflix", "grab"], 0),
        (["compare", "ecommerce", "ecommerce@synchronous"], 0),
        (["verify", "ecommerce"], 1),
        (["schema"], 0),
        (["explain", "dual-write"], 0),
        (["explain", "R103"], 0),
        (["explain", "E209"], 0),
        (["explain", "read_share"], 0),
        (["explain", "outbox"], 0),
        (["explain", "--list"], 0),
        (["explain", "dual-wright"], 2),
        (["failover"], 2),
        (["failover", "--kill", "paymant"], 2),
        (["failover", "--kill", "payment", "--for", "soon"], 2),
        (["failover", "--each", "--kill", "payment"], 2),
        (["compare", "netflix"], 2),
        (["compare", "netflix", "grap"], 2),
        (["flow", "ecommerce", "checkout"], 2),
        (["flow", "ecommerce", "-w", "xmas"], 2),
        (["show", "ecommerce@synchron"], 2),
        (["show", "no/such/file.yaml"], 3),
        (["show", "tests"], 3),
        (["check", "ecommerce", "--select", "nonsense"], 2),
        (["check", "ecommerce", "--fail-on", "sometimes"], 2),
        (["list", "--format", "xml"], 2),
        (["list", "--lang", "de"], 2),
        (["nonsense"], 2),
        (["show"], 2),
        (["show", "--nonsense"], 2),
    ],
)
def test_exit_codes(words: list[str], code: int) -> None:
    done = run(*words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert (done.stderr == "") == (code in (0, 1)), done.stderr


def test_a_service_that_is_not_here_is_answered_with_the_scenarios_that_have_it() -> None:
    done = run("failover", "--kill", "geo-store", "--for", "10m")
    assert done.returncode == 2
    assert "sysdesign failover grab --kill geo-store --for 10m" in done.stderr
    again = run("failover", "grab", "--kill", "geo-store", "--for", "10m")
    assert "geo-store" in again.stdout
    assert again.returncode in (0, 1)


def test_without_a_scenario_it_is_ecommerce_and_says_so() -> None:
    assert "ecommerce" in run("failover", "--kill", "payment").stdout.split("\n")[0]


@pytest.mark.parametrize(
    "command",
    [
        ["list"],
        ["show", "ecommerce"],
        ["flow", "ecommerce"],
        ["failover", "--kill", "payment"],
        ["compare", "netflix", "grab"],
        ["verify", "grab"],
        ["check", "ecommerce"],
    ],
)
def test_every_format_of_every_command(command: list[str]) -> None:
    body = json.loads(run(*command, "--format", "json").stdout)
    assert body["schema_version"] == 1
    assert body["command"] == command[0]
    assert body["results"]
    rows = list(csv.reader(io.StringIO(run(*command, "--format", "csv").stdout)))
    assert len(rows) > 1
    assert "|" in run(*command, "--format", "markdown").stdout or "- " in run(*command, "--format", "markdown").stdout
    plain = run(*command, "--format", "plain").stdout
    assert plain == run(*command).stdout
    assert "\x1b" not in plain
    assert "…" not in plain.replace(" … ", "")


def test_json_says_where_every_number_comes_from() -> None:
    body = json.loads(run("failover", "--kill", "payment", "--format", "json", "--why").stdout)
    flow = next(f for f in body["results"][0]["flows"] if f["flow"] == "place-order")
    late = flow["late_by"]
    assert late["formula"] == "late-by"
    peak = flow["rate"]["inputs"]["peak"]
    assert peak["written"].startswith("20/s")
    assert peak["place"].startswith("scenarios/ecommerce.yaml:")
    assert peak["source"] == "conversion"


def test_why_prints_formula_place_and_source() -> None:
    shown = run("failover", "--kill", "payment", "--why").stdout
    assert "scenarios/ecommerce.yaml:" in shown
    assert "conversion" in shown
    some = run("failover", "--kill", "payment", "--why=drain").stdout
    assert "work that comes back" in some
    assert len(some) < len(shown)
    assert "There are:" in run("failover", "--kill", "payment", "--why=nonsense").stdout


def test_check_formats_for_code_hosts(tmp_path: Path) -> None:
    broken = tmp_path / "x.yaml"
    broken.write_text(
        "sysdesign: 1\nname: x\nservices: {a: {handles: {H: {takes: 1ms}}}}\nflows: {f: {starts: a.H}}\nworkloads: {w: {starts: {f: 1/s}}}\n",
        encoding="utf-8",
    )
    done = run("check", str(broken), "--format", "github")
    assert done.returncode == 1
    assert done.stdout.startswith("::")
    assert f"file={broken},line=" in done.stdout
    log = json.loads(run("check", str(broken), "--format", "sarif").stdout)
    assert log["version"] == "2.1.0"
    ids = {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in log["runs"][0]["results"]} == ids
    assert run("check", str(broken), "--fail-on", "never").returncode == 0
    assert run("check", str(broken), "--fail-on", "error").returncode == 0


def test_language_by_option_environment_and_locale() -> None:
    english, thai = run("list").stdout, run("list", "--lang", "th").stdout
    assert english != thai
    assert run("--lang", "th", "list").stdout == thai
    assert run("list", SYSDESIGN_LANG="th").stdout == thai
    assert run("list", LANG="th_TH.UTF-8").stdout == thai
    assert run("list", "--lang", "en", SYSDESIGN_LANG="th").stdout == english
    assert "ระบบ" in run("--lang", "th", "--help").stdout + run("failover", "--help", "--lang", "th").stdout


def test_thai_survives_a_pipe_that_is_not_utf8() -> None:
    done = run("list", "--lang", "th", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    if os.name == "nt":
        pytest.skip("no sh here")
    command = f"{sys.executable} -m sysdesign_cli schema 2>&1 | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""
    assert done.returncode == 0


def test_closed_stdout_is_no_traceback() -> None:
    if os.name == "nt":
        pytest.skip("no sh here")
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m sysdesign_cli list >&-"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr


def test_init_writes_a_file_that_passes_check_and_does_not_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "my shop.yaml"
    assert run("init", str(path)).returncode == 0
    checked = run("check", str(path), "--fail-on", "info")
    assert checked.returncode == 0, checked.stdout
    assert run("verify", str(path)).returncode == 0
    before = path.read_text(encoding="utf-8")
    again = run("init", str(path))
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert path.read_text(encoding="utf-8") == before
    assert run("init", str(path), "--force").returncode == 0


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = run("init", str(tmp_path / "missing" / "x.yaml"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "x.yaml" in done.stderr


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    assert run("failover", "--kill", "payment", cwd=tmp_path).returncode == 0


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        "sysdesign: 1\nname: bad\nservices:\n  a:\n    replicsa: 2\n    handles:\n      H: {takes: 5 apples, calls: b.X}\nflows:\n  f: {starts: a.G}\nworkloads: {w: {starts: {f: -1/s}}}\n",
        encoding="utf-8",
    )
    done = run("check", str(path))
    assert done.returncode == 3
    for piece in (f"{path}:5:5: E201", "did you mean: replicas", f"{path}:7:18: E207", f"{path}:10:29: E208", f"{path}:7:35: E209", "^^^^"):
        assert piece in done.stderr


def test_completion_knows_scenarios_services_and_variants() -> None:
    def complete(line: str, position: int) -> str:
        return run(_SYSDESIGN_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(position)).stdout

    assert "netflix" in complete("sysdesign show ne", 2)
    assert "ecommerce@synchronous" in complete("sysdesign show ecommerce@", 2)
    assert "payment" in complete("sysdesign failover ecommerce --kill pay", 4)
    assert "place-order" in complete("sysdesign flow ecommerce pl", 3)
    assert "PaymentCompleted" in complete("sysdesign show ecommerce Paym", 3)


def test_show_of_one_part_says_where_each_figure_stands() -> None:
    shown = run("show", "ecommerce", "payment").stdout
    assert "handles.StockReserved.takes.mean" in shown
    assert "scenarios/ecommerce.yaml:" in shown
    assert "authorisation" in shown
    wrong = run("show", "ecommerce", "PaymentComplete")
    assert wrong.returncode == 2
    assert "PaymentCompleted" in wrong.stderr
