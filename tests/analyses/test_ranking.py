"""All kills at once give what each kill gives alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import sysdesign_cli
from sysdesign_cli.analyses.ranking import MAX_PAIRS
from sysdesign_cli.api import Design
from sysdesign_cli.scenario.library import bundled_names, load_all
from sysdesign_cli.scenario.problems import ScenarioError
from tests.engine.random_systems import Draft, drafts
from tests.helpers import design

ADDRESSES = [s.address for name in bundled_names() for s in (load_all(name)[0], *load_all(name)[1])]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("lasts", [None, 1800.0, 20 * 86400.0])
def test_ranking_equals_killing_one_at_a_time(address: str, lasts: float | None) -> None:
    loaded = sysdesign_cli.load(address)
    ranked = {kill.services[0]: kill for kill in loaded.rank(lasts=lasts).kills}
    for service in loaded.system.services:
        if service.kind == "client":
            continue
        alone = loaded.failover([service.name], lasts=lasts).blast
        for state in ("degraded", "delayed", "failed", "lost"):
            kill = ranked.get(service.name)
            assert (kill.answer[state] if kill else 0.0) == pytest.approx(alone.answer[state].value, abs=1e-12)
            assert (kill.completion[state] if kill else 0.0) == pytest.approx(alone.completion[state].value, abs=1e-12)


@pytest.mark.parametrize("address", ["ecommerce", "grab"])
def test_pairs_equal_killing_both(address: str) -> None:
    loaded = sysdesign_cli.load(address)
    for kill in loaded.rank(pairs=True, lasts=1800).kills[::7]:
        alone = loaded.failover(kill.services, lasts=1800).blast
        for state in ("degraded", "delayed", "failed", "lost"):
            assert kill.answer[state] == pytest.approx(alone.answer[state].value, abs=1e-12)


def test_worst_comes_first() -> None:
    radii = [kill.radius for kill in sysdesign_cli.load("ecommerce").rank().kills]
    assert radii == sorted(radii, reverse=True)


def test_too_many_pairs_are_refused_with_their_number() -> None:
    services = "\n".join(f"      s{i}: {{handles: {{H: {{takes: 1ms}}}}}}" for i in range(400))
    many = design(f"    services:\n{services}\n    flows: {{f: {{starts: s0.H}}}}\n    workloads: {{w: {{starts: {{f: 1/s}}}}}}\n")
    with pytest.raises(ScenarioError) as caught:
        many.rank(pairs=True)
    (problem,) = caught.value.problems
    assert (problem.slug, problem.params["count"], problem.params["limit"]) == ("too-many", str(400 * 399 // 2), str(MAX_PAIRS))


@settings(max_examples=60, deadline=None)
@given(drafts(cycles=True))
def test_ranking_equals_killing_one_at_a_time_on_random_systems(draft: Draft) -> None:
    """The rules of a single kill are held against an independent evaluator (tests/engine); here all kills at once against those."""
    loaded = Design(draft.scenario())
    ranked = {kill.services[0]: kill for kill in loaded.rank(lasts=1800).kills}
    for service in loaded.system.services:
        alone = loaded.failover([service.name], lasts=1800).blast
        kill = ranked.get(service.name)
        for state in ("degraded", "delayed", "failed", "lost"):
            assert (kill.answer[state] if kill else 0.0) == pytest.approx(alone.answer[state].value, abs=1e-9)
            assert (kill.completion[state] if kill else 0.0) == pytest.approx(alone.completion[state].value, abs=1e-9)
