"""Measure the promises about accuracy: ``python3 dev.py accuracy``. About three minutes, and always the same (seeded).

Each row holds the program against something that shares no line with it: published values, exact arithmetic, Markov chains, long
simulations, and other programs where they are installed. Some of these slow and simple oracles are those of the tests. What each
row means, and what is not promised, is told in ``docs/background/accuracy.md``.
"""

from __future__ import annotations

import importlib.util
import math
import random
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

import sysdesign_cli
from benchmarks.oracles import (
    Caller,
    Phases,
    Shared,
    chain_wait,
    closed_layered_p99,
    exact_percentile,
    exact_throughput,
    exact_wait,
    three_layers,
    three_layers_capacity,
)
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.api import Design
from sysdesign_cli.engine.closed import Station, solve, solve_open
from sysdesign_cli.engine.cutsets import cut_set_counts, minimal_cut_sets
from sysdesign_cli.engine.distributions import Distribution, Grid, maximum, sequence
from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.faulttree import ALL, ANY
from sysdesign_cli.engine.grids import evaluate
from sysdesign_cli.engine.loaded import Loaded
from sysdesign_cli.engine.multiserver import erlang_b, erlang_c
from sysdesign_cli.engine.openpsa import open_psa
from sysdesign_cli.engine.queueing import mmc_sojourn_percentile, queue_wait, wait
from tests.analyses.random_calls import longest, mean, random_chain, random_tree, replicas
from tests.analyses.random_calls import simulated as of_simulation
from tests.engine import test_aralia
from tests.engine.test_closed import layered, layered_chain
from tests.engine.test_faulttree import Drawn, large
from tests.engine.test_queueing import simulated

WIDTH = 160
EXACT, PRINTED = "1e-9", "digits in print"


@dataclass(frozen=True)
class Row:
    """One line of the table. met: None where nothing is promised, or nothing could be measured."""

    what: str
    reference: str
    bar: str
    measured: str
    met: bool | None


def apart(computed: float, exact: float | Fraction) -> float:
    """Relative error."""
    return float(abs(Fraction(computed) - Fraction(exact)) / abs(Fraction(exact))) if exact else abs(computed)


def digits(error: float) -> str:
    return f"{error:.0e}" if error else "0"


def percent(share: float, sign: str = "") -> str:
    return f"{100 * share:{sign}.2g} %" if abs(share) < 0.1 else f"{100 * share:{sign}.0f} %"


def agreeing(values: Iterable[tuple[float, str]]) -> tuple[str, bool]:
    """How many computed values are right to the last digit of those in print."""
    right = [abs(computed - float(printed)) <= 0.500001 * 10.0 ** -len(printed.partition(".")[2]) for computed, printed in values]
    return f"{sum(right)} of {len(right)} to the last digit", all(right)


# --- queues and networks ---------------------------------------------------------------------------------------------------


def published_queues() -> Iterator[tuple[float, str]]:
    """What is computed, and what is printed."""
    yield erlang_b(15, 10.0), "0.0364969454724"
    yield erlang_c(15, 10.0), "0.102042367008"
    yield erlang_b(100, 100.0), "0.0757004527109"
    table = (
        (0.7, 1.0, 1, "2.333333", ("2.310491", "9.985774", "15.350567")),
        (5.6, 1.0, 8, "0.112751222", ("0.816862", "3.170530", "4.781682")),
        (90.0, 0.1, 10, "0.066873152", ("0.132909", "0.436087", "0.624988")),
    )
    for rate, service_s, servers, mean_s, sojourn in table:
        yield wait(rate, service_s, servers).mean_s, mean_s
        for p, printed in zip((0.5, 0.95, 0.99), sojourn, strict=True):
            yield mmc_sojourn_percentile(rate, service_s, servers, p), printed
    yield wait(5.6, 1.0, 8).percentile(0.95), "0.703596"
    yield wait(5.6, 1.0, 8).percentile(0.99), "1.374195"
    yield wait(0.7, 1.0, 1, 0.0).mean_s, "1.166667"
    yield wait(0.7, 1.0, 1, 4.0).mean_s, "5.833333"
    yield queue_wait("random", 5.6, 1.0, 8, 1).mean_s, "2.333333"


