"""``sysdesign schema``."""

from __future__ import annotations

import sys
from collections.abc import Callable

from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    def schema(lang: str = session.lang_option()) -> int:
        session.check_options("", lang)
        import json

        from sysdesign_cli.scenario.schema import json_schema

        sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
        return 0

    return schema
