"""A dossier holds what the single questions answer; what cannot be answered stands in its place; planes have the right front."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.dossier import Dossier, Refused
from sysdesign_cli.analyses.planes import _planes
from sysdesign_cli.analyses.tradeoff import TradeoffResult
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.problems import ScenarioError
from tests.helpers import design

TODAY = "2026-11-22"


@pytest.fixture(scope="module")
def shop() -> Dossier:
    return sysdesign_cli.load("ecommerce").dossier(today=TODAY)


def test_it_holds_what_the_questions_answer(shop: Dossier) -> None:
    asked = sysdesign_cli.load("ecommerce")
    assert shop.latency == asked.latency()
    assert shop.capacity == asked.capacity()
    assert shop.cost == asked.cost(today=TODAY)
    assert shop.findings == asked.check(today=TODAY)
    assert shop.claims == asked.verify()
    assert shop.ranking == asked.rank()
    assert shop.availability == asked.availability(improve=False)
    assert not isinstance(shop.availabilities, Refused)
    assert [one.detail.flow for one in shop.availabilities] == list(asked.scenario.flows)


def test_every_service_and_every_zone_is_killed_alone(shop: Dossier) -> None:
    assert not isinstance(shop.failures, Refused)
    killed = [(failure.outcome.kill.services, failure.outcome.kill.zones) for failure in shop.failures]
    services = [((name,), ()) for name, service in shop.scenario.services.items() if service.kind != "client"]
    assert killed == [*services, *(((), (str(zone),)) for zone in shop.scenario.zones)]
    for failure in shop.failures[::5]:
        kill = failure.outcome.kill
        assert failure.outcome == sysdesign_cli.load("ecommerce").failover(kill.services, kill.zones)
        picture = sysdesign_cli.load("ecommerce").picture(kill=kill.services, zones=kill.zones)
        assert failure.boxes == {box.id: box.state for box in picture.boxes if box.state != "ok"}


def test_it_tells_how_far_it_is() -> None:
    told: list[tuple[int, int]] = []
    sysdesign_cli.load("grab").dossier(done=lambda finished, total: told.append((finished, total)))
    assert [finished for finished, _ in told] == sorted(finished for finished, _ in told)
    assert told[-1][0] == told[-1][1]


def test_what_has_no_answer_stands_in_its_place() -> None:
    """Without a workload nothing can be said of times and failures; what is wrong with the boxes still can."""
    quiet = design(
        "services: {a: {handles: {Do: {takes: 1ms}}}}\nflows: {f: {starts: a.Do}}\nworkloads: {none: {starts: {f: 0/s}}}"
    ).dossier()
    refused = [name for name, value in vars(quiet).items() if isinstance(value, Refused)]
    assert {"latency", "capacity", "day", "availability", "failures", "ranking"} <= set(refused)
    assert not isinstance(quiet.findings, Refused)
    assert isinstance(quiet.latency, Refused)
    assert quiet.latency.problems[0].params["what"] == "nothing-starts"
    with pytest.raises(ScenarioError, match="unknown-name"):
        sysdesign_cli.load("ecommerce").dossier("no-such-day")


def test_variants_are_ranked_and_strangers_are_not() -> None:
    shop = sysdesign_cli.load("ecommerce")
    variants = shop.together(shop.variant("synchronous"))
    assert isinstance(variants.tradeoff, TradeoffResult)
    assert {option.variant for option in variants.tradeoff.options} == {"", "synchronous"}
    assert (variants.planes[0].across, variants.planes[0].up) == ("availability", "cost_per_year")
    strangers = shop.together(sysdesign_cli.load("grab"))
    assert strangers.tradeoff is None
    assert {spot.name for plane in strangers.planes for spot in plane.spots} == {"ecommerce", "grab"}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=8), st.sampled_from(["lower", "higher"]))
def test_the_front_is_what_nothing_beats(points: list[tuple[int, int]], better: str) -> None:
    """Held against the definition, said for the figures themselves."""
    names = [f"o{number}" for number in range(len(points))]
    columns = [
        (metric, way, {name: Number(float(point[axis]), "count") for name, point in zip(names, points, strict=True)})
        for axis, (metric, way) in enumerate((("x", better), ("y", "lower")))
    ]
    (plane,) = _planes(columns)
    for spot, (x, y) in zip(plane.spots, points, strict=True):
        beaten = any((a >= x if better == "higher" else a <= x) and b <= y and (a, b) != (x, y) for a, b in points)
        assert spot.front is not beaten


def test_a_plane_leaves_out_what_is_not_known() -> None:
    shop = sysdesign_cli.load("ecommerce")
    result = shop.together(shop.variant("synchronous")).tradeoff
    assert isinstance(result, TradeoffResult)
    from sysdesign_cli.analyses.metrics.base import Unavailable
    from sysdesign_cli.analyses.planes import planes_of_tradeoff

    first, *others = result.options
    unknown = replace(first, values=tuple(replace(value, value=Unavailable("saturated")) for value in first.values))
    assert planes_of_tradeoff(replace(result, options=(unknown, *others))) == ()
