"""What was changed on the command line, said below the heading of every result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Document, Heading, Note


def with_changes(document: Document, changes: Sequence[str], left_out: Mapping[str, tuple[str, ...]], say: Say) -> Document:
    """The document with the changes in force below its first heading; ``left_out``: address -> changes without a place there."""
    notes = [Note(say("changes.with", changes=listed(changes)), "strong")]
    for address, missing in left_out.items():
        notes.append(Note(say("changes.left-out", address=address, changes=listed(missing)), "muted"))
    position = next((number + 1 for number, block in enumerate(document.blocks) if isinstance(block, Heading)), 0)
    document.blocks[position:position] = notes
    return document


def listed(changes: Sequence[str]) -> str:
    """Changes in one line."""
    return ", ".join(_shown(change) for change in changes)


def _shown(change: str) -> str:
    path, _, value = change.partition("=")
    return f"{path.strip()} = {value.strip()}"
