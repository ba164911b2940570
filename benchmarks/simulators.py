"""This program's simulation beside other simulators on the same models: ``python benchmarks/simulators.py``. Some minutes.

Every run is a process of its own, and the simulators take turns, model by model and round by round, so that a machine whose speed
drifts treats all alike. Counted is CPU time of the simulation itself and of making its statistics; importing, compiling and
reading a scenario are not. A ratio is the median of the ratios of the rounds. An event is an arrival from outside or the end of a piece
of work, for all alike. Beside the speed stands the mean response with what theory says, over all rounds together, so that one sees
that they simulate the same; where there is no formula, the median
of the other programs stands for it.

What is not installed is left out and named. Cimba is a library in C: say where it is installed with ``--cimba PREFIX`` or in the
variable CIMBA_PREFIX, and its models are compiled against it. AsyncFlow needs Python 3.12: ``--asyncflow-python`` or ASYNCFLOW_PYTHON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

RIVALS = Path(__file__).resolve().parent / "rivals"
sys.path.insert(0, str(RIVALS))

from models import MODELS, Flow, Model, Stations, busy_leaves, mean_response_s  # noqa: E402

FAST, PLAIN = "sysdesign fast", "sysdesign plain"
#: A run that takes longer (s) is given up.
PATIENCE_S = 120.0
#: Bars: plain against SimPy; fast on the flow: events and requests per second, megabytes.
PLAIN_OVER_SIMPY, EVENTS_PER_S, REQUESTS_PER_S, MEGABYTES = 5.0, 10e6, 1e6, 250.0


@dataclass(frozen=True)
class Simulator:
    """words: how a model of it is run; model, seconds and seed come first of all its arguments."""

    name: str
    program: tuple[str, ...]
    options: tuple[str, ...] = ()
    first_requests: int = 2000
    """So many are simulated to learn how many fit into a run."""
    missing: str = ""
    """Why it takes no part, and how to get it."""

    def takes(self, model: Model) -> bool:
        if self.name == "SimPy, stores":
            return isinstance(model, Stations)
        if self.name == "Ciw":
            return isinstance(model, Stations)
        if self.name == "AsyncFlow":
            return isinstance(model, Stations) and model.law == "fixed"
        return True


@dataclass
class Runs:
    """What a simulator gave for a model, one entry a round."""

    rates_per_s: list[float] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    means_s: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    def add(self, told: dict[str, float]) -> None:
        self.rates_per_s.append((told["answered"] + told["failed"]) / told["cpu_s"])
        self.answered.append(int(told["answered"]))
        self.failed.append(int(told["failed"]))
        self.means_s.append(told["mean_s"])
        self.busy.append(told["busy"])
        self.megabytes = max(self.megabytes, told["megabytes"])

    def mean_s(self) -> float:
        return sum(m * n for m, n in zip(self.means_s, self.answered, strict=True)) / max(1, sum(self.answered))

    def mean_busy(self) -> float:
        return sum(b * n for b, n in zip(self.busy, self.answered, strict=True)) / max(1, sum(self.answered))

    def failed_share(self) -> float:
        return sum(self.failed) / max(1, sum(self.answered) + sum(self.failed))


# --- who is there ---------------------------------------------------------------------------------------------------------------------


def _imports(python: str, package: str) -> bool:
    try:
        return subprocess.run([python, "-c", f"import {package}"], capture_output=True, timeout=PATIENCE_S, check=False).returncode == 0
    except OSError:
        return False


def _python(name: str, python: str, script: str, package: str, install: str, options: tuple[str, ...] = (), first: int = 2000) -> Simulator:
    missing = "" if not package or _imports(python, package) else f"not installed: {install}"
    return Simulator(name, (python, str(RIVALS / script)), options, first, missing)


def _cimba(prefix: str, folder: Path) -> Simulator:
    program = folder / "cimba_models"
    if not prefix:
        return Simulator("Cimba", (), missing="not installed: see cimba.readthedocs.io, then --cimba PREFIX")
    compiler = os.environ.get("CC") or shutil.which("cc") or "cc"
    folders = [f"-I{prefix}/include", f"-L{prefix}/lib", f"-Wl,-rpath,{prefix}/lib"]
    words = [
        compiler,
        "-std=gnu2x",
        "-O3",
        "-DNDEBUG",
        "-DNLOGINFO",
        str(RIVALS / "cimba_models.c"),
        *folders,
        "-lcimba",
        "-lm",
        "-o",
        str(program),
    ]
    try:
        made = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        return Simulator("Cimba", (), missing=f"its models could not be compiled: {error}")
    if made.returncode:
        return Simulator("Cimba", (), missing=f"its models could not be compiled: {made.stderr.strip().splitlines()[:1]}")
    return Simulator("Cimba", (str(program),), first_requests=50_000)


def simulators(options: argparse.Namespace, folder: Path) -> list[Simulator]:
    here, other = sys.executable, options.python
    return [
        _python(FAST, here, "sysdesign_models.py", "numba", "pip install numba", ("fast",), 50_000),
        _python(PLAIN, here, "sysdesign_models.py", "", "", ("plain",)),
        _python("SimPy", other, "simpy_models.py", "simpy", "pip install simpy"),
        _python("SimPy, stores", other, "simpy_models.py", "simpy", "pip install simpy", ("stores",)),
        _python("Ciw", other, "ciw_models.py", "ciw", "pip install ciw"),
        _python(
            "AsyncFlow", options.asyncflow_python, "asyncflow_models.py", "asyncflow", "pip install asyncflow-sim, on Python 3.12 or newer"
        ),
        _cimba(options.cimba, folder),
    ]


# --- measuring ------------------------------------------------------------------------------------------------------------------------


def run(simulator: Simulator, model: Model, requests: float, seed: int) -> dict[str, float] | None:
    """One run, as its process tells of it; None when it failed."""
    words = [*simulator.program, model.name, repr(requests / model.rate_per_s), str(seed), *simulator.options]
    # one core each: numerical libraries would otherwise start threads
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S, env=environment, check=False)
    except subprocess.TimeoutExpired:
        print(f"{simulator.name}, {model.name}: given up after {PATIENCE_S:g} s", file=sys.stderr)
        return None
    if done.returncode or not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        print(f"{simulator.name}, {model.name}: {last}", file=sys.stderr)
        return None
    told: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def measure(taking: Sequence[Simulator], models: Sequence[Model], rounds: int, seconds: float) -> dict[tuple[str, str], Runs]:
    """All runs. The first of each, which is short, tells how many requests fill the seconds, and is not counted."""
    found: dict[tuple[str, str], Runs] = {}
    requests: dict[tuple[str, str], float] = {}
    for number in range(rounds + 1):
        for model in models:
            for simulator in taking:
                at = simulator.name, model.name
                if not simulator.takes(model) or (number and at not in requests):
                    continue
                _progress(f"round {number} of {rounds}: {model.name}, {simulator.name}")
                told = run(simulator, model, requests.get(at, simulator.first_requests), 1000 + number)
                if told is None:
                    continue
                if number:
                    found.setdefault(at, Runs()).add(told)
                else:
                    rate = (told["answered"] + told["failed"]) / max(1e-3, told["cpu_s"])
                    requests[at] = max(simulator.first_requests, rate * seconds)
    _progress("")
    return found


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<70}\r", end="", file=sys.stderr, flush=True)


def ratio(ours: Runs | None, theirs: Runs | None) -> float:
    """How many times as fast ours is: the median over the rounds."""
    if ours is None or theirs is None:
        return math.nan
    pairs = zip(ours.rates_per_s, theirs.rates_per_s, strict=False)
    return statistics.median(a / b for a, b in pairs)


# --- telling --------------------------------------------------------------------------------------------------------------------------

_COLUMNS: tuple[tuple[int, str, str], ...] = (
    (16, "", ""), (11, "requests/s", "best"), (11, "requests/s", "median"), (12, "events/s", "median"), (9, "fast is", "x times"),
    (9, "plain is", "x times"), (7, "memory", "MB"), (15, "mean response", "ms"), (9, "theory", "ms"), (8, "busy", ""), (8, "theory", ""),
    (8, "failed", "%"),
)  # fmt: skip
HEADER = "\n".join("".join((below if line else above).rjust(width) for width, above, below in _COLUMNS) for line in (0, 1))


def table(found: dict[tuple[str, str], Runs], taking: Sequence[Simulator], models: Sequence[Model]) -> None:
    for model in models:
        print(f"\n{model.name}: {model.title}; {model.events_per_request} events a request\n{HEADER}")
        exact, busy = mean_response_s(model), busy_leaves(model)
        others = [runs.mean_s() for (who, name), runs in found.items() if name == model.name and who not in (FAST, PLAIN)]
        middle = statistics.median(others) if others else None
        for simulator in taking:
            runs = found.get((simulator.name, model.name))
            if runs is None:
                why = "" if simulator.takes(model) else "cannot say this model"
                print(f"{simulator.name:<16}{why:>22}")
                continue
            rate = statistics.median(runs.rates_per_s)
            theory = f"{exact * 1000:.4f}" if exact is not None else "" if middle is None else f"~{middle * 1000:.3f}"
            share = "" if math.isnan(runs.mean_busy()) else f"{runs.mean_busy():.3f}"
            print(
                f"{simulator.name:<16}{max(runs.rates_per_s):>11,.0f}{rate:>11,.0f}{rate * model.events_per_request:>12,.0f}"
                f"{ratio(found.get((FAST, model.name)), runs):>9.2f}{ratio(found.get((PLAIN, model.name)), runs):>9.2f}"
                f"{runs.megabytes:>7.0f}{runs.mean_s() * 1000:>15.4f}{theory:>9}"
                f"{share:>8}{'' if busy is None else format(busy, '.3f'):>8}{runs.failed_share() * 100:>8.3f}"
            )


def verdict(what: str, measured: str, met: bool) -> bool:
    print(f"{what:<72}{measured:>34}  {'met' if met else 'MISSED'}")
    return met


def bars(found: dict[tuple[str, str], Runs], taking: Sequence[Simulator], models: Sequence[Model]) -> bool:
    """What is promised, against what was found. What nothing was found of counts as neither."""
    print()
    met = []
    for model in models:
        plain, fast = found.get((PLAIN, model.name)), found.get((FAST, model.name))
        if plain is not None and (simpy := found.get(("SimPy", model.name))) is not None:
            times = ratio(plain, simpy)
            met.append(
                verdict(f"{model.name}: plain at least {PLAIN_OVER_SIMPY:g} times SimPy", f"{times:.2f} times", times >= PLAIN_OVER_SIMPY)
            )
        others = {s.name: r for s in taking if s.name not in (FAST, PLAIN) and (r := found.get((s.name, model.name))) is not None}
        if fast is not None and others:
            times, name = min((ratio(fast, other), name) for name, other in others.items())
            met.append(verdict(f"{model.name}: fast ahead of all", f"{times:.2f} times {name}", times > 1))
        if fast is not None and isinstance(model, Flow):
            rate = statistics.median(fast.rates_per_s)
            per_s = rate * model.events_per_request
            met.append(
                verdict(f"{model.name}: fast at {REQUESTS_PER_S / 1e6:g} M requests/s", f"{rate / 1e6:.2f} M", rate >= REQUESTS_PER_S)
            )
            met.append(verdict(f"{model.name}: fast at {EVENTS_PER_S / 1e6:g} M events/s", f"{per_s / 1e6:.2f} M", per_s >= EVENTS_PER_S))
            met.append(verdict(f"{model.name}: fast within {MEGABYTES:g} MB", f"{fast.megabytes:.0f} MB", fast.megabytes <= MEGABYTES))
    return all(met)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="about how long one run computes (1)")
    parser.add_argument("--models", default=",".join(MODELS), help=f"some of {','.join(MODELS)}")
    parser.add_argument("--only", default="", help="some simulators, by the beginnings of their names, with commas")
    parser.add_argument("--python", default=sys.executable, help="the Python that has SimPy and Ciw (this one)")
    parser.add_argument(
        "--asyncflow-python", default=os.environ.get("ASYNCFLOW_PYTHON", sys.executable), help="the Python that has AsyncFlow"
    )
    parser.add_argument("--cimba", default=os.environ.get("CIMBA_PREFIX", ""), help="where Cimba is installed")
    options = parser.parse_args()
    models = [MODELS[name] for name in options.models.split(",")]
    wanted = tuple(word.lower() for word in options.only.split(",") if word)
    with tempfile.TemporaryDirectory() as folder:
        known = simulators(options, Path(folder))
        chosen = [s for s in known if not wanted or s.name.lower().startswith(wanted)]
        taking = [s for s in chosen if not s.missing]
        found = measure(taking, models, options.rounds, options.seconds)
    table(found, taking, models)
    for simulator in chosen:
        if simulator.missing:
            print(f"\n{simulator.name}: skipped, {simulator.missing}")
    return 0 if bars(found, taking, models) else 1


if __name__ == "__main__":
    sys.exit(main())
