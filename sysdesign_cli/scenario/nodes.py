"""A YAML file as a tree of nodes that know their line and column.

PyYAML's own constructors overwrite duplicate keys in silence and guess types (``1:30`` is 90, ``no`` is False), so the
tree is built here from the C loader's events and every scalar stays text until a field says what it is.
"""

from __future__ import annotations

import gc
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from sysdesign_cli.scenario.problems import Place, Problem

MAX_BYTES: Final = 64_000_000
MAX_DEPTH: Final = 40
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SCALAR: Final = "text"
LIST: Final = "list"
MAP: Final = "map"


class Node:
    """One value of the file: text, a list of nodes, or a map from key text to (key node, value node)."""

    __slots__ = ("column", "file", "kind", "line", "quoted", "value")

    def __init__(self, kind: str, value: Any, file: str, line: int, column: int, quoted: bool = False) -> None:
        self.kind = kind
        self.value = value
        self.file = file
        self.line = line
        self.column = column
        self.quoted = quoted

    @property
    def place(self) -> Place:
        return Place(self.file, self.line + 1, self.column + 1)

    @property
    def empty(self) -> bool:
        """Nothing was written after the key."""
        return self.kind == SCALAR and not self.quoted and self.value in ("", "~", "null")


class SourceFile:
    """The text of one file, kept to show the line that a problem is about."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._lines: list[str] | None = None

    def line(self, number: int) -> str:
        if self._lines is None:
            self._lines = self.text.split("\n")
        return self._lines[number - 1][:400].rstrip("\r") if 0 < number <= len(self._lines) else ""


class Unreadable(Exception):
    """A file that yields no tree at all; carries the one problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.slug)
        self.problem = problem


@contextmanager
def paused_garbage_collector() -> Iterator[None]:
    """Building a large tree of objects that all live on: the cyclic collector would take most of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_text(path: Path, shown: str) -> SourceFile:
    """The text of a regular file of bounded size. Raises Unreadable."""

    def refuse(slug: str, line: int = 0, column: int = 0, **params: str) -> Unreadable:
        return Unreadable(Problem(slug, Place(shown, line, column), params))

    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise refuse("unreadable", reason="not-a-file")
        if status.st_size > MAX_BYTES:
            raise refuse("too-large", size=str(status.st_size), limit=str(MAX_BYTES))
        data = path.read_bytes()
    except FileNotFoundError:
        raise refuse("unreadable", reason="not-found") from None
    except PermissionError:
        raise refuse("unreadable", reason="no-permission") from None
    except (OSError, ValueError):
        raise refuse("unreadable", reason="cannot-open") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace")) + 1
        raise refuse("not-text", before.count(b"\n") + 1, column) from None
    return SourceFile(shown, text)


def parse(source: SourceFile) -> tuple[Node, list[Problem]]:
    """The tree of one file, and the problems that did not stop it (duplicate keys). Raises Unreadable."""
    problems: list[Problem] = []
    loader = _LOADER(source.text)
    try:
        with paused_garbage_collector():
            root = _build(loader, source, problems)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else _place_of_character(source, error)
        what = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read")
        slug = "control-character" if isinstance(error, yaml.reader.ReaderError) or "control char" in what else "not-yaml"
        raise Unreadable(_problem(slug, source, line, column, detail=what)) from None
    finally:
        loader.dispose()
    return root, problems


def _place_of_character(source: SourceFile, error: yaml.YAMLError) -> tuple[int, int]:
    position = getattr(error, "position", 0) or 0
    before = source.text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


def _problem(slug: str, source: SourceFile, line: int, column: int, width: int = 1, **params: str) -> Problem:
    return Problem(slug, Place(source.name, line, column), params, source_line=source.line(line), width=width)


def _build(loader: Any, source: SourceFile, problems: list[Problem]) -> Node:
    """One pass over the events with an explicit stack, so that depth is bounded by us and not by Python."""
    get_event = loader.get_event
    name = source.name
    root: Node | None = None
    stack: list[Node] = []
    keys: list[Node | None] = []  # the key that waits for its value, for each open container
    top: Node | None = None
    key: Node | None = None
    documents = 0
    scalar_event, map_start, list_start = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
    ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    while True:
        event = get_event()
        kind = event.__class__
        if kind is scalar_event:
            mark = event.start_mark
            text = event.value
            if not text.isprintable():
                _refuse_control_characters(text, source, mark)
            node = Node(SCALAR, text, name, mark.line, mark.column, event.style is not None and event.style in "'\"|>")
        elif kind is map_start or kind is list_start:
            mark = event.start_mark
            node = Node(MAP, {}, name, mark.line, mark.column) if kind is map_start else Node(LIST, [], name, mark.line, mark.column)
        elif kind in ends:
            top, key = (stack.pop(), keys.pop()) if stack else (None, None)
            continue
        elif kind is yaml.AliasEvent:
            mark = event.start_mark
            raise Unreadable(_problem("alias", source, mark.line + 1, mark.column + 1, len(event.anchor) + 1, name=event.anchor))
        elif kind is yaml.StreamEndEvent:
            break
        else:
            if kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Unreadable(_problem("not-yaml", source, event.start_mark.line + 1, 1, 3, detail="second-document"))
            continue
        if event.tag is not None and event.tag != "!":
            raise Unreadable(_problem("not-yaml", source, mark.line + 1, mark.column + 1, detail="tag"))

        if top is None:
            root = node
        elif top.kind is LIST:
            top.value.append(node)
        elif key is None:
            if node.kind is not SCALAR:
                raise Unreadable(_problem("not-yaml", source, mark.line + 1, mark.column + 1, detail="key-not-text"))
            key = node
            continue
        else:
            if key.value in top.value:
                first = top.value[key.value][0]
                problems.append(
                    _problem("duplicate-key", source, key.line + 1, key.column + 1, len(key.value), key=key.value, first=str(first.line + 1))
                )
            else:
                top.value[key.value] = (key, node)
            key = None
        if node.kind is not SCALAR:
            if len(stack) >= MAX_DEPTH:
                raise Unreadable(_problem("too-deep", source, mark.line + 1, mark.column + 1, limit=str(MAX_DEPTH)))
            if top is not None:
                stack.append(top)
                keys.append(key)
            top, key = node, None
    if root is None:
        raise Unreadable(_problem("not-yaml", source, 1, 1, detail="empty"))
    return root


def _refuse_control_characters(text: str, source: SourceFile, mark: Any) -> None:
    for character in text:
        if character not in "\n\t" and (ord(character) < 32 or 127 <= ord(character) < 160 or character in _INVISIBLE):
            raise Unreadable(
                _problem("control-character", source, mark.line + 1, mark.column + 1, detail=f"U+{ord(character):04X}")
            )


#: Characters that reorder or hide what a reader sees (bidirectional overrides), known from attacks on source code.
_INVISIBLE: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff")
