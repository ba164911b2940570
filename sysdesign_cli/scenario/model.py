"""The types of a scenario. Every field's text is the hover help in an editor and the reference page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from sysdesign_cli.scenario.nodes import LIST, MAP, Node
from sysdesign_cli.scenario.quantity import COUNT, MONEY, POWER, RATE, SHARE, SIZE, TIME, Figure
from sysdesign_cli.scenario.shapes import (
    INVALID,
    Choice,
    Flag,
    Label,
    ListOf,
    Localized,
    MapOf,
    Name,
    Plain,
    Quantity,
    Reader,
    Record,
    Reference,
    Shape,
    Text,
    item,
    whole,
)

KINDS: Final = ("service", "function", "gateway", "database", "cache", "broker", "cdn", "external", "client")
MODES: Final = ("in-path", "outbox", "best-effort")
DISTRIBUTIONS: Final = ("fixed", "exponential", "gamma", "lognormal")
STATES: Final = ("ok", "degraded", "delayed", "failed", "lost")
_DAY: Final = 86400.0
_YEAR: Final = 365 * _DAY

_text = Localized()
_name = Label()
_title = item(_text, "What people call it: text, or {en: …, th: …}.", default=Text())
_description = item(_text, "One or two sentences for people.", default=Text())
_source = item(Plain(), "Where the figures here come from: the id of a source below `sources`, or the word assumption.", default="")
_handler = Reference("handler")
_duration = Quantity(TIME, 0, 10 * _YEAR)
_short = Quantity(TIME, 0, _DAY)
_share = Quantity(SHARE, 0, 1)
_size = Quantity(SIZE, 0, 1e18)
_rate = Quantity(RATE, 0, 1e12)


@dataclass(frozen=True)
class Element:
    """What every part has: its name, and the node it was read from."""

    name: str = ""
    node: Node | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Source(Element):
    """Where figures come from."""

    title: Text = _title
    address: str = item(Plain(), "Address of the page, paper or file.", default="")
    date: str = item(Plain(r"\d{4}(-\d{2}(-\d{2})?)?", "date"), "When it was published or read: 2024, 2024-11 or 2024-11-29.", default="")
    grade: str = item(Choice("A", "B", "C"), "A: operator or vendor; B: press or academic quoting it; C: third-party estimate.", default="")
    note: Text = item(_text, "What to know before relying on it.", default=Text())


@dataclass(frozen=True)
class Takes(Element):
    """A service time: its mean and its variability."""

    mean: Figure = item(_short, "Mean time of the work itself, without waiting for calls.", required=True)
    cv: Figure = item(Quantity(POWER, 0, 20), "Coefficient of variation: 0 always the same, 1 like an exponential (the default).")
    distribution: str = item(
        Choice(*DISTRIBUTIONS),
        "How it is distributed; unless said: fixed for cv 0, gamma below 1, exponential for 1, lognormal above.",
        default="",
    )
    source: str = _source


@dataclass(frozen=True)
class Replicas(Element):
    """How many copies run, and how autoscaling changes that."""

    min: Figure = item(whole(1e6), "How many run at least (a bare number means exactly so many).", required=True)
    max: Figure | None = item(whole(1e6, 1), "How many autoscaling may start.")
    target: Figure | None = item(_share, "Utilisation that autoscaling aims at.")
    reacts_to: str = item(Choice("utilisation", "queue", "requests", "schedule"), "What autoscaling watches.", default="utilisation")
    starts_in: Figure | None = item(_short, "Time until a new replica serves (a function: its cold start).")
    adds: Figure | None = item(_rate, "How fast new replicas can be added.")
    keeps_warm: Figure | None = item(_short, "A function: how long an idle replica is kept before its next start is cold again.")
    source: str = _source


@dataclass(frozen=True)
class BadDeploys(Element):
    """A fault that takes all replicas of a service at once."""

    per_year: Figure = item(Quantity(COUNT, 0, 10_000), "How many a year.", required=True)
    lasts: Figure = item(_duration, "How long one lasts.", required=True)
    source: str = _source


class CallsShape(Shape):
    """A list of calls in order; a list inside the list is a group of calls at the same time."""

    expected = "calls"

    def __init__(self) -> None:
        self.one: Record | None = None

    def read(self, node: Node, reader: Reader) -> Any:
        one = self.one or PartRecord(Call, "to", "calls")
        self.one = one
        if node.kind is not LIST:
            return INVALID if (call := one.read(node, reader)) is INVALID else ((call,),)
        groups = []
        for part in node.value:
            if part.kind is LIST:
                groups.append(tuple([one.read(inner, reader) for inner in part.value]))
            else:
                groups.append((one.read(part, reader),))
        return tuple(groups)

    def schema(self, refer: Any) -> dict[str, Any]:
        one = {"anyOf": [refer(Call), {"type": "string"}]}
        return {"anyOf": [{"type": "array", "items": {"anyOf": [one, {"type": "array", "items": one}]}}, one]}


@dataclass(frozen=True)
class Call(Element):
    """A synchronous request to a handler of another service: the caller waits for the reply."""

    to: Name = item(_handler, "The handler called, `service.handler`; `service` alone when it has just one.", required=True)
    count: Figure = item(Quantity(COUNT, 0, 1e6), "Calls for each invocation (mean).")
    chance: Figure = item(_share, "Share of invocations that make this call.")
    timeout: Figure | None = item(_short, "How long the caller waits before it gives up.")
    retries: Figure = item(whole(100), "Tries after the first one.")
    backoff: Figure | None = item(_short, "Wait before a retry.")
    jitter: Figure | None = item(
        _share, "How far chance moves that wait: 50% makes it half to one and a half times as long (simulation only)."
    )
    retry_budget: Figure | None = item(_share, "Retries allowed as a share of first calls.")
    circuit_breaker: bool = item(Flag(), "Stops calling for a while when most calls fail: fails faster, not less.", default=False)
    fallback: Name | None = item(_handler, "Handler called instead when this one fails: the answer is then degraded.")
    optional: Text = item(_text, "What the user gets without this call (`yes` or a text): the answer is then degraded.", default=Text())
    hit_ratio: Figure | None = item(_share, "The callee is a cache: share of calls it answers. The rest goes `on_miss`.")
    on_miss: tuple[tuple[Call, ...], ...] = item(CallsShape(), "What is called when the cache has no answer, or is dead.", default=())
    source: str = _source


_calls: Final = CallsShape()


@dataclass(frozen=True)
class Publish(Element):
    """One event type that a handler publishes."""

    event: Name = item(Reference("event"), "The event published.", required=True)
    chance: Figure = item(_share, "Share of invocations that publish it.")
    count: Figure = item(Quantity(COUNT, 0, 1e6), "Copies for each invocation (mean).")
    mode: str = item(Choice(*MODES), "What happens when the broker is away; as the handler's `publish_mode` unless said.", default="")
    source: str = _source


@dataclass(frozen=True)
class Publishes:
    """What a handler publishes: each of a list, or exactly one of several alternatives with chances."""

    each: tuple[Publish, ...] = ()
    one_of: tuple[Publish, ...] = ()


class PublishesShape(Shape):
    """A list (all of them), or a map from event to chance (one of them)."""

    expected = "publishes"

    def __init__(self) -> None:
        self.one = Record(Publish, "event")

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is LIST:
            return Publishes(each=tuple([self.one.read(part, reader) for part in node.value]))
        if node.kind is not MAP:
            return INVALID if (only := self.one.read(node, reader)) is INVALID else Publishes(each=(only,))
        if "event" in node.value:
            return Publishes(each=(self.one.read(node, reader),))
        alternatives = []
        for event, (key_node, value) in node.value.items():
            entries = value.value if value.kind is MAP else {"chance": (value, value)}
            named = Node(MAP, {"event": (key_node, key_node), **entries}, key_node.file, key_node.line, key_node.column)
            alternatives.append(self.one.read(named, reader))
            del event
        total: float = sum(p.chance for p in alternatives if p is not INVALID and p.chance is not INVALID)
        # without a chance it is certain
        total += sum(value.kind is MAP and "chance" not in value.value for _, value in node.value.values())
        if total > 1 + 1e-9:
            reader.report("chances-over-one", node, total=f"{total * 100:g}%")
        return Publishes(one_of=tuple(alternatives))

    def schema(self, refer: Any) -> dict[str, Any]:
        one = {"anyOf": [refer(Publish), {"type": "string"}]}
        chances = {"type": "object", "additionalProperties": {"anyOf": [{"type": ["string", "number"]}, refer(Publish)]}}
        return {"anyOf": [{"type": "array", "items": one}, {"type": "string"}, chances]}


@dataclass(frozen=True)
class Handler(Element):
    """One thing a service does on one message: answer a request, or react to the event it is named after."""

    title: Text = _title
    takes: Takes = item(Record(Takes, "mean"), "Its own service time: `8ms`, or `{mean: 8ms, cv: 1.5}`.")
    access: str = item(Choice("read", "write", "none"), "For a store: whether it reads or writes.", default="none")
    request: Figure = item(_size, "Bytes of a request.")
    reply: Figure = item(_size, "Bytes of a reply.")
    content: Name | None = item(_name, "What the bytes are: video, location, order …")
    hit_ratio: Figure | None = item(_share, "Share of requests answered from its own copy; only the rest makes the calls `on_miss`.")
    on_miss: tuple[tuple[Call, ...], ...] = item(_calls, "Calls made only when it has no copy of its own.", default=())
    calls: tuple[tuple[Call, ...], ...] = item(_calls, "Calls in order; a list inside the list is made at the same time.", default=())
    publishes: Publishes = item(
        PublishesShape(), "Events published after the calls: a list (all), or a map to chances (one of them).", default=Publishes()
    )
    publish_mode: str = item(
        Choice(*MODES), "When the broker is away: in-path fails the request, outbox sends later, best-effort loses.", default="in-path"
    )
    compensates: tuple[Name, ...] = item(ListOf(_handler), "Handlers whose effect this one undoes.", default=())
    idempotent: bool = item(Flag(), "Doing it twice is as good as once.", default=False)
    source: str = _source

    def every_call(self) -> list[Call]:
        """All calls, those made on a miss included, in order; not what a call does on its own miss."""
        return [call for group in (*self.calls, *self.on_miss) for call in group]

    def every_publish(self) -> tuple[Publish, ...]:
        return self.publishes.each + self.publishes.one_of


class HandlerRecord(Record):
    def template_for(self, node: Node, reader: Reader) -> dict[str, Any]:
        return reader.templates[f"handler.{reader.kind}"]


class PartRecord(Record):
    """A record whose defaults the catalogue or the file's own `defaults` give."""

    def __init__(self, cls: type, shorthand: str, template: str) -> None:
        super().__init__(cls, shorthand)
        self.template_name = template

    def template_for(self, node: Node, reader: Reader) -> dict[str, Any]:
        return reader.templates.get(self.template_name, self.template)


