"""Metrics that claims already speak of and whose analyses do not exist yet: a claim on them is undecided and says so."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.analyses.metrics.base import Metric
from sysdesign_cli.scenario.quantity import COUNT, MONEY, RATE, SHARE, TIME


def _later(id: str, unit: str, better: str, needs: str, scopes: tuple[str, ...] = ()) -> Metric:
    return Metric(id, unit, better, None, scopes, needs, shown=False)


LATER_METRICS: Final = (
    _later("answer_mean", TIME, "lower", "latency", ("flow",)),
    _later("answer_p50", TIME, "lower", "latency", ("flow",)),
    _later("answer_p95", TIME, "lower", "latency", ("flow",)),
    _later("answer_p99", TIME, "lower", "latency", ("flow",)),
    _later("completion_p99", TIME, "lower", "latency", ("flow",)),
    _later("age_p99", TIME, "lower", "latency", ("flow",)),
    _later("stutter_chance", SHARE, "lower", "latency", ("flow",)),
    _later("availability", SHARE, "higher", "availability", ("flow",)),
    _later("completion_availability", SHARE, "higher", "availability", ("flow",)),
    _later("downtime_per_year", TIME, "lower", "availability", ("flow",)),
    _later("single_points_of_failure", COUNT, "lower", "availability", ("flow",)),
    _later("cost_per_month", MONEY, "lower", "cost"),
    _later("cost_per_year", MONEY, "lower", "cost"),
    _later("cost_spread", MONEY, "lower", "cost"),
    _later("cost_per_million_requests", MONEY, "lower", "cost"),
    _later("idle_share", SHARE, "lower", "cost", ("service",)),
    _later("break_even_rate", RATE, "neither", "cost"),
    _later("utilisation", SHARE, "neither", "capacity", ("service",)),
    _later("replicas_needed", COUNT, "lower", "capacity", ("service",)),
    _later("scale_part_to_whole", SHARE, "lower", "capacity"),
    _later("headroom", "factor", "higher", "capacity"),
    _later("highest_rate", RATE, "higher", "capacity", ("flow",)),
    _later("throttled_share", SHARE, "lower", "capacity", ("service",)),
    _later("tradeoff_rank", COUNT, "lower", "tradeoff"),
)
