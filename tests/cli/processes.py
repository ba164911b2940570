"""The program as a process of its own: with its output in a pipe, or on a terminal, to be interrupted."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys

from tests.cli.test_cli import ROOT
from tests.helpers import heed_interrupts


def started(*words: str, **environment: str) -> subprocess.Popen[str]:
    """``sysdesign WORDS`` in a group of processes that can be interrupted together."""
    return subprocess.Popen(
        [sys.executable, "-m", "sysdesign_cli", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment, preexec_fn=heed_interrupts,
    )  # fmt: skip


def on_a_terminal(*words: str, until: bytes = b"") -> tuple[int, str, bytes]:
    """Exit code, output, and what a terminal showed beside it; interrupted as soon as that shows ``until``."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sysdesign_cli", *words],
        stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"}, start_new_session=True,
        preexec_fn=heed_interrupts,
    )  # fmt: skip
    os.close(theirs)
    told, sent = b"", not until
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        told += part
        if not sent and re.search(until, told):
            os.killpg(process.pid, signal.SIGINT)
            sent = True
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, out.decode(), told
