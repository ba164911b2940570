"""A sweep says at each point what the same question says of the same scenario, however and wherever the points are worked out."""

from __future__ import annotations

import itertools
from functools import partial

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.metrics.base import Unavailable
from sysdesign_cli.analyses.parallel import in_order
from sysdesign_cli.analyses.sweep import Refused, SweepResult
from sysdesign_cli.api import Design
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.problems import ScenarioError

PAYMENT, BROWSE = "services.payment.replicas", "workloads.normal-day.starts.browse"


def swept(
    *changes: str, metrics: tuple[str, ...] = ("fatal_kills",), scenario: str = "ecommerce", jobs: int = 1, **more: object
) -> SweepResult:
    return sysdesign_cli.load(scenario).sweep(changes, metrics, jobs=jobs, **more)  # type: ignore[arg-type]


def numbers(result: SweepResult) -> list[list[float | None]]:
    return [[value.value if isinstance(value, Number) else None for value in point.values] for point in result.points]


def test_every_point_is_the_scenario_with_the_change() -> None:
    asked = ("request_rate:browse", "read_share", "mean_single_kill")
    result = swept(f"{BROWSE}=10/s..10k/s*5", "services.catalogue.handles.View.calls.0.hit_ratio=0%,50%,99.9%", metrics=asked)
    texts = [axis.texts for axis in result.axes]
    assert [point.at for point in result.points] == list(itertools.product(*texts))
    for point, found in zip(result.points, numbers(result), strict=True):
        changes = [f"{axis.path}={text}" for axis, text in zip(result.axes, point.at, strict=True)]
        design = Design.load("ecommerce", changes)
        direct = [design.metric("request_rate", flow="browse"), design.metric("read_share"), design.metric("mean_single_kill")]
        assert found == [number.value for number in direct]
    assert result.points[0].values[0].value == 10.0  # type: ignore[union-attr]
    assert len({tuple(found) for found in numbers(result)}) > 5


def test_fixed_changes_workload_kill_and_variant_hold_at_every_point() -> None:
    result = swept(
        "services.card-gateway.handles.charge.takes=200ms",
        f"{PAYMENT}=2,4",
        metrics=("failed_share", "request_rate"),
        scenario="ecommerce@synchronous",
        workload="flash-sale",
        kill=["payment"],
    )
    assert result.changes == ("services.card-gateway.handles.charge.takes=200ms",)
    assert (result.scenario, result.workload, result.kill.services) == ("ecommerce@synchronous", "flash-sale", ("payment",))
    for text, found in zip(("2", "4"), numbers(result), strict=True):
        design = Design.load("ecommerce@synchronous", [*result.changes, f"{PAYMENT}={text}"])
        blast = design.failover(["payment"], workload="flash-sale").blast.answer
        assert found[0] == pytest.approx(blast["failed"].value, abs=1e-12)
        assert found[1] == design.metric("request_rate", workload="flash-sale").value


def test_the_changes_of_a_design_hold_in_its_sweeps() -> None:
    design = sysdesign_cli.load("ecommerce", [f"{BROWSE}=500/s"])
    result = design.sweep([f"{PAYMENT}=2..3"], ["request_rate:browse"])
    assert numbers(result) == [[500.0], [500.0]]
    assert result.changes == (f"{BROWSE}=500/s",)


def test_several_processes_say_the_same() -> None:
    axes = (f"{PAYMENT}=2..9", "services.broker.replicas=1..5")
    alone = swept(*axes, metrics=("mean_single_kill", "others_down"))
    assert swept(*axes, metrics=("mean_single_kill", "others_down"), jobs=2) == alone
    assert any(isinstance(value, Refused) for value in alone.points[0].values)


def test_a_point_that_cannot_be_says_why() -> None:
    result = swept("services.broker.replicas=1..3")
    assert [isinstance(point.values[0], Refused) for point in result.points] == [True, False, False]
    refused = result.points[0].values[0]
    assert isinstance(refused, Refused)
    assert [(problem.slug, problem.params["what"]) for problem in refused.problems] == [("contradiction", "needs-over-replicas")]


