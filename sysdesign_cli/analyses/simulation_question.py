"""What is to be simulated, as it is asked. Light: nothing of the simulation is loaded with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sysdesign_cli.engine.simulation.fault import Fault

#: A run is so long unless said otherwise.
LENGTH_S: Final = 600.0
SEED: Final = 1


@dataclass(frozen=True)
class Question:
    """What is to be simulated. start_s: second of the day; None: shortly before the rush, or the busiest moment."""

    workload: str = ""
    length_s: float = LENGTH_S
    start_s: float | None = None
    faults: tuple[Fault, ...] = ()
    seed: int = SEED
    replications: int = 0
    """0: one run in batches where the load is steady and nothing goes wrong, else five runs."""
    steady: bool = False
    """The load of the first moment stays, and autoscaling has settled."""
    bins: int = 60
    scale: float = 1.0