@dataclass(frozen=True)
class Service(Element):
    """Something deployed."""

    kind: str = item(Choice(*KINDS), "What it is; the kind gives the defaults.", default="service")
    title: Text = _title
    description: Text = _description
    team: Name | None = item(_name, "Who builds and runs it.")
    domains: tuple[Name, ...] = item(ListOf(_name), "Business domains it holds, when it is not just its own.", default=())
    runs_on: str = item(Plain(), "Item of the price book it runs on.", default="")
    replicas: Replicas = item(Record(Replicas, "min"), "How many copies: `3`, or `{min: 2, max: 20, target: 60%}`.")
    needs: Figure = item(whole(1e6, 1), "Replicas that must be up for it to serve at all.")
    zones: tuple[Name, ...] = item(
        ListOf(Reference("zone")), "Zones its replicas are spread over in turn; all of them unless said.", default=()
    )
    concurrency: Figure | None = item(whole(1e9, 1), "Requests one replica serves at once.")
    cores: Figure | None = item(
        whole(1e6, 1),
        "Requests one replica computes at once; the others it has taken in wait for a core, or for their calls. As many as `concurrency` unless said.",
    )
    queue: str = item(
        Choice("shared", "random", "round-robin", "least-connections"),
        "One queue for all replicas, or one each behind a balancer.",
        default="round-robin",
    )
    blocking: bool = item(Flag(), "Holds a worker while it waits for its calls.", default=True)
    takes: Takes = item(Record(Takes, "mean"), "Service time of handlers that state none.")
    round_trip: Figure = item(_short, "Network round trip to it from its callers.")
    handles: dict[str, Handler] = item(MapOf(HandlerRecord(Handler)), "What it does, by request name or by event name.", default={})
    availability: Figure | None = item(
        _share, "Stated availability of the whole (a provider's figure covers its replicas); a published SLA is a refund threshold."
    )
    mtbf: Figure = item(_duration, "Mean time between failures of one replica.")
    mttr: Figure = item(_duration, "Mean time to repair.")
    bad_deploys: BadDeploys | None = item(Record(BadDeploys), "Faults that take all replicas at once.")
    memory: Figure | None = item(_size, "Memory of one replica.")
    stores: Figure | None = item(_size, "Bytes kept.")
    source: str = _source


