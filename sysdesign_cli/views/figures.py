"""Tables of many figures: those columns in which nothing happened are left out; for programs all of them, and the intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sysdesign_cli.engine.explained import Number
from sysdesign_cli.views.document import Cell, Column, Document, Table
from sysdesign_cli.views.interval import half_width_of


@dataclass(frozen=True)
class Figure:
    """A column. always: also where it is nothing but zeros; measured: its numbers have intervals."""

    key: str
    title: str
    always: bool = False
    measured: bool = True


@dataclass(frozen=True)
class Row:
    """A line. id: of its numbers for --why; values: of the columns by key, where there are any."""

    id: str
    head: Cell
    values: Mapping[str, Number | Cell | None]


def figures_table(document: Document, head: Column, columns: Sequence[Figure], rows: Sequence[Row], title: str, *, whole: bool) -> Table:
    """whole: every column, and the half width of each interval beside its number, for programs."""
    shown = [column for column in columns if whole or column.always or any(_something(row.values.get(column.key)) for row in rows)]
    heads = [head]
    for column in shown:
        heads.append(Column(column.key, column.title, True))
        if whole and column.measured:
            heads.append(Column(f"{column.key}_half_width", "±", True))
    return Table(tuple(heads), tuple((row.head, *_cells(document, row, shown, whole)) for row in rows), title)


def _something(value: Number | Cell | None) -> bool:
    if isinstance(value, Number):
        return math.isfinite(value.value) and value.value != 0
    return value is not None and bool(value.raw or value.style)


def _cells(document: Document, row: Row, shown: Sequence[Figure], whole: bool) -> list[Cell]:
    cells = []
    for column in shown:
        value = row.values.get(column.key)
        half: float | None = None
        if isinstance(value, Number) and math.isfinite(value.value):
            cells.append(document.number(f"{row.id}.{column.key}", value))
            half = half_width_of(value.note) if value.method == "simulated" else None
        else:
            cells.append(value if isinstance(value, Cell) else Cell("–", "muted", ""))
        if whole and column.measured:
            cells.append(Cell("" if half is None else f"{half:g}", "", "" if half is None else half))
    return cells
