"""The commands that the documentation shows: run them, hold what they print against the page, or write it into the page.

A page is read from top to bottom, in one working folder that holds a copy of ``scenarios/`` and nothing else:

- In a ```` ```console ```` block a line that begins with ``$`` is a command: ``sysdesign ARGS`` or ``python3 dev.py run ARGS``,
  perhaps with variables before it and ``> FILE`` behind. It ends with 0, or with the code that a comment behind it states
  (``# exit 1``). Lines below it, if there are any, are what it prints; a line ``…`` stands for any number of lines.
- A ```` ```python ```` block runs, together with those before it; a ```` ```text ```` block right behind it is what it prints.
- ``<!-- write: FILE -->`` or ``<!-- append: FILE -->`` before a block puts its text into a file of the working folder.
- ``<!-- insert in FILE before: LINE -->`` before a block puts its text in front of that line of the file.
- ``<!-- replace in FILE: OLD => NEW -->`` changes a file, as the sentence beside it tells the reader to.
- ``<!-- set: NAME=VALUE -->`` sets an environment variable for the rest of the page.

Blocks of other kinds (``sh``, ``yaml`` …) are not run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final
from unittest import mock

ROOT: Final = Path(__file__).resolve().parent.parent
ELLIPSIS: Final = "…"
WIDTH: Final = "88"
_FENCE: Final = re.compile(r"```(\w*)\s*$")
_DIRECTIVE: Final = re.compile(r"<!-- (write|append|set|(?:replace|insert) in (?P<file>\S+)(?: before)?): (?P<rest>.*?) -->\s*$")
_EXIT: Final = re.compile(r"\s+# exit (\d+)\s*$")
_VARIABLE: Final = re.compile(r"[A-Z_]+=")


@dataclass
class Step:
    """One thing a page does. kind: console, python, write, append, insert, replace or set; ``line`` counts from 1."""

    kind: str
    line: int
    argument: str
    body: list[str]
    rest: str = ""
    """of a directive about a file: what comes behind the colon"""
    shown: list[str] = field(default_factory=list)
    """what it prints, as the page says"""
    shown_at: int = -1
    """index of the first line of that; -1 when the page shows nothing"""


def pages() -> list[Path]:
    """Every page that is written by hand."""
    below = [path for path in (ROOT / "docs").rglob("*.md") if "reference" not in path.relative_to(ROOT).parts]
    return sorted([*ROOT.glob("*.md"), *below])


def steps_of(text: str) -> list[Step]:
    """What a page does, in its order."""
    steps: list[Step] = []
    lines = text.split("\n")
    number, directive = 0, ("", "", "")
    after_python = False
    while number < len(lines):
        line = lines[number]
        if found := _DIRECTIVE.match(line):
            directive = (found[1].split(" ")[0], found["file"] or found["rest"], found["rest"])
            if directive[0] in ("replace", "set"):
                steps.append(Step(directive[0], number + 1, directive[1], [], directive[2]))
                directive = ("", "", "")
        elif fence := _FENCE.match(line):
            end = lines.index("```", number + 1)
            body = lines[number + 1 : end]
            if directive[0]:
                steps.append(Step(directive[0], number + 1, directive[1], body, directive[2]))
            elif fence[1] == "console":
                steps += _commands(body, number + 1)
            elif fence[1] == "python":
                steps.append(Step("python", number + 1, "", body))
            elif fence[1] == "text" and after_python:
                steps[-1].shown, steps[-1].shown_at = body, number + 1
            directive, after_python = ("", "", ""), fence[1] == "python"
            number = end
        elif line.strip():
            after_python = False
        number += 1
    return steps


def _commands(body: list[str], first: int) -> Iterator[Step]:
    """The commands of one console block, each with the lines shown below it. ``first``: index of the block's first line."""
    starts = [index for index, line in enumerate(body) if line.startswith("$ ")]
    for position, start in enumerate(starts):
        end = starts[position + 1] if position + 1 < len(starts) else len(body)
        while end > start + 1 and not body[end - 1].strip():
            end -= 1
        shown = body[start + 1 : end]
        yield Step("console", first + start + 1, body[start][2:], [], "", shown, first + start + 1 if shown else -1)


@dataclass(frozen=True)
class Outcome:
    """What a step did: the lines it printed and how it ended (0 for steps that are no commands)."""

    printed: list[str]
    code: int


