"""The picture of a failure: the services and events, each in the state that the kill leaves it in, and the order in which it got there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sysdesign_cli.analyses.cascade import Step
from sysdesign_cli.analyses.causes import Cause
from sysdesign_cli.analyses.failover import FailoverResult, failover
from sysdesign_cli.analyses.picture import STATES, Arrow, Picture, Told, event_id, flow_id, service_id
from sysdesign_cli.analyses.picture_services import services
from sysdesign_cli.analyses.situations import Kill
from sysdesign_cli.engine.system import System

#: What becomes of the boxes and arrows where a cause ends or passes.
_MESSAGES: Final = {"buffered": "delayed", "failing-deliveries": "delayed", "parked": "delayed", "outbox": "delayed", "lost": "lost"}
_CALLS: Final = {"fails": "failed", "absorbed": "degraded"}
#: State of a service as the analysis names it -> as it is drawn.
_SERVICES: Final = {"failing": "failed", "partly-failing": "failed"}
_ARROW: Final = " → "


def failure(system: System, kill: Kill, workload: str = "") -> Picture:
    """What a kill does. Raises ScenarioError for unknown names, and when there is no workload to hurt."""
    result = failover(system, kill, workload)
    plain = services(system, workload)
    spread = _Spread(system, result)
    return replace(
        plain,
        view="failure",
        boxes=tuple(replace(box, state=spread.states.get(box.id, "ok"), order=spread.order.get(box.id, 0)) for box in plain.boxes),
        arrows=tuple(replace(arrow, state=spread.state_of(arrow)) for arrow in plain.arrows),
        failure=result,
        story=spread.story,
    )


def service_states(result: FailoverResult) -> dict[str, str]:
    """State of every service, as it is drawn."""
    named = {name.partition("/")[0] for name in result.kill.services}
    found = {}
    for state, names in result.blast.services.items():
        for name in names:
            found[name] = ("killed" if name in named else "down") if state == "killed" else _SERVICES.get(state, state)
    for step in result.cascade:
        if STATES.index(found[step.service]) < STATES.index("overloaded"):
            found[step.service] = "overloaded"
    return found


class _Spread:
    """How a failure goes from box to box, breadth first along its causes."""

    def __init__(self, system: System, result: FailoverResult) -> None:
        self.system = system
        self.states = {service_id(name): state for name, state in service_states(result).items()}
        self.arrows: dict[tuple[str, str], str] = {}
        self.fallbacks: set[tuple[str, str]] = set()
        for flow in result.flows:
            worst = max(flow.answer.worst, flow.completion.worst, flow.strained.worst if flow.strained else "ok", key=STATES.index)
            self.states[flow_id(flow.flow)] = worst
        self.order: dict[str, int] = {}
        self.story = tuple(self._told(result))

    def _told(self, result: FailoverResult) -> Iterator[Told]:
        """What is worth telling: what dies, each cause that reaches something new, and each service that comes to be overloaded."""
        for cause in result.causes:
            yield self._numbered(self._reached(cause), 1, cause)
        count = min(1, len(result.causes))
        for cause in _by_distance([child for dead in result.causes for child in dead.children]):
            reached = [box for box in self._reached(cause) if self.states.get(box, "ok") != "ok" and box not in self.order]
            if reached:
                count += 1
                yield self._numbered(reached, count, cause)
        for step in result.cascade:
            if self.states[service_id(step.service)] == "overloaded":
                count += 1
                yield self._numbered([service_id(step.service)], count, None, step)

    def _numbered(self, boxes: Sequence[str], number: int, cause: Cause | None, step: Step | None = None) -> Told:
        for box in boxes:
            self.order.setdefault(box, number)
        return Told(number, tuple(boxes), cause, step)

    def state_of(self, arrow: Arrow) -> str:
        if arrow.kind == "fallback":
            return "degraded" if (arrow.source, arrow.target) in self.fallbacks else "ok"
        if arrow.kind == "start":
            return self.states.get(arrow.source, "ok")
        return self.arrows.get((arrow.source, arrow.target), "ok")

    def _reached(self, cause: Cause) -> tuple[str, ...]:
        """The boxes that a cause is about; their states and those of its arrow are noted."""
        subject, _, behind = cause.subject.partition(_ARROW)
        if cause.outcome in ("killed", "short"):
            return (service_id(subject),)
        if cause.outcome == "reaches-user":
            return (flow_id(subject),)
        if not behind:
            return ()
        if behind in self.system.scenario.events and "." in subject:
            return self._published(cause, service_id(subject.partition(".")[0]), event_id(behind))
        if subject in self.system.scenario.events and "." not in subject:
            return self._delivered(cause, event_id(subject), service_id(behind))
        return self._called(cause, service_id(subject.partition(".")[0]), service_id(behind.partition(".")[0]))

    def _published(self, cause: Cause, publisher: str, event: str) -> tuple[str, ...]:
        if cause.outcome == "fails":
            self._worsen(publisher, event, "failed")
            return (publisher,)
        if state := _of_messages(cause):
            self._worsen(publisher, event, state)
            self._note(event, state)
            return (event,)
        return ()

    def _delivered(self, cause: Cause, event: str, subscriber: str) -> tuple[str, ...]:
        state = "starved" if cause.outcome == "starved" else _of_messages(cause)
        if not state:
            return ()
        self._worsen(event, subscriber, state)
        self._note(event, state)
        return (event, subscriber) if state == "starved" else (event,)

    def _called(self, cause: Cause, caller: str, callee: str) -> tuple[str, ...]:
        state = _CALLS.get(cause.outcome, "")
        if not state:
            return ()
        self._worsen(caller, callee, state)
        if cause.detail.get("how") == "fallback":
            self.fallbacks.add((caller, service_id(cause.detail["by"].partition(".")[0])))
        return (caller,)

    def _worsen(self, source: str, target: str, state: str) -> None:
        before = self.arrows.get((source, target), "ok")
        self.arrows[source, target] = max(before, state, key=STATES.index)

    def _note(self, box: str, state: str) -> None:
        self.states[box] = max(self.states.get(box, "ok"), state, key=STATES.index)


def _of_messages(cause: Cause) -> str:
    """The worst that becomes of the messages that a cause is about; "" when it is about none."""
    state = _MESSAGES.get(cause.outcome, "")
    return "lost" if state and cause.wait is not None and cause.wait.lost.value > 0 else state


def _by_distance(causes: Sequence[Cause]) -> Iterator[Cause]:
    """Every cause, those nearest to the kill first."""
    layer = list(causes)
    while layer:
        yield from layer
        layer = [child for cause in layer for child in cause.children]
