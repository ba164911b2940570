"""The rules that search: on small random systems, against searching every path, every kill, and the file with cold caches."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import networkx
import pytest

from sysdesign_cli.analyses.facts import facts
from sysdesign_cli.analyses.review import Review
from sysdesign_cli.analyses.rules import (
    cache_carries_load,
    deep_call_chain,
    fallback_not_independent,
    hard_external,
    retry_amplification,
    retry_not_idempotent,
    sync_cycle,
)
from sysdesign_cli.engine.measures import Shares
from sysdesign_cli.engine.propagation import Propagation
from sysdesign_cli.engine.system import CallEdge, System
from sysdesign_cli.scenario.read import Document, Vocabulary

SEEDS = range(40)
SERVICES = 9


def text(seed: int, *, cyclic: bool, warm: bool = True) -> str:
    """A system of nine services; calls lead to later services only unless ``cyclic``. The same for cold caches, but for the hit ratios."""
    rng = random.Random(seed)
    lines = ["sysdesign: 1", "name: x", "services:", "  broker: {kind: broker}", "  cache: {kind: cache, replicas: 90}"]
    for number in range(SERVICES):
        later = [other for other in range(SERVICES) if cyclic or other > number]
        calls = [_call(rng, later, warm) for _ in range(rng.choice((0, 1, 2, 2, 3)))] if later else []
        kind = "external" if number == SERVICES - 1 else "service"
        details = f"calls: [{', '.join(calls)}]"
        if rng.random() < 0.2:
            details += f", publishes: [E], publish_mode: {rng.choice(('in-path', 'outbox'))}"
        if rng.random() < 0.3:
            details += ", access: write"
        if rng.random() < 0.3:
            details += ", idempotent: true"
        lines.append(f"  s{number}: {{kind: {kind}, concurrency: {2 ** rng.randint(0, 9)}, handles: {{Do: {{takes: 10ms, {details}}}}}}}")
    return "\n".join([*lines, "events: {E: {}}", "flows: {do: {starts: s0.Do}}", "workloads: {day: {starts: {do: 100/s}}}"])


def _call(rng: random.Random, later: list[int], warm: bool) -> str:
    to = rng.choice(later)
    other = rng.choice(later)
    kind = rng.random()
    if kind < 0.2:
        hit = rng.choice(("0%", "50%"))
        return f"{{to: cache.get, hit_ratio: {hit if warm else '0%'}, on_miss: s{to}.Do, chance: 100%}}"
    extra = ""
    if kind < 0.4 and other != to:
        extra = f", fallback: s{other}.Do"
    elif kind < 0.5:
        extra = ", optional: nothing"
    return f"{{to: s{to}.Do, retries: {rng.choice((0, 0, 1, 2))}{extra}}}"


def review(tmp_path: Path, content: str) -> Review:
    path = tmp_path / "x.yaml"
    path.write_text(content)
    return Review(System(Document(path, "x").scenario("", "x", Vocabulary())))


def steps(system: System, handler: int) -> Iterator[tuple[CallEdge, int, bool]]:
    """(call, handler it leads to, whether this is the fallback)."""
    for edge in system.handlers[handler].every_call():
        yield edge, edge.target, False
        if edge.fallback is not None:
            yield edge, edge.fallback, True


@pytest.mark.parametrize("seed", SEEDS)
def test_circles_are_the_components_of_the_graph(seed: int, tmp_path: Path) -> None:
    about = review(tmp_path, text(seed, cyclic=True))
    graph = about.call_graph
    circles = [group for group in networkx.strongly_connected_components(graph) if len(group) > 1 or group <= set(about.called[min(group)])]
    keys = sorted(min(about.system.handlers[handler].key for handler in group) for group in circles)
    found = list(sync_cycle.check(about))
    assert [finding.subject for finding in found] == keys
    assert sorted(int(finding.params["size"]) for finding in found) == sorted(len(group) for group in circles)
    for finding in found:
        way = [about.system.index[key] for key in finding.params["cycle"].split(" → ")]
        assert way[0] == way[-1]
        assert all(other in about.called[one] for one, other in itertools.pairwise(way))


@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_handlers_come_after_those_they_wait_for(seed: int, cyclic: bool, tmp_path: Path) -> None:
    known = facts(review(tmp_path, text(seed, cyclic=cyclic)))
    position = {handler: number for number, group in enumerate(known.groups) for handler in group}
    assert len(position) == len(known.targets)
    assert all(position[target] <= position[handler] for handler in position for target in known.targets[handler])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_longest_chain_is_the_longest_of_all_paths(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_call_chain, "LIMIT", 2)
    about = review(tmp_path, text(seed, cyclic=False))

    def longest(handler: int) -> int:
        return max((1 + longest(target) for _, target, _ in steps(about.system, handler)), default=0)

    hops = longest(about.entries["do"])
    found = list(deep_call_chain.check(about))
    assert [int(finding.params["hops"]) for finding in found] == ([hops] if hops > 2 else [])
    assert [finding.params["chain"].count("→") for finding in found] == ([hops] if hops > 2 else [])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_worst_product_of_tries_is_the_worst_of_all_paths(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_amplification, "LIMIT", 4.0)
    about = review(tmp_path, text(seed, cyclic=False))
    retried: dict[int, float] = {}

    def follow(handler: int, factor: float) -> None:
        for edge, target, instead in steps(about.system, handler):
            softened = edge.fallback is not None or edge.optional or edge.hit is not None
            product = factor if instead else (1 + edge.call.retries) * (1 if softened else factor)
            if edge.call.retries and not instead:
                retried[target] = max(retried.get(target, 0.0), product)
            follow(target, product)

    follow(about.entries["do"], 1.0)
    found = {finding.params["target"]: float(finding.params["factor"]) for finding in retry_amplification.check(about)}
    worst = {about.system.handlers[target].key: product for target, product in retried.items() if product >= 4}
    assert found.items() <= worst.items()
    assert bool(found) == bool(worst)
    assert max(found.values(), default=0) == max(worst.values(), default=0)


@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_handler_cannot_do_without_is_what_fails_it_when_killed(seed: int, cyclic: bool, tmp_path: Path) -> None:
    # in a circle a cache's share of failures feeds on itself until all fail; cold ones have no share
    about = review(tmp_path, text(seed, cyclic=cyclic, warm=not cyclic))
    system = about.system
    bits = {number: 1 << number for number in range(len(system.services))}
    needs = fallback_not_independent._Needs(facts(about), set(range(len(system.handlers))), bits)
    for number, bit in bits.items():
        levels = Propagation(system, Shares(frozenset([number]), lambda _: 0.0, lambda _: 0.0)).run()
        for node in system.handlers:
            assert bool(needs.mask[node.index] & bit) == (levels[node.index].failed >= 1 - 1e-12), (node.key, system.services[number].name)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hard_provider_is_one_whose_death_fails_some_answers(seed: int, tmp_path: Path) -> None:
    """The other way round there may be none: what is absorbed twice can still fail when both ways need the provider."""
    about = review(tmp_path, text(seed, cyclic=True))
    system = about.system
    provider = frozenset([system.service_index[f"s{SERVICES - 1}"]])
    failed = Propagation(system, Shares(provider, lambda _: 0.0, lambda _: 0.0)).run()[about.entries["do"]].failed
    assert failed > 0 or not list(hard_external.check(about))


@pytest.mark.parametrize("cyclic", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_changes_something_again_is_found_by_following_every_call(seed: int, cyclic: bool, tmp_path: Path) -> None:
    about = review(tmp_path, text(seed, cyclic=cyclic))
    system = about.system

    def unsafe(handler: int, seen: frozenset[int]) -> bool:
        node = system.handlers[handler]
        if handler in seen or node.handler.idempotent:
            return False
        writes = node.handler.access == "write" or (system.service_of(handler).kind == "external" and node.handler.access != "read")
        return writes or any(unsafe(target, seen | {handler}) for _, target, _ in steps(system, handler))

    edges = {id(edge): edge for handler in about.on_flow for edge, _, _ in steps(system, handler) if edge.call.retries}
    expected = sorted(system.handlers[edge.target].key for edge in edges.values() if unsafe(edge.target, frozenset()))
    assert sorted(finding.params["target"] for finding in retry_not_idempotent.check(about)) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_cold_caches_are_the_same_file_with_hit_ratios_of_zero(seed: int, tmp_path: Path) -> None:
    warm, cold = review(tmp_path, text(seed, cyclic=False)), review(tmp_path, text(seed, cyclic=False, warm=False))
    before, after = warm.stations("day"), cold.stations("day")
    more = {node.service for node in warm.system.handlers if cold.rates["day"][node.index] > warm.rates["day"][node.index] + 1e-9}
    drowned = [number for number in sorted(more) if before.utilisation(number) < 1 <= after.utilisation(number)]
    assert [finding.subject for finding in cache_carries_load.check(warm)] == [warm.system.services[number].name for number in drowned]
