"""From a file to a scenario: tree, includes, variant, records, names. Every problem of a file is found in one reading."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sysdesign_cli.scenario.catalogue import DAY_SHAPES, DefaultsShape, default_handlers, default_templates, handler_access
from sysdesign_cli.scenario.model import Handler, Publish, Scenario, Service, Takes, Workload
from sysdesign_cli.scenario.nodes import LIST, MAP, SCALAR, Node, SourceFile, Unreadable, parse, paused_garbage_collector, read_text
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.quantity import ASSUMPTION, POWER, SHARE, Figure, Parsed, figure, parse_quantity
from sysdesign_cli.scenario.references import resolve_references
from sysdesign_cli.scenario.shapes import Reader, Record

_SECTIONS: Final = ("zones", "sources", "services", "events", "flows", "shapes", "workloads", "variants", "claims", "waivers")
MAX_FILES: Final = 200


@dataclass(frozen=True)
class Vocabulary:
    """Names that the language refers to but higher floors define."""

    metrics: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class Document:
    """A scenario file with its includes, read into one tree; scenarios are made from it, one for each variant."""

    def __init__(self, path: Path, shown: str) -> None:
        self.path = path
        self.shown = shown
        self.files: dict[str, SourceFile] = {}
        self.problems: list[Problem] = []
        try:
            self.root = self._read_file(path, shown)
            if self.root.kind is not MAP:
                raise Unreadable(Problem("wrong-kind", self.root.place, {"found": self.root.kind, "expected": "map"}))
            self._include(self.root, path, {path.resolve()})
        except Unreadable as stop:
            raise ScenarioError([*self.problems, stop.problem]) from None

    def _read_file(self, path: Path, shown: str) -> Node:
        source = read_text(path, shown)
        self.files[shown] = source
        root, problems = parse(source)
        self.problems += problems
        return root

    def line_of(self, file: str, line: int) -> str:
        return self.files[file].line(line) if file in self.files else ""

    def _include(self, root: Node, path: Path, above: set[Path]) -> None:
        if "include" not in root.value:
            return
        folder = path.resolve().parent
        listed = root.value["include"][1]
        for node in listed.value if listed.kind is LIST else [listed]:
            if node.kind is not SCALAR:
                continue  # reported when the record is read
            target = folder / node.value
            try:
                resolved = target.resolve()
                inside = resolved.is_relative_to(folder) and not Path(node.value).is_absolute()
            except (OSError, ValueError, RuntimeError):
                inside = False
            if not inside:
                raise Unreadable(self._at(node, "include-outside", file=node.value[:120]))
            if resolved in above or len(self.files) >= MAX_FILES:
                raise Unreadable(self._at(node, "include-cycle", file=node.value[:120], limit=str(MAX_FILES)))
            shown = str(Path(self.shown).parent / resolved.relative_to(self.path.resolve().parent))
            part = self._read_file(resolved, shown)
            if part.kind is not MAP:
                raise Unreadable(Problem("wrong-kind", part.place, {"found": part.kind, "expected": "map"}))
            self._include(part, resolved, above | {resolved})
            self._add(part)

    def _add(self, part: Node) -> None:
        """Add the sections of an included file to the root; a name may be defined once."""
        for section, (key_node, node) in part.value.items():
            if section == "include":
                continue
            if section not in _SECTIONS:
                near = nearest(section, list(_SECTIONS), 1)
                self.problems.append(self._at(key_node, "unknown-key", near, key=section[:60], owner="include", known=", ".join(_SECTIONS)))
                continue
            own = self.root.value.get(section)
            if own is None:
                self.root.value[section] = (key_node, node)
            elif own[1].kind is MAP and node.kind is MAP:
                merged = dict(own[1].value)
                for name, entry in node.value.items():
                    if name in merged:
                        first = merged[name][0].place
                        self.problems.append(self._at(entry[0], "defined-twice", name=name[:60], first=str(first)))
                    else:
                        merged[name] = entry
                self.root.value[section] = (own[0], _copy(own[1], merged))
            elif own[1].kind is LIST and node.kind is LIST:
                self.root.value[section] = (own[0], _copy(own[1], own[1].value + node.value))

    def _at(self, node: Node, slug: str, near: tuple[str, ...] = (), **params: str) -> Problem:
        width = len(node.value) if node.kind is SCALAR else 1
        return Problem(slug, node.place, params, near, self.line_of(node.file, node.line + 1), width)

    def variant_names(self) -> list[str]:
        entry = self.root.value.get("variants")
        return list(entry[1].value) if entry is not None and entry[1].kind is MAP else []

    def scenario(self, variant: str, address: str, vocabulary: Vocabulary) -> Scenario:
        """The scenario, or one variant of it. Raises ScenarioError with everything that is wrong in it."""
        reader = Reader(self.line_of)
        reader.variant = variant
        root = self._varied(variant, reader) if variant else self.root
        with paused_garbage_collector():
            scenario = _read_root(root, reader)
            if scenario is not None and not reader.problems:
                scenario = _completed(scenario, variant, address)
                resolve_references(scenario, reader, vocabulary.metrics, vocabulary.rules)
        if reader.problems or self.problems:
            raise ScenarioError(self.problems + reader.problems)
        if scenario is None:
            raise ScenarioError([Problem("wrong-kind", root.place, {"found": root.kind, "expected": "map"})])
        return scenario

    def _varied(self, variant: str, reader: Reader) -> Node:
        entry = self.root.value["variants"][1].value.get(variant) if variant in self.variant_names() else None
        if entry is None:
            names = self.variant_names()
            place = Place(self.shown)
            known = ", ".join(names)
            raise ScenarioError([Problem("no-such-variant", place, {"name": variant, "known": known}, nearest(variant, names))])
        _, node = entry
        root = self.root
        if node.kind is MAP:
            removed = node.value.get("remove", (None, None))[1]
            for path in (removed.value if removed.kind is LIST else [removed]) if removed is not None else []:
                if path.kind is SCALAR:
                    root = _without(root, path.value.split("."), path, reader)
            changes = node.value.get("changes", (None, None))[1]
            if changes is not None and changes.kind is MAP:
                for key in ("variants", "name", "sysdesign", "include", "claims"):
                    if key in changes.value:
                        reader.report("bad-variant", changes.value[key][0], key=key)
                root = laid_over(root, changes)
        return root


def _copy(node: Node, value: Any) -> Node:
    return Node(node.kind, value, node.file, node.line, node.column)


#: Written as a map they still mean one whole thing: an old fallback must not survive below a new call.
_REPLACED_WHOLE: Final = frozenset({"calls", "on_miss", "publishes", "takes", "replicas"})


def laid_over(base: Node, patch: Node) -> Node:
    """Maps merged, everything else replaced; every node keeps its own place."""
    if base.kind is not MAP or patch.kind is not MAP:
        return patch
    merged = dict(base.value)
    for key, (key_node, node) in patch.value.items():
        if key in merged and key not in _REPLACED_WHOLE:
            merged[key] = (merged[key][0], laid_over(merged[key][1], node))
        else:
            merged[key] = (key_node, node)
    return _copy(base, merged)


def _without(root: Node, path: list[str], node: Node, reader: Reader) -> Node:
    if root.kind is not MAP or path[0] not in root.value:
        known = list(root.value) if root.kind is MAP else []
        reader.report("unknown-name", node, nearest(path[0], known), name=path[0][:60], what="path", known=", ".join(known[:12]))
        return root
    entries = dict(root.value)
    if len(path) == 1:
        del entries[path[0]]
    else:
        key_node, below = entries[path[0]]
        entries[path[0]] = (key_node, _without(below, path[1:], node, reader))
    return _copy(root, entries)


_ROOT: Final = Record(Scenario)
_DEFAULTS: Final = DefaultsShape()
_ROOT.shapes["defaults"] = _DEFAULTS
_ROOT._readers["defaults"] = ("defaults", lambda node, reader: {})


def _read_root(root: Node, reader: Reader) -> Scenario | None:
    reader.templates = default_templates()
    source = root.value.get("source", (None, None))[1] if root.kind is MAP else None
    reader.source = source.value if source is not None and source.kind is SCALAR else ""
    if root.kind is MAP and "defaults" in root.value:
        _DEFAULTS.read(root.value["defaults"][1], reader)
    template = reader.templates["publishes"]
    scenario: Scenario | None = _ROOT.read(root, reader)
    del template
    return scenario


def _completed(scenario: Scenario, variant: str, address: str) -> Scenario:
    """Fill in what follows from the rest: handlers by kind, service times, workloads based on others, day shapes."""
    one = figure(1.0, POWER, "1")
    chance = figure(1.0, SHARE, "100%")
    for service in scenario.services.values():
        _complete_service(service, one, chance)
    shapes = {name: {at: _share(text) for at, text in points.items()} for name, points in DAY_SHAPES.items()} | scenario.shapes
    workloads = {name: _based(workload, scenario.workloads, ()) for name, workload in scenario.workloads.items()}
    return dataclasses.replace(scenario, shapes=shapes, workloads=workloads, variant=variant, address=address, name=scenario.label)


def _share(text: str) -> Figure:
    parsed = parse_quantity(text, SHARE)
    return figure(parsed.value if isinstance(parsed, Parsed) else 1.0, SHARE, text)


def _complete_service(service: Service, one: Figure, chance: Figure) -> None:
    """In place: the objects are not handed out yet."""
    kind = service.kind
    if not service.handles:
        service.__dict__["handles"] = default_handlers(kind)
    if not service.domains:
        service.__dict__["domains"] = (service.name,)
    takes: Takes = service.takes
    if takes.cv is None:
        takes.__dict__["cv"] = one
    for name, handler in service.handles.items():
        values = handler.__dict__
        if values["takes"] is None:
            values["takes"] = takes
        elif values["takes"].cv is None:
            values["takes"].__dict__["cv"] = one
        if values["access"] == "none":
            values["access"] = handler_access(kind, name)
        if handler.publishes.each or handler.publishes.one_of:
            _complete_publishes(handler, one, chance)


def _complete_publishes(handler: Handler, one: Figure, chance: Figure) -> None:
    publish: Publish
    for publish in handler.every_publish():
        values = publish.__dict__
        if values["chance"] is None:
            values["chance"] = chance
        if values["count"] is None:
            values["count"] = one
        if not values["mode"]:
            values["mode"] = handler.publish_mode


def _based(workload: Workload, every: dict[str, Workload], above: tuple[str, ...]) -> Workload:
    base = every.get(str(workload.based_on)) if workload.based_on else None
    if base is None or base.name in above or base.name == workload.name:
        return workload
    base = _based(base, every, (*above, workload.name))
    return dataclasses.replace(
        workload,
        starts=base.starts | workload.starts,
        shape=workload.shape or base.shape,
        users=base.users if workload.users is None else workload.users,
        failure_costs=base.failure_costs if workload.failure_costs is None else workload.failure_costs,
    )


def source_in_force(own: str, scenario: Scenario) -> str:
    """A source id for people: what was said, or ``assumption`` when nothing was."""
    return own or scenario.source or ASSUMPTION
