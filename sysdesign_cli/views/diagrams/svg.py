"""A picture as SVG: one file without anything from outside, its text as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from sysdesign_cli.analyses.picture import Arrow, Box, Group, Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import legend
from sysdesign_cli.views.diagrams.layout import Frame, Layout, Link, Place, Size, Way, lay_out
from sysdesign_cli.views.diagrams.shapes import ICONS, INSET, INSETS, outline
from sysdesign_cli.views.diagrams.svg_style import definitions, style
from sysdesign_cli.views.diagrams.text import width, wrapped
from sysdesign_cli.views.document import clean

NAME_SIZE: Final = 13.0
ABOUT_SIZE: Final = 11.0
LINE: Final = 15.0
MARGIN: Final = 16.0
#: From so many boxes on only names are written.
CROWDED: Final = 60


@dataclass(frozen=True)
class Label:
    """What stands in a box."""

    name: tuple[str, ...]
    about: tuple[str, ...]

    def size(self, kind: str) -> Size:
        left, right, above = INSETS.get(kind, INSET)
        icon = 20.0 if kind in ICONS else 0.0
        widths = [width(line, NAME_SIZE, bold=True) for line in self.name] + [width(line, ABOUT_SIZE) for line in self.about]
        return Size(max(widths, default=0.0) + left + right + icon, LINE * (len(self.name) + len(self.about)) + 14 + above)


def svg(picture: Picture, say: Say, *, scope: str = "sysdesign", interactive: bool = False) -> str:
    """The drawing. Raises LayoutMissing.

    scope: class of the ``<svg>`` and beginning of the ids in it; a page with several drawings gives each its own. interactive: boxes can
    be reached with the keyboard and are told as buttons; what they do is the page's matter.
    """
    labels = {box.id: _label(box, picture, say) for box in picture.boxes}
    layout = _layout(picture, labels, say)
    top = MARGIN + 46
    signs = legend.rows(picture, say, max(layout.width, 560))
    wide = max([layout.width, *(row.width for row in signs)]) + 2 * MARGIN
    high = top + layout.height + 20 + sum(row.height for row in signs) + MARGIN
    title = say("diagram.title", scenario=_line(picture.scenario), view=say(f"diagram.view.{picture.view}"))
    role = "group" if interactive else "img"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{scope}" role="{role}" aria-labelledby="{scope}-title {scope}-desc" '
        f'lang="{say.language}" width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}">',
        f'<title id="{scope}-title">{_text(title)}</title>',
        f'<desc id="{scope}-desc">{_text(_description(picture, say))}</desc>',
        f"<style>{style(scope)}</style>",
        definitions(scope),
        f'<rect width="{wide:.0f}" height="{high:.0f}" style="fill:#fff"/>',
        f'<text class="heading" x="{MARGIN}" y="{MARGIN + 16}">{_text(picture.title.in_language(say.language) or picture.scenario)}</text>',
        f'<text class="note" x="{MARGIN}" y="{MARGIN + 34}">{_text(title)}</text>',
        f'<g transform="translate({MARGIN} {top})">',
        *(_frame(group, layout, say) for group in picture.groups if group.id in layout.frames),
        *(_arrow(arrow, way, picture, say) for arrow, way in zip(picture.arrows, layout.ways, strict=True)),
        *(_box(box, labels[box.id], layout.boxes[box.id], say, interactive) for box in picture.boxes),
        "</g>",
        *legend.drawn(signs, MARGIN, top + layout.height + 20),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _line(text: str) -> str:
    """On one line, and harmless."""
    return clean(" ".join(text.split()))


def _text(text: str) -> str:
    return escape(_line(text))


def _label(box: Box, picture: Picture, say: Say) -> Label:
    name = wrapped(_line(box.name), NAME_SIZE, 190, 3, bold=True)
    if len(picture.boxes) >= CROWDED:
        return Label(name, ())
    return Label(name, wrapped(_line(box.title.in_language(say.language)), ABOUT_SIZE, 170, 2))


def _layout(picture: Picture, labels: dict[str, Label], say: Say) -> Layout:
    sizes = {box.id: labels[box.id].size(box.kind) for box in picture.boxes}
    frames = {}
    for group in picture.groups:
        members = tuple(box.id for box in picture.boxes if box.group == group.id)
        if members:
            frames[group.id] = Frame(members, Size(width(_group_title(group, say), ABOUT_SIZE) + 4, 16))
    links = [Link(arrow.source, arrow.target) for arrow in picture.arrows]
    return lay_out(sizes, frames, links)


def _group_title(group: Group, say: Say) -> str:
    return say(f"diagram.group.{group.kind}", name=_line(group.title.in_language(say.language) or group.name))


def _frame(group: Group, layout: Layout, say: Say) -> str:
    at, title = layout.frames[group.id], layout.titles[group.id]
    return (
        f'<g class="group group-{group.kind}" data-group="{_text(group.name)}">'
        f'<rect x="{at.x:.1f}" y="{at.y:.1f}" width="{at.width:.1f}" height="{at.height:.1f}" rx="8"/>'
        f'<text class="frame" x="{title.x:.1f}" y="{title.y + 12:.1f}">{_text(_group_title(group, say))}</text></g>'
    )


def _arrow(arrow: Arrow, way: Way, picture: Picture, say: Say) -> str:
    names = {box.id: box.name for box in picture.boxes}
    start, *rest = way.points
    curves = "".join(
        "C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in rest[number : number + 3]) for number in range(0, len(rest), 3)
    )
    path = f"M{start[0]:.1f} {start[1]:.1f}{curves}L{way.tip[0]:.1f} {way.tip[1]:.1f}"
    source, target = names[arrow.source], names[arrow.target]
    return (
        f'<g class="edge edge-{arrow.kind}" data-from="{_text(source)}" data-to="{_text(target)}">'
        f"<title>{_text(say(f'diagram.arrow-title.{arrow.kind}', source=source, target=target))}</title>"
        f'<path d="{path}"/></g>'
    )


def _box(box: Box, label: Label, at: Place, say: Say, interactive: bool) -> str:
    state = f" state-{box.state}" if box.state else ""
    what = {"event": "data-event", "flow": "data-flow"}.get(box.kind, "data-node")
    reach = ' tabindex="0" role="button"' if interactive else ""
    about = ", ".join(_about(box, say))
    icon = ""
    left, _, above = INSETS.get(box.kind, INSET)
    if box.kind in ICONS:
        icon = f'<path class="icon" transform="translate({at.x + left:.1f} {at.y + above + 7:.1f})" d="{ICONS[box.kind]}"/>'
        left += 20
    lines = []
    y = at.y + above + 18
    for css, texts in (("name", label.name), ("about", label.about)):
        for line in texts:
            lines.append(f'<text class="{css}" x="{at.x + left:.1f}" y="{y:.1f}">{_text(line)}</text>')
            y += LINE
    return (
        f'<g class="node kind-{box.kind}{state}" {what}="{_text(box.name)}" aria-label="{_text(about)}"{reach}>'
        f'<title>{_text(about)}</title><path class="shape" d="{outline(box.kind, at)}"/>{icon}{"".join(lines)}'
        f'<path class="badge" d="M{at.x + at.width - 3:.1f} {at.y + 3:.1f}l.01 0"/></g>'
    )


def _about(box: Box, say: Say) -> Iterator[str]:
    yield box.name
    if title := box.title.in_language(say.language):
        yield title
    yield say(f"diagram.kind.{box.kind}") if box.kind in ("event", "flow") else say(f"kind.{box.kind}")
    if box.team:
        yield say("diagram.group.team", name=box.team)
    if box.state:
        yield say(f"diagram.state.{box.state}")


def _description(picture: Picture, say: Say) -> str:
    services = sum(1 for box in picture.boxes if box.kind not in ("event", "flow"))
    events = sum(1 for box in picture.boxes if box.kind == "event")
    return say("diagram.description", services=services, events=events, arrows=len(picture.arrows))