def published_networks() -> Iterator[tuple[float, str]]:
    """Lazowska 1984, page 117 (closed), and Jain 1991, example 34.1 (open)."""
    found = solve(3, 15.0, [(1.0, Station(demand_s)) for demand_s in (0.605, 2.1, 1.35)])
    yield found.throughput_per_s, "0.151516"
    yield found.response_s, "4.799825"
    for station, printed in zip(found.stations, ("0.643930", "2.604710", "1.551185"), strict=True):
        yield station.response_s, printed
    found = solve_open(3.0, [(16, Station(0.01)), (7, Station(0.02)), (8, Station(0.03))])
    for station, used, printed in zip(found.stations, ("0.48", "0.42", "0.72"), ("0.019231", "0.034483", "0.107143"), strict=True):
        yield station.utilisation or 0.0, used
        yield station.response_s, printed


def worst_of_networks(cases: int = 30) -> tuple[float, float]:
    """Largest relative errors of random closed networks (throughput) and open ones (response)."""
    draw = random.Random(1)
    closed_error = open_error = 0.0
    for _ in range(cases):
        stations = [(Fraction(draw.randint(1, 400), 1000), draw.choice((1, 1, 2, 3, 8))) for _ in range(draw.randint(1, 4))]
        given = [(1.0, Station(float(demand_s), servers)) for demand_s, servers in stations]
        users, think_s = draw.randint(1, 40), Fraction(draw.randint(0, 30), 10)
        found = solve(users, float(think_s), given)
        closed_error = max(closed_error, apart(found.throughput_per_s, exact_throughput(users, think_s, stations)))
        rate = min(servers / demand_s for demand_s, servers in stations) * draw.choice((Fraction(1, 5), Fraction(3, 5), Fraction(19, 20)))
        response = sum(demand_s * (1 + exact_wait(servers, rate * demand_s / servers)) for demand_s, servers in stations)
        open_error = max(open_error, apart(solve_open(float(rate), given).response_s, response))
    return closed_error, open_error


def queue_rows() -> Iterator[Row]:
    measured, met = agreeing(published_queues())
    yield Row("M/M/c and M/G/1: Erlang B and C, waits, percentiles", "published tables", PRINTED, measured, met)
    cases = product((1, 2, 5, 17, 60, 200), (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10), Fraction(99, 100)))
    worst = max(apart(wait(float(servers * used), 1.0, servers).mean_s, exact_wait(servers, used)) for servers, used in cases)
    yield Row("M/M/c mean wait, 1 to 200 servers, 10 to 99 % busy", "textbook, in fractions", EXACT, digits(worst), worst <= 1e-9)
    measured, met = agreeing(published_networks())
    yield Row("open and closed networks", "Lazowska 1984, Jain 1991", PRINTED, measured, met)
    closed_error, open_error = worst_of_networks()
    within = (closed_error <= 1e-9, open_error <= 1e-9)
    yield Row(
        "exact MVA: throughput, up to 40 users, up to 4 stations",
        "product form, in fractions",
        EXACT,
        digits(closed_error),
        within[0],
    )
    yield Row("open networks of M/M/c: response", "textbook, in fractions", EXACT, digits(open_error), within[1])


# --- M/G/c -----------------------------------------------------------------------------------------------------------------

#: Servers, utilisation, shape, cv² and steps of the simulation: where its half width is about 2 %.
SIMULATED = (
    (2, 0.5, "lognormal", 4.0, 3000),
    (4, 0.7, "lognormal", 4.0, 4000),
    (10, 0.7, "lognormal", 4.0, 5000),
    (10, 0.9, "lognormal", 4.0, 7000),
    (4, 0.7, "lognormal", 2.0, 2000),
    (2, 0.5, "gamma", 4.0, 2000),
    (4, 0.7, "gamma", 4.0, 2500),
    (10, 0.7, "gamma", 4.0, 3000),
    (10, 0.5, "gamma", 4.0, 15000),
)


