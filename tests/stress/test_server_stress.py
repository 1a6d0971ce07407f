"""A server under clients that vanish, die, do not read, or come all at once.

AIGES_STRESS=10 makes the load ten times what it is in a normal run.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Self

import grpc
import pytest

import aiges_native
from aiges_native import Status, _core

Load = Callable[..., aiges_native.Engine]
Probe = Callable[..., Any]
Serve = Callable[..., tuple[Any, str]]

WAIT = 60.0  # seconds, for what comes at once
TIMES = int(os.environ.get("AIGES_STRESS", "1"))
# What a run may add to the resident set once it is warm. The allocator keeps some of what was
# freed; a leak of a hundred bytes for each of 150000 sessions is nearly twice this.
BOUND = 8 << 20


@pytest.fixture
def serve(load: Load) -> Iterator[Serve]:
    """``serve("echo", "latch", option=…)``: a server of these engines, and its address."""
    servers: list[Any] = []

    def start(*names: str, **options: Any) -> tuple[Any, str]:
        server = _core.Server({"grpc": ["127.0.0.1:0"], **options})
        servers.append(server)
        for name in names:
            server.add_engine(name, load(name), {"max_sessions": 2000})
        (address,) = server.start()["grpc"]
        server.set_ready(True)
        return server, address

    yield start
    for server in servers:
        server.stop()


def until(condition: Callable[[], bool], what: Callable[[], object]) -> None:
    """Looks again and again, for what nobody tells; fails when it does not come about."""
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"it stays so: {what()}")
        time.sleep(0.002)


def accepted(server: Any, connections: int) -> Callable[[], bool]:
    """Whether it has taken that many connections since it began."""
    return lambda: bool(server.stats()["connections_total"] == connections)


def at_rest(server: Any, connections: int = 0) -> None:
    """Waits until nobody is connected but so many, no RPC is open, and every licence is back."""

    def reached() -> bool:
        now = server.stats()
        engines = now["engines"].values()
        return (
            now["connections"] == connections
            and now["open_calls"] == 0
            and all(engine["in_use"] == engine["live"] == 0 for engine in engines)
        )

    until(reached, server.stats)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


# ---- a client by hand: HTTP/2 without a library, that may stop anywhere --------------------------

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
EXEC, STREAM = "/aiges.v1.Engine/Exec", "/aiges.v1.Engine/Stream"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header_text(text: str) -> bytes:
    assert len(text) < 127
    return bytes([len(text)]) + text.encode()


# All windows as wide as they can be, and no table of headers that would have to be kept.
GREETING = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + frame(SETTINGS, 0, 0, struct.pack(">HIHI", 1, 0, 4, 2**31 - 1))
    + frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 2**31 - 65536))
)


def begin(stream: int, path: str) -> bytes:
    block = (
        b"\x83\x86\x04" + header_text(path)  # POST, http
        + b"\x01" + header_text("test")
        + b"\x0f\x10" + header_text("application/grpc")
        + b"\x00" + header_text("te") + header_text("trailers")
    )  # fmt: skip
    return frame(HEADERS, END_HEADERS, stream, block)


def message(stream: int, content: bytes, *, last: bool = False) -> bytes:
    return frame(
        DATA, END_STREAM if last else 0, stream, struct.pack(">BI", 0, len(content)) + content
    )


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def piece(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def item(field: int, data: bytes, status: Status) -> bytes:
    """An aiges.v1.Item with the key "k", as that field of a message."""
    return piece(field, piece(1, b"k") + piece(2, data) + varint(4 << 3) + varint(status))


class Raw:
    """A connection whose client sends any bytes, and reads when it likes."""

    def __init__(self, address: str, receive_buffer: int = 0) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(WAIT)
        self.socket.connect((host, int(port)))
        self._unread = bytearray()

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def _take(self, size: int) -> bytes:
        while len(self._unread) < size:
            more = self.socket.recv(1 << 18)
            assert more, "the server closed the connection"
            self._unread += more
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken

    def answers(self, streams: int) -> dict[int, bytearray]:
        """Reads until that many RPCs have ended; the bytes of each, with gRPC's prefixes."""
        found: dict[int, bytearray] = {}
        ended = 0
        while ended < streams:
            header = self._take(9)
            kind, flags, stream = struct.unpack(">BBI", header[3:])
            payload = self._take(int.from_bytes(header[:3], "big"))
            if kind in (SETTINGS, PING) and not flags & ACK:
                self.send(frame(kind, ACK, 0, payload if kind == PING else b""))
            assert kind not in (RST_STREAM, GOAWAY), payload
            if kind in (DATA, HEADERS):
                content = found.setdefault(stream, bytearray())
                content += payload if kind == DATA else b""
                ended += flags & END_STREAM
        return found

    def vanish(self, *, rudely: bool) -> None:
        """Rudely: by a reset, as when a machine is gone that had the connection."""
        if rudely:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Healthy:
    """Somebody who calls "echo" all the time, and looks at every answer."""

    def __init__(self, address: str, protocol: Literal["aiges", "xsf"] = "aiges") -> None:
        self._client = aiges_native.Client(address, protocol=protocol, timeout=WAIT)
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._done = self._pool.submit(self._work)

    def _work(self) -> int:
        count = 0
        while not self._over.is_set() or count < 50:
            text = f"call {count}"
            assert self._client.exec({"k": text}, engine="echo")["k"].text == text
            count += 1
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        try:
            assert self._done.result(WAIT) >= 50
        finally:
            self._client.close()
            self._pool.shutdown()


