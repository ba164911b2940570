"""The metric registry: every figure that tables, claims, sweeps and JSON speak of is declared here once."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.metrics.availability import AVAILABILITY_METRICS
from sysdesign_cli.analyses.metrics.base import Metric
from sysdesign_cli.analyses.metrics.capacity import CAPACITY_METRICS
from sysdesign_cli.analyses.metrics.cost import COST_METRICS
from sysdesign_cli.analyses.metrics.decisions import DECISION_METRICS
from sysdesign_cli.analyses.metrics.failing import FAILURE_METRICS
from sysdesign_cli.analyses.metrics.latency import LATENCY_METRICS
from sysdesign_cli.analyses.metrics.simulated import SIMULATED_METRICS
from sysdesign_cli.analyses.metrics.structure import STRUCTURE_METRICS
from sysdesign_cli.analyses.metrics.traffic import TRAFFIC_METRICS

METRICS: Final[dict[str, Metric]] = {
    metric.id: metric
    for metric in (
        *STRUCTURE_METRICS,
        *TRAFFIC_METRICS,
        *FAILURE_METRICS,
        *AVAILABILITY_METRICS,
        *LATENCY_METRICS,
        *CAPACITY_METRICS,
        *COST_METRICS,
        *DECISION_METRICS,
        *SIMULATED_METRICS,
    )
}

#: Those that follow from structure and traffic alone, and so cost next to nothing.
QUICK_METRICS: Final = frozenset(metric.id for metric in (*STRUCTURE_METRICS, *TRAFFIC_METRICS, *FAILURE_METRICS))

__all__ = ["METRICS", "QUICK_METRICS", "Metric"]