def chain_errors() -> Iterator[float]:
    """Relative errors against Markov chains. Gamma times of cv² 1/k are k exponential stages, of cv² above 1 exponential times a beta."""
    loads = (0.3, 0.5, 0.7, 0.9, 0.95)
    shapes = [(1 / stages, "gamma", Phases.erlang(stages)) for stages in (2, 4)]
    shapes += [(cv2, "hyperexponential", Phases.hyperexponential(cv2)) for cv2 in (1.5, 4.0)]
    shapes += [(cv2, "gamma", Phases.gamma(cv2, 4)) for cv2 in (2.0, 4.0)]
    for servers, used, (cv2, shape, service) in product((2, 4, 10), loads, shapes):
        if servers == 10 and service.in_a_row and len(service.rate) > 2:
            continue  # 286 states in each level
        yield wait(servers * used, 1.0, servers, cv2, shape=shape).mean_s / chain_wait(servers, used, service) - 1


def simulation_error(servers: int, utilisation: float, shape: str, cv2: float, steps: int) -> tuple[float, float]:
    """Relative error against a simulation, and the half width of its 95 % interval relative to its mean."""
    mean_s, half_width_s = simulated(servers, utilisation, shape, cv2, steps)
    return wait(servers * utilisation, 1.0, servers, cv2, shape=shape).mean_s / mean_s - 1, half_width_s / mean_s


def general_rows() -> Iterator[Row]:
    checked = max(apart(chain_wait(servers, 0.9, Phases.erlang(1)), exact_wait(servers, Fraction(9, 10))) for servers in (1, 10))
    assert checked <= 1e-9, "the chain is wrong"
    errors = list(chain_errors())
    worst = max(abs(error) for error in errors)
    measured = f"{percent(min(errors), '+')} to {percent(max(errors), '+')}"
    yield Row(
        f"M/G/c mean wait: cv² 0.25 to 4, 30 to 95 % busy, {len(errors)} cases",
        "Markov chains",
        "6 %",
        measured,
        worst <= 0.06,
    )
    found = [simulation_error(*case) for case in SIMULATED]
    worst, wide = max(abs(error) for error, _ in found), max(half for _, half in found)
    measured = f"{percent(min(error for error, _ in found), '+')} to {percent(max(error for error, _ in found), '+')}, ± {percent(wide)}"
    yield Row(f"the same, lognormal and gamma, cv² 2 and 4, {len(found)} cases", "simulation", "6 %", measured, worst <= 0.06)


# --- layered calls ---------------------------------------------------------------------------------------------------------

LAYERED = """\
sysdesign: 1
name: layered
source: assumption
defaults: {{calls: {{timeout: 1h}}}}
services:
  a:
    {{replicas: 1, concurrency: {threads}, cores: {cores}, round_trip: 0s, handles: {{Do: {{takes: {{mean: {own_s}s}}, calls: b.Do}}}}}}
  b: {{replicas: 1, concurrency: 1, round_trip: 0s, handles: {{Do: {{takes: {{mean: {called_s}s}}}}}}}}
flows: {{use: {{starts: a.Do}}}}
workloads: {{day: {{starts: {{use: {start}}}}}}}
"""


