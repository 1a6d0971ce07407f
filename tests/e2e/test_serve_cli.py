"""Services as processes: started, found ready, ended by signals.

Each test runs with the native server where this build has one, and with one of a few lines that
only listens.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiges_native import _core

PATIENCE = 60.0  # seconds, for what comes at once
LISTENER = """
import json, os, socket, sys
from aiges_native import _core

class Server:
    def __init__(self, options):
        self.options, self.sockets = options, []
    def add_engine(self, name, engine, options):
        pass
    def start(self):
        for address in self.options["grpc"]:
            host, _, port = address.rpartition(":")
            self.sockets.append(socket.create_server((host, int(port))))
        return {"grpc": ["%s:%d" % s.getsockname()[:2] for s in self.sockets]}
    def set_ready(self, ready):
        if ready:
            os.write(2, b"said by native code\\n")
            loaded = sorted({"numpy", "rich", "grpc"} & sys.modules.keys())
            os.write(2, f"loaded: {loaded}\\n".encode())
    def drain(self, timeout):
        return True
    def stop(self):
        for s in self.sockets:
            s.close()
    def stats(self):
        return {}

_core.Server = Server
"""
COMMANDS = {
    "serve": "from aiges_native.cli import main; main(['serve', *sys.argv[1:]])",
    "AIservice": "from aiges_native.cli.aiservice import main; main()",
}
# Tells what becomes of it in the file of its config `notes`; waits in its start for `gate`.
WRAPPER = """
class Wrapper:
    def wrapperInit(self, config):
        self.notes = config["notes"]
        self.note("init")
        if "gate" in config:
            open(config["gate"]).read()
        return 0
    def wrapperOnceExec(self, params, data):
        return None
    def wrapperFini(self):
        self.note("fini")
        return 0
    def note(self, text):
        with open(self.notes, "a") as notes:
            notes.write(text + "\\n")
"""


class Service:
    """A process that serves, and its end of the pipe on which that says that it is ready."""

    def __init__(self, prelude: str, command: str, words: tuple[object, ...], folder: Path) -> None:
        reader, writer = os.pipe()
        arguments = [str(word) for word in words]
        if command == "serve":
            arguments += ["--ready-fd", str(writer)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import sys\n" + prelude + COMMANDS[command], *arguments],
            pass_fds=[writer],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "AIGES_NATIVE_HOST": "127.0.0.1", "AIGES_NATIVE_GRPC_PORT": "0"},
        )
        os.close(writer)
        self._ready = os.fdopen(reader, encoding="utf-8")

    def ready(self) -> dict[str, Any]:
        """Waits for it; what it tells."""
        with self._ready as pipe:
            line = pipe.readline()
        assert line, self.process.communicate(timeout=PATIENCE)[1]
        facts: dict[str, Any] = json.loads(line)
        return facts

    def listening(self) -> str:
        """Waits for the line on standard output that says where; the address."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on gRPC "), self.process.communicate(timeout=PATIENCE)[1]
        return line.split()[-1]

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def close(self) -> None:
        self._ready.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture(params=["native", "listener"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """``start(*words, command="serve")`` in the test's folder."""
    if request.param == "native" and not hasattr(_core, "Server"):
        pytest.skip("this build has no native server")
    started: list[Service] = []

    def run(*words: object, command: str = "serve") -> Service:
        prelude = LISTENER if request.param == "listener" else ""
        started.append(Service(prelude, command, words, tmp_path))
        return started[-1]

    yield run
    for service in started:
        service.close()


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    path = tmp_path / "wrapper.py"
    path.write_text(WRAPPER)
    return path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_service_in_order(
    start: Callable[..., Service], wrapper: Path, tmp_path: Path, number: signal.Signals
) -> None:
    notes = tmp_path / "notes"
    service = start(wrapper, "--config", f"notes={notes}")
    facts = service.ready()
    assert facts["pid"] == service.process.pid
    (address,) = facts["grpc"]
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE):
        pass
    status, out, err = service.end(number)
    assert status == 0, err
    assert out == f"listening on gRPC {address}\n"
    assert notes.read_text() == "init\nfini\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=PATIENCE)


def test_a_c_engine(start: Callable[..., Service], engine_path: Callable[[str], Path]) -> None:
    service = start(engine_path("echo"), "--log-format", "text")
    service.ready()
    status, _, err = service.end(signal.SIGTERM)
    assert status == 0, err
    assert "event=ready" in err
    # Small things must start fast: what they do not need is not loaded.
    assert "loaded: []" in err or "loaded:" not in err


def test_a_signal_while_the_engine_starts_ends_the_process(
    start: Callable[..., Service], wrapper: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    notes = tmp_path / "notes"
    os.mkfifo(notes)
    service = start(wrapper, "--config", f"notes={notes}", "--config", f"gate={gate}")
    assert notes.read_text() == "init\n"
    status, _, _ = service.end(signal.SIGTERM)
    assert status == -signal.SIGTERM


def test_two_services_on_one_port(
    start: Callable[..., Service], engine_path: Callable[[str], Path]
) -> None:
    first = start(engine_path("echo"))
    (address,) = first.ready()["grpc"]
    second = start(engine_path("echo"), "--grpc-port", address.rpartition(":")[2])
    status, out, err = second.wait()
    assert status == 1
    assert out == ""
    assert f"error: {address}: the port is in use by process {first.process.pid} (" in err
    assert first.end(signal.SIGTERM)[0] == 0


def test_the_original_command(
    start: Callable[..., Service], wrapper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIGES_PLUGIN_MODE", "python")
    notes = tmp_path / "notes"
    (tmp_path / "aiges.toml").write_text(
        f'[svcName]\nport = 5090\n[wrapper]\nnotes = "{notes}"\n[log]\nfile = "log/a.log"\n'
    )
    service = start("-m", "0", "-c", "aiges.toml", "-s", "svcName", command="AIservice")
    service.listening()
    status, _, err = service.end(signal.SIGTERM)
    assert status == 0, err
    assert notes.read_text() == "init\nfini\n"
    log = (tmp_path / "log" / "a.log").read_text()
    assert "event=ready" in log
    assert 'event="engine closed"' in log
    assert err == ""


def test_what_native_code_says_is_in_the_log_file(
    engine_path: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "aiges.toml").write_text('[log]\nfile = "a.log"\n')
    service = Service(LISTENER, "serve", (engine_path("echo"), "-c", "aiges.toml"), tmp_path)
    try:
        service.ready()
        assert service.end(signal.SIGTERM)[0] == 0
    finally:
        service.close()
    assert "said by native code" in (tmp_path / "a.log").read_text()


def test_a_closed_standard_output_is_no_reason_to_end(
    start: Callable[..., Service], engine_path: Callable[[str], Path]
) -> None:
    service = start(engine_path("echo"))
    assert service.process.stdout is not None
    service.process.stdout.close()
    service.ready()
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(PATIENCE) == 0
