"""Problems of a file: one page for each, in English."""

from __future__ import annotations

from typing import Final

PAGES: Final[dict[str, str]] = {
    "unreadable": """\
The file, or one that it includes, cannot be opened: it is not there, is no regular file, or may not be
read. A path counts from the folder you are in, an include from the folder of the file that names it. A
name without a slash and without .yaml is looked for among the scenarios that come with the program.

Wrong:

    include: [parts/paymnt.yaml]

Right:

    include: [parts/payment.yaml]""",
    "too-large": """\
A scenario, with all the files it includes, may hold 64 MB; one of 20,000 services takes about 4.5 MB.
So this is most likely the wrong file, or data were pasted into it. Describe the data and say where they
are.

Wrong:

    sources:
      log: {title: Access log, note: "…70 MB of log lines…"}

Right:

    sources:
      log: {title: Access log of one day, address: logs/access.log, date: 2026-11-29}""",
    "not-text": """\
The file is not UTF-8, so its letters cannot be told. Older Windows editors save Thai as Windows-874
(TIS-620), and a spreadsheet or a picture is no text at all. Save it as UTF-8; a byte order mark does no
harm.

Wrong:

    title: ÃéÒ¹¤éÒ

Right:

    title: ร้านค้า""",
    "control-character": """\
The text holds a character that nobody sees: a control character, or one that reverses or hides what is
written. Such characters have been used to make a file read differently from what it says, so they are
refused everywhere, in comments too. Delete it; it mostly came with a copy from a web page or a
terminal.

Wrong:

    title: "Shop\\u202Epohs"

Right:

    title: Shop""",
    "not-yaml": """\
The file does not follow the rules of YAML, and reading stops here. Usual causes: a colon and a space
inside a text without quotes, a tab, a bracket or quote that is not closed, lines that are not indented
alike. Tags (!…), several documents in one file and keys that are lists are YAML, but not used in
scenarios. The mistake may stand a line above the place shown.

Wrong:

    title: Shop: the first

Right:

    title: 'Shop: the first'""",
    "too-deep": """\
Maps and lists are nested more than 40 levels deep. No scenario needs a dozen, so a bracket or the
indentation has gone wrong.

Wrong:

    services:
      shop: {handles: {Buy: {calls: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[stock.Take]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}}
      stock: {handles: {Take: {}}}

Right:

    services:
      shop: {handles: {Buy: {calls: [stock.Take]}}}
      stock: {handles: {Take: {}}}""",
    "alias": """\
YAML's anchors (&name) and aliases (*name) are not used: whoever reads a service should see its figures
there, and a few nested aliases can blow a small file up to gigabytes. What many services share goes
under `defaults`, by kind of service, and for `calls` and `events`. A text that begins with * needs
quotes.

Wrong:

    services:
      order: &small {replicas: 2, concurrency: 16}
      stock: *small

Right:

    defaults:
      service: {replicas: 2, concurrency: 16}
    services:
      order: {}
      stock: {}""",
    "duplicate-key": """\
The same key stands twice in one map. Most YAML programs keep the last one without a word, so half of
what you wrote would be gone. Remove one of them, or join the two.

Wrong:

    services: {order: {}}
    events: {}
    services: {stock: {}}

Right:

    services: {order: {}, stock: {}}
    events: {}""",
    "include-outside": """\
An included file must lie in the folder of the file that names it, or below. So a scenario can be
copied, mailed and checked in one piece, and a foreign one cannot read your other files. Links are
followed before this is judged. Put common parts into a folder below.

Wrong:

    include: [../parts/payment.yaml]

Right:

    include: [parts/payment.yaml]""",
    "include-cycle": """\
A file includes itself, or one that includes it again, so reading would never end. Includes should point
one way: from the scenario to its parts, which need not include each other, since all parts are added
together and may use each other's names.

Wrong:

    name: shop
    include: [shop.yaml]

Right:

    name: shop
    include: [parts/payment.yaml]""",
    "unknown-key": """\
There is no such key here; most often it is misspelt or stands one level too high or too low. It is an
error and not ignored, because a setting that is silently ignored gives wrong results. The message lists
the keys that may stand here; an editor with the schema (`sysdesign schema`) completes them. In a text
such as `{en: …, th: …}` an unquoted comma starts a new key.

Wrong:

    services: {order: {repicas: 2}}

Right:

    services: {order: {replicas: 2}}""",
    "missing-key": """\
Something cannot be understood without this key: a flow without `starts`, a call without `to`, a claim
without `expect`, an event without a broker where there is none. Everything that has a sensible default
may be left out; these have none.

Wrong:

    services: {shop: {handles: {Buy: {}}}}
    flows: {buy: {title: Buy}}

Right:

    services: {shop: {handles: {Buy: {}}}}
    flows: {buy: {title: Buy, starts: shop.Buy}}""",
    "wrong-kind": """\
Something else is expected here: a map where a text stands, a list where a map stands, a date, a time of
day, true or false. A key with nothing after it counts as “nothing”. `yes` and `no` are no flags here,
since YAML programs disagree about them.

Wrong:

    services: {order: {blocking: yes}}

Right:

    services: {order: {blocking: true}}""",
    "bad-choice": """\
Only one of a few words may stand here, and this is none of them. They are written in small letters, as
the message lists them.

Wrong:

    services: {order-db: {kind: Database}}

Right:

    services: {order-db: {kind: database}}""",
    "bad-name": """\
A name begins with a letter from A to Z, followed by such letters, digits, - and _, at most 80. Names
are typed in commands and stand in references like `order.PlaceOrder`, so spaces and dots would make
them ambiguous. What people should read goes into `title`, in any language.

Wrong:

    services: {order service: {}}

Right:

    services: {order-service: {title: Order service}}""",
    "bad-number": """\
A number is expected and something else stands here. Write digits, a dot for decimals, and the unit:
`12ms`, `2KB`, `99.95%`, `20/s`. A range is `4s..10s` or `12ms ± 3ms`, and a source may follow in
brackets: `20/s (conversion)`.

Wrong:

    services: {order: {takes: fast}}

Right:

    services: {order: {takes: 8ms}}""",
    "wrong-unit": """\
The number has no unit, or one that measures something else. A bare 8 might be seconds or milliseconds,
a factor of a thousand, so times, sizes, rates and money always carry a unit; counts and shares need
none. Note that `m` means minutes, and `MB` is a million bytes (`MiB` 1,048,576).

Wrong:

    services: {order: {takes: 8}}

Right:

    services: {order: {takes: 8ms}}""",
    "out-of-range": """\
The number is smaller or larger than makes sense here, not whole where whole ones are counted, or a
range whose end lies before its beginning. A share is at most 100 %, a time is not negative, a service
needs at least one replica.

Wrong:

    services: {order: {availability: 101%}}

Right:

    services: {order: {availability: 99.95%}}""",
    "unknown-name": """\
A name is used and nothing declares it: a service, handler, event, flow, workload, zone, source, rule or
metric. Names are told apart by capital letters. Mostly it is misspelt, and the nearest ones are shown;
or the part was renamed or removed by a variant and is still referred to.

Wrong:

    services:
      order: {handles: {Place: {calls: stok.Reserve}}}
      stock: {handles: {Reserve: {}}}

Right:

    services:
      order: {handles: {Place: {calls: stock.Reserve}}}
      stock: {handles: {Reserve: {}}}""",
    "ambiguous-handler": """\
A service was named where a handler is meant, and it has several. The service alone is enough only while
it has exactly one handler. Write `service.handler`.

Wrong:

    services: {shop: {handles: {Browse: {}, Buy: {}}}}
    flows: {buy: shop}

Right:

    services: {shop: {handles: {Browse: {}, Buy: {}}}}
    flows: {buy: shop.Buy}""",
    "chances-over-one": """\
A map under `publishes` means that exactly one of these events is published, each with its chance;
together they cannot be more than 100 %. When the events are independent of each other, write a list.
Less than 100 % is allowed: the rest publishes nothing.

Wrong:

    services:
      broker: {kind: broker}
      payment: {handles: {Charge: {publishes: {Paid: 92%, Refused: 18%}}}}
    events: {Paid: {}, Refused: {}}

Right:

    services:
      broker: {kind: broker}
      payment: {handles: {Charge: {publishes: {Paid: 92%, Refused: 8%}}}}
    events: {Paid: {}, Refused: {}}""",
    "unstable-loop": """\
Calls or events lead back to where they came from, and on average each round causes at least one more.
One request would then run for ever, and its traffic grow without bound (the spectral radius of the
traffic equations is 1 or more). A real loop ends: state the chance that it goes round again.

Wrong:

    services:
      broker: {kind: broker}
      payment: {handles: {TryAgain: {publishes: [TryAgain]}}}
    events: {TryAgain: {}}

Right:

    services:
      broker: {kind: broker}
      payment: {handles: {TryAgain: {publishes: {TryAgain: 20%}}}}
    events: {TryAgain: {}}""",
    "bad-variant": """\
A variant is the same scenario with a small change, so it cannot change the version, the name, the
includes, the variants or the claims. A claim about a variant stays in the scenario and names it under
`given`.

Wrong:

    services: {order: {replicas: 2}}
    variants:
      large: {changes: {name: large-shop, services: {order: {replicas: 8}}}}

Right:

    services: {order: {replicas: 2}}
    variants:
      large: {title: Large shop, changes: {services: {order: {replicas: 8}}}}""",
    "contradiction": """\
Each part is right by itself, and together they cannot be: a minimum above its maximum, more replicas
needed than there are, a hit ratio without what happens on a miss, a claim that asks nothing, a workload
in which nothing starts. The message says which two do not fit; one of them is to be changed.

Wrong:

    services: {order: {replicas: {min: 4, max: 2}}}

Right:

    services: {order: {replicas: {min: 2, max: 4}}}""",
    "too-many": """\
There is more of something than the program takes: 200 included files, 3,000,000 values in all, 200
problems shown, or too many pairs to try. With too many problems, repair the first ones; many of the
others often vanish with them. Join small files into fewer.

Wrong:

    include: [parts/service-1.yaml, parts/service-2.yaml, …, parts/service-250.yaml]

Right:

    include: [parts/shop.yaml, parts/payment.yaml]""",
    "defined-twice": """\
The same service, event or other part is defined in two files, or a file is included twice. Files are
put together, not laid over each other, so neither would win. Keep one definition; to change a part for
comparison use a variant.

Wrong:

    include: [parts/payment.yaml]
    services: {payment: {replicas: 2}}

Right:

    include: [parts/payment.yaml]
    services: {order: {replicas: 2}}""",
    "unknown-version": """\
`sysdesign: 1` says which version of the language a file is written in, and this program reads version
1. A later file needs a later program, since its words may mean something else; it is not the version of
your system.

Wrong:

    sysdesign: 2
    name: shop

Right:

    sysdesign: 1
    name: shop""",
    "simulation-too-long": """\
A simulation follows every request from event to event. At some millions of events a second, hours of a
busy system would take hours. What would take more than about six hours of computing is refused. A
shorter time, fewer runs, or a tenth of the load with a tenth of the replicas mostly shows the same.

Wrong:

    # sysdesign simulate shop.yaml --for 30d
    workloads: {day: {starts: {order: 100k/s}}}

Right:

    # sysdesign simulate shop.yaml --for 10min --scale 0.1
    workloads: {day: {starts: {order: 100k/s}}}""",
    "simulation-too-many-users": """\
Users of a closed flow (users and think) are simulated one by one, and each is kept in memory. More than
500,000 of them are refused. That many users hardly notice each other: state a rate instead, or simulate
a tenth of them with a tenth of the replicas.

Wrong:

    # sysdesign simulate shop.yaml
    workloads: {day: {starts: {order: {users: 3M, think: 1min}}}}

Right:

    # sysdesign simulate shop.yaml --scale 0.1
    workloads: {day: {starts: {order: {users: 3M, think: 1min}}}}""",
    "fault-after-end": """\
A fault of a simulation begins after its end, so it would do nothing. Times of faults count from the
beginning of the simulation, not of the day. Simulate longer, or let the fault begin earlier.

Wrong:

    # sysdesign simulate shop.yaml --for 5min --kill payment@10min..12min
    services: {payment: {replicas: 2}}

Right:

    # sysdesign simulate shop.yaml --for 15min --kill payment@10min..12min
    services: {payment: {replicas: 2}}""",
    "no-such-scenario": """\
No bundled scenario has this name; `sysdesign list` shows them. Your own file is named by its path,
which ends in .yaml or holds a slash. The parts in the file itself are not looked at yet.

Wrong:

    sysdesign show my-shop

Right:

    sysdesign show my-shop.yaml""",
    "no-such-variant": """\
The scenario is there, but it has no variant of the name behind the @. A variant is declared under
`variants`, and `sysdesign show NAME` lists them. Without @ the scenario itself is taken.

Wrong:

    # sysdesign show shop.yaml@large
    variants:
      big: {changes: {services: {order: {replicas: 8}}}}

Right:

    # sysdesign show shop.yaml@large
    variants:
      large: {changes: {services: {order: {replicas: 8}}}}""",
}
