"""Cost of small systems worked out by hand, replicas against sampling each second, and what holds for every system.

The price book of these tests has round prices. A month is 730 hours, 30 5/12 days, 2,628,000 seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sysdesign_cli
from sysdesign_cli.analyses.cost import CostResult, cost, is_old, yearly_cost
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.analyses.metrics.base import About, Subject, Unavailable
from sysdesign_cli.analyses.usage import Usage, calendar
from sysdesign_cli.api import Design
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.engine.stations import Stations, settled_replicas
from sysdesign_cli.engine.system import System
from sysdesign_cli.engine.traffic import solve
from sysdesign_cli.engine.workload import profile
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.price_book import KINDS, PriceBook
from sysdesign_cli.scenario.prices import load_prices, prices_for
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import Figure
from sysdesign_cli.views.cost_view import cost_document
from sysdesign_cli.views.formats import plain
from sysdesign_cli.views.json_format import plain_data
from sysdesign_cli.views.why import explain
from tests.engine import random_systems
from tests.helpers import design

BOOK = """\
price_book: 1
name: round
sources: {list: {title: A list, date: 2026-06-01}, old-list: {title: An older list, date: 2024-03}}
exchange: {THB: {rate: 30, source: list, date: 2026-06}}
rows:
  - {item: box, per: hour, price: $0.10, source: list}
  - {item: box, per: GB-month, price: $0.05, source: list}
  - {item: bare, per: hour, price: $1, source: old-list}
  - {item: container, per: core-hour, price: $0.04, source: list}
  - {item: container, per: GB-hour, price: $0.005, source: list}
  - {item: fn, per: 1M request, price: $0.20, source: list}
  - {item: fn, per: 1M GB-second, price: $15, source: list}
  - {item: api, per: 1M request, tiers: [{up_to: 10M, price: $1.00}, {price: $0.90}], source: list}
  - {item: queue, per: 1M request, price: $0.40, each: 64KB, source: assumption}
  - {item: table, per: 1M read, price: $0.14, each: 4KB, source: list}
  - {item: table, per: 1M write, price: $0.70, each: 1KB, source: list}
  - {item: table, per: GB-month, price: $0.30, source: list}
  - {item: oracle, per: hour, price: $0.20, source: list}
  - {item: oracle, per: licence-month, price: $1000, source: list}
  - {item: edge, per: GB, price: $0.03, source: list}
  - {item: edge, per: 10k request, price: $0.01, source: list}
  - {item: internet-egress, per: GB, tiers: [{up_to: 100GB, price: $0}, {up_to: 10TB, price: $0.12}, {price: $0.08}], source: list}
  - {item: cross-zone, per: GB, price: $0.01, source: list}
  - {item: origin-to-cdn, per: GB, price: $0.001, source: list}
