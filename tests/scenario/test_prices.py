"""Price books: each row a small file and everything that is wrong in it, with line and column; and those that come with the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.library import bundled_names, load_all
from sysdesign_cli.scenario.price_book import PER, PriceBook
from sysdesign_cli.scenario.prices import bundled_prices, load_prices, prices_for
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import ASSUMPTION
from sysdesign_cli.views.problem_view import problems_text

HEAD = "price_book: 1\nname: p\nsources: {list: {date: 2026-01}}\n"

#: Lines from 4 on -> problems as in tests/scenario/conftest.py.
ROWS: dict[str, tuple[str, list[str]]] = {
    "nothing wrong": ("rows: [{item: a, per: hour, price: $1, source: list}]\n", []),
    "no rows": ("title: x\n", ["missing-key 1:1"]),
    "unknown key": ("rows: [{item: a, per: hour, prize: $1}]\n", ["unknown-key 4:29 ~price"]),
    "unknown per": ("rows: [{item: a, per: hours, price: $1}]\n", ["bad-choice 4:23 ~hour,GB-hour"]),
    "per of many": ("rows: [{item: a, per: 1M requests, price: $1}]\n", ["bad-choice 4:23 ~request"]),
    "per of a strange many": ("rows: [{item: a, per: 7 request, price: $1}]\n", ["bad-choice 4:23 ~request"]),
    "per is a list": ("rows: [{item: a, per: [hour], price: $1}]\n", ["wrong-kind 4:23"]),
    "price without currency": ("rows: [{item: a, per: hour, price: 1}]\n", ["wrong-unit 4:36"]),
    "price below zero": ("rows: [{item: a, per: hour, price: $-1}]\n", ["out-of-range 4:36"]),
    "price is no number": ("rows: [{item: a, per: hour, price: cheap}]\n", ["bad-number 4:36"]),
    "neither price nor tiers": ("rows: [{item: a, per: hour}]\n", ["missing-key 4:15"]),
    "price and tiers": ("rows: [{item: a, per: hour, price: $1, tiers: [{price: $1}]}]\n", ["contradiction/price-and-tiers 4:47"]),
    "tier without end": ("rows: [{item: a, per: GB, tiers: [{price: $1}, {price: $2}]}]\n", ["contradiction/tier-without-end 4:35"]),
    "last tier ends": ("rows: [{item: a, per: GB, tiers: [{up_to: 1TB, price: $1}]}]\n", ["contradiction/last-tier-ends 4:43"]),
    "tiers not rising": (
        "rows: [{item: a, per: GB, tiers: [{up_to: 2TB, price: $2}, {up_to: 2TB, price: $1}, {price: $1}]}]\n",
        ["contradiction/tiers-not-rising 4:68"],
    ),
    "tier of the wrong kind": (
        "rows: [{item: a, per: 1M request, tiers: [{up_to: 10TB, price: $2}, {price: $1}]}]\n",
        ["wrong-unit 4:51"],
    ),
    "tier by number for bytes": ("rows: [{item: a, per: GB, tiers: [{up_to: 10M, price: $2}, {price: $1}]}]\n", ["wrong-unit 4:43"]),
    "tier without a number": ("rows: [{item: a, per: GB, tiers: [{up_to: much, price: $2}, {price: $1}]}]\n", ["wrong-kind 4:43"]),
    "unknown source": ("rows: [{item: a, per: hour, price: $1, source: lists}]\n", ["unknown-name 4:48 ~list"]),
    "unknown source in brackets": ("rows: [{item: a, per: hour, price: $1 (assumption + lost)}]\n", ["unknown-name 4:36 ~list"]),
    "unknown source of a currency": (
        "rows: [{item: a, per: hour, price: $1}]\nexchange: {THB: {rate: 33, source: bank}}\n",
        ["unknown-name 5:36"],
    ),
    "exchange of nothing": ("rows: [{item: a, per: hour, price: $1}]\nexchange: {THB: 0}\n", ["out-of-range 5:17"]),
    "row twice": (
        "rows:\n  - {item: a, per: hour, price: $1}\n  - {item: a, per: GB-month, price: $1}\n  - {item: a, per: hour, price: $2}\n",
        ["defined-twice 7:12"],
    ),
    "twice by another count": (
        "rows: [{item: a, per: request, price: $1}, {item: a, per: 1M request, price: $1}]\n",
        ["defined-twice 4:51"],
    ),
    "bad date": ("rows: [{item: a, per: hour, price: $1, date: yesterday}]\n", ["wrong-kind 4:46"]),
    "duplicate key": ("rows: [{item: a, per: hour, price: $1, price: $2}]\n", ["duplicate-key 4:40"]),
    "not YAML": ("rows: [\n", ["not-yaml 5:1"]),
    "two at once": ("rows: [{item: a, per: day, price: $1}, {item: b, per: hour, price: 2}]\n", ["bad-choice 4:23", "wrong-unit 4:68"]),
}


def shown(error: ScenarioError) -> list[str]:
    found = []
    for problem in error.problems:
        what = f"/{problem.params['what']}" if problem.slug == "contradiction" else ""
        near = f" ~{','.join(problem.near)}" if problem.near else ""
        found.append(f"{problem.slug}{what} {problem.place.line}:{problem.place.column}{near}")
    return found


def read(folder: Path, text: str) -> PriceBook:
    path = folder / "p.yaml"
    path.write_text(text, encoding="utf-8")
    return load_prices(str(path))


def problems(folder: Path, text: str) -> list[str]:
    try:
        read(folder, text)
    except ScenarioError as error:
        return shown(error)
    return []


@pytest.mark.parametrize("name", ROWS)
def test_problems(name: str, tmp_path: Path) -> None:
    text, expected = ROWS[name]
    assert problems(tmp_path, HEAD + text) == expected


def test_problems_of_the_whole_file(tmp_path: Path) -> None:
    assert problems(tmp_path, "price_book: 2\nname: p\nrows: []\n") == ["unknown-version 1:13"]
    assert problems(tmp_path, "- a\n") == ["wrong-kind 1:1"]
    assert problems(tmp_path, "") == ["not-yaml 1:1"]
    assert problems(tmp_path, "sysdesign: 1\nname: x\n") == ["missing-key 1:1", "missing-key 1:1", "unknown-key 1:1"]


@pytest.mark.parametrize("language", ["en", "th"])
def test_messages_show_the_line(language: str, tmp_path: Path) -> None:
    """Every problem of these rows can be told in both languages, with nothing unfilled."""
    for text, expected in ROWS.values():
        if not expected:
            continue
        with pytest.raises(ScenarioError) as refused:
            read(tmp_path, HEAD + text)
        told = problems_text(refused.value, Say(language))
        said = [line for line in told.splitlines() if "p.yaml:" in line]
        assert len(said) == len(expected)
        assert all(re.search(r"[{}]", line) is None for line in said)
        assert told.count("^") >= len(expected) or "not-yaml" in expected[0]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    row = "rows: [{item: a, per: hour, price: $1}]\n"
    first = read(tmp_path, HEAD + row)
    assert read(tmp_path, HEAD + row.replace("$1", "$2.5")).rows[0].price == 2.5
    assert first.rows[0].price == 1


def test_tiers_in_units_of_the_meter(tmp_path: Path) -> None:
    """A tier of 2 M GiB-seconds is 2 M x 2^30 byte-seconds, however many are sold together."""
    text = "rows: [{item: a, per: 1k GiB-second, tiers: [{up_to: 2M, price: $2}, {price: $1}]}, {item: b, per: GB, tiers: [{up_to: 1TB, price: $0}, {price: $1}]}]\n"
    rows = read(tmp_path, HEAD + text).rows
    assert [end for end, _ in rows[0].steps] == [2e6 * 2**30, float("inf")]
    assert rows[0].per.scale == 1000 * 2**30
    assert [end for end, _ in rows[1].steps] == [1e12, float("inf")]


def test_date_of_a_row(tmp_path: Path) -> None:
    text = (
        "price_book: 1\nname: p\nsources: {old: {date: 2024-01}, new: {date: 2026-02-03}}\nrows:\n"
        "  - {item: a, per: hour, price: $1, source: old + new}\n  - {item: b, per: hour, price: $1, source: new, date: 2025-05}\n"
        "  - {item: c, per: hour, price: $1}\n"
    )
    book = read(tmp_path, text)
    assert [book.date_of(row) for row in book.rows] == ["2026-02-03", "2025-05", ""]


# ---- finding a price book


def test_an_unknown_name_has_the_nearest() -> None:
    with pytest.raises(ScenarioError) as refused:
        load_prices("aws-singapor")
    (problem,) = refused.value.problems
    assert (problem.slug, problem.near[0], problem.place.line) == ("unknown-name", "aws-singapore", 0)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_prices(str(tmp_path / "none.yaml"))
    assert refused.value.problems[0].slug == "unreadable"


def scenario_with(folder: Path, prices: str) -> Path:
    (folder / "sub").mkdir(exist_ok=True)
    path = folder / "sub" / "x.yaml"
    path.write_text(f"sysdesign: 1\nname: x\nprices: {prices}\n", encoding="utf-8")
    return path


def test_a_scenario_names_a_file_beside_it_and_none_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for place in (tmp_path / "mine.yaml", tmp_path / "sub" / "mine.yaml"):
        place.write_text(HEAD + "rows: [{item: a, per: hour, price: $1}]\n", encoding="utf-8")
    assert prices_for(load_all(str(scenario_with(tmp_path, "mine.yaml")))[0]).label == "p"
    for outside in ("../mine.yaml", str(tmp_path / "mine.yaml")):
        with pytest.raises(ScenarioError) as refused:
            prices_for(load_all(str(scenario_with(tmp_path, outside)))[0])
        (problem,) = refused.value.problems
        assert (problem.slug, problem.place.line, problem.place.column) == ("include-outside", 3, 9)
    with pytest.raises(ScenarioError) as refused:
        prices_for(load_all(str(scenario_with(tmp_path, "aws-thai")))[0])
    (problem,) = refused.value.problems
    assert (problem.slug, problem.place.line, problem.near[0]) == ("unknown-name", 3, "aws-thailand")


# ---- those that come with the program


@pytest.mark.parametrize("name", bundled_prices())
def test_every_price_has_an_address_and_a_date_or_says_that_it_is_assumed(name: str) -> None:
    book = load_prices(name)
    assert book.label == name
    for row in book.rows:
        for price in (price for _, price in row.steps if price > 0):
            named = [book.sources[source] for source in price.sources if source != ASSUMPTION]
            assert named or price.is_assumption, row
            assert all(source.address and source.date and source.title for source in named), row
            assert not (price.is_assumption and not row.note), row
    assert book.exchange["THB"].date
    assert {row.per.text.split(" ")[-1] for row in book.rows} <= set(PER)


def test_everything_that_the_shipped_scenarios_run_on_has_a_price() -> None:
    for name in bundled_names():
        scenario, variants = load_all(name)
        for one in (scenario, *variants):
            book = prices_for(one)
            assert {service.runs_on for service in one.services.values() if service.runs_on} <= set(book.items)


def test_rows_that_are_worked_out_from_others() -> None:
    """Two zones of db.t4g.small cost 0.102, twice one; a c7g.large is half an xlarge of 0.1666; a million e-mails cost 100 dollars."""
    items = load_prices("aws-singapore").items

    def price(item: str, meter: str) -> float:
        (row,) = (row for row in items[item] if row.per.meter == meter)
        assert row.price is not None
        return float(row.price) / row.per.scale

    assert 2 * price("db.t4g.small", "hour") == pytest.approx(0.102, abs=1e-12)
    assert price("c7g.large", "hour") == pytest.approx(0.1666 / 2, abs=1e-12)
    assert price("ses", "request") * 1e6 == pytest.approx(100, abs=1e-9)
    assert price("lambda-arm", "memory-second") * 2**30 == pytest.approx(0.0000133334, rel=1e-12)
