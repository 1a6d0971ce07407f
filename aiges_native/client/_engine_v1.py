"""The protocol aiges.v1: a request is an RPC, and so is a session."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from aiges_native.client import _errors, _messages
from aiges_native.client._base import AsyncClientSession, ClientSession
from aiges_native.client._channel import Channels, import_grpc
from aiges_native.client._results import Item, Result
from aiges_native.types import Status

_SERVICE = "/aiges.v1.Engine/"
_MAX_WAITING = 16  # results that were not read: then the server has to wait


def result_of(data: bytes, what: str) -> Result:
    try:
        message = _messages.decode(_messages.Response, data)
    except ValueError as error:
        raise _errors.undecodable(what, error) from None
    items = [Item(i.key, i.data, i.type, i.status, i.desc) for i in message.data]
    return Result(items, message.session_id)


def _open_message(engine: str, params: dict[str, str], resources: list[int]) -> bytes:
    opening = _messages.Open(engine, params, resources, params.get("sid", ""))
    return _messages.encode(_messages.StreamRequest(opening))


class EngineV1:
    """Calls of one client; see :class:`aiges_native.client._base.Calls`."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._rpc_error = import_grpc().RpcError

    def _request(
        self, engine: str, items: list[_messages.Item], params: dict[str, str], resources: list[int]
    ) -> bytes:
        sid = params.get("sid", "")
        return _messages.encode(_messages.ExecRequest(engine, params, items, resources, sid))

    def exec(
        self,
        engine: str,
        items: list[_messages.Item],
        params: dict[str, str],
        resources: list[int],
        timeout: float | None,
    ) -> Result:
        call = self._channels.for_threads().unary_unary(_SERVICE + "Exec")
        request = self._request(engine, items, params, resources)
        try:
            answer = call(request, timeout=timeout, metadata=self._channels.metadata)
        except self._rpc_error as error:
            raise _errors.from_rpc(error, "exec", engine, params.get("sid")) from None
        return result_of(answer, "exec")

    async def aexec(
        self,
        engine: str,
        items: list[_messages.Item],
        params: dict[str, str],
        resources: list[int],
        timeout: float | None,
    ) -> Result:
        call = self._channels.for_loop().unary_unary(_SERVICE + "Exec")
        request = self._request(engine, items, params, resources)
        try:
            answer = await call(request, timeout=timeout, metadata=self._channels.metadata)
        except self._rpc_error as error:
            raise _errors.from_rpc(error, "exec", engine, params.get("sid")) from None
        return result_of(answer, "exec")

    def describe(self, engine: str, timeout: float | None) -> _messages.DescribeResponse:
        call = self._channels.for_threads().unary_unary(_SERVICE + "Describe")
        request = _messages.encode(_messages.DescribeRequest(engine))
        try:
            answer = call(request, timeout=timeout, metadata=self._channels.metadata)
            return _messages.decode(_messages.DescribeResponse, answer)
        except self._rpc_error as error:
            raise _errors.from_rpc(error, "describe", engine, None) from None
        except ValueError as error:
            raise _errors.undecodable("describe", error) from None

    def session(
        self, engine: str, params: dict[str, str], resources: list[int], timeout: float | None
    ) -> ClientSession:
        return _Session(self._channels, engine, params, resources, timeout)

    def asession(
        self, engine: str, params: dict[str, str], resources: list[int], timeout: float | None
    ) -> AsyncClientSession:
        return _AsyncSession(self._channels, engine, params, resources, timeout)


