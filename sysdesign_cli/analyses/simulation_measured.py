"""The outcomes of all replications, asked by part and time: counts, rates, ratios and percentiles with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from sysdesign_cli.analyses.intervals import mean_and_half_width
from sysdesign_cli.analyses.simulation_plan import Prepared
from sysdesign_cli.analyses.simulation_result import SIMULATED, Times
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.simulation.histogram import percentile
from sysdesign_cli.engine.simulation.run import (
    CALL_FIELDS,
    FLOW_FIELDS,
    FLOW_REALS,
    SERVICE_FIELDS,
    SERVICE_REALS,
    SUBSCRIPTION_FIELDS,
    Outcome,
)
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.quantity import COUNT, RATE, TIME

#: Percentiles come from batches twice as long as means do, where that leaves so many.
_FEWEST_WIDE: Final = 5
_PERCENTILES: Final = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))

#: Places of the fields of a sample.
FLOW: Final = {name: number for number, name in enumerate((*FLOW_FIELDS, *FLOW_REALS))}
SERVICE: Final = {name: number for number, name in enumerate((*SERVICE_FIELDS, *SERVICE_REALS, "BUSY", "COMPUTING", "RUNNING"))}
SUBSCRIPTION: Final = {name: number for number, name in enumerate(SUBSCRIPTION_FIELDS)}
CALL: Final = {name: number for number, name in enumerate(CALL_FIELDS)}


class Measured:
    """The outcomes of all replications, asked by part and time."""

    def __init__(self, system: System, prepared: Prepared, outcomes: Sequence[Outcome]) -> None:
        self.system = system
        self.plan = prepared.plan
        self.outcomes = [one for one in outcomes if len(one.samples) > 1]
        self.batches = prepared.batches if len(self.outcomes) == 1 else 0
        self.flow_rows = {flow.name: number for number, flow in enumerate(prepared.plan.flows)}
        self.windows = self._windows()

    def _windows(self) -> list[tuple[Outcome, int, int]]:
        """The pieces that the intervals come from: replications, or batches of the only one."""
        if not self.batches:
            return [(one, 0, len(one.samples) - 1) for one in self.outcomes]
        only = self.outcomes[0]
        bins = len(only.samples) - 1
        edges = [round(bins * number / self.batches) for number in range(self.batches + 1)]
        return [(only, a, b) for a, b in pairwise(edges) if b > a]

    def _wide_windows(self) -> list[tuple[Outcome, int, int]]:
        """Batches two by two, for percentiles: rare times come in bunches, so short batches know too little of them."""
        if len(self.windows) < 2 * _FEWEST_WIDE or not self.batches:
            return self.windows
        pairs = zip(self.windows[len(self.windows) % 2 :: 2], self.windows[len(self.windows) % 2 + 1 :: 2], strict=True)
        wide = [(first[0], first[1], second[2]) for first, second in pairs]
        return [(wide[0][0], 0, wide[0][2]), *wide[1:]]

    def number(self, values: Sequence[float], unit: str, formula: str, whole: float | None = None) -> Number:
        known = [value for value in values if math.isfinite(value)]
        mean, half = mean_and_half_width(known)
        value = mean if whole is None else whole
        note = "" if half is None else repr(half)
        return Number(value if known or whole is not None else 0.0, unit, formula, (), SIMULATED, note)

    def count(self, table: str, row: int, field: int, formula: str, unit: str = COUNT) -> Number:
        """How many in a whole run: the mean of the replications."""
        values = [float(getattr(one.samples[-1], table)[row, field] - getattr(one.samples[0], table)[row, field]) for one in self.outcomes]
        return self.number(values, unit, formula)

    def rate(self, table: str, row: int, field: int, formula: str) -> Number:
        return self.number([change(o, table, row, field, a, b) / width_s(o, a, b) for o, a, b in self.windows], RATE, formula)

    def ratio(self, table: str, row: int, over: int, under: int, unit: str, formula: str) -> Number:
        """One count for each of another, by piece; the value is that of all together."""
        tops = [change(o, table, row, over, a, b) for o, a, b in self.windows]
        below = [change(o, table, row, under, a, b) for o, a, b in self.windows]
        values = [top / bottom for top, bottom in zip(tops, below, strict=True) if bottom > 0]
        return self.number(values, unit, formula, sum(tops) / sum(below) if sum(below) > 0 else 0.0)

    def times(self, flow: str, which: int) -> Times | None:
        """Answers (0) or completions (1)."""
        row = self.flow_rows[flow]
        pieces = [histogram(o, 2 * row + which, a, b) for o, a, b in self._wide_windows()]
        whole: dict[int, int] = {}
        for piece in pieces:
            for place, many in piece.items():
                whole[place] = whole.get(place, 0) + many
        if not whole:
            return None
        total, count = (FLOW["ANSWER_SUM"], FLOW["ANSWERED"]) if which == 0 else (FLOW["COMPLETION_SUM"], FLOW["COMPLETED"])
        mean = self.ratio("flows", row, total, count, TIME, "simulated-mean")
        percentiles = {
            name: self.number(
                [percentile(piece, share) for piece in pieces if piece], TIME, "simulated-percentile", percentile(whole, share)
            )
            for name, share in _PERCENTILES
        }
        return Times(mean, percentiles)


def change(outcome: Outcome, table: str, row: int, field: int, a: int, b: int) -> float:
    return float(getattr(outcome.samples[b], table)[row, field] - getattr(outcome.samples[a], table)[row, field])


def width_s(outcome: Outcome, a: int, b: int) -> float:
    return outcome.samples[b].time_s - outcome.samples[a].time_s


def histogram(outcome: Outcome, number: int, a: int, b: int) -> dict[int, int]:
    """Buckets from sample a (without) to b."""
    found: dict[int, int] = {}
    for sample in outcome.samples[a + 1 : b + 1]:
        for place, many in sample.histograms[number].items():
            found[place] = found.get(place, 0) + many
    return found


def area(outcome: Outcome, number: int, area: str, level: str, a: int, b: int) -> float:
    """The integral of a level over time: what was added and taken so far, and what stands now, times the time."""
    first, last = outcome.samples[a], outcome.samples[b]
    at_end = last.services[number, SERVICE[area]] + last.services[number, SERVICE[level]] * last.time_s
    at_start = first.services[number, SERVICE[area]] + first.services[number, SERVICE[level]] * first.time_s
    return float(at_end - at_start)


def replica_seconds(outcome: Outcome, number: int, a: int, b: int) -> float:
    """Replica-seconds, from what ran at the ends of the bins."""
    total = 0.0
    for before, after in zip(outcome.samples[a:b], outcome.samples[a + 1 : b + 1], strict=True):
        total += (
            float(before.services[number, SERVICE["RUNNING"]] + after.services[number, SERVICE["RUNNING"]])
            / 2
            * (after.time_s - before.time_s)
        )
    return total
