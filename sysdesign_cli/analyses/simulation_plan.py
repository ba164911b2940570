"""From a scenario and a question to what is run: which part of the day, with how many replicas, what goes wrong when, how much work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sysdesign_cli.analyses.simulation_question import LENGTH_S as LENGTH_S
from sysdesign_cli.analyses.simulation_question import Question as Question
from sysdesign_cli.analyses.situations import Kill, Setting, check_targets
from sysdesign_cli.engine.simulation.fault import KILL, LOSS, SLOW, ZONE, Fault
from sysdesign_cli.engine.simulation.run import Plan
from sysdesign_cli.engine.stations import Stations
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.engine.workload import DAY_S, Profile, profile
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.quantity import TIME, Misread, parse_quantity

#: A run begins so long before a rush.
BEFORE_RUSH_S: Final = 120.0
#: The lead-in is so many times the longest memory of a service, and between these (s).
_LEAD_IN_RESPONSES: Final = 20.0
_LEAD_IN_S: Final = (5.0, 120.0)
#: A batch of a steady run lasts at least so many times that, and there are at most so many: else one batch would know the one before.
_BATCH_RESPONSES: Final = 10.0
MOST_BATCHES: Final = 20
_FEWEST_BATCHES: Final = 4
#: Events per second of the two modes, on an ordinary computer: for estimates only.
SPEED: Final = {"plain": 100_000.0, "fast": 4_000_000.0}
#: A run that would take longer than this (s) is refused.
TOO_LONG_S: Final = 6 * 3600.0
#: Closed populations beyond this are refused: each user is kept.
MOST_USERS: Final = 500_000
#: A metric is simulated for so long.
MEASURED_S: Final = 60.0


def measured_question(question: Question | None, workload: str, kill: Kill) -> Question:
    """The question behind a simulated metric: steady, a minute unless said; what is killed is dead from the start to the end."""
    asked = question or Question(length_s=MEASURED_S)
    length = asked.length_s
    end = length if kill.duration_s is None else min(length, kill.duration_s)
    faults = [Fault(KILL, name, 0.0, end) for name in kill.services] + [Fault(ZONE, name, 0.0, end) for name in kill.zones]
    runs = asked.replications or (3 if faults else 1)
    return replace(asked, workload=workload, steady=True, faults=(*asked.faults, *faults), replications=runs)


@dataclass(frozen=True)
class Prepared:
    """A question with everything looked up."""

    question: Question
    setting: Setting
    plan: Plan
    start_s: float
    steady: bool
    replications: int
    batches: int
    """Into which the only run is cut for the intervals; 0 for several runs, or where batches would be too short."""
    events: float
    """Expected, of all replications."""

    def seconds(self, mode: str) -> float:
        """About how long it takes in a mode."""
        return self.events / SPEED[mode]


def prepare(system: System, question: Question) -> Prepared:
    """Raises ScenarioError for what the scenario does not have, or what would take hours."""
    setting = Setting(system, question.workload)
    faults = tuple(_checked(setting, fault, question.length_s) for fault in question.faults)
    start = _start(setting) if question.start_s is None else question.start_s
    profiles = {name: profile(system.scenario, setting.workload, name) for name in system.scenario.flows}
    if question.steady:
        profiles = {name: Profile(((0.0, one.at(start)),)) for name, one in profiles.items()}
    users = _users(setting, question)
    rates = {name: one.at(start) * question.scale for name, one in profiles.items() if name not in users}
    rates |= {name: setting.moment.rates[name] for name in users}
    stations = _stations(system, rates)
    longest = _slowest(stations)
    if users and len(users) == len([rate for rate in rates.values() if rate > 0]):
        # users who all wait for their answers cannot make a longer queue than there are users: once round, and all is forgotten
        longest = min(longest, sum(count for count, _ in users.values()) / sum(rates[name] for name in users))
    lead_in = _lead_in(longest)
    pieces = {name: _pieces(one, start, lead_in, question) for name, one in profiles.items() if name not in users and one.peak > 0}
    flows = tuple(flow for name, flow in system.scenario.flows.items() if name in pieces or name in users)
    level = all(len({rate for _, r0, _, r1 in parts for rate in (r0, r1)}) == 1 for parts in pieces.values())
    steady = level and not [fault for fault in faults if fault.end > fault.start]
    replications = question.replications or (1 if steady else 5)
    plan = Plan(
        flows=flows,
        pieces=pieces,
        users=users,
        length_s=question.length_s,
        lead_in_s=lead_in,
        replicas={number: stations.replicas(number) for number in range(len(system.services))},
        faults=faults,
        bins=question.bins,
        scaling=not question.steady,
        planned=_schedules(setting, profiles, start, question) if not question.steady else {},
    )
    events = _events(system, plan, rates) * replications
    batches = min(MOST_BATCHES, question.bins, int(question.length_s / max(1e-9, _BATCH_RESPONSES * longest)))
    batches = batches if steady and replications == 1 and batches >= _FEWEST_BATCHES else 0
    prepared = Prepared(question, setting, plan, start, steady, replications, batches, events)
    if not math.isfinite(events) or prepared.seconds("fast") > TOO_LONG_S:
        raise ScenarioError([too_long(setting, events, prepared.seconds("fast"))])
    return prepared


def too_long(setting: Setting, events: float, seconds: float) -> Problem:
    """What is said of a simulation that nobody would wait for."""
    return Problem("simulation-too-long", _place(setting), {"events": f"{events:.2g}", "hours": f"{seconds / 3600:,.0f}"})


def _place(setting: Setting) -> Place:
    node = setting.workload.node
    return node.place if node is not None else Place(setting.scenario.address)


def _start(setting: Setting) -> float:
    """Shortly before the first rush of the day, else the busiest moment."""
    rushes = [
        start.at - float(start.ramp or 0.0)
        for start in setting.workload.starts.values()
        if start.at is not None and start.lasts is not None
    ]
    if rushes:
        return (min(rushes) - BEFORE_RUSH_S) % DAY_S
    return setting.moment.second


def _users(setting: Setting, question: Question) -> dict[str, tuple[int, float]]:
    found = {}
    for name, start in setting.workload.starts.items():
        if start.users is not None and start.think:
            found[str(name)] = (max(1, round(float(start.users) * question.scale)), float(start.think))
    if sum(count for count, _ in found.values()) > MOST_USERS:
        raise ScenarioError([Problem("simulation-too-many-users", _place(setting), {"most": f"{MOST_USERS:,}"})])
    return found


def _pieces(one: Profile, start: float, lead_in: float, question: Question) -> tuple[tuple[float, float, float, float], ...]:
    """Rates in straight pieces, time counted from the start; the lead-in goes on as the run begins."""
    first = one.at(start) * question.scale
    before = [(-lead_in, first, 0.0, first)]
    return tuple(
        before
        + [(t0 - start, r0 * question.scale, t1 - start, r1 * question.scale) for t0, r0, t1, r1 in one.segments(start, question.length_s)]
    )


def _stations(system: System, rates: dict[str, float]) -> Stations:
    entries: dict[int, float] = {}
    for name, rate in rates.items():
        entry = system.entry(system.scenario.flows[name])
        entries[entry] = entries.get(entry, 0.0) + rate
    return Stations(system, solve(system, entries))


def _slowest(stations: Stations) -> float:
    """The longest time (s) after which a service has forgotten how full it was: held / (1 - sqrt(utilisation))^2.

    The relaxation time of M/M/1 (Cohen, The Single Server Queue, 1982, chapter II.2.1). What is overloaded never forgets, and is left out.
    """
    slowest = 0.0
    for number, handlers in enumerate(stations.system.handlers_of):
        held = max((stations.held[h] for h in handlers if stations.rates[h] > 0), default=0.0)
        used = stations.utilisation_now(number)
        if held > 0 and used < 1:
            slowest = max(slowest, held / (1 - math.sqrt(used)) ** 2)
    return slowest


def _lead_in(longest: float) -> float:
    """So long that the first requests find the system as those before them would have left it."""
    low, high = _LEAD_IN_S
    return float(min(high, max(low, _LEAD_IN_RESPONSES * longest)))


def _schedules(setting: Setting, profiles: dict[str, Profile], start: float, question: Question) -> dict[int, list[tuple[float, int]]]:
    """Replicas over time of services that are scaled by a schedule."""
    scheduled = [number for number, service in enumerate(setting.system.services) if service.replicas.reacts_to == "schedule"]
    if not scheduled:
        return {}
    times = sorted({piece[0] - start for one in profiles.values() for piece in one.segments(start, question.length_s)})
    planned: dict[int, list[tuple[float, int]]] = {number: [] for number in scheduled}
    for at, after in zip(times, [*times[1:], question.length_s], strict=True):
        rates = {name: max(one.at(start + at), one.at(start + after - 1e-6)) * question.scale for name, one in profiles.items()}
        stations = _stations(setting.system, rates)
        for number in scheduled:
            planned[number].append((at, stations.replicas(number)))
    return planned


def _events(system: System, plan: Plan, rates: dict[str, float]) -> float:
    """Expected entries of the agenda: an end of work, and two ways for each call that goes far, of every invocation."""
    total = 0.0
    for flow in plan.flows:
        visits = solve(system, {system.entry(flow): 1.0})
        each = 1.0 + sum(visits[node.index] * (1 + (2 if system.services[node.service].round_trip > 0 else 0)) for node in system.handlers)
        if flow.name in plan.users:
            count = rates[flow.name] * (plan.length_s + plan.lead_in_s)
        else:
            count = sum((r0 + r1) / 2 * (t1 - t0) for t0, r0, t1, r1 in plan.pieces[flow.name])
        total += each * count
    return total


def _checked(setting: Setting, fault: Fault, length: float) -> Fault:
    """A fault whose target exists, within the run. Raises ScenarioError."""
    if fault.kind == ZONE:
        check_targets(setting.system, Kill((), (fault.target,)))
    elif fault.kind == KILL:
        check_targets(setting.system, Kill((fault.target,)))
    elif fault.target not in setting.system.service_index:
        check_targets(setting.system, Kill((fault.target,)))
        raise ValueError(fault.target)  # one replica: slowness and losses are of the whole service
    if fault.start > length:
        raise ScenarioError(
            [Problem("fault-after-end", Place(setting.scenario.address), {"target": fault.target, "length": f"{length:g}s"})]
        )
    return replace(fault, end=min(fault.end, length))


def faults_of(kind: str, texts: Sequence[str], length_s: float) -> tuple[Fault, ...]:
    """Faults as a user writes them: ``payment@40s..130s``, ``payment=3@1min..2min``. Raises ValueError with the text that is wrong.

    Without a time they last from the first quarter of the run to its middle.
    """
    found = []
    for text in texts:
        what, at, when = text.partition("@")
        target, equals, amount = what.partition("=")
        start, end = length_s / 4, length_s / 2
        if at:
            first, dots, last = when.partition("..")
            if not dots:
                raise ValueError(text)
            start, end = _seconds(first, text), _seconds(last, text)
        if end < start or start < 0 or bool(equals) != (kind in (SLOW, LOSS)):
            raise ValueError(text)
        value = 1.0
        if kind == SLOW:
            value = _amount(amount, text)
        elif kind == LOSS:
            value = _amount(amount.removesuffix("%"), text) / (100 if amount.endswith("%") else 1)
            if value > 1:
                raise ValueError(text)
        found.append(Fault(kind, target, start, end, value))
    return tuple(found)


def _seconds(text: str, whole: str) -> float:
    text = text.strip()
    parsed = parse_quantity(f"{text}s" if text.replace(".", "", 1).isdigit() else text, TIME)
    if isinstance(parsed, Misread) or not math.isfinite(parsed.value):
        raise ValueError(whole)
    return float(parsed.value)


def _amount(text: str, whole: str) -> float:
    try:
        value = float(text.strip().removesuffix("x"))
    except ValueError:
        raise ValueError(whole) from None
    if not math.isfinite(value) or value <= 0:
        raise ValueError(whole)
    return value
