"""Texts of sweep and of changes on the command line, English."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "cli.sweep": "Vary parts of a scenario and see how metrics follow: tables, CSV, a plot.",
    "cli.opt-set": "Change one thing first: services.payment.replicas=4. May be given several times.",
    "cli.opt-set-many": "What to vary: services.payment.replicas=2..12 (or 2..12..5, 10ms..1s*9, a,b,c); a single value is simply set. May be given several times.",
    "cli.opt-metric": "A metric, perhaps of one flow or service: failed_share or utilisation:payment. May be given several times.",
    "cli.opt-jobs": "Processes at most; 0 takes all cores when it is worthwhile.",
    "cli.opt-cluster": "Address of a Dask scheduler whose workers do the work: tcp://host:8786.",
    "expected.change": "a change such as services.payment.replicas=4",
    "thing.points": "points",
    "problem.bad-variant.set": "--set cannot change {key}",
    "problem.too-many.points": "that makes {count} points; a sweep has at most {limit}",
    "problem.bad-number.sweep-list": "“{text}”: a value is missing between two commas",
    "problem.bad-number.sweep-words": "“{text}”: there is no number here to go up in steps; name the values: a,b,c",
    "problem.bad-number.sweep-range": "“{text}” is not a range; write 2..12 (in steps of 1), 2..12..5 (in steps of 5), 10ms..1s*9 (9 points in equal ratios) or a,b,c; an uncertain figure is written [4s, 10s] in a sweep",
    "problem.bad-number.sweep-backwards": "“{text}”: the second number has to be above the first",
    "problem.bad-number.sweep-step": "“{text}”: say the step, above 0 (500ms..2s..250ms), or the number of points (500ms..2s*7)",
    "problem.bad-number.sweep-points": "“{text}”: points in equal ratios are at least 2, and begin above 0",
    "problem.contradiction.metric-of-the-whole": "{name} is a figure of the whole system; ask for it without a name behind it",
    "changes.with": "with {changes}",
    "changes.left-out": "{address} has no place for {changes}: unchanged there",
    "sweep.heading": "sweep over {points} points, workload {workload}",
    "sweep.axis": "{path}: {values} ({count} values)",
    "sweep.killed": "dead: {names}",
    "sweep.why-missing": "why there is no value",
    "sweep.missing": "– {metric} at {at}: {why}",
    "sweep.refused": "– nothing at {at}: {why}",
    "sweep.here": "this point",
    "sweep.more-places": "and {count} more",
    "sweep.no-metric": "Say what to look at: --metric ID, such as --metric fatal_kills. `sysdesign explain --list` lists all.",
    "sweep.progress": "points",
    "sweep.why": "Where the numbers of one point come from:",
    "cluster.bad-address": "--cluster: “{address}” is not an address; write tcp://host:8786.",
    "cluster.not-installed": "--cluster needs one package more: {command}",
    "cluster.unreachable": "--cluster: no Dask scheduler answers at {address} ({detail}).",
    "cluster.no-workers": "--cluster: the scheduler at {address} has no workers.",
    "cluster.other-program": "--cluster: the workers at {address} need the same version of sysdesign installed ({detail}).",
    "cluster.failed": "--cluster: {address} could not do the work: {detail}",
}
