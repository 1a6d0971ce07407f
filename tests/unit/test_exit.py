"""The interpreter ends with engines alive: without a crash, and soon.

Each test is a program of its own. It must end by itself with status 0 and say nothing of a crash;
that it ends at all is what bounds the time.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

EnginePath = Callable[[str], Path]
Program = Callable[..., str]

SEEN = "\nprint('end of program')\n"
WRAPPER = """
import threading
from aiges_native.wrapper import Response, ResponseData, SessionCreateResponse, callback

class Wrapper:
    def __init__(self):
        self.gate = threading.Event()
    def answer(self):
        return Response([ResponseData("k", b"v")])
    def wrapperOnceExec(self, params, reqData, usrTag):
        if "wait" in params:
            print("inside", flush=True)
            self.gate.wait()
        return self.answer()
    def wrapperOnceExecAsync(self, params, reqData, usrTag):
        if "wait" in params:
            thread = threading.Thread(target=self.later, args=(usrTag,), daemon=True)
            thread.start()
        else:
            callback(self.answer(), usrTag)
        return 0
    def later(self, tag):
        print("inside", flush=True)
        self.gate.wait()
        callback(self.answer(), tag)
    def wrapperCreate(self, params, sid):
        return SessionCreateResponse("handle")
    def wrapperWrite(self, handle, reqData):
        if reqData.get("wait"):
            print("inside", flush=True)
            self.gate.wait()
        return 0
    def wrapperRead(self, handle):
        return self.answer()
    def wrapperLoadRes(self, reqData, resId):
        return 0
    def wrapperDestroy(self, handle):
        print("destroy", flush=True)
        return 0
    def wrapperFini(self):
        self.gate.set()
        print("fini", flush=True)
        return 0
"""


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    path = tmp_path / "wrapper.py"
    path.write_text(WRAPPER)
    return path


LEFT = {
    "engine": "",
    "result": "result = engine.exec({'k': b'v'})",
    "item and view": "item = engine.exec({'k': b'v'})['k']; view = item.data",
    "array": "array = engine.exec({'k': b'v'})['k'].array()",
    "result in a cycle": "cycle = [engine.exec({'k': b'v'})]; cycle.append(cycle)",
    "result of a future": "future = engine.exec_async({'k': b'v'}); future.result()",
    "future": "future = engine.exec_async({'k': b'v'})",
    "many futures": "futures = [engine.exec_async({'k': b'v'}) for _ in range(200)]",
    "session": "session = engine.session(); session.write({'k': b'v'})",
    "session with a result": "s = engine.session(); s.write({'k': b'v'}); s.read()",
    "sessions": "sessions = [engine.session() for _ in range(50)]",
    "resource": "engine.load_resource(b'words')",
    "listener": "engine.on_meter(print); engine.exec({}, {'meter': 3})",
    "closed engine": "engine.close()",
    "closed engine with a result": "result = engine.exec({'k': b'v'}); engine.close()",
    "dropped engine": "del engine",
    "dropped engine with a result": "result = engine.exec({'k': b'v'}); del engine",
    "engine in a cycle": "cycle = [engine]; cycle.append(cycle); del cycle",
    "engine at exit": "import atexit; atexit.register(lambda: engine.exec({'k': b'v'}))",
    "engine in a module": "sys.engine = engine; sys.result = engine.exec({'k': b'v'})",
    "sys.exit": "result = engine.exec({'k': b'v'}); print('end of program'); sys.exit(0)",
}


def run_all(program: Program, codes: dict[str, str], path: Path, at_once: int) -> dict[str, str]:
    """What each program said. They run at once: most of them only wait."""
    with ThreadPoolExecutor(at_once) as pool:
        said = dict(
            zip(codes, pool.map(lambda code: program(code, path), codes.values()), strict=True)
        )
    assert [name for name in codes if "end of program" not in said[name]] == []
    return said


def test_what_is_left_of_a_c_engine_is_harmless(program: Program, engine_path: EnginePath) -> None:
    codes = {name: "engine = an.load(sys.argv[1])\n" + LEFT[name] + SEEN for name in LEFT}
    run_all(program, codes, engine_path("echo"), 3)


def test_what_is_left_of_a_python_engine_is_harmless(program: Program, wrapper: Path) -> None:
    codes = {name: "engine = an.load(sys.argv[1])\n" + LEFT[name] + SEEN for name in LEFT}
    said = run_all(program, codes, wrapper, 3)
    # One that was dropped is finished by a thread, for which the interpreter does not wait.
    ended = {name: text.count("fini") for name, text in said.items() if "dropped" not in name}
    assert ended == dict.fromkeys(ended, 1)


# Python code that lets other threads run again and again: sooner or later it finds the interpreter
# shutting down, and CPython ends its thread where it stands.
RESTLESS = """
import builtins, time

