"""What small pools of workers change at the places where they wait, in terms of the waits of open queues."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sysdesign_cli.engine.queueing import NO_WAIT, Wait

#: Of the waits told here (``queueing.METHODS``).
METHOD: Final = "small-pool"


class Moved(NamedTuple):
    """Mean time (s) that is waited in front of a pool, and not at a place behind it.

    likely_s: as much longer as the wait behind would be than with exponential times, if the workers were not so few; less than
    none where times are more regular. least_s: all that an open queue's wait is longer, as no worker less ever makes a request quicker.
    """

    likely_s: float
    least_s: float

    @classmethod
    def over(cls, parts: Iterable[tuple[float, Moved]]) -> Moved:
        """Of all places, each so many times."""
        listed = list(parts)
        return cls(sum(times * one.likely_s for times, one in listed), sum(times * one.least_s for times, one in listed))


@dataclass(frozen=True)
class Shorter:
    """A wait with exponential times behind pools, and in an open queue of the same rate.

    open_s, open_chance: mean and chance of the open queue's; less_s: mean of one without what the caller's own worker makes, as
    nobody is behind himself; mean_s, chance: behind pools; square: its E[W²] / E[W]².
    """

    open_s: float
    open_chance: float
    less_s: float
    mean_s: float
    chance: float
    square: float

    def of(self, found: Wait) -> Wait:
        """An open queue's wait with its own times and discipline, as it is behind pools.

        With fewer that come it is shorter as with exponential times. What bounds it then is the number of workers, whatever the times
        are: the two bounds meet as 1/w + 1/most does.
        """
        if not found.mean_s or not self.mean_s:
            return found if not found.mean_s else Wait(0.0, 0.0, METHOD)
        less_s = max(self.less_s, self.mean_s)
        mean_s = 1 / (self.open_s / (found.mean_s * less_s) + 1 / self.mean_s - 1 / less_s)
        chance = min(1.0, found.probability * self.chance / self.open_chance) if self.open_chance else found.probability
        return Wait(chance, mean_s, METHOD, max(self.square, 1 / chance) * mean_s**2 - mean_s**2)

    def moved(self, found: Wait) -> Moved:
        """What of an open queue's wait is waited elsewhere, as the number of workers bounds it here."""
        seen_s = self.of(found).mean_s
        likely_s = self.mean_s * found.mean_s / self.open_s - seen_s if self.open_s else 0.0
        return Moved(likely_s, found.mean_s - seen_s)


@dataclass(frozen=True)
class Relief:
    """What finite callers change at one place.

    views: caller (NOBODY: all that are no pools) -> its share of what comes, and the wait that it finds, as it is never behind itself.
    visits: of a pool, place -> mean calls of one request; once: nobody else calls these, and each request at most once. core: the wait
    for a core of a pool. held_s: mean time that a pool's worker is held now, and full_held_s: and when all are. longer, likelier:
    mean wait and chance of waiting in front of the pool, over those of as many exponential servers of full_held_s each. cv2:
    dispersion of the full pool's replies, which stands for that of their times. spare: everybody who can come at once finds a worker.
    """

    views: dict[int, tuple[float, Shorter]] = field(default_factory=dict)
    visits: dict[int, float] = field(default_factory=dict)
    once: bool = False
    core: Shorter | None = None
    held_s: float = 0.0
    full_held_s: float = 0.0
    longer: float = 1.0
    likelier: float = 1.0
    cv2: float = 1.0
    spare: bool = False

    def of(self, found: Wait, moved: Moved = Moved(0.0, 0.0)) -> Wait:
        """The wait in front of a pool that nobody holds up, worked out as in an open queue with ``full_held_s``."""
        if self.spare:
            return NO_WAIT
        if not self.full_held_s or not found.mean_s:
            return found
        own_s = found.mean_s * self.longer
        mean_s = max(0.0, moved.least_s if self.once else 0.0, own_s + moved.likely_s)
        # what is moved here is waited by somebody, each for no longer than a worker is held
        chance = found.probability * self.likelier + max(0.0, mean_s - own_s) / self.full_held_s
        return Wait(min(1.0, chance), mean_s, METHOD, found.variance_s2)

    def seen(self, found: Wait) -> dict[int, Wait]:
        """Caller -> the wait that it finds, from that of an open queue."""
        return {caller: view.of(found) for caller, (_, view) in self.views.items()}

    def mean(self, waits: dict[int, Wait]) -> Wait:
        """The wait over all that come, from what each caller finds."""
        parts = [(share, waits[caller]) for caller, (share, _) in self.views.items()]
        mean_s = sum(share * one.mean_s for share, one in parts)
        square = sum(share * ((one.variance_s2 or 0.0) + one.mean_s**2) for share, one in parts)
        return Wait(sum(share * one.probability for share, one in parts), mean_s, METHOD, max(0.0, square - mean_s**2))
