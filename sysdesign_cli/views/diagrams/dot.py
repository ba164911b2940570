"""A picture in the language of Graphviz, for those who want to lay it out themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sysdesign_cli.analyses.picture import Arrow, Box, Group, Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import wording
from sysdesign_cli.views.diagrams.svg_style import ARROWS, STATES

_SHAPES: Final[dict[str, str]] = {
    "database": "cylinder",
    "cache": "cylinder",
    "gateway": "hexagon",
    "event": "note",
    "broker": "box3d",
    "client": "ellipse",
    "flow": "ellipse",
}
_FRAME: Final = 'style="rounded,filled" fillcolor="#f4f6f8" color="#b9c2ca"'
_HEADS: Final[dict[str, str]] = {"solid": "normal", "dot": "dot", "open": "vee"}


def dot(picture: Picture, say: Say) -> str:
    """A directed graph with a cluster for each group."""
    numbers = {box.id: f"n{number}" for number, box in enumerate(picture.boxes)}
    fonts = 'fontname="Noto Sans,Noto Sans Thai,Arial,sans-serif"'
    lines = [
        "digraph {",
        f"  graph [rankdir=LR newrank=true labelloc=t label={_text(wording.heading(picture, say), wording.subject(picture, say))} {fonts}]",
        f'  node [shape=box style="rounded,filled" fillcolor=white fontsize=11 {fonts}]',
        f"  edge [fontsize=10 {fonts}]",
        *(f"  {_box(box, numbers[box.id], picture, say)}" for box in picture.boxes),
    ]
    for number, group in enumerate(picture.groups):
        lines += _cluster(number, group, [numbers[box.id] for box in picture.boxes if box.group == group.id], say)
    lines += [f"  {_arrow(arrow, numbers, say)}" for arrow in picture.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def _text(*lines: str) -> str:
    """A quoted string in which nothing is an escape but the line breaks between its lines."""
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'


def _cluster(number: int, group: Group, members: list[str], say: Say) -> Iterator[str]:
    if members:
        yield f"  subgraph cluster{number} {{"
        yield f"    graph [label={_text(wording.group_title(group, say))} labeljust=l {_FRAME}]"
        yield f"    {'; '.join(members)}"
        yield "  }"


def _box(box: Box, number: str, picture: Picture, say: Say) -> str:
    mark = f"({box.order}) " if box.order else ""
    lines = [mark + wording.line(box.name), wording.line(box.title.in_language(say.language)), *wording.notes(box, picture, say)]
    attributes = [f"shape={_SHAPES.get(box.kind, 'box')}"]
    style = "filled" if box.kind in _SHAPES else "rounded,filled"
    if box.kind == "external":
        style += ",dashed"
    if box.state not in ("", "ok"):
        line, tint, dashes, _ = STATES[box.state]
        lines.append(say(f"diagram.state.{box.state}"))
        attributes.append(f'color="{line}" fillcolor="{tint}" penwidth=2.5')
        style += ",dashed" if dashes and box.kind != "external" else ""
    return f'{number} [label={_text(*(line for line in lines if line))} {" ".join(attributes)} style="{style}"]'


def _arrow(arrow: Arrow, numbers: dict[str, str], say: Say) -> str:
    colour, _, dashes, head = ARROWS[arrow.kind]
    worse = arrow.state not in ("", "ok")
    attributes = [f'color="{STATES[arrow.state][0] if worse else colour}" arrowhead={_HEADS[head]}']
    if dashes:
        attributes.append("style=dotted" if arrow.kind == "fallback" else "style=dashed")
    if worse:
        attributes.append("penwidth=2.5")
    if label := wording.arrow_label(arrow) or (say("diagram.arrow.fallback") if arrow.kind == "fallback" else ""):
        attributes.append(f"label={_text(label)}")
    return f"{numbers[arrow.source]} -> {numbers[arrow.target]} [{' '.join(attributes)}]"
