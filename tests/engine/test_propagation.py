"""Failure against the oracle: every rule, on random systems, and the laws that any such rules must keep.

Each disagreement that was ever found has a small example of its own in ``test_propagation_examples``.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sysdesign_cli.engine.measures import KillSets, Levels, Shares
from sysdesign_cli.engine.propagation import Propagation
from sysdesign_cli.engine.situation import casualties
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow
from tests.engine.oracle import Oracle, at_least, leading_to
from tests.engine.random_systems import Draft, deployments, drafts, scenario, with_cycles

DEGRADED, DELAYED, FAILED, LOST = range(4)
LEVELS = ("degraded", "delayed", "failed", "lost")
NOISE = 1e-12


@dataclass
class Situation:
    """What is dead, and the share of messages lost for each subscriber while it is down or failing."""

    dead: frozenset[int]
    loss_down: Sequence[float]
    loss_failing: Sequence[float]
    pessimistic: bool = False


def shares(system: System, relevant: set[int], here: Situation, handlers: set[int] | None = None) -> list[Levels[float]]:
    algebra = Shares(here.dead, here.loss_down.__getitem__, here.loss_failing.__getitem__)
    return Propagation(system, algebra, relevant, here.pessimistic).run(handlers)


def by_oracle(system: System, relevant: set[int], here: Situation, cyclic: bool = True) -> list[tuple[float, float, float, float]]:
    losses = dict(enumerate(here.loss_down)), dict(enumerate(here.loss_failing))
    return [at_least(outcome) for outcome in Oracle(system, here.dead, relevant, *losses, here.pessimistic).outcomes(cyclic)]


def goals(system: System, flow: Flow) -> list[int]:
    """What must have happened for the flow to be complete."""
    return [system.handler_number(name) for name in (*flow.completed, *([flow.answered] if flow.answered else []))]


def relevant_sets(system: System) -> list[set[int]]:
    """Answers (nothing asynchronous matters), the completion of each flow, and everything."""
    return [set(), *(leading_to(system, goals(system, flow)) for flow in system.scenario.flows.values()), set(range(len(system.handlers)))]


def situations(system: System, most: int = 3) -> st.SearchStrategy[Situation]:
    """Some dead, a broker more often than not; any losses."""
    return st.integers(0, 2**62).map(lambda seed: _situation(system, most, random.Random(seed)))


def _situation(system: System, most: int, generator: random.Random) -> Situation:
    services = range(len(system.services))
    dead = set(generator.sample(services, min(len(services), generator.randint(0, most - 1))))
    if generator.random() < 0.5:
        dead.add(generator.choice([number for number in services if system.services[number].kind == "broker"]))
    losses = [[generator.choice((0.0, 1.0, 0.5, 0.125, 0.3)) for _ in system.handlers] for _ in range(2)]
    return Situation(frozenset(dead), losses[0], losses[1], generator.random() < 0.3)


def assert_same(system: System, found: Sequence[Sequence[float]], wanted: Sequence[Sequence[float]], tolerance: float) -> None:
    for node, ours, theirs in zip(system.handlers, found, wanted, strict=True):
        for level, one, other in zip(LEVELS, ours, theirs, strict=True):
            assert abs(one - other) <= tolerance, f"{node.key} at least {level}: engine {one!r}, oracle {other!r}"


# ---------------------------------------------------------------------------------------------- (a) shares


@settings(max_examples=400)
@given(drafts(), st.data())
def test_shares_are_those_of_the_oracle(draft: Draft, data: st.DataObject) -> None:
    system = draft.system()
    here = data.draw(situations(system))
    relevant = data.draw(st.sampled_from(relevant_sets(system)))
    assert_same(system, shares(system, relevant, here), by_oracle(system, relevant, here, cyclic=False), 1e-12)


@settings(max_examples=80)
@given(with_cycles(), st.data())
def test_shares_are_those_of_the_oracle_with_cycles(draft: Draft, data: st.DataObject) -> None:
    system = draft.system()
    here = data.draw(situations(system))
    relevant = data.draw(st.sampled_from(relevant_sets(system)))
    assert_same(system, shares(system, relevant, here), by_oracle(system, relevant, here), 1e-9)


@settings(max_examples=60)
@given(drafts(cycles=True), st.data())
def test_a_closed_subset_is_enough(draft: Draft, data: st.DataObject) -> None:
    system = draft.system()
    here = data.draw(situations(system))
    entry = system.entry(system.scenario.flows["f0"])
    relevant = data.draw(st.sampled_from(relevant_sets(system)))
    reached = system.reachable(entry)
    everything, part = shares(system, relevant, here), shares(system, relevant, here, reached)
    assert_same(system, [part[h] if h in reached else everything[h] for h in range(len(everything))], everything, 1e-12)


@settings(max_examples=60)
@given(drafts(cycles=True))
def test_relevant_is_what_leads_to_a_goal(draft: Draft) -> None:
    system = draft.system()
    for flow in system.scenario.flows.values():
        assert system.leading_to(goals(system, flow)) == leading_to(system, goals(system, flow))


# ---------------------------------------------------------------------------------------------- (b) sets of kills


def kill_sets(system: System, relevant: set[int], kills: Sequence[Situation]) -> list[Levels[int]]:
    """All kills at once; each is alone in its situation."""

    def bits(of: Sequence[bool]) -> int:
        return sum(1 << number for number, is_set in enumerate(of) if is_set)

    downs = [bits([service in kill.dead for kill in kills]) for service in range(len(system.services))]
    algebra = KillSets(
        len(kills),
        downs,
        lambda handler: bits([kill.loss_down[handler] > 0 for kill in kills]),
        lambda handler: bits([kill.loss_failing[handler] > 0 for kill in kills]),
    )
    return Propagation(system, algebra, relevant, kills[0].pessimistic).run()


def _chance_below(system: System, handler: int) -> bool:
    """Whether anything that this handler may lead to happens by chance."""
    for reached in system.reachable(handler):
        node = system.handlers[reached]
        edges = list(node.every_call())
        if any(edge.chance < 1 or edge.hit is not None for edge in edges) or node.handler.hit_ratio is not None:
            return True
        if any(publish.chance < 1 or publish.exclusive for publish in node.publishes):
            return True
    return False


def check_kill_sets(draft: Draft, data: st.DataObject, cyclic: bool) -> None:
    """In a set exactly when the share is above 0: by the oracle, which never subtracts and so has no rounding at 0.

    For "degraded" always; for the further levels where nothing happens by chance.
    """
    system = draft.system()
    relevant = data.draw(st.sampled_from(relevant_sets(system)))
    first = data.draw(situations(system))  # several services at once, as a lost zone takes them; then each service alone
    kills = [first, *(replace(first, dead=frozenset({service})) for service in range(len(system.services)))]
    sets = kill_sets(system, relevant, kills)
    by_chance = [_chance_below(system, node.index) for node in system.handlers]
    for number, kill in enumerate(kills):
        alone = by_oracle(system, relevant, kill, cyclic)
        share = shares(system, relevant, kill)
        for node in system.handlers:
            certain = all(exact in (0, 1) for exact in alone[node.index])
            for level, name in enumerate(LEVELS):
                possible = bool(sets[node.index][level] >> number & 1)
                exact = alone[node.index][level]
                where = f"{node.key} at least {name}, dead {sorted(kill.dead)}"
                if level == DEGRADED:
                    assert possible == (exact > 0), f"{where}: set {possible}, oracle {exact!r}"
                    assert share[node.index][level] <= NOISE or possible, f"{where}: not in the set, share {share[node.index][level]!r}"
                elif certain and not by_chance[node.index]:
                    assert possible == (exact > 0), f"{where}: set {possible}, oracle {exact!r}"


@settings(max_examples=80)
@given(drafts(), st.data())
def test_kill_sets_hold_the_kills_with_a_share(draft: Draft, data: st.DataObject) -> None:
    check_kill_sets(draft, data, cyclic=False)


@settings(max_examples=12)
@given(with_cycles(), st.data())
def test_kill_sets_hold_the_kills_with_a_share_with_cycles(draft: Draft, data: st.DataObject) -> None:
    check_kill_sets(draft, data, cyclic=True)


# ---------------------------------------------------------------------------------------------- (c) monotonicity
#
# "Killing more never makes anything better" holds as far as the semantics lets it, and no further. What is lost or delayed is
# passed on by a caller, while what has failed is absorbed by a fallback; and a subscriber that loses its own message makes
# its publisher's lost, while a dead one leaves it waiting. So a second kill may turn a loss into a delay
# (see ``test_propagation_examples``). What holds on every system:
#
# * anything but ok never shrinks;
# * without fallbacks in force (pessimistic), at least delayed never shrinks;
# * where nothing can be lost, at least failed never shrinks. Answers that no subscriber gives are such.


def assert_not_less(system: System, level: int, fewer: list[Levels[float]], more: list[Levels[float]]) -> None:
    for node in system.handlers:
        before, after = fewer[node.index][level], more[node.index][level]
        assert before <= after + 1e-9, f"{node.key} at least {LEVELS[level]}: {before!r} before, {after!r} after"


def with_more(here: Situation, system: System, data: st.DataObject) -> Situation:
    further = data.draw(st.sets(st.integers(0, len(system.services) - 1), min_size=1, max_size=2))
    return replace(here, dead=here.dead | further)


@settings(max_examples=80)
@given(drafts(cycles=True), st.data())
def test_killing_more_never_makes_it_ok(draft: Draft, data: st.DataObject) -> None:
    system = draft.system()
    here = data.draw(situations(system))
    relevant = data.draw(st.sampled_from(relevant_sets(system)))
    fewer, more = shares(system, relevant, here), shares(system, relevant, with_more(here, system, data))
    assert_not_less(system, DEGRADED, fewer, more)
    if here.pessimistic:
        assert_not_less(system, DELAYED, fewer, more)


@settings(max_examples=80)
@given(drafts(cycles=True), st.data())
def test_killing_more_never_lowers_failure_of_answers(draft: Draft, data: st.DataObject) -> None:
    system = draft.system()
    here = data.draw(situations(system))
    fewer, more = shares(system, set(), here), shares(system, set(), with_more(here, system, data))
    for level in (DEGRADED, DELAYED, FAILED):
        assert_not_less(system, level, fewer, more)
    for levels in (*fewer, *more):  # with nobody waiting for a message, none can be late or lost
        assert levels.lost <= NOISE
        assert abs(levels.delayed - levels.failed) <= NOISE


@settings(max_examples=80)
@given(drafts(cycles=True), st.data())
def test_killing_more_never_lowers_failure_where_nothing_is_lost(draft: Draft, data: st.DataObject) -> None:
    for handler in draft.handlers.values():
        if handler.get("publish_mode") == "best-effort":
            handler["publish_mode"] = "outbox"
    for _, _, publish in draft.publishes():
        if publish.get("mode") == "best-effort":
            publish["mode"] = "outbox"
    system = draft.system()
    nothing = [0.0] * len(system.handlers)
    # pessimistic: a caller that does without an effect that must happen loses it
    here = replace(data.draw(situations(system)), loss_down=nothing, loss_failing=nothing, pessimistic=True)
    relevant = data.draw(st.sampled_from(relevant_sets(system)))
    fewer, more = shares(system, relevant, here), shares(system, relevant, with_more(here, system, data))
    assert_not_less(system, FAILED, fewer, more)
    assert all(levels.lost <= NOISE for levels in more)


@settings(max_examples=80)
@given(drafts(), st.data(), st.booleans())
def test_a_fallback_never_raises_failure_of_answers(draft: Draft, data: st.DataObject, optional: bool) -> None:
    softer = draft.copy()
    plain = [(caller, call) for caller, call in softer.calls() if not {"fallback", "optional", "hit_ratio"} & set(call)]
    assume(plain)
    caller, call = data.draw(st.sampled_from(plain))
    later = [name for name in draft.order[draft.order.index(caller) + 1 :] if name != call["to"]]
    call |= {"optional": "nothing"} if optional or not later else {"fallback": data.draw(st.sampled_from(later))}
    before, after = draft.system(), softer.system()
    here = data.draw(situations(before))
    assert_not_less(before, FAILED, shares(after, set(), here), shares(before, set(), here))


@settings(max_examples=80)
@given(drafts(cycles=True), st.data())
def test_pessimistic_is_never_better(draft: Draft, data: st.DataObject) -> None:
    system = draft.system()
    here = data.draw(situations(system))
    hopeful, gloomy = replace(here, pessimistic=False), replace(here, pessimistic=True)
    relevant = data.draw(st.sampled_from(relevant_sets(system)))
    one, other = shares(system, relevant, hopeful), shares(system, relevant, gloomy)
    assert_not_less(system, DEGRADED, one, other)
    assert_not_less(system, DELAYED, one, other)
    assert_not_less(system, FAILED, shares(system, set(), hopeful), shares(system, set(), gloomy))


# ---------------------------------------------------------------------------------------------- (d) nothing killed


@settings(max_examples=60)
@given(drafts(cycles=True), st.booleans())
def test_without_a_kill_all_is_ok(draft: Draft, pessimistic: bool) -> None:
    system = draft.system()
    every = [1.0] * len(system.handlers)
    nobody = Situation(frozenset(), every, every, pessimistic)
    for relevant in relevant_sets(system):
        assert all(levels == (0.0, 0.0, 0.0, 0.0) for levels in shares(system, relevant, nobody))
        assert all(levels == (0, 0, 0, 0) for levels in kill_sets(system, relevant, [nobody, nobody]))


# ---------------------------------------------------------------------------------------------- (e) what is dead


def dead_by_hand(text: str, kills: Sequence[str], zones: Sequence[str]) -> set[str]:
    """Services left with fewer replicas than they need, counted replica by replica."""
    read = scenario(text)
    down = set()
    for service in read.services.values():
        spread = [str(zone) for zone in service.zones or read.zones]
        up = 0
        for number in range(int(service.replicas.min)):
            killed = service.name in kills or f"{service.name}/{number + 1}" in kills
            up += not killed and not (spread and spread[number % len(spread)] in zones)
        if up < service.needs:
            down.add(service.name)
    return down


@settings(max_examples=80)
@given(deployments(), st.data())
def test_kill_order_does_not_matter(deployment: tuple[str, list[str], list[str]], data: st.DataObject) -> None:
    text, targets, every_zone = deployment
    system = System(scenario(text))
    kills = data.draw(st.lists(st.sampled_from(targets), max_size=5))
    zones = data.draw(st.lists(st.sampled_from(every_zone), max_size=2)) if every_zone else []
    once = casualties(system, tuple(kills), tuple(zones))
    shuffled = casualties(system, tuple(data.draw(st.permutations(kills))), tuple(data.draw(st.permutations(zones))))
    assert once == shuffled
    assert {system.services[number].name for number in once.down} == dead_by_hand(text, kills, zones)
    more = casualties(system, (*kills, *data.draw(st.lists(st.sampled_from(targets), max_size=2))), tuple(zones))
    assert once.down <= more.down
