"""The whole screen as text, at two sizes and in both languages; ``SYSDESIGN_GOLDEN=write`` writes them anew. Read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sysdesign_cli.explorer.app import Explorer
from sysdesign_cli.explorer.state import Situation
from tests.explorer.driver import Piloted, drive, screen_of, worked_out

FOLDER = Path(__file__).parent / "golden"
KILLED = Situation("ecommerce", kills=("payment",))
OVERLOADED = Situation("ecommerce", workload="flash-sale", kills=("catalogue-cache",), load=1.25, changes=("services.payment.replicas=4",))
SCREENS = {
    "killed": (KILLED, "payment"),
    "overloaded": (OVERLOADED, "catalogue"),
}


@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("name", SCREENS)
def test_screen(name: str, size: tuple[int, int], language: str) -> None:
    situation, service = SCREENS[name]
    found: list[str] = []

    async def script(app: Explorer, pilot: Piloted) -> None:
        app.board.services.put_cursor(service)
        await worked_out(app, pilot)
        found.extend(screen_of(app))

    drive(script, situation, size, language)
    text = "\n".join(found) + "\n"
    path = FOLDER / f"{name}-{size[0]}x{size[1]}-{language}.txt"
    if os.environ.get("SYSDESIGN_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "th"])
def test_no_line_is_wider_than_the_screen(language: str) -> None:
    from rich.cells import cell_len

    for path in FOLDER.glob(f"*-{language}.txt"):
        width = int(path.stem.split("-")[1].split("x")[0])
        for line in path.read_text(encoding="utf-8").split("\n"):
            assert cell_len(line) <= width
