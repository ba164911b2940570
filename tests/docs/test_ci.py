"""What is offered to other repositories: hooks for pre-commit, and a workflow whose commands do what the page says."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

with warnings.catch_warnings():  # the oldest typer, imported here, uses what the newest click calls deprecated
    warnings.simplefilter("ignore", DeprecationWarning)
    from docs import examples

from sysdesign_cli.scenario.starter import starter

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:typer", "ignore::DeprecationWarning:click")
ROOT = examples.ROOT
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
PAGE = (ROOT / "docs" / "guides" / "ci.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]
GOOD = starter("shop")
ONE_REPLICA = GOOD.replace("replicas: 3, needs: 2", "replicas: 1")
FALSE_CLAIM = GOOD.replace("given: {kill: mail", "given: {kill: shop")
BOTH = ONE_REPLICA.replace("given: {kill: mail", "given: {kill: shop")


def test_hooks_run_a_program_that_installing_this_repository_brings() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert list(HOOKS) == ["sysdesign-check", "sysdesign-verify"]
    for hook in HOOKS.values():
        assert hook["entry"].split()[0] in scripts
        assert (hook["language"], hook["types"]) == ("python", ["yaml"])


@pytest.mark.parametrize(
    ("hook", "text", "code"),
    [
        ("sysdesign-check", GOOD, 0),
        ("sysdesign-check", ONE_REPLICA, 1),
        ("sysdesign-check", "sysdesign: [", 3),
        ("sysdesign-verify", GOOD, 0),
        ("sysdesign-verify", FALSE_CLAIM, 1),
        ("sysdesign-verify", "sysdesign: [", 3),
    ],
)
def test_hooks_pass_good_scenarios_and_stop_others(hook: str, text: str, code: int) -> None:
    with examples.Folder():
        Path("scenarios/good.yaml").write_text(GOOD, encoding="utf-8")
        Path("scenarios/shop.yaml").write_text(text, encoding="utf-8")
        # as pre-commit runs it: the entry, its arguments, the files
        command = [*shlex.split(HOOKS[hook]["entry"]), *HOOKS[hook].get("args", []), "scenarios/good.yaml", "scenarios/shop.yaml"]
        outcome = examples.run(shlex.join(command))
    assert outcome.code == code
    assert any("shop.yaml" in line for line in outcome.printed)


@pytest.mark.parametrize(
    ("path", "meant"),
    [("scenarios/shop.yaml", True), ("a/scenarios/shop.yml", True), ("scenarios/parts/more.yaml", False), ("docker-compose.yaml", False)],
)
def test_hooks_are_for_scenarios_only(path: str, meant: bool) -> None:
    assert [bool(re.search(hook["files"], path)) for hook in HOOKS.values()] == [meant, meant]


def test_the_page_names_hooks_that_there_are() -> None:
    named = [hook["id"] for block in BLOCKS if isinstance(block, dict) and "repos" in block for hook in block["repos"][0]["hooks"]]
    assert named == list(HOOKS)
    (own,) = next(block for block in BLOCKS if isinstance(block, list))
    assert own["id"] in HOOKS
    assert own["args"][0].endswith(".yaml")


def workflow() -> list[examples.Outcome]:
    """What the workflow's own commands do, in their order."""
    steps = next(block for block in BLOCKS if isinstance(block, dict) and "jobs" in block)["jobs"]["design"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("sysdesign ")]
    assert [command.split()[1] for command in commands] == ["check", "check", "verify"]
    return [examples.run(command) for command in commands]


@pytest.mark.parametrize(
    ("text", "codes", "findings"),
    [(GOOD, [0, 0, 0], []), (BOTH, [0, 1, 1], ["single-replica"]), ("sysdesign: [", [3, 3, 3], None)],
    ids=["good", "bad", "broken"],
)
def test_the_workflow_lets_good_scenarios_through_and_stops_others(text: str, codes: list[int], findings: list[str] | None) -> None:
    with examples.Folder():
        Path("system.yaml").write_text(text, encoding="utf-8")
        outcomes = workflow()
        written = Path("findings.sarif").read_text(encoding="utf-8")
    assert [outcome.code for outcome in outcomes] == codes
    if findings is not None:
        run = json.loads(written)["runs"][0]
        rules = {rule["id"]: rule["name"] for rule in run["tool"]["driver"]["rules"]}
        assert [rules[result["ruleId"]] for result in run["results"]] == findings
        assert [line.split("title=")[1].split("::")[0] for line in outcomes[1].printed if line] == findings
