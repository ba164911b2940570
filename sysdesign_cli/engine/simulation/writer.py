"""Writes the function of one step, call, subscription or flow: the kernel's loop, evaluated as far as it is known what follows."""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache
from typing import Final

from sysdesign_cli.engine.simulation import layout
from sysdesign_cli.engine.simulation.known import KnownProgram, Memory, constants, event_loop, kernel_functions
from sysdesign_cli.engine.simulation.residual import LEAVE, Code, Evaluator, Known, Leaf, TooHard, text
from sysdesign_cli.engine.simulation.residue import Block, Fork, written

#: Beyond so many turns of the loop a function ends, and another goes on.
_MOST_TURNS: Final = 24
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
def _evaluated_loop() -> list[ast.stmt]:
    return event_loop(kernel_functions()["advance"]).body


class Writer:
    """Makes the source of one function."""

    def __init__(self, scenario: KnownProgram, facts: Memory) -> None:
        self.scenario = scenario
        self.evaluator = Evaluator(kernel_functions(), constants(), facts, _EXPANDED, _HARMLESS, _AGAIN, _RARE)
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
            leaf.facts[variable, int(constants()[name])] = Known(value)

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
        """Nearly always nothing has gone wrong with a request; else the kernel goes on."""
        step = leaf.facts[j.text, layout.STEP]
        assert isinstance(step, Known)
        handler = self.scenario.program.handler_of[int(step.value)]
        if (j.text, layout.RESULT) not in leaf.facts:
            leaf.block.append(Fork(f"n[{j.text} + {layout.RESULT}]", [f"return {j.text} | {layout.RUN | LEAVE}"]))
            self._note(leaf, j.text, RESULT=0)
        slot = self.scenario.worker_of(handler)
        if self.n[int(step.value)] == layout.END and slot is not None:
            self._note(leaf, j.text, SLOT=slot)  # who has lost it has failed

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
