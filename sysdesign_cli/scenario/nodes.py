"""A YAML file as a tree of nodes that know their line and column.

PyYAML's own constructors overwrite duplicate keys in silence and guess types (``1:30`` is 90, ``no`` is False), so the
tree is built here from the C loader's events and every scalar stays text until a field says what it is.
"""

from __future__ import annotations

import bisect
import codecs
import gc
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import yaml

from sysdesign_cli.scenario.problems import MAX_PROBLEMS, Place, Problem, too_many

MAX_BYTES: Final = 64_000_000
MAX_DEPTH: Final = 40
#: Values and brackets of one file: some fifteen seconds and 600 MB; 20,000 services have a quarter of it.
MAX_EVENTS: Final = 3_000_000
_BLOCK: Final = 4096
_SHOWN: Final = 20_000
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: What stands for the file in places on the command line (``--set path=value``).
COMMAND_LINE: Final = "--set"

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

    def __reduce__(self) -> tuple[object, ...]:
        return (_unpacked, (self.kind, self.value, self.file, self.line, self.column, self.quoted))

    @property
    def place(self) -> Place:
        return Place(self.file, self.line + 1, self.column + 1)

    @property
    def empty(self) -> bool:
        """Nothing was written after the key."""
        return self.kind == SCALAR and not self.quoted and self.value in ("", "~", "null")


def _unpacked(kind: str, value: Any, file: str, line: int, column: int, quoted: bool) -> Node:
    """A node in another process: kinds are compared by identity."""
    return Node(sys.intern(kind), value, file, line, column, quoted)


class SourceFile:
    """The text of one file, kept to show the line that a problem is about."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.events = 0
        """How many values and brackets were read from it."""
        self._lines = text
        self._before: list[int] = []

    def line(self, number: int) -> str:
        """A line by its number from 1, the first 20,000 characters of it; ``""`` when there is none."""
        if not self._before:
            self._count_lines()
        start, ends = 0, number - 1
        if ends > 0:
            block = bisect.bisect_left(self._before, ends) - 1
            start = block * _BLOCK
            for _ in range(ends - self._before[block]):
                start = self._lines.find("\n", start) + 1
                if not start:
                    return ""
        stop = self._lines.find("\n", start, start + _SHOWN)
        return self._lines[start : stop if stop >= 0 else start + _SHOWN] if number > 0 else ""

    def _count_lines(self) -> None:
        """How many lines end before each block; a list of all lines would take more memory than the file itself."""
        if "\r" in self.text:
            self._lines = self.text.replace("\r\n", "\n").replace("\r", "\n")
        counts = (self._lines.count("\n", start, start + _BLOCK) for start in range(0, len(self._lines), _BLOCK))
        self._before = list(accumulate(counts, initial=0))


class Unreadable(Exception):
    """A file that yields no tree at all; carries the one problem that says why, and those found before it."""

    def __init__(self, problem: Problem, before: list[Problem] | None = None) -> None:
        super().__init__(problem.slug)
        self.problem = problem
        self.before = before or []


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


def read_text(path: Path, shown: str, limit: int = MAX_BYTES) -> SourceFile:
    """The text of a regular file of at most ``limit`` bytes. Raises Unreadable."""

    def refuse(slug: str, line: int = 0, column: int = 0, **params: str) -> Unreadable:
        return Unreadable(Problem(slug, Place(shown, line, column), params))

    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise refuse("unreadable", reason="not-a-file")
        if status.st_size > limit:
            raise refuse("too-large", size=str(status.st_size), limit=str(MAX_BYTES))
        with path.open("rb") as file:
            data = file.read(limit + 1)  # files below /proc say that they are empty and are not
        if len(data) > limit:
            raise refuse("too-large", size=f"> {MAX_BYTES}", limit=str(MAX_BYTES))
    except FileNotFoundError:
        raise refuse("unreadable", reason="not-found") from None
    except PermissionError:
        raise refuse("unreadable", reason="no-permission") from None
    except (OSError, ValueError):
        raise refuse("unreadable", reason="cannot-open") from None
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace")) + 1
        raise refuse("not-text", before.count(b"\n") + 1, column) from None
    return SourceFile(shown, text)


def parse(source: SourceFile, limit: int = MAX_EVENTS) -> tuple[Node, list[Problem]]:
    """The tree of one file, and the problems that did not stop it (duplicate keys). Raises Unreadable."""
    problems: list[Problem] = []
    found = _TAG_DIRECTIVE.search(source.text) if "%TAG" in source.text else None
    if found is not None:  # libyaml compares each with all before it: minutes for a megabyte of them
        raise Unreadable(_problem("not-yaml", source, *_position(source.text, found.start()), 4, detail="tag"))
    hidden = None if source.text.isascii() else _HIDDEN.search(source.text)
    if hidden is not None:
        raise Unreadable(_problem("control-character", source, *_position(source.text, hidden.start()), detail=f"U+{ord(hidden[0]):04X}"))
    loader = None
    try:
        loader = _LOADER(source.text)
        with paused_garbage_collector():
            root = _build(loader, source, problems, limit)
    except Unreadable as stop:
        raise Unreadable(stop.problem, problems) from None
    except yaml.YAMLError as error:
        raise Unreadable(_syntax_problem(source, error), problems) from None
    finally:
        if loader is not None:
            loader.dispose()
    return root, problems


def _syntax_problem(source: SourceFile, error: yaml.YAMLError) -> Problem:
    unprintable = _NOT_YAML.search(source.text) if isinstance(error, yaml.reader.ReaderError) else None
    if unprintable is not None:  # the loader's own position counts bytes
        return _problem("control-character", source, *_position(source.text, unprintable.start()), detail=f"U+{ord(unprintable[0]):04X}")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    what = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read")
    if "maximum nesting depth" in what:  # libyaml gives up by itself, before anything is handed over
        return _problem("too-deep", source, line, column, limit=str(MAX_DEPTH))
    return _problem("not-yaml", source, line, column, detail=what[:120])


def _position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a character of the text."""
    before = text[:offset]
    if "\r" in before:
        before = before.replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _problem(slug: str, source: SourceFile, line: int, column: int, width: int = 1, /, **params: str) -> Problem:
    return Problem(slug, Place(source.name, line, column), params, source_line=source.line(line), width=width)