"""
#: Requests a month at 1/s.
MONTH_S = 365 * 86400 / 12
#: No reply bytes worth money: keeps egress out of an example about something else.
SMALL = "request: 0B, reply: 0B"


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> PriceBook:
    path = tmp_path_factory.mktemp("prices") / "round.yaml"
    path.write_text(BOOK, encoding="utf-8")
    return load_prices(str(path))


def costs(text: str, prices: PriceBook, **asked: Any) -> CostResult:
    return cost(design(text).system, prices, **asked)


def of(result: CostResult, service: str) -> dict[str, float]:
    """Kind -> dollars a month of a service, kinds without any left out."""
    one = next(one for one in result.services if one.service == service)
    return {kind: number.value for kind, number in one.by_kind.items() if number.value}


def reasons(result: CostResult) -> list[tuple[str, str]]:
    return [(one.service, one.reason) for one in result.unpriced]


def test_machines_and_storage_to_the_cent(prices: PriceBook) -> None:
    """Two web servers and a database with 100 GB and a standby; 10 requests/s with replies of 1 KB.

    Compute 2 x 730 x 0.10 = 146.00 each; storage 2 copies x 100 GB x 0.05 = 10.00; out 10 x 2,628,000 x 1 KB = 26.28 GB: free.
    """
    result = costs(
        f"""\
        services:
          web: {{runs_on: box, replicas: 2, handles: {{Go: {{calls: db.read}}}}}}
          db: {{kind: database, runs_on: box, replicas: 2, stores: 100GB, handles: {{read: {{{SMALL}}}}}}}
        flows: {{go: web.Go}}
        workloads: {{day: {{starts: {{go: 10/s}}}}}}
        """,
        prices,
    )
    assert of(result, "web") == {"compute": pytest.approx(146.00, abs=0.005)}
    assert of(result, "db") == {"compute": pytest.approx(146.00, abs=0.005), "storage": pytest.approx(10.00, abs=0.005)}
    assert result.month.value == pytest.approx(302.00, abs=0.005)
    assert result.month.method == "exact"
    assert result.year.value == pytest.approx(3624.00, abs=0.005)
    assert result.per_million is not None
    assert result.per_million.value == pytest.approx(3624.0 / 315.36, abs=1e-9)
    assert result.currencies["THB"].value == pytest.approx(9060.0, abs=0.005)
    assert result.unpriced == ()
    assert result.calendar == "alone"


def test_internet_egress_by_steps_of_the_whole_bill(prices: PriceBook) -> None:
    """20/s x 1 MB from a, 5/s x 1 MB from b: 65.7 TB a month; 9.9 TB x 0.12 + 55.7 TB x 0.08 = 1,188 + 4,456 = 5,644, a has 4/5."""
    result = costs(
        """\
        services:
          a: {runs_on: bare, handles: {Go: {reply: 1MB}}}
          b: {runs_on: bare, handles: {Go: {reply: 1MB}}}
        flows: {one: a.Go, two: b.Go}
        workloads: {day: {starts: {one: 20/s, two: 5/s}}}
        """,
        prices,
    )
    assert result.by_kind["transfer"].value == pytest.approx(5644.00, abs=0.005)
    assert of(result, "a")["transfer"] == pytest.approx(5644.00 * 4 / 5, abs=0.005)
    assert of(result, "b")["transfer"] == pytest.approx(5644.00 / 5, abs=0.005)


@pytest.mark.parametrize(
    ("gigabytes", "dollars"),
    [(0, 0), (99, 0), (100, 0), (101, 0.12), (10_000, 1188), (10_001, 1188.08), (1_000_000, 1188 + 990_000 * 0.08)],
)
def test_each_step_of_egress(gigabytes: float, dollars: float, prices: PriceBook) -> None:
    result = costs(
        f"""\
        services: {{a: {{runs_on: bare, handles: {{Go: {{reply: {gigabytes}GB}}}}}}}}
        flows: {{one: a.Go}}
        workloads: {{day: {{starts: {{one: {1 / MONTH_S:.18f}/s}}}}}}
        """,
        prices,
    )
    assert result.by_kind["transfer"].value == pytest.approx(dollars, rel=1e-9, abs=1e-9)


def test_crossing_zones_is_paid_by_both(prices: PriceBook) -> None:
    """Three zones and three replicas each: 2/3 of 1/s x (2 MB + 1 MB) = 5,256 GB a month at 0.01, to each of the two."""
    result = costs(
        """\
        zones: [a, b, c]
        services:
          web: {runs_on: bare, replicas: 3, handles: {Go: {reply: 0B, calls: app.Do}}}
          app: {runs_on: bare, replicas: 3, handles: {Do: {request: 2MB, reply: 1MB}}}
        flows: {go: web.Go}
        workloads: {day: {starts: {go: 1/s}}}
        """,
        prices,
    )
    assert of(result, "web")["transfer"] == pytest.approx(5256 * 0.01, abs=0.005)
    assert of(result, "app")["transfer"] == pytest.approx(5256 * 0.01, abs=0.005)


@pytest.mark.parametrize(
    ("zones", "caller", "callee", "share"),
    [
        ("[]", 2, 2, None),  # no zones: nothing crosses
        ("[a]", 2, 2, None),
        ("[a, b]", 1, 1, None),  # both in zone a
        ("[a, b]", 2, 1, 0.5),
        ("[a, b]", 2, 2, 0.5),
        ("[a, b, c]", 2, 3, 2 / 3),
        ("[a, b, c]", 4, 1, 0.5),  # a twice, b, c: half of them are not in a
    ],
)
def test_share_that_crosses(zones: str, caller: int, callee: int, share: float | None, prices: PriceBook) -> None:
    result = costs(
        f"""\
        zones: {zones}
        services:
          web: {{runs_on: bare, replicas: {caller}, handles: {{Go: {{reply: 0B, calls: app.Do}}}}}}
          app: {{runs_on: bare, replicas: {callee}, handles: {{Do: {{request: 1MB, reply: 0B}}}}}}
        flows: {{go: web.Go}}
        workloads: {{day: {{starts: {{go: 1/s}}}}}}
        """,
        prices,
    )
    expected = 0.0 if share is None else 2 * 2628 * share * 0.01
    assert result.by_kind["transfer"].value == pytest.approx(expected, abs=1e-9)


def test_function_pays_for_requests_and_memory_while_it_waits(prices: PriceBook) -> None:
    """10/s, 100 ms of its own and 40 + 10 ms of a call, 2 GB: 26.28 M requests x 0.20; 26.28 M x 0.15 s x 2 GB x 15 per million."""
    result = costs(
        f"""\
        services:
          f: {{kind: function, runs_on: fn, memory: 2GB, handles: {{Go: {{{SMALL}, takes: 100ms, calls: app.Do}}}}}}
          app: {{runs_on: bare, round_trip: 10ms, handles: {{Do: {{{SMALL}, takes: 40ms}}}}}}
        flows: {{go: f.Go}}
        workloads: {{day: {{starts: {{go: 10/s}}}}}}
        """,
        prices,
    )
    assert of(result, "f") == {"requests": pytest.approx(5.256, abs=0.0005), "compute": pytest.approx(118.26, abs=0.005)}
    idle = {one.service: one.idle for one in result.services}
    assert idle["f"] is not None
    assert idle["f"].value == 0


def test_gateway_and_queue_and_table(prices: PriceBook) -> None:
    """5/s for a day: 13.14 M requests at the gateway, the first 10 M dearer.

    Half of them publish an event of 100 KB (two requests of 64 KB) that two subscribe to: 2.5/s x (1 + 2) x 2. Each reads 6 KB (two
    reads) and writes 3 KB (three writes).
    """
    result = costs(
        """\
        services:
          gate: {kind: gateway, runs_on: api, handles: {Go: {request: 0B, reply: 0B, calls: app.Do}}}
          app: {runs_on: bare, handles: {Do: {calls: [table.read, table.write], publishes: [{event: Done, chance: 50%}]}}}
          one: {runs_on: bare, handles: {Done: {}}}
          two: {runs_on: bare, handles: {Done: {}}}
          table: {kind: database, runs_on: table, replicas: 3, stores: 10GB, handles: {read: {reply: 6KB}, write: {request: 3KB}}}
          queue: {kind: broker, runs_on: queue, replicas: 3}
        events: {Done: {size: 100KB}}
        flows: {go: gate.Go}
        workloads: {day: {starts: {go: 5/s}}}
        """,
        prices,
    )
    assert of(result, "gate") == {"requests": pytest.approx(10 + 3.14 * 0.9, abs=0.0005)}
    assert of(result, "queue") == {"requests": pytest.approx(2.5 * 3 * 2 * 2.628 * 0.40, abs=0.0005)}
    reads, writes = 13.14 * 2 * 0.14, 13.14 * 3 * 0.70
    assert of(result, "table") == {"requests": pytest.approx(reads + writes, abs=0.0005), "storage": pytest.approx(3.0, abs=0.0005)}
    assert [one.item for one in result.assumed] == ["queue"]


def test_cdn_of_the_price_book(prices: PriceBook) -> None:
    """1/s x 1 MB to users: 2,628 GB at 0.03 and 2.628 M requests; a tenth is fetched from the origin at 0.001, and nothing is egress."""
    result = costs(
        """\
        services:
          phone: {kind: client, handles: {Open: {calls: near.fetch}}}
          near: {kind: cdn, runs_on: edge, handles: {fetch: {reply: 1MB, hit_ratio: 90%, on_miss: origin.Get}}}
          origin: {runs_on: bare, handles: {Get: {reply: 1MB}}}
        flows: {open: phone.Open}
        workloads: {day: {starts: {open: 1/s}}}
        """,
        prices,
    )
    assert of(result, "near") == {"transfer": pytest.approx(2628 * 0.03, abs=0.0005), "requests": pytest.approx(262.8 * 0.01, abs=0.0005)}
    assert of(result, "origin")["transfer"] == pytest.approx(262.8 * 0.001, abs=1e-6)
    assert "phone" not in {one.service for one in result.services}


def test_bytes_to_users_and_to_others(prices: PriceBook) -> None:
    """Out: 0.2 MB to the app, 0.1 MB pushed to it, 0.3 MB asked of a provider; in: the request, and the provider's answer."""
    result = costs(
        """\
        services:
          phone: {kind: client, handles: {Open: {calls: web.Go}, Seen: {}}}
          web: {runs_on: bare, handles: {Go: {request: 9MB, reply: 200KB, calls: bank.pay, publishes: [Seen]}}}
          bank: {kind: external, handles: {pay: {request: 300KB, reply: 9MB}}}
          queue: {kind: broker, runs_on: queue}
        events: {Seen: {size: 100KB}}
        flows: {open: phone.Open}
        workloads: {day: {starts: {open: 1/s}}}
        """,
        prices,
    )
    out = {"web": 2628 * 0.5, "queue": 2628 * 0.1}
    whole = (sum(out.values()) - 100) * 0.12
    assert of(result, "web")["transfer"] == pytest.approx(whole * 5 / 6, abs=0.0005)
    assert of(result, "queue")["transfer"] == pytest.approx(whole / 6, abs=0.0005)


