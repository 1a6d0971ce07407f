"""The measured figures, what they say about the goals, and the JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from common.spread import Spread

from .contest import ENGINES, KIB, SIZES, Contestant, EngineName
from .measure import Series
from .scaling import THREADS, Throughput

OURS = "aiges_native"
FLOOR = "C loop"
OURS_PYTHON = "aiges_native, Python engine"

Verdict = Literal["yes", "level", "no"]
Cell = Mapping[str, Series]  # by contestant


@dataclass(frozen=True)
class Results:
    """One run of the benchmark."""

    command: str
    quick: bool
    machine: Mapping[str, str | int | float]
    contestants: tuple[Contestant, ...]
    cells: Mapping[EngineName, Mapping[int, Cell]]
    threads: Mapping[str, Mapping[str, list[Throughput]]]

    def rivals(self) -> list[str]:
        """Names of the rivals, plain and tuned; the shim is not one of them."""
        return [c.name for c in self.contestants if c.group == "rival"]


@dataclass(frozen=True)
class Goal:
    """One goal and what came of it; met is None where no figure was set."""

    what: str
    goal: str
    measured: str
    met: bool | None


def ns_text(nanoseconds: float) -> str:
    """Three significant digits with a unit."""
    value, unit = nanoseconds, "ns"
    for bigger in ("µs", "ms", "s"):
        if abs(value) < 999.5:
            break
        value, unit = value / 1000, bigger
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:.{0 if unit == 'ns' else digits}f} {unit}"


def size_text(size: int) -> str:
    """64 B, 1 KiB, 16 MiB."""
    for unit, scale in (("MiB", KIB * KIB), ("KiB", KIB)):
        if size >= scale:
            return f"{size // scale} {unit}"
    return f"{size} B"


def verdict(ours: Series, rival: Series) -> Verdict:
    """Ahead only if the quartiles of the ratio within a round lie on one side of 1."""
    ratio = ours.ratio_to(rival)
    if ratio.high < 1:
        return "yes"
    return "no" if ratio.low > 1 else "level"


def verdict_over(cell: Cell, names: list[str]) -> tuple[Verdict, str]:
    """The least favourable verdict over some contestants, and the fastest of them."""
    words = {verdict(cell[OURS], cell[name]) for name in names}
    word: Verdict = "no" if "no" in words else "level" if "level" in words else "yes"
    return word, min(names, key=lambda name: cell[name].ratio_to(cell[OURS]).median)


def _added(spread: Spread) -> str:
    return f"{ns_text(spread.median)} (quartiles {ns_text(spread.low)} to {ns_text(spread.high)})"


def goals(results: Results) -> list[Goal]:
    """Every goal, met or missed."""
    found: list[Goal] = []
    for engine in ENGINES:
        cell = results.cells[engine][KIB]
        added = cell[OURS].minus(cell[FLOOR])
        what = f"`engine.exec` over the bare C call, 1 KiB, engine “{engine}”"
        found.append(Goal(what, "≤ 1 µs more", _added(added), added.median <= 1000))
    sizes = results.cells["answer"]
    growth = sizes[SIZES[-1]][OURS].ratio_to(sizes[SIZES[0]][OURS])
    found.append(
        Goal(
            f"time at {size_text(SIZES[-1])} / time at {size_text(SIZES[0])}, engine “answer”",
            "about 1 (≤ 1.15)",
            f"{growth.median:.2f} (quartiles {growth.low:.2f} to {growth.high:.2f})",
            growth.median <= 1.15,
        )
    )
    for engine in ENGINES:
        verdicts = {
            size: verdict_over(cell, results.rivals())[0]
            for size, cell in results.cells[engine].items()
        }
        ahead = [size for size, word in verdicts.items() if word == "yes"]
        rest = [f"{size_text(size)}: {w}" for size, w in verdicts.items() if w != "yes"]
        listed = f" ({', '.join(rest)})" if rest else ""
        found.append(
            Goal(
                f"ahead of every rival, tuned ones too, engine “{engine}”",
                "every size",
                f"{len(ahead)} of {len(verdicts)} sizes{listed}",
                not rest,
            )
        )
    for engine in ENGINES:
        cell = results.cells[engine][KIB]
        added = cell[OURS_PYTHON].minus(cell["Python method"])
        what = f"Python engine over its method called directly, 1 KiB, engine “{engine}”"
        found.append(Goal(what, "≤ 3 µs more", _added(added), added.median <= 3000))
    for kind, runs in results.threads.items():
        ours, floor = runs[OURS], runs["C threads"]
        shares = [o.share_of(f).median for o, f in zip(ours, floor, strict=True)]
        listed = ", ".join(f"{n}: {share:.2f}" for n, share in zip(THREADS, shares, strict=True))
        what = f"throughput as a share of C threads, 100 µs engine “{kind}”, by threads"
        found.append(Goal(what, "none set", listed, None))
    return found


def _spread(spread: Spread) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(spread).items()}


def as_json(results: Results) -> dict[str, Any]:
    """Raw rounds and summary."""
    cells: dict[str, Any] = {}
    for engine, sizes in results.cells.items():
        cells[engine] = {
            str(size): {
                name: {
                    "calls_per_round": series.calls,
                    "ns_per_call": [round(value, 2) for value in series.rounds],
                    "summary": _spread(series.spread),
                    "ratio_to_floor": _spread(series.ratio_to(cell[FLOOR])),
                }
                for name, series in cell.items()
            }
            for size, cell in sizes.items()
        }
    threads = {
        engine: {
            who: {
                str(n): {
                    "calls_per_thread_and_round": t.calls,
                    "calls_per_second": [round(rate, 1) for rate in t.rounds],
                    "summary": _spread(t.spread),
                }
                for n, t in zip(THREADS, runs[who], strict=True)
            }
            for who in runs
        }
        for engine, runs in results.threads.items()
    }
    return {
        "benchmark": "inprocess",
        "command": results.command,
        "quick": results.quick,
        "machine": dict(results.machine),
        "contestants": {c.name: {"group": c.group, "note": c.note} for c in results.contestants},
        "goals": [asdict(goal) for goal in goals(results)],
        "exec": cells,
        "threads": threads,
    }


def write_json(results: Results, path: Path) -> None:
    """Writes the results file."""
    text = json.dumps(as_json(results), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
