"""The measured figures, what they say about the goals, and the JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common.spread import Spread

from .contest import BARE, GRPC_CPP, OURS, OURS_XSF, SESSIONS, contestants
from .load import ECHOES, H2LOAD, LONE, MEBIBYTE, SESSION
from .measure import IDLE_CONNECTIONS, Cell, Memory

# What AIGES itself does under this load, with its Go engine; measured once, elsewhere.
AIGES_RATE = 35_000
MB = 1_000_000


@dataclass(frozen=True)
class Results:
    """One run of the benchmark."""

    command: str
    quick: bool
    machine: Mapping[str, str | int | float]
    cells: Mapping[str, Cell]  # by the load's key
    memory: Mapping[str, Memory]  # by contestant


@dataclass(frozen=True)
class Goal:
    """One goal and what came of it."""

    what: str
    goal: str
    measured: str
    met: bool


def _times(ratio: Spread) -> str:
    return f"{ratio.median:.2f}× (quartiles {ratio.low:.2f} to {ratio.high:.2f})"


def goals(results: Results) -> list[Goal]:
    """Every goal, met or missed."""
    light, lone, large = (results.cells[load.key] for load in (H2LOAD, LONE, MEBIBYTE))
    to_bare, to_grpc = (light[OURS].rate_ratio(light[name]) for name in (BARE, GRPC_CPP))
    rate = light[OURS].rate.median
    waits = lone[OURS].p50_ratio(lone[GRPC_CPP])
    moved = large[OURS].rate_ratio(large[GRPC_CPP])
    sessions = results.cells[SESSION.key][OURS_XSF].rate.median
    memory = results.memory[OURS]
    few = memory.connections < IDLE_CONNECTIONS
    title = H2LOAD.title
    return [
        Goal(f"{title}, to bare nghttp2", "≥ 0.5×", _times(to_bare), to_bare.median >= 0.5),
        Goal(f"{title}, to gRPC C++", "≥ 3×", _times(to_grpc), to_grpc.median >= 3),
        Goal(
            f"{title}, to AIGES's {AIGES_RATE:,} per second, which is not measured here",
            f"≥ 6×: {6 * AIGES_RATE:,}",
            f"{rate:,.0f} per second",
            rate >= 6 * AIGES_RATE,
        ),
        Goal("p50 of lone requests, to gRPC C++", "≤ 1×", _times(waits), waits.median <= 1),
        Goal(f"{MEBIBYTE.title}, to gRPC C++", "≥ 1.3×", _times(moved), moved.median >= 1.3),
        Goal(
            "sessions of 4 frames and a poll, XsfCall",
            "≥ 18,000 per second",
            f"{sessions:,.0f} per second",
            sessions >= 18_000,
        ),
        Goal("RSS, idle", "< 60 MB", f"{memory.idle / MB:.1f} MB", memory.idle < 60 * MB),
        Goal(
            f"RSS with {IDLE_CONNECTIONS:,} idle connections",
            "< 300 MB",
            f"{memory.connected / MB:.1f} MB with {memory.connections:,}"
            + (", all that the limit of open files allowed" if few else ""),
            memory.connected < 300 * MB and not few,
        ),
    ]


def _spread(spread: Spread) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(spread).items()}


def as_json(results: Results) -> dict[str, Any]:
    """Every turn, and the summary."""
    loads = {}
    for load in (*ECHOES, SESSION):
        cell = results.cells[load.key]
        servers = {}
        for name, series in cell.items():
            told: dict[str, Any] = {"per_second": [round(t.rate, 1) for t in series.turns]}
            told["summary"] = _spread(series.rate)
            if not load.h2load:
                told["p50_ns"] = [t.p50 for t in series.turns]
                told["p99_ns"] = [t.p99 for t in series.turns]
            if GRPC_CPP in cell:
                told["rate_ratio_to_grpc_cpp"] = _spread(series.rate_ratio(cell[GRPC_CPP]))
            servers[name] = told
        loads[load.key] = {**asdict(load), "servers": servers}
    notes = {c.name: c.note for c in contestants()}
    return {
        "benchmark": "server",
        "command": results.command,
        "quick": results.quick,
        "machine": dict(results.machine),
        "contestants": notes,
        "sessions": {c.name: c.note for c in SESSIONS},
        "goals": [asdict(goal) for goal in goals(results)],
        "loads": loads,
        "memory_bytes": {name: asdict(memory) for name, memory in results.memory.items()},
    }


def write_json(results: Results, path: Path) -> None:
    """Writes the results file."""
    text = json.dumps(as_json(results), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
