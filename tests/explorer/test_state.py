"""The state of the explorer: what is done can be undone, whatever it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.explorer.state import (
    LOADS,
    REMEMBERED,
    History,
    Situation,
    changed,
    done,
    fitting,
    louder,
    quieter,
    redo,
    toggle_service,
    toggle_zone,
    undo,
    with_replicas,
)

BEGIN = History(Situation("ecommerce"))
NAMES = st.sampled_from(["payment", "order", "broker", "payment/1"])
ACTIONS: st.SearchStrategy[Callable[[Situation], Situation]] = st.one_of(
    NAMES.map(lambda name: lambda s: toggle_service(s, name)),
    st.sampled_from("abc").map(lambda zone: lambda s: toggle_zone(s, zone)),
    st.just(louder),
    st.just(quieter),
    st.integers(2, 9).map(lambda n: lambda s: changed(s, "services.payment.replicas", str(n))),
    st.sampled_from(["", "synchronous"]).map(lambda name: lambda s: Situation(s.scenario, name, s.workload, s.kills)),
)


@given(st.lists(ACTIONS, max_size=40))
def test_undoing_everything_gives_the_beginning(actions: list[Callable[[Situation], Situation]]) -> None:
    history, seen = BEGIN, [BEGIN.present]
    for action in actions:
        history = done(history, action(history.present))
        if history.present != seen[-1]:
            seen.append(history.present)
    last = history
    for situation in reversed(seen[:-1]):
        history = undo(history)
        assert history.present == situation
    assert history.present == BEGIN.present
    assert not history.past
    assert undo(history) == history
    for _ in seen[1:]:
        history = redo(history)
    assert history == last
    assert redo(history) == history


@given(st.lists(ACTIONS, min_size=1, max_size=10), ACTIONS)
def test_what_was_undone_is_forgotten_by_another_step(
    actions: list[Callable[[Situation], Situation]], other: Callable[[Situation], Situation]
) -> None:
    history = BEGIN
    for action in actions:
        history = done(history, action(history.present))
    back = undo(history)
    after = done(back, other(back.present))
    assert after == back if after.present == back.present else not after.undone


@given(st.lists(NAMES, max_size=8))
def test_toggling_twice_is_nothing(names: list[str]) -> None:
    situation = BEGIN.present
    for name in [*names, *reversed(names)]:
        situation = toggle_service(situation, name)
    assert situation == BEGIN.present


@given(st.lists(st.sampled_from([louder, quieter]), max_size=60))
def test_the_load_stays_on_its_steps(turns: list[Callable[[Situation], Situation]]) -> None:
    situation = BEGIN.present
    for turn in turns:
        situation = turn(situation)
    assert situation.load in LOADS
    if LOADS[0] < situation.load < LOADS[-1]:
        assert quieter(louder(situation)) == louder(quieter(situation)) == situation


def test_a_load_between_the_steps_goes_to_the_next() -> None:
    between = Situation("x", load=1.3)
    assert louder(between).load == 1.5
    assert quieter(between).load == 1.25


def test_a_thousand_steps_are_remembered() -> None:
    history = BEGIN
    for _ in range(REMEMBERED + 5):
        history = done(history, toggle_service(history.present, "payment"))
    assert len(history.past) == REMEMBERED


def test_what_is_not_there_is_left_out() -> None:
    situation = Situation("x", kills=("a", "b/2", "c"), zones=("z", "y"), workload="day", load=2.0)
    fits = fitting(situation, {"a", "b"}, {"y"}, {"night"})
    assert fits == Situation("x", kills=("a", "b/2"), zones=("y",), workload="", load=2.0)


@pytest.mark.parametrize(
    ("service", "by", "change"),
    [
        ("payment", 1, "services.payment.replicas=3"),
        ("payment", -1, "services.payment.replicas=1"),
        ("order", 1, "services.order.replicas.max=13"),
        ("order", -1, "services.order.replicas.max=11"),
    ],
)
def test_replicas_are_changed_where_they_are_stated(service: str, by: int, change: str) -> None:
    made = sysdesign_cli.load("ecommerce")
    situation = with_replicas(Situation("ecommerce"), made.scenario.services[service], by)
    assert situation.changes == (change,)
    assert sysdesign_cli.load("ecommerce", [change]).scenario.changes == (change,)


def test_fewer_replicas_than_one_or_than_the_least_are_not_to_be_had() -> None:
    made = sysdesign_cli.load("ecommerce", ["services.payment.replicas=1", "services.order.replicas.max=3"])
    for name in ("payment", "order"):
        assert with_replicas(Situation("ecommerce"), made.scenario.services[name], -1) == Situation("ecommerce")


def test_a_figure_changed_again_is_changed_once() -> None:
    situation = changed(changed(changed(Situation("x"), "a.b", "1"), "c", "2"), "a.b", "3")
    assert situation.changes == ("c=2", "a.b=3")
