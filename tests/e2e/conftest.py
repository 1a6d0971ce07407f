"""What the tests of services share: servers in this process, and connections to them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import aiges_native
from aiges_native import _core

PATIENCE = 30.0  # seconds, for what comes at once
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Load = Callable[..., aiges_native.Engine]


class Served:
    """A server of this process: where it listens, and what it serves."""

    def __init__(self, server: Any, address: str, engine: aiges_native.Engine) -> None:
        self.server = server
        self.address = address
        self.engine = engine


@pytest.fixture
def serve(load: Load) -> Iterator[Callable[..., Served]]:
    """``serve("echo", {server options}, engine option=...)``: a server that is ready."""
    servers: list[Any] = []

    def start(engine: str | Path, options: dict[str, Any] | None = None, **more: Any) -> Served:
        loaded = load(engine)
        server = _core.Server({"grpc": ["127.0.0.1:0"], **(options or {})})
        servers.append(server)
        server.add_engine("first", loaded, {"max_sessions": 100, **more})
        (address,) = server.start()["grpc"]
        server.set_ready(True)
        return Served(server, address, loaded)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def channel() -> Iterator[Callable[..., Any]]:
    """``channel(address, **options)``: grpcio's, plain."""
    opened: list[Any] = []

    def connect(address: str, **options: Any) -> Any:
        limits = {"grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1}
        settings = [*limits.items(), *options.pop("settings", {}).items()]
        opened.append(grpc.insecure_channel(address, options=settings, **options))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture(scope="session")
def example_library() -> Path:
    """The C engine of the examples, built if it is missing or older than its sources."""
    build = EXAMPLES / "c_wrapper" / "build"
    for words in (["-S", str(EXAMPLES / "c_wrapper"), "-B", str(build)], ["--build", str(build)]):
        done = subprocess.run(["cmake", *words], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.fail(done.stdout + done.stderr)
    return build / "libwrapper.so"


@pytest.fixture(params=["c", "python"])
def digits(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of an engine that recognises digits."""
    if request.param == "c":
        library: Path = request.getfixturevalue("example_library")
        shutil.copy(library.with_name("digits.bin"), tmp_path)
        return Path(shutil.copy(library, tmp_path))
    for name in ("wrapper.py", "digit_recogniser.py", "digits.bin"):
        shutil.copy(EXAMPLES / "py_wrapper" / name, tmp_path)
    return tmp_path / "wrapper.py"


@pytest.fixture(scope="session")
def seven() -> Path:
    """A picture of a seven."""
    return EXAMPLES / "digits" / "seven.png"
