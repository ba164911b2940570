"""A picture in Mermaid's language, for Markdown pages that draw it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from sysdesign_cli.analyses.picture import Arrow, Box, Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import wording
from sysdesign_cli.views.diagrams.svg_style import ARROWS, STATES

#: Kind -> what stands around the text of a box.
_SHAPES: Final[dict[str, tuple[str, str]]] = {
    "database": ("[(", ")]"),
    "cache": ("[(", ")]"),
    "gateway": ("{{", "}}"),
    "event": (">", "]"),
    "broker": ("[[", "]]"),
    "client": ("([", "])"),
    "flow": ("([", "])"),
}
#: Signs that mean nothing to Mermaid within quotes.
_PLAIN: Final = " .,-_·→/%():;'?!+=@~^"
_ARROWS: Final[dict[str, str]] = {"store": "--o", "publish": "-.->", "deliver": "-.->", "fallback": "-.->"}


def mermaid(picture: Picture, say: Say) -> str:
    """A flowchart from left to right."""
    numbers = {box.id: f"n{number}" for number, box in enumerate(picture.boxes)}
    lines = ["---", f"title: {json.dumps(wording.subject(picture, say), ensure_ascii=False)}", "---", "flowchart LR"]
    lines += [f"  {_box(box, numbers[box.id], picture, say)}" for box in picture.boxes if not _framed(box, picture)]
    for number, group in enumerate(picture.groups):
        members = [box for box in picture.boxes if box.group == group.id]
        if members:
            lines.append(f'  subgraph g{number}["{_text(wording.group_title(group, say))}"]')
            lines += [f"    {_box(box, numbers[box.id], picture, say)}" for box in members]
            lines.append("  end")
    lines += [f"  {_arrow(arrow, numbers, say)}" for arrow in picture.arrows]
    lines += [f"  {line}" for line in _styles(picture)]
    return "\n".join(lines) + "\n"


def _framed(box: Box, picture: Picture) -> bool:
    return any(group.id == box.group for group in picture.groups)


def _text(text: str) -> str:
    """As Mermaid wants everything that might mean something to it or to HTML: as the number of the sign."""
    return "".join(sign if sign.isalnum() or sign in _PLAIN or ord(sign) > 126 else f"#{ord(sign)};" for sign in text)


def _box(box: Box, number: str, picture: Picture, say: Say) -> str:
    begin, end = _SHAPES.get(box.kind, ("[", "]"))
    mark = f"({box.order}) " if box.order else ""
    title = wording.line(box.title.in_language(say.language))
    state = say(f"diagram.state.{box.state}") if box.state not in ("", "ok") else ""
    parts = [mark + wording.line(box.name), title, *wording.notes(box, picture, say), state]
    styled = f":::{box.state}" if state else ":::external" if box.kind == "external" else ""
    return f'{number}{begin}"{"<br/>".join(_text(part) for part in parts if part)}"{end}{styled}'


def _arrow(arrow: Arrow, numbers: dict[str, str], say: Say) -> str:
    text = wording.arrow_label(arrow) or (say("diagram.arrow.fallback") if arrow.kind == "fallback" else "")
    label = f'|"{_text(text)}"|' if text else ""
    return f"{numbers[arrow.source]} {_ARROWS.get(arrow.kind, '-->')}{label} {numbers[arrow.target]}"


def _styles(picture: Picture) -> Iterator[str]:
    yield "classDef external stroke-dasharray:5 3"
    for state in dict.fromkeys(box.state for box in picture.boxes if box.state not in ("", "ok")):
        line, tint, dashes, _ = STATES[state]
        dashed = f",stroke-dasharray:{dashes}" if dashes else ""
        yield f"classDef {state} fill:{tint},stroke:{line},stroke-width:3px,color:#16202a{dashed}"
    for number, arrow in enumerate(picture.arrows):
        colour = STATES[arrow.state][0] if arrow.state not in ("", "ok") else ARROWS[arrow.kind][0]
        yield f"linkStyle {number} stroke:{colour},stroke-width:{3 if arrow.state not in ('', 'ok') else 2}px"
