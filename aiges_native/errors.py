"""What can go wrong, as exceptions.

Every failure of an engine or of the host around it is an :class:`AigesError`. The numbers in
``code`` are those of AIGES's framework (iflytek/aiges, ``frame/errors.go``), so that a service
built on this package can pass them on; an engine's own number is in ``engine_code``.
"""

from __future__ import annotations


class AigesError(Exception):
    """The base of all errors of this package.

    Attributes:
        code: framework error code (int); 10101 closed, 10102 deadline, 10106 bad engine output,
            10110 overload, 10009 invalid data, 109xx engine calls.
        engine_code: the number the engine returned, or None when it did not return one.
        engine: name of the engine concerned, or None.
        session_id: the session concerned, or None.
    """

    code: int
    engine_code: int | None
    engine: str | None
    session_id: str | None

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        engine_code: int | None = None,
        engine: str | None = None,
        session_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.engine_code = engine_code
        self.engine = engine
        self.session_id = session_id

    def __reduce__(self) -> tuple[object, ...]:
        """Makes errors picklable, so that they cross process pools."""
        state = (self.code, self.engine_code, self.engine, self.session_id)
        return _rebuild, (type(self), self.args[0], state)


def _rebuild(
    cls: type[AigesError], message: str, state: tuple[int, int | None, str | None, str | None]
) -> AigesError:
    code, engine_code, engine, session_id = state
    return cls(message, code=code, engine_code=engine_code, engine=engine, session_id=session_id)


class EngineLoadError(AigesError):
    """The file is not an engine that can be used; the message tells every step that was tried."""


class EngineInitError(AigesError):
    """``wrapperInit`` failed; ``engine_code`` is its result."""


class EngineError(AigesError):
    """The engine failed, answered something unusable, or was used after it was closed."""


class SessionError(AigesError):
    """A session was used in a way its state does not allow."""


class OverloadError(AigesError):
    """There was no capacity for the call."""


class DeadlineError(AigesError, TimeoutError):
    """There was no result in time."""


class InvalidDataError(AigesError, ValueError):
    """The request cannot be given to an engine as it is; the engine has not seen it."""


class EngineCrashError(AigesError):
    """The process that ran the engine died."""


for _cls in list(globals().values()):
    if isinstance(_cls, type) and issubclass(_cls, AigesError):
        _cls.__module__ = "aiges_native"
