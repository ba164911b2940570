"""Drawings: everything is there once and inside its box, nothing overlaps, nothing is told by colour alone, names stay text."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

import sysdesign_cli
from sysdesign_cli.analyses.picture import STATES as KNOWN_STATES
from sysdesign_cli.analyses.picture import Picture, picture
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.library import bundled_names
from sysdesign_cli.scenario.shapes import Text
from sysdesign_cli.views.diagrams import labels as lettering
from sysdesign_cli.views.diagrams.layout import Layout, Link, Place, Size, TooLarge, lay_out
from sysdesign_cli.views.diagrams.svg import svg
from sysdesign_cli.views.diagrams.svg_style import ARROW_STATES, ARROWS, STATES, style
from sysdesign_cli.views.diagrams.text import width, wrapped
from tests.engine.random_systems import Draft, drafts

pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")

ROOT = Path(__file__).resolve().parents[3]
#: Graphviz writes lengths with five digits.
ROUNDED = 0.2
NAMESPACE = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "style", "defs", "marker", "path", "circle", "rect", "g", "text"}
HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style></svg>", "a & b &amp; c", "]]>", "\x1b[2J\x00\x07", "[red]x[/red]",
    "ก็ที่นี่ " * 30, "x" * 400, "${HOME} $(id) `id`", "\\N \\l \\\\", "' onload='alert(1)", "{{a}} | b ; c", "1. - * # _x_ **y**",
]  # fmt: skip


def pictures(name: str) -> dict[str, Picture]:
    one = sysdesign_cli.load(name)
    killed = next(service for service, value in one.scenario.services.items() if value.kind == "broker")
    zone = str(one.scenario.zones[0])
    return {
        "services": one.picture(),
        "flow": one.picture(flow=next(iter(one.scenario.flows))),
        "flows": one.picture("flow"),
        "failure": one.picture(kill=[killed]),
        "zone": one.picture(zones=[zone]),
        "deployment": one.picture("deployment", zones=[zone]),
    }


def laid_out(drawn: Picture, say: Say) -> Layout:
    return lettering.placed(drawn, {box.id: lettering.label(box, drawn, say) for box in drawn.boxes}, say)


def apart(one: Place, other: Place) -> bool:
    return (
        one.x + one.width <= other.x + 0.01
        or other.x + other.width <= one.x + 0.01
        or one.y + one.height <= other.y + 0.01
        or other.y + other.height <= one.y + 0.01
    )


def check_layout(drawn: Picture, layout: Layout) -> None:
    assert list(layout.boxes) == [box.id for box in drawn.boxes]
    for one, other in combinations(layout.boxes.values(), 2):
        assert apart(one, other)
    for box in drawn.boxes:
        at = layout.boxes[box.id]
        assert at.x >= -ROUNDED
        assert at.y >= -ROUNDED
        assert at.x + at.width <= layout.width + ROUNDED
        assert at.y + at.height <= layout.height + ROUNDED
        for group, frame in layout.frames.items():
            assert apart(at, frame) != (group == box.group), (box.id, group)
    for arrow, way in zip(drawn.arrows, layout.ways, strict=True):
        assert distance(way.points[0], layout.boxes[arrow.source]) < 4
        assert distance(way.tip, layout.boxes[arrow.target]) < 4


def distance(point: tuple[float, float], place: Place) -> float:
    """From a point to the edge of a box, or 0 within."""
    x, y = point
    return max(place.x - x, x - place.x - place.width, place.y - y, y - place.y - place.height, 0.0)


def check_drawing(drawn: Picture, text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    assert root.findtext(f"{NAMESPACE}title")
    assert root.findtext(f"{NAMESPACE}desc")
    services = [box for box in drawn.boxes if box.kind not in ("event", "flow")]
    nodes = root.findall(f".//{NAMESPACE}g[@data-node]")
    assert len(nodes) == len(services)
    for node, box in zip(nodes, services, strict=True):
        assert f"kind-{box.kind}" in node.get("class", "").split()
        assert f"state-{box.state or 'ok'}" in node.get("class", "").split()
    edges = root.findall(f".//{NAMESPACE}g[@data-from]")
    assert [edge.get("class", "").split()[1:] for edge in edges] == [
        [f"edge-{arrow.kind}", f"state-{arrow.state or 'ok'}"] for arrow in drawn.arrows
    ]
    # nothing from elsewhere, nothing that runs
    for element in root.iter():
        assert element.tag.removeprefix(NAMESPACE) in ELEMENTS
        assert not any(name.endswith(("href", "src")) or name.startswith("on") for name in element.attrib)
    sheet = "".join(element.text or "" for element in root.iter(f"{NAMESPACE}style"))
    assert not re.search(r"url\((?!#)|@import|http", sheet)
    return root


@pytest.mark.parametrize("name", bundled_names())
def test_drawings_are_whole_and_nothing_overlaps(name: str) -> None:
    for language in ("en", "th"):
        say = Say(language)
        for drawn in pictures(name).values():
            check_layout(drawn, laid_out(drawn, say))
            check_drawing(drawn, svg(drawn, say))


@settings(max_examples=40)
@given(drafts(cycles=True))
def test_random_systems(draft: Draft) -> None:
    drawn = picture(draft.system())
    say = Say()
    check_layout(drawn, laid_out(drawn, say))
    check_drawing(drawn, svg(drawn, say))


def hostile() -> Picture:
    """A picture in which everything that a file may say freely is ill-meant."""
    plain = sysdesign_cli.load("ecommerce").picture(kill=["payment"])
    groups = tuple(replace(group, title=Text(HOSTILE[number] * 9)) for number, group in enumerate(plain.groups))
    boxes = tuple(replace(box, title=Text(HOSTILE[number % len(HOSTILE)])) for number, box in enumerate(plain.boxes))
    return replace(plain, boxes=boxes, groups=groups, title=Text(HOSTILE[0] * 30), scenario=HOSTILE[1], changes=(f"x={HOSTILE[2]}",))


def test_hostile_titles_stay_text() -> None:
    drawn = hostile()
    text = svg(drawn, Say())
    root = check_drawing(drawn, text)
    written = {"".join(element.itertext()) for element in root.iter(f"{NAMESPACE}title")}
    for title in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style></svg>", "\\x1b[2J\\x00\\x07", "[red]x[/red]"):
        assert any(f", {title}, " in told for told in written), title
    check_layout(drawn, laid_out(drawn, Say()))


@pytest.mark.parametrize("words", [("ecommerce",), ("grab", "--kill", "broker", "--lang", "th")])
def test_the_same_bytes_each_time(words: tuple[str, ...]) -> None:
    found = {
        subprocess.run(
            [sys.executable, "-m", "sysdesign_cli", "diagram", *words],
            capture_output=True, check=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1


def test_several_drawings_on_a_page_do_not_touch_each_other() -> None:
    drawn = sysdesign_cli.load("ecommerce").picture()
    one, other = svg(drawn, Say(), scope="one"), svg(drawn, Say(), scope="other", interactive=True)
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, other)]
    assert not ids[0] & ids[1]
    for text, own in ((one, ids[0]), (other, ids[1])):
        assert set(re.findall(r"url\(#([^)]+)\)", text)) <= own
    assert "tabindex" not in one
    assert other.count('tabindex="0"') == len(drawn.boxes)
    assert ElementTree.fromstring(other).get("role") == "group"
    assert all(f'class="node kind-service state-{state}"' in other for state in STATES)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance with its constants."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_enough() -> None:
    """WCAG AA: 4.5 for text, 3 for what has to be told apart."""
    for state, (line, tint, _, _) in STATES.items():
        assert contrast("#16202a", tint) >= 4.5, state
        assert contrast("#44505b", tint) >= 4.5, state
        assert contrast(line, "#ffffff") >= 3, state
        assert contrast(line, tint) >= 3, state
    for kind, (colour, _, _, _) in ARROWS.items():
        assert contrast(colour, "#ffffff") >= 3, kind
        assert contrast(colour, "#eef5ee") >= 3, kind
    for text in re.findall(r"text\{fill:(#\w{6})|\.(?:about|frame)\{fill:(#\w{6})", style("s")):
        assert all(contrast(colour, "#f4f6f8") >= 4.5 for colour in text if colour and colour != "#ffffff")


def test_nothing_is_told_by_colour_alone() -> None:
    assert set(STATES) == set(KNOWN_STATES)
    seen = {arrow.state for name in bundled_names() for drawn in pictures(name).values() for arrow in drawn.arrows}
    assert seen <= {"", "ok", *ARROW_STATES}
    assert len({(dashes, sign) for _, _, dashes, sign in STATES.values()}) == len(STATES)
    waiting, later = ARROWS["call"], ARROWS["publish"]
    assert len({(kind[2], kind[3], kind[1]) for kind in (waiting, later, ARROWS["store"], ARROWS["fallback"], ARROWS["start"])}) == 5


def test_too_large_is_told_and_not_waited_for() -> None:
    boxes = {str(number): Size(10, 10) for number in range(2000)}
    links = [Link(str(number), str(number + 1)) for number in range(1999)]
    with pytest.raises(TooLarge) as error:
        lay_out(boxes, {}, links)
    assert error.value.count == 3999


def test_text_is_broken_between_letters_and_never_within_one() -> None:
    lines = wrapped("ที่นี่ไม่มีวรรคเลยแต่ยาวมาก" * 4, 11, 100, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(width(line, 11) <= 100 for line in lines)
    assert all(not re.match("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]", line) for line in lines)
    assert wrapped("one two three", 11, 60, 3) == ("one two", "three")
    assert wrapped("", 11, 60, 3) == ()
