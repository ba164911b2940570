"""The probability of a fault tree where no exact answer fits: what is too entangled is sampled, all else stays exact.

All samples are drawn at once, as the bits of one number for each leaf, with the odds of failures doubled some times and weights that
make up for it (importance sampling by exponential tilting). How often the odds are doubled, and which part gets how many samples, is
found out by first tries.

Reference: Asmussen and Glynn, Stochastic Simulation (2007), ch. VI.
"""

from __future__ import annotations

import math
import operator
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from sysdesign_cli.engine.decision import BUDGET, Region
from sysdesign_cli.engine.factoring import DIAGRAM, Factored, ways
from sysdesign_cli.engine.faulttree import ALL, ANY, AT_LEAST, Tree

#: How often the odds of failures are doubled, at most, when they are simulated; how often is best is tried.
_DOUBLINGS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20)
_MOST_DOUBLINGS = _DOUBLINGS[-1]
#: Failing samples of a first try from which on it tells something about the variance.
_TELLING = 5
#: No failing sample may weigh more than this, as a logarithm, when plain samples weigh 1.
_MOST_LOG_WEIGHT = 3.0
#: Bits of which fewer are expected than this are drawn by the gaps between them.
_FEW_DRAWN = 500
#: A first try has this part of a piece's samples; some ten tries are made.
_TRIES = 50
#: States of the shared events that are sampled apart, and samples that each should have.
_MOST_STRATA = 64
_PER_STRATUM = 2000
_NORMAL_975 = 1.959963984540054


