"""Many connections that have made one request each and then do nothing."""

from __future__ import annotations

import resource
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .contest import ServerFailedError

SPARE = 500  # descriptors that are not connections, on either side
BATCH = 100  # connections that are set up at the same time: fewer than any backlog
PATIENCE = 30.0  # seconds
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_STREAM = ACK = 1
END_HEADERS = 4


def raise_limit() -> int:
    """Allows this process and its children all the descriptors they may have; says how many."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")  # HPACK: shorter than 127, not Huffman


def _hello(target: str, path: str, message: bytes) -> bytes:
    """Preface, settings and one whole request."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": path,
        ":authority": target,
        "content-type": "application/grpc",
        "te": "trailers",
    }
    # Literals without indexing, RFC 7541 §6.2.2.
    block = b"".join(b"\0" + _text(name) + _text(value) for name, value in fields.items())
    body = struct.pack(">BI", 0, len(message)) + message
    return (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        + _frame(SETTINGS, 0, 0, b"")
        + _frame(HEADERS, END_HEADERS, 1, block)
        + _frame(DATA, END_STREAM, 1, body)
    )


def _read(connection: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = connection.recv(size - len(got))
        if not more:
            raise ServerFailedError("a server closed an idle connection")
        got += more
    return got


def _until_answered(connection: socket.socket) -> None:
    while True:
        head = _read(connection, 9)
        size = int.from_bytes(head[:3], "big")
        kind, flags = head[3], head[4]
        payload = _read(connection, size)
        if kind in (SETTINGS, PING) and not flags & ACK:
            connection.sendall(_frame(kind, ACK, 0, payload if kind == PING else b""))
        if kind in (DATA, HEADERS) and flags & END_STREAM:
            return


@contextmanager
def connections(target: str, path: str, message: bytes, count: int) -> Iterator[None]:
    """Holds connections whose request was answered.

    Raises:
        ServerFailedError: the server closed one of them.
    """
    host, _, port = target.rpartition(":")
    hello = _hello(target, path, message)
    with ExitStack() as stack:
        for start in range(0, count, BATCH):
            batch: list[socket.socket] = []
            for _ in range(min(BATCH, count - start)):
                made = socket.create_connection((host, int(port)), timeout=PATIENCE)
                batch.append(stack.enter_context(made))
                made.sendall(hello)
            for connection in batch:
                _until_answered(connection)
        yield
