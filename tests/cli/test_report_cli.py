"""``sysdesign report`` as a user runs it: where it goes, what it refuses, exit codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sysdesign_cli.__main__ as program

ROOT = Path(__file__).parent.parent.parent

SMALL = """
sysdesign: 1
name: small
source: assumption
services: {a: {handles: {Do: {takes: 1ms, calls: {to: b.Do, timeout: 1s}}}}, b: {handles: {Do: {takes: 2ms}}}}
flows: {ask: {starts: a.Do}}
workloads: {day: {starts: {ask: 10/s}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SYSDESIGN_LANG", raising=False)
    return tmp_path


def test_it_says_where_the_report_is_and_how_large(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["report", "small.yaml"]) == 0
    said = capsys.readouterr()
    assert re.fullmatch(r"report\.html: \d+(\.\d+)? KB\. Open it in a browser; it needs no network\.\n", said.out)
    assert said.err == ""
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "small.yaml"]


def test_it_opens_in_the_language_asked_for(folder: Path) -> None:
    assert program.main(["report", "small.yaml", "--lang", "th", "-o", "th.html"]) == 0
    assert '<html lang="th">' in (folder / "th.html").read_text(encoding="utf-8")


def test_a_file_that_is_there_is_kept_unless_forced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report.html").write_text("mine", encoding="utf-8")
    assert program.main(["report", "small.yaml"]) == 2
    said = capsys.readouterr()
    assert "report.html" in said.err
    assert "--force" in said.err
    assert (folder / "report.html").read_text(encoding="utf-8") == "mine"
    assert program.main(["report", "small.yaml", "--force"]) == 0
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_to_standard_output_goes_the_report_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["report", "small.yaml", "-o", "-"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("<!doctype html>")
    assert said.out.rstrip().endswith("</html>")
    assert [path.name for path in folder.iterdir()] == ["small.yaml"]


@pytest.mark.parametrize(
    "words, code, told",
    [
        (["small.yaml", "-o", "no/such/report.html"], 2, "no/such"),
        (["small.yaml", "-o", "."], 2, "."),
        (["small.yaml", "--workload", "night"], 2, "night"),
        (["small.yaml", "--set", "services.c.replicas=2"], 2, "services.c"),
        (["nothing.yaml"], 3, "nothing.yaml"),
        (["nosuch"], 2, "nosuch"),
        (["bad.yaml"], 3, "bad.yaml:2:1"),
        (["small.yaml", "--lang", "fr"], 2, "fr"),
    ],
)
def test_what_cannot_be_done_is_told(words: list[str], code: int, told: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.yaml").write_text("sysdesign: 1\nserivces: {}\n", encoding="utf-8")
    assert program.main(["report", *words]) == code
    said = capsys.readouterr()
    assert told in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not (folder / "report.html").exists()


def test_without_the_package_it_says_which_to_install(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert program.main(["report", "small.yaml"]) == 2
    said = capsys.readouterr()
    assert f"{sys.executable} -m pip install 'jinja2>=3.1,<4'" in said.err
    assert said.err.count("\n") == 1


def test_changes_are_told_in_the_report(folder: Path) -> None:
    assert program.main(["report", "small.yaml", "--set", "services.b.replicas=7"]) == 0
    assert "<code>services.b.replicas=7</code>" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_change_is_told_where_it_was_made_and_where_it_has_no_place(folder: Path) -> None:
    """The variant without a broker has nothing to change there."""
    words = ["report", "ecommerce", "ecommerce@synchronous", "--set", "services.broker.replicas=5", "-o", "two.html"]
    assert program.main(words) == 0
    text = (folder / "two.html").read_text(encoding="utf-8").partition("<template")[0]
    shop, synchronous = text.split('data-chapter="')[1:]
    change = "<code>services.broker.replicas=5</code>"
    assert change in shop.partition("Figures were changed on the command line:")[2][:80]
    assert change in synchronous.partition("have no place here")[2][:80]


def test_the_list_needs_nothing_of_it() -> None:
    """What does not make a report imports neither templates nor drawings."""
    code = "import sys; from sysdesign_cli.__main__ import main; main(['list']); sys.exit('jinja2' in sys.modules or 'pygraphviz' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
