"""Variants, defaults and workloads based on others: what is laid over what, and where each figure then comes from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.nodes import MAP, Node, SourceFile, parse
from sysdesign_cli.scenario.problems import Place
from sysdesign_cli.scenario.read import Document, Vocabulary, laid_over
from tests.scenario.conftest import Workspace

BASE = """\
sysdesign: 1
name: shop
zones: [a, b]
services:
  web:
    replicas: 2
    handles:
      Open: {takes: 5ms, calls: [db.read, cache.get]}
      Close: {takes: 6ms}
  db: {kind: database, mtbf: 9d}
  cache: {kind: cache}
flows: {open: web.Open, close: web.Close}
workloads:
  day: {starts: {open: 5/s, close: 3/s}, shape: evening}
"""


def plain(node: Node) -> object:
    """A tree as plain values."""
    if node.kind == MAP:
        return {key: plain(value) for key, (_, value) in node.value.items()}
    return [plain(item) for item in node.value] if node.kind == "list" else node.value


def tree(text: str) -> Node:
    return parse(SourceFile("x", text))[0]


@pytest.mark.parametrize(
    ("base", "patch", "result"),
    [
        ("{a: 1}", "{b: 2}", {"a": "1", "b": "2"}),
        ("{a: 1}", "{a: 2}", {"a": "2"}),
        ("{a: {b: 1, c: 2}}", "{a: {b: 3}}", {"a": {"b": "3", "c": "2"}}),
        ("{a: {b: {c: 1}}}", "{a: {b: {d: 2}}}", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("{a: [1, 2]}", "{a: [3]}", {"a": ["3"]}),
        ("{a: [1, 2]}", "{a: {b: 1}}", {"a": {"b": "1"}}),
        ("{a: {b: 1}}", "{a: 1}", {"a": "1"}),
        ("{a: {b: 1}}", "{a: []}", {"a": []}),
        ("{a: {b: 1}}", "{a: {}}", {"a": {"b": "1"}}),
        ("{a: {b: 1}}", "{}", {"a": {"b": "1"}}),
        ("{}", "{a: {b: 1}}", {"a": {"b": "1"}}),
        ("{a: 1, b: 2, c: 3}", "{c: 4, d: 5, a: 6}", {"a": "6", "b": "2", "c": "4", "d": "5"}),
    ],
)
def test_laid_over(base: str, patch: str, result: object) -> None:
    below, above = tree(base), tree(patch)
    before = plain(below), plain(above)
    merged = laid_over(below, above)
    assert plain(merged) == result
    assert list(merged.value) == list(result)  # type: ignore[call-overload]  # the order of the base, then what is new
    assert (plain(below), plain(above)) == before, "neither is changed"


def test_laid_over_keeps_the_places_of_both() -> None:
    merged = laid_over(tree("a: {b: 1,\n  c: 2}\n"), tree("# a patch\na: {c: 3, d: 4}\n"))
    entries = merged.value["a"][1].value
    assert {key: str(node.place) for key, (_, node) in entries.items()} == {"b": "x:1:8", "c": "x:2:8", "d": "x:2:14"}
    assert str(entries["c"][0].place) == "x:2:3", "the key that was there stays"


def varied(workspace: Workspace, variant: str) -> Scenario:
    return workspace.scenario(BASE + "variants:\n  v:\n" + variant, "v")


def test_a_variant_changes_what_it_names(workspace: Workspace) -> None:
    scenario = varied(workspace, "    changes: {services: {web: {replicas: 7, handles: {Open: {takes: 1ms}}}, new: {handles: {H: {}}}}}\n")
    assert scenario.variant == "v"
    assert scenario.name == "shop"
    assert list(scenario.services) == ["web", "db", "cache", "new"]
    web = scenario.services["web"]
    assert (web.replicas.min, web.handles["Open"].takes.mean, web.handles["Close"].takes.mean) == (7, 0.001, 0.006)
    assert [call.to for call in web.handles["Open"].every_call()] == ["db.read", "cache.get"]


def test_the_scenario_itself_is_not_changed(workspace: Workspace) -> None:
    text = BASE + "variants:\n  v: {remove: [services.cache, services.web.handles.Open.calls], changes: {services: {web: {replicas: 7}}}}\n"
    document = Document(workspace.write(text), "x.yaml")
    before = document.scenario("", "x", Vocabulary())
    document.scenario("v", "x", Vocabulary())
    after = document.scenario("", "x", Vocabulary())
    assert before == after
    assert after.services["web"].replicas.min == 2


def test_patched_figures_stand_where_the_patch_stands(workspace: Workspace) -> None:
    scenario = varied(
        workspace, "    changes:\n      services:\n        db: {mtbf: 3d,\n          mttr: 2min}\n        web: {replicas: {min: 7}}\n"
    )
    db, web = scenario.services["db"], scenario.services["web"]
    assert str(db.mtbf.place) == "x.yaml:19:20"
    assert str(db.mttr.place) == "x.yaml:20:17"
    assert str(web.replicas.min.place) == "x.yaml:21:31"
    assert db.node is not None
    assert str(db.node.place) == "x.yaml:10:3", "the service was there before"
    assert str(web.handles["Close"].takes.mean.place) == "x.yaml:9:22"
    assert db.takes.mean.place is None, "a default of the catalogue"


def test_lists_and_shorthands_are_replaced(workspace: Workspace) -> None:
    scenario = varied(
        workspace,
        "    changes:\n      zones: [c]\n      services: {web: {replicas: {min: 1, max: 3}, handles: {Open: {takes: {mean: 9ms, cv: 2}, calls: [[db.write]]}}}}\n"
        "      workloads: {day: {starts: {open: {peak: 9/s, at: 20:00, for: 1h}}}}\n",
    )
    web = scenario.services["web"]
    assert list(scenario.zones) == ["c"]
    assert (web.replicas.min, web.replicas.max) == (1, 3)
    assert (web.handles["Open"].takes.mean, web.handles["Open"].takes.cv) == (0.009, 2)
    assert [call.to for call in web.handles["Open"].every_call()] == ["db.write"]
    day = scenario.workloads["day"]
    assert (day.starts["open"].peak, day.starts["open"].lasts, day.starts["close"].peak) == (9, 3600, 3)


def test_remove_comes_first(workspace: Workspace) -> None:
    """What is removed and then stated again is as stated, without what it had."""
    scenario = varied(
        workspace,
        "    remove: [services.web.handles.Open, services.web.replicas]\n    changes: {services: {web: {handles: {Open: {calls: db.read}}}}}\n",
    )
    web = scenario.services["web"]
    assert [call.to for call in web.handles["Open"].every_call()] == ["db.read"]
    assert web.handles["Open"].takes.mean == 0.01, "the default of a service, since its own was removed"
    assert web.replicas.min.is_default
    assert list(web.handles) == ["Close", "Open"]


@pytest.mark.parametrize(
    ("remove", "services", "flows"),
    [
        ("flows.close", ["web", "db", "cache"], ["open"]),
        ("[flows.close]", ["web", "db", "cache"], ["open"]),
        ("[flows, workloads]", ["web", "db", "cache"], []),
        ("[workloads, flows.open, services.web.handles.Open, services.db, services.cache]", ["web"], ["close"]),
        ("[services.web.handles.Open.calls, services.cache]", ["web", "db"], ["open", "close"]),
        ("[]", ["web", "db", "cache"], ["open", "close"]),
    ],
)
def test_paths_to_remove(remove: str, services: list[str], flows: list[str], workspace: Workspace) -> None:
    changes = "{workloads: {day: {starts: {}}}}" if "flows.close" in remove else "{}"
    text = BASE.replace("{open: 5/s, close: 3/s}", "{open: 5/s}") if "flows.close" in remove else BASE
    scenario = workspace.scenario(text + f"variants: {{v: {{remove: {remove}, changes: {changes}}}}}\n", "v")
    assert (list(scenario.services), list(scenario.flows)) == (services, flows)


def test_a_path_removed_twice_is_not_there_the_second_time(problems: Callable[..., list[str]]) -> None:
    found = problems(BASE + "variants: {v: {remove: [services.web.replicas, services.web.replicas]}}\n", "v")
    assert found == ["unknown-name 15:48"]


def test_an_empty_variant_is_the_scenario(workspace: Workspace) -> None:
    for text in ("{}", "", "{title: t}", "{changes: {}}"):
        scenario = workspace.scenario(BASE + f"variants: {{v: {text}}}\n", "v")
        assert list(scenario.services) == ["web", "db", "cache"]
        assert scenario.variant == "v"


def test_a_variant_of_included_parts(workspace: Workspace) -> None:
    text = "sysdesign: 1\nname: x\ninclude: parts.yaml\n"
    parts = "services: {a: {replicas: 2, handles: {H: {}}}}\nvariants:\n  v: {changes: {services: {a: {replicas: 5}}}}\n"
    scenario = workspace.scenario(text, "v", {"parts.yaml": parts})
    assert scenario.services["a"].replicas.min == 5
    assert scenario.services["a"].replicas.min.place == Place("parts.yaml", 3, 42)


# ---- claims about a variant


def test_claims_of_a_variant_may_name_its_parts_only(workspace: Workspace) -> None:
    claims = (
        "claims: {c: {says: s, given: {variant: v, kill: new}, expect: {apart: [new, web]}}, d: {says: s, expect: {apart: [web, db]}}}\n"
    )
    text = BASE + "variants: {v: {changes: {services: {new: {handles: {H: {}}}}}}}\n" + claims
    assert list(workspace.scenario(text).claims) == ["c", "d"]
    assert list(workspace.scenario(text, "v").claims) == ["c", "d"]
    assert [str(p.place) for p in workspace.problems(text.replace("kill: new", "kill: nwe"), "v")] == ["x.yaml:16:49"]
    assert workspace.problems(text.replace("kill: new", "kill: nwe")) == []
    assert [p.slug for p in workspace.problems(text.replace("variant: v,", "variant: w,"))] == ["unknown-name"]


# ---- defaults


DEFAULTS = """\
sysdesign: 1
name: x
source: assumption
sources: {book: {title: t}, paper: {title: t}}
defaults:
  calls: {timeout: 2s, source: book}
  database: {replicas: 3, mttr: 5min (paper), source: book}
  service: {takes: {mean: 7ms}}
  events: {size: 9KB, retention: 2d}
