"""Pictures hold what the scenario holds, once each; states and their order are those of the failover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings

import sysdesign_cli
from sysdesign_cli.analyses.picture import STATES, VIEWS, Picture, event_id, flow_id, picture, service_id
from sysdesign_cli.analyses.situations import Kill
from sysdesign_cli.engine.stations import replica_count
from sysdesign_cli.scenario.library import bundled_names
from sysdesign_cli.scenario.model import Call, Scenario
from sysdesign_cli.scenario.problems import ScenarioError
from tests.engine.random_systems import Draft, drafts
from tests.helpers import design

load = cache(sysdesign_cli.load)
SHIPPED = [name for base in bundled_names() for name in (base, *(f"{base}@{v}" for v in load(base).scenario.variants))]
STORES = ("database", "cache")


def calls_of(groups: tuple[tuple[Call, ...], ...]) -> Iterator[Call]:
    for group in groups:
        for call in group:
            yield call
            yield from calls_of(call.on_miss)


def arrows_of(scenario: Scenario) -> set[tuple[str, str, str]]:
    """What should be drawn, read from the file's own objects and not from the compiled system."""
    found = set()
    for flow in scenario.flows.values():
        found.add((flow_id(flow.name), service_id(str(flow.starts).partition(".")[0]), "start"))
    for service in scenario.services.values():
        here = service_id(service.name)
        for handler in service.handles.values():
            if handler.name in scenario.events:
                found.add((event_id(handler.name), here, "deliver"))
            for call in (*calls_of(handler.calls), *calls_of(handler.on_miss)):
                callee = scenario.services[str(call.to).partition(".")[0]]
                found.add((here, service_id(callee.name), "store" if callee.kind in STORES else "call"))
                if call.fallback is not None:
                    found.add((here, service_id(str(call.fallback).partition(".")[0]), "fallback"))
            for publish in handler.every_publish():
                found.add((here, event_id(str(publish.event)), "publish"))
    return found


@cache
def failures(name: str) -> dict[str, Picture]:
    """The picture of each service's death."""
    return {killed: load(name).picture(kill=[killed]) for killed in load(name).scenario.services}


def check_whole(drawn: Picture, scenario: Scenario) -> None:
    """Every part once, every arrow between boxes that there are."""
    names = [box.id for box in drawn.boxes]
    assert len(set(names)) == len(names)
    assert {box.name for box in drawn.boxes if box.kind not in ("event", "flow")} == set(scenario.services)
    assert [box.name for box in drawn.boxes if box.kind == "event"] == list(scenario.events)
    assert [box.name for box in drawn.boxes if box.kind == "flow"] == list(scenario.flows)
    keys = [(arrow.source, arrow.target, arrow.kind) for arrow in drawn.arrows]
    assert len(set(keys)) == len(keys)
    assert set(keys) == arrows_of(scenario)
    groups = {group.id for group in drawn.groups}
    assert all(not box.group or box.group in groups for box in drawn.boxes)


@pytest.mark.parametrize("name", SHIPPED)
def test_services_and_arrows_are_those_of_the_file(name: str) -> None:
    one = load(name)
    drawn = one.picture()
    check_whole(drawn, one.scenario)
    for box in drawn.boxes:
        if box.name in one.scenario.services and box.id == service_id(box.name):
            assert box.group == (f"team:{box.team}" if box.team else "")


@settings(max_examples=40)
@given(drafts(cycles=True))
def test_random_systems_are_drawn_whole(draft: Draft) -> None:
    system = draft.system()
    check_whole(picture(system), system.scenario)
    for service in system.services[:2]:
        try:
            drawn = picture(system, "failure", kill=Kill((service.name,)))
        except ScenarioError:  # nothing starts here
            return
        check_whole(drawn, system.scenario)
        check_story(drawn, service.name)


def check_story(drawn: Picture, killed: str) -> None:
    """The story counts from the kill on, and each step but what is overloaded is next to one told before."""
    boxes = {box.id: box for box in drawn.boxes}
    assert all(box.state in STATES for box in drawn.boxes)
    assert boxes[service_id(killed)].state == "killed"
    dying = len(drawn.failure.causes) if drawn.failure else 0
    assert [told.order for told in drawn.story] == [1] * dying + list(range(2, len(drawn.story) - dying + 2))
    assert drawn.story[0].boxes == (service_id(killed),)
    first = {id: told.order for told in reversed(drawn.story) for id in told.boxes}
    assert first == {box.id: box.order for box in drawn.boxes if box.order}
    assert all(boxes[id].state != "ok" for id in first)


@pytest.mark.parametrize("name", bundled_names())
def test_a_failure_goes_from_box_to_box(name: str) -> None:
    one = load(name)
    flows = {flow_id(flow) for flow in one.scenario.flows}
    for killed, drawn in failures(name).items():
        check_story(drawn, killed)
        beside: dict[str, set[str]] = {box.id: set() for box in drawn.boxes}
        for arrow in drawn.arrows:
            beside[arrow.source].add(arrow.target)
            beside[arrow.target].add(arrow.source)
        carried = (
            {event_id(event.name) for event in one.scenario.events.values()} if one.scenario.services[killed].kind == "broker" else set()
        )
        reached = {service_id(killed), *carried}
        for told in drawn.story[1:]:
            if told.cause is not None and not set(told.boxes) & flows:
                # what starves is behind an event whose publisher, itself perhaps untouched, is told of nowhere
                near = set.union(*(beside[id] | {id} for id in told.boxes))
                further = set.union(*(beside[id] for id in near))
                assert (near | further) & reached, told
            reached |= set(told.boxes)


