"""Small random scenarios for Hypothesis: written as YAML text, so that they come in by the same door as a user's.

A *draft* is the scenario as plain dicts and lists, ready to be written; ``text`` writes it, ``scenario`` and ``system`` read it.
Handlers stand in a random order, and in a draft without cycles each leads only to later ones. With cycles, edges may also lead
back or to the handler itself; the chances of these are halved until an invocation surely dies out quickly (the spectral radius
of mean invocations, fallbacks and misses counted in full, is at most ``RADIUS``), so that a limit exists and is soon reached.
"""

from __future__ import annotations

import copy
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.read import Document, Vocabulary

RADIUS = 0.6
KINDS = ("service", "service", "service", "database", "cache", "external", "gateway", "function", "cdn")
MODES = ("in-path", "outbox", "best-effort")


@dataclass
class Draft:
    """A scenario in the making. ``order``: all handlers, `service.handler`, in the order in which they lead to each other."""

    brokers: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    handlers: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    flows: dict[str, dict[str, Any]] = field(default_factory=dict)
    peaks: dict[str, str] = field(default_factory=dict)

    def services(self) -> list[str]:
        return list(self.kinds)

    def subscribers(self, event: str) -> list[str]:
        return [name for name in self.order if name.endswith(f".{event}")]

    def calls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every call with its caller, those on a miss included."""
        for caller, handler in self.handlers.items():
            for call in _every_call([*handler.get("calls", []), *handler.get("on_miss", [])]):
                yield caller, call

    def publishes(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Every publish with its publisher and its event."""
        for publisher, handler in self.handlers.items():
            published = handler.get("publishes", [])
            for entry in published if isinstance(published, list) else []:
                yield publisher, entry["event"], entry
            for event, entry in published.items() if isinstance(published, dict) else []:
                yield publisher, event, entry

    def leads_to(self, handler: str) -> set[str]:
        """Everything an invocation of this handler may lead to, itself included."""
        found, waiting = {handler}, [handler]
        while waiting:
            here = waiting.pop()
            further = [call["to"] for caller, call in self.calls() if caller == here]
            further += [call["fallback"] for caller, call in self.calls() if caller == here and "fallback" in call]
            further += [s for publisher, event, _ in self.publishes() if publisher == here for s in self.subscribers(event)]
            for other in further:
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return found

    def text(self) -> str:
        """The file. One service, event or flow on each line; JSON is YAML."""
        services: dict[str, dict[str, Any]] = {name: {"kind": kind} for name, kind in self.kinds.items()}
        for name, handler in self.handlers.items():
            service, _, own = name.partition(".")
            services[service].setdefault("handles", {})[own] = _written(handler)
        lines = ["sysdesign: 1", "name: random", "source: assumption"]
        sections: dict[str, dict[str, Any]] = {"services": services, "events": self.events, "flows": self.flows}
        sections["workloads"] = {"day": {"starts": self.peaks}}
        for section, entries in sections.items():
            if entries:
                lines.append(f"{section}:")
                lines += [f"  {name}: {json.dumps(entry)}" for name, entry in entries.items()]
        return "\n".join(lines) + "\n"

    def scenario(self) -> Scenario:
        return scenario(self.text())

    def system(self) -> System:
        return System(self.scenario())

    def copy(self) -> Draft:
        return copy.deepcopy(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis prints of a failing example: a file that can be tried."""
        printer.text(f"\n{self.text()}")


def _every_call(groups: list[Any]) -> Iterator[dict[str, Any]]:
    for part in groups:
        for call in part if isinstance(part, list) else [part]:
            yield call
            yield from _every_call(call.get("on_miss", []))


def _written(value: Any) -> Any:
    """Chances are kept in thousandths while drafting, and written in percent."""
    if isinstance(value, list):
        return [_written(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {key: f"{part / 10:g}%" if key in ("chance", "hit_ratio") else _written(part) for key, part in value.items()}


def scenario(text: str) -> Scenario:
    """Read a scenario from text, through a file as always."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.yaml"
        path.write_text(text, encoding="utf-8")
        return Document(path, "random.yaml").scenario("", "random", Vocabulary())


def system(text: str) -> System:
    return System(scenario(text))


# ---------------------------------------------------------------------------------------------- drawing


class _Artist:
    """Draws one draft with a random generator of its own."""

    def __init__(self, seed: int, cycles: bool) -> None:
        self.random = random.Random(seed)
        self.cycles = cycles
        self.draft = Draft()
        self.position: dict[str, int] = {}

    def whether(self, chance: float) -> bool:
        return self.random.random() < chance

    def some(self, of: Sequence[str], most: int, least: int = 0) -> list[str]:
        """A few, each at most once."""
        return self.random.sample(of, min(len(of), self.random.randint(least, most)))

    def chance(self) -> int:
        """In thousandths."""
        return self.random.choice((1000, 500, 0, *(self.random.randint(1, 999) for _ in range(5))))

    def made(self) -> Draft:
        draft = self.draft
        workers = [f"s{number}" for number in range(self.random.choice((1, 2, 2, 3, 3, 4, 4, 5)))]
        draft.kinds = {name: self.random.choice(KINDS) for name in workers}
        draft.brokers = [f"broker{number}" for number in range(self.random.randint(1, 2))]
        draft.kinds |= dict.fromkeys(draft.brokers, "broker")
        names = [f"{service}.h{number}" for service in workers for number in range(self.random.randint(1, 2))]
        for number in range(self.random.randint(0, 3)):
            draft.events[f"E{number}"] = {"broker": self.random.choice(draft.brokers)}
            names += [f"{service}.E{number}" for service in self.some(workers, 3)]
        self.random.shuffle(names)
        draft.order = names
        self.position = {name: position for position, name in enumerate(names)}
        draft.handlers = {name: {} for name in names}
        for name in names:
            self.fill(name)
        if self.cycles:
            _damp(draft, self.position)
        self.add_flows()
        return draft

    def fill(self, name: str) -> None:
        handler = self.draft.handlers[name]
        if calls := self.calls(name, 3):
            handler["calls"] = calls
        if self.whether(0.2) and (misses := self.calls(name, 2)):
            handler["hit_ratio"] = self.chance()
            handler["on_miss"] = misses
        if self.whether(0.6):
            self.add_publishes(handler, self.events_for(name))

    def targets(self, name: str) -> list[str]:
        if self.cycles and self.whether(0.3):
            return self.draft.order
        return self.draft.order[self.position[name] + 1 :]

    def calls(self, name: str, most: int, depth: int = 0) -> list[Any]:
        groups: list[Any] = []
        for _ in range(self.random.randint(0, most)):
            targets = self.targets(name)
            if not targets:
                break
            call = self.call(name, self.random.choice(targets), depth)
            if groups and self.whether(0.2):  # at the same time as the one before
                groups[-1] = [*groups[-1], call] if isinstance(groups[-1], list) else [groups[-1], call]
            else:
                groups.append(call)
        return groups

    def call(self, name: str, target: str, depth: int) -> dict[str, Any]:
        call: dict[str, Any] = {"to": target} | self.count()
        if self.whether(0.5):
            call["chance"] = self.chance()
        soft = self.random.choice(("hard", "hard", "fallback", "optional", "cache-aside"))
        if soft == "fallback" and (targets := [other for other in self.targets(name) if other != target]):
            call["fallback"] = self.random.choice(targets)
        elif soft == "optional":
            call["optional"] = "nothing"
        elif soft == "cache-aside" and depth < 2 and (misses := self.calls(name, 2, depth + 1)):
            call["hit_ratio"] = self.chance()
            call["on_miss"] = misses
        return call

    def count(self) -> dict[str, int]:
        count = self.random.choice((1, 1, 1, 1, 2, 3))
        return {"count": count} if count > 1 else {}

    def events_for(self, name: str) -> list[str]:
        every = list(self.draft.events)
        if self.cycles and self.whether(0.3):
            return every
        return [e for e in every if all(self.position[s] > self.position[name] for s in self.draft.subscribers(e))]

    def add_publishes(self, handler: dict[str, Any], events: list[str]) -> None:
        chosen = self.some(events, 2, 1)
        if not chosen:
            return
        if self.whether(0.3):
            handler["publish_mode"] = self.random.choice(MODES)
        if self.whether(0.5):
            left, alternatives = 1000, {}
            for event in chosen:
                chance = left if self.whether(0.2) else self.random.randint(0, left)
                left -= chance
                alternatives[event] = {"chance": chance} | self.mode() | self.count()
            handler["publishes"] = alternatives
        else:
            handler["publishes"] = [
                {"event": event} | ({"chance": self.chance()} if self.whether(0.4) else {}) | self.mode() | self.count()
                for event in [*chosen, *([chosen[0]] if self.whether(0.1) else [])]
            ]

    def mode(self) -> dict[str, str]:
        return {"mode": self.random.choice(MODES)} if self.whether(0.6) else {}

    def add_flows(self) -> None:
        draft = self.draft
        for number in range(self.random.randint(1, 2)):
            entry = draft.order[0] if self.whether(0.6) else self.random.choice(draft.order)
            on_the_way = sorted(draft.leads_to(entry))
            flow: dict[str, Any] = {"starts": entry}
            if self.whether(0.3):
                flow["answered"] = self.random.choice(on_the_way)
            if completed := self.some(on_the_way, 3):
                flow["completed"] = completed
            draft.flows[f"f{number}"] = flow
            draft.peaks[f"f{number}"] = f"{self.random.randint(1, 1000)}/s"


# ---------------------------------------------------------------------------------------------- cycles that die out


def _damp(draft: Draft, position: dict[str, int]) -> None:
    """Halve the chances of everything that leads back until an invocation dies out."""
    back: list[dict[str, Any]] = []
    for caller, call in draft.calls():
        reached = [call["to"], *([call["fallback"]] if "fallback" in call else [])]
        if any(position[name] <= position[caller] for name in reached):
            back.append(call)
    for publisher, event, entry in draft.publishes():
        if any(position[name] <= position[publisher] for name in draft.subscribers(event)):
            back.append(entry)
    while growth(draft) > RADIUS:
        for edge in back:
            edge["chance"] = edge.get("chance", 1000) // 2


def growth(draft: Draft, steps: int = 200) -> float:
    """A bound from above on the spectral radius of mean invocations, with every fallback and every miss counted in full."""
    edges: list[tuple[str, str, float]] = []
    for caller, handler in draft.handlers.items():
        edges += _edges(caller, [*handler.get("calls", []), *handler.get("on_miss", [])], 1.0)
    for publisher, event, entry in draft.publishes():
        mean = entry.get("chance", 1000) / 1000 * entry.get("count", 1)
        edges += [(publisher, subscriber, mean) for subscriber in draft.subscribers(event)]
    weights = dict.fromkeys(draft.order, 1.0)
    for _ in range(steps):
        further = dict.fromkeys(draft.order, 0.0)
        for source, target, mean in edges:
            further[source] += mean * weights[target]
        weights = further
    return max(weights.values()) ** (1 / steps)


def _edges(caller: str, groups: list[Any], weight: float) -> Iterator[tuple[str, str, float]]:
    for part in groups:
        for call in part if isinstance(part, list) else [part]:
            mean = weight * call.get("chance", 1000) / 1000 * call.get("count", 1)
            yield caller, call["to"], mean
            if "fallback" in call:
                yield caller, call["fallback"], mean
            yield from _edges(caller, call.get("on_miss", []), mean)


_seeds = st.integers(0, 2**62)


def drafts(cycles: bool = False) -> st.SearchStrategy[Draft]:
    """Random scenarios: 1 to 5 services and 1 or 2 brokers, with all that the language has for failure.

    Hypothesis picks the seed and the rest follows from it: drawing each choice separately takes ten times as long, and finds
    far fewer of the systems in which things fail only sometimes.
    """
    return _seeds.map(lambda seed: _Artist(seed, cycles).made())


def with_cycles() -> st.SearchStrategy[Draft]:
    """Random scenarios that do hold a cycle."""
    return drafts(cycles=True).filter(lambda draft: any(draft_cycle(draft)))


def draft_cycle(draft: Draft) -> Iterator[bool]:
    """Whether each handler leads back to itself."""
    for name in draft.order:
        further = {call["to"] for caller, call in draft.calls() if caller == name}
        further |= {call["fallback"] for caller, call in draft.calls() if caller == name and "fallback" in call}
        further |= {s for publisher, event, _ in draft.publishes() if publisher == name for s in draft.subscribers(event)}
        yield any(name in draft.leads_to(other) for other in further)


# ---------------------------------------------------------------------------------------------- replicas and zones


def deployments() -> st.SearchStrategy[tuple[str, list[str], list[str]]]:
    """A scenario of services with replicas in zones; what can be killed (services, and single replicas); the zones."""
    return _seeds.map(_deployment)


def _deployment(seed: int) -> tuple[str, list[str], list[str]]:
    generator = random.Random(seed)
    zones = ["a", "b", "c"][: generator.randint(0, 3)]
    lines, targets = ["sysdesign: 1", "name: random", f"zones: {json.dumps(zones)}", "services:"], []
    for number in range(generator.randint(1, 4)):
        replicas = generator.randint(1, 5)
        own = generator.sample(zones, generator.randint(0, min(2, len(zones))))
        entry = {"replicas": replicas, "needs": generator.randint(1, replicas)} | ({"zones": own} if own else {})
        lines.append(f"  s{number}: {json.dumps(entry)}")
        targets += [f"s{number}", *(f"s{number}/{replica}" for replica in range(1, replicas + 1))]
    return "\n".join(lines) + "\n", targets, zones
