"""The payload is where its owner put it, in every kind of call and for every kind of object."""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import aiges_native
from aiges_native import InvalidDataError

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]

WAIT = 30.0


def address(buffer: Any) -> int:
    return numpy.frombuffer(buffer, numpy.uint8).ctypes.data


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


PAYLOADS: dict[str, Callable[[], Any]] = {
    "bytes": lambda: b"x" * 1000,
    "bytearray": lambda: bytearray(b"x" * 1000),
    "memoryview": lambda: memoryview(bytearray(1000))[10:900],
    "read-only memoryview": lambda: memoryview(b"x" * 1000)[7:],
    "mmap": lambda: mmap.mmap(-1, 8192),
    "array": lambda: numpy.arange(250, dtype=numpy.float32),
    "read-only array": lambda: read_only(numpy.arange(250)),
    "array of two dimensions": lambda: numpy.ones((30, 40), numpy.int16),
    "rows of an array": lambda: numpy.ones((30, 40), numpy.int16)[10:20],
    "array of no dimension": lambda: numpy.array(7.5),
    "array of records": lambda: numpy.zeros(5, [("a", "i4"), ("b", "f8")]),
    "array of bool": lambda: numpy.ones(64, bool),
    "array of columns in one": lambda: numpy.asfortranarray(numpy.ones((1, 40))),
}


async def aexec(engine: aiges_native.Engine, data: Any) -> aiges_native.Result:
    return await engine.aexec(data)


CALLS: dict[str, Callable[[aiges_native.Engine, Any], object]] = {
    "exec": lambda engine, data: engine.exec(data),
    "exec with a timeout": lambda engine, data: engine.exec(data, timeout=WAIT),
    "exec_async": lambda engine, data: engine.exec_async(data).result(WAIT),
    "aexec": lambda engine, data: asyncio.run(aexec(engine, data)),
}


@pytest.mark.parametrize("kind", PAYLOADS)
@pytest.mark.parametrize("mode", ["once", "once_async"])
@pytest.mark.parametrize("call", CALLS)
def test_the_engine_reads_the_callers_memory(
    call: str, mode: str, kind: str, load: Load, probe: Probe
) -> None:
    engine = load("echo", modes={mode})
    payload = PAYLOADS[kind]()
    CALLS[call](engine, {"k": payload})
    assert probe(engine).input_address == payload_address(payload)


def payload_address(payload: Any) -> int:
    return payload.ctypes.data if isinstance(payload, numpy.ndarray) else address(payload)


@pytest.mark.parametrize("kind", PAYLOADS)
def test_a_session_reads_the_callers_memory(kind: str, load: Load, probe: Probe) -> None:
    engine = load("echo")
    payload = PAYLOADS[kind]()
    with engine.session() as session:
        session.write({"k": payload})
        assert probe(engine).input_address == payload_address(payload)


def test_a_typed_payload_is_read_in_place(load: Load, probe: Probe) -> None:
    engine = load("echo")
    picture = numpy.zeros((100, 100, 3), numpy.uint8)
    engine.exec({"img": aiges_native.Image(picture, encoding="raw")})
    assert probe(engine).input_address == picture.ctypes.data


def test_text_is_read_where_the_str_keeps_it(load: Load, probe: Probe) -> None:
    engine = load("echo")
    text = "only ASCII, so the str and its UTF-8 are the same bytes"
    engine.exec({"k": text})
    first = probe(engine).input_address
    engine.exec({"k": text})
    assert probe(engine).input_address == first


