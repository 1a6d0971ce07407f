"""The servers under test, and the ways to call them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import grpc

from .build import Built, Messages

BARE, GRPC_CPP = "nghttp2, bare", "gRPC C++"
OURS, OURS_XSF = "aiges_native, Exec", "aiges_native, XsfCall"
OURS_PYTHON = "aiges_native, Python engine"

EXEC, XSF = "/aiges.v1.Engine/Exec", "/utils.XsfCall/call"
PERSONAL, ONCE = 4, 3  # DataType OTHER or PERSONAL, Status ONCE and LoaderOutput's


class ServerFailedError(Exception):
    """A server did not start, or gave a wrong answer."""


class NoAnswerError(ServerFailedError):
    """A turn ended before any answer: the server is dead, or the machine is too busy."""


@dataclass(frozen=True)
class Program:
    """A server, as a command whose standard output tells its port."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Contestant:
    """A way to call a program."""

    name: str
    program: str
    note: str
    protocol: Literal["aiges", "xsf"] = "aiges"
    answer_key: str = "data"

    @property
    def path(self) -> str:
        """Of the RPC."""
        return EXEC if self.protocol == "aiges" else XSF


def _serve(engine: Path, *options: str) -> tuple[str, ...]:
    command = [sys.executable, "-m", "aiges_native", "serve", str(engine)]
    listen = ["--host", "127.0.0.1", "--grpc-port", "0", "--log-level", "warn", "--ready-fd", "1"]
    return (*command, *listen, "--max", "1000", *options)


def reactors() -> int:
    """How many threads aiges_native gives the network when it is not told; the bare rival too."""
    return max(1, min(4, os.cpu_count() or 1))


def programs(built: Built) -> list[Program]:
    """Every server."""
    threads = str(reactors())
    grpcio = (sys.executable, str(built.grpcio_echo), str(built.stubs))
    return [
        Program("nghttp2", (str(built.nghttp2_echo), threads)),
        Program("grpc", (str(built.grpc_echo),)),
        Program("grpcio", (*grpcio, "sync")),
        Program("aio", (*grpcio, "aio")),
        Program("ours", _serve(built.echo_engine, "--reactors", threads)),
        Program("python", _serve(built.echo_wrapper, "--config", "mode=echo")),
        Program("sessions", _serve(built.session_engine, "--sync")),
    ]


def contestants() -> list[Contestant]:
    """Everybody who echoes."""
    ours = "aiges-native serve, "
    return [
        Contestant(BARE, "nghttp2", "C++, epoll, a parser of one field: no gRPC beyond this call"),
        Contestant(GRPC_CPP, "grpc", "Debian's gRPC C++, callback API, generated messages"),
        Contestant(OURS, "ours", ours + "C engine, aiges.v1.Engine", answer_key="answer"),
        Contestant(OURS_XSF, "ours", ours + "C engine, what AIGES's clients call", "xsf", "answer"),
        Contestant(OURS_PYTHON, "python", ours + "Python engine", answer_key="answer"),
        Contestant("grpcio, sync", "grpcio", "Python, threads, generated messages"),
        Contestant("grpc.aio", "aio", "Python, asyncio, generated messages"),
    ]


SESSIONS = (
    Contestant(OURS_XSF, "sessions", "four requests and a poll", "xsf", "answer"),
    Contestant("aiges_native, Stream", "sessions", "one bidirectional RPC", answer_key="answer"),
)


class Process:
    """A running server."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._name = program.name
        self._log = folder / f"{program.name}.log"
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(
                program.command, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.target = f"127.0.0.1:{self._port()}"

    def _port(self) -> int:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            if line.strip().isdigit():
                return int(line)
            if line.startswith("{"):
                return int(json.loads(line)["grpc"][0].rpartition(":")[2])
        said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        self.stop()
        raise ServerFailedError(f"{self._name} did not start: {said}")

    def rss(self) -> int:
        """Resident memory now, in bytes."""
        pages = Path(f"/proc/{self._child.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * resource.getpagesize()

    def stop(self) -> None:
        """Ends it, in order if it can."""
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()


@contextmanager
def running(which: Iterable[Program], folder: Path) -> Iterator[dict[str, Process]]:
    """Runs programs; their targets by name."""
    processes: dict[str, Process] = {}
    try:
        for program in which:
            processes[program.name] = Process(program, folder)
        yield processes
    finally:
        for process in processes.values():
            process.stop()


def request_of(contestant: Contestant, messages: Messages, payload: bytes) -> bytes:
    """The message that asks for an echo."""
    if contestant.protocol == "aiges":
        item = messages.engine.Item(key="data", data=payload, type=PERSONAL, status=ONCE)
        return bytes(messages.engine.ExecRequest(data=[item]).SerializeToString())
    loader = messages.loader
    meta = loader.MetaDesc(name="data", dataType=PERSONAL, attribute={"status": str(ONCE)})
    wanted = loader.MetaDesc(name=contestant.answer_key, dataType=PERSONAL)
    inner = loader.LoaderInput(
        state=1, expect=[wanted], pl=[loader.Payload(meta=meta, data=payload)]
    )
    outer = messages.xsf.ReqData(op="AIIn", param={"SeqNo": "1", "waitTime": "5000"})
    outer.data.add().data = inner.SerializeToString()
    return bytes(outer.SerializeToString())


def _answer_of(contestant: Contestant, messages: Messages, answer: bytes) -> list[tuple[str, Any]]:
    if contestant.protocol == "aiges":
        return [(i.key, i.data) for i in messages.engine.ExecResponse.FromString(answer).data]
    outer = messages.xsf.ResData.FromString(answer)
    inner = messages.loader.LoaderOutput.FromString(outer.data[0].data)
    if outer.code or inner.code:
        raise ServerFailedError(f"{contestant.name}: {outer.error_info or inner.err}")
    return [(payload.meta.name, payload.data) for payload in inner.pl]


def check(contestant: Contestant, target: str, messages: Messages, payload: bytes) -> bytes:
    """Sends what h2load will send, with a real gRPC client; the answer's message, if it is right.

    Raises:
        ServerFailedError: it is wrong.
    """
    limits = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(target, options=limits) as channel:
        call = channel.unary_unary(contestant.path)
        answer = call(request_of(contestant, messages, payload), timeout=10)
    if _answer_of(contestant, messages, answer) != [(contestant.answer_key, payload)]:
        raise ServerFailedError(f"{contestant.name}: wrong answer to {len(payload)} bytes")
    return bytes(answer)
