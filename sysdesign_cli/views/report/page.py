"""The whole file: style sheet, the page in each language, the data of its script, and the script.

Its content security policy allows the style sheet and the script of this file by their hashes, and nothing else: no request leaves the
page, and nothing that came from a scenario could run even if it were not escaped. All text passes through Jinja's escaping; data for
the script is JSON in which no ``<`` stands.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.dossier import Dossier, Refused, Together
from sysdesign_cli.analyses.picture import Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.report.chapter import SECTIONS, chapter, together
from sysdesign_cli.views.report.derivations import Derivations
from sysdesign_cli.views.report.outcomes import Outcomes
from sysdesign_cli.views.report.templates import environment, resource

if TYPE_CHECKING:
    from jinja2 import Environment

#: Texts that the script shows: all that begin like this.
_SCRIPTED: Final = ("report.js.", "state.", "diagram.state.")
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_INLINE: Final = re.compile(r'(<[a-z]+\b[^<>]*?) style="([^"<>]*)"')


def report(
    dossiers: Sequence[Dossier],
    side: Together | None,
    says: Sequence[Say],
    *,
    start: str = "en",
    changes: Sequence[str] = (),
    made: Mapping[str, str],
) -> str:
    """The file.

    says: the languages in it; start: that which it opens in. side: where there are several dossiers. changes: made on the command
    line. made: by what, and when, in each language.

    Raises TemplatesMissing.
    """
    filled = environment()
    derivations = Derivations([dossier.sources for dossier in dossiers])
    outcomes = Outcomes(says)
    pages, titles = {}, {}
    for say in says:
        chapters = [chapter(f"s{number}-", dossier, _drawn, say, derivations, changes) for number, dossier in enumerate(dossiers)]
        titles[say.language] = say("report.title", names=", ".join(one.address for one in chapters))
        pages[say.language] = filled.get_template("page.html.jinja").render(
            say=say,
            other=next((one for one in says if one.language != say.language), say),
            title=titles[say.language],
            chapters=chapters,
            side=None if side is None else together(side, say, derivations),
            sections=SECTIONS,
            made=made[say.language],
        )
    kills = {
        f"s{number}-": outcomes.of(dossier.failures) for number, dossier in enumerate(dossiers) if not isinstance(dossier.failures, Refused)
    }
    data = {
        "kills": kills,
        "texts": outcomes.texts,
        "boxes": outcomes.boxes,
        "derivations": derivations.entries,
        "keys": derivations.keys,
        "words": {say.language: say.beginning(*_SCRIPTED) | derivations.texts(say) for say in says},
        "sources": {say.language: derivations.cited(say) for say in says},
        "titles": titles,
    }
    return _file(filled, pages, start, titles[start], json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def _file(filled: Environment, pages: dict[str, str], start: str, title: str, data: str) -> str:
    sheet, script = resource("report.css"), resource("report.js")
    sheets = dict.fromkeys([sheet, *(found for page in pages.values() for found in _STYLE.findall(page))])
    policy = [
        "default-src 'none'",
        "img-src data:",
        "style-src " + " ".join(_hash(one) for one in sheets),
        f"script-src {_hash(script)}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return filled.get_template("file.html.jinja").render(
        start=start,
        title=title,
        policy="; ".join(policy),
        sheet=sheet,
        script=script,
        page=pages[start],
        others={language: page for language, page in pages.items() if language != start},
        data=data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
    )


def _drawn(picture: Picture, say: Say, scope: str) -> tuple[str, str]:
    """The diagram, or in its place what is missing."""
    from sysdesign_cli.views.diagrams import PACKAGES
    from sysdesign_cli.views.diagrams.layout import LayoutMissing, TooLarge
    from sysdesign_cli.views.diagrams.svg import svg

    if not picture.boxes:
        return "", say("report.nothing-to-draw")
    try:
        return _without_inline_styles(svg(picture, say, scope=scope, interactive=True)), ""
    except LayoutMissing:
        return "", say("report.no-layout", packages=shlex.join(PACKAGES))
    except TooLarge as error:
        return "", say("report.too-large", count=error.count, limit=error.limit)


def _without_inline_styles(drawing: str) -> str:
    """The same drawing with presentation attributes: a style sheet can be allowed by its hash, the style of one element cannot."""

    def attributes(match: re.Match[str]) -> str:
        pairs = (part.partition(":") for part in match[2].split(";") if part)
        return match[1] + "".join(f' {name.strip()}="{value.strip()}"' for name, _, value in pairs)

    return _INLINE.sub(attributes, drawing)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
