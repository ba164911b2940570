"""A new variant as text, put into the text of a scenario so that every line, comment and blank of it stays as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sysdesign_cli.scenario.changes import REPLACED_WHOLE, laid_over, read_changes
from sysdesign_cli.scenario.nodes import LIST, MAP, SCALAR, Node
from sysdesign_cli.scenario.read import Document

#: Written without quotes it is read as it stands; everything else is quoted.
_PLAIN: Final = re.compile(r"[\w$(@][\w ./%()<>@+$*×-]*(?<! )")
_WIDTH: Final = 100


def new_variant(document: Document, variant: str, name: str, changes: Sequence[str]) -> str:
    """The lines of a variant that is ``variant`` ("" is the scenario itself) with more changes. Raises ScenarioError.

    Of a change that leads into a list, such as ``calls.0.timeout``, the whole list is written, since a variant replaces lists whole.
    """
    before, after = document.trees(variant, changes)
    patch = _map({})
    for change in read_changes(changes):
        patch = laid_over(patch, _differing(before, after, change.keys))
    own = document.root.value["variants"][1].value[variant][1].value if variant else {}
    removed = own["remove"][1] if "remove" in own else None
    if "changes" in own:
        patch = laid_over(own["changes"][1], patch)
    parts: dict[str, Node] = ({"remove": removed} if removed is not None else {}) | ({"changes": patch} if patch.value else {})
    return "\n".join(_lines(name, _map(parts), 0)) + "\n"


def with_variant(text: str, document: Document, block: str) -> str | None:
    """The text of a file with the lines of a variant below ``variants:``; None where that key is not on a line of its own in it.

    Nothing else is touched. The result is to be read again before it is trusted.
    """
    ends = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(ends)
    if "variants" not in document.root.value:
        while lines and not lines[-1].strip():
            lines.pop()
        return ends.join([*lines, "", "variants:", *_indented(block, 2), ""])
    key, section = document.root.value["variants"]
    if key.file != document.shown or not re.fullmatch(r"variants\s*:\s*(#.*)?", lines[key.line]) or section.kind is not MAP:
        return None
    first = next(iter(section.value.values()))[0] if section.value else None
    if first is not None and (first.file != key.file or first.line <= key.line):
        return None
    indent = first.column if first is not None else 2
    return ends.join([*lines[: key.line + 1], *_indented(block, indent), "", *lines[key.line + 1 :]])


def stated_starts(document: Document, variant: str) -> Mapping[str, frozenset[str]]:
    """Workload -> the flows whose starts it states itself; what it takes over from another workload is not among them."""
    root, _ = document.trees(variant, ())
    section = root.value.get("workloads", (None, None))[1]
    found = {}
    for name, (_, node) in section.value.items() if section is not None and section.kind is MAP else ():
        starts = node.value.get("starts", (None, None))[1] if node.kind is MAP else None
        found[name] = frozenset(starts.value) if starts is not None and starts.kind is MAP else frozenset()
    return found


def _indented(block: str, by: int) -> list[str]:
    return [" " * by + line for line in block.rstrip("\n").split("\n")]


def _map(entries: Mapping[str, Node]) -> Node:
    """A map of new keys."""
    return Node(MAP, {key: (Node(SCALAR, key, "", 0, 0), node) for key, node in entries.items()}, "", 0, 0)


def _differing(before: Node | None, after: Node, keys: Sequence[str]) -> Node:
    """The part of the changed tree at the end of a path, as a map that leads to it; the whole of what cannot be merged."""
    if not keys or after.kind is not MAP or before is None or before.kind is not MAP:
        return after
    key, child = keys[0], after.value[keys[0]][1]
    older = before.value[key][1] if key in before.value else None
    return _map({key: child if key in REPLACED_WHOLE else _differing(older, child, keys[1:])})


def _lines(key: str, node: Node, depth: int) -> Iterator[str]:
    """A key with its value: on one line where that is short enough."""
    lead = "  " * depth + _scalar(key) + ":"
    short = f"{lead} {_flow(node)}"
    if len(short) <= _WIDTH or node.kind is SCALAR or not node.value or depth > 40:
        yield short
    elif node.kind is MAP:
        yield lead
        for name, (_, child) in node.value.items():
            yield from _lines(name, child, depth + 1)
    else:
        yield lead
        yield from ("  " * (depth + 1) + "- " + _flow(item) for item in node.value)


def _flow(node: Node) -> str:
    if node.kind is MAP:
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(child)}" for key, (_, child) in node.value.items()) + "}"
    if node.kind is LIST:
        return "[" + ", ".join(_flow(item) for item in node.value) + "]"
    return "~" if node.empty else _scalar(node.value, node.quoted)


def _scalar(text: str, quoted: bool = False) -> str:
    return text if _PLAIN.fullmatch(text) and not quoted else json.dumps(text, ensure_ascii=False)
