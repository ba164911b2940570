"""A list of lines with a cursor: as quick for three hundred lines as for three."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

#: Draws the line of an id in so many columns.
Draw = Callable[[str, int], Text]


class Rows(ScrollView, can_focus=True):
    """Lines to go up and down on. The cursor stays on what it stood on when lines change."""

    DEFAULT_CSS = "Rows { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Moved(Message):
        """The cursor stands on something else."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows:
            return self.rows

    class Chosen(Moved):
        """Enter was pressed, or the line was clicked while the cursor stood on it."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._ids: Sequence[str] = ()
        self._draw: Draw = lambda id, width: Text(id)
        self._drawn: dict[tuple[str, int], Strip] = {}
        self._at = 0

    @property
    def current(self) -> str:
        """The id of the line with the cursor, "" without any."""
        return self._ids[self._at] if self._ids else ""

    def show(self, ids: Sequence[str], draw: Draw) -> None:
        """Other lines, of which only those in sight are drawn; the cursor stays with what it stood on, where that is still there."""
        current = self.current
        if ids != self._ids:
            self._ids = ids
            self._at = next((at for at, id in enumerate(ids) if id == current), min(self._at, max(0, len(ids) - 1)))
            self.virtual_size = Size(self.size.width, len(ids))
        self._draw = draw
        self._drawn.clear()
        self.refresh()

    def put_cursor(self, id: str) -> None:
        found = next((at for at, row in enumerate(self._ids) if row == id), None)
        if found is not None:
            self._go(found)

    def _go(self, at: int) -> None:
        at = max(0, min(at, len(self._ids) - 1))
        if at != self._at and self._ids:
            self._at = at
            self.scroll_to_region(Region(0, at, 1, 1), animate=False, force=True)
            self.refresh()
            self.post_message(self.Moved(self))

    def action_move(self, by: int) -> None:
        self._go(self._at + by)

    def action_page(self, by: int) -> None:
        self._go(self._at + by * max(1, self.size.height - 1))

    def action_choose(self) -> None:
        if self._ids:
            self.post_message(self.Chosen(self))

    def on_click(self, event: Click) -> None:
        at = int(event.y + self.scroll_offset.y)
        if at == self._at:
            self.action_choose()
        elif at < len(self._ids):
            self._go(at)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if at >= len(self._ids):
            return Strip.blank(width)
        key = self._ids[at], width
        if key not in self._drawn:
            self._drawn[key] = Strip(self._draw(*key).render(self.app.console)).adjust_cell_length(width)
        strip = self._drawn[key]
        if at == self._at:
            strip = strip.apply_style(Style(reverse=True) if self.has_focus else Style(underline=True))
        return strip
