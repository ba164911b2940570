"""``sysdesign verify SCENARIO``."""

from __future__ import annotations

from collections.abc import Callable

from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    def verify(
        scenarios: list[str] = session.scenarios_argument(),
        changes: list[str] = session.set_option(),
        why: bool = session.why_option(),
        why_of: str = session.why_of_option(),
        format: str = session.format_option(),
        watch: bool = session.watch_option(),
        lang: str = session.lang_option(),
    ) -> int:
        session.check_options(format, lang)
        return session.repeated(watch, scenarios, lambda session: _once(session, scenarios, changes, format, why, why_of), format)

    return verify


def _once(session: Session, scenarios: list[str], changes: list[str], format: str, why: bool, why_of: str) -> int:
    from sysdesign_cli.views.verify_view import verify_document, verify_rows

    designs = session.load_each(scenarios, changes)
    results = session.asked(lambda: [design.verify() for design in designs])
    sources = {name: source for design in designs for name, source in design.sources.items()} if why else {}
    rows = format == "csv"
    documents = [verify_rows(results, session.say)] if rows else [verify_document(result, session.say) for result in results]
    session.present("verify", results, documents, format, why=why and not rows, why_of=why_of, sources=sources)
    return 1 if any(result.count("does-not-hold") for result in results) else 0
