"""What a contestant is, and the two engines that all of them call."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

KIB = 1024
MIB = 1024 * KIB
SIZES: tuple[int, ...] = (64, KIB, 16 * KIB, 256 * KIB, MIB, 16 * MIB, 64 * MIB)
PARAMS: dict[str, str] = {"k": "v"}
TAG = b"bench"

EngineName = Literal["answer", "echo"]
ENGINES: tuple[EngineName, ...] = ("answer", "echo")

# Receives each answer as a bytes-like object that is valid during the call only, and returns its
# length in bytes. It is `len` while timing and a copying function while checking, so that checked
# and timed calls run the same code.
Sink = Callable[[Any], int]

# (payload, params, calls, sink) -> sum of what the sink returned
Loop = Callable[[bytes, dict[str, str], int, Sink], int]

# (payload, params, calls, sink) -> (nanoseconds, sum of what the sink returned)
Run = Callable[[bytes, dict[str, str], int, Sink], tuple[int, int]]

Group = Literal["floor", "ours", "rival", "shim", "python"]


@dataclass(frozen=True)
class Contestant:
    """One way to call one engine."""

    name: str
    group: Group
    note: str  # how it builds the lists, and how it reads the answer
    run: Run


def timed(loop: Loop) -> Run:
    """Times a Python loop as a whole; the loop itself costs some 15 ns per turn."""

    def run(payload: bytes, params: dict[str, str], calls: int, sink: Sink) -> tuple[int, int]:
        start = time.perf_counter_ns()
        total = loop(payload, params, calls, sink)
        return time.perf_counter_ns() - start, total

    return run


def expected_answer(engine: EngineName, payload: bytes) -> bytes:
    """What the engine must return for a payload."""
    return payload if engine == "echo" else b"sixteen bytes ok"


class WrongAnswerError(Exception):
    """A contestant returned something else than the engine's answer."""


def check(contestant: Contestant, engine: EngineName, payload: bytes) -> None:
    """Compares whole answers, byte for byte; two calls, since some contestants reuse structures."""
    seen: list[bytes] = []

    def keep(answer: Any) -> int:
        seen.append(bytes(answer))
        return len(seen[-1])

    contestant.run(payload, PARAMS, 2, keep)
    wanted = expected_answer(engine, payload)
    if not seen or any(answer != wanted for answer in seen):
        lengths: Sequence[int] = [len(answer) for answer in seen]
        raise WrongAnswerError(
            f"{contestant.name}, engine {engine}, {len(payload)} bytes: wrong answer ({lengths})"
        )


class EngineFailedError(Exception):
    """wrapperExec returned an error number to a rival."""

    def __init__(self, code: int) -> None:
        super().__init__(f"wrapperExec returned {code}")
