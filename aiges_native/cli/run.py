"""``aiges-native run``: calls any engine once."""

from __future__ import annotations

import contextlib
import pathlib
import time

import click
from rich.console import Console

from aiges_native.cli.payload import DATA_HELP, DATA_METAVAR, Pair, payload
from aiges_native.cli.show import fail, notes, show
from aiges_native.cli.show import save as save_result
from aiges_native.engine import Engine, load
from aiges_native.errors import AigesError
from aiges_native.types import Data, Result, Status


def _call(
    engine: Engine, data: dict[str, Data], params: dict[str, str], timeout: float | None
) -> list[Result]:
    """One request in whatever way the engine has."""
    if engine.modes & {"once", "once_async"}:
        return [engine.exec(data, params, timeout=timeout)]
    with engine.session(params, timeout=timeout) as session:
        session.write(data, Status.ONCE)
        return list(session)


def _answer(
    console: Console,
    engine: Engine,
    data: dict[str, Data],
    params: dict[str, str],
    timeout: float | None,
    save: pathlib.Path | None,
) -> None:
    """Calls the engine and shows what it says; no result is left when this returns."""
    started = time.perf_counter()
    results = _call(engine, data, params, timeout)
    took = time.perf_counter() - started
    for result in results:
        show(console, result)
        if save is not None:
            save_result(console, result, save)
    console.print(f"answered in {took * 1e3:.1f} ms", style="dim")


@click.command(
    epilog="""\b
Examples:
  aiges-native run libwrapper.so --data img=@seven.png --param top=3
  aiges-native run wrapper.py --data text=hello --config model=small.bin
  aiges-native run ./libasr.so --data audio=@speech.pcm --save out/
  cat page.bin | aiges-native run ./libocr.so --data page=image:@-

Exit status: 0 when the engine answered, 1 when it failed, 2 for a wrong command line."""
)
@click.argument("engine", metavar="ENGINE")
@click.option(
    "--data", "-d", "data", type=Pair(), multiple=True, metavar=DATA_METAVAR, help=DATA_HELP,
)  # fmt: skip
@click.option("--param", "-p", "params", type=Pair(), multiple=True, help="A request parameter.")
@click.option(
    "--config", "-c", "config", type=Pair(), multiple=True, help="A setting for wrapperInit."
)
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait for the answer.")
@click.option(
    "--save", type=click.Path(path_type=pathlib.Path, file_okay=False),
    help="A folder to write every result to.",
)  # fmt: skip
@click.option("--verbose", "-v", is_flag=True, help="Tell what happens, and show tracebacks.")
def run(
    engine: str,
    data: tuple[tuple[str, str], ...],
    params: tuple[tuple[str, str], ...],
    config: tuple[tuple[str, str], ...],
    timeout: float | None,
    save: pathlib.Path | None,
    verbose: bool,
) -> None:
    """Load ENGINE (a C library .so or a Python wrapper .py), call it once, print its answer.

    What the engine itself prints appears as it prints it. Notes of this command go to standard
    error, texts of the answer to standard output.
    """
    console = notes()
    payloads = {key: payload(key, value) for key, value in data}
    started = time.perf_counter()
    loaded: Engine | None = None
    try:
        with contextlib.ExitStack() as stack:
            loaded = stack.enter_context(load(engine, config=dict(config)))
            ready = time.perf_counter()
            if verbose:
                version = f" {loaded.version}" if loaded.version else ""
                console.print(
                    f"{loaded.path}{version}: {', '.join(sorted(loaded.modes))}; "
                    f"loaded in {(ready - started) * 1e3:.1f} ms",
                    style="dim",
                )
            _answer(console, loaded, payloads, dict(params), timeout, save)
    except (AigesError, OSError) as error:
        fail(console, error, verbose)
        raise SystemExit(1) from None
