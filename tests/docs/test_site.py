"""The documentation as a site: it builds without a warning, every link leads somewhere, its pictures are those of the program, and it works
from a folder without any network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

import sysdesign_cli

pytest.importorskip("material", reason="mkdocs-material (extra: docs) is not installed")
pytest.importorskip("nbclient", reason="nbclient (extra: docs) is not installed")
pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")
pytest.importorskip("jinja2", reason="jinja2 (extra: report) is not installed")

ROOT = Path(__file__).parent.parent.parent
BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("object", "data"), ("source", "src")}


class Links(HTMLParser):
    """What a page loads, where it leads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.leads: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self.language = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in LOADED:
                self.loaded.append(value or "")
                self.words += [dict(attrs).get("alt") or ""] if tag == "img" else []
            elif (tag, name) == ("a", "href"):
                self.leads.append(value or "")
            elif (tag, name) == ("html", "lang"):
                self.language = value or ""
            elif name == "id":
                self.anchors.add(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Links]:
    """Pages of the theme; the sample report is no such page."""
    found = {path.relative_to(site).as_posix(): Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    return {name: page for name, page in found.items() if name not in ("404.html", "sample-report.html")}


def test_every_page_is_there(pages: dict[str, Links]) -> None:
    written = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    made = {
        "gallery.html",
        "notebooks/first-look.html",
        "readme.html",
        "readme.th.html",
        "contributing.html",
        "changelog.html",
        "license.html",
    }
    assert set(pages) == written | made
    assert {name for name, page in pages.items() if page.language == "th"} == {name for name in pages if ".th." in name}


def test_every_page_is_in_the_menu_of_the_first(pages: dict[str, Links]) -> None:
    assert {lead.partition("#")[0] or "index.html" for lead in pages["index.html"].leads} >= set(pages) - {"index.html"}


def test_links_lead_somewhere(site: Path, pages: dict[str, Links]) -> None:
    wrong = []
    for name, page in pages.items():
        for target in {*page.leads, *page.loaded}:
            file, _, anchor = unquote(target).partition("#")
            if file.startswith(("https://", "http://", "mailto:")):
                continue
            there = (site / name).parent / file if file else site / name
            where = there.resolve().relative_to(site.resolve()).as_posix()
            if not there.is_file() or (anchor and where in pages and anchor not in pages[where].anchors):
                wrong.append((name, target))
    assert wrong == []


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Links]) -> None:
    assert [(name, target) for name, page in pages.items() for target in page.loaded if "//" in target] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(\s*['\"]?(https?:)?//", styles) == []


def test_pictures_are_those_of_the_program(site: Path, pages: dict[str, Links]) -> None:
    drawn = {path.name for path in (site / "pictures").iterdir()}
    shown = {target.rpartition("/")[2] for page in pages.values() for target in page.loaded if "pictures/" in target}
    assert shown == drawn
    assert {"guides-diagrams-shop.svg", "guides-diagrams-failure.svg", "guides-diagrams-order.svg", "guides-diagrams-zones.svg"} <= drawn
    assert {"ecommerce.svg", "netflix.svg", "grab.svg", "morprom.svg"} <= drawn
    for name in drawn:
        assert (ElementTree.parse(site / "pictures" / name).getroot().get("class") or "").startswith("sysdesign view-")
    payment = sysdesign_cli.load("ecommerce").picture(kill=["payment"])
    assert (site / "pictures" / "ecommerce-payment.svg").read_text(encoding="utf-8") == payment.written("svg")
    assert "<title>" in (site / "sample-report.html").read_text(encoding="utf-8")


def test_every_picture_is_said_in_words(pages: dict[str, Links]) -> None:
    words = [word for page in pages.values() for word in page.words]
    assert "ecommerce · kill payment for 15 min · Normal day, at its 11:00 peak" in words
    assert [word for word in words if len(word) < 10] == []


def test_the_notebook_is_shown_with_what_it_shows(site: Path) -> None:
    text = (site / "notebooks" / "first-look.html").read_text(encoding="utf-8")
    assert text.count('<div class="output"') == 3
    assert "<table" in text
    assert (site / "notebooks" / "first-look.ipynb").is_file()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", profile):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=webdriver.ChromeService(DRIVER), options=options)
    yield driver
    driver.quit()


@pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="needs chromium and chromedriver, which are not installed")
def test_from_a_folder_it_searches_in_both_languages_and_asks_no_network(site: Path, browser: Any) -> None:
    browser.get("about:blank")
    browser.get_log("performance")  # what a browser shows before it is told anything
    for word, page in (("retention", "terms.html"), ("คำตอบ", "tutorial.th.html")):
        browser.get((site / "index.html").as_uri())
        browser.execute_script("document.querySelector('label[for=__search]').click()")
        end = time.monotonic() + 30
        found: list[str] = []
        while not any(page in link for link in found):
            assert time.monotonic() < end, found
            browser.execute_script(
                "const box = document.querySelector('.md-search__input'); box.focus(); box.value = arguments[0];"
                "box.dispatchEvent(new KeyboardEvent('keyup'))",
                word,
            )
            time.sleep(0.1)
            found = browser.execute_script("return [...document.querySelectorAll('.md-search-result__link')].map(link => link.href)")
    for name in ("gallery.html", "tutorial.th.html", "guides/diagrams.html", "notebooks/first-look.html"):
        browser.get((site / name).as_uri())
        assert browser.execute_script("return [...document.images].every(image => image.complete && image.naturalWidth > 100)")
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
