"""``aiges-native call``: calls an engine in a server once."""

from __future__ import annotations

import pathlib
import time
from typing import TYPE_CHECKING, Literal

import click
from rich.console import Console

from aiges_native.cli.payload import DATA_HELP, DATA_METAVAR, Pair, kind_of, payload
from aiges_native.cli.show import fail, notes, show
from aiges_native.cli.show import save as save_result
from aiges_native.errors import AigesError
from aiges_native.types import Data, Status

if TYPE_CHECKING:
    from aiges_native.client import Client, Result

_FILE = click.Path(dir_okay=False, path_type=pathlib.Path)


def _call(
    client: Client, data: dict[str, Data], params: dict[str, str], engine: str, stream: bool
) -> list[Result]:
    if not stream:
        return [client.exec(data, params, engine=engine)]
    with client.session(params, engine=engine) as session:
        session.write(data, Status.ONCE)
        return list(session)


def _answer(
    console: Console,
    client: Client,
    data: dict[str, Data],
    params: dict[str, str],
    engine: str,
    stream: bool,
    folder: pathlib.Path | None,
) -> None:
    started = time.perf_counter()
    results = _call(client, data, params, engine, stream)
    took = time.perf_counter() - started
    for result in results:
        show(console, result)
        if folder is not None:
            save_result(console, result, folder)
    console.print(f"answered in {took * 1e3:.1f} ms", style="dim")


@click.command(
    epilog="""\b
Examples:
  aiges-native call localhost:5090 --data img=@seven.png --param top=3
  aiges-native call asr.example:5090 --data audio=@speech.pcm --stream --save out/
  aiges-native call localhost:5090 --data img=@seven.png --protocol xsf

Exit status: 0 when the engine answered, 1 when that failed, 2 for a wrong command line."""
)
@click.argument("target", metavar="HOST:PORT")
@click.option(
    "--data", "-d", "data", type=Pair(), multiple=True, metavar=DATA_METAVAR, help=DATA_HELP
)
@click.option("--param", "-p", "params", type=Pair(), multiple=True, help="A request parameter.")
@click.option("--engine", "-e", default="", help="Which engine; the server's first by default.")
@click.option(
    "--protocol", type=click.Choice(["aiges", "xsf"]), default="aiges", show_default=True,
    help="aiges: this project's. xsf: what AIGES's own servers speak.",
)  # fmt: skip
@click.option(
    "--expect", type=Pair(), multiple=True, metavar="KEY=KIND",
    help="With xsf: an output that may come and its kind. AIGES's own servers refuse all others.",
)  # fmt: skip
@click.option("--stream", is_flag=True, help="Ask in a session instead of a single request.")
@click.option(
    "--token", envvar="AIGES_NATIVE_TOKEN",
    help="What the server wants to see; better in the variable AIGES_NATIVE_TOKEN, which no list "
    "of processes shows.",
)  # fmt: skip
@click.option("--tls-ca", type=_FILE, help="Encrypted; the server's certificate is signed by this.")
@click.option("--tls-cert", type=_FILE, help="Our certificate, for a server that asks for one.")
@click.option("--tls-key", type=_FILE, help="Its key.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait for the answer.")
@click.option(
    "--save", "folder", type=click.Path(path_type=pathlib.Path, file_okay=False),
    help="A folder to write every result to.",
)  # fmt: skip
@click.option("--verbose", "-v", is_flag=True, help="Show tracebacks.")
def call(
    target: str,
    data: tuple[tuple[str, str], ...],
    params: tuple[tuple[str, str], ...],
    engine: str,
    protocol: Literal["aiges", "xsf"],
    expect: tuple[tuple[str, str], ...],
    stream: bool,
    token: str | None,
    tls_ca: pathlib.Path | None,
    tls_cert: pathlib.Path | None,
    tls_key: pathlib.Path | None,
    timeout: float | None,
    folder: pathlib.Path | None,
    verbose: bool,
) -> None:
    """Call an engine in the server at HOST:PORT once, print its answer.

    Notes of this command go to standard error, texts of the answer to standard output.
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    if tls_cert is not None and tls_ca is None:
        raise click.UsageError("--tls-cert needs --tls-ca, too")
    if expect and protocol != "xsf":
        raise click.UsageError("--expect is for --protocol xsf")
    console = notes()
    payloads = {key: payload(key, value) for key, value in data}
    try:
        from aiges_native.client import Client

        with Client(
            target,
            token=token,
            tls=tls_ca,
            client_cert=(tls_cert, tls_key) if tls_cert and tls_key else None,
            timeout=timeout,
            protocol=protocol,
            expect={key: int(kind_of(kind).type) for key, kind in expect} or None,
        ) as client:
            _answer(console, client, payloads, dict(params), engine, stream, folder)
    except (AigesError, ImportError, OSError, ValueError) as error:
        fail(console, error, verbose)
        raise SystemExit(1) from None
