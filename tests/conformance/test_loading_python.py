"""Python files that are no engines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import aiges_native
from aiges_native import EngineLoadError

Load = Callable[..., aiges_native.Engine]
EnginePath = Callable[[str], Path]
Refused = Callable[..., EngineLoadError]

pytestmark = pytest.mark.usefixtures("clean_imports")


@pytest.fixture
def clean_imports() -> Iterator[None]:
    before = list(sys.path)
    yield
    assert sys.path == before


def test_a_file_without_the_class_is_refused(engine_path: EnginePath, refused: Refused) -> None:
    path = engine_path("python/missing_class")
    message = str(refused(path))
    assert str(path) in message
    assert "Wrapper" in message


def test_a_wrapper_without_a_way_of_working_is_refused(
    engine_path: EnginePath, refused: Refused
) -> None:
    message = str(refused(engine_path("python/missing_modes")))
    assert "wrapperOnceExec" in message


def test_a_file_that_cannot_import_is_refused_with_the_reason(
    engine_path: EnginePath, refused: Refused
) -> None:
    error = refused(engine_path("python/missing_import"))
    assert "a_module_that_nobody_has" in str(error)
    assert isinstance(error.__cause__, ModuleNotFoundError)


def test_a_file_that_is_no_python_is_refused_with_the_line(
    tmp_path: Path, refused: Refused
) -> None:
    path = tmp_path / "wrapper.py"
    path.write_text("class Wrapper:\n    def wrapperInit(self, config:\n        return 0\n")
    error = refused(path)
    assert str(path) in str(error)
    assert isinstance(error.__cause__, SyntaxError)
    assert error.__cause__.lineno == 2


def test_a_file_that_exits_while_it_loads_is_refused(
    engine_path: EnginePath, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    monkeypatch.setenv("EXIT_AT_IMPORT", "1")
    error = refused(engine_path("python/exits"))
    assert isinstance(error.__cause__, SystemExit)


def test_a_constructor_that_raises_is_refused_with_the_reason(
    tmp_path: Path, refused: Refused
) -> None:
    path = tmp_path / "wrapper.py"
    path.write_text("class Wrapper:\n    def __init__(self):\n        raise RuntimeError('no')\n")
    error = refused(path)
    assert isinstance(error.__cause__, RuntimeError)


def test_a_failed_file_may_be_tried_again(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "wrapper.py"
    path.write_text("raise RuntimeError('not yet')\n")
    refused(path)
    path.write_text(
        "class Wrapper:\n    def wrapperOnceExec(self, params, reqData, usrTag='', persId=0):\n"
        "        return None\n"
    )
    with aiges_native.load(path) as engine:
        assert engine.modes == {"once"}
