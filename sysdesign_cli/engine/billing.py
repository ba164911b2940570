"""Arithmetic of bills: integrals of straight lines, of the machines that follow them, and prices in steps.

A *course* is a quantity over a day as straight pieces: (length in seconds, value at its beginning, value at its end). Everything
here is exact for such a course: no sampling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Piece = tuple[float, float, float]

#: A hair less than a whole number of replicas is that number, as ``stations.settled_replicas`` has it.
_HAIR = 1 - 1e-12


def course(times: Sequence[float], values: Sequence[float], day_s: float) -> list[Piece]:
    """The cyclic course through (second of the day, value), straight lines between, over one whole day."""
    following = [*times[1:], times[0] + day_s]
    ends = [*values[1:], values[0]]
    return [(after - time, value, end) for time, after, value, end in zip(times, following, values, ends, strict=True) if after > time]


def integral(pieces: Sequence[Piece]) -> float:
    """Value times seconds."""
    return sum(length * (start + end) / 2 for length, start, end in pieces)


def capped_integral(pieces: Sequence[Piece], cap: float) -> float:
    """Integral of min(value, cap)."""
    return sum(_capped(length, start, end, cap) for length, start, end in pieces)


def _capped(length: float, start: float, end: float, cap: float) -> float:
    low, high = min(start, end), max(start, end)
    if high <= cap:
        return length * (low + high) / 2
    if low >= cap:
        return length * cap
    below = (cap - low) / (high - low)
    return length * (below * (low + cap) / 2 + (1 - below) * cap)


def larger(ones: Sequence[Piece], others: Sequence[Piece]) -> list[Piece]:
    """The larger of two courses with the same lengths, cut where they cross."""
    result: list[Piece] = []
    for (length, a0, a1), (_, b0, b1) in zip(ones, others, strict=True):
        before, after = a0 - b0, a1 - b1
        if before * after >= 0:
            result.append((length, max(a0, b0), max(a1, b1)))
            continue
        share = before / (before - after)
        middle = a0 + (a1 - a0) * share
        result += [(length * share, max(a0, b0), middle), (length * (1 - share), middle, max(a1, b1))]
    return result


def stepped_integral(pieces: Sequence[Piece], least: int, most: int) -> float:
    """Integral of the whole number of replicas: the value rounded up, at least ``least`` and at most ``most``."""
    return sum(length * least + _above(length, start * _HAIR, end * _HAIR, least, most) for length, start, end in pieces)


def _above(length: float, start: float, end: float, least: int, most: int) -> float:
    """Seconds spent above each whole number from ``least`` to ``most`` - 1, added up: one more replica runs for each of them.

    A line from low to high is above k for (high - k) / (high - low) of its length, when k lies between; below low, for all of it.
    """
    low, high = min(start, end), max(start, end)
    if high <= least or most <= least:
        return 0.0
    always = max(0, min(most, math.ceil(low)) - least)
    first, last = least + always, min(most - 1, math.ceil(high) - 1)
    if last < first:
        return length * always
    if high <= low:  # flat: above each k below it
        return length * (always + last - first + 1)
    count = last - first + 1
    between = (count * high - (first + last) * count / 2) / (high - low)
    return length * (always + between)


def in_steps(amount: float, ends: Sequence[float]) -> list[float]:
    """How much of an amount falls into each step; ``ends`` rise, the last one is infinite."""
    parts, begin = [], 0.0
    for end in ends:
        parts.append(max(0.0, min(amount, end) - begin))
        begin = end
    return parts
