"""Threads: how many calls per second 1 to 8 threads make on an engine that takes 100 us."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from common.spread import Spread

import aiges_native

from .build import Libraries
from .contest import PARAMS, WrongAnswerError
from .measure import Plan, calls_for, collector_off
from .with_aiges import exec_loop
from .with_floor import Floor

THREADS: tuple[int, ...] = (1, 2, 4, 8)
PAYLOAD = bytes(1024)
CALL_NS = 100_000
ANSWER_LENGTH = 8

# (threads, calls per thread) -> nanoseconds from the first start to the last end
ThreadRun = Callable[[int, int], int]


@dataclass(frozen=True)
class Throughput:
    """Calls per second of one contestant with one number of threads, by round."""

    calls: int  # per thread and round
    rounds: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        """Of the rounds."""
        return Spread.of(self.rounds)

    def share_of(self, other: Throughput) -> Spread:
        """Of the ratios within each round."""
        return Spread.of([a / b for a, b in zip(self.rounds, other.rounds, strict=True)])


def python_threads(engine: aiges_native.Engine) -> ThreadRun:
    """Plain Python threads; each reads the clock itself, so starting them is not measured."""
    loop = exec_loop(engine)

    def run(threads: int, calls: int) -> int:
        barrier = threading.Barrier(threads)
        starts, ends, totals = [0] * threads, [0] * threads, [0] * threads

        def work(index: int) -> None:
            barrier.wait()
            starts[index] = time.perf_counter_ns()
            totals[index] = loop(PAYLOAD, PARAMS, calls, len)
            ends[index] = time.perf_counter_ns()

        workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
        with collector_off():
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        if any(total != calls * ANSWER_LENGTH for total in totals):
            raise WrongAnswerError(f"thread scaling: {totals} bytes in {calls} answers each")
        return max(ends) - min(starts)

    return run


def calibrated_steps(library: ctypes.CDLL) -> int:
    """The length of the computation that takes CALL_NS on an idle core of this machine."""
    calibrate = library.bench_calibrate
    calibrate.restype, calibrate.argtypes = ctypes.c_uint64, [ctypes.c_int64]
    return int(calibrate(CALL_NS))


class _Param(ctypes.Structure):
    _fields_ = [
        ("key", ctypes.c_char_p),
        ("value", ctypes.c_char_p),
        ("vlen", ctypes.c_uint),
        ("next", ctypes.c_void_p),
    ]


def measure_scaling(libraries: Libraries, plan: Plan) -> dict[str, dict[str, list[Throughput]]]:
    """engine -> contestant -> one Throughput for each entry of THREADS."""
    result: dict[str, dict[str, list[Throughput]]] = {}
    for name in ("busy", "sleep"):
        floor = Floor(libraries.floor, libraries.busy[name])
        steps = str(calibrated_steps(floor.library))
        floor.library.wrapperInit(ctypes.byref(_Param(b"steps", steps.encode(), len(steps), None)))
        with aiges_native.load(libraries.hosted_busy[name], config={"steps": steps}) as engine:
            runs: dict[str, ThreadRun] = {
                "C threads": partial(floor.run_threads, PAYLOAD),
                "aiges_native": python_threads(engine),
            }
            result[name] = _measure_engine(runs, plan)
    return result


def _measure_engine(runs: dict[str, ThreadRun], plan: Plan) -> dict[str, list[Throughput]]:
    calls = {
        (who, n): calls_for(partial(run, n), plan.thread_ns)
        for who, run in runs.items()
        for n in THREADS
    }
    rates: dict[tuple[str, int], list[float]] = {cell: [] for cell in calls}
    for _ in range(plan.thread_rounds):
        for n in THREADS:
            for who, run in runs.items():
                count = calls[who, n]
                rates[who, n].append(n * count * 1e9 / run(n, count))
    return {who: [Throughput(calls[who, n], tuple(rates[who, n])) for n in THREADS] for who in runs}