def asked(text: str) -> tuple[float, float | None, float | None]:
    """Rate, mean and p99 (s) of the answers of the first flow of a scenario: the whole program from a file on. None: saturated."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        flow = sysdesign_cli.load(str(path)).latency().flows[0]
    if flow.answer is None:
        return flow.rate.value, None, None
    return flow.rate.value, flow.answer.mean.value, flow.answer.percentiles["p99"].value


def closed_layered_errors(threads: Sequence[int]) -> tuple[float, float]:
    """Largest errors of throughput and response, 12 users thinking for 1 s, pools of so many threads."""
    throughput_error = response_error = 0.0
    for number, cores, own_s, called_s in product(threads, (1, 2), (0.02, 0.1), (0.05, 0.2)):
        throughput, _ = layered_chain(12, 1.0, number, cores, own_s, called_s)
        found = solve(12, 1.0, layered(number, cores, own_s, called_s))
        throughput_error = max(throughput_error, apart(found.throughput_per_s, throughput))
        response_error = max(response_error, apart(found.response_s, 12 / throughput - 1.0))
    return throughput_error, response_error


#: One pool of threads, and what its threads wait for one after the other: threads, cores, own time (s), calls, stations.
ONE_CALLER = (
    Shared((Caller(1, 0.05, ((0, 1.0),), 5, 2),), ((0.08, 1),)),
    Shared((Caller(1, 0.02, ((0, 1.0),), 3, 1),), ((0.05, 1),)),
    Shared((Caller(1, 0.1, ((0, 1.0),), 8, 2),), ((0.05, 1),)),
    Shared((Caller(1, 0.1, ((0, 1.0),), 8, 1),), ((0.2, 1),)),
    Shared((Caller(1, 0.1, ((0, 1.0),), 3, 2),), ((0.2, 1),)),
    Shared((Caller(1, 0.05, ((0, 1.0),), 1),), ((0.08, 1),)),
    Shared((Caller(1, 0.05, ((0, 1.0),), 2),), ((0.08, 1),)),
    Shared((Caller(1, 0.1, ((0, 1.0),), 4),), ((0.1, 2),)),
    Shared((Caller(1, 0.05, ((0, 1.0), (1, 1.0)), 3),), ((0.05, 1), (0.08, 1))),
    Shared((Caller(1, 0.05, ((0, 1.0), (1, 1.0)), 6, 2),), ((0.06, 2), (0.03, 1))),
    Shared((Caller(1, 0.05, ((0, 1.0), (0, 1.0)), 3),), ((0.05, 1),)),
    Shared((Caller(1, 0.05, ((0, 0.5),), 3),), ((0.1, 1),)),
)
#: A station that a pool calls and a stream comes to, one that two pools call, and one that a pool of a single thread calls as well.
STREAM_BESIDE = Shared((Caller(6, 0.05, ((0, 1.0),), 3), Caller(3, 0.0, ((0, 1.0),))), ((0.08, 1),))
TWO_CALLERS = Shared((Caller(5, 0.05, ((0, 1.0),), 3), Caller(4, 0.03, ((0, 1.0),), 2)), ((0.08, 1),))
UNEVEN = Shared((Caller(5, 0.05, ((0, 1.0),), 4), Caller(1, 0.1, ((0, 1.0),), 1)), ((0.08, 1),))
#: Threads of the first and the second service; own times (s) of the first, the second, and the server behind them.
THREE_LAYERS = (((4, 2), (0.02, 0.03, 0.05)), ((6, 3), (0.05, 0.05, 0.05)), ((3, 3), (0.05, 0.02, 0.04)), ((8, 2), (0.1, 0.05, 0.03)))


def scenario(shared: Shared) -> str:
    """Callers, and the stations that they call, as a file; a caller without own work is a flow that starts at its station."""
    lines = ["sysdesign: 1", "name: shared", "source: assumption", "defaults: {calls: {timeout: 1h}}", "services:"]
    for number, (called_s, servers) in enumerate(shared.stations):
        lines.append(f"  s{number}: {{concurrency: {servers}, round_trip: 0s, handles: {{Do: {{takes: {{mean: {called_s}s}}}}}}}}")
    flows, starts = [], []
    for number, caller in enumerate(shared.callers):
        starts.append(f"f{number}: {caller.rate!r}/s")
        if not caller.own_s:
            flows.append(f"f{number}: {{starts: s{caller.calls[0][0]}.Do}}")
            continue
        flows.append(f"f{number}: {{starts: a{number}.Do}}")
        calls = ", ".join(f"{{to: s{station}.Do, chance: {100 * chance:g}%}}" for station, chance in caller.calls)
        limits = f"concurrency: {caller.threads}" + (f", cores: {caller.cores}" if caller.cores else "")
        takes = f"takes: {{mean: {caller.own_s}s}}, calls: [{calls}]"
        lines.append(f"  a{number}: {{{limits}, round_trip: 0s, handles: {{Do: {{{takes}}}}}}}")
    return "\n".join([*lines, f"flows: {{{', '.join(flows)}}}", f"workloads: {{day: {{starts: {{{', '.join(starts)}}}}}}}", ""])


def three_services(rate: float, threads: tuple[int, int], times_s: tuple[float, float, float]) -> str:
    called = LAYERED.format(threads=threads[1], cores=threads[1], own_s=times_s[1], called_s=times_s[2], start=f"{rate!r}/s")
    first = f"  top: {{concurrency: {threads[0]}, round_trip: 0s, handles: {{Do: {{takes: {{mean: {times_s[0]}s}}, calls: a.Do}}}}}}\n"
    return called.replace("services:\n", "services:\n" + first).replace("starts: a.Do", "starts: top.Do")


def asked_of_all(text: str) -> list[float]:
    """Mean answers (s) of all flows, inf where something is saturated."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        flows = sysdesign_cli.load(str(path)).latency().flows
    return [math.inf if flow.answer is None else flow.answer.mean.value for flow in flows]


