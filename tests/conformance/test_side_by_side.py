"""Several engines in one process, and one library twice."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineInitError, EngineLoadError

Load = Callable[..., aiges_native.Engine]
EnginePath = Callable[[str], Path]
Refused = Callable[..., EngineLoadError]


def test_engines_with_the_same_symbols_live_side_by_side(load: Load) -> None:
    first, second = load("same_symbols_a"), load("same_symbols_b")
    said = [engine.exec({})["who"].text for engine in (first, second, first, second, second)]
    assert said == ["a1", "b1", "a2", "b2", "b3"]
    for engine, text in ((first, "a"), (second, "b")):
        with pytest.raises(aiges_native.EngineError, match=f"{text};code=1"):
            engine.exec({}, {"fail": 1})


def test_engines_do_not_see_each_others_symbols_nor_give_them_away(load: Load) -> None:
    load("same_symbols_a")
    assert not hasattr(ctypes.CDLL(None), "shared_function")


def test_a_library_in_use_is_refused_and_left_alone(
    load: Load, engine_path: EnginePath, probe: Callable[..., Any], refused: Refused
) -> None:
    engine = load("echo")
    error = refused(engine_path("echo"))
    assert str(engine_path("echo")) in str(error)
    assert "already" in str(error)
    assert engine.exec({"k": b"v"})["k"].bytes == b"v"
    assert probe("echo").counts("init", "fini") == {"init": 1, "fini": 0}


@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symlink", "hard link"])
def test_a_library_is_known_under_every_name(
    link: Callable[[Path, Path], None],
    load: Load,
    engine_path: EnginePath,
    tmp_path: Path,
    refused: Refused,
) -> None:
    other = tmp_path / "other_name.so"
    link(engine_path("echo"), other)
    load("echo")
    assert "already" in str(refused(other))


def test_a_copy_of_a_library_is_another_engine(
    load: Load, engine_path: EnginePath, tmp_path: Path
) -> None:
    other = tmp_path / "copy.so"
    shutil.copyfile(engine_path("same_symbols_a"), other)
    first, second = load("same_symbols_a"), load(other)
    said = [engine.exec({})["who"].text for engine in (first, first, second)]
    assert said == ["a1", "a2", "a1"]


def test_a_library_may_be_loaded_again_after_close(
    load: Load, engine_path: EnginePath, probe: Callable[..., Any]
) -> None:
    for round_ in ("1", "2", "3"):
        engine = load("reinit")
        assert engine.exec({})["rounds"].text == round_
        engine.close()
        assert probe("reinit")["fini"] == int(round_)


def test_a_library_with_an_output_alive_is_still_in_use(
    load: Load, engine_path: EnginePath, probe: Callable[..., Any], refused: Refused
) -> None:
    engine = load("echo")
    result = engine.exec({"k": b"still read"})
    engine.close()
    assert "already" in str(refused(engine_path("echo")))
    assert result["k"].bytes == b"still read"
    del result
    engine.close(timeout=30)  # waits until it is finished
    assert probe("echo")["fini"] == 1
    assert load("echo").exec({"k": b"v"})["k"].bytes == b"v"


def test_a_library_whose_init_failed_may_be_tried_again(
    load: Load, engine_path: EnginePath
) -> None:
    with pytest.raises(EngineInitError):
        aiges_native.load(engine_path("fails_init"))
    assert load(engine_path("fails_init"), config={"code": 0}).exec({"k": b"v"})["k"].bytes == b"v"


def test_a_python_engine_may_be_loaded_twice(load: Load, engine_path: EnginePath) -> None:
    # Nothing in a wrapper's file is shared between two imports of it, unlike a library's globals.
    first = load("python/echo", config={"who": "first"})
    second = load("python/echo", config={"who": "second"})
    said = [engine.exec({}, {"want": "config"})["config"].text for engine in (first, second)]
    assert said == ["who=first/5\n", "who=second/6\n"]


def test_siblings_of_the_same_name_do_not_meet(load: Load, tmp_path: Path) -> None:
    wrapper = """
from aiges_native.wrapper import Response, ResponseData, WrapperBase
import helper_of_both

class Wrapper(WrapperBase):
    def wrapperOnceExec(self, params, reqData, usrTag="", persId=0):
        data = ResponseData()
        data.key = "who"
        data.setData(helper_of_both.NAME.encode())
        response = Response()
        response.list = [data]
        return response
"""
    engines = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "wrapper.py").write_text(wrapper)
        (folder / "helper_of_both.py").write_text(f"NAME = {name!r}\n")
        engines.append(load(folder / "wrapper.py"))
    assert [engine.exec({})["who"].text for engine in engines] == ["first", "second"]
