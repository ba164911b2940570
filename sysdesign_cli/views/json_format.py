"""Results as JSON: every field of the result under its own name, numbers in SI units with their unit."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from typing import Any, Final

from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.nodes import Node
from sysdesign_cli.scenario.problems import Place
from sysdesign_cli.scenario.quantity import Figure
from sysdesign_cli.scenario.shapes import Text
from sysdesign_cli.views.interval import half_width_of

SCHEMA_VERSION: Final = 1


def as_json(command: str, results: list[object], why: bool, changes: Sequence[str] = ()) -> str:
    """One object: schema_version, command, changes (when there are any), results. With ``why`` every number has its formula and inputs."""
    body: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "command": command}
    if changes:
        body["changes"] = list(changes)
    body["results"] = [plain_data(result, why) for result in results]
    return json.dumps(body, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def plain_data(value: object, why: bool = False) -> Any:
    """A result as dicts, lists, texts and numbers. Infinity, which JSON cannot say, is null."""
    if isinstance(value, Number):
        return _number(value, why)
    if isinstance(value, Figure):
        return _figure(value)
    if isinstance(value, Text):
        return {"en": value.en, "th": value.th}
    if isinstance(value, Place):
        return str(value)
    if isinstance(value, bool) or value is None or isinstance(value, str | int):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain_data(part, why) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_data(part, why) for part in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if dataclasses.is_dataclass(value):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.name != "node"}
        return {name: plain_data(part, why) for name, part in fields.items() if not callable(part) and not isinstance(part, Node)}
    return str(value)


def _number(number: Number, why: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"value": number.value if math.isfinite(number.value) else None, "unit": number.unit, "method": number.method}
    if number.method == "simulated":
        result["half_width"] = half_width_of(number.note)
    if why:
        result |= {"formula": number.formula, "inputs": {label: plain_data(part, True) for label, part in number.inputs}}
    return result


def _figure(figure: Figure) -> dict[str, Any]:
    place = figure.place
    return {
        "value": float(figure),
        "unit": figure.unit,
        "written": figure.text,
        "place": str(place) if place else "default",
        "source": figure.source or "assumption",
    }
