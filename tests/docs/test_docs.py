"""What the documentation shows is what the program does. ``python3 dev.py docs`` writes the shown outputs and the reference anew."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

with warnings.catch_warnings():  # the oldest typer, imported here, uses what the newest click calls deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    from docs import examples, generate

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:typer", "ignore::DeprecationWarning:click")
ROOT = examples.ROOT
WRITTEN = examples.pages()
MADE = generate.reference()
#: A link of Markdown outside of code: its target.
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
#: Pages in two languages whose commands are the same.
PAIRS = [("README.md", "README.th.md"), ("docs/tutorial.md", "docs/tutorial.th.md")]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """A page without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCED.sub("", path.read_text(encoding="utf-8")))


def anchors(path: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", FENCED.sub("", path.read_text(encoding="utf-8")), re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
        found.add("".join(c for c in plain.strip().lower().replace(" ", "-") if c.isalnum() or c in "-_" or "\u0e31" <= c <= "\u0e4e"))
    return found


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_commands_print_what_the_page_shows(path: Path) -> None:
    with examples.Folder() as folder:
        for step in examples.steps_of(path.read_text(encoding="utf-8")):
            outcome = folder.do(step)
            place = f"{name(path)}:{step.line}: {step.argument}"
            if step.kind == "console":
                assert outcome.code == examples.stated_code(step), f"{place}\n" + "\n".join(outcome.printed)
            if step.shown_at >= 0 and not examples.matches(step.shown, outcome.printed):
                assert step.shown == outcome.printed, f"{place} (python3 dev.py docs writes it anew)"


@pytest.mark.parametrize("file", MADE)
def test_the_reference_is_fresh(file: str) -> None:
    assert (generate.FOLDER / file).read_text(encoding="utf-8") == MADE[file], "python3 dev.py docs makes it anew"


def test_nothing_else_lies_in_the_reference() -> None:
    assert {path.name for path in generate.FOLDER.iterdir()} == set(MADE)


@pytest.mark.parametrize("path", [*WRITTEN, *(generate.FOLDER / file for file in MADE if file.endswith(".md"))], ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(path)):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(there), target


def test_every_page_is_reached_from_the_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        waiting += [(path.parent / target.partition("#")[0]).resolve() for target in LINK.findall(prose(path)) if "://" not in target]
    assert {name(path) for path in {*WRITTEN, *(generate.FOLDER / file for file in MADE if file.endswith(".md"))} - seen} == set()


@pytest.mark.parametrize(("english", "thai"), PAIRS)
def test_both_languages_show_the_same_commands(english: str, thai: str) -> None:
    def commands(page: str) -> list[tuple[str, str]]:
        steps = examples.steps_of((ROOT / page).read_text(encoding="utf-8"))
        return [(step.kind, step.argument.replace(" --lang th", "")) for step in steps if step.kind != "set"]

    assert commands(thai) == commands(english)


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_nothing_of_one_machine_is_shown(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in (str(ROOT), "/tmp", "/root/", "/home/", "\x1b"):
        assert word not in text
    assert text.count("\n```") % 2 == 0


def test_the_pages_show_every_command() -> None:
    shown = {word for path in WRITTEN for step in examples.steps_of(path.read_text(encoding="utf-8")) for word in step.argument.split()}
    assert set(generate.COMMANDS) <= shown


def test_scenarios_name_the_schema() -> None:
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert first == "# yaml-language-server: $schema=../docs/reference/scenario.schema.json", path.name
    assert (ROOT / "docs" / "reference" / "scenario.schema.json").is_file()


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["a", "b", "c"], False),
        (["a", "…"], ["a", "b", "c"], True),
        (["a", "…"], ["a"], True),
        (["…", "c"], ["a", "b", "c"], True),
        (["a", "…", "c"], ["a", "b", "c"], True),
        (["a", "…", "b", "…"], ["a", "x", "b", "y"], True),
        (["a", "…", "b", "c", "…", "e"], ["a", "b", "x", "b", "c", "d", "e"], True),
        (["a", "…", "c", "…"], ["a", "b"], False),
        (["a", "…", "a"], ["a"], False),
    ],
)
def test_an_ellipsis_stands_for_any_lines(shown: list[str], printed: list[str], same: bool) -> None:
    assert examples.matches(shown, printed) is same


def test_renewing_keeps_what_is_left_out() -> None:
    before = ["heading 1", "…", " ✗ claim fails", " └─ because 1", "…", "last 1"]
    printed = ["heading 2", "x", " ✗ claim fails", " └─ because 2", "y", "last 2"]
    after = examples.renewed(before, printed)
    assert after == ["heading 2", "…", " ✗ claim fails", " └─ because 2", "…", "last 2"]
    assert examples.matches(after, printed)
    assert examples.renewed(["?"], printed) == printed


def test_steps_are_read_in_order() -> None:
    page = """\
<!-- write: a.yaml -->
```yaml
name: a
```
<!-- replace in a.yaml: name: a => name: b -->
```console
$ sysdesign list > out.txt
$ sysdesign show nonsense  # exit 2
something

$ sysdesign --version
```
```python
print(1)
```
```text
1
```
```sh
not run
```
"""
    steps = examples.steps_of(page)
    assert [step.kind for step in steps] == ["write", "replace", "console", "console", "console", "python"]
    assert [examples.stated_code(step) for step in steps] == [0, 0, 0, 2, 0, 0]
    assert [step.shown for step in steps[2:]] == [[], ["something"], [], ["1"]]
    with examples.Folder() as folder:
        outcomes = [folder.do(step) for step in steps]
        assert Path("a.yaml").read_text(encoding="utf-8") == "name: b\n"
        assert "ecommerce" in Path("out.txt").read_text(encoding="utf-8")
    assert outcomes[-1].printed == ["1"]
    assert outcomes[3].code == 2


def test_only_the_program_is_run() -> None:
    with pytest.raises(ValueError, match="not a command of the program"):
        examples.run("rm -r x")
