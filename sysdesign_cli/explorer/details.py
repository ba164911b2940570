"""What is to be said about one flow or one service, as texts that wrap by themselves. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from rich.text import Text

from sysdesign_cli.analyses.whatif import FlowReaction, ServiceReaction
from sysdesign_cli.engine.system import HandlerNode, System
from sysdesign_cli.explorer.lines import SERVICE_STYLES, Known, checks, load_of, service_state, style, used_words
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import RATE, SHARE, format_quantity
from sysdesign_cli.views.document import Branch, clean, show
from sysdesign_cli.views.failover_view import cause_branch

#: Of handlers, callers and parts of the time so many are shown; the rest is counted.
_MOST: Final = 12
#: Of the way that the damage goes, so many lines.
_MOST_LINES: Final = 60


def _line(text: str, look: str = "") -> Text:
    return Text(clean(text), style(look))


def _named(name: str, title: str) -> Text:
    line = Text(clean(name), "bold")
    return line.append(f"  {clean(title)}", "not bold") if title else line


def flow_details(flow: FlowReaction, system: System, known: Known, say: Say) -> list[Text]:
    """States with their shares, how late, how long, where the time goes, and every promise."""
    defined = system.scenario.flows[flow.flow]
    lines = [_named(flow.flow, flow.title.in_language(say.language))]
    rate, share = format_quantity(flow.rate_per_s, RATE), format_quantity(flow.share, SHARE)
    lines.append(_line(say("explore.flow-starts", rate=rate, share=share, entry=defined.starts), "muted"))
    outcome = known.flow_outcome.get(flow.flow)
    for key, one in (("column.answer", flow.answer), ("column.completion", flow.completion)):
        lines.append(_line(f"{say(key)}: {_shares(one.shares, say)}", one.worst))
    if outcome is not None:
        if outcome.strained is not None:
            lines.append(_line(say("explore.with-overload", shares=_shares(outcome.strained.shares, say)), "failed"))
        if outcome.late_by is not None and outcome.normal_after is not None:
            late, normal = show(outcome.late_by), show(outcome.normal_after)
            lines.append(_line(say("explore.late", late=late, normal=normal), "delayed"))
    lines += _times(flow, known, say)
    lines += _promises(flow, known, say)
    return lines


def _shares(shares: dict[str, float], say: Say) -> str:
    return ", ".join(f"{say(f'state.{state}')} {format_quantity(share, SHARE)}" for state, share in shares.items() if share > 0)


def _times(flow: FlowReaction, known: Known, say: Say) -> Iterator[Text]:
    latency, before = known.latency.get(flow.flow), known.latency_before.get(flow.flow)
    if latency is None:
        if known.waiting and flow.rate_per_s > 0:
            yield _line(say("explore.times-coming"), "muted")
        return
    for key, now, then in (
        ("column.answer", latency.answer, before.answer if before else None),
        ("column.completion", latency.completion, before.completion if before else None),
    ):
        if now is not None:
            figures = {name: show(number) for name, number in now.percentiles.items()}
            yield _line(say("explore.times", what=say(key), mean=show(now.mean), **figures))
            if then is not None and show(then.percentiles["p99"]) != figures["p99"]:
                yield _line(say("explore.times-before", p99=show(then.percentiles["p99"])), "muted")
    outcome = known.flow_outcome.get(flow.flow)
    if outcome is not None and outcome.strained is not None:
        yield _line(say("explore.times-of-answered"), "failed")
    if latency.jams:
        names = ", ".join(one.service for one in latency.jams[:_MOST])
        yield _line(say("explore.jams", services=names), "failed")
    if parts := latency.contributions[:5]:
        words = (f"{part.service} {say(f'latency.part-{part.kind}')} {show(part.mean)}" for part in parts)
        yield _line(say("explore.time-goes", parts=", ".join(words)))


def _promises(flow: FlowReaction, known: Known, say: Say) -> Iterator[Text]:
    for one in checks(known.latency.get(flow.flow), known.flow_outcome.get(flow.flow)):
        assert one.promised is not None
        word = say("met") if one.met else say("breached")
        what = say(f"objective.{one.objective}")
        text = say("explore.promise", what=what, promised=show(one.promised), computed=show(one.computed), word=word)
        yield _line(text, "good" if one.met else "bad")


def service_details(service: ServiceReaction, system: System, known: Known, say: Say) -> list[Text]:
    """State and load, why, the way the damage goes from here, and what the service is joined to."""
    number = system.service_index[service.service]
    defined = system.services[number]
    lines = [_named(service.service, defined.title.in_language(say.language))]
    kind = say(f"kind.{defined.kind}")
    team = say("explore.of-team", team=defined.team) if defined.team else say("explore.no-team")
    lines.append(_line(" · ".join(filter(None, [kind, team, defined.runs_on])), "muted"))
    state = service_state(service, known)
    lines.append(_line(say(f"explore.about.{state}"), SERVICE_STYLES[state]))
    lines += _load(service, known, say)
    lines += _damage(service, known, say)
    lines += _joined(number, system, say)
    return lines


def _load(service: ServiceReaction, known: Known, say: Say) -> Iterator[Text]:
    yield _line(say("explore.replicas", left=service.left, replicas=service.replicas))
    if service.utilisation is not None and service.undisturbed is not None and service.state != "killed":
        rate, before = format_quantity(service.rate_per_s, RATE), format_quantity(service.undisturbed, SHARE)
        yield _line(say("explore.used", used=used_words(service), before=before, rate=rate), "bad" if load_of(service, known) else "")
    if service.load == "overloaded" and not load_of(service, known):
        yield _line(say("explore.relieved"), "muted")
    step = known.overloaded.get(service.service)
    if step is not None:
        key = f"cascade.{step.why}" if step.because else f"cascade.{step.why}.alone"
        why = say(key, because=step.because, now=show(step.rate), before=show(step.rate_before))
        yield _line(say("explore.overload-step", step=step.step, why=why, shed=show(step.shed)), "failed")
    elif known.outcome is None and known.waiting:
        yield _line(say("explore.overload-coming"), "muted")


def _damage(service: ServiceReaction, known: Known, say: Say) -> Iterator[Text]:
    """The branch of the failure's explanation that begins here, as far as anybody reads it in a pane."""
    if known.outcome is None:
        return
    for cause in known.outcome.causes:
        if cause.subject == service.service:
            branch = cause_branch(cause, known.outcome, say)
            found = list(islice((line for child in branch.children for line in _branch(child, 0)), _MOST_LINES + 1))
            yield from found[:_MOST_LINES]
            if len(found) > _MOST_LINES:
                yield _line(say("explore.more-by-enter"), "muted")


