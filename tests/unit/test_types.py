"""What goes in and what comes out: data classes, enumerations, Result and Item."""

from __future__ import annotations

import collections.abc
import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import aiges_native
from aiges_native import Audio, DataType, Image, Item, Personal, Result, Status, Text, Video

Load = Callable[..., aiges_native.Engine]


# ---- in ----


def test_the_numbers_are_those_of_the_abi() -> None:
    assert {kind.name: int(kind) for kind in DataType} == {
        "TEXT": 0, "AUDIO": 1, "IMAGE": 2, "VIDEO": 3, "PERSONAL": 4,
    }  # fmt: skip
    assert {status.name: int(status) for status in Status} == {
        "BEGIN": 0, "CONTINUE": 1, "END": 2, "ONCE": 3,
    }  # fmt: skip


CLASSES = {
    Text: DataType.TEXT,
    Audio: DataType.AUDIO,
    Image: DataType.IMAGE,
    Video: DataType.VIDEO,
    Personal: DataType.PERSONAL,
}


@pytest.mark.parametrize("cls", CLASSES)
def test_a_payload_keeps_what_it_was_given(cls: Any) -> None:
    payload = bytearray(b"bytes")
    data = cls(payload, status=Status.END, encoding="raw", rate=16000, mono=True, gain=0.5)
    assert data.data is payload
    assert data.type is CLASSES[cls]
    assert data.status is Status.END
    assert data.desc == {"encoding": "raw", "rate": 16000, "mono": True, "gain": 0.5}
    assert cls(b"x").status is Status.ONCE
    assert cls(b"x", 1).status is Status.CONTINUE
    assert repr(data).startswith(cls.__name__)
    with pytest.raises(ValueError, match="9"):
        cls(b"x", status=9)


@pytest.mark.parametrize("cls", CLASSES)
def test_a_payload_reaches_the_engine_as_it_is(cls: Any, load: Load) -> None:
    engine = load("echo")
    item = engine.exec({"k": cls(b"v", Status.CONTINUE, a="ä", n=1, f=0.5, on=True)})["k"]
    assert item.type is CLASSES[cls]
    assert item.status is Status.CONTINUE
    assert item.desc == {"a": "ä", "n": "1", "f": "0.5", "on": "true"}


def test_plain_payloads_have_a_type_of_their_own(load: Load) -> None:
    result = load("echo").exec({"str": "text", "bytes": b"b", "array": numpy.zeros(1)})
    kinds = {key: item.type for key, item in result.items()}
    assert kinds == {
        "str": DataType.TEXT,
        "bytes": DataType.PERSONAL,
        "array": DataType.PERSONAL,
    }
    assert {item.status for item in result.all} == {Status.ONCE}


def test_a_class_of_ones_own_is_a_payload(load: Load) -> None:
    class Jpeg(Image):
        def __init__(self, data: bytes) -> None:
            super().__init__(data, encoding="jpg")

    item = load("echo").exec({"img": Jpeg(b"\xff\xd8")})["img"]
    assert (item.type, item.desc) == (DataType.IMAGE, {"encoding": "jpg"})


def test_a_payload_that_was_never_initialised_is_refused(load: Load) -> None:
    with pytest.raises(aiges_native.InvalidDataError, match=r"'k'.*incomplete Text"):
        load("echo").exec({"k": Text.__new__(Text)})


def test_a_payload_whose_own_code_empties_the_request_is_harmless(
    program: Callable[..., str], engine_path: Callable[[str], Any]
) -> None:
    code = """
request = {}
class Odd(an.Personal):
    @property
    def type(self):
        request.clear()
        return an.DataType.PERSONAL
class Number:
    def __index__(self):
        request.clear()
        return 7
engine = an.load(sys.argv[1])
for _ in range(100):
    request.update(k=Odd(bytearray(100)), l=b'v')
    assert engine.exec(request)['k'].bytes == bytes(100)
    request.update(want='params', n=Number(), o='x' * 100)
    assert 'n=7' in engine.exec({}, request)['params'].text
print('harmless')
"""
    assert "harmless" in program(code, engine_path("echo"))


# ---- Result ----


def ask(load: Load) -> Result:
    # Not a fixture: that would keep the result for longer than the engine may live.
    return load("echo").exec({"b": b"bytes", "t": "text", "e": b""})


def test_a_result_is_a_mapping_in_order(load: Load) -> None:
    result = ask(load)
    assert isinstance(result, collections.abc.Mapping)
    assert list(result) == list(result.keys()) == ["b", "t", "e"]
    assert len(result) == 3
    assert [item.bytes for item in result.values()] == [b"bytes", b"text", b""]
    assert [(key, item.key) for key, item in result.items()] == [(k, k) for k in "bte"]
    assert "b" in result
    assert "x" not in result
    odd: Any = 5
    assert odd not in result
    assert bool(result)


def test_a_missing_key_is_a_key_error(load: Load) -> None:
    result = ask(load)
    for key in ("x", "", 5, None):
        with pytest.raises(KeyError) as caught:
            result[key]  # type: ignore[index]
        assert caught.value.args == (key,)
        del caught
    assert result.get("x") is None
    assert result.get("x", 7) == 7
    found = result.get("b")
    assert found is not None
    assert found.bytes == b"bytes"