def test_an_event_that_ends_the_wait_goes_on_to_the_user(prices: PriceBook) -> None:
    """`answered` by a push of 500 KB: 2,628 GB x 0.5 = 1,314 GB, the first 100 free."""
    result = costs(
        """\
        services:
          web: {runs_on: bare, handles: {Go: {reply: 0B, publishes: [Found]}, Found: {}}}
          queue: {kind: broker, runs_on: queue}
        events: {Found: {size: 500KB}}
        flows: {go: {starts: web.Go, answered: web.Found}}
        workloads: {day: {starts: {go: 1/s}}}
        """,
        prices,
    )
    assert of(result, "web")["transfer"] == pytest.approx(1214 * 0.12, abs=0.0005)


def test_a_broker_on_machines_keeps_messages_for_their_retention(prices: PriceBook) -> None:
    """1/s x 1 KB x 10 days = 0.864 GB, in each of two zones; and 3 nodes by the hour."""
    result = costs(
        """\
        zones: [a, b]
        services:
          web: {runs_on: bare, handles: {Go: {reply: 0B, publishes: [Done]}}}
          other: {runs_on: bare, handles: {Done: {}}}
          nodes: {kind: broker, runs_on: box, replicas: 3}
        events: {Done: {size: 1KB, retention: 10d}}
        flows: {go: web.Go}
        workloads: {day: {starts: {go: 1/s}}}
        """,
        prices,
    )
    assert of(result, "nodes")["storage"] == pytest.approx(0.864 * 2 * 0.05, abs=1e-6)
    assert of(result, "nodes")["compute"] == pytest.approx(219.0, abs=0.005)


