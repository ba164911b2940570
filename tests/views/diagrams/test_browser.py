"""Drawings in a real browser: every letter stands inside its box, in whichever font, and a state is changed by a class."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import sysdesign_cli
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.library import bundled_names
from sysdesign_cli.views.diagrams.svg import svg
from tests.views.diagrams.test_svg import hostile, pictures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium to measure text with")
pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")

#: The stack of the sheet, and fonts that are wider than most of it.
FONTS = ("", "'DejaVu Sans',Waree,sans-serif", "'Liberation Sans',Loma,sans-serif")
MEASURE = """
const out = {texts: 0, outside: [], colours: {}, alerts: window.alerted || 0};
const inside = (a, b, t) => a.x >= b.x - t && a.y >= b.y - t && a.x + a.width <= b.x + b.width + t && a.y + a.height <= b.y + b.height + t;
for (const font of FONTS) {
  for (const drawing of document.querySelectorAll('svg')) {
    drawing.style.fontFamily = font;
    const page = drawing.viewBox.baseVal;
    for (const node of drawing.querySelectorAll('.node')) {
      const shape = node.querySelector('.shape').getBBox();
      for (const text of node.querySelectorAll('.name, .about')) {
        out.texts++;
        if (!inside(text.getBBox(), shape, 0.5)) out.outside.push([font, text.textContent]);
      }
    }
    for (const text of drawing.querySelectorAll(':scope > text, .story text')) {
      const box = text.getBBox();
      if (box.x + box.width > page.width) out.outside.push([font, text.textContent]);
    }
    const legend = [...drawing.querySelectorAll('.legend > text:not(.step)')].map(text => text.getBBox());
    for (let n = 1; n < legend.length; n++)
      if (legend[n].y === legend[n - 1].y && legend[n - 1].x + legend[n - 1].width > legend[n].x - 40) out.outside.push([font, 'legend ' + n]);
  }
}
const node = document.querySelector('svg [data-node=payment]');
for (const state of ['ok', 'failed', 'killed', 'delayed']) {
  node.setAttribute('class', 'node kind-service state-' + state);
  const shape = getComputedStyle(node.querySelector('.shape'));
  out.colours[state] = [shape.stroke, shape.strokeDasharray, getComputedStyle(node.querySelector('.badge')).markerStart];
}
document.body.innerHTML = '';
document.body.textContent = JSON.stringify(out);
"""


def measured(folder: Path, drawings: list[str]) -> dict[str, object]:
    page = folder / "page.html"
    script = f"window.alert = () => {{ window.alerted = (window.alerted || 0) + 1 }}; const FONTS = {json.dumps(FONTS)}; {MEASURE}"
    page.write_text(f'<!doctype html><meta charset="utf-8"><body>{"".join(drawings)}<script>{script}</script>', encoding="utf-8")
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom",
         f"--user-data-dir={folder / 'profile'}", page.as_uri()],
        capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    body = re.search(r"<body>(.*)</body>", done.stdout, re.DOTALL)
    assert body is not None, done.stderr[-2000:]
    found: dict[str, object] = json.loads(html.unescape(body[1]))
    return found


def test_every_letter_stands_inside_its_box(tmp_path: Path) -> None:
    drawings = [svg(sysdesign_cli.load("ecommerce").picture(), Say(), scope="first")]
    for number, name in enumerate(bundled_names()):
        for view, drawn in pictures(name).items():
            for language in ("en", "th"):
                drawings.append(svg(drawn, Say(language), scope=f"d{number}-{view}-{language}"))
    drawings.append(svg(hostile(), Say(), scope="hostile"))
    found = measured(tmp_path, drawings)
    assert found["outside"] == []
    assert found["alerts"] == 0
    assert isinstance(found["texts"], int)
    assert found["texts"] > 3000
    colours = found["colours"]
    assert isinstance(colours, dict)
    assert len({json.dumps(look) for look in colours.values()}) == len(colours)
