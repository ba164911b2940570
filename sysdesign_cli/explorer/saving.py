"""What was turned, as a variant in a file: the user's own below its other variants, or a copy beside; never written without being shown."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sysdesign_cli.explorer.command_line import load_changes
from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.scenario.library import bundled_folder, open_document
from sysdesign_cli.scenario.model import Scenario
from sysdesign_cli.scenario.problems import Place, Problem, ScenarioError
from sysdesign_cli.scenario.read import Document, Vocabulary
from sysdesign_cli.scenario.write import new_variant, stated_starts, with_variant


@dataclass(frozen=True)
class Plan:
    """What would be written. block: the lines of the variant; text: the whole file, None where they cannot be put in safely.

    replaces: another file that is there already. own: the file of the scenario itself.
    basis: what the scenario's file held.
    """

    name: str
    path: Path
    block: str
    text: str | None
    replaces: bool
    own: bool
    basis: str


def can_save(situation: Situation) -> bool:
    """Whether anything is turned that a variant can hold: a kill is no property of a design, and neither is which workload is looked at."""
    return situation.load != 1 or bool(situation.changes)


def usual_path(scenario: str) -> Path:
    """Where a variant is saved unless somebody says otherwise: the scenario's file, or a copy here of one that came with the program."""
    path = open_document(scenario).path
    return Path(path.name) if path.parent == bundled_folder() else path


def planned(situation: Situation, name: str, path: Path) -> Plan:
    """What saving would write. Raises ScenarioError for what is wrong with the name or the file; OSError where it cannot be read."""
    document = open_document(situation.scenario)
    if name in document.variant_names():
        raise ScenarioError([Problem("defined-twice", Place(document.shown), {"name": name[:60], "first": document.shown})])
    changes = (*situation.changes, *_load(document, situation))
    block = new_variant(document, situation.variant, name, changes)
    basis = _text(document.path)
    text = with_variant(basis, document, block)
    own = path.exists() and path.samefile(document.path)
    alone = len(document.files) == 1
    if text is not None and not ((own or alone) and _same(document, text, situation, changes, name)):
        text = None
    return Plan(name, path, block, text, path.exists() and not own, own, basis)


def write(plan: Plan, write_whole: Callable[[Path, str], None]) -> bool:
    """Write what was planned; False, and nothing is written, when the file was edited meanwhile. Raises OSError."""
    path = plan.path.resolve()
    if plan.own and _text(path) != plan.basis:
        return False
    mode = path.stat().st_mode if path.exists() else None
    assert plan.text is not None
    write_whole(path, plan.text)
    if mode is not None:
        path.chmod(mode)
    return True


def _text(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def _load(document: Document, situation: Situation) -> list[str]:
    """The load as changes of what the workloads state themselves; who takes over from another workload takes over the load too."""
    scenario = document.scenario(situation.variant, situation.address, Vocabulary(), situation.changes)
    stated = stated_starts(document, situation.variant)
    found = []
    for workload in scenario.workloads:
        for change in load_changes(scenario, workload, situation.load):
            if change.split(".")[3] in stated[workload]:
                found.append(f"{change} (assumption)")
    return found


def _same(document: Document, text: str, situation: Situation, changes: tuple[str, ...], name: str) -> bool:
    """Whether the new variant, read from the new text, is what is on the screen, and everything else is what it was.

    Raises ScenarioError for what is wrong with the new variant.
    """
    new = _read(document, text)
    wanted = document.scenario(situation.variant, situation.address, Vocabulary(), changes)
    if not _alike(new.scenario(name, situation.address, Vocabulary()), wanted):
        return False
    others = ("", *document.variant_names())
    return new.variant_names().count(name) == 1 and all(
        _alike(new.scenario(other, "", Vocabulary()), document.scenario(other, "", Vocabulary())) for other in others
    )


def _read(document: Document, text: str) -> Document:
    """The text as if it stood where the document stands; a file with includes is read in its own folder, where they are."""
    folder = document.path.parent if len(document.files) > 1 else None
    handle, path = tempfile.mkstemp(dir=folder, prefix=".", suffix=".yaml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return Document(Path(path), document.shown)
    finally:
        Path(path).unlink()


def _alike(one: Scenario, other: Scenario) -> bool:
    """Equal in all but what they are called."""
    same = {"variant": "", "address": "", "changes": (), "variants": {}}
    return replace(one, **same) == replace(other, **same)  # type: ignore[arg-type]
