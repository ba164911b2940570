"""How fast the explorer reacts to a kill: keys into a real pseudo-terminal, until what they change is drawn.

``python3 benchmarks/explorer.py [SERVICES]``. The bar is 100 ms for 300 services. POSIX only.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import generate  # noqa: E402

BAR_S = 0.1
KILLS = 20
WIDTH, HEIGHT = 140, 40


class Screen:
    """A program on a terminal of its own."""

    def __init__(self, words: list[str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "SYSDESIGN_LANG": "en"}
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True)
        os.close(slave)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def until(self, text: str, patience_s: float = 60.0) -> float:
        """Seconds until a text is drawn."""
        start, seen = time.perf_counter(), b""
        while text.encode() not in seen:
            if not select.select([self.master], [], [], patience_s)[0]:
                raise SystemExit(f"nothing drawn for {patience_s:g} s while waiting for {text!r}: {seen[-400:]!r}")
            seen += os.read(self.master, 1 << 16)
        return time.perf_counter() - start

    def drain(self, quiet_s: float) -> None:
        """Read until nothing is drawn for so long."""
        while select.select([self.master], [], [], quiet_s)[0]:
            os.read(self.master, 1 << 16)

    def close(self) -> None:
        os.write(self.master, b"q")
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


def reactions(path: str, kills: int = KILLS) -> list[float]:
    """Seconds of each of so many kills of the services one after the other, each revived again."""
    screen = Screen([sys.executable, "-m", "sysdesign_cli", "explore", path])
    try:
        screen.until("nothing is killed")
        screen.drain(1.0)
        found = []
        for _ in range(kills):
            screen.press("\x1b[B")
            screen.drain(0.4)
            screen.press("k")
            found.append(screen.until("killed: "))
            screen.drain(0.2)
            screen.press("k")
            screen.until("nothing is killed")
            screen.drain(0.2)
        return found
    finally:
        screen.close()


def main() -> int:
    services = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    met = True
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("wide", generate.wide(services)), ("hubs", generate.hubs(services))):
            path = Path(folder) / f"{name}.yaml"
            path.write_text(text, encoding="utf-8")
            took = sorted(reactions(str(path)))
            median, worst = statistics.median(took), took[-1]
            met = met and median <= BAR_S
            print(
                f"reaction to a kill, {name} of {services} services: median {median * 1000:.0f} ms, worst {worst * 1000:.0f} ms, "
                f"bar {BAR_S * 1000:.0f} ms {'met' if median <= BAR_S else 'MISSED'}",
                flush=True,
            )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
