"""The report in a real browser: what is shown after a kill is what ``failover`` computes, nothing leaves the page, nothing hostile runs."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

import sysdesign_cli
from sysdesign_cli.analyses.failover import States
from sysdesign_cli.api import Design
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import format_quantity
from sysdesign_cli.views.report import report

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="needs chromium and chromedriver, which are not installed")

SCENARIOS = ("ecommerce", "netflix", "grab", "morprom")
SAYS = (Say("en"), Say("th"))
HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(2)></style></title></script></template></textarea>'
    "<svg onload=alert(3)>{{ 7*7 }}${7*7}&lt;b&gt;' onfocus='alert(4)"
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--window-size=1400,1000",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, Path]:
    """One report for each scenario that comes with the program, made once."""
    return {name: written(folder / f"{name}.html", sysdesign_cli.load(name)) for name in SCENARIOS}


def written(path: Path, *designs: Design) -> Path:
    side = designs[0].together(*designs[1:]) if len(designs) > 1 else None
    made = {"en": "made", "th": "made"}
    text = report([design.dossier(today="2026-11-22") for design in designs], side, SAYS, made=made)
    path.write_text(text, encoding="utf-8")
    return path


def opened(browser: Any, path: Path) -> None:
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(path.as_uri())


def left_the_page(browser: Any, path: Path) -> list[str]:
    """Addresses that were asked for, besides the file itself."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert path.as_uri() in asked
    return [url for url in asked if url != path.as_uri() and not url.startswith("data:")]


def complaints(browser: Any) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


#: Clicks every service of the diagram in turn, and reads what the page then shows of every flow: [answer, completion].
KILL_EACH = """
const shown = {};
for (const box of document.querySelectorAll(".map [data-node]")) {
  box.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  if (box.getAttribute("aria-pressed") !== "true") continue;
  const flows = {};
  for (const row of document.querySelectorAll("[data-flow-state]"))
    flows[row.dataset.flowState] = [row.querySelector(".answer").textContent, row.querySelector(".completion").textContent];
  shown[box.dataset.node] = flows;
}
return shown;
"""


def words(states: States) -> str:
    """The worst state, and which share of the requests it meets where it is not all of them."""
    share = states.shares[states.worst]
    told = "" if states.worst == "ok" or share > 1 - 1e-9 else f" {format_quantity(share, 'share')}"
    return Say("en")(f"state.{states.worst}") + told


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_kill_shows_what_failover_computes(name: str, browser: Any, pages: dict[str, Path]) -> None:
    opened(browser, pages[name])
    assert left_the_page(browser, pages[name]) == []
    shown = browser.execute_script(KILL_EACH)
    design = sysdesign_cli.load(name)
    computed = {
        service: {flow.flow: [words(flow.answer), words(flow.completion)] for flow in design.failover([service]).flows}
        for service, definition in design.scenario.services.items()
        if definition.kind != "client"
    }
    assert shown == computed
    assert complaints(browser) == []


