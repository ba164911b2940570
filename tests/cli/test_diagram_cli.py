"""``diagram`` as a user runs it: what is drawn, what is refused and how, files, and that nobody waits long."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sysdesign_cli.__main__ import main
from sysdesign_cli.views.diagrams import PACKAGES
from tests.cli.test_cli import ROOT, run

pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")


def inside(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The same without a process of its own: exit code, output, errors."""
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        code = main([*words])
    finally:
        os.chdir(before)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_drawing_comes_out() -> None:
    done = run("diagram", "ecommerce")
    assert done.returncode == 0
    assert done.stderr == ""
    assert ElementTree.fromstring(done.stdout).get("class") == "sysdesign view-services"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "view-services"),
        (("--kill", "payment"), "view-failure"),
        (("--zone", "a"), "view-failure"),
        (("--zone", "a", "--view", "deployment"), "view-deployment"),
        (("--flow", "browse"), "view-flow"),
        (("--view", "flow"), "view-flow"),
        (("--set", "services.payment.replicas=4"), "with services.payment.replicas = 4"),
        (("--kill", "payment", "--workload", "flash-sale"), "Flash sale"),
        (("--kill", "payment", "--for", "30m"), "kill payment for 30 min"),
        (("--format", "mermaid"), "flowchart LR"),
        (("--format", "dot"), "digraph {"),
        (("--format", "d2"), "direction: right"),
        (("--lang", "th"), "ร้านค้าออนไลน์"),
    ],
)
def test_views_and_formats(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = inside(capsys, "diagram", "ecommerce", *words)
    assert (code, err) == (0, "")
    assert said in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kill", "paymnt"), "did you mean: payment"),
        (("--zone", "x"), "zone"),
        (("--flow", "brows"), "did you mean: browse"),
        (("--workload", "nothing"), "normal-day"),
        (("--kill", "payment", "--for", "soon"), "soon"),
        (("--view", "side"), "services, flow, failure, deployment"),
        (("--format", "pdf"), "svg, mermaid, dot, d2, png"),
        (("--view", "failure"), "--kill SERVICE or --zone ZONE"),
        (("--view", "services", "--kill", "payment"), "--view failure"),
        (("--view", "failure", "--flow", "browse", "--kill", "payment"), "--view flow"),
        (("-o", "no/such/folder/x.svg"), "no/such/folder"),
        (("-o", "docs"), "it is a folder"),
        (("-o", "README.md"), "--force"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = inside(capsys, "diagram", "ecommerce", *words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


def test_files_are_written_whole_and_not_over_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending, begins in (("svg", b"<svg"), ("png", b"\x89PNG"), ("mmd", b"---"), ("gv", b"digraph"), ("d2", b"# ecommerce")):
        path = tmp_path / f"x.{ending}"
        code, out, err = inside(capsys, "diagram", "ecommerce", "-o", str(path))
        assert (code, err) == (0, "")
        assert out == f"{path} is written.\n"
        assert path.read_bytes().startswith(begins)
    path = tmp_path / "x.svg"
    path.write_text("mine", encoding="utf-8")
    assert inside(capsys, "diagram", "ecommerce", "-o", str(path))[0] == 2
    assert path.read_text(encoding="utf-8") == "mine"
    assert inside(capsys, "diagram", "ecommerce", "-o", str(path), "--force")[0] == 0
    assert path.read_text(encoding="utf-8").startswith("<svg")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["x.d2", "x.gv", "x.mmd", "x.png", "x.svg"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_told_in_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sysdesign_cli", "diagram", "ecommerce"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1


def without(tmp_path: Path, module: str) -> dict[str, str]:
    """An environment in which a package is not installed, as far as imports can tell."""
    (tmp_path / f"{module}.py").write_text("raise ImportError\n", encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}


@pytest.mark.parametrize(("module", "format"), [("pygraphviz", "svg"), ("pyvips", "png")])
def test_without_the_packages_the_line_that_installs_them_is_told(tmp_path: Path, module: str, format: str) -> None:
    done = run("diagram", "ecommerce", "--format", format, **without(tmp_path, module))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "-m pip install " in done.stderr
    assert all(package in done.stderr for package in PACKAGES)
    assert run("diagram", "ecommerce", "--format", "mermaid", **without(tmp_path, module)).returncode == 0


def test_the_packages_told_are_those_of_the_extra() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert tuple(extras["pictures"]) == PACKAGES


def on_terminal(words: list[str], answer: bytes) -> tuple[int, str]:
    """A run with a terminal for everything."""
    main, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sysdesign_cli", *words],
        stdin=child, stdout=child, stderr=child, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "dumb"},
    )  # fmt: skip
    os.close(child)
    os.write(main, answer)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(main)
    return process.wait(), shown.decode("utf-8", "replace")


def test_png_is_not_poured_over_a_terminal() -> None:
    code, shown = on_terminal(["diagram", "ecommerce", "--format", "png"], b"")
    assert code == 2
    assert "-o FILE.png" in " ".join(shown.replace("│", " ").split())


@pytest.mark.parametrize(("answer", "code", "kept"), [(b"n\n", 2, True), (b"y\n", 0, False)])
def test_on_a_terminal_it_asks_before_it_overwrites(tmp_path: Path, answer: bytes, code: int, kept: bool) -> None:
    path = tmp_path / "x.svg"
    path.write_text("mine", encoding="utf-8")
    assert on_terminal(["diagram", "ecommerce", "-o", str(path)], answer)[0] == code
    assert (path.read_text(encoding="utf-8") == "mine") == kept


@pytest.mark.skipif(sys.platform != "linux", reason="fonts are found otherwise here")
def test_missing_thai_letters_are_told(tmp_path: Path) -> None:
    pytest.importorskip("pyvips", reason="pyvips (extra: pictures) is not installed")
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>", encoding="utf-8")
    done = run("diagram", "ecommerce", "--lang", "th", "-o", str(tmp_path / "x.png"), FONTCONFIG_FILE=str(tmp_path / "fonts.conf"))
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "Noto Sans Thai" in done.stderr


def test_nothing_else_imports_it() -> None:
    words = (
        "import sys; from sysdesign_cli.__main__ import main; main(['show', 'ecommerce']); main(['failover', 'ecommerce', '--kill', 'sms'])"
    )
    words += "; found = [m for m in sys.modules if m.startswith(('pygraphviz', 'pyvips', 'sysdesign_cli.views.diagrams.layout'))]"
    words += "; print(found, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stderr.strip().split("\n")[-1] == "[]"


def test_show_draws_the_system(capsys: pytest.CaptureFixture[str]) -> None:
    shown = inside(capsys, "show", "ecommerce")[1]
    assert "└─ ┄▷ inventory" in shown
    assert "see above" in shown