from aiges_native.wrapper import Response, ResponseData

def rest():
    builtins.inside.set()
    while True:
        time.sleep(0)

class Wrapper:
    def wrapperOnceExec(self, params, reqData):
        if "rest" in params:
            rest()
        return Response([ResponseData("k", b"v")])

    def wrapperFini(self):
        rest()
"""


@pytest.mark.parametrize(
    "code",
    [
        "del engine",
        "engine.exec_async({}, {'rest': 1})",
        "in_background(engine.exec, {}, {'rest': 1})",
    ],
    ids=["fini of a dropped engine", "request on a thread of the pool", "request on a thread"],
)
def test_python_code_that_the_exit_interrupts_is_harmless(
    code: str, program: Program, tmp_path: Path
) -> None:
    path = tmp_path / "wrapper.py"
    path.write_text(RESTLESS)
    before = "import builtins, threading\nbuiltins.inside = threading.Event()\n"
    load = "engine = an.load(sys.argv[1])\n"
    program(before + load + code + "\nassert builtins.inside.wait(60)\n" + SEEN, path)


# A call that is inside when the main thread is done; `look` is the probe of the engine.
BLOCKED = {
    "thread": "in_background(engine.exec, {'k': b'v'}, {'wait': 1})",
    "threads": "for _ in range(8): in_background(engine.exec, {'k': b'v'}, {'wait': 1})",
    "thread with a timeout": """
in_background(engine.exec, {'k': b'v'}, {'wait': 1}, timeout=30)
""",
    "future": "future = engine.exec_async({'k': b'v'}, {'wait': 1})",
    "dropped future": "engine.exec_async({'k': b'v'}, {'wait': 1})",
    "session": "session = engine.session(); in_background(session.write, {'wait': b'v'})",
    "deadline passed": """
try:
    engine.exec({'k': b'v'}, {'wait': 1}, timeout=0.5)
except an.DeadlineError:
    pass
""",
}
INSIDE = "\nlook.wait('waiting')\n"


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_calls_that_are_inside_do_not_hold_up_the_exit(
    mode: str, program: Program, engine_path: EnginePath
) -> None:
    load = (
        f"engine = an.load(sys.argv[1], modes={{{mode!r}, 'stream'}}); look = probe(sys.argv[1])\n"
    )
    codes = {name: load + code + INSIDE + SEEN for name, code in BLOCKED.items()}
    # The engine was told to let go of that one.
    codes["deadline passed"] = codes["deadline passed"].replace(INSIDE, "look.wait('cancelled')")
    run_all(program, codes, engine_path("latch"), 8)


def test_calls_that_cannot_be_told_to_end_do_not_hold_up_the_exit(
    program: Program, engine_path: EnginePath
) -> None:
    load = "engine = an.load(sys.argv[1]); look = probe(sys.argv[1])\n"
    codes = {name: load + BLOCKED[name] + INSIDE + SEEN for name in BLOCKED if name != "session"}
    run_all(program, codes, engine_path("latch_without_cancel"), 8)


@pytest.mark.parametrize("mode", ["once", "once_async"])
def test_calls_that_are_inside_a_python_engine_do_not_hold_up_the_exit(
    mode: str, program: Program, wrapper: Path
) -> None:
    # Its standard output is a pipe meanwhile: what it prints tells that the call is inside.
    load = f"""
