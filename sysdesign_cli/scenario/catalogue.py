"""What is assumed where a file says nothing: defaults by kind of service, and ordinary days.

Every one of these figures is an assumption; ``show --defaults`` lists those in force. They are round numbers of the right
order (a store answers in milliseconds, a provider in a third of a second), meant to be replaced by measured ones.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sysdesign_cli.scenario.model import KINDS, Call, Event, Handler, PartRecord, Replicas, Service, Takes, ZoneFailures
from sysdesign_cli.scenario.nodes import MAP, Node
from sysdesign_cli.scenario.quantity import COUNT, POWER, RATE, SHARE, SIZE, TIME, Figure, Misread, figure, parse_quantity
from sysdesign_cli.scenario.shapes import INVALID, Reader, Record, Shape


def _assumed(text: str, unit: str) -> Figure:
    parsed = parse_quantity(text, unit)
    if isinstance(parsed, Misread):  # a slip in this file, not in a user's
        raise ValueError(f"{text} is no {unit}")
    return figure(parsed.value, unit, text)


#: kind -> (service time, replicas, concurrency of one replica or "" for no limit, round trip, MTBF, MTTR, blocking)
_KINDS: Final[dict[str, tuple[str, str, str, str, str, str, bool]]] = {
    "service": ("10ms", "1", "32", "0.5ms", "30d", "15min", True),
    "function": ("20ms", "0", "1", "5ms", "365d", "30min", True),
    "gateway": ("1ms", "1", "1000", "0.5ms", "60d", "10min", False),
    "database": ("3ms", "1", "64", "0.5ms", "90d", "30min", True),
    "cache": ("0.3ms", "1", "64", "0.5ms", "60d", "10min", True),
    "broker": ("2ms", "1", "1000", "0.5ms", "90d", "30min", True),
    "cdn": ("5ms", "1", "", "10ms", "365d", "30min", False),
    "external": ("300ms", "1", "", "30ms", "30d", "30min", True),
    "client": ("0ms", "1", "", "30ms", "3650d", "1min", False),
}

#: Handlers that a service of this kind has when it states none: name -> (service time, access).
_HANDLERS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "database": {"read": ("2ms", "read"), "write": ("5ms", "write")},
    "cache": {"get": ("0.3ms", "read"), "put": ("0.3ms", "write")},
    "cdn": {"fetch": ("5ms", "none")},
    "external": {"request": ("300ms", "none")},
    "function": {"invoke": ("20ms", "none")},
}

#: Ordinary days, as shares of the peak. Straight lines between the points.
DAY_SHAPES: Final[dict[str, dict[str, str]]] = {
    "constant": {"00:00": "100%"},
    "office-day": {
        "00:00": "5%",
        "06:00": "10%",
        "09:00": "80%",
        "11:00": "100%",
        "13:00": "80%",
        "15:00": "95%",
        "18:00": "50%",
        "22:00": "20%",
    },
    "evening": {"00:00": "45%", "04:00": "15%", "08:00": "30%", "12:00": "45%", "18:00": "75%", "21:00": "100%", "23:00": "75%"},
    "commuter": {"00:00": "20%", "04:00": "8%", "08:00": "95%", "11:00": "55%", "14:00": "50%", "18:00": "100%", "21:00": "65%"},
}


def _takes(mean: str) -> Takes:
    return Takes(mean=_assumed(mean, TIME), cv=_assumed("1", POWER))


@cache
def _templates() -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {
        "calls": Record(Call, "to").template
        | {"count": _assumed("1", COUNT), "chance": _assumed("100%", SHARE), "retries": _assumed("0", COUNT)},
        "zone_failures": PartRecord(ZoneFailures, "", "zone_failures").template
        | {"mtbf": _assumed("730d", TIME), "mttr": _assumed("2h", TIME)},
        "publishes": {"count": _assumed("1", COUNT), "chance": _assumed("100%", SHARE)},
        "events": PartRecord(Event, "size", "events").template
        | {
            "size": _assumed("1KB", SIZE),
            "retention": _assumed("7d", TIME),
            "deliveries": _assumed("5", COUNT),
            "redelivery_delay": _assumed("1min", TIME),
            "lag": _assumed("5ms", TIME),
        },
    }
    for kind, (takes, replicas, concurrency, round_trip, mtbf, mttr, blocking) in _KINDS.items():
        result[kind] = Record(Service).template | {
            "kind": kind,
            "takes": _takes(takes),
            "replicas": _replicas(kind, replicas),
            "needs": _assumed("1", COUNT),
            "concurrency": _assumed(concurrency, COUNT) if concurrency else None,
            "round_trip": _assumed(round_trip, TIME),
            "mtbf": _assumed(mtbf, TIME),
            "mttr": _assumed(mttr, TIME),
            "blocking": blocking,
        }
        sizes = {"request": _assumed("1KB", SIZE), "reply": _assumed("1KB", SIZE)}
        result[f"handler.{kind}"] = Record(Handler).template | sizes | {"takes": None}
    return result


def _replicas(kind: str, count: str) -> Replicas:
    if kind != "function":
        return Replicas(min=_assumed(count, COUNT))
    return Replicas(
        min=_assumed(count, COUNT),
        max=_assumed("1000", COUNT),
        starts_in=_assumed("300ms", TIME),
        adds=_assumed("100/s", RATE),
        keeps_warm=_assumed("10min", TIME),
    )


def default_templates() -> dict[str, dict[str, Any]]:
    """A fresh copy of the defaults: record name -> attribute -> value."""
    return {name: values.copy() for name, values in _templates().items()}


def default_handlers(kind: str) -> dict[str, Handler]:
    """The handlers of a service that states none."""
    template = _templates()[f"handler.{kind}"]
    made: dict[str, Handler] = {}
    for name, (takes, access) in _HANDLERS.get(kind, {}).items():
        handler = object.__new__(Handler)
        handler.__dict__.update(template | {"name": name, "takes": _takes(takes), "access": access})
        made[name] = handler
    return made


@cache
def handler_access(kind: str, name: str) -> str:
    """Whether a store's handler of an ordinary name reads or writes."""
    return _HANDLERS.get(kind, {}).get(name, ("", "none"))[1]


