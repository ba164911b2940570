"""What small pools of workers change at the places where they wait, in terms of the waits of open queues."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sysdesign_cli.engine.queueing import NO_WAIT, Wait

#: Of the waits told here (``queueing.METHODS``).
METHOD: Final = "small-pool"


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

    def held_back(self, found: Wait) -> tuple[float, float]:
        """Mean time (s) that is waited in front of the pool for those who would wait here if the number of workers did not bound them.

        Less than none where the times are more regular than exponential ones.
        """
        if not self.open_s:
            return 0.0, 0.0
        seen_s = self.of(found).mean_s
        return self.mean_s * found.mean_s / self.open_s - seen_s, found.mean_s - seen_s


@dataclass(frozen=True)
class Relief:
    """What finite callers change at one place.

    views: caller (NOBODY: all that are no pools) -> its share of what comes, and the wait that it finds, as it is never behind itself.
    core: the wait for a core of a pool. held_s: mean time that a pool's worker is held now,
    full_held_s: and when all are. longer, likelier: mean wait and chance of waiting in front of the pool, over those of as many
    exponential servers of full_held_s each. cv2: dispersion of the full pool's replies, which stands for that of their times.
    spare: there is a worker for everybody who can come at once.
    """

    views: dict[int, tuple[float, Shorter]] = field(default_factory=dict)
    visits: dict[int, float] = field(default_factory=dict)
    core: Shorter | None = None
    held_s: float = 0.0
    full_held_s: float = 0.0
    longer: float = 1.0
    likelier: float = 1.0
    cv2: float = 1.0
    spare: bool = False
    once: bool = False

    def of(self, found: Wait, held_back_s: float = 0.0, least_s: float = 0.0) -> Wait:
        """The wait in front of a pool that nobody holds up, worked out as in an open queue with ``full_held_s``."""
        if self.spare:
            return NO_WAIT
        if not self.full_held_s or not found.mean_s:
            return found
        mean_s = max(0.0, least_s, found.mean_s * self.longer + held_back_s)
        return Wait(min(1.0, found.probability * self.likelier), mean_s, METHOD, found.variance_s2)

    def seen(self, found: Wait) -> dict[int, Wait]:
        """Caller -> the wait that it finds, from that of an open queue."""
        return {caller: view.of(found) for caller, (_, view) in self.views.items()}

    def mean(self, waits: dict[int, Wait]) -> Wait:
        """The wait over all that come, from what each caller finds."""
        parts = [(share, waits[caller]) for caller, (share, _) in self.views.items()]
        mean_s = sum(share * one.mean_s for share, one in parts)
        square = sum(share * ((one.variance_s2 or 0.0) + one.mean_s**2) for share, one in parts)
        return Wait(sum(share * one.probability for share, one in parts), mean_s, METHOD, max(0.0, square - mean_s**2))
