"""Results and designs as the last thing of a notebook's cell."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.checking import CheckResult
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.views import notebook
from sysdesign_cli.views.report import templates
from tests.helpers import design

shop = sysdesign_cli.load("ecommerce")


class Text(HTMLParser):
    """What a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.seen.append(data)


def seen(html: str | None) -> str:
    assert html is not None
    reader = Text()
    reader.feed(html)
    return re.sub(r"\s+", " ", " ".join(reader.seen))


@pytest.mark.parametrize(
    "result, told",
    [
        (shop.failover(["payment"]), ["place-order", "delayed 98 %", "buffered by the broker"]),
        (shop.latency(), ["47.8 ms", "against the promises"]),
        (shop.capacity(), ["Bottleneck: payment"]),
        (shop.availability(improve=False), ["order-db (stated)", "breached"]),
        (shop.cost(), ["storefront", "not priced"]),
        (shop.flow("place-order"), ["inventory.OrderPlaced", "ANSWERED"]),
        (shop.verify(), ["others-go-on", "does not hold"]),
        (shop.check(), ["R206 overloaded"]),
        (shop.rank(), ["storefront", "94.8 %"]),
        (shop.compare(shop.variant("synchronous")), ["services an answer waits for"]),
        (shop.sweep(["services.payment.replicas=2..3"], ["utilisation:payment"]), ["services.payment.replicas"]),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_result_shows_its_tables(result: Presentable, told: list[str]) -> None:
    text = seen(result._repr_html_())
    for one in told:
        assert one in text


def test_every_result_of_the_interface_is_laid_out() -> None:
    """Everything that is presentable, by its name."""
    import importlib
    import pkgutil

    import sysdesign_cli.analyses

    for module in pkgutil.iter_modules(sysdesign_cli.analyses.__path__):
        importlib.import_module(f"sysdesign_cli.analyses.{module.name}")
    names = {one.__name__ for one in Presentable.__subclasses__()}
    assert names == {*notebook.LAID_OUT, CheckResult.__name__}


def test_a_design_shows_what_it_is_and_its_diagram() -> None:
    html = shop._repr_html_()
    assert "Event-driven online shop" in seen(html)
    assert "16 services, 3 flows" in seen(html)
    assert "<svg" in (html or "")


def test_hostile_texts_stay_texts() -> None:
    bad = design("title: '<script>alert(1)</script>'\nservices: {a: {title: '<img src=x onerror=alert(2)>', handles: {Do: {takes: 1ms}}}}")
    html = bad._repr_html_() or ""
    assert "<script" not in html
    assert "<img" not in html
    assert "<script>alert(1)</script>" in seen(html)


def test_without_templates_the_words_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    templates.environment.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert shop.cost()._repr_html_() is None
    assert shop._repr_html_() is None
    templates.environment.cache_clear()
