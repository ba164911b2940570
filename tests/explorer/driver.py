"""The explorer without a terminal: keys in, the text of the screen out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from sysdesign_cli.cli.files import write_whole
from sysdesign_cli.explorer.app import Explorer
from sysdesign_cli.explorer.source import Source
from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.messages import Say

Piloted = Pilot[tuple[str, ...]]
Script = Callable[[Explorer, Piloted], Awaitable[None]]


def explorer(situation: Situation, language: str = "en") -> Explorer:
    source = Source(situation.scenario)
    reading = source.read(situation)
    assert reading.design is not None, reading.error
    return Explorer(situation, source, reading.design, Say(language), write_whole)


def drive(
    script: Script, situation: Situation = Situation("ecommerce"), size: tuple[int, int] = (80, 24), language: str = "en"
) -> Explorer:
    """Run a script on the explorer; it is left as the script leaves it."""
    app = explorer(situation, language)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await script(app, pilot)

    asyncio.run(run())
    return app


async def worked_out(app: Explorer, pilot: Piloted, patience_s: float = 60.0) -> None:
    """Wait until everything is known and drawn."""
    for _ in range(int(patience_s / 0.05)):
        if not app.exploration.known.waiting and app._together is None:
            await pilot.pause()
            return
        await pilot.pause(0.05)
    raise AssertionError(f"not worked out in {patience_s:g} s: {app.exploration.known}")


def screen_of(app: Explorer) -> list[str]:
    """The lines of the screen, without what colours say."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]


def shown(app: Explorer) -> str:
    return "\n".join(screen_of(app))


def copied(folder: Path, name: str = "ecommerce") -> Path:
    """A scenario of one's own."""
    from sysdesign_cli.scenario.library import bundled_folder

    path = folder / "shop.yaml"
    path.write_text((bundled_folder() / f"{name}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return path
