"""Scenarios from text."""

from __future__ import annotations

import signal
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

import sysdesign_cli
from sysdesign_cli.api import Design


def design(text: str) -> Design:
    """The design of a scenario given as YAML without its first lines."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_text("sysdesign: 1\nname: x\nsource: assumption\n" + textwrap.dedent(text), encoding="utf-8")
        return sysdesign_cli.load(str(path))


def heed_interrupts() -> None:
    """What a new process does first: where tests run in the background of a shell it would ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
