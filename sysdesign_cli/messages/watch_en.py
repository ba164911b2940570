"""While editing, in English."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "cli.opt-watch": "Do it again whenever a file changes that this comes from (the scenario, what it includes, its price book), until Ctrl-C.",
    "watch.first": "== {time} · watching {files}; Ctrl-C ends ==",
    "watch.again": "== {time} · changed: {files} ==",
    "watch.more": "{files} and {count} more",
    "watch.missing": "--watch needs a package that is not installed: {command}",
    "watch.needs-file": "--watch needs a file to write anew: say -o FILE.",
}
