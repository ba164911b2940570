"""Two ways to measure "in which cases": as a share of requests, and as a set of kills.

The rules of failure (``propagation``) are written once, in terms of these few operations. With ``Shares`` they give the
share of requests in each state under one kill; with ``KillSets`` they give, for all single kills at once, under which of
them a request may reach a state (one bit each, so ten thousand kills cost one pass).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, NamedTuple, Protocol, TypeVar

Measure = TypeVar("Measure")


class Levels(NamedTuple, Generic[Measure]):
    """How much of something is at least degraded, delayed, failed, lost. Each contains the next."""

    degraded: Measure
    delayed: Measure
    failed: Measure
    lost: Measure


class Algebra(Protocol[Measure]):
    """Operations on measures; parts joined by ``union`` are independent of each other."""

    @property
    def none(self) -> Measure: ...
    @property
    def every(self) -> Measure: ...
    def union(self, one: Measure, other: Measure) -> Measure: ...
    def both(self, one: Measure, other: Measure) -> Measure: ...
    def without(self, whole: Measure, part: Measure) -> Measure: ...
    def disjoint(self, one: Measure, other: Measure) -> Measure: ...
    def scaled(self, one: Measure, chance: float) -> Measure: ...
    def repeated(self, one: Measure, times: float) -> Measure: ...
    def retried(self, one: Measure, tries: float) -> Measure: ...
    def down(self, service: int) -> Measure: ...
    def lost_while_down(self, subscriber: int, one: Measure) -> Measure: ...
    def lost_while_failing(self, subscriber: int, one: Measure) -> Measure: ...


#: Subscriber -> share of its messages that are lost.
Loss = Callable[[int], float]


class Shares:
    """Measures are shares of requests, 0.0 to 1.0, for one set of dead services.

    ``loss_down(subscriber)`` and ``loss_failing(subscriber)`` give the share of messages lost while the subscriber is down, or
    is up and fails every delivery.
    """

    none = 0.0
    every = 1.0

    def __init__(self, dead: frozenset[int], loss_down: Loss, loss_failing: Loss) -> None:
        self._dead = dead
        self._loss_down = loss_down
        self._loss_failing = loss_failing

    def union(self, one: float, other: float) -> float:
        return one + other - one * other

    def both(self, one: float, other: float) -> float:
        return one * other

    def without(self, whole: float, part: float) -> float:
        return max(0.0, whole - part)

    def disjoint(self, one: float, other: float) -> float:
        return min(1.0, one + other)

    def scaled(self, one: float, chance: float) -> float:
        return one * chance

    def repeated(self, one: float, times: float) -> float:
        if times == 1 or not one:
            return one
        return 1.0 if one >= 1 and times > 0 else -((1.0 - one) ** times - 1.0)

    def retried(self, one: float, tries: float) -> float:
        return one  # what is dead is dead at the next try too

    def down(self, service: int) -> float:
        return 1.0 if service in self._dead else 0.0

    def lost_while_down(self, subscriber: int, one: float) -> float:
        return one * self._loss_down(subscriber) if one else 0.0

    def lost_while_failing(self, subscriber: int, one: float) -> float:
        return one * self._loss_failing(subscriber) if one else 0.0


class StrainedShares(Shares):
    """Shares where living services fail some of their requests, because they get more than they can do.

    shed: service -> share of what reaches it that it never gets to.
    """

    def __init__(self, dead: frozenset[int], shed: Mapping[int, float], loss_down: Loss, loss_failing: Loss) -> None:
        super().__init__(dead, loss_down, loss_failing)
        self._shed = shed

    def retried(self, one: float, tries: float) -> float:
        """Every try of a call is shed by itself."""
        return one**tries if 0 < one < 1 else one

    def down(self, service: int) -> float:
        return 1.0 if service in self._dead else self._shed.get(service, 0.0)


class KillSets:
    """Measures are sets of kills as bits of an int: bit k is set when kill number k may bring a request there.

    "At least degraded" is exact for every kill. The further levels are exact for kills whose effect does not depend on chance;
    where one kill may fail some requests and lose others, taking a set away from another takes that kill away whole, so who
    needs those shares works them out with ``Shares``, for that kill alone (``analyses.ranking``).

    ``downs[service]`` is the set of kills that take the service down; ``loss_down(subscriber)`` and ``loss_failing(subscriber)``
    the sets of kills long enough to lose messages.
    """

    none = 0

    def __init__(self, kills: int, downs: list[int], loss_down: Callable[[int], int], loss_failing: Callable[[int], int]) -> None:
        self.every = (1 << kills) - 1
        self._downs = downs
        self._loss_down = loss_down
        self._loss_failing = loss_failing

    def union(self, one: int, other: int) -> int:
        return one | other

    def both(self, one: int, other: int) -> int:
        return one & other

    def without(self, whole: int, part: int) -> int:
        return whole & ~part

    def disjoint(self, one: int, other: int) -> int:
        return one | other

    def scaled(self, one: int, chance: float) -> int:
        return one if chance > 0 else 0

    def repeated(self, one: int, times: float) -> int:
        return one if times > 0 else 0

    def retried(self, one: int, tries: float) -> int:
        return one

    def down(self, service: int) -> int:
        return self._downs[service]

    def lost_while_down(self, subscriber: int, one: int) -> int:
        return one & self._loss_down(subscriber) if one else 0

    def lost_while_failing(self, subscriber: int, one: int) -> int:
        return one & self._loss_failing(subscriber) if one else 0
