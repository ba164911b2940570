"""Measure the promises about speed, as ratios within one run: ``python3 dev.py bench``.

Every figure is the median of several whole-process runs, taken in turn with what it is compared with, so that a machine whose
speed drifts does not decide. Where seconds are promised, the time that the same machine takes to import the packages alone stands
beside them: on a machine that is twice as slow there, twice the seconds are no worse.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import generate  # noqa: E402

#: As on a machine where Python keeps its compiled files, which is the ordinary case.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": str(ROOT)}


def seconds(words: list[str]) -> float:
    """Elapsed seconds of one run of Python with these words."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def ratio(name: str, ours: list[str], theirs: list[str], bar: float, runs: int = 9) -> bool:
    """Print how long ours takes compared with theirs, against the bar."""
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs + 1)][1:]
    median = statistics.median(a / b for a, b in pairs)
    mine, other = statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
    print(
        f"{name:<46} {mine * 1000:8.0f} ms  {other * 1000:8.0f} ms  "
        f"ratio {median:5.2f}  bar {bar:5.2f}  {'met' if median <= bar else 'MISSED'}",
        flush=True,
    )
    return median <= bar


def absolute(name: str, ours: list[str], bar_s: float, bar_mb: float, runs: int = 3) -> bool:
    """Print time and peak memory of a command against absolute bars."""
    times, peak = [], 0.0
    for _ in range(runs):
        words = ["-c", _PEAK, *ours]
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=ENVIRONMENT, check=False)
        took, megabytes = done.stderr.strip().split("\n")[-1].split()
        times.append(float(took))
        peak = max(peak, float(megabytes))
    median = statistics.median(times)
    met = median <= bar_s and peak <= bar_mb
    print(
        f"{name:<46} {median:8.2f} s   {peak:8.0f} MB              bar {bar_s:g} s, {bar_mb:g} MB  {'met' if met else 'MISSED'}", flush=True
    )
    return met


def beside_imports(name: str, ours: dict[str, list[str]], bar_s: float, runs: int = 3) -> bool:
    """Print the slowest of some commands, what importing the packages alone takes, the ratio of the two, and the bar in seconds."""
    found = []
    for label, words in ours.items():
        pairs = [(seconds(words), seconds(["-c", _IMPORTS])) for _ in range(runs + 1)][1:]
        ratio = statistics.median(a / b for a, b in pairs)
        found.append((statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), ratio, label))
    mine, other, median, label = max(found)
    shown = f"{name} ({label})" if len(ours) > 1 else name
    met = "met" if mine <= bar_s else "MISSED"
    print(f"{shown:<46} {mine * 1000:8.0f} ms  {other * 1000:8.0f} ms  ratio {median:5.2f}  bar {bar_s:g} s  {met}", flush=True)
    return mine <= bar_s


def printed(name: str, script: str, bar_s: float, bar_mb: float, runs: int = 3) -> bool:
    """Print the seconds after import, and the megabytes, that a script of this folder measures of itself, against absolute bars."""
    times, peak = [], 0.0
    for _ in range(runs):
        words = [sys.executable, str(ROOT / "benchmarks" / script)]
        said = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=True).stdout
        took, megabytes = re.search(r"\ball ([\d.]+) s", said), re.search(r"([\d.]+) MB", said)
        assert took is not None, said
        assert megabytes is not None, said
        times.append(float(took[1]))
        peak = max(peak, float(megabytes[1]))
    median = statistics.median(times)
    met = median <= bar_s and peak <= bar_mb
    print(
        f"{name:<46} {median:8.2f} s   {peak:8.0f} MB              bar {bar_s:g} s, {bar_mb:g} MB  {'met' if met else 'MISSED'}", flush=True
    )
    return met


#: Runs a command as a child and prints its time and peak memory.
_PEAK = """
import subprocess, sys, time
start = time.perf_counter()
subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
took = time.perf_counter() - start
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
except ImportError:
    peak = 0
print(took, peak, file=sys.stderr)
"""

#: What the C loader's event stream alone takes, in one process.
_EVENTS = "import yaml, sys\nfor _ in yaml.parse(open(sys.argv[1], encoding='utf-8'), Loader=yaml.CSafeLoader): pass"


#: What most commands import: the packages for the command line, tables, files, and numbers.
_IMPORTS = "import typer, rich.table, yaml, numpy"
PROGRAM = ["-m", "sysdesign_cli"]
SCENARIOS = ("ecommerce", "netflix", "grab", "morprom")


def shipped() -> list[bool]:
    """The questions about the scenarios that come with the program; of the four the slowest counts."""
    bars = {"latency": 0.6, "capacity": 0.6, "availability": 0.6, "cost": 0.6, "verify": 1.5, "tradeoff": 1.5}
    pictures = {f"{name} as {format}": [*PROGRAM, "diagram", name, "--format", format] for name in SCENARIOS for format in ("svg", "png")}
    return [
        *(
            beside_imports(f"sysdesign {command}", {name: [*PROGRAM, command, name] for name in SCENARIOS}, bar_s)
            for command, bar_s in bars.items()
        ),
        beside_imports("sysdesign diagram", pictures, 0.8),
        beside_imports("sysdesign diagram --kill", {"ecommerce": [*PROGRAM, "diagram", "ecommerce", "--kill", "broker"]}, 0.8),
    ]


def main() -> int:
    program = PROGRAM
    met = [
        ratio("sysdesign --version", [*program, "--version"], ["-c", "import typer, rich.console"], 1.25),
        ratio("sysdesign explain outbox", [*program, "explain", "outbox"], ["-c", "import typer, rich.console"], 1.25),
        ratio(
            "sysdesign compare netflix grab --quick",
            [*program, "compare", "netflix", "grab", "--quick"],
            ["-c", "import typer, rich.table, yaml, networkx"],
            1.35,
        ),
    ]
    met += shipped()
    met.append(printed("availability of a flow of 1,000 services", "trees.py", 0.5, 300.0))
    met.append(printed("traffic and capacity of 100,000 services", "large.py", 10.0, 2000.0))
    if shutil.which("chromium") and shutil.which("chromedriver"):
        met.append(printed("report on 300 services, in a browser", "report.py", 2.0, 5.0, 1))
    with tempfile.TemporaryDirectory() as folder:
        wide, hubs = Path(folder) / "wide.yaml", Path(folder) / "hubs.yaml"
        wide.write_text(generate.wide(), encoding="utf-8")
        hubs.write_text(generate.hubs(), encoding="utf-8")
        chance = Path(folder) / "chance.yaml"
        chance.write_text(generate.hubs(by_chance=0.05), encoding="utf-8")
        met.append(ratio("check 20,000 services (against YAML events)", [*program, "check", str(wide)], ["-c", _EVENTS, str(wide)], 5.0, 3))
        met.append(absolute("failover --each, 10,000 services with hubs", [*program, "failover", str(hubs), "--each"], 5.0, 1000.0))
        absolute("the same, 5 % of the calls by chance (over 5 s)", [*program, "failover", str(chance), "--each"], math.inf, math.inf)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
