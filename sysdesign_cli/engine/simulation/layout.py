"""Where everything stands in the flat tables of a simulation: names for the places, and the tables themselves.

Everything stands in two rows: ``n``, whole numbers, and ``x``, reals. A thing is the number of the place where its fields begin in ``n``;
its reals begin at half of that in ``x``. A *record* is what happens in time: a request at a handler, a message, a journey, an idle
instance, a thinking user.
"""

from __future__ import annotations

from typing import Final, Protocol

# --- fields of a record (its number + field)
RECORD: Final = 16
STATE: Final = 0
HANDLER: Final = 1
PARENT: Final = 2
JOURNEY: Final = 3
EDGE: Final = 4
"""The call it came by; of a message its subscription."""
STEP: Final = 5
PENDING: Final = 6
"""Replies it waits for; of a journey what still refers to it."""
RESULT: Final = 7
SLOT: Final = 8
TRY: Final = 9
ORIGIN: Final = 10
TIMED: Final = 11
NEXT: Final = 12
TIMER_BEFORE: Final = 13
TIMER_AFTER: Final = 14
REPEAT: Final = 15

# --- fields of a journey that share places with the above
FLOW: Final = 1

# --- times of a record (half its number + field)
ENTERED: Final = 0
"""When it came to where it waits; of a journey its start; of an idle instance since when."""
SENT: Final = 1
BORN: Final = 2
"""When a message was published; of a journey when its last effect had happened."""

# --- states of a record
FREE: Final = 0
MOVING: Final = 1
QUEUED: Final = 2
WORKING: Final = 3
WAITING: Final = 4
PAUSING: Final = 5
GHOST: Final = 6
"""A request to something dead: nothing but its caller's timeout is left of it."""
HELD_BACK: Final = 7
"""A message that waits at its broker."""
COMING: Final = 8
"""A message on its way to its subscriber, or between two deliveries."""
TRAVELS: Final = 9
"""A journey."""
IDLE: Final = 10
THINKS: Final = 11
AT_CORE: Final = 12
RETURNING: Final = 13
CANCELLED: Final = 14
"""Its worker died; it goes when its place on the agenda comes up."""
STORED: Final = 15
"""A message in its publisher's outbox."""

# --- origin of a record
CALLED: Final = 0
ROOT: Final = 1
MESSAGE: Final = 2

# --- result of a record
FAILED: Final = 1
DEGRADED: Final = 2
MISSED: Final = 4
# --- status of a journey, in RESULT
ANSWERED: Final = 1
GAVE_UP: Final = 2
LOST: Final = 4
PARKED: Final = 8
POORER: Final = 16

# --- what an entry of the agenda means: its last four bits, the rest names a record or a call
WORK_ENDS: Final = 0
ARRIVES: Final = 1
REPLIES: Final = 2
TIMER: Final = 3
SENDS: Final = 4
DELIVERS: Final = 5
THOUGHT: Final = 6
CONFIRMS: Final = 7
STOP: Final = 8
RUNS: Final = 9
COMES: Final = 10
"""The next request from outside."""
CORE_ENDS: Final = 11
PAUSE: Final = 12
"""More drawn numbers, records or room on the agenda are wanted."""
KIND: Final = 15

# --- what is to be done next within one event
NOTHING: Final = 0
ARRIVE: Final = 1
RUN: Final = 2
FINISH: Final = 3
REPLY: Final = 4
SEND: Final = 5
PASS_ON: Final = 6
"""The last word on a call, for its caller."""

# --- operations of a handler's program
END: Final = 0
WORK: Final = 1
CALL: Final = 2
"""One call, once, always."""
CALL_SOME: Final = 3
"""One call with a chance or a count."""
AGAIN: Final = 4
"""After CALL_SOME: the next of several."""
GROUP: Final = 5
SKIP_ON_HIT: Final = 6
CACHE: Final = 7
"""After the call of a cache: go on behind it when it has missed or failed, else jump."""
PUBLISH: Final = 8
ONE_OF: Final = 9
JUMP: Final = 10
RELEASE: Final = 11
NOTE: Final = 12
"""A flow's answer or completion looks at this handler."""
WORK_ON_CORE: Final = 13

