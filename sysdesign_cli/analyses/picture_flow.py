"""The picture of a flow: its steps, numbered in order, and which of them the user waits for."""

from __future__ import annotations

from collections.abc import Iterator

from sysdesign_cli.analyses.journey import Step, journey, pick_flow
from sysdesign_cli.analyses.picture import Arrow, Box, Group, Picture, call_kind, event_id, flow_id, merged, service_box, service_id
from sysdesign_cli.engine.system import System
from sysdesign_cli.scenario.model import Flow
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError


def flows(system: System, name: str = "", workload: str = "") -> Picture:
    """One flow, or all of them side by side. Raises ScenarioError when there is no such flow or workload, or no flow at all."""
    scenario = system.scenario
    chosen = [pick_flow(system, name)] if name else list(scenario.flows.values())
    if not chosen:
        raise ScenarioError([Problem("missing-key", Place(scenario.address), {"key": "flows", "owner": "Scenario"})])
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    for flow in chosen:
        own = _Journey(system, flow, workload, alone=bool(name))
        boxes += own.boxes()
        arrows += own.arrows()
    if name:
        groups = tuple(Group(kind, kind, "") for kind in ("waited", "later"))
    else:
        groups = tuple(Group(flow_id(flow.name), "flow", flow.name, flow.title) for flow in chosen)
    return Picture(scenario.address, scenario.title, "flow", tuple(boxes), tuple(arrows), groups, name)


class _Journey:
    """One flow. alone: its boxes are grouped by whether the user waits for them, else all of them are one group, with ids of its own."""

    def __init__(self, system: System, flow: Flow, workload: str, alone: bool) -> None:
        self.system = system
        self.flow = flow
        self.alone = alone
        self.root = journey(system, flow, workload).root
        self.waited: dict[str, bool] = {}
        self.ends: dict[str, dict[str, None]] = {}
        self.found = list(self._walk(self.root, self._id(flow_id(flow.name))))

    def boxes(self) -> list[Box]:
        system = self.system
        own = self._group("waited")
        boxes = [Box(self._id(flow_id(self.flow.name)), "flow", self.flow.name, self.flow.title, own)]
        for id, waits in self.waited.items():
            kind, _, name = id.partition(":")
            group = self._group("waited" if waits else "later")
            ends = tuple(self.ends.get(id, ()))
            if kind == "event":
                event = system.scenario.events[name]
                boxes.append(Box(self._id(id), "event", name, event.title, group, ends=ends))
            else:
                service = system.services[system.service_index[name]]
                box = service_box(service, self._id(id), group)
                boxes.append(Box(box.id, box.kind, box.name, box.title, group, box.team, ends=ends))
        return boxes

    def arrows(self) -> tuple[Arrow, ...]:
        return merged(self.found, rated=True)

    def _group(self, kind: str) -> str:
        return kind if self.alone else flow_id(self.flow.name)

    def _id(self, id: str) -> str:
        return id if self.alone else f"{self.flow.name}/{id}"

    def _walk(self, root: Step, origin: str) -> Iterator[tuple[str, str, str, float, int]]:
        """Arrows of a step and of all below it, numbered in the order in which they are met."""
        stack = [(root, origin, True)]
        count = 0
        while stack:
            step, source, waits = stack.pop()
            count += 1
            waits = waits and step.waits
            here = self._id(self._here(step, waits))
            yield source, here, self._kind(step), step.rate.value, count
            stack += [(child, source if self._instead(step, child) else here, waits) for child in reversed(step.children)]

    def _instead(self, step: Step, below: Step) -> bool:
        """Whether what stands below a call is done by its caller: a fallback, or what a cache's miss leads to."""
        if below.kind == "fallback":
            return True
        if below.kind != "miss" or step.kind == "publish":
            return False
        misses = self.system.handlers[self.system.handler_number(step.subject)].misses
        return all(self.system.handlers[edge.target].key != below.subject for edge in misses)

    def _here(self, step: Step, waits: bool) -> str:
        """The box of a step, entered among those that there are; the user waits for it when one of its steps is waited for."""
        id = event_id(step.subject) if step.kind == "publish" else service_id(step.subject.partition(".")[0])
        self.waited[id] = self.waited.get(id, False) or (waits and step.kind != "publish")
        if marks := [end for end in step.ends if end in ("answered", "completed")]:
            self.ends.setdefault(id, {}).update(dict.fromkeys(marks))
        return id

    def _kind(self, step: Step) -> str:
        if step.kind in ("fallback", "publish", "deliver"):
            return step.kind
        if step.kind == "entry":
            return "start"
        return call_kind(self.system.services[self.system.service_index[step.subject.partition(".")[0]]])