services:
  broker: {kind: broker}
  web: {handles: {H: {calls: [db.read, {to: db.write, timeout: 1s}], publishes: E}}}
  db: {kind: database}
  db2: {kind: database, replicas: 1, mttr: 1h}
events: {E: {}, F: {size: 1KB}, G: 3KB}
variants: {v: {changes: {defaults: {calls: {timeout: 8s}, database: {replicas: 5}}}}}
"""


def test_defaults_of_the_file(workspace: Workspace) -> None:
    scenario = workspace.scenario(DEFAULTS)
    web, db, db2 = (scenario.services[name] for name in ("web", "db", "db2"))
    assert [call.timeout for call in web.handles["H"].every_call()] == [2, 1]
    assert (db.replicas.min, db2.replicas.min, web.replicas.min) == (3, 1, 1)
    assert (db.mttr, db2.mttr, web.mttr) == (300, 3600, 900)
    assert web.handles["H"].takes.mean == 0.007
    assert db.takes.mean == 0.003, "other kinds keep the catalogue's"
    assert [event.size for event in scenario.events.values()] == [9_000, 1_000, 3_000]
    assert {event.retention for event in scenario.events.values()} == {172_800}


def test_defaults_know_their_place_and_source(workspace: Workspace) -> None:
    scenario = workspace.scenario(DEFAULTS)
    db, db2 = scenario.services["db"], scenario.services["db2"]
    first, second = scenario.services["web"].handles["H"].every_call()
    assert first.timeout is not None
    assert second.timeout is not None
    assert (str(first.timeout.place), first.timeout.source) == ("x.yaml:6:20", "book")
    assert (str(second.timeout.place), second.timeout.source) == ("x.yaml:12:64", "assumption")
    assert (str(db.replicas.min.place), db.replicas.min.source) == ("x.yaml:7:24", "book")
    assert (db.mttr.source, db2.mttr.source) == ("paper", "assumption")
    assert not db.mttr.is_default
    assert db.mtbf.is_default


def test_a_variant_changes_defaults(workspace: Workspace) -> None:
    scenario = workspace.scenario(DEFAULTS, "v")
    assert [call.timeout for call in scenario.services["web"].handles["H"].every_call()] == [8, 1]
    db = scenario.services["db"]
    assert (db.replicas.min, db.mttr) == (5, 300)
    assert db.replicas.min.place == Place("x.yaml", 16, 80)


def test_defaults_of_one_file_are_not_those_of_the_next(workspace: Workspace) -> None:
    workspace.scenario(DEFAULTS)
    other = workspace.scenario("sysdesign: 1\nname: y\nservices: {db: {kind: database}}\n")
    assert other.services["db"].replicas.min == 1
    assert other.services["db"].replicas.min.is_default


def test_handlers_that_are_not_stated(workspace: Workspace) -> None:
    scenario = workspace.scenario(
        "sysdesign: 1\nname: y\nservices: {d: {kind: database}, c: {kind: cache}, f: {kind: function}, s: {}, e: {kind: database, handles: {x: {}, read: {}}}}\n"
    )
    assert {name: list(service.handles) for name, service in scenario.services.items()} == {
        "d": ["read", "write"],
        "c": ["get", "put"],
        "f": ["invoke"],
        "s": [],
        "e": ["x", "read"],
    }
    assert [handler.access for handler in scenario.services["e"].handles.values()] == ["none", "read"]
    assert scenario.services["d"].domains == ("d",)


# ---- workloads based on others


def workloads(text: str, workspace: Workspace) -> Scenario:
    flows = "services: {w: {handles: {A: {}, B: {}, C: {}}}}\nflows: {a: w.A, b: w.B, c: w.C}\n"
    return workspace.scenario("sysdesign: 1\nname: x\n" + flows + "workloads:\n" + text)


def test_a_workload_takes_over_what_it_does_not_say(workspace: Workspace) -> None:
    scenario = workloads(
        "  day: {starts: {a: 1/s, b: 2/s}, shape: evening, users: 500, failure_costs: $3, days_per_year: 300, title: Day}\n"
        "  busy: {based_on: day, starts: {b: 20/s, c: 30/s}, users: 0}\n",
        workspace,
    )
    day, busy = scenario.workloads["day"], scenario.workloads["busy"]
    assert {name: start.peak for name, start in busy.starts.items()} == {"a": 1, "b": 20, "c": 30}
    assert (busy.shape, busy.users, busy.failure_costs) == ("evening", 0, 3)
    assert busy.days_per_year is None, "the days are its own"
    assert not busy.title
    assert {name: start.peak for name, start in day.starts.items()} == {"a": 1, "b": 2}


def test_workloads_based_on_later_ones_and_on_each_other(workspace: Workspace) -> None:
    scenario = workloads(
        "  w3: {based_on: w2, starts: {a: 3/s}}\n  w1: {starts: {a: 1/s, b: 1/s, c: 1/s}}\n  w2: {based_on: w1, starts: {b: 2/s}}\n",
        workspace,
    )
    assert list(scenario.workloads) == ["w3", "w1", "w2"]
    assert {name: start.peak for name, start in scenario.workloads["w3"].starts.items()} == {"a": 3, "b": 2, "c": 1}


def test_a_spike_is_replaced_as_a_whole(workspace: Workspace) -> None:
    scenario = workloads(
        "  w1: {starts: {a: {peak: 9/s, base: 1/s, at: 20:00, for: 1h}}}\n  w2: {based_on: w1, starts: {a: 5/s}}\n", workspace
    )
    start = scenario.workloads["w2"].starts["a"]
    assert (start.peak, start.base, start.at, start.lasts) == (5, None, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  w: {based_on: w}\n", ["contradiction/based-on-itself 6:17"]),
        ("  v: {based_on: w}\n  w: {based_on: v}\n", ["contradiction/based-on-itself 6:17"]),
        ("  u: {based_on: v}\n  v: {based_on: w}\n  w: {based_on: v}\n", ["contradiction/based-on-itself 7:17"]),
        (
            "  v: {based_on: w}\n  w: {based_on: v}\n  y: {based_on: z}\n  z: {based_on: y}\n",
            ["contradiction/based-on-itself 6:17", "contradiction/based-on-itself 8:17"],
        ),
        ("  v: {based_on: w}\n  w: {based_on: x}\n", ["unknown-name 7:17"]),
    ],
)
def test_circles(text: str, expected: list[str], problems: Callable[..., list[str]]) -> None:
    flows = "services: {w: {handles: {A: {}, B: {}, C: {}}}}\nflows: {a: w.A, b: w.B, c: w.C}\n"
    assert problems("sysdesign: 1\nname: x\n" + flows + "workloads:\n" + text) == expected
