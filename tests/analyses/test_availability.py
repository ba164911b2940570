"""Availability: cases with known answers, deadlines by hand, improvements that do what they promise, an independent program."""

from __future__ import annotations

import math
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from functools import partial
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.availability import Availabilities, AvailabilityResult
from sysdesign_cli.analyses.fault_trees import fault_trees
from sysdesign_cli.analyses.improvements import improvements
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.api import Design
from sysdesign_cli.engine.factoring import probability
from sysdesign_cli.engine.openpsa import identifiers, open_psa
from sysdesign_cli.engine.structure import CATCHING_UP, binomial_tail
from sysdesign_cli.engine.system import System
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.views.availability_view import availability_document
from sysdesign_cli.views.document import show
from sysdesign_cli.views.formats import plain
from sysdesign_cli.views.interval import half_width_of
from sysdesign_cli.views.json_format import plain_data
from tests.engine.random_systems import Draft, drafts
from tests.helpers import design

SHIPPED = ("ecommerce", "netflix", "grab", "morprom")
YEAR_S = 365 * 86400.0


def services(stated: dict[str, str], handlers: str) -> Design:
    """Services of a stated availability each, `handlers` as the lines below `root`, whose `Ask` starts the flow."""
    lines = "\n".join(f"  {name}: {{availability: {share}, handles: {{h: {{}}}}}}" for name, share in stated.items())
    return design(f"""
services:
  root:
    availability: 100%
    handles:
{handlers}
{lines}
flows: {{ask: {{starts: root.Ask}}}}
workloads: {{day: {{starts: {{ask: 1/min}}}}}}
""")


def of(found: Design, workload: str = "", order: int | None = None) -> AvailabilityResult:
    return found.availability(workload=workload, order=order, improve=False)


def sets(found: AvailabilityResult, what: str = "core") -> set[frozenset[str]]:
    return {frozenset(cut.components) for cut in found.detail.sets(what)}


# ---------------------------------------------------------------------------------------------- known answers


def chain(deeper: str) -> Design:
    return design(f"""
services:
  a: {{availability: 99%, handles: {{h: {{calls: {deeper}}}}}}}
  b: {{availability: 99%, handles: {{h: {{calls: d.h}}}}}}
  c: {{availability: 99%, handles: {{h: {{calls: d.h}}}}}}
  d: {{availability: 99%, handles: {{h: {{}}}}}}
flows: {{ask: {{starts: a.h}}}}
workloads: {{day: {{starts: {{ask: 1/min}}}}}}
""")


@pytest.mark.parametrize(
    ("deeper", "expected"),
    [
        ("[b.h, c.h]", 0.96059601),  # A needs B and C, both need D
        ("{to: b.h, fallback: c.h}", 0.98000199),  # A needs B or C, both need D; multiplying paths says .98960795
    ],
)
def test_a_dependency_used_twice_counts_once(deeper: str, expected: float) -> None:
    assert of(chain(deeper)).flows[0].answer.value == pytest.approx(expected, abs=1e-12)


def test_web_with_database_and_with_database_or_queue() -> None:
    stated = {"web": "99.95%", "db": "99.99%", "queue": "99.9%"}
    one = services(stated, "      Ask: {calls: [web.h, db.h]}")
    assert of(one).flows[0].answer.value == pytest.approx(0.99940005, abs=1e-12)
    other = services(stated, "      Ask: {calls: [web.h, {to: db.h, fallback: queue.h}]}")
    assert of(other).flows[0].answer.value == pytest.approx(0.9995 * 0.9999999, abs=1e-12)  # in total .9994999


def replicas(count: int, needs: int, up: str, down: str, zones: str = "") -> Design:
    return design(f"""
{zones}
services:
  s: {{replicas: {count}, needs: {needs}, mtbf: {up}, mttr: {down}, handles: {{h: {{}}}}}}
flows: {{ask: {{starts: s.h}}}}
workloads: {{day: {{starts: {{ask: 1/min}}}}}}
""")


