"""AIGES's own protocol, utils.XsfCall: every step of a session is an RPC of its own."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, TypeAlias

from aiges_native.client import _errors, _messages
from aiges_native.client._base import AsyncClientSession, ClientSession, Clock
from aiges_native.client._channel import Channels, import_grpc
from aiges_native.client._data import invalid
from aiges_native.client._messages import DataMeta, LoaderInput, MetaDesc, Payload, ReqData
from aiges_native.client._results import Item, Result
from aiges_native.types import Status

Expect: TypeAlias = tuple[MetaDesc, ...]

_METHOD = "/utils.XsfCall/call"
_STREAM, _ONCE = 0, 1
# What a once call without a timeout waits, in ms: as good as for ever.
_NO_LIMIT = 2**31 - 1
# The longest that one AIOut waits: each of them keeps the session from being idle for too long.
_LONGEST_WAIT = 2.0  # seconds
# What an answer may need on its way after the wait it was asked for.
_GRACE = 10.0  # seconds
_OVER = (Status.END, Status.ONCE)


def _milliseconds(seconds: float | None) -> str:
    return str(_NO_LIMIT if seconds is None else min(_NO_LIMIT, math.ceil(seconds * 1000)))


def _refuse_resources(resources: list[int]) -> None:
    if resources:
        raise invalid("XsfCall cannot name resources; use protocol='aiges'")


class Reply:
    """A reply, taken apart."""

    def __init__(self, data: bytes, what: str, engine: str) -> None:
        try:
            outer = _messages.decode(_messages.ResData, data)
            inner = _messages.decode(
                _messages.LoaderOutput, outer.data[0].data if outer.data else b""
            )
        except ValueError as error:
            raise _errors.undecodable(what, error) from None
        self.session = outer.s or _messages.Session()
        self.over = inner.code != 0 or inner.status in _OVER
        code, text = (inner.code, inner.err) if inner.code else (outer.code, outer.error_info)
        self._failure = (code, text, what, engine)
        self._payloads = inner.pl

    def error(self, session_id: str) -> Exception | None:
        code, text, what, engine = self._failure
        return _errors.from_code(code, text, what, engine, session_id or None) if code else None

    def result(self, session_id: str) -> Result | None:
        """None when there is nothing yet.

        Raises:
            AigesError: the reply is a failure.
        """
        error = self.error(session_id)
        if error is not None:
            raise error
        if not self._payloads:
            return None
        return Result([_item(payload) for payload in self._payloads], session_id)


def _item(payload: Payload) -> Item:
    meta = payload.meta or MetaDesc()
    desc = dict(meta.attribute)
    desc.pop("seq", None)
    status = desc.pop("status", "0")
    number = int(status) if status.isdigit() else 0
    return Item(meta.name, payload.data, meta.data_type, number, desc)


def _request(
    op: str, session: _messages.Session | None, param: dict[str, str], loader: LoaderInput
) -> bytes:
    data = [DataMeta(_messages.encode(loader))]
    return _messages.encode(ReqData(op, session, {"version": "v2", **param}, data))


def _loader(
    engine: str, state: int, params: dict[str, str], expect: Expect = (), sync_id: int = 0
) -> LoaderInput:
    headers = {"sid": params["sid"]} if "sid" in params else {}
    return LoaderInput(engine, engine, state, headers, params, list(expect), sync_id=sync_id)


def _payloads(items: list[_messages.Item], seq: int) -> list[Payload]:
    return [
        Payload(
            MetaDesc(i.key, i.type, {**i.desc, "seq": str(seq), "status": str(int(i.status))}),
            i.data,
        )
        for i in items
    ]


def _once_request(
    engine: str,
    items: list[_messages.Item],
    params: dict[str, str],
    timeout: float | None,
    expect: Expect,
) -> bytes:
    loader = _loader(engine, _ONCE, params, expect)
    loader.pl = _payloads(items, 0)
    return _request("AIIn", None, {"SeqNo": "1", "waitTime": _milliseconds(timeout)}, loader)


class Xsf:
    """Calls of one client; see :class:`aiges_native.client._base.Calls`."""

    def __init__(self, channels: Channels, expect: Mapping[str, int]) -> None:
        self._channels = channels
        self._expect = tuple(MetaDesc(name, int(kind)) for name, kind in expect.items())
        self._rpc_error = import_grpc().RpcError

    def exec(
        self,
        engine: str,
        items: list[_messages.Item],
        params: dict[str, str],
        resources: list[int],
        timeout: float | None,
    ) -> Result:
        _refuse_resources(resources)
        call = self._channels.for_threads().unary_unary(_METHOD)
        request = _once_request(engine, items, params, timeout, self._expect)
        try:
            answer = call(request, timeout=timeout, metadata=self._channels.metadata)
        except self._rpc_error as error:
            raise _errors.from_rpc(error, "exec", engine, params.get("sid")) from None
        return self._once(answer, engine, params)

    async def aexec(
        self,
        engine: str,
        items: list[_messages.Item],
        params: dict[str, str],
        resources: list[int],
        timeout: float | None,
    ) -> Result:
        _refuse_resources(resources)
        call = self._channels.for_loop().unary_unary(_METHOD)
        request = _once_request(engine, items, params, timeout, self._expect)
        try:
            answer = await call(request, timeout=timeout, metadata=self._channels.metadata)
        except self._rpc_error as error:
            raise _errors.from_rpc(error, "exec", engine, params.get("sid")) from None
        return self._once(answer, engine, params)

    @staticmethod
    def _once(answer: bytes, engine: str, params: dict[str, str]) -> Result:
        sid = params.get("sid", "")
        return Reply(answer, "exec", engine).result(sid) or Result([], sid)

    def session(
        self, engine: str, params: dict[str, str], resources: list[int], timeout: float | None
    ) -> ClientSession:
        _refuse_resources(resources)
        return _Session(self._channels, engine, params, timeout, self._expect)

    def asession(
        self, engine: str, params: dict[str, str], resources: list[int], timeout: float | None
    ) -> AsyncClientSession:
        _refuse_resources(resources)
        return _AsyncSession(self._channels, engine, params, timeout, self._expect)


class _Steps:
    """A session's own memory: its requests are made here, and their replies kept."""

    def __init__(self, engine: str, params: dict[str, str], expect: Expect) -> None:
        self._engine = engine
        self._expect = expect
        self._params = params
        self._session = _messages.Session()
        self._frames = 0
        self._results: deque[Result] = deque()
        self.over = False
        self.error: Exception | None = None

    def opening(self) -> bytes:
        loader = _loader(self._engine, _STREAM, self._params, self._expect)
        return _request("AIIn", None, {"SeqNo": "1", "baseId": "0"}, loader)

    def frame(self, items: list[_messages.Item]) -> bytes:
        self._frames += 1
        loader = _loader(self._engine, _STREAM, {}, sync_id=self._frames)
        loader.pl = _payloads(items, self._frames)
        return _request("AIIn", self._session, {"SeqNo": str(self._frames + 1)}, loader)

    def poll(self, seconds: float) -> bytes:
        loader = _loader(self._engine, _STREAM, {})
        return _request("AIOut", self._session, {"waitTime": _milliseconds(seconds)}, loader)

    def ending(self) -> bytes:
        loader = _loader(self._engine, _STREAM, {})
        return _request("AIExcp", self._session, {}, loader)

    def take_in(self, answer: bytes, what: str) -> None:
        reply = Reply(answer, what, self._engine)
        self._session = reply.session
        self.over = self.over or reply.over
        try:
            result = reply.result(self.sid)
        except Exception as error:
            self.error = self.error or error
            return
        if result is not None:
            self._results.append(result)

    def fail(self, error: Exception) -> None:
        self.over = True
        self.error = self.error or error

    def next(self) -> Result | None:
        """What came and was not read. Raises what the session failed with after that."""
        if self._results:
            return self._results.popleft()
        self.check()
        return None

    def check(self) -> None:
        if self.error is not None:
            raise self.error

    @property
    def sid(self) -> str:
        return self._params.get("sid", "") or self._session.h

    @property
    def done(self) -> bool:
        return self.over and not self._results


