"""The class that Python wrappers derive from."""

from __future__ import annotations

from typing import Any, ClassVar

from aiges_native.wrapper.data import DataListCls


class WrapperBase:
    """An engine in Python.

    A file with a class named ``Wrapper`` is an engine for :func:`aiges_native.load`. Deriving from
    this class is not needed, but gives the optional methods. What the class defines makes its
    modes:

    - once: ``wrapperOnceExec(params, reqData, usrTag, persId) -> Response``
    - once_async: ``wrapperOnceExecAsync(params, reqData, usrTag, persId) -> int``, which returns at
      once; the answer comes through :func:`aiges_native.wrapper.callback`
    - stream: ``wrapperCreate(params, sid, persId, usrTag) -> SessionCreateResponse``,
      ``wrapperWrite(handle, reqData) -> int``, ``wrapperRead(handle) -> Response`` and
      ``wrapperDestroy(handle) -> int``
    - stream_async: the same without ``wrapperRead``; answers come through the callback

    Trailing parameters may be left out. An int of 0 (or None) is success, anything else an error
    number whose text ``wrapperError`` gives. An exception is an error, too; callers see it as the
    cause of theirs. Calls come from several threads.
    """

    config: ClassVar[dict[str, str]] = {}

    def wrapperInit(self, config: dict[str, str]) -> int:
        """Called once before anything else, with the engine's configuration."""
        return 0

    def wrapperFini(self) -> int:
        """Called once, when no other call is running."""
        return 0

    def wrapperError(self, ret: int) -> str:
        """The text of an error number."""
        return ""

    def wrapperVersion(self) -> str:
        """The engine's version."""
        return str(getattr(self, "version", ""))

    def wrapperDestroy(self, handle: Any) -> int:
        """Called exactly once for every session that was created."""
        return 0

    def wrapperLoadRes(self, reqData: DataListCls, resId: int) -> int:
        """Takes a personal resource that later calls name by its id."""
        return 0

    def wrapperUnloadRes(self, resId: int) -> int:
        """Forgets a personal resource."""
        return 0
