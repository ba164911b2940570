"""Reading small texts: what is wrong with them, one short line for each problem."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.problems import Problem, ScenarioError
from sysdesign_cli.scenario.read import Document, Vocabulary

WORDS = Vocabulary(metrics=("services", "answer_p99"), rules=("no-team", "dual-write"))


class Workspace:
    """A folder with a scenario file in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "x.yaml"

    def write(self, text: str, files: dict[str, str] | None = None) -> Path:
        self.path.write_text(text, encoding="utf-8")
        for name, content in (files or {}).items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content, encoding="utf-8")
        return self.path

    def scenario(self, text: str, variant: str = "", files: dict[str, str] | None = None) -> Scenario:
        return Document(self.write(text, files), "x.yaml").scenario(variant, "x", WORDS)

    def problems(self, text: str, variant: str = "", files: dict[str, str] | None = None) -> list[Problem]:
        try:
            self.scenario(text, variant, files)
        except ScenarioError as error:
            return error.problems
        return []


def shown(problem: Problem) -> str:
    """``slug place``, then ``/what`` of a contradiction and ``~`` with the nearest names."""
    what = f"/{problem.params['what']}" if problem.slug in ("contradiction", "too-many") else ""
    place = str(problem.place).removeprefix("x.yaml:")
    near = f" ~{','.join(problem.near)}" if problem.near else ""
    return f"{problem.slug}{what} {place}{near}"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def problems(workspace: Workspace) -> Callable[..., list[str]]:
    return lambda text, variant="", files=None: [shown(p) for p in workspace.problems(text, variant, files)]
