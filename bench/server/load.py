"""The loads, and the two generators that make them: h2load, and the one of aiges_native."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aiges_native.bench import LoadPlan, run_load
from aiges_native.bench.load import personal
from aiges_native.types import DataType

from .contest import Contestant, NoAnswerError, ServerFailedError

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Load:
    """What is sent, by aiges_native's generator unless h2load is set."""

    key: str
    title: str
    size: int  # bytes of an item's data
    concurrency: int
    connections: int
    h2load: bool = False
    sessions: bool = False


H2LOAD = Load("h2load", "h2load 4×16, 16 B", 16, 64, 4, h2load=True)
LONE = Load("lone", "one at a time, 16 B", 16, 1, 1)
SMALL = Load("c64", "64 on 4 connections, 16 B", 16, 64, 4)
KIBIBYTE = Load("c64_1k", "64 on 4 connections, 1 KiB", KIB, 64, 4)
MEBIBYTE = Load("c16_1m", "16 on 4 connections, 1 MiB", MIB, 16, 4)
SESSION = Load("sessions", "16 sessions of 4 frames of 16 B", 64, 16, 4, sessions=True)
ECHOES = (H2LOAD, LONE, SMALL, KIBIBYTE, MEBIBYTE)
FRAMES = 4


@dataclass(frozen=True)
class Measured:
    """One turn: per second, and latencies in nanoseconds where they were taken."""

    rate: float
    p50: int = 0
    p99: int = 0


def payload_of(size: int) -> bytes:
    """Bytes whose order matters, so that a wrong offset shows in the check."""
    block = bytes((7 * i + i // 251) % 256 for i in range(251 * 256))
    return (block * (size // len(block) + 1))[:size]


@dataclass(frozen=True)
class Exchange:
    """What h2load posts, a file of one gRPC message, and the answer's length with its head."""

    body: Path
    answer_bytes: int

    @staticmethod
    def write(path: Path, message: bytes, answer: bytes) -> Exchange:
        """Writes the file."""
        path.write_bytes(struct.pack(">BI", 0, len(message)) + message)
        return Exchange(path, len(answer) + 5)


def h2load(
    contestant: Contestant, target: str, load: Load, exchange: Exchange, seconds: float
) -> Measured:
    """It sees HTTP statuses, not gRPC's: that answers came shows in the bytes that it got.

    Those of the warm-up are among them, so that many errors are seen and a few are not.

    Raises:
        NoAnswerError: the time was too short for any.
        ServerFailedError: requests failed, or h2load did.
    """
    program = shutil.which("h2load")
    if program is None:
        raise ServerFailedError("h2load is missing: Debian's nghttp2-client has it")
    streams = load.concurrency // load.connections
    done = subprocess.run(
        [
            *(program, "-t", "1", "-c", str(load.connections), "-m", str(streams)),
            *("-D", f"{1000 * seconds:.0f}ms", "--warm-up-time", f"{200 * seconds:.0f}ms"),
            *("-d", str(exchange.body)),
            *("-H", "content-type: application/grpc", "-H", "te: trailers"),
            f"http://{target}{contestant.path}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    rate = re.search(r"finished in .*?, ([\d.]+) req/s", done.stdout)
    counts = re.search(r"(\d+) done, (\d+) succeeded", done.stdout)
    size = re.search(r"\((\d+)\) data", done.stdout)
    if rate and counts and size:
        ended, good = map(int, counts.groups())
        if ended == good > 0 and int(size.group(1)) >= good * exchange.answer_bytes:
            return Measured(float(rate.group(1)))
    said = f"h2load, {contestant.name}:\n{done.stdout}{done.stderr}"
    if " 0 done, 0 succeeded, 0 failed, 0 errored" in done.stdout:
        raise NoAnswerError(said)
    raise ServerFailedError(said)


def generator(contestant: Contestant, target: str, load: Load, seconds: float) -> Measured:
    """Compares every answer, byte for byte.

    Raises:
        NoAnswerError: the time was too short for any.
        ServerFailedError: one was wrong.
    """
    report = run_load(_plan(contestant, target, load, seconds))
    if report.failed:
        raise ServerFailedError(f"{contestant.name}, {load.title}: {report.failures}")
    if report.in_time == 0:
        raise NoAnswerError(f"{contestant.name}, {load.title}: no answer within {seconds:g} s")
    return Measured(report.rate, report.latency.p50, report.latency.p99)


def _plan(contestant: Contestant, target: str, load: Load, seconds: float) -> LoadPlan:
    payload = payload_of(load.size)
    outputs = ((contestant.answer_key, int(DataType.PERSONAL)),)
    return LoadPlan(
        target=target,
        protocol=contestant.protocol,
        data=(personal("data", payload),),
        outputs=outputs if contestant.protocol == "xsf" else (),
        expected=((contestant.answer_key, payload, b""),),
        stream=load.sessions,
        frames=FRAMES,
        concurrency=load.concurrency,
        connections=load.connections,
        warmup=seconds / 5,
        duration=seconds,
    )
