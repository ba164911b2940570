"""What happened in a simulation, over time, as small plots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from sysdesign_cli.analyses.simulation_result import Simulation
from sysdesign_cli.engine.simulation.fault import KILL, SLOW, ZONE, Fault
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import COUNT, RATE, SHARE, TIME, format_quantity
from sysdesign_cli.views.plot import Scale, Series, Stretch, plot

#: A plot is at most so wide, and has so many lines.
_WIDEST: Final = 100
_HEIGHT: Final = 8
_LOWER: Final = 6
_MARGIN: Final = 8
#: So many lines in one plot; the rest stands in the tables.
_MOST_LINES: Final = 4
#: Fewer messages that wait are no backlog, only chance.
LEAST_BACKLOG: Final = 10
#: A span that grows by more than this is drawn in equal ratios.
_WIDE: Final = 50.0


def fault_title(fault: Fault, say: Say) -> str:
    """What goes wrong, without when."""
    if fault.kind == KILL:
        return say("simulate.killed", target=fault.target)
    if fault.kind == ZONE:
        return say("simulate.zone-lost", zone=fault.target)
    if fault.kind == SLOW:
        return say("simulate.slowed", target=fault.target, factor=f"{fault.value:g}")
    return say("simulate.lossy", target=fault.target, share=format_quantity(fault.value, SHARE))


def simulation_plots(result: Simulation, say: Say, width: int, ascii_only: bool) -> list[str]:
    """Arrivals and answers, p99, and where there were any: backlogs and replicas."""
    series = result.series
    if len(series.times) < 2:
        return []
    rates = {"arrived": series.arrived, "answered": series.answered, "failed": series.failed}
    shown = {say(f"simulate.{name}"): values for name, values in rates.items() if name != "failed" or any(values)}
    drawing = _Drawing(result, say, min(width, _WIDEST), ascii_only)
    return [
        picture
        for picture in (
            drawing.of(shown, RATE, say("simulate.plot-rates"), _HEIGHT),
            drawing.of({say("simulate.plot-p99"): series.p99}, TIME, say("simulate.plot-p99"), _LOWER),
            drawing.of(
                _largest(series.backlog, LEAST_BACKLOG),
                COUNT,
                say("simulate.plot-backlog"),
                _LOWER,
            ),
            drawing.of(_largest(series.replicas), COUNT, say("simulate.plot-replicas"), _LOWER),
        )
        if picture
    ]


def _largest(parts: Mapping[str, tuple[float, ...]], least: float = 0.0) -> dict[str, tuple[float, ...]]:
    """Those that reach highest, and at least so high, in their order."""
    highest = sorted(parts, key=lambda name: -max(parts[name]))[:_MOST_LINES]
    return {name: values for name, values in parts.items() if name in highest and max(values) >= least}


class _Drawing:
    """Plots over the same time."""

    def __init__(self, result: Simulation, say: Say, width: int, ascii_only: bool) -> None:
        self.times = result.series.times
        self.across = Scale(TIME, "", between=(0.0, self.times[-1]))
        there = [fault for fault in result.faults if fault.start < self.times[-1]]
        self.stretches = [Stretch(fault_title(fault, say), fault.start, fault.end) for fault in there]
        self.width = width
        self.ascii_only = ascii_only

    def of(self, parts: Mapping[str, Sequence[float | None]], unit: str, title: str, height: int) -> str:
        """One plot, "" when there is nothing but zero to draw."""
        there = [value for values in parts.values() for value in values if value is not None and math.isfinite(value)]
        if not there or max(there) <= 0:
            return ""
        wide = unit == TIME and min(there) > 0 and max(there) / min(there) >= _WIDE
        up = Scale(unit, title, wide, (min(there), max(there)) if wide else (0.0, max(there)))
        lines = [Series(name, tuple(zip(self.times, values, strict=True))) for name, values in parts.items()]
        if len(lines) == 1 and lines[0].title != title:
            up = Scale(unit, f"{title}: {lines[0].title}", up.logarithmic, up.between)
        size = {"width": self.width, "height": height, "margin": _MARGIN}
        return plot(lines, self.across, up, ascii_only=self.ascii_only, stretches=self.stretches, **size)
