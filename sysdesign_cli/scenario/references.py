"""Names that must exist: every reference of a file is held against what the file declares."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Final

from sysdesign_cli.scenario.catalogue import DAY_SHAPES, default_handlers
from sysdesign_cli.scenario.model import KINDS, Scenario, Service
from sysdesign_cli.scenario.nodes import LIST, MAP, SCALAR, Node
from sysdesign_cli.scenario.problems import Names, nearest
from sysdesign_cli.scenario.quantity import ASSUMPTION
from sysdesign_cli.scenario.shapes import Name, Reader

EACH: Final = "each"


class Declared:
    """What is declared, by kind of reference; lists are only made when an error needs them."""

    def __init__(self, scenario: Scenario, metrics: tuple[str, ...], rules: tuple[str, ...], well_formed: bool) -> None:
        tree = _Tree(scenario.node)
        zones = tree.zones()
        variants, workloads = tree.names("variants"), tree.names("workloads")
        self.sets: dict[str, set[str]] = {
            "service": tree.names("services"),
            "event": tree.names("events"),
            "flow": tree.names("flows"),
            "workload": workloads,
            "shape": tree.names("shapes") | set(DAY_SHAPES),
            "zone": zones,
            "zone-or-each": zones | {EACH},
            "source": tree.names("sources") | {ASSUMPTION},
            "variant": variants,
            "variant-or-workload": {f"@{name}" for name in variants} | workloads | {f"@{scenario.label}"},
            "broker": tree.brokers(),
            "metric": set(metrics),
            "rule": set(rules),
        }
        self.replicas = {name: service.replicas for name, service in scenario.services.items()} if well_formed else {}
        self.handles: dict[str, Collection[str]]
        self.unclear: frozenset[str] = frozenset()
        """Services that cannot be read well enough to know their handlers: no name of theirs is called unknown."""
        if well_formed:
            self.handles = {name: service.handles for name, service in scenario.services.items()}
        else:
            self.handles, self.unclear = tree.handles()
        self.handlers = {f"{service}.{name}" for service, handles in self.handles.items() for name in handles}
        self._ordered: dict[str, tuple[list[str], Names]] = {}

    def known(self, kind: str) -> tuple[list[str], Names]:
        if kind not in self._ordered:
            own = {
                "handler": lambda: self.handlers,
                "step": lambda: self.handlers | self.sets["event"],
                "target": lambda: self.sets["service"] | {EACH},
            }.get(kind, lambda: self.sets[kind])()
            every = sorted(own)
            self._ordered[kind] = (every, Names(every))
        return self._ordered[kind]

    def has(self, kind: str, name: str) -> bool:
        if kind == "handler":
            return name in self.handlers or self._single_handler(name)
        if kind == "step":
            return name in self.handlers or name in self.sets["event"] or self._single_handler(name)
        if kind == "target":
            return self._is_target(name)
        return name in self.sets[kind]

    def _single_handler(self, name: str) -> bool:
        return len(self.handles.get(name, ())) == 1 or (bool(self.unclear) and name.partition(".")[0] in self.unclear)

    def _is_target(self, name: str) -> bool:
        service, slash, replica = name.partition("/")
        if service not in self.sets["service"]:
            return name == EACH
        if not slash:
            return True
        replicas = self.replicas.get(service)
        highest = 1_000_000 if replicas is None else max(1, int(replicas.min))
        return replica.isdecimal() and len(replica) <= 7 and 1 <= int(replica) <= highest


class _Tree:
    """Names as the file writes them, whether or not what they stand for could be read."""

    def __init__(self, root: Node | None) -> None:
        self._sections: dict[str, tuple[Node, Node]] = root.value if root is not None else {}

    def section(self, name: str) -> dict[str, tuple[Node, Node]]:
        node = self._sections.get(name, (None, None))[1]
        return node.value if node is not None and node.kind is MAP else {}

    def names(self, section: str) -> set[str]:
        return set(self.section(section))

    def zones(self) -> set[str]:
        node = self._sections.get("zones", (None, None))[1]
        return {item.value for item in (node.value if node.kind is LIST else [node]) if item.kind is SCALAR} if node is not None else set()

    def brokers(self) -> set[str]:
        return {name for name, (_, node) in self.section("services").items() if _kind(node) == "broker"}

    def handles(self) -> tuple[dict[str, Collection[str]], frozenset[str]]:
        """Handlers of each service, and the services whose handlers are not clear (misspelt keys, a wrong kind)."""
        handles: dict[str, Collection[str]] = {}
        unclear = set()
        keys = {field.metadata["key"] or field.name for field in dataclasses.fields(Service) if "shape" in field.metadata}
        for name, (_, node) in self.section("services").items():
            own = node.value.get("handles", (None, None))[1] if node.kind is MAP else None
            clear = node.empty or (node.kind is MAP and node.value.keys() <= keys and _kind(node) in KINDS)
            if not clear or (own is not None and own.kind is not MAP):
                unclear.add(name)
            elif own is not None and own.value:
                handles[name] = own.value
            else:
                handles[name] = default_handlers(_kind(node))
        return handles, frozenset(unclear)

    def lacks_sections(self) -> bool:
        """A section's key is misspelt, or it holds something else than names."""
        known = {field.metadata["key"] or field.name for field in dataclasses.fields(Scenario) if "shape" in field.metadata}
        nodes = {key: node for key, (_, node) in self._sections.items()}
        return any(node.kind is not (MAP if key in _NAMED else SCALAR) for key, node in nodes.items() if key in _NAMED or key not in known)


