"""``simulate`` as a user runs it: what is refused and how, files, Ctrl-C, and that mode and processes do not change a number."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.processes import on_a_terminal, started
from tests.cli.test_cli import ROOT, run

pytestmark = pytest.mark.slow

SHOP = "tests/simulated.yaml"
SHORT = ("simulate", SHOP, "--for", "10s", "--mode", "plain")
NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="numba (extra: fast) is not installed")
PYARROW = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="pyarrow (extra: parquet) is not installed")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kill", "mail"], ""),
        (["--kill", "mail@2s"], "mail@2s"),
        (["--kill", "mail@5s..2s"], "payment@40s..130s"),
        (["--kill", "mail@a..b"], "payment/1@40s..130s"),
        (["--kill", "mail=2@1s..2s"], "payment@40s..130s"),
        (["--kill", "mial@1s..2s"], "did you mean: mail"),
        (["--kill", "mail/9@1s..2s"], "mail/9"),
        (["--zone", "c@1s..2s"], "zone"),
        (["--zone", "a@1s"], "a@40s..130s"),
        (["--slow", "stock@1s..2s"], "payment=3@40s..130s"),
        (["--slow", "stock=0@1s..2s"], "payment=3@40s..130s"),
        (["--slow", "stock/1=3@1s..2s"], "names one replica"),
        (["--slow", "stok=3@1s..2s"], "did you mean: stock"),
        (["--loss", "stock@1s..2s"], "payment=5%@40s..130s"),
        (["--loss", "stock=150%@1s..2s"], "payment=5%@40s..130s"),
        (["--loss", "stock/2=5%@1s..2s"], "names one replica"),
        (["--kill", "mail@10min..11min"], "E220"),
        (["--for", "soon"], "is not a duration"),
        (["--for", "0s"], "is not a duration"),
        (["--from", "25:00"], "write 19:55"),
        (["--from", "noon"], "write 19:55"),
        (["--workload", "xmas"], "clerks"),
        (["--seed", "-1"], "--seed"),
        (["--replications", "-1"], "--replications"),
        (["--bins", "0"], "--bins"),
        (["--scale", "0"], "--scale"),
        (["--scale", "nan"], "--scale"),
        (["--scale", "-2"], "--scale"),
        (["--mode", "quick"], "plain, fast"),
        (["--jobs", "-1"], "--jobs"),
        (["--cluster", "nowhere"], "tcp://host:8786"),
        (["--out", "run.txt"], ".parquet"),
        (["--out", "no/such/folder/run.csv"], "no/such/folder"),
        (["--format", "xml"], "table"),
        (["--set", "services.mial.replicas=3"], "did you mean: mail"),
        (["--for", "3000d", "--scale", "1000"], "E218"),
        (["--workload", "clerks", "--scale", "100000"], "E219"),
    ],
)
def test_wrong_commands_say_what_would_fit(words: list[str], said: str) -> None:
    done = run(*SHORT, *words)
    assert done.returncode == (2 if said else 0), done.stderr
    assert said in done.stderr
    assert (done.stdout == "") == bool(said)
    assert "Traceback" not in done.stderr


def test_a_wrong_file_is_no_fault_of_the_command(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("sysdesign: 1\nname: x\nservices: {a: {replcas: 2}}\n", encoding="utf-8")
    done = run("simulate", str(path))
    assert done.returncode == 3
    assert "x.yaml:3:16: E201" in done.stderr


def test_exit_codes_say_whether_it_settles() -> None:
    assert run(*SHORT).returncode == 0
    unstable = run("simulate", SHOP, "--workload", "busy", "--steady", "--scale", "1.25", "--for", "30s", "--mode", "plain")
    assert unstable.returncode == 1
    assert "Unstable: what is inside grows by" in unstable.stdout
    assert "most of all at stock" in unstable.stdout
    assert unstable.stderr == ""


def test_every_option_changes_what_is_run() -> None:
    """The heading says what was asked for."""
    words = ("--from", "19:55", "--seed", "7", "--replications", "2", "--scale", "0.5", "--slow", "stock=2@2s..4s", "--loss", "stock=5%")
    text = run(*SHORT, *words, "--kill", "mail/1@1s..2s", "--zone", "b@3s..4s").stdout
    for said in (
        "Any day, 10 s simulated from 19:55 on",
        "seed 7, 2 independent runs; ",
        " of lead-in before, not counted; plain mode",
        "all rates and users times 0.5",
        "stock 2 times as slow from 2 s to 4 s",
        "5 % of requests to stock lost from 2.5 s to 5 s",
        "mail/1 dead from 1 s to 2 s",
        "zone b lost from 3 s to 4 s",
    ):
        assert said in text
    assert "จำลอง 10 s เริ่มที่" in run(*SHORT, "--lang", "th").stdout
    assert "with services.mail.replicas = 3" in run(*SHORT, "--set", "services.mail.replicas=3").stdout


def test_another_seed_is_other_chance_and_the_same_seed_the_same() -> None:
    first, again, other = (run(*SHORT, "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == again
    assert first.replace("seed 1", "") != other.replace("seed 2", "")


def test_steady_keeps_the_load_and_the_replicas() -> None:
    day = ("simulate", "ecommerce", "-w", "flash-sale", "--from", "19:59", "--for", "20s", "--scale", "0.005", "-r", "1", "--mode", "plain")

    def rates(*more: str) -> list[float]:
        body = json.loads(run(*day, *more, "--format", "json").stdout)
        (result,) = body["results"]
        assert result["steady"] == bool(more)
        return [float(rate) for rate in result["series"]["arrived"]]

    # the ramp from 1,100 to 11,000 browsings a second begins at 19:59: in 20 s the rate grows fourfold, so in the second half twofold
    rising, level = rates(), rates("--steady")
    half = len(level) // 2
    assert sum(rising[half:]) > 1.5 * sum(rising[:half])
    assert sum(level[half:]) < 1.5 * sum(level[:half])


def result_of(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "sysdesign_cli", *words, "--format", "json"],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert isinstance(result, dict)
    return result


FAULTS = ("--kill", "mail@2s..4s", "--slow", "stock=3@4s..6s", "--loss", "stock=10%@6s..8s", "--kill", "stock/1@8s..9s")


def test_several_processes_do_not_change_a_number() -> None:
    words = (*SHORT, *FAULTS, "--replications", "3", "--jobs")
    assert result_of(*words, "2") == result_of(*words, "1")


@NUMBA
def test_the_mode_does_not_change_a_number() -> None:
    words = ("simulate", SHOP, "--for", "10s", *FAULTS, "--replications", "2", "--mode")
    plain, fast = result_of(*words, "plain"), result_of(*words, "fast")
    assert (plain.pop("mode"), fast.pop("mode")) == ("plain", "fast")
    assert plain == fast


@NUMBA
@pytest.mark.skipif(os.name == "nt", reason="no process groups to interrupt here")
def test_compiling_is_announced_and_may_be_interrupted(tmp_path: Path) -> None:
    process = started("simulate", SHOP, "--for", "10s", "--mode", "fast", XDG_CACHE_HOME=str(tmp_path))
    assert process.stderr is not None
    assert process.stderr.readline() == "compiling the fast mode, once: about half a minute\n"
    for _ in range(60):  # a library that is just being loaded may not listen
        time.sleep(1)
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    ours = re.sub(r"Exception ignored in.*?KeyboardInterrupt: ?\n", "", errors, flags=re.DOTALL)  # said by a library that did not listen
    assert "Traceback" not in ours


@pytest.mark.parametrize(
    ("module", "extra", "words"),
    [("numba", "fast", ["--mode", "fast"]), ("pyarrow", "parquet", ["--out", "x.parquet"])],
)
def test_the_missing_package_is_named(tmp_path: Path, module: str, extra: str, words: list[str]) -> None:
    (tmp_path / f"{module}.py").write_text("raise ImportError('no such package')\n", encoding="utf-8")
    done = run("simulate", SHOP, "--for", "1s", *words, PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))
    assert done.returncode == 2
    assert done.stdout == ""
    (package,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][extra]
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(f"needs one package more: {shlex.join([sys.executable, '-m', 'pip', 'install', package])}\n")


def test_a_file_of_the_series(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    done = run(*SHORT, "--bins", "20", "--out", str(path), "--format", "csv")
    assert done.returncode == 0
    assert done.stderr == f"{path} is written: 20 rows.\n"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert [float(row["time_s"]) for row in rows] == [pytest.approx((number + 1) / 2) for number in range(20)]
    arrived = sum(float(row["arrived_per_s"]) for row in rows) / 2
    table = next(csv.DictReader(io.StringIO(done.stdout)))
    assert table["flow"] == "order"
    assert sum(float(row["flow.order.arrived_per_s"]) for row in rows) / 2 == pytest.approx(float(table["arrived"]))
    assert arrived > float(table["arrived"])  # the other flow is in it too
    before = path.read_bytes()
    refused = run(*SHORT, "--out", str(path))
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert path.read_bytes() == before
    assert run(*SHORT, "--bins", "10", "--out", str(path), "--force").returncode == 0
    assert len(path.read_text(encoding="utf-8").splitlines()) == 11
    assert [one.name for one in tmp_path.iterdir()] == ["run.csv"]  # nothing half-written beside it


@PYARROW
def test_parquet_holds_the_same(tmp_path: Path) -> None:
    import pyarrow.parquet

    for name in ("run.csv", "run.parquet"):
        assert run(*SHORT, "--kill", "mail@2s..4s", "--out", str(tmp_path / name)).returncode == 0
    table = pyarrow.parquet.read_table(tmp_path / "run.parquet")
    rows = list(csv.reader(io.StringIO((tmp_path / "run.csv").read_text(encoding="utf-8"))))
    assert table.column_names == rows[0]
    assert "replicas.mail" in rows[0]
    numbers = [[None if text == "" else float(text) for text in row] for row in rows[1:]]
    assert [list(row.values()) for row in table.to_pylist()] == numbers
    assert table.schema.metadata[b"seed"] == b"1"


def test_a_file_that_cannot_be_written_is_told_after_the_result(tmp_path: Path) -> None:
    (tmp_path / "run.csv").mkdir()
    done = run(*SHORT, "--out", str(tmp_path / "run.csv"), "--force")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "how long it takes" in done.stdout  # the run was not for nothing
    assert [one.name for one in tmp_path.iterdir()] == ["run.csv"]


@pytest.mark.skipif(os.name == "nt", reason="no process groups and pseudo-terminals here")
@pytest.mark.parametrize(
    ("words", "said", "long"),
    [
        (["--for", "100h", "--bins", "20000", "--replications", "1", "--jobs", "1"], "Interrupted: this is what there is after", True),
        (["--for", "10s", "--replications", "6500", "--jobs", "1"], "of 6500 runs", True),
        (["--for", "20min", "--replications", "15", "--jobs", "2"], "of 15 runs", False),
    ],
)
def test_an_interrupt_shows_what_there_is(words: list[str], said: str, long: bool) -> None:
    code, out, told = on_a_terminal("simulate", SHOP, "--mode", "plain", *words, until=rb"[1-9]\d?%")
    assert code == 130
    assert said in out
    assert "how long it takes" in out
    assert b"Traceback" not in told
    assert (b"of computing" in told) == long  # what would take more than a minute says so


@pytest.mark.skipif(os.name == "nt", reason="no process groups to interrupt here")
def test_an_interrupt_before_there_is_anything() -> None:
    process = started("simulate", "ecommerce", "--mode", "plain", "--jobs", "1")
    assert process.stderr is not None
    assert "of computing" in process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in errors


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals here")
def test_a_bar_is_shown_on_a_terminal() -> None:
    words = ("--for", "100h", "--bins", "20000", "--replications", "1", "--jobs", "1", "-f", "csv")
    _, out, told = on_a_terminal("simulate", SHOP, "--mode", "plain", *words, until=rb"\d%.*\d:\d\d:\d\d")
    assert out.startswith("flow,")
    assert re.search(rb"simulating.*\d%.*\d:\d\d:\d\d", told)  # how far it is, and how long it will take


def test_why_explains_a_measured_number() -> None:
    done = run(*SHORT, "--replications", "3", "--why=order.p99")
    assert "order.p99 = " in done.stdout
    assert "±" in done.stdout.split("order.p99 = ")[1].split("\n")[0]
    assert "[simulated]" in done.stdout
    assert "Not simulated: packets" in done.stdout
    body = json.loads(run(*SHORT, "--replications", "3", "--why", "--format", "json").stdout)["results"][0]
    p99 = body["flows"][0]["answer"]["percentiles"]["p99"]
    assert p99["method"] == "simulated"
    assert p99["half_width"] > 0
    assert p99["formula"] == "simulated-percentile"
