"""What if: its parts are the results of the other analyses, and turning nothing changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.parameters import scaled_load
from sysdesign_cli.analyses.whatif import LEVELLED, OVERLOADED, Question, WhatIfs, shares_with_overload, whatif
from sysdesign_cli.api import Design
from sysdesign_cli.scenario.problems import ScenarioError
from tests.helpers import design

ASKED = [
    ("ecommerce", Question()),
    ("ecommerce", Question(("payment",))),
    ("ecommerce", Question(("broker", "email"), ("a",), 2.0, "flash-sale")),
    ("ecommerce@synchronous", Question(("card-gateway",), (), 0.5)),
    ("netflix", Question(("steering",), ("a",), 1.5)),
    ("grab", Question((), ("a", "b"), 3.0, "rain-evening")),
    ("morprom", Question(("hospital-booking/1",), (), 10.0)),
]


def known(address: str, question: Question) -> tuple[Design, Question]:
    """The question with only what the scenario has."""
    made = sysdesign_cli.load(address)
    services = tuple(one for one in question.services if one.partition("/")[0] in made.scenario.services)
    zones = tuple(zone for zone in question.zones if zone in [str(one) for one in made.scenario.zones])
    return made, replace(question, services=services, zones=zones)


@pytest.mark.parametrize(("address", "question"), ASKED)
def test_states_are_those_of_failover(address: str, question: Question) -> None:
    made, question = known(address, question)
    reaction = WhatIfs(made.system).reaction(question)
    scaled = Design(scaled_load(made.scenario, question.load))
    result = scaled.failover(question.services, question.zones, workload=question.workload)
    assert [(f.flow, f.answer, f.completion, f.share) for f in reaction.flows] == [
        (f.flow, f.answer, f.completion, f.share.value) for f in result.flows
    ]
    assert {state: n.value for state, n in result.blast.answer.items()} == pytest.approx(reaction.answer)
    assert {state: n.value for state, n in result.blast.completion.items()} == pytest.approx(reaction.completion)
    by_state = {state: tuple(s.service for s in reaction.services if s.state == state) for state in result.blast.services}
    assert by_state == result.blast.services
    assert reaction.flows_hit == result.blast.flows_hit
    assert WhatIfs(made.system).outcome(question) == replace(result, scenario=made.scenario.address)


@pytest.mark.parametrize(("address", "question"), ASKED)
def test_use_is_what_the_cascade_begins_with(address: str, question: Question) -> None:
    """Who gets too much by what reaches it is overloaded in the first step of the cascade, or without the kill, or levelled."""
    made, question = known(address, question)
    whatifs = WhatIfs(made.system)
    reaction, outcome = whatifs.reaction(question), whatifs.outcome(question)
    first = {step.service for step in outcome.cascade if step.step == 1}
    over = {s.service for s in reaction.services if s.load == OVERLOADED}
    assert first <= over
    assert {s.service for s in reaction.services if s.load == LEVELLED} <= set(outcome.already)


def test_use_of_an_undisturbed_system_is_that_of_capacity() -> None:
    for address in ("ecommerce", "netflix", "grab", "morprom"):
        made = sysdesign_cli.load(address)
        used = {s.service: s.utilisation for s in WhatIfs(made.system).reaction(Question()).services}
        for one in made.capacity().services:
            # capacity counts the waits of calls too, during which a worker is held
            assert used[one.service] == pytest.approx(one.at_most.value, rel=0.02, abs=1e-4)


def test_everything_at_once_is_latency_and_cost() -> None:
    made = sysdesign_cli.load("ecommerce")
    question = Question(("recommendation",), (), 2.0)
    result = whatif(made.system, question, made.prices())
    scaled = Design(scaled_load(made.scenario, 2.0))
    assert result.latencies == scaled.latency(kill=["recommendation"]).flows
    assert result.undisturbed_latencies == made.latency().flows
    assert result.month == scaled.cost().month
    assert result.undisturbed_month == made.cost().month
    assert result.month.value > result.undisturbed_month.value


def test_nothing_turned_changes_nothing() -> None:
    for address in ("ecommerce", "netflix", "grab", "morprom"):
        reaction = WhatIfs(sysdesign_cli.load(address).system).reaction(Question())
        assert not [service.service for service in reaction.services if service.changed]
        assert not [flow.flow for flow in reaction.flows if flow.hit]
        assert reaction.answer["ok"] == pytest.approx(1)


def test_the_load_multiplies_rates_and_use() -> None:
    """Without a queue in front of anybody, twice the load is twice the rate and twice the use."""
    whatifs = WhatIfs(sysdesign_cli.load("ecommerce").system)
    once, twice = whatifs.reaction(Question()), whatifs.reaction(Question(load=2.0))
    for one, other in zip(once.services, twice.services, strict=True):
        assert other.rate_per_s == pytest.approx(2 * one.rate_per_s)
        if one.utilisation is not None:
            assert other.utilisation == pytest.approx(2 * one.utilisation)
            assert other.undisturbed == one.utilisation


def test_survivors_of_a_zone_carry_its_load() -> None:
    made = design("""
        zones: [a, b]
        services:
          web: {replicas: 2, needs: 1, concurrency: 10, handles: {Get: {takes: 100ms}}}
        flows: {look: {starts: web.Get}}
        workloads: {day: {starts: {look: 120/s}}}
    """)
    service = WhatIfs(made.system).reaction(Question((), ("a",))).services[0]
    assert (service.left, service.replicas, service.state) == (1, 2, "short")
    assert service.undisturbed == pytest.approx(0.6)
    assert service.utilisation == pytest.approx(1.2)
    assert service.load == OVERLOADED


def test_shares_with_overload_are_shares() -> None:
    made = sysdesign_cli.load("ecommerce")
    outcome = WhatIfs(made.system).outcome(Question(("catalogue-cache",), workload="flash-sale"))
    strained = next(flow for flow in outcome.flows if flow.flow == "browse").strained
    assert strained is not None
    answers, completions = shares_with_overload(outcome)
    assert sum(answers.values()) == pytest.approx(1)
    assert sum(completions.values()) == pytest.approx(1)
    browse = next(flow for flow in outcome.flows if flow.flow == "browse")
    assert answers["failed"] == pytest.approx(browse.share.value * strained.shares["failed"])


def test_unknown_names_are_refused() -> None:
    whatifs = WhatIfs(sysdesign_cli.load("ecommerce").system)
    for question in (Question(("nobody",)), Question((), ("z",)), Question(workload="never")):
        with pytest.raises(ScenarioError):
            whatifs.reaction(question)
