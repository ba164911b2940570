"""The scenario file behind the explorer: read, kept, watched; what is wrong with it is a result, not an end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sysdesign_cli.api import Design, vocabulary
from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.scenario.library import open_document
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.read import Document

#: Of a file: time of its last change, size, number on its disk; None where there is none.
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class Reading:
    """What became of one reading: a design, or what is wrong. Exactly one of them is there."""

    design: Design | None
    error: ScenarioError | None


class Source:
    """One scenario file with what it includes. Its text is parsed once until it changes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._files: tuple[Path, ...] = ()
        self._stamps: tuple[Stamp, ...] = ()
        self._document: Document | None = None
        self._error: ScenarioError | None = None
        self.reread()

    def reread(self) -> None:
        """Parse the file anew; what was known of its parts stays when it cannot be parsed, so that they stay watched."""
        try:
            self._stamps = tuple(_stamp(path) for path in self._files)
            self._document, self._error = open_document(self.name), None
        except ScenarioError as error:
            self._document, self._error = None, error
            if not self._files:
                self._watch((Path(self.name),))
            return
        files = (self._document.path, *(Path(shown) for shown in self._document.files))
        if files != self._files:
            self._watch(files)

    def _watch(self, files: tuple[Path, ...]) -> None:
        self._files = files
        self._stamps = tuple(_stamp(path) for path in files)

    def has_changed(self) -> bool:
        """Whether a file was written since it was read."""
        return tuple(_stamp(path) for path in self._files) != self._stamps

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants; "" for the scenario itself comes first."""
        return ("", *self._document.variant_names()) if self._document is not None else ("",)

    def read(self, situation: Situation) -> Reading:
        """The design of a situation, or everything that is wrong with it."""
        if self._document is None:
            return Reading(None, self._error)
        try:
            scenario = self._document.scenario(situation.variant, situation.address, vocabulary(), situation.changes, where_they_fit=True)
            return Reading(Design(scenario, situation.changes), None)
        except ScenarioError as error:
            return Reading(None, error)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