def test_a_metric_without_a_value_says_why() -> None:
    result = swept(f"{PAYMENT}=2,3", metrics=("others_down", "fatal_kills"))
    for point in result.points:
        assert point.values[0] == Unavailable("needs-kill")
        assert isinstance(point.values[1], Number)


def test_when_no_point_can_be_the_first_says_why() -> None:
    with pytest.raises(ScenarioError, match="needs-over-replicas"):
        swept("services.broker.replicas=0..1")
    with pytest.raises(ScenarioError, match="E208"):
        swept(f"{PAYMENT}=2.5..3")


@pytest.mark.parametrize(
    ("changes", "metrics", "slug", "near"),
    [
        (["services.paymnt.replicas=2..3"], ["fatal_kills"], "unknown-name", "payment"),
        ([f"{PAYMENT}=2..3"], ["fatal_kils"], "unknown-name", "fatal_kills"),
        ([f"{PAYMENT}=2..3"], ["request_rate:brows"], "unknown-name", "browse"),
        ([f"{PAYMENT}=2..3"], ["fatal_kills:browse"], "contradiction", ""),
        ([f"{PAYMENT}=1..100000", "services.order.replicas.min=1..2"], ["fatal_kills"], "too-many", ""),
        ([f"{PAYMENT}=1..1e30"], ["fatal_kills"], "too-many", ""),
        (["name=a,b"], ["fatal_kills"], "bad-variant", ""),
        (["2..3"], ["fatal_kills"], "wrong-kind", ""),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_worked_out(changes: list[str], metrics: list[str], slug: str, near: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        swept(*changes, metrics=tuple(metrics))
    (problem,) = caught.value.problems
    assert problem.slug == slug
    assert not near or problem.near[0] == near
    assert problem.place.file in ("--set", "--metric")


def test_too_many_points_are_counted() -> None:
    with pytest.raises(ScenarioError) as caught:
        swept(f"{PAYMENT}=1..400", "services.order.replicas.min=1..400")
    assert caught.value.problems[0].params["count"] == "160,000"


def test_unknown_workloads_and_kills_are_refused() -> None:
    with pytest.raises(ScenarioError, match="E209"):
        swept(f"{PAYMENT}=2..3", workload="xmas")
    with pytest.raises(ScenarioError, match="E209"):
        swept(f"{PAYMENT}=2..3", kill=["paymant"])


def test_one_point_keeps_what_its_numbers_are_made_of() -> None:
    one, many = swept(f"{PAYMENT}=3", metrics=("read_share",)), swept(f"{PAYMENT}=3,4", metrics=("read_share",))
    assert len(one.points) == 1
    assert one.points[0].values[0].inputs  # type: ignore[union-attr]
    assert numbers(one) == numbers(many)[:1]


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    swept(f"{PAYMENT}=2..5", done=lambda finished, total: told.append((finished, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def ticking(step_s: float) -> itertools.count[float]:
    return itertools.count(0.0, step_s)


@pytest.mark.parametrize(
    ("step_s", "jobs", "alone"),
    [
        (0.001, 0, 40),  # over in no time: all of it here
        (1.0, 0, 2),  # one that loads modules, one that is measured; the rest is handed out
        (1.0, 1, 40),  # asked to stay here
        (0.001, 2, 0),  # asked to hand out
    ],
)
def test_work_is_handed_out_only_when_it_is_worthwhile(step_s: float, jobs: int, alone: int) -> None:
    told: list[int] = []
    time = ticking(step_s)
    results = in_order(partial(pow, 2), range(40), clock=lambda: next(time), jobs=jobs, done=told.append)
    assert results == [2**item for item in range(40)]
    assert told[:alone] == list(range(1, alone + 1))
    assert told[-1] == 40
    assert (len(told) == 40) == (alone == 40)


def test_nothing_to_do_is_done() -> None:
    assert in_order(partial(pow, 2), [], clock=lambda: 0.0) == []
