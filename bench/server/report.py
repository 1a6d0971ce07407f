"""The Markdown report."""

from __future__ import annotations

from common.markdown import table

from .contest import GRPC_CPP, OURS, OURS_PYTHON, OURS_XSF, SESSIONS, contestants
from .load import ECHOES, LONE, SESSION
from .results import MB, Results, goals

BUSY = 0.5  # load average above which a report says so


def _name(name: str) -> str:
    return f"**{name}**" if name in (OURS, OURS_XSF, OURS_PYTHON) else name


def _goal_table(results: Results) -> list[str]:
    lines = ["| What | Goal | Measured | |", "|---|---|---|---|"]
    for goal in goals(results):
        word = "met" if goal.met else "**missed**"
        lines.append(f"| {goal.what} | {goal.goal} | {goal.measured} | {word} |")
    return lines


def _rate_table(results: Results) -> list[str]:
    loads = [load for load in ECHOES if load != LONE]
    rows = []
    for contestant in contestants():
        row = [_name(contestant.name)]
        for load in loads:
            cell = results.cells[load.key]
            series = cell[contestant.name]
            ratio = series.rate_ratio(cell[GRPC_CPP]).median
            row.append(f"{series.rate.median:,.0f} ±{series.rate.half:.0%}<br>{ratio:.3g}×")
        rows.append(row)
    return table(["per second", *(load.title for load in loads)], rows)


def _lone_table(results: Results) -> list[str]:
    cell = results.cells[LONE.key]
    rows = []
    for contestant in contestants():
        series = cell[contestant.name]
        ratio = series.p50_ratio(cell[GRPC_CPP]).median
        rows.append(
            [
                _name(contestant.name),
                f"{series.p50.median / 1000:.1f} µs ±{series.p50.half:.0%}",
                f"{ratio:.2f}×",
                f"{series.p99.median / 1000:.1f} µs ±{series.p99.half:.0%}",
            ]
        )
    return table(["one at a time, 16 B", "p50", "to gRPC C++", "p99"], rows)


def _session_table(results: Results) -> list[str]:
    rows = []
    for contestant in SESSIONS:
        series = results.cells[SESSION.key][contestant.name]
        rows.append(
            [
                f"{contestant.name}: {contestant.note}",
                f"{series.rate.median:,.0f} ±{series.rate.half:.0%}",
                f"{series.p50.median / 1000:,.0f} µs",
                f"{series.p99.median / 1000:,.0f} µs",
            ]
        )
    return table([SESSION.title, "per second", "p50", "p99"], rows)


def _memory_table(results: Results) -> list[str]:
    count = max(memory.connections for memory in results.memory.values())
    rows = [
        [_name(name), f"{memory.idle / MB:.1f} MB", f"{memory.connected / MB:.1f} MB"]
        for name, memory in results.memory.items()
    ]
    return table(["RSS", "just started", f"{count:,} idle connections"], rows)


def markdown(results: Results, image: str) -> str:
    """The whole report; image is the plot's address as seen from the file it goes into."""
    m = results.machine
    rounds = len(next(iter(results.cells[LONE.key].values())).turns)
    commit = f", commit {m['commit']}" if m["commit"] else ""
    shape = "A quick run: short turns, wide spread. " if results.quick else ""
    if float(m["load_before"]) > BUSY:
        shape += f"The machine was busy before the run began (load {m['load_before']}). "
    lines = [
        f"`{results.command}` on {m['cpu']}, {m['cores']} cores, not pinned, Linux {m['kernel']}; "
        f"{m['python']}, grpcio {m['grpcio']}, gRPC C++ {m['grpc_cpp']}, nghttp2 {m['nghttp2']}, "
        f"{m['compiler']}; aiges_native {m['aiges_native']}{commit}.",
        f"{shape}Servers and generator share the machine. Median of {rounds} interleaved rounds "
        "± half the distance of the quartiles; “×” is the median of the ratios to gRPC C++ within "
        "the same round. Every server's answers are checked before and after; the generator of "
        "aiges_native, which makes every load but the first, compares each one.",
        "",
        f"![requests per second and latency of each server]({image})",
        "",
        "#### Goals",
        "",
        *_goal_table(results),
        "",
        "#### Echo, requests per second",
        "",
        *_rate_table(results),
        "",
        "#### Echo, latency",
        "",
        *_lone_table(results),
        "",
        "#### Sessions",
        "",
        *_session_table(results),
        "",
        "#### Memory",
        "",
        "Each idle connection has made one request.",
        "",
        *_memory_table(results),
        "",
        "#### Servers",
        "",
        *(f"- {c.name}: {c.note}" for c in contestants()),
    ]
    return "\n".join(lines) + "\n"
