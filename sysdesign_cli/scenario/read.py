"""From a file to a scenario: tree, includes, variant, records, names. Every problem of a file is found in one reading."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from sysdesign_cli.scenario.catalogue import DAY_SHAPES, DefaultsShape, default_handlers, default_templates, handler_access
from sysdesign_cli.scenario.changes import FIXED, Change, Changed, changed, copied, laid_over, quantity_at, read_changes
from sysdesign_cli.scenario.consistency import check_consistency
from sysdesign_cli.scenario.model import Handler, Publish, Replicas, Scenario, Service, Takes, Workload, ZoneFailures
from sysdesign_cli.scenario.nodes import (
    LIST,
    MAP,
    MAX_BYTES,
    MAX_EVENTS,
    SCALAR,
    Node,
    SourceFile,
    Unreadable,
    parse,
    paused_garbage_collector,
    read_text,
)
from sysdesign_cli.scenario.problems import MAX_PROBLEMS, Names, Place, Problem, ScenarioError, nearest, too_many
from sysdesign_cli.scenario.quantity import ASSUMPTION, POWER, SHARE, Figure, Parsed, figure, parse_quantity
from sysdesign_cli.scenario.references import resolve_references
from sysdesign_cli.scenario.shapes import Quantity, Reader, Record
from sysdesign_cli.scenario.shapes import shown as shown_value

VERSION: Final = "1"
_LISTS: Final = ("zones", "waivers")
_SECTIONS: Final = ("zones", "sources", "services", "events", "flows", "shapes", "workloads", "variants", "claims", "waivers")
MAX_FILES: Final = 200
MAX_PATH: Final = 4096


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
        self.complete = True
        """Every included file could be read, so a name that nothing declares is a mistake."""
        self._included: dict[Path, Place] = {}
        try:
            self.root = self._read_file(path, shown)
        except Unreadable as stop:
            raise ScenarioError([*self.problems, *stop.before, stop.problem]) from None
        version = self.root.value.get("sysdesign", (None, None))[1]
        if version is not None and version.kind is SCALAR and not version.empty and version.value != VERSION:
            # what a later version means by its words is not known: nothing else that could be said would help
            raise ScenarioError([self._at(version, "unknown-version", found=version.value[:60], known=VERSION)])
        self._include(self.root, path, {path.resolve()})

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file and all that it includes, those that could not be read too."""
        return (self.path, *self._included)

    def price_books(self) -> list[tuple[str, Path]]:
        """Price books that the scenario or a variant names, as written, each with the folder it is named in."""
        variants = [_below(_below(self.root, "variants"), name, "changes") for name in self.variant_names()]
        named = [_below(node, "prices") for node in (self.root, *variants)]
        return [(node.value, Path(node.file).parent) for node in named if node is not None and node.kind is SCALAR and not node.empty]

    def _read_file(self, path: Path, shown: str) -> Node:
        read = self.files.values()
        source = read_text(path, shown, MAX_BYTES - sum(len(file.text) for file in read))
        limit = MAX_EVENTS - sum(file.events for file in read)
        self.files[shown] = source
        root, problems = parse(source, limit)
        for problem in problems:
            self._report(problem)
        if root.kind is not MAP:
            raise Unreadable(self._at(root, "wrong-kind", found=shown_value(root), expected="map"))
        return root

    def _report(self, problem: Problem) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)
        elif len(self.problems) == MAX_PROBLEMS:
            self.problems.append(dataclasses.replace(problem, slug="too-many", params=too_many("problems", MAX_PROBLEMS), near=()))

    def line_of(self, file: str, line: int) -> str:
        return self.files[file].line(line) if file in self.files else ""

    def _include(self, root: Node, path: Path, above: set[Path]) -> None:
        if "include" not in root.value:
            return
        folder = path.resolve().parent
        listed = root.value["include"][1]
        for node in _items(listed):
            if len(self.problems) > MAX_PROBLEMS:
                return
            if node.kind is not SCALAR or node.empty:
                if root is not self.root:  # that of the root is reported when its record is read
                    self._report(self._at(node, "wrong-kind", found=shown_value(node) or "nothing", expected="text"))
                continue
            try:
                self._include_one(node, folder, above)
            except Unreadable as stop:
                self.complete = False
                for problem in (*stop.before, stop.problem):
                    self._report(problem)

    def _include_one(self, node: Node, folder: Path, above: set[Path]) -> None:
        name = node.value[:120]
        resolved = self._resolved(node, folder)
        if resolved in above:
            raise Unreadable(self._at(node, "include-cycle", file=name, limit=str(MAX_FILES)))
        if resolved in self._included:
            raise Unreadable(self._at(node, "defined-twice", name=name, first=str(self._included[resolved])))
        if len(self.files) >= MAX_FILES:
            raise Unreadable(self._at(node, "too-many", (), **too_many("files", MAX_FILES)))
        self._included[resolved] = node.place
        shown = str(Path(self.shown).parent / resolved.relative_to(self.path.resolve().parent))
        try:
            part = self._read_file(resolved, shown)
        except Unreadable as stop:
            if stop.problem.place.line:
                raise
            # nothing of the file can be shown: show the line that asks for it
            raise Unreadable(self._at(node, stop.problem.slug, (), **stop.problem.params, file=name)) from None
        self._include(part, resolved, above | {resolved})
        self._add(part)

    def _resolved(self, node: Node, folder: Path) -> Path:
        """The file that an include names, links followed; below the folder of the file that names it. Raises Unreadable."""
        if len(node.value) > MAX_PATH:  # resolving takes time that grows with the square of the length
            raise Unreadable(self._at(node, "unreadable", reason="cannot-open", file=node.value[:120]))
        try:
            resolved: Path = (folder / node.value).resolve()
            if resolved.is_relative_to(folder) and not Path(node.value).is_absolute():
                return resolved
        except (OSError, ValueError, RuntimeError):
            pass
        raise Unreadable(self._at(node, "include-outside", file=node.value[:120]))

    def _add(self, part: Node) -> None:
        """Add the sections of an included file to the root; a name may be defined once."""
        for section, (key_node, node) in part.value.items():
            if section == "include":
                continue
            if section not in _SECTIONS:
                near = nearest(section, _SECTIONS, 1) if len(self.problems) < MAX_PROBLEMS else ()
                self._report(self._at(key_node, "unknown-key", near, key=section[:60], owner="include", known=", ".join(_SECTIONS)))
                continue
            own = self.root.value.get(section)
            if own is None:
                self.root.value[section] = (key_node, node)
            elif section in _LISTS:
                self.root.value[section] = (own[0], copied(own[1], [*_items(own[1]), *_items(node)], LIST))
            elif node.kind is not MAP:
                self._report(self._at(node, "wrong-kind", found=shown_value(node) or "nothing", expected="map"))
            elif own[1].kind is MAP:
                self._merge(section, own, node)

    def _merge(self, section: str, own: tuple[Node, Node], node: Node) -> None:
        merged = dict(own[1].value)
        for name, entry in node.value.items():
            if name in merged:
                self._report(self._at(entry[0], "defined-twice", name=name[:60], first=str(merged[name][0].place)))
            else:
                merged[name] = entry
        self.root.value[section] = (own[0], copied(own[1], merged))

    def _at(self, node: Node, slug: str, near: tuple[str, ...] = (), **params: str) -> Problem:
        width = max(1, min(len(node.value), 400)) if node.kind is SCALAR else 1
        return Problem(slug, node.place, params, near, self.line_of(node.file, node.line + 1), width)

    def variant_names(self) -> list[str]:
        entry = self.root.value.get("variants")
        return list(entry[1].value) if entry is not None and entry[1].kind is MAP else []

    def scenario(
        self, variant: str, address: str, vocabulary: Vocabulary, changes: Sequence[str] = (), *, where_they_fit: bool = False
    ) -> Scenario:
        """The scenario, or one variant of it. Raises ScenarioError with everything that is wrong in it.

        changes: ``path=value`` each, made in order after the variant's own. where_they_fit: leave out those whose path is not there.
        """
        given = read_changes(changes)
        reader = Reader(self._line_of_changes(given) if given else self.line_of)
        reader.variant = variant
        root = self._varied(variant, reader) if variant else self.root
        after = changed(root, _ROOT, given)
        if not where_they_fit:
            reader.problems += after.problems
        with paused_garbage_collector():
            scenario = _read_root(after.root, reader)
            well_formed = not reader.problems
            if well_formed:
                scenario = _completed(scenario, variant, address, after)
            if self.complete:
                resolve_references(scenario, reader, vocabulary.metrics, vocabulary.rules)
            if well_formed:
                check_consistency(scenario, reader)
        if reader.problems or self.problems:
            raise ScenarioError(self.problems + reader.problems)
        return scenario

    def _line_of_changes(self, changes: list[Change]) -> Callable[[str, int], str]:
        lines = {change.source.name: change.source for change in changes}
        return lambda file, line: lines[file].line(line) if file in lines else self.line_of(file, line)

    def quantity_at(self, variant: str, changes: Sequence[str], change: Change) -> Quantity | None:
        """What kind of number a path leads to, in a variant after earlier changes; None for anything else. Raises ScenarioError."""
        root = self._varied(variant, Reader(self.line_of)) if variant else self.root
        return quantity_at(changed(root, _ROOT, read_changes(changes)).root, _ROOT, change)

    def trees(self, variant: str, changes: Sequence[str]) -> tuple[Node, Node]:
        """The tree of a variant, without and with changes. Raises ScenarioError."""
        root = self._varied(variant, Reader(self.line_of)) if variant else self.root
        after = changed(root, _ROOT, read_changes(changes))
        if after.problems:
            raise ScenarioError(list(after.problems))
        return root, after.root

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
            if removed is not None:
                root = _without(root, [path for path in _items(removed) if path.kind is SCALAR and not path.empty], reader)
            changes = node.value.get("changes", (None, None))[1]
            if changes is not None and changes.kind is MAP:
                for key in FIXED & changes.value.keys():
                    reader.report("bad-variant", changes.value[key][0], key=key)
                allowed = {key: entry for key, entry in changes.value.items() if key not in FIXED}
                root = laid_over(root, copied(changes, allowed))
        return root


