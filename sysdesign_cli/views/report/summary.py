"""The verdicts at the top of a report: one sentence for each question, and where the page says more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sysdesign_cli.analyses.claims import FAILS, HOLDS, UNDECIDED
from sysdesign_cli.analyses.dossier import Dossier, Refused
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import SHARE, format_quantity
from sysdesign_cli.views.cost_view import money
from sysdesign_cli.views.document import show


@dataclass(frozen=True)
class Verdict:
    """style: good, warning, bad or muted. number: the figure that it rests on, where it is one."""

    topic: str
    style: str
    value: str
    text: str
    section: str
    number: Number | None = None


def verdicts(dossier: Dossier, say: Say) -> list[Verdict]:
    """In the order in which an architect asks; a question that could not be answered says so."""
    return [
        _promises(dossier, say),
        _claims(dossier, say),
        _failures(dossier, say),
        _availability(dossier, say),
        _capacity(dossier, say),
        _cost(dossier, say),
        _findings(dossier, say),
    ]


def _refused(topic: str, say: Say) -> Verdict:
    return Verdict(topic, "muted", "–", say("report.verdict.refused"), topic)


def _promises(dossier: Dossier, say: Say) -> Verdict:
    checks = list(_every_promise(dossier, say))
    if not checks:
        return Verdict("promises", "muted", "–", say("report.verdict.no-promises"), "latency")
    broken = [name for name, met in checks if not met]
    value = f"{len(checks) - len(broken)} / {len(checks)}"
    if broken:
        return Verdict("promises", "bad", value, say("report.verdict.promises-broken", names="; ".join(broken)), "latency")
    return Verdict("promises", "good", value, say("report.verdict.promises-kept"), "latency")


def _every_promise(dossier: Dossier, say: Say) -> Iterator[tuple[str, bool]]:
    """What each flow promises, in words, and whether it is kept; a flow that is stuck keeps none."""
    if not isinstance(dossier.latency, Refused):
        for flow in dossier.latency.flows:
            for one in flow.objectives:
                yield f"{flow.flow}: {say(f'objective.{one.objective}')}", one.met
            if flow.stuck:
                yield f"{flow.flow}: {say('latency.saturated')}", False
    if not isinstance(dossier.availability, Refused):
        for available in dossier.availability.flows:
            if available.met is not None:
                yield f"{available.flow}: {say('report.availability')}", available.met


def _claims(dossier: Dossier, say: Say) -> Verdict:
    result = dossier.claims
    if isinstance(result, Refused):
        return _refused("claims", say)
    if not result.claims:
        return Verdict("claims", "muted", "–", say("report.verdict.no-claims"), "claims")
    holds, fails, undecided = (result.count(verdict) for verdict in (HOLDS, FAILS, UNDECIDED))
    style = "bad" if fails else "warning" if undecided else "good"
    failing = ", ".join(claim.id for claim in result.claims if claim.verdict == FAILS)
    text = say("report.verdict.claims-fail", names=failing) if fails else say("report.verdict.claims-hold")
    text += " " + say("report.verdict.claims-undecided", count=undecided) if undecided else ""
    return Verdict("claims", style, f"{holds} / {len(result.claims)}", text, "claims")


def _failures(dossier: Dossier, say: Say) -> Verdict:
    result = dossier.ranking
    if isinstance(result, Refused):
        return _refused("failures", say)
    failing = [kill for kill in result.kills if kill.radius[0] > 0]
    value = f"{len(failing)} / {result.tried}"
    if not failing:
        return Verdict("failures", "good", value, say("report.verdict.failures-none"), "failures")
    worst = failing[0]
    share = format_quantity(worst.radius[0], SHARE)
    return Verdict("failures", "warning", value, say("report.verdict.failures", name=" + ".join(worst.services), share=share), "failures")


def _availability(dossier: Dossier, say: Say) -> Verdict:
    result = dossier.availability
    if isinstance(result, Refused):
        return _refused("availability", say)
    worst = next(flow for flow in result.flows if flow.flow == result.detail.flow)
    style = {True: "good", False: "bad", None: "muted"}[worst.met]
    text = say("report.verdict.availability", flow=worst.flow, down=show(worst.answer_down), singles=len(worst.singles))
    return Verdict("availability", style, show(worst.answer), text, "availability", worst.answer)


def _capacity(dossier: Dossier, say: Say) -> Verdict:
    result = dossier.capacity
    if isinstance(result, Refused):
        return _refused("capacity", say)
    over = [one.service for one in result.services if one.overloaded]
    scale = result.headroom.scale
    value = f"× {format_quantity(scale.value, 'count')}"
    if over:
        return Verdict("capacity", "bad", value, say("report.verdict.overloaded", names=", ".join(over)), "capacity", scale)
    style = "good" if scale.value >= 1 else "bad"
    limit = result.headroom.limited_by or "–"
    return Verdict("capacity", style, value, say("report.verdict.capacity", limit=limit), "capacity", scale)


def _cost(dossier: Dossier, say: Say) -> Verdict:
    result = dossier.cost
    if isinstance(result, Refused):
        return _refused("cost", say)
    value = ("> " if result.month.method == "at-least" else "") + money(result.month)
    dearest = result.services[0] if result.services else None
    text = say("report.verdict.cost", name=dearest.service, share=show(dearest.share)) if dearest and dearest.cost.value else ""
    missing = say("report.verdict.unpriced", count=len(result.unpriced)) if result.unpriced else ""
    return Verdict("cost", "info", value, " ".join(part for part in (text, missing) if part), "cost", result.month)


def _findings(dossier: Dossier, say: Say) -> Verdict:
    result = dossier.findings
    if isinstance(result, Refused):
        return _refused("findings", say)
    errors, warnings, notes = (result.count(severity) for severity in ("error", "warning", "info"))
    style = "bad" if errors else "warning" if warnings else "good"
    text = say("report.verdict.findings", errors=errors, warnings=warnings, notes=notes)
    return Verdict("findings", style, str(errors + warnings + notes), text, "findings")
