"""A progress bar on standard error, for whatever takes more than a second."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress

#: What takes less than this shows nothing.
PATIENCE_S: Final = 1.0

Told = Callable[[int, int], None]


@contextmanager
def progress(what: str, percent: bool = False) -> Iterator[Told]:
    """A function to tell how much is finished, and of how much. Nothing is shown but on a terminal, and not before a second is over.

    percent: what is finished is no number of things.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda finished, total: None
        return
    bar = _Bar(what, percent)
    timer = threading.Timer(PATIENCE_S, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.told
    finally:
        timer.cancel()
        bar.close()


class _Bar:
    """The bar; shown by a timer, so that it comes even while nothing is finished yet."""

    def __init__(self, what: str, percent: bool) -> None:
        self.what = what
        self.percent = percent
        self._finished = 0
        self._total: int | None = None
        self._shown: Progress | None = None
        self._closed = False
        self._lock = threading.Lock()

    def told(self, finished: int, total: int) -> None:
        self._finished, self._total = finished, total
        with self._lock:
            if self._shown is not None:
                self._shown.update(self._shown.task_ids[0], completed=finished, total=total)

    def show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        with self._lock:
            if self._closed:
                return
            console = Console(stderr=True, no_color=bool(os.environ.get("NO_COLOR")))
            finished = TaskProgressColumn() if self.percent else MofNCompleteColumn()
            columns = (TextColumn("{task.description}", markup=False), BarColumn(), finished, TimeRemainingColumn())
            self._shown = Progress(*columns, console=console, transient=True)
            self._shown.add_task(self.what, completed=self._finished, total=self._total)
            self._shown.start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._shown is not None:
                self._shown.stop()
