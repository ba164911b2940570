"""What every single failure does, as data for the page's script: the documents of ``failover`` in both languages, each text once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from sysdesign_cli.analyses.dossier import Failure
from sysdesign_cli.analyses.failover import FailoverResult, FlowOutcome, States
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, format_quantity
from sysdesign_cli.views.document import Branch, Cell, Document, Heading, Note, Table, Tree
from sysdesign_cli.views.failover_view import failover_document

#: Lines of one derivation that are kept; of a hub of hundreds of services there would be thousands.
LINES_KEPT: Final = 60
#: Rows of one table that are kept: a cascade through hundreds of services has hundreds of steps in each of hundreds of kills.
ROWS_KEPT: Final = 12

Data = dict[str, object]


class Outcomes:
    """kills: what is killed -> what becomes of every flow and service, and how it came to that. texts: for each language, in order."""

    def __init__(self, says: Sequence[Say]) -> None:
        self._says = says
        self._places: dict[tuple[str, ...], int] = {}
        self._boxes: dict[str, int] = {}

    @property
    def boxes(self) -> list[str]:
        """Ids of the diagrams' boxes that anything happens to."""
        return list(self._boxes)

    @property
    def texts(self) -> dict[str, list[str]]:
        return {say.language: [texts[number] for texts in self._places] for number, say in enumerate(self._says)}

    def of(self, failures: Sequence[Failure]) -> Data:
        return {name_of(failure.outcome): self._one(failure) for failure in failures}

    def _one(self, failure: Failure) -> Data:
        result = failure.outcome
        documents = [failover_document(result, say) for say in self._says]
        hit = {
            flow.flow: [flow.answer.worst, flow.completion.worst, _share(flow.answer), _share(flow.completion)]
            for flow in result.flows
            if _is_hit(flow)
        }
        together = zip(*(document.blocks for document in documents), strict=True)
        return {
            "title": self._put([_heading(document) for document in documents]),
            "boxes": self._by_state((state, (box,)) for box, state in failure.boxes.items()),
            "arrows": self._by_state((state, (source, target)) for source, target, state in failure.arrows),
            "flows": hit,
            "blocks": [block for part in together for block in self._block(part, hit)],
        }

    def _block(self, blocks: Sequence[object], hit: Mapping[str, object]) -> Iterator[Data]:
        first = blocks[0]
        if isinstance(first, Table):
            tables = [block for block in blocks if isinstance(block, Table)]
            kept = [row for row in zip(*(table.rows for table in tables), strict=True) if _kept(row[0], first, hit)]
            if rows := [self._row(row) for row in kept[:ROWS_KEPT]]:
                columns = [self._put([table.columns[n].title for table in tables]) for n in range(len(first.columns))]
                yield {
                    "title": self._put([table.title for table in tables]),
                    "columns": columns,
                    "rows": rows,
                    "more": len(kept) - len(rows),
                }
        elif isinstance(first, Tree):
            trees = [list(_lines(block.branches, 0)) for block in blocks if isinstance(block, Tree)]
            lines = [
                [line[0][0], self._put([one[1].text for one in line]), self._put([one[1].note for one in line]), line[0][1].style]
                for line in zip(*(tree[:LINES_KEPT] for tree in trees), strict=True)
            ]
            yield {"lines": lines, "more": len(trees[0]) - len(lines)}
        elif isinstance(first, Note):
            yield {"note": self._put([block.text for block in blocks if isinstance(block, Note)]), "style": first.style}

    def _row(self, cells: Sequence[Sequence[Cell]]) -> list[object]:
        found: list[object] = []
        for column in zip(*cells, strict=True):
            text = self._put([cell.text for cell in column])
            found.append([text, column[0].style] if column[0].style else text)
        return found

    def _by_state(self, found: Iterable[tuple[str, Sequence[str]]]) -> dict[str, list[int]]:
        """State -> boxes by their place among ``boxes``; arrows are two of them each."""
        states: dict[str, list[int]] = {}
        for state, boxes in found:
            states.setdefault(state, []).extend(self._boxes.setdefault(box, len(self._boxes)) for box in boxes)
        return states

    def _put(self, texts: Sequence[str]) -> int:
        return self._places.setdefault(tuple(texts), len(self._places))


def name_of(result: FailoverResult) -> str:
    """What is killed, as the page's script knows it: a service by its name, a zone with a sign that no name has before it."""
    return result.kill.services[0] if result.kill.services else f"/{result.kill.zones[0]}"


def _is_hit(flow: FlowOutcome) -> bool:
    return flow.answer.worst != "ok" or flow.completion.worst != "ok"


def _share(states: States) -> str:
    """Which share of the requests the worst state meets, where it is not all of them."""
    share = states.shares[states.worst]
    return "" if states.worst == "ok" or share >= 1 - 1e-9 else format_quantity(share, SHARE)


def _heading(document: Document) -> str:
    first = document.blocks[0]
    return first.note if isinstance(first, Heading) else ""


def _kept(row: Sequence[Cell], table: Table, hit: Mapping[str, object]) -> bool:
    """Of the flows, only those that are hit: the page lists them all."""
    return table.columns[0].key != "flow" or table.columns[-1].key != "what" or row[0].text in hit


def _lines(branches: Sequence[Branch], depth: int) -> Iterator[tuple[int, Branch]]:
    for branch in branches:
        yield depth, branch
        yield from _lines(branch.children, depth + 1)
