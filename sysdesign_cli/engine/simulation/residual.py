"""Partial evaluation of the kernel's source: what is left of it when a scenario's numbers are known.

The plain mode spends most of its time asking what stands in tables that never change: which service a handler belongs to, whether a
call has a timeout, which step follows. Here the functions of ``kernel`` are read as syntax trees and run with known values as far as
these go; what depends on the moment is written down as new source. The kernel stays the one place that says what happens.

The way is that of an online partial evaluator (Jones, Gomard and Sestoft, Partial Evaluation and Automatic Program Generation, 1993,
chapters 4 and 7): values are known or the names of residual variables, which are assigned once; branches that nobody can decide yet are
both followed and joined again where they agree; what is known of the fields of records is kept as long as nothing can have changed it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from sysdesign_cli.engine.simulation.residue import Bind, Block, Fork, Store

Scalar = int | float


class TooHard(Exception):
    """Nothing is gained by evaluating this: it stays a call of the kernel."""


@dataclass(frozen=True)
class Known:
    """A value that is known now."""

    value: Scalar


@dataclass(frozen=True)
class Code:
    """A value that is known later, as an expression: what a variable is called, or what is to be read."""

    text: str
    kind: str = ""
    """Of a variable: ``record``, ``journey`` or ``slot``; only these have fields that are looked after."""
    only: int = 0
    """Either 0 or this."""
    service: int = 0
    """Of a slot: whose it is."""
    where: tuple[str, int] | None = None
    """The field of a record that was read."""
    is_name: bool = False


Value = Known | Code


class Memory(Protocol):
    """What is known of a scenario's two rows of numbers, and of the records in them."""

    def whole(self, place: int) -> int | None: ...
    def real(self, place: int) -> float | None: ...
    def slot_of(self, handler: int) -> tuple[int, int]:
        """The one slot (0: there are several) and the service of a handler."""

    def flow_of(self, handler: int) -> int:
        """The one flow whose journeys come to a handler; 0: there are several."""


