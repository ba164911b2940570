"""What a simulation gives: every figure with its interval, and what happened bin by bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.simulation.fault import Fault
from sysdesign_cli.scenario.shapes import Text

SIMULATED: Final = "simulated"


@dataclass(frozen=True)
class Times:
    """Times of one flow's answers or completions; empty when there were none."""

    mean: Number
    percentiles: dict[str, Number]


@dataclass(frozen=True)
class FlowSimulated:
    """One flow over the counted time. Counts are means of the replications.

    arrived = answered + failed + lost + elsewhere + what is still inside, less what was inside at the start. elsewhere: never led
    to the handler that answers. spoilt: answered, and an effect was lost; parked: an effect is in a dead-letter queue.
    """

    flow: str
    title: Text
    rate: Number
    arrived: Number
    answered: Number
    degraded: Number
    failed: Number
    lost: Number
    elsewhere: Number
    spoilt: Number
    parked: Number
    completed: Number
    inside: Number
    failed_share: Number
    answer: Times | None
    completion: Times | None


@dataclass(frozen=True)
class ServiceSimulated:
    """One service. utilisation: busy workers (or cores, where those are busier) of those running; wait: mean, of requests and messages."""

    service: str
    served: Number
    utilisation: Number
    wait: Number
    queue: Number
    failed: Number
    refused: Number
    cold: Number
    replicas: tuple[int, int]
    crashed: Number


@dataclass(frozen=True)
class TopicSimulated:
    """The messages of one subscriber: most that waited and when, when the last of a backlog was gone, and what was lost by what."""

    handler: str
    event: str
    published: Number
    done: Number
    most: Number
    most_at_s: float
    drained_s: Number | None
    """From the end of the last fault until nothing more waited than before the first; None without faults, or when it never did."""
    redelivered: Number
    lost: Number
    parked: Number


@dataclass(frozen=True)
class CallSimulated:
    """A call that was retried, timed out, failed, or was kept back."""

    caller: str
    called: str
    tries: Number
    retried: Number
    timeouts: Number
    failed: Number
    instead: Number
    opened: Number
    denied: Number


@dataclass(frozen=True)
class Series:
    """What happened, bin by bin: means of the replications. Times are the ends of the bins (s)."""

    times: tuple[float, ...]
    arrived: tuple[float, ...]
    """Requests per second."""
    answered: tuple[float, ...]
    failed: tuple[float, ...]
    p99: tuple[float | None, ...]
    """Of all answers in the bin (s); None where there was none."""
    inside: tuple[float, ...]
    backlog: dict[str, tuple[float, ...]]
    """Messages that wait, by subscriber; those that ever held some."""
    replicas: dict[str, tuple[float, ...]]
    """Running, by service; those that changed."""
    queued: dict[str, tuple[float, ...]]
    """Requests that wait, by service; those that ever held some."""
    flows: dict[str, dict[str, tuple[float, ...]]]
    """arrived, answered, failed (per second) and p99 of each flow."""


@dataclass(frozen=True)
class Growth:
    """What does not keep up: what is inside grows by so much a second, most of it at one place."""

    per_s: Number
    where: str


@dataclass(frozen=True)
class Simulation(Presentable):
    """What was simulated, and what it gave."""

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    start_s: float
    length_s: float
    lead_in_s: float
    steady: bool
    scale: float
    """Factor on all arrivals and users."""
    faults: tuple[Fault, ...]
    seed: int
    replications: int
    batches: int
    """0, unless the intervals come from batches of one run."""
    mode: str
    events: int
    stopped: str
    """``full``: more was inside than is kept; ``interrupted``; empty when it ran to its end."""
    until_s: float
    flows: tuple[FlowSimulated, ...]
    services: tuple[ServiceSimulated, ...]
    topics: tuple[TopicSimulated, ...]
    calls: tuple[CallSimulated, ...]
    series: Series
    growth: Growth | None

    @property
    def good(self) -> bool:
        return self.growth is None and self.stopped != "full"


def half_width(number: Number) -> float | None:
    """Half the width of a simulated number's 95 % interval; None when there is none."""
    return float(number.note) if number.method == SIMULATED and number.note else None
