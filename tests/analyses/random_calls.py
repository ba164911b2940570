"""Random systems of services that call each other, and what is asked of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.api import Design
from sysdesign_cli.engine.loaded import Loaded
from tests.helpers import design


def random_chain(seed: int, more: int = 0) -> Design:
    """Services in layers with calls in sequence, by chance, several times and past caches; no two at the same time, no timeouts.

    more: replicas of the first service beyond those drawn.
    """
    drawn = random.Random(seed)
    count = drawn.randint(2, 6)
    lines = []
    for number in range(count):
        calls = []
        for target in range(number + 1, count):
            if drawn.random() < 0.5:
                call = f"to: s{target}.go, chance: {drawn.randint(10, 100)}%, count: {drawn.choice((1, 1, 2))}"
                if target + 1 < count and drawn.random() < 0.3:
                    call += f", hit_ratio: {drawn.randint(10, 95)}%, on_miss: s{drawn.randint(target + 1, count - 1)}.go"
                calls.append(f"{{{call}}}")
        takes = f"{{mean: {drawn.randint(1, 20)}ms, cv: {drawn.choice((0, 0.5, 1, 1, 2))}}}"
        service = f"concurrency: {drawn.choice((1, 2, 8))}, replicas: {drawn.randint(1, 3) + (0 if number else more)}, round_trip: {drawn.randint(0, 3)}ms"
        service += f", queue: {drawn.choice(('shared', 'random', 'round-robin', 'least-connections'))}, blocking: {drawn.choice(('true', 'false'))}"
        lines.append(f"  s{number}: {{{service}, handles: {{go: {{takes: {takes}, calls: [{', '.join(calls)}]}}}}}}")
    flows = "flows: {f: {starts: s0.go}, g: {starts: s1.go}}"
    rates = f"workloads: {{day: {{starts: {{f: {drawn.randint(1, 20)}/s, g: {drawn.randint(1, 20)}/s}}}}}}"
    return design("services:\n" + "\n".join(lines) + f"\n{flows}\n{rates}\n")


def random_tree(seed: int) -> Design:
    """One flow; every service is called from one place only, once at most. One queue each, any times, workers held or not."""
    drawn = random.Random(seed)
    count = drawn.randint(2, 6)
    caller = {number: drawn.randrange(number) for number in range(1, count)}
    lines = []
    for number in range(count):
        calls = [
            f"{{to: s{to}.go, chance: {drawn.choice((100, 100, drawn.randint(10, 99)))}%}}" for to, one in caller.items() if one == number
        ]
        service = f"concurrency: {drawn.choice((1, 1, 2, 2, 3, 8))}, replicas: {drawn.randint(1, 3)}, round_trip: {drawn.randint(0, 3)}ms"
        takes = f"{{mean: {drawn.randint(1, 20)}ms, cv: {drawn.choice((0, 0.5, 1, 1, 2))}}}"
        held = f"queue: shared, blocking: {drawn.choice(('true', 'true', 'false'))}"
        lines.append(f"  s{number}: {{{service}, {held}, handles: {{go: {{takes: {takes}, calls: [{', '.join(calls)}]}}}}}}")
    rate = drawn.randint(3, 60)
    return design(
        "services:\n" + "\n".join(lines) + f"\nflows: {{f: {{starts: s0.go}}}}\nworkloads: {{day: {{starts: {{f: {rate}/s}}}}}}\n"
    )


def replicas(made: Design) -> dict[int, int]:
    return {number: int(service.replicas.min) for number, service in enumerate(made.system.services)}


def with_another(made: Design) -> Iterator[tuple[int, Loaded, Loaded]]:
    """For each service that is asked for anything: its number, and the system before and after it gets another replica."""
    setting, now = Setting(made.system), replicas(made)
    before = Loaded(made.system, setting.rates, now)
    for number, station in enumerate(before.stations):
        if station.rate > 0:
            yield number, before, Loaded(made.system, setting.rates, {**now, number: now[number] + 1})


def mean(made: Design, load: Loaded, flow: str) -> float:
    return load.response[made.system.entry(made.scenario.flows[flow])].mean


def longest(made: Design) -> float:
    """By what share another replica anywhere makes the answer longer, at most; 0 for a system beyond 90 %."""
    found = [0.0]
    for _, before, after in with_another(made):
        if all(station.utilisation <= 0.9 for station in before.stations):
            found.append(mean(made, after, "f") / mean(made, before, "f") - 1)
    return max(found)


def simulated(made: Design) -> dict[str, float]:
    """Mean answers over ten hours."""
    result = made.simulate(made.prepare_simulation(lasts="10h", steady=True, bins=10), "fast", jobs=1)
    return {flow.flow: flow.answer.mean.value for flow in result.flows if flow.answer is not None}
