"""`availability` and `export` as a user runs them: verdicts, formats, bad input, and experiments that can be copied."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import sysdesign_cli
from sysdesign_cli.cli.app import run
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.messages import en
from sysdesign_cli.views.experiments_view import command

HEAD = "sysdesign: 1\nname: x\nsource: assumption\n"
SHIPPED = ("ecommerce", "netflix", "grab", "morprom")


def asked(capsys: pytest.CaptureFixture[str], *words: str, language: str = "en") -> tuple[int, str, str]:
    code = run(list(words), language)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def written(folder: Path, text: str) -> str:
    path = folder / "x.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return str(path)


def one_service(line: str, rate: str = "1/min", objective: str = "") -> str:
    return f"""
services: {{s: {{{line}, handles: {{h: {{takes: 1s}}}}}}}}
flows: {{ask: {{starts: s.h, objectives: {{{objective}}}}}}}
workloads: {{day: {{starts: {{ask: {rate}}}}}}}
"""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["ecommerce"], 1),  # place-order misses 99.95 % by a hair
        (["ecommerce", "browse"], 0),
        (["morprom"], 0),
        (["netflix", "start-playback", "--workload", "new-releases"], 1),
        (["ecommerce", "--experiments"], 0),
        (["ecommerce", "place-order", "--set", "services.order-db.availability=99.99%"], 0),
        (["ecommerce", "browse", "--order", "1"], 0),
        (["ecommerce", "browse", "--at-most", "50%"], 0),
    ],
)
def test_exit_code(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "availability", *words)[0] == code


def test_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--at-most", "0"], ["--at-most", "110%"], ["--at-most", "much"], ["--order", "0"]):
        code, _, error = asked(capsys, "availability", "ecommerce", *words)
        assert code == 2
        assert words[0] in error


def test_unknown_names_have_a_neighbour(capsys: pytest.CaptureFixture[str]) -> None:
    for words, near in ((["brows"], "browse"), (["browse", "--workload", "flash"], "flash-sale")):
        code, _, error = asked(capsys, "availability", "ecommerce", *words)
        assert code == 2
        assert near in error


# ---------------------------------------------------------------------------------------------- bad input


def test_a_just_missed_promise_does_not_look_kept(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = asked(capsys, "availability", "ecommerce", "place-order", "--format", "plain")
    row = next(line for line in text.splitlines() if "breached" in line)
    assert "99.9499987 %" in row or "99.94999" in row


def test_nothing_that_fails_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = asked(capsys, "availability", written(tmp_path, one_service("availability: 100%", objective="availability: 99.9%")))
    assert code == 0
    assert "Nothing in the model stops ask" in text
    assert "nan" not in text.lower()
    code, text, _ = asked(capsys, "availability", str(tmp_path / "x.yaml"), "--experiments")
    assert code == 0
    assert "Nothing in the model stops ask" in text


def test_too_few_replicas_for_the_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, one_service("replicas: 2, concurrency: 1", "4/s"))
    _, text, _ = asked(capsys, "availability", path)
    assert "s needs 5 replicas for this load and runs 2" in " ".join(text.split())


def test_a_backlog_that_never_drains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(
        tmp_path,
        """
services:
  front: {handles: {Buy: {publishes: [Bought], publish_mode: outbox}}}
  broker: {kind: broker}
  worker: {replicas: 1, concurrency: 1, handles: {Bought: {takes: 2s}}}
