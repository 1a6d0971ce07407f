"""What a library must export, what it may, and which modes that makes."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import pytest

import aiges_native
from aiges_native import EngineLoadError

Load = Callable[..., aiges_native.Engine]
EnginePath = Callable[[str], Path]
Refused = Callable[..., EngineLoadError]


LACKS = {
    "missing_error": ["wrapperError"],
    "missing_fini_and_error": ["wrapperFini", "wrapperError"],
    "missing_exec_free": ["wrapperExecFree"],
    "missing_modes": ["wrapperExec", "wrapperExecAsync", "wrapperCreate"],
}


@pytest.mark.parametrize("name", LACKS)
def test_every_missing_symbol_is_listed(
    name: str, engine_path: EnginePath, refused: Refused
) -> None:
    path = engine_path(name)
    error = refused(path)
    assert str(path) in str(error)
    for symbol in LACKS[name]:
        assert symbol in str(error)
    # What it has is not complained of, and nothing of it was called.
    assert "wrapperInit" not in str(error)
    assert ctypes.CDLL(str(path)).test_count(b"init") == 0


MODES = {
    "echo": {"once", "once_async", "stream", "stream_async"},
    "once_only": {"once"},
    "async_only": {"once_async"},
    "stream_async_only": {"stream_async"},
    "null_output": {"once", "stream", "stream_async"},
    "missing_write": {"once"},
    "fewer_params": {"once", "once_async"},
    "python/echo": {"once", "once_async", "stream", "stream_async"},
    "python/exits": {"once"},
    "python/callbacks": {"once_async"},
}


@pytest.mark.parametrize("name", MODES)
def test_the_modes_are_those_the_engine_has_functions_for(name: str, load: Load) -> None:
    engine = load(name)
    assert engine.modes == MODES[name]
    assert isinstance(engine.modes, frozenset)


def test_an_optional_function_may_be_missing(load: Load) -> None:
    engine = load("once_only")
    assert engine.version == ""
    assert engine.schema is None
    with pytest.raises(aiges_native.AigesError, match="wrapperLoadRes"):
        engine.load_resource(b"bytes")


def test_a_mode_not_offered_is_refused_by_its_name(load: Load) -> None:
    engine = load("once_only")
    with pytest.raises(aiges_native.AigesError, match="stream"):
        engine.session()
    engine = load("stream_async_only")
    with pytest.raises(aiges_native.AigesError, match="once"):
        engine.exec({"k": b"v"})
    with pytest.raises(aiges_native.AigesError, match="stream"):
        engine.session(mode="stream")


def test_modes_narrows_what_is_used(load: Load) -> None:
    engine = load("echo", modes={"once", "stream_async"})
    assert engine.modes == {"once", "stream_async"}
    assert engine.exec({"k": b"v"})["k"].bytes == b"v"
    with engine.session() as session:
        assert session.mode == "stream_async"
    with pytest.raises(aiges_native.AigesError):
        engine.session(mode="stream")


def test_modes_that_the_engine_lacks_are_refused_with_the_symbols(
    engine_path: EnginePath, refused: Refused
) -> None:
    message = str(refused(engine_path("once_only"), modes={"once", "stream"}))
    for symbol in ("wrapperCreate", "wrapperWrite", "wrapperRead", "wrapperDestroy"):
        assert symbol in message
    assert "wrapperExecFree" not in message


@pytest.mark.parametrize("modes", [{"batch"}, {"once", "sometimes"}])
def test_an_unknown_mode_is_refused(modes: set[str], engine_path: EnginePath) -> None:
    with pytest.raises((EngineLoadError, ValueError), match=r"batch|sometimes"):
        aiges_native.load(engine_path("echo"), modes=modes)


def test_an_engine_newer_than_the_host_is_refused_before_its_init(
    engine_path: EnginePath, refused: Refused
) -> None:
    path = engine_path("abi_too_new")
    message = str(refused(path))
    assert "2" in message
    assert "version" in message
    assert ctypes.CDLL(str(path)).test_count(b"init") == 0


def test_an_engine_made_with_other_headers_works(load: Load) -> None:
    engine = load("own_headers")
    image = aiges_native.Image(b"\x89PNG", encoding="png")
    expected = "param top=3/1\ndata img 4 bytes type 2 status 3\ndesc encoding=png/3\n"
    assert engine.exec({"img": image}, {"top": 3})["result"].text == expected
    answer = engine.exec_async({"img": image}, {"top": 3}).result(timeout=30)
    assert answer["result"].text == expected


def test_an_engine_that_declares_fewer_parameters_works(load: Load) -> None:
    engine = load("fewer_params")
    assert engine.exec({"k": b"v"}, {"p": "q"})["result"].text == "fewer parameters"
    answer = engine.exec_async({"k": b"v"}, {"p": "q"}, timeout=30).result(timeout=30)
    assert answer["result"].text == "fewer parameters"
