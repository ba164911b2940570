"""The systems that every simulator of ``benchmarks/simulators.py`` simulates, and what theory says of them. Plain Python, no packages.

An *event* is an arrival from outside or the end of a piece of work: what takes time in the model, however a simulator goes about it.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Stations:
    """Poisson arrivals that pass through equal stations, one after another. Times in seconds."""

    name: str
    title: str
    rate_per_s: float
    stations: int
    servers: int
    service_s: float
    law: str
    """exponential or fixed"""

    events_per_request = property(lambda self: 1 + self.stations)


@dataclass(frozen=True)
class Flow:
    """Eight services; a worker is held while its calls are out.

    front works, calls auth, then a, b and c at the same time, then d, and answers. b calls e, d calls f. All work is exponential.
    timeout_s: every call fails for its caller after so long, while the work behind it goes on; a request whose call failed fails as
    soon as all it waits for has come back or failed. 0: no timeouts.
    """

    name: str
    title: str
    rate_per_s: float
    timeout_s: float

    events_per_request = property(lambda self: 9)


#: Workers and mean work (s) of the eight services.
SERVICES = {
    "front": (256, 0.001),
    "auth": (8, 0.001),
    "a": (16, 0.003),
    "b": (16, 0.002),
    "c": (8, 0.002),
    "d": (16, 0.004),
    "e": (8, 0.002),
    "f": (8, 0.002),
}
#: Services whose workers only work and never wait for others: their mean number of busy workers is rate x work.
LEAVES = ("auth", "a", "c", "e", "f")

Model = Stations | Flow
MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Stations("mm1", "M/M/1, 80 % busy", 800.0, 1, 1, 0.001, "exponential"),
        Stations("mm8", "M/M/8, 80 % busy", 6400.0, 1, 8, 0.001, "exponential"),
        Stations("tandem", "five M/M/1 in a row, 80 % busy", 800.0, 5, 1, 0.001, "exponential"),
        Stations("md1", "M/D/1, 80 % busy", 800.0, 1, 1, 0.001, "fixed"),
        Stations("md8", "M/D/8, 80 % busy", 6400.0, 1, 8, 0.001, "fixed"),
        Stations("tandem-fixed", "the five in a row, fixed work", 800.0, 5, 1, 0.001, "fixed"),
        Flow("flow", "eight services, blocking calls, fan-out", 2000.0, 0.0),
        Flow("flow-timeouts", "the same, 25 ms timeout on every call", 2000.0, 0.025),
    )
}


def mean_response_s(model: Model) -> float | None:
    """In the steady state; None where there is no formula."""
    if isinstance(model, Flow):
        return None
    if model.law == "exponential":  # Jackson (1957): each station as if alone
        return model.stations * (model.service_s + _mmc_wait_s(model))
    return model.stations * model.service_s + _mdc_wait_s(model)  # equal fixed times: nobody waits behind the first


def busy_leaves(model: Model) -> float | None:
    """Mean number of busy workers at all leaves together; None where requests may fail."""
    if isinstance(model, Stations):
        return model.stations * model.rate_per_s * model.service_s
    return None if model.timeout_s else sum(model.rate_per_s * SERVICES[name][1] for name in LEAVES)


def _mmc_wait_s(model: Stations) -> float:
    c, load = model.servers, model.rate_per_s * model.service_s
    all_busy = load**c / math.factorial(c) / (1 - load / c)
    share = all_busy / (all_busy + sum(load**k / math.factorial(k) for k in range(c)))
    return share * model.service_s / (c - load)


def _mdc_wait_s(model: Stations) -> float:
    """Crommelin, P.O. Electrical Engineers' Journal 25 (1932), as in Tijms, A First Course in Stochastic Models (2003), section 9.6."""
    c, total = model.servers, 0.0
    share = model.rate_per_s * model.service_s / c
    for i in range(1, 2000):
        mean = i * c * share
        at = math.exp(i * c * math.log(mean) - mean - math.lgamma(i * c + 1))
        above, term = 0.0, at
        for k in range(i * c + 1, i * c + 4000):
            term *= mean / k
            above += term
            if term < 1e-18:
                break
        more = at + above - above / share
        total += more
        if more < 1e-14:
            break
    return model.service_s * total


# --- what a rival's script does around its simulation ---------------------------------------------------------------------------


@dataclass
class Found:
    """What one run gave."""

    answered: int
    failed: int
    response_sum_s: float
    """Of those answered."""
    busy_area_s: float
    """Worker-seconds at the leaves."""
    cpu_s: float = 0.0
    own_events: int = 0
    """As the simulator itself counts them; 0: it does not."""


def bucket(seconds: float) -> int:
    """The bucket of a histogram, 256 for each doubling: what every rival written in Python does with a response."""
    fraction, exponent = math.frexp(seconds)
    return (exponent + 29) * 256 + int(fraction * 512.0) - 256


def arguments() -> tuple[Model, float, int]:
    """Of a rival's script: model, simulated seconds, seed."""
    return MODELS[sys.argv[1]], float(sys.argv[2]), int(sys.argv[3])


def clock() -> float:
    """CPU seconds of this process: what else runs on the machine does not count."""
    return time.process_time()


def tell(found: Found, simulated_s: float) -> None:
    """Print a run for ``simulators.py``."""
    mean = found.response_sum_s / max(1, found.answered)
    print(
        json.dumps(
            {
                "answered": found.answered,
                "failed": found.failed,
                "mean_s": mean,
                "busy": found.busy_area_s / simulated_s,
                "cpu_s": found.cpu_s,
                "own_events": found.own_events,
                "megabytes": _peak_megabytes(),
            }
        )
    )


def _peak_megabytes() -> float:
    # not getrusage first: on Linux a new program inherits the peak of the one that started it
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    try:
        import resource
    except ImportError:
        return 0.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