def test_containers_and_licences(prices: PriceBook) -> None:
    """2 replicas of 4 cores and 8 GB: 1,460 h x (4 x 0.04 + 8 x 0.005); 3 licences of 1,000."""
    result = costs(
        f"""\
        services:
          c: {{runs_on: container, replicas: 2, concurrency: 8, cores: 4, memory: 8GB, handles: {{Go: {{{SMALL}}}}}}}
          o: {{kind: database, runs_on: oracle, replicas: 3, handles: {{read: {{{SMALL}}}}}, stores: 0B}}
        flows: {{go: c.Go}}
        workloads: {{day: {{starts: {{go: 1/s}}}}}}
        """,
        prices,
    )
    assert of(result, "c") == {"compute": pytest.approx(292.0, abs=0.005)}
    assert of(result, "o") == {"compute": pytest.approx(438.0, abs=0.005), "licences": pytest.approx(3000.0, abs=0.005)}


def test_everything_without_a_price_is_named(prices: PriceBook) -> None:
    result = costs(
        """\
        services:
          a: {handles: {Go: {calls: [b.Do, c.Do, d.read, e.pay, f.Do, g.Do, h.read, near.fetch, w.read]}}}
          b: {runs_on: boxx, handles: {Do: {}}}
          c: {kind: function, runs_on: fn, handles: {Do: {}}}
          d: {kind: database, runs_on: bare, stores: 1GB}
          e: {kind: external, handles: {pay: {}}}
          f: {kind: function, runs_on: fn, memory: 1GB, replicas: {min: 2, max: 9}, handles: {Do: {}}}
          g: {runs_on: container, handles: {Do: {}}}
          h: {kind: database, runs_on: box}
          near: {kind: cdn}
          w: {kind: cache, runs_on: internet-egress, handles: {read: {}}}
          p: {kind: client, handles: {Open: {}}}
        flows: {go: a.Go}
        workloads: {day: {starts: {go: 1/s}}}
        """,
        prices,
    )
    assert reasons(result) == [
        ("a", "no-item"),
        ("b", "unknown-item"),
        ("c", "no-memory"),
        ("d", "no-storage-price"),
        ("e", "external"),
        ("f", "kept-warm"),
        ("g", "no-cores"),
        ("g", "no-memory"),
        ("h", "stores-unknown"),
        ("near", "own-cdn"),
        ("w", "nothing-fits"),
    ]
    assert next(one.near for one in result.unpriced if one.service == "b") == ("box",)
    assert result.month.method == "at-least"
    assert result.month.note.startswith("11: a, b, c")


def test_a_broker_whose_storage_has_no_price_says_so(prices: PriceBook) -> None:
    text = """\
        services:
          web: {{runs_on: bare, handles: {{Go: {{reply: 0B, publishes: [Done]}}}}}}
          nodes: {{kind: broker, runs_on: {item}}}
        events: {{Done: {{}}}}
        flows: {{go: web.Go}}
        workloads: {{day: {{starts: {{go: 1/s}}}}}}
        """
    assert reasons(costs(text.format(item="bare"), prices)) == [("nodes", "no-storage-price")]
    assert reasons(costs(text.format(item="box"), prices)) == []
    assert reasons(costs(text.format(item="queue"), prices)) == []


def test_a_price_book_without_transfer_says_so() -> None:
    result = sysdesign_cli.load("grab").cost("aws-thailand")
    assert [one.reason for one in result.unpriced if not one.service] == ["no-internet-egress", "no-cross-zone"]
    assert result.by_kind["transfer"].value == 0