def test_two_of_three() -> None:
    assert of(replicas(3, 2, "99h", "1h")).flows[0].answer.value == pytest.approx(0.999702, abs=1e-12)


def test_two_of_three_in_three_zones() -> None:
    zones = "zones: [a, b, c]\nzone_failures: {mtbf: 999h, mttr: 1h}"
    assert of(replicas(3, 2, "99h", "1h", zones)).flows[0].answer.value == pytest.approx(0.999640314446598, abs=1e-14)


@pytest.mark.parametrize(("needs", "expected"), [(3, 5.9999200003e-10), (2, 3.99997e-15), (1, 1e-20)])
def test_small_unavailability_keeps_its_digits(needs: int, expected: float) -> None:
    """Four replicas, 1e-5 each, at least 2, 3 or all 4 down: computed directly, not as 1 - A."""
    flow = of(replicas(4, needs, "99999min", "1min")).flows[0]
    assert flow.answer_down.value / YEAR_S == pytest.approx(expected, rel=1e-9)
    assert flow.states["down"].value == pytest.approx(expected, rel=1e-9)


def test_bridge_network() -> None:
    """Through 1 and 4, 2 and 5, or over the bridge 3: 12231/12500; importances of an end and of the bridge."""
    bridge = services(
        dict.fromkeys(("p1", "p2", "p3", "p4", "p5"), "90%"),
        """\
      Ask: {calls: {to: root.One, fallback: root.Else1}}
      Else1: {calls: {to: root.Two, fallback: root.Else2}}
      Else2: {calls: {to: root.Three, fallback: root.Four}}
      One: {calls: [p1.h, p4.h]}
      Two: {calls: [p2.h, p5.h]}
      Three: {calls: [p1.h, p3.h, p5.h]}
      Four: {calls: [p2.h, p3.h, p4.h]}""",
    )
    found = of(bridge)
    assert found.flows[0].answer.value == pytest.approx(12231 / 12500, abs=1e-12)
    assert sets(found) == {frozenset(one.split()) for one in ("p1 p2", "p4 p5", "p1 p3 p5", "p2 p3 p4")}
    weights = {weight.component: weight for weight in found.detail.weights}
    assert weights["p1"].birnbaum.value == pytest.approx(0.1062, abs=1e-12)
    assert weights["p3"].birnbaum.value == pytest.approx(0.0162, abs=1e-12)
    assert weights["p1"].fussell_vesely.value == pytest.approx(0.50651, abs=5e-6)
    assert weights["p1"].criticality.value == pytest.approx(0.49349, abs=1e-5)


def test_power_and_generators() -> None:
    """Fails if AC or network or ((P1 or G1) and (P2 or G2)): exactly six minimal cut sets."""
    found = of(
        services(
            dict.fromkeys(("ac", "network", "p1", "g1", "p2", "g2"), "99%"),
            """\
      Ask: {calls: [ac.h, network.h, {to: root.Feed1, fallback: root.Feed2}]}
      Feed1: {calls: [p1.h, g1.h]}
      Feed2: {calls: [p2.h, g2.h]}""",
        )
    )
    assert sets(found) == {frozenset(one.split()) for one in ("ac", "network", "g1 g2", "g1 p2", "p1 g2", "p1 p2")}
    assert found.flows[0].singles == ("ac", "network")
    assert found.detail.cuts[0].complete


# ---------------------------------------------------------------------------------------------- deadlines, retention, deliveries


def events(worker: str, event: str = "", objective: str = "", extra: str = "") -> Design:
    """A front that stores and sends, a worker that has to have run. Nothing else ever fails."""
    return design(f"""
services:
  front: {{availability: 100%, handles: {{Buy: {{publishes: [Bought], publish_mode: outbox}}}}}}
  broker: {{kind: broker, availability: 100%}}
  worker: {worker}
  {extra}
events: {{Bought: {{{event}}}}}
flows: {{buy: {{starts: front.Buy, completed: worker.Bought, objectives: {{{objective}}}}}}}
workloads: {{day: {{starts: {{buy: 1/min}}}}}}
""")


