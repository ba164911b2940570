"""A picture as PNG: the SVG, drawn with the fonts of this machine."""

from __future__ import annotations

import re
from typing import Final

from sysdesign_cli.analyses.picture import Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams.layout import LayoutMissing
from sysdesign_cli.views.diagrams.svg import svg

#: Dots for each unit of the SVG: sharp on a slide. Large pictures get fewer, so that a side stays below MOST.
ZOOM: Final = 2.0
MOST: Final = 16_000
#: Fonts for Thai by name, since the drawer would take the first that has its letters, bold or not.
_THAI_FONTS: Final = "Noto Sans Thai,Sarabun,TH Sarabun New,Leelawadee UI,Thonburi,Loma,Garuda,Waree"
_THAI: Final = re.compile("[\u0e00-\u0e7f]+(?:[ ]+[\u0e00-\u0e7f]+)*")
_TEXT: Final = re.compile("(<text[^>]*>)([^<]*)(</text>)")
_SIZE: Final = re.compile(r'<svg [^>]*width="(\d+)" height="(\d+)"')


def png(picture: Picture, say: Say) -> bytes:
    """Raises LayoutMissing."""
    return drawn(svg(picture, say))


def drawn(text: str) -> bytes:
    """An SVG of ours as PNG."""
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise LayoutMissing from error
    size = _SIZE.match(text)
    longest = max(float(side) for side in size.groups()) if size is not None else 1.0
    return bytes(svg_to_bytes(svg_string=_TEXT.sub(_with_thai, text), zoom=min(ZOOM, MOST / longest)))


def has_thai(text: str) -> bool:
    return _THAI.search(text) is not None


def thai_can_be_drawn() -> bool:
    """Whether a font of this machine has Thai letters: else they look like a sign that no font has."""
    return drawn(_probe("\u0e01")) != drawn(_probe("\uf8f0"))


def _probe(sign: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text y="30" font-size="24">{sign}</text></svg>'


def _with_thai(match: re.Match[str]) -> str:
    begin, text, end = match.groups()
    return begin + _THAI.sub(lambda thai: f'<tspan style="font-family:{_THAI_FONTS}">{thai[0]}</tspan>', text) + end
