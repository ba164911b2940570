"""The report's file, without a browser: its policy fits what is in it, and what is missing is told in its place."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

import sysdesign_cli
from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Cell, Column, Table
from sysdesign_cli.views.report import TemplatesMissing, charts, report, templates
from tests.helpers import design

SAYS = (Say("en"), Say("th"))
MADE = {"en": "made", "th": "made"}


@pytest.fixture(scope="module")
def shop() -> str:
    found = sysdesign_cli.load("ecommerce")
    return report([found.dossier(today="2026-11-22")], None, SAYS, made=MADE)


class Tags(HTMLParser):
    """Every start tag, and what stands open at the end."""

    VOID = {"meta", "br", "img", "input", "link", "hr"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_what_is_there_and_nothing_else(shop: str) -> None:
    policy = html.unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', shop)[1])  # type: ignore[index]
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == ["'none'"]
    assert rules["img-src"] == ["data:"]
    assert set(rules["style-src"]) == {hashed(sheet) for sheet in re.findall(r"<style>(.*?)</style>", shop, re.DOTALL)}
    assert rules["script-src"] == [hashed(re.search(r"<script>(.*?)</script>", shop, re.DOTALL)[1])]  # type: ignore[index]


def test_it_is_whole_and_loads_nothing(shop: str) -> None:
    tags = Tags()
    tags.feed(shop)
    assert tags.open == []
    for tag, attributes in tags.found:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        assert "style" not in attributes, (tag, attributes)
        assert not {"src", "srcset", "action"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        href = attributes.get("href")
        assert href is None or href.startswith("#")


def test_the_same_system_gives_the_same_report(shop: str) -> None:
    found = sysdesign_cli.load("ecommerce")
    assert report([found.dossier(today="2026-11-22")], None, SAYS, made=MADE) == shop


def test_every_text_of_the_script_is_there_in_both_languages(shop: str) -> None:
    data = json.loads(re.search(r'id="data">(.*?)</script>', shop, re.DOTALL)[1])  # type: ignore[index]
    assert set(data["words"]["en"]) == set(data["words"]["th"])
    script = re.search(r"<script>(.*?)</script>", shop, re.DOTALL)[1]  # type: ignore[index]
    for key in re.findall(r'(?:word|filled)\("([a-z.-]+)"', script):
        assert key.endswith(".") or key in data["words"]["en"], key
    assert len(data["texts"]["en"]) == len(data["texts"]["th"])


def test_one_id_of_two_sources_is_told_apart_by_its_file() -> None:
    """Two files call different sources ``mine``."""
    text = """
        sources: {{mine: {{title: {title}, date: 2024, grade: A}}}}
        services: {{a: {{handles: {{Do: {{takes: {takes} (mine)}}}}}}}}
        flows: {{ask: {{starts: a.Do}}}}
        workloads: {{day: {{starts: {{ask: 10/s}}}}}}
    """
    one, other = (design(text.format(title=title, takes=takes)) for title, takes in (("First book", "1ms"), ("Other book", "2ms")))
    page = report([one.dossier(), other.dossier()], one.together(other), SAYS, made=MADE)
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    mine = {name: cited for name, cited in data["sources"]["en"].items() if name.startswith("mine")}
    assert len(mine) == 2
    for name, cited in mine.items():
        takes = "1 ms" if cited.startswith("First book") else "2 ms"
        (leaf,) = [entry for entry in data["derivations"] if entry[0] == takes and len(entry) == 5 and data["keys"][entry[4][0]] == name]
        assert leaf[3].split(":")[0] in name


def test_what_has_no_answer_is_told_where_it_is_looked_for() -> None:
    quiet = design("services: {a: {handles: {Do: {takes: 1ms}}}}\nflows: {f: {starts: a.Do}}\nworkloads: {none: {starts: {f: 0/s}}}")
    text = report([quiet.dossier()], None, SAYS, made=MADE)
    say = Say("en")
    for section in ("latency", "failures", "availability", "capacity"):
        told = re.search(rf'<section id="s0-{section}".*?</section>', text, re.DOTALL)[0]  # type: ignore[index]
        assert say("report.refused") in told
        assert "E214" in told


def test_a_system_without_flows_or_services_still_has_a_report() -> None:
    for text in ("services: {a: {}}", "services: {}"):
        found = design(text)
        assert "</html>" in report([found.dossier()], None, SAYS, made=MADE)


def test_without_a_layout_the_rest_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    found = sysdesign_cli.load("grab")
    text = report([found.dossier()], None, SAYS, made=MADE)
    assert "pip install &#39;pygraphviz" in text
    assert 'data-flow-state="' in text
    assert '<g class="node' not in text


def test_without_templates_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    templates.environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    found = design("services: {a: {}}")
    with pytest.raises(TemplatesMissing):
        report([found.dossier()], None, SAYS, made=MADE)
    templates.environment.cache_clear()


TABLE = Table((Column("x", "x"),), ((Cell("1"),),))
PLAIN = charts.Axis("so much", lambda value: f"{value:g}")


def test_bars_are_as_high_as_their_values() -> None:
    drawn = charts.columns("t", ["a", "b", "c"], PLAIN, [1.0, 2.0, 4.0], TABLE).svg
    heights = [float(height) for height in re.findall(r'class="bar"[^>]* height="([\d.]+)"', drawn)]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.2)
    assert heights[2] == pytest.approx(4 * heights[0], abs=0.3)


def test_a_line_goes_through_its_points() -> None:
    drawn = charts.lines("t", [0.0, 5.0, 10.0], PLAIN, PLAIN, [charts.Series("one", (0.0, 10.0, 5.0))], TABLE).svg
    (x0, y0), (x1, y1), (x2, y2) = [
        tuple(map(float, point.split(",")))
        for point in re.search(r'points="([^"]*)"', drawn)[1].split()  # type: ignore[index]
    ]
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 - y1 == pytest.approx(2 * (y0 - y2), abs=0.3)


@pytest.mark.parametrize("most, ticks", [(1.0, [0, 0.5, 1.0]), (0.97, [0, 0.5, 1.0]), (1160.0, [0, 500, 1000, 1500]), (0.0, [0, 1])])
def test_ticks_are_round(most: float, ticks: list[float]) -> None:
    assert charts._ticks(0.0, most) == pytest.approx(ticks)


def test_names_of_lines_do_not_stand_on_each_other() -> None:
    placed = charts._apart([(100.0, 0, "a"), (101.0, 1, "b"), (102.0, 2, "c"), (300.0, 3, "d")])
    heights = [y for y, _, _ in placed]
    assert all(after - before >= 15.0 for before, after in pairwise(heights))
    assert max(heights) <= charts.HEIGHT


def test_hostile_names_stay_names_in_a_chart() -> None:
    name = '<script>alert(1)</script>"><img onerror=x>\x1b[2J'
    drawn = charts.lines(name, [0.0, 1.0], PLAIN, PLAIN, [charts.Series(name, (1.0, 2.0))], TABLE).svg
    assert "<script" not in drawn
    assert "<img" not in drawn
    assert "\x1b" not in drawn
