"""What a value of the file may look like: each shape reads a node and describes itself as JSON Schema.

The types of ``model`` are dataclasses whose fields name a shape, so reading, error messages, the schema and the reference
page come from one declaration.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from sysdesign_cli.scenario.nodes import COMMAND_LINE, LIST, MAP, SCALAR, Node
from sysdesign_cli.scenario.problems import MAX_PROBLEMS, Problem, nearest, too_many
from sysdesign_cli.scenario.quantity import ASSUMPTION, COUNT, EXAMPLES, SHARE, Figure, Misread, format_quantity, near_units, parse_quantity

#: What a shape returns after it has reported a problem; never reaches a finished scenario.
INVALID: Final[Any] = None
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")


class Name(str):
    """A reference by name that remembers where it stands."""

    __slots__ = ("node",)

    node: Node | None

    def __reduce__(self) -> tuple[object, ...]:
        return (make_name, (str(self), self.node))


def make_name(text: str, node: Node | None) -> Name:
    name = Name(text)
    name.node = node
    return name


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A text for people in English and Thai; the one stands in for the other where it is missing."""

    en: str = ""
    th: str = ""

    def in_language(self, language: str) -> str:
        return (self.th or self.en) if language == "th" else (self.en or self.th)

    def __bool__(self) -> bool:
        return bool(self.en or self.th)


