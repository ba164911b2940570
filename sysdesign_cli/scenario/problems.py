"""What can be wrong with a scenario file: one problem is one code, one place and what was expected instead."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

#: Stable code -> slug. The texts are in the message files under ``problem.<slug>``.
CODES: Final[dict[str, str]] = {
    "E101": "unreadable",
    "E102": "too-large",
    "E103": "not-text",
    "E104": "control-character",
    "E105": "not-yaml",
    "E106": "too-deep",
    "E107": "alias",
    "E108": "duplicate-key",
    "E109": "include-outside",
    "E110": "include-cycle",
    "E201": "unknown-key",
    "E202": "missing-key",
    "E203": "wrong-kind",
    "E204": "bad-choice",
    "E205": "bad-name",
    "E206": "bad-number",
    "E207": "wrong-unit",
    "E208": "out-of-range",
    "E209": "unknown-name",
    "E210": "ambiguous-handler",
    "E211": "chances-over-one",
    "E212": "unstable-loop",
    "E213": "bad-variant",
    "E214": "contradiction",
    "E215": "too-many",
    "E216": "defined-twice",
    "E217": "unknown-version",
    "E218": "simulation-too-long",
    "E219": "simulation-too-many-users",
    "E220": "fault-after-end",
    "E301": "no-such-scenario",
    "E302": "no-such-variant",
}
_BY_SLUG: Final = {slug: code for code, slug in CODES.items()}
#: A file shows this many problems at most; one more (``too-many``) says that there are others.
MAX_PROBLEMS: Final = 200


@dataclass(frozen=True)
class Place:
    """Where something stands: a file, and a line and column counted from 1 (line 0: the file as a whole)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, with everything a message needs."""

    slug: str
    place: Place
    params: dict[str, str] = field(default_factory=dict)
    near: tuple[str, ...] = ()
    """Known names that resemble what was written."""
    source_line: str = ""
    width: int = 1
    """How many characters of the source line are meant."""

    @property
    def code(self) -> str:
        return _BY_SLUG[self.slug]

    def sort_key(self) -> tuple[str, int, int, str]:
        return (self.place.file, self.place.line, self.place.column, self.slug)


def too_many(what: str, limit: int) -> dict[str, str]:
    """What a message about too many problems, files or values needs."""
    return {"what": what, "count": f"> {limit:,}", "limit": f"{limit:,}"}


class ScenarioError(Exception):
    """A scenario that cannot be used: every problem found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{p.place}: {p.code} {p.slug} {p.params}" for p in problems[:5]))
        self.problems = sorted(problems, key=Problem.sort_key)


class Names:
    """Known names, put in order once so that each look-up for a misspelt one is quick."""

    def __init__(self, known: Iterable[str]) -> None:
        self._original = {name.lower(): name for name in reversed(list(known))}
        self._forward: list[tuple[str, str]] = []
        self._backward: list[tuple[str, str]] = []
        if len(self._original) > _COMPARED:
            self._forward = sorted((_letters(name), name) for name in self._original)
            self._backward = sorted((letters[::-1], name) for letters, name in self._forward)

    def nearest(self, word: str, count: int = 3) -> tuple[str, ...]:
        """The known names most like ``word``, best first; none when nothing is close."""
        import difflib

        word = word.lower()[:80]
        found = difflib.get_close_matches(word, self._candidates(word), n=count, cutoff=0.6)
        return tuple(self._original[name] for name in found)

    def _candidates(self, word: str) -> list[str]:
        """All names while they are few; of many, those that begin or end most like the word (comparing takes 60 µs each)."""
        if not self._forward:
            return list(self._original)
        letters = _letters(word)
        return list(dict.fromkeys(_around(self._forward, letters) + _around(self._backward, letters[::-1])))


_COMPARED: Final = 200


def _letters(name: str) -> str:
    """Letters and digits only, so that ``order_db`` stands beside ``order-db``."""
    return name.replace("-", "").replace("_", "").replace(".", "")


def _around(names: list[tuple[str, str]], letters: str) -> list[str]:
    position = bisect.bisect(names, (letters, ""))
    return [name for _, name in names[max(0, position - _COMPARED // 4) : position + _COMPARED // 4]]


def nearest(word: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The known names most like ``word``, best first; none when nothing is close."""
    return Names(known).nearest(word, count)
