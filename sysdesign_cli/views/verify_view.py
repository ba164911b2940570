"""Claims and what the model says of them, for reading."""

from __future__ import annotations

from sysdesign_cli.analyses.claims import FAILS, HOLDS, UNDECIDED, ClaimVerdict, Evidence, VerifyResult
from sysdesign_cli.analyses.metrics import METRICS
from sysdesign_cli.engine.explained import AT_LEAST, BOUND, Number
from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Branch, Document, Heading, Note, Tree, show

_STYLES = {HOLDS: "good", FAILS: "bad", UNDECIDED: "warning"}
_MARKS = {HOLDS: "✓", FAILS: "✗", UNDECIDED: "?"}


def verify_document(result: VerifyResult, say: Say) -> Document:
    document = Document()
    counts = say("verify.counts", holds=result.count(HOLDS), fails=result.count(FAILS), undecided=result.count(UNDECIDED))
    document.add(Heading(result.scenario, f"{result.title.in_language(say.language)} · {counts}"))
    if not result.claims:
        document.add(Note(say("verify.none"), "warning"))
    document.add(Tree(tuple(_claim(document, claim, say) for claim in result.claims)))
    document.assumptions += [say("assume.each-peak"), say("assume.cascade-apart"), say("assume.independent-branches")]
    return document


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
