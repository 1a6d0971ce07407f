"""What the conformance tests share: a load that must fail, and the ways to work with an engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest

import aiges_native

WAIT = 30.0  # seconds, for what comes at once


@pytest.fixture
def refused() -> Callable[..., aiges_native.EngineLoadError]:
    """``refused(path, …)`` is the error with which that cannot be loaded."""

    def load(path: str | os.PathLike[str], **options: Any) -> aiges_native.EngineLoadError:
        with pytest.raises(aiges_native.EngineLoadError) as caught:
            aiges_native.load(path, **options)
        return caught.value

    return load


class Way:
    """An engine and a way to work with it: every way gives all items that came, in order."""

    def __init__(self, engine: aiges_native.Engine, mode: str) -> None:
        self.engine = engine
        self.mode = mode

    @property
    def streams(self) -> bool:
        return self.mode.startswith("stream")

    def ask(
        self,
        data: Mapping[str, Any],
        params: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> list[aiges_native.Item]:
        options.setdefault("timeout", WAIT)
        match self.mode:
            case "once":
                return list(self.engine.exec(data, params, **options).all)
            case "once_async":
                return list(self.engine.exec_async(data, params, **options).result(WAIT).all)
            case "aexec":
                return list(asyncio.run(self.aexec(data, params, **options)).all)
        with self.session(params, **options) as session:
            session.write(data, aiges_native.Status.ONCE)
            return [item for result in session for item in result.all]

    async def aexec(self, *args: Any, **options: Any) -> aiges_native.Result:
        return await self.engine.aexec(*args, **options)

    def session(
        self, params: Mapping[str, Any] | None = None, **options: Any
    ) -> aiges_native.Session:
        params = dict(params or {})
        # Only the Python twin looks at it; the C one is told by the callback's pointer.
        if self.mode == "stream_async" and self.engine.kind == "python":
            params["deliver"] = "callback"
        mode: Any = self.mode
        return self.engine.session(params, mode=mode, **options)


@pytest.fixture(params=["echo", "python/echo"], ids=["c", "python"])
def engine(request: pytest.FixtureRequest, load: Callable[..., Any]) -> aiges_native.Engine:
    """The echo, once as a C library and once as a Python wrapper."""
    loaded: aiges_native.Engine = load(request.param)
    return loaded


@pytest.fixture(params=["once", "once_async", "aexec", "stream", "stream_async"])
def way(request: pytest.FixtureRequest, engine: aiges_native.Engine) -> Way:
    return Way(engine, request.param)


@pytest.fixture(params=["stream", "stream_async"])
def stream(request: pytest.FixtureRequest, engine: aiges_native.Engine) -> Way:
    return Way(engine, request.param)