events: {Bought: {}}
flows: {buy: {starts: front.Buy, completed: worker.Bought}}
workloads: {day: {starts: {buy: 1/s}}}
""",
    )
    _, text, _ = asked(capsys, "availability", path)
    assert "a backlog never drains: worker" in text
    _, text, _ = asked(capsys, "availability", path, "--format", "json")
    assert json.loads(text)["results"][0]["never_drain"] == ["worker"]


@pytest.mark.parametrize(
    ("line", "said"), [("replicas: 2, needs: 3", "E214"), ("mtbf: 0s", "E214"), ("mttr: fast", "E2"), ("availability: 120%", "E208")]
)
def test_repair_data_that_cannot_be(line: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = asked(capsys, "availability", written(tmp_path, one_service(line)))
    assert code == 3
    assert said in error
    assert "x.yaml:5:" in error  # the line of the service


def test_nothing_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = asked(capsys, "availability", written(tmp_path, one_service("replicas: 2", "0/s")))
    assert code == 3
    assert "E214" in error


# ---------------------------------------------------------------------------------------------- formats and explanations


def test_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = asked(capsys, "availability", "ecommerce", "place-order", "--format", "json")
    result = json.loads(text)["results"][0]
    flow = result["flows"][0]
    assert flow["flow"] == "place-order"
    assert flow["answer"]["value"] + flow["answer_down"]["value"] / (365 * 86400) == pytest.approx(1)
    assert sum(state["value"] for state in flow["states"].values()) == pytest.approx(1)
    _, text, _ = asked(capsys, "availability", "ecommerce", "place-order", "--format", "csv")
    rows = list(csv.reader(io.StringIO(text)))
    assert any(row and row[0] == "place-order" and float(row[1]) == flow["answer"]["value"] for row in rows)


def numbers(value: object) -> Iterator[tuple[str, Number]]:
    """Every number of a result, with its inputs, by where it stands."""
    if isinstance(value, Number):
        yield "", value
        for label, part in value.inputs:
            yield from ((f"{label}/{place}", number) for place, number in numbers(part))
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from ((f"{field.name}/{place}", number) for place, number in numbers(getattr(value, field.name)))
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from ((f"{key}/{place}", number) for place, number in numbers(part))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from numbers(part)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_has_a_formula_in_words(name: str) -> None:
    found = sysdesign_cli.load(name)
    results = [found.availability(workload=workload) for workload in found.scenario.workloads]
    plans = [found.experiments(flow) for flow in found.scenario.flows]
    seen = list(numbers([*results, *plans]))
    seen += [(metric, found.metric(metric)) for metric in ("availability", "completion_availability", "downtime_per_year")]
    assert len(seen) > 100
    assert sorted({number.formula for _, number in seen if f"formula.{number.formula}" not in en.MESSAGES}) == []
    known = {*found.scenario.services, *found.scenario.flows, *(f"{name}-second" for name in found.scenario.services)}
    labels = {label for _, number in seen for label, _ in number.inputs}
    bare = [label for label in labels if label.replace("_", "-").islower() and "/" not in label and "." not in label and " " not in label]
    assert sorted(label for label in bare if f"input.{label}" not in en.MESSAGES and label not in known) == []


def test_why_reaches_the_file_and_the_source(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = asked(capsys, "availability", "ecommerce", "track-order", "--why=track-order.answer")
    assert "ecommerce.yaml:100:" in text
    assert "rds-sla" in text
    assert "1 − the stated availability" in text
    assert "assumptions in force" in text


def test_thai(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = asked(capsys, "availability", "morprom", language="th")
    assert code == 0
    assert "อะไรหยุด book-appointment ได้" in text


# ---------------------------------------------------------------------------------------------- experiments


@pytest.mark.parametrize("name", SHIPPED)
def test_every_experiment_does_on_the_model_what_the_plan_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command of each line, run: the flow is hit as expected. (Where nobody starts the flow at that moment it is late.)"""
    found = sysdesign_cli.load(name)
    for workload in found.scenario.workloads:
        plan = found.experiments(workload=workload)
        assert plan.experiments
        for one in plan.experiments:
            words = shlex.split(command(one, plan.scenario, plan.workload))
            assert words[:2] == ["sysdesign", "failover"]
            _, text, error = asked(capsys, *words[1:], "--format", "json")
            assert not error
            flow = next(flow for flow in json.loads(text)["results"][0]["flows"] if flow["flow"] == plan.flow)
            answer, completion = flow["answer"]["worst"], flow["completion"]["worst"]
            assert (answer, completion) == (one.answer, one.completion)
            unmet = {check["objective"] for check in flow["objectives"] if check["met"] is False}
            if one.hits == "answer":
                assert answer in ("failed", "lost")
            elif one.hits == "completion":
                assert completion in ("failed", "lost")
            else:
                assert completion == "delayed"
                assert one.hits == "late" or "complete_within" in unmet


def test_experiments_keep_the_changes_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    change = "services.order.replicas=2"
    _, text, _ = asked(capsys, "availability", "ecommerce", "place-order", "--experiments", "--set", change)
    lines = [line for line in text.splitlines() if line.strip().startswith("sysdesign failover")]
    assert lines
    assert all(f"--set {change}" in line for line in lines)


# ---------------------------------------------------------------------------------------------- export


def test_export_writes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trees.xml"
    code, text, _ = asked(capsys, "export", "ecommerce", "browse", "--open-psa", "-o", str(path))
    assert code == 0
    assert str(path) in text
    first = path.read_text(encoding="utf-8")
    assert first.startswith("<?xml")
    code, _, error = asked(capsys, "export", "ecommerce", "--open-psa", "-o", str(path))
    assert code == 2
    assert "--force" in error
    assert path.read_text(encoding="utf-8") == first
    assert asked(capsys, "export", "ecommerce", "--open-psa", "-o", str(path), "--force")[0] == 0
    assert len(path.read_text(encoding="utf-8")) > len(first)
    assert [one.name for one in tmp_path.iterdir()] == ["trees.xml"]  # nothing half written is left


def test_export_to_standard_output_and_wrong_ways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = asked(capsys, "export", "ecommerce", "track-order", "--open-psa")
    assert code == 0
    assert text.startswith("<?xml")
    assert text.rstrip().endswith("</opsa-mef>")
    assert asked(capsys, "export", "ecommerce")[0] == 2
    assert asked(capsys, "export", "ecommerce", "no-flow", "--open-psa")[0] == 2
    code, _, error = asked(capsys, "export", "ecommerce", "--open-psa", "-o", str(tmp_path / "none" / "x.xml"))
    assert code == 2
    assert "cannot be written" in error
