"""What lies over the screen for a moment: a choice, a text to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from sysdesign_cli.explorer.lines import fitted, style
from sysdesign_cli.explorer.page import Page
from sysdesign_cli.explorer.rows import Rows
from sysdesign_cli.messages import Say


@dataclass(frozen=True)
class Option:
    """One thing to choose. marked: it is in force now."""

    id: str
    label: str
    note: str = ""
    marked: bool = False


class Choice(ModalScreen[str | None]):
    """A list to choose from; None when nothing was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", show=False)]

    def __init__(self, title: str, options: Sequence[Option], say: Say) -> None:
        super().__init__()
        self._title = title
        self._options = {option.id: option for option in options}
        self._say = say

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text(self._title, "bold"))
            yield Rows(id="options")
            yield Static(Text(self._say("explore.choose"), style("muted")))

    def on_mount(self) -> None:
        rows = self.query_one(Rows)
        rows.styles.height = min(len(self._options), max(3, self.size.height - 8))
        rows.show(list(self._options), self._draw)
        rows.put_cursor(next((option.id for option in self._options.values() if option.marked), ""))
        rows.focus()

    def _draw(self, id: str, width: int) -> Text:
        option = self._options[id]
        name = min(28, width // 2)
        line = Text("* " if option.marked else "  ", no_wrap=True)
        line.append(fitted(option.label, name) + " ", "bold")
        return line.append(fitted(option.note, max(0, width - name - 3)), style("muted"))

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.dismiss(event.rows.current)

    async def action_dismiss(self, result: str | None = None) -> None:
        self.dismiss(None)


class Reader(ModalScreen[None]):
    """A text over the whole screen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", show=False)]

    def __init__(self, title: str, text: Text, say: Say) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._say = say

    def compose(self) -> ComposeResult:
        yield Static(Text(self._title, "bold"))
        yield Page([self._text])
        yield Static(Text(self._say("explore.close"), style("muted")))

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    async def action_dismiss(self, result: None = None) -> None:
        self.dismiss(None)


class Ask(ModalScreen[str | None]):
    """One line to type; None when nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(self, title: str, value: str, say: Say) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._say = say

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Text(self._title, "bold"))
            yield Input(self._value, compact=True)
            yield Static(Text(self._say("explore.type"), style("muted")))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)

    async def action_dismiss(self, result: str | None = None) -> None:
        self.dismiss(None)


class Confirm(ModalScreen[bool]):
    """A text with a question below it: y, or not."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "answer(True)", show=False), Binding("n,escape,q", "answer(False)", show=False)]

    def __init__(self, title: str, text: Text, question: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._question = question

    def compose(self) -> ComposeResult:
        yield Static(Text(self._title, "bold"))
        yield Page([self._text])
        yield Static(Text(self._question, "bold"))

    def on_mount(self) -> None:
        self.query_one(Page).focus()

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)
