"""A result laid out for reading, before any format: headings, tables, trees, notes, and the numbers that can be explained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.quantity import format_quantity
from sysdesign_cli.views.interval import half_width_of, with_interval

#: Meaning of a cell -> the words of the terminal for it. Never colour alone: the text says it too.
STYLES: Final[dict[str, str]] = {
    "": "",
    "muted": "dim",
    "strong": "bold",
    "ok": "green",
    "degraded": "yellow",
    "delayed": "cyan",
    "failed": "bold red",
    "lost": "bold magenta",
    "good": "green",
    "bad": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "name": "bold",
}


@dataclass(frozen=True)
class Cell:
    """One cell. ``raw`` is what CSV gets: the SI number, or the text. ``explains``: place among the document's numbers of what it shows."""

    text: str
    style: str = ""
    raw: float | str | None = None
    explains: int | None = None


@dataclass(frozen=True)
class Column:
    """A column. Numbers stand right; the last column takes what width is left."""

    key: str
    title: str
    right: bool = False


@dataclass(frozen=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class Branch:
    """A line of a tree: what, and what about it. ``explains``: place among the document's numbers of the figure in it."""

    text: str
    note: str = ""
    style: str = ""
    children: tuple[Branch, ...] = ()
    explains: int | None = None


@dataclass(frozen=True)
class Tree:
    branches: tuple[Branch, ...]
    title: str = ""


@dataclass(frozen=True)
class Heading:
    text: str
    note: str = ""


@dataclass(frozen=True)
class Note:
    text: str
    style: str = ""


@dataclass(frozen=True)
class Code:
    """Text to be shown exactly as it is, such as a file's line with a caret, or a command to copy."""

    text: str


Block = Heading | Table | Tree | Note | Code


@dataclass(frozen=True)
class Explained:
    """A number of the document that ``--why`` explains; ``id`` says which."""

    id: str
    number: Number
    about: str = ""


@dataclass
class Document:
    """Blocks in order, the numbers that were printed, and the assumptions in force."""

    blocks: list[Block] = field(default_factory=list)
    numbers: list[Explained] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)

    def add(self, *blocks: Block) -> Document:
        self.blocks += blocks
        return self

    def number(self, id: str, number: Number, style: str = "", about: str = "") -> Cell:
        """A cell for a number, remembered under ``id`` for --why; ``about`` says in words what it is."""
        self.numbers.append(Explained(id, number, about))
        return Cell(show(number), style, number.value, len(self.numbers) - 1)


def show(number: Number) -> str:
    """A number for people, with ``≈`` when it is an approximation, ``≤`` or ``>`` when a bound, and its interval when it was measured."""
    if number.method == "simulated":
        return with_interval(number.value, half_width_of(number.note), number.unit)
    sign = {"approximation": "≈ ", "bounded": "≤ ", "at-least": "> "}.get(number.method, "")
    return (
        sign + format_quantity(number.value, number.unit)
        if number.value not in (0, float("inf"))
        else format_quantity(number.value, number.unit)
    )


def clean(text: str) -> str:
    """Text from a file made harmless for a terminal: control characters are shown, not sent."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n" or "\u0e00" <= c <= "\u0e7f" else f"\\x{ord(c):02x}" for c in text.replace("\t", " "))
