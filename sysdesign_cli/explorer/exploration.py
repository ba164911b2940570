"""One exploration: what is looked at, what is known of it by now, and what is wrong with the file. Knows no screen and no clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sysdesign_cli.analyses.whatif import Question, WhatIfs
from sysdesign_cli.api import Design
from sysdesign_cli.explorer.answers import Finished, Latency, Month, Outcome, Part
from sysdesign_cli.explorer.command_line import equivalent_commands, explore_command
from sysdesign_cli.explorer.lines import Known
from sysdesign_cli.explorer.source import Source
from sysdesign_cli.explorer.state import History, Situation, amended, done, fitting
from sysdesign_cli.scenario.problems import ScenarioError

#: So many finished answers are kept, so that undoing shows them at once.
KEPT: Final = 64


class Exploration:
    """A history of situations, with the design and the figures of the present one.

    error: what is wrong with what was asked for last, or with the file. stale: the file is wrong since it was edited, and what is shown
    is what it was before.
    """

    def __init__(self, situation: Situation, source: Source, design: Design) -> None:
        self.history = History(situation)
        self.source = source
        self.error: ScenarioError | None = None
        self.stale: ScenarioError | None = None
        self._finished: dict[tuple[int, Question], Known] = {}
        self.key = 0
        """another one for every design"""
        self._take(design)
        self.known = Known(self._whatifs.reaction(situation.question))

    def _take(self, design: Design) -> None:
        self.design = design
        self._design_of = self.situation.design
        self._whatifs = WhatIfs(design.system)
        self.key += 1

    @property
    def situation(self) -> Situation:
        return self.history.present

    @property
    def commands(self) -> tuple[str, ...]:
        """Command lines that give the same figures; the last one comes back here."""
        return (*equivalent_commands(self.situation, self.design.scenario), explore_command(self.situation))

    def step(self, situation: Situation) -> bool:
        return self.go(done(self.history, situation))

    def go(self, history: History) -> bool:
        """Another present, and at once what follows from it. What cannot be read or asked is refused: False, and ``error`` says why."""
        before = self.history
        try:
            if history.present.design != self._design_of:
                self._read(history)
            else:
                self.history = history
            self._look()
        except ScenarioError as error:
            self.history, self.error = before, error
            return False
        self.error = self.stale
        return True

    def reload(self) -> bool:
        """The file was edited: the new one, or what is wrong with it beside the last that was right."""
        self.source.reread()
        try:
            self._read(self.history)
            self._look()
        except ScenarioError as error:
            self.error = self.stale = error
            return False
        self.error = self.stale = None
        return True

    def _look(self) -> None:
        question = self.situation.question
        self.known = self._finished.get((self.key, question)) or Known(self._whatifs.reaction(question))

    def _read(self, history: History) -> None:
        """The design of another present, of which nothing is taken before it is known to be good. Raises ScenarioError."""
        present = history.present
        source = self.source if present.scenario == self.source.name else Source(present.scenario)
        reading = source.read(present)
        if reading.design is None:
            assert reading.error is not None
            raise reading.error
        scenario = reading.design.scenario
        fits = fitting(present, scenario.services, [str(zone) for zone in scenario.zones], scenario.workloads)
        WhatIfs(reading.design.system).reaction(fits.question)
        if source is not self.source:
            self.source, self.stale = source, None
        self.history = amended(history, fits)
        self._take(reading.design)

    def learn(self, part: Part) -> None:
        """A slow part of the present answer came."""
        if isinstance(part, Outcome):
            self.known = replace(self.known, outcome=part.result)
        elif isinstance(part, Month):
            self.known = replace(self.known, month=part.now, undisturbed_month=part.undisturbed, priced=True)
        elif isinstance(part, Latency) and part.undisturbed:
            self.known = replace(self.known, undisturbed=(*self.known.undisturbed, part.flow))
        elif isinstance(part, Latency):
            self.known = replace(self.known, latencies=(*self.known.latencies, part.flow))
        elif isinstance(part, Finished):
            self.known = replace(self.known, waiting=False, missing=part.error)
            if not part.error:
                self._keep()

    def forget(self) -> None:
        """Parts that came by now are asked for again: the question is asked anew."""
        if self.known.waiting:
            self.known = Known(self.known.reaction)

    def _keep(self) -> None:
        self._finished[(self.key, self.situation.question)] = self.known
        while len(self._finished) > KEPT:
            self._finished.pop(next(iter(self._finished)))
