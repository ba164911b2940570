"""``--why``: where a number comes from, down to the lines of the file."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import Figure, format_quantity
from sysdesign_cli.views.document import Branch, Document, Heading, Note, Tree, show
from sysdesign_cli.views.interval import half_width_of

if TYPE_CHECKING:
    from sysdesign_cli.scenario.model import Source

MAX_DEPTH = 12


def explain(document: Document, say: Say, sources: Mapping[str, Source], pattern: str = "*") -> Document:
    """The document, followed by the derivation of each of its numbers whose id fits the pattern, and the assumptions."""
    wanted = [one for one in document.numbers if fnmatch.fnmatch(one.id, pattern) or pattern in one.id]
    if not wanted:
        known = ", ".join(dict.fromkeys(one.id for one in document.numbers)) or "–"
        return document.add(Note(say("why.none", pattern=pattern, known=known), "warning"))
    explainer = _Explainer(say, sources)
    branches = tuple(_with(explainer.branch(one.id, one.number, 0), one.about) for one in wanted)
    document.add(Heading(say("why.title")), Tree(branches))
    if explainer.cited:
        cited = tuple(Branch(name, _cited(sources[name], say)) for name in explainer.cited if name in sources)
        if cited:
            document.add(Tree(cited, say("why.sources")))
    assumptions = tuple(Branch(f"– {text}") for text in dict.fromkeys(document.assumptions))
    if assumptions:
        document.add(Tree(assumptions, say("why.assumptions")))
    return document


def _with(branch: Branch, about: str) -> Branch:
    return replace(branch, note=f"{about} {branch.note}".strip()) if about else branch


def _cited(source: Source, say: Say) -> str:
    parts = [source.title.in_language(say.language), source.address, source.date, say(f"grade.{source.grade}") if source.grade else ""]
    return "; ".join(part for part in parts if part)


class _Explainer:
    def __init__(self, say: Say, sources: Mapping[str, Source]) -> None:
        self.say = say
        self.sources = sources
        self.cited: dict[str, None] = {}

    def branch(self, label: str, number: Number | Figure | str, depth: int) -> Branch:
        name = self._label(label)
        if isinstance(number, str):
            return Branch(f"{name}: {number}" if not name.startswith("#") else number)
        if isinstance(number, Figure):
            return Branch(f"{name} = {format_quantity(number, number.unit)}", self._origin(number))
        formula = self.say.maybe(f"formula.{number.formula}") if number.formula else ""
        method = "" if number.method == "exact" else f" [{self.say(f'method.{number.method}')}]"
        text = show(number) if name.startswith("#") else f"{name} = {show(number)}"
        children: tuple[Branch, ...] = ()
        if depth < MAX_DEPTH:
            children = tuple(self.branch(part, value, depth + 1) for part, value in number.inputs)
        measured = number.method == "simulated" and half_width_of(number.note) is not None
        note = "" if measured else number.note  # its interval stands beside the value
        return Branch(text, formula + method + (f" ({note})" if note else ""), "muted", children)

    def _label(self, label: str) -> str:
        return self.say.maybe(f"input.{label}") or label

    def _origin(self, figure: Figure) -> str:
        place = figure.place
        if place is None:
            return self.say("why.default", text=figure.text)
        named = [source for source in figure.sources if source in self.sources]
        self.cited |= dict.fromkeys(named)
        if not named:
            return self.say("why.assumed", place=str(place))
        key = "why.assumed-from" if figure.is_assumption else "why.sourced"
        return self.say(key, place=str(place), source=", ".join(named))
