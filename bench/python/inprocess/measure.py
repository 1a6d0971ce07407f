"""Rounds: every contestant runs once per round, so that drift of the machine meets all alike."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from common.spread import Spread

from .contest import PARAMS, Contestant, WrongAnswerError


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    rounds: int
    slot_ns: int  # aimed duration of one contestant's turn in one round
    thread_ns: int  # the same for one thread-scaling run
    thread_rounds: int


FULL = Plan(rounds=9, slot_ns=60_000_000, thread_ns=150_000_000, thread_rounds=7)
QUICK = Plan(rounds=5, slot_ns=4_000_000, thread_ns=30_000_000, thread_rounds=3)
MAX_CALLS = 2_000_000


@contextmanager
def collector_off() -> Iterator[None]:
    """No garbage collection inside measured turns; collected before them."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@dataclass(frozen=True)
class Series:
    """One contestant with one engine and one payload size: nanoseconds per call, by round."""

    calls: int  # per round
    rounds: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        """Of the rounds."""
        return Spread.of(self.rounds)

    def ratio_to(self, other: Series) -> Spread:
        """Of the ratios within each round."""
        return Spread.of([a / b for a, b in zip(self.rounds, other.rounds, strict=True)])

    def minus(self, other: Series) -> Spread:
        """Of the differences within each round."""
        return Spread.of([a - b for a, b in zip(self.rounds, other.rounds, strict=True)])


def calls_for(turn: Callable[[int], int], aim_ns: int) -> int:
    """How many calls take about aim_ns: doubles until the clock is meaningful, then scales.

    Each step takes the faster of two turns: one that lost its core for a moment must not end it.
    """
    calls = 1
    while True:
        took = max(min(turn(calls), turn(calls)), 1)
        if took >= aim_ns or calls >= MAX_CALLS:
            return calls
        if took >= aim_ns / 8:
            return max(1, min(MAX_CALLS, round(calls * aim_ns / took)))
        calls = min(MAX_CALLS, calls * max(2, min(64, aim_ns // 8 // took)))


def measure_engine(
    contestants: Sequence[Contestant],
    payloads: Mapping[int, bytes],
    answer_lengths: Mapping[int, int],
    plan: Plan,
) -> dict[int, dict[str, Series]]:
    """All contestants and payload sizes with one engine: size -> contestant -> series.

    A round visits every size and every contestant once, so that sizes, too, can be compared within
    a round. The order of the contestants rotates from round to round.
    """

    def turn(contestant: Contestant, size: int, calls: int) -> int:
        took, total = contestant.run(payloads[size], PARAMS, calls, len)
        if total != calls * answer_lengths[size]:
            raise WrongAnswerError(f"{contestant.name}: {total} bytes in {calls} answers")
        return took

    with collector_off():
        calls = {
            (size, c.name): calls_for(partial(turn, c, size), plan.slot_ns)
            for size in payloads
            for c in contestants
        }
    taken: dict[tuple[int, str], list[float]] = {cell: [] for cell in calls}
    for number in range(plan.rounds):
        shift = number % len(contestants)
        with collector_off():
            for size in payloads:
                for contestant in [*contestants[shift:], *contestants[:shift]]:
                    cell = (size, contestant.name)
                    taken[cell].append(turn(contestant, size, calls[cell]) / calls[cell])
    return {
        size: {c.name: Series(calls[size, c.name], tuple(taken[size, c.name])) for c in contestants}
        for size in payloads
    }
