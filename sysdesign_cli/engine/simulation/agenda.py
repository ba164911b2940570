"""The agenda of the fast mode: a heap of (time, code) in two arrays. The plain mode has ``heapq`` on a list of pairs.

Both give the smallest pair first, and no two are the same, so both give the same order. Taking the first leaves a gap at the top,
which the next that is put in fills: most events bring about exactly one other. The way down always goes to a leaf, without asking
whether the new one could stay on the way (Wegener, Bottom-up heapsort, 1993): it rarely could, and asking costs more.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy
from numpy.typing import NDArray


class Agenda(NamedTuple):
    """What is due: times (s), codes, how many, and whether there is a gap at the top. Beyond the last all times are infinite."""

    times: NDArray[numpy.float64]
    codes: NDArray[numpy.uint32]
    size: NDArray[numpy.int64]


def empty(room: int) -> Agenda:
    return Agenda(numpy.full(room, math.inf), numpy.zeros(room, numpy.uint32), numpy.zeros(2, numpy.int64))


def larger(agenda: Agenda) -> Agenda:
    """The same with twice the room."""
    more = empty(len(agenda.times))
    return Agenda(numpy.concatenate([agenda.times, more.times]), numpy.concatenate([agenda.codes, more.codes]), agenda.size)


def rise(agenda: Agenda, at: int, time: float, code: int) -> None:
    """Let a pair up from a gap to its place."""
    times, codes = agenda.times, agenda.codes
    while at > 0:
        above = (at - 1) // 2
        if (times[above] < time) | ((times[above] == time) & (codes[above] < code)):
            break
        times[at] = times[above]
        codes[at] = codes[above]
        at = above
    times[at] = time
    codes[at] = code


def sink(agenda: Agenda, time: float, code: int, size: int) -> None:
    """Put a pair into the gap at the top of so many."""
    times, codes = agenda.times, agenda.codes
    at, child = 0, 1
    while child < size:
        other = child + 1
        child += (times[other] < times[child]) | ((times[other] == times[child]) & (codes[other] < codes[child]))
        times[at] = times[child]
        codes[at] = codes[child]
        at = child
        child = 2 * at + 1
    rise(agenda, at, time, code)


def close_gap(agenda: Agenda) -> None:
    times, codes = agenda.times, agenda.codes
    size = agenda.size[0] - 1
    agenda.size[0] = size
    agenda.size[1] = 0
    last, code = times[size], codes[size]
    times[size] = math.inf
    if size > 0:
        sink(agenda, last, code, size)


def push(agenda: Agenda, item: tuple[float, int]) -> None:
    if agenda.size[1]:
        agenda.size[1] = 0
        sink(agenda, item[0], item[1], agenda.size[0])
    else:
        at = agenda.size[0]
        agenda.size[0] = at + 1
        rise(agenda, at, item[0], item[1])


def pop(agenda: Agenda) -> tuple[float, int]:
    if agenda.size[1]:
        close_gap(agenda)
    agenda.size[1] = 1
    return agenda.times[0], agenda.codes[0]


def push_then_pop(agenda: Agenda, item: tuple[float, int]) -> tuple[float, int]:
    push(agenda, item)
    return pop(agenda)
