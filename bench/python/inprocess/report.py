"""The Markdown report, and its insertion between markers of a README."""

from __future__ import annotations

from common.markdown import table

from .contest import ENGINES, SIZES, EngineName
from .results import FLOOR, OURS, Results, goals, ns_text, size_text, verdict_over
from .scaling import THREADS

BUSY = 0.5  # load average above which a report says so

ENGINE_TEXT: dict[EngineName, str] = {
    "answer": "returns 16 fixed bytes and does not touch the payload",
    "echo": "returns a copy of the payload",
}


def _goal_table(results: Results) -> list[str]:
    words = {True: "met", False: "**missed**", None: "–"}
    lines = ["| What | Goal | Measured | |", "|---|---|---|---|"]
    lines += [f"| {g.what} | {g.goal} | {g.measured} | {words[g.met]} |" for g in goals(results)]
    return lines


def _engine_table(results: Results, engine: EngineName) -> list[str]:
    rows = []
    for contestant in results.contestants:
        name = f"**{contestant.name}**" if contestant.name == OURS else contestant.name
        row = [name]
        for size in SIZES:
            cell = results.cells[engine][size]
            series = cell[contestant.name]
            spread = series.spread
            text = f"{ns_text(spread.median)} ±{spread.half:.0%}"
            if contestant.name != FLOOR:
                text += f"<br>{series.ratio_to(cell[FLOOR]).median:.3g}×"
            row.append(text)
        rows.append(row)
    return table(["", *(size_text(size) for size in SIZES)], rows)


def _ahead_table(results: Results) -> list[str]:
    rows = []
    shims = [c.name for c in results.contestants if c.group == "shim"]
    for engine in ENGINES:
        for title, names in (("all rivals", results.rivals()), ("C shim", shims)):
            row = [f"“{engine}”, {title}"]
            for size in SIZES:
                cell = results.cells[engine][size]
                word, best = verdict_over(cell, names)
                ratio = cell[best].ratio_to(cell[OURS]).median
                row.append(f"{word}, {ratio:.2f}×<br>({best})")
            rows.append(row)
    return table(["", *(size_text(size) for size in SIZES)], rows)


def _thread_table(results: Results) -> list[str]:
    rows = []
    for engine, runs in results.threads.items():
        for who, series in runs.items():
            alone = series[0].spread.median
            row = [f"“{engine}”, {who}"]
            for throughput in series:
                spread = throughput.spread
                row.append(
                    f"{spread.median:,.0f} ({spread.median / alone:.2f}×)"
                    f"<br>{spread.low:,.0f}–{spread.high:,.0f}"
                )
            rows.append(row)
    return table(["calls per second", *(f"{n} thread{'s' * (n > 1)}" for n in THREADS)], rows)


def markdown(results: Results, image: str) -> str:
    """The whole report; image is the plot's address as seen from the file it goes into."""
    m = results.machine
    rounds = len(results.cells["answer"][SIZES[0]][OURS].rounds)
    commit = f", commit {m['commit']}" if m["commit"] else ""
    shape = "A quick run: short turns, wide spread. " if results.quick else ""
    if float(m["load_before"]) > BUSY:
        shape += f"The machine was busy before the run began (load {m['load_before']}). "
    lines = [
        f"`{results.command}` on {m['cpu']}, {m['cores']} cores, not pinned, Linux {m['kernel']}; "
        f"{m['python']}, cffi {m['cffi']}, {m['compiler']}; "
        f"aiges_native {m['aiges_native']}{commit}.",
        f"{shape}One call has one parameter and one item. Median of {rounds} interleaved rounds "
        "± half the distance of the quartiles; below it, the median of the ratios to the C loop "
        "of the same round. Every answer is checked.",
        "",
        f"![time per call against payload size]({image})",
        "",
        "#### Goals",
        "",
        *_goal_table(results),
    ]
    for engine in ENGINES:
        lines += ["", f"#### Engine “{engine}”: {ENGINE_TEXT[engine]}", ""]
        lines += _engine_table(results, engine)
    lines += [
        "",
        "#### Is `engine.exec` ahead?",
        "",
        "Against every rival, and against the C shim, which serves this one shape of request only. "
        "“level”: for one of them the quartiles of the ratio enclose 1. The number is the time of "
        "the fastest, which is named, divided by ours.",
        "",
        *_ahead_table(results),
        "",
        "#### Threads on a 100 µs engine",
        "",
        "“busy” computes a fixed amount, “sleep” sleeps. In brackets the gain over one thread; "
        "below, the quartiles. A busy engine cannot gain more than the number of cores.",
        "",
        *_thread_table(results),
        "",
        "#### Contestants",
        "",
        *(f"- {c.name}: {c.note}" for c in results.contestants),
    ]
    return "\n".join(lines) + "\n"
