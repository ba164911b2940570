"""What every command needs: the language, loading a scenario, printing a result, exit codes."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import typer

from sysdesign_cli.messages import LANGUAGES, Say

if TYPE_CHECKING:
    from sysdesign_cli.analyses.simulation_question import Question
    from sysdesign_cli.api import Design
    from sysdesign_cli.scenario.model import Scenario, Source
    from sysdesign_cli.scenario.problems import ScenarioError
    from sysdesign_cli.views.document import Document

FORMATS: Final = ("table", "plain", "json", "csv", "markdown")


class Session:
    """One run of the program."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self._changes: tuple[str, ...] = ()
        self._left_out: list[Mapping[str, tuple[str, ...]]] = []

    # options that many commands have; made here so that their help is in the right language

    def scenario_argument(self, default: Any = ...) -> Any:
        return typer.Argument(
            default, metavar="SCENARIO", help=self.say("cli.arg-scenario"), autocompletion=complete_scenario, show_default=False
        )

    def scenarios_argument(self, default: Any = ...) -> Any:
        return typer.Argument(
            default, metavar="SCENARIO...", help=self.say("cli.arg-scenarios"), autocompletion=complete_scenario, show_default=False
        )

    def format_option(self, formats: Sequence[str] = FORMATS) -> Any:
        key = "cli.opt-format" if tuple(formats) == FORMATS else "cli.opt-check-format"
        return typer.Option("", "--format", "-f", metavar="|".join(formats), help=self.say(key), show_default=False)

    def lang_option(self) -> Any:
        return typer.Option("", "--lang", metavar="|".join(LANGUAGES), help=self.say("cli.opt-lang"), show_default=False)

    def why_option(self) -> Any:
        return typer.Option(False, "--why", help=self.say("cli.opt-why"), show_default=False)

    def why_of_option(self) -> Any:
        return typer.Option("*", "--why-of", hidden=True)

    def workload_option(self) -> Any:
        return typer.Option("", "--workload", "-w", metavar="WORKLOAD", help=self.say("cli.opt-workload"), show_default=False)

    def set_option(self) -> Any:
        return typer.Option([], "--set", metavar="PATH=VALUE", help=self.say("cli.opt-set"), show_default=False)

    def watch_option(self) -> Any:
        return typer.Option(False, "--watch", help=self.say("cli.opt-watch"))

    def simulated_for_option(self) -> Any:
        return typer.Option("1min", "--simulate-for", metavar="TIME", help=self.say("cli.opt-simulated-for"))

    def simulated_seed_option(self) -> Any:
        return typer.Option(1, "--seed", min=0, help=self.say("cli.opt-simulated-seed"))

    def simulated_replications_option(self) -> Any:
        return typer.Option(0, "--replications", min=0, max=10_000, help=self.say("cli.opt-simulated-replications"))

    # doing

    def repeated(self, watch: bool, addresses: Sequence[str], once: Callable[[Session], int], format: str = "") -> int:
        """Run a command once, or with --watch again after every change of the scenarios' files."""
        if not watch:
            return once(self)
        from sysdesign_cli.cli.watching import watched

        return watched(self, addresses, once, format)

    def simulating(self, lasts: str, seed: int, replications: int) -> Question:
        """How metrics are simulated. Raises a usage error for what is no duration."""
        from sysdesign_cli.analyses.simulation_question import Question

        return Question(length_s=self.duration(lasts) or 60.0, seed=seed, replications=replications)

    def load(self, address: str, changes: Sequence[str] = (), *, where_they_fit: bool = False) -> Design:
        """Read a scenario with changes of the command line, or say everything that is wrong and leave with 3 (2: a wrong change)."""
        from sysdesign_cli.api import Design, vocabulary
        from sysdesign_cli.scenario.library import load_scenario
        from sysdesign_cli.scenario.problems import ScenarioError

        try:
            design = Design(load_scenario(address, vocabulary(), changes, where_they_fit=where_they_fit), changes)
        except ScenarioError as error:
            self.refuse_changed(error, address, changes)
            raise
        self.note_changes(changes, design.left_out)
        return design

    def load_each(self, addresses: Sequence[str], changes: Sequence[str] = ()) -> list[Design]:
        """Several scenarios; each change is made wherever it fits, and refused when that is nowhere."""
        designs = [self.load(address, changes, where_they_fit=len(addresses) > 1) for address in addresses]
        self.refuse_nowhere(addresses[0], changes, [design.scenario for design in designs])
        return designs

    def refuse_nowhere(self, address: str, changes: Sequence[str], scenarios: Sequence[Scenario]) -> None:
        """Leave with 2 when a change fits none of the scenarios; ``address``: where to look for what was meant."""
        made = {change for scenario in scenarios for change in scenario.changes}
        if any(change.strip() not in made for change in changes):
            self.load(address, [change for change in changes if change.strip() not in made])

    def note_changes(self, changes: Sequence[str], left_out: Mapping[str, tuple[str, ...]]) -> None:
        """Remember what was changed, so that every result says so."""
        self._changes = tuple(dict.fromkeys((*self._changes, *(change.strip() for change in changes))))
        self._left_out.append(left_out)

    def refuse_changed(self, error: ScenarioError, address: str, changes: Sequence[str]) -> None:
        """Print the problems and leave; with 2 when the file itself is in order and only the changes are not."""
        from sysdesign_cli.scenario.library import load_scenario
        from sysdesign_cli.scenario.problems import ScenarioError

        code = None
        if changes:
            try:
                load_scenario(address)
                code = 2
            except ScenarioError:
                pass
            else:
                self._say_changes(error, changes)
        self.refuse(error, code=code)

    def _say_changes(self, error: ScenarioError, changes: Sequence[str]) -> None:
        """Where the file is said to be wrong only because of the changes: with which."""
        from sysdesign_cli.scenario.nodes import COMMAND_LINE

        if not all(problem.place.file.startswith(COMMAND_LINE) for problem in error.problems):
            from sysdesign_cli.views.changes_view import listed

            sys.stderr.write(self.say("changes.with", changes=listed(changes)) + ":\n")

    def refuse(self, error: ScenarioError, commands: list[str] | None = None, code: int | None = None) -> None:
        """Print the problems and leave: 2 when the command named something that is not there, 3 when the file is bad."""
        from sysdesign_cli.views.problem_view import problems_text

        sys.stdout.flush()
        sys.stderr.write(problems_text(error, self.say, commands))
        usage = {"no-such-scenario", "no-such-variant", "simulation-too-long", "simulation-too-many-users", "fault-after-end"}
        by_command = all(
            problem.slug in usage or (problem.slug in ("unknown-name", "too-many") and not problem.place.line) for problem in error.problems
        )
        raise typer.Exit((2 if by_command else 3) if code is None else code)

    def asked(self, question: Callable[[], Any], commands: Callable[[], list[str]] | None = None) -> Any:
        """Ask an analysis; what it refuses is told like a problem of the file."""
        from sysdesign_cli.scenario.problems import ScenarioError

        try:
            return question()
        except ScenarioError as error:
            self.refuse(error, commands() if commands is not None else None)
            raise

    def duration(self, text: str) -> float | None:
        """Seconds of ``--for``; None when nothing was said. Raises a usage error for what is no duration."""
        from sysdesign_cli.api import seconds

        try:
            return seconds(text) if text else None
        except ValueError:
            raise typer.BadParameter(self.say("cli.bad-duration", value=text)) from None

    def check_options(self, format: str, lang: str, formats: Sequence[str] = FORMATS) -> None:
        """Refuse formats and languages that there are not."""
        if format and format not in formats:
            raise typer.BadParameter(self.say("cli.bad-choice", option="--format", value=format, options=", ".join(formats)))
        if lang and lang not in LANGUAGES:
            raise typer.BadParameter(self.say("cli.bad-choice", option="--lang", value=lang, options=", ".join(LANGUAGES)))

    def present(
        self,
        command: str,
        results: Sequence[object],
        documents: Sequence[Document],
        format: str,
        *,
        why: bool = False,
        why_of: str = "*",
        sources: Mapping[str, Source] | None = None,
    ) -> None:
        """Print results in the format asked for; without one, a table on a terminal and plain text elsewhere."""
        format = format or ("table" if sys.stdout.isatty() and os.environ.get("TERM") != "dumb" else "plain")
        if format == "json":
            from sysdesign_cli.views.json_format import as_json

            sys.stdout.write(as_json(command, list(results), why, self._changes))
            return
        if self._changes:
            from sysdesign_cli.views.changes_view import with_changes

            left_out = {address: missing for part in self._left_out for address, missing in part.items()}
            documents = [with_changes(document, self._changes, left_out, self.say) for document in documents]
        if why:
            from sysdesign_cli.views.why import explain

            documents = [explain(document, self.say, sources or {}, why_of) for document in documents]
        sys.stdout.write("\n".join(_written(document, format) for document in documents))


