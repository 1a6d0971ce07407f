"""Protobuf's wire format, for the few messages of this package.

A process that uses the client may have any protobuf, or none: this needs none. Decoded bytes are
views into the message; encoding copies a payload once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple, TypeVar

_VARINT, _BYTES = 0, 2
_SIGN = 1 << 63

Part = bytes | memoryview


class Field(NamedTuple):
    """One field of a message class: its number, its attribute, and what it holds.

    `kind` is "text", "bytes", "int" (int32, enum), "map" (of text to text), "ints" (packed, not
    negative), "texts", or the class of a message. A message `many` times is a list, otherwise it
    may be None.
    """

    number: int
    name: str
    kind: str | type[Message]
    many: bool = False


class Message:
    """Base of the messages, which are dataclasses with defaults for every field."""

    __slots__ = ()
    FIELDS: ClassVar[tuple[Field, ...]] = ()


_M = TypeVar("_M", bound=Message)


def varint(value: int) -> bytes:
    if value < 0:
        value += 1 << 64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode(message: Message) -> bytes:
    """The message in protobuf's form; fields with their default values are left out."""
    return b"".join(_parts(message))


def _parts(message: Message) -> list[Part]:
    parts: list[Part] = []
    for field in message.FIELDS:
        value = getattr(message, field.name)
        if isinstance(field.kind, type):
            for inner in value if field.many else [] if value is None else [value]:
                _add(parts, field.number, _parts(inner))
        elif field.kind == "map":
            for key, text in value.items():
                entry: list[Part] = []
                _add(entry, 1, [key.encode()])
                _add(entry, 2, [text.encode()])
                _add(parts, field.number, entry)
        elif field.kind == "texts":
            for text in value:
                _add(parts, field.number, [text.encode()])
        elif not value:
            continue
        elif field.kind == "int":
            parts += (varint(field.number << 3 | _VARINT), varint(value))
        elif field.kind == "ints":
            _add(parts, field.number, [varint(number) for number in value])
        else:
            _add(parts, field.number, [value.encode() if field.kind == "text" else value])
    return parts


def _add(parts: list[Part], number: int, content: list[Part]) -> None:
    size = sum(map(len, content))
    parts += (varint(number << 3 | _BYTES), varint(size), *content)


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            if self.at >= len(self.data) or shift > 63:
                raise ValueError("a number does not end")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (1 << 64) - 1
            shift += 7

    def take(self, size: int) -> memoryview:
        if size > len(self.data) - self.at:
            raise ValueError("a field is longer than its message")
        self.at += size
        return self.data[self.at - size : self.at]

    def fields(self) -> Iterator[tuple[int, int | memoryview]]:
        while self.at < len(self.data):
            tag = self.number()
            match tag & 7:
                case 0:
                    yield tag >> 3, self.number()
                case 2:
                    yield tag >> 3, self.take(self.number())
                case 1:
                    yield tag >> 3, self.take(8)
                case 5:
                    yield tag >> 3, self.take(4)
                case other:
                    raise ValueError(f"field {tag >> 3} is of a kind, {other}, that is not in use")


def _text(value: memoryview) -> str:
    return str(value, "utf-8", "replace")


def _signed(value: int) -> int:
    return value - (1 << 64) if value & _SIGN else value


def decode(cls: type[_M], data: bytes | memoryview) -> _M:
    """Reads a message; fields that are not known are skipped.

    Raises:
        ValueError: that is no message.
    """
    message = cls()
    known = {field.number: field for field in cls.FIELDS}
    for number, value in _Reader(memoryview(data)).fields():
        field = known.get(number)
        if field is None:
            continue
        name = field.name
        if isinstance(value, int):
            if field.kind == "int":
                setattr(message, name, _signed(value))
            elif field.kind == "ints":
                getattr(message, name).append(value)
            continue
        if isinstance(field.kind, type):
            inner = decode(field.kind, value)
            if field.many:
                getattr(message, name).append(inner)
            else:
                setattr(message, name, inner)
        elif field.kind == "map":
            entry = {1: "", 2: ""}
            entry |= {n: _text(v) for n, v in _Reader(value).fields() if not isinstance(v, int)}
            getattr(message, name)[entry[1]] = entry[2]
        elif field.kind == "texts":
            getattr(message, name).append(_text(value))
        elif field.kind == "ints":
            reader = _Reader(value)
            while reader.at < len(value):
                getattr(message, name).append(reader.number())
        elif field.kind == "bytes":
            setattr(message, name, value)
        elif field.kind == "text":
            setattr(message, name, _text(value))
    return message
