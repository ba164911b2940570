"""Failure by hand: small systems whose outcome is worked out in a comment, held against both the engine and the oracle.

So the oracle is tested too. Every disagreement between the two that random systems ever turned up is here with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from sysdesign_cli.engine.measures import KillSets, Shares
from sysdesign_cli.engine.propagation import Propagation
from sysdesign_cli.engine.system import System
from tests.engine.oracle import Oracle, at_least, leading_to
from tests.engine.random_systems import system


class Case:
    """A scenario, what is dead, and which effects matter; ``loss``: share of messages lost for whoever does not take them."""

    def __init__(self, services: str, dead: Iterable[str], completed: Iterable[str] = (), events: str = "", **options: Any) -> None:
        lines = ["sysdesign: 1", "name: example", "services:", *("  " + line.strip() for line in services.strip().splitlines())]
        if events:
            lines += ["events:", *(f"  {name}: " + "{}" for name in events.split())]
        self.system: System = system("\n".join(lines) + "\n")
        self.dead = frozenset(self.system.service_index[name] for name in dead)
        self.relevant = leading_to(self.system, [self.system.handler_number(name) for name in completed])
        self.loss: float = options.get("loss", 0.0)
        self.pessimistic: bool = options.get("pessimistic", False)

    def engine(self, entry: str) -> tuple[float, ...]:
        algebra = Shares(self.dead, lambda _: self.loss, lambda _: self.loss)
        return tuple(Propagation(self.system, algebra, self.relevant, self.pessimistic).run()[self.system.handler_number(entry)])

    def oracle(self, entry: str) -> tuple[float, ...]:
        losses = dict.fromkeys(range(len(self.system.handlers)), self.loss)
        outcomes = Oracle(self.system, self.dead, self.relevant, losses, losses, self.pessimistic).outcomes()
        return at_least(outcomes[self.system.handler_number(entry)])

    def possible(self, entry: str) -> tuple[bool, ...]:
        """By the sets of kills; what is dead is dead by one kill."""
        downs = [int(service in self.dead) for service in range(len(self.system.services))]
        algebra = KillSets(1, downs, lambda _: int(self.loss > 0), lambda _: int(self.loss > 0))
        levels = Propagation(self.system, algebra, self.relevant, self.pessimistic).run()[self.system.handler_number(entry)]
        return tuple(bool(level) for level in levels)

    def check(self, entry: str, degraded: float, delayed: float, failed: float, lost: float) -> None:
        wanted = (degraded, delayed, failed, lost)
        assert self.oracle(entry) == pytest.approx(wanted, abs=1e-12), "oracle"
        assert self.engine(entry) == pytest.approx(wanted, abs=1e-12), "engine"
        assert self.possible(entry)[0] == (wanted[0] > 0), "sets of kills"
        if all(level in (0, 1) for level in wanted):
            assert self.possible(entry) == tuple(level > 0 for level in wanted), "sets of kills"


# ---------------------------------------------------------------------------------------------- the plain rules


@pytest.mark.parametrize(
    ("mode", "answer", "completion"),
    [
        ("best-effort", (0, 0, 0, 0), (1, 1, 1, 1)),  # Sock Shop: accepted, and silently lost
        ("in-path", (1, 1, 1, 0), (1, 1, 1, 0)),  # Robot Shop: the request fails
        ("outbox", (0, 0, 0, 0), (1, 1, 0, 0)),  # FTGO: accepted, and caught up later
    ],
)
def test_three_shops_with_the_same_boxes_and_arrows(mode: str, answer: tuple[int, ...], completion: tuple[int, ...]) -> None:
    shop = f"""
        order: {{handles: {{Place: {{calls: shipping.Ship}}}}}}
        shipping: {{handles: {{Ship: {{publishes: [Shipped], publish_mode: {mode}}}}}}}
        broker: {{kind: broker}}
        worker: {{handles: {{Shipped: {{}}}}}}"""
    Case(shop, ["broker"], events="Shipped").check("order.Place", *answer)
    Case(shop, ["broker"], ["worker.Shipped"], events="Shipped").check("order.Place", *completion)


def test_chance_and_count() -> None:
    # made in half the cases, then three independent invocations of what fails in one of five: 0.5 (1 - 0.8^3)
    three = """
        a: {handles: {h: {calls: [{to: b.h, chance: 50%, count: 3}]}}}
        b: {handles: {h: {calls: {to: c.h, chance: 20%}}}}
        c: {handles: {h: {}}}"""
    Case(three, ["c"]).check("a.h", 0.244, 0.244, 0.244, 0)


def test_fallback_and_optional() -> None:
    three = "a: {handles: {h: {calls: {to: b.h, SOFT}}}}\nb: {handles: {h: {}}}\nc: {handles: {h: {}}}"
    with_fallback = three.replace("SOFT", "fallback: c.h")
    Case(with_fallback, ["b"]).check("a.h", 1, 0, 0, 0)
    Case(with_fallback, ["c"]).check("a.h", 0, 0, 0, 0)
    Case(with_fallback, ["b", "c"]).check("a.h", 1, 1, 1, 0)
    Case(with_fallback, ["b"], pessimistic=True).check("a.h", 1, 1, 1, 0)
    Case(three.replace("SOFT", "optional: nothing"), ["b"]).check("a.h", 1, 0, 0, 0)


def test_cache_aside_and_read_through() -> None:
    aside = "a: {handles: {h: {calls: {to: cache.get, hit_ratio: 90%, on_miss: db.read}}}}\ncache: {kind: cache}\ndb: {kind: database}"
    Case(aside, ["cache"]).check("a.h", 1, 0, 0, 0)
    Case(aside, ["db"]).check("a.h", 0.1, 0.1, 0.1, 0)
    Case(aside, ["cache", "db"]).check("a.h", 1, 1, 1, 0)
    Case(aside, ["cache"], pessimistic=True).check("a.h", 1, 1, 1, 0)
    through = """
        a: {handles: {h: {calls: cdn.fetch}}}
        cdn: {kind: cdn, handles: {fetch: {hit_ratio: 90%, on_miss: origin.get}}}
        origin: {handles: {get: {}}}"""
    Case(through, ["origin"]).check("a.h", 0.1, 0.1, 0.1, 0)
    Case(through, ["cdn"]).check("a.h", 1, 1, 1, 0)


def test_subscribers() -> None:
    shop = """
        a: {handles: {h: {publishes: [E]}}}
        broker: {kind: broker}
        s: {handles: {E: {calls: {to: d.h, chance: 50%}}}}
        d: {handles: {h: {}}}"""
    Case(shop, ["s"], ["s.E"], "E").check("a.h", 1, 1, 0, 0)
    Case(shop, ["s"], ["s.E"], "E", loss=0.25).check("a.h", 1, 1, 0.25, 0.25)
    Case(shop, ["d"], ["s.E"], "E", loss=0.25).check("a.h", 0.5, 0.5, 0.125, 0.125)
    Case(shop, ["s"], ["a.h"], "E", loss=0.25).check("a.h", 0, 0, 0, 0)  # nobody waits for it


def test_a_hard_cycle_runs_until_something_in_it_dies() -> None:
    loop = "a: {handles: {h: {calls: b.h}}}\nb: {handles: {h: {calls: [a.h, {to: c.h, chance: 50%}]}}}\nc: {handles: {h: {}}}"
    Case(loop, []).check("a.h", 0, 0, 0, 0)
    # every round has its own chance of meeting the dead c, and there is no end of rounds
    case = Case(loop, ["c"])
    assert case.oracle("a.h") == pytest.approx((1, 1, 1, 0), abs=1e-9)
    assert case.engine("a.h") == pytest.approx((1, 1, 1, 0), abs=1e-9)


def test_an_event_loop_that_dies_out() -> None:
    # x = P(failed in a chain) = 0.5 + 0.5 x 0.4 x: each round fails with 0.5, else goes on with 0.4
    loop = "a: {handles: {h: {calls: [{to: c.h, chance: 50%}, {to: a.h, chance: 40%}]}}}\nc: {handles: {h: {}}}"
    Case(loop, ["c"]).check("a.h", 0.625, 0.625, 0.625, 0)


# ---------------------------------------------------------------------------------------------- more dead, and yet better
#
# Not slips of the engine: the semantics says so, and so would an architect.


def test_a_fallback_that_skips_the_effect_loses_it() -> None:
    shop = """
        a: {handles: {h: {calls: {to: b.h, fallback: c.h}}}}
        b: {handles: {h: {publishes: [E], publish_mode: best-effort}}}
        c: {handles: {h: {}}}
        broker: {kind: broker}
        s: {handles: {E: {}}}"""
    Case(shop, ["broker"], ["s.E"], "E").check("a.h", 1, 1, 1, 1)  # b says yes and loses the message
    Case(shop, ["broker", "b"], ["s.E"], "E").check("a.h", 1, 1, 1, 1)  # b says no, a does something else, and s never hears of it


def test_a_dead_subscriber_keeps_the_message_that_a_living_one_would_lose() -> None:
    chain = """
        a: {handles: {h: {publishes: [E]}}}
        x: {kind: broker}
        y: {kind: broker}
        s: {handles: {E: {publishes: [F], publish_mode: best-effort}}}
        t: {handles: {F: {}}}"""
    events = "E: {broker: x}\n  F: {broker: y}"
    text = (
        "sysdesign: 1\nname: example\nservices:\n"
        + "\n".join("  " + line.strip() for line in chain.strip().splitlines())
        + f"\nevents:\n  {events}\n"
    )
    compiled = system(text)
    relevant = leading_to(compiled, [compiled.handler_number("t.F")])
    for dead, wanted in ((["y"], (1, 1, 1, 1)), (["y", "s"], (1, 1, 0, 0))):
        numbers = frozenset(compiled.service_index[name] for name in dead)
        levels = Propagation(compiled, Shares(numbers, lambda _: 0.0, lambda _: 0.0), relevant).run()
        assert tuple(levels[compiled.handler_number("a.h")]) == wanted
        assert at_least(Oracle(compiled, numbers, relevant).outcomes()[compiled.handler_number("a.h")]) == wanted


# ---------------------------------------------------------------------------------------------- disagreements, with their reason


def test_alternatives_of_one_map_exclude_each_other() -> None:
    # in half the cases the request fails at E's dead broker, in the *other* half F waits: together that is always, not
    # 1 - 0.5 x 0.5. In-path E and outbox F must not be joined as if independent.
    shop = """
        a: {handles: {h: {publishes: {E: {chance: 50%, mode: in-path}, F: {chance: 50%, mode: outbox}}}}}
        broker: {kind: broker}
        s: {handles: {E: {}, F: {}}}"""
    Case(shop, ["broker"], ["s.E", "s.F"], "E F").check("a.h", 1, 1, 0.5, 0)


def test_alternatives_of_one_map_exclude_each_other_when_one_is_lost() -> None:
    shop = """
        a: {handles: {h: {publishes: {E: {chance: 50%, mode: in-path}, F: {chance: 50%, mode: best-effort}}}}}
        broker: {kind: broker}
        s: {handles: {E: {}, F: {}}}"""
    Case(shop, ["broker"], ["s.E", "s.F"], "E F").check("a.h", 1, 1, 1, 0.5)


def test_a_cache_that_fails_sometimes() -> None:
    # the cache fails in half the cases, and whether or not it does the database is asked and is dead: always failed.
    # "The cache failed" and "it did not, and missed" exclude each other: 0.5 + 0.5, not 1 - 0.5 x 0.5.
    aside = """
        a: {handles: {h: {calls: {to: cache.get, hit_ratio: 0%, on_miss: db.read}}}}
        cache: {kind: cache, handles: {get: {calls: {to: disk.read, chance: 50%}}}}
        disk: {kind: database}
        db: {kind: database}"""
    Case(aside, ["disk", "db"]).check("a.h", 1, 1, 1, 0)
    # with hits: failed 0.5 x 1 + 0.5 x 0.1; degraded the same, since every failed cache leads to the dead database
    Case(aside.replace("0%", "90%", 1), ["disk", "db"]).check("a.h", 0.55, 0.55, 0.55, 0)


def test_a_kill_may_both_fail_a_request_and_lose_its_message() -> None:
    # half the requests fail at the dead s; of the other half the message to s is lost: failed and lost are both possible
    shop = """
        a: {handles: {h: {calls: {to: s.h, chance: 50%}, publishes: [E]}}}
        broker: {kind: broker}
        s: {handles: {h: {}, E: {}}}"""
    Case(shop, ["s"], ["s.E"], "E", loss=1.0).check("a.h", 1, 1, 1, 0.5)


def test_a_kill_may_both_fail_a_call_and_delay_it() -> None:
    # b fails in half the cases, which a does without, so s is never told: lost; in the other half b's message waits
    shop = """
        a: {handles: {h: {calls: {to: b.h, optional: nothing}}}}
        b: {handles: {h: {calls: {to: s.h, chance: 50%}, publishes: [E]}}}
        broker: {kind: broker}
        s: {handles: {h: {}, E: {}}}"""
    Case(shop, ["s"], ["s.E"], "E").check("a.h", 1, 1, 0.5, 0.5)


def test_a_kill_may_both_fail_a_cache_and_lose_behind_it() -> None:
    # pessimistic: a failed cache (half) fails; else every request goes behind it, where the message to x is lost
    shop = """
        a: {handles: {h: {calls: {to: cache.get, hit_ratio: 0%, on_miss: y.h}}}}
        cache: {kind: cache, handles: {get: {calls: {to: x.h, chance: 50%}}}}
        y: {handles: {h: {publishes: [E]}}}
        broker: {kind: broker}
        x: {handles: {h: {}, E: {}}}"""
    Case(shop, ["x"], ["x.E"], "E", loss=1.0, pessimistic=True).check("a.h", 1, 1, 1, 0.5)
