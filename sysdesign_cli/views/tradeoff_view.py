"""A trade-off for reading: the order, the figures behind it, and what would change it."""

from __future__ import annotations

import math
from dataclasses import replace

from sysdesign_cli.analyses.along import Along, Stretch
from sysdesign_cli.analyses.flips import WEIGHT, Flip
from sysdesign_cli.analyses.metrics.base import Unavailable
from sysdesign_cli.analyses.parameters import MISSES, PRICE
from sysdesign_cli.analyses.promises import Promise
from sysdesign_cli.analyses.tornado import Interval, Swing
from sysdesign_cli.analyses.tradeoff import Option, TradeoffResult, Value
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, format_quantity
from sysdesign_cli.views.document import Cell, Column, Document, Heading, Note, Table, show
from sysdesign_cli.views.problem_view import problem_sentence

#: Inputs of the tornado that are shown; those that move the lead by less than half a hundredth are only counted.
_SWINGS_SHOWN = 8
_LEAST_SWING = 0.005


def tradeoff_document(result: TradeoffResult, say: Say) -> Document:
    document = Document()
    workload = result.workload_title.in_language(say.language) or result.workload
    about = say("tradeoff.heading-flow", flow=result.flow, workload=workload) if result.flow else say("tradeoff.heading", workload=workload)
    document.add(Heading(result.scenario, about))
    document.add(_ranking(document, result, say), _figures(document, result, say), *_verdict(result, say))
    if result.promises:
        document.add(_promises(document, result, say))
    _add_flips(document, result, say)
    for one in result.along:
        document.add(_along(document, one, say))
    _add_swings(document, result, say)
    _add_odds(document, result, say)
    document.add(*(Note(text, "muted") for text in _legend(result, say)))
    document.assumptions += [say(f"assume.tradeoff-{what}") for what in ("scores", "flips", "ranges", "rest")] + [say("assume.each-peak")]
    return document


def _ranking(document: Document, result: TradeoffResult, say: Say) -> Table:
    columns = (
        Column("rank", "#", True),
        Column("option", say("tradeoff.option")),
        Column("score", say("tradeoff.score"), True),
        Column("beaten_by", say("tradeoff.beaten-by")),
        Column("title", say("column.title")),
    )
    rows = []
    for option in result.options:
        score = Cell("–", "muted", "")
        if option.score is not None:
            score = _points(document, f"{option.name}.score", option.score, say("tradeoff.score-definition"))
        rows.append(
            (
                Cell(str(option.rank) if option.rank else "–", "strong", option.rank),
                Cell(option.name, "name"),
                score,
                Cell(", ".join(option.dominated_by) or "–", "warning" if option.dominated_by else "muted", ", ".join(option.dominated_by)),
                Cell(option.title.in_language(say.language)),
            )
        )
    return Table(columns, tuple(rows), say("tradeoff.ranking"))


def _points(document: Document, id: str, number: Number, about: str = "", signed: bool = False) -> Cell:
    """A score or a lead, with two decimals."""
    cell = document.number(id, number, "", about)
    value = 0.0 if abs(number.value) < 0.005 else number.value
    return replace(cell, text=f"{value:+.2f}" if signed else f"{value:.2f}", style="bad" if signed and number.value < 0 else cell.style)


def _figures(document: Document, result: TradeoffResult, say: Say) -> Table:
    columns = (
        Column("metric", say("column.metric")),
        Column("weight", say("tradeoff.weight"), True),
        *(Column(option.name, option.name, True) for option in result.options),
    )
    rows = []
    for number, (metric, weight) in enumerate(result.weights.items()):
        arrow = {"lower": "↓", "higher": "↑"}.get(result.options[0].values[number].better, "")
        weighs = document.number(f"weight.{metric}", weight)
        cells = (_figure(document, option, option.values[number], say) for option in result.options)
        rows.append((Cell(f"{say(f'metric.{metric}')} {arrow}".strip()), weighs, *cells))
    return Table(columns, tuple(rows), say("tradeoff.figures"))


def _figure(document: Document, option: Option, value: Value, say: Say) -> Cell:
    """A figure, and in brackets what it scores."""
    score = "" if value.score is None else f" ({value.score.value:.2f})"
    if isinstance(value.value, Unavailable):
        endless = value.value.counts_as is not None
        return Cell(("∞" if endless else "–") + score, "warning" if endless else "muted", value.value.counts_as if endless else "")
    style = "good" if value.score is not None and value.score.value == 1 else ""
    cell = document.number(f"{option.name}.{value.metric}", value.value, style, say(f"metric.{value.metric}.definition"))
    return replace(cell, text=cell.text + score)


