"""What the sessions of both protocols have in common."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from aiges_native.client import _data, _errors
from aiges_native.client._messages import Item
from aiges_native.client._results import Result
from aiges_native.types import Status


class Clock:
    """How much of a limit in seconds is left; None is no limit."""

    def __init__(self, limit: float | None) -> None:
        self._end = None if limit is None else time.monotonic() + limit

    @property
    def left(self) -> float | None:
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end


class _Common(ABC):
    """State that does not depend on how a session waits."""

    def __init__(self, engine: str, session_id: str, timeout: float | None) -> None:
        self._engine = engine
        self._id = session_id
        self._timeout = timeout
        self._wrote = False
        self._closed = False

    @property
    def id(self) -> str:
        """The name of the session in the server: the parameter "sid", or what the server said.

        Empty until the server has told it.
        """
        return self._id

    @property
    @abstractmethod
    def done(self) -> bool:
        """Whether everything was read, the session failed, or it was closed."""

    def _items(self, data: Mapping[str, Any], status: Status | int | None) -> list[Item]:
        plain = Status.CONTINUE if self._wrote else Status.BEGIN
        return _data.items(data, plain, None if status is None else int(status))

    def _limit(self, timeout: float | None) -> float | None:
        return self._timeout if timeout is None else timeout

    def _nothing(self, timeout: float | None) -> None:
        """What a read does when nothing came in time."""
        if timeout is None and not self.done:
            raise _errors.no_result("read", self._timeout, self._engine, self._id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._id!r}{' (done)' if self.done else ''}>"


class ClientSession(_Common):
    """An open session in a server; made by :meth:`Client.session`.

    Write input, read results, in any order that suits the engine; iteration yields results up to
    and including the last. Use it with ``with``: leaving the block ends the session in the
    server. Thread-safe for one writer beside one reader.
    """

    @abstractmethod
    def write(self, data: Mapping[str, Any], status: Status | int | None = None) -> None:
        """Sends the next input.

        Args:
            data: as for :meth:`Client.exec`. Items without a status of their own are BEGIN in the
                first call and CONTINUE in later ones.
            status: for all items of this call; END or ONCE ends the input of their keys.

        Raises:
            EngineError: the engine failed, in this call or an earlier one.
            SessionError: the session is over.
            InvalidDataError: the data cannot be given to an engine.
        """

    @abstractmethod
    def _read(self, limit: float | None) -> Result | None: ...

    @abstractmethod
    def close(self) -> None:
        """Ends the session in the server. Closing twice is harmless."""

    def read(self, timeout: float | None = None) -> Result | None:
        """The next result.

        Args:
            timeout: seconds to wait for one; 0 only looks. None waits as long as the session's own
                timeout allows.

        Returns:
            None when nothing came within `timeout`, or when everything was read.

        Raises:
            DeadlineError: nothing came within the session's timeout (only when `timeout` is None).
            EngineError: the engine failed.
            SessionError: the session is closed.
        """
        result = self._read(self._limit(timeout))
        if result is None:
            self._nothing(timeout)
        return result

    def __iter__(self) -> Iterator[Result]:
        while not self._closed:
            result = self.read()
            if result is None:
                return
            yield result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClientSession(_Common):
    """:class:`ClientSession` for coroutines; made by :meth:`Client.asession`.

    Use it with ``async with``, which opens it, and ``async for``.
    """

    @abstractmethod
    async def _open(self) -> None: ...

    @abstractmethod
    async def awrite(self, data: Mapping[str, Any], status: Status | int | None = None) -> None:
        """:meth:`ClientSession.write` for coroutines."""

    @abstractmethod
    async def _aread(self, limit: float | None) -> Result | None: ...

    @abstractmethod
    async def aclose(self) -> None:
        """:meth:`ClientSession.close` for coroutines."""

    async def aread(self, timeout: float | None = None) -> Result | None:
        """:meth:`ClientSession.read` for coroutines."""
        result = await self._aread(self._limit(timeout))
        if result is None:
            self._nothing(timeout)
        return result

    async def __aiter__(self) -> AsyncIterator[Result]:
        while not self._closed:
            result = await self.aread()
            if result is None:
                return
            yield result

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class Calls(Protocol):
    """A protocol: how the requests of a client go over the wire."""

    def exec(
        self, engine: str, items: list[Item], params: dict[str, str], resources: list[int],
        timeout: float | None,
    ) -> Result: ...  # fmt: skip

    async def aexec(
        self, engine: str, items: list[Item], params: dict[str, str], resources: list[int],
        timeout: float | None,
    ) -> Result: ...  # fmt: skip

    def session(
        self, engine: str, params: dict[str, str], resources: list[int], timeout: float | None
    ) -> ClientSession: ...

    def asession(
        self, engine: str, params: dict[str, str], resources: list[int], timeout: float | None
    ) -> AsyncClientSession: ...
