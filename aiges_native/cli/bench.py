"""``aiges-native bench``: drives a server with load."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import statistics
from collections.abc import Callable

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from aiges_native.bench import Latency, LoadError, LoadPlan, Progress, Report, run_load
from aiges_native.cli.payload import Pair, kind_of, payload

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "": 1.0}


class _Duration(click.ParamType[float]):
    name = "TIME"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(us|ms|s|m|)", str(value))
        if found is None:
            self.fail(f"{value!r} is no time; write 10s, 250ms, 2m", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


def _expected(key: str, text: str) -> tuple[str, bytes, bytes]:
    """``sha256:HEX``, ``@FILE`` or text."""
    if text.startswith("sha256:"):
        try:
            return key, b"", bytes.fromhex(text[7:])
        except ValueError:
            raise click.BadParameter(f"{key}: {text!r} is not hexadecimal") from None
    return (*_bytes(key, text)[:2], b"")


def _bytes(key: str, text: str) -> tuple[str, bytes, int]:
    given = payload(key, text)
    data = given.data
    raw = data.encode() if isinstance(data, str) else bytes(data)
    return key, raw, int(given.type)


def _time(nanoseconds: float) -> str:
    for unit, scale in (("s", 1e9), ("ms", 1e6)):
        if nanoseconds >= scale:
            return f"{nanoseconds / scale:.2f} {unit}"
    return f"{nanoseconds / 1e3:.1f} µs"


def _show(console: Console, name: str, report: Report) -> None:
    """The readable table of one run."""
    table = Table(title=name, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_row("rate", f"{report.rate:,.0f} /s")
    table.add_row("answered", f"{report.answered:,} in {report.seconds:.2f} s")
    latencies: list[tuple[str, Latency]] = [("", report.latency)]
    latencies += [("ending ", report.ending)] if report.ending.count else []
    for prefix, latency in latencies:
        for label, value in (
            ("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99),
            ("p99.9", latency.p999), ("max", latency.max),
        ):  # fmt: skip
            table.add_row(prefix + label, _time(value) if latency.count else "-")
    if report.seconds > 0:
        table.add_row("sent", f"{report.bytes_sent / report.seconds / 1e6:,.2f} MB/s")
        table.add_row("received", f"{report.bytes_received / report.seconds / 1e6:,.2f} MB/s")
    console.print(table)
    if report.reconnects:
        console.print(f"{report.reconnects} connections were lost", style="yellow")
    if report.unsent:
        console.print(
            f"{report.unsent} requests were due but never sent: the target is slower than the rate",
            style="bold red",
        )
    for code, text, times in sorted(report.failures, key=lambda failure: -failure[2]):
        console.print(Text(f"{times:>8} × {code}: {text}", style="red"), soft_wrap=True)


def _measure(console: Console, plan: LoadPlan) -> Report:
    if not console.is_terminal:
        # A callback all the same: it is what lets Ctrl-C in.
        return run_load(plan, lambda progress: None)
    with Live(console=console, transient=True, auto_refresh=False) as live:

        def show(progress: Progress) -> None:
            words = "warming up" if progress.warming else f"{progress.answered:,} answered"
            live.update(
                f"{plan.target}  {progress.elapsed:.1f} s  {words}, {progress.failed:,} failed, "
                f"p50 {_time(progress.p50)}, p99 {_time(progress.p99)}",
                refresh=True,
            )

        return run_load(plan, show)


def _compare(
    console: Console, plan: LoadPlan, targets: tuple[str, str], turns: int
) -> list[Report]:
    """Alternating turns of two targets; the first to begin changes from turn to turn."""
    reports: tuple[list[Report], list[Report]] = ([], [])
    each = dataclasses.replace(plan, duration=plan.duration / turns)
    for turn in range(turns):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            reports[which].append(
                _measure(console, dataclasses.replace(each, target=targets[which]))
            )
    table = Table("", targets[0], targets[1], "A / B, median", "lowest", "highest", box=None)
    figures: tuple[tuple[str, Callable[[Report], float]], ...] = (
        ("rate /s", lambda r: r.rate),
        ("p50 µs", lambda r: r.latency.p50 / 1e3),
        ("p99 µs", lambda r: r.latency.p99 / 1e3),
    )
    for label, value in figures:
        a, b = ([value(report) for report in side] for side in reports)
        ratios = [x / y for x, y in zip(a, b, strict=True) if y]
        shown = (statistics.median(ratios), min(ratios), max(ratios)) if ratios else ()
        table.add_row(
            label, f"{statistics.median(a):,.1f}", f"{statistics.median(b):,.1f}",
            *(f"{ratio:.3f}" for ratio in shown),
        )  # fmt: skip
    console.print(table)
    for side, target in zip(reports, targets, strict=True):
        for report in side:
            if not report.good:
                _show(console, target, report)
    return [*reports[0], *reports[1]]


# fmt: off
@click.command(epilog="""\b
Examples:
  aiges-native bench 127.0.0.1:5090 --data img=@seven.png
  aiges-native bench 127.0.0.1:5090 --data text=hello --rate 2000 --duration 30s --json out.json
  aiges-native bench 127.0.0.1:5090 --data audio=@a.pcm --stream --frames 4 --interval 40ms
  aiges-native bench --compare 127.0.0.1:5090 127.0.0.1:5091 --data text=hello

