"""cffi in ABI and API mode, each plain and tuned, and a C shim for this one shape of request."""

from __future__ import annotations

import contextlib
import io
from itertools import repeat
from pathlib import Path
from typing import Any

import cffi

from .build import build_extension
from .contest import TAG, Contestant, EngineFailedError, EngineName, Loop, Sink, timed

DECLARATIONS = """
typedef struct ParamList {
  char* key; char* value; unsigned int vlen; struct ParamList* next;
} ParamList;
typedef struct DataList {
  char* key; void* data; unsigned int len; int type; int status;
  ParamList* desc; struct DataList* next;
} DataList;
int wrapperExec(const char* tag, ParamList* params, DataList* req, DataList** resp,
                unsigned int* ids, int count);
int wrapperExecFree(const char* tag, DataList** resp);
"""

SHIM_DECLARATION = """
DataList* shim_exec(char* key, char* value, unsigned int vlen, char* data, unsigned int len,
                    int* code);
void shim_free(DataList* answer);
"""

# The declarations again, because cffi checks them against what the compiler sees.
SHIM_SOURCE = (
    DECLARATIONS
    + """
static DataList* shim_exec(char* key, char* value, unsigned int vlen, char* data, unsigned int len,
                           int* code) {
  ParamList no_desc = {0, 0, 0, 0};
  ParamList param = {key, value, vlen, 0};
  DataList item = {"data", data, len, 4, 3, &no_desc, 0};
  DataList* answer = 0;
  *code = wrapperExec("bench", &param, &item, &answer, 0, 0);
  return answer;
}
static void shim_free(DataList* answer) { wrapperExecFree("bench", &answer); }
"""
)


def params_of(ffi: Any, params: dict[str, str]) -> tuple[Any, list[Any]]:
    """A parameter list, and what must be kept alive with it."""
    head, keep = ffi.NULL, []
    for key, value in params.items():
        text = value.encode()
        key_memory, value_memory = ffi.new("char[]", key.encode()), ffi.new("char[]", text)
        node = ffi.new("ParamList*")
        node.key, node.value, node.vlen, node.next = key_memory, value_memory, len(text), head
        keep += [key_memory, value_memory, node]
        head = node
    return head if keep else ffi.new("ParamList*"), keep


def plain_loop(ffi: Any, library: Any) -> Loop:
    """Every structure is made anew for each call; the answer is copied out of an ffi.buffer."""
    no_desc = ffi.new("ParamList*")
    name = ffi.new("char[]", b"data")

    def loop(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> int:
        total = 0
        for _ in repeat(None, calls):
            head, keep = params_of(ffi, params)
            item = ffi.new("DataList*")
            item.key = name
            item.data = ffi.from_buffer(payload)
            item.len = len(payload)
            item.type = 4
            item.status = 3
            item.desc = no_desc
            answer = ffi.new("DataList**")
            code = library.wrapperExec(TAG, head, item, answer, ffi.NULL, 0)
            if code != 0:
                raise EngineFailedError(code)
            node = answer[0]
            total += sink(ffi.buffer(node.data, node.len)[:])
            library.wrapperExecFree(TAG, answer)
            del keep
        return total

    return loop


def tuned_loop(ffi: Any, library: Any) -> Loop:
    """One item node and one answer pointer for all calls, parameter lists kept by content.

    The answer is an ffi.buffer, a bytes-like object over the engine's memory.
    """
    no_desc, item, answer = ffi.new("ParamList*"), ffi.new("DataList*"), ffi.new("DataList**")
    name, tag, null = ffi.new("char[]", b"data"), ffi.new("char[]", TAG), ffi.NULL
    item.key, item.type, item.status, item.desc = name, 4, 3, no_desc
    wrapper_exec, wrapper_free = library.wrapperExec, library.wrapperExecFree
    buffer, from_buffer = ffi.buffer, ffi.from_buffer
    known: dict[tuple[tuple[str, str], ...], tuple[Any, list[Any]]] = {}

    def loop(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> int:
        total = 0
        for _ in repeat(None, calls):
            content = tuple(params.items())
            found = known.get(content)
            if found is None:
                found = known[content] = params_of(ffi, params)
            item.data = from_buffer(payload)
            item.len = len(payload)
            code = wrapper_exec(tag, found[0], item, answer, null, 0)
            if code != 0:
                raise EngineFailedError(code)
            node = answer[0]
            total += sink(buffer(node.data, node.len))
            wrapper_free(tag, answer)
        return total

    return loop


def shim_loop(ffi: Any, library: Any) -> Loop:
    """The lists are built by a C function written for exactly one parameter and one item."""
    shim_exec, shim_free, buffer = library.shim_exec, library.shim_free, ffi.buffer
    code = ffi.new("int*")

    def loop(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> int:
        total = 0
        for _ in repeat(None, calls):
            ((key, value),) = params.items()
            text = value.encode()
            node = shim_exec(key.encode(), text, len(text), payload, len(payload), code)
            if code[0] != 0:
                raise EngineFailedError(code[0])
            total += sink(buffer(node.data, node.len))
            shim_free(node)
        return total

    return loop


def api_module(name: EngineName, engine: Path) -> Any:
    """The API-mode module of one engine, linked with it, compiled now."""
    ffi = cffi.FFI()
    ffi.cdef(DECLARATIONS + SHIM_DECLARATION)
    module = f"_bench_cffi_{name}"
    ffi.set_source(module, SHIM_SOURCE)
    source = engine.parent / f"{module}.c"
    with contextlib.redirect_stdout(io.StringIO()):  # it announces the file it writes
        ffi.emit_c_code(str(source))
    return build_extension(module, source, engine)


def contestants(name: EngineName, engine: Path) -> list[Contestant]:
    """Four rivals and the shim."""
    abi = cffi.FFI()
    abi.cdef(DECLARATIONS)
    abi_library = abi.dlopen(str(engine))
    api = api_module(name, engine)
    plain = "new structures for each call, answer copied out of an ffi.buffer"
    tuned = (
        "structures reused, parameters kept by content, answer an ffi.buffer in place; "
        "for one thread at a time"
    )
    shim = "lists built by C code made for one parameter and one item, answer an ffi.buffer"
    return [
        Contestant("cffi ABI", "rival", plain, timed(plain_loop(abi, abi_library))),
        Contestant("cffi ABI, tuned", "rival", tuned, timed(tuned_loop(abi, abi_library))),
        Contestant("cffi API", "rival", plain, timed(plain_loop(api.ffi, api.lib))),
        Contestant("cffi API, tuned", "rival", tuned, timed(tuned_loop(api.ffi, api.lib))),
        Contestant("cffi API, C shim", "shim", shim, timed(shim_loop(api.ffi, api.lib))),
    ]
