"""What the unit tests share: programs of their own process, and waiting without sleeping."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import aiges_native

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds, for what comes at once: a process may have to wait for a busy machine

# What every program of `program` begins with. `probe` is a small one: tests/conftest.py has all.
PRELUDE = """
import ctypes, os, signal, sys, threading, time
import aiges_native as an

class probe:
    def __init__(self, path):
        self.library = ctypes.CDLL(path, mode=os.RTLD_NOW | os.RTLD_NOLOAD)
        self.library.test_count.restype = ctypes.c_long
    def count(self, name):
        return self.library.test_count(name.encode())
    def wait(self, name, least=1):
        most = ctypes.c_long(sys.maxsize)
        assert self.library.test_wait_for(
            name.encode(), ctypes.c_long(least), most, ctypes.c_long(30000)
        ), name
    def release(self, calls=-1):
        self.library.test_release(ctypes.c_long(calls))

def in_background(call, *arguments, **options):
    def body():
        try:
            call(*arguments, **options)
        except an.AigesError:
            pass  # such as that the engine was closed meanwhile
    threading.Thread(target=body, daemon=True).start()
"""
# What a process says when it ends badly.
CRASH_TEXTS = (
    "Fatal Python error", "Segmentation fault", "terminate called", "core dumped", "Aborted",
    "Traceback", "double free", "corrupted", "SystemError", "Exception ignored",
)  # fmt: skip


@pytest.fixture
def program() -> Callable[..., str]:
    """``program(code, *arguments)`` runs Python code in a process of its own; its stdout.

    The process must end by itself, with exit status `status` and without a word of a crash.
    """

    def run(code: str, *arguments: object, status: int = 0, quiet: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", PRELUDE + code, *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        said = f"--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"
        assert done.returncode == status, f"exit status {done.returncode}\n{said}"
        if quiet:
            found = [text for text in CRASH_TEXTS if text in done.stderr]
            assert not found, f"{found}\n{said}"
        return done.stdout

    return run


@pytest.fixture
def eventually() -> Callable[..., None]:
    """``eventually(condition, "what")`` waits for what nothing tells of; fails in the end."""

    def wait(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, f"not in {patience} s: {what}"
            pause.wait(0.002)

    return wait


@pytest.fixture(scope="session")
def built_gates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine of engines/gates.c, compiled as the header says an engine may be."""
    library = tmp_path_factory.mktemp("gates") / "gates.so"
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [
            *compiler.split(), "-std=gnu11", "-shared", "-fPIC", "-pthread", "-O1",
            "-I", aiges_native.get_include(), "-I", str(TESTS / "engines"),
            str(Path(__file__).parent / "engines" / "gates.c"), "-o", str(library),
        ],
        check=True,
    )  # fmt: skip
    return library


@pytest.fixture
def gates_path(built_gates: Path, tmp_path: Path) -> Path:
    """A copy that no other test has loaded, with counters of its own."""
    return Path(shutil.copy(built_gates, tmp_path / "gates.so"))


@pytest.fixture
def in_thread() -> Iterator[Callable[..., threading.Thread]]:
    """``in_thread(function, …)`` starts it in a thread that is joined when the test is over."""
    started: list[threading.Thread] = []

    def start(function: Callable[..., object], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=function, args=arguments)
        thread.start()
        started.append(thread)
        return thread

    yield start
    for thread in started:
        thread.join(PATIENCE)
        assert not thread.is_alive()
