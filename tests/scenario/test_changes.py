"""Changes of the command line: they do what writing the same into the file does, and whatever has no place is told with its place."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import pytest

from sysdesign_cli.api import Design
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.library import load_scenario
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.scenario.quantity import Figure
from sysdesign_cli.scenario.read import Document, Vocabulary
from sysdesign_cli.views.problem_view import problems_text

SHOP = """\
sysdesign: 1
name: shop
title: A shop
source: assumption
zones: [a, b]
sources: {measured: {title: measured last week}}
defaults: {database: {replicas: {min: 2, max: 6}, takes: 4ms}}
services:
  web:
    kind: gateway
    source: measured
    replicas: 3
    handles:
      Buy: {takes: 2ms, calls: {to: order.Buy, timeout: 3s}}
      See: {calls: [cache.get, [order.See, order-db.read]]}
  order:
    replicas: {min: 2, max: 9}
    concurrency: 8
    handles:
      Buy: {takes: {mean: 8ms, cv: 2}, calls: order-db.write, publishes: {Bought: 90%, Refused: {chance: 10%, count: 2}}}
      See: {takes: 3ms, publishes: [Seen]}
  order-db: {kind: database}
  cache: {kind: cache}
  audit: {handles: {Bought: {}, Refused: {}, Seen: {}}}
  broker: {kind: broker, replicas: 3, needs: 2}
events: {Bought: {}, Refused: {}, Seen: 2KB}
flows:
  buy: {starts: web.Buy, objectives: {answer_p99: 1s}}
  see: web.See
shapes: {mine: {"00:00": 50%, "12:00": 100%}}
workloads:
  day: {starts: {buy: 20/s, see: {peak: 90/s, shape: evening}}, shape: mine}
  busy: {based_on: day, starts: {buy: 60/s}}
tradeoff: {weights: {services: 2}}
variants:
  small: {changes: {services: {web: {replicas: 2}}}}
  no-audit: {remove: [services.audit]}
