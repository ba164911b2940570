"""The overload cascade, in English."""

from __future__ import annotations

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "failover.cascade": "What it overloads, step by step",
    "failover.strained": "with the overload below {share} of the requests fail",
    "failover.lasting": "It would not end by itself: while {service} fails, its callers' tries bring {storm} ({tries} times the usual {rate}), more than the {capacity} it can do when it is back. A fault longer than {trigger} is enough. Who retries: {callers}. A retry budget of at most {budget}, a circuit breaker, or fewer retries cure it.",
    "cascade.more-requests": "{now} reach it instead of {before}: {because} no longer answers them",
    "cascade.more-requests.alone": "{now} reach it instead of {before}",
    "cascade.fewer-replicas": "fewer replicas carry its {now}",
    "cascade.fewer-replicas.alone": "fewer replicas carry its {now}",
    "cascade.slower-calls": "its workers are held until calls to {because} time out",
    "cascade.slower-calls.alone": "its workers are held longer",
    "cascade.already": "more than it can do without the failure too",
    "cascade.already.alone": "more than it can do without the failure too",
    "failover.already": "Overloaded without any failure: {services} (sysdesign capacity says what is needed). What waits there comes late in any case.",
    "failover.once-started": "once autoscaling has started more: {replicas} replicas",
    "failover.starting": "Worked out for when autoscaling has settled ({replicas} replicas). It takes time to start them; until then more requests of {flows} fail or wait than told here. --simulate shows how many.",
    "assume.starting": "Autoscaling has settled: {service} runs {settles} replicas. When the kill comes {running} of them run, which are then asked {asked} of what they can do; what fails or waits until the others have started is not counted.",
    "formula.running-now": "replicas that run at this load, without those killed",
    "formula.settles-at": "workers that are busy after the kill / (concurrency × target)",
    "formula.asked-of-running": "rate after the kill × time held / workers of the replicas running",
    "input.running": "replicas running",
    "formula.behind-backlog": "longest queue of work after the repair / workers, what arrives meanwhile included",
    "column.step": "step",
    "column.busy-now": "asked",
    "column.busy-before": "before",
    "column.shed": "shed in the end",
    "column.why": "why",
    "assume.cascade": "Overload is followed step by step: a service serves its capacity (with all the replicas autoscaling may start) and sheds the rest; calls to something dead or overloaded take their timeouts, retries included; a circuit breaker stops asking. The times in the steps are not worked out.",
    "assume.cascade-apart": "The cascade of overload that a failure brings about is not part of a claim on states: failover shows it.",
    "formula.shed": "1 - capacity / what is asked of it",
    "formula.arriving-now": "traffic solved again without the dead, tries of failing calls included",
    "formula.storm": "traffic while every try at it fails: each call is made 1 + retries times, layer upon layer",
    "formula.tries": "tries / first calls",
    "formula.capacity": "usual rate / utilisation",
    "formula.trigger": "timeout x capacity / storm: then the queue is longer than callers wait",
    "formula.budget-needed": "capacity / usual rate - 1",
    "input.amplification": "tries for each first call",
    "input.capacity": "capacity",
}
