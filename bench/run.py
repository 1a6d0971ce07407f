"""Runs the in-process benchmark: python bench/run.py [--quick] [--out bench/results]."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path.insert(0, str(BENCH / "python"))
if (ROOT / "aiges_native").is_dir() and str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # last: an installed package goes before the source tree

from common import machine, markdown
from inprocess import report, results, scaling, with_aiges, with_cffi, with_ctypes
from inprocess.build import FLAGS, Libraries, build_libraries
from inprocess.contest import ENGINES, SIZES, Contestant, EngineName, check, expected_answer
from inprocess.measure import FULL, QUICK, Plan, Series, measure_engine
from inprocess.with_floor import contestant as floor_contestant


def payload_of(size: int) -> bytes:
    """Bytes whose order matters, so that a wrong offset shows in the check."""
    block = os.urandom(4096)
    return (block * (size // len(block) + 1))[:size]


def run_engine(
    libraries: Libraries, engine: EngineName, plan: Plan
) -> tuple[list[Contestant], dict[int, dict[str, Series]]]:
    """All contestants and sizes with one engine."""
    hosted = with_aiges.Hosted(engine, libraries.hosted[engine])
    library = libraries.engines[engine]
    contestants = [
        floor_contestant(libraries.floor, library),
        *hosted.contestants(),
        *with_ctypes.contestants(library),
        *with_cffi.contestants(engine, library),
    ]
    payloads = {size: payload_of(size) for size in SIZES}
    for payload in payloads.values():
        for contestant in contestants:
            check(contestant, engine, payload)
    lengths = {size: len(expected_answer(engine, payload)) for size, payload in payloads.items()}
    cells = measure_engine(contestants, payloads, lengths, plan)
    hosted.close()
    return contestants, cells


def main() -> int:
    """Measures, then writes JSON, Markdown and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short turns, under half a minute")
    parser.add_argument("--out", type=Path, default=BENCH / "results", help="folder for results")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    arguments.out.mkdir(parents=True, exist_ok=True)
    described = {
        **machine.describe(),
        "compiler_flags": " ".join(FLAGS),
        "cffi": metadata.version("cffi"),
        "aiges_native": with_aiges.VERSION,
    }

    started = time.monotonic()
    cells: dict[EngineName, dict[int, dict[str, Series]]] = {}
    contestants: list[Contestant] = []
    with tempfile.TemporaryDirectory(prefix="aiges-bench-") as folder:
        libraries = build_libraries(Path(folder))
        for engine in ENGINES:
            print(f"engine {engine}: {len(SIZES)} sizes, {plan.rounds} rounds", flush=True)
            contestants, cells[engine] = run_engine(libraries, engine, plan)
        print(f"threads: {plan.thread_rounds} rounds", flush=True)
        threads = scaling.measure_scaling(libraries, plan)
    found = results.Results(
        command="python bench/run.py" + (" --quick" if arguments.quick else ""),
        quick=arguments.quick,
        machine={**described, "seconds": round(time.monotonic() - started, 1)},
        contestants=tuple(contestants),
        cells=cells,
        threads=threads,
    )

    results.write_json(found, arguments.out / "inprocess.json")
    from inprocess import plot  # here, so that matplotlib is not loaded while measuring

    plot.draw(found, arguments.out / "inprocess.png")
    text = report.markdown(found, "inprocess.png")
    (arguments.out / "inprocess.md").write_text(
        "# In-process benchmark\n\n" + text.replace("#### ", "## "), encoding="utf-8"
    )
    if arguments.out.resolve() == BENCH / "results" and not arguments.quick:
        markdown.insert(
            BENCH / "README.md", "inprocess", report.markdown(found, "results/inprocess.png")
        )
        markdown.insert(
            ROOT / "README.md", "inprocess", report.markdown(found, "bench/results/inprocess.png")
        )
    print()
    for goal in results.goals(found):
        word = {True: "met", False: "MISSED", None: "-"}[goal.met]
        print(f"{word:6} {goal.what}: {goal.measured} (goal: {goal.goal})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
