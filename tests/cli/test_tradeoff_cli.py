"""``sysdesign tradeoff`` as a user runs it: formats, options, exit codes, time."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
#: Seconds of processor time for the whole command, start and imports included; on two busy cores several times what an idle one takes.
MOST_S = 4.0


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("SYSDESIGN_LANG", "COLUMNS")} | {
        "PYTHONPATH": str(ROOT),
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(
        [sys.executable, "-m", "sysdesign_cli", "tradeoff", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment,
        timeout=120,
        check=False,
    )


def asked(*words: str) -> dict[str, object]:
    done = run(*words, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "NaN" not in done.stdout
    assert "Infinity" not in done.stdout
    (result,) = json.loads(done.stdout)["results"]
    found: dict[str, object] = result
    return found


def test_json_adds_up() -> None:
    result = asked("morprom")
    weights = result["weights"]
    options = result["options"]
    assert isinstance(weights, dict)
    assert isinstance(options, list)
    assert sum(weight["value"] for weight in weights.values()) == pytest.approx(1)
    for option in options:
        total = sum(weights[value["metric"]]["value"] * value["score"]["value"] for value in option["values"])
        assert option["score"]["value"] == pytest.approx(total, abs=1e-9)
    assert [option["rank"] for option in options] == [1, 2, 3]
    assert {option["name"] for option in options} == {"morprom", "monolith", "always-on"}


def test_weights_of_the_command_line_count() -> None:
    """With nothing but cost, the cheapest is first; with nothing but availability, the one that is up longest."""
    alone = ("--weight", "domains_redeployed_per_change=0")
    by_cost = asked("morprom", *alone, "--weight", "availability=0", "--weight", "cost=3")
    by_uptime = asked("morprom", *alone, "--weight", "cost=0")
    for result, best in ((by_cost, min), (by_uptime, max)):
        options = result["options"]
        assert isinstance(options, list)
        figures = {option["name"]: option["values"][0]["value"]["value"] for option in options}
        assert options[0]["name"] == best(figures, key=lambda name: figures[name])
        assert options[0]["score"]["value"] == pytest.approx(1)


def test_variants_that_take_part() -> None:
    result = asked("ecommerce", "--variants", "synchronous,plus-loyalty", "--variants", "fire-and-forget")
    options = result["options"]
    assert isinstance(options, list)
    assert {option["name"] for option in options} == {"ecommerce", "synchronous", "plus-loyalty", "fire-and-forget"}
    pair = asked("morprom", "--variants", "monolith")["options"]
    assert isinstance(pair, list)
    assert sorted(option["name"] for option in pair) == ["monolith", "morprom"]


def test_samples_are_the_same_every_time() -> None:
    words = ("morprom", "--variants", "monolith", "--samples", "8", "--seed", "3")
    first, again = asked(*words), asked(*words)
    assert first == again
    odds = first["odds"]
    assert isinstance(odds, list)
    assert sum(one["first"]["value"] for one in odds) == pytest.approx(1)


def test_csv_has_plain_numbers() -> None:
    rows = list(csv.reader(io.StringIO(run("morprom", "--format", "csv").stdout)))
    assert rows[0] == ["rank", "option", "score", "beaten_by", "title"]
    assert [float(row[0]) for row in rows[1:4]] == [1, 2, 3]
    head = next(number for number, row in enumerate(rows) if row[:2] == ["metric", "weight"])
    assert all(float(cell) >= 0 for row in rows[head + 1 : head + 4] for cell in row[1:])


def test_changes_are_made_in_every_option_that_has_the_path() -> None:
    done = run("morprom", "--set", "services.broker.mtbf=400d", "--variants", "monolith")
    assert done.returncode == 0, done.stderr
    assert "with services.broker.mtbf = 400d" in done.stdout


def test_a_change_may_fit_one_variant_alone() -> None:
    plain, changed = (asked("morprom", *more)["options"] for more in ((), ("--set", "services.monolith.replicas.min=9")))
    assert isinstance(plain, list)
    assert isinstance(changed, list)
    costs = [{option["name"]: option["values"][1]["value"]["value"] for option in options} for options in (plain, changed)]
    assert costs[1]["monolith"] > costs[0]["monolith"]
    assert costs[1]["always-on"] == costs[0]["always-on"]
    assert (
        "morprom has no place for services.monolith.replicas.min = 9" in run("morprom", "--set", "services.monolith.replicas.min=9").stdout
    )


def test_along() -> None:
    shown = run("morprom", "--along", "services.booking.replicas.min=1..4").stdout
    assert "services.booking.replicas.min from 1 … 4" in shown


def test_another_price_book(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("price_book: 1\nname: mine\nrows:\n  - {item: c7g.large, per: hour, price: $2}\n", encoding="utf-8")
    options = asked("morprom", "--prices", str(path), "--weight", "cost=1")["options"]
    assert isinstance(options, list)
    figures = {option["name"]: option["values"][1]["value"]["value"] for option in options}
    assert figures["always-on"] > figures["morprom"] > 0


def test_why_has_words_for_everything() -> None:
    """Every number leads to its formula in words, down to the file; no bare key of the program is shown."""
    shown = run("morprom", "--why=score").stdout
    assert "scenarios/morprom.yaml:" in shown
    assert "sum of weight × score" in shown
    shown = run("morprom", "--why=flip", "--samples", "4", "--along", "services.booking.replicas.min=1..4").stdout
    assert "where the lead of the first changes its sign" in shown
    assert not re.search(r"\b(flip-value|flip-weight|weight-share|score-lower|score-higher|path-end|quantile-of-samples)\b", shown)


def test_thai() -> None:
    shown = run("morprom", "--lang", "th").stdout
    assert "อะไรจะทำให้ผลพลิก" in shown
    assert "แพ้ทุกด้านให้" in shown


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nowhere"], 2, "nowhere"),
        (["morprom", "--variants", "monolit"], 2, "monolith"),
        (["morprom", "--weight", "costs=3"], 2, "cost"),
        (["morprom", "--weight", "cost"], 2, "cost=3"),
        (["morprom", "--weight", "services=1"], 2, "services"),
        (["morprom", "--flow", "book"], 2, "book-appointment"),
        (["morprom", "--workload", "opening"], 2, "opening-day"),
        (["morprom", "--along", "services.bookin.replicas.min=1..4"], 2, "booking"),
        (["morprom", "--along", "services.booking.replicas.min=4"], 2, "LOW..HIGH"),
        (["morprom", "--prices", "aws-singapor"], 2, "aws-singapore"),
        (["morprom", "--prices", "none.yaml"], 3, "none.yaml"),
        (["morprom", "--set", "services.nobody.replicas=3"], 2, "nobody"),
        (["morprom", "--samples", "-1"], 2, "--samples"),
        (["morprom", "--format", "xml"], 2, "xml"),
        (["tests/shops/sock-shop.yaml"], 2, "no variants"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], code: int, said: str) -> None:
    done = run(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_it_does_not_keep_anybody_waiting() -> None:
    before = sum(os.times()[2:4])
    assert run("morprom").returncode == 0
    assert sum(os.times()[2:4]) - before < MOST_S
