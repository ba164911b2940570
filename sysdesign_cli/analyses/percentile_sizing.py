"""How many replicas bring every answer within a percentile target: found by search over one common utilisation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sysdesign_cli.analyses.deadlines import deadline_of
from sysdesign_cli.analyses.latency import Latencies
from sysdesign_cli.analyses.load import loaded
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.analyses.sizing import Target, needed_replicas, replicas_for_utilisation
from sysdesign_cli.engine.explained import APPROXIMATION, Number
from sysdesign_cli.scenario.quantity import COUNT, TIME


@dataclass(frozen=True)
class ForPercentile:
    """Replicas by service number, empty when no number of replicas is enough; then ``best`` is the percentile without any waiting."""

    replicas: dict[int, Number]
    utilisation: float
    best: Number | None


def replicas_for_percentile(setting: Setting, target: Target) -> ForPercentile:
    """Replicas of all services, at one common utilisation, at which every flow's answers are within the target."""
    share = float(target.percentile[1:]) / 100
    numbers = [n for n, s in enumerate(setting.system.services) if s.concurrency is not None and setting.system.handlers_of[n]]

    # no answer waits for these: their deadline decides
    levelled = {n: int(needed_replicas(setting, n).value) for n in numbers if deadline_of(setting, n) is not None}

    def sized(utilisation: float) -> dict[int, int]:
        others = [n for n in numbers if n not in levelled]
        return levelled | {n: int(replicas_for_utilisation(setting, n, setting.system.services[n], utilisation).value) for n in others}

    def slowest(utilisation: float) -> float:
        latencies = Latencies(setting, load=loaded(setting, 1.0, sized(utilisation)))
        flows = [flow for flow in setting.scenario.flows.values() if setting.moment.rates[flow.name] > 0]
        if any(latencies.jams(flow) for flow in flows):
            return math.inf
        return max(latencies.answer(flow).percentile(share) for flow in flows)

    low, high = 0.02, 0.97
    best = slowest(low)
    if best > target.within_s:
        return ForPercentile({}, 0.0, Number(best, TIME, "percentile", method=APPROXIMATION))
    if slowest(high) <= target.within_s:
        low = high
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if slowest(middle) <= target.within_s else (low, middle)
    chosen = {n: Number(count, COUNT, "replicas-for-percentile", method=APPROXIMATION) for n, count in sized(low).items()}
    return ForPercentile(chosen, low, None)
