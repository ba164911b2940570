"""The screen's end of the process that works out slow answers.

A thread would take turns with the screen's own; a process does not, and one that is busy with a question that nobody asks any more can
be ended. Writing to it and reading from it is left to threads, since both may have to wait.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
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
ENDED: Final = "ended"


class Calculation:
    """Ask, and be told part by part: ``told`` is called on a thread of its own, only with answers to what was asked last."""

    def __init__(self, told: Callable[[Answered], None]) -> None:
        self._told = told
        self._process: _Process | None = None
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
            process.end()

    def _send(self) -> None:
        if self._waiting is None:
            return
        if self._process is None or self._process.ended:
            self.close()
            self._process = _Process(self._hear)
        key, scenario, question = self._waiting
        self._process.put(Task(self._number, key, None if key == self._known else scenario, question))
        self._known = key

    def _hear(self, process: _Process, answered: Answered | None) -> None:
        """None: it ended. What others than the present process say, and answers to old questions, are dropped."""
        if process is not self._process:
            return
        if answered is None:
            answered = Answered(self._number, Finished(ENDED))
        if answered.number == self._number:
            self._held_up_since = None
            if isinstance(answered.part, Finished):
                self._finished = answered.number
            self._told(answered)


class _Process:
    """One process, and the threads that talk with it."""

    def __init__(self, heard: Callable[[_Process, Answered | None], None]) -> None:
        self._heard = heard
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        words = [sys.executable, "-m", "sysdesign_cli.explorer.calculating"]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        )
        for work in (self._write, self._read):
            threading.Thread(target=work, daemon=True).start()

    def put(self, task: Task) -> None:
        self._tasks.put(task)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def end(self) -> None:
        self._process.kill()
        self._tasks.put(None)

    def _write(self) -> None:
        tasks = self._process.stdin
        assert tasks is not None
        with contextlib.suppress(OSError), tasks:  # it may end before it has read everything
            while (task := self._tasks.get()) is not None:
                pickle.dump(task, tasks)
                tasks.flush()

    def _read(self) -> None:
        answers = self._process.stdout
        assert answers is not None
        with answers:
            while True:
                try:
                    answered: Answered = pickle.load(answers)
                except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                    break
                self._heard(self, answered)
        self._process.wait()
        self._heard(self, None)


def _environment() -> dict[str, str]:
    """Such that the process finds this very package."""
    package = str(Path(__file__).resolve().parent.parent.parent)
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
