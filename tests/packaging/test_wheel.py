"""The wheel holds what it should, and works from any folder without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def tracked(folder: str, ending: str) -> set[str]:
    done = subprocess.run(["git", "ls-files", folder], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return {name for name in done.stdout.split() if name.endswith(ending)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and ("No matching distribution" in done.stderr or "Connection" in done.stderr):
        pytest.skip("the build backend cannot be fetched here")
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_every_tracked_module_and_scenario_and_nothing_else(wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {name for ending in (".py", ".yaml", ".jinja", ".css", ".js") for name in tracked("sysdesign_cli", ending)} | {
        f"sysdesign_cli/bundled/{Path(name).name}" for name in tracked("scenarios", ".yaml")
    }
    assert inside == expected


def test_installed_program_finds_its_scenarios_anywhere(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own that borrows the packages of this one."""
    home = tmp_path / "venv"
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(home)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = next(path for path in (*home.glob("lib/python*/site-packages"), home / "Lib" / "site-packages") if path.is_dir())
    zipfile.ZipFile(wheel).extractall(site)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), "-m", "sysdesign_cli", "compare", "netflix", "grab"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "netflix" in done.stdout
    listed = subprocess.run(
        [str(python), "-m", "sysdesign_cli", "list"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert "morprom" in listed.stdout
    priced = subprocess.run(
        [str(python), "-m", "sysdesign_cli", "cost", "morprom"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert "aws-singapore" in priced.stdout, priced.stderr