def _kind(service: Node) -> str:
    kind = service.value.get("kind", (None, None))[1] if service.kind is MAP else None
    return "service" if kind is None else str(kind.value)


def resolve_references(scenario: Scenario, reader: Reader, metrics: tuple[str, ...], rules: tuple[str, ...]) -> None:
    """Report every name that nothing declares, with the nearest that exists.

    The scenario may hold what could not be read; names that might stand in such a part are left alone.
    """
    well_formed = not reader.problems
    if not well_formed and _Tree(scenario.node).lacks_sections():
        return
    names = Declared(scenario, metrics, rules, well_formed)
    _check_sources(scenario, names, reader)
    for kind, name in reader.references:
        if kind in ("metric", "rule") and not names.sets[kind]:
            continue  # read on its own, without the floors that define these
        if name.node is not None and not names.has(kind, name):
            _report(kind, name, name.node, names, reader)
            if reader.overfull:
                return
    _check_brokers(scenario, names, reader)


def _report(kind: str, name: Name, node: Node, names: Declared, reader: Reader) -> None:
    service, _, handler = name.partition(".")
    near: tuple[str, ...] = ()
    if kind in ("handler", "step") and service in names.handles:
        handles = list(names.handles[service])
        if not handler:
            reader.report("ambiguous-handler", node, tuple(f"{service}.{h}" for h in handles[:4]), name=name[:80])
            return
        near = tuple(f"{service}.{h}" for h in (reader.nearest(handler, handles) or tuple(handles[:3])))
        known = ", ".join(f"{service}.{h}" for h in handles[:12])
    else:
        every, ordered = names.known(kind)
        if not reader.full:
            near = (_near_handlers(service, handler, names) if handler and kind in ("handler", "step") else ()) or ordered.nearest(name)
        known = ", ".join(every[:12])
    reader.report("unknown-name", node, near, name=name[:60], what=kind, known=known)


def _near_handlers(service: str, handler: str, names: Declared) -> tuple[str, ...]:
    """Handlers whose service resembles the one that was written."""
    services = names.known("service")[1].nearest(service)
    return nearest(f"{service}.{handler}", [f"{near}.{own}" for near in services for own in names.handles.get(near, ())])


#: Keys whose value is a map from names: a service or an event may be called ``source``.
_NAMED: Final = frozenset(
    ("services", "handles", "events", "flows", "shapes", "workloads", "variants", "claims", "sources", "starts", "publishes")
)


def _check_sources(scenario: Scenario, names: Declared, reader: Reader) -> None:
    """Every `source:` of the tree is the id of a source, or the word assumption."""
    known = names.sets["source"]
    stack: list[tuple[Node, bool]] = [(scenario.node, False)] if scenario.node is not None else []
    while stack:
        node, holds_names = stack.pop()
        if node.kind is LIST:
            stack += [(part, False) for part in node.value if part.kind is not SCALAR]
            continue
        for key, (_, value) in node.value.items():
            if key == "defaults" and node is scenario.node and value.kind is MAP:
                stack += [(part, False) for _, part in value.value.values() if part.kind is not SCALAR]
            elif value.kind is not SCALAR:
                # what a variant changes is held against its own sources, when it is read
                if key not in ("says", "title", "description", "changes") or holds_names:
                    is_record = key == "publishes" and value.kind is MAP and "event" in value.value
                    stack.append((value, key in _NAMED and not holds_names and not is_record))
            elif key == "source" and not holds_names and value.value not in known and not value.empty:
                every, ordered = names.known("source")
                near = () if reader.full else ordered.nearest(value.value)
                reader.report("unknown-name", value, near, name=value.value[:60], what="source", known=", ".join(every[:12]))


def _check_brokers(scenario: Scenario, names: Declared, reader: Reader) -> None:
    """Each event has exactly one broker: stated, or the only one there is."""
    brokers = sorted(names.sets["broker"])
    if names.unclear and not brokers:
        return
    for event in (scenario.events or {}).values():
        if event is not None and event.broker is None and len(brokers) != 1 and event.node is not None:
            slug = "contradiction"
            reader.report(
                slug,
                event.node,
                tuple(brokers[:4]),
                key="broker",
                owner="Event",
                what="several-brokers" if brokers else "no-broker",
                name=event.name,
            )
