"""What is shown in the place of what could not be worked out."""

from __future__ import annotations

from sysdesign_cli.analyses.dossier import Refused
from sysdesign_cli.messages import Say
from sysdesign_cli.views.document import Block, Note, clean
from sysdesign_cli.views.problem_view import problem_sentence
from sysdesign_cli.views.report.shown import Shown


def refusal(refused: Refused, say: Say) -> Shown:
    """What an analysis told instead of an answer."""
    notes: list[Block] = [Note(say("report.refused"), "warning")]
    for problem in refused.problems:
        place = f"{clean(str(problem.place))}: " if problem.place.line else ""
        notes.append(Note(place + problem_sentence(problem, say), "warning"))
    return Shown("", tuple(notes), (), (), ())
