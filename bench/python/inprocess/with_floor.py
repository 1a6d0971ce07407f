"""The floor: a bare C loop, timed in C (bench/native/floor.c)."""

from __future__ import annotations

import ctypes
from pathlib import Path

from .contest import Contestant, EngineFailedError, Sink


class Floor:
    """Calls one engine from C. ctypes is only the way in: it is outside the measured time."""

    def __init__(self, floor: Path, engine: Path) -> None:
        self.library = ctypes.CDLL(str(engine))
        self.library.wrapperInit(None)
        self._functions = [
            ctypes.cast(getattr(self.library, name), ctypes.c_void_p)
            for name in ("wrapperExec", "wrapperExecFree")
        ]
        library = ctypes.CDLL(str(floor))
        pointer = ctypes.c_void_p
        self._exec = library.floor_exec
        self._exec.restype = ctypes.c_int64
        self._exec.argtypes = [
            *(pointer, pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p),
            *(ctypes.c_uint, ctypes.c_int64, ctypes.POINTER(ctypes.c_int64), pointer),
        ]
        self._threads = library.floor_threads
        self._threads.restype = ctypes.c_int64
        self._threads.argtypes = [
            *(pointer, pointer, ctypes.c_char_p, ctypes.c_uint, ctypes.c_int, ctypes.c_int64)
        ]

    def run(
        self, payload: bytes, params: dict[str, str], calls: int, sink: Sink
    ) -> tuple[int, int]:
        """Makes the calls; while checking, the last answer comes back in a buffer."""
        ((key, value),) = params.items()
        out = None if sink is len else ctypes.create_string_buffer(max(len(payload), 64))
        total = ctypes.c_int64()
        took = self._exec(
            *self._functions,
            *(key.encode(), value.encode(), payload, len(payload), calls, total, out),
        )
        if took < 0:
            raise EngineFailedError(-1)
        if out is not None:
            sink(memoryview(out)[: total.value // calls])
        return took, total.value

    def run_threads(self, payload: bytes, threads: int, calls: int) -> int:
        """Nanoseconds from the first thread's start to the last one's end."""
        took: int = self._threads(*self._functions, payload, len(payload), threads, calls)
        if took < 0:
            raise EngineFailedError(-1)
        return took


def contestant(floor: Path, engine: Path) -> Contestant:
    """The floor as a contestant."""
    note = "lists on the stack for each call, function pointers, answer read in place; timed in C"
    return Contestant("C loop", "floor", note, Floor(floor, engine).run)
