"""Coroutines: calls and sessions without a thread for each, and loops that come and go."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import DeadlineError, EngineError, InvalidDataError

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]
Eventually = Callable[..., None]

WAIT = 30.0
SOON = 0.02
DATA = {"k": b"v"}


def threads_of_this_process() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


async def until(condition: Callable[[], object]) -> None:
    """Lets the loop go round until something is so."""
    async with asyncio.timeout(WAIT):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture(params=["once", "once_async"])
def mode(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


# ---- aexec ----


def test_aexec_gives_the_result(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})

    async def main() -> bytes:
        return (await engine.aexec(DATA))["k"].bytes

    assert asyncio.run(main()) == b"v"


def test_aexec_raises_as_exec_does(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})

    async def main() -> None:
        with pytest.raises(EngineError, match="echo: asked to fail;code=21") as caught:
            await engine.aexec(DATA, {"fail": 21})
        assert caught.value.engine_code == 21
        with pytest.raises(InvalidDataError, match="'k'"):
            await engine.aexec({"k": 5})  # type: ignore[dict-item]
        with pytest.raises(InvalidDataError, match="resource 9"):
            await engine.aexec(DATA, resources=[9])
        engine.close()
        with pytest.raises(EngineError, match="closed"):
            await engine.aexec(DATA)

    asyncio.run(main())


def test_an_exception_of_a_wrapper_is_the_cause(load: Load) -> None:
    engine = load("python/raises")

    async def main() -> None:
        with pytest.raises(EngineError, match="OddError") as caught:
            await engine.aexec({}, {"raise": "exec_async"})
        assert type(caught.value.__cause__).__name__ == "OddError"
        assert caught.value.__cause__.__traceback__ is not None  # type: ignore[union-attr]

    asyncio.run(main())


def test_hundreds_of_coroutines_wait_without_a_thread_each(load: Load, probe: Probe) -> None:
    engine = load("never_calls_back", modes={"once_async"})
    before = threads_of_this_process()

    async def main() -> int:
        tasks = [asyncio.ensure_future(engine.aexec(DATA)) for _ in range(200)]
        await until(lambda: probe(engine)["exec_async"] == 200)
        assert engine.stats()["in_flight"] == 200
        during = threads_of_this_process()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return during

    assert asyncio.run(main()) <= before + 2  # the host's own, if they were not there yet
    assert engine.stats()["in_flight"] == 0


def test_gather_gives_every_coroutine_its_own_result(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    before = threading.active_count()

    async def main() -> list[str]:
        results = await asyncio.gather(*(engine.aexec({"n": str(n)}) for n in range(200)))
        assert threading.active_count() <= before  # no thread of Python's
        return [result["n"].text for result in results]

    assert asyncio.run(main()) == [str(number) for number in range(200)]


def test_the_loop_goes_on_while_engines_work(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})
    look = probe(engine)

    async def main() -> None:
        task = asyncio.ensure_future(engine.aexec(DATA))
        await until(lambda: look["waiting"] == 1)
        assert not task.done()
        look.release()
        assert (await task)["k"].bytes == b"v"

    asyncio.run(main())


def test_cancelling_a_task_ends_the_wait_and_the_work(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})
    look = probe(engine)

    async def main() -> None:
        task = asyncio.ensure_future(engine.aexec(DATA))
        await until(lambda: look["waiting"] == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert look["cancelled"] == 1

    asyncio.run(main())
    look.wait("waiting", 0, most=0)


def test_a_timeout_of_asyncio_cancels_the_work(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})

    async def main() -> None:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.2):
                await engine.aexec(DATA)
        assert not isinstance(caught.value, DeadlineError)

    asyncio.run(main())
    probe(engine).wait("cancelled")


def test_a_timeout_of_the_call_is_a_deadline_error(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})

    async def main() -> None:
        with pytest.raises(DeadlineError) as caught:
            await engine.aexec(DATA, timeout=SOON)
        assert caught.value.code == 10102

    asyncio.run(main())
    probe(engine).wait("cancelled")


# ---- loops ----


def test_loops_one_after_the_other(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})

    async def main(number: int) -> str:
        return (await engine.aexec({"n": str(number)}))["n"].text

    assert [asyncio.run(main(number)) for number in range(20)] == [str(n) for n in range(20)]


def test_loops_in_several_threads(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})

    async def main(loop: int) -> list[str]:
        calls = (engine.aexec({"n": f"{loop} {number}"}) for number in range(50))
        return [result["n"].text for result in await asyncio.gather(*calls)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda loop: asyncio.run(main(loop)), range(4)))
    assert found == [[f"{loop} {number}" for number in range(50)] for loop in range(4)]


def test_a_loop_closed_with_work_under_way_is_harmless(
    mode: str, load: Load, probe: Probe, eventually: Eventually
) -> None:
    engine = load("latch_without_cancel" if mode == "once" else "late_callback", modes={mode})
    look = probe(engine)
    loop = asyncio.new_event_loop()
    task = loop.create_task(engine.aexec(DATA))
    loop.run_until_complete(until(lambda: look["waiting"] == 1))
    loop.close()  # as a program does that forgets to end its tasks
    look.release(-1)
    eventually(lambda: engine.stats()["in_flight"] == 0, "the call has left")
    with pytest.raises(RuntimeError, match="closed"):
        loop.run_until_complete(task)
    task.get_coro().close()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    del task, loop
    gc.collect()
    assert engine.exec(DATA, timeout=WAIT)["k"].bytes == b"v"


def test_many_loops_leave_no_descriptors(load: Load) -> None:
    engine = load("echo")

    async def main() -> None:
        await engine.aexec(DATA)

    def descriptors() -> int:
        gc.collect()
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    asyncio.run(main())
    before = descriptors()
    for _ in range(20):
        asyncio.run(main())
    assert descriptors() <= before