def test_the_first_item_of_a_key_is_the_keys(load: Load) -> None:
    result = load("duplicate_keys").exec({})
    keys = [item.key for item in result.all]
    assert len(keys) > len(set(keys))
    assert list(result) == list(dict.fromkeys(keys))
    assert len(result) == len(set(keys))
    for key in result:
        first = next(item for item in result.all if item.key == key)
        assert result[key].bytes == first.bytes


def test_a_result_equals_itself(load: Load) -> None:
    result = ask(load)
    assert result == result
    assert result["b"] == result["b"]
    assert dict(result) == dict(result)
    assert result != {"b": b"bytes"}


def test_everything_says_what_it_is(load: Load) -> None:
    result = ask(load)
    assert repr(result["b"]) == "<Item 'b': 5 bytes, PERSONAL, ONCE>"
    assert repr(result).startswith("<Result (<Item 'b': 5 bytes")


def test_the_end_of_a_stream_is_told(load: Load) -> None:
    engine = load("echo")
    for status, final in {s: s in (Status.END, Status.ONCE) for s in Status}.items():
        with engine.session() as session:
            session.write({"k": b"v"}, status)
            found = session.read(30)
            assert found is not None
            assert found.final is final


# ---- Item ----


def test_an_item_in_every_form(load: Load) -> None:
    result = ask(load)
    item = result["b"]
    assert item.bytes == bytes(item) == item.data.tobytes() == b"bytes"
    assert item.text == "bytes"
    assert len(item) == 5
    assert item.array().tolist() == list(b"bytes")
    assert memoryview(item).nbytes == 5
    assert item.desc == {}
    assert bytearray(item) == b"bytes"


def test_an_empty_item_in_every_form(load: Load) -> None:
    result = ask(load)
    item = result["e"]
    assert (item.bytes, item.text, len(item), item.data.nbytes) == (b"", "", 0, 0)
    assert item.array().shape == (0,)
    assert item.array(numpy.float32, (0, 3)).shape == (0, 3)


def test_arrays_have_the_wanted_type_and_shape(load: Load) -> None:
    numbers = numpy.arange(24, dtype=numpy.int16)
    item = load("echo").exec({"k": numbers})["k"]
    assert item.array("int16").tolist() == numbers.tolist()
    assert item.array(numpy.int16, (2, 3, 4)).tolist() == numbers.reshape(2, 3, 4).tolist()
    assert item.array(dtype=numpy.int16, shape=(-1, 12)).shape == (2, 12)
    assert item.array(shape=48).shape == (48,)
    record = numpy.dtype([("a", "<i2"), ("b", "<i2")])
    assert item.array(record)["b"].tolist() == numbers[1::2].tolist()


def test_arrays_that_do_not_fit_are_refused(load: Load) -> None:
    result = ask(load)
    item = result["b"]
    for options in ({"dtype": numpy.int16}, {"shape": (2, 3)}, {"dtype": object}):
        with pytest.raises(ValueError, match=r"size|shape|OBJECT"):
            item.array(**options)
    with pytest.raises(TypeError):
        item.array("no such type")
    with pytest.raises(TypeError):
        item.array(order="C")  # type: ignore[call-arg]


def test_bytes_that_are_no_text_are_told_so(load: Load) -> None:
    item = load("echo").exec({"k": b"ok \xff\xfe"})["k"]
    with pytest.raises(UnicodeDecodeError) as caught:
        _ = item.text
    assert caught.value.start == 3
    assert item.bytes == b"ok \xff\xfe"


def test_numbers_beyond_the_enumerations_stay_numbers(load: Load) -> None:
    engine = load("unknown_type")
    for number in (-1, 4, 5, 77):
        item = engine.exec({}, {"type": number, "status": number}).all[0]
        assert (item.type, item.status) == (number, number)
        assert type(item.status) is int
        assert isinstance(item.type, DataType) is (number == 4)
    assert repr(item) == "<Item 'odd': 4 bytes, 77, 77>"


def test_results_are_made_by_engines_only(load: Load) -> None:
    result = ask(load)
    for make in (Result, Item, type(result), type(result["b"])):
        with pytest.raises(TypeError, match="cannot create"):
            make()
        with pytest.raises(TypeError):
            type("Mine", (make,), {})


def test_what_belongs_to_an_engine_is_not_copied_nor_pickled(load: Load) -> None:
    engine = load("echo")
    result = engine.exec({"b": b"bytes"})
    with engine.session() as session:
        for thing in (result, result["b"], engine, session):
            with pytest.raises(TypeError, match="pickle"):
                pickle.dumps(thing)
            with pytest.raises(TypeError, match="pickle"):
                copy.deepcopy(thing)


def test_what_is_public_is_named_and_documented() -> None:
    for name in aiges_native.__all__:
        thing = getattr(aiges_native, name)
        if isinstance(thing, type) or callable(thing):
            assert thing.__doc__, name
            assert len(thing.__doc__) > 5, name
    assert set(aiges_native.__all__) <= set(dir(aiges_native))