class _Session(ClientSession):
    """A stream. grpc takes what is written on a thread of its own, and one of ours waits for
    results, so that a read can end before one came.
    """

    def __init__(
        self,
        channels: Channels,
        engine: str,
        params: dict[str, str],
        resources: list[int],
        timeout: float | None,
    ) -> None:
        super().__init__(engine, params.get("sid", ""), timeout)
        self._rpc_error = import_grpc().RpcError
        self._changed = threading.Condition()  # guards what follows
        self._outgoing: deque[bytes] = deque([_open_message(engine, params, resources)])
        self._incoming: deque[Result] = deque()
        self._ended = False
        self._error: BaseException | None = None
        stream = channels.for_threads().stream_stream(_SERVICE + "Stream")
        self._call = stream(self._requests(), metadata=channels.metadata)
        threading.Thread(target=self._receive, name="aiges-client-session", daemon=True).start()

    def _requests(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._outgoing or self._ended)
                if self._ended:
                    return
                message = self._outgoing.popleft()
                self._changed.notify_all()
            yield message

    def _receive(self) -> None:
        error: BaseException | None = None
        try:
            for answer in self._call:
                result = result_of(answer, "read")
                with self._changed:
                    self._incoming.append(result)
                    self._id = self._id or result.session_id
                    self._changed.notify_all()
                    self._changed.wait_for(
                        lambda: len(self._incoming) < _MAX_WAITING or self._closed
                    )
        except self._rpc_error as failure:
            error = _errors.from_rpc(failure, "session", self._engine, self._id or None)
        except Exception as failure:  # whoever reads has to have it
            error = failure
            self._call.cancel()
        with self._changed:
            self._ended = True
            self._error = error
            self._changed.notify_all()

    @property
    def done(self) -> bool:
        with self._changed:
            return self._closed or (self._ended and not self._incoming)

    def write(self, data: Mapping[str, Any], status: Status | int | None = None) -> None:
        message = _messages.encode(_messages.StreamRequest(None, self._items(data, status)))
        with self._changed:
            # One message may wait: more would be memory that grows while the engine is slow.
            self._changed.wait_for(lambda: not self._outgoing or self._ended or self._closed)
            if self._ended and self._error is not None and not self._closed:
                raise self._error
            if self._ended or self._closed:
                raise _errors.closed("write", self._engine, self._id)
            self._outgoing.append(message)
            self._wrote = True
            self._changed.notify_all()

    def _read(self, limit: float | None) -> Result | None:
        with self._changed:
            self._changed.wait_for(lambda: self._incoming or self._ended or self._closed, limit)
            if self._closed:
                raise _errors.closed("read", self._engine, self._id)
            if self._incoming:
                result = self._incoming.popleft()
                self._changed.notify_all()
                return result
            if self._error is not None:
                raise self._error
            return None

    def close(self) -> None:
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._call.cancel()


class _AsyncSession(AsyncClientSession):
    def __init__(
        self,
        channels: Channels,
        engine: str,
        params: dict[str, str],
        resources: list[int],
        timeout: float | None,
    ) -> None:
        super().__init__(engine, params.get("sid", ""), timeout)
        self._grpc = import_grpc()
        self._channels = channels
        self._opening = _open_message(engine, params, resources)
        self._call: Any = None
        self._ended = False
        self._error: BaseException | None = None
        # Outlives a read that gave up: cancelling it would cancel the RPC.
        self._pending: asyncio.Task[bytes] | None = None

    @property
    def done(self) -> bool:
        return self._closed or self._ended

    async def _open(self) -> None:
        stream = self._channels.for_loop().stream_stream(_SERVICE + "Stream")
        self._call = stream(metadata=self._channels.metadata)
        await self._send(self._opening)

    async def _send(self, message: bytes) -> None:
        try:
            await self._call.write(message)
        except asyncio.InvalidStateError:  # the RPC has ended
            await self._end()
            if self._error is not None:
                raise self._error from None
            raise _errors.closed("write", self._engine, self._id) from None
        except self._grpc.RpcError as error:
            raise self._failed(error) from None

    def _failed(self, error: Any) -> BaseException:
        self._ended = True
        self._error = _errors.from_rpc(error, "session", self._engine, self._id or None)
        return self._error

    async def _end(self) -> None:
        """Takes the status of an RPC that has ended, or ends now."""
        self._ended = True
        code = await self._call.code()
        if code is self._grpc.StatusCode.OK or self._error is not None or self._closed:
            return
        self._error = _errors.from_rpc(
            self._grpc.aio.AioRpcError(
                code,
                await self._call.initial_metadata(),
                await self._call.trailing_metadata(),
                await self._call.details(),
            ),
            "session",
            self._engine,
            self._id or None,
        )

    async def awrite(self, data: Mapping[str, Any], status: Status | int | None = None) -> None:
        items = self._items(data, status)
        if self._closed:
            raise _errors.closed("write", self._engine, self._id)
        await self._send(_messages.encode(_messages.StreamRequest(None, items)))
        self._wrote = True

    async def _aread(self, limit: float | None) -> Result | None:
        if self._closed:
            raise _errors.closed("read", self._engine, self._id)
        if self._error is not None:
            raise self._error
        if self._ended:
            return None
        if self._pending is None:
            self._pending = asyncio.ensure_future(self._next())
        done, _ = await asyncio.wait([self._pending], timeout=limit)
        if not done:
            return None
        task, self._pending = self._pending, None
        if self._closed:
            raise _errors.closed("read", self._engine, self._id)
        try:
            answer = task.result()
        except self._grpc.RpcError as error:
            raise self._failed(error) from None
        if answer is self._grpc.aio.EOF:
            await self._end()
            if self._error is not None:
                raise self._error
            return None
        result = result_of(answer, "read")
        self._id = self._id or result.session_id
        return result

    async def _next(self) -> bytes:
        message: bytes = await self._call.read()
        return message

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._call is not None:
            self._call.cancel()
        if self._pending is not None:
            await asyncio.gather(self._pending, return_exceptions=True)
