"""The event loop of the simulation: one source, run as it stands (plain) or compiled (``modes``).

A scenario is a program of integers here (``program``), and everything that there is stands in two long rows: ``n``, whole numbers, and
``x``, reals. A service, a call, a request is the number of the place where its fields begin in ``n``; its reals begin at half of that in
``x``. What the fields are is told in ``layout``. Nothing here draws a random number or takes a logarithm: numbers come drawn, in blocks
(``draws``), so both ways of running give the same answer to the last bit.

Functions are long, and tables are flat: this is the one place where each operation counts. What is rare (faults, autoscaling,
the shape of the day) is not here but between two calls of ``advance`` (``control``).
"""

from __future__ import annotations

import math
from heapq import heappop as pop
from heapq import heappush as push

from sysdesign_cli.engine.simulation.layout import (
    AGAIN,
    ANSWERED,
    ANSWERS,
    ARRIVE,
    ARRIVES,
    AT_CORE,
    BEST_EFFORT,
    BORN,
    BREAKER_PAUSE_S,
    BREAKER_WINDOW,
    BUCKETS,
    BUDGET_SAVED,
    C_ARMED,
    C_BAD,
    C_BREAKER,
    C_BUDGETED,
    C_CALLS,
    C_CAREFUL,
    C_DEGRADES,
    C_DENIED,
    C_FAILED,
    C_FALLBACK,
    C_HEAD,
    C_INSTEAD,
    C_OPEN,
    C_OPENED,
    C_OPTIONAL,
    C_REFUSED,
    C_RETRIED,
    C_RETRIES,
    C_SEEN,
    C_STREAM,
    C_TAIL,
    C_TARGET,
    C_TIMED,
    C_TIMEOUTS,
    C_TOLERATES,
    CACHE,
    CALL,
    CALL_SOME,
    CALLED,
    CF_BACKOFF,
    CF_BUDGET,
    CF_CHANCE,
    CF_COUNT,
    CF_JITTER,
    CF_OPEN_UNTIL,
    CF_TIMEOUT,
    CF_TOKENS,
    COMES,
    COMING,
    CONFIRMS,
    CORE_ENDS,
    DEGRADED,
    DELIVERS,
    EDGE,
    EFFECT,
    END,
    ENTERED,
    F_ANSWERED,
    F_ARRIVED,
    F_CLOSED,
    F_COMPLETED,
    F_DEGRADED,
    F_DIRECT,
    F_DUE,
    F_EFFECTS,
    F_ELSEWHERE,
    F_ENTRY,
    F_FAILED,
    F_HISTOGRAMS,
    F_LOST,
    F_OPEN,
    F_PARKED,
    F_ROLES,
    F_SPOILT,
    F_THINK,
    F_UNFINISHED,
    FAILED,
    FF_ANSWER_SUM,
    FF_AREA,
    FF_COMPLETION_SUM,
    FINISH,
    FLOW,
    G_ARRIVAL,
    G_BRANCHES,
    G_EVENTS,
    G_FREE,
    G_KEPT,
    G_STACK,
    G_STACK_FROM,
    GAVE_UP,
    GHOST,
    GIVEN_UP,
    GROUP,
    H_ENTRY,
    H_NUMBER,
    H_SERVICE,
    H_STREAM,
    HANDLER,
    IN_PATH,
    IN_TURN,
    JOURNEY,
    JUMP,
    KIND,
    L_BUSY,
    L_COMPUTING,
    L_CORE_HEAD,
    L_CORE_TAIL,
    L_CORES,
    L_HEAD,
    L_LEAVING,
    L_LENGTH,
    L_LIMIT,
    L_SERVICE,
    L_TAIL,
    LEADS,
    LOST,
    LOWEST,
    MESSAGE,
    MISSED,
    MOST_AT_ONCE,
    NEXT,
    NOTHING,
    ONE_OF,
    ORIGIN,
    P_BROKER,
    P_COUNT,
    P_FROM,
    P_MODE,
    P_STREAM,
    P_TIMES,
    PARENT,
    PARKED,
    PASS_ON,
    PAUSE,
    PENDING,
    PF_CHANCE,
    PF_COUNT,
    PUBLISH,
    RANDOM,
    RELEASE,
    REPEAT,
    REPLIES,
    REPLY,
    RESERVE,
    RESULT,
    ROOT,
    RUN,
    RUNS,
    S_ACTIVE,
    S_ACTIVE_FROM,
    S_ALONE,
    S_COLD,
    S_ENDED,
    S_FAILED,
    S_FAR,
    S_FUNCTION,
    S_IDLE,
    S_KEPT,
    S_LOSSY,
    S_POLICY,
    S_QUEUED,
    S_REFUSED,
    S_SLOT,
    S_STORED,
    S_STORED_HEAD,
    S_STORED_TAIL,
    S_STREAM,
    S_SUBSCRIPTIONS,
    S_SUBSCRIPTIONS_FROM,
    S_TURN,
    S_UP,
    SEND,
    SENDS,
    SENT,
    SF_ADDS,
    SF_BURST,
    SF_BUSY_AREA,
    SF_CONFIRMS,
    SF_CORE_AREA,
    SF_HALF_WAY,
    SF_KEEPS_WARM,
    SF_LOSS,
    SF_QUEUE_AREA,
    SF_SLOWNESS,
    SF_STARTS_IN,
    SF_TOKENS,
    SF_TOKENS_AT,
    SF_WAITED,
    SKIP_ON_HIT,
    SLOT,
    STATE,
    STEP,
    STEP_SIZE,
    STOP,
    SUB_BUCKETS,
    THOUGHT,
    TIMED,
    TIMER,
    TIMER_AFTER,
    TIMER_BEFORE,
    TRY,
    U_BROKER,
    U_COMING,
    U_DELIVERIES,
    U_DONE,
    U_DROPPED,
    U_DURABLE,
    U_HANDLER,
    U_HEAD,
    U_IN_WORK,
    U_LENGTH,
    U_LIMIT,
    U_MOST,
    U_ONCE,
    U_OVERFLOWED,
    U_PARKED,
    U_PARKS,
    U_PUBLISHED,
    U_REDELIVERED,
    U_SERVICE,
    U_TAIL,
    U_TOO_OLD,
    U_UNSENT,
    U_VANISHED,
    UF_LAG,
    UF_PAUSE,
    UF_RETENTION,
    WORK,
    WORK_ENDS,
    WORK_ON_CORE,
    Agenda,
    Numbers,
    Reals,
)