read, write = os.pipe()
out = os.dup(1)
os.dup2(write, 1)
engine = an.load(sys.argv[1], modes={{{mode!r}, 'stream'}})
"""
    inside = """
assert os.read(read, 6) == b'inside'
os.dup2(out, 1)
"""
    codes = {name: load + code + inside + SEEN for name, code in BLOCKED.items()}
    run_all(program, codes, wrapper, 8)


# Objects that are dropped late let the engine go on while the interpreter is being torn down, and
# wait until every call has left it: the threads then come back to an interpreter that is gone.
LATE = """
class Late:
    def __init__(self, *needs):
        self.needs = needs
    def __del__(self):
        release, wait, every, name, none, patience, sleep = self.needs
        release(every)
        wait(name, none, none, patience)
        sleep(0.1)  # the threads get as far as they can: nothing tells when they are there
import builtins
builtins.late = Late(look.library.test_release, look.library.test_wait_for, ctypes.c_long(-1),
                     b'waiting', ctypes.c_long(0), ctypes.c_long(10000), time.sleep)
"""


@pytest.mark.parametrize("name", ["latch", "latch_without_cancel"])
def test_calls_that_return_during_the_exit_are_harmless(
    name: str, program: Program, engine_path: EnginePath
) -> None:
    codes = {
        "exec": """
for _ in range(4):
    in_background(engine.exec, {'k': b'v' * 1000})
""",
        "exec with a timeout": """
for _ in range(4):
    in_background(engine.exec, {'k': b'v'}, timeout=60)
""",
        "futures": "futures = [engine.exec_async({'k': bytearray(1000)}) for _ in range(4)]",
        "dropped futures": "for _ in range(4): engine.exec_async({'k': bytearray(1000)})",
    }
    load = "engine = an.load(sys.argv[1], modes={'once'}); look = probe(sys.argv[1])\n"
    inside = "\nlook.wait('waiting', 4)\n"
    codes = {name: load + code + inside + LATE + SEEN for name, code in codes.items()}
    run_all(program, codes, engine_path(name), 4)


def test_an_uncaught_exception_ends_a_program_as_ever(
    program: Program, engine_path: EnginePath
) -> None:
    code = """
engine = an.load(sys.argv[1])
result = engine.exec({'k': b'v'})
session = engine.session()
raise SystemExit(3)
"""
    program(code, engine_path("echo"), status=3)


def test_results_of_a_closed_engine_are_given_back_at_exit(
    program: Program, engine_path: EnginePath
) -> None:
    code = """
engine = an.load(sys.argv[1])
result = engine.exec({'k': b'v'})
engine.close()
"""
    said = program(code + SEEN, engine_path("writes_stdout"))
    assert said.count("out in exec_free") == 1
    assert said.count("out in fini") == 1
    assert said.index("exec_free") < said.index("fini")


def test_a_listener_that_is_busy_at_exit_is_harmless(
    program: Program, engine_path: EnginePath
) -> None:
    code = """
engine = an.load(sys.argv[1], modes={'once_async'})
started = threading.Event()
def listener(*event):
    started.set()
    threading.Event().wait()
engine.on_meter(listener)
future = engine.exec_async({'k': b'v'}, {'meter': 1})
started.wait()
"""
    assert "end of program" in program(code + SEEN, engine_path("echo"))


def test_a_coroutine_left_behind_is_harmless(program: Program, engine_path: EnginePath) -> None:
    code = """
import asyncio
engine = an.load(sys.argv[1]); look = probe(sys.argv[1])
async def main():
    task = asyncio.ensure_future(engine.aexec({'k': b'v'}))
    await asyncio.sleep(0)
    look.wait('waiting')
loop = asyncio.new_event_loop()
loop.run_until_complete(main())  # neither the task nor the loop is ended
"""
    assert "end of program" in program(code + SEEN, engine_path("latch"), quiet=False)
