"""Results as lines of the screen: pure functions to rich texts of a given width. No arithmetic, and nothing from a file is interpreted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from sysdesign_cli.analyses.cascade import Step
from sysdesign_cli.analyses.failover import FailoverResult, FlowOutcome, ObjectiveCheck, States
from sysdesign_cli.analyses.latency import FlowLatency, LatencyObjective
from sysdesign_cli.analyses.whatif import FlowReaction, Reaction, ServiceReaction, shares_with_overload
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.explorer.saving import Plan
from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, format_quantity
from sysdesign_cli.views.document import STYLES, clean, show

#: State of a service -> how it looks; the word is always there too.
SERVICE_STYLES: Final = {
    "killed": "failed",
    "failing": "failed",
    "partly-failing": "failed",
    "overloaded": "failed",
    "short": "degraded",
    "degraded": "degraded",
    "starved": "muted",
    "idle": "muted",
    "levelled": "delayed",
    "ok": "ok",
}
#: One letter before each state, for who does not see colours and reads quickly.
MARKS: Final = {
    "killed": "x",
    "failing": "!",
    "partly-failing": "!",
    "overloaded": "!",
    "short": "~",
    "degraded": "~",
    "starved": "-",
    "idle": "-",
    "levelled": "~",
    "ok": " ",
    "delayed": "~",
    "failed": "!",
    "lost": "!",
}


@dataclass(frozen=True)
class Known:
    """What is known of the present question by now. waiting: slower parts are still being worked out; missing: why they never come."""

    reaction: Reaction
    outcome: FailoverResult | None = None
    latencies: tuple[FlowLatency, ...] = ()
    undisturbed: tuple[FlowLatency, ...] = ()
    month: Number | None = None
    undisturbed_month: Number | None = None
    priced: bool = False
    waiting: bool = True
    missing: str = ""

    @cached_property
    def overloaded(self) -> dict[str, Step]:
        """Services that the overload came to, each with how."""
        return {step.service: step for step in self.outcome.cascade} if self.outcome is not None else {}

    @cached_property
    def latency(self) -> dict[str, FlowLatency]:
        return {one.flow: one for one in self.latencies}

    @cached_property
    def latency_before(self) -> dict[str, FlowLatency]:
        return {one.flow: one for one in self.undisturbed}

    @cached_property
    def flow_outcome(self) -> dict[str, FlowOutcome]:
        return {one.flow: one for one in self.outcome.flows} if self.outcome is not None else {}

    @property
    def blank(self) -> str:
        """For a figure that is not there: still being worked out, or not to be had."""
        return "…" if self.waiting else "–"


def style(name: str) -> str:
    return STYLES.get(name, "")


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Text from anywhere, harmless, in just so many cells; what is cut off ends in …"""
    text = clean(text).replace("\n", " ")
    if cell_len(text) > width:
        text = _cut(text, width - 1) + "…" if width > 0 else ""
    room = " " * (width - cell_len(text))
    return room + text if right else text + room


def _cut(text: str, width: int) -> str:
    """The beginning that fits, with the marks above and below its last letter."""
    used = 0
    for at, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return text[:at]
    return text


def short(name: str) -> str:
    """A path by its last part; the name of a bundled scenario stays as it is."""
    return Path(name).name or name


def heading(situation: Situation, reaction: Reaction | None, title: str, say: Say, width: int) -> Text:
    """What is looked at, under which workload and load."""
    parts = [clean(short(situation.address))]
    if reaction is not None:
        parts.append(say("explore.at-peak", workload=clean(title or reaction.workload), clock=reaction.clock))
    parts.append(say("explore.load", load=format_quantity(situation.load, "factor")))
    line = Text(fitted(" · ".join(parts), width), no_wrap=True)
    line.stylize("bold", 0, len(parts[0]))
    return line


def turned(situation: Situation, say: Say, width: int) -> Text:
    """What is killed and what was changed; never hidden that nothing is."""
    killed = [*situation.kills, *(say("zone", zone=zone) for zone in situation.zones)]
    text = say("explore.killed", names=", ".join(killed)) if killed else say("explore.nothing-killed")
    if situation.changes:
        text += " · " + say("explore.changed", changes=", ".join(situation.changes))
    return Text(fitted(text, width), style=style("failed") if killed else style("muted"), no_wrap=True)


# flows


def flow_columns(width: int) -> tuple[int, ...]:
    """Widths of flow, answer, completion, mean, p99, promises."""
    word, numbers, promises = (20, 12, 16) if width >= 100 else (15, 10, 11)
    name = min(36, max(8, width - 2 - 2 * word - 2 * numbers - promises))
    return name, word, word, numbers, numbers, promises