class Folder:
    """The working folder of one page, and the world as a reader has it: a terminal of 88 columns without colours."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.names: dict[str, Any] = {}

    def __enter__(self) -> Folder:
        place = Path(self._stack.enter_context(tempfile.TemporaryDirectory())).resolve()
        shutil.copytree(ROOT / "scenarios", place / "scenarios")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "SYSDESIGN", "_SYSDESIGN"))}
        variables = kept | {"COLUMNS": WIDTH, "TERM": "xterm", "NO_COLOR": "1"}
        self._stack.enter_context(mock.patch.dict(os.environ, variables, clear=True))
        # as in a checkout of which this folder is the root: places in the bundled scenarios are shown relative to it
        self._stack.enter_context(mock.patch("sysdesign_cli.scenario.library.bundled_folder", return_value=place / "scenarios"))
        self._stack.enter_context(contextlib.chdir(place))
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def do(self, step: Step) -> Outcome:
        """Carry out one step. Raises ValueError for a step that cannot be."""
        if step.kind == "console":
            return run(_EXIT.sub("", step.argument))
        if step.kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile("\n".join(step.body), f"<line {step.line}>", "exec"), self.names)
            return Outcome(_lines(out.getvalue()), 0)
        if step.kind == "set":
            name, _, value = step.argument.partition("=")
            os.environ[name] = value
        else:
            _edit(step)
        return Outcome([], 0)


def _edit(step: Step) -> None:
    path, block = Path(step.argument), "\n".join(step.body) + "\n"
    if step.kind in ("write", "append"):
        with path.open("a" if step.kind == "append" else "w", encoding="utf-8", newline="\n") as file:
            file.write(block)
        return
    old, _, new = step.rest.partition(" => ") if step.kind == "replace" else (f"\n{step.rest}\n", "", f"\n{block}{step.rest}\n")
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"“{old.strip()}” stands {text.count(old)} times in {step.argument}")
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


class _Beside(io.TextIOBase):
    """Standard error on the same page, but no terminal: a progress bar would be written into the page on a slow machine."""

    def __init__(self, screen: io.StringIO) -> None:
        self._screen = screen

    def write(self, text: str) -> int:
        return self._screen.write(text)

    def isatty(self) -> bool:
        return False


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(command: str) -> Outcome:
    """Run one command line in this process. Raises ValueError when it is none of ours."""
    from sysdesign_cli.__main__ import main

    words = shlex.split(command)
    variables = {}
    while words and _VARIABLE.match(words[0]):
        name, _, variables[name] = words.pop(0).partition("=")
    target = ""
    if ">" in words:
        words, target = words[: words.index(">")], words[words.index(">") + 1]
    if words[:1] == ["sysdesign"]:
        arguments = words[1:]
    elif words[:3] == ["python3", "dev.py", "run"]:
        arguments = words[3:]
    else:
        raise ValueError(f"not a command of the program: {command}")
    screen = io.StringIO() if target else _Terminal()
    with mock.patch.dict(os.environ, variables), contextlib.redirect_stdout(screen), contextlib.redirect_stderr(_Beside(screen)):
        code = main(arguments)
    if target:
        Path(target).write_text(screen.getvalue(), encoding="utf-8")
        return Outcome([], code)
    return Outcome(_lines(screen.getvalue()), code)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip("\n").split("\n")]


def stated_code(step: Step) -> int:
    """The exit code a command line states, 0 when it states none."""
    found = _EXIT.search(step.argument)
    return int(found[1]) if found else 0


def matches(shown: list[str], printed: list[str]) -> bool:
    """Whether what a page shows is what was printed; a line ``…`` stands for any number of lines."""
    parts = _parts(shown)
    if len(parts) == 1:
        return shown == printed
    first, *middle, last = parts
    if printed[: len(first)] != first or (last and printed[-len(last) :] != last) or len(printed) < len(first) + len(last):
        return False
    position, end = len(first), len(printed) - len(last)
    for part in middle:
        found = next((i for i in range(position, end - len(part) + 1) if printed[i : i + len(part)] == part), -1)
        if found < 0:
            return False
        position = found + len(part)
    return True


def _parts(shown: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == ELLIPSIS:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def renewed(shown: list[str], printed: list[str]) -> list[str]:
    """What a page should show: everything, or as many lines of each part as now, found by the line that resembles its first most."""
    parts = _parts(shown)
    if len(parts) == 1 or matches(shown, printed):
        return printed if len(parts) == 1 else shown
    result = printed[: len(parts[0])]
    position = len(parts[0])
    for number, part in enumerate(parts[1:], 1):
        result.append(ELLIPSIS)
        if part:
            start = max(range(position, len(printed)), key=lambda i: (_alike(part[0], printed[i]), -i), default=position)
            end = len(printed) if number == len(parts) - 1 else start + len(part)
            result += printed[start:end]
            position = end
    return result


def _alike(one: str, other: str) -> float:
    return 2.0 if one == other else SequenceMatcher(None, one, other, autojunk=False).ratio()


def renew(path: Path) -> tuple[str, list[str]]:
    """A page with what its commands print now, and what is to be told: exit codes that changed, where the text may be wrong too."""
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    told = []
    with Folder() as folder:
        done = [(step, folder.do(step)) for step in steps_of(text)]
    for step, outcome in reversed(done):
        if step.kind == "console" and outcome.code != stated_code(step):
            told.append(f"{path.relative_to(ROOT)}:{step.line}: now ends with {outcome.code}, look at the text there: {step.argument}")
            lines[step.line - 1] = "$ " + _EXIT.sub("", step.argument) + (f"  # exit {outcome.code}" if outcome.code else "")
        if step.shown_at >= 0:
            lines[step.shown_at : step.shown_at + len(step.shown)] = renewed(step.shown, outcome.printed)
    return "\n".join(lines), told
