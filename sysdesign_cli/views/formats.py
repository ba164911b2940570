"""Documents as text: for a terminal, plain, Markdown and CSV. Pure functions: document in, text out."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sysdesign_cli.views.document import STYLES, Block, Branch, Cell, Code, Document, Heading, Note, Table, Tree, clean

if TYPE_CHECKING:
    from rich.console import Console


def terminal(document: Document, width: int, color: bool) -> str:
    """For a terminal of so many columns; text that does not fit wraps, nothing is cut."""
    from rich.console import Console

    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=max(width, 20),
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for number, block in enumerate(document.blocks):
        if number and not (isinstance(block, Note | Code) and isinstance(document.blocks[number - 1], Note | Code)):
            console.print()
        _print(console, block)
    return "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))


def _print(console: Console, block: Block) -> None:
    from rich.table import Table as RichTable
    from rich.text import Text

    if isinstance(block, Heading):
        console.print(Text.assemble((clean(block.text), "bold"), clean(f" · {block.note}") if block.note else ""))
    elif isinstance(block, Note):
        console.print(Text(clean(block.text), STYLES[block.style]))
    elif isinstance(block, Code):
        console.print(Text(clean(block.text)), soft_wrap=True)
    elif isinstance(block, Table):
        if block.title:
            console.print(Text(" " + clean(block.title), "bold"))
        if _too_narrow(block, console.width):
            _print_records(console, block)
            return
        table = RichTable(box=None, pad_edge=True, padding=(0, 1), show_header=any(c.title for c in block.columns), header_style="dim")
        for number, column in enumerate(block.columns):
            narrow = (
                number < len(block.columns) - 1
                and max((_cells(row[number].text) for row in block.rows if number < len(row)), default=0) <= 26
            )
            table.add_column(Text(clean(column.title)), justify="right" if column.right else "left", overflow="fold", no_wrap=narrow)
        for row in block.rows:
            table.add_row(*(Text(clean(cell.text), STYLES[cell.style]) for cell in row))
        console.print(table)
    else:
        if block.title:
            console.print(Text(" " + clean(block.title), "bold"))
        _print_tree(console, block)


def _too_narrow(table: Table, width: int) -> bool:
    """Whether the columns that must not wrap leave no room for the rest."""
    fixed = [max([_cells(c.title), *(_cells(row[n].text) for row in table.rows if n < len(row))]) for n, c in enumerate(table.columns)]
    narrow = [w for n, w in enumerate(fixed) if n < len(fixed) - 1 and w <= 26]
    wide = [w for n, w in enumerate(fixed) if n == len(fixed) - 1 or w > 26]
    return sum(narrow) + sum(min(w, 14) for w in wide) + 2 * len(fixed) > width


def _print_records(console: Console, table: Table) -> None:
    """A table in a terminal too narrow for it: one short block for each row."""
    from rich.text import Text

    for row in table.rows:
        for column, cell in zip(table.columns, row, strict=True):
            if cell.text:
                label = f"{column.title}: " if column.title else ""
                console.print(Text(" " + clean(label), "dim") + Text(clean(cell.text), STYLES[cell.style]))
        console.print()


def _print_tree(console: Console, tree: Tree) -> None:
    """Two columns, what and what about it; where nothing stands in the second, the first has the whole width."""
    from rich.table import Table as RichTable
    from rich.text import Text

    lines = list(_lines(tree.branches))
    noted = any(branch.note for _, branch in lines)
    widest = max((_cells(line) for line, _ in lines), default=0)
    if widest > console.width * (0.62 if noted else 1.0) - 2:
        _print_stacked(console, lines)
        return
    grid = RichTable(box=None, pad_edge=True, padding=(0, 1), show_header=False)
    grid.add_column(no_wrap=True)
    if noted:
        grid.add_column(overflow="fold")
    for line, branch in lines:
        guide = len(line) - len(branch.text)
        first = Text(clean(line[:guide]) + clean(branch.text), "" if noted else STYLES[branch.style])
        grid.add_row(*([first, Text(clean(branch.note), STYLES[branch.style])] if noted else [first]))
    console.print(grid)


def _print_stacked(console: Console, lines: list[tuple[str, Branch]]) -> None:
    """For narrow terminals: the note below its line; whatever wraps stays right of the tree's guides."""
    from rich.text import Text

    for line, branch in lines:
        guide = line[: len(line) - len(branch.text)]
        below = guide.replace("├─ ", "│  ").replace("└─ ", "   ") + ("│  " if branch.children else "   ")
        head, note = Text(clean(branch.text), "" if branch.note else STYLES[branch.style]), Text(clean(branch.note), STYLES[branch.style])
        for prefix, text in ((guide, head), (below, note)):
            if not text.plain:
                continue
            room = max(16, console.width - 1 - _cells(prefix))
            for number, part in enumerate(text.wrap(console, room)):
                part.rstrip()
                console.print(Text(" " + (prefix if number == 0 else below)) + part)