def _verdict(result: TradeoffResult, say: Say) -> list[Note]:
    ranked = [option for option in result.options if option.score is not None]
    firsts = [option.name for option in ranked if option.rank == 1]
    notes = []
    if len(firsts) > 1:
        notes.append(Note(say("tradeoff.tie", names=", ".join(firsts)), "strong"))
    elif len(ranked) > 1 and ranked[0].score is not None and ranked[1].score is not None:
        lead = ranked[0].score.value - ranked[1].score.value
        notes.append(Note(say("tradeoff.verdict", first=ranked[0].name, second=ranked[1].name, lead=f"{lead:.2f}"), "strong"))
    if result.front:
        notes.append(Note(say("tradeoff.front", names=", ".join(option.name for option in result.front))))
    for missing in result.missing:
        why = say(f"unavailable.{missing.why.reason}", about=missing.why.about)
        metric = say(f"metric.{missing.metric}")
        notes.append(Note(say("tradeoff.not-ranked", metric=metric, option=missing.option, why=why), "warning"))
    notes += [Note(text, "warning") for text in _endless(result, say)]
    return notes


def _endless(result: TradeoffResult, say: Say) -> list[str]:
    """A figure without bound pushes all others of its row together."""
    texts = []
    for number, metric in enumerate(result.weights):
        found = [(option.name, value) for option in result.options if isinstance(value := option.values[number].value, Unavailable)]
        for name, value in found:
            if value.counts_as is not None and math.isinf(value.counts_as):
                why = say(f"unavailable.{value.reason}", about=value.about)
                texts.append(say("tradeoff.endless", metric=say(f"metric.{metric}"), option=name, why=why))
    return texts


def _promises(document: Document, result: TradeoffResult, say: Say) -> Table:
    rows_of: dict[tuple[str, str], dict[str, Promise]] = {}
    for promise in result.promises:
        rows_of.setdefault((promise.flow, promise.objective), {})[promise.option] = promise
    columns = (
        Column("flow", say("column.flow")),
        Column("objective", say("column.objective")),
        *(Column(option.name, option.name, True) for option in result.options),
    )
    rows = []
    for (flow, objective), of in rows_of.items():
        promised = dict.fromkeys(show(promise.promised) for promise in of.values())
        text = f"{say(f'objective.{objective}')} {' / '.join(promised)}"
        cells = (_promise(document, of.get(option.name), say) for option in result.options)
        rows.append((Cell(flow, "name"), Cell(text), *cells))
    return Table(columns, tuple(rows), say("tradeoff.promises"))


def _promise(document: Document, promise: Promise | None, say: Say) -> Cell:
    if promise is None or promise.kept is None:
        return Cell("–", "muted", "")
    mark, style = ("✓", "good") if promise.kept else ("✗", "bad")
    if isinstance(promise.computed, Unavailable):
        return Cell(f"∞ {mark}", style, promise.computed.counts_as)
    cell = document.number(f"{promise.option}.{promise.flow}.{promise.objective}", promise.computed, style)
    return Cell(f"{cell.text} {mark}", style, cell.raw)


def _add_flips(document: Document, result: TradeoffResult, say: Say) -> None:
    """What flips the order; what was turned without a flip in one sentence."""
    found = [flip for flip in result.flips if flip.instead]
    still = [_parameter(flip.parameter, flip.unit, say) for flip in result.flips if not flip.instead]
    if found:
        columns = (
            Column("parameter", say("tradeoff.turned")),
            Column("now", say("tradeoff.today"), True),
            Column("from", say("tradeoff.from-there")),
            Column("factor", say("tradeoff.times"), True),
            Column("first", say("tradeoff.then-first")),
        )
        document.add(Table(columns, tuple(_flip(document, flip, say) for flip in found), say("tradeoff.flips")))
    if still:
        document.add(Note(say("tradeoff.no-flip", names=", ".join(still)), "muted"))


def _flip(document: Document, flip: Flip, say: Say) -> tuple[Cell, ...]:
    factor = Cell("–", "muted", "") if flip.factor is None else document.number(f"flip.{flip.parameter}.factor", flip.factor)
    upwards = flip.factor is None or flip.factor.value > 1
    place = Cell(say("tradeoff.more" if upwards else "tradeoff.less"))
    if flip.value is not None and flip.now is not None:
        cell = document.number(f"flip.{flip.parameter}", flip.value)
        key = "tradeoff.above" if flip.value.value > flip.now else "tradeoff.below"
        place = Cell(say(key, value=cell.text.removeprefix("≈ ")), "strong", cell.raw)
    today = Cell("–", "muted", "") if flip.now is None else Cell(format_quantity(flip.now, flip.unit), "", flip.now)
    times = replace(factor, text=f"× {flip.factor.value:.3g}") if flip.factor is not None else factor
    return (Cell(_parameter(flip.parameter, flip.unit, say)), today, place, times, Cell(flip.instead, "name"))


def _parameter(id: str, unit: str, say: Say) -> str:
    kind, _, name = id.partition(":")
    if kind == PRICE:
        return say("parameter.price", item=name)
    if kind == WEIGHT:
        return say("parameter.weight", metric=say(f"metric.{name}"))
    if kind == MISSES and unit == SHARE:
        return say("parameter.hits")
    return say.maybe(f"parameter.{kind}") or id


