"""The reference page of the language, from the types themselves: every record, every key, its help and its default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sysdesign_cli.scenario import model
from sysdesign_cli.scenario.catalogue import DAY_SHAPES, DefaultsShape, default_handlers, default_templates
from sysdesign_cli.scenario.changes import FIXED, REPLACED_WHOLE
from sysdesign_cli.scenario.quantity import COUNT, EXAMPLES, MONEY, POWER, PRICE, RATE, SHARE, SIZE, TIME, UNITS, Figure, format_quantity
from sysdesign_cli.scenario.read import _ROOT
from sysdesign_cli.scenario.shapes import Choice, Flag, Label, ListOf, Localized, MapOf, Plain, Quantity, Record, Reference, Shape

UNIT_NAMES: Final = {
    TIME: "time", SIZE: "bytes", RATE: "rate", SHARE: "share", COUNT: "number", POWER: "factor", MONEY: "money", PRICE: "price",
}  # fmt: skip
#: Defaults that are filled in after reading.
FILLED_IN: Final = {
    ("Takes", "cv"): "`1`", ("Handler", "takes"): "as the service's `takes`",
    ("Handler", "access"): "by name: `read`, `write`, `get`, `put`",
    ("Publish", "mode"): "the handler's `publish_mode`", ("Service", "domains"): "the service's own name",
    ("Service", "zones"): "all zones", ("Service", "handles"): "by kind, below", ("Start", "shape"): "the workload's `shape`",
    ("Workload", "shape"): "always the peak", ("Flow", "answered"): "the entry", ("Given", "workload"): "the first",
}  # fmt: skip
#: Record -> its template in the catalogue.
TEMPLATES: Final = {"Service": "service", "Handler": "handler.service", "Call": "calls", "Event": "events", "Publish": "publishes"}
INTRODUCTION: Final = """\
# The language: every key

A scenario is one YAML file (with the files it includes) that describes a system. This page lists every record of the language,
every key of a record, what it means, what may stand there, and what is assumed when it is left out. It is made from the types
that read the file, so it is always complete. How to write a scenario is told in [the guide](../guides/write-a-scenario.md).

A *record* is a map of keys (`key: value`). Where a record has a *short form*, a bare value stands for the record with just that
key: `takes: 8ms` is `takes: {mean: 8ms}`. Where a list is expected, a single value stands for a list of one.

Names (of services, handlers, events …) are a letter followed by letters, digits, `-` and `_`, at most 80 in all. Texts for people
may be given in two languages: `{en: …, th: …}`.

Defaults are assumptions. `sysdesign show SCENARIO --defaults` lists those in force in a file.

## Quantities

A number is written with its unit. A bare number is refused where a unit is needed, since `8` might be seconds or milliseconds.

"""
AFTER_UNITS: Final = """\

Behind a number its source may stand in brackets: `20/s (conversion)`. The word `assumption` is a source too, and several are
joined by `+`: `5800 (assumption + footprint)`. A range is written `4s..10s` or `12ms ± 3ms`; its middle is what is reckoned with.

