"""Single stages on a grid: the chances of its points for gamma and lognormal times, by hat functions.

What lies between two points is shared out to both by its distance (see `distributions`). That takes two integrals of the density over
each cell: by Gauss–Legendre points where it is smooth, by their exact values near 0, where it may be singular.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sysdesign_cli.engine.distributions import Grid

Chances = npt.NDArray[np.float64]

FAR = 40.0  # what has a chance below exp(-40) is left out
# Gauss–Legendre points and weights of order 4 on [0, 1]
POINTS, WEIGHTS = (np.polynomial.legendre.leggauss(4)[0] + 1) / 2, np.polynomial.legendre.leggauss(4)[1] / 2


class _Window(NamedTuple):
    """Where a density matters, in steps: from, to; cells are cut into equal pieces no wider than ``widest``.

    In the first ``head`` pieces the density may be singular, or bend on a logarithmic scale: there the exact integrals are used.
    """

    low: float
    high: float
    widest: float
    head: int


Density = Callable[[Chances, Chances], Chances]  # at x, given log x too; all in steps
Integrals = Callable[[float], tuple[float, float]]  # P(X <= x), and the integral of t over it


def _hats(grid: Grid, mean: float, window: _Window, density: Density, integrals: Integrals) -> Chances:
    """Chances of the grid points by hat functions, from Gauss–Legendre integrals of the density over each piece of a cell."""
    if window.high <= 1:
        return np.concatenate([[1 - mean, mean], np.zeros(grid.size - 2)])
    pieces = max(1, math.ceil(1 / window.widest))
    first, last = math.floor(window.low * pieces), min(math.ceil(window.high * pieces), grid.size * pieces)
    if last <= first:
        return np.zeros(grid.size)
    numbers = np.arange(first, last)
    if pieces == 1:
        points, log_points = grid.tables.points[first:last], grid.tables.log_points[first:last]
    else:
        points = (numbers[:, None] + POINTS) / pieces
        log_points = np.log(points)
    cells = numbers // pieces
    values = density(points, log_points) @ np.stack([WEIGHTS, WEIGHTS * POINTS], axis=1) / pieces
    mass, lever = values[:, 0], (values[:, 1] + (numbers % pieces) * values[:, 0]) / pieces
    if first < window.head:
        exact = np.array([integrals(number / pieces) for number in range(first, min(window.head, last) + 1)])
        rows = len(exact) - 1
        mass[:rows] = np.diff(exact[:, 0])
        lever[:rows] = np.diff(exact[:, 1]) - cells[:rows] * mass[:rows]
    chances = np.bincount(cells, mass - lever, grid.size + 1) + np.bincount(cells + 1, lever, grid.size + 1)
    return np.asarray(np.maximum(chances[: grid.size], 0.0))


def gamma_hats(grid: Grid, mean: float, cv: float) -> Chances:
    """The tails left out are below exp(-40): Boucheron, Lugosi & Massart 2013, "Concentration inequalities", section 2.4."""
    shape = 1 / cv**2
    scale = mean / shape
    reach = math.sqrt(2 * shape * FAR)
    window = _Window(max(0.0, shape - reach) * scale, (shape + reach + FAR) * scale, max(cv * mean, scale) / 3, 6)
    constant = -math.lgamma(shape) - shape * math.log(scale)

    def density(x: Chances, log_x: Chances) -> Chances:
        return np.asarray(np.exp((shape - 1) * log_x - x / scale + constant))

    def integrals(x: float) -> tuple[float, float]:
        """Series of the incomplete gamma function, Abramowitz & Stegun 6.5.29; x is small beside the mean."""
        if x <= 0:
            return 0.0, 0.0
        turns = x / scale
        front = math.exp(shape * math.log(turns) - turns - math.lgamma(shape + 1))
        rest, number = 0.0, shape + 1
        term = turns / number
        while term > 1e-17 * rest:
            rest += term
            number += 1
            term *= turns / number
        return front * (1 + rest), mean * front * rest

    return _hats(grid, mean, window, density, integrals)


def lognormal_hats(grid: Grid, mean: float, cv: float) -> Chances:
    """Normal in log x with variance log(1 + cv²)."""
    spread = math.sqrt(math.log1p(cv**2))
    middle = math.log(mean) - spread**2 / 2
    low, high = math.exp(middle - 9 * spread), math.exp(min(700.0, middle + spread * (9 + spread)))
    window = _Window(low, high, math.inf if spread > 0.19 else spread * math.exp(middle) / 6, 16)
    constant = -math.log(spread * math.sqrt(2 * math.pi))

    def density(_: Chances, log_x: Chances) -> Chances:
        return np.asarray(np.exp(constant - log_x - ((log_x - middle) / spread) ** 2 / 2))

    def integrals(x: float) -> tuple[float, float]:
        if x <= 0:
            return 0.0, 0.0
        place = (middle - math.log(x)) / (spread * math.sqrt(2))
        return math.erfc(place) / 2, mean * math.erfc(place + spread / math.sqrt(2)) / 2

    return _hats(grid, mean, window, density, integrals)
