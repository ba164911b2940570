"""A picture as PNG: the SVG, drawn with the fonts of this machine."""

from __future__ import annotations

import re
from typing import Any, Final

from sysdesign_cli.analyses.picture import Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams.layout import LayoutMissing
from sysdesign_cli.views.diagrams.svg import svg

#: Dots for each unit of the SVG: sharp on a slide. Large pictures get fewer, so that there are at most so many in all.
ZOOM: Final = 1.5
MOST: Final = 60e6
_THAI: Final = re.compile("[\u0e00-\u0e7f]")
_SIZE: Final = re.compile(r'<svg [^>]*width="(\d+)" height="(\d+)"')


def png(picture: Picture, say: Say) -> bytes:
    """Raises LayoutMissing."""
    content: bytes = _drawn(svg(picture, say)).flatten(background=255).write_to_buffer(".png")
    return content


def has_thai(text: str) -> bool:
    return _THAI.search(text) is not None


def thai_can_be_drawn() -> bool:
    """Whether a font of this machine has Thai letters: without one, a wide and a narrow letter become boxes of the same size."""
    wide, narrow = (_drawn(_probe(letter)).find_trim(threshold=40, background=[255]) for letter in "ฌเ")
    return bool(wide[2:] != narrow[2:])


def _drawn(text: str) -> Any:
    """An SVG of ours as an image of libvips."""
    try:
        import pyvips
    except (ImportError, OSError) as error:  # OSError: the package is there, and its library is not
        raise LayoutMissing from error
    size = _SIZE.match(text)
    area = float(size[1]) * float(size[2]) if size is not None else 1.0
    return pyvips.Image.svgload_buffer(text.encode("utf-8"), scale=min(ZOOM, (MOST / area) ** 0.5))


def _probe(letter: str) -> str:
    paper = '<rect width="60" height="60" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60">{paper}<text x="10" y="40" font-size="24">{letter}</text></svg>'