class DefaultsShape(Shape):
    """The file's own defaults, laid over the catalogue's before anything else is read."""

    expected = "map"

    def __init__(self) -> None:
        self.parts: dict[str, Record] = {
            **{kind: Record(Service) for kind in KINDS},
            "calls": Record(Call, "to"),
            "events": Record(Event, "size"),
        }

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind is not MAP:
            return self.wrong_kind(node, reader)
        for key, (key_node, value) in node.value.items():
            part = self.parts.get(key)
            if part is None:
                known = list(self.parts)
                near = reader.nearest(key, known, 2)
                reader.report("unknown-key", key_node, near, key=key[:60], owner="defaults", known=", ".join(known))
            elif value.kind is not MAP:
                self.wrong_kind(value, reader)
            else:
                self._lay_over(key, part, value, reader)
        return {}

    def _lay_over(self, key: str, part: Record, node: Node, reader: Reader) -> None:
        outer, reader.kind = reader.source, key if key in KINDS else "service"
        if "source" in node.value:
            source = part.shapes["source"].read(node.value["source"][1], reader)
            reader.source = source if source is not INVALID else outer
        for name, (key_node, value) in node.value.items():
            if name not in part.shapes or name in ("to", "kind", "name"):
                known = [known for known in part.shapes if known not in ("to", "kind", "name")]
                near = reader.nearest(name, known, 2)
                reader.report("unknown-key", key_node, near, key=name[:60], owner=f"defaults.{key}", known=", ".join(known))
            elif name != "source":
                reader.templates[key][part.attributes[name]] = part.shapes[name].read(value, reader)
        reader.source = outer

    def schema(self, refer: Any) -> dict[str, Any]:
        properties = {kind: {"$ref": "#/definitions/ServiceChange"} for kind in KINDS}
        properties |= {"calls": {"$ref": "#/definitions/CallChange"}, "events": {"$ref": "#/definitions/EventChange"}}
        return {"type": "object", "additionalProperties": False, "properties": properties}
