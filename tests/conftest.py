"""What every Python test has: engines by name, a probe into them, and engines closed at the end."""

from __future__ import annotations

import ctypes
import gc
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy
import pytest

import aiges_native

TESTS = Path(__file__).resolve().parent
C_ENGINES = Path(
    os.environ.get("AIGES_TEST_ENGINES", TESTS.parent / "build" / "dev" / "tests" / "engines")
)
PYTHON_ENGINES = TESTS / "engines" / "python"
FOLDER_MARKERS = {
    "unit": "one Python module at a time",
    "conformance": "what the host does with engines, good and bad, through the public API",
    "e2e": "commands and examples as a user meets them",
    "stress": "many calls, many threads, memory",
    "wheel": "the built artefact",
}
# Long enough for a sanitizer on a busy machine; nothing waits so long when all is well.
PATIENCE = 30.0


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in FOLDER_MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        inside = item.path.relative_to(TESTS).parts if item.path.is_relative_to(TESTS) else ()
        if inside and inside[0] in FOLDER_MARKERS:
            item.add_marker(inside[0])


def pytest_report_header() -> list[str]:
    return [
        f"aiges_native {aiges_native.__version__}, CPython {sys.version.split()[0]}, "
        f"numpy {numpy.__version__}",
        f"test engines: {C_ENGINES} ({describe_build(C_ENGINES.parents[1])})",
    ]