CALENDARS: dict[str, tuple[str, str | None, float, str, float]] = {
    "stated": ("{a: {starts: {go: 1/s}, days_per_year: 300}, b: {starts: {go: 10/s}, days_per_year: 65}}", None, 950, "calendar", 0),
    "short": ("{a: {starts: {go: 1/s}, days_per_year: 300}, b: {starts: {go: 10/s}}}", None, 300, "calendar", 65),
    "alone": ("{a: {starts: {go: 2/s}}}", None, 730, "alone", 0),
    "alone, stated": ("{a: {starts: {go: 2/s}, days_per_year: 100}}", None, 200, "calendar", 265),
    "first": ("{a: {starts: {go: 1/s}}, b: {starts: {go: 10/s}}}", None, 365, "first", 0),
    "none of them": ("{a: {starts: {go: 1/s}, days_per_year: 0}}", None, 365, "zero", 0),
    "none of two": ("{a: {starts: {go: 1/s}}, b: {starts: {go: 9/s}, days_per_year: 0}}", None, 365, "zero", 0),
    "asked": ("{a: {starts: {go: 1/s}, days_per_year: 300}, b: {starts: {go: 10/s}, days_per_year: 65}}", "b", 3650, "asked", 0),
}


@pytest.mark.parametrize("name", CALENDARS)
def test_the_year(name: str, prices: PriceBook) -> None:
    """Requests of the year, in days at 1/s."""
    workloads, asked, days_at_one, key, uncounted = CALENDARS[name]
    text = f"services: {{f: {{kind: function, runs_on: fn, memory: 1GB, handles: {{Go: {{{SMALL}}}}}}}}}\nflows: {{go: f.Go}}\nworkloads: {workloads}\n"
    result = costs(text, prices, workload=asked)
    requests = next(line.cost.value for line in result.lines if line.kind == "requests")
    assert requests == pytest.approx(days_at_one * 86400 / 12 / 1e6 * 0.20, rel=1e-12)
    assert (result.calendar, result.uncounted_days) == (key, uncounted)


@pytest.mark.parametrize(("language", "told"), [("en", "days_per_year is 0"), ("th", "ระบุเป็น 0")])
def test_a_year_of_no_days_is_not_called_unstated(language: str, told: str, prices: PriceBook) -> None:
    text = f"services: {{f: {{kind: function, runs_on: fn, memory: 1GB, handles: {{Go: {{{SMALL}}}}}}}}}\nflows: {{go: f.Go}}\n"
    result = costs(text + "workloads: {a: {starts: {go: 1/s}, days_per_year: 0}, b: {starts: {go: 2/s}, days_per_year: 0}}\n", prices)
    document = explain(cost_document(result, Say(language)), Say(language), {})
    lines = [line for line in plain(document).splitlines() if "days_per_year" in line]
    assert told in lines[0]
    assert re.search(r"[^ ]*\.yaml:6:[0-9]+", lines[0]), "where it stands"
    assert all("no workload states" not in line and "ไม่ได้ระบุ" not in line and "ไม่มี Workload ใดระบุ" not in line for line in lines)
    assert any(re.search(r"days_per_year = 0 .*\.yaml:6:", line) for line in lines), "and in --why"


def test_unknown_workload_is_refused(prices: PriceBook) -> None:
    with pytest.raises(ScenarioError) as refused:
        sysdesign_cli.load("ecommerce").cost(prices, workload="flash-sail")
    assert refused.value.problems[0].near == ("flash-sale",)


# ---- replicas that follow the load

FOLLOWING = """\
services:
  web: {{runs_on: box, concurrency: {concurrency}, {cores}replicas: {{min: {least}, max: {most}, target: {target}%}}, handles: {{A: {{takes: {a}ms, calls: {{to: db.read, count: 2}}}}, B: {{takes: {b}ms}}}}}}
  db: {{kind: database, runs_on: box, handles: {{read: {{takes: 4ms}}}}}}
flows: {{a: web.A, b: web.B}}
shapes: {{s: {{"02:30": {s0}%, "09:10": 100%, "17:45": {s1}%}}}}
workloads: {{day: {{shape: s, starts: {{a: {rate}/s, b: {{peak: {peak}/s, base: {base}/s, at: 20:00, for: 40min, ramp: 7min}}}}}}}}
"""


@settings(max_examples=12)
@given(st.data())
def test_replicas_against_one_second_sampling(data: st.DataObject) -> None:
    """86,400 samples of ``settled_replicas``: each change of the number is missed by at most a second."""
    draw = data.draw
    numbers = {
        "concurrency": draw(st.integers(1, 16)),
        "cores": draw(st.sampled_from(["", "cores: 1, "])),
        "least": draw(st.integers(1, 4)),
        "most": draw(st.integers(5, 30)),
        "target": draw(st.integers(30, 95)),
        "a": draw(st.integers(1, 60)),
        "b": draw(st.integers(1, 60)),
        "s0": draw(st.integers(0, 90)),
        "s1": draw(st.integers(10, 100)),
        "rate": draw(st.integers(1, 400)),
        "peak": draw(st.integers(100, 900)),
        "base": draw(st.integers(0, 50)),
    }
    if numbers["cores"] and numbers["concurrency"] == 1:
        numbers["cores"] = ""
    system = design(FOLLOWING.format(**numbers)).system
    usage = Usage(system, calendar(system)[0])
    service, workload = system.services[0], system.scenario.workloads["day"]
    for_each = {}
    for flow, handler in (("a", "web.A"), ("b", "web.B")):
        station = Stations(system, solve(system, {system.index[handler]: 1.0}))
        for_each[flow] = (station.busy(0), station.computing(0))
    profiles = {flow: profile(system.scenario, workload, flow) for flow in for_each}
    total = busy_total = changes = 0
    before = 0
    cap = float(service.replicas.max or 0) * numbers["concurrency"]
    for second in range(86400):
        rates = {flow: one.at(second + 0.5) for flow, one in profiles.items()}
        busy = sum(rates[flow] * held for flow, (held, _) in for_each.items())
        computing = sum(rates[flow] * own for flow, (_, own) in for_each.items())
        now = settled_replicas(service, busy, computing)
        total += now
        busy_total += min(busy, cap)
        changes += abs(now - before) if second else 0
        before = now
    assert abs(usage.replica_seconds(0)[0] - total) <= changes + 1e-6
    at_work, there = usage.busy_and_provided(0)
    assert at_work / 365 == pytest.approx(busy_total, rel=1e-5)
    assert there / 365 == pytest.approx(total * numbers["concurrency"], rel=1e-3)


