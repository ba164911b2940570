"""How much of a year each flow works, why it does not, and what matters most: exact, by structure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.deadlines import deadline_of, load_over_day
from sysdesign_cli.analyses.journey import pick_flow
from sysdesign_cli.analyses.load import stretch
from sysdesign_cli.analyses.presentable import Presentable
from sysdesign_cli.analyses.situations import Setting, awaited_effects, needed_effects
from sysdesign_cli.analyses.sizing import needed_replicas
from sysdesign_cli.engine.cutsets import CutSet, CutSets, minimal_cut_sets
from sysdesign_cli.engine.explained import APPROXIMATION, AT_LEAST, BOUND, EXACT, Number
from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.faulttree import TooLarge
from sysdesign_cli.engine.importance import Importance, importance
from sysdesign_cli.engine.sampling import simulated_probability
from sysdesign_cli.engine.structure import CATCHING_UP, DEPLOY, GROUP, REPLICA, WHOLE, ZONE, Component, Structure, Structures, Supply
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow, Service
from sysdesign_cli.scenario.quantity import COUNT, SHARE, TIME, Figure
from sysdesign_cli.scenario.shapes import Text

if TYPE_CHECKING:
    from sysdesign_cli.analyses.improvements import Improvement

SIMULATED: Final = "simulated"
YEAR_S: Final = 365 * 86400.0
#: A service counts as up while the replicas that are left are at most so busy at the workload's busiest moment.
STILL_SERVES: Final = 0.9
#: Relative room for rounding when an objective is just met.
TINY: Final = 1e-9
#: A component down stops the flow in at least this share of cases, or it is no single point of failure.
NOTICED: Final = 0.01
#: Cut sets are listed to this order unless asked otherwise.
ORDER: Final = 3
#: The tops of a completion: what stops it, what delays it, what degrades it.
STOPS, DELAYS, DEGRADES = "core", "on_time", "full"

Inputs = tuple[tuple[str, Number | Figure | str], ...]


@dataclass(frozen=True)
class Cut:
    """A set of components that together stop the flow, none of them too many. chance: share of requests they hit when all are down."""

    components: tuple[str, ...]
    probability: Number
    down: Number
    """downtime a year, were it the only one"""
    chance: float

    def same_as(self, other: Cut) -> bool:
        """The same components, with the same share of requests."""
        return self.components == other.components and math.isclose(self.chance, other.chance, rel_tol=TINY)


@dataclass(frozen=True)
class Cuts:
    """Minimal cut sets of one kind (``core``, ``on_time``, ``full``, ``answer``), likeliest first; left_out: that of the others."""

    what: str
    sets: tuple[Cut, ...]
    by_order: tuple[int, ...]
    complete: bool
    left_out: Number | None


@dataclass(frozen=True)
class Weight:
    """How much a component matters (see the page on availability for the definitions)."""

    component: str
    kind: str
    unavailability: Number
    birnbaum: Number
    criticality: Number
    fussell_vesely: Number


@dataclass(frozen=True)
class FlowAvailability:
    """One flow. answer, completion: steady-state availability; downtime a year of each. states: share of time ok, degraded,
    delayed, down; they sum to 1. singles: components that stop the flow alone. asynchronous: its completion is more than its answer.
    """

    flow: str
    title: Text
    answer: Number
    completion: Number
    answer_down: Number
    completion_down: Number
    states: dict[str, Number]
    singles: tuple[str, ...]
    objective: Number | None
    met: bool | None
    asynchronous: bool


@dataclass(frozen=True)
class Stated:
    """A service whose availability somebody states. sla: a source calls it an SLA, which is a refund threshold and no measurement."""

    service: str
    availability: Figure
    sla: bool


@dataclass(frozen=True)
class Detail:
    """Why one flow fails: its minimal cut sets, and how much each component matters. order: components of the largest sets listed."""

    flow: str
    title: Text
    order: int | None
    cuts: tuple[Cuts, ...]
    weights: tuple[Weight, ...]
    parts: tuple[Component, ...]
    stated: tuple[Stated, ...]
    improvements: tuple[Improvement, ...] | None = None
    """single changes by what they save; None: not asked for"""

    def sets(self, what: str) -> tuple[Cut, ...]:
        """The cut sets of one top, likeliest first."""
        return next((one.sets for one in self.cuts if one.what == what), ())

    def stopping(self) -> list[tuple[str, Cut]]:
        """What stops the flow, likeliest first: each cut set, and whether it stops the ``answer`` or only the completion (``core``)."""
        answers = self.sets("answer")
        rows = [("answer" if any(cut.same_as(one) for one in answers) else STOPS, cut) for cut in self.sets(STOPS)]
        rows += [("answer", cut) for cut in answers if not any(cut.same_as(one) for one in self.sets(STOPS))]
        return sorted(rows, key=lambda row: (-rounded(row[1].probability.value), len(row[1].components), row[1].components))

    def only(self, what: str) -> list[Cut]:
        """Cut sets of what delays (or degrades), without those that do worse."""
        worse = [cut for milder in ("answer", STOPS, DELAYS) if milder != what for cut in self.sets(milder)]
        return [cut for cut in self.sets(what) if not any(cut.same_as(one) for one in worse)]


@dataclass(frozen=True)
class Short:
    """A service that even with all its replicas cannot serve the load: its figures hold as if it could."""

    service: str
    needs: int
    replicas: int


@dataclass(frozen=True)
class AvailabilityResult(Presentable):
    """Flows of a scenario under one workload. still_serves: utilisation up to which the replicas left count as enough."""

    scenario: str
    title: Text
    workload: str
    workload_title: Text
    clock: str
    still_serves: float
    flows: tuple[FlowAvailability, ...]
    detail: Detail
    short: tuple[Short, ...]
    never_drain: tuple[str, ...]


def availability(
    system: System, flow: str = "", workload: str = "", order: int | None = ORDER, still_serves: float = STILL_SERVES
) -> AvailabilityResult:
    """Availability of the flow named, or of all flows with the details of the one that is down longest against its objective.

    order: cut sets are listed up to so many components; None lists all. still_serves: see ``STILL_SERVES``.

    Raises ScenarioError for an unknown flow or workload, and where nothing starts.
    """
    return Availabilities(Setting(system, workload), still_serves).result(flow, order)


class Availabilities:
    """Availability of the flows of one setting; structures and probabilities are worked out once."""

    def __init__(self, setting: Setting, still_serves: float = STILL_SERVES) -> None:
        self.setting = setting
        self.system = setting.system
        self.still_serves = still_serves
        supplies = [self._supply(number, service) for number, service in enumerate(self.system.services)]
        self.supply: dict[int, Supply] = {number: supply for number, (supply, _) in enumerate(supplies)}
        self.short: tuple[Short, ...] = tuple(short for _, short in supplies if short is not None)
        self.never_drain = tuple(self.system.services[n].name for n, s in self.supply.items() if math.isinf(s.stretch))
        self._structures: dict[str, Structure] = {}
        self._known: dict[tuple[str, str], float] = {}
        self._half_widths: dict[tuple[str, str], float] = {}
        """half the width of the 95 % interval, of what had to be simulated"""

    def _supply(self, number: int, service: Service) -> tuple[Supply, Short | None]:
        """How many replicas run at this moment, and how many are enough."""
        stations = self.setting.stations
        running = stations.replicas(number)
        if service.kind == "function":
            return Supply(running, 1, 1.0), None
        if service.kind == "broker" or service.concurrency is None:
            return Supply(running, int(service.needs)), None
        if deadline_of(self.setting, number) is not None:
            needs = max(int(service.needs), int(needed_replicas(self.setting, number).value))
            mean = load_over_day(self.setting, number).mean / (
                float(service.replicas.max or service.replicas.min) * float(service.concurrency)
            )
            short = Short(service.name, needs, running) if needs > running else None
            return Supply(running, min(needs, running), stretch(mean)), short
        wanted = stations.busy(number) / (float(service.concurrency) * self.still_serves)
        if service.cores is not None:
            wanted = max(wanted, stations.computing(number) / (float(service.cores) * self.still_serves))
        needs = max(int(service.needs), math.ceil(wanted * (1 - 1e-9)), 1)
        events = any(self.system.handlers[h].event is not None for h in self.system.handlers_of[number])
        late = stretch(stations.utilisation(number)) if events else 1.0
        if needs > running:
            return Supply(running, running, late), Short(service.name, needs, running)
        return Supply(running, needs, late), None

    def result(self, flow: str = "", order: int | None = ORDER) -> AvailabilityResult:
        """What `availability` returns."""
        system, setting = self.system, self.setting
        asked = [pick_flow(system, flow)] if flow else list(system.scenario.flows.values())
        flows = [self.flow(one) for one in asked]
        return AvailabilityResult(
            scenario=system.scenario.address or system.scenario.label,
            title=system.scenario.title,
            workload=setting.workload.name,
            workload_title=setting.workload.title,
            clock=setting.moment.clock,
            still_serves=self.still_serves,
            flows=tuple(flows),
            detail=self.detail(system.scenario.flows[worst(flows).flow], order),
            short=self.short,
            never_drain=self.never_drain,
        )

    def structure(self, flow: Flow) -> Structure:
        if flow.name not in self._structures:
            limit = flow.objectives.complete_within
            self._structures[flow.name] = Structures(self.system, self.supply).of(
                self.system.entry(flow),
                awaited_effects(self.system, flow),
                needed_effects(self.system, flow),
                float(limit) if limit else None,
            )
        return self._structures[flow.name]

    def failing(self, flow: Flow, top: str) -> float:
        """Unavailability by one of the structure's tops."""
        key = (flow.name, top)
        if key not in self._known:
            structure = self.structure(flow)
            try:
                self._known[key] = probability(structure.tree, structure.tops[top])
            except TooLarge:
                self._known[key], self._half_widths[key] = simulated_probability(structure.tree, structure.tops[top])
        return self._known[key]

    def answer(self, flow: Flow) -> Number:
        return self._available(flow, "answer")

    def completion(self, flow: Flow) -> Number:
        return self._available(flow, "core")

    def _available(self, flow: Flow, top: str) -> Number:
        share = self.unavailability(flow, top)
        method = AT_LEAST if share.method == BOUND else share.method
        return Number(1 - share.value, SHARE, "availability", (("unavailability", share),), method, share.note)

    def downtime(self, flow: Flow, top: str) -> Number:
        share = self.unavailability(flow, top)
        return yearly_downtime(share)

    def unavailability(self, flow: Flow, top: str) -> Number:
        """Share of time (or of requests) in which a top is true, with the components it is made of."""
        share, method = self.failing(flow, top), self.method(flow, top)
        return Number(share, SHARE, f"top-{top}", self._top_inputs(flow, top), method, self._interval(flow, top))

    def _interval(self, flow: Flow, top: str) -> str:
        """The note of a simulated number: half the width of its interval."""
        half = self._half_widths.get((flow.name, top))
        return repr(half) if half else ""

    def method(self, flow: Flow, top: str) -> str:
        """Exact, unless replicas are counted in groups (an upper bound) or catching up counts (an approximation).

        Simulated, with its 95 % interval, where the structure is too entangled for a decision diagram within its budget.
        """
        self.failing(flow, top)
        if self._half_widths.get((flow.name, top)):
            return SIMULATED
        structure = self.structure(flow)
        kinds = {structure.components[name].kind for name in self._names_below(flow, top)}
        return APPROXIMATION if CATCHING_UP in kinds else BOUND if GROUP in kinds else EXACT

    def _names_below(self, flow: Flow, top: str) -> list[str]:
        structure = self.structure(flow)
        names = [structure.tree.names[node] for node in structure.tree.below([structure.tops[top]])]
        return sorted(name for name in names if name in structure.components)

    def _top_inputs(self, flow: Flow, top: str) -> Inputs:
        """The components it depends on, each with the figures of the file it comes from."""
        components = self.structure(flow).components
        return tuple((name, self.component_number(components[name])) for name in self._names_below(flow, top))

    def component_number(self, component: Component) -> Number:
        scenario = self.system.scenario
        if component.kind == ZONE:
            zones = scenario.zone_failures
            return Number(component.unavailability, SHARE, "mttr-over-all", (("mtbf", zones.mtbf), ("mttr", zones.mttr)))
        service = scenario.services[component.service]
        if component.kind == DEPLOY and service.bad_deploys is not None:
            deploys = service.bad_deploys
            return Number(component.unavailability, SHARE, "deploys-a-year", (("per_year", deploys.per_year), ("lasts", deploys.lasts)))
        if component.kind == WHOLE and service.availability is not None:
            return Number(component.unavailability, SHARE, "stated-availability", ((f"{service.name}.availability", service.availability),))
        inputs: Inputs = ((f"{service.name}.mtbf", service.mtbf), (f"{service.name}.mttr", service.mttr))
        if component.kind in (REPLICA, WHOLE):
            return Number(component.unavailability, SHARE, "mttr-over-all", inputs)
        return Number(
            component.unavailability, SHARE, f"component-{component.kind}", inputs, BOUND if component.kind == GROUP else APPROXIMATION
        )

    def cut_sets(self, flow: Flow, top: str, order: int | None) -> CutSets:
        structure = self.structure(flow)
        try:
            return minimal_cut_sets(structure.tree, structure.tops[top], order)
        except TooLarge:  # none can be listed: all of it is left out
            return CutSets((), False, order, self.failing(flow, top), False)

    def flow(self, flow: Flow) -> FlowAvailability:
        """One flow in figures."""
        structure = self.structure(flow)
        objective = flow.objectives.availability
        promised = None if objective is None else Number(float(objective), SHARE, "objective", ((f"{flow.name}.availability", objective),))
        return FlowAvailability(
            flow=flow.name,
            title=flow.title,
            answer=self.answer(flow),
            completion=self.completion(flow),
            answer_down=self.downtime(flow, "answer"),
            completion_down=self.downtime(flow, STOPS),
            states=self.states(flow),
            singles=self.singles(flow),
            objective=promised,
            met=None if promised is None else self.failing(flow, "answer") <= (1 - promised.value) * (1 + TINY),
            asynchronous=structure.tops[STOPS] != structure.tops["answer"],
        )

    def singles(self, flow: Flow) -> tuple[str, ...]:
        """Single points of failure of a flow's completion: its cut sets of one component.

        Several replicas at once are not single; nor counts what stops it almost never when it is down (a deadline beyond reach).
        """
        components = self.structure(flow).components
        names = sorted(next(iter(one.events)) for one in self.cut_sets(flow, STOPS, 1).sets if one.chance >= NOTICED)
        return tuple(name for name in names if components[name].kind != GROUP or components[name].replica == 1)

    def count_of_singles(self, flow: Flow) -> Number:
        names = self.singles(flow)
        return Number(float(len(names)), COUNT, "counted", tuple((f"#{n}", name) for n, name in enumerate(names, 1)))

    def detail(self, flow: Flow, order: int | None = ORDER) -> Detail:
        """One flow's cut sets up to an order, and its components by how much they matter."""
        structure = self.structure(flow)
        tops = [STOPS, DEGRADES] if structure.tops[STOPS] == structure.tops["answer"] else ["answer", STOPS, DELAYS, DEGRADES]
        found = {top: self.cut_sets(flow, top, order) for top in tops}
        cuts = tuple(self._cuts(flow, top, one) for top, one in found.items())
        parts = tuple(structure.components.values())
        return Detail(flow.name, flow.title, order, cuts, self._weights(flow, STOPS, found[STOPS]), parts, self._stated(parts))

    def _stated(self, parts: tuple[Component, ...]) -> tuple[Stated, ...]:
        scenario = self.system.scenario
        found = []
        for name in dict.fromkeys(part.service for part in parts if part.kind == WHOLE):
            figure = scenario.services[name].availability
            if figure is not None:
                titles = [scenario.sources[one].title.in_language("en") for one in figure.sources if one in scenario.sources]
                found.append(Stated(name, figure, any("SLA" in title for title in titles)))
        return tuple(found)

    def heaviest(self, flow: Flow, least: float) -> list[Component]:
        """Components whose criticality for the flow's completion is above this, the most critical first."""
        structure = self.structure(flow)
        found = importance(structure.tree, structure.tops[STOPS])
        heavy = [
            (-rounded(one.criticality), name) for name, one in found.items() if one.criticality > least and name in structure.components
        ]
        return [structure.components[name] for _, name in sorted(heavy)]

    def states(self, flow: Flow) -> dict[str, Number]:
        """Share of time (or of requests) in each state of the completion; differences of the three nested functions."""
        core, on_time, full = (self.failing(flow, top) for top in (STOPS, DELAYS, DEGRADES))
        shares = {"ok": 1 - full, "degraded": max(0.0, full - on_time), "delayed": max(0.0, on_time - core), "down": core}
        outer = self.method(flow, DEGRADES)
        shown = {
            "ok": (AT_LEAST if outer == BOUND else outer, self._interval(flow, DEGRADES)),
            "degraded": self._between(flow, DEGRADES, DELAYS),
            "delayed": self._between(flow, DELAYS, STOPS),
            "down": (self.method(flow, STOPS), self._interval(flow, STOPS)),
        }
        return {state: Number(share, SHARE, f"state-{state}", (), *shown[state]) for state, share in shares.items()}

    def _between(self, flow: Flow, outer: str, inner: str) -> tuple[str, str]:
        """Method and interval of a difference of two tops; the half widths add up at most."""
        methods = {self.method(flow, outer), self.method(flow, inner)}
        if SIMULATED in methods:
            return SIMULATED, repr(sum(self._half_widths.get((flow.name, top), 0.0) for top in (outer, inner)))
        return EXACT if methods == {EXACT} else APPROXIMATION, ""

    def _cuts(self, flow: Flow, top: str, found: CutSets) -> Cuts:
        structure = self.structure(flow)
        listed = sorted(found.sets, key=lambda one: (-rounded(one.probability), len(one.events), sorted(one.events)))
        sets = tuple(self._cut(structure, one) for one in listed)
        counts = [
            sum(1 for one in found.sets if len(one.events) == n) for n in range(max((len(one.events) for one in found.sets), default=0) + 1)
        ]
        left = None if found.complete else Number(found.left_out, SHARE, "left-out", method=EXACT if found.left_out_exact else BOUND)
        return Cuts(top, sets, tuple(counts), found.complete, left)

    def _cut(self, structure: Structure, one: CutSet) -> Cut:
        names = tuple(sorted(one.events))
        inputs: Inputs = tuple((name, self.component_number(structure.components[name])) for name in names)
        if one.chance < 1:
            inputs += (("share-hit", Number(one.chance, SHARE, "cut-set-chance")),)
        share = Number(one.probability, SHARE, "cut-set", inputs)
        return Cut(names, share, Number(one.probability * YEAR_S, TIME, "downtime-a-year", (("unavailability", share),)), one.chance)

    def _weights(self, flow: Flow, top: str, cuts: CutSets) -> tuple[Weight, ...]:
        structure = self.structure(flow)
        try:
            found: dict[str, Importance] = importance(structure.tree, structure.tops[top], cuts)
        except TooLarge:
            return ()
        rows = [
            Weight(
                name,
                structure.components[name].kind,
                self.component_number(structure.components[name]),
                Number(one.birnbaum, SHARE, "birnbaum"),
                Number(one.criticality, SHARE, "criticality"),
                Number(one.fussell_vesely, SHARE, "fussell-vesely", method=EXACT if one.fussell_vesely_exact else BOUND),
            )
            for name, one in found.items()
            if name in structure.components and one.birnbaum > 0
        ]
        return tuple(sorted(rows, key=lambda row: (-rounded(row.criticality.value), row.component)))


def yearly_downtime(share: Number) -> Number:
    """An unavailability as time a year; its interval, where it has one, grows with it."""
    note = repr(float(share.note) * YEAR_S) if share.method == SIMULATED and share.note else ""
    return Number(share.value * YEAR_S, TIME, "downtime-a-year", (("unavailability", share),), share.method, note)


def rounded(share: float) -> float:
    """To nine digits, so that what is equal but for rounding sorts as equal."""
    return float(f"{share:.9e}")


def worst(flows: list[FlowAvailability]) -> FlowAvailability:
    """The flow that is down longest, measured by what it promises."""

    def over(one: FlowAvailability) -> float:
        promised = one.objective.value if one.objective is not None else 0.999
        return one.completion_down.value / YEAR_S / max(1e-12, 1 - promised)

    return max(flows, key=over)