def flow_head(say: Say, width: int) -> Text:
    name, answer, completion, mean, p99, promises = flow_columns(width)
    cells = (
        fitted(say("column.flow"), name),
        fitted(say("column.answer"), answer),
        fitted(say("column.completion"), completion),
        fitted(say("latency.mean"), mean - 1, right=True) + " ",
        fitted(say("latency.p99"), p99 - 1, right=True) + " ",
        fitted(" " + say("explore.promises"), promises),
    )
    return Text("  " + "".join(cells), style="bold", no_wrap=True)


def flow_line(flow: FlowReaction, known: Known, say: Say, width: int) -> Text:
    """One flow: states at once; times and promises when they are there."""
    name, answer, completion, mean, p99, promises = flow_columns(width)
    outcome = known.flow_outcome.get(flow.flow)
    shown = outcome.strained if outcome is not None and outcome.strained is not None else flow.answer
    completed = shown if flow.completion == flow.answer else flow.completion
    line = Text(MARKS[max((shown.worst, completed.worst), key=_severity)] + " ", no_wrap=True)
    line.append(fitted(flow.flow, name - 1) + " ", "bold")
    line.append(fitted(state_words(shown, say), answer - 1) + " ", style(shown.worst))
    line.append(fitted(state_words(completed, say), completion - 1) + " ", style(completed.worst))
    latency = known.latency.get(flow.flow)
    for width_of, text in ((mean, _time(latency, "mean", known, say)), (p99, _time(latency, "p99", known, say))):
        line.append(fitted(text, width_of - 1, right=True) + " ")
    kept, word = promises_of(latency, outcome, known, say)
    if outcome is not None and outcome.strained is not None:
        kept, word = False, say("explore.state.overloaded")
    line.append(fitted(" " + word, promises), style({True: "good", False: "bad", None: "muted"}[kept]))
    return line


def _severity(state: str) -> int:
    return ("ok", "degraded", "delayed", "failed", "lost").index(state)


def state_words(states: States, say: Say) -> str:
    """The worst state; with its share when not every request ends there."""
    text = say(f"state.{states.worst}")
    share = states.shares[states.worst]
    return text if states.worst == "ok" or share >= 1 - 1e-9 else f"{text} {format_quantity(share, SHARE)}"


def _time(latency: FlowLatency | None, figure: str, known: Known, say: Say) -> str:
    if latency is None:
        return known.blank
    if latency.answer is None:
        return say("latency.saturated") if latency.jams else "–"
    return show(latency.answer.mean if figure == "mean" else latency.answer.percentiles[figure])


def checks(latency: FlowLatency | None, outcome: FlowOutcome | None) -> list[LatencyObjective | ObjectiveCheck]:
    """What a flow promises, held against what is known by now; without what it does not promise."""
    found: list[LatencyObjective | ObjectiveCheck] = [*(latency.objectives if latency is not None else ())]
    found += [one for one in (outcome.objectives if outcome is not None else ()) if one.met is not None]
    return found


def promises_of(latency: FlowLatency | None, outcome: FlowOutcome | None, known: Known, say: Say) -> tuple[bool | None, str]:
    """Whether what the flow promises about time, recovery and loss is kept, and a word for it."""
    promised = [one.met for one in checks(latency, outcome)]
    if False in promised:
        return False, say("explore.broken", count=promised.count(False), of=len(promised))
    if known.waiting and (latency is None or outcome is None):
        return None, known.blank
    return (True, say("explore.kept", count=len(promised))) if promised else (None, "–")


# services


def load_of(service: ServiceReaction, known: Known) -> str:
    """``overloaded``, ``levelled`` or "": what arrives decides, until it is known what those before it shed."""
    if known.outcome is None or service.load == "levelled":
        return service.load
    return "overloaded" if service.service in known.overloaded or service.service in known.outcome.already else ""


def service_state(service: ServiceReaction, known: Known) -> str:
    """One word for a service: what the dead do to it comes before what the load does, unless that is worse."""
    if service.state in ("killed", "failing", "starved", "idle"):
        return service.state
    load = load_of(service, known)
    return load if load == "overloaded" or (load and service.state == "ok") else service.state


def service_head(say: Say, width: int) -> Text:
    name, word, used = _service_columns(width)
    cells = (fitted(say("column.service"), name), fitted(say("explore.state"), word), fitted(say("explore.used-head"), used, right=True))
    return Text("  " + "".join(cells), style="bold", no_wrap=True)


