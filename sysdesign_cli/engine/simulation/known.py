"""What is known of a program before it runs: which of its numbers never change, who calls whom from where, which flow comes where."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Final

from sysdesign_cli.engine.simulation import kernel, layout
from sysdesign_cli.engine.simulation.program import Program

#: Fields that never change while a program runs.
_FIXED: Final = {
    "services": "S_ACTIVE_FROM S_POLICY S_SUBSCRIPTIONS_FROM S_SUBSCRIPTIONS S_FUNCTION S_STREAM S_KEPT S_ALONE",
    "calls": "C_TARGET C_RETRIES C_FALLBACK C_OPTIONAL C_BREAKER C_TOLERATES C_STREAM C_TIMED C_BUDGETED C_DEGRADES C_CAREFUL",
    "subscriptions": "U_HANDLER U_LIMIT U_DELIVERIES U_DURABLE U_ONCE U_PARKS U_MOST U_BROKER U_SERVICE",
    "flows": "F_ENTRY F_CLOSED F_THINK F_DIRECT F_HISTOGRAMS F_ROLES F_EFFECTS",
    "handlers": "H_SERVICE H_ENTRY H_STREAM H_NUMBER",
    "publishes": "P_FROM P_COUNT P_BROKER P_MODE P_STREAM P_TIMES",
    "slots": "L_SERVICE",
}
_FIXED_REALS: Final = {
    "services": "SF_HALF_WAY SF_STARTS_IN SF_KEEPS_WARM SF_ADDS SF_BURST SF_CONFIRMS",
    "calls": "CF_TIMEOUT CF_BACKOFF CF_JITTER CF_BUDGET CF_CHANCE CF_COUNT",
    "subscriptions": "UF_LAG UF_RETENTION UF_PAUSE",
    "publishes": "PF_CHANCE PF_COUNT",
}
#: Fields that only faults and autoscaling change, between two calls of ``advance``.
_STEADY: Final = "S_ACTIVE S_UP S_SLOT S_FAR S_LOSSY"
_STEADY_REALS: Final = "SF_SLOWNESS SF_LOSS"


@cache
def kernel_functions() -> dict[str, ast.FunctionDef]:
    """The kernel's functions as trees."""
    tree = ast.parse(inspect.getsource(kernel))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def constants() -> dict[str, int | float]:
    return {name: value for name, value in vars(layout).items() if name.isupper() and isinstance(value, int | float)}


def event_loop(function: ast.FunctionDef) -> ast.While:
    """The loop of ``advance`` that takes one event to its end."""
    return next(node for node in ast.walk(function) if isinstance(node, ast.While) and ast.unparse(node.test) == "todo")


