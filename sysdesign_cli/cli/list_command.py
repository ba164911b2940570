"""``sysdesign list``."""

from __future__ import annotations

from collections.abc import Callable

from sysdesign_cli.cli.session import Session


def command(session: Session) -> Callable[..., int]:
    def list_scenarios(
        changes: list[str] = session.set_option(), format: str = session.format_option(), lang: str = session.lang_option()
    ) -> int:
        session.check_options(format, lang)
        from sysdesign_cli.scenario.library import bundled_names, load_scenario
        from sysdesign_cli.views.scenario_view import list_document

        names = bundled_names()
        scenarios = session.asked(lambda: [load_scenario(name, changes=changes, where_they_fit=True) for name in names])
        session.refuse_nowhere(names[0], changes, scenarios)
        session.note_changes(changes, {})
        summary = [
            {"name": s.label, "title": s.title, "services": len(s.services), "flows": len(s.flows), "variants": list(s.variants)}
            for s in scenarios
        ]
        session.present("list", summary, [list_document(scenarios, session.say)], format)
        return 0

    return list_scenarios
