"""The command line: builds only the command that is asked for, so that a trivial command loads nothing heavy."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import Any, Final

import typer

from sysdesign_cli.cli.session import Session
from sysdesign_cli.messages import Say

#: Command -> module below ``cli``. The order is that of --help.
COMMANDS: Final[dict[str, str]] = {
    "list": "list_command",
    "show": "show_command",
    "diagram": "diagram_command",
    "flow": "flow_command",
    "latency": "latency_command",
    "capacity": "capacity_command",
    "failover": "failover_command",
    "simulate": "simulate_command",
    "availability": "availability_command",
    "compare": "compare_command",
    "tradeoff": "tradeoff_command",
    "sweep": "sweep_command",
    "check": "check_command",
    "verify": "verify_command",
    "report": "report_command",
    "export": "export_command",
    "cost": "cost_command",
    "explain": "explain_command",
    "init": "init_command",
    "schema": "schema_command",
}


def run(argv: Sequence[str], language: str) -> int:
    """Run one command line and return its exit code."""
    # threads for products of matrices take longer to start than all that is done with them here
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    say = Say(language)
    words = _joined_why(list(argv))
    app = build(words, say)
    try:
        result = app(args=words, prog_name="sysdesign", standalone_mode=False)
    except typer.Exit as stop:
        return int(stop.exit_code)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except Exception as error:
        if (shown := _usage_error(error)) is not None:
            return shown
        raise
    return int(result) if isinstance(result, int) else 0


def _usage_error(error: Exception) -> int | None:
    """Show what typer says of wrong options or arguments; None when it is something else."""
    show = getattr(error, "show", None)
    if show is None or not hasattr(error, "exit_code"):
        return None
    show()
    return 2


def _joined_why(argv: list[str]) -> list[str]:
    """``--why=WORD`` as two options, since one option with an optional value is not to be had."""
    words: list[str] = []
    for position, word in enumerate(argv):
        if word == "--":
            return words + argv[position:]
        words += ["--why", "--why-of", word[6:]] if word.startswith("--why=") else [word]
    return words


def build(argv: Sequence[str], say: Say) -> typer.Typer:
    """The application with the command that ``argv`` names, or with all of them for help and completion."""
    app = typer.Typer(
        name="sysdesign",
        help=say("cli.about"),
        no_args_is_help=True,
        rich_markup_mode=None,
        add_completion=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=False)(_callback(say))
    wanted = next((word for word in argv if not word.startswith("-")), "")
    chosen = [wanted] if wanted in COMMANDS else list(COMMANDS)
    for name in chosen:
        module: Any = importlib.import_module(f"sysdesign_cli.cli.{COMMANDS[name]}")
        command = module.command(Session(say))
        app.command(name, help=say(f"cli.{name}"))(command)
    return app


def _callback(say: Say) -> Any:
    def version(value: bool) -> None:
        if value:
            from sysdesign_cli import __version__

            typer.echo(f"sysdesign {__version__}")
            raise typer.Exit

    def root(
        show_version: bool = typer.Option(False, "--version", callback=version, is_eager=True, help=say("cli.opt-version")),
        lang: str = typer.Option("", "--lang", metavar="en|th", help=say("cli.opt-lang")),
    ) -> None:
        check_language(lang, say)

    return root


def check_language(lang: str, say: Say) -> None:
    """Raise a usage error for a language there is no message file for."""
    if lang and lang not in ("en", "th"):
        raise typer.BadParameter(say("cli.bad-choice", option="--lang", value=lang, options="en, th"))
