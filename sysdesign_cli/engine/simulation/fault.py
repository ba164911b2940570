"""Something that goes wrong for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KILL: Final = "kill"
ZONE: Final = "zone"
SLOW: Final = "slow"
LOSS: Final = "loss"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong from ``start`` to ``end`` (s).

    kind: ``kill`` a service or ``service/number``; lose a ``zone``; make a service ``slow`` (its work takes ``value`` times as
    long); ``loss``: the network loses the share ``value`` of the requests to it.
    """

    kind: str
    target: str
    start: float
    end: float
    value: float = 1.0
