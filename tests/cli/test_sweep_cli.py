"""``--set`` on every command, and ``sweep`` as a user runs it: here, on all cores, and on a cluster of other processes."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sysdesign_cli.cli.app import COMMANDS
from tests.cli.processes import on_a_terminal, started
from tests.cli.test_cli import ROOT, run

CHANGE = "services.payment.replicas=4"
SWEEP = ("sweep", "ecommerce", "--set", "services.payment.replicas=2..5", "--metric", "fatal_kills")
#: Commands that read no scenario, and one that needs a terminal: its own tests see to that.
WITHOUT = {"explain", "explore", "init", "schema"}
#: What a command needs besides the scenario.
MORE = {
    "export": ["ecommerce", "place-order", "--open-psa"],
    "list": [],
    "report": ["ecommerce", "-o", "-"],
    "failover": ["ecommerce", "--kill", "payment"],
    "compare": ["ecommerce", "netflix"],
    "sweep": ["ecommerce", "-m", "fatal_kills"],
    "simulate": ["ecommerce", "--for", "1s", "--scale", "0.02", "--replications", "1"],
}


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in WITHOUT])
def test_every_command_takes_changes_and_says_so(command: str) -> None:
    words = (command, *MORE.get(command, ["ecommerce"]), "--set", CHANGE)
    if re.search(r"--format[^\[]*json", run(command, "--help").stdout):
        done = run(*words, "--format", "json")
        assert done.returncode in (0, 1), done.stderr
        assert json.loads(done.stdout)["changes"] == [CHANGE]
        assert "with services.payment.replicas = 4" in run(*words).stdout
    else:  # what it prints is a file of another program
        assert run(*words).returncode == 0
    wrong = run(*words[:-1], "services.paymnt.replicas=4")
    assert wrong.returncode == 2
    assert "--set:1:10: E209" in wrong.stderr
    assert "did you mean: payment" in wrong.stderr


def test_without_changes_nothing_is_said_of_them() -> None:
    assert "changes" not in json.loads(run("flow", "ecommerce", "--format", "json").stdout)


def test_the_change_is_what_is_worked_with() -> None:
    shown = run("show", "ecommerce", "payment", "--set", CHANGE, "--format", "csv").stdout
    assert "replicas.min,4,'--set services.payment.replicas:1:1,assumption" in shown  # quoted, as it is no formula for a spreadsheet
    why = run("failover", "--kill", "payment", "--set", "services.payment.replicas=7", "--why=drain").stdout
    assert re.search(r"payment\.replicas = 7 +--set services\.payment\.replicas:1:1", why)


def test_a_fault_that_a_change_makes_in_the_file_is_one_of_the_command() -> None:
    done = run("flow", "ecommerce", "--set", "services.broker.replicas=1")
    assert done.returncode == 2
    assert done.stderr.startswith("with services.broker.replicas = 1:\n")
    assert "E214" in done.stderr


def test_of_several_scenarios_those_change_that_can() -> None:
    for command in ("compare", "check"):
        done = run(command, "ecommerce", "netflix", "--set", "services.inventory.replicas=5")
        assert done.returncode in (0, 1), done.stderr
        assert "netflix has no place for services.inventory.replicas = 5: unchanged there" in done.stdout
        nowhere = run(command, "ecommerce", "netflix", "--set", "services.invntory.replicas=5")
        assert nowhere.returncode == 2
        assert "did you mean: inventory" in nowhere.stderr


def test_hints_keep_the_changes() -> None:
    done = run("failover", "ecommerce", "--kill", "payment", "--set", CHANGE)
    assert re.search(rf"sysdesign failover ecommerce@\S+ --kill payment --set {re.escape(CHANGE)}", done.stdout)


def test_formats_of_sweep() -> None:
    table = list(
        csv.reader(
            io.StringIO(
                run(
                    "sweep",
                    "ecommerce",
                    "--set",
                    "services.card-gateway.handles.charge.takes=10ms..1s*3",
                    "-m",
                    "fatal_kills",
                    "-m",
                    "others_down",
                    "-f",
                    "csv",
                ).stdout
            )
        )
    )
    assert table[0] == ["services.card-gateway.handles.charge.takes", "fatal_kills", "others_down", "why"]
    assert [row[0] for row in table[1:]] == ["0.01", "0.1", "1"]
    assert {row[2] for row in table[1:]} == {""}
    assert {row[3] for row in table[1:]} == {"needs something to be killed"}
    body = json.loads(run(*SWEEP, "-f", "json").stdout)
    (result,) = body["results"]
    assert [point["at"] for point in result["points"]] == [["2"], ["3"], ["4"], ["5"]]
    assert result["axes"][0]["values"] == [2.0, 3.0, 4.0, 5.0]
    assert "⠤" in run(*SWEEP).stdout or "●" in run(*SWEEP).stdout
    dumb = run(*SWEEP, TERM="dumb").stdout
    assert "●" not in dumb
    assert "o" in dumb


def test_rows_and_columns_for_two_axes() -> None:
    done = run(*SWEEP, "--set", "services.order.replicas.min=1..3")
    lines = [line.split() for line in done.stdout.split("\n")]
    assert ["replicas", "↓", "·", "min", "→", "1", "2", "3"] in lines
    assert [line[0] for line in lines if len(line) == 4 and all(part.isdecimal() for part in line)] == ["2", "3", "4", "5"]


def test_reasons_stand_below_the_table() -> None:
    done = run("sweep", "ecommerce", "--set", "services.broker.replicas=1..3", "-m", "fatal_kills", "-m", "others_down")
    assert done.returncode == 0
    assert "– nothing at replicas = 1: E214 broker needs 2 replicas up but has 1: it could never serve" in done.stdout
    assert "at replicas = 2; replicas = 3: needs something to be killed" in done.stdout


def test_why_of_a_sweep_is_a_command_to_copy() -> None:
    done = run(
        "sweep",
        "ecommerce",
        "--set",
        "services.broker.replicas=1..3",
        "--set",
        "title=a b",
        "-m",
        "read_share",
        "-w",
        "flash-sale",
        "--why",
    )
    (command,) = re.findall(r"^  sysdesign (sweep .*) --why$", done.stdout, re.MULTILINE)
    assert "--set services.broker.replicas=2" in command
    assert "--set 'title=a b'" in command
    again = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m sysdesign_cli {command} --why"],
        capture_output=True, text=True, encoding="utf-8", cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60, check=False,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert "reads among requests" in again.stdout
    assert "scenarios/ecommerce.yaml:" in run("sweep", "ecommerce", "-m", "request_rate", "--why").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sweep", "ecommerce", "--set", "services.payment.replicas=2..5"], "--metric"),
        ([*SWEEP, "-m", "fatal_kils"], "fatal_kills"),
        (["sweep", "ecommerce", "--set", "services.payment.replicas=5..2", "-m", "fatal_kills"], "--set:1:27: E206"),
        (["sweep", "ecommerce", "--set", "services.payment.replicas=1..1M..1", "-m", "fatal_kills"], "E206"),
        (
            ["sweep", "ecommerce", "--set", "services.payment.replicas=1..1000000", "-m", "fatal_kills"],
            "1,000,000 points; a sweep has at most 100,000",
        ),
        (["sweep", "ecommerce", "--set", "services.payment.queue=1..3", "-m", "fatal_kills"], "a,b,c"),
        ([*SWEEP, "--for", "soon"], "duration"),
        ([*SWEEP, "--kill", "paymant"], "payment"),
        ([*SWEEP, "--workload", "xmas"], "flash-sale"),
        ([*SWEEP, "--jobs", "-1"], "--jobs"),
        ([*SWEEP, "--cluster", "nowhere"], "tcp://host:8786"),
    ],
)
def test_wrong_commands_say_what_would_fit(words: list[str], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_faulty_file_is_no_fault_of_the_command(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("sysdesign: 1\nname: x\nservices: {a: {replcas: 2}}\n", encoding="utf-8")
    done = run("sweep", str(path), "--set", "services.a.replicas=1..3", "-m", "fatal_kills")
    assert done.returncode == 3
    assert "x.yaml:3:16: E201" in done.stderr


def test_several_processes_print_the_same() -> None:
    assert run(*SWEEP, "--jobs", "2").stdout == run(*SWEEP).stdout


@pytest.mark.skipif(os.name == "nt", reason="no process groups to interrupt here")
def test_an_interrupt_ends_all_processes_without_noise() -> None:
    words = ("sweep", "ecommerce", "--set", "services.payment.replicas=2..9000", "-m", "mean_single_kill", "--jobs", "2", "-f", "csv")
    process = started(*words)
    time.sleep(5)
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in errors


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals here")
@pytest.mark.parametrize(("last", "shown"), [(400, True), (3, False)])
def test_a_bar_is_shown_on_a_terminal_when_it_takes_longer_than_a_second(last: int, shown: bool) -> None:
    words = (
        "sweep",
        "ecommerce",
        "--set",
        f"services.payment.replicas=2..{last}",
        "-m",
        "mean_single_kill",
        "-m",
        "fatal_kills",
        "--jobs",
        "1",
        "-f",
        "csv",
    )
    code, out, told = on_a_terminal(*words)
    assert code == 0
    assert len(out.strip().split("\n")) == last
    assert (b"/399" in told) == shown


def test_no_cluster_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        begun = time.monotonic()
        done = run(*SWEEP, "--cluster", address)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert address in done.stderr
    assert time.monotonic() - begun < 30


def test_the_missing_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text("raise ImportError('no such package')\n", encoding="utf-8")
    done = run(*SWEEP, "--cluster", "tcp://127.0.0.1:8786", PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))
    assert done.returncode == 2
    (package,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]["cluster"]
    assert done.stderr == f"--cluster needs one package more: {shlex.join([sys.executable, '-m', 'pip', 'install', package])}\n"


@contextmanager
def dask(program: str, log: Path, *words: str, ready: str, folder: Path) -> Iterator[str]:
    """One process of a cluster, once it has logged that it is ready; gives its log. Ended by its id."""
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *words, "--no-dashboard"],
            stdout=file, stderr=subprocess.STDOUT, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while ready not in log.read_text(encoding="utf-8"):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield log.read_text(encoding="utf-8")
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed (extra: cluster) is not installed")
def test_the_same_command_runs_on_a_cluster(tmp_path: Path) -> None:
    with ExitStack() as stack:
        log = stack.enter_context(
            dask("dask_scheduler", tmp_path / "scheduler.log", "--host", "127.0.0.1", "--port", "0", ready="Scheduler at:", folder=tmp_path)
        )
        address = re.findall(r"tcp://127\.0\.0\.1:\d+", log)[0]
        empty = run(*SWEEP, "--cluster", address)
        assert empty.returncode == 2
        assert "has no workers" in empty.stderr
        for name in ("one", "two"):
            words = (address, "--nthreads", "1", "--no-nanny", "--name", name, "--local-directory", str(tmp_path))
            stack.enter_context(dask("dask_worker", tmp_path / f"{name}.log", *words, ready="Registered to:", folder=tmp_path))
        words = (
            "sweep",
            "ecommerce",
            "--set",
            "services.payment.replicas=2..9",
            "--set",
            "services.broker.replicas=1..4",
            "-m",
            "mean_single_kill",
            "-f",
            "json",
        )
        there, here = run(*words, "--cluster", address), run(*words)
        assert (there.returncode, there.stderr) == (0, "")
        assert there.stdout == here.stdout
        # that it was worked out there and not here: which processes do the work
        code = (
            "import os, time; from functools import partial; from sysdesign_cli.analyses.parallel import in_order\n"
            'work = partial(eval, \'__import__("time").sleep(0.05) or __import__("os").getpid()\')\n'
            f"pids = in_order(work, [{{}} for _ in range(40)], clock=time.perf_counter, cluster='{address}')\n"
            "print(len(pids), len(set(pids)), os.getpid() in pids)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        assert done.stdout.split() == ["40", "2", "False"], done.stderr


@pytest.mark.skipif(os.name == "nt", reason="no resource usage here")
def test_memory_does_not_grow_with_the_points() -> None:
    """A system takes some 180 kB; without collection the longer sweep would take 180 MB more than the shorter one."""
    code = (
        "import resource, sys; from sysdesign_cli.__main__ import main\n"
        "sys.stdout = open('/dev/null', 'w'); gc = __import__('gc'); gc.disable()\n"
        "main(['sweep', 'ecommerce', '--set', f'services.payment.replicas=2..{sys.argv[1]}', '-m', 'mean_single_kill', '-j', '1', '-f', 'csv'])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    used = [
        int(subprocess.run([sys.executable, "-c", code, last], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True).stderr)
        for last in ("100", "1100")
    ]
    assert used[1] - used[0] < 60_000  # kB
