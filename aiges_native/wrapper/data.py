"""What a Python wrapper receives and returns.

Names and attributes are those of AIGES's Python SDK (``aiges.dto``, ``aiges.core.types``), because
``wrapper.py`` files use them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from aiges_native.types import DataType, Status

Bytes: TypeAlias = Any  # bytes, bytearray, memoryview, a contiguous NumPy array, or str


class DataListNode:
    """One input payload.

    Attributes:
        key: its name.
        data: the payload: the caller's own ``bytes`` object, or a read-only memoryview of the
            caller's memory. It may be kept as long as needed.
        len: bytes of data.
        type: a number of DataType.
        status: a number of Status.
        desc: its description, str to str.
    """

    __slots__ = ("data", "desc", "key", "len", "status", "type")

    def __init__(
        self,
        key: str = "",
        data: Bytes = b"",
        type: int = DataType.TEXT,
        status: int = Status.ONCE,
        desc: dict[str, str] | None = None,
    ) -> None:
        self.key = key
        self.data = data
        self.len = len(data)
        self.type = type
        self.status = status
        self.desc = {} if desc is None else desc

    def get_data(self) -> Bytes:
        """The payload."""
        return self.data

    def __repr__(self) -> str:
        return (
            f"DataListNode({self.key!r}, {self.len} bytes, type={self.type}, status={self.status})"
        )


class DataListCls:
    """The input payloads of a call, in order; ``list`` holds the nodes."""

    __slots__ = ("list",)

    def __init__(self, nodes: list[DataListNode] | None = None) -> None:
        self.list: list[DataListNode] = [] if nodes is None else nodes

    def get(self, key: str) -> DataListNode | None:
        """The first node with that key, or None."""
        for node in self.list:
            if node.key == key:
                return node
        return None


class ResponseData:
    """One result payload.

    Attributes:
        key: its name.
        data: bytes-like or str (sent as UTF-8); not copied, so do not change it afterwards.
        type: a number of DataType.
        status: a number of Status; END or ONCE says that it is the last of its request or session.
        desc: its description, str to str.
        len: bytes of data; follows from it, and setting it does nothing.
    """

    __slots__ = ("data", "desc", "key", "status", "type")

    def __init__(
        self,
        key: str = "",
        data: Bytes = b"",
        type: int = DataType.TEXT,
        status: int = Status.ONCE,
        desc: dict[str, str] | None = None,
    ) -> None:
        self.key = key
        self.data = data
        self.type = type
        self.status = status
        self.desc = {} if desc is None else desc

    @property
    def len(self) -> int:
        if isinstance(self.data, str):
            return len(self.data.encode())
        return memoryview(self.data).nbytes

    @len.setter
    def len(self, value: int) -> None:
        # Wrappers written for AIGES set it after data; it can only be what data says.
        pass

    def setData(self, data: Bytes) -> None:
        """Sets the payload."""
        self.data = data

    def setDataType(self, type: int) -> None:
        """Sets the kind of payload."""
        self.type = type


class Response:
    """The answer of a call: payloads in ``list``, or an ``error_code`` that is not 0."""

    __slots__ = ("error_code", "list")

    def __init__(self, list: list[ResponseData] | None = None, error_code: int = 0) -> None:
        self.list: Any = [] if list is None else list
        self.error_code = error_code

    def response_err(self, code: int) -> Response:
        """Makes this an answer that says only that it failed, and returns it."""
        self.list = []
        self.error_code = code
        return self


class SessionCreateResponse:
    """The answer of wrapperCreate: a ``handle`` of any type, or an ``error_code`` that is not 0."""

    __slots__ = ("error_code", "handle")

    def __init__(self, handle: Any = "", error_code: int = 0) -> None:
        self.handle = handle
        self.error_code = error_code
