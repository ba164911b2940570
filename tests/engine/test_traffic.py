"""Traffic equations against two independent solutions: exact elimination in fractions, and following the messages step by step.

The mean invocations are taken from the draft itself, not from the compiled system, so its edges are tested as well.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings

from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import check_stability, solve
from sysdesign_cli.scenario.problems import ScenarioError
from tests.engine.random_systems import Draft, drafts, system, with_cycles

Means = dict[str, dict[str, Fraction]]
ONE = Fraction(1)


def means(draft: Draft) -> Means:
    """For each handler: whom one invocation runs, and how often on average. Fallbacks are for failures, and do not count."""
    rows: Means = {name: defaultdict(Fraction) for name in draft.order}

    def add(caller: str, groups: list[Any], weight: Fraction) -> None:
        for part in groups:
            for call in part if isinstance(part, list) else [part]:
                mean = weight * Fraction(call.get("chance", 1000), 1000) * call.get("count", 1)
                rows[caller][call["to"]] += mean
                if "on_miss" in call:
                    add(caller, call["on_miss"], mean * (1 - Fraction(call["hit_ratio"], 1000)))

    for name, handler in draft.handlers.items():
        add(name, handler.get("calls", []), ONE)
        if "on_miss" in handler:
            add(name, handler["on_miss"], 1 - Fraction(handler["hit_ratio"], 1000))
    for publisher, event, entry in draft.publishes():
        for subscriber in draft.subscribers(event):
            rows[publisher][subscriber] += Fraction(entry.get("chance", 1000), 1000) * entry.get("count", 1)
    return rows


def entries(draft: Draft) -> dict[str, Fraction]:
    rates: dict[str, Fraction] = defaultdict(Fraction)
    for name, flow in draft.flows.items():
        rates[flow["starts"]] += Fraction(draft.peaks[name].removesuffix("/s"))
    return rates


def solved(compiled: System, arrivals: dict[str, Fraction]) -> dict[str, float]:
    rates = solve(compiled, {compiled.handler_number(name): float(rate) for name, rate in arrivals.items()})
    return {node.key: rate for node, rate in zip(compiled.handlers, rates, strict=True)}


def by_elimination(rows: Means, arrivals: dict[str, Fraction]) -> dict[str, Fraction]:
    """Solve v = e + P'v exactly: express one rate after the other by those that are left."""
    names = list(rows)
    matrix = [[(ONE if a == b else Fraction()) - rows[b].get(a, Fraction()) for b in names] + [arrivals.get(a, Fraction())] for a in names]
    for column in range(len(names)):
        pivot = next(row for row in range(column, len(names)) if matrix[row][column])
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        matrix[column] = [value / matrix[column][column] for value in matrix[column]]
        for row in range(len(names)):
            if row != column and (factor := matrix[row][column]):
                matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[column], strict=True)]
    return {name: row[-1] for name, row in zip(names, matrix, strict=True)}


def by_steps(rows: Means, arrivals: dict[str, Fraction], most: int = 2_000) -> dict[str, float]:
    """Follow what arrives: the sum of (P')^k e over k, until nothing is left on the way."""
    plain = {name: [(target, float(mean)) for target, mean in row.items()] for name, row in rows.items()}
    moving = {name: float(rate) for name, rate in arrivals.items()}
    total = dict.fromkeys(rows, 0.0)
    for _ in range(most):
        further: dict[str, float] = defaultdict(float)
        for name, rate in moving.items():
            total[name] += rate
            for target, mean in plain[name]:
                further[target] += rate * mean
        moving = {name: rate for name, rate in further.items() if rate > 1e-16}
        if not moving:
            return total
    raise ArithmeticError("it does not die out")


@settings(max_examples=80)
@given(drafts())
def test_rates_without_cycles(draft: Draft) -> None:
    rates = solved(draft.system(), entries(draft))
    assert rates == pytest.approx(by_steps(means(draft), entries(draft)), rel=1e-12, abs=1e-12)
    assert rates == pytest.approx(
        {name: float(rate) for name, rate in by_elimination(means(draft), entries(draft)).items()}, rel=1e-12, abs=1e-12
    )


@settings(max_examples=80)
@given(with_cycles())
def test_rates_with_cycles(draft: Draft) -> None:
    rates = solved(draft.system(), entries(draft))
    check_stability(draft.system())
    assert rates == pytest.approx(by_steps(means(draft), entries(draft)), rel=1e-9, abs=1e-9)
    assert rates == pytest.approx(
        {name: float(rate) for name, rate in by_elimination(means(draft), entries(draft)).items()}, rel=1e-9, abs=1e-9
    )


# ---------------------------------------------------------------------------------------------- when a loop feeds itself


