"""``--watch`` as a user has it: a process of its own, files that are edited, broken, replaced and deleted, and Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sysdesign_cli.cli import watching
from sysdesign_cli.scenario.library import files_of
from sysdesign_cli.scenario.starter import starter
from tests.cli.test_cli import ROOT, run
from tests.helpers import heed_interrupts

pytest.importorskip("watchfiles", reason="watchfiles (extra: watch) is not installed")

PATIENCE_S = 30.0
SAVES = 40
HEADING = re.compile(r"^== \d\d:\d\d:\d\d · (.*) ==$", re.MULTILINE)


class Running:
    """A process whose output is read while it runs."""

    def __init__(self, process: subprocess.Popen[bytes], read: int) -> None:
        self.process = process
        self._read = read
        self._text = b""
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                part = os.read(self._read, 65536)
            except OSError:  # a terminal whose last user went away
                return
            if not part:
                return
            self._text += part

    @property
    def text(self) -> str:
        return self._text.decode("utf-8", "replace").replace("\r\n", "\n")

    def wait_for(self, word: str, times: int = 1) -> str:
        """All that was printed, once it holds the word so many times."""
        end = time.monotonic() + PATIENCE_S
        while self.text.count(word) < times:
            assert time.monotonic() < end, f"no {word!r} in:\n{self.text}"
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.text}"
            time.sleep(0.01)
        return self.text

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self) -> int:
        code = self.process.wait(PATIENCE_S)
        self._thread.join(PATIENCE_S)
        return code


@contextmanager
def started(folder: Path, *words: str, terminal: bool = False) -> Iterator[Running]:
    """``sysdesign WORDS``, with output and errors into one pipe, or on a terminal."""
    read, write = pty.openpty() if terminal else os.pipe()
    variables = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "COLUMNS")} | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "sysdesign_cli", *words],
        stdin=write if terminal else subprocess.DEVNULL, stdout=write, stderr=write, cwd=folder, env=variables | {"TERM": "xterm"},
        start_new_session=terminal, preexec_fn=heed_interrupts,
    )  # fmt: skip
    os.close(write)
    running = Running(process, read)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        running.ended()
        os.close(read)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(starter("shop"), encoding="utf-8")
    return path


def put_in_place(path: Path, text: str) -> None:
    """As many editors save: another file is written and put in place of it."""
    other = path.with_name(f".{path.name}.swp")
    other.write_text(text, encoding="utf-8")
    os.replace(other, path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    put_in_place(path, text.replace(old, new))


def test_check_runs_again_through_edits_breakage_and_deletion_until_ctrl_c(shop: Path) -> None:
    good = shop.read_text(encoding="utf-8")
    with started(shop.parent, "check", "shop.yaml", "--watch") as running:
        running.wait_for("errors: 0, warnings: 0")
        edit(shop, "team: mail\n    replicas: 2", "team: mail\n    replicas: 1")
        running.wait_for("errors: 0, warnings: 1")
        put_in_place(shop, good + "flows: [\n")
        running.wait_for("E105")
        put_in_place(shop, good)
        running.wait_for("errors: 0, warnings: 0", 2)
        shop.unlink()
        running.wait_for("there is no such file")
        shop.write_text(good, encoding="utf-8")
        running.wait_for("errors: 0, warnings: 0", 3)
        code = running.interrupt()
    assert code == 130
    assert HEADING.findall(running.text) == ["watching shop.yaml; Ctrl-C ends", *["changed: shop.yaml"] * 5]
    assert "Traceback" not in running.text
    assert "\x1b" not in running.text


def test_a_file_deleted_and_written_at_once_is_never_said_to_be_missing_and_saves_at_once_count_once(shop: Path) -> None:
    text = shop.read_text(encoding="utf-8")
    with started(shop.parent, "check", "shop.yaml", "--watch") as running:
        running.wait_for("errors: 0")
        for number in range(SAVES):
            shop.unlink()
            shop.write_text(text + f"# {number}\n", encoding="utf-8")
        running.wait_for("changed:")
        running.wait_for("errors: 0", 2)
        (shop.parent / "other.yaml").write_text("not ours", encoding="utf-8")
        shop.write_text(text.replace("replicas: 3, needs: 2", "replicas: 1"), encoding="utf-8")
        running.wait_for("broker (broker) has just one replica")
    assert "no such file" not in running.text
    assert 3 <= len(HEADING.findall(running.text)) < 3 + SAVES / 4  # a busy machine may take breaks between saves


def test_included_files_and_the_price_book_are_watched_also_while_they_are_missing(shop: Path) -> None:
    edit(shop, "name: shop\n", "name: shop\ninclude: parts/more.yaml\nprices: book.yaml\n")
    with started(shop.parent, "verify", "shop.yaml", "--watch") as running:
        text = running.wait_for("no such file")
        (shop.parent / "parts").mkdir()
        put_in_place(shop.parent / "parts" / "more.yaml", "services: {extra: {team: x}}\n")
        running.wait_for("hold: 1")
        put_in_place(shop.parent / "book.yaml", (ROOT / "sysdesign_cli" / "prices" / "aws-thailand.yaml").read_text(encoding="utf-8"))
        running.wait_for("hold: 1", 2)
        edit(shop.parent / "parts" / "more.yaml", "extra:", "[")
        running.wait_for("E105")
        running.wait_for("parts/more.yaml:1")
    assert HEADING.findall(text) == ["watching shop.yaml, parts/more.yaml, book.yaml; Ctrl-C ends"]
    assert [line.removeprefix("changed: ") for line in HEADING.findall(running.text)[1:]] == [
        "parts/more.yaml",
        "book.yaml",
        "parts/more.yaml",
    ]


def test_variants_price_books_belong_to_the_files(shop: Path) -> None:
    shop.write_text(starter("shop") + "\nvariants:\n  dear: {title: Dear, changes: {prices: dear.yaml}}\n", encoding="utf-8")
    assert [path.name for path in files_of(f"{shop}@dear")] == ["shop.yaml", "dear.yaml"]
    assert [path.name for path in files_of("ecommerce")] == ["ecommerce.yaml", "aws-singapore.yaml"]


@pytest.mark.parametrize(
    ("command", "file", "told"), [("diagram", "shop.svg", "shop.svg is written"), ("report", "shop.html", "shop.html: ")]
)
def test_what_is_written_stays_while_the_scenario_is_broken_and_is_then_written_anew(
    shop: Path, command: str, file: str, told: str
) -> None:
    pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")
    pytest.importorskip("jinja2", reason="jinja2 (extra: report) is not installed")
    made = shop.parent / file
    with started(shop.parent, command, "shop.yaml", "-o", file, "--watch") as running:
        running.wait_for(told)
        before = made.read_text(encoding="utf-8")
        edit(shop, "sysdesign: 1", "sysdesign: [")
        running.wait_for("E105")
        assert made.read_text(encoding="utf-8") == before
        put_in_place(shop, starter("shop").replace("mail-provider", "letter-provider"))
        running.wait_for(told, 2)
        assert "letter-provider" in made.read_text(encoding="utf-8")
        assert running.interrupt() == 130
    assert "letter-provider" not in before


@pytest.mark.parametrize("words", [["diagram", "ecommerce"], ["report", "ecommerce", "-o", "-"]])
def test_what_is_written_to_standard_output_cannot_be_written_anew(words: list[str]) -> None:
    pytest.importorskip("jinja2", reason="jinja2 (extra: report) is not installed")
    refused = run(*words, "--watch")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "-o FILE" in " ".join(refused.stderr.replace("│", " ").split())


def test_json_stays_json_one_document_after_another(shop: Path) -> None:
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "sysdesign_cli", "check", "shop.yaml", "--watch", "--format", "json"],
        stdout=write, stderr=subprocess.PIPE, cwd=shop.parent, env=os.environ | {"PYTHONPATH": str(ROOT)}, preexec_fn=heed_interrupts,
    )  # fmt: skip
    os.close(write)
    running = Running(process, read)
    running.wait_for("\n}\n")
    edit(shop, "replicas: 3, needs: 2", "replicas: 1")
    text = running.wait_for("\n}\n", 2)
    assert running.interrupt() == 130
    assert process.stderr is not None
    assert len(HEADING.findall(process.stderr.read().decode())) == 2
    process.stderr.close()
    os.close(read)
    decoder = json.JSONDecoder()
    first, end = decoder.raw_decode(text)
    second, end = decoder.raw_decode(text[end:].lstrip())
    assert first["command"] == second["command"] == "check"
    assert first != second


def test_on_a_terminal_in_thai_nothing_is_cleared_and_ctrl_c_ends_it(shop: Path) -> None:
    with started(shop.parent, "check", "shop.yaml", "--watch", "--lang", "th", terminal=True) as running:
        running.wait_for("กำลังเฝ้าดู shop.yaml กด Ctrl-C เพื่อจบ")
        running.wait_for("Flow: 1")
        edit(shop, "replicas: 3, needs: 2", "replicas: 1")
        running.wait_for("เปลี่ยนแล้ว: shop.yaml")
        text = running.wait_for("R402")
        assert running.interrupt() == 130
    assert not re.search(r"\x1b\[\d*[JHK]|\x1bc|\x1b\[\?1049", text)


def test_names_of_files_send_nothing_to_the_terminal(tmp_path: Path) -> None:
    name = "a\x1b[2J[red]b.yaml"
    (tmp_path / name).write_text(starter("shop"), encoding="utf-8")
    with started(tmp_path, "check", name, "--watch") as running:
        running.wait_for("errors: 0")
    assert HEADING.findall(running.text) == [r"watching a\x1b[2J[red]b.yaml; Ctrl-C ends"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "nonsense", "--watch"], "nonsense"),
        (["check", "ecommerce", "--watch", "--fail-on", "x"], "--fail-on"),
        (["check", "ecommerce", "--watch", "--set", "services.nobody.replicas=2"], "nobody"),
        (["verify", "ecommerce@nonsense", "--watch"], "nonsense"),
    ],
)
def test_a_wrong_command_is_not_repeated(words: list[str], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr


def test_without_the_package_the_line_that_installs_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "watchfiles.py").write_text("raise ImportError\n", encoding="utf-8")
    done = run("check", "ecommerce", "--watch", PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert f"-m pip install '{watching.PACKAGE}'" in done.stderr


def test_the_package_told_is_that_of_the_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert extras["watch"] == [watching.PACKAGE]


def soon(action: object) -> threading.Timer:
    timer = threading.Timer(0.3, action)  # type: ignore[arg-type]
    timer.start()
    return timer


def test_a_folder_that_is_deleted_and_made_again_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "x.yaml"
    before = watching.stamps([path])
    soon(lambda: (path.parent.mkdir(parents=True), path.write_text("1")))
    assert watching.next_change(before) == [path]
    before = watching.stamps([path])
    soon(lambda: shutil.rmtree(tmp_path / "a"))
    assert watching.next_change(before) == [path]
    before = watching.stamps([path])
    soon(lambda: (path.parent.mkdir(parents=True), path.write_text("1")))
    assert watching.next_change(before) == [path]


def test_what_a_link_leads_to_is_watched(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "x.yaml", tmp_path / "x.yaml"
    real.parent.mkdir()
    real.write_text("1", encoding="utf-8")
    link.symlink_to(real)
    soon(lambda: real.write_text("two", encoding="utf-8"))
    assert watching.next_change(watching.stamps([link])) == [link]


def test_where_nobody_reports_changes_files_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: Path, **options: object) -> Iterator[None]:
        raise OSError("no watchers left")

    monkeypatch.setattr("watchfiles.watch", refuse)
    path = tmp_path / "x.yaml"
    soon(lambda: path.write_text("1", encoding="utf-8"))
    assert watching.next_change(watching.stamps([path])) == [path]
