"""Designs and pictures show themselves in a notebook, by what IPython asks them for."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

import sysdesign_cli
from tests.helpers import design

pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")


def test_a_design_and_a_picture_show_themselves() -> None:
    shop = sysdesign_cli.load("ecommerce")
    for shown, view in ((shop, "services"), (shop.picture(kill=["payment"]), "failure"), (shop.picture(flow="browse"), "flow")):
        text = shown._repr_svg_()
        assert text is not None
        assert f"view-{view}" in ElementTree.fromstring(text).get("class", "")
    assert "ร้านค้าออนไลน์" in shop.picture(language="th").svg()
    assert repr(shop.picture()) == "<services of ecommerce: 24 boxes, 30 arrows>"
    assert str(shop.picture().written("dot")).startswith("digraph")


def test_without_the_packages_words_stand_for_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    picture = sysdesign_cli.load("ecommerce").picture()
    assert picture._repr_svg_() is None
    monkeypatch.setattr("sysdesign_cli.views.diagrams.notebook.available", lambda: False)
    assert "pip install" in repr(picture)


def test_a_system_without_parts_is_an_empty_picture() -> None:
    text = design("services: {}")._repr_svg_()
    assert text is not None
    assert ElementTree.fromstring(text).tag.endswith("svg")