class _Session(ClientSession):
    def __init__(
        self,
        channels: Channels,
        engine: str,
        params: dict[str, str],
        timeout: float | None,
        expect: Expect,
    ) -> None:
        super().__init__(engine, params.get("sid", ""), timeout)
        self._rpc_error = import_grpc().RpcError
        self._metadata = channels.metadata
        self._call = channels.for_threads().unary_unary(_METHOD)
        self._steps = _Steps(engine, params, expect)
        self._lock = threading.Lock()  # guards _steps
        self._writing = threading.Lock()  # frames leave in their order
        self._say(self._steps.opening(), "session", timeout)
        self._steps.check()
        self._id = self._steps.sid

    def _say(self, request: bytes, what: str, timeout: float | None) -> None:
        try:
            answer = self._call(request, timeout=timeout, metadata=self._metadata)
        except self._rpc_error as error:
            with self._lock:
                self._steps.fail(
                    _errors.from_rpc(error, what, self._engine, self._steps.sid or None)
                )
            return
        with self._lock:
            self._steps.take_in(answer, what)

    @property
    def done(self) -> bool:
        with self._lock:
            return self._closed or self._steps.done

    def write(self, data: Mapping[str, Any], status: Status | int | None = None) -> None:
        items = self._items(data, status)
        with self._writing:
            with self._lock:
                if not self._closed:
                    self._steps.check()
                if self._closed or self._steps.over:
                    raise _errors.closed("write", self._engine, self._id)
                request = self._steps.frame(items)
            self._say(request, "write", self._timeout)
            self._wrote = True
            with self._lock:
                self._steps.check()

    def _read(self, limit: float | None) -> Result | None:
        clock = Clock(limit)
        while True:
            with self._lock:
                if self._closed:
                    raise _errors.closed("read", self._engine, self._id)
                result = self._steps.next()
                if result is not None or self._steps.over:
                    return result
                left = clock.left
                wait = _LONGEST_WAIT if left is None else min(left, _LONGEST_WAIT)
                request = self._steps.poll(wait)
            last = clock.passed
            self._say(request, "read", wait + _GRACE)
            if last:
                with self._lock:
                    return self._steps.next()

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            over = self._steps.over
            request = self._steps.ending()
        if not over:
            self._say(request, "close", _GRACE)