# ---- clients that go away ------------------------------------------------------------------------

OPEN = piece(1, piece(4, b"sid"))  # a stream's first message: open, with a session id


def unfinished(kind: int) -> bytes:
    """What a client has said when it vanishes."""
    half = message(1, bytes(1000))[:300]
    return [
        b"",
        GREETING[:12],
        GREETING + begin(1, EXEC)[:30],
        GREETING + begin(1, EXEC) + half,
        GREETING + begin(1, STREAM) + message(1, OPEN + item(2, b"data", Status.BEGIN)),
        GREETING + begin(1, STREAM) + message(1, OPEN) + half,
    ][kind]


def test_a_thousand_clients_say_half_and_vanish(serve: Serve, probe: Probe) -> None:
    count = 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * count + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * count + 500), hard))
    server, address = serve("echo")
    look = probe("echo")
    sessions = 0
    with Healthy(address):
        for wave in range(1, TIMES + 1):
            clients = [Raw(address) for _ in range(count)]
            for number, client in enumerate(clients):
                client.send(unfinished(number % 6))
            # So that there is something to end: both kinds of streams have opened a session.
            sessions += sum(1 for number in range(count) if number % 6 >= 4)
            look.wait("create", sessions)
            until(accepted(server, count * wave + 1), server.stats)
            for number, client in enumerate(clients):
                client.vanish(rudely=number % 4 < 2)
            look.wait("destroy", sessions)
            until(lambda: server.stats()["connections"] == 1, server.stats)
    at_rest(server)
    assert look.counts("create", "destroy", "live_sessions") == {
        "create": sessions,
        "destroy": sessions,
        "live_sessions": 0,
    }


CALLER = """
import sys, threading, aiges_native
client = aiges_native.Client(sys.argv[1])
session = client.session()
session.write({"k": b"v"})
for _ in range(3):
    threading.Thread(target=client.exec, args=({"k": b"v"},)).start()
"""


