"""A compact drawing for a terminal: every service once, below the first that leads to it."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.picture import Arrow, Box, Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import wording
from sysdesign_cli.views.document import Branch, Note, Tree

#: Never by colour alone: a solid line waits, a broken one does not, a dot is a store.
_SIGNS: Final[dict[str, str]] = {"start": "▶", "call": "▶", "store": "●", "publish": "┄▷", "deliver": "┄▷", "fallback": "··▷"}
_STYLES: Final[dict[str, str]] = {"publish": "delayed", "deliver": "delayed", "fallback": "muted"}
#: A chain longer than this goes on further below, as a root of its own.
DEEPEST: Final = 24
#: A picture with more arrows is for a page, not for a terminal.
MOST: Final = 150


def drawn(picture: Picture, say: Say) -> Tree | Note | None:
    """The drawing; a note instead of one that would fill screens, and nothing where there is nothing to see."""
    if len(picture.arrows) > MOST:
        return Note(say("diagram.too-large-here", scenario=picture.scenario, arrows=len(picture.arrows)), "muted")
    return terminal(picture, say) if picture.arrows else None


def terminal(picture: Picture, say: Say) -> Tree:
    """Flows and what they lead to, then what nothing leads to."""
    return Tree(_Drawing(picture, say).branches(), say("diagram.compact"))


class _Drawing:
    def __init__(self, picture: Picture, say: Say) -> None:
        self.say = say
        self.boxes = {box.id: box for box in picture.boxes}
        self.leaving: dict[str, list[Arrow]] = {box.id: [] for box in picture.boxes}
        for arrow in picture.arrows:
            self.leaving[arrow.source].append(arrow)
        self.entered: dict[str, list[str]] = {}
        for arrow in picture.arrows:
            if arrow.kind == "start":
                self.entered.setdefault(arrow.target, []).append(self.boxes[arrow.source].name)
        self.shown: set[str] = set()
        self.later: list[str] = []

    def branches(self) -> tuple[Branch, ...]:
        """Where users come in first; then what is left, among it what was too deep."""
        found = [self._root(id) for id in self.entered]
        while self.later:
            id = self.later.pop(0)
            if id not in self.shown:
                found.append(self._root(id))
        for box in self.boxes.values():
            if box.kind != "flow" and box.id not in self.shown:
                found.append(self._root(box.id))
        return tuple(found)

    def _root(self, id: str) -> Branch:
        box = self.boxes[id]
        above = id in self.shown
        return Branch(wording.line(box.name), self._note(box, above), "name", () if above else self._below(id, 0))

    def _below(self, id: str, depth: int) -> tuple[Branch, ...]:
        self.shown.add(id)
        return tuple(self._branch(arrow, depth + 1) for arrow in self.leaving[id])

    def _branch(self, arrow: Arrow, depth: int) -> Branch:
        box = self.boxes[arrow.target]
        text = f"{_SIGNS[arrow.kind]} {wording.line(box.name)}"
        style = _STYLES.get(arrow.kind, "")
        if arrow.target in self.shown:
            again = self.say("diagram.above") if self.leaving[arrow.target] else ""
            return Branch(text, again, style)
        if depth >= DEEPEST and self.leaving[arrow.target]:
            self.later.append(arrow.target)
            return Branch(text, self.say("diagram.further-down"), style)
        return Branch(text, self._note(box, False), style, self._below(arrow.target, depth))

    def _note(self, box: Box, above: bool) -> str:
        parts = [wording.kind_name(box.kind, self.say)] if box.kind != "service" else []
        if box.team:
            parts.append(self.say("diagram.group.team", name=box.team))
        if flows := self.entered.get(box.id):
            parts.append(self.say("diagram.entered-by", flows=", ".join(flows)))
        if above:
            parts.append(self.say("diagram.above"))
        return wording.line(" · ".join(parts))
