"""Rules about events and flows: what they say, against figures worked out by hand."""

from __future__ import annotations

import pytest

from tests.analyses.rules.cases import HERE, SCENARIOS, SLUGS, findings


def test_loop_is_named_once_from_its_alphabetically_first_handler() -> None:
    found = findings("event-loop", HERE / "event-loop" / "fails_2.yaml")
    assert [f.params["loop"] for f in found] == ["b.Do → c.Done → d.Next → b.Do", "e.Tick → e.Tick"]


def test_path_says_the_first_step_that_is_not_reached() -> None:
    found = findings("path-differs", HERE / "path-differs" / "fails.yaml")
    assert [(f.params["before"], f.params["step"]) for f in found] == [("StockReserved", "inventory.OrderPlaced")]


def test_bound_of_an_answer_is_the_sum_of_its_parts() -> None:
    """shop 5 ms + round trip 30 ms + provider 900 ms, by hand."""
    (found,) = findings("objective-out-of-reach", HERE / "objective-out-of-reach" / "fails.yaml")
    assert found.params == {"flow": "pay", "objective": "answer_p99", "promised": "500 ms", "least": "935 ms"}


def test_utilisation_of_an_overloaded_service() -> None:
    """400/s of 100 ms on 2 x 8 workers, by hand: 250 %."""
    (found,) = findings("overloaded", HERE / "overloaded" / "fails.yaml")
    assert found.params == {"service": "payment", "workload": "sale", "utilisation": "250 %", "clock": "00:00"}


@pytest.mark.parametrize("slug", SLUGS)
def test_event_driven_shop_is_clean(slug: str) -> None:
    """What is left is the backlog of a flash sale, which drains: information."""
    assert [f for f in findings(slug, SCENARIOS / "ecommerce.yaml") if f.severity != "info"] == []


def test_publish_and_hope_is_found() -> None:
    shop = SCENARIOS / "ecommerce.yaml"
    for slug in ("dual-write", "silent-loss"):
        assert [f.subject for f in findings(slug, shop, "fire-and-forget")] == ["order.PlaceOrder/OrderPlaced"]