def test_processes_are_killed_in_their_calls(serve: Serve, probe: Probe) -> None:
    server, address = serve("latch", "echo")
    count = 3 * TIMES
    with ExitStack() as stack, Healthy(address):
        children = [
            stack.enter_context(subprocess.Popen([sys.executable, "-c", CALLER, address]))
            for _ in range(count)
        ]
        look = probe("latch")
        look.wait("waiting", 4 * count)
        for child in children:
            child.kill()
        # Once calls leave the engine because it was told; a session when its write returns.
        look.wait("cancelled", 3 * count)
        look.release(-1)
        look.wait("destroy", count)
        until(lambda: server.stats()["connections"] == 1, server.stats)
    at_rest(server)
    assert look.counts("exec", "create", "destroy") == {
        "exec": 3 * count,
        "create": count,
        "destroy": count,
    }
    with aiges_native.Client(address, timeout=WAIT) as client:
        assert client.exec({"k": "after"}, engine="latch")["k"].text == "after"


# ---- clients and engines that take their time ----------------------------------------------------


def test_slow_readers_hold_up_nobody(serve: Serve, probe: Probe) -> None:
    server, address = serve("big_output", "echo")
    size, calls = 4 << 20, 3
    param = piece(2, piece(1, b"bytes") + piece(2, str(size).encode()))
    ask = [begin(n, EXEC) + message(n, param, last=True) for n in range(1, 2 * calls, 2)]
    readers = [Raw(address, receive_buffer=4096) for _ in range(16 * TIMES)]
    for reader in readers:
        reader.send(GREETING, *ask)
    look = probe("big_output")
    look.wait("exec", calls * len(readers))
    with Healthy(address):
        pass  # all its calls, while nobody reads
    assert server.stats()["open_calls"] == calls * len(readers)
    patient, gone = readers[::2], readers[1::2]
    for reader in gone:
        reader.vanish(rudely=True)
    for reader in patient:
        answers = reader.answers(calls)
        assert [len(answer) > size for answer in answers.values()] == [True] * calls
        reader.vanish(rudely=False)
    at_rest(server)
    look.wait("exec_free", calls * len(readers), most=calls * len(readers))


@pytest.mark.parametrize("reactors", [1, 2])
def test_a_hanging_engine_beside_healthy_traffic(serve: Serve, probe: Probe, reactors: int) -> None:
    server, address = serve("latch", "echo", reactors=reactors)
    look = probe("latch")
    hanging = min(40 * TIMES, 200)  # of the 256 threads that a reactor may have
    with (
        aiges_native.Client(address, timeout=WAIT) as client,
        ThreadPoolExecutor(hanging) as pool,
        grpc.insecure_channel(address) as channel,
    ):
        calls = [pool.submit(client.exec, {"k": str(n)}, engine="latch") for n in range(hanging)]
        look.wait("waiting", hanging)
        with Healthy(address), Healthy(address, "xsf"):
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            assert [check(b"", timeout=WAIT) for _ in range(50)] == [b"\x08\x01"] * 50  # SERVING
        assert look["waiting"] == hanging
        assert server.stats()["engines"]["latch"]["in_use"] == hanging
        look.release(-1)
        assert [call.result(WAIT)["k"].text for call in calls] == [str(n) for n in range(hanging)]
    at_rest(server)
    assert server.stats()["failed_calls"] == 0


# ---- the end under load --------------------------------------------------------------------------


def never_begun(error: aiges_native.AigesError) -> bool:
    """Whether the server, or its absence, said that it had not begun with that request."""
    return isinstance(error, aiges_native.client.UnavailableError) or error.code in (10101, 10110)


