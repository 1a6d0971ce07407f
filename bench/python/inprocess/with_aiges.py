"""aiges_native with the C engine and with the Python engine, and the Python method called bare."""

from __future__ import annotations

import importlib.util
from itertools import repeat
from pathlib import Path
from types import ModuleType
from typing import Any

from common.machine import BENCH

import aiges_native
from aiges_native.wrapper import DataListCls, DataListNode, DataPer, Once

from .contest import Contestant, EngineFailedError, EngineName, Loop, Run, Sink, timed

WRAPPER = BENCH / "engines" / "echo_wrapper.py"
VERSION: str = aiges_native.__version__


def exec_loop(engine: aiges_native.Engine) -> Loop:
    """What a user writes: a mapping in, a memoryview of the engine's memory out."""
    call = engine.exec

    def loop(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> int:
        total = 0
        for _ in repeat(None, calls):
            total += sink(call({"data": payload}, params)["answer"].data)
        return total

    return loop


def import_wrapper(name: EngineName) -> ModuleType:
    """The wrapper file as a plain Python module, without aiges_native.load."""
    spec = importlib.util.spec_from_file_location(f"bench_wrapper_{name}", WRAPPER)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {WRAPPER.name}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request_of(payload: bytes) -> DataListCls:
    """The request object that the host would hand to the wrapper."""
    return DataListCls([DataListNode("data", payload, DataPer, Once)])


def method_only(wrapper: Any) -> Run:
    """The method and nothing else: the request object is made once, before the clock starts."""
    method = wrapper.wrapperOnceExec

    def run(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> tuple[int, int]:
        request = request_of(payload)

        def loop(_: bytes, given: dict[str, str], count: int, sink: Sink) -> int:
            total = 0
            for _turn in repeat(None, count):
                response = method(given, request, "bench", 0)
                if response.error_code != 0:
                    raise EngineFailedError(response.error_code)
                total += sink(response.list[0].data)
            return total

        return timed(loop)(payload, params, calls, sink)

    return run


def method_with_request(wrapper: Any) -> Loop:
    """The method with a request object made for each call, as the host must do."""
    method = wrapper.wrapperOnceExec

    def loop(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> int:
        total = 0
        for _ in repeat(None, calls):
            response = method(params, request_of(payload), "bench", 0)
            if response.error_code != 0:
                raise EngineFailedError(response.error_code)
            total += sink(response.list[0].data)
        return total

    return loop


class Hosted:
    """The engines that aiges_native holds for one behaviour; close() when the cell is done."""

    def __init__(self, name: EngineName, library: Path) -> None:
        self.c_engine = aiges_native.load(library)
        self.python_engine = aiges_native.load(WRAPPER, config={"mode": name})
        self.wrapper = import_wrapper(name).Wrapper()
        self.wrapper.wrapperInit({"mode": name})

    def contestants(self) -> list[Contestant]:
        """aiges_native first, then what concerns Python engines."""
        return [
            Contestant(
                "aiges_native",
                "ours",
                "engine.exec with the C engine; answer a memoryview in place",
                timed(exec_loop(self.c_engine)),
            ),
            Contestant(
                "aiges_native, Python engine",
                "python",
                "engine.exec with wrapper.py; answer a memoryview in place",
                timed(exec_loop(self.python_engine)),
            ),
            Contestant(
                "Python method",
                "python",
                "wrapperOnceExec called directly, request object made once beforehand",
                method_only(self.wrapper),
            ),
            Contestant(
                "Python method + request",
                "python",
                "wrapperOnceExec called directly, request object made for each call",
                timed(method_with_request(self.wrapper)),
            ),
        ]

    def close(self) -> None:
        """Closes both engines."""
        self.c_engine.close()
        self.python_engine.close()
