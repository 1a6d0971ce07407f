"""A process that forks after loading: the child is told, and nobody is harmed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

EnginePath = Callable[[str], Path]
Program = Callable[..., str]

# forked(child) runs a function in a child process and tells how that ended; refused(call) tells
# what an engine says to a call.
FORK = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of threads at a fork, from Python 3.12

def forked(child):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        child()
        sys.exit(7)  # through the interpreter's whole end
    _, status = os.waitpid(pid, 0)
    print("child ended with", os.waitstatus_to_exitcode(status), flush=True)

def refused(call):
    try:
        call()
    except an.EngineError as error:
        assert error.code == 10101, error.code
        print("refused:", error, flush=True)
    else:
        print("not refused", flush=True)
"""


@pytest.fixture(params=["echo", "python/echo"], ids=["c", "python"])
def path(request: pytest.FixtureRequest, engine_path: EnginePath) -> Path:
    return engine_path(request.param)


CALLS = {
    "exec": "engine.exec({'k': b'v'})",
    "exec with a timeout": "engine.exec({'k': b'v'}, timeout=10)",
    "exec_async": "engine.exec_async({'k': b'v'}).result(10)",
    "aexec": "asyncio.run(aexec())",
    "session": "engine.session()",
    "load_resource": "engine.load_resource(b'words')",
    "unload_resource": "engine.unload_resource(1)",
}


def test_every_call_in_the_child_is_refused(path: Path, program: Program) -> None:
    code = """
import asyncio
engine = an.load(sys.argv[1])
async def aexec():
    return await engine.aexec({'k': b'v'}, timeout=10)
engine.exec({'k': b'v'}, timeout=10)  # so that every thread there could be is there
engine.exec_async({'k': b'v'}).result(10)
def child():
"""
    asks = "".join(f"    refused(lambda: {call})\n" for call in CALLS.values())
    then = """
forked(child)
print(engine.exec({'k': b'still working'})['k'].text)
"""
    said = program(FORK + code + asks + then, path)
    assert said.count("refused: ") == len(CALLS)
    assert said.count("forked") == len(CALLS)
    assert "child ended with 7" in said
    assert "still working" in said


WHAT_THE_CHILD_DOES = {
    "nothing": "pass",
    "ends at once": "os._exit(7)",
    "closes": "engine.close()",
    "closes with a limit": "engine.close(timeout=5)",
    "closes the session": "session.close()",
    "drops all": "engine = session = result = None; import gc; gc.collect()",
    "reads the result": "assert result['k'].bytes == b'v'; result = None",
    "asks": "engine.stats(), engine.closed, engine.version, repr(engine), session.done, session.id",
    "loads another": "other = an.load(sys.argv[2]); assert other.exec({'k': b'w'})['k'].text == 'w'; other.close()",  # noqa: E501
    "loads another and leaves it": "other = an.load(sys.argv[2]); other.exec_async({'k': b'w'}).result(10)",  # noqa: E501
    "forks again": "forked(lambda: refused(lambda: engine.exec({})))",
}


@pytest.mark.parametrize("what", WHAT_THE_CHILD_DOES)
def test_the_child_ends_as_it_wants(
    what: str, path: Path, program: Program, tmp_path: Path
) -> None:
    other = tmp_path / f"other{path.suffix}"
    other.write_bytes(path.read_bytes())
    code = f"""
engine = an.load(sys.argv[1])
result = engine.exec({{'k': b'v'}})
session = engine.session()
engine.exec_async({{'k': b'v'}}).result(10)
def child():
    global engine, session, result
    {WHAT_THE_CHILD_DOES[what]}
forked(child)
# What the child dropped is still here.
assert result['k'].bytes == b'v'
session.write({{'k': b'w'}})
assert session.read(10)['k'].text == 'w'
session.close()
del result
engine.close(timeout=10)
print("parent is well")
"""
    said = program(FORK + code, path, other)
    assert said.count("child ended with 7") == (2 if what == "forks again" else 1)
    assert "parent is well" in said


def test_a_call_that_was_inside_at_the_fork_goes_on_in_the_parent(
    program: Program, engine_path: EnginePath
) -> None:
    code = """
engine = an.load(sys.argv[1]); look = probe(sys.argv[1])
future = engine.exec_async({'k': b'v'})
results = []
thread = threading.Thread(target=lambda: results.append(engine.exec({'k': b'w'})))
thread.start()
look.wait('waiting', 2)
def child():
    refused(lambda: engine.exec({}))
    engine.close()
forked(child)
look.release()
thread.join()
print(future.result(10)['k'].text, results[0]['k'].text)
"""
    said = program(FORK + code, engine_path("latch"))
    assert "refused: " in said
    assert "child ended with 7" in said
    assert "v w" in said


def test_a_child_may_load_the_same_python_engine(program: Program, engine_path: EnginePath) -> None:
    code = """
engine = an.load(sys.argv[1])
def child():
    with an.load(sys.argv[1]) as again:
        print(again.exec({'k': b'in the child'})['k'].text, flush=True)
        print(again.exec_async({'k': b'and later'}).result(10)['k'].text, flush=True)
forked(child)
"""
    said = program(FORK + code, engine_path("python/echo"))
    assert "in the child" in said
    assert "and later" in said


def test_children_of_multiprocessing_are_told(path: Path, program: Program) -> None:
    code = """
import multiprocessing
engine = an.load(sys.argv[1])
result = engine.exec({'k': b'v'})
def work(number):
    try:
        engine.exec({'k': b'v'}, timeout=10)
    except an.EngineError as error:
        return f"{number} {error.code} {error}"
with multiprocessing.get_context("fork").Pool(2) as pool:
    for line in pool.map(work, range(4)):
        print(line)
"""
    said = program(FORK + code, path)
    assert [line.split()[:2] for line in said.splitlines()] == [[str(n), "10101"] for n in range(4)]
    assert said.count("spawn") == 4  # what to do about it


def test_engines_work_in_children_that_were_forked_before_loading(
    path: Path, program: Program
) -> None:
    code = """
def child():
    engine = an.load(sys.argv[1])
    print(engine.exec({'k': b'child'}, timeout=10)['k'].text, flush=True)
forked(child)
print(an.load(sys.argv[1]).exec({'k': b'parent'}, timeout=10)['k'].text)
"""
    said = program(FORK + code, path)
    assert "child\n" in said
    assert "child ended with 7" in said
    assert "parent" in said