def simulated_probability(tree: Tree, top: int, samples: int = 100_000, seed: int = 0, budget: int = BUDGET // 10) -> tuple[float, float]:
    """An unbiased estimate of P(top), and half the width of its 95 % confidence interval.

    Only what is too entangled for diagrams within the budget is sampled, and apart for each state of the widely shared events; all
    else is exact, and the half width is 0 if nothing needs sampling. Samples are drawn with the odds of failures doubled some
    times, but not beyond evens, and weighted accordingly (importance sampling by exponential tilting: Asmussen and Glynn, Stochastic
    Simulation, 2007, ch. VI). How often, and each part's share of the samples (Neyman's allocation), come from a first fifth of the samples
    that is then thrown away. Equal arguments give equal results.
    """
    simple, simple_top = tree.simplified(top)
    strata = min(_MOST_STRATA, max(1, samples // _PER_STRATUM)).bit_length() - 1
    parts = Factored(simple, simple_top, next(ways(simple, simple_top))[0][:strata])
    parts.draw_what_fits(budget)
    if None not in parts.diagrams:
        return parts.probability(), 0.0
    sampled = _sampled_parts(parts)
    draw = random.Random(seed)
    states = [(weight, state) for weight, state in parts.states() if weight]
    each = max(200, samples // (_TRIES * len(states) * len(sampled)))
    pilots = [_pilot(parts, sampled, state, each, draw) for _, state in states]
    spread = math.fsum(weight * sum(spreads) for (weight, _), (_, spreads) in zip(states, pilots, strict=True))
    total = variance = 0.0
    for (weight, state), (doublings, spreads) in zip(states, pilots, strict=True):
        numbers = [max(100, round(0.8 * samples * weight * one / spread)) if spread else 100 for one in spreads]
        value, its_variance = _estimated(parts, sampled, state, doublings, numbers, draw)
        total += weight * value
        variance += weight * weight * its_variance
    return total, _NORMAL_975 * math.sqrt(variance)


@dataclass(frozen=True, slots=True)
class _Part:
    """A step to be sampled, as one region over steps whose values are exact."""

    step: int
    leaves: tuple[int, ...]
    region: Region


@dataclass(frozen=True, slots=True)
class _Sampled:
    """What samples say of a region: estimate and variance of one sample.

    tally: how many samples failed with so many failed leaves of each of the `_kinds`; weights: what each of those weighs.
    """

    mean: float
    variance: float
    tally: Counter[tuple[int, ...]]
    weights: list[float]

    @property
    def failed(self) -> int:
        return self.tally.total()


def _sampled_parts(parts: Factored) -> list[_Part]:
    """The outermost regions without a diagram, each together with whatever else below it has none."""
    without = {n for n, step in enumerate(parts.steps) if step.kind == DIAGRAM and parts.diagrams[step.region] is None}
    touched: set[int] = set()
    for number, step in enumerate(parts.steps):
        if number in without or not touched.isdisjoint(step.inputs):
            touched.add(number)
    outermost: list[int] = []
    waiting = [parts.top]
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number in touched and number not in seen:
            seen.add(number)
            if number in without:
                outermost.append(number)
            else:
                waiting += parts.steps[number].inputs
    return [_written_out(parts, number, touched) for number in sorted(outermost)]


def _written_out(parts: Factored, top: int, touched: set[int]) -> _Part:
    leaves: dict[int, int] = {}
    gates: list[tuple[int, int, tuple[int, ...]]] = []  # children: a leaf's place, or ~n for gate n
    gate_of: dict[int, int] = {}
    inside = [top]
    for number in inside:  # grows while it is gone through
        inside += [i for i in parts.steps[number].inputs if i in touched and i not in inside]
    for number in sorted(inside):
        step = parts.steps[number]
        inputs = [~gate_of[i] if i in touched else leaves.setdefault(i, len(leaves)) for i in step.inputs]
        if step.kind == DIAGRAM:
            region = parts.regions[step.region]
            first = len(gates)
            for kind, least, children in region.gates:
                gates.append((kind, least, tuple(inputs[c] if c < region.leaves else ~(first + c - region.leaves) for c in children)))
        else:
            gates.append((step.kind, step.least, tuple(inputs)))
        gate_of[number] = len(gates) - 1
    region = Region(
        len(leaves), tuple((kind, least, tuple(c if c >= 0 else len(leaves) + ~c for c in children)) for kind, least, children in gates)
    )
    return _Part(top, tuple(leaves), region)


def _fewest_doublings(region: Region, doublings: Sequence[int]) -> int:
    """A lower bound of what the failed leaves' doublings add up to whenever the region has failed."""
    fewest = list(doublings)
    below = [1 << leaf for leaf in range(region.leaves)]
    for kind, least, children in region.gates:
        order = sorted(children, key=lambda child: fewest[child])
        needed = 1 if kind == ANY else len(order) if kind == ALL else least
        together = covered = 0
        for child in order[:needed] if kind == AT_LEAST else reversed(order[-needed:] if kind == ALL else order[:1]):
            if not below[child] & covered:
                covered |= below[child]
                together += fewest[child]
        apart = sum(below[child].bit_count() for child in order) == reduce(int.__or__, (below[child] for child in order)).bit_count()
        fewest.append(together if kind != AT_LEAST or apart else fewest[order[needed - 1]])
        below.append(reduce(int.__or__, (below[child] for child in order)))
    return fewest[-1]


def _completed(parts: Factored, values: list[float], sampled: Sequence[_Part], means: Sequence[float]) -> list[float]:
    """By sampled part, the slope of the top; the values that depend on the parts are filled in."""
    known = {part.step: mean for part, mean in zip(sampled, means, strict=True)}
    above = [number for number in range(len(parts.steps)) if number not in known and math.isnan(values[number])]
    for number, mean in known.items():
        values[number] = mean
    for number in above:
        if not any(math.isnan(values[i]) for i in parts.steps[number].inputs):
            values[number] = parts.value(parts.steps[number], values)
    slopes = [0.0] * len(parts.steps)
    slopes[parts.top] = 1.0
    parts.add_slopes([number for number in reversed(above) if not math.isnan(values[number])], values, slopes)
    return [slopes[part.step] for part in sampled]


def _pilot(
    parts: Factored, sampled: Sequence[_Part], state: dict[int, float], samples: int, draw: random.Random
) -> tuple[list[int], list[float]]:
    """By part, how many doublings serve best, and how much the top then varies with one sample of the part."""
    values = parts.values(state)
    tried = [_best_try(part.region, [values[leaf] for leaf in part.leaves], samples, draw) for part in sampled]
    slopes = _completed(parts, values, sampled, [one.mean for _, one in tried])
    return [most for most, _ in tried], [slope * math.sqrt(one.variance) for slope, (_, one) in zip(slopes, tried, strict=True)]


def _best_try(region: Region, q: Sequence[float], samples: int, draw: random.Random) -> tuple[int, _Sampled]:
    """The number of doublings with the smallest variance, and the samples drawn with it.

    Where there are too many, the few failures that suffice are hardly ever drawn alone, and what they would weigh stays hidden. So the
    second moment is also estimated from the samples of every other number, and the largest estimate counts.
    """
    tries: dict[int, _Sampled] = {}
    for most in _DOUBLINGS:
        last = tries[max(tries)] if tries else None
        if last and (last.failed > samples // 2 or _heaviest(region, q, most) > _MOST_LOG_WEIGHT):
            break
        tries[most] = _sample(region, q, most, samples, draw)
    telling = [one for one in tries.values() if one.failed >= _TELLING] or [max(tries.values(), key=lambda one: one.failed)]

    def second_moment(most: int) -> float:
        return max(
            math.fsum(map(math.prod, zip(one.tally.values(), one.weights, _weights(one.tally, q, most), strict=True))) for one in telling
        )

    best = min(tries, key=second_moment) if telling[0].failed else max(tries)
    return best, tries[best]


def _estimated(
    parts: Factored,
    sampled: Sequence[_Part],
    state: dict[int, float],
    doublings: Sequence[int],
    numbers: Sequence[int],
    draw: random.Random,
) -> tuple[float, float]:
    """P(top) in a state of the enumerated events, and the variance of that."""
    values = parts.values(state)
    found = [
        _sample(part.region, [values[leaf] for leaf in part.leaves], most, number, draw)
        for part, most, number in zip(sampled, doublings, numbers, strict=True)
    ]
    slopes = _completed(parts, values, sampled, [one.mean for one in found])
    variance = math.fsum(slope**2 * one.variance / number for slope, one, number in zip(slopes, found, numbers, strict=True))
    return values[parts.top], variance


def _doublings(q: Sequence[float], most: int) -> list[int]:
    """How often the odds of each leaf are doubled: so many times, but not beyond evens."""
    return [min(most, int(math.log2((1.0 - share) / share))) if 0.0 < share < 0.5 else 0 for share in q]


def _log_weight(q: Sequence[float], most: int) -> float:
    """What a sample weighs, as a logarithm, if no leaf fails."""
    return math.fsum(math.log1p(share * (2.0**times - 1.0)) for share, times in zip(q, _doublings(q, most), strict=True) if times)


def _heaviest(region: Region, q: Sequence[float], most: int) -> float:
    """An upper bound of what a failing sample weighs, as a logarithm."""
    none_failed = _log_weight(q, most)
    if none_failed <= _MOST_LOG_WEIGHT:
        return none_failed
    return none_failed - _fewest_doublings(region, _doublings(q, most)) * math.log(2.0)


def _weights(tally: Iterable[tuple[int, ...]], q: Sequence[float], most: int) -> list[float]:
    """What samples weigh if odds are doubled so many times; a sample is given by its numbers of failed leaves, as in `_Sampled`."""
    log_weight = _log_weight(q, most)
    times = [min(most, times) for times in _kinds(q)]
    return [math.exp(log_weight - math.log(2.0) * sum(map(int.__mul__, times, failed))) for failed in tally]


def _kinds(q: Sequence[float]) -> list[int]:
    """The numbers of doublings that occur, if as many as possible are made."""
    return sorted(set(_doublings(q, _MOST_DOUBLINGS)))


def _sample(region: Region, q: Sequence[float], most: int, samples: int, draw: random.Random) -> _Sampled:
    """Work a region out for many samples at once, one bit each.

    With the odds of leaf i raised to c_i times what they are, a sample weighs product(1 + q_i (c_i - 1)) over all leaves, divided by
    the product of c_i over those that failed.
    """
    raised = [2.0**times for times in _doublings(q, most)]
    values = [_drawn(share * c / (1.0 + share * (c - 1.0)), samples, draw) for share, c in zip(q, raised, strict=True)]
    rows: dict[int, list[int]] = {times: [] for times in _kinds(q)}
    for times, bits in zip(_doublings(q, _MOST_DOUBLINGS), values, strict=True):
        rows[times].append(bits if times else 0)
    for kind, least, children in region.gates:
        values.append(_combined(kind, least, [values[child] for child in children]))
    tally = Counter(zip(*(_counts(rows[times], values[-1]) for times in sorted(rows)), strict=True))
    weights = _weights(tally, q, most)
    if not weights:
        # Nothing failed: as uncertain as if one sample had, with the greatest weight that it might have.
        return _Sampled(0.0, math.exp(_heaviest(region, q, most)) ** 2 / samples, tally, weights)
    mean = math.fsum(map(operator.mul, weights, tally.values())) / samples
    squares = math.fsum(weight * weight * times for weight, times in zip(weights, tally.values(), strict=True)) / samples
    return _Sampled(mean, max(0.0, squares - mean * mean) * samples / max(1, samples - 1), tally, weights)


def _drawn(share: float, samples: int, draw: random.Random) -> int:
    """Bits that are each set with this probability, as one number."""
    if share <= 0.0 or share >= 1.0:
        return (1 << samples) - 1 if share >= 1.0 else 0
    if share * samples < _FEW_DRAWN:
        scale = 1.0 / math.log1p(-share)
        field = bytearray(samples // 8 + 1)
        place = int(math.log(1.0 - draw.random()) * scale)
        while place < samples:
            field[place >> 3] |= 1 << (place & 7)
            place += 1 + int(math.log(1.0 - draw.random()) * scale)
        return int.from_bytes(field, "little")
    digits, ones = share.as_integer_ratio()
    bits = 0
    for digit in range(ones.bit_length() - 1):  # a fair coin for each binary digit, the last digit first
        bits = bits | draw.getrandbits(samples) if digits >> digit & 1 else bits & draw.getrandbits(samples)
    return bits


def _counts(rows: Sequence[int], where: int) -> list[int]:
    """In how many of the rows a bit is set, for every bit that is set in `where`."""
    planes: list[int] = []  # binary digits of the counts
    for row in rows:
        carry = row & where
        for digit, plane in enumerate(planes):
            planes[digit], carry = plane ^ carry, plane & carry
            if not carry:
                break
        if carry:
            planes.append(carry)
    texts = [bin(plane | 1 << where.bit_length())[:2:-1] for plane in planes]
    places = [place for place, bit in enumerate(bin(where)[:1:-1]) if bit == "1"]
    return [sum(1 << digit for digit, text in enumerate(texts) if text[place] == "1") for place in places]


def _combined(kind: int, least: int, parts: Sequence[int]) -> int:
    """A gate, for all samples at once."""
    reached = [-1] + [0] * (1 if kind == ANY else len(parts) if kind == ALL else least)
    for part in parts:
        for number in range(len(reached) - 1, 0, -1):
            reached[number] |= reached[number - 1] & part
    return reached[-1]
