"""Where every figure of a page comes from, as one table in which each number stands once.

A page names a number by its place in the table; its script draws the derivation when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.model import Source
from sysdesign_cli.scenario.problems import Place
from sysdesign_cli.scenario.quantity import Figure, format_quantity
from sysdesign_cli.views.document import Document, show
from sysdesign_cli.views.interval import half_width_of

#: Value, formula, method, note, and the inputs as label, place, label, place, …; what is empty at the end is left out.
Entry = list[object]
_ORIGINS: Final = ("why.default", "why.assumed", "why.assumed-from", "why.sourced", "why.title", "why.assumptions", "why.sources")


class Derivations:
    """The table, filled as documents are shown. keys: formulas, methods and labels, which entries name by their place."""

    def __init__(self, sources: Sequence[Mapping[str, Source]]) -> None:
        """sources: of each scenario, by id; one id may mean different sources in different files."""
        self._sources: dict[str, list[Source]] = {}
        for of_one in sources:
            for name, source in of_one.items():
                known = self._sources.setdefault(name, [])
                known += [] if source in known else [source]
        self.entries: list[Entry] = []
        self._named: dict[str, int] = {"": 0}
        self._places: dict[tuple[object, ...], int] = {}
        self._seen: dict[int, tuple[Number, int]] = {}
        self._keys: dict[str, None] = dict.fromkeys(_ORIGINS)
        self._cited: dict[str, Source] = {}

    def of(self, document: Document) -> tuple[int, ...]:
        """The place of each number of a document."""
        return tuple(self.place(one.number) for one in document.numbers)

    def place(self, number: Number) -> int:
        known = self._seen.get(id(number))
        if known is None:
            known = (number, self._entered(number))  # the number is kept, so that nothing else gets its id
            self._seen[id(number)] = known
        return known[1]

    def _entered(self, number: Number) -> int:
        inputs = []
        for label, value in number.inputs:
            self._keys[f"input.{label}"] = None
            inputs.append((label, self.place(value) if isinstance(value, Number) else self._leaf(value)))
        measured = number.method == "simulated" and half_width_of(number.note) is not None
        formula = number.formula and f"formula.{number.formula}"
        method = "" if number.method == "exact" else f"method.{number.method}"
        self._keys |= dict.fromkeys(key for key in (formula, method) if key)
        return self._put(show(number), formula, method, "" if measured else number.note, tuple(inputs))

    def _leaf(self, value: Figure | str) -> int:
        if isinstance(value, str):
            return self._put(value, "", "", "", ())
        place = value.place
        named = [self._named_source(name, place) for name in value.sources if name in self._sources]
        origin = "why.default" if place is None else "why.assumed" if not named else "why.sourced"
        if named and place is not None and value.is_assumption:
            origin = "why.assumed-from"
        where = value.text if place is None else str(place)
        return self._put(format_quantity(value, value.unit), origin, "", where, tuple((source, -1) for source in named))

    def _named_source(self, name: str, place: Place | None) -> str:
        """The id, with its file where the id alone does not say which; the source is remembered, to be cited."""
        found = self._sources[name]
        file = place.file if place is not None else ""
        source = next((one for one in found if _file_of(one) == file), found[0])
        key = name if len(found) == 1 else f"{name} ({_file_of(source)})"
        self._cited[key] = source
        return key

    def _put(self, value: str, formula: str, method: str, note: str, inputs: tuple[tuple[str, int], ...]) -> int:
        key = (value, formula, method, note, inputs)
        if key not in self._places:
            self._places[key] = len(self.entries)
            flat = [part for label, place in inputs for part in (self._key(label), place)]
            entry: Entry = [value, self._key(formula), self._key(method), note, flat]
            while entry and not entry[-1]:
                entry.pop()
            self.entries.append(entry or [""])
        return self._places[key]

    def _key(self, name: str) -> int:
        return self._named.setdefault(name, len(self._named))

    @property
    def keys(self) -> list[str]:
        return list(self._named)

    def texts(self, say: Say) -> dict[str, str]:
        """The texts that the entries name, in one language."""
        return {key: text for key in self._keys if (text := say.maybe(key))}

    def cited(self, say: Say) -> dict[str, str]:
        """Source -> how it is cited."""
        found = {}
        for name, source in self._cited.items():
            grade = say(f"grade.{source.grade}") if source.grade else ""
            parts = [source.title.in_language(say.language), source.address, source.date, grade]
            found[name] = "; ".join(part for part in parts if part)
        return found


def _file_of(source: Source) -> str:
    return source.node.place.file if source.node is not None else ""