def _below(node: Node | None, *keys: str) -> Node | None:
    """What stands below these keys; None when nothing does."""
    for key in keys:
        node = node.value[key][1] if node is not None and node.kind is MAP and key in node.value else None
    return node


def _items(node: Node) -> list[Node]:
    """The items of a section that is a list; a single value stands for a list of one."""
    return list(node.value) if node.kind is LIST else [node]


def _without(root: Node, paths: list[Node], reader: Reader) -> Node:
    """The tree without these paths; each map on the way is copied once, the rest is shared."""
    root = copied(root, dict(root.value))
    copies = {id(root)}
    names: dict[int, Names] = {}
    for path in paths:
        if reader.overfull:
            break
        node = root
        *above, last = path.value.split(".")
        for key in above:
            if node.kind is not MAP or key not in node.value:
                _report_path(path, key, node, names, reader)
                break
            key_node, below = node.value[key]
            if below.kind is MAP and id(below) not in copies:
                below = copied(below, dict(below.value))
                copies.add(id(below))
                node.value[key] = (key_node, below)
            node = below
        else:
            if node.kind is MAP and last in node.value:
                del node.value[last]
            else:
                _report_path(path, last, node, names, reader)
    return root


def _report_path(path: Node, missing: str, node: Node, names: dict[int, Names], reader: Reader) -> None:
    near: tuple[str, ...] = ()
    if node.kind is MAP and not reader.full:
        if id(node) not in names:
            names[id(node)] = Names(node.value)
        near = names[id(node)].nearest(missing)
    known = ", ".join(islice(node.value, 12)) if node.kind is MAP else ""
    reader.report("unknown-name", path, near, name=missing[:60], what="path", known=known)


