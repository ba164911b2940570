"""The plain mode's kernel for one scenario: what partial evaluation leaves of ``kernel`` when the scenario's tables are known.

For each step of a handler, each call and each subscription there is a function of its own, made when it has been needed often enough
to be worth it. It carries an event as far as it is known what follows, and says who is to go on with what. Everything else, and
everything rare, the kernel does itself: both work on the same numbers, so they may take turns at any point.

What is known may change: a service dies, slows down, gets a second replica. Each function therefore remembers what it has relied on,
and is dropped when that is no longer so.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from types import CodeType
from typing import Any, Final

from sysdesign_cli.engine.simulation import kernel
from sysdesign_cli.engine.simulation.known import KnownProgram, Memory, constants, event_loop, kernel_functions
from sysdesign_cli.engine.simulation.program import Program
from sysdesign_cli.engine.simulation.residual import LEAVE
from sysdesign_cli.engine.simulation.writer import Writer

#: So often a function is asked for before it is made.
WORTH_IT: Final = 60


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
        self.scenario = KnownProgram(program)
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
            facts = Memory(self.scenario, self.n, self.x)
            source = Writer(self.scenario, facts).function(table, key)
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
    function = ast.parse(ast.unparse(kernel_functions()["advance"])).body[0]
    assert isinstance(function, ast.FunctionDef)
    loop = event_loop(function)
    loop.body = [*_statements(_ASK), *loop.body]
    for branch in ast.walk(function):
        kind = ast.unparse(branch.test) if isinstance(branch, ast.If) else ""
        if kind in _ENTRANCES:
            assert isinstance(branch, ast.If)
            table, words, own = _ENTRANCES[kind]
            instead = "; ".join(ast.unparse(part).replace("[arrival]", "[arrival - 1]") for part in branch.body[:own])
            before, after = branch.body[own:], _statements(_ASK_FIRST.format(table=table, words=words, instead=instead))
            branch.body = [*before, *after]
    outer = next(node for node in function.body if isinstance(node, ast.While))
    taken, *asked, counted, inner = outer.body
    (quick,) = _statements(_FIRST_OF_ALL)
    assert isinstance(quick, ast.If)
    quick.orelse = asked
    outer.body = [taken, quick, counted, inner]
    tree = _Literal().visit(ast.Module([function], []))
    return compile(ast.fix_missing_locations(tree), "<advance>", "exec")


#: What has come up on the agenda -> who is asked first, and how many statements of the kernel that takes the place of.
_ENTRANCES: Final = {
    "kind == ARRIVES": ("arrive_at[n[j + STEP]]", "now, j", 1),
    "kind == REPLIES": ("reply_at[n[j + EDGE]]", "now, j", 1),
    "kind == COMES": ("enter_at[arrival_flows[arrival - 1]]", "now", 2),
    "kind == DELIVERS": ("deliver_at[n[j + EDGE]]", "now, j", 1),
}
#: The most frequent case of all, before anything else is asked: work has ended.
_FIRST_OF_ALL: Final = f"""
if not code & KIND and (do := run_at[n[code + STEP]]) is not None:
    todo = do(now, code)
    if not todo and n[G_STACK] == stack_from:
        events += 1
        continue
    j = todo & {~(2 * LEAVE - 1)}
    todo &= {LEAVE - 1}
"""


def _statements(source: str) -> list[ast.stmt]:
    """Statements that may hold a ``continue``."""
    (loop,) = ast.parse("while 1:\n" + "\n".join("    " + line for line in source.strip().split("\n"))).body
    assert isinstance(loop, ast.While)
    return loop.body


class _Literal(ast.NodeTransformer):
    """Names of constants become the constants."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = constants().get(node.id)
        return node if value is None or not isinstance(node.ctx, ast.Load) else ast.Constant(value)