WORKER = "{replicas: 1, mtbf: 999h, mttr: 1h, handles: {Bought: {takes: 1ms}}}"


@pytest.mark.parametrize(
    ("event", "objective", "patience_h"),
    [
        ("retention: 7d", "complete_within: 2h", 2.0),
        ("retention: 3h", "complete_within: 4h", 3.0),  # the broker forgets first
        ("retention: 3h", "", 3.0),
        ("durable: false", "complete_within: 2h", 0.0),
        ("delivery: at-most-once", "complete_within: 2h", 0.0),
        ("retention: 7d, deliveries: 2, redelivery_delay: 1min", "complete_within: 2h", 2.0),  # deliveries wait for a dead subscriber
    ],
)
def test_a_dead_subscriber_only_delays_until_patience_ends(event: str, objective: str, patience_h: float) -> None:
    """q exp(-T / MTTR), with q = 1e-3 and MTTR = 1 h; the rest of q is late."""
    flow = of(events(WORKER, event, objective)).flows[0]
    down = 1e-3 * math.exp(-patience_h)
    assert flow.answer.value == 1.0
    assert flow.states["down"].value == pytest.approx(down, rel=1e-12)
    assert flow.states["delayed"].value == pytest.approx(1e-3 - down, rel=1e-3, abs=1e-8)  # a lightly loaded queue drains at once


def test_a_subscriber_whose_provider_is_down_gives_up_after_its_deliveries() -> None:
    """Four tries 20 min apart are up after 1 h, long before the deadline; the provider's MTTR is 1 h."""
    worker = "{availability: 100%, handles: {Bought: {takes: 1ms, calls: provider.h}}}"
    event = "retention: 7d, deliveries: 4, redelivery_delay: 20min"
    found = events(worker, event, "complete_within: 5h", "provider: {kind: external, mtbf: 999h, mttr: 1h, handles: {h: {}}}")
    assert of(found).flows[0].states["down"].value == pytest.approx(1e-3 * math.exp(-1), rel=1e-12)


def test_two_patiences_for_one_component_are_not_independent() -> None:
    """Two subscribers of one dead service, kept 1 h and 3 h: whoever outlasts 3 h has outlasted 1 h, so the first decides."""
    found = design("""
services:
  front: {availability: 100%, handles: {Buy: {publishes: [Soon, Late], publish_mode: outbox}}}
  broker: {kind: broker, availability: 100%}
  worker: {replicas: 1, mtbf: 999h, mttr: 1h, handles: {Soon: {takes: 1ms}, Late: {takes: 1ms}}}
events: {Soon: {retention: 1h}, Late: {retention: 3h}}
flows: {buy: {starts: front.Buy, completed: [worker.Soon, worker.Late]}}
workloads: {day: {starts: {buy: 1/min}}}
""")
    assert of(found).flows[0].states["down"].value == pytest.approx(1e-3 * math.exp(-1), rel=1e-12)


def test_catching_up_stretches_the_delay() -> None:
    """At utilisation 1/2 a backlog takes as long as the outage: mu / (mu - lambda) = 2, so q more of the time is late."""
    worker = "{replicas: 1, concurrency: 1, mtbf: 999h, mttr: 1h, handles: {Bought: {takes: 30s}}}"
    found = events(worker, "retention: 7d")
    flow = of(found).flows[0]
    late = 1 - (1 - 1e-3) ** 2  # down or catching up, each 1e-3 and taken as independent
    assert flow.states["delayed"].value + flow.states["down"].value == pytest.approx(late, rel=1e-9)
    assert flow.states["delayed"].method == "approximation"
    assert any(part.kind == CATCHING_UP for part in of(found).detail.parts)


