"""exec_async: futures as concurrent.futures has them, whose cancel reaches the engine."""

from __future__ import annotations

import concurrent.futures
import gc
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import aiges_native
from aiges_native import DeadlineError, EngineError, InvalidDataError, Result

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]
Eventually = Callable[..., None]

WAIT = 30.0
SOON = 0.02
DATA = {"k": b"v"}


@pytest.fixture(params=["once", "once_async"])
def mode(request: pytest.FixtureRequest) -> str:
    """With the engine's own asynchronous call, and with a thread of the host's pool."""
    found: str = request.param
    return found


def test_a_future_has_the_result(mode: str, load: Load) -> None:
    future = load("echo", modes={mode}).exec_async(DATA)
    assert isinstance(future, concurrent.futures.Future)
    assert future.result(WAIT)["k"].bytes == b"v"
    assert future.done()
    assert not future.cancelled()
    assert future.exception() is None


def test_a_future_has_the_exception(mode: str, load: Load) -> None:
    future = load("echo", modes={mode}).exec_async(DATA, {"fail": 21, "sid": "s"})
    error = future.exception(WAIT)
    assert isinstance(error, EngineError)
    assert (error.engine_code, error.code, error.session_id) == (21, 10909, "s")
    with pytest.raises(EngineError, match="echo: asked to fail;code=21"):
        future.result()


def test_what_cannot_be_a_request_is_refused_at_once(load: Load) -> None:
    engine = load("echo")
    for data, params in (({"k": 5}, None), (DATA, {"odd": []}), (None, None)):
        with pytest.raises(InvalidDataError):
            engine.exec_async(data, params)  # type: ignore[arg-type]


