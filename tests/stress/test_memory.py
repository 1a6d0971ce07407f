"""Memory stays flat: a million calls, ten thousand sessions, many engines."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError, InvalidDataError

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]

# What a run may add to the resident set once it is warm. The allocator keeps some of what was
# freed, but a leak of 16 bytes for each of a million calls is twice this.
BOUND = 8 << 20


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    (line,) = [
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmRSS:")
    ]
    return int(line.split()[1]) * 1024


def growth(work: Callable[[int], None], warm_up: int, rounds: int) -> int:
    work(warm_up)
    before = resident()
    work(rounds)
    return resident() - before


def test_a_million_calls(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    data, params = {"k": b"x" * 100}, {"a": 1}

    def calls(count: int) -> None:
        exec_ = engine.exec
        for _ in range(count):
            exec_(data, params)

    assert growth(calls, 100_000, 1_000_000) < BOUND
    engine.close()
    assert probe(engine).counts("exec", "exec_free") == {"exec": 1_100_000, "exec_free": 1_100_000}


def test_ten_thousand_sessions(load: Load, probe: Probe) -> None:
    engine = load("echo")
    data = {"k": b"x" * 1000}

    def sessions(count: int) -> None:
        for number in range(count):
            mode: Any = "stream_async" if number % 4 == 0 else "stream"
            with engine.session({"a": "b"}, mode=mode) as session:
                session.write(data)
                session.write(data, aiges_native.Status.END)
                assert len(list(session)) == 2

    assert growth(sessions, 1_000, 10_000) < BOUND
    assert probe(engine).counts("create", "destroy") == {"create": 11_000, "destroy": 11_000}


def test_failures_and_refusals(load: Load) -> None:
    engine = load("once_only")

    def failures(count: int) -> None:
        for _ in range(count):
            with pytest.raises(EngineError):
                engine.exec({"k": b"v"}, {"fail": 5})
            with pytest.raises(InvalidDataError):
                engine.exec({"k": bytearray(10), "odd": 5})  # type: ignore[dict-item]

    assert growth(failures, 2_000, 20_000) < BOUND


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_futures_and_coroutines(mode: str, load: Load) -> None:
    engine = load("async_only" if mode == "once_async" else "once_only")

    def futures(count: int) -> None:
        for _ in range(count // 50):
            for future in [engine.exec_async({"k": bytearray(1000)}) for _ in range(50)]:
                future.result(60)

    async def coroutines(count: int) -> None:
        for _ in range(count // 50):
            await asyncio.gather(*(engine.aexec({"k": bytearray(1000)}) for _ in range(50)))

    assert growth(futures, 2_000, 10_000) < BOUND
    assert growth(lambda count: asyncio.run(coroutines(count)), 2_000, 10_000) < BOUND


def test_payloads_of_a_mebibyte(load: Load) -> None:
    # Whatever is not given back shows at once.
    engine = load("once_only")
    payload = bytes(1 << 20)

    def calls(count: int) -> None:
        for _ in range(count):
            assert len(engine.exec({"k": payload})["k"]) == len(payload)

    assert growth(calls, 100, 1_000) < BOUND


def test_a_python_engine(load: Load) -> None:
    engine = load("python/echo")

    def calls(count: int) -> None:
        for _ in range(count):
            assert engine.exec({"k": b"x" * 1000}, {"want": "tag"})["k"].bytes

    assert growth(calls, 5_000, 50_000) < BOUND


def test_resources_and_events(load: Load) -> None:
    engine = load("echo")
    heard: list[int] = []
    engine.on_meter(lambda tag, key, count: heard.append(count))

    def calls(count: int) -> None:
        for _ in range(count):
            number = engine.load_resource(b"x" * 1000, key="words", desc={"a": "b"})
            engine.exec({"k": b"v"}, {"meter": 1}, resources=[number])
            engine.unload_resource(number)
            heard.clear()

    assert growth(calls, 2_000, 20_000) < BOUND


def test_many_engines_one_after_the_other(engine_path: Callable[[str], Path], probe: Probe) -> None:
    path = engine_path("reinit")

    def engines(count: int) -> None:
        for number in range(count):
            with aiges_native.load(path, config={"number": number}) as engine:
                engine.exec({"k": b"v"})

    assert growth(engines, 200, 2_000) < BOUND
    assert probe(path).counts("init", "fini") == {"init": 2_200, "fini": 2_200}


def test_many_python_engines_one_after_the_other(engine_path: Callable[[str], Path]) -> None:
    path = engine_path("python/echo")

    def engines(count: int) -> None:
        for _ in range(count):
            with aiges_native.load(path) as engine:
                engine.exec({"k": b"v"})

    assert growth(engines, 50, 300) < BOUND