def test_alternatives_share_what_they_have_in_common() -> None:
    """Exactly one of two events is published, and the same service takes both: it is needed every time, not in 92 % of cases."""
    found = design("""
services:
  front: {availability: 100%, handles: {Buy: {publishes: {Paid: 92%, Refused: 8%}, publish_mode: outbox}}}
  broker: {kind: broker, availability: 100%}
  worker: {replicas: 1, mtbf: 999h, mttr: 1h, handles: {Paid: {takes: 1ms}, Refused: {takes: 1ms}}}
  other: {replicas: 1, mtbf: 999h, mttr: 1h, handles: {Refused: {takes: 1ms}}}
events: {Paid: {durable: false}, Refused: {durable: false}}
flows: {buy: {starts: front.Buy, completed: [worker.Paid, worker.Refused, other.Refused]}}
workloads: {day: {starts: {buy: 1/min}}}
""")
    flow = of(found).flows[0]
    assert flow.states["down"].value == pytest.approx(1e-3 + (1 - 1e-3) * 0.08 * 1e-3, rel=1e-9)


def test_what_a_cache_miss_would_do_counts_only_for_misses() -> None:
    """The effect behind a cache with 75 % hits is skipped where an optional call fails: in a quarter of the requests."""
    found = design("""
services:
  front: {availability: 100%, handles: {Buy: {calls: {to: cache.get, hit_ratio: 75%, on_miss: {to: worker.h, optional: nothing}}}}}
  cache: {kind: cache, availability: 100%, handles: {get: {}}}
  worker: {availability: 99%, handles: {h: {}}}
flows: {buy: {starts: front.Buy, completed: worker.h}}
workloads: {day: {starts: {buy: 1/min}}}
""")
    assert of(found).flows[0].states["down"].value == pytest.approx(0.25 * 0.01, rel=1e-12)


# ---------------------------------------------------------------------------------------------- load


def test_more_load_needs_more_replicas() -> None:
    """3 replicas of 1 worker; 1 s of work each. At 0.8/s one is enough (80 % of 1), at 1.7/s two are (85 % of 2), at 2.5/s all three."""

    def down(rate: str) -> float:
        found = design(f"""
services: {{s: {{replicas: 3, concurrency: 1, mtbf: 99h, mttr: 1h, handles: {{h: {{takes: 1s}}}}}}}}
flows: {{ask: {{starts: s.h}}}}
workloads: {{day: {{starts: {{ask: {rate}}}}}}}
""")
        return of(found).flows[0].answer_down.value / YEAR_S

    q = 0.01
    assert down("0.8/s") == pytest.approx(q**3, rel=1e-9)
    assert down("1.7/s") == pytest.approx(3 * q**2 * (1 - q) + q**3, rel=1e-9)
    assert down("2.5/s") == pytest.approx(1 - (1 - q) ** 3, rel=1e-9)


def test_too_few_replicas_are_said_so() -> None:
    found = design("""
services: {s: {replicas: 2, concurrency: 1, mtbf: 99h, mttr: 1h, handles: {h: {takes: 1s}}}}
flows: {ask: {starts: s.h}}
workloads: {day: {starts: {ask: 4/s}}}
""")
    result = of(found)
    assert [(short.service, short.needs, short.replicas) for short in result.short] == [("s", 5, 2)]
    assert result.flows[0].answer_down.value / YEAR_S == pytest.approx(1 - 0.99**2, rel=1e-9)  # as if both were enough


def test_a_backlog_that_never_drains_is_late_all_the_time() -> None:
    worker = "{replicas: 1, concurrency: 1, handles: {Bought: {takes: 61s}}}"
    result = of(events(worker))
    assert result.never_drain == ("worker",)
    assert result.flows[0].states["ok"].value == 0.0
    assert all(math.isfinite(number.value) for number in result.flows[0].states.values())


def test_replicas_in_numbers_are_counted_not_listed() -> None:
    """20 replicas, 15 needed: at least 6 down, by the binomial distribution; a bound, since groups are joined as if independent."""
    result = of(replicas(20, 15, "99h", "1h"))
    exact = sum(math.comb(20, k) * 0.01**k * 0.99 ** (20 - k) for k in range(6, 21))
    assert result.flows[0].answer_down.value / YEAR_S == pytest.approx(exact, rel=1e-9)
    assert result.flows[0].answer.method == "at-least"
    assert result.flows[0].singles == ()  # six at once are no single point


