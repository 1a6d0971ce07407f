"""Engines that misbehave in the life of a session."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError, Status

WAIT = 30.0  # seconds, for what comes at once

Load = Callable[..., aiges_native.Engine]


@pytest.mark.parametrize("mode", ["stream", "stream_async"])
@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("null_handle_no_error", "null_handle_no_error: no reason", 0),
        ("null_handle_with_error", "null_handle_with_error: full", 23),
        ("handle_with_error", "handle_with_error: half open", 24),
    ],
)
def test_a_failed_create_is_told_and_nothing_is_destroyed(
    name: str, text: str, code: int, mode: Any, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load(name)
    with pytest.raises(EngineError) as caught:
        engine.session({"sid": "the session"}, mode=mode)
    assert f"{text};code={code}" in str(caught.value)
    assert (caught.value.code, caught.value.engine_code) == (10905, code)
    assert caught.value.session_id == "the session"
    assert engine.stats()["sessions_live"] == 0
    assert engine.stats()["sessions_created"] == 0
    engine.close(timeout=WAIT)  # which would wait for a session that it believed to be open
    assert probe(engine).counts("create", "destroy", "fini") == {
        "create": 1,
        "destroy": 0,
        "fini": 1,
    }


def test_a_failed_destroy_is_told_and_not_repeated(load: Load, probe: Callable[..., Any]) -> None:
    # destroy_fails ends the process when a handle is destroyed twice.
    engine = load("destroy_fails")
    session = engine.session(mode="stream")
    session.write({"k": b"v"})
    with pytest.raises(EngineError, match="destroy_fails: still busy;code=25") as caught:
        session.close()
    assert (caught.value.code, caught.value.engine_code) == (10906, 25)
    session.close()
    engine.close()
    assert probe(engine)["destroy"] == 1
    assert engine.stats()["sessions_live"] == 0


def test_a_failed_destroy_does_not_hide_the_error_before_it(load: Load) -> None:
    with pytest.raises(RuntimeError, match="of the caller"):
        with load("destroy_fails").session(mode="stream"):
            raise RuntimeError("of the caller")


def test_a_failed_destroy_does_not_stop_the_engine_from_closing(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("destroy_fails")
    sessions = [engine.session(mode="stream") for _ in range(3)]
    engine.close(timeout=WAIT)
    assert probe(engine).counts("destroy", "fini") == {"destroy": 3, "fini": 1}
    for session in sessions:
        session.close()


def test_calls_of_one_session_never_overlap(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("session_order")
    writes, writers = 20, 4
    with engine.session(mode="stream", timeout=WAIT) as session:

        def write() -> None:
            for _ in range(writes):
                session.write({"k": b"v"})
                session.debug_info()

        threads = [threading.Thread(target=write) for _ in range(writers)]
        for thread in threads:
            thread.start()
        # Read while they write; every write makes one result.
        numbers = [session.read() for _ in range(writes * writers)]
        for thread in threads:
            thread.join()
    assert [result["number"].text for result in numbers if result] == [
        str(number + 1) for number in range(writes * writers)
    ]
    assert probe(engine).counts("overlaps", "write") == {"overlaps": 0, "write": writes * writers}


def test_results_may_come_from_within_a_write(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("stream_async_only")
    with engine.session(timeout=WAIT) as session:
        assert session.mode == "stream_async"
        session.write({"n": "0"})
        session.write({"n": "1"}, Status.END)
        assert [result["n"].text for result in session] == ["0", "1"]
    assert probe(engine).counts("callback_accepted", "callback_refused") == {
        "callback_accepted": 2,
        "callback_refused": 0,
    }


def test_debug_info_is_asked_before_destroy_and_kept(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("echo")
    session = engine.session({"sid": "s1"}, mode="stream")
    session.write({"k": b"v"})
    assert session.debug_info() == "session s1: 1 writes"
    session.write({"k": b"v"})
    session.close()
    assert session.debug_info() == "session s1: 2 writes"
    assert probe(engine).counts("debug_info", "destroy") == {"debug_info": 2, "destroy": 1}


def test_a_long_debug_info_outlives_its_session(load: Load) -> None:
    session = load("long_debug_info").session(mode="stream")
    text = session.debug_info()
    session.close()
    assert text == "d" * 2**20
    assert session.debug_info() == text


def test_an_error_called_back_ends_the_session(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("callback_with_error")
    with engine.session({"sid": "s1"}, timeout=WAIT) as session:
        session.write({"k": b"v"})
        with pytest.raises(
            EngineError, match="callback_with_error: the model refused;code=33"
        ) as caught:
            session.read()
        assert (caught.value.code, caught.value.engine_code) == (10910, 33)
        assert caught.value.session_id == "s1"
        assert session.done
    assert probe(engine)["destroy"] == 1


def test_a_callback_after_the_final_result_is_refused(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("callback_after_final")
    with engine.session(timeout=WAIT) as session:
        session.write({"n": "0"})
        session.write({"n": "1"}, Status.END)
        texts = [item.text for result in session for item in result.all]
    # The text behind the first echo is one more result; the one behind the final echo is not.
    assert texts == ["0", "and another thing", "1"]
    assert probe(engine).counts("callback_accepted", "callback_refused") == {
        "callback_accepted": 3,
        "callback_refused": 1,
    }
    assert engine.stats()["callbacks"] == 3
    assert engine.stats()["callbacks_double"] == 1


def test_a_callback_after_destroy_is_refused(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("callback_after_destroy")
    look = probe(engine)
    session = engine.session(timeout=WAIT)
    session.write({"k": b"v"})
    look.wait("waiting")
    session.close()
    assert look["destroy"] == 1
    look.release()
    look.wait("callback_refused")
    look.wait("live_threads", 0, most=0)
    assert look["callback_accepted"] == 0
    assert engine.stats()["callbacks_late"] == 1
