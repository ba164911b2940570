"""A simulation bin by bin, and whether what is inside grows without an end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy

from sysdesign_cli.analyses.simulation_measured import FLOW, SERVICE, SUBSCRIPTION, Measured, change, width_s
from sysdesign_cli.analyses.simulation_result import Growth, Series
from sysdesign_cli.engine.simulation.histogram import percentile
from sysdesign_cli.engine.simulation.run import Outcome, Sample
from sysdesign_cli.scenario.quantity import RATE

#: What is inside grows without an end when it grows by more than this share of what arrives, over the second half of the run.
GROWS: Final = 0.01


def series(measured: Measured) -> Series:
    """Rates, percentiles and levels at the end of every bin; rates and levels are means over the replications."""
    if not measured.outcomes:
        return Series((), (), (), (), (), (), {}, {}, {}, {})
    bins = _Bins(measured.outcomes)
    every = list(measured.flow_rows.values())
    system = measured.system
    topics = {system.handlers[h].key: row for row, h in enumerate(measured.outcomes[0].subscriptions)}
    services = {service.name: number for number, service in enumerate(system.services)}
    backlog = {name: bins.level("subscriptions", row, SUBSCRIPTION["LENGTH"]) for name, row in topics.items()}
    replicas = {name: bins.level("services", row, SERVICE["RUNNING"]) for name, row in services.items()}
    queued = {name: bins.level("services", row, SERVICE["QUEUED"]) for name, row in services.items()}
    return Series(
        times=bins.times,
        arrived=bins.per_s("ARRIVED", every),
        answered=bins.per_s("ANSWERED", every),
        failed=bins.per_s("FAILED", every),
        p99=bins.p99(every),
        inside=bins.inside(),
        backlog={name: values for name, values in backlog.items() if max(values, default=0.0) >= 1},
        replicas={name: values for name, values in replicas.items() if len(set(values)) > 1},
        queued={name: values for name, values in queued.items() if max(values, default=0.0) >= 1},
        flows={name: bins.of_flow(row) for name, row in measured.flow_rows.items()},
    )


class _Bins:
    """All replications, bin by bin, as far as all of them came."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = outcomes
        self.count = min(len(one.samples) for one in outcomes) - 1
        self.times = tuple(outcomes[0].samples[number + 1].time_s for number in range(self.count))

    def per_s(self, field: str, rows: Sequence[int]) -> tuple[float, ...]:
        """Of some flows together."""
        return tuple(
            float(
                numpy.mean(
                    [sum(change(o, "flows", row, FLOW[field], b, b + 1) for row in rows) / width_s(o, b, b + 1) for o in self.outcomes]
                )
            )
            for b in range(self.count)
        )

    def p99(self, rows: Sequence[int]) -> tuple[float | None, ...]:
        """Of the answers of some flows together; None where there was none."""
        found: list[float | None] = []
        for b in range(self.count):
            whole: dict[int, int] = {}
            for o in self.outcomes:
                for row in rows:
                    for place, many in o.samples[b + 1].histograms[2 * row].items():
                        whole[place] = whole.get(place, 0) + many
            found.append(percentile(whole, 0.99) if whole else None)
        return tuple(found)

    def level(self, table: str, row: int, field: int) -> tuple[float, ...]:
        return tuple(float(numpy.mean([getattr(o.samples[b + 1], table)[row, field] for o in self.outcomes])) for b in range(self.count))

    def inside(self) -> tuple[float, ...]:
        return tuple(float(numpy.mean([o.samples[b + 1].flows[:, FLOW["OPEN"]].sum() for o in self.outcomes])) for b in range(self.count))

    def of_flow(self, row: int) -> dict[str, tuple[float, ...]]:
        return {
            "arrived": self.per_s("ARRIVED", [row]),
            "answered": self.per_s("ANSWERED", [row]),
            "failed": self.per_s("FAILED", [row]),
            "p99": tuple(math.nan if value is None else value for value in self.p99([row])),
        }


def growth(measured: Measured) -> Growth | None:
    """What is inside grows over the second half, after the last fault, by more than chance and a share of what arrives."""
    slopes, arrivals, half = [], [], 0
    ends = [fault.end for fault in measured.plan.faults]
    for one in measured.outcomes:
        samples = [sample for sample in one.samples if sample.time_s >= max([one.samples[-1].time_s / 2, *ends])]
        if len(samples) < 6:
            continue
        half = len(one.samples) - len(samples)
        times = numpy.array([sample.time_s for sample in samples])
        inside = numpy.array([_inside(sample) for sample in samples])
        slopes.append(float(numpy.polyfit(times - times[0], inside, 1)[0]))
        arrivals.append(
            float((samples[-1].flows[:, FLOW["ARRIVED"]].sum() - samples[0].flows[:, FLOW["ARRIVED"]].sum()) / (times[-1] - times[0]))
        )
        if inside[-1] < 1.2 * inside[0] + 20 or inside[-1] < 0.98 * inside.max():
            return None
    if not slopes or min(slopes) <= GROWS * max(arrivals):
        return None
    return Growth(measured.number(slopes, RATE, "simulated-growth"), _where_it_grows(measured, half))


def _inside(sample: Sample) -> float:
    return float(sample.flows[:, FLOW["OPEN"]].sum() + sample.subscriptions[:, SUBSCRIPTION["LENGTH"]].sum())


def _where_it_grows(measured: Measured, since: int) -> str:
    """The queue that grew most."""
    grown: dict[str, float] = {}
    for one in measured.outcomes:
        first, last = one.samples[min(since, len(one.samples) - 1)], one.samples[-1]
        for number, service in enumerate(measured.system.services):
            grown[service.name] = grown.get(service.name, 0.0) + float(
                last.services[number, SERVICE["QUEUED"]] - first.services[number, SERVICE["QUEUED"]]
            )
        for row, handler in enumerate(one.subscriptions):
            name = measured.system.handlers[handler].key
            grown[name] = grown.get(name, 0.0) + float(
                last.subscriptions[row, SUBSCRIPTION["LENGTH"]] - first.subscriptions[row, SUBSCRIPTION["LENGTH"]]
            )
    best = max(grown, key=grown.__getitem__, default="")
    return best if best and grown[best] > 0 else ""