def _written(document: Document, format: str) -> str:
    from sysdesign_cli.views import formats

    if format == "table":
        on_terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if on_terminal or "COLUMNS" in os.environ else 140
        color = on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return formats.terminal(document, width, color)
    return {"plain": formats.plain, "csv": formats.comma_separated, "markdown": formats.markdown}[format](document)


def complete_scenario(incomplete: str) -> list[str]:
    """Bundled names, their variants once an @ is typed, and YAML files here."""
    from pathlib import Path

    from sysdesign_cli.scenario.library import bundled_names
    from sysdesign_cli.scenario.problems import ScenarioError

    name, at, _ = incomplete.partition("@")
    try:
        if at:
            from sysdesign_cli.api import variants_of

            candidates = [f"{name}@{variant}" for variant in variants_of(name)]
        else:
            candidates = bundled_names() + sorted(str(path) for path in Path(".").glob("*.yaml"))
    except ScenarioError:
        return []
    return [candidate for candidate in candidates if candidate.startswith(incomplete)]


def complete_names(*sections: str) -> Callable[[Any, str], list[str]]:
    """Names of services, flows, events or workloads of the scenario on the command line (ecommerce when there is none)."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        from sysdesign_cli.scenario.library import load_scenario
        from sysdesign_cli.scenario.problems import ScenarioError

        address = context.params.get("scenario") or "ecommerce"
        try:
            scenario = load_scenario(str(address))
            names = [name for section in sections for name in getattr(scenario, section)]
        except ScenarioError:
            return []
        return [str(name) for name in names if str(name).startswith(incomplete)]

    return complete