def test_minimum_is_paid_for_when_nothing_happens(prices: PriceBook) -> None:
    result = costs(
        f"""\
        services: {{web: {{runs_on: bare, replicas: {{min: 3, max: 9}}, handles: {{Go: {{{SMALL}}}}}}}}}
        flows: {{go: web.Go}}
        workloads: {{day: {{starts: {{go: 0/s}}}}}}
        """,
        prices,
    )
    assert result.month.value == pytest.approx(3 * 730, abs=1e-6)
    assert result.per_million is None
    assert result.idle is not None
    assert result.idle.value == 1


def test_idle_share_by_hand(prices: PriceBook) -> None:
    """10/s x 100 ms hold 1 of 4 workers: 75 % idle. The database is held 0.5 of 2: 75 %; with a function all together less."""
    result = costs(
        f"""\
        services:
          web: {{runs_on: bare, replicas: 2, concurrency: 2, blocking: false, handles: {{Go: {{{SMALL}, takes: 100ms, calls: [db.read, f.Do]}}}}}}
          db: {{kind: database, runs_on: bare, concurrency: 2, stores: 0B, handles: {{read: {{{SMALL}, takes: 50ms}}}}}}
          f: {{kind: function, runs_on: fn, memory: 1GB, handles: {{Do: {{{SMALL}, takes: 200ms}}}}}}
        flows: {{go: web.Go}}
        workloads: {{day: {{starts: {{go: 10/s}}}}}}
        """,
        prices,
    )
    idle = {one.service: one.idle.value for one in result.services if one.idle is not None}
    assert idle == {"web": pytest.approx(0.75, abs=1e-12), "db": pytest.approx(0.75, abs=1e-12), "f": 0}
    assert result.idle is not None
    assert result.idle.value == pytest.approx(1 - (1 + 0.5 + 2) / (4 + 2 + 2), abs=1e-12)


def test_overload_is_not_more_than_all_workers(prices: PriceBook) -> None:
    """Twelve hours at twice what it can take, twelve at nothing: half idle, not more than busy all day."""
    result = costs(
        f"""\
        services: {{web: {{runs_on: bare, concurrency: 1, handles: {{Go: {{{SMALL}, takes: 100ms}}}}}}}}
        flows: {{go: web.Go}}
        workloads: {{day: {{starts: {{go: {{peak: 20/s, base: 0/s, at: 06:00, for: 12h, ramp: 1s}}}}}}}}
        """,
        prices,
    )
    assert result.idle is not None
    assert result.idle.value == pytest.approx(0.5, abs=2 / 86400)


# ---- what holds for every system

_DEFAULTS = """\
zones: [a, b, c]
defaults:
  service: {runs_on: c7g.large, replicas: {min: 1, max: 40, target: 60%}, concurrency: 4}
  function: {runs_on: lambda-arm, memory: 1GiB}
  gateway: {runs_on: api-gateway-http}
  database: {runs_on: db.t4g.medium, stores: 10GB, replicas: 2}
  cdn: {runs_on: cloudfront}
  broker: {runs_on: kafka.m7g.large, replicas: 3}
"""


def random_cost(draft: random_systems.Draft, factor: float) -> tuple[CostResult, float]:
    """The cost of a random system, every rate multiplied."""
    text = draft.text().replace("source: assumption\n", "source: assumption\n" + _DEFAULTS, 1)
    scenario = random_systems.scenario(text)
    for start in scenario.workloads["day"].starts.values():
        if start.peak is not None:
            peak = Figure(float(start.peak) * factor)
            peak.unit, peak.text, peak.source, peak.node, peak.low, peak.high = "rate", "", "assumption", None, float(peak), float(peak)
            start.__dict__["peak"] = peak
    system = System(scenario)
    prices = load_prices("aws-singapore")
    return cost(system, prices), yearly_cost(system, prices)


