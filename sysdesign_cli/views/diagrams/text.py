"""How much room text takes, before anybody knows in which font it will be drawn.

Widths are upper bounds in ems over the sans-serif fonts that are likely (DejaVu, Noto, Liberation, Segoe and their like), so that a
label stays inside its box whichever of them a reader has.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_NARROW: Final = frozenset("ijl.,:;'|!I ()[]`")
_WIDE: Final = frozenset("mwMW@%—…")


#: A word may be so many times wider than a line before it is parted: Thai puts no space between words.
STRETCH: Final = 1.7


def width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line at most, in the unit of ``size``."""
    return sum(_advance(sign) for sign in text) * size * (1.1 if bold else 1.0)


def _advance(sign: str) -> float:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0.0  # stands above or below the sign before it
    if sign in _NARROW:
        return 0.4
    if sign in _WIDE:
        return 1.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    return 0.7 if sign.isupper() or not sign.isascii() else 0.64


def wrapped(text: str, size: float, most: float, lines: int, bold: bool = False) -> tuple[str, ...]:
    """The text in so many lines of such a width at most, broken at spaces where there are any; what does not fit ends in ``…``."""
    result: list[str] = []
    rest = " ".join(text.split())
    while rest and len(result) < lines:
        cut = _fitting(rest, size, most, bold)
        word = rest.partition(" ")[0]
        if lines > 1 and cut < len(word) and width(word, size, bold) <= most * STRETCH:
            cut = len(word)
        if cut < len(rest) and len(result) == lines - 1:
            return (*result, rest[: _fitting(rest, size, most - width("…", size, bold), bold)].rstrip() + "…")
        space = rest.rfind(" ", 0, cut + 1)
        if cut < len(rest) and space > 0:
            cut = space
        result.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return tuple(result)


def shortened(text: str, size: float, most: float, bold: bool = False) -> str:
    """The text on one line of such a width at most."""
    return "".join(wrapped(text, size, most, 1, bold))


def _fitting(text: str, size: float, most: float, bold: bool) -> int:
    """How many signs fit, one at least, without parting a sign from its marks."""
    used = 0.0
    for number, sign in enumerate(text):
        used += width(sign, size, bold)
        if used > most and number > 0:
            return number
    return len(text)
