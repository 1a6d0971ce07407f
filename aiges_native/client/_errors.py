"""Failures of calls as the exceptions that an engine in the process raises."""

from __future__ import annotations

import re
from typing import Any

from aiges_native.errors import (
    AigesError,
    DeadlineError,
    EngineError,
    EngineInitError,
    InvalidDataError,
    OverloadError,
    SessionError,
)

DEADLINE, CLOSED, _NO_SUCH_MODE = 10102, 10101, 10600


class UnavailableError(AigesError, ConnectionError):
    """There is no server at that address, the connection broke, or the server goes down."""


class AuthenticationError(AigesError, PermissionError):
    """The server does not know the token or the certificate, or it may not do that."""


class NotServedError(AigesError, NotImplementedError):
    """The server does not have that service or method."""


for _cls in (UnavailableError, AuthenticationError, NotServedError):
    _cls.__module__ = "aiges_native.client"

# By the framework's code, where it says more than the status.
_BY_CODE: dict[int, type[AigesError]] = {
    10003: InvalidDataError,
    10008: SessionError,
    10009: InvalidDataError,
    DEADLINE: DeadlineError,
    10105: SessionError,
    10106: EngineError,
    10110: OverloadError,
    10401: InvalidDataError,
    10901: EngineInitError,
}
_BY_STATUS: dict[str, type[AigesError]] = {
    "INVALID_ARGUMENT": InvalidDataError,
    "NOT_FOUND": InvalidDataError,
    "RESOURCE_EXHAUSTED": InvalidDataError,
    "DEADLINE_EXCEEDED": DeadlineError,
    "FAILED_PRECONDITION": SessionError,
    "UNIMPLEMENTED": NotServedError,
    "UNAVAILABLE": UnavailableError,
    "UNAUTHENTICATED": AuthenticationError,
    "PERMISSION_DENIED": AuthenticationError,
    "CANCELLED": SessionError,
}
# What AIGES's framework calls a status that came without a code of its own.
_CODES = {
    "INVALID_ARGUMENT": 10009,
    "NOT_FOUND": 10009,
    "RESOURCE_EXHAUSTED": 10009,
    "DEADLINE_EXCEEDED": DEADLINE,
    "CANCELLED": CLOSED,
}


def from_rpc(error: Any, what: str, engine: str, session_id: str | None) -> AigesError:
    """An ``RpcError`` of grpc: the status, the message, and the trailers of this project.

    Args:
        what: what was tried; begins the message.
        engine: name of the engine that was asked; empty for the server's first.
    """
    trailers = dict(error.trailing_metadata() or ())
    status: str = error.code().name
    code = _number(trailers.get("aiges-code"))
    if code is None:
        cls = _BY_STATUS.get(status, AigesError)
        code = _CODES.get(status, 0)
    elif status == "UNAVAILABLE" and code == CLOSED:
        cls = EngineError
    else:
        cls = _class_of(code, what)
    detail = error.details() or status
    # A status of the transport says more by its name than by what came with it.
    text = detail if trailers.get("aiges-code") else f"{detail} ({status})"
    return cls(
        f"{what}: {text}",
        code=code,
        engine_code=_number(trailers.get("aiges-engine-code")),
        engine=engine or None,
        session_id=session_id,
    )


def from_code(code: int, text: str, what: str, engine: str, session_id: str | None) -> AigesError:
    """A code and a text of XsfCall; the engine's own number stands at the end of the text."""
    found = re.search(r";code=(-?\d+)$", text)
    return _class_of(code, what)(
        f"{what}: {text}",
        code=code,
        engine_code=int(found[1]) if found else None,
        engine=engine or None,
        session_id=session_id,
    )


def _class_of(code: int, what: str) -> type[AigesError]:
    if code in (CLOSED, _NO_SUCH_MODE):  # of the engine, or of a session
        return EngineError if what == "exec" else SessionError
    return _BY_CODE.get(code, EngineError if 10900 <= code < 11000 else AigesError)


def _number(text: str | bytes | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def no_result(what: str, timeout: float | None, engine: str, session_id: str) -> DeadlineError:
    return DeadlineError(
        f"{what}: no result within the timeout of {timeout} s",
        code=DEADLINE,
        engine=engine or None,
        session_id=session_id or None,
    )


def closed(what: str, engine: str, session_id: str) -> SessionError:
    return SessionError(
        f"{what}: the session is closed",
        code=CLOSED,
        engine=engine or None,
        session_id=session_id or None,
    )


def undecodable(what: str, error: ValueError) -> AigesError:
    return AigesError(f"{what}: the server's answer cannot be decoded: {error}", code=10401)