def test_large_payloads_are_not_copied(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    payload = mmap.mmap(-1, 1 << 26)
    with pytest.raises(aiges_native.EngineError):  # so that the engine does not echo it
        engine.exec({"k": payload}, {"fail": 1})
    assert probe(engine).input_address == address(payload)
    assert engine.stats()["bytes_copied"] == 0


NOT_IN_A_ROW: dict[str, Callable[[], Any]] = {
    "every other": lambda: numpy.arange(100)[::2],
    "backwards": lambda: numpy.arange(100)[::-1],
    "columns first": lambda: numpy.asfortranarray(numpy.ones((3, 4))),
    "a part of each row": lambda: numpy.ones((10, 10))[:, 2:4],
    "one number for all": lambda: numpy.broadcast_to(numpy.float64(1), (5,)),
    "a view with steps": lambda: memoryview(bytes(100))[::3],
}


@pytest.mark.parametrize("kind", NOT_IN_A_ROW)
def test_what_does_not_lie_in_a_row_is_refused_and_told_how_to_help(
    kind: str, load: Load, probe: Probe
) -> None:
    engine = load("once_only")
    for data in ({"odd": NOT_IN_A_ROW[kind]()}, {"odd": aiges_native.Audio(NOT_IN_A_ROW[kind]())}):
        with pytest.raises(
            InvalidDataError, match=r"'odd'.*contiguous.*ascontiguousarray"
        ) as caught:
            engine.exec(data)
        assert caught.value.code == 10009
    assert probe(engine)["exec"] == 0


@pytest.mark.parametrize(
    "payload",
    [
        numpy.array([1, "a"], dtype=object),
        numpy.array([{}]),
        numpy.zeros(2, [("a", "i4"), ("b", "O")]),
    ],
    ids=["mixed", "dict", "record"],
)
def test_arrays_of_objects_are_refused(payload: Any, load: Load, probe: Probe) -> None:
    engine = load("once_only")
    with pytest.raises(InvalidDataError, match=r"'odd'.*objects"):
        engine.exec({"odd": payload})
    assert probe(engine)["exec"] == 0


def test_a_bytearray_keeps_its_size_while_the_engine_has_it(
    load: Load, probe: Probe, in_thread: Callable[..., Any]
) -> None:
    engine = load("latch")
    payload = bytearray(b"in flight")
    caller = in_thread(engine.exec, {"k": payload})
    probe(engine).wait("waiting")
    with pytest.raises(BufferError):
        payload.extend(b"longer")
    payload[:] = b"IN FLIGHT"  # the engine's memory is the caller's
    probe(engine).release()
    caller.join(WAIT)
    payload.extend(b" no more")


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_a_bytearray_of_a_future_is_free_when_the_future_is_done(
    mode: str, load: Load, probe: Probe
) -> None:
    engine = load("latch", modes={mode})
    payload = bytearray(b"in flight")
    future = engine.exec_async({"k": payload})
    probe(engine).wait("waiting")
    with pytest.raises(BufferError):
        payload.clear()
    probe(engine).release()
    assert future.result(WAIT)["k"].bytes == b"in flight"
    payload.clear()


# ---- Python engines ----


def test_a_python_engine_gets_the_callers_bytes_object(load: Load, keeper: Any) -> None:
    engine = load(keeper)
    payload = b"x" * 1000
    assert int(engine.exec({"k": payload}, {"ask": "id"})["answer"].text) == id(payload)


@pytest.mark.parametrize("kind", [kind for kind in PAYLOADS if kind != "bytes"])
def test_a_python_engine_gets_the_callers_memory(kind: str, load: Load, keeper: Any) -> None:
    engine = load(keeper)
    payload = PAYLOADS[kind]()
    answer = engine.exec({"k": payload}, {"ask": "address"})["answer"].text
    assert int(answer) == payload_address(payload)


def test_a_python_engine_cannot_change_the_callers_memory(load: Load, keeper: Any) -> None:
    engine = load(keeper)
    assert engine.exec({"k": bytearray(5)}, {"ask": "readonly"})["answer"].text == "True"


def test_the_answer_of_a_python_engine_is_seen_where_it_made_it(load: Load, keeper: Any) -> None:
    engine = load(keeper)
    result = engine.exec({"k": b"12345678"}, {"ask": "array"})
    assert address(result["array"]) == int(result["answer"].text)
    array = result["array"].array(numpy.float64)
    del result
    engine.close()
    assert array.tolist() == [0.0, 1.0, 2.0]


KEEPER = """
import numpy
from aiges_native.wrapper import Response, ResponseData

class Wrapper:
    def wrapperOnceExec(self, params, reqData):
        data = reqData.list[0].data
        array = numpy.arange(3.0)
        answer = {
            "id": lambda: id(data),
            "address": lambda: numpy.frombuffer(data, numpy.uint8).ctypes.data,
            "readonly": lambda: memoryview(data).readonly,
            "array": lambda: array.ctypes.data,
        }[params["ask"]]()
        return Response([ResponseData("answer", str(answer)), ResponseData("array", array)])
"""


@pytest.fixture
def keeper(tmp_path: Any) -> Any:
    path = tmp_path / "keeper.py"
    path.write_text(KEEPER)
    return path
