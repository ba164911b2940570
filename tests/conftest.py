"""How all tests run: Hypothesis gives the same examples every time, and takes the time it needs.

Sixty examples where a test says nothing else; failing ones are shown as found. For more of them, made smaller (minutes, for random
systems): ``--hypothesis-profile=shrink``.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

_slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("shrink", derandomize=True, deadline=None, suppress_health_check=_slow)
settings.register_profile("sysdesign", settings.get_profile("shrink"), max_examples=60, phases=[Phase.explicit, Phase.generate])
settings.load_profile("sysdesign")
