"""The JSON Schema that editors use: valid, described throughout, and of one mind with the reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from jsonschema import Draft7Validator

from sysdesign_cli.scenario.problems import CODES, ScenarioError
from sysdesign_cli.scenario.read import FIXED, Document, Vocabulary
from sysdesign_cli.scenario.schema import json_schema
from tests.scenario.conftest import Workspace
from tests.scenario.test_fuzz import SCENARIOS, compile_all, damaged, problems_of

SCHEMA = json_schema()
VALIDATOR = Draft7Validator(SCHEMA)


def as_text(path_or_text: str) -> Any:
    """YAML with every value as text, booleans and nothing excepted: what an editor for YAML 1.2 sees, numbers aside."""

    def typed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: typed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [typed(inner) for inner in value]
        return {"true": True, "false": False, "": None, "~": None, "null": None}.get(value, value)

    # the loader in C: the one in Python cannot read an address with `?` inside braces
    return typed(yaml.load(path_or_text, getattr(yaml, "CBaseLoader", yaml.BaseLoader)))


def as_editor(text: str) -> Any:
    """YAML 1.1 with its guesses (``20:00`` is 1200); JSON has no dates."""
    return json.loads(json.dumps(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), default=str))


def complaints(data: Any) -> list[str]:
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in VALIDATOR.iter_errors(data)]


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    json.dumps(SCHEMA)


def test_it_is_the_same_each_time() -> None:
    assert json.dumps(json_schema()) == json.dumps(SCHEMA)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, inner in part.items():
            if key == "$ref":
                yield inner
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def test_references_lead_somewhere_and_nothing_is_left_over() -> None:
    used = set(_references(SCHEMA))
    assert used == {f"#/definitions/{name}" for name in SCHEMA["definitions"]}


@pytest.mark.parametrize("name", SCHEMA["definitions"])
def test_everything_is_described(name: str) -> None:
    definition = SCHEMA["definitions"][name]
    assert definition["description"].endswith((".", "…"))
    assert definition["additionalProperties"] is False
    for key, part in definition["properties"].items():
        assert part["description"].strip(), key
        assert len(part["description"]) > 8, key


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
@pytest.mark.parametrize("load", [as_text, as_editor])
def test_shipped_scenarios_fit(load: Any, path: Path) -> None:
    assert complaints(load(path.read_text(encoding="utf-8"))) == []


#: One example of each record; ``HERE`` is where a key is added.
RECORDS = {
    "Scenario": "HERE: 1\n",
    "Source": "sources: {s: {HERE: 1}}\n",
    "Service": "services: {a: {HERE: 1}}\n",
    "Replicas": "services: {a: {replicas: {min: 1, HERE: 1}}}\n",
    "Takes": "services: {a: {takes: {mean: 1ms, HERE: 1}}}\n",
    "BadDeploys": "services: {a: {bad_deploys: {per_year: 1, lasts: 1h, HERE: 1}}}\n",
    "Handler": "services: {a: {handles: {H: {HERE: 1}}}}\n",
    "Call": "services: {a: {handles: {H: {calls: {to: a.H, chance: 5%, HERE: 1}}}}}\n",
    "Call in a list": "services: {a: {handles: {H: {calls: [[{to: a.H, chance: 5%, HERE: 1}]]}}}}\n",
    "Publish": "services: {b: {kind: broker}, a: {handles: {H: {publishes: [{event: E, HERE: 1}]}}}}\nevents: {E: {}}\n",
    "Event": "services: {b: {kind: broker}}\nevents: {E: {HERE: 1}}\n",
    "Flow": "services: {a: {handles: {H: {}}}}\nflows: {f: {starts: a, HERE: 1}}\n",
    "Objectives": "services: {a: {handles: {H: {}}}}\nflows: {f: {starts: a, objectives: {HERE: 1}}}\n",
    "Workload": "workloads: {w: {HERE: 1}}\n",
    "Start": "services: {a: {handles: {H: {}}}}\nflows: {f: a}\nworkloads: {w: {starts: {f: {peak: 1/s, HERE: 1}}}}\n",
    "Variant": "variants: {v: {HERE: 1}}\n",
    "Claim": "claims: {c: {says: s, expect: {apart: []}, HERE: 1}}\n",
    "Given": "claims: {c: {says: s, expect: {metric: services, is: '> 1'}, given: {HERE: 1}}}\n",
    "Check": "claims: {c: {says: s, expect: {metric: services, is: '> 1', HERE: 1}}}\n",
    "ZoneFailures": "zone_failures: {mtbf: 1y, HERE: 1}\n",
    "Tradeoff": "tradeoff: {HERE: 1}\n",
    "Waiver": "waivers: [{finding: f, reason: r, HERE: 1}]\n",
    "Text": "title: {en: a, HERE: 1}\n",
    "defaults": "defaults: {HERE: {}}\n",
    "defaults of calls": "defaults: {calls: {HERE: 1}}\n",
    "defaults of a kind": "defaults: {database: {HERE: 1}}\n",
}


@pytest.mark.parametrize("text", RECORDS.values(), ids=RECORDS)
def test_unknown_keys_are_refused_by_both(text: str, workspace: Workspace) -> None:
    head = "sysdesign: 1\nname: x\n"
    with_key = head + text.replace("HERE", "colour_of_it")
    assert complaints(as_text(with_key)) != []
    assert [problem.slug for problem in workspace.problems(with_key)] == ["unknown-key"]


def test_every_record_has_an_example() -> None:
    assert {name.removesuffix("Change") for name in SCHEMA["definitions"]} <= set(RECORDS)


@pytest.mark.parametrize("key", sorted(FIXED))
def test_what_a_variant_may_not_change_is_refused_by_both(key: str, workspace: Workspace) -> None:
    value = {"name": "y", "sysdesign": "1", "include": "a.yaml"}.get(key, "{}")
    text = f"sysdesign: 1\nname: x\nvariants: {{v: {{changes: {{{key}: {value}}}}}}}\n"
    assert complaints(as_text(text)) != []
    assert [problem.slug for problem in workspace.problems(text, "v")] == ["bad-variant"]


@pytest.mark.parametrize(
    "text",
    [
        "name: x\n",
        "sysdesign: 1\n",
        "sysdesign: 2\nname: x\n",
        "sysdesign: 1\nname: x\nservices: [a]\n",
        "sysdesign: 1\nname: x\nservices: {a: {kind: databse}}\n",
        "sysdesign: 1\nname: x\nservices: {a: {blocking: maybe}}\n",
        "sysdesign: 1\nname: x\nservices: {a b: {}}\n",
        "sysdesign: 1\nname: x\nflows: {f: {title: t}}\n",
        "sysdesign: 1\nname: x\nsources: {s: {date: yesterday}}\n",
        "sysdesign: 1\nname: x\nservices: {a: {takes: {mean: [1ms, 2ms, 3ms]}}}\n",
    ],
)
def test_what_the_schema_can_see_it_refuses(text: str, workspace: Workspace) -> None:
    assert complaints(as_text(text)) != []
    assert workspace.problems(text) != []


@given(damaged())
@settings(max_examples=120, deadline=None, derandomize=True)
def test_what_can_be_read_fits(text: str) -> None:
    """No editor underlines what the program accepts."""
    if problems_of(text, compile_all):
        return
    assert complaints(as_text(text)) == []


def test_a_problem_of_the_reader_is_not_hidden_here() -> None:
    """The helper above says that nothing is wrong only when nothing is."""
    assert problems_of("sysdesign: 1\n", compile_all)
    assert set(CODES)
    with pytest.raises(ScenarioError):
        Document(Path("/nowhere.yaml"), "x").scenario("", "x", Vocabulary())
