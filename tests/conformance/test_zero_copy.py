"""The payload is where its owner put it: addresses on both sides, and who frees what when."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import aiges_native

Load = Callable[..., aiges_native.Engine]


def address(buffer: Any) -> int:
    return numpy.frombuffer(buffer, numpy.uint8).ctypes.data


PAYLOADS: dict[str, Callable[[], Any]] = {
    "bytes": lambda: b"x" * 1000,
    "bytearray": lambda: bytearray(b"x" * 1000),
    "memoryview": lambda: memoryview(bytearray(b"x" * 1000))[10:],
    "array": lambda: numpy.arange(250, dtype=numpy.float32),
}


@pytest.mark.parametrize("kind", PAYLOADS)
def test_the_engine_sees_the_callers_bytes(
    kind: str, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("echo")
    payload = PAYLOADS[kind]()
    result = engine.exec({"k": payload})
    assert probe(engine).input_address == address(payload)
    assert result["k"].bytes == bytes(payload)
    assert engine.stats()["bytes_copied"] == 0


@pytest.mark.parametrize("timeout", [None, 30.0])
def test_the_caller_sees_the_engines_bytes(
    timeout: float | None, load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("echo", modes={"once"})
    result = engine.exec({"k": b"x" * 1000}, timeout=timeout)
    look = probe(engine)
    assert address(result["k"].data) == look.output_address
    assert address(result["k"]) == look.output_address
    assert result["k"].array().ctypes.data == look.output_address
    assert engine.stats()["bytes_copied"] == 0


def test_the_output_is_freed_once_after_the_last_view(
    load: Load, probe: Callable[..., Any]
) -> None:
    engine = load("echo")
    look = probe(engine)
    result = engine.exec({"k": numpy.arange(4, dtype=numpy.int64), "other": b"bytes"})
    item = result["k"]
    view = item.data
    array = item.array(numpy.int64)[1:]
    assert look.counts("exec", "exec_free", "live_lists") == {
        "exec": 1,
        "exec_free": 0,
        "live_lists": 1,
    }
    del result
    gc.collect()
    assert array.tolist() == [1, 2, 3]
    del item
    gc.collect()
    assert bytes(view[:8]) == bytes(8)
    del view
    gc.collect()
    assert look["exec_free"] == 0
    assert array.tolist() == [1, 2, 3]  # it outlives everything else
    assert engine.stats()["outputs_live"] == 1
    del array
    look.wait("exec_free")
    assert look.counts("exec", "exec_free", "live_lists", "tag_mismatch") == {
        "exec": 1,
        "exec_free": 1,
        "live_lists": 0,
        "tag_mismatch": 0,
    }
    assert look.thread_of("exec_free") not in (threading.get_native_id(), look.thread_of("exec"))


def test_views_may_be_dropped_by_any_thread(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("echo")
    results = [engine.exec({"k": b"x" * 100}) for _ in range(100)]
    droppers = [threading.Thread(target=results.pop) for _ in range(100)]
    for dropper in droppers:
        dropper.start()
    for dropper in droppers:
        dropper.join()
    probe(engine).wait("exec_free", 100, most=100)
    assert probe(engine)["live_lists"] == 0


CALLS: dict[str, Callable[[aiges_native.Engine, Any], Any]] = {
    "exec": lambda engine, data: engine.exec(data),
    "exec with a timeout": lambda engine, data: engine.exec(data, timeout=30.0),
    "exec_async": lambda engine, data: engine.exec_async(data).result(30.0),
}


@pytest.mark.parametrize("modes", [{"once"}, {"once_async"}], ids=lambda modes: next(iter(modes)))
@pytest.mark.parametrize("call", CALLS)
def test_the_callers_buffer_is_free_when_the_call_has_returned(
    call: str, modes: set[str], load: Load
) -> None:
    engine = load("echo", modes=modes)
    for _ in range(100):
        payload = bytearray(100)
        CALLS[call](engine, {"k": payload})
        payload.append(0)  # a BufferError while anybody holds it


def test_a_failed_exec_is_not_freed(load: Load, probe: Callable[..., Any]) -> None:
    engine = load("echo")
    with pytest.raises(aiges_native.EngineError):
        engine.exec({"k": b"v"}, {"fail": 21})
    engine.close()
    assert probe(engine).counts("exec", "exec_free") == {"exec": 1, "exec_free": 0}
