"""Large scenarios for measuring: many services, and the hubs of real systems.

Published figures of a large operator (2022): calls out of a service have mean 12.4, median 4, p99 131; the most called 1 % of
services receive half of all incoming calls. Depth is 2 to 6.
"""

from __future__ import annotations

import random


def wide(services: int = 20_000) -> str:
    """Services of ten lines each, in chains of five behind many flows; reading and checking is what is measured."""
    lines = ["sysdesign: 1", "name: wide", "source: assumption", "zones: [a, b, c]", "services:"]
    for number in range(services):
        target = f"s{number + 1}.Do" if number % 5 != 4 and number + 1 < services else ""
        lines += [
            f"  s{number}:",
            f"    team: t{number % 300}",
            "    replicas: 3",
            "    concurrency: 64",
            "    mttr: 20min",
            "    handles:",
            "      Do:",
            f"        takes: {1 + number % 40}ms",
            f"        calls: [{{to: {target}, timeout: {5 - number % 5}s}}]" if target else "        reply: 2KB",
            "        idempotent: true",
        ]
    lines.append("flows:")
    lines += [f"  f{n}: {{starts: s{n}.Do, objectives: {{answer_p99: 5s}}}}" for n in range(0, services, 5)]
    lines += ["workloads:", "  day:", "    starts:"]
    lines += [f"      f{n}: 1/s" for n in range(0, services, 5)]
    return "\n".join(lines) + "\n"


def hubs(services: int = 10_000, seed: int = 1, by_chance: float = 0.0, replicas: int = 3) -> str:
    """Layers of depth 6; calls out are heavy-tailed, and the top 1 % of services take half of all incoming calls.

    by_chance: share of the calls that only some invocations make; for those the share of requests hit has to be worked out.
    """
    draw = random.Random(seed)
    layers = 6
    layer_of = [min(layers - 1, int(draw.random() ** 0.8 * layers)) for _ in range(services)]
    members: list[list[int]] = [[s for s in range(services) if layer_of[s] == layer] for layer in range(layers)]
    hub_numbers = {
        s for layer in range(1, layers) for s in members[layer][: max(1, round(services * 0.01 * len(members[layer]) / services))]
    }
    lines = ["sysdesign: 1", "name: hubs", "source: assumption", "zones: [a, b, c]", "defaults: {calls: {timeout: 1s}}", "services:"]
    for service in range(services):
        layer = layer_of[service]
        below = [s for deeper in range(layer + 1, layers) for s in members[deeper][:1]]
        count = 0 if not below else min(400, int(draw.paretovariate(1.1) * 2))
        targets: dict[int, None] = {}
        for _ in range(count):
            deeper = draw.randrange(layer + 1, layers)
            pool = [s for s in members[deeper][:40] if s in hub_numbers] if draw.random() < 0.5 else members[deeper]
            targets[draw.choice(pool or members[deeper])] = None
        calls = ", ".join(_call(s, draw, by_chance) for s in targets)
        lines.append(f"  s{service}: {{team: t{service % 300}, replicas: {replicas}, handles: {{Do: {{takes: 2ms, calls: [{calls}]}}}}}}")
    entries = members[0]
    lines.append("flows:")
    lines += [f"  f{s}: {{starts: s{s}.Do}}" for s in entries]
    lines += ["workloads:", "  day:", "    starts:"]
    lines += [f"      f{s}: {draw.randint(1, 50)}/s" for s in entries]
    return "\n".join(lines) + "\n"


def _call(service: int, draw: random.Random, by_chance: float) -> str:
    roll = draw.random()
    if roll < 0.08:
        return f"{{to: s{service}.Do, optional: nothing}}"
    if roll < 0.08 + by_chance:
        return f"{{to: s{service}.Do, chance: 30%}}"
    return f"s{service}.Do"
