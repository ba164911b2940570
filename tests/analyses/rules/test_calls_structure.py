"""Rules about calls and structure: what they say, against figures worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analyses.rules.cases import HERE, SCENARIOS, SLUGS, case, findings, rule


def test_codes_are_different() -> None:
    assert len({rule(slug).code for slug in SLUGS}) == len(SLUGS)


def test_a_circle_is_named_once_from_its_alphabetically_first_handler() -> None:
    assert [said["cycle"] for said in case("sync-cycle", "fails_2")] == [
        "b.Do → c.Do → d.Do → b.Do",
        "e.Start → f.Load → e.Start",
        "tree.Walk → tree.Walk",
    ]


def test_the_chain_is_shown_with_its_length() -> None:
    (said,) = case("deep-call-chain", "fails")
    assert (said["hops"], said["chain"]) == ("6", "a.Do → b.Do → c.Do → d.Do → e.Do → f.Do → g.read")
    (said,) = case("deep-call-chain", "fails_2")
    assert (said["hops"], said["chain"]) == ("6", "a.Do → b.Do → d.Do → e.Do → f.Do → g.Do → cache.get")


def test_what_a_callee_may_wait_is_added_up() -> None:
    """By hand: 1 s, then 2 x 1 s + 1 x 0.5 s; and max(1 s, 2 s), then 1 s; and 2 s on a CDN's miss."""
    assert [(said["timeout"], said["wait"], said["calls"]) for said in case("timeout-inversion", "fails")] == [("2 s", "3.5 s", "1")]
    assert [(said["wait"], said["calls"]) for said in case("timeout-inversion", "fails_2")] == [("3 s", "2"), ("2 s", "1")]


def test_tries_are_multiplied() -> None:
    assert case("retry-amplification", "fails") == [
        {"target": "db.write", "factor": "8", "chain": "gateway.Buy → order.Place → stock.Reserve → db.write"}
    ]
    assert [(said["factor"], said["chain"]) for said in case("retry-amplification", "fails_2")] == [
        ("8", "a.Do → b.Do"),
        ("8", "c.Do → d.Do → e.Do → db.write"),
        ("8", "f.Do → g.Do → i.Do → j.Do"),
    ]


def test_three_layers_of_three_retries_are_64_calls(tmp_path: Path) -> None:
    """The example of Site Reliability Engineering, chapter 22."""
    services = [f"  s{n}: {{handles: {{Do: {{calls: [{{to: s{n + 1}.Do, retries: 3}}]}}}}}}" for n in range(3)]
    path = tmp_path / "sre.yaml"
    path.write_text(
        "\n".join(["sysdesign: 1", "name: x", "services:", *services, "  s3: {handles: {Do: {}}}", "flows: {do: {starts: s0.Do}}"])
    )
    assert [said.params["factor"] for said in findings("retry-amplification", path)] == ["64"]


def test_the_shared_service_is_named() -> None:
    shared = [said["shared"] for said in case("fallback-not-independent", "fails_2")]
    assert shared == ["mail", "auth", "broker", "db", "auth", "auth", "auth"]


def test_cold_rates_against_capacity() -> None:
    """By hand: 2000/s x 5 ms on 10 workers; 10k/s x (10 ms + 50 % x ...) on 100 workers."""
    (said,) = case("cache-carries-load", "fails")
    assert said == {"service": "db", "cache": "cache", "workload": "day", "warm": "10 %", "cold": "100 %"}
    origin, database = case("cache-carries-load", "fails_2")
    assert (origin["cache"], origin["workload"], database["cache"], database["workload"]) == ("cdn", "sale", "cache", "sale")
    assert (database["warm"], database["cold"]) == ("0.5 %", "100 %")


def test_the_hits_of_a_loop_that_only_caches_tame_are_not_compared(tmp_path: Path) -> None:
    """With hit ratio 0 the loop a, b grows without bound: there is no rate, and no finding instead of a crash."""
    path = tmp_path / "loop.yaml"
    path.write_text(
        "sysdesign: 1\nname: x\nservices:\n"
        "  a: {handles: {Do: {calls: [{to: cache.get, hit_ratio: 90%, on_miss: b.Do}]}}}\n"
        "  b: {handles: {Do: {calls: [a.Do]}}}\n"
        "  cache: {kind: cache}\n"
        "flows: {do: {starts: a.Do}}\nworkloads: {day: {starts: {do: 1/s}}}\n"
    )
    assert findings("cache-carries-load", path) == []


def test_zones_and_replicas_are_counted() -> None:
    assert [tuple(said.values()) for said in case("single-zone", "fails_2")] == [("order", "a", "2", "4", "3"), ("db", "a", "2", "5", "3")]
    assert [said["left"] for said in case("single-zone", "fails")] == ["0"]


def test_figures_without_a_source_are_counted() -> None:
    """Each figure once: the default timeout too, though two calls take it over."""
    counts = {said["part"]: said["count"] for said in case("no-source", "fails_2")}
    assert counts == {
        "services.a": "3",
        "services.c": "3",
        "events.Did": "1",
        "flows.do": "1",
        "workloads.day": "1",
        "shapes.own": "2",
        "defaults": "1",
    }


def test_file_level_parts_are_left_out_of_variants() -> None:
    """A variant takes parts away; that a source loses its last use there is no fault of the file."""
    path = HERE / "unused" / "passes_2.yaml"
    assert findings("unused", path, "busy") == []
    assert [finding.subject for finding in findings("unused", path, "calm")] == ["flows.relay"]


def test_the_event_driven_shop_waits_for_no_provider_and_its_synchronous_variant_does() -> None:
    shop = SCENARIOS / "ecommerce.yaml"
    assert findings("hard-external", shop) == []
    assert [finding.subject for finding in findings("hard-external", shop, "synchronous")] == ["payment.Charge/card-gateway.charge"]


@pytest.mark.parametrize(
    "slug", ["sync-cycle", "deep-call-chain", "no-timeout", "shared-database", "single-replica", "single-zone", "no-team", "no-flow"]
)
def test_the_event_driven_shop_is_clean(slug: str) -> None:
    assert findings(slug, SCENARIOS / "ecommerce.yaml") == []
