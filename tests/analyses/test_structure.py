"""Structure functions: what they call down is what a kill does, state by state, and their probabilities are sums over all states."""

from __future__ import annotations

import itertools
import math
import random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sysdesign_cli.analyses.availability import Availabilities
from sysdesign_cli.analyses.situations import Kill, Outage, Setting, awaited_effects, needed_effects
from sysdesign_cli.engine.faulttree import ALL, ANY, AT_LEAST, EVENT, Tree
from sysdesign_cli.engine.structure import CATCHING_UP, Structure, together
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow
from tests.engine.random_systems import Draft, drafts

SHORT_S, LONG_S = 1.0, 40 * 365 * 86400.0
TINY = 1e-9


# ---------------------------------------------------------------------------------------------- help


def certain(draft: Draft, seed: int) -> Draft:
    """The same with every chance all or nothing; some events are not kept for a subscriber that is away."""
    chooser = random.Random(seed)
    made = draft.copy()
    for handler in made.handlers.values():
        if "hit_ratio" in handler:
            handler["hit_ratio"] = chooser.choice((0, 1000))
        published = handler.get("publishes")
        if isinstance(published, dict):
            chosen = chooser.choice(list(published))
            for event, entry in published.items():
                entry["chance"] = 1000 if event == chosen else 0
        for entry in published if isinstance(published, list) else []:
            entry["chance"] = chooser.choice((0, 1000, 1000, 1000))
    for _, call in made.calls():
        if "hit_ratio" in call:
            call["hit_ratio"] = chooser.choice((0, 1000))
        if "chance" in call:
            call["chance"] = chooser.choice((0, 1000, 1000, 1000))
    for event in made.events.values():
        event |= {"durable": chooser.random() < 0.8, "retention": "1h"}  # a chance to outlast it that a float can hold
    for flow in made.peaks:
        made.peaks[flow] = "1/min"  # so little that no service needs more than one replica
    return made


def holds(tree: Tree, node: int, true: set[str]) -> bool:
    """Whether a node is true when just these events are."""
    kind = tree.kinds[node]
    if kind == EVENT:
        return tree.names[node] in true
    children = [holds(tree, child, true) for child in tree.children[node]]
    if kind == ANY:
        return any(children)
    if kind == ALL:
        return all(children)
    return sum(children) >= tree.least[node] if kind == AT_LEAST else node == Tree.TRUE


def tops_in(structure: Structure, dead: set[str], long: bool) -> dict[str, bool]:
    """The tops when all components of these services are down, for an outage that outlasts all patience, or none."""
    tree = structure.tree
    true = {name for name, part in structure.components.items() if part.service in dead and part.kind != CATCHING_UP}
    if long:
        true |= {name for name in tree.events if " lasts over " in name}
    return {top: holds(tree, node, true) for top, node in structure.tops.items()}


def tops_by_kill(outage: Outage, flow: Flow) -> dict[str, bool]:
    """The same by propagation. An answer that waits for an effect has failed for the user when the effect does not come at once."""
    system = outage.system
    effects, awaited = needed_effects(system, flow), awaited_effects(system, flow)
    answer = outage.levels(flow, awaited)
    completion = outage.levels(flow, effects) if effects else answer
    return {
        "answer": (answer.delayed if awaited else answer.failed) > TINY,
        "answer_full": answer.degraded > TINY,
        "core": completion.failed > TINY,
        "on_time": completion.delayed > TINY,
        "full": completion.degraded > TINY,
    }


# ---------------------------------------------------------------------------------------------- kills


def monotone(system: System, flow: Flow) -> bool:
    """Whether one more failure can never save an effect: none hangs on a call that may be left out, or twice on one service.

    (A handler that fails before it publishes loses nothing, and a second failure may be what makes it fail before.)
    """
    effects = needed_effects(system, flow)
    needed = system.leading_to(effects) if effects else set()
    on_the_way = [system.handlers[h] for h in system.reachable(system.entry(flow))]
    soft = any(
        (call.optional or call.fallback is not None) and (call.target in needed or call.fallback in needed)
        for node in on_the_way
        for call in node.every_call()
    )
    services = [node.service for node in on_the_way if node.index in needed]
    return not soft and len(set(services)) == len(services)


@settings(max_examples=120)
@given(drafts(), st.integers(0, 2**32))
def test_every_kill_and_every_pair_is_what_propagation_says(draft: Draft, seed: int) -> None:
    """Equal where the flow is monotone; nowhere too optimistic. No tolerance: true or false."""
    system = certain(draft, seed).system()
    question = Availabilities(Setting(system))
    names = [service.name for service in system.services]
    kills = [set(kill) for size in (1, 2) for kill in itertools.combinations(names, size)]
    for flow in system.scenario.flows.values():
        structure = question.structure(flow)
        equal = monotone(system, flow)
        for kill, seconds in itertools.product(kills, (SHORT_S, LONG_S)):
            expected = tops_by_kill(Outage(question.setting, Kill(tuple(sorted(kill)), (), seconds)), flow)
            if not needed_effects(system, flow):
                expected["core"] = expected["on_time"] = expected["answer"]
            found = tops_in(structure, kill, seconds == LONG_S)
            wrong = {top for top in found if found[top] != expected[top] and (equal or expected[top])}
            assert not wrong, (flow.name, kill, seconds)


