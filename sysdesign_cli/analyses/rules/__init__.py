"""The rules of ``check``: one module each, listed here."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sysdesign_cli.analyses.review import Rule

#: Code -> module. Adding a rule is one new file and one line here.
MODULES: Final[dict[str, str]] = {
    "R101": "event_not_consumed",
    "R102": "event_not_published",
    "R103": "dual_write",
    "R104": "not_idempotent",
    "R105": "no_dead_letters",
    "R106": "retention_too_short",
    "R107": "silent_loss",
    "R108": "in_path_publish",
    "R109": "event_loop",
    "R110": "not_durable",
    "R201": "completion_unreachable",
    "R202": "path_differs",
    "R203": "saga_without_compensation",
    "R204": "no_objective",
    "R205": "objective_out_of_reach",
    "R206": "overloaded",
    "R301": "sync_cycle",
    "R302": "deep_call_chain",
    "R303": "no_timeout",
    "R304": "timeout_inversion",
    "R305": "retry_amplification",
    "R306": "retry_not_idempotent",
    "R307": "fallback_not_independent",
    "R308": "hard_external",
    "R309": "chatty_call",
    "R310": "cache_carries_load",
    "R401": "shared_database",
    "R402": "single_replica",
    "R403": "single_zone",
    "R404": "no_spare",
    "R405": "no_team",
    "R406": "handler_on_no_flow",
    "R407": "unused",
    "R408": "no_source",
    "R409": "several_domains",
    "R410": "no_flow",
}


def one_rule(slug: str) -> Rule:
    """A single rule, without importing the others."""
    rule: Rule = importlib.import_module(f"{__name__}.{slug.replace('-', '_')}").RULE
    return rule


def rule_named(name: str) -> str:
    """The slug for a code or a slug, in any case; "" when there is none."""
    slug = MODULES.get(name.upper(), name.lower()).replace("_", "-")
    return slug if slug in rule_slugs() else ""


@cache
def all_rules() -> dict[str, Rule]:
    """Slug -> rule, in order of their codes."""
    return {slug: one_rule(slug) for slug in rule_slugs()}


def rule_slugs() -> tuple[str, ...]:
    """Slugs without importing the rules, for reading claims."""
    return tuple(module.replace("_", "-") for module in MODULES.values())


def page(slug: str) -> str:
    """The page of a rule: the docstring of its module."""
    return (importlib.import_module(f"{__name__}.{slug.replace('-', '_')}").__doc__ or "").strip()
