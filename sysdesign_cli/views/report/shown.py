"""Documents as the page's templates take them: with the place of each of their numbers in the table of derivations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sysdesign_cli.analyses.journey import FlowResult, Step
from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Block, Branch, Cell, Document, Heading, Table, Tree, show
from sysdesign_cli.views.flow_view import flow_document, step_facts, step_style, step_subject
from sysdesign_cli.views.report.derivations import Derivations


@dataclass(frozen=True)
class Figure:
    """A number that stands in a sentence, or nowhere: named, so that it can be asked all the same."""

    id: str
    text: str
    place: int


@dataclass(frozen=True)
class Shown:
    """Blocks to be laid out; places: of the document's numbers; more: figures that no cell shows."""

    note: str
    blocks: tuple[Block, ...]
    places: tuple[int, ...]
    more: tuple[Figure, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class StepLine:
    """A step of a journey. source, target: the boxes of the diagram between which it goes; source is "" where users come in."""

    subject: str
    facts: tuple[tuple[str, int | None], ...]
    style: str
    source: str
    target: str
    children: tuple[StepLine, ...]


@dataclass(frozen=True)
class Journey:
    """One flow: its steps, and the rest of what ``flow`` says of it."""

    flow: str
    title: str
    steps: StepLine
    rest: Shown


def shown(document: Document, derivations: Derivations) -> Shown:
    places = derivations.of(document)
    first = document.blocks[0] if document.blocks else None
    note = first.note if isinstance(first, Heading) else ""
    known = _Known(document, places)
    blocks = tuple(known.linked(block) for block in (document.blocks[1:] if isinstance(first, Heading) else document.blocks))
    asked = {places[number] for number in _linked(blocks)}
    more: dict[int, Figure] = {}
    for one, place in zip(document.numbers, places, strict=True):
        if place not in asked and place not in more:
            more[place] = Figure(one.id, show(one.number), place)
    return Shown(note, blocks, places, tuple(more.values()), tuple(document.assumptions))


class _Known:
    """Numbers by value. A cell that shows the value of just one of them, to the last digit, shows that one."""

    def __init__(self, document: Document, places: tuple[int, ...]) -> None:
        self._by_value: dict[float, dict[int, int]] = {}
        for number, (one, place) in enumerate(zip(document.numbers, places, strict=True)):
            self._by_value.setdefault(one.number.value, {}).setdefault(place, number)

    def linked(self, block: Block) -> Block:
        if not isinstance(block, Table):
            return block
        return replace(block, rows=tuple(tuple(self._cell(cell) for cell in row) for row in block.rows))

    def _cell(self, cell: Cell) -> Cell:
        if cell.explains is not None or not isinstance(cell.raw, float):
            return cell
        found = list(self._by_value.get(cell.raw, {}).values())
        return replace(cell, explains=found[0]) if len(found) == 1 and not cell.raw.is_integer() else cell


def _linked(blocks: tuple[Block, ...]) -> Iterator[int]:
    """Numbers that a cell or a line shows."""
    for block in blocks:
        if isinstance(block, Table):
            yield from (cell.explains for row in block.rows for cell in row if cell.explains is not None)
        elif isinstance(block, Tree):
            yield from _linked_below(block.branches)


def _linked_below(branches: tuple[Branch, ...]) -> Iterator[int]:
    for branch in branches:
        if branch.explains is not None:
            yield branch.explains
        yield from _linked_below(branch.children)


def journey_shown(result: FlowResult, say: Say, derivations: Derivations) -> Journey:
    document = flow_document(result, say)
    facts = Document()
    steps = _step(result.root, "", say, facts)
    places = derivations.of(facts)
    rest = Document([block for block in document.blocks if not isinstance(block, Tree)], document.numbers)
    named = shown(rest, derivations)
    more = tuple(figure for figure in named.more if figure.id in ("rate", "depth"))
    kept = Shown(named.note, named.blocks, named.places, more, tuple(document.assumptions))
    return Journey(result.flow, result.title.in_language(say.language), _placed(steps, places), kept)


def _step(step: Step, source: str, say: Say, facts: Document) -> StepLine:
    """A step and all below it; what is published goes to the event's box, and what is delivered comes from there."""
    target = step.subject if step.kind == "publish" else step.subject.partition(".")[0]
    told = tuple((fact.text, fact.explains) for fact in step_facts(step, say, facts))
    children = tuple(_step(child, target, say, facts) for child in step.children)
    return StepLine(step_subject(step, say), told, step_style(step), source, target, children)


def _placed(line: StepLine, places: tuple[int, ...]) -> StepLine:
    """The same with places in the table of derivations."""
    facts = tuple((text, None if number is None else places[number]) for text, number in line.facts)
    return StepLine(line.subject, facts, line.style, line.source, line.target, tuple(_placed(child, places) for child in line.children))


__all__ = ["Figure", "Journey", "Shown", "StepLine", "journey_shown", "shown"]
