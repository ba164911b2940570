"""A number that answers for itself: value, unit, formula, and the numbers it was made of."""

from __future__ import annotations

from dataclasses import dataclass

from sysdesign_cli.scenario.quantity import Figure

EXACT = "exact"
APPROXIMATION = "approximation"
BOUND = "bounded"
AT_LEAST = "at-least"


@dataclass(frozen=True)
class Number:
    """One result.

    value: SI units. formula: key of the message ``formula.<key>`` that states how it is made. inputs: (label, what it is made
    of), each a Number, a Figure of the scenario or a text; the label is the key ``input.<label>`` or a name of the scenario.
    method: ``exact`` (follows from the model without approximation), ``approximation``, ``bounded`` (at most) or
    ``at-least``.
    """

    value: float
    unit: str
    formula: str = ""
    inputs: tuple[tuple[str, Number | Figure | str], ...] = ()
    method: str = EXACT
    note: str = ""

    def __float__(self) -> float:
        return float(self.value)
