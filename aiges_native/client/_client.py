"""Clients of servers that host engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from aiges_native.client import _data
from aiges_native.client._base import AsyncClientSession, Calls, ClientSession
from aiges_native.client._channel import Channels, Pem
from aiges_native.client._engine_v1 import EngineV1
from aiges_native.client._results import Result
from aiges_native.client._xsf import Xsf
from aiges_native.errors import EngineError
from aiges_native.types import DataType, Status

if TYPE_CHECKING:
    from aiges_native.types import DataIn, Params


@dataclass(frozen=True)
class EngineInfo:
    """An engine that a server has.

    Attributes:
        name: what requests call it.
        version: what the engine says of itself.
        kind: "c" or "python".
        modes: some of once, once_async, stream, stream_async.
        schema: JSON text that describes inputs, outputs and parameters, or None.
        state: whether it takes requests, in a word.
    """

    name: str
    version: str
    kind: str
    modes: frozenset[str]
    schema: str | None
    state: str


@dataclass(frozen=True)
class ServerInfo:
    """What is served: `version` of the server, and its `engines`; the first is the default."""

    version: str
    engines: tuple[EngineInfo, ...]


class Client:
    """Engines in a server, called as those in this process are.

    >>> with aiges_native.Client("localhost:5090") as client:
    ...     result = client.exec({"img": aiges_native.Image(picture)}, {"top": 1})
    ...     print(result["result"].text)

    Thread-safe; threads and coroutines may share it. Connects when it is first used, and again
    when the connection breaks. A context manager, with ``with`` and ``async with``, that closes it.

    Args:
        target: ``"host:port"``, or ``"unix:/path"``.
        token: shown to the server with every call.
        tls: certificates (PEM; a file, or bytes) that the server's may be signed by; True for those
            that every client of grpc trusts. None: the connection is not encrypted.
        client_cert: certificate and key (PEM; files, or bytes) for servers that ask for one.
        timeout: seconds that calls and reads wait which name no timeout; None: for ever.
        protocol: "aiges" is this project's; "xsf" is what AIGES's own servers speak.
        expect: with "xsf": the outputs that the engine may give, and their kinds. AIGES's own
            servers insist on knowing; here, None lets everything pass.

    Raises:
        ImportError: grpcio is not installed.
    """

    def __init__(
        self,
        target: str,
        *,
        token: str | None = None,
        tls: bool | Pem | None = None,
        client_cert: tuple[Pem, Pem] | None = None,
        timeout: float | None = None,
        protocol: Literal["aiges", "xsf"] = "aiges",
        expect: Mapping[str, DataType | int] | None = None,
    ) -> None:
        if protocol not in ("aiges", "xsf"):
            raise ValueError(f"protocol must be 'aiges' or 'xsf', not {protocol!r}")
        if expect is not None and protocol != "xsf":
            raise ValueError("expect is for protocol='xsf'")
        self._channels = Channels(target, token, tls, client_cert)
        self._v1 = EngineV1(self._channels)
        self._calls: Calls = self._v1 if protocol == "aiges" else Xsf(self._channels, expect or {})
        self._timeout = timeout
        self._target = target
        self._protocol = protocol

    def _use(self, what: str) -> None:
        if self._channels.closed:
            raise EngineError(f"{what}: the client of {self._target} is closed", code=10101)

    def _limit(self, timeout: float | None) -> float | None:
        return self._timeout if timeout is None else timeout

    def exec(
        self,
        data: DataIn,
        params: Params | None = None,
        *,
        resources: Sequence[int] = (),
        timeout: float | None = None,
        engine: str = "",
    ) -> Result:
        """One request, one result.

        Args:
            data: key to bytes-like, str, NumPy array, or Text, Audio, Image, Video, Personal.
            params: str to str, int, float or bool. "sid" names the request in the server's log.
            resources: ids of personal resources in the server. Not with the protocol "xsf".
            timeout: seconds to wait; the client's own timeout if it is None.
            engine: which engine; the server's first if it is empty.

        Raises:
            EngineError: the engine failed.
            InvalidDataError: the data cannot be given to an engine, or is too large for the server.
            OverloadError: the server had no capacity.
            DeadlineError: there was no result in time.
            aiges_native.client.UnavailableError: the server is not there, or goes down.
            aiges_native.client.AuthenticationError: the server wants another token.
        """
        self._use("exec")
        return self._calls.exec(
            engine,
            _data.items(data, Status.ONCE, None),
            _data.pairs(params, "param"),
            _data.resources(resources),
            self._limit(timeout),
        )

    async def aexec(
        self,
        data: DataIn,
        params: Params | None = None,
        *,
        resources: Sequence[int] = (),
        timeout: float | None = None,
        engine: str = "",
    ) -> Result:
        """:meth:`exec` for coroutines. Cancelling the task gives the request up."""
        self._use("exec")
        return await self._calls.aexec(
            engine,
            _data.items(data, Status.ONCE, None),
            _data.pairs(params, "param"),
            _data.resources(resources),
            self._limit(timeout),
        )

    def session(
        self,
        params: Params | None = None,
        *,
        resources: Sequence[int] = (),
        timeout: float | None = None,
        engine: str = "",
    ) -> ClientSession:
        """Opens a session: input in parts, results as they come.

        With the protocol "aiges" failures of the opening are raised by the first write or read
        that meets them. `timeout` is what a read without one of its own waits for a result.

        Raises:
            EngineError, OverloadError, UnavailableError: the session cannot be opened.
        """
        self._use("session")
        return self._calls.session(
            engine,
            _data.pairs(params, "param"),
            _data.resources(resources),
            self._limit(timeout),
        )

    def asession(
        self,
        params: Params | None = None,
        *,
        resources: Sequence[int] = (),
        timeout: float | None = None,
        engine: str = "",
    ) -> AsyncClientSession:
        """:meth:`session` for coroutines: ``async with client.asession() as session``."""
        self._use("session")
        return self._calls.asession(
            engine,
            _data.pairs(params, "param"),
            _data.resources(resources),
            self._limit(timeout),
        )

    def describe(self, engine: str = "", *, timeout: float | None = None) -> ServerInfo:
        """What is served; only that engine if one is named.

        Raises:
            aiges_native.client.NotServedError: an AIGES server, which does not say it.
        """
        self._use("describe")
        told = self._v1.describe(engine, self._limit(timeout))
        engines = (
            EngineInfo(e.name, e.version, e.kind, frozenset(e.modes), e.schema or None, e.state)
            for e in told.engines
        )
        return ServerInfo(told.server_version, tuple(engines))

    def close(self) -> None:
        """Ends what runs, and the connection. Closing twice is harmless."""
        self._channels.close()

    async def aclose(self) -> None:
        """:meth:`close` for coroutines: ends what runs in this loop as well."""
        await self._channels.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        state = "closed" if self._channels.closed else self._protocol
        return f"<Client of {self._target!r} ({state})>"

    def __reduce__(self) -> Any:
        raise TypeError("a Client cannot be pickled; make one where it is needed")
