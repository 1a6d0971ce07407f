"""Runs the server benchmark: python bench/server/run.py [--quick] [--out bench/results]."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
ROOT = BENCH.parent
sys.path.insert(0, str(BENCH / "python"))
sys.path.append(str(ROOT))  # last: an installed package goes before the source tree

from common import machine, markdown

from bench.server import idle, report, results
from bench.server.build import BuildError, Messages, build_all
from bench.server.contest import ServerFailedError, programs, running
from bench.server.measure import FULL, QUICK, measure_loads, measure_memory


def versions() -> dict[str, str]:
    """Of what takes part."""
    return {
        "aiges_native": metadata.version("aiges_native"),
        "grpcio": metadata.version("grpcio"),
        "grpc_cpp": machine.first_line(["pkg-config", "--modversion", "grpc++"]),
        "nghttp2": machine.first_line(["pkg-config", "--modversion", "libnghttp2"]),
    }


def measure(arguments: argparse.Namespace) -> results.Results:
    """The whole run."""
    described = {**machine.describe(), **versions()}
    started = time.monotonic()
    built = build_all(arguments.build)
    messages = Messages.load(built.stubs)
    plan = QUICK if arguments.quick else FULL
    limit = idle.raise_limit()
    with tempfile.TemporaryDirectory(prefix="aiges-bench-") as name:
        folder = Path(name)
        servers = programs(built)
        print("memory: one server after the other", flush=True)
        memory = measure_memory(servers, messages, folder, limit)
        with running(servers, folder) as processes:
            cells = measure_loads(processes, messages, folder, plan)
    return results.Results(
        command="make bench-server" + (" QUICK=1" if arguments.quick else ""),
        quick=arguments.quick,
        machine={**described, "seconds": round(time.monotonic() - started, 1)},
        cells=cells,
        memory=memory,
    )


def write(found: results.Results, out: Path) -> None:
    """JSON, Markdown and plot; a full run's also into the READMEs when they belong there."""
    from bench.server import plot  # here, so that matplotlib is not loaded while measuring

    out.mkdir(parents=True, exist_ok=True)
    results.write_json(found, out / "server.json")
    plot.draw(found, out / "server.png")
    text = report.markdown(found, "server.png")
    (out / "server.md").write_text(
        "# Server benchmark\n\n" + text.replace("#### ", "## "), encoding="utf-8"
    )
    if out.resolve() == BENCH / "results" and not found.quick:
        for readme, images in (
            (BENCH / "README.md", "results"),
            (ROOT / "README.md", "bench/results"),
        ):
            markdown.insert(readme, "server", report.markdown(found, f"{images}/server.png"))


def main() -> int:
    """Measures, writes, and tells what became of the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short turns, under two minutes")
    parser.add_argument("--out", type=Path, default=BENCH / "results", help="folder for results")
    parser.add_argument(
        "--build", type=Path, default=ROOT / "build" / "bench-server", help="folder for programs"
    )
    arguments = parser.parse_args()
    try:
        found = measure(arguments)
    except (BuildError, ServerFailedError) as error:
        print(f"bench-server: {error}", file=sys.stderr)
        return 1
    write(found, arguments.out)
    print()
    for goal in results.goals(found):
        word = "met" if goal.met else "MISSED"
        print(f"{word:6} {goal.what}: {goal.measured} (goal: {goal.goal})")
    print(f"{found.machine['seconds']:.0f} s; {arguments.out / 'server.md'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
