"""Results that show themselves in a notebook. How they look is no matter of this floor: the one above says it, once."""

from __future__ import annotations

from collections.abc import Callable

_how: list[Callable[[object], str | None]] = []


def present_by(how: Callable[[object], str | None]) -> None:
    """how: HTML of a result, or None where there is none; the notebook then shows its words."""
    _how[:] = [how]


class Presentable:
    """A result that a notebook shows as HTML when it is the last thing of a cell."""

    def _repr_html_(self) -> str | None:
        return _how[0](self) if _how else None