class ServiceRecord(Record):
    def template_for(self, node: Node, reader: Reader) -> dict[str, Any]:
        kind_node = node.value.get("kind", (None, None))[1] if node.kind is MAP else None
        kind = kind_node.value if kind_node is not None and kind_node.kind == "text" and kind_node.value in KINDS else "service"
        reader.kind = kind
        return reader.templates[kind]


@dataclass(frozen=True)
class Event(Element):
    """A message type on a broker. Its subscribers are the handlers named after it."""

    title: Text = _title
    broker: Name | None = item(Reference("broker"), "The broker that carries it; not needed when there is one.")
    size: Figure = item(_size, "Bytes of a message.")
    content: Name | None = item(_name, "What the bytes are.")
    retention: Figure = item(_duration, "How long the broker keeps a message that nobody took.")
    durable: bool = item(Flag(), "Survives while its subscriber is away.", default=True)
    queue_limit: Figure | None = item(whole(1e12, 1), "Messages kept at most for one subscriber.")
    delivery: str = item(
        Choice("at-least-once", "at-most-once", "exactly-once"), "How often a subscriber may see one message.", default="at-least-once"
    )
    deliveries: Figure = item(whole(1e6, 1), "Tries before a message is given up.")
    redelivery_delay: Figure = item(_duration, "Wait between tries.")
    dead_letters: bool = item(Flag(), "Messages given up are parked in a dead-letter queue instead of dropped.", default=False)
    partitions: Figure | None = item(whole(1e6, 1), "Consumers of one subscriber that can work at once.")
    lag: Figure = item(_short, "Time from publish to delivery when nothing waits.")
    source: str = _source


