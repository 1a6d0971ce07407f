"""C++ exceptions that leave an engine function are contained, whichever function it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError, EngineInitError

WAIT = 30.0  # seconds, for what comes at once

Load = Callable[..., aiges_native.Engine]
SAYS = {"std": "thrown from {}", "int": "exception"}
WHAT = pytest.mark.parametrize("what", SAYS)


def good(engine: aiges_native.Engine) -> bool:
    return engine.exec({"k": b"v"})["k"].bytes == b"v"


@WHAT
def test_init(what: str, engine_path: Callable[[str], Path], probe: Callable[..., Any]) -> None:
    path = engine_path("throws")
    with pytest.raises(EngineInitError, match=SAYS[what].format("init")) as caught:
        aiges_native.load(path, config={"throw": "init", "what": what})
    assert (caught.value.code, caught.value.engine_code) == (10901, None)
    assert probe(path)["fini"] == 0


REQUESTS: dict[str, tuple[int, Callable[..., Any]]] = {
    "exec": (10909, lambda engine, params: engine.exec({"k": b"v"}, params)),
    "exec_async": (10909, lambda engine, params: engine.exec_async({}, params).result(WAIT)),
    "create": (10905, lambda engine, params: engine.session(params, mode="stream")),
}


@WHAT
@pytest.mark.parametrize("where", REQUESTS)
def test_a_request(where: str, what: str, load: Load) -> None:
    engine = load("throws", config={"what": what})
    code, ask = REQUESTS[where]
    with pytest.raises(EngineError, match=SAYS[what].format(where)) as caught:
        ask(engine, {"throw": where, "sid": "s1"})
    assert (caught.value.code, caught.value.engine_code) == (code, None)
    assert caught.value.session_id == "s1"
    assert good(engine)


IN_SESSION: dict[str, tuple[int, Callable[[aiges_native.Session], Any]]] = {
    "write": (10907, lambda session: session.write({"k": b"v"})),
    "read": (10908, lambda session: session.read()),
    "destroy": (10906, lambda session: session.close()),
}


@WHAT
@pytest.mark.parametrize("where", IN_SESSION)
def test_a_session(where: str, what: str, load: Load, probe: Callable[..., Any]) -> None:
    engine = load("throws", config={"what": what})
    code, act = IN_SESSION[where]
    session = engine.session({"throw": where, "sid": "s1"}, mode="stream", timeout=WAIT)
    with pytest.raises(EngineError, match=SAYS[what].format(where)) as caught:
        act(session)
    assert (caught.value.code, caught.value.engine_code) == (code, None)
    assert caught.value.session_id == "s1"
    session.close()
    assert probe(engine)["destroy"] == 1
    assert engine.stats()["sessions_live"] == 0
    assert good(engine)


@WHAT
@pytest.mark.parametrize(("where", "code"), [("load_res", 10903), ("unload_res", 10904)])
def test_a_resource(where: str, code: int, what: str, load: Load) -> None:
    engine = load("throws", config={"throw": where, "what": what})
    with pytest.raises(EngineError, match=SAYS[what].format(where)) as caught:
        engine.unload_resource(engine.load_resource(b"bytes"))
    assert caught.value.code == code
    assert good(engine)


@WHAT
def test_exec_free(what: str, load: Load, probe: Callable[..., Any]) -> None:
    engine = load("throws", config={"throw": "exec_free", "what": what})
    assert good(engine)
    probe(engine).wait("exec_free", 1)
    assert good(engine)
    probe(engine).wait("exec_free", 2)


@WHAT
def test_error(what: str, load: Load) -> None:
    engine = load("throws", config={"throw": "error", "what": what})
    with pytest.raises(EngineError, match=";code=8") as caught:
        engine.exec({"k": b"v"})
    assert (caught.value.code, caught.value.engine_code) == (10909, 8)


@WHAT
def test_version_and_debug_info(what: str, load: Load) -> None:
    engine = load("throws", config={"throw": "version", "what": what})
    assert engine.version == ""
    with engine.session({"throw": "debug_info"}, mode="stream") as session:
        assert session.debug_info() == ""
    assert good(engine)


@WHAT
def test_fini(what: str, load: Load, probe: Callable[..., Any]) -> None:
    engine = load("throws", config={"throw": "fini", "what": what})
    with pytest.raises(EngineError, match=SAYS[what].format("fini")) as caught:
        engine.close()
    assert caught.value.code == 10902
    assert engine.closed
    engine.close()
    assert probe(engine)["fini"] == 1
