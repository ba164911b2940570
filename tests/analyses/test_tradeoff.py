"""Trade-offs held against what is known by hand, brute force over random figures, and what has to hold for all of them."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.contest import Contest, Spec, World, normalised
from sysdesign_cli.analyses.cost import yearly_cost
from sysdesign_cli.analyses.flips import Flip, weight_flips
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.analyses.parameters import parameters, scaled_load, with_price
from sysdesign_cli.analyses.tornado import wilson
from sysdesign_cli.analyses.tradeoff import TradeoffResult, _dominators, read_weight, spec_for
from sysdesign_cli.api import Design
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.prices import prices_for
from sysdesign_cli.scenario.problems import ScenarioError
from tests.analyses.trade import BOX_A_YEAR, EVEN_PER_BOX, REQUEST_A_YEAR, TEXT, book, contest, designed
from tests.helpers import design

#: Of a flip, relative: half of what it is looked for to, and a little.
FLIP = 1.2e-3


def flip(result: TradeoffResult, parameter: str, upwards: bool) -> Flip:
    (found,) = [one for one in result.flips if one.parameter == parameter and one.factor is not None and (one.factor.value > 1) == upwards]
    return found


def scores(result: TradeoffResult) -> dict[str, float]:
    return {option.name: option.score.value for option in result.options if option.score is not None}


# the order


@st.composite
def contests(draw: st.DrawFn, most: int = 5) -> Contest:
    """Options with whole numbers as figures, so that ties are frequent and exact."""
    metrics = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(st.integers(0, 6), min_size=metrics, max_size=metrics), min_size=2, max_size=most))
    better = draw(st.lists(st.sampled_from(["lower", "higher"]), min_size=metrics, max_size=metrics))
    weights = draw(st.lists(st.integers(1, 9), min_size=metrics, max_size=metrics))
    return contest({f"o{i}": row for i, row in enumerate(rows)}, better, weights)


@settings(max_examples=200)
@given(contests())
def test_pareto_front_by_brute_force(made: Contest) -> None:
    signs = [1 if metric.better == "higher" else -1 for metric in made.metrics]
    gains = {name: [sign * value.value for sign, value in zip(signs, row, strict=True)] for name, row in made.values.items()}
    for name, other in itertools.permutations(gains, 2):
        no_worse = all(b >= a for a, b in zip(gains[name], gains[other], strict=True))
        assert (other in _dominators(made, name)) == (no_worse and gains[name] != gains[other])


@settings(max_examples=200)
@given(contests())
def test_the_first_is_never_beaten_in_everything(made: Contest) -> None:
    """With weights above 0 a dominated option scores less than what dominates it."""
    found = made.now.scores()
    for name in found:
        assert -1e-12 <= found[name] <= 1 + 1e-12
        assert all(found[other] > found[name] for other in _dominators(made, name))
    assert not any(_dominators(made, name) for name in made.leaders)


@settings(max_examples=100)
@given(contests(), st.floats(1e-3, 1e3), st.floats(0.1, 10), st.floats(-50, 50))
def test_neither_the_scale_of_weights_nor_of_figures_matters(made: Contest, scale: float, slope: float, offset: float) -> None:
    rows = {name: [slope * value.value + offset for value in row] for name, row in made.values.items()}
    better, weights = [metric.better for metric in made.metrics], [weight * scale for weight in made.spec.weights.values()]
    other = contest(rows, better, weights).now.scores()
    assert all(other[name] == pytest.approx(score, abs=1e-9) for name, score in made.now.scores().items())


def test_scores_by_hand() -> None:
    """Higher is better in the first (0, 5, 10), lower in the second (1, 2, 5); weights 3 to 1."""
    made = contest({"a": [0, 1], "b": [5, 2], "c": [10, 5]}, ["higher", "lower"], [3, 1])
    assert made.now.scores() == pytest.approx({"a": 0.25, "b": 0.375 + 0.1875, "c": 0.75})
    assert made.leaders == ("c",)
    assert made.now.lead() == pytest.approx(0.75 - 0.5625)


def test_a_column_without_differences_decides_nothing() -> None:
    assert normalised({"a": 3.0, "b": 3.0}, "lower") == {"a": 1.0, "b": 1.0}
    assert normalised({"a": 3.0, "b": math.nextafter(3.0, 4)}, "higher") == {"a": 1.0, "b": 1.0}


# weights


@settings(max_examples=200)
@given(contests())
def test_weight_flips_are_where_scores_are_equal(made: Contest) -> None:
    """Recomputed with the new weight and the others in proportion; just before it the old first leads, just beyond another does."""
    for one in weight_flips(made):
        number = [f"weight:{metric.id}" for metric in made.metrics].index(one.parameter)
        assert one.value is not None

        def scored(weight: float, number: int = number) -> dict[str, float]:
            rest = 1 - made.weights[number]
            weights = [weight if i == number else own * (1 - weight) / rest for i, own in enumerate(made.weights)]
            rows = {name: [value.value for value in row] for name, row in made.values.items()}
            return contest(rows, [metric.better for metric in made.metrics], weights).now.scores()

        away = math.copysign(1e-6, one.value.value - made.weights[number])
        at, before, beyond = (scored(one.value.value + step) for step in (0.0, -away, away))
        first = max(at[name] for name in made.leaders)
        assert max(score for name, score in at.items() if name not in made.leaders) == pytest.approx(first, abs=1e-9)
        assert max(before[name] for name in made.leaders) >= max(before.values()) - 1e-12
        assert beyond[one.instead] == pytest.approx(max(beyond.values()), abs=1e-12)
        assert one.instead not in made.leaders


def test_a_weight_flip_by_hand() -> None:
    """c leads by w(first) = 0.75; a overtakes where w x 0 + (1 - w) x 1 = w x 1 + (1 - w) x 0, at one half, but b does before:
    w x 0.5 + (1 - w) x 0.75 = w, at 0.6.
    """
    made = contest({"a": [0, 1], "b": [5, 2], "c": [10, 5]}, ["higher", "lower"], [3, 1])
    (lower, upper) = weight_flips(made)
    assert (lower.parameter, lower.instead) == ("weight:m0", "b")
    assert lower.value is not None
    assert lower.value.value == pytest.approx(0.6, abs=1e-12)
    assert (upper.parameter, upper.instead) == ("weight:m1", "b")
    assert upper.value is not None
    assert upper.value.value == pytest.approx(0.4, abs=1e-12)


# break-even


def test_load_at_which_boxes_become_cheaper(tmp_path: Path) -> None:
    """A function by request against three boxes: the same at 3 x 138.889 requests per second."""
    result = designed(tmp_path).tradeoff(["boxes"], {"availability": 0, "answer_p99": 0})
    assert [option.name for option in result.options] == ["x", "boxes"]
    found = flip(result, "load", True)
    assert found.value is not None
    assert found.value.value == pytest.approx(3 * EVEN_PER_BOX, rel=FLIP)
    assert found.instead == "boxes"
    assert [one.instead for one in result.flips if one.parameter == "load"] == ["boxes"]


def test_ordinary_days_are_turned_alone_where_another_workload_is_weighed() -> None:
    loaded = sysdesign_cli.load("morprom")
    weights = {"availability": 0, "domains_redeployed_per_change": 0}
    turned = [
        {one.parameter for one in loaded.tradeoff(["monolith"], weights, workload=name).flips} for name in ("", "normal-day", "opening-day")
    ]
    assert ["ordinary-load" in found for found in turned] == [False, False, True]
    assert all("load" in found for found in turned)


def test_prices_at_which_it_flips(tmp_path: Path) -> None:
    """At 100/s the function costs 630.72 a year, three boxes 2,628: even at 4.1667 times the one price, or 0.24 times the other."""
    result = designed(tmp_path).tradeoff(["boxes"], {"availability": 0, "answer_p99": 0})
    dearer, cheaper = flip(result, "price:fn", True), flip(result, "price:box", False)
    even = 3 * BOX_A_YEAR / (100 * REQUEST_A_YEAR)
    assert dearer.factor is not None
    assert dearer.factor.value == pytest.approx(even, rel=FLIP)
    assert dearer.value is not None
    assert dearer.value.value == pytest.approx(0.2 * even, rel=FLIP)
    assert cheaper.factor is not None
    assert cheaper.factor.value == pytest.approx(1 / even, rel=FLIP)
    assert {one.instead for one in (dearer, cheaper)} == {"boxes"}


def test_a_flip_between_three_options_by_hand(tmp_path: Path) -> None:
    """Availability 99.9, 99.99 and 99.97 % scores 0, 1 and 7/9; costs are c = 6.3072 r, 2,628 and 7,008 with weights 1 to 3.

    While the function is cheapest its score is 3/4. The boxes score 1/4 + 3/4 (7,008 - 2,628) / (7,008 - c): equal where
    (7,008 - 2,628) / (7,008 - c) = 2/3, at c = 438, that is 69.44 requests per second.
    """
    result = designed(tmp_path, "20/s").tradeoff(weights={"availability": 1, "cost_per_year": 3, "answer_p99": 0})
    assert scores(result) == pytest.approx(
        {
            "x": 0.75,
            "boxes": 0.25 + 0.75 * (8 * BOX_A_YEAR - 3 * BOX_A_YEAR) / (8 * BOX_A_YEAR - 20 * REQUEST_A_YEAR),
            "big": 0.25 * 7 / 9,
        },
        rel=1e-9,
    )
    found = flip(result, "load", True)
    assert found.value is not None
    assert found.value.value == pytest.approx(438 / REQUEST_A_YEAR, rel=1e-4)  # no jump: a straight line between two close values
    assert found.instead == "boxes"
    assert next(option.dominated_by for option in result.options if option.name == "big") == ("boxes",)


@pytest.mark.parametrize("weights", [{}, {"availability": 0.65}, {"domains_redeployed_per_change": 0, "cost_per_year": 0.5}])
def test_at_a_flip_the_scores_are_equal(weights: dict[str, float]) -> None:
    """Worked out anew, in full, from scenarios with that load: a little less (3 parts in 1,000) leaves the order, a little more has
    the other first, and where the lead does not jump between the two, scores are equal to 1e-3 there.
    """
    loaded = sysdesign_cli.load("morprom")
    result = loaded.tradeoff(weights=weights)
    systems = {"": loaded.system} | {name: loaded.variant(name).system for name in ("monolith", "always-on")}
    turned = {one.id: one for one in parameters([system.scenario for system in systems.values()], None)}
    spec = spec_for(loaded.scenario, weights)
    prices = {name: prices_for(system.scenario) for name, system in systems.items()}

    def scored(parameter: str, factor: float) -> dict[str, float]:
        changed = {name: System(turned[parameter].changed(system.scenario, factor)) for name, system in systems.items()}
        again = Contest(changed, spec, prices)
        return {again.name_of(name): score for name, score in again.now.scores().items()}

    checked = 0
    for one in result.flips:
        if one.factor is None or one.parameter not in turned:
            continue
        factor = one.factor.value
        away = 1.003 if factor > 1 else 1 / 1.003
        inside, at, beyond = (scored(one.parameter, factor * step) for step in (1 / away, 1.0, away))
        first = result.options[0].name
        leads = [found[first] - max(score for name, score in found.items() if name != first) for found in (inside, at, beyond)]
        assert leads[0] >= 0 > leads[2]
        assert beyond[one.instead] == max(beyond.values())
        if leads[0] - leads[2] < 0.01:
            assert abs(leads[1]) <= 1e-3
        checked += 1
    assert checked


@pytest.mark.parametrize("item", ["box", "fn", "big-box"])
@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_a_price_is_turned_as_in_the_price_book(tmp_path: Path, item: str, factor: float) -> None:
    loaded = designed(tmp_path)
    systems = {"": loaded.system, "boxes": loaded.variant("boxes").system, "big": loaded.variant("big").system}
    prices = book(tmp_path)
    made = Contest(systems, Spec({"cost_per_year": 1.0, "cost_per_million_requests": 1.0}), dict.fromkeys(systems, prices))
    (parameter,) = [one for one in parameters([loaded.scenario], prices, (item,)) if one.item]
    for name, system in systems.items():
        year, million = (made.at(parameter, factor).outcome(name, number) for number in (0, 1))
        dearer = with_price(prices, item, factor)
        assert isinstance(year, Number)
        assert year.value == pytest.approx(yearly_cost(system, dearer), rel=1e-9)
        full = METRICS["cost_per_million_requests"].of(Subject(system, prices=dearer))
        assert isinstance(full, Number)
        assert isinstance(million, Number)
        assert million.value == pytest.approx(full.value, rel=1e-9)


# along a path


def test_along_whole_numbers(tmp_path: Path) -> None:
    """At 500/s the function costs as much as 3.6 boxes: cheaper from the fourth on."""
    result = designed(tmp_path, "500/s").tradeoff(
        ["boxes"], {"availability": 0, "answer_p99": 0}, along=["services.web.replicas.min=1..40"]
    )
    (found,) = result.along
    assert [(stretch.start.value, stretch.first) for stretch in found.stretches] == [(1.0, "boxes"), (4.0, "x")]


def test_along_a_rate(tmp_path: Path) -> None:
    result = designed(tmp_path).tradeoff(
        ["boxes"], {"availability": 0, "answer_p99": 0}, along=["workloads.day.starts.go.peak=1/s..1000/s"]
    )
    (found,) = result.along
    assert [stretch.first for stretch in found.stretches] == ["x", "boxes"]
    assert found.stretches[1].start.value == pytest.approx(3 * EVEN_PER_BOX, abs=1.001)  # a thousandth of the way


def test_along_says_where_the_file_would_be_wrong(tmp_path: Path) -> None:
    text = TEXT.replace("replicas: 3}", "replicas: {min: 3, max: 8}}")
    result = designed(tmp_path, text=text).tradeoff(["boxes"], along=["services.web.replicas.min=1..20"])
    last = result.along[0].stretches[-1]
    assert (last.start.value, last.first, [problem.slug for problem in last.refused]) == (9.0, "", ["contradiction"])


@pytest.mark.parametrize(
    ("along", "slug"),
    [
        ("services.nobody.replicas=1..4", "unknown-name"),
        ("services.web.replicas.min=4", "bad-number"),
        ("services.web.replicas.min=9..4", "bad-number"),
        ("services.web.team=1..4", "bad-number"),
    ],
)
def test_along_refuses(tmp_path: Path, along: str, slug: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        designed(tmp_path).tradeoff(along=[along])
    assert [problem.slug for problem in caught.value.problems] == [slug]
    assert caught.value.problems[0].place.file == "--along"


# figures had quickly


@pytest.mark.parametrize("name", ["ecommerce", "morprom", "netflix", "grab"])
@pytest.mark.parametrize("factor", [0.3, 1.15, 2.0])
def test_quick_figures_are_the_full_ones(name: str, factor: float) -> None:
    """Unavailability to 1e-9, percentiles to 2 %, for every flow and for all together."""
    system = sysdesign_cli.load(name).system
    changed = System(scaled_load(system.scenario, factor))
    for flow in ("", *system.scenario.flows):
        made = Contest({"": system}, Spec({"availability": 1.0, "answer_p99": 1.0}, flow), {})
        world = World(made, {"": changed})
        full = [METRICS[metric].of(Subject(changed), About(flow)) for metric in ("availability", "answer_p99")]
        up, p99 = (world.outcome("", number) for number in (0, 1))
        assert isinstance(up, Number)
        assert isinstance(full[0], Number)
        assert 1 - up.value == pytest.approx(1 - full[0].value, rel=1e-9, abs=1e-15)
        if isinstance(full[1], Unavailable):
            assert p99 == full[1]
        else:
            assert isinstance(p99, Number)
            assert p99.value == pytest.approx(full[1].value, rel=0.02)


# ranges


RANGED = TEXT.replace("starts: {go: RATE}", "starts: {go: 100/s..300/s, also: 200/s..400/s}").replace(
    "flows:\n", "flows:\n  also: {starts: web.Go}\n"
)


def test_samples_against_the_closed_form(tmp_path: Path) -> None:
    """The cost is linear in two rates, each uniform over 200/s: its mean is that of the middle, 500/s, and the sum of two uniform
    variables of width d lies below min + d sqrt(2 p) with probability p up to one half.
    """
    result = designed(tmp_path, text=RANGED).tradeoff(["boxes"], {"availability": 0, "answer_p99": 0}, samples=400)
    cost = next(one for one in result.odds if one.name == "x").intervals["cost_per_year"]
    assert cost.mean.value == pytest.approx(500 * REQUEST_A_YEAR, rel=1e-3)
    assert cost.middle.value == pytest.approx(500 * REQUEST_A_YEAR, rel=0.02)
    below = 200 * math.sqrt(2 * 0.05)
    assert cost.low.value == pytest.approx((300 + below) * REQUEST_A_YEAR, rel=0.03)
    assert cost.high.value == pytest.approx((700 - below) * REQUEST_A_YEAR, rel=0.03)
    assert cost.counted == 400
    boxes = next(one for one in result.odds if one.name == "boxes").intervals["cost_per_year"]
    assert boxes.low.value == boxes.high.value == pytest.approx(3 * BOX_A_YEAR, rel=1e-9)
    # boxes are cheaper above 416.67/s: 1 - P(U1 + U2 <= 116.67 over the least) = 1 - (116.67 / 200)^2 / 2
    first = next(one for one in result.odds if one.name == "boxes")
    share = 1 - ((3 * EVEN_PER_BOX - 300) / 200) ** 2 / 2
    assert first.first.value == pytest.approx(share, abs=0.03)
    assert first.between[0] <= share <= first.between[1]
    assert sum(one.first.value for one in result.odds) == pytest.approx(1)


def test_options_are_held_against_each_other_in_the_same_samples(tmp_path: Path) -> None:
    """Both pay by request, one of them 1 % more: their intervals overlap nearly everywhere, and still the other always wins."""
    text = RANGED[: RANGED.index("  boxes:")] + "  dearer: {changes: {services: {web: {runs_on: fn-dearer}}}}\n"
    (tmp_path / "round.yaml").write_text("", encoding="utf-8")
    loaded = designed(tmp_path, text=text)
    path = tmp_path / "round.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "  - {item: fn-dearer, per: 1M request, price: $0.202}\n", encoding="utf-8")
    result = loaded.tradeoff(weights={"availability": 0, "answer_p99": 0}, samples=50)
    assert {one.name: one.first.value for one in result.odds} == {"x": 1.0, "dearer": 0.0}
    mine, theirs = (one.intervals["cost_per_year"] for one in result.odds)
    assert theirs.low.value < mine.high.value


def test_samples_can_be_had_again(tmp_path: Path) -> None:
    loaded = designed(tmp_path, text=RANGED)
    weights = {"availability": 0, "answer_p99": 0}
    first, again, other = (loaded.tradeoff(["boxes"], weights, samples=20, seed=seed) for seed in (1, 1, 2))
    assert first.odds == again.odds
    assert first.odds != other.odds


def test_the_tornado_has_the_wider_range_first(tmp_path: Path) -> None:
    """Three options, so that the lead follows the cost: the flow whose rate spreads more moves it more, a constant not at all."""
    text = RANGED.replace("go: 100/s..300/s, also: 200/s..400/s", "go: 5/s..15/s, also: 5/s..45/s")
    result = designed(tmp_path, text=text).tradeoff(weights={"availability": 1, "cost_per_year": 3, "answer_p99": 0})
    stated = [swing for swing in result.swings if swing.stated]
    assert [swing.name for swing in stated] == ["workloads.day.starts.also.peak", "workloads.day.starts.go.peak"]
    # the lead is 1/2 - 3/4 (8 - 3) / (8 - c) in boxes a year, at 10/s + 5/s and 10/s + 45/s
    for swing, (low, high) in zip(stated, ((15, 55), (30, 40)), strict=True):
        for lead, rate in ((swing.lead_low, low), (swing.lead_high, high)):
            assert lead is not None
            assert lead.value == pytest.approx(0.5 - 0.75 * 5 / (8 - rate / EVEN_PER_BOX), rel=1e-6)
    assert result.ranges == 2


def test_nothing_to_sample(tmp_path: Path) -> None:
    result = designed(tmp_path).tradeoff(samples=10)
    assert (result.ranges, result.odds) == (0, ())


@pytest.mark.parametrize(("times", "count"), [(0, 20), (7, 20), (20, 20), (1, 1000)])
def test_wilson_solves_its_equation(times: int, count: int) -> None:
    """The ends are the shares p from which the counted share is 1.96 standard errors away: (x/n - p)^2 = z^2 p (1 - p) / n."""
    for end in wilson(times, count):
        assert (times / count - end) ** 2 == pytest.approx(1.959964**2 * end * (1 - end) / count, abs=1e-12)


# what is asked for


def test_promises_are_held_against_the_figures(tmp_path: Path) -> None:
    result = designed(tmp_path).tradeoff()
    kept = {(one.option, one.objective): one.kept for one in result.promises}
    assert {kept[name, "answer_p99"] for name in ("x", "boxes", "big")} == {True}
    assert [kept[name, "availability"] for name in ("x", "boxes", "big")] == [False, True, True]


def test_weights_replace_those_of_the_file() -> None:
    scenario = sysdesign_cli.load("morprom").scenario
    assert dict(spec_for(scenario).weights) == {"availability": 0.4, "cost_per_year": 0.3, "domains_redeployed_per_change": 0.3}
    merged = spec_for(scenario, dict([read_weight("cost=3"), read_weight("availability=0"), read_weight("latency=50%")]))
    assert dict(merged.weights) == {"cost_per_year": 3.0, "domains_redeployed_per_change": 0.3, "answer_p99": 0.5}
    assert spec_for(scenario).flow == "book-appointment"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("costs=3", "unknown-name"),
        ("cost", "bad-number"),
        ("cost=much", "bad-number"),
        ("cost=1..2", "bad-number"),
        ("cost=-1", "out-of-range"),
        ("cost=1e9", "out-of-range"),
    ],
)
def test_weights_that_are_none(text: str, slug: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_weight(text)
    assert [problem.slug for problem in caught.value.problems] == [slug]


@pytest.mark.parametrize(
    "weights",
    [
        {"services": 1.0},
        {"tradeoff_rank": 1.0},
        {"break_even_rate": 1.0},
        dict.fromkeys(("availability", "cost_per_year", "answer_p99"), 0.0),
    ],
)
def test_what_cannot_be_weighed(tmp_path: Path, weights: dict[str, float]) -> None:
    with pytest.raises(ScenarioError) as caught:
        designed(tmp_path).tradeoff(weights=weights)
    assert [problem.slug for problem in caught.value.problems] == ["contradiction"]


def test_names_that_are_not_there(tmp_path: Path) -> None:
    loaded = designed(tmp_path)
    for asked in ({"variants": ["boxs"]}, {"flow": "gone"}, {"workload": "dya"}):
        with pytest.raises(ScenarioError) as caught:
            loaded.tradeoff(**asked)  # type: ignore[arg-type]
        assert [problem.slug for problem in caught.value.problems] == ["unknown-name"]


def test_a_scenario_without_variants() -> None:
    with pytest.raises(ScenarioError) as caught:
        design("services: {a: {handles: {Go: {}}}}\nflows: {go: {starts: a.Go}}\nworkloads: {day: {starts: {go: 1/s}}}").tradeoff()
    assert caught.value.problems[0].params["what"] == "no-variants"


def test_from_a_variant_the_same_is_weighed(tmp_path: Path) -> None:
    base = designed(tmp_path)
    other = Design.load(f"{base.scenario.address}@boxes")
    assert scores(other.tradeoff()) == scores(base.tradeoff())


def test_an_option_without_a_figure_is_not_ranked(tmp_path: Path) -> None:
    text = TEXT + "  free: {changes: {services: {web: {runs_on: nothing-known}}}}\n"
    result = designed(tmp_path, text=text).tradeoff()
    assert [(one.option, one.metric, one.why.reason) for one in result.missing] == [("free", "cost_per_year", "nothing-priced")]
    last = result.options[-1]
    assert (last.name, last.rank, last.score, last.dominated_by) == ("free", 0, None, ())
    assert scores(result) == scores(designed(tmp_path).tradeoff())
    assert all(one.instead != "free" for one in result.flips)


def test_an_option_that_is_saturated_scores_nothing_for_its_time(tmp_path: Path) -> None:
    text = (
        TEXT
        + "  slow: {changes: {services: {web: {kind: service, runs_on: box, concurrency: 1, replicas: 1, handles: {Go: {takes: 20ms}}}}}}\n"
    )
    result = designed(tmp_path, text=text).tradeoff()
    slow = next(option for option in result.options if option.name == "slow")
    time = next(value for value in slow.values if value.metric == "answer_p99")
    assert isinstance(time.value, Unavailable)
    assert time.value.reason == "saturated"
    assert time.score is not None
    assert time.score.value == 0
    assert {one.kept for one in result.promises if one.option == "slow" and one.objective == "answer_p99"} == {False}


def test_equals_are_first_together(tmp_path: Path) -> None:
    text = TEXT[: TEXT.index("  boxes:")] + "  same: {title: The same again}\n" + TEXT[TEXT.index("  boxes:") :]
    result = designed(tmp_path, text=text).tradeoff(["same", "boxes"], {"availability": 0, "answer_p99": 0})
    assert [(option.name, option.rank) for option in result.options] == [("x", 1), ("same", 1), ("boxes", 3)]
    found = flip(result, "load", True)
    assert found.value is not None
    assert found.value.value == pytest.approx(3 * EVEN_PER_BOX, rel=FLIP)
    assert found.instead == "boxes"


def test_the_metric_is_the_place() -> None:
    loaded = sysdesign_cli.load("morprom")
    placed = {option.name: option.rank for option in loaded.tradeoff().options}
    for variant in ("", "monolith", "always-on"):
        own = loaded.variant(variant)
        value = METRICS["tradeoff_rank"].of(Subject(own.system, system_of=lambda name: loaded.variant(name).system))
        assert isinstance(value, Number)
        assert value.value == placed[variant or "morprom"]


def test_random_weights_keep_the_order_of_dominated(tmp_path: Path) -> None:
    loaded = designed(tmp_path)
    for first, second in ((1, 9), (5, 5), (9, 1)):
        found = scores(loaded.tradeoff(weights={"availability": first, "cost_per_year": second, "answer_p99": 0}))
        assert found["boxes"] > found["big"]