def bucket(seconds: float) -> int:
    """The bucket of a histogram that a time falls into."""
    if seconds <= 0.0:
        return 0
    fraction, exponent = math.frexp(seconds)
    place = (exponent - 1 - LOWEST) * SUB_BUCKETS + int(fraction * (2.0 * SUB_BUCKETS)) - SUB_BUCKETS
    if place < 0:
        return 0
    return place if place < BUCKETS else BUCKETS - 1


def draw(n: Numbers, x: Reals, agenda: Agenda, stream: int) -> float:
    """The next number of a stream."""
    at = n[stream]
    n[stream] = at + 1
    if at >= n[stream + 1]:
        run_short(n, x, agenda, stream)
    return x[at]


def run_short(n: Numbers, x: Reals, agenda: Agenda, stream: int) -> None:
    """A stream's numbers are nearly used up: more are wanted. Beyond the reserve the rest of an event has it again."""
    push(agenda, (-math.inf, PAUSE))
    if n[stream] >= n[stream + 1] + RESERVE:
        n[stream] = n[stream + 1]


def take_record(n: Numbers, x: Reals, agenda: Agenda) -> int:
    j = n[G_FREE]
    n[G_FREE] = n[j + NEXT]
    if j == n[G_KEPT]:
        n[G_KEPT] = 0
        push(agenda, (-math.inf, PAUSE))
    return j


def free(n: Numbers, x: Reals, agenda: Agenda, j: int) -> None:
    n[j + HANDLER] = 0
    n[j + NEXT] = n[G_FREE]
    n[G_FREE] = j


def unlink(n: Numbers, x: Reals, agenda: Agenda, j: int) -> None:
    """Take a request from the row of those whose callers watch the clock."""
    call = n[j + EDGE]
    before, after = n[j + TIMER_BEFORE], n[j + TIMER_AFTER]
    if before:
        n[before + TIMER_AFTER] = after
    else:
        n[call + C_HEAD] = after
    if after:
        n[after + TIMER_BEFORE] = before
    else:
        n[call + C_TAIL] = before
    n[j + TIMED] = 0