@given(random_systems.drafts(), st.floats(1.01, 1000))
def test_more_load_is_never_cheaper_and_parts_make_the_whole(draft: random_systems.Draft, factor: float) -> None:
    result, year = random_cost(draft, 1.0)
    more, _ = random_cost(draft, factor)
    assert year == pytest.approx(result.year.value, rel=1e-12)
    assert more.month.value >= result.month.value * (1 - 1e-12)
    for one in (result, more):
        whole = pytest.approx(one.month.value, rel=1e-9, abs=1e-9)
        assert sum(part.cost.value for part in one.services) == whole
        assert sum(number.value for number in one.by_kind.values()) == whole
        assert sum(line.cost.value for line in one.lines) == whole
        for service in one.services:
            assert sum(number.value for number in service.by_kind.values()) == pytest.approx(service.cost.value, rel=1e-9, abs=1e-9)
        assert all(line.cost.value >= 0 and math.isfinite(line.cost.value) for line in one.lines)
        assert all(part.idle is None or 0 <= part.idle.value <= 1 for part in one.services)
        assert list(one.by_kind) == list(KINDS)


SHIPPED = [
    "ecommerce",
    "ecommerce@synchronous",
    "netflix",
    "netflix@no-cdn",
    "grab",
    "grab@polling",
    "morprom",
    "morprom@monolith",
    "morprom@always-on",
]


def numbers_in(number: Number) -> Iterator[Number | Figure]:
    yield number
    for _, part in number.inputs:
        if isinstance(part, Number):
            yield from numbers_in(part)
        elif isinstance(part, Figure):
            yield part


#: A system that is charged by every row of the shipped price book that holds an assumption.
ASSUMING = """
services:
  gate: {kind: gateway, runs_on: api-gateway-http, handles: {Go: {calls: [work.Do, files.put, db.q, keys.q, a.q, b.q, text.Send, film.Get], publishes: [A, B, C, D]}}}
  work: {kind: function, runs_on: lambda-x86, memory: 4GB, handles: {Do: {takes: 60s}}}
  files: {kind: database, runs_on: s3-standard, stores: 60TB, handles: {put: {}}}
  db: {kind: database, runs_on: db.m6g.large, stores: 1GB, handles: {q: {}}}
  keys: {kind: database, runs_on: dynamodb, stores: 30GB, handles: {q: {}}}
  a: {kind: cache, runs_on: cache.r7g.large, handles: {q: {}}}
  b: {kind: cache, runs_on: cache.r6g.large, handles: {q: {}}}
  text: {kind: external, runs_on: sms-thailand, handles: {Send: {}}}
  film: {kind: cdn, runs_on: cloudfront, handles: {Get: {reply: 1MB}}}
  w: {kind: broker, runs_on: sqs}
  x: {kind: broker, runs_on: sqs-fifo}
  y: {kind: broker, runs_on: sns}
  z: {kind: broker, runs_on: eventbridge}
events: {A: {broker: w}, B: {broker: x}, C: {broker: y}, D: {broker: z}}
flows: {go: gate.Go, watch: film.Get}
workloads: {day: {starts: {go: 200/s, watch: 20/s}}}
"""


@pytest.mark.parametrize("language", ["en", "th"])
def test_every_assumed_price_is_called_one(language: str) -> None:
    """On the page, in --why and in JSON with or without --why; the rate of exchange too."""
    say, result = Say(language), design(ASSUMING).cost("aws-singapore")
    rows = load_prices("aws-singapore").rows
    expected = {(row.name, row.per.text) for row in rows if any(price.is_assumption for _, price in row.steps)}
    assert {(one.item, one.per) for one in result.assumed} == expected
    used = [
        part
        for line in result.lines
        for part in numbers_in(line.cost)
        if isinstance(part, Figure) and part.unit == "money" and part.is_assumption
    ]
    assert len({part.place for part in used}) >= len(expected)
    page = plain(cost_document(result, say))
    table = page.split(say("cost.assumed"), 1)[1]
    assert all(re.search(rf"^{re.escape(item)} +{re.escape(per)} ", table, re.MULTILINE) for item, per in expected)
    assert re.search(r"33 .*THB.*" + re.escape(say("cost.assumption")), page)
    lines = plain(explain(cost_document(result, say), say, {})).splitlines()
    for part in used:
        shown = [line for line in lines if str(part.place) in line]
        assert shown
        assert all(say("cost.assumption") in line for line in shown)
    for why in (False, True):
        data = plain_data(result, why)
        assert data["exchange"]["THB"]["source"] == "assumption"
        assert {(one["item"], one["per"]) for one in data["assumed"]} == expected
        assert all(any("assumption" in price["source"] for price in one["prices"]) for one in data["assumed"])


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_says_where_it_comes_from(name: str) -> None:
    """Formulas have texts in both languages; each charge ends in a row of the price book, and each row in a source or an assumption."""
    shipped = sysdesign_cli.load(name)
    book = prices_for(shipped.scenario)
    result = shipped.cost(today="2026-11-23")
    says = [Say("en"), Say("th")]
    numbers = [result.month, result.year, *result.currencies.values(), *(line.cost for line in result.lines)]
    numbers += [one.idle for one in result.services if one.idle is not None]
    for number in numbers:
        for part in numbers_in(number):
            assert math.isfinite(float(part))
            if isinstance(part, Number) and part.formula:
                assert [say.maybe(f"formula.{part.formula}") for say in says if not say.maybe(f"formula.{part.formula}")] == [], (
                    part.formula
                )
    for line in result.lines:
        prices = [part for part in numbers_in(line.cost) if isinstance(part, Figure) and part.unit == "money"]
        assert prices, line
        assert all(part.place is not None and part.place.line > 0 for part in prices)
        assert all(source in book.sources or source == "assumption" for part in prices for source in part.sources)
    for one in result.unpriced:
        assert all(say.maybe(f"unpriced.{one.reason}") for say in says)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenarios_are_priced_but_for_what_belongs_to_others(name: str) -> None:
    """What a scenario runs on is in its price book; only others' services, own CDN hardware and one cache have no price."""
    assert {one.reason for one in sysdesign_cli.load(name).cost().unpriced} <= {"external", "own-cdn", "no-item"}


