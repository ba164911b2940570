"""Fault trees of large flows for measuring: ``python benchmarks/trees.py [services] [deep]`` works one out, prints time and memory.

A flow calls services three by three, a few of them more than once. Every service has three replicas, one in each of three zones that
all share, of which one or two are needed, and a bad deploy that stops all three. One service in ten belongs to a pair of which one
is enough: two services that call nobody, or (`deep`) any two with all that they call, which is far more entangled.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sysdesign_cli.engine.faulttree import Tree

ZONES = 3


def flow(services: int = 1000, seed: int = 1, paired: float = 0.1, again: float = 0.1, deep: bool = False) -> tuple[Tree, int]:
    """The tree of one flow and its top. paired: share of services in fallback pairs; again: calls to a service called before."""
    draw = random.Random(seed)
    tree = Tree()
    zones = [tree.event(f"zone {zone}", 1e-3) for zone in range(ZONES)]
    partner: dict[int, int] = {}
    leaves = -(-(services - 1) // 3)
    first_paired, share = (1, paired * 1.5) if deep else (1 + 3 * (leaves // 3), paired * 1.5 * services / (services - leaves))
    for first in range(first_paired, services - 2, 3):  # siblings are first, first + 1, first + 2
        if draw.random() < share:
            partner[first], partner[first + 1] = first + 1, first
    fails = [Tree.FALSE] * services
    for service in reversed(range(services)):
        replicas = [
            tree.any_of([zones[zone], tree.event(f"s{service:04}.{zone}", draw.choice([1e-3, 5e-3, 1e-2]))]) for zone in range(ZONES)
        ]
        parts = [tree.event(f"s{service:04} deploy", draw.choice([1e-5, 5e-5, 1e-4])), tree.at_least(draw.choice([2, 3]), replicas)]
        callees = [callee for callee in range(3 * service + 1, 3 * service + 4) if callee < services]
        if callees and draw.random() < again * 3:
            callees.append(draw.randrange(callees[0], services))
        for callee in callees:
            parts.append(tree.all_of([fails[callee], fails[partner[callee]]]) if callee in partner else fails[callee])
        fails[service] = tree.any_of(parts)
    return tree, fails[0]


def main() -> None:
    """Measure one flow."""
    from sysdesign_cli.engine.cutsets import minimal_cut_sets
    from sysdesign_cli.engine.factoring import factored
    from sysdesign_cli.engine.importance import importance

    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    tree, top = flow(numbers[0] if numbers else 1000, deep="deep" in sys.argv)
    began = time.perf_counter()
    unavailability = factored(tree, top).probability()
    known = time.perf_counter()
    cuts = minimal_cut_sets(tree, top, 3)
    listed = time.perf_counter()
    ranked = importance(tree, top, cuts)
    done = time.perf_counter()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(tree)} nodes, unavailability {unavailability:.12g}, {len(cuts.sets)} cut sets, {len(ranked)} components")
    print(
        f"probability {known - began:.3f} s, cut sets {listed - known:.3f} s, importance {done - listed:.3f} s, "
        f"all {done - began:.3f} s, {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    main()
