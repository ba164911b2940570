"""Finds the grid that suits a distribution: long enough for the late answers, and finer grids below for the short ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from sysdesign_cli.engine.distributions import ENOUGH, FINER_BY, NOISE, SIZE, BeyondGrid, Distribution, Grid

SEARCH_SIZE = 512


def evaluate(build: Callable[[Grid], Distribution], guess_s: float) -> Distribution:
    """Builds a distribution on a grid that suits it: the end at least twice p99.9 and past p99.99, and finer grids for short times.

    build: makes the distribution on the grid it is given, with the same operations in the same order every time; it is called about
    four times, at last on the grid of the result. guess_s: any time of the right order.
    What happens before the end of a grid does not depend on what happens after it. So where the middle of the distribution, or a
    timeout, covers only a few steps (answers of milliseconds beside timeouts of seconds) a finer grid is laid below.
    Errors: ValueError for a guess that is not positive.
    """
    if not 0 < guess_s < math.inf:
        raise ValueError(f"a guess is positive: {guess_s}")
    end_s, size, least_s, shrinking, widest_s = 8 * guess_s, SEARCH_SIZE, 0.0, False, 0.0
    for tried in range(24):
        found = build(Grid(end_s / size, size))
        if shrinking:  # a timeout that a smaller grid missed
            least_s = max(least_s, 1.05 * found.grid.needed_s)
        wanted_s = max(_wanted_end(found), least_s)
        widest_s = max(widest_s, wanted_s) if tried >= 12 else 0.0
        fits, shrinking = (0.7 if tried < 12 else 0) * end_s <= wanted_s <= 1.5 * end_s, wanted_s < end_s
        if wanted_s == 0 or (fits and size == SIZE):
            return _refined(build, found)
        # a guess is taken at its word when it is far off; close by, the full grid decides
        size = SIZE if 0.02 * end_s < wanted_s <= 1.5 * end_s else SEARCH_SIZE
        end_s = end_s if fits else wanted_s
    return _refined(build, _wide_enough(build, 1.2 * widest_s))


def _wide_enough(build: Callable[[Grid], Distribution], end_s: float) -> Distribution:
    """Where two ends ask for each other, as of a tail that one grid sees and the other does not: the later, or one further out."""
    for _ in range(10):
        found = build(Grid(end_s / SIZE, SIZE))
        try:
            found.percentile(1 - ENOUGH)
        except BeyondGrid:
            end_s *= 4
        else:
            break
    return found


def _wanted_end(found: Distribution) -> float:
    """Where the grid should end, in seconds; more than now when the distribution is not yet inside, 0 when there is no time at all."""
    if found.mass <= NOISE or found.mean == 0:
        return 0.0
    end_s, needed_s = found.grid.end_s, found.grid.needed_s
    try:
        wanted_s = max(2 * found.percentile(0.999), 1.25 * found.percentile(1 - ENOUGH))
    except BeyondGrid:
        wanted_s = min(64 * end_s, max(4 * end_s, found.mean + 6 * found.standard_deviation))
    return max(wanted_s, min(64 * end_s, max(4 * end_s, 1.05 * needed_s))) if needed_s else wanted_s


def _refined(build: Callable[[Grid], Distribution], coarse: Distribution, levels: int = 3) -> Distribution:
    """The same with finer grids below, from the finest up, each with what the one below it knows about timeouts."""
    found = [coarse]
    while len(found) <= levels and _is_too_coarse(found[-1]):
        found.append(build(Grid(found[-1].grid.step_s / FINER_BY, coarse.grid.size)))
    finer = found.pop()
    for level in reversed(found):
        grid = level.grid
        result = build(Grid(grid.step_s, grid.size, finer.grid.cuts)) if any(finer.grid.cuts) else level
        result.finer = finer
        if not result.exact and result.mass > NOISE:  # the longest of several short times is too long on a coarse grid
            until_s = grid.step_s * (grid.size // FINER_BY - 1)
            result.mean += (_area(result, until_s) - _area(finer, until_s)) / result.mass
        finer = result
    return finer


def _is_too_coarse(found: Distribution) -> bool:
    """Whether half of what takes any time takes less than 48 steps, or a timeout fell on a few."""
    moving = found.mass - found.at_zero
    if found.grid.blurred or found.constant or moving <= NOISE:
        return found.grid.blurred
    try:
        return found.percentile(min(1.0, (found.at_zero + moving / 2) / found.mass)) < 48 * found.grid.step_s
    except BeyondGrid:
        return False


def _area(part: Distribution, until_s: float) -> float:
    """The integral of the distribution function from 0 to a point of the grid."""
    return float(np.maximum(until_s - np.arange(part.grid.size) * part.grid.step_s, 0.0) @ part.probabilities)
