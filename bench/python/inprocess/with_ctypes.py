"""ctypes: as the documentation teaches it, and as fast as we could make it."""

from __future__ import annotations

import ctypes
from itertools import repeat
from pathlib import Path
from typing import Any

from .contest import TAG, Contestant, EngineFailedError, Loop, Sink, timed


class ParamList(ctypes.Structure):
    """struct ParamList of aiges/type.h."""


ParamList._fields_ = [
    ("key", ctypes.c_char_p),
    ("value", ctypes.c_char_p),
    ("vlen", ctypes.c_uint),
    ("next", ctypes.POINTER(ParamList)),
]


class DataList(ctypes.Structure):
    """struct DataList of aiges/type.h."""


DataList._fields_ = [
    ("key", ctypes.c_char_p),
    ("data", ctypes.c_void_p),
    ("len", ctypes.c_uint),
    ("type", ctypes.c_int),
    ("status", ctypes.c_int),
    ("desc", ctypes.POINTER(ParamList)),
    ("next", ctypes.c_void_p),
]


class RequestNode(ctypes.Structure):
    """struct DataList, seen for input: a bytes object may be assigned to `data` as it is."""

    _fields_ = [
        ("key", ctypes.c_char_p),
        ("data", ctypes.c_char_p),
        ("len", ctypes.c_uint),
        ("type", ctypes.c_int),
        ("status", ctypes.c_int),
        ("desc", ctypes.POINTER(ParamList)),
        ("next", ctypes.c_void_p),
    ]


def params_of(params: dict[str, str]) -> Any:
    """A parameter list; a node keeps what it points to alive."""
    head = None
    for key, value in params.items():
        text = value.encode()
        node = ParamList(key.encode(), text, len(text))
        if head is not None:
            node.next = ctypes.pointer(head)
        head = node
    return head if head is not None else ParamList()


def plain_loop(library: Any) -> Loop:
    """Every structure is made anew for each call; the answer is copied with string_at."""
    wrapper_exec, wrapper_free = library.wrapperExec, library.wrapperExecFree
    answer_type = ctypes.POINTER(DataList)
    wrapper_exec.argtypes = [
        *(ctypes.c_char_p, ctypes.POINTER(ParamList), ctypes.POINTER(DataList)),
        *(ctypes.POINTER(answer_type), ctypes.POINTER(ctypes.c_uint), ctypes.c_int),
    ]
    wrapper_free.argtypes = [ctypes.c_char_p, ctypes.POINTER(answer_type)]
    no_desc = ParamList()
    no_desc_pointer = ctypes.pointer(no_desc)
    byref, string_at, void = ctypes.byref, ctypes.string_at, ctypes.c_void_p
    address_of: Any = ctypes.cast  # takes bytes, which its type stub does not know

    def loop(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> int:
        total = 0
        for _ in repeat(None, calls):
            head = params_of(params)
            item = DataList(
                b"data", address_of(payload, void), len(payload), 4, 3, no_desc_pointer, None
            )
            answer = answer_type()
            code = wrapper_exec(TAG, byref(head), byref(item), byref(answer), None, 0)
            if code != 0:
                raise EngineFailedError(code)
            node = answer.contents
            total += sink(string_at(node.data, node.len))
            wrapper_free(TAG, byref(answer))
        return total

    return loop


def tuned_loop(library: Any) -> Loop:
    """One item node and one answer pointer for all calls, parameter lists kept by content.

    No argtypes: the arguments are ready-made byref objects, which ctypes then passes unexamined.
    The answer is a ctypes array over the engine's memory, without a copy; its type is kept by
    length, for making a type takes longer than the call.
    """
    wrapper_exec, wrapper_free = library.wrapperExec, library.wrapperExecFree
    no_desc = ParamList()
    item = RequestNode(b"data", None, 0, 4, 3, ctypes.pointer(no_desc), None)
    answer = ctypes.POINTER(DataList)()
    tag_ref = ctypes.byref(ctypes.create_string_buffer(TAG))
    item_ref, answer_ref = ctypes.byref(item), ctypes.byref(answer)
    known: dict[tuple[tuple[str, str], ...], Any] = {}
    views: dict[int, Any] = {}

    def loop(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> int:
        total = 0
        for _ in repeat(None, calls):
            content = tuple(params.items())
            head_ref = known.get(content)
            if head_ref is None:
                head_ref = known[content] = ctypes.byref(params_of(params))
            item.data = payload
            item.len = len(payload)
            code = wrapper_exec(tag_ref, head_ref, item_ref, answer_ref, None, 0)
            if code != 0:
                raise EngineFailedError(code)
            node = answer[0]
            length = node.len
            view_at = views.get(length)
            if view_at is None:
                view_at = views[length] = (ctypes.c_char * length).from_address
            total += sink(view_at(node.data))
            wrapper_free(tag_ref, answer_ref)
        return total

    return loop


def contestants(engine: Path) -> list[Contestant]:
    """Both variants; each has a library object of its own, for argtypes belong to that object."""
    plain, tuned = ctypes.CDLL(str(engine)), ctypes.CDLL(str(engine))
    return [
        Contestant(
            "ctypes",
            "rival",
            "new structures for each call, answer copied with string_at",
            timed(plain_loop(plain)),
        ),
        Contestant(
            "ctypes, tuned",
            "rival",
            "structures reused, parameters kept by content, answer a ctypes array in place; "
            "for one thread at a time",
            timed(tuned_loop(tuned)),
        ),
    ]
