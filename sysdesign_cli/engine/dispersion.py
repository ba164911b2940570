"""How regular the replies of a network are in which always the same number of customers is."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

from sysdesign_cli.engine.centres import Centre, Network

#: Populations for which the dispersion of a part of a network is worked out.
_POINTS: Final = 32
#: Up to so many customers everything is worked out for every number, beyond them for each by this factor more.
_EACH: Final = 12
_FURTHER: Final = 1.4


def dispersion(network: Network, cv2s: list[float], delay_cv2: float, population: int) -> float:
    """Variance over mean of the number of replies in a long time, with ``population`` customers always inside; 1 for Poisson.

    cv2s: variability of the times at each centre.

    One centre against all the others, which are a flow-equivalent centre: with j customers there, the replies beyond what is
    expected are a martingale that jumps by 1 - d(j) for each reply and by d(j) for each that comes back, where d solves Poisson's
    equation of the birth-death chain. Each jump counts with the variability of its centre, that of the others found in the
    same way. Exact for one customer, for two exponential centres, and in the limit of many customers.
    """
    return _dispersions(_each_once(network, population), cv2s, delay_cv2, [population])[0]


def spread(most: int) -> list[int]:
    """Numbers from 1 to ``most`` that stand for all: each of the first few, then each by a factor more than the last."""
    points, at = [], 1
    while at < most:
        points.append(at)
        at = at + 1 if at < _EACH else math.ceil(at * _FURTHER)
    return [*points, most]


def _each_once(network: Network, population: int) -> Network:
    """With one flow-equivalent centre for centres that are alike."""
    pairs = zip(network.centres, network.copies, strict=True)
    return Network(
        [one if count == 1 else Centre(Network([one], 0.0, [count]).throughputs(population)) for one, count in pairs], network.delay_s
    )


def _dispersions(network: Network, cv2s: list[float], delay_cv2: float, populations: list[int]) -> list[float]:
    centres, top = network.centres, populations[-1]
    if not centres:
        return [delay_cv2] * len(populations)
    if len(centres) == 1 and not network.delay_s:
        return [cv2s[0]] * len(populations)
    busiest = min(range(len(centres)), key=lambda number: centres[number].rates[:top][-1])
    others = Network([*centres[:busiest], *centres[busiest + 1 :]], network.delay_s)
    back = [0.0, *others.throughputs(top)]
    points = list(range(1, top + 1)) if top <= _POINTS else sorted({1 + round((top - 1) * (k / _POINTS) ** 2) for k in range(_POINTS + 1)})
    theirs = between(points, _dispersions(others, [*cv2s[:busiest], *cv2s[busiest + 1 :]], delay_cv2, points))
    return [_jumps(centres[busiest].rates, cv2s[busiest], back, theirs, population) for population in populations]


def _jumps(rates: list[float], cv2: float, back: list[float], theirs: list[float], population: int) -> float:
    out = [rates[min(j, len(rates)) - 1] for j in range(1, population + 1)]
    logs = [0.0]
    for j in range(1, population + 1):
        logs.append(logs[-1] + math.log(back[population - j + 1] / out[j - 1]))
    highest = max(logs)
    weights = [math.exp(one - highest) for one in logs]
    flows = [weight * rate for weight, rate in zip(weights[1:], out, strict=True)]
    whole, through = sum(weights), sum(flows)
    cumulated = passed = variance = 0.0
    for j, flow in enumerate(flows, 1):
        cumulated += weights[j - 1] / whole
        passed += flows[j - 2] / through if j > 1 else 0.0
        if flow > 1e-14 * through:  # what is rarer is lost in rounding, and does not count
            step = (cumulated - passed) * through / flow
            variance += flow / through * ((1 - step) ** 2 * cv2 + step**2 * theirs[population - j + 1])
    return variance


def between(points: list[int], values: list[float]) -> list[float]:
    """Values at 0 … the last point, straight between the points."""
    found = [values[0]] * (points[0] + 1)
    for (start, first), (end, last) in pairwise(zip(points, values, strict=True)):
        found += [first + (last - first) * (n - start) / (end - start) for n in range(start + 1, end)] + [last]
    return found