def _branch(branch: Branch, depth: int) -> Iterator[Text]:
    line = Text("  " * depth + "└ " + clean(branch.text))
    yield line.append(": " + clean(branch.note), style(branch.style)) if branch.note else line
    for child in branch.children:
        yield from _branch(child, depth + 1)


def _joined(number: int, system: System, say: Say) -> Iterator[Text]:
    own = [system.handlers[h] for h in system.handlers_of[number]]
    for node in own[:_MOST]:
        yield _handler(node, system, say)
    if len(own) > _MOST:
        yield _line(say("explore.more", count=len(own) - _MOST), "muted")
    callers = dict.fromkeys(
        system.services[node.service].name
        for node in system.handlers
        if node.service != number and any(system.handlers[edge.target].service == number for edge in node.every_call())
    )
    if callers:
        names = list(callers)
        text = ", ".join(names[:_MOST]) + (f" … +{len(names) - _MOST}" if len(names) > _MOST else "")
        yield _line(say("explore.called-by", services=text))


def _handler(node: HandlerNode, system: System, say: Say) -> Text:
    line = Text(clean(node.handler.name), "bold")
    called = list(dict.fromkeys(system.handlers[edge.target].key for edge in node.every_call()))
    published = [publish.event.name for publish in node.publishes]
    for key, names in (("explore.calls", called), ("explore.publishes", published)):
        if names:
            some = ", ".join(names[:_MOST]) + (f" … +{len(names) - _MOST}" if len(names) > _MOST else "")
            line.append(" " + clean(say(key, names=some)), "not bold")
    return line
