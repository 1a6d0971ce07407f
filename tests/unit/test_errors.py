"""The exceptions: what they are, what they carry, and that they travel."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

import aiges_native
from aiges_native import AigesError

Load = Callable[..., aiges_native.Engine]

CLASSES = {
    name: getattr(aiges_native, name)
    for name in aiges_native.__all__
    if name.endswith("Error") and name != "AigesError"
}


def test_there_are_the_promised_ones() -> None:
    assert set(CLASSES) == {
        "EngineLoadError", "EngineInitError", "EngineError", "SessionError", "OverloadError",
        "DeadlineError", "InvalidDataError", "EngineCrashError",
    }  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_one_of_the_packages(name: str) -> None:
    cls = CLASSES[name]
    assert issubclass(cls, AigesError)
    assert cls.__module__ == "aiges_native"
    assert cls.__qualname__ == name
    error = cls("what happened")
    assert str(error) == "what happened"
    assert (error.code, error.engine_code, error.engine, error.session_id) == (0, None, None, None)


def test_errors_are_also_what_python_calls_such_things() -> None:
    assert issubclass(aiges_native.InvalidDataError, ValueError)
    assert issubclass(aiges_native.DeadlineError, TimeoutError)
    assert not issubclass(aiges_native.EngineError, ValueError)


@pytest.mark.parametrize("cls", [AigesError, *CLASSES.values()])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_are_pickled_with_all_they_carry(cls: Any, protocol: int) -> None:
    error = cls("text", code=10909, engine_code=-5, engine="digits", session_id="s1")
    for again in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):
        assert type(again) is cls
        assert str(again) == "text"
        assert vars(again) == vars(error) == {
            "code": 10909, "engine_code": -5, "engine": "digits", "session_id": "s1",
        }  # fmt: skip


def raise_it() -> None:
    raise aiges_native.DeadlineError("too late", code=10102, engine="far away")


def test_errors_cross_processes() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        error = pool.submit(raise_it).exception(60)
    assert isinstance(error, aiges_native.DeadlineError)
    assert (str(error), error.code, error.engine) == ("too late", 10102, "far away")


def test_an_engines_error_carries_everything(load: Load) -> None:
    engine = load("echo", name="digits")
    with pytest.raises(aiges_native.EngineError) as caught:
        engine.exec({}, {"fail": 21, "sid": "s1"})
    error = caught.value
    assert str(error) == "wrapperExec: echo: asked to fail;code=21"
    assert vars(error) == {
        "code": 10909, "engine_code": 21, "engine": "digits", "session_id": "s1",
    }  # fmt: skip
    assert error.__cause__ is None


def test_an_error_without_a_session_of_the_callers_names_the_hosts(load: Load) -> None:
    with pytest.raises(aiges_native.EngineError) as caught:
        load("echo").exec({}, {"fail": 21})
    assert caught.value.session_id


def test_an_exception_of_a_wrapper_keeps_its_traceback(load: Load) -> None:
    engine = load("python/raises")
    with pytest.raises(aiges_native.EngineError, match=r"OddError: raised in exec") as caught:
        engine.exec({}, {"raise": "exec"})
    cause = caught.value.__cause__
    assert type(cause).__name__ == "OddError"
    frames: list[str] = []
    at = cause.__traceback__  # type: ignore[union-attr]
    while at is not None:
        frames.append(at.tb_frame.f_code.co_name)
        at = at.tb_next
    assert frames[-2:] == ["wrapperOnceExec", "maybe"]


CODES: dict[str, tuple[int, Callable[[aiges_native.Session], object]]] = {
    "fail_create": (10905, lambda session: None),
    "fail_write": (10907, lambda session: session.write({"k": b"v"})),
    "fail_read": (10908, lambda session: session.read(30)),
}


@pytest.mark.parametrize("param", CODES)
@pytest.mark.parametrize("name", ["echo", "python/echo"])
def test_each_function_has_its_code(name: str, param: str, load: Load) -> None:
    code, use = CODES[param]
    engine = load(name)
    with pytest.raises(aiges_native.EngineError, match="code=21") as caught:
        with engine.session({param: 21, "sid": "s1"}, mode="stream") as session:
            use(session)
    assert (caught.value.code, caught.value.engine_code) == (code, 21)
    assert caught.value.session_id == "s1"


RESOURCES: dict[str, tuple[int, int, Callable[[aiges_native.Engine], object]]] = {
    "load": (10903, 51, lambda engine: engine.load_resource(b"refuse")),
    "unload": (10904, 52, lambda engine: engine.unload_resource(engine.load_resource(b"stay"))),
}


@pytest.mark.parametrize("what", RESOURCES)
def test_each_function_of_resources_has_its_code(what: str, load: Load) -> None:
    code, engine_code, use = RESOURCES[what]
    engine = load("resources", leaves={"live_resources": int(what == "unload")})
    with pytest.raises(aiges_native.EngineError, match="resources: ") as caught:
        use(engine)
    assert (caught.value.code, caught.value.engine_code) == (code, engine_code)


def test_a_failed_start_has_its_code(engine_path: Callable[[str], Any]) -> None:
    for name, config in (("fails_init", {"code": 42}), ("python/fails_init", {"code": 42})):
        with pytest.raises(aiges_native.EngineInitError) as caught:
            aiges_native.load(engine_path(name), config=config)
        assert caught.value.code == 10901