@settings(max_examples=40)
@given(st.integers(1, 300), st.data())
def test_binomial_tail(count: int, data: st.DataObject) -> None:
    least = data.draw(st.integers(1, count))
    q = data.draw(st.floats(1e-6, 0.5))
    exact = math.fsum(math.comb(count, k) * q**k * (1 - q) ** (count - k) for k in range(least, count + 1))
    assume(exact > 1e-290)
    assert binomial_tail(count, least, q) == pytest.approx(exact, rel=1e-9)


@settings(max_examples=60)
@given(drafts(), st.data())
def test_another_replica_never_lowers_availability(draft: Draft, data: st.DataObject) -> None:
    """As long as there are enough for the load. Tolerance: 1e-9 of the unavailability, for sums in another order."""
    name = data.draw(st.sampled_from(draft.services()))
    count = data.draw(st.integers(1, 4))

    def unavailable(replicas: int) -> list[float]:
        text = draft.text().replace(f'  {name}: {{"kind"', f'  {name}: {{"replicas": {replicas}, "kind"')
        question = Availabilities(Setting(_system(text)))
        assume(not question.short)
        return [question.failing(flow, top) for flow in question.system.scenario.flows.values() for top in ("answer", "core")]

    for less, more in zip(unavailable(count), unavailable(count + 1), strict=True):
        assert more <= less * (1 + 1e-9)


def _system(text: str) -> System:
    from tests.engine.random_systems import system

    return system(text)


# ---------------------------------------------------------------------------------------------- what the file says


def test_met_exactly_is_met() -> None:
    stated = services({"db": "99.95%"}, "      Ask: {calls: db.h}")
    text = stated.scenario.flows["ask"]
    assert text.objectives.availability is None
    found = design("""
services: {s: {availability: 99.95%, handles: {h: {}}}, t: {availability: 99.94%, handles: {h: {}}}}
flows: {ask: {starts: s.h, objectives: {availability: 99.95%}}, other: {starts: t.h, objectives: {availability: 99.95%}}}
workloads: {day: {starts: {ask: 1/s, other: 1/s}}}
""")
    assert {flow.flow: flow.met for flow in of(found).flows} == {"ask": True, "other": False}
    assert of(found).detail.flow == "other"  # furthest from its promise


def test_a_published_sla_is_labelled() -> None:
    stated = {one.service: one.sla for one in of(sysdesign_cli.load("ecommerce")).detail.stated}
    assert stated["order-db"] is True
    assert stated["card-gateway"] is False


def test_bad_deploys_take_all_replicas() -> None:
    """73 times a year 12 h are a tenth of it."""
    found = design("""
services: {s: {replicas: 3, mtbf: 3650d, mttr: 1ms, bad_deploys: {per_year: 73, lasts: 12h}, handles: {h: {}}}}
flows: {ask: {starts: s.h}}
workloads: {day: {starts: {ask: 1/min}}}
""")
    assert of(found).flows[0].answer.value == pytest.approx(0.9, rel=1e-9)


@pytest.mark.parametrize("name", SHIPPED)
def test_states_sum_to_one_and_nothing_is_endless(name: str) -> None:
    found = sysdesign_cli.load(name)
    for workload in found.scenario.workloads:
        for flow in of(found, workload, 2).flows:
            assert math.fsum(number.value for number in flow.states.values()) == pytest.approx(1.0, abs=1e-12)
            assert all(0 <= number.value <= 1 for number in flow.states.values())
            assert flow.completion.value == pytest.approx(1 - flow.states["down"].value, abs=1e-12)


def test_unknown_names() -> None:
    found = sysdesign_cli.load("ecommerce")
    with pytest.raises(ScenarioError, match="brows"):
        found.availability("brows")
    with pytest.raises(ScenarioError, match="sunday"):
        found.availability(workload="sunday")
    with pytest.raises(ScenarioError, match="brows"):
        found.experiments("brows")


