"""The templates of pages: HTML with Jinja, everything that is filled in escaped unless a template says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sysdesign_cli.views.document import Code, Heading, Note, Table, Tree, clean

if TYPE_CHECKING:
    from jinja2 import Environment


class TemplatesMissing(Exception):
    """The package that fills the templates is not installed."""


@cache
def resource(name: str) -> str:
    """A file of this package: a template, the style sheet, the script."""
    return files("sysdesign_cli.views.report").joinpath(name).read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """The templates, everything in them escaped unless it says otherwise. Raises TemplatesMissing."""
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError:
        raise TemplatesMissing from None
    made = Environment(loader=FunctionLoader(resource), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(_filters())
    made.tests.update(_tests())
    return made


def _filters() -> dict[str, Callable[..., object]]:
    """``plain``: text without control characters, still to be escaped."""
    return {"plain": clean}


def _tests() -> dict[str, Callable[[object], bool]]:
    """Kinds of blocks."""
    return {
        "table": lambda block: isinstance(block, Table),
        "tree": lambda block: isinstance(block, Tree),
        "note": lambda block: isinstance(block, Note),
        "code": lambda block: isinstance(block, Code),
        "heading": lambda block: isinstance(block, Heading),
    }
