"""The explorer in a real terminal: tmux draws it, keys are typed into it, and a file is edited beside it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.explorer.driver import copied

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


#: What says how the terminal of the tests is, or how somebody likes it.
HERE = ("NO_COLOR", "TMUX", "SYSDESIGN_LANG", "COLUMNS", "LINES")


class Terminal:
    """One tmux server with one window."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "tmux"
        self.folder = folder

    def start(self, arguments: str, size: tuple[int, int], **variables: str) -> None:
        program = f"{shlex.quote(sys.executable)} -m sysdesign_cli {arguments}; echo left with $?; sleep 60"
        words = ["-f", "/dev/null", "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), "-c", str(self.folder), program]
        environment = {name: value for name, value in os.environ.items() if name not in HERE}
        environment |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **variables}
        self.run(*words, environment=environment)

    def run(self, *words: str, environment: dict[str, str] | None = None) -> str:
        done = subprocess.run(["tmux", "-S", str(self.socket), *words], capture_output=True, env=environment, check=True)
        return done.stdout.decode("utf-8")

    def type(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def screen(self, *how: str) -> str:
        return self.run("capture-pane", "-p", *how)

    def until(self, *texts: str, patience_s: float = 90.0) -> str:
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            found = self.screen()
            if all(text in found for text in texts):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{texts} did not come:\n{self.screen()}")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    subprocess.run(["tmux", "-S", str(made.socket), "kill-server"], capture_output=True, check=False)


def test_a_session_from_the_first_key_to_the_last(terminal: Terminal, tmp_path: Path) -> None:
    path = copied(tmp_path)
    terminal.start("explore shop.yaml", (80, 24))
    terminal.until("nothing is killed", "2 kept", "$11,727 a month")
    terminal.type("Down", "Down", "k")
    terminal.until("killed: catalogue", "x catalogue ", "failed")
    terminal.type("u", "+")
    terminal.until("nothing is killed", "load × 1.25", "(was > $11,727)")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("replicas: 3\n", "replicas: three\n", 1), encoding="utf-8")
    line = text[: text.index("replicas: 3\n")].count("\n") + 1
    terminal.until(f"shop.yaml:{line}:15: E206", "last good state")
    path.write_text(text, encoding="utf-8")
    assert "E206" not in terminal.until("shop.yaml was read again")
    terminal.type("q")
    left = terminal.until("left with 0")
    assert "sysdesign explore shop.yaml --load 1.25" in left
    assert "nothing is killed" not in left, "the screen is given back"


def test_thai_without_colours(terminal: Terminal) -> None:
    terminal.start("explore ecommerce --kill payment --lang th", (80, 24), NO_COLOR="1")
    terminal.until("ล่ม: payment", "ล่าช้า 98 %", "หน้าร้าน")
    codes = terminal.screen("-e")
    assert not any(f"\x1b[{code}m" in codes for code in range(30, 38)), "no colours"
    assert "\x1b[38;" not in codes
    terminal.type("q")
    terminal.until("left with 0")


def test_too_small_for_it(terminal: Terminal) -> None:
    terminal.start("explore", (79, 24))
    assert "79×24" in terminal.until("left with 2")