@dataclass(frozen=True)
class Objectives(Element):
    """What a flow promises."""

    answer_p50: Figure | None = item(_short, "Half the answers come within this time.")
    answer_p95: Figure | None = item(_short, "95 of 100 answers come within this time.")
    answer_p99: Figure | None = item(_short, "99 of 100 answers come within this time.")
    availability: Figure | None = item(_share, "Share of requests that get their answer.")
    complete_within: Figure | None = item(_duration, "Everything has happened within this time.")
    freshness: Figure | None = item(_duration, "What the user sees is at most this old.")
    recover_within: Figure | None = item(_duration, "After an outage, back to normal within this time from its start.")
    lose_at_most: Figure | None = item(whole(1e12), "Messages an outage may lose.")
    source: str = _source


@dataclass(frozen=True)
class Flow(Element):
    """A journey that a user or a device starts. Its steps are followed, not typed in."""

    title: Text = _title
    description: Text = _description
    starts: Name = item(_handler, "The handler it enters by.", required=True)
    answered: Name | None = item(_handler, "The handler whose end gives the user the answer; the entry unless said.")
    completed: tuple[Name, ...] = item(ListOf(_handler), "Handlers that must have run, where the journey leads to them.", default=())
    path: tuple[Name, ...] = item(ListOf(Reference("step")), "Handlers and events expected on the way, in this order.", default=())
    objectives: Objectives = item(Record(Objectives), "What it promises.", default=Objectives())
    source: str = _source


