"""One run of load: its plan and its report."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiges_native import _core
from aiges_native.types import DataType


class LoadError(Exception):
    """A plan that makes no sense, or a target where nobody listens: nothing was measured."""


@dataclass(frozen=True)
class LoadPlan:
    """What to send, how fast, and what to expect. Times in seconds, sizes in bytes."""

    target: str  # "host:port" or "unix:/path"
    protocol: Literal["aiges", "xsf"] = "aiges"
    engine: str = ""  # empty: the server's first
    token: str = ""
    data: tuple[tuple[str, bytes, int], ...] = ()  # key, bytes, DataType
    params: tuple[tuple[str, str], ...] = ()
    # xsf: outputs asked for, with their DataType; none: everything, which AIGES itself refuses.
    outputs: tuple[tuple[str, int], ...] = ()
    # Key, bytes, SHA-256: one of the last two. Of a session: all results of the key, put together.
    expected: tuple[tuple[str, bytes, bytes], ...] = ()
    stamp_key: str = ""  # an item with the time of its making, CLOCK_MONOTONIC ns in 8 bytes
    stream: bool = False
    frames: int = 4
    frame_size: int = 0  # 0: the payload is cut into equal frames
    interval: float = 0.0
    concurrency: int = 64
    connections: int = 4
    threads: int = 1
    rate: float = 0.0  # per second; 0: closed loop
    warmup: float = 0.0
    duration: float = 0.0
    count: int = 0  # requests measured, instead of a duration
    timeout: float = 30.0


@dataclass(frozen=True)
class Latency:
    """A distribution; nanoseconds, each within 1 %."""

    count: int
    min: int
    mean: float
    p50: int
    p90: int
    p99: int
    p999: int
    max: int
    buckets: tuple[tuple[int, int], ...]  # highest value, how many

    @staticmethod
    def of(figures: dict[str, Any]) -> Latency:
        named = {key.replace(".", ""): value for key, value in figures.items()}
        named["buckets"] = tuple(map(tuple, named["buckets"]))
        return Latency(**named)


@dataclass(frozen=True)
class Progress:
    """Totals so far of a run that goes on; p50 and p99 in nanoseconds."""

    elapsed: float
    warming: bool
    answered: int
    failed: int
    under_way: int
    p50: int
    p99: int


@dataclass(frozen=True)
class Report:
    """What a run measured."""

    seconds: float
    answered: int  # requests, or sessions, that ended well
    in_time: int  # of them, within those seconds
    failed: int
    unsent: int  # due at the fixed rate, but never begun
    reconnects: int
    bytes_sent: int
    bytes_received: int
    latency: Latency  # from when a request was due to its answer
    ending: Latency  # sessions: from the last frame to the final result
    age: Latency  # of stamped results, when they arrived
    failures: list[tuple[str, str, int]] = field(default_factory=list)  # code, text, how often

    @property
    def rate(self) -> float:
        """Requests, or sessions, per second."""
        return self.in_time / self.seconds if self.seconds > 0 else 0.0

    @property
    def good(self) -> bool:
        """Whether every answer was right, and there was any."""
        return self.failed == 0 and self.unsent == 0 and self.answered > 0


def run_load(plan: LoadPlan, on_progress: Callable[[Progress], None] | None = None) -> Report:
    """Runs a plan and waits for its end; other threads run meanwhile.

    ``on_progress`` is called about four times a second. What it raises, KeyboardInterrupt included,
    ends the run.

    Raises:
        LoadError: nothing was measured.
    """
    told = None if on_progress is None else lambda figures: on_progress(Progress(**figures))
    given = {f.name: getattr(plan, f.name) for f in dataclasses.fields(plan)}
    for name in ("data", "params", "outputs", "expected"):
        given[name] = list(given[name])
    try:
        figures = _core.run_load(given, told)
    except (ValueError, ConnectionError) as error:
        raise LoadError(str(error)) from error
    for name in ("latency", "ending", "age"):
        figures[name] = Latency.of(figures[name])
    return Report(**figures)


def personal(key: str, data: bytes) -> tuple[str, bytes, int]:
    """A payload of no particular type."""
    return key, data, int(DataType.PERSONAL)
