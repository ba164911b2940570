"""sysdesign: ask a system design anything.

>>> import sysdesign_cli
>>> shop = sysdesign_cli.load("ecommerce")
>>> shop.failover(kill=["payment"]).blast.answer["failed"].value
0.0
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sysdesign_cli.api import Design

__version__ = "0.1.0"


def load(address: str, changes: Sequence[str] = ()) -> Design:
    """A scenario by bundled name, path, or either with ``@variant``. Raises ScenarioError with every problem of the file.

    changes: what ``--set`` takes, such as ``services.payment.replicas=4``.
    """
    from sysdesign_cli.api import Design

    return Design.load(address, changes)
