"""Every key, on the real application: what it does to the situation, and that the screen says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sysdesign_cli.explorer.app import KEYS, Explorer
from sysdesign_cli.explorer.state import Situation
from sysdesign_cli.messages import LANGUAGES, Say
from tests.explorer.driver import Piloted, copied, drive, screen_of, shown, worked_out


async def to(app: Explorer, pilot: Piloted, service: str) -> None:
    """The cursor on a service."""
    app.board.services.put_cursor(service)
    await pilot.pause()


def row(app: Explorer, name: str) -> str:
    """The line of a flow or a service."""
    found = [line for line in screen_of(app) if line[2:].startswith(f"{name} ")]
    assert found, shown(app)
    return found[0]


def test_k_kills_and_revives_at_once() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await to(app, pilot, "payment")
        await pilot.press("k")
        await pilot.pause()
        assert app.situation.kills == ("payment",)
        assert "killed: payment" in screen_of(app)[1]
        assert row(app, "payment").startswith("x payment         killed")
        assert "delayed 98 %" in row(app, "place-order")
        await pilot.press("k")
        await pilot.pause()
        assert app.situation.kills == ()
        assert "nothing is killed" in screen_of(app)[1]

    drive(script)


def test_k_on_a_team_kills_all_its_services() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await to(app, pilot, "team:money")
        await pilot.press("k")
        assert app.situation.kills == ("payment", "payment-db")
        await pilot.press("k")
        assert app.situation.kills == ()
        await pilot.press("enter")
        await pilot.pause()
        assert "▸ money" in shown(app)
        assert not any("payment-db" in line[:40] for line in screen_of(app))

    drive(script)


def test_z_loses_a_zone() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await pilot.press("z")
        await pilot.pause()
        assert "Lose a zone" in shown(app)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.situation.zones == ("b",)
        assert "killed: zone b" in screen_of(app)[1]
        await pilot.press("z", "escape")
        await pilot.pause()
        assert app.situation.zones == ("b",)

    drive(script)


def test_load_workload_and_back_again() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await pilot.press("plus", "equals_sign", "minus")
        await pilot.pause()
        assert app.situation.load == 1.25
        assert "load × 1.25" in screen_of(app)[0]
        await pilot.press("w", "down", "enter")
        await pilot.pause()
        assert app.situation.workload == "flash-sale"
        assert "Flash sale at 20:00" in screen_of(app)[0]
        await to(app, pilot, "payment")
        assert "levelled" in row(app, "payment")
        await pilot.press("0")
        assert app.situation == Situation("ecommerce", workload="flash-sale")
        for _ in range(5):
            await pilot.press("u")
        assert app.situation == Situation("ecommerce")
        await pilot.press("ctrl+r")
        assert app.situation.load == 1.25

    drive(script)


def test_v_keeps_the_kills_that_the_variant_has() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        for name in ("payment", "broker"):
            await to(app, pilot, name)
            await pilot.press("k")
        await pilot.press("v", "down", "enter")
        await pilot.pause()
        assert app.situation.address == "ecommerce@synchronous"
        assert app.situation.kills == ("payment",)
        assert "failed" in row(app, "place-order")
        await pilot.press("u")
        await pilot.pause()
        assert app.situation == Situation("ecommerce", kills=("payment", "broker"))
        assert "broker" in app.exploration.design.scenario.services

    drive(script)


def test_o_opens_another_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text("sysdesign: 1\nname: bad\nservices: {a: {replicas: many}}\n", encoding="utf-8")

    async def script(app: Explorer, pilot: Piloted) -> None:
        await pilot.press("o", "down", "enter")
        await pilot.pause()
        assert app.situation == Situation("netflix")
        assert "playback" in shown(app)
        await pilot.press("o", "end", "enter")
        await pilot.pause()
        assert app.situation == Situation("netflix")
        assert "bad.yaml:3:26: E206" in shown(app)
        await pilot.press("u")
        await pilot.pause()
        assert app.situation == Situation("ecommerce")
        assert "E206" not in shown(app)

    drive(script)


def test_r_changes_replicas_and_use() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await to(app, pilot, "payment")
        before = row(app, "payment")
        await pilot.press("r", "r")
        await pilot.pause()
        assert app.situation.changes == ("services.payment.replicas=4",)
        assert "changed: services.payment.replicas=4" in screen_of(app)[1]
        assert "14.4 %" in before
        await until(pilot, lambda: "7.21 %" in row(app, "payment"))
        await pilot.press("R", "R", "R", "R")
        await until(pilot, lambda: "fewer than these" in shown(app))
        assert app.situation.changes == ("services.payment.replicas=1",)
        await to(app, pilot, "card-gateway")
        await pilot.press("r")
        await pilot.pause()
        assert "no replicas of ours" in shown(app)

    drive(script)


def test_slow_figures_are_never_old_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """While they are worked out a … stands for them; those of another situation are not shown."""

    async def script(app: Explorer, pilot: Piloted) -> None:
        await worked_out(app, pilot)
        assert "≈ 47.8 ms  2 kept" in row(app, "place-order")
        assert "$11,727 a month" in shown(app)
        monkeypatch.setattr("sysdesign_cli.explorer.app.PAUSE_S", 3600)  # nothing is asked for until the test says so
        await to(app, pilot, "order-db")
        await pilot.press("k", "plus")
        await pilot.pause()
        assert row(app, "place-order").count("…") == 3
        assert "… a month" in shown(app)
        assert "being worked out" in shown(app)
        app._ask()
        await worked_out(app, pilot)
        assert "–" in row(app, "place-order")
        assert "(was > $11,727)" in shown(app)
        await pilot.press("minus", "k")
        await pilot.pause()
        assert "≈ 47.8 ms  2 kept" in row(app, "place-order"), "an answer that is known is there at once"

    drive(script)


def test_enter_reads_more_and_esc_comes_back() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await worked_out(app, pilot)
        await to(app, pilot, "payment")
        await pilot.press("k")
        await worked_out(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "ecommerce · kill payment for 15 min" in shown(app)
        await pilot.press("end")
        await pilot.pause()
        assert "Not called meanwhile" in shown(app)
        await pilot.press("escape")
        app.board.flows.focus()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "storefront.PlaceOrder" in shown(app)
        await pilot.press("q")
        await pilot.pause()
        assert len(app.screen_stack) == 1

    drive(script)


def test_the_details_go_with_the_cursor() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await worked_out(app, pilot)
        assert "Storefront and API gateway" in shown(app)
        await pilot.press("shift+tab")
        await pilot.press("down")
        await pilot.pause()
        assert "place-order  Place an order" in shown(app)
        assert "answer takes ≈ 16 ms on average" in " ".join(line[42:].strip() for line in screen_of(app))

    drive(script)


def test_c_and_leaving_give_commands() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await to(app, pilot, "payment")
        await pilot.press("k", "c")
        await pilot.pause()
        assert "sysdesign failover ecommerce --kill payment" in shown(app)
        await pilot.press("escape", "q")

    commands = drive(script).return_value
    assert commands is not None
    assert commands[-1] == "sysdesign explore ecommerce --kill payment"


def test_help_says_every_key() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Turn something, and see what follows." in shown(app)

    drive(script)
    for language in LANGUAGES:
        say = Say(language)
        for key in ["k", "z", "+", "-", "w", "v", "o", "u", "^r", "0", "s", "c", "q", "r", "R"]:
            assert f" {key} " in say("explore.help").replace("\n", " "), (language, key)
        for key in ["k", "z", "w", "v", "o", "u", "^r", "0", "s", "c", "?", "q"]:
            assert f" {key} " in f" {say('explore.keys')} ", (language, key)


def test_a_keyboard_set_to_thai_has_the_same_keys() -> None:
    """Kedmanee: the letters that these keys give there."""
    kedmanee = dict(zip("kzwvoruscq0", "าผไอนพีหแๆจ", strict=True))
    for latin, thai in kedmanee.items():
        assert any(latin in keys.split(",") and thai in keys.split(",") for keys in KEYS), latin

    async def script(app: Explorer, pilot: Piloted) -> None:
        await to(app, pilot, "payment")
        await pilot.press("า")
        assert app.situation.kills == ("payment",)

    drive(script)


def test_too_small_is_one_line_until_it_is_large_enough() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        assert [line for line in screen_of(app) if line] == [
            "The terminal is 70×20; the explorer needs 80×24. Make the window",
            "larger, or the letters smaller.",
        ]
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "nothing is killed" in screen_of(app)[1]

    drive(script, size=(70, 20))


def edited(change: Callable[[str], str], path: Path) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


async def until(pilot: Piloted, what: Callable[[], bool]) -> None:
    for _ in range(1200):
        if what():
            return
        await pilot.pause(0.05)
    raise AssertionError("it never came to that")


def test_an_edited_file_is_read_again_and_mistakes_are_shown_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = copied(tmp_path).relative_to(tmp_path)

    async def script(app: Explorer, pilot: Piloted) -> None:
        await to(app, pilot, "payment")
        await pilot.press("k")
        edited(lambda text: text.replace("replicas: {min: 2, max: 10, target: 60%}", "replicas: {min: 2, max: 10, target: 60s}"), path)
        await until(pilot, lambda: "E207" in shown(app))
        line = path.read_text(encoding="utf-8").split("\n").index(next(one for one in path.read_text().split("\n") if "60s" in one)) + 1
        await until(pilot, lambda: f"shop.yaml:{line}:" in shown(app))
        await until(pilot, lambda: "has mistakes" in shown(app))
        await until(pilot, lambda: "killed: payment" in screen_of(app)[1])  # the last good state stays
        await pilot.press("k")
        await until(pilot, lambda: "nothing is killed" in screen_of(app)[1])  # and can be turned on
        await until(pilot, lambda: "has mistakes" in shown(app))
        edited(lambda text: text.replace("target: 60s", "target: 60%").replace("order: 20/s", "order: 30/s"), path)
        await until(pilot, lambda: "was read again" in shown(app))
        await until(pilot, lambda: "E207" not in shown(app))  # the panes are drawn one after the other
        assert next(flow for flow in app.exploration.known.reaction.flows if flow.flow == "place-order").rate_per_s == 30

    drive(script, Situation(str(path)))


def test_a_service_that_is_edited_away_is_not_killed_any_more(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    text = "sysdesign: 1\nname: two\nservices: {a: {calls: b}, b: {}}\n".replace("{calls: b}", "{handles: {Go: {takes: 1ms}}}")
    text += "flows: {go: {starts: a.Go}}\nworkloads: {day: {starts: {go: 1/s}}}\n"
    path.write_text(text, encoding="utf-8")

    async def script(app: Explorer, pilot: Piloted) -> None:
        await to(app, pilot, "b")
        await pilot.press("k")
        edited(lambda old: old.replace(", b: {}", ""), path)
        await until(pilot, lambda: "was read again" in shown(app))
        assert app.situation.kills == ()

    drive(script, Situation(str(path)))


def test_names_from_a_file_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(
        'sysdesign: 1\nname: odd\ntitle: "[red]<script>"\n'
        'services: {a: {team: t, title: "[blink]x[/blink]", handles: {Go: {takes: 1ms}}}}\n'
        'flows: {go: {title: "[/]", starts: a.Go}}\nworkloads: {day: {title: "[link=x]", starts: {go: 1/s}}}\n',
        encoding="utf-8",
    )

    async def script(app: Explorer, pilot: Piloted) -> None:
        text = shown(app)
        for name in ("[link=x]", "[blink]x[/blink]"):
            assert name in text

    drive(script, Situation(str(path)))


def test_saving_asks_shows_and_writes(tmp_path: Path) -> None:
    path = copied(tmp_path)
    before = path.read_text(encoding="utf-8")

    async def script(app: Explorer, pilot: Piloted) -> None:
        await pilot.press("s")
        await pilot.pause()
        assert "Nothing is turned that a variant can hold" in shown(app)
        await to(app, pilot, "payment")
        await pilot.press("r", "k", "s", *"explored-more", "enter", "enter")
        await pilot.pause()
        assert "explored-more: {changes: {services: {payment: {replicas: 3}}}}" in shown(app)
        assert "a kill is no part of a design: payment" in " ".join(shown(app).split())
        assert path.read_text(encoding="utf-8") == before
        await pilot.press("escape")
        assert path.read_text(encoding="utf-8") == before
        await pilot.press("s", *"explored-more", "enter", "enter", "y")
        await until(pilot, lambda: "variant explored-more is in" in shown(app))
        assert "explored-more" in app.exploration.design.scenario.variants

    drive(script, Situation(str(path)))
    lines = path.read_text(encoding="utf-8").split("\n")
    at = lines.index("  explored-more: {changes: {services: {payment: {replicas: 3}}}}")
    assert "\n".join([*lines[:at], *lines[at + 2 :]]) == before


def test_saving_over_another_file_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "ecommerce.yaml"
    other.write_text("mine", encoding="utf-8")

    async def script(app: Explorer, pilot: Piloted) -> None:
        await pilot.press("plus", "s", "enter", "enter")
        await pilot.pause()
        assert "ecommerce.yaml IS THERE ALREADY" in shown(app)
        await pilot.press("n")
        assert other.read_text(encoding="utf-8") == "mine"
        await pilot.press("s", "enter", *["backspace"] * 20, *"no/where.yaml", "enter", "y")
        await until(pilot, lambda: "cannot be written" in shown(app))

    drive(script)


def test_a_name_that_is_none_is_refused() -> None:
    async def script(app: Explorer, pilot: Piloted) -> None:
        await pilot.press("plus", "s", *" {a", "enter", "enter")
        await pilot.pause()
        assert "E205" in shown(app)

    drive(script)
