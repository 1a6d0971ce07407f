"""One suite for every mode: the C echo and the Python echo answer the same in all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import aiges_native
from aiges_native import DataType, Item, Status


def pairs(items: list[Item]) -> list[tuple[str, bytes]]:
    return [(item.key, item.bytes) for item in items]


@pytest.mark.parametrize(
    "size", [0, 1, 2, 15, 16, 17, 255, 4095, 4096, 4097, 65536, 1024 * 1024 - 1, 1024 * 1024]
)
def test_bytes_of_every_size_come_back(size: int, way: Any) -> None:
    payload = numpy.random.default_rng(size).integers(0, 256, size, numpy.uint8).tobytes()
    (item,) = way.ask({"key": payload})
    assert item.key == "key"
    assert item.bytes == payload
    assert item.type is DataType.PERSONAL
    assert item.status is Status.ONCE


def test_several_items_keep_their_order(way: Any) -> None:
    data = {"z": b"last letter", "a": b"first letter", "empty": b"", "m": b"\x00\xff" * 1000}
    assert pairs(way.ask(data)) == list(data.items())


def test_hundreds_of_items_keep_their_order(way: Any) -> None:
    data = {f"key {number}": str(number).encode() for number in range(300)}
    assert pairs(way.ask(data)) == list(data.items())


def test_text_is_utf8_and_comes_back_as_text(way: Any) -> None:
    (item,) = way.ask({"text": "Grüße, 世界 🌍"})
    assert item.type is DataType.TEXT
    assert item.text == "Grüße, 世界 🌍"
    assert item.bytes == "Grüße, 世界 🌍".encode()


def test_zero_bytes_inside_are_kept(way: Any) -> None:
    data = {"bytes": b"\x00before\x00after\x00", "text": "a\x00b"}
    assert [item.bytes for item in way.ask(data)] == [b"\x00before\x00after\x00", b"a\x00b"]


@pytest.mark.parametrize(
    ("make", "type_"),
    [
        (aiges_native.Text, DataType.TEXT),
        (aiges_native.Audio, DataType.AUDIO),
        (aiges_native.Image, DataType.IMAGE),
        (aiges_native.Video, DataType.VIDEO),
        (aiges_native.Personal, DataType.PERSONAL),
    ],
)
def test_each_type_comes_back(make: Callable[..., Any], type_: DataType, way: Any) -> None:
    (item,) = way.ask({"key": make(b"bytes", status=Status.ONCE)})
    assert item.type is type_
    assert item.bytes == b"bytes"


@pytest.mark.parametrize(
    "payload",
    [
        b"0123456789",
        bytearray(b"0123456789"),
        memoryview(b"0123456789"),
        memoryview(bytearray(b"ab0123456789cd"))[2:-2],
        numpy.frombuffer(b"0123456789", numpy.uint8),
        numpy.frombuffer(b"0123456789", numpy.uint16).reshape(5, 1),
    ],
    ids=["bytes", "bytearray", "memoryview", "slice", "array", "array of two-byte numbers"],
)
def test_every_kind_of_buffer_is_taken(payload: Any, way: Any) -> None:
    (item,) = way.ask({"key": payload})
    assert item.bytes == b"0123456789"
    assert item.type is DataType.PERSONAL


@pytest.mark.parametrize(
    "payload",
    [numpy.zeros((4, 4))[:, 0], memoryview(b"0123456789")[::2], numpy.asfortranarray(numpy.eye(3))],
    ids=["column", "every second byte", "Fortran order"],
)
def test_bytes_that_do_not_lie_in_a_row_are_refused(payload: Any, way: Any) -> None:
    with pytest.raises(aiges_native.InvalidDataError, match="odd") as caught:
        way.ask({"odd": payload})
    assert caught.value.code == 10009
    assert pairs(way.ask({"key": b"still working"})) == [("key", b"still working")]


@pytest.mark.parametrize("payload", [None, 5, 1.5, [1, 2], object()], ids=repr)
def test_what_is_no_payload_is_refused(payload: Any, way: Any) -> None:
    with pytest.raises(aiges_native.InvalidDataError, match="odd"):
        way.ask({"odd": payload})


def test_desc_comes_back(way: Any) -> None:
    desc = {"encoding": "png", "größe": "3 × 4", "empty": ""}
    (item,) = way.ask({"img": aiges_native.Image(b"\x89PNG", status=Status.ONCE, **desc)})
    assert item.desc == desc
    assert item.bytes == b"\x89PNG"


def test_each_item_has_its_own_desc(way: Any) -> None:
    items = way.ask(
        {
            "first": aiges_native.Audio(b"1", status=Status.ONCE, rate="16000"),
            "second": b"2",
            "third": aiges_native.Text("3", status=Status.ONCE, language="zh"),
        }
    )
    assert [item.desc for item in items] == [{"rate": "16000"}, {}, {"language": "zh"}]


def test_keys_may_have_any_letters(way: Any) -> None:
    data = {"schlüssel": b"1", "键": b"2", "with space": b"3", "": b"4", "k" * 1000: b"5"}
    assert pairs(way.ask(data)) == list(data.items())


def test_a_result_is_a_mapping_that_also_has_everything_in_order(
    engine: aiges_native.Engine,
) -> None:
    result = engine.exec({"a": b"1", "b": "two"})
    assert list(result) == ["a", "b"]
    assert len(result) == 2
    assert "a" in result
    assert "c" not in result
    assert result["b"].text == "two"
    assert [item.key for item in result.all] == ["a", "b"]
    with pytest.raises(KeyError):
        result["c"]


def test_an_item_is_a_read_only_buffer(way: Any) -> None:
    (item,) = way.ask({"key": numpy.arange(6, dtype=numpy.int32)})
    assert item.data.readonly
    assert bytes(memoryview(item)) == item.bytes
    array = item.array(numpy.int32, (2, 3))
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert not array.flags.writeable
