"""What callers give, as what goes over the wire; the rules are those of ``Engine.exec``."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from aiges_native.client._messages import Item
from aiges_native.errors import InvalidDataError
from aiges_native.types import Data, DataType, Status

_ACCEPTED = (
    "bytes, bytearray, memoryview, a NumPy array, str, or Text/Audio/Image/Video/Personal(...)"
)
_MAX_ITEM = 2**32 - 1  # bytes: DataList.len has 32 bits


def invalid(message: str) -> InvalidDataError:
    return InvalidDataError(f"request: {message}", code=10009)


def _name(value: object) -> str:
    return type(value).__name__


def _key(key: object, what: str) -> str:
    if not isinstance(key, str):
        raise invalid(f"{what} keys must be str, not {_name(key)}")
    _check_utf8(key, f"a {what} key")
    if "\0" in key:
        start = key.partition("\0")[0]
        raise invalid(f"the key '{start}\\0...' has a NUL in it; keys are C strings")
    return key


def _check_utf8(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise invalid(f"{what} cannot be encoded as UTF-8") from None


def _scalar(value: object, name: str) -> str:
    if isinstance(value, str):
        _check_utf8(value, f"the value of '{name}'")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # Never in exponent form: AIGES formats floats so, and engines may not read the other.
        return _fixed(value)
    try:
        return str(operator.index(value))  # type: ignore[arg-type] # what is none raises
    except TypeError:
        raise invalid(
            f"the value of '{name}' must be str, int, float or bool, not {_name(value)}"
        ) from None


def _fixed(value: float) -> str:
    text = repr(float(value))
    if "e" not in text:
        return text.removesuffix(".0")
    digits, _, exponent = text.partition("e")
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.removeprefix("-").partition(".")
    point = len(whole) + int(exponent)
    figures = whole + fraction
    if point <= 0:
        return f"{sign}0.{'0' * -point}{figures}"
    return f"{sign}{figures.ljust(point, '0')}"


def pairs(mapping: Mapping[str, Any] | None, what: str) -> dict[str, str]:
    """Parameters or a description as texts.

    Raises:
        InvalidDataError: a key or value is none that an engine can have.
    """
    if mapping is None:
        return {}
    try:
        entries = mapping.items()
    except AttributeError:
        raise invalid(f"{what} must be a mapping of str to text, not {_name(mapping)}") from None
    return {_key(key, what): _scalar(value, key) for key, value in entries}


def _payload(value: object, key: str) -> bytes | memoryview:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise invalid(f"item '{key}' is text that cannot be encoded as UTF-8") from None
    try:
        view = memoryview(value)  # type: ignore[arg-type] # what is no buffer raises
    except TypeError:
        raise invalid(f"item '{key}' must be {_ACCEPTED}, not {_name(value)}") from None
    except (BufferError, ValueError) as error:
        raise invalid(
            f"item '{key}' ({_name(value)}) does not give out its memory as a buffer: {error}"
        ) from None
    if not view.c_contiguous:
        raise invalid(
            f"item '{key}' is not contiguous in memory (C order); pass "
            "numpy.ascontiguousarray(x), which copies it once"
        )
    if "O" in view.format:
        raise invalid(f"item '{key}' holds Python objects, not plain data")
    # A view with an empty dimension cannot be cast.
    return view.cast("B") if view.nbytes else b""


def items(data: Mapping[str, Any], plain_status: int, forced_status: int | None) -> list[Item]:
    """The payloads of a request.

    Args:
        plain_status: of items that say nothing of their own.
        forced_status: of all items, if it is not None.

    Raises:
        InvalidDataError: the data cannot be given to an engine.
    """
    if not hasattr(data, "items") or isinstance(data, type):
        raise invalid(
            'data must be a mapping of str keys to payloads, like {"img": bytes}, not '
            + _name(data)
        )
    return [_item(key, value, plain_status, forced_status) for key, value in data.items()]


def _item(key: object, value: object, plain_status: int, forced_status: int | None) -> Item:
    item = Item(_key(key, "data"), status=plain_status)
    payload: object = value
    if isinstance(value, Data):
        payload, item.type, item.desc = value.data, int(value.type), pairs(value.desc, "desc")
        # ONCE is what an item has when nobody chose: where it stands in a session then decides.
        if value.status != Status.ONCE:
            item.status = int(value.status)
    else:
        item.type = int(DataType.TEXT if isinstance(value, str) else DataType.PERSONAL)
    if forced_status is not None:
        item.status = forced_status
    item.data = _payload(payload, item.key)
    if len(item.data) > _MAX_ITEM:
        raise invalid(
            f"item '{item.key}' has {len(item.data)} bytes; engines take at most 4 GiB - 1"
        )
    return item


def resources(ids: Sequence[int]) -> list[int]:
    """Ids of personal resources.

    Raises:
        InvalidDataError: these are no ids.
    """
    try:
        found = list(ids)
    except TypeError:
        raise invalid(
            f"resources must be a sequence of the ids that load_resource returned, not {_name(ids)}"
        ) from None
    if not all(type(entry) is int and 0 < entry < 2**32 for entry in found):
        raise invalid("resources must be ids that load_resource returned (numbers from 1)")
    return found
