"""Which charts a report draws of which results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sysdesign_cli.analyses.day import DayCost, DayResult
from sysdesign_cli.analyses.latency import FlowLatency, LatencyResult, Summary
from sysdesign_cli.analyses.planes import Plane, Spot
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import COUNT, MONEY, RATE, SHARE, TIME, format_quantity
from sysdesign_cli.views.document import Cell, Column, Table
from sysdesign_cli.views.report.charts import Axis, Chart, Mark, Point, Series, columns, histogram, lines, scatter

#: Services whose course over the day is drawn; the others are less busy.
COURSES: Final = 5
_HOUR_S: Final = 3600.0


def latency_charts(result: LatencyResult, say: Say) -> list[Chart]:
    """The distribution of each flow's answer, and of its completion where that is something else."""
    found = []
    for flow in result.flows:
        for kind, summary in (("answer", flow.answer), ("completion", flow.completion)):
            if summary is not None and len(summary.bars) > 1:
                found.append(_distribution(flow, kind, summary, say))
    return found


def _distribution(flow: FlowLatency, kind: str, summary: Summary, say: Say) -> Chart:
    marks = [Mark(name, number.value) for name, number in summary.percentiles.items()]
    for one in flow.objectives:
        if one.objective.startswith("answer") == (kind == "answer"):
            marks.append(Mark(say("report.promised", what=say(f"objective.{one.objective}")), one.promised.value, "promise"))
    edges = [summary.bars[0].from_s, *(bar.to_s for bar in summary.bars)]
    rows = tuple(
        (Cell(f"{_time(bar.from_s)} – {_time(bar.to_s)}", "", bar.to_s), Cell(format_quantity(bar.share, SHARE), "", bar.share))
        for bar in summary.bars
    )
    title = say(f"report.chart.{kind}", flow=flow.flow)
    table = Table((Column("time", say("report.time")), Column("share", say("column.share"), True)), rows, title)
    return histogram(title, edges, [bar.share for bar in summary.bars], Axis(say(f"report.axis.{kind}"), _time), marks, table)


def _time(seconds: float) -> str:
    return format_quantity(seconds, TIME)


def day_charts(result: DayResult, say: Say) -> list[Chart]:
    """Load and utilisation over the day."""
    clock = Axis(say("report.axis.clock"), _clock)
    busiest = sorted(result.services, key=lambda one: (-one.highest, one.service))[:COURSES]
    starts = Series(say("report.all-flows"), result.starts)
    charts = [
        lines(
            say("report.chart.starts"),
            result.seconds,
            clock,
            Axis(say("report.axis.starts"), lambda value: format_quantity(value, RATE)),
            [starts],
            _hourly(result.seconds, [(starts.name, result.starts, RATE)], say("report.chart.starts"), say),
        )
    ]
    if busiest:
        title = say("report.chart.utilisation", count=len(busiest), of=len(result.services))
        courses = [(one.service, one.utilisation, SHARE) for one in busiest]
        percent = Axis(say("report.axis.utilisation"), lambda value: format_quantity(value, SHARE) if value else "0")
        series = [Series(name, values) for name, values, _ in courses]
        charts.append(lines(title, result.seconds, clock, percent, series, _hourly(result.seconds, courses, title, say)))
    return charts + _replica_charts(result, clock, say)


def _replica_charts(result: DayResult, clock: Axis, say: Say) -> list[Chart]:
    """Replicas of what autoscaling changes over the day."""
    scaled = [one for one in result.services if len(set(one.replicas)) > 1]
    if not scaled:
        return []
    most = sorted(scaled, key=lambda one: (-max(one.replicas) + min(one.replicas), one.service))[:COURSES]
    title = say("report.chart.replicas", count=len(most), of=len(scaled))
    courses = [(one.service, tuple(float(count) for count in one.replicas), COUNT) for one in most]
    up = Axis(say("report.axis.replicas"), lambda value: format_quantity(value, COUNT))
    series = [Series(name, values) for name, values, _ in courses]
    return [lines(title, result.seconds, clock, up, series, _hourly(result.seconds, courses, title, say))]


def _hourly(seconds: Sequence[float], courses: Sequence[tuple[str, Sequence[float], str]], title: str, say: Say) -> Table:
    """One row for each whole hour."""
    places = [place for place, second in enumerate(seconds) if second % _HOUR_S == 0]
    head = (Column("clock", say("report.axis.clock")), *(Column(name, name, True) for name, _, _ in courses))
    rows = tuple(
        (Cell(_clock(seconds[place])), *(Cell(format_quantity(values[place], unit), "", values[place]) for _, values, unit in courses))
        for place in places
    )
    return Table(head, rows, title)


def _clock(second: float) -> str:
    minutes = round(second / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def cost_chart(cost: DayCost, say: Say) -> Chart:
    """What each hour of the day costs."""
    title = say("report.chart.cost", day=_money(cost.day.value))
    names = [f"{hour:02d}" for hour in range(len(cost.hours))]
    rows = tuple((Cell(f"{name}:00"), Cell(_money(value), "", value)) for name, value in zip(names, cost.hours, strict=True))
    table = Table((Column("hour", say("report.axis.hour")), Column("cost", say("report.axis.cost"), True)), rows, title)
    return columns(title, names, Axis(say("report.axis.cost"), _money), cost.hours, table, say("report.axis.hour"))


def _money(value: float) -> str:
    return format_quantity(value, MONEY)


def plane_chart(plane: Plane, say: Say) -> Chart:
    """Options by two figures, those on the front filled."""
    titles = [
        f"{say(f'metric.{metric}')} {'↑' if better == 'higher' else '↓'}"
        for metric, better in ((plane.across, plane.across_better), (plane.up, plane.up_better))
    ]
    title = say("report.chart.plane", across=say(f"metric.{plane.across}"), up=say(f"metric.{plane.up}"))
    head = (
        Column("option", say("tradeoff.option")),
        Column("x", titles[0], True),
        Column("y", titles[1], True),
        Column("front", say("report.on-front")),
    )
    rows = tuple(
        (
            Cell(spot.name, "name"),
            Cell(format_quantity(spot.x.value, spot.x.unit), "", spot.x.value),
            Cell(format_quantity(spot.y.value, spot.y.unit), "", spot.y.value),
            Cell("✓" if spot.front else "–"),
        )
        for spot in plane.spots
    )
    axes = [Axis(name, _Writer(number.unit)) for name, number in zip(titles, (plane.spots[0].x, plane.spots[0].y), strict=True)]
    at: dict[tuple[float, float], list[Spot]] = {}
    for spot in plane.spots:
        at.setdefault((spot.x.value, spot.y.value), []).append(spot)
    points = [Point(", ".join(spot.name for spot in spots), x, y, spots[0].front) for (x, y), spots in at.items()]
    return scatter(title, points, axes[0], axes[1], Table(head, rows, title))


class _Writer:
    """Writes numbers of one unit."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def __call__(self, value: float) -> str:
        return format_quantity(value, self.unit) if value else "0"
