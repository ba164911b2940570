"""Which options are the same as far as one flow goes, and what is scored beside a time without bound."""

from __future__ import annotations

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.alike import Alike
from sysdesign_cli.analyses.contest import Contest, Spec, normalised, plain
from sysdesign_cli.analyses.parameters import LOAD, parameters, scaled_load
from sysdesign_cli.api import Design
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.scenario.prices import prices_for
from tests.helpers import design

TEXT = """
zones: [a, b]
services:
  web: {handles: {Read: {calls: store.Get}, Write: {calls: [store.Put], publishes: [Written]}}}
  store: {kind: database, handles: {Get: {takes: 2ms}, Put: {takes: 3ms}}}
  mail: {handles: {Written: {}}}
  bus: {kind: broker}
events: {Written: {}}
flows: {read: {starts: web.Read}, write: {starts: web.Write}}
workloads: {day: {starts: {read: 50/s, write: 10/s}}}
variants:
  new-service: {changes: {services: {audit: {handles: {Look: {}}}}}}
  slower-put: {changes: {services: {store: {handles: {Put: {takes: 4ms}}}}}}
  more-stores: {changes: {services: {store: {replicas: 5}}}}
  sized-event: {changes: {events: {Written: {size: 5KB}}}}
  third-zone: {changes: {zones: [a, b, c]}}
"""


def options(found: Design) -> dict[str, System]:
    return {"": found.system} | {str(name): found.variant(str(name)).system for name in found.scenario.variants}


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Alike:
    path = tmp_path_factory.mktemp("alike") / "x.yaml"
    path.write_text("sysdesign: 1\nname: x\nsource: assumption\n" + TEXT, encoding="utf-8")
    return Alike(options(sysdesign_cli.load(str(path))))


@pytest.mark.parametrize(
    ("option", "flow", "first"),
    [
        ("new-service", "read", ""),
        ("new-service", "write", ""),
        ("slower-put", "read", ""),  # another handler of a service that it passes
        ("slower-put", "write", "slower-put"),
        ("more-stores", "read", "more-stores"),
        ("more-stores", "write", "more-stores"),
        ("sized-event", "read", ""),
        ("sized-event", "write", "sized-event"),
        ("third-zone", "read", "third-zone"),
    ],
)
def test_what_a_flow_passes_decides(alike: Alike, option: str, flow: str, first: str) -> None:
    assert alike.first(option, flow) == first


def test_a_flow_passes_callees_subscribers_and_brokers(alike: Alike) -> None:
    names = [service.name for service in alike.systems[""].services]
    assert [(names[number], handler) for number, handler in alike.passed("", "write")] == [
        ("bus", ""),
        ("mail", "Written"),
        ("store", "Put"),
        ("web", "Write"),
    ]
    assert [(names[number], handler) for number, handler in alike.passed("", "read")] == [("store", "Get"), ("web", "Read")]


@pytest.mark.parametrize("factor", [1 / 64, 0.3, 2.0])
def test_under_another_load_the_same_system_as_compiled_anew(factor: float) -> None:
    found = design(TEXT).system
    changed = scaled_load(found.scenario, factor)
    again, anew = found.under(changed), System(changed)
    entries = {again.entry(flow): rate for flow, rate in zip(changed.flows.values(), (7.0, 3.0), strict=True)}
    assert again.scenario is changed
    assert solve(again, entries) == solve(anew, entries)
    assert [solve(again, {entry: 1.0}) for entry in entries] == [solve(anew, {entry: 1.0}) for entry in entries]


@pytest.mark.parametrize("name", ["netflix", "grab"])
@pytest.mark.parametrize("factor", [0.25, 0.8, 1.2, 4.0])
def test_scores_are_those_of_all_figures(name: str, factor: float) -> None:
    """Beside a time without bound the finite ones are not worked out for a score; they are here."""
    base = sysdesign_cli.load(name)
    systems = {"": base.system} | {str(one): base.variant(str(one)).system for one in base.scenario.variants}
    book = prices_for(base.scenario)
    spec = Spec({"availability": 2.0, "cost_per_year": 1.0, "answer_p99": 3.0})
    made = Contest(systems, spec, dict.fromkeys(systems, book))
    (load,) = [one for one in parameters([system.scenario for system in systems.values()], book) if one.id == LOAD]
    world = made.at(load, factor)
    scored = world.scores()
    whole = dict.fromkeys(systems, 0.0)
    for number, metric in enumerate(made.metrics):
        column = {option: plain(world.outcome(option, number)) for option in systems}
        assert None not in column.values()
        for option, share in normalised({option: value or 0.0 for option, value in column.items()}, metric.better).items():
            whole[option] += made.weights[number] * share
    assert scored == pytest.approx(whole, rel=0, abs=1e-15)
