"""concurrency=N: never more calls inside than that, and what becomes of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import DeadlineError, OverloadError

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]
Eventually = Callable[..., None]
EnginePath = Callable[[str], Path]

WAIT = 30.0
SOON = 0.02
DATA = {"k": b"v"}
CALLS: dict[str, Callable[[aiges_native.Engine], object]] = {
    "exec": lambda engine: engine.exec(DATA, timeout=SOON),
    "exec_async": lambda engine: engine.exec_async(DATA, timeout=SOON).result(WAIT),
}


@pytest.mark.parametrize("mode", ["once", "once_async"])
@pytest.mark.parametrize("how", CALLS)
def test_a_call_that_finds_no_place_in_time_is_told_so(
    how: str, mode: str, load: Load, probe: Probe
) -> None:
    engine = load("latch", concurrency=2, modes={mode})
    look = probe(engine)
    inside = [engine.exec_async({"n": str(number)}) for number in range(2)]
    look.wait("waiting", 2)
    for _ in range(5):
        with pytest.raises(OverloadError) as caught:
            CALLS[how](engine)
        assert caught.value.code == 10110
    look.release(-1)
    assert [call.result(WAIT)["n"].text for call in inside] == ["0", "1"]
    assert look["exec"] + look["exec_async"] == 2


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_a_call_that_waits_for_ever_does_not_keep_another_from_its_deadline(
    mode: str, load: Load, probe: Probe
) -> None:
    engine = load("latch", concurrency=1, modes={mode})
    look = probe(engine)
    inside, waiting = engine.exec_async({"n": "0"}), engine.exec_async({"n": "1"})
    look.wait("waiting")
    try:
        error = engine.exec_async(DATA, timeout=SOON).exception(WAIT)
    finally:
        look.release(-1)
    assert isinstance(error, OverloadError)
    assert [call.result(WAIT)["n"].text for call in (inside, waiting)] == ["0", "1"]


def test_the_limit_counts_every_kind_of_call(load: Load, probe: Probe) -> None:
    engine = load("latch", concurrency=2, modes={"once", "once_async"})
    look = probe(engine)
    with ThreadPoolExecutor(2) as pool:
        calls: list[Any] = [engine.exec_async({"n": "0"}), pool.submit(engine.exec, {"n": "1"})]
        look.wait("waiting", 2)
        calls += [engine.exec_async({"n": "2"}), pool.submit(engine.exec, {"n": "3"})]
        assert look["waiting"] == 2
        look.release(-1)
        assert sorted(call.result(WAIT)["n"].text for call in calls) == ["0", "1", "2", "3"]
    assert look["exec"] + look["exec_async"] == 4


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_limit_below_one_is_refused(concurrency: int, engine_path: EnginePath) -> None:
    with pytest.raises(ValueError, match="concurrency"):
        aiges_native.load(engine_path("once_only"), concurrency=concurrency)


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_a_deadline_reaches_an_engine_that_is_full(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", concurrency=1, modes={mode})
    look = probe(engine)
    for _ in range(3):
        with pytest.raises(DeadlineError):
            engine.exec(DATA, timeout=SOON)
        look.wait("waiting", 0, most=0)
    look.wait("cancelled", 3)


def test_closing_while_threads_wait_for_a_place_serves_them(
    load: Load, probe: Probe, eventually: Eventually
) -> None:
    engine = load("latch_without_cancel", concurrency=1)
    look = probe(engine)
    started = threading.Barrier(4)

    def call() -> bytes:
        started.wait()
        return engine.exec(DATA)["k"].bytes

    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call) for _ in range(3)]
        started.wait()
        look.wait("waiting")
        eventually(lambda: engine.stats()["in_flight"] == 3, "all three are on their way")
        closing = pool.submit(engine.close)
        look.release(-1)
        assert [call.result(WAIT) for call in calls] == [b"v"] * 3
        closing.result(WAIT)
    look.wait("fini", most=1)
    assert look["exec"] == 3


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_without_a_limit_nothing_is_overloaded(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    for _ in range(50):
        # Whether the answer comes in no time at all is luck; a call that was late was only late.
        try:
            engine.exec(DATA, timeout=0)
        except aiges_native.AigesError as error:
            kind = type(error)
        else:
            kind = DeadlineError
        assert kind is DeadlineError
