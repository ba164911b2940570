"""The entry of the command: languages and streams first, then the command line, then one exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import Final

OK, FOUND, USAGE, BAD_SCENARIO, INTERRUPTED, CLOSED_PIPE, INTERNAL = 0, 1, 2, 3, 130, 141, 70
_COMPLETION: Final = "_SYSDESIGN_COMPLETE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    from sysdesign_cli.cli.language import language_of

    language = language_of(argv, os.environ)
    # one question and out: what is built lives to the end, and going over it again and again took a third of the time
    collected = gc.isenabled()
    gc.disable()
    try:
        code = _run(argv, language)
        sys.stdout.flush()
    except SystemExit as stop:
        # some releases of typer take a broken pipe for themselves, wrap the streams and leave with 1
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):
            return _leave_quietly()
        return stop.code if isinstance(stop.code, int) else INTERNAL
    except BrokenPipeError:
        return _leave_quietly()
    except KeyboardInterrupt:
        _say_to_stderr(language, "cli.interrupted")
        return INTERRUPTED
    except OSError as error:  # a full disk or a closed terminal below our output
        if isinstance(error, BrokenPipeError) or error.errno in (22, 32):
            return _leave_quietly()
        _say_to_stderr(language, "cli.internal", error=f"{type(error).__name__}: {error}")
        return INTERNAL
    except Exception as error:
        if os.environ.get("SYSDESIGN_DEBUG"):
            raise
        _say_to_stderr(language, "cli.internal", error=f"{type(error).__name__}: {error}")
        return INTERNAL
    finally:
        if collected and arguments is not None:  # somebody's program goes on; ours ends, without a last collection
            gc.enable()
    return code


def _run(argv: list[str], language: str) -> int:
    from sysdesign_cli.cli.app import run

    return run(argv, language)


def _prepare_streams() -> None:
    """Thai on a pipe that is not UTF-8 would raise; what cannot be encoded at all is escaped instead of fatal."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower().replace("-", "") != "utf8":
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _leave_quietly() -> int:
    """The reader went away (``| head``): that is its right. Keep the interpreter from complaining at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    return OK


def _say_to_stderr(language: str, key: str, **params: object) -> None:
    from sysdesign_cli.messages import Say

    print(Say(language)(key, **params), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
