"""Params, errors, events and resources: the same in every mode, for both kinds of engine."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aiges_native
from aiges_native import EngineError, Item


def pairs(items: list[Item]) -> list[tuple[str, bytes]]:
    return [(item.key, item.bytes) for item in items]


def lines(items: list[Item], key: str) -> set[str]:
    (text,) = [item.text for item in items if item.key == key]
    return set(text.splitlines())


# ---- params ----


def test_params_reach_the_engine_as_text(way: Any) -> None:
    params = {"want": "params", "text": "Grüße", "whole": 7, "half": 0.5, "on": True, "off": False}
    said = lines(way.ask({"key": b""}, {**params, "sid": "my sid", "empty": ""}), "params")
    said.discard("deliver=callback/8")
    assert said == {
        "want=params/6",
        "text=Grüße/7",
        "whole=7/1",
        "half=0.5/3",
        "on=true/4",
        "off=false/5",
        "sid=my sid/6",
        "empty=/0",
    }


def test_params_always_have_a_sid_and_each_request_its_own(way: Any) -> None:
    found = set()
    for _ in range(3):
        said = lines(way.ask({"key": b""}, {"want": "params"}), "params")
        (sid,) = [line for line in said if line.startswith("sid=")]
        assert not sid.startswith("sid=/")
        found.add(sid)
    assert len(found) == 3


def test_each_request_has_its_own_tag(way: Any) -> None:
    tags = {way.ask({"key": b""}, {"want": "tag"})[-1].text for _ in range(3)}
    assert len(tags) == 3
    assert "" not in tags


def test_a_param_of_another_type_is_refused(way: Any) -> None:
    for value in (None, b"bytes", [1]):
        with pytest.raises((aiges_native.InvalidDataError, TypeError), match="odd"):
            way.ask({"key": b""}, {"odd": value})


def test_a_zero_byte_in_a_key_or_param_is_refused(way: Any) -> None:
    # The engine would see a shorter text than the caller wrote.
    for data, params in (({"a\0b": b""}, {}), ({"key": b""}, {"a\0b": "c"})):
        with pytest.raises(aiges_native.InvalidDataError):
            way.ask(data, params)


@pytest.fixture
def four_gib(tmp_path: Path) -> Iterator[mmap.mmap]:
    """One byte more than an engine takes; a file of one big hole, which takes up nothing."""
    with (tmp_path / "hole").open("wb+") as file:
        file.truncate(1 << 32)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view


def test_an_item_over_4_gib_less_one_is_refused(way: Any, four_gib: mmap.mmap) -> None:
    with pytest.raises(
        aiges_native.InvalidDataError, match=r"'big' has 4294967296 bytes"
    ) as caught:
        way.ask({"key": b"payload", "big": four_gib})
    assert caught.value.code == 10009
    assert pairs(way.ask({"key": b"still working"})) == [("key", b"still working")]


def test_a_resource_over_4_gib_less_one_is_refused(
    engine: aiges_native.Engine, four_gib: mmap.mmap
) -> None:
    with pytest.raises(aiges_native.InvalidDataError, match=r"'big' has 4294967296 bytes"):
        engine.load_resource(four_gib, key="big")
    assert engine.stats()["resources_live"] == 0


# ---- errors ----


def test_the_engines_error_is_told_with_its_text_and_number(way: Any) -> None:
    params = {"fail_create" if way.streams else "fail": 21, "sid": "the session"}
    with pytest.raises(EngineError) as caught:
        way.ask({"key": b"payload"}, params)
    assert "echo: asked to fail;code=21" in str(caught.value)
    assert caught.value.engine_code == 21
    assert caught.value.code == (10905 if way.streams else 10909)
    assert caught.value.engine == way.engine.name
    assert caught.value.session_id == "the session"
    assert pairs(way.ask({"key": b"still working"})) == [("key", b"still working")]


def test_a_negative_error_number_is_an_error(way: Any) -> None:
    with pytest.raises(EngineError, match=r"echo: an error of another number;code=-5") as caught:
        way.ask({}, {"fail_create" if way.streams else "fail": -5})
    assert caught.value.engine_code == -5


# ---- events and resources ----


def test_meters_and_traces_are_delivered_with_the_requests_tag(way: Any) -> None:
    meters: list[tuple[str, str, int]] = []
    traces: list[tuple[str, str, str]] = []
    way.engine.on_meter(lambda *event: meters.append(event))
    way.engine.on_trace(lambda *event: traces.append(event))
    params = {"meter": 3, "trace": "hören", "want": "tag"}
    tag = way.ask({"k": b"v"}, params)[-1].text
    assert meters == [(tag, "echo", 3)]
    assert traces == [(tag, "echo", "hören")]
    way.ask({"k": b"v"}, {"meter": 4})
    assert way.engine.stats()["meter"] == {"echo": 7}


def test_a_resource_is_named_by_its_id(way: Any) -> None:
    first = way.engine.load_resource(b"first", key="words", desc={"language": "zh"})
    second = way.engine.load_resource("second")
    assert (first, second) == (1, 2)
    said = way.ask({"k": b"v"}, {"want": "resources"}, resources=[second])[-1]
    assert said.text == "2"
    way.engine.unload_resource(first)
    assert way.engine.stats()["resources_live"] == 1
    with pytest.raises(aiges_native.InvalidDataError) as caught:
        way.ask({"k": b"v"}, resources=[first])
    assert caught.value.code == 10009
    way.engine.unload_resource(second)


def test_no_resource_is_none(way: Any) -> None:
    assert way.ask({"k": b"v"}, {"want": "resources"})[-1].text == ""