def test_a_real_click_then_the_other_language_and_back_to_life(browser: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    def find(css: str) -> Any:
        return browser.find_element(By.CSS_SELECTOR, css)

    opened(browser, pages["ecommerce"])
    payment = find('[data-node="payment"]')
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", payment)
    payment.click()
    assert find('[data-flow-state="place-order"] .completion').text.endswith("delayed 98 %")
    assert "state-killed" in find('[data-node="payment"]').get_attribute("class")
    assert "state-idle" in find('[data-node="card-gateway"]').get_attribute("class")
    assert "buffered by the broker" in find(".reasons").text

    browser.execute_script("document.querySelectorAll('details.journey')[1].open = true")
    find("#language").click()
    assert find("html").get_attribute("lang") == find("#page").get_attribute("lang") == "th"
    assert browser.title == Say("th")("report.title", names="ecommerce")
    assert find('[data-flow-state="place-order"] .completion').text.endswith("ล่าช้า 98 %")
    assert "state-killed" in find('[data-node="payment"]').get_attribute("class")
    assert browser.execute_script("return document.querySelectorAll('details.journey')[1].open")

    box = find('[data-node="payment"]')
    browser.execute_script("arguments[0].focus()", box)
    box.send_keys(Keys.ENTER)
    assert find('[data-flow-state="place-order"] .completion').text.endswith("ปกติ")
    assert "state-killed" not in box.get_attribute("class")
    find('[data-kill="/a"]').click()
    zone = sysdesign_cli.load("ecommerce").failover([], ["a"])
    shown = [find(f'[data-flow-state="{flow.flow}"] .answer').text.split()[-1] for flow in zone.flows]
    assert shown == [Say("th")(f"state.{flow.answer.worst}").split()[-1] for flow in zone.flows]
    find("#language").click()
    assert find("html").get_attribute("lang") == "en"
    assert complaints(browser) == []


def test_a_flow_is_played_step_by_step(browser: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By

    opened(browser, pages["ecommerce"])
    browser.execute_script("document.querySelector('[data-play=\"place-order\"]').click()")
    passed = []
    for _ in range(4):
        now = browser.find_elements(By.CSS_SELECTOR, ".map .node.played-now")
        passed.append([box.get_attribute("data-node") or box.get_attribute("data-event") for box in now])
        browser.execute_script("document.querySelector('.next').click()")
    assert passed == [["storefront"], ["order"], ["order-db"], ["OrderPlaced"]]
    arrow = browser.find_element(By.CSS_SELECTOR, ".map .edge.played-now")
    assert (arrow.get_attribute("data-from"), arrow.get_attribute("data-to")) == ("OrderPlaced", "inventory")
    assert "step 5 of 30" in browser.find_element(By.CSS_SELECTOR, ".played").text
    browser.execute_script("document.querySelector('.stop').click()")
    assert not browser.find_elements(By.CSS_SELECTOR, ".played-now, .played-before")
    assert complaints(browser) == []


def test_every_figure_can_be_asked(browser: Any, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.by import By

    opened(browser, pages["ecommerce"])
    figure = browser.find_element(By.XPATH, "//section[@id='s0-latency']//button[contains(., '47.8 ms')]")
    browser.execute_script("arguments[0].click()", figure)
    told = browser.find_element(By.CSS_SELECTOR, "#why .derivation").text
    assert Say("en")("formula.percentile") in told
    assert "ecommerce.yaml:" in told
    assert browser.execute_script("return document.getElementById('why').open")
    empty = browser.execute_script("""
      const empty = [];
      document.getElementById("why").close();
      for (const one of document.querySelectorAll("[data-why]")) {
        one.click();
        if (!document.querySelector("#why .derivation li").textContent.trim()) empty.push(one.dataset.why);
        document.getElementById("why").close();
      }
      return [empty, document.querySelectorAll("[data-why]").length];""")
    assert empty[0] == []
    assert empty[1] > 300
    assert complaints(browser) == []


def test_several_scenarios_in_one_report(browser: Any, folder: Path) -> None:
    from selenium.webdriver.common.by import By

    shop = sysdesign_cli.load("ecommerce")
    page = written(folder / "both.html", shop, shop.variant("synchronous"))
    opened(browser, page)
    assert len(browser.find_elements(By.CSS_SELECTOR, "#together .point")) == 6  # two options in three planes
    boxes = browser.find_elements(By.CSS_SELECTOR, '[data-node="payment"]')
    browser.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", boxes[1])
    shown = [row.text for row in browser.find_elements(By.CSS_SELECTOR, '[data-flow-state="place-order"] .answer')]
    assert [text.split()[-1] for text in shown] == ["ok", "failed"]
    assert browser.execute_script("return new Set([...document.querySelectorAll('#page [id]')].map((one) => one.id)).size") == len(
        browser.find_elements(By.CSS_SELECTOR, "#page [id]")
    )
    assert complaints(browser) == []


def hostile(folder: Path) -> Design:
    """A shop in which every free text is an attack, and so is the name of its file."""

    def poisoned(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: poisoned(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [poisoned(part, key) for part in value]
        return f"{HOSTILE} {key}" if key in ("title", "description", "says", "note", "reason", "optional", "address", "en", "th") else value

    original = Path(sysdesign_cli.load("ecommerce").scenario.node.place.file)
    tree = yaml.load(original.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    path = folder / "<img src=x onerror=alert(5)>&amp;.yaml"
    path.write_text(yaml.safe_dump(poisoned(tree), allow_unicode=True), encoding="utf-8")
    return sysdesign_cli.load(str(path))


def test_hostile_texts_stay_texts(browser: Any, folder: Path) -> None:
    from selenium.webdriver.common.by import By

    design = hostile(folder)
    page = written(folder / "hostile.html", design, design.variant("synchronous"))
    opened(browser, page)
    for _ in SAYS:
        browser.execute_script(KILL_EACH)
        browser.execute_script("document.querySelector('[data-why]').click(); document.getElementById('why').close()")
        browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        text = browser.find_element(By.TAG_NAME, "body").text
        assert text.count("<script>alert(1)</script>") > 20
        assert "{{ 7*7 }}${7*7}" in text
        assert browser.execute_script("return document.querySelectorAll('img, iframe, object, [onerror], [onload], [onfocus]').length") == 0
        assert browser.execute_script("return document.scripts.length") == 2
        browser.find_element(By.ID, "language").click()
    browser.execute_script("document.querySelectorAll('[tabindex]').forEach((one) => one.focus())")
    time.sleep(0.2)
    assert complaints(browser) == []  # an alert would have made the calls above fail
    assert left_the_page(browser, page) == []


def test_the_policy_is_in_force(browser: Any, pages: dict[str, Path]) -> None:
    """Even what gets into the page unescaped does not run and loads nothing."""
    opened(browser, pages["grab"])
    browser.execute_script("""
      document.body.insertAdjacentHTML("beforeend",
        '<img src="data:," onerror="window.ran = 1"><img src="http://127.0.0.1:9/x.png"><p style="color:red">x</p>');
      const script = document.createElement("script");
      script.textContent = "window.ran = 2";
      document.body.append(script);""")
    time.sleep(0.2)
    assert browser.execute_script("return window.ran === undefined")
    told = "\n".join(complaints(browser))
    assert told.count("Content Security Policy") >= 4


def test_it_prints_with_everything_open(browser: Any, pages: dict[str, Path]) -> None:
    opened(browser, pages["ecommerce"])
    folded = "return document.querySelectorAll('#page details:not([open])').length"
    before = browser.execute_script(folded)
    browser.execute_script(
        "window.addEventListener('beforeprint', () => { window.foldedOnPaper = document.querySelectorAll('#page details:not([open], .numbers, .more)').length; })"
    )
    printed = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/") + printed.count(b"/Type/Page/") >= 8
    assert browser.execute_script("return window.foldedOnPaper") == 0
    assert browser.execute_script(folded) == before > 3
    assert complaints(browser) == []


def test_whatever_can_be_used_has_a_name(browser: Any, pages: dict[str, Path]) -> None:
    """By the browser's own tree for screen readers."""
    opened(browser, pages["morprom"])
    browser.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    wanted = ("button", "link", "combobox", "region", "navigation", "dialog", "image", "img")
    used = [node for node in nodes if not node.get("ignored") and node["role"]["value"] in wanted]
    assert len(used) > 100
    assert [node for node in used if not node.get("name", {}).get("value", "").strip()] == []
    levels = browser.execute_script("return [...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))
