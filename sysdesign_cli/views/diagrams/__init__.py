"""Pictures as text or image files: a registry of formats, one module each, and one module that knows where boxes stand.

Each module has a function of its own name, ``(picture, say) -> str``; ``png`` gives bytes. Those that place boxes themselves (``PLACED``)
need the packages of the extra ``pictures`` and raise ``layout.LayoutMissing`` without them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sysdesign_cli.analyses.picture import Picture
    from sysdesign_cli.messages import Say

#: Format -> module; endings of file names are the same but for those below.
FORMATS: Final[dict[str, str]] = {"svg": "svg", "mermaid": "mermaid", "dot": "dot", "d2": "d2", "png": "png"}
ENDINGS: Final[dict[str, str]] = {"svg": "svg", "mmd": "mermaid", "mermaid": "mermaid", "dot": "dot", "gv": "dot", "d2": "d2", "png": "png"}
PLACED: Final = ("svg", "png")
#: What the extra ``pictures`` installs.
PACKAGES: Final = ("pygraphviz>=2.0,<3", "pyvips>=3,<4", "pyvips-binary>=8.16,<9")


def written(format: str, picture: Picture, say: Say) -> str | bytes:
    """The picture in a format. Raises LayoutMissing, and TooLarge for a picture that cannot be laid out."""
    module: Any = importlib.import_module(f"{__name__}.{FORMATS[format]}")
    content: str | bytes = getattr(module, FORMATS[format])(picture, say)
    return content