#: What a variable of the kernel stands for, by its name.
_KINDS: Final = {"g": "journey", "slot": "slot"} | dict.fromkeys(
    ("j", "k", "m", "stand_in", "caller", "tail", "head", "before", "after", "idle", "oldest", "best"), "record"
)
_BINARY: Final[dict[type[ast.operator], tuple[str, Callable[[Scalar, Scalar], Scalar]]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.BitOr: ("|", lambda a, b: int(a) | int(b)),
    ast.BitAnd: ("&", lambda a, b: int(a) & int(b)),
    ast.RShift: (">>", lambda a, b: int(a) >> int(b)),
    ast.LShift: ("<<", lambda a, b: int(a) << int(b)),
}
_COMPARE: Final[dict[type[ast.cmpop], tuple[str, Callable[[Scalar, Scalar], bool]]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_PURE: Final = {"int", "min", "max", "math.frexp"}


@dataclass
class Leaf:
    """A point that is reached: where source is written, and what is known there."""

    block: Block
    names: dict[str, Value] = field(default_factory=dict)
    facts: dict[tuple[str, int], Value] = field(default_factory=dict)
    """(variable of a record, field) -> what stands there."""
    apart: frozenset[frozenset[str]] = frozenset()
    """Pairs of variables that never are the same record."""
    fresh: frozenset[str] = frozenset()
    """Records just taken: no other variable is one of them."""
    repeatable: bool = True
    """Nothing has been changed since the head of the loop, so one may as well begin there again."""
    head: tuple[int, str] = (0, "")
    """What was to be done at the head of the loop, and with whom."""
    ways: int = 0
    """Turns of the loop so far."""
    stack: tuple[tuple[int, Code], ...] = ()
    """What is to be done within this event when what is in hand has ended, the last first: (code, record)."""
    outcome: str = ""
    value: Value = Known(0)

    def fork(self, block: Block) -> Leaf:
        return replace(self, block=block, names=dict(self.names), facts=dict(self.facts))


class Evaluator:
    """Runs functions of the kernel as far as they are known, and writes down what is left."""

    def __init__(
        self,
        functions: Mapping[str, ast.FunctionDef],
        constants: Mapping[str, Scalar],
        memory: Memory,
        expanded: frozenset[str],
        harmless: frozenset[str],
        again: frozenset[str],
        rare: frozenset[str],
    ) -> None:
        """expanded: functions that are looked into; all others are called. harmless: those called that change nothing of a record that
        is looked at. again: those that may as well be called twice. rare: tests that hardly ever come true; what follows then is left to
        the kernel, where one may begin again.
        """
        self.functions = functions
        self.constants = constants
        self.memory = memory
        self.expanded = expanded
        self.harmless = harmless
        self.again = again
        self.rare = rare
        self.turn: Callable[[Leaf], bool] = lambda leaf: True
        """Asked wherever the kernel comes to what is to be done next; false: nothing more is written there."""
        self._count = 0

    def name(self, base: str) -> str:
        self._count += 1
        return f"{base}_{self._count}"

    # --- expressions ------------------------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, leaf: Leaf) -> Value:
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int | float)
            return Known(node.value)
        if isinstance(node, ast.Name):
            return self._named(node.id, leaf)
        if isinstance(node, ast.Subscript):
            return self._read(node, leaf)
        if isinstance(node, ast.BinOp):
            return self._binary(node.op, self.value(node.left, leaf), self.value(node.right, leaf))
        if isinstance(node, ast.Compare):
            return self._compare(node, leaf)
        if isinstance(node, ast.BoolOp):
            return self._both_or_either(node, leaf)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, leaf)
        if isinstance(node, ast.IfExp):
            return self._choice(node, leaf)
        if isinstance(node, ast.Call):
            return self._called(node, leaf)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "math.inf":
            return Known(math.inf)
        raise TooHard(ast.unparse(node))

    def _named(self, name: str, leaf: Leaf) -> Value:
        if name in leaf.names:
            return leaf.names[name]
        if name in self.constants:
            return Known(self.constants[name])
        raise TooHard(name)

    def _binary(self, op: ast.operator, left: Value, right: Value) -> Value:
        sign, work = _BINARY[type(op)]
        if isinstance(left, Known) and isinstance(right, Known):
            return Known(work(left.value, right.value))
        if isinstance(op, ast.Mult) and Known(1.0) in (left, right):
            return left if right == Known(1.0) else right
        if isinstance(op, ast.Add | ast.BitOr) and Known(0) in (left, right):
            return left if right == Known(0) else right
        if isinstance(op, ast.BitAnd) and Known(0) in (left, right):
            return Known(0)
        if isinstance(op, ast.FloorDiv) and right == Known(2):
            return Code(f"({text(left)} >> 1)")
        return Code(f"({text(left)} {sign} {text(right)})")

    def _compare(self, node: ast.Compare, leaf: Leaf) -> Value:
        if len(node.ops) != 1:
            raise TooHard(ast.unparse(node))
        left, right = self.value(node.left, leaf), self.value(node.comparators[0], leaf)
        sign, work = _COMPARE[type(node.ops[0])]
        if isinstance(left, Known) and isinstance(right, Known):
            return Known(work(left.value, right.value))
        return Code(f"({text(left)} {sign} {text(right)})")

    def _both_or_either(self, node: ast.BoolOp, leaf: Leaf) -> Value:
        """``and``, ``or`` as a condition: what is known decides or drops out; the rest stays in its order, if it only reads."""
        ends = isinstance(node.op, ast.Or)
        left: list[str] = []
        for part in node.values:
            before = len(leaf.block)
            found = self.value(part, leaf)
            if left and len(leaf.block) != before:
                raise TooHard(ast.unparse(node))
            if isinstance(found, Known):
                if bool(found.value) == ends:
                    return Known(int(ends))  # what comes before only reads
            else:
                left.append(found.text)
        if not left:
            return Known(int(not ends))
        return Code(left[0] if len(left) == 1 else "(" + (" or " if ends else " and ").join(left) + ")")

    def _unary(self, node: ast.UnaryOp, leaf: Leaf) -> Value:
        found = self.value(node.operand, leaf)
        if isinstance(node.op, ast.Not):
            return Known(int(not found.value)) if isinstance(found, Known) else Code(f"(not {found.text})")
        sign = "-" if isinstance(node.op, ast.USub) else "~"
        if isinstance(found, Known):
            return Known(-found.value if sign == "-" else ~int(found.value))
        return Code(f"({sign}{found.text})")

    def _choice(self, node: ast.IfExp, leaf: Leaf) -> Value:
        test = self.value(node.test, leaf)
        if isinstance(test, Known):
            return self.value(node.body if test.value else node.orelse, leaf)
        before = len(leaf.block)
        yes, no = self.value(node.body, leaf), self.value(node.orelse, leaf)
        if len(leaf.block) != before:
            raise TooHard(ast.unparse(node))
        return Code(f"({text(yes)} if {test.text} else {text(no)})")

    # --- the two rows ---------------------------------------------------------------------------------------------------------------

    def _place(self, node: ast.Subscript, leaf: Leaf) -> tuple[str, Value, int]:
        """Row, from where, and how far behind it."""
        assert isinstance(node.value, ast.Name)
        row = node.value.id
        if row not in ("n", "x"):
            raise TooHard(ast.unparse(node))
        found = node.slice
        offset = 0
        if isinstance(found, ast.BinOp) and isinstance(found.op, ast.Add):
            root, right = self.value(found.left, leaf), self.value(found.right, leaf)
            if isinstance(right, Known):
                offset = int(right.value)
            else:
                root = self._binary(found.op, root, right)
        else:
            root = self.value(found, leaf)
        if isinstance(root, Known):
            return row, Known(root.value + offset), 0
        return row, root, offset

    def _read(self, node: ast.Subscript, leaf: Leaf) -> Value:
        return self._at(self._place(node, leaf), leaf)

    def _at(self, place: tuple[str, Value, int], leaf: Leaf) -> Value:
        row, root, offset = place
        if isinstance(root, Known):
            found = self.memory.whole(int(root.value)) if row == "n" else self.memory.real(int(root.value))
            return Known(found) if found is not None else Code(_written_place(place))
        if row == "n" and root.kind:
            return self._field(root, offset, leaf)
        return Code(_written_place(place))

    def _field(self, root: Code, offset: int, leaf: Leaf) -> Value:
        if root.kind == "slot":
            if offset == self.constants["L_SERVICE"] and root.service:
                return Known(root.service)
            return Code(_written_place(("n", root, offset)))
        known = leaf.facts.get((root.text, offset))
        if known is not None:
            return known
        only = service = 0
        if root.kind == "record" and offset == self.constants["SLOT"]:
            handler = leaf.facts.get((root.text, int(self.constants["HANDLER"])))
            if isinstance(handler, Known):
                only, service = self.memory.slot_of(int(handler.value))
        return Code(_written_place(("n", root, offset)), only=only, service=service, where=(root.text, offset))

    def _store(self, place: tuple[str, Value, int], value: Value, leaf: Leaf, sign: str = "") -> None:
        """Write a value down at a place; with a sign, join it to what stands there."""
        row, root, offset = place
        if row == "n" and isinstance(root, Code) and root.kind == "record" and not sign:
            leaf.block.append(Store(root.text, offset, text(value), root.text in leaf.fresh))
        else:
            leaf.block.append(f"{_written_place(place)} {sign}= {text(value)}")
        leaf.repeatable = False
        if row == "n" and isinstance(root, Code) and root.kind in ("record", "journey"):
            self._note(leaf, root, offset, Code("") if sign else value)

    def _note(self, leaf: Leaf, root: Code, offset: int, value: Value) -> None:
        """A field of a record has changed, and so may those of others that may be the same."""
        for other, at in list(leaf.facts):
            if at == offset and other != root.text and not self._differ(leaf, other, root.text):
                del leaf.facts[other, at]
        if isinstance(value, Known) or value.is_name:
            leaf.facts[root.text, offset] = value
        else:
            leaf.facts.pop((root.text, offset), None)

    def _differ(self, leaf: Leaf, one: str, other: str) -> bool:
        return one in leaf.fresh or other in leaf.fresh or frozenset((one, other)) in leaf.apart

    def put_down(self, leaf: Leaf) -> None:
        """What is to be done later goes onto the kernel's own stack."""
        top = f"n[{self.constants['G_STACK']}]"
        for code, record in leaf.stack:
            leaf.block += [f"n[{top}] = {record.text} | {code}", f"{top} += 1"]
        leaf.stack = ()

    def bind(self, variable: str, value: Value, leaf: Leaf) -> None:
        """Give a variable of the kernel its value; what is to be read is read now, into a new residual variable."""
        if isinstance(value, Known) or value.is_name:
            leaf.names[variable] = value
            return
        name = self.name(variable)
        leaf.block.append(Bind(name, value.text))
        kind = _KINDS.get(variable, "")
        made = Code(name, kind, value.only, value.service, None, True)
        leaf.names[variable] = made
        if value.where is not None:
            leaf.facts[value.where] = made
            handler = leaf.facts.get((value.where[0], int(self.constants["HANDLER"])))
            if kind == "journey" and isinstance(handler, Known) and (flow := self.memory.flow_of(int(handler.value))):
                leaf.facts[name, int(self.constants["FLOW"])] = Known(flow)
            if kind == "record":
                leaf.apart |= {frozenset((value.where[0], name))}  # nobody is its own caller, or behind itself in a row
        if value.text == f"n[{int(self.constants['G_FREE'])}]":
            leaf.fresh |= {name}
        elif kind == "record" and (value.where is None or value.where[1] != self.constants["PARENT"]):
            leaf.fresh = frozenset()  # whoever is found in a row may be one of those

    # --- statements -------------------------------------------------------------------------------------------------------------------

    def run(self, statements: list[ast.stmt], leaf: Leaf) -> list[Leaf]:
        """All points that are open after some statements; none where all ways have ended."""
        leaves = [leaf]
        for statement in statements:
            leaves = [after for one in leaves for after in ([one] if one.outcome else self.statement(statement, one))]
        return leaves

    def statement(self, node: ast.stmt, leaf: Leaf) -> list[Leaf]:
        if isinstance(node, ast.Assign):
            return self._assign(node, leaf)
        if isinstance(node, ast.AugAssign):
            self._change(node, leaf)
            return [leaf]
        if isinstance(node, ast.If):
            return self._if(node, leaf)
        if isinstance(node, ast.For):
            return self._for(node, leaf)
        if isinstance(node, ast.Return):
            leaves = self._results(node.value or ast.Constant(0), leaf)
            for one in leaves:
                one.outcome = "return"
            return leaves
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            return self.call(node.value, leaf)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return [leaf]
        if isinstance(node, ast.Break | ast.Continue):
            leaf.outcome = "break" if isinstance(node, ast.Break) else "continue"
            return [leaf]
        raise TooHard(ast.unparse(node))

    def _assign(self, node: ast.Assign, leaf: Leaf) -> list[Leaf]:
        (target,) = node.targets
        if isinstance(target, ast.Tuple):
            assert isinstance(node.value, ast.Tuple)
            values = [self.value(part, leaf) for part in node.value.elts]
            for part, value in zip(target.elts, values, strict=True):
                assert isinstance(part, ast.Name)
                self.bind(part.id, value, leaf)
            return [leaf]
        if isinstance(target, ast.Subscript):
            if ast.unparse(target) == "n[n[G_STACK]]":
                self._later(node.value, leaf)
                return [leaf]
            value = self.value(node.value, leaf)
            self._store(self._place(target, leaf), value, leaf)
            return [leaf]
        assert isinstance(target, ast.Name)
        leaves = self._results(node.value, leaf)
        for one in leaves:
            self.bind(target.id, one.value, one)
        return leaves

    def _results(self, node: ast.expr, leaf: Leaf) -> list[Leaf]:
        """All points with the value of an expression, which may be a call that ends in several ways."""
        while isinstance(node, ast.IfExp) and isinstance(test := self.value(node.test, leaf), Known):
            node = node.body if test.value else node.orelse
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in _PURE:
            return self.call(node, leaf)
        leaf.value = self.value(node, leaf)
        return [leaf]

    def _later(self, node: ast.expr, leaf: Leaf) -> None:
        """Something is put onto the stack: remembered here for as long as nobody else looks at the stack."""
        assert isinstance(node, ast.BinOp)
        code, record = self.value(node.right, leaf), self.value(node.left, leaf)
        assert isinstance(code, Known)
        assert isinstance(record, Code)
        leaf.stack += ((int(code.value), record),)
        leaf.repeatable = False

    def _change(self, node: ast.AugAssign, leaf: Leaf) -> None:
        if ast.unparse(node.target) == "n[G_STACK]":
            return  # see _later
        value = self.value(node.value, leaf)
        if isinstance(node.target, ast.Name):
            self.bind(node.target.id, self._binary(node.op, self._named(node.target.id, leaf), value), leaf)
            return
        assert isinstance(node.target, ast.Subscript)
        if isinstance(node.op, ast.BitOr) and value == Known(0):
            return
        place = self._place(node.target, leaf)
        now = self._at(place, leaf)
        after = self._binary(node.op, now, value)
        if isinstance(after, Code) and isinstance(place[1], Code) and place[1].kind in ("record", "journey"):
            self.bind("count", replace(after, where=None), leaf)  # it is asked for again soon
            self._store(place, leaf.names.pop("count"), leaf)
        elif isinstance(after, Code):
            self._store(place, value, leaf, _BINARY[type(node.op)][0])
        elif after != now:
            self._store(place, after, leaf)

    def _if(self, node: ast.If, leaf: Leaf) -> list[Leaf]:
        test = self.value(node.test, leaf)
        if isinstance(test, Known):
            if test.value and ast.unparse(node.test).startswith("todo == ") and not self.turn(leaf):
                return []
            return self.run(node.body if test.value else node.orelse, leaf)
        fork = Fork(test.text)
        leaf.block.append(fork)
        yes, no = leaf.fork(fork.yes), leaf.fork(fork.no)
        if isinstance(node.test, ast.Name) and test.only:
            yes.names[node.test.id] = Known(test.only)
        if ast.unparse(node.test) in self.rare and leaf.repeatable and leaf.head[1]:
            self.put_down(yes)
            yes.block.append(f"return {leaf.head[1]} | {leaf.head[0] | LEAVE}")
            ended: list[Leaf] = []
        else:
            ended = self.run(node.body, yes)
        return self.join([*ended, *self.run(node.orelse, no)], leaf)

    def _for(self, node: ast.For, leaf: Leaf) -> list[Leaf]:
        if not (isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "range" and isinstance(node.target, ast.Name)):
            raise TooHard(ast.unparse(node))
        bounds = [self.value(argument, leaf) for argument in node.iter.args]
        if not all(isinstance(bound, Known) for bound in bounds):
            raise TooHard(ast.unparse(node))
        turns = range(*(int(bound.value) for bound in bounds if isinstance(bound, Known)))
        if len(turns) > MOST_TURNS:
            raise TooHard(ast.unparse(node))
        leaves, left = [leaf], []
        for turn in turns:
            for one in leaves:
                one.names[node.target.id] = Known(turn)
            after = [end for one in leaves for end in self.run(node.body, one)]
            left += [one for one in after if one.outcome in ("break", "return")]
            leaves = [one for one in after if one.outcome not in ("break", "return")]
            for one in leaves:
                one.outcome = ""
            if not left:
                leaves = self.join(leaves, leaf)
        for one in left:
            one.outcome = "" if one.outcome == "break" else one.outcome
        return self.join(leaves + left, leaf)

    # --- calls ------------------------------------------------------------------------------------------------------------------------

    def _called(self, node: ast.Call, leaf: Leaf) -> Value:
        """A call within an expression: what it does is done before."""
        name = ast.unparse(node.func)
        if name in _PURE:
            values = [self.value(argument, leaf) for argument in node.args]
            if name in ("int", "min", "max") and all(isinstance(value, Known) for value in values):
                known = [value.value for value in values if isinstance(value, Known)]
                return Known(int(known[0]) if name == "int" else min(known) if name == "min" else max(known))
            return Code(f"{name}({', '.join(text(value) for value in values)})")
        leaves = self.call(node, leaf)
        if len(leaves) != 1 or leaves[0] is not leaf:
            raise TooHard(ast.unparse(node))
        return leaf.value

    def call(self, node: ast.Call, leaf: Leaf) -> list[Leaf]:
        """A function of the kernel: looked into where that helps, else called. Each point that is reached has the result."""
        name = ast.unparse(node.func)
        if name not in self.functions and name != "push":
            raise TooHard(name)
        values = [self._settled(argument, leaf) for argument in node.args if ast.unparse(argument) not in ("n", "x", "agenda")]
        if name in self.expanded:
            try:
                return self._expanded(self.functions[name], values, leaf)
            except TooHard:
                pass
        return [self._left_as_it_is(name, values, leaf)]

    def _settled(self, node: ast.expr, leaf: Leaf) -> Value:
        """An argument. What is to be read is read before the call, except by ``push``, which takes a pair."""
        if isinstance(node, ast.Tuple):
            return Code("(" + ", ".join(text(self.value(part, leaf)) for part in node.elts) + ")", is_name=True)
        value = self.value(node, leaf)
        if isinstance(value, Code) and not value.is_name:
            self.bind("value", value, leaf)
            value = leaf.names.pop("value")
        return value

    def _expanded(self, function: ast.FunctionDef, values: list[Value], leaf: Leaf) -> list[Leaf]:
        own = [argument.arg for argument in function.args.args if argument.arg not in ("n", "x", "agenda")]
        start = len(leaf.block)
        trial = leaf.fork(leaf.block)
        trial.names = {variable: _of_kind(value, variable) for variable, value in zip(own, values, strict=True)}
        try:
            leaves = self.run(function.body, trial)
        except TooHard:
            del leaf.block[start:]
            raise
        for one in leaves:
            if not one.outcome:
                one.value = Known(0)
            if isinstance(one.value, Code) and not one.value.is_name:
                self.bind("result", one.value, one)
                one.value = one.names["result"]
            one.outcome = ""
            one.names = dict(leaf.names)
        return self.join(leaves, leaf, with_values=True)

    def _left_as_it_is(self, name: str, values: list[Value], leaf: Leaf) -> Leaf:
        words = ", ".join([*(("agenda",) if name == "push" else ("n", "x", "agenda")), *(text(value) for value in values)])
        if name == "bucket":
            words = text(values[0])
        call = f"{name}({words})"
        if name not in self.harmless:
            leaf.facts = {}
            self.put_down(leaf)
        leaf.repeatable = leaf.repeatable and name in self.again
        function = self.functions.get(name)
        gives = function is not None and any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(function))
        if not gives:
            leaf.block.append(call)
            leaf.value = Known(0)
            return leaf
        made = self.name("result")
        leaf.block.append(f"{made} = {call}")
        leaf.value = Code(made, is_name=True)
        return leaf

    # --- joining ----------------------------------------------------------------------------------------------------------------------

    def join(self, leaves: list[Leaf], start: Leaf, with_values: bool = False) -> list[Leaf]:
        """All points that are open beyond ``start`` go on as one, behind it, where they agree on what is to be done next."""
        if not leaves:
            return []
        first = leaves[0]
        with_values = with_values or first.outcome == "return"
        if not all(self._agree(first, other, with_values) for other in leaves[1:]):
            return leaves
        if any(one.stack != first.stack for one in leaves):
            for one in leaves:
                self.put_down(one)
        for variable in sorted({name for one in leaves for name in one.names}):
            self._one_name(variable, leaves)
        if with_values and any(one.value != first.value for one in leaves):
            name = self.name("result")
            for one in leaves:
                one.fresh -= {text(one.value)}
                one.block.append(Bind(name, text(one.value)))
                one.value = Code(name, is_name=True)
        facts = {key: value for key, value in first.facts.items() if all(one.facts.get(key) == value for one in leaves)}
        start.names, start.facts, start.stack = first.names, facts, first.stack
        start.apart = frozenset.intersection(*(one.apart for one in leaves))
        start.fresh = frozenset.intersection(*(one.fresh for one in leaves))
        start.repeatable = all(one.repeatable for one in leaves)
        start.outcome, start.value = first.outcome, first.value
        return [start]

    def _agree(self, one: Leaf, other: Leaf, with_values: bool) -> bool:
        """Whether two points may go on together: the same is to be done next, with the same record."""
        if one.outcome != other.outcome or any(one.names.get(key) != other.names.get(key) for key in ("todo", "j")):
            return False
        return not with_values or one.value == other.value or not (isinstance(one.value, Known) and isinstance(other.value, Known))

    def _one_name(self, variable: str, leaves: list[Leaf]) -> None:
        values = [one.names.get(variable) for one in leaves]
        if all(value == values[0] for value in values):
            return
        if any(value is None for value in values):
            for one in leaves:
                one.names.pop(variable, None)
            return
        name = self.name(variable)
        services = {value.service if isinstance(value, Code) else 0 for value in values}
        made = Code(name, _KINDS.get(variable, ""), 0, services.pop() if len(services) == 1 else 0, None, True)
        for one, value in zip(leaves, values, strict=True):
            assert value is not None
            one.fresh -= {text(value)}  # it has a second name from now on
            one.apart = frozenset(pair for pair in one.apart if text(value) not in pair)
            one.block.append(Bind(name, text(value)))
            one.names[variable] = made


def _of_kind(value: Value, variable: str) -> Value:
    """What is handed over to a variable that stands for a record is one."""
    kind = _KINDS.get(variable, "")
    return replace(value, kind=kind) if isinstance(value, Code) and kind and not value.kind else value


#: Joined to what is to be done: the kernel itself should do it, once.
LEAVE: Final = 8
#: Turns of a loop that are written out.
MOST_TURNS: Final = 16


def text(value: Value) -> str:
    if isinstance(value, Code):
        return value.text
    if isinstance(value.value, float) and math.isinf(value.value):
        return "math.inf" if value.value > 0 else "-math.inf"
    return repr(value.value)


def _written_place(place: tuple[str, Value, int]) -> str:
    row, root, offset = place
    return f"{row}[{text(root)} + {offset}]" if offset else f"{row}[{text(root)}]"