class Clock(Shape):
    """A time of day, HH:MM, read as seconds since midnight."""

    expected = "clock"

    def read(self, node: Node, reader: Reader) -> Any:
        match = re.fullmatch(r"([01]?\d|2[0-4]):([0-5]\d)", node.value) if node.kind == "text" else None
        if match is None or int(match[1]) * 60 + int(match[2]) > 1440:
            return self.wrong_kind(node, reader)
        return int(match[1]) * 3600 + int(match[2]) * 60

    def schema(self, refer: Any) -> dict[str, Any]:
        # YAML 1.1 reads 20:00 as the number 1200, YAML 1.2 as text
        return {"type": ["string", "integer"], "examples": ["20:00"]}


@dataclass(frozen=True)
class Start(Element):
    """How often a flow starts: its highest rate, and how the day goes."""

    peak: Figure | None = item(_rate, "Rate at the busiest moment.")
    shape: Name | None = item(Reference("shape"), "How the day goes, as a share of the peak.")
    base: Figure | None = item(_rate, "Rate outside a spike.")
    at: int | None = item(Clock(), "When a spike begins, HH:MM.")
    lasts: Figure | None = item(Quantity(TIME, 1, _DAY), "How long a spike lasts.", key="for")
    ramp: Figure | None = item(_short, "Time from base to peak, and back.")
    users: Figure | None = item(whole(1e10, 1), "Closed population: so many users, each waiting for its answer before it goes on.")
    think: Figure | None = item(
        Quantity(TIME, 0, 10 * _YEAR, above_zero=True), "Closed population: time a user thinks between two requests."
    )
    source: str = _source


@dataclass(frozen=True)
class Workload(Element):
    """How often each flow starts."""

    title: Text = _title
    description: Text = _description
    based_on: Name | None = item(Reference("workload"), "Takes over what is not said here.")
    starts: dict[str, Start] = item(
        MapOf(Record(Start, "peak"), key="flow"),
        "For each flow the rate at its peak: `20/s`, or a spike `{peak: 400/s, base: 20/s, at: 20:00, for: 10min}`.",
        default={},
    )
    shape: Name | None = item(Reference("shape"), "How the day goes for flows that do not say.")
    users: Figure | None = item(whole(1e10), "People behind it.")
    days_per_year: Figure | None = item(Quantity(COUNT, 0, 366), "Days a year that are like this.")
    failure_costs: Figure | None = item(Quantity(MONEY, 0, 1e9), "What a second of failure costs.")
    source: str = _source


_CLOCK_KEY: Final = re.compile(r"([01]?\d|2[0-4]):[0-5]\d")


class Anything(Shape):
    """Kept as it stands; read later, when it is laid over the scenario."""

    expected = "map"

    def read(self, node: Node, reader: Reader) -> Any:
        return node if node.kind is MAP else self.wrong_kind(node, reader)

    def schema(self, refer: Any) -> dict[str, Any]:
        return {"$ref": "#/definitions/ScenarioChange"}


