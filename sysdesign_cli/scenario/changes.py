"""Changes laid over the tree of a file: those of a variant, and those of the command line (``--set path=value``).

A path names its way through the file: ``services.payment.replicas``, ``services.order.handles.PlaceOrder.calls.0.timeout`` (items
of a list are counted from 0). What the file writes short is written out on the way, so ``replicas: 2`` has a ``replicas.max``; what
it leaves to a default is filled in from there. A name that the file does not have is a mistake, never a new part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from sysdesign_cli.scenario.catalogue import DAY_SHAPES, DefaultsShape, default_handlers, default_templates
from sysdesign_cli.scenario.model import KINDS, Call, CallsShape, Element, Publish, PublishesShape
from sysdesign_cli.scenario.nodes import COMMAND_LINE, LIST, MAP, SCALAR, Node, SourceFile, Unreadable, parse
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.quantity import ASSUMPTION, Figure
from sysdesign_cli.scenario.shapes import ListOf, Localized, MapOf, Quantity, Record, Shape

#: What neither a variant nor the command line may change.
FIXED: Final = frozenset(("variants", "name", "sysdesign", "include", "claims"))
#: Written as a map they still mean one whole thing: an old fallback must not survive below a new call.
REPLACED_WHOLE: Final = frozenset({"calls", "on_miss", "publishes", "takes", "replicas"})
_SHOWN: Final = 12

Entries = Mapping[str, tuple[Node, Node]]


def copied(node: Node, value: Any, kind: str = "") -> Node:
    """A node with another value, at the same place."""
    return Node(kind or node.kind, value, node.file, node.line, node.column)


def laid_over(base: Node, patch: Node) -> Node:
    """Maps merged, everything else replaced; every node keeps its own place."""
    if base.kind is not MAP or patch.kind is not MAP:
        return patch
    merged = dict(base.value)
    for key, (key_node, node) in patch.value.items():
        if key in merged and key not in REPLACED_WHOLE:
            merged[key] = (merged[key][0], laid_over(merged[key][1], node))
        else:
            merged[key] = (key_node, node)
    return copied(base, merged)


@dataclass(frozen=True)
class Change:
    """One ``path=value`` of the command line, read. ``number`` counts from 1: which of them it is."""

    text: str
    keys: tuple[str, ...]
    value: Node
    number: int
    source: SourceFile

    def key_node(self, at: int) -> Node:
        """The part of the path, as the key of what it makes."""
        return Node(SCALAR, self.keys[at], self.source.name, 0, 0)

    def problem(self, at: int, slug: str, near: tuple[str, ...] = (), **params: str) -> Problem:
        """What is wrong with one part of the path; the changes are shown as lines of one file, one each."""
        column = sum(len(key) + 1 for key in self.keys[:at]) + 1
        place = Place(COMMAND_LINE, self.number, column)
        return Problem(slug, place, params, near, self.text, max(1, len(self.keys[at])))

    def value_problem(self, slug: str, **params: str) -> Problem:
        """What is wrong with the value as it was typed."""
        width = len(self.source.text)
        return Problem(slug, Place(COMMAND_LINE, self.number, len(self.text) - width + 1), params, (), self.text, width)


def read_path(text: str, number: int = 1) -> Change:
    """A change whose value is not looked at yet. Raises ScenarioError when it is no ``path=value``, or the path is not to be changed."""
    text = text.strip()
    path, equals, value = text.partition("=")
    keys = tuple(path.rstrip().split("."))
    source = SourceFile(f"{COMMAND_LINE} {path.rstrip()}", value.strip())
    change = Change(text, keys, Node(SCALAR, value.strip(), source.name, 0, 0), number, source)
    if not equals or not value.strip() or not all(keys):
        params = {"found": text[:60] or "nothing", "expected": "change"}
        raise ScenarioError([Problem("wrong-kind", Place(COMMAND_LINE, number, 1), params, (), text, max(1, len(text)))])
    if keys[0] in FIXED:
        raise ScenarioError([change.problem(0, "bad-variant", key=keys[0], what="set")])
    return change


def read_change(text: str, number: int = 1) -> Change:
    """One change; its value is YAML. Raises ScenarioError."""
    change = read_path(text, number)
    source = change.source
    try:
        node, problems = parse(source)
    except Unreadable as stop:
        problem = stop.problem
        if problem.place.line > 1:  # what is missing at the end is missed on the line after it
            problem = replace(problem, place=Place(source.name, 1, len(source.text) + 1), source_line=source.text)
        raise ScenarioError([*stop.before, problem]) from None
    if problems:
        raise ScenarioError(problems)
    return replace(change, value=node)


def read_changes(texts: Iterable[str]) -> list[Change]:
    """All of them, in order. Raises ScenarioError with what is wrong in any."""
    changes, problems = [], []
    for number, text in enumerate(texts, 1):
        try:
            changes.append(read_change(text, number))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return changes


@dataclass(frozen=True)
class Changed:
    """A tree after changes.

    kept: services that had only the default handlers of their kind, of which one was changed. applied: what was changed.
    problems: why the others were not.
    """

    root: Node
    kept: frozenset[str]
    applied: tuple[Change, ...]
    problems: tuple[Problem, ...]


def changed(root: Node, shape: Record, changes: Sequence[Change]) -> Changed:
    """The tree of a scenario with changes made one after the other; the given tree is left as it is."""
    kept: set[str] = set()
    applied, problems = [], []
    for change in changes:
        way = _Way(root, change, kept)
        try:
            root = way.follow(root, shape, 0)
        except _NotThere as stop:
            problems.append(stop.problem)
        else:
            applied.append(change)
            kept = way.kept
    return Changed(root, frozenset(kept), tuple(applied), tuple(problems))


def quantity_at(root: Node, shape: Record, change: Change) -> Quantity | None:
    """What kind of number stands at the end of a path; None for anything else. Raises ScenarioError when nothing is there."""
    way = _Way(root, change, set())
    try:
        way.follow(root, shape, 0)
    except _NotThere as stop:
        raise ScenarioError([stop.problem]) from None
    found = way.end
    while isinstance(found, Record) and found.shorthand:
        found = found.shapes[found.shorthand]
    return found if isinstance(found, Quantity) else None


class _NotThere(Exception):
    """A path that leads nowhere."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.slug)
        self.problem = problem