# ---- the rest


@pytest.mark.parametrize(
    ("date", "old"),
    [
        ("2025-11-22", True),
        ("2025-11-23", False),
        ("2025-11", False),
        ("2025-10", True),
        ("2025", False),
        ("2024", True),
        ("", False),
        ("2026-11", False),
    ],
)
def test_older_than_a_year(date: str, old: bool) -> None:
    assert is_old(date, "2026-11-23") is old


def test_only_prices_that_were_used_are_called_old(prices: PriceBook) -> None:
    text = "services: {{web: {{runs_on: {item}, handles: {{Go: {{}}}}}}}}\nflows: {{go: web.Go}}\nworkloads: {{day: {{starts: {{go: 1/s}}}}}}\n"
    assert [one.item for one in costs(text.format(item="bare"), prices, today="2026-11-23").old] == ["bare"]
    assert costs(text.format(item="box"), prices, today="2026-11-23").old == ()
    assert costs(text.format(item="bare"), prices).old == ()


def metric(one: Design, name: str, service: str = "", workload: str = "") -> Number | Unavailable:
    return METRICS[name].of(Subject(one.system, workload), About(service=service))


def test_metrics_are_the_figures_of_the_command() -> None:
    shop = sysdesign_cli.load("morprom")
    result = shop.cost()
    month, year = metric(shop, "cost_per_month"), metric(shop, "cost_per_year")
    assert isinstance(month, Number)
    assert isinstance(year, Number)
    assert (month.value, month.method) == (result.month.value, "at-least")
    assert month.note.startswith("3: ")
    assert year.value == pytest.approx(12 * month.value, rel=1e-12)
    of_one = metric(shop, "cost_per_month", "booking")
    assert isinstance(of_one, Number)
    assert of_one.value == next(one.cost.value for one in result.services if one.service == "booking")
    idle = metric(shop, "idle_share", "certificate")
    assert isinstance(idle, Number)
    assert idle.value == 0
    assert metric(shop, "idle_share", "line") == Unavailable("no-workers", "line")
    day = metric(shop, "cost_per_month", workload="opening-day")
    assert isinstance(day, Number)
    assert day.value == month.value  # a cost is one of the whole calendar, whatever the workload that is looked at


def test_nothing_priced_is_no_figure() -> None:
    bare = design("services: {web: {handles: {Go: {}}}}\nflows: {go: web.Go}\nworkloads: {day: {starts: {go: 1/s}}}\n")
    assert metric(bare, "cost_per_month") == Unavailable("nothing-priced")
    assert bare.cost().month.method == "at-least"


def test_always_on_costs_more_than_by_use() -> None:
    """The lesson of Mor Prom: what is used now and then is cheaper paid by use; and each of the four would be mostly idle."""
    by_use, always = sysdesign_cli.load("morprom").cost(), sysdesign_cli.load("morprom@always-on").cost()
    assert by_use.year.value < always.year.value
    idle = {one.service: one.idle for one in always.services}
    for name in ("booking-front", "certificate", "notification", "hospital-link"):
        number = idle[name]
        assert number is not None
        assert number.value >= 0.8


def test_prices_of_a_file_beside_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(BOOK, encoding="utf-8")
    text = "sysdesign: 1\nname: x\nsource: assumption\nprices: mine.yaml\nservices: {web: {runs_on: bare, handles: {Go: {reply: 0B}}}}\n"
    (tmp_path / "x.yaml").write_text(text + "flows: {go: web.Go}\nworkloads: {day: {starts: {go: 1/s}}}\n", encoding="utf-8")
    result = sysdesign_cli.load(str(tmp_path / "x.yaml")).cost()
    assert result.month.value == pytest.approx(730, abs=1e-6)
    assert result.prices == "mine.yaml"