@dataclass(frozen=True)
class Variant(Element):
    """The same scenario, changed by a small patch."""

    title: Text = _title
    description: Text = _description
    changes: Node | None = item(Anything(), "Laid over the scenario: maps are merged, everything else is replaced.")
    remove: tuple[str, ...] = item(ListOf(Plain()), "Paths to take away first, such as services.broker.", default=())
    source: str = _source


@dataclass(frozen=True)
class Given(Element):
    """The situation a claim is about."""

    kill: tuple[Name, ...] = item(
        ListOf(Reference("target")), "What is dead: services, `service/1` for one replica, or each in turn: `each`.", default=()
    )
    zone: tuple[Name, ...] = item(ListOf(Reference("zone-or-each")), "Zones that are lost, or each in turn: `each`.", default=())
    of: tuple[Name, ...] = item(ListOf(Reference("service")), "With `kill: each`, only these services in turn.", default=())
    lasts: Figure | None = item(_duration, "How long it lasts.", key="for")
    workload: Name | None = item(Reference("workload"), "Under this workload; the first one unless said.")
    variant: Name | None = item(Reference("variant"), "On this variant.")


@dataclass(frozen=True)
class Check(Element):
    """One thing a claim expects. Exactly one of flow, metric, path, apart, no_finding, adds_only, others."""

    flow: Name | None = item(Reference("flow"), "This flow; with answer, completion, or a metric of it.")
    answer: str = item(Choice(*STATES), "Its answer is at worst in this state.", default="")
    completion: str = item(Choice(*STATES), "Its completion is at worst in this state.", default="")
    answer_at_least: str = item(Choice(*STATES), "Its answer is at least this bad (to show what a variant does worse).", default="")
    completion_at_least: str = item(Choice(*STATES), "Its completion is at least this bad.", default="")
    metric: Name | None = item(Reference("metric"), "A metric of the registry.")
    service: Name | None = item(Reference("service"), "The metric of this service.")
    content: Name | None = item(_name, "The metric for this kind of content.")
    compared_with: Name | None = item(
        Reference("variant-or-workload"),
        "Divide by the same metric there: `@variant` or the name of a workload. A metric that weighs two systems (`break_even_rate`) is worked out between them.",
    )
    expected: str = item(Plain(r"(<=|>=|<|>|=)\s*\S.*", "comparison"), "Comparison and value: `>= 80%`.", default="", key="is")
    path: tuple[Name, ...] = item(ListOf(Reference("step")), "The flow passes these handlers and events, in this order.", default=())
    apart: tuple[Name, ...] = item(ListOf(Reference("service")), "No synchronous call among these services.", default=())
    no_finding: tuple[Name, ...] = item(ListOf(Reference("rule")), "`check` finds nothing by these rules.", default=())
    adds_only: Name | None = item(Reference("variant"), "This variant adds, and changes no existing service, event or flow.")
    stay_up: tuple[Name, ...] = item(
        ListOf(Reference("service")), "These services neither fail nor starve, unless they are the ones killed.", default=()
    )
    present: tuple[Name, ...] = item(ListOf(Reference("service")), "The flow's path leads through these services.", default=())


@dataclass(frozen=True)
class Claim(Element):
    """A sentence somebody says about the architecture, with a check."""

    says: Text = item(_text, "The sentence, in both languages.", required=True)
    given: Given = item(Record(Given), "The situation.", default=Given())
    expect: tuple[Check, ...] = item(ListOf(Record(Check)), "What must hold; all of them.", required=True)
    note: Text = item(_text, "How the sentence was understood, or why it fails.", default=Text())
    source: str = _source


class ClaimRecord(Record):
    """A claim about a variant names parts of that variant, which need not exist elsewhere."""

    def read(self, node: Node, reader: Reader) -> Any:
        before = len(reader.references)
        claim = super().read(node, reader)
        about = claim.given.variant if isinstance(claim, Claim) and isinstance(claim.given, Given) else None
        if (about or "") != reader.variant:
            del reader.references[before:]
            if about is not None and not reader.variant:
                reader.references.append(("variant", about))
        return claim