def let_go(n: Numbers, x: Reals, agenda: Agenda, g: int, now: float) -> None:
    """One thing less refers to a journey; with the last it is over."""
    if not g:
        return
    n[g + PENDING] -= 1
    if n[g + PENDING] > 0:
        return
    f = n[g + FLOW]
    status = n[g + RESULT]
    n[f + F_OPEN] -= 1
    if status & GAVE_UP:
        n[f + F_UNFINISHED] += 1
    elif not status & ANSWERED:
        n[f + F_DUE] -= 1
        x[(f // 2) + FF_AREA] += now
        if status & (LOST | PARKED):
            n[f + F_LOST] += 1
        else:
            n[f + F_ELSEWHERE] += 1
    elif status & LOST:
        n[f + F_SPOILT] += 1
    elif status & PARKED:
        n[f + F_PARKED] += 1
    else:
        n[f + F_COMPLETED] += 1
        if n[f + F_EFFECTS]:
            took = x[(g // 2) + BORN] - x[(g // 2) + ENTERED]
            x[(f // 2) + FF_COMPLETION_SUM] += took
            n[n[f + F_HISTOGRAMS] + BUCKETS + bucket(took)] += 1
    free(n, x, agenda, g)


def answer(n: Numbers, x: Reals, agenda: Agenda, g: int, degraded: int, now: float) -> None:
    """The user has the answer."""
    f = n[g + FLOW]
    n[g + RESULT] |= ANSWERED
    n[f + F_ANSWERED] += 1
    if degraded:
        n[f + F_DEGRADED] += 1
    n[f + F_DUE] -= 1
    took = now - x[(g // 2) + ENTERED]
    x[(f // 2) + FF_AREA] += now
    x[(f // 2) + FF_ANSWER_SUM] += took
    n[n[f + F_HISTOGRAMS] + bucket(took)] += 1
    x[(g // 2) + BORN] = now


def give_up(n: Numbers, x: Reals, agenda: Agenda, g: int, now: float) -> None:
    """The user is told no."""
    f = n[g + FLOW]
    n[g + RESULT] |= GAVE_UP
    n[f + F_FAILED] += 1
    n[f + F_DUE] -= 1
    x[(f // 2) + FF_AREA] += now


def note_role(n: Numbers, x: Reals, agenda: Agenda, j: int, now: float) -> None:
    """A handler has ended that a flow's answer or completion looks at."""
    g = n[j + JOURNEY]
    if not g or n[j + RESULT] & FAILED:
        return
    role = n[n[n[g + FLOW] + F_ROLES] + n[n[j + HANDLER] + H_NUMBER]]
    if role & ANSWERS and not n[g + RESULT] & (ANSWERED | GAVE_UP):
        answer(n, x, agenda, g, n[j + RESULT] & DEGRADED, now)
    if role & EFFECT:
        x[(g // 2) + BORN] = now


def lose(n: Numbers, x: Reals, agenda: Agenda, j: int, status: int, now: float) -> None:
    """A message will never be worked on: it is lost, or parked."""
    g = n[j + JOURNEY]
    free(n, x, agenda, j)
    if g:
        n[g + RESULT] |= status
        let_go(n, x, agenda, g, now)


def enter(n: Numbers, x: Reals, agenda: Agenda, f: int, now: float) -> int:
    """A journey begins: its first request."""
    g = take_record(n, x, agenda)
    j = take_record(n, x, agenda)
    n[f + F_ARRIVED] += 1
    n[f + F_OPEN] += 1
    n[f + F_DUE] += 1
    x[(f // 2) + FF_AREA] -= now
    n[g + FLOW] = f
    n[g + PENDING] = 1
    n[g + RESULT] = 0
    x[(g // 2) + ENTERED] = now
    x[(g // 2) + BORN] = now
    handler = n[f + F_ENTRY]
    n[j + HANDLER] = handler
    n[j + PARENT] = 0
    n[j + JOURNEY] = g
    n[j + EDGE] = 0
    n[j + STEP] = n[handler + H_ENTRY]
    n[j + PENDING] = 0
    n[j + RESULT] = 0
    n[j + SLOT] = 0
    n[j + TRY] = 0
    n[j + ORIGIN] = ROOT
    n[j + TIMED] = 0
    return j


def queue_up(n: Numbers, x: Reals, agenda: Agenda, slot: int, v: int, j: int, now: float) -> None:
    n[j + SLOT] = slot
    n[j + NEXT] = 0
    x[(j // 2) + ENTERED] = now
    tail = n[slot + L_TAIL]
    if tail:
        n[tail + NEXT] = j
    else:
        n[slot + L_HEAD] = j
    n[slot + L_TAIL] = j
    n[slot + L_LENGTH] += 1
    n[v + S_QUEUED] += 1
    x[(v // 2) + SF_QUEUE_AREA] -= now


def from_queue(n: Numbers, x: Reals, agenda: Agenda, slot: int, v: int, now: float) -> int:
    """The first of a slot's queue."""
    j = n[slot + L_HEAD]
    after = n[j + NEXT]
    n[slot + L_HEAD] = after
    if not after:
        n[slot + L_TAIL] = 0
    n[slot + L_LENGTH] -= 1
    n[v + S_QUEUED] -= 1
    x[(v // 2) + SF_QUEUE_AREA] += now
    x[(v // 2) + SF_WAITED] += now - x[(j // 2) + ENTERED]
    return j


def hold_back(n: Numbers, x: Reals, agenda: Agenda, u: int, j: int) -> None:
    """A message waits at its broker. A queue with a limit loses its oldest."""
    n[j + NEXT] = 0
    tail = n[u + U_TAIL]
    if tail:
        n[tail + NEXT] = j
    else:
        n[u + U_HEAD] = j
    n[u + U_TAIL] = j
    n[u + U_LENGTH] += 1


def from_subscription(n: Numbers, x: Reals, agenda: Agenda, u: int) -> int:
    j = n[u + U_HEAD]
    after = n[j + NEXT]
    n[u + U_HEAD] = after
    if not after:
        n[u + U_TAIL] = 0
    n[u + U_LENGTH] -= 1
    return j


def drop_old(n: Numbers, x: Reals, agenda: Agenda, u: int, now: float) -> None:
    """Messages that waited longer than their broker keeps them are lost."""
    retention = x[(u // 2) + UF_RETENTION]
    while True:
        j = n[u + U_HEAD]
        if not j or now - x[(j // 2) + BORN] <= retention:
            return
        from_subscription(n, x, agenda, u)
        n[u + U_TOO_OLD] += 1
        lose(n, x, agenda, j, LOST, now)


def next_in_line(n: Numbers, x: Reals, agenda: Agenda, slot: int, v: int, now: float) -> int:
    """Who gets a free worker of a slot: the first of its queue or of a subscription, whoever has waited longest; 0: nobody now.

    What it returns holds the worker already. After a cold start it begins by itself.
    """
    if n[slot + L_BUSY] >= n[slot + L_LIMIT] or not n[v + S_UP]:
        return 0
    best = n[slot + L_HEAD]
    since = x[(best // 2) + ENTERED] if best else math.inf
    chosen = 0
    first = n[v + S_SUBSCRIPTIONS_FROM]
    many = 0 if n[slot + L_LEAVING] else n[v + S_SUBSCRIPTIONS]
    for number in range(many):
        u = n[first + number]
        head = n[u + U_HEAD]
        if not head or n[u + U_IN_WORK] >= n[u + U_LIMIT] or not n[n[u + U_BROKER] + S_UP]:
            continue
        drop_old(n, x, agenda, u, now)
        head = n[u + U_HEAD]
        if head and x[(head // 2) + ENTERED] < since:
            since = x[(head // 2) + ENTERED]
            chosen = u
    if chosen or best:
        how = instance(n, x, agenda, v, now) if n[v + S_FUNCTION] else 1
        if how == 0:
            return 0
    if chosen:
        j = from_subscription(n, x, agenda, chosen)
        start_message(n, x, agenda, chosen, v, j, now)
    elif best:
        j = from_queue(n, x, agenda, slot, v, now)
    else:
        return 0
    hold_worker(n, x, agenda, slot, v, j, now)
    if how == 2:
        push(agenda, (now + x[(v // 2) + SF_STARTS_IN], j | RUNS))
        return 0
    return j


def start_message(n: Numbers, x: Reals, agenda: Agenda, u: int, v: int, j: int, now: float) -> None:
    n[u + U_IN_WORK] += 1
    x[(v // 2) + SF_WAITED] += now - x[(j // 2) + ENTERED]


def hold_worker(n: Numbers, x: Reals, agenda: Agenda, slot: int, v: int, j: int, now: float) -> None:
    n[j + SLOT] = slot
    n[slot + L_BUSY] += 1
    x[(v // 2) + SF_BUSY_AREA] -= now


def free_slot(n: Numbers, x: Reals, agenda: Agenda, v: int) -> int:
    """A slot of a service with a free worker; 0: all are busy."""
    first, many = n[v + S_ACTIVE_FROM], n[v + S_ACTIVE]
    turn = n[v + S_TURN]
    for number in range(many):
        place = (turn + number) % many
        slot = n[first + place]
        if n[slot + L_BUSY] < n[slot + L_LIMIT]:
            n[v + S_TURN] = (place + 1) % many
            return slot
    return 0


def instance(n: Numbers, x: Reals, agenda: Agenda, v: int, now: float) -> int:
    """A function's instance for one request. 0: none may be started now; 1: a warm one; 2: a cold start."""
    v_floats = v // 2
    slot = n[n[v + S_ACTIVE_FROM]]
    if n[slot + L_BUSY] >= n[slot + L_LIMIT]:
        return 0
    if n[slot + L_BUSY] < n[v + S_KEPT]:
        return 1
    idle = n[v + S_IDLE]
    if idle and now - x[(idle // 2) + ENTERED] <= x[v_floats + SF_KEEPS_WARM]:
        n[v + S_IDLE] = n[idle + NEXT]
        free(n, x, agenda, idle)
        return 1
    while idle:  # the one used last is too old, so all are
        after = n[idle + NEXT]
        free(n, x, agenda, idle)
        idle = after
    n[v + S_IDLE] = 0
    adds = x[v_floats + SF_ADDS]
    if adds > 0.0:
        tokens = min(x[v_floats + SF_BURST], x[v_floats + SF_TOKENS] + (now - x[v_floats + SF_TOKENS_AT]) * adds)
        x[v_floats + SF_TOKENS_AT] = now
        if tokens < 1.0:
            x[v_floats + SF_TOKENS] = tokens
            return 0
        x[v_floats + SF_TOKENS] = tokens - 1.0
    n[v + S_COLD] += 1
    return 2


def keep_instance(n: Numbers, x: Reals, agenda: Agenda, v: int, now: float) -> None:
    """An instance has nothing to do: it stays warm for a while."""
    if n[n[n[v + S_ACTIVE_FROM]] + L_BUSY] < n[v + S_KEPT] or x[(v // 2) + SF_KEEPS_WARM] <= 0.0:
        return
    idle = take_record(n, x, agenda)
    n[idle + HANDLER] = 0
    n[idle + NEXT] = n[v + S_IDLE]
    x[(idle // 2) + ENTERED] = now
    n[v + S_IDLE] = idle


def unanswered(n: Numbers, x: Reals, agenda: Agenda, j: int) -> int:
    """A request that reaches nobody. Its caller learns it from its timeout, or at once when it has none."""
    if n[j + ORIGIN] == CALLED and n[j + TIMED]:
        n[j + STATE] = GHOST
        return NOTHING
    n[j + RESULT] |= FAILED
    return FINISH if n[j + ORIGIN] == ROOT else REPLY


def note_outcome(n: Numbers, x: Reals, agenda: Agenda, call: int, failed: int, now: float) -> None:
    """What a circuit breaker learns from one try."""
    if n[call + C_OPEN] == 2:
        n[call + C_OPEN] = 1 if failed else 0
        if failed:
            x[(call // 2) + CF_OPEN_UNTIL] = now + BREAKER_PAUSE_S
        return
    if n[call + C_OPEN] == 1:
        return
    n[call + C_SEEN] += 1
    n[call + C_BAD] += failed
    if n[call + C_SEEN] >= BREAKER_WINDOW:
        if n[call + C_BAD] * 2 >= n[call + C_SEEN]:
            n[call + C_OPEN] = 1
            n[call + C_OPENED] += 1
            x[(call // 2) + CF_OPEN_UNTIL] = now + BREAKER_PAUSE_S
        n[call + C_SEEN] = 0
        n[call + C_BAD] = 0


def refused_by_breaker(n: Numbers, x: Reals, agenda: Agenda, call: int, now: float) -> int:
    if n[call + C_OPEN] == 0:
        return 0
    if n[call + C_OPEN] == 1 and now >= x[(call // 2) + CF_OPEN_UNTIL]:
        n[call + C_OPEN] = 2  # this one is the trial
        return 0
    n[call + C_REFUSED] += 1
    return 1


def after_failure(n: Numbers, x: Reals, agenda: Agenda, j: int, now: float) -> int:
    """A try of a call has failed: again, instead, without, or no more. What is to be done with the request next."""
    call = n[j + EDGE]
    if n[j + TRY] < n[call + C_RETRIES] and n[call + C_OPEN] == 0:
        allowed = 1
        if n[call + C_BUDGETED]:
            if x[(call // 2) + CF_TOKENS] >= 1.0:
                x[(call // 2) + CF_TOKENS] -= 1.0
            else:
                allowed = 0
                n[call + C_DENIED] += 1
        if allowed:
            n[call + C_RETRIED] += 1
            ready(n, x, agenda, j, call, n[j + TRY] + 1)
            pause = x[(call // 2) + CF_BACKOFF]
            if pause > 0.0:
                jitter = x[(call // 2) + CF_JITTER]
                if jitter > 0.0:
                    pause *= 1.0 + jitter * (2.0 * draw(n, x, agenda, n[call + C_STREAM]) - 1.0)
                push(agenda, (now + pause, j | SENDS))
                return NOTHING
            return SEND
    n[call + C_FAILED] += 1
    instead = n[call + C_FALLBACK]
    if instead:
        n[call + C_INSTEAD] += 1
        n[j + EDGE] = instead
        ready(n, x, agenda, j, instead, 0)
        return SEND
    if n[call + C_TOLERATES]:
        n[j + RESULT] = MISSED | DEGRADED
    elif n[call + C_OPTIONAL]:
        n[j + RESULT] = DEGRADED
    return PASS_ON


def ready(n: Numbers, x: Reals, agenda: Agenda, j: int, call: int, tries: int) -> None:
    """Make a request's record ready for a new try."""
    handler = n[call + C_TARGET]
    n[j + HANDLER] = handler
    n[j + STEP] = n[handler + H_ENTRY]
    n[j + PENDING] = 0
    n[j + RESULT] = 0
    n[j + SLOT] = 0
    n[j + TRY] = tries


def time_out(n: Numbers, x: Reals, agenda: Agenda, call: int, now: float) -> None:
    """The clock of a call rings: whose time is up fails for its caller; the work behind it goes on."""
    timeout = x[(call // 2) + CF_TIMEOUT]
    while True:
        j = n[call + C_HEAD]
        if not j:
            n[call + C_ARMED] = 0
            return
        due = x[(j // 2) + SENT] + timeout
        if due > now or n[G_STACK] - n[G_STACK_FROM] >= MOST_AT_ONCE:
            push(agenda, (due, (call // 2) | TIMER))
            return
        unlink(n, x, agenda, j)
        n[call + C_TIMEOUTS] += 1
        stand_in = j
        if n[j + STATE] != GHOST:
            stand_in = take_record(n, x, agenda)
            n[stand_in + PARENT] = n[j + PARENT]
            n[stand_in + JOURNEY] = n[j + JOURNEY]
            n[stand_in + EDGE] = call
            n[stand_in + TRY] = n[j + TRY]
            n[stand_in + ORIGIN] = CALLED
            n[stand_in + TIMED] = 0
            desert(n, x, agenda, j)
        n[stand_in + STATE] = 0
        n[stand_in + RESULT] = FAILED
        n[n[G_STACK]] = stand_in | REPLIES
        n[G_STACK] += 1


def desert(n: Numbers, x: Reals, agenda: Agenda, j: int) -> None:
    """Nobody waits for a request any more; what it does it does for nobody, and its journey is not over before."""
    n[j + PARENT] = 0
    g = n[j + JOURNEY]
    if g:
        n[g + PENDING] += 1


def publish(n: Numbers, x: Reals, agenda: Agenda, j: int, p: int, now: float) -> int:
    """Publish what step ``p`` says. 0: go on; 1: wait for the broker's confirmation; 2: the request fails."""
    many = 1
    if not n[p + P_TIMES]:
        chance = x[(p // 2) + PF_CHANCE]
        count = x[(p // 2) + PF_COUNT]
        if chance < 1.0 and draw(n, x, agenda, n[p + P_STREAM]) >= chance:
            return 0
        many = int(count)
        if count > many and draw(n, x, agenda, n[p + P_STREAM]) < count - many:
            many += 1
    broker, mode = n[p + P_BROKER], n[p + P_MODE]
    up = n[broker + S_UP]
    if not up and mode == IN_PATH:
        return 2
    first = n[p + P_FROM]
    for number in range(n[p + P_COUNT]):
        u = n[first + number]
        for _ in range(many):
            send_message(n, x, agenda, j, u, broker, mode, up, now)
    if mode == IN_PATH and many and x[(broker // 2) + SF_CONFIRMS] > 0.0:
        push(agenda, (now + x[(broker // 2) + SF_CONFIRMS], j | CONFIRMS))
        return 1
    return 0


def send_message(n: Numbers, x: Reals, agenda: Agenda, j: int, u: int, broker: int, mode: int, up: int, now: float) -> None:
    handler = n[u + U_HANDLER]
    g = n[j + JOURNEY]
    if g and not n[n[n[g + FLOW] + F_ROLES] + n[handler + H_NUMBER]] & LEADS:
        g = 0
    n[u + U_PUBLISHED] += 1
    if not up and mode == BEST_EFFORT:
        n[u + U_UNSENT] += 1
        if g:
            n[g + RESULT] |= LOST
        return
    m = take_record(n, x, agenda)
    n[m + HANDLER] = handler
    n[m + PARENT] = 0
    n[m + JOURNEY] = g
    n[m + EDGE] = u
    n[m + STEP] = n[handler + H_ENTRY]
    n[m + PENDING] = 0
    n[m + RESULT] = 0
    n[m + SLOT] = 0
    n[m + TRY] = 1
    n[m + ORIGIN] = MESSAGE
    n[m + TIMED] = 0
    x[(m // 2) + BORN] = now
    if g:
        n[g + PENDING] += 1
    if up:
        n[m + STATE] = COMING
        n[u + U_COMING] += 1
        push(agenda, (now + x[(u // 2) + UF_LAG], m | DELIVERS))
        return
    n[m + NEXT] = 0
    tail = n[broker + S_STORED_TAIL]
    if tail:
        n[tail + NEXT] = m
    else:
        n[broker + S_STORED_HEAD] = m
    n[broker + S_STORED_TAIL] = m
    n[broker + S_STORED] += 1


def deliver(n: Numbers, x: Reals, agenda: Agenda, j: int, now: float) -> int:
    """A message has come to its subscriber: it is worked on, or waits at the broker. What is to be done with it next."""
    u = n[j + EDGE]
    v = n[u + U_SERVICE]
    n[u + U_COMING] -= 1
    n[j + STEP] = n[n[j + HANDLER] + H_ENTRY]
    n[j + RESULT] = 0
    n[j + SLOT] = 0
    x[(j // 2) + ENTERED] = now
    if not n[v + S_UP] and (not n[u + U_DURABLE] or n[u + U_ONCE]):
        n[u + U_VANISHED] += 1
        lose(n, x, agenda, j, LOST, now)
        return NOTHING
    if n[v + S_UP] and n[n[u + U_BROKER] + S_UP] and not n[u + U_HEAD] and n[u + U_IN_WORK] < n[u + U_LIMIT]:
        slot = free_slot(n, x, agenda, v)
        if slot:
            how = instance(n, x, agenda, v, now) if n[v + S_FUNCTION] else 1
            if how:
                start_message(n, x, agenda, u, v, j, now)
                hold_worker(n, x, agenda, slot, v, j, now)
                if how == 1:
                    return RUN
                push(agenda, (now + x[(v // 2) + SF_STARTS_IN], j | RUNS))
                return NOTHING
    if n[u + U_MOST] > 0 and n[u + U_LENGTH] >= n[u + U_MOST]:
        oldest = from_subscription(n, x, agenda, u)
        n[u + U_OVERFLOWED] += 1
        lose(n, x, agenda, oldest, LOST, now)
    hold_back(n, x, agenda, u, j)
    return NOTHING


def message_ends(n: Numbers, x: Reals, agenda: Agenda, j: int, now: float) -> None:
    """A message has been worked on, or failed: then it comes again, is parked, or dropped."""
    u = n[j + EDGE]
    if not n[j + RESULT] & FAILED:
        n[u + U_DONE] += 1
        g = n[j + JOURNEY]
        free(n, x, agenda, j)
        let_go(n, x, agenda, g, now)
        return
    if not n[u + U_ONCE] and n[j + TRY] < n[u + U_DELIVERIES]:
        n[j + TRY] += 1
        n[u + U_REDELIVERED] += 1
        n[u + U_COMING] += 1
        push(agenda, (now + x[(u // 2) + UF_PAUSE], j | DELIVERS))
    elif n[u + U_PARKS] and not n[u + U_ONCE]:
        n[u + U_PARKED] += 1
        lose(n, x, agenda, j, PARKED, now)
    else:
        n[u + U_DROPPED] += 1
        lose(n, x, agenda, j, LOST, now)


def choose_slot(n: Numbers, x: Reals, agenda: Agenda, v: int) -> int:
    """The slot a balancer gives a request to."""
    first, many, policy = n[v + S_ACTIVE_FROM], n[v + S_ACTIVE], n[v + S_POLICY]
    if policy == RANDOM:
        return n[first + int(draw(n, x, agenda, n[v + S_STREAM]) * many)]
    turn = n[v + S_TURN]
    if turn >= many:
        turn = 0
    n[v + S_TURN] = turn + 1
    if policy == IN_TURN:
        return n[first + turn]
    best, least = -1, -1
    for number in range(many):
        place = turn + number
        slot = n[first + (place - many if place >= many else place)]
        load = 0 + n[slot + L_BUSY] + n[slot + L_LENGTH]
        if best < 0 or load < least:
            best, least = slot, load
            if load == 0:
                break
    return best


def begin_work(n: Numbers, x: Reals, agenda: Agenda, j: int, v: int, now: float) -> None:
    """Draw how long the work takes, and note its end."""
    n[j + STEP] += STEP_SIZE
    work = draw(n, x, agenda, n[n[j + HANDLER] + H_STREAM])
    push(agenda, (now + work * x[(v // 2) + SF_SLOWNESS], j | CORE_ENDS))


def release(n: Numbers, x: Reals, agenda: Agenda, j: int, now: float) -> None:
    """Give the worker back; the next in the queue, or a message, takes it."""
    slot = n[j + SLOT]
    if not slot:
        return
    n[j + SLOT] = 0
    v = n[slot + L_SERVICE]
    n[v + S_ENDED] += 1
    give_back(n, x, agenda, slot, v, now)


def give_back(n: Numbers, x: Reals, agenda: Agenda, slot: int, v: int, now: float) -> None:
    """A worker is given back where others than the slot's own queue may take it."""
    n[slot + L_BUSY] -= 1
    x[(v // 2) + SF_BUSY_AREA] += now
    worker_free(n, x, agenda, slot, v, now)


def worker_free(n: Numbers, x: Reals, agenda: Agenda, slot: int, v: int, now: float) -> None:
    """A worker has nothing to do. Who takes it begins within this event, or after a cold start."""
    if n[v + S_FUNCTION]:
        keep_instance(n, x, agenda, v, now)
    k = next_in_line(n, x, agenda, slot, v, now)
    if k:
        n[n[G_STACK]] = k | RUNS
        n[G_STACK] += 1


def partition_free(n: Numbers, x: Reals, agenda: Agenda, u: int, v: int, now: float) -> None:
    """A message has ended, and its own worker did not take the next one: another may, where the partitions were all there were."""
    if n[u + U_HEAD] and n[u + U_IN_WORK] + 1 == n[u + U_LIMIT]:
        wake(n, x, agenda, v, now)


def begin_call(n: Numbers, x: Reals, agenda: Agenda, j: int, call: int) -> int:
    """A request of record ``j`` by a call, ready to be sent."""
    k = take_record(n, x, agenda)
    n[k + PARENT] = j
    n[k + JOURNEY] = n[j + JOURNEY]
    n[k + EDGE] = call
    n[k + ORIGIN] = CALLED
    n[k + TIMED] = 0
    ready(n, x, agenda, k, call, 0)
    return k


def begin_group(n: Numbers, x: Reals, agenda: Agenda, j: int, first: int, many: int, now: float) -> None:
    """Calls made at the same time; each by its chance."""
    pending = 0
    for number in range(many - 1, -1, -1):
        call = n[first + number]
        chance = x[(call // 2) + CF_CHANCE]
        if chance < 1.0 and draw(n, x, agenda, n[call + C_STREAM]) >= chance:
            continue
        pending += 1
        k = begin_call(n, x, agenda, j, call)
        if many > MOST_AT_ONCE:
            push(agenda, (now, k | SENDS))
        else:
            n[n[G_STACK]] = k | SENDS
            n[G_STACK] += 1
    n[j + PENDING] = pending


def watch(n: Numbers, x: Reals, agenda: Agenda, j: int, call: int, now: float) -> None:
    """The caller watches the clock. All requests of one call have the same timeout, so the row is in order of their ends."""
    x[(j // 2) + SENT] = now
    n[j + TIMED] = 1
    tail = n[call + C_TAIL]
    n[j + TIMER_BEFORE] = tail
    n[j + TIMER_AFTER] = 0
    if tail:
        n[tail + TIMER_AFTER] = j
    else:
        n[call + C_HEAD] = j
    n[call + C_TAIL] = j
    if not n[call + C_ARMED]:
        n[call + C_ARMED] = 1
        push(agenda, (now + x[(call // 2) + CF_TIMEOUT], (call // 2) | TIMER))


def finish_root(n: Numbers, x: Reals, agenda: Agenda, j: int, now: float) -> None:
    """The entry handler of a journey has ended."""
    g = n[j + JOURNEY]
    f = n[g + FLOW]
    if n[j + RESULT] & FAILED:
        if not n[g + RESULT] & (ANSWERED | GAVE_UP):
            give_up(n, x, agenda, g, now)
    elif n[f + F_DIRECT]:
        answer(n, x, agenda, g, n[j + RESULT] & DEGRADED, now)
    let_go(n, x, agenda, g, now)
    if n[f + F_CLOSED]:
        n[j + FLOW] = f
        push(agenda, (now + draw(n, x, agenda, n[f + F_THINK]), j | THOUGHT))
    else:
        free(n, x, agenda, j)


def work_on_core(n: Numbers, x: Reals, agenda: Agenda, j: int, now: float) -> None:
    """Compute, or wait for a core of one's replica."""
    slot = n[j + SLOT]
    v = n[slot + L_SERVICE]
    if n[slot + L_COMPUTING] >= n[slot + L_CORES]:
        n[j + NEXT] = 0
        tail = n[slot + L_CORE_TAIL]
        if tail:
            n[tail + NEXT] = j
        else:
            n[slot + L_CORE_HEAD] = j
        n[slot + L_CORE_TAIL] = j
        return
    n[slot + L_COMPUTING] += 1
    x[(v // 2) + SF_CORE_AREA] -= now
    n[j + STATE] = AT_CORE
    begin_work(n, x, agenda, j, v, now)


def free_core(n: Numbers, x: Reals, agenda: Agenda, slot: int, now: float) -> None:
    """A core has done its work; the next in line takes it."""
    n[slot + L_COMPUTING] -= 1
    x[(n[slot + L_SERVICE] >> 1) + SF_CORE_AREA] += now
    next_at_core(n, x, agenda, slot, now)


def next_at_core(n: Numbers, x: Reals, agenda: Agenda, slot: int, now: float) -> int:
    """The first who waits for a core gets one. 0: nobody waits, or no core is free."""
    j = n[slot + L_CORE_HEAD]
    if not j or n[slot + L_COMPUTING] >= n[slot + L_CORES]:
        return 0
    after = n[j + NEXT]
    n[slot + L_CORE_HEAD] = after
    if not after:
        n[slot + L_CORE_TAIL] = 0
    work_on_core(n, x, agenda, j, now)
    return 1


def operate(n: Numbers, x: Reals, agenda: Agenda, j: int, step: int, now: float) -> int:
    """The less frequent steps of a program. RUN: go on with the next one; NOTHING: something is waited for."""
    what = n[step]
    n[j + STEP] = step + STEP_SIZE
    if what == CALL_SOME:
        call = n[step + 1]
        chance, count = x[(call // 2) + CF_CHANCE], x[(call // 2) + CF_COUNT]
        many = 0
        if chance >= 1.0 or draw(n, x, agenda, n[call + C_STREAM]) < chance:
            many = int(count)
            if count > many and draw(n, x, agenda, n[call + C_STREAM]) < count - many:
                many += 1
        n[j + REPEAT] = many
        if many == 0:
            n[j + STEP] = step + 2 * STEP_SIZE
            return RUN
        stack_call(n, x, agenda, j, call)
        return NOTHING
    if what == AGAIN:
        n[j + REPEAT] -= 1
        if n[j + REPEAT] == 0:
            return RUN
        n[j + STEP] = step
        stack_call(n, x, agenda, j, n[step + 1])
        return NOTHING
    if what == GROUP:
        begin_group(n, x, agenda, j, n[step + 1], n[step + 2], now)
        return NOTHING if n[j + PENDING] else RUN
    if what == PUBLISH:
        how = publish(n, x, agenda, j, n[step + 1], now)
        if how == 1:
            return NOTHING
        if how == 2:
            n[j + RESULT] |= FAILED
        return RUN
    if what == WORK_ON_CORE:
        n[j + STEP] = step
        work_on_core(n, x, agenda, j, now)
        return NOTHING
    if what == SKIP_ON_HIT:
        if draw(n, x, agenda, n[step + 2]) < x[step // 2]:
            n[j + STEP] = n[step + 1]
    elif what == CACHE:
        if n[j + RESULT] & MISSED:
            n[j + RESULT] &= ~MISSED
        elif draw(n, x, agenda, n[step + 2]) < x[step // 2]:
            n[j + STEP] = n[step + 1]
    elif what == ONE_OF:
        chosen = draw(n, x, agenda, n[step + 2])
        while n[step] == ONE_OF and chosen >= x[step // 2]:
            step += STEP_SIZE
        n[j + STEP] = n[step + 1]
    elif what == JUMP:
        n[j + STEP] = n[step + 1]
    elif what == RELEASE:
        release(n, x, agenda, j, now)
    else:  # NOTE
        note_role(n, x, agenda, j, now)
    return RUN


def stack_call(n: Numbers, x: Reals, agenda: Agenda, j: int, call: int) -> None:
    """One call that is made within this event."""
    n[j + PENDING] = 1
    n[n[G_STACK]] = begin_call(n, x, agenda, j, call) | SENDS
    n[G_STACK] += 1


def admit(n: Numbers, x: Reals, agenda: Agenda, j: int, v: int, now: float) -> int:
    """A request arrives where it is not just one queue: the service is dead, a function, or has a balancer."""
    if not n[v + S_UP]:
        return unanswered(n, x, agenda, j)
    slot = n[n[v + S_ACTIVE_FROM]] if n[v + S_ACTIVE] == 1 else choose_slot(n, x, agenda, v)
    if n[v + S_FUNCTION]:
        how = instance(n, x, agenda, v, now)
        if how == 0:
            n[v + S_REFUSED] += 1
            n[j + RESULT] |= FAILED
            return FINISH
        hold_worker(n, x, agenda, slot, v, j, now)
        if how == 1:
            return RUN
        push(agenda, (now + x[(v // 2) + SF_STARTS_IN], j | RUNS))
        return NOTHING
    if n[slot + L_BUSY] < n[slot + L_LIMIT]:
        hold_worker(n, x, agenda, slot, v, j, now)
        return RUN
    queue_up(n, x, agenda, slot, v, j, now)
    return NOTHING


def careful(n: Numbers, x: Reals, agenda: Agenda, j: int, call: int, now: float) -> int:
    """Ask the circuit breaker, and save for the retry budget. SEND: it may go, or what is called instead."""
    if n[call + C_BREAKER] and refused_by_breaker(n, x, agenda, call, now):
        n[j + RESULT] = FAILED
        n[j + TRY] = GIVEN_UP
        return after_failure(n, x, agenda, j, now)
    if n[call + C_BUDGETED] and n[j + TRY] == 0:
        saved = x[(call // 2) + CF_TOKENS] + x[(call // 2) + CF_BUDGET]
        x[(call // 2) + CF_TOKENS] = min(BUDGET_SAVED, saved)
    return SEND


def travel(n: Numbers, x: Reals, agenda: Agenda, j: int, v: int, now: float) -> int:
    """A request goes over a network, and may be lost there."""
    if n[v + S_LOSSY] and draw(n, x, agenda, n[v + S_STREAM]) < x[(v // 2) + SF_LOSS]:
        return unanswered(n, x, agenda, j)
    way = x[(v // 2) + SF_HALF_WAY]
    if way <= 0.0:
        return ARRIVE
    push(agenda, (now + way, j | ARRIVES))
    return NOTHING


def wake(n: Numbers, x: Reals, agenda: Agenda, v: int, now: float) -> None:
    """A service has more workers than before, or messages may be taken again: who waits begins, as far as there are workers."""
    first = n[v + S_ACTIVE_FROM]
    for number in range(n[v + S_ACTIVE]):
        slot = n[first + number]
        while True:
            busy = n[slot + L_BUSY]
            j = next_in_line(n, x, agenda, slot, v, now)
            if j:
                push(agenda, (now, j | RUNS))
            elif n[slot + L_BUSY] == busy:  # else a cold start has begun
                break


def relay(n: Numbers, x: Reals, agenda: Agenda, broker: int, now: float) -> None:
    """A broker is back: its publishers send what they have stored."""
    j = n[broker + S_STORED_HEAD]
    while j:
        after = n[j + NEXT]
        n[n[j + EDGE] + U_COMING] += 1
        push(agenda, (now + x[(n[j + EDGE] >> 1) + UF_LAG], j | DELIVERS))
        j = after
    n[broker + S_STORED_HEAD] = 0
    n[broker + S_STORED_TAIL] = 0
    n[broker + S_STORED] = 0


def advance(n: Numbers, x: Reals, agenda: Agenda, arrival_times: Reals, arrival_flows: Numbers, until: float, resumed: bool) -> int:
    """Let time pass until ``until`` (s). 1: stopped on the way, as more drawn numbers, records or room are wanted; call it again.

    arrival_times (s, in order, infinite at the end), arrival_flows: what comes from outside. The order within one moment is fixed:
    by the codes of what is on the agenda.
    """
    arrival = n[G_ARRIVAL]
    if not resumed:
        push(agenda, (until, STOP))
        if arrival_times[arrival] <= until:
            push(agenda, (arrival_times[arrival], COMES))
    stack_from = n[G_STACK_FROM]
    events = 0
    while True:
        now, code = pop(agenda)
        kind = code & KIND
        j = code - kind
        if kind == WORK_ENDS:
            todo = RUN
        elif kind == ARRIVES:
            todo = ARRIVE
        elif kind == REPLIES:
            todo = REPLY
        elif kind == COMES:
            j = enter(n, x, agenda, arrival_flows[arrival], now)
            todo = ARRIVE
            arrival += 1
            if arrival_times[arrival] <= until:
                push(agenda, (arrival_times[arrival], COMES))
        elif kind == CORE_ENDS:
            n[j + STATE] = 0
            if n[j + SLOT]:
                free_core(n, x, agenda, n[j + SLOT], now)
            todo = RUN
        elif kind == DELIVERS:
            todo = deliver(n, x, agenda, j, now)
        elif kind == TIMER:
            time_out(n, x, agenda, 2 * j, now)
            todo = NOTHING
        elif kind == THOUGHT:
            code = n[j + FLOW]
            free(n, x, agenda, j)
            j = enter(n, x, agenda, code, now)
            todo = ARRIVE
        elif kind == SENDS:
            todo = SEND if n[j + PARENT] else REPLY  # nobody may be waiting for this try any more
        elif kind == PAUSE or kind == STOP:  # noqa: SIM109 - numba makes a list of a tuple
            break
        else:  # RUNS, CONFIRMS
            todo = RUN
        events += 1
        while True:
            while todo:
                if todo == RUN:
                    step = n[j + STEP]
                    what = n[step]
                    if n[j + RESULT] & FAILED:
                        n[n[n[j + HANDLER] + H_SERVICE] + S_FAILED] += 1
                        todo = FINISH
                    elif what == WORK:
                        handler = n[j + HANDLER]
                        n[j + STEP] = step + STEP_SIZE
                        stream = n[handler + H_STREAM]
                        at = n[stream]
                        n[stream] = at + 1
                        if at >= n[stream + 1]:
                            run_short(n, x, agenda, stream)
                        push(agenda, (now + x[at] * x[(n[handler + H_SERVICE] >> 1) + SF_SLOWNESS], j))
                        break
                    elif what == END:
                        todo = FINISH
                    elif what == CALL:
                        n[j + STEP] = step + STEP_SIZE
                        n[j + PENDING] = 1
                        call = n[step + 1]
                        # as begin_call, which costs a call
                        k = n[G_FREE]
                        n[G_FREE] = n[k + NEXT]
                        if k == n[G_KEPT]:
                            n[G_KEPT] = 0
                            push(agenda, (-math.inf, PAUSE))
                        handler = n[call + C_TARGET]
                        n[k + HANDLER] = handler
                        n[k + PARENT] = j
                        n[k + JOURNEY] = n[j + JOURNEY]
                        n[k + EDGE] = call
                        n[k + STEP] = n[handler + H_ENTRY]
                        n[k + PENDING] = 0
                        n[k + RESULT] = 0
                        n[k + SLOT] = 0
                        n[k + TRY] = 0
                        n[k + ORIGIN] = CALLED
                        n[k + TIMED] = 0
                        j = k
                        todo = SEND
                    else:
                        todo = operate(n, x, agenda, j, step, now)
                        continue
                if todo == FINISH:
                    slot = n[j + SLOT]
                    if slot:
                        n[j + SLOT] = 0
                        v = n[slot + L_SERVICE]
                        n[v + S_ENDED] += 1
                        k = n[slot + L_HEAD]
                        if not n[v + S_ALONE]:
                            if n[j + ORIGIN] == MESSAGE:
                                n[n[j + EDGE] + U_IN_WORK] -= 1
                            give_back(n, x, agenda, slot, v, now)
                            if n[j + ORIGIN] == MESSAGE and n[v + S_ACTIVE] > 1:
                                partition_free(n, x, agenda, n[j + EDGE], v, now)
                        elif not k or n[slot + L_BUSY] > n[slot + L_LIMIT]:
                            n[slot + L_BUSY] -= 1
                            x[(v // 2) + SF_BUSY_AREA] += now
                        else:  # the worker goes over to the next in the queue
                            from_queue(n, x, agenda, slot, v, now)
                            n[k + SLOT] = slot
                            n[n[G_STACK]] = k | RUNS
                            n[G_STACK] += 1
                    else:
                        v = n[n[j + HANDLER] + H_SERVICE]
                        if n[j + ORIGIN] == MESSAGE:
                            n[n[j + EDGE] + U_IN_WORK] -= 1
                            partition_free(n, x, agenda, n[j + EDGE], v, now)
                    if n[j + ORIGIN] != CALLED:
                        if n[j + ORIGIN] == ROOT:
                            finish_root(n, x, agenda, j, now)
                        else:
                            message_ends(n, x, agenda, j, now)
                        break
                    if n[v + S_FAR]:
                        push(agenda, (now + x[(v // 2) + SF_HALF_WAY], j | REPLIES))
                        break
                    todo = REPLY
                if todo == REPLY or todo == PASS_ON:  # noqa: SIM109
                    if n[j + TIMED]:
                        unlink(n, x, agenda, j)
                    k = n[j + PARENT]
                    if not k:
                        let_go(n, x, agenda, n[j + JOURNEY], now)
                        free(n, x, agenda, j)
                        break
                    call = n[j + EDGE]
                    if todo == REPLY:
                        if n[call + C_BREAKER]:
                            note_outcome(n, x, agenda, call, n[j + RESULT] & FAILED, now)
                        if n[j + RESULT] & FAILED:
                            todo = after_failure(n, x, agenda, j, now)
                            if todo != PASS_ON:
                                continue
                    n[k + RESULT] |= n[j + RESULT] | n[call + C_DEGRADES]
                    n[j + HANDLER] = 0
                    n[j + NEXT] = n[G_FREE]
                    n[G_FREE] = j
                    n[k + PENDING] -= 1
                    if n[k + PENDING]:
                        break
                    j = k
                    todo = RUN
                    continue
                if todo == SEND:
                    call = n[j + EDGE]
                    n[call + C_CALLS] += 1
                    if n[call + C_CAREFUL]:
                        todo = careful(n, x, agenda, j, call, now)
                        if todo != SEND or n[j + EDGE] != call:  # or what is called instead
                            continue
                    if n[call + C_TIMED]:
                        watch(n, x, agenda, j, call, now)
                    v = n[n[j + HANDLER] + H_SERVICE]
                    todo = ARRIVE
                    if n[v + S_FAR]:
                        todo = travel(n, x, agenda, j, v, now)
                        if todo != ARRIVE:
                            continue
                if todo == ARRIVE:
                    v = n[n[j + HANDLER] + H_SERVICE]
                    slot = n[v + S_SLOT]
                    if not slot:
                        todo = admit(n, x, agenda, j, v, now) if v != n[G_BRANCHES] else RUN
                    elif n[slot + L_BUSY] < n[slot + L_LIMIT]:
                        n[j + SLOT] = slot
                        n[slot + L_BUSY] += 1
                        x[(v // 2) + SF_BUSY_AREA] -= now
                        todo = RUN
                    else:
                        queue_up(n, x, agenda, slot, v, j, now)
                        break
            top = n[G_STACK] - 1
            if top < stack_from:
                break
            n[G_STACK] = top
            code = n[top]
            kind = code & KIND
            j = code - kind
            if kind == RUNS:
                todo = RUN
            elif kind == SENDS:
                todo = SEND
            else:
                todo = REPLY
    n[G_ARRIVAL] = arrival
    n[G_EVENTS] += events
    return 1 if kind == PAUSE else 0
