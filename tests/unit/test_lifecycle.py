"""Closing, dropping and loading again: wrapperFini once, and only when nobody is left."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import AigesError, DeadlineError, EngineError, SessionError

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]
Eventually = Callable[..., None]
EnginePath = Callable[[str], Path]

WAIT = 30.0
SOON = 0.02
DATA = {"k": b"v"}


# ---- close ----


def test_closing_twice_finishes_once(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    for _ in range(3):
        engine.close()
        engine.close(timeout=0)
    assert engine.closed
    assert probe(engine)["fini"] == 1


def test_many_threads_close_at_once(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    with ThreadPoolExecutor(8) as pool:
        for closing in [pool.submit(engine.close) for _ in range(32)]:
            closing.result(WAIT)
    assert probe(engine)["fini"] == 1


def test_leaving_the_block_closes(load: Load, probe: Probe) -> None:
    with load("once_only") as engine:
        engine.exec(DATA)
        assert probe(engine)["fini"] == 0
    assert engine.closed
    assert probe(engine)["fini"] == 1


def test_leaving_the_block_by_an_exception_closes_and_lets_it_through(load: Load) -> None:
    engine = load("once_only")

    def use() -> aiges_native.Result:
        with engine:
            return engine.exec({"k": object()})  # type: ignore[dict-item]

    with pytest.raises(aiges_native.InvalidDataError):
        use()
    assert engine.closed


USES: dict[str, Callable[[aiges_native.Engine], object]] = {
    "exec": lambda engine: engine.exec(DATA),
    "exec with a timeout": lambda engine: engine.exec(DATA, timeout=WAIT),
    "exec_async": lambda engine: engine.exec_async(DATA).result(WAIT),
    "session": lambda engine: engine.session(),
    "load_resource": lambda engine: engine.load_resource(b"words"),
    "unload_resource": lambda engine: engine.unload_resource(1),
    "with": lambda engine: engine.__enter__().exec(DATA),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", ["echo", "python/echo"])
def test_a_closed_engine_is_not_called(name: str, use: str, load: Load) -> None:
    engine = load(name)
    engine.close()
    with pytest.raises(AigesError, match="closed") as caught:
        USES[use](engine)
    assert isinstance(caught.value, EngineError)
    assert caught.value.code == 10101
    assert caught.value.engine == engine.name


def test_a_closed_engine_still_tells_of_itself(load: Load) -> None:
    engine = load("echo", name="digits")
    engine.exec(DATA)
    engine.close()
    assert (engine.name, engine.version, engine.kind) == ("digits", "echo 1.2.3", "c")
    assert engine.modes == {"once", "once_async", "stream", "stream_async"}
    assert engine.stats()["calls"] == 1
    assert "closed" in repr(engine)


@pytest.mark.parametrize("how", ["exec", "exec_async", "timeout"])
def test_closing_waits_for_a_call(
    how: str, load: Load, probe: Probe, eventually: Eventually
) -> None:
    engine = load("latch_without_cancel")
    look = probe(engine)
    with ThreadPoolExecutor(2) as pool:
        if how == "exec_async":
            call: Any = engine.exec_async(DATA)
        else:
            call = pool.submit(engine.exec, DATA, timeout=WAIT if how == "timeout" else None)
        look.wait("waiting")
        closing = pool.submit(engine.close)
        eventually(lambda: engine.closed, "closing has begun")
        assert look["fini"] == 0
        look.release()
        assert call.result(WAIT)["k"].bytes == b"v"
        del call
        closing.result(WAIT)
    look.wait("fini", most=1)


def test_closing_with_a_limit_gives_up_and_the_last_call_finishes(load: Load, probe: Probe) -> None:
    engine = load("latch_without_cancel")
    look = probe(engine)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(engine.exec, DATA)
        look.wait("waiting")
        for _ in range(3):
            with pytest.raises(DeadlineError, match="1 call") as caught:
                engine.close(timeout=SOON)
            assert caught.value.code == 10102
            assert caught.value.engine == engine.name
        with pytest.raises(EngineError, match="closed"):
            engine.exec(DATA)
        assert look["fini"] == 0
        look.release()
        call.result(WAIT)
        del call
    look.wait("fini", most=1)
    engine.close(timeout=WAIT)


@pytest.mark.parametrize("mode", ["stream", "stream_async"])
def test_closing_destroys_open_sessions_once(mode: Any, load: Load, probe: Probe) -> None:
    engine = load("echo")
    look = probe(engine)
    sessions = [engine.session(mode=mode) for _ in range(20)]
    sessions[0].close()
    engine.close()
    assert look.counts("create", "destroy", "live_sessions", "fini") == {
        "create": 20,
        "destroy": 20,
        "live_sessions": 0,
        "fini": 1,
    }
    for session in sessions:
        session.close()
        assert session.done
        with pytest.raises(SessionError) as caught:
            session.write(DATA)
        assert (caught.value.code, caught.value.session_id) == (10101, session.id)
        with pytest.raises(SessionError) as caught:
            session.read(0)
        assert (caught.value.code, caught.value.session_id) == (10101, session.id)
    sessions.clear()
    gc.collect()
    assert look["destroy"] == 20


def test_a_reader_is_woken_by_closing(load: Load) -> None:
    engine = load("never_calls_back")
    session = engine.session(mode="stream_async")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(session.read, WAIT)
        engine.close()
        with pytest.raises(SessionError, match="closed"):
            reading.result(WAIT)


def test_with_live_outputs_fini_comes_after_the_last_one(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    look = probe(engine)
    views: list[Any] = [engine.exec({"k": bytes([n])})["k"].data for n in range(3)]
    engine.close()
    while views:
        assert look["fini"] == 0
        assert [bytes(view)[0] for view in views] == list(range(len(views)))
        views.pop()
    look.wait("fini")
    assert look.counts("exec_free", "after_fini") == {"exec_free": 3, "after_fini": 0}


def test_an_error_of_fini_is_told_once(load: Load) -> None:
    engine = load("fails_fini", leaves={"after_fini": 1})  # it is asked for the text
    with pytest.raises(EngineError, match="code="):
        engine.close()
    engine.close()


# ---- dropping ----


@pytest.mark.parametrize("with_session", [False, True])
def test_a_dropped_engine_finishes(
    with_session: bool, engine_path: EnginePath, probe: Probe
) -> None:
    path = engine_path("echo")
    engine = aiges_native.load(path)
    look = probe(path)
    gone = weakref.ref(engine)
    if with_session:
        session = engine.session()
        del engine
        gc.collect()
        assert gone() is not None  # its session needs it
        session.write(DATA)
        del session
    else:
        del engine
    gc.collect()
    assert gone() is None
    look.wait("fini")
    assert look.counts("live_sessions", "fini", "after_fini") == {
        "live_sessions": 0,
        "fini": 1,
        "after_fini": 0,
    }


def test_an_engine_in_a_cycle_is_collected(engine_path: EnginePath, probe: Probe) -> None:
    path = engine_path("once_only")
    cycle: list[Any] = [aiges_native.load(path)]
    cycle.append(cycle)
    look = probe(path)
    del cycle
    gc.collect()
    look.wait("fini")


def test_an_output_outlives_a_dropped_engine(engine_path: EnginePath, probe: Probe) -> None:
    path = engine_path("once_only")
    result: Any = aiges_native.load(path).exec({"k": b"still there"})
    gc.collect()
    look = probe(path)
    assert result["k"].bytes == b"still there"
    assert look["fini"] == 0
    del result
    look.wait("fini")
    assert look.counts("exec_free", "after_fini") == {"exec_free": 1, "after_fini": 0}


def test_a_dropped_session_is_destroyed(load: Load, probe: Probe) -> None:
    engine = load("echo")
    for mode in ("stream", "stream_async"):
        engine.session(mode=mode).write(DATA)
    gc.collect()
    probe(engine).wait("destroy", 2)
    assert probe(engine)["live_sessions"] == 0


@pytest.mark.parametrize("name", ["reinit", "python/echo"])
def test_an_engine_may_be_loaded_again_after_close(name: str, engine_path: EnginePath) -> None:
    for _ in range(5):
        with aiges_native.load(engine_path(name)) as engine:
            engine.exec(DATA)
