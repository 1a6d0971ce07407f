"""Engines that take their time: deadlines, limits, closing, and what is freed when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import aiges_native
from aiges_native import DeadlineError, OverloadError

WAIT = 30.0  # seconds, for what comes at once
SOON = 0.05  # seconds, for what does not come

Load = Callable[..., aiges_native.Engine]


def test_as_many_calls_as_threads_are_inside_at_once(load: Load, probe: Callable[..., Any]) -> None:
    # If a call kept the interpreter's lock, the second one would never come to wait.
    engine = load("latch")
    look = probe(engine)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(engine.exec, {"n": str(number)}) for number in range(8)]
        look.wait("waiting", 8)
        assert engine.stats()["in_flight"] == 8
        look.release(-1)
        assert [call.result(WAIT)["n"].text for call in calls] == [str(n) for n in range(8)]


def test_a_deadline_ends_the_wait_and_the_work(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("latch", modes={"once"})
    look = probe(engine)
    with pytest.raises(DeadlineError) as caught:
        engine.exec({"k": b"v"}, {"sid": "s1"}, timeout=SOON)
    assert caught.value.code == 10102
    assert caught.value.session_id == "s1"
    look.wait("cancelled")
    look.wait("waiting", 0, most=0)
    look.release()
    assert engine.exec({"k": b"v"}, timeout=WAIT)["k"].bytes == b"v"


def test_a_deadline_ends_only_the_wait_where_the_engine_cannot_be_told(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("latch_without_cancel")
    look = probe(engine)
    with pytest.raises(DeadlineError):
        engine.exec({"k": b"v"}, timeout=SOON)
    assert look["waiting"] == 1
    # The call is still inside, so the engine is not finished; what it makes is freed.
    with pytest.raises(DeadlineError):
        engine.close(timeout=SOON)
    assert look["fini"] == 0
    look.release()
    look.wait("fini")
    assert look.counts("exec", "exec_free", "live_lists") == {
        "exec": 1,
        "exec_free": 1,
        "live_lists": 0,
    }


def test_closing_waits_for_the_calls_inside(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("latch_without_cancel")
    look = probe(engine)
    with ThreadPoolExecutor(2) as pool:
        call = pool.submit(engine.exec, {"k": b"v"})
        look.wait("waiting")
        closing = pool.submit(engine.close)
        # Closing begins by letting nobody in.
        while not engine.closed:
            threading.Event().wait(0.001)
        with pytest.raises(aiges_native.AigesError) as caught:
            engine.exec({"k": b"v"})
        assert caught.value.code == 10101
        assert not closing.done()
        look.release()
        assert call.result(WAIT)["k"].bytes == b"v"
        del call  # and with it the result, for which the engine would stay
        closing.result(WAIT)
    look.wait("fini")
    assert look["exec"] == 1


def test_a_call_beyond_the_limit_waits_no_longer_than_its_timeout(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("latch_without_cancel", concurrency=2)
    look = probe(engine)
    with ThreadPoolExecutor(3) as pool:
        inside = [pool.submit(engine.exec, {"n": str(number)}) for number in range(2)]
        look.wait("waiting", 2)
        with pytest.raises(OverloadError) as caught:
            engine.exec({"n": "too many"}, timeout=SOON)
        assert caught.value.code == 10110
        assert look["exec"] == 2
        # One that waits without a limit gets the next free place.
        third = pool.submit(engine.exec, {"n": "third"})
        look.release(3)
        assert sorted(call.result(WAIT)["n"].text for call in inside) == ["0", "1"]
        assert third.result(WAIT)["n"].text == "third"


def test_never_more_calls_inside_than_the_limit(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("slow", concurrency=2)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(engine.exec, {"k": b"v"}, {"ms": 5}) for _ in range(24)]
    assert all(call.result()["k"].bytes == b"v" for call in calls)
    assert probe(engine).counts("exec", "most_inside") == {"exec": 24, "most_inside": 2}


def test_dropping_a_result_does_not_wait_for_the_engine(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("slow_free")
    look = probe(engine)
    results = [engine.exec({"n": str(number)}) for number in range(50)]
    caller = threading.get_native_id()
    results.clear()  # with the engine standing in wrapperExecFree, this would not return
    look.wait("waiting", 1)
    assert engine.exec({"k": b"v"})["k"].bytes == b"v"
    look.release(-1)
    look.wait("exec_free", 51)
    assert look.thread_of("exec_free") not in (0, caller)
    assert look["live_lists"] == 0


def test_closing_with_an_output_alive_puts_fini_off(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("echo")
    look = probe(engine)
    array = engine.exec({"k": b"still read"})["k"].array()
    engine.close(timeout=WAIT)
    assert engine.closed
    assert look.counts("fini", "live_lists") == {"fini": 0, "live_lists": 1}
    assert array.tobytes() == b"still read"
    del array
    look.wait("fini")
    assert look.counts("exec_free", "live_lists", "after_fini") == {
        "exec_free": 1,
        "live_lists": 0,
        "after_fini": 0,
    }


def test_closing_a_session_with_a_call_inside_waits_for_it(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("latch")
    look = probe(engine)
    session = engine.session(mode="stream", timeout=WAIT)
    with ThreadPoolExecutor(1) as pool:
        write = pool.submit(session.write, {"k": b"v"})
        look.wait("waiting")
        session.close()  # which tells the engine to let go of it
        error = write.exception(WAIT)
    assert error is None or isinstance(error, aiges_native.AigesError)
    assert look.counts("destroy", "live_sessions") == {"destroy": 1, "live_sessions": 0}


def test_a_slow_engine_is_only_slow(load: Load) -> None:
    engine = load("slow")
    assert engine.exec({"k": b"v"}, {"ms": 20})["k"].bytes == b"v"
    assert engine.exec({"k": b"v"}, {"ms": 20}, timeout=WAIT)["k"].bytes == b"v"
