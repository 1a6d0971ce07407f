"""Answers and failures as a terminal shows them."""

from __future__ import annotations

import io
import pathlib
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console
from rich.text import Text as Styled

from aiges_native.errors import AigesError
from aiges_native.types import DataType, Item, Result, Status

if TYPE_CHECKING:
    from aiges_native import client

    AnyItem: TypeAlias = Item | client.Item
    AnyResult: TypeAlias = Result | client.Result

_MAX_TEXT = 10_000  # characters of a text result that are shown; the rest goes with --save


def notes() -> Console:
    """Where a command says what is not the answer: standard error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal may not have every character
    return Console(stderr=True, highlight=False, soft_wrap=True)


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


def _as_text(item: AnyItem) -> str | None:
    """The item as text to show, or None if it is not text."""
    try:
        text = item.text
    except UnicodeDecodeError:
        return None
    looks_binary = any(c < " " and c not in "\t\n\r" for c in text[:1000])
    return None if item.type != DataType.TEXT and looks_binary else text


def _items(result: AnyResult) -> Sequence[AnyItem]:
    return result.all


def show(console: Console, result: AnyResult) -> None:
    """Prints every item: texts to standard output, notes about them to `console`."""
    for item in _items(result):
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


def save(console: Console, result: AnyResult, folder: pathlib.Path) -> None:
    """Writes every item to a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for index, item in enumerate(_items(result)):
        # A key comes from the engine: it must not name a place outside the folder.
        name = re.sub(r"[^\w.-]", "_", item.key).lstrip(".") or f"item{index}"
        name = f"{name}-{index}" if name in taken else name
        taken.add(name)
        ending = ".txt" if item.type == DataType.TEXT and "." not in name else ""
        path = folder / f"{name}{ending}"
        path.write_bytes(item.data)
        console.print(f"saved {path} ({_human(len(item))})", style="dim")


def fail(console: Console, error: BaseException, verbose: bool) -> None:
    """Tells the whole story of a failure."""
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