@settings(max_examples=60)
@given(drafts())
def test_the_three_functions_are_nested(draft: Draft) -> None:
    system = draft.system()
    question = Availabilities(Setting(system))
    for flow in system.scenario.flows.values():
        core, on_time, full = (question.failing(flow, top) for top in ("core", "on_time", "full"))
        assert core <= on_time * (1 + 1e-12)
        assert on_time <= full * (1 + 1e-12)
        assert math.isclose(sum(number.value for number in question.states(flow).values()), 1.0, abs_tol=1e-12)


# ---------------------------------------------------------------------------------------------- all states


def parts_of(system: System) -> list[tuple[str, str, float]]:
    """(what ``Kill`` takes, "service" or "zone", unavailability) of everything that fails by itself, read off the scenario."""
    found = []
    scenario = system.scenario
    for service in scenario.services.values():
        alone = float(service.mttr) / (float(service.mtbf) + float(service.mttr))
        if service.kind in ("external", "function") or service.availability is not None:
            share = alone if service.availability is None else 1 - float(service.availability)
            found.append((service.name, "service", share))
        elif service.kind != "client":
            found += [(f"{service.name}/{number}", "service", alone) for number in range(1, int(service.replicas.min) + 1)]
    zone = scenario.zone_failures
    share = float(zone.mttr) / (float(zone.mtbf) + float(zone.mttr))
    return found + [(str(name), "zone", share) for name in scenario.zones]


def unavailability_by_states(setting: Setting, flow: Flow, top: str) -> float:
    """Sum over all states of everything that can fail: its probability where a kill of just these parts makes the top true."""
    parts = parts_of(setting.system)
    total = []
    for state in itertools.product((False, True), repeat=len(parts)):
        weight = math.prod(q if down else 1 - q for (_, _, q), down in zip(parts, state, strict=True))
        dead = [(name, what) for (name, what, _), down in zip(parts, state, strict=True) if down]
        services = tuple(name for name, what in dead if what == "service")
        zones = tuple(name for name, what in dead if what == "zone")
        if tops_by_kill(Outage(setting, Kill(services, zones, SHORT_S)), flow)[top]:
            total.append(weight)
    return math.fsum(total)


def spread(draft: Draft, seed: int) -> Draft:
    """With one or two replicas each, in two zones."""
    chooser = random.Random(seed)
    made = certain(draft, seed)
    text = made.text()
    replicas = {name: chooser.randint(1, 2) for name in made.services()}

    def written() -> str:
        lines = text.replace("source: assumption\n", "source: assumption\nzones: [a, b]\n", 1).splitlines()
        for name, count in replicas.items():
            lines = [
                line.replace("{", f'{{"replicas": {count}, ', 1) if line.startswith(f"  {name}: ") and '"kind"' in line else line
                for line in lines
            ]
        return "\n".join(lines) + "\n"

    made.text = written  # type: ignore[method-assign]
    return made


@settings(max_examples=15)
@given(drafts(), st.integers(0, 2**32))
def test_the_probability_is_the_sum_over_all_states(draft: Draft, seed: int) -> None:
    system = spread(draft, seed).system()
    assume(len(parts_of(system)) <= 9)
    question = Availabilities(Setting(system))
    for flow in system.scenario.flows.values():
        late = any(part.kind == CATCHING_UP for part in question.structure(flow).components.values())
        for top in ("answer",) if late else ("answer", "answer_full"):  # those that neither patience nor catching up softens
            exact = unavailability_by_states(question.setting, flow, top)
            assert math.isclose(question.failing(flow, top), exact, rel_tol=1e-12, abs_tol=1e-300)


# ---------------------------------------------------------------------------------------------- alternatives


@settings(max_examples=60)
@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=5), st.floats(0.05, 1.0))
def test_any_set_of_alternatives_is_met_with_the_sum_of_their_chances(weights: list[float], whole: float) -> None:
    """Relative tolerance 1e-9: the tosses are differences of logarithms."""
    chances = [whole * weight / math.fsum(weights) for weight in weights]
    subsets = [group for size in range(1, len(chances) + 1) for group in itertools.combinations(range(len(chances)), size)]
    tosses = {group: together([chances[number] for number in group]) for group in subsets}
    assert all(0 <= toss <= 1 for toss in tosses.values())
    for outcomes in subsets:
        none = math.prod(1 - toss for group, toss in tosses.items() if set(group) <= set(outcomes))
        assert math.isclose(1 - none, math.fsum(chances[number] for number in outcomes), rel_tol=1e-9, abs_tol=1e-12)
