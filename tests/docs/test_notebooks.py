"""The notebooks of the documentation run, show what they promise, and are kept without outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed")
pytest.importorskip("pygraphviz", reason="pygraphviz (extra: pictures) is not installed")

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS] == ["first-look.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(notebook)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * len(code)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}


def shown(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Source of each code cell -> what it showed, by kind; run by a kernel as Jupyter does."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert all(output.output_type in ("execute_result", "display_data") for output in cell.outputs), cell.outputs
            found[cell.source] = {kind: data for output in cell.outputs for kind, data in output.data.items()}
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_first_look_shows_pictures_and_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = shown(ROOT / "docs" / "notebooks" / "first-look.ipynb", tmp_path, monkeypatch)
    pictures = {source: data["image/svg+xml"] for source, data in cells.items() if "image/svg+xml" in data}
    assert list(pictures) == ["shop.picture()", 'shop.picture(kill=["payment"], lasts="30min")']
    assert [ElementTree.fromstring(picture).get("class") for picture in pictures.values()] == [
        "sysdesign view-services",
        "sysdesign view-failure",
    ]
    tables = [source for source, data in cells.items() if "<table" in data.get("text/html", "")]
    assert tables == [
        'outage = shop.failover(kill=["payment"], lasts="30min")\noutage',
        'shop.latency("place-order")',
        'shop.compare(shop.variant("synchronous"))',
    ]
    assert "place-order" in cells[list(cells)[-1]]["text/plain"]
