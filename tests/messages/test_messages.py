"""What the user reads: both languages say the same things, nothing is missing, and every example does what its page says."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from textwrap import dedent

import pytest

import sysdesign_cli
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import check_stability
from sysdesign_cli.messages import en, problems_en, problems_th, terms_en, terms_th, th
from sysdesign_cli.scenario.problems import CODES, ScenarioError
from sysdesign_cli.scenario.read import Document, Vocabulary

#: Each kind of text: English, Thai.
BOTH = {
    "messages": (en.MESSAGES, th.MESSAGES),
    "terms": (terms_en.TERMS, terms_th.TERMS),
    "problems": (problems_en.PAGES, problems_th.PAGES),
}
#: A constant key: ``say("key"``, ``self.say("key"``, ``say.maybe("key"``; and both of ``say("one" if … else "other"``.
SAID = re.compile(r"""\bsay(?:\.maybe)?\(\s*"([^"{}]+)"(?:\s+if\b[^()]*(?:\([^()]*\)[^()]*)*\belse\s+"([^"{}]+)")?""")
#: Problems that no small file shows by itself.
NOT_SHOWN = {
    "too-large", "not-text", "too-many", "no-such-scenario", "no-such-variant",
    "simulation-too-long", "simulation-too-many-users", "fault-after-end",
}  # fmt: skip
THAI = re.compile("[\u0e00-\u0e7f]")


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def constant_keys() -> set[tuple[str, str]]:
    """(file, key) wherever the program says something by a constant key."""
    folder = Path(sysdesign_cli.__file__).parent
    found = set()
    for path in sorted(set(folder.rglob("*.py")) - set((folder / "messages").iterdir())):
        for match in SAID.finditer(path.read_text(encoding="utf-8")):
            found |= {(str(path.relative_to(folder)), key) for key in match.groups() if key}
    return found


def examples(page: str) -> list[str]:
    """The indented blocks of a page: wrong, right."""
    blocks = re.findall(r"(?:^ {4}.*\n?)+", page, re.MULTILINE)
    return [dedent(block) for block in blocks]


def problems_of(text: str, folder: Path) -> set[str]:
    """Slugs of everything wrong in a file of this text, its variants included."""
    (folder / "parts").mkdir()
    (folder / "parts" / "payment.yaml").write_text("services: {payment: {}}\n", encoding="utf-8")
    path = folder / "shop.yaml"
    missing = [line for line in ("sysdesign: 1\n", "name: shop\n") if line.split()[0] not in [key.split()[0] for key in text.splitlines()]]
    path.write_text("".join(missing) + text, encoding="utf-8")
    try:
        document = Document(path, "shop.yaml")
        for variant in ("", *document.variant_names()):
            check_stability(System(document.scenario(variant, "shop", Vocabulary())))
    except ScenarioError as error:
        return {problem.slug for problem in error.problems}
    return set()


@pytest.mark.parametrize("kind", BOTH)
def test_same_keys_in_the_same_order(kind: str) -> None:
    english, thai = BOTH[kind]
    assert list(thai) == list(english)


@pytest.mark.parametrize("kind", BOTH)
def test_no_text_is_empty(kind: str) -> None:
    for texts in BOTH[kind]:
        assert [key for key, text in texts.items() if not text.strip()] == []


def test_same_placeholders() -> None:
    differ = [key for key, text in en.MESSAGES.items() if placeholders(th.MESSAGES.get(key, "")) != placeholders(text)]
    assert differ == []


def test_placeholders_are_plain_names() -> None:
    names = {name for texts in BOTH["messages"] for text in texts.values() for name in placeholders(text)}
    assert [name for name in names if not name.isidentifier()] == []


def test_every_constant_key_exists() -> None:
    keys = constant_keys()
    assert len(keys) > 100
    assert sorted((file, key) for file, key in keys if key not in en.MESSAGES) == []


def test_every_problem_has_a_page_and_a_message() -> None:
    assert list(problems_en.PAGES) == list(CODES.values())
    assert [slug for slug in CODES.values() if f"problem.{slug}" not in en.MESSAGES] == []


@pytest.mark.parametrize("kind", ["terms", "problems"])
def test_thai_pages_are_thai(kind: str) -> None:
    english, thai = BOTH[kind]
    assert [key for key, text in english.items() if THAI.search(re.sub(r"(?m)^ {4}.*", "", text))] == []
    assert [key for key, text in thai.items() if not THAI.search(text)] == []


@pytest.mark.parametrize("slug", CODES.values())
def test_examples_are_the_same_in_both_languages(slug: str) -> None:
    wrong_and_right = examples(problems_en.PAGES[slug])
    assert len(wrong_and_right) == 2
    assert examples(problems_th.PAGES[slug]) == wrong_and_right


@pytest.mark.parametrize("slug", [slug for slug in CODES.values() if slug not in NOT_SHOWN])
def test_wrong_example_has_the_problem(slug: str, tmp_path: Path) -> None:
    assert problems_of(examples(problems_en.PAGES[slug])[0], tmp_path) == {slug}


@pytest.mark.parametrize("slug", [slug for slug in CODES.values() if slug not in NOT_SHOWN])
def test_right_example_has_none(slug: str, tmp_path: Path) -> None:
    assert problems_of(examples(problems_en.PAGES[slug])[1], tmp_path) == set()