# --- fields of a call
CALL_SIZE: Final = 32
C_TARGET: Final = 0
C_RETRIES: Final = 1
C_FALLBACK: Final = 2
C_OPTIONAL: Final = 3
C_BREAKER: Final = 4
C_TOLERATES: Final = 5
C_STREAM: Final = 6
C_TIMED: Final = 7
C_HEAD: Final = 8
C_TAIL: Final = 9
C_ARMED: Final = 10
C_OPEN: Final = 11
"""Circuit breaker: 0 closed, 1 open, 2 one trial is out."""
C_SEEN: Final = 24
C_BAD: Final = 25
C_CALLS: Final = 14
C_RETRIED: Final = 15
C_TIMEOUTS: Final = 16
C_FAILED: Final = 17
C_INSTEAD: Final = 18
C_OPENED: Final = 19
C_REFUSED: Final = 20
"""Not made, as the circuit breaker was open."""
C_BUDGETED: Final = 21
C_DEGRADES: Final = 13
C_CAREFUL: Final = 12
"""It has a circuit breaker or a retry budget."""
C_DENIED: Final = 23
"""Retries that the budget did not allow."""

# --- reals of a call
CF_TIMEOUT: Final = 0
CF_BACKOFF: Final = 1
CF_JITTER: Final = 2
CF_BUDGET: Final = 3
CF_TOKENS: Final = 4
CF_CHANCE: Final = 5
CF_COUNT: Final = 6
CF_OPEN_UNTIL: Final = 7

# --- fields of a slot: one queue with its workers
SLOT_SIZE: Final = 16
L_BUSY: Final = 0
L_LIMIT: Final = 1
L_HEAD: Final = 2
L_TAIL: Final = 3
L_LENGTH: Final = 4
L_COMPUTING: Final = 5
L_CORES: Final = 6
L_CORE_HEAD: Final = 7
L_CORE_TAIL: Final = 8
L_SERVICE: Final = 9
L_LEAVING: Final = 10
"""Its replica goes: it finishes what it has, and takes no messages."""

# --- fields of a service
SERVICE_SIZE: Final = 32
S_ACTIVE_FROM: Final = 0
S_ACTIVE: Final = 1
S_POLICY: Final = 2
S_UP: Final = 3
S_TURN: Final = 4
S_SUBSCRIPTIONS_FROM: Final = 5
S_SUBSCRIPTIONS: Final = 6
S_FUNCTION: Final = 7
S_STREAM: Final = 11
S_IDLE: Final = 12
S_KEPT: Final = 13
"""A function's instances that are always warm."""
S_ENDED: Final = 15
S_FAILED: Final = 16
S_REFUSED: Final = 17
S_COLD: Final = 18
S_QUEUED: Final = 19
"""Requests that wait in its queues."""
S_LOSSY: Final = 20
S_STORED: Final = 22
"""Of a broker: messages in the outboxes of its publishers."""
S_STORED_HEAD: Final = 23
S_STORED_TAIL: Final = 24
S_CRASHED: Final = 25
S_ALONE: Final = 10
"""Nothing but a slot's own queue takes its workers: it is no function, and has no messages."""
S_SLOT: Final = 8
"""Where requests just go: its slot, when it has one only, is up and no function; else 0."""
S_FAR: Final = 9
"""There is a way to it, or a network that loses."""

# --- reals of a service
SF_HALF_WAY: Final = 0
SF_SLOWNESS: Final = 1
SF_LOSS: Final = 2
SF_BUSY_AREA: Final = 3
SF_QUEUE_AREA: Final = 4
SF_WAITED: Final = 5
SF_STARTS_IN: Final = 6
SF_KEEPS_WARM: Final = 7
SF_TOKENS: Final = 8
SF_TOKENS_AT: Final = 9
SF_ADDS: Final = 10
SF_BURST: Final = 11
SF_CORE_AREA: Final = 12
SF_CONFIRMS: Final = 13
SF_HELD: Final = 14

# --- how a request finds its slot
SHARED: Final = 0
RANDOM: Final = 1
IN_TURN: Final = 2
LEAST: Final = 3

# --- fields of what a handler publishes, and its reals
PUBLISH_SIZE: Final = 8
P_FROM: Final = 0
P_COUNT: Final = 1
P_BROKER: Final = 2
P_MODE: Final = 3
P_STREAM: Final = 4
P_TIMES: Final = 5
"""1: exactly once, always."""
PF_CHANCE: Final = 0
PF_COUNT: Final = 1
IN_PATH: Final = 0
OUTBOX: Final = 1
BEST_EFFORT: Final = 2

