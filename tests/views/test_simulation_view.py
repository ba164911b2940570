"""A simulation as a user sees it, word for word, at two widths and in both languages; and how a number with an interval is written.

``SYSDESIGN_GOLDEN=write python -m pytest tests/views/test_simulation_view.py`` writes the texts anew; read them when they change.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import sysdesign_cli
from sysdesign_cli.analyses.simulation_result import Simulation
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME
from sysdesign_cli.views import formats
from sysdesign_cli.views.document import Code, Document, show
from sysdesign_cli.views.interval import with_interval
from sysdesign_cli.views.json_format import as_json
from sysdesign_cli.views.plot import Scale, Series, Stretch, plot
from sysdesign_cli.views.series_file import series_columns, series_csv
from sysdesign_cli.views.simulation_view import simulation_document, simulation_tables, without_means
from sysdesign_cli.views.why import explain

ROOT = Path(__file__).parent.parent.parent
GOLDEN = Path(__file__).parent / "golden"
SHOP = "tests/simulated.yaml"


@cache
def result(name: str) -> Simulation:
    """Each is simulated once, in plain mode; some seconds of 12 orders a second."""
    here = Path.cwd()
    os.chdir(ROOT)  # places and addresses are shown relative to here
    try:
        shop = sysdesign_cli.load(SHOP)
    finally:
        os.chdir(here)
    if name == "outage":
        prepared = shop.prepare_simulation(
            lasts="1min",
            kill=["mail@10s..25s"],
            zones=["a@30s..35s"],
            slow=["stock=3@40s..45s"],
            loss=["stock=10%@40s..45s"],
            replications=3,
        )
    elif name == "unstable":
        prepared = shop.prepare_simulation("busy", lasts="40s", steady=True, scale=1.25)
    elif name == "clerks":
        prepared = shop.prepare_simulation("clerks", lasts="30s")
    else:
        prepared = shop.prepare_simulation(lasts="1min")
    return shop.simulate(prepared, "plain", jobs=1)


def document(name: str, language: str, width: int) -> Document:
    return simulation_document(result(name), Say(language), width)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("name", ["outage", "unstable", "steady"])
def test_terminal_text(name: str, language: str, width: int) -> None:
    shown = formats.terminal(document(name, language, width), width, color=False)
    path = GOLDEN / f"simulate-{name}.{language}.{width}.txt"
    if os.environ.get("SYSDESIGN_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8", newline="\n")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("name", ["outage", "unstable", "steady", "clerks"])
def test_nothing_is_cut_and_nothing_is_too_wide(name: str, language: str, width: int) -> None:
    shown = formats.terminal(document(name, language, width), width, color=False)
    assert "…" not in shown
    assert [line for line in shown.split("\n") if cell_len(line) > width] == []


@pytest.mark.parametrize("name", ["outage", "unstable", "steady", "clerks"])
@pytest.mark.parametrize("language", ["en", "th"])
def test_every_number_says_where_it_comes_from(name: str, language: str) -> None:
    say = Say(language)
    made = document(name, language, 80)
    assert made.numbers
    for one in made.numbers:
        assert one.number.method == "simulated"
        assert say.maybe(f"formula.{one.number.formula}"), one
    text = formats.plain(explain(made, say, {}))
    # no key of a message is shown in place of its text
    assert not re.search(r"\b(simulate|formula|assume|column)\.[a-z]", text)
    assert "simulated-" not in text
    # the interval stands beside the value and not once more as a bare number
    assert not re.search(r"\(\d+\.\d{6,}\)", text)


def test_what_never_settles_has_no_means_in_any_format() -> None:
    unstable = without_means(result("unstable"))
    assert unstable.growth is not None
    assert not unstable.good
    assert [flow.answer for flow in unstable.flows] == [None] * len(unstable.flows)
    assert all(math.isnan(number.value) for one in unstable.services for number in (one.utilisation, one.wait, one.queue))
    body = json.loads(as_json("simulate", [unstable], False))["results"][0]
    assert body["growth"]["per_s"]["value"] > 0
    assert {one["wait"]["value"] for one in body["services"]} == {None}
    tables = formats.comma_separated(simulation_tables(result("unstable"), Say()))
    assert "mean" not in tables
    assert "growth" in tables
    for width in (80, 140):
        text = formats.plain(document("unstable", "en", width))
        assert "Unstable" in text
        assert "mean wait" not in text
        assert "how long it takes" not in text


def test_growth_is_what_comes_less_what_can_be_done() -> None:
    """150 requests a second and 15 to 30 tries of orders (one is tried again) for 6 × 2 workers that do 120 of either in a second.

    They are taken in turn, so of the requests 120/165 to 120/180 are done; of orders, which give up, none stay inside. The number of
    arrivals in 20 s is known to √(150 × 20) = 55, so the slope to some 3 a second; five times that is allowed.
    """
    growth = result("unstable").growth
    assert growth is not None
    assert growth.where == "stock"
    assert 150 * (1 - 120 / 165) - 15 < growth.per_s.value < 150 * (1 - 120 / 180) + 15


def test_tables_for_programs_have_every_column_and_the_intervals() -> None:
    text = formats.comma_separated(simulation_tables(result("outage"), Say()))
    tables = [list(csv.DictReader(io.StringIO(part))) for part in text.split("\n\n")]
    requests = {row["flow"]: row for row in tables[0]}
    order = next(flow for flow in result("outage").flows if flow.flow == "order")
    assert float(requests["order"]["arrived"]) == order.arrived.value
    assert float(requests["order"]["arrived_half_width"]) == pytest.approx(float(order.arrived.note), rel=1e-5)
    assert "parked" in requests["order"]  # though nothing was
    assert {row["service"] for row in tables[2]} >= {"web", "stock", "mail"}
    assert {len(row) for table in tables for row in table} == {len(table[0]) for table in tables}


def test_the_series_of_a_run_add_up_to_its_counts() -> None:
    one = result("outage")
    columns = dict(series_columns(one))
    width = one.length_s / len(columns["time_s"])
    for name in ("arrived", "answered", "failed"):
        total = sum(value or 0 for value in columns[f"{name}_per_s"]) * width
        assert total == pytest.approx(sum(getattr(flow, name).value for flow in one.flows), abs=1e-6)
        parts = sum((value or 0) for flow in one.flows for value in columns[f"flow.{flow.flow}.{name}_per_s"]) * width
        assert parts == pytest.approx(total, abs=1e-6)
    rows = list(csv.reader(io.StringIO(series_csv(one))))
    assert rows[0] == list(columns)
    assert len(rows) == len(columns["time_s"]) + 1
    assert [float(row[0]) for row in rows[1:]] == list(columns["time_s"])


def test_faults_stand_below_the_plot_where_they_were() -> None:
    points = tuple((float(second), 1.0 + second) for second in range(101))
    between = Scale(TIME, "", between=(0.0, 100.0))
    picture = plot([Series("y", points)], between, Scale(COUNT), width=80, stretches=[Stretch("early", 0, 25), Stretch("late", 90, 100)])
    axis, early, late = (next(line for line in picture.split("\n") if mark in line) for mark in ("└", "early", "late"))
    left, width = axis.index("└") + 1, len(axis) - axis.index("└") - 1
    assert early.index("├") == left
    assert early.index("┤") - left == pytest.approx(width / 4, abs=1)
    assert late.index("late") < late.index("├")  # no room behind it
    assert late.index("┤") == len(axis) - 1


def test_plain_terminals_get_plain_letters() -> None:
    made = simulation_document(result("outage"), Say(), 80, ascii_only=True)
    pictures = [block.text for block in made.blocks if isinstance(block, Code)]
    assert pictures
    assert all(picture.isascii() for picture in pictures)


@pytest.mark.parametrize(
    ("value", "half", "unit", "shown"),
    [
        (22_072, 270, COUNT, "22,100 ± 300"),
        (22_072, 134, COUNT, "22,070 ± 130"),
        (0.0213, 0.0011, TIME, "21.3 ± 1.1 ms"),
        (0.0213, 0.0034, TIME, "21 ± 3 ms"),
        (90.0, 6.0, TIME, "1.50 ± 0.10 min"),
        (0.9995, 0.0002, SHARE, "99.95 ± 0.02 %"),
        (1104, 13, RATE, "1,104 ± 13/s"),
        (0.5, 6.4, COUNT, "0 ± 6"),
        (0.0, 0.0, COUNT, "0"),
        (0.0, 0.0, TIME, "0 s"),
        (12.0, None, TIME, "12 s"),
        (1.0, 1e-9, TIME, "1 s"),
        (math.nan, None, TIME, "–"),
        (math.inf, None, TIME, "∞"),
    ],
)
def test_a_number_with_its_interval(value: float, half: float | None, unit: str, shown: str) -> None:
    assert with_interval(value, half, unit) == shown
    note = "" if half is None else repr(half)
    assert show(Number(value, unit, "simulated-mean", method="simulated", note=note)) == shown


@given(st.floats(1e-6, 1e9), st.floats(1e-4, 10))
def test_what_is_shown_is_within_the_rounding_of_the_interval(value: float, relative: float) -> None:
    """Value and half width as read back differ by at most a half of the last place, which is at most a half of the half width."""
    half = value * relative
    text = with_interval(value, half, COUNT)
    read, _, width = text.replace(",", "").partition(" ± ")
    if width:
        assert abs(float(read) - value) <= 0.51 * half
        assert float(width) == pytest.approx(half, rel=0.5)
    else:  # the interval is narrower than five digits can show
        assert half < 1e-4 * value