def _along(document: Document, one: Along, say: Say) -> Table:
    columns = (Column("from", say("tradeoff.value-from"), True), Column("first", say("tradeoff.then-first")))
    rows = []
    for number, stretch in enumerate(one.stretches):
        cell = document.number(f"along.{one.path}.{number}", stretch.start)
        rows.append((replace(cell, text=cell.text.removeprefix("≈ ")), _first(stretch, say)))
    span = f"{format_quantity(one.low, one.unit)} … {format_quantity(one.high, one.unit)}"
    return Table(columns, tuple(rows), say("tradeoff.along", path=one.path, span=span))


def _first(stretch: Stretch, say: Say) -> Cell:
    if stretch.first:
        return Cell(stretch.first, "name")
    why = "; ".join(problem_sentence(problem, say) for problem in stretch.refused[:2])
    return Cell(f"– {why}".strip(), "warning")


def _add_swings(document: Document, result: TradeoffResult, say: Say) -> None:
    """The inputs that move the lead most, and how many hardly do."""
    if not result.swings:
        return
    shown = [swing for swing in result.swings if swing.width >= _LEAST_SWING or swing.flips][:_SWINGS_SHOWN]
    columns = (
        Column("moves", say("tradeoff.moves"), True),
        Column("low", say("tradeoff.low"), True),
        Column("high", say("tradeoff.high"), True),
        Column("lead_low", say("tradeoff.lead-low"), True),
        Column("lead_high", say("tradeoff.lead-high"), True),
        Column("input", say("tradeoff.input")),
    )
    if shown:
        document.add(Table(columns, tuple(_swing(document, swing, say) for swing in shown), say("tradeoff.tornado")))
    if rest := len(result.swings) - len(shown):
        document.add(Note(say("tradeoff.more-swings" if shown else "tradeoff.no-swings", count=rest), "muted"))
    if not result.ranges:
        document.add(Note(say("tradeoff.no-ranges"), "muted"))


def _swing(document: Document, swing: Swing, say: Say) -> tuple[Cell, ...]:
    kind, _, _ = swing.name.partition(":")
    name = swing.name if swing.stated else _parameter(swing.name, swing.unit, say)
    ends = [
        Cell("–", "muted", "")
        if lead is None
        else _points(document, f"lead.{swing.name}.{end}", lead, say("tradeoff.lead-definition"), signed=True)
        for end, lead in (("low", swing.lead_low), ("high", swing.lead_high))
    ]
    times = swing.unit == "factor" and kind != "peak" and not swing.stated
    low, high = (f"× {value:.3g}" if times else format_quantity(value, swing.unit) for value in (swing.low, swing.high))
    return (
        Cell("–" if math.isinf(swing.width) else f"{swing.width:.2f}", "strong", swing.width),
        Cell(low, "", swing.low),
        Cell(high, "", swing.high),
        *ends,
        Cell(f"{name} · {say('tradeoff.flips-it')}" if swing.flips else name, "bad" if swing.flips else "", swing.name),
    )


def _add_odds(document: Document, result: TradeoffResult, say: Say) -> None:
    if not result.sampled:
        return
    if not result.odds:
        document.add(Note(say("tradeoff.nothing-sampled"), "warning"))
        return
    columns = (
        Column("option", say("tradeoff.option")),
        Column("first", say("tradeoff.first-in"), True),
        Column("low", say("tradeoff.at-least"), True),
        Column("high", say("tradeoff.at-most"), True),
    )
    rows = []
    for one in result.odds:
        share = document.number(f"{one.name}.first", one.first, "strong")
        ends = (Cell(format_quantity(end, SHARE), "", end) for end in one.between)
        rows.append((Cell(one.name, "name"), share, *ends))
    document.add(Table(columns, tuple(rows), say("tradeoff.odds", count=f"{result.sampled:,}", ranges=result.ranges, seed=result.seed)))
    document.add(_intervals(document, result, say))


def _intervals(document: Document, result: TradeoffResult, say: Say) -> Table:
    columns = (
        Column("metric", say("column.metric")),
        Column("option", say("tradeoff.option")),
        *(Column(key, say(f"tradeoff.{key}"), True) for key in ("mean", "p5", "p50", "p95")),
    )
    rows = []
    for metric in result.weights:
        for one in result.odds:
            interval = one.intervals.get(metric)
            if interval is not None:
                rows.append((Cell(say(f"metric.{metric}")), Cell(one.name, "name"), *_interval(document, f"{one.name}.{metric}", interval)))
    return Table(columns, tuple(rows), say("tradeoff.intervals"))


def _interval(document: Document, id: str, interval: Interval) -> tuple[Cell, ...]:
    parts = (("mean", interval.mean), ("p5", interval.low), ("p50", interval.middle), ("p95", interval.high))
    return tuple(document.number(f"{id}.{name}", number) for name, number in parts)


def _legend(result: TradeoffResult, say: Say) -> list[str]:
    texts = [say("tradeoff.legend")]
    if not result.stated:
        texts.append(say("tradeoff.default-weights"))
    if result.ranges and not result.sampled:
        texts.append(say("tradeoff.sample-hint", ranges=result.ranges))
    return texts
