"""Text that wraps and scrolls, without a new layout of the whole screen each time it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import MouseScrollDown, MouseScrollUp
from textual.strip import Strip
from textual.widget import Widget


class Page(Widget, can_focus=True):
    """Paragraphs from the top; when there is more below or above, the first or last line in sight says so."""

    DEFAULT_CSS = "Page { width: 1fr; height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_lines(-1)", show=False),
        Binding("down", "scroll_lines(1)", show=False),
        Binding("pageup", "scroll_pages(-1)", show=False),
        Binding("pagedown,space", "scroll_pages(1)", show=False),
        Binding("home", "scroll_lines(-1000000)", show=False),
        Binding("end", "scroll_lines(1000000)", show=False),
    ]

    def __init__(self, paragraphs: Sequence[Text] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paragraphs = paragraphs
        self._wrapped: tuple[int, list[Strip]] | None = None
        self._about = ""
        self._top = 0

    def show(self, about: str, paragraphs: Sequence[Text]) -> None:
        """Other text; it stays scrolled as it is as long as it is about the same."""
        if about != self._about:
            self._top = 0
        self._about, self._paragraphs, self._wrapped = about, paragraphs, None
        self.refresh()

    def _lines(self) -> list[Strip]:
        width = max(1, self.size.width)
        if self._wrapped is None or self._wrapped[0] != width:
            console = self.app.console
            wrapped = [line for text in self._paragraphs for line in text.wrap(console, width, overflow="fold") or [Text()]]
            for line in wrapped:
                line.stylize_before(line.style)  # a text without spans is drawn without its own style
            self._wrapped = width, [Strip(line.render(console)).adjust_cell_length(width) for line in wrapped]
        return self._wrapped[1]

    def action_scroll_lines(self, by: int) -> None:
        self._top = max(0, min(self._top + by, len(self._lines()) - self.size.height))
        self.refresh()

    def action_scroll_pages(self, by: int) -> None:
        self.action_scroll_lines(by * max(1, self.size.height - 2))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.action_scroll_lines(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.action_scroll_lines(-3)

    def render_line(self, y: int) -> Strip:
        lines, height, width = self._lines(), self.size.height, self.size.width
        top = max(0, min(self._top, len(lines) - height))
        if (y == 0 and top) or (y == height - 1 and top + height < len(lines)):
            left = top + 1 if y == 0 else len(lines) - top - height + 1
            return Strip(Text(f"{'▲' if y == 0 else '▼'} {left}", "dim").render(self.app.console)).adjust_cell_length(width)
        return lines[top + y] if top + y < len(lines) else Strip.blank(width)
