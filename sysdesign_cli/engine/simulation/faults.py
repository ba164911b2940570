"""What a fault does to what is inside: work dies, messages go back, callers learn it late or never."""

from __future__ import annotations

from collections.abc import Iterable

from sysdesign_cli.engine.simulation import layout as at
from sysdesign_cli.engine.simulation.machine import Machine


def switch_off(machine: Machine, service: int) -> None:
    """A service dies with all that is in work there. What waits at a broker stays there when it is durable."""
    n = machine.look
    row = machine.program.services[service]
    n[row + at.S_UP] = 0
    n[row + at.S_SLOT] = 0
    crash(machine, service, machine.program.slots[service])
    for handler, subscription in machine.program.subscriptions.items():
        own = machine.program.system.handlers[handler].service == service
        if (own or n[subscription + at.U_BROKER] == row) and not n[subscription + at.U_DURABLE]:
            _drop_all(machine, subscription)


def switch_on(machine: Machine, service: int) -> None:
    """A service is back. What waits for it begins; a broker gets what was stored for it."""
    program, n = machine.program, machine.look
    row = program.services[service]
    n[row + at.S_UP] = 1
    settle(machine, service)
    kernel = machine.mode.kernel
    kernel.relay(machine.n, machine.x, machine.agenda, row, machine.now)
    kernel.wake(machine.n, machine.x, machine.agenda, row, machine.now)
    hearing = {n[s + at.U_SERVICE] for s in program.subscriptions.values() if n[s + at.U_BROKER] == row}
    for other in sorted(int(other) for other in hearing):
        kernel.wake(machine.n, machine.x, machine.agenda, other, machine.now)


def settle(machine: Machine, service: int) -> None:
    """Whether requests just go to the one slot of a service: it is up, has one only, and is no function."""
    n = machine.look
    row = machine.program.services[service]
    simple = n[row + at.S_UP] and n[row + at.S_ACTIVE] == 1 and not n[row + at.S_FUNCTION]
    n[row + at.S_SLOT] = n[n[row + at.S_ACTIVE_FROM]] if simple else 0


def _drop_all(machine: Machine, subscription: int) -> None:
    kernel, n = machine.mode.kernel, machine.look
    while n[subscription + at.U_HEAD]:
        j = kernel.from_subscription(machine.n, machine.x, machine.agenda, subscription)
        n[subscription + at.U_VANISHED] += 1
        kernel.lose(machine.n, machine.x, machine.agenda, j, at.LOST, machine.now)


def crash(machine: Machine, service: int, slots: Iterable[int], most: int = -1, share: float = 1.0) -> None:
    """All work in some slots of a service dies; ``most``: only so many of those in work, and nobody who waits.

    share: of its requests that hold no worker while they wait for their calls, so many die.
    """
    n, program = machine.look, machine.program
    dying = _dying(machine, service, set(slots), most, share)
    for slot in slots if most < 0 else ():
        _empty(machine, program.services[service], slot)
    for slot in slots if most >= 0 else ():
        _leave_cores(machine, slot, dying)
    machine.agenda = machine.mode.without(machine.agenda, dying)
    for j in machine.records:
        if n[j + at.PARENT] in dying and j not in dying and n[j + at.HANDLER] in machine.handler_rows:
            _desert(machine, j)
    for j in sorted(dying):
        _die(machine, j, dying, most >= 0)


def _dying(machine: Machine, service: int, slots: set[int], most: int, share: float) -> set[int]:
    n, program = machine.look, machine.program
    own = {program.handlers[h] for h in program.system.handlers_of[service]}
    dying, waiting = set(), []
    for j in machine.records:
        if n[j + at.HANDLER] not in own:
            continue
        if n[j + at.SLOT] in slots:
            dying.add(j)
        elif not n[j + at.SLOT] and n[j + at.PENDING] > 0:  # else, without a worker, it is on its way
            waiting.append(j)
    if most >= 0:
        dying = set(sorted(dying - _queued(machine, slots))[:most])
    dying |= set(waiting[: round(share * len(waiting))])
    inside = {row for row in machine.handler_rows if n[row + at.H_SERVICE] == n[at.G_BRANCHES]}
    more = True
    while more:  # what runs beside others within a handler dies with it
        found = {j for j in machine.records if n[j + at.HANDLER] in inside and n[j + at.PARENT] in dying} - dying
        dying |= found
        more = bool(found)
    return dying


def _queued(machine: Machine, slots: set[int]) -> set[int]:
    waiting = set()
    for slot in slots:
        j = machine.look[slot + at.L_HEAD]
        while j:
            waiting.add(int(j))
            j = machine.look[j + at.NEXT]
    return waiting


