"""The screen's end of the process that works out slow answers.

A thread would take turns with the screen's own; a process does not, and one that is busy with a question that nobody asks any more can
be ended.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sysdesign_cli.analyses.whatif import Question
from sysdesign_cli.explorer.answers import Answered, Finished, Task
from sysdesign_cli.scenario.model import Scenario

#: Seconds that the process may go on with an old question before it is ended.
PATIENCE_S: Final = 1.0
#: The process ended by itself, which it never should.
ENDED: Final = Finished("ended")


class Calculation:
    """Ask, and be told part by part: ``told`` is called on a thread of its own, only with answers to what was asked last."""

    def __init__(self, told: Callable[[Answered], None]) -> None:
        self._told = told
        self._process: subprocess.Popen[bytes] | None = None
        self._known = -1
        self._number = 0
        self._finished = 0
        self._waiting: tuple[int, Scenario, Question] | None = None
        self._held_up_since: float | None = None
        """since when the newest question waits behind an old one"""

    def ask(self, key: int, scenario: Scenario, question: Question, now: float) -> int:
        """Ask, and forget what was asked before. key: another one for every design; now: seconds of a clock. Gives the task's number."""
        if self._finished != self._number and self._held_up_since is None:
            self._held_up_since = now
        self._number += 1
        self._waiting = (key, scenario, question)
        self._send()
        return self._number

    def look_after(self, now: float) -> None:
        """To be called now and then: ends a process that does not come back from an old question, and asks a new one."""
        if self._held_up_since is not None and now - self._held_up_since > PATIENCE_S:
            self.close()
            self._held_up_since = None
            self._send()

    def close(self) -> None:
        """End the process."""
        process, self._process, self._known = self._process, None, -1
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):  # what was still to be written has no reader
                        stream.close()

    def _send(self) -> None:
        if self._waiting is None:
            return
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = _started()
            threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()
        key, scenario, question = self._waiting
        task = Task(self._number, key, None if key == self._known else scenario, question)
        self._known = key
        assert self._process.stdin is not None
        try:
            pickle.dump(task, self._process.stdin)
            self._process.stdin.flush()
        except OSError:
            self._told(Answered(self._number, ENDED))

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Until the process ends; parts of answers to old questions are dropped."""
        assert process.stdout is not None
        while True:
            try:
                answered: Answered = pickle.load(process.stdout)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                break
            if process is self._process and answered.number == self._number:
                self._held_up_since = None
                if isinstance(answered.part, Finished):
                    self._finished = answered.number
                self._told(answered)
        if process is self._process:
            self._told(Answered(self._number, ENDED))


def _started() -> subprocess.Popen[bytes]:
    package = str(Path(__file__).resolve().parent.parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "sysdesign_cli.explorer.calculating"]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
