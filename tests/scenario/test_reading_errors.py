"""Each row: a small file, and everything that is wrong in it: the problem, line:column, ``~`` the nearest known names.

The lists are complete: a row fails when reading finds one problem more, one less, or one elsewhere.
The texts of ``ROWS`` follow two lines that every file starts with, so their first line is line 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.consistency import CONTRADICTIONS
from sysdesign_cli.scenario.problems import CODES, Problem, ScenarioError
from sysdesign_cli.views.problem_view import problems_text

if TYPE_CHECKING:
    from tests.scenario.conftest import Workspace

HEAD = "sysdesign: 1\nname: x\n"

#: Two services and a broker, lines 3 to 7, for rows about something else.
PARTS = """\
services:
  broker: {kind: broker}
  web: {handles: {Open: {calls: {to: db.read, timeout: 1s}}, Close: {}}}
  db: {kind: database}
events: {Opened: {}}
"""

#: A flow and a workload, lines 8 and 9.
FLOWS = """\
flows: {open: web.Open}
workloads: {day: {starts: {open: 1/s}}}
"""

ROWS: dict[str, tuple[str, list[str]]] = {
    # ---- the tree
    "nothing wrong": (PARTS + FLOWS, []),
    "not YAML": ("services: {a: {}\n", ["not-yaml 4:1"]),
    "not YAML: indentation": ("services:\n  a: {}\n b: {}\n", ["not-yaml 5:2"]),
    "not YAML: colon": ("title: a: b\n", ["not-yaml 3:9"]),
    "not YAML: tab": ("services:\n\ta: {}\n", ["not-yaml 4:1"]),
    "not YAML: quote": ('title: "a\n', ["not-yaml 4:1"]),
    "second document": ("---\nsysdesign: 1\n", ["not-yaml 3:1"]),
    "tag": ("title: !!python/object:os.system x\n", ["not-yaml 3:8"]),
    "tag on a map": ("services: !!map {}\n", ["not-yaml 3:11"]),
    "key not text": ("? [a]\n: b\n", ["not-yaml 3:3"]),
    "alias": ("services: &all {}\nevents: *all\n", ["alias 4:9"]),
    "alias to nothing": ("events: *nothing\n", ["alias 3:9"]),
    "merge key": ("services:\n  a: &a {}\n  b: {<<: *a}\n", ["alias 5:11"]),
    "too deep": ("services: " + "{a: " * 50 + "}" * 50 + "\n", ["too-deep 3:171"]),
    "control character spelt": ('title: "a\\x1b[2Jb"\n', ["control-character 3:8"]),
    "bidi override spelt": ('title: "a\\u202Eb"\n', ["control-character 3:8"]),
    "duplicate keys": (
        "services: {a: {}}\nevents: {}\nservices: {b: {}}\n",
        ["duplicate-key 5:1"],
    ),
    "duplicate keys, each of them": (
        "services:\n  a: {team: t, team: t, team: t}\n  a: {}\n",
        ["duplicate-key 4:16", "duplicate-key 4:25", "duplicate-key 5:3"],
    ),
    "duplicate key, then unreadable": ("title: a\ntitle: b\nevents: *x\n", ["duplicate-key 4:1", "alias 5:9"]),
    # ---- keys
    "unknown key": ("servces: {}\n", ["unknown-key 3:1 ~services,sources"]),
    "unknown key far from all": ("qqqqqq: 1\n", ["unknown-key 3:1"]),
    "unknown keys below": (
        "services:\n  a: {repicas: 2, tean: t}\n",
        ["unknown-key 4:7 ~replicas", "unknown-key 4:19 ~team"],
    ),
    "unknown key of a text": ("title: {en: a, ht: b}\n", ["unknown-key 3:16"]),
    "unknown key of defaults": (
        "defaults: {calls: {timout: 2s, to: a.b}, evnts: {}}\n",
        ["unknown-key 3:20 ~timeout", "unknown-key 3:32", "unknown-key 3:42 ~events"],
    ),
    "missing key": ("flows: {a: {title: A}}\n", ["missing-key 3:12"]),
    "missing key of an empty record": ("services:\n  a:\n    takes:\n    replicas: 2\n", ["missing-key 5:11"]),
    "missing keys of a call": ("services: {a: {handles: {H: {calls: [{timeout: 1s}, {}]}}}}\n", ["missing-key 3:38", "missing-key 3:53"]),
    "empty call": ("services: {a: {handles: {H: {calls: }}}}\n", ["missing-key 3:37"]),
    "missing broker": ("events: {E: {}, F: {size: 1KB}}\n", ["contradiction/no-broker 3:10", "contradiction/no-broker 3:17"]),
    # ---- kinds of values, every shape
    "section that is text": ("services: many\n", ["wrong-kind 3:11"]),
    "section that is a list": ("services: [a]\n", ["wrong-kind 3:11"]),
    "empty section": ("services:\nevents: {}\n", ["wrong-kind 3:10"]),
    "record that is text": ("services: {a: web}\n", ["wrong-kind 3:15"]),
    "record that is a list": ("services: {a: [b]}\n", ["wrong-kind 3:15"]),
    "empty record": ("services: {a: , b: ~, c: null, d: }\n", []),
    "text that is a map": ("prices: {a: b}\n", ["wrong-kind 3:9"]),
    "text that is empty": ("prices:\n", ["wrong-kind 3:8"]),
    "localized that is a list": ("title: [a]\n", ["wrong-kind 3:8"]),
    "localized with a list": ("title: {en: [a]}\n", ["wrong-kind 3:13"]),
    "localized that is empty": ("title:\ndescription: ''\n", ["wrong-kind 3:7"]),
    "flag that is no flag": (
        "services: {a: {blocking: yes}, b: {blocking: [true]}, c: {blocking: }, d: {blocking: 'true'}}\n",
        ["wrong-kind 3:26", "wrong-kind 3:46", "wrong-kind 3:69"],
    ),
    "choice": (
        "services: {a: {kind: databse}, b: {kind: [cache]}, c: {kind: }, d: {queue: FIFO}}\n",
        ["bad-choice 3:22 ~database", "bad-choice 3:42", "bad-choice 3:62", "bad-choice 3:76"],
    ),
    "date": ("sources: {s: {date: 29 Nov 2024}, t: {date: 2024-11}}\n", ["wrong-kind 3:21"]),
    "reference that is a map": ("flows: {a: {starts: {b: c}}, b: {starts: }}\n", ["wrong-kind 3:21", "wrong-kind 3:42"]),
    "label": (
        "zones: [a, 1b, 'c d', [e], '[red]', '']\n",
        ["bad-name 3:12", "bad-name 3:16", "bad-name 3:23", "bad-name 3:28", "bad-name 3:37"],
    ),
    "list of one": ("zones: a\nservices: {s: {zones: a}}\n", []),
    "empty list": ("zones:\n", ["wrong-kind 3:7"]),
    "names": (
        "services:\n  a b: {}\n  '[bold]x[/]': {}\n  .a: {}\n  ok_-1: {}\n  ไทย: {}\n  ? ''\n  : {}\n",
        ["bad-name 4:3", "bad-name 5:3", "bad-name 6:3", "bad-name 8:3", "bad-name 9:5"],
    ),
    "name of the scenario": ("services: {}\n", []),
    "calls": (
        "services: {a: {handles: {H: {calls: {to: [x]}}, I: {calls: [[a.H, [a.I]], [{tx: a.H}]]}}}}\n",
        ["wrong-kind 3:42", "wrong-kind 3:67", "missing-key 3:76", "unknown-key 3:77"],
    ),
    "publishes": (
        "services: {a: {handles: {H: {publishes: [{chance: 5%}]}, I: {publishes: }, J: {publishes: {E: x}}, K: {publishes: []}}}}\n"
        "events: {E: {broker: b}}\n",
        ["missing-key 3:42", "missing-key 3:73", "bad-number 3:95", "unknown-name 4:22"],
    ),
    "chances": (
        "services: {b: {kind: broker}, s: {handles: {G: {publishes: {E: 60%, F: 41%}}, H: {publishes: {E: 60%, F: {count: 2}}},"
        " I: {publishes: {E: 50%..60%, F: 45%}}}}}\nevents: {E: {}, F: {}}\n",
        ["chances-over-one 3:60", "chances-over-one 3:94"],
    ),
    "clock": (
        "workloads: {w: {starts: {f: {at: 25:00}, g: {at: 7pm}, h: {at: '24:01'}, i: {at: [1]}}}}\n"
        "shapes: {s: {24:00: 5%, 7:5: 5%, 07:00: 5%}}\n",
        [
            "unknown-name 3:26",
            "wrong-kind 3:34",
            "unknown-name 3:42",
            "wrong-kind 3:50",
            "unknown-name 3:56",
            "wrong-kind 3:64",
            "unknown-name 3:74",
            "wrong-kind 3:82",
            "bad-name 4:25",
        ],
    ),
    "comparison": (
        "claims: {c: {says: s, expect: {metric: services, is: about 3}}}\n",
        ["wrong-kind 3:54"],
    ),
    "claim": (
        "claims: {c: {}, d: {says: s, expect: [x]}, e: {says: s, expect: }}\n",
        ["missing-key 3:13", "missing-key 3:13", "wrong-kind 3:39", "wrong-kind 3:65"],
    ),
    "waivers": ("waivers: [{finding: f, until: soon}, x]\n", ["missing-key 3:11", "wrong-kind 3:31", "wrong-kind 3:38"]),
    "variants": ("variants: {v: {changes: [a], remove: {a: b}}}\n", ["wrong-kind 3:25", "wrong-kind 3:38"]),
    "defaults": ("defaults: {calls: 2s, events: }\n", ["wrong-kind 3:19", "wrong-kind 3:31"]),
    "defaults that are a list": ("defaults: [calls]\n", ["wrong-kind 3:11"]),
    "source of defaults": ("defaults: {calls: {source: [a]}, events: {source: b}}\n", ["wrong-kind 3:28", "unknown-name 3:51"]),
    "include": ("include: {a: b}\n", ["wrong-kind 3:10"]),
    # ---- numbers
    "text for a number": (
        "services: {a: {takes: fast, replicas: two, round_trip: [1ms, x], mtbf: {a: b}, mttr: }}\n",
        ["bad-number 3:23", "bad-number 3:39", "bad-number 3:56", "wrong-kind 3:72", "wrong-kind 3:86"],
    ),
    "not a finite number": (
        "services: {a: {takes: NaN, replicas: .inf, round_trip: -.inf, mtbf: 1e999y, concurrency: 1e400}}\n",
        ["bad-number 3:23", "bad-number 3:38", "bad-number 3:56", "out-of-range 3:69", "out-of-range 3:90"],
    ),
    "wrong unit": (
        "services: {a: {takes: 5KB, round_trip: 5, mtbf: 1:30, stores: 4GHz, replicas: 3x, availability: 99.9s}}\n",
        ["wrong-unit 3:23", "wrong-unit 3:40", "wrong-unit 3:49", "wrong-unit 3:63", "wrong-unit 3:79", "wrong-unit 3:97"],
    ),
    "wrong unit of a range": (
        "services: {a: {takes: 4ms ± 5KB, round_trip: 4ms..5KB, mtbf: [1KB, 2d]}}\n",
        ["wrong-unit 3:23", "wrong-unit 3:46", "wrong-unit 3:62"],
    ),
    "money": (
        "workloads: {v: {failure_costs: 12}, w: {failure_costs: $x}, x: {failure_costs: $-1}, y: {failure_costs: EUR 5}, z: {failure_costs: $12}}\n",
        ["wrong-unit 3:32", "bad-number 3:56", "out-of-range 3:80", "bad-number 3:105"],
    ),
    "out of range": (
        "services: {a: {takes: -5ms, round_trip: 2d, mtbf: 11y, replicas: 2.5, needs: 0, availability: 101%, stores: 2e18B}}\n",
        [
            "out-of-range 3:23",
            "out-of-range 3:41",
            "out-of-range 3:51",
            "out-of-range 3:66",
            "out-of-range 3:78",
            "out-of-range 3:95",
            "out-of-range 3:109",
        ],
    ),
    "out of range of a range": (
        "services: {a: {takes: 5ms ± 9ms, round_trip: 9s..4s, mtbf: [9s, 4s], replicas: 1..2}}\n",
        ["out-of-range 3:23", "out-of-range 3:46", "out-of-range 3:60", "out-of-range 3:80"],
    ),
    "lists of numbers": (
        "services: {a: {takes: [1ms], round_trip: [1ms, 2ms, 3ms], mtbf: [[1d], 2d], mttr: [1min, 2min]}}\n",
        ["wrong-kind 3:23", "wrong-kind 3:42", "wrong-kind 3:65"],
    ),
    # ---- names
    "unknown service": ("services: {order: {handles: {A: {calls: ordr.A}}}}\n", ["unknown-name 3:41 ~order.A"]),
    "unknown handler": ("services: {order: {handles: {PlaceOrder: {calls: order.PlaceOder}}}}\n", ["unknown-name 3:50 ~order.PlaceOrder"]),
    "unknown handler far from all": (PARTS + "flows: {f: web.Xyz}\n", ["unknown-name 8:12 ~web.Open,web.Close"]),
    "ambiguous handler": (
        PARTS + "flows: {f: web, g: {starts: web.Open, path: [web]}}\n",
        ["ambiguous-handler 8:12 ~web.Open,web.Close", "ambiguous-handler 8:46 ~web.Open,web.Close"],
    ),
    "single handler": ("services: {a: {handles: {H: {calls: {to: b, timeout: 1s}}}}, b: {kind: function}}\n", []),
    "unknown event": (
        "services: {b: {kind: broker}, a: {handles: {H: {publishes: [Orderd]}, I: {publishes: {Ordered: 5%, Orders: 5%}}}}}\nevents: {Ordered: {}}\n",
        ["unknown-name 3:61 ~Ordered", "unknown-name 3:100 ~Ordered"],
    ),
    "unknown broker": (PARTS.replace("Opened: {}", "Opened: {broker: brokr}"), ["unknown-name 7:27 ~broker"]),
    "broker that is none": (PARTS.replace("Opened: {}", "Opened: {broker: web}"), ["unknown-name 7:27"]),
    "unknown zone": ("zones: [east, west]\nservices: {a: {zones: [east, wst]}}\n", ["unknown-name 4:30 ~west"]),
    "unknown source": (
        "source: me\nsources: {book: {}}\nservices: {a: {takes: 5ms (boook), source: bok, round_trip: 1ms (book), mttr: 1min (assumption)}}\n",
        ["unknown-name 3:9", "unknown-name 5:23 ~book", "unknown-name 5:44 ~book"],
    ),
    "source as a name": (
        "services: {b: {kind: broker}, source: , s: {handles: {source: {publishes: {source: 5%}}}}}\nevents: {source: }\n"
        "flows: {source: s}\nworkloads: {w: {starts: {source: 5/s}}}\n",
        [],
    ),
    "source of a publish": (
        "services: {b: {kind: broker}, s: {handles: {H: {publishes: {event: E, source: x}}}}}\nevents: {E: }\n",
        ["unknown-name 3:79"],
    ),
    "unknown flow, shape, workload": (
        PARTS + "flows: {open: web.Open}\nworkloads: {day: {starts: {opn: 1/s}, shape: evning}, night: {based_on: dai}}\n",
        ["unknown-name 9:28 ~open", "unknown-name 9:46 ~evening", "unknown-name 9:73 ~day"],
    ),
    "unknown names of claims": (
        PARTS + FLOWS + "zones: [a]\nclaims:\n  c:\n    says: s\n    given: {kill: [wib, db/2, db/1], zone: b, of: dd, workload: dy}\n"
        "    expect:\n      - {metric: servces, is: '> 1', service: we, compared_with: '@v'}\n      - {no_finding: [no-tem, dual-write]}\n"
        "      - {flow: opn, path: [web.Opn, Opend]}\n      - {apart: [wb]}\n      - {stay_up: b}\n      - {present: c}\n      - {adds_only: v}\n",
        [
            "unknown-name 14:20 ~web",
            "unknown-name 14:25 ~db",
            "unknown-name 14:44",
            "contradiction/of-without-each 14:51",
            "unknown-name 14:51",
            "unknown-name 14:65 ~day",
            "unknown-name 16:18 ~services",
            "unknown-name 16:47 ~web",
            "unknown-name 16:66",
            "unknown-name 17:23 ~no-team",
            "unknown-name 18:16 ~open",
            "unknown-name 18:28 ~web.Open",
            "unknown-name 18:37 ~Opened,web.Open",
            "unknown-name 19:18 ~web",
            "unknown-name 20:19 ~db",
            "unknown-name 21:19",
            "unknown-name 22:21",
        ],
    ),
    "target": (
        PARTS + FLOWS + "claims:\n  c:\n    says: s\n    expect: {flow: open, answer: ok}\n    given: {kill: [db/0, db/x, db/, db/²,"
        " db/99999999999, db/1/1, each/1, /1]}\n",
        [
            "unknown-name 14:20 ~db",
            "unknown-name 14:26 ~db",
            "unknown-name 14:32 ~db",
            "unknown-name 14:37 ~db",
            "unknown-name 14:43",
            "unknown-name 14:59",
            "unknown-name 14:67 ~each",
            "unknown-name 14:75",
        ],
    ),
    # ---- several at once
    "wrong values and wrong names": (
        "services:\n  a: {takes: 5KB, handles: {H: {calls: [b.H, c.H]}}}\n  c: {handels: {H: {}}}\nflows: {f: d.H, g: a.I}\n",
        ["wrong-unit 4:14", "unknown-name 4:41 ~a.H", "unknown-key 5:7 ~handles", "unknown-name 6:12 ~a.H", "unknown-name 6:20 ~a.H"],
    ),
    "no names are missed in a misspelt section": (
        "servces: {a: {handles: {H: {}}}}\nflows: {f: a.H}\n",
        ["unknown-key 3:1 ~services,sources"],
    ),
    "everything at once": (
        "title: {en: a, jp: b}\ncolour: red\nservices:\n  web: {replicas: -1, replicas: 2, handles: {Open: {takes: 5, calls: {to: db.raed, timeout: 1KB}}}}\n"
        "  db: {kind: databas}\n  broker: {kind: broker}\n  store: {kind: database}\nevents: {E: {size: big, durable: maybe}}\nflows: {f: {start: web.Open}}\n",
        [
            "unknown-key 3:16",
            "unknown-key 4:1",
            "out-of-range 6:19",
            "duplicate-key 6:23",
            "wrong-unit 6:60",
            "wrong-unit 6:93",
            "bad-choice 7:14 ~database",
            "bad-number 10:20",
            "wrong-kind 10:34",
            "missing-key 11:12",
            "unknown-key 11:13 ~starts",
        ],
    ),
}

SHOP = PARTS + FLOWS


def _handler(text: str) -> str:
    """A scenario whose line 6 holds the handler ``a.H``; its text starts in column 29."""
    return f"services:\n  b: {{kind: broker}}\n  c: {{kind: cache}}\n  a: {{handles: {{G: {{}}, H: {text}}}}}\n"


def _service(text: str) -> str:
    """A scenario whose line 3 holds the service ``a``; its text starts in column 15."""
    return f"services: {{a: {text}}}\n"


def _starts(text: str) -> str:
    """A scenario whose line 9 holds how often a flow starts; the text starts in column 33."""
    return SHOP.replace("{open: 1/s}", f"{{open: {text}}}")


def _claim(expect: str, given: str = "{}") -> str:
    """A scenario whose claim expects something in line 12, column 13, given something in line 13."""
    return f"{SHOP}claims:\n  c:\n    expect: {expect}\n    given: {given}\n    says: s\n"


#: The same for what the parts together cannot mean, below the ``what`` of the contradiction.
CONTRADICTING: dict[str, list[tuple[str, list[str]]]] = {
    "no-broker": [("services: {a: {kind: database}}\nevents: {E: {}}\n", ["contradiction/no-broker 4:10"])],
    "several-brokers": [
        (
            "services: {b1: {kind: broker}, b2: {kind: broker}}\nevents: {E: {}, F: {broker: b2}}\n",
            ["contradiction/several-brokers 4:10 ~b1,b2"],
        )
    ],
    "hit-ratio-without-on-miss": [
        (_handler("{hit_ratio: 90%}"), ["contradiction/hit-ratio-without-on-miss 6:39"]),
        (_handler("{calls: {to: c.get, hit_ratio: 90%}}"), ["contradiction/hit-ratio-without-on-miss 6:58"]),
        (_handler("{hit_ratio: 90%, on_miss: [[{to: c.get, hit_ratio: 9%}]]}"), ["contradiction/hit-ratio-without-on-miss 6:78"]),
        (_handler("{hit_ratio: 90%, on_miss: c.get}"), []),
    ],
    "on-miss-without-hit-ratio": [
        (_handler("{on_miss: c.get}"), ["contradiction/on-miss-without-hit-ratio 6:24"]),
        (_handler("{calls: {to: c.get, on_miss: c.put}}"), ["contradiction/on-miss-without-hit-ratio 6:35"]),
    ],
    "timeout-zero": [(_handler("{calls: [c.put, {to: c.get, timeout: 0ms}]}"), ["contradiction/timeout-zero 6:64"])],
    "fallback-to-itself": [(_handler("{calls: {to: c.get, fallback: c.get}}"), ["contradiction/fallback-to-itself 6:57"])],
    "compensates-itself": [(_handler("{compensates: [a.G, a.H]}"), ["contradiction/compensates-itself 6:47"])],
    "min-over-max": [
        (_service("{replicas: {min: 3, max: 2}}"), ["contradiction/min-over-max 3:40"]),
        (_service("{replicas: {min: 3, max: 3}, needs: 3}"), []),
    ],
    "needs-over-replicas": [
        (_service("{replicas: 2, needs: 3}"), ["contradiction/needs-over-replicas 3:36"]),
        (_service("{replicas: {min: 2, max: 4}, needs: 3}"), []),
        (_service("{kind: function, needs: 1}"), []),
        ("defaults: {database: {needs: 2}}\nservices: {d: {kind: database}}\n", ["contradiction/needs-over-replicas 3:30"]),
    ],
    "no-replicas": [
        (_service("{replicas: 0}"), ["contradiction/no-replicas 3:26"]),
        (_service("{replicas: {min: 0, max: 4}}"), []),
        (_service("{kind: function, replicas: 0}"), []),
    ],
    "target-zero": [(_service("{replicas: {min: 1, max: 2, target: 0%}}"), ["contradiction/target-zero 3:51"])],
    "mtbf-zero": [
        (_service("{mtbf: 0d}"), ["contradiction/mtbf-zero 3:22"]),
        ("zone_failures: {mtbf: 0d}\n", ["contradiction/mtbf-zero 3:23"]),
    ],
    "mttr-zero": [
        (_service("{mttr: 0s}"), ["contradiction/mttr-zero 3:22"]),
        ("zone_failures: {mttr: 0s}\n", ["contradiction/mttr-zero 3:23"]),
    ],
    "cores-over-concurrency": [(_service("{concurrency: 2, cores: 3}"), ["contradiction/cores-over-concurrency 3:39"])],
    "listed-twice": [
        (
            "zones: [a, b, a]\nservices: {s: {zones: [b, b]}}\n",
            ["contradiction/listed-twice 3:15", "contradiction/listed-twice 4:27"],
        ),
        (_claim("{stay_up: web}", "{kill: [db, web, db]}"), ["contradiction/listed-twice 13:29"]),
    ],
    "reserved-name": [
        (
            "zones: [each]\nservices: {each: {}}\nvariants: {x: {}, y: {}}\n",
            ["contradiction/reserved-name 3:9", "contradiction/reserved-name 4:12", "contradiction/reserved-name 5:12"],
        )
    ],
    "retention-zero": [
        ("services: {b: {kind: broker}}\nevents: {E: {retention: 0s}}\n", ["contradiction/retention-zero 4:25"]),
        ("services: {b: {kind: broker}}\nevents: {E: {retention: 0s, durable: false}}\n", []),
    ],
    "objectives-reversed": [
        (
            PARTS + "flows: {f: {starts: web.Open, objectives: {answer_p50: 2s, answer_p99: 1s}}}\n",
            ["contradiction/objectives-reversed 8:72"],
        ),
    ],
    "empty-shape": [("shapes: {day: {}}\n", ["contradiction/empty-shape 3:10"])],
    "time-twice": [("shapes: {day: {9:00: 5%, 10:00: 5%, 09:00: 100%}}\n", ["contradiction/time-twice 3:44"])],
    "time-over-a-day": [("shapes: {day: {0:00: 5%, 24:00: 5%, 24:01: 5%}}\n", ["contradiction/time-over-a-day 3:44"])],
    "based-on-itself": [
        ("workloads: {a: {based_on: a}}\n", ["contradiction/based-on-itself 3:27"]),
        (
            "workloads: {a: {based_on: b}, b: {based_on: c}, c: {based_on: b}, d: {based_on: a}}\n",
            ["contradiction/based-on-itself 3:45"],
        ),
    ],
    "no-rate": [(_starts("{shape: evening}"), ["contradiction/no-rate 9:28"]), (_starts(""), ["contradiction/no-rate 9:28"])],
    "spike-without-time": [(_starts("{peak: 9/s, for: 10min}"), ["contradiction/spike-without-time 9:51"])],
    "spike-without-length": [(_starts("{peak: 9/s, at: 20:00}"), ["contradiction/spike-without-length 9:28"])],
    "base-without-spike": [
        (_starts("{peak: 9/s, base: 1/s}"), ["contradiction/base-without-spike 9:52"]),
        (_starts("{peak: 9/s, ramp: 1min}"), ["contradiction/base-without-spike 9:52"]),
    ],
    "base-over-peak": [(_starts("{peak: 9/s, base: 10/s, at: 20:00, for: 1h}"), ["contradiction/base-over-peak 9:52"])],
    "spike-over-a-day": [(_starts("{peak: 9/s, at: 20:00, for: 23h, ramp: 31min}"), ["contradiction/spike-over-a-day 9:62"])],
    "users-without-think": [(_starts("{users: 500}"), ["contradiction/users-without-think 9:42"])],
    "think-without-users": [(_starts("{peak: 9/s, think: 5s}"), ["contradiction/think-without-users 9:53"])],
    "peak-and-users": [(_starts("{peak: 9/s, users: 500, think: 5s}"), ["contradiction/peak-and-users 9:53"])],
    "days-over-a-year": [
        (
            "workloads: {a: {days_per_year: 200}, b: {days_per_year: 200}, c: {days_per_year: 1}}\n",
            ["contradiction/days-over-a-year 3:57"],
        )
    ],
    "empty-claim": [(_claim("[]"), ["contradiction/empty-claim 11:3"])],
    "empty-check": [(_claim("[{}, {flow: open}]"), ["contradiction/empty-check 12:14", "contradiction/empty-check 12:18"])],
    "several-checks": [
        (_claim("{flow: open, answer: ok, path: [db.read]}"), ["contradiction/several-checks 12:13"]),
        (_claim("{flow: open, answer: ok, completion: delayed}"), []),
    ],
    "metric-without-is": [(_claim("{metric: services}"), ["contradiction/metric-without-is 12:22"])],
    "is-without-metric": [(_claim("{flow: open, is: '> 3'}"), ["contradiction/is-without-metric 12:13"])],
    "check-without-flow": [(_claim("{answer: ok}"), ["contradiction/check-without-flow 12:13"]), (_claim("{path: [db.read]}"), [])],
    "each-with-others": [
        (
            "zones: [a]\n" + _claim("{flow: open, answer: ok}", "{kill: [each, db], zone: [a, each]}"),
            ["contradiction/each-with-others 14:20", "contradiction/each-with-others 14:38"],
        ),
    ],
    "of-without-each": [(_claim("{flow: open, answer: ok}", "{kill: db, of: [web]}"), ["contradiction/of-without-each 13:28"])],
}

#: Included files: (text of x.yaml from line 3, further files, problems).
INCLUDES: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "parts of several files": (
        "include: [a.yaml, sub/b.yaml]\nservices: {w: {handles: {H: {calls: c.H}}}}\n",
        {
            "a.yaml": "services: {c: {handles: {H: {calls: d.H}}}}\n",
            "sub/b.yaml": "include: c.yaml\n",
            "sub/c.yaml": "services: {d: {handles: {H: {}}}}\n",
        },
        [],
    ),
    "sections that one file leaves empty": ("include: a.yaml\nzones: a\n", {"a.yaml": "zones: [b]\nwaivers: []\nevents: {}\n"}, []),
    "errors in the included file": (
        "include: a.yaml\nflows: {f: a.I}\n",
        {"a.yaml": "services:\n  a: {takes: 5KB, takes: 1ms, handles: {H: {calls: b.H}}}\n"},
        ["wrong-unit a.yaml:2:14", "duplicate-key a.yaml:2:19", "unknown-name a.yaml:2:52 ~a.H", "unknown-name 4:12 ~a.H"],
    ),
    "keys that belong in the first file": (
        "include: a.yaml\n",
        {"a.yaml": "name: y\ndefaults: {}\nservics: {}\n"},
        ["unknown-key a.yaml:1:1", "unknown-key a.yaml:2:1", "unknown-key a.yaml:3:1 ~services"],
    ),
    "defined twice": (
        "include: a.yaml\nservices: {s: {}}\n",
        {"a.yaml": "services: {r: {}, s: {}}\n"},
        ["defined-twice a.yaml:1:19"],
    ),
    "included twice": ("include: [a.yaml, a.yaml]\n", {"a.yaml": "services: {s: {}}\n"}, ["defined-twice 3:19"]),
    "included by two others": (
        "include: [a.yaml, b.yaml]\n",
        {"a.yaml": "include: c.yaml\n", "b.yaml": "include: ./c.yaml\n", "c.yaml": "services: {s: {}}\n"},
        ["defined-twice b.yaml:1:10"],
    ),
    "itself": ("include: x.yaml\n", {}, ["include-cycle 3:10"]),
    "a circle": (
        "include: a.yaml\n",
        {"a.yaml": "include: b.yaml\n", "b.yaml": "include: [a.yaml, x.yaml]\n"},
        ["include-cycle b.yaml:1:11", "include-cycle b.yaml:1:19"],
    ),
    "outside": (
        "include: [../y.yaml, /etc/hostname, sub/../../y.yaml, ~/y.yaml]\n",
        {},
        ["include-outside 3:11", "include-outside 3:22", "include-outside 3:37", "unreadable 3:55"],
    ),
    "outside, from below": (
        "include: sub/a.yaml\n",
        {"sub/a.yaml": "include: ../b.yaml\n", "b.yaml": "services: {}\n"},
        ["include-outside sub/a.yaml:1:10"],
    ),
    "not there": (
        "include: [a.yaml, sub/b.yaml]\nservices: {s: {takes: 5KB}}\n",
        {},
        ["unreadable 3:11", "unreadable 3:19", "wrong-unit 4:23"],
    ),
    "a folder": ("include: sub\n", {"sub/a.yaml": ""}, ["unreadable 3:10"]),
    "this folder": ("include: .\n", {}, ["unreadable 3:10"]),
    "names are not called unknown while a file is missing": ("include: a.yaml\nflows: {f: a.H}\n", {}, ["unreadable 3:10"]),
    "not text": ("include: [{a: b}, '', 5]\n", {}, ["wrong-kind 3:11", "unreadable 3:19", "unreadable 3:23"]),
    "not text, from below": ("include: a.yaml\n", {"a.yaml": "include: [{a: b}, ]\n"}, ["wrong-kind a.yaml:1:11"]),
    "not YAML": (
        "include: [a.yaml, b.yaml, c.yaml]\n",
        {"a.yaml": "a: b: c\n", "b.yaml": "- a\n", "c.yaml": ""},
        ["not-yaml a.yaml:1:5", "wrong-kind b.yaml:1:1", "not-yaml c.yaml:1:1"],
    ),
    "sections of the wrong kind": (
        "include: a.yaml\nservices: {s: {}}\nzones: [a]\nevents: {}\n",
        {"a.yaml": "services: [t]\nevents:\nzones: {b: c}\n"},
        ["wrong-kind a.yaml:1:11", "wrong-kind a.yaml:2:8", "bad-name a.yaml:3:8"],
    ),
}

#: Variants: (text from line 3, variant, problems of that variant). The scenario without it is right in each.
VARIANTS: dict[str, tuple[str, str, list[str]]] = {
    "no such variant": (SHOP + "variants: {calling: {}}\n", "callin", ["no-such-variant x.yaml ~calling"]),
    "no variants": (SHOP, "callin", ["no-such-variant x.yaml"]),
    "wrong values stand in the patch": (
        SHOP
        + "variants:\n  v:\n    changes:\n      services:\n        db: {replicas: many, team: 1}\n        web: {handles: {Open: {takes: 5}}}\n",
        "v",
        ["bad-number 14:24", "bad-name 14:36", "wrong-unit 15:39"],
    ),
    "wrong names stand in the patch": (
        SHOP
        + "variants:\n  v:\n    changes:\n      services: {web: {handles: {Open: {calls: {to: db.raed}}}}}\n      flows: {shut: web.Clos}\n",
        "v",
        ["unknown-name 13:53 ~db.read", "unknown-name 14:21 ~web.Close"],
    ),
    "names left without what they name": (
        SHOP + "variants: {v: {remove: [services.db, services.broker]}}\n",
        "v",
        ["unknown-name 5:38", "contradiction/no-broker 7:10"],
    ),
    "paths that lead nowhere": (
        SHOP + "variants: {v: {remove: [services.bd, servces.db, services.web.handles.Open.calls.to.x, flows.open.starts, '', a..b]}}\n",
        "v",
        [
            "unknown-name 10:25",
            "unknown-name 10:38 ~services,events",
            "unknown-name 10:50",
            "unknown-name 10:88",
            "unknown-name 10:107",
            "unknown-name 10:111",
        ],
    ),
    "what a variant may not change": (
        SHOP + "variants:\n  v: {changes: {name: y, sysdesign: 2, variants: {}, include: a.yaml, claims: {}, title: t}}\n",
        "v",
        ["bad-variant 11:17", "bad-variant 11:26", "bad-variant 11:40", "bad-variant 11:54", "bad-variant 11:71"],
    ),
    "unknown keys of a patch": (
        SHOP + "variants:\n  v: {changes: {servces: {db: {}}}}\n",
        "v",
        ["unknown-key 11:17 ~services,sources"],
    ),
    "a source that only the variant has": (
        SHOP + "variants:\n  v: {changes: {sources: {s: {}}, services: {db: {mtbf: 9d (s), source: s}}}}\n",
        "v",
        [],
    ),
    "a source that not even the variant has": (
        SHOP + "variants:\n  v: {changes: {services: {db: {mtbf: 9d (s), source: s}}}}\n",
        "v",
        ["unknown-name 11:39", "unknown-name 11:55"],
    ),
    "contradictions of the patch": (
        SHOP + "variants:\n  v: {changes: {services: {db: {needs: 2}}}}\n",
        "v",
        ["contradiction/needs-over-replicas 11:40"],
    ),
    "a value instead of a map": (SHOP + "variants:\n  v: {changes: {services: gone}}\n", "v", ["wrong-kind 11:27"]),
}

#: Whole files, without the two lines.
FILES: dict[str, tuple[str, list[str]]] = {
    "empty": ("", ["not-yaml 1:1"]),
    "comments only": ("# nothing\n", ["not-yaml 1:1"]),
    "nothing but the start": ("---\n", ["wrong-kind 2:1"]),
    "text": ("hello\n", ["wrong-kind 1:1"]),
    "list": ("- a: 1\n  a: 2\n", ["wrong-kind 1:1", "duplicate-key 2:3"]),
    "no version, no name": ("title: a\n", ["missing-key 1:1", "missing-key 1:1"]),
    "bad name": ("sysdesign: 1\nname: my shop\n", ["bad-name 2:7"]),
    "a later version": ("sysdesign: 2\nname: my shop\nsystems: {}\n", ["unknown-version 1:12"]),
    "no version": ("sysdesign:\nname: x\n", ["bad-choice 1:11"]),
    "a list of versions": ("sysdesign: [1]\nname: x\n", ["bad-choice 1:12"]),
    "Windows line ends": ("sysdesign: 1\r\nname: x\r\n\r\nservices:\r\n  a: {takes: 5KB}\r\n", ["wrong-unit 5:14"]),
    "old Macintosh line ends": ("sysdesign: 1\rname: x\rservices:\r  a: {takes: 5KB}\r", ["wrong-unit 4:14"]),
    "byte order mark": ("\ufeffsysdesign: 1\nname: x\nservices: {a: {takes: 5KB}}\n", ["wrong-unit 3:23"]),
    "columns count characters": ("sysdesign: 1\nname: x\ntitle: {en: a, th: สวัสดี 😀, xx: c}\n", ["unknown-key 3:30"]),
}

#: Slugs that reading small texts cannot give, and where they are tested.
ELSEWHERE = {
    "too-large": "test_hostile",
    "not-text": "test_hostile",
    "too-many": "test_hostile",
    "unstable-loop": "the engine's traffic",
    "no-such-scenario": "the library",
    "simulation-too-long": "the simulation's plan",
    "simulation-too-many-users": "the simulation's plan",
    "fault-after-end": "the simulation's plan",
}


@pytest.mark.parametrize(("text", "expected"), ROWS.values(), ids=ROWS)
def test_row(text: str, expected: list[str], problems: Callable[..., list[str]]) -> None:
    assert problems(HEAD + text) == expected


@pytest.mark.parametrize(("what", "text", "expected"), [(what, *row) for what, rows in CONTRADICTING.items() for row in rows])
def test_contradiction(what: str, text: str, expected: list[str], problems: Callable[..., list[str]]) -> None:
    assert problems(HEAD + text) == expected


def test_every_contradiction_has_rows() -> None:
    assert set(CONTRADICTING) == set(CONTRADICTIONS)
    assert all(any(f"/{what} " in line for _, lines in rows for line in lines) for what, rows in CONTRADICTING.items())


@pytest.mark.parametrize(("text", "files", "expected"), INCLUDES.values(), ids=INCLUDES)
def test_include(text: str, files: dict[str, str], expected: list[str], problems: Callable[..., list[str]]) -> None:
    assert problems(HEAD + text, files=files) == expected


@pytest.mark.parametrize(("text", "variant", "expected"), VARIANTS.values(), ids=VARIANTS)
def test_variant(text: str, variant: str, expected: list[str], problems: Callable[..., list[str]]) -> None:
    assert problems(HEAD + text, variant) == expected
    assert problems(HEAD + text) == []


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_file(text: str, expected: list[str], problems: Callable[..., list[str]]) -> None:
    assert problems(text) == expected


def test_every_slug_has_a_row() -> None:
    lists = [row[-1] for rows in (ROWS, INCLUDES, VARIANTS, FILES) for row in rows.values()]
    lists += [lines for rows in CONTRADICTING.values() for _, lines in rows]
    seen = {line.split()[0].split("/")[0] for lines in lists for line in lines}
    assert seen | set(ELSEWHERE) == set(CODES.values())
    assert not seen & set(ELSEWHERE)


def test_codes_and_slugs_are_one_to_one() -> None:
    assert len(set(CODES.values())) == len(CODES)


def _problems_of_all_rows(workspace: Workspace) -> list[Problem]:
    found = [p for text, _ in ROWS.values() for p in workspace.problems(HEAD + text)]
    found += [p for text, files, _ in INCLUDES.values() for p in workspace.problems(HEAD + text, files=files)]
    found += [p for text, variant, _ in VARIANTS.values() for p in workspace.problems(HEAD + text, variant)]
    return found + [p for rows in CONTRADICTING.values() for text, _ in rows for p in workspace.problems(HEAD + text)]


def test_each_problem_shows_its_line(workspace: Workspace) -> None:
    """The line that is shown holds the place, and what is meant ends within it."""
    found = _problems_of_all_rows(workspace)
    assert len(found) > 200
    for problem in found:
        assert problem.code in CODES
        if problem.slug == "no-such-variant":
            continue  # about a name of the command line
        assert problem.place.line > 0, problem
        assert 1 <= problem.place.column <= len(problem.source_line) + 1, problem
        # a text in quotes or over several lines may be shorter or longer than what it stands for
        assert problem.width >= 1, problem
        assert all(isinstance(value, str) for value in problem.params.values()), problem


def test_what_was_meant_is_underlined(workspace: Workspace) -> None:
    problem = workspace.problems(HEAD + "services: {order: {takes: 12 parsecs}}\n")[0]
    start = problem.place.column - 1
    assert problem.source_line[start : start + problem.width] == "12 parsecs"
    assert problem.params == {"text": "12 parsecs", "expected": "quantity.time", "example": "12ms, 30s, 30min, 7d"}


@pytest.mark.parametrize("language", ["en", "th"])
def test_every_problem_can_be_shown(language: str, workspace: Workspace) -> None:
    """Each problem has the texts and the parameters that its message asks for."""
    say = Say(language)
    for problem in _problems_of_all_rows(workspace):
        text = problems_text(ScenarioError([problem]), say)
        assert text.startswith(f"{problem.place}: {problem.code} ")
        assert not re.search(r"\{\w+\}", text.split("\n")[0]), text


def test_the_error_as_text_names_place_and_code(workspace: Workspace) -> None:
    with pytest.raises(ScenarioError, match=r"x\.yaml:3:23: E207 wrong-unit .*x\.yaml:3:28: E201 unknown-key"):
        workspace.scenario(HEAD + "services: {a: {takes: 5KB, tem: t}}\n")
