"""The demonstration that AIGES is known by: a picture goes into a service, a 7 comes out.

Services are processes, with the C and with the Python engine of examples/. The client of XsfCall
is one that only the protocol's description was needed for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

import aiges_native

PATIENCE = 60.0  # seconds, for what comes at once
COMMANDS = {
    "serve": "import sys; from aiges_native.cli import main; main(['serve', *sys.argv[1:]])",
    "call": "import sys; from aiges_native.cli import main; main(['call', *sys.argv[1:]])",
    "AIservice": "from aiges_native.cli.aiservice import main; main()",
}


def command(name: str, *words: object) -> list[str]:
    return [sys.executable, "-c", COMMANDS[name], *map(str, words)]


class Service:
    """A process that serves on a port of its own choice."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(
            arguments,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "AIGES_NATIVE_HOST": "127.0.0.1",
                "AIGES_NATIVE_GRPC_PORT": "0",
                "LD_LIBRARY_PATH": "",  # else an engine elsewhere comes first
            },
        )

    def address(self) -> str:
        """Waits until it says where it listens."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("listening on gRPC "), self._process.communicate(timeout=PATIENCE)[1]
        return line.split()[-1]

    def end(self) -> tuple[int, str]:
        """Tells it to end; its exit status and log."""
        self._process.send_signal(signal.SIGTERM)
        _, log = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, log

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """``start("serve", *words)`` in the test's folder."""
    started: list[Service] = []

    def run(name: str, *words: object) -> Service:
        started.append(Service(command(name, *words), tmp_path))
        return started[-1]

    yield run
    for service in started:
        service.close()


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def piece(field: int, content: bytes | str) -> bytes:
    """A field with a length: a text, bytes, or a message within the message."""
    if isinstance(content, str):
        content = content.encode()
    return varint(field << 3 | 2) + varint(len(content)) + content


def pair(field: int, key: str, value: str) -> bytes:
    return piece(field, piece(1, key) + piece(2, value))


def fields(message: bytes) -> dict[int, list[int | bytes]]:
    """Values by field number, of a message with numbers and pieces alone."""
    found: dict[int, list[int | bytes]] = {}
    position = 0

    def read() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    while position < len(message):
        tag = read()
        value: int | bytes = read()
        if tag & 7 == 2:
            length = int(value)
            value = message[position : position + length]
            assert len(value) == length
            position += length
        else:
            assert tag & 7 == 0, f"field {tag >> 3} has the wire type {tag & 7}"
        found.setdefault(tag >> 3, []).append(value)
    return found


def only(message: bytes, field: int) -> bytes:
    (value,) = fields(message)[field]
    assert isinstance(value, bytes)
    return value


def ask_by_hand(address: str, picture: bytes) -> tuple[str, str]:
    """Key and text of the one output that a once request by XsfCall gives."""
    meta = piece(1, "img") + number(2, 2) + pair(3, "seq", "0") + pair(3, "status", "3")
    payload = piece(1, meta) + piece(2, picture)
    loader_input = (
        piece(1, "svcName") + number(3, 1) + pair(4, "sid", "by-hand") + piece(7, payload)
    )
    request = (
        piece(1, "AIIn")
        + piece(2, piece(1, "trace"))
        + pair(3, "SeqNo", "1")
        + pair(3, "waitTime", str(int(PATIENCE * 1000)))
        + piece(4, piece(1, loader_input))
    )
    with grpc.insecure_channel(address) as channel:
        reply: bytes = channel.unary_unary("/utils.XsfCall/call")(request, timeout=PATIENCE)
    assert fields(reply).get(1, [0]) == [0], reply  # the code
    loader_output = only(only(reply, 5), 1)
    assert fields(loader_output).get(2, [0]) == [0], loader_output  # the code
    assert fields(loader_output)[4] == [3]  # once: there is no more to come
    payload = only(loader_output, 5)
    return only(only(payload, 1), 1).decode(), only(payload, 2).decode()


def ask_by_command(address: str, picture: Path, *words: str) -> str:
    done = subprocess.run(
        command("call", address, "--data", f"img=@{picture}", *words),
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_every_way(address: str, seven: Path) -> None:
    picture = seven.read_bytes()
    with aiges_native.Client(address, timeout=PATIENCE) as client:
        answer = client.exec({"img": aiges_native.Image(picture)})["result"].text
    assert json.loads(answer)["result"] == 7
    assert ask_by_hand(address, picture) == ("result", answer)
    for protocol in ("aiges", "xsf"):
        shown = ask_by_command(address, seven, "--protocol", protocol)
        assert re.search(r'"result": 7\b', shown), shown


def test_the_picture_goes_in_and_7_comes_out(
    start: Callable[..., Service], digits: Path, seven: Path
) -> None:
    service = start("serve", digits)
    check_every_way(service.address(), seven)
    status, log = service.end()
    assert status == 0, log


def test_by_the_original_command(
    start: Callable[..., Service], example_library: Path, seven: Path, tmp_path: Path
) -> None:
    for name in ("libwrapper.so", "digits.bin"):
        shutil.copy(example_library.with_name(name), tmp_path)
    done = subprocess.run(
        command("AIservice", "-init"),
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    service = start("AIservice", "-m", "0", "-c", "aiges.toml", "-s", "svcName")
    check_every_way(service.address(), seven)
    assert service.end()[0] == 0
    assert "event=ready" in (tmp_path / "log" / "aiges.log").read_text()


def test_a_picture_of_something_else_is_refused_in_every_way(
    start: Callable[..., Service], digits: Path, tmp_path: Path
) -> None:
    # 203: the engine's number for a format that it does not know.
    address = start("serve", digits).address()
    for protocol in ("aiges", "xsf"):
        with aiges_native.Client(address, timeout=PATIENCE, protocol=protocol) as client:
            with pytest.raises(aiges_native.EngineError) as caught:
                client.exec({"img": b"no picture"})
        assert (caught.value.code, caught.value.engine_code) == (10909, 203)
