"""``explore`` where it cannot run: one clear line and exit code 2; and nothing of it in the way of other commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sysdesign_cli.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("language", "word"), [("en", "draws over a whole terminal"), ("th", "เต็มจอ")])
def test_without_a_terminal(language: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "ecommerce", "--lang", language]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert word in said.err
    assert said.err.count("\n") == 1


def on_terminal(program: str, **variables: str) -> tuple[int, str]:
    """What a Python program prints on a pseudo-terminal of 100×30, and what it ends with."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "SYSDESIGN_LANG": "en"} | variables
    process = subprocess.Popen([sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    found = b""
    try:
        while part := os.read(master, 1 << 16):
            found += part
    except OSError:
        pass  # so Linux says that the other end is closed
    os.close(master)
    return process.wait(), found.decode()


MAIN = "import sys; from sysdesign_cli.__main__ import main; sys.exit(main(['explore', 'ecommerce']))"


def test_without_the_extra_the_install_line_is_named() -> None:
    code, said = on_terminal("import sys; sys.modules['textual'] = None; " + MAIN)
    assert (code, said) == (2, "The explorer needs one package more: pip install 'sysdesign[explore]'\r\n")


def test_on_a_dumb_terminal() -> None:
    code, said = on_terminal(MAIN, TERM="dumb")
    assert code == 2
    assert said.startswith("explore draws over a whole terminal, and this one (TERM is “dumb”) cannot be drawn on.")
    assert "\x1b" not in said


def test_a_fault_of_the_program_is_one_line() -> None:
    broken = "import sysdesign_cli.explorer.board as b; b.Board._show_services = lambda self, view: 1 / 0; "
    code, said = on_terminal(broken + MAIN)
    assert code == 70
    assert "Traceback" not in said
    assert "ZeroDivisionError" in said.split("\x1b[?1049l")[-1]


def test_it_ends_when_its_terminal_is_gone() -> None:
    """Without a controlling terminal there is no signal for it. What it works out with ends too."""
    pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX")
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "SYSDESIGN_LANG": "en"}
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN], stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    found = b""
    while b"nothing is killed" not in found:
        found += os.read(master, 1 << 16)
    os.close(master)
    assert process.wait(20) is not None


def test_a_bad_file_and_unknown_names_are_told_before_anything_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("sysdesign: 1\nname: bad\nservices: {a: {replicas: many}}\n", encoding="utf-8")
    code, said = on_terminal(MAIN.replace("'ecommerce'", repr(str(path))))
    assert code == 3
    assert "bad.yaml:3:26: E206" in said
    code, said = on_terminal(MAIN.replace("'ecommerce'", "'ecommerce', '--kill', 'paymnt'"))
    assert code == 2
    assert "payment" in said


def test_nothing_else_imports_it() -> None:
    program = (
        "import sys; from sysdesign_cli.__main__ import main; main(['list']); main(['failover', '--kill', 'payment']); main(['--help']); "
        "sys.exit(any(name.startswith(('textual', 'sysdesign_cli.explorer')) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