def describe_build(build: Path) -> str:
    cache = build / "CMakeCache.txt"
    if not cache.is_file():
        return "compiler unknown"
    wanted = ("CMAKE_BUILD_TYPE", "CMAKE_C_COMPILER", "AIGES_SANITIZE")
    found = dict(re.findall(r"^(\w+):\w+=(.+)$", cache.read_text(), flags=re.MULTILINE))
    return ", ".join(found[name] for name in wanted if name in found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


def describe_kit(library: ctypes.CDLL) -> None:
    library.test_count.restype = ctypes.c_long
    library.test_thread_of.restype = ctypes.c_long
    library.test_last_input_address.restype = ctypes.c_void_p
    library.test_last_output_address.restype = ctypes.c_void_p
    library.test_wait_for.argtypes = [
        ctypes.c_char_p, ctypes.c_long, ctypes.c_long, ctypes.c_long,
    ]  # fmt: skip


class Probe:
    """The counters and levers that a test engine exports; see tests/engines/engine_kit.h."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: ctypes.CDLL | None = None

    @property
    def _library(self) -> ctypes.CDLL:
        # Only a library that the host has loaded is looked into: loading it here would be a second
        # way for it to get into the process.
        if self._opened is None:
            library = ctypes.CDLL(str(self.path), mode=os.RTLD_NOW | os.RTLD_NOLOAD)
            if hasattr(library, "test_count"):
                describe_kit(library)
            self._opened = library
        return self._opened

    @property
    def loaded(self) -> bool:
        try:
            return self._library is not None
        except OSError:
            return False

    def count(self, name: str) -> int:
        value: int = self._library.test_count(name.encode())
        assert value != -1 or name.startswith("live_"), f"no counter is called {name}"
        return value

    __getitem__ = count

    def counts(self, *names: str) -> dict[str, int]:
        return {name: self.count(name) for name in names}

    def wait(
        self,
        name: str,
        least: int = 1,
        *,
        most: int = sys.maxsize,
        patience: float = PATIENCE,
    ) -> None:
        """Waits until a counter is between least and most; fails if it does not get there."""
        reached = self._library.test_wait_for(name.encode(), least, most, int(patience * 1000))
        if not reached:
            bounds = f"{least}" if most == sys.maxsize else f"{least} to {most}"
            pytest.fail(f"{self.path.name}: {name} is {self.count(name)}, expected {bounds}")

    def thread_of(self, name: str) -> int:
        """The kernel's id of the thread that last called that engine function; 0 for none."""
        thread: int = self._library.test_thread_of(name.encode())
        return thread

    @property
    def input_address(self) -> int | None:
        address: int | None = self._library.test_last_input_address()
        return address

    @property
    def output_address(self) -> int | None:
        address: int | None = self._library.test_last_output_address()
        return address

    def release(self, calls: int = 1) -> None:
        """Lets calls through the gate, now or later; -1: all from now on; 0: closes it again."""
        self._library.test_release(ctypes.c_long(calls))

    def reset(self) -> None:
        self._library.test_reset()

    def exports(self, symbol: str) -> bool:
        return hasattr(self._library, symbol)


def is_name(engine: str | os.PathLike[str]) -> TypeGuard[str]:
    """Whether that is an engine's name and not its path."""
    return isinstance(engine, str) and (engine.startswith("python/") or "/" not in engine)


class Loader:
    """Loads engines by name or path, closes them after the test, and looks what they left."""

    # What must be 0 in every C engine once it is closed and its last output is gone.
    NOTHING_LEFT = (
        "live_lists",
        "live_sessions",
        "live_resources",
        "after_fini",
        "before_init",
        "null_lists",
        "set_ctrl_late",
        "tag_mismatch",
    )

    def __init__(self, find: Callable[[str], Path]) -> None:
        self._find = find
        self._opened: list[tuple[aiges_native.Engine, Path, Mapping[str, int]]] = []

    def __call__(
        self,
        engine: str | os.PathLike[str],
        *,
        leaves: Mapping[str, int] | None = None,
        **options: Any,
    ) -> aiges_native.Engine:
        """``leaves`` says which counters are not 0 in the end, for engines that give no choice."""
        path = self._find(engine) if is_name(engine) else Path(engine)
        loaded = aiges_native.load(path, **options)
        self._opened.append((loaded, path, leaves or {}))
        return loaded

    def close_all(self) -> None:
        for engine, path, _ in reversed(self._opened):
            # A test that failed may have left calls at the gate.
            if path.suffix == ".so" and (probe := Probe(path)).exports("test_release"):
                probe.release(-1)
            engine.close(timeout=PATIENCE)

    def check(self) -> None:
        for _, path, leaves in self._opened:
            if path.suffix != ".so":
                continue
            probe = Probe(path)
            if not probe.exports("test_count"):
                continue
            # Outputs are freed on a thread of the host's own, and wrapperFini follows the last one.
            rounds = sum(1 for _, other, _ in self._opened if other == path)
            if probe["fini"] < rounds:
                gc.collect()  # a caught exception and its frames, with their results, are a circle
            probe.wait("fini", rounds, most=rounds)
            expected = {name: leaves.get(name, 0) for name in self.NOTHING_LEFT}
            assert probe.counts(*self.NOTHING_LEFT) == expected, f"left behind by {path.name}"


class Shelf:
    """Copies of the C engines, lent to one test at a time.

    A library is never unloaded, so that a test's engine would start with the counters of the test
    before. A copy of the file is another library; but a process can have only so many of them, so
    a copy that came back clean is reset and lent again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0
        self._free: dict[str, list[Path]] = {}

    def lend(self, name: str) -> Path:
        built = C_ENGINES / f"{name}.so"
        if not built.is_file():
            pytest.fail(
                f"the test engine {built} is not built: run `cmake --preset dev && cmake --build "
                "--preset dev`, or point AIGES_TEST_ENGINES to a folder that has them"
            )
        if self._free.get(name):
            return self._free[name].pop()
        self._made += 1
        copy = self._folder / str(self._made) / "engines" / built.name
        copy.parent.mkdir(parents=True)
        shutil.copyfile(built, copy)
        return copy

    def take_back(self, path: Path) -> None:
        probe = Probe(path)
        if probe.loaded and probe.exports("test_reset"):
            if any(probe.counts(*Loader.NOTHING_LEFT, "live_threads", "waiting").values()):
                return
            if probe.exports("test_release"):
                probe.release(0)
            probe.reset()
        self._free.setdefault(path.stem, []).append(path)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("engines"))


@pytest.fixture
def engine_path(shelf: Shelf, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Path]]:
    """The path of a test engine by its name: ``echo`` (C), ``python/echo`` (its Python twin).

    A C engine is a copy that no other test uses meanwhile, with its counters at zero. Within one
    test the path is always the same.
    """
    lent: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name.startswith("python/"):
            stem = PYTHON_ENGINES / name.removeprefix("python/")
            return stem / "wrapper.py" if stem.is_dir() else stem.with_suffix(".py")
        if name not in lent:
            lent[name] = shelf.lend(name)
        return lent[name]

    yield find
    if not request.node.stash.get(FAILED, True):
        for path in lent.values():
            shelf.take_back(path)


@pytest.fixture
def probe(engine_path: Callable[[str], Path]) -> Callable[..., Probe]:
    """``probe("echo")``, ``probe(path)`` or ``probe(engine)``: a look into a loaded C engine."""

    def look(engine: str | os.PathLike[str] | aiges_native.Engine) -> Probe:
        if isinstance(engine, aiges_native.Engine):
            return Probe(Path(engine.path))
        return Probe(engine_path(engine) if is_name(engine) else Path(engine))

    return look


@pytest.fixture
def load(
    engine_path: Callable[[str], Path], request: pytest.FixtureRequest
) -> Iterator[Callable[..., aiges_native.Engine]]:
    """``load("echo", config=…)``: like aiges_native.load, and closes what it opened.

    After a test that passed, every C engine must have given everything back and be finished.
    """
    loader = Loader(engine_path)
    yield loader
    loader.close_all()
    # A failed test keeps its frames, and so its results, alive.
    if not request.node.stash.get(FAILED, True):
        loader.check()
