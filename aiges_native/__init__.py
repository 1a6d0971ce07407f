"""Hosts AI engines: C libraries with the AIGES wrapper ABI, and Python wrappers.

>>> import aiges_native as an
>>> with an.load("libwrapper.so") as engine:            # or "wrapper.py"
...     result = engine.exec({"img": an.Image(picture)}, params={"top": 1})
...     print(result["result"].text)
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

from aiges_native import _core
from aiges_native._core import Item, Result, __version__
from aiges_native.engine import Engine, load
from aiges_native.errors import (
    AigesError,
    DeadlineError,
    EngineCrashError,
    EngineError,
    EngineInitError,
    EngineLoadError,
    InvalidDataError,
    OverloadError,
    SessionError,
)
from aiges_native.session import Session
from aiges_native.types import Audio, DataType, Image, Personal, Status, Text, Video

if TYPE_CHECKING:
    from aiges_native.client import Client

__all__ = [
    "AigesError",
    "Audio",
    "Client",
    "DataType",
    "DeadlineError",
    "Engine",
    "EngineCrashError",
    "EngineError",
    "EngineInitError",
    "EngineLoadError",
    "Image",
    "InvalidDataError",
    "Item",
    "OverloadError",
    "Personal",
    "Result",
    "Session",
    "SessionError",
    "Status",
    "Text",
    "Video",
    "__version__",
    "get_cmake_dir",
    "get_include",
    "get_proto_dir",
    "load",
]

_PACKAGE = pathlib.Path(__file__).parent


def __getattr__(name: str) -> object:
    # Only who calls servers waits for the client, and needs what it needs.
    if name == "Client":
        from aiges_native.client import Client

        globals()[name] = Client
        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_include() -> str:
    """The directory to give a compiler so that ``#include "aiges/wrapper.h"`` works."""
    installed = _PACKAGE / "include"
    # In a source checkout the headers are beside the package.
    return str(installed if installed.is_dir() else _PACKAGE.parent / "include")


def get_cmake_dir() -> str:
    """The directory of the CMake package ``aiges_native``, for ``-Daiges_native_DIR=...``."""
    return str(pathlib.Path(str(_core.__file__)).parent / "cmake")


def get_proto_dir() -> str:
    """The directory of ``aiges/v1/engine.proto`` and the others, for ``protoc -I``."""
    installed = _PACKAGE / "proto"
    return str(installed if installed.is_dir() else _PACKAGE.parent / "proto")
