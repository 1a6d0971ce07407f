"""Ctrl-C: it ends a wait in the main thread, and the program goes on working.

Each program sends the signal to itself from another thread, when the main thread is inside.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

EnginePath = Callable[[str], Path]
Program = Callable[..., str]

# Python wants a signal to come while the main thread waits, not on its way there: it then waits all
# the same. /proc tells of a thread that waits in which system call, with which stack; one that
# waits for the GIL only is not seen the same time and again, since each look lets the GIL go.
# A shell starts a job in the background with Ctrl-C ignored, and Python keeps to that.
COMMON = """
signal.signal(signal.SIGINT, signal.default_int_handler)

def interrupt_when(ready):
    def send():
        ready()
        path = f"/proc/self/task/{threading.main_thread().native_id}/syscall"
        seen, times = "", 0
        while times < 20:
            look = open(path).read()
            times = times + 1 if look == seen and not look.startswith("running") else 0
            seen = look
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=send, daemon=True).start()

def interrupted(call, ready=lambda: None):
    calling = threading.Event()
    interrupt_when(lambda: (calling.wait(), ready()))
    try:
        calling.set()
        call()
    except KeyboardInterrupt as error:
        print("interrupted", flush=True)
        assert error.__cause__ is None
    else:
        print("not interrupted", flush=True)

engine = an.load(sys.argv[1]); look = probe(sys.argv[1])
"""

WAITS = {
    "exec": "lambda: engine.exec({'k': b'v'})",
    "exec with a timeout": "lambda: engine.exec({'k': b'v'}, timeout=60)",
    "future": "lambda: engine.exec_async({'k': b'v'}).result()",
}


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("name", ["latch", "latch_without_cancel"])
def test_a_call_is_interrupted_and_the_engine_goes_on(
    name: str, wait: str, program: Program, engine_path: EnginePath
) -> None:
    code = f"""
interrupted({WAITS[wait]}, lambda: look.wait('waiting'))
look.release()
assert engine.exec({{'k': b'once more'}})['k'].bytes == b'once more'
engine.close()
look.wait('fini')  # closing does not wait for the late result of a future, on its way to be dropped
print(engine.stats()['in_flight'], look.count('fini'), look.count('cancelled'))
"""
    said = program(COMMON + code, engine_path(name)).splitlines()
    assert said[0] == "interrupted"
    told = name == "latch" and wait != "future"  # a future was not cancelled
    assert said[1] == f"0 1 {int(told)}"


def test_a_python_engine_is_interrupted(program: Program, engine_path: EnginePath) -> None:
    code = """
interrupted(lambda: engine.exec({}))
engine.exec({}, {'release': True})
print(engine.stats()['in_flight'])
"""
    said = program(
        COMMON.replace("look = probe(sys.argv[1])", "") + code, engine_path("python/latch")
    )
    assert said.splitlines() == ["interrupted", "0"]


@pytest.mark.parametrize("mode", ["stream", "stream_async"])
def test_a_read_is_interrupted_and_the_session_goes_on(
    mode: str, program: Program, engine_path: EnginePath
) -> None:
    code = f"""
session = engine.session(mode={mode!r})
interrupted(session.read)
interrupted(lambda: session.read(60))
interrupted(lambda: list(session))
session.write({{'k': b'v'}}, an.Status.END)
print(session.read(30)['k'].text, session.done)
"""
    said = program(COMMON + code, engine_path("echo"))
    assert said.splitlines() == ["interrupted"] * 3 + ["v True"]


def test_closing_is_interrupted_and_may_be_tried_again(
    program: Program, engine_path: EnginePath
) -> None:
    code = """
thread = threading.Thread(target=engine.exec, args=({'k': b'v'},))
thread.start()
look.wait('waiting')
interrupted(engine.close)
interrupted(lambda: engine.close(timeout=60))
assert engine.closed
print(look.count('fini'))
look.release()
engine.close()
thread.join()
look.wait('fini')  # comes with the end of the call's result, which closing does not wait for
print(look.count('fini'))
"""
    said = program(COMMON + code, engine_path("latch_without_cancel"))
    assert said.splitlines() == ["interrupted", "interrupted", "0", "1"]


def test_closing_a_session_is_interrupted(program: Program, engine_path: EnginePath) -> None:
    code = """
session = engine.session()
def write():
    try:
        session.write({'k': b'v'})
    except an.AigesError:
        pass
# An engine that does not let go of the call: its wrapperCancel is for others.
thread = threading.Thread(target=write)
thread.start()
look.wait('waiting')
closing = threading.Event()
interrupted(session.close)
look.release(-1)
thread.join()
print(look.count('live_sessions'))
"""
    path = engine_path("latch")
    said = program(COMMON + code, path).splitlines()
    # That engine lets go when it is told to, so that closing may be over before the signal comes.
    assert said[0] in ("interrupted", "not interrupted")
    assert said[-1] == "0"


def test_a_call_waiting_for_a_place_is_interrupted(
    program: Program, engine_path: EnginePath
) -> None:
    code = """
engine.close()
engine = an.load(sys.argv[1], concurrency=1)
thread = threading.Thread(target=engine.exec, args=({'k': b'v'},))
thread.start()
look.wait('waiting')
interrupted(lambda: engine.exec({'k': b'w'}))
look.release(-1)
thread.join()
engine.close()
print(look.count('exec'), engine.stats()['in_flight'])
"""
    said = program(COMMON + code, engine_path("latch_without_cancel"))
    assert said.splitlines() == ["interrupted", "1 0"]


def test_an_asyncio_program_is_interrupted(program: Program, engine_path: EnginePath) -> None:
    code = """
import asyncio
async def main():
    await engine.aexec({'k': b'v'})
interrupted(lambda: asyncio.run(main()), lambda: look.wait('waiting'))
look.wait('cancelled')
print(engine.stats()['in_flight'])
"""
    said = program(COMMON + code, engine_path("latch"))
    assert said.splitlines() == ["interrupted", "0"]


def test_ctrl_c_ends_a_program_as_ever(program: Program, engine_path: EnginePath) -> None:
    code = """
interrupt_when(lambda: look.wait('waiting'))
engine.exec({'k': b'v'})
"""
    program(COMMON + code, engine_path("latch"), status=-2, quiet=False)


def test_a_handler_of_the_programs_own_is_run(program: Program, engine_path: EnginePath) -> None:
    code = """
def handler(*_):
    print("handled", flush=True)
    look.release()
signal.signal(signal.SIGINT, handler)
interrupt_when(lambda: look.wait('waiting'))
print(engine.exec({'k': b'answered all the same'})['k'].text)
"""
    said = program(COMMON + code, engine_path("latch_without_cancel"))
    assert said.splitlines() == ["handled", "answered all the same"]
