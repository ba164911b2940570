"""Whatever stands in a file: reading it gives a scenario, or problems that say where; nothing else, ever.

The shipped scenarios are damaged as an editor would damage them; scenarios that can still be read must compile, too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import check_stability
from sysdesign_cli.scenario.problems import CODES, Place, Problem, ScenarioError
from sysdesign_cli.scenario.read import Document, Vocabulary

SCENARIOS = sorted((Path(__file__).resolve().parents[2] / "scenarios").glob("*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in SCENARIOS]
WORDS = Vocabulary()  # without the metrics and rules that higher floors define

#: What people type by mistake, and what they type on purpose.
TOKENS = [
    "services",
    "events",
    "handles",
    "calls",
    "publishes",
    "variants",
    "changes",
    "remove",
    "workloads",
    "starts",
    "shape",
    "claims",
    "expect",
    "given",
    "kind",
    "source",
    "replicas",
    "min",
    "max",
    "to",
    "on_miss",
    "hit_ratio",
    "defaults",
    "include",
    "zones",
    "name",
    "sysdesign",
    "based_on",
    "each",
    "order",
    "order.PlaceOrder",
    "gateway",
    "broker",
    "normal-day",
    "true",
    "null",
    "~",
    "''",
    "[]",
    "{}",
    "[[[]]]",
    "{a: b}",
    "[a, b]",
    "-1",
    "0",
    "1e999",
    "NaN",
    "99%",
    "5KB",
    "12ms ± 30ms",
    "9s..4s",
    "[1s, 2s]",
    "20/s",
    "x" * 200,
    "1" * 400,
    "&a",
    "*a",
    "!!int",
    "---",
    "...",
    ": ",
    "- ",
    "? ",
    "<<: ",
    "|",
    ">",
    "#",
    "'",
    '"',
    "@",
    "%",
    "\t",
    "ไทย",
    "[red]x[/]",
    "\u202e",
    "\x1b[2J",
    "\ufeff",
    "\x85",
    "\r",
    "😀",
    "../x.yaml",
]


def problems_of(text: str, use: Callable[[Document], object]) -> list[Problem]:
    """Write, read, use. What is not a ScenarioError fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            use(Document(path, "x.yaml"))
        except ScenarioError as error:
            return error.problems
    return []


def compile_all(document: Document) -> None:
    """The scenario and each of its variants: read, compiled, its loops examined."""
    errors: list[Problem] = []
    for variant in ["", *document.variant_names()]:
        try:
            scenario = document.scenario(variant, "x", WORDS)
            check_stability(System(scenario))
        except ScenarioError as error:
            errors += error.problems or [Problem("unreadable", Place("an error without a problem"))]
    if errors:
        raise ScenarioError(errors)


def check_problems(problems: list[Problem]) -> None:
    assert str(ScenarioError(problems)) or not problems
    for problem in problems:
        assert problem.place.file != "an error without a problem"
        assert CODES[problem.code] == problem.slug
        assert str(problem.place)
        assert problem.place.file
        assert problem.place.line >= 0
        assert problem.place.column >= 0
        assert problem.width >= 1
        assert repr(problem)
        assert all(isinstance(value, str) for value in problem.params.values()), problem
        assert all(isinstance(name, str) for name in problem.near), problem
        assert "Node object" not in str(problem.params), problem
    assert problems == sorted(problems, key=Problem.sort_key)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A shipped scenario after one to four accidents."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    for _ in range(draw(st.integers(1, 4))):
        lines = draw(st.sampled_from(ACCIDENTS))(draw, lines)
    return draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])).join(lines)


def _at(draw: st.DrawFn, lines: list[str]) -> int:
    return draw(st.integers(0, max(0, len(lines) - 1)))


def delete_lines(draw: st.DrawFn, lines: list[str]) -> list[str]:
    start = _at(draw, lines)
    return lines[:start] + lines[start + draw(st.integers(1, 12)) :]


def repeat_lines(draw: st.DrawFn, lines: list[str]) -> list[str]:
    start = _at(draw, lines)
    return lines[:start] + lines[start : start + draw(st.integers(1, 12))] * 2 + lines[start:]


def move_lines(draw: st.DrawFn, lines: list[str]) -> list[str]:
    start, length = _at(draw, lines), draw(st.integers(1, 8))
    rest = lines[:start] + lines[start + length :]
    goal = _at(draw, rest)
    return rest[:goal] + lines[start : start + length] + rest[goal:]


def indent_lines(draw: st.DrawFn, lines: list[str]) -> list[str]:
    start, by = _at(draw, lines), draw(st.integers(-4, 4))
    chosen = lines[start : start + draw(st.integers(1, 6))]
    changed = [" " * by + line if by > 0 else line[min(-by, len(line) - len(line.lstrip())) :] for line in chosen]
    return lines[:start] + changed + lines[start + len(chosen) :]


def _words(line: str) -> list[str]:
    """The line in pieces that joined give the line again; every second one is a separator."""
    pieces, word = [], ""
    for character in line:
        if character in " :,{}[]":
            pieces += [word, character]
            word = ""
        else:
            word += character
    return [*pieces, word]


