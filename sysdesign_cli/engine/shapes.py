"""How often an answer fails, for those who ask hundreds of times with other numbers of replicas.

What services have in common are the zones. While it is known which zones are down, services fail independently of each other, so a
flow's structure is taken apart once, with one event for each service, and worked out for every set of zones that may be down at a time
(Shannon's decomposition). All terms are positive, so no digits are lost.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from sysdesign_cli.engine.factoring import Factored, factored, probability
from sysdesign_cli.engine.structure import Structures, Supply, down_name, down_while, in_turn, zone_unavailability
from sysdesign_cli.engine.system import System

#: Sets of more zones than these are too many.
_MOST_ZONES: Final = 8
#: Up to so many sets of zones are worked out one by one.
_FEW: Final = 8


@dataclass(frozen=True)
class _Kept:
    """A flow taken apart. events: place of a service among those that the flow passes -> its failure, where it matters. zones: every
    set that may be down, and its chance.
    """

    factored: Factored
    events: dict[int, int]
    zones: list[tuple[frozenset[str], float]]

    def failing(self, system: System, supply: Mapping[int, Supply], services: Sequence[int]) -> float:
        dead = [zones for zones, _ in self.zones]
        passed = [services[place] for place in self.events]
        columns = [down_while(system, system.services[service], supply[service], dead) for service in passed]
        events = list(self.events.values())
        if len(self.zones) > _FEW:
            failing = self.factored.probabilities(dict(zip(events, columns, strict=True)))
        else:
            rows = zip(*columns, strict=True)
            failing = [self.factored.under(dict(zip(events, row, strict=True))).probability() for row in rows]
        return sum(weight * one for (_, weight), one in zip(self.zones, failing, strict=True))


class Shapes:
    """Unavailabilities of the answers of flows."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, _Kept | None] = {}

    def failing(self, key: Hashable, structures: Structures, entry: int, awaited: Sequence[int], services: Sequence[int]) -> float:
        """Unavailability of the answer of a flow by its entry. Raises TooLarge.

        key: the same for flows that differ in the supply of their services alone; None keeps nothing. services: those that it passes,
        in the same order for the same key; systems may number them differently.
        """
        if key is not None and key not in self._kept:
            self._kept[key] = _taken_apart(structures, entry, awaited, services)
        kept = None if key is None else self._kept[key]
        if kept is not None:
            return kept.failing(structures.system, structures.supply, services)
        tree, top, _ = structures.answer(entry, awaited)
        return probability(tree, top)


def _taken_apart(structures: Structures, entry: int, awaited: Sequence[int], services: Sequence[int]) -> _Kept | None:
    """None where there are many zones, or it matters for how long something is down."""
    system = structures.system
    zones = sorted({zone for service in services for zone in in_turn(system, system.services[service]) if zone})
    tree, top, at_once = structures.answer(entry, awaited, in_one=True)
    if len(zones) > _MOST_ZONES or not at_once:
        return None
    found = factored(tree, top)
    known = found.tree.events
    named = [down_name(system.services[service]) for service in services]
    events = {place: known[name] for place, name in enumerate(named) if name in known}
    if not events:
        return None
    q = zone_unavailability(system)
    sets = []
    for down in product((False, True), repeat=len(zones)):
        weight = 1.0
        for one in down:
            weight *= q if one else 1 - q
        sets.append((frozenset(zone for zone, one in zip(zones, down, strict=True) if one), weight))
    return _Kept(found, events, sets)
