"""Reading a price book: by the same machinery as a scenario, so that every problem has its place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.nodes import MAP, SCALAR, Node, SourceFile, Unreadable, parse, read_text
from sysdesign_cli.scenario.price_book import PriceBook, PriceRow, PriceTier
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError, nearest
from sysdesign_cli.scenario.quantity import ASSUMPTION, SIZE
from sysdesign_cli.scenario.shapes import Reader, Record, shown

#: The price book of a scenario that names none.
DEFAULT: Final = "aws-singapore"
_BOOK: Final = Record(PriceBook)
_BYTES: Final = ("memory-hour", "memory-second", "stored-month", "transfer")


def bundled_prices() -> list[str]:
    """Names of the price books that come with the program."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def _folder() -> Path:
    return Path(__file__).resolve().parent.parent / "prices"


def load_prices(name_or_path: str) -> PriceBook:
    """The price book of that name, or of that file. Raises ScenarioError with every problem of the file."""
    return _load(name_or_path, Path("."), Place(name_or_path[:60]))


def prices_for(scenario: Scenario) -> PriceBook:
    """The price book that a scenario names (a file lies beside the scenario's own); the default one when it names none.

    Read once for each state of the file. Raises ScenarioError.
    """
    if not scenario.prices:
        return load_prices(DEFAULT)
    entry = scenario.node.value.get("prices") if scenario.node is not None and scenario.node.kind is MAP else None
    place = entry[1].place if entry is not None else Place(scenario.address)
    return _load(scenario.prices, Path(place.file).parent if place.line else Path("."), place, below=True)


def price_book_path(name: str, folder: Path) -> Path:
    """Where a price book lies: a file below ``folder``, or one that comes with the program; it may be that there is none."""
    return folder / name if _names_file(name) else _folder() / f"{name}.yaml"


def _names_file(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) or "/" in name or "\\" in name


def _load(name: str, folder: Path, asked_at: Place, below: bool = False) -> PriceBook:
    path = price_book_path(name, folder)
    if _names_file(name):
        if below and not _is_below(path, folder):
            raise ScenarioError([Problem("include-outside", asked_at, {"file": name[:120]})])
    else:
        known = bundled_prices()
        if name not in known:
            near = nearest(name, known) or tuple(f"{name}{end}" for end in (".yaml", ".yml") if (folder / f"{name}{end}").is_file())
            params = {"name": name[:60], "what": "price-book", "known": ", ".join(known)}
            raise ScenarioError([Problem("unknown-name", asked_at, params, near)])
    where = _short(path) if path.parent != _folder() else f"{path.parent.name}/{path.name}"  # inside the package, wherever that is
    try:
        status = path.stat()
    except (OSError, ValueError):
        return _read(str(path), where, name, 0, 0)  # says what is wrong with it
    return _read(str(path), where, name, status.st_mtime_ns, status.st_size)


def _is_below(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


@lru_cache(maxsize=16)
def _read(path: str, where: str, address: str, changed_ns: int, size: int) -> PriceBook:
    """A file as it was at that time, called ``where``; the last two arguments only make the cache forget a file that was changed."""
    del changed_ns, size
    try:
        source = read_text(Path(path), where)
        root, problems = parse(source)
    except Unreadable as stop:
        raise ScenarioError([*stop.before, stop.problem]) from None
    reader = Reader(lambda file, line: source.line(line))
    if root.kind is not MAP:
        reader.report("wrong-kind", root, (), found=shown(root), expected="map")
        raise ScenarioError(reader.problems)
    if (refused := _other_version(root, source)) is not None:
        raise ScenarioError([refused])
    book: PriceBook = _BOOK.read(root, reader)
    if not reader.problems:
        book.__dict__.update(name=book.label, address=address)
        _check(book, reader)
    if problems or reader.problems:
        raise ScenarioError(problems + reader.problems)
    return book


def _short(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _other_version(root: Node, source: SourceFile) -> Problem | None:
    node: Node | None = root.value.get("price_book", (None, None))[1]
    if node is None or node.kind is not SCALAR or node.empty or node.value == "1":
        return None
    params = {"found": node.value[:60], "known": "1"}
    return Problem("unknown-version", node.place, params, source_line=source.line(node.line + 1), width=max(1, len(node.value[:60])))


def _check(book: PriceBook, reader: Reader) -> None:
    """What each row must keep to and no single value shows."""
    known = [*book.sources, ASSUMPTION]
    seen: dict[tuple[str, str], PriceRow] = {}
    for row in book.rows:
        _check_row(row, reader)
        key = (row.name, row.per.meter)
        if key in seen:
            first = _node(seen[key], "item").place
            reader.report("defined-twice", _node(row, "item"), name=f"{row.name} per {row.per.text}"[:80], first=str(first))
        seen.setdefault(key, row)
    for one, node in _named_sources(book, reader):
        if one not in known:
            reader.report("unknown-name", node, reader.nearest(one, known), name=one[:60], what="source", known=", ".join(known[:12]))


def _check_row(row: PriceRow, reader: Reader) -> None:
    node = _node(row, "item")
    if row.price is None and not row.tiers:
        reader.report("missing-key", node, key="price", owner="PriceRow")
    if row.price is not None and row.tiers:
        reader.report("contradiction", _node(row, "tiers"), what="price-and-tiers", name=row.name[:60])
    below = 0.0
    for number, tier in enumerate(row.tiers, 1):
        last = number == len(row.tiers)
        if (tier.up_to is None) != last:
            what = "last-tier-ends" if last else "tier-without-end"
            reader.report("contradiction", _node(tier, "up_to"), what=what, name=row.name[:60])
        if tier.up_to is None:
            continue
        if float(tier.up_to) <= below:
            reader.report("contradiction", _node(tier, "up_to"), what="tiers-not-rising", name=row.name[:60])
        below = float(tier.up_to)
        if (tier.up_to.unit == SIZE) != (row.per.meter in _BYTES) and row.per.meter not in ("memory-second", "memory-hour"):
            expected = "quantity.size" if row.per.meter in _BYTES else "quantity.count"
            example = "10TB, 500GB" if row.per.meter in _BYTES else "300M, 10bn"
            reader.report("wrong-unit", _node(tier, "up_to"), text=tier.up_to.text[:60], expected=expected, example=example)


def _node(record: PriceRow | PriceTier, key: str) -> Node:
    """Where a value of a record stands; the record itself when it does not."""
    node = record.node
    assert node is not None
    found: Node = node.value[key][1] if node.kind is MAP and key in node.value else node
    return found


def _named_sources(book: PriceBook, reader: Reader) -> Iterator[tuple[str, Node]]:
    """Every source that is named: in brackets behind a figure, and by `source:` of a row, a tier or a currency."""
    for kind, name in reader.references:
        if kind == "source" and name.node is not None:
            yield str(name), name.node
    tiers = [tier for row in book.rows for tier in row.tiers]
    for node in (*(record.node for record in (*book.rows, *tiers)), *_currencies(book)):
        entry = node.value.get("source") if node is not None and node.kind is MAP else None
        if entry is not None and entry[1].kind is SCALAR and not entry[1].empty:
            for one in entry[1].value.split(" + "):
                yield one.strip(), entry[1]


def _currencies(book: PriceBook) -> list[Node]:
    entry = book.node.value.get("exchange") if book.node is not None else None
    return [node for _, node in entry[1].value.values()] if entry is not None and entry[1].kind is MAP else []
