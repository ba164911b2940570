"""A picture in the D2 language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sysdesign_cli.analyses.picture import Arrow, Box, Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import wording
from sysdesign_cli.views.diagrams.svg_style import ARROWS, STATES

_SHAPES: Final[dict[str, str]] = {
    "database": "cylinder",
    "cache": "cylinder",
    "gateway": "hexagon",
    "event": "step",
    "broker": "queue",
    "cdn": "cloud",
    "client": "oval",
    "flow": "person",
}


def d2(picture: Picture, say: Say) -> str:
    """Containers for groups, connections for arrows."""
    groups = {group.id: f"g{number}" for number, group in enumerate(picture.groups)}
    paths = {box.id: (f"{groups[box.group]}." if box.group in groups else "") + f"n{n}" for n, box in enumerate(picture.boxes)}
    used = {box.group for box in picture.boxes}
    lines = [f"# {wording.subject(picture, say)}", "direction: right", *_classes(picture)]
    lines += [f"{groups[group.id]}: {_text(wording.group_title(group, say))}" for group in picture.groups if group.id in used]
    lines += [_box(box, paths[box.id], picture, say) for box in picture.boxes]
    lines += [_arrow(arrow, paths, say) for arrow in picture.arrows]
    return "\n".join(lines) + "\n"


def _text(*lines: str) -> str:
    """A quoted string. ``$`` would begin a variable."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def _classes(picture: Picture) -> Iterator[str]:
    states = dict.fromkeys(box.state for box in picture.boxes if box.state not in ("", "ok"))
    if not states:
        return
    yield "classes: {"
    for state in states:
        line, tint, dashes, _ = STATES[state]
        dashed = "; style.stroke-dash: 4" if dashes else ""
        yield f'  {state}: {{style.fill: "{tint}"; style.stroke: "{line}"; style.stroke-width: 3{dashed}}}'
    yield "}"


def _box(box: Box, path: str, picture: Picture, say: Say) -> str:
    mark = f"({box.order}) " if box.order else ""
    lines = [mark + wording.line(box.name), wording.line(box.title.in_language(say.language)), *wording.notes(box, picture, say)]
    settings = [f"shape: {_SHAPES[box.kind]}"] if box.kind in _SHAPES else []
    if box.kind == "external":
        settings.append("style.stroke-dash: 3")
    if box.state not in ("", "ok"):
        lines.append(say(f"diagram.state.{box.state}"))
        settings.append(f"class: {box.state}")
    inside = f" {{{'; '.join(settings)}}}" if settings else ""
    return f"{path}: {_text(*(line for line in lines if line))}{inside}"


def _arrow(arrow: Arrow, paths: dict[str, str], say: Say) -> str:
    colour, _, dashes, head = ARROWS[arrow.kind]
    worse = arrow.state not in ("", "ok")
    settings = [f'style.stroke: "{STATES[arrow.state][0] if worse else colour}"', f"style.stroke-width: {3 if worse else 2}"]
    if dashes:
        settings.append(f"style.stroke-dash: {2 if arrow.kind == 'fallback' else 5}")
    if head == "dot":
        settings.append("target-arrowhead.shape: circle; target-arrowhead.style.filled: true")
    label = wording.arrow_label(arrow) or (say("diagram.arrow.fallback") if arrow.kind == "fallback" else "")
    return f"{paths[arrow.source]} -> {paths[arrow.target]}: {_text(label)} {{{'; '.join(settings)}}}"
