"""The application: keys become situations, and what follows from them is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from sysdesign_cli.api import Design
from sysdesign_cli.explorer.answers import Answered
from sysdesign_cli.explorer.board import SMALLEST, TEAM, Board, View
from sysdesign_cli.explorer.calculation import Calculation
from sysdesign_cli.explorer.dialogs import Ask, Choice, Confirm, Option, Reader
from sysdesign_cli.explorer.exploration import Exploration
from sysdesign_cli.explorer.lines import saving_text, short
from sysdesign_cli.explorer.rows import Rows
from sysdesign_cli.explorer.saving import Plan, can_save, planned, usual_path, write
from sysdesign_cli.explorer.source import Source
from sysdesign_cli.explorer.state import (
    Situation,
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

#: The slow parts are asked for when no key was pressed for so long (s).
PAUSE_S: Final = 0.12
#: Parts of answers that come close together are shown together (s).
TOGETHER_S: Final = 0.04
#: How often files are looked at (s).
WATCH_S: Final = 0.4
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


def terminal_is_there() -> bool:
    """A terminal may be gone without a signal that says so; then nobody can leave any more."""
    return sys.__stdin__ is not None and sys.__stdin__.isatty()


class Told(Message):
    """A part of an answer came."""

    def __init__(self, answered: Answered) -> None:
        super().__init__()
        self.answered = answered


class Explorer(App[tuple[str, ...]]):
    """Gives, when it is left, the command lines for what was on the screen."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    .dialog { width: 74; height: auto; max-height: 90%; border: round ansi_default; padding: 0 1; background: ansi_default; }
    Choice, Ask { align: center middle; background: transparent; }
    #small { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding(keys, action, show=False) for keys, action in KEYS.items()]

    def __init__(self, situation: Situation, source: Source, design: Design, say: Say, write_whole: Callable[[Path, str], None]) -> None:
        super().__init__(ansi_color=True)
        self.say = say
        self.exploration = Exploration(situation, source, design)
        self.board = Board(say)
        self._write_whole = write_whole
        self._small = Static(id="small")
        self._calculation = Calculation(self._hear)
        self._pause: Timer | None = None
        self._together: Timer | None = None
        self._asked = 0
        self._told = ""

    @property
    def fault(self) -> Exception | None:
        """What ended it, if it was a fault of the program."""
        return self._exception

    def _fatal_error(self) -> None:
        """Whoever started it says what is to be said; the traceback that would be printed here helps nobody."""
        self._close_messages_no_wait()

    # the screen

    def compose(self) -> ComposeResult:
        yield self._small
        yield self.board

    def on_mount(self) -> None:
        self.set_interval(WATCH_S, self._watch)
        self._show()
        self.call_after_refresh(self.board.services.action_move, 1)  # past the first team
        self._ask_soon()

    def on_unmount(self) -> None:
        self._calculation.close()

    def on_resize(self, event: Resize) -> None:
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        self._small.display, self.board.display = small, not small
        self._small.update(Text(self.say("explore.too-small", size=f"{event.size.width}×{event.size.height}")))

    @property
    def situation(self) -> Situation:
        return self.exploration.situation

    def _show(self) -> None:
        one = self.exploration
        self.board.show(View(one.situation, one.design, one.known, one.error, one.stale is not None, self._told))

    def _tell(self, text: str) -> None:
        self._told = text
        self._show()

    def _went(self, went: bool, told: str = "") -> None:
        """After a step, or one that was refused."""
        self._told = told
        self._show()
        if went:
            self._ask_soon()

    def _step(self, situation: Situation) -> None:
        self._went(self.exploration.step(situation))

    # the slow parts

    def _ask_soon(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._asked = 0  # whatever comes now is not about what is on the screen
        if self.exploration.known.waiting:
            self._pause = self.set_timer(PAUSE_S, self._ask)

    def _ask(self) -> None:
        one = self.exploration
        one.forget()
        self._asked = self._calculation.ask(one.key, one.design.scenario, one.situation.question, time.monotonic())

    def _hear(self, answered: Answered) -> None:
        """Called from a thread that is not the screen's."""
        self.post_message(Told(answered))

    def on_told(self, message: Told) -> None:
        if message.answered.number == self._asked:
            self.exploration.learn(message.answered.part)
            if self._together is None:
                self._together = self.set_timer(TOGETHER_S, self._show_together)

    def _show_together(self) -> None:
        self._together = None
        self._show()

    def _watch(self) -> None:
        if not self.is_headless and not terminal_is_there():
            self.exit()
            return
        self._calculation.look_after(time.monotonic())
        if self.exploration.source.has_changed():
            went = self.exploration.reload()
            self._went(went, self.say("explore.reloaded", file=short(self.situation.scenario)) if went else "")

    # keys

    def action_kill(self) -> None:
        names, situation = self.board.selected, self.situation
        alive = [name for name in names if name not in situation.kills]
        for name in alive or names:
            situation = toggle_service(situation, name)
        self._step(situation)

    def action_load(self, by: int) -> None:
        self._step((louder if by > 0 else quieter)(self.situation))

    def action_undo(self) -> None:
        self._went(self.exploration.go(undo(self.exploration.history)))

    def action_redo(self) -> None:
        self._went(self.exploration.go(redo(self.exploration.history)))

    def action_restore(self) -> None:
        self._step(replace(self.situation, kills=(), zones=(), load=1.0))

    def action_replicas(self, by: int) -> None:
        service = self.exploration.design.scenario.services.get(self.board.services.current)
        if service is None or service.kind in ("external", "client"):
            self._tell(self.say("explore.no-replicas"))
            return
        situation = with_replicas(self.situation, service, by)
        if situation == self.situation:
            self._tell(self.say("explore.no-fewer"))
            return
        self._step(situation)

    def _choose(self, title: str, options: list[Option], then: Callable[[str], Situation]) -> None:
        def chosen(id: str | None) -> None:
            if id is not None:
                self._step(then(id))

        self.push_screen(Choice(title, options, self.say), chosen)

    def action_zone(self) -> None:
        zones, dead = [str(zone) for zone in self.exploration.design.scenario.zones], self.situation.zones
        if not zones:
            self._tell(self.say("explore.no-zones"))
            return
        options = [Option(zone, zone, self.say("explore.zone-lost") if zone in dead else "", zone in dead) for zone in zones]
        self._choose(self.say("explore.choose-zone"), options, lambda id: toggle_zone(self.situation, id))

    def action_workload(self) -> None:
        now, language = self.exploration.known.reaction.workload, self.say.language
        workloads = self.exploration.design.scenario.workloads
        options = [Option(name, name, one.title.in_language(language), name == now) for name, one in workloads.items()]
        self._choose(self.say("explore.choose-workload"), options, lambda id: replace(self.situation, workload=id))

    def action_variant(self) -> None:
        scenario, now, language = self.exploration.design.scenario, self.situation.variant, self.say.language
        options = [Option("", scenario.label, scenario.title.in_language(language), not now)]
        options += [Option(name, name, one.title.in_language(language), name == now) for name, one in scenario.variants.items()]
        self._choose(self.say("explore.choose-variant"), options, lambda id: replace(self.situation, variant=id))

    def action_open(self) -> None:
        names = [*bundled_names(), *sorted(str(path) for path in Path(".").glob("*.y*ml"))]
        options = [Option(name, name, "", name == self.situation.scenario) for name in names]
        self._choose(self.say("explore.choose-scenario"), options, Situation)

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
            self.exploration.error = error
            self._show()
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
            self._went(self.exploration.reload())
        self._tell(self.say("explore.saved" if written else "explore.edited-meanwhile", name=plan.name, path=plan.path.name))

    def action_command(self) -> None:
        text = Text(self.say("explore.commands") + "\n\n" + "\n\n".join(self.exploration.commands))
        self.push_screen(Reader(self.say("explore.commands-title"), text, self.say))

    def action_help(self) -> None:
        self.push_screen(Reader(self.say("explore.help-title"), Text(self.say("explore.help")), self.say))

    def action_leave(self) -> None:
        self.exit(self.exploration.commands)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        current = event.rows.current
        if event.rows is self.board.flows:
            self._read_flow(current)
        elif current.startswith(TEAM):
            self.board.fold(current.removeprefix(TEAM))
        elif event.rows is self.board.services:
            self._read_failover()

    def _read_failover(self) -> None:
        from sysdesign_cli.views.failover_view import failover_document

        outcome = self.exploration.known.outcome
        if outcome is None:
            self._tell(self.say("explore.not-yet"))
            return
        self._read(self.say("explore.failover-title"), failover_document(outcome, self.say))

    def _read_flow(self, flow: str) -> None:
        from sysdesign_cli.views.flow_view import flow_document

        self._read(flow, flow_document(self.exploration.design.flow(flow, self.situation.workload), self.say))

    def _read(self, title: str, document: Document) -> None:
        from sysdesign_cli.views.formats import terminal

        text = Text.from_ansi(terminal(document, self.size.width - 2, not self.no_color))
        self.push_screen(Reader(title, text, self.say))
