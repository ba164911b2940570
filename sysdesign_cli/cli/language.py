"""Which language to speak: known before the commands are built, because their help is made of texts too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sysdesign_cli.messages import LANGUAGES


def language_of(argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """``--lang`` wins over SYSDESIGN_LANG, that over the locale; anything else is English."""
    for position, word in enumerate(argv):
        if word == "--":
            break
        value = word[7:] if word.startswith("--lang=") else argv[position + 1] if word == "--lang" and position + 1 < len(argv) else ""
        if value in LANGUAGES:
            return value
    named = environment.get("SYSDESIGN_LANG", "")
    if named in LANGUAGES:
        return named
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(variable, ""):
            return "th" if value.lower().startswith("th") else "en"
    return "en"
