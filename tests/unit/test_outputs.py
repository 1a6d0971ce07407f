"""An engine's output is seen where it lies, and given back once, when the last view goes."""

from __future__ import annotations

import gc
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import pytest

import aiges_native

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]

WAIT = 30.0


def address(buffer: Any) -> int:
    return numpy.frombuffer(buffer, numpy.uint8).ctypes.data


VIEWS: dict[str, Callable[[aiges_native.Result], Any]] = {
    "result": lambda result: result,
    "item": lambda result: result["k"],
    "all": lambda result: result.all,
    "memoryview": lambda result: result["k"].data,
    "slice": lambda result: result["k"].data[3:5],
    "memoryview of the item": lambda result: memoryview(result["k"]),
    "array": lambda result: result["k"].array(),
    "reshaped": lambda result: result["k"].array(numpy.int16, (2, -1)),
    "slice of an array": lambda result: result["k"].array()[2:3],
}


@pytest.mark.parametrize("last", VIEWS)
def test_whichever_view_goes_last_frees_once(last: str, load: Load, probe: Probe) -> None:
    engine = load("once_only")
    look = probe(engine)
    result: Any = engine.exec({"k": b"12345678"})
    views = {name: make(result) for name, make in VIEWS.items()}
    del result
    for name in itertools.filterfalse(last.__eq__, VIEWS):
        del views[name]
        gc.collect()
    assert look.counts("exec_free", "live_lists") == {"exec_free": 0, "live_lists": 1}
    assert engine.stats()["outputs_live"] == 1
    views.clear()
    look.wait("exec_free")
    engine.close()
    assert look.counts("exec_free", "live_lists") == {"exec_free": 1, "live_lists": 0}


def test_every_view_is_at_the_engines_address(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    result = engine.exec({"k": b"12345678"})
    there = probe(engine).output_address
    assert address(result["k"]) == there
    assert address(result.all[0].data) == there
    assert result["k"].array(numpy.float64).ctypes.data == there
    assert result["k"].array(numpy.int16, (2, 2)).base is not None


def test_views_cannot_be_written(load: Load) -> None:
    item = load("once_only").exec({"k": b"12345678"})["k"]
    assert item.data.readonly
    array = item.array(numpy.int64)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        array.flags.writeable = True


def test_an_array_outlives_its_result_and_the_closed_engine(load: Load, probe: Probe) -> None:
    engine = load("once_only")
    look = probe(engine)
    array = engine.exec({"k": numpy.arange(1000)})["k"].array(numpy.int64)
    engine.close()
    del engine
    gc.collect()
    assert look.counts("exec_free", "fini") == {"exec_free": 0, "fini": 0}
    assert int(array.sum()) == 499500
    del array
    look.wait("fini")
    assert look.counts("exec_free", "fini", "after_fini") == {
        "exec_free": 1,
        "fini": 1,
        "after_fini": 0,
    }


def test_freeing_holds_up_nobody(load: Load, probe: Probe) -> None:
    # If the thread in wrapperExecFree held the interpreter's lock, or was this one, this test would
    # stand still at the gate for ever.
    engine = load("slow_free")
    look = probe(engine)
    result: Any = engine.exec({"k": b"v"})
    caller = look.thread_of("exec")
    del result
    look.wait("waiting")
    assert sum(range(100_000)) == 4_999_950_000  # the interpreter goes on
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(threading.get_native_id).result(WAIT) != threading.get_native_id()
    assert look["exec_free"] == 0
    look.release()
    look.wait("exec_free")
    assert look.thread_of("exec_free") not in {0, caller, threading.get_native_id()}
