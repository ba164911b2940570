"""How all tests run: Hypothesis gives the same examples every time, and takes the time it needs."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "sysdesign", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)
settings.load_profile("sysdesign")