_CALL: Final = Record(Call, "to")
_PUBLISH: Final = Record(Publish, "event")
#: The same as an entry of a map from events to chances.
_ALTERNATIVE: Final = Record(Publish, "chance")


class _Way:
    """One path through a tree: each node on it is copied, the rest is shared."""

    def __init__(self, root: Node, change: Change, kept: set[str]) -> None:
        self.root = root
        self.change = change
        self.keys = change.keys
        self.kept = set(kept)
        self.end: Shape | None = None

    def _on(self, *pattern: str | None) -> bool:
        """Whether the path begins like this; None stands for any name."""
        return len(self.keys) >= len(pattern) and all(p is None or p == key for p, key in zip(pattern, self.keys, strict=False))

    def follow(self, node: Node | None, shape: Shape, at: int) -> Node:
        """The node with the rest of the path changed. Raises _NotThere."""
        if at == len(self.keys):
            self.end = shape
            whole = node is None or self.keys[-1] in REPLACED_WHOLE or self.keys[-1].isdecimal()
            return self.change.value if whole or node is None else laid_over(node, self.change.value)
        if isinstance(shape, Record):
            return self._field(node, shape, at)
        if isinstance(shape, MapOf):
            return self._entry(node, shape, at)
        if isinstance(shape, ListOf):
            return self._item(node, at, lambda part, next_at: self.follow(part, shape.inner, next_at))
        if isinstance(shape, CallsShape):
            return self._call(node, at)
        if isinstance(shape, PublishesShape):
            return self._publish(node, at)
        if isinstance(shape, DefaultsShape):
            return self._named(node, at, {key: _new_map(self.change) for key in shape.parts}, lambda key: shape.parts[key])
        if isinstance(shape, Localized):
            return self._language(node, shape, at)
        raise self._missing(at, ())

    def _missing(self, at: int, known: Iterable[str]) -> _NotThere:
        names = list(known)
        params = {"name": self.keys[at][:60], "what": "path", "known": ", ".join(islice(names, _SHOWN))}
        return _NotThere(self.change.problem(at, "unknown-name", nearest(self.keys[at], names), **params))

    def _put(self, node: Node, entries: Entries, at: int, child: Node) -> Node:
        key = self.keys[at]
        key_node = entries[key][0] if key in entries else self.change.key_node(at)
        return copied(node, {**entries, key: (key_node, child)}, MAP)

    def _field(self, node: Node | None, shape: Record, at: int) -> Node:
        key = self.keys[at]
        entries, base = self._record(node, shape)
        if key not in shape.shapes:
            known = list(shape.shapes)
            params = {"key": key[:60], "owner": shape.cls.__name__, "known": ", ".join(known)}
            raise _NotThere(self.change.problem(at, "unknown-key", nearest(key, known, 2), **params))
        child = entries[key][1] if key in entries else None
        if child is None or child.empty or (key == "handles" and not child.value):
            child = self._stand_in(at) or child
        return self._put(base, entries, at, self.follow(child, shape.shapes[key], at + 1))

    def _record(self, node: Node | None, shape: Record) -> tuple[Entries, Node]:
        """The entries of a record, a shorthand written out."""
        if node is None:
            return {}, _new_map(self.change)
        if node.kind is MAP:
            return node.value, node
        return ({} if node.empty or not shape.shorthand else {shape.shorthand: (node, node)}), node

    def _entry(self, node: Node | None, shape: MapOf, at: int) -> Node:
        more: dict[str, Node] = {}
        if self._on("workloads", None, "starts") and at == 3:
            more = _inherited_starts(self.root, self.keys[1])
        elif at == 1 and self.keys[0] == "shapes":
            more = {name: _default_map(points) for name, points in DAY_SHAPES.items()}
        elif not isinstance(shape.inner, Record):
            more = {self.keys[at]: self.change.value}  # a number by name, such as a weight: the name is looked at when it is read
        return self._named(node, at, more, lambda key: shape.inner)

    def _named(self, node: Node | None, at: int, more: Mapping[str, Node], shape_of: Callable[[str], Shape]) -> Node:
        """A map from names; ``more``: names that are there though the file does not write them here."""
        key = self.keys[at]
        entries: Entries = node.value if node is not None and node.kind is MAP else {}
        if key not in entries and key not in more:
            raise self._missing(at, [*entries, *(name for name in more if name not in entries)])
        child = entries[key][1] if key in entries else more[key]
        base = node if node is not None else _new_map(self.change)
        return self._put(base, entries, at, self.follow(child, shape_of(key), at + 1))

    def _item(self, node: Node | None, at: int, follow: Callable[[Node, int], Node]) -> Node:
        """One item of a list; a single value stands for a list of one."""
        items = [] if node is None or node.empty else (node.value if node.kind is LIST else [node])
        key = self.keys[at]
        if node is None or not key.isdecimal() or len(key) > 6 or int(key) >= len(items):
            raise self._missing(at, [str(number) for number in range(len(items))])
        number = int(key)
        return copied(node, [*items[:number], follow(items[number], at + 1), *items[number + 1 :]], LIST)

    def _call(self, node: Node | None, at: int) -> Node:
        if node is not None and node.kind is not LIST and self.keys[at] in _CALL.shapes:
            return self._field(node, _CALL, at)

        def inner(part: Node, next_at: int) -> Node:
            if part.kind is LIST and next_at < len(self.keys):
                return self._item(part, next_at, lambda one, last_at: self.follow(one, _CALL, last_at))
            return self.follow(part, _CALL, next_at)

        return self._item(node, at, inner)

    def _publish(self, node: Node | None, at: int) -> Node:
        if node is not None and node.kind is MAP and "event" not in node.value:
            return self._named(node, at, {}, lambda key: _ALTERNATIVE)
        if node is not None and node.kind is not LIST and self.keys[at] in _PUBLISH.shapes:
            return self._field(node, _PUBLISH, at)
        return self._item(node, at, lambda part, next_at: self.follow(part, _PUBLISH, next_at))

    def _language(self, node: Node | None, shape: Localized, at: int) -> Node:
        if self.keys[at] not in ("en", "th"):
            raise self._missing(at, ("en", "th"))
        if node is None or node.empty:
            return self._put(_new_map(self.change), {}, at, self.change.value)
        return self._put(node, node.value if node.kind is MAP else {"en": (node, node)}, at, self.change.value)

    def _stand_in(self, at: int) -> Node | None:
        """What holds where the file says nothing, when the path goes on below it."""
        if at + 1 == len(self.keys):
            return None
        if self._on("services", None, "handles") and at == 2:
            return self._default_handlers()
        if self._on("services", None, None) and at == 2 and self.keys[2] in ("takes", "replicas"):
            return _service_default(self.root, self.keys[1], self.keys[2])
        if self._on("services", None, "handles", None, "takes") and at == 4:
            return self._handler_takes()
        return None

    def _default_handlers(self) -> Node | None:
        service = self.keys[1]
        names = default_handlers(_kind(self.root, service))
        if not names:
            return None
        self.kept.add(service)
        key_node = _section(self.root, "services")[service][0]
        return copied(key_node, {name: (copied(key_node, name), copied(key_node, {}, MAP)) for name in names}, MAP)

    def _handler_takes(self) -> Node | None:
        service, handler = self.keys[1], self.keys[3]
        handlers = default_handlers(_kind(self.root, service)) if service in self.kept else {}
        if handler in handlers:
            return _default_map(_figures(handlers[handler].takes))
        own = _service(self.root, service).get("takes")
        return own[1] if own is not None and not own[1].empty else _service_default(self.root, service, "takes")