\b
Exit status: 0 when every answer was right, 1 when one was not or nothing could be measured, 2 for
a wrong command line. More: docs/benchmarking.md.""")
@click.argument("target", metavar="HOST:PORT", required=False)
@click.option("--protocol", type=click.Choice(["aiges", "xsf"]), default="aiges", show_default=True)
@click.option("--engine", default="", help="Name of the engine. Default: the server's first.")
@click.option("--data", "-d", type=Pair(), multiple=True, metavar="KEY=[KIND:]TEXT|@FILE",
              help="An input, as for `run`.")
@click.option("--param", "-p", "params", type=Pair(), multiple=True, help="A request parameter.")
@click.option("--expect", type=Pair(), multiple=True, metavar="KEY=TEXT|@FILE|sha256:HEX",
              help="What every answer must hold; of a session, all its results put together.")
@click.option("--output", "outputs", type=Pair(), multiple=True, metavar="KEY=KIND",
              help="xsf: an output that may come and its kind. AIGES's own servers refuse others.")
@click.option("--token", default="", envvar="AIGES_NATIVE_TOKEN", help="Sent with every request.")
@click.option("--concurrency", type=click.IntRange(1), default=64, show_default=True,
              help="Requests under way at once; with --rate, at most.")
@click.option("--connections", type=click.IntRange(1), default=4, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--rate", type=click.FloatRange(0), default=0.0,
              help="Requests per second, sent when they are due whatever the answers do.")
@click.option("--duration", type=_Duration(), default="10s", show_default=True)
@click.option("--count", type=click.IntRange(0), default=0, help="Requests, instead of a duration.")
@click.option("--warmup", type=_Duration(), default="2s", show_default=True)
@click.option("--timeout", type=_Duration(), default="30s", show_default=True)
@click.option("--stream", is_flag=True, help="Sessions instead of once requests.")
@click.option("--frames", type=click.IntRange(1), default=4, show_default=True)
@click.option("--frame-size", type=click.IntRange(0), default=0,
              help="Bytes of a frame. Default: each payload is cut into equal frames.")
@click.option("--interval", type=_Duration(), default="0s", help="Between frames.")
@click.option("--compare", nargs=2, metavar="A B", help="Two targets in turns, and their ratio.")
@click.option("--turns", type=click.IntRange(2), default=6, show_default=True,
              help="--compare: turns of each, which share the duration.")
@click.option("--json", "json_file", type=click.Path(path_type=pathlib.Path, dir_okay=False),
              help="A file for the figures.")
@click.pass_context
def bench(
    ctx: click.Context, /, target: str | None, data: tuple[tuple[str, str], ...],
    expect: tuple[tuple[str, str], ...], outputs: tuple[tuple[str, str], ...],
    compare: tuple[str, str] | None, turns: int, json_file: pathlib.Path | None,
    duration: float, count: int, **settings: object,
) -> None:  # fmt: skip
    """Send requests to HOST:PORT, check every answer, and tell how fast they came."""
    console = Console(highlight=False)
    if (target is None) == (not compare):
        raise click.UsageError("give either HOST:PORT or --compare A B", ctx)
    if compare and count:
        raise click.UsageError("--compare takes turns of a duration, not of a --count", ctx)
    try:
        plan = LoadPlan(
            target=target or "",
            data=tuple(_bytes(key, text) for key, text in data),
            expected=tuple(_expected(key, text) for key, text in expect),
            outputs=tuple((key, int(kind_of(kind).type)) for key, kind in outputs),
            duration=0.0 if count else duration,
            count=count,
            **settings,  # type: ignore[arg-type]
        )
        if compare:
            reports = _compare(console, plan, compare, turns)
        else:
            reports = [_measure(console, plan)]
            _show(console, plan.target, reports[0])
    except LoadError as error:
        click.echo(f"error: {error}", err=True)
        ctx.exit(1)
    if json_file is not None:
        targets = [t for t in compare for _ in range(turns)] if compare else [plan.target]
        figures = [
            {"target": name, "rate": report.rate, **dataclasses.asdict(report)}
            for name, report in zip(targets, reports, strict=True)
        ]
        json_file.write_text(json.dumps({"runs": figures}, indent=1) + "\n", encoding="utf-8")
    ctx.exit(0 if all(report.good for report in reports) else 1)
