"""Sessions: input in parts, results as they come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from aiges_native import _core
from aiges_native._core import Result
from aiges_native._dispatch import loop_queue
from aiges_native._modes import MODE_BITS, mode_names
from aiges_native.errors import AigesError, DeadlineError
from aiges_native.types import Status

if TYPE_CHECKING:
    from aiges_native.engine import Engine
    from aiges_native.types import DataIn, Params

# How often an engine that cannot call back is asked by a coroutine, in seconds: soon at first.
_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.01


def close_after(close: Callable[[], None], error: BaseException | None) -> None:
    """Closes at the end of a block; an error the block ends with is not hidden by another one."""
    try:
        close()
    except AigesError as second:
        if error is None:
            raise
        error.add_note(f"Closing failed as well: {second}")


class Session(_core.Session):
    """An open session of an engine; made by :meth:`Engine.session`.

    Write input, read results, in any order that suits the engine; iteration yields results up to
    and including the final one. Use it with ``with`` or ``async with``: leaving the block closes
    it. Thread-safe; the engine sees one call at a time.
    """

    def __init__(
        self,
        engine: Engine,
        params: Params | None,
        resources: tuple[int, ...],
        timeout: float | None,
        mode: str,
    ) -> None:
        super().__init__(engine, params, resources, MODE_BITS[mode])
        self._timeout = timeout
        self._engine_name = engine.name

    @property
    def mode(self) -> str:
        """``"stream"`` (results are fetched) or ``"stream_async"`` (the engine calls back)."""
        return next(iter(mode_names(self._mode_bit)))

    def _no_result(self) -> DeadlineError:
        return DeadlineError(
            f"read: session {self.id} got no result within its timeout of {self._timeout} s",
            code=10102,
            engine=self._engine_name,
            session_id=self.id,
        )

    def read(self, timeout: float | None = None) -> Result | None:
        """The next result.

        Args:
            timeout: seconds to wait for one; 0 only looks. None waits as long as the session's own
                timeout allows.

        Returns:
            None when nothing came within `timeout`, or when the final result was read before.

        Raises:
            DeadlineError: nothing came within the session's timeout (only when `timeout` is None).
            EngineError: the engine failed; later calls raise the same.
            SessionError: the session is closed.
        """
        result = self._read(self._timeout if timeout is None else timeout, True)
        if result is None and timeout is None and not self.done:
            raise self._no_result()
        return result

    def __iter__(self) -> Iterator[Result]:
        while not self.done:
            result = self.read()
            if result is None:
                return
            yield result
            if result.final:
                return

    def close(self, timeout: float | None = None) -> None:
        """Ends the session in the engine. Closing twice is harmless.

        Raises:
            DeadlineError: a call of the session was still inside the engine after `timeout`
                seconds; the session ends when it returns.
        """
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

    # asyncio. What may block in the engine runs in the loop's own pool of threads; waiting for
    # a result that the engine calls back with needs no thread at all.

    async def awrite(self, data: DataIn, status: Status | int | None = None) -> None:
        """:meth:`write` for coroutines."""
        await asyncio.get_running_loop().run_in_executor(None, self.write, data, status)

    async def aread(self, timeout: float | None = None) -> Result | None:
        """:meth:`read` for coroutines."""
        limit = self._timeout if timeout is None else timeout
        deadline = None if limit is None else time.monotonic() + limit
        pause = _FIRST_PAUSE
        while True:
            result = await self._try_read()
            if result is not None or self.done:
                return result
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                if timeout is None:
                    raise self._no_result()
                return None
            if self.mode == "stream_async":
                await self._wait_for_change(left)
            else:
                await asyncio.sleep(pause if left is None else min(pause, left))
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _try_read(self) -> Result | None:
        if self.mode == "stream_async":
            return self._read(None, False)  # looks into the queue: does not call the engine
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._read, None, False)

    async def _wait_for_change(self, timeout: float | None) -> None:
        loop = asyncio.get_running_loop()
        changed = loop.create_future()

        def wake(_result: Result | None, _error: BaseException | None) -> None:
            if not changed.done():
                changed.set_result(None)

        self._notify(loop_queue(loop), wake)
        try:
            await asyncio.wait_for(changed, timeout)
        except TimeoutError:
            pass  # the caller looks at the clock itself

    async def __aiter__(self) -> AsyncIterator[Result]:
        while not self.done:
            result = await self.aread()
            if result is None:
                return
            yield result
            if result.final:
                return

    async def aclose(self) -> None:
        """:meth:`close` for coroutines."""
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.get_running_loop().run_in_executor(None, close_after, self.close, exc)
