"""What the user reads, in English and Thai: plain dicts with equal keys."""

from __future__ import annotations

import importlib
from typing import Final

LANGUAGES: Final = ("en", "th")


class Say:
    """Texts of one language. ``say("key", name=value)`` fills ``{name}``; an unknown key is a slip of ours and raises KeyError."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._texts: dict[str, str] = importlib.import_module(f"{__name__}.{language}").MESSAGES

    def __call__(self, key: str, /, **params: object) -> str:
        text = self._texts[key]
        return text.format(**params) if params else text

    def beginning(self, *beginnings: str) -> dict[str, str]:
        """All texts whose keys begin like one of these."""
        return {key: text for key, text in self._texts.items() if key.startswith(beginnings)}

    def maybe(self, key: str) -> str:
        """The text, or "" when there is none."""
        return self._texts.get(key, "")
