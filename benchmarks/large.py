"""Traffic and capacity of a system of 100,000 services with 500,000 calls and hubs, made in memory; prints seconds and megabytes.

The shape follows what is published of large systems: few services are called by very many (hubs), most by few; calls lead to
services of higher number, so that depth stays small. ``python benchmarks/large.py [services] [edges]``
"""

from __future__ import annotations

import random
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.stations import Stations
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.scenario.catalogue import default_templates
from sysdesign_cli.scenario.model import Call, Handler, Replicas, Scenario, Service
from sysdesign_cli.scenario.nodes import paused_garbage_collector
from sysdesign_cli.scenario.quantity import COUNT, TIME, figure
from sysdesign_cli.scenario.shapes import make_name

ENTRIES = 100


def scenario(services: int, edges: int, seed: int = 7) -> Scenario:
    """Services s0 … with one handler each; callees of higher number, chosen so that the first of each layer are hubs."""
    source = random.Random(seed)
    templates = default_templates()
    callees: list[list[int]] = [[] for _ in range(services)]
    layers = 6
    size = services // layers
    for _ in range(edges):
        caller = source.randrange(services - size)
        layer = caller // size
        low = (layer + 1) * size
        # the square of a uniform number puts a tenth of a layer's calls on its first hundredth
        target = min(services - 1, low + int(size * source.random() ** 2))
        callees[caller].append(target)
    made: dict[str, Service] = {}
    replicas = Replicas(min=figure(1_000_000, COUNT))
    for number in range(services):
        name = f"s{number}"
        calls = tuple((_call(f"s{target}.do", templates),) for target in dict.fromkeys(callees[number]))
        handler = object.__new__(Handler)
        takes = replace(templates["service"]["takes"], mean=figure(0.001, TIME, "1ms"))
        handler.__dict__.update(templates["handler.service"] | {"name": "do", "takes": takes, "calls": calls})
        service = object.__new__(Service)
        service.__dict__.update(templates["service"] | {"name": name, "handles": {"do": handler}, "replicas": replicas})
        made[name] = service
    return Scenario(sysdesign="1", label="large", services=made)


def _call(to: str, templates: dict[str, dict[str, object]]) -> Call:
    call = object.__new__(Call)
    call.__dict__.update(templates["calls"] | {"to": make_name(to, None), "node": None, "name": ""})
    return call


def main() -> int:
    services, edges = (int(word) for word in (sys.argv[1:] or ["100000", "500000"]))
    with paused_garbage_collector():
        made = scenario(services, edges)
        start = time.perf_counter()
        system = System(made)
        compiled = time.perf_counter()
        rates = solve(system, dict.fromkeys(range(ENTRIES), 10.0))
        traffic = time.perf_counter()
        stations = Stations(system, rates)
        used = [stations.utilisation(number) for number in range(services)]
        busy = time.perf_counter()
        load = Loaded(system, rates, stations=stations)
        waited = time.perf_counter()
    bottleneck = max(range(services), key=lambda number: used[number])
    print(
        f"{services:,} services, {edges:,} calls: compiled {compiled - start:.2f} s, traffic {traffic - compiled:.2f} s, "
        f"utilisation {busy - traffic:.2f} s, waits {waited - busy:.2f} s, in all {waited - start:.2f} s; "
        f"busiest {made.services[f's{bottleneck}'].name} at {used[bottleneck]:.3g}, saturated {len(load.saturated)}; {_megabytes():.0f} MB"
    )
    return 0


def _megabytes() -> float:
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())