@pytest.mark.parametrize("name", bundled_names())
def test_states_are_those_of_the_failover(name: str) -> None:
    for killed, drawn in failures(name).items():
        result = drawn.failure
        assert result is not None
        states = {box.name: box.state for box in drawn.boxes if box.id == service_id(box.name)}
        for state in ("starved", "idle", "killed"):
            overloaded = {step.service for step in result.cascade}
            expected = {service for service in result.blast.services.get(state, ()) if state == "killed" or service not in overloaded}
            assert {service for service, drawn_as in states.items() if drawn_as == state} == expected
        for flow in result.flows:
            if flow.strained is None:
                worst = max(flow.answer.worst, flow.completion.worst, key=STATES.index)
                assert next(box.state for box in drawn.boxes if box.id == flow_id(flow.flow)) == worst
        waiting = {wait.event for wait in result.waits if wait.waiting.value > 0}
        lost = {wait.event for wait in result.waits if wait.lost.value > 0}
        for box in drawn.boxes:
            if box.kind == "event" and box.name in waiting:
                assert box.state == ("lost" if box.name in lost else "delayed"), (killed, box)


def test_a_broker_says_how_much_goes_through_it() -> None:
    assert {box.name: box.carries for box in load("ecommerce").picture().boxes if box.carries} == {"broker": 5}


def test_a_lost_zone_is_down_and_not_killed() -> None:
    drawn = load("grab").picture(zones=["a"])
    states = {box.state for box in drawn.boxes}
    assert "killed" not in states
    assert states & {"down", "short"}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_steps_of_a_flow_are_counted_in_order(name: str) -> None:
    one = load(name)
    for flow in one.scenario.flows:
        drawn = one.picture(flow=flow)
        steps = sorted((step, arrow.source, arrow.target) for arrow in drawn.arrows for step in arrow.steps)
        assert [step for step, _, _ in steps] == list(range(1, len(steps) + 1))
        reached = {flow_id(flow)}
        for _, source, target in steps:
            assert source in reached
            reached.add(target)
        assert reached == {box.id for box in drawn.boxes}


def test_what_a_user_waits_for_is_a_group() -> None:
    one = load("ecommerce")
    drawn = one.picture(flow="place-order")
    waited = {box.name for box in drawn.boxes if box.group == "waited" and box.kind != "flow"}
    assert waited == set(one.flow("place-order").waits_for)


def test_a_fallback_leaves_from_who_called() -> None:
    drawn = load("ecommerce").picture(flow="place-order")
    assert ("service:notification", "service:sms", "fallback") in {(a.source, a.target, a.kind) for a in drawn.arrows}
    browse = load("ecommerce").picture(flow="browse")
    assert ("service:catalogue", "service:catalogue-db", "store") in {(a.source, a.target, a.kind) for a in browse.arrows}


def test_all_flows_stand_side_by_side() -> None:
    one = load("morprom")
    drawn = one.picture("flow")
    assert [group.name for group in drawn.groups] == list(one.scenario.flows)
    inside = Counter(box.group for box in drawn.boxes)
    for flow in one.scenario.flows:
        assert inside[flow_id(flow)] == len(one.picture(flow=flow).boxes)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_replica_stands_in_a_zone(name: str) -> None:
    one = load(name)
    counted: Counter[str] = Counter()
    for box in one.picture("deployment").boxes:
        counted[box.name] += box.replicas
        assert (box.replicas > 0) == (box.group != "outside")
    for service in one.system.services:
        if service.kind not in ("external", "client", "cdn"):
            assert counted[service.name] == replica_count(one.system, service)


def test_a_lost_zone_takes_its_own_boxes_only() -> None:
    boxes = load("grab").picture("deployment", zones=["a"]).boxes
    assert {box.state for box in boxes if box.group == "zone:a"} == {"down"}
    assert {box.state for box in boxes if box.group == "zone:b"} == {"ok"}


def test_what_is_not_there_is_told() -> None:
    one = load("ecommerce")
    with pytest.raises(ScenarioError, match="unknown-name"):
        one.picture(kill=["paymnet"])
    with pytest.raises(ScenarioError, match="unknown-name"):
        one.picture(flow="nothing")
    with pytest.raises(ValueError, match="upside-down"):
        one.picture("upside-down")
    assert set(VIEWS) == {"services", "flow", "failure", "deployment"}


def test_a_system_without_workload_or_flow_is_drawn() -> None:
    drawn = design("services: {a: {handles: {Do: {calls: b.Do}}}, b: {handles: {Do: {}}}}").picture()
    assert [(arrow.source, arrow.target, arrow.rate) for arrow in drawn.arrows] == [("service:a", "service:b", None)]
    idle = design("services: {a: {handles: {Do: {}}}}\nflows: {f: {starts: a.Do}}\nworkloads: {day: {starts: {f: 0/s}}}").picture()
    assert [(arrow.kind, arrow.rate) for arrow in idle.arrows] == [("start", None)]
    empty = design("services: {}").picture()
    assert (empty.boxes, empty.arrows) == ((), ())
