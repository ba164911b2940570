"""What a simulation wrote down bin by bin, as a table for other programs: CSV, or Parquet (needs pyarrow)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Final

from sysdesign_cli.analyses.simulation_result import Simulation

Column = tuple[str, tuple[float | None, ...]]
#: Series of one flow -> end of its column's name.
_OF_FLOW: Final = {"arrived": "arrived_per_s", "answered": "answered_per_s", "failed": "failed_per_s", "p99": "p99_s"}


def series_columns(result: Simulation) -> list[Column]:
    """(name, values) of each column: the time at the end of each bin (s), then what happened in it; None where there is nothing."""
    series = result.series
    columns: list[tuple[str, Sequence[float | None]]] = [
        ("time_s", series.times),
        ("arrived_per_s", series.arrived),
        ("answered_per_s", series.answered),
        ("failed_per_s", series.failed),
        ("p99_s", series.p99),
        ("inside", series.inside),
        *_of_each("backlog", series.backlog),
        *_of_each("queued", series.queued),
        *_of_each("replicas", series.replicas),
    ]
    for flow, parts in series.flows.items():
        columns += [(f"flow.{flow}.{_OF_FLOW[part]}", values) for part, values in parts.items()]
    return [(name, tuple(None if value is None or math.isnan(value) else value for value in values)) for name, values in columns]


def _of_each(what: str, parts: dict[str, tuple[float, ...]]) -> Iterator[tuple[str, Sequence[float | None]]]:
    for name, values in parts.items():
        yield f"{what}.{name}", values


def series_csv(result: Simulation) -> str:
    """A row for each bin; an empty field where there is no number."""
    columns = series_columns(result)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    for row in zip(*(values for _, values in columns), strict=True):
        writer.writerow(["" if value is None else _text(value) for value in row])
    return buffer.getvalue()


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def series_parquet(result: Simulation) -> bytes:
    """The same columns as numbers of 64 bits; what was simulated stands in the metadata. Raises ImportError without pyarrow."""
    import pyarrow
    import pyarrow.parquet

    columns = series_columns(result)
    about = {
        "scenario": result.scenario,
        "workload": result.workload,
        "start_s": f"{result.start_s:g}",
        "length_s": f"{result.length_s:g}",
        "lead_in_s": f"{result.lead_in_s:g}",
        "seed": str(result.seed),
        "replications": str(result.replications),
    }
    schema = pyarrow.schema([(name, pyarrow.float64()) for name, _ in columns], metadata=about)
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table([list(values) for _, values in columns], schema=schema), buffer)
    return buffer.getvalue()
