"""What a server answered, in the shape of :class:`aiges_native.Result`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

from aiges_native.types import DataType, Status

if TYPE_CHECKING:
    import numpy
    import numpy.typing

_FINAL = (Status.END, Status.ONCE)


class Item:
    """One payload of a result, seen in the message it came in.

    Attributes:
        key: the item's name.
        type: a DataType, or the plain int an engine used beyond them.
        status: a Status, or the plain int beyond them.
        data: the payload as a read-only memoryview; no copy.
        desc: the engine's description of the item.
    """

    __slots__ = ("data", "desc", "key", "status", "type")

    def __init__(
        self, key: str, data: bytes | memoryview, type: int, status: int, desc: Mapping[str, str]
    ) -> None:
        self.key = key
        self.data = memoryview(data)
        self.type: DataType | int = DataType(type) if 0 <= type < len(DataType) else type
        self.status: Status | int = Status(status) if 0 <= status < len(Status) else status
        self.desc = dict(desc)

    @property
    def bytes(self) -> bytes:
        """The payload as bytes; one copy."""
        return self.data.tobytes()

    @property
    def text(self) -> str:
        """The payload decoded as UTF-8; UnicodeDecodeError if it is not."""
        return str(self.data, "utf-8")

    def array(
        self,
        dtype: numpy.typing.DTypeLike = "uint8",
        shape: SupportsIndex | Sequence[SupportsIndex] | None = None,
    ) -> numpy.ndarray[Any, numpy.dtype[Any]]:
        """The payload as a read-only NumPy array of that dtype and shape; no copy.

        Raises:
            ValueError: its size does not fit them.
        """
        import numpy

        array: numpy.ndarray[Any, numpy.dtype[Any]] = numpy.frombuffer(self.data, dtype)
        return array if shape is None else array.reshape(shape)

    def __bytes__(self) -> bytes:  # type: ignore[valid-type] # the property's name hides the class
        return self.data.tobytes()

    def __len__(self) -> int:
        return len(self.data)

    def __repr__(self) -> str:
        kind, status = (
            v.name if isinstance(v, (DataType, Status)) else v for v in (self.type, self.status)
        )
        return f"<Item {self.key!r}: {len(self)} bytes, {kind}, {status}>"


class Result(Mapping[str, Item]):
    """What an engine answered: a mapping from key to Item, the first of a key.

    Attributes:
        all: every Item in the engine's order; keys may repeat.
        session_id: the name of the request or session in the server, as far as it told.
    """

    __slots__ = ("_first", "all", "session_id")

    def __init__(self, items: Sequence[Item], session_id: str = "") -> None:
        self.all = tuple(items)
        self.session_id = session_id
        self._first: dict[str, Item] = {}
        for item in items:
            self._first.setdefault(item.key, item)

    @property
    def final(self) -> bool:
        """Whether an item has the status END or ONCE."""
        return any(item.status in _FINAL for item in self.all)

    def __getitem__(self, key: str) -> Item:
        return self._first[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def __repr__(self) -> str:
        return f"<Result {self.all!r}>"
