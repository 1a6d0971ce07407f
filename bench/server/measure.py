"""Rounds: every contestant has one turn at every load in each, in an order that rotates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.spread import Spread

from . import idle, load
from .build import Messages
from .contest import (
    SESSIONS,
    Contestant,
    NoAnswerError,
    Process,
    Program,
    check,
    contestants,
    request_of,
    running,
)
from .load import ECHOES, Load, Measured

IDLE_CONNECTIONS = 10_000
# A turn without any answer is tried again with more time, up to some four times this much.
MOST_SECONDS = 4.0


@dataclass(frozen=True)
class Plan:
    """How long to measure."""

    rounds: int
    seconds: float  # of one turn; a fifth of it goes before, as warm-up


FULL = Plan(rounds=7, seconds=1.0)
QUICK = Plan(rounds=3, seconds=0.3)


@dataclass
class Series:
    """One contestant's turns at one load."""

    turns: list[Measured] = field(default_factory=list)

    @property
    def rate(self) -> Spread:
        """Per second."""
        return Spread.of([turn.rate for turn in self.turns])

    @property
    def p50(self) -> Spread:
        """Nanoseconds."""
        return Spread.of([turn.p50 for turn in self.turns])

    @property
    def p99(self) -> Spread:
        """Nanoseconds."""
        return Spread.of([turn.p99 for turn in self.turns])

    def rate_ratio(self, other: Series) -> Spread:
        """Of the rates within each round."""
        pairs = zip(self.turns, other.turns, strict=True)
        return Spread.of([mine.rate / its.rate for mine, its in pairs])

    def p50_ratio(self, other: Series) -> Spread:
        """Of the latencies within each round."""
        pairs = zip(self.turns, other.turns, strict=True)
        return Spread.of([mine.p50 / its.p50 for mine, its in pairs])


Cell = dict[str, Series]  # by contestant


@dataclass(frozen=True)
class Memory:
    """Resident bytes of a server that has just started, and with idle connections."""

    idle: int
    connected: int
    connections: int


def measure_memory(
    programs: Sequence[Program], messages: Messages, folder: Path, limit: int
) -> dict[str, Memory]:
    """One server at a time, each fresh; by contestant, of those that speak aiges.v1.

    limit is how many descriptors this process and its children may have.
    """
    count = min(IDLE_CONNECTIONS, limit - idle.SPARE)
    found: dict[str, Memory] = {}
    for contestant in contestants():
        if contestant.protocol != "aiges":
            continue
        program = next(p for p in programs if p.name == contestant.program)
        message = request_of(contestant, messages, load.payload_of(16))
        with running([program], folder) as processes:
            process = processes[program.name]
            before = process.rss()
            check(contestant, process.target, messages, load.payload_of(16))
            with idle.connections(process.target, contestant.path, message, count):
                found[contestant.name] = Memory(before, process.rss(), count)
    return found


def measure_loads(
    processes: Mapping[str, Process], messages: Messages, folder: Path, plan: Plan
) -> dict[str, Cell]:
    """All loads: key of the load -> contestant -> series."""
    everybody = contestants()
    target = {name: process.target for name, process in processes.items()}

    def check_all() -> None:
        for contestant in everybody:
            for size in sorted({each.size for each in ECHOES}):
                payload = load.payload_of(size)
                check(contestant, target[contestant.program], messages, payload)

    check_all()
    light = load.payload_of(load.H2LOAD.size)
    exchanges = {
        c.name: load.Exchange.write(
            folder / f"{number}.body",
            request_of(c, messages, light),
            check(c, target[c.program], messages, light),
        )
        for number, c in enumerate(everybody)
    }

    def turn(contestant: Contestant, each: Load, seconds: float) -> Measured:
        where = target[contestant.program]
        try:
            if each.h2load:
                return load.h2load(contestant, where, each, exchanges[contestant.name], seconds)
            return load.generator(contestant, where, each, seconds)
        except NoAnswerError:
            if seconds > MOST_SECONDS:
                raise
            return turn(contestant, each, 4 * seconds)

    contests = [(each, everybody) for each in ECHOES] + [(load.SESSION, list(SESSIONS))]
    cells = {each.key: {c.name: Series() for c in who} for each, who in contests}
    for number in range(plan.rounds):
        print(f"round {number + 1} of {plan.rounds}", flush=True)
        for each, who in contests:
            shift = number % len(who)
            for contestant in [*who[shift:], *who[:shift]]:
                cells[each.key][contestant.name].turns.append(turn(contestant, each, plan.seconds))
    check_all()
    return cells