def _lines(branches: tuple[Branch, ...], prefix: str = "", top: bool = True) -> Iterator[tuple[str, Branch]]:
    for number, branch in enumerate(branches):
        last = number == len(branches) - 1
        yield (branch.text if top else f"{prefix}{'└─ ' if last else '├─ '}{branch.text}"), branch
        yield from _lines(branch.children, "" if top else prefix + ("   " if last else "│  "), False)


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def plain(document: Document) -> str:
    """Without colours and boxes, as wide as it needs to be: for pipes and files."""
    parts = []
    for block in document.blocks:
        if isinstance(block, Heading):
            parts.append(f"{block.text} · {block.note}" if block.note else block.text)
        elif isinstance(block, Note | Code):
            parts.append(block.text)
        elif isinstance(block, Table):
            rows = [[column.title for column in block.columns], *([cell.text for cell in row] for row in block.rows)]
            if not any(rows[0]):
                rows = rows[1:]
            parts.append("\n".join(([block.title] if block.title else []) + _aligned(rows, [column.right for column in block.columns])))
        else:
            lines = [[line, branch.note] for line, branch in _lines(block.branches)]
            parts.append("\n".join(([block.title] if block.title else []) + _aligned(lines, [False, False])))
    return clean("\n\n".join(parts)) + "\n"


def _aligned(rows: list[list[str]], right: list[bool]) -> list[str]:
    """Columns padded by what a terminal shows, not by characters: Thai has marks without width."""
    rows = [[cell.replace("\n", " ") for cell in row] for row in rows]
    widths = [max(_cells(row[i]) for row in rows) for i in range(len(right))] if rows else []
    lines = []
    for row in rows:
        cells = []
        for i, cell in enumerate(row):
            gap = " " * (widths[i] - _cells(cell))
            cells.append(gap + cell if right[i] else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return lines


def markdown(document: Document) -> str:
    """GitHub-flavoured Markdown."""
    parts = []
    for block in document.blocks:
        if isinstance(block, Heading):
            parts.append(f"## {_escaped(block.text)}" + (f"\n\n{_escaped(block.note)}" if block.note else ""))
        elif isinstance(block, Note):
            parts.append(_escaped(block.text))
        elif isinstance(block, Code):
            parts.append(f"```\n{block.text}\n```")
        elif isinstance(block, Table):
            parts.append(_markdown_table(block))
        else:
            parts.append((f"**{_escaped(block.title)}**\n\n" if block.title else "") + "\n".join(_markdown_tree(block.branches)))
    return clean("\n\n".join(parts)) + "\n"


def _markdown_table(table: Table) -> str:
    head = "| " + " | ".join(_escaped(column.title) for column in table.columns) + " |"
    rule = "|" + "|".join(" ---: " if column.right else " --- " for column in table.columns) + "|"
    rows = ["| " + " | ".join(_escaped(cell.text) for cell in row) + " |" for row in table.rows]
    return "\n".join(([f"**{_escaped(table.title)}**\n"] if table.title else []) + [head, rule, *rows])


def _markdown_tree(branches: tuple[Branch, ...], depth: int = 0) -> Iterator[str]:
    for branch in branches:
        yield f"{'  ' * depth}- {_escaped(branch.text)}" + (f": {_escaped(branch.note)}" if branch.note else "")
        yield from _markdown_tree(branch.children, depth + 1)


def _escaped(text: str) -> str:
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")


def comma_separated(document: Document) -> str:
    """Every table one after the other, an empty line between; numbers as SI values, trees as indented rows."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    first = True
    for block in document.blocks:
        if isinstance(block, Table | Tree):
            if not first:
                buffer.write("\n")
            first = False
            if isinstance(block, Table):
                writer.writerow([column.key for column in block.columns])
                for row in block.rows:
                    writer.writerow([_raw(cell) for cell in row])
            else:
                writer.writerow(["step", "outcome"])
                for line, branch in _lines(block.branches):
                    writer.writerow([_harmless(line), _harmless(branch.note)])
    return buffer.getvalue()


def _raw(cell: Cell) -> str:
    if isinstance(cell.raw, float | int) and not isinstance(cell.raw, bool):
        value = float(cell.raw)
        if not math.isfinite(value):
            return "" if math.isnan(value) else "inf" if value > 0 else "-inf"
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return _harmless(cell.raw if isinstance(cell.raw, str) else cell.text)


def _harmless(text: str) -> str:
    """A spreadsheet takes a leading = + - @ for a formula."""
    text = clean(text)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text
