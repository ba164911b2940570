"""The process that works out slow answers: ``python -m sysdesign_cli.explorer.calculating``, started by ``calculation``.

It reads tasks and writes parts of answers, one pickled object after the other; it works on the newest task only, and ends when nobody
listens any more.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
from typing import BinaryIO

from sysdesign_cli.explorer.answers import Answered, Answers, Finished, Task


def main() -> None:
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    if hasattr(os, "nice"):
        os.nice(5)  # the screen comes first
    sys.stdout = sys.stderr  # whoever prints must not get between the answers
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks, waiting), daemon=True).start()
    known: Answers | None = None
    while True:
        task = waiting.get()
        if task.scenario is not None:
            known = Answers(task.scenario)
        if known is not None and waiting.empty():
            _work(task, known, waiting, answers)


def _read(tasks: BinaryIO, waiting: queue.SimpleQueue[Task]) -> None:
    try:
        while True:
            waiting.put(pickle.load(tasks))
    finally:
        os._exit(0)  # the screen is gone, perhaps in the middle of a task, and with it whatever is being worked out


def _work(task: Task, known: Answers, waiting: queue.SimpleQueue[Task], answers: BinaryIO) -> None:
    error = ""
    try:
        for part in known.parts(task.question):
            _write(answers, Answered(task.number, part))
            if not waiting.empty():
                return
    except Exception as fault:  # told on the screen, whatever it is: the next question may do better
        error = f"{type(fault).__name__}: {fault}"
    _write(answers, Answered(task.number, Finished(error)))


def _write(answers: BinaryIO, answered: Answered) -> None:
    pickle.dump(answered, answers)
    answers.flush()


if __name__ == "__main__":
    main()
