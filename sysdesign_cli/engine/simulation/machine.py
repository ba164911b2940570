"""A program with its numbers drawn and its clock running: everything but what a person does to it."""

from __future__ import annotations

import math
from typing import Any

import numpy

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.arrivals import Arrivals, merged
from sysdesign_cli.engine.simulation.draws import block, generator
from sysdesign_cli.engine.simulation.modes import Fast, Plain
from sysdesign_cli.engine.simulation.program import Program

#: More records than this are not kept: a system with so much inside does not keep up, and its run ends there.
MOST_RECORDS = 1 << 20
_FIRST_RECORDS = 1 << 13
#: Drawn numbers of all streams together that lie ready.
_READY = 1 << 18


class TooMuchInside(Exception):
    """More is waiting in the system than is kept."""


class _Whole:
    """An array of whole numbers as Python sees them: its own unsigned ones would not go below zero."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __getitem__(self, place: int) -> int:
        return int(self._array[place])

    def __setitem__(self, place: int, value: int) -> None:
        self._array[place] = value


class Machine:
    """One run of a program. ``advance`` lets time pass. ``n`` and ``x`` are its numbers, see ``layout``."""

    def __init__(self, program: Program, mode: Plain | Fast, seed: int, replication: int = 0) -> None:
        self.program = program
        self.mode = mode
        self.now = 0.0
        self.n: Any = mode.whole(program.whole)
        self.x: Any = mode.real(program.real)
        self.agenda: Any = mode.new_agenda()
        self.handler_rows = set(program.handlers)
        self._streams = list(program.streams.values())
        self._places = list(program.streams)
        self._size = max(4 * at.RESERVE, min(4096, 1 << int(math.log2(_READY / max(1, len(self._streams))))))
        self._generators = [generator(seed, replication, stream.name) for stream in self._streams]
        self._drawn_from = self._place_draws()
        self._records_from = 0
        self._fill_count = 0
        self._add_records(_FIRST_RECORDS)
        self._advance = mode.advance(program, self.n, self.x)
        self._arrivals: tuple[Any, Any] = (None, None)
        self._ready_until = -math.inf

    def _extend(self, whole: list[int]) -> int:
        """A new row behind the others."""
        first = len(self.n)
        if self.mode.name == "plain":
            self.n.extend(whole)
            self.x.extend([0.0] * (len(whole) // 2))
        else:
            self.n = numpy.concatenate([self.n, numpy.array(whole, numpy.uint32)])
            self.x = numpy.concatenate([self.x, numpy.zeros(len(whole) // 2)])
        return first

    def _place_draws(self) -> int:
        size = self._size
        first = len(self.n) >> 1
        self._extend([0] * (2 * size * len(self._streams)))
        for number, place in enumerate(self._places):
            start = first + number * size
            self.n[place] = start
            self.n[place + 1] = start + size - at.RESERVE
            self._draw(number, start, size)
        return first

    def _draw(self, number: int, first: int, count: int) -> None:
        self.x[first : first + count] = self.mode.drawn(block(self._streams[number], self._generators[number], count))

    def _fill(self) -> None:
        """Draw new numbers where a block is used up by half."""
        size = self._size
        for number, place in enumerate(self._places):
            start = self._drawn_from + number * size
            used = int(self.n[place]) - start
            if used > size // 2:
                self.x[start : start + size - used] = self.x[start + used : start + size]
                self._draw(number, int(start + size - used), int(used))
                self.n[place] = start

    def _add_records(self, count: int) -> None:
        first = len(self.n)
        below = 0 if not self._records_from else int(self.n[at.G_FREE])
        table = [0] * (count * at.RECORD)
        for number in range(count):
            table[number * at.RECORD + at.NEXT] = first + (number - 1) * at.RECORD if number else below
        self._extend(table)
        self.n[at.G_FREE] = first + (count - 1) * at.RECORD
        if not self._records_from:
            self._records_from = first
            self.n[at.G_KEPT] = first + at.KEPT_FREE * at.RECORD

    def _free_records(self) -> list[int]:
        free, j = [], int(self.n[at.G_FREE])
        while j:
            free.append(j)
            j = int(self.n[j + at.NEXT])
        return free

    def _link(self, free: list[int]) -> None:
        """The row of free records, the lowest at its end. Whatever is freed comes before them, so those kept stay the last."""
        below = 0
        for j in free:
            self.n[j + at.NEXT] = below
            below = j
        self.n[at.G_FREE] = below
        self.n[at.G_KEPT] = free[at.KEPT_FREE]

    @property
    def look(self) -> Any:
        """``n``, to be read and written from outside of the kernel."""
        return self.n if self.mode.name == "plain" else _Whole(self.n)

    @property
    def records(self) -> range:
        """All records, whether in use or free."""
        return range(self._records_from, len(self.n), at.RECORD)

    def _make_room(self) -> None:
        """More records and a longer agenda, when those there are run short."""
        if not self.n[at.G_KEPT]:
            free = self._free_records()
            if len(free) < 2 * at.KEPT_FREE:
                there = len(self.records)
                if there >= MOST_RECORDS:
                    raise TooMuchInside
                self._add_records(there)
                free = self._free_records()
            self._link(sorted(free))
        if self.mode.crowded(self.agenda):
            self.agenda = self.mode.roomier(self.agenda)

    def refresh(self) -> None:
        """Make more ready where it runs short: for what is put in between two steps of time."""
        if not self.n[at.G_KEPT] or self.mode.crowded(self.agenda):
            self._make_room()
        self._fill_count += 1
        if self._fill_count >= at.RESERVE // 2:
            self._fill_count = 0
            self._fill()

    def advance(self, until: float, sources: list[tuple[int, Arrivals]], ready_until: float) -> None:
        """Let time pass. sources: flow rows with their arrivals, made ready up to ``ready_until``, not before. Raises TooMuchInside."""
        if until > self._ready_until:
            self._arrivals = self.mode.arrivals(*merged(sources, ready_until))
            self._ready_until = ready_until
            self.n[at.G_ARRIVAL] = 0
        resumed = False
        while self._advance(self.n, self.x, self.agenda, *self._arrivals, until, resumed):
            self._make_room()
            self._fill()
            resumed = True
        self.now = until
