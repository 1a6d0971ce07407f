"""Engines that call back when they should not, or not when they should. One outcome each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

import aiges_native
from aiges_native import DeadlineError, EngineError

WAIT = 30.0  # seconds, for what comes at once
SOON = 0.05  # seconds, for what does not come

Load = Callable[..., aiges_native.Engine]

CALLBACK_STATS = ("callbacks", "callbacks_late", "callbacks_double", "callbacks_unknown")


def callback_stats(engine: aiges_native.Engine) -> dict[str, int]:
    """How many callbacks there were of each kind, but those of which there were none."""
    stats = engine.stats()
    return {name: stats[name] for name in CALLBACK_STATS if stats[name]}


def ask(engine: aiges_native.Engine, params: dict[str, Any] | None = None) -> str:
    return engine.exec_async({"k": "echo"}, params, timeout=WAIT).result(WAIT)["k"].text


# ---- never, late ----


CALLS: dict[str, Callable[[aiges_native.Engine], Any]] = {
    "exec": lambda engine: engine.exec({"k": b"v"}, timeout=SOON),
    "exec_async": lambda engine: engine.exec_async({"k": b"v"}, timeout=SOON).result(WAIT),
    "aexec": lambda engine: asyncio.run(aexec(engine)),
}


async def aexec(engine: aiges_native.Engine) -> aiges_native.Result:
    return await engine.aexec({"k": b"v"}, timeout=SOON)


@pytest.mark.parametrize("call", CALLS)
def test_a_callback_that_never_comes_ends_with_the_deadline(
    call: str, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("never_calls_back")
    with pytest.raises(DeadlineError) as caught:
        CALLS[call](engine)
    assert (caught.value.code, caught.value.engine_code) == (10102, None)
    # The engine was told, and nothing waits for it any more.
    look = probe(engine)
    look.wait("cancel", 1, most=1)
    assert look["exec_async"] == 1
    assert engine.stats()["in_flight"] == 0
    engine.close(timeout=WAIT)
    assert look["fini"] == 1


def test_without_a_deadline_closing_says_what_it_waits_for(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("never_calls_back")
    future = engine.exec_async({"k": b"v"})
    with pytest.raises(DeadlineError):
        engine.close(timeout=SOON)
    assert future.cancel()
    engine.close(timeout=WAIT)
    assert probe(engine)["fini"] == 1


def test_a_session_without_callbacks_has_no_result(load: Load) -> None:
    with load("never_calls_back").session(mode="stream_async") as session:
        session.write({"k": b"v"})
        assert session.read(timeout=0) is None
        assert session.read(timeout=SOON) is None
        assert not session.done


@pytest.mark.parametrize("tag", ["pointer", "copy"])
def test_a_late_callback_is_counted_and_refused(
    tag: str, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("late_callback", config={"tag": tag})
    look = probe(engine)
    with pytest.raises(DeadlineError):
        engine.exec_async({"k": b"v"}, timeout=SOON).result(WAIT)
    look.wait("waiting")
    look.release()
    look.wait("callback_refused")
    assert callback_stats(engine) == {"callbacks_late": 1}
    look.wait("live_threads", 0, most=0)
    look.release()
    assert ask(engine) == "echo"
    assert callback_stats(engine) == {"callbacks": 1, "callbacks_late": 1}


def test_a_callback_within_fini_is_refused(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("late_callback")
    with pytest.raises(DeadlineError):
        engine.exec_async({"k": b"v"}, timeout=SOON).result(WAIT)
    engine.close(timeout=WAIT)
    assert probe(engine).counts("callback_accepted", "callback_refused") == {
        "callback_accepted": 0,
        "callback_refused": 1,
    }


def test_a_late_callback_does_not_answer_another_request(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("late_callback")
    look = probe(engine)
    with pytest.raises(DeadlineError):
        engine.exec_async({"k": "given up"}, timeout=SOON).result(WAIT)
    waiting = [engine.exec_async({"k": str(number)}, timeout=WAIT) for number in range(8)]
    look.wait("waiting", 9)
    look.release(-1)
    assert [future.result(WAIT)["k"].text for future in waiting] == [str(n) for n in range(8)]
    look.wait("callback", 9)
    look.wait("callback_refused", 1, most=1)
    assert callback_stats(engine) == {"callbacks": 8, "callbacks_late": 1}


def test_threads_that_outlive_fini_are_refused(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("threads_outlive_fini")
    look = probe(engine)
    assert ask(engine) == "echo"
    look.wait("waiting")
    engine.close(timeout=WAIT)
    assert look.counts("fini", "waiting") == {"fini": 1, "waiting": 1}
    look.release()
    look.wait("live_threads", 0, most=0)
    assert look.counts("callback_accepted", "callback_refused") == {
        "callback_accepted": 1,
        "callback_refused": 1,
    }
    assert look.counts("event_accepted", "event_refused") == {
        "event_accepted": 0,
        "event_refused": 1,
    }


def test_a_thread_that_outlives_fini_does_not_reach_the_next_engine_of_its_library(
    load: Load, probe: Callable[..., Any]
) -> None:
    look = probe("threads_outlive_fini")
    first = load("threads_outlive_fini")
    assert ask(first) == "echo"
    look.wait("waiting")
    first.close(timeout=WAIT)
    second = load("threads_outlive_fini")
    look.release(1)
    look.wait("live_threads", 0, most=0)
    assert look["callback_refused"] == 1
    assert "callbacks" not in callback_stats(second)
    assert ask(second) == "echo"
    look.release(-1)
    look.wait("live_threads", 0, most=0)


# ---- twice, early, with an error, for nobody ----


def test_the_second_callback_is_counted_and_refused(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("double_callback")
    result = engine.exec_async({"k": "first"}, timeout=WAIT).result(WAIT)
    assert [item.text for item in result.all] == ["first"]
    look = probe(engine)
    look.wait("callback_refused")
    assert look["callback_accepted"] == 1
    assert callback_stats(engine) == {"callbacks": 1, "callbacks_double": 1}


def test_of_racing_callbacks_one_wins(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("racing_callbacks")
    rounds, racers = 100, 4
    for _ in range(rounds):
        assert ask(engine) == "echo"
    look = probe(engine)
    look.wait("live_threads", 0, most=0)
    assert look.counts("callback_accepted", "callback_refused") == {
        "callback_accepted": rounds,
        "callback_refused": rounds * (racers - 1),
    }
    assert callback_stats(engine) == {
        "callbacks": rounds,
        "callbacks_double": rounds * (racers - 1),
    }


def test_a_callback_may_come_before_the_call_returns(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("callback_before_return")
    assert ask(engine) == "echo"
    assert engine.exec({"k": "by exec"})["k"].text == "by exec"
    assert callback_stats(engine) == {"callbacks": 2}
    assert probe(engine)["callback_refused"] == 0


def test_a_result_stays_when_the_call_fails_after_it(load: Load) -> None:
    # The first outcome is the outcome.
    engine = load("callback_before_return")
    assert ask(engine, {"ret": 5}) == "echo"
    assert engine.stats()["in_flight"] == 0


def test_an_error_called_back_is_the_requests_error(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("callback_with_error")
    says = "callback_with_error: the model refused;code=33"
    with pytest.raises(EngineError, match=says) as caught:
        ask(engine, {"sid": "s1"})
    assert (caught.value.code, caught.value.engine_code) == (10910, 33)
    assert caught.value.session_id == "s1"
    assert engine.stats()["failures"] == 1
    probe(engine).wait("callback_accepted", 1, most=1)


def test_a_callback_for_an_unknown_tag_is_counted_and_refused(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("callback_unknown_tag")
    assert ask(engine) == "echo"
    probe(engine).wait("callback_accepted", 1, most=1)
    assert probe(engine)["callback_refused"] == 3
    assert callback_stats(engine) == {"callbacks": 1, "callbacks_unknown": 3}


def test_a_cancelled_request_is_told_to_the_engine_and_its_callback_refused(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("latch")
    look = probe(engine)
    future: Future[aiges_native.Result] = engine.exec_async({"k": b"v"})
    look.wait("waiting")
    assert future.cancel()
    assert future.cancelled()
    look.wait("cancelled")
    look.wait("callback_refused")
    look.wait("waiting", 0, most=0)
    assert engine.stats()["in_flight"] == 0
    assert look["callback_accepted"] == 0
