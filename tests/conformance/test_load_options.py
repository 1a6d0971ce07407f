"""The options of load, and what an engine says of itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import aiges_native
from aiges_native import EngineLoadError

Load = Callable[..., aiges_native.Engine]
EnginePath = Callable[[str], Path]
Refused = Callable[..., EngineLoadError]


def test_the_name_is_the_given_one(load: Load) -> None:
    assert load("once_only", name="digits").name == "digits"


@pytest.mark.parametrize("name", ["echo", "python/echo"])
def test_the_engine_tells_its_version_and_that_it_is_closed(name: str, load: Load) -> None:
    engine = load(name)
    assert engine.version == "echo 1.2.3"
    with engine:
        assert not engine.closed
    assert engine.closed


def test_the_schema_is_the_engines_text(load: Load) -> None:
    assert load("echo").schema == '{"title": "echo é"}'


def test_texts_that_are_null_are_empty_or_absent(load: Load) -> None:
    engine = load("texts_null")
    assert engine.version == ""
    assert engine.schema is None
    with engine.session(mode="stream") as session:
        assert session.debug_info() == ""


@pytest.mark.parametrize("name", ["echo", "python/echo"])
def test_config_reaches_init_as_text(name: str, load: Load) -> None:
    config = {"text": "Grüße", "whole": 5, "half": 0.5, "on": True, "off": False, "none": ""}
    said = load(name, config=config).exec({}, {"want": "config"})["config"].text
    assert sorted(said.splitlines()) == [
        "half=0.5/3",
        "none=/0",
        "off=false/5",
        "on=true/4",
        "text=Grüße/7",
        "whole=5/1",
    ]


@pytest.mark.parametrize("name", ["echo", "python/echo"])
def test_no_config_is_an_empty_list_and_not_null(name: str, load: Load) -> None:
    # That no list was NULL is looked at when the engine is closed.
    assert load(name).exec({}, {"want": "config"})["config"].text == ""


@pytest.mark.parametrize("value", [None, [1], b"bytes", {"a": 1}], ids=repr)
def test_config_of_another_type_is_refused(value: object, engine_path: EnginePath) -> None:
    with pytest.raises((aiges_native.AigesError, TypeError), match="odd"):
        aiges_native.load(engine_path("once_only"), config={"odd": value})  # type: ignore[dict-item]


def test_process_isolation_is_not_there_yet(engine_path: EnginePath, refused: Refused) -> None:
    for options in ({"isolation": "process"}, {"workers": 2}):
        error = refused(engine_path("echo"), **options)
        assert "not available in this version" in str(error)


def test_an_unknown_isolation_is_refused(engine_path: EnginePath) -> None:
    with pytest.raises((EngineLoadError, ValueError), match="elsewhere"):
        aiges_native.load(engine_path("echo"), isolation="elsewhere")  # type: ignore[arg-type]