class KnownProgram:
    """What never changes of a program: which numbers are fixed, who calls whom from where, which flow comes where."""

    def __init__(self, program: Program) -> None:
        self.program = program
        n = program.whole
        rows = {
            "services": [*program.services, n[layout.G_BRANCHES], program.nowhere],
            "calls": [row for row, _, _ in program.calls],
            "subscriptions": list(program.subscriptions.values()),
            "flows": list(program.flows.values()),
            "handlers": program.handlers,
            "publishes": program.publishes,
            "slots": [slot for slots in program.slots for slot in slots],
        }
        self.fixed = _places(_FIXED, rows) | {layout.G_BRANCHES}
        self.fixed |= {place for start, count in program.lists for place in range(start, start + count)}
        self.fixed |= {step + offset for step in program.handler_of for offset in range(layout.STEP_SIZE)}
        self.fixed_reals = _places(_FIXED_REALS, rows, 2) | {step // 2 for step in program.handler_of}
        self.steady = _places({"services": _STEADY}, rows)
        self.steady_reals = _places({"services": _STEADY_REALS}, rows, 2)
        self.slots = dict(zip(program.services, program.slots, strict=True))
        self.after_call: dict[int, tuple[int, bool]] = {}
        """Call -> the step at which its caller goes on, and whether it waits for this one alone."""
        self.behind: dict[int, set[int]] = {}
        """Handler -> those it calls or sends messages to."""
        self.letting_go = {handler for step, handler in program.handler_of.items() if n[step] == layout.RELEASE}
        for step, handler in program.handler_of.items():
            self._step(step, handler)
        self.edges: dict[int, list[int]] = {}
        """Handler -> the calls that lead to it."""
        for row, _, _ in program.calls:
            self.edges.setdefault(n[row + layout.C_TARGET], []).append(row)
        self.roots = {n[row + layout.F_ENTRY] for row in program.flows.values()}
        self.messages = {n[row + layout.U_HANDLER]: row for row in program.subscriptions.values()}
        self.flows = self._flows()

    def _step(self, step: int, handler: int) -> None:
        n = self.program.whole
        what, argument = n[step], n[step + 1]
        calls = (
            [argument] if what in (layout.CALL, layout.CALL_SOME) else n[argument : argument + n[step + 2]] if what == layout.GROUP else []
        )
        behind = self.behind.setdefault(handler, set())
        while calls:
            call = calls.pop()
            self.after_call[call] = step + layout.STEP_SIZE, what != layout.GROUP
            behind.add(n[call + layout.C_TARGET])
            if n[call + layout.C_FALLBACK]:
                calls.append(n[call + layout.C_FALLBACK])
        if what == layout.PUBLISH:
            first = n[argument + layout.P_FROM]
            behind |= {n[row + layout.U_HANDLER] for row in n[first : first + n[argument + layout.P_COUNT]]}

    def worker_of(self, handler: int) -> int | None:
        """The slot whose worker a request at a handler holds to its end, 0 for none; None: one of several, or not to the end."""
        service = self.program.whole[handler + layout.H_SERVICE]
        slots = self.slots.get(service)
        if slots is None:
            return 0
        return slots[0] if len(slots) == 1 and handler not in self.letting_go else None

    def _flows(self) -> dict[int, set[int]]:
        """Handler -> flows whose journeys come there."""
        found: dict[int, set[int]] = {}
        for flow in self.program.flows.values():
            open_, seen = [self.program.whole[flow + layout.F_ENTRY]], set()
            while open_:
                handler = open_.pop()
                if handler not in seen:
                    seen.add(handler)
                    found.setdefault(handler, set()).add(flow)
                    open_ += self.behind.get(handler, ())
        return found


def _places(fields: dict[str, str], rows: dict[str, list[int]], share: int = 1) -> set[int]:
    found = constants()
    return {row // share + int(found[name]) for kind, names in fields.items() for row in rows[kind] for name in names.split()}


class Memory:
    """What is known while a function is made: ``Memory`` for the evaluator. It remembers what may change and was relied on."""

    def __init__(self, scenario: KnownProgram, n: list[int], x: list[float]) -> None:
        self.scenario = scenario
        self.n, self.x = n, x
        self.relied_on: dict[tuple[str, int], int | float] = {}

    def whole(self, place: int) -> int | None:
        if place in self.scenario.steady:
            self.relied_on["n", place] = self.n[place]
            return self.n[place]
        return self.n[place] if place in self.scenario.fixed else None

    def real(self, place: int) -> float | None:
        if place in self.scenario.steady_reals:
            self.relied_on["x", place] = self.x[place]
            return self.x[place]
        return self.x[place] if place in self.scenario.fixed_reals else None

    def slot_of(self, handler: int) -> tuple[int, int]:
        service = self.n[handler + layout.H_SERVICE]
        slots = self.scenario.slots.get(service)
        return (0, 0) if slots is None else (slots[0] if len(slots) == 1 else 0, service)

    def flow_of(self, handler: int) -> int:
        flows = self.scenario.flows.get(handler, set())
        return next(iter(flows)) if len(flows) == 1 else 0