class Reader:
    """What is known while a tree is read: problems so far, references to resolve, the source in force."""

    def __init__(self, line_of: Callable[[str, int], str]) -> None:
        self.problems: list[Problem] = []
        self.references: list[tuple[str, Name]] = []
        self.source = ""
        self.kind = "service"
        self.variant = ""
        self.templates: dict[str, dict[str, Any]] = {}
        self._line_of = line_of

    def report(self, slug: str, node: Node, near: tuple[str, ...] = (), **params: str) -> Any:
        if self.overfull:
            return INVALID
        if self.full:
            slug, near, params = "too-many", (), too_many("problems", MAX_PROBLEMS)
        line = self._line_of(node.file, node.line + 1)
        width = min(len(node.value), 400) if node.kind is SCALAR and node.value and "\n" not in node.value else 1
        self.problems.append(Problem(slug, node.place, params, near, line, width))
        return INVALID

    @property
    def full(self) -> bool:
        """As many problems as are shown: looking for what was meant is of no more use."""
        return len(self.problems) >= MAX_PROBLEMS

    @property
    def overfull(self) -> bool:
        """It was said that there are more."""
        return len(self.problems) > MAX_PROBLEMS

    def nearest(self, word: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
        return () if self.full else nearest(word, known, count)


def shown(node: Node) -> str:
    """How a node is named in an error."""
    return str(node.value)[:60] if node.kind is SCALAR else node.kind


class Shape:
    """Base of all shapes; ``expected`` is the message key of what would have fitted."""

    expected = "text"

    def read(self, node: Node, reader: Reader) -> Any:
        raise TypeError("a shape says how it reads")

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        return {"type": "string"}

    def wrong_kind(self, node: Node, reader: Reader, **params: str) -> Any:
        found = shown(node) if not node.empty else "nothing"
        return reader.report("wrong-kind", node, (), found=found, expected=self.expected, **params)


class Quantity(Shape):
    """A number with a unit, inside bounds (SI)."""

    def __init__(self, unit: str, low: float = 0.0, high: float = 1e15, *, whole: bool = False, above_zero: bool = False) -> None:
        self.unit = unit
        self.low = low
        self.high = high
        self.whole = whole
        self.above_zero = above_zero
        self.expected = f"quantity.{unit}"

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is LIST and len(node.value) == 2 and all(part.kind is SCALAR for part in node.value):
            text = f"{node.value[0].value}..{node.value[1].value}"
        elif node.kind is SCALAR and not node.empty:
            text = node.value
        else:
            return self.wrong_kind(node, reader, example=EXAMPLES[self.unit])
        parsed = parse_quantity(text, self.unit)
        if isinstance(parsed, Misread):
            if parsed.slug == "out-of-range":
                return self._refuse(node, reader, text)
            near = near_units(text, self.unit) if parsed.slug == "wrong-unit" else ()
            return reader.report(parsed.slug, node, near, text=text[:60], expected=self.expected, example=EXAMPLES[self.unit])
        value = parsed.value
        outside = parsed.low < self.low or parsed.high > self.high or (self.above_zero and parsed.low <= 0)
        if outside or (self.whole and value != int(value)):
            return self._refuse(node, reader, text)
        figure = Figure(value)
        figure.unit = self.unit
        figure.text = text
        figure.node = node
        figure.low = parsed.low
        figure.high = parsed.high
        if parsed.source:
            figure.source = parsed.source
            reader.references += [
                ("source", make_name(one.strip(), node)) for one in parsed.source.split(" + ") if one.strip() != ASSUMPTION
            ]
        else:
            # the file's source does not vouch for what was typed beside it
            figure.source = ASSUMPTION if node.file.startswith(COMMAND_LINE) else reader.source
        return figure

    def _refuse(self, node: Node, reader: Reader, text: str) -> Any:
        low = ("> " if self.above_zero and self.low == 0 else "≥ ") + format_quantity(self.low, self.unit)
        high = "≤ " + format_quantity(self.high, self.unit)
        bare = text.strip()
        forgotten = self.unit == SHARE and bare.replace(".", "", 1).isdecimal() and len(bare) < 12 and float(bare) <= 100
        near = (f"{bare}%",) if forgotten else ()
        return reader.report("out-of-range", node, near, text=text[:60], low=low, high=high, whole="whole" if self.whole else "any")

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        one: dict[str, Any] = {"type": ["string", "number"], "examples": EXAMPLES[self.unit].split(", ")}
        return {"anyOf": [one, {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": ["string", "number"]}}]}


class Flag(Shape):
    expected = "flag"

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is SCALAR and node.value in ("true", "false"):
            return node.value == "true"
        return self.wrong_kind(node, reader)

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(Shape):
    """One of a few words."""

    def __init__(self, *options: str) -> None:
        self.options = options

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is SCALAR and node.value in self.options:
            return node.value
        near = reader.nearest(node.value, self.options, 1) if node.kind is SCALAR else ()
        found = shown(node) if not node.empty else "nothing"
        return reader.report("bad-choice", node, near, found=found, options=", ".join(self.options))

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        # an editor reads `1` as a number
        return {"enum": [*self.options, *(int(option) for option in self.options if option.isdecimal())]}


class Plain(Shape):
    """Free text on one or more lines."""

    def __init__(self, pattern: str = "", expected: str = "text", limit: int = 4000) -> None:
        self.pattern = re.compile(pattern) if pattern else None
        self.expected = expected
        self.limit = limit

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is not SCALAR or node.empty or len(node.value) > self.limit:
            return self.wrong_kind(node, reader)
        if self.pattern and not self.pattern.fullmatch(node.value):
            return self.wrong_kind(node, reader)
        return node.value

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        return {"type": ["string", "number"]} | ({"pattern": f"^(?:{self.pattern.pattern})$"} if self.pattern else {})


class Localized(Shape):
    """Text, or ``{en: …, th: …}``."""

    expected = "localized"

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is SCALAR and not node.empty:
            return Text(en=node.value)
        if node.kind is not MAP:
            return self.wrong_kind(node, reader)
        for key, (key_node, value) in node.value.items():
            if key not in ("en", "th"):
                reader.report("unknown-key", key_node, reader.nearest(key, ("en", "th"), 1), key=key[:60], owner="text", known="en, th")
            elif value.kind is not SCALAR:
                self.wrong_kind(value, reader)
        return Text(**{key: value.value for key, (_, value) in node.value.items() if key in ("en", "th") and value.kind is SCALAR})

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        text = {"type": ["string", "number", "boolean"]}
        both = {"type": "object", "additionalProperties": False, "properties": {"en": text, "th": text}}
        return {"anyOf": [text, both]}


class Reference(Shape):
    """The name of something else: a service, a handler (``service.handler``), an event, a flow …"""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.expected = f"reference.{kind}"

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is not SCALAR or node.empty:
            return self.wrong_kind(node, reader)
        name = Name(node.value)
        name.node = node
        reader.references.append((self.kind, name))
        return name


class Label(Shape):
    """A name that is declared just by being used (a team, a domain, a kind of content)."""

    expected = "name"

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is SCALAR and _NAME.fullmatch(node.value):
            return make_name(node.value, node)
        return reader.report("bad-name", node, name=shown(node))


class ListOf(Shape):
    """A list; a single value stands for a list of one."""

    expected = "list"

    def __init__(self, inner: Shape) -> None:
        self.inner = inner

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is not LIST:
            if node.empty:
                return self.wrong_kind(node, reader)
            return (self.inner.read(node, reader),)
        read = self.inner.read
        return tuple([read(item, reader) for item in node.value])

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        inner = self.inner.schema(refer)
        return {"anyOf": [{"type": "array", "items": inner}, inner]}


class MapOf(Shape):
    """A map from names to values of one shape; values that are records get their name."""

    expected = "map"

    def __init__(self, inner: Shape, *, key: str = "", pattern: re.Pattern[str] = _NAME) -> None:
        self.inner = inner
        self.key = key
        self.pattern = pattern

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is not MAP:
            return self.wrong_kind(node, reader)
        read, fits = self.inner.read, self.pattern.fullmatch
        named = isinstance(self.inner, Record) and self.inner.named
        result: dict[str, Any] = {}
        for name, (key_node, value) in node.value.items():
            if not fits(name):
                reader.report("bad-name", key_node, name=name[:60])
                continue
            if self.key:
                reader.references.append((self.key, make_name(name, key_node)))
            item = read(value, reader)
            if named and item is not INVALID:
                item.__dict__["name"] = name
                item.__dict__["node"] = key_node
            result[name] = item
        return result

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        inner = self.inner.schema(refer)
        if isinstance(self.inner, Record):
            inner = {"anyOf": [inner, {"type": "null"}]}
        names: dict[str, Any] = {"pattern": f"^(?:{self.pattern.pattern})$"}
        return {"type": "object", "propertyNames": names, "additionalProperties": inner}


def item(shape: Shape, doc: str, *, default: Any = None, required: bool = False, key: str = "") -> Any:
    """A field of a record: its shape, its hover help, its default; ``key`` when the file's word is a Python keyword."""
    metadata = {"shape": shape, "doc": doc, "required": required, "key": key}
    if isinstance(default, dict | list):
        return dataclasses.field(default_factory=lambda: default.copy(), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Record(Shape):
    """A dataclass whose fields carry shapes. ``shorthand`` names the field that a bare value stands for."""

    expected = "map"

    def __init__(self, cls: type, shorthand: str = "") -> None:
        self.cls = cls
        self.shorthand = shorthand
        fields = {(f.metadata["key"] or f.name): f for f in dataclasses.fields(cls) if "shape" in f.metadata}
        self.attributes = {key: f.name for key, f in fields.items()}
        self.shapes: dict[str, Shape] = {key: f.metadata["shape"] for key, f in fields.items()}
        self.docs: dict[str, str] = {key: f.metadata["doc"] for key, f in fields.items()}
        self.required = tuple(key for key, f in fields.items() if f.metadata["required"])
        self.named = any(f.name == "name" for f in dataclasses.fields(cls))
        self._readers = {key: (self.attributes[key], shape.read) for key, shape in self.shapes.items()}
        self.template: dict[str, Any] = {}
        for f in dataclasses.fields(cls):
            if f.default is not dataclasses.MISSING:
                self.template[f.name] = f.default
            elif f.default_factory is not dataclasses.MISSING:
                self.template[f.name] = f.default_factory()

    def template_for(self, node: Node, reader: Reader) -> dict[str, Any]:
        return self.template

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is MAP:
            entries = node.value
        elif node.empty:
            entries = {}
        elif self.shorthand:
            entries = {self.shorthand: (node, node)}
        else:
            return self.wrong_kind(node, reader)
        outer_source, outer_kind = reader.source, reader.kind
        if "source" in entries:
            reader.source = self._source(entries["source"][1], reader)
        values = self.template_for(node, reader).copy()
        readers = self._readers
        for key, (key_node, value_node) in entries.items():
            found = readers.get(key)
            if found is None:
                known = list(self.shapes)
                near = reader.nearest(key, known, 2)
                reader.report("unknown-key", key_node, near, key=key[:60], owner=self.cls.__name__, known=", ".join(known))
            else:
                values[found[0]] = found[1](value_node, reader)
        for key in self.required:
            if key not in entries:
                reader.report("missing-key", node, key=key, owner=self.cls.__name__)
        reader.source, reader.kind = outer_source, outer_kind
        values["node"] = node
        made: Any = object.__new__(self.cls)
        # frozen dataclasses set each field through object.__setattr__; one dict at once is what makes large files quick
        made.__dict__.update(values)
        return made

    def _source(self, node: Node, reader: Reader) -> str:
        return str(node.value) if node.kind is SCALAR else reader.source

    def schema(self, refer: Callable[[type], dict[str, Any]]) -> dict[str, Any]:
        own = refer(self.cls)
        if not self.shorthand:
            return own
        return {"anyOf": [own, self.shapes[self.shorthand].schema(refer)]}


def whole(high: float = 1e9, low: float = 0.0) -> Quantity:
    """A whole number."""
    return Quantity(COUNT, low, high, whole=True)