def most_asked(text: str) -> float:
    """Factor on the load at which something is saturated."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        return sysdesign_cli.load(str(path)).capacity().headroom.scale.value


def open_errors(systems: Sequence[Shared], shares: Sequence[float], most: int, others: int = 60) -> tuple[float, float]:
    """Largest errors of responses, at these shares of what each system can take, and of what it can take."""
    response_error = capacity_error = 0.0
    for shared in systems:
        capacity = shared.capacity()
        capacity_error = max(capacity_error, apart(most_asked(scenario(shared.scaled(capacity / 2))) / 2, 1.0))
        for share in shares:
            at = shared.scaled(capacity * share)
            found = zip(asked_of_all(scenario(at)), at.responses(most, others), strict=True)
            response_error = max(response_error, *(computed / exact_s - 1 for computed, exact_s in found), key=abs)
    return response_error, capacity_error


def three_layers_errors(shares: Sequence[float]) -> tuple[float, float]:
    response_error = capacity_error = 0.0
    for threads, times_s in THREE_LAYERS:
        capacity = three_layers_capacity(threads, times_s)
        capacity_error = max(capacity_error, apart(most_asked(three_services(capacity / 2, threads, times_s)) / 2, 1.0))
        for share in shares:
            (computed,) = asked_of_all(three_services(capacity * share, threads, times_s))
            response_error = max(response_error, computed / three_layers(capacity * share, threads, times_s, 300) - 1, key=abs)
    return response_error, capacity_error


def open_rows() -> Iterator[Row]:
    """Open arrivals at small pools of threads: response and capacity, all from a file on."""
    cases = (
        (
            f"open arrivals, one pool, {len(ONE_CALLER)} systems, 30 to 95 % of their most",
            0.05,
            open_errors(ONE_CALLER, (0.3, 0.5, 0.7, 0.9, 0.95), 400),
        ),
        ("the same, a stream beside the pool, 50 to 90 %", 0.15, open_errors((STREAM_BESIDE,), (0.5, 0.7, 0.9), 100)),
        ("the same, two pools at one station, 50 to 80 %", 0.15, open_errors((TWO_CALLERS, UNEVEN), (0.5, 0.8), 50, 40)),
        ("the same, three layers, 4 systems, 30 to 95 %", 0.15, three_layers_errors((0.3, 0.5, 0.7, 0.9, 0.95))),
    )
    for what, bar, (response_error, capacity_error) in cases:
        measured = f"response {percent(response_error, '+')}, capacity {percent(capacity_error)}"
        met = abs(response_error) <= bar and capacity_error <= 0.02
        yield Row(what, "Markov chains", f"{100 * bar:.0f} % and 2 %", measured, met)
    error, _ = open_errors((TWO_CALLERS,), (0.9,), 80, 80)
    yield Row("known exception: two pools at one station, 90 %", "Markov chain", "15 %", f"response {percent(error, '+')}", None)


def layered_rows() -> Iterator[Row]:
    bar = "2 % and 5 %"
    throughput, _ = layered_chain(20, 1.0, 5, 2, 0.05, 0.08)
    rate, mean_s, _ = asked(LAYERED.format(threads=5, cores=2, own_s=0.05, called_s=0.08, start="{users: 20, think: 1s}"))
    errors = apart(rate, throughput), apart(mean_s or math.inf, 20 / throughput - 1.0)
    met = errors[0] <= 0.02 and errors[1] <= 0.05
    yield Row("layered calls, throughput and response: from a file on", "Markov chain", bar, " and ".join(map(percent, errors)), met)
    errors = closed_layered_errors((3, 5, 8))
    met = errors[0] <= 0.02 and errors[1] <= 0.05
    yield Row("the same, 12 users, 3 to 8 threads, 24 systems", "Markov chains", bar, " and ".join(map(percent, errors)), met)
    errors = closed_layered_errors((1, 2))
    yield Row("known exception: pools of 1 or 2 threads, 16 systems", "Markov chains", bar, " and ".join(map(percent, errors)), None)
    for users in (20, 40):
        _, _, p99_s = asked(LAYERED.format(threads=5, cores=2, own_s=0.05, called_s=0.08, start=f"{{users: {users}, think: 1s}}"))
        simulated_s = closed_layered_p99(users, 1.0, 5, 2, 0.05, 0.08)
        yield Row(
            f"no promise: p99 of layered calls, {users} users",
            "simulation",
            "none",
            percent((p99_s or math.inf) / simulated_s - 1, "+"),
            None,
        )


# --- distributions ---------------------------------------------------------------------------------------------------------

TANDEM = """\
sysdesign: 1
name: tandem
source: assumption
defaults: {calls: {timeout: 1h}}
services:
"""


def tandem() -> str:
    """Five queues one after the other, each of 1 s and 70 % busy; nobody holds a worker for another."""
    lines = []
    for number in range(1, 6):
        call = f", calls: s{number + 1}.Do" if number < 5 else ""
        shape = f"{{Do: {{takes: {{mean: 1s, cv: 1}}{call}}}}}"
        lines.append(f"  s{number}: {{replicas: 1, concurrency: 1, blocking: false, round_trip: 0s, handles: {shape}}}")
    return TANDEM + "\n".join(lines) + "\nflows: {f: {starts: s1.Do}}\nworkloads: {day: {starts: {f: 0.7/s}}}\n"


def p99(means_s: Sequence[float], stage: Callable[[Grid, float], Distribution]) -> float:
    """Of stages one after the other."""
    return evaluate(lambda grid: sequence(*(stage(grid, mean_s) for mean_s in means_s)), 0.1).percentile(0.99)


def fan_out_p99(count: int) -> float:
    """Of so many exponential times of 1 s side by side."""
    return evaluate(lambda grid: maximum(*[grid.exponential(1.0)] * count), 1.0).percentile(0.99)


def exponential_errors() -> Iterator[float]:
    """Of p99: equal stages (Erlang) and fan-outs as printed, and stages of different means in closed form."""
    yield apart(p99([1 / 0.3] * 5, Grid.exponential), 38.6821)
    for count, printed in ((1, 4.6052), (5, 6.2106), (100, 9.2054)):
        yield apart(fan_out_p99(count), printed)
    draw = random.Random(2)
    for _ in range(20):
        means_s = [10 ** draw.uniform(-4, 1) for _ in range(draw.randint(2, 8))]
        yield apart(p99(means_s, Grid.exponential), exact_percentile([1 / mean for mean in means_s], 0.99))


def lognormal_errors(samples: int = 2_000_000) -> Iterator[tuple[float, float]]:
    """Of p99, with the half width of the simulation's 95 % interval, both relative."""
    for means_s, cv in (((0.01, 0.03, 0.2), 2.0), ((0.05,) * 5, 1.5), ((0.002, 0.02, 0.02, 0.1), 4.0), ((0.1, 0.3), 0.5)):
        draw = np.random.default_rng(20261)
        spread = math.sqrt(math.log1p(cv * cv))
        total = np.zeros(samples)
        for mean_s in means_s:
            total += draw.lognormal(math.log(mean_s) - spread**2 / 2, spread, samples)
        simulated_s = float(np.quantile(total, 0.99))
        parts = np.quantile(total.reshape(20, -1), 0.99, axis=1)
        half_width_s = float(1.96 * parts.std(ddof=1) / math.sqrt(20))
        yield apart(p99(means_s, partial(_lognormal, cv)), simulated_s), half_width_s / simulated_s


