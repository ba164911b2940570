"""JSON Schema (draft 7) of a scenario file, made from the types."""

from __future__ import annotations

from typing import Any

from sysdesign_cli.scenario.changes import FIXED
from sysdesign_cli.scenario.read import _ROOT
from sysdesign_cli.scenario.shapes import Record


class _Definitions:
    """Collects one definition for each record; ``Change``: nothing required, and without what a variant may not change."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}

    def refer(self, cls: type, suffix: str = "") -> dict[str, Any]:
        name = cls.__name__ + suffix
        if name not in self.made:
            self.made[name] = {}
            record = _ROOT if cls is _ROOT.cls else Record(cls)
            self.made[name] = self._definition(record, suffix)
        return {"$ref": f"#/definitions/{name}"}

    def _definition(self, record: Record, suffix: str) -> dict[str, Any]:
        def refer(cls: type) -> dict[str, Any]:
            return self.refer(cls, suffix)

        definition: dict[str, Any] = {
            "type": "object",
            "description": (record.cls.__doc__ or "").strip(),
            "additionalProperties": False,
            "properties": {
                key: {"description": record.docs[key], **shape.schema(refer)}
                for key, shape in record.shapes.items()
                if not (suffix and record is _ROOT and key in FIXED)
            },
        }
        if record.required and not suffix:
            definition["required"] = list(record.required)
        return definition


def json_schema() -> dict[str, Any]:
    """The schema as plain data, keys in the order of the types."""
    definitions = _Definitions()
    root = definitions.refer(_ROOT.cls)
    for record in ("Scenario", "Service", "Call", "Event"):
        cls = next(cls for cls in _record_classes() if cls.__name__ == record)
        definitions.refer(cls, "Change")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "sysdesign scenario",
        **root,
        "definitions": definitions.made,
    }


def _record_classes() -> list[type]:
    from sysdesign_cli.scenario import model

    return [model.Scenario, model.Service, model.Call, model.Event]
