"""What stands in each box, how large it has to be for that, and where everything goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from sysdesign_cli.analyses.picture import Box, Group, Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import wording
from sysdesign_cli.views.diagrams.layout import Frame, Layout, Link, Size, lay_out
from sysdesign_cli.views.diagrams.shapes import ICONS, INSET, INSETS
from sysdesign_cli.views.diagrams.text import shortened, width, wrapped

NAME_SIZE: Final = 13.0
SMALL: Final = 11.0
LINE: Final = 15.0
ICON: Final = 20.0
#: From so many boxes on only names are written, and a group of one box is no group.
CROWDED: Final = 60
#: Boxes in a row of a zone.
ROW: Final = 6


@dataclass(frozen=True)
class Label:
    """Lines of a box: its name, and what is said about it."""

    name: tuple[str, ...]
    about: tuple[str, ...]

    def size(self, kind: str) -> Size:
        left, right, above = INSETS.get(kind, INSET)
        icon = ICON if kind in ICONS else 0.0
        widths = [width(text, NAME_SIZE, bold=True) for text in self.name] + [width(text, SMALL) for text in self.about]
        return Size(max(widths, default=0.0) + left + right + icon, LINE * (len(self.name) + len(self.about)) + 14 + above)


def crowded(picture: Picture) -> bool:
    return len(picture.boxes) >= CROWDED


def label(box: Box, picture: Picture, say: Say) -> Label:
    name = wrapped(wording.line(box.name), NAME_SIZE, 190, 4, bold=True)
    title = () if crowded(picture) else wrapped(wording.line(box.title.in_language(say.language)), SMALL, 170, 2)
    noted = [part for note in wording.notes(box, picture, say) for part in wrapped(note, SMALL, 190, 2)]
    return Label(name, (*title, *noted))


def frame_title(group: Group, say: Say) -> str:
    return shortened(wording.group_title(group, say), SMALL, 320)


def placed(picture: Picture, labels: dict[str, Label], say: Say) -> Layout:
    """The picture laid out. Raises LayoutMissing, TooLarge."""
    sizes = {box.id: labels[box.id].size(box.kind) for box in picture.boxes}
    frames = {}
    for group in picture.groups:
        members = tuple(box.id for box in picture.boxes if box.group == group.id)
        if len(members) > (1 if crowded(picture) and group.kind == "team" else 0):
            frames[group.id] = Frame(members, Size(width(frame_title(group, say), SMALL) + 4, 16))
    links = [Link(arrow.source, arrow.target, _room(wording.arrow_label(arrow))) for arrow in picture.arrows]
    hidden = list(_rows(picture)) if picture.view == "deployment" else []
    return lay_out(sizes, frames, links, hidden)


def _room(text: str) -> Size | None:
    return Size(width(text, SMALL) + 6, 14) if text else None


def _rows(picture: Picture) -> Iterator[Link]:
    """Boxes of a zone side by side in rows: without arrows nothing else would say where they belong."""
    for group in {box.group: None for box in picture.boxes}:
        members = [box.id for box in picture.boxes if box.group == group]
        for start in range(0, len(members), ROW):
            row = members[start : start + ROW]
            yield from (Link(one, other) for one, other in pairwise(row))
