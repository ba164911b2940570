"""The agenda of the fast mode: a heap of (time, code) in two arrays. The plain mode has ``heapq`` on a list of pairs.

Both give the smallest pair first, and no two are the same, so both give the same order. Taking the first leaves a gap at the top,
which the next that is put in fills: most events bring about exactly one other. The way down always goes to a leaf, without asking
whether the new one could stay on the way (Wegener, Bottom-up heapsort, 1993): it rarely could, and asking costs more.

Places are unsigned, so that nobody checks whether they are negative. That two times are equal is rare, and told apart first: what is
left is then one comparison without a guess.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy
from numpy.typing import NDArray

_TOP: Final = numpy.uint64(0)
_ONE: Final = numpy.uint64(1)
_TWO: Final = numpy.uint64(2)


class Agenda(NamedTuple):
    """What is due: times (s), codes, how many, and whether there is a gap at the top. Beyond the last all times are infinite."""

    times: NDArray[numpy.float64]
    codes: NDArray[numpy.uint32]
    size: NDArray[numpy.uint64]


def empty(room: int) -> Agenda:
    return Agenda(numpy.full(room, math.inf), numpy.zeros(room, numpy.uint32), numpy.zeros(2, numpy.uint64))


def larger(agenda: Agenda) -> Agenda:
    """The same with twice the room."""
    more = empty(len(agenda.times))
    return Agenda(numpy.concatenate([agenda.times, more.times]), numpy.concatenate([agenda.codes, more.codes]), agenda.size)


def rise(agenda: Agenda, at: numpy.uint64, time: float, code: int) -> None:
    """Let a pair up from a gap to its place."""
    times, codes = agenda.times, agenda.codes
    while at > _TOP:
        above = (at - _ONE) // _TWO
        upper = times[above]
        if upper <= time and (upper < time or codes[above] < code):
            break
        times[at] = upper
        codes[at] = codes[above]
        at = above
    times[at] = time
    codes[at] = code


def sink(agenda: Agenda, time: float, code: int, size: numpy.uint64) -> None:
    """Put a pair into the gap at the top of so many."""
    times, codes = agenda.times, agenda.codes
    at = _TOP
    child = _ONE
    while child < size:
        other = child + _ONE
        left, right = times[child], times[other]
        if left == right:
            if codes[other] < codes[child]:
                child = other
        else:
            child += numpy.uint64(right < left)  # without a guess, which would be wrong half the time
            left = min(left, right)
        times[at] = left
        codes[at] = codes[child]
        at = child
        child = _TWO * at + _ONE
    rise(agenda, at, time, code)


def close_gap(agenda: Agenda) -> None:
    times, codes = agenda.times, agenda.codes
    size = agenda.size[_TOP] - _ONE
    agenda.size[_TOP] = size
    agenda.size[_ONE] = _TOP
    last, code = times[size], codes[size]
    times[size] = math.inf
    if size > _TOP:
        sink(agenda, last, code, size)


def push(agenda: Agenda, item: tuple[float, int]) -> None:
    if agenda.size[_ONE]:
        agenda.size[_ONE] = _TOP
        sink(agenda, item[0], item[1], agenda.size[_TOP])
    else:
        at = agenda.size[_TOP]
        agenda.size[_TOP] = at + _ONE
        rise(agenda, at, item[0], item[1])


def pop(agenda: Agenda) -> tuple[float, int]:
    if agenda.size[_ONE]:
        close_gap(agenda)
    agenda.size[_ONE] = _ONE
    return agenda.times[_TOP], agenda.codes[_TOP]
