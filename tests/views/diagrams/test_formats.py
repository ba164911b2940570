"""Diagrams as text: word for word, and read by the programs they are for. Read the texts below ``golden/`` when they change.

``SYSDESIGN_GOLDEN=write python -m pytest tests/views/diagrams/test_formats.py`` writes them anew. Mermaid is asked where
``SYSDESIGN_MERMAID`` names a ``mermaid.min.js`` and chromium is there, D2 and Graphviz where their programs are.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

import sysdesign_cli
from sysdesign_cli.analyses.picture import Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.library import bundled_names
from sysdesign_cli.views import formats
from sysdesign_cli.views.diagrams import ENDINGS, FORMATS, PLACED, written
from sysdesign_cli.views.diagrams.terminal import MOST, terminal
from sysdesign_cli.views.diagrams.terminal import drawn as compact
from sysdesign_cli.views.document import Branch, Document, Note
from tests.helpers import design
from tests.views.diagrams.test_svg import HOSTILE, ROOT, hostile, pictures

GOLDEN = Path(__file__).parent / "golden"
TEXTUAL = [name for name in FORMATS if name not in PLACED]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def kept(name: str, shown: str) -> None:
    path = GOLDEN / name
    if os.environ.get("SYSDESIGN_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8", newline="\n")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("format", TEXTUAL)
def test_word_for_word(format: str, language: str) -> None:
    drawn = sysdesign_cli.load("ecommerce").picture(kill=["payment"])
    text = written(format, drawn, Say(language))
    assert isinstance(text, str)
    kept(f"payment.{language}.{format}", text)


@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("width", [80, 140])
def test_the_compact_drawing_word_for_word(width: int, language: str) -> None:
    say = Say(language)
    text = formats.terminal(Document().add(terminal(sysdesign_cli.load("ecommerce").picture(), say)), width, color=False)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    kept(f"compact.{language}.{width}.txt", text)


@pytest.mark.parametrize("name", bundled_names())
def test_the_compact_drawing_holds_every_service_and_every_arrow(name: str) -> None:
    drawn = sysdesign_cli.load(name).picture()
    lines: list[Branch] = list(terminal(drawn, Say()).branches)
    roots = len(lines)
    for branch in lines:
        lines += branch.children
    named = [line.text.rpartition(" ")[2] for line in lines]
    assert set(named) == {box.name for box in drawn.boxes if box.kind != "flow"}
    assert len(lines) - roots == sum(1 for arrow in drawn.arrows if arrow.kind != "start")


def test_a_large_system_is_not_poured_over_the_screen() -> None:
    calls = ", ".join(f"s{n}.Do" for n in range(MOST + 1))
    services = ", ".join(f"s{n}: {{handles: {{Do: {{}}}}}}" for n in range(MOST + 1))
    large = design(f"services: {{a: {{handles: {{Do: {{calls: [{calls}]}}}}}}, {services}}}").picture()
    note = compact(large, Say())
    assert isinstance(note, Note)
    assert "sysdesign diagram" in note.text
    assert compact(design("services: {a: {handles: {Do: {}}}}").picture(), Say()) is None


def test_a_long_chain_goes_on_further_down() -> None:
    services = ", ".join(f"s{n}: {{handles: {{Do: {{calls: s{n + 1}.Do}}}}}}" for n in range(99))
    drawn = design(f"services: {{{services}, s99: {{handles: {{Do: {{}}}}}}}}\nflows: {{f: {{starts: s0.Do}}}}").picture()
    text = formats.plain(Document().add(terminal(drawn, Say())))
    assert all(re.search(rf"\bs{n}\b", text) for n in range(100))
    assert max(len(line) for line in text.split("\n")) < 140


def test_hostile_titles_stay_inside_their_quotes() -> None:
    drawn = hostile()
    for format in TEXTUAL:
        text = written(format, drawn, Say())
        assert isinstance(text, str)
        assert "\x1b" not in text
        assert "\x00" not in text
    mermaid = written("mermaid", drawn, Say())
    assert isinstance(mermaid, str)
    assert "<script" not in mermaid.split("---")[2]
    assert "<img" not in mermaid.split("---")[2]
    assert json.loads(mermaid.split("\n")[1].removeprefix("title: ")).startswith(HOSTILE[1])


@pytest.mark.parametrize("name", bundled_names())
def test_graphviz_reads_what_is_written_for_it(name: str) -> None:
    graphviz = pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")
    for drawn in (*pictures(name).values(), hostile()):
        text = written("dot", drawn, Say("th"))
        graph = graphviz.AGraph(string=text)
        assert graph.number_of_nodes() == len(drawn.boxes)
        assert graph.number_of_edges() == len(drawn.arrows)
        for number, box in enumerate(drawn.boxes):
            label = graph.get_node(f"n{number}").attr["label"]
            assert box.name in label
            if box.title.en in HOSTILE and "\\" not in box.title.en and box.title.en.isprintable() and "  " not in box.title.en:
                assert " ".join(box.title.en.split()) in label


@pytest.mark.skipif(shutil.which("dot") is None, reason="no program dot")
def test_the_program_dot_lays_it_out(tmp_path: Path) -> None:
    for number, drawn in enumerate((*pictures("grab").values(), hostile())):
        path = tmp_path / f"{number}.dot"
        path.write_text(str(written("dot", drawn, Say())), encoding="utf-8")
        done = subprocess.run(["dot", "-Tplain", str(path)], capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        assert len(re.findall(r"^node ", done.stdout, re.MULTILINE)) == len(drawn.boxes)


@pytest.mark.skipif(shutil.which("d2") is None, reason="no program d2")
def test_the_program_d2_draws_it(tmp_path: Path) -> None:
    for number, drawn in enumerate((*pictures("grab").values(), hostile())):
        path = tmp_path / f"{number}.d2"
        path.write_text(str(written("d2", drawn, Say())), encoding="utf-8")
        done = subprocess.run(["d2", str(path), str(path.with_suffix(".svg"))], capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        text = html.unescape(path.with_suffix(".svg").read_text(encoding="utf-8"))
        assert "<img" not in path.with_suffix(".svg").read_text(encoding="utf-8")
        assert all(box.name in text for box in drawn.boxes)


@pytest.mark.skipif(not (CHROMIUM and os.environ.get("SYSDESIGN_MERMAID")), reason="no mermaid.min.js (SYSDESIGN_MERMAID) or no chromium")
def test_mermaid_draws_it(tmp_path: Path) -> None:
    drawn: list[Picture] = [*pictures("ecommerce").values(), *pictures("morprom").values(), hostile()]
    texts = json.dumps([written("mermaid", one, Say("th" if number % 2 else "en")) for number, one in enumerate(drawn)]).replace(
        "</", "<\\/"
    )
    script = (
        "window.alerted = 0; window.alert = () => { window.alerted += 1 }; (async () => { mermaid.initialize({startOnLoad: false});"
        f"const found = []; for (const [n, text] of {texts}.entries()) {{ try {{ const done = await mermaid.render('m' + n, text);"
        "const box = document.createElement('div'); box.innerHTML = done.svg; document.body.append(box);"
        "found.push([box.querySelectorAll('g.node').length, box.textContent]) } catch (error) { found.push([-1, String(error)]) } }"
        "document.body.textContent = JSON.stringify([window.alerted, found]) })()"
    )
    page = tmp_path / "page.html"
    library = Path(os.environ["SYSDESIGN_MERMAID"]).read_text(encoding="utf-8").replace("</script", "<\\/script")
    page.write_text(f'<!doctype html><meta charset="utf-8"><body><script>{library}</script><script>{script}</script>', encoding="utf-8")
    done = subprocess.run(
        [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, encoding="utf-8", timeout=180,
    )  # fmt: skip
    body = re.search(r"<body[^>]*>(.*)</body>", done.stdout, re.DOTALL)
    assert body is not None
    alerts, found = json.loads(html.unescape(body[1]))
    assert alerts == 0
    for one, (nodes, text) in zip(drawn, found, strict=True):
        assert nodes == len(one.boxes), text
        assert all(box.name in text for box in one.boxes)
    assert "<script>alert(1)</script>" in found[-1][1]


def test_png_is_a_png_as_large_as_the_drawing() -> None:
    pytest.importorskip("pyvips", reason="pyvips (extra: pictures) is not installed")
    content = written("png", sysdesign_cli.load("ecommerce").picture(), Say("th"))
    assert isinstance(content, bytes)
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    svg = written("svg", sysdesign_cli.load("ecommerce").picture(), Say("th"))
    size = re.search(r'width="(\d+)" height="(\d+)"', str(svg))
    assert size is not None
    for at, side in ((16, size[1]), (20, size[2])):
        assert abs(int.from_bytes(content[at : at + 4]) - 1.5 * int(side)) <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="fonts are found otherwise here")
def test_whether_thai_can_be_drawn_is_seen_from_the_letters(tmp_path: Path) -> None:
    pytest.importorskip("pyvips", reason="pyvips (extra: pictures) is not installed")
    thai = subprocess.run(["fc-list", ":lang=th"], capture_output=True, text=True).stdout if shutil.which("fc-list") else ""
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>", encoding="utf-8")
    words = "from sysdesign_cli.views.diagrams import png; print(png.has_thai('a'), png.has_thai('ก'), png.thai_can_be_drawn())"
    for environment, expected in (({}, bool(thai)), ({"FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}, False)):
        done = subprocess.run(
            [sys.executable, "-c", words],
            capture_output=True, text=True, encoding="utf-8", cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        )  # fmt: skip
        if not environment and not thai:
            continue  # nobody knows what this machine has
        assert done.stdout == f"False True {expected}\n", done.stderr


def test_every_format_has_a_module_and_an_ending() -> None:
    assert set(ENDINGS.values()) == set(FORMATS)
    with pytest.raises(KeyError):
        written("pdf", sysdesign_cli.load("ecommerce").picture(), Say())
