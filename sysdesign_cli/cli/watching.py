"""``--watch``: a command again and again, whenever a file changes that its answer comes from."""

from __future__ import annotations

import contextlib
import datetime
import gc
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import typer

from sysdesign_cli.cli.session import Session
from sysdesign_cli.scenario.library import files_of, looks_like_path, split_address
from sysdesign_cli.scenario.problems import ScenarioError

#: What the extra ``watch`` installs.
PACKAGE: Final = "watchfiles>=0.24,<2"
#: Formats that people read; the others are kept free of the lines that say when a run was.
READ_BY_PEOPLE: Final = ("", "table", "plain", "markdown")
#: So long nothing may change before a change counts: an editor writes in several steps.
QUIET_MS: Final = 50
#: A change counts after this time even while other files of the folder go on changing.
AT_MOST_MS: Final = 400
#: So often files are looked at where nothing was reported: folders that were deleted and made again report nothing.
LOOK_MS: Final = 500
#: A file that is gone may be about to be put in place anew.
PATIENCE_S: Final = 0.3
NAMES_SHOWN: Final = 4

#: File -> what changes when it is written or replaced; None when it is not there.
Stamps = dict[Path, tuple[int, int, int] | None]


def watched(session: Session, addresses: Sequence[str], once: Callable[[Session], int], format: str = "") -> int:
    """Run ``once``, and again after every change of the scenarios' files, until Ctrl-C (KeyboardInterrupt) ends it.

    A run that leaves with an exit code ends nothing, but the first one with 2: there the command is wrong, and no file will mend that.
    """
    _check_installed(session)
    gc.enable()  # switched off for commands that answer once and end
    told = sys.stdout if format in READ_BY_PEOPLE else sys.stderr
    known: dict[str, tuple[Path, ...]] = {}
    changed: list[Path] = []
    while True:
        known |= {address: _files(address) or known.get(address, ()) for address in addresses}
        files = list(dict.fromkeys(file for address in addresses for file in known[address]))
        before = stamps(files)
        # what is told of the first run are the files that are watched, of the others those that changed
        told.write(_heading(session, "watch.again" if changed else "watch.first", changed or files, first=not changed))
        told.flush()
        code = _run(once, Session(session.say))
        sys.stdout.flush()
        if code == 2 and not changed:
            return code
        changed = next_change(before)


def _files(address: str) -> tuple[Path, ...]:
    """The files of a scenario; of one that cannot be read its own, or nothing where the address names no file."""
    try:
        return files_of(address)
    except ScenarioError:
        name = split_address(address)[0]
        return (Path(name),) if looks_like_path(name) else ()


def _run(once: Callable[[Session], int], session: Session) -> int:
    try:
        return once(session)
    except typer.Exit as stop:
        return int(stop.exit_code)


def _heading(session: Session, key: str, files: Sequence[Path], first: bool) -> str:
    from sysdesign_cli.views.document import clean

    names = ", ".join(clean(_short(file)) for file in files[:NAMES_SHOWN])
    if len(files) > NAMES_SHOWN:
        names = session.say("watch.more", files=names, count=len(files) - NAMES_SHOWN)
    text = session.say(key, time=datetime.datetime.now().strftime("%H:%M:%S"), files=names)
    return text + "\n" if first else f"\n{text}\n"


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def stamps(files: Sequence[Path]) -> Stamps:
    """The state of each file."""
    return {file: _stamp(file) for file in files}


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def next_change(before: Stamps) -> list[Path]:
    """Wait until files are not as they were; those that changed."""
    gone_since = 0.0
    for _ in _wakings(sorted({folder for file in before for folder in _folders(file)})):
        now = stamps(list(before))
        changed = [file for file in before if now[file] != before[file]]
        if not changed:
            gone_since = 0.0
        elif all(now[file] is not None for file in changed):
            return changed
        elif not gone_since:
            gone_since = time.monotonic()
        elif time.monotonic() - gone_since >= PATIENCE_S:
            return changed
    raise AssertionError("waking never ends")


def _folders(file: Path) -> Iterator[Path]:
    """The nearest folder above a file that is there; and above what it leads to, where it is a link."""
    places = [file.absolute()]
    with contextlib.suppress(OSError, RuntimeError):
        places.append(file.resolve())
    for place in places:
        yield next(folder for folder in place.parents if folder.is_dir())


def _wakings(folders: Sequence[Path]) -> Iterator[None]:
    """Return whenever something was reported of these folders, and now and then; without end."""
    from watchfiles import watch

    yield None  # what changed before anybody watched
    try:
        for _ in watch(
            *folders,
            watch_filter=None,
            debounce=AT_MOST_MS,
            step=QUIET_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            recursive=False,
        ):
            yield None
    except (OSError, RuntimeError):  # no more watchers to be had, or a file system without them
        while True:
            time.sleep(LOOK_MS / 1000)
            yield None


def _check_installed(session: Session) -> None:
    try:
        import watchfiles  # noqa: F401
    except ImportError:
        command = shlex.join([sys.executable, "-m", "pip", "install", PACKAGE])
        sys.stderr.write(session.say("watch.missing", command=command) + "\n")
        raise typer.Exit(2) from None
