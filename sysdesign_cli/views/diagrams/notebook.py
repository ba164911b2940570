"""A picture that shows itself in a notebook."""

from __future__ import annotations

from dataclasses import dataclass

from sysdesign_cli.analyses.picture import Picture
from sysdesign_cli.messages import Say
from sysdesign_cli.views.diagrams import PACKAGES, written
from sysdesign_cli.views.diagrams.layout import LayoutMissing, TooLarge, available


@dataclass(frozen=True, repr=False)
class Drawn(Picture):
    """A picture, and how it looks: as the last thing of a notebook's cell it is drawn."""

    language: str = "en"

    def svg(self) -> str:
        """The drawing as SVG. Raises LayoutMissing, TooLarge."""
        from sysdesign_cli.views.diagrams.svg import svg

        return svg(self, Say(self.language))

    def written(self, format: str) -> str | bytes:
        """The drawing as ``svg``, ``mermaid``, ``dot``, ``d2`` or ``png``. Raises LayoutMissing, TooLarge; KeyError for another format."""
        return written(format, self, Say(self.language))

    def _repr_svg_(self) -> str | None:
        try:
            return self.svg()
        except (LayoutMissing, TooLarge):
            return None  # the notebook then shows the words below

    def __repr__(self) -> str:
        if not available():
            return f"<{self.view} of {self.scenario}: to see it, pip install {' '.join(map(repr, PACKAGES))}>"
        return f"<{self.view} of {self.scenario}: {len(self.boxes)} boxes, {len(self.arrows)} arrows>"
