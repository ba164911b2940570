"""Claims and what the model says of them, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sysdesign_cli.analyses.claims import FAILS, HOLDS, UNDECIDED, ClaimVerdict, Evidence, VerifyResult
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.engine.explained import AT_LEAST, BOUND, Number
from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Branch, Cell, Column, Document, Heading, Note, Table, Tree, show
from sysdesign_cli.views.interval import half_width_of

_STYLES = {HOLDS: "good", FAILS: "bad", UNDECIDED: "warning"}
_MARKS = {HOLDS: "✓", FAILS: "✗", UNDECIDED: "?"}
#: Columns of ``verify_rows``; the verdict is the claim's, the outcome that of one check under one kill.
_COLUMNS: Final = (
    "scenario", "claim", "verdict", "check", "outcome", "kind", "under", "metric", "about",
    "value", "half_width", "unit", "method", "wanted", "limit", "compared_with", "told", "says", "place",
)  # fmt: skip
#: In words, since a spreadsheet takes a leading "=" for a formula.
_WANTED: Final = {"<": "below", "<=": "at-most", "=": "equal", ">=": "at-least", ">": "above"}


def verify_document(result: VerifyResult, say: Say) -> Document:
    document = Document()
    counts = say("verify.counts", holds=result.count(HOLDS), fails=result.count(FAILS), undecided=result.count(UNDECIDED))
    document.add(Heading(result.scenario, f"{result.title.in_language(say.language)} · {counts}"))
    if not result.claims:
        document.add(Note(say("verify.none"), "warning"))
    document.add(Tree(tuple(_claim(document, claim, say) for claim in result.claims)))
    document.assumptions += [say("assume.each-peak"), say("assume.cascade-apart"), say("assume.independent-branches")]
    return document


def verify_rows(results: Sequence[VerifyResult], say: Say) -> Document:
    """For programs that read it: a row for each check of each claim, numbers in SI units; a claim without any has one row too."""
    rows = [
        _row(result.scenario, claim, number, one, say)
        for result in results
        for claim in result.claims
        for number, one in enumerate(claim.evidence or (None,), 1)
    ]
    return Document([Table(tuple(Column(name, "") for name in _COLUMNS), tuple(rows))])


def _row(scenario: str, claim: ClaimVerdict, number: int, one: Evidence | None, say: Say) -> tuple[Cell, ...]:
    known: dict[str, float | str | None] = {
        "scenario": scenario,
        "claim": claim.id,
        "verdict": claim.verdict,
        "says": claim.says.in_language(say.language),
        "place": str(claim.place),
    }
    if one is not None:
        known |= {"check": number, "outcome": one.verdict, "kind": one.key, "under": one.under, "told": _evidence(one, say)}
        known |= {"metric": one.params.get("metric"), "about": one.params.get("of") or one.params.get("flow")}
        known |= {"compared_with": one.params.get("than"), "wanted": _WANTED.get(one.sign), "limit": one.limit}
        if one.number is not None:
            half = half_width_of(one.number.note) if one.number.method == "simulated" else None
            known |= {"value": one.number.value, "half_width": half, "unit": one.number.unit, "method": one.number.method}
    return tuple(Cell("", "", known.get(name)) for name in _COLUMNS)


def _claim(document: Document, claim: ClaimVerdict, say: Say) -> Branch:
    verdict = f"{_MARKS[claim.verdict]} {claim.id} {say(f'verdict.{claim.verdict}')}"
    if claim.except_under:
        verdict += " " + say("verify.except", under=", ".join(claim.except_under))
    shown = [e for e in claim.evidence if e.verdict != HOLDS] if claim.verdict == FAILS else list(claim.evidence)
    lines: list[Branch] = []
    seen: set[str] = set()
    for number, one in enumerate(shown):
        text = _evidence(one, say)
        explains = document.number(f"{claim.id}.{number + 1}", one.number).explains if one.number is not None else None
        line = (f"{one.under}: " if one.under else "") + text
        if line not in seen:
            seen.add(line)
            style = "muted" if one.verdict == HOLDS else _STYLES[one.verdict]
            lines.append(Branch(f"{_MARKS[one.verdict]} {line}", "", style, explains=explains))
    if claim.note:
        lines.append(Branch(claim.note.in_language(say.language), "", "muted"))
    return Branch(verdict, "", _STYLES[claim.verdict], (Branch(f"“{claim.says.in_language(say.language)}”"), *lines))


def _evidence(one: Evidence, say: Say) -> str:
    params = dict(one.params)
    if one.key == "metric" and one.number is not None:
        between = METRICS[params["metric"]].against is not None
        than = say("verify.against" if between else "verify.of-that-of", than=params["than"]) if params["than"] else ""
        if params["metric"] == "tradeoff_rank":
            than = " (" + ", ".join(f"{name} {show(score)}" for name, score in one.number.inputs if isinstance(score, Number)) + ")"
        where = f" ({params['of']})" if params["of"] else ""
        sign = params["is"].lstrip()[:1]
        if one.verdict == HOLDS and (one.number.method, sign) in ((AT_LEAST, "<"), (BOUND, ">")):
            than += say("verify.only-a-bound")
        return say("evidence.metric", metric=say(f"metric.{params['metric']}") + where, value=show(one.number) + than, wanted=params["is"])
    if one.key == "undecided":
        about = params["about"]
        named = say.maybe(f"analysis.{about}") or about
        return say(
            "evidence.undecided",
            metric=say(f"metric.{params['metric']}"),
            reason=say(f"unavailable.{params['reason']}", about=named),
            wanted=params["is"] + (say("verify.of-that-of", than=params["than"]) if params["than"] else ""),
        )
    if one.key == "states":
        params["answer"] = say(f"state.{params['answer']}")
        params["completion"] = say(f"state.{params['completion']}")
    return say(f"evidence.{one.key}", **params)