# --- fields of a subscription, and its reals
SUBSCRIPTION_SIZE: Final = 32
U_HANDLER: Final = 0
U_LIMIT: Final = 1
U_DELIVERIES: Final = 2
U_DURABLE: Final = 3
U_ONCE: Final = 4
U_PARKS: Final = 5
U_MOST: Final = 6
U_HEAD: Final = 7
U_TAIL: Final = 8
U_LENGTH: Final = 9
U_IN_WORK: Final = 10
U_BROKER: Final = 11
U_PUBLISHED: Final = 12
U_DONE: Final = 13
U_TOO_OLD: Final = 14
U_OVERFLOWED: Final = 15
U_PARKED: Final = 16
U_DROPPED: Final = 17
U_REDELIVERED: Final = 18
U_UNSENT: Final = 19
"""Lost by a publisher whose broker was away."""
U_COMING: Final = 20
"""On their way, or between two deliveries."""
U_SERVICE: Final = 21
U_VANISHED: Final = 22
"""Lost because nobody was there and nothing kept them."""
UF_LAG: Final = 0
UF_RETENTION: Final = 1
UF_PAUSE: Final = 2

# --- fields of a flow, and its reals
FLOW_SIZE: Final = 32
F_ENTRY: Final = 0
F_ARRIVED: Final = 1
F_ANSWERED: Final = 2
F_DEGRADED: Final = 3
F_FAILED: Final = 4
F_LOST: Final = 5
F_COMPLETED: Final = 6
F_PARKED: Final = 7
F_UNFINISHED: Final = 8
"""Journeys that are over without having completed: their answer failed."""
F_CLOSED: Final = 9
F_THINK: Final = 10
F_DIRECT: Final = 11
"""The entry's own end is the answer."""
F_SPOILT: Final = 12
"""Answered, and an effect was lost."""
F_ELSEWHERE: Final = 13
"""Never led to the handler that answers."""
F_OPEN: Final = 14
"""Journeys that are not over."""
F_DUE: Final = 15
"""Without their answer yet."""
F_HISTOGRAMS: Final = 17
F_ROLES: Final = 18
F_EFFECTS: Final = 16
"""Something must have happened for it to be complete."""
FF_AREA: Final = 0
FF_ANSWER_SUM: Final = 1
FF_COMPLETION_SUM: Final = 2
FF_ANSWER_SQUARES: Final = 3

# --- fields of a handler (number + field), and of a step (number + field)
HANDLER_SIZE: Final = 16
H_SERVICE: Final = 0
H_ENTRY: Final = 1
H_STREAM: Final = 2
H_NUMBER: Final = 3
STEP_SIZE: Final = 4

# --- what a handler is to a flow
LEADS: Final = 1
EFFECT: Final = 2
ANSWERS: Final = 4

# --- registers: they stand at the very beginning
REGISTERS: Final = 32
G_FREE: Final = 0
G_STACK: Final = 2
G_BRANCHES: Final = 3
"""What stands for a service where a handler does several things at once."""
G_ARRIVAL: Final = 4
G_EVENTS: Final = 5
G_STACK_FROM: Final = 7
G_MOVES: Final = 6
G_KEPT: Final = 8
"""The first of the free records that are kept; 0 when it has been taken."""

# --- histograms: 256 buckets for each doubling, from 2^-30 s (about a nanosecond) to 2^22 s (48 days)
SUB_BUCKETS: Final = 256
LOWEST: Final = -30
BUCKETS: Final = 52 * SUB_BUCKETS

#: Each stream's block ends with so many numbers in reserve. An event that draws more of one stream draws these again.
RESERVE: Final = 64
#: As many tries as there will ever be.
GIVEN_UP: Final = 1 << 20
#: Timeouts, and calls of a group, that are dealt with in one event: each may draw from the same streams.
MOST_AT_ONCE: Final = 16
#: So many free records are kept for the rest of an event: they are the last in the row, and when the first is taken, more are wanted.
KEPT_FREE: Final = 4096

#: Breakers look at so many calls, open when half of them fail, and try again after so long. Common defaults of libraries.
BREAKER_WINDOW: Final = 20
BREAKER_PAUSE_S: Final = 5.0
#: A retry budget saves up no more than so many retries.
BUDGET_SAVED: Final = 10.0


class Numbers(Protocol):
    """A list of whole numbers, or an array of them."""

    def __getitem__(self, at: int, /) -> int: ...
    def __setitem__(self, at: int, value: int, /) -> None: ...


class Reals(Protocol):
    """A list of floats, or an array of them."""

    def __getitem__(self, at: int, /) -> float: ...
    def __setitem__(self, at: int, value: float, /) -> None: ...


#: What is due: a list of pairs (time in seconds, code) kept as a heap, or the arrays of ``agenda``.
Agenda = list[tuple[float, int]]
