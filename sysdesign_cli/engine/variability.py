"""What a network does with 1, 2, … customers inside when its times vary less or more than exponential ones."""

from __future__ import annotations

import math
from typing import Final

from sysdesign_cli.engine.centres import Network
from sysdesign_cli.engine.dispersion import between, spread

#: How much of the wait behind exponential delays fixed times leave, as a square: half of it, and up to 0.74 of it for two customers.
_MEETING: Final = 0.3


def varied(network: Network, rates: list[float], cv2s: list[float], delay_cv2: float) -> list[float]:
    """Requests per second with 1, 2, … customers. rates: those with exponential times; cv2s: variability at each centre.

    If nothing varied, n customers would be as fast as the busiest place, or as n that never meet. What they are slower than that is
    taken in proportion to the root of the cv² where they wait (half of fixed and half of exponential times: 0.74 for two, exact).
    Fixed times lose something even so where the delays vary; exponential ones do not (insensitivity of the delays).
    """
    if all(abs(cv2 - 1) < 1e-9 for cv2 in cv2s):
        return rates
    delays = min(1.0, delay_cv2) if network.delay_s else 0.0
    unmet_s = network.delay_s + sum(count / centre.rates[0] for centre, count in zip(network.centres, network.copies, strict=True))
    found = []
    for n, (rate, cv2) in enumerate(zip(rates, _where_they_wait(network, rates, cv2s), strict=True), 1):
        least_s = max(unmet_s, n / min(centre.rates[:n][-1] for centre in network.centres))
        share = math.sqrt(max(0.0, cv2) + max(0.0, 1 - cv2) * _MEETING * delays)
        found.append(n / (least_s + max(0.0, n / rate - least_s) * share))
    return found


def _where_they_wait(network: Network, rates: list[float], cv2s: list[float]) -> list[float]:
    """cv² of the places where 1, 2, … customers wait, each in proportion to the mean wait there; 1 where nobody waits."""
    points = spread(len(rates))
    return between(points, [_mean_cv2(network, rates[n - 1], n, cv2s) for n in points])[1:]


def _mean_cv2(network: Network, rate: float, customers: int, cv2s: list[float]) -> float:
    if customers == 1:
        return 1.0
    loads = network.at_population([0.0] * customers + [1.0])
    waits_s = [
        max(0.0, count * (load.number / rate - 1 / centre.rates[0]))
        for load, centre, count in zip(loads, network.centres, network.copies, strict=True)
    ]
    whole_s = sum(waits_s)
    return sum(wait_s * cv2 for wait_s, cv2 in zip(waits_s, cv2s, strict=True)) / whole_s if whole_s > 1e-9 * customers / rate else 1.0
