"""A sweep for reading: one table, and a plot when one number is varied."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sysdesign_cli.analyses.metrics.base import Unavailable
from sysdesign_cli.analyses.sweep import Asked, Axis, Refused, SweepResult, Value
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import format_quantity
from sysdesign_cli.views.document import Cell, Code, Column, Document, Heading, Note, Table
from sysdesign_cli.views.plot import Scale, Series, plot
from sysdesign_cli.views.problem_view import problem_sentence

#: Places that are listed for one reason why there is no value; the others are counted.
_PLACES_SHOWN = 4
#: A span that grows by more than this from end to end in equal ratios is drawn so.
_WIDE = 50.0


def sweep_document(result: SweepResult, say: Say, width: int = 80, ascii_only: bool = False) -> Document:
    """Rows and columns for two varied parts and one metric, else a row for each point."""
    document = Document()
    note = say("sweep.heading", points=len(result.points), workload=result.workload or "–")
    document.add(Heading(result.scenario, note), *_conditions(result, say))
    crossed = len(result.axes) == 2 and len(result.metrics) == 1
    document.add(_crossed(document, result, say) if crossed else points_table(result, say, document))
    for text in _reasons(result, say):
        document.add(Note(text, "warning"))
    pictures = list(_plots(result, say, width, ascii_only)) if len(result.axes) == 1 and len(result.points) > 1 else []
    if pictures:
        document.add(Code("\n\n".join(pictures)))
    return document


def points_table(result: SweepResult, say: Say, document: Document | None = None, why: bool = False) -> Table:
    """A row for each point; ``why``: with a last column that says why a value is not there, for programs that read it."""
    columns = [Column(axis.path, title, True) for axis, title in zip(result.axes, _titles(result.axes), strict=True)]
    columns += [Column(asked.id, _metric_title(asked, say), True) for asked in result.metrics]
    if why:
        columns.append(Column("why", say("sweep.why-missing")))
    rows = []
    for number, point in enumerate(result.points):
        cells = [_at(axis, position) for axis, position in zip(result.axes, _positions(result.axes, number), strict=True)]
        cells += [_cell(asked, value, document, say) for asked, value in zip(result.metrics, point.values, strict=True)]
        if why:
            missing = (_why(value, say) for value in point.values if not isinstance(value, Number))
            cells.append(Cell("; ".join(dict.fromkeys(missing))))
        rows.append(tuple(cells))
    return Table(tuple(columns), tuple(rows))


def _conditions(result: SweepResult, say: Say) -> Iterator[Note]:
    """What is varied, and what is dead."""
    for axis in result.axes:
        values = _range(axis) if len(axis.texts) > 1 else axis.texts[0]
        yield Note(say("sweep.axis", path=axis.path, values=values, count=len(axis.texts)))
    dead = [*result.kill.services, *(say("zone", zone=zone) for zone in result.kill.zones)]
    if dead:
        yield Note(say("sweep.killed", names=", ".join(dead)))


def _range(axis: Axis) -> str:
    if len(axis.texts) <= 6:
        return ", ".join(axis.texts)
    return f"{', '.join(axis.texts[:3])} … {axis.texts[-1]}"


def _titles(axes: tuple[Axis, ...]) -> list[str]:
    """The last parts of the paths, as many as tell them apart."""
    for length in range(1, 20):
        titles = [".".join(axis.path.split(".")[-length:]) for axis in axes]
        if len(set(titles)) == len(titles) and not any(title.isdecimal() for title in titles):
            return titles
    return [axis.path for axis in axes]


def _metric_title(asked: Asked, say: Say) -> str:
    about = asked.about.flow or asked.about.service or asked.about.content
    title = say(f"metric.{asked.metric}")
    return f"{title} ({about})" if about else title


def _positions(axes: tuple[Axis, ...], number: int) -> list[int]:
    """Which value of each axis a point has, by its number."""
    found = []
    for axis in reversed(axes):
        number, position = divmod(number, len(axis.texts))
        found.append(position)
    return found[::-1]


def _at(axis: Axis, position: int) -> Cell:
    value, text = axis.values[position], axis.texts[position]
    return Cell(format_quantity(value, axis.unit) if value is not None else text, "strong", text if value is None else value)


def _cell(asked: Asked, value: Value, document: Document | None, say: Say) -> Cell:
    if not isinstance(value, Number):
        return Cell("–", "muted", "")
    about = say(f"metric.{asked.metric}.definition")
    return (document or Document()).number(asked.id, value, "", about)


def _why(value: Unavailable | Refused, say: Say) -> str:
    if isinstance(value, Unavailable):
        return say(f"unavailable.{value.reason}", about=value.about)
    return "; ".join(problem_sentence(problem, say) for problem in value.problems[:2])


def _crossed(document: Document, result: SweepResult, say: Say) -> Table:
    """The first varied part down, the second across."""
    down, across = result.axes
    asked = result.metrics[0]
    titles = _titles(result.axes)
    heads = [_at(across, position).text for position in range(len(across.texts))]
    columns = (Column(down.path, f"{titles[0]} ↓ · {titles[1]} →", True), *(Column(head, head, True) for head in heads))
    rows = []
    for position in range(len(down.texts)):
        points = result.points[position * len(heads) : (position + 1) * len(heads)]
        rows.append((_at(down, position), *(_cell(asked, point.values[0], document, say) for point in points)))
    return Table(columns, tuple(rows), _metric_title(asked, say))


def _reasons(result: SweepResult, say: Say) -> list[str]:
    """For each metric and reason, where there is no value; once for all metrics where the whole point is refused."""
    places: dict[tuple[str, str], list[str]] = {}
    titles = _titles(result.axes)
    for point in result.points:
        at = ", ".join(f"{title} = {text}" for title, text in zip(titles, point.at, strict=True)) or say("sweep.here")
        whole = all(isinstance(value, Refused) for value in point.values)
        for asked, value in list(zip(result.metrics, point.values, strict=True))[: 1 if whole else None]:
            if not isinstance(value, Number):
                places.setdefault(("" if whole else _metric_title(asked, say), _why(value, say)), []).append(at)
    return [
        say("sweep.missing", metric=metric, at=_places(at, say), why=why) if metric else say("sweep.refused", at=_places(at, say), why=why)
        for (metric, why), at in places.items()
    ]


def _places(at: list[str], say: Say) -> str:
    shown = "; ".join(at[:_PLACES_SHOWN])
    return shown + (" " + say("sweep.more-places", count=len(at) - _PLACES_SHOWN) if len(at) > _PLACES_SHOWN else "")


def _plots(result: SweepResult, say: Say, width: int, ascii_only: bool) -> Iterator[str]:
    """One picture for the metrics of each unit, over the one number that is varied."""
    axis = result.axes[0]
    if any(value is None for value in axis.values):
        return
    numbers = [value for value in axis.values if value is not None]
    by_unit: dict[str, list[int]] = {}
    for position, asked in enumerate(result.metrics):
        by_unit.setdefault(asked.unit, []).append(position)
    for unit, positions in by_unit.items():
        series = [_series(result, position, numbers, say) for position in positions]
        if sum(value is not None for one in series for _, value in one.points) < 2:
            continue
        title = series[0].title if len(series) == 1 else ""
        across = Scale(axis.unit, axis.path, _even_ratios(numbers))
        heights = [y for one in series for _, y in one.points if y is not None and math.isfinite(y)]
        up = Scale(unit, title, across.logarithmic and bool(heights) and min(heights) > 0 and max(heights) / min(heights) >= _WIDE)
        picture = plot(series, across, up, width=min(width, 100), ascii_only=ascii_only)
        if picture:
            yield picture


def _series(result: SweepResult, position: int, numbers: list[float], say: Say) -> Series:
    values = [point.values[position] for point in result.points]
    points = [(x, value.value if isinstance(value, Number) else None) for x, value in zip(numbers, values, strict=True)]
    return Series(_metric_title(result.metrics[position], say), tuple(sorted(points, key=lambda point: point[0])))


def _even_ratios(numbers: list[float]) -> bool:
    """Points spread by ratios rather than by differences."""
    if len(numbers) < 3 or min(numbers) <= 0 or max(numbers) / min(numbers) < _WIDE:
        return False
    middle = sorted(numbers)[len(numbers) // 2]
    return abs(math.log(middle**2 / (min(numbers) * max(numbers)))) < math.log(max(numbers) / min(numbers)) / 4