def _service_columns(width: int) -> tuple[int, int, int]:
    """Widths of name, state, use."""
    used, word = 9, 15 if width >= 50 else 12
    return max(8, width - 2 - used - word), word, used


def team_line(team: str, count: int, hit: int, open_: bool, say: Say, width: int) -> Text:
    words = say("explore.team", count=count) if not hit else say("explore.team-hit", count=count, hit=hit)
    name = team or say("explore.no-team")
    return Text(fitted(f"{'▾' if open_ else '▸'} {name}  {words}", width), style="bold", no_wrap=True)


def service_line(service: ServiceReaction, known: Known, say: Say, width: int) -> Text:
    """Mark, name, state, and how busy it is."""
    name, word, used = _service_columns(width)
    state = service_state(service, known)
    line = Text(no_wrap=True)
    line.append(f"{MARKS[state]} ", style(SERVICE_STYLES[state]))
    line.append(fitted(service.service, name - 1) + " ")
    line.append(fitted(say(f"explore.state.{state}"), word - 1) + " ", style(SERVICE_STYLES[state]))
    line.append(fitted(used_words(service), used, right=True), style("bad") if load_of(service, known) else "")
    return line


def used_words(service: ServiceReaction) -> str:
    if service.utilisation is None or service.state == "killed":
        return "–"
    return "∞" if math.isinf(service.utilisation) else format_quantity(service.utilisation, SHARE)


def summary(known: Known, say: Say, width: int) -> Text:
    """What it costs, and what becomes of all requests."""
    reaction, outcome = known.reaction, known.outcome
    both = (reaction.answer, reaction.completion) if outcome is None else shares_with_overload(outcome)
    answers, completions = (_shares(shares, say) for shares in both)
    key = "explore.all-requests-same" if answers == completions else "explore.all-requests"
    return Text(fitted(f"{_money(known, say)} · {say(key, answers=answers, completions=completions)}", width), no_wrap=True)


def _money(known: Known, say: Say) -> str:
    if known.month is None or known.undisturbed_month is None:
        return say("explore.no-month") if known.priced or not known.waiting else say("explore.month", month="…")
    now, before = show(known.month), show(known.undisturbed_month)
    return say("explore.month" if now == before else "explore.month-before", month=now, before=before)


def _shares(shares: dict[str, float], say: Say) -> str:
    """Worst first, since what does not fit is cut off at the end."""
    worst = sorted(shares, key=_severity, reverse=True)
    return ", ".join(f"{say(f'state.{state}')} {format_quantity(shares[state], SHARE)}" for state in worst if shares[state] > 0)


def keys(say: Say, width: int) -> Text:
    """Every key with its word, none of them broken over two lines."""
    found = [""]
    for key in say("explore.keys").split("  "):
        longer = f"{found[-1]}  {key}" if found[-1] else key
        if cell_len(longer) <= width:
            found[-1] = longer
        else:
            found.append(key)
    return Text("\n".join(found), no_wrap=True)


def status(known: Known, situation: Situation, stale: bool, told: str, say: Say, width: int) -> Text:
    """The one thing to be said now: the file is wrong, what a key did, what is still being worked out."""
    if stale:
        text, look = say("explore.stale", file=short(situation.scenario)), "bad"
    elif told:
        text, look = told, ""
    elif known.missing:
        text, look = say("explore.fault", error=known.missing), "bad"
    else:
        text, look = say("explore.working") if known.waiting else "", "muted"
    return Text(fitted(text, width), style(look), no_wrap=True)


def joined(lines: Sequence[Text]) -> Text:
    return Text("\n").join(lines)


def saving_text(plan: Plan, situation: Situation, say: Say) -> tuple[Text, str]:
    """What saving would write where, what is not in it, and the question."""
    path = clean(str(plan.path))
    if plan.text is None:
        head = say("explore.save-paste", path=path)
    else:
        head = say("explore.save-own" if plan.own else "explore.save-copy", path=path)
    text = Text(head + "\n\n")
    text.append("variants:\n" + "\n".join(f"  {clean(line)}" for line in plan.block.rstrip("\n").split("\n")), "bold")
    left_out = [*situation.kills, *(say("zone", zone=zone) for zone in situation.zones)]
    if left_out:
        text.append("\n\n" + say("explore.save-without", names=clean(", ".join(left_out))))
    return text, say("explore.save-replace" if plan.replaces else "explore.save-sure", path=path)
