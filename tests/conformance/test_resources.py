"""Personal resources: loaded once, named by many requests, refused while in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError, InvalidDataError

WAIT = 30.0  # seconds, for what comes at once

Load = Callable[..., aiges_native.Engine]


def test_a_request_sees_the_resources_it_names_in_its_order(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("resources")
    words = engine.load_resource("hot words", key="words", desc={"language": "zh"})
    voice = engine.load_resource(b"\x00\x01", key="voice")
    assert (words, voice) == (1, 2)
    result = engine.exec({}, resources=[voice, words])
    assert [(item.key, item.bytes, item.desc) for item in result.all] == [
        ("count", b"2", {}),
        ("voice", b"\x00\x01", {}),
        ("words", b"hot words", {"language": "zh"}),
    ]
    assert engine.exec({})["count"].text == "0"
    with engine.session(resources=[words], mode="stream", timeout=WAIT) as session:
        first = session.read()
        assert first is not None
        assert [item.key for item in first.all] == ["count", "words"]
    assert engine.stats()["resources_live"] == 2
    del result  # else the engine would stay for it
    engine.close(timeout=WAIT)
    assert probe(engine).counts("load_res", "unload_res", "live_resources") == {
        "load_res": 2,
        "unload_res": 2,
        "live_resources": 0,
    }


def test_ids_are_not_used_again_soon(load: Load) -> None:
    engine = load("resources")
    first = engine.load_resource(b"1")
    engine.unload_resource(first)
    assert engine.load_resource(b"2") != first
    with pytest.raises(InvalidDataError) as caught:
        engine.exec({}, resources=[first])
    assert caught.value.code == 10009


def test_a_refused_resource_is_told_and_has_no_id(load: Load) -> None:
    engine = load("resources")
    with pytest.raises(EngineError, match="resources: refused;code=51") as caught:
        engine.load_resource("refuse")
    assert (caught.value.code, caught.value.engine_code) == (10903, 51)
    assert engine.stats()["resources_live"] == 0
    with pytest.raises(InvalidDataError):
        engine.exec({}, resources=[1])


def test_a_resource_that_will_not_go_is_told(load: Load) -> None:
    engine = load("resources", leaves={"live_resources": 1})
    stays = engine.load_resource("stay")
    with pytest.raises(EngineError, match="resources: in use for ever;code=52") as caught:
        engine.unload_resource(stays)
    assert (caught.value.code, caught.value.engine_code) == (10904, 52)


def test_what_is_not_loaded_is_neither_used_nor_unloaded(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("resources")
    for act in (
        lambda: engine.exec({}, resources=[7]),
        lambda: engine.exec({}, resources=[7], timeout=WAIT),
        lambda: engine.exec_async({}, resources=[7]).result(WAIT),
        lambda: engine.session(resources=[7]),
        lambda: engine.unload_resource(7),
    ):
        with pytest.raises(InvalidDataError, match="7") as caught:
            act()
        assert caught.value.code == 10009
    assert probe(engine).counts("exec", "create", "unload_res") == {
        "exec": 0,
        "create": 0,
        "unload_res": 0,
    }


def test_a_resource_in_use_is_not_unloaded(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("resources")
    words = engine.load_resource(b"words")
    with engine.session(resources=[words], mode="stream"):
        with pytest.raises(aiges_native.AigesError, match="in use") as caught:
            engine.unload_resource(words)
        assert caught.value.code == 10904
        assert probe(engine)["unload_res"] == 0
    engine.unload_resource(words)
    assert probe(engine)["live_resources"] == 0


def test_an_engine_without_resources_says_so(load: Load) -> None:
    with pytest.raises(EngineError, match="wrapperLoadRes") as caught:
        load("once_only").load_resource(b"words")
    assert caught.value.code == 10903
