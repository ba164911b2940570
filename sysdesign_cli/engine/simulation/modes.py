"""The two ways the simulation runs: as it stands, on lists, or compiled, on arrays. The same source, the same answer.

Compiling takes half a minute, once: the machine code is kept in the user's cache folder, under a name made of the source.
"""

from __future__ import annotations

import hashlib
import heapq
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

import numpy

from sysdesign_cli.engine.simulation import agenda, kernel, layout
from sysdesign_cli.engine.simulation.program import Program
from sysdesign_cli.engine.simulation.specialised import Specialised

Advance = Callable[[Any, Any, Any, Any, Any, float, bool], int]
_HERE: Final = Path(__file__).parent


class Plain:
    """Lists and the interpreter."""

    name = "plain"
    kernel: ModuleType = kernel

    def advance(self, program: Program, n: Any, x: Any) -> Advance:
        return Specialised(program, n, x).advance

    def whole(self, values: Sequence[int]) -> Any:
        return list(values)

    def real(self, values: Sequence[float]) -> Any:
        return list(values)

    def drawn(self, values: numpy.ndarray[Any, Any]) -> Any:
        return values.tolist()

    def arrivals(self, times: numpy.ndarray[Any, Any], flows: numpy.ndarray[Any, Any]) -> tuple[Any, Any]:
        return times.tolist(), flows.tolist()

    def new_agenda(self) -> Any:
        return []

    def without(self, held: Any, gone: set[int]) -> Any:
        """The agenda without what was due for some records."""
        held[:] = [item for item in held if item[1] - (item[1] & layout.KIND) not in gone or item[1] & layout.KIND == layout.TIMER]
        heapq.heapify(held)
        return held

    def crowded(self, agenda: Any) -> bool:
        return False

    def roomier(self, agenda: Any) -> Any:
        return agenda


class Fast:
    """Arrays and machine code. Needs numba."""

    name = "fast"

    def __init__(self) -> None:
        self.kernel = compiled()

    def advance(self, program: Program, n: Any, x: Any) -> Advance:
        compiled_advance: Advance = self.kernel.advance
        return compiled_advance

    def whole(self, values: Sequence[int]) -> Any:
        return numpy.array(values, numpy.uint32)

    def real(self, values: Sequence[float]) -> Any:
        return numpy.array(values, numpy.float64)

    def drawn(self, values: numpy.ndarray[Any, Any]) -> Any:
        return values

    def arrivals(self, times: numpy.ndarray[Any, Any], flows: numpy.ndarray[Any, Any]) -> tuple[Any, Any]:
        return times, flows

    def new_agenda(self) -> Any:
        return agenda.empty(1 << 14)

    def without(self, held: Any, gone: set[int]) -> Any:
        left = agenda.empty(len(held.times))
        for place in range(int(held.size[1]), int(held.size[0])):
            code = int(held.codes[place])
            if code - (code & layout.KIND) not in gone or code & layout.KIND == layout.TIMER:
                agenda.push(left, (float(held.times[place]), code))
        return left

    def crowded(self, held: Any) -> bool:
        return bool(held.size[0] > len(held.times) - layout.KEPT_FREE)

    def roomier(self, held: Any) -> Any:
        return agenda.larger(held)


def installed() -> bool:
    """Whether the fast mode can be had."""
    return importlib.util.find_spec("numba") is not None


def cache_folder() -> Path:
    """Where machine code is kept: below the user's cache folder, one folder for each version of the source."""
    source = b"".join((_HERE / name).read_bytes() for name in ("kernel.py", "layout.py", "agenda.py"))
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "sysdesign" / "compiled" / f"{hashlib.sha256(source).hexdigest()[:12]}-{sys.implementation.cache_tag}"


def is_compiled() -> bool:
    """Whether machine code of this source lies ready."""
    folder = cache_folder()
    return folder.is_dir() and any(folder.rglob("*.nbc"))


@cache
def compiled() -> ModuleType:
    """The kernel as a module of compiled functions."""
    import numba

    # without numba's reference counting, which the loop would do for the same few arrays at every turn: it makes and keeps none
    compiler: Any = numba
    compiler.config.CACHE_DIR = str(cache_folder())
    jit = compiler.njit(cache=True, _nrt=False)
    module = _again(kernel, f"{kernel.__name__}_compiled")
    heap = _again(agenda, f"{agenda.__name__}_compiled")
    for made in (heap, module):
        for name, value in list(vars(made).items()):
            if isinstance(value, FunctionType) and value.__module__ == made.__name__ and name not in ("empty", "larger"):
                setattr(made, name, jit(value))
    for name in ("push", "pop"):
        setattr(module, name, getattr(heap, name))
    return module


def _again(module: ModuleType, name: str) -> ModuleType:
    """The same source as a second module, whose functions may be replaced."""
    assert module.__file__ is not None
    spec = importlib.util.spec_from_file_location(name, module.__file__)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made
