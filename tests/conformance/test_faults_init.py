"""Engines that fail to start or to end, and those that answer with odd texts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError, EngineInitError

Load = Callable[..., aiges_native.Engine]
EnginePath = Callable[[str], Path]


@pytest.mark.parametrize(
    ("config", "code", "text"),
    [
        ({}, 42, "fails_init: the model is missing"),
        ({"code": 1, "text": "Gerät fehlt: /dev/npu0"}, 1, "Gerät fehlt: /dev/npu0"),
        ({"code": -7, "text": ""}, -7, ""),
    ],
    ids=["default", "one", "negative"],
)
def test_a_failed_init_tells_text_and_number_and_is_not_finished(
    config: dict[str, Any], code: int, text: str, engine_path: EnginePath, probe: Callable[..., Any]
) -> None:
    path = engine_path("fails_init")
    with pytest.raises(EngineInitError) as caught:
        aiges_native.load(path, config=config, name="digits")
    assert f"{text};code={code}" in str(caught.value)
    assert caught.value.code == 10901
    assert caught.value.engine_code == code
    assert caught.value.engine == "digits"
    assert probe(path).counts("init", "error", "fini") == {"init": 1, "error": 1, "fini": 0}


def test_an_engine_that_could_not_be_loaded_can_be_looked_at(engine_path: EnginePath) -> None:
    # A traceback that shows local variables, of pytest or a debugger, looks at it.
    with pytest.raises(EngineInitError) as caught:
        aiges_native.load(engine_path("fails_init"))
    engines = [
        value
        for frame in caught.traceback
        for value in frame.frame.f_locals.values()
        if isinstance(value, aiges_native.Engine)
    ]
    assert engines
    assert all("Engine" in repr(engine) for engine in engines)


LOOKS = ["closed", "name", "path", "version", "modes", "kind", "stats()", "close()", "exec({})"]


def test_a_half_made_engine_does_not_end_the_process() -> None:
    for look in LOOKS:
        program = f"""if True:
            import aiges_native
            try:
                aiges_native.Engine.__new__(aiges_native.Engine).{look}
            except Exception:
                pass
        """
        done = subprocess.run([sys.executable, "-c", program], check=False)
        assert done.returncode == 0, look


def test_a_failed_fini_is_told_once_and_the_engine_is_closed(
    load: Load, probe: Callable[..., Any]
) -> None:
    # The text of the error can only be asked for when wrapperFini has returned.
    engine = load("fails_fini", leaves={"after_fini": 1})
    engine.exec({"k": b"v"})
    with pytest.raises(EngineError, match="fails_fini: could not clean up;code=17") as caught:
        engine.close()
    assert (caught.value.code, caught.value.engine_code) == (10902, 17)
    assert engine.closed
    engine.close()
    assert probe(engine)["fini"] == 1


def test_no_error_text_is_an_empty_one(load: Load, engine_path: EnginePath) -> None:
    engine = load("error_text_null")
    with pytest.raises(EngineError) as caught:
        engine.exec({"k": b"v"})
    assert ";code=5" in str(caught.value)
    assert "None" not in str(caught.value)
    assert caught.value.engine_code == 5
    engine.close()
    with pytest.raises(EngineInitError, match=";code=6"):
        aiges_native.load(engine_path("error_text_null"), config={"code": 6})


def test_a_huge_error_text_is_cut(load: Load) -> None:
    engine = load("error_text_huge")
    with pytest.raises(EngineError) as caught:
        engine.exec({"k": b"v"})
    message = str(caught.value)
    assert "error_text_huge: xxx" in message
    assert ";code=6" in message
    assert len(message) < 100_000
    assert caught.value.engine_code == 6


def test_a_refused_host_function_is_no_error(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("set_ctrl_refuses")
    assert engine.exec({"k": b"v"})["k"].bytes == b"v"
    assert probe(engine)["set_ctrl"] == 3


def test_host_functions_come_before_init(load: Load, probe: Callable[..., Any]) -> None:
    counted = probe(load("echo")).counts("set_ctrl", "set_ctrl_late", "before_init", "init")
    assert counted == {"set_ctrl": 3, "set_ctrl_late": 0, "before_init": 0, "init": 1}


def test_host_functions_take_events_whatever_their_tag(load: Load) -> None:
    engine = load("meter_misuse")
    returned = engine.exec({})["returned"].text.split(",")
    named = dict(zip(["in init", "unknown tag", "no tag", "no key", "good"], returned, strict=True))
    assert set(named.values()) == {"0"}
    assert engine.stats()["meter"]["key"] >= 5


def test_what_an_engine_writes_stays_where_it_was_written(
    load: Load, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = load("writes_stdout")
    assert engine.exec({"k": b"v"})["k"].bytes == b"v"
    engine.close()
    out, err = capfd.readouterr()
    places = ("init", "exec", "exec_free", "fini")
    assert out == "".join(f"writes_stdout: out in {place}\n" for place in places)
    assert err == "".join(f"writes_stdout: err in {place}\n" for place in places)