def test_cut_sets_left_out_are_counted() -> None:
    """Of the generators' tree only single components are listed: P(whole) - P(union of the listed)."""
    ask = """\
      Ask: {calls: [ac.h, {to: p.h, fallback: g.h}]}"""
    found = of(services(dict.fromkeys(("ac", "p", "g"), "99%"), ask), order=1)
    cuts = found.detail.cuts[0]
    assert not cuts.complete
    assert cuts.left_out is not None
    assert cuts.left_out.value == pytest.approx((1 - 0.99 * (1 - 1e-4)) - 0.01, rel=1e-9)


# ---------------------------------------------------------------------------------------------- improvements


@pytest.mark.parametrize("address", ["ecommerce", "ecommerce@synchronous", "grab", "morprom", "morprom@monolith"])
def test_every_improvement_leaves_what_it_says(address: str) -> None:
    """Made with --set and asked again: the same downtime, to 1e-9."""
    found = sysdesign_cli.load(address)
    tried = 0
    for workload in found.scenario.workloads:
        for flow in found.scenario.flows.values():
            before = Availabilities(Setting(found.system, workload)).failing(flow, "core")
            for one in improvements(found.system, flow, workload):
                assert one.saves.value == pytest.approx(before * YEAR_S - one.down.value, rel=1e-6)
                if one.changes:
                    again = Design.load(address, one.changes).availability(flow.name, workload, improve=False)
                    assert again.flows[0].completion_down.value == pytest.approx(one.down.value, rel=1e-9)
                    tried += 1
    assert tried > 10


def test_improvements_are_priced_or_say_that_they_are_not() -> None:
    detail = sysdesign_cli.load("ecommerce").availability("browse").detail
    assert detail.improvements
    more = {one.kind: one.costs for one in detail.improvements}
    assert more["one-more-replica"] is not None
    assert more["one-more-replica"].value > 0
    second = sysdesign_cli.load("ecommerce").availability("place-order").detail.improvements
    assert second
    assert [one.costs for one in second if one.kind == "second-provider"] == [None]


def test_known_cures_are_found() -> None:
    """One of everything: a replica, an outbox, an answer without a part, a second provider, a faster rollback."""
    found = design("""
zones: [a, b]
services:
  api: {replicas: 2, bad_deploys: {per_year: 10, lasts: 1h}, handles: {Buy: {calls: [ads.h, bank.h, stock.h], publishes: [Bought]}}}
  ads: {replicas: 2, handles: {h: {}}}
  bank: {kind: external, handles: {h: {}}}
  stock: {replicas: 1, zones: [a], handles: {h: {}}}
  broker: {kind: broker, replicas: 1}
  mail: {replicas: 2, handles: {Bought: {takes: 1ms}}}
events: {Bought: {}}
flows: {buy: {starts: api.Buy}}
workloads: {day: {starts: {buy: 1/min}}}
""")
    kinds = {(one.kind, one.subject) for one in improvements(found.system, found.scenario.flows["buy"])}
    assert {
        ("one-more-replica", "stock"),
        ("another-zone", "stock"),
        ("outbox", "api.Buy"),
        ("fallback", "api.Buy → stock"),
        ("second-provider", "api.Buy → bank"),
        ("faster-rollback", "api"),
    } <= kinds


# ---------------------------------------------------------------------------------------------- another program


@pytest.mark.skipif(shutil.which("scram") is None, reason="SCRAM is not installed")
@pytest.mark.parametrize("name", SHIPPED)
def test_scram_agrees(name: str, tmp_path: Path) -> None:
    """The exported fault trees of one flow each, worked out by SCRAM; it prints six digits."""
    found = sysdesign_cli.load(name)
    for flow in found.scenario.flows:
        tree, tops = fault_trees(found.system, flow)
        path, report = tmp_path / f"{flow}.xml", tmp_path / f"{flow}.report.xml"
        path.write_text(open_psa(tree, tops, name), encoding="utf-8")
        words = ["scram", "--bdd", "--probability", "1", "-l", "100", "--cut-off", "0", "-o", str(report), str(path)]
        subprocess.run(words, check=True, capture_output=True, timeout=120)
        theirs = {one.get("name"): one.get("probability") for one in ElementTree.parse(report).getroot().iter("sum-of-products")}
        for top, identifier in zip(tops, identifiers(tops), strict=True):
            assert float(theirs[identifier] or "nan") == pytest.approx(probability(tree, tops[top]), rel=1e-5)


