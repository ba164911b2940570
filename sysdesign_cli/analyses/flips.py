"""From where on another is first: values of parameters and weights at which the lead of the first changes its sign.

A flip is looked for outwards from today, at growing factors until the lead has changed its sign; then between the last two by the
rule of false position, with halving wherever that gains little. A lead may jump, where a service becomes saturated or one replica
more is needed: then the flip is the place of the jump.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sysdesign_cli.analyses.contest import Contest, World, normalised, plain
from sysdesign_cli.analyses.parameters import Parameter
from sysdesign_cli.engine.explained import APPROXIMATION, EXACT, Number
from sysdesign_cli.scenario.quantity import POWER, SHARE

#: What an input without a range is moved by, for the tornado.
SWING: Final = 0.2
#: Factors at which a parameter is tried before a root is looked for, and their inverses; fewer where a figure takes long to work out.
STEPS: Final = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
FEWER_STEPS: Final = (4.0, 64.0)
#: A flip is looked for until it lies between two values that differ by this part. Where the lead jumps, it is put in their middle,
#: elsewhere between them on a straight line.
PRECISION: Final = 2e-3
#: The same where a figure takes long to work out.
COARSE: Final = 1e-2
#: A lead that differs by more than this between those two has jumped.
_JUMP: Final = 0.02
#: Flips of weights are told between this and 1 less this.
_ODD: Final = 1e-3
#: Begins the name of a flip of a weight.
WEIGHT: Final = "weight"


@dataclass(frozen=True)
class Flip:
    """From which factor (and value) of a parameter on, away from today, another is first.

    parameter: ``load``, ``ordinary-load``, ``peak``, ``misses``, ``price:ITEM`` or ``weight:METRIC``. unit, now: what it is today, ""
    and None when just the factor says something. instead: who is first there. Without a flip on either side factor is None, and
    ``tried`` are the lowest and the highest factor.
    """

    parameter: str
    unit: str
    now: float | None
    factor: Number | None
    value: Number | None
    instead: str
    tried: tuple[float, float]


def flips(contest: Contest, parameter: Parameter) -> tuple[Flip, ...]:
    """The nearest flip upwards and the nearest downwards; one entry without a factor where there is neither."""
    steps = STEPS if contest.is_quick else FEWER_STEPS
    up = [*(factor for factor in (1 + SWING, *steps) if factor < parameter.high), parameter.high]
    down = [*(factor for factor in (1 - SWING, *(1 / step for step in steps)) if factor > parameter.low), parameter.low]
    found = [flip for side in (up, down) if (flip := _outwards(contest, parameter, side)) is not None]
    if found:
        return tuple(found)
    return (Flip(parameter.id, parameter.unit, parameter.now, None, None, "", (parameter.low, parameter.high)),)


def _outwards(contest: Contest, parameter: Parameter, factors: Sequence[float]) -> Flip | None:
    inside = 1.0
    for outside in factors:
        sign = contest.at(parameter, outside).sign()
        if sign is None:
            return None
        if sign < 0:
            inside, outside = _nearest(contest, parameter, inside, outside)
            precision = PRECISION if contest.is_quick else COARSE
            at, beyond = _crossing(lambda factor: contest.at(parameter, factor).lead(), inside, outside, precision)
            return _flip(contest, parameter, at, contest.at(parameter, beyond))
        inside = outside
    return None


def _nearest(contest: Contest, parameter: Parameter, inside: float, outside: float) -> tuple[float, float]:
    """Of a wide step over a flip the first part, of at most twice, that has one."""
    while abs(math.log(outside / inside)) > math.log(2) * 1.01:
        middle = inside * (2.0 if outside > inside else 0.5)
        sign = contest.at(parameter, middle).sign()
        if sign is None or sign < 0:
            return inside, middle
        inside = middle
    return inside, outside


def _flip(contest: Contest, parameter: Parameter, factor: float, beyond: World) -> Flip:
    winner = beyond.winner()
    number = Number(factor, POWER, "flip", (("parameter", parameter.id),), APPROXIMATION)
    then = parameter.value(factor)
    value = None if then is None else Number(then, parameter.unit, "flip-value", (("factor", number),), APPROXIMATION)
    name = "" if winner is None else contest.name_of(winner)
    return Flip(parameter.id, parameter.unit, parameter.now, number, value, name, (parameter.low, parameter.high))


def _crossing(lead: Callable[[float], float | None], inside: float, outside: float, precision: float) -> tuple[float, float]:
    """Factor where a lead that is not negative inside and negative outside changes its sign, and one just beyond."""
    at_inside, at_outside = lead(inside), lead(outside)
    halve = False
    while (apart := abs(math.log(outside / inside))) > precision:
        share = 0.5 if halve else _straight(at_inside, at_outside)
        least = precision / 3 / apart
        middle = _between(inside, outside, min(1 - least, max(least, share)))
        found = lead(middle)
        if found is not None and found >= 0:
            inside, at_inside = middle, found
        else:
            outside, at_outside = middle, found
        halve = abs(math.log(outside / inside)) > apart / 2 and not halve
    if at_inside is None or at_outside is None or at_inside - at_outside > _JUMP:
        return _between(inside, outside, 0.5), outside
    return _between(inside, outside, _straight(at_inside, at_outside)), outside


def _between(inside: float, outside: float, share: float) -> float:
    """The factor at a share of the way, in ratios."""
    return inside * math.pow(outside / inside, share)


def _straight(at_inside: float | None, at_outside: float | None) -> float:
    """Where a straight line from a lead that is not negative to a negative one passes 0, as a share of the way."""
    return 0.5 if at_inside is None or at_outside is None or at_inside <= at_outside else at_inside / (at_inside - at_outside)


def weight_flips(contest: Contest) -> tuple[Flip, ...]:
    """For each metric the weight nearest to today's at which another is first, the others keeping their proportions.

    Scores are linear in a weight w: s(w) = w m + (1 - w) r, with m the score of the metric and r that of the others together. So the
    lead over each other option has one root at most, in closed form.
    """
    found: list[Flip] = []
    for number, weight in enumerate(contest.weights):
        if weight >= 1:
            continue
        own = _score_of(contest, number)
        rest = {name: (score - weight * own[name]) / (1 - weight) for name, score in contest.now.scores().items()}
        slope = {name: own[name] - rest[name] for name in rest}
        # several that are first together part company: upwards the steepest of them leads
        up, down = (best(contest.leaders, key=lambda name: slope[name]) for best in (max, min))
        others = [name for name in rest if name not in contest.leaders]
        above = min((root for root in _equal(slope, rest, up, others) if weight < root < 1 - _ODD), default=None)
        below = max((root for root in _equal(slope, rest, down, others) if _ODD < root < weight), default=None)
        found += [_of_weight(contest, number, root, own, rest) for root in (above, below) if root is not None]
    return tuple(found)


def _score_of(contest: Contest, number: int) -> dict[str, float]:
    column = {name: plain(contest.now.outcome(name, number)) or 0.0 for name in contest.now.scores()}
    return normalised(column, contest.metrics[number].better)


def _equal(slope: Mapping[str, float], rest: Mapping[str, float], first: str, others: Sequence[str]) -> list[float]:
    """The weights at which the first scores the same as another, as far as there are any."""
    return [(rest[name] - rest[first]) / (slope[first] - slope[name]) for name in others if abs(slope[first] - slope[name]) >= 1e-12]


def _of_weight(contest: Contest, number: int, root: float, own: Mapping[str, float], rest: Mapping[str, float]) -> Flip:
    metric, weight = contest.metrics[number].id, contest.weights[number]
    beyond = root + math.copysign(1e-9, root - weight)
    score = {name: beyond * own[name] + (1 - beyond) * rest[name] for name in rest}
    winner = max(score, key=lambda name: score[name])
    scores = tuple((contest.name_of(name), Number(root * own[name] + (1 - root) * rest[name], POWER, "weighted-score")) for name in rest)
    value = Number(root, SHARE, "flip-weight", scores, EXACT)
    factor = Number(root / weight, POWER, "flip", (("parameter", f"{WEIGHT}:{metric}"),), EXACT) if weight else None
    return Flip(f"{WEIGHT}:{metric}", SHARE, weight, factor, value, contest.name_of(winner), (0.0, 1 / weight if weight else math.inf))