"""
WORDS = Vocabulary(metrics=("services", "fatal_kills"))


def read(folder: Path, text: str, *changes: str, variant: str = "", where_they_fit: bool = False) -> Scenario:
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    return Document(path, "x.yaml").scenario(variant, "x", WORDS, changes, where_they_fit=where_they_fit)


def bare(value: object) -> object:
    """What a scenario says, without where it stands and what was changed; figures with their range."""
    if isinstance(value, Figure):
        return (float(value), value.low, value.high, value.unit)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        left_out = ("node", "changes", "variants")
        return {field.name: bare(getattr(value, field.name)) for field in dataclasses.fields(value) if field.name not in left_out}
    if isinstance(value, dict):
        return {key: bare(part) for key, part in value.items()}
    return [bare(part) for part in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ("services.web.replicas=5", "    replicas: 3\n", "    replicas: 5\n"),
        (" services.web.replicas = 5 ", "    replicas: 3\n", "    replicas: 5\n"),
        ("services.web.replicas.max=7", "    replicas: 3\n", "    replicas: {min: 3, max: 7}\n"),
        ("services.web.replicas={min: 1, max: 4}", "    replicas: 3\n", "    replicas: {min: 1, max: 4}\n"),
        ("services.order.replicas=4", "{min: 2, max: 9}", "4"),
        ("services.order.replicas={min: 3}", "{min: 2, max: 9}", "{min: 3}"),
        ("services.order.replicas.max=3", "{min: 2, max: 9}", "{min: 2, max: 3}"),
        ("services.order.queue=shared", "    concurrency: 8", "    concurrency: 8\n    queue: shared"),
        ("services.order={concurrency: 9, queue: shared}", "    concurrency: 8", "    concurrency: 9\n    queue: shared"),
        ("services.order.concurrency=[8, 16]", "concurrency: 8", "concurrency: 8..16"),
        ("services.order-db.replicas.max=4", "order-db: {kind: database}", "order-db: {kind: database, replicas: {min: 2, max: 4}}"),
        ("services.order-db.takes.cv=3", "order-db: {kind: database}", "order-db: {kind: database, takes: {mean: 4ms, cv: 3}}"),
        ("services.audit.replicas.max=4", "  audit: {", "  audit: {replicas: {min: 1, max: 4}, "),
        ("services.audit.takes.cv=0", "  audit: {", "  audit: {takes: {mean: 10ms, cv: 0}, "),
        ("services.broker.replicas.max=4", "replicas: 3, needs", "replicas: {min: 3, max: 4}, needs"),
        ("services.web.handles.Buy.takes.cv=0", "Buy: {takes: 2ms", "Buy: {takes: {mean: 2ms, cv: 0}"),
        ("services.web.handles.See.takes.cv=0", "See: {calls: [ca", "See: {takes: {mean: 1ms, cv: 0}, calls: [ca"),
        ("services.web.handles.Buy.calls.timeout=1s", "order.Buy, timeout: 3s", "order.Buy, timeout: 1s"),
        ("services.web.handles.Buy.calls.0.retries=1", "order.Buy, timeout: 3s", "order.Buy, timeout: 3s, retries: 1"),
        ("services.web.handles.See.calls.1.0.timeout=1s", "[order.See, order-db", "[{to: order.See, timeout: 1s}, order-db"),
        ("services.web.handles.See.calls.1=order.See", "[order.See, order-db.read]]", "order.See]"),
        ("services.order.handles.Buy.calls.0.timeout=1s", "calls: order-db.write", "calls: {to: order-db.write, timeout: 1s}"),
        ("services.order.handles.Buy.calls.chance=5%", "calls: order-db.write", "calls: {to: order-db.write, chance: 5%}"),
        ("services.order.handles.Buy.publishes.Bought=80%", "Bought: 90%", "Bought: 80%"),
        ("services.order.handles.Buy.publishes.Bought.count=3", "Bought: 90%", "Bought: {chance: 90%, count: 3}"),
        ("services.order.handles.Buy.publishes.Refused.chance=1%", "{chance: 10%, count: 2}", "{chance: 1%, count: 2}"),
        ("services.order.handles.See.publishes.0.chance=1%", "publishes: [Seen]", "publishes: [{event: Seen, chance: 1%}]"),
        ("services.cache.handles.get.takes=2ms", "{kind: cache}", "{kind: cache, handles: {get: {takes: 2ms}, put: {takes: 0.3ms}}}"),
        (
            "services.cache.handles.get.request=5KB",
            "{kind: cache}",
            "{kind: cache, handles: {get: {takes: 0.3ms, request: 5KB}, put: {takes: 0.3ms}}}",
        ),
        (
            "services.cache.handles.get.takes.cv=0",
            "{kind: cache}",
            "{kind: cache, handles: {get: {takes: {mean: 0.3ms, cv: 0}}, put: {takes: 0.3ms}}}",
        ),
        (
            "services.order-db.handles.read.takes=9ms",
            "{kind: database}",
            "{kind: database, handles: {read: {takes: 9ms}, write: {takes: 5ms}}}",
        ),
        ("events.Seen=3KB", "Seen: 2KB", "Seen: 3KB"),
        ("events.Seen.durable=false", "Seen: 2KB", "Seen: {size: 2KB, durable: false}"),
        ("events.Bought.retention=1d", "events: {Bought: {}", "events: {Bought: {retention: 1d}"),
        ("flows.see.objectives.answer_p99=2s", "see: web.See", "see: {starts: web.See, objectives: {answer_p99: 2s}}"),
        ("flows.buy.objectives.answer_p50=100ms", "{answer_p99: 1s}", "{answer_p99: 1s, answer_p50: 100ms}"),
        ("shapes.mine.12:00=90%", '"12:00": 100%', '"12:00": 90%'),
        ("shapes.mine.18:00=90%", '"12:00": 100%', '"12:00": 100%, "18:00": 90%'),
        ("workloads.day.starts.buy=30/s", "buy: 20/s", "buy: 30/s"),
        ("workloads.day.starts.buy.shape=evening", "buy: 20/s", "buy: {peak: 20/s, shape: evening}"),
        ("workloads.busy.starts.see=5/s", "buy: 60/s", "buy: 60/s, see: 5/s"),
        ("workloads.busy.starts.see.peak=5/s", "buy: 60/s", "buy: 60/s, see: {peak: 5/s, shape: evening}"),
        ("workloads.busy.days_per_year=3", "based_on: day", "based_on: day, days_per_year: 3"),
        ("defaults.calls.timeout=1s", "defaults: {", "defaults: {calls: {timeout: 1s}, "),
        ("defaults.database.replicas.min=3", "{min: 2, max: 6}", "{min: 3, max: 6}"),
        ("title=Another: shop", "A shop", "{en: A shop, Another: shop}"),
        ("title.th=ร้าน", "title: A shop", "title: {en: A shop, th: ร้าน}"),
        ("zones=[a, b, c]", "zones: [a, b]", "zones: [a, b, c]"),
        ("zones.1=c", "zones: [a, b]", "zones: [a, c]"),
        ("tradeoff.weights.fatal_kills=3", "{services: 2}", "{services: 2, fatal_kills: 3}"),
        ("zone_failures.mttr=1h", "zones: [a, b]", "zones: [a, b]\nzone_failures: {mttr: 1h}"),
    ],
)
def test_it_is_as_if_the_file_said_so(change: str, before: str, after: str, tmp_path: Path) -> None:
    assert SHOP.count(before) == 1
    if "Another" in change:  # as in a file, a colon makes a map of what follows
        with pytest.raises(ScenarioError, match="E201"):
            read(tmp_path, SHOP, change)
        return
    changed = read(tmp_path, SHOP, change)
    assert changed.changes == (change.strip(),)
    assert bare(changed) != bare(read(tmp_path, SHOP))
    assert bare(changed) == bare(read(tmp_path, SHOP.replace(before, after)))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("services.webb.replicas=5", "--set:1:10 unknown-name ~web"),
        ("services.webb=5", "--set:1:10 unknown-name ~web"),
        ("services.audit.handles.Bougt.takes=5ms", "--set:1:24 unknown-name ~Bought"),
        ("services.cache.handles.gett.takes=5ms", "--set:1:24 unknown-name ~get"),
        ("services.order.handles.Buy.publishes.Bougt=1%", "--set:1:38 unknown-name ~Bought"),
        ("services.order.handles.See.publishes.1.chance=1%", "--set:1:38 unknown-name"),
        ("services.web.handles.Buy.calls.1.timeout=1s", "--set:1:32 unknown-name"),
        ("services.web.handles.See.calls.timeout=1s", "--set:1:32 unknown-name"),
        ("services.web.handles.See.calls.1.timeout=1s", "--set:1:34 unknown-name"),
        ("services.web.handles.See.calls.-1.timeout=1s", "--set:1:32 unknown-name ~1"),
        ("services.order.concurrency.max=1", "--set:1:28 unknown-name"),
        ("events.Boght.size=1KB", "--set:1:8 unknown-name ~Bought"),
        ("flows.bui.starts=web.Buy", "--set:1:7 unknown-name ~buy"),
        ("workloads.dya.starts.buy=1/s", "--set:1:11 unknown-name ~day"),
        ("workloads.busy.starts.sea=1/s", "--set:1:23 unknown-name ~see"),
        ("shapes.min.12:00=1%", "--set:1:8 unknown-name ~mine"),
        ("defaults.datbase.takes=1ms", "--set:1:10 unknown-name ~database"),
        ("title.de=Laden", "--set:1:7 unknown-name"),
        ("service.web.replicas=5", "--set:1:1 unknown-key ~services,source"),
        ("services.web.replcas=5", "--set:1:14 unknown-key ~replicas"),
        ("services.web.replicas.maxx=5", "--set:1:23 unknown-key ~max"),
        ("services.web.replicas=five", "--set services.web.replicas:1:1 bad-number"),
        ("services.web.replicas={min: 1, max: x}", "--set services.web.replicas:1:15 bad-number"),
        ("services.web.replicas={min: 1, mxa: 2}", "--set services.web.replicas:1:10 unknown-key ~max"),
        ("services.web.replicas={min: 1, min: 2}", "--set services.web.replicas:1:10 duplicate-key"),
        ("services.web.replicas={min: 1", "--set services.web.replicas:1:8 not-yaml"),
        ("services.web.handles.Buy.takes=5 apples", "--set services.web.handles.Buy.takes:1:1 wrong-unit"),
        ("services.web.handles.Buy.takes=1s (measurd)", "--set services.web.handles.Buy.takes:1:1 unknown-name ~measured"),
        ("services.web.handles.Buy.calls=order.By", "--set services.web.handles.Buy.calls:1:1 unknown-name ~order.Buy"),
        ("workloads.busy.based_on=dya", "--set workloads.busy.based_on:1:1 unknown-name ~day"),
        ("tradeoff.weights.fatal_kils=3", "--set tradeoff.weights.fatal_kils:1:1 unknown-name ~fatal_kills"),
        ("services.broker.replicas=1", "x.yaml:25:46 contradiction"),
        ("services.web.bad_deploys.per_year=2", "--set services.web.bad_deploys.per_year:1:1 missing-key"),
        ("name=mart", "--set:1:1 bad-variant"),
        ("variants.small.changes={}", "--set:1:1 bad-variant"),
        ("claims.c.says=x", "--set:1:1 bad-variant"),
        ("include=x.yaml", "--set:1:1 bad-variant"),
        ("sysdesign=2", "--set:1:1 bad-variant"),
        ("services.web.replicas", "--set:1:1 wrong-kind"),
        ("services.web.replicas=", "--set:1:1 wrong-kind"),
        ("services..replicas=3", "--set:1:1 wrong-kind"),
        ("=3", "--set:1:1 wrong-kind"),
        ("", "--set:1:1 wrong-kind"),
    ],
)
def test_what_has_no_place_is_told_with_its_place(change: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, SHOP, change)
    (found,) = caught.value.problems
    near = f" ~{','.join(found.near)}" if found.near else ""
    assert f"{found.place} {found.slug}{near}" == problem
    if not problem.startswith("x.yaml") and change:
        assert found.source_line
        assert found.source_line in change
        text = problems_text(caught.value, Say("en"))
        line, carets = text.split("\n")[1:3]
        start = carets.index("^") - 4
        assert start == found.place.column - 1
        if found.slug in ("unknown-name", "unknown-key", "bad-number", "wrong-unit"):  # the carets stand below the word that is wrong
            assert line[4:][start : start + carets.count("^")]
            assert line[4:][start : start + carets.count("^")] in found.source_line


def test_they_are_made_in_order_after_the_variant(tmp_path: Path) -> None:
    path = "services.web.replicas"
    assert read(tmp_path, SHOP, variant="small").services["web"].replicas.min == 2
    both = read(tmp_path, SHOP, f"{path}=7", f"{path}.max=9", variant="small")
    assert (both.services["web"].replicas.min, both.services["web"].replicas.max) == (7, 9)
    assert read(tmp_path, SHOP, f"{path}.max=9", f"{path}=7").services["web"].replicas.max is None
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, SHOP, f"{path}=7", "services.wbe.replicas=1", "nonsense=1")
    assert [str(problem.place) for problem in caught.value.problems] == ["--set:2:10", "--set:3:1"]


def test_where_they_fit_leaves_out_only_what_has_no_place(tmp_path: Path) -> None:
    texts = ("services.audit.replicas=3", "services.web.replicas=4")
    assert read(tmp_path, SHOP, *texts, where_they_fit=True).changes == texts
    less = SHOP.replace("  audit: {handles: {Bought: {}, Refused: {}, Seen: {}}}\n", "")
    assert read(tmp_path, less, *texts, where_they_fit=True).changes == texts[1:]
    with pytest.raises(ScenarioError, match="E206"):
        read(tmp_path, less, "services.web.replicas=x", where_they_fit=True)


def test_a_changed_figure_is_an_assumption_unless_it_names_a_source(tmp_path: Path) -> None:
    def replicas(*changes: str) -> tuple[str, str]:
        figure = read(tmp_path, SHOP, *changes).services["web"].replicas.min
        return figure.source, str(figure.place)

    assert replicas() == ("measured", "x.yaml:12:15")
    assert replicas("services.web.replicas=5") == ("assumption", "--set services.web.replicas:1:1")
    assert replicas("services.web.replicas=5 (measured)") == ("measured", "--set services.web.replicas:1:1")
    assert replicas("services.web.replicas.max=5") == ("measured", "x.yaml:12:15")


def test_the_other_default_handlers_stay_defaults(tmp_path: Path) -> None:
    handlers = read(tmp_path, SHOP, "services.order-db.handles.read.takes=9ms").services["order-db"].handles
    assert handlers["write"].takes.mean == 0.005
    assert handlers["write"].takes.mean.is_default
    assert (handlers["read"].access, handlers["write"].access) == ("read", "write")


def test_the_tree_of_the_document_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(SHOP, encoding="utf-8")
    document = Document(path, "x.yaml")
    before = document.scenario("", "x", WORDS)
    document.scenario("", "x", WORDS, ["services.cache.handles.get.takes=1s", "services.web.handles.Buy.calls.0.timeout=1s"])
    assert bare(document.scenario("", "x", WORDS)) == bare(before)
    again = pickle.loads(pickle.dumps(document))
    changes = ["services.web.replicas.max=8"]
    assert bare(again.scenario("small", "x", WORDS, changes)) == bare(document.scenario("small", "x", WORDS, changes))


def test_a_change_says_what_a_variant_says(tmp_path: Path) -> None:
    patch = "{services: {web: {replicas: {min: 4, max: 5}, handles: {Buy: {takes: 1ms}}}, order: {concurrency: 3}}}"
    with_variant = SHOP.replace("  small:", f"  same: {{changes: {patch}}}\n  small:")
    by_variant = read(tmp_path, with_variant, variant="same")
    by_change = read(tmp_path, with_variant, f"services={patch[11:-1]}")
    assert bare(by_change.services) == bare(by_variant.services)
    assert by_change.services["order"].concurrency == 3


@pytest.mark.parametrize("name", ["ecommerce", "netflix", "grab", "morprom"])
def test_setting_what_is_there_changes_nothing(name: str) -> None:
    scenario = load_scenario(name)
    for service in scenario.services.values():
        text = service.replicas.min.text
        if service.replicas.node is not None and service.replicas.max is None:
            same = load_scenario(name, changes=[f"services.{service.name}.replicas={text}"])
            assert bare(same) == bare(scenario)


def test_variants_take_over_what_fits_and_the_rest_is_recorded() -> None:
    design = Design.load("ecommerce", ["services.broker.replicas=5", "services.payment.replicas=4"])
    other = design.variant("synchronous")
    assert "broker" not in other.scenario.services
    assert other.scenario.changes == ("services.payment.replicas=4",)
    assert other.scenario.services["payment"].replicas.min == 4
    assert design.left_out == {"ecommerce@synchronous": ("services.broker.replicas=5",)}
    assert design.variant("plus-loyalty").scenario.changes == design.scenario.changes
