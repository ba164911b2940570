"""Pages about rules, problems, metrics and terms."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from sysdesign_cli.analyses.rules import all_rules, one_rule, page, rule_named
from sysdesign_cli.messages import Say
from sysdesign_cli.scenario.problems import CODES, nearest
from sysdesign_cli.views.document import Branch, Code, Document, Heading, Tree


@dataclass(frozen=True)
class Page:
    """A page as a document, and as data for JSON."""

    document: Document
    data: dict[str, str]


def _texts(module: str, say: Say) -> dict[str, str]:
    loaded = importlib.import_module(f"sysdesign_cli.messages.{module}_{say.language}")
    texts: dict[str, str] = getattr(loaded, "TERMS", None) or loaded.PAGES
    return texts


def _rule_page(slug: str, say: Say) -> str:
    return page(slug) if say.language == "en" else _texts("rules", say).get(slug, page(slug))


def find_page(name: str, say: Say) -> Page | None:
    """The page about a rule (code or name), a problem code, a metric or a term; None when there is none."""
    wanted = name.strip()
    low = wanted.lower().replace(" ", "-")
    if slug := rule_named(wanted):
        rule = one_rule(slug)
        heading = f"{rule.code} {rule.slug} · {say(f'severity.{rule.severity}')}"
        return _page(heading, say(f"rule.{rule.slug}"), _with_term(_rule_page(rule.slug, say), low, say), name=rule.slug, code=rule.code)
    for code, slug in CODES.items():
        if wanted.upper() == code or low == slug:
            return _page(f"{code} {slug}", "", _texts("problems", say)[slug], name=slug, code=code)
    if say.maybe(f"metric.{low.replace('-', '_')}"):
        from sysdesign_cli.analyses.metrics import METRICS

        metric = METRICS[low.replace("-", "_")]
        facts = say("explain.metric", unit=metric.unit, better=say(f"explain.better-{metric.better}"))
        text = say(f"metric.{metric.id}.definition") + f"\n\n({facts})"
        return _page(metric.id, say(f"metric.{metric.id}"), _with_term(text, low, say), name=metric.id)
    terms = _texts("terms", say)
    return _page(low, "", terms[low], name=low) if low in terms else None


def _with_term(text: str, name: str, say: Say) -> str:
    """A term of the same name adds its page."""
    term = _texts("terms", say).get(name.replace("_", "-"), "")
    return f"{text}\n\n{term}" if term else text


def _page(heading: str, note: str, text: str, **data: str) -> Page:
    return Page(Document().add(Heading(heading, note), Code(text)), {**data, "title": note, "text": text})


def near_pages(name: str, say: Say) -> tuple[str, ...]:
    """Pages with names like this one."""
    from sysdesign_cli.analyses.metrics import METRICS

    known = [*all_rules(), *(rule.code for rule in all_rules().values()), *CODES, *CODES.values(), *METRICS, *_texts("terms", say)]
    return nearest(name, known)


def pages_document(say: Say) -> Document:
    """All pages, by kind."""
    from sysdesign_cli.analyses.metrics import METRICS

    rules = tuple(Branch(f"{rule.code} {rule.slug}", say(f"rule.{rule.slug}")) for rule in all_rules().values())
    problems = tuple(Branch(f"{code} {slug}") for code, slug in CODES.items())
    metrics = tuple(Branch(metric, say(f"metric.{metric}")) for metric in METRICS)
    terms = tuple(Branch(term) for term in _texts("terms", say))
    return Document().add(
        Tree(rules, say("explain.rules")),
        Tree(problems, say("explain.problems")),
        Tree(metrics, say("explain.metrics")),
        Tree(terms, say("explain.terms")),
    )