"""


@dataclass(frozen=True)
class _Found:
    record: Record
    path: str


def page() -> str:
    """The whole page as Markdown."""
    found = _records()
    parts = [INTRODUCTION, _units(), AFTER_UNITS]
    parts += [_section(one, found) for one in found.values()]
    parts += [_kinds(), _handlers(), _days(), _variants()]
    return "".join(parts)


def _records() -> dict[str, _Found]:
    """Every record that a file may hold, by name, in the order in which the root leads to them."""
    found: dict[str, _Found] = {}
    waiting: list[tuple[Shape, str]] = [(_ROOT, "")]
    while waiting:
        shape, path = waiting.pop(0)
        if isinstance(shape, ListOf):
            waiting.append((shape.inner, f"{path}[]"))
        elif isinstance(shape, MapOf):
            waiting.append((shape.inner, f"{path}.NAME"))
        elif isinstance(shape, model.CallsShape):
            waiting.append((model.PartRecord(model.Call, "to", "calls"), f"{path}[]"))
        elif isinstance(shape, model.PublishesShape):
            waiting.append((shape.one, f"{path}[]"))
        elif isinstance(shape, Record) and shape.cls.__name__ not in found:
            found[shape.cls.__name__] = _Found(shape, path)
            below = sorted(shape.shapes.items(), key=lambda entry: entry[0] == "on_miss")  # a call stands in `calls` first of all
            waiting += [(inner, f"{path}.{key}" if path else key) for key, inner in below]
    return found


def _units() -> str:
    rows = ["| quantity | for example | units |", "| --- | --- | --- |"]
    for unit in (TIME, SIZE, RATE, SHARE, COUNT, POWER, MONEY):
        suffixes = [suffix for suffix in UNITS[unit] if suffix and suffix != "μs"]
        if unit == RATE:
            suffixes = ["/s", "/min", "/h", "/d", "/month", "/y", "each also with k, M or bn before it"]
        examples = ", ".join(f"`{one}`" for one in EXAMPLES[unit].split(", "))
        rows.append(f"| {UNIT_NAMES[unit]} | {examples} | {', '.join(suffixes)} |")
    return "\n".join(rows) + "\n"


def _section(found: _Found, known: dict[str, _Found]) -> str:
    record, name = found.record, found.record.cls.__name__
    where = f"Stands at `{found.path}`." if found.path else "The file itself."
    short = f" Short form: a bare value stands for `{record.shorthand}`." if record.shorthand else ""
    rows = ["| key | what it means | what may stand there | default |", "| --- | --- | --- | --- |"]
    for key, shape in record.shapes.items():
        default = "**needed**" if key in record.required else _default(record, key)
        rows.append(f"| `{key}` | {cell(record.docs[key])} | {cell(_words(shape, known))} | {cell(default)} |")
    summary = (record.cls.__doc__ or "").strip()
    return f"## {name}\n\n{summary} {where}{short}\n\n" + "\n".join(rows) + "\n\n"


def cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _words(shape: Shape, known: dict[str, _Found]) -> str:
    """What may stand there, for people."""
    if isinstance(shape, Quantity):
        return _quantity(shape)
    if isinstance(shape, Choice):
        return ", ".join(f"`{option}`" for option in shape.options)
    if isinstance(shape, Plain):
        return {"date": "date", "comparison": "comparison: `<=`, `>=`, `<`, `>` or `=`, and a value"}.get(shape.expected, "text")
    if isinstance(shape, Reference):
        return _reference(shape.kind, known)
    if isinstance(shape, ListOf):
        return f"list of: {_words(shape.inner, known)}"
    if isinstance(shape, MapOf):
        return f"map from {_keys(shape)} to: {_words(shape.inner, known)}"
    if isinstance(shape, Record):
        return f"[{shape.cls.__name__}](#{shape.cls.__name__.lower()})"
    for kind, text in (
        (Flag, "`true` or `false`"), (Localized, "text, or `{en: …, th: …}`"), (Label, "a name"), (model.Clock, "time of day, `HH:MM`"),
        (model.CallsShape, "list of: [Call](#call), or a list of calls made at the same time"),
        (model.PublishesShape, "list of: [Publish](#publish); or a map from events to chances"),
        (model.Anything, "a map like a scenario's, of what is different"),
        (DefaultsShape, "map from a kind of service, `calls` or `events` to keys of it"),
    ):  # fmt: skip
        if isinstance(shape, kind):
            return text
    return "text"


def _keys(shape: MapOf) -> str:
    return "time of day" if shape.pattern is model._CLOCK_KEY else f"{shape.key}s" if shape.key else "names"


def _quantity(shape: Quantity) -> str:
    name = "whole number" if shape.whole else UNIT_NAMES[shape.unit]
    return f"{name}, {format_quantity(shape.low, shape.unit)} to {format_quantity(shape.high, shape.unit)}"


def _reference(kind: str, known: dict[str, _Found]) -> str:
    special = {
        "step": "handler or event",
        "target": "service, `service/1` or `each`",
        "zone-or-each": "zone, or `each`",
        "metric": "[metric](metrics.md)",
        "rule": "[rule](rules.md)",
        "variant-or-workload": "`@variant`, or a workload",
        "handler": "`service.handler`",
        "shape": "day shape",
    }
    article = "an" if kind[0] in "aeiou" else "a"
    return special.get(kind) or f"name of {article} " + (f"[{kind}](#{kind})" if kind.capitalize() in known else kind)


def _default(record: Record, key: str) -> str:
    name = record.cls.__name__
    if (name, key) in FILLED_IN:
        return FILLED_IN[name, key]
    templates = default_templates()
    attribute = record.attributes[key]
    if name == "Service" and len({_value(templates[kind][attribute]) for kind in model.KINDS}) > 1 and key != "kind":
        return "by kind, below"
    return _value((record.template | templates.get(TEMPLATES.get(name, ""), {})).get(attribute))


def _value(value: Any) -> str:
    """A default as it would be written; – where there is none."""
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, Figure):
        return f"`{value.text}`"
    if isinstance(value, model.Takes):
        return _value(value.mean)
    if isinstance(value, model.Replicas):
        return _value(value.min)
    return f"`{value}`" if isinstance(value, str) and value else "–"


def _kinds() -> str:
    """What a service of each kind is assumed to be like."""
    keys = ("takes", "replicas", "needs", "concurrency", "blocking", "round_trip", "mtbf", "mttr")
    templates = default_templates()
    rows = ["| kind | " + " | ".join(f"`{key}`" for key in keys) + " |", "| --- |" + " --- |" * len(keys)]
    for kind in model.KINDS:
        values = {key: _value(templates[kind][key]) for key in keys}
        if values["concurrency"] == "–":
            values["concurrency"] = "no limit"
        rows.append(f"| `{kind}` | " + " | ".join(values.values()) + " |")
    function = templates["function"]["replicas"]
    start, added = _value(function.starts_in), _value(function.adds)
    more = f"A function has up to {function.max:,.0f} instances; {added} can be added, and one starts in {start}."
    return "## Defaults by kind of service\n\n" + "\n".join(rows) + f"\n\n{more}\n\n"


def _handlers() -> str:
    """Handlers that a service has when it states none."""
    rows = ["| kind | handlers |", "| --- | --- |"]
    for kind in model.KINDS:
        own = [f"`{name}` ({handler.takes.mean.text})" for name, handler in default_handlers(kind).items()]
        if own:
            rows.append(f"| `{kind}` | {', '.join(own)} |")
    text = "A service that states no `handles` has those of its kind; other kinds have none.\n\n"
    return "## Handlers by kind of service\n\n" + text + "\n".join(rows) + "\n\n"


def _days() -> str:
    rows = ["| shape | points, as a share of the peak |", "| --- | --- |"]
    rows += [f"| `{name}` | " + ", ".join(f"{at} {share}" for at, share in points.items()) + " |" for name, points in DAY_SHAPES.items()]
    text = "Ordinary days that every scenario may name as a `shape`. Straight lines run between the points.\n\n"
    return "## Shapes of a day\n\n" + text + "\n".join(rows) + "\n\n"


def _variants() -> str:
    whole = ", ".join(f"`{key}`" for key in sorted(REPLACED_WHOLE))
    fixed = ", ".join(f"`{key}`" for key in sorted(FIXED))
    return (
        "## How a variant is laid over\n\n"
        f"First the paths in `remove` are taken away. Then `changes` is laid over: maps are merged key by key, except {whole}, which are "
        f"replaced whole; everything else is replaced. A variant may not change {fixed}.\n"
    )