def _lognormal(cv: float, grid: Grid, mean_s: float) -> Distribution:
    return grid.lognormal(mean_s, cv)


def distribution_rows() -> Iterator[Row]:
    worst = max(exponential_errors())
    yield Row("p99 of exponential stages, series and fan-out, 24 cases", "closed forms", "1 %", percent(worst), worst <= 0.01)
    _, _, p99_s = asked(tandem())
    error = apart(p99_s or math.inf, 38.6821)
    yield Row("p99 of five queues in series, from a file on", "Erlang distribution", "1 %", percent(error), error <= 0.01)
    found = list(lognormal_errors())
    worst, half = max(error for error, _ in found), max(half for _, half in found)
    yield Row(
        "p99 of lognormal stages, cv 0.5 to 4, 4 cases",
        "simulation",
        "5 %",
        f"{percent(worst)} ± {percent(half)}",
        worst <= 0.05,
    )


# --- availability ----------------------------------------------------------------------------------------------------------


def names_in(state: int) -> frozenset[str]:
    return frozenset(f"e{event:02}" for event in range(state.bit_length()) if state >> event & 1)


def trees(count: int, events: tuple[int, int], gates: tuple[int, int]) -> Iterator[Drawn]:
    """Random trees that are neither always nor never true."""
    draw = random.Random(3)
    for seed in range(count):
        drawn = large(draw.randint(*events), draw.randint(*gates), seed)
        if drawn.tree.children[drawn.top]:
            yield drawn