class _AsyncSession(AsyncClientSession):
    def __init__(
        self,
        channels: Channels,
        engine: str,
        params: dict[str, str],
        timeout: float | None,
        expect: Expect,
    ) -> None:
        super().__init__(engine, params.get("sid", ""), timeout)
        self._rpc_error = import_grpc().RpcError
        self._channels = channels
        self._steps = _Steps(engine, params, expect)
        # A poll outlives a read that was cancelled: its reply may carry a result.
        self._polling: asyncio.Task[None] | None = None

    async def _open(self) -> None:
        await self._say(self._steps.opening(), "session", self._timeout)
        self._steps.check()
        self._id = self._steps.sid

    async def _say(self, request: bytes, what: str, timeout: float | None) -> None:
        call = self._channels.for_loop().unary_unary(_METHOD)
        try:
            answer = await call(request, timeout=timeout, metadata=self._channels.metadata)
        except self._rpc_error as error:
            self._steps.fail(_errors.from_rpc(error, what, self._engine, self._steps.sid or None))
            return
        self._steps.take_in(answer, what)

    @property
    def done(self) -> bool:
        return self._closed or self._steps.done

    async def awrite(self, data: Mapping[str, Any], status: Status | int | None = None) -> None:
        items = self._items(data, status)
        if not self._closed:
            self._steps.check()
        if self._closed or self._steps.over:
            raise _errors.closed("write", self._engine, self._id)
        self._wrote = True
        await self._say(self._steps.frame(items), "write", self._timeout)
        self._steps.check()

    async def _aread(self, limit: float | None) -> Result | None:
        clock = Clock(limit)
        while True:
            if self._closed:
                raise _errors.closed("read", self._engine, self._id)
            result = self._steps.next()
            if result is not None or self._steps.over:
                return result
            left = clock.left
            last = clock.passed
            wait = _LONGEST_WAIT if left is None else min(left, _LONGEST_WAIT)
            if self._polling is None or self._polling.done():
                request = self._steps.poll(wait)
                self._polling = asyncio.ensure_future(self._say(request, "read", wait + _GRACE))
            await asyncio.wait([self._polling])
            if last:
                return self._steps.next()

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        if not self._steps.over:
            await self._say(self._steps.ending(), "close", _GRACE)
        if self._polling is not None:
            await asyncio.gather(self._polling, return_exceptions=True)
