"""Metrics of failure: what a kill, or the worst single kill, does to the requests and to the other services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sysdesign_cli.analyses.metrics.base import About, Metric, Subject, Unavailable
from sysdesign_cli.engine.explained import Number
from sysdesign_cli.scenario.quantity import COUNT, SHARE

if TYPE_CHECKING:
    from sysdesign_cli.analyses.failover import BlastRadius
    from sysdesign_cli.analyses.ranking import RankingResult

# every command knows the metrics' names, and few ask for these: what works them out is imported when they do

TINY: Final = 1e-12


def _blast(subject: Subject) -> BlastRadius:
    from sysdesign_cli.analyses.failover import failover

    return failover(subject.system, subject.kill, subject.setting.workload.name).blast


def _ranking(subject: Subject) -> RankingResult:
    from sysdesign_cli.analyses.ranking import rank_kills

    return rank_kills(subject.system, subject.setting.workload.name)


def _failed_share(subject: Subject, about: About) -> Number | Unavailable:
    if not (subject.kill.services or subject.kill.zones):
        return Unavailable("needs-kill")
    blast = _blast(subject)
    parts = (("failed", blast.answer["failed"]), ("lost", blast.answer["lost"]))
    return Number(sum(number.value for _, number in parts), SHARE, "sum", parts)


def _affected_share(subject: Subject, about: About) -> Number | Unavailable:
    if not (subject.kill.services or subject.kill.zones):
        return Unavailable("needs-kill")
    blast = _blast(subject)
    return Number(1 - blast.completion["ok"].value, SHARE, "not-ok", (("ok", blast.completion["ok"]),))


def stopped_services(subject: Subject) -> list[str]:
    """Living services that fail requests, or that a dead broker cuts off from work that is there.

    A subscriber that merely starves (its publisher is dead, there is no work) is idle and does not count.
    """
    outage, system = subject.outage, subject.system
    found = []
    for index, service in enumerate(system.services):
        if (service.kind != "client" and outage.service_state(index) in ("failing", "partly-failing")) or (
            index not in outage.casualties.down and any(_cut_off(subject, h) for h in system.handlers_of[index])
        ):
            found.append(service.name)
    return found


def _cut_off(subject: Subject, handler: int) -> bool:
    outage, system = subject.outage, subject.system
    event = system.handlers[handler].event
    if event is None or system.broker_of(event) not in outage.casualties.down:
        return False
    return any(
        edge.event is event
        and outage.arriving[node.index] > 0
        and node.service not in outage.casualties.down
        and outage.answers[node.index].failed < 1 - TINY
        for node in system.handlers
        for edge in node.publishes
    )


def _others_stopped(subject: Subject, about: About) -> Number | Unavailable:
    if not (subject.kill.services or subject.kill.zones):
        return Unavailable("needs-kill")
    names = stopped_services(subject)
    return Number(len(names), COUNT, "counted", tuple((f"#{n}", name) for n, name in enumerate(names, 1)))


def _in_states(subject: Subject, *states: str) -> list[str]:
    return [s.name for i, s in enumerate(subject.system.services) if s.kind != "client" and subject.outage.service_state(i) in states]


def _others_down(subject: Subject, about: About) -> Number | Unavailable:
    if not (subject.kill.services or subject.kill.zones):
        return Unavailable("needs-kill")
    names = _in_states(subject, "failing")
    return Number(len(names), COUNT, "counted", tuple((f"#{n}", name) for n, name in enumerate(names, 1)))


def _share_of_others_idle(subject: Subject, about: About) -> Number | Unavailable:
    if not (subject.kill.services or subject.kill.zones):
        return Unavailable("needs-kill")
    idle = len(_in_states(subject, "failing", "starved", "idle"))
    others = sum(1 for i, s in enumerate(subject.system.services) if s.kind != "client" and i not in subject.outage.casualties.down)
    return Number(
        idle / max(1, others), SHARE, "part-of", (("part", Number(idle, COUNT, "counted")), ("whole", Number(others, COUNT, "counted")))
    )


def _worst_single_kill(subject: Subject, about: About) -> Number:
    ranking = _ranking(subject)
    if not ranking.kills:
        return Number(0.0, SHARE, "worst-kill")
    worst = max(ranking.kills, key=lambda kill: kill.answer["failed"] + kill.answer["lost"])
    return Number(worst.answer["failed"] + worst.answer["lost"], SHARE, "worst-kill", (("kill", worst.services[0]),))


def _mean_single_kill(subject: Subject, about: About) -> Number:
    ranking = _ranking(subject)
    total = sum(kill.answer["failed"] + kill.answer["lost"] for kill in ranking.kills)
    return Number(total / max(1, ranking.tried), SHARE, "mean-kill", (("kills", Number(ranking.tried, COUNT, "counted")),))


def _fatal_kills(subject: Subject, about: About) -> Number:
    ranking = _ranking(subject)
    names = [kill.services[0] for kill in ranking.kills if kill.answer["failed"] + kill.answer["lost"] > TINY]
    return Number(len(names), COUNT, "counted", tuple((f"#{n}", name) for n, name in enumerate(names, 1)))


FAILURE_METRICS: Final = (
    Metric("worst_single_kill", SHARE, "lower", _worst_single_kill),
    Metric("mean_single_kill", SHARE, "lower", _mean_single_kill),
    Metric("fatal_kills", COUNT, "lower", _fatal_kills),
    Metric("failed_share", SHARE, "lower", _failed_share, shown=False),
    Metric("affected_share", SHARE, "lower", _affected_share, shown=False),
    Metric("others_down", COUNT, "lower", _others_down, shown=False),
    Metric("others_stopped", COUNT, "lower", _others_stopped, shown=False),
    Metric("share_of_others_idle", SHARE, "lower", _share_of_others_idle, shown=False),
)
