"""What is wrong with a file, for reading: place, the line with a caret, what was expected, the nearest name."""

from __future__ import annotations

from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.problems import Problem, ScenarioError
from sysdesign_cli.scenario.quantity import format_quantity
from sysdesign_cli.views.document import clean

MAX_SHOWN = 50


def problems_text(error: ScenarioError, say: Say, commands: list[str] | None = None) -> str:
    """All problems, in order of their places. commands: ready-made commands that would work instead."""
    parts = [_problem(problem, say) for problem in error.problems[:MAX_SHOWN]]
    if len(error.problems) > MAX_SHOWN:
        parts.append(say("problem.more", count=len(error.problems) - MAX_SHOWN))
    if commands:
        parts.append("\n".join([say("problem.try"), *(f"  {command}" for command in commands)]))
    return "\n".join(parts) + "\n"


def problem_sentence(problem: Problem, say: Say) -> str:
    """What is wrong, without the place."""
    params = {key: _shown(key, value, say) for key, value in problem.params.items()}
    key = f"problem.{problem.slug}"
    for special in ("reason", "what", "detail", "owner"):
        variant = f"{key}.{problem.params.get(special, '')}"
        if say.maybe(variant):
            key = variant
            break
    return f"{problem.code} {clean(say(key, **params))}"


def _problem(problem: Problem, say: Say) -> str:
    from rich.cells import cell_len

    lines = [f"{clean(str(problem.place))}: {problem_sentence(problem, say)}"]
    if problem.source_line:
        code = clean(problem.source_line).replace("\t", " ")
        start = max(0, problem.place.column - 1)
        shift = max(0, start - 100)  # a very long line is shown from near the place on
        lead = cell_len(clean(problem.source_line[shift:start]))
        lines.append(f"    {code[shift : shift + 160]}")
        lines.append("    " + " " * lead + "^" * max(1, min(cell_len(clean(problem.source_line[start : start + problem.width])), 60)))
    if problem.near:
        lines.append("    " + say("problem.did-you-mean", near=", ".join(clean(name) for name in problem.near)))
    return "\n".join(lines)


def _shown(key: str, value: str, say: Say) -> str:
    if key == "expected":
        return say.maybe(f"expected.{value}") or value
    if key == "what":
        return say.maybe(f"thing.{value}") or value
    if key in ("size",) and value.isdigit():
        return format_quantity(float(value), "size")
    if key == "limit" and value.isdigit() and float(value) > 1e6:
        return format_quantity(float(value), "size")
    return clean(value) or "–"
