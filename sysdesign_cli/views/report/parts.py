"""What the templates need to know about blocks of documents."""

from __future__ import annotations

from collections.abc import Callable

from sysdesign_cli.views.document import Code, Heading, Note, Table, Tree, clean


def filters() -> dict[str, Callable[..., object]]:
    """``plain``: text without control characters, still to be escaped."""
    return {"plain": clean}


def tests() -> dict[str, Callable[[object], bool]]:
    """Kinds of blocks."""
    return {
        "table": lambda block: isinstance(block, Table),
        "tree": lambda block: isinstance(block, Tree),
        "note": lambda block: isinstance(block, Note),
        "code": lambda block: isinstance(block, Code),
        "heading": lambda block: isinstance(block, Heading),
    }