@pytest.mark.parametrize("protocol", ["aiges", "xsf"])
def test_a_drain_loses_nothing_that_was_begun(
    serve: Serve, probe: Probe, protocol: Literal["aiges", "xsf"]
) -> None:
    server, address = serve("echo")
    answered = threading.Semaphore(0)

    def once(client: aiges_native.Client, text: str) -> None:
        assert client.exec({"k": text})["k"].text == text

    def session(client: aiges_native.Client, text: str) -> None:
        with client.session() as stream:
            stream.write({"k": text})
            first = stream.read()
            assert first is not None
            # What has an answer has begun, and is not given up.
            try:
                stream.write({"k": text}, Status.END)
                assert [first["k"].text, *(result["k"].text for result in stream)] == [text, text]
            except aiges_native.AigesError as error:
                raise AssertionError("a session was cut off") from error

    def work(number: int) -> int:
        """Calls until the server takes no more; how many calls were answered."""
        count = 0
        kind = session if number % 2 else once
        with aiges_native.Client(address, protocol=protocol, timeout=WAIT) as client:
            while True:
                try:
                    kind(client, f"{number} {count}")
                except aiges_native.AigesError as error:
                    if never_begun(error):
                        return count
                    raise
                count += 1
                answered.release()

    with ThreadPoolExecutor(6) as pool:
        workers = [pool.submit(work, number) for number in range(6)]
        for _ in range(300 * TIMES):
            assert answered.acquire(timeout=WAIT)
        assert server.drain(WAIT)
        server.stop()
        counts = [worker.result(WAIT) for worker in workers]
    # The engine has done nothing that no client has seen.
    assert probe("echo").counts("exec", "create", "destroy") == {
        "exec": sum(counts[::2]),
        "create": sum(counts[1::2]),
        "destroy": sum(counts[1::2]),
    }


# ---- for a long time -----------------------------------------------------------------------------


def test_memory_after_many_sessions(serve: Serve, probe: Probe) -> None:
    # Each thread keeps some memory, and on a busy machine more and more of them stand by.
    server, address = serve("echo", max_threads=4)
    client = Raw(address)
    client.send(GREETING)
    data = b"x" * 500
    next_stream = 1

    def sessions(count: int) -> None:
        nonlocal next_stream
        for _ in range(count // 100):
            streams = range(next_stream, next_stream + 200, 2)
            next_stream += 200
            for stream in streams:
                client.send(
                    begin(stream, STREAM),
                    message(stream, OPEN + item(2, data, Status.BEGIN)),
                    message(stream, item(2, data, Status.END), last=True),
                )
            answers = client.answers(100)
            assert answers.keys() == set(streams)
            assert {answer.count(data) for answer in answers.values()} == {2}

    warm, count = 50_000, 150_000 * TIMES
    sessions(warm)
    before = resident()
    sessions(count)
    assert resident() - before < BOUND
    client.vanish(rudely=False)
    at_rest(server)
    assert server.stats()["failed_calls"] == 0
    assert probe("echo").counts("create", "destroy") == {
        "create": warm + count,
        "destroy": warm + count,
    }


def test_memory_after_thousands_of_connections(serve: Serve) -> None:
    server, address = serve("echo", max_threads=4)
    data = b"x" * 500

    def connections(count: int) -> None:
        for number in range(count):
            client = Raw(address)
            client.send(
                GREETING,
                begin(1, EXEC),
                message(1, item(3, data, Status.ONCE), last=True),
                begin(3, STREAM),
                message(3, OPEN + item(2, data, Status.ONCE), last=True),
            )
            if number % 2:
                assert {answer.count(data) for answer in client.answers(2).values()} == {1}
            client.vanish(rudely=number % 3 == 0)
        at_rest(server)

    connections(1_000)
    before = resident()
    connections(4_000 * TIMES)
    assert resident() - before < BOUND
    assert server.stats()["connections_total"] == 1_000 + 4_000 * TIMES


def test_memory_after_sessions_of_many_requests(serve: Serve, probe: Probe) -> None:
    # In AIGES's protocol each step of a session is an RPC, and may come by another connection.
    server, address = serve("echo", max_threads=4)

    with aiges_native.Client(address, protocol="xsf", timeout=WAIT) as client:

        def sessions(count: int) -> None:
            for _ in range(count):
                with client.session() as session:
                    session.write({"k": "v"})
                    session.write({"k": "w"}, Status.END)
                    assert [result["k"].text for result in session] == ["v", "w"]

        sessions(300)
        before = resident()
        sessions(1_000 * TIMES)
        assert resident() - before < BOUND
    at_rest(server)
    assert probe("echo").counts("create", "destroy") == {
        "create": 300 + 1_000 * TIMES,
        "destroy": 300 + 1_000 * TIMES,
    }
