"""The command lines that stand for a screen give its figures."""

from __future__ import annotations

import json
import shlex

import pytest

import sysdesign_cli
from sysdesign_cli.__main__ import main
from sysdesign_cli.analyses.whatif import WhatIfs
from sysdesign_cli.explorer.command_line import equivalent_commands, explore_command, load_changes
from sysdesign_cli.explorer.state import Situation
from tests.helpers import design

SITUATIONS = [
    Situation("ecommerce", kills=("payment", "broker"), zones=("a",), load=1.5),
    Situation("ecommerce", "synchronous", "flash-sale", load=0.5, changes=("services.payment.replicas=4",)),
    Situation("grab", kills=("ride",), load=3.0),
]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_commands_give_the_same_figures(situation: Situation, capsys: pytest.CaptureFixture[str]) -> None:
    made = sysdesign_cli.load(situation.address, situation.changes)
    whatifs = WhatIfs(made.system)
    reaction = whatifs.reaction(situation.question)
    seen = set()
    for command in equivalent_commands(situation, made.scenario):
        words = shlex.split(command)
        assert words[0] == "sysdesign"
        assert main([*words[1:], "--format", "json"]) in (0, 1)
        result = json.loads(capsys.readouterr().out)["results"][0]
        seen.add(words[1])
        if words[1] == "failover":
            assert {f["flow"]: f["answer"]["shares"] for f in result["flows"]} == {
                f.flow: pytest.approx(f.answer.shares) for f in reaction.flows
            }
        elif words[1] == "latency":
            wanted = {one.flow: one.answer.percentiles["p99"].value for one in whatifs.latencies(situation.question) if one.answer}
            assert {f["flow"]: f["answer"]["percentiles"]["p99"]["value"] for f in result["flows"] if f["answer"]} == pytest.approx(wanted)
        elif words[1] == "cost":
            assert result["month"]["value"] == pytest.approx(whatifs.month(situation.load, made.prices()).value)
    assert seen >= {"latency", "cost"}
    assert ("failover" in seen) == bool(situation.kills or situation.zones)


def test_what_needs_quotes_gets_them() -> None:
    situation = Situation("my shop.yaml", kills=("payment",), load=2.0, changes=("title=a b",))
    command = explore_command(situation)
    assert shlex.split(command) == ["sysdesign", "explore", "my shop.yaml", "--kill", "payment", "--load", "2", "--set", "title=a b"]


def test_users_stay_whole_people() -> None:
    made = design("""
        services: {web: {handles: {Get: {takes: 10ms}}}}
        flows: {look: {starts: web.Get}}
        workloads: {day: {starts: {look: {users: 5, think: 1s}}}}
    """)
    (change,) = load_changes(made.scenario, "day", 1.5)
    assert change == "workloads.day.starts.look.users=8"