def radius_bounds(rows: Means, doublings: int = 9) -> tuple[float, float]:
    """Bounds on the spectral radius r of P: trace(P^k)/n <= r^k <= the largest row sum of P^k, here for k = 512."""
    names = list(rows)
    power = [[float(rows[a].get(b, 0)) for b in names] for a in names]
    logarithm = 0.0

    for _ in range(doublings):
        columns = list(zip(*power, strict=True))
        power = [[sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in power]
        largest = max(map(max, power))
        if not largest:
            return 0.0, 0.0
        logarithm = 2 * logarithm + math.log(largest)  # keep the numbers near 1
        power = [[value / largest for value in row] for row in power]
    k = 2**doublings
    trace = sum(power[i][i] for i in range(len(names))) / len(names)
    upper = math.exp((logarithm + math.log(max(map(sum, power)))) / k)
    return (math.exp((logarithm + math.log(trace)) / k) if trace else 0.0), upper


def strengthened(draft: Draft) -> Draft:
    """Feedback made stronger than the drawing lets it be: chances below a tenth are made ten times as large."""
    stronger = draft.copy()
    for edge in (*(call for _, call in stronger.calls()), *(entry for _, _, entry in stronger.publishes())):
        if edge.get("chance", 1000) < 100 and edge.keys() & {"to", "event"}:  # not of a map, whose chances add up
            edge["chance"] = 10 * edge["chance"]
    return stronger


def names_a_loop(rows: Means, loop: str) -> bool:
    """Whether all that is named leads to each other."""
    named = set(loop.split(" → ")) - {"…"}

    def reached(start: str) -> set[str]:
        seen, waiting = set(), [start]
        while waiting:
            for target in rows[waiting.pop()]:
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return seen

    return bool(named) and all(named <= reached(name) for name in named)


@settings(max_examples=80)
@given(with_cycles())
def test_unstable_exactly_from_radius_one(draft: Draft) -> None:
    draft = strengthened(draft)
    lower, upper = radius_bounds(means(draft))
    compiled = draft.system()
    if upper < 1:
        check_stability(compiled)
        assert all(rate >= 0 for rate in solved(compiled, entries(draft)).values())
    elif lower > 1:
        for question in (lambda: check_stability(compiled), lambda: solved(compiled, entries(draft))):
            with pytest.raises(ScenarioError) as raised:
                question()
            assert {problem.slug for problem in raised.value.problems} == {"unstable-loop"}
            # the loop may close over a fallback, which carries no traffic but belongs to the same cycle
            full = {name: row | dict.fromkeys(draft.leads_to(name) - {name}, ONE) for name, row in means(draft).items()}
            assert all(names_a_loop(full, problem.params["loop"]) for problem in raised.value.problems)


def loop_of(first: str, second: str, third: str) -> System:
    """a → b → c → a, with these mean invocations; c's way back is an event."""
    return system(f"""
sysdesign: 1
name: loop
services:
  broker: {{kind: broker}}
  a: {{handles: {{Again: {{calls: {{to: b.h, {first}}}}}}}}}
  b: {{handles: {{h: {{calls: {{to: c.h, {second}}}}}}}}}
  c: {{handles: {{h: {{publishes: [{{event: Again, {third}}}]}}}}}}
  d: {{handles: {{h: {{calls: a.Again}}}}}}
events: {{Again: {{}}}}
""")


@pytest.mark.parametrize(
    ("first", "second", "third", "factor"),
    [
        ("chance: 50%", "count: 1", "count: 1", 2),
        ("chance: 50%", "count: 2", "chance: 99.9999%", 1e6),
        ("count: 4", "chance: 25%", "chance: 99.9999%", 1e6),
        ("count: 0.5", "count: 1.999998", "count: 1", 1e6),
    ],
)
def test_a_loop_just_below_one(first: str, second: str, third: str, factor: float) -> None:
    compiled = loop_of(first, second, third)
    check_stability(compiled)
    rates = solve(compiled, {compiled.handler_number("d.h"): 3.0})
    assert rates[compiled.handler_number("d.h")] == 3.0
    assert rates[compiled.handler_number("a.Again")] == pytest.approx(3 * factor, rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("count: 1", "count: 1", "count: 1"),
        ("chance: 50%", "count: 2", "count: 1"),
        ("chance: 50%", "count: 2.000002", "count: 1"),
        ("chance: 50%", "count: 4", "count: 1"),
        ("count: 1000", "count: 1000", "count: 1000"),
    ],
)
def test_a_loop_at_one_or_just_above(first: str, second: str, third: str) -> None:
    compiled = loop_of(first, second, third)
    for question in (lambda: check_stability(compiled), lambda: solve(compiled, {compiled.handler_number("d.h"): 3.0})):
        with pytest.raises(ScenarioError) as raised:
            question()
        (problem,) = raised.value.problems
        assert problem.slug == "unstable-loop"
        assert set(problem.params["loop"].split(" → ")) == {"a.Again", "b.h", "c.h"}
        assert problem.place.line in (6, 7, 8)


def test_the_arrows_of_a_loop_are_its_edges() -> None:
    # declared against the direction of travel: a → c → b → a
    compiled = system("""
sysdesign: 1
name: loop
services:
  a: {handles: {h: {calls: c.h}}}
  b: {handles: {h: {calls: a.h}}}
  c: {handles: {h: {calls: b.h}}}
""")
    with pytest.raises(ScenarioError) as raised:
        check_stability(compiled)
    named = raised.value.problems[0].params["loop"].split(" → ")
    for one, next_one in itertools.pairwise(named):
        assert compiled.handler_number(next_one) in set(compiled.successors(compiled.handler_number(one))), (
            f"{one} does not lead to {next_one}"
        )


def test_every_unstable_loop_is_named() -> None:
    compiled = system("""
sysdesign: 1
name: loops
services:
  a: {handles: {h: {calls: a.h}}}
  b: {handles: {h: {calls: {to: b.h, chance: 50%}}}}
  c: {handles: {h: {calls: {to: c.h, count: 2}}}}
""")
    with pytest.raises(ScenarioError) as raised:
        check_stability(compiled)
    assert [problem.params["loop"] for problem in raised.value.problems] == ["a.h → a.h", "c.h → c.h"]
