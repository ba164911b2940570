"""The plain mode's kernel for one scenario: what partial evaluation leaves of ``kernel`` when the scenario's tables are known.

For each step of a handler, each call and each subscription there is a function of its own, made when it has been needed often enough
to be worth it. It carries an event as far as it is known what follows, and says who is to go on with what. Everything else, and
everything rare, the kernel does itself: both work on the same numbers, so they may take turns at any point.

What is known may change: a service dies, slows down, gets a second replica. Each function therefore remembers what it has relied on,
and is dropped when that is no longer so.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from types import CodeType
from typing import Any, Final

from sysdesign_cli.engine.simulation import kernel, layout
from sysdesign_cli.engine.simulation.program import Program
from sysdesign_cli.engine.simulation.residual import LEAVE, Code, Evaluator, Known, Leaf, TooHard, text
from sysdesign_cli.engine.simulation.residue import Block, Fork, written

#: So often a function is asked for before it is made.
WORTH_IT: Final = 60
#: Beyond so many turns of the loop a function ends, and another goes on.
_MOST_TURNS: Final = 10
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
#: Functions of the kernel that are looked into.
_EXPANDED: Final = frozenset(
    (
        *("admit", "answer", "begin_call", "begin_group", "begin_work", "deliver", "draw", "enter", "finish_root", "free", "free_core"),
        *("from_queue", "from_subscription", "give_back", "hold_back", "hold_worker", "let_go", "message_ends", "next_at_core"),
        *("note_role", "operate", "publish", "queue_up", "ready", "release", "send_message", "stack_call", "start_message"),
        *("take_record", "travel", "unanswered", "watch", "work_on_core", "worker_free"),
    )
)
_HARMLESS: Final = frozenset(("push", "run_short", "bucket", "unlink", "choose_slot", "free_slot", "instance", "keep_instance"))
_AGAIN: Final = frozenset(("unlink",))
_RARE: Final = frozenset(("n[j + RESULT] & FAILED", "not k"))


@cache
def _source() -> dict[str, ast.FunctionDef]:
    """The kernel's functions as trees."""
    tree = ast.parse(inspect.getsource(kernel))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def _constants() -> dict[str, int | float]:
    return {name: value for name, value in vars(layout).items() if name.isupper() and isinstance(value, int | float)}


def _loop(function: ast.FunctionDef) -> ast.While:
    """The loop of ``advance`` that takes one event to its end."""
    return next(node for node in ast.walk(function) if isinstance(node, ast.While) and ast.unparse(node.test) == "todo")


