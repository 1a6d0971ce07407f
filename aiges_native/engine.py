"""Engines: loading one, calling it, closing it."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from aiges_native import _core
from aiges_native._core import Operation, Result
from aiges_native._dispatch import Token, dispatcher, forget_closed_loops, loop_queue
from aiges_native._modes import mode_bits, mode_names
from aiges_native.errors import AigesError, EngineLoadError
from aiges_native.session import Session, close_after
from aiges_native.wrapper.binding import BoundWrapper, bind_file

if TYPE_CHECKING:
    from aiges_native.types import DataIn, Params, StrPath

_EVENT_METER, _EVENT_TRACE, _EVENT_METRICS = 0, 1, 2

_EXIT_PATIENCE = 5.0  # seconds, for all engines together

# What is closed at exit. Weak: an engine that nobody uses any more closes itself.
_live: weakref.WeakSet[Engine] = weakref.WeakSet()


class _EngineFuture(concurrent.futures.Future[Result]):
    """A future whose cancel() reaches the engine."""

    operation: Operation | None = None

    def cancel(self) -> bool:
        """Ends the wait and, where the engine can, the work; False when there is an outcome."""
        if self.cancelled():
            return True
        if self.operation is None or not self.operation.cancel():
            return False
        return super().cancel() and self.set_running_or_notify_cancel() is False


class Engine(_core.Engine):
    """A loaded engine; made by :func:`load`.

    Thread-safe: any number of threads and coroutines may call it. A context manager that closes it.
    """

    def __init__(
        self,
        path: str,
        *,
        name: str,
        config: Params | None,
        concurrency: int,
        modes: int,
        bound: BoundWrapper | None = None,
    ) -> None:
        super().__init__(path, name, config, concurrency, modes, bound)
        self._bound = bound
        self._pid = os.getpid()
        _live.add(self)

    @property
    def modes(self) -> frozenset[str]:
        """The ways it can work: a subset of once, once_async, stream, stream_async."""
        return mode_names(self._mode_bits)

    @property
    def kind(self) -> Literal["c", "python"]:
        """Whether it is a C library or a Python wrapper."""
        return "c" if self._bound is None else "python"

    def exec_async(
        self,
        data: DataIn,
        params: Params | None = None,
        *,
        resources: Sequence[int] = (),
        timeout: float | None = None,
    ) -> concurrent.futures.Future[Result]:
        """Starts a request; arguments and errors as for :meth:`exec`.

        Uses ``wrapperExecAsync`` where the engine has the mode once_async, else a thread of a pool.
        Do not change the data before the future is done. Cancelling the future gives the request
        up.
        """
        future = _EngineFuture()

        def arrive(result: Result | None, error: BaseException | None) -> None:
            self._deliver_events()
            if error is not None:
                future.set_exception(error)
            elif result is not None:
                future.set_result(result)

        queue = dispatcher.queue()
        future.operation = self.start_exec(data, params, resources, timeout, queue, arrive)
        return future

    async def aexec(
        self,
        data: DataIn,
        params: Params | None = None,
        *,
        resources: Sequence[int] = (),
        timeout: float | None = None,
    ) -> Result:
        """:meth:`exec` for coroutines; needs no thread where the engine has the mode once_async.

        Cancelling the task gives the request up.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()

        def arrive(result: Result | None, error: BaseException | None) -> None:
            self._deliver_events()
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            elif result is not None:
                future.set_result(result)

        queue = loop_queue(loop)
        operation = self.start_exec(data, params, resources, timeout, queue, arrive)
        try:
            return await future
        except asyncio.CancelledError:
            operation.cancel()
            raise

    def session(
        self,
        params: Params | None = None,
        *,
        resources: Sequence[int] = (),
        timeout: float | None = None,
        mode: Literal["stream", "stream_async"] | None = None,
    ) -> Session:
        """Opens a session.

        Args:
            params: as for :meth:`exec`.
            resources: ids from :meth:`load_resource`.
            timeout: seconds that a read without a timeout of its own waits for a result; None waits
                for ever.
            mode: "stream" fetches results with wrapperRead, "stream_async" lets the engine call
                back. None takes the first that the engine has.

        Raises:
            EngineError: the engine refused.
            SessionError: the engine has no sessions of that kind.
        """
        if mode is None:
            mode = (
                "stream_async"
                if self.modes & {"stream", "stream_async"} == {"stream_async"}
                else "stream"
            )
        elif mode not in ("stream", "stream_async"):
            raise ValueError(f"mode must be 'stream' or 'stream_async', not {mode!r}")
        return Session(self, params, tuple(resources), timeout, mode)

    def on_meter(self, listener: Callable[[str, str, int], object]) -> None:
        """Calls `listener(tag, key, count)` for everything the engine meters from now on.

        Events of an exec are delivered before it returns, in its thread; others in a thread of this
        package. An exception in a listener is reported and goes no further.
        """
        self._add_listener(_EVENT_METER, listener)

    def on_trace(self, listener: Callable[[str, str, str], object]) -> None:
        """Calls `listener(tag, key, value)` for everything the engine traces; see on_meter."""
        self._add_listener(_EVENT_TRACE, listener)

    def on_metrics(self, listener: Callable[[str, str, str], object]) -> None:
        """Calls `listener(tag, key, value)` for every metric of the engine; see on_meter."""
        self._add_listener(_EVENT_METRICS, listener)

    def _add_listener(self, event: int, listener: Callable[..., object]) -> None:
        if not callable(listener):
            raise TypeError(f"a listener must be callable, not {type(listener).__name__}")
        weak = weakref.ref(self)

        def deliver(_result: Result | None, _error: BaseException | None) -> None:
            engine = weak()
            if engine is not None:
                engine._deliver_events()

        token: Token = deliver
        self._listen(event, listener, dispatcher.queue(), token)

    def close(self, timeout: float | None = None) -> None:
        """Closes open sessions, waits for calls that run, and finishes the engine (wrapperFini).

        While results are still in use the engine's memory must stay: it is then finished when the
        last of them goes. Closing twice is harmless.

        Args:
            timeout: seconds to wait, or None for as long as it takes.

        Raises:
            DeadlineError: calls were still running after `timeout` seconds. The engine takes no new
                ones and is finished when they have ended.
            EngineError: wrapperFini failed.
        """
        forget_closed_loops()
        self._close(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        close_after(self.close, exc)

    def __repr__(self) -> str:
        if not hasattr(self, "_bound"):
            return "<Engine (not loaded)>"
        state = "closed" if self.closed else ", ".join(sorted(self.modes))
        return f"<Engine {self.name!r} ({self.kind}; {state})>"

    def __reduce__(self) -> str:
        raise TypeError("an Engine cannot be pickled; load it where it is needed")


def load(
    path: StrPath,
    *,
    config: Params | None = None,
    name: str | None = None,
    isolation: Literal["thread", "process"] = "thread",
    workers: int = 1,
    concurrency: int | None = None,
    modes: Iterable[str] | None = None,
) -> Engine:
    """Loads and initialises an engine.

    Args:
        path: a C library (``.so``) or a Python file (``.py``) with a class ``Wrapper``. A library's
            bare file name is searched in the current directory, in LD_LIBRARY_PATH, and by the
            dynamic loader.
        config: what ``wrapperInit`` gets: str to str, int, float or bool.
        name: for messages; the file's name by default.
        isolation: "thread" runs the engine in this process.
        workers: how many processes run it; only 1 with isolation="thread".
        concurrency: most calls inside the engine at once; None for no limit. Others wait.
        modes: which of once, once_async, stream, stream_async to use; all it offers by default.
            For libraries that export functions they do not really implement.

    Raises:
        EngineLoadError: no usable engine; every path tried and every missing symbol is named.
        EngineInitError: wrapperInit failed.
        InvalidDataError: the config cannot be given to an engine.
    """
    file = os.fspath(path)
    if not isinstance(file, str):
        raise TypeError(f"path must be str or os.PathLike[str], not {type(path).__name__}")
    if isolation not in ("thread", "process"):
        raise ValueError(f"isolation must be 'thread' or 'process', not {isolation!r}")
    engine_name = name or os.path.basename(file) or file
    if isolation == "process" or workers != 1:
        raise EngineLoadError(
            "load: engines in worker processes (isolation='process', workers > 1) are not "
            "available in this version; use isolation='thread', workers=1",
            code=10600,
            engine=engine_name,
        )
    if concurrency is not None and concurrency < 1:
        raise ValueError(f"concurrency must be at least 1, not {concurrency}")
    bound = bind_file(file, engine_name) if file.endswith(".py") else None
    return Engine(
        file,
        name=engine_name,
        config=config,
        concurrency=concurrency or 0,
        modes=mode_bits(modes),
        bound=bound,
    )


def _close_all() -> None:
    """At exit, while Python still works: wrappers need it to finish."""
    deadline = time.monotonic() + _EXIT_PATIENCE
    for engine in list(_live):
        if engine._pid != os.getpid():
            continue
        try:
            engine.close(timeout=max(0.0, deadline - time.monotonic()))
        except AigesError:
            pass  # a call that hangs must not keep the process from ending
    dispatcher.stop()


atexit.register(_close_all)
