"""What a picture says in words, the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.picture import Arrow, Box, Group, Picture, Told
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.quantity import COUNT, SHARE, format_quantity
from sysdesign_cli.views.document import clean, show

if TYPE_CHECKING:
    from sysdesign_cli.analyses.failover import States

#: Steps of a failure that are told at most; the rest is counted.
MOST_TOLD: Final = 16
#: Steps of a flow that are written at one arrow.
MOST_STEPS: Final = 4


def line(text: str) -> str:
    """Text of a scenario on one line, its control characters shown instead of sent."""
    return clean(" ".join(text.split()))


def heading(picture: Picture, say: Say) -> str:
    return line(picture.title.in_language(say.language) or picture.scenario)


def subject(picture: Picture, say: Say) -> str:
    """Which scenario, and what of it is drawn."""
    what = say(f"diagram.view.{picture.view}")
    if picture.flow:
        what = say("diagram.view.one-flow", flow=picture.flow)
    if picture.failure is not None and (picture.failure.kill.services or picture.failure.kill.zones):
        from sysdesign_cli.views.failover_view import setting_text

        what = setting_text(picture.failure, say)
    if picture.changes:
        from sysdesign_cli.views.changes_view import listed

        what += " · " + say("changes.with", changes=listed(picture.changes))
    return line(say("diagram.title", scenario=picture.scenario, view=what))


def everything(picture: Picture, say: Say) -> str:
    """All that is written in a picture, for those who have to know which letters they need."""
    parts = [
        heading(picture, say),
        subject(picture, say),
        description(picture, say),
        *(group_title(group, say) for group in picture.groups),
    ]
    return " ".join([*parts, *(about(box, picture, say) for box in picture.boxes)])


def group_title(group: Group, say: Say) -> str:
    return line(say(f"diagram.group.{group.kind}", name=group.title.in_language(say.language) or group.name))


def kind_name(kind: str, say: Say) -> str:
    return say(f"diagram.kind.{kind}") if kind in ("event", "flow") else say(f"kind.{kind}")


def notes(box: Box, picture: Picture, say: Say) -> Iterator[str]:
    """What stands below the name in a box, besides its title."""
    if box.replicas and box.kind == "function":
        yield say("diagram.runs-here")
    elif box.replicas:
        yield say("diagram.replicas" if box.replicas > 1 else "diagram.replica", count=format_quantity(box.replicas, COUNT))
    if box.carries:
        yield say("diagram.carries" if box.carries > 1 else "diagram.carries-one", count=box.carries)
    for end in box.ends:
        yield say(f"step.{end}")
    if box.kind == "flow" and picture.failure is not None:
        outcome = next((flow for flow in picture.failure.flows if flow.flow == box.name), None)
        if outcome is not None and box.state != "ok":
            yield say("diagram.flow-answer", state=_states(outcome.strained or outcome.answer, say))
            if outcome.completion != outcome.answer:
                yield say("diagram.flow-completion", state=_states(outcome.completion, say))


def _states(states: States, say: Say) -> str:
    """The worst state, with its share when not every request ends there."""
    share = states.shares[states.worst]
    text = say(f"state.{states.worst}")
    return text if states.worst == "ok" or share > 1 - 1e-9 else f"{text} {format_quantity(share, SHARE)}"


def about(box: Box, picture: Picture, say: Say) -> str:
    """All that is known of a box, on one line: what a pointer or a screen reader is told."""
    parts = [box.name, box.title.in_language(say.language), kind_name(box.kind, say)]
    if box.team:
        parts.append(say("diagram.group.team", name=box.team))
    parts += notes(box, picture, say)
    if box.state:
        parts.append(say(f"diagram.state.{box.state}"))
    return line(", ".join(part for part in parts if part))


def steps(arrow: Arrow) -> str:
    """The steps of a flow that an arrow stands for."""
    shown = ", ".join(str(step) for step in arrow.steps[:MOST_STEPS])
    return shown + (", …" if len(arrow.steps) > MOST_STEPS else "")


def arrow_label(arrow: Arrow) -> str:
    """What is written at an arrow; "" for nothing."""
    if not arrow.steps:
        return ""
    return steps(arrow) + (f" · {show(arrow.rate)}" if arrow.rate is not None and arrow.rate.value > 0 else "")


def arrow_title(arrow: Arrow, source: str, target: str, say: Say) -> str:
    text = say(f"diagram.arrow-title.{arrow.kind}", source=source, target=target)
    if arrow.rate is not None and arrow.rate.value > 0:
        text += f", {show(arrow.rate)}"
    if arrow.state and arrow.state != "ok":
        text += f", {say(f'diagram.state.{arrow.state}')}"
    return line(text)


def story(picture: Picture, say: Say) -> list[tuple[str, str]]:
    """How a failure went on: (number, sentence) each, and with an empty number what is left out."""
    told = [(str(one.order), line(_sentence(one, picture, say))) for one in picture.story[:MOST_TOLD]]
    if (rest := len(picture.story) - MOST_TOLD) > 0:
        told.append(("", say("diagram.more-told", count=rest)))
    return told


def _sentence(told: Told, picture: Picture, say: Say) -> str:
    if told.cause is not None:
        from sysdesign_cli.views.failover_view import outcome_text

        text = outcome_text(told.cause, say)
        return text if told.cause.outcome == "reaches-user" else f"{told.cause.subject}: {text}"
    assert told.step is not None
    key = f"cascade.{told.step.why}" if told.step.because else f"cascade.{told.step.why}.alone"
    why = say(key, because=told.step.because, now=show(told.step.rate), before=show(told.step.rate_before))
    return say("diagram.overloaded", service=told.step.service, why=why)


def description(picture: Picture, say: Say) -> str:
    """The whole picture in words, for those who cannot see it."""
    services = len({box.name for box in picture.boxes if box.kind not in ("event", "flow")})
    events = len({box.name for box in picture.boxes if box.kind == "event"})
    counted = say("diagram.description", services=services, events=events, arrows=len(picture.arrows))
    return " ".join([counted, *(f"{number}. {sentence}." if number else f"{sentence}." for number, sentence in story(picture, say))])