def change_word(draw: st.DrawFn, lines: list[str]) -> list[str]:
    if not lines:
        return lines
    at = _at(draw, lines)
    words = _words(lines[at])
    words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(TOKENS) | st.text(max_size=8))
    return [*lines[:at], "".join(words), *lines[at + 1 :]]


def swap_words(draw: st.DrawFn, lines: list[str]) -> list[str]:
    if not lines:
        return lines
    one, other = _at(draw, lines), _at(draw, lines)
    words, others = _words(lines[one]), _words(lines[other])
    i, j = draw(st.integers(0, len(words) - 1)), draw(st.integers(0, len(others) - 1))
    words[i], others[j] = others[j], words[i]
    changed = list(lines)
    changed[one] = "".join(words)
    changed[other] = "".join(others)
    return changed


def borrow_word(draw: st.DrawFn, lines: list[str]) -> list[str]:
    """A word of another line instead: a name that exists, a value that some field takes."""
    if not lines:
        return lines
    one, other = _at(draw, lines), _at(draw, lines)
    words = _words(lines[one])
    kept = [i for i, word in enumerate(words) if len(word) > 1] or [0]
    words[draw(st.sampled_from(kept))] = draw(st.sampled_from([word for word in _words(lines[other]) if len(word) > 1] or ["x"]))
    return [*lines[:one], "".join(words), *lines[one + 1 :]]


def insert_text(draw: st.DrawFn, lines: list[str]) -> list[str]:
    if not lines:
        return [draw(st.text(max_size=20))]
    at = _at(draw, lines)
    column = draw(st.integers(0, len(lines[at])))
    text = draw(st.text(max_size=6) | st.sampled_from(TOKENS))
    return [*lines[:at], lines[at][:column] + text + lines[at][column:], *lines[at + 1 :]]


def cut_off(draw: st.DrawFn, lines: list[str]) -> list[str]:
    at = _at(draw, lines)
    return [*lines[:at], lines[at][: draw(st.integers(0, 40))]] if lines else lines


ACCIDENTS = [delete_lines, repeat_lines, move_lines, indent_lines, change_word, borrow_word, borrow_word, swap_words, insert_text, cut_off]


@given(damaged())
@settings(max_examples=400, deadline=None, derandomize=True)
def test_damaged_scenarios(text: str) -> None:
    check_problems(problems_of(text, compile_all))


@given(st.text(max_size=300) | st.lists(st.sampled_from([*TOKENS, "\n", "\n  ", "\n    ", ": ", ", ", " "]), max_size=60).map("".join))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text(text: str) -> None:
    problems = problems_of(text, compile_all)
    assert problems
    check_problems(problems)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_bytes(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_bytes(data)
        with pytest.raises(ScenarioError) as error:
            compile_all(Document(path, "x.yaml"))
        check_problems(error.value.problems)


_VALUES = st.recursive(
    st.sampled_from([*TOKENS, "a", "a.H", "H", "E"]).filter(lambda token: not set(token) & set("\t\r\x85\x1b\u202e\ufeff&*!|>")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TOKENS[:28], "a", "H", "E", "x"]), inner, max_size=4),
    max_leaves=12,
)
_SECTION_NAMES = ("services", "events", "flows", "shapes", "workloads", "variants", "claims", "waivers", "defaults", "sources", "zones")


def as_yaml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    return f"'{value}'" if str(value)[:1] in "'\"@%#-.~" or ":" in str(value) or "?" in str(value) else str(value)


@given(st.dictionaries(st.sampled_from(_SECTION_NAMES), _VALUES, max_size=4))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_sections_of_any_shape(sections: dict[str, object]) -> None:
    text = "sysdesign: 1\nname: x\n" + "".join(f"{name}: {as_yaml(value)}\n" for name, value in sections.items())
    check_problems(problems_of(text, compile_all))


_TARGETS = st.sampled_from([f"{service}.{handler}" for service in "abc" for handler in ("G", "H", "E", "F")])
_CALLS = st.lists(st.tuples(_TARGETS, st.sampled_from(["0", "0.5", "1", "3", "1M"]), st.sampled_from(["0%", "30%", "100%"])), max_size=3)


@st.composite
def loops(draw: st.DrawFn) -> str:
    """Three services that call and inform each other without end, or nearly."""
    lines = ["sysdesign: 1", "name: x", "events: {E: {}, F: {}}", "services:", "  broker: {kind: broker}"]
    for service in "abc":
        lines += [f"  {service}:", "    handles:"]
        for handler in ("G", "H", "E", "F"):
            calls = ", ".join(f"{{to: {to}, count: {count}, chance: {chance}}}" for to, count, chance in draw(_CALLS))
            publishes = draw(st.sampled_from(["[]", "[E]", "[E, F]", "{E: 40%, F: 60%}", "{event: F, count: 2}"]))
            lines.append(f"      {handler}: {{calls: [{calls}], publishes: {publishes}}}")
    return "\n".join(lines)


@given(loops())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_loops_are_stable_or_said_not_to_be(text: str) -> None:
    problems = problems_of(text, compile_all)
    check_problems(problems)
    assert {problem.slug for problem in problems} <= {"unstable-loop"}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_shipped_scenarios_are_right(path: Path) -> None:
    assert problems_of(path.read_text(encoding="utf-8"), compile_all) == []
