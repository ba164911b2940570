"""Source that partial evaluation leaves, before it is written out: what is never asked for is dropped, fields are written in one go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sysdesign_cli.engine.simulation import layout


@dataclass
class Fork:
    """``if``, with the two blocks of residual source."""

    test: str
    yes: Block = field(default_factory=list)
    no: Block = field(default_factory=list)


@dataclass(frozen=True)
class Bind:
    """A variable is given a value by what shows nowhere else."""

    name: str
    value: str


@dataclass(frozen=True)
class Store:
    """A field of a record is written. fresh: the record has just been taken, so its other fields mean nothing yet."""

    record: str
    field: int
    value: str
    fresh: bool


Block = list["str | Fork | Bind | Store"]

_WORD = re.compile(r"[A-Za-z_]\w*")
#: Changes a number at a known place, which no field of a record is.
_ELSEWHERE = re.compile(r"[nx]\[\d+\] [-+|]?= ")
_KNOWN_PLACE = re.compile(r"[nx]\[\d+\]")


def size(block: Block) -> int:
    """About how many lines there are."""
    return sum(1 + size(item.yes) + size(item.no) if isinstance(item, Fork) else 1 for item in block)


def written(block: Block) -> list[str]:
    """The lines of a function's body."""
    while _without_unused(block, _used(block)):
        pass
    _leave_out(block)
    _sink(block)
    return list(_lines(block, 1))


def _used(block: Block) -> set[str]:
    """All words but those that are only given a value."""
    found: set[str] = set()
    for item in block:
        if isinstance(item, Fork):
            found |= {*_WORD.findall(item.test)} | _used(item.yes) | _used(item.no)
        elif isinstance(item, Bind):
            found.update(_WORD.findall(item.value))
        else:
            found.update(_WORD.findall(item if isinstance(item, str) else f"{item.record} {item.value}"))
    return found


def _without_unused(block: Block, used: set[str]) -> bool:
    """Take out what nobody asks for. Whether there was something."""
    kept = [item for item in block if not (isinstance(item, Bind) and item.name not in used)]
    changed = len(kept) != len(block)
    block[:] = kept
    for item in block:
        if isinstance(item, Fork):
            changed = _without_unused(item.yes, used) | _without_unused(item.no, used) | changed
    return changed


def _leave_out(block: Block) -> None:
    """What a record is told just before it is free again: whoever takes it next tells it anew."""
    for place, item in enumerate(block):
        if isinstance(item, Store) and item.value == "0" and not item.fresh and _is_freed(block[place + 1 :], item.record, item.field):
            block[place] = ""
    block[:] = [item for item in block if item != ""]
    for item in block:
        if isinstance(item, Fork):
            _leave_out(item.yes)
            _leave_out(item.no)


def _is_freed(block: Block, record: str, field_: int) -> bool:
    """Whether a record is free again before the end of a block, and nobody has asked for a field of it by then."""
    asked = f"{record} + {field_}]"
    for item in block:
        if isinstance(item, Store) and (item.record, item.field, item.value) == (record, layout.HANDLER, "0"):
            return True
        if any(asked in line for line in _lines([item], 0)):
            return False
    return False


def _sink(block: Block) -> None:
    """What is written of a new record just before ways part is written on each way, together with what comes there."""
    for place, item in enumerate(block):
        if not isinstance(item, Fork):
            continue
        first = place
        while first and _may_wait(block[first - 1], item):
            first -= 1
        stores = [one for one in block[first:place] if isinstance(one, Store)]
        records = {one.record for one in stores}
        if len(records) == 1 and not any(isinstance(one, str) and records & {*_WORD.findall(one)} for one in block[first:place]):
            block[first:place] = [one for one in block[first:place] if not isinstance(one, Store)]
            item.yes[:0] = stores
            item.no[:0] = stores
            break
    for item in block:
        if isinstance(item, Fork):
            _sink(item.yes)
            _sink(item.no)


def _may_wait(item: str | Fork | Bind | Store, fork: Fork) -> bool:
    if isinstance(item, Store):
        return item.fresh and not _KNOWN_PLACE.search(item.value) and item.record not in _WORD.findall(fork.test)
    return isinstance(item, str) and bool(_ELSEWHERE.match(item))


def _lines(block: Block, depth: int) -> Iterator[str]:
    pad = "    " * depth
    for item in _in_one_go(block):
        if isinstance(item, Fork):
            test, yes, no = (item.test, item.yes, item.no) if item.yes else (f"not {item.test}", item.no, [])
            if yes:
                yield f"{pad}if {test}:"
                yield from _lines(yes, depth + 1)
            if no:
                ends = isinstance(yes[-1], str) and yes[-1].startswith("return ")
                if not ends:
                    yield f"{pad}else:"
                yield from _lines(no, depth + (not ends))
        else:
            yield pad + (item if isinstance(item, str) else f"{item.name} = {item.value}")


def _in_one_go(block: Block) -> Iterator[str | Fork | Bind]:
    """Fields of one record that are written one after another, as slices."""
    stores: list[Store] = []
    for item in block:
        if isinstance(item, Store) and not (stores and item.record != stores[0].record) and item.record not in _WORD.findall(item.value):
            stores.append(item)
            continue
        if stores and isinstance(item, str) and _may_pass(item, stores):
            yield item
            continue
        yield from _slices(stores)
        stores = []
        if isinstance(item, Store):
            if item.record in _WORD.findall(item.value):
                yield _one(item)
            else:
                stores = [item]
        else:
            yield item
    yield from _slices(stores)


def _may_pass(line: str, stores: list[Store]) -> bool:
    """Whether a line may as well come before some fields are written."""
    if not _ELSEWHERE.match(line) or stores[0].record in _WORD.findall(line):
        return False
    return not any(_KNOWN_PLACE.search(store.value) for store in stores)


def _slices(stores: Iterable[Store]) -> Iterator[str]:
    last = {store.field: store for store in stores}
    if not last:
        return
    fields = sorted(last)
    record, fresh = last[fields[0]].record, last[fields[0]].fresh
    if fresh and len(fields) > 4:
        values = [last[at].value if at in last else "0" for at in range(fields[0], fields[-1] + 1)]
        yield f"n[{record} + {fields[0]} : {record} + {fields[-1] + 1}] = {', '.join(values)}"
    else:
        for at in fields:
            yield _one(last[at])


def _one(store: Store) -> str:
    place = f"{store.record} + {store.field}" if store.field else store.record
    return f"n[{place}] = {store.value}"
