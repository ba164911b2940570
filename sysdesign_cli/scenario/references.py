"""Names that must exist: every reference of a file is held against what the file declares."""

from __future__ import annotations

from typing import Final

from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.nodes import Node
from sysdesign_cli.scenario.problems import nearest
from sysdesign_cli.scenario.quantity import ASSUMPTION
from sysdesign_cli.scenario.shapes import Name, Reader

EACH: Final = "each"


class _Names:
    """What is declared, by kind of reference; lists are only made when an error needs them."""

    def __init__(self, scenario: Scenario, metrics: tuple[str, ...], rules: tuple[str, ...]) -> None:
        self.scenario = scenario
        zones = {str(zone) for zone in scenario.zones}
        self.sets: dict[str, set[str]] = {
            "service": set(scenario.services),
            "event": set(scenario.events),
            "flow": set(scenario.flows),
            "workload": set(scenario.workloads),
            "shape": set(scenario.shapes),
            "zone": zones,
            "zone-or-each": zones | {EACH},
            "source": set(scenario.sources) | {ASSUMPTION},
            "variant": set(scenario.variants),
            "variant-or-workload": {f"@{name}" for name in scenario.variants} | set(scenario.workloads) | {f"@{scenario.label}"},
            "broker": {name for name, service in scenario.services.items() if service.kind == "broker"},
            "metric": set(metrics),
            "rule": set(rules),
        }
        self.handlers = {f"{service.name}.{name}" for service in scenario.services.values() for name in service.handles}

    def known(self, kind: str) -> list[str]:
        if kind == "handler":
            return sorted(self.handlers)
        if kind == "step":
            return sorted(self.handlers | self.sets["event"])
        if kind == "target":
            return sorted(self.sets["service"] | {EACH})
        return sorted(self.sets[kind])

    def has(self, kind: str, name: str) -> bool:
        if kind == "handler":
            return name in self.handlers or self._single_handler(name)
        if kind == "step":
            return name in self.handlers or name in self.sets["event"] or self._single_handler(name)
        if kind == "target":
            service, _, replica = name.partition("/")
            if service in self.sets["service"]:
                return not replica or (replica.isdigit() and 1 <= int(replica) <= max(1, int(self.scenario.services[service].replicas.min)))
            return name == EACH
        return name in self.sets[kind]

    def _single_handler(self, name: str) -> bool:
        service = self.scenario.services.get(name)
        return service is not None and len(service.handles) == 1


def resolve_references(scenario: Scenario, reader: Reader, metrics: tuple[str, ...], rules: tuple[str, ...]) -> None:
    """Report every name that nothing declares, with the nearest that exists."""
    names = _Names(scenario, metrics, rules)
    _check_sources(scenario, reader)
    for kind, name in reader.references:
        if kind in ("metric", "rule") and not names.sets[kind]:
            continue  # read on its own, without the floors that define these
        if not names.has(kind, name):
            _report(kind, name, names, reader)
    _check_brokers(scenario, names, reader)


def _report(kind: str, name: Name, names: _Names, reader: Reader) -> None:
    node: Node = name.node  # type: ignore[assignment]
    service, _, handler = name.partition(".")
    if kind == "handler" and service in names.scenario.services:
        handles = list(names.scenario.services[service].handles)
        if not handler:
            reader.report("ambiguous-handler", node, tuple(f"{service}.{h}" for h in handles[:4]), name=name)
            return
        near = tuple(f"{service}.{h}" for h in (nearest(handler, handles) or tuple(handles[:3])))
        known = ", ".join(f"{service}.{h}" for h in handles[:12])
    else:
        every = names.known(kind)
        near, known = nearest(name, every), ", ".join(every[:12])
    reader.report("unknown-name", node, near, name=name[:60], what=kind, known=known)


def _check_sources(scenario: Scenario, reader: Reader) -> None:
    """Every `source:` of the tree is the id of a source, or the word assumption."""
    known = set(scenario.sources) | {ASSUMPTION}
    stack: list[object] = [scenario.node]
    while stack:
        node = stack.pop()
        if not isinstance(node, Node) or node.kind == "text":
            continue
        if node.kind == "list":
            stack += node.value
            continue
        for key, (_, value) in node.value.items():
            if key == "source" and value.kind == "text" and value.value not in known:
                near = nearest(value.value, sorted(known))
                reader.report("unknown-name", value, near, name=value.value[:60], what="source", known=", ".join(sorted(known)[:12]))
            elif value.kind != "text" and key not in ("says", "title", "description"):
                stack.append(value)


def _check_brokers(scenario: Scenario, names: _Names, reader: Reader) -> None:
    """Each event has exactly one broker: stated, or the only one there is."""
    brokers = sorted(names.sets["broker"])
    for event in scenario.events.values():
        if event.broker is None and len(brokers) != 1 and event.node is not None:
            slug = "missing-key" if not brokers else "contradiction"
            reader.report(slug, event.node, tuple(brokers[:4]), key="broker", owner="Event", what="several-brokers", name=event.name)