def _new_map(change: Change) -> Node:
    return Node(MAP, {}, change.source.name, 0, 0)


def _default_map(figures: Mapping[str, str]) -> Node:
    """Figures of the catalogue as a file would write them, without a line of their own."""
    nodes = {key: Node(SCALAR, f"{text} ({ASSUMPTION})", "default", -1, -1) for key, text in figures.items()}
    return Node(MAP, {key: (node, node) for key, node in nodes.items()}, "default", -1, -1)


def _section(root: Node, name: str) -> Entries:
    node = root.value.get(name, (None, None))[1]
    return node.value if node is not None and node.kind is MAP else {}


def _service(root: Node, name: str) -> Entries:
    node = _section(root, "services")[name][1]
    return node.value if node.kind is MAP else {}


def _kind(root: Node, service: str) -> str:
    entry = _service(root, service).get("kind")
    return str(entry[1].value) if entry is not None and entry[1].kind is SCALAR and entry[1].value in KINDS else "service"


def _service_default(root: Node, service: str, key: str) -> Node | None:
    """The service time or the replicas of a service that says nothing: the file's own default, or the catalogue's."""
    kind = _kind(root, service)
    own = _section(root, "defaults").get(kind)
    if own is not None and own[1].kind is MAP and key in own[1].value and not own[1].value[key][1].empty:
        found: Node = own[1].value[key][1]
        return found
    return _default_map(_figures(default_templates()[kind][key]))


def _figures(element: Element) -> dict[str, str]:
    return {name: figure.text for name, figure in vars(element).items() if isinstance(figure, Figure)}


def _inherited_starts(root: Node, workload: str) -> dict[str, Node]:
    """Starts that a workload takes over from those it is based on, the nearest first."""
    found: dict[str, Node] = {}
    every = _section(root, "workloads")
    seen: set[str] = set()
    while workload in every and workload not in seen:
        seen.add(workload)
        node = every[workload][1]
        entries: Entries = node.value if node.kind is MAP else {}
        starts = entries["starts"][1] if "starts" in entries else None
        if starts is not None and starts.kind is MAP:
            found = {name: one for name, (_, one) in starts.value.items()} | found
        base = entries["based_on"][1] if "based_on" in entries else None
        workload = str(base.value) if base is not None and base.kind is SCALAR else ""
    return found
