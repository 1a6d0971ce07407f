"""Inputs and parameters as a command line says them."""

from __future__ import annotations

import pathlib
import sys

import click

from aiges_native import types
from aiges_native.types import Data

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

DATA_HELP = (
    "An input: text, or the content of a file after @ (@- is standard input). The kind (text, "
    "audio, image, video, personal) follows from the file's ending unless it is given."
)
DATA_METAVAR = "KEY=[KIND:]TEXT|@FILE"


class Pair(click.ParamType[tuple[str, str]]):
    """``KEY=VALUE``."""

    name = "KEY=VALUE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        key, equals, rest = value.partition("=")
        if not equals or not key:
            self.fail(f"{value!r} has no '='; write KEY=VALUE", param, ctx)
        return key, rest


def kind_of(name: str) -> type[Data]:
    """The class of a kind by its name.

    Raises:
        click.UsageError: there is no such kind.
    """
    if name not in _KINDS:
        raise click.UsageError(f"{name!r} is no kind; there are {', '.join(_KINDS)}")
    return _KINDS[name]


def payload(key: str, text: str) -> Data:
    """``[KIND:]text`` or ``[KIND:]@file``; ``@-`` is standard input.

    Raises:
        click.BadParameter: the file cannot be read.
    """
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