@dataclass(frozen=True)
class Waiver(Element):
    """A finding that is accepted, with the reason."""

    finding: str = item(Plain(), "Id of the finding as `check` prints it.", required=True)
    reason: Text = item(_text, "Why it is accepted.", required=True)
    until: str = item(Plain(r"\d{4}-\d{2}-\d{2}", "date"), "Date after which it counts again.", default="")


@dataclass(frozen=True)
class ZoneFailures(Element):
    """How often a whole zone fails, which takes everything in it at once."""

    mtbf: Figure = item(_duration, "Mean time between failures of one zone.")
    mttr: Figure = item(_duration, "Mean time until it is back.")
    source: str = _source


@dataclass(frozen=True)
class Tradeoff(Element):
    """How the variants are weighed against each other."""

    variants: tuple[Name, ...] = item(
        ListOf(Reference("variant")), "The variants weighed beside the scenario itself; all unless said.", default=()
    )
    flow: Name | None = item(Reference("flow"), "The flow that metrics of one flow are taken of.")
    workload: Name | None = item(Reference("workload"), "Under this workload; the first one unless said.")
    weights: dict[str, Figure] = item(
        MapOf(Quantity(POWER, 0, 1e6), key="metric"), "Metric to weight; they are divided by their sum.", default={}
    )
    source: str = _source


@dataclass(frozen=True)
class Scenario(Element):
    """A system: services, the events between them, the flows through them, and what is asked of it."""

    sysdesign: str = item(Choice("1"), "Version of the language: 1.", required=True)
    label: str = item(Label(), "Short name, as used in commands.", required=True, key="name")
    title: Text = _title
    description: Text = _description
    include: tuple[str, ...] = item(ListOf(Plain()), "Further files below this file's folder whose parts are added.", default=())
    source: str = item(Plain(), "Source of every figure that names none: an id, or assumption.", default="")
    zones: tuple[Name, ...] = item(ListOf(Label()), "Parts of the data centre that fail together.", default=())
    zone_failures: ZoneFailures = item(
        PartRecord(ZoneFailures, "", "zone_failures"), "How often a whole zone fails and for how long.", default=None
    )
    prices: str = item(Plain(), "Price book: the name of one that comes with the program, or a file.", default="")
    defaults: dict[str, Any] = item(Shape(), "Defaults of this file by kind of service, and for `calls` and `events`.", default={})
    sources: dict[str, Source] = item(
        MapOf(Record(Source), pattern=re.compile(r"[A-Za-z0-9][\w.%+-]{0,79}")), "Where figures come from.", default={}
    )
    services: dict[str, Service] = item(MapOf(ServiceRecord(Service)), "What is deployed.", default={})
    events: dict[str, Event] = item(MapOf(PartRecord(Event, "size", "events")), "Message types.", default={})
    flows: dict[str, Flow] = item(MapOf(Record(Flow, "starts")), "Journeys.", default={})
    shapes: dict[str, dict[str, Figure]] = item(
        MapOf(MapOf(_share, pattern=_CLOCK_KEY)), "How days go: time of day to share of the peak, straight lines between.", default={}
    )
    workloads: dict[str, Workload] = item(MapOf(Record(Workload)), "How often flows start.", default={})
    variants: dict[str, Variant] = item(MapOf(Record(Variant)), "The same system, changed.", default={})
    claims: dict[str, Claim] = item(MapOf(ClaimRecord(Claim)), "Sentences about the system, each with its test.", default={})
    tradeoff: Tradeoff = item(Record(Tradeoff), "How the variants are weighed against each other.", default=Tradeoff())
    waivers: tuple[Waiver, ...] = item(ListOf(Record(Waiver)), "Findings that are accepted.", default=())
    variant: str = ""
    changes: tuple[str, ...] = ()
    """Changes from the command line, `path=value`, that are laid over it."""
    address: str = ""
    """How the user named it: `ecommerce`, `ecommerce@synchronous`, a path."""