def brute_force_row() -> Row:
    error, same, count = 0.0, True, 0
    for drawn in trees(60, (4, 14), (4, 20)):
        count += 1
        error = max(error, apart(probability(drawn.tree, drawn.top), drawn.probability(drawn.failing)))
        same &= {one.events for one in minimal_cut_sets(drawn.tree, drawn.top).sets} == {names_in(state) for state in drawn.minimal}
    measured = f"{digits(error)}, cut sets {'equal' if same else 'DIFFER'}"
    return Row(
        f"availability: {count} trees of up to 14 components", "all states, in fractions", "1e-12, equal", measured, error <= 1e-12 and same
    )


def by_scram(drawn: Drawn) -> tuple[float, set[frozenset[str]]]:
    """SCRAM with nothing cut off: probability (six digits) and minimal cut sets."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tree.xml"
        path.write_text(open_psa(drawn.tree, {"top": drawn.top}, "accuracy"), encoding="utf-8")
        words = ["scram", "--bdd", "-l", "100", "--cut-off", "0", "--probability", "true", str(path)]
        report = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    sets = ElementTree.fromstring(report).find("results/sum-of-products")
    assert sets is not None
    found = {frozenset(str(event.get("name")) for event in one.iter("basic-event")) for one in sets.iter("product")}
    return float(sets.get("probability", "nan")), found


def by_repyability(drawn: Drawn) -> tuple[float, set[frozenset[str]]]:
    from repyability import FaultTree  # type: ignore[import-not-found]

    tree = drawn.tree
    nodes = tree.below([drawn.top])
    names = {node: tree.names[node] or f"gate {node}" for node in nodes}
    gates = {}
    for node in nodes:
        if inputs := [names[child] for child in tree.children[node]]:
            kind = {ANY: "or", ALL: "and"}.get(tree.kinds[node])
            gates[names[node]] = (kind, inputs) if kind else ("vote", tree.least[node], inputs)
    theirs = FaultTree(gates, {tree.names[node]: tree.q[node] for node in nodes if tree.names[node]}, top=names[drawn.top])
    return float(theirs.top_event_probability()), set(theirs.minimal_cut_sets())


def program_row(name: str, there: bool, ask: Callable[[Drawn], tuple[float, set[frozenset[str]]]], bar: float, limits: str) -> Row:
    what, promised = "availability: 20 random trees of 30 to 60 components", f"{limits}, equal"
    if not there:
        return Row(what, name, promised, "not installed here", None)
    error, same = 0.0, True
    for drawn in trees(20, (30, 60), (20, 40)):
        theirs, sets = ask(drawn)
        error = max(error, apart(probability(drawn.tree, drawn.top), theirs))
        same &= {one.events for one in minimal_cut_sets(drawn.tree, drawn.top).sets} == sets
    return Row(what, name, promised, f"{digits(error)}, cut sets {'equal' if same else 'DIFFER'}", error <= bar and same)


def aralia_rows() -> Iterator[Row]:
    for name, events, top_probability, counts in (test_aralia.CHINESE, test_aralia.DAS9201):
        tree, top = test_aralia.Text(name).tree()
        error, found = apart(probability(tree, top), top_probability), cut_set_counts(tree, top)
        measured = f"{digits(error)}, {sum(found):,} cut sets"
        what = f"availability: Aralia {name}, {events} components"
        yield Row(what, f"{sum(counts):,} cut sets by order", "six digits, equal", measured, error <= 5e-6 and found == counts)


def availability_rows() -> Iterator[Row]:
    yield brute_force_row()
    yield program_row("SCRAM", shutil.which("scram") is not None, by_scram, 5e-6, "six digits")
    yield program_row("RePyability", importlib.util.find_spec("repyability") is not None, by_repyability, 1e-12, "1e-12")
    yield from aralia_rows()


# --- small pools in random systems ------------------------------------------------------------------------------------------


def simulated_errors(make: Callable[[int], Design], flows: str, count: int) -> list[float]:
    """Relative errors of means, smallest first: systems in which small pools matter and nothing is over 90 % busy, ten hours of each."""
    found: list[float] = []
    for seed in range(10_000):
        made = make(seed)
        load = Loaded(made.system, Setting(made.system).rates, replicas(made))
        if load.reliefs and all(station.utilisation <= 0.9 for station in load.stations):
            truth = of_simulation(made)
            found += [mean(made, load, flow) / truth[flow] - 1 for flow in flows]
        if len(found) >= count:
            break
    return sorted(found, key=abs)


def pool_rows() -> Iterator[Row]:
    """Small pools in random systems, with any times: answers, and what another replica does to them."""
    if importlib.util.find_spec("numba") is None:
        yield Row("small pools in random systems", "simulation", "", "not installed here: numba", None)
        return
    for what, make, flows, bar in (
        ("small pools in random trees, any times, 100 means", random_tree, "f", 0.05),
        ("the same, places shared and called twice", random_chain, "fg", 0.05),
    ):
        errors = simulated_errors(make, flows, 100)
        measured = f"95 in 100 within {percent(abs(errors[94]))}, worst {percent(errors[99], '+')}"
        yield Row(what, "simulation", f"{percent(bar)}, 95 in 100", measured, abs(errors[94]) <= bar)
    longer = max(longest(random_tree(seed)) for seed in range(1000))
    yield Row(
        "another replica makes nothing longer, 1,000 such trees", "theory", "0.5 %", f"{percent(longer, '+')} at most", longer <= 5e-3
    )


# --- the table -------------------------------------------------------------------------------------------------------------


def main() -> int:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("what", "against", "bar", "measured", ""):
        table.add_column(heading, no_wrap=True)
    missed = False
    for part in (queue_rows, general_rows, layered_rows, open_rows, pool_rows, distribution_rows, availability_rows):
        print(f"{part.__name__.replace('_', ' ')} …", file=sys.stderr, flush=True)
        for row in part():
            missed |= row.met is False
            table.add_row(row.what, row.reference, row.bar, row.measured, {True: "met", False: "MISSED", None: "–"}[row.met])
    Console(width=WIDTH, highlight=False, markup=False).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