def _build(loader: Any, source: SourceFile, problems: list[Problem], limit: int) -> Node:
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
    for count in range(limit):
        event = get_event()
        kind = event.__class__
        if kind is scalar_event:
            mark = event.start_mark
            text = event.value
            if not text.isprintable():
                _refuse_control_characters(text, source, mark)
            node = Node(SCALAR, text, name, mark.line, mark.column, bool(event.style))
        elif kind is map_start or kind is list_start:
            mark = event.start_mark
            node = Node(MAP, {}, name, mark.line, mark.column) if kind is map_start else Node(LIST, [], name, mark.line, mark.column)
        elif kind in ends:
            top, key = (stack.pop(), keys.pop()) if stack else (None, None)
            continue
        elif kind is yaml.AliasEvent:
            mark = event.start_mark
            name, width = event.anchor[:60], min(len(event.anchor), 80) + 1
            raise Unreadable(_problem("alias", source, mark.line + 1, mark.column + 1, width, name=name))
        elif kind is yaml.StreamEndEvent:
            source.events = count
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
                _report_duplicate(source, key, top.value[key.value][0], problems)
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
    else:
        mark = event.start_mark
        raise Unreadable(_problem("too-many", source, mark.line + 1, mark.column + 1, **too_many("values", MAX_EVENTS)))
    if root is None:
        raise Unreadable(_problem("not-yaml", source, 1, 1, detail="empty"))
    return root


def _report_duplicate(source: SourceFile, key: Node, first: Node, problems: list[Problem]) -> None:
    if len(problems) < MAX_PROBLEMS:
        width, name = max(1, min(len(key.value), 80)), key.value[:60]
        problems.append(_problem("duplicate-key", source, key.line + 1, key.column + 1, width, key=name, first=str(first.line + 1)))
    elif len(problems) == MAX_PROBLEMS:
        problems.append(_problem("too-many", source, key.line + 1, key.column + 1, **too_many("problems", MAX_PROBLEMS)))


def _refuse_control_characters(text: str, source: SourceFile, mark: Any) -> None:
    found = _UNSEEN.search(text)
    if found is not None:
        raise Unreadable(_problem("control-character", source, mark.line + 1, mark.column + 1, detail=f"U+{ord(found[0]):04X}"))


#: Characters that reorder or hide what a reader sees (bidirectional overrides, line ends that only YAML knows), known from
#: attacks on source code; refused in comments too.
_HIDDEN: Final = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
#: The same with control characters, which a quoted text can spell.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
#: What YAML itself does not allow in a file.
_NOT_YAML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_TAG_DIRECTIVE: Final = re.compile("^%TAG", re.MULTILINE)
