"""The main screen: what is looked at, the flows, the services by team, details of what the cursor stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import DescendantFocus, Resize
from textual.widgets import Static

from sysdesign_cli.api import Design
from sysdesign_cli.explorer import lines
from sysdesign_cli.explorer.details import flow_details, service_details
from sysdesign_cli.explorer.lines import Known
from sysdesign_cli.explorer.page import Page
from sysdesign_cli.explorer.rows import Rows
from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.views.problem_view import problems_text

SMALLEST: Final = (80, 24)
#: Before the name of a team among the ids of services.
TEAM: Final = "team:"
#: The list of services is not wider than this.
_LEFT: Final = 60


@dataclass(frozen=True)
class View:
    """What is to be seen. error: what is wrong with the file or with what was asked for; stale: the file is wrong since it was edited."""

    situation: Situation
    design: Design
    known: Known
    error: ScenarioError | None = None
    stale: bool = False
    told: str = ""


class Board(Vertical):
    """Shows a view; gives what the cursor stands on."""

    DEFAULT_CSS = """
    Board { background: ansi_default; color: ansi_default; }
    Board Static, Board Rows { background: ansi_default; }
    Board * { scrollbar-color: ansi_bright_black; scrollbar-color-hover: ansi_bright_black; scrollbar-color-active: ansi_default;
        scrollbar-background: ansi_default; scrollbar-background-hover: ansi_default; scrollbar-background-active: ansi_default; }
    #heading { height: 2; }
    #flow-head, #summary, #service-head, #status { height: 1; }
    #flows { height: auto; max-height: 6; }
    #problems { height: auto; max-height: 8; display: none; border-left: thick ansi_red; padding-left: 1; }
    #left { width: 50%; max-width: 60; }
    #services { height: 1fr; scrollbar-gutter: stable; }
    #details { padding-left: 1; border-left: solid ansi_bright_black; }
    #details:focus { border-left: solid ansi_default; }
    """

    def __init__(self, say: Say) -> None:
        super().__init__()
        self._say = say
        self._view: View | None = None
        self._folded: frozenset[str] = frozenset()
        self._about_flow = False
        self.flows, self.services, self.details = Rows(id="flows"), Rows(id="services"), Page(id="details")
        self._heading, self._flow_head, self._summary = Static(id="heading"), Static(id="flow-head"), Static(id="summary")
        self._service_head, self._status, self._keys = Static(id="service-head"), Static(id="status"), Static(id="keys")
        self._problem_text = Static()
        self._problems = VerticalScroll(self._problem_text, id="problems", can_focus=False)

    def compose(self) -> ComposeResult:
        yield from (self._heading, self._flow_head, self.flows, self._summary, self._problems)
        with Horizontal():
            with Vertical(id="left"):
                yield from (self._service_head, self.services)
            yield self.details
        yield from (self._status, self._keys)

    def on_mount(self) -> None:
        self.services.focus()

    def on_resize(self, event: Resize) -> None:
        keys = lines.keys(self._say, event.size.width)
        self._keys.update(keys)
        self._keys.styles.height = keys.plain.count("\n") + 1
        self.flows.styles.max_height = max(5, event.size.height // 4)
        if self._view is not None:
            self.show(self._view)

    def show(self, view: View) -> None:
        """Draw everything; nothing is laid out anew unless problems come or go."""
        self._view = view
        known, say, width = view.known, self._say, self.size.width
        title = view.design.scenario.workloads[known.reaction.workload].title.in_language(say.language)
        top = (lines.heading(view.situation, known.reaction, title, say, width), lines.turned(view.situation, say, width))
        self._heading.update(lines.joined(top), layout=False)
        self._flow_head.update(lines.flow_head(say, width), layout=False)
        flows = {flow.flow: flow for flow in known.reaction.flows}
        self.flows.show(list(flows), lambda id, room: lines.flow_line(flows[id], known, say, room))
        self._summary.update(lines.summary(known, say, width), layout=False)
        self._service_head.update(lines.service_head(say, min(_LEFT, width // 2) - 1), layout=False)
        self._show_services(view)
        self._show_problems(view)
        self._status.update(lines.status(known, view.situation, view.stale, view.told, say, width), layout=False)
        self.show_details()

    def _show_services(self, view: View) -> None:
        known, say, teams = view.known, self._say, self._teams()
        services = {service.service: service for service in known.reaction.services}

        def draw(id: str, room: int) -> Text:
            if not id.startswith(TEAM):
                return lines.service_line(services[id], known, say, room)
            team = id.removeprefix(TEAM)
            hit = sum(lines.service_state(services[name], known) != "ok" for name in teams[team])
            return lines.team_line(team, len(teams[team]), hit, team not in self._folded, say, room)

        shown = [id for team, names in teams.items() for id in (TEAM + team, *(() if team in self._folded else names))]
        self.services.show(shown, draw)

    def _show_problems(self, view: View) -> None:
        if view.error is not None:
            self._problem_text.update(Text(problems_text(view.error, self._say).rstrip()))
        if self._problems.display != (view.error is not None):
            self._problems.display = view.error is not None

    def show_details(self) -> None:
        """Of what the cursor stands on, in the list that it was in last."""
        if self._view is None:
            return
        view, say = self._view, self._say
        reaction, system = view.known.reaction, view.design.system
        current = (self.flows if self._about_flow else self.services).current
        found: list[Text] = []
        if self._about_flow:
            found = [line for one in reaction.flows if one.flow == current for line in flow_details(one, system, view.known, say)]
        elif current.startswith(TEAM):
            found = [Text(say("explore.about-team"), lines.style("muted"))]
        else:
            found = [line for one in reaction.services if one.service == current for line in service_details(one, system, view.known, say)]
        self.details.show(current, found)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        if event.widget in (self.flows, self.services):
            self._about_flow = event.widget is self.flows
            self.show_details()

    def on_rows_moved(self) -> None:
        self.show_details()

    def _teams(self) -> dict[str, list[str]]:
        """Services by team, as the file has them; those without a team last."""
        teams: dict[str, list[str]] = {}
        for service in self._view.design.system.services if self._view is not None else ():
            teams.setdefault(service.team or "", []).append(service.name)
        return dict(sorted(teams.items(), key=lambda one: one[0] == ""))

    @property
    def selected(self) -> tuple[str, ...]:
        """The service under the cursor, or all of the team."""
        current = self.services.current
        return tuple(self._teams()[current.removeprefix(TEAM)]) if current.startswith(TEAM) else (current,)

    def fold(self, team: str) -> None:
        """Fold a team, or unfold it."""
        self._folded ^= {team}
        if self._view is not None:
            self.show(self._view)
