"""The interpreter goes on while an engine works: no call into one holds the lock.

An engine stands at its gate in one function, and the test goes on meanwhile. Were the lock held,
the test itself would stand still, and the watchdog of the test run would end it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]

WAIT = 30.0
DATA = {"k": b"v"}


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_eight_threads_are_inside_at_once(mode: str, load: Load, probe: Probe) -> None:
    engine = load("latch", modes={mode})
    look = probe(engine)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(engine.exec, {"n": str(number)}) for number in range(8)]
        look.wait("waiting", 8, most=8)
        assert engine.stats()["in_flight"] == 8
        assert not any(call.done() for call in calls)
        look.release(-1)
        assert [call.result(WAIT)["n"].text for call in calls] == [str(n) for n in range(8)]


def test_eight_threads_are_inside_a_python_engine_at_once(load: Load) -> None:
    engine = load("python/latch")
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(engine.exec, {}) for _ in range(7)]
        pool.submit(engine.exec, {}, {"release": True}).result(WAIT)  # lets the others go, too
        assert [call.result(WAIT)["result"].text for call in calls] == ["released"] * 7


def write_twice(engine: aiges_native.Engine) -> object:
    with engine.session() as session:
        session.write(DATA)
        return session.read(WAIT)


def debug_info(engine: aiges_native.Engine) -> object:
    with engine.session() as session:
        return session.debug_info()


def load_and_unload(engine: aiges_native.Engine) -> None:
    engine.unload_resource(engine.load_resource(b"words"))


# What calls the function that the engine stands in.
CALLS: dict[str, Callable[[aiges_native.Engine], object]] = {
    "exec": lambda engine: engine.exec(DATA),
    "exec_async": lambda engine: engine.exec_async(DATA).result(WAIT),
    "create": lambda engine: engine.session().close(),
    "write": write_twice,
    "read": write_twice,
    "debug_info": debug_info,
    "destroy": lambda engine: engine.session().close(),
    "load_res": load_and_unload,
    "unload_res": load_and_unload,
    "fini": lambda engine: engine.close(),
}


@pytest.mark.parametrize("gate", CALLS)
def test_the_lock_is_free_in(gate: str, load: Load, probe: Probe, gates_path: Path) -> None:
    engine = load(gates_path, config={"gate": gate})
    look = probe(gates_path)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(CALLS[gate], engine)
        look.wait("waiting")  # this thread runs Python, and so does not wait for the lock
        assert engine.stats()["callbacks"] == 0
        assert not call.done()
        look.release(-1)
        call.result(WAIT)
    assert look[gate] >= 1


@pytest.mark.parametrize("gate", ["init", "version"])
def test_the_lock_is_free_while_an_engine_is_loaded_in(
    gate: str, load: Load, probe: Probe, gates_path: Path
) -> None:
    look = probe(gates_path)
    with ThreadPoolExecutor(1) as pool:
        loading: Future[aiges_native.Engine] = pool.submit(load, gates_path, config={"gate": gate})
        while not look.loaded:
            pass  # nothing tells of the moment in which the library is there
        look.wait("waiting")
        assert not loading.done()
        look.release(-1)
        assert loading.result(WAIT).version == "gates 1"


@pytest.mark.parametrize("gate", ["exec", "create"])
def test_the_lock_is_free_while_the_text_of_an_error_is_asked_for(
    gate: str, load: Load, probe: Probe, gates_path: Path
) -> None:
    engine = load(gates_path, config={"gate": "error", "fail": 5})
    look = probe(gates_path)
    with ThreadPoolExecutor(1) as pool:
        call: Future[object] = pool.submit(CALLS[gate], engine)
        look.wait("waiting")
        look.release(-1)
        with pytest.raises(EngineError, match="gates: asked to fail;code=5"):
            call.result(WAIT)


@pytest.mark.parametrize("gate", ["destroy", "fini"])
def test_the_lock_is_free_when_what_was_dropped_is_ended_in(
    gate: str, load: Load, probe: Probe, gates_path: Path
) -> None:
    engine: Any = load(gates_path, config={"gate": gate})
    look = probe(gates_path)
    session = engine.session()
    if gate == "destroy":
        del session
    else:
        session.close()
        # Not `engine`: the fixture keeps it alive. Closing in a thread is what dropping does.
        with ThreadPoolExecutor(1) as pool:
            closing = pool.submit(engine.close)
            look.wait("waiting")
            look.release(-1)
            closing.result(WAIT)
        return
    gc.collect()
    look.wait("waiting")
    assert engine.stats()["sessions_live"] == 1
    look.release(-1)
    look.wait("destroy")


@pytest.mark.parametrize("how", ["future", "task", "deadline"])
def test_the_lock_is_free_while_an_engine_is_told_to_give_up(
    how: str, load: Load, probe: Probe, eventually: Callable[..., None]
) -> None:
    engine = load("never_calls_back", modes={"once_async"})
    look = probe(engine)
    if how == "deadline":
        with pytest.raises(aiges_native.DeadlineError):
            engine.exec(DATA, timeout=0.01)
    else:
        assert engine.exec_async(DATA).cancel()
    look.wait("cancel")
    eventually(lambda: engine.stats()["in_flight"] == 0, "the call has left")
