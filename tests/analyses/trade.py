"""Small systems whose trade-offs are known by hand, and contests between mere numbers.

A month is 730 hours or 2,628,000 seconds. One box costs 876 dollars a year, a million requests of a function 0.20 dollars: at r
requests per second the function costs 6.3072 r dollars a year, as much as n boxes at r = 138.889 n.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sysdesign_cli.analyses.contest import Contest, Spec
from sysdesign_cli.analyses.metrics.base import Metric
from sysdesign_cli.api import Design
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.price_book import PriceBook
from sysdesign_cli.scenario.prices import load_prices
from sysdesign_cli.scenario.quantity import COUNT

BOX_A_YEAR = 876.0
REQUEST_A_YEAR = 0.2e-6 * 31_536_000
"""dollars a year for one request a second"""
EVEN_PER_BOX = BOX_A_YEAR / REQUEST_A_YEAR

BOOK = """\
price_book: 1
name: round
rows:
  - {item: box, per: hour, price: $0.10}
  - {item: big-box, per: hour, price: $0.20}
  - {item: fn, per: 1M request, price: $0.20}
  - {item: internet-egress, per: GB, price: $0}
"""
#: By request, or three boxes. The worker never has to wait in either.
TEXT = """\
prices: round.yaml
services:
  web: {kind: function, runs_on: fn, memory: 1GiB, availability: 99.9%, replicas: {min: 0, max: 100000}, handles: {Go: {takes: 1ms, request: 0B, reply: 0B}}}
flows:
  go: {starts: web.Go, objectives: {availability: 99.95%, answer_p99: 10s}}
workloads:
  day: {starts: {go: RATE}}
variants:
  boxes:
    changes: {services: {web: {kind: service, runs_on: box, availability: 99.99%, concurrency: 100000, replicas: 3}}}
  big: {changes: {services: {web: {kind: service, runs_on: big-box, availability: 99.97%, concurrency: 100000, replicas: 4}}}}
"""


def designed(folder: Path, rate: str = "100/s", text: str = TEXT) -> Design:
    """The system, in a file beside its price book."""
    (folder / "round.yaml").write_text(BOOK, encoding="utf-8")
    path = folder / "x.yaml"
    path.write_text("sysdesign: 1\nname: x\nsource: assumption\n" + text.replace("RATE", rate), encoding="utf-8")
    return Design.load(str(path))


def book(folder: Path) -> PriceBook:
    (folder / "round.yaml").write_text(BOOK, encoding="utf-8")
    return load_prices(str(folder / "round.yaml"))


def contest(rows: Mapping[str, Sequence[float]], better: Sequence[str], weights: Sequence[float]) -> Contest:
    """Options that are nothing but numbers."""
    made: Any = object.__new__(Contest)
    made.spec = Spec({f"m{i}": weight for i, weight in enumerate(weights)})
    made.systems = {name: SimpleNamespace(scenario=SimpleNamespace(label="itself")) for name in rows}
    made.prices = {}
    made.metrics = [Metric(f"m{i}", COUNT, one, None) for i, one in enumerate(better)]
    made.weights = [weight / sum(weights) for weight in weights]
    made.__dict__["values"] = {name: [Number(float(value), COUNT) for value in row] for name, row in rows.items()}
    found: Contest = made
    return found
