"""The screen: keys become situations, situations become figures, figures become lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from sysdesign_cli.analyses.whatif import WhatIfs
from sysdesign_cli.api import Design
from sysdesign_cli.explorer import lines
from sysdesign_cli.explorer.answers import Answered, Finished, Latency, Month, Outcome
from sysdesign_cli.explorer.calculation import Calculation
from sysdesign_cli.explorer.command_line import equivalent_commands, explore_command
from sysdesign_cli.explorer.details import flow_details, service_details
from sysdesign_cli.explorer.dialogs import Ask, Choice, Confirm, Option, Reader
from sysdesign_cli.explorer.lines import Known, saving_text
from sysdesign_cli.explorer.page import Page
from sysdesign_cli.explorer.rows import Rows
from sysdesign_cli.explorer.saving import Plan, can_save, planned, usual_path, write
from sysdesign_cli.explorer.source import Source
from sysdesign_cli.explorer.state import (
    History,
    Situation,
    amended,
    done,
    fitting,
    louder,
    quieter,
    redo,
    toggle_service,
    toggle_zone,
    undo,
    with_replicas,
)
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.library import bundled_names
from sysdesign_cli.scenario.problems import ScenarioError
from sysdesign_cli.views.document import Document
from sysdesign_cli.views.problem_view import problems_text

SMALLEST = (80, 24)
#: The slow parts are asked for when no key was pressed for so long (s).
PAUSE_S = 0.12
#: Parts of answers that come close together are shown together (s).
TOGETHER_S = 0.04
#: How often files are looked at (s).
WATCH_S = 0.4
#: So many finished answers are kept, so that undoing shows them at once.
KEPT = 64
TEAM = "team:"
#: The parts of the screen, from top to bottom; problems come between when there are any.
PARTS = ("heading", "flow-head", "flows", "summary", "body", "status", "keys")


#: Keys, and what they do. Behind each the letter that the same key gives while the keyboard is set to Thai (Kedmanee).
KEYS: Final = {
    "k,า": "kill",
    "z,ผ": "zone",
    "plus,equals_sign,ช": "load(1)",
    "minus,underscore,ข": "load(-1)",
    "w,ไ": "workload",
    "v,อ": "variant",
    "o,น": "open",
    "r,พ": "replicas(1)",
    "R,ฑ": "replicas(-1)",
    "u,ี": "undo",
    "ctrl+r": "redo",
    "0,จ": "restore",
    "s,ห": "save",
    "c,แ": "command",
    "question_mark,ฦ": "help",
    "q,ๆ,ctrl+c": "leave",
}


class Told(Message):
    """A part of an answer came."""

    def __init__(self, answered: Answered) -> None:
        super().__init__()
        self.answered = answered


class Explorer(App[tuple[str, ...]]):
    """Gives, when it is left, the command lines for what was on the screen."""

    CSS_PATH = None
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    Static { background: ansi_default; }
    Rows { background: ansi_default; scrollbar-gutter: stable; }
    #flows { scrollbar-gutter: auto; }
    * { scrollbar-color: ansi_bright_black; scrollbar-color-hover: ansi_bright_black; scrollbar-color-active: ansi_default;
        scrollbar-background: ansi_default; scrollbar-background-hover: ansi_default; scrollbar-background-active: ansi_default; }
    #flows { height: auto; max-height: 6; }
    #problems { height: auto; max-height: 8; display: none; border-left: thick ansi_red; padding-left: 1; }
    #left { width: 50%; max-width: 60; }
    #services { height: 1fr; }
    #heading { height: 2; }
    #flow-head, #summary, #service-head, #status { height: 1; }
    #details { padding-left: 1; border-left: solid ansi_bright_black; }
    #details:focus { border-left: solid ansi_default; }
    .dialog { width: 74; height: auto; max-height: 90%; border: round ansi_default; padding: 0 1; background: ansi_default; }
    Choice, Ask { align: center middle; background: transparent; }
    #small { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding(keys, action, show=False) for keys, action in KEYS.items()]

    def __init__(self, situation: Situation, source: Source, design: Design, say: Say, write_whole: Callable[[Path, str], None]) -> None:
        super().__init__(ansi_color=True)
        self.say = say
        self._write_whole = write_whole
        self.history = History(situation)
        self.source = source
        self._calculation = Calculation(self._hear)
        self._pause: Timer | None = None
        self._together: Timer | None = None
        self._asked = 0
        self._finished: dict[tuple[int, object], Known] = {}
        self._error: ScenarioError | None = None
        self._stale: ScenarioError | None = None
        """what is wrong with the file since it was edited; what is shown is older"""
        self._status = ""
        self._folded: frozenset[str] = frozenset()
        self._take(design)
        self.known = Known(self._whatifs.reaction(situation.question))

    def _take(self, design: Design) -> None:
        self.design = design
        self._design_of = self.history.present.design
        self._whatifs = WhatIfs(design.system)
        self._key = getattr(self, "_key", 0) + 1

    # the screen

    def compose(self) -> ComposeResult:
        yield Static(id="small")
        yield Static(id="heading")
        yield Static(id="flow-head")
        yield Rows(id="flows")
        yield Static(id="summary")
        with VerticalScroll(id="problems"):
            yield Static(id="problem-text")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Static(id="service-head")
                yield Rows(id="services")
            yield Page(id="details")
        yield Static(id="status")
        yield Static(id="keys")

    def on_mount(self) -> None:
        keys = "  ".join(key.replace(" ", "\u00a0") for key in self.say("explore.keys").split("  "))
        self.query_one("#keys", Static).update(Text(keys))
        self.query_one("#services", Rows).focus()
        self.set_interval(WATCH_S, self._watch)
        self._paint()
        self.call_after_refresh(self.query_one("#services", Rows).action_move, 1)  # past the first team
        self._ask_soon()

    def on_unmount(self) -> None:
        self._calculation.close()

    def on_resize(self, event: Resize) -> None:
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        for id in ("small", *PARTS):
            self.query_one(f"#{id}").display = (id == "small") == small
        size = f"{event.size.width}×{event.size.height}"
        self.query_one("#small", Static).update(Text(self.say("explore.too-small", size=size)))
        self.query_one("#flows", Rows).styles.max_height = max(5, event.size.height // 4)
        self.query_one("#problems").display = not small and self._error is not None
        self._paint()

    @property
    def situation(self) -> Situation:
        return self.history.present

    def _paint(self) -> None:
        """Everything that is known, on the screen."""
        width = self.size.width
        say, known = self.say, self.known
        workload = self.design.scenario.workloads[known.reaction.workload]
        title = workload.title.in_language(say.language)
        top = (lines.heading(self.situation, known.reaction, title, say, width), lines.turned(self.situation, say, width))
        self._static("heading", lines.joined(top))
        self._static("flow-head", lines.flow_head(say, width))
        flows = {flow.flow: flow for flow in known.reaction.flows}
        services = {service.service: service for service in known.reaction.services}
        self.query_one("#flows", Rows).show(list(flows), lambda id, room: lines.flow_line(flows[id], known, say, room))
        self._static("summary", lines.summary(known, say, width))
        teams = self._teams()
        ids = [id for team, names in teams.items() for id in (TEAM + team, *(() if team in self._folded else names))]

        def draw(id: str, room: int) -> Text:
            if not id.startswith(TEAM):
                return lines.service_line(services[id], known, say, room)
            team = id.removeprefix(TEAM)
            hit = sum(services[name].state != "ok" or services[name].load != "" for name in teams[team])
            return lines.team_line(team, len(teams[team]), hit, team not in self._folded, say, room)

        self.query_one("#services", Rows).show(ids, draw)
        self._static("service-head", lines.service_head(say, min(60, width // 2) - 1))
        self._paint_details()
        self._static("status", self._status_line(width))

    def _static(self, id: str, text: Text) -> None:
        """These have their heights, so that nothing has to be laid out anew."""
        self.query_one(f"#{id}", Static).update(text, layout=False)

    def _teams(self) -> dict[str, list[str]]:
        """Services by team, as the file has them; those without a team last."""
        teams: dict[str, list[str]] = {}
        for service in self.design.system.services:
            teams.setdefault(service.team or "", []).append(service.name)
        return dict(sorted(teams.items(), key=lambda one: one[0] == ""))

    def _paint_details(self) -> None:
        on_flow = self.focused is not None and self.focused.id == "flows"
        known, system = self.known, self.design.system
        current = self.query_one("#flows" if on_flow else "#services", Rows).current
        found: list[Text] = []
        if on_flow:
            found = [line for flow in known.reaction.flows if flow.flow == current for line in flow_details(flow, system, known, self.say)]
        elif current.startswith(TEAM):
            found = [Text(self.say("explore.about-team"), lines.style("muted"))]
        else:
            services = known.reaction.services
            found = [line for one in services if one.service == current for line in service_details(one, system, known, self.say)]
        self.query_one("#details", Page).show(current, found)

    def _status_line(self, width: int) -> Text:
        if self._stale is not None:
            return Text(lines.fitted(self.say("explore.stale", file=lines.short(self.source.name)), width), lines.style("bad"))
        if self._status:
            return Text(lines.fitted(self._status, width))
        if self.known.missing:
            return Text(lines.fitted(self.say("explore.fault", error=self.known.missing), width), lines.style("bad"))
        return Text(lines.fitted(self.say("explore.working") if self.known.waiting else "", width), lines.style("muted"))

    # what was turned

    def _step(self, situation: Situation) -> None:
        self._to(done(self.history, situation))

    def _to(self, history: History) -> None:
        """Another present: read what has to be read, and show at once what follows. What cannot be read is refused."""
        self._status = ""
        before = self.history
        try:
            if history.present.design != self._design_of:
                self._reread(history)
            else:
                self.history = history
            self.known = self._finished.get((self._key, self.situation.question)) or Known(self._whatifs.reaction(self.situation.question))
        except ScenarioError as error:
            self.history = before
            self._show_error(error)
            return
        self._show_error(self._stale)
        self._paint()
        self._ask_soon()

    def _reread(self, history: History) -> None:
        """The design of another present. Raises ScenarioError."""
        present = history.present
        source = self.source if present.scenario == self.source.name else Source(present.scenario)
        reading = source.read(present)
        if reading.design is None:
            assert reading.error is not None
            raise reading.error
        scenario = reading.design.scenario
        fits = fitting(present, scenario.services, [str(zone) for zone in scenario.zones], scenario.workloads)
        WhatIfs(reading.design.system).reaction(fits.question)  # what cannot be asked is not shown
        if source is not self.source:
            self.source, self._stale = source, None
        self.history = amended(history, fits)
        self._take(reading.design)

    def _show_error(self, error: ScenarioError | None) -> None:
        self._error = error
        self.query_one("#problems").display = error is not None
        if error is not None:
            self.query_one("#problem-text", Static).update(Text(problems_text(error, self.say).rstrip()))
        self._static("status", self._status_line(self.size.width))

    def _tell(self, text: str) -> None:
        self._status = text
        self._static("status", self._status_line(self.size.width))

    # the slow parts

    def _ask_soon(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._asked = 0  # whatever comes now is not about what is on the screen
        if self.known.waiting:
            self._pause = self.set_timer(PAUSE_S, self._ask)

    def _ask(self) -> None:
        self._asked = self._calculation.ask(self._key, self.design.scenario, self.situation.question, time.monotonic())

    def _hear(self, answered: Answered) -> None:
        """Called from a thread that is not the screen's."""
        self.post_message(Told(answered))

    def on_told(self, message: Told) -> None:
        if message.answered.number != self._asked:
            return
        part = message.answered.part
        if isinstance(part, Outcome):
            self.known = replace(self.known, outcome=part.result)
        elif isinstance(part, Month):
            self.known = replace(self.known, month=part.now, undisturbed_month=part.undisturbed, priced=True)
        elif isinstance(part, Latency) and part.undisturbed:
            self.known = replace(self.known, undisturbed=(*self.known.undisturbed, part.flow))
        elif isinstance(part, Latency):
            self.known = replace(self.known, latencies=(*self.known.latencies, part.flow))
        elif isinstance(part, Finished):
            self.known = replace(self.known, waiting=False, missing=part.error)
            if not part.error:
                self._finished[(self._key, self.situation.question)] = self.known
                while len(self._finished) > KEPT:
                    self._finished.pop(next(iter(self._finished)))
        if self._together is None:
            self._together = self.set_timer(TOGETHER_S, self._paint_together)

    def _paint_together(self) -> None:
        self._together = None
        self._paint()

    def _watch(self) -> None:
        self._calculation.look_after(time.monotonic())
        if self.source.has_changed():
            self.source.reread()
            self._reload()

    def _reload(self) -> None:
        """The file was edited: the new one, or what is wrong with it beside the last that was right."""
        reading = self.source.read(self.situation)
        try:
            if reading.error is not None:
                raise reading.error
            self._reread(self.history)
            self.known = Known(self._whatifs.reaction(self.situation.question))
        except ScenarioError as error:
            self._stale = error
            self._show_error(error)
            return
        self._stale = None
        self._show_error(None)
        self._status = self.say("explore.reloaded", file=lines.short(self.source.name))
        self._paint()
        self._ask_soon()

    # keys

    def action_kill(self) -> None:
        current = self.query_one("#services", Rows).current
        if not current.startswith(TEAM):
            self._step(toggle_service(self.situation, current))
            return
        names = self._teams()[current.removeprefix(TEAM)]
        alive = [name for name in names if name not in self.situation.kills]
        situation = self.situation
        for name in alive or names:
            situation = toggle_service(situation, name)
        self._step(situation)

    def action_load(self, by: int) -> None:
        self._step((louder if by > 0 else quieter)(self.situation))

    def action_undo(self) -> None:
        self._to(undo(self.history))

    def action_redo(self) -> None:
        self._to(redo(self.history))

    def action_restore(self) -> None:
        self._step(replace(self.situation, kills=(), zones=(), load=1.0))

    def _choose(self, title: str, options: list[Option], then: Callable[[str], Situation], nothing: str = "") -> None:
        if not options:
            self._tell(nothing)
            return

        def chosen(id: str | None) -> None:
            if id is not None:
                self._step(then(id))

        self.push_screen(Choice(title, options, self.say), chosen)

    def action_zone(self) -> None:
        zones = [str(zone) for zone in self.design.scenario.zones]
        dead = self.situation.zones
        options = [Option(zone, zone, self.say("explore.zone-lost") if zone in dead else "", zone in dead) for zone in zones]
        title, nothing = self.say("explore.choose-zone"), self.say("explore.no-zones")
        self._choose(title, options, lambda id: toggle_zone(self.situation, id), nothing)

    def action_workload(self) -> None:
        workloads = self.design.scenario.workloads
        now = self.known.reaction.workload
        options = [Option(name, name, one.title.in_language(self.say.language), name == now) for name, one in workloads.items()]
        self._choose(self.say("explore.choose-workload"), options, lambda id: replace(self.situation, workload=id))

    def action_variant(self) -> None:
        now = self.situation.variant
        variants = self.design.scenario.variants
        itself = Option("", self.design.scenario.label, self.design.scenario.title.in_language(self.say.language), not now)
        options = [itself] + [Option(name, name, one.title.in_language(self.say.language), name == now) for name, one in variants.items()]
        self._choose(self.say("explore.choose-variant"), options, lambda id: replace(self.situation, variant=id))

    def action_open(self) -> None:
        names = [*bundled_names(), *sorted(str(path) for path in Path(".").glob("*.y*ml"))]
        options = [Option(name, name, "", name == self.situation.scenario) for name in names]
        self._choose(self.say("explore.choose-scenario"), options, Situation)

    def action_replicas(self, by: int) -> None:
        current = self.query_one("#services", Rows).current
        service = self.design.scenario.services.get(current)
        if service is None or service.kind in ("external", "client"):
            self._tell(self.say("explore.no-replicas"))
            return
        situation = with_replicas(self.situation, service, by)
        if situation == self.situation:
            self._tell(self.say("explore.no-fewer"))
            return
        self._step(situation)

    def action_save(self) -> None:
        """Ask for a name, then for a file, then show what would be written."""
        if not can_save(self.situation):
            self._tell(self.say("explore.nothing-to-save"))
            return

        def named(name: str | None) -> None:
            if name is not None:
                path = str(usual_path(self.situation.scenario))
                self.push_screen(Ask(self.say("explore.save-file"), path, self.say), lambda path: self._plan(name, path))

        self.push_screen(Ask(self.say("explore.save-name"), "explored", self.say), named)

    def _plan(self, name: str, path: str | None) -> None:
        if path is None:
            return
        try:
            plan = planned(self.situation, name, Path(path).expanduser())
        except ScenarioError as error:
            self._show_error(error)
            return
        except OSError as error:
            self._tell(self.say("explore.cannot-save", path=path, reason=error.strerror or type(error).__name__))
            return
        text, question = saving_text(plan, self.situation, self.say)
        if plan.text is None:
            self.push_screen(Reader(self.say("explore.save-title"), text, self.say))
            return

        def confirmed(yes: bool | None) -> None:
            if yes:
                self._write(plan)

        self.push_screen(Confirm(self.say("explore.save-title"), text, question), confirmed)

    def _write(self, plan: Plan) -> None:
        try:
            written = write(plan, self._write_whole)
        except OSError as error:
            self._tell(self.say("explore.cannot-save", path=plan.path.name, reason=error.strerror or type(error).__name__))
            return
        if written and plan.own:
            self.source.reread()
            self._reload()
        self._tell(self.say("explore.saved" if written else "explore.edited-meanwhile", name=plan.name, path=plan.path.name))

    def commands(self) -> tuple[str, ...]:
        return (*equivalent_commands(self.situation, self.design.scenario), explore_command(self.situation))

    def action_command(self) -> None:
        text = Text(self.say("explore.commands") + "\n\n" + "\n\n".join(self.commands()))
        self.push_screen(Reader(self.say("explore.commands-title"), text, self.say))

    def action_help(self) -> None:
        self.push_screen(Reader(self.say("explore.help-title"), Text(self.say("explore.help")), self.say))

    def action_leave(self) -> None:
        self.exit(self.commands())

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self._paint_details()

    def on_descendant_focus(self) -> None:
        self._paint_details()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        current = event.rows.current
        if current.startswith(TEAM):
            self._folded ^= {current.removeprefix(TEAM)}
            self._paint()
        elif event.rows.id == "services":
            self._read_failover()
        elif event.rows.id == "flows":
            self._read_flow(current)

    def _read_failover(self) -> None:
        from sysdesign_cli.views.failover_view import failover_document

        if self.known.outcome is None:
            self._tell(self.say("explore.not-yet"))
            return
        self._read(self.say("explore.failover-title"), failover_document(self.known.outcome, self.say))

    def _read_flow(self, flow: str) -> None:
        from sysdesign_cli.views.flow_view import flow_document

        self._read(flow, flow_document(self.design.flow(flow, self.situation.workload), self.say))

    def _read(self, title: str, document: Document) -> None:
        from sysdesign_cli.views.formats import terminal

        text = Text.from_ansi(terminal(document, self.size.width - 2, not self.no_color))
        self.push_screen(Reader(title, text, self.say))