class _Scenario:
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
    constants = _constants()
    return {row // share + int(constants[name]) for kind, names in fields.items() for row in rows[kind] for name in names.split()}


class _Memory:
    """What is known while a function is made: ``Memory`` for the evaluator. It remembers what may change and was relied on."""

    def __init__(self, scenario: _Scenario, n: list[int], x: list[float]) -> None:
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


@cache
def _evaluated_loop() -> list[ast.stmt]:
    return _loop(_source()["advance"]).body


@dataclass(frozen=True)
class _Made:
    """A function that was made, as code, and the values it relies on. None: the kernel does as well."""

    code: CodeType | None
    relied_on: dict[tuple[str, int], int | float]


@lru_cache(maxsize=16)
def _made_before(whole: tuple[int, ...], real: tuple[float, ...]) -> dict[tuple[str, int], list[_Made]]:
    """What was made for a program already, by table and number: replications and neighbours in a sweep need the same."""
    return {}


class Specialised:
    """The kernel's ``advance`` for one machine."""

    def __init__(self, program: Program, n: list[int], x: list[float]) -> None:
        self.scenario = _Scenario(program)
        self.n, self.x = n, x
        self.made = _made_before(tuple(program.whole), tuple(program.real))
        self.relied_on: dict[tuple[str, int], set[tuple[str, int]]] = {}
        """Number -> functions that were made for its value."""
        self.values: dict[tuple[str, int], int | float] = {}
        self.tables = {name: _Table(self, name) for name in ("run", "arrive", "reply", "send", "deliver", "enter")}
        self.names: dict[str, Any] = dict(vars(kernel)) | {"n": n, "x": x} | {f"{name}_at": table for name, table in self.tables.items()}
        exec(_outer_loop(), self.names)

    def advance(self, n: Any, x: Any, agenda: Any, times: Any, flows: Any, until: float, resumed: bool) -> int:
        """As ``kernel.advance``."""
        self._drop_outdated()
        self.names["agenda"] = agenda
        found: int = self.names["advance"](n, x, agenda, times, flows, until, resumed)
        return found

    def _now(self, where: tuple[str, int]) -> int | float:
        return (self.n if where[0] == "n" else self.x)[where[1]]

    def _drop_outdated(self) -> None:
        for where in [where for where, value in self.values.items() if self._now(where) != value]:
            for table, key in self.relied_on.pop(where):
                self.tables[table].pop(key, None)
            del self.values[where]

    def make(self, table: str, key: int) -> Callable[..., Any] | None:
        """The function of one step, call, subscription or flow. None: the kernel does as well."""
        known = self.made.setdefault((table, key), [])
        found = next((one for one in known if all(self._now(where) == value for where, value in one.relied_on.items())), None)
        if found is None:
            facts = _Memory(self.scenario, self.n, self.x)
            source = _Writer(self.scenario, facts).function(table, key)
            found = _Made(compile(source, f"<{table} {key}>", "exec") if source else None, facts.relied_on)
            known.append(found)
        for where, value in found.relied_on.items():
            self.values[where] = value
            self.relied_on.setdefault(where, set()).add((table, key))
        if found.code is None:
            return None
        exec(found.code, self.names)
        made: Callable[..., Any] = self.names["made"]
        return made


class _Table(dict[int, Any]):
    """Functions by what they are for. What has not been asked for often is not there."""

    def __init__(self, owner: Specialised, name: str) -> None:
        super().__init__()
        self.owner = owner
        self.name = name
        self.asked: dict[int, int] = {}

    def __missing__(self, key: int) -> Any:
        count = self.asked[key] = self.asked.get(key, 0) + 1
        if count < WORTH_IT:
            return None
        made = self[key] = self.owner.make(self.name, key)
        return made


class _Writer:
    """Makes the source of one function."""

    def __init__(self, scenario: _Scenario, facts: _Memory) -> None:
        self.scenario = scenario
        self.evaluator = Evaluator(_source(), _constants(), facts, _EXPANDED, _HARMLESS, _AGAIN, _RARE)
        self.evaluator.turn = self._turn
        self.n = scenario.program.whole

    def function(self, table: str, key: int) -> str | None:
        block: Block = []
        try:
            getattr(self, f"_{table}")(key, block)
        except TooHard:
            return None
        words = ("now" if table == "enter" else "now, j") + ", n=n, x=x, agenda=agenda, push=push, run_short=run_short"
        return "\n".join([f"def made({words}):", *written(block)]) + "\n"

    def _start(self, block: Block, todo: int) -> Leaf:
        leaf = Leaf(block)
        leaf.names = {"todo": Known(todo), "j": Code("j", "record", is_name=True), "now": Code("now", is_name=True)}
        return leaf

    def _note(self, leaf: Leaf, variable: str, **fields: int) -> None:
        for name, value in fields.items():
            leaf.facts[variable, int(_constants()[name])] = Known(value)

    def _note_handler(self, leaf: Leaf, variable: str, handler: int) -> None:
        """What is known of a request at a handler."""
        self._note(leaf, variable, HANDLER=handler)
        scenario = self.scenario
        ways = [handler in scenario.edges, handler in scenario.roots, handler in scenario.messages]
        if sum(ways) != 1:
            return
        self._note(leaf, variable, ORIGIN=(layout.CALLED, layout.ROOT, layout.MESSAGE)[ways.index(True)])
        if ways[2]:
            self._note(leaf, variable, EDGE=scenario.messages[handler], TIMED=0)
        if ways[1]:
            self._note(leaf, variable, TIMED=0)
        if ways[0] and len(scenario.edges[handler]) == 1:
            self._note_edge(leaf, variable, scenario.edges[handler][0])

    def _note_edge(self, leaf: Leaf, variable: str, edge: int) -> None:
        self._note(leaf, variable, EDGE=edge, ORIGIN=layout.CALLED)
        if not self.n[edge + layout.C_TIMED]:
            self._note(leaf, variable, TIMED=0)

    # --- the entrances ----------------------------------------------------------------------------------------------------------------

    def _run(self, step: int, block: Block) -> None:
        leaf = self._start(block, layout.RUN)
        self._note(leaf, "j", STEP=step)
        self._note_handler(leaf, "j", self.scenario.program.handler_of[step])
        self._follow([leaf], leaf)

    def _arrive(self, step: int, block: Block) -> None:
        leaf = self._start(block, layout.ARRIVE)
        self._note(leaf, "j", STEP=step, SLOT=0)
        self._note_handler(leaf, "j", self.scenario.program.handler_of[step])
        self._follow([leaf], leaf)

    def _reply(self, edge: int, block: Block) -> None:
        leaf = self._start(block, layout.REPLY)
        self._note_edge(leaf, "j", edge)
        self._follow([leaf], leaf)

    def _send(self, edge: int, block: Block) -> None:
        leaf = self._start(block, layout.SEND)
        self._note_edge(leaf, "j", edge)
        handler = self.n[edge + layout.C_TARGET]
        self._note(leaf, "j", HANDLER=handler, STEP=self.n[handler + layout.H_ENTRY], SLOT=0, RESULT=0, TIMED=0)
        self._follow([leaf], leaf)

    def _deliver(self, subscription: int, block: Block) -> None:
        leaf = self._start(block, layout.NOTHING)
        self._note(leaf, "j", EDGE=subscription, ORIGIN=layout.MESSAGE, HANDLER=self.n[subscription + layout.U_HANDLER], TIMED=0)
        self._follow(self._do("todo = deliver(n, x, agenda, j, now)", leaf), leaf)

    def _enter(self, flow: int, block: Block) -> None:
        leaf = self._start(block, layout.NOTHING)
        leaf.names["f"] = Known(flow)
        (leaf,) = self._do("j = enter(n, x, agenda, f, now)", leaf)
        leaf.names["todo"] = Known(layout.ARRIVE)
        self._follow([leaf], leaf)

    def _do(self, statement: str, leaf: Leaf) -> list[Leaf]:
        return self.evaluator.run(ast.parse(statement).body, leaf)

    # --- the loop ---------------------------------------------------------------------------------------------------------------------

    def _follow(self, leaves: list[Leaf], start: Leaf) -> None:
        """Take every point as far as it is known what comes next, and what was to be done after that."""
        ended = [end for leaf in leaves for end in self._to_the_end(leaf)]
        for leaf in ended:
            leaf.outcome, leaf.value = "", Known(0)
            leaf.names = {"todo": Known(layout.NOTHING), "j": Code("j", "record", is_name=True), "now": leaf.names["now"]}
        for leaf in self.evaluator.join(ended, start):
            if not leaf.stack:
                leaf.block.append("return 0")
                continue
            *left, (code, record) = leaf.stack
            leaf.stack = tuple(left)
            leaf.names["todo"] = Known({layout.RUNS: layout.RUN, layout.SENDS: layout.SEND}.get(code, layout.REPLY))
            leaf.names["j"] = record
            self._follow([leaf], leaf)

    def _to_the_end(self, leaf: Leaf) -> list[Leaf]:
        """Where what is in hand has ended; where others go on, that is written."""
        if leaf.names["todo"] == Known(layout.NOTHING):
            return [leaf]
        leaf.head = 0, ""
        if not self._turn(leaf):
            return []
        before = len(leaf.block)
        backup = leaf.fork(leaf.block)
        try:
            after = self.evaluator.run(_evaluated_loop(), leaf)
        except TooHard:
            del leaf.block[before:]
            self._hand_over(backup, LEAVE)
            return []
        ended = []
        for one in after:
            ended += [one] if one.outcome == "break" else self._to_the_end(replace(one, outcome=""))
        return ended

    def _hand_over(self, leaf: Leaf, flag: int = 0) -> None:
        """Another function goes on, or the kernel."""
        todo, j = leaf.names["todo"], leaf.names["j"]
        self.evaluator.put_down(leaf)
        if isinstance(todo, Known):
            leaf.block.append(f"return {text(j)} | {int(todo.value) | flag}")
        else:
            leaf.block.append(f"return ({text(j)} | {text(todo)}) if {text(todo)} else 0")

    def _turn(self, leaf: Leaf) -> bool:
        """The kernel has come to what is to be done next. False: not enough is known to go on here."""
        todo, j = leaf.names["todo"], leaf.names["j"]
        assert isinstance(j, Code)
        if not isinstance(todo, Known) or leaf.ways >= _MOST_TURNS or not self._known(leaf, int(todo.value), j):
            self._hand_over(leaf)
            return False
        if leaf.head != (int(todo.value), j.text):
            leaf.head, leaf.repeatable, leaf.ways = (int(todo.value), j.text), True, leaf.ways + 1
            if todo.value in (layout.REPLY, layout.PASS_ON):
                self._look_at_caller(leaf, j)
            if todo.value == layout.RUN:
                self._count_on(leaf, j)
        return True

    def _count_on(self, leaf: Leaf, j: Code) -> None:
        """Nearly always nothing has gone wrong with a request, and it has its worker; else the kernel goes on."""
        step = leaf.facts[j.text, layout.STEP]
        assert isinstance(step, Known)
        handler = self.scenario.program.handler_of[int(step.value)]
        usual = {layout.RESULT: 0}
        slot = self.scenario.worker_of(handler)
        if self.n[int(step.value)] == layout.END and slot is not None:
            usual[layout.SLOT] = slot
        unknown = [(at, value) for at, value in usual.items() if (j.text, at) not in leaf.facts]
        for at, value in unknown:
            test = f"n[{j.text} + {at}]" + (f" != {value}" if value else "")
            leaf.block.append(Fork(test, [f"return {j.text} | {layout.RUN | LEAVE}"]))
            leaf.facts[j.text, at] = Known(value)

    def _known(self, leaf: Leaf, todo: int, j: Code) -> bool:
        fact = leaf.facts.get
        if todo in (layout.REPLY, layout.SEND, layout.PASS_ON):
            return isinstance(fact((j.text, layout.EDGE)), Known)
        if todo == layout.ARRIVE:
            return isinstance(fact((j.text, layout.HANDLER)), Known)
        return isinstance(fact((j.text, layout.STEP)), Known) or todo == layout.FINISH

    def _look_at_caller(self, leaf: Leaf, j: Code) -> None:
        """Who waits for a call, waits for it at one step only."""
        edge = leaf.facts[j.text, layout.EDGE]
        assert isinstance(edge, Known)
        if int(edge.value) not in self.scenario.after_call:
            return
        (statement,) = ast.parse("caller = n[j + PARENT]").body
        (leaf,) = self.evaluator.statement(statement, leaf)
        caller = leaf.names.pop("caller")
        step, alone = self.scenario.after_call[int(edge.value)]
        if isinstance(caller, Code):
            self._note(leaf, caller.text, STEP=step)
            self._note_handler(leaf, caller.text, self.scenario.program.handler_of[step])
            if alone:
                self._note(leaf, caller.text, PENDING=1)


_ASK: Final = f"""
do = (
    run_at[n[j + STEP]] if todo == RUN
    else reply_at[n[j + EDGE]] if todo == REPLY
    else arrive_at[n[j + STEP]] if todo == ARRIVE
    else send_at[n[j + EDGE]] if todo == SEND
    else None
)
if do is not None:
    todo = do(now, j)
    j = todo & {~(2 * LEAVE - 1)}
    todo &= {2 * LEAVE - 1}
    if todo < {LEAVE}:
        continue
    todo -= {LEAVE}
"""
_ASK_FIRST: Final = f"""
do = {{table}}
if do is None:
    {{instead}}
else:
    todo = do({{words}})
    if todo:
        j = todo & {~(2 * LEAVE - 1)}
        todo &= {LEAVE - 1}
    elif n[G_STACK] == stack_from:
        events += 1
        continue
"""


@cache
def _outer_loop() -> CodeType:
    """``advance`` that asks the tables before it does something itself."""
    function = ast.parse(ast.unparse(_source()["advance"])).body[0]
    assert isinstance(function, ast.FunctionDef)
    loop = _loop(function)
    loop.body = [*_statements(_ASK), *loop.body]
    for branch in ast.walk(function):
        kind = ast.unparse(branch.test) if isinstance(branch, ast.If) else ""
        if kind in _ENTRANCES:
            assert isinstance(branch, ast.If)
            table, words, own = _ENTRANCES[kind]
            instead = "; ".join(ast.unparse(part).replace("[arrival]", "[arrival - 1]") for part in branch.body[:own])
            before, after = branch.body[own:], _statements(_ASK_FIRST.format(table=table, words=words, instead=instead))
            branch.body = [*before, *after]
    tree = _Literal().visit(ast.Module([function], []))
    return compile(ast.fix_missing_locations(tree), "<advance>", "exec")


#: What has come up on the agenda -> who is asked first, and how many statements of the kernel that takes the place of.
_ENTRANCES: Final = {
    "kind == WORK_ENDS": ("run_at[n[j + STEP]]", "now, j", 1),
    "kind == ARRIVES": ("arrive_at[n[j + STEP]]", "now, j", 1),
    "kind == REPLIES": ("reply_at[n[j + EDGE]]", "now, j", 1),
    "kind == COMES": ("enter_at[arrival_flows[arrival - 1]]", "now", 2),
    "kind == DELIVERS": ("deliver_at[n[j + EDGE]]", "now, j", 1),
}


def _statements(source: str) -> list[ast.stmt]:
    """Statements that may hold a ``continue``."""
    (loop,) = ast.parse("while 1:\n" + "\n".join("    " + line for line in source.strip().split("\n"))).body
    assert isinstance(loop, ast.While)
    return loop.body


class _Literal(ast.NodeTransformer):
    """Names of constants become the constants."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = _constants().get(node.id)
        return node if value is None or not isinstance(node.ctx, ast.Load) else ast.Constant(value)
