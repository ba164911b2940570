"""The metric registry: every figure that tables, claims, sweeps and JSON speak of is declared here once."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.metrics.base import Metric
from sysdesign_cli.analyses.metrics.failing import FAILURE_METRICS
from sysdesign_cli.analyses.metrics.later import LATER_METRICS
from sysdesign_cli.analyses.metrics.structure import STRUCTURE_METRICS
from sysdesign_cli.analyses.metrics.traffic import TRAFFIC_METRICS

METRICS: Final[dict[str, Metric]] = {
    metric.id: metric for metric in (*STRUCTURE_METRICS, *TRAFFIC_METRICS, *FAILURE_METRICS, *LATER_METRICS)
}

__all__ = ["METRICS", "Metric"]
