"""``aiges-native run``: calls any engine once."""

from __future__ import annotations

import contextlib
import io
import pathlib
import re
import sys
import time
import traceback
from collections.abc import Iterable

import click
from rich.console import Console
from rich.text import Text as Styled

from aiges_native import types
from aiges_native.engine import Engine, load
from aiges_native.errors import AigesError
from aiges_native.types import Data, DataType, Item, Result, Status

_MAX_TEXT = 10_000  # characters of a text result that are shown; the rest goes with --save
_KINDS: dict[str, type[Data]] = {
    "text": types.Text,
    "audio": types.Audio,
    "image": types.Image,
    "video": types.Video,
    "personal": types.Personal,
}
# Which kind a file is, by its ending; anything else is opaque bytes.
_ENDINGS = {
    ".txt": "text", ".json": "text", ".xml": "text", ".csv": "text",
    ".png": "image", ".jpg": "image", ".jpeg": "image", ".bmp": "image", ".gif": "image",
    ".webp": "image",
    ".wav": "audio", ".pcm": "audio", ".mp3": "audio", ".flac": "audio", ".ogg": "audio",
    ".mp4": "video", ".avi": "video", ".mkv": "video", ".webm": "video",
}  # fmt: skip


class _Pair(click.ParamType[tuple[str, str]]):
    name = "KEY=VALUE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        key, equals, rest = value.partition("=")
        if not equals or not key:
            self.fail(f"{value!r} has no '='; write KEY=VALUE", param, ctx)
        return key, rest


def _payload(key: str, text: str) -> Data:
    """``[KIND:]text`` or ``[KIND:]@file``; ``@-`` is standard input."""
    kind, colon, rest = text.partition(":")
    known = colon == ":" and kind in _KINDS
    source = rest if known else text
    if not source.startswith("@"):
        return _KINDS[kind if known else "text"](source)
    name = source[1:]
    if name == "-":
        return _KINDS[kind if known else "personal"](sys.stdin.buffer.read())
    path = pathlib.Path(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise click.BadParameter(
            f"{key}: cannot read {name!r}: {error.strerror}", param_hint="--data"
        ) from error
    return _KINDS[kind if known else _ENDINGS.get(path.suffix.lower(), "personal")](data)


def _human(size: int) -> str:
    if size < 1024:
        return f"{size} bytes"
    for unit in ("KiB", "MiB"):
        size_in_unit = size / 1024 ** (1 if unit == "KiB" else 2)
        if size_in_unit < 1024:
            return f"{size_in_unit:.1f} {unit}"
    return f"{size / 1024**3:.2f} GiB"


def _name(value: DataType | Status | int) -> str:
    return value.name.lower() if isinstance(value, (DataType, Status)) else str(value)


def _as_text(item: Item) -> str | None:
    """The item as text to show, or None if it is not text."""
    try:
        text = item.text
    except UnicodeDecodeError:
        return None
    looks_binary = any(c < " " and c not in "\t\n\r" for c in text[:1000])
    return None if item.type != DataType.TEXT and looks_binary else text


def _show(console: Console, result: Result) -> None:
    for item in result.all:
        head = Styled(item.key, style="bold")
        details = [_name(item.type), _human(len(item)), _name(item.status)]
        details += [f"{k}={v}" for k, v in item.desc.items()]
        head.append(f"  {', '.join(details)}", style="dim")
        console.print(head)
        text = _as_text(item)
        if text is None:
            console.print(f"  binary; starts with {item.data[:16].hex(' ')}", style="dim")
        else:
            # Printed as it is: no wrapping, no markup, so that it can be copied and piped.
            sys.stdout.write(text[:_MAX_TEXT])
            sys.stdout.write("\n" if not text.endswith("\n") else "")
            if len(text) > _MAX_TEXT:
                console.print(f"  ... {len(text) - _MAX_TEXT} characters more", style="dim")
            sys.stdout.flush()


def _save(console: Console, result: Result, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for index, item in enumerate(result.all):
        # A key comes from the engine: it must not name a place outside the folder.
        name = re.sub(r"[^\w.-]", "_", item.key).lstrip(".") or f"item{index}"
        name = f"{name}-{index}" if name in taken else name
        taken.add(name)
        ending = ".txt" if item.type == DataType.TEXT and "." not in name else ""
        path = folder / f"{name}{ending}"
        path.write_bytes(item.data)
        console.print(f"saved {path} ({_human(len(item))})", style="dim")


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
        _show(console, result)
        if save is not None:
            _save(console, result, save)
    console.print(f"answered in {took * 1e3:.1f} ms", style="dim")


def _fail(console: Console, error: BaseException, verbose: bool) -> None:
    console.print(Styled(f"{type(error).__name__}", style="bold red").append(f": {error}"))
    if isinstance(error, AigesError):
        facts = [
            f"{label} {value}"
            for label, value in (
                ("framework code", error.code or None),
                ("engine code", error.engine_code),
                ("engine", error.engine),
                ("session", error.session_id),
            )
            if value is not None
        ]
        console.print(f"  {', '.join(facts)}", style="dim")
    cause = error.__cause__
    if cause is not None:
        console.print("  caused by:", style="dim")
        lines: Iterable[str] = traceback.format_exception(cause)
        for line in lines:
            console.print(Styled("  " + line.rstrip().replace("\n", "\n  ")))
    elif verbose:
        for line in traceback.format_exception(error):
            console.print(Styled(line.rstrip()))


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
    "--data", "-d", "data", type=_Pair(), multiple=True, metavar="KEY=[KIND:]TEXT|@FILE",
    help="An input: text, or the content of a file after @ (@- is standard input). The kind (text, "
    "audio, image, video, personal) follows from the file's ending unless it is given.",
)  # fmt: skip
@click.option("--param", "-p", "params", type=_Pair(), multiple=True, help="A request parameter.")
@click.option(
    "--config", "-c", "config", type=_Pair(), multiple=True, help="A setting for wrapperInit."
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
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may not have every character
    payloads = {key: _payload(key, value) for key, value in data}
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
        _fail(console, error, verbose)
        raise SystemExit(1) from None