def test_hundreds_of_futures_each_have_their_own_result(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    futures = {engine.exec_async({"n": str(number)}): number for number in range(300)}
    done = concurrent.futures.as_completed(futures, WAIT)
    assert all(int(future.result()["n"].text) == futures[future] for future in done)
    done_and_not = concurrent.futures.wait(futures, WAIT)
    assert (len(done_and_not.done), len(done_and_not.not_done)) == (300, 0)


def test_callbacks_are_called_in_order_after_the_result_is_there(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    called: list[tuple[int, bytes]] = []
    last = threading.Event()
    future = engine.exec_async(DATA)

    def note(number: int) -> Callable[[concurrent.futures.Future[Result]], None]:
        return lambda done: called.append((number, done.result(0)["k"].bytes))

    for number in range(5):
        future.add_done_callback(note(number))
    future.add_done_callback(lambda done: last.set())
    assert last.wait(WAIT)
    assert called == [(number, b"v") for number in range(5)]
    future.add_done_callback(lambda done: called.append((9, b"at once")))
    assert called[-1] == (9, b"at once")


def test_a_callback_may_start_the_next_request(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    texts: list[str] = []
    finished = threading.Event()

    def go_on(done: concurrent.futures.Future[Result]) -> None:
        texts.append(done.result()["n"].text)
        if len(texts) == 5:
            finished.set()
        else:
            engine.exec_async({"n": str(len(texts))}).add_done_callback(go_on)

    engine.exec_async({"n": "0"}).add_done_callback(go_on)
    assert finished.wait(WAIT)
    assert texts == ["0", "1", "2", "3", "4"]


def test_a_callback_that_raises_harms_no_other_future(
    mode: str,
    load: Load,
    probe: Probe,
    caplog: pytest.LogCaptureFixture,
    eventually: Eventually,
) -> None:
    engine = load("latch", modes={mode})
    first, second = engine.exec_async(DATA), engine.exec_async(DATA)
    first.add_done_callback(lambda done: 1 / 0)
    probe(engine).release(-1)
    assert first.result(WAIT)["k"].bytes == b"v"
    assert second.result(WAIT)["k"].bytes == b"v"
    # As for any future; callbacks are called after those who wait were woken.
    eventually(lambda: "ZeroDivisionError" in caplog.text, "it was logged")
    caplog.clear()  # which holds the traceback, and so the future and its result


def test_waiting_for_a_future_does_not_end_it(mode: str, load: Load, probe: Probe) -> None:
    future = load("latch", modes={mode}).exec_async(DATA)
    look = probe("latch")
    with pytest.raises(concurrent.futures.TimeoutError):
        future.result(SOON)
    assert not future.done()
    look.release()
    assert future.result(WAIT)["k"].bytes == b"v"


# ---- cancel ----


def test_cancel_ends_the_wait_and_the_work(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})
    look = probe(engine)
    future = engine.exec_async(DATA)
    look.wait("waiting")
    assert future.cancel()
    assert future.cancelled()
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(WAIT)
    look.wait("cancelled")
    look.wait("waiting", 0, most=0)
    assert future.cancel()  # again: it is


def test_cancel_ends_only_the_wait_where_the_engine_cannot_be_told(
    load: Load, probe: Probe, eventually: Eventually
) -> None:
    engine = load("latch_without_cancel")
    look = probe(engine)
    future = engine.exec_async(DATA)
    look.wait("waiting")
    assert future.cancel()
    assert look["waiting"] == 1
    look.release()
    eventually(lambda: engine.stats()["in_flight"] == 0, "the call has left")
    look.wait("exec_free")  # of an answer that nobody wanted


def test_cancel_of_a_request_in_the_queue_keeps_it_from_the_engine(
    load: Load, probe: Probe, eventually: Eventually
) -> None:
    engine = load("latch", modes={"once"}, concurrency=1)
    look = probe(engine)
    first, second = engine.exec_async(DATA), engine.exec_async(DATA)
    look.wait("waiting")
    assert second.cancel()
    look.release(-1)
    assert first.result(WAIT)["k"].bytes == b"v"
    eventually(lambda: engine.stats()["in_flight"] == 0, "both have left")
    assert look["exec"] == 1


def test_cancel_comes_too_late_for_an_outcome(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    for params in ({}, {"fail": 21}):
        future = engine.exec_async(DATA, params)
        concurrent.futures.wait([future], WAIT)
        assert not future.cancel()
        assert not future.cancelled()


def test_waiting_threads_see_a_cancel(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})
    look = probe(engine)
    future = engine.exec_async(DATA)
    called = threading.Event()
    future.add_done_callback(lambda done: called.set())
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(concurrent.futures.wait, [future], WAIT)
        look.wait("waiting")
        future.cancel()
        assert waiting.result(WAIT).done == {future}
    assert called.wait(WAIT)


def test_cancelled_or_not_a_future_has_one_outcome(mode: str, load: Load) -> None:
    # Cancels meet answers at every moment of their way.
    engine = load("echo", modes={mode})
    outcomes = {"cancelled": 0, "answered": 0}
    for _ in range(300):
        future = engine.exec_async(DATA)
        cancelled = future.cancel()
        assert future.cancelled() is cancelled
        if cancelled:
            outcomes["cancelled"] += 1
        else:
            assert future.result(WAIT)["k"].bytes == b"v"
            outcomes["answered"] += 1
    assert sum(outcomes.values()) == 300


# ---- deadlines ----


def test_a_deadline_is_an_outcome(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})
    look = probe(engine)
    error = engine.exec_async(DATA, timeout=SOON).exception(WAIT)
    assert isinstance(error, DeadlineError)
    assert isinstance(error, TimeoutError)
    assert error.code == 10102
    look.wait("cancelled")


def test_a_callback_after_the_deadline_is_counted(
    load: Load, probe: Probe, eventually: Eventually
) -> None:
    engine = load("late_callback")
    look = probe(engine)
    assert isinstance(engine.exec_async(DATA, timeout=SOON).exception(WAIT), DeadlineError)
    look.release()
    look.wait("callback_refused")
    eventually(lambda: engine.stats()["callbacks_late"] == 1, "it was counted")
    assert engine.exec_async(DATA).cancel()
    look.release()
    look.wait("callback_refused", 2)
    eventually(lambda: engine.stats()["callbacks_late"] == 2, "the second one, too")


# ---- what is left ----


def test_a_forgotten_future_leaves_nothing(mode: str, load: Load, eventually: Eventually) -> None:
    engine = load("echo", modes={mode})
    for _ in range(50):
        engine.exec_async({"k": b"v" * 1000})
    engine.close()
    assert engine.stats()["in_flight"] == 0
    eventually(lambda: engine.stats()["outputs_live"] == 0, "no result is left")


def test_a_done_future_keeps_neither_data_nor_token(mode: str, load: Load) -> None:
    engine = load("echo", modes={mode})
    payload = bytearray(1000)
    before = sys.getrefcount(payload)
    future: Any = engine.exec_async({"k": payload})
    future.result(WAIT)
    engine.exec_async(DATA).result(WAIT)  # whatever other threads left is put away by the next call
    gc.collect()
    assert sys.getrefcount(payload) == before
