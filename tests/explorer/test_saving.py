"""Saving: the new variant is what was on the screen, and every other line of the file is as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import sysdesign_cli
from sysdesign_cli.analyses.parameters import scaled_load
from sysdesign_cli.analyses.situations import Setting
from sysdesign_cli.cli.files import write_whole
from sysdesign_cli.engine.system import System
from sysdesign_cli.explorer.saving import can_save, planned, usual_path, write
from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.scenario.library import bundled_folder, bundled_names, open_document
from sysdesign_cli.scenario.problems import ScenarioError
from tests.explorer.driver import copied

ALL = [(name, variant) for name in bundled_names() for variant in ("", *open_document(name).variant_names())]


@pytest.mark.parametrize(("name", "variant"), ALL)
def test_a_saved_variant_is_what_was_turned(name: str, variant: str, tmp_path: Path) -> None:
    path = copied(tmp_path, name)
    before = path.read_text(encoding="utf-8").split("\n")
    plan = planned(Situation(str(path), variant, load=1.5), "louder", path)
    assert write(plan, write_whole)
    after = path.read_text(encoding="utf-8").split("\n")
    at = next(n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    assert after[:at] + after[at + len(after) - len(before) :] == before, "one piece was put in, and nothing else was touched"
    wanted = scaled_load(sysdesign_cli.load(f"{path}@{variant}" if variant else str(path)).scenario, 1.5)
    saved = sysdesign_cli.load(f"{path}@louder").scenario
    for workload in wanted.workloads:
        assert Setting(System(saved), workload).moment.rates == pytest.approx(Setting(System(wanted), workload).moment.rates)
    assert saved.services == wanted.services


def test_changes_inside_lists_are_saved_with_the_whole_list(tmp_path: Path) -> None:
    path = copied(tmp_path)
    change = "services.storefront.handles.PlaceOrder.calls.timeout=9s"
    plan = planned(Situation(str(path), "synchronous", changes=(change,)), "patient", path)
    assert "PlaceOrder: {calls: {to: order.PlaceOrder, timeout: 9s}}" in plan.block
    write(plan, write_whole)
    assert sysdesign_cli.load(f"{path}@patient").scenario.services == sysdesign_cli.load(f"{path}@synchronous", [change]).scenario.services


def test_a_file_without_variants_gets_them_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    text = "# mine\nsysdesign: 1\nname: x\nservices: {a: {handles: {Go: {takes: 1ms}}}}\nflows: {go: {starts: a.Go}}\nworkloads: {day: {starts: {go: 1/s}}}"
    path.write_text(text + "   # no end of line", encoding="utf-8")
    write(planned(Situation(str(path), load=2.0), "twice", path), write_whole)
    assert path.read_text(encoding="utf-8").startswith(text + "   # no end of line\n\nvariants:\n  twice:")
    assert sysdesign_cli.load(f"{path}@twice").scenario.workloads["day"].starts["go"].peak == 2.0


def test_lines_keep_their_ends_and_files_their_modes(tmp_path: Path) -> None:
    path = copied(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    path.chmod(0o640)
    write(planned(Situation(str(path), load=2.0), "twice", path), write_whole)
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("variants", ["variants: {a: {changes: {services: {a: {team: x}}}}}", "variants:   {}", '"variants": {}'])
def test_what_cannot_be_put_in_safely_is_only_shown(variants: str, tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    text = f"sysdesign: 1\nname: x\n{variants}\nservices: {{a: {{handles: {{Go: {{takes: 1ms}}}}}}}}\nflows: {{go: {{starts: a.Go}}}}\nworkloads: {{day: {{starts: {{go: 1/s}}}}}}\n"
    path.write_text(text, encoding="utf-8")
    plan = planned(Situation(str(path), load=2.0), "twice", path)
    assert plan.text is None
    assert "go: {peak: 2/s (assumption)}" in plan.block


def test_variants_of_an_included_file_are_only_shown(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("variants: {old: {changes: {services: {a: {team: x}}}}}\n", encoding="utf-8")
    path = tmp_path / "x.yaml"
    path.write_text(
        "sysdesign: 1\nname: x\ninclude: part.yaml\nservices: {a: {handles: {Go: {takes: 1ms}}}}\nflows: {go: {starts: a.Go}}\n"
        "workloads: {day: {starts: {go: 1/s}}}\n",
        encoding="utf-8",
    )
    assert planned(Situation(str(path), load=2.0), "twice", path).text is None
    assert sorted(one.name for one in tmp_path.iterdir()) == ["part.yaml", "x.yaml"], "nothing is left lying about"


def test_a_file_edited_meanwhile_is_not_written(tmp_path: Path) -> None:
    path = copied(tmp_path)
    plan = planned(Situation(str(path), load=2.0), "twice", path)
    path.write_text("mine\n", encoding="utf-8")
    assert not write(plan, write_whole)
    assert path.read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize("name", ["synchronous", "not a name!", "{x"])
def test_names_that_cannot_be_are_refused(name: str, tmp_path: Path) -> None:
    path = copied(tmp_path)
    with pytest.raises(ScenarioError):
        planned(Situation(str(path), load=2.0), name, path)


def test_a_bundled_scenario_is_copied_here() -> None:
    assert usual_path("ecommerce") == Path("ecommerce.yaml")
    assert usual_path(str(bundled_folder() / "grab.yaml")) == Path("grab.yaml")
    assert not can_save(Situation("ecommerce", kills=("payment",), zones=("a",), workload="flash-sale"))
    assert can_save(Situation("ecommerce", load=2.0))
