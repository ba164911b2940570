"""A picture as SVG: one file without anything from outside, its text as text."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from sysdesign_cli.analyses.picture import Arrow, Box, Group, Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import legend, wording
from sysdesign_cli.views.diagrams.labels import ICON, LINE, SMALL, Label, crowded, frame_title, label, placed
from sysdesign_cli.views.diagrams.layout import Layout, Place, Way
from sysdesign_cli.views.diagrams.shapes import ICONS, INSET, INSETS, outline
from sysdesign_cli.views.diagrams.svg_style import definitions, style
from sysdesign_cli.views.diagrams.text import shortened, width, wrapped

MARGIN: Final = 18.0
HEAD: Final = 46.0
STORY: Final = 21.0
#: The legend and the story are this wide at least.
NARROWEST: Final = 620.0
#: Attribute that names a box, by kind; all others are services.
NAMED: Final = {"event": "data-event", "flow": "data-flow"}


def svg(picture: Picture, say: Say, *, scope: str = "sysdesign", interactive: bool = False) -> str:
    """The drawing. Raises LayoutMissing, TooLarge.

    scope: class of the ``<svg>`` and beginning of the ids in it; a page with several drawings gives each its own. interactive: boxes can
    be reached with the keyboard and are told as buttons, and the legend holds every state; what they do is the page's matter. A script
    shows another state by exchanging the class ``state-…`` of a box (``g[data-node]``, ``g[data-event]``, ``g[data-flow]``) or of an
    arrow (``g[data-from][data-to]``).
    """
    labels = {box.id: label(box, picture, say) for box in picture.boxes}
    layout = placed(picture, labels, say)
    room = max(layout.width, NARROWEST)
    below = MARGIN + HEAD + layout.height + 24
    told = list(_story(picture, say, room, below))
    signs = legend.rows(picture, say, room, every_state=interactive)
    signs_at = below + len(told) * STORY + (12 if told else 0)
    size = (room + 2 * MARGIN, signs_at + legend.ROW * len(signs) + MARGIN)
    parts = [
        *_head(picture, say, size, scope, interactive),
        f'<g transform="translate({MARGIN} {MARGIN + HEAD})">',
        *_frames(picture, layout, say),
        *_arrows(picture, layout, say),
        *(_box(box, labels[box.id], layout.boxes[box.id], picture, say, interactive) for box in picture.boxes),
        "</g>",
        *told,
        *legend.drawn(signs, MARGIN, signs_at),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _head(picture: Picture, say: Say, size: tuple[float, float], scope: str, interactive: bool) -> Iterator[str]:
    wide, high = (f"{length:.0f}" for length in size)
    title = escape(wording.subject(picture, say))
    dense = " crowded" if crowded(picture) else ""
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{scope} view-{picture.view}{dense}" role="{"group" if interactive else "img"}" '
        f'aria-labelledby="{scope}-title {scope}-desc" lang="{say.language}" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">'
    )
    yield f'<title id="{scope}-title">{title}</title>'
    yield f'<desc id="{scope}-desc">{escape(wording.description(picture, say))}</desc>'
    yield f"<style>\n{style(scope)}\n</style>"
    yield definitions(scope)
    yield f'<rect class="paper" width="{wide}" height="{high}"/>'
    room = size[0] - 2 * MARGIN
    for css, y, letters, text in (("heading", 16, 17, wording.heading(picture, say)), ("note", 34, 12, wording.subject(picture, say))):
        yield f'<text class="{css}" x="{MARGIN}" y="{MARGIN + y}">{escape(shortened(text, letters, room, css == "heading"))}</text>'


def _story(picture: Picture, say: Say, room: float, top: float) -> Iterator[str]:
    """One line of a numbered list each; a long sentence takes several."""
    y = top
    for number, sentence in wording.story(picture, say):
        for part, text in enumerate(wrapped(sentence, SMALL, room - 30, 3)):
            sign = _order(number, MARGIN + 9, y + 4) if number and not part else ""
            yield f'<g class="story">{sign}<text x="{MARGIN + 26}" y="{y + 8:.1f}">{escape(text)}</text></g>'
            y += STORY


def _frames(picture: Picture, layout: Layout, say: Say) -> Iterator[str]:
    """Groups, and their titles behind them so that no arrow crosses out what is written."""
    for group in picture.groups:
        if (at := layout.frames.get(group.id)) is not None:
            yield (
                f'<g class="group group-{group.kind}" data-group="{escape(wording.line(group.name))}">'
                f'<rect x="{at.x:.1f}" y="{at.y:.1f}" width="{at.width:.1f}" height="{at.height:.1f}" rx="8"/></g>'
            )


def _arrows(picture: Picture, layout: Layout, say: Say) -> Iterator[str]:
    names = {box.id: box.name for box in picture.boxes}
    for arrow, way in zip(picture.arrows, layout.ways, strict=True):
        yield _arrow(arrow, way, names[arrow.source], names[arrow.target], say)
    for group in picture.groups:
        if group.id in layout.frames:
            yield _title(group, layout, say)


def _title(group: Group, layout: Layout, say: Say) -> str:
    at = layout.titles[group.id]
    return f'<text class="frame" x="{at.x:.1f}" y="{at.y + 12:.1f}">{escape(frame_title(group, say))}</text>'


def _arrow(arrow: Arrow, way: Way, source: str, target: str, say: Say) -> str:
    start, *rest = way.points
    curves = "".join("C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in rest[at : at + 3]) for at in range(0, len(rest), 3))
    steps = f' data-steps="{" ".join(str(step) for step in arrow.steps)}"' if arrow.steps else ""
    written = ""
    if way.label is not None:
        x, y = way.label.middle
        written = f'<text class="step" x="{x:.1f}" y="{y + 4:.1f}">{escape(wording.arrow_label(arrow))}</text>'
    return (
        f'<g class="edge edge-{arrow.kind} {_state(arrow.state)}" data-from="{escape(wording.line(source))}" '
        f'data-to="{escape(wording.line(target))}"'
        f"{steps}><title>{escape(wording.arrow_title(arrow, source, target, say))}</title>"
        f'<path d="M{start[0]:.1f} {start[1]:.1f}{curves}L{way.tip[0]:.1f} {way.tip[1]:.1f}"/>{written}</g>'
    )


def _box(box: Box, label: Label, at: Place, picture: Picture, say: Say, interactive: bool) -> str:
    reach = ' tabindex="0" role="button"' if interactive else ""
    zone = f' data-zone="{escape(box.id.partition("@")[2])}"' if picture.view == "deployment" else ""
    told = escape(wording.about(box, picture, say))
    order = _order(str(box.order), at.x - 2, at.y - 2) if box.order else ""
    return (
        f'<g class="node kind-{box.kind} {_state(box.state)}" {NAMED.get(box.kind, "data-node")}="{escape(wording.line(box.name))}"{zone}'
        f' aria-label="{told}"{reach}><title>{told}</title><path class="shape" d="{outline(box.kind, at)}"/>{_lines(box, label, at)}'
        f'<path class="badge" d="M{at.x + at.width - 3:.1f} {at.y + 3:.1f}l.01 0"/>{order}</g>'
    )


def _state(state: str) -> str:
    """Its class; where nothing is said of a state it is as good as ok, and a script has something to exchange."""
    return f"state-{state or 'ok'}"


def _lines(box: Box, label: Label, at: Place) -> str:
    left, _, above = INSETS.get(box.kind, INSET)
    x, y = at.x + left, at.y + above + 18
    parts = []
    if box.kind in ICONS:
        parts.append(f'<path class="icon" transform="translate({x:.1f} {y - 11:.1f})" d="{ICONS[box.kind]}"/>')
        x += ICON
    for css, texts in (("name", label.name), ("about", label.about)):
        for text in texts:
            parts.append(f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>')
            y += LINE
    return "".join(parts)


def _order(number: str, x: float, y: float) -> str:
    half = max(9.0, width(number, SMALL, bold=True) / 2 + 4)
    return (
        f'<g class="order"><rect x="{x - half:.1f}" y="{y - 9:.1f}" width="{2 * half:.1f}" height="18" rx="9"/>'
        f'<text x="{x:.1f}" y="{y + 4:.1f}">{number}</text></g>'
    )