def _empty(machine: Machine, row: int, slot: int) -> None:
    n, x, now = machine.look, machine.x, machine.now
    x[(row // 2) + at.SF_BUSY_AREA] += now * n[slot + at.L_BUSY]
    x[(row // 2) + at.SF_CORE_AREA] += now * n[slot + at.L_COMPUTING]
    x[(row // 2) + at.SF_QUEUE_AREA] += now * n[slot + at.L_LENGTH]
    n[row + at.S_QUEUED] -= n[slot + at.L_LENGTH]
    for field in (at.L_BUSY, at.L_LENGTH, at.L_COMPUTING):
        n[slot + field] = 0
    for field in (at.L_HEAD, at.L_TAIL, at.L_CORE_HEAD, at.L_CORE_TAIL):
        n[slot + field] = 0


def _leave_cores(machine: Machine, slot: int, dying: set[int]) -> None:
    """Those who die give their cores back, or leave the row of those who wait for one."""
    n, x = machine.look, machine.x
    staying, j = [], n[slot + at.L_CORE_HEAD]
    while j:
        if j not in dying:
            staying.append(j)
        j = n[j + at.NEXT]
    n[slot + at.L_CORE_HEAD] = n[slot + at.L_CORE_TAIL] = 0
    for j in staying:
        if n[slot + at.L_CORE_TAIL]:
            n[n[slot + at.L_CORE_TAIL] + at.NEXT] = j
        else:
            n[slot + at.L_CORE_HEAD] = j
        n[slot + at.L_CORE_TAIL] = j
        n[j + at.NEXT] = 0
    computing = sum(1 for j in dying if n[j + at.SLOT] == slot and n[j + at.STATE] == at.AT_CORE)
    n[slot + at.L_COMPUTING] -= computing
    x[(n[slot + at.L_SERVICE] // 2) + at.SF_CORE_AREA] += machine.now * computing


def _forget(machine: Machine, j: int) -> None:
    """Nobody will hear of a request: neither its caller's clock nor a circuit breaker that has sent it to try."""
    n = machine.look
    if n[j + at.TIMED]:
        machine.mode.kernel.unlink(machine.n, machine.x, machine.agenda, j)
    call = n[j + at.EDGE]
    if n[call + at.C_BREAKER] and n[call + at.C_OPEN] == 2:
        n[call + at.C_OPEN] = 1


def _desert(machine: Machine, j: int) -> None:
    """Its caller is gone. What is only left of it is the caller's clock goes too."""
    n, kernel = machine.look, machine.mode.kernel
    _forget(machine, j)
    if n[j + at.STATE] == at.GHOST:
        n[j + at.STATE] = 0
        kernel.free(machine.n, machine.x, machine.agenda, j)
    else:
        kernel.desert(machine.n, machine.x, machine.agenda, j)


def _die(machine: Machine, j: int, dying: set[int], holds: bool) -> None:
    """One request or message whose worker is gone; ``holds``: its slot lives on and gets the worker's place back."""
    n, x, kernel, now = machine.look, machine.x, machine.mode.kernel, machine.now
    slot = n[j + at.SLOT]
    if slot:
        row = n[slot + at.L_SERVICE]
        n[row + at.S_CRASHED] += 1
        if holds:
            n[slot + at.L_BUSY] -= 1
            x[(row // 2) + at.SF_BUSY_AREA] += now
    n[j + at.SLOT] = 0
    n[j + at.PENDING] = 0
    n[j + at.STATE] = 0
    if n[j + at.PARENT] in dying:
        _forget(machine, j)
        kernel.free(machine.n, machine.x, machine.agenda, j)
        return
    if n[j + at.ORIGIN] == at.MESSAGE:
        subscription = n[j + at.EDGE]
        n[subscription + at.U_IN_WORK] -= 1
        if n[subscription + at.U_ONCE] or not n[subscription + at.U_DURABLE]:
            n[subscription + at.U_VANISHED] += 1
            kernel.lose(machine.n, machine.x, machine.agenda, j, at.LOST, now)
        else:
            n[subscription + at.U_COMING] += 1
            n[subscription + at.U_REDELIVERED] += 1
            kernel.push(machine.agenda, (now, j | at.DELIVERS))
        return
    n[j + at.RESULT] |= at.FAILED
    if n[j + at.ORIGIN] == at.ROOT:
        kernel.push(machine.agenda, (now, j | at.RUNS))
    elif not n[j + at.PARENT]:  # nobody waited for it
        kernel.let_go(machine.n, machine.x, machine.agenda, n[j + at.JOURNEY], now)
        kernel.free(machine.n, machine.x, machine.agenda, j)
    elif n[j + at.TIMED]:
        n[j + at.STATE] = at.GHOST
    else:
        kernel.push(machine.agenda, (now, j | at.REPLIES))
