"""Independent pieces of work, done one after the other, on all cores, or on a Dask cluster; always with the same results in the
same order. Used where each piece is a whole analysis: sweeps and simulations.
"""

from __future__ import annotations

import gc
import pickle
import re
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Below this many seconds of work left, starting processes would take longer than it saves.
WORTHWHILE_S: Final = 2.0
#: After this many seconds a cluster that has not answered, or has no workers, is given up.
PATIENCE_S: Final = 5.0
_MEASURED_S: Final = 0.25
_LONGEST_CHUNK: Final = 64
_COLLECTED: Final = 64
_ADDRESS: Final = re.compile(r"(?:tcp|tls|ws|wss)://[^\s/]+:\d{1,5}/?")


class ClusterError(Exception):
    """A cluster that cannot be used. ``reason`` is the key of the message ``cluster.<reason>``."""

    def __init__(self, reason: str, address: str, detail: str = "") -> None:
        super().__init__(f"{address}: {reason} {detail}".strip())
        self.reason = reason
        self.address = address
        self.detail = detail


def in_order(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    clock: Callable[[], float],
    jobs: int = 0,
    cluster: str = "",
    done: Callable[[int], None] = lambda count: None,
    into: list[Result] | None = None,
) -> list[Result]:
    """``[work(item) for item in items]``, as quickly as may be.

    work: a function of a module (or a ``functools.partial`` of one), since it may travel to other processes. jobs: processes at
    most; 0 means as many as there are cores, and only when the first items show that it is worthwhile. cluster: the address of a
    Dask scheduler. clock: seconds, to see how long the first items take; results do not depend on it. done: told how many items
    are finished whenever some more are. into: where the results go; so whoever is interrupted has those there were.
    Raises ClusterError, and whatever ``work`` raises.
    """
    results: list[Result] = [] if into is None else into

    def take(part: list[Result]) -> None:
        results.extend(part)
        done(len(results))

    if cluster:
        _on_cluster(work, items, cluster, take)
        return results
    if jobs <= 1:
        for item in _until_slow(items, clock, always=jobs == 1):
            take([work(item)])
            if len(results) % _COLLECTED == 0 and not gc.isenabled():
                gc.collect()  # a command runs without the collector, which is too long for thousands of systems
    if len(results) < len(items):
        _on_cores(work, items[len(results) :], jobs, take)
    return results


def _until_slow(items: Sequence[Item], clock: Callable[[], float], always: bool) -> Iterator[Item]:
    """The items, until those that are left would take long. The first is not measured: it also loads modules."""
    begun = 0.0
    for position, item in enumerate(items):
        if position == 1:
            begun = clock()
        elif position > 1 and not always:
            spent = clock() - begun
            left = spent / (position - 1) * (len(items) - position)
            if spent >= _MEASURED_S and left > WORTHWHILE_S:
                return
        yield item


def _chunks(items: Sequence[Item], workers: int) -> list[Sequence[Item]]:
    """Several for each worker, so that none waits long for the last one."""
    size = max(1, min(_LONGEST_CHUNK, len(items) // (workers * 4)))
    return [items[start : start + size] for start in range(0, len(items), size)]


def _do(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [work(item) for item in items]


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes started in here leave an interrupt to their parent, which ends them; else each would complain of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _on_cores(work: Callable[[Item], Result], items: Sequence[Item], jobs: int, take: Callable[[list[Result]], None]) -> None:
    with _quiet():
        import joblib

        workers = jobs or joblib.cpu_count()
        parallel = joblib.Parallel(n_jobs=workers, backend="loky", return_as="generator")
        with _interrupts_ignored():
            parts = parallel(joblib.delayed(_do)(work, chunk) for chunk in _chunks(items, workers))
        for part in parts:
            take(part)


class _Packed:
    """Work that is done by being unpickled, which gives the pickled results.

    A Dask scheduler unpickles what passes through it and so would need this program too; bytes it hands on as they are. And what
    a worker cannot unpickle becomes an error of its task, where joblib would wait for ever.
    """

    def __init__(self, work: Callable[[Item], Result], items: Sequence[Item]) -> None:
        self.work = work
        self.items = items

    def __reduce__(self) -> tuple[object, ...]:
        return (_do_packed, (self.work, self.items))


def _do_packed(work: Callable[[Item], Result], items: Sequence[Item]) -> bytes:
    return pickle.dumps(_do(work, items))


def _on_cluster(work: Callable[[Item], Result], items: Sequence[Item], address: str, take: Callable[[list[Result]], None]) -> None:
    with _quiet(), _client(address) as client:
        import joblib

        workers = sum(client.ncores().values())  # type: ignore[no-untyped-call]
        packed = (pickle.dumps(_Packed(work, chunk)) for chunk in _chunks(items, workers))
        try:
            with joblib.parallel_config(backend="dask", client=client, wait_for_workers_timeout=PATIENCE_S):
                parallel = joblib.Parallel(n_jobs=-1, return_as="generator")
                if workers > 1:
                    parts = parallel(joblib.delayed(pickle.loads)(task) for task in packed)
                else:  # joblib would do it here
                    parts = (client.submit(pickle.loads, task, pure=False).result() for task in packed)
                for part in parts:
                    take(pickle.loads(part))
        except (ImportError, AttributeError) as error:
            raise ClusterError("other-program", address, str(error)) from error
        except Exception as error:
            if isinstance(error, OSError) or type(error).__module__.startswith(("distributed", "concurrent")):
                raise ClusterError("failed", address, f"{type(error).__name__}: {error}") from error
            raise


@contextmanager
def _client(address: str) -> Iterator[Client]:
    """A connection to a scheduler that has workers. Raises ClusterError."""
    if not _ADDRESS.fullmatch(address):
        raise ClusterError("bad-address", address)
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("not-installed", address) from None
    try:
        client = Client(address, timeout=PATIENCE_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, RuntimeError) as error:
        raise ClusterError("unreachable", address, type(error).__name__) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_S)
        except (OSError, TimeoutError):
            raise ClusterError("no-workers", address) from None
        yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the advice of libraries to their own users (leaked semaphores, versions that differ)."""
    import logging

    loggers = [logging.getLogger(name) for name in ("distributed", "asyncio", "tornado")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
