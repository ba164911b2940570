"""Files that commands write: whole or not at all, and never over another without being asked to."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sysdesign_cli.cli.session import Session


def write_whole(path: Path, content: str | bytes) -> None:
    """Write beside the target and put it in place in one step. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def check_target(session: Session, path: Path, force: bool) -> None:
    """Before any work: leave with 2 when a file is there that nobody allows to overwrite, now or with ``force``, or none can be."""
    if path.is_dir():
        _cannot(session, path, session.say("file.is-folder"))
    if not path.parent.is_dir():
        _cannot(session, path, session.say("simulate.no-folder", path=path.parent))
    if force or not (path.exists() or path.is_symlink()):
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise typer.BadParameter(session.say("init.exists", path=path))
    if not typer.confirm(session.say("file.overwrite", path=path), err=True):
        raise typer.Exit(2)


def save(session: Session, path: Path, content: str | bytes) -> None:
    """Write the file, or say in one line why not and leave with 2."""
    try:
        write_whole(path, content)
    except OSError as error:
        _cannot(session, path, error.strerror or type(error).__name__)


def _cannot(session: Session, path: Path, reason: str) -> None:
    sys.stderr.write(session.say("init.cannot-write", path=path, reason=reason) + "\n")
    raise typer.Exit(2)