_ROOT: Final = Record(Scenario)
_DEFAULTS: Final = DefaultsShape()
_ROOT.shapes["defaults"] = _DEFAULTS
_ROOT._readers["defaults"] = ("defaults", lambda node, reader: {})


def _read_root(root: Node, reader: Reader) -> Scenario:
    reader.templates = default_templates()
    source = root.value.get("source", (None, None))[1]
    reader.source = source.value if source is not None and source.kind is SCALAR else ""
    if "defaults" in root.value:
        _DEFAULTS.read(root.value["defaults"][1], reader)
    scenario: Scenario = _ROOT.read(root, reader)
    return scenario


def _completed(scenario: Scenario, variant: str, address: str, after: Changed) -> Scenario:
    """Fill in what follows from the rest: handlers by kind, service times, workloads based on others, day shapes."""
    one = figure(1.0, POWER, "1")
    chance = figure(1.0, SHARE, "100%")
    for service in scenario.services.values():
        _complete_service(service, one, chance, service.name in after.kept)
    shapes = {name: {at: _share(text) for at, text in points.items()} for name, points in DAY_SHAPES.items()} | scenario.shapes
    workloads = _based(scenario.workloads)
    if scenario.zone_failures is None:
        scenario.__dict__["zone_failures"] = ZoneFailures(**default_templates()["zone_failures"])
    return dataclasses.replace(
        scenario,
        shapes=shapes,
        workloads=workloads,
        variant=variant,
        changes=tuple(change.text for change in after.applied),
        address=address,
        name=scenario.label,
    )


def _share(text: str) -> Figure:
    parsed = parse_quantity(text, SHARE)
    return figure(parsed.value if isinstance(parsed, Parsed) else 1.0, SHARE, text)


def _complete_service(service: Service, one: Figure, chance: Figure, keeps_defaults: bool) -> None:
    """In place: the objects are not handed out yet. keeps_defaults: only some of its kind's default handlers were changed."""
    kind = service.kind
    if not service.handles:
        service.__dict__["handles"] = default_handlers(kind)
    elif keeps_defaults:
        for name, handler in default_handlers(kind).items():
            if name in service.handles and service.handles[name].takes is None:
                service.handles[name].__dict__["takes"] = handler.takes
    if kind == "function":
        _complete_function(service)
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


def _complete_function(service: Service) -> None:
    """A function that states its replicas still has a cold start, and a time after which it is cold again."""
    assumed: Replicas = default_templates()["function"]["replicas"]
    for name in ("starts_in", "adds", "keeps_warm"):
        if service.replicas.__dict__[name] is None:
            service.replicas.__dict__[name] = getattr(assumed, name)


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


def _based(workloads: dict[str, Workload]) -> dict[str, Workload]:
    """Every workload with what it takes over; a circle, which is reported later, is cut where it closes."""
    done: dict[str, Workload] = {}
    for workload in workloads.values():
        above: dict[str, Workload] = {}
        next_one: Workload | None = workload
        while next_one is not None and next_one.name not in done and next_one.name not in above:
            above[next_one.name] = next_one
            next_one = workloads.get(str(next_one.based_on))
        for name, each in reversed(above.items()):
            base = done.get(str(each.based_on))
            done[name] = each if base is None else _taken_over(each, base)
    return {name: done[name] for name in workloads}


def _taken_over(workload: Workload, base: Workload) -> Workload:
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
