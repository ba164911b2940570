"""Reading the histograms of a run: 256 buckets for each doubling, so a percentile is off by at most 0.4 %."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from sysdesign_cli.engine.simulation.layout import LOWEST, SUB_BUCKETS

#: The width of a bucket over its value, at most.
RELATIVE_ERROR: Final = 1 / SUB_BUCKETS


def bucket_edges(place: int) -> tuple[float, float]:
    """The times (s) that a bucket holds."""
    octave, part = divmod(place, SUB_BUCKETS)
    low = math.ldexp(1 + part / SUB_BUCKETS, octave + LOWEST)
    return (0.0 if place == 0 else low), math.ldexp(1 + (part + 1) / SUB_BUCKETS, octave + LOWEST)


def bucket_middle(place: int) -> float:
    low, high = bucket_edges(place)
    return (low + high) / 2 if place else 0.0


def percentile(histogram: Mapping[int, int], share: float) -> float:
    """The time (s) that this share lies below, between the edges of its bucket by even spread. Raises ValueError for an empty one."""
    total = sum(histogram.values())
    if not total:
        raise ValueError("empty")
    wanted = share * total
    seen = 0
    for place in sorted(histogram):
        many = histogram[place]
        if seen + many >= wanted:
            low, high = bucket_edges(place)
            return low + (high - low) * (wanted - seen) / many if place else 0.0
        seen += many
    return bucket_edges(max(histogram))[1]
