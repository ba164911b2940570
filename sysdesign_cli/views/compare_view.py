"""Systems side by side, for reading."""

from __future__ import annotations

from dataclasses import replace

from sysdesign_cli.analyses.character import Word
from sysdesign_cli.analyses.comparison import Compared, CompareResult
from sysdesign_cli.analyses.metrics.base import Unavailable
from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Cell, Column, Document, Heading, Note, Table, show


def compare_document(result: CompareResult, say: Say) -> Document:
    document = Document()
    document.add(Heading(" · ".join(side.scenario for side in result.sides), say("compare.heading")))
    sides = tuple(Column(side.scenario, side.scenario) for side in result.sides)
    document.add(Table((Column("dimension", ""), *sides), _head(result, say) + _summary(document, result, say), say("compare.summary")))
    document.add(
        Table(
            (Column("metric", say("column.metric")), *(Column(c.key, c.title, True) for c in sides), Column("better", "")),
            tuple(_row(document, row, result, say) for row in result.rows),
            say("compare.metrics"),
        )
    )
    document.add(Note(say("compare.legend"), "muted"))
    if result.common:
        rows = tuple((Cell("–"), Cell(_common(key, fact, say))) for key, fact in result.common)
        document.add(Table((Column("#", ""), Column("common", "")), rows, say("compare.common")))
    missing = _missing(result, say)
    for note in missing:
        document.add(Note(note, "muted"))
    document.assumptions += [say("assume.each-peak"), say("assume.traffic"), say("assume.thresholds")]
    return document


def _head(result: CompareResult, say: Say) -> tuple[tuple[Cell, ...], ...]:
    what = (Cell(say("compare.what"), "muted"), *(Cell(side.title.in_language(say.language)) for side in result.sides))
    when = (
        Cell(say("compare.under"), "muted"),
        *(
            Cell(say("compare.workload-at", workload=side.workload_title.in_language(say.language) or side.workload, clock=side.clock))
            for side in result.sides
        ),
    )
    return (what, when)


def _summary(document: Document, result: CompareResult, say: Say) -> tuple[tuple[Cell, ...], ...]:
    rows = []
    for dimension in result.dimensions:
        cells = [Cell(say(f"dimension.{dimension}"), "strong")]
        for side in result.sides:
            words = side.words[dimension]
            for word in words:
                document.number(f"{side.scenario}.{dimension}.{word.key}", word.evidence)
            joiner = " + " if dimension in ("architecture", "data") else " / "
            text = joiner.join(say_word(word, say) for word in words)
            cells.append(Cell(text or say("compare.nothing-said"), "strong" if words else "muted"))
        rows.append(tuple(cells))
    return tuple(rows)


def say_word(word: Word, say: Say) -> str:
    """A derived word with the figure that it follows from."""
    content = (say.maybe(f"content.{word.content}") or word.content) if word.content else ""
    kind = word.evidence.inputs[0][0] if word.evidence.formula == "tightest" else ""
    figure = say(f"word.of-{kind}", time=show(word.evidence)) if kind else show(word.evidence)
    return say(f"word.{word.key}", content=content) + f" ({figure})"


def _row(document: Document, row: Compared, result: CompareResult, say: Say) -> tuple[Cell, ...]:
    cells = [Cell(say(f"metric.{row.metric.id}") + ("" if row.differs else " ="), "" if row.differs else "muted")]
    for position, value in enumerate(row.values):
        if isinstance(value, Unavailable):
            cells.append(Cell("–", "muted", ""))
        else:
            style = "good" if position in row.best else ("strong" if row.differs else "muted")
            about = say(f"metric.{row.metric.id}.definition")
            cell = document.number(f"{result.sides[position].scenario}.{row.metric.id}", value, style, about)
            cells.append(replace(cell, text=cell.text + (" ✓" if position in row.best else "")) if row.best else cell)
    cells.append(Cell({"lower": "↓", "higher": "↑"}.get(row.metric.better, ""), "muted"))
    return tuple(cells)


def _common(key: str, fact: str, say: Say) -> str:
    if key == "word":
        dimension, word, content = fact.split(":", 2)
        shown = (say.maybe(f"content.{content}") or content) if content else ""
        return say("common.word", dimension=say(f"dimension.{dimension}"), word=say(f"word.{word}", content=shown))
    return say(f"common.{key}", fact=fact)


def _missing(result: CompareResult, say: Say) -> list[str]:
    notes = []
    for row in result.rows:
        for side, value in zip(result.sides, row.values, strict=True):
            if isinstance(value, Unavailable):
                why = say(f"unavailable.{value.reason}", about=value.about)
                notes.append(say("compare.no-value", metric=say(f"metric.{row.metric.id}"), scenario=side.scenario, why=why))
    return notes
