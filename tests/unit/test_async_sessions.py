"""Sessions in coroutines, in both modes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

import aiges_native
from aiges_native import DeadlineError, EngineError, SessionError, Status

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]
Mode = Literal["stream", "stream_async"]

WAIT = 30.0
SOON = 0.02
DATA = {"k": b"v"}


def threads_of_this_process() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


@pytest.fixture(params=["stream", "stream_async"])
def stream(request: pytest.FixtureRequest) -> Mode:
    found: Mode = request.param
    return found


def test_a_session_in_a_coroutine(stream: Mode, load: Load, probe: Probe) -> None:
    engine = load("echo")

    async def main() -> list[str]:
        async with engine.session(mode=stream, timeout=WAIT) as session:
            for number in range(5):
                await session.awrite({"n": str(number)}, Status.END if number == 4 else None)
            texts = [result["n"].text async for result in session]
        assert session.done
        return texts

    assert asyncio.run(main()) == ["0", "1", "2", "3", "4"]
    assert probe(engine).counts("create", "destroy") == {"create": 1, "destroy": 1}


def test_reading_in_a_coroutine_and_its_limits(stream: Mode, load: Load) -> None:
    engine = load("echo")

    async def main() -> None:
        async with engine.session(mode=stream, timeout=SOON) as session:
            assert await session.aread(timeout=0) is None
            assert await session.aread(timeout=SOON) is None
            with pytest.raises(DeadlineError) as caught:
                await session.aread()
            assert caught.value.session_id == session.id
            await session.awrite(DATA, Status.END)
            result = await session.aread(timeout=WAIT)
            assert result is not None
            assert result.final
            assert await session.aread() is None
        with pytest.raises(SessionError):
            await session.awrite(DATA)

    asyncio.run(main())


def test_a_reader_and_a_writer_side_by_side(stream: Mode, load: Load) -> None:
    engine = load("echo")

    async def main() -> list[str]:
        async with engine.session(mode=stream, timeout=WAIT) as session:

            async def write() -> None:
                for number in range(20):
                    await asyncio.sleep(0)
                    await session.awrite({"n": str(number)}, Status.END if number == 19 else None)

            async def read() -> list[str]:
                return [result["n"].text async for result in session]

            return (await asyncio.gather(read(), write()))[0]

    assert asyncio.run(main()) == [str(number) for number in range(20)]


def test_readers_of_callbacks_need_no_thread_each(load: Load) -> None:
    engine = load("never_calls_back")
    before = threads_of_this_process()

    async def main() -> int:
        sessions = [engine.session(mode="stream_async") for _ in range(100)]
        reads = [asyncio.ensure_future(session.aread(timeout=WAIT)) for session in sessions]
        await asyncio.sleep(0.01)
        during = threads_of_this_process()
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)
        for session in sessions:
            session.close()
        return during

    assert asyncio.run(main()) <= before + 2


def test_a_result_that_is_called_back_is_not_polled_for(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load("echo")

    async def main() -> bytes:
        async with engine.session(mode="stream_async", timeout=WAIT) as session:
            reading = asyncio.ensure_future(session.aread())
            await asyncio.sleep(0)  # it waits now
            monkeypatch.setattr(asyncio, "sleep", None)
            await session.awrite(DATA, Status.END)
            result = await reading
            assert result is not None
            return result["k"].bytes

    assert asyncio.run(main()) == b"v"


def test_a_session_that_fails_in_a_coroutine(stream: Mode, load: Load, probe: Probe) -> None:
    engine = load("echo")

    async def main() -> None:
        async with engine.session({"fail_write": 21}, mode=stream) as session:
            with pytest.raises(EngineError, match="code=21"):
                await session.awrite(DATA)
            with pytest.raises(EngineError, match="code=21"):
                await session.aread()

    asyncio.run(main())
    assert probe(engine)["destroy"] == 1


def test_leaving_the_block_closes_after_a_cancel(stream: Mode, load: Load, probe: Probe) -> None:
    engine = load("never_calls_back")

    async def main() -> None:
        async def use() -> None:
            async with engine.session(mode=stream) as session:
                started.set()
                await session.aread()

        started = asyncio.Event()
        task = asyncio.ensure_future(use())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert probe(engine).counts("destroy", "live_sessions") == {"destroy": 1, "live_sessions": 0}