@pytest.mark.parametrize("name", SHIPPED)
def test_exported_tops_are_those_of_the_analysis(name: str) -> None:
    found = sysdesign_cli.load(name)
    tree, tops = fault_trees(found.system)
    question = Availabilities(Setting(found.system))
    for flow in found.scenario.flows.values():
        assert probability(tree, tops[f"{flow.name}: answer fails"]) == pytest.approx(question.failing(flow, "answer"), rel=1e-12)
        assert probability(tree, tops[f"{flow.name}: completion fails"]) == pytest.approx(question.failing(flow, "core"), rel=1e-12)


RING = 16


def ring(share: str) -> Design:
    """Services in a ring, of which two neighbours down stop the flow: too many shared ones to enumerate, and nothing to factor."""
    lines = [f"  s{n}: {{availability: {share}, handles: {{h: {{}}}}}}" for n in range(RING)]
    lines += [
        f"  c{n}: {{availability: 100%, handles: {{h: {{calls: [{{to: s{n}.h, fallback: s{(n + 1) % RING}.h}}]}}}}}}" for n in range(RING)
    ]
    calls = ", ".join(f"c{n}.h" for n in range(RING))
    lines.append(f"  front: {{availability: 100%, handles: {{Ask: {{calls: [{calls}]}}}}}}")
    return design("services:\n" + "\n".join(lines) + "\nflows: {ask: {starts: front.Ask}}\nworkloads: {day: {starts: {ask: 1/min}}}\n")


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Diagrams of hardly any nodes, so that what is entangled really is sampled."""
    from sysdesign_cli.analyses import availability as module
    from sysdesign_cli.engine.sampling import simulated_probability

    monkeypatch.setattr(module, "probability", partial(probability, budget=2))
    monkeypatch.setattr(module, "simulated_probability", partial(simulated_probability, budget=2))


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize("broken", [0.1, 0.001])
def test_what_no_diagram_holds_is_simulated(broken: float) -> None:
    """Held against 1 - P(no two neighbours down): the trace of a power of [[p, q], [p, 0]], so a sum of powers of its eigenvalues."""
    p, q = 1 - broken, broken
    root = math.sqrt(p * p + 4 * p * q)
    down = 1 - ((p + root) / 2) ** RING - ((p - root) / 2) ** RING
    found = of(ring(f"{p:.1%}"))
    (flow,) = found.flows
    number = flow.answer_down
    half = half_width_of(number.note)
    assert number.method == flow.answer.method == flow.states["down"].method == flow.states["degraded"].method == "simulated"
    assert flow.states["ok"].method == "exact", "of what any of them degrades nothing is entangled"
    assert half is not None
    assert 0 < half < 0.2 * down * YEAR_S
    assert abs(number.value - down * YEAR_S) <= 2 * half
    assert half_width_of(flow.answer.note) == pytest.approx(half / YEAR_S)
    assert half_width_of(flow.states["down"].note) == pytest.approx(half / YEAR_S)
    shown = plain_data(flow.answer)
    assert shown["method"] == "simulated"
    assert shown["half_width"] == pytest.approx(half / YEAR_S)


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize("language", ["en", "th"])
def test_the_screen_says_how_sure_a_simulated_availability_is(language: str) -> None:
    asked = ring("99.95%")
    (flow,) = of(asked).flows
    text = plain(availability_document(of(asked), Say(language)))
    answers = next(line for line in text.splitlines() if line.startswith("ask"))
    assert answers.count(" ± ") == 2, "availability and downtime"
    assert show(flow.answer) in answers
    assert f"{flow.states['down'].value:.1e} ± {half_width_of(flow.states['down'].note):.1e}" in text
    for metric in ("availability", "downtime_per_year", "completion_availability"):
        for name in ("", "ask"):
            assert " ± " in show(asked.metric(metric, name))
