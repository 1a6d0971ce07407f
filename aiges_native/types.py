"""What goes into an engine and what comes out of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from aiges_native import _core
from aiges_native._core import Item, Result

if TYPE_CHECKING:
    import os

    import numpy
    from typing_extensions import Buffer

__all__ = [
    "Audio",
    "Data",
    "DataType",
    "Image",
    "Item",
    "Personal",
    "Result",
    "Status",
    "Text",
    "Video",
]


class DataType(enum.IntEnum):
    """The kind of bytes in an item (``DataType`` of include/aiges/type.h)."""

    TEXT = 0
    AUDIO = 1
    IMAGE = 2
    VIDEO = 3
    PERSONAL = 4


class Status(enum.IntEnum):
    """Where an item stands in its stream (``DataStatus`` of include/aiges/type.h)."""

    BEGIN = 0
    CONTINUE = 1
    END = 2
    ONCE = 3


Scalar: TypeAlias = str | int | float | bool
"""What a parameter, config entry or description may be; engines see text."""


class Data:
    """A payload with its kind, status and description.

    Args:
        data: bytes-like, str, or a C-contiguous NumPy array; kept, not copied.
        status: where it stands in its stream; ONCE leaves that to the call it is used in.
        **desc: the description the engine sees, e.g. ``encoding="jpg"``.
    """

    __slots__ = ("data", "desc", "status")
    type: DataType = DataType.PERSONAL

    def __init__(
        self,
        data: Payload,
        status: Status | int = Status.ONCE,
        **desc: Scalar,
    ) -> None:
        self.data = data
        self.status = Status(status)
        self.desc = desc

    def __repr__(self) -> str:
        size = len(self.data) if isinstance(self.data, (bytes, bytearray, str)) else "?"
        return f"{type(self).__name__}({size} long, {self.status!s}, {self.desc})"


class Text(Data):
    """Text, or bytes of text in whatever encoding the engine expects."""

    __slots__ = ()
    type = DataType.TEXT


class Audio(Data):
    """Sound."""

    __slots__ = ()
    type = DataType.AUDIO


class Image(Data):
    """A picture."""

    __slots__ = ()
    type = DataType.IMAGE


class Video(Data):
    """Moving pictures."""

    __slots__ = ()
    type = DataType.VIDEO


class Personal(Data):
    """Anything else; also a personal resource."""

    __slots__ = ()
    type = DataType.PERSONAL


if TYPE_CHECKING:
    Payload: TypeAlias = Buffer | str | "numpy.ndarray[Any, Any]"
    DataIn: TypeAlias = Mapping[str, Payload | Data]
    Params: TypeAlias = Mapping[str, Scalar]
    StrPath: TypeAlias = str | os.PathLike[str]

_core.set_enum_members(tuple(DataType), tuple(Status))
_core.set_data_class(Data)
